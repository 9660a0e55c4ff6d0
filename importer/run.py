"""The straight line: read → map → check → push → annotate."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from importer.annotating import Annotator, Place, held_back, in_order
from importer.comparing import Compared, compare_sheet, remember, standing_permits
from importer.delivery.policy import MANNERS
from importer.delivery.pusher import Conditions, Pusher, Target
from importer.errors import ImporterError, InputError, JournalError, failure
from importer.model import Outcome, State
from importer.report import Report, SheetReport
from importer.resubmission import keep_ids
from importer.workspace import archive
from schemas import TABLES

if TYPE_CHECKING:
    from importer.delivery.journal import Journal, System
    from importer.delivery.stops import Stopper
    from importer.preparing import Job, Order


@dataclass(frozen=True, slots=True)
class Progress:
    """What a person may watch while a sheet is pushed."""

    source: str
    done: int
    total: int


def new_run_id() -> str:
    """Return a name for a run that sorts by time and is used once."""
    return f"{dt.datetime.now().astimezone():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def finish_check(
    order: Order, jobs: Sequence[Job], planned: Sequence[Compared], place: Place
) -> Report:
    """Annotate what a push would do."""
    run = new_run_id()
    annotator = Annotator(run, "check", order.results, place, planned)
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
                outcomes.append(keep_ids(in_order(found, each.checked), each.checked))
        try:
            sheets += annotator.write(job, outcomes, stopped=None)
        except ImporterError as error:
            sheets.append(SheetReport(job.path, error=str(error)))
        except Exception as error:  # noqa: BLE001 - one file's failure is its own
            sheets.append(SheetReport(job.path, error=_not_made(job, error)))
    return Report(run, tuple(sheets), notes=tuple(annotator.notes))


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
    order: Order, jobs: Sequence[Job], planned: Sequence[Compared], delivery: Delivery
) -> Report:
    """Send what is to be sent, sheet by sheet, and annotate.

    Every file gets its workbook, also where the run stops before its rows.
    """
    run = new_run_id()
    annotator = Annotator(run, "push", order.results, delivery.place, planned)
    delivery.journal.start_run(
        run, delivery.system, delivery.number, dt.datetime.now().astimezone()
    )
    stopper, left = delivery.conditions.stopper, order.limit
    sheets: list[SheetReport] = []
    pushed: set[str] = set()
    failed: list[str] = []
    standing = standing_permits(jobs, delivery.journal.memory)
    for job in jobs:
        if job.error is not None:
            sheets.append(annotator.failed(job))
            continue
        outcomes, files = [], []
        for first in planned:
            if first.job is not job:
                continue
            each = first
            if each.job.endpoint in pushed:
                # Rows of an earlier file of this run may have settled rows of this one.
                each = _again(each, order, delivery, standing)
            pushed.add(each.job.endpoint)
            file = begin_file(each, run, delivery)
            rows = each.plan.send if left is None else each.plan.send[:left]
            found = _push_sheet(each, rows, file, delivery)
            if left is not None:
                left -= len(rows)
                if len(rows) < len(each.plan.send):
                    limit = "1 row" if order.limit == 1 else f"{order.limit} rows"
                    stopper.stop(f"The limit of {limit} is reached.")
            outcomes.append(keep_ids(in_order(found, each.checked), each.checked))
            files.append(file)
        reports = annotate(annotator, job, outcomes, stopper, failed)
        for file, report in zip(files, reports, strict=True):
            states, results = dict(report.states), str(report.results or "")
            end_file(file, states, results, delivery)
        _archive(order, job, reports, annotator)
        sheets += reports
    stopped = " ".join(filter(None, (_stopped(stopper.reason, sheets), *failed))) or None
    return end_run(Report(run, tuple(sheets), stopped, tuple(annotator.notes)), delivery)


def end_run(whole: Report, delivery: Delivery) -> Report:
    """Write down how a run ended; where that fails the report says it."""
    try:
        delivery.journal.end_run(whole.run, stopped=whole.stopped, exit_code=whole.exit_code)
    except JournalError as error:
        return replace(whole, notes=(*whole.notes, str(error)))
    return whole


def begin_file(each: Compared, run: str, delivery: Delivery) -> int:
    """Write down that a sheet is begun; where that fails the run stops before its rows."""
    try:
        remember(delivery.journal, delivery.number, each.job.endpoint, each.plan)
        return start_file(delivery.journal, run, each)
    except JournalError as error:
        delivery.conditions.stopper.stop(str(error))
        return 0


def end_file(file: int, states: Mapping[State, int], results: str, delivery: Delivery) -> None:
    """Write down what became of a sheet's rows; where that fails the run stops after them."""
    try:
        delivery.journal.end_file(file, states=states, results=results)
    except JournalError as error:
        delivery.conditions.stopper.stop(str(error))


