"""What a journal learns from the results workbooks of runs that it does not know."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.delivery.attempts import Intent, Result, conclude, intend, now
from importer.delivery.journal_file import person

if TYPE_CHECKING:
    from importer.delivery.journal import Journal


@dataclass(frozen=True, slots=True)
class LearnedRow:
    """A row that a results workbook says was sent."""

    row: int
    what: tuple[str, str, str]
    """Identity, digest and parts of its record."""
    result: Result


@dataclass(frozen=True, slots=True)
class LearnedSheet:
    """What is learned of one sheet."""

    name: str | None
    rows: tuple[LearnedRow, ...]


@dataclass(frozen=True, slots=True)
class LearnedFile:
    """A file of a run that a journal does not know, and learns from the results workbook."""

    run: str
    host: str
    client: str
    number: int
    """The journal's number of the system."""
    started: str
    why: str
    source: str
    digest: str
    mapping: str
    endpoint: str
    sheets: tuple[LearnedSheet, ...] = ()


def learn(journal: Journal, learned: LearnedFile) -> None:
    """Write down run, file and rows, within a transaction; what the journal knows as settled stays.

    The run has no version: that tells it from those of this journal.
    """
    moment = learned.started or now()
    journal.connection.execute(
        "INSERT OR IGNORE INTO run (id, system, host, client, person, machine, version, started, ended,"
        " stopped) VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?)",
        (
            *(learned.run, learned.number, learned.host, learned.client),
            *(person(), platform.node(), moment, moment, learned.why),
        ),
    )
    for sheet in learned.sheets or (LearnedSheet(None, ()),):
        file = journal.start_file(
            learned.run,
            source=learned.source,
            sheet=sheet.name,
            digest=learned.digest,
            mapping=learned.mapping,
            endpoint=learned.endpoint,
            rows=len(sheet.rows),
        )
        for row in sheet.rows:
            policy = journal.policies[learned.endpoint]
            intent = Intent(file, row.row, learned.number, learned.endpoint, *row.what, policy)
            settled = journal.connection.execute(
                "SELECT settled FROM record WHERE system = ? AND endpoint = ? AND identity = ?",
                (intent.system, intent.endpoint, intent.identity),
            ).fetchone()
            if settled is None or not settled[0]:
                conclude(journal.connection, intend(journal.connection, intent), intent, row.result)
