"""Send rows side by side, each written down before it leaves, until all are settled or the run stops."""

from __future__ import annotations

import datetime as dt
import queue
import threading
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from importer.delivery.answers import Accepted, read_answer
from importer.delivery.attempts import Intent, Writer, result_of
from importer.delivery.http import Phase, Reply
from importer.delivery.pace import LOOK_UP_SECONDS, Breaker, Stopper
from importer.delivery.policy import (
    LOOK_AFTER,
    MAX_ATTEMPTS,
    Again,
    Decision,
    Settled,
    Stop,
    judge,
    unknown_message,
)
from importer.errors import JournalError
from importer.model import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from importer.delivery.http import Connection, Controller
    from importer.delivery.journal import Journal
    from importer.delivery.pace import Pace
    from importer.delivery.planning import Planned
    from importer.schema import Policy


@dataclass(frozen=True, slots=True)
class Target:
    """Where the rows of one sheet go."""

    endpoint: str
    path: str
    """The endpoint's path under the host, with ``{client}`` for the client code."""
    policy: Policy
    system: int
    """The journal's number of the system."""
    file: int
    """The journal's number of the sheet."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under what conditions a whole run pushes; shared by its sheets."""

    controller: Controller
    pace: Pace
    stopper: Stopper
    breaker: Breaker
    """Sees the outcomes of the whole run, so that one accepted sheet speaks for the next."""
    workers: int = 4
    """How many rows are under way at once."""
    clock: Callable[[], float] = time.monotonic
    """Seconds that only grow."""


