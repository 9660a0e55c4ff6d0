"""A mapping file → ``Mapping``, or one error that lists everything wrong with it."""

from __future__ import annotations

import codecs
import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING

import regex

from importer.mapping.convert import compile_steps, convert
from importer.mapping.dates import DateFormat, compile_format
from importer.mapping.document import did_you_mean, mapping_error, read_document
from importer.mapping.model import STAND_INS, MappingFile, RulePart, SkipPart, listed, validate
from importer.mapping.rules import (
    Constant,
    Filled,
    Joined,
    Mapping,
    Refusal,
    Rule,
    SkipRows,
    Steps,
    Take,
    Warned,
)
from importer.schema import Field, Kind, Need
from importer.text import clean, fold

if TYPE_CHECKING:
    from pathlib import Path

    from importer.mapping.document import Document, Fault, Place
    from importer.schema import Table

_SOURCES = ("column", "first_of", "join", "value")
_MOST_PADDED = 255
_TIME_RE = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?", re.ASCII)
_COLOUR_RE = re.compile(r"#?([0-9A-Fa-f]{6})")


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Args:
        path: A YAML file in UTF-8, at most 1 MiB.

    Raises:
        MappingError: The file has faults. The message lists all of them in the order of the file,
            one a line, each with file, line, place and remedy.
    """
    from schemas import TABLES

    document = read_document(path)
    file, faults, broken = validate(document, MappingFile, STAND_INS)
    faults += document.faults
    endpoint = document.data.get("endpoint")
    table = TABLES.get(endpoint) if isinstance(endpoint, str) else None
    if file is None:
        raise mapping_error(path, faults)
    skips = []
    for at, part in enumerate(file.skip_rows or ()):
        place = ("skip_rows", at)
        if not any(other[:2] == place for other in broken):
            skips.append(_skip(part, _Spot(document, faults, place)))
    for at, open_ in enumerate(file.ask or ()):
        message = (
            f"this is not answered yet: {open_.question} Run `opscom-import map` with the file, or "
        )
        faults.append(document.fault(("ask", at), message + "answer it here and remove the entry."))
    encoding = _encoding(file, _Spot(document, faults, ()))
    if table is None:
        raise mapping_error(path, faults)
    rules = _rules(document, file, table, faults, broken)
    defaults = _defaults(document, file, table, faults)
    if faults:
        raise mapping_error(path, faults)
    return Mapping(
        path=path,
        name=path.stem if file.name is None else clean(file.name),
        table=table,
        rules=tuple(rules),
        match=None if file.match is None else listed(file.match.files),
        sheets=listed(file.sheet),
        encoding=encoding,
        header_rows=listed(file.header_row),
        skip_rows=tuple(skips),
        defaults=defaults,
        duplicates=file.duplicates,
        blanks=file.blanks,
    )


@dataclass(frozen=True, slots=True)
class _Spot:
    """A part of the file, where faults are noted."""

    document: Document
    faults: list[Fault]
    place: Place

    def fault(self, message: str, *inner: str | int) -> None:
        """Note a fault at a place within the part."""
        self.faults.append(self.document.fault((*self.place, *inner), message))


def _encoding(file: MappingFile, spot: _Spot) -> str | None:
    if file.encoding is None:
        return None
    try:
        return codecs.lookup(file.encoding).name
    except LookupError:
        spot.fault("there is no such encoding, like utf-8 or windows-1252.", "encoding")
        return None


def _rules(
    document: Document, file: MappingFile, table: Table, faults: list[Fault], broken: set[Place]
) -> list[Rule]:
    """Return the sound rules in the vendor's order; of one field, its first name's rule first."""
    rules: list[Rule] = []
    for name, given in file.fields.items():
        place = ("fields", name)
        if place not in document.lines:
            continue
        known = _field(name, table, _Spot(document, faults, place))
        if known is None:
            continue
        part = RulePart(column=given) if isinstance(given, str) else given
        partial = any(other[:2] == place for other in broken)
        spot = _Spot(document, faults, place)
        if isinstance(given, str) and not given.strip():
            spot.fault("a header must not be blank.")
            continue
        rule = _rule(name, known, part, file, spot, partial=partial)
        if rule is not None:
            rules.append(rule)
    order = {known.name: at for at, known in enumerate(table.fields)}
    rules.sort(key=lambda rule: (order[rule.field.name], rule.name != rule.field.name))
    return rules


def _defaults(
    document: Document, file: MappingFile, table: Table, faults: list[Fault]
) -> dict[str, str]:
    """Return the values for rows that have none, under the fields' first names."""
    defaults: dict[str, str] = {}
    for name, text in (file.defaults or {}).items():
        spot = _Spot(document, faults, ("defaults", name))
        known = _field(name, table, spot)
        if known is None:
            continue
        value = _constant_text(convert(clean(text), compile_steps(Steps(), known)))
        if isinstance(value, Refusal):
            spot.fault(f"{value.message} Correct the value.")
        elif not value:
            spot.fault("a default must not be blank. Remove it.")
        elif known.name in defaults:
            spot.fault(f"this is another name of {known.name}, which has a default. Remove one.")
        else:
            defaults[known.name] = value
    return defaults


