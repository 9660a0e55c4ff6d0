"""What the journal remembers of systems and of runs, their files and what they created, to be looked up.

It holds keys, digests, states, ids, codes and answers; no token and no payload.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from importer.schema import Policy
from importer.text import levelled


@dataclass(frozen=True, slots=True)
class System:
    """One OPSCOM: a host and a client code. Records of one system say nothing about another."""

    host: str
    client: str

    def is_spelled_like(self, other: System) -> bool:
        """Whether the client codes differ in dashes, underscores and capitals at most."""
        one, two = (re.sub(r"[-_]", "", each.client).casefold() for each in (self, other))
        return one == two


SANDBOX = System("sandbox", "sandbox")
"""One system of its own, whatever its port."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A record whose answer was lost."""

    endpoint: str
    source: str
    results: str | None
    """Where that file's workbook was written, or after a kill a later one of it; ``None`` where none was."""
    row: int
    sent: str
    listed: bool
    """Whether it is the ``update`` of a row in a list, not a row of its own."""
    identity: str


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
    """Its title."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One sheet of a run."""

    source: str
    sheet: str | None
    digest: str
    """SHA-256 of the file, of the first source where a results workbook was given back."""
    mapping: str
    endpoint: str
    rows: int
    states: Mapping[str, int]
    """State → rows; empty where the run was killed before it could say."""
    attempts: int
    codes: Mapping[str, int]
    """OPSCOM's error code → answers with it."""
    results: str | None


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One run."""

    run: str
    started: str
    ended: str | None
    """``None`` where the run was killed."""
    person: str
    machine: str
    version: str
    host: str
    client: str
    stopped: str | None
    exit_code: int | None
    files: tuple[FileEntry, ...]


@dataclass(frozen=True, slots=True)
class Created:
    """One record that a run created."""

    reference_id: str
    endpoint: str
    key: str
    """What the record is known by; empty for what has no key (permits)."""
    source: str
    row: int
    at: str
    deleted: bool
    """Through this program, since."""


class Memory:
    """What a journal remembers of systems and runs."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Read through an open connection."""
        self.connection = connection
        (self._salt,) = connection.execute("SELECT salt FROM secret").fetchone()

    def system(self, system: System) -> int | None:
        """Return the number of a known system, ``None`` for one never seen."""
        found = self.connection.execute(
            "SELECT system FROM address WHERE host = ? AND client = ?", (system.host, system.client)
        ).fetchone()
        return int(found[0]) if found else None

    def knows(self, run: str, digest: str) -> bool:
        """Whether a run is in this journal: its own, or learned from the workbook of this first source."""
        found = self.connection.execute(
            "SELECT EXISTS (SELECT 1 FROM run WHERE id = ? AND version <> '')"
            " OR EXISTS (SELECT 1 FROM file WHERE run = ? AND digest = ?)",
            (run, run, digest),
        )
        return bool(found.fetchone()[0])

    def used(self) -> tuple[System, ...]:
        """Return the systems to which rows were pushed, the newest first; the sandbox is none of them."""
        rows = self.connection.execute(
            "SELECT host, client FROM address WHERE EXISTS (SELECT 1 FROM record WHERE"
            " record.system = address.system AND (settled <> '' OR unsettled > 0))"
            " ORDER BY system DESC"
        )
        return tuple(system for host, client in rows if (system := System(host, client)) != SANDBOX)

    def digest(self, payload: Mapping[str, str]) -> str:
        """Return the keyed digest of a payload, whatever the order of its fields."""
        return self._hash(json.dumps(payload, ensure_ascii=False, sort_keys=True), 16)

    def part(self, name: str, value: str) -> str:
        """Return the keyed digest of a field."""
        return self._hash(f"{name}={value}", 6)

    def parts(self, payload: Mapping[str, str]) -> str:
        """Return the keyed digest of each field, as JSON, so that changed fields can be named.

        ``~`` and a name: of what tells two permits apart without regard to capitals, blanks and dashes.
        """
        names = ("plate", "permitNo")
        bare = {f"~{name}": levelled(payload[name]) for name in names if payload.get(name)}
        values = {**payload, **bare}
        return json.dumps({name: self.part(name, value) for name, value in values.items()})

    def moment(self) -> str:
        """Return how far the journal has come, for workbooks: the last attempt, and a proof of it.

        Another journal, and this one once it was put back from a copy and has gone on, do not know that proof.
        """
        try:
            (last,) = self.connection.execute("SELECT max(id) FROM attempt").fetchone()
            return self._moment(int(last or 0))
        except sqlite3.DatabaseError:
            return ""

    def written(self, book: Workbook) -> int | None:
        """Return the last attempt that a results workbook can speak of; ``None`` where that is not known.

        No clock decides that: one may have been wrong, or put back, on this machine or another.
        """
        number = re.match(r"[0-9]{1,15}(?=-)", book.moment)
        if number is None or book.moment != self._moment(int(number[0])):
            return None
        return int(number[0])

    def unsettled(self, system: int) -> tuple[Unsettled, ...]:
        """Return the records of a system whose answer was lost, in the order in which they were sent."""
        rows = self.connection.execute(
            "SELECT record.endpoint, file.source, coalesce(nullif(file.results, ''), (SELECT later.results"
            " FROM file AS later JOIN run ON run.id = later.run WHERE run.system = record.system"
            " AND later.results <> '' AND (later.digest = file.digest OR later.source = file.source)"
            " ORDER BY later.id DESC LIMIT 1)), attempt.row, attempt.sent, file.endpoint <> record.endpoint,"
            " record.identity"
            " FROM record JOIN attempt ON attempt.id = record.attempt"
            " JOIN file ON file.id = attempt.file"
            " WHERE record.system = ? AND record.unsettled > 0 ORDER BY attempt.id",
            (system,),
        )
        return tuple(Unsettled(*row) for row in rows)

    def unsettled_elsewhere(self, system: int) -> tuple[tuple[str, str, int], ...]:
        """Return host, client code and number of unknown records of every other system."""
        rows = self.connection.execute(
            "SELECT max(address.host), max(address.client), count(DISTINCT record.identity)"
            " FROM record JOIN address ON address.system = record.system"
            " WHERE record.system <> ? AND record.unsettled > 0 GROUP BY record.system",
            (system,),
        )
        return tuple(rows)

    def runs(self, run: str | None = None) -> tuple[RunEntry, ...]:
        """Return all runs, or the one of an id, the newest first."""
        rows = self.connection.execute(
            "SELECT id, started, ended, person, machine, version, host, client, stopped, exit_code FROM run"
            " WHERE id = coalesce(?, id) ORDER BY julianday(started) DESC, id DESC",
            (run,),
        ).fetchall()
        return tuple(RunEntry(*(*row, self._files(row[0]))) for row in rows)

    def created(
        self,
        policies: Mapping[str, Policy],
        run: str = "",
        system: int = 0,
        ids: Sequence[str] = (),
    ) -> tuple[Created, ...]:
        """Return what a run created, or what is known in a system by these ids, the newest first.

        That is the order in which it would be undone.
        """
        rows = self.connection.execute(
            "SELECT attempt.reference_id, attempt.endpoint, attempt.identity, file.source, attempt.row,"
            " coalesce(attempt.answered, attempt.sent), coalesce(record.settled = 'deleted', 0)"
            " FROM attempt JOIN file ON file.id = attempt.file"
            " LEFT JOIN record ON record.system = attempt.system AND record.endpoint = attempt.endpoint"
            " AND record.identity = attempt.identity AND record.reference_id = attempt.reference_id"
            " WHERE (file.run = ? OR (attempt.system = ?"
            " AND attempt.reference_id IN (SELECT value FROM json_each(?))))"
            " AND attempt.state = 'pushed' AND attempt.reference_id <> '' ORDER BY attempt.id DESC",
            (run, system, json.dumps(list(ids))),
        )
        return tuple(
            Created(
                *(number, endpoint, "" if policies[endpoint].alike else key, *where, bool(gone))
            )
            for number, endpoint, key, *where, gone in rows
            if not policies[endpoint].of
        )

    def _files(self, run: str) -> tuple[FileEntry, ...]:
        rows = self.connection.execute(
            "SELECT source, sheet, digest, mapping, endpoint, rows, coalesce(states, '{}'),"
            " (SELECT count(*) FROM attempt WHERE attempt.file = file.id),"
            " (SELECT json_group_object(code, times) FROM (SELECT code, count(*) AS times FROM attempt"
            "   WHERE attempt.file = file.id AND code <> '' GROUP BY code ORDER BY code)),"
            " results FROM file WHERE run = ? ORDER BY id",
            (run,),
        )
        return tuple(
            FileEntry(*(*facts, json.loads(states), attempts, json.loads(codes), results))
            for *facts, states, attempts, codes, results in rows
        )

    def _hash(self, text: str, size: int) -> str:
        return hashlib.blake2b(text.encode(), digest_size=size, key=self._salt).hexdigest()

    def _moment(self, attempt: int) -> str:
        row = self.connection.execute(
            "SELECT sent, identity, digest FROM attempt WHERE id = ?", (attempt,)
        ).fetchone()
        return f"{attempt}-{self._hash(json.dumps([attempt, row]), 8)}"
