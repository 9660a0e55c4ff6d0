"""A mapping file → ``Mapping``, or one error that lists everything wrong with it; and which columns it means."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pydantic import ValidationError

from importer.errors import InputError
from importer.mapping.convert import compile_steps, convert
from importer.mapping.document import did_you_mean, mapping_error, read_document
from importer.mapping.model import MappingFile, RulePart, SkipPart, validate
from importer.model import Refusal, Warned
from importer.schema import Field, Kind, Need
from importer.text import clean, fold
from schemas import TABLES

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Iterator
    from pathlib import Path

    from importer.mapping.document import Document, Fault, Place
    from importer.model import Column, Sheet
    from importer.schema import Table

_SOURCES = ("column", "first_of", "join", "value")
_FOR_KINDS = {
    "date": ({Kind.DATE, Kind.DATETIME}, "a date"),
    "time": ({Kind.DATETIME}, "a date with a time"),
    "midnight": ({Kind.DATETIME}, "a date with a time"),
    "timezone": ({Kind.DATE, Kind.DATETIME}, "a date"),
    "decimal": ({Kind.AMOUNT}, "an amount"),
}
_NOT_BESIDE_VALUE = {"lookup", "if_invalid", "optional", "as_shown", "truncate"}
_NUMBERED_RE = re.compile(r"(.*\S)\s*#([1-9][0-9]{0,3})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one field comes from, and what is done to its text."""

    name: str
    """As written in the mapping: the field's name or one of its aliases."""
    field: Field
    part: RulePart
    """A constant stands in ``value`` as it is sent, already converted."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a sheet's columns become the fields of an endpoint."""

    path: Path
    file: MappingFile
    """What it says besides its rules and defaults."""
    table: Table
    """The endpoint's page of the vendor."""
    rules: tuple[Rule, ...]
    """In the vendor's order of fields; of one field the rule under its first name comes first."""
    defaults: abc.Mapping[str, str] = field(default_factory=dict)
    """Field (its first name) → value for rows that have none, as it is sent."""
    open_questions: tuple[str, ...] = ()
    """What ``map`` could not know, with its line and what to do; a mapping that has any is not used."""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.path.stem if self.file.name is None else clean(self.file.name)

    def is_for(self, file_name: str) -> bool:
        """Return whether ``match`` allows a file of this name; without ``match`` it does.

        Patterns are those of a shell (``*``, ``?``, ``[…]``); case does not count.
        """
        match = self.file.match
        names = ("*",) if match is None else match.files
        return any(fnmatchcase(fold(file_name), fold(pattern)) for pattern in names)

    @property
    def endpoint(self) -> str:
        """Our name of the endpoint."""
        return self.table.endpoint

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every field that a rule or a default gives, in the vendor's order."""
        given = {*self.defaults, *(rule.field.name for rule in self.rules)}
        return tuple(known for known in self.table.fields if known.name in given)

    @property
    def deletes(self) -> bool:
        """Whether what its rows list is deleted."""
        return self.table.policy is not None and self.table.policy.deletes

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header that a sheet must have, once, with ``#n`` as written.

        In the vendor's order of the fields, then those of ``skip_rows``.
        """
        rules = (rule.part for rule in self.rules if not rule.part.optional)
        parts: tuple[RulePart | SkipPart, ...] = (*rules, *self.file.skip_rows)
        return tuple(dict.fromkeys(header for part in parts for header in part.headers))

    @property
    def all_headers(self) -> tuple[str, ...]:
        """The same with the optional ones behind."""
        more = (header for rule in self.rules for header in rule.part.headers)
        return tuple(dict.fromkeys((*self.headers, *more)))


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Args:
        path: A YAML file in UTF-8, at most 1 MiB.

    Raises:
        MappingError: The file has faults. The message lists them in the order of the file, one a line,
            each with file, line, place and remedy; what the keys of one rule say of each other is
            told once each of them is sound.
    """
    document = read_document(path)
    faults = list(document.faults)
    file = validate(document, MappingFile, faults)
    endpoint = document.data.get("endpoint")
    table = TABLES.get(endpoint) if isinstance(endpoint, str) else None
    if table is None:
        raise mapping_error(path, faults)
    rules = list(_rules(document, table, faults))
    if file is None:
        raise mapping_error(path, faults)
    for at, skip in enumerate(file.skip_rows):
        for key, message in _about_skip(skip):
            faults.append(document.fault(("skip_rows", at, *key), message))
    asked = [
        document.fault(
            ("ask", at),
            f"this is not answered yet: {each.question} Run `opscom-import map` with the file, or "
            "answer it here and remove the entry.",
        )
        for at, each in enumerate(file.ask)
    ]
    defaults = _defaults(document, file, table, faults)
    rules = [_finished(rule, file, document, faults) for rule in rules]
    if faults:
        raise mapping_error(path, faults)
    order = {known.name: at for at, known in enumerate(table.fields)}
    rules.sort(key=lambda rule: (order[rule.field.name], rule.name != rule.field.name))
    questions = mapping_error(path, asked).message.splitlines() if asked else ()
    return Mapping(path, file, table, tuple(rules), defaults, tuple(questions))


