"""Where each column goes by itself: what its header says, weighed with what its values say."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from importer.proposing.answers import NOT_SENT
from importer.proposing.naming import FIRM, MAY, PART, SURE, Named, Naming, read_headers
from importer.proposing.neighbours import settle
from importer.proposing.profiles import Profile, names_of
from importer.proposing.proposal import ABOUT, Confidence, Place
from importer.text import fold

_ALMOST, _MOST, _SOME, _HARDLY = 0.9, 0.75, 0.5, 0.3
_YEAR_RE: Final = re.compile(r"(?:19|20)[0-9]{2}")
_YOUNGEST, _YEARS_LOOKED_AT, _FEWEST = 8, 200, 4
_SERIALS: Final = "the values are Excel's numbers for days: give the column the format of dates and export it again"
_KEYS: Final = {"unique_id", "student_no", "employ_no"}
_IDS: Final = {*_KEYS, "permitNo", "referenceID", "driver_licence_num"}


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What values of a field look like, by the share of distinct values that have a form."""

    what: str
    forms: tuple[str, ...] = ()
    enough: float = _MOST
    """From this share on they fit."""
    hardly: float = 0
    """Below this share they speak against the field."""
    never: Mapping[str, float] = field(default_factory=dict)
    """Form → the share from which on they are something else."""


_NAMES: Final = {
    "email": "e-mail addresses", "date": "dates", "integer": "numbers", "two letters": "provinces or states", "name": "words",
    "spaced": "words", "long": "texts", "no digit": "words without digits", "postal": "postal codes", "phone": "phone numbers",
    "contact kind": "kinds of phones or addresses", "ten digits": "phone numbers", "numbered": "addresses",
}  # fmt: skip
_OTHER: Final = {"email": _HARDLY, "date": _HARDLY}
_NO_NUMBER: Final = {**_OTHER, "integer": _HARDLY, "postal": _SOME, "ten digits": _SOME}
_NO_NAME: Final = {**_NO_NUMBER, "numbered": _SOME}
_NO_PLACE: Final = {**_NO_NAME, "long": _HARDLY}
_EVIDENCE: Final = {
    ("email",): _Evidence("e-mail addresses", ("email",), hardly=_HARDLY),
    ("phone_cell", "student_phone", "employee_phone"): _Evidence("phone numbers", ("phone",), hardly=_HARDLY, never={"date": _SOME}),
    ("date_of_birth", "startTime", "endTime"): _Evidence("dates", ("date",), hardly=_HARDLY),
    ("postal_code", "postal_code2"): _Evidence("postal codes", ("postal",), never={"name": _SOME, "email": _SOME, "ten digits": _SOME}),
    ("prov",): _Evidence("provinces or states", ("province",), _SOME, never=_NO_PLACE),
    ("province", "province2", "driver_licence_prov"): _Evidence(
        "provinces or states", ("province",), _SOME, 0.01, never=_NO_PLACE
    ),
    ("street", "street2"): _Evidence(
        "addresses", ("street",), _SOME, never={"email": _HARDLY, "date": _SOME, "integer": _SOME, "phone": _SOME}
    ),
    ("street line",): _Evidence("addresses", enough=0, never={"email": _HARDLY, "date": _SOME}),
    (
        "first_name", "last_name", "preferred first_name", "preferred last_name", "last name part", "full name", "city", "city2",
    ): _Evidence("words", ("name",), never=_NO_NAME),
    ("make", "colour"): _Evidence("words", enough=0, never=_NO_NUMBER),
    ("type", "plateType"): _Evidence("words", enough=0, never={**_OTHER, "integer": _SOME}),
    ("zone", "login_source"): _Evidence("words", enough=0, never=_OTHER),
    ("user_type_id",): _Evidence("of few kinds", ("few",), 1, 1, never={**_OTHER, "contact kind": _SOME}),
    ("user_name",): _Evidence("names of accounts", ("different",), hardly=_MOST, never={"spaced": _HARDLY, "date": _SOME}),
    ("year",): _Evidence("years", ("year",), hardly=_HARDLY),
    ("amount",): _Evidence("amounts", ("amount",), hardly=_HARDLY),
    ("currency",): _Evidence("currencies", ("currency",), hardly=_HARDLY),
    ("plate",): _Evidence(
        "plates", ("plate", "plates"), never={"two letters": 0.99, "date": _SOME, "email": _HARDLY, "no digit": _SOME}
    ),
    ("vin",): _Evidence("numbers of vehicles, of 17 characters", ("seventeen",), _SOME, _SOME),
}  # fmt: skip
"""Fields, or parts of one → what their values look like."""
_BY_FIELD: Final = {name: found for names, found in _EVIDENCE.items() for name in names}


