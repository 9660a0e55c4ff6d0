"""``push`` from the outside: what goes, what is asked first, what becomes of the file."""

import pytest
from commanding import (
    CLIENT,
    DELETES,
    PERMITS,
    POSIX,
    TOKEN,
    Terminal,
    permit,
    read_results,
    user,
    write_book,
)
from returning import sent


def inbox(office):
    return [path.name for path in office.inbox.iterdir()]


def test_what_a_person_reads_of_a_push(office, controller, call):
    office.roster(2)
    office.table("inbox/roster b.csv", [user(7), user(8) | {"Mail": "no address"}])
    done = call("push", "--yes")
    assert (done.code, done.out) == (1, "")
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
        (
            "  Correct the marked cells in the workbook, or answer in it, as opscom_message says, save it, and push it."
        ),
        "roster.csv: 2 pushed (2 rows, mapping Roster)",
        f"  Workbook: {results / 'roster-results.xlsx'}",
    ]
    # Rows to correct keep no file in the inbox: its push came to its end.
    assert inbox(office) == []


def test_limit_sends_the_first_rows_of_all_and_the_next_push_goes_on(office, controller, call):
    office.roster(2, "inbox/roster a.csv")
    office.roster(3, "inbox/roster b.csv", start=2)
    first = call("push", "--yes", "--json", "--limit", 3, "--workers", 1)
    assert first.code == 3
    assert first.states == {
        "roster a.csv": {"pushed": 2},
        "roster b.csv": {"pushed": 1, "not sent": 2},
    }
    assert first.json["stopped"] == (
        "The limit of 3 rows is reached. 2 rows are left; run the same command again to go on."
    )
    assert sent(controller) == ["000000", "000001", "000002"]
    assert inbox(office) == ["roster b.csv"]
    again = call("push", "--yes", "--json", "--limit", 1)
    assert again.json["stopped"] == (
        "The limit of 1 row is reached. 1 row is left; run the same command again to go on."
    )
    last = call("push", "--yes", "--json", "--limit", 1)
    assert (last.code, last.json["stopped"]) == (0, None)
    assert last.states == {"roster b.csv": {"pushed": 1, "unchanged": 2}}
    assert sent(controller) == [f"{number:06}" for number in range(5)]
    assert inbox(office) == []


def test_users_go_before_permits_whatever_the_files_are_called(office, controller, call):
    office.write("mappings/permit.yaml", PERMITS)
    office.table("inbox/a permit.csv", [permit(0)])
    office.roster(1, "inbox/z roster.csv")
    done = call("push", "--yes", "--json")
    assert done.code == 0
    assert [entry.call for entry in controller.ledger] == ["profiles/push", "permits/push"]
    assert list(done.states) == ["z roster.csv", "a permit.csv"]


def test_several_sheets_are_told_one_by_one_and_their_workbook_once(office, controller, call):
    header = list(user(0))
    sheets = {
        "North": [header, list(user(0).values())],
        "South": [header, list(user(1).values()), list(user(2).values())],
        "West": [["Id", "First", "Lats", "Mail"], list(user(3).values())],
    }
    write_book(office.inbox / "roster.xlsx", sheets)
    only = call("push", "--yes", "--keep", "--sheet", "north", "--results", "other")
    assert (only.code, sent(controller)) == (0, ["000000"])
    done = call("push", "--yes", "--json")
    assert done.code == 0
    assert [(file["sheet"], file["states"]) for file in done.json["files"]] == [
        ("North", {"unchanged": 1}),
        ("South", {"pushed": 2}),
    ]
    assert done.err.splitlines()[1:] == [
        "  roster.xlsx, North: 0 of 1 row to send as users (mapping Roster)",
        "  2 new, 0 changed, 1 unchanged, 0 gone since roster.xlsx",
        '  Note: The sheet West (1 row) was not imported: it lacks "Last".',
        "  roster.xlsx, South: 2 of 2 rows to send as users (mapping Roster)",
        "roster.xlsx, North: 1 unchanged (1 row, mapping Roster)",
        "roster.xlsx, South: 2 pushed (2 rows, mapping Roster)",
        f"  Workbook: {office.folder / 'results' / 'roster-results.xlsx'}",
    ]
    (path,) = {file["results"] for file in done.json["files"]}
    assert [len(read_results(path, name)) for name in ("North", "South")] == [1, 2]


# Asking


