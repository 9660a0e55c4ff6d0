"""The sheet of a source: six columns of ours, then the source's own; and of a check what would be sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.model import RESULT_COLUMNS, UNCORRECTED, Outcome, Problem, Severity, State
from importer.results.inert import given_back, hold, hold_all, sheet_name, with_mark
from importer.results.parts import needs_answer
from importer.results.styles import height, put, set_print
from importer.results.words import (
    COLUMN_NOTES,
    header_note,
    outcome_note,
    problem_note,
    row_codes,
    row_message,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xlsxwriter import Workbook

    from importer.model import Batch
    from importer.results.parts import Context, Page, Tally
    from importer.results.stream import LineSheet
    from importer.results.styles import Style, Styles

MOST_COMMENTS = 10_000
"""Comments of a workbook. Spreadsheet programs take minutes to open a file with many more."""
_CHUNK = 2_000
"""Rows taken from the frame at a time."""
_MONEY = "amount"
"""The one field that is sent as stored and not as shown; money has no other in OPSCOM's tables."""
_SAMPLE = 300
"""Rows that the widths of columns are taken from."""
_WIDEST, _NARROWEST = 44, 8
_MESSAGE_WIDTH = 64
_WIDEST_PAGE = 240
"""Characters side by side that can still be read on a sheet of paper; more go on a second."""
_TALLEST_HEADER = 80
_TALLEST = 200
"""Height of a row in points; longer messages are read in the line above the sheet."""
_LONGEST_NOTE = 2_000
_STATUS, _REFERENCE, _CODE, _MESSAGE, _ANSWER, _ROW = range(len(RESULT_COLUMNS))
_NO_MARKS: Mapping[int, Style] = {}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of which more is to be said than its state."""

    line: int
    outcome: Outcome
    problems: Sequence[Problem]
    earlier: str


def write_page(sheet: LineSheet, page: Page, context: Context) -> None:
    """Write one page, top to bottom.

    Args:
        sheet: An empty worksheet of a workbook in constant memory, which takes rows in order only.
        page: What stands on it.
        context: What all sheets share; its tally is added to.
    """
    widths = _source_widths(page)
    _set_up(sheet, page, context, widths)
    _write_header(sheet, page, context.styles, widths)
    part, styles = page.part, context.styles
    problems, outcomes, earlier = part.problems(), part.outcomes, part.earlier
    rows, added = part.sheet.rows.tolist(), part.sheet.added
    statuses = {state: (_STATUS, state.value, style) for state, style in styles.states.items()}
    sheet.set_lines(len(page.columns), _ROW, styles.number, styles.text)
    for position, values in enumerate(_source_rows(page, context.tally), page.start):
        line, outcome = page.line(position), outcomes[position]
        own, marks = [statuses[outcome.state]], _NO_MARKS
        if outcome.reference_id:
            own.append((_REFERENCE, hold(outcome.reference_id), styles.text))
        found, said = problems.get(position, ()), earlier.get(position, "")
        if found or said or outcome.message or outcome.code or needs_answer(outcome):
            row = _Row(line, outcome, found, said)
            own += _said(sheet, page, row, context)
            marks = _mark(sheet, page, row, context)
        number = None if position in added else rows[position]
        sheet.write_line(line, own, number, values, marks)
    _offer_answers(sheet, page)


def _set_up(sheet: LineSheet, page: Page, context: Context, source_widths: Sequence[int]) -> None:
    """Set widths, freeze, filter and print settings; cells left blank take what is typed as text."""
    styles = context.styles
    widths = [*_our_widths(page), *source_widths]
    for column, width in enumerate(widths):
        default = styles.number if column == _ROW else styles.text.plain
        sheet.set_column(column, column, width, default)
    sheet.freeze_panes(1, _REFERENCE + 1)
    lines = page.stop - page.start
    sheet.autofilter(0, 0, max(lines, 1), len(widths) - 1)
    pages = -(-sum(widths) // _WIDEST_PAGE)
    if pages > 1:
        sheet.repeat_columns(_STATUS)
        sheet.print_across()
    set_print(sheet, context.about, wide=pages)
    sheet.repeat_rows(0)
    sheet.set_comments_author("opscom-import")
    # Green corners on every id ("number stored as text") would hide the marks that matter.
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{lines + 1}"})


def _write_header(sheet: LineSheet, page: Page, styles: Styles, widths: Sequence[int]) -> None:
    """Write the first row, with a comment on where each column goes."""
    columns = zip(page.columns, widths, strict=True)
    tall = max((height(column.header, width - 4) for column, width in columns), default=0)
    sheet.set_row(0, min(max(24, tall), _TALLEST_HEADER))
    for column, name in enumerate(RESULT_COLUMNS):
        put(sheet, 0, column, name, styles.head_ours)
        _comment(sheet, 0, column, COLUMN_NOTES[name])
    origins = page.part.checked.batch.origins
    for source in page.columns:
        fields = [name for name, columns in origins.items() if source.position in columns]
        column = page.places[source.position]
        style = styles.head_used if fields else styles.head_unused
        put(sheet, 0, column, source.header, style)
        _comment(sheet, 0, column, header_note(fields))


def _source_rows(page: Page, tally: Tally) -> Iterator[Sequence[str]]:
    """Yield the source cells row by row, as a workbook can hold them."""
    frame = page.part.sheet.frame
    positions = [column.position for column in page.columns]
    uncorrected = page.part.uncorrected()
    origins = page.part.checked.batch.origins
    used = {column for columns in origins.values() for column in columns}
    money = {column for column in origins.get(_MONEY, ()) if page.part.sheet.stored.get(column)}
    for start in range(page.start, page.stop, _CHUNK):
        chunk = frame.iloc[start : min(start + _CHUNK, page.stop)]
        columns = []
        for position in positions:
            cells = chunk.iloc[:, position].tolist()
            held, replaced, cut = hold_all(cells)
            tally.replaced += replaced
            tally.cut += cut
            if (replaced or cut) and position in used:
                # Given back as it is, it must not be sent for what the file holds.
                pairs = zip(held, cells, strict=True)
                held = [text if text == cell else with_mark(text) for text, cell in pairs]
            if position in money:
                stored = page.part.sheet.stored[position]
                for at, shown in enumerate(held):
                    if shown and (number := stored.get(start + at)):
                        held[at] = given_back(shown, number)
            for place in uncorrected.get(position, ()):
                if 0 <= place - start < len(held):
                    held[place - start] = with_mark(held[place - start])
            columns.append(held)
        # Without columns there are rows all the same.
        yield from zip(*columns, strict=True) if columns else ((),) * len(chunk)


def _said(
    sheet: LineSheet, page: Page, row: _Row, context: Context
) -> Iterator[tuple[int, str, Style]]:
    """Yield what is said of a row: codes, message, the place for an answer; set the row's height."""
    styles, source = context.styles, page.part.sheet
    if codes := row_codes(row.outcome, row.problems):
        yield _CODE, hold(codes), styles.text
    code = context.code(row.outcome)
    if message := row_message(row.outcome, code, row.problems, source, row.earlier):
        yield _MESSAGE, hold(message), styles.long
        # Programs do not fit the height of rows to wrapped text when they open a file.
        sheet.set_row(row.line, min(height(message, _MESSAGE_WIDTH), _TALLEST))
    if needs_answer(row.outcome):
        yield _ANSWER, row.outcome.answer, styles.answer


