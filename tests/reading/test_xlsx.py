"""Workbooks (``.xlsx``): every cell as the person sees it, however its file is written, or a refusal."""

import re
import tracemalloc

import pytest
import xlsxwriter
from packages import (
    DAMAGED,
    UNPACKED,
    read,
    refusal,
    rewritten,
    saved,
    texts,
    unzipped,
    with_sheet,
    zipped,
)

from importer.model import CellType
from importer.reading import faults, read_source

# --- Cells --------------------------------------------------------------------------------------

CELLS = {
    "style": ('<c r="A1" s="1"><f>1+1</f><v>2</v></c>', "002"),
    "text": ('<c r="A1" t="str"><f>"a"&amp;"b"</f><v>a &lt; b</v></c>', "a < b"),
    "shared": ('<c r="A1"><f t="shared" ref="A1:A2" si="0">1+1</f><v>2</v></c>', "2"),
    "part of shared": ('<c r="A1"><f t="shared" si="0"/><v>2</v></c>', "2"),
    "empty": ('<c r="A1"><f>1+1</f><v></v></c>', ""),
    "plain text": ('<c r="A1" t="str"><v>&quot;x&#233;&#x1F697;&apos;&gt;</v></c>', "\"xé🚗'>"),
    "inline": ('<c r="A1" t="inlineStr"><is><t>a &amp;lt; b</t></is></c>', "a &lt; b"),
    "inline runs": ('<c r="A1" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>', "ab"),
    "escaped once": ('<c r="A1" t="inlineStr"><is><t>_x005F_x0041_</t></is></c>', "_x0041_"),
    "no reference": ('<c s="1"><v>12</v></c>', "012"),
}


@pytest.mark.parametrize(("cell", "text"), CELLS.values(), ids=CELLS)
def test_every_kind_of_cell_reads_as_it_shows(tmp_path, cell, text):
    """The usual kinds are in the workbooks of 25 programs: see ``test_producers``."""
    data = with_sheet(f'<row r="1">{cell}<c r="B1"><v>5</v></c></row>')
    assert texts(read(tmp_path, data)) == [[text, "5"]]


SHARED = {
    '<si><t xml:space="preserve"> a </t></si>': " a ", "<si><t>&lt;b&gt; &amp;amp; &#233;</t></si>": "<b> &amp; é",
    "<si><t>a\nb</t></si>": "a\nb", "<si><r><t>a</t></r><r><rPr><b/></rPr><t>b &amp; c</t></r></si>": "ab & c",
    '<si><t>東京</t><rPh sb="0" eb="2"><t>とうきょう</t></rPh></si>': "東京", "<si><t/></si>": "",
    "<si><t>a_x000D_\nb</t></si>": "a\r\nb", "<si><t>last</t></si>": "last",
}  # fmt: skip


def test_shared_texts_read_as_they_show(tmp_path):
    cells = "".join(f'<c t="s"><v>{at}</v></c>' for at in range(len(SHARED)))
    grid = read(tmp_path, with_sheet(f'<row r="1">{cells}</row>', SHARED))
    assert texts(grid) == [[*SHARED.values()]]


@pytest.mark.parametrize("text", ["abc", "1,5", "NaN", "Infinity", "1_000"], ids=str)
@pytest.mark.parametrize("style", [0, 1], ids=["plain", "padded"])
def test_a_number_that_is_none_is_a_flaw(tmp_path, text, style):
    grid = read(tmp_path, with_sheet(f'<row r="1"><c r="A1" s="{style}"><v>{text}</v></c></row>'))
    assert (texts(grid), grid.flaws) == ([[text]], (faults.NO_NUMBER.at(0, 0),))


def test_one_row_that_a_formula_numbers_is_a_record_and_one_that_counts_others_is_a_flaw(tmp_path):
    cells = ['t="str"><v>No.</v>', "><f>SUBTOTAL(3,A$2:A2)</f><v>1</v>"]
    for expected in ((), (faults.TALLY.at(2, 0),)):
        rows = [f'<row r="{at}"><c r="A{at}" {c}</c></row>' for at, c in enumerate(cells, 1)]
        assert read(tmp_path, with_sheet("".join(rows))).flaws == expected
        cells.insert(1, "><v>1</v>")


@pytest.mark.parametrize("calculates", [False, True], ids=["calculated", "to be calculated"])
def test_the_empty_text_of_a_formula_is_blank_where_it_was_calculated(tmp_path, calculates):
    data = with_sheet(
        '<row r="1"><c r="A1"><v>1</v></c><c r="B1" t="str"><f>""</f><v></v></c></row>'
    )
    if calculates:
        data = rewritten(
            data,
            lambda _, part: part.replace(b"</sheets>", b'</sheets><calcPr fullCalcOnLoad="1"/>'),
        )
    assert read(tmp_path, data).flaws == ((faults.NOT_CALCULATED.at(0, 1),) if calculates else ())


