"""The journal is gone, put back from an old copy, or another one is named: nothing is created again."""

import shutil

import pytest
from commanding import DELETES, ENDS, permit, user
from controller import Fault
from returning import Desk, edited, sent, states

END = "2027-09-01T00:00:00"


LEARNED = (
    "This journal did not know the run that wrote this workbook. Its rows that were settled then count as they "
    "stand here, and are not sent: push what was changed in them since "
)


def permits(desk, count, name="permits.csv", start=0):
    return desk.table(name, [permit(number) for number in range(start, start + count)])


@pytest.fixture
def pushed(desk):
    """Three permits pushed; their results workbook lies in the results folder."""
    permits(desk, 3)
    desk.push("permits.csv", code=0)
    return desk


def name_another(desk):
    return ("--journal", desk.folder / "new.sqlite")


def make_empty(desk):
    desk.lose_journal()
    desk.journal.touch()


def why(desk):
    workbook = desk.results("permits")
    return (
        f"{workbook.name} tells of runs to {desk.url}, client code OC_TEST, that this journal does not know: "
        "the journal was lost, or another one is named. A push would create again what they hold. Push the "
        f"results workbooks first, so that the journal learns from them: opscom-import push {workbook} (or "
        "give --new-system where all is meant to be created once more)."
    )


@pytest.mark.parametrize("lose", [Desk.lose_journal, name_another, make_empty])
def test_a_lost_journal_creates_no_permit_again_until_the_results_workbooks_are_pushed(
    pushed, controller, lose
):
    more = lose(pushed) or ()
    done = pushed.do("check", "permits.csv", *more, code=0)
    assert done["notes"] == [f"A push creates nothing. {why(pushed)}"]
    done = pushed.push("permits.csv", *more, code=5)
    assert done["files"][0]["error"] == f"permits.csv: nothing of it was sent. {why(pushed)}"
    done = pushed.push("permits.csv", *more, "--client", "OC-TEST", code=5)
    assert "client code OC_TEST, that this journal does not know" in done["files"][0]["error"]
    assert controller.requests == 3
    assert states(pushed.do("check", pushed.results("permits"), *more)) == {"unchanged": 3}
    done = pushed.push(pushed.results("permits"), *more, code=0)
    assert (states(done), done["files"][0]["notes"]) == (
        {"unchanged": 3},
        [f"{LEARNED}as permit-updates."],
    )
    runs = pushed.do("history", *more)["runs"]
    assert runs[-1]["stopped"] == "Learned from permits-results.xlsx."
    permits(pushed, 5)
    assert states(pushed.push("permits.csv", *more, code=0)) == {"pushed": 2, "unchanged": 3}
    assert sent(controller) == [f"N{number:04}" for number in range(5)]


def test_users_go_on_and_their_workbook_keeps_permits_back_until_it_is_pushed(desk, controller):
    desk.push(desk.roster(2, "roster.csv"), code=0)
    desk.lose_journal()
    permits(desk, 1)
    desk.roster(1, "other-roster.csv", start=7)
    done = desk.push("permits.csv", "other-roster.csv", code=5)
    went = {file["source"]: file["states"] for file in done["files"]}
    assert went == {"permits.csv": {}, "other-roster.csv": {"pushed": 1}}
    assert controller.applied("N0000") == 0
    desk.push(desk.results("roster"), code=0)
    desk.push("permits.csv", code=0)
    assert controller.applied("N0000") == 1


def test_new_system_says_that_all_is_meant_and_is_asked_once(pushed, controller):
    pushed.lose_journal()
    assert states(pushed.push("permits.csv", "--new-system", code=0)) == {"pushed": 3}
    permits(pushed, 4)
    assert states(pushed.push("permits.csv", code=0)) == {"pushed": 1, "unchanged": 3}
    assert controller.requests == 7


