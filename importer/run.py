"""The straight line: read → map → check → push → annotate."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from importer.checking import check
from importer.choosing import choose
from importer.delivery.journal_file import person
from importer.delivery.manners import MANNERS
from importer.delivery.planning import Plan, plan
from importer.delivery.pusher import Conditions, Pusher, Target
from importer.errors import ImporterError, InputError
from importer.mapping import apply_mapping, load_mapping
from importer.model import Checked, Outcome, Record, State
from importer.reading import read_source
from importer.report import Report, SheetReport, check_sum, count_states
from importer.results import About, Part, write_workbook
from importer.schema import Table, record_key
from importer.workspace import archive, results_path
from schemas import TABLES

if TYPE_CHECKING:
    from importer.delivery.journal import Journal, Known, Memory, System
    from importer.mapping import Mapping as Rules

PUSHED_ENDPOINTS = ("users", "vehicles", "permits", "permit-updates", "permit-deletes")
"""In the order in which they are pushed: what others lean on goes first."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the person asked for."""

    files: tuple[Path, ...]
    mappings: tuple[Path, ...]
    named: bool
    """Whether the person named the mappings."""
    results: Path
    """The folder for workbooks."""
    sheet: str | None = None
    encoding: str | None = None
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limit: int | None = None
    again: bool = False
    archive: Path | None = None
    """Where files of ``inbox`` go that are done; ``None`` keeps them."""
    inbox: Path | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One file on its way along the line."""

    path: Path
    digest: str = ""
    mapping: Rules | None = None
    sheets: tuple[Checked, ...] = ()
    doubts: tuple[str, ...] = ()
    error: str | None = None
    """Why the file cannot be read or mapped; then there are no sheets."""

    @property
    def endpoint(self) -> str:
        """The endpoint its rows go to; empty for a file in error."""
        return "" if self.mapping is None else self.mapping.endpoint


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run's rows go, for the workbook."""

    host: str
    client: str
    sandbox: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """What a person may watch while a sheet is pushed."""

    source: str
    done: int
    total: int


def new_run_id() -> str:
    """Return a name for a run that sorts by time and is used once."""
    return f"{dt.datetime.now().astimezone():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def prepare(order: Order, *, today: dt.date) -> tuple[Job, ...]:
    """Read, map and check all files, in the order in which they are pushed. Opens no socket.

    A file that cannot be read or mapped becomes a job with its error; the others go on.

    Raises:
        MappingError: A mapping has faults.
    """
    mappings = [load_mapping(path) for path in order.mappings]
    jobs = [_prepare_file(path, mappings, order, today) for path in order.files]
    ranks = {endpoint: rank for rank, endpoint in enumerate(("", *PUSHED_ENDPOINTS))}
    return tuple(sorted(jobs, key=lambda job: ranks[job.endpoint]))


def _prepare_file(path: Path, mappings: Sequence[Rules], order: Order, today: dt.date) -> Job:
    try:
        source = read_source(path, encoding=order.encoding)
        chosen = choose(source, mappings, named=order.named, sheet=order.sheet)
        rules = chosen.mapping
        if rules.endpoint not in PUSHED_ENDPOINTS:
            raise InputError(
                f"{path.name} fits {rules.path.name}, whose endpoint {rules.endpoint} takes no rows "
                "to push."
            )
        table, required = TABLES[rules.endpoint], order.required.get(rules.endpoint, ())
        batches = [apply_mapping(rules, sheet) for sheet in chosen.sheets]
        checked = tuple(check(batch, table, required=required, today=today) for batch in batches)
    except ImporterError as error:
        return Job(path, error=str(error))
    return Job(path, source.digest, rules, checked, source.doubts)


def records_of(checked: Checked, table: Table) -> Iterator[Record]:
    """Yield the rows that may be sent, in file order, as they would be sent."""
    batch = checked.batch
    names = list(batch.frame.columns)
    held = checked.held
    columns = [batch.frame[name].to_list() for name in names]
    send_blanks = batch.blanks == "send"
    for position, values in enumerate(zip(*columns, strict=True)):
        if batch.skipped[position] or position in held or position in checked.repeats:
            continue
        payload = {
            name: value
            for name, value in zip(names, values, strict=True)
            if value or (send_blanks and (position, name) not in batch.left_out)
        }
        row = int(batch.sheet.rows[position])
        yield Record(position, row, record_key(table, payload), payload)


