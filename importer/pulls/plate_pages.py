"""Rows of a spreadsheet and the answers to their plates → the pages of a workbook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from importer.pulls.tables import Form, Link, Page, Value, moment

if TYPE_CHECKING:
    from importer.pulls.plate_answers import Note, PlateFacts
    from importer.pulls.tables import Cell

PERMITS, NOTES = "Permits", "Do not ticket"
OURS = (
    "row",
    "plate",
    "answer",
    "permits",
    "permit",
    "expires",
    "alarm",
    "do_not_ticket",
    "message",
    "asked",
    "response",
)
_PLATE, _PERMIT_COUNT, _ALARM, _NOTE = 1, 3, 6, 7
_LONG = frozenset({4, 6, 7, 8, 10})


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
    asked: datetime | None = None
    facts: PlateFacts | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class PlateRow:
    """One row of the source."""

    row: int
    """The row number that the person sees."""
    plate: str
    values: Sequence[str]
    """All cells of the row, as shown."""
    problem: str = ""
    """Why it is not asked for; empty where it is."""
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class PlateSheet:
    """One sheet of the source."""

    title: str
    headers: Sequence[str]
    rows: Sequence[PlateRow]


def to_ask(sheets: Iterable[PlateSheet]) -> list[str]:
    """Return every plate once, in the order of the file."""
    return list(
        dict.fromkeys(
            row.plate for sheet in sheets for row in sheet.rows if not (row.problem or row.skipped)
        )
    )


def answer_of(row: PlateRow, answers: Mapping[str, PlateAnswer]) -> PlateAnswer:
    """Return what became of a row."""
    if row.skipped:
        return PlateAnswer(PlateState.SKIPPED)
    if row.problem:
        return PlateAnswer(PlateState.INVALID, message=row.problem)
    return answers.get(row.plate, PlateAnswer(PlateState.NOT_ASKED))


def count_states(
    sheets: Iterable[PlateSheet], answers: Mapping[str, PlateAnswer]
) -> dict[PlateState, int]:
    """Return how many rows are in each state, only those that occur; they add up to the rows."""
    counts = Counter(answer_of(row, answers).state for sheet in sheets for row in sheet.rows)
    return {state: counts[state] for state in PlateState if counts[state]}


def pages_of(sheets: Sequence[PlateSheet], answers: Mapping[str, PlateAnswer]) -> tuple[Page, ...]:
    """Lay the answers out: a page a sheet, one row for each of the source's, then permits and notes."""
    permits = Page(
        PERMITS, ("row", "plate", "type", "shortName", "expires", "active", "more"), frozen=2
    )
    notes = Page(
        NOTES,
        ("row", "plate", "location", "start", "end", "notes", "more"),
        frozen=2,
        long=frozenset({5}),
    )
    firsts: dict[str, tuple[Link | None, Link | None]] = {}
    pages = []
    for sheet in sheets:
        page = Page(
            _page_name(sheet, len(sheets)),
            (*OURS, *sheet.headers),
            frozen=_PLATE + 1,
            long=_LONG,
            marked=frozenset({_ALARM}),
            own=len(OURS),
        )
        for row in sheet.rows:
            answer = answer_of(row, answers)
            at = len(page.rows)
            page.rows.append((*_cells(row, answer), *row.values))
            if answer.facts is None:
                continue
            if row.plate not in firsts:
                home = Link(page.name, at)
                firsts[row.plate] = _add_details(row, answer.facts, home, (permits, notes))
            first_permit, first_note = firsts[row.plate]
            if first_permit is not None:
                page.links[at, _PERMIT_COUNT] = first_permit
            if first_note is not None:
                page.links[at, _NOTE] = first_note
        pages.append(page)
    return (*pages, permits, notes)


def _page_name(sheet: PlateSheet, sheets: int) -> str:
    if sheets == 1:
        return "Plates"
    taken = {PERMITS.casefold(), NOTES.casefold()}
    return f"Plates {sheet.title}" if sheet.title.casefold() in taken else sheet.title


def _cells(row: PlateRow, answer: PlateAnswer) -> tuple[Cell, ...]:
    facts = answer.facts
    asked = None if answer.asked is None else answer.asked.replace(tzinfo=None, microsecond=0)
    return (
        Value(row.row, Form.WHOLE),
        row.plate,
        answer.state.value,
        None if facts is None else Value(len(facts.permits), Form.WHOLE),
        None if facts is None else "\n".join(_permit_line(p.type, p.name) for p in facts.permits),
        None if facts is None else _latest([permit.expires for permit in facts.permits]),
        None if facts is None else facts.alarm,
        None if facts is None else "\n".join(map(_note_line, facts.notes)),
        _message(row, answer),
        None if asked is None else Value(asked, Form.TIME),
        None if facts is None else facts.response.strip(),
    )


def _permit_line(kind: str, name: str) -> str:
    return f"{kind}: {name}" if kind and name else kind or name or "permit"


def _note_line(note: Note) -> str:
    span = " to ".join(text for text in (note.start, note.end) if text)
    where = ", ".join(text for text in (note.location, span) if text)
    return ": ".join(text for text in (where, note.notes) if text) or "do not ticket or tow"


def _latest(texts: Sequence[str]) -> Cell:
    """Return the last of several expiries; as text where one of them is no date."""
    filled = [text for text in texts if text]
    moments = [moment(text) for text in filled]
    dated = [
        (each.value, each)
        for each in moments
        if isinstance(each, Value) and isinstance(each.value, datetime)
    ]
    if len(dated) < len(moments):
        return "; ".join(filled)
    return max(dated, key=lambda pair: pair[0])[1] if dated else None


def _message(row: PlateRow, answer: PlateAnswer) -> str:
    facts = answer.facts
    said = [answer.message]
    if facts is not None:
        if not facts.is_for(row.plate):
            said.append(f"OPSCOM answered for another plate, {facts.plate}.")
        if facts.active:
            said.append(f"active: {facts.active}")
        said += [f"OPSCOM says: {facts.message}" if facts.message else "", facts.more]
    return "\n".join(text for text in said if text)


def _add_details(
    row: PlateRow, facts: PlateFacts, home: Link, pages: tuple[Page, Page]
) -> tuple[Link | None, Link | None]:
    """Add a plate's permits and notes, each with a link back; return where the first of each is."""
    permits, notes = pages
    first: list[Link | None] = []
    permit_rows = [(p.type, p.name, moment(p.expires), p.active, p.more) for p in facts.permits]
    note_rows = [(n.location, moment(n.start), moment(n.end), n.notes, n.more) for n in facts.notes]
    for page, rows in ((permits, permit_rows), (notes, note_rows)):
        first.append(Link(page.name, len(page.rows)) if rows else None)
        for cells in rows:
            page.links[len(page.rows), 0] = home
            page.rows.append((Value(row.row, Form.WHOLE), row.plate, *cells))
    return first[0], first[1]
