"""The sandbox as tests use it: it misbehaves after a plan, and keeps a ledger, which is the truth that they
compare our words with::

    with Controller({("A1", 1): Fault("lost")}) as controller:
        push(controller.url)
        assert controller.applied("A1") == 1

A plan maps (key, number) to a fault. The key of a row is the ``unique_id`` of a user, the plate of a vehicle,
the permit number (else the plate) of a permit, the reference id of an update or delete, the plate of a plate
query, and the call itself of the others; the number is its attempt, counted from 1 for each call and key.
Attempt 0 means every attempt, the key ``*`` every row. ``#connection`` with n is the n-th in order of arrival,
which is reset as it is accepted. Permits with any reference id are there, created elsewhere,
until they are deleted.
"""

import json
import os
import select
import socket
import struct
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field

from importer.sandbox.controller import Request, Response, respond
from importer.sandbox.server import Connection, Sandbox
from importer.sandbox.store import Store

# Kind → whether the request is carried out unless the fault says otherwise.
CARRIED_OUT = {
    "answer": False,  # ``status``, ``headers`` and ``body``, or the error of ``code``
    "bad-json": False,  # 200 with JSON that ends too early, its length right
    "close": False,  # no byte of an answer, an orderly end
    "cut-body": True,  # the answer ends in the middle of its body
    "cut-headers": True,  # the answer ends in the middle of its headers
    "drip": True,  # the answer (or ``body``) byte by byte, ``seconds`` between two
    "gone": False,  # no fault of ours: the client left within its request
    "hang": False,  # never an answer, until one side goes
    "hold": True,  # the answer after ``release`` was called
    "idle-close": True,  # a whole answer that promises to keep the connection, then its end
    "late": True,  # the answer after ``seconds``
    "lost": True,  # carried out, then an orderly end without a byte of an answer
    "overtaken": True,  # ``body`` as in ``raw``, and the true answer when the next request of its connection comes
    "raw": True,  # ``body`` byte for byte (latin-1), status line and all, then the end
    "refuse": True,  # a whole answer, then nobody listens until ``listen`` is called
    "reset": False,  # no byte of an answer, a reset
    "twice": True,  # a whole answer, and once more to the next request, whose own waits for the client's next move
}
SILENT = {"close", "lost", "reset"}
LAST = {"cut-body", "cut-headers", "idle-close", "raw", "refuse"}
KNOWN_BY = ("unique_id", "permitNo", "TicketNumber", "plate", "LicencePlate")
REFERENCES = ("referenceID", "referenceid", "reference_id")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with a request."""

    kind: str
    applied: bool | None = None
    """Whether the request is carried out; ``None`` for what the kind says."""
    status: int = 200
    code: int = 0
    """The ``ErrorCode`` of an ``answer``."""
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def applies(self):
        return CARRIED_OUT[self.kind] if self.applied is None else self.applied


@dataclass(frozen=True, slots=True)
class Entry:
    """One request, as the controller saw it."""

    call: str
    """The path after the version, ``profiles/push`` say; empty where the client left."""
    path: str
    key: str
    """By which a plan knows its row."""
    attempt: int
    body: dict | None
    """The JSON object received; ``None`` where there was none."""
    headers: dict[str, str]
    """Names in lower case."""
    fault: str
    """The kind of the fault, empty for none; ``gone`` where the client left within its request."""
    applied: bool
    reference_id: str
    at: float
    """``time.monotonic`` when the request was read."""


class Elsewhere(Store):
    """Holds every permit, created elsewhere, until it is deleted."""

    def get(self, kind, key):
        found = super().get(kind, key)
        there = found is not None or kind != "permits" or super().get("deleted", key) is not None
        return found if there else {}

    def remove(self, kind, key):
        super().remove(kind, key)
        if kind == "permits":
            self.put("deleted", key, {})


class Rigged(Connection):
    """A connection that breaks as the plan says."""

    repeated = b""

    def handle(self):
        rig = self.server.sandbox
        with rig.lock:
            rig.connections += 1
            early = rig.plan.get(("#connection", rig.connections))
        if early is None:
            super().handle()
        else:
            self.drop(early)

    def serve_one(self):
        rig = self.server.sandbox
        if not self.rfile.peek(1):
            return False
        with rig.in_hand():
            request = self.read_request()
            fault, response = rig.decide(request)
            if request is None:
                return False
            rig.pause(rig.latency + (fault.seconds if fault and fault.kind == "late" else 0))
            return self.send(fault, response) and not self.close_connection

    def send(self, fault, response):
        """Answer as the fault says; return whether the connection stays."""
        rig, kind = self.server.sandbox, "" if fault is None else fault.kind
        if kind in SILENT:
            return self.drop(fault)
        if kind == "hang":
            self.connection.recv(1)
            return False
        if kind == "hold":
            rig.released.wait()
        message = response.as_bytes() if fault is None else broken(fault, response)
        if self.repeated:
            self.wfile.write(self.repeated)
            select.select([self.connection], [], [], 20)
        later = {"twice": message, "overtaken": response.as_bytes()}
        self.repeated = later.get(kind, b"")
        if kind == "drip":
            for byte in message:
                self.wfile.write(bytes([byte]))
                rig.pause(fault.seconds)
            return True
        if kind == "refuse":
            rig.refuse()
        if kind == "idle-close" and hasattr(socket, "TCP_CORK"):
            # The end leaves in one packet with the answer: the next row never meets it on its way.
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            self.wfile.write(message)
            self.connection.shutdown(socket.SHUT_WR)
            return False
        self.wfile.write(message)
        return kind not in LAST

    def drop(self, fault):
        if fault.kind == "reset":
            linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return False


def broken(fault, response):
    """Return the bytes of an answer, whole or cut, as the fault says."""
    match fault.kind:
        case "answer":
            said = {"ErrorCode": fault.code, "ErrorMessage": f"Invented message of {fault.code}."}
            body = json.dumps(said) if fault.code else fault.body
            response = Response(body, fault.status, dict(fault.headers))
        case "bad-json":
            response = Response(response.body[:-1])
        case "drip" if fault.body:
            response = Response(fault.body)
    plain = fault.kind in {"raw", "overtaken"}
    whole = fault.body.encode("latin-1") if plain else response.as_bytes()
    body_at = whole.find(b"\r\n\r\n") + 4
    cuts = {"cut-headers": body_at // 2, "cut-body": (body_at + len(whole)) // 2}
    return whole[: cuts.get(fault.kind, len(whole))]


class Controller(Sandbox):
    """A sandbox in memory with a plan and a ledger."""

    serving = Rigged

    def __init__(self, plan=None, *, latency=0.0):
        """Take a plan and what every answer waits for, in seconds."""
        self.plan, self.latency = dict(plan or {}), latency
        self.connections = self.requests = 0
        self.at_once = self._in_hand = 0
        self.released = threading.Event()
        self._attempts = Counter()
        self._ledger = []
        self._written = threading.Condition()
        super().__init__(None)
        self.forget()

    def forget(self):
        """Hold no record."""
        self.store.close()
        self.store = Elsewhere(None)

    def release(self):
        """Let go every answer that is held, and hold none from now on."""
        self.released.set()

    def close(self):
        self.release()
        super().close()

    def records(self, kind):
        return records_of(self, kind)

    @property
    def ledger(self):
        """All entries so far, in the order in which they were decided."""
        with self._written:
            return tuple(self._ledger)

    def entries(self, key):
        return [entry for entry in self.ledger if entry.key == key]

    def applied(self, key):
        """How often something was carried out for this row key."""
        return sum(entry.applied for entry in self.entries(key))

    def wait_for(self, requests, timeout=100):
        """Wait until the ledger holds so many requests; return it."""
        with self._written:
            if not self._written.wait_for(lambda: len(self._ledger) >= requests, timeout):
                raise TimeoutError(f"{len(self._ledger)} of {requests} requests came.")
            return tuple(self._ledger)

    @contextmanager
    def in_hand(self):
        """Count a request whose first byte is here."""
        with self.lock:
            self.requests += 1
            self._in_hand += 1
            self.at_once = max(self.at_once, self._in_hand)
        try:
            yield
        finally:
            with self.lock:
                self._in_hand -= 1

    def decide(self, request):
        """Carry a request out or not, write it down, and return the fault and the answer.

        ``request`` is ``None`` where the client left before its end.
        """
        with self.lock:
            call = key = ""
            attempt, response, done, fault = 0, Response(""), {}, Fault("gone")
            if request is not None:
                call = request.path.partition("/v1/")[2]
                key = key_of(call, request.body or {})
                self._attempts[call, key] += 1
                attempt = self._attempts[call, key]
                moments = ((key, attempt), (key, 0), ("*", attempt), ("*", 0))
                fault = next((self.plan[one] for one in moments if one in self.plan), None)
                if fault is None or fault.applies:
                    response = respond(request, self.store)
                    done = accepted(response)
            seen = request or Request("", "", {}, b"")
            entry = Entry(
                *(call, seen.path, key, attempt, seen.body, seen.headers),
                *(fault.kind if fault else "", bool(done)),
                str(done.get("reference_id") or done.get("vehicle_id_id") or ""),
                time.monotonic(),
            )
            with self._written:
                self._ledger.append(entry)
                self._written.notify_all()
        return fault, response


def key_of(call, body):
    """Return by what a plan knows the row of a request."""
    names = REFERENCES if call in {"permits/update", "permits/delete"} else KNOWN_BY
    return next(filter(None, (str(body.get(name) or "") for name in names)), call)


def accepted(response):
    """Return what an answer says where the request was carried out; empty where it was refused."""
    if response.status != 200:
        return {}
    said = json.loads(response.body)
    return {} if said.get("ErrorCode") or said.get("error") else said


def records_of(sandbox, kind):
    """Return all ``users``, ``vehicles`` or ``permits`` of a sandbox, in the order of creation.

    One dict a record: ``reference_id``, then the filled fields under the first of the vendor's possible names.
    """
    return [
        {"reference_id": key if kind == "permits" else str(number), **body}
        for key, number, body in sandbox.store.all(kind)
    ]
