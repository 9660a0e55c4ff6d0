"""Web pages that call themselves workbooks, as Banner and PeopleSoft write them.

What a cell of such a page says is what the person sees, so nothing is converted: ``0012345`` stays.
All tables of the page, and the lines of text between them, make one grid, as Excel shows them in one
sheet. Hidden parts of a page are read like all others.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lxml import etree

from importer.errors import InputError
from importer.model import Grid, Merge
from importer.reading import sniffing
from importer.reading.grid import MOST_CELLS, MOST_COLUMNS, MOST_ROWS, GridBuilder

_CHARSET_RE: Final = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)", re.IGNORECASE)
_LOOK: Final = 4096
_BLANKS_RE: Final = re.compile(r"[ \t\r\n\f]+")
_BREAK: Final = "\ufdd0"
_BLOCK: Final = "\ufdd1"
_ROW: Final = "\ufdd2"
_CONTROLS: Final = dict(
    zip([*range(1, 9), 11, *range(14, 32), 0xFFFE, 0xFFFF], range(0xFDD3, 0xFDF0), strict=True)
)
"""What lxml reads in a text and lets nobody write → what stands for it until the text is shown."""
_BACK: Final = {stand_in: code for code, stand_in in _CONTROLS.items()}
_WRITTEN: Final = {**_CONTROLS, ord("\f"): ord(" ")}
"""The same with the form feed, which a page shows as a blank."""
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
    found = sniffing.find_encoding(data, path, encoding or _declared(data))
    text = data[found.start :].decode(found.name, found.errors)
    text = text.translate(dict.fromkeys((0, *range(0xFDD0, 0xFDF0))))
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if root is None or next(root.iter("table", "td", "th"), None) is None:
        raise InputError(
            f"{path.name}: this is a web page without a table.",
            hint="Open it in a browser: it may be a login page or a message of the other system.",
        )
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
    builder = GridBuilder(path, path.stem[:_SHEET_NAME], found)
    placed, across = 0, list[tuple[int, int]]()
    for number, cells in enumerate(_lines(root, across), start=1):
        placed += len(cells)
        builder.merges += [Merge(number, number, *columns) for columns in across]
        across.clear()
        if placed > MOST_CELLS:
            raise builder.too_large()
        while cells and not cells[-1]:
            cells.pop()
        builder.add(number, cells)
    return builder.grid()


def _declared(data: bytes) -> str | None:
    """Return the encoding that the page declares, where its bytes fit it."""
    declared = _CHARSET_RE.search(data[:_LOOK])
    if declared is None:
        return None
    name = declared[1].decode("ascii").lower()
    if name in {"iso-8859-1", "latin1", "us-ascii"}:
        name = "cp1252"  # as every browser reads it
    try:
        data.decode(name)
    except (LookupError, UnicodeError):
        return None
    return name


def _lines(root: etree._Element, merged: list[tuple[int, int]]) -> Iterator[list[str]]:
    """Yield the rows of all tables, and the lines of text outside of them.

    A row that frames another table gives way to its rows. ``merged`` takes the first and last column of the
    cells of each row that stand over several.
    """
    etree.strip_elements(root, *_UNSEEN, with_tail=False)
    for each in root.iter(*_BLOCKS, "br"):
        if each.tag != "br":
            each.text = f"{_BLOCK}{(each.text or '').translate(_WRITTEN)}"
        mark = _BREAK if each.tag == "br" else _BLOCK
        each.tail = f"{mark}{(each.tail or '').translate(_WRITTEN)}"
    aside = etree.Element("rows")
    tables: list[etree._Element | None] = []
    for row in [*root.iter("tr")]:
        framing = row.find(".//table") is not None or next(row.iter("td", "th"), None) is None
        if not framing and aside not in row.iterancestors():
            etree.SubElement(aside, "tr").extend(row)
            row.text = f"{_BLOCK}{_ROW}{_BLOCK}"
            tables.append(next(row.iterancestors("table"), None))
    rows, around = zip(aside, tables, strict=True), None
    spanned: dict[int, tuple[int, str]] = {}
    for piece in "".join(map(str, root.itertext())).split(_BLOCK):
        if piece == _ROW:
            row, table = next(rows)
            if table is not around:
                around, spanned = table, {}
            yield _placed(row, spanned, merged)
        elif text := _shown(piece):
            yield [text]


def _placed(
    row: etree._Element, spanned: dict[int, tuple[int, str]], merged: list[tuple[int, int]]
) -> list[str]:
    """Return the texts of a row in their columns; a cell that spans rows stands in all of them."""
    cells: list[str] = []
    waiting = row.iter("td", "th")
    while True:
        start = len(cells)
        if start in spanned:
            rows, text = spanned.pop(start)
            if rows > 1:
                spanned[start] = rows - 1, text
            cells.append(text)
        elif (cell := next(waiting, None)) is None:
            return cells
        else:
            text = _shown("".join(map(str, cell.itertext())))
            across = min(_count(cell.get("colspan"), MOST_COLUMNS), max(MOST_COLUMNS - start, 1))
            cells += [text, *[""] * (across - 1)]
            merged += [(start, start + across - 1)] * (across > 1)
            if (down := _count(cell.get("rowspan"), MOST_ROWS)) > 1:
                spanned |= {at: (down - 1, cells[at]) for at in range(start, len(cells))}


def _count(text: str | None, most: int) -> int:
    return min(max(int(text), 1), most) if text and text.isascii() and text.isdigit() else 1


def _shown(text: str) -> str:
    """Return a text as a browser shows it: blanks folded, breaks as line breaks."""
    text = _BLOCK_RE.sub(_BREAK, _BLANKS_RE.sub(" ", text))
    shown = "\n".join(line.strip(" ") for line in text.split(_BREAK)).strip("\n")
    return shown.translate(_BACK)
