"""Text → ISO date or date-time.

Names of months are English or French on every machine: nothing here asks for the machine's own language.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from importer.model import Refusal, Warned

_WIDTHS = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "f": 6}
_KNOWN = (*_WIDTHS, *"bBaApz")
_ISO_RE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:(?:T| +)([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)"
    r"(?: ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?))?)?",
    re.ASCII | re.IGNORECASE,
)
_NUMBERS_RE = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?:[T ].*)?")
_SERIAL_RE = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_MONTHS_A_YEAR = 12
_FRENCH = (
    "janvier janv", "février févr fevrier fevr", "mars", "avril avr", "mai", "juin", "juillet juil", "août aout",
    "septembre sept", "octobre", "novembre", "décembre decembre déc",
)  # fmt: skip
_MONTHS = {name: at for at, names in enumerate(_FRENCH, 1) for name in names.split()}
_MONTH_RE = re.compile(rf"\b({'|'.join(_MONTHS)})\b(\.?)", re.IGNORECASE)
_PROBE = dt.datetime(2001, 2, 3, 16, 5, 6, tzinfo=dt.UTC)
"""A moment whose parts are all different: a format that writes and reads it tells all that it must."""

# fmt: off
_OFF_FORMS = Refusal("this date has none of the forms that the mapping names.", "Correct the cell, or add its form to `date` in the mapping.")
_NO_DATE = Refusal("this is not a date in the form yyyy-mm-dd.", "Write it as yyyy-mm-dd, or say its form with `date` in the mapping.")
_TWO_WAYS = Refusal("this date can be read in two ways.", "Say its form with `date` in the mapping, or write it as yyyy-mm-dd.")
_A_NUMBER = Refusal("this is a number, not a date.", "Give the column a date format in the spreadsheet and save it, or write yyyy-mm-dd.")
_OF_MOMENTS = {
    _NO_DATE: Refusal("this is not a date and time in the form yyyy-mm-dd hh:mm:ss.", "Write it like 2026-09-01 08:30:00, or say its form with `date` in the mapping."),
    _TWO_WAYS: Refusal(_TWO_WAYS.message, "Say its form with `date` in the mapping, or write it like 2026-09-01 08:30:00."),
    _A_NUMBER: Refusal("this is a number, not a date and time.", "Give the column a date format in the spreadsheet and save it, or write it like 2026-09-01 08:30:00."),
}
"""What is said of a date, and what in its place where a time of day belongs to it."""
_NO_SUCH_DAY = Refusal("there is no such day or time.", "Correct the cell.")
_HAS_TIME = Refusal("this has a time of day, and the field takes a date alone.", 'Remove the time from the cell, or keep the date alone with `extract: "^(.{10})"` in the mapping.')
_DATE_HAS_ZONE = Refusal("this is a moment with its zone (Z or an offset), and the field takes a date alone.", 'Say your campus\'s zone with `timezone` in the mapping, or keep the date alone with `extract: "^(.{10})"`.')
_NOT_MIDNIGHT = Refusal("this moment is not midnight in the zone that the mapping names.", 'Correct `timezone`, or keep the date alone with `extract: "^(.{10})"` in the mapping.')
_NO_HOUR_24 = Refusal("there is no hour 24.", "Write 00:00 of the next day.")
_SKIPPED = Refusal("the clocks of your zone skip this time.", "Check it; this holds no row back.")
_NO_TIME = Refusal("this date has no time of day.", "Add the time to the cell, or say one for all with `time` in the mapping.")
_FRACTION = Refusal("this time has fractions of a second, and OPSCOM takes whole seconds.", "Remove the fractions from the cell.")
_HAS_ZONE = Refusal("this time names its zone (Z or an offset), and OPSCOM takes times without one.", "Say your campus's zone with `timezone` in the mapping, or write the local time.")
ALL_MIDNIGHT = Refusal("every time of this column is midnight, so that the `time` of the mapping counts for nothing.", "Say `midnight: date` in the mapping if the cells mean days, or `midnight: time` if they mean midnight.")
TURNED = (
    "the spreadsheet program has probably taken day and month of this date for each other: all texts of the column have a day above 12, and no true date has one.",
    "Format the column as text in the source and export it again, or say `as_shown: true` in the mapping if the dates are right.",
)
"""What is wrong with a true date of such a column, and the remedy."""
_READ_TURNED = Refusal("day and month of this date were read the other way round than others of the column prove.", "Give the form that those have with `date` in the mapping, or say `as_shown: true` there if this is right.")
_BOTH_ORDERS = Refusal("others of the column prove that the day comes first, and others that the month does, so that this date may be either.", "Export the column again as yyyy-mm-dd, or say `as_shown: true` in the mapping if the dates are right.")
# fmt: on


@dataclass(frozen=True, slots=True)
class DateFormat:
    """One form in which a column writes its dates."""

    text: str
    """As in the mapping: ``%d/%m/%Y``."""
    has_time: bool
    """Whether it holds a time of day."""
    digits: int | None
    """How many digits a text has whose parts touch each other (``%d%m%Y``): only they tell them apart."""

    def read(self, text: str) -> dt.datetime | None:
        """Return the moment that a text of this form names, ``None`` for a text of another form.

        Raises:
            ValueError: The text has this form, and calendar or clock has no such thing.
        """
        if self.digits is not None and sum(map(str.isdigit, text)) != self.digits:
            return None
        plain = text
        if re.search("%[bB]", self.text):
            names = calendar.month_name if "%B" in self.text else calendar.month_abbr
            plain = _MONTH_RE.sub(lambda month: names[_MONTHS[month[1].lower()]], text)
            plain = re.sub(r"\b1er\b", "1", plain)
        plain = re.sub(r"\b([ap])\.?m\.?(?!\w)", r"\1m", plain, flags=re.IGNORECASE)
        try:
            moment = dt.datetime.strptime(plain, self.text)  # noqa: DTZ007 - most have no zone
        except ValueError as error:
            if str(error).startswith(("time data", "unconverted data")):
                return None
            raise
        if (
            re.search("%[aA]", self.text)
            and calendar.day_abbr[moment.weekday()] not in plain.title()
        ):
            raise ValueError(text)  # day and month may be turned
        return moment


@dataclass(frozen=True, slots=True)
class _Moment:
    at: dt.datetime
    """With its zone where the text names one and the mapping none."""
    has_time: bool
    short: bool = False
    """Whether its year has two digits."""
    moved: bool = False
    """Whether it was put from another zone into that of the mapping."""


def compile_format(text: str) -> DateFormat:
    """Return a date format that reads English names, in any case, and French ones of months.

    Known are ``%d %m %Y %y %b %B %a %A %H %I %M %S %f %p %z %%``. Days, months and hours may lack
    their leading zero (``3/4/2001``), unless digits of the next part follow without anything between.

    Raises:
        ValueError: The format is unusable; the message is one sentence for the mapping's author.
    """
    seen = re.findall("%(.?)", text.replace("%%", ""), re.DOTALL)
    if not seen:
        raise ValueError("a date format is written with % codes, like %d/%m/%Y.")
    for directive in seen:
        if directive not in _KNOWN or not directive:
            known = " ".join(f"%{name}" for name in _KNOWN)
            raise ValueError(
                f"%{directive} is not a part of a date format here; known are {known}."
            )
    packed = re.search(r"%[YymdHIMSf]%[YymdHIMSf]", text)
    width = sum(_WIDTHS.get(directive, 0) for directive in seen)
    made = DateFormat(text, bool({*seen} & {*"HIMSfzp"}), width if packed else None)
    try:
        read = made.read(_PROBE.strftime(text))
    except (ValueError, re.error):
        read = None
    clock = _PROBE.hour if made.has_time else 0
    if read is None or (read.date(), read.hour) != (_PROBE.date(), clock):
        raise ValueError(
            "a date format needs year, month and day, each once, and beside a time of day its hour (%H, "
            "or %I with %p)."
        )
    # A workbook's true dates arrive as ISO texts.
    for iso in ("2001-02-03", "2001-02-03 04:05:06", "2001-02-03T04:05:06"):
        if made.read(iso) not in {None, dt.datetime.fromisoformat(iso)}:
            raise ValueError(
                "this date format reads yyyy-mm-dd in another way than the calendar's."
            )
    return made


def parse_date(
    text: str,
    formats: Sequence[DateFormat] = (),
    *,
    timezone: ZoneInfo | None = None,
    today: dt.date | None = None,
) -> str | Refusal:
    """Return a date as ``yyyy-mm-dd``.

    ISO texts need no format; a midnight behind the date is dropped. Of several formats the first that gives a
    day of the calendar counts. A moment with ``Z`` or an offset must be midnight in ``timezone``; without that
    it is refused. A year of two digits that would lie after ``today`` is of the century before.
    """
    moment = _read(text, formats, timezone)
    if isinstance(moment, Refusal):
        return moment
    at = moment.at
    if at.tzinfo is not None:
        return _DATE_HAS_ZONE
    if at.time() != dt.time():
        return _NOT_MIDNIGHT if moment.moved else _HAS_TIME
    before = moment.short and today is not None and at.date() > today
    return f"{at.year - 100 * before:04}{at.date().isoformat()[4:]}"


def parse_datetime(
    text: str,
    formats: Sequence[DateFormat] = (),
    *,
    time: dt.time | None = None,
    timezone: ZoneInfo | None = None,
    midnight: bool = False,
) -> str | Refusal | Warned:
    """Return a date-time as ``yyyy-mm-ddThh:mm:ss``, without a zone.

    A text that is a date alone, or with ``midnight`` one at 00:00:00, gets ``time``; without that it is refused.
    One with ``Z`` or an offset is converted to ``timezone``, or refused. Others stay as they are; one that
    the zone's clocks skip is warned of.
    """
    moment = _read(text, formats, timezone)
    if isinstance(moment, Refusal):
        return _OF_MOMENTS.get(moment, moment)
    at = moment.at
    if not moment.has_time or (midnight and at.time() == dt.time()):
        if time is None:
            return _NO_TIME
        at = dt.datetime.combine(at.date(), time, at.tzinfo)
    if at.microsecond:
        return _FRACTION
    if at.tzinfo is not None:
        return _HAS_ZONE
    written = at.isoformat(timespec="seconds")
    return Warned(written, _SKIPPED) if timezone and _is_skipped(at, timezone) else written


def _is_skipped(local: dt.datetime, timezone: ZoneInfo) -> bool:
    """Whether the clocks of a zone are put forward over this time."""
    with suppress(OverflowError):  # a permit without an end has the last day that there is
        moment = local.replace(tzinfo=timezone).astimezone(dt.UTC)
        return moment.astimezone(timezone).replace(tzinfo=None) != local
    return False


def is_midnight(
    text: str, formats: Sequence[DateFormat], timezone: ZoneInfo | None = None
) -> bool | None:
    """Whether the time behind a date is 00:00:00; ``None`` for a date alone, 9999-12-31 and what is no date."""
    moment = _read(text, formats, timezone)
    if isinstance(moment, Refusal) or moment.at.date() == dt.date.max:
        return None
    told = moment.has_time and moment.at.tzinfo is None
    return moment.at.time() == dt.time() if told else None


def read_turned(texts: Sequence[str], formats: Sequence[DateFormat]) -> dict[str, Refusal]:
    """Return those of a column's distinct texts whose day and month these forms may take for each other, and why."""
    found = [each for each in map(_NUMBERS_RE.fullmatch, texts) if each]

    def reads(text: re.Match[str], at: int) -> bool:
        """Whether this part of a text is taken for the day, or the text for no date."""
        moment = _read(text[0], formats)
        return isinstance(moment, Refusal) or moment.at.day == int(text[at])

    # Where the form begins with the year, 26/09/01 proves nothing.
    proven = [
        at
        for at in (1, 3)
        if any(int(m[at]) > _MONTHS_A_YEAR >= int(m[4 - at]) and reads(m, at) for m in found)
    ]
    either = [m for m in found if int(m[1]) != int(m[3])]
    either = [m for m in either if max(int(m[1]), int(m[3])) <= _MONTHS_A_YEAR] if proven else []
    if proven[1:]:
        return {m[0]: _BOTH_ORDERS for m in either}
    return {m[0]: _READ_TURNED for m in either if not reads(m, proven[0])}


