"""Reading a list from one submission on, page by page, whatever its rows weigh.

The next page begins above the last row read, so that what was read stays read. A page that is too large, too slow or
arrives cut is asked for with fewer rows, down to one; a single row that cannot be read is stepped over and told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.jotform.paging import MAX_ROWS, is_about_size
from jotgate.phrases import phrase
from jotgate.protocols import Place, SubmissionPage

#: Rows that cannot be read, one behind the other, which one reading steps over; and before any row of it was read.
_MAX_STEPS = 20
_MAX_FIRST_STEPS = 5
#: Full pages in a row that worked before larger ones are tried again.
_PATIENCE_PAGES = 8
#: A page of several forms that fails with so few rows is not split further: the forms are.
FEWEST_SHARED_ROWS = 25


class Unread(NamedTuple):
    """A place in a list that was stepped over."""

    #: The last row before it, or where the reading began.
    above: str
    #: The next row behind it; None: it was the last one.
    below: str | None
    #: The one row that it is, if that is known.
    submission_id: str | None
    form_id: str | None
    reason: str


class _At(NamedTuple):
    """Where a page begins: above an id, behind so many rows."""

    above: int
    offset: int


class Ask(Protocol):
    """One page of a list: rows between two ids, the first *offset* of them left out."""

    def __call__(self, above: str, below: str | None, offset: int, rows: int) -> SubmissionPage:
        """Ask JotForm."""
        ...


class PageRows:
    """How many rows to ask for at once: fewer after a failure, more again after pages that worked."""

    def __init__(self, remembered: int | None = None, *, fewest: int = 1) -> None:
        """Begin with what worked the last time; *remembered* 1: nothing did, so nothing is known."""
        self.rows = remembered or MAX_ROWS
        self._most = MAX_ROWS if remembered in (None, 1) else remembered or MAX_ROWS
        self._began = self._most
        self._fewest = fewest
        self._in_a_row = 0

    @property
    def remembered(self) -> int | None:
        """What the next reading begins with; None: as many as there are."""
        return None if self._most >= MAX_ROWS and self.rows > 1 else min(self._most, self.rows)

    def shrink(self, problem: UpstreamError) -> bool:
        """Ask for fewer rows; False: they are as few as can be. Waiting for time-outs is dear: an eighth."""
        if self.rows <= self._fewest:
            return False
        self.rows = max(self._fewest, self.rows // (8 if problem.reason is UpstreamReason.TIMEOUT else 2))
        self._most, self._in_a_row = self.rows, 0
        return True

    def worked(self, row_count: int) -> None:
        """Take note of a page that came whole; only a full one says that so many rows can be read."""
        if row_count < self.rows:
            return
        self._in_a_row += 1
        if self.rows < self._most:
            self.rows = min(self._most, self.rows * 4)
        elif self._in_a_row >= _PATIENCE_PAGES:
            self.rows = self._most = min(MAX_ROWS, self._most * 2)
            self._in_a_row = 0

    def stepped_over(self) -> None:
        """Take note that one row was the reason, not their number."""
        self._most = self._began


class Walk:
    """One way through a list."""

    def __init__(
        self, ask: Ask, size: PageRows, *, answers: Callable[[], bool], note: Callable[[Unread], None]
    ) -> None:
        """Ask by *ask*; *note* hears of submissions stepped over, and *answers* says whether JotForm answers at all."""
        self._ask = ask
        self._size = size
        self._answers = answers
        self._note = note
        self._steps = _MAX_FIRST_STEPS

    def pages(self, above: int, places: Sequence[Place] = ()) -> Iterator[SubmissionPage]:
        """Iterate over the pages above that id, around the *places* that no list can show.

        Raises:
            UpstreamError: why it goes no further; what was given before stands.
        """
        offset = 0
        for place in places:
            if int(place.above) >= above:
                if int(place.above) > above or offset:
                    yield from self._stretch(above, int(place.above) + 1, offset)
                above, offset = int(place.above), 1
            if place.submission_id is not None:
                above, offset = max(above, int(place.submission_id)), 0
            elif place.below is not None:
                above, offset = max(above, int(place.below) - 1), 0
        yield from self._stretch(above, None, offset)

    def _stretch(self, above: int, below: int | None, offset: int) -> Iterator[SubmissionPage]:
        at = _At(above, offset)
        seen: set[str] = set()
        while True:
            page, at = self._next(at, None if below is None else str(below))
            yield page
            if page.last:
                return
            if page.ordered:
                at = _At(int(page.rows[-1].submission_id), 0)
                continue
            # A server that does not look at the offset would send the same page for ever.
            new = {row.submission_id for row in page.rows} - seen
            if not new:
                return
            seen |= new
            at = _At(at.above, at.offset + page.row_count)

    def _next(self, at: _At, below: str | None) -> tuple[SubmissionPage, _At]:
        """Return the next page, however small, and where it begins; what cannot be read is stepped over."""
        over, reason = 0, ""
        failed: tuple[_At, int] | None = None
        while True:
            try:
                page = self._ask(str(at.above), below, at.offset + over, self._size.rows)
            except UpstreamError as problem:
                if not is_about_size(problem):
                    raise
                if self._size.shrink(problem):
                    continue
                known = self._known(problem, at.above)
                if known is not None:
                    at, over = _At(known, 0), 0
                    continue
                if self._size.rows > 1 or over >= self._steps:
                    raise
                if failed == (at, over):
                    over, reason = over + 1, str(problem)
                    continue
                if not self._answers():
                    raise
                # JotForm may have recovered just now, and then the row was never the reason: it gets a second try.
                failed = at, over
                continue
            if over:
                behind = page.rows[0].submission_id if page.rows else None
                self._note(Unread(str(at.above), behind, None, None, reason))
                self._size.stepped_over()
            self._size.worked(page.row_count)
            self._steps = _MAX_STEPS
            return page, _At(at.above, at.offset + over)

    def _known(self, problem: UpstreamError, above: int) -> int | None:
        """Step over the one row that is too large, if JotForm's answer began by telling which it is."""
        row = getattr(problem, "row", None)
        if row is None or int(row.submission_id) <= above:
            return None
        number = int(row.submission_id)
        unread = Unread(str(number - 1), str(number + 1), row.submission_id, row.form_id, str(problem))
        self._note(unread)
        self._size.stepped_over()
        return number


def newest_first(
    ask: Callable[[int, int], SubmissionPage], size: PageRows, above: int
) -> Iterator[SubmissionPage]:
    """Iterate over the pages of a list that begins with the newest, down to that id, for want of a filter.

    What comes in meanwhile moves the rows down, so some are seen twice, and none is missed.

    Raises:
        UpstreamError: why it goes no further.
    """
    offset = 0
    while True:
        try:
            page = ask(offset, size.rows)
        except UpstreamError as problem:
            if is_about_size(problem) and size.shrink(problem):
                continue
            raise
        if not page.ordered:
            raise UpstreamError(
                UpstreamReason.MALFORMED,
                phrase("JotForm's lists come unfiltered and in no order: nothing can be read"),
            )
        size.worked(page.row_count)
        yield page
        if page.last or page.lowest is None or int(page.lowest) <= above:
            return
        offset += page.row_count