def test_a_journal_put_back_from_a_copy_learns_the_runs_that_came_after(pushed, controller):
    before = pushed.journal.read_bytes()
    permits(pushed, 2, "more-permits.csv", start=3)
    pushed.push("more-permits.csv", code=0)
    pushed.lose_journal()
    pushed.journal.write_bytes(before)
    pushed.push("more-permits.csv", code=5)
    pushed.push(pushed.results("more-permits"), code=0)
    pushed.push("more-permits.csv", code=0)
    assert controller.requests == 5


def test_workbooks_that_were_kept_count_too_and_all_are_pushed_at_once(pushed, controller):
    permits(pushed, 2, start=3)
    pushed.push("permits.csv", code=0)
    kept = next(pushed.folder.glob("results/permits-results 20*.xlsx"))
    pushed.lose_journal()
    permits(pushed, 5)
    done = pushed.push("permits.csv", code=5)
    newest = pushed.results("permits")
    assert "and 1 more tell of runs" in done["files"][0]["error"]
    # One alone is not enough: what the other holds would still be created again.
    pushed.push(newest, code=0)
    pushed.push("permits.csv", code=5)
    pushed.push(kept, code=0)
    assert states(pushed.push("permits.csv", code=0)) == {"unchanged": 5}
    assert controller.requests == 5


@pytest.mark.parametrize("order", [1, -1])
def test_sources_beside_the_workbooks_in_one_run_create_nothing_again(pushed, controller, order):
    pushed.lose_journal()
    shutil.copy(pushed.folder / "permits.csv", pushed.folder / "a-permits.csv")
    corrected = pushed.correct("permits", ("PL1", "To", "2027-01-31T00:00:00"))
    files = ["a-permits.csv", corrected][::order]
    pushed.do("push", *files, "--yes", code=1)
    assert controller.requests == 3


@pytest.mark.parametrize("command", ["push --yes", "settle"])
def test_a_vehicle_that_exists_and_a_lost_answer_are_learned_too(desk, controller, command):
    controller.plan["V0", 0] = Fault("answer", code=9012)
    controller.plan["N0000", 1] = Fault("lost")
    desk.table("vehicles.csv", [{"Plate": f"V{number}", "Prov": "ON"} for number in range(2)])
    permits(desk, 2)
    desk.do("push", "vehicles.csv", "permits.csv", "--yes", code=4)
    before = controller.requests
    desk.lose_journal()
    done = desk.do(*command.split(), *map(desk.results, ("vehicles", "permits")), code=4)
    assert [file["states"] for file in done["files"]] == [
        {"unchanged": 1, "exists": 1},
        {"unchanged": 1, "unknown": 1},
    ]
    desk.do("push", "vehicles.csv", "permits.csv", "--yes", code=4)
    assert controller.requests == before
    desk.give_back("permits", ("PL0", "opscom_answer", "yes"), code=0)
    assert controller.requests == before
    told = {row["opscom_status"] for row in desk.table_of("permits")}
    assert told == {"pushed", "unchanged"}


@pytest.mark.parametrize("order", [1, -1], ids=["permits first", "deletes first"])
@pytest.mark.parametrize("together", [True, False], ids=["one run", "two runs"])
def test_deletes_are_learned_and_not_sent_again(pushed, controller, order, together):
    first, lost, _ = (each["reference_id"] for each in controller.records("permits"))
    pushed.write("mappings/cancel.yaml", DELETES)
    pushed.table("cancel.csv", [{"Reference ID": number} for number in (first.upper(), lost)])
    controller.plan[lost, 1] = Fault("lost")
    controller.plan[lost, 2] = Fault("answer", status=404, body="<html>")
    pushed.push("cancel.csv", "--workers", 1, code=3)
    pushed.lose_journal()
    books = [*map(pushed.results, ("permits", "cancel"))][::order]
    for paths in [books] if together else [[book] for book in books]:
        pushed.do("push", *paths, "--yes")
    assert len(controller.records("permits")) == 1
    deletes = [entry.key for entry in controller.ledger if entry.call == "permits/delete"]
    assert deletes == [first.upper(), lost, lost, lost]
    assert [row["opscom_status"] for row in pushed.table_of("cancel")] == ["unchanged", "pushed"]
    # What was deleted is no record of OPSCOM's any more.
    assert states(pushed.do("check", "permits.csv", code=0)) == {"ready": 2, "unchanged": 1}


