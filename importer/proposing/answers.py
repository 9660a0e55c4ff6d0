"""What a person said: the answers of this file, and those that the office keeps in its glossary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from importer.errors import InputError
from importer.mapping.document import read_document
from importer.proposing.writing import yaml_block
from importer.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

COLUMNS, VALUES, FIELDS, ROWS = "columns", "values", "fields", "rows"
_HEAD: Final = """\
# What this office has confirmed: which column is which field, what its values mean, what holds for all.
# `opscom-import map` starts from it and asks less. Correct it freely; a line that goes is asked again.
"""
_REPEATED: Final = "repeated"

Key = tuple[str, ...]
"""Where an answer belongs: ``("columns", header)``, ``("values", header, value)``, ``("fields", field)``,
``("rows", header, value)`` or ``("rows", "repeated")``."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers about the rows of one endpoint; keys match as headers do."""

    given: Mapping[Key, str] = field(default_factory=dict)
    """Key as written → answer."""

    def get(self, *key: str) -> str | None:
        """Return the answer of a key, ``None`` where nobody said."""
        wanted = tuple(map(fold, key))
        return next(
            (text for known, text in self.given.items() if tuple(map(fold, known)) == wanted), None
        )

    def put(self, key: Key, answer: str) -> Answers:
        """Return these answers and one more."""
        wanted = tuple(map(fold, key))
        kept = {
            known: text for known, text in self.given.items() if tuple(map(fold, known)) != wanted
        }
        return Answers({**kept, key: answer})

    def over(self, older: Answers) -> Answers:
        """Return older answers with these put over them."""
        made = older
        for key, text in self.given.items():
            made = made.put(key, text)
        return made

    @property
    def columns(self) -> dict[str, str]:
        """Folded header → field, or ``not sent``."""
        return {fold(key[1]): text for key, text in self.given.items() if key[0] == COLUMNS}


def load_glossary(path: Path) -> dict[str, Answers]:
    """Return endpoint → what the office confirmed; nothing where there is no glossary.

    Raises:
        MappingError: The file is no YAML.
        InputError: A part of it is not in its place.
    """
    if not path.is_file():
        return {}
    from schemas import TABLES

    document = read_document(path)
    found: dict[str, Answers] = {}
    for endpoint, parts in document.data.items():
        if endpoint == "version":
            continue
        if endpoint not in TABLES or not isinstance(parts, dict):
            raise _broken(
                path, document.line((endpoint,)), f"`{endpoint}` is none of {', '.join(TABLES)}"
            )
        given: dict[Key, str] = {}
        for key, text in _leaves((), parts):
            if text is None or not _is_key(key):
                place = ".".join((endpoint, *key))
                raise _broken(
                    path, document.line((endpoint, *key)), f"`{place}` is not in its place"
                )
            given[key] = text
        found[endpoint] = Answers(given)
    if document.faults:
        raise _broken(path, document.faults[0].line or 1, document.faults[0].message.rstrip("."))
    return found


def _broken(path: Path, line: int, what: str) -> InputError:
    return InputError(
        f"{path.name}, line {line}: {what}.",
        hint="Mend or remove the line; what is gone is asked again.",
    )


def _is_key(key: Key) -> bool:
    lengths = {COLUMNS: (2,), FIELDS: (2,), VALUES: (3,), ROWS: (2, 3)}
    return len(key) in lengths.get(key[0], ())


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
        part: dict[str, object] = {}
        for key, text in answers.given.items():
            inner = part
            for name in key[:-1]:
                inner = inner.setdefault(name, {})  # type: ignore[assignment]
            inner[key[-1]] = text
        if part:
            data[endpoint] = part
    partial = path.with_name(path.name + ".part")
    partial.write_text(_HEAD + yaml_block(data), encoding="utf-8", newline="\n")
    partial.replace(path)
