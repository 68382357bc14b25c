"""Dates and times: of the parts that a page posts, what the API adds to them and what it prints."""

from __future__ import annotations

from collections.abc import Mapping

#: The format of a question or an account, and the order in which it prints a date.
_ORDERS: Mapping[str, tuple[str, str, str]] = {
    "mmddyyyy": ("month", "day", "year"),
    "ddmmyyyy": ("day", "month", "year"),
}
_YEAR_FIRST = ("year", "month", "day")
_CLOCK = ("hourSelect", "minuteSelect", "ampm")


def stored(parts: Mapping[str, str]) -> str:
    """Return a date's `datetime`, as databases spell it, by 24 hours: ``2024-06-18 13:29:00``."""
    hour, minute = _hour_and_minute(parts)
    hours = int(hour) if _is_number(hour) else 0
    half = parts.get("ampm", "").upper()
    if half and 1 <= hours <= 12:
        hours = hours % 12 + (12 if half == "PM" else 0)
    minutes = int(minute) if _is_number(minute) else 0
    return f"{_day(parts, _YEAR_FIRST, '-')} {hours:02}:{minutes:02}:00"


def printed(parts: Mapping[str, str], date_format: str, separator: str) -> str:
    """Return a date, with its time if it has one, in a format: ``06/18/2024 01:29 PM``.

    Without a known format the year comes first.
    """
    day = _day(parts, _ORDERS.get(date_format, _YEAR_FIRST), separator)
    hour, minute = _hour_and_minute(parts)
    return f"{day} {_time(hour, minute, parts.get('ampm', ''))}".strip()


def printed_time(parts: Mapping[str, str]) -> str:
    """Return a time without a date, or the two ends of a range: ``9:05 AM - 5:30 PM``."""
    ends = (_time(*(parts.get(part + end, "") for part in _CLOCK)) for end in ("", "Range"))
    return " - ".join(filter(None, ends))


def _day(parts: Mapping[str, str], order: tuple[str, str, str], separator: str) -> str:
    # Rows that hold nothing but the moment show its day.
    moment = parts.get("datetime", "")[:10].split("-")
    held = {**dict(zip(_YEAR_FIRST, moment, strict=False)), **parts}
    return separator.join(held.get(part, "").zfill(2) for part in order)


def _hour_and_minute(parts: Mapping[str, str]) -> tuple[str, str]:
    """Return the time of a date; a page without JavaScript posts only the field that people see, ``01:29``."""
    if parts.get("hour"):
        return parts["hour"], parts.get("min", "")
    hour, _, minute = parts.get("timeInput", "").partition(":")
    return hour, minute


def _time(hour: str, minute: str, half: str) -> str:
    return f"{hour}:{minute.zfill(2)} {half}".strip() if hour else ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 2
