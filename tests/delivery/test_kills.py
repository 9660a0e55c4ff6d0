"""A push that is killed at any step, or whose disk is full, loses nothing and sends nothing twice."""

import itertools
import sqlite3
import sys
from contextlib import closing
from random import Random

import pytest
from controller import Fault
from own_process import FATAL, end, push, start
from proving import ENDPOINTS, PREFIX, Case, Trial, Witness, attempts_of, wait_for_quiet

from importer.delivery.journal import Journal
from schemas import POLICIES

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
PLANS = {
    "well": {},
    "lost": {1: Case("lost", "lost", Fault("lost"))},
    "throttled": {1: Case("429", "throttled", Fault("answer", status=429, body=""))},
}


def trial_of(journal, controller, endpoint, *, rows=4, workers=1, plan="well"):
    cases = {(f"{PREFIX[endpoint]}{n}", 1): case for n, case in PLANS[plan].items()}
    return Trial(endpoint, journal, controller, cases, rows=rows, workers=workers, unread=False)


def take_over(trial):
    """Prepare for the run after a kill: what may be unknown is what has an intent and no answer."""
    wait_for_quiet(trial.controller)
    trial.seen = {
        trial.key(n): len(trial.controller.entries(trial.key(n))) for n in range(trial.rows)
    }
    if trial.journal.exists():
        with closing(sqlite3.connect(trial.journal)) as beside:
            if beside.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                open_ = beside.execute(
                    "SELECT row FROM attempt WHERE state IN ('sent', 'unknown')"
                ).fetchall()
                trial.waiting = {row - 2 for (row,) in open_}
                (sent,) = beside.execute(
                    "SELECT count(*) FROM attempt WHERE state = 'sent'"
                ).fetchone()
                return sent
    return 0


def kill_at(folder, endpoint, step, *, workers=1, plan="well", second=0):
    """Kill a push at a step, perhaps the next one at another; finish; return whether it was killed."""
    journal = folder / f"{step}-{second}" / "journal.sqlite"
    with Witness(journal) as controller:
        trial = trial_of(journal, controller, endpoint, workers=workers, plan=plan)
        common = (controller.url, journal, endpoint, trial.payloads)
        code, _ = end(*start(push, *common, workers=workers, fatal=step))
        assert code in {0, FATAL}
        if second and code == FATAL:
            end(*start(push, *common, workers=workers, fatal=second))
        open_ = take_over(trial)
        assert open_ <= workers
        trial.finish()
        said = attempts_of(journal)
        for n in range(trial.rows):
            assert len(controller.entries(trial.key(n))) <= said[n + 2]
    return code == FATAL


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_push_killed_at_any_step_is_finished_by_the_next(tmp_path, endpoint):
    stride = 2 if endpoint == "permits" else 5
    for step in itertools.count(1, stride):
        if not kill_at(tmp_path, endpoint, step):
            break
    assert step > 40, "fewer steps than there are"


@pytest.mark.parametrize("plan", ["lost", "throttled"])
@pytest.mark.parametrize("endpoint", ["users", "vehicles", "permits"])
def test_a_push_killed_between_two_attempts_of_a_row_is_finished_by_the_next(
    tmp_path, endpoint, plan
):
    for step in itertools.count(3, 7):
        if not kill_at(tmp_path, endpoint, step, plan=plan):
            break


@pytest.mark.parametrize("endpoint", ["users", "permits"])
def test_a_push_with_many_workers_killed_at_any_step_is_finished_by_the_next(tmp_path, endpoint):
    for step in itertools.count(2, 7):
        if not kill_at(tmp_path, endpoint, step, workers=4):
            break


@pytest.mark.parametrize("second", [1, 2, 4])
def test_a_recovery_that_is_killed_too_is_finished_by_the_next(tmp_path, second):
    for step in (6, 9, 12, 15):
        assert kill_at(tmp_path, "permits", step, second=second)