def _field(name: str, table: Table, spot: _Spot) -> Field | None:
    """Return the field of that name; note a fault where OPSCOM has none."""
    known = table.field(name)
    if known is not None:
        return known
    if name in {"apiToken", "api_token", "client"}:
        message = "this comes from the settings and is never mapped. Remove it."
    else:
        message = f"OPSCOM's {table.endpoint} have no field of this name."
        message += did_you_mean(name, table.names)
        message += f" `opscom-import fields {table.endpoint}` lists them."
    spot.fault(message)
    return None


def _rule(  # noqa: PLR0913 - what a rule rests on, each by its name
    name: str, known: Field, part: RulePart, file: MappingFile, spot: _Spot, *, partial: bool
) -> Rule | None:
    """Return the rule of a field, ``None`` where it has no sound source.

    Args:
        name: The field's name as written in the mapping.
        known: The field.
        part: The rule's keys.
        file: The mapping file.
        spot: Takes the faults.
        partial: Whether keys of the rule were dropped because their form was wrong.
    """
    before = len(spot.faults)
    _check_kind(name, known, part, spot)
    blanks = listed(part.blank_if)
    if known.kind is not Kind.NAME:
        blanks += listed(file.blank_if)
    steps = Steps(
        blank_if=frozenset(clean(text) for text in blanks),
        extract=_pattern(part.extract, "extract", spot, groups=1),
        replace=_pieces(part, spot),
        convert=listed(part.convert),
        lookup=_lookup(name, known, part, spot),
        lookup_user_types=part.lookup == "user-types",
        otherwise=part.otherwise,
        pad=_pad(part, spot),
        date=_formats(known, part, spot),
        time=_time(part, spot),
        midnight=part.midnight or file.midnight,
        timezone=_zone(part, spot),
        decimal=part.decimal or ".",
        truncate=part.truncate,
    )
    sources = [key for key in _SOURCES if getattr(part, key) is not None]
    if not sources and not partial:
        spot.fault("there is no source. Give `column`, `first_of`, `join` or `value`.")
    for second in sources[1:]:
        message = f"`{sources[0]}` and `{second}` both say where the value comes from. Keep one."
        spot.fault(message, second)
    take = _take(part, spot)
    if isinstance(take, Constant):
        take = _constant(part, known, steps, spot, sound=len(spot.faults) == before)
    if take is None:
        return None
    return Rule(name, known, take, steps, part.if_invalid == "omit", part.optional, part.as_shown)


