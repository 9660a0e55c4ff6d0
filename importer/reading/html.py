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
from importer.reading.grid import MOST_CELLS, MOST_COLUMNS, MOST_ROWS, GridBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from importer.model import Grid

_CHARSET_RE: Final = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)", re.IGNORECASE)
_LOOK: Final = 4096
_BLANKS_RE: Final = re.compile(r"[ \t\r\n\f]+")
_BREAK: Final = "\x00"
_BLOCK: Final = "\x01"
_BLOCK_RE: Final = re.compile(f" ?{_BLOCK}[ {_BLOCK}]*")
_BLOCKS: Final = frozenset(
    {"p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr", "table", "tr", "td", "th"}
)
_UNSEEN: Final = frozenset({"head", "script", "style", "title", "xml", "noframes"})
_SHEET_NAME: Final = 31


def read_html(data: bytes, path: Path, *, encoding: str | None = None) -> Grid:
    """Return the cells of all tables of a page; rows count from 1 at its first line of text.

    Raises:
        InputError: There is no table in the page (it is a login page or an error message, say), or it
            ends within one.
    """
    declared = _CHARSET_RE.search(data[:_LOOK])
    found = sniffing.find_encoding(data, path, encoding or _usable(declared, data))
    text = (
        data[found.start :].decode(found.name, found.errors).replace(_BREAK, "").replace(_BLOCK, "")
    )
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if root is None or next(root.iter("table", "td", "th"), None) is None:
        raise _no_table(path, root)
    if any(error.level_name == "FATAL" for error in parser.error_log):
        raise InputError(
            f"{path.name}: the tags of this page are nested too deeply for all of it to be read.",
            hint=sniffing.AS_XLSX,
        )
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
    placed = 0
    for number, cells in enumerate(_lines(root), start=1):
        placed += len(cells)
        if placed > MOST_CELLS:
            raise builder.too_large()
        while cells and not cells[-1]:
            cells.pop()
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


def _lines(root: etree._Element) -> Iterator[list[str]]:
    """Yield the rows of all tables, and the lines of text outside of them.

    A row that frames another table gives way to its rows.
    """
    pieces: list[str] = []
    table, spanned = None, dict[int, tuple[int, str]]()
    for piece in (*_pieces(root, rows=True), root):
        if isinstance(piece, str):
            pieces.append(piece)
            continue
        texts = map(_shown, "".join(pieces).split(_BLOCK))
        yield from ([text] for text in texts if text)
        pieces.clear()
        if piece is not root:
            around = next(piece.iterancestors("table"), None)
            if around is not table:
                table, spanned = around, {}
            yield _placed(piece, spanned)


def _placed(row: etree._Element, spanned: dict[int, tuple[int, str]]) -> list[str]:
    """Return the texts of a row in their columns; a cell that spans rows stands in all of them."""
    cells: list[str] = []

    def skip() -> None:
        while len(cells) in spanned:
            rows, text = spanned.pop(len(cells))
            if rows > 1:
                spanned[len(cells)] = rows - 1, text
            cells.append(text)

    for cell in row.iter("td", "th"):
        skip()
        start, text = len(cells), _shown("".join(map(str, _pieces(cell))))
        across = min(_count(cell.get("colspan"), MOST_COLUMNS), max(MOST_COLUMNS - start, 1))
        cells += [text, *[""] * (across - 1)]
        if (down := _count(cell.get("rowspan"), MOST_ROWS)) > 1:
            for column in range(start, start + across):
                spanned[column] = down - 1, cells[column]
    skip()
    return cells


def _count(text: str | None, most: int) -> int:
    return min(max(int(text), 1), most) if text and text.isascii() and text.isdigit() else 1


def _pieces(element: etree._Element, *, rows: bool = False) -> Iterator[str | etree._Element]:
    """Yield the texts in an element and what breaks its lines, and where wanted its rows as they are."""
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, each in walker:
        block = _BLOCK if each.tag in _BLOCKS and each is not element else ""
        if event == "end":
            yield block
            yield each.tail or "" if each is not element else ""
        elif each.tag in _UNSEEN:
            walker.skip_subtree()
        elif rows and each.tag == "tr" and _is_row(each):
            yield each
            walker.skip_subtree()
        else:
            yield _BREAK if each.tag == "br" else block
            yield each.text or ""


def _is_row(element: etree._Element) -> bool:
    """Whether a ``<tr>`` holds cells and frames no table."""
    return element.find(".//table") is None and next(element.iter("td", "th"), None) is not None


def _shown(text: str) -> str:
    """Return a text as a browser shows it: blanks folded, breaks as line breaks."""
    text = _BLOCK_RE.sub(_BREAK, _BLANKS_RE.sub(" ", text))
    return "\n".join(line.strip(" ") for line in text.split(_BREAK)).strip("\n")
