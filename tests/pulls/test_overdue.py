"""One call for the overdue violations: asked once, saved as it arrives, never asked again."""

import datetime as dt
import json
import os
import shutil
import signal
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from commanding import CLIENT, POSIX, TOKEN, raw_parts
from controller import Controller, Fault
from pulling import NOT_FOUND, answer, body, rows_of, texts_of

from importer.delivery.http import Connection, Phase
from importer.delivery.policy import settings_fault
from importer.pulls.overdue import SavedBytes
from importer.text import quoted

CALL = "violations/send_overdue_to_collections"
SAMPLE = answer("overdue-violations").decode()


def ask(office, plan, *more):
    return office.ask(plan, "overdue-violations", "--yes", *more)


def saved_files(office):
    return sorted(
        path for path in office.results.glob("overdue-violations *") if path.suffix != ".xlsx"
    )


def test_the_answer_is_saved_as_it_came_and_laid_out_in_a_workbook(office):
    done, (entry,) = ask(office, body(SAMPLE))
    assert done.code == 0
    (saved,) = saved_files(office)
    assert saved.read_text(encoding="utf-8") == SAMPLE
    results = saved.with_suffix(".xlsx")
    assert done.json == {
        "exit_code": 0,
        "saved": str(saved),
        "results": str(results),
        "counts": {"Violations": 1, "Details": 1, "Drivers": 1, "Attachments": 2},
        "error": None,
    }
    if os.name != "nt":
        assert {stat.S_IMODE(path.stat().st_mode) for path in (saved, results)} == {0o600}
    assert rows_of(results, "Violations")[0]["Ticket"] == "1-100013"
    said = "1 overdue violation, marked as sent to collections: no later call returns them."
    assert said in texts_of(results)
    assert (entry.body, entry.path) == ({"apiToken": TOKEN}, f"/api/{CLIENT}/v1/{CALL}")


