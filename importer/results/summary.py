"""The first sheet: what happened, what needs a person, what to do, within a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.results.groups import group_problems, skipped_rows, urgent_rows
from importer.results.looks import FILLS, put, set_print
from importer.results.pages import MOST_COMMENTS
from importer.results.parts import count_edited, count_outdated, count_states, needs_answer
from importer.results.pen import WIDTHS, A, B, C, D, E, F, Pen, height, highest
from importer.results.words import (
    compared_with,
    differences,
    headline,
    meaning,
    next_steps,
    row_message,
    spans,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from importer.model import State
    from importer.results.parts import About, Kit, Page, Part, Tally

_MOST_SPOTS = 300
"""Rows listed for a person; the filter of the sheet shows the others."""
_LONGEST = 400
"""Characters of a message in the list."""


def write_summary(book: Workbook, sheet: Worksheet, pages: Sequence[Page], kit: Kit) -> None:
    """Write the sheet, top to bottom.

    Args:
        book: The workbook, for the chart.
        sheet: Its first worksheet, still empty.
        pages: The sheets of the sources, already written.
        kit: What all sheets share; the tally is that of the finished pages.
    """
    about, parts = kit.about, [page.part for page in pages if page.start == 0]
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    sheet.hide_gridlines(2)
    set_print(sheet, about)
    pen = Pen(sheet, kit.looks)
    counts, edited, outdated = count_states(parts), count_edited(parts), count_outdated(parts)
    _write_head(pen, about, headline(about, counts, edited, outdated))
    doubtful = sum(needs_answer(one) == ("new",) for part in parts for one in part.outcomes)
    pen.section("What to do")
    steps = next_steps(about, counts, doubtful, edited, outdated)
    for number, step in enumerate(steps, 1):
        pen.across(f"{number}.  {step}", kit.looks.fact)
    _write_states(pen, book, about, counts)
    _write_facts(pen, about, parts)
    _write_problems(pen, pages, kit)
    _write_doubts(pen, pages, kit)
    _write_against(pen, about)
    _write_spots(pen, pages, kit)
    _write_skipped(pen, parts)
    sheet.print_area(0, 0, pen.line, F)


def _write_head(pen: Pen, about: About, outcome: str) -> None:
    """Write the outcome, and where it took place, so that nobody takes one system for another."""
    looks = pen.looks
    pen.across(outcome, looks.title, size=18)
    place = about.host or "no host set"
    if about.client:
        place += f", client {about.client}"
    if about.sandbox:
        nothing = "nothing was sent" if about.command == "check" else "nothing reached OPSCOM"
        pen.across(f"  SANDBOX, a rehearsal: {nothing}.", looks.rehearsal, size=13)
    elif about.command == "check":
        pen.across(f"  CHECK ONLY: nothing was sent. A push goes to {place}.", looks.dry, size=13)
    else:
        pen.across(f"  LIVE SYSTEM: {place}", looks.live, size=13)
    if about.stopped:
        text = f"  The run stopped before its end. {about.stopped}"
        pen.across(text, looks.stopped, size=13)


def _write_states(pen: Pen, book: Workbook, about: About, counts: Mapping[State, int]) -> None:
    """Write the rows by state, with their sum, and the same as a chart beside it."""
    sheet, looks = pen.sheet, pen.looks
    pen.section("What became of the rows")
    anchor = pen.line
    line = pen.next()
    put(sheet, line, A, "State", looks.table_head)
    put(sheet, line, B, "Rows", looks.count_head)
    pen.merge(line, C, D, "Meaning", looks.table_head)
    first = pen.line
    for state, number in counts.items():
        text = meaning(about, state)
        line = pen.next(height(text, WIDTHS[C] + WIDTHS[D]))
        put(sheet, line, A, state.value, looks.chips[state])
        sheet.write_number(line, B, number, looks.count)
        pen.merge(line, C, D, text, looks.cell)
    last = pen.line - 1
    line = pen.next()
    put(sheet, line, A, "all rows", looks.total_label)
    sheet.write_number(line, B, sum(counts.values()), looks.total)
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


def _write_facts(pen: Pen, about: About, parts: Sequence[Part]) -> None:
    """Write what was imported, when, by whom, and where it went."""
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
        facts.append(("Sheet", f"{name}: {_count(rows, 'row')}, header in row {sheet.header_row}"))
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
    pen.next()
    for label, fact in facts:
        line = pen.next(height(fact, sum(WIDTHS[B : D + 1])))
        put(pen.sheet, line, A, label, pen.looks.label)
        pen.merge(line, B, D, fact, pen.looks.fact)


def _write_problems(pen: Pen, pages: Sequence[Page], kit: Kit) -> None:
    """Write the problems by code and column, each with a link to the first cell that has it."""
    groups = group_problems(pages, kit.codes)
    if not groups:
        return
    sheet, looks = pen.sheet, pen.looks
    pen.section("Problems")
    heads = ("Code", "Rows", "Column", "What it means", "What to do", "First place")
    line = pen.next()
    for column, head in enumerate(heads):
        put(sheet, line, column, head, looks.count_head if column == B else looks.table_head)
    for group in groups:
        first = f"{group.first.page.name}, {group.first.label}"
        code = f"{group.code} {'error' if group.holds else 'warning'}".strip()
        means = group.means
        if group.example and group.example != means:
            means += f"\nExample: {group.example}"
        texts = (code, "", group.where, means, group.remedy, first)
        line = pen.next(highest(texts))
        for column, text in enumerate(texts):
            if column not in (B, F):
                put(sheet, line, column, text, looks.cell)
        sheet.write_number(line, B, group.rows, looks.count)
        pen.link(line, F, group.first, first)


def _write_doubts(pen: Pen, pages: Sequence[Page], kit: Kit) -> None:
    """Write what a person should know about the file and about this workbook."""
    parts = [page.part for page in pages if page.start == 0]
    doubts = dict.fromkeys(kit.about.doubts)
    for part in parts:
        prefix = f"{part.sheet.title}: " if len(parts) > 1 else ""
        for doubt in (*part.sheet.doubts, *part.checked.doubts):
            if doubt not in doubts:
                doubts[prefix + doubt] = None
    doubts |= dict.fromkeys((*_page_doubts(pages), *_tally_doubts(kit.tally)))
    if not doubts:
        return
    pen.section("Doubts")
    for doubt in doubts:
        pen.across(f"•  {doubt}", pen.looks.fact)


def _page_doubts(pages: Sequence[Page]) -> list[str]:
    """Return where the file holds more than a worksheet."""
    doubts = []
    for page in pages:
        if page.start:
            title = page.part.sheet.title
            doubts.append(
                f"{title} has more rows than one sheet can hold; they go on in {page.name}."
            )
        hidden = sum(not column.ours for column in page.part.sheet.columns) - len(page.columns)
        if hidden:
            doubts.append(f"{page.name} leaves out the last {_count(hidden, 'column')}.")
    return doubts


def _tally_doubts(tally: Tally) -> list[str]:
    """Return where this workbook differs from the file."""
    doubts = []
    if tally.replaced:
        doubts.append(
            f"{_count(tally.replaced, 'character')} that no workbook can hold: each stands here as "
            "\ufffd. Correct the cell here or in the file before you push this workbook."
        )
    if tally.cut:
        doubts.append(
            f"{_count(tally.cut, 'text')} longer than a cell can hold (32,767 characters): cut here, "
            "which is said at the end. The file has the whole text."
        )
    if tally.bare:
        doubts.append(
            f"{_count(tally.bare, 'marked cell')} without a comment: spreadsheet programs get slow "
            f"with more than {MOST_COMMENTS:,}. The column opscom_message says the same."
        )
    return doubts


def _write_against(pen: Pen, about: About) -> None:
    """Write how the file differs from what earlier files of its mapping brought."""
    if about.against is None:
        return
    sheet, looks = pen.sheet, pen.looks
    pen.section("This file against the last one")
    pen.across(compared_with(about, about.against), looks.fact)
    line = pen.next()
    put(sheet, line, A, "Rows or ids", looks.table_head)
    put(sheet, line, B, "Number", looks.count_head)
    pen.merge(line, C, F, "Which", looks.table_head)
    for label, number, text in differences(about.against):
        line = pen.next(height(text, sum(WIDTHS[C:])))
        put(sheet, line, A, label, looks.cell)
        sheet.write_number(line, B, number, looks.count)
        pen.merge(line, C, F, text, looks.cell)


def _write_spots(pen: Pen, pages: Sequence[Page], kit: Kit) -> None:
    """Write the rows that need a person, each a link."""
    spots, more = urgent_rows(pages, most=_MOST_SPOTS)
    if not spots:
        return
    sheet, looks = pen.sheet, pen.looks
    problems = {page.name: page.part.problems() for page in pages}
    pen.section("Rows that need a person")
    line = pen.next()
    for column, head in enumerate(("Row", "State", "Sheet")):
        put(sheet, line, column, head, looks.table_head)
    pen.merge(line, D, F, "What is wrong, and what to do", looks.table_head)
    for spot in spots:
        name, state = spot.page.name, spot.outcome.state
        holding = [each for each in problems[name].get(spot.position, ()) if each.holds]
        earlier = spot.page.part.earlier.get(spot.position, "")
        code, source = kit.code(spot.outcome), spot.page.part.sheet
        message = row_message(spot.outcome, code, holding, source, earlier)
        if len(message) > _LONGEST:
            message = message[:_LONGEST] + "… (more in the sheet)"
        tall = max(height(message, sum(WIDTHS[D:])), height(name, WIDTHS[C]))
        line = pen.next(tall)
        pen.link(line, A, spot, spot.label)
        put(sheet, line, B, state.value, looks.chips[state])
        put(sheet, line, C, name, looks.cell)
        pen.merge(line, D, F, message, looks.cell)
    if more:
        text = f"{_count(more, 'more row')}: filter opscom_status in the sheets that follow."
        pen.across(text, looks.fact)


def _write_skipped(pen: Pen, parts: Sequence[Part]) -> None:
    """Write which rows are no records, and why."""
    reasons = [(part, *reason) for part in parts for reason in skipped_rows(part).items()]
    if not reasons:
        return
    looks = pen.looks
    pen.section("Rows that are no records")
    for part, reason, rows in reasons:
        text = f"{part.sheet.title}, {_which(rows)}"
        line = pen.next(max(height(text, sum(WIDTHS[: C + 1])), height(reason, sum(WIDTHS[D:]))))
        pen.merge(line, A, C, text, looks.cell)
        pen.merge(line, D, F, reason, looks.cell)


def _which(rows: Sequence[int | None]) -> str:
    """Return the numbers of rows, and how many have none because they were added."""
    known = [row for row in rows if row is not None]
    said = [f"row{'s' if len(known) > 1 else ''} {spans(known)}"] if known else []
    if added := len(rows) - len(known):
        said.append(_count(added, "added row"))
    return " and ".join(said)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
