"""A mapping as it is applied: every rule checked; and which columns of a sheet its headers mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from importer.errors import InputError
from importer.text import fold, listed_up_to, nearest

if TYPE_CHECKING:
    from collections import abc
    from pathlib import Path

    import regex

    from importer.mapping.model import RulePart, SkipPart
    from importer.model import Column, Sheet
    from importer.schema import Field, Table


_SECONDS = 1.0
_MOST_MISSING = 8
_NUMBERED_RE = re.compile(r"(.*\S)\s*#([1-9][0-9]{0,3})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text cannot be turned into what its field takes."""

    message: str
    """What is wrong, one sentence in lower case that names no value."""
    remedy: str
    """What to do, one sentence."""
    detail: str = ""
    """What of the value is meant, one sentence; for the workbook alone."""


@dataclass(frozen=True, slots=True)
class Warned:
    """A value that goes, with a warning."""

    text: str
    """What is sent; blank where the value is left out."""
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one field comes from, and what is done to its text."""

    name: str
    """As written in the mapping: the field's name or one of its aliases."""
    field: Field
    part: RulePart
    """A constant stands in ``value`` as it is sent, already converted."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers that it takes from, as written."""
        return self.part.headers


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a sheet's columns become the fields of an endpoint."""

    path: Path
    name: str
    table: Table
    """The endpoint's page of the vendor."""
    rules: tuple[Rule, ...]
    """In the vendor's order of fields; of one field the rule under its first name comes first."""
    match: tuple[str, ...] | None = None
    """Patterns of file names; ``None``: files of every name."""
    sheets: tuple[str, ...] = ()
    """Names of sheets; empty: every sheet that has all mapped headers."""
    encoding: str | None = None
    """The encoding of text files, as Python calls it; ``None``: to be found."""
    header_rows: tuple[int, ...] = ()
    """The rows that make the header, as the spreadsheet shows them; empty: to be found."""
    skip_rows: tuple[SkipPart, ...] = ()
    defaults: abc.Mapping[str, str] = field(default_factory=dict)
    """Field (its first name) → value for rows that have none, as it is sent."""
    duplicates: str = "error"
    """``error``, ``first`` or ``last``."""
    blanks: str = "omit"
    """``omit`` or ``send``."""
    open_questions: tuple[str, ...] = ()
    """What ``map`` could not know, with its line and what to do; a mapping that has any is not used."""

    def is_for(self, file_name: str) -> bool:
        """Return whether ``match`` allows a file of this name; without ``match`` it does.

        Patterns are those of a shell (``*``, ``?``, ``[…]``); case does not count.
        """
        if self.match is None:
            return True
        return any(fnmatchcase(fold(file_name), fold(pattern)) for pattern in self.match)

    @property
    def endpoint(self) -> str:
        """Our name of the endpoint."""
        return self.table.endpoint

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every field that a rule or a default gives, in the vendor's order."""
        given = {*self.defaults, *(rule.field.name for rule in self.rules)}
        return tuple(known for known in self.table.fields if known.name in given)

    @property
    def deletes(self) -> bool:
        """Whether what its rows list is deleted."""
        return self.table.policy is not None and self.table.policy.deletes

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header that a sheet must have, once, with ``#n`` as written.

        In the vendor's order of the fields, then those of ``skip_rows``.
        """
        rules = (rule for rule in self.rules if not rule.part.optional)
        parts: tuple[Rule | SkipPart, ...] = (*rules, *self.skip_rows)
        return tuple(dict.fromkeys(header for part in parts for header in part.headers))

    @property
    def all_headers(self) -> tuple[str, ...]:
        """The same with the optional ones behind."""
        more = (header for rule in self.rules for header in rule.headers)
        return tuple(dict.fromkeys((*self.headers, *more)))

    @property
    def as_shown(self) -> frozenset[str]:
        """Fields whose values go even if they look ruined."""
        return frozenset(rule.field.name for rule in self.rules if rule.part.as_shown)

    @property
    def omit_if_invalid(self) -> frozenset[str]:
        """Fields whose invalid values are left out with a warning."""
        return frozenset(rule.field.name for rule in self.rules if rule.part.if_invalid)

    @property
    def needs_user_types(self) -> bool:
        """Whether OPSCOM's list of user types must have been pulled."""
        return any(rule.part.lookup == "user-types" for rule in self.rules)


