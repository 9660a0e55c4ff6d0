"""Exit codes, the one object of ``--json``, and what is on no terminal and in no file."""

import os
import shlex
import sys
from pathlib import Path

import pytest
from commanding import ROSTER, TOKEN, user
from controller import Fault
from returning import sent


def test_3_a_run_that_stops(office, controller, call):
    controller.plan[("*", 0)] = Fault("answer", code=9001)
    office.roster(3)
    done = call("push", "--yes", "--json")
    assert done.code == done.json["exit_code"] == 3
    assert done.states == {"roster.csv": {"not sent": 3}}
    assert done.json["stopped"] == (
        "OPSCOM answers 9001: the request has no API token. Keep it with `opscom-import login`, set "
        "OPSCOM_API_TOKEN, or name a file that only you can read as `token_file:` in opscom.yaml. "
        "3 rows are left; run the same command again to go on."
    )
    assert f"Stopped: {done.json['stopped']}" in done.err.splitlines()
    assert [path.name for path in office.inbox.iterdir()] == ["roster.csv"]


def test_5_a_file_that_cannot_be_read_does_not_keep_the_others_from_being_imported(office, call):
    office.roster(2)
    (office.inbox / "roster.pdf").write_bytes(b"%PDF-1.7\n" + b"\x00\x9c" * 50)
    (office.inbox / ".hidden.csv").touch()
    done = call("push", "--yes", "--json")
    assert done.code == done.json["exit_code"] == 5
    failed, roster = done.json["files"]
    error = failed["error"]
    same = {"sheet": None, "notes": [], "problems": []}
    assert failed == same | {
        "source": str(office.inbox / "roster.pdf"), "mapping": None, "endpoint": None, "rows": 0,
        "states": {}, "results": None, "error": error,
    }  # fmt: skip
    assert roster == same | {
        "source": str(office.inbox / "roster.csv"), "mapping": "Roster", "endpoint": "users", "rows": 2,
        "states": {"pushed": 2}, "results": str(office.folder / "results" / "roster-results.xlsx"), "error": None,
    }  # fmt: skip
    assert list(done.json) == ["run", "exit_code", "stopped", "files", "notes"]
    assert error.startswith("roster.pdf")
    assert "  roster.pdf: left out, see below" in done.err.splitlines()
    assert f"Error: {error}" in done.err
    assert ".hidden.csv was passed over: it is a hidden file." in done.err.splitlines()
    assert {path.name for path in office.inbox.iterdir()} == {"roster.pdf", ".hidden.csv"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("command", [("check",), ("push", "--yes")], ids=str)
def test_5_a_name_that_is_no_text_is_told_and_does_not_keep_the_others(office, call, command):
    office.roster(2)
    named = os.fsdecode(os.fsencode(office.inbox) + b"/roster caf\xe9.csv")
    Path(named).write_text("Id,Mail\n1,a@example.org\n", encoding="utf-8")
    done = call(*command, "--json")
    error = r"roster caf\udce9.csv: the name of this file holds bytes that are no text. Rename it."
    assert (done.code, [each["error"] for each in done.json["files"]]) == (5, [error, None])
    assert f"Error: {error}" in done.err.splitlines()


def test_5_a_file_of_plates_is_sent_to_the_command_that_asks_for_them(office, call):
    mapping = office.write("p.yaml", "version: 1\nendpoint: plates\nname: P\nfields: {plate: Id}\n")
    done = call("check", office.roster(1), "--mapping", mapping, "--json")
    assert done.code == 5
    assert done.json["files"][0]["error"] == (
        "roster.csv fits p.yaml, whose endpoint plates takes no rows to push. Ask for them with "
        "`opscom-import pull plates`."
    )


def test_5_a_faulty_mapping_stops_only_itself_and_all_its_faults_are_told(office, controller, call):
    office.roster(1)
    office.table("inbox/staff.csv", [user(5)])
    wrong = ROSTER.replace("roster", "staff").replace("first_name", "frist_name")
    path = office.write("mappings/staff.yaml", wrong + "  zipp: Zip\n")
    office.write("mappings/ends.yaml.txt", "version: 1\n")
    done = call("push", "--yes", "--json")
    assert done.code == 5
    found = {Path(file["source"]).name: file for file in done.json["files"]}
    lines = found["staff.yaml"]["error"].splitlines()
    assert lines == [
        f"staff.yaml, line {line}, fields.{name}: OPSCOM's users have no field of this name. Did you mean "
        f"{near}? `opscom-import fields users` lists them."
        for line, name, near in ((8, "frist_name", "first_name"), (11, "zipp", "zip"))
    ]
    assert found["staff.csv"]["error"].startswith("staff.csv has the columns of roster.yaml")
    assert "Not tried, because of their faults: staff.yaml." in done.err.splitlines()
    assert done.err.splitlines()[0] == (
        "mappings/ends.yaml.txt is no mapping by its name and was passed over. Rename it to ends.yaml; where "
        "the .txt is not seen, let the file explorer show endings of file names."
    )
    assert found["roster.csv"]["states"] == {"pushed": 1}
    assert sent(controller) == ["000000"]
    # Where it is the only one that is named, nothing starts.
    alone = call("push", "--yes", "--json", "--mapping", path)
    assert alone.code == alone.json["exit_code"] == 5
    assert alone.json["error"].splitlines() == lines


PACE = "this must be a number above 0 and at most 1,000,000."
EMPTY = ": this name is empty; most likely a variable is not set."
FOLDER = "this is a folder; name the file of the journal."
NO_HOST = (
    "The host for plates is not set, and the API token must not go to a stranger; nothing was "
    "asked. OPSCOM's pages print https://service.OPSCOM.com, older ones "
    "https://service.ops-com.com: ask OPSCOM which is yours, and write `plate_host:` into "
    "opscom.yaml, set OPSCOM_PLATE_HOST, or give --plate-host."
)
NO_COLUMN = (
    "Nothing says which column of roster.csv holds the plates. Name its header with --column, or a "
    "mapping whose endpoint is plates with --mapping."
)
NO_VIOLATIONS = (
    "roster.csv holds no overdue violations. Name a file that begins with overdue-violations; they lie in "
    "the folder for workbooks."
)
NO_FOLDER = f"The workspace roster.csv cannot be made ({os.strerror(17)}). Name a folder in which you may write."
NOBODY_MARKS = (
    "Nobody is here to be asked before violations are marked as sent to collections. Give --yes to mark them "
    "without asking, or --sandbox to rehearse."
)
NOBODY = "before rows are sent. Give --yes to send without asking, or --sandbox to rehearse."


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("push --yes --nonsense", 2, "No such option"),
        ("push --yes --limit 0", 2, "0 is not in the range"),
        ("push --yes missing.csv", 5, "There is no file or folder missing.csv."),
        ("push --yes", 5, "There are no files in"),
        ("push", 2, NOBODY),
        ("push --yes --mapping none.yaml roster.csv", 5, "none.yaml"),
        ("push --yes --host http://opscom.example roster.csv", 5, "unencrypted"),
        ("check missing.csv", 5, "There is no file or folder missing.csv."),
        ("fields usres", 2, "'usres' is not one of 'users', 'vehicles', 'permits'"),
        ("pull plates roster.csv --column Id", 5, NO_HOST),
        ("pull plates roster.csv --sandbox", 5, NO_COLUMN),
        ("pull overdue-violations", 2, NOBODY_MARKS),
        ("pull overdue-violations --from roster.csv", 5, NO_VIOLATIONS),
        ("history --gone opscom.yaml", 2, "--gone goes with --as-deletes alone. Name the workbook to write."),
        ("history --as-deletes x.xlsx", 2, "--as-deletes needs the id of a run. `history` shows the ids."),
        ("init roster.csv", 5, NO_FOLDER),
        ("push --yes --rate inf", 2, PACE),
        ("push --yes --timeout 0", 2, PACE),
        *((f"{command} --journal .", 2, FOLDER) for command in ("check", "push --yes", "history")),
        *((f"push --yes {to}=", 2, EMPTY) for to in ("--workspace", "--mapping", "--journal")),
        ("push --yes --results=", 2, EMPTY),
        ("push --yes ''", 2, EMPTY),
    ],
)  # fmt: skip
def test_one_object_is_printed_even_where_nothing_could_start(
    office, controller, call, arguments, code, message
):
    office.roster(1, "roster.csv")
    done = call(*shlex.split(arguments), "--json")
    assert done.code == done.json["exit_code"] == code
    assert message in done.json["error"]
    assert done.json["files"] == []
    assert done.json["error"].splitlines()[0] in done.err
    assert (controller.connections, office.journal.exists()) == (0, False)


def test_the_token_is_in_no_output_and_in_no_file(office, controller, call):
    repeat = f'{{"ErrorCode": 9033, "ErrorMessage": "no good: {TOKEN}"}}'
    controller.plan[("000001", 1)] = Fault("answer", body=repeat)
    controller.plan[("000002", 1)] = Fault("answer", body=f"<html>{TOKEN}</html>")
    office.roster(3)
    told = [call("push", "--yes", "--json", "--keep"), call("check", "--json")]
    told.append(call("push", "--yes", "--host", "http://opscom.invalid"))
    assert [done.code for done in told] == [1, 0, 5]
    assert all(TOKEN not in done.out + done.err for done in told)
    assert TOKEN.encode() not in office.everything()
