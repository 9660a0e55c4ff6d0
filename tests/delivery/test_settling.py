"""After a lost answer: what `settle`, a person's answer and a corrected file may and may not do."""

import csv
import json
from pathlib import Path

import openpyxl
import pytest
from controller import Controller, Fault

from importer.cli import main

PERMIT_HEADERS = [
    "Ticket No",
    "Licence Plate",
    "Lot",
    "Valid From",
    "Valid To",
    "Price",
    "Currency",
]
VEHICLE_HEADERS = ["Plate", "Plate Type", "Province", "Make", "Body", "Colour", "Year", "VIN"]


def permit(n, **more):
    cells = {
        "Ticket No": f"T{n}",
        "Licence Plate": f"PLT{n}",
        "Lot": "Lot 4",
        "Valid From": "2026-09-01 00:00:00",
        "Valid To": "2027-04-30 23:59:59",
        "Price": "14.50",
        "Currency": "CAD",
    }
    return {**cells, **more}


def vehicle(n, **more):
    cells = dict.fromkeys(VEHICLE_HEADERS, "")
    return {**cells, "Plate": f"V{n}", "Plate Type": "Passenger", "Province": "ON", **more}


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def office(tmp_path, monkeypatch, capsys):
    """A workspace, and a way to run a command in it."""
    monkeypatch.setenv("OPSCOM_API_TOKEN", "token-of-the-office")
    monkeypatch.setenv("OPSCOM_CLIENT", "OC_TEST")

    class Office:
        folder = tmp_path

        def run(self, *arguments):
            with pytest.raises(SystemExit) as ended:
                main([*map(str, arguments), "--workspace", str(tmp_path), "--json"])
            out = capsys.readouterr()
            said = json.loads(out.out)
            assert said["exit_code"] == ended.value.code
            return said, out.err

        def push(self, controller, path, *more, mapping="parking-permits.yaml"):
            said, _ = self.run(
                "push", path, "--host", controller.url, "--yes", "--workers", 1, "--timeout", 5,
                "--mapping", mapping, *more,
            )  # fmt: skip
            return said

        def settle(self, controller, *more):
            said, _ = self.run(
                "settle", "--host", controller.url, "--plate-host", controller.url, *more
            )
            return said

        def states(self, said):
            return said["files"][0]["states"]

        def rows(self, said):
            book = openpyxl.load_workbook(said["files"][0]["results"])
            header, *rows = book[book.sheetnames[1]].iter_rows(values_only=True)
            return [dict(zip(header, row, strict=True)) for row in rows]

        def edit(self, said, row, **cells):
            path = said["files"][0]["results"]
            book = openpyxl.load_workbook(path)
            sheet = book[book.sheetnames[1]]
            headers = [cell.value for cell in sheet[1]]
            for name, value in cells.items():
                sheet.cell(row, headers.index(name.replace("_", " ", 0)) + 1, value)
            book.save(path)
            return path

    return Office()


@pytest.fixture
def lost_permit(office):
    """A permit whose answer was lost although OPSCOM took it, and one that went well."""
    with Controller({("T1", 1): Fault("lost")}) as controller:
        source = write(office.folder / "permits.csv", [permit(1), permit(2)])
        said = office.push(controller, source)
        assert office.states(said) == {"pushed": 1, "unknown": 1}
        yield controller, source, said


def test_a_permit_that_plate_validation_proves_is_pushed_with_its_id_unknown(office, lost_permit):
    controller, source, said = lost_permit
    settled = office.settle(controller, said["files"][0]["results"])
    assert (office.states(settled), settled["exit_code"]) == ({"pushed": 1, "unchanged": 1}, 0)
    row = office.rows(settled)[0]
    assert row["opscom_reference_id"] is None
    assert "OPSCOM took the row. Its reference id is not known" in row["opscom_message"]
    assert office.states(office.push(controller, source)) == {"unchanged": 2}
    assert controller.applied("T1") == 1
    calls = [entry.call for entry in controller.entries("PLT1")]
    assert calls == ["validate/plate", "validate/plate"]


def test_without_path_the_workbook_of_the_journal_is_settled(office, lost_permit):
    controller, _, _ = lost_permit
    assert office.states(office.settle(controller)) == {"pushed": 1, "unchanged": 1}


def test_a_permit_that_is_not_seen_stays_for_a_person(office):
    with Controller({("T1", 1): Fault("close")}) as controller:
        source = write(office.folder / "permits.csv", [permit(1)])
        said = office.push(controller, source)
        settled = office.settle(controller, said["files"][0]["results"])
        again = office.push(controller, source)
    assert office.states(settled) == office.states(again) == {"unknown": 1}
    assert settled["exit_code"] == 4
    assert controller.applied("T1") == 0


