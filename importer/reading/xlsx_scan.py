"""What the values' reader hides, straight from a sheet's XML.

For each cell that needs it: the style of a number, the text of an error, a formula that was never
calculated. For the sheet: hidden rows and columns, an active filter, how far it reaches. Cells of
text and numbers without a format need nothing, so they are passed over at the speed of the regular
expression engine. XML that is written differently from what Excel, LibreOffice and the common
libraries write goes through expat instead, which is slower and takes everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Final
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_PIECE: Final = 1 << 20
_LONGEST: Final = 64 << 20
"""One row, or what stands before or after the rows, is never longer than this."""
_START: Final = b"<sheetData"
_END: Final = b"</sheetData>"
_CELL_RE: Final = re.compile(rb"<c[\s/>]")


class Sort(StrEnum):
    """Why a cell is noted."""

    NUMBER = "number"
    ERROR = "error"
    ISO_DATE = "ISO date"
    NOT_CALCULATED = "not calculated"


Group = tuple[int, int]
"""Column position and style."""
Noted = tuple[list[int], list[str]]
"""Row numbers, and the stored texts beside them."""


@dataclass(slots=True)
class Piece:
    """The noted cells of some rows, and how far these rows reach."""

    cells: dict[Sort, dict[Group, Noted]] = field(default_factory=dict)
    last_row: int = 0
    last_column: int = -1
    """Position of the last column with a cell that holds something."""


@dataclass(slots=True)
class Surroundings:
    """What a sheet's XML says besides its cells; complete once all pieces were taken."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    filtered: bool = False

    def note_hidden_rows(self, rows: bytes) -> None:
        """Note which of some rows are hidden."""
        hidden = re.findall(rb'<row r="(\d+)"[^>]* hidden="(?:1|true)"', rows)
        self.hidden_rows.update(map(int, hidden))


class Unusual(Exception):  # noqa: N818 - a signal, not an error
    """The XML is written in a way that the patterns were not made for."""


def scan(
    open_part: Callable[[], IO[bytes]], styles: Collection[int], around: Surroundings
) -> Iterator[Piece]:
    """Yield what is to be noted in a sheet, piece by piece in the order of its rows.

    Args:
        open_part: Opens the sheet's XML; called again where the patterns do not fit.
        styles: Cell styles whose numbers do not show as they are stored.
        around: Filled on the way.

    Raises:
        Unusual: Patterns did not fit; what was yielded so far is void, use ``scan_slowly``.
    """
    with open_part() as stream:
        yield from _Patterns(styles, around).pieces(stream)


