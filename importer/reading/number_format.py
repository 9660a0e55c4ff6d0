"""Number formats of spreadsheets, taken apart.

A format code such as ``[Red]#,##0.00_);("$"#,##0.00)`` is a list of sections, and a section is a
list of tokens. The grammar is that of ECMA-376 part 1, section 18.8.31. What is not understood
becomes ``Kind.UNREADABLE``, so that nobody guesses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from importer.model import CellType

if TYPE_CHECKING:
    from collections.abc import Sequence

LOST = "[lost]"
"""Stands for the code of a cell style that the workbook does not define."""
_LONGEST = 1_024
"""Excel takes 255 characters; the patterns below take the square of a code's length."""


class Kind(StrEnum):
    """What a section makes of a number."""

    GENERAL = "general"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "date and time"
    TIME = "time"
    ELAPSED = "elapsed"
    HIDDEN = "hidden"
    UNREADABLE = "unreadable"


class Token(NamedTuple):
    """One piece of a section."""

    mark: str
    """``literal``, ``digit``, ``point``, ``comma``, ``percent``, ``slash``, ``general``, ``text``, ``date``,
    ``elapsed``, or ``odd`` for what is not understood."""
    text: str


class Number(NamedTuple):
    """How a section writes a number."""

    whole: str
    """Before the decimal point, with ``%s`` for each place of a digit; one for all where they are grouped."""
    places: str
    """The digits there as the code has them: ``#``, ``?`` and ``0``."""
    part: str
    """The decimal point and what is behind it, likewise; empty without a point."""
    decimals: str
    """The digits behind the point as the code has them."""
    grouped: bool
    power: int
    """The number is multiplied by ten to this power before it is written (2 for percent)."""


@dataclass(frozen=True, slots=True)
class Section:
    """One of the parts between semicolons."""

    kind: Kind
    tokens: tuple[Token, ...] = ()
    condition: tuple[str, Decimal] | None = None
    """Operator and operand, as in ``[<=9999999]``."""
    number: Number | None = None
    """Only for ``Kind.NUMBER``."""


@dataclass(frozen=True)
class NumberFormat:
    """A whole format code."""

    sections: tuple[Section, ...]
    """At least one; the section for text is left out."""

    @cached_property
    def conditional(self) -> bool:
        """Whether a section is chosen by a condition."""
        return any(section.condition for section in self.sections)

    @cached_property
    def general(self) -> bool:
        """Whether every number is shown as if it had no format."""
        (first, *more), plain = self.sections, not self.conditional
        return plain and not more and first.kind is Kind.GENERAL and len(first.tokens) == 1

    @cached_property
    def type(self) -> CellType:
        """What a number of this format is."""
        first = self.sections[0]
        if first.kind in {Kind.DATE, Kind.DATETIME}:
            return CellType.DATE
        if first.kind in {Kind.TIME, Kind.ELAPSED}:
            return CellType.TIME
        percent = any(token.mark == "percent" for token in first.tokens)
        return CellType.PERCENT if percent else CellType.NUMBER

    @cached_property
    def day(self) -> bool:
        """Whether every positive number is shown as a date without a time."""
        return self.sections[0].kind is Kind.DATE and not self.conditional

    @cached_property
    def whole(self) -> Number | None:
        """How every positive whole number is written, where no digit of it is left out or moved."""
        number = self.sections[0].number
        if number is None or self.conditional or number.part or number.power or not number.places:
            return None
        return number


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


@lru_cache(maxsize=4096)
def parse(code: str) -> NumberFormat:
    """Take a format code apart. It never fails: what is odd becomes ``Kind.UNREADABLE``."""
    unreadable = NumberFormat((Section(Kind.UNREADABLE),))
    if len(code) > _LONGEST:
        return unreadable
    parts: list[list[Token]] = [[]]
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
            parts[-1].append(Token(mark, text if mark == "literal" else text.lower()))
    texts = [any(token.mark == "text" for token in tokens) for tokens in parts]
    if len(parts) > _MOST_SECTIONS + 1 or any(texts[:-1]):
        return unreadable
    count = _MOST_SECTIONS
    if 1 < len(parts) <= _MOST_SECTIONS and texts[-1]:
        count = len(parts) - 1
    return NumberFormat(tuple(map(_section, parts[:count], conditions[:count])))


def _section(tokens: Sequence[Token], condition: tuple[str, Decimal] | None) -> Section:
    number = None
    marks = {token.mark for token in tokens}
    if not tokens:
        kind = Kind.HIDDEN
    elif "elapsed" in marks:
        spelled = (f"[{text}]" if mark == "elapsed" else text for mark, text in tokens)
        kind = Kind.ELAPSED if _ELAPSED_RE.fullmatch("".join(spelled)) else Kind.UNREADABLE
    elif marks & {"odd", "slash"} and not ("date" in marks and "odd" not in marks):
        kind = Kind.UNREADABLE
    elif "date" in marks:
        kind = _dated(tokens)
    elif marks & {"general", "text"}:
        once = sum(token.mark != "literal" for token in tokens) == 1
        kind = Kind.GENERAL if once else Kind.UNREADABLE
    else:
        number = _number(tokens)
        kind = Kind.NUMBER if number else Kind.UNREADABLE
    return Section(kind, tuple(tokens), condition, number)


def _dated(tokens: Sequence[Token]) -> Kind:
    """Tell dates from times. An ``m`` is minutes beside hours or before seconds, else a month."""
    meant = {"date", "point", "digit", "percent", "general", "text"}
    spelled = "".join(text[0] if mark == "date" else text for mark, text in tokens if mark in meant)
    letters = re.sub(r"s\.0+", "s", spelled).replace(".", "")
    if set(letters) - set("ymdhsbeg"):
        return Kind.UNREADABLE
    letters = re.sub("(?<=h)m|m(?=s)", "s", letters)
    clock = not set(letters).isdisjoint("hs")
    if clock and set(letters) - set("hs"):
        return Kind.DATETIME
    return Kind.TIME if clock else Kind.DATE


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


def _number(tokens: Sequence[Token]) -> Number | None:
    """Return how the section writes a number, ``None`` where that is not understood."""
    spelled = "".join(_SIGNS.get(token.mark, token.text) for token in tokens)
    if _ODD_NUMBER_RE.search(spelled):
        return None
    left, point, _ = spelled.partition(".")
    found = _DIGITS_RE.search(left)
    inner = found[0] if found else ""
    if "," in inner and inner.strip("0#?,"):
        return None
    thousands = spelled.count(",") - inner.count(",")
    whole, places = _template(tokens[: len(left)])
    part, decimals = _template(tokens[len(left) + 1 :])
    if "," in inner:
        whole = "%s".join(whole.rsplit("%s" * len(places), 1))
    elif point and not places:
        whole, places = f"{whole}%s", "#"
    power = 2 * spelled.count("%") - 3 * thousands
    return Number(whole, places, point + part, decimals, "," in inner, power)


def _template(tokens: Sequence[Token]) -> tuple[str, str]:
    """Return texts with ``%s`` for each place of a digit, and these places."""
    signs = {"digit": "%s", "percent": "%%", "comma": ""}
    texts = (signs.get(mark, text.replace("%", "%%")) for mark, text in tokens)
    return "".join(texts), "".join(text for mark, text in tokens if mark == "digit")
