"""The journal's tables, and how a journal file is opened, locked and recognised."""

import datetime as dt
import errno
import getpass
import os
import platform
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from importer.delivery.memory import Memory
from importer.errors import JournalError

APPLICATION = 0x4F50434A
"""SQLite's ``application_id`` of our journals."""
VERSION = 1
"""SQLite's ``user_version``: the version of these tables."""
_NOTHING_SENT = "; nothing was sent"

TABLES = """
CREATE TABLE secret (salt BLOB NOT NULL);
CREATE TABLE system (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE address (
  host TEXT NOT NULL, client TEXT NOT NULL, system INTEGER NOT NULL REFERENCES system,
  PRIMARY KEY (host, client)
) WITHOUT ROWID;
CREATE TABLE run (
  id TEXT PRIMARY KEY, system INTEGER NOT NULL REFERENCES system, host TEXT NOT NULL,
  client TEXT NOT NULL, person TEXT NOT NULL, machine TEXT NOT NULL, version TEXT NOT NULL,
  started TEXT NOT NULL, ended TEXT, stopped TEXT, exit_code INTEGER
) WITHOUT ROWID;
CREATE TABLE file (
  id INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES run, source TEXT NOT NULL, sheet TEXT,
  digest TEXT NOT NULL, mapping TEXT NOT NULL, endpoint TEXT NOT NULL, rows INTEGER NOT NULL,
  states TEXT, results TEXT
);
CREATE TABLE attempt (
  id INTEGER PRIMARY KEY, file INTEGER NOT NULL REFERENCES file, row INTEGER NOT NULL,
  system INTEGER NOT NULL, endpoint TEXT NOT NULL, identity TEXT NOT NULL, digest TEXT NOT NULL,
  parts TEXT NOT NULL, sent TEXT NOT NULL, answered TEXT, status INTEGER, answer BLOB,
  state TEXT NOT NULL, reference_id TEXT, code TEXT, message TEXT
);
CREATE INDEX attempt_by_file ON attempt (file, row);
CREATE INDEX file_by_digest ON file (digest);
CREATE INDEX attempt_by_state ON attempt (state) WHERE state IN ('sent', 'answered');
CREATE TABLE record (
  system INTEGER NOT NULL, endpoint TEXT NOT NULL, identity TEXT NOT NULL,
  digest TEXT NOT NULL DEFAULT '', parts TEXT NOT NULL DEFAULT '', settled TEXT NOT NULL DEFAULT '',
  reference_id TEXT NOT NULL DEFAULT '', unsettled INTEGER NOT NULL DEFAULT 0,
  last TEXT NOT NULL DEFAULT '', last_digest TEXT NOT NULL DEFAULT '',
  attempt INTEGER,
  PRIMARY KEY (system, endpoint, identity)
) WITHOUT ROWID;
CREATE INDEX record_by_reference ON record (system, endpoint, reference_id COLLATE NOCASE);
CREATE TABLE change (attempt INTEGER PRIMARY KEY, becomes TEXT NOT NULL);
"""
"""``attempt`` is the truth: one row a send, its state first ``sent`` (the intent, durable before the
wire), then ``answered`` (the raw answer, durable before it is read), then what it came to. ``record``
is what follows from it for each record: what was last accepted, and how many later attempts are
unsettled. ``change`` says which record the row of a list is once an update of its permit is accepted.
Digests are keyed with a secret of the journal, so that nobody can guess values from them."""


