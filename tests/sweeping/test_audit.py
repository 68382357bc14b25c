"""The audit finds edits at JotForm, whatever JotForm makes of the order that it asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jotgate.jotform.paging import PageSize
from jotgate.outcomes import Cause, Verdict, VerdictEvent
from jotgate.quota import Quota
from jotgate.submissions import Submission
from jotgate.sweeping.audit import DAY_SECONDS
from tests.sweeping.school import School, school

HOUR = 3600.0


def submitted(site: School, count: int) -> list[str]:
    """Let so many people submit and be verified; each takes a minute."""
    ids = []
    for _ in range(count):
        site.clock.at += 60
        ids.append(site.submit(ticket=site.ticket()))
    site.clock.at += 60
    site.sweep(forms=["form-0"])
    assert {site.verdicts()[one] for one in ids} == {Verdict.VERIFIED}
    return ids


def small_pages(site: School, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let so few rows be asked for that a list has several pages."""
    monkeypatch.setattr("jotgate.sweeping.pages.MAX_ROWS", rows)
    site.parts.service._page_size = PageSize(rows, site.clock)


def daily_calls(site: School) -> int:
    """Let a day's audit run; return how many calls it took."""
    before = site.sandbox.calls
    site.parts.audit.daily()
    return site.sandbox.calls - before


def test_an_edit_is_found_the_next_day() -> None:
    """With one call, and told with its cause; a second audit of the day makes no call."""
    with school() as site:
        told: list[VerdictEvent] = []
        site.parts.on_verdict(told.append, name="told")
        site.parts.callbacks.register()
        site.sweep()
        first, second = submitted(site, 2)
        assert daily_calls(site) == 1
        site.clock.at += HOUR
        site.sandbox.edit_submission(first, {"message": "after the verdict"})
        site.clock.at += HOUR
        assert daily_calls(site) == 0
        site.clock.at += DAY_SECONDS
        began = site.clock.at
        assert daily_calls(site) == 1
        [state] = site.parts.store.audit_states()
        assert state.audited_at == began
        assert [entry.event for entry in site.parts.store.history(first)] == [
            "submission.judged",
            "submission.edited",
        ]
        assert len(site.parts.store.history(second)) == 1
        site.parts.callbacks.deliver()
        site.parts.callbacks.deliver()
        assert [(one.submission_id, one.cause) for one in told if one.cause is Cause.EDITED] == [
            (first, Cause.EDITED)
        ]
        assert site.verdicts()[first] is Verdict.VERIFIED


