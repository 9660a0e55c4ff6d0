"""What a cell shows: a stored number and its format become the text that a person sees.

Two things differ from Excel on purpose. Whole numbers without a format are written in full, never
as ``1.2E+11``. Dates and times are written in ISO form, whatever their format hides or how it
orders day and month. What cannot be shown for certain is a fault, never a guess.
"""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from importer.model import CellType
from importer.reading import faults
from importer.reading.number_format import LOST, Kind, Number, NumberFormat, Section, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from importer.reading.faults import Fault

STAND_IN: Final = "stand-in"
"""The type of formulas that were never calculated."""
LARGEST: Final = 1e15
"""Excel keeps 15 significant digits, so numbers from here on are not what was typed."""
_OPERATORS: Final = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
_DAY: Final = 86_400
_LAST_DAY: Final = 2_958_465
"""31 December 9999, the last date of Excel."""
_NO_DAY: Final = 60
"""29 February 1900, which Excel counts and no calendar has."""
_KEPT_DIGITS: Final = 15
_DATE_DIGITS: Final = 5
"""Serial numbers of so many digits are dates from 1927 to 2173, with nothing special about them."""
_DAY_ZERO: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - cells have no zone
_FIRST_DAY: Final = _DAY_ZERO.toordinal()
_SINCE_1904: Final = 1_462
"""Days from the first day of ordinary workbooks to that of the others."""
_NOISE: Final = 1e-4
"""Seconds by which a whole day may fall short of itself, since it is a binary fraction."""
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_BLANKS: Final = {"0": "0", "?": " ", "#": ""}
"""What stands in a place that no digit fills."""
_TRUTHS: Final = {"0": "FALSE", "1": "TRUE", "false": "FALSE", "true": "TRUE"}
_NUMBER_RE: Final = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?\s*")
_THOUSANDS_RE: Final = re.compile(r"(?<=[0-9])(?=(?:[0-9]{3})+\Z)")


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

    A type is that of an ``.xlsx`` workbook (ECMA-376 part 1, section 18.18.11) or ``STAND_IN``; one that is
    none is a ``ValueError``. A style is known by what the workbook's cells call it.
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
            case "b":
                sort, shown = CellType.BOOLEAN, lambda stored: Shown(_TRUTHS[stored.strip()])
            case "e":
                shown = partial(Shown, fault=faults.EXCEL_ERROR)
            case "stand-in":
                shown = lambda _: Shown("", fault=faults.NOT_CALCULATED)  # noqa: E731
            case "s" | "str" | "inlineStr":
                shown = Shown if style.struck or style.colour else None
            case _:
                raise ValueError(kind)
        self[key] = Look(sort, style, shown) if shown else None
        return self[key]


def plain(value: float) -> str:
    """Return a number in plain digits, without a trailing ``.0`` and never with an exponent.

    At most 15 significant digits are written, as many as Excel keeps.

    >>> plain(1234567.0), plain(0.1 + 0.2), plain(1e-05)
    ('1234567', '0.3', '0.00001')
    """
    if value.is_integer() and abs(value) < LARGEST:
        return str(int(value))
    return format(Decimal(f"{value:.{_KEPT_DIGITS}g}"), "f")


def show(raw: str, form: NumberFormat, *, since_1904: bool = False) -> Shown:
    """Return what a number cell shows.

    Args:
        raw: The number as the file stores it (``36925.5``, ``1.5E-3``).
        form: The cell's number format.
        since_1904: Whether the workbook counts its days from 1904.
    """
    # Whole numbers and days are most of what exports hold, and differ row by row.
    if len(raw) <= _KEPT_DIGITS and raw.isdecimal() and raw.isascii() and raw[0] != "0":
        if form.general:
            return Shown(raw)
        if form.day and len(raw) == _DATE_DIGITS:
            day = int(raw) + _FIRST_DAY + (_SINCE_1904 if since_1904 else 0)
            return Shown(date.fromordinal(day).isoformat())
        if form.whole is not None:
            text = _whole(form.whole, raw).strip()
            return Shown(text, None if text.lstrip("0") == raw else raw)
    return _show(raw, form, since_1904=since_1904)


def _show(raw: str, form: NumberFormat, *, since_1904: bool) -> Shown:
    value = float(raw) if _NUMBER_RE.fullmatch(raw) else math.nan
    if not math.isfinite(value):
        return Shown(raw, fault=faults.NO_NUMBER)
    if abs(value) >= LARGEST:
        return Shown(f"{value:.0f}", fault=faults.TOO_MANY_DIGITS)
    digits = plain(value)
    section = _section(form, value)
    if section is None:
        return Shown(digits, fault=faults.UNREADABLE_FORMAT)
    # A section for negative numbers brings its own sign.
    number = value if section is form.sections[0] else abs(value)
    shown = _written(section, number, since_1904=since_1904)
    if not isinstance(shown, str):
        return Shown(digits, fault=shown)
    told = section.kind not in {Kind.GENERAL, Kind.NUMBER} or _says(shown, digits)
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
    days = (moment - _DAY_ZERO) / timedelta(days=1)
    return show(repr(days - 1 if 1 <= days < _NO_DAY + 1 else days), form)


