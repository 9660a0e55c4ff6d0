"""Pushing: what reaches the controller, and what is said of each row, fault by fault."""

import json
import sqlite3

import pytest
from controller import Controller, Fault
from delivering import CLIENT, TOKEN, permits, push, users, vehicles


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "journal.sqlite"


def test_every_field_arrives_as_it_is_with_the_token_in_the_body(journal):
    with Controller() as c:
        done = push(c.url, journal, "users", users(1, last_name="Zoë O'Neil 張"))
    (entry,) = c.ledger
    assert entry.path == f"/api/{CLIENT}/v1/profiles/push"
    assert entry.body == {
        "apiToken": TOKEN,
        "unique_id": "U0",
        "login_source": "OPSCOM",
        "first_name": "Name0",
        "last_name": "Zoë O'Neil 張",
    }
    assert entry.headers["content-type"] == "application/json"
    assert entry.headers["accept"] == "application/json"
    assert entry.headers["user-agent"].startswith("opscom-importer/")
    assert done.states == {0: "pushed"}
    assert done.outcomes[0].reference_id == "1"


@pytest.mark.parametrize("workers", [1, 4, 16])
def test_all_rows_arrive_once_whatever_the_number_of_workers(journal, workers):
    with Controller() as c:
        done = push(c.url, journal, "users", users(60), workers=workers)
        assert c.at_once <= workers
        assert c.connections <= workers
    assert sorted(e.key for e in c.ledger) == sorted(f"U{n}" for n in range(60))
    assert set(done.states.values()) == {"pushed"}


def test_a_user_is_sent_where_it_is_not_as_last_accepted_or_where_a_person_says_again(journal):
    changed = users(2)
    changed[1]["first_name"] = "Other"
    with Controller() as c:
        push(c.url, journal, "users", users(2))
        assert push(c.url, journal, "users", changed).states == {0: "unchanged", 1: "pushed"}
        # Changed back: the last accepted record counts, not any.
        assert push(c.url, journal, "users", users(2)).states == {0: "unchanged", 1: "pushed"}
        done = push(c.url, journal, "users", users(2), again=True)
    assert done.states == {0: "pushed", 1: "pushed"}
    assert [e.key for e in c.ledger] == ["U0", "U1", "U1", "U1", "U0", "U1"]


def test_a_refused_row_keeps_code_and_sentence_and_is_sent_again_next_time(journal):
    with Controller({("U0", 1): Fault("answer", code=9019)}) as c:
        done = push(c.url, journal, "users", users(1))
        again = push(c.url, journal, "users", users(1))
    assert done.states == {0: "rejected"}
    assert done.outcomes[0].code == "9019"
    assert done.outcomes[0].message == "Invented message of 9019."
    assert again.states == {0: "pushed"}


def test_a_vehicle_whose_second_answer_is_lost_too_is_unknown_and_waits(journal):
    with Controller({("V0", 0): Fault("close")}) as c:
        done = push(c.url, journal, "vehicles", vehicles(1))
        again = push(c.url, journal, "vehicles", vehicles(1))
        assert c.requests == 2
    assert done.states == again.states == {0: "unknown"}


def test_a_permit_deleted_through_us_may_be_created_again(journal):
    with Controller() as c:
        first = push(c.url, journal, "permits", permits(1))
        number = first.outcomes[0].reference_id
        push(c.url, journal, "permit-deletes", [{"referenceID": number.upper()}])
        again = push(c.url, journal, "permits", permits(1))
    assert again.states == {0: "pushed"}
    assert c.applied("P0") == 2


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            9001,
            (
                "the request has no API token. Set OPSCOM_API_TOKEN, or name a file that only you can read "
                "as `token_file:` in opscom.yaml."
            ),
        ),
        (
            9034,
            (
                "the API token does not belong to this client code. Compare the client code (`client:` in "
                "opscom.yaml, OPSCOM_CLIENT or --client), the token (OPSCOM_API_TOKEN, or `token_file:` in "
                "opscom.yaml) and the host (`host:`, OPSCOM_HOST or --host) with what OPSCOM gave you; "
                "they must belong together."
            ),
        ),
    ],
    ids=["no token", "another client's token"],
)
def test_a_settings_code_stops_the_run_and_names_the_setting(journal, code, said):
    with Controller({("*", 0): Fault("answer", code=code)}) as c:
        done = push(c.url, journal, "users", users(5))
        assert c.requests == 1
    assert set(done.states.values()) == {"not sent"}
    assert done.outcomes[0].code == str(code)
    assert done.stopped == f"OPSCOM answers {code}: {said}"


