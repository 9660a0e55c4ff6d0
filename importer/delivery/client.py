"""One POST to OPSCOM, and how far it came.

The client never decides what a failure means for a row: it says whether anything left this machine
and whether a whole answer came back. ``rules`` turns that into a decision.
"""

from __future__ import annotations

import html
import json
import platform
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import quote, urlsplit

import requests
from requests import PreparedRequest, Request, Session

import importer
from importer.delivery.wire import TrackingAdapter, Watchdog, Wire

CONNECT_SECONDS = 10.0
"""The longest wait for a connection."""
IDLE_SECONDS = 2.0
"""A kept connection that rested longer is not used again: the server may have closed it, and a row
lost on a stale connection is no proof that it was not applied."""
ANSWER_LIMIT = 4 * 1024 * 1024
"""The longest answer to one row that is read, in bytes; a longer one is treated as unreadable."""
SHORTEST_TOKEN = 4
"""A shorter token could be part of any text, so it is not taken out of answers."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def elapsed() -> float:
    """Return seconds that only grow, the time that this machine slept included where it is known.

    ``time.monotonic`` stands still on Linux and macOS while a laptop sleeps.
    """
    awake_and_asleep = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if awake_and_asleep is None else time.clock_gettime(awake_and_asleep)


class Phase(StrEnum):
    """How far one attempt came."""

    NOT_LEFT = "not left"
    """No byte of the request left this machine: no name, no route, refused, no connection in time."""
    DISTRUSTED = "distrusted"
    """The other side's certificate is not to be trusted; nothing of the request left."""
    LOST = "lost"
    """Bytes may have left, and no whole answer came back."""
    ANSWERED = "answered"
    """A whole answer came back, whatever it says."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from one attempt."""

    phase: Phase
    status: int = 0
    """The HTTP status; 0 where none came."""
    body: bytes = b""
    retry_after: str = ""
    """The header ``Retry-After`` as received."""
    detail: str = ""
    """What failed, in a few words without values, for the person."""
    timed_out: bool = False


def is_loopback(host: str) -> bool:
    """Whether a URL points to this machine."""
    name = urlsplit(host).hostname or ""
    return name in LOOPBACK or (name.startswith("127.") and name.replace(".", "").isdigit())


class Controller:
    """The OPSCOM controller of one run: opens lines to it and keeps the token out of texts."""

    def __init__(self, host: str, client: str, token: str, *, timeout: float = 60.0) -> None:
        """Prepare; nothing is opened.

        Args:
            host: ``https://`` and the name, or any URL of this machine.
            client: The client code, sent exactly as given.
            token: The API token.
            timeout: Seconds for the whole answer to one row.
        """
        self._host = host.rstrip("/")
        self._client = client
        self._token = token
        self._timeout = timeout
        self._watchdog = Watchdog()
        # The certificates that this system trusts; reading them costs time, so once for all lines.
        secure = host.casefold().startswith("https:")
        self._trusted = ssl.create_default_context() if secure else None
        forms = (form for form in _forms_of(token) if len(form) >= SHORTEST_TOKEN)
        self._forms = sorted(forms, key=len, reverse=True)

    def line(self, path: str) -> Client:
        """Make a worker's line to an endpoint; ``{client}`` in the path is the client code."""
        url = self._host + path.replace("{client}", quote(self._client, safe=""))
        return Client(
            url, self._token, timeout=self._timeout, watchdog=self._watchdog, trusted=self._trusted
        )

    def redact(self, text: str) -> str:
        """Return a text of the server's without the token."""
        for form in self._forms:
            text = text.replace(form, "[API token]")
        return text

    def close(self) -> None:
        """End the thread that guards the deadlines."""
        self._watchdog.close()