def test_without_a_plate_host_settle_says_so_on_the_terminal(office, lost_permit):
    controller, _, said = lost_permit
    path = said["files"][0]["results"]
    settled, told = office.run("settle", path, "--host", controller.url)
    note = (
        "No plate host is set, so permits could not be looked up by their plate. Ask OPSCOM for it, and "
        "write it as `plate_host:` into opscom.yaml, or give --plate-host."
    )
    assert (office.states(settled), settled["notes"]) == ({"unknown": 1, "unchanged": 1}, [note])
    assert note in told.splitlines()
    assert office.settle(controller, path)["notes"] == []


def test_another_permit_like_it_is_no_proof(office):
    twin = permit(1, **{"Ticket No": "T9", "Valid From": "2026-09-02 00:00:00"})
    with Controller({("T1", 1): Fault("close")}) as controller:
        source = write(office.folder / "permits.csv", [twin, permit(1)])
        said = office.push(controller, source)
        assert office.states(said) == {"pushed": 1, "unknown": 1}
        settled = office.settle(controller, said["files"][0]["results"])
    assert office.states(settled) == {"unchanged": 1, "unknown": 1}


@pytest.mark.parametrize("command", ["push", "settle"])
def test_a_person_who_gives_the_id_settles_the_row(office, lost_permit, command):
    controller, source, said = lost_permit
    path = office.edit(said, 2, opscom_answer="0f-77")
    run = office.push if command == "push" else office.settle
    settled = run(controller, path)
    assert office.states(settled) == {"pushed": 1, "unchanged": 1}
    assert office.rows(settled)[0]["opscom_reference_id"] == "0f-77"
    assert office.states(office.push(controller, source)) == {"unchanged": 2}
    assert controller.applied("T1") == 1


def test_a_person_who_says_no_has_it_sent_by_push_and_not_by_settle(office):
    with Controller({("T1", 1): Fault("close")}) as controller:
        source = write(office.folder / "permits.csv", [permit(1)])
        path = office.edit(office.push(controller, source), 2, opscom_answer="no")
        settled = office.settle(controller, path)
        assert (office.states(settled), controller.applied("T1")) == ({"not sent": 1}, 0)
        pushed = office.push(controller, source)
    assert (office.states(pushed), controller.applied("T1")) == ({"pushed": 1}, 1)


def test_a_vehicle_is_sent_once_more_and_is_there_already(office):
    with Controller({("V1", 0): Fault("lost")}) as controller:
        source = write(office.folder / "vehicles.csv", [vehicle(1)])
        said = office.push(controller, source, mapping="parking-vehicles.yaml")
        assert office.states(said) == {"exists": 1} or office.states(said) == {"unknown": 1}
        controller.plan.clear()
        settled = office.settle(controller, said["files"][0]["results"])
        assert len(controller.records("vehicles")) == 1
    assert office.states(settled) == {"exists": 1}


def test_an_unknown_permit_that_was_edited_waits_for_an_answer_too(office, lost_permit):
    controller, _, said = lost_permit
    path = office.edit(said, 2, Lot="Lot 9")
    assert office.states(office.push(controller, path)) == {"unknown": 1, "unchanged": 1}
    assert controller.applied("T1") == 1


def test_the_same_new_permit_in_two_files_of_one_run_is_created_once(office):
    write(office.folder / "permits-a.csv", [permit(1), permit(2)])
    write(office.folder / "permits-b.csv", [permit(2), permit(3)])
    with Controller() as controller:
        said = office.push(
            controller, office.folder / "permits-a.csv", office.folder / "permits-b.csv"
        )
    assert [file["states"] for file in said["files"]] == [
        {"pushed": 2},
        {"pushed": 1, "unchanged": 1},
    ]
    assert controller.applied("T2") == 1


def test_a_row_whose_workbook_is_gone_is_unknown_still_and_said(office, lost_permit):
    controller, _, said = lost_permit
    Path(said["files"][0]["results"]).unlink()
    settled = office.settle(controller)
    assert (settled["exit_code"], settled["files"]) == (4, [])
    [note] = settled["notes"]
    assert note.startswith("permits.csv, row 2 (permits, sent 2")
    assert note.endswith(
        "): its workbook is not there. Push the file again without changing it, and settle the "
        "workbook that is written."
    )


