"""One traceback for one outage: a store that is down fails every request and every sweep until it is back."""

from __future__ import annotations

import logging
import threading
import time

from jotgate.errors import JotgateError

#: Faults of one kind that follow each other more closely than this are one outage, logged this often.
QUIET_SECONDS = 60.0


class OutageLog:
    """Log the first fault of an outage whole, and then a line a minute with how many there were."""

    def __init__(self) -> None:
        """Know of no outage yet."""
        self._lock = threading.Lock()
        self._last: dict[type[JotgateError], tuple[float, float, int]] = {}

    def note(self, logger: logging.Logger, event: str, error: JotgateError, **extra: object) -> None:
        """Log *event*, which *error* is the reason for, unless its outage was logged just before."""
        now = time.monotonic()
        with self._lock:
            seen_at, logged_at, unlogged = self._last.get(type(error), (float("-inf"), float("-inf"), 0))
            is_first = now - seen_at > QUIET_SECONDS
            is_due = is_first or now - logged_at > QUIET_SECONDS
            self._last[type(error)] = (now, now if is_due else logged_at, 0 if is_due else unlogged + 1)
        if is_due:
            details = {**extra, "reason": str(error), "times": 1 if is_first else unlogged + 1}
            logger.error(event, exc_info=error if is_first else None, extra=details)


#: This process's.
outages = OutageLog()
