"""What a rule takes from a sheet's cells, before any conversion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from importer.mapping.amounts import OTHERWISE, same_amount
from importer.mapping.dates import TURNED, days_turned
from importer.model import CellType, Flaw
from importer.schema import Kind
from importer.text import clean
from schemas.kinds import unfit
from schemas.signs import is_error_word

if TYPE_CHECKING:
    from collections import abc

    import numpy.typing as npt

    from importer.mapping.rules import Rule
    from importer.model import Problem, Sheet

    Marks = npt.NDArray[np.bool_]

# What `clean` and `fold` may change but for case: beyond printable ASCII, blanks at an end or together.
_ODD = r"[^ -~]|^ | $|  "


@dataclass(frozen=True, slots=True)
class Given:
    """What one rule, or all rules of a field together, give the field, row by row."""

    texts: pd.Series[str]
    """RangeIndex of the sheet's positions, dtype ``str``, blank is ``""``."""
    columns: tuple[int, ...] = ()
    """Positions of the source columns; empty for a constant."""
    chosen: npt.NDArray[np.int64] | None = None
    """Which of several columns gave the text, where the first filled one counts."""
    flaws: abc.Mapping[int, tuple[Flaw, ...]] = field(default_factory=dict)
    """Row position → flaws of the cells that the text comes from."""
    problems: tuple[Problem, ...] = ()
    dropped: frozenset[int] = frozenset()
    """Positions whose invalid value is left out."""

    def columns_at(self, position: int) -> tuple[int, ...]:
        """Return the columns that gave the text at a position."""
        return self.columns if self.chosen is None else (int(self.chosen[position]),)

    @property
    def failed(self) -> frozenset[int]:
        """Positions that have an error."""
        return frozenset(problem.position for problem in self.problems if problem.holds)


def clean_cells(sheet: Sheet) -> dict[int, tuple[pd.Series[str], Marks]]:
    """Return what ``Batch.cells`` holds: every column cleaned, once for all who look at it."""
    cleaned = {}
    for at in range(len(sheet.columns)):
        column = sheet.frame[at]
        odd = column.str.contains(_ODD)
        if odd.any():
            texts = column[odd]
            column = column.mask(odd, texts.map({text: clean(text) for text in texts.unique()}))
        cleaned[at] = column, odd.to_numpy(dtype=np.bool_)
    return cleaned


