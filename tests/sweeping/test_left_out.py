"""A list that leaves a form out proves nothing about it: no cursor moves, and the answer stays as old as it is."""

from __future__ import annotations

import pytest

from jotgate.outcomes import Verdict
from jotgate.records.standing import State
from jotgate.signed.tickets import read_ticket
from tests.standin.account import Mishaps
from tests.standin.gated import Gated, gated

_MINUTE, _HOUR = 60.0, 3_600.0


def _two_sent(site: Gated) -> tuple[str, str]:
    """Send both forms, the left-out one first; both webhooks come together, and both forms have more tickets out."""
    site.ticket("form-0")
    site.ticket("form-1")
    left_out = site.submit("form-0", site.ticket("form-0"), webhook=False)
    site.clock.at += 20
    shown = site.submit("form-1", site.ticket("form-1"))
    site.deliver("form-0", left_out)
    return left_out, shown


@pytest.mark.parametrize("hours", [1, 5])
def test_a_form_that_combined_lists_leave_out_is_asked_for_by_itself(hours: int) -> None:
    """Its rows are judged while combined lists go on without them."""
    with gated(2) as site:
        site.wait(70, step=5)
        left_out_id = site.forms["form-0"]
        site.account.mishaps = Mishaps(hidden_together=frozenset({left_out_id}))
        left_out, shown = _two_sent(site)
        site.wait(hours * _HOUR, step=20)
        assert site.verdicts() == {left_out: Verdict.VERIFIED, shown: Verdict.VERIFIED}


def test_forms_whose_first_submission_shows_late_go_on_sharing_calls() -> None:
    """A list without it left nothing out: the form is asked for by itself once, not for a day."""
    with gated(2) as site:
        site.wait(70, step=5)
        late = [
            site.submit(form, site.ticket(form), visible_at=site.clock.at + 30, answers_at=site.clock.at + 90)
            for form in site.forms
        ]
        site.wait(10 * _MINUTE, step=5)
        before = len(site.account.log)
        rows = []
        for _ in range(6):
            rows += [site.submit(form, site.ticket(form)) for form in site.forms]
            site.wait(5 * _MINUTE, step=5)
        assert site.verdicts() == dict.fromkeys([*late, *rows], Verdict.VERIFIED)
        assert {call.path for call in site.account.log[before:]} == {"/user/submissions"}


def test_rows_that_no_list_shows_for_hours_are_judged_when_one_does() -> None:
    """200 and an empty list for three hours: another form's rows carry no cursor past them."""
    with gated(2) as site:
        site.wait(70, step=5)
        site.account.mishaps = Mishaps(hidden=frozenset({site.forms["form-0"]}))
        left_out, shown = _two_sent(site)
        site.wait(3 * _HOUR, step=20)
        assert site.verdicts() == {shown: Verdict.VERIFIED}
        site.account.mishaps = Mishaps()
        site.wait(20 * _MINUTE, step=20)
        assert site.verdicts() == {left_out: Verdict.VERIFIED, shown: Verdict.VERIFIED}


def test_an_empty_list_for_hours_on_a_single_form_loses_nothing() -> None:
    """The account's only form, its webhook long come, is still read when its rows appear."""
    with gated() as site:
        site.wait(70, step=5)
        site.account.mishaps = Mishaps(hidden=frozenset({site.forms["form-0"]}))
        row = site.submit(ticket=site.ticket())
        site.wait(5 * _HOUR, step=20)
        assert site.verdicts() == {}
        site.account.mishaps = Mishaps()
        site.wait(30 * _MINUTE, step=20)
        assert site.verdicts() == {row: Verdict.VERIFIED}


def test_whoever_sent_a_form_that_is_left_out_is_answered_pending() -> None:
    """The browser reported that it was sent: no list without the form turns that into none, nor is it fresh."""
    with gated(2) as site:
        site.submit("form-0", site.ticket("form-0"))
        site.wait(_HOUR, step=20)
        site.account.mishaps = Mishaps(hidden=frozenset({site.forms["form-0"]}))
        ticket = site.ticket("form-0", "ada")
        began_at = site.clock.at
        site.submit("form-0", ticket)
        _report_sent(site, ticket)
        site.clock.at += 20
        site.submit("form-1", site.ticket("form-1"))
        for _ in range(12):
            site.wait(15 * _MINUTE, step=30)
            answer = site.parts.standings.has_submitted("form-0", subject="ada")
            assert answer.state is State.PENDING
            assert answer.as_of is None or answer.as_of <= began_at


def test_a_forms_team_is_named_in_its_calls() -> None:
    """`team_id` of a form goes along as ``jf-team-id``; without it JotForm shows none of its rows."""
    with gated(1, team_id="4711") as site:
        site.account.teams[site.forms["form-0"]] = "4711"
        row = site.submit(ticket=site.ticket())
        site.wait(70, step=5)
        assert site.verdicts() == {row: Verdict.VERIFIED}


def _report_sent(site: Gated, ticket: str) -> None:
    """Let the page report that its form was sent."""
    on_page = read_ticket(ticket, site.parts.keys)
    assert on_page is not None
    site.parts.store.mark_sent(ticket_id=on_page.ticket_id, now=site.clock.at)
