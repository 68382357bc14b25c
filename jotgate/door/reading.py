"""Bodies are read within a time, where the server shows its socket: a client that sends slowly would hold a worker."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, RequestTimeout

from jotgate.phrases import phrase

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

#: For the whole of a body: enough for 10 MB from JotForm, and for a code over the worst of mobile networks.
BODY_SECONDS = 20.0
#: Where gunicorn and werkzeug show the client's connection. waitress and hypercorn read bodies before they ask.
_SOCKETS = ("gunicorn.socket", "werkzeug.socket")


@contextmanager
def in_time(environ: WSGIEnvironment) -> Iterator[None]:
    """Let the block read the body; when its time is over, the client is no longer listened to.

    Raises:
        RequestTimeout: the body did not come in time.
    """
    connection = next((environ[name] for name in _SOCKETS if name in environ), None)
    if not isinstance(connection, socket.socket):
        yield
        return
    over = threading.Event()
    # A read may take any time for any number of bytes, so what ends it has to come from elsewhere.
    watch = threading.Timer(BODY_SECONDS, _stop_listening, (connection, over))
    watch.daemon = True
    watch.start()
    try:
        yield
    except (HTTPException, OSError):
        if not over.is_set():
            raise
    finally:
        watch.cancel()
    if over.is_set():
        raise RequestTimeout(phrase("What you sent did not arrive in time. Nothing was changed."))


def _stop_listening(connection: socket.socket, over: threading.Event) -> None:
    over.set()
    with suppress(OSError):
        # Of TLS only what is below: the answer still has to go out.
        socket.socket.shutdown(connection, socket.SHUT_RD)
