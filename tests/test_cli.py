"""The command from the outside: real processes, exit codes, what is said and what is never said."""

import json
import os
import re
import signal
import sqlite3
import threading
from pathlib import Path

import pytest
from commanding import (
    CLIENT,
    DELETES,
    PERMITS,
    ROSTER,
    TOKEN,
    Office,
    Terminal,
    payload,
    permit,
    read_results,
    user,
    write_book,
)
from controller import Controller, Fault
from returning import edited, set_cell

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX terminal")


@pytest.fixture
def controller():
    with Controller() as running:
        yield running


@pytest.fixture
def office(tmp_path, controller):
    return Office(tmp_path, controller.url)


@pytest.fixture
def calling(monkeypatch, capsys):
    """Make a function that calls the command inside this process: quicker, and otherwise the same."""

    return lambda office: office.calling(monkeypatch, capsys)


@pytest.fixture
def call(calling, office):
    return calling(office)


def keys(controller):
    return sorted(entry.key for entry in controller.ledger)


# A push


def test_a_push_sends_every_row_writes_the_workbook_and_archives_the_file(office, controller):
    source = office.roster(3)
    before = source.read_bytes()
    done = office.run("push", "--yes")
    assert (done.code, done.out) == (0, "")
    assert [entry.body for entry in sorted(controller.ledger, key=lambda e: e.key)] == [
        payload(number) for number in range(3)
    ]
    assert {entry.path for entry in controller.ledger} == {f"/api/{CLIENT}/v1/profiles/push"}
    rows = read_results(office.folder / "results" / "roster-results.xlsx")
    assert [(row["opscom_status"], row["opscom_row"], row["Id"]) for row in rows] == [
        ("pushed", "2", "000000"),
        ("pushed", "3", "000001"),
        ("pushed", "4", "000002"),
    ]
    assert all(row["opscom_reference_id"] for row in rows)
    assert list(office.inbox.iterdir()) == []
    (kept,) = (office.folder / "archive").iterdir()
    assert kept.name.startswith("roster 20")
    assert kept.read_bytes() == before


def test_what_a_person_reads_of_a_push(office, controller):
    office.roster(2)
    office.table("inbox/roster b.csv", [user(7), user(8) | {"Mail": "no address"}])
    done = office.run("push", "--yes")
    assert done.code == 1
    results = office.folder / "results"
    assert done.err.splitlines() == [
        f"To {controller.url}, client code {CLIENT}:",
        "  roster b.csv: 1 of 2 rows to send as users (mapping Roster)",
        (
            '  Error in 1 row (9033), first at roster b.csv, row 3 "Mail": this is not an e-mail address, '
            "which has one @ and no blanks, brackets or commas. Correct the cell."
        ),
        "  roster.csv: 2 of 2 rows to send as users (mapping Roster)",
        "roster b.csv: 1 pushed, 1 invalid (2 rows, mapping Roster)",
        f"  Workbook: {results / 'roster b-results.xlsx'}",
        "  Correct the marked cells in the workbook, save it, and push it.",
        "roster.csv: 2 pushed (2 rows, mapping Roster)",
        f"  Workbook: {results / 'roster-results.xlsx'}",
    ]


def test_a_second_push_of_the_same_file_sends_nothing(office, controller, call):
    office.roster(4)
    first = call("push", "--yes", "--keep", "--json")
    second = call("push", "--yes", "--keep", "--json")
    assert (first.code, second.code) == (0, 0)
    assert first.states == {"roster.csv": {"pushed": 4}}
    assert second.states == {"roster.csv": {"unchanged": 4}}
    assert controller.requests == 4
    ids = [row["opscom_reference_id"] for row in read_results(first.json["files"][0]["results"])]
    assert len(set(ids)) == 4
    assert "" not in ids


def test_a_limit_of_one_row_is_said_as_one(office, call):
    office.roster(2)
    done = call("push", "--yes", "--json", "--limit", 1)
    assert done.json["stopped"] == (
        "The limit of 1 row is reached. 1 row is left; run the same command again to go on."
    )


def test_limit_sends_the_first_rows_and_the_next_push_goes_on(office, controller, call):
    office.roster(5)
    first = call("push", "--yes", "--json", "--limit", 2, "--workers", 1)
    assert first.code == 3
    assert first.states == {"roster.csv": {"pushed": 2, "not sent": 3}}
    assert first.json["stopped"] == (
        "The limit of 2 rows is reached. 3 rows are left; run the same command again to go on."
    )
    assert "Of these only the first 2, as --limit says" in first.err
    assert keys(controller) == ["000000", "000001"]
    assert [path.name for path in office.inbox.iterdir()] == ["roster.csv"]
    second = call("push", "--yes", "--json")
    assert second.code == 0
    assert second.states == {"roster.csv": {"pushed": 3, "unchanged": 2}}
    assert keys(controller) == [f"{number:06}" for number in range(5)]
    assert list(office.inbox.iterdir()) == []


def test_a_limit_counts_over_all_files(office, controller, call):
    office.roster(2, "inbox/roster a.csv")
    office.roster(2, "inbox/roster b.csv", start=5)
    done = call("push", "--yes", "--json", "--limit", 3)
    assert done.states == {
        "roster a.csv": {"pushed": 2},
        "roster b.csv": {"pushed": 1, "not sent": 1},
    }
    assert [path.name for path in office.inbox.iterdir()] == ["roster b.csv"]


