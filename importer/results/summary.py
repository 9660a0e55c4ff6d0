"""The first sheet: what happened, what needs a person, what to do, within a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.causes import causes_of
from importer.model import RECORD
from importer.results.groups import group_problems, skipped_rows, urgent_rows
from importer.results.pages import MOST_COMMENTS
from importer.results.parts import count_edited, count_outdated, count_states, needs_answer
from importer.results.styles import (
    FILLS,
    WIDTHS,
    A,
    B,
    C,
    D,
    E,
    F,
    Layout,
    height,
    highest,
    put,
    set_print,
)
from importer.results.words import (
    change_mapping,
    compared_with,
    differences,
    headline,
    meaning,
    next_steps,
    row_message,
)
from importer.text import count, spans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from importer.causes import Cause
    from importer.model import State
    from importer.results.parts import About, Context, Page, Part, Tally

_MOST_REASONS = 300
"""Reasons listed for a person; the filter of the sheet shows the other rows."""
_LONGEST = 400
"""Characters of a message in the list."""


def write_summary(
    book: Workbook, sheet: Worksheet, pages: Sequence[Page], context: Context
) -> None:
    """Write the sheet, top to bottom.

    Args:
        book: The workbook, for the chart.
        sheet: Its first worksheet, still empty.
        pages: The sheets of the sources, already written.
        context: What all sheets share; the tally is that of the finished pages.
    """
    about, parts = context.about, [page.part for page in pages if page.start == 0]
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    sheet.hide_gridlines(2)
    set_print(sheet, about)
    layout = Layout(sheet, context.styles)
    counts, edited, outdated = count_states(parts), count_edited(parts), count_outdated(parts)
    _write_head(layout, about, headline(about, counts, edited, outdated))
    undecided = sum("new" in needs_answer(one) for part in parts for one in part.outcomes)
    layout.section("What to do")
    causes = causes_of([part.checked for part in parts])
    by_mapping = list(dict.fromkeys(c.column or c.field or "" for c in causes if c.by_mapping))
    steps = change_mapping(by_mapping) + next_steps(about, counts, undecided, edited, outdated)
    for number, step in enumerate(steps, 1):
        layout.across(f"{number}.  {step}", context.styles.fact)
    _write_problems(layout, pages, causes, context)
    _write_urgent(layout, pages, context)
    _write_notes(layout, pages, context)
    _write_states(layout, book, about, counts)
    _write_against(layout, about)
    _write_skipped(layout, parts)
    _write_record(layout, about, parts)
    sheet.print_area(0, 0, layout.line, F)


def _write_head(layout: Layout, about: About, outcome: str) -> None:
    """Write the outcome, and where it took place, so that nobody takes one system for another."""
    styles = layout.styles
    layout.across(outcome, styles.title, size=18)
    place = about.host or "no host set"
    if about.client:
        place += f", client {about.client}"
    if about.sandbox:
        nothing = "nothing was sent" if about.command == "check" else "nothing reached OPSCOM"
        layout.across(f"  SANDBOX, a rehearsal: {nothing}.", styles.rehearsal, size=13)
    elif about.command == "check":
        layout.across(
            f"  CHECK ONLY: nothing was sent. A push goes to {place}.", styles.dry, size=13
        )
    else:
        layout.across(f"  LIVE SYSTEM: {place}", styles.live, size=13)
    if about.stopped:
        text = f"  The run stopped before its end. {about.stopped}"
        layout.across(text, styles.stopped, size=13)


def _write_states(
    layout: Layout, book: Workbook, about: About, counts: Mapping[State, int]
) -> None:
    """Write the rows by state, with their sum, and the same as a chart beside it."""
    sheet, styles = layout.sheet, layout.styles
    layout.section("What became of the rows")
    anchor = layout.line
    line = layout.next()
    put(sheet, line, A, "State", styles.table_head)
    put(sheet, line, B, "Rows", styles.count_head)
    layout.merge(line, C, D, "Meaning", styles.table_head)
    first = layout.line
    for state, number in counts.items():
        text = meaning(about, state)
        line = layout.next(height(text, WIDTHS[C] + WIDTHS[D]))
        put(sheet, line, A, state.value, styles.chips[state])
        sheet.write_number(line, B, number, styles.count)
        layout.merge(line, C, D, text, styles.cell)
    last = layout.line - 1
    line = layout.next()
    put(sheet, line, A, "all rows", styles.total_label)
    sheet.write_number(line, B, sum(counts.values()), styles.total)
    if counts:
        _insert_chart(sheet, book, counts, anchor, (first, last))


def _insert_chart(
    sheet: Worksheet,
    book: Workbook,
    counts: Mapping[State, int],
    anchor: int,
    lines: tuple[int, int],
) -> None:
    """Put a bar chart of the rows by state on the right of the table it is drawn from."""
    first, last = lines
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "Rows",
            "categories": [sheet.name, first, A, last, A],
            "values": [sheet.name, first, B, last, B],
            # In constant memory the cells cannot be read back; viewers that do not calculate show these.
            "categories_data": [state.value for state in counts],
            "values_data": list(counts.values()),
            "points": [{"fill": {"color": FILLS[state][2]}} for state in counts],
            "data_labels": {"value": True, "num_format": "#,##0", "font": {"bold": True}},
            "gap": 45,
        }
    )
    chart.set_title({"name": "Rows by state", "name_font": {"size": 12, "bold": True}})
    chart.set_legend({"none": True})
    # XlsxWriter's y axis of a bar chart is the one that stands upright, with the states.
    chart.set_y_axis({"reverse": True, "line": {"color": "#B0B7C3"}, "major_tick_mark": "none"})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
    chart.set_chartarea({"border": {"color": "#D0D5DD"}})
    pixels = (WIDTHS[E] + WIDTHS[F]) * 7 - 16
    chart.set_size({"width": pixels, "height": max(210, 80 + 36 * len(counts))})
    said = ", ".join(f"{state.value} {number:,}" for state, number in counts.items())
    options = {"x_offset": 12, "y_offset": 4, "description": f"Rows by state: {said}."}
    sheet.insert_chart(anchor, E, chart, options)


def _write_record(layout: Layout, about: About, parts: Sequence[Part]) -> None:
    """Write what was imported, when, by whom, and where it went: last, for whom it concerns."""
    took = round((about.ended - about.started).total_seconds())
    minutes, seconds = divmod(took, 60)
    lasted = f"{minutes:,} min {seconds} s" if minutes else f"{seconds} s" if took else "under 1 s"
    facts = [("File", about.source.name)]
    if about.given:
        facts.append(("Given back as", about.given))
    for part in parts:
        sheet = part.sheet
        name = "a text file" if sheet.name is None else sheet.name
        rows = len(part.outcomes)
        facts.append(("Sheet", f"{name}: {count(rows, 'row')}, header in row {sheet.header_row}"))
    facts += [
        ("Mapping", about.mapping),
        ("Endpoint", about.endpoint),
        ("Host", about.host or "none set"),
        ("Client", about.client or "none set"),
        ("Command", about.command + (", in the sandbox" if about.sandbox else "")),
        ("By", about.user),
        ("Started", about.started.isoformat(" ", "seconds")),
        ("Ended", f"{about.ended.isoformat(' ', 'seconds')} ({lasted})"),
        ("Run", about.run),
        ("File's SHA-256", about.digest),
    ]
    facts += [("Journal", about.journal)] if about.journal else []
    layout.section(RECORD)
    for label, fact in facts:
        line = layout.next(height(fact, sum(WIDTHS[B : D + 1])))
        put(layout.sheet, line, A, label, layout.styles.label)
        layout.merge(line, B, D, fact, layout.styles.fact)


def _write_problems(
    layout: Layout, pages: Sequence[Page], causes: Sequence[Cause], context: Context
) -> None:
    """Write the problems by code and column, each with a link to the first cell that has it."""
    groups = group_problems(pages, causes, context.codes)
    if not groups:
        return
    sheet, styles = layout.sheet, layout.styles
    layout.section("Problems")
    heads = ("Code", "Rows", "Column", "What it means", "What to do", "First place")
    line = layout.next()
    for column, head in enumerate(heads):
        put(sheet, line, column, head, styles.count_head if column == B else styles.table_head)
    for group in groups:
        first = f"{group.first.page.name}, {group.first.label}"
        code = f"{group.code} {'error' if group.holds else 'warning'}".strip()
        means = group.means
        if group.example and group.example != means:
            means += f"\nExample: {group.example}"
        texts = (code, "", group.where, means, group.remedy, first)
        line = layout.next(highest(texts))
        for column, text in enumerate(texts):
            if column not in (B, F):
                put(sheet, line, column, text, styles.cell)
        sheet.write_number(line, B, group.rows, styles.count)
        layout.link(line, F, group.first, first)


def _write_notes(layout: Layout, pages: Sequence[Page], context: Context) -> None:
    """Write what a person should know about the file and about this workbook."""
    parts = [page.part for page in pages if page.start == 0]
    notes = dict.fromkeys(context.about.notes)
    for part in parts:
        prefix = f"{part.sheet.title}: " if len(parts) > 1 else ""
        for note in (*part.sheet.notes, *part.checked.notes):
            if note not in notes:
                notes[prefix + note] = None
    notes |= dict.fromkeys((*_page_notes(pages), *_tally_notes(context.tally)))
    if not notes:
        return
    layout.section("Notes")
    for note in notes:
        layout.across(f"•  {note}", layout.styles.fact)


def _page_notes(pages: Sequence[Page]) -> list[str]:
    """Return where the file holds more than a worksheet."""
    notes = []
    for page in pages:
        if page.start:
            title = page.part.sheet.title
            notes.append(
                f"{title} has more rows than one sheet can hold; they go on in {page.name}."
            )
        hidden = sum(not column.ours for column in page.part.sheet.columns) - len(page.columns)
        if hidden:
            notes.append(f"{page.name} leaves out the last {count(hidden, 'column')}.")
    return notes


def _tally_notes(tally: Tally) -> list[str]:
    """Return where this workbook differs from the file."""
    notes = []
    if tally.replaced:
        notes.append(
            f"{count(tally.replaced, 'character')} that no workbook can hold: each stands here as "
            "\ufffd. Correct the cell here or in the file before you push this workbook."
        )
    if tally.cut:
        notes.append(
            f"{count(tally.cut, 'text')} longer than a cell can hold (32,767 characters): cut here, "
            "which is said at the end. The file has the whole text."
        )
    if tally.bare:
        notes.append(
            f"{count(tally.bare, 'marked cell')} without a comment: spreadsheet programs get slow "
            f"with more than {MOST_COMMENTS:,}. The column opscom_message says the same."
        )
    return notes


def _write_against(layout: Layout, about: About) -> None:
    """Write how the file differs from what earlier files of its mapping brought."""
    if about.against is None:
        return
    sheet, styles = layout.sheet, layout.styles
    layout.section("This file against the last one")
    layout.across(compared_with(about, about.against), styles.fact)
    line = layout.next()
    put(sheet, line, A, "Rows or ids", styles.table_head)
    put(sheet, line, B, "Number", styles.count_head)
    layout.merge(line, C, F, "Which", styles.table_head)
    for label, number, text in differences(about.against):
        line = layout.next(height(text, sum(WIDTHS[C:])))
        put(sheet, line, A, label, styles.cell)
        sheet.write_number(line, B, number, styles.count)
        layout.merge(line, C, F, text, styles.cell)


def _write_urgent(layout: Layout, pages: Sequence[Page], context: Context) -> None:
    """Write the rows that need a person, a line a reason, each a link to the first of its rows."""
    reasons, more = urgent_rows(pages, most=_MOST_REASONS)
    if not reasons:
        return
    sheet, styles = layout.sheet, layout.styles
    layout.section("Rows that need a person")
    line = layout.next()
    for column, head in enumerate(("Row", "State", "Sheet")):
        put(sheet, line, column, head, styles.table_head)
    layout.merge(line, D, F, "What is wrong, and what to do", styles.table_head)
    for reason in reasons:
        spot = reason.first
        part, state = spot.page.part, spot.outcome.state
        earlier = part.earlier.get(spot.position, "")
        code = context.code(spot.outcome)
        message = row_message(spot.outcome, code, reason.holding, part.sheet, earlier)
        if len(message) > _LONGEST:
            message = message[:_LONGEST] + "… (more in the sheet)"
        label = spot.label if reason.rows == 1 else f"{spot.label} and {reason.rows - 1:,} more"
        texts = ((label, WIDTHS[A]), (spot.page.name, WIDTHS[C]), (message, sum(WIDTHS[D:])))
        line = layout.next(max(height(text, width) for text, width in texts))
        layout.link(line, A, spot, label)
        put(sheet, line, B, state.value, styles.chips[state])
        put(sheet, line, C, spot.page.name, styles.cell)
        layout.merge(line, D, F, message, styles.cell)
    if more:
        text = f"{count(more, 'more row')}: filter opscom_status in the sheets that follow."
        layout.across(text, styles.fact)


def _write_skipped(layout: Layout, parts: Sequence[Part]) -> None:
    """Write which rows are no records, and why."""
    reasons = [(part, *reason) for part in parts for reason in skipped_rows(part).items()]
    if not reasons:
        return
    styles = layout.styles
    layout.section("Rows that are no records")
    for part, reason, rows in reasons:
        text = f"{part.sheet.title}, {_which(rows)}"
        line = layout.next(max(height(text, sum(WIDTHS[: C + 1])), height(reason, sum(WIDTHS[D:]))))
        layout.merge(line, A, C, text, styles.cell)
        layout.merge(line, D, F, reason, styles.cell)


def _which(rows: Sequence[int | None]) -> str:
    """Return the numbers of rows, and how many have none because they were added."""
    known = [row for row in rows if row is not None]
    said = [f"row{'s' if len(known) > 1 else ''} {spans(known)}"] if known else []
    if added := len(rows) - len(known):
        said.append(count(added, "added row"))
    return " and ".join(said)
