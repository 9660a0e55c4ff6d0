"""A push that is killed at any step loses nothing and sends nothing twice."""

import itertools
import sqlite3
from contextlib import closing

import pytest
from controller import Fault
from own_process import FATAL, push, run
from proving import ENDPOINTS, PREFIX, Case, Trial, Witness, attempts_of, wait_for_quiet

PLANS = {
    "well": {},
    "lost": {1: Case("lost", "lost", Fault("lost"))},
    "throttled": {1: Case("429", "throttled", Fault("answer", status=429, body=""))},
    # What is not there was deleted by us only where an earlier answer was lost: a kill loses none that is here.
    "refused": {1: Case("9009", "rejected", Fault("answer", code=9009))},
}


def kill_at(folder, endpoint, step, *, workers, plan, second):
    """Kill a push at a step, perhaps the next one at another; finish; return whether it was killed."""
    journal = folder / f"{step}" / "journal.sqlite"
    with Witness(journal) as controller:
        cases = {(f"{PREFIX[endpoint]}{n}", 1): case for n, case in PLANS[plan].items()}
        trial = Trial(endpoint, journal, controller, cases, rows=4, workers=workers)
        common = (push, controller.url, journal, endpoint, trial.payloads)
        code, _ = run(*common, workers=workers, fatal=step)
        assert code in {0, FATAL}
        if second and code == FATAL:
            run(*common, workers=workers, fatal=second)
        wait_for_quiet(controller)
        trial.seen = {trial.key(n): len(controller.entries(trial.key(n))) for n in range(4)}
        # What may be unknown is what has an intent and no answer.
        with closing(sqlite3.connect(journal)) as beside:
            lost = "SELECT row, state FROM attempt WHERE state IN ('sent', 'unknown')"
            states = beside.execute(lost).fetchall()
        trial.waiting = {row - 2 for row, _ in states}
        assert [state for _, state in states].count("sent") <= workers
        trial.finish()
        said = attempts_of(journal)
        for n in range(4):
            assert len(controller.entries(trial.key(n))) <= said[n + 2]
    return code == FATAL


THREE = ENDPOINTS[:3]
STEPS = [
    *((endpoint, 1, "well", 2 if endpoint == "permits" else 5, 0) for endpoint in ENDPOINTS),
    *((endpoint, 1, plan, 7, 0) for endpoint in THREE for plan in ("lost", "throttled")),
    *((endpoint, 4, "well", 7, 0) for endpoint in ("users", "permits")),
    ("permit-deletes", 1, "refused", 2, 0),
    *(("permits", 1, "well", 9, second) for second in (1, 2, 4)),
    *(
        pytest.param(*each, 1, 0, marks=pytest.mark.exhaustive)
        for each in itertools.product(ENDPOINTS, (1, 4, 16), PLANS)
    ),
    *(
        pytest.param(endpoint, 1, "well", 3, second, marks=pytest.mark.exhaustive)
        for endpoint, second in itertools.product(THREE, range(1, 30, 2))
    ),
]


@pytest.mark.parametrize(("endpoint", "workers", "plan", "stride", "second"), STEPS)
@pytest.mark.timeout(1200)
def test_a_push_killed_at_any_step_and_again_in_its_recovery_is_finished_by_the_next(
    tmp_path, endpoint, workers, plan, stride, second
):
    untouched = 0
    for step in itertools.count(1, stride):
        killed = kill_at(tmp_path, endpoint, step, workers=workers, plan=plan, second=second)
        # With many workers the number of commits differs from run to run.
        untouched = 0 if killed else untouched + 1
        if untouched == (3 if stride == 1 else 1):
            break
    assert workers > 1 or step > 40, "fewer steps than there are"
