"""Where a journal lies: file systems without locks, other names of it, full disks, and a run beside."""

import contextlib
import os
import re
import sqlite3
import sys

import pytest
from commanding import PERMITS, Office, permit, read_results
from controller import Controller, Fault
from returning import VEHICLES

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX calls")
LOCKS = """
import errno, fcntl, os, sys
def flock(*_):
    raise OSError({code}, os.strerror({code}))
fcntl.flock = flock
from importer.cli import main
main()
"""
FULL = """
import resource, sys
sys.dont_write_bytecode = True
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
from importer.cli import main
main()
"""
"""A process whose files may not grow beyond a size, as on a disk that is full."""


MAPPINGS = {"permits": PERMITS + "  zone: Zone\n", "vehicles": VEHICLES}


@pytest.fixture
def opened(tmp_path, monkeypatch, capsys):
    """Give a function that makes an office: its ``call`` stays in this process, ``run`` starts one."""

    def make(controller):
        office = Office(tmp_path, controller.url, mappings=MAPPINGS)
        office.call = office.calling(monkeypatch, capsys)
        office.table("permits.csv", [permit(n) | {"Zone": "Lot 4"} for n in range(3)])
        return office

    return make


@pytest.fixture
def office(opened, controller):
    return opened(controller)


def link(make, path, target):
    try:
        make(path, target)
    except OSError:
        pytest.skip("This system lets nobody make links.")


# Locks


