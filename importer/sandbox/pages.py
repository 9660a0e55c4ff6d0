"""The vendor's pages as the sandbox reads them: what each call takes, and what it does.

This is a second reading of the page "API Documentation" (2024), its "Request Object Attributes" tables and
"Successful Response". It shares no line with ``schemas``: where the two differ, a rehearsal shows it.
"""

import json
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from importer.sandbox.store import Store, fold

Answer = dict[str, object]

TEXT = r"(?s:.*)"
EMAIL = r"[^\s@]+@[^\s@]+"
TWO_LETTERS = r"[A-Za-z]{2}"
DIGITS = r"[0-9]+"
YEAR = r"[0-9]{4}"
CURRENCY = r"CAD|USD"
MONEY = r"(?![0.]+$)[0-9]{1,6}\.[0-9]{2}"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
MOMENT = DAY + r"T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
"""Forms of an attribute's text, as expressions; the last two are real dates besides."""


class Blank(StrEnum):
    """What an attribute may lack; one that is kept may be left out, but not sent empty."""

    REFUSED = "refused"
    KEPT = "kept"
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One row of a "Request Object Attributes" table."""

    names: tuple[str, ...]
    """All possible names; records are stored under the first."""
    most: int | None = None
    """Characters at most (code points after NFC); ``None`` where the page sets no limit."""
    form: str = TEXT
    blank: Blank = Blank.ALLOWED
    missing: int = 9031
    too_long: int = 9030
    invalid: int = 9033
    cut: bool = False
    """Whether a longer text is cut with a warning instead of being refused."""
    instead: str = ""
    """The attribute that may be filled in its place; one of the two must be."""


class Refusal(Exception):  # noqa: N818 - it is what OPSCOM answers, no failure of ours
    """What the controller answers instead of taking a body."""

    def __init__(self, code: int, name: str = "") -> None:
        """Take one of the codes that "API Error Codes" lists, and the attribute that it is about."""
        super().__init__(code, name)
        self.code, self.name = code, name


@dataclass(frozen=True, slots=True)
class Page:
    """One page: a call, its attributes and what OPSCOM does when it is called."""

    call: str
    """The path after the version."""
    attributes: tuple[Attribute, ...]
    act: Callable[[Store, Mapping[str, str]], Answer]
    own_host: bool = False
    """Whether it is plate validation, which has its own path and its own words for errors."""


def judge_times(values: Mapping[str, str]) -> None:
    """Refuse an ``endTime`` that is not after the ``startTime``, where both are there."""
    start, end = values.get("startTime"), values.get("endTime")
    if start and end and end <= start:
        raise Refusal(9005, "endTime")


def _moments(blank: Blank) -> tuple[Attribute, Attribute]:
    """Return start and end; both pages write their limit as 20 characters, their format has 19."""
    start = Attribute(("startTime", "StartDateUtc"), None, MOMENT, blank, 9031, 9007, 9007)
    end = Attribute(("endTime", "EndDateUtc"), None, MOMENT, blank, 9004, 9005, 9005)
    return start, end


_REFERENCE = Attribute(
    ("referenceID", "referenceid", "reference_id"), 50, blank=Blank.REFUSED, missing=9008
)
_AMOUNT = Attribute(("amount", "Amount"), 9, MONEY)
_CURRENCY = Attribute(("currency", "CurrencyID"), 10, CURRENCY)

# "Push API: User Create/Update". The table says optional of e-mail, first and last name, the codes
# 9016 to 9018 say required: they may be left out, as an update must be able to, but not be empty.
_USER = (
    Attribute(("unique_id",), 50, blank=Blank.REFUSED, missing=9013),
    Attribute(("login_source",), 20, blank=Blank.REFUSED, missing=9014, invalid=9015),
    Attribute(("first_name",), 50, blank=Blank.KEPT, missing=9017),
    Attribute(("last_name",), 50, blank=Blank.KEPT, missing=9018),
    Attribute(("user_name",), 50),
    Attribute(("email",), 100, EMAIL, Blank.KEPT, missing=9016),
    Attribute(("street",)),
    Attribute(("city",), 50),
    Attribute(("province", "state"), 2, TWO_LETTERS, too_long=9033),
    Attribute(("postal_code", "zip"), 20),
    Attribute(("street2",), 20),
    Attribute(("city2",), 50),
    Attribute(("province2", "state2"), 2, TWO_LETTERS, too_long=9033),
    Attribute(("postal_code2", "zip2"), 20),
    Attribute(("phone_cell",), 20),
    Attribute(("user_type_id",), None, DIGITS),
    Attribute(("employ_no",), 50),
    Attribute(("employee_phone",), 50),
    Attribute(("student_no",), 50),
    Attribute(("student_phone",), 50),
    Attribute(("driver_licence_num", "driver_license_num"), 255),
    Attribute(("date_of_birth",), 10, DAY, too_long=9033),
    Attribute(("locker_user_type_id",), None, DIGITS),
    Attribute(("driver_licence_prov", "driver_license_state"), 2, TWO_LETTERS, too_long=9033),
)

# "Push API: Vehicle Create". Its sample answer warns of a colour that was too long and was cut.
_VEHICLE = (
    Attribute(("plate",), 50, blank=Blank.REFUSED, missing=9006, too_long=9021),
    Attribute(("plateTypeID",), None, DIGITS, missing=9010, instead="plateType"),
    Attribute(("plateType",), 50),
    Attribute(("provID",), None, DIGITS, missing=9011, instead="prov"),
    Attribute(("prov",), 50),
    Attribute(("makeID",), None, DIGITS),
    Attribute(("make",), 50),
    Attribute(("typeID",), None, DIGITS),
    Attribute(("type",), 50),
    Attribute(("colourID",), None, DIGITS),
    Attribute(("colour",), 50, cut=True),
    Attribute(("year",), None, YEAR),
    Attribute(("vin",), 25),
)

# "Push API: Permit Create".
_PERMIT = (
    _AMOUNT,
    _CURRENCY,
    *_moments(Blank.REFUSED),
    Attribute(("plate", "LicencePlate"), 25, blank=Blank.REFUSED, missing=9006),
    Attribute(("permitNo", "TicketNumber"), 50),
    Attribute(("zone", "ParkingZoneName"), 200),
)

# "Push API: Permit Update": the table lists no start, number and zone.
_PERMIT_UPDATE = (
    _REFERENCE,
    _moments(Blank.KEPT)[1],
    Attribute(("plate", "LicencePlate"), 25, blank=Blank.KEPT, missing=9006),
    _AMOUNT,
    _CURRENCY,
)

# "Pull API: UserType", the sample answer: id, name, group.
_USER_TYPES = (
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

_VIOLATIONS = Path(__file__).with_name("violations.json")
"""An invented answer with the keys, nesting and types of the sample of "Pull API: Overdue Violations"."""


def _push_user(store: Store, values: Mapping[str, str]) -> Answer:
    """Create or update the user of that ``unique_id`` (case-sensitive), values laid over what is stored.

    E-mail and username belong to one user, whatever their case.
    """
    unique_id = values["unique_id"]
    before = store.get("users", unique_id) or {}
    after = {**before, **values}
    for field, code in (("email", 9019), ("user_name", 9020)):
        kind, old, new = f"users by {field}", fold(before, field), fold(after, field)
        owner = store.get(kind, new) if new else None
        if owner is not None and owner["unique_id"] != unique_id:
            raise Refusal(code)
        if old:
            store.remove(kind, old)
        if new:
            store.put(kind, new, {"unique_id": unique_id})
    return {"status": "success", "reference_id": store.put("users", unique_id, after)}


def _push_vehicle(store: Store, values: Mapping[str, str]) -> Answer:
    """Create a vehicle; 9012 where plate, province and plate type are there already."""
    parts = (("plate",), ("provID", "prov"), ("plateTypeID", "plateType"))
    key = json.dumps([fold(values, *names) for names in parts])
    if store.get("vehicles", key) is not None:
        raise Refusal(9012)
    return {"status": "success", "vehicle_id_id": str(store.put("vehicles", key, values))}


def _find_permit(store: Store, values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    number = fold(values, "referenceID")
    permit = store.get("permits", number)
    if permit is None:
        raise Refusal(9009)
    return number, permit


def _update_permit(store: Store, values: Mapping[str, str]) -> Answer:
    """Lay values over the permit of that reference id."""
    number, before = _find_permit(store, values)
    after = {**before, **values}
    del after["referenceID"]
    judge_times(after)
    return _keep_permit(store, number, after)


def _delete_permit(store: Store, values: Mapping[str, str]) -> Answer:
    number, _ = _find_permit(store, values)
    store.remove("permits", number)
    return _told_permit(number)


def _keep_permit(store: Store, number: str, body: Mapping[str, str]) -> Answer:
    store.put("permits", number, body, found_by=fold(body, "plate"))
    return _told_permit(number)


def _told_permit(number: str) -> Answer:
    return {"status": "success", "reference_id": number, "InternalReferenceID": number}


def _count_permits(store: Store, values: Mapping[str, str]) -> Answer:
    """Count permits by zone; without ``zones`` (one text, separated by commas) all of them."""
    zones = {zone.strip() for zone in values.get("zones", "").split(",")} - {""}
    counts = Counter(permit.get("zone", "") for *_, permit in store.all("permits"))
    return {
        "data": [
            {"type": "standard", "zone": zone, "total": str(total)}
            for zone, total in counts.items()
            if not zones or zone in zones
        ]
    }


def _list_user_types(_store: Store, _values: Mapping[str, str]) -> Answer:
    names = ("id", "type_name", "ext_info")
    types = [dict(zip(names, each, strict=True)) for each in _USER_TYPES]
    return {"status": "success", "user_types": types}


def _send_overdue(store: Store, _values: Mapping[str, str]) -> Answer:
    """Tell the violations that were not sent so far, and mark them as sent."""
    answer: dict[str, Any] = json.loads(_VIOLATIONS.read_text(encoding="utf-8"))
    fresh = []
    for record in answer["records"]:
        key = str(record["ViolationID"])
        if store.get("violations sent", key) is None:
            store.put("violations sent", key, {})
            fresh.append(record)
    return {**answer, "records": fresh}


def _validate_plate(store: Store, values: Mapping[str, str]) -> Answer:
    plate = values["plate"]
    permits = [
        {
            "expires": permit.get("endTime", "").replace("T", " "),
            "type": "standard",
            "shortName": permit.get("zone") or permit.get("permitNo", ""),
        }
        for *_, permit in store.all("permits", found_by=fold(values, "plate"))
    ]
    # The same once more as the one text that a handheld shows.
    lines = [f"standard: {each['shortName']}\n Expires: {each['expires']}\n" for each in permits]
    text = "".join([*lines, "\n"]) if permits else ""
    details = {"permits": permits} if permits else {}
    data = {"response": text, "plate": plate, "responseJSON": details}
    return {"error": 0, "data": data, "message": ""}


_PLATE = Attribute(("plate",), blank=Blank.REFUSED, missing=9006)
PAGES = (
    Page("profiles/push", _USER, _push_user),
    Page("vehicles/push", _VEHICLE, _push_vehicle),
    # A second one, if it is sent twice.
    Page("permits/push", _PERMIT, lambda store, body: _keep_permit(store, str(uuid.uuid4()), body)),
    Page("permits/update", _PERMIT_UPDATE, _update_permit),
    Page("permits/delete", (_REFERENCE,), _delete_permit),
    Page("permits/stats", (Attribute(("zones",)),), _count_permits),
    Page("profiles/types/list", (), _list_user_types),
    Page("violations/send_overdue_to_collections", (), _send_overdue),
    Page("validate/plate", (_PLATE,), _validate_plate, own_host=True),
)
"""Every call that the vendor documents."""
