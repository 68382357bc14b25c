"""How the sweep copes with what JotForm and its webhooks do."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from jotgate.config import Settings
from jotgate.outcomes import Reason, Refuse, Verdict
from jotgate.wiring import build

from .school import School, school


@pytest.fixture
def one() -> Iterator[School]:
    with school() as opened:
        yield opened


@pytest.fixture
def three() -> Iterator[School]:
    with school(3) as opened:
        yield opened


def _lists(site: School) -> list[str]:
    return [call.path for call in site.sandbox.log if call.path.endswith("/submissions")]


def test_nothing_is_due_after_a_sweep(one: School) -> None:
    """A site where nothing happens asks JotForm for nothing."""
    one.wait(10)
    before = one.sandbox.calls
    one.wait(600)
    assert one.sandbox.calls == before


def test_several_due_forms_cost_one_call(three: School) -> None:
    """One list covers every form that is due."""
    three.wait(70)
    made = {three.submit(form, three.ticket(form)): Verdict.VERIFIED for form in three.forms}
    before = three.sandbox.calls
    three.sweep()
    assert three.sandbox.calls == before + 1
    assert three.verdicts() == made


def test_an_ignored_filter_is_noticed(three: School) -> None:
    """If rows come that were not asked for, one list without a filter covers all, and nothing is judged twice."""
    foreign = three.sandbox.add_form("Not gated")
    three.wait(70)
    for _ in range(3):
        three.sandbox.submit(foreign, {}, webhook=False)
    made = {three.submit(form, three.ticket(form)): Verdict.VERIFIED for form in three.forms}
    three.sandbox.add_fault("ignore_filter", None, "/user/submissions")
    three.sweep()
    assert three.verdicts() == made
    assert _lists(three)[-2:] == ["/user/submissions"] * 2
    assert "filter" not in three.sandbox.log[-1].query


def test_an_ignored_filter_on_one_form_is_harmless(one: School) -> None:
    """Old rows that come although they were not asked for are not judged again."""
    one.sweep()
    made = {one.submit(ticket=one.ticket()): Verdict.VERIFIED}
    one.wait(4)
    one.sandbox.add_fault("ignore_filter", None)
    made[one.submit(ticket=one.ticket())] = Verdict.VERIFIED
    one.wait(4)
    assert one.verdicts() == made


def test_one_refused_form_does_not_stop_the_others(three: School) -> None:
    """A form that JotForm refuses is noted, and the rest is judged."""
    three.wait(70)
    made = {three.submit(form, three.ticket(form)): Verdict.VERIFIED for form in three.forms}
    three.sandbox.add_fault("status", None, "/user/submissions", code=401)
    three.sandbox.add_fault("status", None, f"/form/{three.forms['form-1']}/submissions", code=401)
    swept = three.sweep()
    assert set(swept.errors) == {"form-1"}
    assert three.state("form-1").last_error
    three.sandbox.clear_faults()
    three.wait(70)
    assert three.verdicts() == made
    assert three.state("form-1").last_error is None


def test_null_answers_wait_for_theirs(one: School) -> None:
    """A submission that the API shows without answers is pending, and verified when they are there."""
    one.sweep()
    one.sandbox.add_fault("null_answers", None, seconds=30.0)
    submission_id = one.submit(ticket=one.ticket())
    one.wait(4)
    assert one.verdicts() == {submission_id: Verdict.PENDING}
    one.wait(120)
    assert one.verdicts() == {submission_id: Verdict.VERIFIED}


def test_an_empty_submission_is_unticketed_in_the_end(one: School) -> None:
    """Nothing stays pending for good: without any answer for a quarter of an hour, it came without a ticket."""
    one.sweep()
    submission_id = one.sandbox.submit(one.forms["form-0"], {}, webhook=False)
    one.parts.intake.take(one.forms["form-0"])
    one.wait(4)
    assert one.verdicts() == {submission_id: Verdict.PENDING}
    one.wait(20 * 60)
    assert one.verdicts() == {submission_id: Verdict.UNTICKETED}
    before = one.sandbox.calls
    one.wait(600)
    assert one.sandbox.calls == before


def test_a_list_that_lags_behind_its_webhook_is_read_once_more(one: School) -> None:
    """A delivery whose submission is not in the list yet gets a second reading."""
    one.sweep()
    ticket = one.ticket()
    one.parts.intake.take(one.forms["form-0"])
    one.wait(4)
    submission_id = one.submit(ticket=ticket, webhook=False)
    one.wait(62)
    assert one.verdicts() == {submission_id: Verdict.VERIFIED}


def test_a_lower_id_that_turns_up_late_is_found(one: School) -> None:
    """Ids below the newest one seen are looked for again."""
    one.sweep()
    late, early = one.ticket(), one.ticket()
    one.clock.at += 10
    first_seen = one.submit(ticket=early)
    one.wait(4)
    late_id = one.sandbox.submit(
        one.forms["form-0"], {"jotgate": late, "name": {"first": "L"}}, at=one.clock.at - 9, webhook=False
    )
    one.wait(70)
    if int(late_id) > int(first_seen):
        pytest.fail("the sandbox gave the late submission a higher id, so this proves nothing")
    assert one.verdicts() == {first_seen: Verdict.VERIFIED, late_id: Verdict.VERIFIED}


def test_a_lower_id_is_judged_that_turns_up_minutes_after_a_full_reading(one: School) -> None:
    """A full reading goes back below rows that are settled but young, so an earlier one is found without a webhook."""
    one.sweep()
    late, early = one.ticket(), one.ticket()
    one.clock.at += 30
    made_at = one.clock.at
    one.clock.at += 60
    first_seen = one.submit(ticket=early)
    one.wait(130)
    assert one.verdicts() == {first_seen: Verdict.VERIFIED}
    late_id = one.sandbox.submit(one.forms["form-0"], {"jotgate": late}, at=made_at, webhook=False)
    assert int(late_id) < int(first_seen)
    one.wait(16 * 60)
    assert one.verdicts() == {first_seen: Verdict.VERIFIED, late_id: Verdict.VERIFIED}


def test_a_newly_gated_form_starts_at_its_newest_submission(one: School) -> None:
    """What was submitted before a form was gated is not judged, unless somebody asks for it."""
    old_form = one.sandbox.add_form("Old")
    old = [one.sandbox.submit(old_form, {}, webhook=False) for _ in range(30)]
    one.clock.at += 10
    second = _reopened(one, {"old": old_form})
    second.wait(4)
    made = second.submit("old", second.ticket("old"))
    second.wait(4)
    assert second.verdicts() == {made: Verdict.VERIFIED}
    second.parts.store.begin_at("old", str(int(old[9])), again=True)
    second.sweep(forms=["old"], operator=True)
    assert set(second.verdicts()) == {made, *old[10:]}


def test_nothing_submitted_before_the_first_sweep_is_missed(one: School) -> None:
    """The first reading starts below everything made since the form was gated, however late it comes."""
    made = {one.submit(ticket=one.ticket(), webhook=False): Verdict.VERIFIED for _ in range(25)}
    one.clock.at += 3_600
    one.sweep()
    assert one.verdicts() == made


def test_a_renamed_ticket_field_is_found_by_its_number(one: School) -> None:
    """After a rename the ticket is read from the same question, and the door fills in the new name."""
    one.sweep()
    qid = one.state().ticket_qid
    assert qid is not None
    ticket = one.ticket()
    one.sandbox.rename_question(one.forms["form-0"], qid, "entry")
    submission_id = one.sandbox.submit(
        one.forms["form-0"], {"entry": ticket, "name": {"first": "A"}}, webhook=False
    )
    one.parts.intake.take(one.forms["form-0"])
    one.wait(4)
    assert one.verdicts() == {submission_id: Verdict.VERIFIED}
    assert one.state().ticket_name == "entry"


def test_a_deleted_ticket_field_closes_the_door_and_judges_nothing(one: School) -> None:
    """Without the field nobody is let in, and submissions stay pending until it is back."""
    one.sweep()
    qid = one.state().ticket_qid
    assert qid is not None
    one.sandbox.delete_question(one.forms["form-0"], qid)
    submission_id = one.sandbox.submit(one.forms["form-0"], {"name": {"first": "A"}}, webhook=False)
    one.parts.intake.take(one.forms["form-0"])
    one.wait(4)
    assert one.verdicts() == {submission_id: Verdict.PENDING}
    match one.parts.gate.doorway("form-0"):
        case Refuse(reason=reason):
            assert reason is Reason.FIELD_MISSING
        case other:
            pytest.fail(f"the door is open: {other}")
    calls = one.sandbox.calls
    one.wait(3_000, step=10)
    assert one.sandbox.calls - calls <= 8
    assert one.verdicts() == {submission_id: Verdict.PENDING}

    one.sandbox.add_question(
        one.forms["form-0"], type="control_textbox", name="jotgate", text="Gate", hidden="Yes"
    )
    one.wait(1_900, step=10)
    assert one.parts.gate.doorway("form-0") is None
    assert one.verdicts() == {submission_id: Verdict.UNTICKETED}
    assert one.ticket()


def test_a_field_given_by_its_number_works(one: School) -> None:
    """`ticket_field` may be a question id; its name is looked up."""
    one.sweep()
    qid = one.state().ticket_qid
    with school(ticket_field=qid) as by_number:
        submission_id = by_number.submit(ticket=by_number.ticket())
        by_number.sweep()
        assert by_number.verdicts() == {submission_id: Verdict.VERIFIED}
        assert by_number.state().ticket_name == "jotgate"


def test_the_other_process_has_the_lease(one: School) -> None:
    """While one process sweeps, another waits its turn; a dead one's lease ends by itself."""
    one.submit(ticket=one.ticket())
    assert one.parts.store.take_lease("another", now=one.clock.at, seconds=60)
    assert one.sweep().waiting == "another process is sweeping"
    one.clock.at += 61
    assert one.sweep().forms == ("form-0",)


