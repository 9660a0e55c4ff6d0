r"""What spreadsheet programs write in a cell whose formula failed, in the languages of Excel.

Most are a ``#``, a word in capitals and a ``!`` or ``?`` (``#VALEUR!``, ``#¿NOMBRE?``): that shape is an error
in any language. Only "not available" often lacks the sign. Microsoft publishes no list; these words are
gathered from public code that reads localised workbooks.
"""

from __future__ import annotations

import re
from typing import Final

_NOT_AVAILABLE: Final = (
    "#N/A",
    "#NV",  # German
    "#N/D",  # Italian, Portuguese, Croatian, Spanish of America
    "#I/T",  # Danish, Norwegian
    "#N/B",  # Dutch
    "#N/V",  # Slovenian
    "#YOK",  # Turkish
    "#HIÁNYZIK",  # Hungarian
    "#NENÍ_K_DISPOZICI",  # Czech
    "#NEDOSTUPNÝ",  # Slovak
    "#\u041d/\u0414",  # Russian
    "#\u0394/\u03a5",  # Greek
)
_ON_ITS_WAY: Final = ("#GETTING_DATA", "Loading...")
"""Excel's and Google Sheets' words for what has not come yet."""
_MARKED: Final = r"#[¡¿]?[\p{Lu}0-9/_. ]*\p{Lu}[\p{Lu}0-9/_. ]*[!?]"
_CODED: Final = r"Err:[0-9]{3}"
"""LibreOffice's other errors: ``Err:502``."""
_NARROW: Final = "##+"
"""A number in a column too narrow for it, saved as text."""

PATTERN: Final = "|".join([_MARKED, _CODED, _NARROW, *map(re.escape, _NOT_AVAILABLE + _ON_ITS_WAY)])
r"""Matches a whole trimmed text; for pyarrow, which knows ``\p{Lu}``."""
