"""Number formats of spreadsheets: a code is taken apart, and writes numbers.

A format code such as ``[Red]#,##0.00_);("$"#,##0.00)`` is a list of sections, and a section is a
list of tokens. The grammar is that of ECMA-376 part 1, section 18.8.31. What is not understood
is a fault, so that nobody guesses.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache, partial
from typing import NamedTuple

from importer.model import CellType
from importer.reading import faults
from importer.reading.faults import Fault

LOST = "[lost]"
"""Stands for the code of a cell style that the workbook does not define."""
LARGEST = 1e15
"""Excel keeps 15 significant digits, so numbers from here on are not what was typed."""
KEPT_DIGITS = 15
DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - cells have no zone
NO_DAY = 60
"""29 February 1900, which Excel counts and no calendar has."""
_LAST_DAY = 2_958_465
"""31 December 9999, the last date of Excel."""
_DAY = 86_400
_NOISE = 1e-4
"""Seconds by which a whole day may fall short of itself, since it is a binary fraction."""
_LONGEST = 1_024
"""Excel takes 255 characters; the patterns below take the square of a code's length."""
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_BLANKS = {"0": "0", "?": " ", "#": ""}
"""What stands in a place that no digit fills."""
_THOUSANDS_RE = re.compile(r"(?<=[0-9])(?=(?:[0-9]{3})+\Z)")


class Number(NamedTuple):
    """How a section writes a number."""

    whole: str = "%s"
    """Before the decimal point, with ``%s`` for each place of a digit; one for all where they are grouped."""
    places: str = "#"
    """The digits there as the code has them: ``#``, ``?`` and ``0``."""
    part: str = ""
    """The decimal point and what is behind it, likewise; empty without a point."""
    decimals: str = ""
    """The digits behind the point as the code has them."""
    grouped: bool = False
    power: int = 0
    """The number is multiplied by ten to this power before it is written (2 for percent)."""

    def fill(self, digits: str) -> str:
        """Fill the places before the point from the right; the first place takes what is left."""
        places = self.places
        if self.grouped:
            digits = digits.rjust(len(places) - (places + "0").index("0"), "0")
            return self.whole % _THOUSANDS_RE.sub(",", digits)
        if not places:
            return self.whole % ()
        missing = len(places) - len(digits)
        if missing >= 0 and self.whole == "%s" * len(places):  # most often only zeros are wanted
            return places[:missing].replace("#", "").replace("?", " ") + digits
        if missing > 0:
            return self.whole % (*map(_BLANKS.__getitem__, places[:missing]), *digits)
        return self.whole % (digits[: 1 - missing], *digits[1 - missing :])

    def write(self, value: float) -> str | Fault:
        """Write a number; no minus sign stands before nothing but zeros.

        ``-0.001`` under ``0.00`` is ``0.00``; under ``0.00;-0.00`` it stays ``-0.00``, because there the
        sign is the code's own. LibreOffice 7.4 shows it so, and so does Excel as the authors of numfmt
        found it (borgar/numfmt, issue 1); Excel 2003 still wrote the sign.
        """
        step = Decimal(1).scaleb(-len(self.decimals))
        exact = Decimal(f"{abs(value):.{KEPT_DIGITS}g}").scaleb(self.power, _WIDE)
        exact = exact.quantize(step, context=_WIDE)
        whole, _, part = format(exact, "f").partition(".")
        # Behind the point, zeros at the end that "#" and "?" leave out.
        kept = max(self.decimals.count("0"), len(part.rstrip("0")))
        blanks = map(_BLANKS.__getitem__, self.decimals[kept:])
        text = f"{self.fill(whole.lstrip('0'))}{self.part % (*part[:kept], *blanks)}".strip()
        if not text:
            return faults.HIDDEN_BY_FORMAT
        shows_zero = exact.is_zero() and (self.places or self.decimals)
        return f"-{text}" if value < 0 and not shows_zero else text


class Section(NamedTuple):
    """One of the parts between semicolons."""

    write: Callable[[float], str | Fault]
    """Takes the number; of dates and times the days from ``DAY_ZERO``."""
    type: CellType = CellType.NUMBER
    condition: tuple[str, Decimal] | None = None
    """Operator and operand, as in ``[<=9999999]``."""
    whole: Number | None = None
    """How every whole number is written, where no digit of it is left out or moved."""


