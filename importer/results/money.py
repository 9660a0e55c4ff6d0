"""Amounts of which a cell shows less than it stores."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from importer.results.inert import with_mark

_CENT: Final = Decimal("0.01")
_NOISE: Final = Decimal("1e-9")
_PLAIN_RE: Final = re.compile(r"\$?([0-9]+(?:\.[0-9]{2})?)")


def given_back(shown: str, stored: str) -> str:
    """Return the text of a money cell from which the very amount that was sent can be read again.

    The source's number format is gone in our workbook: of 1234.56 shown as ``$1,235`` the cents would
    be lost when it is pushed.

    Args:
        shown: What the cell of the source shows.
        stored: Its number as plain decimal text.

    Returns:
        The shown text where it says the same in any country's way of writing, and where it stands
        for 0, which is no amount; else the stored one in two decimals. Parts of a cent, which held
        the row back, get our mark, so that they are not rounded by the way.

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
