"""The straight line: read → map → check → plan → push → annotate, for check, push and settle alike."""

import datetime as dt
import itertools
import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from importer.annotate import Annotator, all_outcomes, name_workbooks, report_sheets
from importer.compare import compare, compare_sheet, guard, hold, recognise
from importer.delivery.pusher import Conditions, Pusher
from importer.errors import InputError, JournalError, failure
from importer.lost_runs import find_lost, held_creates, learn, leave_aside
from importer.model import Outcome, State
from importer.prepare import PUSH, SETTLE, Compared, Job, Past, Request, overrule_files, prepare
from importer.report import Report, SheetReport
from importer.settle import LookUp, settle_sheet, target_of
from importer.text import count
from importer.workspace import archive
from schemas import POLICIES


@dataclass(frozen=True, slots=True)
class Delivery:
    """All that sending needs besides the rows and the journal."""

    conditions: Conditions
    watch: Callable[[str, int, int], None]
    """Told the file, how many of its rows are done, and how many there are."""
    look_up: LookUp | None = None
    """For ``settle``: the question for a plate's permits; ``None`` where no plate host is set."""


LookBack = Callable[[Sequence["Job"]], "Past"]
"""Returns what the journal knows of the system that rows go to."""
Begin = Callable[[Sequence["Job"], Sequence["Compared"]], Delivery | None]
"""Says what is about to happen, asks the person, and opens the way; ``None`` where nothing is sent."""


def run(request: Request, look_back: LookBack, begin: Begin) -> Report:
    """Take files from their bytes to their workbooks; every row ends in one state.

    Args:
        request: What the person asked for.
        look_back: Called when the files are read, so that a journal is only opened for some.
        begin: Called when all is known and nothing is sent yet.

    Raises:
        ImporterError: Nothing could start; what goes wrong later is in the report.
    """
    jobs = prepare(request)
    past = look_back(jobs)
    jobs = recognise(jobs, past)
    jobs, past = learn(jobs, past, request)
    jobs = jobs if request.different_file else guard(jobs, past)
    jobs = overrule_files(name_workbooks(jobs, request))
    planned = compare(jobs, past, request)
    lost = find_lost(planned, past, request)
    held, notes = held_creates(planned, lost, past.system, request)
    jobs, planned = hold(jobs, planned, held, request)
    delivery = begin(jobs, planned)
    if delivery is not None:
        past = past.entered()
        leave_aside(lost, past, request)
    line = _Line(request, past, planned, delivery)
    return line.report([report for job in jobs for report in line.finish(job)], notes)


