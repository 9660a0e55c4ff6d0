"""One connection to the sandbox: requests one after the other, whole answers and broken ones."""

from __future__ import annotations

import json
import os
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from importer.sandbox.faults import HTML, Fault

if TYPE_CHECKING:
    from importer.sandbox.server import Listener

_EARLY = frozenset({"close", "reset"})
_SILENT = frozenset({"close", "lost", "reset", "reset-in-body", "stale"})
_GONE = Fault("gone")
_LAST = frozenset({"cut-body", "cut-headers", "idle-close", "raw", "refuse"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    raw: bytes

    @property
    def body(self) -> dict[str, object] | None:
        """The JSON object that it holds, if it holds one."""
        try:
            body = json.loads(self.raw)
        except (ValueError, RecursionError):
            return None
        return body if isinstance(body, dict) else None


@dataclass(frozen=True, slots=True)
class Response:
    """One whole answer."""

    body: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def as_bytes(self) -> bytes:
        """Return it as it goes over the wire."""
        data = self.body.encode()
        fields = {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **self.headers,
        }
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + data


class _GoneError(Exception):
    """The client left in the middle of a request."""


class Connection(BaseHTTPRequestHandler):
    """Serves one connection; what is answered, ``Sandbox`` decides."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener

    def handle(self) -> None:
        """Serve until one side ends the connection."""
        self.answered = 0
        sandbox = self.server.sandbox
        with sandbox.connected(self.connection) as self.number, suppress(OSError, _GoneError):
            while self._serve_one():
                self.answered += 1

    def _serve_one(self) -> bool:
        """Handle one request; return whether the connection stays."""
        sandbox = self.server.sandbox
        early = sandbox.fault_of(("#connection", self.number))
        if early is not None and early.kind in _EARLY:
            return self._drop(early)
        if not self.rfile.peek(1):  # type: ignore[attr-defined]
            return False
        with sandbox.in_hand() as number:
            early = early or sandbox.early_fault(number)
            request = None
            if early is None or early.kind not in _EARLY or early.applies:
                try:
                    request = self._read(early)
                except _GoneError:
                    sandbox.decide(number, self.number, None, _GONE, self.answered)
                    raise
            fault, response = sandbox.decide(number, self.number, request, early, self.answered)
            sandbox.wait(fault)
            return self._answer(fault, response) and not self.close_connection

    def _read(self, early: Fault | None) -> Request | None:
        """Read a request; ``None`` where a fault keeps us from reading it to its end."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline.endswith(b"\n") or not self.parse_request():
            raise _GoneError
        length = int(self.headers.get("Content-Length") or 0)
        if early is not None and early.kind == "reset-in-body":
            self.rfile.read(length // 2)
            return None
        raw = self.rfile.read(length)
        if len(raw) < length:
            raise _GoneError
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, self.path, headers, raw)

    def _answer(self, fault: Fault | None, response: Response) -> bool:
        """Answer as the fault says; return whether the connection stays."""
        kind = "" if fault is None else fault.kind
        if fault is None:
            self.wfile.write(response.as_bytes())
            return True
        if kind in _SILENT:
            return self._drop(fault)
        if kind == "hang":
            self.connection.recv(1)
            return False
        message = _message(fault, response)
        if kind == "drip":
            for byte in message:
                self.wfile.write(bytes([byte]))
                self.server.sandbox.pause(fault.seconds)
            return True
        if kind == "refuse":
            self.server.sandbox.refuse()
        self.wfile.write(message)
        return kind not in _LAST

    def _drop(self, fault: Fault) -> bool:
        if fault.kind in {"reset", "reset-in-body"}:
            linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return False

    def log_message(self, *_: object) -> None:
        """Write nothing: a rehearsal's terminal is for people."""


def _message(fault: Fault, response: Response) -> bytes:
    """Return the bytes of an answer, whole or cut, as the fault says."""
    match fault.kind:
        case "answer":
            said = {"ErrorCode": fault.code, "ErrorMessage": f"Invented message of {fault.code}."}
            body = json.dumps(said) if fault.code else fault.body
            response = Response(body, fault.status, dict(fault.headers))
        case "html":
            response = Response(HTML, headers={"Content-Type": "text/html"})
        case "empty":
            response = Response("")
        case "bad-json":
            response = Response(response.body[:-1])
        case _:
            pass
    whole = fault.body.encode("latin-1") if fault.kind == "raw" else response.as_bytes()
    body_at = whole.find(b"\r\n\r\n") + 4
    cuts = {"cut-headers": body_at // 2, "cut-body": (body_at + len(whole)) // 2}
    return whole[: cuts.get(fault.kind, len(whole))]
