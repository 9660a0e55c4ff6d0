"""After a lost answer: what `settle`, a person's answer and a corrected file may and may not do."""

import shutil

import pytest
from commanding import CLIENT, DELETES, PERMITS, permit, user
from controller import Fault
from returning import edited, states

ENDS = (
    "version: 1\nname: Ends\nendpoint: permit-updates\n"
    "fields: {referenceID: opscom_reference_id, endTime: To}\n"
)
NO_PLATE_HOST = (
    "No plate host is set, so permits could not be looked up by their plate. Ask OPSCOM for it, and "
    "write it as `plate_host:` into opscom.yaml, or give --plate-host."
)
LOST = Fault("lost")


@pytest.fixture
def desk(desk, controller):
    """An office whose permits have a zone, and whose OPSCOM tells of plates."""
    desk.write("mappings/permits.yaml", PERMITS + "  zone: Zone\n")
    desk.write("opscom.yaml", f"client: {CLIENT}\nhost: {desk.url}\nplate_host: {desk.url}\n")
    controller.plan["N0001", 1] = LOST
    return desk


def of(n, **more):
    return permit(n) | {"Zone": "Lot 4"} | more


def push(desk, *rows, code=None, more=()):
    """Push a list of permits; return its states."""
    desk.table("permits.csv", rows)
    return states(desk.push("permits.csv", "--workers", 1, *more, code=code))


def settle(desk, *more, code=None):
    return states(desk.do("settle", desk.results("permits"), *more, code=code))


def answer(desk, plate, said, kind="results"):
    return desk.correct("permits", (plate, "opscom_answer", said), kind=kind)


# What settle finds out


@pytest.mark.parametrize("named", [True, False], ids=["named", "all of the journal"])
def test_a_permit_that_plate_validation_proves_is_pushed_with_its_id_unknown(
    desk, controller, named
):
    assert push(desk, of(1), of(2), code=4) == {"pushed": 1, "unknown": 1}
    said = desk.do("settle", *[desk.results("permits")][:named], code=0)
    assert states(said) == {"pushed": 1, "unchanged": 1}
    row = desk.table_of("permits")[0]
    assert row["opscom_reference_id"] == ""
    assert "OPSCOM took the row. Its reference id is not known" in row["opscom_message"]
    assert push(desk, of(1), of(2), code=0) == {"unchanged": 2}
    assert controller.applied("N0001") == 1
    assert [entry.call for entry in controller.entries("PL1")] == ["validate/plate"] * 2


@pytest.mark.parametrize("twin", [{}, {"Number": "N9", "From": "2026-09-02T08:00:00"}])
def test_a_permit_that_is_not_seen_or_has_one_like_it_stays_for_a_person(desk, controller, twin):
    controller.plan["N0001", 1] = Fault("close")
    rows = [of(1, **twin), of(1)] if twin else [of(1)]
    push(desk, *rows, code=4)
    assert settle(desk, code=4)["unknown"] == 1
    assert push(desk, *rows, code=4)["unknown"] == 1
    assert controller.applied("N0001") == 0


def test_where_plates_have_no_answer_the_row_says_why(desk, controller):
    push(desk, of(1), code=4)
    controller.plan["PL1", 1] = Fault("answer", status=404, body="<html>Not here.</html>")
    settle(desk, code=4)
    said = " Plate validation gave no answer: The host answers HTTP 404 without"
    assert said in desk.table_of("permits")[0]["opscom_message"]


def test_without_a_plate_host_settle_says_so_on_the_terminal(desk):
    push(desk, of(1), of(2), code=4)
    desk.write("opscom.yaml", f"client: {CLIENT}\nhost: {desk.url}\n")
    said = desk.do("settle", desk.results("permits"), code=4)
    assert (states(said), said["notes"]) == ({"unknown": 1, "unchanged": 1}, [NO_PLATE_HOST])
    assert NO_PLATE_HOST in desk.told.splitlines()
    said = desk.do("settle", desk.results("permits"), "--plate-host", desk.url, code=0)
    assert said["notes"] == []


