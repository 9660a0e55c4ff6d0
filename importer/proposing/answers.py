"""What a person said: the answers of this file, and those that the office keeps in its glossary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from importer.errors import InputError
from importer.mapping.document import read_document
from importer.proposing.mapping_file import yaml_block
from importer.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

COLUMNS, VALUES, FIELDS, ROWS = "columns", "values", "fields", "rows"
_DEPTHS: Final = {COLUMNS: (2,), FIELDS: (2,), VALUES: (3,), ROWS: (2, 3)}
_HEAD: Final = """\
# What this office has confirmed: which column is which field, what its values mean, what holds for all.
# `opscom-import map` starts from it and asks less. Correct it freely; a line that goes is asked again.
"""

Key = tuple[str, ...]
"""Where an answer belongs: ``("columns", header)``, ``("values", header, value)``, ``("fields", field)``,
``("rows", header, value)`` or ``("rows", "repeated")``."""


def _folded(key: Key) -> Key:
    return tuple(map(fold, key))


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers about the rows of one endpoint; keys match as headers do."""

    given: Mapping[Key, str] = field(default_factory=dict)
    """Key as written → answer."""
    _known: dict[Key, str] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Note the keys as they match."""
        self._known.update((_folded(key), text) for key, text in self.given.items())

    def get(self, *key: str) -> str | None:
        """Return the answer of a key, ``None`` where nobody said."""
        return self._known.get(_folded(key))

    def put(self, key: Key, answer: str) -> Answers:
        """Return these answers and one more."""
        return Answers({key: answer}).over(self)

    def over(self, older: Answers) -> Answers:
        """Return older answers with these put over them."""
        kept = {key: text for key, text in older.given.items() if _folded(key) not in self._known}
        return Answers({**kept, **self.given})

    @property
    def columns(self) -> dict[str, str]:
        """Folded header → field, or ``not sent``."""
        return {key[1]: text for key, text in self._known.items() if key[0] == COLUMNS}


def load_glossary(path: Path) -> dict[str, Answers]:
    """Return endpoint → what the office confirmed; nothing where there is no glossary.

    Raises:
        MappingError: The file is no YAML.
        InputError: A part of it is not in its place, or names a field that OPSCOM does not have.
    """
    if not path.is_file():
        return {}
    from importer.proposing.fields import not_a_field
    from schemas import TABLES

    document = read_document(path)
    faults = [(fault.line or 1, fault.message.rstrip(".")) for fault in document.faults]
    found: dict[str, Answers] = {}
    for endpoint, parts in document.data.items():
        if endpoint == "version":
            continue
        if endpoint not in TABLES:
            line = document.line((endpoint,))
            faults.append((line, f"`{endpoint}` is none of {', '.join(TABLES)}"))
            continue
        given: dict[Key, str] = {}
        for key, text in _leaves((), parts):
            line = document.line((endpoint, *key))
            fault = ""
            if text is None or len(key) not in _DEPTHS.get("".join(key[:1]), ()):
                fault = f"`{'.'.join((endpoint, *key))}` is not in its place"
            elif key[0] == COLUMNS:
                fault = not_a_field(text, endpoint)
            if fault:
                faults.append((line, fault.removesuffix(".")))
            given[key] = text or ""
        found[endpoint] = Answers(given)
    if faults:
        line, what = min(faults)
        raise InputError(
            f"{path.name}, line {line}: {what}.",
            hint="Correct or remove the line; what is gone is asked again.",
        )
    return found


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