def test_blocks_of_rows_are_put_together_in_order(tmp_path):
    """In a sheet of 2,500 columns a hundred rows fill a block."""

    def row(n):
        kind = ' t="str"' if n % 3 else ' s="1"' if n % 2 else ""
        end = f'<c r="CRD{n}" t="str"><v>end</v></c>' if n % 50 == 9 else ""
        return f'<row r="{n}"><c r="A{n}"{kind}><v>{n}</v></c>{end}</row>'

    grid = read(tmp_path, with_sheet("".join(map(row, range(1, 250)))))
    assert grid.frame[0].tolist() == [
        f"{n:03d}" if n % 3 == 0 and n % 2 else str(n) for n in range(1, 250)
    ]
    assert (grid.frame[2_499] == "end").to_numpy().nonzero()[0].tolist() == [8, 58, 108, 158, 208]
    assert grid.types[0].tolist() == [CellType.NUMBER * (n % 3 == 0) for n in range(1, 250)]


# --- Sheets -------------------------------------------------------------------------------------


def test_hidden_sheets_are_named_and_not_read(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "people.xlsx") as book:
        book.add_worksheet("People").write(0, 0, "id")
        book.add_worksheet("Old").hide()
        book.add_worksheet("Older").very_hidden()
        book.add_chartsheet("Chart")
    source = read_source(tmp_path / "people.xlsx")
    assert [grid.name for grid in source.grids] == ["People"]
    assert source.notes == ("Hidden sheets (Old, Older) were not read.",)


def test_a_module_of_old_macros_has_no_part_and_is_passed_over(tmp_path):
    module = b'<sheet name="Module1" sheetId="9" state="veryHidden" r:id=""/></sheets>'
    source = read_source(saved(tmp_path, changed(b"</sheets>", module)))
    assert ([grid.name for grid in source.grids], source.notes) == (["S"], ())


# --- However it is written ------------------------------------------------------------------------

RICH = with_sheet(
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>7</v></c><c r="C1" t="b"><v>1</v></c></row>'
    '<row r="2" hidden="1"><c r="A2" s="1"><f>1&lt;2</f><v>5</v></c><c r="B2" s="1"/><c r="C2"><f>1+1</f></c></row>'
    '<row r="3"><c r="A3" t="e"><f>NA()</f><v>#N/A</v></c></row>',
    ["<si><t>a &lt;c r='A1'&gt;</t></si>"],
    before='<dimension ref="A1:A1"/><cols><col min="2" max="2" hidden="1"/><col min="9" max="9" hidden="1"/></cols>',
)


def prefixed(part):
    part = re.sub(rb"<(/?)(\w+)([ />])", rb"<\1x:\2\3", part)
    return part.replace(b' xmlns="', b' xmlns:x="')


BUTTON = (
    b'<controls><control shapeId="1025" name="Button 1"><controlPr><anchor><from '
    b'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"><xdr:col>1</xdr:col>'
    b"<xdr:row>1</xdr:row></from></anchor></controlPr></control></controls></worksheet>"
)
SHAPES = {
    "as it is": bytes,
    "comment": lambda part: part.replace(b"</row>", b"<!-- x --></row>"),
    "rows without numbers": lambda part: re.sub(rb'<row r="\d+"', b"<row", part),
    "prefix": prefixed,
    "a button": lambda part: part.replace(b"</worksheet>", BUTTON),
    "another encoding": lambda part: part.replace(b"UTF-8", b"ISO-8859-1").replace(
        b"</worksheet>", b"<!--\xeb--></worksheet>"
    ),
}


@pytest.mark.parametrize("change", SHAPES.values(), ids=SHAPES)
def test_however_the_xml_is_written_the_same_is_read(tmp_path, change):
    data = rewritten(RICH, lambda name, part: change(part) if "worksheets/" in name else part)
    grid = read(tmp_path, data)
    assert texts(grid) == [["a <c r='A1'>", "007", "TRUE"], ["005", "", ""], ["#N/A", "", ""]]
    assert grid.flaws == (faults.NOT_CALCULATED.at(1, 2), faults.EXCEL_ERROR.at(2, 0))
    assert grid.rows.tolist() == [1, 2, 3]
    assert grid.notes == (
        "Hidden rows (1) are read like all others.",
        "Hidden columns (B) are read like all others.",
    )


SMALL = with_sheet('<row r="1"><c r="A1" s="1"><v>12</v></c></row>')
SHEET = b"worksheets/sheet1.xml"


