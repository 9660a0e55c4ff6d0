"""Send rows side by side, each written down before it leaves, until all are settled or the run stops."""

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from importer.delivery.answers import Accepted, read_answer
from importer.delivery.attempts import Intent, Writer
from importer.delivery.http import Connection, Controller, Phase, Reply
from importer.delivery.journal import Journal
from importer.delivery.known import EndpointMemory
from importer.delivery.pace import LOOK_UP_SECONDS, Breaker, Pace, Stopper
from importer.delivery.planning import Planned
from importer.delivery.policy import (
    LOOK_AFTER,
    MAX_ATTEMPTS,
    Again,
    Decision,
    Stop,
    judge,
    outcome_of,
    unknown_message,
)
from importer.errors import JournalError
from importer.model import Outcome, State
from importer.schema import Policy, Resend, Table


@dataclass(frozen=True, slots=True)
class Target:
    """Where the rows of one sheet go."""

    table: Table
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


class Pusher:
    """Pushes the rows of one sheet."""

    def __init__(self, target: Target, journal: Journal, conditions: Conditions) -> None:
        """Prepare; nothing is opened or sent. The journal is the pusher's until ``push`` ends."""
        self._target = target
        self._journal = journal
        self._conditions = conditions
        self._pace = conditions.pace
        self._stopper = conditions.stopper
        self._ids: set[str] | None = None
        """Where OPSCOM gives each record an id that it gives to no other: those of all that it has."""
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
        if self._target.policy.resend is Resend.NEVER:
            memory, target = self._journal.memory, self._target
            self._ids = EndpointMemory(memory, target.system, target.table.endpoint).ids()
        self._writer = Writer(self._journal.connection, str(self._journal.path))
        waiting = iter(rows)
        threads = [
            threading.Thread(target=self._work, args=(waiting,), name=f"worker {n}", daemon=True)
            for n in range(min(self._conditions.workers, len(rows)))
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
        try:
            self._writer.close()
        except JournalError as error:
            self._stopper.stop(str(error))

    def _collect(self, threads: int) -> Iterator[tuple[Planned, Outcome]]:
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

    def _unsettled(self, planned: Planned) -> Outcome:
        if planned.record.position in self._begun:
            return self._unknown("The run was ended before an answer was here.")
        if planned.lost_before:
            why = "An earlier run lost the answer to this row, and this run ended before its turn."
            return self._unknown(why)
        return Outcome(State.NOT_SENT)

    def _unknown(self, why: str) -> Outcome:
        return Outcome(State.UNKNOWN, message=unknown_message(self._target.policy, why))

    # In a worker's thread

    def _work(self, waiting: Iterator[Planned]) -> None:
        try:
            with closing(
                self._conditions.controller.connect(self._target.table.path)
            ) as connection:
                while not self._stopper.stopped:
                    with self._next:
                        planned = next(waiting, None)
                    if planned is None:
                        break
                    # The payload is built once for all that is made of it.
                    whole = replace(planned.record, payload=dict(planned.record.payload))
                    outcome = self._deliver(connection, replace(planned, record=whole))
                    self._conditions.breaker.note(outcome)
                    self._done.put((planned, outcome))
        except JournalError as error:
            self._stopper.stop(str(error))
        except BaseException as error:
            self._stopper.stop(f"This program failed ({type(error).__name__}).")
            raise
        finally:
            # Whatever it is, nobody may wait for ever.
            self._done.put(None)

    def _deliver(self, connection: Connection, planned: Planned) -> Outcome:
        lost, attempts, why = planned.lost_before, 0, ""
        while True:
            decision = self._attempt(connection, planned, lost=lost, number=attempts + 1)
            match decision:
                case Outcome():
                    return decision
                case Stop(outcome, why):
                    self._stopper.stop(why)
                    return outcome
                case Again():
                    attempts, why = attempts + 1, decision.why
                    lost = lost or decision.applied_maybe
                    if self._pause(decision, attempts):
                        continue
                case None:
                    why = ""
            if lost:
                return self._unknown(why or "The run stopped.")
            return Outcome(State.NOT_SENT, message=why)

    def _attempt(
        self, connection: Connection, planned: Planned, *, lost: bool, number: int
    ) -> Decision | None:
        """Send a row once; ``None`` where the run stopped before it left."""
        target, record = self._target, planned.record
        parts = self._journal.memory.parts(record.payload)
        intent = Intent(
            *(target.file, record.row, target.system, target.table.endpoint),
            *(planned.identity, planned.digest, parts),
            policy=target.policy,
            becomes=planned.becomes,
        )
        if self._stopper.stopped or self._stopper.wait(self._pace.turn()):
            return None
        with self._sealing:
            if self._sealed:
                return None
            self._begun.add(planned.record.position)
        attempt = self._intend(planned, intent, lost=lost)
        started = time.monotonic()
        reply = connection.send(planned.record.payload)
        if reply.phase in {Phase.LOST, Phase.NOT_LEFT}:
            # Before anything else waits: a silent host gets no further row.
            self._note_failure(started)
        if reply.phase is Phase.ANSWERED:
            text = self._conditions.controller.redact(reply.body.decode("utf-8", "replace"))
            reply = replace(reply, body=text.encode())
            self._keep_answer(planned, attempt, reply)
        decision = judge(target.policy, reply, lost_before=lost, attempt=number)
        if isinstance(decision, Outcome) and not self._is_its_own(decision.reference_id):
            # The answer to an earlier row, come once more: each that follows would be that of a row before.
            connection.drop()
            decision = self._unknown("The answer holds the id of another row.")
        self._writer.conclude(attempt, intent, outcome_of(decision))
        settled = isinstance(decision, Outcome) and decision.state is not State.UNKNOWN
        if settled or isinstance(decision, Stop):
            self._pace.answered(accepted=settled)
        elif reply.phase is Phase.ANSWERED:
            self._note_failure(started)
        return decision

    def _is_its_own(self, reference_id: str) -> bool:
        if not reference_id or self._ids is None:
            return True
        with self._next:
            taken = reference_id.casefold() in self._ids
            self._ids.add(reference_id.casefold())
        return not taken

    def _note_failure(self, started: float) -> None:
        outage = self._pace.failed(started)
        if outage:
            self._stopper.stop(f"{outage} {LOOK_AFTER}")

    def _intend(self, planned: Planned, intent: Intent, *, lost: bool) -> int:
        try:
            return self._writer.intend(intent)
        except JournalError:
            if not lost:
                self._begun.discard(planned.record.position)
            raise

    def _keep_answer(self, planned: Planned, attempt: int, reply: Reply) -> None:
        """Write down a raw answer; where that fails, at least tell the person the id in it."""
        try:
            self._writer.answered(attempt, reply.status, reply.body)
        except JournalError as error:
            match read_answer(reply.body):
                case Accepted(reference_id) if reference_id:
                    message = f"OPSCOM took the row under the id {reference_id}. {error.message}"
                    self._done.put((planned, Outcome(State.UNKNOWN, message=message)))
            raise

    def _pause(self, decision: Again, attempts: int) -> bool:
        if not self._pace.may_retry(timed_out=decision.timed_out):
            why = f"Too many attempts of this run have failed. {LOOK_AFTER}"
        elif attempts >= MAX_ATTEMPTS:
            why = f"One row was tried {attempts} times. {LOOK_AFTER}"
        else:
            seconds = self._pace.pause(attempts, decision.told)
            if seconds is not None:
                return not self._stopper.wait(seconds)
            why = "OPSCOM asks to wait longer than a run may wait."
        self._stopper.stop(f"{decision.why} {why}")
        return False