def _rules(document: Document, table: Table, faults: list[Fault]) -> Iterator[Rule]:
    """Yield the sound rules as they are written."""
    fields = document.data.get("fields")
    for name, given in fields.items() if isinstance(fields, dict) else ():
        place = ("fields", name)
        known = _field(name, table, document, place, faults)
        try:
            data = {"column": given} if isinstance(given, str) else given
            part = RulePart.model_validate(data)
        except ValidationError:
            continue  # what is wrong with its form is told already
        if known is None:
            continue
        faults += [
            document.fault((*place, *key), message) for key, message in _about(name, known, part)
        ]
        yield Rule(name, known, part)


def _field(
    name: str, table: Table, document: Document, place: Place, faults: list[Fault]
) -> Field | None:
    """Return the field of that name; note a fault where OPSCOM has none."""
    known = table.field(name)
    if known is None:
        message = "this comes from the settings and is never mapped. Remove it."
        if name not in {"apiToken", "api_token", "client"}:
            message = (
                f"OPSCOM's {table.endpoint} have no field of this name."
                f"{did_you_mean(name, table.names)} `opscom-import fields {table.endpoint}` lists them."
            )
        faults.append(document.fault(place, message))
    return known


def _about(name: str, known: Field, part: RulePart) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong with a rule beyond the form of its keys."""
    given = part.model_fields_set
    sources = [key for key in _SOURCES if key in given]
    if not sources:
        yield (), "there is no source. Give `column`, `first_of`, `join` or `value`."
    for second in sources[1:]:
        message = f"`{sources[0]}` and `{second}` both say where the value comes from. Keep one."
        yield (second,), message
    yield from _about_field(name, known, part)
    for key, attribute, other in (
        ("else", "otherwise", "lookup"),
        ("separator", "separator", "join"),
    ):
        if attribute in given and other not in given:
            yield (key,), f"`{key}` goes with `{other}`. Remove it."
    for key in _NOT_BESIDE_VALUE & given if part.value is not None else ():
        yield (key,), f"a constant `value` takes no `{key}`. Remove it."


def _about_field(name: str, known: Field, part: RulePart) -> Iterator[tuple[Place, str]]:
    """Yield the keys that the field has no use for."""
    for key, (kinds, what) in _FOR_KINDS.items():
        if key in part.model_fields_set and known.kind not in kinds:
            yield (key,), f"`{key}` is for {what}, which {name} is not. Remove it."
    days = known.kind is Kind.DATETIME and part.time is None
    for at, form in enumerate(part.date if days else ()):
        if not form.has_time:
            yield ("date", at), "this date format has no time of day. Add it, or give `time`."
    if part.truncate and not known.may_be_cut:
        yield ("truncate",), f"{name} cannot be cut: OPSCOM takes it whole. Remove it."
    needed = known.need not in {Need.OPTIONAL, Need.EXPECTED}
    for key, value in (("if_invalid", part.if_invalid), ("else", part.otherwise)):
        if needed and value == "omit":
            yield (key,), f"OPSCOM needs {name}, so it cannot be left out. Remove it."
    if part.lookup == "user-types" and known.name != "user_type_id":
        yield ("lookup",), f"`lookup: user-types` is for user_type_id alone, not {name}."


def _finished(rule: Rule, file: MappingFile, document: Document, faults: list[Fault]) -> Rule:
    """Return a rule with what the top of the file says, and its constant as it is sent."""
    part, known = rule.part, rule.field
    if part.value is not None:
        place = ("fields", rule.name, "value")
        value = _constant(part.value, part, known)
        if isinstance(value, Refusal):
            faults.append(document.fault(place, f"{value.message} Correct the value."))
        elif not value:
            message = "a constant must not be blank. Write a value, or remove the rule."
            faults.append(document.fault(place, message))
        return Rule(rule.name, known, RulePart(value=str(value)))
    blanks = part.blank_if + (file.blank_if if known.kind is not Kind.NAME else ())
    part = part.model_copy(
        update={
            "blank_if": tuple(map(clean, blanks)),
            "midnight": part.midnight or file.midnight,
        }
    )
    return Rule(rule.name, known, part)


def _defaults(
    document: Document, file: MappingFile, table: Table, faults: list[Fault]
) -> dict[str, str]:
    """Return the values for rows that have none, under the fields' first names."""
    defaults: dict[str, str] = {}
    for name, text in (file.defaults or {}).items():
        place = ("defaults", name)
        known = _field(name, table, document, place, faults)
        if known is None:
            continue
        value = _constant(text, RulePart(), known)
        if isinstance(value, Refusal):
            message = f"{value.message} Correct the value."
        elif not value:
            message = "a default must not be blank. Remove it."
        elif known.name in defaults:
            message = f"this is another name of {known.name}, which has a default. Remove one."
        else:
            defaults[known.name] = value
            continue
        faults.append(document.fault(place, message))
    return defaults


