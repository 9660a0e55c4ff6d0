"""A list of permits that lives: `update` changes the permit that is there, and never makes a second one."""

import itertools
import shutil
from contextlib import contextmanager
from functools import partial

import openpyxl
import own_process
import pytest
from commanding import DELETES, PERMITS, TOKEN, permit
from controller import Fault
from delivering import moment, permits, push
from proving import CASES, Witness, wait_for_quiet
from returning import states

END, PLATE = "2027-01-31T18:00:00", "NEW1"
LATER = "2027-02-28T18:00:00"
CHANGED, LATEST = permit(0) | {"To": END}, permit(0) | {"To": LATER}
ALIKE = "of an earlier run has the same number, or the same plate and start."
IS_NEW = "where this is another permit, write new into opscom_answer and push this workbook."
SAME = {"unchanged": 2}


def offered(what, fields="End Date", *, new=True):
    """Return the message of a row that may be the change of a permit, or another one."""
    another = "; where this is another permit, write new" if new else ""
    return (
        f"{what} It differs in {fields}. Where that permit is to change, write update into opscom_answer"
        f"{another}; then push this workbook."
    )


def push_list(desk, *rows, code=None):
    desk.table("permits.csv", rows)
    return states(desk.push("permits.csv", code=code))


def write(desk, plate, kind="results", **cells):
    """Write into a row of a workbook, under the headers named; ``said`` is the person's answer."""
    named = (("opscom_answer" if name == "said" else name, text) for name, text in cells.items())
    return desk.correct("permits", *((plate, *each) for each in named), kind=kind)


def answer(desk, code=None, **answers):
    """Write answers into the results workbook, each under its plate, and push it."""
    for plate, said in answers.items():
        write(desk, plate, said=said)
    return states(desk.push(desk.results("permits"), code=code))


def held(controller):
    """Return what OPSCOM holds, by number of the permit."""
    return {each["permitNo"]: each for each in controller.records("permits")}


def message(desk, at=0):
    return desk.table_of("permits")[at]["opscom_message"].splitlines()[-1]


def push_change(desk, number, code=None, **fields):
    """Push one row of permit-updates; a column is named as its field."""
    names = ", ".join(f"{name}: {name}" for name in fields)
    mapping = (
        f"version: 1\nname: C\nendpoint: permit-updates\nfields: {{referenceID: Id, {names}}}\n"
    )
    desk.write("change.yaml", mapping)
    desk.table("change.csv", [{"Id": number} | fields])
    return desk.push("change.csv", "--mapping", "change.yaml", code=code)


def changed_and_held(desk, controller):
    """Push two permits, then the first with a later end; return the id of the first."""
    push_list(desk, permit(0), permit(1), code=0)
    push_list(desk, CHANGED, permit(1), code=1)
    return held(controller)["N0000"]["reference_id"]


def losing(controller, number, first="lost"):
    """Lose the answer to the next update of a permit, and stop the run at its second attempt."""
    attempts = len(controller.entries(number))
    controller.plan[number, attempts + 1] = Fault(first)
    controller.plan[number, attempts + 2] = Fault("answer", status=404, body="<html>")


def lose_update(desk, controller, first="lost"):
    """Lose the answer to an update; return the permit's id."""
    number = changed_and_held(desk, controller)
    losing(controller, number, first)
    answer(desk, 3, PL0="update")
    return number


