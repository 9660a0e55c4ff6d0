"""Workbooks of Excel 97 to 2003 (``.xls``), read by xlrd, which knows their number formats."""

import io
import struct
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import xlrd
from xlrd.compdoc import CompDoc

from importer.model import Grid, Merge
from importer.reading import sniffing
from importer.reading.display import STAND_IN, TALLY, Looks, Style
from importer.reading.grid import GridBuilder, Listed
from importer.reading.xlsx_package import BUILT_IN

_MOST_COLUMNS: Final = 256
_KINDS: Final = {
    **dict.fromkeys((xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK, xlrd.XL_CELL_TEXT), "str"),
    **dict.fromkeys((xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE), "n"),
    xlrd.XL_CELL_BOOLEAN: "b",
    xlrd.XL_CELL_ERROR: "e",
}
_BOF, _BOUND_SHEET, _RECALC_ID, _WRITER = 0x0809, 0x0085, 0x01C1, 0x005C
_FORMULAS: Final = frozenset({0x0006, 0x0206, 0x0406})
_WANTED: Final = _FORMULAS | {_BOF, _BOUND_SHEET, _RECALC_ID, _WRITER}
_ZERO, _FOUR = struct.pack("<d", 0), struct.pack("<d", 4)
_EMPTY_TEXT: Final = b"\x03\0\0\0\0\0\xff\xff"
_CALLS: Final = frozenset({b"\x22", b"\x42", b"\x62"})
_TALLIES: Final = frozenset({b"\0\0", b"\xa9\0", b"\x58\1"})
"""COUNT, COUNTA and SUBTOTAL, called last in a formula (MS-XLS, sections 2.5.198.17 and 2.5.198.62)."""
_SAYS_NOTHING: Final = b"\x03\0\x17\0\0"
"""The formula ``=""``, which is right as it stands (MS-XLS, section 2.5.198.89)."""


def read_xls(data: bytes, path: Path) -> list[Listed]:
    """Return the sheets of an old workbook.

    Raises:
        InputError: The workbook is protected by a password or damaged.
    """
    try:
        book = _open(_named(data))
        sheets = book.sheets()
        styles = {index: _style(book, index) for index in range(len(book.xf_list))}
        looks = Looks(styles, since_1904=book.datemode == 1)
        formulas = _formulas(book)
    except Exception as error:  # xlrd fails in many ways on broken records
        if "encrypt" in str(error).lower():
            raise sniffing.password(path.name) from error
        raise sniffing.damaged(path.name) from error
    if any(sheet.ncols > _MOST_COLUMNS for sheet in sheets):
        raise sniffing.damaged(path.name)
    return [
        Listed(
            each.name,
            each.visibility == 0,
            partial(_grid, each, path, looks, formulas.get(each.number, {})),
        )
        for each in sheets
    ]


def _named(data: bytes) -> bytes:
    """Let the name of the workbook's stream end at its NUL, as xlrd wants it."""
    for name in sniffing.WORKBOOKS:
        if (place := sniffing.stream_entry(data, name)) is not None:
            spelled = name.encode("utf-16-le") + b"\0\0"
            entry = spelled.ljust(64, b"\0") + len(spelled).to_bytes(2, "little")
            return data[:place] + entry + data[place + len(entry) :]
    return data


def _open(data: bytes) -> xlrd.book.Book:
    """Open a workbook; small sectors that follow each other in a ring would hold xlrd without end."""
    log = io.StringIO()
    container = CompDoc(data, logfile=log, ignore_workbook_corruption=True)
    for entry in container.dirlist:
        if entry.tot_size < container.min_size_std_stream:
            sector, passed = entry.first_SID, 0
            while 0 <= sector < len(container.SSAT):
                sector, passed = container.SSAT[sector], passed + 1
                if passed > len(container.SSAT):
                    raise xlrd.XLRDError
    return xlrd.open_workbook(
        file_contents=data,
        formatting_info=True,
        on_demand=True,  # keeps the records, which are looked through a second time
        ragged_rows=True,  # a stray cell in the last row must not fill millions of others
        logfile=log,
        # Web exports claim a sector of the container twice, and Excel does not mind.
        ignore_workbook_corruption=True,
    )


