"""The sheet of a source: six columns of ours, then the source's own; and of a check what would be sent."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from xlsxwriter import Workbook

from importer.model import RESULT_COLUMNS, UNCORRECTED, Severity, State
from importer.results import words
from importer.results.inert import given_back, hold, hold_all, sheet_name, with_mark
from importer.results.parts import Page, answers_to
from importer.results.stream import Line, LineSheet
from importer.results.styles import (
    Context,
    Head,
    Style,
    begin_table,
    comment,
    fit,
    height,
    set_print,
)
from schemas import TABLES

MOST_COMMENTS = 10_000
"""Comments of a workbook. Spreadsheet programs take minutes to open a file with many more."""
_CHUNK = 2_000
"""Rows taken from the frame at a time."""
_MONEY = "amount"
"""The one field that is sent as stored and not as shown; money has no other in OPSCOM's tables."""
_SAMPLE = 300
"""Rows that the widths of columns are taken from."""
_WIDEST = 44
_MESSAGE_WIDTH, _NARROW_MESSAGE = 64, 40
_WIDEST_PAGE = 240
"""Characters side by side that can still be read on a sheet of paper; more go on a second."""
_WIDEST_KEY = 170
"""The same of what is repeated on each sheet of paper."""
_TALLEST = 200
"""Height of a row in points; longer messages are read in the line above the sheet."""
_STATUS, _REFERENCE, _CODE, _MESSAGE, _ANSWER, _ROW = range(len(RESULT_COLUMNS))
_NO_MARKS: Mapping[int, Style] = {}


