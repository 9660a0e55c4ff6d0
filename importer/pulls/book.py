"""Pages of cells → a workbook that only its owner can read, each page with filter and frozen header."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from importer.errors import InputError
from importer.pulls.cells import Cell, Record, cell
from importer.results.files import put_in_place
from importer.results.inert import sheet_name
from importer.results.stream import inert_book
from importer.results.styles import put
from importer.text import count

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from importer.results.styles import Styles

MOST_ROWS, MOST_COLUMNS = 1_048_575, 16_384
"""Rows below the header and columns of a worksheet (Excel's specifications and limits)."""
_SAMPLE = 300
"""Rows that the width of a column is taken from."""
_WIDEST, _NARROWEST = 60, 8
_FORMS = ("General", "0", "#,##0.00")
"""Of numbers, whole numbers and amounts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where, when and by whom something was asked."""

    host: str
    client: str
    person: str
    sandbox: bool
    when: dt.datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """What the sheet Summary tells of a pull."""

    title: str
    asked: Asked
    facts: tuple[tuple[str, str], ...] = ()
    """Name and value, a line each; those without a value are left out."""
    notes: tuple[str, ...] = ()
    """What a person should know, a sentence each."""
    banner: str = ""
    """The one thing to know first, where the call changed something in OPSCOM."""


@dataclass(slots=True)
class Page:
    """One worksheet: a header and rows of cells."""

    name: str
    headers: Sequence[str]
    rows: list[Sequence[Cell]] = field(default_factory=list)
    frozen: int = 1
    """Columns that stay in view."""
    money: frozenset[int] = frozenset()
    """Columns of amounts."""
    own: int | None = None
    """How many of the first columns are not the source's own; ``None`` for all."""


def page_of(
    name: str,
    records: Sequence[Record],
    first: Sequence[str] = (),
    *,
    frozen: int = 1,
    money: frozenset[str] = frozenset(),
) -> Page:
    """Lay flat records out: a row each, a column for every name, those of ``first`` in front.

    Args:
        name: Of the sheet.
        records: Flat (see ``cells.flat``).
        first: Names in the vendor's order.
        frozen: Columns that stay in view.
        money: Names whose values are amounts, also where they come as text.
    """
    named = dict.fromkeys(name for record in records for name in record)
    # Every name that occurs: those of ``first`` in their order, then by first appearance.
    headers = list(dict.fromkeys([n for n in first if n in named] + list(named))) or list(first)
    rows = [[cell(each.get(h), number=h in money) for h in headers] for each in records]
    amounts = frozenset(at for at, header in enumerate(headers) if header in money)
    return Page(name, headers, list(rows), frozen=frozen, money=amounts)


def write_book(path: Path, summary: Summary, pages: Sequence[Page]) -> Path:
    """Write a workbook, whole or not at all. Texts are inert whatever they look like.

    A single page stands before the summary, several after it. An older workbook of that name is kept
    beside the new one with its time in its name.

    Returns:
        The path really written: another one where the wanted file is open in a program.

    Raises:
        InputError: The workbook could not be written, or a page has more rows than a worksheet can
            hold; nothing was changed.
    """
    for page in pages:
        if len(page.rows) > MOST_ROWS or len(page.headers) > MOST_COLUMNS:
            raise InputError(
                f"{path}: {len(page.rows)} rows of {len(page.headers)} columns are more than a "
                "worksheet can hold.",
                hint="Take fewer at a time.",
            )
    return put_in_place(path, partial(_write, summary=summary, pages=pages))


def _write(file: BinaryIO, *, summary: Summary, pages: Sequence[Page]) -> None:
    from importer.results.styles import make_styles

    with inert_book(file, {"title": summary.title}) as book:
        styles = make_styles(book)
        forms = [book.add_format({"num_format": form, "valign": "top"}) for form in _FORMS]
        front = None if len(pages) == 1 else book.add_worksheet("Summary")
        names = ["summary", "history"]
        for page in pages:
            name = sheet_name(page.name, names)
            names.append(name.casefold())
            _write_page(book.add_worksheet(name), page, styles, forms)
        _write_summary(front or book.add_worksheet("Summary"), summary, pages, styles)


def _write_summary(
    sheet: Worksheet, summary: Summary, pages: Sequence[Page], styles: Styles
) -> None:
    from importer.results.styles import WIDTHS, A, B, C, F, Layout, height

    sheet.fit_to_pages(1, 0)
    asked, layout = summary.asked, Layout(sheet, styles)
    layout.across(summary.title, "title", size=18)
    if asked.sandbox:
        layout.across("Rehearsal: these are invented records of the sandbox.", "rehearsal", size=12)
    elif summary.banner:
        layout.across(summary.banner, "live", size=12)
    for note in summary.notes:
        layout.across(note, "stopped", size=12)
    layout.section("Facts")
    facts = (
        ("Asked", asked.when.isoformat(" ", "seconds")),
        ("Host", asked.host),
        ("Client code", asked.client),
        ("Person", asked.person),
        *summary.facts,
        *((page.name, count(len(page.rows), "row")) for page in pages),
    )
    for name, value in facts:
        if value:
            line = layout.next(height(value, sum(WIDTHS[C:])))
            layout.put(line, name, A, B, "label")
            layout.put(line, value, C, F, "fact")


def _write_page(sheet: Worksheet, page: Page, styles: Styles, forms: Sequence[Format]) -> None:
    general, whole, money = forms
    for column, header in enumerate(page.headers):
        longest = max((_width(row[column]) for row in page.rows[:_SAMPLE]), default=0)
        # Four more than the header, since the arrow of the filter stands over its end.
        width = min(max(longest + 2, len(header) + 4, _NARROWEST), _WIDEST)
        sheet.set_column(column, column, width)
        strange = page.own is not None and column >= page.own
        put(sheet, 0, column, header, styles["head unused"] if strange else styles["head ours"])
    sheet.freeze_panes(1, page.frozen)
    if page.headers:
        sheet.autofilter(0, 0, max(len(page.rows), 1), len(page.headers) - 1)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    # Green corners on every id ("number stored as text") would hide what matters.
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{len(page.rows) + 1}"})
    for line, row in enumerate(page.rows, start=1):
        for column, content in enumerate(row):
            if isinstance(content, str) and content:
                # A spreadsheet's own line break is one character; the other would show as a box.
                text = content.replace("\r\n", "\n")
                put(sheet, line, column, text, styles["long"] if "\n" in text else styles["text"])
            elif isinstance(content, bool):
                sheet.write_boolean(line, column, content, general)
            elif isinstance(content, int | float):
                plain = whole if isinstance(content, int) else general
                sheet.write_number(line, column, content, money if column in page.money else plain)


def _width(content: Cell) -> int:
    text = "" if content is None else str(content)
    return max(map(len, text.split("\n")))