def test_update_sends_what_changed_to_the_permit_that_is_there_and_the_row_is_unchanged(
    desk, controller
):
    push_list(desk, permit(0), permit(1), code=0)
    before = held(controller)["N0001"]
    number = before["reference_id"]
    changed = permit(1) | {"To": END, "Plate": PLATE}
    push_list(desk, permit(0), changed, code=1)
    assert desk.table_of("permits")[1]["opscom_error_code"] == "9022"
    assert message(desk, 1) == offered(f"The permit {number} {ALIKE}", "End Date and License Plate")
    page = openpyxl.load_workbook(desk.results("permits"))["Rows"]
    assert {page.cell(1, cell.column).value for cell in page[3] if cell.comment} == {"Plate", "To"}
    (rule,) = page.data_validations.dataValidation
    assert rule.formula1 == '"new,update"'
    assert answer(desk, 0, **{PLATE: "Update"}) == {"pushed": 1, "unchanged": 1}
    change = {"endTime": END, "plate": PLATE}
    last = controller.ledger[-1]
    assert (last.call, last.body) == (
        "permits/update",
        {"apiToken": TOKEN, "referenceID": number} | change,
    )
    row = desk.table_of("permits")[1]
    assert [row[f"opscom_{name}"] for name in ("status", "reference_id", "answer", "message")] == [
        *("pushed", number, ""),
        f"changes endTime, plate\nThe permit {number} was changed: End Date and License Plate.",
    ]
    assert push_list(desk, permit(0), changed, code=0) == SAME
    assert states(desk.push(desk.results("permits"), code=0)) == SAME
    assert (len(controller.ledger), held(controller)["N0001"]) == (3, before | change)


def test_rows_that_may_be_earlier_permits_are_told_as_problems_before_anything_is_sent(desk):
    push_list(desk, *map(permit, range(3)), code=0)
    desk.table("permits.csv", [CHANGED, permit(1) | {"To": END}, permit(2) | {"Plate": PLATE}])
    (file,) = desk.push("permits.csv", code=1)["files"]
    message = f"The permit … {ALIKE}"
    ends, plates = (offered("", what).strip() for what in ("End Date", "License Plate"))
    assert [
        (each["code"], each["severity"], each["remedy"], each["rows"]) for each in file["problems"]
    ] == [("9022", "error", ends, 2), ("9022", "error", plates, 1)]
    assert file["problems"][0]["message"] == message
    said = desk.told.splitlines()
    place = f"  Error in 2 rows (9022), first at permits.csv, row 2: {message} {ends}"
    assert said.index(place) < said.index("permits.csv: 3 invalid (3 rows, mapping Permits)")
    assert said.count(place) == 1
    assert said[-1] == (
        "  Correct the marked cells in the workbook, or answer in it, as opscom_message says, save it, and push it."
    )


def test_a_new_row_like_one_that_still_stands_beside_it_is_held(desk, controller):
    push_list(desk, permit(0), code=0)
    number = held(controller)["N0000"]["reference_id"]
    another = permit(0) | {"Plate": PLATE}
    assert push_list(desk, permit(0), another, code=1) == {"unchanged": 1, "invalid": 1}
    row = desk.table_of("permits")[1]
    assert row["opscom_error_code"] == "9022"
    assert row["opscom_message"].splitlines()[0] == (
        f"The permit {number} {ALIKE} Where that permit is to change, push the change as permit-updates; "
        f"{IS_NEW}"
    )
    assert answer(desk, 0, **{PLATE: "new"}) == {"pushed": 1, "unchanged": 1}
    assert push_list(desk, permit(0), another, code=0) == SAME


def test_of_two_permits_that_a_row_looks_like_update_changes_neither(desk, controller):
    push_list(desk, permit(0), permit(0) | {"Plate": "PL9"}, code=0)
    push_list(desk, CHANGED | {"Plate": PLATE}, code=1)
    answer(desk, 1, **{PLATE: "update"})
    ids = [each["reference_id"] for each in controller.records("permits")]
    assert message(desk) in {
        f"{one} and {other} look like this permit, so update does not say which is to change. "
        "Push the change as permit-updates."
        for one, other in itertools.permutations(ids)
    }
    assert len(controller.ledger) == 2


def test_of_a_permit_that_a_person_found_it_is_said_what_changed_since(desk, controller):
    controller.plan["N0000", 1] = Fault("lost")
    push_list(desk, permit(0), code=4)
    number = held(controller)["N0000"]["reference_id"]
    push_change(desk, number, 0, endTime=END)
    assert answer(desk, 0, PL0=number) == {"pushed": 1}
    assert desk.table_of("permits")[0]["opscom_message"].splitlines()[0] == (
        f"A person found it in OPSCOM. The permit {number} was changed after this row was accepted: it differs "
        "in End Date. Nothing was sent. Where this row's values are right, push them as permit-updates."
    )


