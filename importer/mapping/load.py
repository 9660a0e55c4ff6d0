"""A mapping file → ``Mapping``, or one error that lists everything wrong with it; and which columns it means."""

import re
from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from importer.errors import InputError
from importer.mapping.convert import compile_steps, convert
from importer.mapping.document import (
    Document,
    Fault,
    Place,
    did_you_mean,
    mapping_error,
    read_document,
)
from importer.mapping.model import MappingFile, RulePart, SkipPart, validate
from importer.model import Column, Refusal, Sheet, Warned
from importer.schema import Field, Kind, Need, Table
from importer.text import clean, fold
from schemas import TABLES

_SOURCES = ("column", "first_of", "join", "value")
_DATES = {Kind.DATE, Kind.DATETIME}
_FOR_KINDS = {
    "date": _DATES,
    "time": {Kind.DATETIME},
    "midnight": {Kind.DATETIME},
    "timezone": _DATES,
    "decimal": {Kind.AMOUNT},
}
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
        match, name = self.file.match, fold(file_name)
        return match is None or any(fnmatchcase(name, fold(each)) for each in match.files)

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
        path: A YAML file in UTF-8.

    Raises:
        MappingError: The file has faults. The message lists them in the order of the file, one a line,
            each with file, line, place and remedy; what the keys say of each other is told once each
            of them is sound.
    """
    document = read_document(path)
    faults = list(document.faults)
    file = validate(document, MappingFile, faults)
    if file is None:
        raise mapping_error(path, faults)
    loader = _Loader(document, file, faults)
    rules, defaults = list(loader.rules()), loader.defaults()
    for at, skip in enumerate(file.skip_rows):
        for key, message in _about_skip(skip):
            loader.fault(("skip_rows", at, *key), message)
    if faults:
        raise mapping_error(path, faults)
    asked = [
        document.fault(
            ("ask", at),
            f"this is not answered yet: {each.question} Run `opscom-import map` with the file, or "
            "answer it here and remove the entry.",
        )
        for at, each in enumerate(file.ask)
    ]
    questions = mapping_error(path, asked).message.splitlines() if asked else ()
    order = {known.name: at for at, known in enumerate(loader.table.fields)}
    rules.sort(key=lambda rule: (order[rule.field.name], rule.name != rule.field.name))
    return Mapping(path, file, loader.table, tuple(rules), defaults, tuple(questions))


@dataclass(frozen=True, slots=True)
class _Loader:
    """A file whose form is sound, and what is wrong with what it says."""

    document: Document
    file: MappingFile
    faults: list[Fault]

    @property
    def table(self) -> Table:
        return TABLES[self.file.endpoint]

    def fault(self, place: Place, message: str) -> None:
        self.faults.append(self.document.fault(place, message))

    def rules(self) -> Iterator[Rule]:
        """Yield the rules as they are written, with what the top of the file says of all."""
        for name, part in self.file.fields.items():
            known = self._field("fields", name)
            if known is None:
                continue
            for key, message in _about(name, known, part):
                self.fault(("fields", name, *key), message)
            if part.value is not None:
                value = self._constant(("fields", name, "value"), part.value, part, known)
                yield Rule(name, known, RulePart(value=value))
                continue
            blanks = part.blank_if + (self.file.blank_if if known.kind is not Kind.NAME else ())
            more = {
                "blank_if": tuple(map(clean, blanks)),
                "midnight": part.midnight or self.file.midnight,
            }
            yield Rule(name, known, part.model_copy(update=more))

    def defaults(self) -> dict[str, str]:
        """Return the values for rows that have none, under the fields' first names."""
        defaults: dict[str, str] = {}
        for name, text in (self.file.defaults or {}).items():
            known = self._field("defaults", name)
            if known is not None:
                place = ("defaults", name)
                defaults[known.name] = self._constant(place, text, RulePart(), known)
        return defaults

    def _field(self, key: str, name: str) -> Field | None:
        """Return the field of that name; note a fault where OPSCOM has none."""
        known = self.table.field(name)
        if known is None:
            self.fault(
                (key, name),
                f"OPSCOM's {self.table.endpoint} have no field of this name."
                f"{did_you_mean(name, self.table.names)} `opscom-import fields "
                f"{self.table.endpoint}` lists them.",
            )
        return known

    def _constant(self, place: Place, text: str, part: RulePart, known: Field) -> str:
        """Return a constant as it is sent; of what would be a warning at a cell a mapping is not told."""
        made = convert(clean(text), compile_steps(part, known))
        if isinstance(made, Refusal):
            self.fault(place, f"{made.message} Correct the value.")
        elif not made:
            self.fault(place, "this must not be blank. Write a value, or remove it.")
        return made.text if isinstance(made, Warned) else str(made)


def _about(name: str, known: Field, part: RulePart) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong with a rule beyond the form of its keys."""
    sources = [key for key in _SOURCES if key in part.model_fields_set]
    if len(sources) != 1:
        yield (), "say one of `column`, `first_of`, `join` and `value`, where the value comes from."
    for key, kinds in _FOR_KINDS.items():
        if key in part.model_fields_set and known.kind not in kinds:
            yield (key,), f"`{key}` is for another kind of field than {name}. Remove it."
    if part.truncate and not known.may_be_cut:
        yield ("truncate",), f"{name} cannot be cut: OPSCOM takes it whole. Remove it."
    needed = known.need not in {Need.OPTIONAL, Need.EXPECTED}
    for key, value in (("if_invalid", part.if_invalid), ("else", part.otherwise)):
        if needed and value == "omit":
            yield (key,), f"OPSCOM needs {name}, so it cannot be left out. Remove it."
    if part.lookup == "user-types" and known.name != "user_type_id":
        yield ("lookup",), f"`lookup: user-types` is for user_type_id alone, not {name}."


def _about_skip(part: SkipPart) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong with an entry of ``skip_rows`` beyond the form of its keys."""
    if part.struck or part.fill:
        if len(part.model_fields_set) > 1:
            yield (), "`struck` or `fill` stands alone, in an entry of its own."
    elif bool(part.columns) == bool(part.column):
        yield (), "name either `column` or `columns`."
    elif part.blank == (part.matches is not None):
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
            raise InputError(
                f'{sheet.place(sheet.header_row)}: the header "{header}" stands over several columns ({letters}).',
                hint=f'Write "{header}#1" for the first, "{header}#2" for the second, and so on, '
                f"in the mapping {mapping.path.name}.",
            )
        if columns:
            found[header] = columns[0].position
    return found
