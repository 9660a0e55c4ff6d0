"""What a workbook tells of earlier runs: attempts at each row, and this file against the last one."""

import re

import pytest
from controller import Fault
from returning import edited, sort_rows

MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
OF_9019 = "rejected 9019. Invented message of 9019."


def messages(rows):
    return [MOMENT.sub("MOMENT", row["opscom_message"]) for row in rows]


def refuse(controller, number, code=9019):
    controller.plan[f"{number:06}", 0] = Fault("answer", code=code, applied=False)


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ([9019], []),
        ([9019, 9030], [f"Attempt 1 on MOMENT: {OF_9019}"]),
        ([9019] * 6, [f"Attempts 1 to 5, last on MOMENT: {OF_9019}"]),
        (
            [9020, 9019, 9030, 9031, 9033, 9019],
            [
                f"Attempt {n} on MOMENT: rejected {code}. Invented message of {code}."
                for n, code in ((2, 9019), (3, 9030), (4, 9031), (5, 9033))
            ],
        ),
    ],
    ids=["none before", "one", "many of one kind", "the last of many"],
)
def test_a_row_that_is_refused_again_tells_its_earlier_attempts(desk, controller, codes, told):
    desk.roster(3, "roster.csv")
    for code in codes:
        refuse(controller, 1, code)
        desk.push("roster.csv", code=1)
    first, second, third = messages(desk.table_of("roster"))
    assert (first, third) == ("", "")
    assert [line for line in second.splitlines() if "Attempt" in line] == told


def test_a_row_that_was_corrected_keeps_its_earlier_attempts_in_sight_and_a_check_tells_them(
    desk, controller
):
    refuse(controller, 1)
    desk.push(desk.roster(2, "roster.csv"), code=1)
    desk.do("check", "roster.csv", code=0)
    told = messages(desk.table_of("roster", kind="checked"))
    assert told == ["", f"new\nAttempt 1 on MOMENT: {OF_9019}"]
    desk.push(desk.results("roster"), code=1)
    del controller.plan["000001", 0]
    desk.push(desk.results("roster"), code=0)
    rows = desk.table_of("roster")
    assert [row["opscom_status"] for row in rows] == ["unchanged", "pushed"]
    assert messages(rows) == ["", f"new\nAttempts 1 to 2, last on MOMENT: {OF_9019}"]


def test_attempts_of_another_file_are_not_told(desk, controller):
    refuse(controller, 0)
    for count in (1, 2):
        desk.push(desk.roster(count, "roster.csv"), code=1)
    assert not any("Attempt" in message for message in messages(desk.table_of("roster")))


def lose_number(page):
    page.cell(3, 6).value = None
    page.delete_rows(2)


@pytest.mark.parametrize("change", [lose_number, lambda page: sort_rows(page, "Id", reverse=True)])
def test_a_row_is_recognised_by_its_key_or_number_wherever_it_stands(desk, controller, change):
    refuse(controller, 1)
    desk.push(desk.roster(4, "roster.csv"), code=1)
    with edited(desk.results("roster")) as page:
        change(page)
    desk.push(desk.results("roster"), code=1)
    told = {row["Id"] for row in desk.table_of("roster") if "Attempt 1" in row["opscom_message"]}
    assert told == {"000001"}


# This file against the last one


def test_ids_in_another_file_of_the_same_run_are_not_gone(desk):
    desk.push(desk.roster(4, "inbox/roster-1.csv"), code=0)
    desk.roster(2, "inbox/roster.csv")
    desk.roster(2, "inbox/roster-2.csv", start=2)
    desk.do("push", "--yes", code=0)
    assert desk.section("roster", "This file against the last one")[2:] == [
        ["unchanged", 2, "Exactly what was last accepted."]
    ]


SHORTER = (
    "This file has 29 rows; roster-1.csv, the last one with this mapping, had 60. That is right for a file "
    "of changes; look at it again where it is to be the whole list."
)
STRANGE = (
    "Only 5 of 60 ids came with this mapping before. That is right for a new intake; else look whether the "
    "ids have another form than last time."
)


@pytest.mark.parametrize(
    ("before", "rows", "start", "notes"),
    [(60, 29, 0, [SHORTER]), (60, 60, 55, [STRANGE]), (49, 5, 100, [])],
    ids=["much shorter", "few ids in common", "small files"],
)
def test_a_file_unlike_the_last_one_is_a_note_and_goes_all_the_same(
    desk, before, rows, start, notes
):
    desk.push(desk.roster(before, "roster-1.csv"), code=0)
    done = desk.push(desk.roster(rows, "roster.csv", start=start), code=0)
    assert done["files"][0]["notes"] == notes
    assert all([f"•  {note}"] in desk.summary("roster") for note in notes)


def test_a_corrected_workbook_with_few_rows_is_not_the_last_file(desk, controller):
    refuse(controller, 0)
    desk.push(desk.roster(60, "roster-1.csv"), code=1)
    with edited(desk.results("roster-1")) as page:
        page.delete_rows(3, 60)
    desk.push(desk.results("roster-1"), code=1)
    done = desk.push(desk.roster(31, "roster.csv"), code=1)
    assert done["files"][0]["notes"] == []
