"""The rig of the delivery tests does what its plan says, and its ledger tells the truth."""

import json
import socket

import pytest
import requests
from controller import Controller, Fault

from importer.sandbox.controller import HTML

ACCEPTED = '{"status": "success", "reference_id": 1}'
BODIES = {
    "profiles/push": {"apiToken": "secret", "login_source": "X"},
    "vehicles/push": {"apiToken": "secret", "plateType": "Car", "prov": "ON"},
}


def push(session, controller, key="A1", call="profiles/push", **body):
    url = f"{controller.url}/api/OC_TEST/v1/{call}"
    return session.post(url, json={**BODIES[call], "unique_id": key, **body}, timeout=100)


@pytest.mark.parametrize(
    ("fault", "seen", "applied"),
    [
        pytest.param(Fault("html"), HTML, 0, id="html"),
        pytest.param(Fault("empty"), "", 0, id="empty"),
        pytest.param(Fault("bad-json", applied=True), ACCEPTED[:-1], 1, id="bad-json-applied"),
        # The standard library takes headers that end too early for all of them.
        pytest.param(Fault("cut-headers"), "", 1, id="cut-headers"),
        pytest.param(Fault("drip"), ACCEPTED, 1, id="drip"),
        pytest.param(Fault("late", seconds=0.01), ACCEPTED, 1, id="late"),
        pytest.param(Fault("idle-close"), ACCEPTED, 1, id="idle-close"),
        pytest.param(Fault("answer", status=502, body="x"), "x", 0, id="502"),
        pytest.param(Fault("answer", status=502, body="x", applied=True), "x", 1, id="502-applied"),
    ],
)
def test_a_planned_answer_reaches_the_client_and_the_ledger_says_whether_it_was_applied(
    session, fault, seen, applied
):
    with Controller({("A1", 1): fault}) as controller:
        assert push(session, controller).text == seen
        assert [entry.fault for entry in controller.ledger] == [fault.kind]
        assert controller.applied("A1") == applied


@pytest.mark.parametrize(
    ("fault", "applied"),
    [
        pytest.param(Fault("lost"), 1, id="lost"),
        pytest.param(Fault("close"), 0, id="close"),
        pytest.param(Fault("reset"), 0, id="reset"),
        pytest.param(Fault("reset", applied=True), 1, id="reset-applied"),
        pytest.param(Fault("cut-body"), 1, id="cut-body"),
        pytest.param(Fault("cut-body", applied=False), 0, id="cut-body-not-applied"),
    ],
)
def test_an_answer_that_never_comes_whole_is_an_error_for_the_client_and_the_truth_is_in_the_ledger(
    session, fault, applied
):
    with Controller({("A1", 1): fault}) as controller:
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            push(session, controller)
        assert controller.applied("A1") == applied
        assert push(session, controller).json() == {"status": "success", "reference_id": 1}
        assert [entry.attempt for entry in controller.entries("A1")] == [1, 2]
        assert controller.connections == 2


@pytest.mark.parametrize("key", ["#connection", "#request"])
@pytest.mark.parametrize("kind", ["reset", "reset-in-body", "close"])
def test_a_request_can_be_dropped_before_its_row_is_known(session, kind, key):
    with Controller({(key, 1): Fault(kind)}) as controller:
        with pytest.raises(requests.ConnectionError):
            push(session, controller)
        assert sum(entry.applied for entry in controller.ledger) == 0
        assert [entry.body for entry in controller.ledger] in ([], [None])
        push(session, controller)
        assert controller.applied("A1") == 1


def test_a_stale_connection_ends_only_when_it_is_used_again(session):
    with Controller({("A1", 0): Fault("stale")}) as controller:
        assert push(session, controller).ok
        with pytest.raises(requests.ConnectionError):
            push(session, controller)
        assert [(entry.fault, entry.applied) for entry in controller.ledger] == [
            ("", True),
            ("stale", False),
        ]


def test_connections_are_refused_from_a_planned_moment_until_it_listens_again(session):
    with Controller({("A1", 1): Fault("refuse")}) as controller:
        assert push(session, controller).ok
        session.close()  # else the next request might go out on the connection that is ending
        with pytest.raises(requests.ConnectionError, match="refused"):
            push(session, controller, "A2")
        controller.listen()
        assert push(session, controller, "A2").ok
        assert [entry.key for entry in controller.ledger] == ["A1", "A2"]


def test_a_star_means_every_row_and_attempt_0_every_attempt_but_a_row_of_its_own_goes_first(
    session,
):
    plan = {("*", 0): Fault("html"), ("*", 2): Fault("empty"), ("A2", 1): Fault("late")}
    with Controller(plan) as controller:
        texts = [push(session, controller, key).text for key in ("A1", "A1", "A1", "A2", "A2")]
    assert texts == [HTML, "", HTML, ACCEPTED, ""]


def test_the_ledger_holds_what_was_received_and_counts_attempts_for_each_call_and_row(session):
    with Controller() as controller:
        push(session, controller, "X", plate="X", first_name="Zoë")
        push(session, controller, "X", "vehicles/push", plate="X")
        push(session, controller, "X", "vehicles/push", plate="X")
        entries = controller.entries("X")
        assert [(entry.call, entry.attempt, entry.applied) for entry in entries] == [
            ("profiles/push", 1, True),
            ("vehicles/push", 1, True),
            ("vehicles/push", 2, False),
        ]
        entry = entries[0]
        assert json.loads(entry.raw) == entry.body == {
            **BODIES["profiles/push"],
            "unique_id": "X",
            "plate": "X",
            "first_name": "Zoë",
        }  # fmt: skip
        assert entry.headers["content-type"] == "application/json"
        assert (entry.path, entry.reference_id) == ("/api/OC_TEST/v1/profiles/push", "1")
        assert (controller.requests, controller.connections, controller.at_once) == (3, 1, 1)


def test_a_client_that_leaves_in_mid_request_is_written_down():
    with Controller() as controller:
        with socket.create_connection(("127.0.0.1", int(controller.url.rsplit(":", 1)[1]))) as sock:
            sock.sendall(b"POST /api/C/v1/permits/push HTTP/1.1\r\nContent-Length: 99\r\n\r\n{")
        (entry,) = controller.wait_for(1)
        assert (entry.fault, entry.applied) == ("gone", False)
