"""What the journal says of each sheet of a run, and the files that are put in error for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from importer.errors import UsageError, plain
from importer.prepare import Job
from importer.text import count
from schemas import POLICIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from importer.delivery.journal import Journal
    from importer.delivery.memory import Memory, System, Workbook
    from importer.delivery.planning import Plan
    from importer.model import Checked
    from importer.prepare import Request
    from importer.results import Against


@dataclass(frozen=True, slots=True)
class Past:
    """What the journal knows of the system that a run goes to."""

    system: System
    number: int | None = None
    """The journal's number of it; ``None`` for one whose records are none yet."""
    memory: Memory | None = None
    """``None`` where there is no journal yet."""
    journal: Journal | None = None
    """Open for this run alone; ``None`` for a check."""
    same_as: System | None = None
    """The system under another name whose records count for it."""

    @property
    def opened(self) -> Journal:
        """The journal of a run that writes."""
        if self.journal is None:
            raise AssertionError("a check writes nothing into the journal")
        return self.journal

    @property
    def known_number(self) -> int:
        """The journal's number of a system that is entered."""
        if self.number is None:
            raise AssertionError("the system is not entered yet")
        return self.number

    def entered(self) -> Past:
        """Write the system down where it is new.

        Raises:
            JournalError: It cannot be written.
        """
        known = self.opened.memory.system(self.system)
        if known is None or (self.same_as is not None and known != self.number):
            known = self.opened.add_system(self.system, same_as=self.same_as)
        return replace(self, number=known)


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
    news: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Position of a row to be sent → the fields that change; none for a record that is new."""
    against: Against | None = None
    """Of a file's first sheet: the whole file against the last one of its mapping."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the file and of this sheet before a row is sent."""
        against = () if self.against is None else self.against.notes
        sheet = self.checked.batch.sheet.notes
        return (*self.job.notes, *against, *sheet, *self.checked.notes)


def set_aside(
    jobs: Sequence[Job], planned: Sequence[Compared], why: Callable[[Compared], str]
) -> tuple[tuple[Job, ...], tuple[Compared, ...]]:
    """Put files in error of whose sheets ``why`` says something; the other files go on."""
    errors = {id(each.job): text for each in planned if (text := why(each))}
    spared = tuple(
        Job(job.path, error=plain(f"{job.path.name}: {errors[id(job)]}"))
        if id(job) in errors
        else job
        for job in jobs
    )
    return spared, tuple(each for each in planned if id(each.job) not in errors)


def hold_deletes(
    jobs: Sequence[Job], planned: Sequence[Compared], request: Request
) -> tuple[tuple[Job, ...], tuple[Compared, ...]]:
    """Put files of deletes that nobody named in error, where nobody can type their number.

    The other files go on.

    Raises:
        UsageError: There are no others.
    """
    named, held = request.deletes, 0

    def why(each: Compared) -> str:
        nonlocal held
        deletes = POLICIES[each.job.endpoint].deletes and each.plan.send
        if named is None or not deletes or each.job.path.resolve() in named:
            return ""
        held += len(each.plan.send)
        return _nobody_deletes(len(each.plan.send))

    spared = set_aside(jobs, planned, why)
    if held and all(job.error is not None for job in spared[0]):
        raise UsageError(_nobody_deletes(held))
    return spared


def _nobody_deletes(number: int) -> str:
    return (
        f"{count(number, 'permit')} would be deleted, and nobody is here to be asked. Name the file itself "
        "as PATH and give --yes."
    )
