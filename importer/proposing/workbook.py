"""The proposal as a workbook that a person fills in with Excel: columns, values, rows; and how it is read back."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from importer.errors import InputError
from importer.proposing.answers import COLUMNS, ROWS, VALUES, Answers
from importer.proposing.fields import as_choice, fields_of, not_a_field, not_a_value, not_an_answer
from importer.proposing.proposal import JOINED, NOT_SENT, SECOND, Confidence
from importer.proposing.rows import SEND, SKIP
from importer.reading.xlsx import read_xlsx
from importer.text import clean, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from importer.model import Grid
    from importer.proposing.answers import Key
    from importer.proposing.proposal import Place, Proposal, Value

_PAGES: Final = {
    "Columns": {
        "Column": 8, "Header": 28, "Example": 20, "Example ": 20, "Example  ": 20, "Filled": 9, "Field": 26, "How sure": 10,
        "Why": 70,
    },
    "Values": {"Column": 28, "Field": 18, "Value": 28, "Rows": 8, "Becomes": 26, "How sure": 10},
    "Rows": {"About": 10, "What": 90, "Choices": 40, "Answer": 26, "Key": 10},
}  # fmt: skip
"""Sheet → heading → width."""
_ANSWERED: Final = {"Columns": "G", "Values": "E", "Rows": "D"}
"""The column in which a person writes."""
_FACTS: Final = "Source"
_ASKED = PatternFill("solid", fgColor="FFF2CC")
_HEAD = PatternFill("solid", fgColor="DDEBF7")
_MOST_LINES = 50_000
_SHOWN, _LONG = 6, 60
_EMPTY: Final = "this is not answered."
_AGAIN: Final = "Make the workbook again with `opscom-import map FILE --workbook`."

_Line: TypeAlias = "tuple[Sequence[str | int], Sequence[str], bool]"
"""The cells, what is to choose from, and whether it is asked."""


def _labels(proposal: Proposal) -> Iterator[tuple[Place, str]]:
    """Yield each column with the field that its cell says; empty where that is asked."""
    seen: set[str] = set()
    for place in proposal.places:
        field = place.field or NOT_SENT
        behind = SECOND if place.how == "first_of" else ""
        behind = JOINED if place.how == "join" and field in seen else behind
        yield place, "" if place.confidence is Confidence.ASK else field + behind
        seen.add(field)


def write_workbook(proposal: Proposal, path: Path) -> None:
    """Write a proposal as a workbook, readable by its owner alone.

    Raises:
        OSError: It cannot be written, because it is open in Excel, say.
    """
    book = Workbook()
    lists, facts = book.create_sheet("Lists"), book.create_sheet(_FACTS)
    pages = (_columns(proposal), _values(proposal), _rows(proposal))
    for at, ((name, widths), lines) in enumerate(zip(_PAGES.items(), pages, strict=True), 1):
        page = book.create_sheet(name, at)
        for column, (heading, width) in enumerate(widths.items(), 1):
            cell = page.cell(1, column, heading.strip())
            cell.font, cell.fill = Font(bold=True), _HEAD
            page.column_dimensions[get_column_letter(column)].width = width
        page.freeze_panes = "A2"
        _write(page, lines, lists)
    look, like = proposal.look, proposal.like
    told = [
        ("File", str(look.source.path.resolve())), ("Sheet", look.sheet.name or ""), ("Endpoint", proposal.endpoint),
        ("Mapping", str(like.resolve()) if like else ""),
        *(("Answer", json.dumps([*key, text])) for key, text in proposal.answers.given.items()),
    ]  # fmt: skip
    for row, texts in enumerate(told, 2):
        for column, text in enumerate(texts, 1):
            _put(facts, row, column, text)
    book["Rows"].column_dimensions["E"].hidden = True
    lists.sheet_state = facts.sheet_state = "hidden"
    book.remove(book.worksheets[0])
    book.active = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.touch(mode=0o600)
    book.save(partial)
    partial.replace(path)


def _columns(proposal: Proposal) -> Iterator[_Line]:
    fields = fields_of(proposal.endpoint)
    for place, said in _labels(proposal):
        profile = place.profile
        examples = ["(never shown)"] * 3 if place.secret else [*profile.examples, "", "", ""][:3]
        full = f"{profile.filled / max(1, profile.rows):.0%}"
        why = place.reason if said else f"{place.reason}. Is it {place.field}?"
        sure = place.confidence.value
        cells = (profile.column.letter, proposal.header(place), *examples, full, said, sure, why)
        yield cells, fields, not said


def _values(proposal: Proposal) -> Iterator[_Line]:
    asked = {question.key for question in proposal.questions}
    for v in proposal.values:
        cells = (v.column, v.field, v.value, v.rows, v.becomes or "", v.confidence.value)
        yield cells, v.choices, (VALUES, v.column, v.value) in asked


def _rows(proposal: Proposal) -> Iterator[_Line]:
    for skip in proposal.skips:
        said = f"{skip.why}; rows {_some(skip.rows)}"
        key = json.dumps([ROWS, skip.why], ensure_ascii=False)
        yield ("skipped", said, f"{SKIP}, {SEND}", SKIP, key), (SKIP, SEND), False
    for q in proposal.questions:
        if q.about != "column" and q.key[0] != VALUES:
            key = json.dumps(list(q.key), ensure_ascii=False)
            yield (q.about, q.text, _some(q.choices), q.proposal, key), q.choices, True


def _some(items: Iterable[object]) -> str:
    texts = [str(item) for item in items]
    return ", ".join(texts[:_SHOWN]) + ", …" * (len(texts) > _SHOWN)


def _write(page: Worksheet, lines: Iterable[_Line], lists: Worksheet) -> None:
    """Write the lines of a page, with a drop-down of what is to choose from; lists stand on their own sheet."""
    offered: dict[tuple[str, ...], DataValidation] = {}
    for row, (cells, choices, asked) in enumerate(lines, 2):
        for at, value in enumerate(cells, 1):
            _put(page, row, at, value)
        answer = page[f"{_ANSWERED[page.title]}{row}"]
        answer.number_format = "@"
        if asked:
            answer.fill = _ASKED
        key = tuple(choices)
        if key and key not in offered:
            column = lists.max_column + 1
            for at, choice in enumerate(choices, 1):
                _put(lists, at, column, choice)
            letter = get_column_letter(column)
            formula = f"Lists!${letter}$1:${letter}${len(choices)}"
            made = DataValidation(
                "list", formula1=formula, allow_blank=True, showErrorMessage=False
            )
            page.add_data_validation(made)
            offered[key] = made
        if key:
            offered[key].add(answer.coordinate)


def _put(page: Worksheet, row: int, column: int, value: str | int) -> None:
    cell = page.cell(row, column)
    if not isinstance(value, str):
        cell.value = value
        return
    cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)
    cell.data_type = "s"  # text that looks like a formula stays text
    cell.quotePrefix = value[:1] in {"=", "+", "-", "@"}
    wrapped = page.title != "Columns" and len(value) > _LONG
    cell.alignment = Alignment(wrap_text=wrapped, vertical="top")


@dataclass(frozen=True, slots=True)
class Filled:
    """A workbook of answers as a person saved it."""

    source: Path
    sheet: str
    endpoint: str
    mapping: str
    """The mapping that nearly fits; empty without one."""
    before: Answers
    """What had been said when it was written."""
    columns: tuple[tuple[str, str, str], ...]
    """(cell, header, field) from the top."""
    values: tuple[tuple[str, Key, str], ...]
    """(cell, key, becomes)."""
    rows: tuple[tuple[str, Key, str, bool], ...]
    """(cell, key, answer, whether it must be answered)."""

    @property
    def cells(self) -> dict[Key, str]:
        """Key of a question → the cell in which it is answered."""
        rows = {key: cell for cell, key, _, _ in self.rows}
        return rows | {key: cell for cell, key, _ in self.values}


def is_answers(path: Path) -> bool:
    """Return whether a file is such a workbook, by the names of its sheets; its cells are not read."""
    try:
        with zipfile.ZipFile(path) as package, package.open("xl/workbook.xml") as stream:
            start = stream.read(1 << 20)
    except Exception:  # noqa: BLE001 - what cannot be unpacked is no workbook of ours
        return False
    return all(f'name="{name}"'.encode() in start for name in (*_PAGES, _FACTS))


def read_workbook(path: Path) -> Filled:
    """Read a workbook of answers as a person saved it; of formulas the values count.

    Raises:
        InputError: It is damaged or too large, or what it is read by is gone.
    """
    grids = {
        sheet.name: sheet.read()
        for sheet in read_xlsx(path.read_bytes(), path)
        if sheet.name in {*_PAGES, _FACTS}
    }
    if _FACTS not in grids:
        raise InputError(f"{path.name}: the hidden sheet {_FACTS} is gone.", hint=_AGAIN)
    for page, grid in grids.items():
        if len(grid.rows) > _MOST_LINES:
            reason = f"the sheet {page} has more than {_MOST_LINES:,} rows, and none of ours has so many."
            raise InputError(f"{path.name}: {reason}", hint=_AGAIN)
    for page, names in _PAGES.items():
        head = _texts(grids[page], len(names))[:1] if page in grids else []
        if head != [(1, [name.strip() for name in names])]:
            reason = f"the sheet {page} does not have its headings in row 1 any more."
            raise InputError(f"{path.name}: {reason}", hint=_AGAIN)
    lines = {
        page: [
            (f"{page}!{_ANSWERED[page]}{row}", texts)
            for row, texts in _texts(grids[page], len(names))[1:]
        ]
        for page, names in _PAGES.items()
    }
    rows = []
    for cell, (about, _, _, answer, key) in lines["Rows"]:
        rows.append((cell, _key(path, key, f"Rows!E{cell[6:]}"), answer, about != "skipped"))
    facts = [(f"{_FACTS}!B{row}", *texts) for row, texts in _texts(grids[_FACTS], 2)]
    given = {name: text for _, name, text in facts}
    said = [_key(path, text, cell) for cell, name, text in facts if name == "Answer"]
    return Filled(
        Path(given.get("File", "")), given.get("Sheet", ""), given.get("Endpoint", ""), given.get("Mapping", ""),
        Answers({tuple(key): text for *key, text in said}),
        tuple((cell, row[1], row[6]) for cell, row in lines["Columns"]),
        tuple((cell, (VALUES, row[0], row[2]), row[4]) for cell, row in lines["Values"]),
        tuple(rows),
    )  # fmt: skip


def _key(path: Path, text: str, cell: str) -> Key:
    try:
        *first, last = map(str, json.loads(text))
    except (ValueError, TypeError, RecursionError):
        message = f"{path.name}, {cell}: this cell must not be changed."
        raise InputError(message, hint=_AGAIN) from None
    return (*first, last)


def _texts(grid: Grid, width: int) -> list[tuple[int, list[str]]]:
    """Return the number of each row with its first cells."""
    texts = [*(grid.frame[at] for at in grid.frame.columns[:width])]
    blank = [""] * (width - len(texts))
    rows = zip(grid.rows.tolist(), *texts, strict=True)
    return [(row, [*map(clean, cells), *blank]) for row, *cells in rows]


def answers_of(filled: Filled, proposal: Proposal, before: Answers) -> tuple[Answers, list[str]]:
    """Return what the workbook says, and each cell that says nothing or what cannot be.

    Args:
        filled: The workbook.
        proposal: What was proposed in it; what a person left as it was is no answer of theirs.
        before: What had been said before it.
    """
    given, faults = _of_columns(filled, proposal)
    asked = {question.key: question for question in proposal.questions}
    listed: dict[Key, Value] = {(VALUES, v.column, v.value): v for v in proposal.values}
    for cell, key, text in filled.values:
        value = listed.get(key)
        if value is None or text == (value.becomes or ""):
            continue
        said = as_choice(text, value.choices)
        fault = "" if said in value.choices else not_a_value(said, value.field, proposal.endpoint)
        fault = fault if said else _EMPTY
        faults += [f"{cell}: {fault}"] if fault else []
        given[key] = said
    for cell, key, text, must in filled.rows:
        question = asked.get(key)
        said = as_choice(text, question.choices) if question else text
        fault = not_an_answer(question, said, proposal.endpoint) if question and said else ""
        if must and not said:
            fault = _EMPTY
        elif said and (must or said == SEND):
            given[key] = said
        faults += [f"{cell}: {fault}"] if fault else []
    return Answers(given).over(before), faults


def _of_columns(filled: Filled, proposal: Proposal) -> tuple[dict[Key, str], list[str]]:
    """Return what the sheet Columns says beside what was proposed, and its faults."""
    faults: list[str] = []
    proposed: dict[str, list[str]] = {}
    for place, said in _labels(proposal):
        proposed.setdefault(fold(proposal.header(place)), []).append(said)
    taken: dict[str, str] = {}
    now: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    fields = fields_of(proposal.endpoint)
    for cell, header, text in filled.columns:
        said = as_choice(text, fields)
        names.setdefault(fold(header), header)
        now.setdefault(fold(header), []).append(said)
        fault = not_a_field(said, proposal.endpoint)
        if fold(header) not in proposed:
            fault = f'the file has no column "{header}".'
        elif not said:
            fault = f'"{header}" is not answered. Choose a field, or `{NOT_SENT}`.'
        elif not fault and said in taken and said != NOT_SENT and not said.endswith(")"):
            given = f"{said} is given by {taken[said]} already"
            fault = f"{given}. Choose `{NOT_SENT}`, or another field."
        faults += [f"{cell}: {fault}"] if fault else []
        taken.setdefault(said, cell)
    said_now: dict[Key, str] = {}
    for header, before in proposed.items():
        if header in now and now[header] != before:
            # Of a column that gave two fields the one that is left counts.
            left = [said for said in now[header] if said != NOT_SENT]
            said_now[COLUMNS, names[header]] = (left or [NOT_SENT])[0]
    return said_now, faults
