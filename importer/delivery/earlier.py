"""What earlier runs said of a file's rows, and which file a mapping brought last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.model import State

if TYPE_CHECKING:
    from importer.delivery.journal import Memory


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
