"""What is known of the request that is under way: whether a byte of it has left, and how to cut it.

Nothing here writes or reads HTTP: urllib3 does, and its connections say when they send.
"""

import contextlib
import math
import socket
import ssl
import threading
import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

LOOK_SECONDS = 0.1
"""How often it is looked whether a request has used up its time."""


class Wire:
    """What is known of the request that is under way on one worker's connection.

    Guarded, it cuts a request whose whole answer has used up its time: read time-outs count from byte to byte.
    """

    def __init__(self, *, guarded: bool = False) -> None:
        """Start with nothing sent."""
        self.left = False
        """Whether any byte of the request itself may have left."""
        self.expires = math.inf
        """When the request's time is over (``time.monotonic``): later its first byte may not leave."""
        self.connection: HTTPConnection | None = None
        self.sock: socket.socket | None = None
        """What the request went over: a connection forgets it where the host says that it will close."""
        self._lock = threading.Lock()
        self._late = False
        self._closed = threading.Event()
        if guarded:
            threading.Thread(target=self._look, name="deadline", daemon=True).start()

    def begin(self, seconds: float) -> None:
        """Forget the request before; the next one has so many seconds."""
        with self._lock:
            self.left = self._late = False
            self.expires = time.monotonic() + seconds
            self.connection = self.sock = None

    def end(self) -> bool:
        """Cut no more, because the connection is the next request's; whether the time was over."""
        with self._lock:
            self.expires = math.inf
            return self._late

    def close(self) -> None:
        """End the thread that looks at the time."""
        self._closed.set()

    def _look(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            with self._lock:
                if time.monotonic() >= self.expires:
                    # Again and again until it ends: in the middle of a handshake there is nothing to cut.
                    self._late = True
                    self.cut()

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
    """The transport of requests with one kept connection, no retries, and a ``Wire`` beside it."""

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
