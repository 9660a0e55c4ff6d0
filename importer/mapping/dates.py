"""Text → ISO date or date-time, whatever the language of this machine."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.mapping.rules import Refusal, Warned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT_MONTHS = "|".join(["sept", *(name[:3] for name in _MONTHS)])
_ZONE = r"Z|[+-][0-9]{2}(?::?[0-9]{2})?"
_WORDS = {
    "b": _SHORT_MONTHS,
    "B": "|".join(_MONTHS),
    "a": "|".join(name[:3] for name in _DAYS),
    "A": "|".join(_DAYS),
    "p": r"[ap]\.?m\.?",
    "z": _ZONE,
}
_WIDTHS = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "f": 9}
_FIXED = frozenset("Yy")
_BLANKS = r"[\s\u00a0\u202f]+"
_TOKENS_RE = re.compile(r"%(?P<directive>.?)|(?P<blanks>\s+)|(?P<text>[^%\s]+)", re.DOTALL)
_LETTERS_RE = re.compile(r"am/pm|a/p|y+|m+|d+|h+|s+", re.IGNORECASE)
_USUAL = "%d/%m/%Y"
_ISO_RE = re.compile(
    r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"
    r"(?:(?:T|[ ]+)(?P<H>[0-9]{2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:[.,](?P<f>[0-9]+))?)?"
    rf"(?:[ ]?(?P<z>{_ZONE}))?)?",
    re.ASCII | re.IGNORECASE,
)
_ISO_DAY_RE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBERS_RE = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?:[T ].*)?")
_SERIAL_RE = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_MONTHS_A_YEAR = 12

_OFF_FORMS = Refusal(
    "this date has none of the forms that the mapping names.",
    "Correct the cell, or add its form to `date` in the mapping.",
)
_NO_DATE = Refusal(
    "this is not a date in the form yyyy-mm-dd.",
    "Write it as yyyy-mm-dd, or say its form with `date` in the mapping.",
)
_TWO_WAYS = Refusal(
    "this date can be read in two ways.",
    "Say its form with `date` in the mapping, or write it as yyyy-mm-dd.",
)
_A_NUMBER = Refusal(
    "this is a number, not a date.",
    "Give the column a date format in the spreadsheet and save it, or write yyyy-mm-dd.",
)
_OF_MOMENTS = {
    _NO_DATE: Refusal(
        "this is not a date and time in the form yyyy-mm-dd hh:mm:ss.",
        "Write it like 2026-09-01 08:30:00, or say its form with `date` in the mapping.",
    ),
    _TWO_WAYS: Refusal(
        _TWO_WAYS.message,
        "Say its form with `date` in the mapping, or write it like 2026-09-01 08:30:00.",
    ),
    _A_NUMBER: Refusal(
        "this is a number, not a date and time.",
        "Give the column a date format in the spreadsheet and save it, or write it like "
        "2026-09-01 08:30:00.",
    ),
}
"""What is said of a date, and what in its place where a time of day belongs to it."""
_NO_SUCH_DAY = Refusal("there is no such day or time.", "Correct the cell.")
_HAS_TIME = Refusal(
    "this has a time of day, and the field takes a date alone.",
    'Remove the time from the cell, or keep the date alone with `extract: "^(.{10})"` in the mapping.',
)
_DATE_HAS_ZONE = Refusal(
    "this is a moment with its zone (Z or an offset), and the field takes a date alone.",
    "Say your campus's zone with `timezone` in the mapping, or keep the date alone with "
    '`extract: "^(.{10})"`.',
)
_NOT_MIDNIGHT = Refusal(
    "this moment is not midnight in the zone that the mapping names.",
    'Correct `timezone`, or keep the date alone with `extract: "^(.{10})"` in the mapping.',
)
_NO_HOUR_24 = Refusal("there is no hour 24.", "Write 00:00 of the next day.")
_SKIPPED = Refusal("the clocks of your zone skip this time.", "Check it; the row is sent as it is.")
_NO_TIME = Refusal(
    "this date has no time of day.",
    "Add the time to the cell, or say one for all with `time` in the mapping.",
)
_FRACTION = Refusal(
    "this time has fractions of a second, and OPSCOM takes whole seconds.",
    "Remove the fractions from the cell.",
)
_HAS_ZONE = Refusal(
    "this time names its zone (Z or an offset), and OPSCOM takes times without one.",
    "Say your campus's zone with `timezone` in the mapping, or write the local time.",
)


TURNED = (
    (
        "the spreadsheet program has probably taken day and month of this date for each other: all "
        "texts of the column have a day above 12, and no true date has one."
    ),
    (
        "Format the column as text in the source and export it again, or say `as_shown: true` in "
        "the mapping if the dates are right."
    ),
)
"""What is wrong with a true date of such a column, and the remedy."""
ALL_MIDNIGHT = Refusal(
    "every time of this column is midnight, so that the `time` of the mapping counts for nothing.",
    "Say `midnight: date` in the mapping if the cells mean days, or `midnight: time` if they mean "
    "midnight.",
)
_LEAST = 3
"""Fewer texts or true dates prove nothing about a column."""


@dataclass(frozen=True, slots=True)
class DateFormat:
    """One form in which a column writes its dates."""

    text: str
    """As in the mapping: ``%d/%m/%Y``."""
    pattern: re.Pattern[str]
    """For the whole text; its groups are named for their directives."""
    has_time: bool
    """Whether it holds a time of day."""


@dataclass(frozen=True, slots=True)
class _Moment:
    day: dt.date
    clock: dt.time | None
    offset: dt.timedelta | None
    fraction: bool
    short: bool
    """Whether its year has two digits."""


def compile_format(text: str) -> DateFormat:
    """Return a date format that reads English names, in any case, on every machine.

    Known are ``%d %m %Y %y %b %B %a %A %H %I %M %S %f %p %z %%``. Days, months and hours may lack
    their leading zero (``3/4/2001``), unless digits of the next part follow without anything between.

    Raises:
        ValueError: The format is unusable; the message is one sentence for the mapping's author.
    """
    if "%" not in text:
        raise ValueError(f"a date format is written with % codes: write {_in_codes(text)}.")
    tokens = [match.groupdict() for match in _TOKENS_RE.finditer(text)]
    seen: list[str] = []
    pattern = ""
    for at, token in enumerate(tokens):
        directive = token["directive"]
        if directive is None:
            pattern += _BLANKS if token["text"] is None else re.escape(token["text"])
        elif directive == "%":
            pattern += "%"
        elif directive in _WIDTHS or directive in _WORDS:
            if directive in seen:
                raise ValueError(f"%{directive} stands twice in this date format.")
            seen.append(directive)
            pattern += f"(?P<{directive}>{_part(directive, packed=_is_packed(tokens, at))})"
        else:
            known = " ".join(f"%{name}" for name in (*_WIDTHS, *_WORDS))
            raise ValueError(
                f"%{directive} is not a part of a date format here; known are {known}."
            )
    _refuse_incomplete(set(seen))
    made = DateFormat(
        text, re.compile(pattern, re.ASCII | re.IGNORECASE), bool({*"HI"} & set(seen))
    )
    _refuse_against_iso(made)
    return made


def _in_codes(text: str) -> str:
    """Return a form in the letters of spreadsheet programs (``dd/mm/yyyy``) in codes.

    ``m`` is the minute behind an hour, else the month. What makes no form becomes a usual one.
    """
    twelve = re.search(r"am/pm|a/p", text, re.IGNORECASE)
    codes = {"y": "%y", "m": "%m", "d": "%d", "h": "%I" if twelve else "%H", "s": "%S", "a": "%p"}
    codes |= {"yyyy": "%Y", "mmm": "%b", "mmmm": "%B", "ddd": "%a", "dddd": "%A"}
    hour = False

    def code(found: re.Match[str]) -> str:
        nonlocal hour
        letters = found[0].lower()
        hour = hour or letters[0] == "h"
        minute = hour and letters in {"m", "mm"}
        return "%M" if minute else codes.get(letters, codes[letters[0]])

    made = _LETTERS_RE.sub(code, text)
    try:
        return compile_format(made).text if "%" in made else _USUAL
    except ValueError:
        return _USUAL


def _part(directive: str, *, packed: bool) -> str:
    if directive in _WORDS:
        return _WORDS[directive]
    width = _WIDTHS[directive]
    return f"[0-9]{{{width}}}" if packed or directive in _FIXED else f"[0-9]{{1,{width}}}"


def _is_packed(tokens: list[dict[str, str | None]], at: int) -> bool:
    """Whether digits of a neighbour touch this part, so that only its full width tells them apart."""
    before = tokens[at - 1]["directive"] if at else None
    after = tokens[at + 1]["directive"] if at + 1 < len(tokens) else None
    return before in _WIDTHS or after in _WIDTHS


def _refuse_incomplete(seen: set[str]) -> None:
    for wanted, what in (("Yy", "year"), ("mbB", "month"), ("d", "day")):
        if len(seen & set(wanted)) != 1:
            raise ValueError(f"a date format needs the {what} exactly once.")
    hours = seen & {"H", "I"}
    if len(hours) > 1:
        raise ValueError("a date format takes %H or %I, not both.")
    if bool(seen & {"M", "S", "f", "z", "p"}) and not hours:
        raise ValueError("a date format with a time of day needs the hour (%H, or %I with %p).")
    if ("I" in seen) != ("p" in seen):
        raise ValueError("%I (hours to 12) and %p (am, pm) go together.")


def _refuse_against_iso(made: DateFormat) -> None:
    """Refuse what reads ISO texts otherwise, because a workbook's true dates arrive as ISO texts."""
    for text in ("2001-02-03", "2001-02-03 04:05:06", "2001-02-03T04:05:06"):
        found, iso = made.pattern.fullmatch(text), _ISO_RE.fullmatch(text)
        if found and iso and _moment(found) != _moment(iso):
            raise ValueError(
                "this date format reads yyyy-mm-dd in another way than the calendar's."
            )