@pytest.mark.parametrize("name", ["roster", "ends"])
@pytest.mark.parametrize(
    ("orders", "codes"),
    [([[3, 1, 2]], [0]), ([[3], [1], [2]], [0, 1, 1]), ([[1], [2], [3]], [0, 0, 0])],
    ids=["all at once", "the newest first", "the newest last"],
)
def test_of_what_runs_of_a_lost_journal_brought_the_newest_counts(
    desk, controller, name, orders, codes
):
    desk.write("mappings/ends.yaml", ENDS)
    for number in (1, 2, 3):
        rows = [user(0) | {"Last": f"Name{number}"}, user(1)]
        if name == "ends":
            rows = [{"Id": f"r-{n}", "To": f"2027-01-0{number * n + 1}T00:00:00"} for n in (1, 0)]
        desk.push(desk.table(f"{name} {number}.csv", rows), code=0)
        with edited(desk.results(f"{name} {number}"), "Summary") as page:
            [at] = [cell.row for cell in page["A"] if cell.value == "Started"]
            page.cell(at, 2).value = f"2026-0{number}-01 08:00:00+00:00"
    key, header, text = ("000001", "Last", "Right") if name == "roster" else ("r-0", "To", END)
    desk.correct(f"{name} 3", (key, header, text))
    desk.lose_journal()
    before = controller.requests
    for order, code in zip(orders, codes, strict=True):
        books = [desk.results(f"{name} {number}") for number in order]
        assert "ready" not in states(desk.do("check", *books))
        done = desk.do("push", *books, "--yes", code=code)
        assert all(f"{LEARNED}with the next list." in file["notes"] for file in done["files"])
        for _ in range(2 if code else 0):
            [row, _] = desk.table_of(f"{name} {order[0]}")
            assert row["opscom_message"].startswith("A later push brought other values")
            desk.push(desk.results(f"{name} {order[0]}"), code=1)
    assert controller.requests == before
    # What somebody corrected in a workbook comes with the next list, which is sent as a whole.
    rows[1][header] = text
    assert states(desk.push(desk.table(f"{name} 4.csv", rows), code=0)) == {"pushed": 2}
    assert {row["opscom_message"] for row in desk.table_of(f"{name} 4")} == {""}
    assert text in controller.entries(key)[-1].body.values()
    assert states(desk.push(f"{name} 4.csv", code=0)) == {"unchanged": 2}


def test_a_no_in_the_workbook_of_a_lost_run_is_believed_where_no_other_tells_of_the_row(
    desk, controller
):
    controller.plan["N0000", 1] = Fault("close")
    permits(desk, 1)
    desk.push("permits.csv", code=4)
    desk.lose_journal()
    desk.give_back("permits", ("PL0", "opscom_answer", "no"), code=0)
    assert controller.applied("N0000") == 1


def test_workbooks_that_tell_of_no_run_or_cannot_be_read_are_passed_over(desk, controller):
    permits(desk, 2)
    desk.do("push", "permits.csv", "--sandbox", code=0)
    desk.do("check", "permits.csv", code=0)
    rehearsed = desk.results("permits", folder="results/sandbox")
    shutil.copy(rehearsed, desk.results("rehearsed-permits"))
    shutil.copy(desk.results("permits", "checked"), desk.results("checked-permits"))
    desk.results("old").write_bytes(b"PK\x03\x04 cut off")
    desk.results("empty").touch()
    desk.results("~$permits").write_bytes(b"lock")
    desk.lose_journal()
    desk.push("permits.csv", code=0)
    assert controller.requests == 2
