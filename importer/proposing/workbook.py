"""The proposal as a workbook that a person fills in with Excel: columns, values, rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from importer.proposing.answers import ROWS, VALUES
from importer.proposing.proposal import NOT_SENT, Confidence
from importer.proposing.rows import SEND, SKIP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from importer.proposing.proposal import Place, Proposal

JOINED, SECOND = " (joined)", " (second choice)"
_JOINABLE: Final = ("street", "last_name", "phone_cell")
_SECONDS: Final = ("email", "phone_cell", "student_phone", "employee_phone")
PAGES: Final = {
    "Columns": (
        "Column",
        "Header",
        "Example",
        "Example",
        "Example",
        "Filled",
        "Field",
        "How sure",
        "Why",
    ),
    "Values": ("Column", "Field", "Value", "Rows", "Becomes", "How sure"),
    "Rows": ("About", "What", "Choices", "Answer", "Key"),
}
_WIDTHS: Final = {
    "Columns": (8, 28, 20, 20, 20, 9, 26, 10, 70),
    "Values": (28, 18, 28, 8, 26, 10),
    "Rows": (10, 90, 40, 26, 10),
}
_ANSWERED: Final = {"Columns": 7, "Values": 5, "Rows": 4}
"""The column in which a person writes."""
FACTS: Final = "Source"
_ASKED = PatternFill("solid", fgColor="FFF2CC")
_HEAD = PatternFill("solid", fgColor="DDEBF7")
_SHOWN_CHOICES, _LONG = 6, 60


def choices_of_fields(names: Iterable[str]) -> tuple[str, ...]:
    """Return what a column may be: a field, a part of one, a second choice, or not sent."""
    made = [NOT_SENT]
    for name in names:
        made.append(name)
        made += [name + JOINED] if name in _JOINABLE else []
        made += [name + SECOND] if name in _SECONDS else []
    return tuple(made)


def label(place: Place, *, first: bool) -> str:
    """Return where a column goes, as a cell says it."""
    if place.field is None:
        return NOT_SENT
    if place.how == "join" and not first:
        return place.field + JOINED
    return place.field + (SECOND if place.how == "first_of" and not first else "")


def write_workbook(proposal: Proposal, path: Path) -> None:
    """Write a proposal as a workbook, readable by its owner alone.

    Raises:
        OSError: It cannot be written, because it is open in Excel, say.
    """
    from schemas import TABLES

    book = Workbook()
    lists = book.create_sheet("Lists")
    columns, values, rows = (
        book.worksheets[0],
        book.create_sheet("Values"),
        book.create_sheet("Rows"),
    )
    columns.title = "Columns"
    for page in (columns, values, rows):
        _head(page)
    fields = choices_of_fields(known.name for known in TABLES[proposal.endpoint].fields)
    seen: set[str] = set()
    for place in proposal.places:
        asked = place.confidence is Confidence.ASK
        said = "" if asked else label(place, first=place.field not in seen)
        seen.add(place.field or "")
        profile = place.profile
        examples = ["(never shown)"] * 3 if place.secret else [*profile.examples, "", "", ""][:3]
        why = place.reason if not asked else f"{place.reason}. Is it {place.field}?"
        full = f"{profile.filled / profile.rows:.0%}" if profile.rows else "0%"
        cells = (
            profile.column.letter,
            proposal.look.headers[profile.column.position],
            *examples,
            full,
            said,
            place.confidence.value,
            why,
        )
        _line(columns, cells, asked=asked, choices=fields, lists=lists)
    for value in proposal.values:
        asked = value.becomes is None and any(
            q.key == (VALUES, value.column, value.value) for q in proposal.questions
        )
        line = (
            value.column,
            value.field,
            value.value,
            value.rows,
            value.becomes or "",
            value.confidence.value,
        )
        _line(values, line, asked=asked, choices=value.choices, lists=lists)
    for skip in proposal.skips:
        said = f"{skip.why}; rows {', '.join(map(str, skip.rows[:8]))}{' …' if len(skip.rows) > 8 else ''}"  # noqa: PLR2004
        _line(
            rows,
            ("skipped", said, f"{SKIP}, {SEND}", SKIP, json.dumps([ROWS, skip.why])),
            asked=False,
            choices=(SKIP, SEND),
            lists=lists,
        )
    for question in proposal.questions:
        if question.about == "column" or question.key[0] == VALUES:
            continue
        offered = ", ".join(question.choices[:_SHOWN_CHOICES]) + (
            ", …" if len(question.choices) > _SHOWN_CHOICES else ""
        )
        key = json.dumps(list(question.key), ensure_ascii=False)
        _line(
            rows,
            (question.about, question.text, offered, question.proposal, key),
            asked=True,
            choices=question.choices,
            lists=lists,
        )
    facts = book.create_sheet(FACTS)
    for name, text in (
        ("File", str(proposal.look.source.path.resolve())), ("Sheet", proposal.look.only_sheet or ""), ("Endpoint", proposal.endpoint),
    ):  # fmt: skip
        facts.append([name, ""])
        _put(facts, facts.max_row, 2, text)
    rows.column_dimensions["E"].hidden = True
    lists.sheet_state = facts.sheet_state = "hidden"
    book.move_sheet("Lists", offset=4)
    book.active = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.touch(mode=0o600)
    book.save(partial)
    partial.replace(path)


def _head(page: Worksheet) -> None:
    for at, (name, width) in enumerate(zip(PAGES[page.title], _WIDTHS[page.title], strict=True), 1):
        cell = page.cell(1, at, name)
        cell.font, cell.fill = Font(bold=True), _HEAD
        page.column_dimensions[get_column_letter(at)].width = width
    page.freeze_panes = "A2"


def _line(
    page: Worksheet,
    cells: Sequence[str | int],
    *,
    asked: bool,
    choices: Sequence[str],
    lists: Worksheet,
) -> None:
    row = page.max_row + 1
    for at, value in enumerate(cells, 1):
        _put(page, row, at, value)
    answer = page.cell(row, _ANSWERED[page.title])
    answer.number_format = "@"
    if asked:
        answer.fill = _ASKED
    if choices:
        _offer(page, answer.coordinate, choices, lists)


def _put(page: Worksheet, row: int, column: int, value: str | int) -> None:
    cell = page.cell(row, column)
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)
        cell.data_type = "s"  # text that looks like a formula stays text
        cell.quotePrefix = value[:1] in {"=", "+", "-", "@"}
        cell.alignment = Alignment(
            wrap_text=page.title != "Columns" and len(value) > _LONG, vertical="top"
        )
    else:
        cell.value = value


def _offer(page: Worksheet, cell: str, choices: Sequence[str], lists: Worksheet) -> None:
    """Give a cell a drop-down; lists are kept on a sheet of their own, once each."""
    kept = {
        tuple(c.value for c in column if c.value is not None): column[0].column_letter
        for column in lists.columns
        if column[0].value
    }
    letter = kept.get(tuple(choices))
    if letter is None:
        letter = get_column_letter(len(kept) + 1)
        for at, choice in enumerate(choices, 1):
            lists[f"{letter}{at}"] = choice
            lists[f"{letter}{at}"].data_type = "s"
    formula = f"Lists!${letter}$1:${letter}${len(choices)}"
    same = next((v for v in page.data_validations.dataValidation if v.formula1 == formula), None)
    if same is None:
        same = DataValidation(
            type="list", formula1=formula, allow_blank=True, showErrorMessage=False
        )
        page.add_data_validation(same)
    same.add(cell)