def parse_date(
    text: str,
    formats: Sequence[DateFormat] = (),
    *,
    timezone: ZoneInfo | None = None,
    today: dt.date | None = None,
) -> str | Refusal:
    """Return a date as ``yyyy-mm-dd``.

    ISO texts need no format; a midnight behind the date is dropped. Of several formats the first
    that gives a day of the calendar counts.

    Args:
        text: The cleaned text of a cell.
        formats: Forms to try in order where the text is not ISO.
        timezone: The zone in which a moment with ``Z`` or an offset must be midnight; without it such
            a text is refused.
        today: A year of two digits that would lie after this day is of the century before.

    >>> parse_date("2001-02-03 00:00")
    '2001-02-03'
    """
    if _ISO_DAY_RE.fullmatch(text):
        # Most dates are written so, and in a column of births each is another.
        try:
            return dt.date.fromisoformat(text).isoformat()
        except ValueError:
            pass
    moment = _read(text, formats)
    if isinstance(moment, Refusal):
        return moment
    if moment.offset is not None:
        return _DATE_HAS_ZONE if timezone is None else _day_in_zone(moment, timezone)
    if moment.fraction or moment.clock not in {None, dt.time()}:
        return _HAS_TIME
    day = moment.day
    if moment.short and today is not None and day > today:
        return f"{day.year - 100}{day.isoformat()[4:]}"
    return day.isoformat()


