"""Rows of one file that repeat or contradict each other."""

from datetime import date

import numpy as np
import pytest
from checked import batch_of, check

from importer.model import Problem, Severity
from schemas import TABLES

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
    return check(batch, TABLES[endpoint], today=date(2026, 9, 1))


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


def test_one_id_with_different_content_is_an_error_on_the_later_row():
    result = checked("users", ADA, BEN, ADA | {"first_name": "Adele"})

    assert result.repeats == {}
    assert result.problems == (
        Problem(
            position=2,
            row=13,
            columns=(0,),
            field="unique_id",
            value="s-1",
            code=9022,
            severity=Severity.ERROR,
            message='row 11 has the same "Unique ID", and the two rows differ.',
            remedy=KEEP,
        ),
    )


def test_in_a_text_file_the_earlier_row_is_called_a_record():
    result = checked("users", ADA, ADA | {"first_name": "Adele"}, sheet=None)

    assert [problem.message for problem in result.problems] == [
        'row 11 has the same "Unique ID", and the two rows differ.'
    ]


@pytest.mark.parametrize(
    ("endpoint", "row", "changed", "message"),
    [
        pytest.param(
            "vehicles", CAR, {"colour": "blue"},
            "row 11 has the same vehicle (plate, prov and plateType), and the two rows differ.",
            id="vehicle",
        ),
        pytest.param(
            "vehicles", CAR, {"plate": "pl8rdr", "prov": "on", "plateType": "PASSENGER"},
            "row 11 has the same vehicle (plate, prov and plateType), and the two rows differ.",
            id="vehicle in small letters",
        ),
        pytest.param(
            "permits", PERMIT, {"amount": "15.00"},
            "row 11 has the same permit (plate, zone, startTime, endTime and permitNo), and the two rows differ.",
            id="permit",
        ),
        pytest.param(
            "permit-updates", UPDATE, {"referenceID": "1A9B-aa"},
            'row 11 has the same "Reference ID", and the two rows differ.',
            id="update in other letters",
        ),
        pytest.param(
            "permit-deletes", {"referenceID": "1a"}, {"referenceID": "1A"},
            'row 11 has the same "Reference ID", and the two rows differ.',
            id="delete in other letters",
        ),
    ],
)  # fmt: skip
def test_one_record_in_two_wordings_is_an_error(endpoint, row, changed, message):
    result = checked(endpoint, row, row | changed)

    assert [(problem.position, problem.code, problem.message) for problem in result.problems] == [
        (1, 9022, message)
    ]


def test_all_cells_of_the_key_are_marked_in_the_order_of_the_message():
    (problem,) = checked("vehicles", CAR, CAR | {"colour": "blue"}).problems

    assert [("plate", "plateType", "prov")[column] for column in problem.columns] == [
        "plate",
        "prov",
        "plateType",
    ]


@pytest.mark.parametrize(
    ("endpoint", "row", "changed"),
    [
        pytest.param("users", ADA, {"unique_id": "S-1", "email": "", "user_name": ""}, id="id in capitals"),
        pytest.param("vehicles", CAR, {"prov": "QC"}, id="another province"),
        pytest.param("vehicles", CAR, {"plateType": "", "plateTypeID": "4"}, id="a type by its id"),
        pytest.param("permits", PERMIT, {"zone": "Lot 5"}, id="another zone"),
        pytest.param("permits", PERMIT, {"permitNo": ""}, id="no permit number"),
        pytest.param("permits", PERMIT, {"endTime": "2026-07-02T09:31:00"}, id="another end"),
    ],
)  # fmt: skip
def test_different_records_are_left_alone(endpoint, row, changed):
    result = checked(endpoint, row, row | changed)

    assert errors(result) == []
    assert result.repeats == {}


@pytest.mark.parametrize(
    ("name", "code", "title", "value"),
    [
        pytest.param("email", 9019, "Email", "ADA@Example.org", id="e-mail"),
        pytest.param("user_name", 9020, "User Name", "Ada", id="username"),
    ],
)
def test_what_must_be_unique_is_an_error_under_a_second_id(name, code, title, value):
    result = checked("users", ADA, BEN | {name: value}, ADA)

    assert result.repeats == {2: 11}
    assert [
        (
            problem.position,
            problem.code,
            problem.field,
            problem.value,
            problem.message,
            problem.remedy,
        )
        for problem in result.problems
    ] == [
        (
            1,
            code,
            name,
            value,
            f'row 11 has the same "{title}" for another user.',
            "Give each user their own, or delete the row that is wrong.",
        )
    ]


