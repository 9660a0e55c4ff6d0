"""What the journal can say of the rows of one sheet, gathered before any of them is weighed.

OPSCOM knows a permit by its reference id alone, the journal by all that was sent. Where an update of one is
accepted, the row of the list becomes the record of that id in the journal, in one transaction with the
acceptance (see ``attempts``); the record that it was before counts as changed.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from importer.delivery.known import Attempt, EndpointMemory, Known
from importer.delivery.memory import Memory, Workbook
from importer.model import Record, State
from importer.schema import Policy, Table, record_key

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
        self._memory = memory = records.memory
        self._own, self._table = tables
        self._since = since or 0
        ((self._id,),) = self._table.key
        self._updates = EndpointMemory(memory, records.system, self._table.endpoint)
        self._latest = self._updates.known()
        changing = (each for each in known.values() if each.settled == CHANGING)
        self._changing = frozenset(each.reference_id for each in changing)

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
        """Return in words what became of a record after its row was accepted, or may have; mostly nothing."""
        number = earlier.reference_id
        update = self._latest.get(number.casefold())
        later = update is not None and update.attempt > earlier.attempt
        names = self.differing(earlier, payload) if later else ()
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

    def overtaken(self, update: Record, earlier: Known) -> bool:
        """Whether the record, or another change of it, went, or may have, since the workbook was written."""
        if earlier.attempt > self._since:
            return True
        digest = self._memory.digest(update.payload)
        attempts = self._attempts(update.key)
        return any(number > self._since and other != digest for number, other, *_ in attempts)

    def _attempts(self, reference_id: str) -> Sequence[Attempt]:
        """Return the updates that went, or may have, in their order."""
        return self._updates.taken.get(reference_id.casefold(), ())


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the journal can say of a sheet's rows; nothing of a system that it does not know."""

    policy: Policy
    memory: Memory | None = None
    """``None`` where there is no journal yet."""
    records: EndpointMemory | None = None
    """Of a system that the journal knows."""
    known: Mapping[str, Known] = field(default_factory=dict)
    """Identity → record; with the digests of its fields where nothing is its key."""
    by_id: Mapping[str, Sequence[Known]] = field(default_factory=dict)
    """Reference id, without regard to capitals → the records that are in OPSCOM under it."""
    signs: Mapping[tuple[str, ...], Sequence[Known]] = field(default_factory=dict)
    """Digests of a group of ``Policy.alike`` → the records that are, or may be, in OPSCOM with them."""
    standing: Mapping[str, bool] = field(default_factory=dict)
    """Identities of all rows of the file → whether the very file brought that record before."""
    first: Mapping[int, str] = field(default_factory=dict)
    """Row of the first source → identity of what was last sent for it (results workbooks only)."""
    returned: bool = False
    """Whether the rows are from a results workbook."""
    written: int | None = None
    """The last attempt that this workbook can speak of; ``None`` where that is not known."""
    unheard: bool = False
    """Whether the journal does not know the run that wrote it."""
    foreign: bool = False
    """Whether another journal's run wrote it."""
    own: frozenset[str] = frozenset()
    """Then the identities of which nothing newer is known than what that run brought."""
    changes: Changes | None = None
    """How records that are in OPSCOM may be changed; ``None`` where only OPSCOM itself does."""

    def past(self, identity: str) -> Known:
        """Return what is known of one record."""
        return self.known.get(identity, Known(identity))

    def under(self, reference_id: str) -> Known | None:
        """Return the record that is in OPSCOM under an id, ``None`` where the journal knows none."""
        return next(reversed(self.by_id.get(reference_id.casefold(), ())), None)

    def is_of_another(self, reference_id: str, one: Known) -> bool:
        """Whether another record that is in OPSCOM has this id."""
        same = self.by_id.get(reference_id.casefold(), ())
        return any(each.identity != one.identity for each in same)

    def digest(self, payload: Mapping[str, str]) -> str:
        """Return the journal's digest of a payload."""
        return self.memory.digest(payload) if self.memory else ""

    def alike(self, payload: Mapping[str, str]) -> dict[str, Known]:
        """Return the records that a payload may be, corrected, by identity."""
        parts = json.loads(self.memory.parts(payload)) if self.memory else {}
        signs = _signs(parts, self.policy.alike)
        return {each.identity: each for sign in signs for each in self.signs.get(sign, ())}


def evidence_of(  # noqa: PLR0913 - what decides, each by its name
    records: EndpointMemory,
    table: Table,
    policy: Policy,
    book: Workbook | None = None,
    changed_by: Table | None = None,
    *,
    standing: Mapping[str, bool],
) -> Evidence:
    """Look through the journal; ``changed_by`` is the page that changes a record of the endpoint."""
    known = records.known(parts=bool(policy.alike))
    since = None if book is None else records.memory.written(book)
    by_id: dict[str, list[Known]] = defaultdict(list)
    signs: dict[tuple[str, ...], list[Known]] = defaultdict(list)
    for each in known.values():
        if policy.creates and each.there and each.reference_id:
            by_id[each.reference_id.casefold()].append(each)
        if policy.alike and each.parts and (each.there or each.unsettled):
            for sign in _signs(json.loads(each.parts), policy.alike):
                signs[sign].append(each)
    return Evidence(
        policy,
        records.memory,
        records,
        known,
        by_id,
        signs,
        standing,
        records.first(book) if book is not None and policy.creates else {},
        book is not None,
        since,
        changes=Changes(records, known, (table, changed_by), since) if changed_by else None,
    )


def _signs(parts: Mapping[str, str], groups: Iterable[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    for group in groups:
        if all(name in parts for name in group):
            yield tuple(parts[name] for name in group)
