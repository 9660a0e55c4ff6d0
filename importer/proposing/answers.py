"""What a person said of a file, and what the office confirmed before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from importer.text import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS, VALUES, FIELDS, ROWS = "columns", "values", "fields", "rows"

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
