"""What the journal remembers, to be looked up: of systems and runs, and of the records of one endpoint.

It holds keys, digests, states, ids, codes and answers; no token and no payload.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from importer.model import State

if TYPE_CHECKING:
    from importer.model import Record
    from importer.schema import Policy

Signs = tuple[tuple[str, ...], ...]
Rows = Iterable[tuple[int | None, str]]
"""Row of the first source, ``None`` where that is not known, and the identity of the record in it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the journal knows of one record."""

    identity: str
    digest: str = ""
    """Of the last accepted payload; empty where none was."""
    settled: str = ""
    """``pushed``, ``exists``, ``deleted``, or empty."""
    reference_id: str = ""
    unsettled: int = 0
    """Attempts after the last acceptance whose answer was lost."""
    last: str = ""
    """State of the last attempt."""
    attempt: int = 0
    """The journal's number of the last attempt; later ones have greater numbers."""
    parts: str = ""
    """The keyed digest of each field, as JSON: as last accepted, or as sent where nothing is its key.
    Only where it was asked for."""

    @property
    def there(self) -> bool:
        """Whether OPSCOM has it."""
        return self.settled in {State.PUSHED, State.EXISTS}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the journal can say of a sheet's rows."""

    known: Mapping[str, Known] = field(default_factory=dict)
    """Identity → record."""
    signs: Callable[[Mapping[str, str]], Signs] = lambda _: ()
    """The keyed digests of a payload's groups of ``Policy.alike``, without blank ones."""
    alike: Mapping[tuple[str, ...], Sequence[Known]] = field(default_factory=dict)
    """Digests of a group → the records that earlier runs sent with them."""
    first: Mapping[int, str] = field(default_factory=dict)
    """Row of the first source → identity of what was last sent for it (results workbooks only)."""
    standing: frozenset[str] = frozenset()
    """Identities of all rows of this run: what still stands in a file was not corrected away."""
    written: int | None = None
    """The last attempt that a results workbook can speak of; ``None`` where that is not known."""
    overtaken: Callable[[Record, str, str], bool] = lambda *_: False
    """Whether a row of a results workbook, its identity and digest, is as it was before a later acceptance
    (updates only)."""
    sent_once: Callable[[str], bool] = lambda _: False
    """Whether a record was sent exactly once, ever."""
    unheard: bool = False
    """Whether the journal does not know the run that wrote this results workbook."""
    under_way: bool = False
    """Whether a run is under way beside this look, so that what it has sent may still be answered."""


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


