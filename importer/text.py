"""Which texts count as blank, as the same header, and as near to each other; how numbers are said.

Every step compares names and values through this page, so that a header that matches in the mapping
also matches in a message.
"""

import os
import re
import shlex
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

# Removed wherever they stand: zero-width space, word joiner, BOM, soft hyphen and the marks that set
# the direction of writing. The joiners U+200C and U+200D stay, because names and emoji need them.
_INVISIBLE = "\u200b\u2060\ufeff\u00ad\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
INVISIBLE_PATTERN = f"[{_INVISIBLE}]"
_INVISIBLE_RE = re.compile(INVISIBLE_PATTERN)
_ZERO_WIDTH_RE = re.compile(f"[{_INVISIBLE}\u200c\u200d]")
_BREAKS_RE = re.compile(r"[^\S\r\n\x0b\x0c\x85\u2028\u2029]*[\r\n\x0b\x0c\x85\u2028\u2029]+\s*")
_SPACE_RE = re.compile(r"\s+")
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
_APOSTROPHES = "\u2018\u2019\u201a\u201b\u2032\u02b9\u02bb\u02bc\u02bd\u0060\u00b4\uff07"
_ALIKE = str.maketrans(dict.fromkeys(_DASHES, "-") | dict.fromkeys(_APOSTROPHES, "'"))
"""Dashes and apostrophes of any kind: programs change them as people type."""
_UNSEEN_RE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_ERROR_RE = re.compile(
    r"#(?:REF|VALUE|DIV/0|NAME|NUM|NULL|ERROR|DELETED|GETTING_DATA|N/A|NA|NV|N/D|N/B|N/V|I/T|YOK"
    r"|HIÁNYZIK|NENÍ_K_DISPOZICI|NEDOSTUPNÝ|\u041d/\u0414|\u0394/\u03a5)[!?]?"
    r"|#{2,}|Loading\.\.\.|Err\s?:[0-9]{3}|(?P<marked>#[¡¿]?[\w/. ]*[!?])",
    re.IGNORECASE,
)
"""Excel's in every language (#VALEUR!, #NOM?, #WERT!), those of Access, Google Sheets and LibreOffice, and a number in
too narrow a column. Microsoft publishes no list; these are from public code that reads such workbooks."""
_COLOURS_RE = re.compile(
    r"\b(?:red|orange|yellow|green|blue|purple|pink|gr[ea]y|rouges?|jaunes?|verte?s?|bleue?s?|violets?|rose|gris|roj[oa]s?"
    r"|amarill[oa]s?|azul(?:es)?|highlight\w*|colou?r\w*|couleur\w*|surlign\w*)\b",
    re.IGNORECASE,
)
_NEAR = 60
"""How like two names must be, in hundredths, before one is offered for the other."""


MOST_CHARACTERS = 32_767
"""Of a cell of a workbook, in UTF-16 units."""


def clean(text: str) -> str:
    r"""Return what a mapped cell means: NFC, trimmed, without invisible marks, in one line.

    A line break inside becomes ``", "``. Blanks inside stay as they are, but for the
    non-breaking ones at the ends, which are trimmed like any blank.

    >>> clean(" Zo\u0065\u0308\u200b\u00a0")
    'Zoë'
    >>> clean("12 Main St\nUnit 4\n")
    '12 Main St, Unit 4'
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _INVISIBLE_RE.sub("", unicodedata.normalize("NFC", text)).strip()
    return _BREAKS_RE.sub(", ", text)


def heading(text: str) -> str:
    r"""Return a header as it is named: cleaned, but a line break inside is no more than a blank.

    Headers are broken to make a column narrow; what is broken there is one name, not two values.

    >>> heading("Facility\n(Lot) ")
    'Facility (Lot)'
    """
    return clean(_BREAKS_RE.sub(" ", text))


def fold(text: str) -> str:
    r"""Return the form under which two headers, sheet names or lookup entries are the same.

    Blanks and line breaks of any kind are one blank, dashes and apostrophes of any kind the plain ones;
    zero-width characters, a BOM among them, are dropped; then NFKC and case folding.

    >>> fold("\ufeffBirth\u00a0\nDATE "), fold("Driver\u2019s e\u2011mail")
    ('birth date', "driver's e-mail")
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_ALIKE))
        text = _ZERO_WIDTH_RE.sub("", text)
    return _SPACE_RE.sub(" ", text).strip().casefold()


