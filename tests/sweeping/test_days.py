"""Whole days on a simulated clock: calls are the scarce good, and every submission gets its verdict."""

from __future__ import annotations

import random
import time

import pytest

from jotgate.outcomes import Verdict
from jotgate.quota import CLOCKS_DIFFER_SECONDS

from .school import School, school

_HOUR = 3_600.0


def _late(site: School, share: float) -> float:
    """Return within how many seconds that share of the submissions was judged."""
    lateness = site.lateness()
    return lateness[int(len(lateness) * share) - 1]


# A whole day and 2,000 submissions, each with its page and its ticket.
@pytest.mark.slow
def test_a_day_of_2000_submissions_over_12_forms_fits_into_1000_calls() -> None:
    """Every one is judged, 95 % within 3 minutes, and the account's 1,000 calls suffice."""
    random.seed(7)
    with school(12) as site:
        site.wait(10)
        started = site.clock.at
        # Most of a school day's submissions come in its hours, some all day round.
        times = sorted(
            started + (random.uniform(0, 23.5) if random.random() < 0.2 else random.gauss(13, 2)) * _HOUR
            for _ in range(2_000)
        )
        code_of = {form: site.codes(form, uses=1_000)[0] for form in site.forms}
        for at in times:
            while site.clock.at + 5 < at:
                site.clock.at += 5
                site.sweep()
            form = random.choice(list(site.forms))
            site.submit(form, site.enter(form, code_of[form]))
        site.wait(started + 23.8 * _HOUR - site.clock.at, step=5)

        verdicts = site.verdicts()
        assert len(verdicts) == 2_000
        assert set(verdicts.values()) == {Verdict.VERIFIED}
        assert site.sandbox.calls <= 1_000
        assert _late(site, 0.95) <= 180


def test_forged_webhooks_cost_two_calls_a_minute_and_delay_nobody() -> None:
    """10,000 forged webhooks in a minute and 50 honest ones: at most 2 calls a minute, nobody 2 minutes late."""
    random.seed(11)
    with school() as site:
        site.wait(70)
        tickets = [site.ticket() for _ in range(50)]
        honest = set(random.sample(range(10_000), 50))
        calls, started = site.sandbox.calls, site.clock.at
        for number in range(10_000):
            site.clock.at = started + 60 * number / 10_000
            if number in honest:
                site.submit(ticket=tickets.pop())
            else:
                site.parts.intake.take(site.forms["form-0"])
            if number % 40 == 0:
                site.sweep()
        assert site.sandbox.calls - calls <= 2
        site.wait(120)
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * 50
        assert site.lateness()[-1] <= 120
        site.wait(120)
        assert site.sandbox.calls - calls <= 10


def test_a_trickle_of_forged_webhooks_is_slowed_as_well() -> None:
    """One forged webhook every two seconds all day long cannot use up the day's calls."""
    with school() as site:
        site.wait(70)
        calls = site.sandbox.calls
        for _ in range(1_800):
            site.clock.at += 2
            site.parts.intake.take(site.forms["form-0"])
            site.sweep()
        assert site.sandbox.calls - calls <= 75
        submission_id = site.submit(ticket=site.ticket())
        site.wait(120)
        assert site.verdicts() == {submission_id: Verdict.VERIFIED}


def test_without_any_webhook_all_are_judged_within_20_minutes() -> None:
    """A form with tickets out is read by itself."""
    random.seed(3)
    with school(3) as site:
        site.wait(10)
        for _ in range(60):
            form = random.choice(list(site.forms))
            site.submit(form, site.ticket(form), webhook=False)
            site.wait(random.uniform(10, 200), step=20)
        site.wait(20 * 60, step=10)
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * 60
        assert site.lateness()[-1] <= 20 * 60
        assert site.sandbox.calls <= 60