def test_permits_whose_id_was_not_named_are_work_for_a_person(desk, controller):
    controller.plan["N0001", 1] = Fault(
        "answer", body='{"status": "success", "reference_id": null}'
    )
    push_list(desk, permit(0), permit(1), code=0)
    step = (
        "1.  Look up the id of 1 permit in OPSCOM, which named none, write it into opscom_answer, and push this "
        "workbook: whoever changes or deletes a permit needs its id."
    )
    assert desk.section("permits", "What to do") == [[step]]


def test_a_row_whose_permit_was_deleted_is_created_again_only_without_its_id(desk, controller):
    push_list(desk, permit(0), permit(1), code=0)
    number = held(controller)["N0000"]["reference_id"]
    desk.write("gone.yaml", DELETES)
    desk.table("gone.csv", [{"Reference ID": number.upper()}])
    desk.push("gone.csv", "--mapping", "gone.yaml", code=0)
    assert states(desk.push(desk.results("permits"), code=1)) == {"invalid": 1, "unchanged": 1}
    assert desk.table_of("permits")[0]["opscom_error_code"] == "9009"
    assert message(desk) == (
        f"The permit {number} was deleted in OPSCOM through this program. To create it again, empty "
        "opscom_reference_id."
    )
    write(desk, "PL0", opscom_reference_id="")
    assert states(desk.push(desk.results("permits"), code=0)) == {"pushed": 1, "unchanged": 1}
    assert len(controller.ledger) == 4


@pytest.mark.parametrize(("said", "made"), [("update", 0), ("new", 1)])
def test_an_older_list_undoes_no_update_and_creates_nothing_until_a_person_says_so(
    desk, controller, said, made
):
    number = changed_and_held(desk, controller)
    answer(desk, 0, PL0="update")
    push_list(desk, permit(0), permit(1), code=1)
    assert len(controller.ledger) == 3
    what = f"The permit {number} is in OPSCOM with other values than this row's."
    assert message(desk) == offered(what)
    answer(desk, 0, PL0=said)
    assert len(controller.records("permits")) == 2 + made
    assert controller.ledger[-1].body["endTime"] == permit(0)["To"]
    for row in (permit(0), CHANGED)[: 1 + made]:
        assert push_list(desk, row, permit(1), code=0) == SAME


@pytest.mark.parametrize(
    ("change", "fields", "cannot"),
    [
        ({"From": "2026-10-01T08:00:00"}, "Start Date", "Start Date"),
        ({"Number": "N9", "To": END}, "End Date and Ticket Number", "Ticket Number"),
        ({"Price": ""}, "Amount", "Amount"),
    ],
    ids=["start", "number", "emptied"],
)
def test_what_no_update_can_change_is_said_and_not_sent(desk, controller, change, fields, cannot):
    desk.write("mappings/permits.yaml", PERMITS + "  amount: Price\n")
    row = permit(0) | {"Price": "12.00"}
    push_list(desk, row, code=0)
    number = held(controller)["N0000"]["reference_id"]
    push_list(desk, row | change, code=1)
    for _ in range(2):
        assert desk.table_of("permits")[0]["opscom_message"].splitlines()[1] == (
            f"The permit {number} {ALIKE} It differs in {fields}. An update cannot change {cannot} to that: to "
            f"replace that permit, delete it as one of the permit-deletes, then push this row again; {IS_NEW}"
        )
        answer(desk, 1, PL0="update")
    assert len(controller.ledger) == 1


def test_a_change_that_was_pushed_as_an_update_makes_the_row_of_the_list_unchanged(
    desk, controller
):
    push_list(desk, permit(0), code=0)
    push_change(desk, held(controller)["N0000"]["reference_id"], 0, endTime=END)
    assert push_list(desk, CHANGED, code=0) == {"unchanged": 1}
    # What changed since counts, not only what the list brought.
    push_list(desk, LATEST | {"Plate": PLATE}, code=1)
    answer(desk, 0, **{PLATE: "update"})
    assert (held(controller)["N0000"]["endTime"], len(controller.ledger)) == (LATER, 3)