def days_turned(texts: pd.Series[str], true: npt.NDArray[np.bool_]) -> bool:
    """Whether a column shows that its true dates are texts whose day was taken for the month.

    A program that expects the month first makes dates of 03/02/2001 and leaves 20/02/2001 as text; one that
    expects the day first leaves 02/20/2001. True dates are shown in ISO form.
    """
    if max((text[8:10] for text in texts[true].tolist()), default="99") > str(_MONTHS_A_YEAR):
        return False
    written = [text for text in texts[~true].tolist() if re.search("[0-9].*[^0-9].*[0-9]", text)]
    found = [each for each in map(_NUMBERS_RE.fullmatch, written) if each]
    above = [{part for part in (1, 3) if int(each[part]) > _MONTHS_A_YEAR} for each in found]
    return len(found) == len(written) > 0 and bool(set.intersection(*above))


def _read(
    text: str, formats: Sequence[DateFormat], timezone: ZoneInfo | None = None
) -> _Moment | Refusal:
    """Return the moment that a text names, on the clocks of the zone, or why it names none."""
    moment = _in_its_own_zone(text, formats)
    if isinstance(moment, Refusal) or moment.at.tzinfo is None or timezone is None:
        return moment
    try:
        local = moment.at.astimezone(timezone).replace(tzinfo=None)
    except (OverflowError, ValueError):  # past the calendar's ends
        return _NO_SUCH_DAY
    return replace(moment, at=local, moved=True)


