"""The sandbox as an object: an OPSCOM controller on a port of this machine."""

from __future__ import annotations

import json
import os
import socket
import socketserver
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from importer.errors import SettingsError, UsageError
from importer.sandbox.connection import Connection, Request, Response
from importer.sandbox.controller import Call
from importer.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from importer.sandbox.faults import Fault, Plan
    from importer.sandbox.pages import Answer

_HOST = "127.0.0.1"
"""It answers this machine alone, because it keeps what is pushed to it."""
_POLL_SECONDS = 0.02


class Sandbox:
    """An OPSCOM controller on this machine to rehearse and to test with, one system for all client codes.

    ``with Sandbox(workspace / "sandbox.sqlite") as sandbox: push_to(sandbox.url)``
    """

    def __init__(
        self,
        store_path: Path | None,
        *,
        port: int = 0,
        delay: float = 0.0,
        plan: Plan | None = None,
    ) -> None:
        """Describe a sandbox; ``start`` opens it.

        Args:
            store_path: The SQLite file that keeps the records, made where it is missing; ``None`` keeps
                them in memory until ``close``.
            port: 0 takes any free one.
            delay: Seconds between what is done and its answer, for every request.
            plan: What goes wrong, and with which requests; it may be changed at any time.
        """
        self.plan: Plan = dict(plan or {})
        self.connections = self.requests = 0
        self.at_once = 0
        """The most requests that were in hand at one time."""
        self._store_path, self._port, self._delay = store_path, port, delay
        self._store: Store | None = None
        self._listener: Listener | None = None
        self._lock = threading.RLock()
        self._open: set[socket.socket] = set()
        self._ended = threading.Condition(self._lock)
        self._attempts: Counter[tuple[str, str]] = Counter()
        self._in_hand = 0
        self._closing, self._released = threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        """The address to push to, ``http://127.0.0.1:49152`` say."""
        return f"http://{_HOST}:{self._port}"

    @property
    def store(self) -> Store:
        """What is remembered, between ``start`` and ``close``."""
        if self._store is None:
            raise SettingsError("The sandbox is not running.", hint="Start it first.")
        return self._store

    def records(self, kind: str) -> list[dict[str, str]]:
        """Return all ``users``, ``vehicles`` or ``permits``, in the order of creation.

        One dict a record: ``reference_id``, then the filled fields under the first of the vendor's possible
        names. The token is not among them.
        """
        return [
            {"reference_id": key if kind == "permits" else str(number), **body}
            for key, number, body in self.store.all(kind)
        ]

    def start(self) -> Self:
        """Open the store and listen.

        Raises:
            SettingsError: The store cannot be used.
            UsageError: The port is taken.
        """
        self._closing.clear()
        self._released.clear()
        self._store = Store(self._store_path)
        try:
            self.listen()
        except OSError as error:
            self.close()
            raise UsageError(
                f"The sandbox cannot listen on port {self._port} of {_HOST}.",
                hint="Choose another port; 0 takes any free one.",
            ) from error
        return self

    def listen(self) -> None:
        """Listen (again), on the same port as before."""
        listener = Listener(self, self._port)
        self._port = int(listener.server_address[1])
        self._listener = listener
        serve, poll = listener.serve_forever, (_POLL_SECONDS,)
        threading.Thread(target=serve, args=poll, name="sandbox", daemon=True).start()

    def refuse(self) -> None:
        """Stop listening: connections are refused until ``listen``. Open ones stay."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown()
            listener.server_close()

    def release(self) -> None:
        """Let go every answer that is held, and hold none from now on."""
        self._released.set()

    def close(self) -> None:
        """Stop listening, end every connection and close the store; harmless a second time."""
        self._closing.set()
        self.release()
        self.refuse()
        with self._ended:
            for sock in self._open:
                _end(sock)
            self._ended.wait_for(lambda: not self._open, 10)
        if self._store is not None:
            self._store.close()
            self._store = None

    def serve_forever(self) -> None:
        """Return when another thread calls ``close`` or a person presses Ctrl-C.

        Call it between ``start`` and ``close``, or inside the ``with``.
        """
        try:
            # In slices: on Windows an endless wait does not hear Ctrl-C.
            while not self._closing.wait(0.5):
                pass
        except KeyboardInterrupt:
            return

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    # What connections ask.

    @contextmanager
    def connected(self, sock: socket.socket) -> Iterator[int]:
        """Count a connection while it is open; give its number."""
        with self._lock:
            self._open.add(sock)
            self.connections += 1
            number = self.connections
            if self._closing.is_set():
                _end(sock)
        try:
            yield number
        finally:
            with self._ended:
                self._open.discard(sock)
                self._ended.notify_all()

    @contextmanager
    def in_hand(self) -> Iterator[int]:
        """Count a request whose first byte is here; give its number."""
        with self._lock:
            self.requests += 1
            self._in_hand += 1
            self.at_once = max(self.at_once, self._in_hand)
            number = self.requests
        try:
            yield number
        finally:
            with self._lock:
                self._in_hand -= 1

    def fault_of(self, *keys: tuple[str, int]) -> Fault | None:
        """Return the fault that the plan has for the first of these keys that it knows."""
        return next((self.plan[key] for key in keys if key in self.plan), None)

    def early_fault(self, number: int) -> Fault | None:
        """Return the fault that hits the request of that number before its row is known."""
        every = [(k, n) for k, n in self.plan.copy() if k == "#every" and number % n == 0]
        return self.fault_of(("#request", number), *every)

    def pause(self, seconds: float) -> None:
        """Wait, but not longer than until the sandbox closes."""
        if seconds > 0:
            self._closing.wait(seconds)

    def wait(self, fault: Fault | None) -> None:
        """Wait between what is done and its answer, as delay and fault say."""
        late = fault.seconds if fault is not None and fault.kind == "late" else 0.0
        self.pause(self._delay + late)
        if fault is not None and fault.kind == "hold":
            self._released.wait()

    def decide(
        self,
        number: int,
        connection: int,
        request: Request | None,
        fault: Fault | None,
        answered: int,
    ) -> tuple[Fault | None, Response]:
        """Carry a request out or not, note it, and return the fault and the answer.

        Args:
            number: Of the request.
            connection: Its number.
            request: ``None`` where it was not read.
            fault: What hits it before its row is known.
            answered: How many requests the connection has answered before.
        """
        with self._lock:
            call = Call.of(request or Request("", "", {}, b""))
            attempt, response, done = 0, Response(json.dumps({"ErrorCode": 9003})), None
            if request is not None:
                key = call.key
                self._attempts[call.name, key] += 1
                attempt = self._attempts[call.name, key]
                fault = fault or self.fault_of((key, attempt), (key, 0), ("*", attempt), ("*", 0))
                if fault is not None and fault.kind == "stale" and not answered:
                    fault = None
                if fault is None or fault.applies:
                    response, done = call.respond(self.store)
            self.note((number, connection, attempt), call, fault, done)
        return fault, response

    def note(
        self,
        numbers: tuple[int, int, int],
        call: Call,
        fault: Fault | None,
        done: Answer | None,
    ) -> None:
        """Take what was decided, before a byte of the answer leaves; a rehearsal keeps nothing of it.

        ``numbers`` are those of the request, of its connection, and of the attempt for its row; ``done`` is
        the answer, where the request was carried out.
        """


class Listener(socketserver.ThreadingTCPServer):
    """Listens on a port, with a thread for each connection."""

    allow_reuse_address = os.name != "nt"
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox, port: int) -> None:
        """Bind the port.

        Raises:
            OSError: It is taken.
        """
        self.sandbox = sandbox
        super().__init__((_HOST, port), Connection)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection without a word before, so that a reset is one."""
        self.close_request(request)


def _end(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
