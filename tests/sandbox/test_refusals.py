"""The sandbox refuses what the vendor's pages forbid, each with its code: tokens, paths, bodies, values."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rehearsing import CALLS, CLIENT, LEAST, USER, VEHICLE, calling


@pytest.fixture
def client():
    with calling() as client:
        yield client


@pytest.fixture(scope="module")
def shared():
    """One sandbox for the tests that store nothing they look at."""
    with calling() as client:
        yield client


TOKENS = {"": 9001, None: 9001, "x" * 51: 9034, "a b": 9034, 7: 9034}


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_every_call_asks_for_a_token(shared, call):
    told = {token: shared.code(call, LEAST.get(call), token=token) for token in TOKENS}
    assert told == TOKENS
    assert shared.code(call, LEAST.get(call), token="x" * 50) not in {9001, 9034}


def test_what_a_request_lacks_is_told(shared):
    url = f"{shared.sandbox.url}/api/{CLIENT}/v1/profiles/push"
    told = {"ErrorCode": 9001, "ErrorMessage": "The sandbox refuses this."}
    assert shared.session.post(url, json={}, timeout=100).json() == told
    assert shared.code("profiles/types/list", client="") == 9000


@pytest.mark.parametrize(
    ("body", "code"), [({"api_token": None}, 9001), ({"client": ""}, 9000), ({"plate": ""}, 9006)]
)
def test_a_plate_query_tells_what_it_lacks_in_its_own_words(shared, body, code):
    answer = shared.plate(**body).json()
    assert list(answer) == ["error", "data", "message"]
    assert (answer["error"], answer["data"]) == (code, {})


JSON = "application/json"
BODIES = [b"", b'{"apiToken": "YOUR-API-TOKEN",}', b"[]", b"\xff", b"[" * 100_000]
ODD = [
    *(("POST", f"/api/{CLIENT}/v1/profiles/types/list", JSON, body, 200) for body in BODIES),
    ("GET", "/api/C/v1/profiles/push", JSON, b"{}", 405),
    ("GET", "/api/v1/validate/plate", JSON, b"{}", 405),
    ("POST", "/api/C/v1/profiles/push", "text/plain", b"{}", 415),
    ("POST", "/api/v1/validate/plate", "text/plain", b"{}", 415),
    ("POST", "/api/C/v1/profiles/delete", JSON, b"{}", 404),
    ("POST", "/", JSON, b"{}", 404),
]


@pytest.mark.parametrize(("method", "path", "media", "body", "status"), ODD, ids=range(len(ODD)))
def test_what_is_no_json_object_cannot_be_parsed_and_a_wrong_method_media_type_or_path_gets_a_page(
    shared, method, path, media, body, status
):
    url, headers = shared.sandbox.url + path, {"Content-Type": media}
    answer = shared.session.request(method, url, data=body, headers=headers, timeout=100)
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["ErrorCode"] == 9003
    else:
        assert answer.text.startswith("<!DOCTYPE html>")


# Values


OF_LIMIT = {
    (
        "profiles/push",
        20,
        9030,
    ): "login_source postal_code zip street2 postal_code2 zip2 phone_cell",
    ("profiles/push", 50, 9030): "unique_id first_name last_name user_name city city2 employ_no "
    "employee_phone student_no student_phone",
    ("profiles/push", 255, 9030): "driver_licence_num driver_license_num",
    ("vehicles/push", 25, 9030): "vin",
    ("vehicles/push", 50, 9021): "plate",
    ("vehicles/push", 50, 9030): "plateType prov make type",
    ("permits/push", 25, 9030): "plate LicencePlate",
    ("permits/push", 50, 9030): "permitNo TicketNumber",
    ("permits/push", 200, 9030): "zone ParkingZoneName",
}
LIMITS = [
    pytest.param(call, name, "é" * limit, "é" * (limit + 1), code, id=f"{call}-{name}")
    for (call, limit, code), names in OF_LIMIT.items()
    for name in names.split()
]
AT = "@test.test"
LIMITS += [
    pytest.param("profiles/push", "city", "e\u0301" * 50, "e\u0301" * 51, 9030, id="composed"),
    pytest.param("profiles/push", "email", "a" * 90 + AT, "a" * 91 + AT, 9030, id="e-mail"),
]


@pytest.mark.parametrize(("call", "name", "longest", "longer", "code"), LIMITS)
def test_a_text_may_be_as_long_as_its_limit_and_no_longer(
    client, call, name, longest, longer, code
):
    assert client.code(call, {**LEAST[call], name: longest}) is None
    assert client.code(call, {**LEAST[call], name: longer}) == code


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


USERS = [
    ("street", ["Main Street " * 100], []),
    ("email", ["a@b", "zoë@example.com"], ["a", "a b@c", "@", "a@b@c"]),
    ("province", ["ON", "bc"], ["Ontario", "O", "O1", "ÉÉ"]),
    ("state", ["NY"], ["New York"]),
    ("province2", ["ON"], ["Ontario"]),
    ("state2", ["NY"], ["NYC"]),
    ("driver_licence_prov", ["QC"], ["Quebec"]),
    ("driver_license_state", ["CA"], ["Cal"]),
    ("user_type_id", ["6", "0012"], ["six", "1.0", "-1", "٣"]),
    ("locker_user_type_id", ["3"], ["3a"]),
    ("date_of_birth", ["1901-01-31", "2024-02-29"], ["2023-02-29", "9999-12-31"]),
    ("date_of_birth", [], ["31/01/1901", "19010131", "1901-1-31"]),
    ("first_name", ["Zoë Ann-Marie O'Neil"], ["Zoë\nAnn", "\x00", "a\x85", "\ud800"]),
]
VEHICLES = [
    ("plateTypeID", ["4"], ["four"]),
    ("provID", ["9"], ["ON"]),
    ("makeID", ["13"], ["kia"]),
    ("typeID", ["5"], ["suv"]),
    ("colourID", ["14"], ["red"]),
    ("year", ["2011"], ["11", "20111", "MMXI"]),
]
PERMITS = [
    ("amount", ["0.01", "999999.99", "14.50"], ["14.5", "14", "0.00", ".50"]),
    ("Amount", ["000.01"], ["1,014.50", "$14.50", "-1.00", "1.005"]),
    ("currency", ["CAD", "USD"], ["EUR", "cad"]),
    ("CurrencyID", ["USD"], ["Dollars"]),
]
START = "2026-08-31T23:59:59"
NO_STARTS = ["2026-09-01", "2026-09-01 00:00:00", f"{START}Z", "2026-08-31T23:59:60"]
NO_ENDS = ["2026-02-30T00:00:00", "2026-09-01T00:00:00", "2026-09-02T24:00:00", f"{START}+00:00"]
FORMS = [
    *(("profiles/push", *form, 9033) for form in USERS),
    ("profiles/push", "login_source", ["OPSCOM"], ["OPS\tCOM"], 9015),
    *(("vehicles/push", *form, 9033) for form in VEHICLES),
    *(("permits/push", *form, 9033) for form in PERMITS),
    ("permits/push", "amount", [], ["1000000.00"], 9030),
    ("permits/push", "startTime", [START], NO_STARTS, 9007),
    ("permits/push", "StartDateUtc", [START], ["today"], 9007),
    ("permits/push", "endTime", ["2026-09-01T00:00:01"], [*NO_ENDS, "tomorrow"], 9005),
    ("permits/push", "EndDateUtc", ["2026-09-01T00:00:01"], ["today"], 9005),
]


@pytest.mark.parametrize(("call", "name", "good", "bad", "code"), FORMS)
def test_a_value_has_the_form_that_its_page_says(client, call, name, good, bad, code):
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


@pytest.mark.parametrize(("call", "names", "code"), MISSING, ids=str)
def test_a_required_attribute_is_neither_left_out_nor_empty(shared, call, names, code):
    body = {name: text for name, text in LEAST[call].items() if name not in names}
    for empty in ({}, dict.fromkeys(names, ""), dict.fromkeys(names, "  ")):
        assert shared.code(call, body | empty) == code


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
