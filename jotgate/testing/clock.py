"""A clock that moves only when a test moves it."""

from __future__ import annotations


class FrozenClock:
    """A `jotgate.clock.Clock` for tests."""

    __slots__ = ("_now",)

    def __init__(self, at: float = 1_790_000_000.0) -> None:
        """Stand still at *at*, seconds since the epoch, UTC; by default on 21 September 2026, 14:13:20."""
        self._now = at

    def now(self) -> float:
        """Return seconds since the epoch, UTC."""
        return self._now

    def advance(self, seconds: float) -> float:
        """Move by *seconds*, back if they are negative; return the time it is now."""
        self._now += seconds
        return self._now

    def set(self, at: float) -> None:
        """Stand still at *at*, seconds since the epoch, UTC."""
        self._now = at
