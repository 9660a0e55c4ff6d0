"""The sandbox as an object: a controller on a port of this machine."""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from importer.errors import SettingsError, UsageError
from importer.sandbox.app import Controller, Manners
from importer.sandbox.store import Store

if TYPE_CHECKING:
    from importer.sandbox.faults import Misbehaviour

_THREADS = 64
_CONNECTIONS = 256
_BODY = 1024 * 1024


class Sandbox:
    """An OPSCOM controller on this machine to rehearse with.

    ::

        with Sandbox(workspace / "sandbox.sqlite") as sandbox:
            push_to(sandbox.url)
            sandbox.records("users")

    It listens on a loopback address only, because it keeps what is pushed to it.
    """

    def __init__(  # noqa: PLR0913  the options of one command
        self,
        store_path: Path | None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        client: str | None = None,
        error_status: int = 200,
        delay: float = 0.0,
        faults: Iterable[Misbehaviour] = (),
    ) -> None:
        """Describe a sandbox; ``start`` opens it.

        Args:
            store_path: The SQLite file that keeps the records from one start to the next, made where
                it is missing; ``None`` keeps them in memory until ``close``.
            host: A loopback address or ``localhost``.
            port: 0 takes any free one.
            token: The only API token that is known; ``None`` for any of 1 to 50 characters.
            client: The only client code that is known; ``None`` for any.
            error_status: The HTTP status of answers with an error code: 200, 400 or 422.
            delay: Seconds between what is done and its answer, for every request.
            faults: What goes wrong, and with which requests; the first that hits a request counts.

        Raises:
            UsageError: The host is no loopback address.
        """
        if not _is_loopback(host):
            raise UsageError(
                f'The sandbox cannot listen on "{host}": it answers this machine alone.',
                hint="Use 127.0.0.1.",
            )
        self._store_path = store_path
        self._host = host
        self._port = port
        self._manners = Manners(token, client, error_status, delay, tuple(faults))
        self._server: _Server | None = None
        self._stop = threading.Event()

    @property
    def url(self) -> str:
        """The address to push to, ``http://127.0.0.1:49152`` say."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._running.port}"

    @property
    def requests(self) -> int:
        """How many calls of the nine endpoints have arrived since the start."""
        return self._running.controller.requests

    def records(self, kind: str) -> list[dict[str, str]]:
        """Return what the sandbox holds, in the order of creation.

        Args:
            kind: ``users``, ``vehicles`` or ``permits``.

        Returns:
            One dict a record: ``reference_id``, then the filled fields under the first of the vendor's
            possible names. The token is not among them.
        """
        return self._running.store.records(kind)

    def start(self) -> Self:
        """Open the store and listen.

        Raises:
            SettingsError: The store cannot be used.
            UsageError: The port is taken.
        """
        self._stop.clear()
        store = Store(self._store_path)
        controller = Controller(store, self._manners, self._wait)
        try:
            self._server = _Server(controller, store, self._host, self._port)
        except OSError as error:
            store.close()
            raise UsageError(
                f"The sandbox cannot listen on port {self._port} of {self._host}.",
                hint="Choose another port; 0 takes any free one.",
            ) from error
        return self

    def close(self) -> None:
        """Stop listening, end every connection and close the store; harmless a second time."""
        self._stop.set()
        if self._server is not None:
            self._server.close()
            self._server = None

    def serve_forever(self) -> None:
        """Return when another thread calls ``close`` or a person presses Ctrl-C.

        Call it between ``start`` and ``close``, or inside the ``with``.
        """
        try:
            # In slices: on Windows an endless wait does not hear Ctrl-C.
            while not self._stop.wait(0.5):
                pass
        except KeyboardInterrupt:
            return

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self._stop.wait(seconds)

    @property
    def _running(self) -> _Server:
        if self._server is None:
            raise SettingsError("The sandbox is not running.", hint="Start it first.")
        return self._server


class _Server:
    """Waitress in a thread of its own."""

    def __init__(self, controller: Controller, store: Store, host: str, port: int) -> None:
        # Bound here, because waitress leaves threads and sockets behind where it cannot bind.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)

        from waitress import create_server

        # Waitress warns when requests wait for a thread or are dropped at the end, which a rehearsal
        # need not hear of.
        logging.getLogger("waitress").setLevel(logging.ERROR)
        self.controller = controller
        self.store = store
        self._sockets: dict[int, Any] = {}
        self._server = create_server(
            controller,
            map=self._sockets,
            sockets=[listener],
            threads=_THREADS,
            connection_limit=_CONNECTIONS,
            max_request_body_size=_BODY,
            # Makes a connection that the controller drops on purpose close without a word.
            log_socket_errors=False,
            ident="opscom-sandbox",
        )
        self.port = int(listener.getsockname()[1])
        self._thread = threading.Thread(target=self._server.run, name="sandbox", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.task_dispatcher.shutdown()
        # Sockets may be closed by the loop's own thread only, else it may poll a number in other use;
        # listener and trigger after the loop, else this thread may write into a number in other use.
        self._server.trigger.pull_trigger(self._leave_loop)
        self._thread.join()
        self._server.close()
        self.store.close()

    def _leave_loop(self) -> None:
        for each in list(self._sockets.values()):
            if each not in (self._server, self._server.trigger):
                each.close()
        self._sockets.clear()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
