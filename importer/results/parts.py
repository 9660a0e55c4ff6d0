"""What goes into a results workbook: the run, its source sheets, and where each row will stand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from importer.codes import EXISTS, FIELDS
from importer.model import (
    EXCEL_ERRORS,
    MADE,
    RESULT_COLUMNS,
    Checked,
    Column,
    Outcome,
    Problem,
    Sheet,
    State,
)
from importer.results.inert import sheet_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from importer.codes import Code
    from importer.results.styles import Styles

MOST_ROWS = 1_048_575
"""Records that one worksheet can hold below its header (Excel's specifications and limits)."""
MOST_COLUMNS = 16_384 - len(RESULT_COLUMNS)
"""Source columns that one worksheet can hold beside ours."""


@dataclass(frozen=True, slots=True)
class Part:
    """One source sheet and what became of its rows."""

    checked: Checked
    outcomes: Sequence[Outcome]
    """One for each position of the sheet's frame, in order."""
    earlier: Mapping[int, str] = field(default_factory=dict)
    """Position → what earlier runs said of the row, in one sentence or several."""

    def __post_init__(self) -> None:
        """Refuse outcomes that do not belong to the rows.

        Raises:
            ValueError: There are more or fewer outcomes than rows.
        """
        if len(self.outcomes) != len(self.sheet.rows):
            raise ValueError(f"{len(self.outcomes)} outcomes for {len(self.sheet.rows)} rows")

    @property
    def sheet(self) -> Sheet:
        """The source sheet."""
        return self.checked.batch.sheet

    def problems(self) -> dict[int, list[Problem]]:
        """Return the problems by position, each list in the order of the source columns."""
        found: dict[int, list[Problem]] = {}
        for problem in self.checked.problems:
            found.setdefault(problem.position, []).append(problem)
        return found

    def uncorrected(self) -> dict[int, set[int]]:
        """Return source column → positions of cells that held a row back for want of a value.

        A row that has a problem as a whole is marked at the first column that the mapping uses. Error
        texts of Excel need no mark: they are errors wherever they stand. Of dates the message tells.
        """
        held, frame = self.checked.held, self.sheet.frame
        used = [column for columns in self.checked.batch.origins.values() for column in columns]
        marked: dict[int, set[int]] = {}
        for flaw in self.sheet.flaws:
            whole_row = flaw.column is None
            column = min(used, default=0) if flaw.column is None else flaw.column
            if flaw.position not in held or column not in used or flaw.message.startswith(MADE):
                continue
            if whole_row or str(frame.iat[flaw.position, column]).strip() not in EXCEL_ERRORS:
                marked.setdefault(column, set()).add(flaw.position)
        # Nor is what a cell was, a true date for a plate, or a line through it in this workbook, which
        # may be given back.
        for position, column in self.checked.batch.unfit:
            if position in held:
                marked.setdefault(column, set()).add(position)
        struck = {
            at: column for at, column in sorted(self.sheet.struck, reverse=True) if column in used
        }
        for position, column in struck.items():
            if position in held:
                marked.setdefault(column, set()).add(position)
        return marked


@dataclass(frozen=True, slots=True)
class Against:
    """A file compared with what earlier files of its mapping brought into OPSCOM."""

    source: str
    """The name of the last of them."""
    rows: int
    """Of that file."""
    when: str
    """The day it was last pushed, ISO."""
    new: int
    changed: int
    unchanged: int
    others: int
    """Rows that are not compared, because they are held back, repeated or no records."""
    fields: tuple[tuple[str, int], ...]
    """Changed field and in how many rows, the most frequent first."""
    gone: int
    """Ids that earlier files of the mapping brought and this one does not hold."""
    gone_ids: tuple[str, ...]
    """The first of them."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """The facts of a run that a workbook tells."""

    run: str
    command: str
    """``check``, ``push`` or ``settle``."""
    source: Path
    digest: str
    """SHA-256 of the file's bytes, hexadecimal."""
    mapping: str
    """The mapping's name, for people."""
    endpoint: str
    host: str
    """Empty where a check had no host to name; the same for ``client``."""
    client: str
    sandbox: bool
    user: str
    started: datetime
    ended: datetime
    stopped: str | None
    """Why the run stopped before its end, in whole sentences."""
    notes: tuple[str, ...]
    given: str = ""
    """The name of the results workbook that was given back; empty for any other file."""
    journal: str = ""
    """How far the journal had come: of which sends ``opscom_answer`` in this workbook can speak."""
    against: Against | None = None
    """``None`` for the first file of a mapping, and for a results workbook given back."""


@dataclass(slots=True)
class Tally:
    """What had to be done to a workbook so that it can hold all texts."""

    replaced: int = 0
    """Characters replaced by U+FFFD."""
    cut: int = 0
    """Cells cut at the length that a cell can have."""
    comments: int = 0
    """Comments on source cells."""
    bare: int = 0
    """Marked cells that got no comment since there were too many."""


@dataclass(frozen=True, slots=True)
class Context:
    """What all sheets of one workbook share."""

    about: About
    styles: Styles
    codes: Mapping[int, Code]
    """OPSCOM's error codes."""
    tally: Tally

    def code(self, outcome: Outcome) -> Code | None:
        """Return what is known of the code that an outcome carries."""
        return self.codes.get(int(outcome.code)) if outcome.code.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Page:
    """One worksheet of the workbook: a run of rows of a part under its header.

    A part has one page, but for text files with more records than a worksheet can hold.
    """

    part: Part
    name: str
    start: int
    """Position of the first row."""
    stop: int
    """Position after the last row."""
    columns: tuple[Column, ...]
    """The source columns shown, in their order; those that an earlier workbook added are left out."""
    places: Mapping[int, int]
    """Position of a source column → column of the worksheet, counted from 0."""

    def line(self, position: int) -> int:
        """Return the worksheet's row of a position, counted from 0."""
        return position - self.start + 1

    def marked(self, problem: Problem) -> list[int]:
        """Return the worksheet's columns that a problem marks: the status where it has none."""
        return [self.places[at] for at in problem.columns if at in self.places] or [0]

    def refused(self, position: int) -> tuple[int, ...]:
        """Return the source columns that a row's outcome is about: as OPSCOM's code says, or as it differs."""
        outcome, batch = self.part.outcomes[position], self.part.checked.batch
        fields = outcome.differs
        if outcome.state is State.REJECTED and outcome.code.isdecimal():
            fields = FIELDS.get(int(outcome.code), ())
        columns = (at for name in fields for at in batch.columns_of(name, position))
        return tuple(at for at in columns if at in self.places)

    def spot(self, position: int, problem: Problem | None = None) -> Spot:
        """Return the cell to look at for a problem of a row, or for the row."""
        columns = [self.places[at] for at in self.refused(position)] or [0]
        return Spot(self, position, (self.marked(problem) if problem else columns)[0])


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell of the workbook to look at."""

    page: Page
    position: int
    column: int
    """Of the worksheet, counted from 0."""

    @property
    def row(self) -> int:
        """The row number in the source."""
        return int(self.page.part.sheet.rows[self.position])

    @property
    def label(self) -> str:
        """What a person calls the row; one that a person added has no number in the source."""
        if self.position in self.page.part.sheet.added:
            return "added row"
        return f"row {self.row}"

    @property
    def outcome(self) -> Outcome:
        """What became of the row."""
        return self.page.part.outcomes[self.position]


def plan_pages(parts: Sequence[Part], *, most_rows: int = MOST_ROWS) -> list[Page]:
    """Lay the parts out on worksheets, each under a name that a workbook can hold.

    Args:
        parts: The source sheets, in the order of the file.
        most_rows: Records on one worksheet.

    Returns:
        At least one page for each part, in order.
    """
    taken = {"summary", "history"}
    pages = []
    for part in parts:
        columns = tuple(column for column in part.sheet.columns if not column.ours)[:MOST_COLUMNS]
        places = {column.position: len(RESULT_COLUMNS) + at for at, column in enumerate(columns)}
        rows = len(part.outcomes)
        for start in range(0, max(rows, 1), most_rows):
            name = sheet_name(part.sheet.title, taken)
            taken.add(name.casefold())
            pages.append(Page(part, name, start, min(start + most_rows, rows), columns, places))
    return pages


def count_states(parts: Sequence[Part]) -> dict[State, int]:
    """Return how many rows are in each state, only those that occur, in the order of ``State``."""
    counts = Counter(outcome.state for part in parts for outcome in part.outcomes)
    return {state: counts[state] for state in State if counts[state]}


def needs_answer(outcome: Outcome) -> tuple[str, ...]:
    """Return the answers that ``opscom_answer`` offers for a row; none for most rows.

    A row held back with the code of a repeated record looks like one that an earlier run created under
    other details: only a person knows whether it is a second one. Where the row itself holds an id
    it is none (see ``was_edited``). What repeats a row of the same file is a ``Problem`` and has no
    such way out.
    """
    if outcome.answer:
        return (outcome.answer,)
    if outcome.state is State.UNKNOWN:
        return ("yes", "no")
    if outcome.state is not State.INVALID or outcome.code != EXISTS:
        return ()
    update = ("update",) if outcome.may_update else ()
    return update if outcome.reference_id else ("new", *update)


def was_edited(outcome: Outcome) -> bool:
    """Whether a row is held back because it is in OPSCOM under its id and was edited since."""
    return outcome.state is State.INVALID and outcome.code == EXISTS and bool(outcome.reference_id)


def is_outdated(outcome: Outcome) -> bool:
    """Whether a row of an older results workbook is held back because a later push brought other values."""
    return outcome.state is State.INVALID and not outcome.code and bool(outcome.message)


def count_outdated(parts: Sequence[Part]) -> int:
    """Return how many rows a later push has changed since."""
    return sum(is_outdated(outcome) for part in parts for outcome in part.outcomes)


def count_edited(parts: Sequence[Part]) -> int:
    """Return how many rows are in OPSCOM and were edited since."""
    return sum(was_edited(outcome) for part in parts for outcome in part.outcomes)
