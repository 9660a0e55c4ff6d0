"""What a header says by its words: which field it means, or why it is none."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from rapidfuzz import fuzz, process

from importer.proposing.vocabulary import LANGUAGES, Language, Phrase, languages, squeezed, systems

SYSTEM, SURE, MAY, NEAR, PART = 1.1, 1.0, 0.7, 0.85, 0.6
FIRM: Final = 0.95
"""From here on a header says what it means beyond doubt."""
_DATES: Final = {"date_of_birth", "startTime", "endTime"}
_WHOLE, _FEWEST = 0.6, 4
"""The share and number of columns from which on a word is the table's own prefix and says nothing."""
_RELATIONS: Final = {"relationship", "relation", "lien", "parentesco"}
"""Beside such a column the contacts of a file are other people."""
_SPELLED, _LETTERS, _FOREIGN = 86, 5, 0.9


@dataclass(frozen=True, slots=True)
class Named:
    """A field that a header may mean."""

    field: str
    strength: float
    """1 where the words are those of the field and no others, less where they say more or less."""
    words: frozenset[str]
    """The words that name it."""
    unknown: tuple[str, ...] = ()
    """Words of the header that nobody explained."""
    ordinal: int = 1
    """2 for a second e-mail, phone or address of a person."""
    grade: int = 0
    """1 where a word says that it is the better of two of its kind, -1 where it is the worse."""


@dataclass(frozen=True, slots=True)
class Naming:
    """All that a header says."""

    fields: tuple[Named, ...] = ()
    """The best first."""
    never: str = ""
    """Why its values are shown nowhere: "a password"."""
    other: str = ""
    """Whose or what it is instead: "another person"."""
    unsent: bool = False
    """Whether it is known to be something that OPSCOM has no field for."""
    words: frozenset[str] = frozenset()

    @property
    def weight(self) -> float:
        """How much of the header is understood, for telling languages apart."""
        best = max((named.strength * len(named.words) for named in self.fields), default=0.0)
        return max(best, float(bool(self.never or self.other or self.unsent)))

    @property
    def best(self) -> float:
        """How surely it is a header, 0 to 1."""
        return max((named.strength for named in self.fields), default=min(1.0, self.weight))


def read_headers(headers: Sequence[str], endpoint: str) -> tuple[Naming, ...]:
    """Return what each header says in the language of the whole row, or where that knows nothing in another."""
    read = {}
    for name in LANGUAGES:
        counts = Counter(word for header in headers for word in _words(name, header)[0])
        most = max(_FEWEST, _WHOLE * len(headers))
        common = frozenset(word for word, times in counts.items() if times >= most)
        read[name] = [_read(name, header, endpoint, common) for header in headers]
    weights = {name: sum(naming.weight for naming in rows) for name, rows in read.items()}
    # Every language knows English too, so that another must know clearly more.
    best = max(weights, key=lambda name: weights[name] * (_FOREIGN if name != LANGUAGES[0] else 1))
    contacts = any(naming.words & _RELATIONS for naming in read[best])
    found = []
    for naming, *others in zip(read.pop(best), *read.values(), strict=True):
        forbidden = next((other for other in others if other.never or other.other), None)
        known = next((other for other in others if other.weight), naming)
        if contacts and "contact" in naming.words:
            found.append(Naming(other="another person", words=naming.words))
        elif forbidden and any(named.unknown for named in naming.fields[:1]):
            found.append(forbidden)
        else:
            found.append(naming if naming.weight else forbidden or known)
    return tuple(found)


