"""What the values of a column say to a field: they fit it, they say nothing, or they speak against it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from importer.proposing.profiles import Profile

_ALMOST, _MOST, _SOME, _HARDLY = 0.9, 0.75, 0.5, 0.3
_YEAR_RE: Final = re.compile(r"(?:19|20)[0-9]{2}")
_YOUNGEST: Final = 8
_SEVENTEEN_RE: Final = re.compile(r"[A-HJ-NPR-Za-hj-npr-z0-9]{17}")


class Fit(IntEnum):
    """How values go with a field."""

    AGAINST = -1
    SILENT = 0
    FITS = 1


@dataclass(frozen=True, slots=True)
class Fitting:
    """How values go with a field, and why in a person's words."""

    fit: Fit
    why: str


_FORM: Final = {
    "email": ("email", "e-mail addresses"),
    "phone_cell": ("phone", "phone numbers"),
    "student_phone": ("phone", "phone numbers"),
    "employee_phone": ("phone", "phone numbers"),
    "date_of_birth": ("date", "dates"),
    "startTime": ("date", "dates"),
    "endTime": ("date", "dates"),
    "postal_code": ("postal", "postal codes"),
    "postal_code2": ("postal", "postal codes"),
    "year": ("year", "years"),
    "amount": ("amount", "amounts"),
    "currency": ("currency", "currencies"),
}
"""Fields whose values have a form: the form and its name."""
_WORDY: Final = {
    "first_name", "last_name", "full name", "city", "city2", "make", "colour", "last name part",
}  # fmt: skip
_LISTED: Final = {"user_type_id", "plateType", "type", "zone", "login_source"}
_NUMBERED: Final = {"user_type_id", "zone", "login_source"}
_IDS: Final = {
    "unique_id",
    "student_no",
    "employ_no",
    "permitNo",
    "referenceID",
    "driver_licence_num",
}
PROVINCES: Final = {"province", "province2", "prov", "driver_licence_prov"}


def fit(field: str, column: Profile) -> Fitting:
    """Return how the values of a column go with a field."""
    if column.blank:
        return Fitting(Fit.SILENT, "the column is empty")
    for fields, judge in _JUDGES:
        if field in fields:
            return judge(field, column)
    return Fitting(Fit.SILENT, "")


_FITS = Fitting(Fit.FITS, "")


def _share(fit_: Fit, part: float, what: str) -> Fitting:
    if fit_ is Fit.AGAINST:
        return Fitting(fit_, f"the values are no {what}")
    every = "all" if part == 1 else f"{part:.0%} of the"
    return Fitting(
        fit_,
        f"{every} values are {what}" if fit_ is Fit.FITS else f"only {every} values are {what}",
    )


def _formed(field: str, column: Profile) -> Fitting:
    form, what = _FORM[field]
    part = column.share(form)
    if form == "phone" and column.share("date") > _SOME:
        part = 0.0
    if field == "date_of_birth" and part >= _SOME and _recent(column):
        return Fitting(Fit.AGAINST, "the dates are of the last years, no births")
    if form == "postal" and part < _MOST:
        wordy = column.share("name") > _SOME or column.share("email") > _SOME
        return _share(Fit.AGAINST if wordy else Fit.SILENT, part, what)
    if part >= _MOST:
        return _share(Fit.FITS, part, what)
    return _share(Fit.AGAINST if part < _HARDLY else Fit.SILENT, part, what)


def _recent(column: Profile) -> bool:
    """Whether most dates are of the last years, as those of a hire or an admission may be."""
    years = [int(y[0]) for text in list(column.counts)[:200] if (y := _YEAR_RE.search(text))]
    limit = dt.datetime.now(dt.UTC).year - _YOUNGEST
    return bool(years) and sum(year > limit for year in years) > _SOME * len(years)


def _ids(field: str, column: Profile) -> Fitting:
    key = field in {"unique_id", "student_no", "employ_no"}
    different = column.different if key and column.rows > 1 else 1.0
    spaced = sum(" " in text for text in column.counts) > _HARDLY * len(column.counts)
    if column.share("date") > _SOME and column.share("integer") < _SOME:
        found = Fitting(Fit.AGAINST, "the values are dates")
    elif key and column.share("email") > _SOME:
        found = Fitting(Fit.SILENT, "the values are e-mail addresses")
    elif column.share("id") < _HARDLY:
        against = spaced or column.share("phone") < _HARDLY
        found = Fitting(
            Fit.AGAINST if against else Fit.SILENT, "the values are no numbers of records"
        )
    elif different < _SOME:
        found = Fitting(Fit.AGAINST, f"there are only {len(column.counts)} different values")
    elif different < _ALMOST:
        found = Fitting(Fit.SILENT, "some values repeat")
    elif column.share("id") >= _MOST:
        found = Fitting(
            Fit.FITS,
            "all values are different" if column.different == 1 else "the values are numbers",
        )
    else:
        found = Fitting(Fit.SILENT, "")
    return found


