"""HTTP as requests and urllib3 do it: one POST over one kept connection, and how far it came.

An exception's name does not tell whether OPSCOM may have got a row; the socket does. Before the first
byte of a request nothing can have been applied; after it, anything may have been. A connection never
decides what a failure means: ``policy`` decides for rows, ``questions`` for questions.
"""

from __future__ import annotations

import html
import json
import math
import os
import platform
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from ssl import SSLCertVerificationError
from types import MappingProxyType
from urllib.parse import quote, urlsplit

import requests
from requests import PreparedRequest, Request, Session
from requests.exceptions import InvalidSchema, ProxyError, SSLError

import importer
from importer.delivery.answers import understood
from importer.delivery.wire import TrackingAdapter, Wire
from importer.errors import SettingsError

REDACTED = "[API token]"
LONG_ENOUGH = 8
"""A shorter token may be part of any word or id, so it is taken out of texts only where it stands alone."""
CONNECT_SECONDS = 10.0
"""The longest wait for a connection."""
IDLE_SECONDS = 2.0
"""A kept connection that rested longer is not used again: the server may have closed it, and a row
lost on a stale connection is no proof that it was not applied."""
ANSWER_LIMIT = 4 * 1024 * 1024
"""The longest answer to one row that is read, in bytes; a longer one is treated as unreadable."""
PIECE = 64 * 1024
"""The most bytes that are taken from the connection before they are handed on."""
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
    BARRED = "barred"
    """No byte left, and trying again would change nothing: a certificate, a proxy that wants a password."""
    LOST = "lost"
    """Bytes may have left, and no whole answer came back."""
    ANSWERED = "answered"
    """A whole answer came back, whatever it says."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from one attempt."""

    phase: Phase
    status: int = 0
    body: bytes = b""
    retry_after: str = ""
    detail: str = ""
    """What failed, in a few words without values, for the person."""
    timed_out: bool = False


def is_loopback(host: str) -> bool:
    """Whether a URL points to this machine."""
    name = urlsplit(host).hostname or ""
    return name in LOOPBACK or (name.startswith("127.") and name.replace(".", "").isdigit())


class Controller:
    """The OPSCOM controller of one run: opens connections to it and keeps the token out of texts."""

    def __init__(self, host: str, client: str, token: str, *, timeout: float = 60.0) -> None:
        """Prepare; nothing is opened. ``timeout`` is in seconds, for the whole answer to one row."""
        self._host = host
        self._client = client
        self._token = token
        self._timeout = timeout
        self._trusted = trust(host)
        spelled = "".join(map(_spellings, token))
        alone = rf"(?<![\w-]){spelled}(?![\w-])"
        self._spelled = re.compile(spelled if len(token) >= LONG_ENOUGH else alone)

    def connect(self, path: str) -> Connection:
        """Return a worker's connection to an endpoint; ``{client}`` in the path is the client code."""
        return Connection(
            address(self._host, path, self._client),
            timeout=self._timeout,
            whole=True,
            token={"apiToken": self._token},
            trusted=self._trusted,
        )

    def redact(self, text: str) -> str:
        """Return a text of the server's without the token."""
        return self._spelled.sub(REDACTED, text)


