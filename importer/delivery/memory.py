"""What the journal remembers of records, to be looked up.

It holds keys, digests, states, ids, codes and answers; no token and no payload.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from importer.delivery.history import sent_once, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from importer.model import Record


Signs = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the journal knows of one record."""

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


@dataclass(frozen=True, slots=True)
class Earlier:
    """A record that an earlier run created, or may have created."""

    identity: str
    reference_id: str
    unsettled: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the journal can say of a sheet's rows beside their identity."""

    known: Mapping[str, Known]
    signs: Callable[[Mapping[str, str]], Signs] = lambda _: ()
    """The keyed digests of a payload's groups of ``Policy.alike``, without blank ones."""
    alike: Mapping[tuple[str, ...], Sequence[Earlier]] = field(default_factory=dict)
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


def _levelled(payload: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what tells two permits apart without regard to capitals, blanks and dashes."""
    for name in ("plate", "permitNo"):
        if payload.get(name):
            yield f"~{name}", re.sub(r"[\s-]", "", payload[name]).upper()
