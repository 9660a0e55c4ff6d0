"""What the journal says of checked rows: which are settled, which are to be sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from importer.delivery.attempts import Result
from importer.delivery.guarding import foreign_names
from importer.delivery.journal import SANDBOX, System, Workbook
from importer.delivery.known import Witness
from importer.delivery.planning import Plan, plan
from importer.delivery.policy import MANNERS
from importer.delivery.tracing import first_file, overtaken, trace, written
from importer.errors import ImporterError, plain
from importer.looking_back import against_last, earlier_attempts
from importer.model import Outcome, State
from importer.preparing import Job
from importer.records import Rows
from importer.resubmission import refuse_stranger
from schemas import TABLES

if TYPE_CHECKING:
    from importer.delivery.journal import Journal, Memory
    from importer.delivery.known import Known
    from importer.model import Checked
    from importer.results import Against


@dataclass(frozen=True, slots=True)
class Compared:
    """One sheet with what the journal says of its rows."""

    job: Job
    checked: Checked
    plan: Plan
    book: Workbook | None = None
    """Which sheet of which first source it is; only for a results workbook that is given back."""
    earlier: Mapping[int, str] = field(default_factory=dict)
    """Position → what earlier runs said of the row."""
    against: Against | None = None
    """The whole file against the last one of its mapping."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the file and of this sheet before a row is sent."""
        against = () if self.against is None else self.against.doubts
        sheet = self.checked.batch.sheet.doubts
        return (*self.job.doubts, *against, *sheet, *self.checked.doubts)


def compare(
    jobs: Sequence[Job], memory: Memory | None, system: int | None, *, again: bool = False
) -> tuple[Compared, ...]:
    """Compare all rows with the journal; ``system`` is ``None`` for one that it does not know."""
    standing = standing_permits(jobs, memory)
    compared = tuple(
        compare_sheet(job, checked, memory, system, standing, again=again)
        for job in jobs
        for checked in job.sheets
    )
    if memory is None or system is None:
        return compared
    return tuple(
        replace(
            each,
            earlier=earlier_attempts(each.job, each.checked, memory, system, each.book),
            # What a results workbook no longer holds is settled or was deleted by a person.
            against=None if each.job.origin else _against(each, compared, memory, system),
        )
        for each in compared
    )


def _against(
    each: Compared, compared: Sequence[Compared], memory: Memory, system: int
) -> Against | None:
    """Compare a file, at its first sheet, with the last one of its mapping."""
    own = [(other.checked.batch, other.plan) for other in compared if other.job is each.job]
    if own[0][0] is not each.checked.batch:
        return None
    mapping = each.checked.batch.mapping
    others = [o.checked.batch for o in compared if o.job is not each.job]
    return against_last(own, [o for o in others if o.mapping == mapping], memory, system)


def standing_permits(jobs: Sequence[Job], memory: Memory | None) -> frozenset[str]:
    """Return what the journal knows, or would know, the permits of all files of a run by."""
    if memory is None:
        return frozenset()
    sheets = [checked for job in jobs if job.endpoint == "permits" for checked in job.sheets]
    table = TABLES["permits"]
    return frozenset(
        f"#{memory.digest(row.payload)}" for checked in sheets for row in Rows(checked, table)
    )


def compare_sheet(  # noqa: PLR0913 - what decides, each by its name
    job: Job,
    checked: Checked,
    memory: Memory | None,
    system: int | None,
    standing: frozenset[str],
    *,
    again: bool,
) -> Compared:
    """Compare the rows of one sheet with the journal; ``standing`` as ``standing_permits`` says."""
    known: Mapping[str, Known] = {}
    told = job.origin is not None and not (job.origin.checked or job.origin.sandbox)
    unheard = told and bool(job.origin and job.origin.run)
    if memory is not None and system is not None and job.origin is not None:
        unheard = unheard and not memory.knows(job.origin.run, job.digest)
    witness = Witness(known, unheard=unheard)
    book = None
    manner = MANNERS[job.endpoint]
    if memory is not None and system is not None:
        known = memory.known(system, job.endpoint)
        if job.origin is not None:
            said = Workbook(
                job.digest, job.origin.run, job.origin.journal, checked.batch.sheet.title
            )
            book = trace(
                memory, system, job.endpoint, said, lambda: _identities(job, checked, memory)
            )
        if manner.creates:
            witness = replace(
                memory.witness(system, job.endpoint, known, book, standing), unheard=unheard
            )
        elif manner.upsert and book is not None:
            since = written(memory, book.run, book.moment)
            witness = Witness(known, overtaken=overtaken(memory, system, job.endpoint, since))
    rows = Rows(checked, TABLES[job.endpoint])
    done = plan(rows, manner, known, memory, again=again, witness=witness, keep=rows.lean)
    return Compared(job, checked, _without_overruled(done, checked), book)


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
    send = tuple(row for row in found.send if row.record.position not in outcomes)
    return replace(found, send=send, settled=outcomes | dict(found.settled))


