"""The quick way into a workbook reads what the library reads, or leaves the sheet to the library."""

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
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from importer.errors import InputError
from importer.reading import faults, read_source
from importer.reading.xlsx_cells import find_cells
from importer.reading.xlsx_scan import Unusual
from importer.reading.xlsx_texts import quick_texts

FORMATS = ["General", "00000", "0.00", "#,##0.00", "000-00-0000", "yyyy-mm-dd", "d/m/yy h:mm", "0%"]


def rewritten(data, change):
    """Return a package, each part as ``change(name, bytes)`` says."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


def unusual(data):
    """Return the workbook with a comment in its sheets, which only the library reads."""
    return rewritten(
        data,
        lambda name, part: (
            part.replace(b"<sheetData>", b"<sheetData><!-- x -->")
            if "worksheets/sheet" in name
            else part
        ),
    )


def read(folder, data, name="people.xlsx"):
    path = folder / name
    path.write_bytes(data)
    return read_source(path).grids[0]


def both_agree(folder, data):
    """Read a workbook both ways; return its texts."""
    quick, slow = read(folder, data), read(folder, unusual(data))
    assert quick.frame.to_numpy().tolist() == slow.frame.to_numpy().tolist()
    assert (quick.rows.tolist(), quick.flaws, quick.doubts) == (
        slow.rows.tolist(),
        slow.flaws,
        slow.doubts,
    )
    assert quick.stored == slow.stored
    return quick.frame.to_numpy().tolist()


def packed(fill, **options):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, options) as book:
        fill(book, book.add_worksheet("S"))
    return out.getvalue()


def with_sheet(rows, shared=()):
    """Return a workbook whose sheet holds this XML between ``sheetData``."""
    data = packed(lambda book, sheet: sheet.write(0, 0, 1, book.add_format({"num_format": "000"})))
    texts = "".join(shared)

    def change(name, part):
        if "worksheets/sheet" in name:
            return re.sub(
                rb"<sheetData>.*</sheetData>", f"<sheetData>{rows}</sheetData>".encode(), part
            )
        if name == "xl/_rels/workbook.xml.rels" and shared and b"sharedStrings" not in part:
            kind = (
                "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
            )
            link = f'<Relationship Id="rId9" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'
            return part.replace(b"</Relationships>", link.encode())
        return part

    data = rewritten(data, change)
    if shared:
        out = io.BytesIO(data)
        with zipfile.ZipFile(out, "a") as package:
            main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
            package.writestr(
                "xl/sharedStrings.xml", f'<?xml version="1.0"?><sst xmlns="{main}">{texts}</sst>'
            )
        return out.getvalue()
    return data


texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12
)
numbers = st.one_of(
    st.integers(-(10**17), 10**17),
    st.floats(-1e300, 1e300),
    st.integers(0, 60_000),
    st.decimals(-9999, 9999, places=2).map(float),
)
cells = st.one_of(
    st.none(), texts, st.booleans(), st.tuples(numbers, st.sampled_from(FORMATS)), numbers
)


@given(st.lists(st.lists(cells, min_size=1, max_size=5), min_size=1, max_size=8), st.booleans())
def test_both_ways_give_the_same_grid(tmp_path_factory, rows, inline):
    def fill(book, sheet):
        formats = {code: book.add_format({"num_format": code}) for code in FORMATS}
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                match cell:
                    case None:
                        sheet.write_blank(at, column, None, formats["00000"])
                    case bool():
                        sheet.write_boolean(at, column, cell)
                    case str():
                        sheet.write_string(at, column, cell)
                    case (number, code):
                        sheet.write_number(at, column, number, formats[code])
                    case number:
                        sheet.write_number(at, column, number)

    both_agree(tmp_path_factory.mktemp("x"), packed(fill, constant_memory=inline))


@given(st.lists(st.lists(texts, min_size=1, max_size=4), min_size=1, max_size=6))
def test_texts_come_back_as_they_were_written_by_openpyxl(tmp_path_factory, rows):
    book = openpyxl.Workbook()
    for at, row in enumerate(rows, start=1):
        for column, text in enumerate(row, start=1):
            book.active.cell(at, column, text).data_type = "s"
    out = io.BytesIO()
    book.save(out)
    grid = read(tmp_path_factory.mktemp("x"), out.getvalue())
    found = dict(zip(grid.rows.tolist(), grid.frame.to_numpy().tolist(), strict=True))
    for at, row in enumerate(rows, start=1):
        got = found.get(at, [])
        assert [*got, *[""] * (4 - len(got))][:4] == [*row, *[""] * (4 - len(row))]


FORMULAS = {
    "value": ('<c r="A1"><f>1+1</f><v>2</v></c>', "2"),
    "style": ('<c r="A1" s="1"><f>1+1</f><v>2</v></c>', "002"),
    "text": ('<c r="A1" t="str"><f>"a"&amp;"b"</f><v>a &lt; b</v></c>', "a < b"),
    "shared": ('<c r="A1"><f t="shared" ref="A1:A2" si="0">1+1</f><v>2</v></c>', "2"),
    "part of shared": ('<c r="A1"><f t="shared" si="0"/><v>2</v></c>', "2"),
    "truth": ('<c r="A1" t="b"><f>1=1</f><v>1</v></c>', "TRUE"),
    "error": ('<c r="A1" t="e"><f>NA()</f><v>#N/A</v></c>', "#N/A"),
    "bare": ('<c r="A1"><f>1+1</f></c>', ""),
    "empty": ('<c r="A1"><f>1+1</f><v></v></c>', ""),
    "empty text": ('<c r="A1" t="str"><f>""</f><v></v></c><c r="B1"><v>1</v></c>', ""),
    "plain text": ('<c r="A1" t="str"><v>&quot;x&#233;&#x1F697;&apos;&gt;</v></c>', "\"xé🚗'>"),
    "inline": ('<c r="A1" t="inlineStr"><is><t>a &amp;lt; b</t></is></c>', "a &lt; b"),
    "inline runs": ('<c r="A1" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>', "ab"),
    "exponent": ('<c r="A1"><v>1.5E-3</v></c>', "0.0015"),
    "long": ('<c r="A1"><v>12345678901234567</v></c>', "12345678901234568"),
    "date text": ('<c r="A1" t="d"><v>2001-02-03</v></c>', "2001-02-03"),
}


@pytest.mark.parametrize(("cell", "text"), FORMULAS.values(), ids=FORMULAS)
def test_every_kind_of_cell_reads_the_same_both_ways(tmp_path, cell, text):
    rows = f'<row r="1">{cell}</row><row r="2"><c r="A2"><v>7</v></c></row>'
    assert both_agree(tmp_path, with_sheet(rows))[0][0] == text


SHARED = {
    "plain": ("<si><t>Zoë</t></si>", "Zoë"),
    "blanks": ('<si><t xml:space="preserve"> a </t></si>', " a "),
    "entities": ("<si><t>&lt;b&gt; &amp;amp; &#233;</t></si>", "<b> &amp; é"),
    "line break": ("<si><t>a\nb</t></si>", "a\nb"),
    "runs": ("<si><r><t>a</t></r><r><rPr><b/></rPr><t>b &amp; c</t></r></si>", "ab & c"),
    "phonetic help": ('<si><t>東京</t><rPh sb="0" eb="2"><t>とうきょう</t></rPh></si>', "東京"),
    "nothing": ("<si><t/></si>", ""),
    "carriage return": ("<si><t>a_x000D_\nb</t></si>", "a\r\nb"),
}


@pytest.mark.parametrize(("item", "text"), SHARED.values(), ids=SHARED)
def test_shared_texts_read_the_same_both_ways(tmp_path, item, text):
    cell = '<c r="{}" t="s"><v>{}</v></c>'.format
    rows = f'<row r="1">{cell("A1", 0)}{cell("B1", 1)}{cell("C1", 2)}</row>'
    data = with_sheet(rows, ["<si><t>first</t></si>", item, "<si><t>last</t></si>"])
    assert both_agree(tmp_path, data) == [["first", text, "last"]]


def test_rich_text_of_openpyxl_is_joined(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = CellRichText("one ", TextBlock(InlineFont(b=True), "two"))
    out = io.BytesIO()
    book.save(out)
    assert both_agree(tmp_path, out.getvalue()) == [["one two"]]


ODD = {
    "a cell of another row": '<row r="1"><c r="A2"><v>1</v></c></row>',
    "a row's number beyond the cell's": '<row r="12"><c r="A1"><v>1</v></c></row>',
    "cells out of order": '<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
    "a cell twice": '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
    "rows out of order": '<row r="2"><c r="A2"/></row><row r="1"><c r="A1"/></row>',
    "an attribute not known": '<row r="1"><c r="A1" cm="1"><v>1</v></c></row>',
    "a blank between": '<row r="1"><c r="A1"> <v>1</v></c></row>',
    "no reference": "<row><c><v>1</v></c></row>",
    "a type not known": '<row r="1"><c r="A1" t="x"><v>1</v></c></row>',
    "CDATA": '<row r="1"><c r="A1" t="str"><v><![CDATA[x]]></v></c></row>',
    "an escape": '<row r="1"><c r="A1" t="str"><v>a_x000D_b</v></c></row>',
    "cut off": '<row r="1"><c r="A1"><v>1',
    "cut off in a name": '<row r="1"><c r="A',
}


@pytest.mark.parametrize("rows", ODD.values(), ids=ODD)
def test_what_is_not_as_usual_is_left_to_the_library(rows):
    with pytest.raises(Unusual):
        find_cells(rows.encode())


@given(st.binary(max_size=60), st.integers(0, 120), st.integers(0, 20))
def test_no_damage_is_read_as_something_else_without_an_exception_of_ours(noise, at, cut):
    usual = b'<row r="1"><c r="A1" s="1"><v>1</v></c><c r="B1" t="s"><v>0</v></c></row>' * 1
    damaged = usual[:at] + noise + usual[at + cut :]
    try:
        cells = find_cells(damaged)
    except Unusual:
        return
    assert len(cells.starts) == len(cells.columns)
    assert bool((cells.starts <= cells.ends).all())


@pytest.mark.parametrize("part", ["<sst><!-- x --></sst>", "<sst><si></sst>", "<x/>"], ids=str)
def test_odd_shared_texts_are_left_to_the_library(part):
    with pytest.raises(Unusual):
        quick_texts(part.encode())


# --- Bounds -------------------------------------------------------------------------------------


def peak(folder, data):
    """Read a workbook; return its grid and the most memory that Python had for it."""
    tracemalloc.start()
    try:
        return read(folder, data), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_million_formatted_empty_rows_cost_little_memory(tmp_path):
    empty = "".join([f'<row r="{row}"><c r="A{row}" s="1"/></row>' for row in range(2, 1_048_577)])
    data = with_sheet(f'<row r="1"><c r="A1"><v>1</v></c></row>{empty}')
    grid, most = peak(tmp_path, data)
    assert grid.frame.to_numpy().tolist() == [["1"]]
    assert most < len(data) + (64 << 20)


def test_five_thousand_columns_are_read(tmp_path):
    data = packed(lambda _, sheet: [sheet.write_row(row, 0, range(5000)) for row in range(20)])
    grid = read(tmp_path, data)
    assert grid.frame.shape == (20, 5000)
    assert grid.frame[4999].tolist() == ["4999"] * 20


def test_a_cell_of_a_million_characters_is_read_as_it_is(tmp_path):
    long = "x" * 1_000_000
    data = with_sheet('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', [f"<si><t>{long}</t></si>"])
    grid, most = peak(tmp_path, data)
    assert grid.frame.to_numpy().tolist() == [[long]]
    assert most < 64 << 20


def test_a_shared_text_that_is_not_there_is_damage(tmp_path):
    data = with_sheet('<row r="1"><c r="A1" t="s"><v>7</v></c></row>', ["<si><t>x</t></si>"])
    with pytest.raises(InputError) as caught:
        read(tmp_path, data)
    assert str(caught.value).startswith("people.xlsx")


def test_a_wrong_dimension_hides_nothing(tmp_path):
    data = packed(lambda _, sheet: [sheet.write_row(row, 0, ["a", "b"]) for row in range(9)])
    data = rewritten(
        data,
        lambda _, part: re.sub(rb'<dimension ref="[^"]*"/>', b'<dimension ref="A1:A1"/>', part),
    )
    assert read(tmp_path, data).frame.shape == (9, 2)


@pytest.mark.parametrize("error", ["#REF!", "#SPILL!"])
def test_an_error_cell_is_a_flaw_in_its_row(tmp_path, error):
    rows = f'<row r="4"><c r="B4" t="e"><v>{error}</v></c></row>'
    grid = read(tmp_path, with_sheet(rows))
    assert grid.rows.tolist() == [4]
    assert grid.flaws == (faults.EXCEL_ERROR.at(0, 1),)


def test_dates_of_a_workbook_that_counts_from_1904(tmp_path):
    def fill(book, sheet):
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for row, text in enumerate(["1999-12-31", "2000-02-29", "2026-01-01"]):
            sheet.write_datetime(row, 0, dt.datetime.fromisoformat(text), day)

    data = packed(fill, date_1904=True)
    assert both_agree(tmp_path, data) == [["1999-12-31"], ["2000-02-29"], ["2026-01-01"]]
