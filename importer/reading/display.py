"""What a cell shows: a stored number and its format become the text that a person sees.

Two things differ from Excel on purpose. Whole numbers without a format are written in full, never
as ``1.2E+11``. Dates and times are written in ISO form, whatever their format hides or how it
orders day and month. What cannot be shown for certain is a fault, never a guess.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from importer.model import CellType
from importer.reading import faults
from importer.reading.faults import Fault
from importer.reading.number_format import (
    DAY_ZERO,
    KEPT_DIGITS,
    LARGEST,
    LOST,
    NO_DAY,
    NumberFormat,
    parse,
    plain,
)

STAND_IN: Final = "stand-in"
"""The type of formulas that were never calculated."""
TALLY: Final = "tally"
"""The type of formulas that count or add up what other rows hold, as totals rows have."""
TALLIES: Final = re.compile(r"=?(?:_xlfn\.)?(?:SUBTOTAL|AGGREGATE|COUNTA?)\(", re.IGNORECASE)
_SINCE_1904: Final = 1_462
"""Days from the first day of ordinary workbooks to that of the others."""
_TRUTHS: Final = {"0": "FALSE", "1": "TRUE", "false": "FALSE", "true": "TRUE"}
_NUMBER_RE: Final = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?\s*")


class Style(NamedTuple):
    """What a cell style makes of a cell."""

    code: str
    """Number format code."""
    struck: bool = False
    colour: str = ""
    """Background as in ``Grid.fills``; empty where there is none."""


class Shown(NamedTuple):
    """A cell as a person sees it."""

    text: str
    """The shown text; where there is a fault, the stored number in plain digits."""
    stored: str | None = None
    """The stored number as plain decimal text, where the shown text says something else."""
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """How cells of one type and style are shown."""

    type: CellType
    style: Style
    show: Callable[[str], Shown]
    """Takes what the file stores of such a cell, which is not blank."""


class Looks(dict[tuple[str, object], "Look | None"]):
    """How the cells of a workbook are shown, by type and style; ``None`` where it is just as they are stored.

    A type is that of an ``.xlsx`` workbook (ECMA-376 part 1, section 18.18.11), ``STAND_IN`` or ``TALLY``.
    """

    def __init__(self, styles: Mapping[Any, Style], *, since_1904: bool = False) -> None:
        """Take the styles, and whether the workbook counts its days from 1904."""
        super().__init__()
        self._styles, self._since_1904 = styles, since_1904

    def __missing__(self, key: tuple[str, object]) -> Look | None:
        """Look at a type and style for the first time."""
        kind, name = key
        style = self._styles.get(name, Style(LOST))
        form, sort = parse(style.code), CellType.TEXT
        shown: Callable[[str], Shown] | None = None
        match kind:
            case "n":
                sort, shown = form.type, partial(show, form=form, since_1904=self._since_1904)
            case "d":
                sort, shown = form.type, partial(show_iso, form=form)
                sort = sort if sort in {CellType.DATE, CellType.TIME} else CellType.DATE
            case "b":
                sort, shown = CellType.BOOLEAN, lambda stored: Shown(_TRUTHS.get(stored, stored))
            case "e":
                shown = partial(Shown, fault=faults.EXCEL_ERROR)
            case "tally":
                shown = lambda stored: show(stored, form)._replace(fault=faults.TALLY)  # noqa: E731
            case "stand-in":
                shown = lambda _: Shown("", fault=faults.NOT_CALCULATED)  # noqa: E731
            case "s" | "str" | "inlineStr":
                told = form.write_text("x") != "x"
                written = partial(_text, form=form) if told else Shown
                shown = written if told or style.struck or style.colour else None
            case _:
                raise ValueError(kind)
        self[key] = Look(sort, style, shown) if shown else None
        return self[key]


def _text(stored: str, form: NumberFormat) -> Shown:
    text = form.write_text(stored)
    return Shown(text) if text else Shown(stored, fault=faults.HIDDEN_BY_FORMAT)


def show(raw: str, form: NumberFormat, *, since_1904: bool = False) -> Shown:
    """Return what a cell shows that stores this number (``36925.5``, ``1.5E-3``)."""
    # Whole numbers are most of what exports hold, and differ row by row.
    if len(raw) <= KEPT_DIGITS and raw.isdecimal() and raw.isascii() and raw[0] != "0":
        whole = form.sections[0].whole
        if whole is not None and not form.conditional:
            text = whole.fill(raw).strip()
            return Shown(text, None if text.lstrip("0") == raw else raw)
    value = float(raw) if _NUMBER_RE.fullmatch(raw) else math.nan
    if not math.isfinite(value):
        return Shown(raw, fault=faults.NO_NUMBER)
    if abs(value) >= LARGEST:
        return Shown(f"{value:.0f}", fault=faults.TOO_MANY_DIGITS)
    section = form.section(value)
    # A section for negative numbers brings its own sign.
    number = value if section is form.sections[0] else abs(value)
    if since_1904 and section.type is CellType.DATE and number >= 0:
        number += _SINCE_1904
    shown, digits = section.write(number), plain(value)
    if isinstance(shown, Fault):
        return Shown(digits, fault=shown)
    told = section.type in {CellType.DATE, CellType.TIME} or (
        _NUMBER_RE.fullmatch(shown) and float(shown) == float(digits)
    )
    return Shown(shown, None if told else digits)


def show_iso(raw: str, form: NumberFormat) -> Shown:
    """Return what a cell shows that stores its date as ISO text (``t="d"`` in a workbook).

    Strict Open XML stores times and durations so too, as moments of the first days of 1900.
    """
    try:
        moment = datetime.fromisoformat(f"1899-12-31T{raw}" if raw[2:3] == ":" else raw)
    except ValueError:
        return Shown(raw, fault=faults.NO_SUCH_DATE)
    moment = moment.replace(tzinfo=None)
    if form.type not in {CellType.DATE, CellType.TIME}:
        moment = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
        midnight = moment.time() == datetime.min.time()
        return Shown(moment.date().isoformat() if midnight else moment.isoformat())
    days = (moment - DAY_ZERO) / timedelta(days=1)
    return show(repr(days - 1 if 1 <= days < NO_DAY + 1 else days), form)
