"""Workbooks (``.xlsx``, ``.xlsm``): values by python-calamine, what it hides by our own scan."""

from __future__ import annotations

import io
from itertools import islice
from typing import IO, TYPE_CHECKING, Final

import numpy as np
import python_calamine

from importer.errors import InputError
from importer.reading import sniffing
from importer.reading.blocks import Blocks, rows_a_block
from importer.reading.doubts import about_sheets, hidden_parts
from importer.reading.xlsx_formats import Shows, what_it_shows
from importer.reading.xlsx_package import (
    damage_is_refused,
    open_package,
    read_workbook,
    refuse_document_type,
    without_styles,
)

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import pyarrow as pa

    from importer.model import Grid
    from importer.reading.blocks import Cells

_MOST_CELLS: Final = 150_000_000
"""Rows times columns up to the last cell that holds something; calamine needs memory for each."""


def read_xlsx(data: bytes, path: Path) -> tuple[tuple[Grid, ...], tuple[str, ...]]:
    """Return the visible sheets of a workbook, and doubts about the whole file.

    Raises:
        InputError: The workbook is damaged, dangerous or too large.
    """
    name = path.name
    with open_package(data, name) as package:
        workbook = read_workbook(package, name)
        parts = {sheet.name: sheet.part for sheet in workbook.sheets}
        book = _calamine(without_styles(data, workbook.styles, name), name)
        visible, hidden = _sheets(book)
        grids: list[Grid] = []
        for sheet in visible:
            with damage_is_refused(name):
                shows = _shows(package, parts[sheet], workbook.codes, name, workbook.since_1904)
            _refuse_endless(shows, f"{name}, {sheet}")
            grids.append(_grid(book, sheet, shows, path))
    return tuple(grids), about_sheets(hidden)


def _calamine(data: io.BytesIO, name: str) -> python_calamine.CalamineWorkbook:
    try:
        return python_calamine.CalamineWorkbook.from_filelike(data)
    except python_calamine.CalamineError as error:
        raise InputError(
            f"{name}: the workbook is damaged or was cut off.", hint=sniffing.AGAIN
        ) from error


def _sheets(book: python_calamine.CalamineWorkbook) -> tuple[list[str], list[str]]:
    """Return the names of visible and of hidden worksheets; charts and macros are neither."""
    visible: list[str] = []
    hidden: list[str] = []
    for sheet in book.sheets_metadata:
        if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet:
            shown = sheet.visible == python_calamine.SheetVisibleEnum.Visible
            (visible if shown else hidden).append(sheet.name)
    return visible, hidden


def _shows(
    package: zipfile.ZipFile,
    part: str,
    codes: Sequence[str],
    name: str,
    since_1904: bool,  # noqa: FBT001 - private
) -> Shows:
    def open_part() -> IO[bytes]:
        return package.open(part)

    with open_part() as stream:
        refuse_document_type(stream.read(1024), name)
    return what_it_shows(open_part, codes, since_1904=since_1904)


def _refuse_endless(shows: Shows, place: str) -> None:
    if shows.last_row * (shows.last_column + 1) > _MOST_CELLS:
        raise InputError(
            f"{place}: the sheet reaches to row {shows.last_row:,} and column "
            f"{shows.last_column + 1:,}, too far to be read.",
            hint="Delete the stray cells far below or to the right, and save the workbook.",
        )


def _grid(book: python_calamine.CalamineWorkbook, sheet: str, shows: Shows, path: Path) -> Grid:
    """Lay what the sheet shows over its values, block by block."""
    try:
        values = book.get_sheet_by_name(sheet)
    except python_calamine.CalamineError as error:
        raise InputError(
            f"{path.name}, {sheet}: the sheet is damaged.", hint=sniffing.AGAIN
        ) from error
    left = values.start[1] if values.start else 0
    width = max(left + values.width if values.start else 0, shows.last_column + 1)
    blocks = Blocks(width)
    blocks.faults.update(shows.faults)
    blocks.stored.update(shows.stored)
    overlays = {column: overlay.ordered() for column, overlay in shows.overlays.items()}
    for rows, cells in _blocks(values, left, width, shows.late_rows):
        columns: list[Cells] = list(zip(*cells, strict=True))
        for position, (numbers, texts) in overlays.items():
            columns[position] = _laid_over(rows, columns[position], numbers, texts)
        blocks.add(rows, columns)
    grid = blocks.grid(path, sheet)
    around = shows.around
    return hidden_parts(grid, around.hidden_rows, around.hidden_columns, filtered=around.filtered)


def _blocks(
    values: python_calamine.CalamineSheet, left: int, width: int, late: set[int]
) -> Iterator[tuple[npt.NDArray[np.int64], list[Sequence[object]]]]:
    """Yield row numbers and cells of rows that are not wholly empty, ``width`` cells each."""
    ordered = values.iter_rows() if values.start else iter(())
    done = 0
    while part := list(islice(ordered, rows_a_block(width))):
        keep: list[int] = []
        cells: list[Sequence[object]] = []
        for row, found in enumerate(part, start=done + 1):
            if any(found) or found.count("") != len(found) or row in late:
                keep.append(row)
                cells.append(_fitted(found, left, width))
        done += len(part)
        if keep:
            yield np.array(keep, np.int64), cells
    beyond = sorted(number for number in late if number > done)
    if beyond:
        yield np.array(beyond, np.int64), [[""] * width for _ in beyond]


def _fitted(found: Sequence[object], left: int, width: int) -> Sequence[object]:
    """Put the cells of a row, which begin at column ``left``, into their places."""
    if len(found) == width:
        return found
    return [*[""] * left, *found, *[""] * (width - left - len(found))]


def _laid_over(
    rows: npt.NDArray[np.int64],
    cells: Cells,
    numbers: npt.NDArray[np.int64],
    texts: pa.Array,
) -> Cells:
    """Return the cells of one column of a block with the texts in the place of their values."""
    first, last = np.searchsorted(numbers, [rows[0], rows[-1] + 1]).tolist()
    places = np.searchsorted(rows, numbers[first:last])
    if len(places) == len(rows):
        return texts.slice(first, len(rows))
    laid = list(cells)
    for place, text in zip(
        places.tolist(), texts.slice(first, last - first).to_pylist(), strict=True
    ):
        laid[place] = text
    return laid
