"""Web pages that call themselves workbooks, as Banner and PeopleSoft write them.

What a cell of such a page says is what the person sees, so nothing is converted: ``0012345`` stays.
All tables of the page make one grid, as Excel shows them in one sheet.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

import numpy as np

from importer.errors import InputError
from importer.reading import faults, sniffing
from importer.reading.blocks import Blocks, rows_a_block
from importer.reading.decoding import find_encoding
from importer.reading.doubts import hidden_parts
from importer.reading.html_hidden import Hidden

if TYPE_CHECKING:
    from pathlib import Path

    from importer.model import Grid

_CHARSET_RE: Final = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)", re.IGNORECASE)
_LOOK: Final = 4096
_BLANKS_RE: Final = re.compile(r"[ \t\r\n\f]+")
_BREAK: Final = "\x00"
_MOST_COLUMNS: Final = 16_384
_MOST_ROWS: Final = 1_048_576
_BLOCKS: Final = frozenset({"p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr"})
_GROUPS: Final = frozenset({"thead", "tbody", "tfoot"})
_TABLE: Final = frozenset({"table", "tr", "td", "th"})
_UNSEEN: Final = frozenset({"script", "style", "title", "xml", "noframes"})
_MOST_SPANNED: Final = 5_000_000
_SHEET_NAME: Final = 31


def read_html(data: bytes, path: Path, *, encoding: str | None = None) -> Grid:
    """Return the cells of all tables of a page; rows count from 1 at its first line of text.

    Raises:
        InputError: There is no table in the page (it is a login page or an error message, say), or
            one stands inside of another beside other cells.
    """
    declared = _CHARSET_RE.search(data[:_LOOK])
    found = find_encoding(data, path, encoding or _usable(declared, data))
    page = _Page()
    page.feed(data[found.start :].decode(found.name))
    cut_off = page.open_tables > 0 or page.rawdata.startswith("<")
    page.close()
    page.end_row()
    _refuse(page, path, cut_off=cut_off)
    blocks = Blocks(max((len(cells) for _, cells in page.rows), default=0))
    columns = page.hidden.columns(page.rows)
    hidden = dict.fromkeys(page.hidden.doubtful(columns), faults.HIDDEN_BY_PAGE)
    blocks.faults.update(hidden)
    step = rows_a_block(blocks.width)
    for start in range(0, len(page.rows), step):
        part = page.rows[start : start + step]
        numbers = np.fromiter((number for number, _ in part), np.int64, len(part))
        filled = (cells + [""] * (blocks.width - len(cells)) for _, cells in part)
        blocks.add(numbers, list(zip(*filled, strict=True)))
    grid = blocks.grid(path, path.stem[:_SHEET_NAME], [found.doubt] if found.doubt else [])
    return hidden_parts(grid, page.hidden.rows, columns, filtered=False)


def _refuse(page: _Page, path: Path, *, cut_off: bool) -> None:
    """Refuse a page whose rows cannot be told for certain."""
    if not page.tables and page.frames:
        raise InputError(
            f"{path.name}: this web page only frames others, and the rows are in those.",
            hint=sniffing.AS_XLSX,
        )
    if not page.tables:
        raise InputError(
            f"{path.name}: this is a web page without a table.",
            hint="Open it in a browser: it may be a login page or a message of the other system.",
        )
    if page.spanned >= _MOST_SPANNED:
        raise InputError(
            f"{path.name}: merged cells span {page.spanned:,} others, too many to be read.",
            hint="Open it in Excel, copy the rows into a new workbook, and save that as .xlsx.",
        )
    if cut_off:
        raise InputError(
            f"{path.name}: the page ends in the middle of its table, so it was probably cut off.",
            hint="Export or download it again. If it always ends like this, open it in Excel, look at "
            "its last rows, and save it as an Excel workbook (.xlsx).",
        )
    if page.beside:
        raise InputError(
            f"{path.name}: in this web page a whole table stands beside other cells, so its rows cannot "
            "be told for certain.",
            hint="Open it in Excel, copy the table into a new workbook, and save that as .xlsx.",
        )


def _usable(declared: re.Match[bytes] | None, data: bytes) -> str | None:
    """Return the encoding that the page declares, where its bytes fit it."""
    if declared is None or data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return None
    name = declared[1].decode("ascii").lower()
    if name in {"iso-8859-1", "latin1", "us-ascii"}:
        name = "cp1252"  # as every browser reads it
    try:
        data.decode(name)
    except (LookupError, UnicodeError):
        return None
    return name


class _Page(HTMLParser):
    """Collects rows of cells. Text outside of tables becomes rows too, as in Excel."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[tuple[int, list[str]]] = []
        self.tables = 0
        self.spanned = 0
        """Cells that are blank because one above spans them."""
        self.open_tables = 0
        self.frames = False
        self.hidden = Hidden()
        self._number = 0
        self._cells: list[str] = []
        self._text: list[str] = []
        self._in_cell = False
        self._unseen = 0
        self._inner = 0
        """How many tables are open inside of the open cell; their text belongs to that cell."""
        self.beside = False
        """Whether a cell stands beside one that is only the frame of a table: no row can be told."""
        self._framed = False
        self._span = (1, 1)
        self._covered: dict[int, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a row or a cell; ``<br>`` is a line break."""
        inner, in_cell, given = bool(self._inner), self._in_cell, dict(attrs)
        self._open(tag, given)
        if not inner:
            self.hidden.start(tag, given, in_cell=in_cell)

    def _open(self, tag: str, given: dict[str, str | None]) -> None:
        self.frames = self.frames or tag == "frameset"
        self.open_tables += tag == "table"
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "table" and self._in_cell and not self._inner and self._is_frame():
            self.tables += 1
            self._in_cell = False
            self._cells.clear()
            self._text.clear()
        elif tag in _TABLE and (self._inner or (tag == "table" and self._in_cell)):
            self._inner += tag == "table"
            self._end_block()
        elif tag in {"table", "tr"}:
            self.tables += tag == "table"
            self._framed = False
            self.end_row()
        elif tag in {"td", "th"}:
            self.beside = self.beside or self._framed
            self._end_cell()
            self._text.clear()
            self.tables = self.tables or 1
            across = _count(given.get("colspan"), _MOST_COLUMNS)
            self._span = (across, _count(given.get("rowspan"), _MOST_ROWS))
            self._in_cell = True
        elif tag == "br":
            self._text.append(_BREAK)
        elif tag in _GROUPS and not self._inner:
            self.end_row()
        elif tag in _BLOCKS:
            self._end_block()

    def handle_endtag(self, tag: str) -> None:
        """Close a row or a cell."""
        inner = bool(self._inner)
        self.open_tables = max(self.open_tables - (tag == "table"), 0)
        self._close(tag)
        if not inner:
            self.hidden.end(tag)

    def _close(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif tag in _TABLE and self._inner:
            self._inner -= tag == "table"
            self._end_block()
        elif tag in {"td", "th"}:
            self._end_cell()
        elif tag in {"tr", "table"}:
            self.end_row()
            # After an inner table the outer row goes on; a cell there would stand beside a whole table.
            self._framed = tag == "table"
            if tag == "table":
                self._covered.clear()
        elif tag in _GROUPS and not self._inner:
            self.end_row()
        elif tag in _BLOCKS:
            self._end_block()

    def handle_data(self, data: str) -> None:
        """Take text."""
        if not self._unseen:
            self.hidden.text(data)
            self._text.append(data.replace(_BREAK, ""))

    def end_row(self) -> None:
        """Close the row that is open, or make one of text that stands outside of tables."""
        if self._in_cell or self._cells:
            self._end_cell()
        elif text := self._taken():
            self._cells.append(text)
        else:
            self._text.clear()
            return
        self._skip_covered()
        self._number += 1
        self.hidden.end_row(self._number)
        self.rows.append((self._number, self._cells))
        self._cells = []
        self._text.clear()

    def _is_frame(self) -> bool:
        """Whether the open cell holds nothing but the table that begins, as pages are laid out."""
        return not any(self._cells) and not "".join(self._text).replace(_BREAK, "").strip()

    def _end_block(self) -> None:
        if self._in_cell:
            if self._text and self._text[-1] != _BREAK:
                self._text.append(_BREAK)
        elif not self._cells:
            self.end_row()

    def _end_cell(self) -> None:
        if not self._in_cell:
            return
        self._in_cell = False
        self._skip_covered()
        start, (across, down) = len(self._cells), self._span
        self.hidden.end_cell(self._number + 1, start)
        across = max(min(across, _MOST_COLUMNS - start), 1)
        self._cells.extend([self._taken(), *[""] * (across - 1)])
        if down > 1:
            self._covered.update(dict.fromkeys(range(start, start + across), down))

    def _skip_covered(self) -> None:
        """Leave the cells blank that a cell above spans."""
        while self._covered.get(len(self._cells), 0) > 1 and self.spanned < _MOST_SPANNED:
            self.spanned += 1
            self._covered[len(self._cells)] -= 1
            self._cells.append("")

    def _taken(self) -> str:
        """Return the text so far as a browser shows it: blanks folded, ``<br>`` as line breaks."""
        lines = "".join(self._text).split(_BREAK)
        self._text.clear()
        return "\n".join(_BLANKS_RE.sub(" ", line).strip(" ") for line in lines).strip("\n")


def _count(text: str | None, most: int) -> int:
    return min(int(text), most) if text and text.isascii() and text.isdigit() else 1
