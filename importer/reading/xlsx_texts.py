"""The shared texts of a workbook (ECMA-376 part 1, section 18.4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from importer.reading.slices import texts_between
from importer.reading.xlsx_cells import unescaped
from importer.reading.xlsx_scan import Unusual, refuse_other_encoding

if TYPE_CHECKING:
    from importer.columns import Bytes, Marks, Numbers

_ESCAPE_RE: Final = re.compile(rb"_x[0-9A-Fa-f]{4}_")
_ESCAPED_RE: Final = re.compile("_x([0-9A-Fa-f]{4})_")
_PHONETIC_RE: Final = re.compile(rb"<rPh\b.*?</rPh>", re.DOTALL)
_RUN_RE: Final = re.compile(rb"<t(?:/>|>([^<]*)</t>| [^<>]*(?:/>|>([^<]*)</t>))")
_PLAIN: Final = len("<t>")
_PRESERVED: Final = len('<t xml:space="preserve">')
_PIECE: Final = 1 << 20
_LOOK: Final = 1024
_PAD: Final = b"\0" * 64


def shared_texts(data: bytes) -> pa.Array:
    """Return the shared texts in their order, those in several fonts joined, without phonetic help.

    Args:
        data: The part of the package; without one there are no texts.

    Raises:
        ValueError: It is damaged.
        xml.parsers.expat.ExpatError: It is no XML.
    """
    if not data:
        return pa.array([], pa.large_string())
    try:
        return quick_texts(data)
    except (Unusual, ValueError, IndexError):
        return pa.array(_careful_texts(data), pa.large_string())


def without_escapes(text: str) -> str:
    """Return a text with its characters in the place of their numbers: ``_x000D_`` is a return.

    The source is ECMA-376 part 1, section 22.9.2.19.
    """
    if "_x" not in text or not _ESCAPED_RE.search(text):
        return text
    plain = _ESCAPED_RE.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _careful_texts(data: bytes) -> list[str]:
    """Return the texts of XML of any shape."""
    texts: list[str] = []
    path: list[str] = []
    runs: list[str] = []

    def start(name: str, _: dict[str, str]) -> None:
        path.append(name.rpartition(":")[2])
        if path[-1] == "si":
            runs.clear()

    def text(found: str) -> None:
        if path[-2:] == ["si", "t"] or path[-3:] == ["si", "r", "t"]:
            runs.append(found)

    def end(_: str) -> None:
        if path.pop() == "si":
            texts.append(without_escapes("".join(runs)))

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    parser.Parse(data, True)  # noqa: FBT003 - the standard library's signature
    return texts


def quick_texts(data: bytes) -> pa.Array:
    """Return the shared texts in their order, those in several fonts joined, without phonetic help.

    Args:
        data: The part of the package.

    Raises:
        Unusual: It is written in another way than programs write it.
        ValueError: It is no UTF-8.
    """
    if b"<!" in data or b"<sst" not in data or b"\r" in data[data.index(b"<sst") :]:
        raise Unusual
    if b"_x" in data and _ESCAPE_RE.search(data):
        raise Unusual
    refuse_other_encoding(data[:_LOOK])
    parts: list[pa.Array] = []
    start = 0
    while start < len(data):
        end = data.find(b"</si>", start + _PIECE) + len(b"</si>")
        end = end if end >= len(b"</si>") else len(data)
        parts.append(_texts(data[start:end]))
        start = end
    return pa.concat_arrays(parts)


def _texts(data: bytes) -> pa.Array:
    padded = np.frombuffer(data + _PAD, np.uint8)
    tags = np.flatnonzero(padded == ord("<"))
    items = _items(data, padded, tags)
    starts = tags[items]
    after = np.append(tags, np.full(4, len(data)))
    simple, begins, ends = _simple(padded, after, items, starts)
    texts = unescaped(texts_between(padded, begins[simple], ends[simple]))
    if bool(simple.all()):
        return texts
    others = np.flatnonzero(~simple)
    joined = [_joined(data, int(starts[other])) for other in others.tolist()]
    order = np.empty(len(items), np.int64)
    order[simple] = np.arange(len(texts))
    order[others] = len(texts) + np.arange(len(others))
    rich = unescaped(pa.array(joined, pa.large_string()))
    return pa.concat_arrays([texts, rich]).take(pa.array(order))


def _items(data: bytes, padded: Bytes, tags: Numbers) -> Numbers:
    """Return which of the tags begin a text."""
    items = (padded[tags + 1] == ord("s")) & (padded[tags + 2] == ord("i"))
    found = np.flatnonzero(items)
    if len(found) != data.count(b"<si>"):
        raise Unusual
    return found


def _simple(
    padded: Bytes, tags: Numbers, items: Numbers, starts: Numbers
) -> tuple[Marks, Numbers, Numbers]:
    """Return which texts are in one piece, and where each of these begins and ends."""
    inner = tags[items + 1]
    third = padded[np.minimum(inner + 2, len(padded) - 1)]
    simple = (inner == starts + len("<si>")) & (padded[inner + 1] == ord("t"))
    begins = inner + np.where(third == ord(">"), _PLAIN, _PRESERVED)
    simple &= (third == ord(">")) | (third == ord(" "))
    simple &= padded[np.minimum(begins, len(padded)) - 1] == ord(">")
    ends = tags[items + 2]
    simple &= ends >= begins
    place = np.minimum(ends, len(padded) - len("</t></si>"))
    for offset, letter in enumerate(b"</t></si>"):
        simple &= padded[place + offset] == letter
    return simple, begins, ends


def _joined(data: bytes, start: int) -> str:
    end = data.find(b"</si>", start)
    if end < 0:
        raise Unusual
    item = _PHONETIC_RE.sub(b"", data[start:end])
    runs = _RUN_RE.findall(item)
    if len(runs) != item.count(b"<t>") + item.count(b"<t ") + item.count(b"<t/"):
        raise Unusual
    return b"".join(one or other for one, other in runs).decode("utf-8")
