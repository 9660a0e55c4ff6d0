"""The words that offices write over their columns, from ``words/``: a file per language, and one of systems.

A header is taken apart into words: ``StudentID``, ``STUDENT_ID`` and "Student-ID" are ``student`` and
``id``, and so is ``N° étudiant`` but for ``id``, because a language's words stand for English ones.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Final = Path(__file__).parent / "words"
LANGUAGES: Final = ("english", "french", "spanish", "german")
_SECTIONS: Final = ("users", "vehicles", "permits", "permit-updates")
_NOTE_RE: Final = re.compile(r"[(\[{][^)\]}]*[)\]}]?")
_MARK_RE: Final = re.compile(r"(?:^|(?<=[\s_.-]))n\s*[°º]|№", re.IGNORECASE)
_PIECE_RE: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|#")
_MONEY_RE: Final = re.compile(r"^\W*[$€£]\W*$")
_SHORTEST, _LONG = 3, 7


@dataclass(frozen=True, slots=True)
class Phrase:
    """A header as words, their order not counting."""

    words: frozenset[str]
    field: str
    """The field that it means; of columns that are not sent the reason."""
    sure: bool = True
    """Whether it means the field beyond doubt, or only may."""


@dataclass(slots=True)
class Language:
    """What one language knows; those of other languages stand on the English one."""

    name: str
    spellings: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    """Words as written, without accents → the words that they stand for."""
    stop: set[str] = field(default_factory=set)
    harmless: set[str] = field(default_factory=set)
    better: set[str] = field(default_factory=set)
    """Words that tell the better of two columns of one field."""
    worse: set[str] = field(default_factory=set)
    about: dict[str, set[str]] = field(default_factory=dict)
    """``students``, ``staff``, ``status`` → words of headers that tell of these."""
    others: list[Phrase] = field(default_factory=list)
    never: list[Phrase] = field(default_factory=list)
    unsent: list[Phrase] = field(default_factory=list)
    fields: dict[str, list[Phrase]] = field(default_factory=dict)
    """Endpoint → phrases."""
    beside: dict[tuple[str, str], list[frozenset[str]]] = field(default_factory=dict)
    """(endpoint, field) → words beside which a header does not mean it."""
    known: set[str] = field(default_factory=set)
    """Every word that stands in some phrase."""

    def words(self, header: str) -> tuple[str, ...]:
        """Return the words of a header, once each, without notes in brackets unless nothing else is there."""
        return self.all_words(_NOTE_RE.sub(" ", header)) or self.all_words(header)

    def means(self, text: str) -> frozenset[str]:
        """Return what the words of a phrase of the vocabulary stand for."""
        return frozenset(_once(self._spelled(pieces(text))))

    def all_words(self, text: str) -> tuple[str, ...]:
        """Return the words of a header with those in brackets."""
        text = _MONEY_RE.sub("amount", text)
        found: list[str] = []
        for piece in self._joined(pieces(text)):
            found += [piece] if piece in self.known else self._split(piece)
        spelled = self._spelled(found)
        return _once(spelled)

    def _joined(self, parts: list[str]) -> list[str]:
        """Return the pieces, single letters joined: E-mail, D.O.B., S S N."""
        joined: list[str] = []
        letters = ""
        for part in [*parts, ""]:
            if len(part) == 1 and part.isalpha():
                letters += part
                continue
            mail = part == "mail" and letters.endswith("e")
            joined += filter(None, (letters[: -1 if mail else None], "email" if mail else part))
            letters = ""
        return joined

    def _spelled(self, parts: list[str]) -> list[str]:
        """Return the words with every spelling replaced by what it stands for, the longest first."""
        # Between the words of a spelling a stop word may stand, permis (de) conduire, or be one of them.
        once = self._replaced(parts, shortest=2)
        bare = [word for word in once if word not in self.stop]
        # What a spelling stands for may be a spelling itself: personalnummer, personnel number, employee number.
        return self._replaced(self._replaced(bare or once))

    def _replaced(self, parts: list[str], shortest: int = 1) -> list[str]:
        spelled: list[str] = []
        at = 0
        while at < len(parts):
            for length in (3, 2, 1):
                part = tuple(parts[at : at + length])
                known = length >= shortest and part in self.spellings
                if len(part) == length and (known or length == 1):
                    spelled += self.spellings[part] if known else part
                    at += length
                    break
        return spelled

    def _split(self, piece: str) -> list[str]:
        """Return a run of letters as known words where it is made of them: ``emailaddress``."""
        short = len(piece) < _LONG or not piece.isalpha()
        return [piece] if short or (piece,) in self.spellings else self._parts(piece) or [piece]

    def _parts(self, rest: str) -> list[str] | None:
        for end in range(len(rest), 1, -1):
            word = rest[:end]
            whole = word in self.known or (word,) in self.spellings or word in self.stop
            if whole and (end >= _SHORTEST or word in {"id", "no"}):
                more = self._parts(rest[end:])
                if more is not None:
                    return [word, *more]
        return None if rest else []


def _once(words: list[str]) -> tuple[str, ...]:
    """Return each word once, but for a second ``name``: "Nom, prénom" are two names."""
    numbered = [
        "namename" if word == "name" and "name" in words[:at] else word
        for at, word in enumerate(words)
    ]
    return tuple(dict.fromkeys(numbered))


def pieces(text: str) -> list[str]:
    """Return the runs of letters and digits of a text, in lower case without accents."""
    text = unicodedata.normalize("NFKD", _MARK_RE.sub(" # ", text))
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = text.replace("œ", "oe").replace("ß", "ss")
    return [piece.lower() for piece in _PIECE_RE.findall(text)]


def squeezed(header: str) -> str:
    """Return a header without anything but its letters and digits, for names that a program gives."""
    return "".join(pieces(header))


@cache
def languages() -> Mapping[str, Language]:
    """Return what each language knows, by its name, English first."""
    english = _read(LANGUAGES[0], None)
    return {LANGUAGES[0]: english} | {name: _read(name, english) for name in LANGUAGES[1:]}


@cache
def systems() -> Mapping[str, Mapping[str, str]]:
    """Return endpoint → squeezed header → field, for columns that programs name in their own way."""
    return {
        endpoint: {squeezed(header): field for header, field in names.items()}
        for endpoint, names in load_words("systems").items()
    }


def load_words(name: str) -> dict[str, dict[str, str]]:
    """Return a file of words as written."""
    # No word is a number or a boolean here: `no` is one of the words for number.
    text = (WORDS / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str]] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    return loaded


def _read(name: str, base: Language | None) -> Language:
    """Return a language, with what English knows but for phrases that mean another field in it."""
    data: dict[str, object] = dict(load_words(name))
    made = Language(name)
    if base is not None:
        made.spellings |= base.spellings
        made.stop |= base.stop
    made.stop |= {word for text in listed(data["stop"]) for word in pieces(text)}
    for word, spellings in _dict(data["words"]).items():
        for spelling in filter(pieces, listed(spellings)):
            made.spellings[tuple(pieces(spelling))] = tuple(pieces(word))
    for part in ("harmless", "better", "worse"):
        words = set().union(*map(made.means, listed(data[part])))
        setattr(made, part, words | (getattr(base, part) if base else set()))
    for whom, texts in _dict(data.get("about", {})).items():
        made.about[whom] = set().union(*map(made.means, listed(texts)))
    for part in ("others", "never"):
        own = [
            Phrase(made.means(t), why) for why, ts in _dict(data[part]).items() for t in listed(ts)
        ]
        setattr(made, part, own + (getattr(base, part) if base else []))
    made.unsent = [Phrase(made.means(text), "unsent") for text in listed(data["unsent"])]
    made.unsent += base.unsent if base else []
    for endpoint in _SECTIONS:
        _read_fields(made, base, endpoint, _dict(data.get(endpoint, {})))
    phrases = [*made.others, *made.never, *made.unsent, *chain(*made.fields.values())]
    made.known = set().union(made.harmless, *(p.words for p in phrases), *made.spellings.values())
    return made


def _read_fields(
    made: Language, base: Language | None, endpoint: str, data: dict[str, object]
) -> None:
    phrases = made.fields.setdefault(endpoint, [])
    for name, part in data.items():
        said = _dict(part)
        for key in ("means", "may mean"):
            texts = listed(said.get(key, []))
            phrases += [Phrase(made.means(text), name, sure=key == "means") for text in texts]
        made.beside[endpoint, name] = [
            made.means(text) for text in listed(said.get("not with", []))
        ]
    if base is None:
        return
    own = {phrase.words for phrase in phrases}
    phrases += [phrase for phrase in base.fields[endpoint] if phrase.words not in own]
    for place, beside in base.beside.items():
        if place[0] == endpoint:
            made.beside[place] = [*made.beside.get(place, []), *beside]


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[str]:
    """Return texts: of a list, of lists in a list, or of one text with commas."""
    if isinstance(value, str):
        return [text.strip() for text in value.split(",") if text.strip()]
    return [text for item in value for text in listed(item)] if isinstance(value, list) else []
