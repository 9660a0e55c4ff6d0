"""The headers of a mapping, and which columns of a sheet they mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from importer.errors import InputError
from importer.text import fold, listed_up_to, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from importer.mapping.rules import Mapping
    from importer.model import Column, Sheet

_MOST_MISSING = 8
_NUMBERED_RE = re.compile(r"(.*\S)\s*#([1-9][0-9]{0,3})", re.DOTALL)


def columns_of_header(header: str, columns: Sequence[Column]) -> tuple[Column, ...]:
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


def missing_headers(mapping: Mapping, columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the mapped headers that no column has, as written, in the order of the mapping."""
    return tuple(header for header in mapping.headers if not columns_of_header(header, columns))


def explain_missing(mapping: Mapping, sheet: Sheet, told: Sequence[str] = ()) -> str:
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
