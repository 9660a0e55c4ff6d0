"""Blocks of rows become the one frame of a grid, column by column.

Every container hands over its cells in blocks of some thousand rows, so that no file is ever held
as Python objects as a whole. Cells that read the same in every container are looked at here: numbers
without a format, truth values, the texts of Excel errors, broken Unicode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importer.columns import content_of, holds
from importer.model import EXCEL_ERRORS, Grid
from importer.reading import faults
from importer.reading.display import LARGEST, plain
from importer.reading.stored import StoredNumbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt
    from pandas.api.extensions import ExtensionArray

    from importer.reading.faults import Fault

CELLS_A_BLOCK: Final = 250_000
"""Cells that are Python objects at the same time."""
ERRORS: Final = EXCEL_ERRORS
"""Texts that count as error cells in every container."""
_ERROR_PATTERN: Final = r"^\s*(?:#N/A|#REF!|#VALUE!|#DIV/0!|#NAME\?|#NUM!|#NULL!)\s*$"
_TEXT: Final = pa.large_string()

Cells: TypeAlias = "Sequence[object] | pa.Array"
"""One column of a block: texts, numbers without a format and truth values, or finished text."""


def rows_a_block(width: int) -> int:
    """Return how many rows of so many columns make a block."""
    return max(CELLS_A_BLOCK // max(width, 1), 16)


class Blocks:
    """Takes the blocks of one sheet in order and makes its grid. Wholly empty rows are dropped.

    Faults and stored numbers are kept by row number and column position until the end, because
    positions are known only then.
    """

    def __init__(self, width: int) -> None:
        """Begin a grid of ``width`` columns; a wider block of a text file may come later."""
        self.width = width
        self.faults: dict[tuple[int, int], Fault] = {}
        self.stored: dict[int, dict[int, str]] = {}
        """Stored numbers that were kept one by one, column → row number → text."""
        self._kept: dict[int, list[tuple[npt.NDArray[np.int64], pa.Array]]] = {}
        self._rows: list[npt.NDArray[np.int64]] = []
        self._columns: list[list[pa.Array]] = [[] for _ in range(width)]
        self._lengths: list[npt.NDArray[np.int64]] = []

    def add(
        self,
        rows: npt.NDArray[np.int64],
        columns: Sequence[Cells],
        lengths: npt.NDArray[np.int64] | None = None,
    ) -> None:
        """Take one block.

        Args:
            rows: Row numbers, ascending within the block and from block to block.
            columns: Exactly ``width`` columns, each as long as ``rows``.
            lengths: How many cells each record really has, for text files.
        """
        blank = pa.array([""] * len(rows), _TEXT)
        self._rows.append(rows)
        if lengths is not None:
            self._lengths.append(lengths)
        for position, cells in enumerate(columns):
            column = cells if isinstance(cells, pa.Array) else self._texts(rows, position, cells)
            self._note_errors(rows, position, column)
            self._columns[position].append(blank if _all_blank(column) else column)

    def widen(self, width: int) -> None:
        """Make room for more columns; in the blocks so far they are blank."""
        for _ in range(width - self.width):
            self._columns.append([pa.array([""] * len(rows), _TEXT) for rows in self._rows])
        self.width = max(self.width, width)

    def keep(self, column: int, rows: npt.NDArray[np.int64], texts: pa.Array) -> None:
        """Keep the stored numbers of some cells of a column."""
        self._kept.setdefault(column, []).append((rows, texts))

    def frame(self) -> pd.DataFrame:
        """Return all blocks as a frame: columns 0..n-1, RangeIndex, dtype ``str``. They are gone then."""
        columns: dict[int, ExtensionArray] = {}
        for position, chunks in enumerate(self._columns):
            # In one piece a column is quicker to check; its pieces are let go one column at a time.
            whole = pa.chunked_array(chunks, type=_TEXT).combine_chunks()
            columns[position] = pd.array(whole, dtype="str")
            chunks.clear()
        size = sum(map(len, self._rows))
        return pd.DataFrame(columns, index=pd.RangeIndex(size), copy=False)

    def grid(self, source: Path, name: str | None, doubts: Sequence[str] = ()) -> Grid:
        """Return the finished grid."""
        rows = _joined(self._rows)
        places = _places(rows, {row for row, _ in self.faults})
        return Grid(
            source=source,
            name=name,
            frame=self.frame(),
            rows=rows,
            flaws=tuple(
                fault.at(places[row], column)
                for (row, column), fault in sorted(self.faults.items(), key=lambda item: item[0])
            ),
            stored=self._numbers(rows),
            doubts=tuple(doubts),
            lengths=_joined(self._lengths) if self._lengths else None,
        )

    def _numbers(self, rows: npt.NDArray[np.int64]) -> dict[int, StoredNumbers]:
        """Return all stored numbers by column, and in it by position."""
        for column, texts in self.stored.items():
            kept = StoredNumbers.of(texts)
            self.keep(column, kept.places, kept.texts)
        numbers: dict[int, StoredNumbers] = {}
        for column, parts in sorted(self._kept.items()):
            found = np.concatenate([part for part, _ in parts])
            order = np.argsort(found, kind="stable")
            whole = pa.concat_arrays([part for _, part in parts])
            ascending = whole if (np.diff(order) == 1).all() else whole.take(pa.array(order))
            numbers[column] = StoredNumbers(found[order], ascending).moved(rows)
        self._kept.clear()
        return numbers

    def _texts(
        self, rows: npt.NDArray[np.int64], position: int, cells: Sequence[object]
    ) -> pa.Array:
        try:
            return pa.array(cells, _TEXT)
        except UnicodeEncodeError:
            return pa.array([whole_unicode(str(cell)) for cell in cells], _TEXT)
        except (pa.ArrowTypeError, pa.ArrowInvalid):
            pass
        texts: list[str] = []
        for row, cell in zip(rows.tolist(), cells, strict=True):
            if isinstance(cell, str):
                texts.append(cell)
            elif isinstance(cell, bool):
                texts.append("TRUE" if cell else "FALSE")
            elif isinstance(cell, float | int):
                kept = -LARGEST < cell < LARGEST
                texts.append(plain(float(cell)) if kept else f"{cell:.0f}")
                if not kept:
                    self.faults[row, position] = faults.TOO_MANY_DIGITS
            else:
                texts.append(str(cell))
                self.faults.setdefault((row, position), faults.UNREADABLE_FORMAT)
        return self._texts(rows, position, texts)

    def _note_errors(self, rows: npt.NDArray[np.int64], position: int, column: pa.Array) -> None:
        if not holds(column, "#"):
            return
        found = pc.match_substring_regex(column, _ERROR_PATTERN).to_numpy(zero_copy_only=False)
        for row in rows[found].tolist():
            self.faults[row, position] = faults.EXCEL_ERROR


def _all_blank(column: pa.Array) -> bool:
    return not len(content_of(column))


def _joined(pieces: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.concatenate(pieces) if pieces else np.empty(0, np.int64)


def _places(rows: npt.NDArray[np.int64], wanted: Iterable[int]) -> dict[int, int]:
    numbers = sorted(wanted)
    return dict(zip(numbers, np.searchsorted(rows, numbers).tolist(), strict=True))


def whole_unicode(text: str) -> str:
    """Join surrogate pairs and replace halves, which no encoding can write."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