def test_an_update_without_an_answer_is_sent_again_by_the_workbook_that_is_written_then(
    desk, controller
):
    number = lose_update(desk, controller, "close")
    row = desk.table_of("permits")[0]
    assert (row["opscom_status"], row["opscom_reference_id"]) == ("unknown", number)
    assert row["opscom_message"].splitlines()[1].endswith("the next push sends it again.")
    settled = desk.do("settle", desk.results("permits"), code=4)
    assert states(settled) == {"unknown": 1, "unchanged": 1}
    [note] = desk.do("settle", code=4)["notes"]
    assert note.endswith("): push the workbook that says update again; that settles it.")
    assert states(desk.push(desk.results("permits"), code=0)) == {"pushed": 1, "unchanged": 1}
    assert held(controller)["N0000"]["endTime"] == END


def test_two_rows_cannot_both_change_one_permit_nor_is_the_second_created_when_it_comes_back(
    desk, controller
):
    push_list(desk, permit(0), permit(1), code=0)
    second = LATEST | {"Plate": PLATE}
    push_list(desk, CHANGED, second, permit(1), code=1)
    answer(desk, 1, PL0="update", **{PLATE: "update"})
    rows = desk.table_of("permits")
    assert [row["opscom_status"] for row in rows] == ["pushed", "invalid", "unchanged"]
    assert "Row 2 says update for the same permit already." in rows[1]["opscom_message"]
    assert [entry.call for entry in controller.ledger][2:] == ["permits/update"]
    assert held(controller)["N0000"]["endTime"] == END
    desk.push(desk.results("permits"), code=1)
    push_list(desk, CHANGED, second, permit(1), code=1)
    assert len(controller.ledger) == 3


@pytest.mark.parametrize(
    ("said", "told", "made"), [("update", "changes endTime", 0), ("new", "new", 2)]
)
def test_a_check_foresees_what_was_answered_and_it_stands_there_until_a_limit_lets_the_row_go(
    desk, controller, said, told, made
):
    push_list(desk, permit(0), permit(1), code=0)
    push_list(desk, CHANGED, permit(1) | {"To": END}, permit(2), code=1)
    for plate in ("PL0", "PL1"):
        write(desk, plate, said=said)
    checked = desk.do("check", desk.results("permits"), code=0)
    assert states(checked) == {"unchanged": 1, "ready": 2}
    [row, *_] = desk.table_of("permits", kind="checked")
    assert (row["opscom_answer"], row["opscom_message"]) == (said, told)
    first = desk.push(desk.results("permits", "checked"), "--limit", "1", code=3)
    assert states(first) == {"pushed": 1, "unchanged": 1, "not sent": 1}
    assert [row["opscom_answer"] for row in desk.table_of("permits")] == ["", said, ""]
    assert states(desk.push(desk.results("permits"), code=0)) == {"pushed": 1, "unchanged": 2}
    assert len(controller.records("permits")) == 3 + made
    assert {each["endTime"] for each in held(controller).values()} == {END, permit(2)["To"]}


# Under faults and kills: three terms of one list, the second one disturbed


ROWS = 3
FIRST = [each | {"amount": "10.00", "currency": "CAD"} for each in permits(ROWS)]
SECOND = [each | {"endTime": END, "plate": f"N{each['plate']}"} for each in FIRST]
THIRD = [each | {"amount": "14.50"} for each in FIRST]
"""Beside what is new, it takes back what the second changed."""


def term(controller, journal, payloads):
    """Return the push of a list whose workbook says ``update`` in every row, for as often as it takes."""
    told = {"answer": "update", "told_at": moment(journal)}
    return partial(push, controller.url, journal, "permits", payloads, **told)


def check_list(controller, payloads, ids):
    """Compare what OPSCOM holds with a list: the same permits, each as its row says."""
    there = controller.records("permits")
    assert [each.pop("reference_id") for each in there] == ids, "a permit was created or lost"
    for each, payload in zip(there, payloads, strict=True):
        assert {name: each.get(name) for name in payload} == payload
    assert sum(entry.call == "permits/push" for entry in controller.ledger) == ROWS
    assert controller.unannounced == []