def _again(each: Compared, order: Order, delivery: Delivery, standing: frozenset[str]) -> Compared:
    memory, number = delivery.journal.memory, delivery.number
    return compare_sheet(each.job, each.checked, memory, number, standing, again=order.again)


def start_file(journal: Journal, run: str, each: Compared) -> int:
    """Write down in the journal that a sheet is begun; return its number there.

    A sheet of a results workbook stays the sheet of the first source, whatever it is called now.
    """
    sheet = each.checked.batch.sheet
    return journal.start_file(
        run,
        source=each.job.path.name,
        sheet=sheet.name if each.book is None else each.book.sheet,
        digest=each.job.digest,
        mapping=each.checked.batch.mapping,
        endpoint=each.job.endpoint,
        rows=len(sheet.frame),
    )


def _push_sheet(
    each: Compared, rows: Sequence[object], file: int, delivery: Delivery
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


def annotate(
    annotator: Annotator,
    job: Job,
    outcomes: Sequence[Sequence[Outcome]],
    stopper: Stopper,
    failed: list[str],
) -> list[SheetReport]:
    """Write a file's workbook; what was sent is in the journal and told, also where that fails.

    A disk that is full stops the run; a failure that nobody expected joins ``failed``, and the other
    files go on.
    """
    try:
        return annotator.write(job, outcomes, stopped=stopper.reason)
    except InputError as error:
        stopper.stop(str(error))
    except Exception as error:  # noqa: BLE001 - see above
        failed.append(_not_made(job, error))
    return annotator.report(job, outcomes, None)


def _not_made(job: Job, error: Exception) -> str:
    return (
        f"The workbook of {job.path.name} could not be made ({failure(error)}). Run the same command "
        "again: nothing is sent twice. If it fails again, report this line."
    )


def _stopped(reason: str | None, sheets: Sequence[SheetReport]) -> str | None:
    if reason is None:
        return None
    left = sum(dict(sheet.states).get(State.NOT_SENT, 0) for sheet in sheets)
    if not left:
        return reason
    rows = "1 row is" if left == 1 else f"{left} rows are"
    return f"{reason} {rows} left; run the same command again to go on."


def _archive(order: Order, job: Job, reports: Sequence[SheetReport], annotator: Annotator) -> None:
    """Move a file that is done out of the inbox."""
    if order.archive is None or order.inbox is None:
        return
    if job.path.resolve().parent != order.inbox.resolve():
        return
    unsent = any(dict(report.states).get(State.NOT_SENT) for report in reports)
    if unsent or any(report.results is None for report in reports):
        return
    try:
        moved = archive(job.path, job.content, order.archive, dt.datetime.now().astimezone())
    except OSError as error:
        held = isinstance(error, PermissionError)
        why = "most likely it is open in Excel" if held else error.strerror or type(error).__name__
        annotator.notes.append(
            f"{job.path.name} is done, but it could not be moved to {order.archive.name} ({why}). "
            "Move it yourself; pushing it again sends nothing twice."
        )
    else:
        if moved is None:
            annotator.notes.append(
                f"{job.path.name} was changed while it was imported; push it again."
            )
