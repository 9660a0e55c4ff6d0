"""What is wrong with a mapping file, told all at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from importer.errors import MappingError
from importer.text import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_WORD_RE = re.compile(r"[A-Z]*[^\W\d_A-Z]+|[A-Z]+|\d+")
_HALF = 0.5

Place: TypeAlias = tuple[str | int, ...]
"""Keys and list positions (from 0) that lead to a value of the file; empty for the whole file."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a mapping file."""

    line: int | None
    """Counted from 1; ``None`` where the whole file is meant."""
    place: Place
    message: str
    """What is wrong and what to do, whole sentences, the first in lower case."""


def spell(place: Place) -> str:
    """Return a place as people write it; list entries count from 1.

    >>> spell(("skip_rows", 1, "matches"))
    'skip_rows[2].matches'
    """
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return a sentence, with a blank before it, that offers the nearest name; empty without one."""
    known = list(names) if _WORD_RE.search(name) else []
    near = nearest(name, known) or _most_words(name, known)
    return "" if near is None else f" Did you mean {near}?"


def _most_words(name: str, names: Iterable[str]) -> str | None:
    """Return the name that shares the most words, more than half of all: birth_date, date_of_birth."""
    ours = _words(name)
    shares = {
        known: len(ours & _words(known)) / max(1, len(ours | _words(known))) for known in names
    }
    best = max(shares, key=lambda known: shares[known], default=None)
    return best if best is not None and shares[best] > _HALF else None


def _words(name: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD_RE.findall(name))


def mapping_error(path: Path, faults: Iterable[Fault]) -> MappingError:
    """Return one error that lists all faults, a line each, in the order of the file."""
    lines = []
    for fault in sorted(faults, key=lambda fault: (fault.line or 0, spell(fault.place))):
        where = [path.name]
        if fault.line is not None:
            where.append(f"line {fault.line}")
        if fault.place:
            where.append(spell(fault.place))
        lines.append(f"{', '.join(where)}: {fault.message}")
    return MappingError("\n".join(dict.fromkeys(lines)))
