"""Results workbooks of ours, corrected by a person and given back.

Such a sheet has the six columns of a results workbook first, its header in row 1. Its column
``opscom_row`` keeps pointing at the first source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from importer.model import RESULT_COLUMNS, UNCORRECTED, Flaw, Origin
from importer.text import clean, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

    from importer.model import Grid

SUMMARY: Final = "Summary"
_ROW: Final = RESULT_COLUMNS.index("opscom_row")
_LONGEST: Final = 9


def is_results(header_row: int, headers: Sequence[str]) -> bool:
    """Whether a header in this row, with these headers, is that of a results sheet."""
    first = tuple(fold(header) for header in headers[: len(RESULT_COLUMNS)])
    return header_row == 1 and first == RESULT_COLUMNS


def results_header(grid: Grid) -> int | None:
    """Return the header row of a results sheet, ``None`` for any other sheet."""
    return 1 if _begins_as_results(grid) else None


def without_summary(grids: Sequence[Grid]) -> tuple[Grid, ...]:
    """Leave out what in a results workbook is no input: its summary, and what a check would send.

    Other workbooks keep a sheet of that name.
    """
    if not any(_begins_as_results(grid) for grid in grids):
        return tuple(grids)
    return tuple(grid for grid in grids if grid.name != SUMMARY and not _shows_payloads(grid))


def origin_of(grids: Sequence[Grid]) -> Origin | None:
    """Return where the rows of a results workbook first came from; ``None`` for other workbooks.

    The facts stand on its summary, a name in the first column and its text in the second. Where a
    person deleted them, they are empty.
    """
    if not any(_begins_as_results(grid) for grid in grids):
        return None
    facts: dict[str, str] = {}
    for grid in grids:
        if grid.name == SUMMARY and len(grid.frame.columns) > 1:
            names, texts = grid.frame[0].tolist(), grid.frame[1].tolist()
            facts = dict(zip(map(clean, names), map(clean, texts), strict=True))
    return Origin(
        host=facts.get("Host", ""),
        client=facts.get("Client", ""),
        sandbox="in the sandbox" in facts.get("Command", ""),
        run=facts.get("Run", ""),
        digest=facts.get("File's SHA-256", ""),
    )


def source_rows(frame: pd.DataFrame, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the row numbers of the first source, the sheet's own where a person added a row."""
    told = (clean(cell) for cell in frame[_ROW].tolist())
    numbers = (
        int(cell) if _is_row(cell) else own for cell, own in zip(told, rows.tolist(), strict=True)
    )
    return np.fromiter(numbers, np.int64, len(rows))


def uncorrected(frame: pd.DataFrame) -> list[Flaw]:
    """Return a flaw for each cell of a results sheet that still bears our mark."""
    return [
        Flaw(
            int(position),
            column,
            "this cell was marked in the results workbook and is not corrected yet.",
            f"Type the right value over it, without {UNCORRECTED}.",
        )
        for column in range(len(RESULT_COLUMNS), len(frame.columns))
        for position in np.flatnonzero(frame[column].str.contains(UNCORRECTED, regex=False))
    ]


def _is_row(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) <= _LONGEST and int(cell) > 0


def _begins_as_results(grid: Grid) -> bool:
    if not len(grid.rows) or len(grid.frame.columns) < len(RESULT_COLUMNS):
        return False
    headers = [grid.frame[column].iloc[0] for column in range(len(RESULT_COLUMNS))]
    return is_results(int(grid.rows[0]), headers)


def _shows_payloads(grid: Grid) -> bool:
    """Whether a sheet shows what a push would send: ``opscom_row``, then the vendor's fields."""
    return len(grid.rows) > 0 and fold(str(grid.frame[0].iloc[0])) == RESULT_COLUMNS[_ROW]
