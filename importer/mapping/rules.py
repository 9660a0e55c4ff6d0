"""A mapping as it is applied: every rule checked, every pattern compiled."""

from __future__ import annotations

import datetime as dt
import re
from collections import abc
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from importer.mapping.dates import DateFormat
    from importer.schema import Field, Table


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
    extract: re.Pattern[str] | None = None
    """With one group, searched anywhere in the text."""
    replace: abc.Mapping[str, str] = field(default_factory=dict)
    """Pieces and what stands for them; at each place the longest piece counts, once."""
    convert: tuple[str, ...] = ()
    lookup: abc.Mapping[str, str] | None = None
    """Name as written → value; names match once folded."""
    lookup_user_types: bool = False
    """Whether the lookup is OPSCOM's own list of user types."""
    pad: int | None = None
    """Digits."""
    date: tuple[DateFormat, ...] = ()
    time: dt.time | None = None
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

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers that it takes from, as written."""
        return () if isinstance(self.take, Constant) else self.take.headers


@dataclass(frozen=True, slots=True)
class SkipRows:
    """Which rows are no records."""

    headers: tuple[str, ...]
    matches: re.Pattern[str] | None
    """For the whole cleaned cell of the one header; ``None``: all of them are blank."""


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
    header_row: int | None = None
    """As the spreadsheet shows it; ``None``: to be found."""
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
        parts: tuple[Rule | SkipRows, ...] = (*self.rules, *self.skip_rows)
        return tuple(dict.fromkeys(header for part in parts for header in part.headers))

    @property
    def omit_if_invalid(self) -> frozenset[str]:
        """Fields whose invalid values are left out with a warning."""
        return frozenset(rule.field.name for rule in self.rules if rule.omit_if_invalid)

    @property
    def needs_user_types(self) -> bool:
        """Whether OPSCOM's list of user types must have been pulled."""
        return any(rule.steps.lookup_user_types for rule in self.rules)
