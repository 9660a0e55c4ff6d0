"""Colours that only some rows have: a person has meant something by them."""

from __future__ import annotations

import colorsys
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from importer.text import spans

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from importer.model import Batch
    from importer.schema import Table

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
