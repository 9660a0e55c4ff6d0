"""One text → one value of a field: the steps of a rule in their fixed order."""

import datetime as dt
import re
from collections import abc
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import regex

from importer.errors import InputError
from importer.mapping import conversions
from importer.mapping.amounts import parse_amount
from importer.mapping.conversions import Converted
from importer.mapping.dates import parse_date, parse_datetime
from importer.mapping.model import RulePart
from importer.model import Refusal, Warned
from importer.schema import Field, Kind
from importer.text import fold, nearest
from schemas.kinds import NOTHING, judge
from schemas.signs import is_nothing

Step: TypeAlias = abc.Callable[[str], "Converted"]

_SECONDS = 1.0
_BESIDE_NAME_RE = re.compile(r"(?:[,;()\[\]{}*]|\s[-\u2013\u2014]\s).*")
_MORE_THAN_A_NAME = Refusal(
    "`extract` has found more than a name.",
    "Correct the cell, or narrow `extract` in the mapping.",
)
_NOT_EXTRACTED = Refusal(
    "this has not the form that `extract` in the mapping looks for.",
    "Correct the cell, or widen `extract` in the mapping.",
)
CUT = "Shorten it yourself where the rest matters."
# Their messages differ by the nearest name; the remedy is one, for a summary of many of them.
_NOT_LOOKED_UP = (
    "the mapping's `lookup` does not know this value",
    "Add it to `lookup` in the mapping, or correct the cell.",
)
_NO_USER_TYPE = (
    "OPSCOM has no user type of this name",
    (
        "Correct the cell, or translate your names with a table, like `lookup: {Undergraduate: "
        '"1"}`, in the mapping; if the type is new, run `opscom-import pull user-types`.'
    ),
)
_TWO_USER_TYPES = Refusal(
    "OPSCOM has more than one user type of this name.",
    "Say which one you mean with a `lookup` in the mapping.",
)


def compile_steps(
    steps: RulePart,
    field: Field,
    *,
    user_types: abc.Mapping[str, str] | None = None,
    numbers: bool = False,
    today: dt.date | None = None,
) -> tuple[Step, ...]:
    """Return the functions that turn a taken, cleaned, filled text into the field's value.

    ``numbers`` says whether texts may be those of a workbook (see ``parse_amount``); a birth in two digits that
    would lie after ``today`` is of the century before.
    """
    kind, blanks = field.kind, frozenset(steps.blank_if)
    blank: list[Step] = [lambda text: "" if text in blanks else text] if blanks else []
    made = [*blank]
    if (steps.extract or steps.replace) and not steps.as_shown:
        made.append(partial(_refuse_ruined, kind))
    if steps.extract:
        made.append(partial(_extract, steps.extract, kind))
    if steps.replace:
        made.append(_replacer(steps.replace))
    of_kind = _kind_step(steps, kind, numbers=numbers, today=today)
    if steps.lookup is None and (steps.convert or steps.pad or of_kind):
        made.append(partial(_refuse_nothing, kind))
    # What is wrapped round a value is in the way of all others.
    names = sorted(steps.convert, key=lambda name: name != "unwrap")
    made.extend(conversions.of(name, kind) for name in names)
    if steps.lookup is not None:
        made.append(_looker(steps, user_types or {}))
    if steps.pad:
        made.append(partial(conversions.pad, steps.pad))
    if of_kind is not None:
        made.append(of_kind)
    if kind is Kind.AMOUNT:
        made += blank  # an amount of 0 is told as 0.00, whatever the cell shows
    if steps.truncate and field.max_length:
        made.append(partial(_cut, field.max_length))
    return tuple(made)


def convert(text: str, steps: abc.Iterable[Step]) -> Converted:
    """Return what the steps make of a text; a text that becomes blank on the way stays blank.

    The last warning on the way is kept.
    """
    warning: Refusal | None = None
    for step in steps:
        if not text:
            break
        result = step(text)
        if isinstance(result, Refusal):
            return result
        if isinstance(result, Warned):
            warning, text = result.refusal, result.text
        else:
            text = result
    return text if warning is None else Warned(text, warning)


