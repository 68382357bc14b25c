"""How many rows to ask for at once: pages of 1,000 sometimes time out, arrive cut, or are larger than is read."""

from __future__ import annotations

from jotgate.clock import Clock
from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.jotform.envelope import CutOff

#: JotForm gives no more rows at once (its API documentation).
MAX_ROWS = 1_000
#: A page that is slow at this size is not slow because of its size.
_FEWEST_SLOW_ROWS = 25
#: How long a size that worked after a larger one failed is kept.
_HELD_SECONDS = 600.0
#: What a page should weigh when its size grows again.
_AIM_BYTES = 1_500_000


class PageSize:
    """The size of the next page; it shrinks with failures and grows with what worked."""

    def __init__(self, rows: int, clock: Clock) -> None:
        """Begin with *rows*, and never go beyond."""
        self._full = max(1, min(rows, MAX_ROWS))
        self._clock = clock
        self._rows = self._full
        self._held_until = 0.0

    @property
    def rows(self) -> int:
        """Return how many rows to ask for now."""
        if self._held_until and self._clock.now() >= self._held_until:
            self._held_until = 0.0
            self._rows = self._full
        return self._rows

    def failed(self, problem: UpstreamError, asked: int) -> bool:
        """Take note of a failure; say whether a smaller page is worth a try."""
        fewest = 1 if problem.reason is UpstreamReason.TOO_LARGE else min(_FEWEST_SLOW_ROWS, self._full)
        if not is_about_size(problem) or asked <= fewest:
            return False
        self._rows = max(fewest, asked // 2)
        return True

    def worked(self, asked: int, answer_bytes: int, *, slow_above: bool) -> None:
        """Take note of a page that came whole; *slow_above*: a larger one had just failed, not by its weight."""
        if slow_above:
            self._rows = asked
            self._held_until = self._clock.now() + _HELD_SECONDS
        elif not self._held_until:
            self._rows = min(self._full, max(asked, asked * _AIM_BYTES // max(answer_bytes, 1)))


class Asking:
    """The course of one page, try by try."""

    def __init__(self, size: PageSize, most: int = MAX_ROWS) -> None:
        """Ask for as many rows as *size* says, and no more than *most*."""
        self._size = size
        self._most = most
        self._slow_above = False
        #: The rows of the present try.
        self.rows = 0

    def begin(self) -> int:
        """Begin a try; return how many rows to ask for."""
        self.rows = min(self._size.rows, self._most)
        return self.rows

    def failed(self, problem: UpstreamError) -> bool:
        """Take note of a try's failure; say whether a smaller page is worth a try."""
        shrunk = self._size.failed(problem, self.rows)
        self._slow_above = shrunk and problem.reason is not UpstreamReason.TOO_LARGE
        return shrunk

    def worked(self, answer_bytes: int) -> None:
        """Take note of a try that worked."""
        self._size.worked(self.rows, answer_bytes, slow_above=self._slow_above)


def is_about_size(problem: UpstreamError) -> bool:
    """Say whether a smaller page may come where this one failed."""
    if problem.reason in (UpstreamReason.TOO_LARGE, UpstreamReason.TIMEOUT):
        return problem.sent
    return isinstance(problem, CutOff) or problem.status == 504
