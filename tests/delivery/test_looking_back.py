"""What a workbook tells of earlier runs: attempts at each row, and this file against the last one."""

import re

import pytest
from commanding import user, write_book
from controller import Fault
from returning import ANSWER, MESSAGE, edited, set_cell

MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")


def messages(rows):
    return [MOMENT.sub("MOMENT", row["opscom_message"]) for row in rows]


def refuse(controller, number, code=9019):
    controller.plan[f"{number:06}", 0] = Fault("answer", code=code, applied=False)


def test_a_row_refused_twice_tells_the_first_time_when_it_is_refused_again(desk, controller):
    refuse(controller, 1)
    desk.push(desk.roster(3, "roster.csv"), code=1)
    assert all("Attempt" not in message for message in messages(desk.table_of("roster")))
    refuse(controller, 1, 9030)
    desk.push("roster.csv", code=1)
    first, second, third = messages(desk.table_of("roster"))
    assert (first, third) == ("", "")
    assert second.splitlines()[-1] == (
        "Attempt 1 on MOMENT: rejected 9019. Invented message of 9019."
    )


def test_a_row_that_was_corrected_keeps_its_earlier_attempts_in_sight(desk, controller):
    refuse(controller, 1)
    desk.push(desk.roster(2, "roster.csv"), code=1)
    desk.push(desk.results("roster"), code=1)
    del controller.plan["000001", 0]
    desk.push(desk.results("roster"), code=0)
    rows = desk.table_of("roster")
    assert [row["opscom_status"] for row in rows] == ["unchanged", "pushed"]
    assert messages(rows) == [
        "",
        "new\nAttempts 1 to 2, last on MOMENT: rejected 9019. Invented message of 9019.",
    ]


def test_a_check_tells_earlier_attempts_too(desk, controller):
    refuse(controller, 0)
    desk.push(desk.roster(1, "roster.csv"), code=1)
    desk.do("check", "roster.csv", code=0)
    [row] = desk.table_of("roster", kind="checked")
    assert messages([row]) == ["Attempt 1 on MOMENT: rejected 9019. Invented message of 9019."]


def test_attempts_of_another_file_are_not_told(desk, controller):
    refuse(controller, 0)
    desk.push(desk.roster(1, "roster.csv"), code=1)
    desk.push(desk.roster(2, "roster.csv"), code=1)
    assert all("Attempt" not in message for message in messages(desk.table_of("roster")))


def test_a_row_that_lost_its_number_is_recognised_by_its_key(desk, controller):
    refuse(controller, 1)
    desk.push(desk.roster(3, "roster.csv"), code=1)
    with edited(desk.results("roster")) as page:
        page.cell(3, 6).value = None
        page.delete_rows(2)
    desk.push(desk.results("roster"), code=1)
    told = {row["Id"]: "Attempt 1" in row["opscom_message"] for row in desk.table_of("roster")}
    assert told == {"000001": True, "000002": False}


def test_a_sorted_workbook_tells_each_row_its_own_attempts(desk, controller):
    refuse(controller, 2)
    desk.push(desk.roster(4, "roster.csv"), code=1)
    with edited(desk.results("roster")) as page:
        rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=2)]
        for number, row in enumerate(reversed(rows), start=2):
            for place, value in enumerate(row, start=1):
                page.cell(number, place).value = value
    desk.push(desk.results("roster"), code=1)
    told = {row["Id"]: "Attempt 1" in row["opscom_message"] for row in desk.table_of("roster")}
    assert told == {"000003": False, "000002": True, "000001": False, "000000": False}


def test_a_lost_answer_is_told_when_a_person_has_looked(desk, controller):
    controller.plan["N0000", 1] = Fault("lost")
    desk.table("permit.csv", [permit()])
    desk.push("permit.csv", code=4)
    with edited(desk.results("permit")) as page:
        page.cell(2, ANSWER).value = "no"
        assert page.cell(2, MESSAGE).value
    desk.push(desk.results("permit"), code=0)
    [row] = desk.table_of("permit")
    assert row["opscom_status"] == "pushed"
    assert messages([row]) == [
        "Attempt 1 on MOMENT: unknown. The connection was lost before the answer was complete."
    ]


def permit():
    return {
        "Plate": "PL0",
        "From": "2026-09-01T08:00:00",
        "To": "2026-12-20T18:00:00",
        "Number": "N0000",
    }


def against(desk, kind="results"):
    """Return the lines under the heading, the sentence above the table and its head left out."""
    lines = desk.summary("roster", kind)
    title = ["This file against the last one"]
    if title not in lines:
        return None
    start = lines.index(title)
    rest = lines[start + 1 :]
    end = rest.index([]) if [] in rest else len(rest)
    [said], head, *table = rest[:end]
    assert head == ["Rows", "Number", "Which"]
    return MOMENT.sub("MOMENT", re.sub(r"\d{4}-\d\d-\d\d", "DAY", said)), table


