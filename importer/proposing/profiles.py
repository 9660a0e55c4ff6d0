"""What the values of a column look like, each distinct value looked at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from importer.model import Column, Sheet
from importer.text import clean, fold
from schemas.provinces import PROVINCES, province

MOST_LOOKED_AT: Final = 2000
FEW: Final = 40
# The first letters of a month in four languages: of any three letters each plate of California, 8ABC123, were a date.
_MONTH: Final = r"(?i:jan|jän|ene|f[eé][bv]|m[aä]r|mrz|ma[iy]|a[bpv]r|ju[iln]|aug|ago|ao[uû]|se[pt]|o[ck]t|nov|d[eé][cz]|dic)[^\W\d_]{0,7}\.?"
_TIME: Final = r"(?:[T ,]+[0-9]{1,2}:[0-9]{2}.*)?"
_LONGEST_NAME: Final = 40
_PAIR: Final = 2
# A VIN's check digit, ISO 3779 and 49 CFR 565.15: each letter stands for a digit, each place has a weight.
_VIN_DIGITS: Final = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
_IDENTITY_RE: Final = re.compile(
    "[0-9]{3}-[0-9]{2}-[0-9]{4}|[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]"
)
_SIN_RE: Final = re.compile(r"[0-9]{3}([ -])[0-9]{3}\1[0-9]{3}")
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)

_DATE: Final = (
    rf"(?:[0-9]{{4}}([-/.])[0-9]{{1,2}}\1[0-9]{{1,2}}|[0-9]{{1,2}}([-/. ])[0-9]{{1,2}}\2[0-9]{{2,4}}"
    rf"|[0-9]{{1,2}}(?:er|\.)?[- /]?(?:de )?{_MONTH}[- /,]*(?:de )?[0-9]{{2,4}}|[0-9]{{4}}[-/ ]{_MONTH}[-/ ][0-9]{{1,2}}"
    rf"|{_MONTH}[-/ ][0-9]{{1,2}}(?:st|nd|rd|th)?,?[-/ ][0-9]{{4}}"
    rf"|(?:19|20)[0-9]{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])){_TIME}"
)
_UUID: Final = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_ADDRESS: Final = r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"
# An enemy's cell may be long: no form may be read in more ways than one.
_FORMS: Final[Mapping[str, str]] = {
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]{2,}|[^@\s]+@[\w-]+(?:\.[\w-]+)*",
    "date": _DATE,
    "postal": r"[A-Za-z][0-9][A-Za-z][ -]?[0-9][A-Za-z][0-9]|[A-Za-z]{1,2}[0-9][0-9A-Za-z]? [0-9][A-Za-z]{2}|[A-Za-z][0-9][0-9W] [0-9A-Za-z]{4}|[0-9]{4,5}(?:-?[0-9]{4})?|[0-9]{3} [0-9]{2}|[0-9]{6}",
    "phone": r"\+?[0-9(][0-9 ().+/-]{5,18}[0-9](?: ?(?:x|ext\.?|#|poste) ?[0-9]{1,6})?",
    "plate": r"[^\W_][0-9A-ZÄÖÜa-zäöü .-]{1,9}",
    "plates": r"[0-9A-ZÄÖÜa-zäöü -]{2,12}(?:[,;/&|][0-9A-ZÄÖÜa-zäöü -]{2,12})+",
    "year": r"(?:19[3-9]|20[0-4])[0-9](?:\.0)?",
    "amount": r"-?(?:CA|US|C)?[$€£]? ?[0-9][0-9 ,.]*(?: ?[$€£]| ?(?:CAD|USD))?|(?:CAD|USD) ?[0-9.,]+",
    "id": r"[#'=\"]*[A-Za-z]{0,6}[-_./ ]?[0-9][A-Za-z0-9._/-]{0,24}[\"]?|" + _UUID,
    "uuid": _UUID,
    "name": r"[^\W\d_][^\d@#/\\_:;]{0,60}",
    "street": r"[^0-9]*[0-9][^ ]* .*[^\W\d_].*|[\W\d_]*[^\W\d_][^ ]* .*|.*\b(?:p\.? ?o\.? box|c\.? ?p\.?)\b.*",
    "account": r"[A-Za-z][A-Za-z._-]{2,}[0-9]{0,4}(?:@.*)?",
    "currency": r"(?:CAD|USD|CDN|CAN|US|C|CA)? ?\$?",
    "serial": r"[1-5][0-9]{4}(?:\.[0-9]+)?",
    "integer": r"[0-9]+(?:\.0)?",
    "whole name": r".*,.*|(?:(?![^\W\d_]{2}).)*[^\W\d_]{2,}[\W\d_].*[^\W\d_]{2}.*",
    "comma": r".*,.*",
    "spaced": r".* .*",
    "long": r".{41,}",
    "no digit": r"[^0-9]*",
    "two letters": r"[^\W\d_]{2}",
    "seventeen": r"[A-HJ-NPR-Za-hj-npr-z0-9]{17}",
    "year first": r"[0-9]{4}.*",
    "ten digits": r"(?:[^0-9]*[0-9]){10,}[^0-9]*",
    "numbered": r"[0-9][0-9A-Za-z-]*,? .*[^\W\d_].*",
    "contact kind": (
        r"(?i)(?:cell(?:ular|ulaire)?|mobile|home|work|office|business|mailing|fax|domicile|maison|travail|bureau|celular|m[óo]vil|casa|trabajo)"
        r"(?: (?:phone|address|email))?"
    ),
    # 05-Mar-1980 and Ann.Roe1@uni.example have all that a password has.
    "password": rf"(?!(?:{_DATE}|{_ADDRESS})$)(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[^\w\s])\S{{8,}}|[0-9a-f]{{32,}}",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """One column: its header and what stands in it."""

    column: Column
    rows: int
    """Rows of the sheet."""
    counts: Mapping[str, int]
    """Cleaned distinct value → rows, the most frequent first; blanks are left out."""
    shares: dict[str, float] = field(default_factory=dict)

    @property
    def filled(self) -> int:
        """How many rows have a value."""
        return sum(self.counts.values())

    @property
    def few(self) -> bool:
        """Whether it holds few distinct values, as a list to choose from does."""
        return 0 < len(self.counts) <= min(FEW, max(8, self.filled // 3))

    @property
    def counts_rows(self) -> bool:
        """Whether it numbers the rows: 1, 2, 3."""
        numbers = list(map(str, range(1, len(self.counts) + 1)))
        return len(numbers) == self.rows > _PAIR and list(self.counts) == numbers

    @property
    def different(self) -> float:
        """The share of filled rows that a distinct value has on average: 1 where all are different."""
        return len(self.counts) / self.filled if self.filled else 0.0

    @property
    def examples(self) -> tuple[str, ...]:
        """Three of the values."""
        return tuple(list(self.counts)[:3])

    def share(self, form: str) -> float:
        """Return the share of (some thousand) distinct values that have a form, 0 to 1.

        ``few`` is 1 where there are few of them, ``different`` as the attribute.
        """
        if form in {"few", "different"}:
            return float(self.few if form == "few" else self.different)
        if form not in self.shares:
            values = list(self.counts)[:MOST_LOOKED_AT]
            test = _test(form)
            self.shares[form] = sum(map(bool, map(test, values))) / max(1, len(values))
        return self.shares[form]


@cache
def _test(form: str) -> Callable[[str], object]:
    tests: dict[str, Callable[[str], object]]
    tests = {"vin": is_vin, "province": province_of, "national id": is_national_id}
    if form in tests:
        return tests[form]
    pattern = re.compile(_FORMS[form], re.IGNORECASE if form in {"currency", "street"} else 0)
    return pattern.fullmatch


def is_national_id(text: str) -> bool:
    """Return whether a text is written as an SSN or a CURP, or as a SIN with a right check digit (Luhn's)."""
    if _IDENTITY_RE.fullmatch(text):
        return True
    digits = [int(c) for c in text if c.isdigit()] if _SIN_RE.fullmatch(text) else [1]
    return sum(sum(divmod(d * (1 + at % 2), 10)) for at, d in enumerate(digits)) % 10 == 0


def is_vin(text: str) -> bool:
    """Return whether a text is the number of a vehicle: 17 characters with a right check digit."""
    text = text.upper().replace(" ", "")
    if len(text) != len(_VIN_WEIGHTS) or not re.fullmatch("[A-HJ-NPR-Z0-9]+", text):
        return False
    total = sum(int(_VIN_DIGITS.get(c, c)) * w for c, w in zip(text, _VIN_WEIGHTS, strict=True))
    return "0123456789X"[total % 11] == text[8]


@cache
def province_of(text: str) -> str | None:
    """Return the code of a province or state that the product knows, ``None`` for all other texts."""
    if len(text) > _LONGEST_NAME or any(c.isdigit() for c in text):
        return None
    code = province(text)
    return code if isinstance(code, str) and code in PROVINCES else None


def profile(sheet: Sheet) -> tuple[Profile, ...]:
    """Return what each column of a sheet holds; columns that a results workbook added are left out."""
    return tuple(
        Profile(column, len(sheet.frame), _counted(sheet.frame[column.position]))
        for column in sheet.columns
        if not column.ours
    )


def without(sheet: Sheet, profiles: Sequence[Profile], rows: Sequence[int]) -> tuple[Profile, ...]:
    """Return the profiles as they are without some rows, given by their numbers."""
    gone = sheet.frame[np.isin(sheet.rows, rows)]
    lost = [Counter(map(clean, gone[p.column.position])) for p in profiles]
    return tuple(
        Profile(p.column, p.rows - len(gone), {text: n - less[text] for text, n in p.counts.items() if n > less[text]})
        for p, less in zip(profiles, lost, strict=True)
    )  # fmt: skip


def _counted(texts: pd.Series[str]) -> dict[str, int]:
    """Return cleaned value → rows, the most frequent first."""
    found = pa.array(texts).value_counts()
    values, rows = found.field(0).to_pylist(), found.field(1).to_numpy()
    counts: dict[str, int] = {}
    for at in np.argsort(-rows, kind="stable").tolist():
        if cleaned := clean(values[at]):
            counts[cleaned] = counts.get(cleaned, 0) + int(rows[at])
    return counts


def folded(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of values that a lookup takes for one (case and blanks do not count)."""
    first: dict[str, str] = {}
    sums: dict[str, int] = {}
    for text, rows in counts.items():
        name = first.setdefault(fold(text), text)
        sums[name] = sums.get(name, 0) + rows
    return sums


def names_of(columns: Iterable[Column]) -> dict[int, str]:
    """Return column position → the name that a mapping uses: ``Phone#1`` for the first of two ``Phone``."""
    numbered = list(columns)
    repeated = {fold(column.header) for column in numbered if column.number > 1}
    return {
        c.position: f"{c.header}#{c.number}" if fold(c.header) in repeated else c.header
        for c in numbered
    }