def _check_kind(name: str, known: Field, part: RulePart, spot: _Spot) -> None:
    """Note the keys that the field, or what else stands in the rule, has no use for."""
    dated = known.kind in {Kind.DATE, Kind.DATETIME}
    timed = known.kind is Kind.DATETIME
    for key, given, fits, what in (
        ("date", part.date, dated, "a date"),
        ("time", part.time, timed, "a date with a time"),
        ("midnight", part.midnight, timed, "a date with a time"),
        ("timezone", part.timezone, dated, "a date"),
        ("decimal", part.decimal, known.kind is Kind.AMOUNT, "an amount"),
    ):
        if given is not None and not fits:
            spot.fault(f"`{key}` is for {what}, which {name} is not. Remove it.", key)
    if part.truncate and not known.may_be_cut:
        spot.fault(f"{name} cannot be cut: OPSCOM takes it whole. Remove it.", "truncate")
    if known.need not in {Need.OPTIONAL, Need.EXPECTED}:
        for key, given in (("if_invalid", part.if_invalid), ("else", part.otherwise)):
            if given == "omit":
                spot.fault(f"OPSCOM needs {name}, so it cannot be left out. Remove it.", key)
    if part.otherwise is not None and part.lookup is None:
        spot.fault("`else` goes with `lookup`. Remove it.", "else")
    if part.separator is not None and part.join is None:
        spot.fault("`separator` goes with `join`. Remove it.", "separator")
    if part.value is not None:
        _check_constant(part, spot)


def _check_constant(part: RulePart, spot: _Spot) -> None:
    for key, given, instead in (
        ("lookup", part.lookup is not None, "Write the value itself."),
        ("if_invalid", part.if_invalid is not None, "Remove it."),
        ("optional", part.optional, "Remove it."),
        ("as_shown", part.as_shown, "Remove it."),
    ):
        if given:
            spot.fault(f"a constant `value` takes no `{key}`. {instead}", key)


def _take(part: RulePart, spot: _Spot) -> Take | None:
    _check_headers(part.first_of, "first_of", spot)
    _check_headers(part.join, "join", spot)
    if part.value is not None:
        return Constant(part.value)
    if part.column is not None:
        if not part.column.strip():
            spot.fault("a header must not be blank.", "column")
        return Filled((part.column,))
    if part.first_of is not None:
        return Filled(part.first_of)
    if part.join is not None:
        return Joined(part.join, " " if part.separator is None else part.separator)
    return None


def _check_headers(headers: tuple[str, ...] | None, key: str, spot: _Spot) -> None:
    seen: set[str] = set()
    for at, header in enumerate(headers or ()):
        if not header.strip():
            spot.fault("a header must not be blank.", key, at)
        elif fold(header) in seen:
            spot.fault("this header stands in the list already. Remove one.", key, at)
        seen.add(fold(header))


def _constant(part: RulePart, known: Field, steps: Steps, spot: _Spot, *, sound: bool) -> Take:
    """Return the constant as it is sent."""
    if not sound:
        return Constant("")
    value = _constant_text(convert(clean(part.value or ""), compile_steps(steps, known)))
    if isinstance(value, Refusal):
        spot.fault(f"{value.message} Correct the value.", "value")
        return Constant("")
    if not value:
        spot.fault("a constant must not be blank. Write a value, or remove the rule.", "value")
    if part.truncate and known.max_length is not None and len(value) > known.max_length:
        spot.fault(f"OPSCOM takes {known.max_length} characters here. Shorten it.", "value")
    return Constant(value)


def _constant_text(made: str | Refusal | Warned) -> str | Refusal:
    """Return a constant; what would be a warning at a cell is nothing that a mapping is told."""
    return made.text if isinstance(made, Warned) else made


def _skip(part: SkipPart, spot: _Spot) -> SkipRows:
    """Return which rows a part passes over."""
    if part.struck is not None or part.fill is not None:
        return _skip_looks(part, spot)
    _check_headers(part.columns, "columns", spot)
    if part.column is not None and not part.column.strip():
        spot.fault("a header must not be blank.", "column")
    if (part.columns is None) == (part.column is None):
        spot.fault("name either `column` or `columns`.")
    elif part.blank is False:
        spot.fault("only `blank: true` passes rows over.", "blank")
    elif (part.blank is None) == (part.matches is None):
        spot.fault("say either `blank: true` or `matches`.")
    elif part.matches is not None and part.column is None:
        spot.fault("`matches` goes with `column`, for one column.", "matches")
    pattern = _pattern(part.matches, "matches", spot)
    return SkipRows(listed(part.columns) + listed(part.column), pattern)


