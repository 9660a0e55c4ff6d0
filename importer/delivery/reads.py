"""Questions to OPSCOM: one POST whose answer is only read, asked again where that does no harm.

``client`` sends rows; a ``Line`` is for what rows never need: a body that names the token in its own
way, and an answer of any length that goes to the disk while it arrives.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import platform
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

import requests
from requests import Request, Session

import importer
from importer.delivery.answers import Refused, Unreadable
from importer.delivery.client import (
    ANSWER_LIMIT,
    CONNECT_SECONDS,
    IDLE_SECONDS,
    Phase,
    Reply,
    elapsed,
    is_loopback,
)
from importer.delivery.manners import MAX_ATTEMPTS, SETTINGS_CODES
from importer.delivery.wire import TrackingAdapter, Watchdog, Wire

if TYPE_CHECKING:
    from importer.delivery.pace import Pace
    from importer.delivery.stops import Stopper

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
PIECE = 64 * 1024
"""The most bytes that are taken from the connection before they are handed on."""
_NO_CONNECTION = "no connection to the host came about in time"


class Line:
    """One line to one address: one kept connection, every request's phase known.

    As with ``Client`` redirects are never followed, certificates are always verified, and proxies of
    the environment are honoured except on loopback.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float,
        watchdog: Watchdog | None = None,
        trusted: ssl.SSLContext | None = None,
        clock: Callable[[], float] = elapsed,
    ) -> None:
        """Prepare the line; nothing is opened yet.

        Args:
            url: The endpoint's whole URL.
            timeout: Seconds for the whole answer where there is a watchdog; else the longest wait
                for its next byte, so that an answer that still arrives is never cut.
            watchdog: Ends requests that run over their time.
            trusted: Whose certificates to trust, for https (see ``trust``).
            clock: Seconds that only grow.
        """
        self._timeout = timeout
        self._watchdog = watchdog
        self._clock = clock
        self._wire = Wire()
        self._stopped = False
        self._adapter = TrackingAdapter(self._wire, trusted)
        self._last_used = clock()
        self._verify = _own_bundle() or True
        self._proxies = {} if is_loopback(url) else requests.utils.get_environ_proxies(url)
        with Session() as session:
            session.trust_env = False
            self._base = session.prepare_request(Request("POST", url, headers=_HEADERS))

    def send(self, body: Mapping[str, str], into: Callable[[bytes], object] | None = None) -> Reply:
        """Send one question and wait for the end of the answer.

        Args:
            body: The whole body, the token included.
            into: Takes the answer piece by piece as it arrives, however long it gets, undecoded.
                Without it the answer is in the reply, and one longer than ``ANSWER_LIMIT`` is empty
                there.
        """
        if self._clock() - self._last_used > IDLE_SECONDS:
            self._adapter.drop_idle()
        self._wire.begin(self._timeout)
        if self._stopped:
            return Reply(Phase.NOT_LEFT, detail="the run stopped")
        watched = self._watchdog.watch(self._timeout, self._wire.cut) if self._watchdog else None
        reply = self._exchange(body, into)
        self._last_used = self._clock()
        if watched is not None and self._watchdog is not None:
            within = self._watchdog.release(watched)
            reply = reply if within else self._late(reply)
        # What is no JSON object may come from something on the way that gave up waiting: the true
        # answer could follow, and be taken for the next one's.
        if reply.phase is not Phase.ANSWERED or parse_object(reply.body) is None:
            self._adapter.drop_idle()
        return reply

    def stop(self) -> None:
        """End the request under way, from another thread; one that has not begun never begins."""
        self._stopped = True
        self._wire.expires = -math.inf
        self._wire.cut()

    @property
    def begun(self) -> bool:
        """Whether any byte of the last request may have left."""
        return self._wire.left

    def close(self) -> None:
        """Close the kept connection."""
        self._adapter.close()

    def _exchange(self, body: Mapping[str, str], into: Callable[[bytes], object] | None) -> Reply:
        request = self._base.copy()
        request.body = json.dumps(body, ensure_ascii=False).encode()
        request.headers["Content-Length"] = str(len(request.body))
        status = 0
        try:
            response = self._adapter.send(
                request,
                stream=True,
                timeout=(min(CONNECT_SECONDS, self._timeout), self._timeout),
                verify=self._verify,
                proxies=self._proxies,
            )
            status = response.status_code
            kept = bytearray()
            while piece := response.raw.read1(PIECE, decode_content=False):
                if into is not None:
                    into(piece)
                elif len(kept) <= ANSWER_LIMIT:
                    kept += piece
                else:
                    break
        except Exception as error:  # noqa: BLE001 - whatever it is, the wire says how far it came
            return self._failed(error, status)
        if len(kept) > ANSWER_LIMIT:
            self._adapter.drop_idle()
            kept.clear()
        response.raw.release_conn()
        told = response.headers.get("Retry-After", "")
        return Reply(Phase.ANSWERED, status, bytes(kept), retry_after=told)

    def _late(self, reply: Reply) -> Reply:
        """Say that the time was over, where the watchdog cut the request."""
        if reply.phase is Phase.LOST:
            detail = f"no whole answer came within {self._timeout:g} seconds"
            return Reply(Phase.LOST, reply.status, detail=detail, timed_out=True)
        if reply.phase is Phase.ANSWERED:
            return reply
        return Reply(Phase.NOT_LEFT, detail=_NO_CONNECTION, timed_out=True)

    def _failed(self, error: Exception, status: int) -> Reply:
        causes = _chain(error)
        late = _any(causes, (requests.Timeout, TimeoutError))
        if self._wire.left:
            detail = "the connection was lost before the answer was complete"
            if late:
                detail = f"nothing came for {self._timeout:g} seconds"
            return Reply(Phase.LOST, status, detail=detail, timed_out=late)
        if _any(causes, ssl.SSLCertVerificationError):
            detail = "the certificate of the host is not to be trusted"
            return Reply(Phase.DISTRUSTED, detail=detail)
        if _any(causes, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)):
            return Reply(Phase.NOT_LEFT, detail="the host broke the connection off")
        if _any(causes, ssl.SSLError):
            return Reply(Phase.DISTRUSTED, detail="the host does not agree on a secure connection")
        return Reply(Phase.NOT_LEFT, detail=_why_no_connection(causes))