def write_page(sheet: LineSheet, page: Page, context: Context) -> None:
    """Write one page, top to bottom, since a worksheet in constant memory takes rows in order only."""
    styles, origins = context.styles, page.checked.batch.origins
    heads = []
    for column in page.columns:
        fields = [name for name, columns in origins.items() if column.position in columns]
        look = "head used" if fields else "head unused"
        more = len(UNCORRECTED) + 1 if column.position in page.uncorrected else 0
        cells = page.sheet.frame[column.position].iloc[:_SAMPLE].tolist()
        width = fit(column.header, cells, _WIDEST, more)
        heads.append(Head(column.header, look, width, words.header_note(fields)))
    ours = _our_widths(page, wide=sum(head.width for head in heads) > _WIDEST_PAGE // 2)
    notes = zip(words.COLUMN_NOTES.items(), ours, strict=True)
    heads = [*(Head(name, "head ours", width, note) for (name, note), width in notes), *heads]
    _begin(sheet, heads, _ROW, len(page.outcomes), context)
    sheet.freeze_panes(1, _REFERENCE + 1)
    _print_beside_key(sheet, page, [head.width for head in heads], context)
    statuses = {state: (_STATUS, state.value, styles[state]) for state in State}
    rows, added = page.sheet.rows.tolist(), page.sheet.added
    for start in range(0, len(rows), _CHUNK):
        lines = []
        for position in range(start, min(start + _CHUNK, len(rows))):
            outcome = page.outcomes[position]
            own, marks = [statuses[outcome.state]], _NO_MARKS
            if outcome.reference_id:
                own.append((_REFERENCE, hold(outcome.reference_id), styles["text"]))
            told = position in page.problems or position in page.earlier or position in page.news
            if told or outcome.message or outcome.code or answers_to(outcome):
                own += _said(sheet, page, position, context, ours[_MESSAGE])
                marks = _mark(sheet, page, position, context)
            lines.append(Line(own, None if position in added else rows[position], marks))
        sheet.write_lines(start + 1, lines, _source_columns(page, start, context))
    _offer_answers(sheet, page)


def _begin(
    sheet: LineSheet, heads: Sequence[Head], number: int, rows: int, context: Context
) -> None:
    """Write the header; behind the column ``number``, that of row numbers, the texts of the source begin."""
    styles = context.styles
    begin_table(sheet, heads, rows, styles, number)
    sheet.set_lines(len(heads) - number - 1, number, styles["number"].plain, styles["text"])


def _print_beside_key(
    sheet: LineSheet, page: Page, widths: Sequence[float], context: Context
) -> None:
    """Set how the sheet is printed: a wide one goes on beside the states and the key of its rows."""
    papers, across = 1, sum(widths)
    if across > _WIDEST_PAGE:
        names, origins = TABLES[page.checked.batch.endpoint].told_by, page.checked.batch.origins
        keys = [page.places.get(at, 0) for name in names for at in origins.get(name, ())]
        last = min(keys, default=_STATUS)
        last = last if sum(widths[: last + 1]) <= _WIDEST_KEY else _STATUS
        sheet.repeat_columns(_STATUS, last)
        sheet.print_across()
        papers += math.ceil((across - _WIDEST_PAGE) / (_WIDEST_PAGE - sum(widths[: last + 1])))
    set_print(sheet, context.about, wide=papers)


def _source_columns(page: Page, start: int, context: Context) -> list[list[str]]:
    """Return the texts of a piece of the sheet, column by column, from this position on."""
    stored, columns = page.sheet.stored, []
    money = {column for column in page.checked.batch.origins.get(_MONEY, ()) if column in stored}
    chunk = page.sheet.frame.iloc[start : start + _CHUNK]
    for position in (column.position for column in page.columns):
        cells = chunk.iloc[:, position].tolist()
        held, cut = hold_all(cells)
        context.cut += cut
        if cut and position in page.used:
            # Given back as it is, it must not be sent for what the file holds.
            pairs = zip(held, cells, strict=True)
            held = [text if text == cell else with_mark(text) for text, cell in pairs]
        if position in money:
            for at, shown in enumerate(held):
                if shown and (number := stored[position].get(start + at)):
                    held[at] = given_back(shown, number)
        for place in page.uncorrected.get(position, ()):
            if 0 <= place - start < len(held):
                held[place - start] = with_mark(held[place - start])
        columns.append(held)
    return columns


def _said(
    sheet: LineSheet, page: Page, position: int, context: Context, width: int
) -> Iterator[tuple[int, str, Style]]:
    """Yield what is said of a row: codes, message, the place for an answer; set the row's height."""
    styles, outcome = context.styles, page.outcomes[position]
    problems = page.problems.get(position, ())
    if codes := words.row_codes(outcome, problems):
        yield _CODE, hold(codes), styles["long"]
    earlier = page.earlier.get(position, "")
    news = words.news_lines(page, position)
    if message := words.row_message(outcome, problems, page.sheet, earlier, news):
        yield _MESSAGE, hold(message), styles["long"]
        # Programs do not fit the height of rows to wrapped text when they open a file.
        sheet.set_row(position + 1, min(height(message, width), _TALLEST))
    if answers_to(outcome):
        yield _ANSWER, outcome.answer, styles["answer"]


def _mark(sheet: LineSheet, page: Page, position: int, context: Context) -> Mapping[int, Style]:
    """Write the comments of a row and return how its source cells are marked, by column."""
    styles, outcome = context.styles, page.outcomes[position]
    notes: dict[int, tuple[Style, str]] = {}
    about = [page.places[at] for at in page.refused(position)]
    if outcome.state is State.REJECTED:
        text = words.outcome_note(context.about, outcome)
        notes = dict.fromkeys((_STATUS, *about), (styles["refused"], text))
    elif about:
        notes = dict.fromkeys(about, (styles[Severity.ERROR], outcome.message))
    for problem in page.problems.get(position, ()):
        for column in page.marked(problem):
            style, text = styles[problem.severity], words.problem_note(problem)
            if column in notes:
                before, said = notes[column]
                style = style if before is styles[Severity.WARNING] else before
                text = said if text in said.split("\n\n") else f"{said}\n\n{text}"
            notes[column] = (style, text)
    for column, (_, text) in notes.items():
        if context.comments < MOST_COMMENTS:
            comment(sheet, position + 1, column, text)
            context.comments += 1
        else:
            context.bare += 1
    # The status keeps the colour of its state.
    return {column: style for column, (style, _) in notes.items() if column != _STATUS}


def _offer_answers(sheet: LineSheet, page: Page) -> None:
    """Offer the possible answers as a list on the rows that need one; others may be typed."""
    # A word that a person wrote already is offered no others.
    offers = (() if outcome.answer else answers_to(outcome) for outcome in page.outcomes)
    for answers, group in groupby(enumerate(offers, 1), lambda each: each[1]):
        lines = [line for line, _ in group]
        if answers:
            rule = {"validate": "list", "source": list(answers), "show_error": False}
            sheet.data_validation(lines[0], _ANSWER, lines[-1], _ANSWER, rule)


def _our_widths(page: Page, *, wide: bool) -> list[int]:
    """Return the widths of the first six columns, in characters; ``wide`` where the source is."""
    ids = max((len(outcome.reference_id) for outcome in page.outcomes), default=0)
    said = page.problems or page.earlier or any(map(any, page.news.values()))
    if said or any(outcome.message or outcome.code for outcome in page.outcomes):
        message = _NARROW_MESSAGE if wide else _MESSAGE_WIDTH
    else:
        message = 20
    return [16, min(max(22, ids + 2), 40), 20, message, 17, 14]


PAYLOADS = "Would be sent"
_CONSTANT = "The same for all rows: the mapping says so."


def write_payloads(book: Workbook, pages: Sequence[Page], context: Context) -> None:
    """Write the rows that a push would send on sheets of their own, one for each page that has such rows.

    They have their row in the source, then a column for each field. A blank cell is a field that is left out of
    the request or, where the mapping says ``blanks: send``, one that is sent blank. The token is added when a row
    is sent and is nowhere. What cannot be held is not counted, since these are the same texts again.
    """
    taken = {sheet.name.casefold() for sheet in book.worksheets()} | {"history"}
    for page in pages:
        ready = [at for at, one in enumerate(page.outcomes) if one.state is State.READY]
        if ready:
            name = PAYLOADS if len(pages) == 1 else f"{PAYLOADS}, {page.name}"
            name = sheet_name(name, taken)
            taken.add(name.casefold())
            _write_ready(book.add_worksheet(name), page, ready, context)


def _write_ready(sheet: LineSheet, page: Page, ready: Sequence[int], context: Context) -> None:
    batch, source = page.checked.batch, page.checked.batch.sheet.columns
    frame = batch.frame.iloc[list(ready)]
    names = list(frame.columns)
    heads = [Head(RESULT_COLUMNS[_ROW], "head ours", 14, "The row in the source file.")]
    for name in names:
        headers = [source[at].header for at in batch.origins.get(name, ())]
        note = f"From {' and '.join(headers)}." if headers else _CONSTANT
        width = fit(name, frame[name].iloc[:_SAMPLE].tolist(), _WIDEST)
        heads.append(Head(name, "head used", width, note))
    _begin(sheet, heads, 0, len(ready), context)
    sheet.freeze_panes(1, 1)
    set_print(sheet, context.about)
    rows, added = page.sheet.rows.tolist(), page.sheet.added
    for start in range(0, len(ready), _CHUNK):
        numbers = (None if at in added else rows[at] for at in ready[start : start + _CHUNK])
        chunk = frame.iloc[start : start + _CHUNK]
        columns = [hold_all(chunk[name].tolist())[0] for name in names]
        sheet.write_lines(start + 1, [Line((), number, _NO_MARKS) for number in numbers], columns)
