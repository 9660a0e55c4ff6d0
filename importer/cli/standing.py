"""The sandbox of another window: how a command knows that the host it was given is one.

No question goes over the wire for it. A sandbox that keeps its records holds a lock beside them for as
long as it runs, named for its port, and the operating system gives it back however the sandbox ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from importer.delivery.journal import SANDBOX, Journal
from importer.delivery.journal_file import Lock
from importer.delivery.line import is_loopback
from importer.errors import JournalError

STORE = "sandbox.sqlite"
"""The records of a workspace's sandbox, beside its journal."""


@contextmanager
def standing(store: Path, url: str) -> Iterator[None]:
    """Be known as the sandbox of this store at this address, as long as the block lasts."""
    place = _place(store, url)
    lock = Lock(place)
    try:
        yield
    finally:
        lock.release()
        place.with_name(f"{place.name}.lock").unlink(missing_ok=True)


def stands_at(journal: Path, host: str) -> bool:
    """Whether a running sandbox that keeps its records beside this journal is at ``host``."""
    if not is_loopback(host):
        return False
    place = _place(journal.with_name(STORE), host)
    if not place.with_name(f"{place.name}.lock").exists():
        return False
    try:
        Lock(place).release()
    except JournalError:
        return True
    return False


def forget_rehearsals(journal: Path) -> Path:
    """Delete the store beside a journal, and what the journal knows of it; return the store's path.

    Raises:
        JournalError: A run or a sandbox is using them.
    """
    store = journal.with_name(STORE)
    for left in store.parent.glob("sandbox-*.lock"):
        try:
            Lock(left.with_suffix("")).release()
        except JournalError as error:
            raise JournalError(
                f"A sandbox is running and keeps its records in {store}.",
                hint="End it with Ctrl-C in its window, then run the command again.",
            ) from error
        left.unlink(missing_ok=True)
    if journal.exists():
        with Journal(journal) as opened:
            opened.forget(SANDBOX)
    for name in (STORE, f"{STORE}-journal"):
        store.with_name(name).unlink(missing_ok=True)
    return store


def _place(store: Path, url: str) -> Path:
    return store.with_name(f"sandbox-{urlsplit(url).port or 80}")
