"""Connections that remember whether a byte of the request has left this machine.

An exception's name does not tell whether OPSCOM may have got a row; the socket does. Before the first
byte of a request nothing can have been applied; after it, anything may have been.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter
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
        sock = getattr(self.connection, "sock", None) or self.sock
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                # The plain socket's own shutdown: the TLS layer's would pull the session away from
                # under the thread that is reading it.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class TrackingAdapter(HTTPAdapter):
    """A transport for one worker: one kept connection, no retries of its own, a ``Wire`` beside it."""

    def __init__(self, wire: Wire, context: ssl.SSLContext | None) -> None:
        """Tell ``wire`` of each byte that leaves; ``context`` says whom to trust (https only)."""
        self._wire = wire
        self._context = context
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

    def drop_idle(self) -> None:
        """Close the kept connection, so that the next request opens a fresh one."""
        self.poolmanager.clear()
        for manager in self.proxy_manager.values():
            manager.clear()


def _tracked_pools(wire: Wire) -> dict[str, type[HTTPConnectionPool]]:
    class Connection(HTTPConnection):
        def connect(self) -> None:
            self.opening, wire.connection = True, self
            super().connect()
            self.opening = False

        def send(self, data: Any) -> None:  # noqa: ANN401 - http.client's own
            _mark(self)
            super().send(data)

    class SecureConnection(HTTPSConnection):
        def connect(self) -> None:
            # A proxy's CONNECT goes out here: those bytes are not the request's.
            self.opening, wire.connection = True, self
            super().connect()
            self.opening = False

        def send(self, data: Any) -> None:  # noqa: ANN401 - http.client's own
            _mark(self)
            super().send(data)

    def _mark(connection: Connection | SecureConnection) -> None:
        if connection.sock is None:
            connection.connect()
        wire.connection, wire.sock = connection, connection.sock
        if getattr(connection, "opening", False):
            return
        if not wire.left and time.monotonic() >= wire.expires:
            raise TimeoutError("The request's time was over before its first byte left.")
        wire.left = True

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
