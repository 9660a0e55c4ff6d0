"""A mapping as it is applied: every rule checked, every pattern compiled."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from importer.errors import InputError
from importer.text import fold

if TYPE_CHECKING:
    from collections import abc
    from pathlib import Path

    import regex

    from importer.mapping.model import RulePart, SkipPart
    from importer.schema import Field, Table


_SECONDS = 1.0


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