def _skip_looks(part: SkipPart, spot: _Spot) -> SkipRows:
    """Return rows to pass over by how they look."""
    others = [key for key in ("column", "columns", "blank", "matches") if getattr(part, key)]
    if others or (part.struck is not None and part.fill is not None):
        spot.fault("`struck` or `fill` stands alone, in an entry of its own.")
    if part.struck is False:
        spot.fault("only `struck: true` passes rows over.", "struck")
    colour = None if part.fill is None else _COLOUR_RE.fullmatch(part.fill)
    if part.fill is not None and colour is None:
        spot.fault("write the colour as six digits, like FF0000 for red.", "fill")
    return SkipRows(
        (), None, struck=bool(part.struck), fill=None if colour is None else colour[1].upper()
    )


def _pattern(
    text: str | None, key: str, spot: _Spot, *, groups: int | None = None
) -> regex.Pattern[str] | None:
    if text is None:
        return None
    try:
        pattern = regex.compile(text)
    except (regex.error, OverflowError, RecursionError) as error:
        reason = error.msg if isinstance(error, regex.error) else "too large"
        spot.fault(f"this is not a valid regular expression ({reason}). Correct it.", key)
        return None
    if groups is not None and pattern.groups != groups:
        spot.fault("this needs exactly one group ( ); use (?: ) for others.", key)
        return None
    return pattern


def _pieces(part: RulePart, spot: _Spot) -> dict[str, str]:
    pieces = dict(part.replace or {})
    if "" in pieces:
        spot.fault("a piece to replace must not be blank.", "replace", "")
    return pieces


def _lookup(name: str, known: Field, part: RulePart, spot: _Spot) -> dict[str, str] | None:
    if part.lookup == "user-types" and known.name != "user_type_id":
        spot.fault(f"`lookup: user-types` is for user_type_id alone, not {name}.", "lookup")
    if part.lookup is None or isinstance(part.lookup, str):
        return None
    seen: set[str] = set()
    for entry in part.lookup:
        if fold(entry) in seen:
            message = "this name stands here already, but for case and blanks. Remove one."
            spot.fault(message, "lookup", entry)
        seen.add(fold(entry))
    return {clean(entry): clean(value) for entry, value in part.lookup.items()}


def _pad(part: RulePart, spot: _Spot) -> int | None:
    if part.pad is not None and part.pad > _MOST_PADDED:
        spot.fault(f"no field takes more than {_MOST_PADDED} digits.", "pad")
        return None
    return part.pad


def _formats(known: Field, part: RulePart, spot: _Spot) -> tuple[DateFormat, ...]:
    formats: list[DateFormat] = []
    for at, text in enumerate(listed(part.date)):
        place = ("date",) if isinstance(part.date, str) else ("date", at)
        try:
            made = compile_format(text)
        except ValueError as error:
            spot.fault(str(error), *place)
            continue
        if known.kind is Kind.DATETIME and part.time is None and not made.has_time:
            spot.fault("this date format has no time of day. Add it, or give `time`.", *place)
        formats.append(made)
    return tuple(formats)


def _time(part: RulePart, spot: _Spot) -> dt.time | None:
    if part.time is None:
        return None
    found = _TIME_RE.fullmatch(part.time)
    if found is None:
        spot.fault('this is not a time of day. Write it like "08:30:00".', "time")
        return None
    return dt.time(int(found[1]), int(found[2]), int(found[3] or 0))


def _zone(part: RulePart, spot: _Spot) -> zoneinfo.ZoneInfo | None:
    if part.timezone is None:
        return None
    known = zoneinfo.available_timezones()
    if part.timezone not in known:
        offer = did_you_mean(part.timezone, sorted(known))
        spot.fault(f"there is no such time zone, like America/Toronto.{offer}", "timezone")
        return None
    return zoneinfo.ZoneInfo(part.timezone)
