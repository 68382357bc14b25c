"""Waiting in tests: for what has to come, however busy the machine is, and not at all where a clock can be turned."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

import jotgate.stores.postgres_connections
import jotgate.stores.sqlite
import jotgate.stores.turns
from jotgate.stores import Store, open_store

T = TypeVar("T")

#: How long a browser waits for what has to appear; nothing that is right takes as long.
BROWSER_MS = 30_000
#: How long anything is waited for that has to come; how long it took is no claim. Less than the minute after which a
#: form is read once more anyway.
PATIENCE_SECONDS = 50.0
#: How long a store waits for its turn where the outcome of a race is asked for, and not how long it took.
_TURN_SECONDS = 60.0


def until(
    found: Callable[[], T], what: str = "what is waited for", *, patience_seconds: float = PATIENCE_SECONDS
) -> T:
    """Return what *found* returns once that is true; fail if it never is."""
    give_up_at = time.monotonic() + patience_seconds
    while not (answer := found()):
        assert time.monotonic() < give_up_at, f"in vain: {what}"
        time.sleep(0.02)
    return answer


def until_it_works(act: Callable[[], object]) -> None:
    """Do it again and again until it raises nothing; raise what it raised last if it always does."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            act()
        except Exception:
            if time.monotonic() >= give_up_at:
                raise
            time.sleep(0.02)
        else:
            return


class Watch:
    """Take the place of the module `time` in a module of jotgate's: nobody waits, and the clock moves all the same."""

    def __init__(self) -> None:
        #: How long was waited for, in seconds of this clock.
        self.passed = 0.0
        self._start = time.monotonic()

    def monotonic(self) -> float:
        """Return the moment; looking at it takes a millisecond."""
        self.passed += 0.001
        return self._start + self.passed

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.passed += seconds


def be_patient() -> None:
    """Let this process's stores wait for their turn for long: a busy machine must not decide a race."""
    jotgate.stores.sqlite.PATIENCE_SECONDS = _TURN_SECONDS
    jotgate.stores.postgres_connections.PATIENCE_SECONDS = _TURN_SECONDS
    jotgate.stores.postgres_connections._LOCK_SECONDS = _TURN_SECONDS
    jotgate.stores.turns.QUEUE_SECONDS = jotgate.stores.turns.STILL_SECONDS = _TURN_SECONDS


def open_patiently(url: str) -> Store:
    """Open a store that waits for its turn for long, in whatever process."""
    be_patient()
    return open_store(url)


def patient_in_this_test(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Store]:
    """Return `open_patiently`; what it changes in this process is changed back after the test."""
    monkeypatch.setattr(jotgate.stores.sqlite, "PATIENCE_SECONDS", _TURN_SECONDS)
    monkeypatch.setattr(jotgate.stores.postgres_connections, "PATIENCE_SECONDS", _TURN_SECONDS)
    monkeypatch.setattr(jotgate.stores.postgres_connections, "_LOCK_SECONDS", _TURN_SECONDS)
    monkeypatch.setattr(jotgate.stores.turns, "QUEUE_SECONDS", _TURN_SECONDS)
    monkeypatch.setattr(jotgate.stores.turns, "STILL_SECONDS", _TURN_SECONDS)
    return open_patiently
