"""What a workbook tells of the time before its run: earlier attempts of a row, and the last file."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from glob import escape
from itertools import groupby
from pathlib import Path

from importer.delivery.evidence import Evidence
from importer.delivery.known import EndpointMemory, Failure, Known, LastFile
from importer.delivery.planning import DELETED, Plan
from importer.delivery.policy import NOBODY_KNOWS
from importer.model import Batch, Checked, State
from importer.prepare import Compared, Job, Request, prepare_file
from importer.records import read_resubmitted
from importer.report import Against
from importer.schema import record_key, told_key
from importer.text import count, levelled
from schemas import TABLES

_MOST_ATTEMPTS = 4
"""Attempts of one row that are told; those before are counted."""
_LONGEST_MESSAGE = 150
_KEPT = " (blank now, so OPSCOM keeps the old value)"
"""Behind a field that an earlier file filled: blanks are not sent."""
_NAMED = ("first_name", "last_name", "plate", "permitNo")
"""The fields by which a person knows a record."""
_ENOUGH = 50
"""Rows or ids below which nothing is concluded from numbers."""
_SAME_LIST = 0.5
"""The share of what a file brought that a file of another name must hold to be the same list, later."""
_MOST_KEPT = 5
"""Older workbooks of one name that names are looked for in."""
_FEW_ROWS, _FEW_IDS = 0.5, 0.1
"""Shares of the last file's rows, and of ids in common, below which a person is told."""


def earlier_attempts(each: Compared, records: EndpointMemory) -> dict[int, str]:
    """Return what earlier runs said of the rows of a sheet, by position; most rows have nothing.

    A row of a results workbook whose ``opscom_row`` was lost is recognised by its key.
    """
    sheet = each.checked.batch.sheet
    title = sheet.title if each.book is None else each.book.sheet
    found = records.failures(each.job.digest, title)
    if not found:
        return {}
    told = read_resubmitted(sheet)
    positions = {
        row: position
        for position, row in enumerate(sheet.rows.tolist())
        if position not in told or told[position].row_known
    }
    lost = [position for position, said in told.items() if not said.row_known]
    every = _keys(each.checked.batch) if lost else []
    keys = {every[position]: position for position in lost}
    by_position: dict[int, list[Failure]] = {}
    for failure in found:
        position = keys.get(failure.identity) if failure.identity else None
        if position is None:
            position = positions.get(failure.row)
        if position is not None:
            by_position.setdefault(position, []).append(failure)
    return {position: _tell(attempts) for position, attempts in by_position.items()}


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


def news_of(plan: Plan, accepted: Evidence) -> dict[int, tuple[str, ...]]:
    """Return what rows would bring: position → the fields that change, none for a record that is new.

    Rows of which nothing is to be said are not there: none of deletes and of a first list. A row that is held
    back since it may be an earlier permit, corrected, changes that permit.
    """
    if accepted.policy.deletes or not any(each.there for each in accepted.known.values()):
        return {}
    news: dict[int, tuple[str, ...]] = {}
    for row in plan.send:
        past = accepted.past(row.identity)
        if not past.there:
            news[row.record.position] = ()
        elif past.digest != row.digest:
            fields = _changed_fields(past, row.record.payload, accepted)
            # What was learned from a results workbook may be the very same.
            news |= {row.record.position: fields} if fields else {}
    for row in plan.updates:  # an update holds the id, and then what changes
        news[row.record.position] = tuple(row.record.payload)[1:]
    news |= {at: outcome.differs for at, outcome in plan.settled.items() if outcome.differs}
    return news


def _of(accepted: Evidence) -> EndpointMemory:
    if accepted.records is None:
        raise AssertionError("there is no journal yet")
    return accepted.records


def _changed_fields(past: Known, payload: Mapping[str, str], accepted: Evidence) -> tuple[str, ...]:
    """Return the fields in which a payload differs from what was last accepted, the blank ones last."""
    records = _of(accepted)
    before = json.loads(records.parts_of(past.identity))
    now = json.loads(records.memory.parts(payload))
    blank = _KEPT if accepted.policy.upsert else ""
    names = {name: name for name in now} | {n: n + blank for n in before if n not in now}
    return tuple(said for n, said in names.items() if n[0] != "~" and before.get(n) != now.get(n))


