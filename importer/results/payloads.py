"""The sheet of a checked workbook that shows what a push would send, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.model import RESULT_COLUMNS, State
from importer.results.inert import hold_all, sheet_name
from importer.results.styles import put, set_print

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlsxwriter import Workbook

    from importer.model import Batch
    from importer.results.parts import Context, Page
    from importer.results.stream import LineSheet

NAME = "Would be sent"
ROW = RESULT_COLUMNS[-1]
"""The first header of such a sheet. Where the workbook comes back, its rows are no input."""
_CHUNK = 2_000
_SAMPLE = 300
_WIDEST, _NARROWEST = 60, 10


def add_payload_sheets(book: Workbook, pages: Sequence[Page]) -> list[tuple[LineSheet, Page]]:
    """Add an empty sheet for each page that has rows to be sent, named after it where there are several."""
    ready = [page for page in pages if _ready(page)]
    taken = {sheet.name.casefold() for sheet in book.worksheets()} | {"history"}
    sheets = []
    for page in ready:
        name = sheet_name(NAME if len(pages) == 1 else f"{NAME}, {page.name}", taken)
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
        width = min(max(longest + 2, len(name) + 4, _NARROWEST), _WIDEST)
        sheet.set_column(column, column, width, styles.text.plain)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(positions), 1), len(names))
    set_print(sheet, context.about)
    sheet.repeat_rows(0)
    sheet.set_comments_author("opscom-import")
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{len(positions) + 1}"})
    sheet.set_row(0, 24)
    put(sheet, 0, 0, ROW, styles.head_ours)
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
