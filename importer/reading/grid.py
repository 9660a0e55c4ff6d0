"""Rows of cells, as any container gives them, become the one frame of a ``Grid``.

Rows are taken one by one and packed some thousand at a time, so that no file is ever held as Python
objects as a whole. What reads the same in every container is looked at here: texts of Excel errors,
broken Unicode, what is hidden, and how much a table may hold.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api.extensions import ExtensionArray

from importer.errors import InputError
from importer.model import Column, Grid, Merge
from importer.reading import faults
from importer.reading.display import Look, Shown
from importer.reading.faults import Fault
from importer.reading.sniffing import Encoding
from importer.text import is_error_word

_CELLS_A_BLOCK: Final = 50_000
"""Cells that are Python objects at the same time."""
_MOST_SEEN: Final = 20_000
"""Texts of one look of a column of which it is remembered what they show."""
MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 16_384
"""Of the largest sheet that Excel has."""
MOST_CELLS: Final = 50_000_000
"""Rows times columns: a million rows of fifty columns."""
_MOST_CHARACTERS: Final = 1_000_000_000
_MOST_MERGED: Final = 2_000_000
_MAY_BE_ERROR: Final = r"^\s*(?:#|(?i:err|load))"
_BREAKS: Final = r"[\x0b\x0c\x1c-\x1f]"
"""What other programs break the lines of a cell with."""
_CONTROLS: Final = "[\x00-\x08\x0e-\x1b\ufffe\uffff]"
_FOREIGN: Final = r"[^\x00-\x7f]"
_TEXT: Final = pa.large_string()


class Listed(NamedTuple):
    """A sheet of a workbook."""

    name: str
    visible: bool
    read: Callable[[], Grid]


class GridBuilder:
    """Takes the rows of one sheet in order and makes its grid. Wholly empty rows are left out."""

    def __init__(self, path: Path, name: str | None, encoding: Encoding | None = None) -> None:
        """Begin a grid; ``name`` is the sheet's, ``None`` for a text file."""
        self.hidden_columns: list[tuple[int, int]] = []
        """First and last position of columns that are hidden."""
        self.name = name
        self._path, self._encoding = path, encoding
        self._place = path.name if name is None else f"{path.name}, {name}"
        self._characters = 0
        self._rows: list[int] = []
        self._lengths: list[int] = []
        self._cells: list[Sequence[str]] = []
        self._columns: dict[int, list[pa.Array]] = {}
        """Column → its packed rows so far; blank ones after the last filled row are left out."""
        self._packed = self._width = self._hidden = 0
        # Each by column and row position.
        self._faults: defaultdict[int, dict[int, Fault]] = defaultdict(dict)
        self._stored: defaultdict[int, dict[int, str]] = defaultdict(dict)
        self._struck: defaultdict[int, dict[int, bool]] = defaultdict(dict)
        self._looks: list[Sequence[Look | None]] = []
        self._seen: defaultdict[tuple[int, Look], dict[str, Shown]] = defaultdict(dict)
        """What each stored text of a column shows."""
        self._types: dict[int, list[tuple[int, npt.NDArray[np.int8]]]] = {}
        """Column → first position and types of a block of rows."""
        self.merges: list[Merge] = []
        self._fills: dict[int, tuple[tuple[int, str], ...]] = {}
        self._patterns: dict[tuple[tuple[int, str], ...], tuple[tuple[int, str], ...]] = {}
        """Few rows differ in their fills: each pattern is kept once."""

    def add(
        self,
        row: int,
        cells: Sequence[str],
        looks: Sequence[Look | None] = (),
        *,
        hidden: bool = False,
    ) -> None:
        """Take the next row.

        Args:
            row: Its number, larger than all before it.
            cells: What is stored of each, from the first column on.
            looks: How each of them is shown; nothing where all are shown as they are.
            hidden: Whether the sheet hides it.

        Raises:
            InputError: The table has become larger than any list of people.
        """
        if not any(cells):
            return
        self._rows.append(row)
        self._lengths.append(len(cells))
        self._cells.append(cells)
        self._looks.append(looks)
        self._hidden += hidden
        self._width = max(self._width, len(cells))
        if self._width > MOST_COLUMNS:
            raise self.too_large()
        if len(self._cells) * self._width >= _CELLS_A_BLOCK:
            self._pack()

    def too_large(self) -> InputError:
        """Return the refusal of a table that is larger than any list of people."""
        return InputError(
            f"{self._place}: the table has more than {MOST_COLUMNS:,} columns, {MOST_CELLS:,} cells (blank ones "
            f"counted), {_MOST_MERGED:,} merged cells or {_MOST_CHARACTERS:,} characters, too many to be read.",
            hint="Delete stray cells far to the right or take merges away, or split the file.",
        )

    def grid(self, *, ragged: bool = False) -> Grid:
        """Return the finished grid; where it is ``ragged``, the real lengths of its rows matter."""
        self._pack()
        frame, types = self._frame(), self._typed()
        rows = np.array(self._rows, np.int64)
        for column, sources in self._sources(rows).items():
            self._spread(frame, types, column, sources)
        self._drop_numbers(frame)
        flaws = [
            fault.at(at, column)
            for column, found in self._faults.items()
            for at, fault in found.items()
        ]
        return Grid(
            source=self._path,
            name=self.name,
            frame=frame,
            rows=rows,
            flaws=tuple(sorted(flaws, key=lambda flaw: (flaw.position, flaw.column))),
            stored={column: numbers for column, numbers in sorted(self._stored.items()) if numbers},
            types={column: kinds for column, kinds in types.items() if kinds.any()},
            merges=tuple(self.merges),
            struck=frozenset(
                (at, column) for column, found in self._struck.items() for at in found
            ),
            fills=self._fills,
            notes=tuple(self._notes(frame)),
            lengths=np.array(self._lengths, np.int64) if ragged else None,
        )

    def _drop_numbers(self, frame: pd.DataFrame) -> None:
        """Let formulas that count others be values where most cells of a column are such: they number its rows."""
        for column, found in self._faults.items():
            rows = [at for at, fault in found.items() if fault is faults.TALLY]
            if 2 * len(rows) >= (frame[column] != "").sum():
                for at in rows:
                    del found[at]

    def _spread(
        self,
        frame: pd.DataFrame,
        types: Mapping[int, npt.NDArray[np.int8]],
        column: int,
        sources: Mapping[int, int],
    ) -> None:
        """Let the merged cells of a column have the value and looks of their first cell.

        A cell merged over rows is the value of all these rows; what a merge hides is not seen, so it is not
        read.
        """
        texts, to, of = frame[column].to_numpy(object).copy(), [*sources], [*sources.values()]
        texts[to] = spread = [texts[at] if at >= 0 else "" for at in of]
        self._count(spread)
        frame[column] = pd.array(texts, dtype="str")
        if column in types:
            types[column][to] = [types[column][at] if at >= 0 else 0 for at in of]
        cells: list[dict[int, Any]] = [
            self._stored[column], self._faults[column], self._struck[column],
        ]  # fmt: skip
        for told in cells:
            found = [(at, told[source]) for at, source in sources.items() if source in told]
            for at in to:
                told.pop(at, None)
            told.update(found)

    def _sources(self, rows: npt.NDArray[np.int64]) -> dict[int, dict[int, int]]:
        """Return for each merged cell, by column, the position whose value it has; -1 for none."""
        columns: defaultdict[int, dict[int, int]] = defaultdict(dict)
        count = 0
        for merge in self.merges:
            start, end = np.searchsorted(rows, [merge.first_row, merge.last_row + 1]).tolist()
            across = range(merge.first_column, min(merge.last_column + 1, self._width))
            count += (end - start) * len(across)
            if count > _MOST_MERGED:
                raise self.too_large()
            seen = start < end and rows[start] == merge.first_row
            for column in across:
                source = start if seen and column == merge.first_column else -1
                columns[column].update(dict.fromkeys(range(start, end), source))
        return columns

    def _count(self, texts: Sequence[str]) -> None:
        """Refuse texts that stand in so many cells that they would fill the memory."""
        self._characters += sum(map(len, texts))
        if self._characters > _MOST_CHARACTERS:
            raise self.too_large()

    def _typed(self) -> dict[int, npt.NDArray[np.int8]]:
        """Return the types of the columns that are not all text."""
        types: dict[int, npt.NDArray[np.int8]] = {}
        for column, blocks in sorted(self._types.items()):
            types[column] = np.zeros(len(self._rows), np.int8)
            for start, block in blocks:
                types[column][start : start + len(block)] = block
        return types

    def _pack(self) -> None:
        """Turn the rows at hand into columns."""
        if len(self._rows) * self._width > MOST_CELLS:
            raise self.too_large()
        colours: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
        looks = zip_longest(*self._looks, fillvalue=None)
        for position, stored in enumerate(zip_longest(*self._cells, fillvalue="")):
            texts: Sequence[str] = stored
            if any(ways := next(looks, ())):
                texts = self._shown(position, stored, ways, colours)
            if any(texts):
                self._count(texts)
                chunks = self._columns.setdefault(position, [])
                if gap := self._packed - sum(map(len, chunks)):
                    chunks.append(_blanks(gap))
                chunks.append(_texts(texts))
        for at, marks in sorted(colours.items()):
            self._fills[at] = self._patterns.setdefault(tuple(marks), tuple(marks))
        self._packed += len(self._cells)
        self._cells.clear()
        self._looks.clear()

    def _shown(
        self,
        column: int,
        stored: Sequence[str],
        looks: Sequence[Look | None],
        colours: dict[int, list[tuple[int, str]]],
    ) -> Sequence[str]:
        """Return what the cells of a column show, each stored text looked at once; note what else they are."""
        cells, types = list(stored), np.zeros(len(stored), np.int8)
        for look, places in _by_look(looks).items():
            texts, shown = [stored[at] for at in places], self._seen[column, look]
            if len(shown) > _MOST_SEEN:
                shown.clear()
            shown.update((text, look.show(text)) for text in set(texts).difference(shown))
            types[places] = look.type
            for at, text in zip(places, texts, strict=True):
                cells[at], number, fault = shown[text]
                if number is not None:
                    self._stored[column][self._packed + at] = number
                if fault is not None:
                    self._faults[column][self._packed + at] = fault
            filled = [at for at in places if cells[at]]
            if look.style.struck:
                self._struck[column].update((self._packed + at, True) for at in filled)
            for at in filled if look.style.colour else ():
                colours[self._packed + at].append((column, look.style.colour))
        if types.any():
            self._types.setdefault(column, []).append((self._packed, types))
        return cells

    def _frame(self) -> pd.DataFrame:
        columns: dict[int, ExtensionArray] = {}
        for position in range(self._width):
            # In one piece a column is quicker to check; its pieces are let go one column at a time.
            pieces = self._columns.pop(position, [])
            blank = _blanks(len(self._rows) - sum(map(len, pieces)))
            texts = pa.chunked_array([*pieces, blank]).combine_chunks()
            columns[position] = pd.array(
                self._judged(position, texts) if pieces else texts, dtype="str"
            )
        return pd.DataFrame(columns, index=pd.RangeIndex(len(self._rows)), copy=False)

    def _judged(self, column: int, texts: pa.Array) -> pa.Array:
        """Note the cells of a column that hold no value; control characters of its texts break lines, or go."""
        faulty = self._faults[column]
        for at in _matching(texts, _MAY_BE_ERROR):
            if is_error_word(str(texts[at]).strip()):
                faulty[at] = faults.EXCEL_ERROR
        if self._encoding and (suspected := self._encoding.suspected):
            for at in _matching(texts, _FOREIGN):
                faulty.setdefault(at, faults.other_encoding(*suspected))
        if _matching(texts, f"{_BREAKS}|{_CONTROLS}"):
            faulty |= dict.fromkeys(_matching(texts, _CONTROLS), faults.HOLDS_CONTROLS)
            texts = pc.replace_substring_regex(texts, _BREAKS, "\n")
            texts = pc.replace_substring_regex(texts, _CONTROLS, "\ufffd")
        return texts

    def _notes(self, frame: pd.DataFrame) -> Iterator[str]:
        """Say how it was read, and what is hidden and holds something: a person may mean to send only the rest."""
        if self._encoding and self._encoding.note:
            yield self._encoding.note
        if self._hidden:
            yield f"Hidden rows ({self._hidden:,}) are read like all others."
        hidden = np.zeros(frame.shape[1], np.bool_)
        for first, last in self.hidden_columns:
            hidden[first : last + 1] = True
        filled = [at for at in np.flatnonzero(hidden).tolist() if (frame[at] != "").any()]
        if filled:
            letters = ", ".join(Column(at, "").letter for at in filled)
            yield f"Hidden columns ({letters}) are read like all others."


def _matching(texts: pa.Array, pattern: str) -> list[int]:
    marks = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    positions: list[int] = np.flatnonzero(marks).tolist()
    return positions


def _blanks(count: int) -> pa.Array:
    return pa.repeat(pa.scalar("", _TEXT), count)


def _texts(cells: Sequence[str]) -> pa.Array:
    try:
        return pa.array(cells, _TEXT)
    except UnicodeEncodeError:  # halves of a sign, each written as a number of its own
        pairs = [cell.encode("utf-16-le", "surrogatepass") for cell in cells]
        return pa.array([each.decode("utf-16-le", "replace") for each in pairs], _TEXT)


def _by_look(looks: Sequence[Look | None]) -> dict[Look, list[int]]:
    """Return the places of each look, in one pass: a workbook may have a look for every cell."""
    grouped: defaultdict[Look, list[int]] = defaultdict(list)
    for at, look in enumerate(looks):
        if look is not None:
            grouped[look].append(at)
    return grouped