@contextmanager
def second_term(journal, *, finished):
    """Give controller, push of the second list and ids; after it was disturbed let the third overtake it.

    ``finished``: the second is pushed until it is done before.
    """
    with Witness(journal) as controller:
        push(controller.url, journal, "permits", FIRST)
        ids = [each["reference_id"] for each in controller.records("permits")]
        second = term(controller, journal, SECOND)
        yield controller, second, ids
        controller.plan.clear()
        if finished:
            done = second()
            assert done.stopped is None
            assert set(done.states.values()) <= {"pushed", "unchanged"}
            check_list(controller, SECOND, ids)
            before = controller.requests
            assert set(second().states.values()) == {"unchanged"}
            assert controller.requests == before
        third = term(controller, journal, THIRD)
        assert set(third().states.values()) == {"pushed"}
        check_list(controller, THIRD, ids)
        before = controller.requests
        plain = partial(push, controller.url, journal, "permits", SECOND)
        for each, state in ((second, "invalid"), (plain, "invalid"), (third, "unchanged")):
            assert set(each().states.values()) == {state}
        assert controller.requests == before
        check_list(controller, THIRD, ids)


overtaken = pytest.mark.parametrize("finished", [True, False], ids=["finished", "overtaken"])
QUICK = {"lost", "cut-in-body", "500-applied", "429-seconds", "9019-with-200", "301", "404", "9003"}


@overtaken
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=() if case.name in QUICK else pytest.mark.exhaustive)
        for case in CASES
    ],
)
def test_whatever_goes_wrong_an_update_creates_nothing_and_undoes_nothing(journal, case, finished):
    with second_term(journal, finished=finished) as (controller, second, ids):
        controller.plan.update({(number, 1): case.fault for number in ids})
        done = second(timeout=case.timeout)
        assert sorted(done.outcomes) == list(range(ROWS))


@overtaken
@pytest.mark.parametrize(
    "stride", [pytest.param(1, marks=pytest.mark.exhaustive), 5], ids=["every step", "some steps"]
)
@pytest.mark.timeout(600)
def test_an_update_killed_at_any_step_creates_nothing_and_undoes_nothing(
    tmp_path, stride, finished
):
    for step in itertools.count(1, stride):
        journal = tmp_path / f"{step}" / "journal.sqlite"
        with second_term(journal, finished=finished) as (controller, second, _):
            code, _ = own_process.run(own_process.push, *second.args, **second.keywords, fatal=step)
            wait_for_quiet(controller)
        if code != own_process.FATAL:
            break
    assert step > 20, "fewer steps than there are"


# Several files, and journals that were lost


@pytest.mark.parametrize("beside", [{"Number": "N9999", "Plate": "OTHER1"}, {"Number": "N0001"}])
def test_an_update_of_a_row_that_was_made_another_beside_it_is_held(desk, controller, beside):
    changed_and_held(desk, controller)
    desk.push(write(desk, "PL0", said="update", **beside), code=1)
    assert (len(controller.ledger), len(controller.records("permits"))) == (2, 2)


def test_a_row_that_another_journal_held_as_a_second_permit_is_held_here_too(desk, controller):
    changed_and_held(desk, controller)
    workbook = shutil.copy(desk.results("permits"), desk.folder / "held.xlsx")
    desk.lose_journal()
    for written in (desk.folder / "results").glob("*.xlsx"):
        written.unlink()
    for path in (workbook, desk.results("permits"), desk.results("permits")):
        assert states(desk.push(path, code=1)) == {"invalid": 1, "unchanged": 1}
        assert desk.table_of("permits")[0]["opscom_message"] == (
            "Its workbook says that this row may be a second permit. This journal does not know the first "
            "one. Where this is another permit, write new into opscom_answer and push this workbook."
        )
    answer(desk, 1, PL0="update")
    assert len(controller.records("permits")) == 2
    answer(desk, 0, PL0="new")
    assert len(controller.records("permits")) == 3


# What was lost, refused, or changed since


