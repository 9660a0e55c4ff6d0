"""A mapping file → ``Mapping``, or one error that lists everything wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.mapping.compile import Compiled, compile_rule, compile_skip, constant
from importer.mapping.document import read_document
from importer.mapping.faults import did_you_mean, mapping_error
from importer.mapping.model import MappingFile, RulePart, listed
from importer.mapping.refusal import Refusal
from importer.mapping.rules import Mapping, Rule, SkipRows, Steps
from importer.mapping.validate import validate
from importer.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from importer.mapping.document import Document
    from importer.mapping.faults import Fault, Place
    from importer.schema import Field, Table


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
    file, faults, broken = validate(document)
    faults += document.faults
    endpoint = document.data.get("endpoint")
    table = TABLES.get(endpoint) if isinstance(endpoint, str) else None
    if file is None:
        raise mapping_error(path, faults)
    skips = _skips(document, file, faults, broken)
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
        header_row=file.header_row,
        skip_rows=tuple(skips),
        defaults=defaults,
        duplicates=file.duplicates,
        blanks=file.blanks,
    )


def _skips(
    document: Document, file: MappingFile, faults: list[Fault], broken: set[Place]
) -> list[SkipRows]:
    skips: list[SkipRows] = []
    for at, part in enumerate(file.skip_rows or ()):
        place = ("skip_rows", at)
        if any(other[:2] == place for other in broken):
            continue
        compiled = Compiled()
        skip = compile_skip(part, compiled)
        faults += [document.fault((*place, *key), text) for key, text in compiled.faults]
        if skip is not None:
            skips.append(skip)
    return skips


def _rules(
    document: Document, file: MappingFile, table: Table, faults: list[Fault], broken: set[Place]
) -> list[Rule]:
    """Return the sound rules in the vendor's order; of one field, its first name's rule first."""
    rules: list[Rule] = []
    for name, given in file.fields.items():
        place = ("fields", name)
        if place not in document.lines:
            continue
        known = _field(document, name, place, table, faults)
        if known is None:
            continue
        compiled = Compiled()
        part = RulePart(column=given) if isinstance(given, str) else given
        partial = any(other[:2] == place for other in broken)
        rule = compile_rule(name, known, part, compiled, partial=partial)
        short = isinstance(given, str)
        faults += [
            document.fault(place if short else (*place, *key), text)
            for key, text in compiled.faults
        ]
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
        place = ("defaults", name)
        known = _field(document, name, place, table, faults)
        if known is None:
            continue
        value = constant(text, known, Steps())
        if isinstance(value, Refusal):
            faults.append(document.fault(place, f"{value.message} Correct the value."))
        elif not value:
            faults.append(document.fault(place, "a default must not be blank. Remove it."))
        elif known.name in defaults:
            message = f"this is another name of {known.name}, which has a default. Remove one."
            faults.append(document.fault(place, message))
        else:
            defaults[known.name] = value
    return defaults


def _field(
    document: Document, name: str, place: Place, table: Table, faults: list[Fault]
) -> Field | None:
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
    faults.append(document.fault(place, message))
    return None
