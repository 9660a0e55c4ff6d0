"""What an office confirmed, kept in ``mappings/glossary.yaml`` from one file to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from importer.errors import InputError
from importer.mapping.document import read_document
from importer.proposing.answers import COLUMNS, FIELDS, ROWS, VALUES, Answers
from importer.proposing.fields import not_a_field
from importer.proposing.mapping_file import yaml_block
from schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from importer.proposing.answers import Key

_DEPTHS: Final = {COLUMNS: (2,), FIELDS: (2,), VALUES: (3,), ROWS: (2, 3)}
_HEAD: Final = """\
# What this office has confirmed: which column is which field, what its values mean, what holds for all.
# `opscom-import map` starts from it and asks less. Correct it freely; a line that goes is asked again.
"""


def load_glossary(path: Path) -> dict[str, Answers]:
    """Return endpoint → what the office confirmed; nothing where there is no glossary.

    Raises:
        MappingError: The file is no YAML.
        InputError: A part of it is not in its place, or names a field that OPSCOM does not have.
    """
    if not path.is_file():
        return {}
    document = read_document(path)
    faults = [(fault.line or 1, fault.message) for fault in document.faults]
    found: dict[str, Answers] = {}
    for endpoint, parts in document.data.items():
        if endpoint == "version":
            continue
        known = endpoint in TABLES
        leaves = dict(_leaves((), parts)) if known else {}
        wrong = {key: _fault(endpoint, key, text) for key, text in leaves.items()}
        if not known:
            wrong = {(): f"`{endpoint}` is none of {', '.join(TABLES)}"}
        faults += [
            (document.line((endpoint, *key)), fault) for key, fault in wrong.items() if fault
        ]
        found[endpoint] = Answers({key: text or "" for key, text in leaves.items()})
    if faults:
        line, what = min(faults)
        raise InputError(
            f"{path.name}, line {line}: {what.removesuffix('.')}.",
            hint="Correct or remove the line; what is gone is asked again.",
        )
    return found


def _fault(endpoint: str, key: Key, text: str | None) -> str:
    if text is None or len(key) not in _DEPTHS.get("".join(key[:1]), ()):
        return f"`{'.'.join((endpoint, *key))}` is not in its place"
    return not_a_field(text, endpoint) if key[0] == COLUMNS else ""


def _leaves(place: Key, value: object) -> Iterator[tuple[Key, str | None]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves((*place, key), inner)
    else:
        yield place, value if isinstance(value, str) else None


def save_glossary(path: Path, glossary: Mapping[str, Answers]) -> None:
    """Write what the office confirmed, whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    data: dict[str, object] = {"version": "1"}
    for endpoint, answers in glossary.items():
        for key, text in answers.given.items():
            inner: dict[str, object] = data
            for name in (endpoint, *key[:-1]):
                inner = inner.setdefault(name, {})  # type: ignore[assignment]
            inner[key[-1]] = text
    partial = path.with_name(path.name + ".part")
    partial.write_text(_HEAD + yaml_block(data), encoding="utf-8", newline="\n")
    partial.replace(path)
