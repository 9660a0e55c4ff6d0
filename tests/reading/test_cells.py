"""What the XML of a workbook's cells says, in every form that programs write."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packages import DAMAGED, packed, read, refusal, rewritten, with_sheet
from packages import texts as texts_of

from importer.reading import faults

texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12
)


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
    "escaped once": ('<c r="A1" t="inlineStr"><is><t>_x005F_x0041_</t></is></c>', "_x0041_"),
    "exponent": ('<c r="A1"><v>1.5E-3</v></c>', "0.0015"),
    "long": ('<c r="A1"><v>12345678901234567</v></c>', "12345678901234568"),
    "date text": ('<c r="A1" t="d"><v>2001-02-03</v></c>', "2001-02-03"),
}


@pytest.mark.parametrize(("cell", "text"), FORMULAS.values(), ids=FORMULAS)
def test_every_kind_of_cell_reads_as_it_shows(tmp_path, cell, text):
    rows = f'<row r="1">{cell}</row><row r="2"><c r="A2"><v>7</v></c></row>'
    grid = read(tmp_path, with_sheet(rows))
    found = dict(zip(grid.rows.tolist(), texts_of(grid), strict=True))
    assert (found.get(1, [""])[0], found[2][0]) == (text, "7")


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
def test_shared_texts_read_as_they_show(tmp_path, item, text):
    cell = '<c r="{}" t="s"><v>{}</v></c>'.format
    rows = f'<row r="1">{cell("A1", 0)}{cell("B1", 1)}{cell("C1", 2)}</row>'
    data = with_sheet(rows, ["<si><t>first</t></si>", item, "<si><t>last</t></si>"])
    assert texts_of(read(tmp_path, data)) == [["first", text, "last"]]


B1 = '<c r="B1"><v>5</v></c></row>'
RARE = {
    "CDATA in a text": (f'<row r="1"><c r="A1" t="str"><v><![CDATA[a<b]]></v></c>{B1}', "a<b"),
    "a comment in a number": (f'<row r="1"><c r="A1"><v>12<!--c-->34</v></c>{B1}', "1234"),
    "an entity in a number": (f'<row r="1"><c r="A1"><v>1&#50;3</v></c>{B1}', "123"),
    "small letters": (f'<row r="1"><c r="a1" s="1"><v>12</v></c>{B1}', "012"),
    "no reference": ('<row r="1"><c s="1"><v>12</v></c><c><v>5</v></c></row>', "012"),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "text"), RARE.values(), ids=RARE)
def test_a_rare_form_is_read_for_what_it_says(tmp_path, rows, text):
    assert texts_of(read(tmp_path, with_sheet(rows))) == [[text, "5"]]


CONTRADICTING = {
    "a shared text before the first": '<row r="1"><c r="A1" t="s"><v>-1</v></c></row>',
    "a cell of another row": '<row r="1"><c r="A3"><v>1</v></c></row>',
    "a cell twice": '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
    "rows out of order": '<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>2</v></c></row>',
    "a column beyond the last": '<row r="1"><c r="XFE1"><v>1</v></c></row>',
    "a row beyond the last": '<row r="1048577"><c r="A1048577"><v>1</v></c></row>',
    "a truth that is none": '<row r="1"><c r="A1" t="b"><v>yes</v></c></row>',
    "a type not known": '<row r="1"><c r="A1" t="x"><v>1</v></c></row>',
    "a shared text that is not there": '<row r="1"><c r="A1" t="s"><v>7</v></c></row>',
    "no end": '<row r="1"><c r="A1"><v>1',
}  # fmt: skip


@pytest.mark.parametrize("rows", CONTRADICTING.values(), ids=CONTRADICTING)
def test_a_sheet_that_contradicts_itself_is_damaged(tmp_path, rows):
    assert refusal(tmp_path, with_sheet(rows, ["<si><t>x</t></si>"])) == DAMAGED


@pytest.mark.parametrize("text", ["abc", "1,5", "NaN", "Infinity", "1_000"], ids=str)
@pytest.mark.parametrize("style", [0, 1], ids=["plain", "padded"])
def test_a_number_that_is_none_is_a_flaw(tmp_path, text, style):
    grid = read(tmp_path, with_sheet(f'<row r="1"><c r="A1" s="{style}"><v>{text}</v></c></row>'))
    assert (texts_of(grid), grid.flaws) == ([[text]], (faults.NO_NUMBER.at(0, 0),))


def test_the_encoding_that_a_sheet_declares_is_used(tmp_path):
    data = with_sheet('<row r="1"><c r="A1" t="inlineStr"><is><t>\u00c3\u00ab</t></is></c></row>')

    def change(name, part):
        if "worksheets/sheet" not in name:
            return part
        return part.decode().replace("UTF-8", "ISO-8859-1").encode("latin-1")

    assert texts_of(read(tmp_path, rewritten(data, change))) == [["\u00c3\u00ab"]]


def test_a_wrong_dimension_hides_nothing(tmp_path):
    data = packed(lambda _, sheet: [sheet.write_row(row, 0, ["a", "b"]) for row in range(9)])
    data = rewritten(
        data,
        lambda _, part: re.sub(rb'<dimension ref="[^"]*"/>', b'<dimension ref="A1:A1"/>', part),
    )
    assert read(tmp_path, data).frame.shape == (9, 2)
