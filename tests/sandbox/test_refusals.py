"""The sandbox refuses what the vendor's pages forbid, each with its code: tokens, paths, bodies, values."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rehearsing import CALLS, CLIENT, LEAST, USER, VEHICLE, calling

from importer.sandbox import pages

VENDOR = Path(__file__).parents[1] / "vendor_tables"


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
    ("GET", "/api/C/v1/profiles/push", JSON, b"{}", 404),
    ("GET", "/api/v1/validate/plate", JSON, b"{}", 404),
    ("POST", "/api/C/v1/profiles/push", "text/plain", b"{}", 404),
    ("POST", "/api/v1/validate/plate", "text/plain", b"{}", 404),
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


FORM_OF = {
    "alphanumeric including dashes; valid email address": pages.EMAIL,
    "postal abbreviation": pages.TWO_LETTERS,
    "id number": pages.DIGITS,
    "date yyyy-mm-dd": pages.DAY,
    r"time Y-m-d\TH:i:s": pages.MOMENT,
    "decimal": pages.MONEY,
    "currency": pages.CURRENCY,
    "digit year": pages.YEAR,
}
KEPT = {"email", "first_name", "last_name", "permits/update endTime", "permits/update plate"}
"""What may be left out, but is not sent empty."""
USUAL = (9031, 9030, 9033)
CODES = {
    "unique_id": (9013,), "login_source": (9014, 9030, 9015), "referenceID": (9008,),
    "first_name": (9017,), "last_name": (9018,), "email": (9016,), "plate": (9006,),
    "vehicles/push plate": (9006, 9021), "plateTypeID": (9010,), "provID": (9011,),
    "startTime": (9031, 9007, 9007), "endTime": (9004, 9005, 9005),
}  # fmt: skip
"""Where missing, too long or invalid is not as usual."""
CALL_OF = {
    "users": "profiles/push", "vehicles": "vehicles/push", "permits": "permits/push",
    "permit-updates": "permits/update", "permit-deletes": "permits/delete", "plates": "validate/plate",
}  # fmt: skip


@pytest.mark.parametrize("endpoint", CALL_OF)
def test_each_page_has_the_names_limits_forms_and_needs_that_the_vendor_prints(endpoint):
    call = CALL_OF[endpoint]
    page = next(page for page in pages.PAGES if page.call == call)
    with (VENDOR / f"{endpoint}.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))[2 if page.own_host else 1 :]
    for attribute, line in zip(page.attributes, lines, strict=True):
        first, form = attribute.names[0], FORM_OF.get(line["form"], pages.TEXT)
        own = CODES.get(f"{call} {first}", CODES.get(first, ()))
        if form in {pages.TWO_LETTERS, pages.DAY}:
            own = (9031, 9033)
        kept = {first, f"{call} {first}"} & KEPT
        required = line["need"] == "Required"
        assert set(attribute.names) == set(line["names"].split()) or {"email"}, first
        assert attribute.form == form, first
        # A form that leaves no room for a length of its own: twenty characters are printed for times.
        limit = "" if form in {pages.MOMENT, pages.YEAR} else line["limit"]
        assert str(attribute.most or "") == limit, first
        assert attribute.blank == ("refused" if required else "kept" if kept else "allowed"), first
        assert line["need"] == f"One of {first} or {attribute.instead}" or not attribute.instead
        codes = (attribute.missing, attribute.too_long, attribute.invalid)
        assert codes == own + USUAL[len(own) :], first


def test_a_long_colour_is_cut_with_a_warning_as_in_the_sample_answer(client):
    body = {**VEHICLE, "colour": "r" * 51}
    warnings = ["The colour was too long and was cut."]
    told = {"status": "success", "vehicle_id_id": "1", "warnings": warnings}
    assert client.tell("vehicles/push", body) == told
    assert client.records("vehicles")[0]["colour"] == "r" * 50


START = "2026-08-31T23:59:59"
NO_STARTS = ["2026-09-01", "2026-09-01 00:00:00", f"{START}Z", "2026-08-31T23:59:60"]
NO_ENDS = ["2026-02-30T00:00:00", "2026-09-01T00:00:00", "2026-09-02T24:00:00", f"{START}+00:00"]
NO_DAYS = ["2023-02-29", "9999-12-31", "31/01/1901", "19010131", "1901-1-31"]
NO_MONEY = ["14.5", "14", "0.00", ".50", "1,014.50", "$14.50", "-1.00", "1.005"]
FORMS = [
    ("profiles/push", "street", ["Main Street " * 100], [6, None, True, ["6"], {"a": "b"}], 9033),
    ("profiles/push", "city", ["é" * 50, "e\u0301" * 50], ["é" * 51, "e\u0301" * 51], 9030),
    ("profiles/push", "email", [f"{'a' * 90}@test.test"], [f"{'a' * 91}@test.test"], 9030),
    ("vehicles/push", "plate", ["é" * 50], ["é" * 51], 9021),
    ("permits/push", "ParkingZoneName", ["é" * 200], ["é" * 201], 9030),
    ("profiles/push", "first_name", ["Zoë O'Neil"], ["Zoë\nAnn", "\x00", "a\x85", "\ud800"], 9033),
    ("profiles/push", "login_source", ["OPSCOM"], ["OPS\tCOM"], 9015),
    ("profiles/push", "email", ["a@b", "zoë@example.com"], ["a", "a b@c", "@", "a@b@c"], 9033),
    ("profiles/push", "state", ["NY", "bc"], ["Ontario", "O", "O1", "ÉÉ"], 9033),
    ("profiles/push", "user_type_id", ["6", "0012"], ["six", "1.0", "-1", "٣"], 9033),
    ("profiles/push", "date_of_birth", ["1901-01-31", "2024-02-29"], NO_DAYS, 9033),
    ("vehicles/push", "year", ["2011"], ["11", "20111", "MMXI"], 9033),
    ("permits/push", "amount", ["0.01", "999999.99", "000.01"], NO_MONEY, 9033),
    ("permits/push", "Amount", ["14.50"], ["1000000.00"], 9030),
    ("permits/push", "CurrencyID", ["CAD", "USD"], ["EUR", "cad", "Dollars"], 9033),
    ("permits/push", "startTime", [START], NO_STARTS, 9007),
    ("permits/push", "StartDateUtc", [START], ["today"], 9007),
    ("permits/push", "endTime", ["2026-09-01T00:00:01"], [*NO_ENDS, "tomorrow"], 9005),
]


@pytest.mark.parametrize(("call", "name", "good", "bad", "code"), FORMS)
def test_a_value_has_the_length_and_the_form_that_its_page_says(
    client, call, name, good, bad, code
):
    for number, value in enumerate(good):
        assert client.code(call, {**LEAST[call], "plate": str(number), name: value}) is None, value
    for value in bad:
        assert client.code(call, {**LEAST[call], "plate": "B", name: value}) == code, value


@pytest.mark.parametrize(
    ("call", "name", "code"),
    [("profiles/push", "unique_id", 9013), ("vehicles/push", "prov", 9011)],
)
def test_a_required_attribute_is_neither_left_out_nor_empty(shared, call, name, code):
    body = {each: text for each, text in LEAST[call].items() if each != name}
    for empty in ({}, {name: ""}, {name: "  "}):
        assert shared.code(call, body | empty) == code


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
