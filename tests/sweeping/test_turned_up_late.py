"""A submission that JotForm shows late is judged all the same: by its webhook, and without it within a day."""

from __future__ import annotations

import secrets

import pytest

from jotgate.outcomes import Verdict
from tests.standin.gated import Gated, gated

_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0


def _late_and_punctual(site: Gated, late_by: float) -> tuple[str, str]:
    """Send two forms half a minute apart; the row of the first is shown *late_by* seconds after it was sent."""
    site.wait(60, step=5)
    late, punctual = site.ticket(), site.ticket()
    sent_at = site.clock.at
    late_id = site.submit(ticket=late, visible_at=sent_at + late_by, webhook=False)
    site.wait(30)
    return late_id, site.submit(ticket=punctual)


def test_a_row_that_is_46_minutes_late_is_verified_when_its_webhook_comes() -> None:
    """The row of a payment that was completed late lies below all that was judged and grew old meanwhile."""
    with gated() as site:
        late, punctual = _late_and_punctual(site, 46 * _MINUTE)
        site.wait(45.5 * _MINUTE, step=10)
        assert site.verdicts() == {punctual: Verdict.VERIFIED}
        site.deliver("form-0", late)
        site.wait(3 * _MINUTE)
        assert site.verdicts() == {late: Verdict.VERIFIED, punctual: Verdict.VERIFIED}


def test_a_webhook_that_comes_before_its_late_row_is_not_forgotten() -> None:
    """The list may be behind the webhook by more than the second reading waits."""
    with gated() as site:
        late, punctual = _late_and_punctual(site, 46 * _MINUTE)
        site.deliver("form-0", late)
        site.wait(_DAY + _HOUR, step=30)
        assert site.verdicts() == {late: Verdict.VERIFIED, punctual: Verdict.VERIFIED}


@pytest.mark.parametrize(
    "late_by",
    [
        46 * _MINUTE,
        *(pytest.param(one, marks=pytest.mark.slow) for one in (20 * _MINUTE, 5 * _HOUR, _DAY, 7 * _DAY)),
    ],
)
def test_a_late_row_is_found_without_its_webhook_within_a_day(late_by: float) -> None:
    """By up to a week; what the ticket was worth when it was sent decides."""
    with gated() as site:
        late, punctual = _late_and_punctual(site, late_by)
        site.wait(late_by, step=120)
        site.wait(_DAY, step=120)
        assert site.verdicts() == {late: Verdict.VERIFIED, punctual: Verdict.VERIFIED}


def test_a_late_row_among_hundreds_is_found() -> None:
    """What was sent before and after it, and was judged, hides it from nobody."""
    with gated() as site:
        site.wait(60, step=5)
        code = site.code(uses=1_000)
        for number in range(400):
            site.submit(ticket=site.enter(code), webhook=number % 50 == 0)
            site.clock.at += 5
        late = site.submit(ticket=site.ticket(), visible_at=site.clock.at + 2 * _DAY, webhook=False)
        for number in range(400):
            site.submit(ticket=site.enter(code), webhook=number % 50 == 0)
            site.clock.at += 5
        site.wait(3 * _DAY, step=300)
        verdicts = site.verdicts()
        assert verdicts[late] is Verdict.VERIFIED
        assert len(verdicts) == 801
        assert set(verdicts.values()) == {Verdict.VERIFIED}


def test_late_rows_cost_a_quiet_account_nothing() -> None:
    """On a day on which nothing is sent, one form is read a few times and no more."""
    with gated() as site:
        site.submit(ticket=site.ticket())
        site.wait(2 * _DAY, step=60)
        before = site.account.calls
        site.wait(_DAY, step=60)
        # Four looks at the list and at the questions, one at the allowance, and the audit's.
        assert site.account.calls - before <= 12


def test_forged_deliveries_of_made_up_submissions_cost_two_calls_a_minute() -> None:
    """10,000 webhooks in an hour, each with an id of its own that there is not."""
    with gated() as site:
        site.submit(ticket=site.ticket())
        site.wait(_HOUR, step=10)
        before, began_at = site.account.calls, site.clock.at
        for number in range(10_000):
            site.clock.at = began_at + _HOUR * number / 10_000
            site.deliver("form-0", str(secrets.randbelow(10**19)).zfill(19))
            if number % 10 == 0:
                site.look()
        assert site.account.calls - before <= 2 * 60
        honest = site.submit(ticket=site.ticket())
        site.wait(2 * _MINUTE)
        assert site.verdicts()[honest] is Verdict.VERIFIED
