"""The power fails in the middle of a commit: what was durable before a send is there when it is back.

A disk keeps what was synchronised, and of the rest any part. While a push runs, the journal's files are
copied before and after each commit, the SQLite way: pages that were under way between the two may be
old, new, torn or noise. From every such state the next run must neither send a permit again that had
left before the commit began, nor forget an answer that had been written down.
"""

import itertools
import os
import sqlite3
import struct
import sys
from contextlib import closing
from dataclasses import dataclass
from random import Random

import pytest
from controller import Controller
from delivering import Through, permits, push
from proving import without_shared_memory

ROWS = 5
LINKS = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no deleted file alive")
WAL_HEADER, FRAME_HEADER = 32, 24


@dataclass(frozen=True)
class Commit:
    """The journal's files before and after one commit."""

    sent: frozenset
    """Keys of the rows that had reached the controller before it began."""
    before: dict
    after: dict
    kept: bytes = b""
    """The rollback journal as it was last, for a commit without WAL."""


def files_of(journal):
    """Return what a restart finds: shared memory is gone."""
    names = (journal.name, f"{journal.name}-wal", f"{journal.name}-journal")
    return {name: (journal.parent / name).read_bytes() for name in names
            if (journal.parent / name).is_file()}  # fmt: skip


def pages(old, new, size):
    """Yield what a file may hold while its pages are written one by one: none, some, all."""
    length = max(len(old), len(new))
    for at in range(0, length + size, size):
        yield new[:at] + old[at:]


def torn_wal(commit, journal, random):
    """Yield the files as a power loss in a commit to the WAL leaves them."""
    name, wal = journal.name, f"{journal.name}-wal"
    old, new = commit.before.get(wal, b""), commit.after.get(wal, b"")
    if not new:
        return
    size = FRAME_HEADER + struct.unpack(">I", new[8:12])[0]
    pairs = enumerate(zip(old, new, strict=False))
    same = next((at for at, (one, other) in pairs if one != other), min(len(old), len(new)))
    for end in range(WAL_HEADER, len(new) + 1, size):
        if end <= same:
            continue
        whole = new[:end] + old[end:]
        yield {name: commit.before[name], wal: whole}
        torn = end - random.randrange(1, size)
        yield {name: commit.before[name], wal: new[:torn] + old[torn:]}
        noise = random.randbytes(end - torn)
        yield {name: commit.before[name], wal: new[:torn] + noise + old[end:]}
    if commit.before[name] != commit.after[name]:
        # The WAL was complete before a page of it moved into the file.
        for mixed in pages(commit.before[name], commit.after[name], size - FRAME_HEADER):
            yield {name: mixed, wal: new}


def torn_file(commit, journal, random):
    """Yield the files as a power loss in a commit with a rollback journal leaves them."""
    name, hot = journal.name, f"{journal.name}-journal"
    old, new, kept = commit.before[name], commit.after[name], commit.kept
    assert kept, "no rollback journal was there"
    for length in (0, 28, 512, len(kept) // 2, len(kept) - 1):
        yield {name: old, hot: kept[:length]}
    size = struct.unpack(">H", new[16:18])[0]
    for mixed in pages(old, new, size):
        yield {name: mixed, hot: kept}
    torn = random.randrange(len(new))
    yield {name: new[:torn] + old[torn:], hot: kept}


def put(folder, files):
    """Lay files as they are after a restart; return the journal."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder / "journal.sqlite"


def answered(journal):
    """Return row → id of the permits whose answer a journal holds."""
    with closing(sqlite3.connect(journal)) as beside:
        return dict(
            beside.execute(
                "SELECT row - 2, reference_id FROM attempt WHERE state IN ('pushed', 'exists')"
            )
        )


def check_next_run(journal, commit, known, controller):
    """Push with a journal in this state, and compare with what had been sent and answered."""
    controller.forget()
    before = len(controller.ledger)
    done = push(controller.url, journal, "permits", permits(ROWS))
    now = [entry.key for entry in controller.ledger[before:]]
    assert len(now) == len(set(now))
    assert done.stopped is None
    for n, state in done.states.items():
        if f"P{n}" in commit.sent:
            assert f"P{n}" not in now, "a row that had left was sent again"
            assert state in {"unchanged", "unknown"}, (n, state)
        else:
            # It may be written down as lost or not at all, and is not forgotten.
            assert state in {"pushed", "unknown"}, (n, state)
    assert {n: done.outcomes[n].reference_id for n in known} == known
    assert all(done.states[n] == "unchanged" for n in known)


def record(journal, workers, controller, checkpoints):
    """Push the rows; return every commit with the journal's files before and after it."""
    commits, kept = [], journal.with_name("kept")

    def execute(connection, text, *values):
        if text != "COMMIT":
            return connection.execute(text, *values)
        sent, before = frozenset(entry.key for entry in controller.ledger), files_of(journal)
        hot = journal.with_name(f"{journal.name}-journal")
        if hot.is_file():
            os.link(hot, kept)
        done = connection.execute(text)
        last = kept.read_bytes() if kept.is_file() else b""
        kept.unlink(missing_ok=True)
        commits.append(Commit(sent, before, files_of(journal), last))
        return done

    def through(opened):
        # As after a long run: pages move from the WAL into the file all the time.
        opened.connection.execute(f"PRAGMA wal_autocheckpoint = {checkpoints}")
        return Through(opened, execute)

    rows = permits(ROWS)
    done = push(controller.url, journal, "permits", rows, workers=workers, through=through)
    assert set(done.states.values()) == {"pushed"}
    return commits


WORKERS = (1, 4, 16)


@pytest.mark.parametrize(
    ("mode", "workers", "checkpoints", "every"),
    [
        *(("wal", 1, 1000, 9), ("wal", 4, 1000, 7), ("wal", 1, 2, 25)),
        *(pytest.param("rollback", n, 1000, 11, marks=LINKS) for n in (1, 4)),
        *(
            pytest.param("wal", n, checkpoints, 1, marks=pytest.mark.exhaustive)
            for n, checkpoints in itertools.product(WORKERS, (1, 2, 5, 1000))
        ),
        *(
            pytest.param("rollback", n, 1000, 1, marks=[pytest.mark.exhaustive, LINKS])
            for n in WORKERS
        ),
    ],
)
@pytest.mark.timeout(1200)
def test_a_power_loss_in_a_commit_takes_nothing_that_was_durable(
    tmp_path, mode, workers, checkpoints, every
):
    """Of each commit every n-th state is tried."""
    journal, tried = tmp_path / "first" / "journal.sqlite", 0
    if mode == "rollback":
        without_shared_memory(journal)
    with Controller() as controller:
        commits = record(journal, workers, controller, checkpoints)
        # Rows that are written down ahead share commits: for intents, for answers, for what they came to.
        assert len(commits) >= ROWS
        for number, commit in enumerate(commits):
            known = answered(put(tmp_path / f"before-{number}", commit.before))
            states = torn_wal if mode == "wal" else torn_file
            for at, files in enumerate(states(commit, journal, Random(number))):
                if (at + number) % every == 0:
                    check_next_run(
                        put(tmp_path / f"{number}-{at}", files), commit, known, controller
                    )
                    tried += 1
    assert tried >= 5
