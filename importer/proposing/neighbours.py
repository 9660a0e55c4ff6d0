"""Columns of one meaning know of each other: ids, phones, addresses, names in parts, rivals for one field."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from importer.proposing.answers import SECOND
from importer.proposing.naming import FIRM, SURE, Naming
from importer.proposing.proposal import RIVAL, Confidence, Place
from importer.proposing.vocabulary import languages, means, squeezed
from schemas import TABLES

_PHONES: Final = ("phone_cell", "student_phone", "employee_phone")
_PARTS_OF: Final = {
    "street line": "street", "street number": "street", "last name part": "last_name",
}  # fmt: skip
"""What the vocabulary tells apart and OPSCOM has no field for → the field that it is joined to."""
_REACHED: Final = {"email", *_PHONES, "street"}
_PLAIN: Final = {"email", "phone", "cell", "home", "work", "number", "address", "day", "evening"}
_KIN: Final = {
    "contact", "emergency", "parent", "guardian", "mother", "father", "spouse", "partner", "kin", "relationship", "relation",
    "relative", "lien", "parentesco", "tutor", "tuteur", "pere", "mere", "proche", "family", "household",
}  # fmt: skip
"""Words of columns that name somebody who is reached by what stands right of them."""
_OWN_NUMBERS: Final = {"student_no": "student", "employ_no": "employee"}
_OFFERED: Final = {"email", *_PHONES}
"""Fields for which a second column may stand in where the first is blank."""
_ADDRESS: Final = ("street", "city", "province", "postal_code")
_SECONDS: Final = {f"{name}2": name for name in _ADDRESS}
_KINDS: Final = {
    "mailing", "mail", "home", "permanent", "local", "work", "campus", "residential", "residence", "physical",
}  # fmt: skip
"""Words that tell one address of a person from another."""
_CARDS: Final = {
    "card", "badge", "barcode", "locker", "prox", "iso", "school", "applicant", "permanent", "ine", "cne", "massar",
}  # fmt: skip
_HALF, _MOST = 0.5, 0.75


def settle(
    places: list[Place], namings: Sequence[Naming], endpoint: str, fixed: set[int]
) -> tuple[Place, ...]:
    """Return the places once columns of one meaning know of each other.

    Args:
        places: Where each column goes by itself.
        namings: What its header says.
        endpoint: What the rows are.
        fixed: Positions of columns of which a person said where they go.
    """
    row = _Row(places, namings, fixed)
    whole: set[int] = set()
    if endpoint == "users":
        _of_others(row)
        _preferred(row, "first_name")
        _whole_names(row)
        _preferred(row, "last_name")
        _ids(row)
        _phones(row)
        _area_codes(row)
        whole = _whole_address(row)
        _addresses(row)
        _user_types(row)
    if endpoint == "vehicles":
        _plate_types(row)
    if endpoint == "permits":
        _permit_numbers(row)
    _rivals(row, endpoint, whole)
    # From the right, so that a column that gives a second field moves no other.
    for at, field, reason in sorted(_seconds(row), reverse=True):
        second = replace(places[at], field=field, confidence=Confidence.LIKELY, reason=reason)
        places.insert(at + 1, second)
    return tuple(_joined(places))


@dataclass(slots=True)
class _Row:
    """The columns of a sheet while they settle."""

    places: list[Place]
    namings: Sequence[Naming]
    fixed: set[int]

    def of(self, *fields: str) -> list[int]:
        """Return the columns that claim one of these fields."""
        return [at for at, place in enumerate(self.places) if place.field in fields]

    def free(self, *fields: str) -> list[int]:
        """Return those of which no person said it."""
        return [at for at in self.of(*fields) if at not in self.fixed]

    def used(self, *fields: str) -> list[int]:
        """Return those that are used."""
        return [at for at in self.of(*fields) if self.places[at].used]

    def change(self, at: int, reason: str, confidence: Confidence, **more: str) -> None:
        """Say anew where a column goes."""
        self.places[at] = replace(self.places[at], confidence=confidence, reason=reason, **more)  # type: ignore[arg-type]

    def drop(self, at: int, reason: str, offered: str = "") -> None:
        """Send a column nowhere."""
        self.places[at] = replace(self.places[at].nowhere(reason), offered=offered)

    def about(self, whom: str) -> int:
        """Return how many headers have a word that stands in lists of such people."""
        words = languages()["english"].sets[whom]
        return sum(bool(naming.words & words) for naming in self.namings)

    def name(self, at: int) -> str:
        """Return a column's header for a sentence, with its letter where another has the same."""
        column = self.places[at].profile.column
        twice = sum(p.profile.column.header == column.header for p in self.places) > 1
        return f'"{column.header}"' + f" ({column.letter})" * twice


