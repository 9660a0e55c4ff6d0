"""Workbooks: every cell as the person sees it, and what every reader hides."""

from __future__ import annotations

import datetime as dt
import io
import re
import tracemalloc
import zipfile

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import InputError
from importer.reading import faults, read_source, take_sheet


def written(folder, fill, name="people.xlsx", **options):
    """Write a workbook with XlsxWriter and read it."""
    path = folder / name
    with xlsxwriter.Workbook(str(path), options) as book:
        fill(book)
    return read_source(path)


def rewritten(path, change):
    """Write a workbook again, each part as ``change(name, bytes)`` says."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, change(name, data))


def sheet_changed(path, change):
    rewritten(path, lambda name, data: change(data) if "worksheets/sheet" in name else data)


def texts(grid):
    return grid.frame.to_numpy().tolist()


def test_identifiers_keep_the_zeros_of_their_number_format(tmp_path):
    def fill(book):
        sheet = book.add_worksheet("Students")
        sheet.write_row(0, 0, ["id", "text", "general", "big"])
        padded = book.add_format({"num_format": "000000000"})
        sheet.write_row(1, 0, [12345], padded)
        sheet.write_string(1, 1, "0012")
        sheet.write_row(1, 2, [1234567, 123456789012])

    (grid,) = written(tmp_path, fill).grids
    assert grid.name == "Students"
    assert texts(grid)[1] == ["000012345", "0012", "1234567", "123456789012"]
    assert (grid.flaws, grid.stored, grid.doubts, grid.lengths) == ((), {}, (), None)
    assert {str(kind) for kind in grid.frame.dtypes} == {"str"}


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


def test_dates_are_iso_and_have_a_time_where_their_format_shows_one(tmp_path):
    moment = dt.datetime.fromisoformat("2001-02-03T14:30")

    def fill(book):
        sheet = book.add_worksheet()
        for column, code in enumerate(["dd/mm/yyyy", "d/m/yy h:mm", "h:mm AM/PM", "mmm-yy"]):
            sheet.write_datetime(0, column, moment, book.add_format({"num_format": code}))

    grid = written(tmp_path, fill).grids[0]
    assert texts(grid) == [["2001-02-03", "2001-02-03T14:30:00", "14:30:00", "2001-02-03"]]


def test_a_workbook_that_counts_from_1904_shows_the_same_dates(tmp_path):
    def fill(book):
        shape = book.add_format({"num_format": "yyyy-mm-dd"})
        book.add_worksheet().write_datetime(0, 0, dt.datetime.fromisoformat("2001-02-03"), shape)

    grid = written(tmp_path, fill, date_1904=True).grids[0]
    assert texts(grid) == [["2001-02-03"]]


def test_truth_values_and_names_that_look_like_nothing_survive(tmp_path):
    names = ["Null", "NA", "None", "True", "nan", "-", "0", "1E5", "MAR10", "=1+1"]

    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_boolean(0, 0, 1)
        sheet.write_boolean(0, 1, 0)
        for column, name in enumerate(names, start=2):
            sheet.write_string(0, column, name)

    grid = written(tmp_path, fill).grids[0]
    assert texts(grid) == [["TRUE", "FALSE", *names]]
    assert grid.flaws == ()


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


def test_a_formula_with_a_stored_value_is_its_value(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_formula(0, 0, "=1+1", book.add_format({"num_format": "000"}), 2)
        sheet.write_formula(0, 1, '="a"&"b"', None, "ab")
        sheet.write_formula(0, 2, "=NA()", None, "#N/A")

    grid = written(tmp_path, fill).grids[0]
    assert texts(grid) == [["002", "ab", "#N/A"]]
    assert grid.flaws == (faults.EXCEL_ERROR.at(0, 2),)


def test_the_empty_text_of_a_formula_is_blank_and_no_flaw(tmp_path):
    path = tmp_path / "people.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet().write_row(0, 0, ["id", "x"])
    cell = b'<c r="B1" t="str"><f>""</f><v></v></c>'
    sheet_changed(path, lambda data: re.sub(rb'<c r="B1".*?</c>', cell, data))
    grid = read_source(path).grids[0]
    assert (texts(grid), grid.flaws) == ([["id", ""]], ())


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


def test_one_cell_that_overflows_its_format_spoils_no_other(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        for column, code in enumerate(["[h]:mm", "yyyy-mm-dd", "h:mm:ss", "d/m/yy h:mm"]):
            sheet.write_number(0, column, 123456789012, book.add_format({"num_format": code}))
        sheet.write_string(0, 4, "x")

    grid = written(tmp_path, fill).grids[0]
    assert texts(grid) == [["2962962936288:00", *["123456789012"] * 3, "x"]]
    assert grid.flaws == tuple(faults.NO_SUCH_DATE.at(0, column) for column in (1, 2, 3))


def test_row_numbers_are_those_of_excel_and_blank_rows_are_left_out(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        shape = book.add_format({"num_format": "0000"})
        sheet.write(3, 2, "id")
        sheet.write(5, 2, 7, shape)
        sheet.write(30_000, 3, 8, shape)
        sheet.write_blank(40_000, 3, None, shape)

    grid = written(tmp_path, fill).grids[0]
    assert grid.rows.tolist() == [4, 6, 30_001]
    assert texts(grid) == [["", "", "id", ""], ["", "", "0007", ""], ["", "", "", "0008"]]


def test_blocks_of_rows_are_put_together_in_order(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        padded = book.add_format({"num_format": "00000000"})
        for row in range(40_000):
            sheet.write_number(row, 0, row, padded)
            sheet.write_number(row, 1, row)
            sheet.write_string(row, 2, f"n{row}")
            if row % 7 == 0:
                sheet.write_number(row, 3, row, padded)
            elif row % 3:
                sheet.write_string(row, 3, "x")
            sheet.write_string(row, 24, "end")

    grid = written(tmp_path, fill, constant_memory=True).grids[0]
    assert grid.frame[0].tolist() == [f"{row:08d}" for row in range(40_000)]
    assert grid.frame[1].tolist() == [str(row) for row in range(40_000)]
    assert grid.frame[3].tolist() == [
        f"{row:08d}" if row % 7 == 0 else "x" if row % 3 else "" for row in range(40_000)
    ]
    assert grid.rows.tolist() == list(range(1, 40_001))


def test_hidden_sheets_are_named_and_not_read(tmp_path):
    def fill(book):
        book.add_worksheet("People").write(0, 0, "id")
        book.add_worksheet("Old").hide()
        book.add_worksheet("Older").very_hidden()
        book.add_chartsheet("Chart")

    source = written(tmp_path, fill)
    assert [grid.name for grid in source.grids] == ["People"]
    assert source.doubts == ("The hidden sheets Old, Older were not read.",)


def test_hidden_rows_and_columns_and_a_filter_are_doubts(tmp_path):
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

    assert written(tmp_path, fill).grids[0].doubts == (
        "2 rows are hidden by a filter; they are read like all others.",
        "The columns B, C are hidden; they are read like all others.",
    )


def test_a_filter_that_is_only_offered_is_no_doubt(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.autofilter(0, 0, 0, 1)

    assert written(tmp_path, fill).grids[0].doubts == ()


def test_merged_cells_hold_their_value_once(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 2, "Title")
        sheet.write_row(1, 0, ["a", "b", "c"])

    assert texts(written(tmp_path, fill).grids[0]) == [["Title", "", ""], ["a", "b", "c"]]


def test_text_is_kept_as_it_is(tmp_path):
    odd = ["Zoe\u0308 ", "\u00a0x\u200b", "“q”", "🅿️", "a\nb", "_x0041_"]

    def fill(book):
        sheet = book.add_worksheet()
        for column, text in enumerate(odd):
            sheet.write_string(0, column, text)

    assert texts(written(tmp_path, fill).grids[0])[0][:5] == odd[:5]


def test_an_empty_sheet_is_an_empty_grid(tmp_path):
    (grid,) = written(tmp_path, lambda book: book.add_worksheet("S")).grids
    assert (grid.frame.shape, grid.rows.tolist()) == ((0, 0), [])


# --- XML of any shape ---------------------------------------------------------------------------


def everything(path):
    """Write a workbook that has all that the scan looks for."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("S")
        padded = book.add_format({"num_format": "00000"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for row in range(20):
            sheet.write_number(row, 0, row, padded)
            sheet.write_string(row, 1, f"text <c r='A1'> {row}")
            sheet.write_number(row, 2, 36000 + row, day)
            sheet.write_number(row, 3, row / 4)
            sheet.write_boolean(row, 4, row % 2)
            sheet.write_formula(row, 5, "=1&lt;2", padded, row)
            sheet.write_formula(row, 6, "=NA()", None, "#N/A")
            sheet.write_blank(row, 7, None, padded)
        sheet.set_row(4, options={"hidden": True})
        sheet.set_column(3, 3, options={"hidden": True})
        sheet.autofilter(0, 0, 19, 6)
        sheet.filter_column(0, "x > 3")
    bare = b'<c r="J3"><f>1+1</f></c></row>'
    sheet_changed(path, lambda data: re.sub(rb'</row>(?=<row r="4")', bare, data))


def prefixed(data):
    data = re.sub(rb"<(/?)(\w+)([ />])", rb"<\1x:\2\3", data)
    return data.replace(b' xmlns="', b' xmlns:x="')


SHAPES = {
    "other order": lambda data: re.sub(rb'<c (r="\w+") (s="\d+")', rb"<c \2 \1", data),
    "type before style": lambda data: re.sub(
        rb'<c (r="\w+") s="(\d+)"><', rb'<c \1 t="n" s="\2"><', data
    ),
    "single quotes": lambda data: re.sub(rb' s="(\d+)"', rb" s='\1'", data),
    "line breaks": lambda data: data.replace(b"<c ", b"\n<c ").replace(b"<v>", b"\n  <v>"),
    "tabs": lambda data: data.replace(b"<c ", b"<c\t"),
    "comment": lambda data: data.replace(b"</row>", b"<!-- x --></row>"),
    "rows without numbers": lambda data: re.sub(rb'<row r="\d+"', b"<row", data),
    "prefix": prefixed,
}


@pytest.mark.parametrize("change", SHAPES.values(), ids=SHAPES)
def test_however_the_xml_is_written_the_same_is_read(tmp_path, change):
    usual, odd = tmp_path / "usual.xlsx", tmp_path / "odd.xlsx"
    for path in (usual, odd):
        everything(path)
    sheet_changed(odd, change)
    left, right = read_source(usual).grids[0], read_source(odd).grids[0]
    assert left.frame.iloc[2].tolist() == [
        "00002", "text <c r='A1'> 2", "1998-07-26", "0.5", "FALSE", "00002", "#N/A", "", "", "",
    ]  # fmt: skip
    assert faults.NOT_CALCULATED.at(2, 9) in left.flaws
    assert len(left.doubts) == 2
    assert texts(left) == texts(right)
    assert (left.flaws, left.doubts, left.rows.tolist()) == (
        right.flaws,
        right.doubts,
        right.rows.tolist(),
    )


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


# --- Dangerous and broken workbooks -------------------------------------------------------------


def refusal(path):
    with pytest.raises(InputError) as caught:
        read_source(path)
    return str(caught.value)


def small(path):
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("S").write_row(0, 0, ["id", "name"])


DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    "part",
    ["xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"],
)
def test_entity_tricks_are_refused(tmp_path, part):
    path = tmp_path / "people.xlsx"
    small(path)
    rewritten(
        path,
        lambda name, data: data.replace(b"?>", b"?>" + DOCTYPE, 1) if name == part else data,
    )
    assert refusal(path) == (
        "people.xlsx: the workbook holds a document type definition, which no program writes. "
        "Do not trust this file; ask for a fresh export."
    )


TOO_LARGE = (
    "people.xlsx: unpacked, the workbook would be too large to be a spreadsheet. "
    "Copy the rows into a new workbook and save that."
)


def test_a_part_that_inflates_beyond_measure_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "people.xlsx"
    small(path)
    bomb = b" " * (70 << 20)
    rewritten(
        path,
        lambda name, data: data.replace(b"</sst>", bomb + b"</sst>") if "Strings" in name else data,
    )
    tracemalloc.start()
    try:
        assert refusal(path) == TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"])
def test_a_part_that_lies_about_its_size_is_refused(tmp_path, part):
    path = tmp_path / "people.xlsx"
    small(path)
    with zipfile.ZipFile(path) as package:
        size = package.getinfo(part).file_size
    data = path.read_bytes()
    start = data.rindex(part.encode()) - 46
    lying = (size // 2).to_bytes(4, "little")
    path.write_bytes(data[: start + 24] + lying + data[start + 28 :])
    assert refusal(path) == (
        "people.xlsx: the workbook is damaged or was cut off. Export or download it again."
    )


def test_a_stray_cell_in_the_last_corner_is_refused(tmp_path):
    def fill(book):
        book.add_worksheet("S").write(0, 0, "id")
        book.worksheets()[0].write(1_048_575, 16_383, "x")

    with pytest.raises(InputError) as caught:
        written(tmp_path, fill)
    assert str(caught.value) == (
        "people.xlsx, S: the sheet reaches to row 1,048,576 and column 16,384, too far to be read. "
        "Delete the stray cells far below or to the right, and save the workbook."
    )


def test_a_stray_format_in_the_last_corner_is_harmless(tmp_path):
    def fill(book):
        sheet = book.add_worksheet("S")
        sheet.write(0, 0, "id")
        sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))

    assert texts(written(tmp_path, fill).grids[0]) == [["id"]]


def test_a_workbook_whose_sheet_is_missing_is_refused(tmp_path):
    path = tmp_path / "people.xlsx"
    small(path)
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if "worksheets/" not in name:
                new.writestr(name, old.read(name))
    path.write_bytes(out.getvalue())
    assert refusal(path) == (
        "people.xlsx: the workbook is damaged or was cut off. Export or download it again."
    )


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
