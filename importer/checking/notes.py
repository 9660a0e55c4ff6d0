"""What whole columns tell, and one cell alone does not: ids of two lengths, dates of two orders, colours.

These are notes: each names the column, how many cells, the first rows and what to do, and nothing is ever
changed or held back for it. What is wrong with one cell is told at the cell.
"""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from importer.schema import Kind
from importer.text import count, spans

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import numpy.typing as npt

    from importer.model import Batch
    from importer.schema import Table

    Marks = npt.NDArray[np.bool_]

_TWO: Final = 2
_EXACT: Final = 15
"""Digits that Excel keeps of a number."""
_ROUNDED: Final = r"[0-9]{15}0+"
_NUMERIC: Final = r"^([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{4}|[0-9]{2})\b"
_MONTHS: Final = 12
_SHOWN: Final = 3
_COLOURS: Final = re.compile(
    r"\b(?:red|orange|yellow|green|blue|purple|pink|gr[ea]y|rouges?|jaunes?|verte?s?|bleue?s?|violets?|rose"
    r"|gris|highlight\w*|colou?r\w*|couleur\w*|surlign\w*)\b",
    re.IGNORECASE,
)
"""Words of a legend."""
_HUES: Final = (
    (20, "red"), (45, "orange"), (70, "yellow"), (165, "green"), (260, "blue"), (290, "purple"), (340, "pink"),
)  # fmt: skip
"""Degrees up to which a hue has a name; from the last on it is red again."""
_GREY: Final = 0.04
"""Saturation below which a colour has no hue."""
_EVERY_SECOND: Final = 2
_MOST_ROWS: Final = 8
_MOST: Final = 60
"""Characters of a legend that are told."""


@dataclass(frozen=True, slots=True)
class _Cells:
    """The filled cells of a source column that feeds a field."""

    name: str
    texts: pd.Series[str]
    mapped: pd.Series[str]
    """What the mapping made of them."""
    rows: npt.NDArray[np.int64]

    def those(self, marks: Marks) -> str:
        """Return the first rows of these cells: ``rows 14, 27 and 31``."""
        first = [str(row) for row in self.rows[marks][: _SHOWN + 1].tolist()]
        if len(first) == 1:
            return f"row {first[0]}"
        last = "others" if len(first) > _SHOWN else first.pop()
        return f"rows {', '.join(first[:_SHOWN])} and {last}"


def column_notes(batch: Batch, table: Table) -> Iterator[str]:
    """Yield what a person should know about the columns that are mapped.

    Args:
        batch: A mapped sheet; skipped rows are not looked at.
        table: The page of its endpoint.
    """
    sheet, seen = batch.sheet, set()
    tell = {Kind.ID: _about_ids, Kind.DATE: _about_dates, Kind.DATETIME: _about_dates}
    for known in table.fields:
        columns = batch.origins.get(known.name, ())
        if len(columns) != 1 or columns[0] in seen or known.kind not in tell:
            continue
        if known.kind is Kind.ID:
            seen.add(columns[0])
        column, texts = sheet.columns[columns[0]], sheet.frame[columns[0]]
        filled = (texts != "").to_numpy(dtype=np.bool_) & ~batch.skipped
        name, mapped = f'Column {column.letter} "{column.header}"', batch.frame[known.name]
        yield from tell[known.kind](_Cells(name, texts[filled], mapped[filled], sheet.rows[filled]))


def _about_ids(cells: _Cells) -> Iterator[str]:
    """Yield that numbers have lost their zeros, or their last digits.

    Numbers are of two lengths, and fewer have the shorter one; or those that begin with a zero are of one
    length, and others are shorter.
    """
    digits = cells.mapped.str.fullmatch("[0-9]+").to_numpy(dtype=np.bool_)
    if not digits.any() or 2 * int(digits.sum()) < len(digits):
        return
    lengths = cells.mapped.str.len().to_numpy(dtype=np.int64)
    longest = int(lengths[digits].max())
    shorter = digits & (lengths < longest)
    zeros = digits & cells.mapped.str.startswith("0").to_numpy(dtype=np.bool_) & (lengths > 1)
    padded = int(zeros.sum()) >= _TWO and bool((lengths[zeros] == longest).all())
    few = len(np.unique(lengths[digits])) == _TWO and 2 * int(shorter.sum()) < int(digits.sum())
    if shorter.any() and (padded or few):
        have = "number has" if shorter.sum() == 1 else "numbers have"
        yield (
            f"{cells.name}: {int(shorter.sum()):,} {have} fewer digits than the {longest} of the others "
            f"({cells.those(shorter)}). If zeros at the front were lost, say `pad: {longest}` in the mapping."
        )
    long = digits & (lengths > _EXACT)
    if long.sum() >= _TWO and bool(cells.mapped[long].str.fullmatch(_ROUNDED).all()):
        yield (
            f"{cells.name}: {count(int(long.sum()), 'long number')}, all zero after the first {_EXACT} digits "
            f"({cells.those(long)}). Excel probably rounded them; export the column as text from the system "
            "that it comes from."
        )


