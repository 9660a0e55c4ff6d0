"""Overdue violations: the answer of one call → tables that a person, or a collector, can work with.

Source: API documentation, "Pull API: Overdue Violations", "Successful Response".
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from importer.pulls.tables import Cell, Link, Page, as_text, cell, flatten, headers_of
from schemas.reads import OVERDUE_VIOLATIONS

if TYPE_CHECKING:
    from importer.delivery.reads import Json

VIOLATIONS, DETAILS, VEHICLES, DRIVERS, ATTACHMENTS = (
    "Violations",
    "Details",
    "Vehicles",
    "Drivers",
    "Attachments",
)
MONEY = frozenset(
    {"Fine", "AdjustedFine", "Towing", "taxAmount", "offenceFine", "discountAmount"}
    | {"type.DefaultCost", "type.discountAmount"}
)
"""Amounts, some of which OPSCOM answers as text."""
_OWN_PAGES = ("vehicle", "details", "attachments", "user")
_LINKS = ("details", "vehicle", "drivers", "attachments")
_BEGIN_RE = re.compile(r'"records"\s*:\s*\[')
_BETWEEN_RE = re.compile(r"[\s,]*")
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Violations:
    """The records of one answer."""

    records: tuple[dict[str, Json], ...]
    complete: bool
    """Whether the answer came to its end; else these are the records that arrived whole."""
    version: str = ""
    """Of the OPSCOM that answered."""


def read_violations(content: bytes) -> Violations | None:
    """Read saved bytes, whole or cut off; ``None`` where they hold no records at all.

    Args:
        content: The answer's body as it arrived.
    """
    if content.startswith(_GZIP):
        content = _unpacked(content)
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
        tuple(_object(each) for each in found["records"]),
        complete=True,
        version=version if isinstance(version, str) else "",
    )


def tables(found: Violations) -> tuple[Page, ...]:
    """Lay the records out: violations, details, vehicles, drivers, attachments, with links.

    A vehicle or driver that several violations share stands there once. Nested objects such as
    ``location`` become columns named ``location.LocationName``; secrets are left out.
    """
    sheaf = _Sheaf()
    for at, record in enumerate(found.records):
        sheaf.add(at, record)
    return sheaf.pages()


@dataclass(slots=True)
class _Rows:
    """Rows of one page on their way, each with the links of its first columns."""

    rows: list[dict[str, Json]] = field(default_factory=list)
    keys: list[dict[str, tuple[Json, Link | None]]] = field(default_factory=list)

    def add(self, row: dict[str, Json], **keys: tuple[Json, Link | None]) -> int:
        self.rows.append(row)
        self.keys.append(keys)
        return len(self.rows) - 1

    def page(
        self, name: str, keys: Sequence[str], first: Sequence[str] = (), **styles: int
    ) -> Page:
        headers = [*keys, *headers_of(self.rows, first)]
        page = Page(name, headers, frozen=styles.get("frozen", 1))
        for at, (row, links) in enumerate(zip(self.rows, self.keys, strict=True)):
            cells: list[Cell] = []
            for column, key in enumerate(keys):
                value, link = links.get(key, (None, None))
                cells.append(cell(value))
                if link is not None and value is not None:
                    page.links[at, column] = link
            cells += [cell(row.get(h), money=h in MONEY) for h in headers[len(keys) :]]
            page.rows.append(cells)
        return page


class _Sheaf:
    """Collects the rows of all pages, vehicles and drivers once each."""

    def __init__(self) -> None:
        self._violations = _Rows()
        self._details = _Rows()
        self._vehicles = _Rows()
        self._drivers = _Rows()
        self._attachments = _Rows()
        self._known_vehicles: dict[str, tuple[int, int, Link | None]] = {}

    def add(self, at: int, record: dict[str, Json]) -> None:
        own, home = record.get("ViolationID"), Link(VIOLATIONS, at)
        back = (own, home)
        details = [
            self._details.add(flatten(_object(each)), violation=back)
            for each in _list(record, "details")
        ]
        attachments = [
            self._attachments.add(flatten(_object(each)), violation=back)
            for each in _list(record, "attachments")
        ]
        vehicle, drivers, first = self._vehicle(record, home)
        for user in _list(record, "user"):
            place = self._drivers.add(flatten(_object(user)), role=("user", None), violation=back)
            drivers, first = drivers + 1, first or Link(DRIVERS, place)
        self._violations.add(
            flatten(record, leave=_moved(record)),
            details=_counted(DETAILS, details),
            vehicle=(_plate(record), None if vehicle is None else Link(VEHICLES, vehicle)),
            drivers=(drivers or None, first),
            attachments=_counted(ATTACHMENTS, attachments),
        )

    def _vehicle(
        self, record: Mapping[str, Json], home: Link
    ) -> tuple[int | None, int, Link | None]:
        """Add a violation's vehicle with its drivers; return its row, how many they are, and the first."""
        vehicle = record.get("vehicle")
        if not isinstance(vehicle, dict):
            return None, 0, None
        content = json.dumps(vehicle, sort_keys=True)
        if content not in self._known_vehicles:
            number = vehicle.get("VehicleID", record.get("VehicleID"))
            back = (record.get("ViolationID"), home)
            row = self._vehicles.add(flatten(vehicle, leave=("drivers",)), violation=back)
            drivers = [
                self._drivers.add(
                    flatten(_object(each)),
                    role=("driver", None),
                    vehicle=(number, Link(VEHICLES, row)),
                    violation=back,
                )
                for each in _list(vehicle, "drivers")
            ]
            first = Link(DRIVERS, drivers[0]) if drivers else None
            self._known_vehicles[content] = (row, len(drivers), first)
        return self._known_vehicles[content]

    def pages(self) -> tuple[Page, ...]:
        order = [name for name in OVERDUE_VIOLATIONS.columns if name not in _OWN_PAGES]
        violations = self._violations.page(VIOLATIONS, _LINKS, order)
        return (
            _keys_first(violations, ("ViolationID", "Ticket")),
            self._details.page(DETAILS, ("violation",)),
            self._vehicles.page(VEHICLES, ("violation",)),
            self._drivers.page(DRIVERS, ("role", "vehicle", "violation"), frozen=3),
            self._attachments.page(ATTACHMENTS, ("violation",)),
        )


