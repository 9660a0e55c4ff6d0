"""What the checks find in single rows, and in which words they say it."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from checked import batch_of, check

from importer.model import Problem, Severity
from importer.schema import Kind, Need
from schemas import TABLES

TODAY = date(2026, 9, 1)
GOOD = {
    "users": {
        "unique_id": "s-1", "login_source": "OPSCOM", "first_name": "Ada", "last_name": "Example",
        "email": "ada@example.org",
    },
    "vehicles": {"plate": "PL8RDR", "plateType": "Motorcycle", "prov": "MA"},
    "permits": {
        "startTime": "2026-07-02T09:00:00", "endTime": "2026-07-02T09:30:00", "plate": "PL8RDR",
    },
    "permit-updates": {"referenceID": "1a9b5375", "plate": "PL8RDR"},
    "permit-deletes": {"referenceID": "1a9b5375"},
    "plates": {"plate": "PL8RDR"},
}  # fmt: skip
FORMED = {
    Kind.PROVINCE, Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.AMOUNT, Kind.CURRENCY, Kind.YEAR,
}  # fmt: skip


def checked(endpoint, *rows, required=(), **settings):
    batch = batch_of(endpoint, rows, **settings)
    return check(batch, required=required, today=TODAY)


def codes(endpoint, **changed):
    """The codes of the errors in one good row with these changes."""
    result = checked(endpoint, GOOD[endpoint] | changed)
    return [problem.code for problem in result.problems if problem.holds]


def each_field(keep):
    """Return the fields of all endpoints of which this holds."""
    return pytest.mark.parametrize(
        ("endpoint", "known"),
        [
            pytest.param(endpoint, known, id=f"{endpoint} {known.name}")
            for endpoint, table in TABLES.items()
            for known in filter(keep, table.fields)
        ],
    )


@each_field(lambda known: known.max_length is not None and known.kind not in FORMED)
def test_a_value_may_be_as_long_as_the_limit_and_no_longer(endpoint, known):
    tail = "@b" if known.kind is Kind.EMAIL else "é"
    value = tail.rjust(known.max_length, "x")

    assert codes(endpoint, **{known.name: value}) == []
    assert codes(endpoint, **{known.name: "x" + value}) == [known.too_long]


FORMS = {
    Kind.EMAIL: ("a@b", "a@@b.c"), Kind.PROVINCE: ("bc", "B.C."), Kind.NUMBER: ("007", "1.0"), Kind.DATE: ("2000-02-29", "2026-09-02"),
    Kind.DATETIME: ("2028-02-29T10:00:00", "2026-07-02T24:00:00"), Kind.AMOUNT: ("14.50", "14.5"), Kind.CURRENCY: ("USD", "cad"),
    Kind.YEAR: ("1899", "11"), Kind.VIN: ("short", "x" * 26),
}  # fmt: skip
"""Kind → what it takes and what not: all else is in ``test_kinds``."""


@each_field(lambda known: known.kind in FORMS)
def test_a_form_takes_what_is_documented_and_nothing_else(endpoint, known):
    code = known.too_long if known.kind is Kind.VIN else known.invalid
    good, bad = FORMS[known.kind]
    more = {"endTime": "9999-12-31T00:00:00"} if known.name == "startTime" else {}
    assert codes(endpoint, **more | {known.name: good}) == []
    assert codes(endpoint, **more | {known.name: bad}) == [code]


MESSAGES = [
    pytest.param("users", {"province2": "xx"}, ("warning", 9033, "province2", "this is the abbreviation of no province of Canada and no state of the US.", "Check it; this holds no row back."), id="unknown province"),
    pytest.param("users", {"date_of_birth": "1899-12-31"}, ("warning", None, "date_of_birth", "this is a date before 1900.", "Check the year; this holds no row back."), id="before 1900"),
    pytest.param("permits", {"startTime": "2026-07-02"}, ("error", 9007, "startTime", "this is not a date and time in the form yyyy-mm-ddThh:mm:ss.", "Correct the cell, or give the mapping the `date`, `time` or `timezone` that it needs."), id="time"),
    pytest.param("permits", {"endTime": "2026-07-02T09:00:00"}, ("error", 9005, "endTime", "this is not after the start.", "Correct the start or the end."), id="end at the start"),
    pytest.param("vehicles", {"vin": "8GKS"}, ("warning", 9033, "vin", "this has 4 characters, and the number of a vehicle has 17 as a rule.", "Check it; this holds no row back."), id="vin"),
    pytest.param("users", {"unique_id": ""}, ("error", 9013, "unique_id", 'the "Unique ID" is missing, and OPSCOM requires it.', "Fill the cell."), id="missing"),
    pytest.param("users", {"first_name": ""}, ("warning", 9017, "first_name", 'the "First Name" is missing, and OPSCOM may refuse a new user without it.', "Fill the cell if this user is new to OPSCOM."), id="expected"),
    pytest.param("vehicles", {"prov": ""}, ("error", 9011, "prov", 'the "provID" and the "prov" are both missing, and OPSCOM requires one of them.', "Fill one of the two cells."), id="one of two"),
    pytest.param("permit-updates", {"plate": ""}, ("error", 9031, None, "this row changes nothing of its permit.", "Fill the end, the plate, the amount or the currency, or delete the row."), id="no change"),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "changed", "told"), MESSAGES)
def test_a_problem_says_what_is_wrong_and_what_to_do(endpoint, changed, told):
    (problem,) = checked(endpoint, GOOD[endpoint] | changed).problems
    found = (problem.code, problem.field, problem.message, problem.remedy)
    assert (problem.severity.value, *found) == told


def test_a_problem_stands_at_the_cell_that_gave_its_value_in_the_order_of_the_source():
    rows = [GOOD["users"], GOOD["users"] | {"unique_id": "", "email": "ada"}]
    theirs = Problem(1, 3, (2,), "first_name", "", 9033, Severity.WARNING, "theirs.", "None.")
    origins = {"unique_id": (4,), "email": (0, 1)}
    batch = batch_of("users", rows, problems=(theirs,), chosen={"email": np.array([0, 1])})
    batch = replace(batch, origins=dict(batch.origins) | origins)
    result = check(batch, today=TODAY)
    assert [(p.position, p.row, p.columns, p.value, p.field) for p in result.problems] == [
        (1, 3, (1,), "ada", "email"), (1, 3, (2,), "", "first_name"), (1, 3, (4,), "", "unique_id"),
    ]  # fmt: skip
    assert result.held == {1}


@each_field(lambda known: known.need is Need.REQUIRED)
def test_a_required_field_is_missed_blank_and_unmapped(endpoint, known):
    assert codes(endpoint, **{known.name: ""}) == [known.missing]
    if unmapped := {name: text for name, text in GOOD[endpoint].items() if name != known.name}:
        (problem,) = checked(endpoint, unmapped).problems
        assert (problem.code, problem.columns) == (known.missing, ())


def test_what_no_column_gives_is_named_in_the_message():
    row = GOOD["users"] | {"login_source": "x" * 21}
    (problem,) = checked("users", row, constants=["login_source"]).problems
    assert (problem.columns, problem.message, problem.remedy) == (
        (), 'the "Login Source" has 21 characters, and OPSCOM takes 20.',
        "Give login_source another column or value in the mapping.",
    )  # fmt: skip


def test_an_expected_field_that_no_column_gives_is_one_note_and_not_a_warning_a_row():
    result = checked("users", {"unique_id": "1", "login_source": "X", "first_name": "Ada"})

    assert result.problems == ()
    assert result.notes == (
        'No column gives the "Last Name" (last_name); OPSCOM may refuse a new user without it, with code 9018.',
        'No column gives the "Email" (email); OPSCOM may refuse a new user without it, with code 9016.',
    )


@pytest.mark.parametrize(
    ("name", "code", "title"),
    [("email", 9016, "Email"), ("city", 9031, "City - address 1")],
    ids=["expected", "optional"],
)  # fmt: skip
def test_the_settings_may_require_a_field(name, code, title):
    filled = GOOD["users"] | {"email": "", "city": "", "province": ""}
    result = checked("users", filled, required=[name])
    unmapped = checked("users", {"unique_id": "1", "login_source": "X"}, required=[name])
    message = f'the "{title}" is missing, and your settings require it.'

    for one in (result, unmapped):
        errors = [problem for problem in one.problems if problem.holds]
        assert [(problem.code, problem.message) for problem in errors] == [(code, message)]


def test_one_of_two_fields_is_enough_and_where_both_are_missing_both_are_marked():
    (problem,) = checked("vehicles", GOOD["vehicles"] | {"provID": "", "prov": ""}).problems
    assert (problem.field, problem.columns) == ("provID", (2, 3))
    assert codes("vehicles", prov="", provID="9") == []
    assert codes("vehicles", provID="9", plateTypeID="4") == []
    assert codes("vehicles", prov="", provID="", plateType="", colour="red") == [9010, 9011]


def test_all_problems_of_a_row_are_found_at_once():
    row = {
        "unique_id": "", "login_source": "x" * 21, "email": "x" * 101, "province": "???", "date_of_birth": "2999-01-01",
        "first_name": "\x07" * 51, "last_name": "",
    }  # fmt: skip
    assert [(problem.field, problem.code) for problem in checked("users", row).problems] == [
        *(("unique_id", 9013), ("login_source", 9030), ("first_name", 9030), ("first_name", 9033)),
        *(("last_name", 9018), ("email", 9030), ("email", 9033), ("province", 9033)),
        ("date_of_birth", 9033),
    ]


def test_a_skipped_row_is_not_looked_at_and_a_sheet_without_rows_has_no_problem():
    rows = [{"unique_id": ""}, GOOD["users"], {"email": "x"}]
    assert checked("users", *rows, skipped=np.array([True, False, True])).problems == ()
    assert all(checked(endpoint).problems == () for endpoint in GOOD)


REPORTED = {
    "its own cell": ("users", {"date_of_birth": "soon"}, "date_of_birth"),
    "a blank": ("users", {"unique_id": ""}, "unique_id"),
    "one of two": ("vehicles", {"prov": "", "provID": ""}, "prov"),
    "the start": ("permits", {"endTime": "2026-07-02T08:00:00"}, "startTime"),
    "all that would change": ("permit-updates", {"plate": ""}, "plate"),
}


@pytest.mark.parametrize("kind", REPORTED)
def test_a_cell_that_the_mapping_reported_has_no_second_problem_unless_it_was_a_warning(kind):
    endpoint, changed, name = REPORTED[kind]
    theirs = Problem(0, 2, (0,), name, "", 9033, Severity.ERROR, "theirs.", "None.")
    row = GOOD[endpoint] | changed
    assert checked(endpoint, row, problems=(theirs,)).problems == (theirs,)
    warned = replace(theirs, severity=Severity.WARNING)
    assert checked(endpoint, row, problems=(warned,)).held == {0}


LEFT_OUT_REMEDY = "It is left out, as the mapping says; correct the cell to have it sent."
LEFT_OUT = {
    "an optional value is, and no other": (
        "users", {"city2": "x" * 51, "province": "Ont"}, {"city2"}, [(9033, "error"), (9030, "warning")], {(0, "city2")},
    ),
    "a required value is never left out": (
        "users", {"unique_id": "x" * 51, "city": "x" * 51}, {"unique_id", "city"}, [(9030, "error"), (9030, "error")], set(),
    ),
    "nor is what is missing": ("vehicles", {"prov": ""}, {"prov"}, [(9011, "error")], set()),
    "an expected value has one warning": ("users", {"email": "none"}, {"email"}, [(9033, "warning")], {(0, "email")}),
    "two letters of nowhere are": ("users", {"province": "XX"}, {"province"}, [(9033, "warning")], {(0, "province")}),
}  # fmt: skip


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_what_may_be_left_out(kind):
    endpoint, changed, omit, expected, left_out = LEFT_OUT[kind]
    required = ["city"] if "city" in omit else ()
    row = GOOD[endpoint] | changed
    result = checked(endpoint, row, omit_if_invalid=frozenset(omit), required=required)

    assert [(problem.code, problem.severity.value) for problem in result.problems] == expected
    assert result.batch.left_out == left_out
    told = {p.field: p.remedy for p in result.problems}
    for _, name in left_out:
        assert result.batch.frame[name].tolist() == [""]
        assert told[name] == LEFT_OUT_REMEDY


@pytest.mark.parametrize("blanks", ["omit", "send"])
def test_what_is_left_out_may_leave_too_little(blanks):
    for endpoint, changed, name, code in (
        ("vehicles", {"prov": "", "provID": "Ontario"}, "provID", 9011),
        ("permit-updates", {"plate": "P" * 26}, "plate", 9031),
    ):
        row, omit = GOOD[endpoint] | changed, frozenset({name})
        result = checked(endpoint, row, omit_if_invalid=omit, blanks=blanks)
        assert [problem.code for problem in result.problems if problem.holds] == [code]


def test_an_update_that_blanks_something_changes_something():
    row = GOOD["permit-updates"] | {"plate": ""}
    assert checked("permit-updates", row, blanks="send").problems == ()
    assert checked("permit-updates", row, blanks="omit").held == {0}
    assert checked("permit-updates", {"referenceID": "1"}, blanks="send").held == {0}


@pytest.mark.parametrize("field", ["last_name", "street"], ids=str)
def test_a_word_for_nothing_in_free_text_is_warned_of_from_the_second_cell_on(field):
    one = [GOOD["users"] | {"unique_id": f"s{n}", "email": f"a{n}@b.ca"} for n in range(3)]
    one[0][field] = "Null"
    assert checked("users", *one).problems == ()
    one[2][field] = "NULL"
    found = [(p.position, p.severity.value, p.field) for p in checked("users", *one).problems]
    assert found == [(0, "warning", field), (2, "warning", field)]


def test_what_looks_ruined_goes_where_the_person_vouches_for_it_within_the_limits():
    row = GOOD["users"] | {"student_no": "1.2E+11", "employ_no": "1.2E+11" + "0" * 50}
    result = checked("users", row, as_shown=frozenset({"student_no", "employ_no"}))
    assert [(p.field, p.code) for p in result.problems] == [("employ_no", 9030)]


DAYS = {
    "endTime": {
        "1989-12-31T23:59:59": ["error"], "2076-09-01T00:00:00": ["error"], "9999-12-31T23:59:59": [],
        "9999-12-30T23:59:59": ["error"], "2041-09-02T00:00:00": ["warning"], "2041-08-31T00:00:00": [],
        "2021-08-31T00:00:00": ["warning"], "2021-09-01T00:00:00": [],
    },
    "date_of_birth": {
        "1899-12-31": ["warning"], "1900-01-01": [], "2016-08-31": [], "2016-09-02": ["warning"], "2026-09-02": ["error"],
    },
}  # fmt: skip


@pytest.mark.parametrize("field", DAYS)
def test_days_out_of_reach_are_held_and_distant_ones_warned_of(field):
    endpoint = "users" if field == "date_of_birth" else "permit-updates"
    for day, said in DAYS[field].items():
        found = checked(endpoint, GOOD[endpoint] | {field: day}).problems
        assert (day, [p.severity.value for p in found]) == (day, said)