def test_lost_doubled_late_and_reordered_webhooks_lose_nothing() -> None:
    """20 % of the webhooks lost, 20 % doubled, some 48 hours late: every submission is judged once."""
    random.seed(5)
    with school(2) as site:
        site.wait(10)
        late: list[str] = []
        for _ in range(100):
            form = random.choice(list(site.forms))
            fate = random.random()
            site.submit(form, site.ticket(form), webhook=fate > 0.3)
            if fate > 0.8:
                site.parts.intake.take(site.forms[form])
            if fate < 0.1:
                late.append(site.forms[form])
            site.wait(random.uniform(5, 60), step=5)
        site.wait(20 * 60, step=10)
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * 100
        site.clock.at += 48 * _HOUR
        for form_id in reversed(late):
            site.parts.intake.take(form_id)
        site.wait(200)
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * 100


def test_a_day_without_jotform_is_made_up_for_in_two_calls_a_form() -> None:
    """The gate goes on, 1,000 webhooks wait, and one list brings all their verdicts."""
    with school() as site:
        site.wait(10)
        site.sandbox.add_fault("down", None)
        (code,) = site.codes("form-0", uses=1_000)
        for number in range(1_000):
            site.submit(ticket=site.enter("form-0", code))
            site.clock.at += 86
            if number % 10 == 0:
                site.sweep()
        assert site.verdicts() == {}
        site.sandbox.clear_faults()
        # In an outage JotForm is tried every five minutes.
        site.clock.at += 301
        before = len(site.sandbox.log)
        # One sweep of its own is enough; the questions are old by then and cost one more call.
        site.sweep()
        lists = [call for call in site.sandbox.log[before:] if call.path.endswith("/submissions")]
        assert len(lists) <= 2
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * 1_000


def test_a_spent_day_waits_for_the_reset_and_resumes_within_a_minute() -> None:
    """When another integration takes what is left, no call goes out until the day is over."""
    with school() as site:
        site.wait(10)
        site.clock.at += 10 * _HOUR
        site.sandbox.use_calls(site.parts.quota.usage().limit or 0)
        submission_id = site.submit(ticket=site.ticket())
        site.wait(60)
        refused = site.sandbox.calls
        log = len(site.sandbox.log)
        site.wait(site.parts.quota.resets_at() - site.clock.at - 10, step=60)
        assert len(site.sandbox.log) == log
        assert site.sandbox.calls == refused
        assert site.verdicts() in ({}, {submission_id: Verdict.PENDING})
        site.wait(10)
        reset_at = site.clock.at
        site.wait(60)
        assert site.verdicts() == {submission_id: Verdict.VERIFIED}
        assert site.records()[submission_id].judged_at - reset_at <= 60  # type: ignore[operator]


def test_another_integration_takes_500_calls_at_once() -> None:
    """What JotForm says is left outranks our own count, once it cannot be yesterday's, and the pace adapts."""
    with school() as site:
        site.wait(CLOCKS_DIFFER_SECONDS, step=60)
        site.sandbox.use_calls(500)
        submission_id = site.submit(ticket=site.ticket())
        site.wait(10)
        assert site.verdicts() == {submission_id: Verdict.VERIFIED}
        assert site.parts.quota.usage().used == site.sandbox.calls


def test_judging_1000_submissions_is_one_call() -> None:
    """One list call judges 1,000 submissions."""
    with school() as site:
        site.wait(70)
        (code,) = site.codes("form-0", uses=999)
        for _ in range(999):
            site.submit(ticket=site.enter("form-0", code), webhook=False)
        calls = site.sandbox.calls
        site.parts.intake.take(site.forms["form-0"])
        started = time.process_time()
        site.wait(2)
        assert time.process_time() > started
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * 999
        assert site.sandbox.calls - calls == 1


@pytest.mark.nightly
def test_a_plan_of_10000_calls_carries_20000_students() -> None:
    """An exam morning: 20,000 submissions in three hours, all judged, within the plan."""
    random.seed(13)
    with school(4, plan="bronze") as site:
        site.wait(10)
        code_of = {form: site.codes(form, uses=20_000)[0] for form in site.forms}
        started = site.clock.at
        for number in range(20_000):
            at = started + 3 * _HOUR * number / 20_000
            while site.clock.at + 2 < at:
                site.clock.at += 2
                site.sweep()
            form = random.choice(list(site.forms))
            site.submit(form, site.enter(form, code_of[form]))
        site.wait(300)
        assert len(site.verdicts()) == 20_000
        assert set(site.verdicts().values()) == {Verdict.VERIFIED}
        assert site.sandbox.calls <= 10_000
