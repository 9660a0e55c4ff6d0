"""Results workbooks of ours, corrected by a person and given back.

Such a sheet bears the columns of a results workbook, wherever a person or a script has moved them. Its
column ``opscom_row`` keeps pointing at the first source.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from importer.errors import InputError
from importer.model import GONE, MADE, RECORD, RESULT_COLUMNS, UNCORRECTED, Flaw, Grid, Origin
from importer.text import clean, fold

SUMMARY: Final = "Summary"
_ROW: Final = "opscom_row"
_MESSAGE: Final = "opscom_message"
_ROW_RE: Final = re.compile(r"[1-9][0-9]{0,8}")
_SEARCHED: Final = 30
"""Rows that a header is looked for in: people put titles and notes above it."""
_FACTS: Final = frozenset(
    {"Host", "Client", "Command", "Run", "File's SHA-256", "File", "Mapping", "Started", "Journal"}
)
"""What is read of a summary. Two of them tell a summary whatever its sheet is called now."""
_TELLING: Final = frozenset({"Run", "File's SHA-256"})
_FIRST_COLUMNS: Final = 12
"""Of a summary, where the facts stand, also when a person put notes beside them."""


def is_results(headers: Sequence[str]) -> bool:
    """Whether a header is that of a results sheet: two of our columns, in any order and place."""
    return _ours(headers) > 1


def results_header(grid: Grid) -> int | None:
    """Return the header row of a results sheet, ``None`` for any other sheet."""
    return next((row for row, cells in _first_rows(grid) if is_results(cells)), None)


def without_summary(grids: Sequence[Grid]) -> tuple[tuple[Grid, ...], Origin | None]:
    """Return what is input, and where the rows of a results workbook first came from.

    In a results workbook its summary and what a check would send are no input; the facts stand on the
    summary, each name beside its text. Other workbooks are all input.

    Raises:
        InputError: The summary is gone, so that nobody knows what its rows have been through.
    """
    ours = [results_header(grid) is not None for grid in grids]
    if not any(ours):
        return tuple(grids), None
    told = [None if mine else told_by(grid) for grid, mine in zip(grids, ours, strict=True)]
    origin = next(filter(None, told), None)
    if origin is None:
        raise InputError(
            f"{grids[0].source.name}: these are results without their sheet Summary, which says what "
            "became of the rows.",
            hint="Push the results workbook as it was written, with its Summary.",
        )
    return tuple(
        grid
        for grid, mine, summary in zip(grids, ours, told, strict=True)
        if mine or not (summary or _shows_payloads(grid))
    ), origin


def told_by(summary: Grid) -> Origin | None:
    """Return what a summary tells of where its workbook's rows came from and went, if it is one."""
    facts = _facts(summary)
    if not facts.keys() >= _TELLING:
        return None
    file = Path(facts.get("File", "")).name  # somebody may have edited it
    return Origin(
        host=facts.get("Host", ""),
        client=facts.get("Client", ""),
        sandbox="in the sandbox" in facts.get("Command", ""),
        run=facts["Run"],
        digest=facts["File's SHA-256"],
        file="" if file in {".", ".."} else file,
        mapping=facts.get("Mapping", ""),
        checked=facts.get("Command", "").startswith("check"),
        started=facts.get("Started", ""),
        journal=facts.get("Journal", ""),
    )


def told_gone(summary: Grid) -> list[str]:
    """Return what stands in the first column between the heading of what is gone and the record of the run."""
    first = list(map(clean, summary.frame.get(0, [])))
    if GONE not in first:
        return []
    start = len(first) - first[::-1].index(GONE)
    return first[start : first.index(RECORD, start) if RECORD in first[start:] else None]


def source_rows(
    frame: pd.DataFrame, headers: Sequence[str], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], frozenset[int]]:
    """Return the row numbers of the first source, and the positions of rows that are not from it.

    Those get numbers past the last, so that none is taken for a row of the source.
    """
    ours = {fold(header): column for column, header in enumerate(headers)}
    told = frame[ours[_ROW]].map(clean).tolist() if _ROW in ours else [""] * len(rows)
    numbers = [int(cell) if _ROW_RE.fullmatch(cell) else 0 for cell in told]
    added = [position for position, number in enumerate(numbers) if not number]
    last = max([0, *numbers, *rows.tolist()])
    for number, position in enumerate(added, start=last + 1):
        numbers[position] = number
    return np.array(numbers, np.int64), frozenset(added)


def uncorrected(frame: pd.DataFrame, headers: Sequence[str]) -> list[Flaw]:
    """Return a flaw for each cell of a results sheet that still bears our mark, or is the text of a date.

    A true date in the place of a text is shown as it was; the message tells of it.
    """
    ours = {fold(header): column for column, header in enumerate(headers)}
    said = frame[ours[_MESSAGE]].tolist() if _MESSAGE in ours else []
    dates = [
        Flaw(position, column, f"{MADE}date or time of it.", "Type the right value over it.")
        for position, text in enumerate(said)
        if MADE in text
        for column, header in enumerate(headers)
        if f'{header}: "{clean(frame[column].iloc[position])}": {MADE}' in text
    ]
    return dates + [
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


def _shows_payloads(grid: Grid) -> bool:
    """Whether a sheet shows what a push would send: ``opscom_row``, then the vendor's fields."""
    return any(fold(cells[0]) == _ROW and _ours(cells) == 1 for _, cells in _first_rows(grid))


def _facts(grid: Grid) -> dict[str, str]:
    """Return the facts that stand on a sheet: a name, and the next filled cell on its right."""
    facts: dict[str, str] = {}
    first = grid.frame.iloc[:, :_FIRST_COLUMNS]
    told = first.isin([*_FACTS, RECORD]).any(axis=1)
    for cells in first[told].itertuples(index=False, name=None):
        texts = [text for text in map(clean, cells) if text]
        if texts == [RECORD]:
            facts.clear()  # What stands above it tells of rows, whatever it looks like.
        for name, text in pairwise(texts):
            if name in _FACTS:
                facts.setdefault(name, text)
    return facts


def _first_rows(grid: Grid) -> Iterator[tuple[int, list[str]]]:
    """Yield the first rows of a sheet: number and cells."""
    first = grid.frame.iloc[:_SEARCHED].to_numpy(object).tolist()
    yield from zip(grid.rows[:_SEARCHED].tolist(), first, strict=True)


def _ours(headers: Sequence[str]) -> int:
    return len(set(RESULT_COLUMNS).intersection(map(fold, headers)))
