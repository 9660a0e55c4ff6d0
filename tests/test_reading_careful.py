"""Workbooks in forms that are rare: read for certain, or refused with a sentence."""

from __future__ import annotations

import re

import pytest
from test_reading_direct import both_agree, read, rewritten, with_sheet

from importer.errors import InputError
from importer.reading import faults, read_source

B1 = '<c r="B1"><v>5</v></c></row>'
FORMS = {
    "numbers only in references": (
        '<row><c r="A1"><v>1</v></c></row><row><c r="A3" s="1"><v>7</v></c></row>',
        [["1"], ["007"]],
    ),
    "an empty value under a format": (
        f'<row r="1"><c r="A1" s="1"><v></v></c>{B1}<row r="2"><c r="A2" s="1"><v>7</v></c></row>',
        [["", "5"], ["007", ""]],
    ),
    "CDATA in a text": (
        f'<row r="1"><c r="A1" t="str"><v><![CDATA[a<b]]></v></c>{B1}', [["a<b", "5"]],
    ),
    "CDATA in a number": (f'<row r="1"><c r="A1"><v><![CDATA[12]]></v></c>{B1}', [["12", "5"]]),
    "a comment in a number": (f'<row r="1"><c r="A1"><v>12<!--c-->34</v></c>{B1}', [["1234", "5"]]),
    "an instruction in a number": (f'<row r="1"><c r="A1"><v>12<?y?>34</v></c>{B1}', [["1234", "5"]]),
    "an entity in a number": (f'<row r="1"><c r="A1"><v>1&#50;3</v></c>{B1}', [["123", "5"]]),
    "a line break between attributes": (
        f'<row r="1"><c r="A1"\ns="1"><v>12</v></c>{B1}', [["012", "5"]],
    ),
    "a tab between attributes": (f'<row r="1"><c r="A1"\ts="1"><v>12</v></c>{B1}', [["012", "5"]]),
    "small letters": (f'<row r="1"><c r="a1" s="1"><v>12</v></c>{B1}', [["012", "5"]]),
    "words for truth": (
        '<row r="1"><c r="A1" t="b"><v>false</v></c><c r="B1" t="b"><v>true</v></c></row>',
        [["FALSE", "TRUE"]],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "texts"), FORMS.values(), ids=FORMS)
def test_a_rare_form_is_read_for_what_it_says(tmp_path, rows, texts):
    assert both_agree(tmp_path, with_sheet(rows)) == texts


def test_rows_without_numbers_take_those_of_their_cells(tmp_path):
    assert read(tmp_path, with_sheet(FORMS["numbers only in references"][0])).rows.tolist() == [
        1,
        3,
    ]


REFUSED = {
    "a cell of another row": (
        '<row r="1"><c r="A3"><v>1</v></c></row>',
        ", row 1: this cannot be read for certain, because a cell in it says that it is in row 3.",
    ),
    "a cell twice": (
        '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        "!A1: this cannot be read for certain, because the sheet has this cell twice.",
    ),
    "rows out of order": (
        '<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>2</v></c></row>',
        ", row 1: this cannot be read for certain, because it stands after row 2.",
    ),
    "a column beyond the last": (
        '<row r="1"><c r="XFE1"><v>1</v></c></row>',
        "!XFE1: this cannot be read for certain, because no sheet has so many columns.",
    ),
    "a reference of seven letters": (
        '<row r="1"><c r="ZZZZZZZ1"><v>1</v></c></row>',
        ", row 1: this cannot be read for certain, because a cell has no proper reference.",
    ),
    "a row beyond the last": (
        '<row r="1048577"><c r="A1048577"><v>1</v></c></row>',
        ", row 1048577: this cannot be read for certain, because no sheet has a row of this number.",
    ),
    "row zero": (
        '<row r="0"><c r="A0"><v>1</v></c></row>',
        ", row 0: this cannot be read for certain, because no sheet has a row of this number.",
    ),
    "a truth that is none": (
        '<row r="1"><c r="A1" t="b"><v>yes</v></c></row>',
        "!A1: this cannot be read for certain, because it is neither true nor false.",
    ),
    "a type not known": (
        '<row r="1"><c r="A1" t="x"><v>1</v></c></row>',
        "!A1: this cannot be read for certain, because its type is not known.",
    ),
}


