"""The vendor's sample answers are read without loss, and what no workbook may show is in none.

``vendor_answers`` holds the "Successful Response" of each read page of the API documentation. Three of
them are no JSON as printed and were repaired, in nothing else than this:

- "Pull API: Permit Stats": ``, : :}`` at the end stands for more records; the list is closed instead.
- "Pull API: Plate Validation", "Successful Response": two comments and one comma too many are taken out,
  and the comma before ``message`` is put in.
- "Pull API: Plate Validation", "Response Samples", standard: the comma after ``permits`` is taken out.
"""

import json

import openpyxl
import pytest
from commanding import raw_parts
from hypothesis import given
from hypothesis import strategies as st
from pulling import answer, rows_of

from importer.delivery.answers import Refused, Unreadable
from importer.delivery.questions import Found, listing
from importer.pulls.book import SECRETS, cell, write_book
from importer.pulls.plates import read_plate, told_of
from importer.pulls.violations import MONEY, pages_of, read_violations

OVERDUE = answer("overdue-violations")


def laid_out(folder, content):
    records, _ = read_violations(content if isinstance(content, str) else json.dumps(content))
    return write_book(folder / "v.xlsx", pages_of(records))


def whole(record, *moved):
    """Return all that a row of the workbook must hold of an object."""
    found = {}
    for name, value in record.items():
        if name in SECRETS or name in moved or value is None:
            continue
        if isinstance(value, dict):
            found |= {f"{name}.{inner}": each for inner, each in whole(value, *moved).items()}
        else:
            found[name] = float(value) if name in MONEY else value
    return found


# Pull API: Overdue Violations, "Successful Response"


def test_every_value_of_the_sample_is_in_the_workbook_and_no_salt_token_or_encrypted_id(tmp_path):
    workbook = laid_out(tmp_path, OVERDUE.decode())
    (record,) = json.loads(OVERDUE)["records"]
    expected = {
        "Violations": [whole(record, "details", "attachments", "drivers")],
        "Details": [whole(each) for each in record["details"]],
        "Drivers": [whole(each) for each in record["vehicle"]["drivers"]],
        "Attachments": [whole(each) for each in record["attachments"]],
    }
    for sheet, records in expected.items():
        rows = rows_of(workbook, sheet)
        assert [row["ViolationID"] for row in rows] == [9] * len(records)
        for row, wanted in zip(rows, records, strict=True):
            assert {name: row.get(name) for name in wanted} == wanted
        headers = [cell.value for cell in openpyxl.load_workbook(workbook)[sheet][1]]
        assert len(headers) == len(set(headers))
    held = raw_parts(workbook)
    assert not [name for name in (b"salt", b"encid", b"csrf_token") if name in held]


def test_a_secret_is_left_out_at_any_depth(tmp_path):
    secrets = dict.fromkeys([*SECRETS, "Salt", "remember_token", "apiToken"], "hush")
    nested = {"ViolationID": 1, **secrets, "x": secrets, "y": [{"z": secrets}]}
    vehicle = {**nested, "drivers": [nested]}
    record = {**nested, "user": nested, "details": [nested], "vehicle": vehicle}
    assert b"hush" not in raw_parts(laid_out(tmp_path, {"records": [record]}))


SHARED = {"VehicleID": 8, "Plate": "INV 1", "drivers": [{"UserID": 1}, {"UserID": 2}]}
LAID_OUT = {
    "a vehicle that two violations share": (
        [{"ViolationID": n, "vehicle": SHARED} for n in (1, 2)],
        "Drivers",
        [{"ViolationID": n, "UserID": person} for n in (1, 2) for person in (1, 2)],
    ),
    "a long id keeps its digits": (
        [{"ViolationID": 9007199254740993}, {"ViolationID": None}, {"UUID": "00012"}],
        "Violations",
        [{"ViolationID": "9007199254740993"}, {"UUID": "00012"}],
    ),
    "the person on the ticket": (
        [{"ViolationID": 5, "user": {"UserID": 7, "lastName": "Invented"}, "vehicle": None}],
        "Violations",
        [{"ViolationID": 5, "user.UserID": 7, "user.lastName": "Invented"}],
    ),
    "what the vendor does not document": (
        [{"ViolationID": 1, "new": {"a": [1, 2]}, "details": "none", "vehicle": "gone"}, "odd"],
        "Violations",
        [
            {"ViolationID": 1, "new.a": "[1, 2]", "details": "none", "vehicle": "gone"},
            {"value": "odd"},
        ],
    ),
}


