"""Which row is the header, and what is a record below it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packages import refusal, with_sheet

from importer.errors import InputError
from importer.model import RESULT_COLUMNS, Flaw, Grid
from importer.reading import find_header, take_sheet
from importer.text import clean


def grid_of(*records, name="S", rows=None, **more):
    width = max(map(len, records))
    filled = [[*record, *[""] * (width - len(record))] for record in records]
    frame = pd.DataFrame(filled, dtype="str")
    numbers = np.array(rows or range(1, len(records) + 1), np.int64)
    return Grid(Path("people.xlsx"), name, frame, numbers, **more)


def taken(grid, header_row=1):
    return take_sheet(grid, header_row)


# --- Finding ------------------------------------------------------------------------------------

FOUND = {
    "most wanted headers, the first of equals": (
        grid_of(["Students", ""], ["id", "x"], ["id", "Name"], ["id", "Name"], rows=[1, 3, 5, 6]), ["ID", "NAME"], 5,
    ),
    "folded": (grid_of(["\ufeffBirth\u00a0\nDATE ", "ID"]), ["birth date"], 1),
    "none wanted": (grid_of(["a", "b"], ["1", "2"]), ["id"], None),
    "nothing wanted": (grid_of(["a"]), [], None),
    "in row 30": (grid_of(["x"], ["id"], rows=[1, 30]), ["id"], 30),
    "below row 30": (grid_of(["x"], ["id"], rows=[1, 31]), ["id"], None),
    "numbered": (grid_of(["title"], ["Phone", "Phone"], ["Phone#2"]), ["Phone#2"], 2),
    "one that stands many times": (grid_of(["id", "id", "id"], ["id", "name"]), ["id", "name"], 2),
}  # fmt: skip


@pytest.mark.parametrize(("grid", "wanted", "row"), FOUND.values(), ids=FOUND)
def test_the_first_row_with_most_wanted_headers_is_the_header(grid, wanted, row):
    assert find_header(grid, wanted) == row


# --- Taking -------------------------------------------------------------------------------------


def test_headers_are_cleaned_and_repeated_ones_numbered_and_cells_stay_as_shown():
    header = [" Phone\u00a0", "PHONE", "", "Id\nno", "Date de \r\n début\n"]
    sheet = taken(grid_of(header, ["\u00a01 ", "a\nb\u200b", "3", "4", "5"]))
    numbered = [("Phone", 1), ("PHONE", 2), ("", 1), ("Id no", 1), ("Date de début", 1)]
    assert [(column.header, column.number) for column in sheet.columns] == numbered
    assert sheet.frame.iloc[0].tolist() == ["\u00a01 ", "a\nb\u200b", "3", "4", "5"]


def test_wholly_blank_rows_and_columns_are_left_out_everywhere():
    rows = [["Title"], ["id", "fee", "", "\u00a0"], ["", " ", "\u200b"], ["a", "1,000.00"], [""]]
    grid = grid_of(
        *rows,
        ["b", "#N/A"],
        rows=[1, 3, 4, 5, 8, 9],
        flaws=(Flaw(0, 0, "above.", "x"), Flaw(5, 1, "wrong.", "Mend.")),
        stored={1: {3: "1000"}, 0: {1: "7"}},
    )
    sheet = taken(grid, 3)
    assert sheet.frame.to_numpy().tolist() == [["a", "1,000.00"], ["b", "#N/A"]]
    assert sheet.rows.tolist() == [5, 9]
    assert sheet.flaws == (Flaw(1, 1, "wrong.", "Mend."),)
    assert sheet.stored == {1: {0: "1000"}}


def test_a_row_whose_only_cell_has_a_flaw_is_no_blank_row():
    grid = grid_of(["id", "sum"], ["", ""], flaws=(Flaw(1, 1, "no value.", "Save."),))
    assert taken(grid).rows.tolist() == [2]


@pytest.mark.parametrize(("name", "place", "row"), [("S", "S, row", 2), (None, "row", 9)])
def test_a_header_row_that_is_blank_or_not_there_is_refused(name, place, row):
    with pytest.raises(InputError) as caught:
        taken(grid_of(["id"], [" "], name=name), row)
    assert str(caught.value) == (
        f"people.xlsx, {place} {row}: the header is expected here, but the row is blank. "
        "Correct header_row in the mapping, or leave it out to have the header found."
    )


CELLS = st.sampled_from(["", " ", "\u00a0", "\u200b", "\n", "x", "0", "-", " y "])


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8))
def test_no_cell_that_means_something_is_ever_lost(records):
    sheet = taken(grid_of(["a", "b", ""], *records))
    kept = [record for record in records if any(map(clean, record))]
    width = len(sheet.columns)
    assert sheet.frame.to_numpy().tolist() == [record[:width] for record in kept]
    assert not any(clean(cell) for record in records for cell in record[width:])
    assert [records[row - 2] for row in sheet.rows.tolist()] == kept


# --- Results workbooks given back ---------------------------------------------------------------


def test_rows_of_a_results_workbook_point_at_the_first_source_and_added_ones_past_the_last():
    told = ["14", " 9 ", "", "x", "0", "1.5"]
    records = [["invalid", "", "9033", "", "", row, "a"] for row in told]
    sheet = taken(grid_of([*RESULT_COLUMNS, "id"], *records))
    assert (sheet.rows.tolist(), sheet.added) == ([14, 9, 15, 16, 17, 18], {2, 3, 4, 5})


def test_a_source_that_took_over_one_of_our_columns_is_no_results_workbook():
    sheet = taken(grid_of(["id", "opscom_row"], ["a", "14"]))
    assert (sheet.rows.tolist(), sheet.added) == ([2], frozenset())


def test_a_results_workbook_whose_summary_is_gone_is_refused(tmp_path):
    cells = "".join(f'<c t="str"><v>{name}</v></c>' for name in RESULT_COLUMNS)
    assert refusal(tmp_path, with_sheet(f'<row r="1">{cells}</row>')) == (
        "people.xlsx: these are results without their sheet Summary, which says what became of "
        "the rows. Push the results workbook as it was written, with its Summary."
    )
