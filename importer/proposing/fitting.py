"""What the values of a column say to a field: they fit it, they say nothing, or they speak against it.

One small function for each kind of evidence; which field takes which stands in ``_JUDGES``.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from importer.proposing.profiles import Profile

_ALMOST, _MOST, _SOME, _HARDLY = 0.9, 0.75, 0.5, 0.3
_YEAR_RE: Final = re.compile(r"(?:19|20)[0-9]{2}")
_YOUNGEST, _YEARS_LOOKED_AT = 8, 200


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


def fit(field: str, column: Profile) -> Fitting:
    """Return how the values of a column go with a field."""
    if not column.counts:
        return Fitting(Fit.SILENT, "the column is empty")
    judge = _JUDGES.get(field)
    return Fitting(Fit.SILENT) if judge is None else judge(field, column)


def _against(why: str) -> Fitting:
    return Fitting(Fit.AGAINST, f"the values are {why}")


def _by_share(part: float, what: str, *, hardly: float = _HARDLY) -> Fitting:
    if part < hardly:
        return _against(f"not {what}")
    every = "all" if part == 1 else f"{part:.0%} of the"
    if part >= _MOST:
        return Fitting(Fit.FITS, f"{every} values are {what}")
    return Fitting(Fit.SILENT, f"only {every} values are {what}")


_FORMED: Final = {
    **dict.fromkeys(("phone_cell", "student_phone", "employee_phone"), ("phone", "phone numbers")),
    **dict.fromkeys(("date_of_birth", "startTime", "endTime"), ("date", "dates")),
    "email": ("email", "e-mail addresses"),
    "year": ("year", "years"),
    "amount": ("amount", "amounts"),
    "currency": ("currency", "currencies"),
}
"""Fields whose values have a form: the form and its name."""
PROVINCES: Final = {"province", "province2", "prov", "driver_licence_prov"}
_KEYS: Final = {"unique_id", "student_no", "employ_no"}


def _by_form(field: str, column: Profile) -> Fitting:
    form, what = _FORMED[field]
    part = column.share(form)
    if form == "phone" and column.share("date") > _SOME:
        part = 0.0
    if field == "date_of_birth" and part >= _SOME and _is_recent(column):
        return Fitting(Fit.AGAINST, "the dates are of the last years, not births")
    return _by_share(part, what)


def _is_recent(column: Profile) -> bool:
    """Whether most dates are of the last years, as those of a hire or an admission may be."""
    texts = list(column.counts)[:_YEARS_LOOKED_AT]
    years = [int(year[0]) for text in texts if (year := _YEAR_RE.search(text))]
    limit = dt.datetime.now(dt.UTC).year - _YOUNGEST
    return bool(years) and sum(year > limit for year in years) > _SOME * len(years)


def _postal(_: str, column: Profile) -> Fitting:
    wordy = column.share("name") > _SOME or column.share("email") > _SOME
    return _by_share(column.share("postal"), "postal codes", hardly=_MOST if wordy else 0)


def _id(field: str, column: Profile) -> Fitting:
    different = column.different if field in _KEYS and column.rows > 1 else 1.0
    found = Fitting(Fit.SILENT)
    if column.share("date") > _SOME and column.share("integer") < _SOME:
        found = _against("dates")
    elif field in _KEYS and column.share("email") > _SOME:
        found = Fitting(Fit.SILENT, "the values are e-mail addresses")
    elif column.share("id") < _HARDLY:
        phones = column.share("phone") >= _HARDLY and column.share("spaced") <= _HARDLY
        found = Fitting(
            Fit.SILENT if phones else Fit.AGAINST, "the values are not numbers of records"
        )
    elif different < _SOME:
        found = Fitting(Fit.AGAINST, f"there are only {len(column.counts)} different values")
    elif different < _ALMOST:
        found = Fitting(Fit.SILENT, "some values repeat")
    elif column.share("id") >= _MOST:
        what = "all values are different" if column.different == 1 else "the values are numbers"
        found = Fitting(Fit.FITS, what)
    return found


def _province(_: str, column: Profile) -> Fitting:
    what = "provinces or states"
    part = column.share("province")
    if part >= _SOME:
        return Fitting(
            Fit.FITS, f"{'all' if part == 1 else f'{part:.0%} of the'} values are {what}"
        )
    others = ("integer", "date", "long", "email")
    if any(column.share(form) > _HARDLY for form in others) or not column.share("text"):
        return _against(f"not {what}")
    return Fitting(Fit.SILENT, f"the values are not {what} that are known here")


def _plate(_: str, column: Profile) -> Fitting:
    if column.share("two letters") == 1:
        return _against("provinces or states")
    if column.share("date") > _SOME or column.share("email") > _HARDLY:
        return _against("not plates")
    if column.share("digit") < _SOME:
        return Fitting(Fit.AGAINST, "the values have no digits, as plates have")
    shaped = column.share("plate") + column.share("plates") >= _MOST
    return (
        Fitting(Fit.FITS, "the values have the shape of plates") if shaped else Fitting(Fit.SILENT)
    )


def _vin(_: str, column: Profile) -> Fitting:
    if column.share("vin") >= _SOME:
        return Fitting(Fit.FITS, "the values are numbers of vehicles with a right check digit")
    shaped = column.share("seventeen") >= _SOME
    have = "have" if shaped else "do not have"
    why = f"the values {have} the 17 characters of a vehicle's number"
    return Fitting(Fit.FITS if shaped else Fit.AGAINST, why)


def _street(field: str, column: Profile) -> Fitting:
    if column.share("email") > _HARDLY or column.share("date") > _SOME:
        return _against("not addresses")
    if field == "street line" or column.share("street") >= _SOME:
        return Fitting(Fit.FITS, "the values look like addresses")
    return _against("numbers") if column.share("integer") > _SOME else Fitting(Fit.SILENT)


def _word(field: str, column: Profile) -> Fitting:
    numbered = field in {"user_type_id", "zone", "login_source"}
    most = _SOME if field in {"plateType", "type"} else _HARDLY
    forms = (("email", "e-mail addresses", _HARDLY), ("date", "dates", _HARDLY))
    for form, what, limit in (*forms, ("integer", "numbers", 1 if numbered else most)):
        if column.share(form) > limit:
            return _against(what)
    if field == "user_type_id":
        what = f"{len(column.counts)} different values"
        return (
            Fitting(Fit.FITS, what)
            if column.few
            else Fitting(Fit.AGAINST, f"there are {what}, too many for types")
        )
    named = field in {"first_name", "last_name", "last name part", "full name", "city", "city2"}
    if named and column.share("name") < _MOST:
        return Fitting(Fit.SILENT)
    return Fitting(Fit.FITS, "the values are words")


def _account(_: str, column: Profile) -> Fitting:
    spaced = column.share("spaced") > _HARDLY
    if spaced or column.share("date") > _SOME or column.different < _MOST:
        return _against("not names of accounts")
    return Fitting(Fit.FITS)


_JUDGES: Final[Mapping[str, Callable[[str, Profile], Fitting]]] = {
    **dict.fromkeys(_FORMED, _by_form),
    **dict.fromkeys(("postal_code", "postal_code2"), _postal),
    **dict.fromkeys((*_KEYS, "permitNo", "referenceID", "driver_licence_num"), _id),
    **dict.fromkeys(PROVINCES, _province),
    "plate": _plate,
    "vin": _vin,
    **dict.fromkeys(("street", "street line", "street2"), _street),
    "user_name": _account,
    **dict.fromkeys(("first_name", "last_name", "last name part", "full name"), _word),
    **dict.fromkeys(("city", "city2", "make", "colour", "type", "plateType"), _word),
    **dict.fromkeys(("user_type_id", "zone", "login_source"), _word),
}
"""A field, or a part of one → the evidence of its values."""
