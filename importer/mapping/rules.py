"""A mapping as it is applied: every rule checked, every pattern compiled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from importer.errors import InputError

if TYPE_CHECKING:
    import datetime as dt
    from collections import abc
    from pathlib import Path
    from zoneinfo import ZoneInfo

    import regex

    from importer.mapping.dates import DateFormat
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
class Filled:
    """Take the first column that is filled; often there is but one."""

    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """Take all columns that are filled, joined."""

    headers: tuple[str, ...]
    separator: str


@dataclass(frozen=True, slots=True)
class Constant:
    """Take the same value for every row."""

    value: str
    """As it is sent, already converted."""


Take: TypeAlias = Filled | Joined | Constant


@dataclass(frozen=True, slots=True)
class Steps:
    """What is done to a text once it is taken, in the order of these attributes."""

    blank_if: frozenset[str] = frozenset()
    """Texts of a cell that mean blank, exactly as written."""
    extract: regex.Pattern[str] | None = None
    """With one group, searched anywhere in the text."""
    replace: abc.Mapping[str, str] = field(default_factory=dict)
    """Pieces and what stands for them; at each place the longest piece counts, once."""
    convert: tuple[str, ...] = ()
    lookup: abc.Mapping[str, str] | None = None
    """Name as written → value; names match once folded."""
    lookup_user_types: bool = False
    """Whether the lookup is OPSCOM's own list of user types."""
    otherwise: str | None = None
    """What becomes of a value that the lookup does not list: ``keep``, ``omit``; ``None`` holds it."""
    pad: int | None = None
    """Digits."""
    date: tuple[DateFormat, ...] = ()
    time: dt.time | None = None
    midnight: str | None = None
    """What 00:00:00 is: a ``time``, or a ``date`` alone that takes ``time``; ``None``: not said."""
    timezone: ZoneInfo | None = None
    decimal: str = "."
    truncate: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one field comes from."""

    name: str
    """As written in the mapping: the field's name or one of its aliases."""
    field: Field
    take: Take
    steps: Steps = Steps()
    omit_if_invalid: bool = False
    optional: bool = False
    """Whether its headers may be missing."""
    as_shown: bool = False
    """Whether the person vouches for values that look ruined."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers that it takes from, as written."""
        return () if isinstance(self.take, Constant) else self.take.headers


@dataclass(frozen=True, slots=True)
class SkipRows:
    """Which rows are no records."""

    headers: tuple[str, ...]
    matches: regex.Pattern[str] | None = None
    """For the whole cleaned cell of the one header; ``None``: all of them are blank."""
    struck: bool = False
    """Rows whose key or all of whose mapped cells are struck out; then there are no headers."""
    fill: str | None = None
    """Rows with this colour (RRGGBB) behind their cells; then there are no headers."""


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
    skip_rows: tuple[SkipRows, ...] = ()
    defaults: abc.Mapping[str, str] = field(default_factory=dict)
    """Field (its first name) → value for rows that have none, as it is sent."""
    duplicates: str = "error"
    """``error``, ``first`` or ``last``."""
    blanks: str = "omit"
    """``omit`` or ``send``."""

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
    def headers(self) -> tuple[str, ...]:
        """Every header that a sheet must have, once, with ``#n`` as written.

        In the vendor's order of the fields, then those of ``skip_rows``.
        """
        rules = (rule for rule in self.rules if not rule.optional)
        parts: tuple[Rule | SkipRows, ...] = (*rules, *self.skip_rows)
        return tuple(dict.fromkeys(header for part in parts for header in part.headers))

    @property
    def all_headers(self) -> tuple[str, ...]:
        """The same with the optional ones behind."""
        more = (header for rule in self.rules for header in rule.headers)
        return tuple(dict.fromkeys((*self.headers, *more)))

    @property
    def header_row(self) -> int | None:
        """The last row of the header, as the spreadsheet shows it; ``None``: to be found."""
        return max(self.header_rows, default=None)

    @property
    def as_shown(self) -> frozenset[str]:
        """Fields whose values go even if they look ruined."""
        return frozenset(rule.field.name for rule in self.rules if rule.as_shown)

    @property
    def omit_if_invalid(self) -> frozenset[str]:
        """Fields whose invalid values are left out with a warning."""
        return frozenset(rule.field.name for rule in self.rules if rule.omit_if_invalid)

    @property
    def needs_user_types(self) -> bool:
        """Whether OPSCOM's list of user types must have been pulled."""
        return any(rule.steps.lookup_user_types for rule in self.rules)


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
