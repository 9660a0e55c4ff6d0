"""What the sandbox remembers: one SQLite file of the workspace, or memory.

The file holds whole records as they were pushed and no token, and is readable by its owner alone. Every
change is one transaction; a killed sandbox loses nothing that it has answered for.
"""

import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from importer.errors import SettingsError

_TABLE = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS record (
    kind TEXT NOT NULL, key TEXT NOT NULL, number INTEGER NOT NULL, found_by TEXT NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (kind, key)
);
CREATE INDEX IF NOT EXISTS in_order ON record (kind, number);
CREATE INDEX IF NOT EXISTS by_name ON record (kind, found_by);
COMMIT;
"""


class Store:
    """The records of one sandbox, by kind and key; two processes may share a file.

    ``fold`` makes keys that OPSCOM compares without regard to case. A record is its fields under their first
    possible names.
    """

    def __init__(self, path: Path | None) -> None:
        """Open the file, or make it; ``None`` keeps everything in memory.

        Raises:
            SettingsError: The file cannot be opened or is no store.
        """
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(
                path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False
            )
            try:
                # A rehearsal has to survive its own end, not a power cut: the system writes when it likes.
                self._db.execute("PRAGMA synchronous = OFF")
                self._db.execute("PRAGMA journal_mode = TRUNCATE").close()
                self._db.executescript(_TABLE)
            except sqlite3.Error:
                self._db.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(
                f"{path}: the sandbox cannot keep its records in this file.",
                hint="Move the file away or make its folder writable.",
            ) from error

    def close(self) -> None:
        """Close the file; records in memory are gone."""
        self._db.close()

    def get(self, kind: str, key: str) -> dict[str, str] | None:
        """Return a record, if it is there."""
        found = self._db.execute(
            "SELECT body FROM record WHERE kind = ? AND key = ?", (kind, key)
        ).fetchone()
        return None if found is None else json.loads(found[0])

    def put(self, kind: str, key: str, body: Mapping[str, str], *, found_by: str = "") -> int:
        """Write a record over the one of that key, or add it; return its number among its kind."""
        text = json.dumps({name: each for name, each in body.items() if each}, ensure_ascii=False)
        (number,) = self._db.execute(
            "INSERT INTO record SELECT :kind, :key, COALESCE(MAX(number), 0) + 1, :found_by, :body"
            " FROM record WHERE kind = :kind ON CONFLICT (kind, key) DO UPDATE"
            " SET found_by = :found_by, body = :body RETURNING number",
            {"kind": kind, "key": key, "found_by": found_by, "body": text},
        ).fetchone()
        return int(number)

    def remove(self, kind: str, key: str) -> None:
        """Forget a record."""
        self._db.execute("DELETE FROM record WHERE kind = ? AND key = ?", (kind, key))

    def forget(self) -> None:
        """Forget all records, so that not even their bytes stay in the file."""
        self._db.execute("PRAGMA secure_delete = ON").close()
        self._db.execute("DELETE FROM record")

    def all(
        self, kind: str, *, found_by: str | None = None
    ) -> list[tuple[str, int, dict[str, str]]]:
        """Return key, number and record of a kind, or of those found by a name, in order of creation."""
        rows = self._db.execute(
            "SELECT key, number, body FROM record WHERE kind = ? AND found_by = IFNULL(?, found_by)"
            " ORDER BY number",
            (kind, found_by),
        ).fetchall()
        return [(key, number, json.loads(body)) for key, number, body in rows]

    def transaction(self) -> AbstractContextManager[object]:
        """Do everything in the block or, where it fails, nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        return self._db


def fold(values: Mapping[str, str], *names: str) -> str:
    """Return the first filled value of these names, in the form in which OPSCOM compares it."""
    return next((values[name].strip().casefold() for name in names if values.get(name)), "")
