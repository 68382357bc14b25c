"""JotForm's daily allowance of API calls: how much is used, and when the next call may go out.

The account's allowance is shared with every other integration, so what JotForm itself says
(``limit-left``) outranks our own count. It is reset at "midnight EST" (JotForm's help page on
API limits), which may or may not follow daylight saving: both readings are accepted, and a
rising ``limit-left`` decides.

`Usage` is pure and lives in the store, where all processes share it; `Quota` is the way to it.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from jotgate.clock import Clock
from jotgate.errors import QuotaExhausted
from jotgate.frozen import frozen
from jotgate.phrases import phrase

T = TypeVar("T")

NEW_YORK = ZoneInfo("America/New_York")
#: The other reading of "EST": five hours behind UTC all year.
EST = dt.timezone(dt.timedelta(hours=-5))

#: Calls a day by plan; None: unlimited.
PLANS: dict[str, int | None] = {
    "free": 1_000,
    "starter": 1_000,
    "bronze": 10_000,
    "silver": 50_000,
    "gold": 100_000,
    "enterprise": None,
}
BURST_CALLS = 30.0
#: The share of the allowance that only the operator's own commands may use.
OPERATOR_SHARE = 0.1
#: Calls that may find out whether the allowance was reset at the earlier reading of midnight.
MAX_PROBES = 3
#: Machines' clocks, and JotForm's, are taken to be no further apart. For so long after a day began by our clock,
#: JotForm's count may still be of the day before.
CLOCKS_DIFFER_SECONDS = 3600.0
#: ``limit-left`` answers may overtake each other by as many calls as are under way at once.
_OVERTAKING = 40


@frozen
class Usage:
    """The allowance of one account on one day."""

    #: The New York date that `used` counts for, ISO 8601.
    day: str
    #: Calls a day, as JotForm says, or else the settings; None: unlimited.
    limit: int | None
    #: What the settings say, so that a change of them shows.
    configured: int | None
    used: int = 0
    #: Calls that the pace allows right now; every call takes one, down to 0.
    tokens: float = BURST_CALLS
    #: When `tokens` was counted, seconds since the epoch, UTC.
    tokens_at: float = 0.0
    #: The New York date on which `probes` were taken in the hour between both readings of midnight.
    probe_day: str = ""
    probes: int = 0
    #: The day on which JotForm was last asked how large the allowance is.
    asked_day: str = ""

    @property
    def held(self) -> int:
        """Return the calls that are kept for the operator."""
        if self.limit is None:
            return 0
        return max(0, min(int(self.limit * OPERATOR_SHARE), self.limit - self.used))

    @property
    def left(self) -> int | None:
        """Return the calls that the gate itself may still make today; None: unlimited."""
        if self.limit is None:
            return None
        return max(0, self.limit - self.used - self.held)


@frozen
class Grab:
    """The answer to a wish for one call."""

    granted: bool
    #: When another try makes sense, seconds since the epoch, UTC; only if it was not granted.
    until: float = 0.0


def day_window(now: float) -> tuple[str, float, float]:
    """Return the New York date at *now*, and when that day begins and ends, seconds since the epoch, UTC.

    The end is the next date's midnight, converted, so the days of a clock change last 23 and 25 hours.
    """
    date = dt.datetime.fromtimestamp(now, NEW_YORK).date()
    return date.isoformat(), _midnight(date), _midnight(date + dt.timedelta(days=1))


def _midnight(date: dt.date, zone: dt.tzinfo = NEW_YORK) -> float:
    return dt.datetime.combine(date, dt.time(), zone).timestamp()


def _certain_day(now: float) -> str:
    """Return the date that has begun by both readings of "EST": New York's is never behind."""
    return dt.datetime.fromtimestamp(now, EST).date().isoformat()


def current(usage: Usage, now: float) -> Usage:
    """Return *usage* as it stands at *now*: a day that has begun by every reading starts at 0, tokens refilled."""
    day = _certain_day(now)
    if day > usage.day:
        usage = replace(usage, day=day, used=0, tokens=BURST_CALLS)
    return _refilled(usage, now)


