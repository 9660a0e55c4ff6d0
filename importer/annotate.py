"""The end of the line: outcomes and sheets become workbooks and a report."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from importer.delivery.journal_file import person
from importer.errors import InputError
from importer.files import prove_writable
from importer.model import NOTHING_MAPPED, Checked, Outcome, State
from importer.prepare import CHECK, Compared, Job, Past, Request
from importer.reading import uncollected
from importer.records import read_resubmitted
from importer.report import SheetReport, causes_of, count_states
from importer.results import About, Page, write_workbook
from importer.results.parts import RESENT, kind_of
from importer.text import clean, quoted
from importer.workspace import results_path
from schemas import POLICIES


def held_back(checked: Checked) -> dict[int, Outcome]:
    """Return the outcome of each row that never comes to sending, by position."""
    places = {position: f"row {row}" for position, row in checked.repeats.items()}
    places |= checked.elsewhere
    counts, outcomes = checked.batch.duplicates, {}
    for position, place in places.items():
        said = f"The same record as in {place}."
        if counts != "error":
            said = (
                f"{place[:1].upper()}{place[1:]} has the same key, and the mapping says that the {counts} "
                "one counts."
            )
        outcomes[position] = Outcome(State.DUPLICATE, message=said)
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


def all_outcomes(each: Compared, found: Mapping[int, Outcome]) -> tuple[Outcome, ...]:
    """Return the outcome of every row of a sheet, position by position, proved to be complete.

    ``found`` is what became of rows, by position, that were to be sent, or looked at. Updates and deletes
    keep the id that each row itself holds: the workbook is the next input, and without the id a row that
    is not settled could never be sent again.
    """
    checked, frame = each.checked, each.checked.batch.frame
    every = held_back(checked) | dict(each.plan.settled) | dict(found)
    # A row without an outcome ends the run here: none that does not add up is kept.
    outcomes = tuple(every[position] for position in range(len(frame)))
    if not POLICIES[checked.batch.endpoint].of or "referenceID" not in frame:
        return outcomes
    return tuple(
        replace(outcome, reference_id=number) if number else outcome
        for outcome, number in zip(outcomes, frame["referenceID"].tolist(), strict=True)
    )


def name_workbooks(jobs: Sequence[Job], request: Request) -> tuple[Job, ...]:
    """Name the workbook of each file; those whose results could not be written are in error, the others go on."""
    kind = "checked" if request.command == CHECK else "results"
    taken: list[Path] = []
    named = list(jobs)
    for at, job in enumerate(jobs):
        if job.error is None:
            taken.append(results_path(request.results, job.first, kind, taken))
            named[at] = replace(job, workbook=taken[-1])
            try:
                if request.command != CHECK:
                    prove_writable(taken[-1])
            except InputError as error:
                named[at] = Job(job.path, error=str(error))
    return tuple(named)


class Annotator:
    """Writes the workbook of each file of a run."""

    def __init__(self, run: str, request: Request, past: Past) -> None:
        """Take what all workbooks of a run have in common."""
        self._run, self._request, self._past = run, request, past
        self._started = dt.datetime.now().astimezone()
        self.notes: list[str] = []

    @uncollected()
    def write(
        self,
        job: Job,
        compared: Sequence[Compared],
        outcomes: Sequence[Sequence[Outcome]],
        *,
        stopped: str | None,
    ) -> Path:
        """Write the workbook of a file, whose sheets have these outcomes; return where it is.

        ``compared`` are the sheets as they were before the run sent anything.
        """
        policy, pages, deletes = POLICIES[job.endpoint], [], ""
        if policy.deleted_by:
            make = f"opscom-import history --gone {quoted(job.workbook)}"
            deletes = f"{make} --as-deletes permits-to-delete.xlsx"
        for each, found in zip(compared, outcomes, strict=True):
            news = each.news
            if policy.of:
                # What is changed there already is no new record, also where this program never changed it.
                news = {at: fields for at, fields in news.items() if fields}
            pages.append(Page(each.checked, found, each.earlier, news))
        against = next((each.against for each in compared if each.against), None)
        about = About(
            run=self._run,
            command=self._request.command,
            source=Path(job.origin.file) if job.origin and job.origin.file else job.first,
            given=job.path.name if job.origin else "",
            digest=job.digest,
            mapping="" if job.mapping is None else job.mapping.name,
            endpoint=job.endpoint,
            journal=self._past.memory.moment() if self._past.memory else "",
            host=self._request.host,
            client=self._request.client,
            sandbox=self._request.sandbox,
            user=person(),
            started=self._started,
            ended=dt.datetime.now().astimezone(),
            stopped=stopped,
            notes=(*job.notes, *(against.notes if against else ())),
            against=against,
            deletes=deletes,
        )
        return write_workbook(job.workbook, about, pages, note=self.notes.append)


def report_sheets(
    compared: Sequence[Compared], outcomes: Sequence[Sequence[Outcome]], written: Path | None
) -> list[SheetReport]:
    """Report the sheets of a file with these outcomes; ``written`` is its workbook, ``None`` where it has none."""
    return [
        SheetReport(
            each.job.path,
            each.checked.batch.sheet.name,
            each.checked.batch.mapping,
            each.job.endpoint,
            len(found),
            count_states(found),
            written,
            notes=each.notes,
            problems=causes_of([each.checked], [enumerate(found)]),
            against=each.against,
            unknown=each.plan.unknown,
            resent=sum(kind_of(outcome) == RESENT for outcome in found),
        )
        for each, found in zip(compared, outcomes, strict=True)
    ]
