"""What the sandbox remembers: one SQLite file of the workspace, or memory.

The file holds whole records as they were pushed, so it is readable by its owner alone. It holds no
token. Every change is one transaction; a killed sandbox loses nothing that it has answered for.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from importer.errors import SettingsError
from importer.sandbox.rules import Refusal, judge_times, refuse

_TABLES = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS users (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    unique_id TEXT NOT NULL UNIQUE, email TEXT UNIQUE, user_name TEXT UNIQUE, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS vehicles (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    plate TEXT NOT NULL, province TEXT NOT NULL, plate_type TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (plate, province, plate_type)
);
CREATE TABLE IF NOT EXISTS permits (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    reference_id TEXT NOT NULL UNIQUE, plate TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS permits_by_plate ON permits (plate);
CREATE TABLE IF NOT EXISTS violations_sent (number INTEGER PRIMARY KEY);
COMMIT;
"""
_LEDGER: Mapping[str, str] = {
    "users": "SELECT number, body FROM users ORDER BY number",
    "vehicles": "SELECT number, body FROM vehicles ORDER BY number",
    "permits": "SELECT reference_id, body FROM permits ORDER BY number",
}


class Store:
    """The records of one sandbox. Safe to use from many threads, and by two processes at a time."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, or make it; ``None`` keeps everything in memory.

        Raises:
            SettingsError: The file cannot be opened or is no store.
        """
        self._lock = threading.Lock()
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(
                path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise _unusable(path) from error
        try:
            # A rehearsal has to survive its own end, not a power cut: the system writes when it likes.
            self._db.execute("PRAGMA synchronous = OFF")
            self._db.execute("PRAGMA journal_mode = TRUNCATE").close()
            self._db.executescript(_TABLES)
        except sqlite3.Error as error:
            self._db.close()
            raise _unusable(path) from error

    def close(self) -> None:
        """Close the file; records in memory are gone."""
        with self._lock:
            self._db.close()

    def put_user(self, values: Mapping[str, str]) -> int | Refusal:
        """Create or update the user of that ``unique_id`` (case-sensitive); return its number.

        Values are laid over what is stored. E-mail and username belong to one user, whatever their
        case.
        """
        unique_id = values["unique_id"]
        with self._transaction() as db:
            found = db.execute(
                "SELECT number, body FROM users WHERE unique_id = ?", (unique_id,)
            ).fetchone()
            number, stored = found or (None, "{}")
            body = _merged(stored, values)
            email, name = (_key(body, field) or None for field in ("email", "user_name"))
            for code, sql, key in (
                (9019, "SELECT 1 FROM users WHERE email = ? AND unique_id <> ?", email),
                (9020, "SELECT 1 FROM users WHERE user_name = ? AND unique_id <> ?", name),
            ):
                if key and db.execute(sql, (key, unique_id)).fetchone():
                    return refuse(code)
            row = db.execute(
                "INSERT INTO users (number, unique_id, email, user_name, body) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (unique_id) DO UPDATE SET email = excluded.email,"
                " user_name = excluded.user_name, body = excluded.body RETURNING number",
                (number, unique_id, email, name, _text(body)),
            ).fetchone()
            return int(row[0])

    def add_vehicle(self, values: Mapping[str, str]) -> int | Refusal:
        """Create a vehicle; 9012 where plate, province and plate type are there already."""
        key = (
            _key(values, "plate"),
            _key(values, "provID", "prov"),
            _key(values, "plateTypeID", "plateType"),
        )
        with self._transaction() as db:
            row = db.execute(
                "INSERT INTO vehicles (plate, province, plate_type, body) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING RETURNING number",
                (*key, _text(values)),
            ).fetchone()
            return refuse(9012) if row is None else int(row[0])

    def add_permit(self, values: Mapping[str, str]) -> str:
        """Create a permit, a second one if it is sent twice; return its reference id."""
        reference_id = str(uuid.uuid4())
        with self._transaction() as db:
            db.execute(
                "INSERT INTO permits (reference_id, plate, body) VALUES (?, ?, ?)",
                (reference_id, _key(values, "plate"), _text(values)),
            )
        return reference_id

    def change_permit(self, values: Mapping[str, str]) -> str | Refusal:
        """Lay values over the permit of that ``referenceID``; 9009 where there is none."""
        reference_id = _key(values, "referenceID")
        changes = {name: text for name, text in values.items() if name != "referenceID"}
        with self._transaction() as db:
            found = db.execute(
                "SELECT body FROM permits WHERE reference_id = ?", (reference_id,)
            ).fetchone()
            if found is None:
                return refuse(9009)
            body = _merged(found[0], changes)
            refusal = judge_times(body)
            if refusal is not None:
                return refusal
            db.execute(
                "UPDATE permits SET plate = ?, body = ? WHERE reference_id = ?",
                (_key(body, "plate"), _text(body), reference_id),
            )
        return reference_id

    def delete_permit(self, reference_id: str) -> str | Refusal:
        """Delete the permit of that reference id; 9009 where there is none (any more)."""
        key = reference_id.strip().casefold()
        with self._transaction() as db:
            gone = db.execute("DELETE FROM permits WHERE reference_id = ?", (key,)).rowcount
        return key if gone else refuse(9009)

    def count_permits(self, zones: Collection[str]) -> list[tuple[str, int]]:
        """Return (zone, permits) in the order of creation; no ``zones`` means all of them."""
        counts = Counter(permit.get("zone", "") for permit in self.records("permits"))
        return [(zone, total) for zone, total in counts.items() if not zones or zone in zones]

    def permits_of(self, plate: str) -> list[dict[str, str]]:
        """Return the permits of a plate, whatever its case, in the order of creation."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM permits WHERE plate = ? ORDER BY number",
                (plate.strip().casefold(),),
            ).fetchall()
        return [json.loads(body) for (body,) in rows]

    def take_overdue(self, numbers: frozenset[int]) -> frozenset[int]:
        """Return those of these violations that were not sent so far, and mark them as sent."""
        with self._transaction() as db:
            sent = {number for (number,) in db.execute("SELECT number FROM violations_sent")}
            fresh = numbers - sent
            db.executemany(
                "INSERT INTO violations_sent (number) VALUES (?)", [(each,) for each in fresh]
            )
        return fresh

    def records(self, kind: str) -> list[dict[str, str]]:
        """Return ``users``, ``vehicles`` or ``permits`` in the order of creation.

        Each record is its fields under their first possible names, after ``reference_id``.
        """
        with self._lock:
            rows = self._db.execute(_LEDGER[kind]).fetchall()
        return [{"reference_id": str(number), **json.loads(body)} for number, body in rows]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _unusable(path: Path | None) -> SettingsError:
    return SettingsError(
        f"{path}: the sandbox cannot keep its records in this file.",
        hint="Move the file away or make its folder writable.",
    )


def _merged(stored: str, values: Mapping[str, str]) -> dict[str, str]:
    body = {**json.loads(stored), **values}
    return {name: text for name, text in body.items() if text}


def _key(values: Mapping[str, str], *names: str) -> str:
    """Return the first filled one, in the form in which the controller compares it."""
    return next((values[name].strip().casefold() for name in names if values.get(name)), "")


def _text(body: Mapping[str, str]) -> str:
    return json.dumps(body, ensure_ascii=False)
