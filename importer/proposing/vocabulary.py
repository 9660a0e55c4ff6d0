"""The words that offices write over and into their columns, from ``words/``: a file per language, of systems, of values.

A header is taken apart into words: ``StudentID``, ``STUDENT_ID`` and "Student-ID" are ``student`` and
``id``, and so is ``N° étudiant`` but for ``id``, because a language's words stand for English ones.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Final

import yaml

from importer.text import fold
from importer.workspace import UserType

WORDS: Final = Path(__file__).parent / "words"
LANGUAGES: Final = ("english", "french", "spanish", "german")
_SECTIONS: Final = ("users", "vehicles", "permits", "permit-updates")
_CHANGED: Final = ("endTime", "plate", "amount", "currency")
"""Fields of a permit that an update has too, under the same words."""
_NOTE_RE: Final = re.compile(r"[(\[{][^)\]}]*[)\]}]?")
_MARK_RE: Final = re.compile(r"(?:^|(?<=[\s_.-]))n\s*[°º]|№", re.IGNORECASE)
# UdeM and UofT are one word.
_PIECE_RE: Final = re.compile(r"U(?:de|of)[A-Z]+|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|#")
_MONEY_RE: Final = re.compile(r"^[^\w$€£]*[$€£]\W*$")
_SHORTEST, _LONG, _LONGEST = 3, 7, 40


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
    """What one language knows; the others know what English knows too."""

    name: str
    spellings: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    """Words as written, without accents → the words that they stand for."""
    stop: set[str] = field(default_factory=set)
    sets: dict[str, set[str]] = field(default_factory=dict)
    """``harmless``; ``better`` and ``worse`` of two columns of one field; words that tell of ``students``,
    ``staff``, ``status`` or ``grades``; ``dating``: words that alone say that it is another date."""
    phrases: dict[str, list[Phrase]] = field(default_factory=dict)
    """Endpoint, ``others``, ``never`` or ``unsent`` → phrases."""
    beside: dict[tuple[str, str], list[frozenset[str]]] = field(default_factory=dict)
    """(endpoint, field) → words beside which a header does not mean it."""
    known: set[str] = field(default_factory=set)
    """Every word that stands in some phrase."""

    def words(self, header: str) -> tuple[str, ...]:
        """Return the words of a header, once each, without notes in brackets unless nothing else is there."""
        return self.all_words(_NOTE_RE.sub(" ", header)) or self.all_words(header)

    def all_words(self, text: str) -> tuple[str, ...]:
        """Return the words of a header with those in brackets."""
        found: list[str] = []
        for piece in _letters_joined(pieces(_MONEY_RE.sub("amount", text))):
            found += [piece] if piece in self.known else self._split(piece)
        return _once(self._spelled(found))

    def read(self, texts: object, meant: str, *, sure: bool = True) -> list[Phrase]:
        """Return texts of the vocabulary as phrases that mean something."""
        made = (frozenset(_once(self._spelled(pieces(text)))) for text in _listed(texts))
        return [Phrase(words, meant, sure) for words in made if words]

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
            longest = range(min(3, len(parts) - at), shortest - 1, -1)
            length = next((n for n in longest if tuple(parts[at : at + n]) in self.spellings), 0)
            part = tuple(parts[at : at + (length or 1)])
            spelled += self.spellings[part] if length else part
            at += len(part)
        return spelled

    def _split(self, piece: str) -> list[str]:
        """Return a run of letters as known words where it is made of them: ``emailaddress``."""
        whole = not (_LONG <= len(piece) <= _LONGEST and piece.isalpha())
        return [piece] if whole or (piece,) in self.spellings else self._parts(piece) or [piece]

    def _parts(self, rest: str) -> list[str] | None:
        for end in range(len(rest), 1, -1):
            word = rest[:end]
            whole = word in self.known or (word,) in self.spellings or word in self.stop
            if whole and (end >= _SHORTEST or word in {"id", "no"}):
                more = self._parts(rest[end:])
                if more is not None:
                    return [word, *more]
        return None if rest else []


def _letters_joined(parts: list[str]) -> list[str]:
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


def _once(words: list[str]) -> tuple[str, ...]:
    """Return each word once, but for a second ``name``: "Nom, prénom" are two names."""
    second = ["namename"] if words.count("name") > 1 else []
    return tuple(dict.fromkeys([*words, *second]))


def _unaccented(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def pieces(text: str) -> list[str]:
    """Return the runs of letters and digits of a text, in lower case without accents."""
    text = _unaccented(_MARK_RE.sub(" # ", text)).replace("œ", "oe").replace("ß", "ss")
    return [piece.lower() for piece in _PIECE_RE.findall(text)]


def squeezed(header: str) -> str:
    """Return a header without anything but its letters and digits, for names that a program gives."""
    return "".join(pieces(header))


def _load(name: str) -> dict[str, Any]:
    # No word is a number or a boolean here: `no` is one of the words for number.
    text = (WORDS / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    return loaded


def _listed(value: object) -> list[str]:
    """Return texts: of a list, of lists in a list, or of one text with commas."""
    if isinstance(value, str):
        return [text.strip() for text in value.split(",") if text.strip()]
    return [text for item in value for text in _listed(item)] if isinstance(value, list) else []


@cache
def languages() -> Mapping[str, Language]:
    """Return what each language knows, by its name, English first."""
    english = _read(Language(LANGUAGES[0]))
    others = (replace(deepcopy(english), name=name) for name in LANGUAGES[1:])
    return {made.name: made for made in (english, *map(_read, others))}


@cache
def systems() -> Mapping[str, Mapping[str, str]]:
    """Return endpoint → squeezed header → field, for columns that programs name in their own way."""
    return {
        endpoint: {squeezed(header): field for header, field in names.items()}
        for endpoint, names in _load("systems").items()
    }


def _read(made: Language) -> Language:
    """Add a language's own words, before what it knows already."""
    data = _load(made.name)
    made.stop |= set(chain(*map(pieces, _listed(data["stop"]))))
    for word, spellings in data["words"].items():
        for spelling in filter(None, map(pieces, _listed(spellings))):
            made.spellings[tuple(spelling)] = tuple(pieces(word))

    def reasons(part: dict[str, object]) -> Iterable[Phrase]:
        return chain(*(made.read(texts, why) for why, texts in part.items()))

    sets = {name: data[name] for name in ("harmless", "better", "worse")} | data.get("about", {})
    for name, texts in sets.items():
        words = (phrase.words for phrase in made.read(texts, ""))
        made.sets[name] = made.sets.get(name, set()).union(*words)
    for part in ("others", "never"):
        made.phrases[part] = [*reasons(data[part]), *made.phrases.get(part, ())]
    made.phrases["unsent"] = [*made.phrases.get("unsent", ()), *made.read(data["unsent"], "unsent")]
    dates = (p.words for p in made.phrases["others"] if p.field == "another date")
    made.sets["dating"] = set().union(*(words for words in dates if len(words) == 1))
    permits = data.get("permits", {})
    changed = {name: permits[name] for name in _CHANGED if name in permits}
    data["permit-updates"] = changed | data.get("permit-updates", {})
    for endpoint in _SECTIONS:
        phrases: list[Phrase] = []
        for name, said in data.get(endpoint, {}).items():
            phrases += made.read(said.get("means"), name)
            phrases += made.read(said.get("may mean"), name, sure=False)
            beside = made.beside.setdefault((endpoint, name), [])
            beside += (phrase.words for phrase in made.read(said.get("not with"), name))
        own = {phrase.words for phrase in phrases}
        before = (p for p in made.phrases.get(endpoint, ()) if p.words not in own)
        made.phrases[endpoint] = [*phrases, *before]
    for name in ("endTime", "plate", "amount"):
        # What is now is no change.
        made.beside["permit-updates", name] += [frozenset({"current"})]
    every = (phrase.words for phrase in chain(*made.phrases.values()))
    made.known = set().union(made.sets["harmless"], *every, *made.spellings.values())
    return made


