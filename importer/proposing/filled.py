"""A workbook of answers as a person saved it: read back, and held against what was proposed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import load_workbook

from importer.errors import InputError
from importer.proposing.answers import COLUMNS, VALUES, Answers
from importer.proposing.proposal import NOT_SENT, Confidence
from importer.proposing.rows import SEND
from importer.proposing.workbook import FACTS, PAGES, choices_of_fields, label
from importer.text import clean, fold, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpyxl.worksheet.worksheet import Worksheet

    from importer.proposing.answers import Key
    from importer.proposing.proposal import Proposal


@dataclass(frozen=True, slots=True)
class Filled:
    """A workbook of answers as a person saved it."""

    source: Path
    sheet: str | None
    endpoint: str
    columns: tuple[tuple[str, str, str], ...]
    """(cell, header, field) from the top."""
    values: tuple[tuple[str, str, str, str], ...]
    """(cell, header, value, becomes)."""
    rows: tuple[tuple[str, Key, str, bool], ...]
    """(cell, key, answer, whether it must be answered)."""


def is_answers(path: Path) -> bool:
    """Return whether a file is such a workbook, by its name and its sheets."""
    if path.suffix.casefold() != ".xlsx" or not path.is_file():
        return False
    try:
        book = load_workbook(path, read_only=True)
    except Exception:  # noqa: BLE001 - what openpyxl cannot read is no workbook of ours
        return False
    try:
        return {*PAGES, FACTS} <= set(book.sheetnames)
    finally:
        book.close()


def read_workbook(path: Path) -> Filled:
    """Read a workbook of answers as a person saved it.

    Raises:
        InputError: It cannot be read, or a sheet or heading of it is gone.
    """
    try:
        book = load_workbook(path)
    except Exception as error:
        raise InputError(f"{path.name} cannot be read.", hint="Save it as .xlsx again.") from error
    for page, names in PAGES.items():
        head = (
            [_text(cell.value) for cell in book[page][1]][: len(names)]
            if page in book.sheetnames
            else []
        )
        if tuple(head) != names:
            raise InputError(
                f"{path.name}: the sheet {page} has not its headings in row 1 any more.",
                hint="Make the workbook again with `opscom-import map FILE --workbook`.",
            )
    facts = {_text(row[0].value): _text(row[1].value) for row in book[FACTS].iter_rows(max_col=2)}
    columns = tuple((f"Columns!G{n}", c[1], c[6]) for n, c in _lines(book["Columns"]))
    values = tuple((f"Values!E{n}", c[0], c[2], c[4]) for n, c in _lines(book["Values"]))
    rows = []
    for n, cells in _lines(book["Rows"]):
        try:
            key = tuple(str(part) for part in json.loads(cells[4]))
        except (ValueError, TypeError):
            raise InputError(
                f"{path.name}, Rows!E{n}: this cell must not be changed.",
                hint="Make the workbook again.",
            ) from None
        rows.append((f"Rows!D{n}", key, cells[3], cells[0] != "skipped"))
    return Filled(
        Path(facts["File"]), facts["Sheet"] or None, facts["Endpoint"], columns, values, tuple(rows)
    )


def _lines(page: Worksheet) -> Iterator[tuple[int, list[str]]]:
    width = len(PAGES[page.title])
    for number, row in enumerate(page.iter_rows(min_row=2, max_col=width), 2):
        cells = [_text(cell.value) for cell in row]
        if any(cells):
            yield number, cells


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else clean(str(value))


def answers_of(filled: Filled, proposal: Proposal, older: Answers) -> tuple[Answers, list[str]]:
    """Return what the workbook says, and each cell that says nothing or what cannot be.

    Args:
        filled: The workbook.
        proposal: What was proposed; what a person left as it was is no answer of theirs.
        older: What the office said before.
    """
    answers, faults = _columns(filled, proposal, older)
    becomes = {(fold(v.column), fold(v.value)): v.becomes or "" for v in proposal.values}
    for header, value, said in ((header, value, said) for _, header, value, said in filled.values):
        if said and said != becomes.get((fold(header), fold(value)), ""):
            answers = answers.put((VALUES, header, value), said)
    for cell, key, said, asked in filled.rows:
        if asked and not said:
            faults.append(f"{cell}: this is not answered.")
        elif said and (asked or said == SEND):
            answers = answers.put(key, said)
    return answers, faults


def _columns(filled: Filled, proposal: Proposal, answers: Answers) -> tuple[Answers, list[str]]:
    """Return the answers with what the sheet Columns says, and its faults."""
    from schemas import TABLES

    faults: list[str] = []
    fields = choices_of_fields(known.name for known in TABLES[proposal.endpoint].fields)
    proposed = _proposed(proposal)
    taken: dict[str, str] = {}
    for cell, header, said in filled.columns:
        if header not in proposed:
            faults.append(f'{cell}: the file has no column "{header}".')
        elif not said:
            faults.append(f'{cell}: "{header}" is not answered. Choose a field, or `{NOT_SENT}`.')
        elif said not in fields:
            near = nearest(said, fields)
            faults.append(
                f"{cell}: OPSCOM has no field {said}." + (f" Did you mean {near}?" if near else "")
            )
        elif said != NOT_SENT and said in taken and not said.endswith(")"):
            faults.append(
                f"{cell}: {said} is given by {taken[said]} already. Choose `{NOT_SENT}`, or another field."
            )
        taken.setdefault(said, cell)
    for header, before in proposed.items():
        now = [said for _, each, said in filled.columns if each == header]
        if now and now != before:
            # Of a column that gave two fields the one that is left counts.
            fields_left = [said for said in now if said != NOT_SENT]
            answers = answers.put((COLUMNS, header), (fields_left or [NOT_SENT])[0])
    return answers, faults


def _proposed(proposal: Proposal) -> dict[str, list[str]]:
    """Return header → what its cells said when the workbook was written."""
    labels: dict[str, list[str]] = {}
    seen: set[str] = set()
    for place in proposal.places:
        said = (
            ""
            if place.confidence is Confidence.ASK
            else label(place, first=place.field not in seen)
        )
        labels.setdefault(proposal.look.headers[place.profile.column.position], []).append(said)
        seen.add(place.field or "")
    return labels
