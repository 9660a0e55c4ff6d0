"""The words in which ``schemas/`` writes the vendor's tables.

``importer.checking.rules`` turns a table into a pandera schema. Nothing here loads pandas or pandera.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a field is for; ``schemas.kinds`` says what its cells may hold."""

    ID = "id"
    """What a person, a permit or a record is known by: zeros and letters are a part of it."""
    NAME = "name"
    """Of a person. People are called Null, None and True."""
    TEXT = "text"
    """Anything: streets, cities, colours, zones."""
    PLATE = "plate"
    EMAIL = "email"
    PHONE = "phone"
    PROVINCE = "province"
    """Two letters, a postal abbreviation."""
    POSTAL = "postal code"
    NUMBER = "number"
    """The number of a record in OPSCOM."""
    DATE = "date of birth"
    """``yyyy-mm-dd``."""
    DATETIME = "time"
    """``yyyy-mm-ddThh:mm:ss`` without a zone, a start or an end."""
    AMOUNT = "amount"
    """Dollars and cents, ``14.50``."""
    CURRENCY = "currency"
    YEAR = "year"
    VIN = "vin"


FORMS: Mapping[Kind, str] = {
    Kind.PROVINCE: "two letters, a postal abbreviation",
    Kind.NUMBER: "digits, the number of a record in OPSCOM",
    Kind.DATE: "yyyy-mm-dd, not in the future",
    Kind.DATETIME: "yyyy-mm-ddThh:mm:ss, without a time zone",
    Kind.AMOUNT: "0.01 to 999999.99, with two decimals",
    Kind.CURRENCY: "CAD or USD",
    Kind.YEAR: "four digits",
}
"""The kinds whose form leaves no room for a length of its own, and that form in words."""


class Need(StrEnum):
    """What a blank means."""

    REQUIRED = "required"
    EXPECTED = "expected"
    """Listed as optional, yet an error code says required: a blank is a warning."""
    OPTIONAL = "optional"
    ONE_OF = "one of"
    """Required unless another field of the same ``group`` is filled."""


@dataclass(frozen=True, slots=True)
class Field:
    """One row of a documented table."""

    name: str
    """The key in the payload: the first of the vendor's possible names."""
    title: str
    """The vendor's display name."""
    kind: Kind
    need: Need
    max_length: int | None = None
    """In characters (code points after NFC); ``None`` where the vendor names no limit."""
    aliases: tuple[str, ...] = ()
    """The other documented names, accepted in a mapping."""
    missing: int = 9031
    too_long: int = 9030
    invalid: int = 9033
    group: str = ""
    """Fields of one group stand for each other (``Need.ONE_OF``)."""
    repeated: int | None = None
    """The code where two records share a value that OPSCOM wants unique, capitals not counting."""

    @property
    def limit(self) -> str:
        """What the field takes, in words."""
        length = "no limit" if self.max_length is None else f"up to {self.max_length} characters"
        words = {Kind.EMAIL: f"an e-mail address, {length}", Kind.VIN: f"{length}, as a rule 17"}
        return {**FORMS, **words}.get(self.kind, length)

    @property
    def codes(self) -> tuple[int, ...]:
        """What OPSCOM answers, and so do the checks, where the field is missing, too long or invalid."""
        missing = self.missing if self.need is not Need.OPTIONAL else None
        too_long = self.too_long if self.max_length and self.kind not in FORMS else None
        codes = (missing, too_long, self.invalid, self.repeated)
        return tuple(dict.fromkeys(filter(None, codes)))

    @property
    def may_be_cut(self) -> bool:
        """Whether a mapping may cut what is too long; a part of an id is another id."""
        return self.max_length is not None and self.kind in {Kind.TEXT, Kind.NAME}


class Resend(StrEnum):
    """Whether a row whose answer was lost may be sent again in the same run."""

    FREELY = "freely"
    """The same body does the same again."""
    ONCE = "once"
    """A second send is a question that a documented code answers."""
    NEVER = "never"
    """A second send could create a second record."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How the rows of an endpoint are sent, and what is said of them."""

    resend: Resend
    noun: str
    """What one record is called."""
    done: tuple[str, str] = ("is in", "are in")
    """What a settled row is, and what several are; before the name of the system."""
    upsert: bool = False
    """A record is known by its key and may change: compare with the last accepted one."""
    creates: bool = False
    """Makes something new, and a person or ``settle`` must find out where an answer was lost."""
    exists: frozenset[int] = frozenset()
    """Codes that say the record is in OPSCOM already."""
    of: str = ""
    """The endpoint whose records these rows change or delete, by their id there."""
    deletes: bool = False
    """A record that is not there was deleted by an earlier attempt of ours, where one was lost."""
    alike: tuple[tuple[str, ...], ...] = ()
    """Where OPSCOM knows a record by nothing: groups of fields. One that agrees with an earlier one on
    a whole group, filled, is taken for the same thing, corrected. A name with ``~`` is its value
    without capitals, blanks and dashes."""
    changed_by: str = ""
    """The endpoint that changes such a record; empty where nothing but OPSCOM itself does."""
    deleted_by: str = ""
    """The endpoint that deletes it."""

    @property
    def by_hand(self) -> str:
        """Why a record is changed by hand, a sentence without its stop; empty where rows change records."""
        if not self.creates or self.changed_by:
            return ""
        return f"OPSCOM has no way to change a {self.noun} through the API"