def _of_others(row: _Row) -> None:
    """Plain phones and addresses right of a contact or a parent are theirs, or are asked where the person has no other."""
    head, theirs = -1, dict[int, int]()
    for at, naming in enumerate(row.namings):
        if naming.words & _KIN and naming.words & _PLAIN:
            continue  # "Contact Email" goes on with a contact, and begins none
        if naming.words & _KIN:
            head = at
        elif head >= 0 and row.places[at].field in _REACHED and naming.words <= _PLAIN:
            theirs[at] = head
        else:
            head = -1
    own = {row.places[at].field for at in row.used(*_REACHED) if at not in theirs}
    own |= set(_PHONES) if own & set(_PHONES) else set()
    for at in theirs.keys() - row.fixed:
        reason = f"it stands right of {row.name(theirs[at])} and may be theirs"
        if row.places[at].field in own:
            row.drop(at, reason)
        else:
            row.change(at, reason, Confidence.ASK)


def _preferred(row: _Row, field: str) -> None:
    """A preferred name is sent only where no column gives the legal one."""
    whole = [row.places[at] for at in row.used("full name", "first_name")]
    legal = any(p.how == "split" or p.profile.share("whole name") >= _HALF for p in whole)
    for at in row.free(f"preferred {field}"):
        if legal or any(row.places[used].profile.counts for used in row.used(field)):
            row.drop(at, "a preferred name; another column gives the legal one")
        else:
            reason = "the preferred name; no column gives the legal one"
            row.change(at, reason, Confidence.LIKELY, field=field)


def _whole_names(row: _Row) -> None:
    """A whole name is split where there are no parts; beside a first name "Name" is the last one."""
    first, last = row.used("first_name"), row.used("last_name")
    for at in row.free("full name"):
        values, words = row.places[at].profile, row.namings[at].words
        single, bare = values.share("whole name") < _HALF, words == {"name"}
        if first and not last and (single or bare):
            sure = bare and single and values.share("name") >= _MOST
            known = Confidence.SURE if sure else Confidence.LIKELY
            row.change(at, "beside a first name this is the last name", known, field="last_name")
        elif first or last:
            row.drop(at, "the whole name; its parts have columns of their own")
        elif single:
            reason = "the values are single words, not whole names"
            row.change(at, reason, Confidence.ASK, field="last_name")
        else:
            comma = values.share("comma") > _HALF
            order = "last name, comma, first name" if comma else "first name, then last name"
            reason = f"the whole name is split: {order}"
            row.change(at, reason, Confidence.LIKELY, field="first_name", how="split")
            return