def _mark(sheet: LineSheet, page: Page, row: _Row, context: Context) -> Mapping[int, Style]:
    """Write the comments of a row and return how its source cells are marked, by column."""
    marks: dict[int, Style] = {}
    for column, (style, text) in _notes(page, row, context).items():
        # The status keeps the colour of its state.
        if column != _STATUS:
            marks[column] = style
        if context.tally.comments < MOST_COMMENTS:
            _comment(sheet, row.line, column, text)
            context.tally.comments += 1
        else:
            context.tally.bare += 1
    return marks


def _notes(page: Page, row: _Row, context: Context) -> Mapping[int, tuple[Style, str]]:
    """Return how each column of the row is to be marked, and the text of its comment."""
    marks = context.styles.marks
    notes: dict[int, tuple[Style, str]] = {}
    position = row.line - 1 + page.start
    about = [page.places[at] for at in page.refused(position)]
    if row.outcome.state is State.REJECTED:
        text = outcome_note(context.about, row.outcome, context.code(row.outcome))
        for column in (_STATUS, *about):
            notes[column] = (context.styles.refused, text)
    elif about:
        notes = dict.fromkeys(about, (marks[Severity.ERROR], row.outcome.message))
    for problem in row.problems:
        for column in page.marked(problem):
            style, text = marks[problem.severity], problem_note(problem)
            if column in notes:
                before, said = notes[column]
                style = style if before is marks[Severity.WARNING] else before
                text = said if text in said.split("\n\n") else f"{said}\n\n{text}"
            notes[column] = (style, text)
    return notes