def _day_in_zone(moment: _Moment, timezone: ZoneInfo) -> str | Refusal:
    local = _in_zone(moment, moment.clock or dt.time(), timezone)
    if local is None:
        return _NO_SUCH_DAY
    return local.date().isoformat() if local.time() == dt.time() else _NOT_MIDNIGHT


def parse_datetime(
    text: str,
    formats: Sequence[DateFormat] = (),
    *,
    time: dt.time | None = None,
    timezone: ZoneInfo | None = None,
    midnight: bool = False,
) -> str | Refusal | Warned:
    """Return a date-time as ``yyyy-mm-ddThh:mm:ss``, without a zone.

    Args:
        text: The cleaned text of a cell.
        formats: Forms to try in order where the text is not ISO.
        time: The time of day of a text that is a date alone; without it such a text is refused.
        timezone: The zone that texts with ``Z`` or an offset are converted to; without it they are
            refused. Texts without a zone stay as they are; one that the zone's clocks skip is warned of.
        midnight: Whether a time of 00:00:00 stands for a date alone.

    >>> parse_datetime("2018-07-02 09:00")
    '2018-07-02T09:00:00'
    """
    moment = _read(text, formats)
    if isinstance(moment, Refusal):
        return _OF_MOMENTS.get(moment, moment)
    alone = moment.clock is None or (midnight and moment.clock == dt.time())
    clock = time if alone else moment.clock
    if clock is None:
        return _NO_TIME
    if moment.fraction:
        return _FRACTION
    if moment.offset is None:
        said = dt.datetime.combine(moment.day, clock)
        written = said.isoformat(timespec="seconds")
        return Warned(written, _SKIPPED) if timezone and _is_skipped(said, timezone) else written
    if timezone is None:
        return _HAS_ZONE
    local = _in_zone(moment, clock, timezone)
    return _NO_SUCH_DAY if local is None else local.isoformat(timespec="seconds")


def _in_zone(moment: _Moment, clock: dt.time, timezone: ZoneInfo) -> dt.datetime | None:
    """Return a moment with an offset on the clocks of a zone, ``None`` past the calendar's ends."""
    try:
        aware = dt.datetime.combine(moment.day, clock, dt.timezone(moment.offset or dt.timedelta()))
        return aware.astimezone(timezone).replace(tzinfo=None)
    except (OverflowError, ValueError):
        return None


def _is_skipped(local: dt.datetime, timezone: ZoneInfo) -> bool:
    """Whether the clocks of a zone are put forward over this time."""
    try:
        there = local.replace(tzinfo=timezone).astimezone(dt.UTC).astimezone(timezone)
    except (OverflowError, ValueError):
        return False
    return there.replace(tzinfo=None) != local


