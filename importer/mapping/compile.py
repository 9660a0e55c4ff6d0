"""One rule of a mapping file → ``Rule``, with everything that its field cannot take."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass, field

from importer.mapping.convert import compile_steps, convert
from importer.mapping.dates import DateFormat, compile_format
from importer.mapping.faults import Place, did_you_mean
from importer.mapping.model import RulePart, SkipPart, listed
from importer.mapping.refusal import Refusal
from importer.mapping.rules import Constant, Filled, Joined, Rule, SkipRows, Steps, Take
from importer.schema import Field, Kind, Need
from importer.text import clean, fold

_SOURCES = ("column", "first_of", "join", "value")
_MOST_PADDED = 255
_TIME_RE = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?", re.ASCII)


@dataclass(slots=True)
class Compiled:
    """A rule or a skipping of rows, with the faults found on the way."""

    faults: list[tuple[Place, str]] = field(default_factory=list)
    """Place within the part, sentence."""

    def fault(self, message: str, *place: str | int) -> None:
        """Note a fault."""
        self.faults.append((place, message))


def compile_rule(
    name: str, known: Field, part: RulePart, compiled: Compiled, *, partial: bool = False
) -> Rule | None:
    """Return the rule of a field, ``None`` where it has no sound source.

    Args:
        name: The field's name as written in the mapping.
        known: The field.
        part: The rule's keys.
        compiled: Takes the faults.
        partial: Whether keys of the rule were dropped because their form was wrong.
    """
    _check_kind(name, known, part, compiled)
    steps = Steps(
        blank_if=frozenset(clean(text) for text in listed(part.blank_if)),
        extract=_pattern(part.extract, "extract", compiled, groups=1),
        replace=_pieces(part, compiled),
        convert=listed(part.convert),
        lookup=_lookup(name, known, part, compiled),
        lookup_user_types=part.lookup == "user-types",
        pad=_pad(part, compiled),
        date=_formats(known, part, compiled),
        time=_time(part, compiled),
        timezone=_zone(part, compiled),
        decimal=part.decimal or ".",
        truncate=part.truncate,
    )
    take = _take(part, known, steps, compiled, partial=partial)
    omit = part.if_invalid == "omit"
    return None if take is None else Rule(name, known, take, steps, omit)


def compile_skip(part: SkipPart, compiled: Compiled) -> SkipRows | None:
    """Return which rows a part passes over, ``None`` where it is not sound."""
    headers = listed(part.columns) + listed(part.column)
    _check_headers(part.columns, "columns", compiled)
    if part.column is not None and not part.column.strip():
        compiled.fault("a header must not be blank.", "column")
    if (part.columns is None) == (part.column is None):
        compiled.fault("name either `column` or `columns`.")
    elif part.blank is False:
        compiled.fault("only `blank: true` passes rows over.", "blank")
    elif (part.blank is None) == (part.matches is None):
        compiled.fault("say either `blank: true` or `matches`.")
    elif part.matches is not None and part.column is None:
        compiled.fault("`matches` goes with `column`, for one column.", "matches")
    pattern = _pattern(part.matches, "matches", compiled)
    return None if compiled.faults else SkipRows(headers, pattern)


def constant(value: str, known: Field, steps: Steps) -> str | Refusal:
    """Return a value of the mapping itself as it is sent."""
    return convert(clean(value), compile_steps(steps, known))


def _check_kind(name: str, known: Field, part: RulePart, compiled: Compiled) -> None:
    dated = known.kind in {Kind.DATE, Kind.DATETIME}
    timed = known.kind is Kind.DATETIME
    for key, given, fits, what in (
        ("date", part.date, dated, "a date"),
        ("time", part.time, timed, "a date with a time"),
        ("timezone", part.timezone, timed, "a date with a time"),
        ("decimal", part.decimal, known.kind is Kind.AMOUNT, "an amount"),
    ):
        if given is not None and not fits:
            compiled.fault(f"`{key}` is for {what}, and {name} is none. Remove it.", key)
    if part.truncate and (known.max_length is None or known.kind is not Kind.TEXT):
        compiled.fault(f"{name} cannot be cut: OPSCOM takes it whole. Remove it.", "truncate")
    if part.if_invalid is not None and known.need not in {Need.OPTIONAL, Need.EXPECTED}:
        compiled.fault(f"OPSCOM needs {name}, so it cannot be left out. Remove it.", "if_invalid")


def _take(
    part: RulePart, known: Field, steps: Steps, compiled: Compiled, *, partial: bool
) -> Take | None:
    sources = [key for key in _SOURCES if getattr(part, key) is not None]
    if not sources and not partial:
        compiled.fault("there is no source. Give `column`, `first_of`, `join` or `value`.")
    for second in sources[1:]:
        message = f"`{sources[0]}` and `{second}` both say where the value comes from. Keep one."
        compiled.fault(message, second)
    if part.separator is not None and part.join is None:
        compiled.fault("`separator` goes with `join`. Remove it.", "separator")
    _check_headers(part.first_of, "first_of", compiled)
    _check_headers(part.join, "join", compiled)
    if part.value is not None:
        return _constant(part, known, steps, compiled)
    if part.column is not None:
        if not part.column.strip():
            compiled.fault("a header must not be blank.", "column")
        return Filled((part.column,))
    if part.first_of is not None:
        return Filled(part.first_of)
    if part.join is not None:
        return Joined(part.join, " " if part.separator is None else part.separator)
    return None


def _check_headers(headers: tuple[str, ...] | None, key: str, compiled: Compiled) -> None:
    seen: set[str] = set()
    for at, header in enumerate(headers or ()):
        if not header.strip():
            compiled.fault("a header must not be blank.", key, at)
        elif fold(header) in seen:
            compiled.fault("this header stands in the list already. Remove one.", key, at)
        seen.add(fold(header))


def _constant(part: RulePart, known: Field, steps: Steps, compiled: Compiled) -> Take:
    if part.lookup is not None:
        compiled.fault("a constant `value` takes no `lookup`. Write the value itself.", "lookup")
    if part.if_invalid is not None:
        compiled.fault("a constant `value` takes no `if_invalid`. Remove it.", "if_invalid")
    if compiled.faults:
        return Constant("")
    value = constant(part.value or "", known, steps)
    if isinstance(value, Refusal):
        compiled.fault(f"{value.message} Correct the value.", "value")
        return Constant("")
    if not value:
        compiled.fault("a constant must not be blank. Write a value, or remove the rule.", "value")
    if part.truncate and known.max_length is not None and len(value) > known.max_length:
        compiled.fault(f"OPSCOM takes {known.max_length} characters here. Shorten it.", "value")
    return Constant(value)


def _pattern(
    text: str | None, key: str, compiled: Compiled, *, groups: int | None = None
) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        reason = error.msg if isinstance(error, re.error) else "too large"
        compiled.fault(f"this is no valid regular expression ({reason}). Correct it.", key)
        return None
    if groups is not None and pattern.groups != groups:
        compiled.fault("this needs exactly one group ( ); use (?: ) for others.", key)
        return None
    return pattern


def _pieces(part: RulePart, compiled: Compiled) -> dict[str, str]:
    pieces = dict(part.replace or {})
    if "" in pieces:
        compiled.fault("a piece to replace must not be blank.", "replace", "")
    return pieces


def _lookup(name: str, known: Field, part: RulePart, compiled: Compiled) -> dict[str, str] | None:
    if part.lookup == "user-types" and known.name != "user_type_id":
        compiled.fault(f"`lookup: user-types` is for user_type_id alone, not {name}.", "lookup")
    if part.lookup is None or isinstance(part.lookup, str):
        return None
    seen: set[str] = set()
    for entry in part.lookup:
        if fold(entry) in seen:
            message = "this name stands here already, but for case and blanks. Remove one."
            compiled.fault(message, "lookup", entry)
        seen.add(fold(entry))
    return {clean(entry): clean(value) for entry, value in part.lookup.items()}


def _pad(part: RulePart, compiled: Compiled) -> int | None:
    if part.pad is not None and part.pad > _MOST_PADDED:
        compiled.fault(f"no field takes more than {_MOST_PADDED} digits.", "pad")
        return None
    return part.pad


def _formats(known: Field, part: RulePart, compiled: Compiled) -> tuple[DateFormat, ...]:
    formats: list[DateFormat] = []
    for at, text in enumerate(listed(part.date)):
        place = ("date",) if isinstance(part.date, str) else ("date", at)
        try:
            made = compile_format(text)
        except ValueError as error:
            compiled.fault(str(error), *place)
            continue
        if known.kind is Kind.DATETIME and part.time is None and not made.has_time:
            compiled.fault("this date format has no time of day. Add it, or give `time`.", *place)
        formats.append(made)
    return tuple(formats)


def _time(part: RulePart, compiled: Compiled) -> dt.time | None:
    if part.time is None:
        return None
    found = _TIME_RE.fullmatch(part.time)
    if found is None:
        compiled.fault('this is no time of day. Write it like "08:30:00".', "time")
        return None
    return dt.time(int(found[1]), int(found[2]), int(found[3] or 0))


def _zone(part: RulePart, compiled: Compiled) -> zoneinfo.ZoneInfo | None:
    if part.timezone is None:
        return None
    known = zoneinfo.available_timezones()
    if part.timezone not in known:
        offer = did_you_mean(part.timezone, sorted(known))
        compiled.fault(f"there is no such time zone, like America/Toronto.{offer}", "timezone")
        return None
    return zoneinfo.ZoneInfo(part.timezone)
