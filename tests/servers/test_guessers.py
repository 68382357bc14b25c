"""A crowd at a threaded server, over HTTP: one who guesses as fast as he can, and pupils behind the same address."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from jotgate.signed.browsers import Browser, sign_browser
from jotgate.signed.keyring import KeyRing
from tests.door.site import DOOR, unknown_code
from tests.patience import until
from tests.servers.serving import Served, gunicorn, serving

SCHOOL = "203.0.113.9"
PUPILS = 10
#: The promise, in what the page tells a pupil to wait in all.
PROMISED_SECONDS = 30.0


@pytest.fixture(scope="module")
def threaded() -> Iterator[Served]:
    """Return a site on one worker of eight threads."""
    with serving(
        gunicorn("--worker-class", "gthread", "--workers", "1", "--threads", "8"), trusted_proxies=1
    ) as running:
        yield running


class Guesser(threading.Thread):
    """Guess with farmed cookies, four times with each, faster than everybody else."""

    def __init__(self, server: Served) -> None:
        super().__init__()
        self.over = threading.Event()
        self.statuses: list[int] = []
        self._server = server
        self._keys = KeyRing([text.encode() for text in server.mapping["secret_keys"]])

    def run(self) -> None:
        while not self.over.is_set():
            with self._server.visitor(SCHOOL) as visitor:
                visitor.cookies["jotgate"] = self._cookie()
                for _ in range(4):
                    answer = self._server.enter(visitor, unknown_code())
                    self.statuses.append(answer.status_code)

    def _cookie(self) -> str:
        # Loaded a minute ago, and kept for now.
        browser = Browser(browser_id=secrets.token_bytes(16), since=float(int(time.time()) - 60))
        return sign_browser(browser, self._keys)


def come_in(server: Served, visitor: requests.Session, code: str) -> float:
    """Enter a right code as a page without script has it done; return how long one was told to wait in all."""
    told = 0.0
    assert visitor.get(server.url + DOOR, timeout=30).status_code == 200
    while (answer := server.enter(visitor, code)).status_code != 303:
        assert answer.status_code == 429
        wait_seconds = float(answer.headers["Retry-After"])
        told += wait_seconds
        assert told <= PROMISED_SECONDS
        time.sleep(wait_seconds)
    return told


# Pupils really wait; `tests/throttling/test_crowds.py` says as much with a clock that is turned.
@pytest.mark.slow
def test_a_guesser_who_farms_cookies_keeps_no_pupil_out(threaded: Served) -> None:
    """Ten pupils behind his address, each with a browser that has just appeared: all in, none told to wait for long."""
    guessers = [Guesser(threaded) for _ in range(3)]
    for guesser in guessers:
        guesser.start()
    told: list[float] = []
    codes = [threaded.code() for _ in range(PUPILS)]
    try:
        until(lambda: sum(len(guesser.statuses) for guesser in guessers) > 80, "the network is slowed")

        def come(code: str) -> None:
            with threaded.visitor(SCHOOL) as visitor:
                told.append(come_in(threaded, visitor, code))

        pupils = [threading.Thread(target=come, args=[code]) for code in codes]
        for pupil in pupils:
            pupil.start()
        for pupil in pupils:
            pupil.join()
    finally:
        for guesser in guessers:
            guesser.over.set()
        for guesser in guessers:
            guesser.join()
    statuses = [status for guesser in guessers for status in guesser.statuses]
    assert len(told) == PUPILS
    assert max(told) <= PROMISED_SECONDS
    assert set(statuses) <= {403, 429}