def fit(field: str, column: Profile) -> tuple[bool | None, str]:
    """Return whether the values of a column go with a field or against it, ``None`` where they do not say, and why."""
    if column.counts and field in _IDS:
        return _as_id(field, column)
    evidence = _BY_FIELD.get(field)
    if evidence is None or not column.counts:
        return None, "" if column.counts else "the column is empty"
    if field == "date_of_birth" and column.share("date") >= _SOME and _is_recent(column):
        return False, "the dates are of the last years, not births"
    for form, most in evidence.never.items():
        if column.share(form) > most:
            return False, f"the values are {_NAMES[form]}"
    part = sum(map(column.share, evidence.forms))
    # An e-mail of many rows is that of a superior or an office; a person may stand in two.
    shared = field == "email" and column.filled > _FEWEST and column.different < _SOME
    if shared or part < evidence.hardly:
        said = "shared by many rows" if shared else f"not {evidence.what}"
        return False, f"the values are {said}"
    fits = part >= evidence.enough
    every = f"{part:.0%} of the" if part else "the" if fits else "none of the"
    every = "all" if part == 1 else "the" if part > 1 else every
    return fits or None, f"{every} values are {evidence.what}"


def _is_recent(column: Profile) -> bool:
    """Whether most dates are of the last years, as those of a hire or an admission may be."""
    texts = list(column.counts)[:_YEARS_LOOKED_AT]
    years = [int(year[0]) for text in texts if (year := _YEAR_RE.search(text))]
    limit = dt.datetime.now(dt.UTC).year - _YOUNGEST
    return bool(years) and sum(year > limit for year in years) > _SOME * len(years)


def _as_id(field: str, column: Profile) -> tuple[bool | None, str]:
    """Return how values go with the number of a person, a permit or a record."""
    different = column.different if field in _KEYS and column.rows > 1 else 1.0
    if column.share("date") > _SOME and column.share("integer") < _SOME:
        return False, "the values are dates"
    if field in _KEYS and column.share("email") > _SOME:
        return None, "the values are e-mail addresses"
    if column.share("id") < _HARDLY:
        phones = column.share("phone") >= _HARDLY and column.share("spaced") <= _HARDLY
        return None if phones else False, "the values are not numbers of records"
    if different < _SOME:
        return False, f"there are only {len(column.counts)} different values"
    if different < _ALMOST or column.share("id") < _MOST or column.counts_rows:
        counted = "the values number the rows" if column.counts_rows else ""
        return None, "some values repeat" if different < _ALMOST else counted
    every = "all values are different" if column.different == 1 else "the values are numbers"
    return True, every


