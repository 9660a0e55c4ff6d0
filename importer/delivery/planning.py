"""Which rows are to be sent, in which order, and which are settled already: the journal decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.model import Outcome, Record, State

if TYPE_CHECKING:
    from importer.delivery.journal import Known, Memory
    from importer.delivery.manners import Manner


@dataclass(frozen=True, slots=True)
class Planned:
    """One row that is to be sent."""

    record: Record
    identity: str
    digest: str
    lost_before: bool = False
    """Whether an earlier run sent a record of this key and lost the answer."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a push would do with a sheet's rows."""

    send: tuple[Planned, ...]
    """In the order of sending: rows never tried first, rows that were rejected before last, so that
    a run that stops never stops at the same place again."""
    settled: Mapping[int, Outcome]
    """Position → outcome of each row that needs no sending."""


def plan(
    records: Iterable[Record],
    manner: Manner,
    known: Mapping[str, Known],
    memory: Memory | None,
    *,
    again: bool = False,
) -> Plan:
    """Compare records with the journal.

    Args:
        records: Of one sheet, in file order, without repeated keys.
        manner: The endpoint's.
        known: What the journal knows of the endpoint's records, by identity.
        memory: Makes the digests; ``None`` where there is no journal yet (then all are to be sent).
        again: Send upserts even where nothing has changed.
    """
    send: list[tuple[int, Planned]] = []
    settled: dict[int, Outcome] = {}
    for record in records:
        digest = memory.digest(record.payload) if memory else ""
        identity = record.key or f"#{digest}"
        past = known.get(identity)
        done = None if past is None else _settled(manner, past, digest, again=again)
        if done is None:
            lost = past is not None and past.unsettled > 0
            send.append((_rank(past), Planned(record, identity, digest, lost)))
        else:
            settled[record.position] = done
    send.sort(key=lambda ranked: ranked[0])
    return Plan(tuple(planned for _, planned in send), settled)


def _settled(manner: Manner, past: Known, digest: str, *, again: bool) -> Outcome | None:
    """Return the outcome of a row that is not sent, ``None`` for one that is."""
    if past.unsettled:
        return _waiting() if manner.creates else None
    if not past.settled or past.digest != digest:
        return None
    if past.settled == State.EXISTS:
        note = "OPSCOM said in an earlier run that it has this record already."
        return Outcome(State.EXISTS, past.reference_id, message=note)
    if manner.upsert and again:
        return None
    return Outcome(State.UNCHANGED, past.reference_id)


def _waiting() -> Outcome:
    return Outcome(
        State.UNKNOWN,
        message="An earlier run sent this row and the answer was lost, so it is not sent again. "
        "Look it up in OPSCOM and write the id, yes or no into opscom_answer.",
    )


def _rank(past: Known | None) -> int:
    if past is None or not past.last:
        return 0
    return {State.REJECTED.value: 2, State.UNKNOWN.value: 1, "sent": 1}.get(past.last, 0)
