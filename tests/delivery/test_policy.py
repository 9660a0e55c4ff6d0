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
TIMED_OUT = Reply(Phase.LOST, detail="no answer came within 60 seconds", timed_out=True)

RETRY, AGAIN, STOP = "retry: not applied", "again: maybe applied", "stop: "
# event: (reply, users and updates and deletes, vehicles, permits), at the first attempt of a row
TABLE = {
    "refused": (Reply(Phase.NOT_LEFT, detail="x"), RETRY, RETRY, RETRY),
    "certificate": (Reply(Phase.BARRED, detail="x"), *[STOP + "not sent"] * 3),
    **{f"{n}": (answered(n), *[STOP + "not sent"] * 3) for n in (300, 301, 302, 303, 307, 308)},
    "429": (answered(429), RETRY, RETRY, RETRY),
    **{f"{n}": (answered(n), AGAIN, AGAIN, "unknown") for n in (500, 501, 502, 503, 504, 599)},
    "connection lost": (LOST, AGAIN, AGAIN, "unknown"),
    "time-out": (TIMED_OUT, AGAIN, AGAIN, "unknown"),
    "408": (answered(408), AGAIN, AGAIN, "unknown"),
    "200 with HTML": (answered(), AGAIN, AGAIN, "unknown"),
    "200 without a body": (answered(200, b""), AGAIN, AGAIN, "unknown"),
    "200 with neither key": (answered(200, b'{"data": []}'), AGAIN, AGAIN, "unknown"),
    "201 cut off": (answered(201, b'{"status": "succ'), AGAIN, AGAIN, "unknown"),
    "204": (answered(204, b""), AGAIN, AGAIN, "unknown"),
    "103": (answered(103, b""), AGAIN, AGAIN, "unknown"),
    **{
        f"{n} as HTML": (answered(n), STOP + "not sent", STOP + "not sent", STOP + "unknown")
        for n in (400, 401, 403, 404, 405, 413, 422)
    },
    **{f"{n}": (code(n), *[STOP + "not sent"] * 3) for n in (9000, 9001, 9002, 9034)},
    "9003": (code(9003), "rejected", "rejected", "rejected"),
    "9009": (code(9009), "rejected", "rejected", "rejected"),
    "9012": (code(9012), "rejected", "exists", "rejected"),
    "9022": (code(9022), "rejected", "exists", "exists"),
    "9033": (code(9033), "rejected", "rejected", "rejected"),
    "a code nobody knows": (code("E-17"), "rejected", "rejected", "rejected"),
    **{f"9033 with {n}": (code(9033, n), *["rejected"] * 3) for n in (400, 404, 422, 429, 500)},
    **{f"9001 with {n}": (code(9001, n), *[STOP + "not sent"] * 3) for n in (401, 403)},
    "success": (answered(200, b'{"status": "success"}'), "pushed", "pushed", "pushed"),
    "success with 500": (answered(500, b'{"status": "success"}'), "pushed", "pushed", "pushed"),
}
COLUMNS = {**dict.fromkeys(FREE, 1), "vehicles": 2, "permits": 3}
# The same, where an earlier attempt of the row may have been applied unseen. Permits never get here.
AFTER_A_LOST_ONE = {
    "certificate": (STOP + "unknown", STOP + "unknown"),
    "301": (STOP + "unknown", STOP + "unknown"),
    "404 as HTML": (STOP + "unknown", STOP + "unknown"),
    "9001": (STOP + "unknown", STOP + "unknown"),
    "refused": (RETRY, RETRY),
    "429": (RETRY, RETRY),
    "500": (AGAIN, "unknown"),
    "connection lost": (AGAIN, "unknown"),
    "200 with HTML": (AGAIN, "unknown"),
    "9012": ("rejected", "exists"),
    "9033": ("rejected", "rejected"),
    "success": ("pushed", "pushed"),
}


def word(decision):
    match decision:
        case Outcome(state):
            return state.value
        case Again(applied_maybe=True):
            return AGAIN
        case Again():
            return RETRY
        case Stop(outcome):
            return STOP + outcome.state.value


CELLS = [
    pytest.param(endpoint, reply[0], reply[column], id=f"{event}-{endpoint}")
    for event, reply in TABLE.items()
    for endpoint, column in COLUMNS.items()
]


@pytest.mark.parametrize(("endpoint", "reply", "decision"), CELLS)
def test_a_row_at_its_first_attempt(endpoint, reply, decision):
    assert word(judge(POLICIES[endpoint], reply, lost_before=False, attempt=1)) == decision


@pytest.mark.parametrize(
    ("endpoint", "reply", "decision"),
    [
        pytest.param(endpoint, TABLE[event][0], fates[endpoint == "vehicles"], id=f"{event}-{endpoint}")
        for event, fates in AFTER_A_LOST_ONE.items()
        for endpoint in (*FREE, "vehicles")
    ],
)  # fmt: skip
def test_a_row_after_a_lost_attempt(endpoint, reply, decision):
    assert word(judge(POLICIES[endpoint], reply, lost_before=True, attempt=2)) == decision


GONE = "The record is gone: an earlier attempt of ours did it."
NEXT = (
    "The connection was lost before the answer was complete. Nobody knows whether OPSCOM took the row; the next "
    "push sends it again."
)
THERE = "OPSCOM has this record already"
LOOK = (
    "The host answers that it failed (HTTP 502). Nobody knows whether OPSCOM took the row, and it is not sent "
    "again. Run `opscom-import settle` to find out, or look it up in OPSCOM and write the id, yes or no into "
    "opscom_answer."
)


@pytest.mark.parametrize(
    ("endpoint", "reply", "lost", "state", "message"),
    [
        ("permit-deletes", code(9009), True, "pushed", GONE),
        ("permit-updates", code(9009), True, "rejected", "Words."),
        *((endpoint, LOST, True, "unknown", NEXT) for endpoint in FREE),
        ("vehicles", code(9012), False, "exists", f"{THERE}."),
        (
            "vehicles",
            code(9012),
            True,
            "exists",
            f"{THERE}, most likely from our own earlier attempt.",
        ),
        ("permits", answered(502), False, "unknown", LOOK),
    ],
)
def test_what_is_said_of_a_row(endpoint, reply, lost, state, message):
    decision = judge(POLICIES[endpoint], reply, lost_before=lost, attempt=MAX_ATTEMPTS)
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
    "other-status": ({"status": "error"}, Unreadable()),
    "list": ([], Unreadable()),
    "null": (None, Unreadable()),
    "empty": (b"", Unreadable()),
    "NaN": (b'{"status": "success", "reference_id": NaN}', Unreadable()),
    "deep": (b"[" * 100_000, Unreadable()),
    "bom": (b'\xef\xbb\xbf{"status": "success"}', Accepted("")),
    "utf-16": ('{"status": "success"}'.encode("utf-16"), Unreadable()),
    "latin-1": (b'{"status": "success", "reference_id": 7, "x": "\xe9"}', Accepted("7")),
}


@pytest.mark.parametrize(("body", "answer"), BODIES.values(), ids=BODIES)
def test_the_body_decides(body, answer):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert read_answer(raw) == answer
