"""Push records to a controller, as the delivery tests do it: real sockets, a real journal."""

import datetime as dt
from dataclasses import dataclass
from random import Random

from importer.delivery.evidence import evidence_of
from importer.delivery.http import Controller as Opscom
from importer.delivery.journal import Journal
from importer.delivery.known import EndpointMemory
from importer.delivery.memory import System, Workbook
from importer.delivery.pace import Breaker, Pace, Stopper
from importer.delivery.planning import plan
from importer.delivery.pusher import Conditions, Pusher, Target
from importer.model import Record, Resubmitted
from importer.schema import record_key
from schemas import POLICIES, TABLES

TOKEN = "token-of-this-test"
CLIENT = "OC_TEST"


class Ticks:
    """A clock that goes when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class QuickRandom(Random):
    """Jitter of nothing, so that pauses cost no time; what they are is tested beside."""

    def uniform(self, a, b):
        return 0.0


@dataclass
class Pushed:
    outcomes: dict
    stopped: str | None

    @property
    def states(self):
        return {position: outcome.state.value for position, outcome in self.outcomes.items()}


def users(count, **more):
    return [
        {"unique_id": f"U{n}", "login_source": "OPSCOM", "first_name": f"Name{n}", **more}
        for n in range(count)
    ]


def permits(count):
    return [
        {
            "plate": f"PL{n}",
            "permitNo": f"P{n}",
            "startTime": "2026-01-01T00:00:00",
            "endTime": "2026-05-01T00:00:00",
        }
        for n in range(count)
    ]


def vehicles(count):
    return [{"plate": f"V{n}", "plateType": "Passenger", "prov": "ON"} for n in range(count)]


class Through:
    """A journal between which and the pusher ``execute`` stands: it gets the connection and each statement."""

    def __init__(self, journal, execute):
        self.path, self.memory, self.connection = journal.path, journal.memory, self
        self._journal, self._execute = journal, execute

    @property
    def in_transaction(self):
        return self._journal.connection.in_transaction

    def execute(self, text, *values):
        return self._execute(self._journal.connection, text, *values)


def moment(journal_path):
    """Return how far a journal has come, as a results workbook says that is written now."""
    with Journal(journal_path, POLICIES) as journal:
        return journal.memory.moment()


def push(
    url,
    journal_path,
    endpoint,
    payloads,
    *,
    workers=1,
    timeout=5.0,
    stopper=None,
    pace=None,
    token=TOKEN,
    through=lambda journal: journal,
    seen=lambda: None,
    answer="",
    told_at="",
):
    """Push payloads to a controller and return what became of each.

    ``through`` may put something between the pusher and its journal; ``seen`` is called when the outcome of
    a row is told. ``answer`` is what a person wrote into every row of a results workbook, and ``told_at`` the
    moment at which that was written.
    """
    stopper = stopper or Stopper()
    pace = pace or Pace(random=QuickRandom())
    with Journal(journal_path, POLICIES) as journal:
        system = System(url, CLIENT)
        number = journal.memory.system(system) or journal.add_system(system)
        if not journal.connection.execute("SELECT 1 FROM run WHERE id = 'r'").fetchone():
            journal.start_run("r", system, number, dt.datetime.now(dt.UTC))
        file = journal.start_file(
            "r", source="f.csv", sheet=None, digest="d", mapping="m", endpoint=endpoint,
            rows=len(payloads),
        )  # fmt: skip
        policy = POLICIES[endpoint]
        told = Resubmitted("invalid", "", answer) if answer else Resubmitted()
        rows = [
            Record(at, at + 2, record_key(TABLES[endpoint], payload), payload, told)
            for at, payload in enumerate(payloads)
        ]
        standing = {f"#{journal.memory.digest(row.payload)}": True for row in rows}
        book = Workbook("d", "r", told_at, "Rows") if answer else None
        change = TABLES.get(policy.changed_by)
        known = EndpointMemory(journal.memory, number, endpoint)
        evidence = evidence_of(known, TABLES[endpoint], policy, book, change, standing=standing)
        planned = plan(rows, evidence)
        controller = Opscom(url, CLIENT, token, timeout=timeout)
        conditions = Conditions(controller, pace, stopper, Breaker(stopper), workers)
        outcomes = dict(planned.settled)
        for where, send in ((endpoint, planned.send), (policy.changed_by, planned.updates)):
            if send:
                target = Target(TABLES[where], POLICIES[where], number, file)
                for row, outcome in Pusher(target, through(journal), conditions).push(send):
                    outcomes[row.record.position] = row.told(outcome)
                    seen()
    return Pushed(outcomes, stopper.reason)
