"""What a person sees of a sheet beside its cells: merges, strikes, backgrounds."""

import openpyxl
import pytest
from openpyxl.styles import Color, Font, PatternFill
from openpyxl.styles.colors import COLOR_INDEX
from packages import FAULTS, table, texts

from importer.model import CellType
from importer.reading import faults, read_source


def saved(folder, fill):
    """Return the path of a workbook whose sheet ``fill`` writes with openpyxl."""
    book = openpyxl.Workbook()
    fill(book.active)
    path = folder / "people.xlsx"
    book.save(path)
    return path


# --- Merges -------------------------------------------------------------------------------------


def test_a_cell_merged_over_rows_is_the_value_of_all_of_them_as_it_looks(tmp_path):
    def fill(sheet):
        first = [["city", "id", "n"], ["Truro", "a", 1.25], ["", "b", 2]]
        for row in [*first, ["Digby", "c", "=1+1"], ["", "d"]]:
            sheet.append(row)
        sheet["A2"].font = Font(strike=True)
        sheet["C2"].number_format = "0%"
        for block in ("A2:A3", "A4:A5", "C2:C3", "C4:C5"):
            sheet.merge_cells(block)

    grid = read_source(saved(tmp_path, fill)).grids[0]
    assert texts(grid)[1:] == [
        ["Truro", "a", "125%"], ["Truro", "b", "125%"], ["Digby", "c", ""], ["Digby", "d", ""],
    ]  # fmt: skip
    assert grid.flaws == (faults.NOT_CALCULATED.at(3, 2), faults.NOT_CALCULATED.at(4, 2))
    assert grid.stored == {2: {1: "1.25", 2: "1.25"}}
    assert grid.types[2].tolist() == [0, CellType.PERCENT, CellType.PERCENT, 0, 0]
    assert grid.struck == {(1, 0), (2, 0)}


def test_a_row_group_of_a_report_names_each_of_its_rows_and_what_a_merge_hides_is_not_read():
    grid = read_source(FAULTS / "ssrs-rowgroup.xlsx").grids[0]
    assert grid.frame[0].tolist()[1:4] == ["Halifax"] * 3
    assert "second" not in str(texts(read_source(FAULTS / "merged-covered.xlsx").grids[0]))


FILLED = {
    "first": (["613", None], ["Phone", ""]), "second": ([None, "613"], ["", "Phone"]), "none": ([None, None], ["Phone", ""]),
    "both": (["613", "613"], ["Phone", "Phone"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILLED)
def test_a_header_merged_over_columns_names_whichever_of_them_is_filled(tmp_path, kind):
    cells, headers = FILLED[kind]

    def fill(sheet):
        sheet.append(["id", "Phone", None, "city"])
        sheet.append(["a", *cells, "Truro"])
        sheet.merge_cells("B1:C1")

    columns = table(saved(tmp_path, fill)).columns
    assert [column.header for column in columns] == ["id", *headers, "city"]


@pytest.mark.parametrize("name", ["jasper-m0.xlsx", "jasper-m0.xls"])
def test_a_header_beside_the_merged_cells_that_it_names_is_theirs(name):
    """JasperReports merges cells below a header, so that their value stands to the left of it."""
    sheet = table(FAULTS / name, 4)
    named = {column.header: sheet.frame.iloc[0, column.position] for column in sheet.columns}
    named.pop("")
    assert named == {
        "ID": "0012345607", "First": "Zoë", "Last": "O'Brien", "Email": "0zoe@uni.example",
        "City": "Montréal", "Birth": "29/02/2004", "Fee": "$1,234.50",
    }  # fmt: skip


# --- Strikes and backgrounds ----------------------------------------------------------------------


def test_struck_cells_and_backgrounds_are_told_of_filled_cells(tmp_path):
    def fill(sheet):
        for row in (["id", "name"], ["1", "Ann"], ["2", "Bob"], ["3", "Cy"], ["", ""], ["4", "Di"]):
            sheet.append(row)
        solid = "solid"
        for cell in (*sheet[2], *sheet[5]):
            cell.fill = PatternFill(solid, fgColor="FFFF0000")
        sheet["A3"].font = Font(strike=True)
        sheet["B3"].font = Font(strike=False)
        sheet["A4"].fill = PatternFill(solid, fgColor="FFFFFFFF")
        sheet["B4"].fill = PatternFill(solid, fgColor=Color(theme=5, tint=0.4))
        sheet["A6"].fill = PatternFill(solid, fgColor=Color(indexed=13))
        sheet["B6"].fill = PatternFill("lightGrid", fgColor="FFFF0000")

    sheet = table(saved(tmp_path, fill))
    assert sheet.struck == {(1, 0)}
    assert sheet.fills == {
        0: ((0, "FF0000"), (1, "FF0000")),
        2: ((1, "theme 5 +40%"),),
        3: ((0, COLOR_INDEX[13][-6:]),),
    }