def against_last(
    sheets: Sequence[Compared], accepted: Evidence, request: Request
) -> Iterator[Compared]:
    """Yield the sheets of one endpoint, the first of a file with the whole file against what came before.

    What a results workbook no longer holds is settled or was deleted by a person.
    """
    told = not accepted.policy.deletes and any(each.there for each in accepted.known.values())
    before = None
    for each in sheets:
        job, mapping, against = each.job, each.checked.batch.mapping, None
        if told and job is not before and job.origin is None:
            here = [other for other in sheets if other.checked.batch.mapping == mapping]
            own = [other for other in here if other.job is job]
            against = _against(own, here, accepted, request)
        before = job
        yield replace(each, against=against)


def _against(
    sheets: Sequence[Compared], here: Sequence[Compared], accepted: Evidence, request: Request
) -> Against | None:
    """Compare a file with what files of its mapping brought before; ``None`` for the first of them.

    What ``here`` holds, all sheets of the mapping in this run, is not gone.
    """
    job, batch = sheets[0].job, sheets[0].checked.batch
    known, records, table = accepted.known, _of(accepted), TABLES[batch.endpoint]
    policy, keyed = accepted.policy, bool(table.key)

    def ids(keys: Collection[str]) -> set[str]:
        # A permit that an update has changed is another record under the same id.
        return {known[key].reference_id for key in keys if key in known} - {""}

    held = {id(each): set(_identities(each.checked, accepted)) for each in here}
    keys = set().union(*(held[id(each)] for each in sheets))
    every = records.accepted_through(batch.mapping)
    own_ids, all_keys = ids(keys), set().union(*held.values())
    own = keys | {key for key in every if key in known and known[key].reference_id in own_ids}
    bare = levelled if table.upper_key else _without_zeros
    fresh = set(map(bare, keys - every.keys())) if keyed else set()
    alike = {key for key in every.keys() - keys if bare(key) in fresh}
    # What was deleted since is in no list any more.
    there = {
        key: e for key, e in every.items() if key not in known or known[key].settled != DELETED
    }
    through = _of_this_list(there, own | alike, job.path.name)
    last = records.last_file(batch.mapping, job.digest, {digest for digest, _ in through.values()})
    if last is None:
        return None
    ours, all_ids = ids(through), ids(all_keys)
    lost = [
        each
        for each in known.values()
        if each.there
        and (each.identity in through or each.reference_id in ours)
        and not (each.identity in all_keys or each.reference_id in all_ids)
    ]
    names = _names(lost, last.results, job, request) if lost else {}
    gone = [
        (told_key(table, e.identity) if keyed else e.reference_id, names.get(e.identity, ""))
        for e in lost
    ]
    fields = Counter(name for each in sheets for changed in each.news.values() for name in changed)
    kinds = sum(map(_kinds, sheets), Counter[str]())
    notes = _notes(kinds.total(), last, keys, every) if keyed else []
    if alike:
        what, how = "id", "zeros at the front"
        remedy = f"Where the zeros were lost, say `pad: {max(map(len, alike))}` in the mapping."
        if table.upper_key:
            what, how = "plate", "blanks and dashes"
            remedy = "To have them written alike, say `convert: [plate]` in the mapping."
        are = f"{what} is that of a row" if len(alike) == 1 else f"{what}s are those of rows"
        notes.append(
            f"{len(alike):,} new {are} before but for {how}, and would be other records in OPSCOM. {remedy}"
        )
    if policy.by_hand and kinds["changed"]:
        holds = "holds" if kinds["changed"] == 1 else "hold"
        notes.append(
            f"{count(kinds['changed'], policy.noun)} {holds} other values ({', '.join(sorted(fields))}) than "
            f"last accepted. {policy.by_hand}: change these in OPSCOM by hand."
        )
    return Against(
        source=last.source,
        rows=last.rows,
        when=last.started[:10],
        new=kinds["new"],
        changed=kinds["changed"],
        unchanged=kinds["unchanged"],
        others=kinds["other"],
        fields=tuple(sorted(fields.items(), key=lambda item: (-item[1], item[0]))),
        gone=tuple(sorted(gone, key=lambda each: each if keyed else each[::-1])),
        notes=tuple(notes),
    )


def _of_this_list(
    through: Mapping[str, tuple[str, str]], own: Collection[str], name: str
) -> dict[str, tuple[str, str]]:
    """Return what earlier files of the same list brought.

    One mapping may serve several lists, of staff and of students say, and what another list holds is not
    gone. Files are of one list that have one name, or of which at least half is here: fewer may be people
    who stand in both lists.
    """
    brought = Counter(digest for digest, _ in through.values())
    here = Counter(through[key][0] for key in own if key in through)
    same = {digest for digest, source in through.values() if source == name}
    same |= {digest for digest, number in here.items() if number >= brought[digest] * _SAME_LIST}
    return {key: each for key, each in through.items() if each[0] in same}


