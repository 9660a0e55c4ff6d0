"""The whole line from the outside: an office's file on one end, a foreign controller on the other."""

import datetime as dt
from collections import Counter

import pytest
from commanding import CLIENT, TOKEN, Office, read_results, write_book
from controller import Controller, Fault

STUDENTS = """\
version: 1
name: Students
endpoint: users
match: {files: ["*student*"]}
skip_rows:
  - {column: ID, matches: "Total.*"}
fields:
  unique_id: ID
  login_source: {value: OPSCOM}
  first_name: FIRST_NAME
  last_name: LAST_NAME
  street: {join: [STREET, UNIT], separator: ", "}
  province: {column: STAT_CODE, convert: [province]}
  date_of_birth: {column: BIRTH_DATE, date: "%d-%b-%Y"}
  user_type_id: {column: STYP_DESC, lookup: {Full Time: "1", Part Time: "9"}}
"""
FIRST = ["Zoë", "Null", "Amélie", "True", "Søren", "NA", "Nguyễn", "None", "Chloé", "nan"]
PROVINCES = [("Ontario", "ON"), ("qc", "QC"), ("NS", "NS"), ("British Columbia", "BC"), ("", None)]
ROWS = 600


def key(number):
    return f"{1000 + number:09}"


def student(number):
    """Return an invented student's cells as an export has them."""
    return {
        "ID": (1000 + number, "000000000"),
        "LAST_NAME": "O\u2019Rourke",
        "FIRST_NAME": FIRST[number % 10],
        "STREET": f"{number} Rue des Érables",
        "UNIT": f"Unit {number}" if number % 3 == 0 else "",
        "STAT_CODE": PROVINCES[number % 5][0],
        "BIRTH_DATE": dt.date(1990, 1, 1) + dt.timedelta(days=13 * number),
        "STYP_DESC": "Full Time" if number % 2 else "part  time",
        "COMMENT": "=1+1" if number % 7 == 0 else "",
    }


def request(number):
    """Return what OPSCOM must get of a student; ``None`` stands for what is left out."""
    body = {
        "apiToken": TOKEN,
        "unique_id": key(number),
        "login_source": "OPSCOM",
        "first_name": FIRST[number % 10],
        "last_name": "O\u2019Rourke",
        "street": f"{number} Rue des Érables" + (f", Unit {number}" if number % 3 == 0 else ""),
        "province": PROVINCES[number % 5][1],
        "date_of_birth": (dt.date(1990, 1, 1) + dt.timedelta(days=13 * number)).isoformat(),
        "user_type_id": "1" if number % 2 else "9",
        **SENT_OTHERWISE.get(number, ({}, {}))[1],
    }
    return {name: value for name, value in body.items() if value is not None}


HELD_BACK = {
    10: ({"ID": ""}, "9013"),
    29: ({"LAST_NAME": "#N/A"}, "9033"),
    36: ({"ID": (1035, "000000000")}, "9022"),
    37: ({"LAST_NAME": "x" * 51, "STAT_CODE": "Ontari"}, "9030; 9033"),
}
"""Row number of a student → what is wrong with it, and the codes that OPSCOM documents for it."""
SENT_OTHERWISE = {
    51: ({"LAST_NAME": "\u00a0E\u0301loi\u200b "}, {"last_name": "Éloi"}),
    55: ({"STREET": "Gate 7\nNorth side"}, {"street": "Gate 7, North side"}),
    61: ({"LAST_NAME": "=cmd()"}, {"last_name": "=cmd()"}),
}
"""Row number of a student → how its cells differ, and how its request does."""
REPEATED, REFUSED, LOST = 70, 200, 201
"""A student whose row is that of the one before, once more; one that is refused; one whose first answer is lost."""
SENT = [number for number in range(ROWS) if number not in {*HELD_BACK, REPEATED}]


def write_students(path):
    """Write the workbook; return the spreadsheet's row number of each line."""
    rows, lines = [], [["Active students"], ["Office of the Registrar"], [], list(student(0))]
    for number in range(ROWS):
        lines += [[]] * (number in {100, 400})
        changes, _ = HELD_BACK.get(number) or SENT_OTHERWISE.get(number) or ({}, {})
        cells = student(number - (number == REPEATED)) | changes
        lines.append(list(cells.values()))
        rows.append(len(lines))
    lines += [[], [f"Total: {ROWS}"]]
    write_book(path, {"Fall 2026": lines, "Notes": [["Ask the registrar."]]})
    return [*rows, len(lines)]


@pytest.fixture(scope="module")
def semester(tmp_path_factory):
    """Push the workbook once; the tests look at what came of it."""
    plan = {(key(REFUSED), 0): Fault("answer", code=9015), (key(LOST), 1): Fault("lost")}
    with Controller(plan) as controller:
        folder = tmp_path_factory.mktemp("line")
        office = Office(folder, controller.url, mappings={"students": STUDENTS})
        rows = write_students(office.inbox / "students.xlsx")
        done = office.run("push", "--yes", "--json", "--workers", "8")
        assert done.json["files"], done.err
        results = read_results(done.json["files"][0]["results"], "Fall 2026")
        yield done, controller, rows, results


def test_every_row_that_is_right_arrives_exactly_as_expected_and_nothing_else(semester):
    done, controller, *_ = semester
    assert done.code == 1
    expected = {key(number): request(number) for number in SENT}
    sent = Counter(entry.key for entry in controller.ledger)
    assert sent == dict.fromkeys(expected, 1) | {key(LOST): 2}
    del expected[key(REFUSED)]
    found = {entry.key: entry.body for entry in controller.ledger if entry.applied}
    assert found == expected
    assert {entry.path for entry in controller.ledger} == {f"/api/{CLIENT}/v1/profiles/push"}
    for entry in controller.ledger:
        assert entry.headers["content-type"] == entry.headers["accept"] == "application/json"
        assert entry.headers["user-agent"].startswith("opscom-importer/")


def test_the_workbook_accounts_for_every_row_in_order_and_the_states_add_up(semester):
    done, controller, rows, results = semester
    assert [int(row["opscom_row"]) for row in results] == rows
    expected = dict.fromkeys(range(ROWS), ("pushed", "")) | {ROWS: ("skipped", "")}
    expected |= {n: ("invalid", codes) for n, (_, codes) in HELD_BACK.items()}
    expected |= {REPEATED: ("duplicate", ""), REFUSED: ("rejected", "9015")}
    assert expected == {
        n: (row["opscom_status"], row["opscom_error_code"]) for n, row in enumerate(results)
    }
    (file,) = done.json["files"]
    assert file["states"] == Counter(state for state, _ in expected.values())
    assert (file["rows"], file["sheet"]) == (ROWS + 1, "Fall 2026")
    ids = {entry.key: entry.reference_id for entry in controller.ledger if entry.applied}
    told = {key(n): row["opscom_reference_id"] for n, row in enumerate(results)}
    assert {one: number for one, number in told.items() if number} == ids
    assert list(results[0])[6:] == list(student(0))
    assert [results[n]["COMMENT"] for n in (0, 1)] == ["=1+1", ""]
    assert (results[0]["ID"], results[61]["LAST_NAME"]) == ("000001000", "=cmd()")