def _why_no_connection(causes: Sequence[BaseException]) -> str:
    if _any(causes, requests.exceptions.ProxyError):
        return "the proxy did not let the connection through"
    if _any(causes, (requests.Timeout, TimeoutError)):
        return _NO_CONNECTION
    if _any(causes, socket.gaierror):
        return "the name of the host is not known"
    return "the host refused the connection"


def address(host: str, path: str, client: str = "") -> str:
    """Return an endpoint's whole URL; ``{client}`` in the path is the client code."""
    return host.rstrip("/") + path.replace("{client}", quote(client, safe=""))


def trust(host: str) -> ssl.SSLContext | None:
    """Return whom a host's certificate is checked against, ``None`` for plain http.

    Reading the system's certificates takes time: do it once for all lines to a host.
    """
    return ssl.create_default_context() if host.casefold().startswith("https:") else None


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
        found = parse_object(body)
        if found is None:
            return Unreadable()
        refused = refusal(found)
        if refused is not None:
            return refused
        failed = text_of(found.get("status", "success")).casefold() != "success"
        return Unreadable() if failed or not isinstance(found.get(key), list) else Found(found)

    return read


def parse_object(body: bytes) -> dict[str, Json] | None:
    """Return the JSON object of a body, ``None`` where it holds none; U+FFFD for what is no UTF-8."""
    try:
        found = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def refusal(found: Mapping[str, Json]) -> Refused | None:
    """Return the error that an answer names under ``ErrorCode``, if any."""
    code = text_of(found.get("ErrorCode"))
    return None if code in {"", "0"} else Refused(code, text_of(found.get("ErrorMessage")))


