"""Rows of a checked spreadsheet → what OPSCOM knows of their plates: ask → workbook.

Source of the answer: API documentation, "Pull API: Plate Validation", table "Response Values" and
"Response Samples".
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from importer.codes import SETTINGS_CODES
from importer.delivery.answers import Refused, Unreadable, object_or_refusal, text_of
from importer.delivery.http import Connection
from importer.delivery.pusher import Conditions
from importer.delivery.questions import Failed, Found, Verdict, ask, explain_refusal
from importer.model import Checked, Outcome, State
from importer.prepare import Job
from importer.pulls.book import Asked, Cell, Page, Record, Summary, records_of, write_book
from importer.report import PROBLEMS, SETTLED, STOPPED
from importer.workspace import results_path

_OURS = (
    *("row", "plate", "answer", "permits", "permit", "expires"),
    *("alarm", "do_not_ticket", "message", "response"),
)
"""The columns in front of those of the source."""
_LOOK_UP_SECONDS = 0.25
"""How often the collector looks whether the run is abandoned."""


class PlateState(StrEnum):
    """What became of a row with a plate. Every row is in exactly one."""

    FOUND = "found"
    NOTHING = "nothing known"
    REFUSED = "refused"
    NO_ANSWER = "no answer"
    NOT_ASKED = "not asked"
    INVALID = "invalid"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class PlateAnswer:
    """What OPSCOM said of one plate, or why it did not; texts as answered."""

    state: PlateState
    message: str = ""
    """Why there is no answer."""
    permits: Sequence[Record] = ()
    """With the vendor's names."""
    notes: Sequence[Record] = ()
    """The "do not ticket or tow" notes, in the same way."""
    alarm: str = ""
    response: str = ""
    """All that is known as one text, as handhelds show it."""


def read_plate(body: bytes) -> Found | Refused | Unreadable:
    """Read the body of an answer: ``error`` 0 says success, and ``data`` is what is found."""
    found = object_or_refusal(body)
    if not isinstance(found, dict):
        return found
    code, data = text_of(found.get("error")), found.get("data")
    if code.strip("0"):
        return Refused(code, text_of(found.get("message")))
    if code and isinstance(data, dict) and {"responseJSON", "response"} & set(data):
        return Found(data)
    return Unreadable()


def told_of(data: Record) -> PlateAnswer:
    """Take what is said of a plate out of what ``read_plate`` found."""
    details = data.get("responseJSON")
    parts = details if isinstance(details, dict) else {}
    permits, notes = records_of(parts, "permits"), records_of(parts, "dntt")
    alarm, response = text_of(parts.get("alarm")).strip(), text_of(data.get("response")).strip()
    known = permits or notes or alarm or response
    state = PlateState.FOUND if known else PlateState.NOTHING
    return PlateAnswer(state, "", permits, notes, alarm, response)


def pull_plates(
    job: Job,
    connect: Callable[[], Connection],
    conditions: Conditions,
    asked: Asked,
    watch: Callable[[int, int], None],
) -> dict[str, Any]:
    """Ask for every plate once, then write the workbook.

    Args:
        job: A spreadsheet with plates, read and checked.
        connect: Opens a worker's connection to the endpoint.
        conditions: How fast to ask, and what ends it.
        asked: Where and when, for the workbook, and where that goes.
        watch: Told how many of how many plates are done.

    Returns:
        The object that ``--json`` prints; the states add up to the rows.
    """
    rows = [_rows(checked) for checked in job.sheets]
    to_ask = list(dict.fromkeys(plate for sheet in rows for plate, known in sheet if not known))
    answers: dict[str, PlateAnswer] = {}
    for plate, answer in ask_plates(to_ask, connect, conditions):
        answers[plate] = answer
        watch(len(answers), len(to_ask))
    not_asked = PlateAnswer(PlateState.NOT_ASKED)
    given = [
        [(plate, known or answers.get(plate, not_asked)) for plate, known in sheet]
        for sheet in rows
    ]
    found = Counter(answer.state for sheet in given for _, answer in sheet)
    states = {state.value: found[state] for state in PlateState if found[state]}
    code = PROBLEMS if found[PlateState.INVALID] or found[PlateState.REFUSED] else SETTLED
    stopped = None
    if left := found[PlateState.NOT_ASKED] + found[PlateState.NO_ANSWER]:
        reason = f"{conditions.stopper.reason} " if conditions.stopper.reason else ""
        have = "1 row has" if left == 1 else f"{left} rows have"
        code = STOPPED
        stopped = f"{reason}{have} no answer yet; run the same command again."
    mapping = "" if job.mapping is None else job.mapping.name
    counts = ((state, f"{number:,}") for state, number in states.items())
    facts = (("File", job.path.name), ("Plates from", mapping), *counts)
    summary = Summary("Plates", asked, facts, [stopped, *job.notes] if stopped else job.notes)
    names = ["Plates"] if len(given) == 1 else [f"Plates {c.batch.sheet.title}" for c in job.sheets]
    pages = list(map(_page, job.sheets, given, names))
    wanted = results_path(asked.folder, job.path, "plates", ())
    results = write_book(wanted, pages, summary)
    return {
        "exit_code": code,
        "stopped": stopped,
        "source": str(job.path),
        "mapping": mapping,
        "rows": found.total(),
        "plates": len(to_ask),
        "states": states,
        "results": str(results),
        "error": None,
    }