def _in_its_own_zone(text: str, formats: Sequence[DateFormat]) -> _Moment | Refusal:
    if re.search(r"[T ]24:00", text):
        return _NO_HOUR_24
    fitted = False
    iso = _ISO_RE.fullmatch(text)
    if iso is not None:
        day, clock, zone = iso.groups()
        whole = f"{day}T{clock or '00:00'}{zone or ''}".upper().replace(",", ".")
        try:
            return _Moment(dt.datetime.fromisoformat(whole), clock is not None)
        except ValueError:
            fitted = True
    for known in formats:
        try:
            moment = known.read(text)
        except ValueError:
            fitted = True
            continue
        if moment is not None:
            return _Moment(moment, known.has_time, "%y" in known.text)
    return _NO_SUCH_DAY if fitted else _no_form(text, formats)


def _no_form(text: str, formats: Sequence[DateFormat]) -> Refusal:
    """Return why a text has none of the forms."""
    longer = len(text) + 1
    for known in formats if text.isdigit() else ():
        with suppress(ValueError):
            if known.read(text.zfill(longer)) is not None:
                return Refusal(
                    "this date has lost the zero at its front.",
                    f"Give it back with `pad: {longer}` in the mapping.",
                )
    if _SERIAL_RE.fullmatch(text):
        return _A_NUMBER
    if formats:
        return _OFF_FORMS
    numbers = _NUMBERS_RE.fullmatch(text)
    days = {int(numbers[1]), int(numbers[3])} if numbers else {0}
    return _TWO_WAYS if len(days) > 1 and max(days) <= _MONTHS_A_YEAR else _NO_DATE
