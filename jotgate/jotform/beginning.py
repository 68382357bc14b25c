"""Where judging begins: the newest submission made before a moment, found among any number of others in a few calls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.phrases import phrase
from jotgate.quota import NEW_YORK

#: One look at a list that begins with the newest.
_ROWS = 20
#: How much further back a look begins that finds none old enough: rows are as old as their latest reading.
_DOUBTS_SECONDS = (0.0, 15 * 3600.0)
#: Each step back through a list whose filters JotForm ignores is so much longer, until it went too far; then the
#: place is narrowed down until one page holds it.
_STRIDE = 8
_NARROW_ROWS = 200
#: No form has as many submissions; a list that seems to is the same page for ever.
_MAX_ROWS = 10_000_000

#: A page of a form's list, newest first: from which row on, how many rows, and under which condition.
Ask = Callable[[int, int, Mapping[str, str]], Sequence[object]]


def find_newest(ask: Ask, newest_of: Callable[[Sequence[object]], str | None], before: float) -> str | None:
    """Return the id of the newest submission made before that moment, or None if there is none.

    *newest_of* returns that of some rows which are certainly old enough, or None. It is nearly always among the last
    few; else JotForm is asked for those before the moment, and if it does not listen, the list is searched.
    """
    rows = ask(0, _ROWS, {})
    newest = newest_of(rows)
    if newest is not None or len(rows) < _ROWS:
        return newest
    for doubt in _DOUBTS_SECONDS:
        earlier = ask(0, _ROWS, {"created_at:lt": _wall_text(before - doubt)})
        newest = newest_of(earlier)
        if newest is not None or not earlier:
            return newest
    return _search(ask, newest_of)


def _search(ask: Ask, newest_of: Callable[[Sequence[object]], str | None]) -> str | None:
    def is_beyond(offset: int) -> bool:
        """Say whether from this row on everything is old enough, or nothing is left."""
        rows = ask(offset, _ROWS, {})
        return not rows or newest_of(rows) is not None

    low, high = 0, _ROWS
    while not is_beyond(high):
        low, high = high, high * _STRIDE
        if high > _MAX_ROWS:
            raise UpstreamError(
                UpstreamReason.MALFORMED,
                phrase("JotForm's answer was not understood: its list of new submissions has no end"),
            )
    while high - low > _NARROW_ROWS:
        middle = (low + high) // 2
        low, high = (low, middle) if is_beyond(middle) else (middle, high)
    return newest_of(ask(low, high - low + _ROWS, {}))


def _wall_text(at: float) -> str:
    """Return a moment as JotForm's filters have it: its own time, to the second."""
    return dt.datetime.fromtimestamp(int(at), NEW_YORK).strftime("%Y-%m-%d %H:%M:%S")
