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
  - {column: SPRIDEN_ID, matches: "Total.*"}
fields:
  unique_id: SPRIDEN_ID
  student_no: SPRIDEN_ID
  login_source: LOGIN_SOURCE
  first_name: SPRIDEN_FIRST_NAME
  last_name: SPRIDEN_LAST_NAME
  user_name: GOBTPAC_USERNAME
  email: GOREMAL_EMAIL
  street: {join: [STREET_LINE1, STREET_LINE2], separator: ", "}
  city: CITY
  province: {column: STAT_CODE, convert: [province]}
  postal_code: ZIP
  phone_cell: {join: [AREA, PHONE], separator: "-", convert: [digits]}
  date_of_birth: {column: BIRTH_DATE, date: "%d-%b-%Y"}
  user_type_id: {column: STYP_DESC, lookup: {Full Time: "1", Part Time: "9"}}
  driver_licence_num: LICENCE
"""
HEADERS = [
    "SPRIDEN_ID", "SPRIDEN_LAST_NAME", "SPRIDEN_FIRST_NAME", "GOREMAL_EMAIL", "GOBTPAC_USERNAME",
    "LOGIN_SOURCE", "STREET_LINE1", "STREET_LINE2", "CITY", "STAT_CODE", "ZIP", "AREA", "PHONE",
    "BIRTH_DATE", "STYP_DESC", "LICENCE", "COMMENT",
]  # fmt: skip
FIRST = ["Zoë", "Null", "Amélie", "True", "Søren", "NA", "Nguyễn", "None", "Chloé", "nan"]
LAST = [
    "O\u2019Rourke", "D'Amico", "Björklund", "Lévesque", "Šimek", "de la Cruz", "张", "Smith-Jones",
]  # fmt: skip
PROVINCES = [("Ontario", "ON"), ("qc", "QC"), ("NS", "NS"), ("British Columbia", "BC"), ("", None)]
ROWS = 600


def key(number):
    return f"{1000 + number:09}"


def student(number):
    """Return an invented student's cells as an export has them."""
    born = dt.date(1990, 1, 1) + dt.timedelta(days=13 * number)
    return {
        "SPRIDEN_ID": (1000 + number, "000000000"),
        "SPRIDEN_LAST_NAME": LAST[number % 8],
        "SPRIDEN_FIRST_NAME": FIRST[number % 10],
        "GOREMAL_EMAIL": f"student{number}@students.example",
        "GOBTPAC_USERNAME": f"st{number}",
        "LOGIN_SOURCE": "OPSCOM",
        "STREET_LINE1": f"{number} Rue des Érables",
        "STREET_LINE2": f"Unit {number}" if number % 3 == 0 else "",
        "CITY": "Saint-Éloi",
        "STAT_CODE": PROVINCES[number % 5][0],
        "ZIP": "K7M 2T5",
        "AREA": "555",
        "PHONE": f"{200 + number}-{number:04}",
        "BIRTH_DATE": born,
        "STYP_DESC": "Full Time" if number % 2 else "part  time",
        "LICENCE": "",
        "COMMENT": "=1+1" if number % 7 == 0 else "",
    }


def request(number):
    """Return what OPSCOM must get of a student; ``None`` stands for what is left out."""
    street = f"{number} Rue des Érables" + (f", Unit {number}" if number % 3 == 0 else "")
    body = {
        "apiToken": TOKEN,
        "unique_id": key(number),
        "login_source": "OPSCOM",
        "first_name": FIRST[number % 10],
        "last_name": LAST[number % 8],
        "user_name": f"st{number}",
        "email": f"student{number}@students.example",
        "street": street,
        "city": "Saint-Éloi",
        "province": PROVINCES[number % 5][1],
        "postal_code": "K7M 2T5",
        "phone_cell": f"555{200 + number}{number:04}",
        "user_type_id": "1" if number % 2 else "9",
        "student_no": key(number),
        "date_of_birth": (dt.date(1990, 1, 1) + dt.timedelta(days=13 * number)).isoformat(),
        **SENT_OTHERWISE.get(number, ({}, {}))[1],
    }
    return {name: value for name, value in body.items() if value is not None}


HELD_BACK = {
    10: ({"SPRIDEN_ID": ""}, "9013"),
    29: ({"CITY": "#N/A"}, "9033"),
    32: ({"GOREMAL_EMAIL": "Student31@students.example"}, "9019"),
    36: ({"SPRIDEN_ID": (1035, "000000000")}, "9022"),
    37: ({"CITY": "x" * 51, "STAT_CODE": "Ontari", "LOGIN_SOURCE": ""}, "9014; 9030; 9033"),
}
"""Row number of a student → what is wrong with it, and the codes that OPSCOM documents for it."""