def _keys_first(page: Page, names: Sequence[str]) -> Page:
    """Bring the columns by which people know a row to the front."""
    headers = list(page.headers)
    front = [headers.index(name) for name in names if name in headers]
    order = front + [at for at in range(len(headers)) if at not in front]
    places = {old: new for new, old in enumerate(order)}
    return Page(
        page.name,
        [headers[at] for at in order],
        [[row[at] for at in order] for row in page.rows],
        {(row, places[column]): link for (row, column), link in page.links.items()},
        frozen=len(front) or 1,
    )


def _counted(page: str, positions: Sequence[int]) -> tuple[Json, Link | None]:
    return (len(positions), Link(page, positions[0])) if positions else (None, None)


def _plate(record: Mapping[str, Json]) -> Json:
    """Return what a link to the vehicle says: its plate, or its number."""
    vehicle = record.get("vehicle")
    if not isinstance(vehicle, dict):
        return None
    plate = vehicle.get("Plate") or vehicle.get("VehicleID", record.get("VehicleID"))
    return plate if isinstance(plate, str | int) else "vehicle"


def _moved(record: Mapping[str, Json]) -> list[str]:
    """Return the names whose values stand on pages of their own, or are blank."""
    return [
        name
        for name in _OWN_PAGES
        if isinstance(record.get(name), dict)
        or not record.get(name)
        or (name != "vehicle" and isinstance(record.get(name), list))
    ]


def _list(value: Mapping[str, Json], name: str) -> list[Json]:
    """Return a list's elements; PHP writes a list with gaps as an object."""
    found = value.get(name)
    if isinstance(found, dict):
        return list(found.values()) if all(key.isdigit() for key in found) else [found]
    return found if isinstance(found, list) else []


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {"value": as_text(value)}


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
        records.append(_object(found))


def _unpacked(content: bytes) -> bytes:
    """Unpack an answer that something between packed although nobody asked for it."""
    try:
        return zlib.decompressobj(wbits=31).decompress(content)
    except zlib.error:
        return b""