@dataclass(frozen=True, slots=True)
class Planned:
    """One sheet with what the journal says of its rows."""

    job: Job
    checked: Checked
    plan: Plan


def compare(
    jobs: Sequence[Job], memory: Memory | None, system: int | None, *, again: bool = False
) -> tuple[Planned, ...]:
    """Compare all rows with the journal; ``system`` is ``None`` for one that it does not know."""
    planned = []
    for job in jobs:
        for checked in job.sheets:
            known: Mapping[str, Known] = {}
            if memory is not None and system is not None:
                known = memory.known(system, job.endpoint)
            records = records_of(checked, TABLES[job.endpoint])
            found = plan(records, MANNERS[job.endpoint], known, memory, again=again)
            planned.append(Planned(job, checked, found))
    return tuple(planned)


def held_back(checked: Checked) -> dict[int, Outcome]:
    """Return the outcome of each row that never comes to sending, by position."""
    outcomes = {
        position: Outcome(State.DUPLICATE, message=f"The same record as in row {row}.")
        for position, row in checked.repeats.items()
    }
    outcomes.update(dict.fromkeys(checked.held, Outcome(State.INVALID)))
    skipped = Outcome(State.SKIPPED)
    outcomes.update((int(at), skipped) for at in checked.batch.skipped.nonzero()[0])
    return outcomes


class Annotator:
    """Writes the workbook of each file and its part of the report."""

    def __init__(self, run: str, command: str, order: Order, place: Place) -> None:
        """Take what all workbooks of a run have in common; ``command`` is ``check`` or ``push``."""
        self._run = run
        self._command = command
        self._order = order
        self._place = place
        self._started = dt.datetime.now().astimezone()
        self._taken: list[Path] = []
        self.notes: list[str] = []

    def failed(self, job: Job) -> SheetReport:
        """Report a file that could not be read or mapped."""
        return SheetReport(job.path, error=job.error)

    def write(
        self, job: Job, outcomes: Sequence[Sequence[Outcome]], *, stopped: str | None
    ) -> list[SheetReport]:
        """Write the workbook of a file whose sheets have these outcomes; return a report a sheet."""
        kind = "results" if self._command == "push" else "checked"
        wanted = results_path(self._order.results, job.path, kind, self._taken)
        parts = [Part(c, o) for c, o in zip(job.sheets, outcomes, strict=True)]
        about = About(
            run=self._run,
            command=self._command,
            source=job.path,
            digest=job.digest,
            mapping="" if job.mapping is None else job.mapping.name,
            endpoint=job.endpoint,
            host=self._place.host,
            client=self._place.client,
            sandbox=self._place.sandbox,
            user=person(),
            started=self._started,
            ended=dt.datetime.now().astimezone(),
            stopped=stopped,
            doubts=job.doubts,
        )
        written = write_workbook(wanted, about, parts)
        self._taken.append(wanted)
        if written != wanted:
            self.notes.append(
                f"{wanted.name} is open in another program, so {written.name} was written."
            )
        return [
            SheetReport(
                job.path,
                part.checked.batch.sheet.name,
                about.mapping,
                job.endpoint,
                len(part.outcomes),
                count_states(part.outcomes),
                written,
                doubts=(*job.doubts, *part.checked.batch.sheet.doubts, *part.checked.doubts),
            )
            for part in parts
        ]


def finish_check(
    order: Order, jobs: Sequence[Job], planned: Sequence[Planned], place: Place
) -> Report:
    """Annotate what a push would do."""
    annotator = Annotator(new_run_id(), "check", order, place)
    sheets: list[SheetReport] = []
    for job in jobs:
        if job.error is not None:
            sheets.append(annotator.failed(job))
            continue
        outcomes = []
        for each in planned:
            if each.job is job:
                found = held_back(each.checked) | dict(each.plan.settled)
                ready = Outcome(State.READY)
                found.update((row.record.position, ready) for row in each.plan.send)
                outcomes.append(_in_order(found, each.checked))
        sheets += annotator.write(job, outcomes, stopped=None)
    return Report("", tuple(sheets), notes=tuple(annotator.notes))


