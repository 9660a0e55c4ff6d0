"""Rows of several sheets of one file: what is said where, and what is sent once."""

import pytest
from commanding import write_book
from returning import rows_of

HEADERS = ["unique_id", "login_source", "first_name", "email"]
MAPPING = "version: 1\nname: U\nendpoint: users\nfields:\n" + "".join(
    f"  {name}: {name}\n" for name in HEADERS
)


def row(number, name, mail=None):
    return [number, "OPSCOM", name, mail or f"{name}@x.example"]


ANN, BOB, END = row("1", "ann"), row("1", "bob"), ["End of list", "", "", ""]
DIFFER = (
    'unique_id: "1": North, row 2 has the same "Unique ID", and the two rows differ. Keep one of the two '
    "rows, or say with `duplicates` in the mapping which one counts."
)
SAME = "The same record as in North, row 2."
CASES = {
    "one id with different content": (
        {"North": [ANN], "South": [BOB]},
        {"North": ("pushed", "", ""), "South": ("invalid", "9022", DIFFER)},
    ),
    "the very same record": (
        {"North": [ANN], "South": [ANN]},
        {"North": ("pushed", "", ""), "South": ("duplicate", "", SAME)},
    ),
    "of three sheets each later one is compared with the first": (
        {"North": [ANN], "South": [BOB], "West": [ANN]},
        {
            "North": ("pushed", "", ""),
            "South": ("invalid", "9022", DIFFER),
            "West": ("duplicate", "", SAME),
        },
    ),
    "one e-mail under two ids": (
        {"North": [ANN], "South": [row("2", "bob", "ANN@x.example")]},
        {"North": ("pushed", "", ""), "South": ("invalid", "9019", None)},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_record_that_stands_on_two_sheets_is_sent_once(desk, controller, case):
    sheets, expected = CASES[case]
    desk.write("mappings/users.yaml", MAPPING)
    desk.push(
        write_book(desk.folder / "b.xlsx", {n: [HEADERS, *rows] for n, rows in sheets.items()})
    )
    assert controller.requests == 1
    for name, (status, code, message) in expected.items():
        [told] = desk.table_of("b", name)
        assert (told["opscom_status"], told["opscom_error_code"]) == (status, code)
        assert message in {None, told["opscom_message"]}


COUNT = {
    "first": ["", "Row 2", "North, row 2"],
    "last": ["South, row 2", "South, row 2", ""],
}


@pytest.mark.parametrize(("counts", "places"), COUNT.items(), ids=COUNT)
def test_the_mapping_says_which_of_several_rows_counts(desk, controller, counts, places):
    desk.write("mappings/users.yaml", f"duplicates: {counts}\n{MAPPING}")
    sheets = {"North": [HEADERS, ANN, BOB], "South": [HEADERS, row("1", "cid")]}
    desk.push(write_book(desk.folder / "b.xlsx", sheets))
    rows = [told for name in sheets for told in desk.table_of("b", name)]
    why = f"{{}} has the same key, and the mapping says that the {counts} one counts."
    for told, place in zip(rows, places, strict=True):
        expected = ("duplicate", why.format(place)) if place else ("pushed", "")
        assert (told["opscom_status"], told["opscom_message"]) == expected
    assert controller.requests == 1


def test_a_row_that_is_not_a_record_has_one_problem_on_each_of_two_sheets(desk, controller):
    desk.write("mappings/users.yaml", MAPPING)
    sheets = {
        "North": [HEADERS, ANN, END],
        "South": [HEADERS, row("2", "bob"), END],
        "West": [HEADERS, END],
    }
    desk.push(write_book(desk.folder / "b.xlsx", sheets))
    assert controller.requests == 2
    for name in ("North", "South"):
        _, told = rows_of(desk.results("b"), name)
        assert (told["opscom_status"], told["opscom_message"].count("\n")) == ("invalid", 0)