@dataclass(slots=True)
class Cells:
    """A sheet's cells, by the headers of a mapping."""

    sheet: Sheet
    located: abc.Mapping[str, int]
    """Header as in the mapping → column position; optional ones that are missing are not there."""
    cleaned: dict[int, tuple[pd.Series[str], Marks]] = field(init=False)
    flaws: dict[int, dict[int, Flaw]] = field(default_factory=dict)
    """Column position → row position → its first flaw."""

    def __post_init__(self) -> None:
        """Clean the sheet's cells and sort its flaws by column."""
        self.cleaned = clean_cells(self.sheet)
        for flaw in self.sheet.flaws:
            if flaw.column is not None:
                self.flaws.setdefault(flaw.column, {}).setdefault(flaw.position, flaw)

    def column(self, header: str) -> pd.Series[str]:
        """Return the cleaned texts of a header's column."""
        return self.cleaned[self.located[header]][0]

    def blank(self, header: str) -> Marks:
        """Return which cells of a header's column are blank; a cell with a flaw is not."""
        return _blank(self.column(header), self.flaws.get(self.located[header], {}))

    def take(self, rule: Rule) -> Given | None:
        """Return what a rule takes, ``None`` where all its optional headers are missing.

        Cells that the rule counts as blank are blank already.
        """
        rows, blanks = self.sheet.frame.index, list(rule.part.blank_if)
        if rule.part.value is not None:
            return Given(pd.Series([rule.part.value] * len(rows), index=rows, dtype="str"))
        headers = [header for header in rule.headers if header in self.located]
        if not headers:
            return None
        columns = tuple(self.located[header] for header in headers)
        parts, flaws = [], []
        for header, column in zip(headers, columns, strict=True):
            texts = self.column(header)
            texts = texts.mask(texts.isin(blanks), "") if blanks else texts
            flaws.append(self._flaws(rule, column, texts))
            parts.append(self._stored(rule, column, texts))
        if not rule.part.join:
            return _filled(parts, columns, flaws)
        lines = zip(*(part.tolist() for part in parts), strict=True)
        joined = [rule.part.separator.join(filter(None, line)) for line in lines]
        taken: dict[int, tuple[Flaw, ...]] = {}
        for at, flaw in (pair for theirs in flaws for pair in theirs.items()):
            taken[at] = (*taken.get(at, ()), flaw)
        return Given(pd.Series(joined, index=rows, dtype="str"), columns, None, taken)

    def _stored(self, rule: Rule, column: int, texts: pd.Series[str]) -> pd.Series[str]:
        """Return for money the stored numbers in the place of those shown."""
        stored = self.sheet.stored.get(column, {})
        if rule.field.kind is not Kind.AMOUNT or not stored:
            return texts
        shown = texts.tolist()
        for at, number in stored.items():
            if shown[at]:
                shown[at] = number.replace(".", rule.part.decimal)
        return pd.Series(shown, index=texts.index, dtype="str")

    def _flaws(self, rule: Rule, column: int, texts: pd.Series[str]) -> dict[int, Flaw]:
        """Return the flaws of a column's cells for a rule: the sheet's own, and what does not fit.

        A person who vouches for what is shown has none but where no value is shown at all.
        """
        own = self.flaws.get(column, {})
        if rule.part.as_shown:
            return {
                at: flaw for at, flaw in own.items() if not texts[at] or is_error_word(texts[at])
            }
        unfit = self._unfit(rule, column, texts)
        return {at: Flaw(at, column, *why) for at, why in unfit if texts[at]} | own

    def _unfit(
        self, rule: Rule, column: int, texts: pd.Series[str]
    ) -> abc.Iterator[tuple[int, tuple[str, str]]]:
        """Yield the cells that are not text of this kind, and money that shows another amount."""
        kind, none = rule.field.kind, np.zeros(0, dtype=np.int8)
        types = self.sheet.types.get(column, none)
        for cell in map(CellType, np.unique(types).tolist()):
            there: Marks = np.equal(types, cell)
            turned = kind is Kind.DATE and cell is CellType.DATE and days_turned(texts, there)
            wrong = ("", TURNED) if turned else unfit(kind, cell)
            if wrong is not None:
                pattern, why = wrong
                there &= texts.str.contains(pattern).to_numpy(dtype=np.bool_)
                yield from ((at, why) for at in np.flatnonzero(there).tolist())
        if kind is Kind.AMOUNT:
            for at, number in self.sheet.stored.get(column, {}).items():
                if texts[at] and not same_amount(texts[at], number, rule.part.decimal):
                    yield at, OTHERWISE


def _filled(
    parts: list[pd.Series[str]], columns: tuple[int, ...], flaws: list[dict[int, Flaw]]
) -> Given:
    """Take the first column that is filled; a cell with a flaw is not blank."""
    texts = parts[0]
    if len(parts) == 1:
        return Given(texts, columns, None, {at: (flaw,) for at, flaw in flaws[0].items()})
    chosen = np.full(len(texts), columns[0], dtype=np.int64)
    blank = _blank(texts, flaws[0])
    for others, column, theirs in zip(parts[1:], columns[1:], flaws[1:], strict=True):
        better = blank & ~_blank(others, theirs)
        texts = texts.mask(better, others)
        chosen[better] = column
        blank &= ~better
    taken = {
        at: (flaw,)
        for column, theirs in zip(columns, flaws, strict=True)
        for at, flaw in theirs.items()
        if chosen[at] == column
    }
    return Given(texts, columns, chosen, taken)


def _blank(texts: pd.Series[str], flaws: abc.Mapping[int, Flaw]) -> Marks:
    blank: Marks = (texts == "").to_numpy(dtype=np.bool_, copy=True)
    blank[list(flaws)] = False
    return blank