def test_settle_waits_for_an_answer_as_long_as_it_is_told(office):
    with Controller({("V1", 0): Fault("close")}) as controller:
        source = write(office.folder / "vehicles.csv", [vehicle(1)])
        said = office.push(controller, source, mapping="parking-vehicles.yaml")
        controller.plan["V1", 0] = Fault("hang")
        settled = office.settle(controller, said["files"][0]["results"], "--timeout", "0.3")
    assert office.states(settled) == {"unknown": 1}
    assert office.rows(settled)[0]["opscom_message"].startswith(
        "No whole answer came within 0.3 seconds."
    )


def users_file(path, names):
    rows = [
        {"unique_id": f"{n:05d}", "login_source": "OPSCOM", "first_name": a, "last_name": b}
        for n, (a, b) in enumerate(names)
    ]
    return write(path, rows)


@pytest.fixture
def users_mapping(office):
    path = office.folder / "users.yaml"
    path.write_text(
        "version: 1\nname: U\nendpoint: users\nfields: {unique_id: unique_id, login_source: "
        "login_source, first_name: first_name, last_name: last_name}\n",
        encoding="utf-8",
    )
    return path


def test_ids_sorted_apart_from_names_are_stopped_before_the_first_row(office, users_mapping):
    names = [(f"First{n}", f"Last{n}") for n in range(60)]
    with Controller() as controller:
        source = users_file(office.folder / "students.csv", names)
        office.push(controller, source, mapping=users_mapping)
        users_file(source, names[1:] + names[:1])
        said = office.push(controller, source, mapping=users_mapping)
        assert controller.requests == 60
        assert said["exit_code"] == 5
        assert said["files"][0]["error"] == (
            "students.csv looks like a wrong file; nothing of it was sent. 60 of the 60 ids that OPSCOM "
            "has from us already would get another first and another last name, row 2 (id 00000), row "
            "3 (id 00001), row 4 (id 00002) among them: most likely a column is shifted, or the ids were "
            "sorted apart from the names. Look at these rows. Where the file is right, run the command "
            "again with --different-file."
        )
        checked, _ = office.run(
            "check", source, "--mapping", users_mapping, "--host", controller.url
        )
        assert checked["exit_code"] == 5
        went = office.push(controller, source, "--different-file", mapping=users_mapping)
        assert office.states(went) == {"pushed": 60}


def test_a_new_intake_is_no_wrong_file(office, users_mapping):
    names = [(f"First{n}", f"Last{n}") for n in range(60)]
    with Controller() as controller:
        source = users_file(office.folder / "students.csv", names)
        office.push(controller, source, mapping=users_mapping)
        users_file(source, names + [(f"New{n}", f"One{n}") for n in range(200)])
        said = office.push(controller, source, mapping=users_mapping)
    assert said["exit_code"] == 0


def test_history_lists_what_a_run_created_as_deletes(office):
    with Controller() as controller:
        said = office.push(controller, write(office.folder / "permits.csv", [permit(1), permit(2)]))
        runs, _ = office.run("history")
        assert [run["run"] for run in runs["runs"]] == [said["run"]]
        deletes = office.folder / "to-delete.xlsx"
        detail, _ = office.run("history", said["run"], "--as-deletes", deletes)
        ids = [row["opscom_reference_id"] for row in office.rows(said)]
        assert [each["reference_id"] for each in detail["created"]] == ids[::-1]
        gone = office.push(controller, deletes, mapping="permit-cancellations.yaml")
        assert office.states(gone) == {"pushed": 2}
        assert controller.records("permits") == []
        detail, told = office.run("history", said["run"], "--as-deletes", deletes)
    assert told == (
        f"{deletes} lists no permit: the run created none, or they are deleted already.\n"
    )
    assert all(each["deleted"] for each in detail["created"])


def test_deletes_from_a_folder_are_refused_where_nobody_can_type_the_number(office):
    folder = office.folder / "drop"
    folder.mkdir()
    write(folder / "cancel.csv", [{"Reference ID": "r-1"}])
    with Controller() as controller:
        said, _ = office.run(
            "push",
            folder,
            "--host",
            controller.url,
            "--yes",
            "--mapping",
            "permit-cancellations.yaml",
        )
        assert controller.requests == 0
    assert said["exit_code"] == 2
    assert said["error"] == (
        "1 permit would be deleted, and nobody is here to be asked. "
        "Name the file itself as PATH and give --yes."
    )


