"""A client on a still clock with a real quota, and a sandbox."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jotgate.errors import UpstreamError
from jotgate.jotform.client import JotFormClient
from jotgate.quota import Quota, Usage
from jotgate.sandbox import Sandbox
from tests.raw_server import RawServer, running

PAYLOADS = Path(__file__).parent / "payloads"
#: 2026-01-15 17:00:00 UTC, noon in New York.
WINTER_NOON = 1_768_496_400.0
#: A key that no log, error or address may show.
CANARY_KEY = "canary0key0canary0key0canary0key"


def payload(name: str) -> Any:
    """Return a recorded answer by the name of its file."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def outcome(call: Callable[[], Any]) -> Any:
    """Return what the call returns, or the error of JotForm's that it raises."""
    try:
        return call()
    except UpstreamError as problem:
        return problem


class StillClock:
    """Stand still until told to move."""

    def __init__(self, at: float = WINTER_NOON) -> None:
        self.at = at

    def now(self) -> float:
        return self.at


class UsageInMemory:
    """Keep the usage of one account, as a store would."""

    def __init__(self) -> None:
        self._usage: Usage | None = None
        self._lock = threading.Lock()

    def change_usage(self, account: str, change: Callable[[Usage | None], tuple[Usage, Any]]) -> Any:
        with self._lock:
            self._usage, answer = change(self._usage)
        return answer

    def usage(self, account: str) -> Usage | None:
        return self._usage


class Clients:
    """Make clients whose pauses are noted instead of waited for, and close them."""

    def __init__(self, clock: StillClock) -> None:
        self.clock = clock
        self.quota = Quota(UsageInMemory(), account="test", limit=1_000, clock=clock)
        self.pauses: list[float] = []
        self._made: list[JotFormClient] = []

    def __call__(self, base: str, key: str = CANARY_KEY, **options: Any) -> JotFormClient:
        client = JotFormClient(
            base, key, quota=self.quota, clock=self.clock, sleep=self.pauses.append, **options
        )
        self._made.append(client)
        return client

    @property
    def used(self) -> int:
        """How many calls the quota counts today."""
        return self.quota.usage().used

    def close(self) -> None:
        for client in self._made:
            client.close()


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def sandbox(clock: StillClock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock, read_key=CANARY_KEY) as running:
        yield running


@pytest.fixture
def clients(clock: StillClock) -> Iterator[Clients]:
    made = Clients(clock)
    yield made
    made.close()


@pytest.fixture
def client(sandbox: Sandbox, clients: Clients) -> JotFormClient:
    return clients(sandbox.api)


@pytest.fixture
def raw_server() -> Iterator[RawServer]:
    with running(RawServer()) as server:
        yield server
