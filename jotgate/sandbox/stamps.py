"""JotForm's times and ids: local times without an offset, and ids that count seconds.

Source: pairs of id and `created_at` that public clients recorded, winter and summer. The id rule is
undocumented.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

#: What `id // 10**10`, and `id // 10**9` of one of 18 digits, lacks to be seconds since the epoch, UTC.
ID_SHIFT_SECONDS = 1_124_190_800
NEW_YORK = "America/New_York"
FIXED_EST = timezone(timedelta(hours=-5))


def local_time(at: float, zone: str) -> str:
    """Write a time the way JotForm does: local to `zone`, to the second, with no offset."""
    return datetime.fromtimestamp(int(at), ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def api_day(at: float, *, daylight_saving: bool) -> date:
    """Return the day whose calls are counted together; in summer the readings of "midnight EST" differ."""
    return datetime.fromtimestamp(at, ZoneInfo(NEW_YORK) if daylight_saving else FIXED_EST).date()


def new_form_id(at: float) -> str:
    """Make a form id: two digits of the year, three of its day, ten at random."""
    return (
        datetime.fromtimestamp(at, ZoneInfo(NEW_YORK)).strftime("%y%j") + f"{secrets.randbelow(10**10):010d}"
    )


class SubmissionIds:
    """Make submission ids that tell their creation time and grow, even while the clock stands still."""

    def __init__(self, digits: int = 19) -> None:
        self._parts_a_second: int = 10 ** (digits - 9)
        self._last: dict[int, int] = {}

    def next(self, at: float) -> str:
        """Return a new id of the second that `at` lies in."""
        second = int(at)
        within = max(int((at - second) * 10**6) * self._parts_a_second // 10**6, self._last.get(second, 0))
        self._last[second] = within + 1 + secrets.randbelow(997)
        return str((second - ID_SHIFT_SECONDS) * self._parts_a_second + self._last[second])