@pytest.mark.parametrize(
    ("said", "settled", "then"), [("0f-77", "pushed", "unchanged"), ("no", "not sent", "pushed")]
)
def test_an_id_settles_a_row_and_after_a_no_it_is_sent_by_push_and_not_by_settle(
    desk, controller, said, settled, then
):
    controller.plan["N0001", 1] = Fault("close", applied=said != "no")
    push(desk, of(1), code=4)
    answer(desk, "PL1", said)
    assert settle(desk) == {settled: 1}
    assert len(controller.ledger) == 1
    assert desk.table_of("permits")[0]["opscom_reference_id"] == said.removeprefix("no")
    assert push(desk, of(1), code=0) == {then: 1}
    assert controller.applied("N0001") == 1


@pytest.mark.parametrize(
    ("then", "state", "said"),
    [
        (None, "exists", "OPSCOM has this record already, most likely from our own earlier attempt"),
        (Fault("hang"), "unknown", "No whole answer came within 0.3 seconds."),
    ],
    ids=["there", "silent"],
)  # fmt: skip
def test_a_vehicle_is_sent_once_more_for_as_long_as_it_is_told(desk, controller, then, state, said):
    controller.plan["V1", 0] = Fault("close")
    desk.table("vehicles.csv", [{"Plate": "V1", "Prov": "ON"}])
    assert states(desk.push("vehicles.csv", code=4)) == {"unknown": 1}
    controller.plan.clear()
    controller.plan["V1", 0] = then or Fault("answer", code=9012)
    done = desk.do("settle", desk.results("vehicles"), "--timeout", "0.3")
    assert states(done) == {state: 1}
    assert desk.table_of("vehicles")[0]["opscom_message"].startswith(said)
    assert len(controller.entries("V1")) == 3


NOT_HELD = (
    "): no results workbook that is known here shows it. Settle an older one that does, or push the file again as "
    "it was then, and settle the workbook that is written."
)


def test_a_row_that_no_workbook_holds_any_longer_is_unknown_still_and_said(desk):
    push(desk, of(1), of(2), code=4)
    shutil.move(desk.results("permits"), desk.folder / "older.xlsx")
    for said in (
        desk.do("settle", code=4),
        push(desk, of(2), code=0) and desk.do("settle", code=4),
    ):
        [note] = said["notes"]
        assert note.startswith("permits.csv, row 2 (permits, sent 2")
        assert note.endswith(NOT_HELD)
    assert states(said) == {"unchanged": 1}
    assert states(desk.do("settle", "older.xlsx", code=0)) == {"pushed": 1, "unchanged": 1}
    assert desk.do("settle", code=0)["notes"] == ["No row is unknown; there is nothing to settle."]


@pytest.mark.parametrize("then", [[of(1), of(2)], [of(3), of(1)]], ids=["the same", "edited"])
def test_a_row_of_a_killed_run_is_told_and_settled_with_the_workbook_of_a_later_one(
    desk, controller, then
):
    controller.plan["N0001", 1] = Fault("hold")
    desk.table("permits.csv", [of(1), of(2)])
    with desk.start("push", "permits.csv", "--yes", "--workers", "1") as process:
        controller.wait_for(1)
        process.kill()
        process.communicate()
    controller.plan.clear()
    said = desk.do("check", "permits.csv")
    assert (states(said), said["notes"]) == ({"ready": 1, "unknown": 1}, [])
    assert desk.table_of("permits", kind="checked")[0]["opscom_message"].splitlines()[0] == (
        "Another run sent this row and its answer is not here, so it is not sent again. Where that run has "
        "ended, look it up in OPSCOM and write the id, yes or no into opscom_answer."
    )
    [note] = desk.do("settle", code=4)["notes"]
    assert "An earlier run was ended by force, before the answer to 1 row came." in desk.told
    assert note.endswith(NOT_HELD)
    assert push(desk, *then, code=4) == {"pushed": 1, "unknown": 1}
    assert len(controller.entries("N0001")) == 1
    said = desk.do("settle")
    assert (sum(states(said).values()), said["notes"]) == (2, [])


