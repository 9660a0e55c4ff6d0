"""The first sheet: what happened, what to do, what needs a person, within a minute; the record last."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from importer.model import GONE, RECORD, Outcome, Problem, State
from importer.report import Against, Cause, alike, causes_of, told_values
from importer.results import words
from importer.results.pages import MOST_COMMENTS
from importer.results.parts import About, Page, kind_of
from importer.results.styles import FILLS, WIDTHS, Cell, Column, Context, Layout, set_print
from importer.text import count, spans
from schemas import POLICIES

Spots = dict[tuple[object, ...], list[tuple[Page, int]]]
"""What is said → the rows of which it is said: page and position."""

_MOST = 300
"""Reasons and changed rows that are listed; the filter of the sheets shows the other rows."""
_LINE = 24
"""Pixels of a line; longer texts make some higher, so that the chart never reaches below its table."""
_CHART_LINES = 6
"""That the chart needs at least."""
_PROBLEMS = (
    Column("Column", "A"),
    Column("Rows", "B"),
    Column("What is wrong", "CD"),
    Column("What to do", "E"),
    Column("First place", "F"),
    Column("Code", "G"),
)
_URGENT = (
    Column("Row", "A"),
    Column("State", "B"),
    Column("Sheet", "C"),
    Column("What is wrong, and what to do", "DG"),
)
_URGENT_STATES = (State.UNKNOWN, State.REJECTED, State.INVALID)
"""States of the rows that need a person, in the order of the list."""
_NO_RECORD = (
    "The mapping's skip_rows says that this is not a record, or no mapped column holds anything."
)
_LONGEST = 400
"""Characters of a message in the list of these rows."""


def write_summary(
    book: Workbook, sheet: Worksheet, pages: Sequence[Page], context: Context
) -> None:
    """Write the sheet, top to bottom, when the pages are written and all is counted."""
    about = context.about
    set_print(sheet, about)
    layout = Layout(sheet, context.styles)
    counts = Counter(kind_of(outcome) for page in pages for outcome in page.outcomes)
    _write_head(layout, about, words.headline(about, counts))
    layout.section("What to do")
    causes = causes_of([page.checked for page in pages], [enumerate(p.outcomes) for p in pages])
    by_mapping = list(dict.fromkeys(c.column or c.field or "" for c in causes if c.by_mapping))
    outcomes = [outcome for page in pages for outcome in page.outcomes]
    bare = sum(each.state is State.PUSHED and not each.reference_id for each in outcomes)
    unnamed = bare if POLICIES[about.endpoint].changed_by else 0
    for number, step in enumerate(words.next_steps(about, counts, by_mapping, unnamed), 1):
        layout.across(f"{number}.  {step}")
    if causes:
        layout.section("Problems")
        # Two fields that one column feeds have the same thing wrong with them: it is one line.
        lines = {(*line[:4], line[5]): line for line in (_line_of(each, pages) for each in causes)}
        layout.table(_PROBLEMS, lines.values())
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
    skipped = _grouped(
        pages, lambda page, _, one: (page.name, one.message or _NO_RECORD), (State.SKIPPED,)
    )
    if skipped:
        layout.section("Rows that are no records")
        layout.table(
            (Column("", "AC"), Column("", "DG")),
            [
                (f"{spots[0][0].sheet.title}, {_told_rows(spots)}", str(why))
                for (_, why), spots in skipped.items()
            ],
        )
    layout.section(RECORD)
    layout.table((Column("", "A", "label"), Column("", "BD", "fact")), _record(about, pages))
    sheet.print_area(0, 0, layout.line, len(WIDTHS) - 1)


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
    found = Counter(outcome.state for page in pages for outcome in page.outcomes)
    counts = {state: found[state] for state in State if found[state]}
    layout.section("What became of the rows")
    anchor = layout.line
    columns = (Column("State", "A"), Column("Rows", "B"), Column("Meaning", "CD"))
    layout.table(
        columns, [(state, number, words.meaning(about, state)) for state, number in counts.items()]
    )
    total = (Column("", "A", "total label"), Column("", "B", "total"))
    layout.table(total, [("all rows", found.total())])
    if counts:
        _insert_chart(layout.sheet, book, counts, anchor)
    for _ in range(_CHART_LINES - (layout.line - anchor)):
        layout.next()  # The chart is higher than a short table, and nothing stands under it.


def _insert_chart(
    sheet: Worksheet, book: Workbook, counts: Mapping[State, int], anchor: int
) -> None:
    """Put a bar chart of the rows by state on the right of the table it is drawn from."""
    first, last = anchor + 1, anchor + len(counts)
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "Rows",
            "categories": [sheet.name, first, 0, last, 0],
            "values": [sheet.name, first, 1, last, 1],
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
    pixels = sum(WIDTHS[4:]) * 7 - 16
    chart.set_size({"width": pixels, "height": _LINE * max(_CHART_LINES, len(counts) + 2)})
    said = ", ".join(f"{state.value} {number:,}" for state, number in counts.items())
    options = {"x_offset": 12, "y_offset": 4, "description": f"Rows by state: {said}."}
    sheet.insert_chart(f"E{anchor + 1}", chart, options)


def _record(about: About, pages: Sequence[Page]) -> list[tuple[str, str]]:
    took = round((about.ended - about.started).total_seconds())
    minutes, seconds = divmod(took, 60)
    lasted = f"{minutes:,} min {seconds} s" if minutes else f"{seconds} s" if took else "under 1 s"
    sheets = []
    for page in pages:
        name = "a text file" if page.sheet.name is None else page.sheet.name
        rows = count(len(page.outcomes), "row")
        sheets.append(("Sheet", f"{name}: {rows}, header in row {page.sheet.header_row}"))
    facts = (
        ("File", about.source.name),
        ("Given back as", about.given),
        *sheets,
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
        ("Journal", about.journal),
    )
    return [fact for fact in facts if fact[1]]


def _notes(pages: Sequence[Page], context: Context) -> list[str]:
    """Return what a person should know about the file, and where this workbook differs from it."""
    notes = dict.fromkeys(context.about.notes)
    for page in pages:
        prefix = f"{page.sheet.title}: " if len(pages) > 1 else ""
        for note in (*page.sheet.notes, *page.checked.notes):
            if note not in notes:
                notes[prefix + note] = None
    if context.cut:
        notes[
            f"{count(context.cut, 'text')} longer than a cell can hold (32,767 characters): cut here, which "
            "is said at the end. The file has the whole text."
        ] = None
    if context.bare:
        notes[
            f"{count(context.bare, 'marked cell')} without a comment: spreadsheet programs get slow with "
            f"more than {MOST_COMMENTS:,}. The column opscom_message says the same."
        ] = None
    return list(notes)


def _write_against(layout: Layout, pages: Sequence[Page], about: About, against: Against) -> None:
    layout.section("This file against the last one")
    layout.across(words.compared_with(about, against))
    columns = (Column("Rows", "A"), Column("Number", "B"), Column("Which", "CG"))
    layout.table(columns, words.differences(against))
    changed = [
        (page.link(position, page.label(position)), page.name, ", ".join(fields))
        for page in pages
        for position, fields in sorted(page.news.items())
        if fields
    ]
    if changed:
        layout.section("Rows that change")
        columns = (Column("Row", "A"), Column("Sheet", "BC"), Column("Fields that change", "DG"))
        layout.table(columns, changed[:_MOST])
    if (more := len(changed) - _MOST) > 0:
        layout.across(f"{count(more, 'more row')}: filter opscom_message for changes.")
    if not against.gone:
        return
    layout.section(GONE)
    if about.deletes:
        layout.across(
            "Nothing is done with these. To delete them in OPSCOM make a workbook of deletes, look through it "
            f"and push it: {about.deletes}",
        )
    policy = POLICIES[about.endpoint]
    head = "Reference id" if about.deletes else policy.noun.capitalize() if policy.by_hand else "Id"
    names = (Column(head, "AC"), Column("Name in the last results workbook", "DG"))
    layout.table(names, against.gone)


def _grouped(
    pages: Sequence[Page],
    key: Callable[[Page, int, Outcome], tuple[object, ...]],
    states: Sequence[State],
) -> Spots:
    """Return the rows in these states, in the order of the states, by what is said of them."""
    found: Spots = {}
    for state in states:
        for page in pages:
            for position, outcome in enumerate(page.outcomes):
                if outcome.state is state:
                    found.setdefault(key(page, position, outcome), []).append((page, position))
    return found


def _line_of(cause: Cause, pages: Sequence[Page]) -> list[Cell]:
    """Return column, rows, what is wrong with the value or all values, what to do, the first place and code."""
    at, position, problem = cause.first
    page, place = pages[at], cause.column or cause.field
    if problem is None:
        place = words.headers(page.refused(position), page.sheet)
        said = "\n".join(dict.fromkeys(filter(None, (cause.answered, cause.message))))
    elif len(cause.values) > 1:
        said = f"{told_values(cause.values)}: {cause.message}"
    else:
        said = problem.said
    return [
        place or words.WHOLE_ROW,
        cause.rows,
        said[:1].upper() + said[1:],
        cause.remedy,
        page.link(position, problem=problem),
        f"{cause.code} {'error' if cause.holds else 'warning'}".strip(),
    ]


def _urgent_lines(pages: Sequence[Page]) -> list[tuple[int, list[Cell]]]:
    """Return the rows that need a person, a line a reason, those without an answer first.

    Each is the number of rows, and: which rows, their state, their sheet, what is wrong and what to do.
    """

    def reason(page: Page, position: int, outcome: Outcome) -> tuple[object, ...]:
        why = [(p.code, p.columns, alike(p.message), p.remedy) for p in _holding(page, position)]
        return page.name, outcome.state, outcome.code, alike(outcome.message), *why

    lines: list[tuple[int, list[Cell]]] = []
    for spots in _grouped(pages, reason, _URGENT_STATES).values():
        page, position = spots[0]
        holding, outcome = _holding(page, position), page.outcomes[position]
        # Where the rows differ in an id, three dots stand for it.
        if len({each.outcomes[at].message for each, at in spots}) > 1:
            outcome = replace(outcome, message=alike(outcome.message))
        message = words.row_message(outcome, holding, page.sheet)
        if len(message) > _LONGEST:
            message = message[:_LONGEST] + "… (more in the sheet)"
        link = page.link(position, _told_rows(spots, most=3), next(iter(holding), None))
        lines.append((len(spots), [link, outcome.state, page.name, message]))
    return lines


def _holding(page: Page, position: int) -> tuple[Problem, ...]:
    return tuple(p for p in page.problems.get(position, ()) if p.holds)


def _told_rows(spots: Sequence[tuple[Page, int]], *, most: int = 40) -> str:
    """Return what a person calls some rows of a page; those that a person added have no number in the source."""
    rows = sorted(int(page.sheet.rows[at]) for page, at in spots if at not in page.sheet.added)
    said = [f"row{'s' if len(rows) > 1 else ''} {spans(rows, most=most)}"] if rows else []
    if added := len(spots) - len(rows):
        said.append(count(added, "added row"))
    return " and ".join(said)
