"""Rows of a checked spreadsheet → what OPSCOM knows of their plates: ask → workbook."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from importer.pulls.asking import PlateAnswer, PlateState, Questions, ask_plates
from importer.pulls.book import Asked, Page, Summary, page_of, write_book
from importer.pulls.cells import Cell, Record, moment
from importer.pulls.plate_answers import NOTE, PERMIT
from importer.report import PROBLEMS, SETTLED, STOPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from importer.delivery.questions import Json
    from importer.model import Checked

FIELD = "plate"
PERMITS, NOTES = "Permits", "Do not ticket"
_OURS = (
    *(
        "row",
        "plate",
        "answer",
        "permits",
        "permit",
        "expires",
        "alarm",
        "do_not_ticket",
        "message",
    ),
    *("asked", "response"),
)
_MARKED = frozenset({_OURS.index("alarm")})
_LONG = frozenset(map(_OURS.index, ("permit", "alarm", "do_not_ticket", "message", "response")))


@dataclass(frozen=True, slots=True)
class PlateFile:
    """A spreadsheet with plates, read and checked."""

    path: Path
    mapping: str
    """The mapping's name, or the column, for people."""
    sheets: tuple[Checked, ...]
    notes: tuple[str, ...] = ()
    other_form: Callable[[str], str] | None = None
    """How else OPSCOM may know a plate; ``None`` where the mapping has said the form itself."""


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


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the source."""

    row: int
    """The row number that the person sees."""
    plate: str
    values: Sequence[str]
    """All cells of the row, as shown."""
    known: PlateAnswer | None
    """What is known without asking: that it is invalid or skipped."""


def pull_plates(
    file: PlateFile,
    questions: Questions,
    asked: Asked,
    wanted: Path,
    watch: Callable[[int, int], None],
) -> PlateReport:
    """Ask for every plate once, then write the workbook.

    Plates of which nothing is known are asked for once more in the file's other form: the vendor
    documents none, and people write ``xyz 001`` and ``XYZ-001`` for ``XYZ001``.

    Args:
        file: The plates.
        questions: How to ask.
        asked: Where and when, for the workbook.
        wanted: The workbook's path.
        watch: Told how many of how many plates are done; once more for those asked in another form.
    """
    sheets = [(checked, list(_rows(checked))) for checked in file.sheets]
    rows = [row for _, each in sheets for row in each]
    plates = list(dict.fromkeys(row.plate for row in rows if row.known is None))
    answers = _ask_all(plates, questions, watch)
    if file.other_form is not None:
        nothing = [at for at in plates if at in answers and answers[at].state is PlateState.NOTHING]
        others = {plate: file.other_form(plate) for plate in nothing}
        forms = {plate: form for plate, form in others.items() if form not in {"", plate}}
        missing = [form for form in dict.fromkeys(forms.values()) if form not in answers]
        answers |= _ask_all(missing, questions, watch)
        answers |= {plate: _under(form, answers.get(form)) for plate, form in forms.items()}
    found = Counter(_answer(row, answers).state for row in rows)
    states = {state: found[state] for state in PlateState if found[state]}
    stopped = _stopped(questions.stopper.reason, states)
    summary = Summary(
        "Plates",
        asked,
        (
            ("File", file.path.name),
            ("Plates from", file.mapping),
            *((state.value, f"{number:,}") for state, number in states.items()),
        ),
        tuple(text for text in (stopped, *file.notes) if text),
    )
    results = write_book(wanted, summary, _pages(sheets, answers))
    return PlateReport(file.path, file.mapping, len(plates), states, stopped, results)


def _ask_all(
    plates: Sequence[str], questions: Questions, watch: Callable[[int, int], None]
) -> dict[str, PlateAnswer]:
    answers: dict[str, PlateAnswer] = {}
    for plate, answer in ask_plates(plates, questions):
        answers[plate] = answer
        watch(len(answers), len(plates))
    return answers


def _under(form: str, answer: PlateAnswer | None) -> PlateAnswer:
    """Return what is known of a plate under another form, which the answer names."""
    if answer is None:
        return PlateAnswer(
            PlateState.NOT_ASKED, message=f"Nothing is known as written; {form} is not asked yet."
        )
    how = "Found as" if answer.state is PlateState.FOUND else "Nothing as written; also asked as"
    return replace(answer, message=f"{how} {form}. {answer.message}".rstrip())


def _stopped(reason: str | None, states: Mapping[PlateState, int]) -> str | None:
    left = states.get(PlateState.NOT_ASKED, 0) + states.get(PlateState.NO_ANSWER, 0)
    if not left:
        return None
    rows = "1 row has" if left == 1 else f"{left} rows have"
    said = f"{reason} " if reason else ""
    return f"{said}{rows} no answer yet; run the same command again."


def _rows(checked: Checked) -> Iterator[_Row]:
    sheet, batch = checked.batch.sheet, checked.batch
    known: dict[int, PlateAnswer] = {}
    for problem in checked.problems:
        if problem.holds:
            place = sheet.place(problem.row, problem.columns[0] if problem.columns else None)
            message = f"{place}: {problem.message} {problem.remedy}"
            known.setdefault(problem.position, PlateAnswer(PlateState.INVALID, message=message))
    for position, skipped in enumerate(batch.skipped.tolist()):
        if skipped:
            known[position] = PlateAnswer(PlateState.SKIPPED)
    columns = [sheet.frame.iloc[:, at].tolist() for at in range(len(sheet.columns))]
    plates, rows = batch.frame[FIELD].tolist(), sheet.rows.tolist()
    for at, values in enumerate(zip(*columns, strict=True)):
        yield _Row(rows[at], plates[at], values, known.get(at))


def _answer(row: _Row, answers: Mapping[str, PlateAnswer]) -> PlateAnswer:
    return row.known or answers.get(row.plate, PlateAnswer(PlateState.NOT_ASKED))


def _pages(
    sheets: Sequence[tuple[Checked, Sequence[_Row]]], answers: Mapping[str, PlateAnswer]
) -> list[Page]:
    """Lay the answers out: a page a sheet, one row for each of the source's, then permits and notes."""
    permits: list[Record] = []
    notes: list[Record] = []
    told: set[str] = set()
    pages = []
    for checked, rows in sheets:
        title = checked.batch.sheet.title
        headers = [column.header for column in checked.batch.sheet.columns]
        page = Page(
            "Plates" if len(sheets) == 1 else f"Plates {title}",
            (*_OURS, *headers),
            frozen=2,
            long=_LONG,
            marked=_MARKED,
            own=len(_OURS),
        )
        for row in rows:
            answer = _answer(row, answers)
            page.rows.append((*_cells(row, answer), *row.values))
            if answer.facts is not None and row.plate not in told:
                told.add(row.plate)
                key: dict[str, Json] = {"row": row.row, "plate": row.plate}
                permits += [{**key, **each} for each in answer.facts.permits]
                notes += [{**key, **each} for each in answer.facts.notes]
        pages.append(page)
    keys = ("row", "plate")
    return [
        *pages,
        page_of(PERMITS, permits, (*keys, *PERMIT), frozen=2),
        page_of(NOTES, notes, (*keys, *NOTE), frozen=2),
    ]


