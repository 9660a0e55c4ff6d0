"""The nouns that travel along the line: read → map → check → push → annotate.

``Source`` and ``Grid`` are what a file holds, ``Sheet`` is a grid whose header is known, ``Batch`` is a
sheet under the vendor's field names, ``Checked`` is a batch with all its problems, ``Record`` is one
row as it is sent and ``Outcome`` is what became of a row. All are frozen.

A *position* counts the rows of a frame from 0. A *row* is the number that the spreadsheet program
shows. In frames every cell is text and a blank cell is the empty text, never a missing value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from importer.text import fold

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

RESULT_COLUMNS = (
    "opscom_status", "opscom_reference_id", "opscom_error_code", "opscom_message", "opscom_answer", "opscom_row",
)  # fmt: skip
"""Headers of the six columns that a results workbook puts before the source's own."""

EXCEL_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")
"""Texts that count as error cells in every kind of file."""
_VERBS = tuple(
    f"this {verb} " for verb in ("is", "has", "holds", "lies", "begins", "looks", "stands")
)
_SHOWN = 60
"""Characters of a value that a message holds."""
RECORD = "Record of this run"
"""Heads the facts of a run in a results workbook, by which it is known when it comes back."""
GONE = "Gone"
"""Heads the records that a file no longer holds, each with its id in the first column."""
NOTHING_MAPPED = "No column that the mapping takes holds anything here."
"""Said of a skipped row of which nothing would be sent; once a person fills it, it is a record."""
UNCORRECTED = "[correct this]"
"""Stands behind a source cell in a results workbook that had no value to be trusted. The text beside it
looks like any other, so that without this mark the workbook, pushed again, would send it."""
MADE = "the spreadsheet program has made a "
"""How a problem begins that is about a true date or time: our workbook shows it as a text."""


class State(StrEnum):
    """What became of a row. Every row of a file is in exactly one."""

    PUSHED = "pushed"
    UNCHANGED = "unchanged"
    READY = "ready"
    EXISTS = "exists"
    DUPLICATE = "duplicate"
    INVALID = "invalid"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    NOT_SENT = "not sent"
    SKIPPED = "skipped"


class Severity(StrEnum):
    """Whether a problem holds its row back."""

    ERROR = "error"
    WARNING = "warning"


class CellType(IntEnum):
    """What a cell of a workbook is, whatever its text looks like."""

    TEXT = 0
    """Text, or blank."""
    NUMBER = 1
    PERCENT = 2
    DATE = 3
    """A true date, with or without a time of day."""
    TIME = 4
    """A time of day or a duration."""
    BOOLEAN = 5


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet."""

    position: int
    """Counted from 0, as in the frame."""
    header: str
    """The header as the person sees it, cleaned; empty where the cell is blank."""
    number: int = 1
    """1 for the first column of that header, 2 for the second of the same, and so on."""

    @property
    def letter(self) -> str:
        """The column's letter in a spreadsheet program: 0 is ``A``, 26 is ``AA``."""
        from xlsxwriter.utility import xl_col_to_name

        return str(xl_col_to_name(self.position))

    @property
    def name(self) -> str:
        """What a person calls it; a repeated header is numbered as in a mapping."""
        if not self.header:
            return f"Column {self.letter}"
        return self.header if self.number == 1 else f"{self.header}#{self.number}"

    @property
    def ours(self) -> bool:
        """Whether a results workbook of ours added this column."""
        return fold(self.header) in RESULT_COLUMNS


@dataclass(frozen=True, slots=True)
class Flaw:
    """A cell, or a whole row, that has no value we may trust. It becomes a problem where it is mapped."""

    position: int
    """Row position in the frame that holds it."""
    column: int | None
    """Column position; ``None`` for the whole row (a text record with too many cells, say)."""
    message: str
    remedy: str
    """As in ``Refusal``."""
    no_record: bool = False
    """Whether the cell tells that its row is not a record."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text cannot be turned into what its field takes."""

    message: str
    """What is wrong, one sentence in lower case that names no value."""
    remedy: str
    """What to do, one sentence."""
    detail: str = ""
    """What of the value is meant, one sentence; for the workbook alone."""


