"""The sandbox refuses what the vendor's pages forbid, each with its code."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rehearsing import LEAST, USER, VEHICLE, calling


@pytest.fixture
def client():
    with calling() as client:
        yield client


@pytest.fixture(scope="module")
def shared():
    """One sandbox for the tests that store nothing they look at."""
    with calling() as client:
        yield client


LIMITS = [
    ("profiles/push", "unique_id", 50, 9030),
    ("profiles/push", "login_source", 20, 9030),
    ("profiles/push", "first_name", 50, 9030),
    ("profiles/push", "last_name", 50, 9030),
    ("profiles/push", "user_name", 50, 9030),
    ("profiles/push", "city", 50, 9030),
    ("profiles/push", "postal_code", 20, 9030),
    ("profiles/push", "zip", 20, 9030),
    ("profiles/push", "street2", 20, 9030),
    ("profiles/push", "city2", 50, 9030),
    ("profiles/push", "postal_code2", 20, 9030),
    ("profiles/push", "zip2", 20, 9030),
    ("profiles/push", "phone_cell", 20, 9030),
    ("profiles/push", "employ_no", 50, 9030),
    ("profiles/push", "employee_phone", 50, 9030),
    ("profiles/push", "student_no", 50, 9030),
    ("profiles/push", "student_phone", 50, 9030),
    ("profiles/push", "driver_licence_num", 255, 9030),
    ("profiles/push", "driver_license_num", 255, 9030),
    ("vehicles/push", "plate", 50, 9021),
    ("vehicles/push", "plateType", 50, 9030),
    ("vehicles/push", "prov", 50, 9030),
    ("vehicles/push", "make", 50, 9030),
    ("vehicles/push", "type", 50, 9030),
    ("vehicles/push", "vin", 25, 9030),
    ("permits/push", "plate", 25, 9030),
    ("permits/push", "LicencePlate", 25, 9030),
    ("permits/push", "permitNo", 50, 9030),
    ("permits/push", "TicketNumber", 50, 9030),
    ("permits/push", "zone", 200, 9030),
    ("permits/push", "ParkingZoneName", 200, 9030),
]


@pytest.mark.parametrize(
    ("call", "name", "limit", "code"), LIMITS, ids=[f"{call}-{name}" for call, name, *_ in LIMITS]
)
def test_a_text_may_be_as_long_as_its_limit_and_no_longer(client, call, name, limit, code):
    assert client.code(call, {**LEAST[call], name: "é" * limit}) is None
    assert client.code(call, {**LEAST[call], name: "é" * (limit + 1)}) == code


def test_the_length_is_counted_in_composed_characters(client):
    assert client.code("profiles/push", {**LEAST["profiles/push"], "city": "e\u0301" * 50}) is None


def test_an_email_may_have_100_characters(client):
    body = LEAST["profiles/push"]
    assert client.code("profiles/push", {**body, "email": "a" * 90 + "@test.test"}) is None
    assert client.code("profiles/push", {**body, "email": "a" * 91 + "@test.test"}) == 9030


def test_a_street_has_no_limit(client):
    body = {**LEAST["profiles/push"], "street": "Main Street " * 100}
    assert client.code("profiles/push", body) is None


@pytest.mark.parametrize("call", ["permits/update", "permits/delete"], ids=str)
@pytest.mark.parametrize("name", ["referenceID", "referenceid", "reference_id"], ids=str)
def test_a_reference_id_may_have_50_characters_and_must_be_known(shared, call, name):
    assert shared.code(call, {name: "x" * 50}) == 9009
    assert shared.code(call, {name: "x" * 51}) == 9030


def test_a_long_colour_is_cut_with_a_warning_as_in_the_sample_answer(client):
    body = {**VEHICLE, "colour": "r" * 51}
    assert client.tell("vehicles/push", body) == {
        "status": "success",
        "vehicle_id_id": "1",
        "warnings": ["The colour was too long and was cut."],
    }
    assert client.records("vehicles")[0]["colour"] == "r" * 50


FORMS = [
    ("profiles/push", "email", ["a@b", "zoë@example.com"], ["a", "a b@c", "@", "a@b@c"], 9033),
    ("profiles/push", "province", ["ON", "bc"], ["Ontario", "O", "O1", "ÉÉ"], 9033),
    ("profiles/push", "state", ["NY"], ["New York"], 9033),
    ("profiles/push", "province2", ["ON"], ["Ontario"], 9033),
    ("profiles/push", "state2", ["NY"], ["NYC"], 9033),
    ("profiles/push", "driver_licence_prov", ["QC"], ["Quebec"], 9033),
    ("profiles/push", "driver_license_state", ["CA"], ["Cal"], 9033),
    ("profiles/push", "user_type_id", ["6", "0012"], ["six", "1.0", "-1", "٣"], 9033),
    ("profiles/push", "locker_user_type_id", ["3"], ["3a"], 9033),
    ("profiles/push", "date_of_birth", ["1901-01-31", "2024-02-29"], ["2023-02-29"], 9033),
    (
        "profiles/push",
        "date_of_birth",
        [],
        ["31/01/1901", "19010131", "1901-1-31", "9999-12-31"],
        9033,
    ),
    ("profiles/push", "login_source", ["OPSCOM"], ["OPS\tCOM"], 9015),
    (
        "profiles/push",
        "first_name",
        ["Zoë Ann-Marie O'Neil"],
        ["Zoë\nAnn", "\x00", "a\x85", "\ud800"],
        9033,
    ),
    ("vehicles/push", "plateTypeID", ["4"], ["four"], 9033),
    ("vehicles/push", "provID", ["9"], ["ON"], 9033),
    ("vehicles/push", "makeID", ["13"], ["kia"], 9033),
    ("vehicles/push", "typeID", ["5"], ["suv"], 9033),
    ("vehicles/push", "colourID", ["14"], ["red"], 9033),
    ("vehicles/push", "year", ["2011"], ["11", "20111", "MMXI"], 9033),
    ("permits/push", "amount", ["0.01", "999999.99", "14.50"], ["14.5", "14", "0.00", ".50"], 9033),
    ("permits/push", "Amount", ["000.01"], ["1,014.50", "$14.50", "-1.00", "1.005"], 9033),
    ("permits/push", "amount", [], ["1000000.00"], 9030),
    ("permits/push", "currency", ["CAD", "USD"], ["EUR", "cad"], 9033),
    ("permits/push", "CurrencyID", ["USD"], ["Dollars"], 9033),
    (
        "permits/push",
        "startTime",
        ["2026-08-31T23:59:59"],
        ["2026-09-01", "2026-09-01 00:00:00"],
        9007,
    ),
    ("permits/push", "startTime", [], ["2026-08-31T23:59:59Z", "2026-08-31T23:59:60"], 9007),
    ("permits/push", "endTime", ["2026-09-01T00:00:01"], ["2026-02-30T00:00:00", "tomorrow"], 9005),
    ("permits/push", "endTime", [], ["2026-09-01T00:00:00", "2026-08-01T00:00:00"], 9005),
    ("permits/push", "endTime", [], ["2026-09-02T24:00:00", "2026-09-02T00:00:00+00:00"], 9005),
    ("permits/push", "StartDateUtc", ["2026-08-31T23:59:59"], ["today"], 9007),
    ("permits/push", "EndDateUtc", ["2026-09-01T00:00:01"], ["today"], 9005),
]


@pytest.mark.parametrize(
    "form", FORMS, ids=[f"{number}-{form[1]}" for number, form in enumerate(FORMS)]
)
def test_a_value_has_the_form_that_its_page_says(client, form):
    call, name, good, bad, code = form
    for number, value in enumerate(good):
        assert client.code(call, {**LEAST[call], "plate": str(number), name: value}) is None, value
    for value in bad:
        assert client.code(call, {**LEAST[call], "plate": "B", name: value}) == code, value


MISSING = [
    ("profiles/push", ("unique_id",), 9013),
    ("profiles/push", ("login_source",), 9014),
    ("vehicles/push", ("plate",), 9006),
    ("vehicles/push", ("plateType", "plateTypeID"), 9010),
    ("vehicles/push", ("prov", "provID"), 9011),
    ("permits/push", ("plate", "LicencePlate"), 9006),
    ("permits/push", ("startTime",), 9031),
    ("permits/push", ("endTime",), 9004),
    ("permits/update", ("referenceID",), 9008),
    ("permits/delete", ("referenceID",), 9008),
]


@pytest.mark.parametrize(
    ("call", "names", "code"), MISSING, ids=[f"{call}-{names[0]}" for call, names, _ in MISSING]
)
@pytest.mark.parametrize("value", [None, "", "  "], ids=["left-out", "empty", "blank"])
def test_a_required_attribute_is_neither_left_out_nor_empty(shared, call, names, code, value):
    body = {name: text for name, text in LEAST[call].items() if name not in names}
    if value is not None:
        body |= dict.fromkeys(names, value)
    assert shared.code(call, body) == code


@pytest.mark.parametrize(
    ("name", "code"), [("email", 9016), ("first_name", 9017), ("last_name", 9018)], ids=str
)
def test_email_and_names_may_be_left_out_but_not_sent_empty(client, name, code):
    assert client.code("profiles/push", LEAST["profiles/push"]) is None
    assert client.code("profiles/push", {**LEAST["profiles/push"], name: ""}) == code


@pytest.mark.parametrize("value", [6, None, True, ["6"], {"a": "b"}], ids=repr)
def test_every_attribute_is_a_string(shared, value):
    body = {**LEAST["profiles/push"], "user_type_id": value}
    assert shared.code("profiles/push", body) == 9033


def test_an_undocumented_attribute_is_passed_over_with_a_warning(client):
    answer = client.tell("profiles/push", {**LEAST["profiles/push"], "firstname": "Ada"})
    assert answer["warnings"] == ["The attribute firstname is not documented and was passed over."]
    assert "firstname" not in client.records("users")[0]


@given(
    st.dictionaries(
        st.sampled_from([*USER, "unknown"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=60),
    )
)
@settings(max_examples=60, deadline=None)
def test_any_user_is_accepted_or_refused_with_a_documented_code_and_no_value_in_the_message(
    shared, body
):
    answer = shared.tell("profiles/push", body)
    if answer.get("status") != "success":
        assert list(answer) == ["ErrorCode", "ErrorMessage"]
        assert answer["ErrorCode"] in {*range(9000, 9023), *range(9030, 9035)}
        about = re.fullmatch(
            r"The sandbox refuses (?:this|(\w+)(?: or \w+)?)\.", answer["ErrorMessage"]
        )
        assert about is not None
        assert about[1] in {None, *USER}
