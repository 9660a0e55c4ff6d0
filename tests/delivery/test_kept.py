"""A row that follows on a kept connection is sent and answered exactly like the first one on it."""

import gzip
import socket
import threading
import time

import pytest

from importer.delivery.answers import Unreadable, read_answer
from importer.delivery.http import ANSWER_LIMIT, Connection

BODY = b'{"status": "success", "reference_id": "77"}'
SIZED = b"Content-Length: %d\r\n" % len(BODY)
OK = b"HTTP/1.1 200 OK\r\n"
GOOD = OK + SIZED + b"\r\n" + BODY
LONG = b"{" + b" " * ANSWER_LIMIT + b"}"


def chunked(body):
    return OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%s\r\n" % (len(body), body)


def zipped(body):
    packed = gzip.compress(body)
    return OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed


ANSWERS = {
    "whole": GOOD,
    "chunked": chunked(BODY) + b"0\r\n\r\n",
    "gzip": zipped(BODY),
    "until-it-closes": OK + b"Connection: close\r\n\r\n" + BODY,
    "old-http": b"HTTP/1.0 200 OK\r\n" + SIZED + b"\r\n" + BODY,
    "continue-first": b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD,
    "told-to-wait": b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "cookie": OK + b"Set-Cookie: a=b\r\n" + SIZED + b"\r\n" + BODY,
    "no-content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "too-long": OK + b"Content-Length: %d\r\n\r\n" % len(LONG) + LONG,
    "nothing": b"",
    "cut-in-status": b"HTTP/1.1 2",
    "cut-in-head": OK + b"Content-Le",
    "cut-in-body": OK + SIZED + b"\r\n" + BODY[:9],
    "cut-in-chunk": chunked(BODY)[:-20],
    "no-last-chunk": chunked(BODY),
    "cut-in-gzip": zipped(BODY)[:-12],
    "bad-gzip": OK + b"Content-Encoding: gzip\r\n" + SIZED + b"\r\n" + BODY,
    "no-http": b"220 mail.example ESMTP\r\n",
    "bad-length": OK + b"Content-Length: x\r\n\r\n" + BODY,
}


class Host(threading.Thread):
    """Answers one request after the other with given bytes, then closes the connection."""

    def __init__(self, *answers, drips=0.0):
        super().__init__(daemon=True)
        self._answers = answers
        self._drips = drips
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/api/OC-X/v1/push"
        self.connections = 0
        self.requests = []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._listener.close()
        self.join(5)

    def run(self):
        self._listener.settimeout(5)
        left = list(self._answers)
        while left:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with sock:
                sock.settimeout(5)
                self._serve(sock, left)

    def _serve(self, sock, left):
        try:
            while left:
                self.requests.append(_read(sock))
                answer = left.pop(0)
                sock.sendall(answer)
                while not left and self._drips:
                    time.sleep(self._drips)
                    sock.sendall(b" ")
                if answer != GOOD:
                    return
        except OSError:
            return


def _read(sock):
    data = b""
    while not data.endswith(b"}"):
        more = sock.recv(65536)
        if not more:
            raise ConnectionError
        data += more
    return data


def ask(*answers, timeout=5.0, drips=0.0):
    """Send a row for each answer over one connection; return the last reply, the requests, the connections."""
    with Host(*answers, drips=drips) as host:
        connection = Connection(host.url, timeout=timeout, whole=True)
        replies = [connection.send({"unique_id": "1", "city": "Orléans"}) for _ in answers]
        connection.close()
    return replies[-1], host.requests, host.connections


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_means_the_same_on_a_new_and_on_a_kept_connection(answer):
    first, _, _ = ask(answer)
    later, _, connections = ask(GOOD, GOOD, answer)
    assert later == first
    assert connections == 1


def test_a_request_is_the_same_on_a_new_and_on_a_kept_connection():
    _, requests, connections = ask(GOOD, GOOD, GOOD)
    assert connections == 1
    heads = []
    for request in requests:
        head, body = request.split(b"\r\n\r\n")
        assert body == '{"unique_id": "1", "city": "Orléans"}'.encode()
        line, *fields = head.split(b"\r\n")
        assert line == b"POST /api/OC-X/v1/push HTTP/1.1"
        heads.append({name.lower(): value for name, value in (f.split(b": ") for f in fields)})
        assert len(heads[-1]) == len(fields)
    assert heads[0] == heads[1] == heads[2]
    assert heads[0].keys() == {
        *(b"host", b"content-type", b"accept", b"accept-encoding"),
        *(b"connection", b"user-agent", b"content-length"),
    }


@pytest.mark.parametrize("before", [(), (GOOD, GOOD)], ids=["new", "kept"])
@pytest.mark.parametrize(
    "head",
    [OK + b"Content-Length: 9999\r\n\r\n", OK + b"Connection: close\r\n\r\n", OK, b""],
    ids=["body", "body-until-it-closes", "head", "nothing"],
)
def test_an_answer_that_drips_ends_when_the_time_of_its_row_is_over(before, head):
    reply, _, connections = ask(*before, head, timeout=0.4, drips=0.05)
    assert read_answer(reply.body) == Unreadable()
    assert connections == 1


@pytest.mark.parametrize("answer", ["nothing", "cut-in-body", "until-it-closes", "too-long"])
def test_after_such_an_answer_the_next_row_opens_a_connection_of_its_own(answer):
    reply, _, connections = ask(GOOD, ANSWERS[answer], GOOD)
    assert reply.body == BODY
    assert connections == 2
