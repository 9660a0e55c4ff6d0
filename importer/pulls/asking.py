"""Many plates side by side, each asked until there is an answer or the run stops."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from importer.codes import SETTINGS_CODES
from importer.delivery.answers import Refused
from importer.delivery.pace import Breaker
from importer.delivery.questions import Failed, ask, explain_refusal
from importer.model import Outcome, State
from importer.pulls.plate_answers import plate_facts, read_plate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from importer.delivery.http import Connection
    from importer.delivery.pace import Pace, Stopper
    from importer.pulls.plate_answers import PlateFacts

LOOK_UP_SECONDS = 0.25
"""How often the collector looks whether the run is abandoned."""


class PlateState(StrEnum):
    """What became of a row with a plate. Every row is in exactly one."""

    FOUND = "found"
    NOTHING = "nothing known"
    REFUSED = "refused"
    NO_ANSWER = "no answer"
    NOT_ASKED = "not asked"
    INVALID = "invalid"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class PlateAnswer:
    """What OPSCOM said of one plate, or why it did not."""

    state: PlateState
    asked: dt.datetime | None = None
    facts: PlateFacts | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Questions:
    """How plates are asked for."""

    connect: Callable[[], Connection]
    pace: Pace
    stopper: Stopper
    redact: Callable[[str], str]
    """Takes the API token out of a text."""
    workers: int = 4


def ask_plates(plates: Sequence[str], questions: Questions) -> Iterator[tuple[str, PlateAnswer]]:
    """Ask for plates and yield each with its answer, in their order; those not come to are not yielded.

    A first interrupt lets the plates under way finish; a second one ends at once. Refusals of the
    settings, a spent budget and an outage stop the run.
    """
    stopper, breaker = questions.stopper, Breaker(questions.stopper)
    connections: list[Connection] = []
    own = threading.local()

    def begin() -> None:
        own.connection = questions.connect()
        connections.append(own.connection)

    def ask_one(plate: str) -> PlateAnswer | None:
        return None if stopper.stopped else _ask_one(plate, own.connection, questions, breaker)

    with ThreadPoolExecutor(questions.workers, "plates", begin) as pool:
        futures = [pool.submit(ask_one, plate) for plate in plates]
        try:
            for plate, future in zip(plates, futures, strict=True):
                while not wait([future], LOOK_UP_SECONDS).done:
                    if stopper.abandoned:
                        for connection in connections:
                            connection.stop()
                answer = future.result()
                if answer is not None:
                    yield plate, answer
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for connection in connections:
                connection.close()


def _ask_one(
    plate: str, connection: Connection, questions: Questions, breaker: Breaker
) -> PlateAnswer | None:
    """Ask for one plate; ``None`` where the run stopped before there was an answer."""
    stopper = questions.stopper
    verdict = ask(
        lambda: connection.send({"plate": plate}),
        lambda raw: read_plate(questions.redact(raw.decode("utf-8", "replace")).encode()),
        questions.pace,
        stopper,
    )
    now = dt.datetime.now().astimezone()
    match verdict:
        case Refused(code, _):
            why = explain_refusal(verdict)
            if code in SETTINGS_CODES:
                stopper.stop(why)
                return None
            breaker.note(Outcome(State.REJECTED, code=code))
            return PlateAnswer(PlateState.REFUSED, now, message=why)
        case Failed(why, lasting=lasting):
            if lasting:
                stopper.stop(why)
                return None
            breaker.note(Outcome(State.UNKNOWN))
            return PlateAnswer(PlateState.NO_ANSWER, now, message=why)
        case _:
            breaker.note(Outcome(State.PUSHED))
            facts = plate_facts(verdict.content)
            state = PlateState.NOTHING if facts.empty else PlateState.FOUND
            return PlateAnswer(state, now, facts)
