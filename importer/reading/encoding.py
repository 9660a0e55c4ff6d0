"""Which encoding a text file is in: what it says, what fits, and never a statistical guess.

The order is: byte order mark, UTF-16 by its pattern of zero bytes, strict UTF-8, strict
Windows-1252. Statistical detectors took ordinary Windows-1252 exports for Central European ones and
turned £ into Ł; names of people are no place for that.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WESTERN = "cp1252"
_LOOK = 4096
_AGAIN = "Export it again as UTF-8."


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes of a file become text."""

    name: str
    """A codec of Python."""
    start: int = 0
    """Bytes of the byte order mark, to be passed over."""
    doubt: str | None = None
    """What a person should know about the choice."""


def find_encoding(data: bytes, path: Path, wanted: str | None = None) -> Encoding:
    """Return the encoding of a file; all of its bytes are known to fit it.

    Args:
        data: The whole file.
        path: For messages.
        wanted: An encoding that a person named; a byte order mark still is passed over.

    Raises:
        InputError: The bytes fit no encoding, or fit two that contradict each other.
    """
    mark = next((pair for pair in _MARKS if data.startswith(pair[0])), None)
    if wanted is not None:
        return _as_told(data, path, wanted, mark)
    if mark is not None:
        return _checked(data, path, Encoding(mark[1], len(mark[0])))
    if name := _utf_16(data):
        return _checked(data, path, Encoding(name))
    if data.isascii():
        return Encoding("utf-8")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _western(data, path, error)
    return Encoding("utf-8")


def _as_told(data: bytes, path: Path, wanted: str, mark: tuple[bytes, str] | None) -> Encoding:
    try:
        name = codecs.lookup(wanted).name
    except LookupError as error:
        raise InputError(
            f"{wanted}: there is no encoding of this name.", hint="Common names: utf-8, cp1252."
        ) from error
    same = mark is not None and name.replace("_", "-").startswith(mark[1][:6])
    if mark is None or not same:
        return _checked(data, path, Encoding(name))
    return _checked(data, path, Encoding(mark[1], len(mark[0])))


def _checked(data: bytes, path: Path, encoding: Encoding) -> Encoding:
    try:
        data[encoding.start :].decode(encoding.name)
    except UnicodeError as error:
        place = path.name
        if isinstance(error, UnicodeDecodeError):
            before = data[encoding.start : encoding.start + error.start]
            line = before.decode(encoding.name, "replace").count("\n") + 1
            place = f"{path.name}, line {line}"
        raise InputError(
            f"{place}: these bytes are no text in {encoding.name.upper()}.", hint=_AGAIN
        ) from error
    return encoding


def _utf_16(data: bytes) -> str | None:
    """Return UTF-16 where nearly every second byte is zero, as in any Western text."""
    start = data[:_LOOK]
    half = len(start) // 2
    if len(data) % 2 or not half:
        return None
    high, low = start[1::2].count(0), start[0::2].count(0)
    if high > half * 0.7 and low < half * 0.1:
        return "utf-16-le"
    if low > half * 0.7 and high < half * 0.1:
        return "utf-16-be"
    return None


def _western(data: bytes, path: Path, no_utf_8: UnicodeDecodeError) -> Encoding:
    """Take bytes that are no UTF-8 as Windows-1252."""
    line = _line(data, no_utf_8.start)
    if no_utf_8.reason == "unexpected end of data" and not data[: no_utf_8.start].isascii():
        raise InputError(
            f"{path.name}, line {line}: the file ends in the middle of a letter, so it was cut off.",
            hint="Export or download it again.",
        )
    try:
        data.decode(_WESTERN)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name}, line {_line(data, error.start)}: "
            "these bytes are text neither in UTF-8 nor in Windows-1252.",
            hint=_AGAIN,
        ) from error
    return Encoding(
        _WESTERN,
        doubt="The file is not in UTF-8; it was read as Windows-1252. "
        f"Compare letters with accents with the source, the first on line {line}.",
    )


def _line(data: bytes, index: int) -> int:
    before = data[:index]
    return max(before.count(b"\n"), before.count(b"\r")) + 1