def test_a_limit_that_is_not_reached_is_no_stop(office, call):
    office.roster(2)
    done = call("push", "--yes", "--json", "--limit", 2)
    assert (done.code, done.json["stopped"]) == (0, None)


def test_a_limit_of_nothing_is_wrong_usage(call):
    assert call("push", "--yes", "--limit", "0").code == 2


def test_keep_leaves_the_file_in_the_inbox(office, call):
    office.roster(1)
    assert call("push", "--yes", "--keep").code == 0
    assert [path.name for path in office.inbox.iterdir()] == ["roster.csv"]
    assert list((office.folder / "archive").iterdir()) == []


def test_a_file_from_elsewhere_is_not_archived(office, call):
    source = office.roster(1, "roster.csv")
    assert call("push", "--yes", source).code == 0
    assert source.exists()
    assert list((office.folder / "archive").iterdir()) == []


def test_a_file_with_rows_to_correct_is_archived_too_because_its_push_came_to_its_end(office, call):
    office.roster(1, Mail="none")
    assert call("push", "--yes").code == 1
    assert list(office.inbox.iterdir()) == []


def test_a_corrected_results_workbook_is_pushed_and_only_what_is_left_is_sent(
    office, controller, call
):
    import openpyxl

    office.table("inbox/roster.csv", [user(0), user(1) | {"Mail": "no address"}])
    assert call("push", "--yes").code == 1
    path = office.folder / "results" / "roster-results.xlsx"
    book = openpyxl.load_workbook(path)
    rows = book["Rows"]
    headers = [cell.value for cell in rows[1]]
    rows.cell(3, headers.index("Mail") + 1).value = "user1@students.example"
    book.save(path)
    done = call("push", "--yes", "--json", path)
    assert done.code == 0
    assert done.states == {"roster-results.xlsx": {"pushed": 1, "unchanged": 1}}
    assert keys(controller) == ["000000", "000001"]
    again = read_results(path)
    assert [row["opscom_row"] for row in again] == ["2", "3"]
    assert [row["opscom_status"] for row in again] == ["unchanged", "pushed"]


def test_users_go_before_permits_whatever_the_files_are_called(tmp_path, controller, calling):
    office = Office(tmp_path, controller.url, mappings={"roster": ROSTER, "permit": PERMITS})
    office.table("inbox/a permit.csv", [permit(0)])
    office.roster(1, "inbox/z roster.csv")
    done = calling(office)("push", "--yes", "--json")
    assert done.code == 0
    assert [entry.call for entry in controller.ledger] == ["profiles/push", "permits/push"]
    assert list(done.states) == ["z roster.csv", "a permit.csv"]


def test_two_files_of_one_stem_get_a_workbook_each(office, call):
    office.roster(1)
    office.roster(1, "inbox/roster.txt", start=3)
    done = call("push", "--yes", "--json")
    names = {file["results"] for file in done.json["files"]}
    assert names == {
        str(office.folder / "results" / name)
        for name in ("roster-results.xlsx", "roster-txt-results.xlsx")
    }


def test_several_sheets_are_told_one_by_one_and_their_workbook_once(office, controller, call):
    header = list(user(0))
    sheets = {
        "North": [header, list(user(0).values())],
        "South": [header, list(user(1).values()), list(user(2).values())],
        "West": [["Id", "First", "Lats", "Mail"], list(user(3).values())],
    }
    write_book(office.inbox / "roster.xlsx", sheets)
    done = call("push", "--yes", "--json")
    assert done.code == 0
    assert [(file["sheet"], file["states"]) for file in done.json["files"]] == [
        ("North", {"pushed": 1}),
        ("South", {"pushed": 2}),
    ]
    assert done.err.splitlines()[1:] == [
        "  roster.xlsx, North: 1 of 1 row to send as users (mapping Roster)",
        (
            '  Note: The sheet West (1 row) was not imported: of the mapped headers it has "Id", "First", '
            '"Mail", and it lacks "Last".'
        ),
        "  roster.xlsx, South: 2 of 2 rows to send as users (mapping Roster)",
        "roster.xlsx, North: 1 pushed (1 row, mapping Roster)",
        "roster.xlsx, South: 2 pushed (2 rows, mapping Roster)",
        f"  Workbook: {office.folder / 'results' / 'roster-results.xlsx'}",
    ]
    (path,) = {file["results"] for file in done.json["files"]}
    assert [len(read_results(path, name)) for name in ("North", "South")] == [1, 2]


def test_sheet_takes_only_the_sheet_of_that_name(office, controller, call):
    header = list(user(0))
    sheets = {name: [header, list(user(n).values())] for n, name in enumerate(("North", "South"))}
    write_book(office.inbox / "roster.xlsx", sheets)
    assert call("push", "--yes", "--sheet", "south").code == 0
    assert keys(controller) == ["000001"]


# Exit codes


def test_1_rows_that_opscom_refuses(office, controller, call):
    controller.plan[("000001", 0)] = Fault("answer", code=9019)
    office.roster(2)
    done = call("push", "--yes", "--json")
    assert done.code == done.json["exit_code"] == 1
    assert done.states == {"roster.csv": {"pushed": 1, "rejected": 1}}
    row = read_results(done.json["files"][0]["results"])[1]
    assert (row["opscom_status"], row["opscom_error_code"]) == ("rejected", "9019")
    assert "Invented message of 9019." in row["opscom_message"]


