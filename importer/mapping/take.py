"""What a rule takes from a sheet's cells, before any conversion."""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from importer.mapping.rules import Constant, Joined, Rule
from importer.schema import Kind
from importer.text import clean

if TYPE_CHECKING:
    import numpy.typing as npt

    from importer.model import Flaw, Sheet

# What `clean` may change: a character beyond printable ASCII, or a blank at an end.
_UNCLEAN = r"[^ -~]|^ | $"


@dataclass(frozen=True, slots=True)
class Taken:
    """The cleaned text of a rule, row by row."""

    texts: pd.Series[str]
    """RangeIndex of the sheet's positions, dtype ``str``, blank is ``""``."""
    columns: tuple[int, ...]
    """Positions of the source columns; empty for a constant."""
    chosen: npt.NDArray[np.int64] | None = None
    """Which of several columns gave the text, where the first filled one counts."""
    flaws: abc.Mapping[int, tuple[Flaw, ...]] = field(default_factory=dict)
    """Row position → flaws of the cells that the text comes from."""

    def columns_at(self, position: int) -> tuple[int, ...]:
        """Return the columns that gave the text at a position."""
        return self.columns if self.chosen is None else (int(self.chosen[position]),)


@dataclass(slots=True)
class Cells:
    """A sheet's cells, each column cleaned once."""

    sheet: Sheet
    located: abc.Mapping[str, int]
    """Header as in the mapping → column position; optional ones that are missing are not there."""
    cleaned: dict[int, pd.Series[str]] = field(default_factory=dict)
    flaws: dict[int, dict[int, Flaw]] = field(default_factory=dict)
    """Column position → row position → its first flaw."""

    def __post_init__(self) -> None:
        """Sort the sheet's flaws by column."""
        for flaw in self.sheet.flaws:
            if flaw.column is not None:
                self.flaws.setdefault(flaw.column, {}).setdefault(flaw.position, flaw)

    def column(self, header: str) -> pd.Series[str]:
        """Return the cleaned texts of a header's column."""
        position = self.located[header]
        if position not in self.cleaned:
            self.cleaned[position] = _clean(self.sheet.frame[position])
        return self.cleaned[position]

    def blank(self, header: str) -> npt.NDArray[np.bool_]:
        """Return which cells of a header's column are blank; a cell with a flaw is not."""
        return self._blank(self.column(header), self.located[header])

    def take(self, rule: Rule) -> Taken | None:
        """Return what a rule takes, ``None`` where all its optional headers are missing.

        Cells that the rule counts as blank are blank already.
        """
        if isinstance(rule.take, Constant):
            rows = self.sheet.frame.index
            return Taken(pd.Series([rule.take.value] * len(rows), index=rows, dtype="str"), ())
        headers = [header for header in rule.take.headers if header in self.located]
        if not headers:
            return None
        columns = tuple(self.located[header] for header in headers)
        parts = [self._cells(rule, header) for header in headers]
        if isinstance(rule.take, Joined):
            return self._joined(parts, columns, rule.take.separator)
        return self._filled(parts, columns)

    def _cells(self, rule: Rule, header: str) -> pd.Series[str]:
        """Return a column without the rule's blank texts, for money with the stored numbers."""
        texts = self.column(header)
        if rule.steps.blank_if:
            texts = texts.mask(texts.isin(list(rule.steps.blank_if)), "")
        stored = self.sheet.stored.get(self.located[header], {})
        if rule.field.kind is not Kind.AMOUNT or not stored:
            return texts
        shown = texts.tolist()
        for at, number in stored.items():
            if shown[at]:
                shown[at] = number.replace(".", rule.steps.decimal)
        return pd.Series(shown, index=texts.index, dtype="str")

    def _filled(self, parts: list[pd.Series[str]], columns: tuple[int, ...]) -> Taken:
        """Take the first column that is filled."""
        texts = parts[0]
        if len(parts) == 1:
            flaws = {at: (flaw,) for at, flaw in self.flaws.get(columns[0], {}).items()}
            return Taken(texts, columns, None, flaws)
        chosen = np.full(len(texts), columns[0], dtype=np.int64)
        blank = self._blank(texts, columns[0])
        for others, column in zip(parts[1:], columns[1:], strict=True):
            better = blank & ~self._blank(others, column)
            texts = texts.mask(better, others)
            chosen[better] = column
            blank &= ~better
        flaws = {
            at: (flaw,)
            for column in columns
            for at, flaw in self.flaws.get(column, {}).items()
            if chosen[at] == column
        }
        return Taken(texts, columns, chosen, flaws)

    def _joined(
        self, parts: list[pd.Series[str]], columns: tuple[int, ...], separator: str
    ) -> Taken:
        rows = zip(*(part.tolist() for part in parts), strict=True)
        joined = [separator.join(filter(None, row)) for row in rows]
        texts = pd.Series(joined, index=parts[0].index, dtype="str")
        flaws: dict[int, tuple[Flaw, ...]] = {}
        for column in columns:
            for at, flaw in self.flaws.get(column, {}).items():
                flaws[at] = (*flaws.get(at, ()), flaw)
        return Taken(texts, columns, None, flaws)

    def _blank(self, texts: pd.Series[str], column: int) -> npt.NDArray[np.bool_]:
        """Return which cells are blank; a cell with a flaw is not, whatever it shows."""
        blank: npt.NDArray[np.bool_] = (texts == "").to_numpy(dtype=np.bool_, copy=True)
        blank[list(self.flaws.get(column, {}))] = False
        return blank


def _clean(column: pd.Series[str]) -> pd.Series[str]:
    """Clean a column; of texts that need a closer look each distinct one is cleaned once."""
    unclean = column.str.contains(_UNCLEAN)
    if not unclean.any():
        return column
    cleaned = column[unclean]
    cleaned = cleaned.map({text: clean(text) for text in cleaned.unique()})
    return column.mask(unclean, cleaned)
