"""Columns of one meaning know of each other: ids, phones, addresses, names in parts, rivals for one field."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from importer.proposing.fitting import Fit, fit
from importer.proposing.meanings import means
from importer.proposing.naming import FIRM
from importer.proposing.profiles import words_in
from importer.proposing.proposal import Confidence, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from importer.proposing.naming import Naming

_STUDENTS: Final = {"student", "major", "program", "gpa", "semester", "enrolment", "degree", "etudiant", "classe", "course", "campus", "diplome"}  # fmt: skip
_STAFF: Final = {
    "employee",
    "hire",
    "job",
    "position",
    "salary",
    "department",
    "poste",
    "payroll",
    "manager",
}
_IDS: Final = ("unique_id", "student_no", "employ_no", "user_name")
_PHONES: Final = ("phone_cell", "student_phone", "employee_phone")
_PARTS: Final = {"first_name", "last_name"}
_JOINED: Final = {
    "street line": "street",
    "street number": "street",
    "last name part": "last_name",
    "area code": "phone_cell",
}
_UNREAL: Final = {"full name", *_JOINED}
"""What the vocabulary tells apart and OPSCOM has no field for."""
_NUMBERED: Final = {"student_no": "student", "employ_no": "employee"}
_OWN: Final = {"email", "street", "city", "province", "postal_code", *_PHONES}
_SECOND: Final = {f"{name}2": name for name in ("street", "city", "province", "postal_code")}


def settle(
    places: list[Place], namings: Sequence[Naming], endpoint: str, fixed: set[int]
) -> list[Place]:
    """Return the places once columns of one meaning know of each other."""
    if endpoint == "users":
        _full_names(places, namings, fixed)
        _keys(places, namings, fixed)
        _phones(places, namings, fixed)
        _addresses(places, namings, fixed)
        _user_types(places, namings, fixed)
    _rivals(places, fixed)
    seconds = [*_emails(places), *_years(places, fixed), *_numbers(places, namings, fixed)]
    for at, second in sorted(seconds, key=lambda pair: pair[0], reverse=True):
        places.insert(at + 1, second)
    return _joined(places)


def _claims(places: Sequence[Place], *fields: str) -> list[int]:
    return [at for at, place in enumerate(places) if place.field in fields]


def _drop(places: list[Place], at: int, reason: str, *, ask: bool = False) -> None:
    place = places[at]
    if ask:
        places[at] = replace(place, confidence=Confidence.ASK, reason=reason)
    else:
        places[at] = replace(
            place, field=None, how="none", confidence=Confidence.NONE, reason=reason
        )


def _full_names(places: list[Place], namings: Sequence[Naming], fixed: set[int]) -> None:
    """A whole name is split where there are no parts; beside a first name "Name" is the last one."""
    first = [at for at in _claims(places, "first_name") if places[at].used]
    last = [at for at in _claims(places, "last_name") if places[at].used]
    for at in _claims(places, "full name"):
        if at in fixed:
            continue
        place = places[at]
        single = sum(words_in(t) > 1 or "," in t for t in place.profile.counts) < 0.5 * len(
            place.profile.counts
        )
        bare = namings[at].words == {"name"}
        if first and not last and (single or bare):
            sure = bare and single and fit("last_name", place.profile).fit is Fit.FITS
            places[at] = replace(
                place, field="last_name", reason="beside a first name this is the last name",
                confidence=Confidence.SURE if sure else Confidence.LIKELY,
            )  # fmt: skip
        elif single and namings[at].words & {"first", "last"}:
            part = "first_name" if "first" in namings[at].words else "last_name"
            places[at] = replace(
                place,
                field=part,
                confidence=Confidence.LIKELY,
                reason=f"the values are single words: the {part}",
            )
        elif first or last:
            _drop(places, at, "the whole name; its parts have columns of their own")
        elif single:
            _drop(places, at, "the values are single words, no whole names", ask=True)
            places[at] = replace(places[at], field="last_name")
        else:
            comma = sum("," in text for text in place.profile.counts) > 0.5 * len(
                place.profile.counts
            )
            order = "last name, comma, first name" if comma else "first name, then last name"
            places[at] = replace(
                place, field="first_name", how="split", confidence=Confidence.LIKELY,
                reason=f"the whole name is split: {order}",
            )  # fmt: skip
            break


def _keys(places: list[Place], namings: Sequence[Naming], fixed: set[int]) -> None:
    """Of several numbers of a person the best known one is the id; the others keep their own names."""
    claims = [at for at in _claims(places, "unique_id") if at not in fixed]
    taken = any(places[at].used for at in _claims(places, "unique_id") if at in fixed)
    claims.sort(key=lambda at: (not places[at].profile.blank, places[at].rank), reverse=True)
    for rank, at in enumerate(claims):
        if rank == 0 and not taken:
            if (
                places[at].confidence is Confidence.ASK
                and len(claims) == 1
                and not places[at].profile.blank
            ):
                _only(places, at)
            continue
        own = next(
            (n for n in namings[at].fields if n.field in {"student_no", "employ_no", "user_name"}),
            None,
        )
        if own is not None and own.strength >= FIRM and places[at].used:
            places[at] = replace(places[at], field=own.field, confidence=Confidence.LIKELY)
        else:
            _drop(
                places,
                at,
                f"another number of the person; {_header(places, claims[0])} is the better id",
            )


def _only(places: list[Place], at: int) -> None:
    if places[at].profile.different == 1:
        reason = f"{places[at].reason}; no other column could be the id"
        places[at] = replace(places[at], confidence=Confidence.LIKELY, reason=reason)


def _header(places: Sequence[Place], at: int) -> str:
    return f'"{places[at].profile.column.header}"'


def _phones(places: list[Place], namings: Sequence[Naming], fixed: set[int]) -> None:
    """A plain "Phone" is the cell phone where no column says cell; a home phone is a student's."""
    cells = [
        at for at in _claims(places, "phone_cell") if places[at].used and places[at].strength > FIRM
    ]
    for at in _claims(places, "phone_cell"):
        if at in fixed or at in cells:
            continue
        if cells:
            _drop(
                places,
                at,
                f"a phone of no kind; {_header(places, cells[0])} is the cell phone",
                ask=True,
            )
            staff = _about(namings, _STAFF) > _about(namings, _STUDENTS)
            places[at] = replace(places[at], field="employee_phone" if staff else "student_phone")
    for at in _claims(places, "student_phone"):
        if at not in fixed and places[at].strength < FIRM and places[at].used:
            reason = "a home phone: OPSCOM has a student's phone for it"
            places[at] = replace(places[at], confidence=Confidence.ASK, reason=reason)


