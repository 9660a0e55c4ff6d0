"""Workbooks (``.xlsx``, ``.xlsm``): one pass through the XML of each sheet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from importer.model import CellType, Merge
from importer.reading import faults
from importer.reading.display import show_iso
from importer.reading.grid import GridBuilder, Style, about_sheets
from importer.reading.number_format import LOST
from importer.reading.resubmitted import SUMMARY, hidden_summary
from importer.reading.xlsx_package import Names, open_package, read_workbook, without_escapes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from importer.model import Grid
    from importer.reading.xlsx_package import Attributes, Package, SheetPart, Workbook

_MOST_ROWS: Final = 1_048_576
_MOST_COLUMNS: Final = 16_384
_REFERENCE_RE: Final = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_YES: Final = frozenset({"1", "true"})
_TRUTHS: Final = {"0": "FALSE", "1": "TRUE", "false": "FALSE", "true": "TRUE"}


def read_xlsx(data: bytes, path: Path) -> tuple[tuple[Grid, ...], tuple[str, ...]]:
    """Return the visible sheets of a workbook, and notes about the whole file.

    Of a results workbook of ours a hidden summary is returned too: it says where the rows are from.

    Raises:
        InputError: The workbook is damaged, dangerous or too large.
    """
    with open_package(data, path.name) as package:
        book = read_workbook(package)
        hidden = [sheet.name for sheet in book.sheets if not sheet.visible]
        grids = tuple(
            _read_sheet(package, sheet, book, path) for sheet in book.sheets if sheet.visible
        )
        summary = hidden_summary(grids, hidden)
        if summary is not None:
            hidden.remove(summary)
            grids += tuple(
                _read_sheet(package, sheet, book, path)
                for sheet in book.sheets
                if sheet.name == summary
            )
    return grids, about_sheets(hidden)


def read_summary(path: Path) -> Grid | None:
    """Return the sheet Summary of a workbook, ``None`` where it has none; no other sheet is read.

    Raises:
        InputError: The workbook is damaged or dangerous.
        OSError: It cannot be opened.
    """
    with open_package(path.read_bytes(), path.name) as package:
        book = read_workbook(package)
        for sheet in book.sheets:
            if sheet.name == SUMMARY:
                return _read_sheet(package, sheet, book, path)
    return None


def _read_sheet(package: Package, sheet: SheetPart, book: Workbook, path: Path) -> Grid:
    reader = _SheetReader(book, GridBuilder(path, sheet.name))
    package.parse(sheet.part, reader.start, reader.text, reader.end)
    return reader.builder.grid()


class _Columns(dict[str, int]):
    """The position of each column by its letters: ``A`` is 0, ``AA`` is 26."""

    def __missing__(self, letters: str) -> int:
        number = 0
        for letter in letters.upper():
            number = number * 26 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(letter) + 1
        if not 0 < number <= _MOST_COLUMNS:
            raise ValueError(letters)
        self[letters] = number - 1
        return number - 1


class _Styles(dict[str | None, Style]):
    """The cell styles by their numbers as cells write them."""

    def __init__(self, styles: Sequence[Style]) -> None:
        super().__init__({None: styles[0], "": styles[0]})
        self._styles = styles
        self.plain = not any(style.struck or style.colour for style in styles)

    def __missing__(self, number: str) -> Style:
        known = int(number) < len(self._styles)
        self[number] = self._styles[int(number)] if known else Style(LOST)
        return self[number]


class _SheetReader:
    """Takes what expat finds in one sheet. What contradicts itself is a ``ValueError``: damage."""

    def __init__(self, book: Workbook, builder: GridBuilder) -> None:
        self.builder = builder
        self._texts, self._styles, self._since_1904 = (
            book.texts,
            _Styles(book.styles),
            book.since_1904,
        )
        self._calculates = book.calculates
        self._names, self._letters = Names(), _Columns()
        self._in_rows = self._taking = self._phonetic = False
        self._row, self._row_text, self._digits = 0, "", 0
        self._hidden = False
        self._cells: list[str] = []
        self._column = -1
        self._cell: Attributes = {}
        self._formula = False
        self._text: str | None = None

    def start(self, tag: str, attributes: Attributes) -> None:
        """Take a start tag."""
        name = self._names[tag]
        if not self._in_rows:
            self._look_around(name, attributes)
        elif name == "c":
            self._cell, self._text, self._formula = attributes, None, False
        elif name == "v" or (name == "t" and not self._phonetic):
            self._text = self._text or ""
            self._taking = True
        elif name == "f":
            self._formula = True
        elif name == "row":
            self._open_row(attributes)
        elif name == "rPh":
            self._phonetic = True

    def _look_around(self, name: str, attributes: Attributes) -> None:
        if name == "sheetData":
            self._in_rows = True
        elif name == "col" and _hides(attributes, "width"):
            span = int(attributes["min"]) - 1, int(attributes["max"]) - 1
            self.builder.hidden_columns.append(span)
        elif name == "mergeCell":
            self.builder.merges.append(self._merge(attributes["ref"]))
        elif name == "filterColumn":
            self.builder.filtered = True

    def text(self, text: str) -> None:
        """Take text."""
        if self._taking:
            self._text = self._text + text if self._text else text

    def end(self, tag: str) -> None:
        """Take an end tag."""
        if not self._in_rows:
            return
        name = self._names[tag]
        if name in {"v", "t"}:
            self._taking = False
        elif name == "c":
            self._take(self._cell)
        elif name == "row":
            self.builder.add(self._row, self._cells, hidden=self._hidden)
        elif name == "rPh":
            self._phonetic = False
        elif name == "sheetData":
            self._in_rows = False

    def _merge(self, reference: str) -> Merge:
        """Return ``A1:B2`` in numbers."""
        first, _, last = reference.replace("$", "").partition(":")
        ends = [_REFERENCE_RE.fullmatch(end) for end in (first, last or first)]
        rows, columns = zip(
            *[(int(end[2]), self._letters[end[1]]) for end in ends if end], strict=True
        )
        return Merge(rows[0], rows[-1], columns[0], columns[-1])

    def _open_row(self, attributes: Attributes) -> None:
        self._cells, self._column = [], -1
        self._hidden = _hides(attributes, "ht")
        self._set_row(int(attributes.get("r", self._row + 1)))

    def _set_row(self, row: int) -> None:
        if not self._row < row <= _MOST_ROWS:
            raise ValueError(row)
        self._row, self._row_text = row, str(row)
        self._digits = len(self._row_text)

    def _take(self, cell: Attributes) -> None:
        """Take what a cell holds, if it holds anything."""
        reference, text = cell.get("r"), self._text
        if reference is None:
            column = self._column + 1
        else:
            column = self._letters[reference[: -self._digits]]
            if reference[-self._digits :] != self._row_text:
                raise ValueError(reference)
        self._column = column
        kind = cell.get("t", "n")
        if self._formula and self._is_stand_in(kind, text):
            self.builder.fault(column, faults.NOT_CALCULATED)
            shown = ""
        elif text:
            shown = self._texts[int(text)] if kind == "s" else self._shown(column, kind, text, cell)
        else:
            return
        if not self._styles.plain:
            style = self._styles[cell.get("s")]
            self.builder.look(column, style.colour, struck=style.struck)
        cells = self._cells
        if column != len(cells):
            if column < len(cells):
                raise ValueError(reference)  # cells ascend
            cells.extend([""] * (column - len(cells)))
        cells.append(shown)

    def _is_stand_in(self, kind: str, text: str | None) -> bool:
        """Whether a formula's value was never calculated: programs write nothing, or 0, in its place."""
        if self._calculates:
            return not text or (kind == "n" and float(text) == 0)
        return not text and not (kind == "str" and text is not None)

    def _shown(self, column: int, kind: str, text: str, cell: Attributes) -> str:
        """Return what a filled cell shows; what else is known of it is noted."""
        code = self._styles[cell.get("s")].code
        if kind == "n":
            return self.builder.number(column, text, code, since_1904=self._since_1904)
        if kind in {"str", "inlineStr"}:
            return without_escapes(text)
        if kind == "d":
            return self.builder.shown(column, show_iso(text.strip(), code), code)
        if kind == "e":
            self.builder.fault(column, faults.EXCEL_ERROR)
            return text
        if kind != "b":
            raise ValueError(kind)
        self.builder.type(column, CellType.BOOLEAN)
        return _TRUTHS[text.strip()]


def _hides(attributes: Attributes, size: str) -> bool:
    """Whether a row or column is hidden, by itself or because it has no size."""
    return attributes.get("hidden") in _YES or float(attributes.get(size) or 1) == 0
