"""What the journal can say of the rows of one sheet, gathered before any of them is weighed."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from importer.delivery.changes import Changes
from importer.delivery.known import Known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from importer.delivery.known import EndpointMemory
    from importer.delivery.memory import Memory, Workbook
    from importer.schema import Policy, Table


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the journal can say of a sheet's rows; nothing of a system that it does not know."""

    policy: Policy
    """The endpoint's."""
    memory: Memory | None = None
    """The journal's; ``None`` where there is none yet."""
    records: EndpointMemory | None = None
    """Of a system that the journal knows."""
    known: Mapping[str, Known] = field(default_factory=dict)
    """Identity → record; with the digests of its fields where nothing is its key."""
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
    changes: Changes | None = None
    """How records that are in OPSCOM may be changed; ``None`` where only OPSCOM itself does."""

    def past(self, identity: str) -> Known:
        """Return what is known of one record."""
        return self.known.get(identity, Known(identity))

    def under(self, reference_id: str) -> Known | None:
        """Return the record that may be changed under an id, ``None`` where the journal knows none."""
        return None if self.changes is None else self.changes.record(reference_id)

    def is_of_another(self, reference_id: str, one: Known) -> bool:
        """Whether another record that is in OPSCOM has this id."""
        number = reference_id.casefold()
        same = (each for each in self.known.values() if each.reference_id.casefold() == number)
        return any(each.there and each.identity != one.identity for each in same)

    def digest(self, payload: Mapping[str, str]) -> str:
        """Return the journal's digest of a payload."""
        return self.memory.digest(payload) if self.memory else ""

    def alike(self, payload: Mapping[str, str]) -> dict[str, Known]:
        """Return the records that a payload may be, corrected, by identity."""
        signs = self.memory.signs(self.policy.alike, payload) if self.memory else ()
        return {each.identity: each for sign in signs for each in self.signs.get(sign, ())}

    def sent_once(self, identity: str) -> bool:
        """Whether a record was sent exactly once, ever."""
        return self.records is not None and self.records.sendings(identity) == 1

    @property
    def under_way(self) -> bool:
        """Whether a run is under way beside this look, so that what it has sent may still be answered."""
        return self.memory is not None and self.memory.under_way is not None


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
    return Evidence(
        policy,
        records.memory,
        records,
        known,
        _by_signs(known.values(), policy.alike),
        standing,
        records.first(book) if book is not None and policy.creates else {},
        book is not None,
        since,
        changes=Changes(records, known, (table, changed_by), since) if changed_by else None,
    )


def _by_signs(
    known: Iterable[Known], groups: Sequence[Sequence[str]]
) -> dict[tuple[str, ...], list[Known]]:
    found: dict[tuple[str, ...], list[Known]] = defaultdict(list)
    if groups:
        for each in known:
            if each.parts and (each.there or each.unsettled):
                parts = json.loads(each.parts)
                for group in groups:
                    if all(name in parts for name in group):
                        found[tuple(parts[name] for name in group)].append(each)
    return found