def test_an_unchanged_row_says_what_permit_updates_changed_since_or_may_have(desk, controller):
    push_list(desk, permit(0), permit(1), code=0)
    number = held(controller)["N0000"]["reference_id"]
    for change, code, what, differs in (
        ({"endTime": END, "plate": PLATE}, 0, "was changed", "End Date and License Plate"),
        ({"endTime": END, "plate": permit(0)["Plate"]}, 0, "was changed", "End Date"),
        (
            *({"amount": "5.00", "currency": "CAD"}, 3),
            *("may have been changed", "End Date, Amount and Currency"),
        ),
    ):
        if code:
            losing(controller, number)
        push_change(desk, number, code, **change)
        assert push_list(desk, permit(0), permit(1), code=0) == SAME
        assert not desk.table_of("permits")[1]["opscom_message"]
        lost = " (an answer was lost)" if code else ""
        assert message(desk) == (
            f"The permit {number} {what} after this row was accepted{lost}: it differs in {differs}. Nothing was "
            "sent. Where this row's values are right, push them as permit-updates."
        )


@pytest.mark.parametrize("then", [permit(0), CHANGED], ids=["old", "new"])
def test_a_refused_change_leaves_what_was_known_as_it_was(desk, controller, then):
    number = lose_update(desk, controller)
    push_list(desk, permit(0), permit(1), code=1)
    controller.plan[number, 0] = Fault("answer", code=9005)
    answer(desk, 1, PL0="update")
    assert desk.table_of("permits")[0]["opscom_status"] == "rejected"
    controller.plan.clear()
    for row in (permit(0), CHANGED):
        push_list(desk, row, permit(1), code=1)
        assert message(desk) == offered(
            f"An update of the permit {number} was sent and its answer was lost.",
            new=row == CHANGED,
        )
    push_list(desk, then, permit(1), code=1)
    answer(desk, 0, PL0="update")
    assert held(controller)["N0000"]["endTime"] == then["To"]
    assert push_list(desk, then, permit(1), code=0) == SAME
    assert len(controller.records("permits")) == 2


@pytest.mark.parametrize("command", ["settle", "push"])
def test_a_person_who_has_found_the_change_in_opscom_settles_it(desk, controller, command):
    number = lose_update(desk, controller)
    sent = len(controller.ledger)
    workbook = write(desk, "PL0", said="yes")
    more = ["--yes"] if command == "push" else []
    done = desk.do(command, workbook, *more, code=0)
    assert states(done) == {"pushed": 1, "unchanged": 1}
    row = desk.table_of("permits")[0]
    assert (row["opscom_reference_id"], row["opscom_answer"]) == (number, "")
    assert message(desk) == "A person found it in OPSCOM."
    assert push_list(desk, CHANGED, permit(1), code=0) == SAME
    assert len(controller.ledger) == sent


def test_that_a_permit_is_there_settles_no_update_of_it(desk, controller):
    """Its id says no more than that; the workbook sends the update again."""
    number = changed_and_held(desk, controller)
    losing(controller, number, "close")
    answer(desk, 3, PL0="update")
    said = "\n  To send the rows that are not settled take the workbook and push it"
    assert (said in desk.told, "import settle" in desk.told) == (True, False)
    write(desk, "PL0", said=number)
    desk.push(desk.results("permits"), code=1)
    assert held(controller)["N0000"]["endTime"] != END
    assert answer(desk, 0, PL0="update") == {"pushed": 1, "unchanged": 1}
    assert held(controller)["N0000"]["endTime"] == END


def cancel(desk, number):
    desk.write("mappings/deletes.yaml", DELETES)
    desk.table("cancel.csv", [{"Reference ID": number}])
    desk.push("cancel.csv", code=0)


def test_an_old_workbook_changes_no_later_permit(desk, controller):
    number = changed_and_held(desk, controller)
    write(desk, "PL0", said="update")
    old = shutil.copy(desk.results("permits"), desk.folder / "permits old-results.xlsx")
    cancel(desk, number)
    push_list(desk, LATEST, permit(1), code=0)
    sent = len(controller.ledger)
    assert states(desk.push(old, code=1)) == {"unchanged": 1, "invalid": 1}
    assert (len(controller.ledger), held(controller)["N0000"]["endTime"]) == (sent, LATER)