def _comment(sheet: LineSheet, line: int, column: int, text: str) -> None:
    """Write a comment in a box that shows the whole of it."""
    text = hold(text)
    if len(text) > _LONGEST_NOTE:
        text = text[:_LONGEST_NOTE] + "…"
    lines = sum(-(-len(piece) // 44) or 1 for piece in text.split("\n"))
    size = {"width": 280, "height": 18 + 15 * lines, "font_size": 9}
    sheet.write_comment(line, column, text, size)


_INPUT = {
    "yes": (
        "Is this record in OPSCOM?",
        "yes: it is there. no: it is not, send it. Or type its id.",
    ),
    "new": ("A second permit?", "new: yes, create this one as well."),
    "update": (
        "Change the permit?",
        "update: change the permit that is there to what this row says.",
    ),
}
"""The title and the text of the box beside a cell that offers an answer."""


def _offer_answers(sheet: LineSheet, page: Page) -> None:
    """Offer the possible answers as a list on the rows that need one; others may be typed."""
    wanted: dict[tuple[str, ...], list[list[int]]] = {}
    for position in range(page.start, page.stop):
        if answers := needs_answer(page.part.outcomes[position]):
            line, runs = page.line(position), wanted.setdefault(answers, [])
            if runs and runs[-1][2] == line - 1:
                runs[-1][2] = line
            else:
                runs.append([line, _ANSWER, line, _ANSWER])
    for answers, runs in wanted.items():
        title, message = next(_INPUT[each] for each in ("yes", "new", "update") if each in answers)
        if answers == ("new", "update"):
            message = f"{message} {_INPUT['update'][1]}"
        rule = {
            "validate": "list",
            "source": list(answers),
            "show_error": False,
            "input_title": title,
            "input_message": message,
        }
        for start in range(0, len(runs), 100):
            some = runs[start : start + 100]
            sheet.data_validation(*some[0], {**rule, "other_cells": some[1:]})


def _our_widths(page: Page) -> list[int]:
    """Return the widths of the first six columns, in characters."""
    outcomes = page.part.outcomes[page.start : page.stop]
    ids = max((len(outcome.reference_id) for outcome in outcomes), default=0)
    told = page.part.checked.problems or page.part.earlier
    said = told or any(outcome.message or outcome.code for outcome in outcomes)
    message = _MESSAGE_WIDTH if said else 20
    return [16, min(max(22, ids + 2), 40), 20, message, 17, 14]


def _source_widths(page: Page) -> list[int]:
    """Return the widths of the source columns, from their headers and their first rows."""
    frame = page.part.sheet.frame.iloc[page.start : min(page.start + _SAMPLE, page.stop)]
    uncorrected = page.part.uncorrected()
    widths = []
    for column in page.columns:
        longest = max(map(len, frame.iloc[:, column.position].tolist()), default=0)
        if column.position in uncorrected:
            longest += len(UNCORRECTED) + 1
        # Four more than the header, since the arrow of the filter stands over its end.
        widths.append(min(max(longest + 2, len(column.header) + 4, _NARROWEST), _WIDEST))
    return widths


PAYLOADS = "Would be sent"
_WIDEST_FIELD, _NARROWEST_FIELD = 60, 10


def add_payload_sheets(book: Workbook, pages: Sequence[Page]) -> list[tuple[LineSheet, Page]]:
    """Add an empty sheet for each page that has rows to be sent, named after it where there are several."""
    ready = [page for page in pages if _ready(page)]
    taken = {sheet.name.casefold() for sheet in book.worksheets()} | {"history"}
    sheets = []
    for page in ready:
        name = sheet_name(PAYLOADS if len(pages) == 1 else f"{PAYLOADS}, {page.name}", taken)
        taken.add(name.casefold())
        sheets.append((book.add_worksheet(name), page))
    return sheets


def write_payloads(sheet: LineSheet, page: Page, context: Context) -> None:
    """Write the rows that a push would send: their row in the source, then a column for each field.

    A blank cell is a field that is left out of the request or, where the mapping says
    ``blanks: send``, one that is sent blank. The token is added when a row is sent and is nowhere.

    Args:
        sheet: An empty worksheet of a workbook in constant memory.
        page: The rows.
        context: What all sheets share; its tally is not added to, since these are the same texts again.
    """
    styles, batch = context.styles, page.part.checked.batch
    names = list(batch.frame.columns)
    positions = _ready(page)
    sample = batch.frame.iloc[positions[:_SAMPLE]]
    sheet.set_column(0, 0, 14, styles.number)
    for column, name in enumerate(names, 1):
        longest = max(map(len, sample[name].tolist()), default=0)
        width = min(max(longest + 2, len(name) + 4, _NARROWEST_FIELD), _WIDEST_FIELD)
        sheet.set_column(column, column, width, styles.text.plain)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(positions), 1), len(names))
    set_print(sheet, context.about)
    sheet.repeat_rows(0)
    sheet.set_comments_author("opscom-import")
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{len(positions) + 1}"})
    sheet.set_row(0, 24)
    put(sheet, 0, 0, RESULT_COLUMNS[-1], styles.head_ours)
    sheet.write_comment(0, 0, "The row in the source file.", {"font_size": 9})
    for column, name in enumerate(names, 1):
        put(sheet, 0, column, name, styles.head_used)
        sheet.write_comment(0, column, _origin(batch, name), {"font_size": 9})
    sheet.set_lines(len(names), 0, styles.number, styles.text)
    rows, added = page.part.sheet.rows, page.part.sheet.added
    for line, (position, values) in enumerate(
        zip(positions, _values(batch, positions), strict=True), 1
    ):
        number = None if position in added else int(rows[position])
        sheet.write_line(line, (), number, values, {})


def _ready(page: Page) -> list[int]:
    outcomes = page.part.outcomes
    return [at for at in range(page.start, page.stop) if outcomes[at].state is State.READY]


def _values(batch: Batch, positions: Sequence[int]) -> Iterator[Sequence[str]]:
    for start in range(0, len(positions), _CHUNK):
        chunk = batch.frame.iloc[list(positions[start : start + _CHUNK])]
        columns = [hold_all(chunk[name].tolist())[0] for name in chunk.columns]
        yield from zip(*columns, strict=True) if columns else ((),) * len(chunk)


def _origin(batch: Batch, name: str) -> str:
    """Return where a field comes from, as the comment of its header says."""
    columns = [batch.sheet.columns[at].header for at in batch.origins.get(name, ())]
    if not columns:
        return "The same for all rows: the mapping says so."
    return f"From {' and '.join(columns)}."
