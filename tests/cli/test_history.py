"""``history``: what was imported when, by whom, and how it ended."""

import datetime as dt

import pytest

from importer.delivery.journal import Journal
from importer.delivery.memory import SANDBOX, System
from importer.model import State
from schemas import POLICIES

HOST, CLIENT = "https://controller.operationscommander.io", "OC_CAMPUS"
LIVE = System(HOST, CLIENT)
STARTED = dt.datetime(2026, 11, 22, 14, 5, 9, tzinfo=dt.UTC)
RUNS = {
    "20261119-140509-dddd": (SANDBOX, None, "nothing started", None),
    "20261121-140509-bbbb": (LIVE, None, "ended", "The limit of 5 rows is reached."),
    "20261122-140509-cccc": (LIVE, "Graduates", "going on", None),
}


@pytest.fixture
def runs(office, monkeypatch):
    """Write down a rehearsal that started nothing, and runs that ended, stopped and have not ended."""
    monkeypatch.setenv("LOGNAME", "registrar")
    states = {State.PUSHED: 2, State.INVALID: 1}
    with Journal(office.journal, POLICIES) as journal:
        for day, (run, (system, sheet, end, stopped)) in zip(
            (19, 21, 22), RUNS.items(), strict=True
        ):
            number = journal.memory.system(system) or journal.add_system(system)
            journal.start_run(run, system, number, STARTED.replace(day=day))
            if end != "nothing started":
                file = journal.start_file(
                    run, source="banner-students.xlsx", sheet=sheet, digest="ab" * 32,
                    mapping="Banner students", endpoint="users", rows=3,
                )  # fmt: skip
            if end == "ended":
                journal.end_file(file, states=states, results="r.xlsx")
            if end != "going on":
                journal.end_run(run, stopped=stopped, exit_code=1)


@pytest.mark.usefixtures("runs")
def test_history_tells_each_run_in_a_few_lines_the_newest_first(call):
    done = call("history")
    assert (done.code, done.out) == (0, "")
    to = f"To {CLIENT} at {HOST}:"
    assert done.err.splitlines() == [
        "20261122-140509-cccc  2026-11-22 14:05  by registrar",
        f"{to} not ended yet, or ended by force",
        "  banner-students.xlsx, Graduates: nothing told yet",
        "",
        "20261121-140509-bbbb  2026-11-21 14:05  by registrar",
        f"{to} stopped. The limit of 5 rows is reached.",
        "  banner-students.xlsx: 2 pushed, 1 invalid",
        "",
        "20261119-140509-dddd  2026-11-19 14:05  by registrar",
        "To the sandbox: nothing started",
    ]
    lines = call("history", "20261122-140509-cccc").err.splitlines()
    assert lines[1] == "From 2026-11-22 14:05: not ended yet, or ended by force"
    assert call("history", "20261119-140509-dddd").err.splitlines()[2:] == ["To the sandbox"]


def test_a_journal_without_runs_says_so(call):
    assert call("history").err == "Nothing was pushed yet.\n"
