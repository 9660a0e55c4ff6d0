"""A foreign OPSCOM controller for tests: real sockets, hand-written HTTP/1.1, faults by plan, a ledger.

It shares nothing with the importer, its sandbox or a web framework, so that one misunderstanding
cannot hide another. The ledger is the truth that tests compare the importer's words with::

    with Controller({("A1", 1): Fault("lost")}) as controller:
        push(controller.url)
        assert controller.applied("A1") == 1

A plan maps (row key, attempt) to a fault. The row key is the ``unique_id`` of a user, the plate of a
vehicle, the permit number (else the plate) of a permit, the reference id of an update or delete, the
plate of a plate query, and the call itself of the others. Attempts count from 1 for each call and key;
attempt 0 means every attempt, the key ``*`` every row. ``("#request", n)`` is the n-th request in order
of arrival, ``("#connection", n)`` the n-th connection: these hit before the row is known.

As a process: ``python tests/controller.py --plan plan.json --ledger ledger.jsonl`` prints its address
and appends one JSON object a request to the ledger, flushed before a byte of the answer leaves.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from controller_records import Records, error, row_key
from controller_wire import Connection

APPLIED_BY_DEFAULT = {
    "answer": False,  # ``status``, ``headers`` and ``body``, or the error of ``code``
    "bad-json": False,  # 200 with JSON that ends too early, its length right
    "close": False,  # no byte of an answer, an orderly end
    "cut-body": True,  # the answer ends in the middle of its body
    "cut-headers": True,  # the answer ends in the middle of its headers
    "drip": True,  # the answer byte by byte, ``seconds`` between two
    "empty": False,  # 200 without a body
    "hang": False,  # never an answer, until one side goes
    "hold": True,  # the answer after ``release`` was called
    "html": False,  # 200 with an HTML page
    "idle-close": True,  # a whole answer that promises to keep the connection, then its end
    "late": True,  # the answer after ``seconds``
    "lost": True,  # carried out, then an orderly end without a byte of an answer
    "raw": True,  # ``body`` byte for byte (latin-1), status line and all, then the end
    "refuse": True,  # a whole answer, then nobody listens until ``listen`` is called
    "reset": False,  # a reset; before reading, where the plan names a request or connection
    "reset-in-body": False,  # a reset with half of the body unread (as in ``reset``)
    "stale": False,  # ``close``, but only on a connection that has answered before
}
"""What can go wrong, and whether the request is carried out unless the fault says otherwise."""

Plan = dict[tuple[str, int], "Fault"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    kind: str
    applied: bool | None = None
    """Whether the request is carried out; ``None`` for what the kind says."""
    status: int = 200
    code: int = 0
    """The ``ErrorCode`` of an ``answer``."""
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def __post_init__(self):
        if self.kind not in APPLIED_BY_DEFAULT:
            raise ValueError(f"{self.kind} is no fault.")

    @property
    def applies(self):
        return APPLIED_BY_DEFAULT[self.kind] if self.applied is None else self.applied


@dataclass(frozen=True, slots=True)
class Entry:
    """One request, as the controller saw it."""

    number: int
    connection: int
    call: str
    """The path after the client code, ``profiles/push`` say; empty where it was not read."""
    path: str
    key: str
    attempt: int
    body: dict | None
    """The JSON object received; ``None`` where it was not read or is none."""
    raw: bytes
    headers: dict[str, str]
    """Names in lower case."""
    fault: str
    """The kind of the fault, empty for none; ``gone`` where the client left within its request."""
    applied: bool
    reference_id: str
    at: float
    """``time.monotonic`` when the request was read."""

    def line(self):
        return json.dumps({**asdict(self), "raw": self.raw.decode("utf-8", "replace")})


class Controller:
    """A controller on a free port, with one thread a connection."""

    def __init__(self, plan=None, *, latency=0.0, port=0, ledger_file=None):
        """Take a plan (it may be changed while the controller runs) and what every answer waits for.

        Args:
            plan: See the top of this file.
            latency: Seconds between a request and its answer.
            port: 0 takes any free one.
            ledger_file: Where to append a line for each entry.
        """
        self.plan = dict(plan or {})
        self.records = Records()
        self.connections = 0
        self.requests = 0
        self.at_once = 0
        """The most requests that were in hand at one time."""
        self._latency = latency
        self._port = port
        self._ledger_file = ledger_file
        self._lock = threading.Lock()
        self._ledger = []
        self._attempts = {}
        self._in_hand = 0
        self._open = {}
        self._closing = threading.Event()
        self._released = threading.Event()
        self._written = threading.Condition(self._lock)
        self._listener = None
        self._acceptor = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}"

    @property
    def ledger(self):
        """All entries so far, in the order in which they were decided."""
        with self._lock:
            return tuple(self._ledger)

    def entries(self, key):
        return [entry for entry in self.ledger if entry.key == key]

    def applied(self, key):
        """How often something was carried out for this row key."""
        return sum(entry.applied for entry in self.entries(key))

    def wait_for(self, requests, timeout=10):
        """Wait until the ledger holds so many requests; return it."""
        with self._written:
            if not self._written.wait_for(lambda: len(self._ledger) >= requests, timeout):
                raise TimeoutError(f"{len(self._ledger)} of {requests} requests came.")
            return tuple(self._ledger)

    def release(self):
        """Let go every answer that is held, and hold none from now on."""
        self._released.set()

    def listen(self):
        """Listen (again), on the same port as before."""
        listener = socket.socket()
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(128)
        listener.settimeout(0.02)
        self._port = listener.getsockname()[1]
        self._listener = listener
        self._acceptor = threading.Thread(target=self._accept, args=(listener,), daemon=True)
        self._acceptor.start()

    def refuse(self):
        """Stop listening: connections are refused until ``listen``. Open ones stay."""
        self._listener, acceptor = None, self._acceptor
        if acceptor is not None:
            acceptor.join()

    def close(self):
        self._closing.set()
        self.release()
        self.refuse()
        with self._lock:
            connections = list(self._open.items())
        for sock, _thread in connections:
            _end(sock.shutdown, socket.SHUT_RDWR)
        for _sock, thread in connections:
            thread.join(10)

    def __enter__(self):
        self.listen()
        return self

    def __exit__(self, *_exc):
        self.close()

    def _accept(self, listener):
        with listener:
            while self._listener is listener:
                try:
                    sock, _address = listener.accept()
                except TimeoutError:
                    continue
                except OSError:
                    return
                sock.settimeout(None)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self.connections += 1
                    serve = Connection(self, sock, self.connections).serve
                    thread = threading.Thread(target=serve, daemon=True)
                    self._open[sock] = thread
                thread.start()

    def fault_of(self, *keys):
        return next((self.plan[key] for key in keys if key in self.plan), None)

    def begin(self):
        """Count a request whose first byte is here."""
        with self._lock:
            self.requests += 1
            self._in_hand += 1
            self.at_once = max(self.at_once, self._in_hand)
            return self.requests

    def end(self):
        with self._lock:
            self._in_hand -= 1

    def decide(self, number, connection, request, fault, reused):
        """Carry a request out or not, write it down, and return (fault, answer).

        ``request`` is ``None`` where it was not read.
        """
        with self._lock:
            call, body, key, attempt = "", None, "", 0
            if request is not None:
                call, body = request.call, request.body
                key = row_key(call, body)
                attempt = self._attempts[call, key] = self._attempts.get((call, key), 0) + 1
                fault = fault or self.fault_of((key, attempt), (key, 0), ("*", attempt), ("*", 0))
                if fault is not None and fault.kind == "stale" and not reused:
                    fault = None
            answer, applied = error(9003), False
            if body is not None and (fault is None or fault.applies):
                answer, applied = self.records.apply(call, body)
            identity = next(
                (answer[n] for n in ("reference_id", "vehicle_id_id") if n in answer), ""
            )
            entry = Entry(
                *(number, connection, call, request.path if request else "", key, attempt, body),
                *(request.raw if request else b"", request.headers if request else {}),
                *(fault.kind if fault else "", applied, str(identity), time.monotonic()),
            )
            self._write(entry)
        return fault, answer

    def note_gone(self, number, connection):
        """Write down a request that the client did not finish."""
        with self._lock:
            self._write(
                Entry(
                    number,
                    connection,
                    "",
                    "",
                    "",
                    0,
                    None,
                    b"",
                    {},
                    "gone",
                    False,
                    "",
                    time.monotonic(),
                )
            )

    def _write(self, entry):
        self._ledger.append(entry)
        self._written.notify_all()
        if self._ledger_file is not None:
            with Path(self._ledger_file).open("a", encoding="utf-8") as file:
                file.write(entry.line() + "\n")

    def forget(self, sock):
        with self._lock:
            self._open.pop(sock, None)

    def pause(self, seconds):
        if seconds > 0:
            self._closing.wait(seconds)

    def wait(self, fault):
        self.pause(self._latency + (fault.seconds if fault and fault.kind == "late" else 0))
        if fault is not None and fault.kind == "hold":
            self._released.wait()


def _end(act, *arguments):
    try:
        act(*arguments)
    except OSError:
        return


def read_plan(text):
    """Read a plan from JSON: a list of objects with ``key``, ``attempt`` and what ``Fault`` takes."""
    plan = {}
    for fault in json.loads(text):
        moment = fault.pop("key"), fault.pop("attempt")
        plan[moment] = Fault(**fault)
    return plan


def main():
    parser = argparse.ArgumentParser(description="A foreign OPSCOM controller for tests.")
    parser.add_argument("--plan", type=Path)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    options = parser.parse_args()
    plan = read_plan(options.plan.read_text(encoding="utf-8")) if options.plan else {}
    settings = {"latency": options.latency, "port": options.port, "ledger_file": options.ledger}
    with Controller(plan, **settings) as controller:
        sys.stdout.write(controller.url + "\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
