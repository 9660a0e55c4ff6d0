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
    from collections.abc import Sequence

    import numpy.typing as npt

    from importer.model import Grid

_MOST_CELLS: Final = 2_000_000


def spread(grid: Grid) -> Grid:
    """Return the grid with each merged value in the first column of all its rows, and nowhere else.

    Raises:
        InputError: There are more merged cells than any list has.
    """
    if not grid.merges:
        return grid
    frame, types, stored = grid.frame.copy(), dict(grid.types), dict(grid.stored)
    flawed = {(flaw.position, flaw.column): flaw for flaw in grid.flaws}
    struck = set(grid.struck)
    for column, sources in _sources(grid).items():
        seen = sources >= 0
        texts = frame[column].to_numpy(object)[sources]
        frame[column] = pd.array(np.where(seen, texts, ""), dtype="str")
        if column in types:
            types[column] = np.where(seen, types[column][sources], 0).astype(np.int8)
        told, flaws, lines = stored.get(column, {}), {}, set()
        here = [(at, source) for at, source in enumerate(sources.tolist()) if source >= 0]
        for at, source in here:
            if flaw := flawed.get((source, column)):
                flaws[at, column] = replace(flaw, position=at)
            if (source, column) in struck:
                lines.add((at, column))
        stored[column] = {at: told[source] for at, source in here if source in told}
        flawed = {place: flaw for place, flaw in flawed.items() if place[1] != column} | flaws
        struck = {place for place in struck if place[1] != column} | lines
    return replace(
        grid,
        frame=frame,
        types={column: kinds for column, kinds in types.items() if kinds.any()},
        flaws=tuple(flawed[place] for place in sorted(flawed, key=_first)),
        stored={column: numbers for column, numbers in stored.items() if numbers},
        struck=frozenset(struck),
    )


def _first(place: tuple[int, int | None]) -> tuple[int, int]:
    return place[0], -1 if place[1] is None else place[1]


def _sources(grid: Grid) -> dict[int, npt.NDArray[np.int64]]:
    """Return for each merged column the position whose value each of its cells has; -1 for none."""
    columns: dict[int, npt.NDArray[np.int64]] = {}
    count = 0
    for merge in grid.merges:
        start = int(np.searchsorted(grid.rows, merge.first_row))
        end = int(np.searchsorted(grid.rows, merge.last_row, "right"))
        across = range(merge.first_column, min(merge.last_column + 1, grid.frame.shape[1]))
        count += (end - start) * len(across)
        if count > _MOST_CELLS:
            raise InputError(
                f"{grid.source.name}, {grid.name}: merged cells span more than {_MOST_CELLS:,} others, "
                "too many to be read.",
                hint="Take the merges away in Excel, and save the workbook.",
            )
        seen = start < end and grid.rows[start] == merge.first_row
        for column in across:
            sources = columns.setdefault(column, np.arange(len(grid.rows)))
            sources[start:end] = start if seen and column == merge.first_column else -1
    return columns


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