def _grid(
    sheet: xlrd.sheet.Sheet, path: Path, styles: Looks, formulas: Mapping[tuple[int, int], str]
) -> Grid:
    builder = GridBuilder(path, sheet.name)
    columns = sheet.colinfo_map.items()
    sized = any(info.width for _, info in columns)  # some libraries give none a width
    builder.hidden_columns = [
        (column, column) for column, info in columns if info.hidden or (sized and not info.width)
    ]
    builder.merges = [
        Merge(top + 1, bottom, left, right - 1) for top, bottom, left, right in sheet.merged_cells
    ]
    hidden = {row for row, info in sheet.rowinfo_map.items() if info.hidden or info.height == 0}
    for row in range(sheet.nrows):
        cells, looks = [], []
        for column, cell in enumerate(sheet.row(row)):
            kind = formulas.get((row, column), _KINDS[cell.ctype])
            cells.append(_stored(kind, cell.value))
            looks.append(styles[kind, cell.xf_index])
        builder.add(row + 1, cells, looks, hidden=row in hidden)
    return builder.grid()


def _stored(kind: str, value: str | float) -> str:
    if kind == "e":
        return str(xlrd.error_text_from_code.get(value, "#N/A"))
    if kind == "b":
        return "1" if value else "0"
    return "0" if kind == STAND_IN else str(value)


def _style(book: xlrd.book.Book, index: int) -> Style:
    """Return a cell style; format codes of some Asian languages are known by their number alone."""
    style = book.xf_list[index]
    form = book.format_map.get(style.format_key)
    code = form.format_str if form else None
    colour = book.colour_map.get(style.background.pattern_colour_index)
    filled = style.background.fill_pattern == 1 and colour and colour != (255, 255, 255)
    return Style(
        BUILT_IN.get(style.format_key, "General") if code is None else str(code),
        struck=bool(book.font_list[style.font_index].struck_out),
        colour=bytes(colour).hex().upper() if filled else "",
    )


def _formulas(book: xlrd.book.Book) -> dict[int, dict[tuple[int, int], str]]:
    """Return the places of formulas that count others or were never calculated, by the number of their sheet.

    Libraries write 0 for their value (jxl 4, xlwt an empty text) and ask Excel to calculate it; xlrd does
    not tell. The records are those of MS-XLS, sections 2.4.28, 2.4.127 and 2.4.215.
    """
    starts: dict[int, int] = {}
    found: dict[int, dict[tuple[int, int], str]] = {}
    places: dict[tuple[int, int], str] = {}
    zeros, recalculated = {_ZERO}, False
    for at, kind, data in _records(book):
        if kind == _RECALC_ID:
            recalculated = True
        elif kind == _WRITER and b"Java Excel API" in data:
            zeros.add(_FOUR)
        elif kind == _BOUND_SHEET and data[5] == 0:
            starts[int.from_bytes(data[:4], "little")] = len(starts)
        elif kind == _BOF and at in starts:
            places = found[starts[at]] = {}
        elif kind in _FORMULAS and found:
            asked, value = bool(data[14] & 2), data[6:14]
            empty = value == _EMPTY_TEXT and (asked or not recalculated)
            place = struct.unpack_from("<HH", data)
            last = data[22 : 22 + int.from_bytes(data[20:22], "little")][-4:]
            if last[:1] in _CALLS and last[2:] in _TALLIES:
                places[place] = TALLY
            elif (empty and data[20:] != _SAYS_NOTHING) or (asked and value in zeros):
                places[place] = STAND_IN
    return found


def _records(book: xlrd.book.Book) -> Iterator[tuple[int, int, bytes]]:
    """Yield the records of the workbook that matter here: place, kind and content."""
    place = 0
    while place + 4 <= book.stream_len:
        kind, size = struct.unpack_from("<HH", book.mem, book.base + place)
        if kind in _WANTED:
            start = book.base + place + 4
            yield place, kind, book.mem[start : start + size]
        place += 4 + size
