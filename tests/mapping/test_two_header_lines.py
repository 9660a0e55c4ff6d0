"""A header of two lines: found by itself, or named by ``header_row: [1, 2]``."""

import pytest
from commanding import PERMITS, ROSTER, read_results, user, write_book
from returning import edited

MAPPING = PERMITS.replace("To\n", "{column: To}\n").replace("Number", "No")
UPPER = ["No", "Holder", "Validity", "", "Plate", "Make"]
LOWER = ["", "", "From", "To", "", ""]
RECORDS = [
    ["P-1", "Zoë", "2026-09-01T00:00", "2027-04-30T00:00", "ABCD 123", "Honda"],
    ["P-2", "Omar", "2026-09-01T00:00", "2027-04-30T00:00", "BBCD 123", "Kia"],
]
LINES = [["Permits of fall", "", "", "", "", ""], UPPER, LOWER, *RECORDS]


def write_merged(path):
    write_book(path, {"Sheet": LINES})
    with edited(path, "Sheet") as page:
        for cells in ("A2:A3", "B2:B3", "C2:D2", "E2:E3", "F2:F3"):
            page.merge_cells(cells)
    return path


@pytest.mark.parametrize("named", [False, True], ids=["found", "named"])
@pytest.mark.parametrize("merged", [False, True], ids=["text", "merged"])
def test_names_in_two_lines_are_the_header(desk, merged, named):
    desk.write("mappings/permits.yaml", f"header_row: [2, 3]\n{MAPPING}" if named else MAPPING)
    path = desk.write("permits.csv", "\n".join(",".join(row) for row in LINES) + "\n")
    if merged:
        path = write_merged(desk.folder / "permits.xlsx")
    (file,) = desk.do("check", path)["files"]
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
    rows = [UPPER, *([*each[:3], "", *each[4:]] for each in RECORDS)]
    path = write_book(desk.folder / "permits.xlsx", {"Sheet": rows})
    with edited(path, "Sheet") as page:
        page.merge_cells("C1:D1")
    (file,) = desk.do("check", path)["files"]
    assert 'this column is missing: "Validity#2"' in file["error"]


def test_a_name_that_stands_alone_is_not_that_below_another(desk):
    """The last name of the student, and not that of the parent."""
    upper = ["Student", "", "", "", "Parent", "Parent"]
    lower = ["Id", "First", "Last", "Mail", "Last", "Mail"]
    rows = [[*user(n).values(), "Quill", "parent@home.example"] for n in range(3)]
    path = write_book(desk.folder / "roster.xlsx", {"Rows": [upper, lower, *rows]})
    mapping = ROSTER.replace("endpoint", "header_row: [1, 2]\nendpoint")
    desk.write("mappings/roster.yaml", mapping.replace(": Id", ": Student Id"))
    (file,) = desk.do("check", path, code=0)["files"]
    (row, *_) = read_results(file["results"], "Would be sent")
    assert (row["last_name"], row["email"]) == (user(0)["Last"], user(0)["Mail"])