LOST = {
    "carried out and closed": Fault("lost"),
    "headers cut": Fault("cut-headers"),
    "body cut": Fault("cut-body"),
    "JSON that ends too early": Fault("bad-json"),
    "a page with 200": Fault("answer", body="<html>no</html>"),
    "500": Fault("answer", True, status=500, body="<html>"),
    "408": Fault("answer", True, status=408),
    "JSON that says nothing": body('{"ok":1}'),
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_whatever_is_lost_nothing_is_asked_twice_and_the_message_names_the_file(office, fault):
    done, ledger = ask(office, fault)
    assert (done.code, len(ledger)) == (4, 1)
    (saved,) = saved_files(office)
    assert saved.suffix == ".part"
    assert done.json["saved"] == str(saved)
    assert "OPSCOM may have marked the violations as sent to collections" in done.json["error"]
    assert f"is in {saved}; keep it" in done.json["error"]
    assert TOKEN not in done.err


REDIRECT = "The host answers with a redirect (HTTP 302), which is never followed. Ask OPSCOM for the right host."
REFUSED = {
    "settings": (Fault("answer", code=9002), settings_fault("9002")),
    "code": (Fault("answer", code=9099), "OPSCOM refuses the question with the code 9099."),
    "302": (Fault("answer", status=302, headers={"Location": "http://127.0.0.1:9/"}), REDIRECT),
    "404": (Fault("answer", status=404, body="<html>"), NOT_FOUND),
    "429": (
        Fault("answer", status=429, headers={"Retry-After": "0"}),
        "OPSCOM asks to go more slowly (HTTP 429).",
    ),
}


@pytest.mark.parametrize(("fault", "why"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_ends_the_command_with_its_reason_and_is_not_asked_again(office, fault, why):
    done, ledger = ask(office, fault)
    assert (done.code, len(ledger)) == (3, 1)
    assert done.json["error"].startswith(f"{why} Nothing is marked")
    (saved,) = saved_files(office)
    assert saved.suffix == ".json"


LONG = [{"ViolationID": n, "Comment": "x" * 4000} for n in range(1500)]
REPEATED = [{"ViolationID": 1, "Comment": f"sent with {TOKEN}"}]
WHOLE = {
    "whatever its status": Fault("answer", True, status=500, body=SAMPLE),
    "longer than any row's": body({"records": LONG}),
    "one that repeats the token": body({"records": REPEATED}),
}


@pytest.mark.parametrize("fault", WHOLE.values(), ids=WHOLE)
def test_an_answer_with_records_counts_and_is_saved_whole_but_for_the_token(office, fault):
    done, _ = ask(office, fault)
    (saved,) = saved_files(office)
    kept = fault.body.replace(TOKEN, "[API token]")
    assert (done.code, saved.read_text(encoding="utf-8")) == (0, kept)
    rows = rows_of(done.json["results"], "Violations")
    assert len(rows) == len(json.loads(fault.body)["records"])
    assert ("[API token]" in rows[0].get("Comment", "")) == (TOKEN in fault.body)
    assert TOKEN.encode() not in raw_parts(done.json["results"])


def test_where_nobody_listens_nothing_was_asked_and_no_file_is_left(office):
    with Controller() as controller:
        controller.refuse()
        done = office.pull("overdue-violations", "--yes", "--host", controller.url, "--json")
    error = (
        "The host refused the connection. Nothing was asked, so nothing is marked. Run the same command "
        "again."
    )
    told = {"exit_code": 3, "saved": None, "results": None, "counts": {}, "error": error}
    assert (done.code, done.json, saved_files(office)) == (3, told, [])


def test_of_an_answer_that_was_cut_off_the_whole_violations_are_in_the_workbook(office):
    text = '{"records":[{"ViolationID":1},{"ViolationID":2},{"ViolationID":3,"Tick'
    done, _ = ask(office, body(text))
    assert done.code == 4
    assert [row["ViolationID"] for row in rows_of(done.json["results"], "Violations")] == [1, 2]
    (saved,) = saved_files(office)
    said = (
        "The answer of the host (HTTP 200) cannot be read. 2 violations arrived whole. OPSCOM may have marked "
        f"the violations as sent to collections, and then no call returns them again. What arrived is in {saved}; "
        "keep it, and ask OPSCOM what was marked before you run this command again."
    )
    assert done.json["error"] == said
    assert said in texts_of(done.json["results"])


def test_a_timeout_counts_from_the_last_byte_and_a_host_that_falls_silent_is_given_up(office):
    text = json.dumps({"records": [{"ViolationID": 1}]})
    done, _ = ask(office, Fault("drip", body=text, seconds=0.025), "--timeout", "2")
    assert done.code == 0
    done, ledger = ask(office, Fault("hang"), "--timeout", "2")
    assert (done.code, len(ledger)) == (4, 1)
    assert done.json["error"].startswith("Nothing came for 2 seconds. 0 violations arrived whole.")


# Being asked


@pytest.mark.parametrize(("typed", "code"), [("MARK ", 0), ("yes", 3)], ids=repr)
def test_on_a_terminal_only_the_word_has_them_marked(office, typed, code):
    with Controller() as controller:
        done = office.pull("overdue-violations", "--host", controller.url, typed=[typed])
        assert len(controller.ledger) == (code == 0)
    assert done.code == code
    assert "marks them as sent to collections: no later call returns them again" in done.err


def test_a_rehearsal_asks_nobody_and_says_in_the_workbook_what_it_is(office):
    done = office.pull("overdue-violations", "--sandbox", "--json")
    assert done.code == 0
    assert done.json["saved"].startswith(str(office.results / "sandbox"))
    assert "Rehearsal: these are invented records of the sandbox." in texts_of(done.json["results"])


# Being interrupted


def dripping(office, seconds=0.004):
    """Start a call whose answer comes byte by byte; return it when some of it is on the disk."""
    text = json.dumps({"records": [{"ViolationID": n} for n in range(200)]})
    controller = Controller({("*", 0): Fault("drip", body=text, seconds=seconds)})
    more = ("--host", controller.url, "--yes", "--json")
    process = office.start("pull", "overdue-violations", *more)
    until = time.monotonic() + 100
    while time.monotonic() < until:
        files = saved_files(office)
        if files and files[0].stat().st_size > 60:
            return controller, process, files[0]
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.01)
        assert process.poll() is None, process.communicate()
    raise AssertionError("nothing was saved while it arrived")


@POSIX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_an_interrupted_call_keeps_what_arrived_and_names_the_file(office, number):
    controller, process, saved = dripping(office)
    process.send_signal(number)
    out, err = process.communicate(timeout=100)
    controller.close()
    assert process.returncode == 4
    told = json.loads(out)
    assert told["saved"] == str(saved)
    assert told["error"].startswith("The run was interrupted. ")
    assert str(saved) in err
    assert saved.read_bytes().startswith(b'{"records": [{"ViolationID": 0')
    assert rows_of(told["results"], "Violations")[0]["ViolationID"] == 0
    assert len(controller.ledger) == 1


@POSIX
def test_a_killed_call_leaves_what_arrived_and_the_next_call_says_so_first(office):
    controller, process, saved = dripping(office)
    process.kill()
    process.communicate(timeout=100)
    controller.close()
    size = saved.stat().st_size
    assert saved.read_bytes().startswith(b'{"records": [{"ViolationID": 0')
    done, _ = ask(office, {})
    assert done.code == 0
    assert done.err.splitlines()[0] == (
        f"There are saved bytes of an unfinished call: {saved} ({size} bytes). OPSCOM may have marked "
        "the violations as sent to collections, and then no call returns them again. "
        f"`opscom-import pull overdue-violations --from {quoted(saved)}` makes a workbook of what arrived. "
        "Once that is dealt with, move the file elsewhere."
    )
    assert saved.stat().st_size == size


# Building the workbook once more


@pytest.mark.parametrize(
    ("end", "text", "code"),
    [(".json", SAMPLE, 0), (".part", '{"records":[{"ViolationID":9},{"Vio', 4)],
    ids=["whole", "cut off"],
)
def test_a_workbook_is_built_once_more_from_saved_bytes_without_a_network(office, end, text, code):
    stem = "overdue-violations 2031-01-02 03-04-05"
    saved = office.write(stem + end, text)
    done = office.pull("overdue-violations", "--from", saved, "--json")
    assert (done.code, done.json["counts"]["Violations"]) == (code, 1)
    assert done.json["results"] == str(saved.with_name(f"{stem}.xlsx"))
    assert rows_of(done.json["results"], "Violations")[0]["ViolationID"] == 9
    cut = "1 violation arrived whole"
    assert (cut in (done.json["error"] or ""), saved.exists()) == (code == 4, True)


def test_a_connection_that_was_stopped_lets_no_byte_out():
    with Controller() as controller:
        connection = Connection(f"{controller.url}/api/{CLIENT}/v1/{CALL}", timeout=5)
        connection.stop()
        assert connection.send({}).phase is Phase.NOT_LEFT
        connection.close()
        assert controller.ledger == ()


def test_two_calls_within_one_second_never_share_a_file(tmp_path):
    now = dt.datetime.fromisoformat("2031-01-02T03:04:05")
    calls = [SavedBytes(tmp_path, now) for _ in range(3)]
    for number, call in enumerate(calls):
        call.write(b"%d" % number)
    assert [call.close(complete=True).read_bytes() for call in calls] == [b"0", b"1", b"2"]
    again = SavedBytes(tmp_path, now).close(complete=True)
    assert again.name == "overdue-violations 2031-01-02 03-04-05 (4).json"


def test_what_comes_after_the_call_was_given_up_is_no_failure(tmp_path):
    saved = SavedBytes(tmp_path, dt.datetime.fromisoformat("2031-01-02T03:04:05"))
    saved.write(b"in time")
    path = saved.close(complete=False)
    saved.write(b" too late")
    assert (path.read_bytes(), saved.unwritten) == (b"in time", 0)


def test_nothing_is_asked_where_the_disk_may_not_take_the_answer(office, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=99_999_999))
    done, ledger = ask(office, body(SAMPLE))
    assert (done.code, ledger, saved_files(office)) == (5, (), [])
    assert done.json["error"] == (
        f"The answer could not be saved in {office.results} (fewer than 100 MB are free), so nothing was asked. Make "
        "room, give the folder write permission, or name another one with --results."
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is simulated by /dev/full")
def test_what_a_full_disk_does_not_take_is_still_in_the_workbook_and_is_said(tmp_path):
    saved = SavedBytes(tmp_path, dt.datetime.fromisoformat("2031-01-02T03:04:05"))
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), saved._file.fileno())
    saved.write(b"abc")
    assert (saved.content, saved.unwritten) == (b"abc", 3)
    assert saved.close(complete=True).suffix == ".part"
