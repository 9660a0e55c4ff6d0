"""The cells of a worksheet's XML, found without a loop where it is written in the usual shape.

Excel, openpyxl, XlsxWriter and LibreOffice write every cell in one of a few shapes (ECMA-376 part 1,
section 18.3.1.4), so that the places of all ``<`` in some thousand rows tell where the attributes and
values are. Every step checks what it relies on; XML that is written in any other way is ``Unusual``
and goes the careful way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from importer.reading.xlsx_scan import MOST_ROWS, Unusual

if TYPE_CHECKING:
    from collections.abc import Sequence

    from importer.columns import Bytes, Marks, Numbers

SHARED, NUMBER, TRUTH, ERROR, TEXT, INLINE = (ord(letter) for letter in "snbeti")
"""What the value of a cell is: ``t="s"``, none or ``n``, ``b``, ``e``, ``str``, ``inlineStr``."""
_TYPES: Final = {b"s": SHARED, b"n": NUMBER, b"b": TRUTH, b"e": ERROR, b"str": TEXT}
_PAD: Final = b"\0" * 64
_KNOWN: Final = np.isin(np.arange(256), list(b"crvfits/"))
"""Which bytes may follow ``<``; with ``s`` begins ``<sheetData>`` before the first row."""
_MOST_DIGITS: Final = 7
_LETTERS: Final = 3
_VALUE: Final = len("<v>")
_PRESERVED: Final = len('<t xml:space="preserve">')
_ROW_RE: Final = re.compile(rb'<row r="([0-9]{1,7})"')
_FORMULA_RE: Final = re.compile(
    rb'<c r="[A-Z]{1,3}[0-9]{1,7}"(?: s="[0-9]+")?(?: t="([A-Za-z]+)")?>'
    rb"(?:<f>[^<]*</f>|<f [^<>]*(?:/>|>[^<]*</f>))(?:<v>([^<]*)</v>|<v/>)?</c>"
)
_ESCAPE_RE: Final = re.compile(rb"_x[0-9A-Fa-f]{4}_")
_ENTITY_RE: Final = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
_ENTITIES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"))


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of some rows that hold something, row by row; all arrays but ``rows`` are as long."""

    data: Bytes
    rows: Numbers
    """Numbers of all rows, ascending."""
    places: Numbers
    """Which of the rows a cell is in."""
    columns: Numbers
    styles: Numbers
    sorts: Bytes
    starts: Numbers
    """Where the value begins in ``data``."""
    ends: Numbers
    bare: tuple[tuple[int, int], ...]
    """Row number and column position of formulas without a stored value."""


@dataclass(slots=True)
class _Tags:
    """Where the tags of some rows are."""

    data: Bytes
    at: Numbers
    """The place of each ``<``."""
    cells: Numbers
    """Which of them begin a cell."""
    rows: Numbers
    """Which of them begin a row."""


def find_cells(rows: bytes) -> Cells:
    """Return the cells of some whole rows.

    Raises:
        Unusual: They are not written in the usual shape.
    """
    if b"<!" in rows or b"\r" in rows or (b"_x" in rows and _ESCAPE_RE.search(rows)):
        raise Unusual
    tags = _tags(rows)
    numbers = _row_numbers(rows, len(tags.rows))
    places = np.searchsorted(tags.rows, tags.cells) - 1
    if len(places) and places[0] < 0:
        raise Unusual
    starts = tags.at[tags.cells]
    columns, after = _references(tags.data, starts, numbers[places])
    styles, after = _styles(tags.data, after)
    sorts, after = _sorts(tags.data, after)
    ahead = np.diff(places) > 0
    _sure(ahead | (np.diff(columns) > 0))
    opened = tags.data[after] == ord(">")
    _sure(opened | ((tags.data[after] == ord("/")) & (tags.data[after + 1] == ord(">"))))
    begins, ends, formulas = _values(tags, after, sorts, opened)
    bare: list[tuple[int, int]] = []
    for cell in formulas.tolist():
        found = _formula(rows, int(starts[cell]))
        if found is None:
            bare.append((int(numbers[places[cell]]), int(columns[cell])))
        else:
            sorts[cell], begins[cell], ends[cell] = found
    held = begins >= 0
    return Cells(
        tags.data,
        numbers,
        places[held],
        columns[held],
        styles[held],
        sorts[held],
        begins[held],
        ends[held],
        tuple(bare),
    )


