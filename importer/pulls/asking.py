"""Many plates side by side, each asked until there is an answer or the run stops."""

from __future__ import annotations

import datetime as dt
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from importer.delivery.answers import Refused
from importer.delivery.manners import SETTINGS_CODES
from importer.delivery.reads import Failed, ask, explain_refusal
from importer.delivery.stops import Breaker
from importer.model import Outcome, State
from importer.pulls.plate_answers import plate_facts, read_plate

if TYPE_CHECKING:
    from importer.delivery.line import Line
    from importer.delivery.pace import Pace
    from importer.delivery.stops import Stopper
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

    open_line: Callable[[], Line]
    token: str = field(repr=False)
    client: str
    pace: Pace
    stopper: Stopper
    redact: Callable[[str], str]
    """Takes the API token out of a text."""
    workers: int = 4


Answers: TypeAlias = "queue.SimpleQueue[tuple[str, PlateAnswer] | None]"
"""Filled by the workers; ``None`` says that one of them has ended."""


def ask_plates(plates: Sequence[str], questions: Questions) -> Iterator[tuple[str, PlateAnswer]]:
    """Ask for plates and yield each with its answer; those not come to are not yielded.

    A first interrupt lets the plates under way finish; a second one ends at once. Refusals of the
    settings, a spent budget and an outage stop the run.
    """
    answers: Answers = queue.SimpleQueue()
    waiting, taking, breaker = iter(plates), threading.Lock(), Breaker(questions.stopper)

    def take() -> str | None:
        with taking:
            return None if questions.stopper.stopped else next(waiting, None)

    threads = min(questions.workers, len(plates))
    for number in range(threads):
        work = partial(_work, take, questions, breaker, answers)
        threading.Thread(target=work, name=f"plates {number}", daemon=True).start()
    while threads:
        try:
            found = answers.get(timeout=LOOK_UP_SECONDS)
        except queue.Empty:
            if questions.stopper.abandoned:
                return
            continue
        if found is None:
            threads -= 1
        else:
            yield found


def _work(
    take: Callable[[], str | None], questions: Questions, breaker: Breaker, answers: Answers
) -> None:
    """Ask for one plate after the other, and say so at the end; in a worker's thread."""
    line = questions.open_line()
    try:
        while (plate := take()) is not None:
            answer = _ask_one(plate, line, questions, breaker)
            if answer is not None:
                answers.put((plate, answer))
    except BaseException as error:
        questions.stopper.stop(f"This program failed ({type(error).__name__}).")
        raise
    finally:
        line.close()
        answers.put(None)


def _ask_one(plate: str, line: Line, questions: Questions, breaker: Breaker) -> PlateAnswer | None:
    """Ask for one plate; ``None`` where the run stopped before there was an answer."""
    stopper = questions.stopper
    body = {"api_token": questions.token, "client": questions.client, "plate": plate}
    verdict = ask(
        lambda: line.send(body),
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
