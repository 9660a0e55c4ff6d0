"""What a run came to: what became of each sheet, problems by cause, exit code, and the object that ``--json`` prints.

Terminal, ``--json`` and Summary tell problems by cause, so that a person reads one sentence for 98 rows, and where a
whole column fails, that it is the mapping which is wrong.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from importer.codes import code_of
from importer.model import Checked, Column, Outcome, Problem, State
from importer.schema import Kind
from importer.text import count, typed
from importer.workspace import MAPPINGS, home_of, shipped_mappings
from schemas import TABLES

STOPPED, UNKNOWN, PROBLEMS, NOTHING_STARTED, SETTLED = 3, 4, 1, 5, 0
"""Exit codes."""
_FEW = frozenset({Kind.PROVINCE, Kind.CURRENCY, Kind.NUMBER})
_FEW_NAMES = frozenset({"plateType", "prov", "status"})
_NEVER = frozenset(
    {Kind.NAME, Kind.EMAIL, Kind.PHONE, Kind.POSTAL, Kind.DATE, Kind.DATETIME, Kind.ID, Kind.PLATE}
)
_ADDRESS = ("street", "city")
_LOOKED_UP = ("the mapping's `lookup`", "OPSCOM has no user type")
"""How problems of a lookup begin, whose values are those of a list."""
_MOST_VALUES = 20
_SOME_ROWS = 3
"""From how many rows on one fault in most of a column is more likely the mapping's than the cells'."""
_NEAREST = re.compile(
    r'; (?:[\d,]+ are known|the (?:only one known|nearest(?: of the [\d,]+ known| known name)?) is "(.*)")\.$',
    re.DOTALL,
)
"""What messages add of the known value that is nearest, which differs from value to value."""
_WORD = re.compile(r"[\w-]+")
_NUMBER = re.compile(r"\d[\d,]*")
_CELL = re.compile(
    r"^(?:Correct the cell|Shorten it)(?:, or |; |\. |\.$)|, or correct the cell(?=\.$)"
)


@dataclass(frozen=True, slots=True)
class Value:
    """One value that fails, and in how many rows."""

    value: str
    rows: int
    nearest: str = ""
    """The known value that is most like it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What is wrong with some rows in the same way."""

    column: str | None
    """The header; ``None`` where no column of the file is concerned."""
    field: str | None
    code: str
    """Empty where OPSCOM documents none."""
    holds: bool
    message: str
    remedy: str
    rows: int
    values: tuple[Value, ...]
    """The most frequent first; empty for columns whose values are no list of few."""
    place: str
    """Where the first one is."""
    first: tuple[int, int, Problem | None]
    """Of the first one: the sheet, by its place among those given, the position, and the problem itself;
    ``None`` for rows that are refused or held back as a whole."""
    by_mapping: bool = False
    """Whether so much of the column fails alike that the mapping is wrong, not the cells."""
    by_opscom: bool = False
    """Whether OPSCOM says so, and not we before anything is sent."""
    answered: str = ""
    """What OPSCOM itself said, for the workbook alone."""

    def as_json(self) -> dict[str, object]:
        """Return the entry under ``problems``."""
        return {
            "column": self.column,
            "field": self.field,
            "code": self.code,
            "severity": "error" if self.holds else "warning",
            "message": self.message,
            "remedy": self.remedy,
            "rows": self.rows,
            "values": [{"value": each.value, "rows": each.rows} for each in self.values],
        }

    def __str__(self) -> str:
        """Return the line for a terminal."""
        kind = "Error" if self.holds else "Warning"
        code = f" ({self.code})" if self.code else ""
        values = f" {told_values(self.values)}." if self.values else ""
        return (
            f"{kind} in {count(self.rows, 'row')}{code}, first at {self.place}: {self.message}{values} "
            f"{self.remedy}"
        )


def told_values(values: Sequence[Value]) -> str:
    """Return the values with their rows: ``"L" (12 rows, nearest "Lecturer"), "M" (1 row)``."""
    return ", ".join(
        f'"{each.value}" ({count(each.rows, "row")}'
        + (f', nearest "{each.nearest}")' if each.nearest else ")")
        for each in values
    )


def causes_of(
    sheets: Sequence[Checked], outcomes: Sequence[Iterable[tuple[int, Outcome]]] = ()
) -> tuple[Cause, ...]:
    """Group what is wrong with the cells of some sheets by column, code and message.

    So are the rows that OPSCOM refused, or that something else than their cells holds back.

    Args:
        sheets: Of one file.
        outcomes: Of each sheet, where there are some: positions and outcomes of rows.

    Returns:
        Errors first, then those in the most rows first.
    """
    heaps: dict[tuple[object, ...], list[tuple[int, Problem]]] = {}
    for at, checked in enumerate(sheets):
        columns = checked.batch.sheet.columns
        for problem in checked.problems:
            message = _NUMBER.sub("#", _NEAREST.sub(".", problem.message))
            # What is wrong with a row is in no column.
            column = _header(columns, problem.columns) if problem.field else None
            key = (column, problem.field, problem.code, problem.severity, message)
            heaps.setdefault(key, []).append((at, problem))
    whole: dict[tuple[State, str, str], list[tuple[int, int, str]]] = {}
    for at, found in enumerate(outcomes):
        for position, outcome in found:
            held = outcome.state is State.INVALID and bool(outcome.message)
            if held or outcome.state is State.REJECTED:
                said = (outcome.state, outcome.code, alike(outcome.message) if held else "")
                whole.setdefault(said, []).append((at, position, outcome.message))
    causes = [_cause(sheets, heap) for heap in heaps.values()]
    causes += (_of_rows(sheets, said, rows) for said, rows in whole.items())
    return tuple(sorted(causes, key=lambda each: (not each.holds, -each.rows)))


def _of_rows(
    sheets: Sequence[Checked], said: tuple[State, str, str], rows: Sequence[tuple[int, int, str]]
) -> Cause:
    """Return what is wrong with rows as a whole, of which the same is said."""
    (state, code, _), (at, position, first) = said, rows[0]
    means, remedy = "OPSCOM refused the record.", "See opscom_message in the workbook."
    texts = {message for *_, message in rows}
    one = first if len(texts) == 1 else alike(first) if len(set(map(alike, texts))) == 1 else ""
    if state is State.INVALID:
        means, stop, remedy = one.partition(". ")
        means += stop.strip()
    batch, fields = sheets[at].batch, list[str]()
    if state is State.REJECTED and (known := code_of(code)):
        means, remedy = known.means, known.remedy
        fields = [name for name in known.fields if name in batch.frame]
    columns, row = batch.columns_at(fields, position), int(batch.sheet.rows[position])
    return Cause(
        column=_header(batch.sheet.columns, columns),
        field=next(iter(fields), None),
        code=code,
        holds=True,
        message=means,
        remedy=remedy,
        rows=len(rows),
        values=(),
        place=batch.sheet.place(row, min(columns, default=None)),
        first=(at, position, None),
        by_opscom=state is State.REJECTED,
        answered=one if state is State.REJECTED else "",
    )


def alike(text: str) -> str:
    """Return a sentence without what differs where the same is said of several rows: ids, numbers, dates."""
    return _WORD.sub(lambda word: "…" if any(map(str.isdigit, word[0])) else word[0], text)


def _header(columns: Sequence[Column], those: Iterable[int]) -> str | None:
    return " and ".join(columns[at].name for at in those) or None


def _cause(sheets: Sequence[Checked], heap: Sequence[tuple[int, Problem]]) -> Cause:
    at, problem = heap[0]
    sheet = sheets[at].batch.sheet
    rows = len({(sheet_at, each.position) for sheet_at, each in heap})
    total = sum(_records(checked, problem) for checked in sheets)
    by_mapping = problem.holds and problem.field is not None
    by_mapping = by_mapping and rows >= _SOME_ROWS and 2 * rows > total
    remedy = Counter(each.remedy for _, each in heap).most_common(1)[0][0]
    if by_mapping:
        fail = f"All {rows:,}" if rows >= total else f"{rows:,} of {total:,}"
        remedy = (
            f"{fail} rows fail alike, so change the mapping, not the cells. {_of_mapping(remedy)}"
        )
    remedy = f"{remedy.rstrip()}{_mending(sheets[at], problem)}"
    values = Counter(each.value for _, each in heap)
    near = {each.value: found[1] for _, each in heap if (found := _NEAREST.search(each.message))}
    few = _may_be_told(sheets[at], problem) and len(values) <= _MOST_VALUES and "" not in values
    return Cause(
        column=_header(sheet.columns, problem.columns),
        field=problem.field,
        code="" if problem.code is None else str(problem.code),
        holds=problem.holds,
        message=_NEAREST.sub(".", problem.message),
        remedy=remedy,
        rows=rows,
        values=tuple(
            Value(text, number, near.get(text) or "")
            for text, number in (values.most_common() if few else ())
        ),
        place=sheet.place(problem.row, min(problem.columns, default=None)),
        first=(at, problem.position, problem),
        by_mapping=by_mapping,
    )


def _mending(checked: Checked, problem: Problem) -> str:
    """Return the command that has what a lookup lacks proposed, behind a blank; else nothing."""
    batch, sheet = checked.batch, checked.batch.sheet
    path = batch.mapping_file
    lacks = problem.holds and problem.message.startswith(_LOOKED_UP[0])
    # A mapping that is not written yet is proposed already, and a workbook of ours is no export.
    if not lacks or not path or not path.is_file() or any(each.ours for each in sheet.columns):
        return ""
    first, home = "", home_of(path)
    if path in shipped_mappings():
        first, path = (
            ", copy the mapping first (opscom-import init), then",
            Path(MAPPINGS, path.name),
        )
    command = f"opscom-import map --mapping {typed(path)} {typed(sheet.source)}{home}"
    return f" To have the new values proposed{first}: {command}"


def _records(checked: Checked, problem: Problem) -> int:
    """Return how many records have something in the column of a problem; all where that is missing."""
    batch = checked.batch
    records = ~batch.skipped
    records[list(checked.strays)] = False
    if problem.value and problem.field in batch.frame:
        records = records & (batch.frame[problem.field] != "").to_numpy()
    return int(records.sum())


def _of_mapping(remedy: str) -> str:
    """Return what of a remedy speaks of the mapping; else what is to be done to the whole column."""
    left = _CELL.sub("", remedy)
    if "mapping" in left:
        return left[:1].upper() + left[1:]
    if not left:
        return "If it names the right column, have that corrected where it comes from."
    return f"If it names the right column: {remedy[:1].lower()}{remedy[1:]}"


def _may_be_told(checked: Checked, problem: Problem) -> bool:
    """Whether the values of the field are a list of few, and nothing that says who somebody is."""
    known = TABLES[checked.batch.endpoint].field(problem.field or "")
    if known is None or known.kind in _NEVER or known.name.startswith(_ADDRESS):
        return False
    looked_up = problem.message.startswith(_LOOKED_UP)
    return looked_up or known.kind in _FEW or known.name in _FEW_NAMES


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
    fields: tuple[tuple[str, int], ...] = ()
    """Changed field and in how many rows, the most frequent first."""
    gone: tuple[tuple[str, str], ...] = ()
    """Records that earlier files of the mapping brought and this one does not hold: the id, as the file names
    it or as OPSCOM gave it, and what the last results workbook calls it."""
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the line for a terminal."""
        return (
            f"{self.new:,} new, {self.changed:,} changed, {self.unchanged:,} unchanged, "
            f"{len(self.gone):,} gone"
        )


