"""A worksheet's XML, cut into rows, and what it says besides its cells.

Hidden rows and columns and an active filter stand around the cells; how far a sheet may reach is
decided here too. XML that is written differently from what Excel, LibreOffice and the common libraries
write is ``Unusual``, and goes the careful way through expat.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final
from xml.parsers import expat

from importer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 16_384
"""Rows and columns of the largest sheet that Excel has."""
_MOST_CELLS: Final = 150_000_000
"""Rows times columns up to the last cell that holds something."""
_PIECE: Final = 1 << 20
_LONGEST: Final = 64 << 20
"""One row, or what stands before or after the rows, is never longer than this."""
_START: Final = b"<sheetData"
_END: Final = b"</sheetData>"
_HIDDEN_RE: Final = re.compile(rb"""\bhidden\s*=\s*["'](?:1|true)["']""")
_HIDDEN_ROW_RE: Final = re.compile(rb"""<row r="(\d+)"[^>]*\shidden\s*=\s*["'](?:1|true)["']""")
_CELLS_RE: Final = re.compile(rb"<(?:row|c)[\s/>]")
_ENCODING_RE: Final = re.compile(rb"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([^"']*)["']""")
_USUAL_ENCODINGS: Final = frozenset({b"utf-8", b"utf8", b"us-ascii"})


@dataclass(slots=True)
class Surroundings:
    """What a sheet's XML says besides its cells; complete once all pieces were taken."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    filtered: bool = False

    def note_hidden_rows(self, rows: bytes) -> None:
        """Note which of some rows are hidden."""
        self.hidden_rows.update(map(int, _HIDDEN_ROW_RE.findall(rows)))

    def hide_columns(self, first: int, last: int) -> None:
        """Note hidden columns, which are counted from 1."""
        self.hidden_columns.update(range(max(first, 1) - 1, min(last, MOST_COLUMNS)))


class Unusual(Exception):  # noqa: N818 - a signal, not an error
    """The XML is written in a way that the quick way was not made for."""


def refuse_endless(row: int, column: int, place: str) -> None:
    """Refuse a sheet that reaches further than any table does.

    Args:
        row: Number of the last row that holds something.
        column: Position of the last column that does.
        place: File and sheet.

    Raises:
        InputError: Its grid would not fit into memory.
    """
    if row * (column + 1) > _MOST_CELLS:
        raise InputError(
            f"{place}: the sheet reaches to row {row:,} and column {column + 1:,}, too far to be read.",
            hint="Delete the stray cells far below or to the right, and save the workbook.",
        )


def refuse_other_encoding(start: bytes) -> None:
    """Make sure that some XML is in UTF-8 by its own word.

    Raises:
        Unusual: It declares another encoding.
    """
    declared = _ENCODING_RE.search(start)
    if declared is not None and declared[1].lower() not in _USUAL_ENCODINGS:
        raise Unusual


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
    refuse_other_encoding(head)
    cut = head.index(_START)
    _look_before(head[:cut], around)
    outside = _Outside(head[:cut])
    rest = head[cut:]
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
    outside.take(tail)
    for more in iter(lambda: stream.read(_PIECE), b""):
        _look_after(tail, around)
        outside.take(more)
        tail = tail[-64:] + more
    _look_after(tail, around)
    outside.take(b"", last=True)
    if not tail.rstrip().endswith(b"</worksheet>"):
        raise Unusual


class _Outside:
    """Makes sure that what stands around the rows is XML without any row or cell of its own."""

    def __init__(self, head: bytes) -> None:
        self._parser = expat.ParserCreate()
        self.take(head)
        self.take(_START + b"/>")

    def take(self, data: bytes, *, last: bool = False) -> None:
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            raise Unusual from error


def _look_before(head: bytes, around: Surroundings) -> None:
    """Look at what stands before the rows: hidden columns."""
    if b"<worksheet" not in head or b"<!" in head or _CELLS_RE.search(head):
        raise Unusual
    for column in re.findall(rb"<col\s([^>]*)>", head):
        if _HIDDEN_RE.search(column):
            ends = re.search(rb'\bmin="(\d+)"', column), re.search(rb'\bmax="(\d+)"', column)
            if ends[0] is None or ends[1] is None:
                raise Unusual
            around.hide_columns(int(ends[0][1]), int(ends[1][1]))


def _look_after(tail: bytes, around: Surroundings) -> None:
    """Look at what stands after the rows: an active filter."""
    if _START in tail or _CELLS_RE.search(tail):
        raise Unusual
    around.filtered |= b"<filterColumn" in tail


def _until(stream: IO[bytes], mark: bytes) -> bytes:
    head = b""
    while mark not in head:
        more = stream.read(_PIECE)
        if not more or len(head) > _LONGEST:
            raise Unusual
        head += more
    return head


def column_of(letters: bytes) -> int:
    """Return the position of a column: ``A`` is 0, ``AA`` is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