def _identities(job: Job, checked: Checked, memory: Memory) -> Iterator[tuple[int | None, str]]:
    """Yield what the journal would know the rows of a results workbook by, each with its number."""
    for record in Rows(checked, TABLES[job.endpoint]):
        known = record.told is not None and record.told.row_known
        yield record.row if known else None, record.key or f"#{memory.digest(record.payload)}"


def remembered(jobs: Sequence[Job], memory: Memory | None, system: int | None) -> tuple[Job, ...]:
    """Find out where the rows of results workbooks came from that have lost their Summary.

    Args:
        jobs: All files.
        memory: The journal's.
        system: Its number of the system.
    """
    if memory is None or system is None:
        return tuple(jobs)
    return tuple(_remembered(job, memory, system) for job in jobs)


def _remembered(job: Job, memory: Memory, system: int) -> Job:
    if job.origin is None or job.origin.digest:
        return job
    rows = (pair for checked in job.sheets for pair in _identities(job, checked, memory))
    found = first_file(memory, system, job.endpoint, rows)
    if found is None:
        return job
    doubt = f"The sheet Summary of this results workbook is gone; by its rows it is one of {found.source}."
    origin = replace(job.origin, digest=found.digest, file=found.source, mapping=found.mapping)
    return replace(job, digest=found.digest, origin=origin, doubts=(*job.doubts, doubt))


def recognise(
    jobs: Sequence[Job], memory: Memory, system: System, number: int | None
) -> tuple[Job, ...]:
    """Put results workbooks of another system in error; the other files go on.

    Args:
        jobs: All files.
        memory: The journal's.
        system: Where this run goes.
        number: The journal's number of it, or of the one whose records count for it.
    """
    return tuple(_recognised(job, memory, system, number) for job in jobs)


def _recognised(job: Job, memory: Memory, system: System, number: int | None) -> Job:
    origin = job.origin
    if origin is None:
        return job
    first = SANDBOX if origin.sandbox else System(origin.host.rstrip("/"), origin.client)
    same = first == system or (number is not None and memory.system(first) == number)
    try:
        refuse_stranger(job.path.name, origin, same=same, sandbox=system == SANDBOX)
    except ImporterError as error:
        return Job(job.path, error=str(error))
    return job


def guard(jobs: Sequence[Job], memory: Memory | None, system: int | None) -> tuple[Job, ...]:
    """Put files of users in error whose names belong to other ids; the other files go on.

    A results workbook that is given back is never taken for a wrong file.
    """
    if memory is None or system is None:
        return tuple(jobs)
    return tuple(_guarded(job, memory, system) for job in jobs)


def _guarded(job: Job, memory: Memory, system: int) -> Job:
    if job.endpoint != "users" or job.origin is not None:
        return job
    records = (row for checked in job.sheets for row in Rows(checked, TABLES["users"]))
    foreign = foreign_names(records, memory, system)
    if foreign is None:
        return job
    why = foreign.why
    if not foreign.certain:
        return replace(job, doubts=(*job.doubts, f"{why} Look at these rows before you push."))
    hint = (
        "Look at these rows. Where the file is right, run the command again with --different-file."
    )
    return Job(
        job.path,
        error=plain(
            f"{job.path.name} looks like a wrong file; nothing of it was sent. {why} {hint}"
        ),
    )


def remember(journal: Journal, number: int, endpoint: str, planned: Plan) -> None:
    """Write down what a person found out about rows whose answer was lost."""
    journal.find_out(
        number,
        endpoint,
        (
            (
                each.identity,
                Result(
                    State.PUSHED if each.there else State.NOT_SENT,
                    each.reference_id,
                    message="A person found out.",
                ),
            )
            for each in planned.found
        ),
    )