def configured(usage: Usage, limit: int | None) -> Usage:
    """Return *usage* as settings that say *limit* see it: a change counts at once, until JotForm is asked again.

    However much is used, a few calls are left to ask with.
    """
    if usage.configured == limit:
        return usage
    changed = replace(usage, limit=limit, configured=limit, asked_day="", tokens=BURST_CALLS)
    if limit is None:
        return changed
    return replace(changed, used=min(usage.used, int(limit * (1 - OPERATOR_SHARE)) - MAX_PROBES))


def _refilled(usage: Usage, now: float) -> Usage:
    left = usage.left
    if left is None:
        return replace(usage, tokens=BURST_CALLS, tokens_at=now)
    if now < usage.tokens_at <= now + CLOCKS_DIFFER_SECONDS:
        # Another machine's clock is ahead. Time that it has counted is not counted once more.
        return usage
    elapsed = max(0.0, now - usage.tokens_at)
    tokens = min(BURST_CALLS, usage.tokens + elapsed * _calls_a_second(usage, now))
    return replace(usage, tokens=tokens, tokens_at=now)


def _calls_a_second(usage: Usage, now: float) -> float:
    """Return the pace at which the calls left last until the day is over by both readings of midnight."""
    tomorrow = dt.date.fromisoformat(usage.day) + dt.timedelta(days=1)
    return (usage.left or 0) / max(_begins_at(tomorrow.isoformat()) - now, 1.0)


def _begins_at(day: str) -> float:
    """Return when a day has begun by both readings of midnight."""
    date = dt.date.fromisoformat(day)
    return max(_midnight(date), _midnight(date, EST))


def pace(usage: Usage, now: float) -> Grab:
    """Say whether the sweep may start a reading at *now*, so that the day's calls last the day."""
    usage = current(usage, now)
    if usage.left is None:
        return Grab(granted=True)
    if usage.left <= 0:
        return Grab(granted=_may_probe(usage, now), until=_next_reset(now))
    if usage.tokens >= 1.0:
        return Grab(granted=True)
    return Grab(granted=False, until=now + (1.0 - usage.tokens) / _calls_a_second(usage, now))


def take(usage: Usage, now: float, *, operator: bool) -> tuple[Usage, Grab]:
    """Take one call, if there is one; the operator's own commands may use the share kept for them."""
    usage = current(usage, now)
    left = usage.left
    if left is not None and operator:
        left += usage.held
    if left is not None and left <= 0:
        if not _may_probe(usage, now):
            return usage, Grab(granted=False, until=_next_reset(now))
        usage = _probed(usage, now)
    tokens = max(usage.tokens - 1.0, 0.0)
    return replace(usage, used=usage.used + 1, tokens=tokens), Grab(granted=True)


def _may_probe(usage: Usage, now: float) -> bool:
    """Say whether the allowance may have been reset at the earlier reading of midnight, and few calls tried it."""
    today, _, _ = day_window(now)
    if today <= usage.day:
        return False
    return usage.probe_day != today or usage.probes < MAX_PROBES


def _probed(usage: Usage, now: float) -> Usage:
    today, _, _ = day_window(now)
    probes = usage.probes if usage.probe_day == today else 0
    return replace(usage, probe_day=today, probes=probes + 1)


def _next_reset(now: float) -> float:
    """Return the next moment at which, by either reading, the allowance may be reset."""
    _, _, end = day_window(now)
    by_est = dt.datetime.fromtimestamp(now, EST).date() + dt.timedelta(days=1)
    return min(end, _midnight(by_est, EST))


def give_back(usage: Usage) -> Usage:
    """Return a call that certainly never left this machine."""
    return replace(usage, used=max(0, usage.used - 1), tokens=min(BURST_CALLS, usage.tokens + 1.0))


def discovered(usage: Usage, limit: int, used: int, now: float) -> Usage:
    """Take JotForm's word for how many calls a day has and how many are used, unless that may be yesterday's count."""
    if used > usage.used + _OVERTAKING and now < _begins_at(usage.day) + CLOCKS_DIFFER_SECONDS:
        return replace(usage, limit=limit)
    return replace(usage, limit=limit, used=used)


def observe(usage: Usage, left: int, now: float) -> Usage:
    """Take JotForm's own count: others' calls are added, and a count that rose means that the day was reset."""
    usage = current(usage, now)
    if usage.limit is None:
        # An account without a limit may say 0; one that has calls left has a limit, whatever its plan was called.
        return replace(usage, limit=usage.used + left) if left else usage
    limit = max(usage.limit, left)
    used = limit - left
    if used >= usage.used:
        return discovered(usage, limit, used, now)
    if usage.used - used <= _OVERTAKING and limit == usage.limit:
        return usage
    today, _, _ = day_window(now)
    return replace(usage, limit=limit, day=max(usage.day, today), used=used, tokens=BURST_CALLS)


