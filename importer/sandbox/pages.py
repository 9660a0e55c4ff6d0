"""The vendor's pages as the sandbox reads them.

This is a second, separate reading of the page "API Documentation" (2024), its error codes and the
"Request Object Attributes" tables. It shares no line with ``schemas``: where the two readings differ,
a rehearsal shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

CODES: Mapping[int, str] = {
    9000: "The request names no client code.",
    9001: "The request holds no API token.",
    9002: "This API token may not make this request.",
    9003: "The request is no JSON object.",
    9004: "The end time is missing.",
    9005: "The end time is invalid.",
    9006: "The plate is missing.",
    9007: "The start time is invalid.",
    9008: "The reference id is missing.",
    9009: "There is no such record.",
    9010: "The plate type is missing.",
    9011: "The province or state is missing.",
    9012: "This vehicle is in the database already.",
    9013: "The unique id is missing.",
    9014: "The login source is missing.",
    9015: "The login source is invalid.",
    9016: "The e-mail is missing.",
    9017: "The first name is missing.",
    9018: "The last name is missing.",
    9019: "Another user has this e-mail.",
    9020: "Another user has this username.",
    9021: "The plate has more than 50 characters.",
    9022: "There is a record with these details already.",
    9030: "The field has too many characters.",
    9031: "The field is missing.",
    9032: "The field has too few characters.",
    9033: "The field is invalid.",
    9034: "The client has no such API token.",
}
"""What "API Error Codes" lists, in our own words."""


class Form(StrEnum):
    """How the text of an attribute is formed."""

    TEXT = "text"
    EMAIL = "e-mail"
    POSTAL = "two letters"
    NUMBER = "digits"
    DAY = "yyyy-mm-dd"
    MOMENT = "yyyy-mm-ddThh:mm:ss"
    MONEY = "0.01 to 999999.99"
    CURRENCY = "CAD or USD"
    YEAR = "four digits"


class Blank(StrEnum):
    """What an attribute may lack."""

    REFUSED = "refused"
    """Required: neither left out nor empty."""
    KEPT = "kept"
    """May be left out (then what is stored stays), but not sent empty."""
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One row of a "Request Object Attributes" table."""

    names: tuple[str, ...]
    """All possible names; records are stored under the first."""
    most: int | None = None
    """Characters at most (code points after NFC); ``None`` where the page sets no limit."""
    form: Form = Form.TEXT
    blank: Blank = Blank.ALLOWED
    missing: int = 9031
    too_long: int = 9030
    invalid: int = 9033
    cut: bool = False
    """Whether a longer text is cut with a warning instead of being refused."""


@dataclass(frozen=True, slots=True)
class Page:
    """One "Push API" page."""

    attributes: tuple[Attribute, ...]
    either: tuple[tuple[str, str, int], ...] = ()
    """Pairs of names of which one must be filled, and the code where none is."""


def _moments(blank: Blank) -> tuple[Attribute, Attribute]:
    """Return start and end; both pages write their limit as 20 characters, their format has 19."""
    start = Attribute(("startTime", "StartDateUtc"), None, Form.MOMENT, blank, 9031, 9007, 9007)
    end = Attribute(("endTime", "EndDateUtc"), None, Form.MOMENT, blank, 9004, 9005, 9005)
    return start, end


_REFERENCE = Attribute(
    ("referenceID", "referenceid", "reference_id"), 50, blank=Blank.REFUSED, missing=9008
)
_AMOUNT = Attribute(("amount", "Amount"), 9, Form.MONEY)
_CURRENCY = Attribute(("currency", "CurrencyID"), 10, Form.CURRENCY)

