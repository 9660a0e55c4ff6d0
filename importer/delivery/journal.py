"""The memory of all runs: what was sent, what was answered, what is settled.

The intent to send a row is durable before a byte of it leaves, and its raw answer is durable before
it is read. The journal alone decides what is settled. It holds keys, digests, states, ids, codes and
answers; no token and no payload.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import importer
from importer.delivery.attempts import Result, find_out, now, settle_killed
from importer.delivery.journal_file import (
    Lock,
    connect,
    connect_beside,
    fault_of,
    holder_of,
    person,
)
from importer.delivery.known import Earlier, Evidence, Known, Signs
from importer.delivery.learning import LearnedFile, learn
from importer.delivery.tracing import sent_once, written

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from importer.model import State
    from importer.schema import Policy


Groups = Sequence[Sequence[str]]
"""Names of fields, a group each."""


@dataclass(frozen=True, slots=True)
class System:
    """One OPSCOM: a host and a client code. Records of one system say nothing about another."""

    host: str
    client: str

    def is_spelled_like(self, other: System) -> bool:
        """Whether the client codes differ in dashes, underscores and capitals at most."""
        return _letters(self.client) == _letters(other.client)


def _letters(client: str) -> str:
    return re.sub(r"[-_]", "", client).casefold()


SANDBOX = System("sandbox", "sandbox")
"""The sandbox is one system of its own, whatever its port."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A record whose answer was lost."""

    endpoint: str
    source: str
    """The name of the file that it came from."""
    results: str | None
    """Where that file's workbook was written; ``None`` where the run was killed before."""
    row: int
    sent: str


@dataclass(frozen=True, slots=True)
class Workbook:
    """A sheet of a results workbook that is given back."""

    digest: str
    """Of the first source."""
    run: str
    """The run that wrote it."""
    moment: str
    """How far the journal had come then, as it says itself; empty where it does not."""
    sheet: str
    """The sheet's title."""


