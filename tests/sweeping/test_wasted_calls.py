"""Calls are the scarce good: none goes to what was refused, and one list covers what it can."""

from __future__ import annotations

import random

import pytest

from jotgate.outcomes import Refuse, Verdict
from jotgate.sweeping.schedule import COMPANY_SECONDS
from tests.standin.account import Call, Mishaps
from tests.standin.gated import Gated, gated

_MINUTE, _HOUR = 60.0, 3_600.0
#: What one list holds at most.
_FULL = 1_000


def test_a_form_that_is_refused_for_ever_costs_next_to_nothing() -> None:
    """One of twelve answers 401 (deleted at JotForm, or not ours): a few calls in six hours, not one a minute."""
    with gated(12) as site:
        site.wait(70, step=5)
        refused = site.forms["form-3"]
        before = site.account.calls
        site.wait(6 * _HOUR, step=20)
        usual = site.account.calls - before
        site.account.mishaps = Mishaps(refused=frozenset({refused}))
        site.deliver("form-3", "1")
        before = site.account.calls
        site.wait(6 * _HOUR, step=20)
        assert site.account.calls - before <= usual + 20


def test_the_others_are_judged_while_one_is_refused() -> None:
    """Every minute something is sent to one of the other eleven; verdicts come within 3 minutes, calls are left."""
    random.seed(2)
    with gated(12) as site:
        site.wait(70, step=5)
        site.account.mishaps = Mishaps(refused=frozenset({site.forms["form-3"]}))
        others = [form for form in site.forms if form != "form-3"]
        for _ in range(240):
            form = random.choice(others)
            site.submit(form, site.ticket(form))
            site.wait(_MINUTE, step=5)
        site.wait(5 * _MINUTE, step=5)
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * 240
        assert site.lateness()[-1] <= 3 * _MINUTE
        assert site.account.used_today() <= 400


def test_the_door_of_a_refused_form_is_closed_and_a_persons_sweep_asks_at_once() -> None:
    """Nobody fills in what cannot be read back; when JotForm shows it again, a person need not wait six hours."""
    with gated(2) as site:
        site.wait(70, step=5)
        site.account.mishaps = Mishaps(refused=frozenset({site.forms["form-0"]}))
        site.deliver("form-0", "1")
        site.wait(2 * _HOUR, step=30)
        assert isinstance(site.parts.gate.doorway("form-0"), Refuse)
        assert site.parts.gate.doorway("form-1") is None
        site.account.mishaps = Mishaps()
        site.parts.sweep.run(["form-0"], operator=True)
        assert site.parts.gate.doorway("form-0") is None


@pytest.mark.slow
def test_ignored_forms_in_the_filter_cost_no_more_than_one_list() -> None:
    """Where JotForm ignores `formIDs`, one list of everything covers twelve forms: most verdicts within 3 minutes."""
    random.seed(4)
    with gated(12) as site:
        site.account.mishaps = Mishaps(ignored=frozenset({"formIDs"}))
        foreign = site.account.add_form()
        for number in range(500):
            site.account.add_row(foreign, made_at=site.clock.at - 86_400 + number)
        site.wait(70, step=5)
        code_of = {form: site.code(form, uses=1_000) for form in site.forms}
        before, rows = site.account.calls, 200
        for _ in range(rows):
            form = random.choice(list(site.forms))
            site.submit(form, site.enter(code_of[form], form))
            if random.random() < 0.1:
                site.account.add_row(foreign)
            site.wait(30, step=5)
        site.wait(10 * _MINUTE, step=5)
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * rows
        late = site.lateness()
        assert late[int(rows * 0.95) - 1] <= 3 * _MINUTE
        assert site.account.calls - before <= 170


def _lists_since(site: Gated, before: int) -> list[Call]:
    return [call for call in site.account.log[before:] if call.path.endswith("/submissions")]


def test_a_full_page_needs_no_second_call_at_once() -> None:
    """A list of exactly 1,000 rows is one call; the next follows by itself, shows the rest, and moves `as_of`."""
    with gated() as site:
        site.wait(20 * _MINUTE, step=20)
        code = site.code(uses=_FULL + 1)
        tickets = [site.enter(code) for _ in range(_FULL + 1)]
        before, as_of = site.account.calls, site.state().full_read_at
        for ticket in tickets[:_FULL]:
            site.submit(ticket=ticket, webhook=False)
        site.submit(ticket=tickets[_FULL])
        site.wait(2)
        assert [call.rows for call in _lists_since(site, before)] == [_FULL]
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * _FULL
        assert site.state().full_read_at == as_of
        site.wait(2 * _MINUTE, step=5)
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * (_FULL + 1)
        assert (site.state().full_read_at or 0.0) > site.clock.at - 2 * _MINUTE


def test_a_full_page_of_a_form_that_is_due_by_itself_needs_no_second_call_at_once() -> None:
    """Without a single webhook: one call for the page, one for what may follow it, and no verdict is lost."""
    with gated() as site:
        site.wait(2 * _MINUTE, step=5)
        code, as_of = site.code(uses=_FULL + 1), site.state().full_read_at
        due_at = (as_of or 0.0) + COMPANY_SECONDS
        every = (due_at - site.clock.at - 1) / _FULL
        for number in range(_FULL + 1):
            at = site.clock.at + number * every
            site.submit(ticket=site.enter(code), webhook=False, made_at=at, visible_at=at)
        before = site.account.calls
        site.wait(due_at - site.clock.at, step=5)
        assert [call.rows for call in _lists_since(site, before)] == [_FULL]
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * _FULL
        assert site.state().full_read_at == as_of
        site.wait(2 * _MINUTE, step=5)
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * (_FULL + 1)


def test_what_really_waits_behind_a_full_page_is_read_at_once() -> None:
    """Five thousand rows of an hour without JotForm are judged by one sweep, not a page a minute."""
    with gated() as site:
        site.wait(_MINUTE, step=5)
        code = site.code(uses=5 * _FULL)
        for number in range(5 * _FULL):
            at = site.clock.at + number * _HOUR / (5 * _FULL)
            site.submit(ticket=site.enter(code), webhook=False, made_at=at)
        site.clock.at += _HOUR
        site.deliver("form-0", "")
        site.look()
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * 5 * _FULL


def test_without_webhooks_forms_with_tickets_out_share_their_calls_and_the_calls_left_over() -> None:
    """Twelve forms, no webhook, no report from the page: verdicts within 6 minutes, and half of the day's calls."""
    random.seed(6)
    with gated(12) as site:
        site.wait(70, step=5)
        before, rows = site.account.calls, 300
        for _ in range(rows):
            form = random.choice(list(site.forms))
            site.submit(form, site.ticket(form), webhook=False)
            site.wait(_MINUTE, step=10)
        site.wait(10 * _MINUTE, step=10)
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * rows
        assert site.lateness()[int(rows * 0.95) - 1] <= 6 * _MINUTE
        assert site.account.calls - before <= 160


def test_a_rush_of_all_forms_shares_its_calls() -> None:
    """Seven hundred submissions in twenty minutes over twelve forms: 95 % of the verdicts within 3 minutes."""
    random.seed(8)
    with gated(12) as site:
        site.wait(70, step=5)
        code_of = {form: site.code(form, uses=1_000) for form in site.forms}
        for _ in range(700):
            form = random.choice(list(site.forms))
            site.submit(form, site.enter(code_of[form], form))
            site.wait(1.8, step=2)
        site.wait(5 * _MINUTE, step=5)
        late = site.lateness()
        assert len(late) == 700
        assert late[int(700 * 0.95) - 1] <= 3 * _MINUTE
