"""The quick way from a worksheet's XML to its grid: no value becomes a Python object.

It reads what Excel, openpyxl, XlsxWriter and LibreOffice usually write, in a fraction of the time and
memory of any library. Whatever is written otherwise raises ``Unusual``, and then the sheet goes the
careful way; both ways give the same grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.columns import edges_of
from importer.reading import faults
from importer.reading.blocks import Blocks
from importer.reading.number_format import LOST
from importer.reading.shown_cells import TEXT, show_cells
from importer.reading.slices import texts_between
from importer.reading.xlsx_cells import (
    ERROR,
    INLINE,
    SHARED,
    TRUTH,
    Cells,
    find_cells,
    unescaped,
)
from importer.reading.xlsx_cells import TEXT as FORMULA_TEXT
from importer.reading.xlsx_scan import (
    MOST_COLUMNS,
    Surroundings,
    Unusual,
    pieces,
    refuse_endless,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from importer.columns import Marks, Numbers

_PIECE: Final = 1 << 20
_COLUMN: Final = 1 << 10
"""Bytes for each column of a piece of a wide sheet, so that no piece has a few rows only."""
_STYLES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Manner:
    """What the cells of a workbook lean on."""

    codes: Sequence[str]
    """Number format code of each cell style."""
    since_1904: bool
    texts: Callable[[], pa.Array]
    """Gives the shared texts."""


@dataclass(slots=True)
class Direct:
    """The cells of a sheet, and what its XML says besides."""

    blocks: Blocks
    around: Surroundings
    last_row: int = 0
    last_column: int = -1
    """Position of the last column with a cell that holds something."""


def read_directly(open_part: Callable[[], IO[bytes]], manner: Manner, place: str) -> Direct:
    """Return the cells of a sheet as they show.

    Args:
        open_part: Opens the sheet's XML from its start.
        manner: What its cells lean on.
        place: File and sheet, for messages.

    Raises:
        InputError: The sheet reaches too far.
        Unusual: The XML is not written in the usual shape.
    """
    direct = Direct(Blocks(0), Surroundings())

    def size() -> int:
        return max(_PIECE, direct.blocks.width * _COLUMN)

    with open_part() as stream:
        for rows in pieces(stream, direct.around, size=size):
            if b"<row" not in rows:
                continue
            if b"hidden" in rows:
                direct.around.note_hidden_rows(rows)
            try:
                _take(direct, find_cells(rows), manner, place)
            except (ValueError, IndexError) as error:
                raise Unusual from error
    return direct


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some rows on their way into the blocks."""

    blocks: Blocks
    manner: Manner
    cells: Cells
    rows: Numbers
    """Numbers of the rows that have cells."""
    places: Numbers
    """Which of these rows a cell is in."""


def _take(direct: Direct, cells: Cells, manner: Manner, place: str) -> None:
    if not len(cells.places) and not cells.bare:
        return
    last = max([int(cells.columns.max(initial=-1)), *(column for _, column in cells.bare)])
    if last >= MOST_COLUMNS:
        raise Unusual
    direct.last_column = max(direct.last_column, last)
    bare = np.searchsorted(cells.rows, [row for row, _ in cells.bare])
    used = np.union1d(cells.places, bare)
    rows = cells.rows[used]
    direct.last_row = max(direct.last_row, int(rows[-1]))
    refuse_endless(direct.last_row, direct.last_column, place)
    direct.blocks.widen(last + 1)
    direct.blocks.faults.update((cell, faults.NOT_CALCULATED) for cell in cells.bare)
    places = np.searchsorted(used, cells.places)
    columns, filled = _columns(_Piece(direct.blocks, manner, cells, rows, places))
    filled[np.searchsorted(used, bare)] = True
    if not filled.all():
        kept = pa.array(filled)
        columns = [column.filter(kept) for column in columns]
        rows = rows[filled]
    if len(rows):
        direct.blocks.add(rows, columns)


def _columns(piece: _Piece) -> tuple[list[pa.Array], Marks]:
    """Return all columns of these rows, and which rows hold something."""
    size, width = len(piece.rows), piece.blocks.width
    columns = [pa.array([""] * size, TEXT)] * width
    filled = np.zeros(size, np.bool_)
    order = np.argsort(piece.cells.columns.astype(np.int16), kind="stable")
    ends = np.cumsum(np.bincount(piece.cells.columns, minlength=width)).tolist()
    for column, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
        if start < end:
            chosen = order[start:end]
            texts = _column(piece, chosen, column)
            places = piece.places[chosen]
            filled[places] |= np.diff(edges_of(texts)) > 0
            columns[column] = _spread(texts, places, size)
    return columns, filled


def _spread(texts: pa.Array, places: Numbers, size: int) -> pa.Array:
    """Return a column with these texts at their places and blanks elsewhere."""
    if len(places) == size:
        return texts
    index = np.full(size, len(texts), np.int64)
    index[places] = np.arange(len(texts))
    return pa.concat_arrays([texts, pa.array([""], TEXT)]).take(pa.array(index))


def _column(piece: _Piece, chosen: Numbers, column: int) -> pa.Array:
    """Return the texts of one column's cells, which may be of several sorts and styles."""
    kinds = piece.cells.sorts[chosen].astype(np.int64) * _STYLES + piece.cells.styles[chosen]
    if bool((kinds == kinds[0]).all()):
        return _alike(piece, chosen, column)
    groups: list[pa.Array] = []
    index = np.empty(len(chosen), np.int64)
    done = 0
    for kind in np.unique(kinds).tolist():
        these = np.flatnonzero(kinds == kind)
        groups.append(_alike(piece, chosen[these], column))
        index[these] = done + np.arange(len(these))
        done += len(these)
    return pa.concat_arrays(groups).take(pa.array(index))


def _alike(piece: _Piece, chosen: Numbers, column: int) -> pa.Array:
    """Return the texts of cells of one column, sort and style."""
    cells, manner = piece.cells, piece.manner
    starts, ends = cells.starts[chosen], cells.ends[chosen]
    raws = texts_between(cells.data, starts, ends)
    sort = int(cells.sorts[chosen[0]])
    if sort in {FORMULA_TEXT, INLINE}:
        return unescaped(raws)
    if bool((starts == ends).any()):
        raise Unusual
    if sort == SHARED:
        return manner.texts().take(pc.cast(raws, pa.int64()))
    if sort == TRUTH:
        false = pc.equal(raws, "0")
        if not pc.all(pc.or_(false, pc.equal(raws, "1"))).as_py():
            raise Unusual
        return pc.if_else(false, pa.scalar("FALSE", TEXT), pa.scalar("TRUE", TEXT))
    rows = piece.rows[piece.places[chosen]]
    if sort == ERROR:
        raws = unescaped(raws)
        piece.blocks.faults.update(((row, column), faults.EXCEL_ERROR) for row in rows.tolist())
        return raws
    style = int(cells.styles[chosen[0]])
    code = manner.codes[style] if style < len(manner.codes) else LOST
    shown = show_cells(raws, code, since_1904=manner.since_1904)
    if shown.faults and pc.any(pc.match_substring_regex(raws, r"[&\s]")).as_py():
        raise Unusual
    if shown.stored:
        piece.blocks.keep(column, rows[shown.stored.places], shown.stored.texts)
    piece.blocks.faults.update(
        ((int(rows[at]), column), fault) for at, fault in shown.faults.items()
    )
    return shown.texts
