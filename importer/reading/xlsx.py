"""Workbooks (``.xlsx``, ``.xlsm``).

Sheets that are written as programs usually write them are read straight from their XML. For all others
python-calamine gives the values, and our own scan what it hides.
"""

from __future__ import annotations

import io
from functools import cache
from itertools import islice
from typing import IO, TYPE_CHECKING, Final

import numpy as np
import python_calamine

from importer.errors import InputError
from importer.reading import sniffing
from importer.reading.blocks import Blocks, rows_a_block
from importer.reading.doubts import about_sheets, hidden_parts
from importer.reading.xlsx_direct import Manner, read_directly
from importer.reading.xlsx_formats import what_it_shows
from importer.reading.xlsx_package import (
    damage_is_refused,
    open_package,
    read_workbook,
    refuse_document_type,
    without_styles,
)
from importer.reading.xlsx_scan import Unusual
from importer.reading.xlsx_texts import shared_texts

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import pyarrow as pa

    from importer.model import Grid
    from importer.reading.blocks import Cells
    from importer.reading.xlsx_formats import Shows
    from importer.reading.xlsx_package import SheetPart
    from importer.reading.xlsx_scan import Surroundings

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
        sheets = [sheet for sheet in workbook.sheets if sheet.rows]
        hidden = [sheet.name for sheet in sheets if not sheet.visible]

        @cache
        def texts() -> pa.Array:
            return shared_texts(package.read(workbook.texts or ""))

        @cache
        def book() -> python_calamine.CalamineWorkbook:
            return _calamine(without_styles(data, workbook.styles, name), name)

        manner = Manner(workbook.codes, workbook.since_1904, texts)
        grids = tuple(
            _read_sheet(package, sheet, manner, book, path) for sheet in sheets if sheet.visible
        )
    return grids, about_sheets(hidden)


def _read_sheet(
    package: zipfile.ZipFile,
    sheet: SheetPart,
    manner: Manner,
    book: Callable[[], python_calamine.CalamineWorkbook],
    path: Path,
) -> Grid:
    """Read a sheet the quick way or, where its XML is unusual, through the values' reader."""

    def open_part() -> IO[bytes]:
        return package.open(sheet.part)

    place = f"{path.name}, {sheet.name}"
    with damage_is_refused(path.name):
        with open_part() as stream:
            refuse_document_type(stream.read(1024), path.name)
        try:
            direct = read_directly(open_part, manner)
        except Unusual:
            shows = what_it_shows(open_part, manner.codes, since_1904=manner.since_1904)
        else:
            _refuse_endless(direct.last_row, direct.last_column, place)
            return _around(direct.blocks.grid(path, sheet.name), direct.around)
    _refuse_endless(shows.last_row, shows.last_column, place)
    return _around(_grid(book(), sheet.name, shows, path), shows.around)


def _around(grid: Grid, around: Surroundings) -> Grid:
    return hidden_parts(grid, around.hidden_rows, around.hidden_columns, filtered=around.filtered)


def _calamine(data: io.BytesIO, name: str) -> python_calamine.CalamineWorkbook:
    try:
        return python_calamine.CalamineWorkbook.from_filelike(data)
    except python_calamine.CalamineError as error:
        raise InputError(
            f"{name}: the workbook is damaged or was cut off.", hint=sniffing.MEND
        ) from error


def _refuse_endless(row: int, column: int, place: str) -> None:
    if row * (column + 1) > _MOST_CELLS:
        raise InputError(
            f"{place}: the sheet reaches to row {row:,} and column {column + 1:,}, too far to be read.",
            hint="Delete the stray cells far below or to the right, and save the workbook.",
        )


def _grid(book: python_calamine.CalamineWorkbook, sheet: str, shows: Shows, path: Path) -> Grid:
    """Lay what the sheet shows over its values, block by block."""
    try:
        values = book.get_sheet_by_name(sheet)
    except python_calamine.CalamineError as error:
        raise InputError(
            f"{path.name}, {sheet}: the sheet is damaged.", hint=sniffing.MEND
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
    return blocks.grid(path, sheet)


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
