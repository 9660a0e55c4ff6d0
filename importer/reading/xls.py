"""Workbooks of Excel 97 to 2003 (``.xls``), read by xlrd, which knows their number formats."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import numpy as np
import xlrd

from importer.errors import InputError
from importer.reading import sniffing
from importer.reading.blocks import Blocks, rows_a_block
from importer.reading.display import show
from importer.reading.doubts import about_sheets, hidden_parts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from importer.model import Grid

_NUMBERS: Final = (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE)


def read_xls(data: bytes, path: Path) -> tuple[tuple[Grid, ...], tuple[str, ...]]:
    """Return the visible sheets of an old workbook, and doubts about the whole file.

    Raises:
        InputError: The workbook is protected by a password or damaged.
    """
    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
        sheets = book.sheets()
    except Exception as error:  # xlrd fails in many ways on broken records
        if "encrypt" in str(error).lower():
            raise sniffing.password(path.name) from error
        raise InputError(
            f"{path.name}: the workbook is damaged or was cut off.", hint=sniffing.MEND
        ) from error
    if not sheets:
        raise InputError(
            f"{path.name}: the workbook is damaged or was cut off.", hint=sniffing.MEND
        )
    codes = {index: _code(book, index) for index in range(len(book.xf_list))}
    visible = [sheet for sheet in sheets if sheet.visibility == 0]
    hidden = [sheet.name for sheet in sheets if sheet.visibility != 0]
    since_1904 = book.datemode == 1
    grids = tuple(_grid(sheet, path, codes, since_1904=since_1904) for sheet in visible)
    return grids, about_sheets(hidden)


def _code(book: xlrd.book.Book, index: int) -> str:
    form = book.format_map.get(book.xf_list[index].format_key)
    return form.format_str if form is not None else "General"


def _grid(
    sheet: xlrd.sheet.Sheet, path: Path, codes: Mapping[int, str], *, since_1904: bool
) -> Grid:
    blocks = Blocks(sheet.ncols)
    step = rows_a_block(sheet.ncols)
    for start in range(0, sheet.nrows, step):
        end = min(start + step, sheet.nrows)
        columns = [
            [
                _cell(blocks, sheet.cell(row, column), (row + 1, column), codes, since_1904)
                for row in range(start, end)
            ]
            for column in range(sheet.ncols)
        ]
        filled = [any(cells) for cells in zip(*columns, strict=True)]
        rows = np.arange(start + 1, end + 1)[filled]
        kept = [
            [cell for cell, keep in zip(cells, filled, strict=True) if keep] for cells in columns
        ]
        blocks.add(rows, kept)
    grid = blocks.grid(path, sheet.name)
    hidden_rows = {row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden}
    hidden_columns = {column for column, info in sheet.colinfo_map.items() if info.hidden}
    return hidden_parts(grid, hidden_rows, hidden_columns, filtered=False)


def _cell(
    blocks: Blocks,
    cell: xlrd.sheet.Cell,
    place: tuple[int, int],
    codes: Mapping[int, str],
    since_1904: bool,  # noqa: FBT001 - private, called once a cell
) -> str:
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#N/A"))
    if cell.ctype not in _NUMBERS:
        return str(cell.value)
    shown = show(repr(cell.value), codes.get(cell.xf_index, "General"), since_1904=since_1904)
    row, column = place
    if shown.fault is not None:
        blocks.faults[row, column] = shown.fault
    if shown.stored is not None:
        blocks.stored.setdefault(column, {})[row] = shown.stored
    return shown.text
