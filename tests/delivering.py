"""Push records to a controller, as the delivery tests do it: real sockets, a real journal."""

from dataclasses import dataclass, field
from random import Random

from importer.delivery.http import Controller as Opscom
from importer.delivery.journal import Journal
from importer.delivery.memory import Evidence, System
from importer.delivery.pace import Breaker, Pace, Stopper
from importer.delivery.planning import plan
from importer.delivery.pusher import Conditions, Pusher, Target
from importer.model import Record
from importer.schema import record_key
from schemas import POLICIES, TABLES

TOKEN = "token-of-this-test"
CLIENT = "OC_TEST"


class QuickRandom(Random):
    """Jitter of nothing, so that pauses cost no time; what they are is tested beside."""

    def uniform(self, a, b):
        return 0.0


@dataclass
class Pushed:
    outcomes: dict
    stopped: str | None
    order: list = field(default_factory=list)

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


def records(endpoint, payloads):
    table = TABLES[endpoint]
    return [
        Record(position, position + 2, record_key(table, payload), payload)
        for position, payload in enumerate(payloads)
    ]


def push(
    url,
    journal_path,
    endpoint,
    payloads,
    *,
    workers=1,
    timeout=5.0,
    again=False,
    stopper=None,
    pace=None,
    client=CLIENT,
    token=TOKEN,
    through=lambda journal: journal,
):
    """Push payloads to a controller and return what became of each.

    ``through`` may put something between the pusher and its journal.
    """
    stopper = stopper or Stopper()
    pace = pace or Pace(random=QuickRandom())
    with Journal(journal_path, POLICIES) as journal:
        system = System(url, client)
        number = journal.memory.system(system) or journal.add_system(system)
        if not journal.connection.execute("SELECT 1 FROM run WHERE id = 'r'").fetchone():
            import datetime as dt

            journal.start_run("r", system, number, dt.datetime.now(dt.UTC))
        file = journal.start_file(
            "r", source="f.csv", sheet=None, digest="d", mapping="m", endpoint=endpoint,
            rows=len(payloads),
        )  # fmt: skip
        evidence = Evidence(journal.memory.of(number, endpoint).known())
        planned = plan(
            records(endpoint, payloads), POLICIES[endpoint], journal.memory, evidence, again=again
        )
        controller = Opscom(url, client, token, timeout=timeout)
        target = Target(endpoint, TABLES[endpoint].path, POLICIES[endpoint], number, file)
        pusher = Pusher(
            target,
            through(journal),
            Conditions(controller, pace, stopper, Breaker(stopper), workers),
        )
        outcomes, order = dict(planned.settled), []
        for row, outcome in pusher.push(planned.send):
            outcomes[row.record.position] = outcome
            order.append(row.record.position)
    return Pushed(outcomes, stopper.reason, order)
