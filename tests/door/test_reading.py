"""Clients that send their bodies slowly, to real servers: they are told so, and keep nobody waiting for ever."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
import requests

from tests.door.site import DOOR, HOOK_SECRET
from tests.patience import PATIENCE_SECONDS
from tests.servers.serving import Served, Server, gunicorn, hypercorn, serving, waitress

HOOK = f"/jotgate/hook/{HOOK_SECRET}"


def werkzeugs(port: int) -> Sequence[str]:
    """Return werkzeug's own server, with a thread for each request."""
    serve = "from werkzeug.serving import run_simple; from tests.servers.hurried import application"
    return sys.executable, "-c", f"{serve}; run_simple('127.0.0.1', {port}, application, threaded=True)"


def hurried(*options: str) -> Server:
    """Return gunicorn with *options* and the site that waits for a second."""
    return lambda port: [*gunicorn(*options)(port)[:-1], "tests.servers.hurried:application"]


SERVERS = {
    "threads": hurried("--worker-class", "gthread", "--threads", "4"),
    "one at a time": hurried("--workers", "1"),
    "werkzeug": werkzeugs,
}


class Slow:
    """A client that says it will send much, and sends a little, or drips."""

    def __init__(self, served: Served, path: str, *, chunked: bool = False) -> None:
        place = urlsplit(served.url)
        self._socket = socket.create_connection(
            (place.hostname or "", place.port or 0), timeout=PATIENCE_SECONDS
        )
        length = "Transfer-Encoding: chunked" if chunked else "Content-Length: 60000"
        kind = "Content-Type: application/x-www-form-urlencoded"
        begun = "4\r\ncode" if chunked else "code"
        self._socket.sendall(
            f"POST {path} HTTP/1.1\r\nHost: {place.netloc}\r\n{length}\r\n{kind}\r\n\r\n{begun}".encode()
        )

    def drip(self, stop: threading.Event) -> None:
        """Send a byte now and then."""
        with suppress(OSError):
            while not stop.wait(0.1):
                self._socket.sendall(b"x")

    def status(self) -> bytes:
        """Return the status that the server answers with."""
        return self._socket.recv(4096).split(b" ")[1]

    def close(self) -> None:
        self._socket.close()


@contextmanager
def slow_clients(served: Served, *paths: str, dripping: bool = False) -> Iterator[list[Slow]]:
    """Give slow clients, one for each path."""
    stop, clients = threading.Event(), [Slow(served, path) for path in paths]
    threads = [threading.Thread(target=one.drip, args=(stop,)) for one in clients if dripping]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for one in clients:
            one.close()


@pytest.fixture(
    scope="module",
    # It has them wait one after the other, eight seconds long.
    params=[pytest.param(one, marks=pytest.mark.slow) if one == "one at a time" else one for one in SERVERS],
)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    """Give the site on each server that shows its connections."""
    with serving(SERVERS[request.param]) as running:
        yield running


@pytest.mark.parametrize("dripping", [False, True])
def test_f17_slow_bodies_keep_nobody_out(served: Served, dripping: bool) -> None:
    """Eight of them, more than there are threads, to the door and to the webhook: others are answered all the same."""
    with slow_clients(served, *[DOOR, HOOK] * 4, dripping=dripping) as clients:
        assert requests.get(f"{served.url}/jotgate/health", timeout=PATIENCE_SECONDS).status_code == 200
        if not dripping:
            assert [one.status() for one in clients] == [b"408"] * 8
    visitor = served.visitor()
    assert served.enter(visitor, served.code()).status_code == 303
    assert requests.post(served.url + HOOK, data={"formID": "x"}, timeout=PATIENCE_SECONDS).status_code == 400


def test_a_chunked_body_has_no_longer(served: Served) -> None:
    """A webhook through a tunnel that stops in the middle: told so, or refused by a server that takes no chunks."""
    slow = Slow(served, HOOK, chunked=True)
    assert slow.status() in (b"408", b"400")
    slow.close()


@pytest.mark.parametrize("server", [waitress, hypercorn])
def test_f17_servers_that_read_requests_whole_need_nothing(server: Server) -> None:
    """As the documentation says of waitress and hypercorn: slow clients hold no worker."""
    with serving(server) as served, slow_clients(served, *[DOOR, HOOK] * 4, dripping=True):
        visitor = served.visitor()
        assert served.enter(visitor, served.code()).status_code == 303
