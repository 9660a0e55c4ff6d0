"""Rows of one file, on one sheet or several, that repeat or contradict each other."""

from datetime import date

import numpy as np
import pytest
from checked import batch_of, check
from commanding import ROSTER, write_book

from importer.model import Problem, Severity

ADA = {
    "unique_id": "s-1", "login_source": "OPSCOM", "first_name": "Ada", "last_name": "Example",
    "user_name": "ada", "email": "ada@example.org",
}  # fmt: skip
BEN = {
    "unique_id": "s-2", "login_source": "OPSCOM", "first_name": "Ben", "last_name": "Example",
    "user_name": "ben", "email": "ben@example.org",
}  # fmt: skip
CAR = {"plate": "PL8RDR", "plateType": "Passenger", "prov": "ON", "colour": "red"}
PERMIT = {
    "amount": "14.50", "startTime": "2026-07-02T09:00:00", "endTime": "2026-07-02T09:30:00",
    "plate": "PL8RDR", "permitNo": "L4-1138", "zone": "Lot 4",
}  # fmt: skip
UPDATE = {"referenceID": "1a9b-AA", "plate": "PL8RDR"}
KEEP = "Keep one of the two rows, or say with `duplicates` in the mapping which one counts."


def checked(endpoint, *rows, **settings):
    """Check rows, the first being row 11."""
    batch = batch_of(endpoint, rows, first=11, **settings)
    return check(batch, today=date(2026, 9, 1))


def errors(result):
    return [
        (problem.position, problem.code, problem.field)
        for problem in result.problems
        if problem.holds
    ]


def test_the_very_same_row_again_is_a_repeat_and_no_problem():
    for endpoint, row in [
        ("users", ADA),
        ("vehicles", CAR),
        ("permits", PERMIT),
        ("permit-updates", UPDATE),
        ("permit-deletes", {"referenceID": "1"}),
        ("plates", {"plate": "PL8RDR"}),
    ]:
        result = checked(endpoint, row, row, row)
        assert errors(result) == []
        assert result.repeats == {1: 11, 2: 11}


ONE_RECORD = {
    "user": ("users", ADA, {"first_name": "Adele"}, '"Unique ID"'),
    "vehicle": ("vehicles", CAR, {"colour": "blue"}, '"plate" and "prov" and "plateType"'),
    "vehicle in small letters": (
        "vehicles", CAR, {"plate": "pl8rdr", "prov": "on", "plateType": "PASSENGER"}, '"plate" and "prov" and "plateType"',
    ),
    "permit": ("permits", PERMIT, {"amount": "15.00"}, '"License Plate" and "Zone Name" and "Start Date" and "End Date" and "Ticket Number"'),
    "update in other letters": ("permit-updates", UPDATE, {"referenceID": "1A9B-aa"}, '"Reference ID"'),
}  # fmt: skip


@pytest.mark.parametrize("kind", ONE_RECORD)
def test_one_record_in_two_wordings_is_an_error(kind):
    endpoint, row, changed, what = ONE_RECORD[kind]
    (problem,) = checked(endpoint, row, row | changed).problems
    message = f"row 11 has the same {what}, and the two rows differ."
    assert (problem.position, problem.row, problem.code) == (1, 12, 9022)
    assert (problem.message, problem.remedy) == (message, KEEP)
    assert endpoint != "vehicles" or problem.columns == (0, 2, 1)  # in the order of the message


