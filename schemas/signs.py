"""What gives away that a text is not what its field is for: words for nothing, two things in one cell.

Each function takes a text and returns what of it is wrong: the piece, ``True`` for the whole of it, or
nothing. ``schemas.kinds`` says which of them belong to which kind of field.
"""

import html.entities
import re
from collections.abc import Callable
from typing import Final

from importer.text import fold

Find = Callable[[str], "str | bool | None"]
"""Text → what of it is wrong; ``True`` for the whole text, nothing where all is well."""


def matching(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> Find:
    """Return what finds texts that match a pattern as a whole."""
    whole = re.compile(pattern, flags).fullmatch
    return lambda text: whole(text) is not None


def holding(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> Find:
    """Return what finds a pattern anywhere in a text, and names it."""
    search = re.compile(pattern, flags).search

    def find(text: str) -> str | None:
        found = search(text)
        return found[0] if found else None

    return find


ENTITIES: Final = "|".join(sorted(html.entities.name2codepoint, key=len, reverse=True))

_SECOND: Final = "".join(bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xA0))
"""What the second byte of a letter in UTF-8 looks like in Windows-1252."""
garbled: Final = holding(
    f"[ÃÎÏÐÑ][\u0080-\u00bf{_SECOND}]|Â[\u00a0-\u00bf]|â€[\u0080-\u2122]|[√├][^\\s\\w]"
    f"|[ÄÅ](?![‘’“”–—])[\u00a0-\u00bf{_SECOND}]|Æ[°¡]|á[º»][\u00a0-\u00bf{_SECOND}]"
)
SIGNS: Final = "¡¢£¤¥¦§¨©¬®¯±²³¶¸¹¼½¾¿×÷"
"""What letters of other encodings look like in Windows-1252: ``£ukasz`` is Łukasz."""


def misread(signs: str) -> Find:
    """Return what finds one of these signs beside a letter, where the letter was not read twice."""
    find = holding(rf"(?<=[^\W\d_])[{signs}]|[{signs}](?=[^\W\d_])|¤")
    return lambda text: None if garbled(text) else find(text)


NOTHING: Final = frozenset(
    {
        *("null", "(null)", "<null>", "\\n", "none", "n/a", "n.a.", "n/d", "s.o.", "s/o"),
        *("nan", "nat", "<na>", "undefined", "[object object]"),
    }
)
NO_PLATE: Final = frozenset(
    {
        *("none", "no plate", "no plates", "no licence plate", "no license plate", "nil", "n/a"),
        *("n.a.", "tba", "tbd", "tbc", "unknown", "unk", "see note", "see notes", "see comment"),
        *("see comments", "see above", "same as above", "temp", "temporary", "pending", "missing"),
        *("not registered", "not registered yet", "not yet registered", "not available", "x"),
        *("aucune", "aucune plaque", "pas de plaque", "sans plaque", "inconnu", "inconnue"),
        *("none yet", "no plate yet", "to follow", "to come", "coming soon", "in process", "aucun"),
        *("no vehicle", "no car", "unlicensed", "t.b.a", "t.b.d", "à suivre"),
        *("a venir", "à venir", "voir note", "en attente", "s.o.", "s/o", "sans objet", "néant"),
        *("idem", "ditto", "(blank)", "(vide)", "not applicable"),
    }
)
NO_NUMBER: Final = NOTHING | NO_PLATE | {"na", "no", "no phone", "unlisted", "private", "aucun"}


def is_nothing(text: str) -> bool:
    """Whether a text is a word that programs write for nothing at all.

    >>> is_nothing("NULL"), is_nothing("-")
    (True, False)
    """
    return (text.casefold() if text.isascii() else fold(text)) in NOTHING


def stands_for_nothing(words: frozenset[str]) -> Find:
    """Return what finds these words, and texts of signs alone."""

    def find(text: str) -> bool:
        folded = fold(text)
        bare = folded.strip(" .!?*-()[]\"'")
        return not any(c.isalnum() for c in text) or folded in words or bare in words

    return find


DASHES: Final = "\\-\u00ad\u058a\u2010-\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
"""All dashes, to be written inside the brackets of a pattern."""
POINTS: Final = ".·•∙⋅"
_PLATE: Final = r"[^\W_][\w .\-]*"
_TWO_PLATES: Final = re.compile(
    rf"\s*({_PLATE}?)\s*([/,;&|+]|\b(?:or|and|et|ou)\b)\s*({_PLATE})", re.IGNORECASE
)
_USUAL_PLATE, _SHORT_PLATE = 4, 3
_NUMBER_RE: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9.,]+[Ee][+-]?[0-9]+")
"""What a spreadsheet shows of a number: it has one."""
_MIXED_RE: Final = re.compile(r"(?=\w*[0-9])(?=\w*[^\W\d_])\w{5,}")
_REMARK_RE: Final = re.compile(rf"(.*[0-9].*?)(\s[{DASHES}]\s*[^\W\d_]{{3,}}.*)")
_LATIN_RE: Final = re.compile(
    r"[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a]"
)
ON_PLATE_RE: Final = re.compile(rf"[^\w\s{DASHES}{POINTS}]|_")


def two_plates(text: str) -> str | None:
    """Return the second plate of a cell: behind a separator, or another piece of letters and digits."""
    found = _TWO_PLATES.match(text)
    if found is not None and not _NUMBER_RE.fullmatch(text):
        first, sign, second = found.groups()
        # 1234 ET 75 is one plate of France; a word stands between plates of their usual length.
        least = _USUAL_PLATE if sign.isalpha() else _SHORT_PLATE
        shorter = min(_length(first), _length(second))
        digits = [any(map(str.isdigit, each)) for each in (first, second)]
        if (shorter >= least and any(digits)) or (all(digits) and not sign.isalpha()):
            return text[found.end(1) :].strip()
    parts = text.split()
    mixed = [at for at, part in enumerate(parts) if _MIXED_RE.fullmatch(part)]
    return " ".join(parts[mixed[1] :]) if len(mixed) > 1 else None