def _about(namings: Sequence[Naming], words: set[str]) -> int:
    return sum(bool(naming.words & words) for naming in namings)


def _addresses(places: list[Place], namings: Sequence[Naming], fixed: set[int]) -> None:
    """Second lines belong to the first address, unless the file has a second city too."""
    for second, first in _SECOND.items():
        if not any(places[at].used for at in _claims(places, first)):
            for at in _claims(places, second):
                if at not in fixed:
                    _drop(places, at, "a second address without a first", ask=True)
    if any(places[at].used for at in _claims(places, *_SECOND)):
        for at in _claims(places, "street line"):
            if "2" in namings[at].words and at not in fixed:
                places[at] = replace(
                    places[at], field="street2", reason="the file has a second address"
                )
    if not _claims(places, "street"):
        for at in _claims(places, "street line"):
            _drop(places, at, "a second line of an address without its first")


def _user_types(places: list[Place], namings: Sequence[Naming], fixed: set[int]) -> None:
    """Which column tells a person's type is asked, unless its header says so."""
    claims = sorted(
        _claims(places, "user_type_id"),
        key=lambda at: (at in fixed, places[at].rank),
        reverse=True,
    )
    none = any(
        at in fixed
        and places[at].field is None
        and any(n.field == "user_type_id" for n in naming.fields)
        for at, naming in enumerate(namings[: len(places)])
    )
    best = _best_types(places, claims)
    for at in claims:
        if at in fixed:
            continue
        if none:
            _drop(places, at, "you said that another column does not tell the type of a person")
        elif at != best:
            _drop(places, at, f"{_header(places, best)} rather tells the type of a person")
        elif places[at].strength < FIRM and not (places[at].used and _tells_types(places[at])):
            reason = "it may tell what type of user a person is; its values need OPSCOM's numbers"
            places[at] = replace(places[at], confidence=Confidence.ASK, reason=reason)


def _tells_types(place: Place) -> bool:
    """Whether most values are words for types of people: full time, student, contract."""
    return (
        sum(means("user types", text) is not None for text in place.profile.counts)
        > len(place.profile.counts) / 2
    )


def _best_types(places: Sequence[Place], claims: Sequence[int]) -> int:
    def known(at: int) -> tuple[bool, bool, float]:
        return places[at].strength >= FIRM, _tells_types(places[at]), places[at].strength

    return max(claims, key=known) if claims else -1


