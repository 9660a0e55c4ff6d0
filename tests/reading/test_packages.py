"""The package around a workbook: XML of any shape, dangerous and broken parts."""

from __future__ import annotations

import io
import re
import tracemalloc
import zipfile

import pytest
import xlsxwriter
from packages import DAMAGED, refusal, rewrite, texts, written

from importer.reading import faults, read_source


def sheet_changed(path, change):
    rewrite(path, lambda name, data: change(data) if "worksheets/sheet" in name else data)


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
    assert len(left.notes) == 2
    assert texts(left) == texts(right)
    assert (left.flaws, left.notes, left.rows.tolist()) == (
        right.flaws,
        right.notes,
        right.rows.tolist(),
    )


@pytest.mark.parametrize("calculates", [False, True], ids=["calculated", "to be calculated"])
def test_the_empty_text_of_a_formula_is_blank_where_it_was_calculated(tmp_path, calculates):
    path = tmp_path / "people.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet().write_row(0, 0, ["id", "x"])
    cell = b'<c r="B1" t="str"><f>""</f><v></v></c>'
    sheet_changed(path, lambda data: re.sub(rb'<c r="B1".*?</c>', cell, data))
    if not calculates:
        rewrite(path, lambda _, data: data.replace(b' fullCalcOnLoad="1"', b""))
    grid = read_source(path).grids[0]
    assert grid.flaws == ((faults.NOT_CALCULATED.at(0, 1),) if calculates else ())


# --- Dangerous and broken workbooks -------------------------------------------------------------


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
    rewrite(
        path,
        lambda name, data: data.replace(b"?>", b"?>" + DOCTYPE, 1) if name == part else data,
    )
    assert refusal(tmp_path, path.read_bytes()) == (
        "people.xlsx: the workbook holds a document type definition, which no program writes. "
        "Do not trust this file; ask for a fresh export."
    )


def test_a_document_type_behind_a_long_comment_is_seen(tmp_path):
    path = tmp_path / "people.xlsx"
    for length in (8_100, 8_120, 8_140):  # parts are read in pieces of 8 KiB
        small(path)
        late = b"?><!--" + b"x" * length + b"-->" + DOCTYPE
        rewrite(path, lambda _, data, late=late: data.replace(b"?>", late, 1))
        assert "a document type definition, which no program writes" in refusal(
            tmp_path, path.read_bytes()
        )


TOO_LARGE = (
    "people.xlsx: unpacked, the workbook would be too large to be a spreadsheet. "
    "Copy the rows into a new workbook and save that."
)


def test_a_part_that_inflates_beyond_measure_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "people.xlsx"
    small(path)
    bomb = b" " * (70 << 20)
    rewrite(
        path,
        lambda name, data: data.replace(b"</sst>", bomb + b"</sst>") if "Strings" in name else data,
    )
    tracemalloc.start()
    try:
        assert refusal(tmp_path, path.read_bytes()) == TOO_LARGE
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
    assert refusal(tmp_path, path.read_bytes()) == DAMAGED


@pytest.mark.exhaustive
def test_a_stray_cell_in_the_last_corner_is_a_row_of_its_own(tmp_path):
    def fill(book):
        book.add_worksheet("S").write(0, 0, "id")
        book.worksheets()[0].write(1_048_575, 16_383, "x")

    (grid,) = written(tmp_path, fill).grids
    assert (grid.rows.tolist(), grid.frame.shape) == ([1, 1_048_576], (2, 16_384))


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
    assert refusal(tmp_path, path.read_bytes()) == DAMAGED


# --- How parts are named, and how they refer to each other ----------------------------------------

RELATIONS = "xl/_rels/workbook.xml.rels"
SHEET = b"worksheets/sheet1.xml"


