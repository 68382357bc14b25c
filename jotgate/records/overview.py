"""How a form goes, for who looks after it: how far people come, and what else arrives."""

from __future__ import annotations

import datetime as dt
import statistics
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from cachetools import TTLCache

from jotgate.clock import Clock
from jotgate.frozen import frozen
from jotgate.outcomes import Verdict
from jotgate.policy import FormPolicy
from jotgate.protocols import FormFigures
from jotgate.protocols.people import CodeSearch, CodeState
from jotgate.quota import Quota, Usage, day_window
from jotgate.stores import Store

#: The days that a page shows one by one.
DAYS = 14
#: How long figures are good, so that many who watch cost as much as one.
_KEPT_SECONDS = 3.0
#: Before this much of a day is over, it says nothing of the rest.
_LEAST_DAY = 1 / 24


@frozen
class Day:
    """One day in the form's timezone."""

    date: dt.date
    opened: int
    #: Submissions that count, and all others.
    counted: int
    others: int


@frozen
class Overview:
    """How one form goes."""

    policy: FormPolicy
    figures: FormFigures
    #: How many codes are how far.
    codes: Mapping[CodeState, int]
    #: The oldest first; today is the last.
    days: Sequence[Day]

    @property
    def counted(self) -> int:
        """Submissions that count."""
        return sum(number for verdict, number in self.figures.verdicts.items() if verdict.counts)

    @property
    def pending(self) -> int:
        """Submissions that wait for their verdict."""
        return self.figures.verdicts.get(Verdict.PENDING, 0)

    @property
    def others(self) -> Mapping[Verdict, int]:
        """Submissions that do not count, by their verdict."""
        return {
            verdict: number
            for verdict, number in self.figures.verdicts.items()
            if not verdict.counts and verdict is not Verdict.PENDING
        }

    @property
    def usual_seconds(self) -> float | None:
        """How long half of the last people took from opening to sending at most; None: nobody sent it yet."""
        return statistics.median(self.figures.durations) if self.figures.durations else None


@frozen
class Calls:
    """How the day's calls to JotForm go."""

    usage: Usage
    resets_at: float
    #: How many there will be if the rest of the day goes like this; None: it is too early to say.
    expected: int | None


class Overviews:
    """Overviews, shared by all who look at once."""

    def __init__(
        self, policies: Mapping[str, FormPolicy], *, store: Store, quota: Quota, clock: Clock
    ) -> None:
        self._policies = policies
        self._store = store
        self._quota = quota
        self._clock = clock
        self._kept: TTLCache[str, Overview] = TTLCache(64, ttl=_KEPT_SECONDS)
        self._lock = threading.Lock()

    def form(self, form: str) -> Overview:
        """Return how *form* goes, at most some seconds old.

        Raises:
            StoreUnavailable: nothing can be known.
        """
        with self._lock:
            kept = self._kept.get(form)
        if kept is None:
            kept = self._look(self._policies[form])
            with self._lock:
                self._kept[form] = kept
        return kept

    def calls(self) -> Calls:
        """Return how today's calls go."""
        now = self._clock.now()
        usage, (_, began_at, ends_at) = self._quota.usage(), day_window(now)
        share = (now - began_at) / (ends_at - began_at)
        expected = round(usage.used / share) if share >= _LEAST_DAY else None
        return Calls(usage=usage, resets_at=ends_at, expected=expected)

    def _look(self, policy: FormPolicy) -> Overview:
        zone, now = ZoneInfo(policy.timezone), self._clock.now()
        today = dt.datetime.fromtimestamp(now, zone).date()
        dates = [today - dt.timedelta(days=back) for back in reversed(range(DAYS))]
        since = dt.datetime.combine(dates[0], dt.time(), zone).timestamp()
        figures = self._store.figures(policy.form, since=since)
        codes = self._store.tally_codes(CodeSearch(form=policy.form), now=now)
        return Overview(policy=policy, figures=figures, codes=codes, days=_days(figures, dates, zone))


def _days(figures: FormFigures, dates: Iterable[dt.date], zone: ZoneInfo) -> list[Day]:
    def by_day(moments: Iterable[float]) -> Counter[dt.date]:
        return Counter(dt.datetime.fromtimestamp(at, zone).date() for at in moments)

    opened = by_day(figures.opened_at)
    counted = by_day(at for at, verdict in figures.sent_at if verdict.counts)
    everything = by_day(at for at, _ in figures.sent_at)
    return [
        Day(date=date, opened=opened[date], counted=counted[date], others=everything[date] - counted[date])
        for date in dates
    ]
