"""The memory of all runs: what was sent, what was answered, what is settled.

The intent to send a row is durable before a byte of it leaves, and its raw answer is durable before
it is read. The journal alone decides what is settled. It holds keys, digests, states, ids, codes and
answers; no token and no payload.
"""

from __future__ import annotations

import contextlib
import json
import platform
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import importer
from importer.delivery.attempts import (
    Intent,
    Result,
    conclude,
    find_out,
    intend,
    now,
    settle_killed,
)
from importer.delivery.journal_file import (
    Lock,
    connect,
    connect_beside,
    fault_of,
    holder_of,
    person,
)
from importer.delivery.memory import Memory

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from importer.delivery.memory import System
    from importer.model import State
    from importer.schema import Policy


@contextlib.contextmanager
def look_up(path: Path) -> Iterator[Memory | None]:
    """Open a journal only to look something up, beside a run that may be under way.

    Yields:
        What it remembers; ``None`` where there is no journal yet.

    Raises:
        JournalError: It is foreign or damaged.
    """
    connection = connect_beside(path)
    if connection is None:
        yield None
        return
    try:
        memory = Memory(connection)
        if memory.has_open_run():
            memory.under_way = holder_of(path)
        yield memory
    except sqlite3.DatabaseError as error:
        raise fault_of(path, error) from error
    finally:
        connection.close()


class Journal:
    """One journal file, open for this run alone."""

    def __init__(self, path: Path, policies: Mapping[str, Policy]) -> None:
        """Open the journal and take its lock; settle what a killed run left behind.

        Args:
            path: The file; made where there is none.
            policies: Endpoint → policy.

        Raises:
            JournalError: It is in use, foreign, damaged or cannot be written.
        """
        self.path = path
        self.policies = policies
        self._lock = Lock(path)
        try:
            self._connection = connect(path)
        except BaseException:
            self._lock.release()
            raise
        try:
            self.memory = Memory(self._connection)
            """What it remembers."""
            with self._transaction():
                self.lost = settle_killed(self._connection, policies)
                """Rows whose answer was lost because an earlier run was killed."""
        except sqlite3.DatabaseError as error:
            self.close()
            raise fault_of(path, error) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and give the lock back."""
        self._connection.close()
        self._lock.release()

    def __enter__(self) -> Self:
        """Use the journal in a ``with`` block."""
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Close the journal.

        Raises:
            JournalError: Reading it failed within the block: it is damaged.
        """
        self.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise fault_of(self.path, error) from error

    def add_system(self, system: System, *, same_as: System | None = None) -> int:
        """Write down a system; with ``same_as`` the records of that one are its records."""
        with self._transaction():
            number = None if same_as is None else self.memory.system(same_as)
            if number is None:
                number = self._connection.execute(
                    "INSERT INTO system (name) VALUES (?)", (f"{system.client} at {system.host}",)
                ).lastrowid
            self._connection.execute(
                "INSERT OR REPLACE INTO address VALUES (?, ?, ?)",
                (system.host, system.client, number),
            )
        return int(number or 0)

    def forget(self, system: System) -> None:
        """Let nothing that was sent to a system count any more; its runs stay in the history."""
        self._write(
            "DELETE FROM address WHERE host = ? AND client = ?", (system.host, system.client)
        )

    def start_run(self, run: str, system: System, number: int, started: dt.datetime) -> None:
        """Write down that a run began."""
        self._write(
            "INSERT INTO run (id, system, host, client, person, machine, version, started)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run,
                number,
                system.host,
                system.client,
                person(),
                platform.node(),
                importer.__version__,
                started.isoformat(),
            ),
        )

    def learn(self, learned: LearnedFile) -> None:
        """Write down a file of a run that this journal does not know, as its results workbook tells it."""
        with self._transaction():
            learn(self, learned)

    def end_run(self, run: str, *, stopped: str | None, exit_code: int) -> None:
        """Write down how a run ended."""
        self._write(
            "UPDATE run SET ended = ?, stopped = ?, exit_code = ? WHERE id = ?",
            (now(), stopped, exit_code, run),
        )

    def start_file(self, run: str, **facts: str | int | None) -> int:
        """Write down a sheet that is about to be pushed; return its number."""
        names = ("source", "sheet", "digest", "mapping", "endpoint", "rows")
        done = self._write(
            "INSERT INTO file (run, source, sheet, digest, mapping, endpoint, rows)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (run, *(facts[name] for name in names)),
        )
        return int(done.lastrowid or 0)

    def end_file(self, file: int, *, states: Mapping[State, int], results: str) -> None:
        """Write down what became of a sheet's rows."""
        counts = json.dumps({state.value: count for state, count in states.items()})
        self._write("UPDATE file SET states = ?, results = ? WHERE id = ?", (counts, results, file))

    def find_out(self, system: int, endpoint: str, found: Iterable[tuple[str, Result]]) -> None:
        """Write down what became of records whose answer was lost, all or none."""
        with self._transaction():
            for identity, result in found:
                find_out(self._connection, system, endpoint, identity, result)

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, for the one writer of a push."""
        return self._connection

    def _write(self, text: str, values: Sequence[str | int | None]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(text, values)
        except sqlite3.DatabaseError as error:
            raise fault_of(self.path, error) from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.DatabaseError):
                raise fault_of(self.path, error) from error
            raise


@dataclass(frozen=True, slots=True)
class LearnedRow:
    """A row that a results workbook says was sent."""

    row: int
    what: tuple[str, str, str]
    """Identity, digest and parts of its record."""
    result: Result


@dataclass(frozen=True, slots=True)
class LearnedSheet:
    """What is learned of one sheet."""

    name: str | None
    rows: tuple[LearnedRow, ...]


@dataclass(frozen=True, slots=True)
class LearnedFile:
    """A file of a run that a journal does not know, and learns from the results workbook."""

    run: str
    host: str
    client: str
    number: int
    """The journal's number of the system."""
    started: str
    why: str
    source: str
    digest: str
    mapping: str
    endpoint: str
    sheets: tuple[LearnedSheet, ...] = ()


def learn(journal: Journal, learned: LearnedFile) -> None:
    """Write down run, file and rows, within a transaction; what the journal knows as settled stays.

    The run has no version: that tells it from those of this journal.
    """
    moment = learned.started or now()
    journal.connection.execute(
        "INSERT OR IGNORE INTO run (id, system, host, client, person, machine, version, started, ended,"
        " stopped) VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?)",
        (
            *(learned.run, learned.number, learned.host, learned.client),
            *(person(), platform.node(), moment, moment, learned.why),
        ),
    )
    for sheet in learned.sheets or (LearnedSheet(None, ()),):
        file = journal.start_file(
            learned.run,
            source=learned.source,
            sheet=sheet.name,
            digest=learned.digest,
            mapping=learned.mapping,
            endpoint=learned.endpoint,
            rows=len(sheet.rows),
        )
        for row in sheet.rows:
            policy = journal.policies[learned.endpoint]
            intent = Intent(file, row.row, learned.number, learned.endpoint, *row.what, policy)
            settled = journal.connection.execute(
                "SELECT settled FROM record WHERE system = ? AND endpoint = ? AND identity = ?",
                (intent.system, intent.endpoint, intent.identity),
            ).fetchone()
            if settled is None or not settled[0]:
                conclude(journal.connection, intend(journal.connection, intent), intent, row.result)