class Pusher:
    """Pushes the rows of one sheet."""

    def __init__(self, target: Target, journal: Journal, conditions: Conditions) -> None:
        """Prepare; nothing is opened or sent. The journal is the pusher's until ``push`` ends."""
        self._target = target
        self._journal = journal
        self._redact = conditions.controller.redact
        self._redact_id = conditions.controller.redact_id
        self._pace = conditions.pace
        self._stopper = conditions.stopper
        self._breaker = conditions.breaker
        self._clock = conditions.clock
        self._connect = partial(conditions.controller.connect, target.path)
        self._workers = conditions.workers
        self._done: queue.SimpleQueue[tuple[Planned, Outcome] | None] = queue.SimpleQueue()
        self._next = threading.Lock()
        self._begun: set[int] = set()
        self._sealing = threading.Lock()
        self._sealed = False
        """Whether all is said of every row, so that nothing may leave any more."""

    def push(self, rows: Sequence[Planned]) -> Iterator[tuple[Planned, Outcome]]:
        """Send rows and yield each with its outcome, in the order in which they are settled.

        Rows that the run does not come to are yielded last, as ``not sent``. A first interrupt lets
        the rows under way finish; a second one ends at once, and those rows are ``unknown``.

        Raises:
            JournalError: The journal could not be written; what was under way is ``unknown``.
        """
        if not rows:
            return
        journal = self._journal
        self._writer = Writer(journal.connection, str(journal.path))
        waiting = iter(rows)
        threads = [
            threading.Thread(target=self._work, args=(waiting,), name=f"worker {n}", daemon=True)
            for n in range(min(self._workers, len(rows)))
        ]
        for thread in threads:
            thread.start()
        settled: set[int] = set()
        for planned, outcome in self._collect(len(threads)):
            settled.add(planned.record.position)
            yield planned, outcome
        with self._sealing:
            self._sealed = True
        for planned in rows:
            if planned.record.position not in settled:
                yield planned, self._unsettled(planned)
        self._close()

    def _collect(self, threads: int) -> Iterator[tuple[Planned, Outcome]]:
        """Yield what the workers settle until all have ended or the run is abandoned."""
        while threads:
            try:
                done = self._done.get(timeout=LOOK_UP_SECONDS)
            except queue.Empty:
                if self._stopper.abandoned:
                    return
                continue
            if done is None:
                threads -= 1
            else:
                yield done

    def _close(self) -> None:
        try:
            self._writer.close()
        except JournalError as error:
            self._stopper.stop(str(error))

    def _unsettled(self, planned: Planned) -> Outcome:
        if planned.record.position in self._begun:
            why = "The run was ended before an answer was here."
            return Outcome(State.UNKNOWN, message=unknown_message(self._target.policy, why))
        if planned.lost_before:
            why = "An earlier run lost the answer to this row, and this run ended before its turn."
            return Outcome(State.UNKNOWN, message=unknown_message(self._target.policy, why))
        return Outcome(State.NOT_SENT)

    # In a worker's thread

    def _work(self, waiting: Iterator[Planned]) -> None:
        connection = self._connect()
        try:
            while not self._stopper.stopped:
                with self._next:
                    planned = next(waiting, None)
                if planned is None:
                    break
                outcome = self._deliver(connection, _whole(planned))
                self._breaker.note(outcome)
                self._done.put((planned, outcome))
        except JournalError as error:
            self._stopper.stop(str(error))
        except BaseException as error:
            self._stopper.stop(f"This program failed ({type(error).__name__}).")
            raise
        finally:
            connection.close()
            self._done.put(None)

    def _deliver(self, connection: Connection, planned: Planned) -> Outcome:
        """Send one row until it is settled, or the run stops."""
        lost, attempts = planned.lost_before, 0
        while True:
            decision = self._attempt(connection, planned, lost=lost, number=attempts + 1)
            if decision is None:
                return self._broken_off(lost=lost, attempts=attempts)
            attempts += 1
            match decision:
                case Settled(state, reference_id, code, message):
                    return Outcome(state, reference_id, code, message, attempts)
                case Stop(state, why, code, message):
                    self._stopper.stop(why)
                    return Outcome(state, "", code, message or why, attempts)
                case Again():
                    lost = lost or decision.applied_maybe
                    if not self._pause(decision, attempts):
                        return self._broken_off(lost=lost, attempts=attempts, why=decision.why)

    def _attempt(
        self, connection: Connection, planned: Planned, *, lost: bool, number: int
    ) -> Decision | None:
        """Send a row once; ``None`` where the run stopped before it left."""
        intent = self._intent(planned)
        if self._wait_for_turn() or not self._begin(planned):
            return None
        attempt = self._intend(planned, intent, lost=lost)
        started = self._clock()
        reply = connection.send(planned.record.payload)
        if reply.phase in {Phase.LOST, Phase.NOT_LEFT}:
            # Before anything else waits: a silent host gets no further row.
            self._note_failure(started)
        if reply.phase is Phase.ANSWERED:
            self._keep_answer(planned, attempt, reply)
        decision = self._judged(reply, lost=lost, number=number)
        self._writer.conclude(attempt, intent, result_of(decision))
        if not isinstance(decision, Again) and not (
            isinstance(decision, Settled) and decision.state is State.UNKNOWN
        ):
            self._pace.answered(accepted=isinstance(decision, Settled))
        elif reply.phase is Phase.ANSWERED:
            self._note_failure(started)
        return decision

    def _note_failure(self, started: float) -> None:
        outage = self._pace.failed(started)
        if outage:
            self._stopper.stop(f"{outage} {LOOK_AFTER}")

    def _begin(self, planned: Planned) -> bool:
        """Note that a row is about to leave; whether it still may."""
        with self._sealing:
            if self._sealed:
                return False
            self._begun.add(planned.record.position)
            return True

    def _intend(self, planned: Planned, intent: Intent, *, lost: bool) -> int:
        """Write down a row that is about to leave."""
        try:
            return self._writer.intend(intent)
        except JournalError:
            if not lost:
                self._begun.discard(planned.record.position)
            raise

    def _keep_answer(self, planned: Planned, attempt: int, reply: Reply) -> None:
        """Write down a raw answer; where that fails, at least tell the person the id in it."""
        text = self._redact(reply.body.decode("utf-8", "replace"))
        try:
            self._writer.answered(attempt, reply.status, text.encode())
        except JournalError as error:
            match read_answer(text.encode()):
                case Accepted(reference_id) if reference_id:
                    message = f"OPSCOM took the row under the id {reference_id}. {error.message}"
                    self._done.put((planned, Outcome(State.UNKNOWN, message=message, attempts=1)))
            raise

    def _judged(self, reply: Reply, *, lost: bool, number: int) -> Decision:
        decision = judge(self._target.policy, reply, lost_before=lost, attempt=number)
        match decision:
            case Settled(state, reference_id, code, message):
                # An id is opaque: only a whole token in it is taken for one.
                kept = self._redact_id(reference_id)
                return Settled(state, kept, self._redact(code), self._redact(message))
            case Stop(state, why, code, message):
                return Stop(state, why, self._redact(code), self._redact(message))
            case Again():
                return decision

    def _wait_for_turn(self) -> bool:
        if self._stopper.stopped:
            return True
        turn = self._pace.turn()
        return bool(turn) and self._stopper.wait(turn)

    def _pause(self, decision: Again, attempts: int) -> bool:
        """Wait before the next attempt; whether there is one."""
        if not self._pace.may_retry(timed_out=decision.timed_out):
            self._stopper.stop(
                f"{decision.why} Too many attempts of this run have failed. {LOOK_AFTER}"
            )
            return False
        if attempts >= MAX_ATTEMPTS:
            self._stopper.stop(f"{decision.why} One row was tried {attempts} times. {LOOK_AFTER}")
            return False
        seconds = self._pace.pause(attempts, decision.told, now=dt.datetime.now(dt.UTC))
        if seconds is None:
            self._stopper.stop(f"{decision.why} OPSCOM asks to wait longer than a run may wait.")
            return False
        return not self._stopper.wait(seconds)

    def _broken_off(self, *, lost: bool, attempts: int, why: str = "") -> Outcome:
        if lost:
            message = unknown_message(self._target.policy, why or "The run stopped.")
            return Outcome(State.UNKNOWN, message=message, attempts=attempts)
        return Outcome(State.NOT_SENT, message=why, attempts=attempts)

    def _intent(self, planned: Planned) -> Intent:
        return Intent(
            self._target.file,
            planned.record.row,
            self._target.system,
            self._target.endpoint,
            planned.identity,
            planned.digest,
            self._journal.memory.parts(planned.record.payload),
            self._target.policy,
        )


def _whole(planned: Planned) -> Planned:
    """Return a row with its payload built, once for all that is made of it."""
    return replace(planned, record=replace(planned.record, payload=dict(planned.record.payload)))