# "Push API: User Create/Update". The table says optional of e-mail, first and last name, the codes
# 9016 to 9018 say required: they may be left out, as an update must be able to, but not be empty.
USERS = Page(
    (
        Attribute(("unique_id",), 50, blank=Blank.REFUSED, missing=9013),
        Attribute(("login_source",), 20, blank=Blank.REFUSED, missing=9014, invalid=9015),
        Attribute(("first_name",), 50, blank=Blank.KEPT, missing=9017),
        Attribute(("last_name",), 50, blank=Blank.KEPT, missing=9018),
        Attribute(("user_name",), 50),
        Attribute(("email",), 100, Form.EMAIL, Blank.KEPT, missing=9016),
        Attribute(("street",)),
        Attribute(("city",), 50),
        Attribute(("province", "state"), 2, Form.POSTAL, too_long=9033),
        Attribute(("postal_code", "zip"), 20),
        Attribute(("street2",), 20),
        Attribute(("city2",), 50),
        Attribute(("province2", "state2"), 2, Form.POSTAL, too_long=9033),
        Attribute(("postal_code2", "zip2"), 20),
        Attribute(("phone_cell",), 20),
        Attribute(("user_type_id",), None, Form.NUMBER),
        Attribute(("employ_no",), 50),
        Attribute(("employee_phone",), 50),
        Attribute(("student_no",), 50),
        Attribute(("student_phone",), 50),
        Attribute(("driver_licence_num", "driver_license_num"), 255),
        Attribute(("date_of_birth",), 10, Form.DAY, too_long=9033),
        Attribute(("locker_user_type_id",), None, Form.NUMBER),
        Attribute(("driver_licence_prov", "driver_license_state"), 2, Form.POSTAL, too_long=9033),
    )
)

# "Push API: Vehicle Create". Its sample answer warns of a colour that was too long and was cut.
VEHICLES = Page(
    (
        Attribute(("plate",), 50, blank=Blank.REFUSED, missing=9006, too_long=9021),
        Attribute(("plateTypeID",), None, Form.NUMBER),
        Attribute(("plateType",), 50),
        Attribute(("provID",), None, Form.NUMBER),
        Attribute(("prov",), 50),
        Attribute(("makeID",), None, Form.NUMBER),
        Attribute(("make",), 50),
        Attribute(("typeID",), None, Form.NUMBER),
        Attribute(("type",), 50),
        Attribute(("colourID",), None, Form.NUMBER),
        Attribute(("colour",), 50, cut=True),
        Attribute(("year",), None, Form.YEAR),
        Attribute(("vin",), 25),
    ),
    either=(("plateTypeID", "plateType", 9010), ("provID", "prov", 9011)),
)

# "Push API: Permit Create".
PERMITS = Page(
    (
        _AMOUNT,
        _CURRENCY,
        *_moments(Blank.REFUSED),
        Attribute(("plate", "LicencePlate"), 25, blank=Blank.REFUSED, missing=9006),
        Attribute(("permitNo", "TicketNumber"), 50),
        Attribute(("zone", "ParkingZoneName"), 200),
    )
)

# "Push API: Permit Update": the table lists no start, number and zone.
PERMIT_UPDATES = Page(
    (
        _REFERENCE,
        _moments(Blank.KEPT)[1],
        Attribute(("plate", "LicencePlate"), 25, blank=Blank.KEPT, missing=9006),
        _AMOUNT,
        _CURRENCY,
    )
)

# "Push API: Permit Delete".
PERMIT_DELETES = Page((_REFERENCE,))

# "Pull API: Permit Stats"; zones are one text, separated by commas.
PERMIT_STATS = Page((Attribute(("zones",)),))

NOTHING = Page(())
"""The pages that ask for the token alone."""

# "Pull API: Plate Validation"; the page sets no limits.
PLATES = Page((Attribute(("plate",), blank=Blank.REFUSED, missing=9006),))

# "Pull API: UserType", the sample answer: id, name, group.
USER_TYPES = (
    ("1", "Full Time Student", "Student"),
    ("6", "Demo", "Public"),
    ("7", "Full Time Staff", "Staff"),
    ("8", "Part Time Staff", "Staff"),
    ("9", "Part Time Student", "Student"),
    ("10", "Exchange Student", "Student"),
    ("11", "Athletics Member", "Athletics"),
    ("12", "Complimentary", "Public"),
    ("13", "Daily Reserved", "Public"),
)