def test_blank_usernames_are_not_the_same_username():
    assert errors(checked("users", ADA | {"user_name": ""}, BEN | {"user_name": ""})) == []


def test_an_earlier_row_that_is_held_back_still_claims_its_key():
    result = checked("users", ADA | {"email": "none"}, ADA)

    assert errors(result) == [(0, 9033, "email"), (1, 9022, "unique_id")]


def test_an_earlier_row_that_is_held_back_still_claims_its_address():
    result = checked("users", ADA | {"city": "x" * 51}, BEN | {"email": ADA["email"]})

    assert errors(result) == [(0, 9030, "city"), (1, 9019, "email")]


def test_a_repeat_of_an_invalid_row_has_the_same_problems_itself():
    bad = ADA | {"email": "none"}
    result = checked("users", bad, bad)

    assert errors(result) == [(0, 9033, "email"), (1, 9033, "email")]
    assert result.repeats == {}


def test_a_repeat_of_a_row_that_the_mapping_held_back_is_held_back_too():
    theirs = Problem(0, 11, (3,), "city", "", 9033, Severity.ERROR, "theirs.", "None.")
    result = checked("users", ADA, ADA, problems=(theirs,))

    assert errors(result) == [(0, 9033, "city"), (1, 9022, "unique_id")]
    assert result.problems[1].message == 'row 11 has the same "Unique ID", and is held back.'


def test_a_repeat_of_a_row_with_a_taken_address_is_held_back_too():
    thief = BEN | {"email": ADA["email"]}
    result = checked("users", ADA, thief, thief)

    assert errors(result) == [(1, 9019, "email"), (2, 9019, "email")]
    assert result.repeats == {}


def test_an_invalid_value_claims_nothing():
    result = checked("users", ADA | {"email": "n/a"}, BEN | {"email": "n/a"})

    assert errors(result) == [(0, 9033, "email"), (1, 9033, "email")]


def test_rows_without_a_key_are_not_the_same_record():
    result = checked("users", ADA | {"unique_id": ""}, BEN | {"unique_id": ""})

    assert errors(result) == [(0, 9013, "unique_id"), (1, 9013, "unique_id")]


def test_a_skipped_row_claims_nothing():
    result = checked("users", ADA, ADA | {"city": "Sudbury"}, skipped=np.array([True, False]))

    assert result.problems == ()


@pytest.mark.parametrize(
    ("duplicates", "repeats"),
    [("first", {1: 11, 3: 11}), ("last", {0: 14, 1: 14})],
    ids=["first", "last"],
)
def test_the_mapping_may_say_which_row_counts(duplicates, repeats):
    rows = [ADA, ADA | {"city": "Sudbury"}, BEN, ADA | {"city": "Ottawa"}]
    result = checked("users", *rows, duplicates=duplicates)

    assert result.problems == ()
    assert result.repeats == repeats


def test_a_row_that_does_not_count_has_no_problems_and_takes_no_address():
    rows = [ADA | {"email": "none"}, ADA | {"email": BEN["email"]}, BEN, ADA]
    result = checked("users", *rows, duplicates="last")

    assert result.problems == ()
    assert result.repeats == {0: 14, 1: 14}


def test_a_row_that_counts_is_still_checked():
    result = checked("users", ADA | {"email": "none"}, ADA, duplicates="first")

    assert errors(result) == [(0, 9033, "email")]
    assert result.repeats == {1: 11}


def test_which_row_counts_says_nothing_about_addresses():
    result = checked("users", ADA, BEN | {"email": ADA["email"]}, duplicates="last")

    assert errors(result) == [(1, 9019, "email")]


def test_rows_are_compared_by_what_would_be_sent():
    blank = ADA | {"city": ""}
    left_out = frozenset({(1, "city")})

    assert checked("users", blank, blank, left_out=left_out).repeats == {1: 11}
    assert errors(checked("users", blank, blank, left_out=left_out, blanks="send")) == [
        (1, 9022, "unique_id")
    ]


def test_what_is_left_out_as_invalid_makes_rows_the_same():
    result = checked("users", ADA, ADA | {"city": "x" * 51}, omit_if_invalid=frozenset({"city"}))

    assert errors(result) == []
    assert result.repeats == {1: 11}
