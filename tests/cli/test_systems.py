"""Which OPSCOM a run goes to: a client code or a host that the journal does not know is a question."""

import sqlite3

import pytest
from commanding import CLIENT, permit
from controller import Controller

HINT = (
    " Nobody is here to say whether that is the same OPSCOM. Give `push` --same-system (what was "
    "sent there counts here) or --new-system (it does not)."
)


@pytest.fixture
def pushed(desk):
    """Three permits pushed under the client code of the settings."""
    desk.table("permits.csv", [permit(number) for number in range(3)])
    desk.push("permits.csv", code=0)
    return desk


def asked(desk, client, how):
    return f"OC_TEST was pushed to {desk.url} before, and now the client code is {client}{how}."


@pytest.mark.parametrize("client", ["oc-TEST", "OCTEST", "OC_OTHER"])
def test_a_client_code_that_is_new_creates_nothing_before_somebody_says_whose_it_is(
    pushed, controller, client
):
    like = ", which differs only in dashes, underscores or capitals"
    question = asked(pushed, client, "" if client == "OC_OTHER" else like)
    told = pushed.push("permits.csv", "--client", client, code=2)
    assert told["error"] == f"{question}{HINT}"
    told = pushed.do("settle", pushed.results("permits"), "--client", client, code=2)
    assert told["error"] == f"{question}{HINT}"
    told = pushed.do("check", "permits.csv", "--client", client, code=0)
    assert told["files"][0]["states"] == {"ready": 3}
    ask = "A push asks whether that is the same OPSCOM; here all rows count as new."
    assert told["notes"] == [f"{question} {ask}"]
    assert pushed.do("check", "permits.csv", code=0)["notes"] == []
    assert controller.requests == 3


@pytest.mark.parametrize(
    ("how", "states"),
    [("--same-system", "3 unchanged"), ("--new-system", "3 pushed"), ("y", "3 unchanged"), ("n", "3 pushed")],
)  # fmt: skip
def test_what_a_person_says_of_a_new_client_code_is_known_from_then_on(
    pushed, controller, monkeypatch, how, states
):
    call = pushed.calling(monkeypatch)
    new = ("push", "permits.csv", "--yes", "--client", "OC-TEST", "--results", "other")
    asked = how in "yn"
    done = call(*new, typed=[how]) if asked else call(*new, how)
    question = "Is that the same OPSCOM, so that what was sent there counts?"
    like = f"differs only in dashes, underscores or capitals.\n{question}"
    assert (done.code, states in done.err, like in done.err) == (0, True, asked)
    assert call(*new).code == 0
    assert controller.requests == (6 if states == "3 pushed" else 3)


def test_a_client_code_of_which_nothing_was_sent_yet_is_still_a_question(pushed, controller):
    wrong = pushed.table("wrong.csv", [permit(number) | {"From": "never"} for number in range(3)])
    new = ("--mapping", "permits.yaml", "--client", "OC-TEST", "--new-system")
    pushed.push(wrong, *new, code=1)
    told = pushed.push("permits.csv", "--client", "OC-TEST", code=2)
    assert "now the client code is OC-TEST" in told["error"]
    assert controller.requests == 3


# Hosts


NEW, OLD = "https://new.invalid", "https://old.invalid"


@pytest.fixture
def moved(pushed):
    """Three permits of which the journal believes that they went to another host."""
    journal = sqlite3.connect(pushed.journal)
    with journal:
        journal.execute("UPDATE address SET host = ?", (OLD,))
    journal.close()
    return pushed


def test_a_new_host_for_a_known_client_code_is_a_question_that_yes_does_not_answer(moved):
    question = f"{CLIENT} was pushed to {OLD} before, and now the host is {NEW}.{HINT}"
    assert moved.push("permits.csv", "--host", NEW, code=2)["error"] == question
    # What was said once is known from then on.
    for more in ("--same-system", "--keep"):
        done = moved.push("permits.csv", "--host", NEW, more, code=0)
        assert done["files"][0]["states"] == {"unchanged": 3}


def test_loopback_never_asks_for_a_host_and_shares_nothing(moved, controller, tmp_path):
    with Controller() as other:
        new = ("--host", other.url, "--results", tmp_path / "other")
        done = moved.push("permits.csv", *new, code=0)
        assert done["files"][0]["states"] == {"pushed": 3}
        assert (other.requests, controller.requests) == (3, 3)


def test_loopback_is_the_same_system_where_a_person_says_so(pushed):
    with Controller() as other:
        for more in ("--same-system", "--keep"):
            done = pushed.push("permits.csv", "--host", other.url, more, code=0)
            assert done["files"][0]["states"] == {"unchanged": 3}
        assert other.requests == 0


def test_what_a_check_wrote_about_one_system_says_nothing_in_another(pushed, tmp_path):
    """Of results neither a check nor a push there takes anything."""
    pushed.do("check", "permits.csv", code=0)
    checked, results = pushed.folder / "results" / "permits-checked.xlsx", pushed.results("permits")
    with Controller() as other:
        there = ("--host", other.url, "--results", tmp_path / "other")
        said = pushed.do("check", results, *there, code=5)["files"][0]["error"]
        assert said == pushed.push(results, *there, code=5)["files"][0]["error"]
        assert "and this run goes to another OPSCOM: its ids and states say nothing there." in said
        assert pushed.push(checked, *there, code=0)["files"][0]["states"] == {"pushed": 3}
        assert other.requests == 3
