"""The power fails in the middle of a commit: what was durable before a send is there when it is back.

A disk keeps what was synchronised, and of the rest any part. While a push runs, the journal's files are
copied before and after each commit: frames of the WAL that were under way between the two may be there,
torn or noise. From every such state the next run must neither send a permit again that had left before
the commit began, nor forget an answer that had been written down.
"""

import sqlite3
import struct
from contextlib import closing
from random import Random

import pytest
from controller import Controller
from delivering import Through, push
from proving import CREATES, ENDPOINTS, PAYLOADS, PREFIX

ROWS = 5
WAL_HEADER, FRAME_HEADER = 32, 24


def files_of(journal):
    """Return what a restart finds of journal and WAL: shared memory is gone."""
    return journal.read_bytes(), journal.with_name(f"{journal.name}-wal").read_bytes()


def torn(before, after, random):
    """Yield journal and WAL as a power loss in a commit leaves them: each frame whole, torn, noise."""
    (file, old), (_, new) = before, after
    size = FRAME_HEADER + struct.unpack(">I", new[8:12])[0]
    same = next(
        (at for at, pair in enumerate(zip(old, new, strict=False)) if len({*pair}) > 1), len(old)
    )
    for end in range(WAL_HEADER, len(new) + 1, size):
        if end > same:
            cut = end - random.randrange(1, size)
            yield file, new[:end] + old[end:]
            yield file, new[:cut] + old[cut:]
            yield file, new[:cut] + random.randbytes(end - cut) + old[end:]


def put(folder, files):
    folder.mkdir()
    for name, content in zip(("journal.sqlite", "journal.sqlite-wal"), files, strict=True):
        (folder / name).write_bytes(content)
    return folder / "journal.sqlite"


def answered(journal):
    """Return row → id of the records whose answer a journal holds."""
    accepted = "SELECT row - 2, reference_id FROM attempt WHERE state IN ('pushed', 'exists')"
    with closing(sqlite3.connect(journal)) as beside:
        return dict(beside.execute(accepted))


def check_next_run(journal, sent, known, controller, endpoint):
    """Push with a journal in this state, and compare with what had been sent and answered."""
    controller.forget()
    before = len(controller.ledger)
    done = push(controller.url, journal, endpoint, PAYLOADS[endpoint](ROWS))
    now = [entry.key for entry in controller.ledger[before:]]
    assert (done.stopped, len(now)) == (None, len(set(now)))
    for n, state in done.states.items():
        key = f"{PREFIX[endpoint]}{n}"
        if key not in sent:
            # It may be written down as lost or not at all, and is not forgotten.
            assert state in {"pushed", "unknown"}, (n, state)
        elif endpoint in CREATES:
            assert key not in now, "a row that had left was sent again"
            assert state in {"unchanged", "unknown"}, (n, state)
        else:
            assert state in {"unchanged", "pushed"}, (n, state)
    assert {n: done.outcomes[n].reference_id for n in known} == known
    assert all(done.states[n] == "unchanged" for n in known)


@pytest.mark.parametrize(
    ("endpoint", "workers", "every"),
    [
        ("permits", 1, 9),
        ("permits", 4, 7),
        ("users", 4, 3),
        *(
            pytest.param(endpoint, workers, 1, marks=pytest.mark.exhaustive)
            for endpoint in ENDPOINTS[:3]
            for workers in (1, 4, 16)
        ),
    ],
)
@pytest.mark.timeout(1200)
def test_a_power_loss_in_a_commit_takes_nothing_that_was_durable(
    tmp_path, endpoint, workers, every
):
    commits, tried, path = [], 0, tmp_path / "j.sqlite"
    with Controller() as controller:

        def execute(connection, text, *values):
            if text != "COMMIT":
                return connection.execute(text, *values)
            sent, before = {entry.key for entry in controller.ledger}, files_of(path)
            connection.execute(text)
            commits.append((sent, before, files_of(path)))
            return None

        first = push(
            controller.url, path, endpoint, PAYLOADS[endpoint](ROWS), workers=workers,
            through=lambda journal: Through(journal, execute),
        )  # fmt: skip
        assert set(first.states.values()) == {"pushed"}
        # Rows that are written down at one time share commits.
        assert len(commits) >= (ROWS if endpoint in CREATES else 3)
        for number, (sent, before, after) in enumerate(commits):
            known = answered(put(tmp_path / f"before-{number}", before))
            for at, files in enumerate(torn(before, after, Random(number))):
                if (at + number) % every == 0:
                    journal = put(tmp_path / f"{number}-{at}", files)
                    check_next_run(journal, sent, known, controller, endpoint)
                    tried += 1
    assert tried >= 5
