"""The two short lists, user types and permit counts: answer → records → workbook.

User types are kept in the workspace besides, so that a mapping can look them up without a network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.delivery.answers import text_of
from importer.pulls.book import Asked, Record, Summary, cell, flat, page_of, several, write_book
from importer.workspace import UserType
from schemas.reads import PERMIT_STATS, USER_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from importer.delivery.questions import Json


def records_of(content: Record, key: str) -> list[dict[str, Json]]:
    """Return the records under a key, flat, secrets left out."""
    return [flat(each) for each in several(content.get(key))]


def user_types(records: Sequence[Record]) -> tuple[UserType, ...]:
    """Return the user types that an answer lists, in its order."""
    names = USER_TYPES.columns
    return tuple(UserType(*(text_of(each.get(name)) for name in names)) for each in records)


def missing_zones(records: Sequence[Record], zones: Sequence[str]) -> tuple[str, ...]:
    """Return the zones asked for of which an answer says nothing."""
    told = {text_of(record.get("zone")).casefold() for record in records}
    return tuple(zone for zone in zones if zone.casefold() not in told)


def write_user_types(records: Sequence[Record], asked: Asked, notes: Sequence[str]) -> Path:
    """Write the workbook of user types; return the path really written."""
    use = ("Use", "A mapping may take the ids by name: `lookup: user-types` under user_type_id.")
    page = page_of("User types", records, USER_TYPES.columns)
    summary = Summary("User types", asked, [use], notes)
    return write_book(asked.folder / "user-types.xlsx", summary, [page])


def write_permit_stats(records: Sequence[Record], asked: Asked, zones: Sequence[str]) -> Path:
    """Write the workbook of permit counts, one for each type and zone; return the path really written.

    ``zones`` are those asked for; empty for all.
    """
    counted = [{**each, "total": cell(each.get("total"), number=True)} for each in records]
    whole = sum(each["total"] for each in counted if isinstance(each["total"], int))
    page = page_of("Permit stats", counted, PERMIT_STATS.columns)
    facts = (("Zones", ", ".join(zones) or "all"), ("Permits in all", f"{whole:,}"))
    missing = missing_zones(records, zones)
    these = "this zone" if len(missing) == 1 else "these zones"
    notes = [f"OPSCOM says nothing of {these}: {', '.join(missing)}."] if missing else []
    summary = Summary("Permit stats", asked, facts, notes)
    return write_book(asked.folder / "permit-stats.xlsx", summary, [page])
