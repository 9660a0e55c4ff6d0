"""The proposal as a workbook that a person fills in with Excel: columns, values, rows; and how it is read back."""

import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from importer.errors import InputError
from importer.files import move, write_draft
from importer.model import Grid
from importer.proposing.answers import (
    COLUMNS,
    JOINED,
    NOT_SENT,
    ROWS,
    SECOND,
    VALUES,
    Answers,
    Key,
    Question,
    fields_of,
)
from importer.proposing.proposal import RIVAL, Confidence, Proposal
from importer.proposing.rows import SEND, SKIP
from importer.reading.xlsx import read_xlsx
from importer.text import clean

_PAGES: Final = {
    "Columns": {
        "Column": 8, "Header": 28, "Example": 20, "Example ": 20, "Example  ": 20, "Filled": 9, "Field": 26, "How sure": 10,
        "Why": 70, "Key": 10,
    },
    "Values": {"Column": 28, "Field": 18, "Value": 28, "Rows": 8, "Becomes": 26, "How sure": 10, "Key": 10},
    "Rows": {"About": 10, "What": 90, "Choices": 40, "Answer": 26, "Key": 10},
}  # fmt: skip
"""Sheet → heading → width; the key, hidden, tells what a line is about."""
_ANSWERED: Final = {"Columns": 6, "Values": 4, "Rows": 3}
"""The column in which a person writes, from 0."""
_LISTS: Final = "Lists"
_FACTS: Final = "Source"
_ASKED = PatternFill("solid", fgColor="FFF2CC")
_HEAD = PatternFill("solid", fgColor="DDEBF7")
_SHOWN, _LONG = 6, 60
_AGAIN: Final = "Make the workbook again with `opscom-import map FILE --workbook`."


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a page: the cells before the key, and the question that its answer answers."""

    cells: tuple[str | int, ...]
    question: Question
    """What is proposed stands in the cell."""
    asked: bool


def _lines(proposal: Proposal) -> dict[str, list[_Line]]:
    fields, asked = fields_of(proposal.endpoint), {q.key: q for q in proposal.questions}
    columns, values, rows = [], [], []
    seen: set[str] = set()
    for place in proposal.places:
        profile, header, field = place.profile, proposal.look.header(place), place.field or NOT_SENT
        said = field + (SECOND if place.how == "first_of" else "")
        said += JOINED if place.how == "join" and field in seen else ""
        seen.add(field)
        open_ = place.confidence is Confidence.ASK
        said, why = ("", f"{place.reason}. Is it {field}?") if open_ else (said, place.reason)
        examples = ["(never shown)"] * 3 if place.secret else [*profile.examples, "", "", ""][:3]
        full = f"{profile.filled / max(1, profile.rows):.0%}"
        letter, sure = profile.column.letter, place.confidence.value
        text = f"Choose a field, or `{NOT_SENT}`."
        choices = (NOT_SENT,) if place.secret else fields
        question = Question("column", (COLUMNS, header), text, choices, said)
        cells = (letter, header, *examples, full, said, sure, why)
        columns.append(_Line(cells, question, asked=open_))
    for v in proposal.values:
        key, becomes = (VALUES, v.column, v.value), v.becomes or ""
        free = Question("value", key, "", v.choices, becomes, field=v.field, free=True)
        filled = (v.column, v.field, v.value, v.rows, becomes, v.confidence.value)
        values.append(_Line(filled, asked.get(key, free), asked=key in asked))
    for skip in proposal.skips:
        text, choices = f"{skip.why}; rows {_some(skip.rows)}", (SKIP, SEND)
        question = Question("row", (ROWS, skip.why), text, choices, SKIP)
        rows.append(_Line(("skipped", text, ", ".join(choices), SKIP), question, asked=False))
    rows += [
        _Line((q.about, q.text, _some(q.choices), q.proposal), q, asked=True)
        for q in proposal.questions
        if q.about != "column" and q.key[0] != VALUES
    ]
    return dict(zip(_PAGES, (columns, values, rows), strict=True))


def _some(items: Iterable[object]) -> str:
    texts = [str(item) for item in items]
    return ", ".join(texts[:_SHOWN]) + ", …" * (len(texts) > _SHOWN)


def write_workbook(proposal: Proposal, path: Path) -> None:
    """Write a proposal as a workbook, readable by its owner alone.

    Raises:
        OSError: It cannot be written, because it is open in Excel, say.
    """
    book = Workbook()
    lists, facts = book.create_sheet(_LISTS), book.create_sheet(_FACTS)
    for at, (name, lines) in enumerate(_lines(proposal).items(), 1):
        page = book.create_sheet(name, at)
        for column, (heading, width) in enumerate(_PAGES[name].items(), 1):
            cell = page.cell(1, column, heading.strip())
            cell.font, cell.fill = Font(bold=True), _HEAD
            page.column_dimensions[cell.column_letter].width = width
            page.column_dimensions[cell.column_letter].hidden = heading == "Key"
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
    lists.sheet_state = facts.sheet_state = "hidden"
    book.remove(book.worksheets[0])
    book.active = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    move(write_draft(path, book.save), path)


def _write(page: Worksheet, lines: Iterable[_Line], lists: Worksheet) -> None:
    """Write the lines of a page, with a drop-down of what is to choose from; lists stand on their own sheet."""
    offered: dict[tuple[str, ...], DataValidation] = {}
    for row, line in enumerate(lines, 2):
        name = json.dumps(line.question.key, ensure_ascii=False)
        for at, value in enumerate((*line.cells, name), 1):
            _put(page, row, at, value)
        answer = page.cell(row, _ANSWERED[page.title] + 1)
        answer.number_format = "@"
        if line.asked:
            answer.fill = _ASKED
        choices = line.question.choices
        if choices and choices not in offered:
            column = lists.max_column + 1
            for at, choice in enumerate(choices, 1):
                _put(lists, at, column, choice)
            letter = get_column_letter(column)
            cells = f"Lists!${letter}$1:${letter}${len(choices)}"
            offered[choices] = DataValidation("list", formula1=cells, allow_blank=True)
            page.add_data_validation(offered[choices])
        if choices:
            offered[choices].add(answer.coordinate)


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
    lines: tuple[tuple[str, Key, str], ...]
    """(cell, key, answer) from the top."""


def is_answers(path: Path) -> bool:
    """Return whether a file is such a workbook, by the names of its sheets; its cells are not read."""
    try:
        with zipfile.ZipFile(path) as package, package.open("xl/workbook.xml") as stream:
            start = stream.read(1 << 20)
    except Exception:  # noqa: BLE001 - what cannot be unpacked is no workbook of ours
        return False
    there = [name for name in (*_PAGES, _LISTS, _FACTS) if f'name="{name}"'.encode() in start]
    return len(there) > len(_PAGES) and {_LISTS, _FACTS} <= set(there)


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
    lines = []
    for page, names in _PAGES.items():
        rows = _texts(grids[page], len(names)) if page in grids else []
        if rows[:1] != [(1, [name.strip() for name in names])]:
            reason = f"the sheet {page} does not have its headings in row 1 any more."
            raise InputError(f"{path.name}: {reason}", hint=_AGAIN)
        answered, last = _ANSWERED[page], get_column_letter(len(names))
        for row, texts in rows[1:]:
            cell = f"{page}!{get_column_letter(answered + 1)}{row}"
            lines.append((cell, _key(path, texts[-1], f"{page}!{last}{row}"), texts[answered]))
    facts = [(f"{_FACTS}!B{row}", *texts) for row, texts in _texts(grids[_FACTS], 2)]
    given = {name: text for _, name, text in facts}
    said = [_key(path, text, cell) for cell, name, text in facts if name == "Answer"]
    return Filled(
        Path(given.get("File", "")), given.get("Sheet", ""), given.get("Endpoint", ""), given.get("Mapping", ""),
        Answers({tuple(key): text for *key, text in said}), tuple(lines),
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


def _fault(line: _Line, answer: str, endpoint: str) -> str:
    """Return what is wrong with an answer by itself; empty for nothing."""
    question = line.question
    if answer and answer != question.proposal:
        return question.refusal(answer, endpoint)
    # Whether a value is still asked is known once all is answered.
    lacks = not answer and (question.proposal or (line.asked and question.key[0] != VALUES))
    return f"this is not answered. {question.text}".strip() if lacks else ""


def answers_of(
    filled: Filled, proposal: Proposal, before: Answers
) -> tuple[Answers, dict[str, str]]:
    """Return what the workbook says, and cell → what is wrong with it.

    Args:
        filled: The workbook.
        proposal: What was proposed in it; what a person left as it was is no answer of theirs.
        before: What had been said before it.
    """
    lines: dict[Key, list[_Line]] = {}
    for line in chain(*_lines(proposal).values()):
        lines.setdefault(line.question.key, []).append(line)
    said: dict[Key, list[str]] = {}
    faults: dict[str, str] = {}
    taken: dict[str, str] = {}
    for cell, key, text in filled.lines:
        now = said.setdefault(key, [])
        if len(now) >= len(lines.get(key, ())):
            continue
        line = lines[key][len(now)]
        question = line.question
        answer = question.choice(text) if text != question.proposal else text
        fault = _fault(line, answer, proposal.endpoint)
        if key[0] == COLUMNS and answer in taken:
            ways = [f"`{way}`" for way in (NOT_SENT, answer + SECOND) if way in question.choices]
            choose = f"Choose {', '.join(ways)}, or another field."
            fault = f"{answer} is given by {taken[answer]} already. {choose}"
        if answer not in {"", NOT_SENT} and answer[-1] != ")":
            taken.setdefault(answer, cell)
        now.append(question.proposal if fault else answer)
        if fault:
            faults[cell] = fault
    answers: dict[Key, str] = {}
    for key, now in said.items():
        proposed = lines.get(key, ())
        asked = any(line.asked for line in proposed)
        if now != [line.question.proposal for line in proposed] or (asked and any(now)):
            # Of a column that gave two fields the one that is left counts.
            answers[key] = next((each for each in now if each != NOT_SENT), NOT_SENT)
    # Columns that gave way to one that is declined now stay out, as a person saw them.
    rivals = (place for place in proposal.places if place.reason.startswith(RIVAL))
    out: dict[Key, str] = {(COLUMNS, proposal.look.header(each)): NOT_SENT for each in rivals}
    out = out if NOT_SENT in answers.values() else {}
    said_now = {key: text for key, text in answers.items() if text}
    return Answers(out | said_now).over(before), faults
