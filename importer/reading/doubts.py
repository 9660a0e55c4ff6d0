"""What a person should know about a workbook before its rows are sent.

Every reader returns hidden and filtered rows like any other. A person who filtered a sheet to forty
rows may mean to send forty, so it is said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from importer.model import Column

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from importer.model import Grid


def about_sheets(hidden: Sequence[str]) -> tuple[str, ...]:
    """Return the doubt that names the hidden sheets, which are not read."""
    if not hidden:
        return ()
    names = ", ".join(hidden)
    if len(hidden) == 1:
        return (f"The hidden sheet {names} was not read.",)
    return (f"The hidden sheets {names} were not read.",)


def hidden_parts(
    grid: Grid, rows: Collection[int], columns: Collection[int], *, filtered: bool
) -> Grid:
    """Return the grid with doubts about hidden rows and columns that hold something.

    Args:
        grid: A grid without its blank rows.
        rows: Row numbers that are hidden.
        columns: Column positions that are hidden.
        filtered: Whether a filter is active in the sheet.
    """
    said = list(grid.doubts)
    count = int(np.isin(grid.rows, list(rows)).sum()) if rows else 0
    if count:
        why = " by a filter" if filtered else ""
        said.append(
            f"One row is hidden{why}; it is read like all others."
            if count == 1
            else f"{count:,} rows are hidden{why}; they are read like all others."
        )
    elif filtered:
        said.append("A filter is active; rows are read whether it shows them or not.")
    filled = [
        Column(position, "").letter
        for position in sorted(columns)
        if position in grid.frame.columns and bool((grid.frame[position] != "").any())
    ]
    if len(filled) == 1:
        said.append(f"Column {filled[0]} is hidden; it is read like all others.")
    elif filled:
        said.append(f"The columns {', '.join(filled)} are hidden; they are read like all others.")
    return replace(grid, doubts=tuple(said))