class UsageStore(Protocol):
    """Where the usage lives."""

    def change_usage(self, account: str, change: Callable[[Usage | None], tuple[Usage, T]]) -> T:
        """Replace the account's usage by what *change* makes of it, in one transaction; return its answer."""
        ...

    def usage(self, account: str) -> Usage | None:
        """Return the account's usage as last written."""
        ...


class Quota:
    """One account's allowance, shared by every process on the same store."""

    def __init__(self, store: UsageStore, *, account: str, limit: int | None, clock: Clock) -> None:
        """Count the calls of *account*, which has *limit* calls a day by the settings, until JotForm says otherwise."""
        self._store = store
        self._account = account
        self._limit = limit
        self._clock = clock
        # Loaded with the first quota: what only counts, or knows the plans, does without.
        from cachetools import TTLCache

        self._snapshot: TTLCache[str, Usage] = TTLCache(1, ttl=5.0)
        self._lock = threading.Lock()

    def take(self, *, operator: bool = False) -> None:
        """Take one call before it is made.

        Raises:
            QuotaExhausted: there is none left for this purpose.
            StoreUnavailable: nothing can be counted, so nothing may be sent.
        """
        now = self._clock.now()
        grab = self._change(lambda usage: take(usage, now, operator=operator))
        if not grab.granted:
            raise QuotaExhausted(phrase("today's API calls are used up"), until=grab.until)

    def give_back(self) -> None:
        """Give a call back that failed before it was sent."""
        self._change(lambda usage: (give_back(usage), None))

    def observe(self, left: int) -> None:
        """Take note of the ``limit-left`` in an answer."""
        now = self._clock.now()
        self._change(lambda usage: (observe(usage, left, now), None))

    def discovered(self, *, limit: int, used: int) -> None:
        """Take note of the account's real allowance: ``api`` + ``limit-left`` of ``/user/usage``."""
        now = self._clock.now()
        self._change(lambda usage: (discovered(current(usage, now), limit, used, now), None))

    def asks(self) -> bool:
        """Say whether JotForm should be asked now how large the allowance is: once a day, by one process."""
        now = self._clock.now()

        def ask(usage: Usage) -> tuple[Usage, bool]:
            usage = current(usage, now)
            return replace(usage, asked_day=usage.day), usage.asked_day != usage.day

        return bool(self._change(ask))

    def pace(self) -> Grab:
        """Say whether the sweep may start a reading now."""
        return pace(self._current(), self._clock.now())

    def spare(self) -> bool:
        """Say whether there are calls for what can wait: the day's calls come faster than they are used."""
        usage = self._current()
        return usage.left is None or (usage.left > 0 and usage.tokens >= BURST_CALLS / 2)

    def seconds_each(self) -> float:
        """Return how long the day's pace takes to bring one call: what a call is worth."""
        usage, now = self._current(), self._clock.now()
        if usage.left is None:
            return 0.0
        return 1.0 / max(_calls_a_second(usage, now), 1e-9)

    def usage(self) -> Usage:
        """Return the usage as it stands, at most 5 seconds old."""
        with self._lock:
            usage = self._snapshot.get(self._account)
            if usage is None:
                usage = self._snapshot[self._account] = self._current()
        return usage

    def resets_at(self) -> float:
        """Return when the allowance is next reset by the New York reading, seconds since the epoch, UTC."""
        return day_window(self._clock.now())[2]

    def _current(self) -> Usage:
        return current(self._known(self._store.usage(self._account)), self._clock.now())

    def _known(self, usage: Usage | None) -> Usage:
        """Return the usage as these settings see it, or a first one."""
        if usage is not None:
            return configured(usage, self._limit)
        now = self._clock.now()
        return Usage(day=_certain_day(now), limit=self._limit, configured=self._limit, tokens_at=now)

    def _change(self, change: Callable[[Usage], tuple[Usage, Any]]) -> Any:
        answer = self._store.change_usage(self._account, lambda usage: change(self._known(usage)))
        with self._lock:
            self._snapshot.clear()
        return answer
