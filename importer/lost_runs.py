"""Runs that the journal does not know although their results workbooks are here.

The journal was lost, was put back from an old copy, or another one is named: then everything looks new,
and vehicles and permits would be created again. The results workbooks still tell what is there.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from importer.delivery.journal import LearnedRow
from importer.delivery.memory import Memory, System
from importer.delivery.planning import SETTLED, tells_of_record
from importer.errors import ImporterError
from importer.model import Checked, Origin, Outcome, State
from importer.prepare import CHECK, SETTLE, Compared, Job, Past, Request
from importer.reading import read_summary, told_by
from importer.records import Rows
from importer.schema import Policy
from importer.text import quoted
from importer.workspace import home_of
from schemas import POLICIES, TABLES

_NAME_RE = re.compile(r"(?![.~]).+-results( .+)?\.xlsx", re.IGNORECASE)
_MOST = 100
"""Workbooks that are looked into, the newest: what is lost of a journal is the end of it, or all."""
_MOST_NAMED = 20
_LEARNED = (
    "This journal did not know the run that wrote this workbook. Its rows that were settled then count as they "
    "stand here, and are not sent{}."
)

Lost = tuple[tuple["Path", "Origin"], ...]


def find_lost(planned: Sequence[Compared], past: Past, request: Request) -> Lost:
    """Return the results workbooks beside a run's own that tell of runs which the journal does not know.

    Only their summaries are read, and only where the run would create something. What cannot be read
    tells nothing.
    """
    creates = any(POLICIES[each.job.endpoint].creates for each in planned)
    if request.sandbox or request.command == SETTLE or not creates or not past.system.client:
        return ()
    try:
        found = [path for path in request.results.iterdir() if _NAME_RE.fullmatch(path.name)]
        found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return ()
    told = ((path, _told(path)) for path in found[:_MOST])
    return tuple(
        (path, origin)
        for path, origin in told
        if origin is not None and _is_lost(origin, past.memory, past.system, past.number)
    )


def _told(path: Path) -> Origin | None:
    try:
        summary = read_summary(path)
    except (ImporterError, OSError):
        return None
    return None if summary is None else told_by(summary)


def _is_lost(origin: Origin, memory: Memory | None, system: System, number: int | None) -> bool:
    if not origin.run or origin.checked or origin.sandbox:
        return False
    there = System(origin.host.rstrip("/"), origin.client)
    known = None if memory is None else memory.system(there)
    same = there == system or (known is not None and known == number)
    # A journal that nothing was sent with under a spelling of a client code cannot say that they are two.
    unused = memory is None or there not in memory.used()
    same = same or (unused and there.host == system.host and there.is_spelled_like(system))
    return same and (memory is None or not memory.knows(origin.run, origin.digest))


def learn(jobs: Sequence[Job], past: Past, request: Request) -> tuple[tuple[Job, ...], Past]:
    """Write down what given results workbooks say of runs that the journal does not know, oldest first.

    Returns:
        The files, with a note on each that was learned from, and the past, with the system entered where there
        is something to learn.
    """
    if request.command == CHECK or request.sheet is not None or not any(job.origin for job in jobs):
        return tuple(jobs), past
    past, learned = past.entered(), set[Path]()
    journal = past.opened
    told = [(job.origin, job) for job in jobs if job.error is None and job.origin is not None]
    for origin, job in sorted(told, key=lambda each: each[0].started):
        if origin.run and not origin.checked and not journal.memory.knows(origin.run, job.digest):
            rows: dict[str | None, Iterator[LearnedRow]] = {
                checked.batch.sheet.title: _rows(job, checked, journal.memory)
                for checked in job.sheets
            }
            why = f"Learned from {job.path.name}."
            journal.learn(origin, past.known_number, job.endpoint, why, rows)
            learned.add(job.path)
    noted = (
        replace(job, notes=(*job.notes, _note(POLICIES[job.endpoint])))
        if job.path in learned
        else job
        for job in jobs
    )
    return tuple(noted), past


def _note(policy: Policy) -> str:
    how = ""
    if policy.upsert or policy.changed_by:
        how = f"as {policy.changed_by}" if policy.changed_by else "with the next list"
        how = f": push what was changed in them since {how}"
    return _LEARNED.format(how)


def leave_aside(lost: Lost, past: Past, request: Request) -> None:
    """Write down that runs are known and do not count, where the person said that all is meant to be new."""
    for path, origin in lost if request.new_system else ():
        why = f"{path.name} was left aside."
        past.opened.learn(origin, past.known_number, "", why, {None: ()})


def _rows(job: Job, checked: Checked, memory: Memory) -> Iterator[LearnedRow]:
    """Yield what a sheet tells of OPSCOM's records; a row that says ``update`` is not what OPSCOM has."""
    policy = POLICIES[job.endpoint]
    for record in Rows(checked, TABLES[job.endpoint]):
        told = record.told
        if told.answer == "update":
            continue
        # Each row of updates and deletes holds its id, whatever became of it.
        same = not policy.of or told.reference_id.casefold() == record.key
        if (policy.creates and tells_of_record(told)) or (told.status in SETTLED and same):
            state = State.EXISTS if told.status == State.EXISTS else State.PUSHED
            result = Outcome(state, told.reference_id, message="Its results workbook says so.")
        elif told.status == State.UNKNOWN:
            message = "Its results workbook says that the answer was lost."
            result = Outcome(State.UNKNOWN, message=message)
        else:
            continue
        digest = memory.digest(record.payload)
        identity = record.key or f"#{digest}"
        yield record.row, identity, digest, memory.parts(record.payload), result


def held_creates(
    planned: Sequence[Compared], lost: Lost, system: System, request: Request
) -> tuple[dict[Path, str], tuple[str, ...]]:
    """Return the files that would create something while runs are lost, each with why it does not.

    For a check that is nothing, and a note that says so instead.
    """
    sends = [e.job.path for e in planned if e.plan.send and POLICIES[e.job.endpoint].creates]
    if not lost or request.new_system:
        return {}, ()
    why = why_held(lost, system)
    if request.command == CHECK:
        return {}, (f"A push creates nothing. {why}",) if sends else ()
    return dict.fromkeys(sends, f"nothing of it was sent. {why}"), ()


def why_held(lost: Lost, system: System) -> str:
    """Say why nothing is created, what it would cost, and the two ways to go on."""
    first, origin = lost[0]
    more = "" if len(lost) == 1 else f" and {len(lost) - 1} more"
    tells = "tells" if len(lost) == 1 else "tell"
    command = " ".join(["opscom-import push", *(quoted(path) for path, _ in lost[:_MOST_NAMED])])
    client = "" if origin.client == system.client else f" --client {quoted(origin.client)}"
    return (
        f"{first.name}{more} {tells} of runs to {origin.host}, client code {origin.client}, that this "
        "journal does not know: the journal was lost, or another one is named. A push would create again "
        "what they hold. Push the results workbooks first, so that the journal learns from them: "
        f"{command}{client}{home_of(first)} (or give --new-system where all is meant to be created once more)."
    )
