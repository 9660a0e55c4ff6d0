"""How fast a run goes, how long it waits, and when it has tried enough; on a clock that is told to go."""

import email.utils
import threading
import time
from random import Random

import pytest
from controller import Controller, Fault
from delivering import QuickRandom, Ticks, permits, push, users
from hypothesis import given
from hypothesis import strategies as st

from importer.delivery.pace import BUDGET, RETRY_COST, TIMEOUT_COST, Pace, told_seconds


class Most(Random):
    """The longest jitter there is."""

    def uniform(self, a, b):
        return b


# Retry-After


@given(st.text() | st.from_regex(r"\w{3}, \d{1,3} \w{3} \d{1,6} \d+:\d+:\d+ [+-]\d{1,6}"))
def test_no_wait_that_a_host_tells_is_a_fault(header):
    seconds = told_seconds(header)
    assert seconds is None or seconds >= 0


# Pauses


def test_pauses_grow_up_to_a_bound_and_jitter_spreads_the_workers():
    longest = [Pace(random=Most()).pause(attempt, "") for attempt in (1, 2, 3, 4, 5, 6, 60)]
    assert longest == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    pace = Pace(random=Random(1))
    pauses = [pace.pause(5, "") for _ in range(400)]
    assert (min(pauses) < 1.0, max(pauses) > 7.0) == (True, True)
    assert 3.5 < sum(pauses) / len(pauses) < 4.5


@given(st.integers(0, 60), st.integers(1, 6), st.randoms(use_true_random=False))
def test_a_wait_that_was_told_is_never_cut_short(told, attempt, random):
    pause = Pace(random=random).pause(attempt, str(told))
    assert told <= pause <= told + 1.0


def test_a_wait_that_opscom_tells_holds_all_workers_unless_it_is_too_long():
    ticks = Ticks()
    pace = Pace(clock=ticks)
    in_an_hour = email.utils.formatdate(time.time() + 3600, usegmt=True)
    for told in ("61", in_an_hour):
        assert pace.pause(1, told) is None
    assert pace.turn() == 0.0
    assert pace.pause(1, "60") is not None
    assert [pace.turn() for _ in range(4)] == [60.0] * 4
    ticks.now += 60
    assert pace.turn() == 0.0


# The rate


def test_a_rate_gives_one_turn_after_the_other():
    ticks = Ticks()
    pace = Pace(rate=4, clock=ticks)
    assert [pace.turn() for _ in range(4)] == [0.0, 0.25, 0.5, 0.75]
    ticks.now += 10
    assert [pace.turn() for _ in range(2)] == [0.0, 0.25], "time that passed is no credit"


@pytest.mark.parametrize("workers", [1, 4, 16])
def test_the_rate_is_never_exceeded_repeats_included(journal, workers):
    rate, rows = 200, 20
    slower = Fault("answer", status=429, body="")
    plan = {(f"P{n}", 1): slower for n in range(0, rows, 3)}
    with Controller(plan) as controller:
        started = time.monotonic()
        done = push(
            controller.url, journal, "permits", permits(rows),
            workers=workers, pace=Pace(rate=rate, random=Random(3)),
        )  # fmt: skip
        times = sorted(entry.at - started for entry in controller.ledger)
        assert controller.at_once <= workers
    assert set(done.states.values()) == {"pushed"}
    assert len(times) == rows + len(plan)
    # Counted from the start: a loaded machine may read a request late, it cannot read it early.
    early = [(n, at) for n, at in enumerate(times) if at < n / rate]
    assert early == []


# The budget


def test_the_budget_of_retries_runs_out_acceptances_alone_fill_it_and_never_beyond_its_size():
    pace = Pace(clock=Ticks())
    for cost, timed_out in ((RETRY_COST, False), (TIMEOUT_COST, True)):
        for _ in range(10 * BUDGET):
            pace.answered(accepted=True)
        assert sum(pace.may_retry(timed_out=timed_out) for _ in range(1000)) == BUDGET // cost
    for accepted in [False] * 100 + [True] * (RETRY_COST - 1):
        pace.answered(accepted=accepted)
    assert not pace.may_retry(timed_out=False)
    pace.answered(accepted=True)
    assert pace.may_retry(timed_out=False)


def test_a_spent_budget_stops_a_run(journal):
    failing = Fault("answer", status=500, body="<html>")
    plan = {("*", n): failing for n in range(1, 6)}
    with Controller(plan) as controller:
        done = push(controller.url, journal, "users", users(60), workers=4)
        assert controller.requests <= 60 + (BUDGET + 60) // RETRY_COST
    assert done.stopped == (
        "The host answers that it failed (HTTP 500). Too many attempts of this run have failed. "
        "Check your network and the host, or wait until OPSCOM answers again."
    )
    assert "not sent" in done.states.values()


# Patience


class Hesitating(Pace):
    """A pace that finds out late that OPSCOM is silent, as on a machine that does much else."""

    def failed(self, started):
        threading.Event().wait(0.1)
        return super().failed(started)


def test_a_silent_host_gets_no_second_wave_of_rows(journal):
    # A second wave would be waited for as long as the first.
    with Controller({("*", 0): Fault("hang")}) as controller:
        pace = Hesitating(random=QuickRandom(), clock=lambda: time.monotonic() * 1000)
        done = push(
            controller.url, journal, "users", users(30),
            workers=4, timeout=0.4, pace=pace,
        )  # fmt: skip
        assert controller.requests == 4
    assert done.stopped.startswith("OPSCOM has given no usable answer for ")


@pytest.mark.parametrize(
    ("events", "gives_up"),
    [
        pytest.param([(44, 0)], False, id="44 seconds"),
        pytest.param([(44, 0), (45, 45)], True, id="45 seconds of two attempts"),
        pytest.param([(1045, 1000)], True, id="from the start of the first, not from its end"),
        pytest.param([(0, 0), (44, None), (88, 88)], False, id="one whole answer gives all back"),
        pytest.param([(44, None), (46, 0)], False, id="an answer to another row meanwhile"),
    ],
)
def test_a_run_loses_patience_when_nothing_usable_comes(events, gives_up):
    """An event is its moment, and when the attempt that failed began; ``None`` for a whole answer."""
    ticks = Ticks()
    pace, zero, why = Pace(clock=ticks), ticks.now, None
    for moment, began in events:
        ticks.now = zero + moment
        if began is None:
            pace.answered(accepted=False)
        else:
            why = pace.failed(zero + began)
    assert why == ("OPSCOM has given no usable answer for 45 seconds." if gives_up else None)