def _provinces(_: str, column: Profile) -> Fitting:
    part = column.share("province")
    if part >= _SOME:
        return _share(Fit.FITS, part, "provinces or states")
    digits = column.share("integer") > _HARDLY or column.share("date") > _HARDLY
    long = sum(len(text) > 40 for text in column.counts) > _HARDLY * len(column.counts)  # noqa: PLR2004
    if digits or long or column.share("email") > _HARDLY or not column.share("text"):
        return Fitting(Fit.AGAINST, "the values are no provinces or states")
    return Fitting(Fit.SILENT, "the values are no provinces or states that are known here")


def _plates(_: str, column: Profile) -> Fitting:
    if all(len(text) == 2 and text.isalpha() for text in column.counts):  # noqa: PLR2004
        return Fitting(Fit.AGAINST, "the values are provinces or states")
    digits = sum(any(c.isdigit() for c in text) for text in column.counts)
    if column.share("date") > _SOME or column.share("email") > _HARDLY:
        return Fitting(Fit.AGAINST, "the values are no plates")
    if digits < _SOME * len(column.counts):
        return Fitting(Fit.AGAINST, "the values have no digits, as plates have")
    if column.share("plate") + column.share("plates") >= _MOST:
        return Fitting(Fit.FITS, "the values have the shape of plates")
    return Fitting(Fit.SILENT, "")


def _vins(_: str, column: Profile) -> Fitting:
    if column.share("vin") >= _SOME:
        return _share(Fit.FITS, column.share("vin"), "numbers of vehicles with a right check digit")
    shaped = sum(_SEVENTEEN_RE.fullmatch(text) is not None for text in column.counts)
    if shaped >= _SOME * len(column.counts):
        return Fitting(Fit.FITS, "the values have the 17 characters of a vehicle's number")
    return Fitting(Fit.AGAINST, "the values have not the 17 characters of a vehicle's number")


def _streets(field: str, column: Profile) -> Fitting:
    if column.share("email") > _HARDLY or column.share("date") > _SOME:
        return Fitting(Fit.AGAINST, "the values are no addresses")
    if field == "street line":
        return Fitting(Fit.FITS, "the lines of one address are joined")
    if column.share("street") >= _SOME:
        return Fitting(Fit.FITS, "the values look like addresses")
    if column.share("integer") > _SOME:
        return Fitting(Fit.AGAINST, "the values are numbers")
    return Fitting(Fit.SILENT, "")


def _wordy(field: str, column: Profile) -> Fitting:
    against = next((_NAMES[form] for form in ("email", "date") if column.share(form) > _HARDLY), "")
    if (
        not against
        and column.share("integer") > (_SOME if field in _LISTED else _HARDLY)
        and field not in _NUMBERED
    ):
        against = "numbers"
    if against:
        return Fitting(Fit.AGAINST, f"the values are {against}")
    if field == "user_type_id":
        what = f"{len(column.counts)} different values"
        return (
            Fitting(Fit.FITS, what)
            if column.few
            else Fitting(Fit.AGAINST, f"there are {what}, no few types")
        )
    if field in _LISTED or field in {"make", "colour"} or column.share("name") >= _MOST:
        return Fitting(Fit.FITS, "the values are words")
    return Fitting(Fit.SILENT, "")


_NAMES: Final = {"email": "e-mail addresses", "date": "dates"}


def _accounts(_: str, column: Profile) -> Fitting:
    spaced = sum(" " in text for text in column.counts) > _HARDLY * len(column.counts)
    if spaced or column.share("date") > _SOME or column.different < _MOST:
        return Fitting(Fit.AGAINST, "the values are no names of accounts")
    return _FITS


_JUDGES: Final[tuple[tuple[Collection[str], Callable[[str, Profile], Fitting]], ...]] = (
    (_FORM, _formed),
    (_IDS, _ids),
    (PROVINCES, _provinces),
    ({"plate"}, _plates),
    ({"vin"}, _vins),
    ({"street", "street line", "street2"}, _streets),
    ({"user_name"}, _accounts),
    (_WORDY | _LISTED, _wordy),
)