class Connection:
    """One kept connection to one address, every request's phase known.

    Redirects are never followed, certificates are always verified, and proxies of the environment are
    honoured except on loopback.
    """

    def __init__(  # noqa: PLR0913 - one parameter for each thing that an address has of its own
        self,
        url: str,
        *,
        timeout: float,
        whole: bool = False,
        token: Mapping[str, str] = MappingProxyType({}),
        trusted: ssl.SSLContext | None = None,
        understands: Callable[[bytes], bool] = understood,
        clock: Callable[[], float] = elapsed,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            url: The endpoint's whole URL.
            timeout: The longest wait for the next byte of an answer, in seconds.
            whole: Whether ``timeout`` is the time of the whole answer too; else one that still
                arrives is never cut.
            token: What goes into the body of each request besides, the token under its name.
            trusted: Whose certificates to trust, for https (see ``trust``).
            understands: Whether an answer's body is one of the endpoint's own.
            clock: Seconds that only grow.
        """
        self._understands = understands
        self._timeout = timeout
        self._token = token
        self._clock = clock
        self._whole = whole
        self._wire = Wire(guarded=whole)
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

        ``into`` takes the answer piece by piece as it arrives, however long it gets, undecoded. Without it
        the answer is in the reply, and one longer than ``ANSWER_LIMIT`` is empty there.
        """
        if self._clock() - self._last_used > IDLE_SECONDS:
            self._adapter.drop_idle()
        self._wire.begin(self._timeout)
        if self._stopped:
            return Reply(Phase.NOT_LEFT, detail="the run stopped")
        reply = self._exchange(body, into)
        self._last_used = self._clock()
        if self._wire.end() and not (
            reply.phase is Phase.ANSWERED and self._understands(reply.body)
        ):
            # What was cut in the middle of its headers looks like an answer without a body.
            late = Reply(Phase.NOT_LEFT, detail=_TOO_LATE, timed_out=True)
            reply = self._lost(reply.status, late=True) if self._wire.left else late
        if not self._may_keep(reply):
            self._adapter.drop_idle()
        return reply

    def _may_keep(self, reply: Reply) -> bool:
        # Any other answer may come from something on the way that gave up waiting. Then the true answer
        # can still follow, and on a kept connection it would be taken for the next row's.
        failed = reply.status == 408 or reply.status >= 500  # noqa: PLR2004
        return reply.phase is Phase.ANSWERED and not failed and self._understands(reply.body)

    def stop(self) -> None:
        """End the request under way, from another thread; one that has not begun never begins."""
        self._stopped = True
        self._wire.expires = -math.inf
        self._wire.cut()

    def drop(self) -> None:
        """Send the next question over a fresh connection."""
        self._adapter.drop_idle()

    @property
    def begun(self) -> bool:
        """Whether any byte of the last request may have left."""
        return self._wire.left

    def close(self) -> None:
        """Close the kept connection, and end what guards its time."""
        self._adapter.close()
        self._wire.close()

    def _exchange(self, body: Mapping[str, str], into: Callable[[bytes], object] | None) -> Reply:
        status = 0
        try:
            response = self._adapter.send(
                self._prepare(body),
                stream=True,
                timeout=(min(CONNECT_SECONDS, self._timeout), self._timeout),
                verify=self._verify,
                proxies=self._proxies,
            )
            status = response.status_code
            if into is None:
                # Decoded, to its end or a little past the limit.
                content = response.raw.read(ANSWER_LIMIT + 1, decode_content=True)
            else:
                content = b""
                while piece := response.raw.read1(PIECE, decode_content=False):
                    into(piece)
        except Exception as error:  # noqa: BLE001 - whatever it is, the wire says how far it came
            return self._failed(error, status)
        if len(content) > ANSWER_LIMIT:
            response.close()
            self._adapter.drop_idle()
            content = b""
        response.raw.release_conn()
        told = response.headers.get("Retry-After", "")
        return Reply(Phase.ANSWERED, status, content, retry_after=told)

    def _prepare(self, body: Mapping[str, str]) -> PreparedRequest:
        request = self._base.copy()
        text = json.dumps({**self._token, **body}, ensure_ascii=False)
        request.prepare_body(text.encode(), None)
        return request

    def _lost(self, status: int, *, late: bool) -> Reply:
        detail = "the connection was lost before the answer was complete"
        if late:
            what = "no whole answer came within" if self._whole else "nothing came for"
            detail = f"{what} {self._timeout:g} second{'s' * (self._timeout != 1)}"
        return Reply(Phase.LOST, status, detail=detail, timed_out=late)

    def _failed(self, error: Exception, status: int) -> Reply:
        causes = _chain(error)
        if self._wire.left:
            late = any(isinstance(cause, requests.Timeout | TimeoutError) for cause in causes)
            return self._lost(status, late=late)
        phase, detail = _before_leaving(causes)
        return Reply(phase, detail=detail)


def _own_bundle() -> str:
    return os.environ.get("REQUESTS_CA_BUNDLE", "") or os.environ.get("CURL_CA_BUNDLE", "")


def address(host: str, path: str, client: str = "") -> str:
    """Return an endpoint's whole URL; ``{client}`` in the path is the client code."""
    return host.rstrip("/") + path.replace("{client}", quote(client, safe=""))


def trust(host: str) -> ssl.SSLContext | None:
    """Return whom a host's certificate is checked against, ``None`` for plain http.

    Reading the system's certificates takes time: do it once for all connections to a host.

    Raises:
        SettingsError: The campus's own bundle cannot be used.
    """
    if not host.casefold().startswith("https:"):
        return None
    bundle = _own_bundle()
    context = ssl.create_default_context()
    try:
        if bundle:
            folder = Path(bundle).is_dir()
            context.load_verify_locations(*((None, bundle) if folder else (bundle,)))
    except OSError as error:
        why = "are not PEM" if isinstance(error, ssl.SSLError) else error.strerror
        raise SettingsError(
            f"The certificates that REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) names cannot be read: {bundle} "
            f"({why}).",
            hint="Correct the path, or take the variable out of the environment.",
        ) from error
    return context


def _before_leaving(causes: list[BaseException]) -> tuple[Phase, str]:
    """Name what failed before the first byte of a request left, the most telling cause first."""
    if any(getattr(cause, "reason", None) in _PLAIN_HTTP for cause in causes):
        if any(isinstance(cause, ProxyError) for cause in causes):
            return Phase.BARRED, "the proxy speaks plain http: begin HTTPS_PROXY with http://"
        return Phase.BARRED, "the host answers in plain http where https is asked for"
    if any("Tunnel connection failed: 407" in str(cause) for cause in causes):
        example = "http://name:password@proxy.campus.example:3128"
        what = "the proxy asks for a name and a password: write them into HTTPS_PROXY, as in"
        return Phase.BARRED, f"{what} {example}"
    for kinds, phase, detail in _CAUSES:
        if any(isinstance(cause, kinds) for cause in causes):
            return phase, detail
    return Phase.NOT_LEFT, "the host refused the connection"


_PLAIN_HTTP = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST"})
"""What OpenSSL says of an answer that is not TLS."""
_SOCKS = "the proxy that the environment names is a SOCKS proxy, which needs the package PySocks"
_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_TOO_LATE = "no connection to the host came about in time"
_CAUSES = (
    (InvalidSchema, Phase.BARRED, _SOCKS),
    (SSLCertVerificationError, Phase.BARRED, "the certificate of the host is not to be trusted"),
    (_BROKEN_OFF, Phase.NOT_LEFT, "the host broke the connection off"),
    ((ssl.SSLError, SSLError), Phase.BARRED, "the host does not agree on a secure connection"),
    (ProxyError, Phase.NOT_LEFT, "the proxy did not let the connection through"),
    ((requests.Timeout, TimeoutError), Phase.NOT_LEFT, _TOO_LATE),
    (socket.gaierror, Phase.NOT_LEFT, "the name of the host is not known"),
)


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and not any(each is known for known in found):
            found.append(each)
            waiting += [each.__cause__, each.__context__, getattr(each, "reason", None)]
            waiting += each.args
    return found


_HEADERS = MappingProxyType(
    {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "keep-alive",
        "User-Agent": f"opscom-importer/{importer.__version__} ({platform.system()})",
    }
)


def _spellings(letter: str) -> str:
    """Return a pattern of one letter of a token, as it stands and as JSON, a URL or a web page may write it."""
    units, url = letter.encode("utf-16-be").hex(" ", 2), letter.encode().hex(" ")
    coded = [re.sub("(?:^| )", r"\\\\u", units), re.sub("(?:^| )", "%", url)]
    coded += [f"&#0*{ord(letter)};", f"&#x0*{ord(letter):x};"]
    if (named := html.escape(letter)) != letter:
        coded.append(named)
    return rf"(?:\\?{re.escape(letter)}|(?i:{'|'.join(coded)}))"