def test_a_code_that_is_not_documented_sends_the_person_to_opscom(office, controller, call):
    controller.plan[("000001", 0)] = Fault("answer", code=9999)
    office.roster(2)
    done = call("push", "--yes", "--json")
    row = read_results(done.json["files"][0]["results"])[1]
    assert (row["opscom_status"], row["opscom_error_code"]) == ("rejected", "9999")
    assert row["opscom_message"].splitlines()[-1] == (
        "OPSCOM's documentation does not list the code 9999: ask OPSCOM what it means."
    )


def test_a_file_of_plates_is_sent_to_the_command_that_asks_for_them(office, call):
    mapping = office.write("p.yaml", "version: 1\nendpoint: plates\nname: P\nfields: {plate: Id}\n")
    done = call("check", office.roster(1), "--mapping", mapping, "--json")
    assert done.code == 5
    assert done.json["files"][0]["error"] == (
        "roster.csv fits p.yaml, whose endpoint plates takes no rows to push. Ask for them with "
        "`opscom-import pull plates`."
    )


def test_4_rows_that_nobody_knows_about(tmp_path, controller, calling):
    office = Office(tmp_path, controller.url, mappings={"permit": PERMITS})
    controller.plan[("N0000", 1)] = Fault("lost")
    office.table("inbox/permit.csv", [permit(0), permit(1)])
    done = calling(office)("push", "--yes", "--json")
    assert done.code == done.json["exit_code"] == 4
    assert done.states == {"permit.csv": {"pushed": 1, "unknown": 1}}
    lines = done.err.splitlines()
    at = lines.index(
        "  Of unknown rows nobody knows whether OPSCOM has them, and they are not sent again. "
        "To find out:"
    )
    assert lines[at + 1] == (
        f"    opscom-import settle {office.folder / 'results' / 'permit-results.xlsx'}"
    )


def test_2_two_answers_that_contradict_each_other(office, call):
    office.roster(1)
    done = call("push", "--yes", "--same-system", "--new-system", "--json")
    assert done.code == done.json["exit_code"] == 2
    assert done.json["error"] == (
        "--same-system and --new-system contradict each other. Give one of them."
    )


def test_3_a_run_that_stops(office, controller, call):
    controller.plan[("*", 0)] = Fault("answer", code=9001)
    office.roster(3)
    done = call("push", "--yes", "--json")
    assert done.code == done.json["exit_code"] == 3
    assert done.states == {"roster.csv": {"not sent": 3}}
    assert done.json["stopped"] == (
        "OPSCOM answers 9001: the request has no API token. Set OPSCOM_API_TOKEN, or name a file that "
        "only you can read as `token_file:` in opscom.yaml. "
        "3 rows are left; run the same command again to go on."
    )
    assert f"Stopped: {done.json['stopped']}" in done.err.splitlines()
    assert [path.name for path in office.inbox.iterdir()] == ["roster.csv"]


def test_5_a_file_that_cannot_be_read_does_not_keep_the_others_from_being_imported(office, call):
    office.roster(2)
    (office.inbox / "roster.pdf").write_bytes(b"%PDF-1.7\n" + b"\x00\x9c" * 50)
    done = call("push", "--yes", "--json")
    assert done.code == done.json["exit_code"] == 5
    states = {name: found for name, found in done.states.items() if found}
    assert states == {"roster.csv": {"pushed": 2}}
    (failed,) = (file for file in done.json["files"] if file["error"])
    assert failed["source"].endswith("roster.pdf")
    assert failed["error"].startswith("roster.pdf")
    assert "  roster.pdf: left out, see below" in done.err.splitlines()
    assert f"Error: {failed['error']}" in done.err
    assert [path.name for path in office.inbox.iterdir()] == ["roster.pdf"]


def test_5_nothing_is_sent_where_no_workbook_can_be_written(office, controller, call):
    office.roster(2)
    blocked = office.write("not-a-folder", "")
    done = call("push", "--yes", "--json", "--results", blocked)
    assert done.code == 5
    [file] = done.json["files"]
    assert file["error"] == (
        f"{blocked / 'roster-results.xlsx'}: this workbook cannot be written: File exists. Nothing of "
        "its file was sent. Name another folder with --results, or get the right to write into this one."
    )
    assert controller.requests == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["push", "--yes", "--nonsense"], 2, "No such option"),
        (["push", "--yes", "missing.csv"], 5, "There is no file or folder missing.csv."),
        (["push", "--yes"], 5, "There are no files in"),
        (["push"], 2, "Nobody is here to be asked before rows are sent."),
        (["push", "--yes", "--mapping", "none.yaml", "roster.csv"], 5, "none.yaml"),
        (["push", "--yes", "--host", "http://opscom.example", "roster.csv"], 5, "unencrypted"),
        (["check", "missing.csv"], 5, "There is no file or folder missing.csv."),
        (["fields", "usres"], 2, "There is no endpoint usres. Did you mean users?"),
    ],
    ids=[
        "option", "missing file", "empty inbox", "nobody there", "missing mapping", "plain http",
        "check", "fields",
    ],
)  # fmt: skip
def test_one_object_is_printed_even_where_nothing_could_start(
    office, call, arguments, code, message
):
    office.roster(1, "roster.csv")
    done = call(*arguments, "--json")
    assert done.code == done.json["exit_code"] == code
    assert message in done.json["error"]
    assert done.json["files"] == []
    assert done.json["error"].splitlines()[0] in done.err
    assert not office.journal.exists()


