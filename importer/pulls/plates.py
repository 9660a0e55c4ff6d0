"""Rows of a checked spreadsheet → what OPSCOM knows of their plates: ask → workbook."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from importer.codes import SETTINGS_CODES
from importer.delivery.answers import Refused
from importer.delivery.pace import Breaker
from importer.delivery.questions import Failed, Found, ask, explain_refusal
from importer.model import Outcome, State
from importer.pulls.book import Asked, Page, Summary, page_of, write_book
from importer.pulls.plate_facts import PlateFacts, answered_plate, plate_facts, read_plate
from importer.report import PROBLEMS, SETTLED, STOPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from importer.delivery.http import Connection
    from importer.delivery.pace import Pace, Stopper
    from importer.delivery.questions import Json
    from importer.model import Checked
    from importer.pulls.cells import Cell, Record

FIELD = "plate"
_KEYS = ("row", "plate")
_PERMIT = ("type", "shortName", "expires")
_NOTE = ("location", "start", "end", "notes")
_OURS = (
    *(*_KEYS, "answer", "permits", "permit", "expires", "alarm", "do_not_ticket"),
    *("message", "asked", "response"),
)
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
    """What OPSCOM said of one plate, or why it did not."""

    state: PlateState
    asked: dt.datetime | None = None
    facts: PlateFacts = field(default_factory=PlateFacts)
    message: str = ""


@dataclass(frozen=True, slots=True)
class Questions:
    """How plates are asked for."""

    connect: Callable[[], Connection]
    pace: Pace
    stopper: Stopper
    redact: Callable[[str], str]
    """Takes the API token out of a text."""
    workers: int = 4


@dataclass(frozen=True, slots=True)
class PlateFile:
    """A spreadsheet with plates, read and checked."""

    path: Path
    mapping: str
    """The mapping's name, or the column, for people."""
    sheets: tuple[Checked, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlateReport:
    """What a batch of plates came to."""

    source: Path
    mapping: str
    plates: int
    """Different plates."""
    states: Mapping[PlateState, int]
    """They add up to the rows."""
    stopped: str | None
    results: Path

    @property
    def exit_code(self) -> int:
        """The first that applies: stopped, problems, settled."""
        if self.stopped is not None:
            return STOPPED
        bad = self.states.get(PlateState.INVALID) or self.states.get(PlateState.REFUSED)
        return PROBLEMS if bad else SETTLED

    def as_json(self) -> dict[str, object]:
        """Return the object that ``--json`` prints."""
        return {
            "exit_code": self.exit_code,
            "stopped": self.stopped,
            "source": str(self.source),
            "mapping": self.mapping,
            "rows": sum(self.states.values()),
            "plates": self.plates,
            "states": {state.value: number for state, number in self.states.items()},
            "results": str(self.results),
            "error": None,
        }


def pull_plates(
    file: PlateFile,
    questions: Questions,
    asked: Asked,
    wanted: Path,
    watch: Callable[[int, int], None],
) -> PlateReport:
    """Ask for every plate once, then write the workbook.

    Args:
        file: The plates.
        questions: How to ask.
        asked: Where and when, for the workbook.
        wanted: The workbook's path.
        watch: Told how many of how many plates are done.
    """
    known = [_known(checked) for checked in file.sheets]
    plates = [each.batch.frame[FIELD].tolist() for each in file.sheets]
    pairs = zip(known, plates, strict=True)
    to_ask = list(dict.fromkeys(p for k, ps in pairs for at, p in enumerate(ps) if at not in k))
    answers: dict[str, PlateAnswer] = {}
    for plate, answer in ask_plates(to_ask, questions):
        answers[plate] = answer
        watch(len(answers), len(to_ask))
    not_asked = PlateAnswer(PlateState.NOT_ASKED)
    given = [
        [k.get(at) or answers.get(plate, not_asked) for at, plate in enumerate(ps)]
        for k, ps in zip(known, plates, strict=True)
    ]
    found = Counter(answer.state for each in given for answer in each)
    states = {state: found[state] for state in PlateState if found[state]}
    stopped = _stopped(questions.stopper.reason, states)
    facts = (
        ("File", file.path.name),
        ("Plates from", file.mapping),
        *((state.value, f"{number:,}") for state, number in states.items()),
    )
    notes = tuple(text for text in (stopped, *file.notes) if text)
    results = write_book(
        wanted, Summary("Plates", asked, facts, notes), _pages(file.sheets, plates, given)
    )
    return PlateReport(file.path, file.mapping, len(to_ask), states, stopped, results)


def ask_plates(plates: Sequence[str], questions: Questions) -> Iterator[tuple[str, PlateAnswer]]:
    """Ask for plates and yield each with its answer, in their order; those not come to are not yielded.

    A first interrupt lets the plates under way finish; a second one ends at once. Refusals of the
    settings, a spent budget and an outage stop the run.
    """
    stopper, breaker = questions.stopper, Breaker(questions.stopper)
    connections: list[Connection] = []
    own = threading.local()

    def begin() -> None:
        own.connection = questions.connect()
        connections.append(own.connection)

    def ask_one(plate: str) -> PlateAnswer | None:
        return None if stopper.stopped else _ask_one(plate, own.connection, questions, breaker)

    with ThreadPoolExecutor(questions.workers, "plates", begin) as pool:
        futures = [pool.submit(ask_one, plate) for plate in plates]
        try:
            for plate, future in zip(plates, futures, strict=True):
                while not wait([future], _LOOK_UP_SECONDS).done:
                    if stopper.abandoned:
                        for connection in connections:
                            connection.stop()
                answer = future.result()
                if answer is not None:
                    yield plate, answer
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for connection in connections:
                connection.close()


def _ask_one(
    plate: str, connection: Connection, questions: Questions, breaker: Breaker
) -> PlateAnswer | None:
    """Ask for one plate; ``None`` where the run stopped before there was an answer."""
    stopper = questions.stopper
    verdict = ask(
        lambda: connection.send({"plate": plate}),
        lambda raw: read_plate(questions.redact(raw.decode("utf-8", "replace")).encode()),
        questions.pace,
        stopper,
    )
    now = dt.datetime.now().astimezone()
    if isinstance(verdict, Found):
        breaker.note(Outcome(State.PUSHED))
        facts = plate_facts(verdict.content)
        state = PlateState.NOTHING if facts == PlateFacts() else PlateState.FOUND
        other = answered_plate(verdict.content)
        same = _letters(other) in ("", _letters(plate))
        return PlateAnswer(state, now, facts, "" if same else f"OPSCOM answered for {other}.")
    refused = isinstance(verdict, Refused)
    why = verdict.why if isinstance(verdict, Failed) else explain_refusal(verdict)
    if verdict.code in SETTINGS_CODES if isinstance(verdict, Refused) else verdict.lasting:
        stopper.stop(why)
        return None
    code = verdict.code if isinstance(verdict, Refused) else ""
    breaker.note(Outcome(State.REJECTED if refused else State.UNKNOWN, code=code))
    return PlateAnswer(PlateState.REFUSED if refused else PlateState.NO_ANSWER, now, message=why)


def _letters(plate: str) -> str:
    """A plate as OPSCOM may write it back: without blanks and dashes, in either case."""
    return plate.replace(" ", "").replace("-", "").casefold()


def _stopped(reason: str | None, states: Mapping[PlateState, int]) -> str | None:
    left = states.get(PlateState.NOT_ASKED, 0) + states.get(PlateState.NO_ANSWER, 0)
    if not left:
        return None
    rows = "1 row has" if left == 1 else f"{left} rows have"
    said = f"{reason} " if reason else ""
    return f"{said}{rows} no answer yet; run the same command again."


def _known(checked: Checked) -> dict[int, PlateAnswer]:
    """Return what is known of rows without asking: position → that it is invalid or skipped."""
    known: dict[int, PlateAnswer] = {}
    for problem in checked.problems:
        if problem.holds:
            column = problem.columns[0] if problem.columns else None
            place = checked.batch.sheet.place(problem.row, column)
            message = f"{place}: {problem.message} {problem.remedy}"
            known.setdefault(problem.position, PlateAnswer(PlateState.INVALID, message=message))
    skipped = checked.batch.skipped.nonzero()[0].tolist()
    return known | dict.fromkeys(skipped, PlateAnswer(PlateState.SKIPPED))


def _pages(
    sheets: Sequence[Checked],
    plates: Sequence[Sequence[str]],
    given: Sequence[Sequence[PlateAnswer]],
) -> list[Page]:
    """Lay the answers out: a page a sheet, one row for each of the source's, then permits and notes."""
    permits: list[Record] = []
    notes: list[Record] = []
    told: set[str] = set()
    pages = []
    for checked, own, answers in zip(sheets, plates, given, strict=True):
        sheet = checked.batch.sheet
        name = "Plates" if len(sheets) == 1 else f"Plates {sheet.title}"
        headers = (*_OURS, *(column.header for column in sheet.columns))
        page = Page(name, headers, frozen=2, own=len(_OURS))
        values = sheet.frame.itertuples(index=False, name=None)
        rows = zip(sheet.rows.tolist(), own, answers, values, strict=True)
        for row, plate, answer, cells in rows:
            page.rows.append((row, plate, *_cells(answer), *cells))
            if plate not in told:
                told.add(plate)
                key: dict[str, Json] = {"row": row, "plate": plate}
                permits += [{**key, **each} for each in answer.facts.permits]
                notes += [{**key, **each} for each in answer.facts.notes]
        pages.append(page)
    return [
        *pages,
        page_of("Permits", permits, (*_KEYS, *_PERMIT), frozen=2),
        page_of("Do not ticket", notes, (*_KEYS, *_NOTE), frozen=2),
    ]


def _cells(answer: PlateAnswer) -> tuple[Cell, ...]:
    facts = answer.facts
    return (
        answer.state.value,
        len(facts.permits),
        "\n".join(_joined(": ", each, "type", "shortName") or "permit" for each in facts.permits),
        max((str(each.get("expires") or "") for each in facts.permits), default=""),
        facts.alarm,
        "\n".join(map(_note_line, facts.notes)),
        "\n".join(filter(None, (answer.message, facts.more))),
        f"{answer.asked:%Y-%m-%d %H:%M:%S}" if answer.asked else "",
        facts.response,
    )


def _note_line(note: Record) -> str:
    span = _joined(" to ", note, "start", "end")
    where = ", ".join(filter(None, (_joined("", note, "location"), span)))
    return ": ".join(filter(None, (where, _joined("", note, "notes")))) or "do not ticket or tow"


def _joined(between: str, record: Record, *names: str) -> str:
    return between.join(str(record[name]) for name in names if record.get(name))
