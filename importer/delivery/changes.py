"""A permit of a list that changed: how it differs from what OPSCOM has, and the update that says so.

OPSCOM knows a permit by its reference id alone, the journal by all that was sent. Where an update of it
is accepted, the row of the list becomes the record of that id in the journal, in one transaction with
the acceptance (see ``attempts``); the record that it was before counts as changed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from importer.delivery.known import EndpointMemory
from importer.model import State
from importer.schema import record_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from importer.delivery.known import Known
    from importer.model import Record
    from importer.schema import Table

CHANGING, CHANGED = "changing", "changed"
"""What a record is called in the journal while an update to it is not accepted yet, and once an update
made another one of it."""


@dataclass(frozen=True, slots=True)
class Becomes:
    """The record that a row of the list is, once its update is accepted."""

    identity: str
    digest: str
    parts: str
    reference_id: str
    """As OPSCOM answered it."""
    changed: str
    """What changes, in words."""


class Changes:
    """What the journal says of the changes to the records of one endpoint."""

    def __init__(
        self,
        records: EndpointMemory,
        known: Mapping[str, Known],
        tables: tuple[Table, Table],
        since: int | None,
    ) -> None:
        """Look through the journal.

        Args:
            records: Those that are changed.
            known: The same, by identity, with their parts.
            tables: Their page, and the page that changes them by their id.
            since: The last attempt that the results workbook can speak of.
        """
        self._memory = records.memory
        self._own, self._table = tables
        self._updates = EndpointMemory(records.memory, records.system, self._table.endpoint)
        self._known = known
        self._since = since or 0
        ((self._id,),) = self._table.key

    def record(self, reference_id: str) -> Known | None:
        """Return the record that is in OPSCOM under an id, as it was last accepted."""
        return self._by_id.get(reference_id.casefold())

    def differing(self, earlier: Known, payload: Mapping[str, str]) -> tuple[str, ...]:
        """Return the fields in which a row differs from what OPSCOM has of a record.

        An update that went after it counts too; one whose answer was lost leaves its fields open.
        """
        held: dict[str, str] = json.loads(earlier.parts)
        for number, _, parts, state in self._attempts(earlier.reference_id):
            if number > earlier.attempt:
                later = json.loads(parts)
                held |= later if state == State.PUSHED else dict.fromkeys(later, "")
        names = [name for name in {**payload, **held} if name[0] != "~" and name != self._id]
        part = self._memory.part
        return tuple(
            name
            for name in names
            if held.get(name, part(name, "")) != part(name, payload.get(name, ""))
        )

    def fixed(self, record: Record, names: Sequence[str]) -> tuple[str, ...]:
        """Return those of the fields that no update can bring to what the row says."""
        return tuple(
            name for name in names if self._table.field(name) is None or name not in record.payload
        )

    def kept(self, names: Sequence[str]) -> bool:
        """Whether these fields would do, were they not blank: an update leaves out what is blank."""
        return all(self._table.field(name) is not None for name in names)

    def titles(self, names: Sequence[str]) -> str:
        """Return fields as a person calls them."""
        known = [self._own.field(name) for name in names]
        *some, last = [each.title for each in known if each is not None]
        return f"{', '.join(some)} and {last}" if some else last

    def update(self, earlier: Known, record: Record, names: Sequence[str]) -> Record:
        """Return the update of a record to what a row says in these fields."""
        fields = [known.name for known in self._table.fields if known.name in names]
        payload = {self._id: earlier.reference_id} | {name: record.payload[name] for name in fields}
        return replace(record, key=record_key(self._table, payload), payload=payload)

    def becomes(self, update: Record, record: Record, identity: str, digest: str) -> Becomes:
        """Return what a row is, once its update is accepted; identity and digest are the row's own."""
        fields = [name for name in update.payload if name != self._id]
        parts, changed = self._memory.parts(record.payload), self.titles(fields)
        return Becomes(identity, digest, parts, update.payload[self._id], changed)

    def lost(self, reference_id: str) -> Known | None:
        """Return the update of a record whose answer was lost, so that nobody knows what OPSCOM holds."""
        last = self._latest.get(reference_id.casefold())
        return last if last is not None and last.unsettled else None

    def open(self, record: Known) -> bool:
        """Whether a list's update of a record went and its answer was lost."""
        number = record.reference_id
        return number in self._changing and self.lost(number) is not None

    def since(self, earlier: Known, payload: Mapping[str, str]) -> str:
        """Return in words what updates changed of a record after its row was accepted; mostly nothing."""
        number = earlier.reference_id
        update = self._latest.get(number.casefold())
        names = (
            self.differing(earlier, payload) if update and update.attempt > earlier.attempt else ()
        )
        if not names:
            return ""
        lost = self.lost(number) is not None
        was, why = ("may have been", " (an answer was lost)") if lost else ("was", "")
        return (
            f"The permit {number} {was} changed after this row was accepted{why}: it differs in "
            f"{self.titles(names)}. Nothing was sent. Where this row's values are right, push them as "
            "permit-updates."
        )

    def made(self, record: Known) -> bool:
        """Whether an update made a record what it is, or may have."""
        return any(number >= record.attempt for number, *_ in self._attempts(record.reference_id))

    def overtaken(self, update: Record) -> bool:
        """Whether another change of the record went, or may have, since the workbook was written."""
        digest = self._memory.digest(update.payload)
        return any(
            number > self._since and other != digest
            for number, other, *_ in self._attempts(update.key)
        )

    def _attempts(self, reference_id: str) -> list[tuple[int, str, str, str]]:
        """Return number, digest, parts and state of the updates that went, or may have, in their order."""
        return self._updates.attempts_at(reference_id.casefold())

    @cached_property
    def _by_id(self) -> dict[str, Known]:
        there = [each for each in self._known.values() if each.there and each.reference_id]
        return {each.reference_id.casefold(): each for each in there}

    @cached_property
    def _changing(self) -> frozenset[str]:
        known = self._known.values()
        return frozenset(each.reference_id for each in known if each.settled == CHANGING)

    @cached_property
    def _latest(self) -> dict[str, Known]:
        return self._updates.known()