def test_an_old_workbook_brings_no_cancelled_permit_back(desk, controller):
    controller.plan["N0000", 1] = Fault("answer", code=9031)
    push_list(desk, permit(0), permit(1), code=1)
    old = shutil.copy(desk.results("permits"), desk.folder / "permits old-results.xlsx")
    desk.push(desk.results("permits"), code=0)
    cancel(desk, held(controller)["N0000"]["reference_id"])
    sent = len(controller.ledger)
    done = desk.push(old, code=1)
    assert states(done) == {"unchanged": 1, "invalid": 1}
    assert [problem["message"] for problem in done["files"][0]["problems"]] == [
        "This permit was created after this workbook was written, and deleted in OPSCOM since."
    ]
    assert len(controller.ledger) == sent


def test_a_person_who_has_not_found_the_change_has_it_sent_again(desk, controller):
    lose_update(desk, controller)
    desk.do("settle", write(desk, "PL0", said="no"), code=4)
    assert states(desk.push(desk.results("permits"), code=0)) == {"pushed": 1, "unchanged": 1}


def test_a_word_that_is_no_answer_to_its_row_is_named(desk, controller):
    number = changed_and_held(desk, controller)
    answer(desk, 1, PL0="oui", PL1="erledigt")
    assert message(desk) == offered(
        f'"oui" in opscom_answer is no answer to this row. The permit {number} {ALIKE}'
    )
    assert message(desk, 1) == '"erledigt" in opscom_answer is no answer to this row.'
    desk.push(desk.roster(1, "roster.csv"), code=0)
    desk.give_back(
        "roster", ("000000", "opscom_answer", "ok"), ("000000", "Last", "Married"), code=0
    )
    assert desk.table_of("roster")[0]["opscom_message"] == (
        'changes last_name\n"ok" in opscom_answer is no answer to this row.'
    )


@pytest.mark.parametrize("said", ["yes", "oui", "update"])
def test_a_refused_row_with_a_word_that_does_not_fit_is_not_created_until_the_word_is_changed(
    desk, controller, said
):
    controller.plan["N0000", 0] = Fault("answer", code=9033)
    push_list(desk, permit(0), code=1)
    controller.plan.clear()
    answer(desk, 1, PL0=said)
    for _ in range(2):
        row = desk.table_of("permits")[0]
        assert row["opscom_answer"] == said
        assert row["opscom_message"].splitlines()[0] == (
            f'"{said}" in opscom_answer is no answer to this row. It was not sent. Where this is another permit, '
            "write new into opscom_answer and push this workbook."
        )
        desk.push(desk.results("permits"), code=1)
    assert controller.records("permits") == []
    answer(desk, 0, PL0="new")
    assert len(controller.records("permits")) == 1


@pytest.mark.parametrize("said", ["", "update"])
def test_a_changed_row_of_a_permit_whose_answer_was_lost_waits_until_that_is_settled(
    desk, controller, said
):
    controller.plan["N0000", 1] = Fault("lost")
    push_list(desk, permit(0), code=4)
    write(desk, "PL0", said="yes")
    first = shutil.copy(desk.results("permits"), desk.folder / "first.xlsx")
    push_list(desk, CHANGED, code=1)
    word = '"update" in opscom_answer is no answer to this row. ' if said else ""
    if said:
        answer(desk, 1, PL0=said)
    assert message(desk) == (
        f"{word}A permit with the same number, or the same plate and start, was sent by an earlier run and "
        "its answer was lost. Settle that one first: run opscom-import settle, or write its id, yes or no "
        f"into opscom_answer in the workbook of that run and push that; where that run was killed and wrote none, push "
        f"the file as it was then for one. Then push this row again; {IS_NEW}"
    )
    desk.do("settle", first, code=0)
    push_list(desk, CHANGED, code=1)
    assert message(desk) == (
        f"A permit {ALIKE} Its id is not known here: look it up in OPSCOM. Where that permit is to change, "
        f"push the change as permit-updates; {IS_NEW}"
    )
    assert len(controller.records("permits")) == 1