class _Patterns:
    """The quick way."""

    def __init__(self, styles: Collection[int], around: Surroundings) -> None:
        self.around = around
        cell = rb'<c r="([A-Z]{1,3})([0-9]+)"'
        formula = rb"\s*(?:<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*)?"
        value = rb"<v(?:\s[^>]*)?>\s*([^<\s]*)\s*</v>"
        ids = b"|".join(str(style).encode() for style in sorted(styles, reverse=True))
        self.number = re.compile(
            cell
            + rb'(?![^>]* t="(?:s|str|inlineStr|b|e|d)")[^>]* s="('
            + (ids or b"(?!)")
            + rb')"[^>]*>'
            + formula
            + value
        )
        style = rb'(?:(?=[^>]* s="([0-9]+)"))?'
        self.error = re.compile(cell + rb'(?=[^>]* t="e")' + style + rb"[^>]*>" + formula + value)
        self.iso = re.compile(cell + rb'(?=[^>]* t="d")' + style + rb"[^>]*>" + formula + value)
        formula = rb"\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*"
        empty = rb"(?:<v\s*/>|<v></v>)\s*"
        self.bare = re.compile(cell + rb"[^>]*>" + formula + rb"</c>")
        self.empty = re.compile(cell + rb'(?![^>]* t="str")[^>]*>' + formula + empty + rb"</c>")

    def pieces(self, stream: IO[bytes]) -> Iterator[Piece]:
        for rows in pieces(stream, self.around, size=lambda: _PIECE):
            yield self._piece(rows)

    def _piece(self, rows: bytes) -> Piece:
        _refuse_unusual(rows)
        piece = Piece()
        self._reach(rows, piece)
        found = piece.cells
        found[Sort.NUMBER] = _gathered(self.number.findall(rows))
        if b't="e"' in rows:
            found[Sort.ERROR] = _gathered(self.error.findall(rows))
        if b't="d"' in rows:
            found[Sort.ISO_DATE] = _gathered(self.iso.findall(rows))
        if b"<f" in rows:
            cells = self.bare.findall(rows) + self.empty.findall(rows)
            found[Sort.NOT_CALCULATED] = _gathered([(*cell, b"", b"") for cell in cells])
        if b'hidden="' in rows:
            self.around.note_hidden_rows(rows)
        return piece

    def _reach(self, rows: bytes, piece: Piece) -> None:
        """Note the last row, and the last column that holds something."""
        last = rows.rfind(b'<row r="')
        if last >= 0:
            piece.last_row = int(rows[last + 8 : rows.index(b'"', last + 8)])
        letters: set[bytes] = set()
        for row in rows.split(b"</row>"):
            start = row.rfind(b'<c r="', 0, max(row.rfind(b"</c>"), 0))
            if start >= 0:
                letters.add(row[start + 6 : start + 9].rstrip(b'0123456789"'))
        piece.last_column = max(map(column_of, letters), default=-1)


def pieces(stream: IO[bytes], around: Surroundings, *, size: Callable[[], int]) -> Iterator[bytes]:
    """Yield the rows of a sheet's XML, some whole ones at a time.

    Args:
        stream: The sheet's XML.
        around: Filled on the way.
        size: Says how many bytes to read next.

    Raises:
        Unusual: There is no sheet in it that the patterns know, or a row without an end.
    """
    head = _until(stream, _START)
    _look_before(head, around)
    rest = head[head.index(_START) :]
    while _END not in rest:
        more = stream.read(size())
        if not more:
            if b"<row" in rest:
                raise Unusual
            break
        rest += more
        cut = rest.rfind(b"</row>") + len(b"</row>")
        if cut >= len(b"</row>"):
            yield rest[:cut]
            rest = rest[cut:]
        elif len(rest) > _LONGEST:
            raise Unusual
    rows, _, tail = rest.partition(_END)
    yield rows
    for more in iter(lambda: stream.read(_PIECE), b""):
        around.filtered |= b"<filterColumn" in tail
        tail = tail[-64:] + more
    around.filtered |= b"<filterColumn" in tail


def _look_before(head: bytes, around: Surroundings) -> None:
    """Look at what stands before the rows: hidden columns."""
    if b"<worksheet" not in head or b"<!--" in head:
        raise Unusual
    for column in re.findall(rb"<col\s([^>]*)>", head):
        if re.search(rb'\bhidden="(?:1|true)"', column):
            ends = re.search(rb'\bmin="(\d+)"', column), re.search(rb'\bmax="(\d+)"', column)
            if ends[0] is None or ends[1] is None:
                raise Unusual
            _hide(around, int(ends[0][1]), int(ends[1][1]))


def _until(stream: IO[bytes], mark: bytes) -> bytes:
    head = b""
    while mark not in head:
        more = stream.read(_PIECE)
        if not more or len(head) > _LONGEST:
            raise Unusual
        head += more
    return head


def _refuse_unusual(rows: bytes) -> None:
    """Count what the patterns must have met; where the counts differ, they do not fit."""
    cells, lines = rows.count(b'<c r="'), rows.count(b'<row r="')
    if cells != rows.count(b"<c") and cells != len(_CELL_RE.findall(rows)):
        raise Unusual
    if lines != rows.count(b"<row"):
        raise Unusual
    if (b"!" in rows and b"<!" in rows) or (b"'" in rows and b"='" in rows):
        raise Unusual


