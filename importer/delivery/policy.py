"""How each endpoint wants to be treated, and what a row's fate is after each attempt.

One table for all endpoints, as code: pure, without a socket or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from importer.codes import CODES
from importer.delivery.answers import Accepted, Answer, Refused, Unreadable, read_answer
from importer.delivery.http import Phase, Reply
from importer.model import State

SETTINGS_CODES = frozenset({"9000", "9001", "9002", "9034"})
"""Client code or token: every row would fail alike. Source: API documentation, "API Error Codes"."""
NOT_PARSED = "9003"
NOT_FOUND = "9009"
VEHICLE_EXISTS = "9012"
RECORD_EXISTS = "9022"

MAX_ATTEMPTS = 6
"""How often one run sends one row at most."""

LOOK_AFTER = "Check your network and the host, or wait until OPSCOM answers again."
"""What to do where there is no answer to go by."""
NOBODY_KNOWS = "Nobody knows whether OPSCOM took the row"
"""Begins what is said of a lost answer after its cause."""


class Resend(StrEnum):
    """Whether a row whose answer was lost may be sent again in the same run."""

    FREELY = "freely"
    """The same body does the same again: users, updates, deletes, reads."""
    ONCE = "once"
    """A second send is a question that a documented code answers: vehicles."""
    NEVER = "never"
    """A second send could create a second record: permits."""


@dataclass(frozen=True, slots=True)
class Manner:
    """What pushing needs to know of an endpoint."""

    endpoint: str
    resend: Resend
    upsert: bool = False
    """A record is known by its key and may change: compare with the last accepted one."""
    creates: bool = False
    """Makes something new, and a person or ``settle`` must find out where an answer was lost."""
    exists_codes: frozenset[str] = frozenset()
    """Codes that say the record is in OPSCOM already."""
    gone_code: str = ""
    """The code that says a delete was done, where an earlier attempt of ours was lost."""


MANNERS = {
    manner.endpoint: manner
    for manner in (
        Manner("users", Resend.FREELY, upsert=True),
        Manner(
            "vehicles",
            Resend.ONCE,
            creates=True,
            exists_codes=frozenset({VEHICLE_EXISTS, RECORD_EXISTS}),
        ),
        Manner("permits", Resend.NEVER, creates=True, exists_codes=frozenset({RECORD_EXISTS})),
        Manner("permit-updates", Resend.FREELY, upsert=True),
        Manner("permit-deletes", Resend.FREELY, gone_code=NOT_FOUND),
    )
}


@dataclass(frozen=True, slots=True)
class Settled:
    """The row has its state; the run goes on."""

    state: State
    reference_id: str = ""
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """The row is sent again after a pause."""

    applied_maybe: bool
    """Whether this attempt may have been applied."""
    told: str = ""
    """The ``Retry-After`` of the answer."""
    why: str = ""
    timed_out: bool = False
    throttled: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Every row would fail alike: the row has its state and the run stops."""

    state: State
    why: str
    code: str = ""
    message: str = ""


Fate = Settled | Again | Stop


def judge(manner: Manner, reply: Reply, *, lost_before: bool, attempt: int) -> Fate:
    """Decide what becomes of a row after one attempt.

    Args:
        manner: The endpoint's.
        reply: What came back.
        lost_before: Whether an earlier attempt of this row may have been applied unseen.
        attempt: 1 for the first attempt of this run.
    """
    match reply.phase:
        case Phase.NOT_LEFT:
            return Again(applied_maybe=False, why=_sentence(reply.detail))
        case Phase.BARRED:
            why = f"{_sentence(reply.detail)} Check the host, and what stands between it and you."
            return _stop(manner, why, lost=lost_before)
        case Phase.LOST:
            why = _sentence(reply.detail)
            return _lost(manner, reply, why, lost_before=lost_before, attempt=attempt)
        case Phase.ANSWERED:
            return _answered(manner, reply, lost_before=lost_before, attempt=attempt)


