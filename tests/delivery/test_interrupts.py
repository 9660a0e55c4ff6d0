"""Stops that come from outside: Ctrl-C once and twice, a termination, two runs at once."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from controller import Controller, Fault
from delivering import Through, permits, push
from proving import Trial

from importer.delivery.pace import Stopper

ROOT = Path(__file__).parents[2]
TOKEN = "token-of-this-test"
SIGNALS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

MAPPING = """\
version: 1
name: Permits
endpoint: permits
fields:
  plate: plate
  permitNo: number
  startTime: {value: "2026-01-01T00:00:00"}
  endTime: {value: "2026-05-01T00:00:00"}
"""


WATCHED = """\
import signal, sys
install = signal.signal
def watching(number, handler):
    def noticed(*given):
        handler(*given)
        print("noticed", file=sys.stderr, flush=True)
    return install(number, noticed if callable(handler) else handler)
signal.signal = watching
from importer.cli import main
main(sys.argv[1:])
"""
"""A process that says when it has noticed a signal, however late that is on a slow machine."""
PATIENCE = 100
"""Seconds until a command has sent its first rows, on a machine that does much else."""


@pytest.fixture
def office(tmp_path):
    """Make a folder with a file of twelve permits and a mapping for it."""
    rows = "".join(f"PL{n},P{n}\n" for n in range(12))
    (tmp_path / "permits.csv").write_text("plate,number\n" + rows, encoding="utf-8")
    (tmp_path / "permits.yaml").write_text(MAPPING, encoding="utf-8")
    return tmp_path


class Command:
    """A real ``push`` in a process of its own."""

    def __init__(self, office, url, *more, begin=()):
        self._words = [
            *begin,
            *(sys.executable, "-c", WATCHED, "push", office / "permits.csv", "--yes", "--json"),
            *("--workspace", office / "ws", "--mapping", office / "permits.yaml"),
            *("--host", url, "--client", "OC_TEST", "--timeout", "20", *more),
        ]
        self._environ = {**os.environ, "OPSCOM_API_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_exc):
        with self.process:
            self.process.kill()

    def start(self):
        self.process = subprocess.Popen(
            [str(word) for word in self._words], env=self._environ, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        return self

    def signal(self, name, *, ignored=False):
        """Send a signal, and wait until it is noticed."""
        os.kill(self.process.pid, getattr(signal, name))
        while not ignored and self.process.stderr.readline() not in {"noticed\n", ""}:
            pass

    def end(self):
        """Wait for the end; return exit code, what was printed as JSON, and the rest."""
        out, err = self.process.communicate(timeout=PATIENCE)
        assert TOKEN not in out + err
        assert "Traceback" not in err
        return self.process.returncode, json.loads(out) if out else None, err


def run(office, url, *more):
    with Command(office, url, *more) as command:
        return command.end()


def states(told):
    return told["files"][0]["states"]


@SIGNALS
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_an_interrupted_push_finishes_what_is_under_way_and_writes_the_workbook(office, number):
    with (
        Controller({("P1", 1): Fault("hold"), ("P2", 1): Fault("hold")}) as controller,
        Command(office, controller.url, "--workers", "2") as push_,
    ):
        controller.wait_for(3, PATIENCE)
        push_.signal(number)
        controller.release()
        code, told, _ = push_.end()
        assert len(controller.ledger) == 3
        assert code == 3
        assert states(told) == {"pushed": 3, "not sent": 9}
        assert told["stopped"] == (
            "The run was interrupted. 9 rows are left; run the same command again to go on."
        )
        assert Path(told["files"][0]["results"]).is_file()
        code, told, _ = run(office, controller.url)
        assert (code, states(told)) == (0, {"pushed": 9, "unchanged": 3})
        assert all(controller.applied(f"P{n}") == 1 for n in range(12))


@SIGNALS
@pytest.mark.parametrize(
    "numbers", [("SIGINT", "SIGINT"), ("SIGINT", "SIGTERM")], ids=["twice", "and-termination"]
)
def test_a_second_interrupt_ends_at_once_and_what_was_under_way_is_unknown(office, numbers):
    with (
        Controller({("P1", 1): Fault("hang"), ("P2", 1): Fault("hang")}) as controller,
        Command(office, controller.url, "--workers", "2", "--timeout", "3600") as push_,
    ):
        controller.wait_for(3, PATIENCE)
        for name in numbers:
            push_.signal(name)
        code, told, _ = push_.end()
        assert code == 3
        assert states(told) == {"pushed": 1, "unknown": 2, "not sent": 9}
        assert Path(told["files"][0]["results"]).is_file()
        code, told, _ = run(office, controller.url)
        assert (code, states(told)) == (4, {"pushed": 9, "unchanged": 1, "unknown": 2})
        assert all(len(controller.entries(f"P{n}")) == 1 for n in range(12))


@SIGNALS
@pytest.mark.parametrize("ignored", [True, False], ids=["nohup", "plain"])
def test_a_hang_up_that_nohup_ignores_stays_ignored_and_any_other_ends_the_run(office, ignored):
    begin = ("nohup",) if ignored else ()
    with (
        Controller({("P1", 1): Fault("hold")}) as controller,
        Command(office, controller.url, "--workers", "1", begin=begin) as push_,
    ):
        controller.wait_for(2, PATIENCE)
        push_.signal("SIGHUP", ignored=ignored)
        controller.release()
        code, told, _ = push_.end()
    if ignored:
        assert (code, states(told)) == (0, {"pushed": 12})
    else:
        assert (code, states(told)) == (3, {"pushed": 2, "not sent": 10})


@SIGNALS
def test_a_held_down_ctrl_c_never_locks_a_run_up(office):
    with (
        Controller({("P1", 1): Fault("hang")}) as controller,
        Command(office, controller.url, "--workers", "1", "--timeout", "3") as push_,
    ):
        controller.wait_for(2, PATIENCE)
        for _ in range(25):
            if push_.process.poll() is None:
                os.kill(push_.process.pid, signal.SIGINT)
            # Signals of one kind that wait at the same time are one.
            threading.Event().wait(0.01)
        code, told, _ = push_.end()
    assert code == 3
    assert states(told) == {"pushed": 1, "unknown": 1, "not sent": 10}


@SIGNALS
def test_an_interrupt_in_the_middle_of_a_stop_waits_for_no_lock():
    # A signal's handler runs between two instructions of the main thread, whatever that holds.
    text = """
