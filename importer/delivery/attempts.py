"""What one attempt writes into the journal: intent, raw answer, what it came to.

A commit waits for the disk. One thread, the ``Writer``, commits whatever has come together meanwhile, so
that sixteen workers wait for one disk write and not for sixteen.
"""

from __future__ import annotations

import datetime as dt
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.delivery.http import Phase, Reply
from importer.delivery.policy import Again, Decision, Settled, Stop, judge
from importer.errors import JournalError
from importer.model import State
from importer.schema import Policy, Resend

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Intent:
    """One attempt, before it is sent."""

    file: int
    """The journal's number of the sheet."""
    row: int
    system: int
    endpoint: str
    identity: str
    """What the journal knows the record by: its key, or where it has none its digest."""
    digest: str
    parts: str
    policy: Policy
    """The endpoint's."""


@dataclass(frozen=True, slots=True)
class Result:
    """What an attempt came to."""

    state: State
    """``pushed``, ``exists``, ``rejected``, ``unknown``, or ``not sent`` where it was not applied."""
    reference_id: str = ""
    code: str = ""
    message: str = ""


def now() -> str:
    """Return the time of day with its offset, to the millisecond."""
    return dt.datetime.now().astimezone().isoformat(timespec="milliseconds")


def intend(connection: sqlite3.Connection, intent: Intent) -> int:
    """Write down that a row is about to be sent; return the attempt's number."""
    done = connection.execute(
        "INSERT INTO attempt (file, row, system, endpoint, identity, digest, parts, sent, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'sent')",
        (
            intent.file,
            intent.row,
            intent.system,
            intent.endpoint,
            intent.identity,
            intent.digest,
            intent.parts,
            now(),
        ),
    )
    connection.execute(
        "INSERT INTO record (system, endpoint, identity, unsettled, last, last_digest, attempt, parts)"
        " VALUES (?, ?, ?, 1, 'sent', ?, ?, ?) ON CONFLICT DO UPDATE SET unsettled = unsettled + 1,"
        " last = 'sent', last_digest = excluded.last_digest, attempt = excluded.attempt",
        (
            intent.system,
            intent.endpoint,
            intent.identity,
            intent.digest,
            done.lastrowid,
            # What OPSCOM knows by nothing is known by all that it holds, whatever the answer.
            intent.parts if intent.policy.alike else "",
        ),
    )
    return int(done.lastrowid or 0)


def answered(connection: sqlite3.Connection, attempt: int, status: int, body: bytes) -> None:
    """Write down the raw answer, before it is read."""
    connection.execute(
        "UPDATE attempt SET answered = ?, status = ?, answer = ?, state = 'answered' WHERE id = ?",
        (now(), status, body, attempt),
    )


def conclude(connection: sqlite3.Connection, attempt: int, intent: Intent, result: Result) -> None:
    """Write down what an attempt came to, and what follows for its record."""
    connection.execute(
        "UPDATE attempt SET state = ?, reference_id = ?, code = ?, message = ? WHERE id = ?",
        (result.state.value, result.reference_id, result.code, result.message, attempt),
    )
    where = (intent.system, intent.endpoint, intent.identity)
    match result.state:
        case State.PUSHED | State.EXISTS:
            connection.execute(
                "UPDATE record SET digest = ?, parts = ?, settled = ?, reference_id = ?,"
                " unsettled = 0, last = ? WHERE system = ? AND endpoint = ? AND identity = ?",
                (
                    intent.digest,
                    intent.parts,
                    result.state.value,
                    result.reference_id,
                    result.state.value,
                    *where,
                ),
            )
            if intent.policy.deletes:
                _forget_deleted(connection, intent)
        case State.UNKNOWN:
            connection.execute(
                "UPDATE record SET last = ? WHERE system = ? AND endpoint = ? AND identity = ?",
                (result.state.value, *where),
            )
        case _:
            # A second send of a vehicle that is refused says that the first was not taken either.
            rest = "0" if _answers_for_all(intent, result) else "max(unsettled - 1, 0)"
            connection.execute(
                f"UPDATE record SET unsettled = {rest}, last = ?"  # noqa: S608 - one of two constants
                " WHERE system = ? AND endpoint = ? AND identity = ?",
                (result.state.value, *where),
            )


def find_out(
    connection: sqlite3.Connection, system: int, endpoint: str, identity: str, result: Result
) -> None:
    """Write down what became of a record whose answer was lost, found out afterwards.

    ``pushed`` and ``exists`` settle it; anything else says that it was never taken, so that the next
    push sends it.
    """
    taken = result.state in {State.PUSHED, State.EXISTS}
    attempt = connection.execute(
        "SELECT attempt, last_digest FROM record WHERE system = ? AND endpoint = ? AND identity = ?",
        (system, endpoint, identity),
    ).fetchone()
    if attempt is None:
        return
    state = result.state.value if taken else State.NOT_SENT.value
    connection.execute(
        "UPDATE attempt SET state = ?, reference_id = ?, message = ? WHERE id = ?",
        (state, result.reference_id, result.message, attempt[0]),
    )
    connection.execute(
        "UPDATE record SET unsettled = 0, last = ?, settled = ?, digest = ?, reference_id = ?"
        " WHERE system = ? AND endpoint = ? AND identity = ?",
        (
            state,
            state if taken else "",
            attempt[1] if taken else "",
            result.reference_id,
            system,
            endpoint,
            identity,
        ),
    )


