"""What real exports hold that no library's own files do, in small invented twins."""

from __future__ import annotations

import struct

import pytest
from old_excel import SECTOR, workbook
from packages import read, rewritten, texts, with_sheet

from importer.errors import InputError
from importer.reading import read_source

ROWS = (
    '<row r="1"><c r="A1" t="str"><v>id</v></c></row><row r="2"><c r="A2" s="1"><v>7</v></c></row>'
)


def changed(part, change):
    """Return a small workbook of which one part is ``change(bytes)``."""
    return rewritten(with_sheet(ROWS), lambda name, data: change(data) if name == part else data)


# --- .xlsx --------------------------------------------------------------------------------------

ANCHOR = (
    '<from xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing">'
    "<xdr:col>1</xdr:col><xdr:row>{row}</xdr:row></from>"
)
BUTTON = (
    '<controls><control shapeId="1025" name="Button 1"><controlPr><anchor>'
    + ANCHOR.format(row=1)
    + ANCHOR.format(row=3).replace("from", "to")
    + "</anchor></controlPr></control></controls>"
)


def test_a_button_on_a_sheet_stands_in_the_way_of_no_row(tmp_path):
    data = changed(
        "xl/worksheets/sheet1.xml",
        lambda part: part.replace(b"</worksheet>", BUTTON.encode() + b"</worksheet>"),
    )
    assert texts(read(tmp_path, data)) == [["id"], ["007"]]


def test_an_empty_style_is_none(tmp_path):
    rows = '<row r="1"><c r="A1" t="str" s=""><v>id</v></c><c r="B1" s=""><v>7</v></c></row>'
    assert texts(read(tmp_path, with_sheet(rows))) == [["id", "7"]]


def test_styles_without_any_cell_style_leave_numbers_as_they_are(tmp_path):
    rows = '<row r="1"><c r="A1" t="str"><v>id</v></c><c r="B1"><v>7</v></c></row>'
    data = rewritten(
        with_sheet(rows),
        lambda name, part: b"<styleSheet/>" if name == "xl/styles.xml" else part,
    )
    assert texts(read(tmp_path, data)) == [["id", "7"]]


def listed_too(sheet):
    return changed("xl/workbook.xml", lambda part: part.replace(b"</sheets>", sheet + b"</sheets>"))


def test_a_module_of_old_macros_has_no_part_and_is_passed_over(tmp_path):
    sheet = b'<sheet name="Module1" sheetId="9" state="veryHidden" r:id=""/>'
    path = tmp_path / "people.xlsx"
    path.write_bytes(listed_too(sheet))
    source = read_source(path)
    assert [grid.name for grid in source.grids] == ["S"]
    assert source.notes == ()


@pytest.mark.parametrize("relation", [b"", b' r:id="rId99"'], ids=["none", "one that is not there"])
def test_a_sheet_that_leads_nowhere_is_refused(tmp_path, relation):
    data = listed_too(b'<sheet name="More" sheetId="9"' + relation + b"/>")
    with pytest.raises(InputError, match="the workbook is damaged or was cut off"):
        read(tmp_path, data)


# --- .xls ---------------------------------------------------------------------------------------

CELLS = {(0, 0): "id", (1, 0): (7.0, 0)}


def read_old(folder, data):
    path = folder / "people.xls"
    path.write_bytes(data)
    return read_source(path).grids[0]


@pytest.mark.parametrize("stream", ["WORKBOOK", "workbook"], ids=str)
def test_the_letters_of_an_old_workbooks_stream_may_be_of_either_case(tmp_path, stream):
    data = workbook([("S", 0, CELLS)], ["000"])
    spelled, other = (name.encode("utf-16-le") for name in ("Workbook", stream))
    grid = read_old(tmp_path, data.replace(spelled, other))
    assert grid.frame.to_numpy().tolist() == [["id"], ["007"]]


@pytest.mark.parametrize(("rest", "length"), [(b"\0", 64), (b"x\0y\0", 18), (b"R\0", 22)])
def test_the_name_of_an_old_workbooks_stream_ends_at_its_nul(tmp_path, rest, length):
    data = workbook([("S", 0, CELLS)], ["000"])
    name = "Workbook".encode("utf-16-le") + b"\0\0"
    place = data.index(name)
    entry = (name + rest).ljust(64, b"\0") + length.to_bytes(2, "little")
    grid = read_old(tmp_path, data[:place] + entry + data[place + 66 :])
    assert grid.frame.to_numpy().tolist() == [["id"], ["007"]]


def test_an_old_workbook_whose_table_claims_a_sector_twice_is_read(tmp_path):
    """Web exports write the root's place of small streams into the workbook's own sectors."""
    data = bytearray(workbook([("S", 0, CELLS)], ["000"]))
    root = 2 * SECTOR
    struct.pack_into("<IQ", data, root + 116, 3, SECTOR)
    assert read_old(tmp_path, bytes(data)).frame.to_numpy().tolist() == [["id"], ["007"]]


def test_a_stray_cell_in_the_last_corner_of_an_old_workbook_costs_nothing(tmp_path):
    cells = {**CELLS, (65_535, 255): "x"}
    grid = read_old(tmp_path, workbook([("S", 0, cells)], ["000"]))
    assert grid.rows.tolist() == [1, 2, 65_536]
    assert grid.frame[0].tolist() == ["id", "007", ""]
    assert grid.frame[255].tolist() == ["", "", "x"]


def test_dates_that_old_workbooks_know_by_number_alone_are_dates(tmp_path):
    """Japanese, Chinese, Korean and Thai Excel write number 31 or 71 and no code."""
    data = workbook([("S", 0, {(0, 0): (36925.0, 0), (0, 1): (36925.0, 1)})], ["x", "y"])
    styles = [struct.pack("<HHH", 0, number, 1) for number in (164, 165)]
    for style, number in zip(styles, (31, 71), strict=True):
        assert data.count(style) == 1
        data = data.replace(style, struct.pack("<HHH", 0, number, 1))
    assert read_old(tmp_path, data).frame.to_numpy().tolist() == [["2001-02-03", "2001-02-03"]]


def test_a_truth_of_an_old_workbook_that_is_neither_0_nor_1_is_true(tmp_path):
    data = workbook([("S", 0, {(0, 0): True})])
    place = data.index(b"\x05\x02\x08\0") + 10
    assert data[place : place + 2] == b"\1\0"
    grid = read_old(tmp_path, data[:place] + b"\xff" + data[place + 1 :])
    assert grid.frame.to_numpy().tolist() == [["TRUE"]]