def test_pages_are_read_to_the_end() -> None:
    """2,500 new submissions are three pages, each judged once."""
    with school(plan="bronze") as busy:
        busy.sweep()
        tickets = [busy.ticket() for _ in range(20)]
        made = [busy.submit(ticket=ticket, webhook=False) for ticket in tickets]
        for _ in range(2_480):
            busy.submit(webhook=False)
        calls = busy.sandbox.calls
        busy.submit()
        busy.wait(4)
        verdicts = busy.verdicts()
        assert len(verdicts) == 2_501
        assert all(verdicts[one_id] is Verdict.VERIFIED for one_id in made)
        assert busy.sandbox.calls - calls == 3


def _reopened(site: School, forms: dict[str, str]) -> School:
    """Open another site on the same sandbox."""
    settings = Settings.from_mapping(
        {
            "site_url": "http://127.0.0.1:8700",
            "api_key": site.sandbox.read_key,
            "api_host": site.sandbox.api,
            "plan": "free",
            "secret_keys": [secrets.token_urlsafe(32)],
            "code_keys": [secrets.token_urlsafe(32)],
            "hook_secrets": [secrets.token_urlsafe(24)],
            "store": site.parts.settings.store + ".second",
            "forms": {form: {"id": form_id} for form, form_id in forms.items()},
        }
    )
    return School(site.clock, site.sandbox, build(settings, clock=site.clock), forms)


def test_the_account_is_asked_once_a_day_how_many_calls_it_has() -> None:
    """A plan that the settings do not name is found out, and counts from then on."""
    with school(plan="bronze", configured_plan=None) as site:
        site.wait(600)
        usage = site.parts.quota.usage()
        assert (usage.limit, usage.used) == (10_000, site.sandbox.calls)
        site.wait(90_000, step=60)
        asked = [call for call in site.sandbox.log if call.path == "/user/usage"]
        assert len(asked) == 2


def test_an_outage_is_not_tried_form_by_form(three: School) -> None:
    """When JotForm is down, three due forms cost one call's tries, not nine more."""
    three.wait(70)
    for form in three.forms:
        three.submit(form, three.ticket(form))
    three.sandbox.add_fault("status", None, code=502)
    before = len(three.sandbox.log)
    swept = three.sweep()
    assert set(swept.errors) == set(three.forms)
    assert len(three.sandbox.log) - before <= 3
