"""Days of every kind: each submission gets its verdict within the account's calls, soon where a webhook says so."""

from __future__ import annotations

import pytest

from .days import Day, days, simulate

_LIMITS = {"free": 1_000, "bronze": 10_000}


def _check(day: Day, submissions: int) -> None:
    outcome = simulate(day, submissions)
    assert outcome.verified == submissions
    assert outcome.calls <= _LIMITS[day.plan]
    if day.webhooks in ("all", "doubled") and not (day.outage or day.lag or day.ignored):
        assert outcome.late <= 180


@pytest.mark.parametrize(
    "day",
    [
        Day(),
        Day(pattern="bursts", webhooks="doubled"),
        Day(webhooks="20 % lost", lag=True),
        Day(forms=3, webhooks="48 h late", outage=True),
    ],
    ids=str,
)
def test_a_small_day_is_judged_within_its_calls(day: Day) -> None:
    """Forty submissions, as a change needs them."""
    _check(day, 40)


@pytest.mark.nightly
@pytest.mark.parametrize("day", list(days()), ids=str)
def test_a_day_of_2000_submissions_is_judged_within_its_calls(day: Day) -> None:
    """The whole table."""
    _check(day, 2_000)
