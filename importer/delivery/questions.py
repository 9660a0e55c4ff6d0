"""Questions to OPSCOM: one POST whose answer is only read, asked again where that does no harm."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from importer.codes import SETTINGS_CODES
from importer.delivery.answers import Refused, Unreadable, object_or_refusal, text_of
from importer.delivery.http import Phase, Reply
from importer.delivery.pace import Pace, Stopper
from importer.delivery.policy import MAX_ATTEMPTS, by_status, sentence, settings_fault

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Found:
    """A whole answer that says what was asked."""

    content: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no answer."""

    why: str
    """One whole sentence."""
    lasting: bool = False
    """Whether asking again now would bring the same."""
    told: str = ""
    """The ``Retry-After`` of the answer."""
    timed_out: bool = False


Verdict = Found | Refused | Failed
Read = Callable[[bytes], Found | Refused | Unreadable]


def listing(key: str) -> Read:
    """Return a reader of answers whose records stand under ``key``.

    Source: API documentation, "Successful Response" of Permit Stats (``data``), UserType
    (``user_types``) and Overdue Violations (``records``), and "API Error Codes".
    """

    def read(body: bytes) -> Found | Refused | Unreadable:
        found = object_or_refusal(body)
        if not isinstance(found, dict):
            return found
        failed = text_of(found.get("status", "success")).casefold() != "success"
        return Unreadable() if failed or not isinstance(found.get(key), list) else Found(found)

    return read


def judge_read(reply: Reply, read: Read) -> Verdict:
    """Decide what an attempt came to; the body decides, and only where it says nothing the status.

    What pushing makes of the same answers stands in ``policy``.
    """
    if reply.phase is not Phase.ANSWERED:
        barred = reply.phase is Phase.BARRED
        return Failed(sentence(reply.detail), barred, timed_out=reply.timed_out)
    answer = read(reply.body)
    if not isinstance(answer, Unreadable):
        return answer
    why, lasting = by_status(reply.status)
    return Failed(why, lasting, told=reply.retry_after)


def ask(
    send: Callable[[], Reply],
    read: Read,
    pace: Pace,
    stopper: Stopper,
    redact: Callable[[str], str],
) -> Verdict:
    """Ask until there is an answer, as often and as fast as the run's pace allows.

    ``redact`` takes the API token out of what is read. Where there is no answer, ``lasting`` says that others
    would get none either: the budget is spent, or OPSCOM has been silent for too long.
    """
    attempts = 0
    while True:
        if stopper.wait(pace.turn()):
            return Failed(stopper.reason or "The run stopped.", lasting=True)
        started = time.monotonic()
        reply = send()
        body = redact(reply.body.decode("utf-8", "replace")).encode()
        verdict = judge_read(replace(reply, body=body), read)
        attempts += 1
        if not isinstance(verdict, Failed):
            pace.answered(accepted=isinstance(verdict, Found))
            return verdict
        why = pace.failed(started) or ""
        if not (verdict.lasting or why):
            if attempts >= MAX_ATTEMPTS:
                return Failed(f"{verdict.why} It was tried {attempts} times.")
            if not pace.may_retry(timed_out=verdict.timed_out):
                why = "Too many attempts of this run have failed."
            else:
                pause = pace.pause(attempts, verdict.told)
                if pause is not None:
                    stopper.wait(pause)
                    continue
                why = "OPSCOM asks to wait longer than a run may wait."
        return Failed(f"{verdict.why} {why}".strip(), lasting=True)


def explain_refusal(refused: Refused) -> str:
    """Say a refusal in one sentence, without the server's own words, which may hold anything."""
    if refused.code in SETTINGS_CODES:
        return settings_fault(refused.code)
    return f"OPSCOM refuses the question with the code {refused.code}."
