"""What values mean in plain words: full time, left, free, none; from ``words/values.yaml``."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from importer.proposing.vocabulary import listed, load_words
from importer.text import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from importer.pulls.lists import UserType

_NAMES: Final = "user types"


def plain(text: str) -> str:
    """Return a value without capitals, accents, points, dashes and blanks, for comparing."""
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", fold(text)) if not unicodedata.combining(c)
    )
    return re.sub(r"[^\w$]+", "", bare) or bare.strip()


@cache
def _words(name: str) -> Mapping[str, str]:
    """Return plain word → meaning."""
    part: object = load_words("values")[name]
    if isinstance(part, dict):
        return {plain(word): meaning for meaning, words in part.items() for word in listed(words)}
    return {plain(word): name for word in listed(part)}


def means(name: str, text: str) -> str | None:
    """Return what a value means among ``user types``, ``currencies``, ``months``, ``left`` and the like."""
    return _words(name).get(plain(text))


@cache
def total_pattern() -> str:
    """Return the pattern of a cell that begins with a word for a total, in the syntax of RE2."""
    words = "|".join(map(re.escape, sorted(load_words("values")["totals"], key=len, reverse=True)))
    return rf"(?i)^\s*(?:(?:{words})\s*(?:$|[:=(0-9])|(?:grand |sub[ -]?|sous[ -]?)?total\b)"


def user_type(text: str, types: Sequence[UserType]) -> UserType | None:
    """Return OPSCOM's user type that a value names: by its name, its number, or in plain words.

    Words count only where one type alone has them.
    """
    wanted = plain(text)
    for names in ([(t, t.type_name) for t in types], [(t, t.id) for t in types]):
        same = [found for found, name in names if plain(name) == wanted]
        if len(same) == 1:
            return same[0]
    meaning = means(_NAMES, text)
    if meaning is None:
        return None
    alike = [found for found in types if _meanings(found.type_name) == {meaning}]
    if not alike:
        alike = [found for found in types if meaning in _meanings(found.type_name)]
    return alike[0] if len(alike) == 1 else None


def _meanings(name: str) -> set[str]:
    """Return everything that a type's name means, whole or by its words."""
    whole = means(_NAMES, name)
    words = {means(_NAMES, word) for word in name.split() if len(word) > 1}
    pairs = {
        means(_NAMES, " ".join(pair)) for pair in zip(name.split(), name.split()[1:], strict=False)
    }
    return {meaning for meaning in {whole, *words, *pairs} if meaning}