def _ids(row: _Row) -> None:
    """Of several numbers of a person the best known one is the id; the others keep their own names."""

    def second_rank(at: int) -> bool:
        """Whether it is of a card or the like, which a person may lose, or a program's own key."""
        naming = row.namings[at]
        best = max((n.strength for n in naming.fields if n.field == "unique_id"), default=0.0)
        key = row.places[at].profile.share("uuid") > _HALF and best <= SURE
        return key or (best < FIRM and bool(naming.words & _CARDS))

    def filled(at: int) -> tuple[bool, bool, tuple[int, float]]:
        return bool(row.places[at].profile.counts), not second_rank(at), row.places[at].rank

    claims = sorted(row.free("unique_id"), key=filled, reverse=True)
    said = [at for at in row.used("unique_id") if at in row.fixed]
    if not claims:
        return
    best = said[0] if said else claims.pop(0)
    found = row.places[best]
    if not claims and found.confidence is Confidence.ASK and found.profile.different == 1:
        row.change(best, f"{found.reason}; no other column could be the id", Confidence.LIKELY)
    if best not in row.fixed and second_rank(best):
        row.change(best, f"{found.reason}; a wrong id makes every person anew", Confidence.ASK)
    rivals = [at for at in claims if row.places[at].used and not second_rank(at)]
    if rivals and best not in row.fixed and row.places[best].confidence is Confidence.SURE:
        reason = f"{found.reason}; rather than {row.name(rivals[0])}"
        row.change(best, reason, Confidence.LIKELY)
    for at in claims:
        own = [n for n in row.namings[at].fields if n.field in {*_OWN_NUMBERS, "user_name"}]
        if own and own[0].strength >= FIRM and row.places[at].used:
            row.change(at, row.places[at].reason, Confidence.LIKELY, field=own[0].field)
        else:
            row.drop(at, f"another number of the person; {row.name(best)} is the better id")


def _phones(row: _Row) -> None:
    """A plain "Phone" is the cell phone where no column says cell; a home phone is a student's."""
    cells = [at for at in row.used("phone_cell") if row.places[at].strength > FIRM]
    staff, students = row.about("staff"), row.about("students")
    for at in row.free("phone_cell"):
        if cells and at not in cells:
            reason = f"a phone of no kind; {row.name(cells[0])} is the cell phone"
            field = "employee_phone" if staff > students else "student_phone"
            row.change(at, reason, Confidence.ASK, field=field)
    for at in row.free("employee_phone"):
        if row.places[at].used and students > staff:
            row.change(at, "a phone at work, in a list of students", Confidence.ASK)
    for at in row.free("student_phone"):
        if staff > students:
            row.drop(at, "a home phone: OPSCOM has a field for a student's alone")
        elif row.places[at].used and row.places[at].strength < FIRM:
            row.change(at, "a home phone: OPSCOM has a student's phone for it", Confidence.ASK)
    for at in row.free(*_PHONES):
        place = row.places[at]
        if place.confidence is Confidence.SURE and place.profile.share("ten digits") < 1 - _MOST:
            row.change(at, f"{place.reason}, without an area code", Confidence.LIKELY)


def _area_codes(row: _Row) -> None:
    """An area code is joined to the phone right of it, where that lacks one."""
    for at in row.free("area code"):
        phone = next((row.places[phone] for phone in row.of(*_PHONES) if phone > at), None)
        if phone and phone.field and phone.used and phone.profile.share("ten digits") < _HALF:
            reason = f"a part of {phone.field}; the parts are joined"
            row.change(at, reason, Confidence.LIKELY, field=phone.field, how="join")
        else:
            row.drop(at, "no column of phone numbers right of it lacks them")


def _whole_address(row: _Row) -> set[int]:
    """Of two addresses one is sent as a whole, the fuller, else the better known; return its columns."""
    blocks: list[tuple[frozenset[str], dict[str, int]]] = []
    # What a person says of one column leaves the others as they were shown.
    named = [next(iter(naming.fields), None) for naming in row.namings]
    for at, place in enumerate(row.places):
        said = named[at] if at in row.fixed else None
        field = (said.field if said else place.field) or ""
        if field not in {*_ADDRESS, "street line"}:
            continue
        kind = row.namings[at].words & _KINDS
        # A plain "City" goes on with the address before it that has none yet.
        same = [part for name, part in blocks if (name == kind if kind else field not in part)]
        part = same[-1] if same else {}
        blocks += [] if same else [(kind, part)]
        part.setdefault(field if field in _ADDRESS else f"line {at}", at)

    def known(part: dict[str, int]) -> tuple[int, int]:
        found = [part[name] for name in _ADDRESS if name in part]
        used = sum(row.places[at].used or at in row.fixed for at in found)
        return used, sum(each.grade for at in found if (each := named[at]))

    parts = [part for _, part in blocks]
    best = max(parts, key=known, default={})
    for part in parts:
        shared = part.keys() & best.keys()
        for field in part.keys() - shared if shared else ():
            if part[field] not in row.fixed:
                reason = f"a part of another address than {row.name(best[max(shared)])}"
                row.drop(part[field], reason)
    return set(best.values())


