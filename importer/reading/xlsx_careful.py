"""The careful way from a worksheet's XML to its grid: every cell is looked at on its own.

It takes XML of any shape, many times slower than the direct way. A sheet that contradicts itself, or
that holds what the standard does not know, is refused: a value in a wrong row is worse than none.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Final, NoReturn
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from importer.errors import InputError
from importer.reading import faults
from importer.reading.blocks import CELLS_A_BLOCK, Blocks
from importer.reading.display import show_iso
from importer.reading.number_format import LOST
from importer.reading.shown_cells import TEXT, show_cells
from importer.reading.xlsx_scan import (
    MOST_COLUMNS,
    MOST_ROWS,
    Surroundings,
    column_of,
    refuse_endless,
)
from importer.reading.xlsx_texts import without_escapes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from importer.reading.xlsx_direct import Manner

    Group = tuple[int, str, int]
    Part = tuple[npt.NDArray[np.int64], pa.Array]

_PIECE: Final = 1 << 20
_REFERENCE_RE: Final = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_NUMBER_RE: Final = re.compile(r"[0-9]{1,7}")
_ANCHORS: Final = frozenset({"from", "to"})
"""Where a button, a check box or an embedded document stands: their ``row`` is a number, not a row."""
_YES: Final = frozenset({"1", "true"})
_TRUTHS: Final = {"0": "FALSE", "1": "TRUE", "false": "FALSE", "true": "TRUE"}
_MEND: Final = "Open the workbook in Excel, look at this place, and save it again."


class Careful:
    """Takes what expat finds in one sheet."""

    def __init__(self, place: str, manner: Manner) -> None:
        """Begin a sheet.

        Args:
            place: File and sheet, for messages.
            manner: What its cells lean on.
        """
        self.blocks = Blocks(0)
        self.around = Surroundings()
        self._place = place
        self._manner = manner
        self._texts: list[str] | None = None
        self._path: list[str] = []
        self._groups: dict[Group, tuple[list[int], list[str]]] = {}
        self._noted = 0
        self._sheets = 0
        self._row = self._previous = 0
        self._firm = self._hidden = False
        """Whether the number of the row is known for certain, and whether it is hidden."""
        self._columns: set[int] = set()
        self._column = self._last_column = -1
        self._cell: dict[str, str] = {}
        self._held: dict[str, list[str]] = {}
        """The texts of the cell's ``v``, ``f`` and ``is``, where it has them."""
        self._taking: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take a start tag."""
        tag = name.rpartition(":")[2]
        within = self._path[-1] if self._path else ""
        self._path.append(tag)
        if tag == "c":
            self._open_cell(within, attributes)
        elif within == "c" and tag in {"v", "f", "is"}:
            if tag in self._held:
                self._refuse_cell(f"it has two <{tag}>")
            self._held[tag] = []
            self._taking = self._held["v"] if tag == "v" else None
        elif tag == "t" and self._path[-3:] in (["c", "is", "t"], ["is", "r", "t"]):
            self._taking = self._held["is"]
        elif tag == "row" and within not in _ANCHORS:
            self._open_row(within, attributes)
        elif tag == "sheetData":
            self._sheets += 1
            if self._sheets > 1:
                self._refuse(self._place, "its rows are in two parts")
        else:
            self._look_around(tag, attributes)

    def text(self, text: str) -> None:
        """Take text."""
        if self._taking is not None:
            self._taking.append(text)

    def end(self, _: str) -> None:
        """Take an end tag."""
        tag = self._path.pop()
        if tag in {"v", "t"}:
            self._taking = None
        elif tag == "c":
            if self._held:
                self._take_cell()
        elif tag == "row" and self._path[-1] not in _ANCHORS:
            self._close_row()

    def finish(self) -> None:
        """Hand the last rows over to the blocks."""
        self.blocks.widen(self._last_column + 1)
        if not self._groups:
            return
        used = [np.array(rows, np.int64) for rows, _ in self._groups.values()]
        rows = np.unique(np.concatenate(used))
        parts: dict[int, list[Part]] = {}
        for group, (numbers, texts) in self._groups.items():
            shown = self._shown(group, numbers, texts)
            parts.setdefault(group[0], []).append((np.array(numbers, np.int64), shown))
        blank = pa.array([""] * len(rows), TEXT)
        columns = [
            _spread(parts[column], rows) if column in parts else blank
            for column in range(self.blocks.width)
        ]
        self.blocks.add(rows, columns)
        self._groups = {}
        self._noted = 0

    def _look_around(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "filterColumn":
            self.around.filtered = True
        elif tag == "col" and attributes.get("hidden") in _YES:
            self.around.hide_columns(int(attributes["min"]), int(attributes["max"]))

    def _open_row(self, within: str, attributes: dict[str, str]) -> None:
        if within != "sheetData":
            self._refuse(self._place, "it has rows in a place where none belong")
        number = attributes.get("r")
        self._firm = number is not None
        self._hidden = attributes.get("hidden") in _YES
        self._columns = set()
        self._column = -1
        if number is not None and not _NUMBER_RE.fullmatch(number.strip()):
            self._refuse(f"{self._place}, after row {self._previous}", "a row has no proper number")
        self._set_row(self._previous + 1 if number is None else int(number))

    def _set_row(self, row: int) -> None:
        if not 0 < row <= MOST_ROWS:
            self._refuse(f"{self._place}, row {row}", "no sheet has a row of this number")
        if row <= self._previous:
            self._refuse(f"{self._place}, row {row}", f"it stands after row {self._previous}")
        self._row = row

    def _close_row(self) -> None:
        self._previous = self._row
        if self._hidden:
            self.around.hidden_rows.add(self._row)
        if self._noted >= CELLS_A_BLOCK:
            self.finish()

    def _open_cell(self, within: str, attributes: dict[str, str]) -> None:
        if within != "row":
            self._refuse(f"{self._place}, row {self._row}", "a cell is not straight in its row")
        self._cell = attributes
        self._held = {}
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:
            found = _REFERENCE_RE.fullmatch(reference.strip())
            if found is None:
                self._refuse(f"{self._place}, row {self._row}", "a cell has no proper reference")
            self._column = column_of(found[1].upper().encode())
            row = int(found[2])
            if not self._firm and not self._columns:
                self._set_row(row)
                self._firm = True
            if row != self._row:
                self._refuse(
                    f"{self._place}, row {self._row}", f"a cell in it says that it is in row {row}"
                )
        if self._column >= MOST_COLUMNS:
            self._refuse_cell("no sheet has so many columns")
        if self._column in self._columns:
            self._refuse_cell("the sheet has this cell twice")
        self._columns.add(self._column)

    def _take_cell(self) -> None:
        """Note what the cell holds, if it holds anything."""
        kind, held = self._cell.get("t", "n"), self._held
        self._last_column = max(self._last_column, self._column)
        refuse_endless(self._row, self._last_column, self._place)
        if ("is" in held) != (kind == "inlineStr") and ("is" in held or "v" in held):
            self._refuse_cell("its text is not where its type says")
        text = "".join(held.get("is" if kind == "inlineStr" else "v", []))
        if kind not in {"str", "inlineStr"}:
            text = text.strip()
        if not text:
            if "f" in held and not (kind == "str" and "v" in held):
                self.blocks.faults[self._row, self._column] = faults.NOT_CALCULATED
                self._note("", 0, "")
            return
        kind, text = self._read(kind, text)
        if text:
            self._note(kind, self._style() if kind in {"n", "d"} else 0, text)

    def _read(self, kind: str, text: str) -> tuple[str, str]:
        """Return a cell's text as it is, or the number, error or date that is yet to be shown."""
        if kind in {"n", "e", "d"}:
            return kind, text
        if kind == "s":
            return "str", self._shared(text)
        if kind in {"str", "inlineStr"}:
            return "str", without_escapes(text)
        if kind != "b":
            self._refuse_cell("its type is not known")
        if text not in _TRUTHS:
            self._refuse_cell("it is neither true nor false")
        return "str", _TRUTHS[text]

    def _style(self) -> int:
        style = int(self._cell.get("s", "") or "0")
        return style if 0 <= style < len(self._manner.codes) else -1

    def _shared(self, index: str) -> str:
        if self._texts is None:
            self._texts = self._manner.texts().to_pylist()
        if not index.isdecimal() or int(index) >= len(self._texts):
            raise ValueError(index)
        return self._texts[int(index)]

    def _note(self, kind: str, style: int, text: str) -> None:
        rows, texts = self._groups.setdefault((self._column, kind, style), ([], []))
        rows.append(self._row)
        texts.append(text)
        self._noted += 1
        self._last_column = max(self._last_column, self._column)
        refuse_endless(self._row, self._last_column, self._place)

    def _shown(self, group: Group, rows: list[int], texts: list[str]) -> pa.Array:
        """Return what cells of one column, kind and style show."""
        column, kind, style = group
        code = self._manner.codes[style] if style >= 0 else LOST
        if kind == "e":
            self.blocks.faults.update(((row, column), faults.EXCEL_ERROR) for row in rows)
        elif kind == "d":
            dates = [show_iso(text, code) for text in texts]
            for row, cell in zip(rows, dates, strict=True):
                if cell.fault is not None:
                    self.blocks.faults[row, column] = cell.fault
            return pa.array([cell.text for cell in dates], TEXT)
        elif kind == "n":
            shown = show_cells(pa.array(texts, TEXT), code, since_1904=self._manner.since_1904)
            self.blocks.faults.update(
                ((rows[at], column), fault) for at, fault in shown.faults.items()
            )
            if shown.stored:
                stored = np.array(rows, np.int64)[shown.stored.places]
                self.blocks.keep(column, stored, shown.stored.texts)
            return shown.texts
        return pa.array(texts, TEXT)

    def _refuse_cell(self, why: str) -> NoReturn:
        self._refuse(f"{self._place}!{_letters(self._column)}{self._row}", why)

    def _refuse(self, place: str, why: str) -> NoReturn:
        raise InputError(f"{place}: this cannot be read for certain, because {why}.", hint=_MEND)


