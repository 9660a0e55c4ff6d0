"""Rows that are not records: headers of other tables, repeated headers, titles, footers, explanations.

Their cells would pass for an id and a name, since no form is imposed on those. The rules look at the
sheet as it stands in the file, and each can be told to a clerk in one sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from importer.model import UNCORRECTED, Refusal, State
from importer.records import read_resubmitted
from importer.schema import Kind
from importer.text import clean, fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import numpy.typing as npt

    from importer.model import Batch, Problem
    from importer.schema import Field, Table

    Marks = npt.NDArray[np.bool_]

_TOTAL: Final = re.compile(r"(?:grand |sub-?|sous-)?(?:totals?|totaux)\b", re.IGNORECASE)
_WORDS: Final = re.compile(r"[^\w.@/#-]")
"""A sign that no id has and that texts for people have: a blank, a bracket, a question mark."""
_DIGIT: Final = re.compile("[0-9]")
_NAMES: Final = 2
"""Header names in a row that make it a header."""
_USUAL: Final = 3
"""Cells of a usual row; in a list of less, a row of one cell is as good as the others."""
_EDGE: Final = 3
"""Rows below a header or a gap that are explanations; more than that are records of another kind."""
_NINE_TENTHS: Final = 0.9
_ALIKE: Final = (
    {"digits"},
    {"mixed"},
    {"letters", "mixed"},  # names of users, some with a digit
    {"digits", "letters", "mixed"},
)
"""Shapes of keys that are alike, the closest first."""

_NOT_PASSED: Final = ("", State.INVALID)

_REPEATED: Final = "this row repeats the header."
_DELETE: Final = "Delete the row, or name it under skip_rows in the mapping."
_OTHER: Final = "this row is the header of another table: its columns are not those of the first."
_BELOW: Final = "this row belongs to another table, whose header is in {place}."
_STRUCK: Final = "this is struck out, so the row is probably not to be sent."
_OVER: Final = (
    "Delete the row, or pass such rows over with `skip_rows: [{struck: true}]` in the mapping; if it is to be "
    f"sent, take away the line, and {UNCORRECTED} where it stands behind the cell."
)
_APART: Final = "Give that table a sheet or a file of its own."
_ALONE: Final = "this row has nothing but this cell, and a record has more."
_FILL: Final = f"{_DELETE[:-1]}; if it is a record, fill in the rest of it."
_UNLIKE: Final = (
    "this row does not look like a record: this cell is unlike those of the other rows."
)
_VOUCH: Final = (
    f"{_DELETE[:-1]}; if it is a record, say `as_shown: true` at {{field}} in the mapping."
)


def find_strays(batch: Batch, table: Table) -> Iterator[Problem]:
    """Yield one problem for each row that is not a record.

    Args:
        batch: A mapped sheet; skipped rows are not looked at.
        table: The page of its endpoint.
    """
    rows = _Rows(batch)
    strays = _tables(rows)
    keys = {at for name in table.told_by for at in batch.origins.get(name, ())}
    struck = batch.sheet.rows_marked(batch.sheet.struck, keys, rows.mapped)
    struck = {at: column for at, column in struck.items() if not batch.skipped[at]}
    strays |= dict.fromkeys(struck.keys() - strays.keys(), (_STRUCK, _OVER))
    usual = rows.usual(strays)
    if usual >= _USUAL and len(rows.mapped) > 1:
        alone = set(rows.order[rows.filled[rows.order] == 1].tolist())
        strays |= dict.fromkeys(alone - strays.keys(), (_ALONE, _FILL))
    key = _key(batch, table)
    # An id that OPSCOM gave stands in a column of ours, and tells records from nothing else.
    if key is not None and key[1] in rows.cells and key[0].name not in batch.as_shown:
        vouch = _VOUCH.format(field=key[0].name)
        unlike = _unlike(rows, key, strays, usual)
        strays |= dict.fromkeys(unlike, (_UNLIKE, vouch))
    for position, (message, remedy) in sorted(strays.items()):
        if position in rows.passed:
            continue
        filled = rows.row(position)
        column = key[1] if key is not None and key[1] in filled else min(filled)
        column = struck.get(position, column)
        why = Refusal(message, remedy)
        yield batch.sheet.problem(position, (column,), why, value=clean(filled[column]))


class _Rows:
    """The rows of a sheet as they stand in the file."""

    def __init__(self, batch: Batch) -> None:
        self.sheet = sheet = batch.sheet
        self.skipped = batch.skipped
        self.mapped = {at for columns in batch.origins.values() for at in columns}
        self.columns = [column for column in sheet.columns if not column.ours]
        """The source's own; a results workbook has others."""
        self.cells = {column.position: batch.cells[column.position] for column in self.columns}
        self.filled = np.zeros(len(sheet.frame), np.int64)
        for texts, _ in self.cells.values():
            self.filled += (texts != "").to_numpy()
        # A results workbook may have been sorted; what is below what, the source's numbers say.
        order = np.argsort(sheet.rows, kind="stable")
        self.order = order[~batch.skipped[order] & (self.filled[order] > 0)]
        self.starts = ~np.isin(sheet.rows - 1, sheet.rows)
        """Whether the row above is a header or blank."""
        told = read_resubmitted(sheet)
        self.passed = {at for at, said in told.items() if said.status not in _NOT_PASSED}
        """Rows of a results workbook that were records when it was written."""

    def row(self, position: int) -> dict[int, str]:
        """Return the filled cells of a row by column position, as they stand in the file."""
        cells = {column: str(self.sheet.frame.iloc[position, column]) for column in self.cells}
        return {column: cell for column, cell in cells.items() if cell.strip()}

    def usual(self, strays: Collection[int]) -> int:
        """Return how many cells a record fills: the middle one of the rows that fill several."""
        filled = self.filled.copy()
        filled[list(strays)] = 0
        several = np.sort(filled[self.order])
        several = several[several > 1]
        return int(several[len(several) // 2]) if len(several) else 0


def _tables(rows: _Rows) -> dict[int, tuple[str, str]]:
    """Find the headers in the middle of a sheet, and all that stands below those of other tables."""
    headers = _headers(rows)
    strays: dict[int, tuple[str, str]] = {}
    below = ""
    for at in rows.order.tolist() if headers else ():
        number = int(rows.sheet.rows[at])
        if at in headers:
            repeats = headers[at] or at == rows.order[0]
            strays[at] = (_REPEATED, _DELETE) if repeats else (_OTHER, _APART)
            place = f"row {number}"
            below = "" if repeats else _BELOW.format(place=place)
        elif below:
            strays[at] = (below, _APART)
    return strays


def _headers(rows: _Rows) -> dict[int, bool]:
    """Return the rows that are headers, each with whether its mapped columns are those of the first.

    Two of its cells at least, and half of them, are names of the header, and one of a mapped column.
    """
    headers = {column.position: fold(column.header) for column in rows.columns if column.header}
    names = {name for name in headers.values() if any(map(str.isalpha, name))}
    wanted = {headers[column] for column in rows.mapped & headers.keys()}
    named = np.zeros(len(rows.filled), np.int64)
    for column, (texts, odd) in rows.cells.items():
        is_name = texts.str.lower().isin(names).to_numpy(dtype=np.bool_, copy=True)
        # Folding changes no more of the others than their case.
        whole = rows.sheet.frame[column][odd]
        is_name[odd] = whole.map({text: fold(text) in names for text in whole.unique()})
        named += is_name
    found: dict[int, bool] = {}
    for at in np.flatnonzero((named >= _NAMES) & (2 * named >= rows.filled)).tolist():
        cells = {column: fold(cell) for column, cell in rows.row(at).items()}
        known = {column: cell for column, cell in cells.items() if cell in names}
        if wanted.isdisjoint(known.values()):
            continue
        foreign = any(headers.get(column) != cell for column, cell in known.items())
        foreign |= any(
            headers.get(column) != cells[column] for column in rows.mapped & cells.keys()
        )
        found[at] = not foreign
    return found


def _key(batch: Batch, table: Table) -> tuple[Field, int] | None:
    """Return the field that records are told apart by and that one column gives, and that column."""
    parts = [name for part in table.key for name in part] or table.alike[::-1]
    for known in filter(None, map(table.field, parts)):
        columns = batch.origins.get(known.name, ())
        if len(columns) == 1:
            return known, columns[0]
    return None


def _unlike(
    rows: _Rows, key: tuple[Field, int], strays: Collection[int], usual: int
) -> Iterator[int]:
    """Yield the rows whose key is unlike the others', at an edge, or without a digit in a row of little.

    The others are alike where nine tenths of them are of one shape, or of two. Plates are of all shapes.
    """
    known, column = key
    index, distinct = pd.factorize(rows.cells[column][0])
    keys: list[str] = distinct.tolist()
    shapes = [_shape(key) for key in keys]
    order = rows.order.tolist()
    look = {at: shapes[code] for at, code in zip(order, index[order].tolist(), strict=True)}
    for at in strays:
        look.pop(at, None)
    few = rows.order[2 * rows.filled[rows.order] <= usual].tolist() if usual >= _USUAL else ()
    sparse = look.keys() & few
    counted = Counter(look.values())
    for alike in () if known.kind is Kind.PLATE else _ALIKE:
        odd = {at for at, shape in look.items() if shape and shape not in alike} - rows.passed
        words = {at for at in sparse if look[at] in {"letters", "words"}}
        found = odd & (words | set(_at_edges(rows, look, odd)))
        others = len(look) - len(found) - counted[""]
        if others >= _USUAL and sum(counted[each] for each in alike) >= _NINE_TENTHS * others:
            yield from found
            break
    less = rows.order[rows.filled[rows.order] < usual].tolist()
    yield from (at for at in less if at in look and _TOTAL.match(keys[index[at]]))


def _at_edges(rows: _Rows, look: Mapping[int, str], odd: Collection[int]) -> Iterator[int]:
    """Yield up to three odd rows below a header, a gap or a stray, or the odd rows of another table.

    More than three without a header are records of another kind.
    """
    run: list[int] = []
    counts, before_is_stray = False, True
    for at in rows.order.tolist():
        if at in look and (rows.starts[at] or before_is_stray):
            yield from run if len(run) <= _EDGE or _has_header(rows, run) else ()
            run, counts = [], True
        counts = counts and (at in odd or not look.get(at, ""))
        if counts and at in odd:
            run.append(at)
        before_is_stray = at not in look
    yield from run if len(run) <= _EDGE or _has_header(rows, run) else ()


def _has_header(rows: _Rows, run: Sequence[int]) -> bool:
    """Whether the first of these rows is a header: two cells at least, and digits only below it."""
    first = rows.row(run[0])
    if len(first) < _NAMES or any(map(_DIGIT.search, first.values())):
        return False
    below = (rows.cells[column][0].iloc[list(run[1:])] for column in first)
    return any(bool(texts.str.contains(_DIGIT).all()) for texts in below)


def _shape(key: str) -> str:
    """Return what kind of text a key is."""
    if not key:
        return ""
    if key.isdecimal():
        return "digits"
    if _WORDS.search(key) or not any(map(str.isalnum, key)):
        return "words"
    return "mixed" if any(map(str.isdigit, key)) else "letters"