@dataclass(frozen=True, slots=True)
class Page:
    """One documented page: an endpoint and its fields in the vendor's order."""

    endpoint: str
    path: str
    """Under the host, with ``{client}`` for the client code."""
    source: str
    """Page and table the facts come from."""
    fields: tuple[Field, ...]
    """What the request may hold beside the token."""


@dataclass(frozen=True, slots=True)
class Table(Page):
    """The page of an endpoint that takes rows."""

    key: tuple[tuple[str, ...], ...]
    """What OPSCOM knows a record by: for each part the fields that can give it, the first filled
    one counts. Empty where it knows a record by nothing."""
    fold_key: bool = False
    """Whether keys that differ in case only are the same."""
    upper_key: bool = False
    """The same, for keys whose parts people write in capitals (plates, provinces)."""
    alike: tuple[str, ...] = ()
    """Where there is no key: two rows of one file that agree in these fields are the same record."""
    policy: Policy | None = None
    """How its rows are pushed; ``None`` where they are only asked for."""

    def field(self, name: str) -> Field | None:
        """Return the field of that name or alias (exactly as spelled), ``None`` where there is none."""
        return next((each for each in self.fields if name in {each.name, *each.aliases}), None)

    def group(self, name: str) -> tuple[Field, ...]:
        """Return the fields that stand for each other under that group name, in the vendor's order."""
        return tuple(known for known in self.fields if known.group == name)

    def titles(self, names: Iterable[str]) -> str:
        """Return what the vendor calls these fields, in quotation marks."""
        titles = {known.name: known.title for known in self.fields}
        return " and ".join(f'"{titles[name]}"' for name in names)

    def need_of(self, known: Field) -> str:
        """Return in words what a blank of this field means."""
        names = ", ".join(other.name for other in self.group(known.group))
        return f"one of {names}" if known.need is Need.ONE_OF else known.need.value

    def spelled(self, part: str) -> str:
        """Return a part of a key as the table knows it."""
        return part.casefold() if self.fold_key else part.upper() if self.upper_key else part

    @property
    def told_by(self) -> tuple[str, ...]:
        """The fields whose cells say which record a row is: its ids and its plate."""
        names = {name for part in self.parts for name in part}
        kinds = {Kind.ID, Kind.PLATE}
        return tuple(each.name for each in self.fields if each.name in names and each.kind in kinds)

    @property
    def parts(self) -> tuple[tuple[str, ...], ...]:
        """What two rows of one record agree in: the parts of the key, or else the fields of ``alike``."""
        return self.key or tuple((name,) for name in self.alike)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name and alias that a mapping may use, in the vendor's order."""
        return tuple(name for known in self.fields for name in (known.name, *known.aliases))


@dataclass(frozen=True, slots=True)
class Read(Page):
    """The page of an endpoint that takes no rows."""

    records: str
    """The key of the answer under which its records are."""
    columns: tuple[str, ...]
    """The keys of one record, in the order of the vendor's sample."""


def record_key(table: Table, payload: Mapping[str, str]) -> str:
    r"""Return the text by which OPSCOM, and so the journal, knows a record of such a payload.

    That is the only part of the key as it is, or several parts joined with ``|`` (``|`` and ``\`` inside a
    part are escaped). A part that several fields can give is preceded by the name of the field that gave
    it, because plate type 4 and a plate type called "4" are two things. It is empty where the table has no
    key or a part of it is blank.

    >>> from schemas import TABLES
    >>> record_key(TABLES["vehicles"], {"plate": "abc 1", "prov": "on", "plateTypeID": "4"})
    'ABC 1|prov=ON|plateTypeID=4'
    """
    parts: list[str] = []
    for names in table.key:
        name = next((name for name in names if payload.get(name)), None)
        if name is None:
            return ""
        text = table.spelled(payload[name])
        parts.append(text if len(names) == 1 else f"{name}={text}")
    if len(parts) == 1:
        return parts[0]
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def told_key(table: Table, key: str) -> str:
    r"""Return the text of ``record_key`` as a person writes it.

    >>> from schemas import TABLES
    >>> told_key(TABLES["vehicles"], "ABC 1|prov=ON|plateTypeID=4")
    'ABC 1, ON, plateTypeID 4'
    """
    if len(table.key) == 1:
        return key
    told = []
    for names, part in zip(table.key, re.findall(r"(?:\\.|[^|\\])+", key), strict=True):
        text = re.sub(r"\\(.)", r"\1", part)
        name, _, value = text.partition("=") if len(names) > 1 else ("", "", text)
        told.append(f"{name} {value}" if name.endswith("ID") else value)
    return ", ".join(told)
