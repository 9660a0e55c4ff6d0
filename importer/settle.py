"""Find out what became of rows whose answer was lost, and create nothing twice.

A vehicle is sent once more, because OPSCOM then says whether it is there. A permit is looked for by
its plate, and only a look-up that leaves no other explanation counts. Users, updates and deletes
need nothing: the next push sends them again. All else a person decides, in ``opscom_answer``.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from importer.delivery.known import EndpointMemory
from importer.delivery.planning import Planned
from importer.delivery.pusher import Conditions, Pusher, Target
from importer.errors import JournalError
from importer.model import Outcome, Record, State
from importer.prepare import Compared, Past
from importer.records import Rows
from importer.schema import Resend
from schemas import POLICIES, TABLES

PROOF = ("plate", "zone", "endTime")
"""What a plate's permit must agree in: the plate asked for, ``shortName`` with the zone, ``expires``
with the end. Source: API documentation, "Pull API: Plate Validation", table "Response Values"."""
PAUSE = 2.0
"""Seconds between the two look-ups of a plate: right after a lost answer OPSCOM may still be at work."""

LookUp = Callable[[str], Sequence[tuple[str, str]] | str]
"""Plate → (short name, expiry) of each of its permits; a sentence that says why where there was no answer."""


def target_of(endpoint: str, past: Past, file: int) -> Target:
    """Return where rows of an endpoint go; ``file`` is the journal's number of their sheet."""
    return Target(TABLES[endpoint], POLICIES[endpoint], past.known_number, file)


def settle_sheet(
    each: Compared, file: int, past: Past, conditions: Conditions, look_up: LookUp | None
) -> dict[int, Outcome]:
    """Settle what can be settled in a sheet; rows that are to be sent are not sent.

    Returns:
        Position → outcome of the rows that are to be sent or that were unknown.
    """
    endpoint = each.job.endpoint
    found = {row.record.position: row.told(_waiting_for_push(row)) for row in each.plan.rows}
    unknown = {at: one for at, one in each.plan.settled.items() if one.state is State.UNKNOWN}
    rows = [row for row in Rows(each.checked, TABLES[endpoint]) if row.position in unknown]
    match POLICIES[endpoint].resend:
        case Resend.ONCE:
            found |= _send_once_more(rows, target_of(endpoint, past, file), past, conditions)
        case Resend.NEVER:
            note = "No plate host is set, so it could not be looked up by its plate."
            seen: dict[int, Outcome] = {}
            failed: dict[int, str] = {}
            if look_up is not None:
                note = "Plate validation proves nothing of it."
                seen, failed = _look_for(rows, endpoint, past, conditions, look_up)
            for at, one in unknown.items():
                said = f"{one.message} {failed.get(at, note)}"
                found[at] = seen.get(at, replace(one, message=said))
        case Resend.FREELY:
            pass
    return found


def _waiting_for_push(row: Planned) -> Outcome:
    if row.lost_before:
        message = "Nobody knows whether OPSCOM took the row; the next push sends it again."
        return Outcome(State.UNKNOWN, message=message)
    return Outcome(State.NOT_SENT, message="The next push sends this row.")


def _send_once_more(
    rows: Sequence[Record], target: Target, past: Past, conditions: Conditions
) -> dict[int, Outcome]:
    """Send each row once: OPSCOM takes it, or answers that it is there."""
    target = replace(target, policy=replace(target.policy, resend=Resend.NEVER))
    memory = past.opened.memory
    planned = [Planned(row, row.key, memory.digest(row.payload), lost_before=True) for row in rows]
    pusher = Pusher(target, past.opened, conditions)
    return {row.record.position: outcome for row, outcome in pusher.push(planned)}


def _look_for(
    rows: Sequence[Record], endpoint: str, past: Past, conditions: Conditions, look_up: LookUp
) -> tuple[dict[int, Outcome], dict[int, str]]:
    """Look each permit up by its plate, twice, with a pause between.

    Returns:
        Position → outcome of those that are there, and why there was no answer of others.
    """
    failed: dict[int, str] = {}

    def is_there(row: Record) -> bool:
        permits = look_up(row.payload["plate"])
        if isinstance(permits, str):
            failed[row.position] = f"Plate validation gave no answer: {permits}"
            return False
        wanted = (row.payload["zone"], row.payload["endTime"])
        return any((name, expiry.replace(" ", "T")) == wanted for name, expiry in permits)

    memory = past.opened.memory
    known = EndpointMemory(memory, past.known_number, endpoint)
    identities = {row.position: f"#{memory.digest(row.payload)}" for row in rows}
    asked = [
        row
        for row in rows
        if all(row.payload.get(name) for name in PROOF)
        and not known.has_other_like(identities[row.position], row.payload, PROOF)
        and is_there(row)
    ]
    if not asked or conditions.stopper.wait(PAUSE):
        return {}, failed
    seen = [row for row in asked if is_there(row)]
    message = (
        "Plate validation shows this permit, and the journal knows no other like it, so OPSCOM took "
        "the row. Its reference id is not known; look it up in OPSCOM where you need it."
    )
    result = Outcome(State.PUSHED, message=message)
    try:
        past.opened.find_out(
            past.known_number, [(endpoint, identities[row.position], result) for row in seen]
        )
    except JournalError as error:
        conditions.stopper.stop(str(error))
        return {}, failed
    return {row.position: result for row in seen}, failed
