"""Rows that JotForm shows long after they were made: with their webhook, without it, and after a week."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jotgate.outcomes import Verdict

from .school import School, school

_MINUTE = 60.0
_HOUR = 3_600.0
_DAY = 86_400.0


@pytest.fixture
def site() -> Iterator[School]:
    with school() as opened:
        yield opened


def _appears(site: School, ticket: str, made_at: float) -> str:
    """Let a submission appear now that was made at *made_at*."""
    answers = {"jotgate": ticket, "name": {"first": "Late", "last": "L"}}
    return site.sandbox.submit(site.forms["form-0"], answers, at=made_at, webhook=False)


def _passed_by(site: School, seconds: float) -> tuple[str, float, str]:
    """Let one pupil's row stay away while a later one is judged, and grows old; return its ticket and its time."""
    site.wait(10)
    late, early = site.ticket(), site.ticket()
    made_at = site.clock.at
    site.clock.at += 30
    first = site.submit(ticket=early)
    site.wait(seconds, step=30)
    assert int(site.state().cursor or 0) >= int(first)
    return late, made_at, first


def test_a_row_that_comes_late_with_its_webhook_is_judged_by_the_next_reading(site: School) -> None:
    """46 minutes after it was sent: below the cursor, and found because its delivery names it."""
    ticket, made_at, first = _passed_by(site, 46 * _MINUTE)
    row = _appears(site, ticket, made_at)
    assert int(row) < int(first)
    site.parts.intake.take(site.forms["form-0"], row)
    site.wait(4)
    assert site.verdicts() == {first: Verdict.VERIFIED, row: Verdict.VERIFIED}


def test_a_late_row_without_answers_gets_its_verdict_when_they_come(site: School) -> None:
    """A look that shows nothing to judge by yet is not the last one."""
    ticket, made_at, first = _passed_by(site, 46 * _MINUTE)
    site.sandbox.add_fault("null_answers", None, seconds=46 * _MINUTE + 90)
    row = _appears(site, ticket, made_at)
    site.parts.intake.take(site.forms["form-0"], row)
    site.wait(4)
    assert site.verdicts()[row] is Verdict.PENDING
    site.wait(3 * _MINUTE)
    assert site.verdicts() == {first: Verdict.VERIFIED, row: Verdict.VERIFIED}


@pytest.mark.parametrize("late", [46 * _MINUTE, 20 * _HOUR, pytest.param(7 * _DAY, marks=pytest.mark.slow)])
def test_a_late_row_is_found_within_a_day_without_its_webhook(site: School, late: float) -> None:
    """Once a day one of the readings that are made anyway goes back for a week."""
    ticket, made_at, first = _passed_by(site, late)
    row = _appears(site, ticket, made_at)
    site.wait(_DAY + 6 * _HOUR, step=300)
    assert site.verdicts()[row] in (Verdict.VERIFIED, Verdict.EXPIRED)
    assert site.verdicts()[first] is Verdict.VERIFIED


def test_the_daily_look_back_costs_no_call_on_a_quiet_account(site: School) -> None:
    """The reading every six hours is one call, whether it goes back or not."""
    _passed_by(site, 2 * _DAY)
    before = len(site.sandbox.log)
    site.wait(2 * _DAY, step=600)
    lists = [call for call in site.sandbox.log[before:] if call.path.endswith("/submissions")]
    assert len(lists) <= 8


def test_forged_hints_cost_a_look_that_gets_rarer(site: School) -> None:
    """10,000 deliveries that name rows below the readings, none of which exists: two calls in a minute at most."""
    _, _, first = _passed_by(site, 46 * _MINUTE)
    started, before = site.clock.at, len(site.sandbox.log)
    for number in range(10_000):
        site.clock.at = started + 600 * number / 10_000
        site.parts.intake.take(site.forms["form-0"], str(int(first) - 1 - number))
        if number % 40 == 0:
            site.sweep()
    times = [call.at - started for call in site.sandbox.log[before:]]
    for minute in range(10):
        assert sum(minute * 60 <= at < (minute + 1) * 60 for at in times) <= 2
    looks = [call for call in site.sandbox.log[before:] if call.path.startswith("/submission/")]
    assert 1 <= len(looks) <= 4


def test_a_hint_to_another_form_leads_nowhere() -> None:
    """What the look shows belongs to its own form, whatever the delivery says."""
    with school(2) as site:
        site.wait(10)
        foreign = site.submit("form-1", site.ticket("form-1"))
        site.clock.at += 30
        site.submit("form-0", site.ticket("form-0"))
        site.wait(60)
        other = site.sandbox.submit(site.forms["form-1"], {}, at=site.made[foreign], webhook=False)
        site.parts.intake.take(site.forms["form-0"], other)
        site.wait(4)
        assert other not in site.verdicts()


@pytest.mark.parametrize("submission_id", ["", "12a", "١٢٣", "1" * 21, "-1", "0"])
def test_what_is_no_id_is_no_hint(site: School, submission_id: str) -> None:
    """It makes the form due like any delivery, and no more."""
    _passed_by(site, 46 * _MINUTE)
    before = len(site.sandbox.log)
    assert site.parts.intake.take(site.forms["form-0"], submission_id)
    site.wait(4)
    assert not [call for call in site.sandbox.log[before:] if call.path.startswith("/submission/")]


def test_a_row_that_is_a_few_minutes_late_is_found_by_the_next_full_reading(site: School) -> None:
    """Readings begin again below every row younger than a quarter of an hour, whatever was judged since."""
    site.wait(10)
    late, early = site.ticket(), site.ticket()
    made_at = site.clock.at
    site.clock.at += 10
    first = site.submit(ticket=early)
    site.wait(5 * _MINUTE)
    row = _appears(site, late, made_at)
    assert int(row) < int(first)
    site.wait(16 * _MINUTE, step=10)
    assert site.verdicts() == {first: Verdict.VERIFIED, row: Verdict.VERIFIED}


@pytest.mark.parametrize("answers", ["null", "empty", "each"])
def test_two_on_one_ticket_whose_answers_come_late_are_judged_in_their_order(answers: str) -> None:
    """The next quick reading shows the later one once more, and without the earlier one; neither holds others up."""
    with school(plan="enterprise", configured_plan="enterprise") as site:
        site.wait(10)
        ticket, other = site.ticket(), site.ticket()
        site.sandbox.add_fault("null_answers", None, seconds=20, shape=answers)
        first, second = site.submit(ticket=ticket), site.submit(ticket=ticket)
        site.wait(4)
        assert site.verdicts() == {first: Verdict.PENDING, second: Verdict.PENDING}
        site.sandbox.clear_faults()
        third = site.submit(ticket=other)
        site.wait(4)
        assert site.verdicts()[third] is Verdict.VERIFIED
        site.wait(2 * _MINUTE)
        assert site.verdicts() == {
            first: Verdict.VERIFIED,
            second: Verdict.REPLAYED,
            third: Verdict.VERIFIED,
        }


def test_one_that_waits_alone_is_judged_by_the_next_quick_reading() -> None:
    """Nothing that was sent before it can be in its way."""
    with school(plan="enterprise", configured_plan="enterprise") as site:
        site.wait(10)
        tickets = site.ticket(), site.ticket()
        site.sandbox.add_fault("null_answers", None, seconds=20)
        first = site.submit(ticket=tickets[0])
        site.wait(4)
        assert site.verdicts() == {first: Verdict.PENDING}
        site.sandbox.clear_faults()
        second = site.submit(ticket=tickets[1])
        site.wait(4)
        assert site.verdicts() == {first: Verdict.VERIFIED, second: Verdict.VERIFIED}