def within_time(
    search: abc.Callable[..., regex.Match[str] | None], text: str, key: str
) -> regex.Match[str] | None:
    """Return what a person's regular expression finds in a text.

    Args:
        search: ``search`` or ``fullmatch`` of the compiled expression.
        text: A cell.
        key: The mapping's key that holds it, for the message.

    Raises:
        InputError: It has not ended after a second: some expressions need longer than the universe
            has existed.
    """
    try:
        return search(text, timeout=_SECONDS)
    except TimeoutError:
        raise InputError(
            f"the regular expression of `{key}` in the mapping takes too long.",
            hint="Write it without repetitions inside repetitions, such as (a+)+.",
        ) from None


def columns_of_header(header: str, columns: abc.Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns that a header of a mapping means, from left to right.

    ``Phone#2`` is the second column headed ``Phone``, unless a column is headed so to the letter.
    More than one column means that the mapping must number the header.
    """
    exact = tuple(column for column in columns if fold(column.header) == fold(header))
    numbered = _NUMBERED_RE.fullmatch(header.strip())
    if exact or numbered is None:
        return exact
    same = [column for column in columns if fold(column.header) == fold(numbered[1])]
    at = int(numbered[2]) - 1
    return tuple(same[at : at + 1])


def missing_headers(mapping: Mapping, columns: abc.Sequence[Column]) -> tuple[str, ...]:
    """Return the mapped headers that no column has, as written, in the order of the mapping."""
    return tuple(header for header in mapping.headers if not columns_of_header(header, columns))


def explain_missing(mapping: Mapping, sheet: Sheet, told: abc.Sequence[str] = ()) -> str:
    """Return where which mapped headers are missing, as one sentence.

    Those that have a near one come first, each with it; of many the first eight are named.

    Args:
        mapping: The mapping.
        sheet: The sheet.
        told: Its headers that may be told; in a file without a header row they are a person's values.
    """
    missing = missing_headers(mapping, sheet.columns)
    near = {header: nearest(header, told) for header in missing}
    parts = [
        f'"{header}"' if near[header] is None else f'"{header}" (the nearest is "{near[header]}")'
        for header in sorted(missing, key=lambda header: near[header] is None)
    ]
    what = "this column is" if len(parts) == 1 else "these columns are"
    return f"{_place(sheet)}: {what} missing: {listed_up_to(parts, _MOST_MISSING)}."


def locate(mapping: Mapping, sheet: Sheet) -> dict[str, int]:
    """Return each mapped header's column position; optional ones may be missing.

    Raises:
        InputError: A header is missing, or stands over several columns and has no number.
    """
    if missing_headers(mapping, sheet.columns):
        raise InputError(
            explain_missing(mapping, sheet),
            hint=f"Correct the header in the file or in the mapping {mapping.path.name}.",
        )
    found: dict[str, int] = {}
    for header in mapping.all_headers:
        columns = columns_of_header(header, sheet.columns)
        if len(columns) > 1:
            letters = ", ".join(column.letter for column in columns)
            raise InputError(
                f'{_place(sheet)}: the header "{header}" stands over several columns ({letters}).',
                hint=f'Write "{header}#1" for the first, "{header}#2" for the second, and so on, '
                f"in the mapping {mapping.path.name}.",
            )
        if columns:
            found[header] = columns[0].position
    return found


def _place(sheet: Sheet) -> str:
    return sheet.source.name if sheet.name is None else f"{sheet.source.name}, {sheet.name}"
