"""The sandbox as an object: start, addresses, end; and how it misbehaves when it is asked to."""

import json
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from rehearsing import LEAST, calling

from importer.errors import UsageError
from importer.sandbox.controller import parse_fault
from importer.sandbox.server import Sandbox


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal on Windows")
def test_serving_says_how_to_rehearse_and_ends_at_ctrl_c(desk):
    with desk.start("sandbox", "--port", "0", "--json") as process:
        url = json.loads(process.stdout.readline())["url"]
        assert [process.stderr.readline() for _ in range(3)] == [
            f"An OPSCOM to rehearse with is at {url}. Ctrl-C ends it.\n",
            f"Rehearse with: opscom-import push --host {url} --client SANDBOX\n",
            f"Its records are in {desk.folder / 'sandbox.sqlite'}.\n",
        ]
        assert requests.get(url, timeout=100).status_code == 404
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=100) == ("", "")


def test_a_port_that_is_taken_is_named(tmp_path):
    with Sandbox(None) as sandbox:
        port = int(sandbox.url.rsplit(":", 1)[1])
        with pytest.raises(UsageError) as caught:
            Sandbox(tmp_path / "sandbox.sqlite", port=port)
    assert str(caught.value) == (
        f"The sandbox cannot listen on port {port} of 127.0.0.1. "
        "Choose another port; 0 takes any free one."
    )


# Faults


def post(client):
    return client.post("permits/push", LEAST["permits/push"])


NONE = ["", "501", "lost:7", "lost:row=0", "lost:row=x", "lost:every="]


@pytest.mark.parametrize("text", NONE, ids=repr)
def test_a_text_that_is_not_a_fault_is_refused_with_the_way_to_write_one(text):
    with pytest.raises(UsageError) as caught:
        parse_fault(text)
    assert str(caught.value) == (
        f'"{text}" is not a fault of the sandbox. '
        "Write one of 500, 429, close, html, lost, slow, then :every=N or :row=N; "
        "slow and 429 also take :seconds=N."
    )


@pytest.mark.parametrize(
    ("texts", "statuses", "header"),
    [
        ("500:row=2", [200, 500, 200], None),
        ("429:row=2:seconds=7", [200, 429, 200], "7"),
        ("html:row=2", [200, 200, 200], None),
        ("500:every=2", [200, 500, 200, 500], None),
        ("500:every=2 429:row=2", [200, 429, 200, 500], "1"),
        ("500:row=2:every=3", [200, 500, 500], None),
    ],
)
def test_a_page_comes_instead_of_an_answer_and_nothing_is_stored(texts, statuses, header):
    with calling(Sandbox(None, faults=[parse_fault(text) for text in texts.split()])) as client:
        answers = [post(client) for _ in statuses]
        assert [answer.status_code for answer in answers] == statuses
        assert answers[1].text.startswith("<!DOCTYPE html>")
        assert answers[1].headers.get("Retry-After") == header
        pages = sum(answer.text.startswith("<!DOCTYPE html>") for answer in answers)
        assert len(client.records("permits")) == len(statuses) - pages


@pytest.mark.parametrize(("kind", "kept"), [("close", 0), ("lost", 1)], ids=str)
def test_a_connection_that_ends_without_an_answer_tells_nothing_of_what_was_done(kind, kept):
    with calling(Sandbox(None, faults=[parse_fault(f"{kind}:row=1")])) as client:
        with pytest.raises(requests.ConnectionError):
            post(client)
        assert len(client.records("permits")) == kept


def test_a_slow_answer_is_carried_out_before_it_is_late_and_closing_ends_its_wait():
    slow = Sandbox(None, faults=[parse_fault("slow:seconds=6000")])
    with calling(slow) as client, ThreadPoolExecutor(1) as pool:
        call = pool.submit(post, client)
        while not client.records("permits"):
            assert not call.done()
        slow.close()
        call.exception()  # An answer or an end of the connection: the wait is over.
