"""The rig of the delivery tests does what its plan says, and its ledger tells the truth."""

import json
import socket
from contextlib import nullcontext

import pytest
import requests
from controller import Controller, Fault
from rehearsing import CLIENT, LEAST, TOKEN, calling

from importer.sandbox.controller import HTML

ACCEPTED = '{"status": "success", "reference_id": 1}'
BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def push(client, key="A1", call="profiles/push", **body):
    return client.post(call, {**LEAST[call], "unique_id": key, **body})


# Where the client sees ``None``, no whole answer comes.
SEEN = [
    (Fault("html"), HTML, 0),
    (Fault("empty"), "", 0),
    (Fault("bad-json", applied=True), ACCEPTED[:-1], 1),
    (Fault("cut-headers"), "", 1),  # the standard library takes headers that end too early for all
    (Fault("drip"), ACCEPTED, 1),
    (Fault("late", seconds=0.01), ACCEPTED, 1),
    (Fault("idle-close"), ACCEPTED, 1),
    (Fault("answer", status=502, body="x"), "x", 0),
    (Fault("answer", status=502, body="x", applied=True), "x", 1),
    (Fault("lost"), None, 1),
    (Fault("close"), None, 0),
    (Fault("reset"), None, 0),
    (Fault("reset", applied=True), None, 1),
    (Fault("cut-body"), None, 1),
    (Fault("cut-body", applied=False), None, 0),
]


@pytest.mark.parametrize(
    ("fault", "seen", "applied"), SEEN, ids=lambda each: getattr(each, "kind", "")
)
def test_a_planned_fault_reaches_the_client_and_the_ledger_says_whether_it_was_applied(
    fault, seen, applied
):
    with calling(Controller({("A1", 1): fault})) as client:
        controller = client.sandbox
        with nullcontext() if seen is not None else pytest.raises(BROKEN):
            assert push(client).text == seen
        assert controller.applied("A1") == applied
        assert push(client).text == ACCEPTED
        entries = controller.entries("A1")
        assert [(each.fault, each.attempt) for each in entries] == [(fault.kind, 1), ("", 2)]


@pytest.mark.parametrize("key", ["#connection", "#request"])
@pytest.mark.parametrize("kind", ["reset", "reset-in-body", "close"])
def test_a_request_can_be_dropped_before_its_row_is_known(kind, key):
    with calling(Controller({(key, 1): Fault(kind)})) as client:
        controller = client.sandbox
        with pytest.raises(requests.ConnectionError):
            push(client)
        assert [(each.body, each.applied) for each in controller.ledger] in ([], [(None, False)])
        push(client)
        assert controller.applied("A1") == 1


def test_a_stale_connection_ends_only_when_it_is_used_again():
    with calling(Controller({("A1", 0): Fault("stale")})) as client:
        controller = client.sandbox
        assert push(client).ok
        with pytest.raises(requests.ConnectionError):
            push(client)
        assert [(each.fault, each.applied) for each in controller.ledger] == [
            ("", True),
            ("stale", False),
        ]


def test_connections_are_refused_from_a_planned_moment_until_it_listens_again():
    with calling(Controller({("A1", 1): Fault("refuse")})) as client:
        controller = client.sandbox
        assert push(client).ok
        client.session.close()  # else the next request might go out on the connection that is ending
        with pytest.raises(requests.ConnectionError, match="refused"):
            push(client, "A2")
        controller.listen()
        assert push(client, "A2").ok
        assert [entry.key for entry in controller.ledger] == ["A1", "A2"]


def test_a_star_means_every_row_and_attempt_0_every_attempt_but_a_row_of_its_own_goes_first():
    plan = {("*", 0): Fault("html"), ("*", 2): Fault("empty"), ("A2", 1): Fault("late")}
    with calling(Controller(plan)) as client:
        texts = [push(client, key).text for key in ("A1", "A1", "A1", "A2", "A2")]
    assert texts == [HTML, "", HTML, ACCEPTED, ""]


def test_the_ledger_holds_what_was_received_and_counts_attempts_for_each_call_and_row():
    cells = {"unique_id": "X", "plate": "X", "first_name": "Zoë"}
    sent = {"apiToken": TOKEN, **LEAST["profiles/push"], **cells}
    with calling(Controller()) as client:
        controller = client.sandbox
        push(client, "X", plate="X", first_name="Zoë")
        for _ in range(2):
            push(client, "X", "vehicles/push", plate="X")
        assert (controller.requests, controller.connections, controller.at_once) == (3, 1, 1)
        with socket.create_connection(("127.0.0.1", int(controller.url.rsplit(":", 1)[1]))) as sock:
            sock.sendall(b"POST /api/C/v1/permits/push HTTP/1.1\r\nContent-Length: 99\r\n\r\n{")
        *entries, gone = controller.wait_for(4)
        assert [(entry.call, entry.attempt, entry.applied) for entry in entries] == [
            ("profiles/push", 1, True),
            ("vehicles/push", 1, True),
            ("vehicles/push", 2, False),
        ]
        entry = entries[0]
        assert json.loads(entry.raw) == entry.body == sent
        assert entry.headers["content-type"] == "application/json"
        assert (entry.path, entry.reference_id) == (f"/api/{CLIENT}/v1/profiles/push", "1")
        assert (gone.fault, gone.applied) == ("gone", False)
