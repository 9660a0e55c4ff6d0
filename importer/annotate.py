"""The end of the line: outcomes and sheets become workbooks and a report."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from importer.delivery.journal_file import person
from importer.errors import InputError
from importer.files import prove_writable
from importer.model import NOTHING_MAPPED, Checked, Outcome, State
from importer.prepare import CHECK, Job
from importer.records import read_resubmitted
from importer.report import SheetReport, causes_of, check_sum, count_states, refusals_of
from importer.results import About, Page, write_workbook
from importer.text import clean, quoted
from importer.workspace import results_path
from schemas import POLICIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from importer.prepare import Compared, Past, Request
    from importer.report import Against


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run's rows go, for the workbook."""

    host: str
    client: str
    sandbox: bool = False


def held_back(checked: Checked) -> dict[int, Outcome]:
    """Return the outcome of each row that never comes to sending, by position."""
    places = {position: f"row {row}" for position, row in checked.repeats.items()}
    places |= checked.elsewhere
    counts = checked.batch.duplicates
    outcomes = {
        position: Outcome(State.DUPLICATE, message=_repeats(place, counts))
        for position, place in places.items()
    }
    told = read_resubmitted(checked.batch.sheet)
    for position in checked.held:
        # What a person answered counts once the cells are corrected.
        answer = told[position].answer if position in told else ""
        outcomes[position] = Outcome(State.INVALID, answer=answer)
    used = sorted({column for columns in checked.batch.origins.values() for column in columns})
    frame = checked.batch.sheet.frame
    for at in map(int, checked.batch.skipped.nonzero()[0]):
        empty = used and not any(clean(str(frame.iat[at, column])) for column in used)
        outcomes[at] = Outcome(State.SKIPPED, message=NOTHING_MAPPED if empty else "")
    return outcomes


def _repeats(place: str, counts: str) -> str:
    """Say what a row repeats; ``counts`` is the mapping's ``duplicates``."""
    if counts == "error":
        return f"The same record as in {place}."
    return (
        f"{place[:1].upper()}{place[1:]} has the same key, and the mapping says that the {counts} one "
        "counts."
    )


def all_outcomes(each: Compared, found: Mapping[int, Outcome]) -> tuple[Outcome, ...]:
    """Return the outcome of every row of a sheet, position by position, proved to be complete.

    ``found`` is what became of rows, by position, that were to be sent, or looked at. Updates and deletes
    keep the id that each row itself holds: the workbook is the next input, and without the id a row that
    is not settled could never be sent again.
    """
    checked, frame = each.checked, each.checked.batch.frame
    every = held_back(checked) | dict(each.plan.settled) | dict(found)
    outcomes = check_sum([every.get(position) for position in range(len(frame))], len(frame))
    if not POLICIES[checked.batch.endpoint].of or "referenceID" not in frame:
        return tuple(outcomes)
    return tuple(
        replace(outcome, reference_id=number) if number else outcome
        for outcome, number in zip(outcomes, frame["referenceID"].tolist(), strict=True)
    )


def prove_workbooks(jobs: Sequence[Job], request: Request) -> tuple[Job, ...]:
    """Put files in error whose results workbook could not be written; the other files go on."""
    if request.command == CHECK:
        return tuple(jobs)
    taken: list[Path] = []
    proved = list(jobs)
    for at, job in enumerate(jobs):
        if job.error is None:
            taken.append(results_path(request.results, job.first, "results", taken))
            try:
                prove_writable(taken[-1])
            except InputError as error:
                proved[at] = Job(job.path, error=str(error))
    return tuple(proved)


def _deletes(job: Job, workbook: Path) -> str:
    """Return the command that makes a workbook of deletes of what is gone; empty where nothing deletes."""
    if not any(policy.deletes and policy.of == job.endpoint for policy in POLICIES.values()):
        return ""
    return f"opscom-import history --gone {quoted(workbook)} --as-deletes gone-permits.xlsx"


class Annotator:
    """Writes the workbook of each file and its part of the report."""

    def __init__(
        self,
        run: str,
        request: Request,
        place: Place,
        past: Past,
        compared: Sequence[Compared] = (),
    ) -> None:
        """Take what all workbooks of a run have in common, the sheets as compared before it sent anything."""
        self._run = run
        self._command = request.command
        self._results = request.results
        self._place = place
        self._past = past
        self._compared = {id(each.checked): each for each in compared}
        self._started = dt.datetime.now().astimezone()
        self._taken: list[Path] = []
        self.notes: list[str] = []

    def write(
        self, job: Job, outcomes: Sequence[Sequence[Outcome]], *, stopped: str | None
    ) -> list[SheetReport]:
        """Write the workbook of a file whose sheets have these outcomes; return a report a sheet."""
        kind = "checked" if self._command == CHECK else "results"
        wanted = results_path(self._results, job.first, kind, self._taken)
        pages = []
        for checked, found in zip(job.sheets, outcomes, strict=True):
            each = self._compared.get(id(checked))
            earlier, news = ({}, {}) if each is None else (each.earlier, each.news)
            if job.endpoint and POLICIES[job.endpoint].of:
                # What is changed there already is no new record, also where this program never changed it.
                news = {at: fields for at, fields in news.items() if fields}
            pages.append(Page(checked, found, earlier, news))
        about = About(
            run=self._run,
            command=self._command,
            source=Path(job.origin.file) if job.origin and job.origin.file else job.first,
            given=job.path.name if job.origin else "",
            digest=job.digest,
            mapping="" if job.mapping is None else job.mapping.name,
            endpoint=job.endpoint,
            journal=self._past.memory.moment() if self._past.memory else "",
            host=self._place.host,
            client=self._place.client,
            sandbox=self._place.sandbox,
            user=person(),
            started=self._started,
            ended=dt.datetime.now().astimezone(),
            stopped=stopped,
            notes=self._notes(job),
            against=self._against(job),
            deletes=_deletes(job, wanted),
        )
        self._taken.append(wanted)
        written = write_workbook(wanted, about, pages, note=self.notes.append)
        return self.report(job, outcomes, written)

    def report(
        self, job: Job, outcomes: Sequence[Sequence[Outcome]], written: Path | None
    ) -> list[SheetReport]:
        """Report a file whose sheets have these outcomes; ``None`` for one without a workbook."""
        notes = self._notes(job)
        return [
            SheetReport(
                job.path,
                checked.batch.sheet.name,
                checked.batch.mapping,
                job.endpoint,
                len(found),
                count_states(found),
                written,
                notes=(*notes, *checked.batch.sheet.notes, *checked.notes),
                problems=(*causes_of([checked]), *refusals_of(checked, found)),
                against=each.against if (each := self._compared.get(id(checked))) else None,
            )
            for checked, found in zip(job.sheets, outcomes, strict=True)
        ]

    def _against(self, job: Job) -> Against | None:
        found = (each.against for each in self._compared.values() if each.job is job)
        return next((against for against in found if against is not None), None)

    def _notes(self, job: Job) -> tuple[str, ...]:
        against = self._against(job)
        return job.notes if against is None else (*job.notes, *against.notes)
