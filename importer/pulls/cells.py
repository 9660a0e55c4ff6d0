"""What an answer holds → cells of a workbook: records made flat, nothing altered, secrets left out. Pure."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from importer.delivery.questions import Json

SECRETS = frozenset({"salt", "api_token", "register_token", "encid", "csrf_token"})
"""Keys of OPSCOM's answers whose values are in no workbook: salts, tokens, encrypted ids."""
_PASSWORDS = frozenset({"password", "passwd", "pwd", "password_hash", "secret", "apitoken"})
_MOST_DIGITS = 15
"""Digits that a number of a spreadsheet can have; a longer one stays text."""
_FIRST_DAY = dt.date(1900, 3, 1)
"""Before it, spreadsheet programs count a day that never was."""
_MOMENT_RE = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.0+)?(Z?))?", re.ASCII
)
_NUMBER_RE = re.compile(r"-?(0|[1-9]\d{0,9})(\.\d{1,4})?", re.ASCII)

Cell: TypeAlias = "str | bool | int | float | dt.date | dt.datetime | None"
"""A moment with a zone is one in UTC."""
Record: TypeAlias = "Mapping[str, Json]"


def flat(record: Record, *, leave: Iterable[str] = (), before: str = "") -> dict[str, Json]:
    """Return all that a record holds under one name each, secrets left out.

    ``pandas.json_normalize`` turns whole numbers into floating ones where a record lacks the name, so
    that long ids lose digits.

    Args:
        record: An object of an answer.
        leave: Names of the outermost object to leave out.
        before: Stands before each name.

    >>> flat({"make": {"MakeName": "Ford", "salt": "x"}, "ids": [1, 2]})
    {'make.MakeName': 'Ford', 'ids': '[1, 2]'}
    """
    left, found = frozenset(leave), dict[str, "Json"]()
    for name, value in record.items():
        if is_secret(name) or name in left:
            continue
        if isinstance(value, dict):
            found |= flat(value, before=f"{before}{name}.")
        else:
            found[before + name] = (
                (as_text(value) if value else None) if isinstance(value, list) else value
            )
    return found


def several(value: Json) -> list[dict[str, Json]]:
    """Return the objects of a list; what is none stands under the name ``value``.

    PHP writes a list with gaps as an object, and an empty object as an empty list.

    >>> several({"0": {"a": 1}, "2": "b"}), several({"a": 1}), several("")
    ([{'a': 1}, {'value': 'b'}], [{'a': 1}], [])
    """
    if isinstance(value, dict):
        value = list(value.values()) if all(key.isdigit() for key in value) else [value]
    if not isinstance(value, list):
        value = [] if value in {None, ""} else [value]
    return [each if isinstance(each, dict) else {"value": each} for each in value]


def is_secret(name: str) -> bool:
    """Whether values under this key must not be shown."""
    folded = name.casefold()
    return folded in SECRETS or folded in _PASSWORDS or folded.endswith("token")


def as_text(value: Json) -> str:
    """Return a value as JSON, secrets left out."""
    return json.dumps(_without_secrets(value), ensure_ascii=False)


def _without_secrets(value: Json) -> Json:
    if isinstance(value, dict):
        return {k: _without_secrets(each) for k, each in value.items() if not is_secret(k)}
    return [_without_secrets(each) for each in value] if isinstance(value, list) else value


def headers_of(records: Iterable[Record], first: Sequence[str] = ()) -> list[str]:
    """Return every name that occurs: those of ``first`` in their order, then by first appearance."""
    seen: dict[str, None] = {}
    for record in records:
        seen |= dict.fromkeys(record)
    return [*(name for name in first if name in seen), *(n for n in seen if n not in set(first))]


def cell(value: Json, *, number: bool = False) -> Cell:
    """Return a JSON value as a cell.

    Moments become dates where a spreadsheet can hold them to their end, numbers stay numbers where it
    keeps all their digits; everything else is the text that it is.

    Args:
        value: A value of a flat record.
        number: Whether a text that is a number counts as one (amounts, totals).
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**_MOST_DIGITS else str(value)
    if isinstance(value, float):
        exact = math.isfinite(value) and float(f"{value:.{_MOST_DIGITS}g}") == value
        return value if exact else str(value)
    if not isinstance(value, str):
        return as_text(value)
    if number and _NUMBER_RE.fullmatch(value):
        return float(value) if "." in value else int(value)
    return moment(value)


def moment(text: str) -> Cell:
    """Return a date, or a date with a time, as one; other text as it is."""
    found = _MOMENT_RE.fullmatch(text)
    if found is None:
        return text
    date, time, zone = found.groups()
    try:
        when = dt.datetime.fromisoformat(f"{date}T{time or '00:00:00'}{zone or ''}")
    except ValueError:
        return text
    if when.date() < _FIRST_DAY:
        return text
    return when if time else when.date()
