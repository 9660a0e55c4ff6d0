"""What a workbook tells of the time before its run: earlier attempts of a row, and the last file."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from importer.delivery.policy import NOBODY_KNOWS
from importer.model import State
from importer.records import read_resubmitted
from importer.results import Against
from importer.schema import record_key
from schemas import POLICIES, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from importer.delivery.known import EndpointMemory, Failure
    from importer.delivery.memory import Memory, Workbook
    from importer.delivery.planning import Plan
    from importer.model import Batch, Checked
    from importer.prepare import Job

_MOST_ATTEMPTS = 4
"""Attempts of one row that are told; those before are counted."""
_LONGEST_MESSAGE = 150
_MOST_GONE = 12
"""Ids named of those that are gone."""
_ENOUGH = 50
"""Rows or ids below which nothing is concluded from numbers."""
_FEW_ROWS, _FEW_IDS = 0.5, 0.1
"""Shares of the last file's rows, and of ids in common, below which a person is told."""


def earlier_attempts(
    job: Job, checked: Checked, memory: Memory, system: int, book: Workbook | None = None
) -> dict[int, str]:
    """Return what earlier runs said of the rows of a sheet, by position; most rows have nothing.

    A row of a results workbook whose ``opscom_row`` was lost is recognised by its key.

    Args:
        job: The file.
        checked: One of its sheets.
        memory: The journal's.
        system: Its number of the system.
        book: Which sheet of which first source it is, for a results workbook.
    """
    sheet = checked.batch.sheet
    title = sheet.title if book is None else book.sheet
    found = memory.of(system, job.endpoint).failures(job.digest, title)
    if not found:
        return {}
    told = read_resubmitted(sheet)
    positions = {
        row: position
        for position, row in enumerate(sheet.rows.tolist())
        if position not in told or told[position].row_known
    }
    lost = [position for position, said in told.items() if not said.row_known]
    keys = dict(zip(_keys(checked.batch, lost), lost, strict=True))
    by_position: dict[int, list[Failure]] = {}
    for failure in found:
        position = keys.get(failure.identity) if failure.identity else None
        if position is None:
            position = positions.get(failure.row)
        if position is not None:
            by_position.setdefault(position, []).append(failure)
    return {position: _tell(each) for position, each in by_position.items()}


def _tell(attempts: Sequence[Failure]) -> str:
    """Say what became of the attempts at one row, equal ones in a row together."""
    lines, number = [], 0
    for (state, code, message), group in groupby(
        attempts, key=lambda one: (one.state, one.code, one.message)
    ):
        same = list(group)
        first, number = number + 1, number + len(same)
        when = dt.datetime.fromisoformat(same[-1].sent).strftime("%Y-%m-%d %H:%M")
        which = (
            f"Attempt {first} on" if len(same) == 1 else f"Attempts {first} to {number}, last on"
        )
        # What was to be done about a lost answer then is no advice any more.
        said = message.partition(NOBODY_KNOWS)[0].rstrip()
        said = said if len(said) <= _LONGEST_MESSAGE else said[:_LONGEST_MESSAGE] + "…"
        lines.append(f"{which} {when}: {state} {code}".rstrip() + (f". {said}" if said else "."))
    return "\n".join(lines[-_MOST_ATTEMPTS:])


def against_last(
    batches: Iterable[tuple[Batch, Plan]], others: Iterable[Batch], memory: Memory, system: int
) -> Against | None:
    """Compare a file of users or permit updates with what files of the same mapping brought before.

    Args:
        batches: The file's sheets, all of one mapping, each with its plan.
        others: Sheets of other files of this run: what they hold is not gone.
        memory: The journal's, from before the run sends anything.
        system: Its number of the system.

    Returns:
        The comparison; ``None`` for the first file of a mapping, and for endpoints that create or
        delete, where nothing is ever the same record changed.
    """
    sheets = list(batches)
    if not sheets or not POLICIES[sheets[0][0].endpoint].upsert:
        return None
    batch = sheets[0][0]
    records = memory.of(system, batch.endpoint)
    last = records.last_file(batch.mapping)
    if last is None:
        return None
    accepted = records.accepted_through(batch.mapping)
    keys = {key for each, _ in sheets for key in _keys(each) if key}
    elsewhere = {key for each in others for key in _keys(each)}
    gone = [key for key in accepted if key not in keys and key not in elsewhere]
    counts, fields = _changes([plan for _, plan in sheets], records)
    rows = sum(len(each.frame) for each, _ in sheets)
    return Against(
        source=last.source,
        rows=last.rows,
        when=last.started[:10],
        new=counts["new"],
        changed=counts["changed"],
        unchanged=counts["unchanged"],
        others=rows - counts.total(),
        fields=tuple(sorted(fields.items(), key=lambda item: (-item[1], item[0]))),
        gone=len(gone),
        gone_ids=tuple(gone[:_MOST_GONE]),
        notes=tuple(_notes(rows, last.rows, last.source, keys, accepted)),
    )


def _changes(plans: Sequence[Plan], records: EndpointMemory) -> tuple[Counter[str], Counter[str]]:
    """Count rows by how they differ from what was last accepted, and the fields that changed."""
    counts: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    for plan in plans:
        counts["unchanged"] += sum(
            outcome.state is State.UNCHANGED for outcome in plan.settled.values()
        )
        for row in plan.send:
            past = records.record(row.identity)
            if not past.there:
                counts["new"] += 1
            elif past.digest == row.digest:
                counts["unchanged"] += 1
            else:
                counts["changed"] += 1
                before = json.loads(past.parts)
                now = json.loads(records.memory.parts(row.record.payload))
                names = {name for name in before.keys() | now.keys() if name[0] != "~"}
                fields.update(name for name in names if before.get(name) != now.get(name))
    return counts, fields


def _notes(
    rows: int, rows_before: int, source: str, keys: set[str], accepted: Mapping[str, None]
) -> list[str]:
    notes = []
    if rows_before >= _ENOUGH and rows < rows_before * _FEW_ROWS:
        notes.append(
            f"This file has {_count(rows, 'row')}; {source}, the last one with this mapping, had "
            f"{rows_before:,}. That is right for a file of changes; look at it again where it is to be "
            "the whole list."
        )
    common = sum(key in accepted for key in keys)
    if min(len(keys), len(accepted)) >= _ENOUGH and common < len(keys) * _FEW_IDS:
        notes.append(
            f"Only {common:,} of {_count(len(keys), 'id')} came with this mapping before. That is "
            "right for a new intake; else look whether the ids have another form than last time."
        )
    return notes


def _keys(batch: Batch, positions: Sequence[int] | None = None) -> list[str]:
    """Return the key of each row, held ones too; skipped ones have none."""
    table = TABLES[batch.endpoint]
    names = [name for part in table.key for name in part if name in batch.frame]
    frame = batch.frame[names] if positions is None else batch.frame[names].iloc[list(positions)]
    skipped = batch.skipped if positions is None else batch.skipped[list(positions)]
    columns = [frame[name].tolist() for name in names]
    cells = zip(*columns, strict=True) if columns else ((),) * len(frame)
    return [
        "" if no_record else record_key(table, dict(zip(names, values, strict=True)))
        for values, no_record in zip(cells, skipped.tolist(), strict=True)
    ]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
