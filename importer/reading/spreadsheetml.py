"""XML spreadsheets of Excel 2003, as SAS, PeopleSoft and .NET grids write them under the name ``.xls``.

Types and formats of cells are in the file (Microsoft, XML Spreadsheet Reference). It is one plain XML
file, so that it is never larger than it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn
from xml.parsers import expat

from importer.errors import InputError
from importer.model import CellType, Merge
from importer.reading import faults, sniffing
from importer.reading.display import show_iso
from importer.reading.grid import GridBuilder, Style, about_sheets

if TYPE_CHECKING:
    from pathlib import Path

    from importer.model import Grid

_MOST_ROWS: Final = 1_048_576
_MOST_COLUMNS: Final = 16_384
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
_TRUTHS: Final = {"0": "FALSE", "1": "TRUE"}


def read_spreadsheetml(data: bytes, path: Path) -> tuple[tuple[Grid, ...], tuple[str, ...]]:
    """Return the visible sheets of such a file, and notes about the whole file.

    Raises:
        InputError: It is damaged or dangerous.
    """
    reader = _Reader(path)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.refuse_document_type
    try:
        parser.Parse(data, True)  # noqa: FBT003 - the standard library's signature
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise InputError(
            f"{path.name}: the workbook is damaged or was cut off.", hint=sniffing.MEND
        ) from error
    visible = tuple(
        builder.grid() for builder in reader.sheets if builder.name not in reader.hidden
    )
    return visible, about_sheets(reader.hidden)


class _Reader:
    """Takes what expat finds."""

    def __init__(self, path: Path) -> None:
        self.sheets: list[GridBuilder] = []
        self.hidden: list[str] = []
        self._path = path
        self._within: list[str] = []
        self._styles: dict[str, Style] = {}
        self._style = ""
        self._columns: list[tuple[int, int, str]] = []
        """First and last position of columns with a style of their own, and that style."""
        self._row = self._column = 0
        self._row_style, self._row_hidden = "", False
        self._cells: list[str] = []
        self._across, self._formula, self._kind, self._text = 0, False, "", ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take a start tag; namespaces are told by their usual prefixes, which say nothing here."""
        name = tag.rpartition(":")[2]
        own = {key.rpartition(":")[2]: text for key, text in attributes.items()}
        outer = self._within[-1] if self._within else ""
        self._within.append(name)
        if outer in {"Styles", "Style"}:
            self._take_style(name, own)
        elif name == "Worksheet":
            self.sheets.append(GridBuilder(self._path, own.get("Name", "")))
            self._row, self._columns, self._column = 0, [], 0
        elif name == "Column" and outer == "Table":
            self._take_column(own)
        elif name == "Row" and outer == "Table":
            self._row = self._number(own, self._row, _MOST_ROWS)
            self._row_style, self._row_hidden = own.get("StyleID", ""), _hides(own, "Height")
            self._cells, self._column = [], 0
        elif name == "Cell" and outer == "Row":
            self._take_cell(own)
        elif name == "Data" and outer == "Cell":
            self._kind, self._text = own.get("Type", "String"), ""
        elif name == "AutoFilterColumn":
            self.sheets[-1].filtered = True

    def text(self, text: str) -> None:
        """Take text: of a cell, also within tags of its fonts, and whether a sheet is hidden."""
        if "Data" in self._within[-4:] and "Comment" not in self._within:
            self._text += text
        elif self._within[-1] == "Visible" and text in {"SheetHidden", "SheetVeryHidden"}:
            self.hidden.append(self.sheets[-1].name or "")

    def end(self, _: str) -> None:
        """Take an end tag."""
        name = self._within.pop()
        if name == "Cell" and self._within[-1] == "Row":
            self._cells += [""] * (self._column - 1 - len(self._cells))
            self._cells.append(self._shown())
            self._column += self._across
        elif name == "Row" and self._within[-1] == "Table":
            self.sheets[-1].add(self._row, self._cells, hidden=self._row_hidden)

    def refuse_document_type(self, *_: object) -> NoReturn:
        """Refuse what only entity tricks need."""
        raise InputError(
            f"{self._path.name}: the workbook holds a document type definition, which no program writes.",
            hint="Do not trust this file; ask for a fresh export.",
        )

    def _take_style(self, name: str, own: dict[str, str]) -> None:
        if name == "Style":
            self._style = own.get("ID", "")
            self._styles[self._style] = self._styles.get(
                own.get("Parent", "Default"), Style("General")
            )
            return
        code, struck, colour = self._styles[self._style]
        if name == "NumberFormat":
            code = own.get("Format", "General")
            code = _NAMED.get(code.lower(), code)
        elif name == "Font":
            struck = own.get("StrikeThrough") == "1"
        elif name == "Interior" and own.get("Pattern") == "Solid":
            colour = own.get("Color", "").removeprefix("#").upper().replace("FFFFFF", "")
        self._styles[self._style] = Style(code, struck, colour)

    def _take_column(self, own: dict[str, str]) -> None:
        first = self._number(own, self._column, _MOST_COLUMNS)
        self._column = min(first + int(own.get("Span", "0")), _MOST_COLUMNS)
        if _hides(own, "Width"):
            self.sheets[-1].hidden_columns.append((first - 1, self._column - 1))
        if "StyleID" in own:
            self._columns.append((first, self._column, own["StyleID"]))

    def _take_cell(self, own: dict[str, str]) -> None:
        self._column = self._number(own, self._column, _MOST_COLUMNS)
        self._across, down = int(own.get("MergeAcross", "0")), int(own.get("MergeDown", "0"))
        if self._across or down:
            first = self._column - 1
            merge = Merge(self._row, self._row + down, first, first + self._across)
            self.sheets[-1].merges.append(merge)
        by_column = (style for first, last, style in self._columns if first <= self._column <= last)
        self._style = own.get("StyleID") or self._row_style or next(by_column, "Default")
        self._formula, self._kind, self._text = "Formula" in own, "", ""

    def _number(self, own: dict[str, str], before: int, most: int) -> int:
        """Return the number of a row, column or cell: the next one, where it does not say."""
        number = int(own.get("Index", before + 1))
        if not before < number <= most:
            raise ValueError(number)
        return number

    def _shown(self) -> str:
        builder, column, kind = self.sheets[-1], self._column - 1, self._kind
        style = self._styles.get(self._style, Style("General"))
        if not self._text:
            if self._formula and kind != "String":
                builder.fault(column, faults.NOT_CALCULATED)
            return ""
        builder.look(column, style.colour, struck=style.struck)
        if kind == "Number":
            return builder.number(column, self._text.strip(), style.code, since_1904=False)
        if kind == "DateTime":
            return builder.shown(column, show_iso(self._text.strip(), style.code), style.code)
        if kind == "Boolean":
            builder.type(column, CellType.BOOLEAN)
            return _TRUTHS[self._text.strip()]
        if kind == "Error":
            builder.fault(column, faults.EXCEL_ERROR)
        return self._text


def _hides(own: dict[str, str], size: str) -> bool:
    return own.get("Hidden") == "1" or float(own.get(size) or 1) == 0