def _constant(text: str, part: RulePart, known: Field) -> str | Refusal:
    """Return a constant as it is sent; of what would be a warning at a cell a mapping is not told."""
    made = convert(clean(text), compile_steps(part, known))
    return made.text if isinstance(made, Warned) else made


def _about_skip(part: SkipPart) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong with an entry of ``skip_rows`` beyond the form of its keys."""
    given = part.model_fields_set
    if given & {"struck", "fill"}:
        if len(given) > 1:
            yield (), "`struck` or `fill` stands alone, in an entry of its own."
    elif ("columns" in given) == ("column" in given):
        yield (), "name either `column` or `columns`."
    elif (part.blank is None) == (part.matches is None):
        yield (), "say either `blank: true` or `matches`."
    elif part.matches is not None and part.column is None:
        yield ("matches",), "`matches` goes with `column`, for one column."


def columns_of_header(header: str, columns: abc.Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns that a header of a mapping means, from left to right.

    ``Phone#2`` is the second column headed ``Phone``, unless a column is headed so to the letter.
    More than one column means that the mapping must number the header.
    """
    exact = tuple(column for column in columns if fold(column.header) == fold(header))
    numbered = _NUMBERED_RE.fullmatch(header.strip())
    if exact or numbered is None:
        return exact
    same = [column for column in columns if fold(column.header) == fold(numbered[1])]
    at = int(numbered[2]) - 1
    return tuple(same[at : at + 1])


def missing_headers(mapping: Mapping, columns: abc.Sequence[Column]) -> tuple[str, ...]:
    """Return the mapped headers that no column has, as written, in the order of the mapping."""
    return tuple(header for header in mapping.headers if not columns_of_header(header, columns))


def locate(mapping: Mapping, sheet: Sheet) -> dict[str, int]:
    """Return each mapped header's column position; optional ones may be missing.

    Raises:
        InputError: A header stands over several columns and has no number.
    """
    found: dict[str, int] = {}
    for header in mapping.all_headers:
        columns = columns_of_header(header, sheet.columns)
        if len(columns) > 1:
            letters = ", ".join(column.letter for column in columns)
            place = (
                sheet.source.name if sheet.name is None else f"{sheet.source.name}, {sheet.name}"
            )
            raise InputError(
                f'{place}: the header "{header}" stands over several columns ({letters}).',
                hint=f'Write "{header}#1" for the first, "{header}#2" for the second, and so on, '
                f"in the mapping {mapping.path.name}.",
            )
        if columns:
            found[header] = columns[0].position
    return found
