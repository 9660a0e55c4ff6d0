"""Sheets of a few rows as the mapping hands them on, and one checked by itself, as most tests of checking want it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from importer import checking
from importer.mapping.apply import clean_cells
from importer.model import Batch, Column, Sheet
from schemas import TABLES


def batch_of(endpoint, rows, *, first=2, sheet="People", constants=(), headers=None, **settings):
    """Return a batch whose columns are headed by their fields' names, or by these headers.

    ``rows`` are fields with texts, or a frame of them; ``first`` is the row that the first has in the sheet.
    """
    if not isinstance(rows, pd.DataFrame):
        names = [known.name for known in TABLES[endpoint].fields]
        given = [name for name in names if any(name in row for row in rows)]
        texts = {name: [row.get(name, "") for row in rows] for name in given}
        rows = pd.DataFrame(texts, index=pd.RangeIndex(len(rows)), dtype="str")
    columns = [name for name in rows if name not in constants]
    over = Sheet(
        Path("people.xlsx"),
        "0" * 64,
        sheet,
        first - 1,
        tuple(Column(place, name) for place, name in enumerate(headers or columns)),
        rows[columns].set_axis(range(len(columns)), axis="columns"),
        np.arange(first, first + len(rows)),
    )
    origins = {name: (columns.index(name),) if name in columns else () for name in rows}
    none = np.zeros(len(rows), dtype=bool)
    batch = Batch(over, endpoint, "test", rows, origins, none, clean_cells(over))
    return replace(batch, **settings)


def check(batch, table, **terms):
    """Return a batch that stands alone in its file with everything that is wrong with it."""
    (found,) = checking.check([batch], table, **terms)
    return found