def test_the_object_can_be_read_whatever_the_encoding_of_the_output(office, controller):
    office.roster(1, "inbox/roster Nguyễn.csv")
    done = office.run(
        "push", "--yes", "--json", environ={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    )
    assert done.code == 0
    assert done.states == {"roster Nguyễn.csv": {"pushed": 1}}


@pytest.mark.parametrize("command", ["push", "check"])
def test_standard_output_is_empty_without_json(office, call, command):
    office.roster(1)
    done = call(command, *(["--yes"] if command == "push" else []))
    assert (done.code, done.out) == (0, "")
    assert "roster.csv: 1 " in done.err


def test_a_faulty_mapping_stops_only_itself_and_all_its_faults_are_told(office, controller, call):
    office.roster(1)
    office.table("inbox/staff.csv", [user(5)])
    wrong = ROSTER.replace("roster", "staff").replace("first_name", "frist_name")
    office.write("mappings/staff.yaml", wrong + "  zipp: Zip\n")
    done = call("push", "--yes", "--json")
    assert done.code == 5
    found = {Path(file["source"]).name: file for file in done.json["files"]}
    assert found["staff.yaml"]["error"].splitlines() == [
        (
            "staff.yaml, line 8, fields.frist_name: OPSCOM's users have no field of this name. "
            "Did you mean first_name? `opscom-import fields users` lists them."
        ),
        (
            "staff.yaml, line 11, fields.zipp: OPSCOM's users have no field of this name. "
            "Did you mean zip? `opscom-import fields users` lists them."
        ),
    ]
    assert found["staff.csv"]["error"].startswith("staff.csv has the columns of roster.yaml")
    assert found["roster.csv"]["states"] == {"pushed": 1}
    assert keys(controller) == ["000000"]


def test_where_the_only_named_mapping_is_faulty_nothing_starts(office, controller, call):
    office.roster(1)
    path = office.write("wrong.yaml", ROSTER.replace("first_name", "frist_name"))
    done = call("push", "--yes", "--json", "--mapping", path)
    assert done.code == done.json["exit_code"] == 5
    assert done.json["error"].startswith("wrong.yaml, line 8, fields.frist_name: ")
    assert controller.connections == 0


def test_lock_and_hidden_files_are_passed_over_by_name(office, call):
    office.roster(1)
    for name in ("~$roster.csv", ".hidden.csv"):
        (office.inbox / name).touch()
    done = call("push", "--yes", "--json")
    assert done.code == 0
    assert done.states == {"roster.csv": {"pushed": 1}}
    assert ".hidden.csv was passed over: it is a hidden file." in done.err
    assert "~$roster.csv was passed over: it says that roster.csv is open in Excel." in done.err


# Asking


def test_nothing_is_sent_without_a_terminal_and_without_yes(office, controller):
    office.roster(1)
    done = office.run("push")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "Error: Nobody is here to be asked before rows are sent. "
        "Give --yes to send without asking, or --sandbox to rehearse.\n"
    )
    assert controller.connections == 0
    assert not office.journal.exists()


@POSIX
def test_a_person_who_answers_no_sends_nothing(office, controller):
    office.roster(2)
    with Terminal(office, "push") as screen:
        screen.wait_for("Send 2 rows?")
        screen.type("n")
        assert screen.end() == 3
    assert "\nNothing was sent. Run the command again when you are ready.\n" in screen.screen
    assert f"To {controller.url}, client code {CLIENT}:" in screen.screen
    assert "roster.csv: 2 of 2 rows to send as users (mapping Roster)" in screen.screen
    assert controller.connections == 0
    assert [path.name for path in office.inbox.iterdir()] == ["roster.csv"]


@POSIX
def test_a_person_who_answers_yes_sends(office, controller):
    office.roster(1)
    with Terminal(office, "push") as screen:
        screen.wait_for("Send 1 row?")
        assert controller.connections == 0
        screen.type("y")
        assert screen.end() == 0
    assert "roster.csv: 1 pushed" in screen.screen
    assert keys(controller) == ["000000"]


@POSIX
def test_a_person_who_only_presses_return_sends_nothing(office, controller):
    office.roster(1)
    with Terminal(office, "push") as screen:
        screen.wait_for("Send 1 row?")
        screen.type("")
        assert screen.end() == 3
    assert controller.connections == 0


@POSIX
def test_an_interrupt_at_the_question_sends_nothing(office, controller):
    office.roster(1)
    with Terminal(office, "push") as screen:
        screen.wait_for("Send 1 row?")
        screen.press_ctrl_c(until="Interrupted; nothing more was sent.")
        assert screen.end() == 3
    assert "Traceback" not in screen.screen
    assert controller.connections == 0


@POSIX
def test_where_nothing_is_to_be_sent_nobody_is_asked(office, controller, call):
    office.roster(1)
    assert call("push", "--yes", "--keep").code == 0
    with Terminal(office, "push") as screen:
        assert screen.end() == 0
    assert "Send" not in screen.screen
    assert controller.requests == 1


