"""Web pages that call themselves workbooks, as Banner and PeopleSoft write them.

What a cell of such a page says is what the person sees, so nothing is converted: ``0012345`` stays.
All tables of the page, and the lines of text between them, make one grid, as Excel shows them in one
sheet. Hidden parts of a page are read like all others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from importer.errors import InputError
from importer.reading import faults, sniffing
from importer.reading.encoding import find_encoding
from importer.reading.grid import GridBuilder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from importer.model import Grid

_CHARSET_RE: Final = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)", re.IGNORECASE)
_LOOK: Final = 4096
_BLANKS_RE: Final = re.compile(r"[ \t\r\n\f]+")
_BREAK: Final = "\x00"
_BLOCK: Final = "\x01"
_BLOCK_RE: Final = re.compile(f" ?{_BLOCK}[ {_BLOCK}]*")
_MOST_COLUMNS: Final = 16_384
_MOST_ROWS: Final = 1_048_576
_BLOCKS: Final = frozenset(
    {"p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr", "table", "tr", "td", "th"}
)
_CELLS: Final = frozenset({"td", "th"})
_ROWS: Final = ("tr", "thead", "tbody", "tfoot")
_UNSEEN: Final = frozenset({"head", "script", "style", "title", "xml", "noframes"})
_SHEET_NAME: Final = 31


def read_html(data: bytes, path: Path, *, encoding: str | None = None) -> Grid:
    """Return the cells of all tables of a page; rows count from 1 at its first line of text.

    Raises:
        InputError: There is no table in the page (it is a login page or an error message, say), or
            one stands inside of another beside other cells.
    """
    declared = _CHARSET_RE.search(data[:_LOOK])
    found = find_encoding(data, path, encoding or _usable(declared, data))
    text = (
        data[found.start :].decode(found.name, found.errors).replace(_BREAK, "").replace(_BLOCK, "")
    )
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if root is None or next(root.iter("table", "td", "th"), None) is None:
        raise _no_table(path, root)
    opened = sum(1 for _ in root.iter("table"))
    if opened > text.lower().count("</table"):
        raise InputError(
            f"{path.name}: the page ends in the middle of its table, so it was probably cut off.",
            hint="Export or download it again. If it always ends like this, open it in Excel, look at "
            "its last rows, and save it as an Excel workbook (.xlsx).",
        )
    builder = GridBuilder(path, path.stem[:_SHEET_NAME])
    if found.suspected:
        builder.suspected = faults.other_encoding(*found.suspected)
    rows = _lines(root, path) if opened else _table(root, path)
    for number, cells in enumerate(rows, start=1):
        builder.add(number, cells)
    return builder.grid([found.note] if found.note else [])


def _no_table(path: Path, root: etree._Element | None) -> InputError:
    if root is not None and next(root.iter("frameset"), None) is not None:
        return InputError(
            f"{path.name}: this web page only frames others, and the rows are in those.",
            hint=sniffing.AS_XLSX,
        )
    return InputError(
        f"{path.name}: this is a web page without a table.",
        hint="Open it in a browser: it may be a login page or a message of the other system.",
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


def _lines(element: etree._Element, path: Path) -> Iterator[list[str]]:
    """Yield the rows of the tables in an element, and its lines of text outside of them."""
    pieces: list[str] = []
    for piece in (*_pieces(element, whole=False), _BLOCK):
        if isinstance(piece, str) and piece != _BLOCK:
            pieces.append(piece)
            continue
        if line := _shown(pieces):
            yield [line]
        pieces.clear()
        if not isinstance(piece, str):
            yield from _table(piece, path)


def _table(table: etree._Element, path: Path) -> Iterator[list[str]]:
    """Yield the rows of a table. A row that only frames another table gives way to its rows."""
    spanned: dict[int, tuple[int, str]] = {}
    for row in _rows(table):
        texts = [
            _shown(_pieces(cell, whole=True)) if len(cell) else _shown([cell.text or ""])
            for cell in row
        ]
        first = next((cell for cell, text in zip(row, texts, strict=True) if text), row[0])
        if not _frames(first):
            yield _placed(row, texts, spanned)
        elif sum(map(bool, texts)) <= 1:
            yield from _lines(first, path)
        else:
            raise InputError(
                f"{path.name}: in this web page a whole table stands beside other cells, so its rows "
                "cannot be told for certain.",
                hint="Open it in Excel, copy the table into a new workbook, and save that as .xlsx.",
            )


def _frames(cell: etree._Element) -> bool:
    """Whether a cell holds nothing but tables."""
    if not len(cell) or cell.find(".//table") is None:
        return False
    return not _shown(piece for piece in _pieces(cell, whole=False) if isinstance(piece, str))


def _rows(table: etree._Element) -> Iterator[list[etree._Element]]:
    """Yield the cells of each row of a table, without those of tables in it.

    Exports leave out ``<tr>``, or put a ``<form>`` between rows and cells.
    """
    cells: list[etree._Element] = []
    for each in table.iter(*_ROWS, *_CELLS):
        if next(each.iterancestors("table"), table) is not table:
            continue
        if each.tag in _CELLS:
            cells.append(each)
        elif cells:
            yield cells
            cells = []
    if cells:
        yield cells


def _placed(
    row: list[etree._Element], texts: list[str], spanned: dict[int, tuple[int, str]]
) -> list[str]:
    """Return the texts of a row in their columns; a cell that spans rows stands in all of them."""
    cells: list[str] = []

    def skip() -> None:
        while len(cells) in spanned:
            rows, text = spanned.pop(len(cells))
            if rows > 1:
                spanned[len(cells)] = rows - 1, text
            cells.append(text)

    for cell, text in zip(row, texts, strict=True):
        skip()
        start = len(cells)
        across = min(_count(cell.get("colspan"), _MOST_COLUMNS), max(_MOST_COLUMNS - start, 1))
        cells += [text, *[""] * (across - 1)]
        if (down := _count(cell.get("rowspan"), _MOST_ROWS)) > 1:
            for column in range(start, start + across):
                spanned[column] = down - 1, cells[column]
    skip()
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _count(text: str | None, most: int) -> int:
    return min(max(int(text), 1), most) if text and text.isascii() and text.isdigit() else 1


def _pieces(element: etree._Element, *, whole: bool) -> Iterator[str | etree._Element]:
    """Yield the texts in an element, and what breaks its lines.

    Args:
        element: A cell, or the page.
        whole: Whether a table in it is text too; else it is yielded as it is.
    """
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, each in walker:
        inner = each is not element
        if each.tag == "table" and inner and not whole:
            if event == "start":
                yield each
                walker.skip_subtree()
        elif each.tag in _UNSEEN:
            walker.skip_subtree()
        else:
            if each.tag == "br" and event == "start":
                yield _BREAK
            elif each.tag in _BLOCKS and inner:
                yield _BLOCK
            if event == "start" and each.text:
                yield each.text
        if event == "end" and inner and each.tail:
            yield each.tail


def _shown(pieces: Iterable[str]) -> str:
    """Return a text as a browser shows it: blanks folded, breaks as line breaks."""
    text = _BLOCK_RE.sub(_BREAK, _BLANKS_RE.sub(" ", "".join(pieces)))
    return "\n".join(line.strip(" ") for line in text.split(_BREAK)).strip("\n")
