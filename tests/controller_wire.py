"""The wire of the foreign controller: HTTP/1.1 by hand, whole answers and broken ones."""

import json
import os
import socket
import struct
from dataclasses import dataclass
from http import HTTPStatus

from controller_records import error

HTML = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Soon back.</body></html>"
EARLY = frozenset({"close", "reset"})
SILENT = frozenset({"close", "lost", "reset", "reset-in-body", "stale"})
LAST = frozenset({"cut-body", "cut-headers", "idle-close", "raw", "refuse"})


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def call(self):
        parts = self.path.split("/v1/", 1)
        return parts[1] if len(parts) == 2 else self.path

    @property
    def body(self):
        try:
            body = json.loads(self.raw)
        except ValueError:
            return None
        return body if isinstance(body, dict) else None


class _GoneError(Exception):
    """The client left."""


class Connection:
    """One connection: requests one after the other, until one side ends it."""

    def __init__(self, controller, sock, number):
        self._controller = controller
        self._sock = sock
        self._number = number
        self._buffer = b""
        self._answered = 0

    def serve(self):
        try:
            while self._serve_one():
                self._answered += 1
        except (_GoneError, OSError):
            pass
        finally:
            self._sock.close()
            self._controller.forget(self._sock)

    def _serve_one(self):
        """Handle one request; return whether the connection stays."""
        early = self._controller.fault_of(("#connection", self._number))
        if early is not None and early.kind in EARLY:
            return self._drop(early)
        self._fill(1)
        number = self._controller.begin()
        try:
            early = early or self._controller.fault_of(("#request", number))
            if early is not None and early.kind in EARLY and not early.applies:
                self._controller.decide(number, self._number, None, early, reused=False)
                return self._drop(early)
            try:
                request = self._read(early)
            except _GoneError:
                self._controller.note_gone(number, self._number)
                raise
            reused = self._answered > 0
            fault, answer = self._controller.decide(number, self._number, request, early, reused)
            self._controller.wait(fault)
            return self._answer(fault, answer) and not _wants_close(request)
        finally:
            self._controller.end()

    def _read(self, early):
        """Read a request; ``None`` where a fault keeps us from reading it to its end."""
        while b"\r\n\r\n" not in self._buffer:
            self._fill(len(self._buffer) + 1)
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", 0))
        if early is not None and early.kind == "reset-in-body":
            self._fill(length // 2)
            return None
        self._fill(length)
        raw, self._buffer = self._buffer[:length], self._buffer[length:]
        return Request(first.split(" ")[1], headers, raw)

    def _fill(self, length):
        while len(self._buffer) < length:
            data = self._sock.recv(65536 if self._buffer else 1)
            if not data:
                raise _GoneError
            self._buffer += data

    def _answer(self, fault, answer):
        """Answer as the fault says; return whether the connection stays."""
        kind = fault.kind if fault else ""
        if kind in SILENT:
            return self._drop(fault)
        if kind == "hang":
            self._sock.recv(1)
            return False
        message = _message(fault, answer)
        if kind == "drip":
            for byte in message:
                self._sock.sendall(bytes([byte]))
                self._controller.pause(fault.seconds)
            return True
        if kind == "refuse":
            self._controller.refuse()
        self._sock.sendall(message)
        return kind not in LAST

    def _drop(self, fault):
        if fault.kind in {"reset", "reset-in-body"}:
            linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return False


def _wants_close(request):
    return request is not None and request.headers.get("connection", "").lower() == "close"


def _message(fault, answer):
    """Return the bytes of an answer, whole or cut, as the fault says."""
    text = json.dumps(answer)
    whole = _response(200, text)
    body_at = whole.index(b"\r\n\r\n") + 4
    match fault.kind if fault else "":
        case "answer":
            body = json.dumps(error(fault.code)) if fault.code else fault.body
            whole = _response(fault.status, body, fault.headers)
        case "html":
            whole = _response(200, HTML, {"Content-Type": "text/html"})
        case "empty":
            whole = _response(200, "")
        case "raw":
            whole = fault.body.encode("latin-1")
        case "bad-json":
            whole = _response(200, text[:-1])
        case "cut-headers":
            whole = whole[: body_at // 2]
        case "cut-body":
            whole = whole[: (body_at + len(whole)) // 2]
    return whole


def _response(status, body, headers=None):
    data = body.encode()
    fields = {
        "Content-Type": "application/json",
        "Content-Length": str(len(data)),
        **(headers or {}),
    }
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + data
