"""What the journal tells of past runs, of the files that they brought, and of what they created."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from importer.schema import Policy


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
    """Where the workbook was written."""


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
    """Whether it was deleted through this program since."""


_RUNS = (
    "SELECT id, started, ended, person, machine, version, host, client, stopped, exit_code FROM run"
)


def read_runs(connection: sqlite3.Connection) -> tuple[RunEntry, ...]:
    """Return all runs, the newest first."""
    rows = connection.execute(f"{_RUNS} ORDER BY julianday(started) DESC, id DESC").fetchall()
    return tuple(RunEntry(*(*row, _files(connection, row[0]))) for row in rows)


def read_run(connection: sqlite3.Connection, run: str) -> RunEntry | None:
    """Return one run by its id, ``None`` where there is none of that id."""
    row = connection.execute(f"{_RUNS} WHERE id = ?", (run,)).fetchone()
    return None if row is None else RunEntry(*(*row, _files(connection, run)))


def read_created(
    connection: sqlite3.Connection, run: str, policies: Mapping[str, Policy]
) -> tuple[Created, ...]:
    """Return what a run created, the newest first: the order in which it would be undone."""
    return _created(connection, policies, "file.run = ?", run)


def read_gone(
    connection: sqlite3.Connection,
    system: int,
    ids: Iterable[str],
    policies: Mapping[str, Policy],
) -> tuple[Created, ...]:
    """Return what was created in a system under these ids, the newest first."""
    wanted = "attempt.system = ? AND attempt.reference_id IN (SELECT value FROM json_each(?))"
    return _created(connection, policies, wanted, system, json.dumps(list(ids)))


def _created(
    connection: sqlite3.Connection, policies: Mapping[str, Policy], which: str, *values: str | int
) -> tuple[Created, ...]:
    rows = connection.execute(
        "SELECT attempt.reference_id, attempt.endpoint, attempt.identity, file.source, attempt.row,"
        " coalesce(attempt.answered, attempt.sent), coalesce(record.settled = 'deleted', 0)"
        " FROM attempt JOIN file ON file.id = attempt.file"
        " LEFT JOIN record ON record.system = attempt.system AND record.endpoint = attempt.endpoint"
        " AND record.identity = attempt.identity AND record.reference_id = attempt.reference_id"
        f" WHERE {which} AND attempt.state = 'pushed' AND attempt.reference_id <> ''"
        " ORDER BY attempt.id DESC",
        values,
    )
    return tuple(
        Created(
            number, endpoint, "" if policies[endpoint].alike else key, source, row, at, bool(gone)
        )
        for number, endpoint, key, source, row, at, gone in rows
        if not policies[endpoint].of
    )


def _files(connection: sqlite3.Connection, run: str) -> tuple[FileEntry, ...]:
    rows = connection.execute(
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