def unescaped(texts: pa.Array) -> pa.Array:
    """Return texts without XML's entities.

    Raises:
        Unusual: There is an entity that XML does not define.
    """
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring(texts, "&")).as_py():
        return texts
    if pc.any(pc.match_substring_regex(texts, "&(?:[^alqg#]|a[^mp])")).as_py():
        raise Unusual
    if pc.any(pc.match_substring(texts, "&#")).as_py():
        texts = pa.array(
            [_ENTITY_RE.sub(_character, text) for text in texts.to_pylist()], texts.type
        )
    for entity, character in (*_ENTITIES, ("&amp;", "&")):
        texts = pc.replace_substring(texts, entity, character)
    return texts


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16) if found[1] else int(found[2])
    if number == ord("&") or not 0 < number <= 0x10FFFF or 0xD800 <= number < 0xE000:  # noqa: PLR2004
        raise Unusual
    return chr(number)


def _sure(marks: Marks) -> None:
    if not bool(marks.all()):
        raise Unusual


def _tags(rows: bytes) -> _Tags:
    data = np.frombuffer(rows + _PAD, np.uint8)
    at = np.flatnonzero(data == ord("<"))
    first, second = data[at + 1], data[at + 2]
    _sure(_KNOWN[first])
    cells = first == ord("c")
    lines = first == ord("r")
    _sure(~cells | (second == ord(" ")))
    _sure(~lines | (second == ord("o")))
    return _Tags(data, at, np.flatnonzero(cells), np.flatnonzero(lines))


def _row_numbers(rows: bytes, count: int) -> Numbers:
    numbers = np.array(_ROW_RE.findall(rows), "S7").astype(np.int64)
    if len(numbers) != count:
        raise Unusual
    _sure(np.diff(numbers) > 0)
    _sure((numbers > 0) & (numbers <= MOST_ROWS))
    return numbers


def _references(data: Bytes, starts: Numbers, numbers: Numbers) -> tuple[Numbers, Numbers]:
    """Return the column positions, and where the attributes after ``r="F14"`` begin."""
    for offset, letter in enumerate(b'<c r="'):
        if offset:
            _sure(data[starts + offset] == letter)
    at = starts + len('<c r="')
    columns = np.zeros(len(starts), np.int64)
    inside = np.ones(len(starts), np.bool_)
    for _ in range(_LETTERS):
        letters = data[at]
        inside &= (letters >= ord("A")) & (letters <= ord("Z"))
        columns = np.where(inside, columns * 26 + letters - ord("A") + 1, columns)
        at = at + inside
    _sure(columns > 0)
    digits = np.ones(len(starts), np.int64)
    for power in range(1, _MOST_DIGITS):
        digits += numbers >= 10**power
    at = at + digits
    _sure(data[at] == ord('"'))
    for power in range(_MOST_DIGITS):
        expected = numbers // 10**power % 10 + ord("0")
        _sure((digits <= power) | (data[at - 1 - power] == expected))
    return columns - 1, at + 1


def _has(data: Bytes, at: Numbers, name: str) -> Marks:
    there: Marks = data[at] == ord(" ")
    for offset, letter in enumerate(f'{name}="', start=1):
        there &= data[at + offset] == ord(letter)
    return there


def _styles(data: Bytes, at: Numbers) -> tuple[Numbers, Numbers]:
    """Return the styles, 0 where there is none, and where the attributes after ``s="1"`` begin."""
    there = _has(data, at, "s")
    styles = np.zeros(len(at), np.int64)
    at = at + 4 * there
    inside = there.copy()
    for _ in range(6):
        figures = data[at] - np.uint8(48)
        inside &= figures <= 9  # noqa: PLR2004 - digits
        styles = np.where(inside, styles * 10 + figures, styles)
        at = at + inside
    _sure(~there | (data[at] == ord('"')))
    return styles, at + there