@pytest.mark.parametrize(("make", "state"), [(users, "not sent"), (permits, "unknown")])
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_foreign_4xx_stops_the_run_and_leaves_a_permit_unknown(journal, status, make, state):
    fault = Fault("answer", status=status, body="<html>no</html>")
    with Controller({("*", 0): fault}) as c:
        done = push(c.url, journal, make.__name__, make(2))
        assert c.requests == 1
    assert list(done.states.values()) == [state, "not sent"]
    assert done.stopped == (
        f"The host answers HTTP {status} without an OPSCOM error code: "
        "most likely the client code or the host is wrong. Compare both with what OPSCOM gave you: "
        "`client:` and `host:` in opscom.yaml, OPSCOM_CLIENT and OPSCOM_HOST, --client and --host."
    )


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_stops_the_run(journal, status):
    with Controller() as stranger:
        fault = Fault("answer", status=status, headers={"Location": stranger.url})
        with Controller({("*", 0): fault}) as c:
            done = push(c.url, journal, "users", users(2))
        assert (c.requests, stranger.requests) == (1, 0)
    assert set(done.states.values()) == {"not sent"}


def test_a_wait_that_is_too_long_stops_the_run_instead(journal):
    fault = Fault("answer", status=429, headers={"Retry-After": "3600"}, body="")
    with Controller({("U0", 1): fault}) as c:
        done = push(c.url, journal, "users", users(2))
        assert c.requests == 1
    assert set(done.states.values()) == {"not sent"}
    assert done.stopped == (
        "OPSCOM asks to go more slowly (HTTP 429). OPSCOM asks to wait longer than a run may wait."
    )


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


def test_five_unknown_rows_in_a_row_stop_the_run(journal):
    with Controller({("*", 0): Fault("lost")}) as c:
        done = push(c.url, journal, "permits", permits(9))
        assert c.requests == 5
    assert list(done.states.values()).count("unknown") == 5
    assert list(done.states.values()).count("not sent") == 4
    assert done.stopped == (
        "The answers to 5 rows in a row were lost. Check your network and the host, or wait until "
        "OPSCOM answers again."
    )


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (
            9015,
            "Ask your OPSCOM administrator how the login sources are spelled and correct it in the mapping.",
        ),
        (9999, "Ask OPSCOM what the code means."),
    ],
)
def test_twenty_equal_rejections_stop_a_run_that_has_seen_no_acceptance(journal, code, remedy):
    with Controller({("*", 0): Fault("answer", code=code)}) as c:
        done = push(c.url, journal, "users", users(30))
        assert c.requests == 20
    assert done.stopped == (
        f"OPSCOM refused the first 20 rows with one and the same code ({code}): "
        f"most likely the whole file has this fault. {remedy}"
    )


def test_equal_rejections_after_an_acceptance_do_not_stop_a_run(journal):
    with Controller({("*", 0): Fault("answer", code=9015), ("U0", 1): Fault("late")}) as c:
        done = push(c.url, journal, "users", users(30))
        assert c.requests == 30
    assert done.stopped is None


def test_three_times_9003_in_a_row_stops_the_run(journal):
    with Controller({("*", 0): Fault("answer", code=9003)}) as c:
        done = push(c.url, journal, "users", users(9))
        assert c.requests == 3
    assert list(done.states.values()).count("rejected") == 3


def test_rows_never_tried_go_before_rows_that_were_rejected(journal):
    with Controller({("U0", 1): Fault("answer", code=9019)}) as c:
        push(c.url, journal, "users", users(1))
        done = push(c.url, journal, "users", users(3))
    assert done.order == [1, 2, 0]


def test_an_answer_that_was_on_disk_when_the_run_was_killed_is_read_by_the_next(journal):
    with Controller() as c:
        first = push(c.url, journal, "permits", permits(1))
        with sqlite3.connect(journal) as beside:
            beside.execute("UPDATE attempt SET state = 'answered', reference_id = NULL")
            beside.execute("UPDATE record SET settled = '', digest = '', unsettled = 1")
        beside.close()
        done = push(c.url, journal, "permits", permits(1))
        assert c.requests == 1
    assert done.states == {0: "unchanged"}
    assert done.outcomes[0].reference_id == first.outcomes[0].reference_id


def test_the_journal_holds_no_token_and_no_value_and_is_its_owners_alone(journal):
    fault = Fault("answer", body=json.dumps({"ErrorCode": 9033, "ErrorMessage": f"no: {TOKEN}"}))
    with Controller({("U1", 1): fault}) as c:
        done = push(c.url, journal, "users", users(2, last_name="Canaryname"))
    raw = b"".join(path.read_bytes() for path in journal.parent.iterdir())
    assert TOKEN.encode() not in raw
    assert b"Canaryname" not in raw
    assert done.outcomes[1].message == "no: [API token]"
    if hasattr(__import__("os"), "getuid"):
        assert all(path.stat().st_mode & 0o077 == 0 for path in journal.parent.iterdir())