def _addresses(row: _Row) -> None:
    """Second lines belong to the first address, unless the file has a second city too."""
    for second, first in _SECONDS.items():
        for at in () if row.used(first) else row.free(second):
            row.change(at, "a second address without a first", Confidence.ASK)
    for at in row.free("street line"):
        if not row.of("street"):
            row.drop(at, "a second line of an address without its first")
        elif row.used(*_SECONDS) and "2" in row.namings[at].words:
            known = row.places[at].confidence
            row.change(at, "the file has a second address", known, field="street2")


def _user_types(row: _Row) -> None:
    """Which column tells a person's type is asked, unless its header says so."""

    def telling(at: int) -> tuple[bool, bool, bool, float]:
        strength, counts = row.places[at].strength, row.places[at].profile.counts
        # Words for types of people: full time, student, contract.
        words = sum(means("user types", text) is not None for text in counts)
        return at in row.fixed, strength >= FIRM, words > len(counts) / 2, strength

    for at in row.free("user_type_id"):
        counts = row.places[at].profile.counts
        if counts and all(means("left", text) or means("active", text) for text in counts):
            row.drop(at, "the values say who is there, not of which type a person is")
    not_sent = [row.namings[at].fields for at in row.fixed if row.places[at].field is None]
    refused = any(named.field == "user_type_id" for fields in not_sent for named in fields)
    best = max(row.of("user_type_id"), key=telling, default=-1)
    for at in row.free("user_type_id"):
        _, firm, tells, _ = telling(at)
        if refused:
            row.drop(at, "you said that another column does not tell the type of a person")
        elif at != best:
            row.drop(at, f"{row.name(best)} rather tells the type of a person")
        elif not firm and not (tells and row.places[at].used):
            reason = "it may tell what type of user a person is; its values need OPSCOM's numbers"
            row.change(at, reason, Confidence.ASK)


def _plate_types(row: _Row) -> None:
    """A column of types that holds kinds of plates is that, where no other column has them."""
    for at in () if row.of("plateType") else row.free("type"):
        counts = row.places[at].profile.counts
        if counts and all(means("plate types", text) for text in counts):
            row.change(at, "the values are kinds of plates", Confidence.LIKELY, field="plateType")


def _permit_numbers(row: _Row) -> None:
    """A tag is the plate, as in the south of the United States, unless a plate stands beside it: then the permit's."""
    for at in row.free("permitNo"):
        if row.places[at].profile.share("uuid") > _HALF:
            reason = "the values are written as reference ids of permits that are in OPSCOM"
            row.change(at, reason, Confidence.ASK)
    tags = [at for at in row.free("plate") if "tag" in row.namings[at].words]
    plates = [at for at in row.used("plate") if at not in tags]
    for at in tags if plates else ():
        if row.used("permitNo"):
            row.drop(at, f"{row.name(plates[0])} is the plate")
        else:
            reason = f"beside {row.name(plates[0])} a tag is the permit's own number"
            row.change(at, reason, Confidence.LIKELY, field="permitNo")


def _rivals(row: _Row, endpoint: str, whole: set[int]) -> None:
    """Of two columns of one field the better known is used, and the other is offered."""
    updates = endpoint == "permit-updates"
    for field in sorted({place.field for place in row.places if place.field} - set(_PARTS_OF)):
        single = [at for at in row.of(field) if row.places[at].how in {"direct", "extract"}]
        if not single:
            continue
        # Of what changes the new one counts, and where none is said to be new a person says which.
        new = [at for at in single if updates and row.places[at].grade > 0]
        ranks = [
            (at in row.fixed, at in whole, at in new, _known(row.places[at], endpoint), -at)
            for at in single
        ]
        best, *others = [-rank[-1] for rank in sorted(ranks, reverse=True)]
        strength = round(row.places[best].strength, 1)
        same = [at for at in others if round(row.places[at].strength, 1) >= strength]
        for at in others:
            if at not in row.fixed:
                more = "; it could be used where that is blank" if field in _OFFERED else ""
                reason = f"{RIVAL}{field}; {row.name(best)} is better known{more}"
                row.drop(at, reason, field + SECOND if more else "")
        asked = bool(others) and updates and not new
        likely = same and row.places[best].confidence is Confidence.SURE
        if best not in row.fixed and (asked or likely):
            reason = f"{row.places[best].reason}; rather than {row.name((same or others)[0])}"
            row.change(best, reason, Confidence.ASK if asked else Confidence.LIKELY)


