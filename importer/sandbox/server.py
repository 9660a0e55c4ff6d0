"""The sandbox as an object: an OPSCOM controller on a port of this machine, and its connections."""

from __future__ import annotations

import os
import socket
import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Self

from importer.errors import UsageError
from importer.sandbox.controller import Fault, Request, Response, respond
from importer.sandbox.store import Store

_HOST = "127.0.0.1"
"""It answers this machine alone, because it keeps what is pushed to it."""
_POLL_SECONDS = 0.02


class Connection(BaseHTTPRequestHandler):
    """Serves one connection, a request after the other; what is answered, ``Sandbox`` decides."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener

    def handle(self) -> None:
        """Serve until one side ends the connection."""
        with self.server.sandbox.connected(self.connection), suppress(OSError):
            while self.serve_one():
                pass

    def serve_one(self) -> bool:
        """Handle one request; return whether the connection stays."""
        request = self.read_request()
        response = None if request is None else self.server.sandbox.answer(request)
        if response is None:
            return False
        self.wfile.write(response.as_bytes())
        return not self.close_connection

    def read_request(self) -> Request | None:
        """Read a request; ``None`` where the client left before its end."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline.endswith(b"\n") or not self.parse_request():
            return None
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, self.path, headers, raw) if len(raw) == length else None

    def log_message(self, *_: object) -> None:
        """Write nothing: a rehearsal's terminal is for people."""


class Listener(socketserver.ThreadingTCPServer):
    """Listens on a port, with a thread for each connection."""

    allow_reuse_address = os.name != "nt"
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox, port: int) -> None:
        """Bind the port, or raise ``OSError``."""
        self.sandbox = sandbox
        super().__init__((_HOST, port), sandbox.serving)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection without a word before, so that a reset is one."""
        self.close_request(request)


class Sandbox:
    """An OPSCOM controller on this machine to rehearse and to test with, one system for all client codes."""

    serving = Connection

    def __init__(
        self, store_path: Path | None, *, port: int = 0, faults: Sequence[Fault] = ()
    ) -> None:
        """Open the store and listen.

        Args:
            store_path: The SQLite file that keeps the records, made where it is missing; ``None`` keeps
                them in memory until ``close``.
            port: 0 takes any free one.
            faults: What goes wrong; one for a request that it names goes first.

        Raises:
            SettingsError: The store cannot be used.
            UsageError: The port is taken.
        """
        self._port, self._faults = port, faults
        self._listener: Listener | None = None
        self.lock = threading.RLock()
        self._ended = threading.Condition(self.lock)
        self._open: set[socket.socket] = set()
        self._closing = threading.Event()
        self._requests = 0
        self.store = Store(store_path)
        try:
            self.listen()
        except OSError as error:
            self.store.close()
            raise UsageError(
                f"The sandbox cannot listen on port {self._port} of {_HOST}.",
                hint="Choose another port; 0 takes any free one.",
            ) from error

    @property
    def url(self) -> str:
        """The address to push to, ``http://127.0.0.1:49152`` say."""
        return f"http://{_HOST}:{self._port}"

    def listen(self) -> None:
        """Listen (again), on the same port as before."""
        self._listener = Listener(self, self._port)
        self._port = int(self._listener.server_address[1])
        serve, poll = self._listener.serve_forever, (_POLL_SECONDS,)
        threading.Thread(target=serve, args=poll, name="sandbox", daemon=True).start()

    def refuse(self) -> None:
        """Stop listening: connections are refused until ``listen``. Open ones stay."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown()
            listener.server_close()

    def close(self) -> None:
        """Stop listening, end every connection and close the store; harmless a second time."""
        self._closing.set()
        self.refuse()
        with self._ended:
            for sock in self._open:
                _end(sock)
            self._ended.wait_for(lambda: not self._open, 10)
        self.store.close()

    def serve_forever(self) -> None:
        """Return when another thread calls ``close`` or a person presses Ctrl-C."""
        # In slices: on Windows an endless wait does not hear Ctrl-C.
        with suppress(KeyboardInterrupt):
            while not self._closing.wait(0.5):
                pass

    def __enter__(self) -> Self:
        """Close at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    @contextmanager
    def connected(self, sock: socket.socket) -> Iterator[None]:
        """Keep a connection among those that ``close`` ends."""
        with self.lock:
            self._open.add(sock)
            if self._closing.is_set():
                _end(sock)
        try:
            yield
        finally:
            with self._ended:
                self._open.discard(sock)
                self._ended.notify_all()

    def answer(self, request: Request) -> Response | None:
        """Carry a request out and answer it as the faults say; ``None`` for an end of the connection."""
        with self.lock:
            self._requests += 1
            number = self._requests
            hit = [fault for fault in self._faults if fault.row == number]
            hit += [each for each in self._faults if each.every and number % each.every == 0]
            fault = hit[0] if hit else None
            done = fault is None or fault.applied
            response = respond(request, self.store) if done else Response("")
        self.pause(fault.seconds if fault and fault.kind == "slow" else 0)
        return response if fault is None else fault.answer(response)

    def pause(self, seconds: float) -> None:
        """Wait, but not longer than until the sandbox closes."""
        if seconds > 0:
            self._closing.wait(seconds)


def _end(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
