"""What the journal says of checked rows: which are settled, which are to be sent."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from importer.delivery.evidence import Evidence, evidence_of
from importer.delivery.known import EndpointMemory
from importer.delivery.memory import SANDBOX, Memory, System, Workbook
from importer.delivery.planning import Plan, plan
from importer.earlier import against_last, earlier_attempts, news_of
from importer.errors import UsageError
from importer.model import Checked, Outcome, Record, State
from importer.prepare import Compared, Job, Past, Request
from importer.reading import uncollected
from importer.records import Rows
from importer.text import count, plain
from schemas import POLICIES, TABLES

FEWEST = 20
"""Ids in common from which on a file is stopped; with fewer it is only doubted."""
FEWEST_FOR_DOUBT = 5
SHARE = 0.5
"""The share of them that may change both names before the file is held for a wrong one."""
MOVED = 0.25
"""The share that may get a name or an address that another id had: no office changes so many."""
_OWN = ("first_name", "last_name", "email")
_SHIFTED: Mapping[tuple[str, ...], str] = {
    ("first_name", "last_name"): "another first and another last name",
    **{(name,): f"the {name} of another" for name in _OWN},
}
_EXAMPLES = 3


@uncollected()
def compare(jobs: Sequence[Job], past: Past, request: Request) -> tuple[Compared, ...]:
    """Compare all rows with the journal."""
    compared: list[Compared] = []
    for job in jobs:
        standing = _standing(job, past)
        compared += (
            compare_sheet(job, checked, past, standing, again=request.again)
            for checked in job.sheets
        )
    memory, system = past.memory, past.number
    if memory is None or system is None:
        return tuple(compared)
    found: list[Compared] = []
    for endpoint, sheets in groupby(compared, key=lambda each: each.job.endpoint):
        records = EndpointMemory(memory, system, endpoint)
        accepted = evidence_of(records, TABLES[endpoint], POLICIES[endpoint], standing={})
        found += against_last(list(sheets), accepted, request)
    return tuple(found)


def _standing(job: Job, past: Past) -> Mapping[str, bool]:
    """Return the permits that a file holds: identity → whether this very file brought it before."""
    memory = past.memory
    if memory is None or not job.sheets or not POLICIES[job.endpoint].alike:
        return {}
    sent: Collection[str] = ()
    if past.number is not None:
        sent = EndpointMemory(memory, past.number, job.endpoint).sent_from(job.digest)
    rows = (row for each in job.sheets for row in Rows(each, TABLES[job.endpoint]))
    found = (f"#{memory.digest(row.payload)}" for row in rows)
    return {identity: identity in sent for identity in found}


def compare_sheet(
    job: Job, checked: Checked, past: Past, standing: Mapping[str, bool], *, again: bool
) -> Compared:
    """Compare the rows of one sheet with the journal; ``standing`` are the permits of its file."""
    memory, number, origin = past.memory, past.number, job.origin
    policy, table = POLICIES[job.endpoint], TABLES[job.endpoint]
    rows, evidence, book = Rows(checked, table), Evidence(policy, memory), None
    if memory is not None and number is not None:
        records = EndpointMemory(memory, number, job.endpoint)
        if origin is not None:
            title = checked.batch.sheet.title
            book = records.trace(
                Workbook(job.digest, origin.run, origin.journal, title),
                lambda: _identities(job, checked, memory),
            )
        changed_by = TABLES.get(policy.changed_by)
        evidence = evidence_of(records, table, policy, book, changed_by, standing=standing)
    if origin is not None and origin.run and not (origin.checked or origin.sandbox):
        heard = memory is not None and number is not None and memory.knows(origin.run, job.digest)
        foreign = evidence.written is None
        own = evidence.records.made_by(origin.run) if evidence.records and foreign else frozenset()
        evidence = replace(evidence, unheard=not heard, foreign=foreign, own=own)
    done = _without_overruled(plan(rows, evidence, again=again, keep=rows.lean), checked)
    found = Compared(job, checked, done, standing, book)
    if evidence.records is None:
        return found
    earlier = earlier_attempts(found, evidence.records)
    return replace(found, earlier=earlier, news=news_of(done, evidence))


def _without_overruled(found: Plan, checked: Checked) -> Plan:
    """Return the plan without the rows whose record a later file of the run holds with other values."""
    outcomes = {
        position: Outcome(
            State.DUPLICATE,
            message=f"The later file {name} holds this record with other values, and that one counts.",
        )
        for position, name in checked.overruled.items()
    }
    if not outcomes:
        return found
    send, updates = (
        tuple(row for row in rows if row.record.position not in outcomes)
        for rows in (found.send, found.updates)
    )
    known = {at: each for at, each in found.settled.items() if each.state is not State.INVALID}
    settled = dict(found.settled) | outcomes | known
    return replace(found, send=send, updates=updates, settled=settled)


def _identities(job: Job, checked: Checked, memory: Memory) -> Iterator[tuple[int | None, str]]:
    """Yield what the journal would know the rows of a results workbook by, each with its number."""
    for record in Rows(checked, TABLES[job.endpoint]):
        row = record.row if record.told.row_known else None
        yield row, record.key or f"#{memory.digest(record.payload)}"


def recognise(jobs: Sequence[Job], past: Past) -> tuple[Job, ...]:
    """Put results workbooks of another live system in error; the other files go on.

    A checked workbook goes anywhere, and the results of a rehearsal are a fresh file in a live system:
    their states and ids say nothing there, the corrections count.
    """
    return tuple(_recognised(job, past) for job in jobs)


def _recognised(job: Job, past: Past) -> Job:
    origin, memory = job.origin, past.memory
    # A check without a client code goes nowhere yet.
    if origin is None or not origin.run or not past.system.client:
        return job
    first = SANDBOX if origin.sandbox else System(origin.host.rstrip("/"), origin.client)
    number = None if memory is None else memory.system(first)
    if first == past.system or (number is not None and number == past.number):
        return job
    if origin.sandbox or origin.checked:
        return replace(job, origin=None, sheets=tuple(_as_fresh(each) for each in job.sheets))
    here = "the sandbox" if past.system == SANDBOX else "another OPSCOM"
    error = (
        f"{job.path.name} is a results workbook of {origin.host}, client code {origin.client}, and this "
        f"run goes to {here}: its ids and states say nothing there. Push the file that the rows first "
        "came from, corrected there."
    )
    return Job(job.path, error=plain(error))


def _as_fresh(checked: Checked) -> Checked:
    """Return a sheet whose columns of ours say nothing."""
    sheet = checked.batch.sheet
    ours = [column.position for column in sheet.columns if column.ours]
    frame = sheet.frame.copy(deep=False)
    frame[ours] = ""
    batch = replace(checked.batch, sheet=replace(sheet, frame=frame))
    return replace(checked, batch=batch)


def guard(jobs: Sequence[Job], past: Past) -> tuple[Job, ...]:
    """Put files of users in error whose names or addresses belong to other ids; the other files go on.

    A column was sorted apart from the others, or is shifted. A results workbook that is given back is
    never taken for a wrong file.
    """
    memory, system = past.memory, past.number
    if memory is None or system is None:
        return tuple(jobs)
    return tuple(_guarded(job, memory, system) for job in jobs)


def _guarded(job: Job, memory: Memory, system: int) -> Job:
    """Stop, or only doubt, a file that would give most of the ids in common what others had."""
    table = TABLES.get(job.endpoint)
    if table is None or job.origin is not None or not all(map(table.field, _OWN)):
        return job
    known = EndpointMemory(memory, system, job.endpoint).known(parts=True)
    common = 0
    changed: dict[tuple[str, ...], list[tuple[Record, str]]] = {names: [] for names in _SHIFTED}
    for record in (row for checked in job.sheets for row in Rows(checked, table)):
        past = known.get(record.key)
        if past is not None and past.there:
            common += 1
            before = json.loads(past.parts)
            now = {name: memory.part(name, record.payload.get(name, "")) for name in _OWN}
            for names, rows in changed.items():
                if all(before.get(name) != now[name] for name in names):
                    rows.append((record, now[names[0]]))
    if common < FEWEST_FOR_DOUBT:
        return job
    for names, rows in changed.items():
        most = common * (SHARE if len(names) > 1 else MOVED)
        if len(names) == 1 and len(rows) > most:
            # Names may be spelled anew, and addresses move: what another id had is no new one.
            had = {json.loads(each.parts).get(names[0]) for each in known.values() if each.there}
            rows[:] = [(record, part) for record, part in rows if part in had]
        if len(rows) > most:
            return _doubted(job, common, [record for record, _ in rows], _SHIFTED[names])
    return job


def _doubted(job: Job, common: int, changed: Sequence[Record], what: str) -> Job:
    examples = ", ".join(f"row {record.row} (id {record.key})" for record in changed[:_EXAMPLES])
    why = (
        f"{len(changed)} of the {common} ids that OPSCOM has from us already would get {what}, {examples} among "
        "them: most likely a column is shifted, or one was sorted apart from the others."
    )
    if common < FEWEST:
        return replace(job, notes=(*job.notes, f"{why} Look at these rows before you push."))
    hint = (
        "Look at these rows. Where the file is right, run the command again with --different-file."
    )
    error = f"{job.path.name} looks like a wrong file; nothing of it was sent. {why} {hint}"
    return Job(job.path, error=plain(error))


def hold(
    jobs: Sequence[Job], planned: Sequence[Compared], held: Mapping[Path, str], request: Request
) -> tuple[tuple[Job, ...], tuple[Compared, ...]]:
    """Put files in error of which ``held`` says why; the other files go on.

    So are files of deletes that nobody named, where nobody can type their number.

    Raises:
        UsageError: There are deletes, and no others.
    """
    deletes: Counter[Path] = Counter()
    for each in planned if request.deletes is not None else ():
        path = each.job.path
        if POLICIES[each.job.endpoint].deletes and path.resolve() not in (request.deletes or ()):
            deletes[path] += len(each.plan.send)
    deletes = +deletes
    told = {path: _nobody_deletes(number) for path, number in deletes.items()} | dict(held)
    spared = tuple(
        Job(job.path, error=plain(f"{job.path.name}: {told[job.path]}"))
        if job.path in told
        else job
        for job in jobs
    )
    if deletes and all(job.error is not None for job in spared):
        raise UsageError(_nobody_deletes(deletes.total()))
    return spared, tuple(each for each in planned if each.job.path not in told)


def _nobody_deletes(number: int) -> str:
    return (
        f"{count(number, 'permit')} would be deleted, and nobody is here to be asked. Name the file itself "
        "as PATH and give --yes."
    )
