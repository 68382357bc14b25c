"""Where the time comes from: one injected clock, so that tests never wait."""

from __future__ import annotations

import time
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