SENT_OTHERWISE = {
    50: ({"GOREMAL_EMAIL": ""}, {"email": None}),
    52: ({"STAT_CODE": "zz"}, {"province": "ZZ"}),
    55: ({"CITY": "\u00a0Saint-E\u0301loi\u200b "}, {}),
    56: ({"STREET_LINE1": "Gate 7\nNorth side", "STREET_LINE2": ""}, {"street": "Gate 7, North side"}),
    57: ({"ZIP": (2134, "00000")}, {"postal_code": "02134"}),
    60: ({"SPRIDEN_LAST_NAME": "=cmd()"}, {"last_name": "=cmd()"}),
}  # fmt: skip
"""Row number of a student → how its cells differ, and how its request does."""
REPEATED, REFUSED, LOST = 70, 200, 201
"""A student whose row is that of the one before, once more; one that is refused; one whose first answer is lost."""


def cells_of(number):
    if number == REPEATED:
        return student(number - 1)
    changes, _ = HELD_BACK.get(number) or SENT_OTHERWISE.get(number) or ({}, {})
    return student(number) | changes


def sent_numbers():
    return [number for number in range(ROWS) if number not in {*HELD_BACK, REPEATED}]


def write_students(path):
    """Write the workbook; return the spreadsheet's row number of each student."""
    title = ("Active students, fall 2026", "Office of the Registrar", "For internal use")
    rows, lines = {}, [*([line] for line in title), [], HEADERS]
    for number in range(ROWS):
        lines += [[]] * (number in {100, 400})
        lines.append(list(cells_of(number).values()))
        rows[number] = len(lines)
    lines += [[], [f"Total: {ROWS}"]]
    rows["total"] = len(lines)
    write_book(path, {"Fall 2026": lines, "Notes": [["Ask the registrar."]]})
    return rows


@pytest.fixture(scope="module")
def semester(tmp_path_factory):
    """Push the workbook once; the tests look at what came of it."""
    plan = {(key(REFUSED), 0): Fault("answer", code=9015), (key(LOST), 1): Fault("lost")}
    with Controller(plan) as controller:
        office = Office(
            tmp_path_factory.mktemp("line"), controller.url, mappings={"students": STUDENTS}
        )
        rows = write_students(office.inbox / "students.xlsx")
        done = office.run("push", "--yes", "--json", "--workers", "8")
        assert done.json["files"], done.err
        results = read_results(done.json["files"][0]["results"], "Fall 2026")
        yield done, controller, rows, results, office


def test_every_row_that_is_right_arrives_exactly_as_expected_and_nothing_else(semester):
    done, controller, *_ = semester
    assert done.code == 1
    expected = {key(number): request(number) for number in sent_numbers()}
    assert {entry.key for entry in controller.ledger} == set(expected)
    twice = {key(n) for n in sent_numbers() if len(controller.entries(key(n))) != 1}
    assert (twice, len(controller.entries(key(LOST)))) == ({key(LOST)}, 2)
    del expected[key(REFUSED)]
    found = {entry.key: entry.body for entry in controller.ledger if entry.applied}
    assert found == expected
    assert {entry.path for entry in controller.ledger} == {f"/api/{CLIENT}/v1/profiles/push"}
    for entry in controller.ledger:
        assert entry.headers["content-type"] == entry.headers["accept"] == "application/json"
        assert entry.headers["user-agent"].startswith("opscom-importer/")


def test_the_workbook_accounts_for_every_row_in_order_and_the_states_add_up(semester):
    done, controller, rows, results, _ = semester
    assert [int(row["opscom_row"]) for row in results] == list(rows.values())
    expected = dict.fromkeys(range(ROWS), ("pushed", "")) | {ROWS: ("skipped", "")}
    expected |= {n: ("invalid", codes) for n, (_, codes) in HELD_BACK.items()}
    expected |= {REPEATED: ("duplicate", ""), REFUSED: ("rejected", "9015")}
    assert expected == {
        n: (row["opscom_status"], row["opscom_error_code"]) for n, row in enumerate(results)
    }
    (file,) = done.json["files"]
    assert file["states"] == Counter(state for state, _ in expected.values())
    assert (file["rows"], file["sheet"]) == (ROWS + 1, "Fall 2026")
    for number in sent_numbers():
        applied = [entry for entry in controller.entries(key(number)) if entry.applied]
        told = results[number]["opscom_reference_id"]
        assert told == (applied[-1].reference_id if applied else ""), number
    assert list(results[0])[6:] == HEADERS
    assert [results[n]["COMMENT"] for n in (0, 1)] == ["=1+1", ""]
    assert results[0]["SPRIDEN_ID"] == "000001000"
    assert results[60]["SPRIDEN_LAST_NAME"] == "=cmd()"


def test_the_file_is_archived_and_a_second_push_of_it_sends_only_what_was_refused(semester):
    _, controller, _, _, office = semester
    (kept,) = (office.folder / "archive").iterdir()
    before = controller.requests
    done = office.run("push", "--yes", "--json", kept)
    states = done.json["files"][0]["states"]
    assert (states["rejected"], "pushed" in states) == (1, False)
    assert controller.requests == before + 1