@pytest.mark.parametrize(("rows", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_contradicts_itself_is_refused(tmp_path, rows, sentence):
    with pytest.raises(InputError) as caught:
        read(tmp_path, with_sheet(rows))
    assert str(caught.value) == (
        f"people.xlsx, S{sentence} "
        "Open the workbook in Excel, look at this place, and save it again."
    )


@pytest.mark.parametrize("part", ["workbook.xml", "styles.xml", "sharedStrings.xml", "sheet1.xml"])
def test_an_encoding_that_nobody_knows_is_damage(tmp_path, part):
    data = with_sheet('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', ["<si><t>x</t></si>"])
    damaged = rewritten(
        data, lambda name, xml: re.sub(b"<[?]xml[^>]*>", UNKNOWN, xml) if part in name else xml
    )
    with pytest.raises(InputError) as caught:
        read(tmp_path, damaged)
    assert str(caught.value) == (
        "people.xlsx: the workbook is damaged or was cut off. "
        "Save it again in Excel, or export or download it again."
    )


UNKNOWN = b'<?xml version="1.0" encoding="UTV-8"?>'
AROUND = {
    "a row before its place": ("<sheetData>", '<row r="1"><c r="A1"><v>1</v></c></row><sheetData>'),
    "a row after its place": (
        "</sheetData>",
        '</sheetData><row r="9"><c r="A9"><v>1</v></c></row>',
    ),
    "a cell after its place": ("</sheetData>", '</sheetData><c r="A9"><v>1</v></c>'),
    "a broken tag before the rows": ("<sheetData>", "<cols><sheetData>"),
    "a broken tag after the rows": ("</sheetData>", "</sheetData><x>"),
}


@pytest.mark.parametrize(("old", "new"), AROUND.values(), ids=AROUND)
def test_what_is_damaged_around_the_rows_is_refused(tmp_path, old, new):
    data = with_sheet('<row r="5"><c r="A5"><v>5</v></c></row>')
    damaged = rewritten(data, lambda _, part: part.replace(old.encode(), new.encode()))
    with pytest.raises(InputError):
        read(tmp_path, damaged)


@pytest.mark.parametrize("text", ["abc", "1,5", "NaN", "Infinity", "1_000"], ids=str)
@pytest.mark.parametrize("style", [0, 1], ids=["plain", "padded"])
def test_a_number_that_is_none_is_a_flaw_both_ways(tmp_path, text, style):
    data = with_sheet(f'<row r="1"><c r="A1" s="{style}"><v>{text}</v></c></row>')
    assert both_agree(tmp_path, data) == [[text]]
    assert read(tmp_path, data).flaws == (faults.NO_NUMBER.at(0, 0),)


def test_the_encoding_that_a_sheet_declares_is_used(tmp_path):
    data = with_sheet('<row r="1"><c r="A1" t="inlineStr"><is><t>\u00c3\u00ab</t></is></c></row>')

    def change(name, part):
        if "worksheets/sheet" not in name:
            return part
        return part.decode().replace("UTF-8", "ISO-8859-1").encode("latin-1")

    assert read(tmp_path, rewritten(data, change)).frame.to_numpy().tolist() == [["\u00c3\u00ab"]]


def test_a_table_in_a_cell_belongs_to_that_cell(tmp_path):
    path = tmp_path / "people.xls"
    inner = "<table><tr><td>in</td></tr></table>"
    path.write_text(
        f"<table><tr><td>1{inner}</td><td>Ann</td></tr><tr><td>2</td><td>Bob</td></tr></table>",
        encoding="utf-8",
    )
    assert read_source(path).grids[0].frame.to_numpy().tolist() == [["1\nin", "Ann"], ["2", "Bob"]]


def test_a_cell_of_text_that_is_absurdly_long_is_refused(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("id,name\n1," + "x" * 131_073 + "\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_source(path)
    assert str(caught.value) == (
        "people.csv, record 2: a cell has more than 131,072 characters, more than any spreadsheet's. "
        "Shorten it, or look for a double quote that is never closed."
    )


@pytest.mark.parametrize("order", ["le", "be"], ids=str)
def test_utf_32_with_its_mark_is_read(tmp_path, order):
    path = tmp_path / "people.csv"
    path.write_bytes("\ufeffid,name\n1,Zo\u00eb\n".encode(f"utf-32-{order}"))
    assert read_source(path).grids[0].frame.to_numpy().tolist() == [
        ["id", "name"],
        ["1", "Zo\u00eb"],
    ]


@pytest.mark.parametrize("code", ["Standard", "Yes/No", "TRUE"], ids=str)
def test_a_word_without_quotes_makes_no_date_of_a_number(code):
    from importer.reading.display import show

    assert show("36925", code).fault == faults.UNREADABLE_FORMAT


DATA = "<table><tr><th>id</th><th>name</th></tr><tr><td>7</td><td>Ann</td></tr></table>"


@pytest.mark.parametrize(
    "page",
    [
        f"<table><tr><td>{DATA}</td></tr></table>",
        f"<table><tr><td>Report</td></tr><tr><td><div>{DATA}</div></td></tr></table>",
        f"<center>{DATA}</center>",
    ],
    ids=["framed", "framed under a title", "plain"],
)
def test_a_table_that_only_frames_another_gives_way_to_it(tmp_path, page):
    path = tmp_path / "export.xls"
    path.write_text(f"<html><body>{page}</body></html>", encoding="utf-8")
    (grid,) = read_source(path).grids
    rows = grid.frame.to_numpy().tolist()
    assert rows[-2:] == [["id", "name"], ["7", "Ann"]]


def test_a_table_beside_other_cells_is_refused(tmp_path):
    path = tmp_path / "export.xls"
    path.write_text(f"<table><tr><td>{DATA}</td><td>Ann</td></tr></table>", encoding="utf-8")
    with pytest.raises(InputError) as told:
        read_source(path)
    assert str(told.value) == (
        "export.xls: in this web page a whole table stands beside other cells, so its rows cannot be told "
        "for certain. Open it in Excel, copy the table into a new workbook, and save that as .xlsx."
    )
