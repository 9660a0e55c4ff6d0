"""Every fault of a controller, at every endpoint, with few workers and many: what is said is true."""

import itertools

import pytest
from controller import Fault
from proving import CASES, ENDPOINTS, PREFIX, Case, Trial, Witness

WORKERS = (1, 4, 16)
PLACES = {
    "one row once": (True, 1),
    "each row once": (False, 1),
    "one row always": (True, 0),
    "all always": (False, 0),
}
"""Whether a case hits one row alone, and at which attempt; 0 stands for all."""
ROWS = 6
EXPECTED = {
    **dict.fromkeys(("fine", "throttled"), ("pushed", False)),
    **dict.fromkeys(("patience", "redirect", "settings", "foreign"), ("not sent", True)),
    "rejected": ("rejected", False),
    "lost": ("pushed", False),
}


def expected(case, endpoint):
    """Return state and whether the run stops where one row meets the case once."""
    state, stops = EXPECTED[case.effect]
    if endpoint == "permits" and case.effect in {"lost", "foreign"}:
        return "unknown", stops
    there = case.effect == "lost" and case.fault.applies
    return ("exists" if there and endpoint == "vehicles" else state), stops


def check_the_one_row(trial, done, case):
    state, stops = expected(case, trial.endpoint)
    assert (done.stopped is not None) == stops, done.stopped
    if stops:
        assert {state} <= set(done.states.values()) <= {state, "not sent", "pushed"}
    else:
        assert done.states == dict.fromkeys(range(ROWS), "pushed") | {3: state}


def matrix():
    """Yield every combination, those that the plain run leaves out marked.

    In the plain run permits meet each case, every endpoint each effect, and what hangs, hangs once.
    """
    numbered = (enumerate(values) for values in (CASES, ENDPOINTS, PLACES))
    for (c, case), (e, endpoint), (p, place) in itertools.product(*numbered):
        once = endpoint == "permits" or case.effect == "patience" or (c + e) % 4 == 0
        plain = case.timeout > 1 and (c + e + p) % 17 == 0 if p else once
        for workers in WORKERS:
            marks = () if plain and workers == WORKERS[(c + e) % 3] else pytest.mark.exhaustive
            words = f"{case.effect}-{case.name}-{endpoint}-{workers}-{place}"
            yield pytest.param(case, endpoint, workers, place, id=words, marks=marks)


@pytest.mark.parametrize(("case", "endpoint", "workers", "place"), list(matrix()))
def test_what_is_said_of_each_row_is_true_and_the_next_run_finishes(
    journal, case, endpoint, workers, place
):
    with Witness(journal) as controller:
        # In the middle, so that a single worker has a kept connection, which may be stale.
        alone, attempt = PLACES[place]
        plan = {(f"{PREFIX[endpoint]}3" if alone else "*", attempt): case}
        trial = Trial(
            endpoint, journal, controller, plan, rows=ROWS, workers=workers, timeout=case.timeout
        )
        done = trial.run()
        if place == "one row once":
            check_the_one_row(trial, done, case)
        if case.timeout < 1:
            trial.timeout = 20.0
        trial.finish()


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_where_nobody_listens_nothing_is_sent_and_the_next_run_finishes(journal, endpoint, workers):
    with Witness(journal) as controller:
        trial = Trial(endpoint, journal, controller, workers=workers)
        controller.refuse()
        done = trial.run()
        assert set(done.states.values()) == {"not sent"}
        assert done.stopped == (
            "The host refused the connection. One row was tried 6 times. Check your network and the "
            "host, or wait until OPSCOM answers again."
        )
        assert set(trial.finish().states.values()) == {"pushed"}


RESETS = {("#connection", n): Case("reset", "lost", Fault("reset")) for n in (1, 3, 5)}


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("resets", [False, True], ids=["goes away", "resets"])
def test_a_controller_that_goes_away_or_resets_what_waits_to_be_accepted_loses_nothing(
    journal, endpoint, workers, resets
):
    with Witness(journal) as controller:
        # Connections that wait to be accepted are reset: those rows are lost before they are read.
        away = {(f"{PREFIX[endpoint]}2", 1): Case("refuse", "fine", Fault("refuse"))}
        plan = RESETS if resets else away
        trial = Trial(endpoint, journal, controller, plan, workers=workers, rows=8, unread=True)
        done = trial.run()
        assert resets or done.states[2] == "pushed"
        trial.finish()
