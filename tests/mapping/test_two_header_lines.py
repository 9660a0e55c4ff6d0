"""A header of two lines: found by itself, or named by ``header_row: [1, 2]``."""

import pytest
import xlsxwriter
from commanding import PERMITS, ROSTER, read_results, user, write_book

MAPPING = PERMITS.replace("To\n", "{column: To}\n").replace("Number", "No")
UPPER = ["No", "Holder", "Validity", "", "Plate", "Make"]
LOWER = ["", "", "From", "To", "", ""]
RECORDS = [
    ["P-1", "Zoë", "2026-09-01T00:00", "2027-04-30T00:00", "ABCD 123", "Honda"],
    ["P-2", "Omar", "2026-09-01T00:00", "2027-04-30T00:00", "BBCD 123", "Kia"],
]


LINES = [["Permits of fall", "", "", "", "", ""], UPPER, LOWER, *RECORDS]


def write_merged(path):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Sheet")
        for at, row in enumerate(LINES):
            sheet.write_row(at, 0, row)
        for column in (0, 1, 4, 5):
            sheet.merge_range(1, column, 2, column, UPPER[column])
        sheet.merge_range("C2:D2", "Validity")
    return path


def write_text(path):
    path.write_text("\n".join(",".join(row) for row in LINES) + "\n", encoding="utf-8")
    return path


WAYS = {"merged.xlsx": write_merged, "plain.csv": write_text}


@pytest.mark.parametrize("named", [False, True], ids=["found", "named"])
@pytest.mark.parametrize("kind", WAYS)
def test_names_in_two_lines_are_the_header(desk, kind, named):
    desk.write("mappings/permits.yaml", f"header_row: [2, 3]\n{MAPPING}" if named else MAPPING)
    (file,) = desk.do("check", WAYS[kind](desk.folder / f"permits {kind}"))["files"]
    assert (file["error"], file["states"]) == (None, {"ready": 2})


def test_a_name_that_is_merged_over_columns_reaches_over_them_and_the_results_are_an_input(
    desk, controller
):
    mapping = MAPPING.replace("From", "Validity From").replace("{column: To}", "Validity To")
    desk.write("mappings/permits.yaml", mapping)
    desk.push(write_merged(desk.folder / "permits.xlsx"), code=0)
    (file,) = desk.push(desk.results("permits"), code=0)["files"]
    assert (file["states"], controller.requests) == ({"unchanged": 2}, 2)
    (row, _) = read_results(file["results"], "Sheet")
    assert {"No", "Validity From", "Validity To", "Plate"} <= row.keys()


def test_joined_names_are_found_where_no_line_has_any_of_them(desk):
    mapping = ROSTER.replace("unique_id: Id", "unique_id: Student No")
    for part in ("First", "Last"):
        mapping = mapping.replace(f"name: {part}\n", f"name: Student {part} Name\n")
    desk.write("mappings/roster.yaml", mapping.replace("email: Mail", "email: Contact Mail"))
    rows = [["Student", "Student", "Student", "Contact"], ["No", "First Name", "Last Name", "Mail"]]
    rows += [[*user(number).values()] for number in range(3)]
    (file,) = desk.do("check", write_book(desk.folder / "roster.xlsx", {"Rows": rows}))["files"]
    assert (file["error"], file["states"]) == (None, {"ready": 3})


def test_the_first_record_is_never_a_second_line_of_the_header(desk):
    mapping = MAPPING.replace("From", "Validity").replace("To}", "Validity#2}")
    desk.write("mappings/permits.yaml", mapping)
    with xlsxwriter.Workbook(desk.folder / "permits.xlsx") as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([UPPER, *([*each[:3], "", *each[4:]] for each in RECORDS)]):
            sheet.write_row(at, 0, row)
        sheet.merge_range("C1:D1", "Validity")
    (file,) = desk.do("check", desk.folder / "permits.xlsx")["files"]
    assert 'this column is missing: "Validity#2"' in file["error"]