_UNREADABLE = Section(lambda _: faults.UNREADABLE_FORMAT)
_HIDDEN = Section(lambda _: faults.HIDDEN_BY_FORMAT)


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A whole format code."""

    sections: tuple[Section, ...]
    """At least one; the section for text is left out."""
    conditional: bool = False
    """Whether a section is chosen by a condition."""
    text: tuple[tuple[str, str], ...] = (("text", "@"),)
    """The tokens of the section for text."""

    @property
    def type(self) -> CellType:
        """What a number of this format is."""
        return self.sections[0].type

    def write_text(self, stored: str) -> str:
        """Return what a cell of this format shows that holds a text."""
        shown = (stored if mark in {"text", "general"} else text for mark, text in self.text)
        return "".join(shown).strip()

    def section(self, value: float) -> Section:
        """Return the section that shows a number; what programs differ on is not guessed at."""
        sections = self.sections
        if not self.conditional:
            at = 0 if value > 0 else 1 if value < 0 else 2
            return sections[at if at < len(sections) else 0]
        first = sections[0].condition
        contested = value == 0 and first == (">", Decimal(0)) and len(sections) == 2  # noqa: PLR2004
        if value < 0 or first is None or contested:
            return _UNREADABLE
        number = Decimal(f"{value:.{KEPT_DIGITS}g}")
        for section in sections:
            sign, operand = section.condition or ("<=>", number)
            if "<=>"[1 + int(number.compare(operand))] in sign:
                return section if section.condition or section is sections[-1] else _UNREADABLE
        return _UNREADABLE


_TOKEN_RE = re.compile(
    r"""
    (?P<section>;)
    | "(?P<quoted>[^"]*)"
    | \\(?P<escaped>.)
    | (?P<space>_.)
    | \*(?P<fill>.)
    | \[\$(?P<currency>[^]-]*)[^]]*\]
    | \[(?P<elapsed>h+|m+|s+)\]
    | \[(?P<sign><=|>=|<>|<|>|=)\s*(?P<condition>-?\d+(?:\.\d+)?)\]
    | \[(?P<colour>black|blue|cyan|green|magenta|red|white|yellow|color\s*\d+)\]
    | (?P<general>General)
    | (?P<odd>\[[^]]*\] | E[+-] | [][\\"_*])
    | (?P<ampm>AM/PM|A/P)
    | (?P<date>y+|m+|d+|h+|s+|b+|e+|g+)
    | (?P<digit>[0#?])
    | (?P<point>\.)
    | (?P<comma>,)
    | (?P<percent>%)
    | (?P<slash>/)
    | (?P<text>@)
    | (?P<between>(?<=d)T(?=h))
    | (?P<letter>[A-Za-z])
    | (?P<literal>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_ELAPSED_RE = re.compile(r"\[h+\](?::mm(?::ss(?:\.0+)?)?)?|\[m+\](?::ss(?:\.0+)?)?|\[s+\](?:\.0+)?")
_MARKS = {
    **dict.fromkeys(("quoted", "escaped", "space", "currency", "between"), "literal"),
    "ampm": "date",
    "letter": "odd",
}
"""What is a token of another name; ``fill`` and ``colour`` are none."""
_MOST_SECTIONS = 3
"""Positive, negative, zero; a fourth one is for text."""
_Tokens = list[tuple[str, str]]
"""A name of ``_TOKEN_RE`` and the text that stands there, of each."""


@lru_cache(maxsize=4096)
def parse(code: str) -> NumberFormat:
    """Take a format code apart. It never fails: what is odd makes a fault of every number."""
    if len(code) > _LONGEST:
        return NumberFormat((_UNREADABLE,))
    parts: list[_Tokens] = [[]]
    conditions: list[tuple[str, Decimal] | None] = [None]
    for match in _TOKEN_RE.finditer(code):
        group = match.lastgroup or ""
        mark = _MARKS.get(group, group)
        text = {"space": " ", "ampm": "h"}.get(group, match[group])
        if group == "section":
            parts.append([])
            conditions.append(None)
        elif group == "condition":
            conditions[-1] = (match["sign"], Decimal(text))
        elif text and group not in {"fill", "colour"}:
            parts[-1].append((mark, text if mark == "literal" else text.lower()))
    texts = [any(mark == "text" for mark, _ in tokens) for tokens in parts]
    if len(parts) > _MOST_SECTIONS + 1 or any(texts[:-1]):
        return NumberFormat((_UNREADABLE,))
    count = _MOST_SECTIONS
    if 1 < len(parts) <= _MOST_SECTIONS and texts[-1]:
        count = len(parts) - 1
    sections = zip(map(_section, parts[:count]), conditions, strict=False)
    numbers = tuple(section._replace(condition=condition) for section, condition in sections)
    conditional = any(conditions[:count])
    known = {mark for mark, _ in parts[-1]} <= {"literal", "text", "general"}
    if known and (texts[-1] or len(parts) > _MOST_SECTIONS):
        return NumberFormat(numbers, conditional, tuple(parts[-1]))
    return NumberFormat(numbers, conditional)


def _section(tokens: _Tokens) -> Section:
    marks = {mark for mark, _ in tokens}
    if not tokens:
        return _HIDDEN
    if "elapsed" in marks:
        spelled = "".join(f"[{text}]" if mark == "elapsed" else text for mark, text in tokens)
        lasting = Section(partial(_elapsed, spelled), CellType.TIME)
        return lasting if _ELAPSED_RE.fullmatch(spelled) else _UNREADABLE
    if "date" in marks and "odd" not in marks:
        return _dated(tokens)
    if not marks & {"odd", "slash", "general", "text"}:
        return _numeric(tokens)
    if marks & {"odd", "slash"} or sum(mark != "literal" for mark, _ in tokens) > 1:
        return _UNREADABLE
    number = Number(_template(tokens)[0])
    return Section(partial(_general, number.whole), whole=number)


def _general(whole: str, value: float) -> str:
    return f"{'-' if value < 0 else ''}{(whole % plain(abs(value))).strip()}"


def plain(value: float) -> str:
    """Return a number in plain digits, without a trailing ``.0`` and never with an exponent.

    At most 15 significant digits are written, as many as Excel keeps.

    >>> plain(1234567.0), plain(0.1 + 0.2), plain(1e-05)
    ('1234567', '0.3', '0.00001')
    """
    if value.is_integer() and abs(value) < LARGEST:
        return str(int(value))
    return format(Decimal(f"{value:.{KEPT_DIGITS}g}"), "f")


def _dated(tokens: _Tokens) -> Section:
    """Tell dates from times. An ``m`` is minutes beside hours or before seconds, else a month."""
    meant = {"date", "point", "digit", "percent", "general", "text"}
    spelled = "".join(text[0] if mark == "date" else text for mark, text in tokens if mark in meant)
    letters = re.sub(r"s\.0+", "s", spelled).replace(".", "")
    letters = re.sub("(?<=h)m|m(?=s)", "s", letters)
    days, clock = set(letters) - set("hs"), not set(letters).isdisjoint("hs")
    if days - set("ymdbeg"):
        return _UNREADABLE
    kind = CellType.DATE if days or not clock else CellType.TIME
    return Section(partial(_moment, kind, clock), kind)


def _moment(kind: CellType, clock: bool, value: float) -> str | Fault:  # noqa: FBT001
    """Write a serial number of days as an ISO date, date and time, or time."""
    # Without a time nothing is rounded: the last half second of a day shows that day.
    half = 0.5 if clock or kind is CellType.TIME else _NOISE
    day, second = divmod(math.floor(value * _DAY + half), _DAY)
    time = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    if value < 0 or day > _LAST_DAY or (kind is CellType.DATE and day in {0, NO_DAY}):
        return faults.NO_SUCH_DATE
    if kind is CellType.TIME:
        return time
    shown = date.fromordinal(day + DAY_ZERO.toordinal() + (day < NO_DAY)).isoformat()
    return f"{shown}T{time}" if clock else shown


def _elapsed(spelled: str, value: float) -> str | Fault:
    """Write a duration as its format asks: ``[h]:mm`` shows 26:15 for a day and a bit."""
    if value < 0:
        return faults.NO_SUCH_DATE
    seconds = math.floor(value * _DAY + 0.5)
    first, *below = (part.strip("[]") for part in spelled.split(":"))
    total = seconds // {"h": 3600, "m": 60, "s": 1}[first[0]]
    smaller = {"m": seconds // 60 % 60, "s": seconds % 60}
    width = first.count(first[0])
    return ":".join([f"{total:0{width}d}", *(f"{smaller[unit[0]]:02d}" for unit in below)])


_SIGNS = {"point": ".", "comma": ",", "percent": "%", "literal": "x"}
_ODD_NUMBER_RE = re.compile(
    r"""
      \..*\. | %.*%           # two points, two signs of percent
    | (?<![0#?,]),             # a comma behind no digit
    | ^[^0#?.]*x[^0#?.]*\.     # a text, and no digit before the point
    | ^[^0#?]*\.[^0#?]*$       # a point without any digit
    | ^[^.]*0[^.]*[#?]         # a digit that may be left out, to the right of one that is always written
    | \..*[#?].*0              # the other way round behind the point
    """,
    re.VERBOSE,
)
"""What programs differ on, and nobody writes on purpose."""
_DIGITS_RE = re.compile("[0#?](?:.*[0#?])?")


def _numeric(tokens: _Tokens) -> Section:
    spelled = "".join(_SIGNS.get(mark, text) for mark, text in tokens)
    if _ODD_NUMBER_RE.search(spelled):
        return _UNREADABLE
    left, point, _ = spelled.partition(".")
    found = _DIGITS_RE.search(left)
    inner = found[0] if found else ""
    if "," in inner and inner.strip("0#?,"):
        return _UNREADABLE
    thousands = spelled.count(",") - inner.count(",")
    whole, places = _template(tokens[: len(left)])
    part, decimals = _template(tokens[len(left) + 1 :])
    if "," in inner:
        whole = "%s".join(whole.rsplit("%s" * len(places), 1))
    elif point and not places:
        whole, places = f"{whole}%s", "#"
    power = 2 * spelled.count("%") - 3 * thousands
    number = Number(whole, places, point + part, decimals, "," in inner, power)
    kind = CellType.PERCENT if "%" in spelled else CellType.NUMBER
    simple = places and not point and not power
    return Section(number.write, kind, whole=number if simple else None)


def _template(tokens: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Return texts with ``%s`` for each place of a digit, and these places."""
    signs = {**dict.fromkeys(("digit", "general", "text"), "%s"), "percent": "%%", "comma": ""}
    texts = (signs.get(mark, text.replace("%", "%%")) for mark, text in tokens)
    return "".join(texts), "".join(text for mark, text in tokens if mark == "digit")
