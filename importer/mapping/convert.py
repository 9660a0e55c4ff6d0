"""One text → one value of a field: the steps of a rule in their fixed order."""

from __future__ import annotations

import re
import unicodedata
from collections import abc
from typing import TYPE_CHECKING, TypeAlias

from importer.mapping.amounts import parse_amount
from importer.mapping.dates import parse_date, parse_datetime
from importer.mapping.provinces import province_code
from importer.mapping.rules import Refusal, within_time
from importer.schema import Field, Kind
from importer.text import fold, nearest

if TYPE_CHECKING:
    import regex

    from importer.mapping.rules import Steps

Step: TypeAlias = abc.Callable[[str], "str | Refusal"]

_WORD_RE = re.compile(
    r"[0-9]*[^\W\d_][^\W\d_\u0300-\u036f]*(?:['\u2019][^\W\d_][^\W\d_\u0300-\u036f]*)*"
)
_ORDINAL_RE = re.compile(r"[0-9]+(?:st|nd|rd|th|e|er|re)", re.IGNORECASE)
_DIGITS_RE = re.compile(r"[0-9]+")
_NO_DIGITS_RE = re.compile(r"[^0-9]+")

_NOT_EXTRACTED = Refusal(
    "this has not the form that `extract` in the mapping looks for.",
    "Correct the cell, or widen `extract` in the mapping.",
)
# These differ in what they say of the nearest name and agree in their remedy, so that a summary of
# many of them can say what to do.
_NOT_LOOKED_UP = Refusal(
    "the mapping's `lookup` does not know this value",
    "Add it to `lookup` in the mapping, or correct the cell.",
)
_NO_USER_TYPE = Refusal(
    "OPSCOM has no user type of this name",
    "Correct the cell, or translate your names with a table, like `lookup: {Undergraduate: "
    '"1"}`, in the mapping; if the type is new, run `opscom-import pull user-types`.',
)
_TWO_USER_TYPES = Refusal(
    "OPSCOM has more than one user type of this name.",
    "Say which one you mean with a `lookup` in the mapping.",
)


def compile_steps(
    steps: Steps,
    field: Field,
    *,
    user_types: abc.Mapping[str, str] | None = None,
    numbers: bool = False,
) -> tuple[Step, ...]:
    """Return the functions that turn a taken, cleaned, filled text into the field's value.

    Truncation is not among them, because it comes with a warning.

    Args:
        steps: The rule's steps.
        field: The field; its kind decides on date, amount and upper case.
        user_types: Name → id, for a lookup of user types.
        numbers: Whether texts may be numbers of a workbook (see ``parse_amount``).
    """
    made: list[Step] = []
    if steps.blank_if:
        made.append(lambda text: "" if text in steps.blank_if else text)
    if steps.extract is not None:
        made.append(_extractor(steps.extract))
    if steps.replace:
        made.append(_replacer(steps.replace))
    made.extend(_conversion(name) for name in steps.convert)
    if steps.lookup is not None:
        made.append(_looker(steps.lookup))
    if steps.lookup_user_types:
        made.append(_user_type_looker(user_types or {}))
    if steps.pad is not None:
        made.append(_padder(steps.pad))
    kind = _kind_step(steps, field.kind, numbers=numbers)
    if kind is not None:
        made.append(kind)
    return tuple(made)


def convert(text: str, steps: abc.Iterable[Step]) -> str | Refusal:
    """Return what the steps make of a text; a text that becomes blank on the way stays blank."""
    for step in steps:
        if not text:
            return ""
        result = step(text)
        if isinstance(result, Refusal):
            return result
        text = result
    return text


def title(text: str) -> str:
    """Return a text with a capital at the head of each word.

    >>> title("SEAN O'BRIEN-SMITH"), title("jean d'arc's")
    ("Sean O'Brien-Smith", "Jean D'Arc's")
    """
    return _WORD_RE.sub(lambda word: _capitals(word[0]), text)


