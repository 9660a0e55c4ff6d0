"""Workbooks of Excel 97 to 2003 (``.xls``), read by xlrd, which knows their number formats."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import xlrd
from xlrd.compdoc import CompDocError

from importer.errors import InputError
from importer.model import CellType
from importer.reading import sniffing
from importer.reading.display import show
from importer.reading.grid import GridBuilder, about_sheets
from importer.reading.number_format import BUILT_IN, parse
from importer.reading.resubmitted import hidden_summary

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from importer.model import Grid

_MOST_COLUMNS: Final = 256
_CLAIMED_TWICE: Final = "Workbook corruption: seen["
_NUMBERS: Final = (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE)


def read_xls(data: bytes, path: Path) -> tuple[tuple[Grid, ...], tuple[str, ...]]:
    """Return the visible sheets of an old workbook, and doubts about the whole file.

    Of a results workbook of ours a hidden summary is returned too: it says where the rows are from.

    Raises:
        InputError: The workbook is protected by a password or damaged.
    """
    try:
        book = _opened(data)
        sheets = book.sheets()
    except Exception as error:  # xlrd fails in many ways on broken records
        if "encrypt" in str(error).lower():
            raise sniffing.password(path.name) from error
        raise InputError(
            f"{path.name}: the workbook is damaged or was cut off.", hint=sniffing.MEND
        ) from error
    if not sheets or any(sheet.ncols > _MOST_COLUMNS for sheet in sheets):
        raise InputError(
            f"{path.name}: the workbook is damaged or was cut off.", hint=sniffing.MEND
        )
    codes = {index: _code(book, index) for index in range(len(book.xf_list))}
    visible = [sheet for sheet in sheets if sheet.visibility == 0]
    hidden = [sheet.name for sheet in sheets if sheet.visibility != 0]
    since_1904 = book.datemode == 1
    grids = tuple(_grid(sheet, path, codes, since_1904=since_1904) for sheet in visible)
    summary = hidden_summary(grids, hidden)
    if summary is None:
        return grids, about_sheets(hidden)
    hidden.remove(summary)
    facts = _grid(book.sheet_by_name(summary), path, codes, since_1904=since_1904)
    return (*grids, facts), about_sheets(hidden)


def _opened(data: bytes) -> xlrd.book.Book:
    """Open the workbook, also where its container's table claims a sector twice.

    Web exports write such tables, and Excel does not mind: the workbook's own chain of sectors is whole.
    Where it is not, xlrd refuses it all the same.
    """
    try:
        return _open(data, lenient=False)
    except CompDocError as error:
        if not str(error).startswith(_CLAIMED_TWICE):
            raise
        return _open(data, lenient=True)


def _open(data: bytes, *, lenient: bool) -> xlrd.book.Book:
    return xlrd.open_workbook(
        file_contents=data,
        formatting_info=True,
        ragged_rows=True,  # a stray cell in the last row must not fill millions of others
        logfile=io.StringIO(),
        ignore_workbook_corruption=lenient,
    )


def _code(book: xlrd.book.Book, index: int) -> str:
    """Return a style's format code; those of some Asian languages are known by their number alone."""
    key = book.xf_list[index].format_key
    form = book.format_map.get(key)
    if form is None or form.format_str is None:
        return BUILT_IN.get(key, "General")
    return str(form.format_str)


def _grid(
    sheet: xlrd.sheet.Sheet, path: Path, codes: Mapping[int, str], *, since_1904: bool
) -> Grid:
    builder = GridBuilder(path, sheet.name)
    builder.hidden_columns = [
        (column, column) for column, info in sheet.colinfo_map.items() if info.hidden
    ]
    hidden = {row for row, info in sheet.rowinfo_map.items() if info.hidden}
    for row in range(sheet.nrows):
        cells: list[str] = []
        for column in range(sheet.row_len(row)):
            cell = sheet.cell(row, column)
            if cell.ctype in _NUMBERS:
                code = codes.get(cell.xf_index, "General")
                shown = show(repr(cell.value), code, since_1904=since_1904)
                if shown.fault is not None:
                    builder.fault(column, shown.fault)
                if shown.stored is not None:
                    builder.store(column, shown.stored)
                builder.type(column, parse(code).type)
                cells.append(shown.text)
            elif cell.ctype == xlrd.XL_CELL_BOOLEAN:
                builder.type(column, CellType.BOOLEAN)
                cells.append("TRUE" if cell.value else "FALSE")
            elif cell.ctype == xlrd.XL_CELL_ERROR:
                cells.append(str(xlrd.error_text_from_code.get(cell.value, "#N/A")))
            else:
                cells.append(str(cell.value))
        builder.add(row + 1, cells, hidden=row in hidden)
    return builder.grid()
