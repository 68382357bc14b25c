"""HTTP connections whose calls end in time, however slowly the other side drips.

Importing this module loads `urllib3`.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
from time import monotonic
from typing import Any

import urllib3
import urllib3.connection

#: Until when this thread's present call may last, by the monotonic clock.
_present = threading.local()


def limit(ends_at: float) -> None:
    """Let this thread's next call last until *ends_at*, by `time.monotonic`."""
    _present.ends_at = ends_at


class _TimedReader(io.RawIOBase):
    """Reads from a socket no longer than this thread's present call may last.

    A socket's own time-out starts anew with every byte, so a server that drips could hold a call
    for hours, in the head of its answer already.
    """

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _present.ends_at - monotonic()
        if left <= 0:
            raise TimeoutError("the call has lasted too long")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_TimedReader(sock, self.fp.detach()))


class _Connection(urllib3.connection.HTTPConnection):
    response_class = _TimedResponse


class _SecureConnection(urllib3.connection.HTTPSConnection):
    response_class = _TimedResponse


class TimedPool(urllib3.HTTPConnectionPool):
    """Connections over which a call lasts no longer than `limit` said."""

    ConnectionCls = _Connection


class TimedSecurePool(urllib3.HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = _SecureConnection
