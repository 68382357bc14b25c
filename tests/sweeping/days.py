"""Whole days of one account, simulated: how long verdicts take, and what they cost.

``TMPDIR=/dev/shm python -m tests.sweeping.days`` prints the table, in some twenty minutes; with a number, for so many
submissions a day. `days.txt` keeps what it printed last.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from jotgate.outcomes import Verdict
from jotgate.quota import NEW_YORK
from tests.standin.account import Mishaps
from tests.standin.gated import Gated, gated

_MINUTE, _HOUR = 60.0, 3_600.0
_LOOK_SECONDS = 5.0
#: When each submission of a day is sent, in hours since the day began.
_PATTERNS: dict[str, Callable[[random.Random], float]] = {
    "school": lambda dice: dice.uniform(0.2, 23) if dice.random() < 0.2 else dice.gauss(13, 2),
    "hour": lambda dice: dice.uniform(10, 11),
    "evening": lambda dice: dice.gauss(20, 1),
    "bursts": lambda dice: dice.randrange(1, 23) + dice.uniform(0, 1 / 12),
    "midnight": lambda dice: min(dice.gauss(23, 1.2), 25.9),
}
#: How long after a submission its webhooks come.
_WEBHOOKS: dict[str, Callable[[random.Random], tuple[float, ...]]] = {
    "all": lambda _: (1.0,),
    "doubled": lambda _: (1.0, 9.0),
    "20 % lost": lambda dice: () if dice.random() < 0.2 else (1.0,),
    "all lost": lambda _: (),
    "48 h late": lambda _: (48 * _HOUR,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a day is like."""

    date: str = "2026-01-12"
    forms: int = 12
    pattern: str = "school"
    webhooks: str = "all"
    plan: str = "free"
    #: JotForm is down from 11 to 12 o'clock.
    outage: bool = False
    #: Rows show half a minute late, and their answers a minute after that.
    lag: bool = False
    ignored: bool = False

    def __str__(self) -> str:
        marks = [name for name in ("outage", "lag", "ignored") if getattr(self, name)]
        return ", ".join([self.date, f"{self.forms} forms", self.pattern, self.webhooks, self.plan, *marks])


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of it."""

    verified: int
    #: Seconds until half, and until 95 %, of the submissions had their verdict.
    median: float
    late: float
    #: The share of verdicts within 3 minutes.
    soon: float
    #: The most calls on one day of the account.
    calls: int


def simulate(day: Day, submissions: int = 2_000) -> Outcome:
    """Play a day, and the hour after it."""
    dice = random.Random(f"{day}")
    begins_at = dt.datetime.fromisoformat(day.date).replace(tzinfo=NEW_YORK).timestamp() + _MINUTE
    limit = {"free": 1_000, "bronze": 10_000}[day.plan]
    account = {"plan": day.plan.upper(), "daily_limit": limit}
    with gated(day.forms, account=account, at=begins_at) as site:
        ignored = frozenset({"formIDs"} if day.ignored else ())
        site.account.mishaps = Mishaps(ignored=ignored)
        code_of = {form: site.code(form, uses=submissions) for form in site.forms}
        for at, act in _agenda(site, day, code_of, dice, begins_at, submissions):
            _wait_until(site, at)
            act()
        _wait_until(site, site.clock.at + _HOUR)
        late = site.lateness()
        return Outcome(
            verified=sum(verdict is Verdict.VERIFIED for verdict in site.verdicts().values()),
            median=late[len(late) // 2],
            late=late[int(len(late) * 0.95) - 1],
            soon=sum(seconds <= 3 * _MINUTE for seconds in late) / submissions,
            calls=max(site.account.used_by_day().values()),
        )


def _wait_until(site: Gated, at: float) -> None:
    if at > site.clock.at:
        site.wait(at - site.clock.at, step=_LOOK_SECONDS)


def _agenda(
    site: Gated, day: Day, code_of: dict[str, str], dice: random.Random, begins_at: float, submissions: int
) -> list[tuple[float, Callable[[], object]]]:
    """Return what happens when, in its order."""
    agenda: list[tuple[float, Callable[[], object]]] = []
    lag, null = (30.0, 60.0) if day.lag else (0.0, 0.0)
    for _ in range(submissions):
        form, at = dice.choice(list(site.forms)), begins_at + _PATTERNS[day.pattern](dice) * _HOUR

        def send(form: str = form, at: float = at) -> None:
            ticket = site.enter(code_of[form], form)
            site.submit(form, ticket, webhook=False, visible_at=at + lag, answers_at=at + lag + null)

        agenda.append((at, send))
        # JotForm's ids are not known before: a webhook that names none is a hint all the same.
        agenda += [
            (at + after, lambda form=form: site.deliver(form, "")) for after in _WEBHOOKS[day.webhooks](dice)
        ]  # type: ignore[misc]
    if day.outage:
        before = site.account.mishaps
        agenda.append((begins_at + 11 * _HOUR, lambda: setattr(site.account, "mishaps", Mishaps(status=502))))
        agenda.append((begins_at + 12 * _HOUR, lambda: setattr(site.account, "mishaps", before)))
    last = begins_at + 26 * _HOUR
    return sorted(((at, act) for at, act in agenda if at < last), key=lambda one: one[0])


def days() -> Iterator[Day]:
    """Give an ordinary day, and then every way in which a day may differ from it."""
    usual = Day()
    yield usual
    yield from (replace(usual, forms=forms) for forms in (25, 100))
    yield from (replace(usual, pattern=pattern) for pattern in _PATTERNS if pattern != usual.pattern)
    yield from (replace(usual, webhooks=webhooks) for webhooks in _WEBHOOKS if webhooks != usual.webhooks)
    yield replace(usual, outage=True)
    yield replace(usual, lag=True)
    yield replace(usual, ignored=True)
    yield replace(usual, plan="bronze")
    yield from (
        replace(usual, date=date, pattern="midnight") for date in ("2026-03-07", "2026-07-13", "2026-11-01")
    )


def line(day: Day, outcome: Outcome, submissions: int) -> str:
    """Return a line of the table."""
    return (
        f"{day!s:<70} {outcome.verified:>5} of {submissions} {outcome.median:>6.0f} s {outcome.late:>6.0f} s"
        f" {outcome.soon:>5.0%} {outcome.calls:>5} calls"
    )


if __name__ == "__main__":
    a_day = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    for one in days():
        print(line(one, simulate(one, a_day), a_day), flush=True)