# Of which attempt an answer speaks, and of which record


NEITHER = "opscom_answer holds neither an id nor yes nor no. Correct it."
OF_ANOTHER = (
    "opscom_answer holds an id that another row has, and only one of them can have it. Look them up again, and "
    "correct it."
)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("the id of another row", OF_ANOTHER),
        ("THE ID OF ANOTHER ROW", OF_ANOTHER),
        *((text, NEITHER) for text in ("0", "oui", "NON", "?", "x" * 51)),
    ],
    ids=["another's", "in capitals", "a nought", "oui", "NON", "a mark", "too long"],
)
def test_what_cannot_be_the_id_of_a_row_is_no_answer(desk, controller, said, why):
    controller.plan["N0001", 1] = Fault("close")
    push(desk, of(0), of(1), code=4)
    if why == OF_ANOTHER:
        number = desk.table_of("permits")[0]["opscom_reference_id"]
        said = number.upper() if said.isupper() else number
    answer(desk, "PL1", said)
    settle(desk, code=4)
    row = desk.table_of("permits")[1]
    assert (row["opscom_status"], row["opscom_reference_id"]) == ("unknown", "")
    assert row["opscom_message"].startswith(why)


def test_one_id_answers_one_row_alone(desk, controller):
    controller.plan["N0002", 1] = LOST
    push(desk, of(1), of(2), code=4)
    for ids, code in (("found-1", "Found-1"), 4), (("found-1", "found-2"), 0):
        for plate, said in zip(("PL1", "PL2"), ids, strict=True):
            answer(desk, plate, said)
        desk.push(desk.results("permits"), code=code)
        for row, number in zip(desk.table_of("permits"), ids, strict=True):
            assert row["opscom_reference_id"] == ("" if code else number)
            assert row["opscom_message"].startswith(OF_ANOTHER if code else "A person found it")


@pytest.mark.parametrize("command", ["push --yes", "settle"])
def test_the_id_of_a_permit_that_is_there_without_it_is_taken_later(desk, controller, command):
    there = Fault("answer", applied=True, code=9022)
    controller.plan |= {("N0001", 1): there, ("N0002", 1): there}
    rows = of(1), of(2), of(3)
    push(desk, *rows, code=0)
    first, second, third = (each["reference_id"] for each in controller.records("permits"))
    told = "A person found its id in OPSCOM."
    no_answer = f'"{third}" in opscom_answer is no answer to this row. {OF_ANOTHER}'
    known = "OPSCOM said in an earlier run that it has this record already."
    for ids, taken, messages in (
        ((first, first), ("", ""), (OF_ANOTHER, OF_ANOTHER)),
        ((first, third), (first, ""), (told, no_answer)),
        ((None, second), (first, second), (known, told)),
    ):
        for plate, said in zip(("PL1", "PL2"), ids, strict=True):
            answer(desk, plate, said)
        desk.do(*command.split(), desk.results("permits"), code=0)
        found = desk.table_of("permits")
        assert [row["opscom_status"] for row in found] == ["exists", "exists", "unchanged"]
        assert [row["opscom_reference_id"] for row in found] == [*taken, third]
        assert [row["opscom_message"] for row in found] == [*messages, ""]
    push(desk, of(1, To="2027-01-31T18:00:00"), *rows[1:], code=1)
    assert f"The permit {first} of an earlier run" in desk.table_of("permits")[0]["opscom_message"]


@pytest.mark.parametrize("said", ["no", "new", "update", "0f-77"])
@pytest.mark.parametrize("command", ["push --yes", "settle"])
def test_a_word_that_changes_nothing_about_a_settled_row_is_named(desk, command, said):
    push(desk, of(3), of(4), code=0)
    for path in (answer(desk, "PL3", said), answer(desk, "PL4", "yes")):
        done = desk.do(*command.split(), path, code=0)
        assert states(done) == {"unchanged": 2}
    desk.push(answer(desk, "PL3", said), code=0)
    what = f'"{said}" in opscom_answer is no answer to this row.'
    assert [row["opscom_message"] for row in desk.table_of("permits")] == [what, ""]