@POSIX
@pytest.mark.parametrize("name", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def test_a_file_system_without_locks_is_called_what_it_is(office, controller, name):
    code = LOCKS.format(code=f"errno.{name}")
    done = office.run("push", "permits.csv", "--yes", "--json", code=code)
    assert done.code == 5, done.err
    assert re.fullmatch(
        rf"The journal {re.escape(str(office.journal))} lies where files cannot be locked \(.+\), so "
        r"that two runs at a time could send rows twice; nothing was sent\. Move the workspace, its "
        r"journal too, to a disk of this computer\.",
        done.json["error"],
    )
    assert controller.requests == 0


def test_a_journal_with_a_second_hard_link_is_refused_under_each_name(office, controller, tmp_path):
    office.call("push", "permits.csv", "--yes")
    other = tmp_path / "other" / "journal.sqlite"
    other.parent.mkdir()
    link(lambda path, to: path.hardlink_to(to), other, office.journal)
    for journal in (office.journal, other):
        for command in (("push", "--yes"), ("check",), ("settle",)):
            done = office.call(*command, "permits.csv", "--json", "--journal", journal)
            assert (done.code, done.json["error"]) == (
                5,
                (
                    f"The journal {journal} has a second name on this disk (a hard link), so that two runs "
                    "at a time could send rows twice; nothing was sent. Keep one of the names: delete the "
                    "other, or make it a copy and put that away."
                ),
            )
    other.unlink()
    done = office.call("push", "permits.csv", "--yes", "--json")
    assert (done.code, done.states) == (0, {"permits.csv": {"unchanged": 3}})
    assert controller.requests == 3


def test_a_run_through_a_symbolic_link_waits_for_the_same_lock(opened, tmp_path):
    with Controller({("*", 1): Fault("hold")}) as controller:
        office = opened(controller)
        other = tmp_path / "link.sqlite"
        # It leads nowhere yet: the first run makes the journal itself, not a file of the link's name.
        link(lambda path, to: path.symlink_to(to), other, office.journal)
        first = office.start("push", "permits.csv", "--yes", "--journal", other)
        controller.wait_for(1)
        second = office.call("push", "permits.csv", "--yes", "--json")
        assert second.code == 5
        assert "is in use by registrar on " in second.json["error"]
        controller.release()
        first.communicate(timeout=60)
        done = office.call("push", "permits.csv", "--yes", "--json")
        assert (done.code, done.states) == (0, {"permits.csv": {"unchanged": 3}})
        assert controller.requests == 3
    if os.name == "posix":
        assert office.journal.stat().st_mode & 0o077 == 0


# A full disk


@POSIX
@pytest.mark.parametrize("size", [0, 4096, 40000])
def test_a_disk_that_is_full_at_the_start_is_said_in_a_sentence(office, controller, size):
    done = office.run("push", "permits.csv", "--yes", "--json", code=FULL.format(size=size))
    assert done.code == 5, done.err
    assert "This program failed" not in done.err
    assert re.search(r"(nothing was sent\.|Nothing was sent\.|Free some space)", done.json["error"])
    assert controller.requests == 0
    # Where there is room again the same command does all of it.
    done = office.call("push", "permits.csv", "--yes", "--json")
    assert (done.code, done.states) == (0, {"permits.csv": {"pushed": 3}})


@pytest.mark.parametrize(
    ("moment", "names"),
    [
        ("INSERT ON file", ("vehicles", "permits")),
        ("UPDATE ON record", ("vehicles", "permits")),
        ("UPDATE ON record", ("permits",)),
        ("UPDATE ON file", ("vehicles", "permits")),
    ],
)
def test_a_settle_whose_journal_fails_on_its_way_says_unknown_and_stops(opened, moment, names):
    plan = {("V1", 1): Fault("close"), ("V1", 2): Fault("close"), ("N0000", 1): Fault("lost")}
    with Controller(plan) as controller:
        office = opened(controller)
        office.table("vehicles.csv", [{"Plate": "V1", "Prov": "ON"}])
        office.table("permits.csv", [permit(0) | {"Zone": "Lot 4"}])
        assert office.call("push", "vehicles.csv", "permits.csv", "--yes").code == 4
        with contextlib.closing(sqlite3.connect(office.journal)) as beside:
            beside.execute(
                f"CREATE TRIGGER broken BEFORE {moment} BEGIN INSERT INTO nowhere SELECT 1; END"
            )
        workbooks = [f"results/{name}-results.xlsx" for name in names]
        done = office.call("settle", *workbooks, "--plate-host", controller.url, "--json")
    assert done.code == 3, done.err
    assert "cannot be written (no such table: main.nowhere)" in done.json["stopped"]
    unsettled = {state for states in done.states.values() for state in states}
    assert unsettled <= ({"unknown", "pushed"} if moment == "UPDATE ON file" else {"unknown"})


# A look beside a run


def test_a_check_beside_a_running_push_says_that_it_is_under_way(opened):
    with Controller({("*", 1): Fault("hold")}) as controller:
        office = opened(controller)
        first = office.start("push", "permits.csv", "--yes", "--workers", "1")
        controller.wait_for(1)
        done = office.call("check", "permits.csv", "--json")
        assert done.states == {"permits.csv": {"ready": 2, "unknown": 1}}
        [note] = done.json["notes"]
        assert re.fullmatch(
            r"A run is under way \(registrar on .+, process \d+, since .+\): what it has not sent yet "
            r"counts as ready here\. Check again when it has ended\.",
            note,
        )
        [row, *_] = read_results(office.folder / "results" / "permits-checked.xlsx")
        assert row["opscom_message"].splitlines()[0] == (
            "A run that is under way has sent this row; its answer is not here yet."
        )
        controller.release()
        first.communicate(timeout=60)
        after = office.call("check", "permits.csv", "--json")
    assert after.states == {"permits.csv": {"unchanged": 3}}
    assert after.json["notes"] == []


def test_a_check_after_a_killed_push_says_that_the_answer_was_lost(opened):
    with Controller({("*", 1): Fault("hold")}) as controller:
        office = opened(controller)
        office.table("permits.csv", [permit(0) | {"Zone": "Lot 4"}])
        first = office.start("push", "permits.csv", "--yes")
        controller.wait_for(1)
        first.kill()
        first.communicate(timeout=60)
        done = office.call("check", "permits.csv", "--json")
    assert (done.states, done.json["notes"]) == ({"permits.csv": {"unknown": 1}}, [])
    [row] = read_results(office.folder / "results" / "permits-checked.xlsx")
    assert "the answer was lost" in row["opscom_message"]