@POSIX
def test_the_token_is_asked_for_without_being_shown(tmp_path, controller):
    office = Office(tmp_path, controller.url, token=None)
    office.roster(1)
    with Terminal(office, "push") as screen:
        screen.wait_for("API token (it is not shown)")
        screen.type(TOKEN)
        screen.wait_for("Send 1 row?")
        screen.type("y")
        assert screen.end() == 0
    assert TOKEN not in screen.screen
    assert controller.ledger[0].body["apiToken"] == TOKEN


@POSIX
def test_a_missing_client_code_is_told_before_a_token_is_typed_in_vain(tmp_path, controller):
    office = Office(tmp_path, controller.url, token=None, client=None)
    office.roster(1)
    with Terminal(office, "push") as screen:
        assert screen.end() == 5
    assert "The client code of your OPSCOM is missing; nothing was sent." in screen.screen
    assert "API token (it is not shown)" not in screen.screen


def test_without_token_and_client_code_both_are_told_at_once(tmp_path, controller, calling):
    office = Office(tmp_path, controller.url, token=None, client=None)
    office.roster(1)
    done = calling(office)("push", "--yes")
    assert done.code == 5
    assert "The client code of your OPSCOM is missing; nothing was sent." in done.err
    assert "The API token is missing; nothing was sent." in done.err
    assert controller.connections == 0


def test_the_token_comes_from_a_file_where_settings_name_one(tmp_path, controller, calling):
    office = Office(tmp_path, controller.url, token=None)
    office.write(
        "opscom.yaml", f"client: {CLIENT}\nhost: {controller.url}\ntoken_file: token.txt\n"
    )
    office.write("token.txt", TOKEN + "\n").chmod(0o600)
    office.roster(1)
    assert calling(office)("push", "--yes").code == 0
    assert controller.ledger[0].body["apiToken"] == TOKEN


def test_the_environment_goes_before_the_settings_and_an_option_before_both(
    office, controller, call
):
    office.roster(1)
    environ = {"OPSCOM_CLIENT": "OC_ENV", "OPSCOM_HOST": controller.url}
    office.write("opscom.yaml", "client: OC_FILE\nhost: https://opscom.invalid\n")
    call("push", "--yes", "--keep", **environ)
    call("push", "--yes", "--keep", "--client", "OC_OPTION", "--new-system", **environ)
    assert [entry.path.split("/")[2] for entry in controller.ledger] == ["OC_ENV", "OC_OPTION"]


# Deletes and --again


@pytest.fixture
def cancellations(tmp_path, controller):
    office = Office(tmp_path, controller.url, mappings={"cancel": DELETES})
    office.table("inbox/cancel.csv", [{"Reference ID": "ref-1"}, {"Reference ID": "ref-2"}])
    return office


def test_yes_deletes_nothing_that_merely_lies_in_the_inbox(cancellations, controller, calling):
    done = calling(cancellations)("push", "--yes", "--json")
    assert done.code == 2
    assert done.json["error"] == (
        "2 permits would be deleted, and nobody is here to be asked. "
        "Name the file itself as PATH and give --yes."
    )
    assert calling(cancellations)("push", "--yes", cancellations.inbox).code == 2
    assert controller.connections == 0


def test_yes_deletes_what_a_named_file_says(cancellations, controller, calling):
    done = calling(cancellations)("push", "--yes", "--json", "inbox/cancel.csv")
    assert done.code == 0
    assert done.states == {"cancel.csv": {"pushed": 2}}
    assert keys(controller) == ["ref-1", "ref-2"]


@POSIX
@pytest.mark.parametrize(("typed", "code", "sent"), [("2", 0, 2), ("y", 3, 0)], ids=["number", "y"])
def test_a_person_types_how_many_permits_are_deleted(cancellations, controller, typed, code, sent):
    with Terminal(cancellations, "push", "--yes") as screen:
        screen.wait_for("Type 2 to delete them")
        screen.type(typed)
        assert screen.end() == code
    assert "2 permits will be deleted in OPSCOM. That cannot be undone." in screen.screen
    assert controller.requests == sent


def test_again_sends_unchanged_users(office, controller, call):
    office.roster(2)
    assert call("push", "--yes", "--keep").code == 0
    done = call("push", "--yes", "--again", "--json")
    assert done.states == {"roster.csv": {"pushed": 2}}
    assert controller.requests == 4


@pytest.mark.parametrize(
    ("file", "endpoint"),
    [
        (("permit.csv", PERMITS, permit(0)), "permits"),
        (("cancel.csv", DELETES, {"Reference ID": "r"}), "permit-deletes"),
    ],
    ids=["permits", "deletes"],
)
def test_again_is_refused_for_what_would_be_done_twice(office, controller, call, file, endpoint):
    name, mapping, row = file
    office.write("mappings/other.yaml", mapping)
    office.table(f"inbox/{name}", [row])
    office.roster(1)
    done = call("push", "--yes", "--again", "--json", f"inbox/{name}", "inbox/roster.csv")
    assert done.code == 2
    assert done.json["error"] == (
        f"--again is for users and permit-updates only; {endpoint} would be created or deleted twice."
    )
    assert controller.connections == 0


# check


