"""The rig of the delivery tests does what its plan says, and its ledger tells the truth."""

import json
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from controller import Controller, Fault

from importer.sandbox.faults import HTML

HOST = "127.0.0.1"
ACCEPTED = '{"status": "success", "reference_id": 1}'


BODIES = {
    "profiles/push": {"apiToken": "secret", "login_source": "X"},
    "vehicles/push": {"apiToken": "secret", "plateType": "Car", "prov": "ON"},
    "permits/push": {"apiToken": "secret", "startTime": "2026-08-01T00:00:00"},
    "permits/delete": {"apiToken": "secret"},
    "violations/send_overdue_to_collections": {"apiToken": "secret"},
}


def push(session, controller, key="A1", call="profiles/push", **body):
    url = f"{controller.url}/api/OC_TEST/v1/{call}"
    return session.post(
        url, json={**BODIES[call], "unique_id": key, **body}, timeout=100, allow_redirects=False
    )


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


@pytest.mark.parametrize(
    "key", [pytest.param("#connection", id="connection"), pytest.param("#request", id="request")]
)
@pytest.mark.parametrize("kind", ["reset", "reset-in-body", "close"], ids=str)
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


def test_a_hanging_request_ends_with_the_controller(session):
    seen = []

    def call():
        try:
            push(session, controller)
        except requests.ConnectionError as error:
            seen.append(error)

    with Controller({("A1", 1): Fault("hang", applied=True)}) as controller:
        caller = threading.Thread(target=call)
        caller.start()
        controller.wait_for(1)
        assert caller.is_alive()
    caller.join()
    assert len(seen) == 1
    assert controller.applied("A1") == 1


def test_a_hanging_request_ends_with_the_client(session):
    with Controller({("A1", 1): Fault("hang")}) as controller:
        with pytest.raises(requests.ReadTimeout):
            session.post(
                f"{controller.url}/api/C/v1/profiles/push", json={"unique_id": "A1"}, timeout=0.05
            )
        assert controller.applied("A1") == 0


def test_a_wait_is_told_in_retry_after_and_a_redirect_in_location(session):
    plan = {
        ("A1", 1): Fault("answer", status=429, headers={"Retry-After": "7"}),
        ("A1", 2): Fault("answer", status=307, headers={"Location": "http://example.com/"}),
        ("A1", 3): Fault("answer", status=422, code=9030),
    }
    with Controller(plan) as controller:
        first, second, third = (push(session, controller) for _ in range(3))
        assert (first.status_code, first.headers["Retry-After"]) == (429, "7")
        assert (second.status_code, second.headers["Location"]) == (307, "http://example.com/")
        assert (third.status_code, third.json()["ErrorCode"]) == (422, 9030)
        assert controller.applied("A1") == 0


def test_a_star_means_every_row_and_attempt_0_every_attempt_but_a_row_of_its_own_goes_first(
    session,
):
    plan = {("*", 0): Fault("html"), ("*", 2): Fault("empty"), ("A2", 1): Fault("late")}
    with Controller(plan) as controller:
        texts = [push(session, controller, key).text for key in ("A1", "A1", "A1", "A2", "A2")]
    assert texts == [HTML, "", HTML, ACCEPTED, ""]


def test_attempts_are_counted_for_each_call_and_row(session):
    with Controller() as controller:
        push(session, controller, "X", plate="X")
        push(session, controller, "X", "vehicles/push", plate="X")
        push(session, controller, "X", "vehicles/push", plate="X")
        entries = controller.entries("X")
        assert [(entry.call, entry.attempt, entry.applied) for entry in entries] == [
            ("profiles/push", 1, True),
            ("vehicles/push", 1, True),
            ("vehicles/push", 2, False),
        ]


def test_the_ledger_holds_what_was_received(session):
    with Controller() as controller:
        push(session, controller, "A1", first_name="Zoë")
        (entry,) = controller.ledger
        assert entry.body == {
            **BODIES["profiles/push"],
            "unique_id": "A1",
            "first_name": "Zoë",
        }
        assert json.loads(entry.raw) == entry.body
        assert entry.headers["content-type"] == "application/json"
        assert entry.path == "/api/OC_TEST/v1/profiles/push"
        assert entry.reference_id == "1"
        assert (controller.requests, controller.connections, controller.at_once) == (1, 1, 1)


def test_requests_of_one_session_share_a_connection(session):
    with Controller() as controller:
        for number in range(20):
            push(session, controller, f"A{number}")
        assert (controller.requests, controller.connections) == (20, 1)


def test_a_client_that_leaves_in_mid_request_is_written_down():
    with Controller() as controller:
        with socket.create_connection((HOST, int(controller.url.rsplit(":", 1)[1]))) as sock:
            sock.sendall(b"POST /api/C/v1/permits/push HTTP/1.1\r\nContent-Length: 99\r\n\r\n{")
        (entry,) = controller.wait_for(1)
        assert (entry.fault, entry.applied) == ("gone", False)


def test_an_answer_is_held_until_it_is_released():
    with Controller({("*", 0): Fault("hold")}) as controller, ThreadPoolExecutor(3) as pool:

        def call(key):
            with requests.Session() as session:
                session.trust_env = False
                return push(session, controller, key).text

        calls = [pool.submit(call, key) for key in ("A1", "A2", "A3")]
        controller.wait_for(3)
        assert [call.done() for call in calls] == [False, False, False]
        assert controller.at_once == 3
        controller.release()
        assert sorted(json.loads(call.result())["reference_id"] for call in calls) == [1, 2, 3]


def test_an_unknown_kind_of_fault_is_refused():
    with pytest.raises(ValueError, match=r"^exploded is not a fault\.$"):
        Fault("exploded")


def test_it_runs_as_a_process_and_writes_its_ledger_before_it_answers(tmp_path, session):
    plan, ledger = tmp_path / "plan.json", tmp_path / "ledger.jsonl"
    plan.write_text(json.dumps([{"key": "A1", "attempt": 1, "kind": "lost"}]), encoding="utf-8")
    script = Path(__file__).parents[1] / "controller.py"
    command = [sys.executable, script, "--plan", plan, "--ledger", ledger]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().strip()
            body = {**BODIES["profiles/push"], "unique_id": "A1"}
            with pytest.raises(requests.ConnectionError):
                session.post(f"{url}/api/C/v1/profiles/push", json=body, timeout=100)
            lines = ledger.read_text(encoding="utf-8").splitlines()
        finally:
            process.kill()
    (entry,) = map(json.loads, lines)
    assert (entry["key"], entry["fault"], entry["applied"]) == ("A1", "lost", True)
