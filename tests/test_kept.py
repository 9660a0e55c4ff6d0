"""Rows that follow one another on a kept connection."""

import socket
import threading
import time

import pytest

from importer.delivery.answers import Unreadable, read_answer
from importer.delivery.line import Line
from importer.delivery.wire import Watchdog

BODY = b'{"status": "success", "reference_id": "77"}'
SIZED = b"Content-Length: %d\r\n" % len(BODY)
OK = b"HTTP/1.1 200 OK\r\n"
GOOD = OK + SIZED + b"\r\n" + BODY


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


@pytest.fixture
def watchdog():
    dog = Watchdog()
    yield dog
    dog.close()


def ask(watchdog, *answers, timeout=5.0, drips=0.0):
    """Send a row for each answer over one line; return the last reply, the requests, the connections."""
    with Host(*answers, drips=drips) as host:
        line = Line(host.url, timeout=timeout, watchdog=watchdog)
        replies = [line.send({"unique_id": "1", "city": "Orléans"}) for _ in answers]
        line.close()
    return replies[-1], host.requests, host.connections


@pytest.mark.parametrize("before", [(), (GOOD, GOOD)], ids=["new", "kept"])
@pytest.mark.parametrize(
    "head",
    [OK + b"Content-Length: 9999\r\n\r\n", OK + b"Connection: close\r\n\r\n", OK, b""],
    ids=["body", "body-until-it-closes", "head", "nothing"],
)
def test_an_answer_that_drips_ends_when_the_time_of_its_row_is_over(watchdog, before, head):
    started = time.monotonic()
    reply, _, connections = ask(watchdog, *before, head, timeout=0.4, drips=0.05)
    assert time.monotonic() - started < 3
    assert read_answer(reply.body) == Unreadable()
    assert connections == 1