def _answers_for_all(intent: Intent, result: Result) -> bool:
    return result.state is State.REJECTED and intent.policy.resend is Resend.ONCE


def _forget_deleted(connection: sqlite3.Connection, intent: Intent) -> None:
    """A deleted permit may be created again: its record is accepted no longer."""
    connection.execute(
        "UPDATE record SET settled = 'deleted', digest = '' WHERE system = ? AND endpoint = ?"
        " AND reference_id = ? COLLATE NOCASE",
        (intent.system, intent.policy.of, intent.identity),
    )


def settle_killed(connection: sqlite3.Connection, policies: Mapping[str, Policy]) -> int:
    """Conclude the attempts that a killed run left open; return how many answers are lost.

    Call it with the journal's lock held: nobody else runs, so an intent without an answer is a lost
    answer, and an answer that was not read yet is read now.
    """
    rows = connection.execute(
        "SELECT id, file, row, system, endpoint, identity, digest, parts, status, answer, state"
        " FROM attempt WHERE state IN ('sent', 'answered') ORDER BY id"
    ).fetchall()
    lost = 0
    for attempt, *facts, status, answer, state in rows:
        intent = Intent(*(*facts, policies[facts[3]]))
        result = Result(State.UNKNOWN, message="The run ended before an answer was here.")
        if state == "answered":
            before = _lost_before(connection, intent)
            reply = Reply(Phase.ANSWERED, status, answer)
            result = result_of(judge(intent.policy, reply, lost_before=before, attempt=99))
        conclude(connection, attempt, intent, result)
        lost += result.state is State.UNKNOWN
    return lost


def _lost_before(connection: sqlite3.Connection, intent: Intent) -> bool:
    """Whether an attempt before the open one was lost (the open one itself counts as one)."""
    (unsettled,) = connection.execute(
        "SELECT unsettled FROM record WHERE system = ? AND endpoint = ? AND identity = ?",
        (intent.system, intent.endpoint, intent.identity),
    ).fetchone()
    return bool(unsettled > 1)


def result_of(decision: Decision) -> Result:
    """Return what an attempt itself came to, whatever happens to its row next."""
    match decision:
        case Settled(state, reference_id, code, message):
            return Result(state, reference_id, code, message)
        case Again(applied_maybe=maybe, why=why):
            return Result(State.UNKNOWN if maybe else State.NOT_SENT, message=why)
        case Stop(state, why, code, message):
            return Result(state, code=code, message=message or why)


class _Task:
    """One thing to write, and whoever waits until it is on disk."""

    __slots__ = ("done", "failure", "number", "write")

    def __init__(self, write: Callable[[sqlite3.Connection], int | None]) -> None:
        self.write = write
        self.number = 0
        self.failure: BaseException | None = None
        # A plain lock, taken here and given back by the writer, is the cheapest thing to wait on.
        self.done = threading.Lock()
        self.done.acquire()


class Writer:
    """Writes attempts of one push while it lasts; the connection is the writer's alone."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        """Start the thread.

        Args:
            connection: The journal's; nobody else uses it until ``close``.
            name: The journal's path, for messages.
        """
        self._connection = connection
        self._name = name
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def intend(self, intent: Intent) -> int:
        """Write an intent and wait until it is on disk; return the attempt's number.

        Raises:
            JournalError: It cannot be written; nothing may be sent.
        """
        return self._wait(lambda connection: intend(connection, intent))

    def answered(self, attempt: int, status: int, body: bytes) -> None:
        """Write a raw answer and wait until it is on disk."""
        self._wait(lambda connection: answered(connection, attempt, status, body))

    def conclude(self, attempt: int, intent: Intent, result: Result) -> None:
        """Write what an attempt came to, with the next group: the raw answer is on disk already."""
        self._tasks.put(_Task(lambda connection: conclude(connection, attempt, intent, result)))

    def close(self) -> None:
        """Wait until all is written and end the thread.

        Raises:
            JournalError: Something could not be written.
        """
        self._tasks.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._error(self._failure)

    def _wait(self, write: Callable[[sqlite3.Connection], int | None]) -> int:
        task = _Task(write)
        self._tasks.put(task)
        task.done.acquire()
        if task.failure is not None:
            raise self._error(task.failure)
        return task.number

    def _work(self) -> None:
        open_ = True
        while open_:
            tasks, open_ = self._next_group()
            if self._failure is None:
                try:
                    self._commit(tasks)
                except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
                    self._failure = error
            for task in tasks:
                task.failure = self._failure
                task.done.release()

    def _next_group(self) -> tuple[list[_Task], bool]:
        """Wait for a task and take all that have come together."""
        group: list[_Task] = []
        task = self._tasks.get()
        while task is not None:
            group.append(task)
            try:
                task = self._tasks.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _commit(self, tasks: list[_Task]) -> None:
        if not tasks:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for task in tasks:
                task.number = task.write(self._connection) or 0
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _error(self, failure: BaseException) -> JournalError:
        return JournalError(
            f"The journal {self._name} cannot be written ({failure}).",
            hint="Free some space on the disk, then run the command again.",
        )