def changed(old, new):
    """Return a workbook whose one cell shows 012, with other bytes in the place of these."""
    return rewritten(SMALL, lambda _, part: part.replace(old, new))


def renamed(change, target=SHEET):
    """Return it with other names of its parts, and another target of its sheet."""
    parts = unzipped(changed(SHEET, target))
    return zipped({change(name): part for name, part in parts.items()})


SPELLINGS = {
    "absolute": (str, b"/xl/worksheets/sheet1.xml"),
    "backslashes": (str, b"worksheets\\sheet1.xml"),
    "up and down": (str, b"../xl/./worksheets/../worksheets/sheet1.xml"),
    "other letters in the target": (str, b"Worksheets/Sheet1.XML"),
    "capital letters in all names": (str.upper, SHEET),
    "backslashes in all names": (lambda name: name.replace("/", "\\"), SHEET),
}  # fmt: skip


@pytest.mark.parametrize(("change", "target"), SPELLINGS.values(), ids=SPELLINGS)
def test_parts_are_found_however_their_names_are_spelled(tmp_path, change, target):
    assert texts(read(tmp_path, renamed(change, target))) == [["012"]]


UNKNOWN_STYLES = {
    "a style that is not there": (b's="1"', b's="7"'),
    "no relation to the styles": (b"relationships/styles", b"relationships/stiles"),
}


@pytest.mark.parametrize(("old", "new"), UNKNOWN_STYLES.values(), ids=UNKNOWN_STYLES)
def test_a_number_whose_style_is_lost_is_a_flaw(tmp_path, old, new):
    grid = read(tmp_path, changed(old, new))
    assert (texts(grid), grid.flaws) == ([["12"]], (faults.UNREADABLE_FORMAT.at(0, 0),))


# --- Damaged and dangerous ------------------------------------------------------------------------

CONTRADICTING = {
    "a shared text before the first": '<row r="1"><c r="A1" t="s"><v>-1</v></c></row>',
    "a cell of another row": '<row r="1"><c r="A3"><v>1</v></c></row>',
    "a cell twice": '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
    "rows out of order": '<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>2</v></c></row>',
    "a column beyond the last": '<row r="1"><c r="XFE1"><v>1</v></c></row>',
    "a row beyond the last": '<row r="1048577"><c r="A1048577"><v>1</v></c></row>',
    "a type not known": '<row r="1"><c r="A1" t="x"><v>1</v></c></row>',
    "no end": '<row r="1"><c r="A1"><v>1',
}  # fmt: skip
BROKEN = {
    **{why: with_sheet(rows, ["<si><t>x</t></si>"]) for why, rows in CONTRADICTING.items()},
    "out of the package": changed(SHEET, b"../../../../etc/passwd"),
    "to nothing": changed(SHEET, b"worksheets/sheet2.xml"),
    "no relations": renamed(lambda name: name.replace("workbook.xml.rels", "x")),
    "a sheet without a relation": changed(b"</sheets>", b'<sheet name="More" sheetId="9"/></sheets>'),
    "a relation that is not there": changed(
        b"</sheets>", b'<sheet name="More" sheetId="9" r:id="rId99"/></sheets>'
    ),
    "one sheet under two names": changed(b"</sheets>", b'<sheet name="More" sheetId="9" r:id="rId1"/></sheets>'),
    "a sheet that is not there": renamed(lambda name: name.replace("sheet1", "sheet9")),
}  # fmt: skip


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_workbook_that_contradicts_itself_is_damaged(tmp_path, data):
    assert refusal(tmp_path, data) == DAMAGED


DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize("part", ["workbook.xml", "styles.xml", "sharedStrings.xml", "sheet1.xml"])
@pytest.mark.parametrize(
    "behind", [0, 8_100, 8_120, 8_140], ids=str
)  # parts are read in pieces of 8 KiB
def test_entity_tricks_are_refused(tmp_path, part, behind):
    late = b"?><!--" + b"x" * behind + b"-->" + DOCTYPE
    data = rewritten(
        SMALL,
        lambda name, text: text.replace(b"?>", late, 1) if name.endswith(part) else text,
    )
    assert refusal(tmp_path, data) == (
        "people.xlsx: the workbook holds a document type definition, which no program writes. "
        "Do not trust this file; ask for a fresh export."
    )


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/media/image1.bin"])
def test_a_part_that_inflates_beyond_measure_is_refused_before_it_is_unpacked(tmp_path, part):
    data = zipped(unzipped(SMALL) | {part: b" " * (70 << 20)})
    tracemalloc.start()
    try:
        assert refusal(tmp_path, data) == UNPACKED
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
