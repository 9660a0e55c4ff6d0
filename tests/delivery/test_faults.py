"""Every fault of a controller, at every endpoint, with few workers and many: what is said is true."""

import itertools

import pytest
from controller import Fault
from proving import CASES, ENDPOINTS, PREFIX, Case, Trial, Witness

WORKERS = (1, 4, 16)
PLACES = ("one row once", "each row once", "one row always", "all always")
ROWS = 6


def plan_of(case, place, first):
    """Return where a case hits: (row key or request, attempt) → case."""
    word = "#connection" if case.fault.kind == "reset" else "#request"
    moments = {
        "one row once": [(word, 1)] if case.unread else [(first, 1)],
        "each row once": [(word, n) for n in (1, 3, 5)] if case.unread else [("*", 1)],
        "one row always": [(word, n) for n in range(1, 9)] if case.unread else [(first, 0)],
        "all always": [(word, n) for n in range(1, 400)] if case.unread else [("*", 0)],
    }
    return dict.fromkeys(moments[place], case)


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
    there = case.effect == "lost" and case.fault.applies and not case.unread
    return ("exists" if there and endpoint == "vehicles" else state), stops


def check_the_one_row(trial, done, case, workers):
    state, stops = expected(case, trial.endpoint)
    assert (done.stopped is not None) == stops, done.stopped
    states = list(done.states.values())
    fresh = case.fault.kind == "stale" and workers > 1
    if fresh or case.name == "reset-on-connecting":
        # With many lines the row may meet a fresh connection, on which nothing is stale; and a reset
        # may be here before the first byte could leave, so that nothing is lost.
        assert set(states) <= {state, "pushed"}
    elif stops:
        assert states.count(state) >= 1
        assert set(states) <= {state, "not sent", "pushed"}
    elif state == "pushed":
        assert states == ["pushed"] * ROWS
    else:
        assert sorted(states) == sorted([state] + ["pushed"] * (ROWS - 1))
        if not case.unread:
            assert done.states[3] == state


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
        # In the middle, so that there is a kept connection that can be stale.
        plan = plan_of(case, place, f"{PREFIX[endpoint]}3")
        trial = Trial(
            endpoint, journal, controller, plan, rows=ROWS, workers=workers, timeout=case.timeout,
            unread=case.unread,
        )  # fmt: skip
        done = trial.run()
        if place == "one row once":
            check_the_one_row(trial, done, case, workers)
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


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_controller_that_goes_away_in_the_middle_loses_nothing(journal, endpoint, workers):
    with Witness(journal) as controller:
        # Connections that wait to be accepted are reset: those rows are lost before they are read.
        plan = {(f"{PREFIX[endpoint]}2", 1): Case("refuse", "fine", Fault("refuse"))}
        trial = Trial(endpoint, journal, controller, plan, workers=workers, rows=8, unread=True)
        done = trial.run()
        assert done.states[2] == "pushed"
        trial.finish()
