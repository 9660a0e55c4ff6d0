"""The first sheet: what happened, what to do, what needs a person, within a minute; the record last."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from importer.codes import code_of
from importer.model import GONE, RECORD, State
from importer.report import causes_of, told_values
from importer.results.pages import MOST_COMMENTS
from importer.results.parts import EDITED, OUTDATED, UNDECIDED, count_kinds, kind_of
from importer.results.styles import (
    FILLS,
    WIDTHS,
    A,
    B,
    C,
    Column,
    D,
    E,
    F,
    G,
    Layout,
    Link,
    set_print,
)
from importer.results.words import (
    WHOLE_ROW,
    compared_with,
    differences,
    headers,
    headline,
    meaning,
    next_steps,
    policy_of,
    row_message,
)
from importer.text import count, spans

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from importer.model import Outcome, Problem
    from importer.report import Against, Cause
    from importer.results.parts import About, Page, Spot, Tally
    from importer.results.styles import Cell, Context

_MOST = 300
"""Reasons and changed rows that are listed; the filter of the sheets shows the other rows."""
_MOST_GONE = 5_000
_LINE = 24
"""Pixels of a line; longer texts make some higher, so that the chart never reaches below its table."""
_CHART_LINES = 6
"""That the chart needs at least."""
_PROBLEMS = (
    Column("Column", A, A),
    Column("Rows", B, B),
    Column("What is wrong", C, D),
    Column("What to do", E, E),
    Column("First place", F, F),
    Column("Code", G, G),
)
_URGENT = (
    Column("Row", A, A),
    Column("State", B, B),
    Column("Sheet", C, C),
    Column("What is wrong, and what to do", D, G),
)
_CHANGED = (Column("Row", A, A), Column("Sheet", B, C), Column("Fields that change", D, G))
_NO_RECORD = (
    "The mapping's skip_rows says that this is not a record, or no mapped column holds anything."
)
_URGENT_STATES = (State.UNKNOWN, State.REJECTED, State.INVALID)
"""States of the rows that need a person, in the order of the list."""
_LONGEST = 400
"""Characters of a message in the list of these rows."""
_WORD = re.compile(r"[\w-]+")


def write_summary(
    book: Workbook, sheet: Worksheet, pages: Sequence[Page], context: Context
) -> None:
    """Write the sheet, top to bottom, when the pages are written and all is counted."""
    about = context.about
    set_print(sheet, about)
    layout = Layout(sheet, context.styles)
    counts = count_kinds(pages)
    _write_head(layout, about, headline(about, counts))
    layout.section("What to do")
    causes = causes_of([page.checked for page in pages])
    by_mapping = list(dict.fromkeys(c.column or c.field or "" for c in causes if c.by_mapping))
    for number, step in enumerate(next_steps(about, counts, by_mapping), 1):
        layout.across(f"{number}.  {step}")
    if problems := _problem_lines(pages, causes):
        layout.section("Problems")
        layout.table(_PROBLEMS, problems)
    if urgent := _urgent_lines(pages):
        layout.section("Rows that need a person")
        layout.table(_URGENT, [line for _, line in urgent[:_MOST]])
        if more := sum(rows for rows, _ in urgent[_MOST:]):
            layout.across(
                f"{count(more, 'more row')}: filter opscom_status in the sheets that follow."
            )
    if notes := _notes(pages, context):
        layout.section("Notes")
        for note in notes:
            layout.across(f"•  {note}")
    _write_states(layout, book, pages, about)
    if about.against is not None:
        _write_against(layout, pages, about, about.against)
    if skipped := _skipped_lines(pages):
        layout.section("Rows that are no records")
        layout.table((Column("", A, C), Column("", D, G)), skipped)
    layout.section(RECORD)
    layout.table((Column("", A, A, "label"), Column("", B, D, "fact")), _record(about, pages))
    sheet.print_area(0, 0, layout.line, G)


def _write_head(layout: Layout, about: About, outcome: str) -> None:
    """Write the outcome, and where it took place, so that nobody takes one system for another."""
    layout.across(outcome, "title", size=18)
    place = about.host or "no host set"
    if about.client:
        place += f", client {about.client}"
    if about.sandbox:
        nothing = "nothing was sent" if about.command == "check" else "nothing reached OPSCOM"
        layout.across(f"  SANDBOX, a rehearsal: {nothing}.", "rehearsal", size=13)
    elif about.command == "check":
        layout.across(f"  CHECK ONLY: nothing was sent. A push goes to {place}.", "dry", size=13)
    else:
        layout.across(f"  LIVE SYSTEM: {place}", "live", size=13)
    if about.stopped:
        text = f"  The run stopped before its end. {about.stopped}"
        layout.across(text, "stopped", size=13)


def _write_states(layout: Layout, book: Workbook, pages: Sequence[Page], about: About) -> None:
    """Write the rows by state, with their sum, and the same as a chart beside it."""
    found = Counter(outcome.state for page in pages for outcome in page.outcomes)
    counts = {state: found[state] for state in State if found[state]}
    layout.section("What became of the rows")
    anchor = layout.line
    columns = (Column("State", A, A), Column("Rows", B, B), Column("Meaning", C, D))
    layout.table(
        columns, [(state, number, meaning(about, state)) for state, number in counts.items()]
    )
    first, last = anchor + 1, layout.line - 1
    total = (Column("", A, A, "total label"), Column("", B, B, "total"))
    layout.table(total, [("all rows", found.total())])
    if counts:
        _insert_chart(layout.sheet, book, counts, anchor, (first, last))
    for _ in range(_CHART_LINES - (layout.line - anchor)):
        layout.next()  # The chart is higher than a short table, and nothing stands under it.


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
    pixels = sum(WIDTHS[E:]) * 7 - 16
    chart.set_size({"width": pixels, "height": _LINE * max(_CHART_LINES, len(counts) + 2)})
    said = ", ".join(f"{state.value} {number:,}" for state, number in counts.items())
    options = {"x_offset": 12, "y_offset": 4, "description": f"Rows by state: {said}."}
    sheet.insert_chart(anchor, E, chart, options)


def _record(about: About, pages: Sequence[Page]) -> list[tuple[str, str]]:
    """Return what was imported, when, by whom, and where it went."""
    took = round((about.ended - about.started).total_seconds())
    minutes, seconds = divmod(took, 60)
    lasted = f"{minutes:,} min {seconds} s" if minutes else f"{seconds} s" if took else "under 1 s"
    facts = [("File", about.source.name)]
    if about.given:
        facts.append(("Given back as", about.given))
    for page in pages:
        sheet, rows = page.sheet, len(page.outcomes)
        name = "a text file" if sheet.name is None else sheet.name
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
    return facts + ([("Journal", about.journal)] if about.journal else [])


def _notes(pages: Sequence[Page], context: Context) -> list[str]:
    """Return what a person should know about the file and about this workbook."""
    notes = dict.fromkeys(context.about.notes)
    for page in pages:
        prefix = f"{page.sheet.title}: " if len(pages) > 1 else ""
        for note in (*page.sheet.notes, *page.checked.notes):
            if note not in notes:
                notes[prefix + note] = None
    return list(notes | dict.fromkeys(_tally_notes(context.tally)))


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


def _write_against(layout: Layout, pages: Sequence[Page], about: About, against: Against) -> None:
    """Write how the file differs from what earlier files of its mapping brought: changed rows, and who is gone."""
    layout.section("This file against the last one")
    layout.across(compared_with(about, against))
    columns = (Column("Rows", A, A), Column("Number", B, B), Column("Which", C, G))
    layout.table(columns, differences(against))
    changed = [
        (Link(spot := page.spot(position), spot.label), page.name, ", ".join(fields))
        for page in pages
        for position, fields in sorted(page.news.items())
        if fields
    ]
    if changed:
        layout.section("Rows that change")
        layout.table(_CHANGED, changed[:_MOST])
    if (more := len(changed) - _MOST) > 0:
        layout.across(f"{count(more, 'more row')}: filter opscom_message for changes.")
    if against.gone:
        _write_gone(layout, about, against)


def _write_gone(layout: Layout, about: About, against: Against) -> None:
    """Write who is gone, and for permits how to delete them."""
    layout.section(GONE)
    if about.deletes:
        layout.across(
            "Nothing is done with these. To delete them in OPSCOM make a workbook of deletes, look through it "
            f"and push it: {about.deletes}",
        )
    policy = policy_of(about)
    head = "Reference id" if about.deletes else policy.noun.capitalize() if policy.by_hand else "Id"
    columns = (Column(head, A, C), Column("Name in the last results workbook", D, G))
    layout.table(columns, [(each.key, each.name) for each in against.gone[:_MOST_GONE]])
    if (more := len(against.gone) - _MOST_GONE) > 0:
        layout.across(f"{more:,} more.")


def _problem_lines(pages: Sequence[Page], causes: Sequence[Cause]) -> list[list[Cell]]:
    """Return what is wrong, the causes and the outcomes of rows: errors first, then the most frequent first.

    Each line is column, rows, what is wrong with the value or all values, what to do, the first place and code.
    """
    lines = [_of_cause(cause, pages) for cause in causes]
    refused: dict[tuple[str, str, str], list[Spot]] = {}
    for page, position, outcome in _rows(pages):
        held = outcome.state in {State.REJECTED, State.NOT_SENT, State.INVALID}
        if held and (outcome.code or kind_of(outcome) == OUTDATED):
            place = headers(page.refused(position), page.sheet) or WHOLE_ROW
            key = (outcome.code, place, _own_remedy(outcome))
            refused.setdefault(key, []).append(page.spot(position))
    for (code, place, remedy), spots in refused.items():
        known = None if remedy else code_of(spots[0].outcome.code)
        said = [_shared([spot.outcome for spot in spots]), known.means if known else ""]
        text = "\n".join(dict.fromkeys(filter(None, said)))
        advice = known.remedy if known else remedy
        lines.append([place, len(spots), text, advice, _place(spots[0]), f"{code} error".strip()])
    # Two fields that one column feeds have the same thing wrong with them: it is one line.
    once = {(*line[:4], line[5]): line for line in lines}
    return [once[key] for key in sorted(once, key=_rank)]


def _rank(line: tuple[Cell, ...]) -> tuple[bool, int, str, str]:
    where, rows, _, _, code = line
    return str(code).endswith("warning"), -int(str(rows)), str(code), str(where)


def _of_cause(cause: Cause, pages: Sequence[Page]) -> list[Cell]:
    assert cause.first is not None  # noqa: S101 - that of a refusal is none, and those are not here
    sheet, problem = cause.first
    several = len(cause.values) > 1
    said = f"{told_values(cause.values)}: {cause.message}" if several else problem.said
    return [
        cause.column or cause.field or WHOLE_ROW,
        cause.rows,
        said[:1].upper() + said[1:],
        cause.remedy,
        _place(pages[sheet].spot(problem.position, problem)),
        f"{cause.code} {'error' if cause.holds else 'warning'}".strip(),
    ]


def _place(spot: Spot) -> Link:
    return Link(spot, f"{spot.page.name}, {spot.label}")


def _urgent_lines(pages: Sequence[Page]) -> list[tuple[int, list[Cell]]]:
    """Return the rows that need a person, a line a reason, those without an answer first.

    Each is the number of rows, and: which rows, their state, their sheet, what is wrong and what to do.
    """
    reasons: dict[object, tuple[Page, list[int]]] = {}
    for state in _URGENT_STATES:
        for page, position, outcome in _rows(pages):
            if outcome.state is state:
                holding = _holding(page, position)
                why = tuple((p.code, p.columns, _alike(p.message), p.remedy) for p in holding)
                key = (page.name, state, outcome.code, _alike(outcome.message), why)
                reasons.setdefault(key, (page, []))[1].append(position)
    lines: list[tuple[int, list[Cell]]] = []
    for page, positions in reasons.values():
        holding = _holding(page, positions[0])
        first = page.spot(positions[0], next(iter(holding), None))
        outcome = replace(first.outcome, message=_shared([page.outcomes[at] for at in positions]))
        message = row_message(outcome, holding, page.sheet, "")
        if len(message) > _LONGEST:
            message = message[:_LONGEST] + "… (more in the sheet)"
        link = Link(first, _told_rows(page, positions, most=3))
        lines.append((len(positions), [link, outcome.state, page.name, message]))
    return lines


def _alike(text: str) -> str:
    """Return a sentence without what differs where the same is said of several rows: ids, numbers, dates."""
    return _WORD.sub(lambda word: "…" if any(map(str.isdigit, word[0])) else word[0], text)


def _shared(outcomes: Sequence[Outcome]) -> str:
    """Return what some outcomes say in one sentence; where they differ, of an id say three dots are left."""
    first = outcomes[0].message
    return first if all(each.message == first for each in outcomes) else _alike(first)


def _holding(page: Page, position: int) -> tuple[Problem, ...]:
    return tuple(p for p in page.problems.get(position, ()) if p.holds)


def _rows(pages: Sequence[Page]) -> Iterator[tuple[Page, int, Outcome]]:
    for page in pages:
        for position, outcome in enumerate(page.outcomes):
            yield page, position, outcome


def _skipped_lines(pages: Sequence[Page]) -> list[list[Cell]]:
    """Return which rows are no records, and why."""
    reasons: dict[tuple[str, str], tuple[Page, list[int]]] = {}
    for page, position, outcome in _rows(pages):
        if outcome.state is State.SKIPPED:
            key = (page.name, outcome.message or _NO_RECORD)
            reasons.setdefault(key, (page, []))[1].append(position)
    return [
        [f"{page.sheet.title}, {_told_rows(page, positions)}", reason]
        for (_, reason), (page, positions) in reasons.items()
    ]


def _told_rows(page: Page, positions: Collection[int], *, most: int = 40) -> str:
    """Return what a person calls some rows; those that a person added have no number in the source."""
    rows = sorted(int(page.sheet.rows[at]) for at in positions if at not in page.sheet.added)
    said = [f"row{'s' if len(rows) > 1 else ''} {spans(rows, most=most)}"] if rows else []
    if added := len(positions) - len(rows):
        said.append(count(added, "added row"))
    return " and ".join(said)


def _own_remedy(outcome: Outcome) -> str:
    """Return what to do about a row that we held back as a whole; empty for what OPSCOM refused."""
    update, kind = outcome.may_update, kind_of(outcome)
    if kind == EDITED:
        if update:
            return (
                "Restore the row, or write update into opscom_answer where the permit is to change."
            )
        return "Restore the row, or change the record as opscom_message says."
    if kind == UNDECIDED:
        how = "answer update" if update else "do as opscom_message says"
        return f"Answer new where a second one is meant; where the first is to change, {how}."
    if kind == OUTDATED:
        return "Delete the row where the later values are right; else push with --again."
    return "See opscom_message." if kind == State.INVALID else ""
