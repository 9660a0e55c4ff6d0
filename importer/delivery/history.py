"""What the journal tells of past runs, of the files that they brought, and of workbooks given back.

The Summary of a results workbook says which file and sheet its rows came from. People rename its sheets,
copy one into a workbook of its own or save it as text: then the rows themselves say it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from importer.model import State

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from importer.delivery.memory import Memory, Workbook
    from importer.model import Record
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

    def as_json(self) -> dict[str, object]:
        """Return the entry under ``runs``."""
        return asdict(self)


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
    rows = connection.execute(
        "SELECT attempt.reference_id, attempt.endpoint, attempt.identity, file.source, attempt.row,"
        " coalesce(attempt.answered, attempt.sent), coalesce(record.settled = 'deleted', 0)"
        " FROM attempt JOIN file ON file.id = attempt.file"
        " LEFT JOIN record ON record.system = attempt.system AND record.endpoint = attempt.endpoint"
        " AND record.identity = attempt.identity AND record.reference_id = attempt.reference_id"
        " WHERE file.run = ? AND attempt.state = 'pushed' AND attempt.reference_id <> ''"
        " ORDER BY attempt.id DESC",
        (run,),
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
        "SELECT id, source, sheet, digest, mapping, endpoint, rows, states, results FROM file"
        " WHERE run = ? ORDER BY id",
        (run,),
    ).fetchall()
    entries = []
    for file, *facts, states, results in rows:
        attempts, codes = _attempts(connection, file)
        counts = json.loads(states) if states else {}
        entries.append(FileEntry(*(*facts, counts, attempts, codes, results)))
    return tuple(entries)


def _attempts(connection: sqlite3.Connection, file: int) -> tuple[int, dict[str, int]]:
    (number,) = connection.execute(
        "SELECT count(*) FROM attempt WHERE file = ?", (file,)
    ).fetchone()
    codes = connection.execute(
        "SELECT code, count(*) FROM attempt WHERE file = ? AND code <> '' GROUP BY code ORDER BY code",
        (file,),
    )
    return int(number), dict(codes.fetchall())


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt of an earlier run that did not bring a row into OPSCOM."""

    row: int
    """Of the first source."""
    identity: str
    sent: str
    """When, in ISO form with the offset."""
    state: str
    """``rejected`` or ``unknown``."""
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class LastFile:
    """The newest file that a mapping brought."""

    source: str
    rows: int
    """Of all its sheets, at its fullest: a corrected workbook may have come with fewer."""
    started: str


def failures(
    memory: Memory, system: int, endpoint: str, digest: str, sheet: str
) -> tuple[Failure, ...]:
    """Return the rejected and unknown attempts at the rows of a sheet, in the order of sending.

    Args:
        memory: The journal's.
        system: Its number of the system.
        endpoint: Where the rows go.
        digest: SHA-256 of the first source.
        sheet: The sheet's title.
    """
    rows = memory.connection.execute(
        "SELECT attempt.row, attempt.identity, attempt.sent, attempt.state,"
        " coalesce(attempt.code, ''), coalesce(attempt.message, '')"
        " FROM attempt JOIN file ON file.id = attempt.file"
        " WHERE file.digest = ? AND attempt.system = ? AND attempt.endpoint = ?"
        " AND coalesce(file.sheet, 'Rows') = ? COLLATE NOCASE"
        " AND attempt.state IN (?, ?) ORDER BY attempt.id",
        (digest, system, endpoint, sheet, State.REJECTED.value, State.UNKNOWN.value),
    )
    return tuple(Failure(*row) for row in rows)


def last_file(memory: Memory, system: int, endpoint: str, mapping: str) -> LastFile | None:
    """Return the file that a mapping brought last; a corrected workbook counts as its first source."""
    runs = memory.connection.execute(
        "SELECT file.digest, file.source, sum(file.rows), run.started"
        " FROM file JOIN run ON run.id = file.run"
        " WHERE run.system = ? AND file.endpoint = ? AND file.mapping = ?"
        " GROUP BY file.run, file.digest ORDER BY max(file.id) DESC",
        (system, endpoint, mapping),
    ).fetchall()
    same = [run for run in runs if run[0] == runs[0][0]]
    if not same:
        return None
    return LastFile(same[-1][1], max(run[2] for run in same), same[0][3])


def accepted_through(memory: Memory, system: int, endpoint: str, mapping: str) -> dict[str, None]:
    """Return the identities that files of a mapping brought into OPSCOM, in the order of sending."""
    rows = memory.connection.execute(
        "SELECT attempt.identity FROM attempt JOIN file ON file.id = attempt.file"
        " WHERE file.mapping = ? AND file.endpoint = ? AND attempt.system = ? AND attempt.state = ?"
        " ORDER BY attempt.id",
        (mapping, endpoint, system, State.PUSHED.value),
    )
    return {identity: None for (identity,) in rows}