def text_of(value: Json) -> str:
    """Return a JSON text or number as text; anything else says nothing."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if isinstance(value, str | int | float) else ""


def judge_read(reply: Reply, read: Read) -> Verdict:
    """Decide what an attempt came to; the body decides, and only where it says nothing the status.

    This is the column of the reads in the table "Reading an answer" of our contract.
    """
    if reply.phase is not Phase.ANSWERED:
        why = f"{reply.detail[:1].upper()}{reply.detail[1:]}."
        return Failed(why, reply.phase is Phase.DISTRUSTED, timed_out=reply.timed_out)
    answer = read(reply.body)
    if not isinstance(answer, Unreadable):
        return answer
    status = reply.status
    if 300 <= status < 400:  # noqa: PLR2004
        why = f"The host answers with a redirect (HTTP {status}), which is never followed."
        return Failed(why, lasting=True)
    if status == 429:  # noqa: PLR2004
        why = "OPSCOM asks to go more slowly (HTTP 429)."
        return Failed(why, told=reply.retry_after)
    if 400 <= status < 500 and status != 408:  # noqa: PLR2004
        why = (
            f"The host answers HTTP {status} without an OPSCOM error code: "
            "most likely the client code or the host is wrong."
        )
        return Failed(why, lasting=True)
    why = f"The answer of the host (HTTP {status}) cannot be read."
    if status >= 500:  # noqa: PLR2004
        why = f"The host answers that it failed (HTTP {status})."
    return Failed(why, told=reply.retry_after)


def ask(send: Callable[[], Reply], read: Read, pace: Pace, stopper: Stopper) -> Verdict:
    """Ask until there is an answer, as often and as fast as the run's pace allows.

    Args:
        send: Sends the question once.
        read: Reads the body of an answer.
        pace: The run's rate, pauses and retry budget.
        stopper: Ends the wait for a turn or for the next attempt.

    Returns:
        What was found, a refusal, or why there is no answer; then ``lasting`` says that others would
        get none either, because the budget is spent or OPSCOM has been silent for too long.
    """
    attempts = 0
    while True:
        turn = pace.turn()
        if stopper.stopped or (turn and stopper.wait(turn)):
            return Failed(stopper.reason or "The run stopped.", lasting=True)
        started = time.monotonic()
        verdict = judge_read(send(), read)
        attempts += 1
        if not isinstance(verdict, Failed):
            pace.answered(accepted=isinstance(verdict, Found))
            return verdict
        outage = pace.failed(started)
        if verdict.lasting or outage:
            return Failed(f"{verdict.why} {outage or ''}".strip(), lasting=True)
        if attempts >= MAX_ATTEMPTS:
            return Failed(f"{verdict.why} It was tried {attempts} times.")
        if not pace.may_retry(timed_out=verdict.timed_out):
            why = f"{verdict.why} Too many attempts of this run have failed."
            return Failed(why, lasting=True)
        pause = pace.pause(attempts, verdict.told, now=dt.datetime.now(dt.UTC))
        if pause is None:
            why = f"{verdict.why} OPSCOM asks to wait longer than a run may wait."
            return Failed(why, lasting=True)
        stopper.wait(pause)


def explain_refusal(refused: Refused) -> str:
    """Say a refusal in one sentence, without the server's own words, which may hold anything."""
    if refused.code in SETTINGS_CODES:
        return f"OPSCOM answers {refused.code}: the client code or the API token is not accepted."
    return f"OPSCOM refuses the question with the code {refused.code}."


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error with everything that it wraps."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and not any(each is known for known in found):
            found.append(each)
            waiting += [each.__cause__, each.__context__, getattr(each, "reason", None)]
            waiting += each.args
    return found


def _any(
    causes: Sequence[BaseException], kind: type[BaseException] | tuple[type[BaseException], ...]
) -> bool:
    return any(isinstance(each, kind) for each in causes)


def _own_bundle() -> str:
    """Return the campus's own bundle of certificates, where the environment names one."""
    import os

    return os.environ.get("REQUESTS_CA_BUNDLE", "") or os.environ.get("CURL_CA_BUNDLE", "")


_HEADERS = MappingProxyType(
    {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": f"opscom-importer/{importer.__version__} ({platform.system()})",
    }
)
