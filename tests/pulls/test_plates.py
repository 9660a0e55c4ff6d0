"""Plates of a spreadsheet: each asked for once, side by side, one row for each row."""

import json
import signal
import threading

import pytest
from commanding import CLIENT, POSIX, TOKEN, write_book
from controller import Controller, Fault
from pulling import NOT_FOUND, body, rows_of, sample, texts_of

from importer.delivery.http import Connection
from importer.delivery.http import Controller as HttpController
from importer.delivery.pace import Breaker, Pace, Stopper
from importer.delivery.policy import settings_fault
from importer.delivery.pusher import Conditions
from importer.pulls.plates import ask_plates


def cars(office, *plates):
    rows = [{"Owner": f"Invented {n}", "Plate": plate} for n, plate in enumerate(plates)]
    return office.table("cars.csv", rows)


def ask(office, plan, path, *more):
    if "--mapping" not in more:
        more = ("--column", "Plate", *more)
    return office.ask(plan, "plates", path, *more, option="--plate-host")


def says(**parts):
    """Return an answer to one plate in today's shape."""
    data = {"response": "", "plate": "", "responseJSON": parts}
    return body({"error": 0, "data": data, "message": ""})


def test_one_row_per_plate_tells_permits_expiry_alarm_and_do_not_ticket(office):
    samples = {"ABC123": "merged", "ABC890": "standard", "ABC456": "alarm", "DEF123": "dntt"}
    samples["ABC124"] = "none"
    path = cars(office, *samples)
    done, _ = ask(office, {(at, 0): sample(f"plate-{name}") for at, name in samples.items()}, path)
    assert done.code == 0
    results = office.results / "cars-plates.xlsx"
    assert done.json == {
        "exit_code": 0,
        "stopped": None,
        "source": str(path),
        "mapping": "--column Plate",
        "rows": 5,
        "plates": 5,
        "states": {"found": 4, "nothing known": 1},
        "results": str(results),
        "error": None,
    }
    merged, standard, alarm, dntt, _none = rows_of(results, "Plates")
    until, start, end = "2025-04-30 23:59:59", "2024-11-15 00:00:00", "2024-11-15 23:59:00"
    assert merged.pop("response").startswith(f"standard: BIKE\n Expires: {until}\n")
    del merged["answer"]
    assert merged == {
        "row": 2,
        "plate": "ABC123",
        "permits": 2,
        "permit": f"standard, BIKE, {until}\nstandard, MOTO-S, {until}",
        "expires": until,
        "alarm": "Wanted to talk with.",
        "do_not_ticket": f"Main Campus, {start}, {end}, CLEAR FOR ANY PAY AREA",
        "Owner": "Invented 0",
        "Plate": "ABC123",
    }
    assert standard["permits"] == 2
    assert alarm["alarm"] == (
        "15-AS123 Lex Luthor (08 JUL 84) wanted by OPS.\n\n*** Violence / Weapons ***"
    )
    assert dntt["do_not_ticket"].startswith("Lot 6, 2024-10-23 00:00:00, ")


def test_a_plate_that_stands_there_twice_is_asked_for_once_as_documented_and_answered_twice(office):
    plan = {("A1", 0): says(alarm="Invented alarm.", permits=[{"type": "temp"}])}
    done, ledger = ask(office, plan, cars(office, "A1", "B2", "A1"))
    first, second = sorted(ledger, key=lambda entry: entry.key)
    assert (first.key, second.key) == ("A1", "B2")
    assert first.path == "/api/v1/validate/plate"
    assert first.body == {"api_token": TOKEN, "client": CLIENT, "plate": "A1"}
    rows = rows_of(done.json["results"], "Plates")
    assert [row.get("alarm") for row in rows] == ["Invented alarm.", None, "Invented alarm."]
    assert done.json["states"] == {"found": 2, "nothing known": 1}


def test_a_row_whose_plate_is_an_error_cell_is_invalid_and_never_asked_for(office):
    done, ledger = ask(office, {}, cars(office, "A1", "#N/A", ""))
    assert (done.code, len(ledger)) == (1, 1)
    assert done.json["states"] == {"nothing known": 1, "invalid": 1, "skipped": 1}
    row = rows_of(done.json["results"], "Plates")[1]
    assert row["answer"] == "invalid"
    assert row["message"].startswith('cars.csv, row 3 "Plate": ')