class Memory:
    """What a journal remembers of systems and runs."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Read through an open connection."""
        self.connection = connection
        self.under_way: str | None = None
        """Who is running with this journal at the moment of a look; ``None`` where nobody is."""
        (self._salt,) = connection.execute("SELECT salt FROM secret").fetchone()

    def of(self, system: int, endpoint: str) -> EndpointMemory:
        """Return what is remembered of an endpoint's records in a system, by the journal's number of it."""
        return EndpointMemory(self, system, endpoint)

    def system(self, system: System) -> int | None:
        """Return the number of a known system, ``None`` for one never seen."""
        found = self.connection.execute(
            "SELECT system FROM address WHERE host = ? AND client = ?", (system.host, system.client)
        ).fetchone()
        return int(found[0]) if found else None

    def has_open_run(self) -> bool:
        """Whether a run has not ended: it is under way, or it was killed."""
        return self._exists("run WHERE ended IS NULL")

    def knows(self, run: str, digest: str) -> bool:
        """Whether a run is in this journal: its own, or learned from the workbook of this first source."""
        return self._exists("run WHERE id = ? AND version <> ''", run) or self._exists(
            "file WHERE run = ? AND digest = ?", run, digest
        )

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
        """Return the keyed digest of each field, as JSON, so that changed fields can be named."""
        values = {**payload, **dict(_levelled(payload))}
        return json.dumps({name: self.part(name, value) for name, value in values.items()})

    def signs(self, groups: Sequence[Sequence[str]], payload: Mapping[str, str]) -> Signs:
        """Return the keyed digests of groups of fields, without those that hold a blank one."""
        values = {**payload, **dict(_levelled(payload))}
        return tuple(
            tuple(self.part(name, values[name]) for name in group)
            for group in groups
            if all(values.get(name) for name in group)
        )

    def moment(self) -> str:
        """Return how far the journal has come, for workbooks: the last attempt, and a proof of it.

        The proof is of that attempt in this journal: another journal, and this one once it was put back
        from a copy and has gone on, take it for nothing that they know.
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
        if number is not None and book.moment == self._moment(int(number[0])):
            return int(number[0])
        # Workbooks of older versions name their run, and say no more.
        (file,) = self.connection.execute(
            "SELECT max(file.id) FROM file JOIN run ON run.id = file.run WHERE run = ? AND version <> ''",
            (book.run,),
        ).fetchone()
        if file is None:
            return None
        (last,) = self.connection.execute(
            "SELECT coalesce(max(id), 0) FROM attempt WHERE file <= ?", (file,)
        ).fetchone()
        return int(last)

    def unsettled(self, system: int) -> tuple[Unsettled, ...]:
        """Return the records of a system whose answer was lost, in the order in which they were sent."""
        rows = self.connection.execute(
            "SELECT record.endpoint, file.source, file.results, attempt.row, attempt.sent"
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

    def _exists(self, what: str, *values: str) -> bool:
        found = self.connection.execute(f"SELECT EXISTS (SELECT 1 FROM {what})", values)
        return bool(found.fetchone()[0])

    def _hash(self, text: str, size: int) -> str:
        return hashlib.blake2b(text.encode(), digest_size=size, key=self._salt).hexdigest()

    def _moment(self, attempt: int) -> str:
        row = self.connection.execute(
            "SELECT sent, identity, digest FROM attempt WHERE id = ?", (attempt,)
        ).fetchone()
        return f"{attempt}-{self._hash(json.dumps([attempt, row]), 8)}"


class EndpointMemory:
    """What a journal remembers of the records of one endpoint in one system."""

    def __init__(self, memory: Memory, system: int, endpoint: str) -> None:
        """Look through ``memory``; ``system`` is the journal's number of it."""
        self.memory = memory
        self._where: dict[str, str | int] = {"system": system, "endpoint": endpoint}

    def known(self, *, parts: bool = False) -> dict[str, Known]:
        """Return what is known of every record, by identity; the digests of its fields take memory."""
        rows = self.memory.connection.execute(
            "SELECT identity, digest, settled, reference_id, unsettled, last, coalesce(attempt, 0),"
            " CASE WHEN :parts THEN parts ELSE '' END FROM record WHERE system = :system AND endpoint = :endpoint",
            {**self._where, "parts": parts},
        )
        return {row[0]: Known(*row) for row in rows}

    def evidence(self, policy: Policy, book: Workbook | None, standing: frozenset[str]) -> Evidence:
        """Return what the journal can say of rows.

        Args:
            policy: The endpoint's.
            book: Which results workbook the rows are from; ``None`` for any other file.
            standing: Identities of all rows of this run.
        """
        known = self.known(parts=bool(policy.alike))
        since = None if book is None else self.memory.written(book)
        if not policy.creates:
            told = policy.upsert and book is not None
            return Evidence(known, overtaken=self._overtaken(since)) if told else Evidence(known)
        return Evidence(
            known,
            lambda payload: self.memory.signs(policy.alike, payload),
            _alike(known.values(), policy.alike),
            {} if book is None else self._first(book),
            standing,
            since,
            sent_once=self._sent_once,
            under_way=self.memory.under_way is not None,
        )

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
        """Return the rejected and unknown attempts at the rows of a sheet, in the order of sending.

        Args:
            digest: SHA-256 of the first source.
            sheet: The sheet's title.
        """
        rows = self._attempts(
            "row, identity, sent, state, coalesce(code, ''), coalesce(message, '')",
            "digest = :digest AND coalesce(sheet, 'Rows') = :sheet COLLATE NOCASE",
            "AND state IN ('rejected', 'unknown')",
            digest=digest,
            sheet=sheet,
        )
        return tuple(Failure(*row) for row in rows)

    def last_file(self, mapping: str) -> LastFile | None:
        """Return the file that a mapping brought last; a corrected workbook counts as its first source."""
        runs = self.memory.connection.execute(
            "SELECT file.digest, file.source, sum(file.rows), run.started"
            " FROM file JOIN run ON run.id = file.run"
            " WHERE run.system = :system AND file.endpoint = :endpoint AND file.mapping = :mapping"
            " GROUP BY file.run, file.digest ORDER BY max(file.id) DESC",
            {**self._where, "mapping": mapping},
        ).fetchall()
        same = [run for run in runs if run[0] == runs[0][0]]
        if not same:
            return None
        return LastFile(same[-1][1], max(run[2] for run in same), same[0][3])

    def accepted_through(self, mapping: str) -> dict[str, None]:
        """Return the identities that files of a mapping brought into OPSCOM, in the order of sending."""
        found = self._attempts(
            "identity", "mapping = :mapping", "AND state = 'pushed'", mapping=mapping
        )
        return dict.fromkeys(identity for (identity,) in found)

    def trace(self, book: Workbook, rows: Callable[[], Rows]) -> Workbook:
        """Return a sheet of a results workbook under the name that the journal has for it.

        People rename its sheets, copy one into a workbook of its own or save it as text: then the rows
        themselves say which it is.

        Args:
            book: What the workbook says.
            rows: The rows of the sheet; asked for only where the journal knows the file, but no sheet of
                it under that name.
        """
        names = [
            str(name)
            for (name,) in self.memory.connection.execute(
                "SELECT DISTINCT coalesce(file.sheet, 'Rows') FROM file JOIN run ON run.id = file.run"
                " WHERE file.digest = :digest AND file.endpoint = :endpoint AND run.system = :system",
                {**self._where, "digest": book.digest},
            )
        ]
        same = [name for name in names if name.casefold() == book.sheet.casefold()]
        if names and not same:
            same = self._best(rows(), book.digest)
        return replace(book, sheet=same[0]) if same else book

    def _attempts(self, columns: str, files: str, more: str = "", **values: str) -> sqlite3.Cursor:
        """Select attempts in the order of sending; ``files`` says of which files."""
        return self.memory.connection.execute(
            f"SELECT {columns} FROM attempt WHERE system = :system AND endpoint = :endpoint"
            f" AND file IN (SELECT id FROM file WHERE {files}) {more} ORDER BY id",
            {**self._where, **values},
        )

    def _first(self, book: Workbook) -> dict[int, str]:
        """Return what was last sent for each row of a first source, by row."""
        sheet = "digest = :digest AND coalesce(sheet, 'Rows') = :sheet COLLATE NOCASE"
        return dict(
            self._attempts("row, identity", sheet, digest=book.digest, sheet=book.sheet).fetchall()
        )

    def _best(self, rows: Rows, digest: str) -> list[str]:
        """Return the sheet of a file from which most of the rows were sent; nothing where none was."""
        wanted: dict[str, set[int | None]] = defaultdict(set)
        for row, identity in rows:
            wanted[identity].add(row)
        columns = (
            "(SELECT coalesce(sheet, 'Rows') FROM file WHERE id = attempt.file), row, identity"
        )
        found: dict[str, set[tuple[int, str]]] = defaultdict(set)
        for sheet, row, identity in reversed(
            self._attempts(columns, "digest = :digest", digest=digest).fetchall()
        ):
            if not wanted.get(identity, set()).isdisjoint((row, None)):
                found[sheet].add((row, identity))
        # The first of those with equally many is the newest.
        return sorted(found, key=lambda sheet: -len(found[sheet]))[:1]

    def _sent_once(self, identity: str) -> bool:
        (count,) = self.memory.connection.execute(
            "SELECT count(*) FROM attempt WHERE system = :system AND endpoint = :endpoint"
            " AND identity = :identity",
            {**self._where, "identity": identity},
        ).fetchone()
        return bool(count == 1)

    def _overtaken(self, since: int | None) -> Callable[[Record, str, str], bool]:
        """Return what says whether a row of a results workbook is as it was before a later acceptance.

        That is: this very record was sent before another one of its identity was accepted, and the
        workbook does not know of that acceptance (``since``) or holds the row back.
        """

        def ask(record: Record, identity: str, digest: str) -> bool:
            accepted, sent = self._sendings
            last = accepted.get(identity, 0)
            if sent.get((identity, digest), last) >= last:
                return False
            held = record.told is not None and record.told.status == State.INVALID
            return held or since is None or last > since

        return ask

    @cached_property
    def _sendings(self) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
        """The last acceptance of each identity, and the first attempt at each record."""
        accepted: dict[str, int] = {}
        sent: dict[tuple[str, str], int] = {}
        for number, identity, digest, state in self._attempts(
            "id, identity, digest, state", "1 = 1"
        ):
            sent.setdefault((identity, digest), number)
            if state == State.PUSHED:
                accepted[identity] = number
        return accepted, sent


def _alike(
    known: Iterable[Known], groups: Sequence[Sequence[str]]
) -> dict[tuple[str, ...], list[Known]]:
    """Return the records that are, or may be, in OPSCOM, by the digests of each group of fields."""
    found: dict[tuple[str, ...], list[Known]] = defaultdict(list)
    if groups:
        for each in known:
            if each.parts and (each.there or each.unsettled):
                parts = json.loads(each.parts)
                for group in groups:
                    if all(name in parts for name in group):
                        found[tuple(parts[name] for name in group)].append(each)
    return found


def _levelled(payload: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what tells two permits apart without regard to capitals, blanks and dashes."""
    for name in ("plate", "permitNo"):
        if payload.get(name):
            yield f"~{name}", re.sub(r"[\s-]", "", payload[name]).upper()
