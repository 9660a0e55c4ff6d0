"""The sandbox as tests use it: it keeps a ledger, which is the truth that they compare our words with::

    with Controller({("A1", 1): Fault("lost")}) as controller:
        push(controller.url)
        assert controller.applied("A1") == 1

A plan maps (row key, attempt) to a fault; see ``importer.sandbox.faults``. Permits with any reference
id are there, created elsewhere, until they are deleted.

As a process: ``python tests/controller.py --plan plan.json --ledger ledger.jsonl`` prints its address
and appends one JSON object a request to the ledger, flushed before a byte of the answer leaves.
"""

import argparse
import json
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from importer.sandbox import Fault, Sandbox
from importer.sandbox.store import Store

__all__ = ["Controller", "Fault", "read_plan"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One request, as the controller saw it."""

    number: int
    connection: int
    call: str
    """The path after the version, ``profiles/push`` say; empty where it was not read."""
    path: str
    key: str
    """By which a plan knows its row."""
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


class Controller(Sandbox):
    """A sandbox in memory with a ledger."""

    def __init__(self, plan=None, *, latency=0.0, port=0, ledger_file=None):
        """Take a plan and what every answer waits for, in seconds."""
        super().__init__(None, port=port, delay=latency, plan=plan)
        self._ledger = []
        self._written = threading.Condition()
        self._ledger_file = ledger_file

    def start(self):
        super().start()
        self.forget()
        return self

    def forget(self):
        """Hold no record but two violations."""
        self._store.close()
        self._store = Elsewhere(None)
        self._store.overdue = [{"ViolationID": n, "Ticket": f"1-{n}"} for n in (1, 2)]

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

    def note(self, numbers, call, fault, done):
        number, connection, attempt = numbers
        request, ids = call.request, ("reference_id", "vehicle_id_id")
        entry = Entry(
            *(number, connection, call.name, request.path, call.key, attempt, request.body),
            *(request.raw, request.headers, fault.kind if fault else "", done is not None),
            next((str(done[name]) for name in ids if name in (done or {})), ""),
            time.monotonic(),
        )
        with self._written:
            self._ledger.append(entry)
            self._written.notify_all()
        if self._ledger_file is not None:
            line = json.dumps({**asdict(entry), "raw": entry.raw.decode("utf-8", "replace")})
            with Path(self._ledger_file).open("a", encoding="utf-8") as file:
                file.write(line + "\n")


def read_plan(text):
    """Read a plan from JSON: a list of objects with ``key``, ``attempt`` and what ``Fault`` takes."""
    plan = {}
    for fault in json.loads(text):
        moment = fault.pop("key"), fault.pop("attempt")
        plan[moment] = Fault(**fault)
    return plan


def main():
    parser = argparse.ArgumentParser(description="An OPSCOM controller for tests.")
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
        controller.serve_forever()


if __name__ == "__main__":
    main()