@pytest.mark.parametrize(
    ("kind", "journal"),
    [("results", ""), ("checked", ""), ("checked", None), ("checked", "999-0000000000000000")],
    ids=["results", "checked", "no moment", "another journal"],
)
def test_a_no_speaks_of_the_attempt_that_its_workbook_tells_of_and_of_no_later_one(
    desk, controller, kind, journal
):
    controller.plan |= {("N0001", 1): Fault("close"), ("N0001", 2): LOST}
    push(desk, of(1), code=4)
    desk.do("check", "permits.csv")
    kept = shutil.copy(answer(desk, "PL1", "no", kind), desk.folder / "kept.xlsx")
    if journal != "":
        with edited(kept, "Summary") as page:
            [at] = [cell.row for cell in page["A"] if cell.value == "Journal"]
            page.cell(at, 2).value = journal
    # Of the only attempt that there ever was a no is believed; of the next one it says nothing.
    for _ in range(2):
        assert states(desk.push(kept, code=4)) == {"unknown": 1}
        assert len(controller.entries("N0001")) == 2
    if kind == "results":
        told = desk.table_of("permits")[0]["opscom_message"]
        assert "What opscom_answer says may be of an earlier attempt" in told
    assert controller.applied("N0001") == 1


# Corrected files and workbooks


@pytest.mark.parametrize("plate", ["pl3", "PL-3", "P L3"], ids=["small letters", "dash", "blank"])
def test_a_plate_written_in_another_way_is_the_same_plate(desk, controller, plate):
    push(desk, of(3, Number=""), code=0)
    assert push(desk, of(3, Number="", Plate=plate), code=1) == {"invalid": 1}
    assert controller.requests == 1


def test_an_update_that_was_not_accepted_keeps_the_id_it_is_for(desk):
    push(desk, of(3), of(4), code=0)
    mapping = ("--mapping", desk.write("ends.yaml", ENDS))
    ids = [row["opscom_reference_id"] for row in desk.table_of("permits")]
    for end, expected in (
        ("no date", {"pushed": 1, "invalid": 1}),
        ("2027-05-01T00:00:00", {"pushed": 1, "unchanged": 1}),
    ):
        path = desk.correct("permits", ("PL3", "To", end))
        assert states(desk.push(path, *mapping)) == expected
        assert [row["opscom_reference_id"] for row in desk.table_of("permits")] == ids


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"Number": "", "Zone": "South"}, '"License Plate" and "Start Date"'),
        ({"Number": "n-0004", "Plate": "pl-4"}, '"Ticket Number"'),
    ],
    ids=["plate", "number"],
)
def test_two_rows_of_a_list_that_look_like_one_permit_both_go_and_the_later_one_says_so(
    desk, controller, change, same
):
    desk.table("permits.csv", [of(4), of(5), of(4, **change)])
    [file] = desk.do("check", "permits.csv", code=0)["files"]
    assert file["states"] == {"ready": 3}
    [problem] = file["problems"]
    assert (problem["severity"], problem["message"], problem["remedy"]) == (
        "warning",
        f"row 2 has the same {same}, so it may be the same permit.",
        "Where they are one, delete one of the two rows.",
    )
    # The later one goes after a stop, too.
    assert states(desk.push("permits.csv", "--limit", "2", code=3)) == {"pushed": 2, "not sent": 1}
    assert states(desk.push("permits.csv", code=0)) == {"pushed": 1, "unchanged": 2}
    assert len(controller.records("permits")) == 3


# Files of users whose names belong to other ids


