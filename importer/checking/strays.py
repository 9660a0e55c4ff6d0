"""Rows that are no records: titles, totals and footers of a report, and headers that each page repeats.

Their first cell would pass for an id, since no form is imposed on ids. A row is taken for one of them
only where little of it is filled and its key has a look that no well-filled row's key has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from importer.model import Problem, Severity
from importer.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import pandas as pd

    from importer.model import Batch
    from importer.schema import Table

    Marks = npt.NDArray[np.bool_]

_TOTAL: Final = r"^(?i:(?:grand |sub-?|sous-)?(?:totals?|totaux)\b)"
_LEAST: Final = 3
"""Cells of a usual row; a list of less has no rows of which little is filled."""
_LOOKED_AT: Final = 500
"""Usual rows that tell how many cells a row has."""
_MOST: Final = 0.5
"""Share of the rows that fill a column of values."""
_STRAY: Final = (
    "this row looks like a title, a total or a footer and not like a record: little of it is filled, "
    "and this cell is unlike all others above and below."
)
_HEADER: Final = "this row repeats the header."
_DELETE: Final = "Delete the row, or name it under skip_rows in the mapping."
_FILL: Final = f"{_DELETE[:-1]}; if it is a record, fill in the rest of it."


def find_strays(batch: Batch, table: Table) -> Iterator[Problem]:
    """Yield a problem for each row that is no record, at the cell that passes for its key.

    Args:
        batch: A mapped sheet; skipped rows are not looked at.
        table: The page of its endpoint.
    """
    found = _key(batch, table)
    if found is None:
        return
    name, column = found
    keys = batch.sheet.frame[column].str.strip()
    header = batch.sheet.columns[column].header
    records = ~batch.skipped & _marks(keys != "")
    named = np.flatnonzero(records & _marks(keys.str.lower() == header.lower())).tolist()
    headers = [at for at in named if _repeats_header(batch, at)]
    records[headers] = False
    strays = set(_strays(batch, keys, records))
    for position in sorted({*headers, *strays}):
        stray = position in strays
        yield Problem(
            position=position,
            row=int(batch.sheet.rows[position]),
            columns=(column,),
            field=name,
            value=str(keys.iloc[position]),
            code=None,
            severity=Severity.ERROR,
            message=_STRAY if stray else _HEADER,
            remedy=_FILL if stray else _DELETE,
        )


def _key(batch: Batch, table: Table) -> tuple[str, int] | None:
    """Return the first field of the key that a single column gives, and that column."""
    for name in dict.fromkeys(name for names in table.key for name in names):
        columns = batch.origins.get(name, ())
        if len(columns) == 1:
            return name, columns[0]
    return None


def _marks(series: pd.Series[bool]) -> Marks:
    return series.to_numpy(dtype=np.bool_)


def _repeats_header(batch: Batch, position: int) -> bool:
    """Whether all filled cells of a row, and there are several, are those of the header."""
    row = [fold(cell) for cell in batch.sheet.frame.iloc[position]]
    headers = [fold(known.header) for known in batch.sheet.columns]
    filled = [(cell, header) for cell, header in zip(row, headers, strict=True) if cell]
    return len(filled) > 1 and all(cell == header for cell, header in filled)


def _strays(batch: Batch, keys: pd.Series[str], records: Marks) -> Iterator[int]:
    """Yield the records of which little is filled, and whose key no well-filled record's is like.

    Most ids hold a digit and no blank; where they do not, a blank and a missing digit tell nothing.
    """
    total = records & _marks(keys.str.contains(_TOTAL, regex=True))
    looks = [
        records & _marks(keys.str.contains(" ", regex=False)),
        records & ~_marks(keys.str.contains("[0-9]", regex=True)),
    ]
    rare = [look for look in looks if 2 * int(look.sum()) <= int(records.sum())]
    odd = np.logical_or.reduce([total, *rare])
    usual = np.flatnonzero(records & ~odd)[:_LOOKED_AT]
    if not odd.any() or not len(usual):
        return
    many = int(np.median(_filled(batch, usual)))
    candidates = np.flatnonzero(odd)
    few = np.zeros(len(odd), np.bool_)
    few[candidates] = (many >= _LEAST) & (2 * _filled(batch, candidates) <= many)
    telling = [total, *(look for look in rare if not (look & ~few).any())]
    yield from np.flatnonzero(few & np.logical_or.reduce(telling)).tolist()


def _filled(batch: Batch, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many cells of the source are filled in each of these rows."""
    own = [known.position for known in batch.sheet.columns if not known.ours]
    rows = batch.sheet.frame.iloc[positions][own]
    counts: npt.NDArray[np.int64] = (rows != "").to_numpy(dtype=np.bool_).sum(axis=1)
    return counts


def misplaced_columns(batch: Batch) -> Iterator[str]:
    """Yield a doubt for each mapped column that is blank while one beside it has no header.

    Reports with merged cells are exported so: the header stands over the first of the merged columns
    and the values in the next one.
    """
    columns = batch.sheet.columns
    mapped = sorted({column for origins in batch.origins.values() for column in origins})
    for column in mapped:
        if _share(batch, column) > 0:
            continue
        for beside in (column + 1, column - 1):
            there = 0 <= beside < len(columns) and not columns[beside].header
            if there and _share(batch, beside) >= _MOST:
                here = columns[column]
                yield (
                    f'Column {here.letter} "{here.header}" is blank in every row, and column '
                    f"{columns[beside].letter} beside it has values and no header. They probably "
                    "belong together: move the header over the values, and check again."
                )
                break


def _share(batch: Batch, column: int) -> float:
    """Return the share of the records that have something in a column."""
    records = ~batch.skipped
    filled = _marks(batch.sheet.frame[column] != "") & records
    return float(filled.sum()) / max(int(records.sum()), 1)
