"""The quick way from delimited text to its cells: no value becomes a Python object.

Where the delimiters, line ends and quotes stand tells where all cells are. The first piece of a file
that is not written in the usual shape (RFC 4180: a quote only around a whole cell, or doubled inside)
ends the quick way, and the rest of the file goes through ``csv``; both ways give the same cells.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.reading.slices import texts_between

if TYPE_CHECKING:
    from importer.columns import Bytes, Marks, Numbers
    from importer.reading.blocks import Blocks

_PIECE: Final = 1 << 20
_COLUMN: Final = 1 << 10
"""Bytes for each column of a piece of a wide file, so that no piece has a few records only."""
_MOST_BLANKS: Final = 4
"""How often the shorter records of a piece may be filled up, in cells for each of its bytes."""
_END, _RETURN, _QUOTE = ord("\n"), ord("\r"), ord('"')


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read."""

    byte: int
    records: int
    """The records before it, empty ones too."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """The cells of some whole records; all arrays but ``lengths`` are as long."""

    data: Bytes
    starts: Numbers
    ends: Numbers
    quoted: Marks
    doubled: Marks
    """Which cells hold doubled quotes."""
    lengths: Numbers
    """The cells of each record."""


class _Unusual(Exception):  # noqa: N818 - a signal that never leaves this module
    """This is for ``csv``."""


def read_plainly(data: bytes, start: int, delimiter: str, blocks: Blocks, most: int) -> Place:
    """Read records as long as they are written in the usual shape.

    Args:
        data: UTF-8 text.
        start: Where its first record begins.
        delimiter: One ASCII character.
        blocks: Takes the records.
        most: The cells of the widest record that is taken.

    Returns:
        Where ``csv`` is to go on; the end of the data where nothing is left.
    """
    place = Place(start, 0)
    while place.byte < len(data):
        size = max(_PIECE, blocks.width * _COLUMN)
        try:
            piece = _piece(data, place.byte, size, ord(delimiter))
            _add(blocks, piece, place.records, most)
        except _Unusual:
            break
        place = Place(place.byte + len(piece.data), place.records + len(piece.lengths))
    return Place(min(place.byte, len(data)), place.records)


def _sure(condition: object) -> None:
    if not condition:
        raise _Unusual


def _piece(data: bytes, start: int, size: int, delimiter: int) -> _Piece:
    """Cut whole records out of the data, and find their cells."""
    some = data[start : start + size]
    if start + size >= len(data) and not some.endswith(b"\n"):
        some += b"\n"
    piece = np.frombuffer(some, np.uint8)
    quotes = np.flatnonzero(piece == _QUOTE) if b'"' in some else np.empty(0, np.int64)
    bounds = np.flatnonzero((piece == delimiter) | (piece == _END))
    # A delimiter or line end with an odd number of quotes before it stands within quotes.
    bounds = bounds[np.searchsorted(quotes, bounds) % 2 == 0] if len(quotes) else bounds
    last = np.flatnonzero(piece[bounds] == _END)
    _sure(len(last))
    bounds = bounds[: int(last[-1]) + 1]
    piece = piece[: int(bounds[-1]) + 1]
    quotes = quotes[: np.searchsorted(quotes, len(piece))]
    starts = np.append(0, bounds[:-1] + 1)
    ends = bounds.copy()
    if b"\r" in some:
        returns = np.flatnonzero(piece == _RETURN)
        _sure((piece[returns + 1] == _END).all())
        ends -= (ends > starts) & (piece[bounds] == _END) & (piece[bounds - 1] == _RETURN)
    quoted, doubled = _quoted(piece, quotes, starts, ends)
    lengths = np.diff(last, prepend=-1)
    return _Piece(piece, starts + quoted, ends - quoted, quoted, doubled, lengths)


def _quoted(piece: Bytes, quotes: Numbers, starts: Numbers, ends: Numbers) -> tuple[Marks, Marks]:
    """Return which cells stand in quotes, and which of these hold doubled quotes."""
    if not len(quotes):
        none = np.zeros(len(starts), np.bool_)
        return none, none
    first = np.searchsorted(quotes, starts)
    counts = np.searchsorted(quotes, ends) - first
    quoted = counts > 0
    _sure((piece[starts[quoted]] == _QUOTE).all() and (piece[ends[quoted] - 1] == _QUOTE).all())
    # Between the first and the last quote of its cell, every odd one has its twin right behind it.
    ordinals = np.arange(len(quotes)) - np.repeat(first, counts)
    inner = np.flatnonzero((ordinals % 2 == 1) & (ordinals < np.repeat(counts, counts) - 1))
    _sure((quotes[inner + 1] == quotes[inner] + 1).all())
    return quoted, counts > 2  # noqa: PLR2004 - the two around the cell


def _add(blocks: Blocks, piece: _Piece, before: int, most: int) -> None:
    """Hand the records that are not empty over, with their numbers from 1."""
    lengths, sizes = piece.lengths, piece.ends - piece.starts
    heads = np.cumsum(lengths) - lengths
    filled = (lengths > 1) | (sizes[heads] > 0) | piece.quoted[heads]
    width = int(lengths.max())
    _sure(width <= most and int(sizes.max()) < csv.field_size_limit())
    _sure(len(lengths) * max(width, blocks.width) <= _MOST_BLANKS * max(_PIECE, len(piece.data)))
    if not filled.any():
        return
    blocks.widen(width)
    starts, ends, doubled = _in_columns(piece, lengths, heads, blocks.width)
    columns = [
        _column(piece.data, starts[filled, column], ends[filled, column], doubled[filled, column])
        for column in range(blocks.width)
    ]
    rows = before + 1 + np.flatnonzero(filled)
    blocks.add(rows, columns, lengths[filled])


def _in_columns(
    piece: _Piece, lengths: Numbers, heads: Numbers, width: int
) -> tuple[Numbers, Numbers, Marks]:
    """Return begins, ends and doubled quotes by record and column, short records filled up."""
    if bool((lengths == width).all()):
        shape = (len(lengths), width)
        return piece.starts.reshape(shape), piece.ends.reshape(shape), piece.doubled.reshape(shape)
    records = np.repeat(np.arange(len(lengths)), lengths)
    columns = np.arange(len(records)) - np.repeat(heads, lengths)
    # What is missing is an empty piece of text at the end of its record.
    starts = np.repeat(piece.ends[heads + lengths - 1, None], width, axis=1)
    ends = starts.copy()
    doubled = np.zeros(starts.shape, np.bool_)
    starts[records, columns] = piece.starts
    ends[records, columns] = piece.ends
    doubled[records, columns] = piece.doubled
    return starts, ends, doubled


def _column(data: Bytes, starts: Numbers, ends: Numbers, doubled: Marks) -> pa.Array:
    texts = texts_between(data, starts, ends)
    if not doubled.any():
        return texts
    return pc.if_else(pa.array(doubled), pc.replace_substring(texts, '""', '"'), texts)
