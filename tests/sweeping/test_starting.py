"""Starting many forms costs a few calls, and each begins where it would have begun by itself."""

from __future__ import annotations

import pytest

from jotgate.outcomes import Reason, Refuse, Verdict
from tests.standin.account import TICKET_QID, Mishaps
from tests.standin.gated import Gated, gated

_MINUTE, _HOUR = 60.0, 3_600.0


def _calls(site: Gated, ending: str) -> int:
    return sum(call.path.endswith(ending) for call in site.account.log)


def test_a_hundred_forms_start_in_a_few_calls() -> None:
    """Nothing was sent yet: one list of forms says so for all, and what can wait leaves half of the burst."""
    with gated(100) as site:
        site.look()
        assert all(
            state.began_above == "0" and state.full_read_at for state in site.parts.store.form_states()
        )
        assert _calls(site, "/user/forms") == 1
        assert _calls(site, "/submissions") == 0
        assert site.account.calls <= 20


def test_a_hundred_forms_on_their_first_day_are_judged_at_the_usual_pace() -> None:
    """The first submission of each of a hundred forms has its verdict within 3 minutes."""
    with gated(100) as site:
        site.wait(10, step=5)
        sent = {}
        for form in site.forms:
            sent[site.submit(form, site.ticket(form))] = Verdict.VERIFIED
            site.wait(2 * _MINUTE, step=10)
        assert site.verdicts() == sent
        assert site.lateness()[-1] <= 3 * _MINUTE


def test_a_first_row_tells_where_the_ticket_field_is() -> None:
    """No call for the questions of a form whose first submission comes before calls are left over."""
    with gated(40) as site:
        site.look()
        unread = [form for form in site.forms if site.state(form).questions_at is None]
        assert unread
        before = _calls(site, "/questions")
        sent = site.submit(unread[0], site.ticket(unread[0]))
        site.wait(10)
        assert site.verdicts() == {sent: Verdict.VERIFIED}
        assert site.state(unread[0]).ticket_qid == TICKET_QID
        assert _calls(site, "/questions") == before


def test_a_first_row_without_a_ticket_field_closes_the_door() -> None:
    """What no row tells is asked for; a form that has no ticket field lets nobody in, and the others are judged."""
    with gated(40) as site:
        site.look()
        lacking, other = [form for form in site.forms if site.state(form).questions_at is None][:2]
        tickets = [site.ticket(lacking), site.ticket(other)]
        del site.account._forms[site.forms[lacking]][TICKET_QID]
        site.submit(lacking, tickets[0])
        sent = site.submit(other, tickets[1])
        site.wait(2 * _MINUTE)
        match site.parts.gate.doorway(lacking):
            case Refuse(reason=reason):
                assert reason is Reason.FIELD_MISSING
            case found:
                pytest.fail(f"the door is open: {found}")
        assert site.verdicts() == {sent: Verdict.VERIFIED}
        assert site.state(lacking).last_error == "the form has no ticket field"


def test_a_ticket_field_given_by_its_number_is_read_at_the_start() -> None:
    """The door must know the field's name before anybody sends the form."""
    with gated(40, ticket_field=TICKET_QID) as site:
        site.wait(10)
        assert {site.state(form).ticket_name for form in site.forms} == {"jotgate"}


def test_the_other_questions_are_read_when_calls_are_left_over() -> None:
    """On a quiet day every form's ticket field is known by and by."""
    with gated(30) as site:
        site.wait(12 * _HOUR, step=60)
        assert all(site.state(form).questions_at for form in site.forms)


def test_forms_with_a_past_start_above_it_together() -> None:
    """What was sent before is not judged, what is sent from now on is; one list tells where each begins."""
    with gated(30) as site:
        began_at = site.clock.at
        newest = {}
        for number, (form, form_id) in enumerate(site.forms.items()):
            for back in (7_200.0, 3_600.0):
                made_at = began_at - 20 * _HOUR - back - number
                newest[form] = site.account.add_row(form_id, made_at=made_at)
        site.wait(2)
        assert {form: site.state(form).began_above for form in site.forms} == newest
        assert _calls(site, "/submissions") == 1
        sent = {site.submit(form, site.ticket(form)): Verdict.VERIFIED for form in list(site.forms)[:5]}
        site.wait(3 * _MINUTE)
        assert site.verdicts() == sent


def test_a_form_that_the_lists_do_not_tell_about_is_asked_for_by_itself() -> None:
    """A form far below the account's newest rows, and one of a team, begin where they would have begun alone."""
    with gated(3) as site:
        began_at, old = site.clock.at, site.forms["form-1"]
        lowest = site.account.add_row(old, made_at=began_at - 40 * 24 * _HOUR)
        for number in range(1_200):
            site.account.add_row(site.forms["form-0"], made_at=began_at - 20 * _HOUR - number * 60)
        site.account.mishaps = Mishaps(hidden_together=frozenset({site.forms["form-2"]}))
        site.wait(2)
        assert site.state("form-1").began_above == lowest
        assert site.state("form-2").began_above == "0"


def test_an_outage_at_the_start_costs_one_call_and_not_one_for_each_form() -> None:
    """JotForm answers nobody: a hundred forms are not tried one by one."""
    with gated(100) as site:
        site.account.mishaps = Mishaps(status=502)
        site.look()
        assert site.account.calls <= 10
        assert all(state.last_error for state in site.parts.store.form_states())
        site.account.mishaps = Mishaps()
        site.wait(6 * _MINUTE, step=10)
        assert all(state.cursor is not None for state in site.parts.store.form_states())
