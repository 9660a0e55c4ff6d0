"""A push that is killed at any step loses nothing and sends nothing twice."""

import itertools
import sqlite3
from contextlib import closing
from random import Random

import pytest
from commanding import POSIX
from controller import Fault
from own_process import FATAL, end, push, start
from proving import ENDPOINTS, PREFIX, Case, Trial, Witness, attempts_of, wait_for_quiet

from importer.delivery.journal import Journal
from schemas import POLICIES

PLANS = {
    "well": {},
    "lost": {1: Case("lost", "lost", Fault("lost"))},
    "throttled": {1: Case("429", "throttled", Fault("answer", status=429, body=""))},
    # What is not there was deleted by us only where an earlier answer was lost: a kill loses none that is here.
    "refused": {1: Case("9009", "rejected", Fault("answer", code=9009))},
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
    if not trial.journal.exists():
        return 0
    with closing(sqlite3.connect(trial.journal)) as beside:
        if not beside.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return 0
        lost = beside.execute("SELECT row, state FROM attempt WHERE state IN ('sent', 'unknown')")
        states = lost.fetchall()
    trial.waiting = {row - 2 for row, _ in states}
    return sum(state == "sent" for _, state in states)


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


THREE = ENDPOINTS[:3]
STEPS = [
    *((endpoint, 1, "well", 2 if endpoint == "permits" else 5) for endpoint in ENDPOINTS),
    *((endpoint, 1, plan, 7) for endpoint in THREE for plan in ("lost", "throttled")),
    *((endpoint, 4, "well", 7) for endpoint in ("users", "permits")),
    ("permit-deletes", 1, "refused", 2),
    *(
        pytest.param(*each, 1, marks=pytest.mark.exhaustive)
        for each in itertools.product(ENDPOINTS, (1, 4, 16), PLANS)
    ),
]


@pytest.mark.parametrize(("endpoint", "workers", "plan", "stride"), STEPS)
@pytest.mark.timeout(1200)
def test_a_push_killed_at_any_step_is_finished_by_the_next(
    tmp_path, endpoint, workers, plan, stride
):
    untouched = 0
    for step in itertools.count(1, stride):
        killed = kill_at(tmp_path, endpoint, step, workers=workers, plan=plan)
        # With many workers the number of commits differs from run to run.
        untouched = 0 if killed else untouched + 1
        if untouched == (3 if stride == 1 else 1):
            break
    assert workers > 1 or step > 40, "fewer steps than there are"


@pytest.mark.parametrize(
    ("endpoint", "steps", "seconds"),
    [
        ("permits", range(6, 16, 3), (1, 2, 4)),
        *(
            pytest.param(endpoint, range(2, 1000, 3), range(1, 30, 2), marks=pytest.mark.exhaustive)
            for endpoint in THREE
        ),
    ],
    ids=str,
)
@pytest.mark.timeout(3600)
def test_a_recovery_that_is_killed_too_is_finished_by_the_next(tmp_path, endpoint, steps, seconds):
    for step, second in itertools.product(steps, seconds):
        if not kill_at(tmp_path, endpoint, step, second=second):
            break
    assert step > 14, "fewer steps than there are"


KILLED = [("users", 4), ("vehicles", 16), ("permits", 1), ("permits", 16), ("permit-deletes", 4)]


@pytest.mark.parametrize(
    ("endpoint", "workers", "seed"),
    [
        *((endpoint, workers, workers) for endpoint, workers in KILLED),
        *(
            pytest.param(endpoint, workers, seed, marks=pytest.mark.exhaustive)
            for endpoint in ENDPOINTS
            for workers in (1, 4, 16)
            for seed in range(20, 60)
        ),
    ],
)
def test_a_push_killed_from_outside_is_finished_by_the_next(tmp_path, endpoint, workers, seed):
    journal, random, rows = tmp_path / "journal.sqlite", Random(seed), 30
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


# A journal that cannot be written


def fill_disk(folder, endpoint, size, workers):
    """Push with files of at most that many bytes; return whether that was enough."""
    journal = folder / f"{size}" / "journal.sqlite"
    with Witness(journal) as controller:
        trial = trial_of(journal, controller, endpoint, rows=8, workers=workers)
        Journal(journal, POLICIES).close()
        code, said = end(
            *start(
                push, controller.url, journal, endpoint, trial.payloads, workers=workers, longest_file=size,
            )
        )  # fmt: skip
        assert code == 0, "it was killed by its limit"
        assert controller.unannounced == []
        enough = not isinstance(said, tuple) and said.stopped is None
        take_over(trial)
        if isinstance(said, tuple):
            assert (controller.requests, said[0]) == (0, "JournalError"), said
        else:
            for n, state in said.states.items():
                sent = len(controller.entries(trial.key(n)))
                assert sent <= (state != "not sent"), "it was sent without a journal"
                if state == "unknown":
                    trial.waiting.add(n)
            if not enough:
                assert said.stopped.startswith(f"The journal {journal} cannot be written (")
        trial.finish()
    return enough


@POSIX
@pytest.mark.parametrize(
    ("endpoint", "workers", "step"),
    [
        ("users", 4, 16_000),
        ("permits", 1, 16_000),
        *(
            pytest.param(endpoint, workers, 500, marks=pytest.mark.exhaustive)
            for endpoint in ENDPOINTS
            for workers in (1, 4, 16)
        ),
    ],
)
@pytest.mark.timeout(1200)
def test_a_full_disk_stops_the_run_before_the_send(tmp_path, endpoint, workers, step):
    for size in itertools.count(14_000, step):
        if fill_disk(tmp_path, endpoint, size, workers):
            break
    assert size > 30_000, "the disk was never full"
