"""Moments as mails say them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def moment_in(at: float | None, timezone: str) -> str:
    """Return "Friday, 4 December 2026, 12:00 (Europe/Berlin)"; empty for None."""
    if at is None:
        return ""
    moment = datetime.fromtimestamp(at, ZoneInfo(timezone))
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day} {month} {moment.year}, {moment:%H:%M} ({timezone})"