def ask_plates(
    plates: Sequence[str], connect: Callable[[], Connection], conditions: Conditions
) -> Iterator[tuple[str, PlateAnswer]]:
    """Ask for plates and yield each with its answer, in their order; those not come to are not yielded.

    A first interrupt lets the plates under way finish; a second one ends at once. Refusals of the
    settings, a spent budget and an outage stop the run.
    """
    stopper = conditions.stopper
    connections: list[Connection] = []
    own = threading.local()

    def begin() -> None:
        own.connection = connect()
        connections.append(own.connection)

    def ask_one(plate: str) -> PlateAnswer | None:
        return None if stopper.stopped else _ask_one(plate, own.connection, conditions)

    with ThreadPoolExecutor(conditions.workers, "plates", begin) as pool:
        futures = [pool.submit(ask_one, plate) for plate in plates]
        try:
            for plate, future in zip(plates, futures, strict=True):
                while not wait([future], _LOOK_UP_SECONDS).done:
                    if stopper.abandoned:
                        for connection in connections:
                            connection.stop()
                if answer := future.result():
                    yield plate, answer
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for connection in connections:
                connection.close()


def permits_of(
    plate: str, connection: Connection, conditions: Conditions
) -> list[tuple[str, str]] | str:
    """Ask for the permits of a plate; return name and end of each, or why there is no answer."""
    verdict = _ask(plate, connection, conditions)
    if not isinstance(verdict, Found):
        return _why(verdict)
    permits = told_of(verdict.content).permits
    return [(text_of(each.get("shortName")), text_of(each.get("expires"))) for each in permits]


def _ask(plate: str, connection: Connection, conditions: Conditions) -> Verdict:
    """Ask for a plate, as often and as fast as the run's pace allows."""
    pace, stopper, redact = conditions.pace, conditions.stopper, conditions.controller.redact
    return ask(lambda: connection.send({"plate": plate}), read_plate, pace, stopper, redact)


def _why(verdict: Refused | Failed) -> str:
    return verdict.why if isinstance(verdict, Failed) else explain_refusal(verdict)


def _ask_one(plate: str, connection: Connection, conditions: Conditions) -> PlateAnswer | None:
    verdict = _ask(plate, connection, conditions)
    if isinstance(verdict, Found):
        conditions.breaker.note(Outcome(State.PUSHED))
        return told_of(verdict.content)
    why = _why(verdict)
    if verdict.code in SETTINGS_CODES if isinstance(verdict, Refused) else verdict.lasting:
        conditions.stopper.stop(why)
        return None
    if isinstance(verdict, Failed):
        conditions.breaker.note(Outcome(State.UNKNOWN))
        return PlateAnswer(PlateState.NO_ANSWER, why)
    conditions.breaker.note(Outcome(State.REJECTED, code=verdict.code))
    return PlateAnswer(PlateState.REFUSED, why)


def _rows(checked: Checked) -> list[tuple[str, PlateAnswer | None]]:
    """Return the plate of each row, and what is known without asking: that it is invalid or skipped."""
    known: dict[int, PlateAnswer] = {}
    for problem in checked.problems:
        if problem.holds:
            place = checked.batch.sheet.place(problem.row, min(problem.columns, default=None))
            message = f"{place}: {problem.message} {problem.remedy}"
            known.setdefault(problem.position, PlateAnswer(PlateState.INVALID, message))
    skipped = checked.batch.skipped.nonzero()[0].tolist()
    known |= dict.fromkeys(skipped, PlateAnswer(PlateState.SKIPPED))
    return [(plate, known.get(at)) for at, plate in enumerate(checked.batch.frame["plate"])]


def _page(checked: Checked, answers: Sequence[tuple[str, PlateAnswer]], name: str) -> Page:
    """Lay the answers out: one row for each of the source's."""
    sheet = checked.batch.sheet
    page = Page(name, (*_OURS, *(column.header for column in sheet.columns)))
    values = sheet.frame.itertuples(index=False, name=None)
    for row, (plate, answer), cells in zip(sheet.rows.tolist(), answers, values, strict=True):
        page.rows.append((row, plate, *_cells(answer), *cells))
    return page


def _cells(answer: PlateAnswer) -> tuple[Cell, ...]:
    permits = [_joined(each, "type", "shortName", "expires") for each in answer.permits]
    notes = [_joined(each, "location", "start", "end", "notes") for each in answer.notes]
    return (
        answer.state.value,
        len(permits),
        "\n".join(permits),
        max((str(each.get("expires") or "") for each in answer.permits), default=""),
        answer.alarm,
        "\n".join(notes),
        answer.message,
        answer.response,
    )


def _joined(record: Record, *names: str) -> str:
    """Return values of a record in one line, those that the vendor names first, then any others."""
    order = dict.fromkeys((*names, *record))
    return ", ".join(str(record[name]) for name in order if record.get(name))
