"""Which encoding a text file is in: what it says, what fits, and never a statistical guess.

The order is: byte order mark, UTF-16 by its pattern of zero bytes, strict UTF-8, Windows-1252. Statistical detectors took ordinary Windows-1252 exports for Central European ones and
turned £ into Ł; names of people are no place for that.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WESTERN = "cp1252"
_LOOK = 4096
_OTHERS = {"cp850": "a code page of DOS", "mac-roman": "Mac Roman"}
"""Codec → how a person knows it. Excel writes them as CSV (MS-DOS) and CSV (Macintosh)."""
_LETTERS = "ŠŒŽšœžŸ"
_APOSTROPHES = "\u2018\u2019\u2013\u2014\u00b7\u00b4\u00a0\u00ad"
"""Apostrophes, dashes and the like, which stand between letters."""
_SIGNS = re.escape(
    "".join(
        sign
        for sign in bytes(range(0x80, 0xC0)).decode(_WESTERN, "ignore")
        if sign not in _LETTERS + _APOSTROPHES
    )
)
_SENSELESS_RE = re.compile(
    rf"\ufffd|(?<=[A-Za-z])[{_SIGNS}]+(?=[A-Za-z])|(?<=[a-z])[ŠŒŽŸ]"
    r"|(?<=[A-Za-z])[\u201a\u201e\u0192\u02c6\u2030\u2039](?!\w)|\u0192(?=[a-z])"
)
"""Signs of Windows-1252 where no text has them. Bytes that it lacks are U+FFFD."""
_ASCII = 0x7F
_SHARE = 10
"""At least every tenth byte beyond ASCII is such a sign: one odd sign among many accents is only that."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes of a file become text."""

    name: str
    """A codec of Python."""
    start: int = 0
    """Bytes of the byte order mark, to be passed over."""
    suspected: tuple[str, str] | None = None
    """Label and codec of the encoding that it more probably is; then no accent is to be trusted."""
    note: str | None = None
    """What a person should know about the choice."""

    @property
    def errors(self) -> str:
        """What becomes of bytes that a guessed encoding lacks: U+FFFD, which no row is sent with."""
        return "replace" if self.note else "strict"


def find_encoding(data: bytes, path: Path, wanted: str | None = None) -> Encoding:
    """Return the encoding of a file; all of its bytes are known to fit it.

    Args:
        data: The whole file.
        path: For messages.
        wanted: An encoding that a person named; a byte order mark still is passed over.

    Raises:
        InputError: The bytes fit no encoding, or fit two that contradict each other.
    """
    mark = next(((name, len(sign)) for sign, name in _MARKS if data.startswith(sign)), None)
    if wanted is not None:
        try:
            name = codecs.lookup(wanted).name
        except LookupError as error:
            raise InputError(
                f"{wanted}: there is no encoding of this name.", hint="Common names: utf-8, cp1252."
            ) from error
        same = mark is not None and name.replace("_", "-").startswith(mark[0][:6])
        encoding = Encoding(*mark) if mark and same else Encoding(name)
    elif mark is not None:
        encoding = Encoding(*mark)
    elif utf_16 := _utf_16(data):
        encoding = Encoding(utf_16)
    else:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            return _western(data, path, error)
        return Encoding("utf-8")
    try:
        data[encoding.start :].decode(encoding.name)
    except UnicodeError as error:
        place = path.name
        if isinstance(error, UnicodeDecodeError):
            before = data[encoding.start : encoding.start + error.start]
            line = before.decode(encoding.name, "replace").count("\n") + 1
            place = f"{path.name}, line {line}"
        raise InputError(
            f"{place}: these bytes are no text in {encoding.name.upper()}.",
            hint="Export it again as UTF-8.",
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
    """Take bytes that are no UTF-8 as Windows-1252, and note it where its letters make no sense."""
    before = data[: no_utf_8.start]
    line = max(before.count(b"\n"), before.count(b"\r")) + 1
    if no_utf_8.reason == "unexpected end of data" and not before.isascii():
        raise InputError(
            f"{path.name}, line {line}: the file ends in the middle of a letter, so it was cut off.",
            hint="Export or download it again.",
        )
    if suspected := _suspected(data):
        label, codec = suspected
        return Encoding(
            _WESTERN,
            note=f"The file is not in UTF-8 and looks like {label}. Rows with accents are held back until "
            f"encoding in the mapping, or --encoding, says what it is ({codec}, for example).",
            suspected=suspected,
        )
    return Encoding(
        _WESTERN,
        note="The file is not in UTF-8; it was read as Windows-1252. "
        f"Compare letters with accents with the source, the first on line {line}.",
    )


def _suspected(data: bytes) -> tuple[str, str] | None:
    """Return what the encoding probably is (label and codec), where Windows-1252 makes no sense.

    A code page of DOS and Mac Roman have their accents where Windows-1252 has typographic signs, and those
    do not stand between letters: ``MontrŽal`` is Montréal.
    """
    text = data.decode(_WESTERN, "replace")
    odd = [found.start() for found in _SENSELESS_RE.finditer(text)]
    if len(odd) * _SHARE < sum(byte > _ASCII for byte in data):
        return None
    explained, codec = max((_explained(data, odd, each), each) for each in _OTHERS)
    return (_OTHERS[codec], codec) if explained * 2 > len(odd) else None


def _explained(data: bytes, odd: Sequence[int], codec: str) -> int:
    """Return how many signs are letters in another encoding, small ones after small letters."""
    text = data.decode(codec)
    return sum(
        text[at].isalpha() and text[at].islower() == text[max(at - 1, 0)].islower() for at in odd
    )
