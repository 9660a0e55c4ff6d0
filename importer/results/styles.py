"""How the workbook styles: one set of formats, made once for each file."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from importer.model import Severity, State
from importer.results.inert import LIVE, hold
from importer.results.parts import About, Link

FILLS: Mapping[State, tuple[str, str, str]] = {
    State.PUSHED: ("#C8E6C9", "#1B5E20", "#2E7D32"),
    State.UNCHANGED: ("#E3F1E4", "#2E5E31", "#81C784"),
    State.READY: ("#D6E8FA", "#0D3C75", "#1E88E5"),
    State.EXISTS: ("#DCE0F4", "#283593", "#5C6BC0"),
    State.DUPLICATE: ("#E4E4E4", "#424242", "#9E9E9E"),
    State.INVALID: ("#FFCDD2", "#8E0000", "#C62828"),
    State.REJECTED: ("#FFD9B8", "#8A3300", "#EF6C00"),
    State.UNKNOWN: ("#E8CDF0", "#4A148C", "#8E24AA"),
    State.NOT_SENT: ("#FFF3C4", "#6B5200", "#FBC02D"),
    State.SKIPPED: ("#F3F3F3", "#616161", "#CFCFCF"),
}
"""State → fill of its cells, colour of its text, colour of its bar in the chart."""

_NARROWEST = 8
_TALLEST_HEADER = 80
_LONGEST_NOTE = 2_000
_TEXT = 49
"""The built-in number format ``@``."""
# fmt: off
_BAND = "#1F3A5F"
_LINED = {"bottom": 1, "bottom_color": "#D0D5DD", "valign": "vcenter"}
_TABLE_HEAD = {"bold": True, "bg_color": "#E8EDF4", "font_color": _BAND, "valign": "vcenter"}
_NUMBER = {"num_format": "#,##0", "valign": "vcenter", "align": "right", "indent": 1}
_BANNER = {"bold": True, "font_size": 12, "font_color": "#FFFFFF", "valign": "vcenter", "text_wrap": True}
_HEAD = {"bold": True, "valign": "vcenter", "border": 1, "border_color": "#FFFFFF", "text_wrap": True}
_LOOKS: Mapping[str, Mapping[str, object]] = {
    "text": {},
    "long": {"text_wrap": True},
    "number": {"num_format": "0", "align": "center", "font_color": "#616161"},
    "answer": {"bg_color": "#FFFDE7", "border": 1, "border_color": "#8E24AA"},
    # Bold and italic tell them apart where colours do not.
    Severity.ERROR: {"bg_color": "#FFC7CE", "font_color": "#9C0006", "bold": True, "border": 1, "border_color": "#E57373"},
    Severity.WARNING: {"bg_color": "#FFEB9C", "font_color": "#7F6000", "italic": True, "border": 1, "border_color": "#E6C65C"},
    # The fill of rejected and a broken line: OPSCOM's answer looks like none of our own findings.
    "refused": {"bg_color": "#FFD9B8", "font_color": "#8A3300", "bold": True, "italic": True, "border": 8, "border_color": "#EF6C00"},
    "head ours": {**_HEAD, "bg_color": _BAND, "font_color": "#FFFFFF"},
    "head used": {**_HEAD, "bg_color": "#CFE2F3", "font_color": "#10243E"},
    "head unused": {**_HEAD, "bg_color": "#EDEDED", "font_color": "#616161", "italic": True},
    "title": {"bold": True, "font_size": 18, "font_color": _BAND, "valign": "vcenter", "text_wrap": True},
    "live": {**_BANNER, "bg_color": "#B3261E"},
    "rehearsal": {**_BANNER, "bg_color": "#1565C0"},
    "dry": {**_BANNER, "bg_color": "#546E7A"},
    "stopped": {**_BANNER, "bg_color": "#FFE0B2", "font_color": "#7A3E00"},
    "section": {"bold": True, "font_size": 13, "font_color": _BAND, "bottom": 2, "bottom_color": _BAND, "valign": "vcenter"},
    "table head": _TABLE_HEAD,
    "count head": {**_TABLE_HEAD, "align": "right", "indent": 1},
    "label": {"font_color": "#5F6B7A", "valign": "vcenter"},
    "fact": {"text_wrap": True, "valign": "vcenter"},
    "cell": {**_LINED, "text_wrap": True},
    "count": {**_LINED, **_NUMBER},
    "total label": {"bold": True, "top": 1, "valign": "vcenter"},
    "total": {**_NUMBER, "bold": True, "top": 1},
    "link": {**_LINED, "text_wrap": True, "font_color": "#0B5CAD", "underline": 1},
}
# fmt: on
"""Name of a look → its properties, as XlsxWriter names them."""


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """A format for text, in two forms."""

    plain: Format
    quoted: Format
    """With the mark that keeps a text which looks like a formula a text when it is edited."""

    def of(self, text: str) -> Format:
        """Return the form for this text."""
        return self.quoted if text and text[0] in LIVE else self.plain


Styles = Mapping[str, Style]
"""The formats of a workbook: by the name of a look, a severity, a state, or for Summary ``STATE here``."""


@dataclass(slots=True)
class Context:
    """What all sheets of one workbook share, and what had to be done so that it can hold all texts."""

    about: About
    styles: Styles
    cut: int = 0
    """Cells cut at the length that a cell can have."""
    comments: int = 0
    """Comments on source cells."""
    bare: int = 0
    """Marked cells that got no comment since there were too many."""


class Head(NamedTuple):
    """A header: its text, its look, how wide its column is in characters, and its comment."""

    text: str
    look: str
    width: float
    note: str = ""


def begin_table(
    sheet: Worksheet, heads: Sequence[Head], rows: int, styles: Styles, number: int = -1
) -> None:
    """Write a header and set widths, filter and what is repeated on paper.

    Cells left blank take what is typed as text, but for those of the column ``number``.
    """
    sheet.autofilter(0, 0, max(rows, 1), max(len(heads), 1) - 1)
    sheet.repeat_rows(0)
    sheet.set_comments_author("opscom-import")
    # Green corners on every id ("number stored as text") would hide the marks that matter.
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{rows + 1}"})
    tall = max((height(head.text, head.width - 4) for head in heads), default=0)
    sheet.set_row(0, min(max(24, tall), _TALLEST_HEADER))
    for column, head in enumerate(heads):
        plain = styles["number" if column == number else "text"].plain
        sheet.set_column(column, column, head.width, plain)
        put(sheet, 0, column, head.text, styles[head.look])
        if head.note:
            comment(sheet, 0, column, head.note)


def fit(header: str, texts: Iterable[str], widest: int, more: int = 0) -> int:
    """Return the width of a column from its header and its first texts, which are followed by ``more``."""
    longest = max((len(line) for text in texts for line in text.split("\n")), default=0)
    # Four more than the header, since the arrow of the filter stands over its end.
    return min(max(longest + more + 2, len(header) + 4, _NARROWEST), widest)


def comment(sheet: Worksheet, line: int, column: int, text: str) -> None:
    """Write a comment in a box that shows the whole of it."""
    text = hold(text)
    if len(text) > _LONGEST_NOTE:
        text = text[:_LONGEST_NOTE] + "…"
    lines = sum(-(-len(piece) // 44) or 1 for piece in text.split("\n"))
    size = {"width": 280, "height": 18 + 15 * lines, "font_size": 9}
    sheet.write_comment(line, column, text, size)


def make_styles(book: Workbook) -> Styles:
    """Add all formats to a workbook. What is typed into a cell of text stays text."""
    looks = dict(_LOOKS)
    for state, (fill, font, _) in FILLS.items():
        bold = state in {State.INVALID, State.REJECTED, State.UNKNOWN}
        looks[state] = {"bg_color": fill, "font_color": font, "bold": bold}
        looks[f"{state} here"] = {**looks[state], **_LINED}
    styles = {}
    for name, look in looks.items():
        whole = {"num_format": _TEXT, "valign": "top", **look}
        styles[name] = Style(
            book.add_format(whole), book.add_format({**whole, "quote_prefix": True})
        )
    return styles


def set_print(page: Worksheet, about: About, *, wide: int = 1) -> None:
    """Set a sheet to be printed in landscape, so many sheets of paper wide, its run at the foot."""
    page.set_landscape()
    page.set_paper(1)
    page.fit_to_pages(wide, 0)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.set_footer(f"&L&A&COPSCOM import, run {about.run}&RPage &P of &N")


def put(page: Worksheet, row: int, column: int, text: str, style: Style) -> None:
    """Write a text that stays a text, as a cell can hold it.

    XlsxWriter would write what it takes for markup as such; in three runs it is what it is.
    """
    text = hold(text)
    if text.startswith("<r>") and text.endswith("</r>"):
        page.write_rich_string(row, column, text[0], text[1], text[2:], style.of(text))
    elif text:
        page.write_string(row, column, text, style.of(text))
    else:
        page.write_blank(row, column, None, style.plain)


WIDTHS = (26, 11, 18, 50, 48, 26, 15)
"""Widths of the columns A to G of Summary, in characters."""
_LINE_HEIGHT = 18
_BODY = 11
"""Size of the plain text, in points."""


class Column(NamedTuple):
    """A column of a table in Summary."""

    heading: str
    span: str
    """Its column of the sheet, or the first and the last one."""
    style: str = "cell"

    @property
    def ends(self) -> tuple[int, int]:
        """The first and the last column, counted from 0."""
        return ord(self.span[0]) - ord("A"), ord(self.span[-1]) - ord("A")


Cell = str | int | State | Link


@dataclass(slots=True)
class Layout:
    """Writes line after line, as a worksheet in constant memory wants it."""

    sheet: Worksheet
    styles: Styles
    line: int = 0

    def __post_init__(self) -> None:
        """Give the sheet its columns."""
        for column, width in enumerate(WIDTHS):
            self.sheet.set_column(column, column, width)
        self.sheet.hide_gridlines(2)

    def across(self, text: str, style: str = "fact", *, size: float = _BODY) -> None:
        """Write one text over all columns, in a line high enough for it."""
        line = self.next(height(text, sum(WIDTHS), size))
        self._put(line, text, Column("", "AG", style))

    def next(self, tall: float = _LINE_HEIGHT) -> int:
        """Begin a line of the given height and return its number."""
        self.sheet.set_row(self.line, tall)
        self.line += 1
        return self.line - 1

    def section(self, title: str) -> None:
        """Leave a line free and write a heading."""
        self.next(12)
        line = self.next(24)
        for column in range(len(WIDTHS)):
            put(self.sheet, line, column, "" if column else title, self.styles["section"])

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
        """Write rows under a head, each line high enough for its cells; without headings there is no head."""
        if any(column.heading for column in columns):
            line = self.next()
            for column in columns:
                counts = column.heading in {"Rows", "Number"} and column.span == "B"
                style = "count head" if counts else "table head"
                self._put(line, column.heading, column._replace(style=style))
        for row in rows:
            cells = list(zip(row, columns, strict=True))
            texts = (
                (c.text if isinstance(c, Link) else str(c), column.ends) for c, column in cells
            )
            tall = (height(text, sum(WIDTHS[first : last + 1])) for text, (first, last) in texts)
            line = self.next(max(tall))
            for cell, column in cells:
                self._put(line, cell, column)

    def _put(self, line: int, cell: Cell, column: Column) -> None:
        """Write a cell of a line already begun: a text, a number, a state in its colours, or a link."""
        (first, last), style = column.ends, column.style
        if last > first:
            self.sheet.merge_range(line, first, line, last, "", self.styles[style].plain)
        match cell:
            case int():
                number = self.styles["count" if style == "cell" else style].plain
                self.sheet.write_number(line, first, cell, number)
            case State():
                put(self.sheet, line, first, cell.value, self.styles[f"{cell} here"])
            case Link(name, below, beside, text):
                place = xl_rowcol_to_cell(below, beside)
                target = "internal:'{}'!{}".format(name.replace("'", "''"), place)
                self.sheet.write_url(line, first, target, self.styles["link"].of(text), text)
            case _:
                put(self.sheet, line, first, cell, self.styles[style])


def height(text: str, width: float, size: float = _BODY) -> float:
    """Return the height of a line that shows the whole text in so many characters of width.

    Programs fit the height of lines themselves, but not where cells are merged.
    """
    room = max(width * _BODY / size * 1.1, 1)
    lines = sum(math.ceil(len(piece) / room) or 1 for piece in text.split("\n"))
    return max(_LINE_HEIGHT, lines * size * 1.4 + 3) + (8 if size > _BODY else 0)
