"""What an answer holds as tables: pages of typed cells with links between them. Pure."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from importer.delivery.reads import Json

SECRETS = frozenset({"salt", "api_token", "register_token", "encid", "csrf_token"})
"""Keys of OPSCOM's answers whose values are in no workbook: salts, tokens, encrypted ids."""
_PASSWORDS = frozenset({"password", "passwd", "pwd", "password_hash", "secret", "apitoken"})
_MOST_DIGITS = 15
"""Digits that a number of a spreadsheet can have; a longer one stays text."""
_FIRST_DAY = dt.datetime(1900, 3, 1)  # noqa: DTZ001 - spreadsheets have no zones
"""Before it, spreadsheet programs count a day that never was."""
_MOMENT_RE = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{3})000|\.0+)?(Z?)", re.ASCII
)
_DATE_RE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER_RE = re.compile(r"-?(0|[1-9]\d{0,9})(\.\d{1,4})?", re.ASCII)


class Form(Enum):
    """How a cell that is no text shows its value."""

    WHOLE = "0"
    NUMBER = "General"
    MONEY = "#,##0.00"
    DATE = "yyyy-mm-dd"
    TIME = "yyyy-mm-dd hh:mm:ss"
    UTC = 'yyyy-mm-dd hh:mm:ss "UTC"'


@dataclass(frozen=True, slots=True)
class Value:
    """A number or moment and how it is shown."""

    value: float | dt.datetime
    form: Form


Cell: TypeAlias = "str | bool | Value | None"


@dataclass(frozen=True, slots=True)
class Link:
    """A cell of another page."""

    page: str
    position: int
    """Of the row there, counted from 0."""


@dataclass(slots=True)
class Page:
    """One worksheet: a header and rows, each cell typed, some of them links."""

    name: str
    headers: Sequence[str]
    rows: list[Sequence[Cell]] = field(default_factory=list)
    links: dict[tuple[int, int], Link] = field(default_factory=dict)
    """(Row position, column) → where it leads."""
    frozen: int = 1
    """Columns that stay in view."""
    long: frozenset[int] = frozenset()
    """Columns that may hold text of several lines."""
    marked: frozenset[int] = frozenset()
    """Columns whose filled cells are to be seen at once."""
    own: int | None = None
    """How many of the first columns are not the source's own; ``None`` for all."""


def flatten(
    value: Mapping[str, Json], *, leave: Iterable[str] = (), before: str = ""
) -> dict[str, Json]:
    """Return all that an object holds under one name each, secrets left out.

    Args:
        value: An object of an answer.
        leave: Names, of the outermost object, that get pages of their own.
        before: Stands before each name.

    Returns:
        ``{"make": {"MakeName": "Ford"}}`` becomes ``{"make.MakeName": "Ford"}``; lists become JSON.
    """
    left = frozenset(leave)
    flat: dict[str, Json] = {}
    for name, each in value.items():
        if is_secret(name) or name in left:
            continue
        if isinstance(each, dict):
            flat |= flatten(each, before=f"{before}{name}.")
        elif isinstance(each, list):
            flat[before + name] = as_text(each) if each else None
        else:
            flat[before + name] = each
    return flat


def is_secret(name: str) -> bool:
    """Whether values under this key must not be shown."""
    folded = name.casefold()
    return folded in SECRETS or folded in _PASSWORDS or folded.endswith("token")


def as_text(value: Json) -> str:
    """Return a value as JSON, secrets left out."""
    return json.dumps(without_secrets(value), ensure_ascii=False)


def without_secrets(value: Json) -> Json:
    """Return a value without what must not be shown, at any depth."""
    if isinstance(value, dict):
        return {k: without_secrets(each) for k, each in value.items() if not is_secret(k)}
    return [without_secrets(each) for each in value] if isinstance(value, list) else value


def headers_of(rows: Iterable[Mapping[str, Json]], first: Sequence[str] = ()) -> list[str]:
    """Return every name that occurs: those of ``first`` in their order, then by first appearance.

    A name that is new stands after the one before it in its row, so that nested parts stay together.
    """
    seen: dict[str, None] = {}
    for row in rows:
        seen |= dict.fromkeys(row)
    known = [name for name in first if name in seen]
    return known + [name for name in seen if name not in set(known)]


def cell(value: Json, *, money: bool = False) -> Cell:
    """Return a JSON value as a cell.

    Moments become dates where a spreadsheet can hold them to the millisecond, numbers numbers where
    it keeps all their digits; everything else stays the text that it is.

    Args:
        value: No object and no list.
        money: Whether a text may be an amount.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(value, money=money)
    if not isinstance(value, str):
        return as_text(value)
    if money and _NUMBER_RE.fullmatch(value):
        return Value(float(value), Form.MONEY)
    return moment(value)


def count(value: Json) -> Cell:
    """Return a whole number that may have come as text, as a number."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _MOST_DIGITS:
        return Value(int(value), Form.WHOLE)
    return cell(value)


def moment(text: str) -> Cell:
    """Return a date, or a date with a time, as one; other text as it is."""
    if _DATE_RE.fullmatch(text):
        return _checked(text, f"{text}T00:00:00", Form.DATE)
    found = _MOMENT_RE.fullmatch(text)
    if found is None:
        return text
    date, time, millis, zone = found.groups()
    iso = f"{date}T{time}.{millis or '000'}"
    return _checked(text, iso, Form.UTC if zone else Form.TIME)


def _checked(text: str, iso: str, form: Form) -> Cell:
    try:
        when = dt.datetime.fromisoformat(iso)
    except ValueError:
        return text
    # What the form does not show would be lost to the eye.
    return text if when < _FIRST_DAY or when.microsecond else Value(when, form)


def _number(value: float, *, money: bool) -> Cell:
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        exact = float(f"{value:.{_MOST_DIGITS}g}") == value
    else:
        exact = abs(value) < 10**_MOST_DIGITS
    if not exact:
        return str(value)
    if money:
        return Value(value, Form.MONEY)
    return Value(value, Form.WHOLE if isinstance(value, int) else Form.NUMBER)