def _cells(row: _Row, answer: PlateAnswer) -> tuple[Cell, ...]:
    facts = answer.facts
    asked = answer.asked and answer.asked.replace(tzinfo=None, microsecond=0)
    if facts is None:
        return (row.row, row.plate, answer.state.value, *[None] * 5, answer.message, asked, None)
    said = [answer.message]
    if not facts.is_for(row.plate):
        said.append(f"OPSCOM answered for another plate, {facts.plate}.")
    said += [
        f"active: {facts.active}" if facts.active else "",
        f"OPSCOM says: {facts.message}" if facts.message else "",
        facts.more,
    ]
    return (
        row.row,
        row.plate,
        answer.state.value,
        len(facts.permits),
        "\n".join(_joined(": ", each, "type", "shortName") or "permit" for each in facts.permits),
        _latest([each.get("expires") for each in facts.permits]),
        facts.alarm,
        "\n".join(map(_note_line, facts.notes)),
        "\n".join(filter(None, said)),
        asked,
        facts.response.strip(),
    )


def _note_line(note: Record) -> str:
    span = _joined(" to ", note, "start", "end")
    where = ", ".join(filter(None, (_joined("", note, "location"), span)))
    return ": ".join(filter(None, (where, _joined("", note, "notes")))) or "do not ticket or tow"


def _joined(between: str, record: Record, *names: str) -> str:
    return between.join(str(record[name]) for name in names if record.get(name))


def _latest(values: Sequence[object]) -> Cell:
    """Return the last of several expiries; as text where one of them is no date."""
    texts = [str(value) for value in values if value]
    moments = [moment(text) for text in texts]
    dated = [each for each in moments if isinstance(each, dt.datetime)]
    if len(dated) < len(moments) or len({each.tzinfo for each in dated}) > 1:
        return "; ".join(texts) or None
    return max(dated, default=None)