def is_error_word(text: str) -> bool:
    """Whether a text is what a spreadsheet program shows in the place of a value.

    >>> is_error_word("#VALEUR!"), is_error_word("#1 Elm St!")
    (True, False)
    """
    found = _ERROR_RE.fullmatch(text)
    return found is not None and (found["marked"] is None or text.isupper())


def names_colour(text: str) -> bool:
    """Whether a text may be a legend, because it names a colour."""
    return _COLOURS_RE.search(text) is not None


def levelled(text: str) -> str:
    """Return a plate or a permit's number without regard to capitals, blanks and dashes."""
    return re.sub(r"[\s-]", "", text).upper()


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of ``names`` that a person most likely meant by ``name``, if any is near.

    Case, punctuation and the order of words do not count.

    >>> nearest("Birth date", ["DATE_OF_BIRTH", "STUDENT_ID"])
    'DATE_OF_BIRTH'
    """
    from rapidfuzz import fuzz, process

    wanted, known = _words(name), {_words(each): each for each in names}
    if not wanted:
        return None
    found = process.extractOne(
        wanted, list(known), scorer=fuzz.token_sort_ratio, score_cutoff=_NEAR
    )
    return None if found is None else known[found[0]]


def _words(name: str) -> str:
    return re.sub(r"[\W_]+", " ", fold(name)).strip()


def count(number: int, noun: str) -> str:
    """Return how many of something there are, in words of a sentence.

    >>> count(1, "row"), count(1200, "row"), count(2, "address"), count(3, "key")
    ('1 row', '1,200 rows', '2 addresses', '3 keys')
    """
    if number == 1:
        return f"1 {noun}"
    ending = "es" if noun.endswith(("s", "x")) else "s"
    if noun.endswith("y") and not noun.endswith("ey"):
        ending = "ies"
    return f"{number:,} {noun.removesuffix('y') if ending == 'ies' else noun}{ending}"


def listed_up_to(parts: Sequence[str], most: int) -> str:
    """Return the first so many parts, and how many more there are.

    >>> listed_up_to(["A", "B", "C"], 2)
    'A, B and 1 more'
    """
    more = len(parts) - most
    return ", ".join(parts[:most]) + (f" and {more} more" if more > 0 else "")


def spans(rows: Sequence[int], *, most: int = 40) -> str:
    """Return row numbers in ascending order, runs folded: ``4, 17, 600 to 612``.

    Args:
        rows: Row numbers in ascending order.
        most: Numbers and runs to name; the rest is counted.
    """
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    named = [str(a) if a == b else f"{a} to {b}" for a, b in runs[:most]]
    rest = sum(b - a + 1 for a, b in runs[most:])
    return ", ".join(named) + (f" and {rest:,} more" if rest else "")


def units(text: str) -> int:
    """Return the length of a text in UTF-16 units, as spreadsheet programs count.

    >>> units("Zoë 🚗")
    6
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def typed(path: Path) -> str:
    """Return a path as a person can type it in the folder where they are (see ``quoted``)."""
    here = Path.cwd()
    return quoted(path.relative_to(here) if path.is_relative_to(here) else path)


def quoted(word: object, *, posix: bool = os.name == "posix") -> str:
    r"""Return a word of a command as a person can type it into this platform's shell.

    On Windows that is the command prompt and PowerShell: both take double quotes, within which ``&``,
    blanks and parentheses are letters. No file name there holds a double quote.

    >>> quoted("Fall & Winter.xlsx", posix=False)
    '"Fall & Winter.xlsx"'
    """
    text = str(word)
    if posix:
        return shlex.quote(text)
    return text if re.fullmatch(r"[\w.:/\\-]+", text) else f'"{text}"'


def plain(text: str) -> str:
    r"""Return a text as one line that a terminal only shows: what would steer it is spelled out.

    >>> print(plain("a\x1b[2Jb\nc"))
    a\x1b[2Jb\x0ac
    """
    return _UNSEEN_RE.sub(_spelled, text)


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004