@cache
def _words(name: str, header: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the words of a header without those in brackets, and with them."""
    language = languages()[name]
    return frozenset(language.words(header)), frozenset(language.all_words(header))


@cache
def _read(name: str, header: str, endpoint: str, common: frozenset[str]) -> Naming:
    language, (words, whole) = languages()[name], _words(name, header)
    system = systems().get(endpoint, {}).get(squeezed(header))
    if system == "unsent":
        return Naming(unsent=True, words=words)
    never = _said(language.phrases["never"], whole)
    if never and system is None:
        return Naming(never=never, words=words)
    found = _fields(language, whole, endpoint, common)
    if not found or found[0].strength < FIRM:
        found = _fields(language, words, endpoint, common)
    if not found:
        spelled = frozenset(_spelled(word, name) for word in words)
        near = _fields(language, spelled, endpoint, common) if spelled != words else ()
        found = [replace(named, strength=named.strength * NEAR) for named in near]
    if system is not None:
        own = Named(system, SYSTEM, words or frozenset({header}))
        return Naming((own, *(n for n in found if n.field != system)), words=words)
    covered: frozenset[str] = found[0].words if found else frozenset()
    other = _said(language.phrases["others"], whole, covered | common)
    if other == "another date":
        found = [named for named in found if named.field not in _DATES]
    elif other or _unsent(language, words, common, len(covered)):
        found = []
    unsent = not found and _unsent(language, words, common, 0)
    return Naming(tuple(found), other=other, unsent=unsent, words=words)


def _said(phrases: Sequence[Phrase], words: frozenset[str], covered: Collection[str] = ()) -> str:
    """Return what the phrases say of a header that holds one of them beside the words already covered."""
    beside = (p.field for p in phrases if p.words <= words and not p.words <= set(covered))
    return next(beside, "")


@cache
def _by_word(name: str, part: str) -> dict[str, list[tuple[int, Phrase]]]:
    """Return the phrases of an endpoint, or of what is ``unsent``, by one of their words, with their order."""
    language = languages()[name]
    found: dict[str, list[tuple[int, Phrase]]] = {}
    for at, phrase in enumerate(language.phrases.get(part, ())):
        found.setdefault(min(phrase.words), []).append((at, phrase))
    return found


def _within(language: Language, part: str, words: frozenset[str]) -> list[Phrase]:
    known = _by_word(language.name, part)
    found = [pair for word in words for pair in known.get(word, ()) if pair[1].words <= words]
    return [phrase for _, phrase in sorted(found, key=lambda pair: pair[0])]


def _unsent(
    language: Language, words: frozenset[str], common: frozenset[str], longer_than: int
) -> bool:
    """Whether the words are known for what OPSCOM has no field for, by a longer phrase than this."""
    telling = (words & language.known) - language.sets["harmless"] - common
    return any(
        len(phrase.words) > longer_than and telling <= phrase.words
        for phrase in _within(language, "unsent", words)
    )


def _fields(
    language: Language, words: frozenset[str], endpoint: str, common: frozenset[str]
) -> list[Named]:
    matches = (
        _match(language, p, words, endpoint, common) for p in _within(language, endpoint, words)
    )
    found: dict[str, Named] = {}
    for named in sorted(filter(None, matches), key=_rank, reverse=True):
        found.setdefault(named.field, named)
    return list(found.values())


def _rank(named: Named) -> tuple[float, int]:
    return named.strength + 0.05 * len(named.words), len(named.words)


def _match(
    language: Language, phrase: Phrase, words: frozenset[str], endpoint: str, common: frozenset[str]
) -> Named | None:
    rest = words - phrase.words
    beside = language.beside.get((endpoint, phrase.field), [])
    if any(not_with <= rest for not_with in beside if not not_with <= phrase.words):
        return None
    left = {w for w in rest if not w.isdigit()} - language.sets["harmless"] - common
    # A word that only says of another date is no bar to what is no date.
    if (left & language.known) - language.sets["dating"]:
        return None
    strength = (SURE if phrase.sure else MAY) * (PART if left else 1.0)
    strength *= PART if len(left) > len(phrase.words) else 1.0
    ordinal = min((int(word) for word in rest if word.isdigit()), default=1) or 1
    grade = bool(words & language.sets["better"]) - bool(words & language.sets["worse"])
    return Named(phrase.field, strength, phrase.words, tuple(sorted(left)), ordinal, grade)


@cache
def _spelled(word: str, name: str) -> str:
    """Return a known word of the same first letter that a long word is nearly, else the word."""
    language = languages()[name]
    if word in language.known or len(word) < _LETTERS:
        return word
    known = [w for w in sorted(language.known) if len(w) >= _LETTERS and w[0] == word[0]]
    found = process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=_SPELLED)
    near = found[0] if found else word
    standing = language.spellings.get((near,), (near,))
    return standing[0] if len(standing) == 1 else near
