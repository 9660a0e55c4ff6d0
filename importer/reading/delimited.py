"""Delimited text: CSV, tab-separated and their kin.

Records are read strictly (RFC 4180): a quote that is opened and never closed would swallow the rest
of the file, so it stops the reading. How many cells a record really has is kept, because a record
that is too long or too short has its cells in the wrong columns.
"""

import csv
import io
import re
from collections import Counter
from contextlib import suppress
from itertools import islice, product
from pathlib import Path
from typing import Any, Final, TextIO

from importer.errors import InputError
from importer.model import Grid
from importer.reading import sniffing
from importer.reading.grid import GridBuilder

_DELIMITERS: Final = ",;\t|"
_RECORDS: Final = 20
_LOOK: Final = 1 << 20
_SEP_RE: Final = re.compile(r'\A"?sep=([^\w"\r\n])"?[ \t,;|]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
_TRICK_RE: Final = re.compile(r'="((?:[^"]|"")*)"')
"""How exports keep Excel from taking a text for a number: ``="0012345"``."""


def read_delimited(data: bytes, path: Path, *, encoding: str | None = None) -> Grid:
    """Return the cells of a delimited text file, in the encoding that a person named or that is found.

    Raises:
        InputError: The encoding is none, a quote is never closed, or the columns are of fixed width.
    """
    found = sniffing.find_encoding(data, path, encoding)
    if data.endswith((b"\x1a", b"\x1a\r\n")):  # as DOS ends a text
        data = data.rstrip(b"\x1a\r\n")
    start = data[found.start : found.start + _LOOK].decode(found.name, "replace")
    delimiter, told = _layout(start)
    if told == 0 and _is_fixed_width(start):
        raise InputError(
            f"{path.name}: this is text in columns of fixed width (.prn), without a delimiter.",
            hint="Export it as an Excel workbook (.xlsx) or as a CSV file.",
        )
    stream = io.BytesIO(data)
    stream.seek(found.start)
    text: TextIO = io.TextIOWrapper(stream, encoding=found.name, errors=found.errors, newline="")
    text.read(told)
    start = start[told:]
    dialect = _dialect(start, delimiter)
    if dialect is None:  # what pads its cells may put blanks behind their quotes
        end = rf"[{re.escape(delimiter)}\r\n]"
        quoted = re.compile(rf'((?:(?<={end})|\A) *"(?:[^"]|"")*+") *(?={end}|\Z)')
        text = io.StringIO(quoted.sub(r"\1", text.read()), newline="")
        dialect = _dialect(quoted.sub(r"\1", start), delimiter) or {"delimiter": delimiter}
    reader = csv.reader(text, strict=True, **dialect)
    tricks = b'="' in data or b'=\0"' in data
    builder = GridBuilder(path, None, found)
    number = 0
    try:
        for number, record in enumerate(reader, start=1):
            builder.add(number, list(map(_without_trick, record)) if tricks else record)
    except csv.Error as error:
        raise InputError(
            f"{path.name}, row {number + 1}: a double quote is opened and not closed where its cell ends.",
            hint="Correct the quotes of this record, or export the file again.",
        ) from error
    return builder.grid(ragged=True)


def _is_fixed_width(start: str) -> bool:
    """Whether the columns of a text stand one below the other, as in Excel's ``.prn``."""
    lines = [line for line in start.splitlines()[:_RECORDS] if line.strip()]
    if len(lines) < 2 or any(delimiter in lines[0] for delimiter in _DELIMITERS):  # noqa: PLR2004
        return False
    starts = [found.end() for found in re.finditer(r"(?<=\S)  +(?=\S)", lines[0])]
    return bool(starts) and all(line[at - 1 : at] in {"", " "} for line in lines for at in starts)


def _dialect(start: str, delimiter: str) -> dict[str, Any] | None:
    """Return how a text is written, in the words of ``csv``: behind a blank, with a backslash before quotes.

    It is ``None`` where quotes stand that none of these ways explains.
    """
    for escape, blank in product((None, "\\"), (False, True)):
        dialect: dict[str, Any] = {
            "delimiter": delimiter,
            "skipinitialspace": blank,
            "escapechar": escape,
        }
        reader = csv.reader(io.StringIO(start, newline=""), strict=True, **dialect)
        try:
            if not any(cell.startswith(' "') for record in reader for cell in record):
                return dialect
        except csv.Error as error:
            if "unexpected end" in str(error):  # the last record may be cut off
                return dialect
    return None


def _layout(start: str) -> tuple[str, int]:
    """Return the delimiter, and the characters of a first line that only names it (``sep=;``)."""
    if told := _SEP_RE.match(start):
        return told[1], len(told[0])
    scores = [_score(start, delimiter) for delimiter in _DELIMITERS]
    best = max(scores)
    return _DELIMITERS[scores.index(best)], 0


def _score(start: str, delimiter: str) -> tuple[int, bool, int]:
    """Return how many of the first records agree on a number of cells above one, whether all quotes are right, and that number."""
    best = (0, False, 0)
    # Student systems quote nothing, so that a stray quote hides the delimiters after it.
    ways: tuple[dict[str, Any], ...] = ({"strict": True}, {"quoting": csv.QUOTE_NONE})
    for way in ways:
        reader = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter, **way)
        with suppress(csv.Error):
            lengths = Counter(len(record) for record in islice(filter(None, reader), _RECORDS))
            del lengths[1]
            best = max(
                [best, *((count, "strict" in way, cells) for cells, count in lengths.items())]
            )
    return best


def _without_trick(cell: str) -> str:
    match = _TRICK_RE.fullmatch(cell) if cell.startswith('="') else None
    return match[1].replace('""', '"') if match else cell
