"""Number formats of spreadsheets, taken apart, and those that every workbook has without naming them.

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
from itertools import pairwise
from typing import TYPE_CHECKING

from importer.model import CellType

if TYPE_CHECKING:
    from collections.abc import Sequence

BUILT_IN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"$"#,##0_);\\("$"#,##0\\)',
    6: '"$"#,##0_);[Red]\\("$"#,##0\\)',
    7: '"$"#,##0.00_);\\("$"#,##0.00\\)',
    8: '"$"#,##0.00_);[Red]\\("$"#,##0.00\\)',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "mm-dd-yy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yy h:mm",
    **dict.fromkeys((*range(27, 32), 36, *range(50, 59)), "yyyy-mm-dd"),
    **dict.fromkeys(range(32, 36), "h:mm:ss"),
    37: "#,##0_);\\(#,##0\\)",
    38: "#,##0_);[Red]\\(#,##0\\)",
    39: "#,##0.00_);\\(#,##0.00\\)",
    40: "#,##0.00_);[Red]\\(#,##0.00\\)",
    41: '_(* #,##0_);_(* \\(#,##0\\);_(* "-"_);_(@_)',
    42: '_("$"* #,##0_);_("$"* \\(#,##0\\);_("$"* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)',
    44: '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mmss.0",
    48: "##0.0E+0",
    49: "@",
    **dict.fromkeys(range(71, 76), "yyyy-mm-dd"),
    **dict.fromkeys((76, 77, 79, 81), "h:mm:ss"),
    78: "m/d/yy h:mm",
    80: "[h]:mm:ss",
}
"""Format codes that workbooks use by number alone (ECMA-376 part 1, section 18.8.30).

Numbers 27 to 36, 50 to 58 and 71 to 81 are dates and times whose look depends on the language of Excel;
what they show is read as a date or a time all the same.
"""
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


class Mark(StrEnum):
    """What a token is."""

    LITERAL = "literal"
    DIGIT = "digit"
    POINT = "point"
    COMMA = "comma"
    PERCENT = "percent"
    SLASH = "slash"
    GENERAL = "general"
    TEXT = "text"
    DATE = "date"
    ELAPSED = "elapsed"
    ODD = "odd"


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a section: what it is, and its text."""

    mark: Mark
    text: str


@dataclass(frozen=True)
class Number:
    """How a section writes a number."""

    whole: tuple[Token, ...]
    """Digits and literals before the decimal point."""
    part: tuple[Token, ...]
    """Digits and literals after it."""
    point: bool
    grouped: bool
    power: int
    """The number is multiplied by ten to this power before it is written (2 for percent)."""

    @cached_property
    def filled(self) -> tuple[int, ...]:
        """The places of the digits before the point."""
        return tuple(at for at, token in enumerate(self.whole) if token.mark is Mark.DIGIT)

    @cached_property
    def zeros(self) -> int:
        """Digits before the point that are always written."""
        digits = [token.text for token in self.whole if token.mark is Mark.DIGIT]
        return len(digits) - digits.index("0") if "0" in digits else 0

    @cached_property
    def places(self) -> int:
        """Digits before and after the point at most; a format of literals alone has none."""
        return sum(token.mark is Mark.DIGIT for token in (*self.whole, *self.part))

    @cached_property
    def decimals(self) -> int:
        """Digits after the point at most."""
        return sum(token.mark is Mark.DIGIT for token in self.part)


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
    alone: bool
    """Whether the code has one part only, so that the minus sign is not the code's own."""

    @cached_property
    def general(self) -> bool:
        """Whether every number is shown as if it had no format."""
        first = self.sections[0]
        plain = len(self.sections) == 1 and first.condition is None
        return plain and first.kind is Kind.GENERAL and len(first.tokens) == 1

    @cached_property
    def type(self) -> CellType:
        """What a number of this format is."""
        first = self.sections[0]
        if first.kind in {Kind.DATE, Kind.DATETIME}:
            return CellType.DATE
        if first.kind in {Kind.TIME, Kind.ELAPSED}:
            return CellType.TIME
        percent = any(token.mark is Mark.PERCENT for token in first.tokens)
        return CellType.PERCENT if percent else CellType.NUMBER

    @property
    def conditional(self) -> bool:
        """Whether a section is chosen by a condition."""
        return any(section.condition for section in self.sections)

    @cached_property
    def day(self) -> bool:
        """Whether every positive number is shown as a date without a time."""
        return self.sections[0].kind is Kind.DATE and not self.conditional

    @cached_property
    def whole(self) -> Number | None:
        """How every positive whole number is written, where no digit of it is left out or moved."""
        number = self.sections[0].number
        if number is None or self.conditional or number.point or number.power:
            return None
        return number if number.filled else None


