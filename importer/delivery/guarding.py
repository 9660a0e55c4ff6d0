"""Whether a file of users is a wrong file: ids sorted apart from names, a shifted column."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.model import Record, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from importer.delivery.memory import Memory

FEWEST = 50
"""Ids in common from which on a file is stopped; with fewer it is only a note."""
FEWEST_FOR_NOTE = 5
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


def foreign_names(
    records: Iterable[Record], memory: Memory, system: int, endpoint: str
) -> Foreign | None:
    """Compare the names of users with those last accepted under the same ids.

    Args:
        records: The users that may be sent.
        memory: The journal's.
        system: Its number of the system.
        endpoint: Where the rows go.

    Returns:
        What is wrong, with examples by row and id, where more than half of the ids in common would
        change both names, and there are enough of them to say so; else ``None``.
    """
    accepted = _accepted_names(memory, system, endpoint)
    if len(accepted) < FEWEST_FOR_NOTE:
        return None
    common = 0
    changed: list[Record] = []
    for record in records:
        before = accepted.get(record.key)
        if before is None:
            continue
        common += 1
        now = json.loads(memory.parts({n: record.payload.get(n, "") for n in NAMES}))
        if all(now[name] != before.get(name) for name in NAMES):
            changed.append(record)
    if common < FEWEST_FOR_NOTE or len(changed) <= common * SHARE:
        return None
    examples = ", ".join(f"row {record.row} (id {record.key})" for record in changed[:_EXAMPLES])
    why = (
        f"{len(changed)} of the {common} ids that OPSCOM has from us already would get another first "
        f"and another last name, {examples} among them: most likely a column is shifted, or the ids "
        "were sorted apart from the names."
    )
    return Foreign(why, certain=common >= FEWEST)


def _accepted_names(memory: Memory, system: int, endpoint: str) -> dict[str, dict[str, str]]:
    rows = memory.connection.execute(
        "SELECT identity, parts FROM record WHERE system = ? AND endpoint = ? AND settled = ?",
        (system, endpoint, State.PUSHED.value),
    )
    return {identity: json.loads(parts) for identity, parts in rows}
