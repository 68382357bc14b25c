"""Where the time comes from, one injected clock, so that tests never wait; and how a moment is written."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Protocol


class Clock(Protocol):
    """Tell the time."""

    def now(self) -> float:
        """Return seconds since the epoch, UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    __slots__ = ()

    def now(self) -> float:
        """Return seconds since the epoch, UTC."""
        return time.time()


def iso(at: float | None) -> str | None:
    """Return a moment (seconds since the epoch, UTC) as ISO 8601 with ``Z``, to the second.

    None stays None, and so does a moment that no calendar has.
    """
    if at is None:
        return None
    try:
        moment = datetime.fromtimestamp(at, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
