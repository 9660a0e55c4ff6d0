"""What one attempt writes into the journal: intent, raw answer, what it came to.

A commit waits for the disk. One thread, the ``Writer``, commits whatever has come together meanwhile, so
that sixteen workers wait for one disk write and not for sixteen.
"""

import datetime as dt
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

from importer.delivery.evidence import Becomes
from importer.delivery.http import Phase, Reply
from importer.delivery.journal_file import transaction, unwritable
from importer.delivery.policy import judge, outcome_of
from importer.model import Outcome, State
from importer.schema import Policy, Resend


@dataclass(frozen=True, slots=True)
class Intent:
    """One attempt, before it is sent."""

    file: int
    row: int
    system: int
    endpoint: str
    identity: str
    """What the journal knows the record by: its key, or where it has none its digest."""
    digest: str
    parts: str
    policy: Policy
    becomes: Becomes | None = None
    """The record that a row of a list is once this update of it is accepted."""

    @property
    def record(self) -> tuple[int, str, str]:
        """Where its record stands."""
        return self.system, self.endpoint, self.identity


TAKEN = frozenset({State.PUSHED, State.EXISTS})
_RECORD = "system = ? AND endpoint = ? AND identity = ?"


def now() -> str:
    """Return the time of day with its offset, to the millisecond."""
    return dt.datetime.now().astimezone().isoformat(timespec="milliseconds")


def intend(connection: sqlite3.Connection, intent: Intent) -> int:
    """Write down that a row is about to be sent; return the attempt's number."""
    done = connection.execute(
        "INSERT INTO attempt (file, row, system, endpoint, identity, digest, parts, sent, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'sent')",
        (intent.file, intent.row, *intent.record, intent.digest, intent.parts, now()),
    )
    # What OPSCOM knows by nothing is known by all that it holds, whatever the answer.
    parts = intent.parts if intent.policy.alike else ""
    connection.execute(
        "INSERT INTO record (system, endpoint, identity, unsettled, last, last_digest, attempt, parts)"
        " VALUES (?, ?, ?, 1, 'sent', ?, ?, ?) ON CONFLICT DO UPDATE SET unsettled = unsettled + 1,"
        " last = 'sent', last_digest = excluded.last_digest, attempt = excluded.attempt",
        (*intent.record, intent.digest, done.lastrowid, parts),
    )
    if intent.becomes is not None:
        new = intent.becomes
        connection.execute("INSERT INTO change VALUES (?, ?)", (done.lastrowid, new.identity))
        # What was accepted as it stands stays so until this is accepted.
        connection.execute(
            "INSERT INTO record (system, endpoint, identity, settled, last_digest, attempt, parts,"
            " reference_id) VALUES (?, ?, ?, 'changing', ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " settled = 'changing', attempt = excluded.attempt, reference_id = excluded.reference_id,"
            " digest = '', last_digest = excluded.last_digest, parts = excluded.parts"
            " WHERE settled NOT IN ('pushed', 'exists')",
            (
                *(intent.system, intent.policy.of, new.identity),
                *(new.digest, done.lastrowid, new.parts, new.reference_id),
            ),
        )
    return int(done.lastrowid or 0)


def answered(connection: sqlite3.Connection, attempt: int, status: int, body: bytes) -> None:
    """Write down the raw answer, before it is read."""
    connection.execute(
        "UPDATE attempt SET answered = ?, status = ?, answer = ?, state = 'answered' WHERE id = ?",
        (now(), status, body, attempt),
    )


def conclude(connection: sqlite3.Connection, attempt: int, intent: Intent, result: Outcome) -> None:
    """Write down what an attempt came to, and what follows for its record."""
    state = result.state.value
    connection.execute(
        "UPDATE attempt SET state = ?, reference_id = ?, code = ?, message = ? WHERE id = ?",
        (state, result.reference_id, result.code, result.message, attempt),
    )
    connection.execute(f"UPDATE record SET last = ? WHERE {_RECORD}", (state, *intent.record))
    if result.state in TAKEN:
        connection.execute(
            "UPDATE record SET digest = ?, parts = ?, settled = ?, reference_id = ?, unsettled = 0"
            f" WHERE {_RECORD}",
            (intent.digest, intent.parts, state, result.reference_id, *intent.record),
        )
        if intent.policy.of:
            _change(connection, attempt)
        if intent.policy.deletes:
            # A deleted permit may be created again: its record is accepted no longer.
            connection.execute(
                "UPDATE record SET settled = 'deleted', digest = '' WHERE system = ? AND endpoint = ?"
                " AND reference_id = ? COLLATE NOCASE",
                (intent.system, intent.policy.of, intent.identity),
            )
    elif result.state is State.REJECTED and intent.policy.resend is Resend.ONCE:
        # A second send of a vehicle that is refused says that the first was not taken either.
        connection.execute(f"UPDATE record SET unsettled = 0 WHERE {_RECORD}", intent.record)
    elif result.state is not State.UNKNOWN:
        connection.execute(
            f"UPDATE record SET unsettled = max(unsettled - 1, 0) WHERE {_RECORD}", intent.record
        )


