"""What stands between a campus and OPSCOM: a host with TLS, and a proxy. Both only on loopback."""

import contextlib
import select
import socket
import socketserver
import ssl
import threading
from pathlib import Path
from urllib.parse import urlsplit

TLS = Path(__file__).parent / "fixtures" / "tls"
CERTIFICATE = TLS / "controller.pem"
"""Made for these tests, signed by itself, for controller.test, localhost and 127.0.0.1."""


def server_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, TLS / "controller.key")
    return context


class Middle(socketserver.ThreadingTCPServer):
    """Listens on loopback and hands each connection to ``serve`` in a thread of its own."""

    daemon_threads, request_queue_size = True, 64

    def __init__(self, target):
        """Pass connections on to the URL ``target``."""
        super().__init__(("127.0.0.1", 0), None)
        self.target = urlsplit(target).hostname, urlsplit(target).port
        self.connections = 0
        self.heard = b""
        """Every byte that came from the client; behind TLS as it was before it was encrypted."""
        self._closing = threading.Event()

    @property
    def port(self):
        return self.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_exc):
        self._closing.set()
        self.shutdown()
        self.server_close()

    def verify_request(self, sock, address):
        self.connections += 1
        return True

    def finish_request(self, sock, address):
        # A client that leaves is every day's business here.
        with contextlib.suppress(OSError):
            self.serve(sock)

    def hear(self, sock):
        data = sock.recv(65536)
        self.heard += data
        return data

    def pass_on(self, client):
        """Carry bytes both ways until one side ends."""
        with socket.create_connection(self.target) as server:
            while not self._closing.is_set():
                pending = isinstance(client, ssl.SSLSocket) and client.pending()
                ready = [client] if pending else select.select([client, server], [], [], 0.05)[0]
                for sock, other, read in (
                    (client, server, self.hear), (server, client, lambda s: s.recv(65536)),
                ):  # fmt: skip
                    if sock in ready:
                        data = read(sock)
                        if not data:
                            return
                        other.sendall(data)


class TlsHost(Middle):
    """A controller behind TLS."""

    def __init__(self, target, *, breaks=0, plain=False):
        """Break off so many first handshakes; ``plain`` answers each with HTTP instead."""
        super().__init__(target)
        self._breaks = breaks
        self._plain = plain
        self._context = server_context()

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def serve(self, sock):
        if self._plain or self.connections <= self._breaks:
            self.hear(sock)
            if self._plain:
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return
        with self._context.wrap_socket(sock, server_side=True) as secure:
            self.pass_on(secure)


class Proxy(Middle):
    """A campus's proxy: CONNECT, and whatever the host's name is, the way leads to ``target``."""

    def __init__(self, target, *, status="200 Connection established", drips=None, tls=False):
        """Answer CONNECT with ``status``.

        ``drips``: byte by byte, so many seconds between two; ``tls``: this proxy is spoken to in TLS.
        """
        super().__init__(target)
        self._status = status
        self._drips = drips
        self._tls = tls
        self.asked = []
        """The first line of every request."""

    @property
    def url(self):
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def serve(self, sock):
        if self._tls:
            sock = server_context().wrap_socket(sock, server_side=True)
        with sock:
            self._answer(sock)

    def _answer(self, sock):
        head = b""
        while b"\r\n\r\n" not in head:
            more = self.hear(sock)
            if not more:
                return
            head += more
        self.asked.append(head.split(b"\r\n")[0].decode())
        answer = f"HTTP/1.1 {self._status}\r\n\r\n".encode()
        if self._drips is not None:
            for byte in answer:
                sock.sendall(bytes([byte]))
                self._closing.wait(self._drips)
            return
        sock.sendall(answer)
        if self._status.startswith("200"):
            self.pass_on(sock)
