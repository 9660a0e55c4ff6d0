"""Which rows are to be sent, in which order, and which are settled already: the journal decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.delivery.creating import Verdict, weigh
from importer.delivery.known import Evidence
from importer.model import Outcome, Record, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from importer.delivery.journal import Memory
    from importer.delivery.known import Known
    from importer.schema import Policy


OVERTAKEN = (
    "A later push brought other values for this record, and this row is still as it was before: sending "
    "it would undo them. Where the later values are right, delete the row here; where these are, push with "
    "--again."
)


@dataclass(frozen=True, slots=True)
class Planned:
    """One row that is to be sent."""

    record: Record
    identity: str
    digest: str
    lost_before: bool = False
    """Whether an earlier run sent a record of this key and lost the answer."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a person found out about a row whose answer was lost."""

    identity: str
    there: bool
    """Whether the record is in OPSCOM."""
    reference_id: str = ""
    """Its id there, where the person gave it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a push would do with a sheet's rows."""

    send: tuple[Planned, ...]
    """In the order of sending: rows never tried first, rows that were rejected before last, so that
    a run that stops never stops at the same place again."""
    settled: Mapping[int, Outcome]
    """Position → outcome of each row that needs no sending."""
    found: tuple[Found, ...] = ()
    """Answers of a person that the journal is to remember before anything is sent."""


def plan(  # noqa: PLR0913 - what decides, each by its name
    records: Iterable[Record],
    policy: Policy,
    known: Mapping[str, Known],
    memory: Memory | None,
    *,
    again: bool = False,
    evidence: Evidence | None = None,
    keep: Callable[[Record], Record] = lambda record: record,
) -> Plan:
    """Compare records with the journal.

    Args:
        records: Of one sheet, in file order, without repeated keys.
        policy: The endpoint's.
        known: What the journal knows of the endpoint's records, by identity.
        memory: Makes the digests; ``None`` where there is no journal yet (then all are to be sent).
        again: Send upserts even where nothing has changed.
        evidence: What the journal can say of rows that were edited since they were sent.
        keep: What to keep of a row until it is sent.
    """
    send: list[tuple[tuple[int, int], Planned]] = []
    settled: dict[int, Outcome] = {}
    found: list[Found] = []
    for record in records:
        digest = memory.digest(record.payload) if memory else ""
        identity = record.key or f"#{digest}"
        past = known.get(identity)
        verdict = Verdict()
        if policy.creates:
            verdict = weigh(record, identity, digest, past, evidence or Evidence(known))
        elif past is not None:
            verdict = Verdict(_settled(policy, past, digest, again=again))
            if not verdict.outcome and past.digest != digest and not again and evidence is not None:
                verdict = _old(record, identity, digest, past, evidence)
        if verdict.found is not None:
            found.append(Found(*verdict.found))
        if verdict.outcome is not None:
            settled[record.position] = verdict.outcome
            continue
        lost = not policy.creates and past is not None and past.unsettled > 0
        send.append((_rank(past), Planned(keep(record), identity, digest, lost)))
    send.sort(key=lambda ranked: ranked[0])
    return Plan(tuple(planned for _, planned in send), settled, tuple(found))


def _old(record: Record, identity: str, digest: str, past: Known, evidence: Evidence) -> Verdict:
    """Hold a row of an older results workbook back that would undo what a later run brought."""
    if past.settled != State.PUSHED or not evidence.overtaken(record, identity, digest):
        return Verdict()
    return Verdict(Outcome(State.INVALID, past.reference_id, message=OVERTAKEN))


def _settled(policy: Policy, past: Known, digest: str, *, again: bool) -> Outcome | None:
    """Return the outcome of an update or a delete that is not sent, ``None`` for one that is."""
    if past.unsettled or past.settled != State.PUSHED or past.digest != digest:
        return None
    if policy.upsert and again:
        return None
    return Outcome(State.UNCHANGED, past.reference_id)


def _rank(past: Known | None) -> tuple[int, int]:
    """Return the place of a row: never tried, lost, rejected; within these the longest ago first."""
    if past is None or not past.last:
        return 0, 0
    kind = {State.REJECTED.value: 2, State.UNKNOWN.value: 1, "sent": 1}.get(past.last, 0)
    return kind, past.attempt
