"""What each process remembers of revoked passes, so that a valid pass costs no look-up."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable

from jotgate.errors import StoreUnavailable
from jotgate.outages import outages
from jotgate.stores import Store

_log = logging.getLogger("jotgate.gate")

#: How old the snapshot may grow before it is brought up to date.
FRESH_SECONDS = 5.0
#: How long passes are honoured when the store cannot be read.
HONOURED_SECONDS = 60.0
#: How many revoked passes a process remembers; beyond, it asks the store about each pass.
KEPT_PASSES = 50_000
#: When a process that has met more tries again to remember all.
_AGAIN_SECONDS = 600.0
_RETRY_SECONDS = 1.0
_HOUR_SECONDS = 3600.0
#: For so long a pass that has ended stays revoked: clocks may be set back.
_OVERLAP_HOURS = 2


class Revocations:
    """A snapshot of the revoked passes, at most five seconds old while the store is up.

    Shared by all threads: `_turn` lets one of them read the store, `_lock` guards every change of what is
    remembered, and who only looks does so in one step.
    """

    __slots__ = (
        "_ended",
        "_fresh_until",
        "_hours",
        "_is_whole",
        "_lock",
        "_read_at",
        "_store",
        "_turn",
        "_until",
    )

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ended: set[bytes] = set()
        #: The same by the hour in which each would have ended.
        self._hours: defaultdict[int, list[bytes]] = defaultdict(list)
        #: Whether the snapshot has all that the store has.
        self._is_whole = True
        self._until = 0
        self._fresh_until = 0.0
        self._read_at: float | None = None
        self._turn = threading.Lock()
        self._lock = threading.Lock()

    def holds(self, pass_id: bytes, now: float) -> bool:
        """Say whether the pass is revoked.

        Raises:
            StoreUnavailable: the store could not be read for a minute; or not now, where too many are revoked to
                remember all.
        """
        if time.monotonic() >= self._fresh_until:
            self._refresh(now)
        return pass_id in self._ended or (not self._is_whole and self._store.is_revoked(pass_id))

    def add(self, pass_id: bytes, ends_at: float) -> None:
        """Remember at once what this process has revoked itself."""
        with self._lock:
            self._is_whole = self._keep([(pass_id, ends_at)]) and self._is_whole

    def _refresh(self, now: float) -> None:
        # One thread reads; the others go on with the last reading, unless there was none yet.
        if not self._turn.acquire(blocking=self._read_at is None):
            return
        try:
            if time.monotonic() >= self._fresh_until:
                self._read(now)
        finally:
            self._turn.release()

    def _read(self, now: float) -> None:
        monotonic = time.monotonic()
        if not self._is_whole:
            self._start_over()
        try:
            found = self._store.revocations(self._until, most=KEPT_PASSES + 1)
        except StoreUnavailable as error:
            if self._read_at is None or monotonic - self._read_at > HONOURED_SECONDS:
                raise
            self._fresh_until = monotonic + _RETRY_SECONDS
            outages.note(_log, "revocations.missed", error)
            return
        with self._lock:
            # What was cut off is missing, even where the rest is known already.
            self._is_whole = self._keep(found.passes) and len(found.passes) <= KEPT_PASSES
            self._forget(int(now // _HOUR_SECONDS) - _OVERLAP_HOURS)
        self._until = found.until
        self._read_at = monotonic
        self._fresh_until = monotonic + (FRESH_SECONDS if self._is_whole else _AGAIN_SECONDS)

    def _start_over(self) -> None:
        """Forget everything; until all was read again the store is asked."""
        with self._lock:
            self._until = 0
            self._ended.clear()
            self._hours.clear()

    def _keep(self, passes: Iterable[tuple[bytes, float]]) -> bool:
        """Remember these passes; say whether there was room for all."""
        for pass_id, ends_at in passes:
            if pass_id in self._ended:
                continue
            if len(self._ended) >= KEPT_PASSES:
                return False
            self._ended.add(pass_id)
            self._hours[int(ends_at // _HOUR_SECONDS)].append(pass_id)
        return True

    def _forget(self, before_hour: int) -> None:
        for hour in [hour for hour in self._hours if hour < before_hour]:
            self._ended.difference_update(self._hours.pop(hour))