@contextmanager
def faults(path: Path) -> Iterator[None]:
    """Raise what SQLite says of an open journal as a ``JournalError``: damaged, or not to be written any more."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        # What SQLite could read and Python cannot has no code.
        if not isinstance(error, sqlite3.OperationalError) or not hasattr(
            error, "sqlite_errorcode"
        ):
            raise _damaged(path) from error
        raise unwritable(path, error) from error


def unwritable(journal: Path | str, error: Exception, more: str = "") -> JournalError:
    """Say of a journal that it cannot be written, and what ``more`` is to be said."""
    why = error.strerror or "" if isinstance(error, OSError) else str(error)
    return JournalError(
        f"The journal {journal} cannot be written ({why}){more}.",
        hint="Free some space on the disk, or give the file and its folder write permission, then run the "
        "command again.",
    )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all that is written within, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def connect(path: Path) -> sqlite3.Connection:
    """Open the journal of a run that holds its lock, making it where there is none.

    WAL where it can work, else (on a network share) a rollback journal; every commit waits for the disk.

    Raises:
        JournalError: The file is no journal of ours, is damaged, of a newer version, or cannot be
            written.
    """
    try:
        # Where a link leads nowhere yet, SQLite itself would make a file that everybody can read.
        _make_private(path.resolve())
        _choose_mode(path)
        with _opened(path) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            # Where a commit is the end of a rollback journal, its folder is synchronised too; and macOS
            # is asked to empty the disk's own memory, which its plain call does not.
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute("PRAGMA fullfsync = ON")
            if _recognise(connection, path):
                _check(connection)
            else:
                _make_tables(connection)
            return connection
    except (OSError, sqlite3.OperationalError) as error:
        raise unwritable(path, error, _NOTHING_SENT) from error
    except sqlite3.DatabaseError as error:
        raise _damaged(path) from error


@contextmanager
def look_up(path: Path) -> Iterator[Memory | None]:
    """Open a journal only to look something up, beside a run that may be under way; it is left as it is.

    It is ``None`` where there is no journal yet.

    Raises:
        JournalError: It is foreign, damaged, of a newer version or cannot be read.
    """
    connection, begun = None, False
    try:
        if path.is_file() and path.stat().st_size:
            _refuse_second_name(path)
            with _opened(path) as connection:
                begun = _recognise(connection, path)
    except (OSError, sqlite3.OperationalError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise JournalError(
            f"The journal {path} cannot be read ({why}).",
            hint="Give yourself permission for it and for its folder, and free some space on the disk, then run "
            "the command again.",
        ) from error
    except sqlite3.DatabaseError as error:
        raise _damaged(path) from error
    if connection is None:
        yield None
        return
    with faults(path), closing(connection):
        yield Memory(connection) if begun else None


def _make_private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _refuse_second_name(path: Path) -> None:
    """Refuse a journal with a second hard link: each name would have its lock and its WAL."""
    if path.is_file() and path.stat().st_nlink > 1:
        raise JournalError(
            f"The journal {path} has a second name on this disk (a hard link), so that two runs at a "
            "time could send rows twice; nothing was sent.",
            hint="Keep one of the names: delete the other, or make it a copy and put that away.",
        )


def _damaged(path: Path) -> JournalError:
    return JournalError(
        f"{path} is damaged or is no journal of this program; it was left as it is.",
        hint="Restore it from a backup. Any other journal knows nothing of what was sent and would have it "
        "created again: where there is no backup, move this file away and push the results workbooks "
        "first, each once, so that a new journal learns from them.",
    )


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


def _recognise(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether a file is a journal of ours; one without any table is none yet."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION and tables:
        raise sqlite3.DatabaseError
    if version > VERSION:
        raise JournalError(
            f"The journal {path} was written by a newer version of this program.",
            hint="Install that version; another journal would know nothing of what was sent.",
        )
    return bool(tables)


def _choose_mode(path: Path) -> None:
    """Have the file say how it is written; a journal keeps its rollback journal once it has one.

    That WAL cannot work shows at its first lock: the lock lies in memory that programs share.
    """
    with _opened(path) as connection, closing(connection):
        begun = _recognise(connection, path)
        if begun and connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            return
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise
        else:
            return
    with _opened(path) as connection, closing(connection):
        # One program alone needs no shared memory to read what WAL left behind.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = DELETE")


def _make_tables(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        for statement in TABLES.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO secret VALUES (?)", (os.urandom(32),))


def _check(connection: sqlite3.Connection) -> None:
    # A page that was lost or exchanged, by a disk or by a program that synchronises folders, can make
    # records vanish without a word, and then they would be sent again.
    for table in ("address", "record"):
        (found,) = connection.execute(f"PRAGMA integrity_check({table})").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)


@contextmanager
def locked(journal: Path) -> Iterator[None]:
    """Keep a journal to one run at a time; a second one is told who holds it.

    The operating system holds the lock, so that a killed run leaves none behind.

    Raises:
        JournalError: Another run holds it, the disk is full, or files cannot be locked there.
    """
    try:
        _refuse_second_name(journal)
        path = _lock_of(journal)
        _make_private(path)
        file = path.open("r+b", buffering=0)
    except OSError as error:
        raise unwritable(journal, error, _NOTHING_SENT) from error
    with file:
        try:
            _take(file)
            now = dt.datetime.now().astimezone().isoformat(" ", "seconds")
            held = f"{person()} on {platform.node()}, process {os.getpid()}, since {now}"
            file.truncate(0)
            file.write(held.encode())
        except OSError as error:
            holder = file.read(200).decode(errors="replace").strip() or "another run"
            raise _not_taken(journal, error, holder) from error
        try:
            yield
        finally:
            file.truncate(0)


def _not_taken(journal: Path, error: OSError, holder: str) -> JournalError:
    if error.errno in _HELD:
        return JournalError(
            f"The journal {journal} is in use by {holder}.",
            hint="Wait until that run has ended, then run the command again.",
        )
    if error.errno in _NO_LOCKS:
        return JournalError(
            f"The journal {journal} lies where files cannot be locked ({error.strerror}), so that "
            f"two runs at a time could send rows twice{_NOTHING_SENT}.",
            hint="Move the workspace, its journal too, to a disk of this computer.",
        )
    return unwritable(journal, error, _NOTHING_SENT)


def _lock_of(journal: Path) -> Path:
    # Whatever name a journal is reached by, it has one lock.
    path = journal.resolve()
    return path.with_name(path.name + ".lock")


_HELD = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}
_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}


def person() -> str:
    """Return the name of the person at this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        # A byte far behind the text, because Windows lets nobody read what is locked.
        file.seek(1 << 20)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        finally:
            file.seek(0)

else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