@pytest.mark.parametrize("orders", [True, False])
def test_edits_are_found_on_whatever_page_they_are(orders: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where JotForm ignores the order, all rows are walked through; where it does not, the first pages suffice."""
    with school() as site:
        site.sandbox.oddities = replace(site.sandbox.oddities, orders_by_edit=orders)
        site.sweep()
        ids = submitted(site, 12)
        site.clock.at += HOUR
        for one in (ids[2], ids[7]):
            site.clock.at += 60
            site.sandbox.edit_submission(one, {"message": "edited"})
        small_pages(site, 3, monkeypatch)
        [done] = site.parts.audit.run()
        assert {one.submission_id for one in done.edited} == {ids[2], ids[7]}
        assert done.waiting is None
        assert done.as_of is not None
        assert done.rows == (3 if orders else 15)


def test_edits_that_seem_older_than_the_last_audit_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """JotForm's times have no offset: what is two days older by them may have been made since."""
    with school() as site:
        site.sweep()
        ids = submitted(site, 9)
        site.clock.at += HOUR
        site.parts.audit.run()
        audited_at = site.clock.at
        edited = [ids[number] for number in (4, 1, 7, 2, 6)]
        for number, one in enumerate(edited):
            site.clock.at = audited_at - 40 * HOUR + 60 * number
            site.sandbox.edit_submission(one, {"message": "edited"})
        site.clock.at = audited_at + DAY_SECONDS
        small_pages(site, 3, monkeypatch)
        [done] = site.parts.audit.run()
        assert {one.submission_id for one in done.edited} == set(edited)


def test_no_edits_and_several_pages_are_walked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows without any edit do not show whether the order was looked at, so nothing is concluded from them."""
    with school() as site:
        site.sandbox.oddities = replace(site.sandbox.oddities, orders_by_edit=False)
        site.sweep()
        ids = submitted(site, 8)
        site.clock.at += HOUR
        site.sandbox.edit_submission(ids[0], {"message": "edited"})
        small_pages(site, 3, monkeypatch)
        [done] = site.parts.audit.run()
        assert [one.submission_id for one in done.edited] == [ids[0]]


def test_a_walk_goes_on_the_next_day_where_its_calls_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one call a day, and `as_of` is the moment at which it began."""
    with school() as site:
        site.sandbox.oddities = replace(site.sandbox.oddities, orders_by_edit=False)
        site.sweep()
        ids = submitted(site, 8)
        site.clock.at += HOUR
        site.sandbox.edit_submission(ids[6], {"message": "edited"})
        small_pages(site, 3, monkeypatch)
        monkeypatch.setattr("jotgate.sweeping.audit.SHARE", 0.002)
        began = site.clock.at
        days = 0
        while True:
            assert daily_calls(site) <= 2
            [state] = site.parts.store.audit_states()
            if state.audited_at is not None:
                break
            days += 1
            assert days < 5
            site.clock.at += DAY_SECONDS
        assert state.audited_at == began
        assert days >= 1
        assert len(site.parts.store.history(ids[6])) == 2


def test_it_leaves_the_calls_to_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the day's calls are just enough for it, no audit is begun; it stays due."""
    with school() as site:
        site.sweep()
        submitted(site, 1)
        monkeypatch.setattr(Quota, "spare", lambda self: False)
        assert daily_calls(site) == 0
        monkeypatch.undo()
        assert daily_calls(site) == 1


def test_the_share_of_calls_is_a_twentieth(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages there are: 50 of 1,000 calls a day."""
    with school() as site:
        site.sandbox.oddities = replace(site.sandbox.oddities, orders_by_edit=False)
        site.sweep()
        submitted(site, 3)
        small_pages(site, 1, monkeypatch)
        for _ in range(90):
            site.sandbox.submit(site.forms["form-0"], {"message": "x"}, webhook=False)
        # Of the calls that may come at once, half are left to the sweep.
        assert 10 <= daily_calls(site) <= 15
        site.clock.at += HOUR
        assert daily_calls(site) == 0
        monkeypatch.setattr(Quota, "spare", lambda self: True)
        site.clock.at += DAY_SECONDS
        assert daily_calls(site) == 50


def test_answers_that_come_late_are_no_edit() -> None:
    """JotForm's lists sometimes show none at all."""
    with school() as site:
        site.sweep()
        [one] = submitted(site, 1)
        site.sandbox.add_fault("null_answers", times=None, seconds=10**9, shape="empty")
        [done] = site.parts.audit.run()
        assert done.edited == ()
        site.sandbox.clear_faults()
        assert len(site.parts.store.history(one)) == 1


@pytest.mark.parametrize(("setting", "verdict"), [("keep", "verified"), ("revoke", "revoked")])
def test_a_deletion_decides_only_where_the_owner_says_so(setting: str, verdict: str) -> None:
    """A row that says DELETED; a row that is not there never does."""
    with school(deleted=setting) as site:
        site.sweep()
        [one] = submitted(site, 1)
        site.sandbox.delete_submission(one)
        site.parts.audit.run()
        assert site.verdicts()[one].value == verdict
        del site.sandbox._world.submissions[one]
        site.sandbox._world._ids_of_form[site.forms["form-0"]].clear()
        site.clock.at += DAY_SECONDS
        site.parts.audit.run()
        assert site.verdicts()[one].value == verdict


def test_a_fault_is_tried_again_within_hours() -> None:
    """And one form's fault is not the other's."""
    with school(2) as site:
        site.sweep()
        site.clock.at += HOUR
        site.sandbox.add_fault(
            "status", times=None, path=f"/form/{site.forms['form-0']}/submissions", code=401
        )
        assert daily_calls(site) == 2
        done = {state.form: state.audited_at for state in site.parts.store.audit_states()}
        assert done["form-0"] is None
        assert done["form-1"] is not None
        site.sandbox.clear_faults()
        site.clock.at += 2 * HOUR
        assert daily_calls(site) == 1


def test_verdicts_do_not_wait_for_an_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep has its turn before every call; and what a visitor waits for takes two calls at most."""
    with school() as site:
        site.sandbox.oddities = replace(site.sandbox.oddities, orders_by_edit=False)
        site.sweep()
        submitted(site, 9)
        small_pages(site, 3, monkeypatch)
        turns = 0

        def breathe() -> None:
            nonlocal turns
            turns += 1

        before = site.sandbox.calls
        [done] = site.parts.audit.daily(None, breathe)
        assert turns == site.sandbox.calls - before >= 4
        assert done.waiting is None
        site.clock.at += DAY_SECONDS
        before = site.sandbox.calls
        [done] = site.parts.audit.daily(3.0)
        assert site.sandbox.calls - before == 2
        assert done.waiting == "the calls set apart for audits are used up"


def test_every_form_has_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a day's calls are fewer than the forms, those that waited longest come first."""
    monkeypatch.setattr("jotgate.sweeping.audit.SHARE", 0.002)
    with school(5) as site:
        site.sweep()
        for _ in range(3):
            site.clock.at += DAY_SECONDS
            assert daily_calls(site) == 2
        assert all(state.audited_at is not None for state in site.parts.store.audit_states())


def wait_days(site: School, days: int) -> None:
    """Let days go by, each with its sweeps and its audit."""
    for _ in range(days):
        site.wait(DAY_SECONDS, step=6 * HOUR)
        site.parts.audit.daily()


def pending_and_gone(site: School) -> str:
    """Submit what JotForm shows without its answers, and delete it for good before it has a verdict."""
    site.sweep()
    submission = site.sandbox.submit(site.forms["form-0"], {}, webhook=False)
    site.parts.intake.take(site.forms["form-0"])
    site.wait(30)
    assert site.verdicts() == {submission: Verdict.PENDING}
    site.sandbox.delete_submission(submission, for_good=True)
    return submission


def test_what_waits_for_a_verdict_and_is_gone_has_an_end() -> None:
    """After a week in which JotForm shows nothing of it, and not sooner; the ledger says why."""
    with school() as site:
        gone = pending_and_gone(site)
        wait_days(site, 6)
        assert site.verdicts() == {gone: Verdict.PENDING}
        wait_days(site, 3)
        assert site.verdicts() == {gone: Verdict.REVOKED}
        assert site.parts.store.oldest_pending() is None
        [entry] = site.parts.store.history(gone)
        assert (entry.actor, entry.note) == ("jotgate", "JotForm does not have it any more")


def test_who_rules_while_the_audit_looks_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person accepts what waits, just as JotForm is asked for it: nothing takes that back."""
    with school() as site:
        gone = pending_and_gone(site)
        wait_days(site, 6)
        look = site.parts.service.submission

        def looked(*args: Any, **options: Any) -> Submission | None:
            now = site.clock.now()
            site.parts.store.rule(gone, accept=True, actor="office", reason="on paper", now=now)
            return look(*args, **options)

        monkeypatch.setattr(site.parts.service, "submission", looked)
        wait_days(site, 3)
        assert site.verdicts() == {gone: Verdict.ACCEPTED}
        assert [entry.actor for entry in site.parts.store.history(gone)] == ["office"]


def test_absence_takes_no_verdict_away() -> None:
    """What was verified stays so when JotForm deletes it for good, however long ago."""
    with school() as site:
        site.sweep()
        [verified] = submitted(site, 1)
        site.sandbox.delete_submission(verified, for_good=True)
        wait_days(site, 10)
        assert site.verdicts() == {verified: Verdict.VERIFIED}


def test_a_key_that_is_refused_for_days_closes_nothing() -> None:
    """Every answer is 401 then, and says nothing of any submission."""
    with school() as site:
        gone = pending_and_gone(site)
        site.sandbox.add_fault("status", None, code=401)
        wait_days(site, 10)
        assert site.verdicts() == {gone: Verdict.PENDING}
