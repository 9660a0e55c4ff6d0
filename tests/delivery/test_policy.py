"""The table "Reading an answer": what becomes of a row, event by event and endpoint by endpoint."""

import json

import pytest

from importer.delivery.answers import Accepted, Refused, Unreadable, read_answer
from importer.delivery.http import Phase, Reply
from importer.delivery.policy import MAX_ATTEMPTS, Again, Stop, judge
from importer.model import Outcome
from schemas import POLICIES

FREE = ("users", "permit-updates", "permit-deletes")
HTML = b"<html>no</html>"


def answered(status=200, body=HTML, retry_after=""):
    return Reply(Phase.ANSWERED, status, body, retry_after)


def code(number, status=200):
    return answered(status, json.dumps({"ErrorCode": number, "ErrorMessage": "Words."}).encode())


LOST = Reply(Phase.LOST, detail="the connection was lost before the answer was complete")

RETRY, AGAIN = "retry: not applied", "again: maybe applied"
STOP, UNSURE = "stop: not sent", "stop: unknown"
SURE = RETRY, RETRY, RETRY, RETRY, RETRY
MAYBE = AGAIN, AGAIN, "unknown", AGAIN, "unknown"
BARRED = STOP, STOP, STOP, UNSURE, UNSURE
REJECTED = ("rejected",) * 5
PUSHED = ("pushed",) * 5
# event: (reply; users and updates and deletes, vehicles, permits at the first attempt of a row; the same but for
# permits, which never get here, where an earlier attempt may have been applied unseen)
TABLE = {
    "refused": (Reply(Phase.NOT_LEFT, detail="x"), *SURE),
    "certificate": (Reply(Phase.BARRED, detail="x"), *BARRED),
    "301": (answered(301), *BARRED),
    "404 as HTML": (answered(404), STOP, STOP, UNSURE, UNSURE, UNSURE),
    "429": (answered(429), *SURE),
    "500": (answered(500), *MAYBE),
    "connection lost": (LOST, *MAYBE),
    "200 with HTML": (answered(), *MAYBE),
    **{f"9001 with {n}": (code(9001, n), *BARRED) for n in (200, 401, 403)},
    "9012": (code(9012), "rejected", "exists", "rejected", "rejected", "exists"),
    "9022": (code(9022), "rejected", "exists", "exists", "rejected", "exists"),
    **{f"9033 with {n}": (code(9033, n), *REJECTED) for n in (200, 404, 429, 500)},
    "a code nobody knows": (code("E-17"), *REJECTED),
    "success": (answered(200, b'{"status": "success"}'), *PUSHED),
    "success with 500": (answered(500, b'{"status": "success"}'), *PUSHED),
}
COLUMNS = [
    *((endpoint, lost, 3 if lost else 0) for endpoint in FREE for lost in (False, True)),
    *(("vehicles", False, 1), ("permits", False, 2), ("vehicles", True, 4)),
]


def word(decision):
    match decision:
        case Outcome(state):
            return state.value
        case Again(applied_maybe=True):
            return AGAIN
        case Again():
            return RETRY
        case Stop(outcome):
            return f"stop: {outcome.state.value}"


@pytest.mark.parametrize("event", TABLE)
@pytest.mark.parametrize(("endpoint", "lost", "column"), COLUMNS)
def test_what_becomes_of_a_row_after_an_attempt(event, endpoint, lost, column):
    reply, *fates = TABLE[event]
    decision = judge(POLICIES[endpoint], reply, lost_before=lost, attempt=2 if lost else 1)
    assert word(decision) == fates[column]


GONE = "The record is gone: an earlier attempt of ours did it."
NEXT = (
    "The connection was lost before the answer was complete. Nobody knows whether OPSCOM took the row; the next "
    "push sends it again."
)


@pytest.mark.parametrize(
    ("endpoint", "reply", "state", "message"),
    [
        ("permit-deletes", code(9009), "pushed", GONE),
        ("permit-updates", code(9009), "rejected", "Words."),
        *((endpoint, LOST, "unknown", NEXT) for endpoint in FREE),
    ],
)
def test_what_is_said_of_a_row_after_a_lost_attempt(endpoint, reply, state, message):
    decision = judge(POLICIES[endpoint], reply, lost_before=True, attempt=MAX_ATTEMPTS)
    assert (word(decision), decision.message) == (state, message)


def test_a_vehicle_that_did_not_leave_at_first_still_gets_its_second_send():
    decision = judge(POLICIES["vehicles"], LOST, lost_before=False, attempt=2)
    assert word(decision) == AGAIN


WON = {"status": "success"}
BODIES = {
    "number": (WON | {"reference_id": 7}, Accepted("7")),
    "whole-float": (WON | {"reference_id": 7.0}, Accepted("7")),
    "capitals": ({"status": "SUCCESS", "vehicle_id_id": "12"}, Accepted("12")),
    "vehicle_id": (WON | {"vehicle_id": "12"}, Accepted("12")),
    "internal-id": (WON | {"InternalReferenceID": "u-1"}, Accepted("u-1")),
    "no-id": (WON | {"reference_id": True}, Accepted("")),
    "one-warning": (WON | {"warnings": "Careful."}, Accepted("", ("Careful.",))),
    "warnings": (WON | {"warnings": ["A", "B"]}, Accepted("", ("A", "B"))),
    "named-warnings": (WON | {"warnings": {"a": "A"}}, Accepted("", ("A",))),
    "code-0": (WON | {"ErrorCode": 0}, Accepted("")),
    "code-and-success": (WON | {"ErrorCode": 9030}, Refused("9030", "")),
    "code": ({"ErrorCode": "9030", "ErrorMessage": "x"}, Refused("9030", "x")),
    "null": (None, Unreadable()),
    "NaN": (b'{"status": "success", "reference_id": NaN}', Unreadable()),
    "deep": (b"[" * 100_000, Unreadable()),
    "bom": (b'\xef\xbb\xbf{"status": "success"}', Accepted("")),
    "latin-1": (b'{"status": "success", "reference_id": 7, "x": "\xe9"}', Accepted("7")),
}


@pytest.mark.parametrize(("body", "answer"), BODIES.values(), ids=BODIES)
def test_the_body_decides(body, answer):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert read_answer(raw) == answer
