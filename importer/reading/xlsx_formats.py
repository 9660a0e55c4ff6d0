"""What the cells of a worksheet show that the values' reader cannot tell.

The scan of a sheet's XML notes the cells; here they get their texts, their stored numbers and their
faults. The result is laid over the values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import numpy as np
import pyarrow as pa

from importer.reading import faults
from importer.reading.display import show_column, show_iso
from importer.reading.number_format import parse
from importer.reading.xlsx_scan import Sort, Surroundings, Unusual, scan, scan_slowly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    from importer.reading.faults import Fault
    from importer.reading.xlsx_scan import Noted, Piece


@dataclass(slots=True)
class Overlay:
    """Finished texts of one column, in the order of the sheet's XML."""

    rows: list[npt.NDArray[np.int64]] = field(default_factory=list)
    texts: list[pa.Array] = field(default_factory=list)

    def add(self, rows: Sequence[int], texts: Sequence[str]) -> None:
        """Take the texts of some cells."""
        self.rows.append(np.array(rows, np.int64))
        self.texts.append(pa.array(texts, pa.large_string()))

    def ordered(self) -> tuple[npt.NDArray[np.int64], pa.Array]:
        """Return row numbers, ascending and each once, and the texts beside them."""
        rows = np.concatenate(self.rows)
        texts = pa.concat_arrays(self.texts)
        if bool((np.diff(rows) > 0).all()):
            return rows, texts
        rows, first = np.unique(rows, return_index=True)
        return rows, texts.take(pa.array(first))


@dataclass(slots=True)
class Shows:
    """All that a sheet shows beside its plain values, by row number and column position."""

    overlays: dict[int, Overlay] = field(default_factory=dict)
    faults: dict[tuple[int, int], Fault] = field(default_factory=dict)
    stored: dict[int, dict[int, str]] = field(default_factory=dict)
    around: Surroundings = field(default_factory=Surroundings)
    last_row: int = 0
    last_column: int = -1
    """Position of the last column with a cell that holds something."""

    @property
    def late_rows(self) -> set[int]:
        """Rows with cells that the values' reader takes for blank: errors, bare formulas."""
        return {row for row, _ in self.faults}


def what_it_shows(
    open_part: Callable[[], IO[bytes]], codes: Sequence[str], *, since_1904: bool
) -> Shows:
    """Return what a sheet shows beside its values.

    Args:
        open_part: Opens the sheet's XML from its start.
        codes: Number format code of each cell style.
        since_1904: Whether the workbook counts its days from 1904.
    """
    styles = [style for style, code in enumerate(codes) if not parse(code).general]
    shows = Shows()
    try:
        _take(shows, scan(open_part, styles, shows.around), codes, since_1904=since_1904)
    except Unusual:
        shows = Shows()
        _take(shows, scan_slowly(open_part, styles, shows.around), codes, since_1904=since_1904)
    return shows


def _take(shows: Shows, pieces: Iterable[Piece], codes: Sequence[str], *, since_1904: bool) -> None:
    for piece in pieces:
        shows.last_row = max(shows.last_row, piece.last_row)
        shows.last_column = max(shows.last_column, piece.last_column)
        for (column, style), noted in piece.cells.get(Sort.NUMBER, {}).items():
            _take_numbers(shows, column, noted, codes[style], since_1904=since_1904)
        for (column, _), (rows, texts) in piece.cells.get(Sort.ERROR, {}).items():
            shows.overlays.setdefault(column, Overlay()).add(rows, texts)
            shows.faults.update(((row, column), faults.EXCEL_ERROR) for row in rows)
        for (column, style), noted in piece.cells.get(Sort.ISO_DATE, {}).items():
            _take_dates(shows, column, noted, codes[style] if style < len(codes) else "General")
        for (column, _), (rows, _) in piece.cells.get(Sort.NOT_CALCULATED, {}).items():
            shows.faults.update(((row, column), faults.NOT_CALCULATED) for row in rows)


def _take_numbers(shows: Shows, column: int, noted: Noted, code: str, *, since_1904: bool) -> None:
    rows, raws = noted
    shown = show_column(raws, code, since_1904=since_1904)
    shows.overlays.setdefault(column, Overlay()).add(rows, shown.texts)
    shows.faults.update(((rows[index], column), fault) for index, fault in shown.faults.items())
    if shown.stored:
        kept = shows.stored.setdefault(column, {})
        kept.update((rows[index], text) for index, text in shown.stored.items())


def _take_dates(shows: Shows, column: int, noted: Noted, code: str) -> None:
    rows, raws = noted
    shown = [show_iso(raw, code) for raw in raws]
    shows.overlays.setdefault(column, Overlay()).add(rows, [cell.text for cell in shown])
    for row, cell in zip(rows, shown, strict=True):
        if cell.fault is not None:
            shows.faults[row, column] = cell.fault
