"""A server that answers with any bytes, at any pace."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: How often, and for how long in all, a drip goes on whose other side does not leave: far longer than any deadline.
_DROPS, _DROP_SECONDS = 1_000, 0.02


class RawServer(socketserver.ThreadingTCPServer):
    """Answer every request with the bytes, or by the doings, that the test put in `reply`; keep what was asked."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        #: The bytes to send, after which the connection is closed; or what to do with the socket.
        self.reply: bytes | Callable[[Any], None] = b""
        #: The head of every request.
        self.heads: list[str] = []
        #: How many connections were made.
        self.connections = 0
        super().__init__(("127.0.0.1", 0), _Raw)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def paths(self) -> list[str]:
        """The targets of all requests."""
        return [head.split(" ", 2)[1] for head in self.heads]

    def answer(self, body: bytes, status: str = "200 OK", headers: str = "") -> None:
        """Reply with a whole HTTP answer."""
        self.reply = (
            f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n".encode()
            + body
        )


class _Raw(socketserver.StreamRequestHandler):
    timeout = 20

    def handle(self) -> None:
        server = self.server
        assert isinstance(server, RawServer)
        server.connections += 1
        head = ""
        while not head.endswith("\r\n\r\n"):
            line = self.rfile.readline(65_536)
            if not line:
                return
            head += line.decode("latin-1")
        server.heads.append(head)
        try:
            if isinstance(server.reply, bytes):
                self.wfile.write(server.reply)
            else:
                server.reply(self.connection)
        except OSError:
            return


class Drip:
    """Send *head*, and then drop after drop until the other side leaves."""

    def __init__(self, head: bytes, drop: bytes) -> None:
        self._head = head
        self._drop = drop
        #: Set once the other side has left before the last drop.
        self.was_left = threading.Event()

    def __call__(self, connection: Any) -> None:
        pause = threading.Event()
        try:
            connection.sendall(self._head)
            for _ in range(_DROPS):
                connection.sendall(self._drop)
                pause.wait(_DROP_SECONDS)
        except OSError:
            self.was_left.set()


@contextmanager
def running(server: RawServer) -> Iterator[RawServer]:
    """Let *server* answer for the length of a block."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
