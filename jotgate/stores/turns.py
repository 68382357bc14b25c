"""Whose turn it is to open a code: those who enter the same one at once wait for each other, and keep nobody else out.

Only one of a process asks the database for a code's row, so a class that enters its code in one moment has one
connection of the process, and visitors with another code find the others free. A queue that moves is waited in
for some seconds, because thirty commits take a slow disk one; one that does not is left as soon as a database that
does not answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from jotgate.errors import StoreUnavailable
from jotgate.stores.driver import Undone

#: How long somebody at the door waits in all while those before are served. A slow phone that has to work for its code
#: has some eight seconds left of the half minute in which everybody with a right code is let in.
QUEUE_SECONDS = 5.0
#: How long somebody waits behind others while nobody is served: longer than a store takes to say that it is silent.
STILL_SECONDS = 1.2


class _Queue:
    """Those who are about to open one code."""

    __slots__ = ("failed_at", "fault", "moved_at", "people", "turn")

    def __init__(self) -> None:
        self.turn = threading.Lock()
        #: How many wait, or have their turn.
        self.people = 0
        #: When somebody was served last.
        self.moved_at = 0.0
        #: Why the last one was not who was not, and when.
        self.fault: StoreUnavailable | None = None
        self.failed_at = 0.0

    def wait(self, give_up_at: float) -> None:
        """Return when it is one's turn."""
        came_at = time.monotonic()
        while not self.turn.acquire(timeout=self._seconds_left(came_at, give_up_at)):
            if self._seconds_left(came_at, give_up_at) <= 0:
                raise StoreUnavailable("the store cannot be used: others who entered this code wait for it")
        if self.fault is not None and self.failed_at >= came_at:
            self.turn.release()
            raise StoreUnavailable(self.fault.words) from self.fault

    def _seconds_left(self, came_at: float, give_up_at: float) -> float:
        until = min(give_up_at, max(came_at, self.moved_at) + STILL_SECONDS)
        return max(until - time.monotonic(), 0.0)


class Turns:
    """The queues of one process: one for each code that somebody is about to open. Safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[bytes, _Queue] = {}

    @contextmanager
    def of(self, code: bytes) -> Iterator[float]:
        """Give the block its turn to open *code*, and the moment of `time.monotonic` at which it gives up.

        Raises:
            StoreUnavailable: nobody was served for too long, or the one before could not use the store: then nobody
                who waits behind tries it once more.
        """
        give_up_at = time.monotonic() + QUEUE_SECONDS
        with self._lock:
            queue = self._queues.setdefault(code, _Queue())
            queue.people += 1
        try:
            queue.wait(give_up_at)
            try:
                yield give_up_at
                queue.moved_at = time.monotonic()
            except Undone:
                raise
            except StoreUnavailable as fault:
                queue.fault, queue.failed_at = fault, time.monotonic()
                raise
            finally:
                queue.turn.release()
        finally:
            with self._lock:
                queue.people -= 1
                if not queue.people:
                    del self._queues[code]
