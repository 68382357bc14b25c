"""A running sandbox, a clock that stands still, and a receiver for webhooks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from jotgate.sandbox import Sandbox

#: 2026-01-15 17:00:00 UTC, noon in New York.
WINTER_NOON = 1_768_496_400.0


class StillClock:
    """Stand still until told to move."""

    def __init__(self, at: float = WINTER_NOON) -> None:
        self.at = at

    def now(self) -> float:
        return self.at


class Asker:
    """Ask a sandbox's API with one of its keys, over one connection."""

    def __init__(self, base: str, key: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["APIKEY"] = key

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(self.base + path, params=query, timeout=10, allow_redirects=False)

    def content(self, path: str, **query: Any) -> Any:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["content"]


class Receiver(ThreadingHTTPServer):
    """Take webhooks and keep their headers and bodies as they came."""

    daemon_threads = True

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), _Hook)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook/s3cret"


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Receiver)
        self.server.received.append((dict(self.headers.items()), body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def sandbox(clock: StillClock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock) as running:
        yield running


@pytest.fixture
def reader(sandbox: Sandbox) -> Iterator[Asker]:
    asker = Asker(sandbox.api, sandbox.read_key)
    with asker.session:
        yield asker


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