def _length(text: str) -> int:
    return sum(map(str.isalnum, text))


def remark(text: str) -> str | bool | None:
    """Return a remark behind a plate; ``True`` for a sentence in its place."""
    found = _REMARK_RE.fullmatch(text)
    if found is not None:
        return found[2].strip()
    words = text.split()
    return len(words) > 2 and all(word.isalpha() and len(word) > 1 for word in words)  # noqa: PLR2004 - a sentence


def foreign_letters(text: str) -> str | None:
    """Return the first letter that is not Latin."""
    return next((c for c in text if c.isalpha() and not _LATIN_RE.match(c)), None)


LOCAL: Final = r"[^\s@<>()\[\]{},;:\"“”’‘\\/|]+"
_HOST: Final = r"[^\s@<>()\[\]{},;:\"“”’‘'\\/|#?&=%]+"
ADDRESS_RE: Final = re.compile(rf"(?!['.])(?!.*\.\.)(?!.*\.@){LOCAL}@(?!\.){_HOST}(?<!\.)")
_AROUND_RE: Final = re.compile(
    r"(?i:mailto:)?((?![\"'])[^\s<>:;,()\"]+)|(?:[^<>@]*)<(?i:mailto:)?([^\s<>]+)>|[\"'](.+)[\"']"
)


def plain_address(text: str) -> str | None:
    """Return the one address in ``Name <a@b>``, ``mailto:a@b`` and the like, ``None`` without one.

    >>> plain_address("Zoë Roy <zoe@example.ca>")
    'zoe@example.ca'
    """
    around = _AROUND_RE.fullmatch(text)
    inner = "" if around is None else next(filter(None, around.groups()), "")
    return inner if ADDRESS_RE.fullmatch(inner) else None


EXTENSION_RE: Final = re.compile(
    r"[\s,;]*(?:(?<![A-Za-z])(?:extension|ext|poste|local|x)|#)\s*[.:#]*\s*([0-9]{1,7})\s*",
    re.IGNORECASE,
)

_ONE_OF_A_LIST: Final = r"\s*(?:[,;/&|]|\b(?:or|and|et|ou)\b)\s*"
_TEN_DIGITS_RE: Final = re.compile(
    r"(?<![0-9])(?:\+?1[ .-]?)?\(?[2-9][0-9]{2}\)?[ .-]*[0-9]{3}[ .-]?[0-9]{4}(?![0-9])"
)
_SEVEN_DIGITS_RE: Final = re.compile(r"(?<![0-9-])[2-9][0-9]{2}-[0-9]{4}(?![0-9])")


def two_phones(text: str) -> str | None:
    """Return the second phone number of a cell: of ten digits anywhere, of seven behind a separator."""
    for pattern in (_TEN_DIGITS_RE, _SEVEN_DIGITS_RE):
        found = list(pattern.finditer(text))
        if len(found) > 1:
            return text[found[1].start() :]
    # Behind a whole number 0102 is its last digits again.
    first, *others = re.split(_ONE_OF_A_LIST, EXTENSION_RE.sub("", text))
    least = 4 if sum(map(str.isdigit, first)) >= 7 else 7  # noqa: PLR2004 - a local number
    long = [part for part in others if sum(map(str.isdigit, part)) >= least]
    return text[text.rfind(long[0]) :] if long else None


def impossible(text: str) -> bool:
    """Whether no country has a number of this form; without a country it is one of Canada."""
    import phonenumbers

    number = EXTENSION_RE.sub("", text).strip()
    # An extension alone, with or without the word, is what campuses keep for their own phones.
    if any(c.isalpha() for c in number):
        return False
    if re.search(rf"[^\d+()./\s{DASHES}]", number) or number == "0":
        return True
    if re.fullmatch("[0-9]{0,5}", number):
        return False
    try:
        return not phonenumbers.is_possible_number(phonenumbers.parse(number, "CA"))
    except phonenumbers.NumberParseException:
        return True


_CANADIAN_RE: Final = re.compile(
    r"[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z][\s-]{0,2}[0-9][ABCEGHJ-NPRSTV-Z][0-9]",
    re.IGNORECASE,
)
_AMERICAN_RE: Final = re.compile(r"(?<![0-9-])[0-9]{5}(?:-?[0-9]{4})?(?![0-9])")


def two_codes(text: str) -> str | None:
    """Return the second postal code of a cell."""
    found = sorted(
        each.start() for form in (_CANADIAN_RE, _AMERICAN_RE) for each in form.finditer(text)
    )
    return text[found[1] :] if len(found) > 1 else None


def nearly_canadian(text: str) -> bool:
    """Whether a text is meant as a Canadian code and is none: letter, digit, letter, and so on."""
    if _CANADIAN_RE.fullmatch(text):
        return False
    if _CANADIAN_RE.search(text):
        return True
    bare = re.sub(r"[\s-]", "", text).upper()
    if len(bare) not in {5, 6, 7}:
        return False
    swapped = "".join(
        c.translate(str.maketrans("OIL", "011")) if at % 2 else c for at, c in enumerate(bare)
    )
    return re.match(r"[A-Z][0-9][A-Z][0-9][A-Z](?:[0-9]|$)", swapped) is not None
