"""Workbooks (``.xlsx``, ``.xlsm``): one pass through the XML of each sheet."""

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from xml.etree.ElementTree import Element

from xlsxwriter.utility import xl_cell_to_rowcol

from importer.model import Grid, Merge
from importer.reading.display import STAND_IN, TALLIES, TALLY, Look
from importer.reading.grid import MOST_COLUMNS, MOST_ROWS, GridBuilder, Listed
from importer.reading.xlsx_package import (
    YES,
    Package,
    Workbook,
    read_workbook,
    refusing_damage,
    text_of,
    without_escapes,
)


def read_xlsx(data: bytes, path: Path) -> list[Listed]:
    """Return the sheets of a workbook, which are read when they are asked for.

    Raises:
        InputError: The workbook is damaged, dangerous or too large.
    """
    with refusing_damage(path.name):
        package = Package(data, path.name)
        book = read_workbook(package)
    return [
        Listed(name, visible, partial(_read_sheet, package, part, book, GridBuilder(path, name)))
        for name, (part, visible) in book.sheets.items()
    ]


def _read_sheet(package: Package, part: str, book: Workbook, builder: GridBuilder) -> Grid:
    with refusing_damage(package.name):
        root = package.parse(part, "sheetData", _RowReader(book, builder).take)
        builder.hidden_columns = [
            (int(each.attrib["min"]) - 1, int(each.attrib["max"]) - 1)
            for each in root.iterfind("*/{*}cols/{*}col")
            if _hides(each, "width")
        ]
        merges = root.iterfind("*/{*}mergeCells/{*}mergeCell")
        builder.merges = [_merge(each.attrib["ref"]) for each in merges]
        return builder.grid()


class _RowReader:
    """Takes the rows of a sheet. What contradicts itself is a ``ValueError``: damage."""

    def __init__(self, book: Workbook, builder: GridBuilder) -> None:
        self._book, self._builder = book, builder
        self._row = 0
        self._space = ""

    def take(self, rows: Sequence[Element]) -> None:
        """Take the next rows."""
        for row in rows:
            self._space = row.tag.removesuffix("row")
            number = int(row.get("r") or self._row + 1)
            if not self._row < number <= MOST_ROWS:
                raise ValueError(number)
            self._row = number
            self._builder.add(number, *self._cells(row), hidden=_hides(row, "ht"))

    def _cells(self, row: Element) -> tuple[list[str], list[Look | None]]:
        """Return what is stored of the cells of a row, and how each is shown."""
        shared, looks = self._book.texts, self._book.looks
        value = f"{self._space}v"
        cells: list[str] = []
        ways: list[Look | None] = []
        name = str(self._row)
        letters = "".join([cell.get("r", name) for cell in row]).replace(name, " ")
        for column, cell in zip(_positions(letters), row, strict=True):
            text, kind = cell.findtext(value), cell.get("t", "n")
            if kind == "s" and text:
                if text[0] == "-":  # Python would count from the end
                    raise ValueError(text)
                text = shared[int(text)]
            elif not text or kind != "n" or len(cell) > 1:
                kind, text = self._odd(cell, kind, text)
                if not text:
                    continue
            if gap := column - len(cells):
                cells += [""] * gap
                ways += [None] * gap
            cells.append(text)
            ways.append(looks[kind, cell.get("s", "0")])
        return cells, ways

    def _odd(self, cell: Element, kind: str, text: str | None) -> tuple[str, str]:
        """Return type and text of a cell that is blank, holds a text of its own or a formula."""
        if text is None and (inline := cell.find(f"{self._space}is")) is not None:
            text = text_of(inline)
        if (formula := cell.find(f"{self._space}f")) is not None:
            if TALLIES.match(formula.text or ""):
                return TALLY, text or "0"
            if self._is_stand_in(kind, text):
                return STAND_IN, "0"
        return kind, without_escapes(text or "") if kind != "n" else text or ""

    def _is_stand_in(self, kind: str, text: str | None) -> bool:
        """Whether a formula's value was never calculated: programs write nothing, or 0, in its place."""
        if self._book.calculates:
            return not text or (kind == "n" and float(text) == 0)
        return not text and not (kind == "str" and text is not None)


@lru_cache(maxsize=128)
def _positions(letters: str) -> tuple[int, ...]:
    """Return the columns of a row's cells.

    Args:
        letters: Those of each cell and a blank: ``A B AA ``. A cell without any is right of the one before.
    """
    columns = [-1]
    for name in letters.split(" ")[:-1]:
        columns.append(_column(name) if name else columns[-1] + 1)
        if not columns[-2] < columns[-1] < MOST_COLUMNS:
            raise ValueError(name)
    return tuple(columns[1:])


def _column(letters: str) -> int:
    """Return the position of a column: ``A`` is 0, ``AA`` is 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(letter) + 1
    return number - 1


def _merge(reference: str) -> Merge:
    """Return ``A1:B2`` in numbers."""
    first, _, last = reference.partition(":")
    (top, left), (bottom, right) = map(xl_cell_to_rowcol, (first, last or first))
    return Merge(top + 1, bottom + 1, left, right)


def _hides(element: Element, size: str) -> bool:
    """Whether a row or column is hidden, by itself or because it has no size."""
    return element.get("hidden") in YES or float(element.get(size) or 1) == 0