import signal, time
from importer.delivery.pace import Stopper
stopper, end = Stopper(), time.monotonic() + 1
signal.signal(signal.SIGALRM, lambda *_: stopper.interrupt())
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
while time.monotonic() < end:
    stopper.stop("enough")
    stopper.stopped
signal.setitimer(signal.ITIMER_REAL, 0)
print(stopper.reason in {"enough", "The run was interrupted."}, stopper.abandoned)
"""
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert done.stdout == "True True\n", done.stderr


def test_a_run_that_stopped_by_itself_can_still_be_abandoned():
    stopper = Stopper()
    stopper.stop("OPSCOM is silent.")
    stopper.interrupt()
    assert not stopper.abandoned
    stopper.interrupt()
    assert stopper.abandoned
    assert stopper.reason == "OPSCOM is silent."


def test_an_interrupt_ends_a_long_wait():
    stopper = Stopper()
    threading.Timer(0.1, stopper.interrupt).start()
    assert stopper.wait(3600) is True
    assert stopper.reason == "The run was interrupted."


def test_without_a_stop_a_wait_takes_its_time():
    started = time.monotonic()
    assert Stopper().wait(0.2) is False
    assert time.monotonic() - started >= 0.2


class Slow:
    """A connection whose commits of a second row's intent come when the run is over."""

    def __init__(self, connection, seen, over):
        self._connection = connection
        self._seen = seen
        self._over = over
        self._intents = 0

    @property
    def in_transaction(self):
        return self._connection.in_transaction

    def execute(self, text, *values):
        if text.startswith("INSERT INTO attempt"):
            self._intents += 1
            if self._intents == 2:
                self._seen.set()
                self._over.wait(1.5)
        return self._connection.execute(text, *values)


def test_an_abandoned_row_is_never_called_not_sent_and_sent_all_the_same(tmp_path):
    seen, over, stopper = threading.Event(), threading.Event(), Stopper()

    def abandon():
        assert seen.wait(10)
        stopper.interrupt()
        stopper.interrupt()

    threading.Thread(target=abandon).start()
    with Controller() as controller:
        trial = Trial("permits", tmp_path / "journal.sqlite", controller, rows=3)
        done = push(
            controller.url, trial.journal, "permits", permits(3), stopper=stopper,
            through=lambda journal: Through(journal, Slow(journal.connection, seen, over)),
        )  # fmt: skip
        sent = {f"P{n}" for n, state in done.states.items() if state != "not sent"}
        # Whatever was begun in spite of all has its time now.
        over.wait(0.3)
        assert {entry.key for entry in controller.ledger} <= sent
        trial.seen = {f"P{n}": len(controller.entries(f"P{n}")) for n in range(3)}
        trial.waiting = {n for n, state in done.states.items() if state == "unknown"}
        trial.finish()


def test_a_second_run_on_the_same_workspace_is_refused_and_sends_nothing(office):
    with (
        Controller({("P1", 1): Fault("hold")}) as controller,
        Command(office, controller.url, "--workers", "1") as first,
    ):
        controller.wait_for(2, PATIENCE)
        code, _, err = run(office, controller.url)
        assert code == 5
        assert "is in use by" in err
        assert f"process {first.process.pid}" in err
        assert controller.requests == 2
        controller.release()
        code, told, _ = first.end()
        assert (code, states(told)) == (0, {"pushed": 12})
    assert all(controller.applied(f"P{n}") == 1 for n in range(12))


@SIGNALS
def test_a_killed_push_leaves_no_lock_and_no_row_behind(office):
    with (
        Controller({("P3", 1): Fault("hang")}) as controller,
        Command(office, controller.url, "--workers", "1") as push_,
    ):
        controller.wait_for(4, PATIENCE)
        push_.process.kill()
        push_.process.communicate(timeout=20)
        code, told, err = run(office, controller.url)
        assert (code, states(told)) == (4, {"pushed": 8, "unchanged": 3, "unknown": 1})
        assert "An earlier run was ended by force" in err
        assert all(len(controller.entries(f"P{n}")) == 1 for n in range(12))