def _capitals(word: str) -> str:
    if word[0].isdigit():
        return word.lower() if _ORDINAL_RE.fullmatch(word) else word
    first, *rest = re.split(r"(['\u2019])", word)
    pieces = (piece.lower() if len(piece) == 1 else piece.capitalize() for piece in rest)
    return first.capitalize() + "".join(pieces)


def digits(text: str) -> str:
    """Return the digits of a text, those of every script as 0 to 9.

    >>> digits("(613) 555-0142")
    '6135550142'
    """
    if text.isascii():
        return _NO_DIGITS_RE.sub("", text)
    return "".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal())


def plate(text: str) -> str:
    """Return a plate in upper case, without blanks and dashes.

    >>> plate("abcd 12-3")
    'ABCD123'
    """
    kept = (c for c in text if not c.isspace() and unicodedata.category(c) != "Pd")
    return "".join(kept).upper()


_CONVERSIONS: abc.Mapping[str, abc.Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": title,
    "digits": digits,
    "plate": plate,
    "province": province_code,
}


def _conversion(name: str) -> Step:
    change = _CONVERSIONS[name]
    nothing_left = Refusal(
        f"nothing is left of this value after `convert: [{name}]`.",
        "Correct the cell, or list it under `blank_if` in the mapping.",
    )
    return lambda text: change(text) or nothing_left


def _extractor(pattern: regex.Pattern[str]) -> Step:
    def extract(text: str) -> str | Refusal:
        found = within_time(pattern.search, text, "extract")
        if found is None or found[1] is None:
            return _NOT_EXTRACTED
        return str(found[1]).strip()

    return extract


def _replacer(pairs: abc.Mapping[str, str]) -> Step:
    pieces = sorted(pairs, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(piece) for piece in pieces))
    return lambda text: pattern.sub(lambda found: pairs[found[0]], text).strip()


def _looker(lookup: abc.Mapping[str, str]) -> Step:
    entries = {fold(name): value for name, value in lookup.items()}
    return _looking_up(entries, _offering(_NOT_LOOKED_UP, list(lookup)))


def _user_type_looker(user_types: abc.Mapping[str, str]) -> Step:
    entries: dict[str, str | Refusal] = {}
    for name, number in user_types.items():
        folded = fold(name)
        known = entries.get(folded, number)
        entries[folded] = number if known == number else _TWO_USER_TYPES
    return _looking_up(entries, _offering(_NO_USER_TYPE, list(user_types)))


def _looking_up(
    entries: abc.Mapping[str, str] | abc.Mapping[str, str | Refusal],
    unknown: abc.Callable[[str], Refusal],
) -> Step:
    def look_up(text: str) -> str | Refusal:
        found = entries.get(fold(text))
        return unknown(text) if found is None else found

    return look_up


def _offering(refusal: Refusal, names: abc.Sequence[str]) -> abc.Callable[[str], Refusal]:
    """Return what refuses a value that is none of the names, and offers the nearest of them."""

    def refuse(text: str) -> Refusal:
        near = nearest(text, names)
        if len(names) == 1:
            more = f'; the only one known is "{names[0]}".'
        elif near is not None:
            more = f'; the nearest of the {len(names)} known is "{near}".'
        else:
            more = f"; {len(names)} are known." if names else "; none is known."
        return Refusal(refusal.message + more, refusal.remedy)

    return refuse


def _padder(width: int) -> Step:
    return lambda text: text.zfill(width) if _DIGITS_RE.fullmatch(text) else text


def _kind_step(steps: Steps, kind: Kind, *, numbers: bool) -> Step | None:
    match kind:
        case Kind.DATE:
            return lambda text: parse_date(text, steps.date)
        case Kind.DATETIME:
            return lambda text: parse_datetime(
                text, steps.date, time=steps.time, timezone=steps.timezone
            )
        case Kind.AMOUNT:
            return lambda text: parse_amount(text, decimal=steps.decimal, numbers=numbers)
        case Kind.PROVINCE | Kind.CURRENCY:
            return str.upper
        case _:
            return None
