"""Which file and sheet of the journal the rows of a results workbook came from.

Its Summary says so, and its sheets bear the names of the first ones. People delete that sheet, rename the
others, copy one into a workbook of its own or save it as text: then the rows themselves say it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from importer.model import State

if TYPE_CHECKING:
    from importer.delivery.journal import Memory, Workbook
    from importer.model import Record

Rows = Iterable[tuple[int | None, str]]
"""Row of the first source, ``None`` where that is not known, and the identity of the record in it."""


@dataclass(frozen=True, slots=True)
class FirstFile:
    """The file that rows came from."""

    digest: str
    source: str
    """Its name."""
    mapping: str


def first_file(memory: Memory, system: int, endpoint: str, rows: Rows) -> FirstFile | None:
    """Return the file that most of the rows were sent from, the newest of those with equally many."""
    best = _best(memory, system, endpoint, rows, "")
    if best is None:
        return None
    found = memory.connection.execute(
        "SELECT source, mapping FROM file WHERE digest = ? ORDER BY id LIMIT 1", (best[0],)
    ).fetchone()
    return FirstFile(best[0], *found)


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
    return book if best is None else replace(book, sheet=best[1])


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


def _best(
    memory: Memory, system: int, endpoint: str, rows: Rows, digest: str
) -> tuple[str, str] | None:
    """Return digest and sheet from which most of the rows were sent; ``None`` where none was."""
    wanted: dict[str, set[int | None]] = defaultdict(set)
    for row, identity in rows:
        wanted[identity].add(row)
    attempts = memory.connection.execute(
        "SELECT file.digest, coalesce(file.sheet, 'Rows'), attempt.row, attempt.identity"
        " FROM file JOIN attempt ON attempt.file = file.id"
        " WHERE attempt.system = ? AND attempt.endpoint = ? AND (? = '' OR file.digest = ?)"
        " ORDER BY attempt.id DESC",
        (system, endpoint, digest, digest),
    )
    found: dict[tuple[str, str], set[tuple[int, str]]] = defaultdict(set)
    for at, sheet, row, identity in attempts:
        if not wanted.get(identity, set()).isdisjoint((row, None)):
            found[at, sheet].add((row, identity))
    # The first of those with equally many is the newest.
    return max(found, key=lambda place: len(found[place]), default=None)