def test_equal_rejections_do_not_stop_a_run_that_has_seen_an_acceptance_in_another_file(office):
    write(office.folder / "vehicles.csv", [vehicle(1)])
    write(office.folder / "permits.csv", [permit(n) for n in range(25)])
    with Controller({("*", 0): Fault("answer", code=9033), ("V1", 0): Fault("late")}) as controller:
        said, _ = office.run(
            "push", office.folder / "vehicles.csv", office.folder / "permits.csv",
            "--host", controller.url, "--yes", "--workers", 1,
        )  # fmt: skip
    assert [file["states"] for file in said["files"]] == [{"pushed": 1}, {"rejected": 25}]


def answered_no(office, controller):
    """Lose the answer to a permit, answer ``no``; return a copy of that workbook."""
    source = write(office.folder / "permits.csv", [permit(1)])
    path = office.edit(office.push(controller, source), 2, opscom_answer="no")
    kept = office.folder / "kept.xlsx"
    kept.write_bytes(Path(path).read_bytes())
    return kept


def test_a_no_speaks_of_the_attempt_that_the_workbook_tells_of_and_of_no_later_one(office):
    plan = {("T1", 1): Fault("close"), ("T1", 2): Fault("lost")}
    with Controller(plan) as controller:
        kept = answered_no(office, controller)
        assert office.states(office.push(controller, kept)) == {"unknown": 1}
        again = office.push(controller, kept)
        assert (office.states(again), len(controller.entries("T1"))) == ({"unknown": 1}, 2)
    assert (
        "so what opscom_answer says is of an earlier attempt"
        in (office.rows(again)[0]["opscom_message"])
    )
    assert controller.applied("T1") == 1


def checked_no(office, controller, source, facts):
    """Check a file whose row is unknown, and answer no in the checked workbook; return a copy kept.

    Args:
        facts: Fact of the Summary → what is to stand there, ``None`` to take its line away.
    """
    said, _ = office.run(
        "check", source, "--host", controller.url, "--mapping", "parking-permits.yaml"
    )
    path = office.edit(said, 2, opscom_answer="no")
    book = openpyxl.load_workbook(path)
    summary = book["Summary"]
    for cell in [cell for cell in summary["A"] if cell.value in facts]:
        summary.cell(cell.row, 2).value = facts[cell.value]
        cell.value = cell.value if facts[cell.value] else None
    kept = office.folder / "kept-checked.xlsx"
    book.save(kept)
    book.close()
    return kept


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"Started": "2035-01-01 00:00:00+00:00"},
        {"Started": "2035-01-01 00:00:00+00:00", "Journal": None},
        {"Started": "2035-01-01 00:00:00+00:00", "Journal": "999-0000000000000000"},
    ],
    ids=["right", "clock ahead", "older version", "another journal"],
)
def test_a_no_in_a_checked_workbook_speaks_of_no_later_attempt_whatever_clocks_say(office, facts):
    plan = {("T1", 1): Fault("close"), ("T1", 2): Fault("lost")}
    with Controller(plan) as controller:
        source = write(office.folder / "permits.csv", [permit(1)])
        office.push(controller, source)
        kept = checked_no(office, controller, source, facts)
        # Of the only attempt that there ever was a no is believed; of the next one it says nothing.
        assert office.states(office.push(controller, kept)) == {"unknown": 1}
        assert len(controller.entries("T1")) == 2
        again = office.push(controller, kept)
        assert (office.states(again), len(controller.entries("T1"))) == ({"unknown": 1}, 2)
    assert controller.applied("T1") == 1


def test_a_no_speaks_of_no_attempt_of_a_journal_that_was_put_back_from_a_copy(office):
    plan = {("T1", 1): Fault("close"), ("T1", 2): Fault("close"), ("T1", 3): Fault("lost")}
    journal = office.folder / "journal.sqlite"
    with Controller(plan) as controller:
        source = write(office.folder / "permits.csv", [permit(1), permit(2)])
        kept = answered_no(office, controller)
        before = journal.read_bytes()
        second = office.push(controller, kept)
        assert office.states(second) == {"unknown": 1}
        office.edit(second, 2, opscom_answer="no")
        late = office.folder / "late-checked.xlsx"
        late.write_bytes(checked_no(office, controller, source, {}).read_bytes())
        journal.write_bytes(before)
        for path in office.folder.glob("journal.sqlite-*"):
            path.unlink()
        # Workbooks in this folder tell of no run that the journal has lost.
        elsewhere = ("--results", office.folder / "elsewhere")
        office.push(controller, kept, *elsewhere)
        entries = len(controller.entries("T1"))
        assert entries == 3
        office.push(controller, late, *elsewhere)
        assert len(controller.entries("T1")) == entries
    assert controller.applied("T1") == 1


