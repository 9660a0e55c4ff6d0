"""Overdue violations: the answer of one call → pages that a person, or a collector, can work with.

Source: API documentation, "Pull API: Overdue Violations", "Successful Response".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.pulls.book import Page, page_of
from importer.pulls.cells import Record, flat, several
from schemas.reads import OVERDUE_VIOLATIONS

if TYPE_CHECKING:
    from importer.delivery.questions import Json

MONEY = frozenset(
    {"Fine", "AdjustedFine", "Towing", "taxAmount", "offenceFine", "discountAmount"}
    | {"type.DefaultCost", "type.discountAmount"}
)
"""Amounts, some of which OPSCOM answers as text."""
_KEY = "ViolationID"
_PARTS = ("vehicle", "details", "attachments", "user")
"""Names that get pages of their own."""
_BEGIN_RE = re.compile(r'"records"\s*:\s*\[')
_BETWEEN_RE = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Violations:
    """The records of one answer."""

    records: tuple[dict[str, Json], ...]
    complete: bool
    """Whether the answer came to its end; else these are the records that arrived whole."""
    version: str = ""
    """Of the OPSCOM that answered."""


def read_violations(content: bytes) -> Violations | None:
    """Read saved bytes, whole or cut off; ``None`` where they hold no records at all."""
    text = content.decode("utf-8-sig", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return _salvaged(text)
    if not isinstance(found, dict) or not isinstance(found.get("records"), list):
        return None
    state = found.get("state")
    version = state.get("version") if isinstance(state, dict) else None
    return Violations(
        tuple(several(found["records"])),
        complete=True,
        version=version if isinstance(version, str) else "",
    )


def pages_of(found: Violations) -> tuple[Page, ...]:
    """Lay the records out: violations, details, vehicles, drivers, attachments.

    Each row of each page names its violation; a driver's also the vehicle. Nested objects become
    columns named ``location.LocationName``; secrets are left out.
    """
    violations: list[Record] = []
    details: list[Record] = []
    vehicles: list[Record] = []
    drivers: list[Record] = []
    attachments: list[Record] = []
    for record in found.records:
        key: dict[str, Json] = {_KEY: record.get(_KEY)}
        vehicle = record.get("vehicle")
        violation = flat(record, leave=[name for name in _PARTS if _moves(record, name)])
        if isinstance(vehicle, dict):
            violation["vehicle.Plate"] = vehicle.get("Plate")
            vehicles.append(_keyed(key, flat(vehicle, leave=("drivers",))))
            both = {"role": "driver", **key, "VehicleID": vehicle.get("VehicleID")}
            drivers += [_keyed(both, flat(each)) for each in several(vehicle.get("drivers"))]
        violations.append(violation)
        person: dict[str, Json] = {"role": "user", **key}
        drivers += [_keyed(person, flat(each)) for each in _parts(record, "user")]
        details += [_keyed(key, flat(each)) for each in _parts(record, "details")]
        attachments += [_keyed(key, flat(each)) for each in _parts(record, "attachments")]
    first = (_KEY, "Ticket", "vehicle.Plate")
    order = (*first, *(n for n in OVERDUE_VIOLATIONS.columns if n not in {*first, *_PARTS}))
    return (
        page_of("Violations", violations, order, frozen=2, money=MONEY),
        page_of("Details", details, (_KEY,), money=MONEY),
        page_of("Vehicles", vehicles, (_KEY,)),
        page_of("Drivers", drivers, ("role", _KEY, "VehicleID"), frozen=3),
        page_of("Attachments", attachments, (_KEY,)),
    )


def _keyed(keys: Record, own: Record) -> Record:
    """Return a record with the keys in front; what it says itself goes before."""
    return {
        **keys,
        **{name: each for name, each in own.items() if each is not None or name not in keys},
    }


def _parts(record: Record, name: str) -> list[dict[str, Json]]:
    return several(record.get(name)) if _moves(record, name) else []


def _moves(record: Record, name: str) -> bool:
    """Whether what stands under this name is on a page of its own, or blank."""
    value = record.get(name)
    return not value or isinstance(value, dict) or (name != "vehicle" and isinstance(value, list))


def _salvaged(text: str) -> Violations | None:
    """Return the records that are whole in a text that was cut off."""
    begin = _BEGIN_RE.search(text)
    if begin is None:
        return None
    decoder, at = json.JSONDecoder(), begin.end()
    records: list[dict[str, Json]] = []
    while True:
        between = _BETWEEN_RE.match(text, at)
        at = between.end() if between else at
        try:
            found, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return Violations(tuple(records), complete=False)
        records += several([found])
