"""One bad file, or one odd answer, costs itself alone: the other files go, and every file has its workbook."""

import json
import os
import sys

import openpyxl
import pytest
from commanding import permit, user
from controller import Fault
from returning import rows_of, set_cell


def test_a_file_that_this_program_fails_at_is_in_error_and_the_others_go(office, controller, call):
    office.roster(2)
    page = b"<table><tr><td colspan=%s>Id</td></tr></table>" % (b"9" * 5000)
    (office.inbox / "a roster.xls").write_bytes(page)
    done = call("push", "--yes", "--json")
    assert (done.code, done.json["exit_code"], done.json["stopped"]) == (5, 5, None)
    [failed] = [file for file in done.json["files"] if file["error"]]
    assert failed["source"].endswith("a roster.xls")
    assert failed["error"].startswith("a roster.xls: this program failed at the file (")
    assert failed["error"].endswith(
        "). Open it in Excel, save it as a new workbook (.xlsx) and try that; if it fails too, report "
        "this line."
    )
    assert len(controller.ledger) == 2
    [book] = office.folder.glob("results/*.xlsx")
    assert len(rows_of(book)) == 2


SMALL = """\
import resource, sys
from importer.cli import main
from importer.cli.push import push
import importer.run, importer.reading.delimited
resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
main(sys.argv[1:])
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="Only Linux limits a process's memory like this"
)
def test_a_file_that_needs_more_memory_than_there_is_is_in_error_and_others_go(office, controller):
    office.roster(2)
    office.roster(1, "inbox/a roster.csv")
    os.truncate(office.inbox / "a roster.csv", 1 << 36)
    done = office.run("push", "--yes", "--json", code=SMALL)
    assert done.code == 5, done.err
    assert [file["error"] for file in done.json["files"]] == [
        (
            "a roster.csv: this machine has too little memory for the file. Close other programs, or "
            "split it into several."
        ),
        None,
    ]
    assert len(controller.ledger) == 2


FILES = ["/", "..", "C:\\x\\y.csv", "ü" * 3000, "a\nb.csv", " "]
LONG = {"Run": "9" * 30_000} | dict.fromkeys(
    ["Started", "File's SHA-256", "Mapping", "Command"], "9" * 5000
)


@pytest.mark.parametrize(
    "facts",
    [LONG, {"Run": "yesterday"}, *({"File": name} for name in FILES)],
    ids=lambda facts: "".join(facts)[:9] + " ".join(facts.values())[:9],
)
def test_whatever_stands_in_a_summary_no_sent_row_is_without_its_workbook(desk, controller, facts):
    desk.table("permits.csv", [permit(0), permit(1) | {"To": "never"}])
    desk.table("roster.csv", [user(0)])
    desk.push("permits.csv", code=1)
    path = desk.results("permits")
    book = openpyxl.load_workbook(path)
    cells = {cell.value: cell for cell in book["Summary"]["A"]}
    for name, text in facts.items():
        cells[name].offset(0, 1).value = text
    set_cell(book["Rows"], "PL1", "To", "2026-12-20T18:00:00")
    # Under another name, so that only the Summary says which file was the first.
    path = desk.folder / "permits of the dean.xlsx"
    book.save(path)
    done = desk.do("push", path, "roster.csv", "--yes", code=0)
    assert [file["states"] for file in done["files"]] == [
        {"pushed": 1},
        {"pushed": 1, "unchanged": 1},
    ]
    written = rows_of(done["files"][1]["results"])
    assert [row["opscom_status"] for row in written] == ["unchanged", "pushed"]
    assert all(row["opscom_reference_id"] for row in written)
    assert [entry.key for entry in controller.ledger] == ["N0000", "000000", "N0001"]
    assert done["files"][1]["results"].startswith(str(desk.folder / "results"))


def code(text):
    return f'{{"ErrorCode": {text}, "ErrorMessage": "x"}}'


def number(text):
    return f'{{"status": "success", "reference_id": {text}}}'


ANSWERS = [
    *map(code, (json.dumps("9" * 5000), "9" * 5000, "1e999", "-9033", json.dumps("E" * 1_000_000))),
    *map(code, (json.dumps("90\x00\x1b[2J33"), "[9033]", '"\\ud800"')),
    *map(
        number, (json.dumps("7" * 1_000_000), "9" * 5000, "1e999", json.dumps("P\x00\x1b[2J\r\n17"))
    ),
    *map(number, ('"=HYPERLINK(1)"', '"\\ud800"', '["P17"]', '" "')),
    json.dumps({"ErrorCode": 9033, "ErrorMessage": "\x00\x1b\ud800" * 100_000}),
    json.dumps({"status": "success", "warnings": ["w" * 9000] * 300}),
    '{"status": "success", "warnings": [' + "[" * 900 + "]" * 900 + "]}",
    "[1]",
    "[" * 100_000,
]


def test_whatever_is_answered_to_one_row_the_others_and_the_workbooks_are_there(desk, controller):
    for at, text in enumerate(ANSWERS):
        controller.plan[f"N{2 * at + 1:04}", 0] = Fault("answer", body=text, applied=True)
    desk.table("permits.csv", [permit(at) for at in range(2 * len(ANSWERS) + 1)])
    done = desk.push("permits.csv", "--workers", "1", code=4)
    [file] = done["files"]
    assert (sum(file["states"].values()), done["stopped"]) == (2 * len(ANSWERS) + 1, None)
    written = rows_of(file["results"])
    assert {row["opscom_status"] for row in written[::2]} == {"pushed"}
    assert {row["opscom_status"] for row in written[1::2]} <= {"pushed", "rejected", "unknown"}
    assert max(len(row["opscom_reference_id"]) for row in written) <= 255
    assert max(len(row["opscom_error_code"]) for row in written) <= 50


FAILS = """\
import sys
import xlsxwriter
from importer.cli import main
close, books = xlsxwriter.Workbook.close, []
def fail(book):
    books.append(book)
    if len(books) == 1:
        raise ValueError("user0@students.example")
    close(book)
xlsxwriter.Workbook.close = fail
main(sys.argv[1:])
"""


def test_a_workbook_that_cannot_be_made_is_said_and_what_follows_goes_on(office, controller):
    office.roster(2, "inbox/a roster.csv")
    office.roster(2, "inbox/b roster.csv", start=5)
    done = office.run("push", "--yes", "--json", code=FAILS)
    told = done.json
    assert (done.code, told["exit_code"]) == (3, 3)
    assert told["stopped"].startswith(
        "The workbook of a roster.csv could not be made (ValueError at "
    )
    assert told["stopped"].endswith(
        "). Run the same command again: nothing is sent twice. If it fails again, report this line."
    )
    assert "user0@" not in done.out + done.err
    assert [(file["states"], bool(file["results"])) for file in told["files"]] == [
        ({"pushed": 2}, False),
        ({"pushed": 2}, True),
    ]
    assert [path.name for path in office.inbox.iterdir()] == ["a roster.csv"]
    again = office.run("push", "--yes", "--json")
    assert (again.code, again.states) == (0, {"a roster.csv": {"unchanged": 2}})
    assert len(rows_of(again.json["files"][0]["results"])) == 2
    assert len(controller.ledger) == 4


def test_a_check_whose_workbook_cannot_be_made_is_that_files_error(office):
    office.roster(2, "inbox/a roster.csv")
    office.roster(2, "inbox/b roster.csv", start=5)
    done = office.run("check", "--json", code=FAILS)
    assert (done.code, list(done.states.values())) == (5, [{}, {"ready": 2}])
    error = done.json["files"][0]["error"]
    assert error.startswith("The workbook of a roster.csv could not be made (")