def _about_dates(cells: _Cells) -> Iterator[str]:
    """Yield what the texts of a column prove, all together, about the order of day and month."""
    codes, distinct = pd.factorize(cells.texts)
    parts = distinct.to_series().str.extract(_NUMERIC).fillna("0")
    one, two = (pd.to_numeric(parts[at]).to_numpy(dtype=np.int64)[codes] for at in (0, 1))
    day_first = (one > _MONTHS) & (two <= _MONTHS) & (two > 0)
    month_first = (two > _MONTHS) & (one <= _MONTHS) & (one > 0)
    if day_first.any() and month_first.any():
        first, second = (count(int(marks.sum()), "date") for marks in (day_first, month_first))
        yield (
            f"{cells.name}: {first} can only have the day first ({cells.those(day_first)}), and {second} only "
            f"the month ({cells.those(month_first)}), so that nobody can tell what the others mean. Export the "
            "column again as yyyy-mm-dd."
        )
        return
    for proof, order, other, days, form in (
        (day_first, "day", "month", one, "%d/%m/%Y"),
        (month_first, "month", "day", two, "%m/%d/%Y"),
    ):
        if not proof.any():
            continue
        # Compare the day that was read with the one that the column proves.
        read = cells.mapped.str.extract(r"^[0-9]{4}-[0-9]{2}-([0-9]{2})")[0].fillna("0")
        was = pd.to_numeric(read).to_numpy(dtype=np.int64)
        either = (one > 0) & (two > 0) & (one <= _MONTHS) & (two <= _MONTHS) & (one != two)
        wrong = either & (was > 0) & (was != days)
        if wrong.any():
            proved, turned = (count(int(marks.sum()), "date") for marks in (proof, wrong))
            yield (
                f"{cells.name}: {proved} can only have the {order} first ({cells.those(proof)}) and none the "
                f"{other}, but {turned} of the others {'was' if wrong.sum() == 1 else 'were'} read the other way "
                f"round ({cells.those(wrong)}). The form in the mapping is probably `{form}`."
            )


def about_fills(batch: Batch, table: Table, strays: Collection[int]) -> Iterator[str]:
    """Yield a note for each colour that fewer than half of the rows have, with any legend.

    A row has a colour where its key has it, or all of its mapped cells. Colours of every second row are
    there to be read by, and a results workbook has its own.
    """
    sheet = batch.sheet
    if any(column.ours for column in sheet.columns) or not sheet.fills:
        return
    records = set(np.flatnonzero(~batch.skipped).tolist()) - set(strays)
    keys = {at for name in table.told_by for at in batch.origins.get(name, ())}
    mapped = {at for columns in batch.origins.values() for at in columns}
    colours = sorted({colour for cells in sheet.fills.values() for _, colour in cells})
    for colour in colours:
        found = sheet.rows_marked(sheet.coloured(colour), keys, mapped)
        rows = sorted(int(sheet.rows[at]) for at in found if at in records)
        steps = {after - before for before, after in pairwise(rows)}
        half = 2 * len(rows) - len(records)
        if not rows or half >= 0 or (half == -1 and steps == {_EVERY_SECOND}):
            continue
        which, are = f"Rows {spans(rows, most=_MOST_ROWS)} have", "They are"
        if len(rows) == 1:
            which, are = f"Row {rows[0]} has", "It is"
        name, skip = f"coloured ({colour})", ""
        if re.fullmatch("[0-9A-F]{6}", colour):
            name = f"{_named(colour)} ({colour})"
            skip = (
                f' To pass such rows over say `skip_rows: [{{fill: "{colour}"}}]` in the mapping.'
            )
        legend = _legend(batch, colour, strays)
        yield f"{which} a {name} background{legend}. {are} sent like the others.{skip}"


def _legend(batch: Batch, colour: str, strays: Collection[int]) -> str:
    """Return what the sheet says of colours, outside its records."""
    sheet = batch.sheet
    lines = [(row, text, colours) for row, text, colours in sheet.above]
    for at in sorted(strays):
        text = " ".join(filter(None, map(str.strip, sheet.frame.iloc[at].tolist())))
        lines.append(
            (int(sheet.rows[at]), text, frozenset(each for _, each in sheet.fills.get(at, ())))
        )
    for column in sheet.columns:
        if not column.header:
            beside = sheet.frame[column.position].str.strip()
            lines += [
                (int(sheet.rows[at]), beside.iloc[at], frozenset())
                for at in np.flatnonzero(beside != "")
            ]
    told = [
        f'row {row} says "{text[:_MOST]}"'
        for row, text, colours in lines
        if colour in colours or _COLOURS.search(text)
    ]
    return f"; {' and '.join(told[:2])}" if told else ""


def _named(colour: str) -> str:
    """Return what people call a colour.

    >>> _named("FF0000"), _named("FFFF00"), _named("D9D9D9")
    ('red', 'yellow', 'grey')
    """
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4))
    hue, saturation, _ = colorsys.rgb_to_hsv(red, green, blue)
    if saturation < _GREY:
        return "grey"
    return next((name for limit, name in _HUES if hue * 360 < limit), "red")
