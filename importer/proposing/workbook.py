"""The proposal as a workbook that a person fills in with Excel: columns, values, rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeAlias

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from importer.proposing.answers import ROWS, VALUES
from importer.proposing.fields import fields_of
from importer.proposing.proposal import JOINED, NOT_SENT, SECOND, Confidence
from importer.proposing.rows import SEND, SKIP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from importer.proposing.proposal import Place, Proposal

PAGES: Final = {
    "Columns": {
        "Column": 8, "Header": 28, "Example": 20, "Example ": 20, "Example  ": 20, "Filled": 9, "Field": 26, "How sure": 10,
        "Why": 70,
    },
    "Values": {"Column": 28, "Field": 18, "Value": 28, "Rows": 8, "Becomes": 26, "How sure": 10},
    "Rows": {"About": 10, "What": 90, "Choices": 40, "Answer": 26, "Key": 10},
}  # fmt: skip
"""Sheet → heading → width."""
ANSWERED: Final = {"Columns": 7, "Values": 5, "Rows": 4}
"""The column in which a person writes."""
FACTS: Final = "Source"
_ASKED = PatternFill("solid", fgColor="FFF2CC")
_HEAD = PatternFill("solid", fgColor="DDEBF7")
_SHOWN, _LONG = 6, 60

_Line: TypeAlias = "tuple[Sequence[str | int], Sequence[str], bool]"
"""The cells, what is to choose from, and whether it is asked."""


def labels(proposal: Proposal) -> Iterator[tuple[Place, str]]:
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
    lists = book.create_sheet("Lists")
    pages = (_columns(proposal), _values(proposal), _rows(proposal))
    for (name, widths), lines in zip(PAGES.items(), pages, strict=True):
        page = book.create_sheet(name)
        for at, (heading, width) in enumerate(widths.items(), 1):
            cell = page.cell(1, at, heading.strip())
            cell.font, cell.fill = Font(bold=True), _HEAD
            page.column_dimensions[get_column_letter(at)].width = width
        page.freeze_panes = "A2"
        for line in lines:
            _write(page, line, lists)
    look = proposal.look
    facts = book.create_sheet(FACTS)
    said = [json.dumps([*key, text]) for key, text in proposal.answers.given.items()]
    for name, text in (
        ("File", str(look.source.path.resolve())), ("Sheet", look.sheet.name or ""), ("Endpoint", proposal.endpoint),
        ("Mapping", str(proposal.like.resolve()) if proposal.like else ""),
        *(("Answer", each) for each in said),
    ):  # fmt: skip
        row = facts.max_row + 1
        _put(facts, row, 1, name)
        _put(facts, row, 2, text)
    book["Rows"].column_dimensions["E"].hidden = True
    lists.sheet_state = facts.sheet_state = "hidden"
    book.remove(book.worksheets[0])
    book.move_sheet(lists, offset=4)
    book.active = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.touch(mode=0o600)
    book.save(partial)
    partial.replace(path)


def _columns(proposal: Proposal) -> Iterator[_Line]:
    fields = fields_of(proposal.endpoint)
    for place, said in labels(proposal):
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


def _write(page: Worksheet, line: _Line, lists: Worksheet) -> None:
    cells, choices, asked = line
    row = page.max_row + 1
    for at, value in enumerate(cells, 1):
        _put(page, row, at, value)
    answer = page.cell(row, ANSWERED[page.title])
    answer.number_format = "@"
    if asked:
        answer.fill = _ASKED
    if choices:
        _offer(page, answer.coordinate, choices, lists)


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


def _offer(page: Worksheet, cell: str, choices: Sequence[str], lists: Worksheet) -> None:
    """Give a cell a drop-down; lists are kept on a sheet of their own, once each."""
    kept = [[cell.value for cell in column if cell.value] for column in lists.columns]
    kept = [texts for texts in kept if texts]
    if list(choices) not in kept:
        kept.append(list(choices))
        for at, choice in enumerate(choices, 1):
            _put(lists, at, len(kept), choice)
    letter = get_column_letter(kept.index(list(choices)) + 1)
    formula = f"Lists!${letter}$1:${letter}${len(choices)}"
    same = next((v for v in page.data_validations.dataValidation if v.formula1 == formula), None)
    if same is None:
        same = DataValidation("list", formula1=formula, allow_blank=True, showErrorMessage=False)
        page.add_data_validation(same)
    same.add(cell)
