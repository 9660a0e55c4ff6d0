"""What becomes of a row after each attempt, as its endpoint's policy says.

One table for all endpoints, as code: pure, without a socket or a clock.
"""

from dataclasses import dataclass

from importer.codes import CODES, NOT_FOUND, SETTINGS_CODES
from importer.delivery.answers import Accepted, Refused, Unreadable, read_answer
from importer.delivery.http import Phase, Reply
from importer.model import Outcome, State
from importer.schema import Policy, Resend

MAX_ATTEMPTS = 6
"""How often one run sends one row at most."""
TOO_MANY = 429
LOOK_AFTER = "Check your network and the host, or wait until OPSCOM answers again."
NOBODY_KNOWS = "Nobody knows whether OPSCOM took the row"
"""Begins what is said of a lost answer after its cause."""


@dataclass(frozen=True, slots=True)
class Again:
    """The row is sent again after a pause."""

    applied_maybe: bool
    """Whether this attempt may have been applied."""
    told: str = ""
    """The ``Retry-After`` of the answer."""
    why: str = ""
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Every row would fail alike: the row has its outcome and the run stops."""

    outcome: Outcome
    why: str


Decision = Outcome | Again | Stop
"""An outcome alone settles the row, and the run goes on."""


def outcome_of(decision: Decision) -> Outcome:
    """Return what an attempt itself came to, whatever happens to its row next."""
    match decision:
        case Again(applied_maybe=maybe, why=why):
            return Outcome(State.UNKNOWN if maybe else State.NOT_SENT, message=why)
        case Stop(outcome):
            return outcome
        case Outcome():
            return decision


def judge(policy: Policy, reply: Reply, *, lost_before: bool, attempt: int) -> Decision:
    """Decide what becomes of a row after one attempt, 1 for the first of this run.

    ``lost_before``: an earlier attempt of this row may have been applied unseen.
    """
    match reply.phase:
        case Phase.NOT_LEFT:
            return Again(applied_maybe=False, why=sentence(reply.detail))
        case Phase.BARRED:
            why = f"{sentence(reply.detail)} Check the host, and what stands between it and you."
            return _stop(policy, why, lost=lost_before)
        case Phase.LOST:
            why = sentence(reply.detail)
            return _lost(policy, reply, why, lost_before=lost_before, attempt=attempt)
        case Phase.ANSWERED:
            return _answered(policy, reply, lost_before=lost_before, attempt=attempt)


def _answered(policy: Policy, reply: Reply, *, lost_before: bool, attempt: int) -> Decision:
    match read_answer(reply.body):
        case Accepted(reference_id, warnings):
            notes = [f"OPSCOM warns: {text}" for text in warnings]
            if not reference_id:
                notes.insert(0, "OPSCOM took the row and named no id.")
            return Outcome(State.PUSHED, reference_id, message=" ".join(notes))
        case Refused(code, message):
            return _refused(policy, code, message, lost_before=lost_before)
        case Unreadable():
            return _unreadable(policy, reply, lost_before=lost_before, attempt=attempt)


def _refused(policy: Policy, code: str, message: str, *, lost_before: bool) -> Decision:
    if code in SETTINGS_CODES:
        state, why = State.UNKNOWN if lost_before else State.NOT_SENT, settings_fault(code)
        return Stop(Outcome(state, "", code, message or why), why)
    if code in map(str, policy.exists):
        ours = ", most likely from our own earlier attempt" if lost_before else ""
        return Outcome(State.EXISTS, code=code, message=f"OPSCOM has this record already{ours}.")
    if policy.deletes and code == NOT_FOUND and lost_before:
        message = "The record is gone: an earlier attempt of ours did it."
        return Outcome(State.PUSHED, message=message)
    return Outcome(State.REJECTED, code=code, message=message)


def settings_fault(code: str) -> str:
    """Say what one of ``SETTINGS_CODES`` means, and which setting to look at."""
    known = CODES[int(code)]
    return f"OPSCOM answers {code}: {known.means[0].lower()}{known.means[1:]} {known.remedy}"


def _unreadable(policy: Policy, reply: Reply, *, lost_before: bool, attempt: int) -> Decision:
    why, lasting = by_status(reply.status)
    if reply.status == TOO_MANY:
        return Again(applied_maybe=False, told=reply.retry_after, why=why)
    if lasting:
        refused = reply.status >= 400  # noqa: PLR2004
        return _stop(policy, why, lost=lost_before or (refused and policy.resend is Resend.NEVER))
    return _lost(policy, reply, why, lost_before=lost_before, attempt=attempt)


def by_status(status: int) -> tuple[str, bool]:
    """Say what a status means beside a body that says nothing; whether every request would meet it."""
    if 300 <= status < 400:  # noqa: PLR2004
        return (
            f"The host answers with a redirect (HTTP {status}), which is never followed. "
            "Ask OPSCOM for the right host."
        ), True
    if status == TOO_MANY:
        return "OPSCOM asks to go more slowly (HTTP 429).", False
    if 400 <= status < 500 and status != 408:  # noqa: PLR2004
        return (
            f"The host answers HTTP {status} without an OPSCOM error code: most likely the client code "
            "or the host is wrong. Compare both with what OPSCOM gave you: `client:` and `host:` in "
            "opscom.yaml, OPSCOM_CLIENT and OPSCOM_HOST, --client and --host."
        ), True
    if status >= 500:  # noqa: PLR2004
        return f"The host answers that it failed (HTTP {status}).", False
    return f"The answer of the host (HTTP {status}) cannot be read.", False


def _lost(policy: Policy, reply: Reply, why: str, *, lost_before: bool, attempt: int) -> Decision:
    again = policy.resend is Resend.FREELY and attempt < MAX_ATTEMPTS
    # Attempts that were surely not applied do not count against the second send.
    again = again or (policy.resend is Resend.ONCE and not lost_before)
    if not again:
        return Outcome(State.UNKNOWN, message=unknown_message(policy, why))
    return Again(applied_maybe=True, told=reply.retry_after, why=why, timed_out=reply.timed_out)


def unknown_message(policy: Policy, why: str) -> str:
    """Tell a person what a lost answer means for a row and what happens next."""
    if policy.creates:
        return (
            f"{why} {NOBODY_KNOWS}, and it is not sent again. Run `opscom-import settle` to find out, "
            "or look it up in OPSCOM and write the id, yes or no into opscom_answer."
        )
    return f"{why} {NOBODY_KNOWS}; the next push sends it again."


def _stop(policy: Policy, why: str, *, lost: bool) -> Stop:
    state, message = (
        (State.UNKNOWN, unknown_message(policy, why)) if lost else (State.NOT_SENT, why)
    )
    return Stop(Outcome(state, message=message), why)


def sentence(detail: str) -> str:
    """Return a few words as a sentence."""
    return f"{detail[:1].upper()}{detail[1:]}." if detail else ""