class Client:
    """A worker's own line to the controller: one session, one kept connection.

    Redirects are never followed, certificates are always verified, proxies of the environment are
    honoured except on loopback.
    """

    def __init__(  # noqa: PLR0913 - what a line is made of, each by its name
        self,
        url: str,
        token: str,
        *,
        timeout: float,
        watchdog: Watchdog,
        trusted: ssl.SSLContext | None = None,
        clock: Callable[[], float] = elapsed,
    ) -> None:
        """Prepare the line; nothing is opened yet.

        Args:
            url: The endpoint's whole URL.
            token: The API token; it goes into the body of each request and nowhere else.
            timeout: Seconds for the whole answer.
            watchdog: Ends requests that run over their time.
            trusted: Whose certificates to trust, for https.
            clock: Seconds that only grow.
        """
        self._token = token
        self._timeout = timeout
        self._watchdog = watchdog
        self._clock = clock
        self._wire = Wire()
        self._adapter = TrackingAdapter(self._wire, trusted)
        self._last_used = clock()
        self._proxies = {} if is_loopback(url) else requests.utils.get_environ_proxies(url)
        with Session() as session:
            session.trust_env = False
            self._base = session.prepare_request(Request("POST", url, headers=_HEADERS))
        self._verify: bool | str = _own_bundle() or True

    def send(self, payload: Mapping[str, str]) -> Reply:
        """Send one row and wait for the whole answer, a redirect or the end of its time."""
        if self._clock() - self._last_used > IDLE_SECONDS:
            self._adapter.drop_idle()
        request = self._prepare(payload)
        self._wire.begin(self._timeout)
        watched = self._watchdog.watch(self._timeout, self._wire.cut)
        reply = self._exchange(request)
        within = self._watchdog.release(watched)
        self._last_used = self._clock()
        if not within and reply.phase is Phase.LOST:
            detail = f"no whole answer came within {self._timeout:g} seconds"
            reply = Reply(Phase.LOST, detail=detail, timed_out=True)
        if not within and reply.phase in {Phase.NOT_LEFT, Phase.DISTRUSTED}:
            detail = "no connection to the host came about in time"
            reply = Reply(Phase.NOT_LEFT, detail=detail, timed_out=True)
        if not _is_whole(reply):
            self._adapter.drop_idle()
        return reply

    def close(self) -> None:
        """Close the kept connection."""
        self._adapter.close()

    def _prepare(self, payload: Mapping[str, str]) -> PreparedRequest:
        request = self._base.copy()
        body = json.dumps({"apiToken": self._token, **payload}, ensure_ascii=False)
        request.body = body.encode()
        request.headers["Content-Length"] = str(len(request.body))
        return request

    def _exchange(self, request: PreparedRequest) -> Reply:
        try:
            response = self._adapter.send(
                request,
                stream=True,
                timeout=(min(CONNECT_SECONDS, self._timeout), self._timeout),
                verify=self._verify,
                proxies=self._proxies,
            )
        except (requests.RequestException, OSError, ValueError) as error:
            return self._failed(error)
        status = response.status_code
        try:
            body = response.raw.read(ANSWER_LIMIT + 1, decode_content=True)
            while len(body) <= ANSWER_LIMIT:
                chunk = response.raw.read(ANSWER_LIMIT + 1 - len(body), decode_content=True)
                if not chunk:
                    break
                body += chunk
        except Exception as error:  # noqa: BLE001 - any fault of an answer that was cut says the same
            return self._failed(error)
        if len(body) > ANSWER_LIMIT:
            response.close()
            self._adapter.drop_idle()
            body = b""
        response.raw.release_conn()
        return Reply(
            Phase.ANSWERED,
            status,
            body,
            retry_after=response.headers.get("Retry-After", ""),
        )

    def _failed(self, error: Exception) -> Reply:
        if self._wire.left:
            late = isinstance(error, requests.Timeout)
            detail = (
                f"no answer came within {self._timeout:g} seconds"
                if late
                else "the connection was lost before the answer was complete"
            )
            return Reply(Phase.LOST, detail=detail, timed_out=late)
        causes = _chain(error)
        for kinds, phase, detail in _BEFORE_LEAVING:
            if any(isinstance(cause, kinds) for cause in causes):
                return Reply(phase, detail=detail)
        return Reply(Phase.NOT_LEFT, detail="the host refused the connection")


_BEFORE_LEAVING = (
    (
        (ssl.SSLCertVerificationError,),
        Phase.DISTRUSTED,
        "the certificate of the host is not to be trusted",
    ),
    (
        (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError),
        Phase.NOT_LEFT,
        "the host broke the connection off",
    ),
    (
        (ssl.SSLError, requests.exceptions.SSLError),
        Phase.DISTRUSTED,
        "the host does not agree on a secure connection",
    ),
    (
        (requests.exceptions.ProxyError,),
        Phase.NOT_LEFT,
        "the proxy did not let the connection through",
    ),
    (
        (requests.Timeout, TimeoutError),
        Phase.NOT_LEFT,
        "no connection to the host came about in time",
    ),
    ((socket.gaierror,), Phase.NOT_LEFT, "the name of the host is not known"),
)
"""What can fail before the first byte of a request left, the most telling cause first."""


def _is_whole(reply: Reply) -> bool:
    """Whether a connection may be kept after an answer.

    An answer that is no JSON object may come from something on the way that gave up waiting. Then the
    true answer can still follow, and on a kept connection it would be taken for the next row's.
    """
    body = reply.body.strip()
    return reply.phase is Phase.ANSWERED and body[:1] == b"{" and body[-1:] == b"}"


def _forms_of(token: str) -> set[str]:
    """Return a token as it stands and as JSON, a URL or a web page may write it."""
    in_json, in_url = json.dumps(token)[1:-1], quote(token, safe="")
    # PHP can write all that means something in HTML as a number, with small or capital digits.
    coded = [
        "".join(f"\\u{ord(c):{x}}" if c in "<>&'\"" else c for c in token) for x in ("04x", "04X")
    ]
    page = html.escape(token)
    return {
        token,
        *(form.replace("/", slash) for form in (in_json, *coded) for slash in ("/", "\\/")),
        *(in_url, re.sub("%..", lambda found: found[0].lower(), in_url)),
        *(page, page.replace("&#x27;", "&#039;"), html.escape(token, quote=False)),
    }


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


def _own_bundle() -> str:
    """Return the campus's own bundle of certificates, where the environment names one."""
    import os

    return os.environ.get("REQUESTS_CA_BUNDLE", "") or os.environ.get("CURL_CA_BUNDLE", "")


_HEADERS = MappingProxyType(
    {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "keep-alive",
        "User-Agent": f"opscom-importer/{importer.__version__} ({platform.system()})",
    }
)