def _gathered(found: list[tuple[bytes, bytes, bytes, bytes]]) -> dict[Group, Noted]:
    """Put cells of one column and style together: row numbers and stored texts."""
    together: dict[tuple[bytes, bytes], tuple[list[bytes], list[bytes]]] = {}
    for letters, row, style, text in found:
        rows, texts = together.get((letters, style)) or together.setdefault(
            (letters, style), ([], [])
        )
        rows.append(row)
        texts.append(text)
    return {
        (column_of(letters), int(style or 0)): (
            list(map(int, rows)),
            b"\n".join(texts).decode().split("\n"),
        )
        for (letters, style), (rows, texts) in together.items()
    }


def column_of(letters: bytes) -> int:
    """Return the position of a column: ``A`` is 0, ``AA`` is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _hide(around: Surroundings, first: int, last: int) -> None:
    around.hidden_columns.update(range(first - 1, min(last, 16_384)))


class _Slow:
    """The way through expat, for XML of any shape."""

    def __init__(self, styles: Collection[int], around: Surroundings) -> None:
        self.styles = frozenset(styles)
        self.around = around
        self.piece = Piece()
        self.row = 0
        self.column = -1
        self.cell: dict[str, str] = {}
        self.value: list[str] = []
        self.in_value = self.has_value = self.has_formula = self.holds = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "row":
            self.row = int(attributes.get("r", self.row + 1))
            self.column = -1
            self.piece.last_row = max(self.piece.last_row, self.row)
            if attributes.get("hidden") in {"1", "true"}:
                self.around.hidden_rows.add(self.row)
        elif tag == "c":
            letters = attributes.get("r", "").rstrip("0123456789").encode()
            self.column = column_of(letters) if letters else self.column + 1
            self.cell = attributes
            self.value.clear()
            self.has_value = self.has_formula = self.holds = False
        elif tag == "v":
            self.in_value = self.has_value = self.holds = True
        elif tag in {"f", "is"}:
            self.has_formula = self.has_formula or tag == "f"
            self.holds = True
        elif tag == "filterColumn":
            self.around.filtered = True
        elif tag == "col" and attributes.get("hidden") in {"1", "true"}:
            _hide(self.around, int(attributes["min"]), int(attributes["max"]))

    def text(self, text: str) -> None:
        if self.in_value:
            self.value.append(text)

    def end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "v":
            self.in_value = False
        elif tag == "c" and self.holds:
            self.piece.last_column = max(self.piece.last_column, self.column)
            self._note("".join(self.value))

    def _note(self, value: str) -> None:
        kind, style = self.cell.get("t", "n"), int(self.cell.get("s", "0"))
        if self.has_formula and not value and not (self.has_value and kind == "str"):
            sort = Sort.NOT_CALCULATED
        elif kind == "e":
            sort = Sort.ERROR
        elif kind == "d":
            sort = Sort.ISO_DATE
        elif kind == "n" and value and style in self.styles:
            sort = Sort.NUMBER
        else:
            return
        groups = self.piece.cells.setdefault(sort, {})
        rows, texts = groups.setdefault((self.column, style), ([], []))
        rows.append(self.row)
        texts.append(value.replace("\n", ""))


def scan_slowly(
    open_part: Callable[[], IO[bytes]], styles: Collection[int], around: Surroundings
) -> Iterator[Piece]:
    """Do the same as ``scan`` for XML of any shape."""
    slow = _Slow(styles, around)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = slow.start
    parser.EndElementHandler = slow.end
    parser.CharacterDataHandler = slow.text
    with open_part() as stream:
        for data in iter(lambda: stream.read(_PIECE), b""):
            parser.Parse(data, False)  # noqa: FBT003 - the standard library's signature
            yield slow.piece
            slow.piece = Piece()
        parser.Parse(b"", True)  # noqa: FBT003 - the standard library's signature
    yield slow.piece