@pytest.mark.parametrize(("typed", "code", "rows"), [("n", 3, 0), ("", 3, 0), ("y", 0, 2)])
def test_a_person_is_asked_before_the_first_row(office, controller, call, typed, code, rows):
    office.roster(2)
    done = call("push", typed=[typed])
    assert done.code == code
    plan, question = done.err.split("Send 2 rows?")
    assert plan.splitlines() == [
        f"To {controller.url}, client code {CLIENT}:",
        "  roster.csv: 2 of 2 rows to send as users (mapping Roster)",
    ]
    said = "roster.csv: 2 pushed" if rows else "Nothing was sent. Run the command again when you"
    assert said in question
    assert (len(controller.ledger), len(inbox(office))) == (rows, 0 if rows else 1)


@POSIX
def test_an_interrupt_at_a_question_sends_nothing(office, controller):
    office.roster(1)
    with Terminal(office, "push") as screen:
        screen.wait_for("Send 1 row?")
        screen.press_ctrl_c(until="Interrupted. Run the same command again.")
        assert screen.end() == 3
    assert "Traceback" not in screen.screen
    assert controller.connections == 0


@POSIX
def test_the_token_is_asked_for_without_being_shown(office, controller):
    office.token = None
    office.roster(1)
    with Terminal(office, "push") as screen:
        # What follows the colon comes when nothing is shown any more.
        screen.wait_for("API token (it is not shown): ")
        screen.type(TOKEN)
        screen.wait_for("Send 1 row?")
        screen.type("y")
        assert screen.end() == 0
    assert TOKEN not in screen.screen
    assert controller.ledger[0].body["apiToken"] == TOKEN


def test_a_missing_client_code_is_told_before_a_token_is_typed_in_vain(office, controller, call):
    office.token = None
    office.write("opscom.yaml", f"host: {controller.url}\n")
    office.roster(1)
    done = call("push", typed=[])
    assert done.code == 5
    assert done.err.splitlines()[-1] == (
        "Error: The client code of your OPSCOM is missing; nothing was sent. Write `client: OC_…` into "
        "opscom.yaml, set OPSCOM_CLIENT, or give --client."
    )
    assert controller.connections == 0


# Deletes and --again


@pytest.fixture
def cancellations(office):
    office.write("mappings/cancel.yaml", DELETES)
    return office.table("inbox/cancel.csv", [{"Reference ID": f"ref-{n}"} for n in (1, 2)])


def test_yes_deletes_what_a_named_file_says_and_not_what_merely_lies_in_the_inbox(
    cancellations, controller, call
):
    done = call("push", "--yes", "--json")
    assert done.code == 2
    assert done.json["error"] == (
        "2 permits would be deleted, and nobody is here to be asked. "
        "Name the file itself as PATH and give --yes."
    )
    assert call("push", "--yes", cancellations.parent).code == 2
    assert controller.connections == 0
    done = call("push", "--yes", "--json", cancellations)
    assert (done.code, done.states) == (0, {"cancel.csv": {"pushed": 2}})
    assert sent(controller) == ["ref-1", "ref-2"]


@pytest.mark.usefixtures("cancellations")
@pytest.mark.parametrize(("typed", "code", "rows"), [("2", 0, 2), ("y", 3, 0)], ids=["number", "y"])
def test_a_person_types_how_many_permits_are_deleted(controller, call, typed, code, rows):
    done = call("push", "--yes", typed=[typed])
    assert done.code == code
    assert "Type 2 to delete them" in done.err
    assert "2 permits will be deleted in OPSCOM. That cannot be undone." in done.err
    assert controller.requests == rows


def test_again_sends_unchanged_users_and_without_it_nobody_is_asked(office, controller, call):
    office.roster(2)
    assert call("push", "--yes", "--keep").code == 0
    done = call("push", "--keep", typed=[])
    assert (done.code, "Send" in done.err, controller.requests) == (0, False, 2)
    assert call("push", "--yes", "--again", "--json").states == {"roster.csv": {"pushed": 2}}
    assert controller.requests == 4


@pytest.mark.parametrize(
    ("mapping", "row", "endpoint"),
    [(PERMITS, permit(0), "permits"), (DELETES, {"Reference ID": "r"}, "permit-deletes")],
)
def test_again_is_refused_for_what_would_be_done_twice(
    office, controller, call, mapping, row, endpoint
):
    office.write("mappings/other.yaml", mapping)
    other = office.table("inbox/permits to cancel.csv", [row])
    done = call("push", "--yes", "--again", "--json", other, office.roster(1))
    assert done.code == 2
    assert done.json["error"] == (
        f"--again is for users and permit-updates only; {endpoint} would be created or deleted twice."
    )
    assert controller.connections == 0