def _says(shown: str, digits: str) -> bool:
    """Whether the shown text, read as a number, is the stored one."""
    if not (shown.isascii() and "_" not in shown):
        return False
    try:
        return Decimal(shown) == Decimal(digits)
    except InvalidOperation:
        return False


def _section(form: NumberFormat, value: float) -> Section | None:
    """Return the section that shows a number; what programs differ on is not guessed at."""
    sections = form.sections
    if not form.conditional:
        at = 0 if value > 0 else 1 if value < 0 else 2
        return sections[at if at < len(sections) else 0]
    if value < 0 or sections[0].condition is None:
        return None
    if value == 0 and sections[0].condition == (">", Decimal(0)) and len(sections) == 2:  # noqa: PLR2004
        return None
    number = Decimal(f"{value:.{_KEPT_DIGITS}g}")
    for section in sections:
        if section.condition is None:
            return section if section is sections[-1] else None
        sign, operand = section.condition
        if _OPERATORS[sign](number, operand):
            return section
    return None


def _written(section: Section, value: float, *, since_1904: bool) -> str | Fault:
    match section.kind:
        case Kind.GENERAL:
            number = plain(abs(value))
            pieces = (text if mark == "literal" else number for mark, text in section.tokens)
            return f"{'-' if value < 0 else ''}{''.join(pieces).strip()}"
        case Kind.NUMBER if section.number is not None:
            return _number(section.number, value)
        case Kind.ELAPSED:
            return _elapsed(section, value)
        case Kind.DATE | Kind.DATETIME | Kind.TIME:
            return _moment(section.kind, value, since_1904=since_1904)
        case Kind.HIDDEN:
            return faults.HIDDEN_BY_FORMAT
        case _:
            return faults.UNREADABLE_FORMAT


def _number(number: Number, value: float) -> str | Fault:
    """Write a number; no minus sign stands before nothing but zeros.

    ``-0.001`` under ``0.00`` is ``0.00``; under ``0.00;-0.00`` it stays ``-0.00``, because there the
    sign is the code's own. LibreOffice 7.4 shows it so, and so does Excel as the authors of numfmt
    found it (borgar/numfmt, issue 1); Excel 2003 still wrote the sign.
    """
    step = Decimal(1).scaleb(-len(number.decimals))
    exact = Decimal(f"{abs(value):.{_KEPT_DIGITS}g}").scaleb(number.power, _WIDE)
    exact = exact.quantize(step, context=_WIDE)
    whole, _, part = format(exact, "f").partition(".")
    # Behind the point, zeros at the end that "#" and "?" leave out.
    kept = max(number.decimals.count("0"), len(part.rstrip("0")))
    blanks = map(_BLANKS.__getitem__, number.decimals[kept:])
    text = f"{_whole(number, whole.lstrip('0'))}{number.part % (*part[:kept], *blanks)}".strip()
    if not text:
        return faults.HIDDEN_BY_FORMAT
    shows_zero = exact.is_zero() and (number.places or number.decimals)
    return f"-{text}" if value < 0 and not shows_zero else text


def _whole(number: Number, digits: str) -> str:
    """Fill the places before the point from the right; the first place takes what is left."""
    places = number.places
    if number.grouped:
        digits = digits.rjust(len(places) - (places + "0").index("0"), "0")
        return number.whole % _THOUSANDS_RE.sub(",", digits)
    if not places:
        return number.whole % ()
    missing = len(places) - len(digits)
    if missing > 0:
        return number.whole % (*map(_BLANKS.__getitem__, places[:missing]), *digits)
    return number.whole % (digits[: 1 - missing], *digits[1 - missing :])


def _moment(kind: Kind, value: float, *, since_1904: bool) -> str | Fault:
    """Write a serial number of days as an ISO date, date and time, or time."""
    # Without a time nothing is rounded: the last half second of a day shows that day.
    half = _NOISE if kind is Kind.DATE else 0.5
    day, second = divmod(math.floor(value * _DAY + half), _DAY)
    if value < 0 or day > _LAST_DAY - (_SINCE_1904 if since_1904 else 0):
        return faults.NO_SUCH_DATE
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    if kind is Kind.TIME:
        return clock
    if not since_1904 and day in {0, _NO_DAY}:
        return faults.NO_SUCH_DATE
    ordinal = day + _FIRST_DAY + (_SINCE_1904 if since_1904 else day < _NO_DAY)
    shown = date.fromordinal(ordinal).isoformat()
    return shown if kind is Kind.DATE else f"{shown}T{clock}"


def _elapsed(section: Section, value: float) -> str | Fault:
    """Write a duration as its format asks: ``[h]:mm`` shows 26:15 for a day and a bit."""
    if value < 0:
        return faults.NO_SUCH_DATE
    seconds = math.floor(value * _DAY + 0.5)
    first = next(token.text for token in section.tokens if token.mark == "elapsed")
    below = [token.text[0] for token in section.tokens if token.mark == "date"]
    total = seconds // {"h": 3600, "m": 60, "s": 1}[first[0]]
    smaller = {"m": seconds // 60 % 60, "s": seconds % 60}
    return ":".join([f"{total:0{len(first)}d}", *(f"{smaller[unit]:02d}" for unit in below)])