@pytest.mark.parametrize(
    ("headers", "what"),
    [
        (("First", "Last"), "another first and another last name"),
        (("Last",), "the last_name of another"),
        (("Mail",), "the email of another"),
    ],
    ids=["names", "last", "mail"],
)
def test_columns_sorted_apart_from_the_ids_stop_the_file_before_the_first_row(
    desk, controller, headers, what
):
    desk.push(desk.roster(60, "roster.csv"), code=0)
    others = [{header: user((n + 1) % 60)[header] for header in headers} for n in range(60)]
    apart = [user(n) | other for n, other in enumerate(others)]
    whose = (
        f"ids that OPSCOM has from us already would get {what}, row 2 (id 000000), row 3 (id 000001), row 4 "
        "(id 000002) among them: most likely a column is shifted, or one was sorted apart from the others. Look "
        "at these rows"
    )
    desk.table("roster.csv", apart)
    for command in (("push", "--yes"), ("check",)):
        said = desk.do(*command, "roster.csv", code=5)
        assert said["files"][0]["error"] == (
            f"roster.csv looks like a wrong file; nothing of it was sent. 60 of the 60 {whose}. Where the "
            "file is right, run the command again with --different-file."
        )
    assert controller.requests == 60
    # Fewer are only noted; values that are only spelled anew are not.
    desk.table("roster.csv", apart[:19])
    said = desk.do("check", "roster.csv", code=0)
    assert f"19 of the 19 {whose} before you push." in said["files"][0]["notes"]
    anew = [user(n) | {headers[0]: user(n)[headers[0]].upper()} for n in range(260)]
    desk.table("roster.csv", anew)
    assert desk.do("check", "roster.csv", code=0)["files"][0]["error"] is None
    desk.table("roster.csv", apart)
    # Addresses that belong to others are OPSCOM's to refuse.
    went = states(desk.push("roster.csv", "--different-file"))
    assert went == {"pushed": 60} or (headers == ("Mail",) and "rejected" in went)


# Refusals, deletes


def test_rejected_rows_are_tried_again_the_longest_ago_first(desk, controller):
    controller.plan = {("*", 0): Fault("answer", code=9033)}
    desk.roster(60, "roster.csv")
    for _ in range(4):
        stopped = desk.push("roster.csv", "--workers", 1)["stopped"]
        assert stopped.startswith("OPSCOM refused the first 20 rows")
    keys = [entry.key for entry in controller.ledger]
    assert keys[60:80] == keys[:20]
    assert len(set(keys)) == 60


def test_equal_rejections_do_not_stop_a_run_that_has_seen_an_acceptance_in_another_file(
    desk, controller
):
    controller.plan = {("*", 0): Fault("answer", code=9033), ("V1", 0): Fault("late")}
    desk.table("vehicles.csv", [{"Plate": "V1", "Prov": "ON"}])
    desk.table("permits.csv", [of(n) for n in range(25)])
    said = desk.do("push", "vehicles.csv", "permits.csv", "--yes", "--workers", 1)
    assert [file["states"] for file in said["files"]] == [{"pushed": 1}, {"rejected": 25}]


def test_history_lists_what_a_run_created_as_deletes(desk, controller):
    desk.write("mappings/deletes.yaml", DELETES)
    push(desk, of(3), of(4), code=0)
    [run] = desk.do("history")["runs"]
    deletes = desk.folder / "to-cancel.xlsx"
    ids = [row["opscom_reference_id"] for row in desk.table_of("permits")]
    for deleted in (False, True):
        detail = desk.do("history", run["run"], "--as-deletes", deletes)
        created = [(each["reference_id"], each["deleted"]) for each in detail["created"]]
        assert created == [(number, deleted) for number in ids[::-1]]
        if not deleted:
            desk.push(deletes, "--mapping", "deletes.yaml", code=0)
            assert controller.records("permits") == []
    assert desk.told.splitlines()[-1] == (
        f"{deletes} lists no permit: the run created none, or they are deleted already."
    )


def test_deletes_that_nobody_named_keep_no_other_file_of_the_folder(desk, controller):
    desk.write("mappings/deletes.yaml", DELETES)
    desk.table("inbox/cancel.csv", [{"Reference ID": "r-1"}])
    desk.table("inbox/permits.csv", [of(3)])
    said = desk.do("push", "--yes", code=5)
    assert [entry.call for entry in controller.ledger] == ["permits/push"]
    refusal = (
        "cancel.csv: 1 permit would be deleted, and nobody is here to be asked. "
        "Name the file itself as PATH and give --yes."
    )
    assert {file["error"] for file in said["files"]} == {None, refusal}
