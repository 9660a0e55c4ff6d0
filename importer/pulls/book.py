"""Pages of typed cells → a workbook: Summary first, then each page with filter and frozen header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from importer.errors import InputError
from importer.pulls.tables import Form, Value
from importer.results.files import put_in_place
from importer.results.inert import LIVE, hold, sheet_name
from importer.results.stream import inert_book
from importer.results.styles import put

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from importer.pulls.tables import Cell, Link, Page
    from importer.results.styles import Style, Styles

MOST_ROWS, MOST_COLUMNS = 1_048_575, 16_384
"""Rows below the header and columns of a worksheet (Excel's specifications and limits)."""
MOST_LINKS = 60_000
"""Links that one worksheet may have; Excel takes 65,530 and drops the others when it opens."""
_SAMPLE = 300
_WIDEST, _NARROWEST = 60, 8
_MOMENT_WIDTH = {Form.DATE: 12, Form.TIME: 20, Form.UTC: 25}


@dataclass(frozen=True, slots=True)
class Facts:
    """What Summary tells of a pull."""

    title: str
    banner: str
    """The one thing to know first; empty for none."""
    changed: bool
    """Whether the call changed something in the real OPSCOM."""
    facts: tuple[tuple[str, str], ...]
    """Name and value, a line each."""
    notes: tuple[str, ...] = ()
    """What a person should know, a sentence each."""


@dataclass(frozen=True, slots=True)
class _Kit:
    """All formats of a workbook."""

    styles: Styles
    forms: dict[Form, Format]
    linked: dict[Form, Format]
    plain_link: Style


def write_book(path: Path, facts: Facts, pages: Sequence[Page]) -> Path:
    """Write a workbook that only its owner can read, whole or not at all.

    Texts are inert whatever they look like. An older workbook of that name is kept beside the new one
    with its time in its name.

    Args:
        path: The wanted name.
        facts: What Summary tells.
        pages: In their order; links lead to pages by name.

    Returns:
        The path really written: another one where the wanted file is open in a program.

    Raises:
        InputError: The workbook could not be written, or a page has more rows than a worksheet can
            hold; nothing was changed.
    """
    from xlsxwriter.exceptions import XlsxWriterException

    for page in pages:
        if len(page.rows) > MOST_ROWS or len(page.headers) > MOST_COLUMNS:
            raise InputError(
                f"{path}: {len(page.rows)} rows of {len(page.headers)} columns are more than a "
                "worksheet can hold.",
                hint="Take fewer at a time.",
            )
    try:
        return put_in_place(path, partial(_write, facts=facts, pages=pages))
    except XlsxWriterException as error:
        # It wraps what the system says of a full disk.
        cause = error.args[0] if error.args else error
        reason = cause.strerror if isinstance(cause, OSError) else cause
        raise InputError(
            f"{path}: this workbook could not be written: {reason}.",
            hint="Make room on the disk or name another folder with --results.",
        ) from error


def _write(file: BinaryIO, *, facts: Facts, pages: Sequence[Page]) -> None:

    with inert_book(file, {"title": facts.title}) as book:
        context, taken = _make_kit(book), {"summary", "history"}
        names: dict[str, str] = {}
        summary = book.add_worksheet("Summary")
        for page in pages:
            names[page.name] = sheet_name(page.name, taken)
            taken.add(names[page.name].casefold())
        sheets = [book.add_worksheet(names[page.name]) for page in pages]
        _write_summary(summary, facts, pages, names, context)
        for sheet, page in zip(sheets, pages, strict=True):
            _write_page(sheet, page, names, context)


def _make_kit(book: Workbook) -> _Kit:
    from importer.results.styles import Style, make_styles

    link = {"font_color": "#0B5CAD", "underline": 1, "valign": "top"}
    text = {**link, "num_format": 49}
    return _Kit(
        make_styles(book),
        {form: book.add_format({"num_format": form.value, "valign": "top"}) for form in Form},
        {form: book.add_format({**link, "num_format": form.value}) for form in Form},
        Style(book.add_format(text), book.add_format({**text, "quote_prefix": True})),
    )


def _write_summary(
    sheet: Worksheet, facts: Facts, pages: Sequence[Page], names: dict[str, str], context: _Kit
) -> None:
    from importer.results.layout import WIDTHS, A, B, C, F, Layout, height

    styles, rest = context.styles, sum(WIDTHS[C:])
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(1)
    sheet.fit_to_pages(1, 0)
    layout = Layout(sheet, styles)
    layout.across(facts.title, styles.title, size=18)
    if facts.banner:
        layout.across(facts.banner, styles.live if facts.changed else styles.rehearsal, size=12)
    for note in facts.notes:
        layout.across(note, styles.stopped, size=12)
    layout.section("Facts")
    for name, value in facts.facts:
        line = layout.next(height(value, rest))
        layout.merge(line, A, B, name, styles.label)
        layout.merge(line, C, F, value, styles.fact)
    layout.section("Sheets")
    for page in pages:
        line = layout.next()
        target, name = _target(names[page.name], 0, 0), names[page.name]
        sheet.write_url(line, A, target, context.plain_link.of(name), name)
        sheet.write_number(line, B, len(page.rows), styles.count)


def _write_page(sheet: Worksheet, page: Page, names: dict[str, str], context: _Kit) -> None:
    _set_up(sheet, page)
    styles = context.styles
    sheet.set_row(0, 24)
    for column, header in enumerate(page.headers):
        strange = page.own is not None and column >= page.own
        put(sheet, 0, column, header, styles.head_unused if strange else styles.head_ours)
    links = 0
    by_column = [_look_of(page, column, styles) for column in range(len(page.headers))]
    for position, row in enumerate(page.rows):
        for column, content in enumerate(row):
            if content is None or content == "":
                continue
            link = page.links.get((position, column))
            if link is not None and links < MOST_LINKS:
                links += 1
                _write_link(sheet, position + 1, column, content, (link, names, context))
            else:
                _write_cell(
                    sheet, position + 1, column, content, (by_column[column], context.forms)
                )


def _look_of(page: Page, column: int, styles: Styles) -> Style:
    from importer.model import Severity

    if column in page.marked:
        return styles.marks[Severity.ERROR]
    return styles.long if column in page.long else styles.text


def _write_cell(
    sheet: Worksheet,
    line: int,
    column: int,
    content: Cell,
    styles: tuple[Style, dict[Form, Format]],
) -> None:
    style, forms = styles
    match content:
        case Value(value=datetime() as value, form=form):
            sheet.write_datetime(line, column, value, forms[form])
        case Value(value=value, form=form):
            sheet.write_number(line, column, value, forms[form])
        case bool():
            sheet.write_boolean(line, column, content, forms[Form.NUMBER])
        case str():
            # A spreadsheet's own line break is one character; the other would show as a box.
            text = content.replace("\r\n", "\n")
            if text[0] in LIVE or text[0] == "<":
                put(sheet, line, column, text, style)
            else:
                sheet.write_string(line, column, hold(text), style.plain)
        case None:
            return


def _write_link(
    sheet: Worksheet,
    line: int,
    column: int,
    content: Cell,
    about: tuple[Link, dict[str, str], _Kit],
) -> None:
    """Write a cell that leads to another page and still is a number where it is one."""
    link, names, context = about
    target = _target(names[link.page], link.position + 1, 0)
    style = context.plain_link
    text = content if isinstance(content, str) else ""
    sheet.write_url(line, column, target, style.of(text), hold(text) or "-")
    if not isinstance(content, str):
        _write_cell(sheet, line, column, content, (style, context.linked))


def _target(name: str, row: int, column: int) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    quoted = name.replace("'", "''")
    return f"internal:'{quoted}'!{xl_rowcol_to_cell(row, column)}"


def _set_up(sheet: Worksheet, page: Page) -> None:
    """Set widths, freeze, filter and print settings."""
    for column, width in enumerate(_widths(page)):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, page.frozen)
    if page.headers:
        sheet.autofilter(0, 0, max(len(page.rows), 1), len(page.headers) - 1)
    sheet.set_landscape()
    sheet.set_paper(1)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&RPage &P of &N")
    # Green corners on every id ("number stored as text") would hide what matters.
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{len(page.rows) + 1}"})


def _widths(page: Page) -> list[int]:
    """Return the widths of the columns, from their headers and first rows."""
    widths = []
    for column, header in enumerate(page.headers):
        longest = max((_width(row[column]) for row in page.rows[:_SAMPLE]), default=0)
        # Four more than the header, since the arrow of the filter stands over its end.
        widths.append(min(max(longest + 2, len(header) + 4, _NARROWEST), _WIDEST))
    return widths


def _width(content: Cell) -> int:
    if isinstance(content, Value):
        return _MOMENT_WIDTH.get(content.form, len(f"{content.value}"))
    return max(map(len, content.split("\n"))) if isinstance(content, str) and content else 5
