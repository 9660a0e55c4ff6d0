"""The memory of all runs: what was sent, what was answered, what is settled.

The intent to send a row is durable before a byte of it leaves, and its raw answer is durable before
it is read. The journal alone decides what is settled. It holds keys, digests, states, ids, codes and
answers; no token and no payload.
"""

import datetime as dt
import json
import platform
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import importer
from importer.delivery.attempts import Intent, conclude, find_out, intend, now, settle_killed
from importer.delivery.journal_file import connect, faults, locked, person, transaction
from importer.delivery.known import EndpointMemory
from importer.delivery.memory import Memory, System
from importer.model import Origin, Outcome, State
from importer.schema import Policy

LearnedRow = tuple[int, str, str, str, "Outcome"]
"""Row, identity, digest and parts of a record that a results workbook tells of, and what became of it."""


class Journal(ExitStack):
    """One journal file, open for this run alone until it is closed.

    What cannot be read within its ``with`` block becomes a ``JournalError``.
    """

    def __init__(self, path: Path, policies: Mapping[str, Policy]) -> None:
        """Open the journal and take its lock; settle what a killed run left behind.

        Args:
            path: The file; made where there is none.
            policies: Endpoint → policy.

        Raises:
            JournalError: It is in use, foreign, damaged or cannot be written.
        """
        super().__init__()
        self.path = path
        self._policies = policies
        with ExitStack() as opening:
            opening.enter_context(faults(path))
            opening.enter_context(locked(path))
            self.connection = opening.enter_context(closing(connect(path)))
            """For the one writer of a push."""
            self.memory = Memory(self.connection)
            with transaction(self.connection):
                self.lost = settle_killed(self.connection, policies)
                """Rows whose answer was lost because an earlier run was killed."""
            self.push(opening.pop_all())

    def add_system(self, system: System, *, same_as: System | None = None) -> int:
        """Write down a system; with ``same_as`` the records of that one are its records."""
        with self._transaction():
            number = None if same_as is None else self.memory.system(same_as)
            if number is None:
                number = self.connection.execute(
                    "INSERT INTO system (name) VALUES (?)", (f"{system.client} at {system.host}",)
                ).lastrowid
            self.connection.execute(
                "INSERT OR REPLACE INTO address VALUES (?, ?, ?)",
                (system.host, system.client, number),
            )
        return int(number or 0)

    def forget(self, system: System) -> None:
        """Let nothing that was sent to a system count any more; its runs stay in the history."""
        self._write(
            "DELETE FROM address WHERE host = ? AND client = ?", (system.host, system.client)
        )

    def start_run(self, run: str, system: System, number: int, started: dt.datetime) -> None:
        """Write down that a run began."""
        who = (system.host, system.client, person(), platform.node(), importer.__version__)
        self._write(
            "INSERT INTO run (id, system, host, client, person, machine, version, started)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (run, number, *who, started.isoformat()),
        )

    def end_run(self, run: str, *, stopped: str | None, exit_code: int) -> None:
        """Write down how a run ended."""
        self._write(
            "UPDATE run SET ended = ?, stopped = ?, exit_code = ? WHERE id = ?",
            (now(), stopped, exit_code, run),
        )

    def start_file(self, run: str, **facts: str | int | None) -> int:
        """Write down a sheet that is about to be pushed; return its number."""
        done = self._write(
            "INSERT INTO file (run, source, sheet, digest, mapping, endpoint, rows)"
            " VALUES (:run, :source, :sheet, :digest, :mapping, :endpoint, :rows)",
            {"run": run, **facts},
        )
        return int(done.lastrowid or 0)

    def end_file(self, file: int, *, states: Mapping[State, int], results: str) -> None:
        """Write down what became of a sheet's rows."""
        counts = json.dumps({state.value: count for state, count in states.items()})
        self._write("UPDATE file SET states = ?, results = ? WHERE id = ?", (counts, results, file))

    def find_out(self, system: int, found: Iterable[tuple[str, str, Outcome]]) -> None:
        """Write down what became of records (endpoint, identity) whose answer was lost, all or none."""
        with self._transaction():
            for endpoint, identity, result in found:
                find_out(self.connection, (system, endpoint, identity), result)

    def learn(
        self,
        origin: Origin,
        system: int,
        endpoint: str,
        why: str,
        sheets: Mapping[str | None, Iterable[LearnedRow]],
    ) -> None:
        """Write down a file of a run that this journal does not know, as its results workbook tells it.

        The run has no version; ``why`` is what the history says of it. What the journal knows as settled
        stays, but for what an older run brought and may change.
        """
        moment = origin.started.replace(" ", "T") or now()
        who = (origin.host.rstrip("/"), origin.client, person(), platform.node())
        with self._transaction():
            self.connection.execute(
                "INSERT OR IGNORE INTO run (id, system, host, client, person, machine, version,"
                " started, ended, stopped) VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?)",
                (origin.run, system, *who, moment, moment, why),
            )
            for name, rows in sheets.items():
                learned = list(rows)
                file = self.start_file(
                    origin.run,
                    source=origin.file,
                    sheet=name,
                    digest=origin.digest,
                    mapping=origin.mapping,
                    endpoint=endpoint,
                    rows=len(learned),
                )
                records = EndpointMemory(self.memory, system, endpoint)
                known, newer = records.known(), records.begun_since(moment)
                for row, identity, digest, parts, result in learned:
                    policy, there = self._policies[endpoint], known.get(identity)
                    what = (file, row, system, endpoint, identity, digest, parts)
                    if there and there.settled and (identity in newer or not policy.upsert):
                        if policy.upsert:
                            self._remember(what, result)
                        continue
                    intent = Intent(*what, policy)
                    attempt = intend(self.connection, intent)
                    if policy.upsert:
                        # Somebody may have edited the row since: the next list is sent as a whole.
                        intent = replace(intent, digest="")
                    conclude(self.connection, attempt, intent, result)
                if endpoint and (deletes := self._policies[endpoint].deleted_by):
                    # They may have been learned before.
                    self.connection.execute(
                        "UPDATE record SET settled = 'deleted', digest = '' WHERE system = :system AND endpoint ="
                        " :endpoint AND reference_id COLLATE NOCASE IN (SELECT identity FROM record WHERE"
                        " system = :system AND endpoint = :deletes AND settled = 'pushed')",
                        {"system": system, "endpoint": endpoint, "deletes": deletes},
                    )

    def _remember(self, what: tuple[int, int, int, str, str, str, str], result: Outcome) -> None:
        """Write down an attempt before all others, so that what it brought is known to be older."""
        self.connection.execute(
            "INSERT INTO attempt (id, file, row, system, endpoint, identity, digest, parts, sent, state)"
            " SELECT min(coalesce(min(id), 0), 0) - 1, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM attempt",
            (*what, now(), result.state.value),
        )

    def _write(self, text: str, values: Sequence[Any] | Mapping[str, Any]) -> sqlite3.Cursor:
        with faults(self.path):
            return self.connection.execute(text, values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with faults(self.path), transaction(self.connection):
            yield
