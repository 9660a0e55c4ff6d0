"""What goes into a results workbook: the run, its sheets with their rows, and which cells to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from importer.codes import EXISTS, code_of
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
from importer.report import Against

UNDECIDED, EDITED, OUTDATED, RESENT = "undecided", "edited", "outdated", "resent"
"""What holds an ``invalid`` row back besides its cells: it may be a second permit; it is in OPSCOM and was
edited since; a later push brought other values. And of an ``unknown`` row that its ``update`` is what was lost."""
Kind = str
"""A ``State``, or one of these four."""


def kind_of(outcome: Outcome) -> Kind:
    """Return the state of a row, or what else than its cells holds it back.

    A row held back with the code of a repeated record looks like one that an earlier run created: only a person
    knows whether it is a second one. What repeats a row of the same file is a ``Problem``.
    """
    if outcome.state is State.INVALID and outcome.code == EXISTS:
        return EDITED if outcome.reference_id else UNDECIDED
    if outcome.state is State.INVALID and not outcome.code and outcome.message:
        return OUTDATED
    if outcome.state is State.UNKNOWN and outcome.answer == "update":
        return RESENT
    return outcome.state


def answers_to(outcome: Outcome) -> tuple[str, ...]:
    """Return the answers that ``opscom_answer`` offers for a row; none for most rows."""
    kind = kind_of(outcome)
    if outcome.answer:
        return (outcome.answer,)
    if kind == State.UNKNOWN:
        return ("yes", "no")
    update = ("update",) if outcome.may_update and kind in {UNDECIDED, EDITED} else ()
    return ("new", *update) if kind == UNDECIDED else update


class Link(NamedTuple):
    """A text that leads to a cell of another sheet; line and column are counted from 0."""

    sheet: str
    line: int
    column: int
    text: str


@dataclass(frozen=True)
class Page:
    """One source sheet, what became of its rows, and its worksheet in the workbook."""

    checked: Checked
    outcomes: Sequence[Outcome]
    """One for each position of the sheet's frame, in order."""
    earlier: Mapping[int, str] = field(default_factory=dict)
    """Position → what earlier runs said of the row, in one sentence or several."""
    news: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Position of a row to be sent → the fields that change; none for a record that is new."""
    name: str = ""
    """Of the worksheet."""

    @property
    def sheet(self) -> Sheet:
        """The source sheet."""
        return self.checked.batch.sheet

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The source columns shown, in their order; those that an earlier workbook added are left out."""
        return tuple(column for column in self.sheet.columns if not column.ours)

    @cached_property
    def places(self) -> dict[int, int]:
        """Position of a source column → column of the worksheet, counted from 0."""
        return {c.position: len(RESULT_COLUMNS) + at for at, c in enumerate(self.columns)}

    @cached_property
    def used(self) -> frozenset[int]:
        """Positions of the source columns that the mapping takes."""
        return frozenset(at for columns in self.checked.batch.origins.values() for at in columns)

    @cached_property
    def problems(self) -> dict[int, list[Problem]]:
        """The problems by position, each list in the order of the source columns."""
        found: dict[int, list[Problem]] = {}
        for problem in self.checked.problems:
            found.setdefault(problem.position, []).append(problem)
        return found

    @cached_property
    def uncorrected(self) -> dict[int, set[int]]:
        """Source column → positions of cells that held a row back for want of a value, to be marked by a text.

        What a cell was, a true date for a plate, or a line through it is not in this workbook, which may be given
        back. A row that has a problem as a whole is marked at the first column that the mapping uses. Error texts of
        Excel are errors wherever they stand.
        """
        frame = self.sheet.frame
        cells: list[tuple[int, int]] = list(self.checked.batch.unfit)
        for flaw in self.sheet.flaws:
            column = min(self.used, default=0) if flaw.column is None else flaw.column
            if column in self.used and not flaw.message.startswith(MADE):
                text = str(frame.iat[flaw.position, column]).strip()
                if flaw.column is None or text not in EXCEL_ERRORS:
                    cells.append((flaw.position, column))
        # Of a row that is struck out the first cell is marked.
        struck = sorted(self.sheet.struck, reverse=True)
        cells += dict(cell for cell in struck if cell[1] in self.used).items()
        marked: dict[int, set[int]] = {}
        for position, column in cells:
            if position in self.checked.held:
                marked.setdefault(column, set()).add(position)
        return marked

    def marked(self, problem: Problem) -> list[int]:
        """Return the worksheet's columns that a problem marks: the status where it has none."""
        return [self.places[at] for at in problem.columns if at in self.places] or [0]

    def refused(self, position: int) -> tuple[int, ...]:
        """Return the source columns that a row's outcome is about: as OPSCOM's code says, or as it differs."""
        outcome, batch = self.outcomes[position], self.checked.batch
        fields = outcome.differs
        if outcome.state is State.REJECTED and (code := code_of(outcome.code)):
            fields = code.fields
        columns = (at for name in fields for at in batch.columns_of(name, position))
        return tuple(at for at in columns if at in self.places)

    def label(self, position: int) -> str:
        """Return what a person calls a row; one that a person added has no number in the source."""
        added = position in self.sheet.added
        return "added row" if added else f"row {self.sheet.rows[position]}"

    def link(self, position: int, text: str = "", problem: Problem | None = None) -> Link:
        """Return a link to the cell to look at for a problem of a row, or for the row; the text is its place."""
        columns = [self.places[at] for at in self.refused(position)] or [0]
        column = (self.marked(problem) if problem else columns)[0]
        return Link(self.name, position + 1, column, text or f"{self.name}, {self.label(position)}")


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
    deletes: str = ""
    """The command that makes a workbook of deletes of the gone permits."""