def within_time(
    search: abc.Callable[..., regex.Match[str] | None], text: str, key: str
) -> regex.Match[str] | None:
    """Return what a person's regular expression, under a key of the mapping, finds in a text.

    Raises:
        InputError: It has not ended after a second: some need longer than the universe has existed.
    """
    try:
        return search(text, timeout=_SECONDS)
    except TimeoutError:
        raise InputError(
            f"the regular expression of `{key}` in the mapping takes too long.",
            hint="Write it without repetitions inside repetitions, such as (a+)+.",
        ) from None


def _refuse_nothing(kind: Kind, text: str) -> str | Refusal:
    """Refuse words and signs for nothing where a form is wanted, and say how to make them blank."""
    if kind in {Kind.NAME, Kind.TEXT, Kind.PLATE}:
        return text
    bare = kind not in {Kind.ID, Kind.CURRENCY} and not any(c.isalnum() for c in text)
    if is_nothing(text) or bare:
        return NOTHING.refusal()
    return text


def _refuse_ruined(kind: Kind, text: str) -> str | Refusal:
    """Refuse a ruined text before a piece of it passes for a value."""
    for rule, detail in judge(kind, text):
        if rule.name in {"lost letter", "exponent"}:
            return rule.refusal(text, detail)
    return text


def _cut(limit: int, text: str) -> str | Warned:
    if len(text) <= limit:
        return text
    why = f"this has {len(text)} characters, OPSCOM takes {limit}; the rest was cut off."
    return Warned(text[:limit].rstrip(), Refusal(why, CUT))


def _extract(pattern: regex.Pattern[str], kind: Kind, text: str) -> str | Refusal:
    found = within_time(pattern.search, text, "extract")
    if found is None or found[1] is None:
        return _NOT_EXTRACTED
    taken = str(found[1]).strip()
    # A name cut out of LAST, FIRST (NICK) is one only where no sign of the others is in it.
    left = _BESIDE_NAME_RE.search(taken) if kind is Kind.NAME else None
    return replace(_MORE_THAN_A_NAME, detail=f"`{left[0]}` is left over.") if left else taken


def _replacer(pairs: abc.Mapping[str, str]) -> Step:
    pieces = sorted(pairs, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(piece) for piece in pieces))
    return lambda text: pattern.sub(lambda found: pairs[found[0]], text).strip()


def _looker(steps: RulePart, user_types: abc.Mapping[str, str]) -> Step:
    own = isinstance(steps.lookup, dict)
    entries: dict[str, str | Refusal] = {}
    names = steps.lookup if isinstance(steps.lookup, dict) else user_types
    for name, value in names.items():
        folded = fold(name)
        known = entries.get(folded, value)
        entries[folded] = value if known == value else _TWO_USER_TYPES

    def look_up(text: str) -> Converted:
        found = entries.get(fold(text))
        if found is not None:
            return found
        if steps.otherwise == "keep":
            return text
        if is_nothing(text) and steps.otherwise is None:
            return NOTHING.refusal()
        near, (message, remedy) = nearest(text, names), _NOT_LOOKED_UP if own else _NO_USER_TYPE
        more = f"; {len(names)} are known." if names else "; none is known."
        if len(names) == 1:
            more = f'; the only one known is "{next(iter(names))}".'
        elif near is not None:
            more = f'; the nearest of the {len(names)} known is "{near}".'
        if steps.otherwise == "omit":
            return Warned("", Refusal(message + more, "It is left out, as the mapping says."))
        return Refusal(message + more, remedy)

    return look_up


def _code(text: str, kind: Kind) -> str:
    """Return a code in capitals; what is none stays as a person knows it."""
    code = text.upper()
    return text if any(rule.holds for rule, _ in judge(kind, code)) else code


def _kind_step(steps: RulePart, kind: Kind, *, numbers: bool, today: dt.date | None) -> Step | None:
    match kind:
        case Kind.DATE:
            return lambda text: parse_date(text, steps.date, timezone=steps.timezone, today=today)
        case Kind.DATETIME:
            return lambda text: parse_datetime(
                text,
                steps.date,
                time=steps.time,
                timezone=steps.timezone,
                midnight=steps.midnight == "date",
            )
        case Kind.AMOUNT:
            return lambda text: parse_amount(text, decimal=steps.decimal, numbers=numbers)
        case Kind.PROVINCE | Kind.CURRENCY:
            return lambda text: _code(text, kind)
        case _:
            return None
