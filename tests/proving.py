"""The rig that proves "nothing lost, nothing twice": faults with what they mean, and what must hold.

A ``Case`` is one thing that goes wrong and what the contract makes of it. A ``Witness`` is a controller
that looks into the journal at each request. ``Trial`` pushes the same rows run after run and compares
what each run says of its rows with the controller's ledger, which is the truth.
"""

import gzip
import socket
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field

from controller import Controller, Fault
from delivering import TOKEN, permits, push, users, vehicles

from importer.delivery import pace, policy
from importer.model import State

CREATES = frozenset({"vehicles", "permits"})


PAYLOADS = {
    "users": users,
    "vehicles": vehicles,
    "permits": permits,
    "permit-updates": lambda count: [
        {"referenceID": f"r-{n}", "plate": f"PL{n}"} for n in range(count)
    ],
    "permit-deletes": lambda count: [{"referenceID": f"r-{n}"} for n in range(count)],
}
ENDPOINTS = tuple(PAYLOADS)
PREFIX = {
    "users": "U", "vehicles": "V", "permits": "P", "permit-updates": "r-", "permit-deletes": "r-",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One thing that goes wrong with a request."""

    name: str
    effect: str
    """What the contract makes of it:

    - ``fine``: a whole answer that counts.
    - ``lost``: may have been applied, nobody knows.
    - ``throttled``: not applied, go again. ``patience``: not applied, the wait is too long, stop.
    - ``redirect``, ``settings``: not applied, stop. ``foreign``: the same, but a permit is unknown.
    - ``rejected``: refused with a code, the run goes on.
    """
    fault: Fault
    timeout: float = 20.0


def answer(status, body="<html>no</html>", *, applied=None, code=0, **headers):
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Fault("answer", status=status, body=body, applied=applied, code=code, headers=names)


def raw(head, body=b"", *, length=None, applied=True):
    """Return a fault that answers these bytes and ends the connection."""
    size = len(body) if length is None else length
    whole = head.replace("\n", "\r\n").encode() + b"\r\nContent-Length: %d\r\n\r\n" % size + body
    return Fault("raw", body=whole.decode("latin-1"), applied=applied)


ONE_MEGABYTE_OF_BLANKS = gzip.compress(b" " * 2**20)
BOMB = ONE_MEGABYTE_OF_BLANKS * 100
SLOW = 0.5
"""Time-out in seconds where a controller hangs; short, and long enough for a loaded machine."""

CASES = (
    Case("reset-after-reading", "lost", Fault("reset")),
    Case("closed-without-applying", "lost", Fault("close")),
    Case("reset-after-applying", "lost", Fault("reset", applied=True)),
    Case("lost", "lost", Fault("lost")),
    Case("cut-in-headers", "lost", Fault("cut-headers")),
    Case("cut-in-body", "lost", Fault("cut-body")),
    Case("html", "lost", answer(200)),
    Case("html-applied", "lost", answer(200, applied=True)),
    Case("empty", "lost", answer(200, "")),
    Case("empty-applied", "lost", answer(200, "", applied=True)),
    Case("bad-json", "lost", Fault("bad-json", applied=True)),
    Case("json-list", "lost", answer(200, "[]", applied=True)),
    Case("json-says-nothing", "lost", answer(200, '{"ok": true}', applied=True)),
    Case("no-content", "lost", answer(204, "", applied=True)),
    Case("drip", "lost", Fault("drip", seconds=0.05), SLOW),
    Case("hang", "lost", Fault("hang"), SLOW),
    Case("hang-applied", "lost", Fault("hang", applied=True), SLOW),
    Case("garbage", "lost", Fault("raw", body="\x00\x01\x02 no HTTP at all\r\n\r\n")),
    Case("early-hints-alone", "lost", raw("HTTP/1.1 103 Early Hints\nX: y")),
    Case("gzip-bomb", "lost", raw("HTTP/1.1 200 OK\nContent-Encoding: gzip", BOMB)),
    Case("bad-gzip", "lost", raw("HTTP/1.1 200 OK\nContent-Encoding: gzip", b"no gzip")),
    Case("100-megabytes", "lost", raw("HTTP/1.1 200 OK", b" " * 6_000_000, length=100_000_000)),
    Case("utf-16", "lost", raw("HTTP/1.1 200 OK", '{"status": "success"}'.encode("utf-16"))),
    Case("408", "lost", answer(408)),
    *(Case(f"{status}", "lost", answer(status)) for status in (500, 502, 503, 504)),
    *(
        Case(f"{status}-applied", "lost", answer(status, applied=True))
        for status in (500, 502, 503, 504)
    ),
    Case("503-retry-after-0", "lost", answer(503, Retry_After="0")),
    Case("429-absent", "throttled", answer(429)),
    Case("429-seconds", "throttled", answer(429, Retry_After="0")),
    Case("429-past", "throttled", answer(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")),
    Case("429-negative", "throttled", answer(429, Retry_After="-7")),
    Case("429-nonsense", "throttled", answer(429, Retry_After="soon")),
    Case("429-huge", "patience", answer(429, Retry_After="86400")),
    Case("429-far", "patience", answer(429, Retry_After="Wed, 21 Oct 2195 07:28:00 GMT")),
    *(Case(f"{status}", "redirect", answer(status)) for status in (301, 302, 303, 307, 308)),
    *(Case(f"{status}", "foreign", answer(status)) for status in (400, 401, 403, 404, 422)),
    *(Case(f"{code}", "settings", answer(200, code=code)) for code in (9000, 9001, 9002, 9034)),
    *(Case(f"9019-with-{n}", "rejected", answer(n, code=9019)) for n in (200, 400, 422, 429, 500)),
    Case("9003", "rejected", answer(200, code=9003)),
    Case("idle-close", "fine", Fault("idle-close")),
    Case("late", "fine", Fault("late", seconds=0.05)),
)


class Witness(Controller):
    """A controller that looks into the journal at each request: its intent must be on disk."""

    def __init__(self, journal):
        super().__init__()
        self._journal = journal
        self.unannounced = []
        """The requests that came before their intent."""

    def decide(self, request):
        begun = self.requests
        with closing(sqlite3.connect(self._journal)) as beside:
            (intents,) = beside.execute("SELECT count(*) FROM attempt").fetchone()
        if intents < begun:
            self.unannounced.append(request)
        return super().decide(request)


@dataclass
class Trial:
    """The same rows, pushed again and again, under one plan of cases."""

    endpoint: str
    journal: object
    controller: Controller
    plan: dict = field(default_factory=dict)
    """(row key, attempt) → case, as in the controller's plan."""
    rows: int = 5
    workers: int = 1
    timeout: float = 20.0
    seen: dict = field(default_factory=dict)
    """Row key → how many of its entries earlier runs brought."""
    waiting: set = field(default_factory=set)
    """Positions that an earlier run left ``unknown``."""
    payloads: list = None
    unread: bool = False
    """Whether requests may be lost before the controller knows their row."""

    def __post_init__(self):
        self.payloads = self.payloads or PAYLOADS[self.endpoint](self.rows)
        self.controller.plan = {moment: case.fault for moment, case in self.plan.items()}

    def key(self, position):
        return f"{PREFIX[self.endpoint]}{position}"

    def run(self, **more):
        """Push once; check everything that must hold after any run; return what was said."""
        before = len(self.controller.ledger)
        settings = {"workers": self.workers, "timeout": self.timeout} | more
        done = push(self.controller.url, self.journal, self.endpoint, self.payloads, **settings)
        self.check(done, self.controller.ledger[before:])
        return done

    def finish(self):
        """Run to rest on a controller that is well from now on, and check that it is rest."""
        self.controller.plan = {}
        if self.controller._listener is None:
            self.controller.listen()
        second = self.run()
        assert second.stopped is None
        good = {State.PUSHED, State.UNCHANGED, State.EXISTS}
        for position, outcome in second.outcomes.items():
            if outcome.state not in good:
                assert self.endpoint in CREATES, (position, outcome)
                assert outcome.state is State.UNKNOWN, (position, outcome)
        # The journal is asked, since a request of a process that was killed may be read late.
        before = attempts_of(self.journal)
        third = self.run()
        assert attempts_of(self.journal) == before, "the third run sent something"
        assert set(third.states.values()) <= {"unchanged", "exists", "unknown"}
        return second

    # What must hold

    def check(self, done, entries):
        """Compare what a run said with what the controller saw."""
        assert sorted(done.outcomes) == list(range(self.rows)), "each row has one outcome"
        self._check_budget(done, entries)
        assert self.controller.unannounced == [], "sent before its intent"
        files = [path for path in self.journal.parent.glob("journal*") if path.is_file()]
        raw_files = b"".join(path.read_bytes() for path in files)
        assert TOKEN.encode() not in raw_files
        for position, outcome in done.outcomes.items():
            key = self.key(position)
            everything = self.controller.entries(key)
            mine = everything[self.seen.get(key, 0) :]
            self._check_creation(everything)
            self._check_state(position, outcome, mine, everything)
            self.seen[key] = len(everything)
            if outcome.state is State.UNKNOWN:
                self.waiting.add(position)
            elif outcome.state is not State.NOT_SENT:
                self.waiting.discard(position)

    def case_of(self, entry):
        """Return the case that hit a request, ``None`` where it was served well."""
        if not entry.fault:
            return None
        moments = ((entry.key, entry.attempt), (entry.key, 0), ("*", entry.attempt), ("*", 0))
        found = next((self.plan[moment] for moment in moments if moment in self.plan), None)
        return None if found is not None and found.effect == "fine" else found

    def _maybe(self, entry):
        """Whether a request may have been applied without anybody knowing."""
        case = self.case_of(entry)
        if case is None:
            return entry.fault == "gone"
        return case.effect == "lost" or (case.effect == "foreign" and self.endpoint == "permits")

    def _check_budget(self, done, entries):
        accepted = sum(entry.applied for entry in entries)
        retries = (pace.BUDGET + accepted) // pace.RETRY_COST
        assert len(entries) <= self.rows + retries, "more retries than the budget holds"
        counts = Counter(entry.key for entry in entries if entry.key)
        assert all(count <= policy.MAX_ATTEMPTS for count in counts.values())

    def _check_creation(self, everything):
        """A create is never applied twice, and never sent again after it may have been."""
        if self.endpoint not in CREATES:
            return
        assert sum(entry.applied for entry in everything) <= 1, "a create was applied twice"
        risky = [self._maybe(entry) or entry.applied for entry in everything]
        again = 1 if self.endpoint == "vehicles" else 0
        if True in risky:
            later = everything[risky.index(True) + 1 :]
            sure = [entry for entry in later if self.case_of(entry) is not None]
            allowed = again + sum(self.case_of(entry).effect == "throttled" for entry in sure)
            assert len(later) <= allowed, "a create was sent again after it may have been applied"

    def _check_state(self, position, outcome, mine, everything):
        told = (self.endpoint, position, outcome, everything)
        ids = [entry.reference_id for entry in everything if entry.applied]
        applied = any(entry.applied for entry in mine)
        match outcome.state:
            case State.PUSHED:
                assert ids, told
                assert outcome.reference_id in {ids[-1], ""}, told
                blank_allowed = self.endpoint == "permit-deletes" and len(everything) > 1
                assert outcome.reference_id or blank_allowed, told
            case State.EXISTS:
                assert ids, told
            case State.UNCHANGED:
                assert outcome.reference_id in {*ids[-1:], ""}, told
                assert ids, told
                assert not mine, told
            case State.REJECTED:
                assert mine, told
                assert not applied, told
            case State.NOT_SENT:
                assert not applied, told
                assert not any(map(self._maybe, mine)), told
            case State.UNKNOWN:
                self._check_unknown(position, outcome, mine, told)
            case _:
                raise AssertionError(told)

    def _check_unknown(self, position, outcome, mine, told):
        """Nobody may say ``unknown`` of a row that was not sent, or whose answer was whole."""
        unread = self.unread or any(not entry.key for entry in self.controller.ledger)
        lost_now = any(map(self._maybe, mine)) or unread
        assert lost_now or position in self.waiting, told
        if mine:
            case = self.case_of(mine[-1])
            assert case is not None or mine[-1].fault == "gone" or unread, told


def wait_for_quiet(controller):
    """Wait until the controller has noticed that a process which was killed is gone."""
    still, moment, before = 0, threading.Event(), controller.connections
    # Connections are accepted in their order: those that still waited come before this one.
    host, port = controller.url.removeprefix("http://").split(":")
    socket.create_connection((host, int(port))).close()
    for _ in range(2000):
        still = 0 if controller._open or controller.connections == before else still + 1
        if still == 3:
            return
        moment.wait(0.005)
    raise TimeoutError("The controller has connections that nobody ends.")


def without_shared_memory(journal):
    """Take away the memory that programs share for WAL, as on a network share."""
    journal.with_name(f"{journal.name}-shm").mkdir(parents=True)


def attempts_of(journal):
    """Return how often the journal says that each row was sent, by the row's number."""
    with closing(sqlite3.connect(journal)) as beside:
        return dict(beside.execute("SELECT row, count(*) FROM attempt GROUP BY row"))