def _known(place: Place, endpoint: str) -> tuple[float, ...]:
    """Return how well a column is known for its field, beside its rivals."""
    full = place.profile.filled / max(1, place.profile.rows)
    field = TABLES[endpoint].field(place.field or "")
    names = map(squeezed, (field.name, *field.aliases) if field else ())
    return (
        bool(place.profile.counts), place.used, -place.ordinal, place.grade >= 0,
        round(place.strength, 1), place.grade, squeezed(place.profile.column.header) in names, round(full, 1),
    )  # fmt: skip


def _seconds(row: _Row) -> Iterator[tuple[int, str, str]]:
    """Yield columns that give a second field: (position, field, reason)."""
    for at in row.of("user_name"):
        if not row.used("email") and row.places[at].profile.share("email") > FIRM:
            yield at, "email", "the user names are e-mail addresses, and no other column has them"
    for at in row.free("make"):
        # 2015 Honda Civic
        if row.places[at].profile.share("year first") > _HALF:
            reason = "the values begin with the year; what follows is the make"
            row.change(at, reason, Confidence.LIKELY, how="extract")
            if not row.of("year"):
                yield at, "year", "the values begin with the year"
        elif row.places[at].profile.share("spaced") > _HALF:
            _cut_make(row, at)
    for at in row.free("unique_id"):
        firm = {named.field for named in row.namings[at].fields if named.strength >= FIRM}
        for field, whose in _OWN_NUMBERS.items():
            # In a list of students PeopleSoft's EMPLID is no number of staff.
            more = row.about("students") > row.about("staff") and whose == "employee"
            own = field in firm and whose in row.namings[at].words and not more
            if own and row.places[at].used and not row.of(field):
                yield at, field, f"the id is said to be the {whose}'s own number"


def _cut_make(row: _Row, at: int) -> None:
    """Take the make alone out of "Honda Civic"; ask where it does not stand first."""
    words = [text.replace("/", " ").split() for text in row.places[at].profile.counts]
    whole = sum(means("makes", " ".join(each)) is not None for each in words)
    begin = sum(any(means("makes", " ".join(each[:n])) for n in (1, 2)) for each in words)
    if whole >= _HALF * len(words):
        return
    if begin >= _MOST * len(words):
        reason = "the values begin with the make; what follows is left out"
        row.change(at, reason, Confidence.LIKELY, how="extract")
    else:
        row.change(at, "the values hold more than the make", Confidence.ASK)


def _joined(places: Sequence[Place]) -> Iterator[Place]:
    """Yield the places with parts of one field joined, and whole names under both their fields."""
    parts = {_PARTS_OF[place.field] for place in places if place.field in _PARTS_OF}
    joined = parts & {place.field for place in places if place.used}
    joined |= {place.field for place in places if place.how == "join" and place.field}
    surname = any(place.field == "last_name" and place.used for place in places)
    for place in places:
        whole = _PARTS_OF.get(place.field or "")
        if place.field == "full name":
            yield place.nowhere(place.reason)
        elif whole and whole not in joined:
            yield place.nowhere(f"a part of {whole}, whose first part is missing")
        elif whole:
            reason = f"a part of {whole}; the parts are joined"
            yield replace(place, field=whole, how="join", reason=reason)
        elif place.field in joined and place.how == "direct":
            yield replace(place, how="join")
        else:
            yield place
            if place.how == "split" and place.field == "first_name" and not surname:
                yield replace(place, field="last_name")