@dataclass(frozen=True, slots=True)
class Warned:
    """A value that goes, with a warning; a blank one is left out."""

    text: str
    refusal: Refusal


class Merge(NamedTuple):
    """A block of merged cells: row numbers as a spreadsheet program shows them, column positions."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(frozen=True, slots=True)
class Grid:
    """All cells of one worksheet or text file, before anybody knows which row is the header."""

    source: Path
    name: str | None
    """The sheet's name; ``None`` for a text file."""
    frame: pd.DataFrame
    """Cells as shown, dates in ISO form. Columns 0..n-1, RangeIndex, dtype ``str``, blank is ``""``."""
    rows: npt.NDArray[np.int64]
    """Row number of each position as a spreadsheet program shows it; in text files a record is a row."""
    flaws: tuple[Flaw, ...] = ()
    stored: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    """Column position → row position → the stored number as plain decimal text, only for number
    cells whose shown text says something else (rounded, grouped, percent, with a currency sign)."""
    types: Mapping[int, npt.NDArray[np.int8]] = field(default_factory=dict)
    """Column position → the ``CellType`` of each of its cells. Columns of text alone are not there, and
    a text file has none."""
    merges: tuple[Merge, ...] = ()
    """Cells that the sheet merges. Their value stands in the first column of all their rows already, and
    what they hide is blank; only headers are still to be spread over their columns."""
    struck: frozenset[tuple[int, int]] = frozenset()
    """(position, column) of filled cells whose whole text is struck out."""
    fills: Mapping[int, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """Position → (column, colour) of its filled cells with a background other than white. A colour is
    ``FF0000``, or ``theme 5`` and ``theme 5 +40%`` where the workbook's theme says which."""
    notes: tuple[str, ...] = ()
    """What a person should know about this sheet: hidden rows, an active filter, a guessed encoding."""
    lengths: npt.NDArray[np.int64] | None = None
    """For text files: the cells each record really has; the frame fills short ones with blanks."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the rows of a results or checked workbook first came from, as its summary tells."""

    host: str
    client: str
    sandbox: bool
    run: str
    digest: str
    """SHA-256 of the first source."""
    file: str = ""
    """The name of the first source."""
    mapping: str = ""
    """The name of the mapping that it was imported with."""
    checked: bool = False
    """Whether it is the workbook of a check, which sent nothing."""
    started: str = ""
    """When the run began, in ISO form; for people."""
    journal: str = ""
    """How far the journal had come when it was written."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file as read, with its visible sheets."""

    path: Path
    digest: str
    """SHA-256 of the bytes read, hexadecimal."""
    container: str
    """``xlsx``, ``text``, ``xls``, ``xml`` or ``html``: by content, never by name."""
    grids: tuple[Grid, ...]
    notes: tuple[str, ...] = ()
    """What a person should know about the whole file: hidden sheets that were not read."""
    origin: Origin | None = None
    """Only for a results or checked workbook of ours."""
    encoding: str | None = None
    """Of a text or web page, where a person named it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The records of a worksheet or text file under its header, blank rows left out."""

    source: Path
    name: str | None
    """The sheet's name; ``None`` for a text file."""
    header_row: int
    """The header's row number."""
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    """As in ``Grid``, one row a record, columns 0..n-1 as in ``columns``."""
    rows: npt.NDArray[np.int64]
    """Row number of each position, as in ``Grid``."""
    flaws: tuple[Flaw, ...] = ()
    stored: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    types: Mapping[int, npt.NDArray[np.int8]] = field(default_factory=dict)
    struck: frozenset[tuple[int, int]] = frozenset()
    fills: Mapping[int, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """These five as in ``Grid``."""
    notes: tuple[str, ...] = ()
    added: frozenset[int] = frozenset()
    """Positions of rows that a person added to a results workbook: no row of the first source is theirs,
    and their numbers in ``rows`` only tell them apart."""
    above: tuple[tuple[int, str, frozenset[str]], ...] = ()
    """What stands above the header: row number, text, and the colours behind it."""

    def rows_marked(
        self,
        marked: Iterable[tuple[int, int]],
        keys: Collection[int],
        mapped: Collection[int],
    ) -> dict[int, int]:
        """Return the rows that are marked as a whole, each with the first column that says so.

        That is where a cell of the key is marked, or all filled cells that are mapped.

        Args:
            marked: (position, column) of cells that are struck out, or have one colour.
            keys: Column positions of what says which record a row is.
            mapped: Column positions of all that is mapped.
        """
        columns: dict[int, set[int]] = {}
        for position, column in marked:
            columns.setdefault(position, set()).add(column)
        found = {}
        for position, here in columns.items():
            hits = here & set(keys)
            if not hits and here & set(mapped):
                filled = {at for at in mapped if str(self.frame.iloc[position, at]).strip()}
                hits = here & filled if filled <= here else hits
            if hits:
                found[position] = min(hits)
        return found

    def coloured(self, colour: str) -> Iterator[tuple[int, int]]:
        """Yield (position, column) of the cells with a background of this colour."""
        for position, cells in self.fills.items():
            yield from ((position, column) for column, each in cells if each == colour)

    @property
    def title(self) -> str:
        """The name of this sheet's page in a results workbook."""
        return "Rows" if self.name is None else self.name

    def place(self, row: int, column: int | None = None) -> str:
        """Say where a cell is, in the words of the person's program.

        ``students.xlsx, Students!F14 "Birth date"`` or ``staff.csv, row 14 "Birth date"``.
        """
        here = None if column is None else self.columns[column]
        if self.name is None:
            spot = f"{self.source.name}, row {row}"
        elif here is None:
            spot = f"{self.source.name}, {self.name}, row {row}"
        else:
            spot = f"{self.source.name}, {self.name}!{here.letter}{row}"
        return spot if here is None else f'{spot} "{here.header}"'

    def problem(  # noqa: PLR0913 - what a problem tells, each by its name
        self,
        position: int,
        columns: tuple[int, ...],
        why: Refusal,
        *,
        field: str | None = None,
        value: str = "",
        code: int | None = None,
        warning: bool = False,
    ) -> Problem:
        """Return what is wrong with one of the rows."""
        return Problem(
            position,
            int(self.rows[position]),
            columns,
            field,
            value,
            code,
            Severity.WARNING if warning else Severity.ERROR,
            why.message,
            why.remedy,
            why.detail,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one row, at its cells."""

    position: int
    row: int
    """The row number that the person sees."""
    columns: tuple[int, ...]
    """Positions of the source columns to mark; empty where no column of the file feeds the field."""
    field: str | None
    """The vendor's name of the field, ``None`` for a whole row."""
    value: str
    """The value at fault, for the workbook only: never on a terminal and never in a log."""
    code: int | None
    """The code that OPSCOM itself would answer, where it documents one."""
    severity: Severity
    message: str
    """What is wrong, one sentence that names no value of a person."""
    remedy: str
    """What to do, one sentence."""
    detail: str = ""
    """What of the value is meant, one sentence; like the value for the workbook only."""

    @property
    def said(self) -> str:
        """The message with the value in it, for the workbook.

        ``"31/02/2004" is not a date.``
        """
        value = self.value.removesuffix(f" {UNCORRECTED}")
        shown = "".join(c if c.isprintable() else " " for c in value)
        if len(shown) > _SHOWN:
            shown = f"{shown[:_SHOWN]}…"
        message = self.message
        if shown and message.startswith(_VERBS):
            message = f'"{shown}"{message.removeprefix("this")}'
        elif shown:
            message = f'"{shown}": {message}'
        return f"{message} {self.detail}".rstrip()

    @property
    def holds(self) -> bool:
        """Whether this problem keeps the row from being sent."""
        return self.severity is Severity.ERROR


@dataclass(frozen=True, slots=True)
class Batch:
    """A sheet under the vendor's field names."""

    sheet: Sheet
    endpoint: str
    mapping: str
    """The mapping's name, for people."""
    frame: pd.DataFrame
    """RangeIndex with the positions of ``sheet.frame``; a column per mapped field in the vendor's
    order and spelling; dtype ``str``; blank is ``""``."""
    origins: Mapping[str, tuple[int, ...]]
    """Field → source column positions; empty for a constant."""
    skipped: npt.NDArray[np.bool_]
    """Positions that the mapping says are no records."""
    cells: Mapping[int, tuple[pd.Series[str], npt.NDArray[np.bool_]]]
    """Position of each column of the sheet → its cells, cleaned, and which of them were or hold more than
    printable ASCII with one blank between words: only those must be folded to be compared."""
    chosen: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    """For fields that take the first filled column: which column it was, position by position."""
    left_out: frozenset[tuple[int, str]] = frozenset()
    """(position, field) of values dropped by ``if_invalid: omit``: not sent, not even as a blank."""
    omit_if_invalid: frozenset[str] = frozenset()
    """Fields with ``if_invalid: omit``: what the checks find invalid in them is left out too."""
    as_shown: frozenset[str] = frozenset()
    """Fields for whose values the person vouches, however ruined they look."""
    unfit: frozenset[tuple[int, int]] = frozenset()
    """(position, column) of cells that are wrong for what they are and not for their text: a true date
    for a plate. As text, in a results workbook, they look right."""
    blanks: str = "omit"
    """``omit`` or ``send``."""
    duplicates: str = "error"
    """``error``, ``first`` or ``last``."""
    problems: tuple[Problem, ...] = ()
    mapping_file: Path | None = None

    def columns_at(self, names: Iterable[str], position: int) -> tuple[int, ...]:
        """Return the positions of the source columns that gave these fields, each once."""
        columns = (column for name in names for column in self.columns_of(name, position))
        return tuple(dict.fromkeys(columns))

    def columns_of(self, name: str, position: int) -> tuple[int, ...]:
        """Return the positions of the source columns that gave the field at this position."""
        if name in self.chosen:
            return (int(self.chosen[name][position]),)
        return self.origins.get(name, ())


@dataclass(frozen=True, slots=True)
class Checked:
    """A batch and everything that is wrong with it."""

    batch: Batch
    problems: tuple[Problem, ...]
    """Of mapping and checking, by position, then in the order of the source columns."""
    repeats: Mapping[int, int] = field(default_factory=dict)
    """Position of a row that repeats another → the row number of the one that counts."""
    elsewhere: Mapping[int, str] = field(default_factory=dict)
    """Position of a row that repeats one of another sheet of the file → where that one is."""
    strays: frozenset[int] = frozenset()
    """Positions of rows that are not records; they have one problem each."""
    overruled: Mapping[int, str] = field(default_factory=dict)
    """Position of a row whose record a later file of the run holds with other values → that file's name."""
    notes: tuple[str, ...] = ()

    @property
    def held(self) -> frozenset[int]:
        """Positions that an error keeps from being sent."""
        return frozenset(problem.position for problem in self.problems if problem.holds)


@dataclass(frozen=True, slots=True)
class Resubmitted:
    """What a row of a results workbook, given back, says beside the source's own cells."""

    status: str = ""
    reference_id: str = ""
    answer: str = ""
    """Lower case for ``yes``, ``no``, ``new`` and ``update``; an id as it stands."""
    row_known: bool = False
    """Whether ``opscom_row`` still says which row of the first source it was."""
    said: str = ""  # error codes and message


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it is sent."""

    position: int
    row: int
    key: str
    """What OPSCOM knows the record by (see ``schemas``); empty where it has nothing of the kind."""
    payload: Mapping[str, str]
    """Field → text, in the vendor's order, without the token."""
    told: Resubmitted = Resubmitted()
    """Blank but for rows of a results workbook."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row."""

    state: State
    reference_id: str = ""
    code: str = ""
    """The vendor's error code where it answered one; codes of our own checks are in the problems."""
    message: str = ""
    """One or two sentences for the person; empty where the state says it all."""
    differs: tuple[str, ...] = ()
    """Fields in which a row that is held differs from the record that is there; their cells are marked."""
    may_update: bool = False
    """Whether ``update`` in ``opscom_answer`` would bring that record to what the row says."""
    answer: str = ""
    """What a person wrote into ``opscom_answer`` that is still to be done."""
