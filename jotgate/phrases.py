"""Words for numbers, spans of time and other people's texts, wherever people read them."""

from __future__ import annotations


def plain(text: str | None) -> str:
    """Return *text* without what would move a terminal's cursor; None becomes a dash."""
    if text is None:
        return "-"
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return "1 code", "30 codes", "1,000 codes"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def lasting(seconds: float) -> str:
    """Return how long something takes, in one unit: "40 s", "12 min", "3 h", "2 days"."""
    seconds = abs(seconds)
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"
