"""The two short lists, user types and permit counts: answer → records → workbook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from importer.delivery.reads import text_of
from importer.pulls.book import Facts, write_book
from importer.pulls.kept import UserType
from importer.pulls.tables import Page, Value, cell, count, flatten, headers_of
from schemas.reads import PERMIT_STATS, USER_TYPES

if TYPE_CHECKING:
    from importer.delivery.reads import Json

Rows = list[dict[str, "Json"]]
_NUMBERS = frozenset({"total"})


@dataclass(frozen=True, slots=True)
class Asked:
    """Where and when a list was asked for."""

    host: str
    client: str
    person: str
    sandbox: bool
    when: datetime

    def facts(self, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
        """Return the lines of Summary."""
        return (
            ("Asked", self.when.isoformat(" ", "seconds")),
            ("Host", self.host),
            ("Client code", self.client),
            ("Person", self.person),
            *more,
        )

    @property
    def banner(self) -> str:
        """What Summary says of a rehearsal."""
        return "Rehearsal: these are invented records of the sandbox." if self.sandbox else ""


def rows_of(content: dict[str, Json], key: str) -> Rows:
    """Return the records under a key, flat, secrets left out."""
    found = content.get(key)
    records = found if isinstance(found, list) else []
    return [flatten(each) if isinstance(each, dict) else {"value": each} for each in records]


def user_types(rows: Sequence[dict[str, Json]]) -> tuple[UserType, ...]:
    """Return the user types that an answer lists, in its order."""
    return tuple(
        UserType(*(text_of(row.get(name)) for name in ("id", "type_name", "ext_info")))
        for row in rows
    )


def missing_zones(rows: Sequence[dict[str, Json]], zones: Sequence[str]) -> tuple[str, ...]:
    """Return the zones asked for of which an answer says nothing."""
    told = {text_of(row.get("zone")).casefold() for row in rows}
    return tuple(zone for zone in zones if zone.casefold() not in told)


def write_user_types(path: Path, rows: Rows, asked: Asked, notes: tuple[str, ...] = ()) -> Path:
    """Write the workbook of user types; return the path really written."""
    page = _page("User types", rows, USER_TYPES.columns)
    use = ("Use", "A mapping may take the ids by name: `lookup: user-types` under user_type_id.")
    facts = Facts("User types", asked.banner, False, asked.facts(use), notes)  # noqa: FBT003
    return write_book(path, facts, [page])


def write_permit_stats(path: Path, rows: Rows, asked: Asked, zones: Sequence[str]) -> Path:
    """Write the workbook of permit counts; return the path really written.

    Args:
        path: The wanted name.
        rows: A record for each type and zone.
        asked: Where and when.
        zones: Those asked for; empty for all.
    """
    page = _page("Permit stats", rows, PERMIT_STATS.columns)
    totals = [count(row.get("total")) for row in rows]
    whole = sum(
        int(each.value)
        for each in totals
        if isinstance(each, Value) and not isinstance(each.value, datetime)
    )
    missing = missing_zones(rows, zones)
    these = "this zone" if len(missing) == 1 else "these zones"
    notes = (f"OPSCOM says nothing of {these}: {', '.join(missing)}.",) if missing else ()
    facts = asked.facts(("Zones", ", ".join(zones) or "all"), ("Permits in all", f"{whole:,}"))
    return write_book(path, Facts("Permit stats", asked.banner, False, facts, notes), [page])  # noqa: FBT003


def _page(name: str, rows: Rows, first: Sequence[str]) -> Page:
    headers = headers_of(rows, first) or list(first)
    page = Page(name, headers)
    for row in rows:
        page.rows.append(
            [count(row.get(h)) if h in _NUMBERS else cell(row.get(h)) for h in headers]
        )
    return page
