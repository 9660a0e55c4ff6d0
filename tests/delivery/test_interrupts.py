"""Stops that come from outside: Ctrl-C once and twice, a termination, a hang-up."""

import json
import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from commanding import TOKEN, permit
from controller import Controller, Fault
from delivering import Through, permits, push
from returning import states

from importer.delivery.pace import Stopper

SIGNALS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
WATCHED = """\
import os, signal, sys
install = signal.signal
def watching(number, handler):
    def noticed(*given):
        handler(*given)
        # Not through sys.stderr, which the signal may have come in the middle of.
        os.write(2, b"noticed\\n")
    return install(number, noticed if callable(handler) else handler)
signal.signal = watching
from importer.cli import main
main(sys.argv[1:])
"""
"""A process that says when it has noticed a signal, however late that is on a slow machine."""
NOHUP = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
HOLD = Fault("hold")


FINISHED = (3, {"pushed": 3, "not sent": 9}), (0, {"pushed": 9, "unchanged": 3})
ABANDONED = (
    (3, {"pushed": 1, "unknown": 2, "not sent": 9}),
    (4, {"pushed": 9, "unchanged": 1, "unknown": 2}),
)
IGNORED = (0, {"pushed": 12}), (0, {"unchanged": 12})


@SIGNALS
@pytest.mark.parametrize(
    ("signals", "before", "came"),
    [
        ("SIGINT", "", FINISHED),
        ("SIGTERM", "", FINISHED),
        ("SIGHUP", "", FINISHED),
        ("SIGHUP", NOHUP, IGNORED),
        ("SIGINT SIGINT", "", ABANDONED),
        ("SIGINT SIGTERM", "", ABANDONED),
    ],
    ids=["ctrl-c", "termination", "hang-up", "hang-up under nohup", "twice", "and termination"],
)
def test_a_first_interrupt_finishes_what_is_under_way_a_second_ends_at_once_and_both_resume(
    desk, controller, signals, before, came
):
    desk.table("permits.csv", [permit(n) for n in range(12)])
    words = ("push", "permits.csv", "--yes", "--json")
    fault = Fault("hang") if came == ABANDONED else HOLD
    controller.plan = {("N0001", 1): fault, ("N0002", 1): fault}
    slow = ("--timeout", "3600", "--workers", "2")
    with desk.start(*words, *slow, code=before + WATCHED) as process:
        controller.wait_for(3)
        for name in signals.split():
            os.kill(process.pid, getattr(signal, name))
            # However late that is on a slow machine.
            while not before and process.stderr.readline() not in {"noticed\n", ""}:
                pass
        controller.release()
        out, err = process.communicate(timeout=100)
    assert TOKEN not in out + err
    assert "Traceback" not in err
    told = json.loads(out)
    assert (process.returncode, states(told)) == came[0]
    if process.returncode:
        assert told["stopped"] == (
            "The run was interrupted. 9 rows are left; run the same command again to go on."
        )
    assert Path(told["files"][0]["results"]).is_file()
    done = desk.run(*words)
    assert (done.code, done.states["permits.csv"]) == came[1]
    assert all(len(controller.entries(f"N{n:04}")) == 1 for n in range(12))


@SIGNALS
def test_an_interrupt_in_the_middle_of_a_stop_waits_for_no_lock(desk):
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
    done = desk.run(code=text)
    assert done.out == "True True\n", done.err


def test_an_abandoned_row_is_never_called_not_sent_and_sent_all_the_same(journal):
    over, stopper, intents = threading.Event(), Stopper(), []

    def execute(connection, text, *values):
        intents.extend([text] * text.startswith("INSERT INTO attempt"))
        if len(intents) == 2 and not stopper.abandoned:
            # The commit of the second row's intent comes when the run is over.
            stopper.interrupt()
            stopper.interrupt()
            over.wait(1.5)
        return connection.execute(text, *values)

    with Controller() as controller:
        done = push(
            controller.url, journal, "permits", permits(3), stopper=stopper,
            through=lambda opened: Through(opened, execute),
        )  # fmt: skip
        sent = {f"P{n}" for n, state in done.states.items() if state != "not sent"}
        # Whatever was begun in spite of all has its time now.
        over.wait(0.3)
        assert {entry.key for entry in controller.ledger} <= sent


def test_a_row_that_was_told_as_not_sent_does_not_leave_after_it(journal):
    over, before = threading.Event(), set(threading.enumerate())

    class Slow(Stopper):
        """Its worker has looked before the interrupt, and goes on when the rows were told."""

        def wait(self, seconds):
            self.interrupt()
            self.interrupt()
            over.wait(60)
            return False

    def seen():
        over.set()
        for thread in set(threading.enumerate()) - before:
            if thread.name.startswith("worker"):
                thread.join(60)

    with Controller() as controller:
        done = push(controller.url, journal, "permits", permits(2), stopper=Slow(), seen=seen)
        assert done.states == {0: "not sent", 1: "not sent"}
        assert not controller.ledger