OTHERS = {
    "id in capitals": ("users", ADA, {"unique_id": "S-1", "email": "", "user_name": ""}),
    "another province": ("vehicles", CAR, {"prov": "QC"}),
    "a type by its id": ("vehicles", CAR, {"plateType": "", "plateTypeID": "4"}),
    "another zone": ("permits", PERMIT, {"zone": "Lot 5"}),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_different_records_are_left_alone(kind):
    endpoint, row, changed = OTHERS[kind]
    result = checked(endpoint, row, row | changed)
    assert (errors(result), result.repeats) == ([], {})


@pytest.mark.parametrize(
    ("name", "code", "title", "value"),
    [("email", 9019, "Email", "ADA@Example.org"), ("user_name", 9020, "User Name", "Ada")],
)
def test_what_must_be_unique_is_an_error_under_a_second_id(name, code, title, value):
    result = checked("users", ADA, BEN | {name: value}, ADA)
    (problem,) = result.problems
    assert result.repeats == {2: 11}
    assert (problem.position, problem.code, problem.field, problem.value) == (1, code, name, value)
    assert problem.message == f'row 11 has the same "{title}" for another user.'
    assert problem.remedy == "Give each user their own, or delete the row that is wrong."


BAD, THIEF = ADA | {"email": "none"}, BEN | {"email": ADA["email"]}
CLAIMS = {
    "blank usernames are not the same": ([ADA | {"user_name": ""}, BEN | {"user_name": ""}], []),
    "a row that is held back claims its key": ([BAD, ADA], [(0, 9033, "email"), (1, 9022, "unique_id")]),
    "and its address": ([ADA | {"city": "x" * 51}, THIEF], [(0, 9030, "city"), (1, 9019, "email")]),
    "a repeat of an invalid row has its problems": ([BAD, BAD], [(0, 9033, "email"), (1, 9033, "email")]),
    "a repeat of a row with a taken address": ([ADA, THIEF, THIEF], [(1, 9019, "email"), (2, 9019, "email")]),
    "an invalid value claims nothing": (
        [ADA | {"email": "n/a"}, BEN | {"email": "n/a"}], [(0, 9033, "email"), (1, 9033, "email")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", CLAIMS)
def test_what_a_row_claims(kind):
    rows, expected = CLAIMS[kind]
    result = checked("users", *rows)
    assert (errors(result), result.repeats) == (expected, {})


def test_a_repeat_of_a_row_that_the_mapping_held_back_is_held_back_too():
    theirs = Problem(0, 11, (3,), "city", "", 9033, Severity.ERROR, "theirs.", "None.")
    result = checked("users", ADA, ADA, problems=(theirs,))
    assert errors(result) == [(0, 9033, "city"), (1, 9022, "unique_id")]
    assert result.problems[1].message == 'row 11 has the same "Unique ID", and is held back.'


COUNTS = {
    "the last": ("last", [ADA, ADA | {"city": "Sudbury"}, BEN, ADA | {"city": "Hull"}], [], {0: 14, 1: 14}),
    "one that does not has no problems and takes no address": (
        "last", [BAD, ADA | {"email": BEN["email"]}, BEN, ADA], [], {0: 14, 1: 14},
    ),
    "of addresses it is not said": ("last", [ADA, THIEF], [(1, 9019, "email")], {}),
}  # fmt: skip


@pytest.mark.parametrize("kind", COUNTS)
def test_the_mapping_may_say_which_row_counts(kind):
    duplicates, rows, expected, repeats = COUNTS[kind]
    result = checked("users", *rows, duplicates=duplicates)
    assert (errors(result), result.repeats) == (expected, repeats)


def test_rows_are_compared_by_what_would_be_sent():
    blank = ADA | {"city": ""}
    left_out = frozenset({(1, "city")})

    assert checked("users", blank, blank, left_out=left_out).repeats == {1: 11}
    assert errors(checked("users", blank, blank, left_out=left_out, blanks="send")) == [
        (1, 9022, "unique_id")
    ]


def test_what_is_skipped_claims_nothing_and_what_is_left_out_makes_rows_the_same():
    rows = [ADA | {"city": "Sudbury"}, ADA, ADA | {"city": "x" * 51}]
    skipped = np.array([True, False, False])
    result = checked("users", *rows, skipped=skipped, omit_if_invalid=frozenset({"city"}))
    assert (errors(result), result.repeats) == ([], {2: 12})


# --- Rows of several sheets ------------------------------------------------------------------------


HEADER = ["Id", "First", "Last", "Mail"]


def row(number, name, mail=None):
    return [number, name, "Roe", mail or f"{name}@x.example"]


ANN, BOB, END = row("1", "ann"), row("1", "bob"), ["End of list", "", "", ""]
DIFFER = (
    'Id: "1": North, row 2 has the same "Unique ID", and the two rows differ. Keep one of the two '
    "rows, or say with `duplicates` in the mapping which one counts."
)
SAME = "The same record as in North, row 2."
ON_SHEETS = {
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
        {"North": ("pushed", "", ""), "South": ("invalid", "9022", DIFFER), "West": ("duplicate", "", SAME)},
    ),
    "one e-mail under two ids": (
        {"North": [ANN], "South": [row("2", "bob", "ANN@x.example")]},
        {"North": ("pushed", "", ""), "South": ("invalid", "9019", None)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ON_SHEETS)
def test_a_record_that_stands_on_two_sheets_is_sent_once(desk, controller, case):
    sheets, expected = ON_SHEETS[case]
    desk.push(
        write_book(desk.folder / "roster.xlsx", {n: [HEADER, *rows] for n, rows in sheets.items()})
    )
    assert controller.requests == 1
    for name, (status, code, message) in expected.items():
        [told] = desk.table_of("roster", name)
        assert (told["opscom_status"], told["opscom_error_code"]) == (status, code)
        assert message in {None, told["opscom_message"]}


@pytest.mark.parametrize(
    ("counts", "places"),
    [("first", ["", "Row 2", "North, row 2"]), ("last", ["South, row 2", "South, row 2", ""])],
)
def test_the_mapping_says_which_of_several_rows_counts(desk, controller, counts, places):
    desk.write("mappings/roster.yaml", f"duplicates: {counts}\n{ROSTER}")
    sheets = {"North": [HEADER, ANN, BOB], "South": [HEADER, row("1", "cid")]}
    desk.push(write_book(desk.folder / "roster.xlsx", sheets))
    rows = [told for name in sheets for told in desk.table_of("roster", name)]
    why = f"{{}} has the same key, and the mapping says that the {counts} one counts."
    for told, place in zip(rows, places, strict=True):
        expected = ("duplicate", why.format(place)) if place else ("pushed", "")
        assert (told["opscom_status"], told["opscom_message"]) == expected
    assert controller.requests == 1


def test_a_row_that_is_not_a_record_has_one_problem_on_each_of_two_sheets(desk, controller):
    sheets = {"North": [HEADER, ANN, END], "South": [HEADER, row("2", "bob"), END]}
    desk.push(write_book(desk.folder / "roster.xlsx", sheets))
    assert controller.requests == 2
    for name in sheets:
        _, told = desk.table_of("roster", name)
        assert (told["opscom_status"], told["opscom_message"].count("\n")) == ("invalid", 0)