def test_check_says_what_would_be_sent_and_sends_nothing(office, controller, call):
    office.table("inbox/roster.csv", [user(0), user(1) | {"Id": ""}])
    done = call("check", "--json")
    assert done.code == 1
    assert done.states == {"roster.csv": {"ready": 1, "invalid": 1}}
    assert re.fullmatch(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}", done.json["run"])
    path = office.folder / "results" / "roster-checked.xlsx"
    assert done.json["files"][0]["results"] == str(path)
    rows = read_results(path)
    assert [row["opscom_status"] for row in rows] == ["ready", "invalid"]
    assert rows[1]["opscom_error_code"] == "9013"
    assert (controller.connections, office.journal.exists()) == (0, False)
    assert [found.name for found in office.inbox.iterdir()] == ["roster.csv"]


def test_check_knows_what_was_pushed_before_also_where_the_host_is_spelled_otherwise(office, call):
    office.roster(2)
    assert call("push", "--yes", "--keep", "--limit", "1").code == 3
    text = (office.folder / "opscom.yaml").read_text(encoding="utf-8")
    office.write("opscom.yaml", text.replace("http://", "HTTP://").rstrip() + "/\n")
    assert call("check", "--json").states == {"roster.csv": {"ready": 1, "unchanged": 1}}


def test_check_opens_no_socket_and_needs_neither_token_nor_client(tmp_path):
    office = Office(tmp_path, token=None, client=None)
    office.roster(2)
    code = (
        "import socket, sys\n"
        "class Refusing(socket.socket):\n"
        "    def __new__(*_, **__): raise AssertionError('a socket was opened')\n"
        "socket.socket = Refusing\n"
        "socket.getaddrinfo = Refusing.__new__\n"
        "from importer.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    done = office.run("check", "--json", code=code)
    assert (done.code, done.states) == (0, {"roster.csv": {"ready": 2}}), done.err
    proof = office.run("push", "--yes", "--sandbox", code=code)
    assert "AssertionError" in proof.err


def test_check_works_without_a_workspace_and_leaves_the_users_folder_alone(tmp_path, calling):
    office = Office(tmp_path, calling)
    (office.folder / "opscom.yaml").unlink()
    (office.folder / "inbox").rmdir()
    office.roster(1, "roster.csv")
    mapping = office.folder / "mappings" / "roster.yaml"
    done = calling(office)("check", "roster.csv", "--mapping", mapping, "--json")
    assert (done.code, done.states) == (0, {"roster.csv": {"ready": 1}})
    assert (office.folder / "results" / "roster-checked.xlsx").exists()
    assert list(office.home.iterdir()) == []
    nothing = calling(office)("check")
    assert nothing.code == 5
    assert nothing.err == (
        f"Error: There is no inbox in {office.folder}. "
        "Go into your workspace, or name it with --workspace; or name a file. "
        "`opscom-import init` makes a new workspace.\n"
    )


# The sandbox


def test_a_rehearsal_needs_neither_token_nor_client_and_archives_nothing(tmp_path, calling):
    office = Office(tmp_path, token=None, client=None)
    office.roster(2)
    done = calling(office)("push", "--sandbox", "--json")
    assert (done.code, done.states) == (0, {"roster.csv": {"pushed": 2}}), done.err
    assert "To the sandbox on this machine, client code SANDBOX:" in done.err
    assert done.json["files"][0]["results"] == str(
        office.folder / "results" / "sandbox" / "roster-results.xlsx"
    )
    assert [path.name for path in office.inbox.iterdir()] == ["roster.csv"]
    again = calling(office)("push", "--sandbox", "--json")
    assert again.states == {"roster.csv": {"unchanged": 2}}


def test_the_sandbox_of_another_window_is_the_sandbox_whatever_its_port(tmp_path, calling):
    office = Office(tmp_path, mappings={"permit": PERMITS})
    office.table("inbox/permit.csv", [permit(0)])
    for expected in ({"pushed": 1}, {"unchanged": 1}):
        with office.start("sandbox", "--port", "0", "--json") as running:
            host = json.loads(running.stdout.readline())["url"]
            done = calling(office)(
                *("push", "--yes", "--json", "--host", host, "--client", "SANDBOX")
            )
            running.kill()
        assert (done.code, done.states) == (0, {"permit.csv": expected}), done.err
        assert "To the sandbox on this machine, client code SANDBOX:" in done.err
    assert [path.name for path in office.inbox.iterdir()] == ["permit.csv"]
    assert done.json["files"][0]["results"] == str(
        office.folder / "results" / "sandbox" / "permit-results.xlsx"
    )


def test_any_other_client_code_on_this_machine_is_a_system_of_its_own(tmp_path, calling):
    office = Office(tmp_path)
    office.roster(1)
    with Controller() as controller:
        done = calling(office)("push", "--yes", "--json", "--host", controller.url)
        assert controller.requests == 1
    assert f"To {controller.url}, client code" in done.err
    assert [path.name for path in office.inbox.iterdir()] == []


def test_a_rehearsal_sends_no_real_token_and_does_not_count_for_the_real_system(
    office, controller, call
):
    office.roster(2)
    assert call("push", "--sandbox").code == 0
    assert controller.connections == 0
    done = call("push", "--yes", "--json")
    assert done.states == {"roster.csv": {"pushed": 2}}
    for path in office.folder.glob("sandbox.sqlite*"):
        assert TOKEN.encode() not in path.read_bytes()


def test_the_results_of_a_rehearsal_are_a_fresh_file_in_the_real_system(office, controller, call):
    office.write("mappings/permits.yaml", PERMITS)
    source = office.table("inbox/permits.csv", [permit(0), permit(1) | {"From": "soon"}])
    assert call("push", "--sandbox").code == 1
    workbook = office.folder / "results/sandbox/permits-results.xlsx"
    with edited(workbook) as page:
        set_cell(page, "PL1", "From", permit(1)["From"])
    done = call("push", "--yes", "--json", workbook)
    assert (done.code, done.states) == (0, {"permits-results.xlsx": {"pushed": 2}})
    assert sorted(entry.body["permitNo"] for entry in controller.ledger) == ["N0000", "N0001"]
    # Both are known by what was sent, so that the source, corrected, sends nothing again.
    office.table(source.relative_to(office.folder), [permit(0), permit(1)])
    again = call("push", "--yes", "--json")
    assert again.states == {"permits.csv": {"unchanged": 2}}


def test_a_checked_workbook_goes_anywhere(office, controller, call):
    office.roster(1)
    assert call("check", "--client", "OC_OTHER", "--host", "https://other.example").code == 0
    workbook = office.folder / "results/roster-checked.xlsx"
    assert call("push", "--sandbox", "--json", workbook).states == {
        "roster-checked.xlsx": {"pushed": 1}
    }
    assert call("push", "--yes", "--json", workbook).states == {
        "roster-checked.xlsx": {"pushed": 1}
    }
    assert len(controller.ledger) == 1


def test_what_was_rehearsed_is_forgotten_when_a_person_says_so(office, call):
    office.roster(2)
    assert call("push", "--sandbox").code == 0
    store = office.folder / "sandbox.sqlite"
    assert b"user1@students.example" in store.read_bytes()
    done = call("sandbox", "--forget")
    assert (done.code, done.err) == (
        0,
        f"What was rehearsed is forgotten; {store} is empty. Workbooks stay in results/sandbox.\n",
    )
    assert b"students.example" not in store.read_bytes()
    # The rehearsal begins afresh, and what OPSCOM itself has counts as before.
    assert call("push", "--sandbox", "--json").states == {"roster.csv": {"pushed": 2}}
    assert call("push", "--yes", "--keep").code == 0
    assert call("sandbox", "--forget").code == 0
    assert call("push", "--yes", "--json", "--keep").states == {"roster.csv": {"unchanged": 2}}


def test_a_sandbox_that_runs_forgets_too(office, call):
    office.roster(2)
    rehearse = ("push", "--yes", "--json", "--keep", "--client", "SANDBOX", "--host")
    with office.start("sandbox", "--port", "0", "--json") as running:
        host = json.loads(running.stdout.readline())["url"]
        assert call(*rehearse, host).states == {"roster.csv": {"pushed": 2}}
        assert call("sandbox", "--forget").code == 0
        assert call(*rehearse, host).states == {"roster.csv": {"pushed": 2}}
        running.kill()


# Hosts


def pushed_before(office, controller, call, host):
    """Push a file, and let the journal believe that the host was another one."""
    office.roster(2)
    assert call("push", "--yes", "--keep").code == 0
    journal = sqlite3.connect(office.journal)
    with journal:
        journal.execute("UPDATE address SET host = ?", (host,))
    journal.close()
    return controller.requests


NEW = "https://new.invalid"


def test_a_new_host_for_a_known_client_code_is_a_question_that_yes_does_not_answer(
    office, controller, call
):
    pushed_before(office, controller, call, "https://old.invalid")
    done = call("push", "--yes", "--json", "--host", NEW)
    assert done.code == 2
    assert done.json["error"] == (
        f"{CLIENT} was pushed to https://old.invalid before, and now the host is {NEW}. "
        "Nobody is here to say whether that is the same OPSCOM. "
        "Give `push` --same-system (what was sent there counts here) or --new-system (it does not)."
    )


def test_same_system_carries_the_records_over(office, controller, call):
    pushed_before(office, controller, call, "https://old.invalid")
    done = call("push", "--yes", "--json", "--host", NEW, "--same-system", "--keep")
    assert (done.code, done.states) == (0, {"roster.csv": {"unchanged": 2}})
    later = call("push", "--yes", "--json", "--host", NEW)
    assert (later.code, later.states) == (0, {"roster.csv": {"unchanged": 2}})


def test_new_system_starts_afresh(office, controller, call):
    pushed_before(office, controller, call, "https://old.invalid")
    # Nothing that would be sent, so that nobody looks for this host.
    office.table("inbox/roster.csv", [user(0) | {"Mail": "no address"}])
    done = call("push", "--yes", "--json", "--host", NEW, "--new-system", "--keep")
    assert (done.code, done.states) == (1, {"roster.csv": {"invalid": 1}})
    office.roster(2)
    found = call("check", "--json", "--host", NEW)
    assert found.states == {"roster.csv": {"ready": 2}}
    old = call("check", "--json", "--host", "https://old.invalid")
    assert old.states == {"roster.csv": {"unchanged": 2}}


@POSIX
def test_a_person_is_asked_whether_a_new_host_is_the_same_opscom(office, controller, call):
    pushed_before(office, controller, call, "https://old.invalid")
    with Terminal(office, "push", "--host", NEW) as screen:
        screen.wait_for("Is that the same OPSCOM, so that what was sent there counts?")
        screen.type("y")
        assert screen.end() == 0
    assert "roster.csv: 2 unchanged" in screen.screen


def test_loopback_never_asks_and_shares_nothing(office, controller, call):
    sent = pushed_before(office, controller, call, "https://old.invalid")
    with Controller() as other:
        done = call("push", "--yes", "--json", "--host", other.url)
        assert (done.code, done.states) == (0, {"roster.csv": {"pushed": 2}})
        assert other.requests == 2
    assert controller.requests == sent


# Interrupts and the token


@POSIX
def test_an_interrupt_finishes_what_is_under_way_and_the_same_command_goes_on(tmp_path):
    with Controller({("000000", 1): Fault("hold")}) as controller:
        office = Office(tmp_path, controller.url)
        office.roster(30)
        process = office.start("push", "--yes", "--json", "--workers", "1")
        controller.wait_for(1)
        process.send_signal(signal.SIGINT)
        threading.Timer(0.3, controller.release).start()
        out, err = process.communicate(timeout=60)
        assert process.returncode == 3, err
        assert '"stopped": "The run was interrupted. 29 rows are left;' in out
        assert controller.applied("000000") == 1
        assert len(read_results(office.folder / "results" / "roster-results.xlsx")) == 30
        done = office.run("push", "--yes", "--json")
        assert (done.code, done.states) == (0, {"roster.csv": {"pushed": 29, "unchanged": 1}})
        assert all(controller.applied(f"{number:06}") == 1 for number in range(30))


def test_a_second_run_beside_the_first_is_told_who_holds_the_journal(tmp_path):
    with Controller({("*", 1): Fault("hold")}) as controller:
        office = Office(tmp_path, controller.url)
        office.roster(1)
        first = office.start("push", "--yes")
        controller.wait_for(1)
        second = office.run("push", "--yes", "--json")
        assert second.code == 5
        assert "is in use by registrar on " in second.json["error"]
        assert f"process {first.pid}" in second.json["error"]
        controller.release()
        first.communicate(timeout=60)
        assert first.returncode == 0
        assert controller.requests == 1


def test_the_token_is_in_no_output_and_in_no_file(office, controller):
    repeat = f'{{"ErrorCode": 9033, "ErrorMessage": "no good: {TOKEN}"}}'
    controller.plan[("000001", 1)] = Fault("answer", body=repeat)
    controller.plan[("000002", 1)] = Fault("html", body=f"<html>{TOKEN}</html>")
    office.roster(3)
    said = [office.run("push", "--yes", "--json", "--keep"), office.run("check", "--json")]
    said.append(office.run("push", "--yes", "--host", "http://opscom.invalid"))
    assert [done.code for done in said] == [1, 0, 5]
    assert all(TOKEN not in done.out + done.err for done in said)
    holding = [
        path
        for path in office.folder.parent.rglob("*")
        if path.is_file() and _holds(path, TOKEN.encode())
    ]
    assert holding == []


def _holds(path, text):
    import zipfile

    if path.suffix != ".xlsx":
        return text in path.read_bytes()
    with zipfile.ZipFile(path) as book:
        return any(text in book.read(name) for name in book.namelist())


def test_no_cell_of_a_person_is_on_the_terminal(office, call):
    office.table("inbox/roster.csv", [user(0) | {"Last": "Canaryname", "Mail": "canary mail"}])
    done = call("push", "--yes", "--json")
    assert done.code == 1
    assert "anary" not in done.out + done.err
    assert "canary mail" in read_results(done.json["files"][0]["results"])[0].values()


# init, fields, help


def test_init_then_push_to_the_sandbox_is_all_it_takes(tmp_path, calling):
    office = Office(tmp_path, token=None, client=None)
    done = calling(office)("init", "parking", "--json")
    assert done.code == done.json["exit_code"] == 0
    parking = office.folder / "parking"
    assert done.json["workspace"] == str(parking)
    assert f"Next: write your client code into {Path('parking', 'opscom.yaml')}" in done.err
    assert (parking / "mappings" / "banner-students.yaml").is_file()
    again = calling(office)("init", "parking")
    assert again.err.startswith("parking is a workspace already; nothing was changed.\n")
    assert again.out == ""
    empty = calling(office)("push", "--sandbox", "--workspace", "parking")
    assert empty.code == 5
    assert empty.err == (
        f"Error: There are no files in {Path('parking', 'inbox')}. "
        "Drop an export there, or name a file.\n"
    )


def test_fields_tells_limits_and_names_for_people_and_for_programs(call):
    shown = call("fields", "users")
    assert (shown.code, shown.err) == (0, "")
    assert "unique_id" in shown.out
    found = call("fields", "users", "--json").json
    names = {field["name"]: field for field in found["users"]["fields"]}
    assert names["postal_code"]["aliases"] == ["zip"]
    assert 9013 in names["unique_id"]["codes"]


def test_every_command_explains_itself(call):
    first = call("--help")
    assert first.code == 0
    for command in ("init", "check", "push", "fields", "sandbox"):
        assert command in first.out
        shown = call(command, "--help")
        assert (shown.code, shown.out.startswith("Usage: opscom-import")) == (0, True)
