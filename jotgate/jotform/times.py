"""When a submission was made, read from two clocks of which neither is documented.

JotForm's `created_at` has no offset; on captured pairs it is New York time with daylight saving, and on other
accounts it may be another zone's. Ids of 19 digits count seconds: ``id // 10**10 + 1124190800`` was the UTC time
on every captured pair, to a second or two, and so did ``id // 10**9`` for an id of 18 digits. A form that was
filled in offline has the one clock of its filling in, and the other of its sending.

None of this is promised. So every plausible reading counts until many rows have shown what the account's zone is.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from functools import lru_cache
from typing import NamedTuple

from jotgate.frozen import frozen

_WALL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII)
_OFFSET = re.compile(r"UTC([+-])([0-9]{2}):([0-9]{2})", re.ASCII)
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001
_ID_EPOCH = 1_124_190_800
#: By the number of an id's digits: how many of its units are a second.
_ID_TICKS_A_SECOND = {18: 10**9, 19: 10**10}
#: 2021-01-01: since then every captured id of 19 digits counts.
_CERTAIN_SINCE = 1_609_459_200
_QUARTER_HOUR_SECONDS = 15 * 60
#: How far both clocks are apart when they show the same moment.
_GRAIN_SECONDS = 5
#: No zone is further from another than this matters: beyond it the two readings are unrelated.
_MAX_ZONE_SECONDS = 14 * 3600
#: How far clocks on earth are ahead of UTC and behind it.
_MAX_AHEAD_SECONDS, _MAX_BEHIND_SECONDS = 14 * 3600, 12 * 3600
#: A row without an id that counts tells its zone only when it is read as soon as it was made.
_FRESH_SECONDS = 15 * 60
_CLOCKS_DIFFER_SECONDS = 60

NEW_YORK = "America/New_York"


class Times(NamedTuple):
    """When a submission was made, in seconds since the epoch, UTC."""

    #: By the earliest and by the latest plausible reading.
    earliest: float
    latest: float
    #: What the earliest was read from: the id, `created_at` in a zone, or both.
    read_from: str


@frozen
class Wall:
    """Where the clock hangs that `created_at` is read from."""

    #: The names of the zones in which it may hang; see `zone_named`.
    zones: tuple[str, ...] = (NEW_YORK,)
    #: Whether many rows have shown that it hangs in the first of them, which is then the only one.
    is_known: bool = False


def creation_times(created_at: object, submission_id: str, wall: Wall) -> Times | None:
    """Return the earliest and the latest plausible reading; None if there is none."""
    by_id = id_reading(submission_id)
    by_wall = _by_wall(created_at, wall)
    if by_id is None or not _is_credible(by_id, submission_id, by_wall):
        return _by_wall_alone(created_at, by_wall, wall)
    if not by_wall:
        return Times(by_id, by_id, "id")
    same = [one for one in by_wall if _is_same(one[0], by_id)]
    agreeing = {name for _, name in same}
    readings = [(by_id, "id"), *same, *(one for one in by_wall if one[1] not in agreeing)]
    too_late = not wall.is_known and max(readings)[0] > by_id + _GRAIN_SECONDS
    if too_late and _offset(created_at, by_id) is not None:
        # Nothing is made after its id was given: such a reading is in another zone than the account's.
        readings = [one for one in readings if one[0] <= by_id + _GRAIN_SECONDS]
    earliest, name = min(readings)
    if same and _is_same(earliest, by_id):
        read_from = "id and created_at"
    else:
        read_from = name if name == "id" else f"created_at in {name}"
    return Times(earliest, max(readings)[0], read_from)


def _by_wall(created_at: object, wall: Wall) -> list[tuple[float, str]]:
    """Return each moment that a clock on a wall showed *created_at*, with its zone."""
    return [(moment, name) for name in wall.zones for moment in wall_readings(created_at, zone_named(name))]


def _is_credible(by_id: float, submission_id: str, by_wall: list[tuple[float, str]]) -> bool:
    """Say whether an id counts seconds: of 18 digits, and of earlier years, there are others, too."""
    if len(submission_id) == max(_ID_TICKS_A_SECOND) and by_id >= _CERTAIN_SINCE:
        return True
    return any(abs(by_id - moment) <= _MAX_ZONE_SECONDS for moment, _ in by_wall)


def _by_wall_alone(created_at: object, by_wall: list[tuple[float, str]], wall: Wall) -> Times | None:
    if not by_wall:
        return None
    if not wall.is_known:
        (as_utc,) = wall_readings(created_at, dt.timezone.utc)
        return Times(as_utc - _MAX_AHEAD_SECONDS, as_utc + _MAX_BEHIND_SECONDS, "created_at in any zone")
    earliest, name = min(by_wall)
    return Times(earliest, max(by_wall)[0], f"created_at in {name}")


def zone_shown(created_at: object, submission_id: str, wall: Wall, now: float) -> str | None:
    """Return the name of the zone that a row read at *now* shows, or None if it shows none.

    Where an id counts seconds, the zone is how far `created_at` is from it. Where it does not, a zone of *wall*
    is believed in which the row was made just now.
    """
    by_id = id_reading(submission_id)
    named = _by_wall(created_at, wall)
    if by_id is None or not _is_credible(by_id, submission_id, named):
        fresh = {name for moment, name in named if -_CLOCKS_DIFFER_SECONDS <= now - moment <= _FRESH_SECONDS}
        return fresh.pop() if len(fresh) == 1 else None
    for moment, name in named:
        if _is_same(moment, by_id):
            return name
    return _offset(created_at, by_id)


@lru_cache(maxsize=64)
def zone_named(name: str) -> dt.tzinfo:
    """Return the zone of an IANA name or of an offset such as ``UTC+05:30``; UTC for a name that means nothing."""
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        ahead = dt.timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return dt.timezone(ahead if offset[1] == "+" else -ahead)
    return zoneinfo.ZoneInfo(name) if is_zone(name) else dt.timezone.utc


def is_zone(name: str) -> bool:
    """Say whether there is a zone of this IANA name on this machine."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def wall_readings(text: object, zone: dt.tzinfo) -> tuple[float, ...]:
    """Return the moments that the clock on a wall in *zone* showed *text*: two when clocks go back or forward."""
    if not isinstance(text, str) or not _WALL_TIME.fullmatch(text):
        return ()
    try:
        wall = dt.datetime.fromisoformat(text)
    except ValueError:
        return ()
    first, second = zone.utcoffset(wall), zone.utcoffset(wall.replace(fold=1))
    offsets = (first,) if first == second else (first, second)
    return tuple([(wall - _EPOCH - offset).total_seconds() for offset in offsets if offset is not None])


def id_reading(submission_id: str) -> float | None:
    """Return the moment that an id of 18 or 19 digits counts, or None if it is not such an id."""
    ticks = _ID_TICKS_A_SECOND.get(len(submission_id))
    return None if ticks is None else float(int(submission_id) // ticks + _ID_EPOCH)


def _is_same(moment: float, other: float) -> bool:
    return abs(moment - other) <= _GRAIN_SECONDS


def _offset(created_at: object, by_id: float) -> str | None:
    """Return the offset at which both clocks show one moment, such as ``UTC+05:30``; None if there is none on earth."""
    for as_utc in wall_readings(created_at, dt.timezone.utc):
        quarters = round((as_utc - by_id) / _QUARTER_HOUR_SECONDS)
        ahead = quarters * _QUARTER_HOUR_SECONDS
        if -_MAX_BEHIND_SECONDS <= ahead <= _MAX_AHEAD_SECONDS and _is_same(as_utc - by_id, ahead):
            hours, rest = divmod(abs(quarters), 4)
            return f"UTC{'-' if quarters < 0 else '+'}{hours:02}:{rest * 15:02}"
    return None
