"""What the journal remembers of the records of one endpoint in one system."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from importer.delivery.memory import Memory, Workbook
from importer.model import State


@dataclass(frozen=True, slots=True)
class Known:
    """What the journal knows of one record."""

    identity: str
    digest: str = ""
    """Of the last accepted payload; empty where none was."""
    settled: str = ""
    """``pushed``, ``exists``, ``deleted``, ``changing`` or ``changed`` (see ``evidence``), or empty."""
    reference_id: str = ""
    unsettled: int = 0
    """Attempts after the last acceptance whose answer was lost."""
    last: str = ""
    """State of the last attempt, and ``attempt`` its number; later ones have greater numbers."""
    attempt: int = 0
    parts: str = ""
    """The keyed digest of each field, as JSON: as last accepted, or as sent where nothing is its key.
    Only where it was asked for."""

    @property
    def there(self) -> bool:
        """Whether OPSCOM has it."""
        return self.settled in {State.PUSHED, State.EXISTS}


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
    results: tuple[Path, ...]
    """The workbooks that were written for files of the mapping, the newest first."""


Rows = Iterable[tuple[int | None, str]]
"""Row of the first source, ``None`` where that is not known, and the identity of the record in it."""
_OF_FILE = "file IN (SELECT id FROM file WHERE digest = :digest)"
_OF_SHEET = (
    "file IN (SELECT id FROM file WHERE digest = :digest"
    " AND coalesce(sheet, 'Rows') = :sheet COLLATE NOCASE)"
)

Attempt = tuple[int, str, str, str]
"""Number, digest, parts and state of an attempt."""


class EndpointMemory:
    """What a journal remembers of the records of one endpoint in one system."""

    def __init__(self, memory: Memory, system: int, endpoint: str) -> None:
        """Look through ``memory``; ``system`` is the journal's number of the system."""
        self.memory = memory
        self.system = system
        self.endpoint = endpoint

    def _select(self, what: str, where: str = "1 = 1", **values: str | int) -> sqlite3.Cursor:
        return self.memory.connection.execute(
            f"SELECT {what} WHERE system = :system AND endpoint = :endpoint AND {where}",
            {"system": self.system, "endpoint": self.endpoint, **values},
        )

    def known(self, *, parts: bool = False) -> dict[str, Known]:
        """Return what is known of every record, by identity; the digests of its fields take memory."""
        with_parts = "parts" if parts else "''"
        rows = self._select(
            "identity, digest, settled, reference_id, unsettled, last, coalesce(attempt, 0),"
            f" {with_parts} FROM record"
        )
        return {row[0]: Known(*row) for row in rows}

    def ids(self) -> set[str]:
        """Return the ids that OPSCOM gave to the records, case-folded."""
        return {number.casefold() for (number,) in self._select("reference_id FROM record")}

    def parts_of(self, identity: str) -> str:
        """Return the digests of the fields of a known record, as JSON."""
        found = self._select("parts FROM record", "identity = :identity", identity=identity)
        return str(found.fetchone()[0])

    @cached_property
    def taken(self) -> dict[str, list[Attempt]]:
        """The attempts that took a record, or may have, in their order, by identity."""
        found: dict[str, list[Attempt]] = defaultdict(list)
        rows = self._select(
            "identity, id, digest, parts, state FROM attempt",
            "state NOT IN ('rejected', 'not sent') ORDER BY id",
        )
        for identity, number, digest, parts, state in rows:
            found[identity].append((number, digest, parts, state))
        return found

    def has_other_like(
        self, identity: str, payload: Mapping[str, str], names: Sequence[str]
    ) -> bool:
        """Whether another record that is, or may be, in OPSCOM agrees with a payload in these fields."""
        wanted = {name: self.memory.part(name, payload.get(name, "")) for name in names}
        return any(
            wanted.items() <= json.loads(each.parts).items()
            for each in self.known(parts=True).values()
            if each.identity != identity and each.parts and (each.there or each.unsettled)
        )

    def failures(self, digest: str, sheet: str) -> tuple[Failure, ...]:
        """Return the rejected and unknown attempts at the rows of a first source, in the order of sending."""
        rows = self._select(
            "row, identity, sent, state, coalesce(code, ''), coalesce(message, '') FROM attempt",
            f"{_OF_SHEET} AND state IN ('rejected', 'unknown') ORDER BY id",
            digest=digest,
            sheet=sheet,
        )
        return tuple(Failure(*row) for row in rows)

    def last_file(self, mapping: str, own: str, digests: Collection[str]) -> LastFile | None:
        """Return the file that a mapping brought last; a corrected workbook counts as its first source.

        Where it can be, that is another file than ``own``, and one of these: of the same list.
        """
        runs = self.memory.connection.execute(
            "SELECT file.digest, file.source, sum(file.rows), run.started, max(coalesce(file.results, ''))"
            " FROM file JOIN run ON run.id = file.run"
            " WHERE run.system = :system AND file.endpoint = :endpoint AND file.mapping = :mapping"
            " GROUP BY file.run, file.digest ORDER BY max(file.id) DESC",
            {"system": self.system, "endpoint": self.endpoint, "mapping": mapping},
        ).fetchall()
        if not runs:
            return None
        results = dict.fromkeys(Path(run[4]) for run in runs if run[4])
        others = [run[0] for run in runs if run[0] != own]
        last = next((each for each in (*others, own) if each in digests), (*others, own)[0])
        same = [run for run in runs if run[0] == last]
        return LastFile(same[-1][1], max(run[2] for run in same), same[0][3], tuple(results))

    def accepted_through(self, mapping: str) -> dict[str, tuple[str, str]]:
        """Return what files of a mapping brought into OPSCOM: identity → digest and name of the last file."""
        found = self._select(
            "identity, (SELECT digest FROM file WHERE id = attempt.file),"
            " (SELECT source FROM file WHERE id = attempt.file) FROM attempt",
            "file IN (SELECT id FROM file WHERE mapping = :mapping) AND state = 'pushed' ORDER BY id",
            mapping=mapping,
        )
        return {identity: (digest, source) for identity, digest, source in found}

    def trace(self, book: Workbook, rows: Callable[[], Rows]) -> Workbook:
        """Return a sheet of a results workbook under the name that the journal has for it.

        People rename sheets: then most of its rows, asked for only where the journal knows no sheet of that
        name, say which it is.
        """
        known = self.memory.connection.execute(
            "SELECT DISTINCT coalesce(file.sheet, 'Rows') FROM file JOIN run ON run.id = file.run"
            " WHERE file.digest = ? AND file.endpoint = ? AND run.system = ?",
            (book.digest, self.endpoint, self.system),
        )
        names = [str(name) for (name,) in known]
        same = [name for name in names if name.casefold() == book.sheet.casefold()]
        if names and not same:
            wanted = set(rows())
            sent = self._select(
                "(SELECT coalesce(sheet, 'Rows') FROM file WHERE id = attempt.file), row, identity FROM attempt",
                f"{_OF_FILE} ORDER BY id DESC",
                digest=book.digest,
            )
            # Of those with equally many the newest comes first.
            found = Counter(
                sheet
                for sheet, row, identity in dict.fromkeys(sent)
                if not wanted.isdisjoint({(row, identity), (None, identity)})
            )
            same = [sheet for sheet, _ in found.most_common(1)]
        return replace(book, sheet=same[0]) if same else book

    def first(self, book: Workbook) -> dict[int, str]:
        """Return what was last sent for each row of a first source, by row."""
        where = f"{_OF_SHEET} ORDER BY id"
        rows = self._select(
            "row, identity FROM attempt", where, digest=book.digest, sheet=book.sheet
        )
        return dict(rows.fetchall())

    def sent_from(self, digest: str) -> frozenset[str]:
        """Return what was ever sent from a first source, as identities."""
        return self._identities("attempt", _OF_FILE, digest=digest)

    def begun_since(self, moment: str) -> frozenset[str]:
        """Return the records whose last attempt was made by a run that began at a moment or later, as identities."""
        return self._last_made("julianday(run.started) >= julianday(:moment)", moment=moment)

    def made_by(self, run: str) -> frozenset[str]:
        """Return the records whose last attempt a run made, as identities."""
        return self._last_made("run.id = :run", run=run)

    def _last_made(self, which: str, **values: str) -> frozenset[str]:
        made = "SELECT attempt.id FROM attempt JOIN file ON file.id = attempt.file JOIN run ON run.id = file.run"
        return self._identities("record", f"attempt IN ({made} WHERE {which})", **values)

    def _identities(self, table: str, where: str, **values: str) -> frozenset[str]:
        rows = self._select(f"identity FROM {table}", where, **values)
        return frozenset(identity for (identity,) in rows)

    def sent_once(self, identity: str) -> bool:
        """Whether a record was sent exactly once, ever."""
        found = self._select("id FROM attempt", "identity = :identity", identity=identity)
        return len(found.fetchall()) == 1

    def accepted_after(self, identity: str, digest: str) -> int:
        """Return the last acceptance of a record, where it came after this digest was first sent; else 0."""
        accepted, sent = self._sendings
        last = accepted.get(identity, 0)
        return last if sent.get((identity, digest), last) < last else 0

    @cached_property
    def _sendings(self) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
        """The last acceptance of each identity, and the first attempt at each record."""
        accepted: dict[str, int] = {}
        sent: dict[tuple[str, str], int] = {}
        rows = self._select("id, identity, digest, state FROM attempt", "1 = 1 ORDER BY id")
        for number, identity, digest, state in rows:
            sent.setdefault((identity, digest), number)
            if state == State.PUSHED:
                accepted[identity] = number
        return accepted, sent
