"""What each process remembers of revoked passes, so that a valid pass costs no look-up."""

from __future__ import annotations

import logging
import threading
import time

from jotgate.errors import StoreUnavailable
from jotgate.protocols import Store

_log = logging.getLogger("jotgate.gate")

#: How old the snapshot may grow before it is read anew.
FRESH_SECONDS = 5.0
#: How long passes are honoured when the store cannot be read.
HONOURED_SECONDS = 60.0
_RETRY_SECONDS = 1.0
#: Transactions that were under way at the last reading have written in its past; machines whose clock is an hour
#: off, or that was just set right, write further in it.
_OVERLAP_SECONDS = 2 * 3600.0


class Revocations:
    """A snapshot of the revoked passes, at most five seconds old while the store is up."""

    __slots__ = ("_ends", "_fresh_until", "_lock", "_read_at", "_store")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ends: dict[bytes, float] = {}
        self._fresh_until = 0.0
        self._read_at: float | None = None
        self._lock = threading.Lock()

    def holds(self, pass_id: bytes, now: float) -> bool:
        """Say whether the pass is revoked.

        Raises:
            StoreUnavailable: the store could not be read for a minute.
        """
        if time.monotonic() >= self._fresh_until:
            self._refresh(now)
        return pass_id in self._ends

    def add(self, pass_id: bytes, ends_at: float) -> None:
        """Remember at once what this process has revoked itself."""
        self._ends[pass_id] = ends_at

    def _refresh(self, now: float) -> None:
        # One thread reads; the others go on with what is known, unless nothing is known yet.
        if not self._lock.acquire(blocking=self._read_at is None):
            return
        try:
            if time.monotonic() < self._fresh_until:
                return
            self._read(now)
        finally:
            self._lock.release()

    def _read(self, now: float) -> None:
        monotonic = time.monotonic()
        since = 0.0 if self._read_at is None else now - (monotonic - self._read_at) - _OVERLAP_SECONDS
        try:
            found = self._store.revocations(since)
        except StoreUnavailable:
            if self._read_at is None or monotonic - self._read_at > HONOURED_SECONDS:
                raise
            self._fresh_until = monotonic + _RETRY_SECONDS
            _log.warning("revocations.missed", exc_info=True)
            return
        live = {
            pass_id: ends_at for pass_id, ends_at in self._ends.items() if ends_at > now - _OVERLAP_SECONDS
        }
        live.update(found)
        self._ends = live
        self._read_at = monotonic
        self._fresh_until = monotonic + FRESH_SECONDS