@pytest.mark.parametrize(("records", "sheet", "rows"), LAID_OUT.values(), ids=LAID_OUT)
def test_whatever_a_violation_holds_is_laid_out(tmp_path, records, sheet, rows):
    assert rows_of(laid_out(tmp_path, {"records": records}), sheet) == rows


@given(st.integers(0, len(OVERDUE)))
def test_an_answer_cut_off_anywhere_gives_the_violations_that_arrived_whole(at):
    content = b'{"records":[' + b",".join([b'{"ViolationID":1}', b'{"ViolationID":2}'])
    content += b"," + OVERDUE.split(b"[", 1)[1]
    records, complete = read_violations(content[: at + 11].decode("utf-8", "replace"))
    ids = [record["ViolationID"] for record in records]
    assert ids == [1, 2, 9][: len(ids)]
    assert not complete or len(ids) == 3


# Lists, and "Pull API: Plate Validation"

ANSWERS = [
    (listing("data"), '{"ErrorCode":9002,"data":[]}', Refused("9002", "")),
    (listing("data"), '{"data":{}}', Unreadable()),
    (listing("data"), '{"status":"failed","data":[]}', Unreadable()),
    (listing("data"), "<html></html>", Unreadable()),
    (listing("data"), '{"ErrorCode":0,"data":[]}', Found({"ErrorCode": 0, "data": []})),
    (read_plate, '{"error": 9002, "message": "no"}', Refused("9002", "no")),
    (read_plate, '{"error": "1", "data": {}}', Refused("1", "")),
    (read_plate, '{"ErrorCode": 9001}', Refused("9001", "")),
    (read_plate, '{"error": 0, "data": []}', Unreadable()),
    (read_plate, '{"plate": "A"}', Unreadable()),
    (read_plate, '{"error": [], "data": {"response": ""}}', Unreadable()),
    (read_plate, '{"error": 0, "data": {"response": ""}}', Found({"response": ""})),
]


@pytest.mark.parametrize(("read", "body", "expected"), ANSWERS)
def test_the_body_decides_and_of_a_plate_only_error_0_is_an_answer(read, body, expected):
    assert read(body.encode()) == expected


# Cells


CELLS = [(50, 50), (0.5, 0.5), (10**15, "1000000000000000"), (True, True), (None, None)]
CELLS += [("007", "007"), ("12", "12"), (float("nan"), "nan"), ([], None), (["a"], '["a"]')]
AMOUNTS = [("0.0000", 0.0), ("n/a", "n/a"), ("1e3", "1e3"), ("12", 12)]


def test_numbers_are_numbers_where_a_spreadsheet_keeps_all_digits_and_amounts_also_as_text():
    assert [cell(value) for value, _ in CELLS] == [each for _, each in CELLS]
    assert [cell(value, number=True) for value, _ in AMOUNTS] == [each for _, each in AMOUNTS]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), _JSON, max_size=4))
def test_whatever_an_answer_holds_can_be_read_and_laid_out(content):
    body = json.dumps({"records": [content], "error": 0, "data": content, **content}).encode()
    records, _ = read_violations(body.decode())
    assert len(pages_of(records)[0].rows) == len(records)
    answered = read_plate(body)
    if isinstance(answered, Found):
        told_of(answered.content)