def test_the_first_file_of_a_mapping_is_compared_with_nothing(desk):
    desk.push(desk.roster(3, "roster.csv"), code=0)
    assert against(desk) is None


def test_new_changed_unchanged_and_gone_are_counted_and_named(desk):
    desk.push(desk.roster(5, "roster-1.csv"), code=0)
    people = [user(number) for number in range(2, 7)]
    people[0]["Mail"] = "other@students.example"
    people[1] |= {"Mail": "another@students.example", "Last": ""}
    bad = user(7) | {"Mail": "none"}
    desk.table("roster.csv", [*people, bad])
    expected = (
        (
            "The last file with the mapping Roster was roster-1.csv with 5 rows, pushed on DAY. Compared "
            "is what OPSCOM last accepted from us for each row."
        ),
        [
            ["new", 2, "Never accepted from us before."],
            [
                "changed",
                2,
                "Not as last accepted: email in 2 rows, last_name (blank now, so OPSCOM keeps the old value) in 1 row.",
            ],
            ["unchanged", 1, "Exactly what was last accepted."],
            ["not compared", 1, "Held back, repeated, or no records."],
            [
                "gone",
                2,
                "Brought by earlier files with this mapping, not in this one. Nothing is done.",
            ],
        ],
    )
    desk.do("check", "roster.csv", code=1)
    assert against(desk, "checked") == expected
    desk.push("roster.csv", code=1)
    assert against(desk) == expected


def test_the_same_file_again_is_all_unchanged(desk):
    for _ in range(2):
        desk.push(desk.roster(4, "roster.csv"), code=0)
    _, table = against(desk)
    assert table == [["unchanged", 4, "Exactly what was last accepted."]]


def test_a_results_workbook_given_back_is_compared_with_nothing(desk, controller):
    refuse(controller, 0)
    desk.push(desk.roster(4, "roster.csv"), code=1)
    desk.push(desk.results("roster"), code=1)
    assert against(desk) is None


def test_ids_in_another_file_of_the_same_run_are_not_gone(desk):
    desk.push(desk.roster(4, "inbox/roster-1.csv"), code=0)
    desk.roster(2, "inbox/roster.csv")
    desk.roster(2, "inbox/roster-2.csv", start=2)
    desk.do("push", "--yes", code=0)
    _, table = against(desk)
    assert table == [["unchanged", 2, "Exactly what was last accepted."]]


def test_a_much_shorter_file_is_a_note_and_goes_all_the_same(desk):
    desk.push(desk.roster(60, "roster-1.csv"), code=0)
    done = desk.push(desk.roster(29, "roster.csv"), code=0)
    assert done["files"][0]["notes"] == [
        (
            "This file has 29 rows; roster-1.csv, the last one with this mapping, had 60. That is right for "
            "a file of changes; look at it again where it is to be the whole list."
        )
    ]
    assert ["•  " + done["files"][0]["notes"][0]] in desk.summary("roster")


def test_a_corrected_workbook_with_few_rows_is_not_the_last_file(desk, controller):
    refuse(controller, 0)
    desk.push(desk.roster(60, "roster-1.csv"), code=1)
    with edited(desk.results("roster-1")) as page:
        page.delete_rows(3, 60)
    desk.push(desk.results("roster-1"), code=1)
    done = desk.push(desk.roster(31, "roster.csv"), code=1)
    assert done["files"][0]["notes"] == []


def test_few_ids_in_common_are_a_note(desk):
    desk.push(desk.roster(60, "roster-1.csv"), code=0)
    done = desk.push(desk.roster(60, "roster.csv", start=55), code=0)
    assert done["files"][0]["notes"] == [
        (
            "Only 5 of 60 ids came with this mapping before. That is right for a new intake; else look "
            "whether the ids have another form than last time."
        )
    ]


def test_small_files_give_no_notes(desk):
    desk.push(desk.roster(49, "roster-1.csv"), code=0)
    done = desk.push(desk.roster(5, "roster.csv", start=100), code=0)
    assert done["files"][0]["notes"] == []


def test_settle_tells_earlier_attempts_and_writes_its_own_name(desk, controller):
    controller.plan["N0000", 1] = Fault("lost")
    desk.table("permit.csv", [permit()])
    desk.push("permit.csv", code=4)
    desk.do("settle", desk.results("permit"), code=4)
    [row] = desk.table_of("permit")
    assert row["opscom_status"] == "unknown"
    assert messages([row])[0].splitlines()[-1].startswith("Attempt 1 on MOMENT: unknown")
    assert ["Command", "settle"] in desk.summary("permit")


