"""Delimited text: CSV, tab-separated and their kin.

Records are read strictly (RFC 4180): a quote that is opened and never closed would swallow the rest
of the file, so it stops the reading. How many cells a record really has is kept, because a record
that is too long or too short has its cells in the wrong columns.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from importer.errors import InputError
from importer.reading import faults
from importer.reading.blocks import Blocks, rows_a_block, whole_unicode
from importer.reading.decoding import Encoding, find_encoding
from importer.reading.delimited_direct import Place, read_plainly

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from importer.model import Grid

_DELIMITERS: Final = ",;\t|"
_RECORDS: Final = 20
_LOOK: Final = 1 << 20
_USUAL_WIDTH: Final = 32
_NONE: Final = (0, False, 0)
_MOST_CELLS: Final = 16_384
"""Columns of the widest sheet that Excel has."""
_SEP_RE: Final = re.compile(r'\A"?sep=([^\w"\r\n])"?[ \t,;|]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
_TRICK_RE: Final = re.compile(r'="((?:[^"]|"")*)"')
"""How exports keep Excel from taking a text for a number: ``="0012345"``."""


def read_delimited(data: bytes, path: Path, *, encoding: str | None = None) -> Grid:
    """Return the cells of a delimited text file.

    Args:
        data: The whole file.
        path: For messages.
        encoding: The encoding that a person named, if any.

    Raises:
        InputError: The encoding is none, a quote is never closed, or a record is absurdly wide.
    """
    found = find_encoding(data, path, encoding)
    if b"\0" not in data[-2:]:
        data = data.rstrip(b"\x1a\r\n") if data.rstrip(b"\r\n").endswith(b"\x1a") else data
    data, start = _as_utf_8(data, found)
    delimiter, skipped = _layout(data[start : start + _LOOK].decode("utf-8", "ignore"))
    blocks = Blocks(0)
    place = Place(start + skipped, 0)
    tricks, nulls = b'="' in data, b"\0" in data
    if delimiter.isascii() and not tricks and not nulls:
        place = read_plainly(data, place.byte, delimiter, blocks, _MOST_CELLS)
    reader = csv.reader(_lines(data, place.byte), delimiter=delimiter, strict=True)
    records = _numbered(reader, path, place.records)
    while some := list(islice(records, rows_a_block(blocks.width or _USUAL_WIDTH))):
        _add(blocks, some, tricks=tricks, nulls=nulls)
    return blocks.grid(path, None, [found.doubt] if found.doubt else [])


def _as_utf_8(data: bytes, encoding: Encoding) -> tuple[bytes, int]:
    """Return a text in UTF-8, and where it begins."""
    if encoding.name == "utf-8":
        return data, encoding.start
    text = data[encoding.start :].decode(encoding.name)
    try:
        return text.encode(), 0
    except UnicodeEncodeError:
        return whole_unicode(text).encode(), 0


def _lines(data: bytes, start: int) -> Iterable[str]:
    """Yield the lines with their own ends, as ``csv`` wants them."""
    stream = io.BytesIO(data)
    stream.seek(start)
    return io.TextIOWrapper(stream, encoding="utf-8", newline="")


def _layout(start: str) -> tuple[str, int]:
    """Return the delimiter, and the bytes of a first line that only names it (``sep=;``)."""
    if told := _SEP_RE.match(start):
        return told[1], len(told[0].encode())
    scores = [_score(start, delimiter) for delimiter in _DELIMITERS]
    best = max(scores)
    return _DELIMITERS[scores.index(best)], 0


def _score(start: str, delimiter: str) -> tuple[int, bool, int]:
    """Return how many of the first records agree on a number of cells above one, and that number.

    Between them stands whether all quotes are right: a delimiter that only stands in quoted cells leaves
    quotes in the middle of a cell.
    """
    counted = _agreeing(start, delimiter, strict=True)
    if counted is None:
        counted = _agreeing(start, delimiter) or _NONE
    # Student systems write tabs and quote nothing, so that a stray quote hides the tabs after it.
    if delimiter == "\t":
        counted = max(counted, _agreeing(start, delimiter, quoted=False) or _NONE)
    return counted


def _agreeing(
    start: str, delimiter: str, *, strict: bool = False, quoted: bool = True
) -> tuple[int, bool, int] | None:
    reader = csv.reader(
        io.StringIO(start, newline=""),
        delimiter=delimiter,
        strict=strict,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
    )
    try:
        lengths = Counter(len(record) for record in islice(filter(None, reader), _RECORDS))
    except csv.Error:
        return None
    del lengths[1]
    return max(((agreeing, strict, cells) for cells, agreeing in lengths.items()), default=_NONE)


def _numbered(reader: Reader, path: Path, before: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not empty, each with its number; ``before`` them were so many."""
    number, line = before, 0
    try:
        for number, record in enumerate(reader, start=before + 1):
            if len(record) > _MOST_CELLS:
                raise InputError(
                    f"{path.name}, record {number}: it has {len(record):,} cells, more than any "
                    "spreadsheet has columns.",
                    hint="Export the file again with a delimiter that no value holds.",
                )
            line = reader.line_num
            if record:
                yield number, record
    except csv.Error as error:
        if "field limit" in str(error) and reader.line_num <= line + 1:
            raise InputError(
                f"{path.name}, record {number + 1}: a cell has more than {csv.field_size_limit():,} "
                "characters, more than any spreadsheet's.",
                hint="Shorten it, or look for a double quote that is never closed.",
            ) from error
        raise InputError(
            f"{path.name}, record {number + 1}: a double quote is opened "
            "and not closed where its cell ends.",
            hint="Correct the quotes of this record, or export the file again.",
        ) from error


def _add(
    blocks: Blocks, records: Sequence[tuple[int, list[str]]], *, tricks: bool, nulls: bool
) -> None:
    """Fill short records up with blanks, turn them into columns and add them."""
    rows = np.fromiter((number for number, _ in records), np.int64, len(records))
    lengths = np.fromiter((len(record) for _, record in records), np.int64, len(records))
    longest = int(lengths.max())
    blocks.widen(longest)
    if int(lengths.min()) < blocks.width:
        for _, record in records:
            record.extend([""] * (blocks.width - len(record)))
    columns: list[Sequence[str]] = list(zip(*(record for _, record in records), strict=True))
    for position, cells in enumerate(columns):
        if tricks:
            columns[position] = [_without_trick(cell) for cell in cells]
        if nulls:
            columns[position] = _without_nulls(blocks, rows.tolist(), position, columns[position])
    blocks.add(rows, columns, lengths)


def _without_trick(cell: str) -> str:
    match = _TRICK_RE.fullmatch(cell) if cell.startswith('="') else None
    return match[1].replace('""', '"') if match else cell


def _without_nulls(
    blocks: Blocks, rows: Sequence[int], position: int, cells: Sequence[str]
) -> list[str]:
    for row, cell in zip(rows, cells, strict=True):
        if "\0" in cell:
            blocks.faults[row, position] = faults.HOLDS_NULS
    return [cell.replace("\0", "") for cell in cells]
