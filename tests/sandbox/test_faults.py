"""The sandbox misbehaves when and how it is asked to, and its records tell what was carried out."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from controller import records_of

from importer.errors import UsageError
from importer.sandbox import Sandbox, parse_fault
from importer.sandbox.faults import Fault

PERMIT = {
    "plate": "PL8RDR",
    "startTime": "2026-09-01T00:00:00",
    "endTime": "2026-09-02T00:00:00",
}


def post(session, sandbox):
    url = f"{sandbox.url}/api/OC_TEST/v1/permits/push"
    return session.post(url, json={"apiToken": "token", **PERMIT}, timeout=6000)


@pytest.fixture
def session():
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("500:every=10", Fault("500", every=10), id="every"),
        pytest.param("lost:row=7", Fault("lost", row=7), id="row"),
        pytest.param("close", Fault("close", every=1), id="always"),
        pytest.param("html:row=1:every=5", Fault("html", every=5, row=1), id="both"),
        pytest.param("slow:row=3:seconds=90", Fault("slow", row=3, seconds=90), id="slow"),
        pytest.param("slow", Fault("slow", every=1, seconds=5), id="slow-default"),
        pytest.param(" 429:every=2 ", Fault("429", every=2, seconds=1), id="429-default"),
    ],
)
def test_a_fault_is_read_from_text(text, expected):
    assert parse_fault(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "501",
        "lost:7",
        "lost:row=0",
        "lost:row=-1",
        "lost:row=x",
        "lost:every=",
        "500:seconds=3",
    ],
    ids=repr,
)
def test_a_text_that_is_not_a_fault_is_refused_with_the_way_to_write_one(text):
    with pytest.raises(UsageError) as caught:
        parse_fault(text)
    assert str(caught.value) == (
        f'"{text}" is not a fault of the sandbox. '
        "Write one of 500, 429, close, html, lost, slow, then :every=N or :row=N; "
        "slow and 429 also take :seconds=N."
    )


@pytest.mark.parametrize(
    ("text", "status", "header"),
    [
        pytest.param("500:row=2", 500, None, id="500"),
        pytest.param("429:row=2:seconds=7", 429, "7", id="429"),
        pytest.param("html:row=2", 200, None, id="html"),
    ],
)
def test_a_page_comes_instead_of_an_answer_and_nothing_is_stored(session, text, status, header):
    with Sandbox(None, faults=[parse_fault(text)]) as sandbox:
        answers = [post(session, sandbox) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, status, 200]
        assert answers[1].text.startswith("<!DOCTYPE html>")
        assert answers[1].headers.get("Retry-After") == header
        assert len(records_of(sandbox, "permits")) == 2


@pytest.mark.parametrize(("kind", "kept"), [("close", 0), ("lost", 1)], ids=str)
def test_a_connection_that_ends_without_an_answer_tells_nothing_of_what_was_done(
    session, kind, kept
):
    with Sandbox(None, faults=[parse_fault(f"{kind}:row=1")]) as sandbox:
        with pytest.raises(requests.ConnectionError):
            post(session, sandbox)
        assert len(records_of(sandbox, "permits")) == kept


def test_every_third_request_is_hit(session):
    with Sandbox(None, faults=[parse_fault("500:every=3")]) as sandbox:
        statuses = [post(session, sandbox).status_code for _ in range(7)]
    assert statuses == [200, 200, 500, 200, 200, 500, 200]


def test_a_request_that_is_named_goes_before_every_other_one(session):
    faults = [parse_fault("500:every=2"), parse_fault("429:row=2")]
    with Sandbox(None, faults=faults) as sandbox:
        statuses = [post(session, sandbox).status_code for _ in range(4)]
    assert statuses == [200, 429, 200, 500]


def test_the_delay_lies_between_every_request_and_its_answer(session):
    with Sandbox(None, delay=0.05) as sandbox:
        began = time.monotonic()
        post(session, sandbox)
        assert time.monotonic() - began >= 0.05


def test_a_slow_answer_is_carried_out_before_it_is_late_and_closing_ends_its_wait(session):
    with (
        Sandbox(None, faults=[parse_fault("slow:seconds=6000")]) as sandbox,
        ThreadPoolExecutor(1) as pool,
    ):
        call = pool.submit(post, session, sandbox)
        while not records_of(sandbox, "permits"):
            assert not call.done()
        sandbox.close()
        call.exception()  # An answer or an end of the connection: the wait is over.