def plain(text: str) -> str:
    """Return a value without capitals, accents, points, dashes and blanks, for comparing."""
    bare = _unaccented(fold(text))
    return re.sub(r"[^\w$]+", "", bare) or bare.strip()


@cache
def _meanings(name: str) -> Mapping[str, str]:
    part = _load("values")[name]
    if isinstance(part, dict):
        return {plain(word): meaning for meaning, words in part.items() for word in _listed(words)}
    return {plain(word): name for word in _listed(part)}


def means(name: str, text: str) -> str | None:
    """Return what a value means among ``user types``, ``currencies``, ``months``, ``left`` and the like."""
    return _meanings(name).get(plain(text))


@cache
def total_pattern() -> str:
    """Return the pattern of a cell that begins with a word for a total, in the syntax of RE2."""
    words = "|".join(map(re.escape, sorted(_load("values")["totals"], key=len, reverse=True)))
    return rf"(?i)^\s*(?:(?:{words})\s*(?:$|[:=(0-9])|(?:grand |sub[ -]?|sous[ -]?)?total\b)"


def user_types(text: str, types: Sequence[UserType]) -> list[UserType]:
    """Return OPSCOM's user types that a value may name: by their name, their number, or in plain words."""
    wanted, meaning = plain(text), means("user types", text)
    for attribute in ("type_name", "id"):
        same = [known for known in types if plain(getattr(known, attribute)) == wanted]
        if len(same) == 1:
            return same
    told = [(known, _told_by(known.type_name)) for known in types if meaning]
    alike = [known for known, meant in told if meant == {meaning}]
    return alike or [known for known, meant in told if meaning in meant]


def _told_by(name: str) -> set[str]:
    words = name.split()
    texts = (name, *(word for word in words if len(word) > 1), *map(" ".join, pairwise(words)))
    return {meaning for text in texts if (meaning := means("user types", text))}
