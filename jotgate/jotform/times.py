"""When a submission was made, read from two clocks of which neither is documented.

JotForm's `created_at` has no offset; on captured pairs it is New York time with daylight saving.
Ids of 19 digits, given since 2021, count seconds: ``id // 10**10 + 1124190800`` was the UTC time to
the second on every captured pair. Neither is promised, so where they disagree, both count.
"""

from __future__ import annotations

import datetime as dt
import re

_WALL_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})", re.ASCII)
_ID_EPOCH = 1_124_190_800
_ID_TICKS_A_SECOND = 10**10
_ID_DIGITS = 19
#: 2021-01-01, before which ids were given out in another way.
_ID_CLOCK_BEGAN_AT = 1_609_459_200
_QUARTER_HOUR_SECONDS = 15 * 60
#: No zone is further from another than this matters: beyond it the two readings are unrelated.
_FARTHEST_ZONE_SECONDS = 14 * 3600


def creation_times(created_at: object, submission_id: str, zone: dt.tzinfo) -> tuple[float, float] | None:
    """Return the earliest and the latest plausible reading, in seconds since the epoch, UTC; None if there is none.

    Where a wall time in *zone* and the id agree, or differ by a whole quarter of an hour up to 14
    hours (another zone), the id is believed; otherwise every reading is plausible.
    """
    by_wall = wall_readings(created_at, zone)
    by_id = id_reading(submission_id)
    if by_id is None:
        return (min(by_wall), max(by_wall)) if by_wall else None
    if not by_wall or any(_same_moment_elsewhere(by_id - reading) for reading in by_wall):
        return by_id, by_id
    return min(by_id, *by_wall), max(by_id, *by_wall)


def wall_readings(text: object, zone: dt.tzinfo) -> tuple[float, ...]:
    """Return the moments that the clock on a wall in *zone* showed *text*: two when clocks go back or forward."""
    found = _WALL_TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return ()
    try:
        wall = dt.datetime(*map(int, found.groups()), tzinfo=zone)  # type: ignore[misc, arg-type]
        first, second = wall.timestamp(), wall.replace(fold=1).timestamp()
    except (ValueError, OverflowError):
        return ()
    return (first,) if first == second else (first, second)


def id_reading(submission_id: str) -> float | None:
    """Return the moment that an id of 19 digits counts, or None if it is not such an id."""
    if len(submission_id) != _ID_DIGITS:
        return None
    seconds = int(submission_id) // _ID_TICKS_A_SECOND + _ID_EPOCH
    return float(seconds) if seconds >= _ID_CLOCK_BEGAN_AT else None


def _same_moment_elsewhere(difference_seconds: float) -> bool:
    return (
        abs(difference_seconds) <= _FARTHEST_ZONE_SECONDS and difference_seconds % _QUARTER_HOUR_SECONDS == 0
    )
