"""Workbooks: every cell as the person sees it, and what every reader hides."""

from __future__ import annotations

import datetime as dt
import re
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packages import rewrite, texts, written

from importer.model import CellType
from importer.reading import faults, read_source, take_sheet


def test_amounts_keep_their_stored_number_beside_what_they_show(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        money = book.add_format({"num_format": "$#,##0.00"})
        for row, amount in enumerate([1234.5, 19.999, 3]):
            sheet.write(row + 1, 1, amount, money)
        sheet.write_row(0, 0, ["id", "fee"])

    grid = written(tmp_path, fill).grids[0]
    assert grid.frame[1].tolist() == ["fee", "$1,234.50", "$20.00", "$3.00"]
    assert grid.stored == {1: {1: "1234.5", 2: "19.999", 3: "3"}}


def test_errors_and_formulas_without_a_value_are_flaws(tmp_path):
    path = tmp_path / "people.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["id", "sum", "look"])
    book.active.append([1, "=1+1", "#N/A"])
    book.active.append([None, "=2+2", None])
    book.save(path)
    grid = read_source(path).grids[0]
    assert grid.rows.tolist() == [1, 2, 3]
    assert texts(grid)[1:] == [["1", "", "#N/A"], ["", "", ""]]
    assert grid.flaws == (
        faults.NOT_CALCULATED.at(1, 1),
        faults.EXCEL_ERROR.at(1, 2),
        faults.NOT_CALCULATED.at(2, 1),
    )


def test_numbers_beyond_fifteen_digits_and_odd_formats_are_flaws(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_number(0, 0, 1234567890123456)
        sheet.write_number(0, 1, 1.5, book.add_format({"num_format": "# ?/?"}))
        sheet.write_number(0, 2, 7, book.add_format({"num_format": ";;;"}))
        sheet.write_number(0, 3, 60, book.add_format({"num_format": "yyyy-mm-dd"}))

    grid = written(tmp_path, fill).grids[0]
    assert texts(grid) == [["1234567890123456", "1.5", "7", "60"]]
    assert grid.flaws == (
        faults.TOO_MANY_DIGITS.at(0, 0),
        faults.UNREADABLE_FORMAT.at(0, 1),
        faults.HIDDEN_BY_FORMAT.at(0, 2),
        faults.NO_SUCH_DATE.at(0, 3),
    )


def test_row_numbers_are_those_of_excel_and_blank_rows_are_left_out(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        shape = book.add_format({"num_format": "0000"})
        sheet.write(3, 2, "id")
        sheet.write(5, 2, 7, shape)
        sheet.write(30_000, 3, 8, shape)
        sheet.write_blank(24_000, 3, None, shape)

    grid = written(tmp_path, fill).grids[0]
    assert grid.rows.tolist() == [4, 6, 30_001]
    assert texts(grid) == [["", "", "id", ""], ["", "", "0007", ""], ["", "", "", "0008"]]


def test_blocks_of_rows_are_put_together_in_order(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        padded = book.add_format({"num_format": "00000000"})
        for row in range(24_000):
            sheet.write_number(row, 0, row, padded)
            sheet.write_number(row, 1, row)
            sheet.write_string(row, 2, f"n{row}")
            if row % 7 == 0:
                sheet.write_number(row, 3, row, padded)
            elif row % 3:
                sheet.write_string(row, 3, "x")
            sheet.write_string(row, 24, "end")

    grid = written(tmp_path, fill, constant_memory=True).grids[0]
    assert grid.frame[0].tolist() == [f"{row:08d}" for row in range(24_000)]
    assert grid.frame[1].tolist() == [str(row) for row in range(24_000)]
    assert grid.frame[3].tolist() == [
        f"{row:08d}" if row % 7 == 0 else "x" if row % 3 else "" for row in range(24_000)
    ]
    assert grid.rows.tolist() == list(range(1, 24_001))


def test_hidden_sheets_are_named_and_not_read(tmp_path):
    def fill(book):
        book.add_worksheet("People").write(0, 0, "id")
        book.add_worksheet("Old").hide()
        book.add_worksheet("Older").very_hidden()
        book.add_chartsheet("Chart")

    source = written(tmp_path, fill)
    assert [grid.name for grid in source.grids] == ["People"]
    assert source.notes == ("The hidden sheets Old, Older were not read.",)


def test_hidden_rows_and_columns_and_a_filter_are_notes(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        for row in range(5):
            sheet.write_row(row, 0, ["a", "b", "c"])
        sheet.autofilter(0, 0, 4, 2)
        sheet.filter_column(0, "x == b")
        sheet.set_row(2, options={"hidden": True})
        sheet.set_row(3, options={"hidden": True})
        sheet.set_row(99, options={"hidden": True})
        sheet.set_column(1, 2, options={"hidden": True})
        sheet.set_column(9, 9, options={"hidden": True})

    assert written(tmp_path, fill).grids[0].notes == (
        "2 rows are hidden by a filter; they are read like all others.",
        "The columns B, C are hidden; they are read like all others.",
    )


def test_a_filter_that_is_only_offered_is_no_note(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.autofilter(0, 0, 0, 1)

    assert written(tmp_path, fill).grids[0].notes == ()


def test_an_empty_sheet_is_an_empty_grid(tmp_path):
    (grid,) = written(tmp_path, lambda book: book.add_worksheet("S")).grids
    assert (grid.frame.shape, grid.rows.tolist()) == ((0, 0), [])


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(-1e9, 1e9).map(lambda value: round(value, 3)),
    st.text("abcé #/'<>&\n", max_size=6).filter(lambda text: text[:1] not in {"=", "#"}),
    st.dates(dt.date(1901, 1, 1), dt.date(2100, 1, 1)),
)


@given(st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=1, max_size=8))
def test_the_values_agree_with_openpyxl(tmp_path, rows):
    path = tmp_path / "people.xlsx"
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    grid = read_source(path).grids[0]
    other = openpyxl.load_workbook(path, data_only=True).active
    for position, row in enumerate(grid.rows.tolist()):
        for column, text in enumerate(grid.frame.iloc[position]):
            value = other.cell(row, column + 1).value
            assert text.strip() == _said(value).strip()
    filled = [row for row in rows if any(_said(cell).strip() for cell in row)]
    assert len(taken(grid)) == len(filled)


def taken(grid):
    return [row for row in texts(grid) if any(cell.strip() for cell in row)]


def _said(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int | float):
        return f"{value:f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))
    return value


def test_the_header_of_a_workbook_sheet_is_taken(tmp_path):
    def fill(book):
        sheet = book.add_worksheet("S")
        sheet.write_row(3, 0, ["id", "fee"])
        money = book.add_format({"num_format": "#,##0.00"})
        sheet.write_row(5, 0, ["a", 1234.5], money)

    source = written(tmp_path, fill)
    sheet = take_sheet(source, source.grids[0], 4)
    assert (sheet.header_row, sheet.rows.tolist()) == (4, [6])
    assert sheet.stored == {1: {0: "1234.5"}}
    assert sheet.place(6, 1) == 'people.xlsx, S!B6 "fee"'


def test_the_format_of_a_conditional_format_is_no_cell_format(tmp_path):
    """Excel numbers them anew, so that one number has two meanings (``dxfs``)."""

    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_number(0, 0, 36925, book.add_format({"num_format": "dd/mm/yyyy"}))
        share = book.add_format({"num_format": "0.00%"})
        sheet.conditional_format(0, 0, 9, 0, {"type": "no_blanks", "format": share})

    path = tmp_path / "people.xlsx"
    written(tmp_path, fill)
    with zipfile.ZipFile(path) as package:
        styles = package.read("xl/styles.xml")
    own = re.search(rb'<numFmt numFmtId="(\d+)" formatCode="dd/mm/yyyy"/>', styles)
    changed = re.sub(
        rb'numFmtId="\d+" formatCode="0.00%"', b'numFmtId="%s" formatCode="0.00%%"' % own[1], styles
    )
    assert changed != styles
    rewrite(path, lambda name, data: changed if name == "xl/styles.xml" else data)
    assert texts(read_source(path).grids[0]) == [["2001-02-03"]]


@pytest.mark.parametrize(
    "column",
    ['hidden="1" max="2" min="2"', 'max="2" hidden="true" min="2"', 'min="2" max="2" hidden="1"'],
)
def test_a_hidden_column_is_told_whatever_the_order_of_its_attributes(tmp_path, column):
    written(tmp_path, lambda book: book.add_worksheet().write_row(0, 0, ["a", "b"]))
    path = tmp_path / "people.xlsx"
    cols = f"<cols><col {column}/></cols><sheetData>".encode()
    rewrite(path, lambda _, data: data.replace(b"<sheetData>", cols))
    assert read_source(path).grids[0].notes == ("Column B is hidden; it is read like all others.",)


def test_every_cell_says_what_it_is_whatever_its_text_looks_like(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b", "c", "d", "e", "f", "g"])
        codes = ["General", "0%", "dd/mm/yyyy", "d/m/yy h:mm", "h:mm", "[h]:mm"]
        for column, code in enumerate(codes):
            sheet.write_number(1, column, 36925.5, book.add_format({"num_format": code}))
        sheet.write_boolean(1, 6, 1)
        for column in range(7):
            sheet.write_string(2, column, "36925.5")
        sheet.write_string(0, 7, "text")

    source = written(tmp_path, fill)
    kinds = [
        CellType.NUMBER, CellType.PERCENT, CellType.DATE, CellType.DATE, CellType.TIME, CellType.TIME,
        CellType.BOOLEAN,
    ]  # fmt: skip
    expected = {column: [CellType.TEXT, kind, CellType.TEXT] for column, kind in enumerate(kinds)}
    (grid,) = source.grids
    assert {column: types.tolist() for column, types in grid.types.items()} == expected
    sheet = take_sheet(source, grid, 1)
    assert {column: types.tolist() for column, types in sheet.types.items()} == {
        column: types[1:] for column, types in expected.items()
    }
