"""Merged cells, as a person sees them.

Their value stands in the first of them in the file. A cell merged over rows is the value of all these
rows; what a merge hides is not seen, so it is not read; a header merged over columns names those that
hold something.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from importer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from importer.model import Flaw, Grid, Merge

_MOST_CELLS: Final = 2_000_000


def spread(grid: Grid) -> Grid:
    """Return the grid with each merged value in the first column of all its rows, and nowhere else.

    Raises:
        InputError: There are more merged cells than any list has.
    """
    if not grid.merges:
        return grid
    given = {place: source for merge in grid.merges for place, source in _given(grid, merge)}
    by_column: dict[int, list[tuple[int, int | None]]] = {}
    for (position, column), source in given.items():
        by_column.setdefault(column, []).append((position, source))
    frame, types = grid.frame.copy(), dict(grid.types)
    for column, changes in by_column.items():
        cells = frame[column].tolist()
        kinds = types[column].copy() if column in types else np.zeros(len(cells), np.int8)
        for position, source in changes:
            cells[position] = "" if source is None else cells[source]
            kinds[position] = 0 if source is None else kinds[source]
        frame[column] = pd.array(cells, dtype="str")
        if kinds.any():
            types[column] = kinds
    copied = {place: (source, place[1]) for place, source in given.items() if source is not None}
    flawed = {(flaw.position, flaw.column): flaw for flaw in grid.flaws}
    flaws = [flaw for flaw in grid.flaws if (flaw.position, flaw.column) not in given]
    flaws += [
        replace(flawed[seen], position=at) for (at, _), seen in copied.items() if seen in flawed
    ]
    stored = {
        column: {
            **{at: text for at, text in numbers.items() if (at, column) not in given},
            **{
                at: numbers[source]
                for at, source in by_column.get(column, ())
                if source is not None and source in numbers
            },
        }
        for column, numbers in grid.stored.items()
    }
    struck = {place for place, seen in copied.items() if seen in grid.struck}
    return replace(
        grid,
        frame=frame,
        types=types,
        flaws=tuple(sorted(flaws, key=_place)),
        stored=stored,
        struck=frozenset(struck | (grid.struck - given.keys())),
    )


def _place(flaw: Flaw) -> tuple[int, int]:
    return flaw.position, -1 if flaw.column is None else flaw.column


def _given(grid: Grid, merge: Merge) -> Iterator[tuple[tuple[int, int], int | None]]:
    """Yield the places in a merge but the first, and the position whose value each takes, if any."""
    start = int(np.searchsorted(grid.rows, merge.first_row))
    end = int(np.searchsorted(grid.rows, merge.last_row, "right"))
    columns = range(merge.first_column, min(merge.last_column + 1, grid.frame.shape[1]))
    if (end - start) * len(columns) > _MOST_CELLS:
        raise InputError(
            f"{grid.source.name}, {grid.name}: merged cells span more than {_MOST_CELLS:,} others, too "
            "many to be read.",
            hint="Take the merges away in Excel, and save the workbook.",
        )
    seen = start if start < end and grid.rows[start] == merge.first_row else None
    for column in columns:
        source = seen if column == merge.first_column else None
        for position in range(start, end):
            if source is None or position != source:
                yield (position, column), source


def named_columns(
    grid: Grid, header_row: int, headers: Sequence[str], filled: Sequence[int]
) -> list[str]:
    """Return the headers, each over the columns whose cells it names.

    A header that is merged over columns names those of them that are filled. Reports also merge the cells
    below a header, so that their value stands to the left of it.

    Args:
        grid: Holds the merges.
        header_row: The header's row number.
        headers: A header for each column; blank where a merge hides the cell.
        filled: How many cells of each column hold something below the header.
    """
    named = list(headers)
    for merge in grid.merges:
        columns = range(merge.first_column, min(merge.last_column + 1, len(headers)))
        if len(columns) < 2 or merge.last_row < header_row:  # noqa: PLR2004 - over one column only
            continue
        if merge.first_row <= header_row:
            most = max(filled[column] for column in columns)
            # A page number in the footer does not fill a column.
            chosen = [column for column in columns if filled[column] * 2 > most] or columns[:1]
            for column in columns:
                named[column] = headers[columns[0]] if column in chosen else ""
        elif filled[columns[0]] and not named[columns[0]]:
            beside = [at for at in columns[1:] if named[at] and not filled[at]]
            if len(beside) == 1:
                named[columns[0]], named[beside[0]] = named[beside[0]], ""
    return named
