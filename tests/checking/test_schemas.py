"""The tables agree with a second transcription of the vendor's pages, made for these tests alone."""

import csv
from pathlib import Path

import pytest

from importer.codes import CODES
from importer.schema import Kind, Need, record_key
from schemas import TABLES

PAGES = Path(__file__).parents[1] / "vendor_tables"
FORMS = {
    **dict.fromkeys(
        ["", "alphanumeric", "alphanumeric including dashes", "characters"],  # not told apart there
        frozenset({Kind.ID, Kind.NAME, Kind.TEXT, Kind.PLATE, Kind.PHONE, Kind.POSTAL}),
    ),
    "vehicle plate": {Kind.PLATE},
    "alphanumeric including dashes; valid email address": {Kind.EMAIL},
    "characters; identification number": {Kind.VIN},
    "postal abbreviation": {Kind.PROVINCE},
    "id number": {Kind.NUMBER},
    "date yyyy-mm-dd": {Kind.DATE},
    r"time Y-m-d\TH:i:s": {Kind.DATETIME},
    "decimal": {Kind.AMOUNT},
    "currency": {Kind.CURRENCY},
    "digit year": {Kind.YEAR},
}
NOT_MAPPED = {"apiToken", "api_token", "client"}
ENDPOINTS = ["users", "vehicles", "permits", "permit-updates", "permit-deletes", "plates"]


def page(endpoint):
    with (PAGES / f"{endpoint}.csv").open(encoding="utf-8", newline="") as file:
        return [line for line in csv.DictReader(file) if line["names"] not in NOT_MAPPED]


def transcribed(line):
    """One line of the vendor's page in our words; the row without names is the e-mail's."""
    names = set(line["names"].split()) or {"email"}
    limit = int(line["limit"]) if line["limit"] else None
    return line["attribute"] or "Email", names, limit


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_a_table_has_the_vendors_attributes_in_the_vendors_order(endpoint):
    ours = [
        (known.title, {known.name, *known.aliases}, known.max_length)
        for known in TABLES[endpoint].fields
    ]

    assert ours == [transcribed(line) for line in page(endpoint)]
    assert not NOT_MAPPED & set(TABLES[endpoint].names)
    kinds = zip(TABLES[endpoint].fields, page(endpoint), strict=True)
    assert [known.name for known, line in kinds if known.kind not in FORMS[line["form"]]] == []


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_a_field_is_needed_as_the_vendors_description_says(endpoint):
    table = TABLES[endpoint]
    ours = [
        "One of " + " or ".join(one.name for one in table.group(known.group))
        if known.need is Need.ONE_OF
        else "Required"
        if known.need is Need.REQUIRED
        else "Optional"
        for known in table.fields
    ]
    assert ours == [line["need"] for line in page(endpoint)]


def test_only_what_an_error_code_calls_required_is_expected_though_optional():
    fields = (known for table in TABLES.values() for known in table.fields)
    expected = {known.name for known in fields if known.need is Need.EXPECTED}
    assert expected == {"email", "first_name", "last_name"}


CODES_OF_THEIR_OWN = {
    "users": {"unique_id": (9013,), "login_source": (9014,)},
    "vehicles": {
        "plate": (9006, 9021), "plateTypeID": (9010,), "plateType": (9010,), "provID": (9011,), "prov": (9011,),
    },
    "permits": {"startTime": (9031, 9030, 9007), "endTime": (9004, 9030, 9005), "plate": (9006,)},
    "permit-updates": {"referenceID": (9008,), "endTime": (9031, 9030, 9005)},
    "permit-deletes": {"referenceID": (9008,)},
    "plates": {"plate": (9006,)},
}  # fmt: skip
"""Where missing, too long or invalid is not 9031, 9030, 9033."""


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_a_field_that_is_missing_too_long_or_invalid_has_the_code_that_the_vendor_lists(endpoint):
    for known in TABLES[endpoint].fields:
        usual = (9031, 9030, 9033)
        expected = {"email": (9016,), "first_name": (9017,), "last_name": (9018,)}
        own = (CODES_OF_THEIR_OWN[endpoint] | expected).get(known.name, ())
        assert (known.missing, known.too_long, known.invalid) == own + usual[len(own) :]


RECORD_KEYS = {
    "a user's id as it is spelled": ("users", {"unique_id": "aB|1"}, "aB|1"),
    "nothing for a blank": ("users", {"unique_id": ""}, ""),
    "nothing for a permit": ("permits", {"plate": "ABC"}, ""),
    "a reference id folded": ("permit-updates", {"referenceID": "1A-B"}, "1a-b"),
    "the same for a delete": ("permit-deletes", {"referenceID": "1A-B"}, "1a-b"),
    "a plate to look up": ("plates", {"plate": "abc"}, "abc"),
    "a vehicle in capitals with the first filled field of each part": (
        "vehicles", {"plate": "ab\\|1", "prov": "on", "plateTypeID": "4", "plateType": "truck"},
        r"AB\\\|1|prov=ON|plateTypeID=4",
    ),
    "no vehicle without a type": ("vehicles", {"plate": "ABC", "prov": "ON"}, ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", RECORD_KEYS)
def test_a_record_is_known_by_its_key(kind):
    endpoint, payload, key = RECORD_KEYS[kind]
    assert record_key(TABLES[endpoint], payload) == key


def test_every_documented_code_has_a_meaning_and_a_remedy():
    assert set(CODES) == {*range(9000, 9023), *range(9030, 9035)}
    fields = (known for table in TABLES.values() for known in table.fields)
    assert {code for known in fields for code in known.codes} <= set(CODES)
    assert {number for number, code in CODES.items() if code.number != number} == set()
    for code in CODES.values():
        for sentence in (code.means, code.remedy):
            assert sentence[0].isupper()
            assert sentence.endswith(".")