def test_the_same_failure_many_times_is_told_in_one_line(desk, controller):
    refuse(controller, 0)
    desk.roster(1, "roster.csv")
    for _ in range(6):
        desk.push("roster.csv", code=1)
    [message] = messages(desk.table_of("roster"))
    assert message.splitlines()[-1] == (
        "Attempts 1 to 5, last on MOMENT: rejected 9019. Invented message of 9019."
    )


def test_of_many_different_failures_the_last_are_told(desk, controller):
    desk.roster(1, "roster.csv")
    for code in (9019, 9020, 9030, 9031, 9033, 9019):
        refuse(controller, 0, code)
        desk.push("roster.csv", code=1)
    [message] = messages(desk.table_of("roster"))
    assert [line[:9] for line in message.splitlines() if line.startswith("Attempt")] == [
        "Attempt 2",
        "Attempt 3",
        "Attempt 4",
        "Attempt 5",
    ]


def test_a_source_sheet_that_had_to_be_renamed_keeps_its_attempts(desk, controller):
    refuse(controller, 0)
    rows = [list(user(0)), list(user(0).values())]
    write_book(desk.folder / "roster.xlsx", {"Summary": rows})
    desk.push("roster.xlsx", code=1)
    for _ in range(2):
        desk.push(desk.results("roster"), code=1)
    [message] = messages(desk.table_of("roster", "Summary (2)"))
    assert message.splitlines()[-1].startswith("Attempts 1 to 2, last on MOMENT: rejected 9019.")


def test_sheets_of_one_file_keep_their_attempts_apart(desk, controller):
    refuse(controller, 0)
    sheets = {
        name: [list(user(0)), list(user(number).values())]
        for number, name in enumerate(("Fall", "Winter"))
    }
    write_book(desk.folder / "roster.xlsx", sheets)
    desk.push("roster.xlsx", code=1)
    desk.push("roster.xlsx", code=1)
    assert "Attempt 1" in messages(desk.table_of("roster", "Fall"))[0]
    assert messages(desk.table_of("roster", "Winter")) == [""]


def of(number):
    return permit() | {"Plate": f"PL{number}", "Number": f"N000{number}"}


def lost(desk, controller, *numbers):
    """Push three permits, of which these lose their answer; return the id of the first."""
    controller.plan.update({(f"N000{number}", 1): Fault("lost") for number in numbers})
    desk.table("permits.csv", [of(number) for number in range(3)])
    desk.push("permits.csv", code=4)
    return desk.table_of("permits")[0]["opscom_reference_id"]


@pytest.mark.parametrize("spelled", [str, str.upper], ids=["as written", "in capitals"])
def test_the_id_of_another_row_is_no_answer(desk, controller, spelled):
    number = lost(desk, controller, 1)
    with edited(desk.results("permits")) as page:
        set_cell(page, "PL1", "opscom_answer", spelled(number))
    desk.do("settle", desk.results("permits"), code=4)
    row = desk.table_of("permits")[1]
    assert (row["opscom_status"], row["opscom_reference_id"]) == ("unknown", "")
    assert row["opscom_message"].startswith(
        "opscom_answer holds the id of another permit that OPSCOM has from us. Look this row up again, "
        "and correct it."
    )


def test_one_id_answers_one_row_alone(desk, controller):
    lost(desk, controller, 1, 2)
    with edited(desk.results("permits")) as page:
        set_cell(page, "PL1", "opscom_answer", "found-1")
        set_cell(page, "PL2", "opscom_answer", "Found-1")
    desk.push(desk.results("permits"), code=4)
    rows = desk.table_of("permits")[1:]
    assert [row["opscom_status"] for row in rows] == ["unknown", "unknown"]
    for row in rows:
        assert row["opscom_message"].startswith(
            "opscom_answer holds the same id in several rows, and only one of them can have it. "
            "Look them up again, and correct it."
        )
    with edited(desk.results("permits")) as page:
        set_cell(page, "PL1", "opscom_answer", "found-1")
        set_cell(page, "PL2", "opscom_answer", "found-2")
    desk.push(desk.results("permits"), code=0)
    ids = [row["opscom_reference_id"] for row in desk.table_of("permits")[1:]]
    assert ids == ["found-1", "found-2"]


def test_a_nought_is_no_id(desk, controller):
    lost(desk, controller, 1)
    with edited(desk.results("permits")) as page:
        set_cell(page, "PL1", "opscom_answer", "0")
    desk.push(desk.results("permits"), code=4)
    row = desk.table_of("permits")[1]
    assert row["opscom_message"].startswith(
        "opscom_answer holds neither an id nor yes nor no. Correct it."
    )