@pytest.mark.exhaustive
@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("workers", [1, 4, 16])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.timeout(1200)
def test_every_step(tmp_path, endpoint, workers, plan):
    untouched = 0
    for step in itertools.count(1):
        killed = kill_at(tmp_path, endpoint, step, workers=workers, plan=plan)
        # With many workers the number of commits differs from run to run.
        untouched = 0 if killed else untouched + 1
        if untouched == 3:
            break


@pytest.mark.exhaustive
@pytest.mark.parametrize("endpoint", ["users", "vehicles", "permits"])
@pytest.mark.timeout(3600)
def test_every_step_of_the_run_and_of_its_recovery(tmp_path, endpoint):
    for step in itertools.count(2, 3):
        for second in range(1, 30, 2):
            if not kill_at(tmp_path, endpoint, step, second=second):
                return


def kill_at_random(folder, endpoint, workers, seed):
    journal, random, rows = folder / "journal.sqlite", Random(seed), 30
    with Witness(journal, latency=0.002) as controller:
        trial = trial_of(journal, controller, endpoint, rows=rows, workers=workers)
        for _ in range(3):
            process, told = start(
                push, controller.url, journal, endpoint, trial.payloads, workers=workers
            )
            some = controller.requests + random.randint(1, rows // 3)
            while controller.requests < some and process.is_alive():
                process.join(random.random() / 500)
            process.kill()
            end(process, told)
        take_over(trial)
        trial.finish()
        unknown = trial.run().states.values()
    # Each kill can take no more answers along than there are workers.
    assert list(unknown).count("unknown") <= 3 * workers


@pytest.mark.parametrize(
    ("endpoint", "workers"),
    [("users", 4), ("vehicles", 16), ("permits", 1), ("permits", 16), ("permit-deletes", 4)],
    ids=str,
)
def test_a_push_killed_from_outside_is_finished_by_the_next(tmp_path, endpoint, workers):
    kill_at_random(tmp_path, endpoint, workers, seed=workers)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("workers", [1, 4, 16])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_kills_from_outside_at_any_time(tmp_path, endpoint, workers, seed):
    kill_at_random(tmp_path, endpoint, workers, seed)


# A journal that cannot be written


def fill_disk(folder, endpoint, size, workers):
    """Push with files of at most that many bytes; return whether that was enough."""
    journal = folder / f"{size}" / "journal.sqlite"
    with Witness(journal) as controller:
        trial = trial_of(journal, controller, endpoint, rows=8, workers=workers)
        common = (controller.url, journal, endpoint, trial.payloads)
        Journal(journal, POLICIES).close()
        code, said = end(*start(push, *common, workers=workers, longest_file=size))
        assert code == 0, "it was killed by its limit"
        assert controller.unannounced == []
        if isinstance(said, tuple):
            assert controller.requests == 0
            assert said[0] == "JournalError", said
        enough = not isinstance(said, tuple) and said.stopped is None
        take_over(trial)
        if not isinstance(said, tuple):
            for n, state in said.states.items():
                sent = len(controller.entries(trial.key(n)))
                assert sent <= 1, "a row was sent in spite of a journal that cannot be written"
                if state == "not sent":
                    assert not sent
                if state == "unknown":
                    trial.waiting.add(n)
            if not enough:
                assert said.stopped.startswith(f"The journal {journal} cannot be written (")
        trial.finish()
    return enough


@POSIX
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("endpoint", ["users", "permits"])
def test_a_full_disk_stops_the_run_before_the_send(tmp_path, endpoint, workers):
    for size in itertools.count(14_000, 16_000):
        if fill_disk(tmp_path, endpoint, size, workers):
            break
    assert size > 30_000, "the disk was never full"


@POSIX
@pytest.mark.exhaustive
@pytest.mark.parametrize("workers", [1, 4, 16])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.timeout(1200)
def test_every_size_of_a_full_disk(tmp_path, endpoint, workers):
    for size in itertools.count(14_000, 500):
        if fill_disk(tmp_path, endpoint, size, workers):
            break
