"""Where each column goes: what its header, its values and its neighbours say, added up in one place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from importer.proposing.fitting import PROVINCES, Fit, fit
from importer.proposing.meanings import means
from importer.proposing.naming import MAY, PART, SURE, read_headers
from importer.proposing.profiles import words_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from importer.proposing.naming import Named, Naming
    from importer.proposing.profiles import Profile

NOT_SENT: Final = "not sent"


class Confidence(StrEnum):
    """How sure a proposal is."""

    SURE = "sure"
    """Used."""
    LIKELY = "likely"
    """Used, and shown to be confirmed."""
    ASK = "ask"
    """Not used until a person answers."""
    NONE = "none"
    """Not sent."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column goes: one field and how, or nowhere."""

    profile: Profile
    field: str | None
    how: str
    """``direct``, ``split``, ``join``, ``first_of``, ``extract``, ``lookup``, ``date`` or ``none``."""
    confidence: Confidence
    reason: str
    """One sentence in the office's words."""
    strength: float = 0.0
    secret: bool = False
    """Whether its values are shown nowhere."""
    ordinal: int = 1
    grade: int = 0
    """1 where its header says that it is the better of two columns of one field, -1 the worse."""

    @property
    def used(self) -> bool:
        """Whether the proposal uses it."""
        return self.field is not None and self.confidence in {Confidence.SURE, Confidence.LIKELY}


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
_FIRM: Final = 0.95


def place_columns(
    profiles: Sequence[Profile], endpoint: str, known: Mapping[str, str] | None = None
) -> tuple[Place, ...]:
    """Return where each column goes, in the order of the sheet; a column of two fields comes twice.

    Args:
        profiles: The columns.
        endpoint: What the rows are.
        known: Header (folded, with ``#2`` for the second of its name) → field or ``not sent``, as a
            person said.
    """
    said = known or {}
    namings = read_headers([p.column.header for p in profiles], endpoint)
    places = [
        _answered(p, said[key]) if (key := key_of(p)) in said else _weigh(p, naming, endpoint)
        for p, naming in zip(profiles, namings, strict=True)
    ]
    fixed = {at for at, p in enumerate(profiles) if key_of(p) in said}
    return tuple(_together(places, namings, endpoint, fixed))


def key_of(profile: Profile) -> str:
    """Return the name under which a mapping and a glossary know a column."""
    from importer.text import fold

    column = profile.column
    return fold(column.header) + (f"#{column.number}" if column.number > 1 else "")


def _answered(profile: Profile, answer: str) -> Place:
    field, _, second = answer.partition(" (")
    if field == NOT_SENT:
        return Place(profile, None, "none", Confidence.NONE, "you said so")
    how = {"joined)": "join", "second choice)": "first_of"}.get(second, "direct")
    return Place(profile, field, how, Confidence.SURE, "you said so", SURE)


def _weigh(profile: Profile, naming: Naming, endpoint: str) -> Place:
    """Return where a column goes by its own header and values."""
    none = Place(profile, None, "none", Confidence.NONE, "no field of OPSCOM has this name")
    if naming.never:
        return replace(none, reason=f"this is {naming.never}: it is never sent", secret=True)
    if profile.share("password") > 0.5 and profile.different > 0.5:  # noqa: PLR2004 - most
        return replace(
            none, reason="the values look like passwords: they are never sent", secret=True
        )
    if naming.other and not naming.fields:
        return replace(none, reason=f"it is about {naming.other}")
    if naming.unsent:
        return replace(none, reason="OPSCOM has no field for this")
    best = none
    for named in naming.fields:
        found = _claim(profile, named)
        if _order(found) > _order(best):
            best = found
    if best.field is None and not naming.fields and not naming.other:
        return _by_values(profile, endpoint, none)
    return best


def _order(place: Place) -> tuple[int, float]:
    rank = {Confidence.NONE: 0, Confidence.ASK: 1, Confidence.LIKELY: 2, Confidence.SURE: 3}
    return rank[place.confidence], place.strength


def _claim(profile: Profile, named: Named) -> Place:
    """Return what one field's claim on a column comes to: the header's word weighed with the values'."""
    fitting = fit(named.field, profile)
    said = "the header says so" if named.strength >= SURE else "the header may mean it"
    if named.unknown:
        said = f"the header holds its words, and {', '.join(named.unknown)}"
    reason = f"{said}; {fitting.why}" if fitting.why else said
    place = Place(
        profile, named.field, "direct", Confidence.ASK, reason, named.strength + 0.01 * len(named.words),
        ordinal=named.ordinal, grade=named.grade,
    )  # fmt: skip
    if fitting.fit is Fit.AGAINST:
        reason = f"the header may mean {named.field}, but {fitting.why}"
        return replace(place, field=None, how="none", confidence=Confidence.NONE, reason=reason)
    firm = named.strength >= _FIRM
    if fitting.fit is Fit.FITS:
        place = replace(place, strength=place.strength + 0.05 * _formed(named.field, profile))
        if firm and not profile.blank:
            return replace(place, confidence=Confidence.SURE)
        likely = named.strength >= MAY * _FIRM or (
            named.strength >= PART and len(named.unknown) <= 1
        )
        return replace(place, confidence=Confidence.LIKELY if likely else Confidence.ASK)
    if firm:
        return replace(place, confidence=Confidence.LIKELY)
    if named.strength < PART * MAY or profile.blank:
        return replace(place, field=None, how="none", confidence=Confidence.NONE)
    return place


def _formed(field: str, profile: Profile) -> bool:
    """Whether values have a form that only this field's have."""
    return field in PROVINCES or (field == "user_name" and profile.share("account") > 0.5)  # noqa: PLR2004


def _by_values(profile: Profile, endpoint: str, none: Place) -> Place:
    """Return where a column goes whose header says nothing: asked where its values are of one form."""
    if profile.blank:
        return replace(none, reason="the column is empty and its header says nothing")
    forms = {"users": (("email", "email"),), "vehicles": (("vin", "vin"),)}.get(endpoint, ())
    for form, field in forms:
        if profile.share(form) > _FIRM:
            reason = f"the header says nothing, and the values are {fit(field, profile).why}"
            return Place(profile, field, "direct", Confidence.ASK, reason, 0.1)
    return none


def _together(
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
            sure = bare and single
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
    claims.sort(key=lambda at: (not places[at].profile.blank, _order(places[at])), reverse=True)
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
        if own is not None and own.strength >= _FIRM and places[at].used:
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
        at
        for at in _claims(places, "phone_cell")
        if places[at].used and places[at].strength > _FIRM
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
        if at not in fixed and places[at].strength < _FIRM and places[at].used:
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
        key=lambda at: (at in fixed, _order(places[at])),
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
        elif places[at].strength < _FIRM and not (places[at].used and _tells_types(places[at])):
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
        return places[at].strength >= _FIRM, _tells_types(places[at]), places[at].strength

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
            key=lambda at: (at in fixed, not places[at].profile.blank, _order(places[at])[0] > 1, -places[at].ordinal,
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
        if places[at].profile.share("email") > _FIRM:
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
                named.field == field and named.strength >= _FIRM for named in namings[at].fields
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
