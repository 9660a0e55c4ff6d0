"""Provinces of Canada and states of the US → postal codes: English, French, old and dotted forms.

A text with points, dashes or accents becomes only what stands in this table: ``N.-É.`` is Nova Scotia,
and neither it nor ``N.E.``, which may be either, is ever Nebraska.
"""

from __future__ import annotations

import re
import unicodedata

from importer.mapping.rules import Refusal
from importer.text import fold, nearest
from schemas.provinces import NAMES, PROVINCES

_OLD = {"NF": "NL", "PQ": "QC", "YK": "YT", "YN": "YT", "CB": "BC"}
"""Two letters that were codes once, or are in French."""
_AMBIGUOUS = frozenset({"NE", "TN"})
"""Codes whose dotted form is that of a French name too: Nouvelle-Écosse, Terre-Neuve."""
_SHORT = 4
"""Characters of short forms, to which anything short is near."""
_COUNTRIES = frozenset({"canada", "usa", "us", "unitedstates", "etatsunis"})


def _squeeze(name: str) -> str:
    """Return a name without accents, points, dashes and blanks."""
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", fold(name)) if not unicodedata.combining(c)
    )
    return re.sub(r"[\W_]+", "", bare)


_CODES = {_squeeze(name): code for code, names in NAMES.items() for name in names.split("|")}


def province(text: str) -> str | Refusal:
    """Return the two-letter code of a province or state; two letters stay, in capitals.

    >>> province("Île-du-Prince-Édouard"), province("N.-É."), province("CA-ON")
    ('PE', 'NS', 'ON')
    """
    code = _code(text)
    if code is not None:
        return code
    # Code and name side by side, in brackets, or beside the country.
    parts = [part for part in re.split(r"\s+-\s+|[,()/]|(?<=^CA)-|(?<=^US)-", text) if part.strip()]
    country = parts[:1] in (["CA"], ["US"]) and len(parts) > 1
    told = [part for part in parts[country:] if _squeeze(part) not in _COUNTRIES]
    codes = {_code(part) for part in told}
    if len(parts) > 1 and len(codes) == 1 and (found := codes.pop()) in PROVINCES:
        return str(found)
    names = [name for names in NAMES.values() for name in names.split("|") if len(name) > _SHORT]
    near = nearest(text, names)
    if near is None:
        return Refusal(
            "this is not the name of a province of Canada or a state of the US.",
            "Correct the cell, or leave such values out with `if_invalid: omit` in the mapping.",
        )
    return Refusal(
        "this is not the name of a province of Canada or a state of the US; the nearest known name "
        f'is "{near}".',
        "Correct the cell, or write its code for it with `replace` in the mapping.",
    )


def _code(text: str) -> str | None:
    text = text.strip()
    if re.fullmatch("[A-Za-z]{2}", text):
        return _OLD.get(text.upper(), text.upper())
    if re.fullmatch(r"[A-Za-z]\.\s?[A-Za-z]\.?|[A-Za-z]{2}\.", text):
        code = re.sub(r"[\s.]", "", text).upper()
        return _OLD.get(code, code if code in PROVINCES - _AMBIGUOUS else None)
    squeezed = _squeeze(text)
    # Two letters that are left of more are a French short form, by its dash or its accent.
    if len(squeezed) > 2 or not text.isascii() or "-" in text:  # noqa: PLR2004
        return _CODES.get(squeezed)
    return None
