"""A rush around the midnight at which the day's calls are given anew, by either reading of it."""

from __future__ import annotations

import datetime as dt

import pytest

from jotgate.outcomes import Verdict
from jotgate.quota import EST, NEW_YORK
from tests.model.site import SiteClock
from tests.standin.gated import gated, one_more_machine

_HOUR = 3_600.0


@pytest.mark.parametrize("resets_in", [NEW_YORK, EST], ids=["new-york", "est"])
@pytest.mark.parametrize(
    "evening",
    [
        "2026-01-12",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("2026-07-13", "2026-03-07", "2026-11-01")),
    ],
)
def test_a_rush_around_midnight_is_judged_within_minutes(evening: str, resets_in: dt.tzinfo) -> None:
    """One form a minute for three hours, 500 calls left: 90 % of the verdicts come within 3 minutes."""
    starts_at = dt.datetime.fromisoformat(f"{evening} 22:30:00").replace(tzinfo=NEW_YORK).timestamp()
    with gated(3, account={"resets_in": resets_in}, at=starts_at - 600) as site:
        site.account.use_elsewhere(500)
        site.wait(600, step=20)
        forms = list(site.forms)
        for number in range(180):
            form = forms[number % 3]
            site.submit(form, site.ticket(form))
            site.wait(60, step=10)
        site.wait(10 * 60, step=10)
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * 180
        assert site.lateness()[int(180 * 0.9) - 1] <= 3 * 60


@pytest.mark.parametrize(
    "off_seconds", [-_HOUR, *(pytest.param(one, marks=pytest.mark.slow) for one in (-7.0, 7.0, _HOUR))]
)
def test_f24_machines_whose_clocks_differ_share_the_days_calls(off_seconds: float) -> None:
    """A rush around midnight, two machines on one store: no day has more calls than the plan, and all is judged."""
    starts_at = dt.datetime.fromisoformat("2026-01-12 20:00:00").replace(tzinfo=NEW_YORK).timestamp()
    with gated(3, at=starts_at) as site:
        site.account.use_elsewhere(700)
        other = one_more_machine(site, SiteClock(site.clock, off_seconds))
        sent = 8 * 60
        for number in range(sent + 10):
            if number < sent:
                form = f"form-{number % 3}"
                site.submit(form, site.ticket(form))
            for _ in range(6):
                site.wait(5, step=5)
                other.look()
                other.clock.at += 5
        other.close()
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * sent
        assert max(site.account.used_by_day().values()) <= 1_000
        assert all(call.status != 429 for call in site.account.log)
