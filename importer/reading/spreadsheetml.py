"""XML spreadsheets of Excel 2003, as SAS, PeopleSoft and .NET grids write them under the name ``.xls``.

Types and formats of cells are in the file (Microsoft, XML Spreadsheet Reference).
"""

import io
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, iterparse

from importer.model import Merge
from importer.reading.display import STAND_IN, TALLIES, TALLY, Look, Looks, Style
from importer.reading.grid import MOST_COLUMNS, MOST_ROWS, GridBuilder, Listed
from importer.reading.xlsx_package import refuse_document_type, refusing_damage

_NAMED: Final = {
    "general number": "General",
    "fixed": "0.00",
    "standard": "#,##0.00",
    "currency": '"$"#,##0.00',
    "percent": "0.00%",
    "scientific": "0.00E+00",
    "general date": "m/d/yyyy h:mm",
    **dict.fromkeys(("long date", "medium date", "short date"), "yyyy-mm-dd"),
    **dict.fromkeys(("long time", "medium time", "short time"), "h:mm:ss"),
}
"""Formats that have a name there instead of a code; what the others show depends on the language."""
_KINDS: Final = {"Number": "n", "DateTime": "d", "Boolean": "b", "Error": "e", "String": "str"}


def read_spreadsheetml(data: bytes, path: Path) -> list[Listed]:
    """Return the sheets of such a file.

    Raises:
        InputError: It is damaged or dangerous.
    """
    refuse_document_type(data, path.name)
    reader = _Reader(path)
    with refusing_damage(path.name):
        parts = iterparse(io.BytesIO(data), ("start", "end"))  # noqa: S314 - it has no entities
        for event, element in parts:
            reader.take(event, element.tag.rpartition("}")[2], element)
        return [
            Listed(each.name or "", each.name not in reader.hidden, each.grid)
            for each in reader.sheets
        ]


class _Reader:
    """Takes the elements as they begin and end."""

    def __init__(self, path: Path) -> None:
        self.sheets: list[GridBuilder] = []
        self.hidden: list[str] = []
        self._path = path
        self._styles = {"Default": Style("General")}
        self._looks = Looks(self._styles)
        self._columns: dict[int, str] = {}
        """Column → the style of its cells, where it has one."""
        self._row = self._column = 0

    def take(self, event: str, name: str, element: Element) -> None:
        """Take one of them."""
        if event == "start":
            if name == "Worksheet":
                self.sheets.append(GridBuilder(self._path, _own(element).get("Name", "")))
                self._row, self._columns, self._column = 0, {}, 0
        elif name == "Style":
            self._take_style(element)
        elif name == "Column":
            self._take_column(_own(element))
        elif name == "Row":
            self._take_row(element)
            element.clear()
        elif name == "Visible" and element.text in {"SheetHidden", "SheetVeryHidden"}:
            self.hidden.append(self.sheets[-1].name or "")

    def _take_style(self, element: Element) -> None:
        own = _own(element)
        code, struck, colour = self._styles[own.get("Parent", "Default")]
        for part in element:
            name, given = part.tag.rpartition("}")[2], _own(part)
            if name == "NumberFormat":
                code = given.get("Format", "General")
                code = _NAMED.get(code.lower(), code)
            elif name == "Font":
                struck = given.get("StrikeThrough") == "1"
            elif name == "Interior" and given.get("Pattern") == "Solid":
                colour = given.get("Color", "").removeprefix("#").upper().replace("FFFFFF", "")
        self._styles[own.get("ID", "")] = Style(code, struck, colour)

    def _take_column(self, own: dict[str, str]) -> None:
        first = _number(own, self._column, MOST_COLUMNS)
        self._column = min(first + int(own.get("Span", "0")), MOST_COLUMNS)
        if _hides(own, "Width"):
            self.sheets[-1].hidden_columns.append((first - 1, self._column - 1))
        if "StyleID" in own:
            self._columns |= dict.fromkeys(range(first, self._column + 1), own["StyleID"])

    def _take_row(self, element: Element) -> None:
        builder, about = self.sheets[-1], _own(element)
        self._row = _number(about, self._row, MOST_ROWS)
        cells: list[str] = []
        looks: list[Look | None] = []
        column = 0
        for cell in element:
            own = _own(cell)
            column = _number(own, column, MOST_COLUMNS)
            across, down = int(own.get("MergeAcross", "0")), int(own.get("MergeDown", "0"))
            if across or down:
                first = column - 1
                builder.merges.append(Merge(self._row, self._row + down, first, first + across))
            style = own.get("StyleID") or about.get("StyleID") or self._columns.get(column)
            kind, text = _stored(cell, own.get("Formula", ""))
            cells += [""] * (column - 1 - len(cells)) + [text]
            looks += [None] * (column - 1 - len(looks)) + [self._looks[kind, style or "Default"]]
            column += across
        builder.add(self._row, cells, looks, hidden=_hides(about, "Height"))


def _stored(cell: Element, formula: str) -> tuple[str, str]:
    """Return the type of a cell, in the words of ``look``, and the text that is stored of it."""
    data = cell.find("{*}Data")
    kind = "String" if data is None else _own(data).get("Type", "String")
    text = "" if data is None else "".join(data.itertext())
    if TALLIES.match(formula):
        return TALLY, text.strip() or "0"
    if not text and formula and (data is None or kind != "String"):
        return STAND_IN, "0"
    return _KINDS[kind], text if kind in {"String", "Error"} else text.strip()


def _own(element: Element) -> dict[str, str]:
    """Return the attributes without their namespaces."""
    return {name.rpartition("}")[2]: text for name, text in element.items()}


def _number(own: dict[str, str], before: int, most: int) -> int:
    """Return the number of a row, column or cell: the next one, where it does not say."""
    number = int(own.get("Index", before + 1))
    if not before < number <= most:
        raise ValueError(number)
    return number


def _hides(own: dict[str, str], size: str) -> bool:
    return own.get("Hidden") == "1" or float(own.get(size) or 1) == 0
