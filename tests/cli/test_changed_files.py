"""Files that change while they are imported: nothing is archived unread, nothing half read is sent."""

import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from commanding import ROSTER
from controller import Fault

CHANGED = "{} was changed while it was imported; push it again."


def test_a_file_that_is_changed_while_it_is_sent_stays_in_the_inbox(office, controller, call):
    controller.plan["000003", 1] = Fault("hold")
    path = office.roster(6)
    before, told = path.stat(), path.read_bytes().replace(b"Last5", b"Other")
    with office.start("push", "--yes", "--json") as push:
        controller.wait_for(4)
        # Of the same length and, to look at, of the same age.
        path.write_bytes(told)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        controller.release()
        out, err = push.communicate(timeout=100)
    assert push.returncode == 0
    assert CHANGED.format("roster.csv") in err.splitlines()
    assert CHANGED.format("roster.csv") in out
    assert (path.read_bytes(), list(office.folder.glob("archive/*"))) == (told, [])
    assert call("push", "--yes").code == 0
    assert len(controller.ledger) == 7
    [kept] = office.folder.glob("archive/*")
    assert (kept.read_bytes(), path.exists()) == (told, False)


MOVES = """\
import os, sys
from importer.cli import main
replace, act = os.replace, sys.argv.pop(1)
def moved(source, target, **more):
    if os.path.basename(os.path.dirname(source)) == "inbox":
        if act == "held":
            raise PermissionError(13, "Permission denied", str(source))
        with open(source, "w") as file:
            file.write("another export")
    replace(source, target, **more)
os.replace = moved
main(sys.argv[1:])
"""
"""Another program holds a file of the inbox, or saves under its name right before it is moved."""
HELD = (
    "roster.csv is done, but it could not be moved to archive ({}). Move it yourself; pushing it again "
    "sends nothing twice."
)


@pytest.mark.parametrize("act", ["saved", "held"])
def test_a_file_that_is_saved_or_held_in_the_moment_of_its_move_stays_and_is_said(office, act):
    path = office.roster(2)
    before = path.read_text(encoding="utf-8")
    done = office.run(act, "push", "--yes", code=MOVES)
    # Elsewhere a file that a program has open can be moved all the same.
    why = "most likely it is open in Excel" if os.name == "nt" else "Permission denied"
    said = {"saved": CHANGED.format("roster.csv"), "held": HELD.format(why)}
    assert (done.code, said[act] in done.err.splitlines()) == (0, True)
    there = {"saved": "another export", "held": before}
    assert (path.read_text(encoding="utf-8"), list(office.folder.glob("archive/*"))) == (
        there[act],
        [],
    )


def test_a_file_that_grows_while_it_is_read_is_refused_and_the_others_go(office, controller, call):
    office.write("mappings/roster.yaml", ROSTER)
    office.roster(2, "inbox/roster b.csv")
    growing = office.roster(2, "inbox/roster a.csv")
    os.truncate(growing, 1 << 27)
    ended = threading.Event()

    def grow():
        with growing.open("ab", buffering=0) as file:
            while not ended.is_set():
                file.write(b"\n")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        done = call("push", "--yes", "--json")
    finally:
        ended.set()
        writer.join()
    assert done.code == 5
    assert [file["error"] for file in done.json["files"]] == [
        (
            "roster a.csv: the file changed while it was read. Wait until it is saved or copied whole, "
            "then run the command again."
        ),
        None,
    ]
    assert sorted(entry.key for entry in controller.ledger) == ["000000", "000001"]
    assert [path.name for path in office.inbox.iterdir()] == ["roster a.csv"]


SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - it is a file system of its own


@pytest.mark.skipif(
    not SHARED_MEMORY.is_dir() or SHARED_MEMORY.stat().st_dev == Path().stat().st_dev,
    reason="This machine has no second file system to write to",
)
def test_an_inbox_on_another_file_system_is_copied_to_the_archive_and_emptied(office, call):
    elsewhere = SHARED_MEMORY / f"opscom-import-test-{os.getpid()}-{time.monotonic_ns()}"
    elsewhere.mkdir()
    try:
        office.inbox.rmdir()
        office.inbox.symlink_to(elsewhere, target_is_directory=True)
        told = office.roster(2).read_bytes()
        done = call("push", "--yes")
        assert (done.code, list(elsewhere.iterdir())) == (0, [])
        assert "could not be moved" not in done.err
        [kept] = office.folder.glob("archive/*")
        assert kept.read_bytes() == told
    finally:
        shutil.rmtree(elsewhere)
