"""Text that a workbook can hold, and that stays text whatever it looks like.

Limits are those of "Excel specifications and limits": 32,767 characters a cell and 31 a sheet name,
both counted in UTF-16 units. Which characters XML can carry: XML 1.0, production 2.
"""

import re
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Final

from importer.model import UNCORRECTED
from importer.text import MOST_CHARACTERS, units

REPLACEMENT = "\ufffd"

LIVE = "=+-@\t\r'"
"""A spreadsheet program may make a formula of a text that begins so, once somebody edits the cell; it
takes a leading apostrophe (``'t Hooft``) for its own mark of text and drops it."""

_CENT: Final = Decimal("0.01")
_NOISE: Final = Decimal("1e-9")
_PLAIN_RE: Final = re.compile(r"\$?([0-9]+(?:\.[0-9]{2})?)")

_UNHELD_RE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# The last three are turned into blanks where XML holds the name in an attribute.
_NAME_RE = re.compile(r"[\[\]:*?/\\\t\r\n]")
_MOST_NAME = 31


def hold(text: str) -> str:
    r"""Return the text as a cell can hold it.

    Characters that no workbook can carry become U+FFFD. A text that is too long is cut, and the cut
    is said at its end.

    >>> hold("a\x00b") == "a\ufffdb"
    True
    """
    return _cut(_UNHELD_RE.sub(REPLACEMENT, text))


def hold_all(texts: Iterable[str]) -> tuple[list[str], int]:
    """Return the texts of a column as cells can hold them, and how many were cut."""
    held, cut = list(texts), 0
    if _UNHELD_RE.search("".join(held)):
        held = [_UNHELD_RE.sub(REPLACEMENT, text) for text in held]
    if max(map(len, held), default=0) > MOST_CHARACTERS // 2:
        whole, held = held, [_cut(text) for text in held]
        cut = sum(before != after for before, after in zip(whole, held, strict=True))
    return held, cut


def with_mark(text: str) -> str:
    """Return a held text with the mark that it is no value to be trusted, once.

    >>> with_mark("12345678901234500")
    '12345678901234500 [correct this]'
    """
    if text.endswith(UNCORRECTED):
        return text
    return f"{_shorten(text, MOST_CHARACTERS - len(UNCORRECTED) - 1)} {UNCORRECTED}".lstrip()


def sheet_name(title: str, taken: Collection[str]) -> str:
    """Return a name that a worksheet can have, as near to ``title`` as can be, and none of ``taken`` (case-folded).

    That is at most 31 UTF-16 units, none of ``[ ] : * ? /``, the backslash, tabs or line breaks, no apostrophe at
    either end.

    >>> sheet_name("Summary", {"summary"})
    'Summary (2)'
    """
    plain = _NAME_RE.sub("_", hold(title)).strip("'") or "Rows"
    name, number = _shorten(plain, _MOST_NAME), 1
    while name.casefold() in taken:
        number += 1
        suffix = f" ({number})"
        name = _shorten(plain, _MOST_NAME - len(suffix)) + suffix
    return name


def _cut(text: str) -> str:
    """Return the text, or its beginning and a word on how long it was, with room for our mark behind it."""
    if len(text) <= MOST_CHARACTERS // 2 or units(text) <= MOST_CHARACTERS:
        return text
    mark = f"… [cut here: {len(text):,} characters do not fit into a cell]"
    return _shorten(text, MOST_CHARACTERS - len(mark) - len(UNCORRECTED) - 1) + mark


def _shorten(text: str, most: int) -> str:
    """Return the first ``most`` UTF-16 units, never half a character, no apostrophe at the end."""
    if units(text) <= most:
        return text
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore").rstrip("'")


def given_back(shown: str, stored: str) -> str:
    """Return the text of a money cell from which the very amount that was sent can be read again.

    The source's number format is gone in our workbook: of 1234.56 shown as ``$1,235`` the cents would be lost when it
    is pushed. So the shown text stays where it says the same in any country's way of writing, and where it stands
    for 0, which is no amount; else it is ``stored`` in two decimals. Parts of a cent, which held the row back, get
    our mark, so that they are not rounded by the way.

    >>> given_back("$1,235", "1234.56")
    '1234.56'
    """
    exact = Decimal(stored)
    cents = exact.quantize(_CENT)
    if abs(exact - cents) > _NOISE:
        return with_mark(shown)
    plain = _PLAIN_RE.fullmatch(shown)
    if not exact or (plain and Decimal(plain[1]) == cents):
        return shown
    return f"{cents:f}"