def is_midnight(text: str, formats: Sequence[DateFormat]) -> bool:
    """Whether a text is a date with the time 00:00:00 written behind it."""
    moment = _read(text, formats)
    return not isinstance(moment, Refusal) and moment.clock == dt.time() and moment.offset is None


def days_turned(texts: pd.Series[str], true: npt.NDArray[np.bool_]) -> bool:
    """Whether a column shows that its true dates are texts whose day was taken for the month.

    A program that expects the month first makes dates of 03/02/2001 and leaves 20/02/2001 as text.

    Args:
        texts: The cells.
        true: Which of them are true dates; they are shown in ISO form.
    """
    days = {text[8:10] for text in texts[true].tolist()}
    found = [_NUMBERS_RE.fullmatch(text) for text in texts[~true].tolist() if text]
    above = [each for each in found if each and int(each[1]) > _MONTHS_A_YEAR]
    enough = int(true.sum()) >= _LEAST and len(above) >= _LEAST
    return enough and len(above) == len(found) and max(days) <= str(_MONTHS_A_YEAR)


def _read(text: str, formats: Sequence[DateFormat]) -> _Moment | Refusal:
    """Return the moment that a text names, or why it names none."""
    fitted = False
    for pattern in (_ISO_RE, *(known.pattern for known in formats)):
        found = pattern.fullmatch(text)
        if found is None:
            continue
        moment = _moment(found)
        if moment is not None:
            return moment
        fitted = True
    if fitted:
        return _NO_HOUR_24 if re.search(r"[T ]24:00", text) else _NO_SUCH_DAY
    if _SERIAL_RE.fullmatch(text) or formats:
        return _lost_zero(text, formats) or (
            _A_NUMBER if _SERIAL_RE.fullmatch(text) else _OFF_FORMS
        )
    numbers = _NUMBERS_RE.fullmatch(text)
    if numbers and numbers[1].zfill(2) != numbers[3].zfill(2):
        both = max(int(numbers[1]), int(numbers[3])) <= _MONTHS_A_YEAR
        return _TWO_WAYS if both else _NO_DATE
    return _NO_DATE


def _lost_zero(text: str, formats: Sequence[DateFormat]) -> Refusal | None:
    padded = text.zfill(len(text) + 1)
    if text.isdigit() and any(
        (found := known.pattern.fullmatch(padded)) and _moment(found) for known in formats
    ):
        return Refusal(
            "this date has lost the zero at its front.",
            f"Give it back with `pad: {len(padded)}` in the mapping.",
        )
    return None


def _moment(found: re.Match[str]) -> _Moment | None:
    """Return the moment of the parts found, ``None`` where calendar or clock has no such thing."""
    parts = {name: part.lower() for name, part in found.groupdict().items() if part is not None}
    try:
        day = dt.date(_year(parts), _month(parts), int(parts["d"]))
        clock = _clock(parts)
        offset = _offset(parts["z"]) if "z" in parts else None
    except ValueError:
        return None
    weekday = parts.get("a") or parts.get("A")
    if weekday is not None and not _DAYS[day.weekday()].startswith(weekday):
        return None
    return _Moment(day, clock, offset, bool(parts.get("f", "").strip("0")), "y" in parts)


def _year(parts: dict[str, str]) -> int:
    if "Y" in parts:
        return int(parts["Y"])
    year = int(parts["y"])
    # The POSIX reading of two digits: 69 to 99 are 19.., 00 to 68 are 20...
    return year + (1900 if year >= 69 else 2000)  # noqa: PLR2004


def _month(parts: dict[str, str]) -> int:
    if "m" in parts:
        return int(parts["m"])
    name = (parts.get("b") or parts["B"])[:3]
    return next(at for at, month in enumerate(_MONTHS, 1) if month.startswith(name))


def _clock(parts: dict[str, str]) -> dt.time | None:
    if "I" in parts:
        hour = int(parts["I"])
        if not 1 <= hour <= 12:  # noqa: PLR2004
            raise ValueError(hour)
        hour = hour % 12 + (12 if parts["p"].startswith("p") else 0)
    elif "H" in parts:
        hour = int(parts["H"])
    else:
        return None
    return dt.time(hour, int(parts.get("M", "0")), int(parts.get("S", "0")))


def _offset(zone: str) -> dt.timedelta:
    if zone == "z":
        return dt.timedelta()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if offset >= dt.timedelta(hours=24) or int(digits[2:]) > 59:  # noqa: PLR2004
        raise ValueError(zone)
    return -offset if zone[0] == "-" else offset