def _change(connection: sqlite3.Connection, attempt: int) -> None:
    """Let the row of a list that an accepted update speaks for, where it does, be the record under its id."""
    found = connection.execute(
        "SELECT attempt.system, file.endpoint, becomes, identity FROM attempt"
        " JOIN change ON change.attempt = attempt.id JOIN file ON file.id = attempt.file"
        " WHERE attempt.id = ?",
        (attempt,),
    ).fetchone()
    if found is None:
        return
    system, endpoint, becomes, reference_id = found
    connection.execute(
        "UPDATE record SET settled = 'changed', digest = '' WHERE system = ? AND endpoint = ?"
        " AND settled IN ('pushed', 'exists', 'changing') AND reference_id = ? COLLATE NOCASE",
        (system, endpoint, reference_id),
    )
    connection.execute(
        f"UPDATE record SET settled = 'pushed', digest = last_digest, attempt = ? WHERE {_RECORD}",
        (attempt, system, endpoint, becomes),
    )


def find_out(connection: sqlite3.Connection, record: tuple[int, str, str], result: Outcome) -> None:
    """Write down what became of a record (system, endpoint, identity) whose answer was lost.

    ``pushed`` and ``exists`` settle it; after anything else the next push sends it.
    """
    taken = result.state in TAKEN
    state = result.state.value if taken else State.NOT_SENT.value
    (attempt,) = connection.execute(
        f"SELECT attempt FROM record WHERE {_RECORD}", record
    ).fetchone()
    connection.execute(
        "UPDATE attempt SET state = ?, reference_id = ?, message = ? WHERE id = ?",
        (state, result.reference_id, result.message, attempt),
    )
    connection.execute(
        "UPDATE record SET unsettled = 0, last = ?, settled = ?, reference_id = ?,"
        f" digest = CASE WHEN ? THEN last_digest ELSE '' END WHERE {_RECORD}",
        (state, state if taken else "", result.reference_id, taken, *record),
    )
    if taken:
        _change(connection, attempt)


def settle_killed(connection: sqlite3.Connection, policies: Mapping[str, Policy]) -> int:
    """Conclude the attempts that a killed run left open; return how many answers are lost.

    Call it with the journal's lock held: an answer that was not read yet is read now.
    """
    rows = connection.execute(
        "SELECT id, file, row, system, endpoint, identity, digest, parts, status, answer, state"
        " FROM attempt WHERE state IN ('sent', 'answered') ORDER BY id"
    ).fetchall()
    lost = 0
    for attempt, *facts, status, answer, state in rows:
        intent = Intent(*(*facts, policies[facts[3]]))
        result = Outcome(State.UNKNOWN, message="The run ended before an answer was here.")
        if state == "answered":
            # The open attempt itself counts as one that is unsettled.
            (unsettled,) = connection.execute(
                f"SELECT unsettled FROM record WHERE {_RECORD}", intent.record
            ).fetchone()
            reply = Reply(Phase.ANSWERED, status, answer)
            decision = judge(intent.policy, reply, lost_before=unsettled > 1, attempt=99)
            result = outcome_of(decision)
        conclude(connection, attempt, intent, result)
        lost += result.state is State.UNKNOWN
    return lost


Write = Callable[["sqlite3.Connection"], int | None]
Task = tuple[Write, "Future[int]"]


class Writer:
    """Writes attempts of one push while it lasts; the connection is the writer's alone."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        """Start the thread; ``name`` is the journal's path, for messages."""
        self._connection = connection
        self._name = name
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._failure: Exception | None = None
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

    def conclude(self, attempt: int, intent: Intent, result: Outcome) -> None:
        """Write what an attempt came to, with the next group: the raw answer is on disk already."""
        self._put(lambda connection: conclude(connection, attempt, intent, result))

    def close(self) -> None:
        """Wait until all is written and end the thread.

        Raises:
            JournalError: Something could not be written.
        """
        self._tasks.put(None)
        self._thread.join()
        if self._failure is not None:
            raise unwritable(self._name, self._failure)

    def _put(self, write: Write) -> Future[int]:
        done: Future[int] = Future()
        self._tasks.put((write, done))
        return done

    def _wait(self, write: Write) -> int:
        try:
            return self._put(write).result()
        except Exception as error:
            raise unwritable(self._name, error) from error

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            group = [task]
            with suppress(queue.Empty):
                while (task := self._tasks.get_nowait()) is not None:
                    group.append(task)
                self._tasks.put(None)
            self._commit(group)

    def _commit(self, group: Sequence[Task]) -> None:
        numbers: list[int] = []
        if self._failure is None:
            try:
                with transaction(self._connection):
                    numbers = [write(self._connection) or 0 for write, _ in group]
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
                self._failure = error
        for place, (_, done) in enumerate(group):
            if self._failure is None:
                done.set_result(numbers[place])
            else:
                done.set_exception(self._failure)