def renamed(path, change, target=SHEET):
    """Give the parts of a workbook other names, and its sheet another target."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts[RELATIONS] = parts[RELATIONS].replace(SHEET, target)
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(change(name), data)


def numbered(path):
    """Write a workbook whose one number depends on its styles."""
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("S").write_row(0, 0, ["id"])
        book.worksheets()[0].write(1, 0, 12, book.add_format({"num_format": "00000"}))


SPELLINGS = {
    "absolute": (str, b"/xl/worksheets/sheet1.xml"),
    "backslashes": (str, b"worksheets\\sheet1.xml"),
    "an absolute one with backslashes": (str, b"\\xl\\worksheets\\sheet1.xml"),
    "up and down": (str, b"../xl/./worksheets/../worksheets/sheet1.xml"),
    "a blank as a number": (lambda name: name.replace("sheet1", "sheet 1"), b"worksheets/sheet%201.xml"),
    "a blank": (lambda name: name.replace("sheet1", "sheet 1"), b"worksheets/sheet 1.xml"),
    "a number in the name": (
        lambda name: name.replace("sheet1", "sheet%201"), b"worksheets/sheet%201.xml",
    ),
    "other letters in the target": (str, b"Worksheets/Sheet1.XML"),
    "small letters in all names": (str.lower, SHEET),
    "capital letters in all names": (str.upper, SHEET),
    "backslashes in all names": (lambda name: name.replace("/", "\\"), SHEET),
    "no relations of the package": (lambda name: name.replace("_rels/.rels", "x"), SHEET),
}  # fmt: skip


@pytest.mark.parametrize(("change", "target"), SPELLINGS.values(), ids=SPELLINGS)
def test_parts_are_found_however_their_names_are_spelled(tmp_path, change, target):
    path = tmp_path / "people.xlsx"
    numbered(path)
    renamed(path, change, target)
    assert texts(read_source(path).grids[0]) == [["id"], ["00012"]]


LOST = {
    "out of the package": b"../../../../etc/passwd",
    "a file": b"file:///etc/passwd",
    "nothing": b"worksheets/sheet2.xml",
}


@pytest.mark.parametrize("target", LOST.values(), ids=LOST)
def test_a_sheet_that_leads_out_of_the_package_is_refused(tmp_path, target):
    path = tmp_path / "people.xlsx"
    numbered(path)
    renamed(path, str, target)
    assert refusal(tmp_path, path.read_bytes()) == DAMAGED


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "second", ["xl/worksheets/sheet1.xml", "xl/worksheets/Sheet1.xml"], ids=["same", "other case"]
)
def test_two_parts_of_one_name_are_refused(tmp_path, second):
    path = tmp_path / "people.xlsx"
    numbered(path)
    with zipfile.ZipFile(path, "a") as package:
        data = package.read("xl/worksheets/sheet1.xml")
        package.writestr(second, data.replace(b">12<", b">99<"))
    assert refusal(tmp_path, path.read_bytes()) == DAMAGED


UNKNOWN_STYLES = {
    "a style that is not there": (b's="1"', b's="7"'),
    "no relation to the styles": (b"relationships/styles", b"relationships/stiles"),
    "a style in another form": (b'<c r="A2" s="1"', b'<c s="9" r="A2"'),
}


@pytest.mark.parametrize(("old", "new"), UNKNOWN_STYLES.values(), ids=UNKNOWN_STYLES)
def test_a_number_whose_style_is_lost_is_a_flaw(tmp_path, old, new):
    path = tmp_path / "people.xlsx"
    numbered(path)
    rewrite(path, lambda _, data: data.replace(old, new))
    grid = read_source(path).grids[0]
    assert texts(grid) == [["id"], ["12"]]
    assert grid.flaws == (faults.UNREADABLE_FORMAT.at(1, 0),)


def test_a_bomb_is_refused_whatever_the_part_is_called(tmp_path):
    path = tmp_path / "people.xlsx"
    numbered(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/media/image1.bin", b" " * (70 << 20))
    assert refusal(tmp_path, path.read_bytes()) == TOO_LARGE