def place_columns(
    profiles: Sequence[Profile], endpoint: str, known: Mapping[str, str] | None = None
) -> tuple[Place, ...]:
    """Return where each column goes, in the order of the sheet; a column of two fields comes twice.

    Args:
        profiles: The columns.
        endpoint: What the rows are.
        known: The name that a mapping uses (folded) → field or ``not sent``, as a
            person said; what is secret is not sent whatever was said.
    """
    namings = read_headers([p.column.header for p in profiles], endpoint)
    names = names_of(p.column for p in profiles).values()
    answers = [(known or {}).get(fold(name)) for name in names]
    places = [_weigh(p, naming, endpoint) for p, naming in zip(profiles, namings, strict=True)]
    places = [
        place if answer is None or place.secret else _answered(place.profile, answer)
        for place, answer in zip(places, answers, strict=True)
    ]
    fixed = {at for at, answer in enumerate(answers) if answer is not None}
    return settle(places, namings, endpoint, fixed)


def _answered(profile: Profile, answer: str) -> Place:
    field, _, second = answer.partition(" (")
    if field == NOT_SENT:
        return Place(profile, reason="you said so")
    # Of a column of whole names the part that is wanted is taken.
    whole = field in {"first_name", "last_name"} and profile.share("whole name") > _SOME
    how = "split" if whole else "direct"
    how = {"joined)": "join", "second choice)": "first_of"}.get(second, how)
    return Place(profile, field, how, Confidence.SURE, "you said so", SURE)


def _weigh(profile: Profile, naming: Naming, endpoint: str) -> Place:
    """Return where a column goes by its own header and values."""
    if naming.never:
        return Place(profile, reason=f"this is {naming.never}: it is never sent", secret=True)
    if profile.share("password") > _SOME and profile.different > _SOME:
        reason = "these look like passwords: they are never sent"
        return Place(profile, reason=reason, secret=True)
    if profile.share("national id") > _SOME:
        reason = "these are written as national ids: they are never sent"
        return Place(profile, reason=reason, secret=True)
    if naming.fields:
        claims = (_claim(profile, named) for named in naming.fields)
        return max(claims, key=lambda place: place.rank)
    form = {"users": "email", "vehicles": "vin", "permit-updates": "uuid"}.get(endpoint)
    reason = "no field of OPSCOM has this name"
    if naming.other:
        reason = f"{ABOUT}{naming.other}"
    elif naming.unsent:
        reason = "OPSCOM has no field for this"
    elif not profile.column.header:
        reason = "the column has no header; write one to have it sent"
    elif form and profile.share(form) > FIRM:
        field = "referenceID" if form == "uuid" else form
        reason = f"the header says nothing, and {fit(field, profile)[1]}"
        return Place(profile, field, "direct", Confidence.ASK, reason, 0.1)
    return Place(profile, reason=reason)


def _claim(profile: Profile, named: Named) -> Place:
    """Return what one field's claim on a column comes to: values can veto a header, and only both are sure."""
    fits, why = fit(named.field, profile)
    if why.endswith("dates") and profile.share("serial") > _SOME:
        fits, why = None, _SERIALS
    said = "the header says so" if named.strength >= SURE else "the header may mean it"
    if named.unknown:
        said = f"the header holds its words, and {', '.join(named.unknown)}"
    if fits is False:
        said = f"the header may mean {named.field}, but {why}"
    elif why:
        said = f"{said}; {why}"
    strength = named.strength + 0.01 * len(named.words)
    # Values of a form that only this field's have.
    form = {"user_name": "account", "province": "province", "prov": "province"}.get(named.field)
    if fits and form and profile.share(form) > _SOME:
        strength += 0.05
    firm = named.strength >= FIRM and why != _SERIALS
    few = named.strength >= PART and len(named.unknown) <= 1
    weak = not profile.counts or named.strength < PART * MAY
    confidence = Confidence.ASK
    if fits is False or (fits is None and not firm and weak):
        return Place(profile, reason=said, strength=strength)
    if firm or (fits and (named.strength >= MAY * FIRM or few)):
        confidence = Confidence.SURE if firm and fits else Confidence.LIKELY
    return Place(
        profile, named.field, "direct", confidence, said, strength, ordinal=named.ordinal, grade=named.grade
    )  # fmt: skip