def _answered(manner: Manner, reply: Reply, *, lost_before: bool, attempt: int) -> Fate:
    answer: Answer = read_answer(reply.body)
    match answer:
        case Accepted(reference_id, warnings):
            notes = [f"OPSCOM warns: {text}" for text in warnings]
            if not reference_id:
                notes.insert(0, "OPSCOM took the row and named no id.")
            return Settled(State.PUSHED, reference_id, message=" ".join(notes))
        case Refused(code, message):
            return _refused(manner, code, message, lost_before=lost_before)
        case Unreadable():
            return _unreadable(manner, reply, lost_before=lost_before, attempt=attempt)


def _refused(manner: Manner, code: str, message: str, *, lost_before: bool) -> Fate:
    if code in SETTINGS_CODES:
        state = State.UNKNOWN if lost_before else State.NOT_SENT
        return Stop(state, settings_fault(code), code, message)
    if code in manner.exists_codes:
        note = "OPSCOM has this record already."
        if lost_before:
            note = "OPSCOM has this record already, most likely from our own earlier attempt."
        return Settled(State.EXISTS, code=code, message=note)
    if code == manner.gone_code and lost_before:
        return Settled(
            State.PUSHED, message="The record is gone: an earlier attempt of ours did it."
        )
    return Settled(State.REJECTED, code=code, message=message)


def settings_fault(code: str) -> str:
    """Say what one of ``SETTINGS_CODES`` means, and which setting to look at."""
    known = CODES[int(code)]
    return f"OPSCOM answers {code}: {known.means[0].lower()}{known.means[1:]} {known.remedy}"


def _unreadable(manner: Manner, reply: Reply, *, lost_before: bool, attempt: int) -> Fate:
    """Judge an answer whose body says nothing, by its status."""
    status = reply.status
    if 300 <= status < 400:  # noqa: PLR2004
        return _stop(manner, redirected(status), lost=lost_before)
    if status == 429:  # noqa: PLR2004
        return Again(
            applied_maybe=False,
            told=reply.retry_after,
            why="OPSCOM asks to send more slowly (HTTP 429).",
            throttled=True,
        )
    if 400 <= status < 500 and status != 408:  # noqa: PLR2004
        unsure = lost_before or manner.resend is Resend.NEVER
        return _stop(manner, not_opscom(status), lost=unsure)
    why = f"The answer of the host (HTTP {status}) cannot be read."
    if status >= 500:  # noqa: PLR2004
        why = f"The host answers that it failed (HTTP {status})."
    return _lost(manner, reply, why, lost_before=lost_before, attempt=attempt)


def _lost(manner: Manner, reply: Reply, why: str, *, lost_before: bool, attempt: int) -> Fate:
    """Judge an attempt that may have been applied unseen."""
    again = {
        Resend.FREELY: attempt < MAX_ATTEMPTS,
        # Attempts that were surely not applied do not count against the second send.
        Resend.ONCE: not lost_before,
        Resend.NEVER: False,
    }
    if not again[manner.resend]:
        return Settled(State.UNKNOWN, message=unknown_message(manner, why))
    return Again(applied_maybe=True, told=reply.retry_after, why=why, timed_out=reply.timed_out)


def unknown_message(manner: Manner, why: str) -> str:
    """Tell a person what a lost answer means for a row and what happens next."""
    if manner.creates:
        return (
            f"{why} {NOBODY_KNOWS}, and it is not sent again. Run `opscom-import settle` to find out, "
            "or look it up in OPSCOM and write the id, yes or no into opscom_answer."
        )
    return f"{why} {NOBODY_KNOWS}; the next push sends it again."


def redirected(status: int) -> str:
    """Say that the host sends elsewhere."""
    return (
        f"The host answers with a redirect (HTTP {status}), which is never followed. "
        "Ask OPSCOM for the right host."
    )


def not_opscom(status: int) -> str:
    """Say that whoever answers refuses and names no code of OPSCOM's."""
    return (
        f"The host answers HTTP {status} without an OPSCOM error code: most likely the client code "
        "or the host is wrong. Compare both with what OPSCOM gave you: `client:` and `host:` in "
        "opscom.yaml, OPSCOM_CLIENT and OPSCOM_HOST, --client and --host."
    )


def _stop(manner: Manner, why: str, *, lost: bool) -> Stop:
    if lost:
        return Stop(State.UNKNOWN, why, message=unknown_message(manner, why))
    return Stop(State.NOT_SENT, why)


def _sentence(detail: str) -> str:
    return f"{detail[:1].upper()}{detail[1:]}." if detail else ""