def _letters(column: int) -> str:
    letters = ""
    while column >= 0:
        letters = chr(ord("A") + column % 26) + letters
        column = column // 26 - 1
    return letters


def _spread(parts: Sequence[Part], rows: npt.NDArray[np.int64]) -> pa.Array:
    """Return one column: these texts in their rows, and blanks elsewhere."""
    texts = pa.concat_arrays([*(part for _, part in parts), pa.array([""], TEXT)])
    index = np.full(len(rows), len(texts) - 1, np.int64)
    places = np.searchsorted(rows, np.concatenate([numbers for numbers, _ in parts]))
    index[places] = np.arange(len(places))
    return texts.take(pa.array(index))


def read_carefully(
    open_part: Callable[[], IO[bytes]], manner: Manner, place: str
) -> tuple[Blocks, Surroundings]:
    """Return the cells of a sheet as they show, and what its XML says besides.

    Args:
        open_part: Opens the sheet's XML from its start.
        manner: What its cells lean on.
        place: File and sheet, for messages.

    Raises:
        InputError: The sheet contradicts itself, or reaches too far.
        ValueError: It is damaged.
        xml.parsers.expat.ExpatError: It is no XML.
    """
    careful = Careful(place, manner)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = careful.start
    parser.EndElementHandler = careful.end
    parser.CharacterDataHandler = careful.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    with open_part() as stream:
        for data in iter(lambda: stream.read(_PIECE), b""):
            parser.Parse(data, False)  # noqa: FBT003 - the standard library's signature
        parser.Parse(b"", True)  # noqa: FBT003 - the standard library's signature
    careful.finish()
    return careful.blocks, careful.around


def _refuse_doctype(*_: object) -> NoReturn:
    message = "a document type definition"
    raise ValueError(message)