def _sorts(data: Bytes, at: Numbers) -> tuple[Bytes, Numbers]:
    """Return what the values are, and where the attributes after ``t="s"`` begin."""
    there = _has(data, at, "t")
    sorts = np.full(len(at), NUMBER, np.uint8)
    at = at + 4 * there
    found = ~there
    for name, sort in ((b"s", SHARED), (b"n", NUMBER), (b"b", TRUTH), (b"e", ERROR)):
        this = there & (data[at] == name[0]) & (data[at + 1] == ord('"'))
        sorts[this] = sort
        found |= this
        at = at + 2 * this
        there = there & ~this
    for name, sort in ((b'str"', TEXT), (b'inlineStr"', INLINE)):
        if not there.any():
            break
        this = there.copy()
        for offset, letter in enumerate(name):
            this &= data[at + offset] == letter
        sorts[this] = sort
        found |= this
        at = at + len(name) * this
        there = there & ~this
    _sure(found)
    return sorts, at


def _values(
    tags: _Tags, after: Numbers, sorts: Bytes, opened: Marks
) -> tuple[Numbers, Numbers, Numbers]:
    """Return where the values begin (-1 where there is none) and end, and which cells have formulas."""
    data, at = tags.data, np.append(tags.at, np.full(8, len(tags.data) - len(_PAD)))
    begins = np.full(len(after), -1, np.int64)
    ends = begins.copy()
    next_tag = at[tags.cells + 1]
    _sure(~opened | (next_tag == after + 1))
    letter = np.where(opened, data[next_tag + 1], 0)
    plain = letter == ord("v")
    _sure(~plain | ((data[next_tag + 2] == ord(">")) & (sorts != INLINE)))
    inline = letter == ord("i")
    formula = letter == ord("f")
    empty = (letter == ord("/")) & (data[next_tag + 2] == ord("c"))
    _sure(~opened | plain | inline | formula | empty)
    if plain.any():
        ordinal = tags.cells[plain]
        begins[plain], ends[plain] = at[ordinal + 1] + _VALUE, at[ordinal + 2]
        _closed(data, at, ordinal + 2, (b"v", b"c"))
    if inline.any():
        _sure(sorts[inline] == INLINE)
        ordinal = tags.cells[inline]
        inner = at[ordinal + 2]
        _sure((inner == at[ordinal + 1] + len("<is>")) & (data[inner + 1] == ord("t")))
        begins[inline] = inner + np.where(data[inner + 2] == ord(">"), _VALUE, _PRESERVED)
        _sure(data[begins[inline] - 1] == ord(">"))
        ends[inline] = at[ordinal + 3]
        _sure(ends[inline] >= begins[inline])
        _closed(data, at, ordinal + 3, (b"t", b"is", b"c"))
    return begins, ends, np.flatnonzero(formula)


def _closed(data: Bytes, at: Numbers, ordinal: Numbers, names: Sequence[bytes]) -> None:
    """Make sure that these end tags follow each other without anything between."""
    place = at[ordinal]
    for name in names:
        for offset, letter in enumerate(b"</" + name + b">"):
            _sure(data[place + offset] == letter)
        place = place + len(name) + 3


def _formula(rows: bytes, start: int) -> tuple[int, int, int] | None:
    """Return sort, begin and end of a formula's value; ``None`` where it has no stored value."""
    found = _FORMULA_RE.match(rows, start)
    if found is None:
        raise Unusual
    sort = _TYPES.get(found[1] or b"n")
    if sort is None:
        raise Unusual
    if sort == TEXT and found[0].endswith(b"<v/></c>"):
        return sort, start, start
    if found[2] or (found[2] is not None and sort == TEXT):
        return sort, found.start(2), found.end(2)
    return None