@dataclass(frozen=True, slots=True)
class SheetReport:
    """What became of one sheet, or why one file could not be read."""

    source: Path
    sheet: str | None = None
    mapping: str | None = None
    endpoint: str | None = None
    rows: int = 0
    states: tuple[tuple[State, int], ...] = ()
    """Only states that occur, in the order of ``State``; the counts add up to ``rows``."""
    results: Path | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[Cause, ...] = ()
    against: Against | None = None
    """The whole file against the last one of its mapping."""
    unknown: frozenset[str] = frozenset()
    """Identities of the rows that were unknown when the run began."""
    resent: int = 0
    """Of the rows that are unknown now those whose update the next push of the workbook sends again."""

    def as_json(self) -> dict[str, object]:
        """Return the entry under ``files``."""
        return {
            "source": str(self.source),
            "sheet": self.sheet,
            "mapping": self.mapping,
            "endpoint": self.endpoint,
            "rows": self.rows,
            "states": {state.value: count for state, count in self.states},
            "results": None if self.results is None else str(self.results),
            "error": self.error,
            "notes": list(self.notes),
            "problems": [cause.as_json() for cause in self.problems],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What a run came to."""

    run: str
    sheets: tuple[SheetReport, ...]
    stopped: str | None = None
    """Why the run ended before its last row."""
    notes: tuple[str, ...] = ()
    """What a person should be told besides: files passed over, names changed."""
    unknown: int = 0
    """Rows that are unknown and in no file of this run."""

    @property
    def exit_code(self) -> int:
        """Return the first exit code that applies."""
        states = {state for sheet in self.sheets for state, _ in sheet.states}
        if any(sheet.error is not None for sheet in self.sheets):
            return NOTHING_STARTED
        if self.stopped is not None:
            return STOPPED
        if self.unknown or State.UNKNOWN in states:
            return UNKNOWN
        return PROBLEMS if states & {State.INVALID, State.REJECTED} else SETTLED

    def as_json(self) -> dict[str, object]:
        """Return the object that ``--json`` prints."""
        return {
            "run": self.run,
            "exit_code": self.exit_code,
            "stopped": self.stopped,
            "files": [sheet.as_json() for sheet in self.sheets],
            "notes": list(self.notes),
        }


def count_states(outcomes: Iterable[Outcome]) -> tuple[tuple[State, int], ...]:
    """Count outcomes by state, in the order of ``State``, without those that do not occur."""
    counts = Counter(outcome.state for outcome in outcomes)
    return tuple((state, counts[state]) for state in State if counts[state])
