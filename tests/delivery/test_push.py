"""Pushing: what reaches the controller, and what is said of each row, fault by fault."""

import json
import threading

import pytest
from controller import Controller, Fault
from delivering import permits, push, users
from proving import answer
from pulling import NOT_FOUND

IDS_OF_OTHERS = (
    "The answer holds the id of another row. Nobody knows whether OPSCOM took the row, and it is not sent "
    "again. Run `opscom-import settle` to find out, or look it up in OPSCOM and write the id, yes or no into "
    "opscom_answer."
)


def test_an_answer_that_comes_twice_gives_no_other_permit_its_id(journal):
    with Controller({("P1", 1): Fault("twice")}) as c:
        done = push(c.url, journal, "permits", permits(5), workers=1)
    sent = {at: entry.reference_id for at, entry in enumerate(c.ledger)}
    assert done.outcomes[2].message == IDS_OF_OTHERS
    assert done.states == {0: "pushed", 1: "pushed", 2: "unknown", 3: "pushed", 4: "pushed"}
    assert {at: done.outcomes[at].reference_id for at in sent} == sent | {2: ""}


def test_the_id_of_a_permit_of_an_earlier_run_is_no_other_permits(journal):
    with Controller() as c:
        number = push(c.url, journal, "permits", permits(1)).outcomes[0].reference_id
        body = json.dumps({"status": "success", "reference_id": number.upper()})
        c.plan["P1", 1] = Fault("answer", body=body)
        done = push(c.url, journal, "permits", permits(2))
    assert done.states == {0: "unchanged", 1: "unknown"}
    assert done.outcomes[1].message == IDS_OF_OTHERS


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_stops_the_run(journal, status):
    with Controller() as stranger:
        fault = Fault("answer", status=status, headers={"Location": stranger.url})
        with Controller({("*", 0): fault}) as c:
            done = push(c.url, journal, "users", users(2))
        assert (c.requests, stranger.requests) == (1, 0)
    assert set(done.states.values()) == {"not sent"}


@pytest.mark.parametrize(
    ("pause", "timeout"),
    [(0.05, 0.4), (0.02, 0.7), (0.006, 0.9)],
    ids=["status", "headers", "body"],
)
def test_a_server_that_drips_ends_the_row_on_time(journal, pause, timeout):
    # Cut in the middle of its headers, an answer looks like one that has no body.
    with Controller({("P0", 1): Fault("drip", seconds=pause)}) as c:
        done = push(c.url, journal, "permits", permits(2), timeout=timeout)
    assert done.states[0] == "unknown"
    assert done.outcomes[0].message.startswith(f"No whole answer came within {timeout} seconds.")


OTHER_CLIENT = (
    "OPSCOM answers 9034: the API token does not belong to this client code. Compare the client code (`client:` "
    "in opscom.yaml, OPSCOM_CLIENT or --client), the token (`opscom-import login`, OPSCOM_API_TOKEN, or "
    "`token_file:` in opscom.yaml) and the host (`host:`, OPSCOM_HOST or --host) with what OPSCOM gave you; they must belong together."
)
TOO_LONG = "{} OPSCOM asks to wait longer than a run may wait."
SLOWER = TOO_LONG.format("OPSCOM asks to go more slowly (HTTP 429).")
FAILED = TOO_LONG.format("The host answers that it failed (HTTP 503).")
LOST = (
    "The answers to 5 rows in a row were lost. Check your network and the host, or wait until OPSCOM answers "
    "again."
)
UNPARSED = (
    "OPSCOM could not parse 3 rows in a row (9003): most likely the host or something between is wrong. Check "
    "the host."
)
REFUSED = (
    "OPSCOM refused the first 20 rows with one and the same code ({}): most likely the whole file has this "
    "fault. {}"
)
SOURCES = (
    "Ask your OPSCOM administrator how the login sources are spelled and correct it in the mapping."
)
STOPS = {
    "another client": (answer(200, code=9034), users, ["not sent"], 1, OTHER_CLIENT),
    "404-users": (answer(404), users, ["not sent"], 1, NOT_FOUND),
    "404-permits": (answer(404), permits, ["unknown"], 1, NOT_FOUND),
    "a long wait": (answer(429, Retry_After="3600"), users, ["not sent"], 1, SLOWER),
    "503 and a long wait": (answer(503, Retry_After="3600"), users, ["unknown"], 1, FAILED),
    "lost": (Fault("lost"), permits, ["unknown"] * 5, 5, LOST),
    "9003": (answer(200, code=9003), users, ["rejected"] * 3, 3, UNPARSED),
    "9015": (answer(200, code=9015), users, ["rejected"] * 20, 20, REFUSED.format(9015, SOURCES)),
    "unheard of": (
        *(answer(200, code=9999), users, ["rejected"] * 20, 20),
        REFUSED.format(9999, "Ask OPSCOM what the code means."),
    ),
}


@pytest.mark.parametrize(("fault", "make", "states", "requests", "why"), STOPS.values(), ids=STOPS)
def test_what_would_go_on_row_after_row_stops_the_run(journal, fault, make, states, requests, why):
    with Controller({("*", 0): fault}) as c:
        done = push(c.url, journal, make.__name__, make(24))
        assert c.requests == requests
    assert list(done.states.values()) == states + ["not sent"] * (24 - len(states))
    assert done.outcomes[0].code == (str(fault.code) if fault.code else "")
    assert done.stopped == why


def test_a_worker_that_cannot_begin_stops_the_run_and_keeps_nobody_waiting(journal, monkeypatch):
    told, before = [], set(threading.enumerate())
    monkeypatch.setattr(threading, "excepthook", lambda what: told.append(what.exc_type.__name__))
    done = push("https://no host.example", journal, "permits", permits(2))
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith("worker"):
            thread.join()
    assert done.states == {0: "not sent", 1: "not sent"}
    assert done.stopped == "This program failed (InvalidURL)."
    assert told == ["InvalidURL"]
