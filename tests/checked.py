"""Sheets of a few rows as the mapping hands them on, and one checked by itself, as most tests of checking want it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from importer import checking
from importer.mapping.apply import clean_cells
from importer.model import Batch, Column, Sheet
from schemas import TABLES


def sheet_of(headers, rows, *, name="People", source="people.xlsx", first=2, dtype="str", **more):
    """Return a sheet of these texts; ``first`` is the row that the first has, below the header."""
    folded = [header.casefold() for header in headers]
    columns = {at: pd.Series([row[at] for row in rows], dtype=dtype) for at in range(len(headers))}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))
    return Sheet(
        Path(source),
        name,
        first - 1,
        tuple(
            Column(at, header, folded[: at + 1].count(folded[at]))
            for at, header in enumerate(headers)
        ),
        frame,
        np.arange(first, first + len(rows), dtype=np.int64),
        **more,
    )


def batch_of(endpoint, rows, *, first=2, constants=(), **settings):
    """Return a batch of these fields with their texts, whose columns are headed by the fields' names."""
    names = [known.name for known in TABLES[endpoint].fields]
    given = [name for name in names if any(name in row for row in rows)]
    texts = {name: [row.get(name, "") for row in rows] for name in given}
    frame = pd.DataFrame(texts, index=pd.RangeIndex(len(rows)), dtype="str")
    columns = [name for name in given if name not in constants]
    over = sheet_of(columns, frame[columns].to_numpy(), first=first)
    origins = {name: (columns.index(name),) if name in columns else () for name in given}
    none = np.zeros(len(rows), dtype=bool)
    batch = Batch(over, endpoint, "test", frame, origins, none, clean_cells(over))
    return replace(batch, **settings)


def check(batch, **terms):
    """Return a batch that stands alone in its file with everything that is wrong with it."""
    (found,) = checking.check([batch], TABLES[batch.endpoint], **terms)
    return found
