"""The sandbox: a rehearsal needs nothing, archives nothing, and counts nowhere but there."""

import json

import pytest
from commanding import PERMITS, ROSTER, TOKEN, permit, user
from returning import edited, rows_of, set_cell

REHEARSING = "To the sandbox on this machine, client code SANDBOX:"


@pytest.fixture
def other_window(office):
    """Run a sandbox in another process; give its address."""
    with office.start("sandbox", "--port", "0", "--json") as running:
        yield json.loads(running.stdout.readline())["url"]
        running.kill()


def test_the_sandbox_of_another_window_is_the_sandbox_whatever_its_port(office, call, other_window):
    office.write("mappings/permit.yaml", PERMITS)
    office.table("inbox/permit.csv", [permit(0)])
    assert call("push", "--sandbox").code == 0
    there = ("push", "--yes", "--json", "--client", "SANDBOX", "--host", other_window)
    done = call(*there)
    assert (done.code, done.states) == (0, {"permit.csv": {"unchanged": 1}}), done.err
    assert REHEARSING in done.err
    assert [path.name for path in office.inbox.iterdir()] == ["permit.csv"]
    results = office.folder / "results" / "sandbox" / "permit-results.xlsx"
    assert done.json["files"][0]["results"] == str(results)
    # It forgets while it runs, too.
    assert call("sandbox", "--forget").code == 0
    assert call(*there).states == {"permit.csv": {"pushed": 1}}


def test_the_results_of_a_rehearsal_are_a_fresh_file_in_a_check_and_in_the_real_system(
    office, controller, call
):
    office.write("mappings/permits.yaml", PERMITS)
    source = office.table("inbox/permits.csv", [permit(0), permit(1) | {"From": "soon"}])
    assert call("push", "--sandbox").code == 1
    workbook = office.folder / "results/sandbox/permits-results.xlsx"
    with edited(workbook) as page:
        set_cell(page, "PL1", "From", permit(1)["From"])
    done = call("check", "--json", workbook)
    assert (done.code, done.states) == (0, {"permits-results.xlsx": {"ready": 2}})
    checked = rows_of(office.folder / "results/permits-checked.xlsx", "Rows")
    assert {row["opscom_reference_id"] for row in checked} == {""}
    done = call("push", "--yes", "--json", workbook)
    assert (done.code, done.states) == (0, {"permits-results.xlsx": {"pushed": 2}})
    assert sorted(entry.body["permitNo"] for entry in controller.ledger) == ["N0000", "N0001"]
    # Both are known by what was sent, so that the source, corrected, sends nothing again.
    office.table(source.relative_to(office.folder), [permit(0), permit(1)])
    assert call("push", "--yes", "--json").states == {"permits.csv": {"unchanged": 2}}


def test_a_checked_workbook_goes_anywhere(office, controller, call):
    office.roster(1)
    assert call("check", "--client", "OC_OTHER", "--host", "https://other.example").code == 0
    workbook = office.folder / "results/roster-checked.xlsx"
    for how in ("--sandbox", "--yes"):
        done = call("push", how, "--json", workbook)
        assert done.states == {"roster-checked.xlsx": {"pushed": 1}}
    assert len(controller.ledger) == 1


def test_what_was_rehearsed_is_forgotten_when_a_person_says_so(office, call):
    office.roster(2)
    assert call("push", "--sandbox").code == 0
    store = office.folder / "sandbox.sqlite"
    assert b"user1@students.example" in store.read_bytes()
    assert TOKEN.encode() not in store.read_bytes()
    done = call("sandbox", "--forget")
    assert (done.code, done.err) == (
        0,
        f"What was rehearsed is forgotten; {store} is empty. Workbooks stay in results/sandbox.\n",
    )
    assert b"students.example" not in store.read_bytes()
    # The rehearsal begins afresh, and what OPSCOM itself has counts as before.
    assert call("push", "--sandbox", "--json").states == {"roster.csv": {"pushed": 2}}
    assert call("push", "--yes", "--json", "--keep").states == {"roster.csv": {"pushed": 2}}
    assert call("sandbox", "--forget").code == 0
    assert call("push", "--yes", "--json", "--keep").states == {"roster.csv": {"unchanged": 2}}


def test_a_rehearsal_takes_the_sandboxs_user_types_and_a_check_only_opscoms_own(office, call):
    looked_up = f"{ROSTER}  user_type_id: {{column: Type, lookup: user-types}}\n"
    mapping = office.write("types.yaml", looked_up)
    source = office.table("list.csv", [user(1) | {"Type": "Full Time Student"}])
    assert call("pull", "user-types", "--sandbox").code == 0
    done = call("push", "--sandbox", source, "--mapping", mapping, "--json")
    assert done.states == {"list.csv": {"pushed": 1}}
    assert call("check", source, "--mapping", mapping).code == 5
