"""Results workbooks of ours, corrected by a person and given back.

Such a sheet bears the columns of a results workbook, wherever a person or a script has moved them. Its
column ``opscom_row`` keeps pointing at the first source.
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
_ROW: Final = "opscom_row"
_ENOUGH: Final = 2
"""Columns of ours that tell a results sheet from a source that took over one of them."""
_LONGEST: Final = 9


def is_results(headers: Sequence[str]) -> bool:
    """Whether a header is that of a results sheet: two of our columns, in any order and place."""
    return _ours(headers) >= _ENOUGH


def results_header(grid: Grid) -> int | None:
    """Return the header row of a results sheet, ``None`` for any other sheet."""
    return int(grid.rows[0]) if _begins_as_results(grid) else None


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
        file=facts.get("File", ""),
        mapping=facts.get("Mapping", ""),
    )


def source_rows(
    frame: pd.DataFrame, headers: Sequence[str], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], frozenset[int]]:
    """Return the row numbers of the first source, and the positions of rows that are not from it.

    Those get numbers past the last, so that none is taken for a row of the source.
    """
    ours = {fold(header): column for column, header in enumerate(headers)}
    told = [""] * len(rows)
    if _ROW in ours:
        told = [clean(cell) for cell in frame[ours[_ROW]].tolist()]
    known = [int(cell) for cell in told if _is_row(cell)]
    next_number = max([0, *known, *rows.tolist()]) + 1
    numbers = rows.copy()
    added: list[int] = []
    for position, cell in enumerate(told):
        if _is_row(cell):
            numbers[position] = int(cell)
        else:
            numbers[position] = next_number + len(added)
            added.append(position)
    return numbers, frozenset(added)


def uncorrected(frame: pd.DataFrame, headers: Sequence[str]) -> list[Flaw]:
    """Return a flaw for each cell of a results sheet that still bears our mark."""
    return [
        Flaw(
            int(position),
            column,
            "this cell was marked in the results workbook and is not corrected yet.",
            f"Type the right value over it, without {UNCORRECTED}.",
        )
        for column in range(len(frame.columns))
        if fold(headers[column]) not in RESULT_COLUMNS
        for position in np.flatnonzero(frame[column].str.contains(UNCORRECTED, regex=False))
    ]


def _is_row(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) <= _LONGEST and int(cell) > 0


def _begins_as_results(grid: Grid) -> bool:
    return is_results(_first_row(grid))


def _shows_payloads(grid: Grid) -> bool:
    """Whether a sheet shows what a push would send: ``opscom_row``, then the vendor's fields."""
    headers = _first_row(grid)
    return bool(headers) and fold(headers[0]) == _ROW and _ours(headers) == 1


def _first_row(grid: Grid) -> list[str]:
    return [str(cell) for cell in grid.frame.iloc[0]] if len(grid.rows) else []


def _ours(headers: Sequence[str]) -> int:
    return len({fold(header) for header in headers} & set(RESULT_COLUMNS))
