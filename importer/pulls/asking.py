"""Many plates side by side, each asked until there is an answer or the run stops."""

from __future__ import annotations

import datetime as dt
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from importer.delivery.answers import Refused
from importer.delivery.manners import SETTINGS_CODES
from importer.delivery.reads import Failed, ask, explain_refusal
from importer.delivery.stops import Breaker
from importer.model import Outcome, State
from importer.pulls.plate_answers import read_plate

if TYPE_CHECKING:
    from importer.delivery.line import Line, Reply
    from importer.delivery.pace import Pace
    from importer.delivery.stops import Stopper

LOOK_UP_SECONDS = 0.25
"""How often the collector styles whether the run is abandoned."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one plate."""

    plate: str
    asked: dt.datetime
    body: bytes = b""
    """The answer, without the API token; empty where there is none or a refusal."""
    code: str = ""
    """The code of a refusal."""
    why: str = ""
    """Why there is no answer, or what was refused."""


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


def ask_plates(plates: Sequence[str], questions: Questions) -> Iterator[Answered]:
    """Ask for plates and yield each as its answer comes; those not come to are not yielded.

    A first interrupt lets the plates under way finish; a second one ends at once. Refusals of the
    settings, a spent budget and an outage stop the run. Plates asked for and not yet done with by
    the taker (who comes for the next only then) are at most as many as workers: no more answers can
    be lost with this process.
    """
    run = _Run(plates, questions)
    threads = min(questions.workers, len(plates))
    for number in range(threads):
        threading.Thread(target=run.work, name=f"plates {number}", daemon=True).start()
    try:
        while threads:
            try:
                found = run.done.get(timeout=LOOK_UP_SECONDS)
            except queue.Empty:
                if questions.stopper.abandoned:
                    return
                continue
            if found is None:
                threads -= 1
            else:
                yield found
                run.taken.release()
    finally:
        run.end(threads)


class _Run:
    """What the workers of one batch share."""

    def __init__(self, plates: Sequence[str], questions: Questions) -> None:
        self.done: queue.SimpleQueue[Answered | None] = queue.SimpleQueue()
        self.taken = threading.Semaphore(0)
        """Answers that the taker is done with; each lets a worker go on."""
        self._over = threading.Event()
        self._waiting = iter(plates)
        self._next = threading.Lock()
        self._questions = questions
        self._breaker = Breaker(questions.stopper)

    def work(self) -> None:
        """Ask for one plate after the other; in a worker's thread."""
        stopper, line = self._questions.stopper, self._questions.open_line()
        try:
            while not (stopper.stopped or self._over.is_set()):
                with self._next:
                    plate = next(self._waiting, None)
                if plate is None:
                    break
                answered = _ask_one(plate, line, self._questions, self._breaker)
                if answered is not None:
                    self.done.put(answered)
                    self.taken.acquire()
        except BaseException as error:
            stopper.stop(f"This program failed ({type(error).__name__}).")
            raise
        finally:
            line.close()
            self.done.put(None)

    def end(self, threads: int) -> None:
        """Let the workers go that wait for a taker who comes no more."""
        self._over.set()
        if threads:
            self.taken.release(threads)


def _ask_one(plate: str, line: Line, questions: Questions, breaker: Breaker) -> Answered | None:
    """Ask for one plate; ``None`` where the run stopped before there was an answer."""
    stopper = questions.stopper
    body = {"api_token": questions.token, "client": questions.client, "plate": plate}
    replies: list[Reply] = []

    def send() -> Reply:
        replies.append(line.send(body))
        return replies[-1]

    verdict = ask(send, read_plate, questions.pace, stopper)
    now = dt.datetime.now().astimezone()
    match verdict:
        case Refused(code, _):
            why = explain_refusal(verdict)
            if code in SETTINGS_CODES:
                stopper.stop(why)
                return None
            breaker.note(Outcome(State.REJECTED, code=code))
            return Answered(plate, now, code=code, why=why)
        case Failed(why, lasting=lasting):
            if lasting:
                stopper.stop(why)
                return None
            breaker.note(Outcome(State.UNKNOWN))
            return Answered(plate, now, why=why)
        case _:
            breaker.note(Outcome(State.PUSHED))
            text = replies[-1].body.decode("utf-8", "replace")
            return Answered(plate, now, questions.redact(text).encode())
