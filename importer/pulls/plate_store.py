"""The answers of a batch of plates that has not come to its end, so that it can be finished later."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Self

from importer.delivery.journal_file import Lock, private
from importer.errors import JournalError

FRESH_HOURS = 12
"""Answers of an older interrupted batch say too little of today; then all plates are asked anew."""
_TABLES = """
CREATE TABLE IF NOT EXISTS batch (
  id INTEGER PRIMARY KEY, host TEXT NOT NULL, client TEXT NOT NULL, digest TEXT NOT NULL,
  started TEXT NOT NULL, UNIQUE (host, client, digest)
);
CREATE TABLE IF NOT EXISTS answer (
  batch INTEGER NOT NULL REFERENCES batch ON DELETE CASCADE, plate TEXT NOT NULL,
  asked TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (batch, plate)
) WITHOUT ROWID;
"""


class PlateStore:
    """One batch's answers, in a file that only its owner can read, for this run alone.

    It holds answers only while a batch is unfinished: they tell about people.
    """

    def __init__(self, path: Path, host: str, client: str, plates: Iterable[str]) -> None:
        """Open the batch of these plates at this system, or begin it.

        Raises:
            JournalError: Another run holds the file, it is damaged or it cannot be written.
        """
        self._lock = Lock(path)
        try:
            self._connection = self._open(path)
            digest = _digest(plates)
            self._forget_old()
            key = (host, client, digest)
            self._connection.execute(
                "INSERT OR IGNORE INTO batch (host, client, digest, started) VALUES (?, ?, ?, ?)",
                (*key, _now()),
            )
            (self._batch,) = self._connection.execute(
                "SELECT id FROM batch WHERE host = ? AND client = ? AND digest = ?", key
            ).fetchone()
        except BaseException as error:
            self._lock.release()
            if isinstance(error, sqlite3.Error | OSError):
                raise JournalError(
                    f"The answers to plates cannot be kept in {path} ({error}); nothing was asked.",
                    hint="Make room or remove that file, then run the command again.",
                ) from error
            raise

    def answers(self) -> dict[str, tuple[str, bytes]]:
        """Return what an interrupted run of this batch was answered: plate → time, body."""
        rows = self._connection.execute(
            "SELECT plate, asked, body FROM answer WHERE batch = ?", (self._batch,)
        )
        return {plate: (asked, bytes(body)) for plate, asked, body in rows}

    def keep(self, plate: str, asked: dt.datetime, body: bytes) -> None:
        """Keep one answer.

        Raises:
            JournalError: It cannot be written.
        """
        try:
            self._connection.execute(
                "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?)",
                (self._batch, plate, asked.isoformat(), body),
            )
        except sqlite3.Error as error:
            raise JournalError(
                f"The answers to plates cannot be kept ({error}).",
                hint="Free some space on the disk, then run the command again.",
            ) from error

    def finish(self) -> None:
        """Forget the batch: the next run asks anew."""
        self._connection.execute("DELETE FROM batch WHERE id = ?", (self._batch,))

    def close(self) -> None:
        """Close the file and give the lock back."""
        self._connection.close()
        self._lock.release()

    def __enter__(self) -> Self:
        """Use the store in a ``with`` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store."""
        self.close()

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        private(path)
        connection = sqlite3.connect(path, isolation_level=None, timeout=10)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # An answer lost with the power is asked for once more.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            connection.executescript(_TABLES)
        except BaseException:
            connection.close()
            raise
        return connection

    def _forget_old(self) -> None:
        limit = dt.datetime.now(dt.UTC) - dt.timedelta(hours=FRESH_HOURS)
        with closing(self._connection.execute("SELECT id, started FROM batch")) as rows:
            old = [at for at, started in rows if dt.datetime.fromisoformat(started) < limit]
        for at in old:
            self._connection.execute("DELETE FROM batch WHERE id = ?", (at,))


def _digest(plates: Iterable[str]) -> str:
    joined = "\n".join(sorted(set(plates)))
    return hashlib.sha256(joined.encode()).hexdigest()


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()