def _in_order(found: Mapping[int, Outcome], checked: Checked) -> tuple[Outcome, ...]:
    rows = len(checked.batch.frame)
    return check_sum([found.get(position) for position in range(rows)], rows)


@dataclass(frozen=True, slots=True)
class Delivery:
    """All that a push needs besides the rows."""

    journal: Journal
    system: System
    number: int
    """The journal's number of the system."""
    conditions: Conditions
    place: Place
    watch: Callable[[Progress], None]


def push(
    order: Order, jobs: Sequence[Job], planned: Sequence[Planned], delivery: Delivery
) -> Report:
    """Send what is to be sent, sheet by sheet, and annotate.

    Every file gets its workbook, also where the run stops before its rows.
    """
    run = new_run_id()
    annotator = Annotator(run, "push", order, delivery.place)
    delivery.journal.start_run(
        run, delivery.system, delivery.number, dt.datetime.now().astimezone()
    )
    stopper, left = delivery.conditions.stopper, order.limit
    sheets: list[SheetReport] = []
    for job in jobs:
        if job.error is not None:
            sheets.append(annotator.failed(job))
            continue
        outcomes, files = [], []
        for each in planned:
            if each.job is not job:
                continue
            file = _start_file(delivery.journal, run, each)
            rows = each.plan.send if left is None else each.plan.send[:left]
            found = _push_sheet(each, rows, file, delivery)
            if left is not None:
                left -= len(rows)
                if len(rows) < len(each.plan.send):
                    stopper.stop(f"The limit of {order.limit} rows is reached.")
            outcomes.append(_in_order(found, each.checked))
            files.append(file)
        reports = annotator.write(job, outcomes, stopped=stopper.reason)
        for file, report in zip(files, reports, strict=True):
            states, results = dict(report.states), str(report.results)
            delivery.journal.end_file(file, states=states, results=results)
        _archive(order, job, reports, annotator)
        sheets += reports
    stopped = _stopped(stopper.reason, sheets)
    whole = Report(run, tuple(sheets), stopped, tuple(annotator.notes))
    delivery.journal.end_run(run, stopped=stopped, exit_code=whole.exit_code)
    return whole


def _start_file(journal: Journal, run: str, each: Planned) -> int:
    sheet = each.checked.batch.sheet
    return journal.start_file(
        run,
        source=each.job.path.name,
        sheet=sheet.name,
        digest=each.job.digest,
        mapping=each.checked.batch.mapping,
        endpoint=each.job.endpoint,
        rows=len(sheet.frame),
    )


def _push_sheet(
    each: Planned, rows: Sequence[object], file: int, delivery: Delivery
) -> dict[int, Outcome]:
    """Send the rows of one sheet; return the outcome of every row by position."""
    found = held_back(each.checked) | dict(each.plan.settled)
    send = each.plan.send[: len(rows)]
    for waiting in each.plan.send[len(rows) :]:
        found[waiting.record.position] = Outcome(State.NOT_SENT)
    endpoint = each.job.endpoint
    target = Target(MANNERS[endpoint], TABLES[endpoint].path, delivery.number, file)
    pusher = Pusher(target, delivery.journal, delivery.conditions)
    for done, (planned, outcome) in enumerate(pusher.push(send), start=1):
        found[planned.record.position] = outcome
        delivery.watch(Progress(each.job.path.name, done, len(send)))
    return found


def _stopped(reason: str | None, sheets: Sequence[SheetReport]) -> str | None:
    if reason is None:
        return None
    left = sum(dict(sheet.states).get(State.NOT_SENT, 0) for sheet in sheets)
    rows = "1 row is" if left == 1 else f"{left} rows are"
    return f"{reason} {rows} left; run the same command again to go on."


def _archive(order: Order, job: Job, reports: Sequence[SheetReport], annotator: Annotator) -> None:
    """Move a file that is done out of the inbox."""
    if order.archive is None or order.inbox is None:
        return
    if job.path.resolve().parent != order.inbox.resolve():
        return
    if any(dict(report.states).get(State.NOT_SENT) for report in reports):
        return
    try:
        archive(job.path, order.archive, dt.datetime.now().astimezone())
    except OSError:
        annotator.notes.append(
            f"{job.path.name} is done, but it could not be moved to {order.archive.name} "
            "(most likely it is open in Excel). Move it yourself; pushing it again sends nothing twice."
        )
