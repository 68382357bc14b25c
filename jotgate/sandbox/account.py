"""An account: its two keys, its plan, and the calls that it has used."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

#: Calls a day by plan (JotForm's help page on API keys); None: unlimited.
DAILY_CALLS: dict[str, int | None] = {
    "FREE": 1_000,
    "BRONZE": 10_000,
    "SILVER": 50_000,
    "GOLD": 100_000,
    "ENTERPRISE": None,
}


@dataclass(slots=True, kw_only=True)
class Account:
    """The owner of forms. The daily limit is the account's, whichever of its keys is used."""

    username: str
    #: In capitals, as in the URL that `GET /user` gives.
    plan: str
    #: US, EU or HIPAA.
    region: str
    read_key: str = field(repr=False)
    full_key: str = field(repr=False)
    #: Calls a day; None: unlimited.
    daily_calls: int | None
    #: Seconds since the epoch, UTC.
    created_at: float
    #: Calls used on each day; kept by day, so that a clock that goes back finds its day again.
    used: dict[date, int] = field(default_factory=dict)

    def is_over(self, day: date) -> bool:
        """Tell whether no call is left on this day."""
        return self.daily_calls is not None and self.used.get(day, 0) >= self.daily_calls

    def charge(self, day: date, calls: int = 1) -> None:
        """Count calls of this day; never beyond the limit, since refused calls are not counted."""
        total = self.used.get(day, 0) + calls
        self.used[day] = total if self.daily_calls is None else min(total, self.daily_calls)

    def left(self, day: date) -> int | None:
        """Return how many calls are left on this day; None: unlimited."""
        return None if self.daily_calls is None else self.daily_calls - self.used.get(day, 0)
