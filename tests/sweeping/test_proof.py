"""Nothing moves on the strength of a list that did not prove to cover the form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jotgate.admission.grants import Terms, people
from jotgate.outcomes import Verdict
from jotgate.records.standing import State
from jotgate.signed.tickets import read_ticket

from .school import School, school

_MINUTE = 60.0
_HOUR = 3_600.0


@pytest.fixture
def two() -> Iterator[School]:
    with school(2) as opened:
        opened.wait(10)
        for form in opened.forms:
            opened.submit(form, opened.ticket(form))
        opened.wait(20 * _MINUTE, step=10)
        yield opened


def _lists(site: School, since: int) -> list[str]:
    return [call.path for call in site.sandbox.log[since:] if call.path.endswith("/submissions")]


def test_a_form_that_a_shared_call_leaves_out_does_not_move(two: School) -> None:
    """The other form's rows prove nothing about it: no cursor, no `as_of`, and it stays due."""
    two.sandbox.add_fault("leave_out", None, "/user/submissions", form_id=two.forms["form-1"])
    before = two.state("form-1")
    two.clock.at += 30
    left_out = two.submit("form-1", two.ticket("form-1"))
    two.submit("form-0", two.ticket("form-0"))
    two.sweep()
    after = two.state("form-1")
    assert left_out not in two.verdicts()
    assert (after.cursor, after.head, after.full_read_at) == (before.cursor, before.head, before.full_read_at)
    assert after.due_seq > after.read_seq
    assert two.state("form-0").due_seq == two.state("form-0").read_seq


def test_a_form_that_is_left_out_is_asked_for_by_itself(two: School) -> None:
    """Within two minutes it has its verdict, and for a day it no longer depends on shared calls."""
    two.sandbox.add_fault("leave_out", None, "/user/submissions", form_id=two.forms["form-1"])
    left_out = two.submit("form-1", two.ticket("form-1"))
    two.submit("form-0", two.ticket("form-0"))
    two.wait(2 * _MINUTE)
    assert two.verdicts()[left_out] is Verdict.VERIFIED
    two.wait(_HOUR, step=10)
    again = two.submit("form-1", two.ticket("form-1"))
    two.submit("form-0", two.ticket("form-0"))
    two.wait(4)
    assert two.verdicts()[again] is Verdict.VERIFIED


def test_an_empty_list_for_hours_moves_nothing_and_is_not_paid_for_all_day(two: School) -> None:
    """200 and no rows, in every list: who sent is pending all the while, and is judged when the rows are back."""
    [code] = two.parts.grants.create(Terms(form="form-1"), people(subjects=["s-1"]))
    ticket = two.enter("form-1", code.code)
    two.sandbox.add_fault("leave_out", None)
    read_at = two.state("form-1").full_read_at
    sent = two.submit("form-1", ticket)
    assert two.parts.store.mark_sent(ticket_id=_ticket_id(two, ticket), now=two.clock.at)
    calls = two.sandbox.calls
    two.wait(5 * _HOUR, step=10)
    answer = two.parts.standings.has_submitted("form-1", subject="s-1")
    assert (answer.state, answer.as_of) == (State.PENDING, read_at)
    assert two.sandbox.calls - calls <= 60
    two.sandbox.clear_faults()
    two.wait(2 * _HOUR, step=10)
    assert two.verdicts()[sent] is Verdict.VERIFIED
    assert two.parts.standings.has_submitted("form-1", subject="s-1").state is State.VERIFIED


def test_a_form_without_submissions_is_believed_when_jotform_counts_none() -> None:
    """An empty list may be a hiccup; with a count of 0 beside it, nobody has sent anything."""
    with school() as site:
        site.wait(10)
        assert site.state().full_read_at is not None
        paths = [call.path for call in site.sandbox.log]
        assert f"/form/{site.forms['form-0']}" in paths


def test_an_empty_list_of_a_form_that_has_submissions_is_not_believed() -> None:
    """What was sent before the first reading is still to come."""
    with school() as site:
        form_id = site.forms["form-0"]
        site.submit(ticket=site.ticket(), webhook=False)
        site.sandbox.add_fault("leave_out", None, form_id=form_id)
        site.wait(10)
        assert site.state().full_read_at is None
        assert site.parts.standings.has_submitted("form-0", subject="s-1").as_of is None


def test_a_form_whose_newest_submission_was_deleted_is_proven_by_the_one_before(two: School) -> None:
    """The anchor is gone for good: the newest one that is left takes its place, and deliveries are answered."""
    first = two.submit("form-0", two.ticket("form-0"))
    two.wait(4)
    assert two.state("form-0").anchor == first
    two.sandbox.delete_submission(first, for_good=True)
    two.clock.at += 20 * _MINUTE
    two.parts.intake.take(two.forms["form-0"])
    two.wait(3 * _MINUTE)
    state = two.state("form-0")
    assert state.due_seq == state.read_seq
    assert state.anchor not in (None, first)


def _ticket_id(site: School, text: str) -> bytes:
    on_page = read_ticket(text, site.parts.keys)
    assert on_page is not None
    return on_page.ticket_id
