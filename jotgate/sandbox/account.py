"""An account: its two keys, its plan, and the calls that it has used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

#: Limits by plan, a month but for the calls (JotForm's help pages); None: unlimited.
PLANS: Mapping[str, Mapping[str, int | None]] = {
    "FREE": {"submissions": 100, "views": 1_000, "formCount": 5, "api-daily-limit": 1_000},
    "BRONZE": {"submissions": 1_000, "views": 10_000, "formCount": 25, "api-daily-limit": 10_000},
    "SILVER": {"submissions": 2_500, "views": None, "formCount": 50, "api-daily-limit": 50_000},
    "GOLD": {"submissions": 10_000, "views": None, "formCount": 100, "api-daily-limit": 100_000},
    "ENTERPRISE": {"submissions": None, "views": None, "formCount": None, "api-daily-limit": None},
}
#: Calls a day by plan; None: unlimited.
DAILY_CALLS: Mapping[str, int | None] = {name: limits["api-daily-limit"] for name, limits in PLANS.items()}


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
    #: Settings that were changed, by JotForm's names.
    settings: dict[str, str] = field(default_factory=dict)

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