def _rivals(places: list[Place], fixed: set[int]) -> None:
    """Of two columns of one field the better known is used, and the other is offered."""
    fields = {place.field for place in places if place.field} - set(_JOINED)
    for field in sorted(fields):
        claims = [
            at
            for at in _claims(places, field)
            if places[at].how not in {"split", "join", "first_of"}
        ]
        if len(claims) < 2:  # noqa: PLR2004 - a rival
            continue
        claims.sort(
            key=lambda at: (at in fixed, not places[at].profile.blank, places[at].rank[0] > 1, -places[at].ordinal,
                            places[at].grade >= 0, round(places[at].strength, 1), places[at].grade, round(_fullness(places[at]), 1), -at),
            reverse=True,
        )  # fmt: skip
        best = claims[0]
        for at in claims[1:]:
            if at not in fixed:
                more = "; it could be used where that is blank" if field in _OWN else ""
                _drop(
                    places,
                    at,
                    f"a second column for {field}; {_header(places, best)} is better known{more}",
                )
        if best not in fixed and places[best].confidence is Confidence.SURE:
            same = [
                at
                for at in claims[1:]
                if round(places[at].strength, 1) >= round(places[best].strength, 1)
            ]
            if same:
                reason = f"{places[best].reason}; rather than {_header(places, same[0])}"
                places[best] = replace(places[best], confidence=Confidence.LIKELY, reason=reason)


def _emails(places: Sequence[Place]) -> Iterator[tuple[int, Place]]:
    """A user name that is an e-mail address is the e-mail too, where no column of its own gives it."""
    if any(places[at].used for at in _claims(places, "email")):
        return
    for at in _claims(places, "user_name"):
        if places[at].profile.share("email") > FIRM:
            reason = "the user names are e-mail addresses, and no other column has them"
            yield (
                at,
                replace(places[at], field="email", confidence=Confidence.LIKELY, reason=reason),
            )


def _years(places: list[Place], fixed: set[int]) -> Iterator[tuple[int, Place]]:
    """A make behind its year ("2015 Honda Civic") gives both."""
    for at in _claims(places, "make"):
        years = sum(text[:4].isdigit() for text in places[at].profile.counts)
        if at not in fixed and years > len(places[at].profile.counts) / 2:
            reason = "the values begin with the year; what follows is the make"
            places[at] = replace(
                places[at], how="extract", confidence=Confidence.LIKELY, reason=reason
            )
            if not _claims(places, "year"):
                yield at, replace(places[at], field="year", reason="the values begin with the year")


def _numbers(
    places: Sequence[Place], namings: Sequence[Naming], fixed: set[int]
) -> Iterator[tuple[int, Place]]:
    """An id that is said to be a student's or an employee's number is that number too."""
    for at in _claims(places, "unique_id"):
        for field, whose in _NUMBERED.items():
            own = any(
                named.field == field and named.strength >= FIRM for named in namings[at].fields
            )
            if (
                own
                and whose in namings[at].words
                and at not in fixed
                and places[at].used
                and not _claims(places, field)
            ):
                reason = f"the id is said to be the {whose}'s own number"
                yield (
                    at,
                    replace(places[at], field=field, confidence=Confidence.LIKELY, reason=reason),
                )


def _fullness(place: Place) -> float:
    return place.profile.filled / max(1, place.profile.rows)


def _joined(places: Sequence[Place]) -> list[Place]:
    """Return the places with parts of one field joined, and whole names and numbers under both their fields."""
    made: list[Place] = []
    firsts = {
        field: [p for p in places if p.field == field and p.used] for field in _JOINED.values()
    }
    for place in places:
        whole = _JOINED.get(place.field or "")
        if whole is not None:
            if not firsts[whole]:
                reason = f"a part of {whole}, whose first part is missing"
                made.append(
                    replace(
                        place, field=None, how="none", confidence=Confidence.NONE, reason=reason
                    )
                )
                continue
            reason = f"a part of {whole}; the parts are joined"
            made.append(replace(place, field=whole, how="join", reason=reason))
        elif place.how == "split":
            made += [place, replace(place, field="last_name")]
        else:
            made.append(place)
    joined = {place.field for place in made if place.how == "join"}
    made = [
        replace(p, field=None, how="none", confidence=Confidence.NONE) if p.field in _UNREAL else p
        for p in made
    ]
    return [replace(p, how="join") if p.field in joined and p.how == "direct" else p for p in made]
