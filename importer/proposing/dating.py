"""In which form a column writes its dates, and how sure that is."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from importer.mapping.dates import DateFormat, compile_format, parse_datetime
from importer.proposing.profiles import Profile
from importer.proposing.vocabulary import means

_DAYS: Final = (
    "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d",
    "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%d-%B-%Y", "%d. %B %Y", "%d de %B de %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y",
    "%d/%b/%Y", "%d%b%Y", "%d-%B-%y", "%d/%b/%y", "%d %b %y", "%Y-%b-%d", "%b-%d-%Y", "%b/%d/%Y",
    "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%d.%m.%y",
)  # fmt: skip
_CLOCKS: Final = (
    "", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %I:%M %p", " %H:%M:%S.%f",
)  # fmt: skip
_FIRST, _SAMPLE = 60, 1000
_LETTERS_RE: Final = re.compile(r"[^\W\d_]{3,}\.?")
_MIDNIGHT_RE: Final = re.compile(
    r"(?<![0-9:])(?:00?:00(?::00(?:\.0+)?)?(?: ?a\.?m\.?)?|12:00(?::00)? ?a\.?m\.?)$", re.IGNORECASE
)
_ZONED_RE: Final = re.compile(r"[0-9](?:Z|[+-][0-9]{2}:?[0-9]{2})$")
_ENGLISH_RE: Final = re.compile("jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec", re.IGNORECASE)
"""Short names that a form reads as they are."""
_ISO: Final = ""
_UTC: Final = ZoneInfo("UTC")
_MIDNIGHT: Final = dt.time()
_TWINS: Final = {"%d/%m": "%m/%d", "%d-%m": "%m-%d", "%m/%d": "%d/%m", "%m-%d": "%d-%m"}


@dataclass(frozen=True, slots=True)
class Dates:
    """How the dates of a column are written."""

    form: str
    """In codes, as a mapping takes it; empty where ISO or true dates need none."""
    other: str = ""
    """The form that reads every one of them too, with days for months."""
    proof: int = 0
    """How many rows only this form reads."""
    strange: tuple[str, ...] = ()
    """Texts that are no dates."""
    first: str = ""
    last: str = ""
    months: Mapping[str, str] = field(default_factory=dict)
    """Names of months in another language, and in English."""
    timed: bool = True
    """Whether the dates have a time of day."""
    midnight: bool = False
    """Whether every one has a time of day, and it is 00:00."""
    zoned: bool = False
    """Whether times name a zone."""


def read_dates(counts: Mapping[str, int]) -> Dates:
    """Return in which form the values are written.

    Args:
        counts: Distinct value → rows.
    """
    months = _months(list(counts)[:_SAMPLE])
    texts = {text: _english(text, months) for text in counts}
    sample = list(texts.values())[:_SAMPLE]
    few = sample[:_FIRST]
    clocks = _CLOCKS if any(":" in text for text in few) else ("",)
    forms = (day + clock for clock in clocks for day in _DAYS)
    tried = {form: _reading(few, form) for form in forms}
    good = [form for form, read in tried.items() if read and read >= max(tried.values()) / 2]
    scores = {form: _reading(sample, form) for form in (*good, _ISO)}
    # ISO texts are read beside any form, so that a form must read more than they.
    best = max(scores, key=lambda form: (scores[form], form == _ISO))
    # The form with days for months; none where no other can be meant.
    twin = next((best.replace(one, two) for one, two in _TWINS.items() if one in best), "")
    both = twin and scores.get(twin, 0) == scores[best] > scores[_ISO]
    read = {text: read_date(english, best) for text, english in texts.items()}
    days = sorted(value[:10] for value in read.values() if value)
    alone = [text for text in texts if twin and read[text] and not read_date(texts[text], twin)]
    timed = [text for text in texts.values() if ":" in text]
    return Dates(
        form=best, other=twin if both else "", months=months,
        proof=sum(counts[text] for text in alone),
        strange=tuple(text for text, value in read.items() if not value),
        first=days[0] if days else "", last=days[-1] if days else "",
        timed=any(":" in text for text in sample),
        midnight=bool(days and timed) and all(map(_MIDNIGHT_RE.search, timed)),
        zoned=any(map(_ZONED_RE.search, sample)),
    )  # fmt: skip


def proven_form(profiles: Sequence[Profile]) -> str:
    """Return the form of dates of the first column whose values leave no doubt; empty without one."""
    read = (read_dates(profile.counts) for profile in profiles)
    return next((d.form for d in read if d.form and d.proof and not d.other), "")


@cache
def _compiled(form: str) -> tuple[DateFormat, ...]:
    return (compile_format(form),) if form else ()


def read_date(text: str, form: str = "", time: dt.time = _MIDNIGHT) -> str:
    """Return a date or time as it would be sent, empty where the form, and ISO, do not read it."""
    value = parse_datetime(text, _compiled(form), time=time, timezone=_UTC)
    return value if isinstance(value, str) else ""


def _reading(texts: Sequence[str], form: str) -> int:
    return sum(bool(read_date(text, form)) for text in texts)


def _months(sample: Sequence[str]) -> dict[str, str]:
    words = (word for text in sample for word in _LETTERS_RE.findall(text))
    found = {w: means("months", w) or "" for w in words if not _ENGLISH_RE.fullmatch(w)}
    first = {"1er ": "1 "} if any("1er " in text for text in sample) else {}
    return {word: english for word, english in found.items() if english} | first


def _english(text: str, months: Mapping[str, str]) -> str:
    for word, english in months.items():
        text = text.replace(word, english)
    return text