class Memory:
    """What a journal remembers, to be looked up."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Read through an open connection."""
        self._connection = connection
        self.under_way: str | None = None
        """Who is running with this journal at the moment of a look; ``None`` where nobody is."""
        (self._salt,) = connection.execute("SELECT salt FROM secret").fetchone()

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, for ``history``."""
        return self._connection

    def system(self, system: System) -> int | None:
        """Return the number of a known system, ``None`` for one never seen."""
        found = self._connection.execute(
            "SELECT system FROM address WHERE host = ? AND client = ?", (system.host, system.client)
        ).fetchone()
        return int(found[0]) if found else None

    def has_open_run(self) -> bool:
        """Whether a run has not ended: it is under way, or it was killed."""
        return bool(
            self._connection.execute(
                "SELECT EXISTS (SELECT 1 FROM run WHERE ended IS NULL)"
            ).fetchone()[0]
        )

    def knows(self, run: str, digest: str) -> bool:
        """Whether a run is in this journal: its own, or learned from the workbook of this first source."""
        found = self._connection.execute("SELECT version FROM run WHERE id = ?", (run,)).fetchone()
        if found is None or found[0]:
            return found is not None
        return bool(
            self._connection.execute(
                "SELECT EXISTS (SELECT 1 FROM file WHERE run = ? AND digest = ?)", (run, digest)
            ).fetchone()[0]
        )

    def used(self) -> tuple[System, ...]:
        """Return the systems to which rows were pushed, the newest first; the sandbox is none of them."""
        rows = self._connection.execute(
            "SELECT host, client FROM address WHERE EXISTS (SELECT 1 FROM record WHERE"
            " record.system = address.system AND (settled <> '' OR unsettled > 0))"
            " ORDER BY system DESC"
        )
        return tuple(system for host, client in rows if (system := System(host, client)) != SANDBOX)

    def known(self, system: int, endpoint: str) -> dict[str, Known]:
        """Return what is known of every record of a system and endpoint, by identity."""
        rows = self._connection.execute(
            "SELECT identity, digest, settled, reference_id, unsettled, last, coalesce(attempt, 0)"
            " FROM record"
            " WHERE system = ? AND endpoint = ?",
            (system, endpoint),
        )
        return {identity: Known(*rest) for identity, *rest in rows}

    def digest(self, payload: Mapping[str, str]) -> str:
        """Return the keyed digest of a payload, whatever the order of its fields."""
        text = json.dumps(payload, ensure_ascii=False, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16, key=self._salt).hexdigest()

    def moment(self) -> str:
        """Return how far the journal has come, for workbooks: the last attempt, and a proof of it.

        The proof is of that attempt in this journal: another journal, and this one once it was put back
        from a copy and has gone on, take it for nothing that they know.
        """
        try:
            (last,) = self._connection.execute("SELECT max(id) FROM attempt").fetchone()
            return self._moment(int(last or 0))
        except sqlite3.DatabaseError:
            return ""

    def attempt_at(self, moment: str) -> int | None:
        """Return the last attempt that was there at a moment; ``None`` for none of this journal's."""
        number = re.match(r"[0-9]{1,15}(?=-)", moment)
        if number is None or moment != self._moment(int(number[0])):
            return None
        return int(number[0])

    def _moment(self, attempt: int) -> str:
        row = self._connection.execute(
            "SELECT sent, identity, digest FROM attempt WHERE id = ?", (attempt,)
        ).fetchone()
        text = json.dumps([attempt, row]).encode()
        return f"{attempt}-{hashlib.blake2b(text, digest_size=8, key=self._salt).hexdigest()}"

    def parts(self, payload: Mapping[str, str]) -> str:
        """Return the keyed digest of each field, as JSON, so that changed fields can be named."""
        plain = {name: self._part(name, value) for name, value in payload.items()}
        return json.dumps(plain | {name: self._part(name, v) for name, v in _levelled(payload)})

    def evidence(  # noqa: PLR0913 - what it can say, each by its name
        self,
        system: int,
        endpoint: str,
        known: Mapping[str, Known],
        workbook: Workbook | None,
        standing: frozenset[str],
        *,
        alike: Groups,
    ) -> Evidence:
        """Return what the journal can say of rows that were edited since they were sent.

        Args:
            system: The journal's number of the system.
            endpoint: One that creates.
            known: What ``known`` returned.
            workbook: Which results workbook the rows are from; ``None`` for any other file.
            standing: Identities of all rows of this run.
            alike: The groups of fields of the endpoint's policy.
        """
        return Evidence(
            known,
            lambda payload: self._signs(alike, payload),
            self._alike(system, endpoint, known, alike),
            {} if workbook is None else self._first(system, endpoint, workbook),
            standing,
            None if workbook is None else written(self, workbook.run, workbook.moment),
            sent_once=sent_once(self, system, endpoint),
            under_way=self.under_way is not None,
        )

    def has_other_like(
        self,
        system: int,
        endpoint: str,
        identity: str,
        payload: Mapping[str, str],
        names: Sequence[str],
    ) -> bool:
        """Whether another record that is, or may be, in OPSCOM agrees with a payload in these fields."""
        wanted = {name: self._part(name, payload.get(name, "")) for name in names}
        rows = self._connection.execute(
            "SELECT parts FROM record WHERE system = ? AND endpoint = ? AND identity <> ?"
            " AND parts <> '' AND (settled IN ('pushed', 'exists') OR unsettled > 0)",
            (system, endpoint, identity),
        )
        return any(wanted.items() <= json.loads(parts).items() for (parts,) in rows)

    def unsettled(self, system: int) -> tuple[Unsettled, ...]:
        """Return the records of a system whose answer was lost, in the order in which they were sent."""
        rows = self._connection.execute(
            "SELECT record.endpoint, file.source, file.results, attempt.row, attempt.sent"
            " FROM record JOIN attempt ON attempt.id = record.attempt"
            " JOIN file ON file.id = attempt.file"
            " WHERE record.system = ? AND record.unsettled > 0 ORDER BY attempt.id",
            (system,),
        )
        return tuple(Unsettled(*row) for row in rows)

    def unsettled_elsewhere(self, system: int) -> tuple[tuple[str, str, int], ...]:
        """Return host, client code and number of unknown records of every other system."""
        rows = self._connection.execute(
            "SELECT max(address.host), max(address.client), count(DISTINCT record.identity)"
            " FROM record JOIN address ON address.system = record.system"
            " WHERE record.system <> ? AND record.unsettled > 0 GROUP BY record.system",
            (system,),
        )
        return tuple((host, client, count) for host, client, count in rows)

    def _part(self, name: str, value: str) -> str:
        text = f"{name}={value}".encode()
        return hashlib.blake2b(text, digest_size=6, key=self._salt).hexdigest()

    def _signs(self, alike: Groups, payload: Mapping[str, str]) -> Signs:
        values = {**payload, **dict(_levelled(payload))}
        return tuple(
            tuple(self._part(name, values[name]) for name in group)
            for group in alike
            if all(values.get(name) for name in group)
        )

    def _alike(
        self, system: int, endpoint: str, known: Mapping[str, Known], alike: Groups
    ) -> dict[tuple[str, ...], list[Earlier]]:
        if not alike:
            return {}
        found: dict[tuple[str, ...], list[Earlier]] = {}
        rows = self._connection.execute(
            "SELECT identity, parts FROM record WHERE system = ? AND endpoint = ? AND parts <> ''"
            " AND (settled IN ('pushed', 'exists') OR unsettled > 0)",
            (system, endpoint),
        )
        for identity, text in rows:
            parts = json.loads(text)
            past = known.get(identity, Known())
            earlier = Earlier(identity, past.reference_id, past.unsettled > 0)
            for group in alike:
                if all(name in parts for name in group):
                    found.setdefault(tuple(parts[name] for name in group), []).append(earlier)
        return found

    def _first(self, system: int, endpoint: str, workbook: Workbook) -> dict[int, str]:
        """Return what was last sent for each row of a first source, by row."""
        rows = self._connection.execute(
            "SELECT attempt.row, attempt.identity FROM attempt JOIN file ON file.id = attempt.file"
            " WHERE file.digest = ? AND attempt.system = ? AND attempt.endpoint = ?"
            " AND coalesce(file.sheet, 'Rows') = ? COLLATE NOCASE ORDER BY attempt.id",
            (workbook.digest, system, endpoint, workbook.sheet),
        )
        return {int(row): str(identity) for row, identity in rows}


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


def _levelled(payload: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what tells two permits apart without regard to capitals, blanks and dashes."""
    for name in ("plate", "permitNo"):
        if payload.get(name):
            yield f"~{name}", re.sub(r"[\s-]", "", payload[name]).upper()