def last_accepted(
    memory: Memory, system: int, endpoint: str, identity: str
) -> tuple[str, str] | None:
    """Return the digests of the record and of its fields (as JSON) as last accepted, if ever."""
    found = memory.connection.execute(
        "SELECT digest, parts FROM record WHERE system = ? AND endpoint = ? AND identity = ?"
        " AND settled = ?",
        (system, endpoint, identity, State.PUSHED.value),
    ).fetchone()
    return None if found is None else (str(found[0]), str(found[1]))


Rows = Iterable[tuple[int | None, str]]
"""Row of the first source, ``None`` where that is not known, and the identity of the record in it."""


def trace(
    memory: Memory, system: int, endpoint: str, book: Workbook, rows: Callable[[], Rows]
) -> Workbook:
    """Return a sheet of a results workbook under the name that the journal has for it.

    Args:
        memory: The journal's.
        system: Its number of the system.
        endpoint: Where the rows go.
        book: What the workbook says.
        rows: The rows of the sheet; asked for only where the journal knows the file, but no sheet of it
            under that name.
    """
    names = [
        str(name)
        for (name,) in memory.connection.execute(
            "SELECT DISTINCT coalesce(file.sheet, 'Rows') FROM file JOIN run ON run.id = file.run"
            " WHERE file.digest = ? AND file.endpoint = ? AND run.system = ?",
            (book.digest, endpoint, system),
        )
    ]
    same = [name for name in names if name.casefold() == book.sheet.casefold()]
    if not names or same:
        return replace(book, sheet=same[0]) if same else book
    best = _best(memory, system, endpoint, rows(), book.digest)
    return book if best is None else replace(book, sheet=best)


def written(memory: Memory, run: str, moment: str) -> int | None:
    """Return the last attempt that a results workbook can speak of; ``None`` where that is not known.

    No clock decides that: one may have been wrong, or put back, on this machine or another.

    Args:
        memory: The journal's.
        run: The run that wrote it: workbooks of older versions say no more.
        moment: How far the journal had come then, as the workbook says.
    """
    attempt = memory.attempt_at(moment)
    if attempt is not None:
        return attempt
    (known,) = memory.connection.execute(
        "SELECT max(file.id) FROM file JOIN run ON run.id = file.run WHERE run = ? AND version <> ''",
        (run,),
    ).fetchone()
    if known is None:
        return None
    (last,) = memory.connection.execute(
        "SELECT coalesce(max(id), 0) FROM attempt WHERE file <= ?", (known,)
    ).fetchone()
    return int(last)


def overtaken(
    memory: Memory, system: int, endpoint: str, since: int | None
) -> Callable[[Record, str, str], bool]:
    """Return what says whether a row of a results workbook is as it was before a later acceptance.

    Args:
        memory: The journal's.
        system: Its number of the system.
        endpoint: Where the rows go.
        since: The last attempt that the workbook can speak of; ``None`` where that is not known.

    Returns:
        Record, its identity and digest → whether this very record was sent before another one of its
        identity was accepted, and the workbook does not know of that acceptance or holds the row back.
    """

    @cache
    def attempts() -> tuple[dict[str, int], dict[tuple[str, str], int]]:
        accepted: dict[str, int] = {}
        sent: dict[tuple[str, str], int] = {}
        rows = memory.connection.execute(
            "SELECT id, identity, digest, state FROM attempt WHERE system = ? AND endpoint = ?"
            " ORDER BY id",
            (system, endpoint),
        )
        for number, identity, digest, state in rows:
            sent.setdefault((identity, digest), number)
            if state == State.PUSHED:
                accepted[identity] = number
        return accepted, sent

    def ask(record: Record, identity: str, digest: str) -> bool:
        accepted, sent = attempts()
        last = accepted.get(identity, 0)
        if sent.get((identity, digest), last) >= last:
            return False
        held = record.told is not None and record.told.status == State.INVALID
        return held or since is None or last > since

    return ask


def sent_once(memory: Memory, system: int, endpoint: str) -> Callable[[str], bool]:
    """Return what says whether a record was sent exactly once, ever."""

    def ask(identity: str) -> bool:
        (count,) = memory.connection.execute(
            "SELECT count(*) FROM attempt WHERE system = ? AND endpoint = ? AND identity = ?",
            (system, endpoint, identity),
        ).fetchone()
        return bool(count == 1)

    return ask


def _best(memory: Memory, system: int, endpoint: str, rows: Rows, digest: str) -> str | None:
    """Return the sheet of a file from which most of the rows were sent; ``None`` where none was."""
    wanted: dict[str, set[int | None]] = defaultdict(set)
    for row, identity in rows:
        wanted[identity].add(row)
    attempts = memory.connection.execute(
        "SELECT coalesce(file.sheet, 'Rows'), attempt.row, attempt.identity"
        " FROM file JOIN attempt ON attempt.file = file.id"
        " WHERE attempt.system = ? AND attempt.endpoint = ? AND file.digest = ?"
        " ORDER BY attempt.id DESC",
        (system, endpoint, digest),
    )
    found: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for sheet, row, identity in attempts:
        if not wanted.get(identity, set()).isdisjoint((row, None)):
            found[sheet].add((row, identity))
    # The first of those with equally many is the newest.
    return max(found, key=lambda sheet: len(found[sheet]), default=None)
