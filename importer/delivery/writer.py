"""The journal's one writer: groups what the workers say into few transactions.

A commit waits for the disk. One thread commits whatever has come together meanwhile, so that sixteen
workers wait for one disk write and not for sixteen.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from importer.delivery.attempts import Intent, Result, answered, conclude, intend
from importer.errors import JournalError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable


class _Task:
    """One thing to write, and whoever waits until it is on disk."""

    __slots__ = ("done", "failure", "number", "write")

    def __init__(self, write: Callable[[sqlite3.Connection], int | None]) -> None:
        self.write = write
        self.number = 0
        self.failure: BaseException | None = None
        # A plain lock, taken here and given back by the writer, is the cheapest thing to wait on.
        self.done = threading.Lock()
        self.done.acquire()


class Writer:
    """Writes attempts of one push while it lasts; the connection is the writer's alone."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        """Start the thread.

        Args:
            connection: The journal's; nobody else uses it until ``close``.
            name: The journal's path, for messages.
        """
        self._connection = connection
        self._name = name
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def intend(self, intent: Intent) -> int:
        """Write an intent and wait until it is on disk; return the attempt's number.

        Raises:
            JournalError: It cannot be written; nothing may be sent.
        """
        return self._wait(lambda connection: intend(connection, intent))

    def answered(self, attempt: int, status: int, body: bytes) -> None:
        """Write a raw answer and wait until it is on disk."""
        self._wait(lambda connection: answered(connection, attempt, status, body))

    def conclude(self, attempt: int, intent: Intent, result: Result) -> None:
        """Write what an attempt came to, with the next group: the raw answer is on disk already."""
        self._tasks.put(_Task(lambda connection: conclude(connection, attempt, intent, result)))

    def close(self) -> None:
        """Wait until all is written and end the thread.

        Raises:
            JournalError: Something could not be written.
        """
        self._tasks.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._error(self._failure)

    def _wait(self, write: Callable[[sqlite3.Connection], int | None]) -> int:
        task = _Task(write)
        self._tasks.put(task)
        task.done.acquire()
        if task.failure is not None:
            raise self._error(task.failure)
        return task.number

    def _work(self) -> None:
        open_ = True
        while open_:
            tasks, open_ = self._next_group()
            if self._failure is None:
                try:
                    self._commit(tasks)
                except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
                    self._failure = error
            for task in tasks:
                task.failure = self._failure
                task.done.release()

    def _next_group(self) -> tuple[list[_Task], bool]:
        """Wait for a task and take all that have come together."""
        group: list[_Task] = []
        task = self._tasks.get()
        while task is not None:
            group.append(task)
            try:
                task = self._tasks.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _commit(self, tasks: list[_Task]) -> None:
        if not tasks:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for task in tasks:
                task.number = task.write(self._connection) or 0
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _error(self, failure: BaseException) -> JournalError:
        return JournalError(
            f"The journal {self._name} cannot be written ({failure}).",
            hint="Free some space on the disk, then run the command again.",
        )