_TOKEN_RE = re.compile(
    r"""
    (?P<section>;)
    | "(?P<quoted>[^"]*)"
    | \\(?P<escaped>.)
    | (?P<space>_.)
    | \*(?P<fill>.)
    | \[(?P<bracket>[^\]]*)\]
    | (?P<general>General)
    | (?P<odd>E[+-] | [][\\"_*])
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
_CONDITION_RE = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_COLOUR_RE = re.compile(
    r"(?:black|blue|cyan|green|magenta|red|white|yellow|color\s*\d+)", re.IGNORECASE
)
_PLAIN_MARKS = {mark.value: mark for mark in Mark}
_FIXED = {
    "space": Token(Mark.LITERAL, " "),
    "ampm": Token(Mark.DATE, "h"),
    "letter": Token(Mark.ODD, ""),
}


@lru_cache(maxsize=4096)
def parse(code: str) -> NumberFormat:
    """Take a format code apart. It never fails: what is odd becomes ``Kind.UNREADABLE``."""
    if len(code) > _LONGEST:
        return NumberFormat((Section(Kind.UNREADABLE),), alone=False)
    parts: list[list[Token]] = [[]]
    conditions: list[tuple[str, Decimal] | None] = [None]
    for match in _TOKEN_RE.finditer(code):
        group = match.lastgroup or ""
        if group == "section":
            parts.append([])
            conditions.append(None)
        elif found := _CONDITION_RE.fullmatch(match["bracket"] or ""):
            conditions[-1] = (found[1], Decimal(found[2]))
        else:
            parts[-1].extend(_tokens(group, match[group]))
    numbers = 3
    if len(parts) > numbers + 1 or any(map(_is_text, parts[:-1])):
        return NumberFormat((Section(Kind.UNREADABLE),), alone=False)
    if len(parts) <= numbers and len(parts) > 1 and _is_text(parts[-1]):
        numbers = len(parts) - 1
    sections = zip(parts[:numbers], conditions[:numbers], strict=True)
    return NumberFormat(
        tuple(_section(tokens, condition) for tokens, condition in sections), alone=len(parts) == 1
    )


def _tokens(group: str, text: str) -> list[Token]:
    if group == "bracket":
        return _bracket(text)
    if group in {"quoted", "escaped", "between", "literal"}:
        return [Token(Mark.LITERAL, text)] if text else []
    if group == "fill":
        return []
    if group in _FIXED:
        return [_FIXED[group]]
    return [Token(_PLAIN_MARKS[group], text.lower())]


def _bracket(text: str) -> list[Token]:
    if text.startswith("$"):
        sign = text[1:].split("-", 1)[0]
        return [Token(Mark.LITERAL, sign)] if sign else []
    if re.fullmatch(r"h+|m+|s+", text, re.IGNORECASE):
        return [Token(Mark.ELAPSED, text.lower())]
    return [] if _COLOUR_RE.fullmatch(text) else [Token(Mark.ODD, text)]


def _is_text(tokens: Sequence[Token]) -> bool:
    return any(token.mark is Mark.TEXT for token in tokens)


def _section(tokens: Sequence[Token], condition: tuple[str, Decimal] | None) -> Section:
    marks = {token.mark for token in tokens}
    whole = tuple(tokens)
    if not tokens:
        return Section(Kind.HIDDEN, whole, condition)
    if Mark.ELAPSED in marks:
        return Section(_elapsed(tokens), whole, condition)
    if Mark.DATE in marks and Mark.ODD not in marks:
        return Section(_dated(tokens), whole, condition)
    if marks & {Mark.ODD, Mark.SLASH}:
        return Section(Kind.UNREADABLE, whole, condition)
    if marks & {Mark.GENERAL, Mark.TEXT}:
        readable = marks <= {Mark.GENERAL, Mark.TEXT, Mark.LITERAL}
        once = sum(token.mark is not Mark.LITERAL for token in tokens) == 1
        return Section(Kind.GENERAL if readable and once else Kind.UNREADABLE, whole, condition)
    number = _number(tokens)
    return Section(Kind.NUMBER if number else Kind.UNREADABLE, whole, condition, number)


_ELAPSED_RE = re.compile(r"\[h+\](?::mm(?::ss(?:\.0+)?)?)?|\[m+\](?::ss(?:\.0+)?)?|\[s+\](?:\.0+)?")


def _elapsed(tokens: Sequence[Token]) -> Kind:
    spelled = "".join(
        f"[{token.text}]" if token.mark is Mark.ELAPSED else token.text for token in tokens
    )
    return Kind.ELAPSED if _ELAPSED_RE.fullmatch(spelled) else Kind.UNREADABLE


def _dated(tokens: Sequence[Token]) -> Kind:
    """Tell dates from times. An ``m`` is minutes beside hours or before seconds, else a month."""
    if any(token.mark in {Mark.PERCENT, Mark.GENERAL, Mark.TEXT} for token in tokens):
        return Kind.UNREADABLE
    seconds = False
    for before, token in pairwise([Token(Mark.LITERAL, ""), *tokens]):
        seconds = seconds or token.text.startswith("s")
        if token.mark is Mark.DIGIT and not (
            seconds and token.text == "0" and before.mark in {Mark.POINT, Mark.DIGIT}
        ):
            return Kind.UNREADABLE
    letters = [token.text[0] for token in tokens if token.mark is Mark.DATE]
    day = clock = False
    for index, letter in enumerate(letters):
        if letter == "m":
            minutes = letters[index - 1 : index] == ["h"] or letters[index + 1 : index + 2] == ["s"]
            day, clock = day or not minutes, clock or minutes
        else:
            day, clock = day or letter not in "hs", clock or letter in "hs"
    if day and clock:
        return Kind.DATETIME
    return Kind.DATE if day else Kind.TIME


def _number(tokens: Sequence[Token]) -> Number | None:
    """Return how the section writes a number, ``None`` where that is not understood."""
    marks = [token.mark for token in tokens]
    if marks.count(Mark.POINT) > 1 or marks.count(Mark.PERCENT) > 1 or _differs(tokens):
        return None
    cut = marks.index(Mark.POINT) if Mark.POINT in marks else len(tokens)
    before, after = list(tokens[:cut]), list(tokens[cut + 1 :])
    digits = [index for index, token in enumerate(before) if token.mark is Mark.DIGIT]
    grouped, thousands = False, 0
    for index, token in enumerate(before):
        if token.mark is Mark.COMMA:
            if not digits or index < digits[0]:
                return None
            grouped, thousands = grouped or index < digits[-1], thousands + (index > digits[-1])
    thousands += sum(token.mark is Mark.COMMA for token in after)
    inner = before[digits[0] : digits[-1]] if digits else []
    places = "".join(before[index].text for index in digits)
    if "0" in places.rstrip("0"):
        return None  # programs differ on what "#" shows to the right of "0"
    if grouped and any(token.mark not in {Mark.DIGIT, Mark.COMMA} for token in inner):
        return None
    return Number(
        whole=_written(before),
        part=_written(after),
        point=Mark.POINT in marks,
        grouped=grouped,
        power=2 * marks.count(Mark.PERCENT) - 3 * thousands,
    )


def _differs(tokens: Sequence[Token]) -> bool:
    """Whether programs differ on a code: nobody writes these on purpose.

    It has a point with a text and no digit before it, or without any digit; a comma behind no digit; or a
    decimal that may be left out before one that is always written.
    """
    marks = [token.mark for token in tokens]
    point = marks.index(Mark.POINT) if Mark.POINT in marks else len(marks)
    places = "".join(token.text for token in tokens[point + 1 :] if token.mark is Mark.DIGIT)
    bare = point < len(marks) and Mark.DIGIT not in marks[:point]
    commas = pairwise([Mark.LITERAL, *marks])
    return (
        (bare and (Mark.LITERAL in marks[:point] or Mark.DIGIT not in marks))
        or any(this is Mark.COMMA and last not in {Mark.DIGIT, this} for last, this in commas)
        or "0" in places.lstrip("0")
    )


def _written(tokens: Sequence[Token]) -> tuple[Token, ...]:
    return tuple(
        Token(Mark.LITERAL, "%") if token.mark is Mark.PERCENT else token
        for token in tokens
        if token.mark is not Mark.COMMA
    )
