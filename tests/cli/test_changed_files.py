"""Files that change while they are imported: nothing is archived unread, nothing half read is sent."""

import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from commanding import ROSTER, read_results
from controller import Fault

CHANGED = "{} was changed while it was imported; push it again."
GREW = (
    "{}: the file changed while it was read. Wait until it is saved or copied whole, then run the "
    "command again."
)


def replaced(path, office):
    """Save another file under the name, as an export does."""
    fresh = office.roster(9, "fresh.csv")
    fresh.replace(path)


def written_over(path, office):
    """Write into the file itself, of the same length and, to look at, of the same age."""
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"Last5", b"Other"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def appended(path, office):
    office.roster(9, "inbox/roster.csv")


@pytest.mark.parametrize(
    ("change", "news"),
    [(replaced, 3), (written_over, 1), (appended, 3)],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_file_that_is_changed_while_its_rows_are_sent_stays_in_the_inbox(
    office, controller, call, change, news
):
    controller.plan["000003", 1] = Fault("hold")
    path = office.roster(6)
    with office.start("push", "--yes", "--json") as push:
        controller.wait_for(4)
        change(path, office)
        told = path.read_bytes()
        controller.release()
        out, err = push.communicate(timeout=100)
    assert push.returncode == 0
    assert CHANGED.format("roster.csv") in err.splitlines()
    assert CHANGED.format("roster.csv") in out
    assert (path.read_bytes(), list(office.folder.glob("archive/*"))) == (told, [])
    assert call("push", "--yes").code == 0
    assert len(controller.ledger) == 6 + news
    [kept] = office.folder.glob("archive/*")
    assert (kept.read_bytes(), path.exists()) == (told, False)


RACES = """\
import os, sys
from importer.cli import main
replace, times = os.replace, int(sys.argv.pop(1))
def late(source, target, **more):
    if os.path.basename(os.path.dirname(source)) != "inbox":
        return replace(source, target, **more)
    write(source, "first")
    replace(source, target, **more)
    if times == 2:
        write(source, "second")
def write(path, text):
    with open(path, "w") as file:
        file.write(text)
os.replace = late
main(sys.argv[1:])
"""
"""Another program saves under the name right before, or right before and after, the file is moved."""


@pytest.mark.parametrize(
    ("times", "there"),
    [(1, {"roster.csv": "first"}), (2, {"roster.csv": "second", "roster (2).csv": "first"})],
    ids=["once", "twice"],
)
def test_a_file_that_is_saved_in_the_moment_of_its_move_is_not_archived_unread(
    office, times, there
):
    office.roster(2)
    with office.start(times, "push", "--yes", code=RACES) as push:
        _out, err = push.communicate(timeout=100)
    assert push.returncode == 0
    assert CHANGED.format("roster.csv") in err.splitlines()
    assert {path.name: path.read_text(encoding="utf-8") for path in office.inbox.iterdir()} == there
    assert list(office.folder.glob("archive/*")) == []


HELD = """\
import os, sys
from importer.cli import main
replace = os.replace
def held(source, target, **more):
    if os.path.basename(os.path.dirname(source)) == "inbox":
        raise PermissionError(13, "Permission denied", str(source))
    return replace(source, target, **more)
os.replace = held
main(sys.argv[1:])
"""


def test_a_file_that_cannot_be_moved_out_of_the_inbox_is_said_with_its_cause(office):
    office.roster(2)
    with office.start("push", "--yes", code=HELD) as push:
        _out, err = push.communicate(timeout=100)
    # Elsewhere a file that a program has open can be moved all the same.
    why = "most likely it is open in Excel" if os.name == "nt" else "Permission denied"
    assert push.returncode == 0
    assert (
        f"roster.csv is done, but it could not be moved to archive ({why}). Move it yourself; pushing it again "
        "sends nothing twice."
    ) in err.splitlines()


def test_a_results_workbook_that_is_given_back_through_the_inbox_is_archived(
    office, controller, call
):
    path = office.roster(3)
    call("push", "--yes")
    given = path.with_name("roster-results.xlsx")
    shutil.copy(office.folder / "results" / "roster-results.xlsx", given)
    assert call("push", "--yes").code == 0
    assert not given.exists()
    assert len(list(office.folder.glob("archive/*"))) == 2


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
        GREW.format("roster a.csv"),
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
        rows = read_results(office.folder / "results" / "roster-results.xlsx")
        assert len(rows) == 2
    finally:
        shutil.rmtree(elsewhere)
