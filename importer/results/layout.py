"""How lines are put on the first sheet: six columns, each line as high as its text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.results.styles import put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter.worksheet import Worksheet

    from importer.results.parts import Spot
    from importer.results.styles import Style, Styles

WIDTHS = (17, 11, 26, 48, 48, 28)
"""Widths of the columns A to F, in characters."""
A, B, C, D, E, F = range(len(WIDTHS))
_LINE_HEIGHT = 18
_BODY = 11
"""Size of the plain text, in points."""


@dataclass(slots=True)
class Layout:
    """Writes line after line, as a worksheet in constant memory wants it."""

    sheet: Worksheet
    styles: Styles
    line: int = 0

    def next(self, tall: float = _LINE_HEIGHT) -> int:
        """Begin a line of the given height and return its number."""
        self.sheet.set_row(self.line, tall)
        self.line += 1
        return self.line - 1

    def across(
        self, text: str, style: Style, *, first: int = A, last: int = F, size: float = _BODY
    ) -> None:
        """Write one text over several columns, in a line high enough for it."""
        line = self.next(height(text, sum(WIDTHS[first : last + 1]), size))
        self.merge(line, first, last, text, style)

    def merge(self, line: int, first: int, last: int, text: str, style: Style) -> None:
        """Write one text over several columns of a line already begun."""
        self.sheet.merge_range(line, first, line, last, "", style.plain)
        put(self.sheet, line, first, text, style)

    def section(self, title: str) -> None:
        """Leave a line free and write a heading."""
        self.next(12)
        line = self.next(24)
        for column in range(A, F + 1):
            put(self.sheet, line, column, title if column == A else "", self.styles.section)

    def link(self, line: int, column: int, spot: Spot, text: str) -> None:
        """Write a link to a cell of another sheet."""
        from xlsxwriter.utility import xl_rowcol_to_cell

        name = spot.page.name.replace("'", "''")
        cell = xl_rowcol_to_cell(spot.page.line(spot.position), spot.column)
        target = f"internal:'{name}'!{cell}"
        self.sheet.write_url(line, column, target, self.styles.link.of(text), text)


def highest(texts: Sequence[str]) -> float:
    """Return the height of a line that shows the whole of each text in its own column."""
    return max(height(text, width) for text, width in zip(texts, WIDTHS, strict=True))


def height(text: str, width: float, size: float = _BODY) -> float:
    """Return the height of a line that shows the whole text in so many characters of width.

    Programs fit the height of lines themselves, but not where cells are merged.
    """
    room = max(width * _BODY / size * 1.1, 1)
    lines = sum(math.ceil(len(piece) / room) or 1 for piece in text.split("\n"))
    return max(_LINE_HEIGHT, lines * size * 1.4 + 3) + (8 if size > _BODY else 0)