class _Line:
    """The second half of the line, file by file: push (or settle, or only foresee) → annotate → archive."""

    def __init__(
        self,
        request: Request,
        past: Past,
        planned: Sequence[Compared],
        delivery: Delivery | None,
    ) -> None:
        started = dt.datetime.now().astimezone()
        self._id = f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
        self._request = request
        self._planned = planned
        self._past = past
        self._annotator = Annotator(self._id, request, past)
        self._delivery = delivery
        self._stopper = None if delivery is None else delivery.conditions.stopper
        self._left = request.limit
        self._pushed: set[str] = set()
        self._failed: list[str] = []
        if delivery is not None:
            past.opened.start_run(self._id, past.system, past.known_number, started)

    def finish(self, job: Job) -> list[SheetReport]:
        """Send the rows of a file, write its workbook and put it away."""
        if job.error is not None:
            return [SheetReport(job.path, error=job.error)]
        planned = [each for each in self._planned if each.job is job]
        sheets = [self._send(each) for each in planned]
        reports = self._annotate(job, planned, [outcomes for outcomes, _ in sheets])
        for (_, file), report in zip(sheets, reports, strict=True):
            self._end_file(file, report)
        self._archive(job, reports)
        return reports

    def report(self, sheets: Sequence[SheetReport], notes: Sequence[str]) -> Report:
        """Report what the run came to, and write down that it ended."""
        reason = None if self._stopper is None else self._stopper.reason
        left = sum(dict(sheet.states).get(State.NOT_SENT, 0) for sheet in sheets)
        if reason and left and self._request.command == PUSH:
            rows = f"{count(left, 'row')} {'is' if left == 1 else 'are'}"
            reason = f"{reason} {rows} left; run the same command again to go on."
        stopped = " ".join(filter(None, (reason, *self._failed))) or None
        whole = Report(self._id, tuple(sheets), stopped, (*notes, *self._annotator.notes))
        if self._delivery is None:
            return whole
        try:
            self._past.opened.end_run(self._id, stopped=stopped, exit_code=whole.exit_code)
        except JournalError as error:
            return replace(whole, notes=(*whole.notes, str(error)))
        return whole

    def _send(self, each: Compared) -> tuple[tuple[Outcome, ...], int]:
        """Return the outcome of every row of a sheet, and the journal's number of the sheet."""
        delivery, endpoint = self._delivery, each.job.endpoint
        if delivery is None:
            ready = Outcome(State.READY)
            found = {row.record.position: row.told(ready) for row in each.plan.rows}
            return all_outcomes(each, found), 0
        if endpoint in self._pushed:
            # Rows of an earlier file of this run may have settled rows of this one.
            again = self._request.again
            each = compare_sheet(each.job, each.checked, self._past, each.standing, again=again)
        self._pushed.add(endpoint)
        file = self._start_file(each)
        if self._request.command == SETTLE:
            found = settle_sheet(each, file, self._past, delivery.conditions, delivery.look_up)
        else:
            found = self._push(each, file, delivery)
        return all_outcomes(each, found), file

    def _push(self, each: Compared, file: int, delivery: Delivery) -> dict[int, Outcome]:
        endpoint, plan = each.job.endpoint, each.plan
        send = plan.send[: self._left]
        updates = plan.updates[: None if self._left is None else self._left - len(send)]
        found = {row.record.position: Outcome(State.NOT_SENT) for row in plan.rows}
        total, done = len(send) + len(updates), itertools.count(1)
        for where, rows in ((endpoint, send), (POLICIES[endpoint].changed_by, updates)):
            if not rows:
                continue
            target = target_of(where, self._past, file)
            pusher = Pusher(target, self._past.opened, delivery.conditions)
            for planned, outcome in pusher.push(rows):
                found[planned.record.position] = outcome
                delivery.watch(each.job.path.name, next(done), total)
        if self._left is not None:
            self._left -= total
            if total < len(plan.rows):
                limit = count(self._request.limit or 0, "row")
                delivery.conditions.stopper.stop(f"The limit of {limit} is reached.")
        for row in plan.rows:
            found[row.record.position] = row.told(found[row.record.position])
        return found

    def _start_file(self, each: Compared) -> int:
        """Write down that a sheet is begun; where that fails the run stops before its rows.

        A sheet of a results workbook stays the sheet of the first source, whatever it is called now.
        """
        sheet = each.checked.batch.sheet
        try:
            number = self._past.known_number
            self._past.opened.find_out(number, each.plan.found)
            return self._past.opened.start_file(
                self._id,
                source=each.job.path.name,
                sheet=sheet.name if each.book is None else each.book.sheet,
                digest=each.job.digest,
                mapping=each.checked.batch.mapping,
                endpoint=each.job.endpoint,
                rows=len(sheet.frame),
            )
        except JournalError as error:
            self._stop(str(error))
            return 0

    def _end_file(self, file: int, report: SheetReport) -> None:
        """Write down what became of a sheet's rows; where that fails the run stops after them."""
        if self._delivery is None:
            return
        states, results = dict(report.states), str(report.results or "")
        try:
            self._past.opened.end_file(file, states=states, results=results)
        except JournalError as error:
            self._stop(str(error))

    def _stop(self, why: str) -> None:
        if self._stopper is not None:
            self._stopper.stop(why)

    def _annotate(
        self, job: Job, planned: Sequence[Compared], outcomes: Sequence[Sequence[Outcome]]
    ) -> list[SheetReport]:
        """Write a file's workbook; what was sent is in the journal and told, also where that fails.

        A disk that is full stops the run; a failure that nobody expected is told, and the other files
        go on.
        """
        try:
            stopped = None if self._stopper is None else self._stopper.reason
            written = self._annotator.write(job, planned, outcomes, stopped=stopped)
            return report_sheets(planned, outcomes, written)
        except InputError as error:
            why, lasting = str(error), True
        except Exception as error:  # noqa: BLE001 - one file's failure is its own
            why = (
                f"The workbook of {job.path.name} could not be made ({failure(error)}). Run the same "
                "command again: nothing is sent twice. If it fails again, report this line."
            )
            lasting = False
        if self._delivery is None:
            return [SheetReport(job.path, error=why)]
        if lasting:
            self._stop(why)
        if self._stopper is None or self._stopper.reason != why:
            self._failed.append(why)
        return report_sheets(planned, outcomes, None)

    def _archive(self, job: Job, reports: Sequence[SheetReport]) -> None:
        """Move a file that is done out of the inbox."""
        folder, inbox = self._request.archive, self._request.inbox
        if folder is None or inbox is None or job.path.resolve().parent != inbox.resolve():
            return
        unsent = any(dict(report.states).get(State.NOT_SENT) for report in reports)
        if unsent or any(report.results is None for report in reports):
            return
        try:
            moved = archive(job.path, job.content, folder, dt.datetime.now().astimezone())
        except OSError as error:
            why = error.strerror or type(error).__name__
            if sys.platform == "win32" and isinstance(error, PermissionError):
                why = "most likely it is open in Excel"
            self._annotator.notes.append(
                f"{job.path.name} is done, but it could not be moved to {folder.name} ({why}). "
                "Move it yourself; pushing it again sends nothing twice."
            )
        else:
            if moved is None:
                self._annotator.notes.append(
                    f"{job.path.name} was changed while it was imported; push it again."
                )