def _kinds(each: Compared) -> Counter[str]:
    """Count the rows of a sheet by how they differ from what was last accepted."""
    counts = Counter("changed" if fields else "new" for fields in each.news.values())
    same = [row for row in each.plan.send if row.record.position not in each.news]
    settled = Counter(outcome.state for outcome in each.plan.settled.values())
    counts["unchanged"] = len(same) + settled[State.UNCHANGED]
    counts["other"] = len(each.checked.batch.frame) - counts.total()
    return counts


def _identities(checked: Checked, accepted: Evidence) -> Iterator[str]:
    """Yield what the journal knows the rows of a sheet by, held ones too.

    Where nothing is a record's key: of all earlier ones that a row may be, corrected.
    """
    batch = checked.batch
    if TABLES[batch.endpoint].key:
        yield from filter(None, _keys(batch))
        return
    names = [str(name) for name in batch.frame.columns]
    for values in batch.frame[~batch.skipped].itertuples(index=False, name=None):
        payload = {name: value for name, value in zip(names, values, strict=True) if value}
        yield f"#{accepted.digest(payload)}"
        yield from accepted.alike(payload)


def _names(
    lost: Sequence[Known], workbooks: Sequence[Path], job: Job, request: Request
) -> dict[str, str]:
    """Return who is gone, by identity, as the newest results workbooks still say: the journal keeps no names."""
    wanted = {each.reference_id: each.identity for each in lost if each.reference_id}
    wanted |= {each.identity: each.identity for each in lost}
    found: dict[str, str] = {}
    request = replace(request, sheet=None, named=True)
    for path in _with_kept(workbooks, request.results):
        if job.mapping is None or len(found) == len(lost):
            break
        for checked in prepare_file(path, [job.mapping], request).sheets:
            batch, told = checked.batch, read_resubmitted(checked.batch.sheet)
            columns = [batch.frame[name].tolist() for name in _NAMED if name in batch.frame]
            keyed = bool(TABLES[batch.endpoint].key)
            keys = _keys(batch) if keyed else [told[at].reference_id for at in told]
            for key, *texts in zip(keys, *columns, strict=True):
                if key in wanted:
                    found.setdefault(wanted[key], " ".join(filter(None, texts)))
    return found


def _with_kept(workbooks: Sequence[Path], results: Path) -> Iterator[Path]:
    """Yield the workbooks that are still there, and after each the latest that were kept under its name."""
    for written in workbooks:
        # The folder may have moved since, or the run was started in another one.
        path = written if written.is_file() else results / written.name
        kept = sorted(path.parent.glob(f"{escape(path.stem)} *{path.suffix}"), reverse=True)
        yield from filter(Path.is_file, (path, *kept[:_MOST_KEPT]))


def _without_zeros(key: str) -> str:
    return key.lstrip("0")


def _notes(
    rows: int, last: LastFile, keys: Collection[str], accepted: Mapping[str, object]
) -> list[str]:
    notes = []
    if last.rows >= _ENOUGH and rows < last.rows * _FEW_ROWS:
        notes.append(
            f"This file has {count(rows, 'row')}; {last.source}, the last one with this mapping, had "
            f"{last.rows:,}. That is right for a file of changes; look at it again where it is to be "
            "the whole list."
        )
    common = sum(key in accepted for key in keys)
    if min(len(keys), len(accepted)) >= _ENOUGH and common < len(keys) * _FEW_IDS:
        notes.append(
            f"Only {common:,} of {count(len(keys), 'id')} came with this mapping before. That is "
            "right for a new intake; else look whether the ids have another form than last time."
        )
    return notes


def _keys(batch: Batch) -> list[str]:
    """Return the key of each row, held ones too; skipped ones have none."""
    table = TABLES[batch.endpoint]
    names = [name for part in table.key for name in part if name in batch.frame]
    if not names:
        return [""] * len(batch.frame)
    rows = batch.frame[names].itertuples(index=False, name=None)
    return [
        "" if no_record else record_key(table, dict(zip(names, values, strict=True)))
        for values, no_record in zip(rows, batch.skipped.tolist(), strict=True)
    ]
