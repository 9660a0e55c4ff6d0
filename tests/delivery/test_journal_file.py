"""The file of the journal: made whole or not at all, recognised, refused, and never overwritten."""

import itertools
import re
import shutil
import sqlite3
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from commanding import PERMITS, permit
from controller import Controller, Fault
from delivering import permits, push
from own_process import FATAL, as_nobody, open_until, run
from proving import without_shared_memory
from returning import states

from importer.delivery.journal import Journal
from importer.delivery.journal_file import look_up
from importer.errors import JournalError
from schemas import POLICIES

FREE = "Free some space on the disk, or give the file and its folder write permission, then run the command again."
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such rights")


def mode_of(journal):
    with closing(sqlite3.connect(journal)) as beside:
        return beside.execute("PRAGMA journal_mode").fetchone()[0]


# Made whole or not at all


def test_a_first_run_killed_at_any_statement_of_opening_leaves_a_journal_that_opens(tmp_path):
    for step in itertools.count(1):
        journal = tmp_path / f"{step}" / "journal.sqlite"
        code, _ = run(open_until, journal, step)
        Journal(journal, POLICIES).close()
        if code == 0:
            break
        assert code == FATAL
    assert step > 20, "fewer statements than there are"


def test_a_look_makes_no_journal_and_leaves_one_that_is_being_made_alone(journal):
    with look_up(journal) as memory:
        assert memory is None
    assert not journal.exists()
    journal.touch()
    with look_up(journal) as memory:
        assert memory is None
    with closing(sqlite3.connect(journal)) as half:
        half.execute("PRAGMA journal_mode = WAL")
    with look_up(journal) as memory:
        assert memory is None
    with closing(sqlite3.connect(journal)) as beside:
        assert beside.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


# Where WAL cannot work


def test_a_journal_that_moves_to_where_wal_cannot_work_keeps_what_it_knows(tmp_path, journal):
    there = tmp_path / "share" / "journal.sqlite"
    without_shared_memory(there)
    with Controller() as controller:
        push(controller.url, journal, "permits", permits(3))
        # A copy beside a connection that is open: what was sent stands in the WAL alone.
        with closing(sqlite3.connect(journal)) as beside:
            beside.execute("UPDATE run SET stopped = 'x'")
            beside.commit()
            for name in ("journal.sqlite", "journal.sqlite-wal"):
                shutil.copy(tmp_path / name, there.with_name(name))
        done = push(controller.url, there, "permits", permits(3))
        assert controller.requests == 3
    assert set(done.states.values()) == {"unchanged"}
    assert mode_of(there) == "delete"


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_journal_keeps_its_mode_and_every_commit_waits_for_the_disk(journal, mode):
    Journal(journal, POLICIES).close()
    assert mode_of(journal) == "wal"
    with closing(sqlite3.connect(journal)) as beside:
        beside.execute(f"PRAGMA journal_mode = {mode}")
    with Journal(journal, POLICIES) as opened:
        # EXTRA: FULL does not wait until the end of a rollback journal is on the disk.
        assert opened.connection.execute("PRAGMA synchronous").fetchone() == (3,)
        assert opened.connection.execute("PRAGMA fullfsync").fetchone() == (1,)
    assert mode_of(journal) == mode


# Refused, and left as it is


def newer_journal(path):
    Journal(path, POLICIES).close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 2")
        newer.execute("CREATE TABLE something_new (x)")


