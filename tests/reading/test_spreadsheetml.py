"""XML spreadsheets of Excel 2003: types, formats, merges and what is hidden are in the file."""

import pytest
from packages import DAMAGED, FAULTS, read, refusal, saved, table, texts

from importer.model import CellType
from importer.reading import faults, read_source

HEAD = """<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Styles><Style ss:ID="Default"/><Style ss:ID="pad"><NumberFormat ss:Format="00000"/></Style>
<Style ss:ID="day"><NumberFormat ss:Format="Short Date"/></Style><Style ss:ID="time"><NumberFormat ss:Format="h:mm"/></Style>
<Style ss:ID="sum" ss:Parent="pad"><NumberFormat ss:Format="Fixed"/><Font ss:StrikeThrough="1"/></Style>
<Style ss:ID="red"><Interior ss:Color="#ff0000" ss:Pattern="Solid"/></Style></Styles>
"""


def written(rows, sheets=""):
    sheet = f'<Worksheet ss:Name="S"><Table>{rows}</Table></Worksheet>{sheets}</Workbook>'
    return (HEAD + sheet).encode()


def cell(text, kind="String", more=""):
    return f'<Cell {more}><Data ss:Type="{kind}">{text}</Data></Cell>'


@pytest.mark.parametrize("name", ["peoplesoft-xmlss.xls", "sas-excelxp.xls"])
def test_what_other_systems_write_is_read(name):
    sheet = table(FAULTS / name)
    assert sheet.frame.iloc[0].tolist() == [
        "001234567", "Zoë", "O'Brien", "zoe@uni.example", "Montréal", "2004-02-29",
    ]  # fmt: skip
    assert sheet.frame.iloc[3].tolist()[:3] == ["001234570", "Null", "True"]


def test_every_type_shows_what_excel_shows(tmp_path):
    row = [
        cell("12", "Number"), cell("12", "Number", 'ss:StyleID="pad"'),
        cell("2004-02-29T00:00:00.000", "DateTime", 'ss:StyleID="day"'),
        cell("1899-12-31T08:30:00.000", "DateTime", 'ss:StyleID="time"'),
        cell("1", "Boolean"), cell("#N/A", "Error"), cell("1.005", "Number", 'ss:StyleID="sum"'),
        cell("a &lt; <B>b</B>"), '<Cell ss:Formula="=1"/>', cell("9", "String", 'ss:StyleID="red"'),
        cell("2004-02-29T00:00:00.000", "DateTime"),
        '<Cell><Data ss:Type="String">x</Data><Comment><ss:Data>y</ss:Data></Comment></Cell>',
    ]  # fmt: skip
    grid = read(tmp_path, written(f"<Row>{''.join(row)}</Row>"))
    assert grid.frame.iloc[0].tolist() == [
        "12", "00012", "2004-02-29", "08:30:00", "TRUE", "#N/A", "1.01", "a < b", "", "9", "2004-02-29", "x",
    ]  # fmt: skip
    assert grid.flaws == (faults.EXCEL_ERROR.at(0, 5), faults.NOT_CALCULATED.at(0, 8))
    assert {column: int(types[0]) for column, types in grid.types.items()} == {
        0: CellType.NUMBER, 1: CellType.NUMBER, 2: CellType.DATE, 3: CellType.TIME, 4: CellType.BOOLEAN,
        6: CellType.NUMBER, 10: CellType.DATE,
    }  # fmt: skip
    assert (grid.struck, grid.fills) == ({(0, 6)}, {0: ((9, "FF0000"),)})


def test_a_row_whose_formula_counts_others_is_a_flaw_as_a_whole(tmp_path):
    rows = "".join(f"<Row>{cell(text)}</Row>" for text in "ab")
    total = '<Row><Cell ss:Formula="=SUBTOTAL(3,R[-2]C:R[-1]C)"><Data ss:Type="Number">2</Data></Cell></Row>'
    grid = read(tmp_path, written(rows + total))
    assert grid.frame[0].tolist() == ["a", "b", "2"]
    assert grid.flaws == (faults.TALLY.at(2, 0),)


def test_rows_columns_and_cells_stand_where_they_say(tmp_path):
    second, wide, tall = 'ss:Index="2"', 'ss:MergeAcross="1"', 'ss:Index="2" ss:MergeDown="1"'
    rows = (
        '<Column ss:Index="2" ss:StyleID="pad"/>'
        f'<Row ss:Index="3">{cell("id", more=second)}{cell("x", more=wide)}{cell("y")}</Row>'
        f'<Row ss:Index="7">{cell("7", "Number", tall)}</Row><Row>{cell("z")}</Row>'
    )
    grid = read(tmp_path, written(rows))
    assert grid.rows.tolist() == [3, 7, 8]
    assert texts(grid) == [
        ["", "id", "x", "", "y"],
        ["", "00007", "", "", ""],
        ["z", "00007", "", "", ""],
    ]


def test_what_is_hidden_is_told(tmp_path):
    rows = (
        '<Column/><Column ss:Hidden="1" ss:Span="1"/><Column ss:Width="0"/>'
        f'<Row>{cell("a") * 4}</Row><Row ss:Hidden="1">{cell("b")}</Row><Row ss:Height="0">{cell("c")}</Row>'
    )
    other = '<Worksheet ss:Name="Old"><Table/><WorksheetOptions><Visible>SheetHidden</Visible></WorksheetOptions></Worksheet>'
    source = read_source(saved(tmp_path, written(rows, sheets=other)))
    assert source.notes == ("Hidden sheets (Old) were not read.",)
    assert source.grids[0].notes == (
        "Hidden rows (2) are read like all others.",
        "Hidden columns (B, C, D) are read like all others.",
    )


def test_what_contradicts_itself_is_damaged(tmp_path):
    descending = f'<Row ss:Index="2">{cell("a")}</Row><Row ss:Index="1"/>'
    for rows in (descending, '<Row ss:Index="2000000"/>', "<Row>"):
        assert refusal(tmp_path, written(rows)) == DAMAGED


def test_a_document_type_is_refused(tmp_path):
    data = HEAD.replace("?>\n", '?><!DOCTYPE x [<!ENTITY a "b">]>\n', 1) + "</Workbook>"
    assert "a document type definition, which no program writes" in refusal(tmp_path, data.encode())
