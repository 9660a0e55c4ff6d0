"""What a web page hides: rows, columns, cells, and pieces of text within cells.

Excel keeps hidden rows and columns of a sheet in this way when it saves a page. Only the page's own
attributes are looked at, not the classes of its style sheet.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HIDING_RE: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all", re.IGNORECASE
)
_GROUPS: Final = frozenset({"thead", "tbody", "tfoot"})
_VOID: Final = frozenset({"br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"})
_MOST: Final = 16_384


class Hidden:
    """Takes the tags of a page, and the places of its rows and cells."""

    def __init__(self) -> None:
        """Begin a page."""
        self.rows: set[int] = set()
        """Numbers of rows that are hidden as a whole."""
        self.pieces: set[tuple[int, int]] = set()
        """Row numbers and positions of cells with some text that is hidden."""
        self._cells: set[tuple[int, int]] = set()
        self._columns: set[int] = set()
        self._next_column = 0
        self._open: dict[str, bool] = {}
        self._within = ""
        self._depth = 0
        self._piece = False
        self._by_excel = False

    def start(self, tag: str, attributes: Mapping[str, str | None], *, in_cell: bool) -> None:
        """Take a start tag."""
        hides = "hidden" in attributes or bool(_HIDING_RE.search(attributes.get("style") or ""))
        if tag == "table" and not in_cell:
            self._open = {"table": hides}
            self._next_column = 0
        elif tag in _GROUPS:
            self._open["group"] = hides
        elif tag == "tr":
            self._open["row"] = hides
        elif tag in {"td", "th"}:
            self._open["cell"] = hides
            self._depth, self._piece = 0, False
        elif tag == "col":
            span = attributes.get("span") or ""
            after = self._next_column + (int(span) if span.isdecimal() and len(span) < 6 else 1)  # noqa: PLR2004
            if hides:
                self._columns.update(range(self._next_column, min(after, _MOST)))
            self._next_column = after
        elif tag == "meta":
            self._by_excel |= "excel" in (attributes.get("content") or "").lower()
        elif in_cell and tag not in _VOID and (tag == self._within if self._depth else hides):
            self._within, self._depth = tag, self._depth + 1

    def end(self, tag: str) -> None:
        """Take an end tag."""
        if self._depth and tag == self._within:
            self._depth -= 1
        elif tag in _GROUPS:
            self._open["group"] = False
        elif tag == "table":
            self._open = {}

    def text(self, text: str) -> None:
        """Take some text. What Excel itself hides in a cell is the end of a text that is too long for it."""
        if self._depth and not self._by_excel and text.strip():
            self._piece = True

    def end_cell(self, row: int, column: int) -> None:
        """Note the place of the cell that ends."""
        if self._open.pop("cell", False):
            self._cells.add((row, column))
        if self._piece:
            self.pieces.add((row, column))
        self._depth, self._piece = 0, False

    def end_row(self, row: int) -> None:
        """Note the number of the row that ends."""
        if any(self._open.get(part) for part in ("table", "group", "row")):
            self.rows.add(row)
        self._open["row"] = False

    def columns(self, rows: Sequence[tuple[int, Sequence[str]]]) -> set[int]:
        """Return the positions of columns that are hidden, by themselves or cell by cell."""
        seen = {
            column
            for column in {column for _, column in self._cells}
            for number, cells in rows
            if column < len(cells) and cells[column] and (number, column) not in self._cells
        }
        return self._columns | ({column for _, column in self._cells} - seen)

    def doubtful(self, columns: set[int]) -> set[tuple[int, int]]:
        """Return the places of cells that are hidden, in part or alone in a column that is not."""
        return self.pieces | {place for place in self._cells if place[1] not in columns}
