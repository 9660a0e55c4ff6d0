"""The two short lists, user types and permit counts: answer → records → workbook.

User types are kept in the workspace besides, so that a mapping can look them up without a network.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from importer.delivery.answers import text_of
from importer.errors import InputError
from importer.files import write_draft
from importer.pulls.book import Asked, Record, Summary, cell, flat, page_of, several, write_book
from importer.text import fold
from importer.workspace import move
from schemas.reads import PERMIT_STATS, USER_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from importer.delivery.questions import Json

FILE, SANDBOX_FILE = "user-types.json", "user-types-sandbox.json"


@dataclass(frozen=True, slots=True)
class UserType:
    """One user type. Source: API documentation, "Pull API: UserType", "Successful Response"."""

    id: str
    type_name: str
    ext_info: str
    """The group that it belongs to."""


@dataclass(frozen=True, slots=True)
class KeptTypes:
    """The user types as they were when they were pulled."""

    host: str
    client: str
    types: tuple[UserType, ...]

    @property
    def ids(self) -> dict[str, str]:
        """Name → id. A name that two types share stands for neither, and is left out."""
        counts = Counter(fold(each.type_name) for each in self.types)
        return {e.type_name: e.id for e in self.types if counts[fold(e.type_name)] == 1 and e.id}

    @property
    def shared_names(self) -> tuple[str, ...]:
        """Names that several types have, so that none of them can be looked up."""
        counts = Counter(fold(each.type_name) for each in self.types)
        names = {fold(e.type_name): e.type_name for e in self.types}
        return tuple(name for folded, name in names.items() if counts[folded] > 1)

    def is_of(self, host: str, client: str) -> bool:
        """Whether they are those of this OPSCOM."""
        return (self.host, self.client) == (host.rstrip("/"), client)


def keep_user_types(folder: Path, kept: KeptTypes, *, sandbox: bool = False) -> Path:
    """Keep user types, whole or not at all, readable by their owner alone; return where they are.

    Args:
        folder: The workspace, or where there is none the folder of the journal.
        kept: In OPSCOM's order.
        sandbox: Keeps them apart from those of the real OPSCOM.

    Raises:
        InputError: They could not be written; what was kept before stays.
    """
    path = folder / (SANDBOX_FILE if sandbox else FILE)
    pulled = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"pulled": pulled, **asdict(kept)}, ensure_ascii=False, indent=1) + "\n"
        move(write_draft(path, lambda file: file.write(text.encode())), path)
    except OSError as error:
        raise InputError(
            f"The user types could not be kept in {path} ({error.strerror or error}).",
            hint="Make room or give the folder write permission, then run the command again.",
        ) from error
    return path


def kept_user_types(folder: Path, *, sandbox: bool = False) -> KeptTypes | None:
    """Return the user types that were pulled last; ``None`` where they never were.

    Raises:
        InputError: The file is damaged.
    """
    path = folder / (SANDBOX_FILE if sandbox else FILE)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        types = tuple(UserType(**each) for each in found["types"])
        return KeptTypes(str(found["host"]), str(found["client"]), types)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} cannot be read.", hint="Run `opscom-import pull user-types` again."
        ) from error


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
