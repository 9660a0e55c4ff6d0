"""What the values of a column say to a field: they fit it, they say nothing, or they speak against it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from importer.proposing.profiles import Profile

_ALMOST, _MOST, _SOME, _HARDLY = 0.9, 0.75, 0.5, 0.3
_YEAR_RE: Final = re.compile(r"(?:19|20)[0-9]{2}")
_YOUNGEST, _YEARS_LOOKED_AT = 8, 200
_KEYS: Final = {"unique_id", "student_no", "employ_no"}


class Fit(IntEnum):
    """How values go with a field."""

    AGAINST = -1
    SILENT = 0
    FITS = 1


@dataclass(frozen=True, slots=True)
class Fitting:
    """How values go with a field, and why in a person's words."""

    fit: Fit
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What values of a field look like, by the share of distinct values that have a form."""

    what: str
    forms: tuple[str, ...] = ()
    enough: float = _MOST
    """From this share on they fit."""
    hardly: float = 0
    """Below this share they speak against the field."""
    never: Mapping[str, float] | None = None
    """Form → the share from which on they are something else."""


_NAMES: Final = {
    "email": "e-mail addresses", "date": "dates", "integer": "numbers", "two letters": "provinces or states", "name": "words",
    "spaced": "words", "long": "texts", "no digit": "words without digits",
}  # fmt: skip
_PHONES = _Evidence("phone numbers", ("phone",), hardly=_HARDLY, never={"date": _SOME})
_DATES = _Evidence("dates", ("date",), hardly=_HARDLY)
_POSTAL = _Evidence("postal codes", ("postal",), never={"name": _SOME, "email": _SOME})
_OTHER = {"email": _HARDLY, "date": _HARDLY}
_PROVINCES = _Evidence(
    "provinces or states",
    ("province",),
    _SOME,
    never={**_OTHER, "integer": _HARDLY, "long": _HARDLY},
)
_STREETS = _Evidence(
    "addresses", ("street",), _SOME, never={"email": _HARDLY, "date": _SOME, "integer": _SOME}
)
_NAMED = _Evidence("words", ("name",), never={**_OTHER, "integer": _HARDLY})
_WORDS = _Evidence("words", enough=0, never={**_OTHER, "integer": _HARDLY})
_LISTED = _Evidence("words", enough=0, never={**_OTHER, "integer": _SOME})
_EVIDENCE: Final[Mapping[str, _Evidence]] = {
    "email": _Evidence("e-mail addresses", ("email",), hardly=_HARDLY),
    **dict.fromkeys(("phone_cell", "student_phone", "employee_phone"), _PHONES),
    **dict.fromkeys(("date_of_birth", "startTime", "endTime"), _DATES),
    **dict.fromkeys(("postal_code", "postal_code2"), _POSTAL),
    **dict.fromkeys(("province", "province2", "prov", "driver_licence_prov"), _PROVINCES),
    **dict.fromkeys(("street", "street2"), _STREETS),
    "street line": _Evidence("addresses", enough=0, never={"email": _HARDLY, "date": _SOME}),
    **dict.fromkeys(("first_name", "last_name", "last name part", "full name"), _NAMED),
    **dict.fromkeys(("city", "city2"), _NAMED),
    **dict.fromkeys(("make", "colour"), _WORDS),
    **dict.fromkeys(("type", "plateType"), _LISTED),
    **dict.fromkeys(("zone", "login_source"), _Evidence("words", enough=0, never=_OTHER)),
    "user_type_id": _Evidence("of few kinds", ("few",), 1, 1, never=_OTHER),
    "user_name": _Evidence(
        "names of accounts", ("different",), hardly=_MOST, never={"spaced": _HARDLY, "date": _SOME}
    ),
    "year": _Evidence("years", ("year",), hardly=_HARDLY),
    "amount": _Evidence("amounts", ("amount",), hardly=_HARDLY),
    "currency": _Evidence("currencies", ("currency",), hardly=_HARDLY),
    "plate": _Evidence(
        "plates", ("plate", "plates"),
        never={"two letters": 0.99, "date": _SOME, "email": _HARDLY, "no digit": _SOME},
    ),
    "vin": _Evidence("numbers of vehicles, of 17 characters", ("seventeen",), _SOME, _SOME),
}  # fmt: skip
"""A field, or a part of one → what its values look like."""
IDS: Final = (*_KEYS, "permitNo", "referenceID", "driver_licence_num")


def fit(field: str, column: Profile) -> Fitting:
    """Return how the values of a column go with a field."""
    if not column.counts:
        return Fitting(Fit.SILENT, "the column is empty")
    if field in IDS:
        return _as_id(field, column)
    evidence = _EVIDENCE.get(field)
    if evidence is None:
        return Fitting(Fit.SILENT)
    if field == "date_of_birth" and column.share("date") >= _SOME and _is_recent(column):
        return Fitting(Fit.AGAINST, "the dates are of the last years, not births")
    return _judge(evidence, column)


def _judge(evidence: _Evidence, column: Profile) -> Fitting:
    """Return what the shares of forms say."""
    for form, most in (evidence.never or {}).items():
        if column.share(form) > most:
            return Fitting(Fit.AGAINST, f"the values are {_NAMES[form]}")
    part = sum(map(column.share, evidence.forms))
    if part < evidence.hardly:
        return Fitting(Fit.AGAINST, f"the values are not {evidence.what}")
    every = "all" if part == 1 else "the" if part > 1 or not part else f"{part:.0%} of the"
    if part >= evidence.enough:
        return Fitting(Fit.FITS, f"{every} values are {evidence.what}")
    return Fitting(Fit.SILENT, f"{every if part else 'none of the'} values are {evidence.what}")


def _is_recent(column: Profile) -> bool:
    """Whether most dates are of the last years, as those of a hire or an admission may be."""
    texts = list(column.counts)[:_YEARS_LOOKED_AT]
    years = [int(year[0]) for text in texts if (year := _YEAR_RE.search(text))]
    limit = dt.datetime.now(dt.UTC).year - _YOUNGEST
    return bool(years) and sum(year > limit for year in years) > _SOME * len(years)


def _as_id(field: str, column: Profile) -> Fitting:
    """Return how values go with the number of a person, a permit or a record."""
    different = column.different if field in _KEYS and column.rows > 1 else 1.0
    if column.share("date") > _SOME and column.share("integer") < _SOME:
        return Fitting(Fit.AGAINST, "the values are dates")
    if field in _KEYS and column.share("email") > _SOME:
        return Fitting(Fit.SILENT, "the values are e-mail addresses")
    if column.share("id") < _HARDLY:
        phones = column.share("phone") >= _HARDLY and column.share("spaced") <= _HARDLY
        against = Fit.SILENT if phones else Fit.AGAINST
        return Fitting(against, "the values are not numbers of records")
    if different < _SOME:
        return Fitting(Fit.AGAINST, f"there are only {len(column.counts)} different values")
    if different < _ALMOST or column.share("id") < _MOST:
        return Fitting(Fit.SILENT, "some values repeat" if different < _ALMOST else "")
    every = "all values are different" if column.different == 1 else "the values are numbers"
    return Fitting(Fit.FITS, every)
