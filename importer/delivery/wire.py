"""Connections that remember whether a byte of the request has left this machine.

An exception's name does not tell whether OPSCOM may have got a row; the socket does. Before the first
byte of a request nothing can have been applied; after it, anything may have been.
"""

from __future__ import annotations

import contextlib
import heapq
import http.client
import itertools
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import BaseHTTPResponse, HTTPHeaderDict, HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Wire:
    """What is known of the request that is under way on one worker's connection."""

    def __init__(self) -> None:
        """Start with nothing sent."""
        self.left = False
        """Whether any byte of the request itself may have left."""
        self.expires = math.inf
        """When the request's time is over (``time.monotonic``): later its first byte may not leave."""
        self.connection: HTTPConnection | None = None
        self.sock: socket.socket | None = None
        """What the request went over: a connection forgets it where the host says that it will close."""

    def begin(self, seconds: float) -> None:
        """Forget the request before; the next one has so many seconds."""
        self.left = False
        self.expires = time.monotonic() + seconds
        self.connection = None
        self.sock = None

    def cut(self) -> None:
        """End the connection from another thread, so that a reader that waits on it wakes."""
        sock: Any = getattr(self.connection, "sock", None) or self.sock
        # Through a proxy with TLS of its own the request's TLS wraps the proxy's.
        sock = getattr(sock, "socket", sock)
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                # The plain socket's own shutdown: the TLS layer's would pull the session away from
                # under the thread that is reading it.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class TrackingAdapter(HTTPAdapter):
    """A transport to one address: one kept connection, no retries of its own, a ``Wire`` beside it.

    A connection is opened in the way of requests, by the proxy where there is one. What follows goes
    straight over it: to look up pool, proxy and certificates again takes longer than to send a row.
    """

    def __init__(self, wire: Wire, context: ssl.SSLContext | None) -> None:
        """Tell ``wire`` of each byte that leaves; ``context`` says whom to trust (https only)."""
        self._wire = wire
        self._context = context
        self._kept: HTTPConnection | None = None
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' own
        """Make the pool with tracked connections."""
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _tracked_pools(self._wire)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - requests' own
        """Track connections through a campus's proxy as well."""
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        manager.pool_classes_by_scheme = _tracked_pools(self._wire)
        return manager

    def send(  # noqa: PLR0913, PLR0917 - requests' own
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - requests' own
        timeout: Any = None,  # noqa: ANN401 - requests' own
        verify: bool | str = True,  # noqa: FBT001, FBT002 - requests' own
        cert: Any = None,  # noqa: ANN401 - requests' own
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Send over the kept connection where it is still open, else over a new one."""
        kept, self._kept = self._kept, None
        if kept is not None and kept.is_connected and isinstance(request.body, bytes):
            response = self._send_over(kept, request, request.body, timeout)
        else:
            response = super().send(request, stream, timeout, verify, cert, proxies)
        self._kept = self._wire.connection
        return response

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> Response:
        """Make the answer of requests; an API's cookies are nobody's."""
        response = Response()
        response.request, response.url = req, req.url or ""
        response.raw, response.status_code = resp, resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        return response

    def drop_idle(self) -> None:
        """Close the kept connection, so that the next request opens a fresh one."""
        if self._kept is not None:
            self._kept.close()
        self._kept = None
        self.poolmanager.clear()
        for manager in self.proxy_manager.values():
            manager.clear()

    def _send_over(
        self,
        kept: HTTPConnection,
        request: PreparedRequest,
        body: bytes,
        timeout: float | tuple[float, float] | None,
    ) -> Response:
        """Do what requests, urllib3 and http.client do once they have found a connection."""
        connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        lines = [f"{request.method} {request.path_url} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\r\n".join((*lines, "", "")).encode("latin-1")
        try:
            kept.sock.settimeout(connect)
            # A host may answer and close before it has read all: its answer counts.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                # Head and body leave as one: one packet, and the host wakes once.
                kept.send(head + body)
            kept.sock.settimeout(read)
            answer = http.client.HTTPResponse(kept.sock, method=request.method)
            answer.begin()
            if answer.will_close:
                kept.close()
            return self.build_response(request, _as_urllib3(answer, request))
        except BaseException:
            kept.close()
            raise


def _as_urllib3(answer: http.client.HTTPResponse, request: PreparedRequest) -> HTTPResponse:
    """Return an answer as urllib3 makes it: its length is held to, its coding can be undone."""
    return HTTPResponse(
        answer,
        headers=HTTPHeaderDict(answer.headers.items()),
        status=answer.status,
        version=answer.version,
        reason=answer.reason,
        preload_content=False,
        decode_content=False,
        original_response=answer,
        request_method=request.method,
        request_url=request.path_url,
    )


def _tracked_pools(wire: Wire) -> dict[str, type[HTTPConnectionPool]]:
    class Connection(HTTPConnection):
        opening = False

        def connect(self) -> None:
            # A proxy's CONNECT goes out here: those bytes are not the request's.
            self.opening, wire.connection = True, self
            super().connect()
            self.opening = False

        def send(self, data: Any) -> None:  # noqa: ANN401 - http.client's own
            if self.sock is None:
                self.connect()
            wire.connection, wire.sock = self, self.sock
            if not self.opening:
                if not wire.left and time.monotonic() >= wire.expires:
                    raise TimeoutError("The request's time was over before its first byte left.")
                wire.left = True
            super().send(data)

    class SecureConnection(Connection, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": Pool, "https": SecurePool}


class Watchdog:
    """One thread that cuts every request that has used up its time.

    Read time-outs count from byte to byte, so a server that sends a byte a second would never end;
    this counts the whole answer.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the thread; ``clock`` gives seconds that only grow."""
        self._clock = clock
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._open: set[int] = set()
        self._numbers = itertools.count()
        self._closed = False
        threading.Thread(target=self._guard, name="deadlines", daemon=True).start()

    def watch(self, seconds: float, cut: Callable[[], None]) -> int:
        """Call ``cut`` after that many seconds unless ``release`` comes first."""
        with self._changed:
            number = next(self._numbers)
            self._open.add(number)
            entry = (self._clock() + seconds, number, cut)
            heapq.heappush(self._due, entry)
            if self._due[0] is entry:
                self._changed.notify()
        return number

    def release(self, number: int) -> bool:
        """Stop watching; whether the request was still within its time."""
        with self._changed:
            within = number in self._open
            self._open.discard(number)
        return within

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _guard(self) -> None:
        with self._changed:
            while not self._closed:
                while self._due and self._due[0][1] not in self._open:
                    heapq.heappop(self._due)
                pause = self._due[0][0] - self._clock() if self._due else None
                if pause is None or pause > 0:
                    self._changed.wait(pause)
                    continue
                _, number, cut = heapq.heappop(self._due)
                self._open.discard(number)
                cut()
