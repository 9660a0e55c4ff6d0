"""Whether a file of users is a wrong file: ids sorted apart from names, a shifted column."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from importer.delivery.known import EndpointMemory
    from importer.model import Record

FEWEST = 50
"""Ids in common from which on a file is stopped; with fewer it is only doubted."""
FEWEST_FOR_DOUBT = 5
SHARE = 0.5
"""The share of them that may change both names before the file is held for a wrong one."""
NAMES = ("first_name", "last_name")
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Foreign:
    """Names that belong to other ids."""

    why: str
    """What is wrong, with examples by row and id."""
    certain: bool
    """Whether there are enough ids to stop the file."""


def foreign_names(records: Iterable[Record], memory: EndpointMemory) -> Foreign | None:
    """Compare the names of users that may be sent with those last accepted under the same ids.

    Returns:
        What is wrong where more than half of the ids in common would change both names, and there are
        enough of them to say so; else ``None``.
    """
    known = memory.known(parts=True)
    common = 0
    changed: list[Record] = []
    for record in records:
        past = known.get(record.key)
        if past is None or not past.there:
            continue
        common += 1
        before = json.loads(past.parts)
        if all(before.get(n) != memory.memory.part(n, record.payload.get(n, "")) for n in NAMES):
            changed.append(record)
    if common < FEWEST_FOR_DOUBT or len(changed) <= common * SHARE:
        return None
    examples = ", ".join(f"row {record.row} (id {record.key})" for record in changed[:_EXAMPLES])
    why = (
        f"{len(changed)} of the {common} ids that OPSCOM has from us already would get another first "
        f"and another last name, {examples} among them: most likely a column is shifted, or the ids "
        "were sorted apart from the names."
    )
    return Foreign(why, certain=common >= FEWEST)
