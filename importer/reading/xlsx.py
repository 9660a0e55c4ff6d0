"""Workbooks (``.xlsx``, ``.xlsm``): one pass through the XML of each sheet."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from importer.model import CellType, Merge
from importer.reading import faults
from importer.reading.display import Shown, show, show_iso
from importer.reading.grid import GridBuilder, Listed, Style
from importer.reading.number_format import LOST
from importer.reading.xlsx_package import (
    YES,
    Package,
    read_workbook,
    refusing_damage,
    text_of,
    without_escapes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from importer.model import Grid
    from importer.reading.xlsx_package import SheetPart, Workbook

_MOST_ROWS: Final = 1_048_576
_MOST_COLUMNS: Final = 16_384
_REFERENCE_RE: Final = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_TRUTHS: Final = {"0": "FALSE", "1": "TRUE", "false": "FALSE", "true": "TRUE"}


def read_xlsx(data: bytes, path: Path) -> list[Listed]:
    """Return the sheets of a workbook, which are read when they are asked for.

    Raises:
        InputError: The workbook is damaged, dangerous or too large.
    """
    with refusing_damage(path.name):
        package = Package(data, path.name)
        book = read_workbook(package)
    return [
        Listed(sheet.name, sheet.visible, partial(_read_sheet, package, sheet, book, path))
        for sheet in book.sheets
    ]


def _read_sheet(package: Package, sheet: SheetPart, book: Workbook, path: Path) -> Grid:
    builder = GridBuilder(path, sheet.name)
    with refusing_damage(path.name):
        root = package.parse(sheet.part, "sheetData", _RowReader(book, builder).take)
        builder.hidden_columns = [
            (int(each.attrib["min"]) - 1, int(each.attrib["max"]) - 1)
            for each in root.iterfind("*/{*}cols/{*}col")
            if _hides(each, "width")
        ]
        merges = root.iterfind("*/{*}mergeCells/{*}mergeCell")
        builder.merges = [_merge(each.attrib["ref"]) for each in merges]
        builder.filtered = root.find("*/{*}autoFilter/{*}filterColumn") is not None
        return builder.grid()


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


class _RowReader:
    """Takes the rows of a sheet. What contradicts itself is a ``ValueError``: damage."""

    def __init__(self, book: Workbook, builder: GridBuilder) -> None:
        self._book, self._builder = book, builder
        self._styles = {str(number): style for number, style in enumerate(book.styles)}
        self._plain = not any(style.struck or style.colour for style in book.styles)
        self._letters = _Columns()
        self._row = 0
        self._space = ""

    def take(self, rows: Sequence[Element]) -> None:
        """Take the next rows."""
        for row in rows:
            self._space = row.tag.removesuffix("row")
            number = int(row.get("r") or self._row + 1)
            if not self._row < number <= _MOST_ROWS:
                raise ValueError(number)
            self._row = number
            cells, types = self._cells(row)
            self._builder.add(number, cells, types, hidden=_hides(row, "ht"))

    def _cells(self, row: Element) -> tuple[list[str], bytearray]:
        """Return what the cells of a row show, and what they are; what else is known of them is noted."""
        shared, letters, value = self._book.texts, self._letters, f"{self._space}v"
        styles, lost = self._styles, Style(LOST)
        cells: list[str] = []
        types = bytearray()
        column, name = -1, str(self._row)
        for cell in row:
            reference = cell.get("r")
            column = column + 1 if reference is None else letters[reference.removesuffix(name)]
            if not len(cell):
                continue
            text, kind = cell.findtext(value), cell.get("t", "n")
            if kind == "s" and text and self._plain:
                shown, sort = shared[int(text)], 0
            else:
                style = styles.get(cell.get("s") or "0", lost)
                found = self._shown(cell, kind, text, style.code)
                if found is None:
                    continue
                shown, sort, stored, fault = found
                if fault is not None or stored is not None or not self._plain:
                    self._builder.note(column, found, style)
            if gap := column - len(cells):
                if gap < 0:
                    raise ValueError(reference)  # cells ascend
                cells += [""] * gap
                types += bytes(gap)
            cells.append(shown)
            types.append(sort)
        return cells, types

    def _shown(self, cell: Element, kind: str, text: str | None, code: str) -> Shown | None:
        """Return what a cell shows, ``None`` where it is blank."""
        if text is None and (inline := cell.find(f"{self._space}is")) is not None:
            text = text_of(inline)
        formula = len(cell) > 1 or not text
        if formula and cell.find(f"{self._space}f") is not None and self._is_stand_in(kind, text):
            return Shown("", fault=faults.NOT_CALCULATED)
        if not text:
            return None
        match kind:
            case "n":
                shown = show(text, code, since_1904=self._book.since_1904)
            case "s":
                shown = Shown(self._book.texts[int(text)])
            case "str" | "inlineStr":
                shown = Shown(without_escapes(text))
            case "b":
                shown = Shown(_TRUTHS[text.strip()], CellType.BOOLEAN)
            case "d":
                shown = show_iso(text.strip(), code)
            case "e":
                shown = Shown(text, fault=faults.EXCEL_ERROR)
            case _:
                raise ValueError(kind)
        return shown

    def _is_stand_in(self, kind: str, text: str | None) -> bool:
        """Whether a formula's value was never calculated: programs write nothing, or 0, in its place."""
        if self._book.calculates:
            return not text or (kind == "n" and float(text) == 0)
        return not text and not (kind == "str" and text is not None)


def _merge(reference: str) -> Merge:
    """Return ``A1:B2`` in numbers."""
    first, _, last = reference.replace("$", "").partition(":")
    ends = [_REFERENCE_RE.fullmatch(end) for end in (first, last or first)]
    rows, columns = zip(*[(int(end[2]), _Columns()[end[1]]) for end in ends if end], strict=True)
    return Merge(rows[0], rows[-1], columns[0], columns[-1])


def _hides(element: Element, size: str) -> bool:
    """Whether a row or column is hidden, by itself or because it has no size."""
    return element.get("hidden") in YES or float(element.get(size) or 1) == 0
