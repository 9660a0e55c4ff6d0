"""Overdue violations: the answer of one call → pages that a person, or a collector, can work with.

Source: API documentation, "Pull API: Overdue Violations", "Successful Response".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.pulls.book import Page, Record, flat, page_of, records_of, several, without_secrets
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


def read_violations(text: str) -> Violations | None:
    """Read an answer, whole or cut off; ``None`` where it holds no records at all."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return _salvaged(text)
    if not isinstance(found, dict) or not isinstance(found.get("records"), list):
        return None
    return Violations(tuple(several(without_secrets(found["records"]))), complete=True)


def _salvaged(text: str) -> Violations | None:
    begin = _BEGIN_RE.search(text)
    if begin is None:
        return None
    decoder, at = json.JSONDecoder(), begin.end()
    records: list[dict[str, Json]] = []
    while between := _BETWEEN_RE.match(text, at):
        try:
            found, at = decoder.raw_decode(text, between.end())
        except (ValueError, RecursionError):
            break
        records += several([without_secrets(found)])
    return Violations(tuple(records), complete=False)


def pages_of(found: Violations) -> tuple[Page, ...]:
    """Lay the records out: violations, details, vehicles, drivers, attachments.

    Each row of each page names its violation; a driver's also the vehicle. Nested objects become
    columns named ``location.LocationName``; secrets are left out.
    """
    violations: list[Record] = []
    parts: dict[str, list[Record]] = {name: [] for name in ("details", "attachments")}
    vehicles: list[Record] = []
    drivers: list[Record] = []
    for record in found.records:
        key: dict[str, Json] = {_KEY: record.get(_KEY)}
        moved = [name for name in _PARTS if _moves(record, name)]
        violation, vehicle = flat(record, moved), record.get("vehicle")
        if isinstance(vehicle, dict):
            violation["vehicle.Plate"] = vehicle.get("Plate")
            vehicles.append(_keyed(key, flat(vehicle, ("drivers",))))
            both = {"role": "driver", **key, "VehicleID": vehicle.get("VehicleID")}
            drivers += [_keyed(both, each) for each in records_of(vehicle, "drivers")]
        violations.append(violation)
        if "user" in moved:
            person: dict[str, Json] = {"role": "user", **key}
            drivers += [_keyed(person, each) for each in records_of(record, "user")]
        for name in parts.keys() & moved:
            parts[name] += [_keyed(key, each) for each in records_of(record, name)]
    first = (_KEY, "Ticket", "vehicle.Plate")
    order = (*first, *(n for n in OVERDUE_VIOLATIONS.columns if n not in {*first, *_PARTS}))
    return (
        page_of("Violations", violations, order, frozen=2, money=MONEY),
        page_of("Details", parts["details"], (_KEY,), money=MONEY),
        page_of("Vehicles", vehicles, (_KEY,)),
        page_of("Drivers", drivers, ("role", _KEY, "VehicleID"), frozen=3),
        page_of("Attachments", parts["attachments"], (_KEY,)),
    )


def _keyed(keys: Record, own: Record) -> Record:
    """Return a record with the keys in front; what it says itself goes before."""
    return {**keys, **{n: each for n, each in own.items() if each is not None or n not in keys}}


def _moves(record: Record, name: str) -> bool:
    """Whether what stands under this name is on a page of its own, or blank."""
    value = record.get(name)
    return not value or isinstance(value, dict) or (name != "vehicle" and isinstance(value, list))
