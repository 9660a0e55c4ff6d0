"""Find out what became of rows whose answer was lost, and create nothing twice.

A vehicle is sent once more, because OPSCOM then says whether it is there. A permit is looked for by
its plate, and only a look-up that leaves no other explanation counts. Users, updates and deletes
need nothing: the next push sends them again. All else a person decides, in ``opscom_answer``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from importer.delivery.attempts import Result
from importer.delivery.planning import Planned
from importer.delivery.pusher import Pusher, Target
from importer.errors import JournalError
from importer.model import Outcome, Record, State
from importer.records import Rows
from importer.schema import Resend
from schemas import POLICIES, TABLES

if TYPE_CHECKING:
    from importer.compare import Compared, Past
    from importer.delivery.pusher import Conditions

PROOF = ("plate", "zone", "endTime")
"""What a plate's permit must agree in: the plate asked for, ``shortName`` with the zone, ``expires``
with the end. Source: API documentation, "Pull API: Plate Validation", table "Response Values"."""
PAUSE = 2.0
"""Seconds between the two look-ups of a plate: right after a lost answer OPSCOM may still be at work."""

LookUp = Callable[[str], Iterable[tuple[str, str]] | None]
"""Plate → (short name, expiry) of each of its permits; ``None`` where there was no answer."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """How permits are looked for."""

    look_up: LookUp | None
    """``None`` where no host of plate validation is set."""
    wait: Callable[[float], bool]
    """Waits that many seconds; whether the run is to stop meanwhile."""


def settle_sheet(
    each: Compared, file: int, past: Past, conditions: Conditions, inquiry: Inquiry
) -> dict[int, Outcome]:
    """Settle what can be settled in a sheet; rows that are to be sent are not sent.

    Returns:
        Position → outcome of the rows that are to be sent or that were unknown.
    """
    endpoint = each.job.endpoint
    found = {row.record.position: _waiting_for_push(row) for row in each.plan.send}
    unknown = {at: one for at, one in each.plan.settled.items() if one.state is State.UNKNOWN}
    rows = [row for row in Rows(each.checked, TABLES[endpoint]) if row.position in unknown]
    match POLICIES[endpoint].resend:
        case Resend.ONCE:
            found.update(_send_once_more(rows, file, endpoint, past, conditions))
        case Resend.NEVER:
            found.update(_look_for(rows, unknown, endpoint, past, conditions, inquiry))
        case Resend.FREELY:
            pass
    return found


def _waiting_for_push(row: Planned) -> Outcome:
    if row.lost_before:
        message = "Nobody knows whether OPSCOM took the row; the next push sends it again."
        return Outcome(State.UNKNOWN, message=message)
    return Outcome(State.NOT_SENT, message="The next push sends this row.")


def _send_once_more(
    rows: Sequence[Record], file: int, endpoint: str, past: Past, conditions: Conditions
) -> dict[int, Outcome]:
    """Send each row once: OPSCOM takes it, or answers that it is there."""
    policy = replace(POLICIES[endpoint], resend=Resend.NEVER)
    target = Target(endpoint, TABLES[endpoint].path, policy, past.known_number, file)
    memory = past.opened.memory
    planned = [Planned(row, row.key, memory.digest(row.payload), lost_before=True) for row in rows]
    pusher = Pusher(target, past.opened, conditions)
    return {row.record.position: outcome for row, outcome in pusher.push(planned)}


def _look_for(  # noqa: PLR0913, PLR0917 - what it needs, each by its name
    rows: Sequence[Record],
    found: Mapping[int, Outcome],
    endpoint: str,
    past: Past,
    conditions: Conditions,
    inquiry: Inquiry,
) -> dict[int, Outcome]:
    """Look each permit up by its plate, twice, with a pause between."""
    memory, number = past.opened.memory, past.known_number
    records = memory.of(number, endpoint)
    identities = {row.position: f"#{memory.digest(row.payload)}" for row in rows}
    asked = [
        row
        for row in rows
        if inquiry.look_up is not None
        and all(row.payload.get(name) for name in PROOF)
        and not records.has_other_like(identities[row.position], row.payload, PROOF)
    ]
    first = {row.position for row in asked if _is_there(row, inquiry)}
    if not first or inquiry.wait(PAUSE):
        return _undecided(rows, found, inquiry)
    seen = [row for row in asked if row.position in first and _is_there(row, inquiry)]
    message = (
        "Plate validation shows this permit, and the journal knows no other like it, so OPSCOM took "
        "the row. Its reference id is not known; look it up in OPSCOM where you need it."
    )
    result = Result(State.PUSHED, message=message)
    try:
        past.opened.find_out(number, endpoint, [(identities[row.position], result) for row in seen])
    except JournalError as error:
        conditions.stopper.stop(str(error))
        return _undecided(rows, found, inquiry)
    settled = {row.position: Outcome(State.PUSHED, message=message) for row in seen}
    return _undecided(rows, found, inquiry) | settled


def _is_there(row: Record, inquiry: Inquiry) -> bool:
    permits = inquiry.look_up(row.payload["plate"]) if inquiry.look_up is not None else None
    wanted = (row.payload["zone"], row.payload["endTime"])
    return any((name, expiry.replace(" ", "T")) == wanted for name, expiry in permits or ())


def _undecided(
    rows: Sequence[Record], found: Mapping[int, Outcome], inquiry: Inquiry
) -> dict[int, Outcome]:
    """Say of each row what a person can do."""
    if inquiry.look_up is None:
        note = "No plate host is set, so it could not be looked up by its plate."
    else:
        note = "Plate validation proves nothing of it."
    return {
        row.position: replace(found[row.position], message=f"{found[row.position].message} {note}")
        for row in rows
    }
