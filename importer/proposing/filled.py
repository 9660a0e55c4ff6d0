"""A workbook of answers as a person saved it: read back, and held against what was proposed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import load_workbook

from importer.errors import InputError
from importer.proposing.answers import COLUMNS, VALUES, Answers
from importer.proposing.fields import as_choice, fields_of, not_a_field, not_a_value, not_an_answer
from importer.proposing.proposal import NOT_SENT
from importer.proposing.rows import SEND
from importer.proposing.workbook import ANSWERED, FACTS, PAGES, labels
from importer.text import clean, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpyxl.worksheet.worksheet import Worksheet

    from importer.proposing.answers import Key
    from importer.proposing.proposal import Proposal, Value


_EMPTY = "this is not answered."


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
    """Return whether a file is such a workbook, by its name and its sheets."""
    if path.suffix.casefold() != ".xlsx" or not path.is_file():
        return False
    try:
        book = load_workbook(path, read_only=True)
    except Exception:  # noqa: BLE001 - what openpyxl cannot read is no workbook of ours
        return False
    book.close()
    return {*PAGES, FACTS} <= set(book.sheetnames)


def read_workbook(path: Path) -> Filled:
    """Read a workbook of answers as a person saved it.

    Raises:
        InputError: It cannot be read, or a sheet or heading of it is gone.
    """
    book = load_workbook(path)
    for page, names in PAGES.items():
        head = [_text(cell.value) for cell in book[page][1]][: len(names)]
        if head != [name.strip() for name in names]:
            raise InputError(
                f"{path.name}: the sheet {page} does not have its headings in row 1 any more.",
                hint="Make the workbook again with `opscom-import map FILE --workbook`.",
            )
    facts = [(_text(a.value), _text(b.value)) for a, b in book[FACTS].iter_rows(max_col=2)]
    given = dict(facts)
    said = [json.loads(text) for name, text in facts if name == "Answer"]
    columns = tuple((cell, row[1], row[6]) for cell, row in _lines(book["Columns"]))
    values = tuple((cell, (VALUES, row[0], row[2]), row[4]) for cell, row in _lines(book["Values"]))
    rows = []
    for cell, row in _lines(book["Rows"]):
        try:
            key = tuple(map(str, json.loads(row[4])))
        except (ValueError, TypeError):
            raise InputError(
                f"{path.name}, Rows!E{cell[6:]}: this cell must not be changed.",
                hint="Make the workbook again with `opscom-import map FILE --workbook`.",
            ) from None
        rows.append((cell, key, row[3], row[0] != "skipped"))
    return Filled(
        Path(given["File"]), given["Sheet"], given["Endpoint"], given["Mapping"],
        Answers({tuple(key): text for *key, text in said}), columns, values, tuple(rows),
    )  # fmt: skip


def _lines(page: Worksheet) -> Iterator[tuple[str, list[str]]]:
    """Yield the cell of each answer with the texts of its row."""
    width, answered = len(PAGES[page.title]), ANSWERED[page.title]
    for row in page.iter_rows(min_row=2, max_col=width):
        cells = [_text(cell.value) for cell in row]
        if any(cells):
            yield f"{page.title}!{row[answered - 1].coordinate}", cells


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # A date that Excel made of an answer is written as a mapping reads it.
    return "" if value is None else clean(str(value).removesuffix(" 00:00:00"))


def answers_of(filled: Filled, proposal: Proposal, before: Answers) -> tuple[Answers, list[str]]:
    """Return what the workbook says, and each cell that says nothing or what cannot be.

    Args:
        filled: The workbook.
        proposal: What was proposed in it; what a person left as it was is no answer of theirs.
        before: What had been said before it.
    """
    answers, faults = _columns(filled, proposal, before)
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
        answers = answers.put(key, said)
    for cell, key, text, must in filled.rows:
        question = asked.get(key)
        said = as_choice(text, question.choices) if question else text
        fault = not_an_answer(question, said, proposal.endpoint) if question and said else ""
        if must and not said:
            fault = _EMPTY
        elif said and (must or said == SEND):
            answers = answers.put(key, said)
        faults += [f"{cell}: {fault}"] if fault else []
    return answers, faults


def _columns(filled: Filled, proposal: Proposal, answers: Answers) -> tuple[Answers, list[str]]:
    """Return the answers with what the sheet Columns says, and its faults."""
    faults: list[str] = []
    proposed: dict[str, list[str]] = {}
    for place, said in labels(proposal):
        proposed.setdefault(fold(proposal.header(place)), []).append(said)
    taken: dict[str, str] = {}
    fields = fields_of(proposal.endpoint)
    columns = [(cell, header, as_choice(text, fields)) for cell, header, text in filled.columns]
    for cell, header, said in columns:
        fault = not_a_field(said, proposal.endpoint)
        if fold(header) not in proposed:
            faults.append(f'{cell}: the file has no column "{header}".')
        elif not said:
            faults.append(f'{cell}: "{header}" is not answered. Choose a field, or `{NOT_SENT}`.')
        elif fault:
            faults.append(f"{cell}: {fault}")
        elif said in taken and said != NOT_SENT and not said.endswith(")"):
            given = f"{said} is given by {taken[said]} already"
            faults.append(f"{cell}: {given}. Choose `{NOT_SENT}`, or another field.")
        taken.setdefault(said, cell)
    for header, before in proposed.items():
        now = [(name, said) for _, name, said in columns if fold(name) == header]
        if now and [said for _, said in now] != before:
            # Of a column that gave two fields the one that is left counts.
            left = [said for _, said in now if said != NOT_SENT]
            answers = answers.put((COLUMNS, now[0][0]), (left or [NOT_SENT])[0])
    return answers, faults