def foreign_database(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE mine (x)")


def text_file(path):
    path.write_text("A list of plates, and nothing else. " * 20, encoding="utf-8")


NEWER = (
    "The journal {} was written by a newer version of this program. Install that version; another journal would "
    "know nothing of what was sent."
)
DAMAGED = (
    "{} is damaged or is no journal of this program; it was left as it is. Restore it from a backup. Any other "
    "journal knows nothing of what was sent and would have it created again: where there is no backup, move this "
    "file away and push the results workbooks first, each once, so that a new journal learns from them."
)


@pytest.mark.parametrize(
    ("make", "why"), [(newer_journal, NEWER), (foreign_database, DAMAGED), (text_file, DAMAGED)]
)
def test_what_is_no_journal_of_this_version_is_refused_and_left_as_it_is(journal, make, why):
    make(journal)
    before = journal.read_bytes()
    for opening in (lambda path: Journal(path, POLICIES), lambda path: look_up(path).__enter__()):
        with pytest.raises(JournalError) as told:
            opening(journal)
        assert str(told.value) == why.format(journal)
    assert journal.read_bytes() == before


def refusal(controller, journal):
    """Push what was pushed before; return why that was refused, empty where it was not."""
    try:
        done = push(controller.url, journal, "permits", permits(60))
    except JournalError as error:
        return str(error)
    assert "pushed" not in done.states.values()
    return ""


@pytest.mark.parametrize("harm", ["lost", "exchanged"])
def test_a_journal_of_which_any_page_is_lost_or_exchanged_creates_nothing_twice(tmp_path, harm):
    first, random, refused = tmp_path / "journal.sqlite", Random(3), 0
    with Controller() as controller:
        push(controller.url, first, "permits", permits(60))
        whole, size = first.read_bytes(), 4096
        for at in range(size, len(whole), size):
            other = random.randrange(1, len(whole) // size) * size
            page = bytes(size) if harm == "lost" else whole[other : other + size]
            before = whole[:at] + page + whole[at + size :]
            journal = tmp_path / f"{at}.sqlite"
            journal.write_bytes(before)
            told = refusal(controller, journal)
            if told:
                refused += 1
                assert (told, journal.read_bytes()) == (DAMAGED.format(journal), before)
        assert controller.requests == 60
    assert refused > 5


# Nothing may be written


@POSIX
@pytest.mark.parametrize(
    ("what", "there", "file", "folder"),
    [
        ("open", False, None, 0o555),
        ("open", False, 0o444, 0o777),
        ("open", True, 0o666, 0o555),
        ("open", True, 0o444, 0o777),
        ("look", True, 0o444, 0o555),
    ],
    ids=["no-file-in-folder", "empty-file", "folder", "files", "look"],
)
def test_a_journal_that_may_not_be_written_is_refused(what, there, file, folder):
    # Pytest's own folders are their owner's alone; this one everybody may enter.
    with TemporaryDirectory() as name:
        journal = Path(name) / "journal.sqlite"
        if there:
            Journal(journal, POLICIES).close()
        elif file:
            journal.touch()
        for path in journal.parent.iterdir():
            path.chmod(file)
        journal.parent.chmod(folder)
        before = journal.read_bytes() if file else None
        _, said = run(as_nobody, what, journal)
        assert (journal.read_bytes() if file else journal.exists() or None) == before
    # Where all files can be written the lock is taken; but SQLite can put nothing beside them.
    if said is not None or file != 0o666:
        assert said[0] == "JournalError"
        assert re.sub(r"\(.+\)", "(why)", said[1]) == (
            f"The journal {journal} cannot be written (why); nothing was sent. {FREE}"
            if what == "open"
            else f"The journal {journal} cannot be read (why). Give yourself permission for it and for its folder, "
            "and free some space on the disk, then run the command again."
        )


@contextmanager
def failing(desk, moment):
    """Let every write of that kind fail, as on a disk that has become full."""
    with closing(sqlite3.connect(desk.journal)) as beside:
        beside.execute(
            f"CREATE TRIGGER broken BEFORE {moment} BEGIN INSERT INTO nowhere SELECT 1; END"
        )
        yield f"The journal {desk.journal} cannot be written (no such table: main.nowhere). {FREE}"
        beside.execute("DROP TRIGGER broken")


@pytest.mark.parametrize(
    ("moment", "code", "state"),
    [
        ("INSERT ON run", 5, None),
        ("INSERT ON file", 3, "not sent"),
        ("INSERT ON attempt", 3, "not sent"),
        ("UPDATE ON file", 3, "pushed"),
        ("UPDATE ON run", 0, "pushed"),
    ],
)
def test_a_journal_that_cannot_be_written_on_the_way_is_said_and_the_next_push_sends_the_rest(
    desk, controller, moment, code, state
):
    desk.push(desk.roster(1, "first-roster.csv"), code=0)
    source = desk.roster(5, "roster.csv", start=1)
    with failing(desk, moment) as why:
        said = desk.push(source, code=code)
    assert why in desk.told
    assert controller.requests == (6 if state == "pushed" else 1)
    if state:
        assert states(said) == {state: 5}
        assert len(desk.table_of("roster")) == 5
    done = desk.push(source, code=0)
    assert states(done) == {"unchanged" if state == "pushed" else "pushed": 5}
    assert controller.requests == 6


@pytest.mark.parametrize(
    ("moment", "names"),
    [
        ("INSERT ON file", "vehicles permits"),
        ("UPDATE ON record", "vehicles permits"),
        ("UPDATE ON record", "permits"),
        ("UPDATE ON file", "vehicles permits"),
    ],
)
def test_a_settle_whose_journal_fails_on_its_way_says_unknown_and_stops(
    desk, controller, moment, names
):
    controller.plan = {("V1", 0): Fault("close"), ("N0000", 1): Fault("lost")}
    desk.table("vehicles.csv", [{"Plate": "V1", "Prov": "ON"}])
    desk.write("mappings/permits.yaml", PERMITS + "  zone: Zone\n")
    desk.table("permits.csv", [permit(0) | {"Zone": "Lot 4"}])
    desk.do("push", "vehicles.csv", "permits.csv", "--yes", code=4)
    controller.plan.clear()
    workbooks = map(desk.results, names.split())
    with failing(desk, moment) as why:
        said = desk.do("settle", *workbooks, "--plate-host", controller.url, code=3)
    assert said["stopped"].startswith(why)
    unsettled = {state for file in said["files"] for state in file["states"]}
    assert unsettled <= ({"unknown", "pushed"} if moment == "UPDATE ON file" else {"unknown"})