@pytest.mark.parametrize("where", ["front", "message gone", "ours last"])
def test_a_workbook_whose_columns_were_moved_still_creates_nothing_twice(office, where):
    with Controller({("T2", 1): Fault("close")}) as controller:
        source = write(office.folder / "permits.csv", [permit(1), permit(2)])
        path = office.push(controller, source)["files"][0]["results"]
        book = openpyxl.load_workbook(path)
        sheet = book[book.sheetnames[1]]
        headers = [cell.value for cell in sheet[1]]
        for line in (2, 3):
            sheet.cell(line, headers.index("Lot") + 1, "Lot 9")
            sheet.cell(line, headers.index("Licence Plate") + 1, f"NEW{line}")
            sheet.cell(line, headers.index("Ticket No") + 1, f"N{line}")
        if where == "front":
            sheet.insert_cols(1)
        elif where == "message gone":
            sheet.delete_cols(headers.index("opscom_message") + 1)
        else:
            for line in sheet.iter_rows():
                values = [cell.value for cell in line]
                for cell, value in zip(line, values[6:] + values[:6], strict=True):
                    cell.value = value
        book.save(path)
        said = office.push(controller, path)
        assert controller.requests == 2
    assert office.states(said) == {"invalid": 1, "unknown": 1}


@pytest.mark.parametrize(
    "plate", ["plt1", "PLT-1", "PL T1"], ids=["small letters", "dash", "blank"]
)
def test_a_plate_written_in_another_way_is_the_same_plate(office, plate):
    mapping = office.folder / "plain.yaml"
    mapping.write_text(
        "version: 1\nname: P\nendpoint: permits\nfields: {plate: Licence Plate, startTime: Valid From, "
        "endTime: Valid To, zone: Lot}\n",
        encoding="utf-8",
    )
    with Controller() as controller:
        source = write(office.folder / "permits.csv", [permit(1)])
        office.push(controller, source, mapping=mapping)
        write(source, [permit(1, **{"Licence Plate": plate})])
        said = office.push(controller, source, mapping=mapping)
        assert controller.requests == 1
    assert office.states(said) == {"invalid": 1}


def test_sibling_permits_are_sent_wherever_a_run_was_interrupted(office):
    siblings = [permit(1, **{"Ticket No": ""}), permit(1, **{"Ticket No": "", "Lot": "South"})]
    with Controller() as controller:
        source = write(office.folder / "permits.csv", siblings)
        assert office.states(office.push(controller, source, "--limit", 1)) == {
            "pushed": 1,
            "not sent": 1,
        }
        assert office.states(office.push(controller, source)) == {"pushed": 1, "unchanged": 1}


def test_a_row_added_to_the_workbook_is_never_taken_for_another(office):
    with Controller() as controller:
        said = office.push(controller, write(office.folder / "permits.csv", [permit(1), permit(2)]))
        path = said["files"][0]["results"]
        book = openpyxl.load_workbook(path)
        sheet = book[book.sheetnames[1]]
        cells = permit(3, **{"Valid To": ""})
        sheet.append([None] * 6 + [cells[name] for name in PERMIT_HEADERS])
        book.save(path)
        first = office.push(controller, path)
        assert office.states(first) == {"unchanged": 2, "invalid": 1}
        path = office.edit(first, 4, **{"Valid To": "2027-04-30 23:59:59"})
        assert office.states(office.push(controller, path)) == {"pushed": 1, "unchanged": 2}
    assert controller.applied("T3") == 1


def test_an_update_that_was_not_accepted_keeps_the_id_it_is_for(office):
    mapping = office.folder / "ends.yaml"
    mapping.write_text(
        "version: 1\nname: Ends\nendpoint: permit-updates\n"
        "fields: {referenceID: opscom_reference_id, endTime: Valid To}\n",
        encoding="utf-8",
    )
    with Controller() as controller:
        said = office.push(controller, write(office.folder / "permits.csv", [permit(1), permit(2)]))
        ids = [row["opscom_reference_id"] for row in office.rows(said)]
        path = office.edit(said, 2, **{"Valid To": "no date"})
        changed = office.push(controller, path, mapping=mapping)
        assert office.states(changed) == {"pushed": 1, "invalid": 1}
        assert [row["opscom_reference_id"] for row in office.rows(changed)] == ids
        path = office.edit(changed, 2, **{"Valid To": "2027-05-01 00:00:00"})
        done = office.push(controller, path, mapping=mapping)
    assert office.states(done) == {"pushed": 1, "unchanged": 1}