def test_many_plates_are_asked_for_side_by_side(office):
    path = cars(office, *(f"P{n}" for n in range(24)))
    with Controller(latency=0.1) as controller:
        options = ("--column", "Plate", "--plate-host", controller.url, "--workers", "8")
        done = office.pull("plates", path, *options)
        assert (controller.at_once, controller.connections) == (8, 8)
    assert done.code == 0


def test_a_workbook_with_a_mapping_is_read_as_for_a_push(office):
    rows = [["Report"], [], ["Tag no.", "Name"], ["abc 123", "Invented"], ["Total", ""]]
    path = write_book(office.folder / "lot.xlsx", {"Lot 4": rows})
    mapping = office.write(
        "plates.yaml",
        "version: 1\nname: Lot\nendpoint: plates\nskip_rows: [{column: Tag no., matches: Total}]\n"
        "fields: {plate: {column: Tag no., convert: [plate]}}\n",
    )
    done, ledger = ask(office, {}, path, "--mapping", mapping)
    assert [entry.key for entry in ledger] == ["ABC123"]
    assert done.json["states"] == {"nothing known": 1, "skipped": 1}
    first = rows_of(done.json["results"], "Plates")[0]
    assert (first["row"], first["plate"], first["Tag no."]) == (4, "ABC123", "abc 123")


# What fails


def test_a_plate_that_is_refused_is_said_a_lost_answer_asked_for_again_and_the_others_go_on(office):
    plan = {
        ("A1", 0): Fault("answer", body='{"error":9033,"data":{},"message":"hush"}'),
        ("B2", 1): Fault("lost"),
    }
    done, ledger = ask(office, plan, cars(office, "A1", "B2"))
    assert (done.code, len(ledger)) == (1, 3)
    assert done.json["states"] == {"nothing known": 1, "refused": 1}
    first = rows_of(done.json["results"], "Plates")[0]
    assert first["message"] == "OPSCOM refuses the question with the code 9033."


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault("answer", body='{"error":9002,"message":""}'), settings_fault("9002")),
        (Fault("answer", status=404, body="<html>"), NOT_FOUND),
    ],
    ids=["settings", "404"],
)
def test_what_would_fail_for_every_plate_stops_the_run(office, fault, why):
    done, ledger = ask(office, fault, cars(office, "A1", "B2", "C3"), "--workers", "1")
    assert (done.code, len(ledger)) == (3, 1)
    stopped = f"{why} 3 rows have no answer yet; run the same command again."
    assert done.json["stopped"] == stopped
    assert done.json["states"] == {"not asked": 3}
    assert stopped in texts_of(done.json["results"])


@POSIX
def test_an_interrupted_batch_lays_out_what_was_answered(office):
    path = cars(office, *(f"P{n}" for n in range(120)))
    with Controller(latency=0.05) as controller:
        process = office.start(
            *("pull", "plates", path, "--column", "Plate", "--plate-host", controller.url),
            *("--workers", "2", "--json"),
        )
        controller.wait_for(10, timeout=100)
        process.send_signal(signal.SIGINT)
        out, _err = process.communicate(timeout=100)
        asked = len(controller.ledger)
    assert process.returncode == 3
    told = json.loads(out)
    assert told["states"] == {"nothing known": asked, "not asked": 120 - asked}
    assert told["stopped"] == (
        f"The run was interrupted. {120 - asked} rows have no answer yet; run the same command again."
    )
    assert len(rows_of(told["results"], "Plates")) == 120


def test_a_second_interrupt_ends_a_batch_at_once():
    stopper = Stopper()

    def interrupt_twice(controller):
        controller.wait_for(2)
        stopper.interrupt()
        stopper.interrupt()

    with Controller({("*", 0): Fault("hang")}) as controller:
        url = f"{controller.url}/api/v1/validate/plate"
        plates = ["A1", "B2", "C3"]
        controller_of = HttpController(controller.url, CLIENT, TOKEN)
        conditions = Conditions(controller_of, Pace(), stopper, Breaker(stopper), 2)
        threading.Thread(target=interrupt_twice, args=(controller,)).start()
        assert list(ask_plates(plates, lambda: Connection(url, timeout=6000), conditions)) == []
        assert sorted(entry.key for entry in controller.ledger) == ["A1", "B2"]


def test_a_rehearsal_needs_neither_host_nor_token(office):
    office.token = None
    path = cars(office, "INV1", "INV2")
    done = office.pull("plates", path, "--column", "plate", "--sandbox", "--json")
    assert done.code == 0
    assert done.json["states"] == {"nothing known": 2}
    assert done.json["results"] == str(office.results / "sandbox" / "cars-plates.xlsx")
