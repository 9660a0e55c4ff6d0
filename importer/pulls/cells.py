"""What an answer holds → cells of a workbook: records made flat, nothing altered, secrets left out. Pure."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from importer.delivery.questions import Json

SECRETS = frozenset({"salt", "encid", "password", "passwd", "pwd", "password_hash", "secret"})
"""Keys of OPSCOM's answers whose values are in no workbook, beside all that end in ``token``."""
_MOST_DIGITS = 15
"""Digits that a number of a spreadsheet can have; a longer one stays text."""
_NUMBER_RE = re.compile(r"-?(0|[1-9]\d{0,9})(\.\d{1,4})?", re.ASCII)

Cell: TypeAlias = "str | bool | int | float | None"
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
        if _is_secret(name) or name in left:
            continue
        if isinstance(value, dict):
            found |= flat(value, before=f"{before}{name}.")
        elif isinstance(value, list):
            found[before + name] = as_text(value) if value else None
        else:
            found[before + name] = value
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


def as_text(value: Json) -> str:
    """Return a value as JSON, secrets left out."""
    return json.dumps(_without_secrets(value), ensure_ascii=False)


def _is_secret(name: str) -> bool:
    return name.casefold() in SECRETS or name.casefold().endswith("token")


def _without_secrets(value: Json) -> Json:
    if isinstance(value, dict):
        return {k: _without_secrets(each) for k, each in value.items() if not _is_secret(k)}
    return [_without_secrets(each) for each in value] if isinstance(value, list) else value


def cell(value: Json, *, number: bool = False) -> Cell:
    """Return a value of a flat record as a cell: a number where a spreadsheet keeps all its digits.

    Args:
        value: Dates and times are texts of the form ``2031-01-02 03:04:05``, and stay so.
        number: Whether a text that is a number counts as one (amounts, totals).
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 10**_MOST_DIGITS else str(value)
    if isinstance(value, float):
        exact = math.isfinite(value) and float(f"{value:.{_MOST_DIGITS}g}") == value
        return value if exact else str(value)
    if isinstance(value, str) and number and _NUMBER_RE.fullmatch(value):
        return float(value) if "." in value else int(value)
    return as_text(value) if isinstance(value, dict | list) else value