def test_rejected_rows_are_tried_again_the_longest_ago_first(office, users_mapping):
    rows = [(f"First{n}", f"Last{n}") for n in range(60)]
    with Controller({("*", 0): Fault("answer", code=9033)}) as controller:
        source = users_file(office.folder / "students.csv", rows)
        stopped = [
            office.push(controller, source, mapping=users_mapping)["stopped"] for _ in range(4)
        ]
        keys = [entry.key for entry in controller.ledger]
    assert all(each.startswith("OPSCOM refused the first 20 rows") for each in stopped), stopped
    assert keys[60:80] == keys[:20]
    assert len(set(keys)) == 60


def test_the_token_in_an_error_code_is_taken_out(office, monkeypatch):
    body = json.dumps({"ErrorCode": "token-of-the-office", "ErrorMessage": "no"})
    with Controller({("T1", 0): Fault("answer", body=body)}) as controller:
        said = office.push(controller, write(office.folder / "permits.csv", [permit(1)]))
    assert office.rows(said)[0]["opscom_error_code"] == "[API token]"
    raw = b"".join(file.read_bytes() for file in office.folder.glob("journal*"))
    assert b"token-of-the-office" not in raw


def test_a_short_token_that_is_part_of_an_id_leaves_the_id_whole(office, monkeypatch):
    monkeypatch.setenv("OPSCOM_API_TOKEN", "2024")
    body = json.dumps({"status": "success", "reference_id": "1a9b-OC2024-cb75"})
    with Controller({("T1", 0): Fault("answer", body=body, applied=True)}) as controller:
        said = office.push(controller, write(office.folder / "permits.csv", [permit(1)]))
    assert office.rows(said)[0]["opscom_reference_id"] == "1a9b-OC2024-cb75"


def test_deletes_that_nobody_named_keep_no_other_file_of_the_folder(office):
    folder = office.folder / "drop"
    folder.mkdir()
    write(folder / "cancel.csv", [{"Reference ID": "r-1"}])
    write(folder / "permits.csv", [permit(1)])
    with Controller() as controller:
        said, _ = office.run("push", folder, "--host", controller.url, "--yes")
        assert [entry.call for entry in controller.ledger] == ["permits/push"]
    assert said["exit_code"] == 5
    refusal = (
        "cancel.csv: 1 permit would be deleted, and nobody is here to be asked. "
        "Name the file itself as PATH and give --yes."
    )
    assert {file["error"] for file in said["files"]} == {None, refusal}


def test_few_ids_with_other_names_are_noted_and_not_stopped(office, users_mapping):
    names = [(f"First{n}", f"Last{n}") for n in range(8)]
    with Controller() as controller:
        source = users_file(office.folder / "students.csv", names)
        office.push(controller, source, mapping=users_mapping)
        users_file(source, names[1:] + names[:1])
        said, _ = office.run("check", source, "--mapping", users_mapping, "--host", controller.url)
    assert said["exit_code"] == 0
    notes = [note for note in said["files"][0]["notes"] if "another first" in note]
    note = (
        "8 of the 8 ids that OPSCOM has from us already would get another first and another last name, "
        "row 2 (id 00000), row 3 (id 00001), row 4 (id 00002) among them: most likely a column is shifted, "
        "or the ids were sorted apart from the names. Look at these rows before you push."
    )
    assert notes == [note]


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"Licence Plate": "OTHER1"}, '"Ticket Number"'),
        ({"Ticket No": "", "Lot": "South"}, '"License Plate" and "Start Date"'),
        ({"Ticket No": "t-1", "Licence Plate": "plt-1"}, '"Ticket Number"'),
    ],
    ids=["number", "plate and start", "both"],
)
def test_two_rows_of_a_list_that_look_like_one_permit_both_go_and_the_later_one_says_so(
    office, change, same
):
    with Controller() as controller:
        source = write(office.folder / "permits.csv", [permit(1), permit(2), permit(1, **change)])
        said = office.push(controller, source)
    assert office.states(said) == {"pushed": 3}
    [problem] = said["files"][0]["problems"]
    assert (problem["severity"], problem["message"]) == (
        "warning",
        f"row 2 has the same {same}, so it may be the same permit.",
    )
    assert problem["remedy"] == "Where they are one, delete one of the two rows."
