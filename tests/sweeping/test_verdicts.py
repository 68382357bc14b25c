"""Each verdict, from a real submission in the local JotForm to the ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jotgate import mint_token
from jotgate.admission.grants import Terms, people
from jotgate.outcomes import Reason, Refuse, Verdict
from jotgate.protocols import GrantFilter, SubmissionFilter
from jotgate.signed.keyring import KeyRing
from jotgate.signed.tickets import OnPage, new_ticket_id, ticket_text
from tests.door.site import DOOR, running_site, ticket_in

from .school import School, school


@pytest.fixture
def one() -> Iterator[School]:
    with school() as opened:
        yield opened


def test_a_submission_with_a_ticket_is_verified(one: School) -> None:
    """What came through the gate is verified as soon as its webhook is there."""
    submission_id = one.submit(ticket=one.ticket())
    swept = one.sweep()
    assert swept.forms == ("form-0",)
    assert one.verdicts() == {submission_id: Verdict.VERIFIED}


def test_a_submission_at_the_bare_address_is_unticketed(one: School) -> None:
    """1,000 submissions without a ticket are recorded, and none of them counts."""
    one.sweep()
    for _ in range(999):
        one.submit(webhook=False)
    one.submit()
    one.wait(4)
    verdicts = one.verdicts()
    assert len(verdicts) == 1_000
    assert set(verdicts.values()) == {Verdict.UNTICKETED}


def test_a_verdict_is_logged_once(one: School, caplog: pytest.LogCaptureFixture) -> None:
    """With its form, its submission and what it is, however often the row is read."""
    caplog.set_level("INFO", "jotgate.sweep")
    submission_id = one.submit(ticket=one.ticket())
    for _ in range(2):
        one.sweep(forms=["form-0"], operator=True)
        one.clock.at += 60
    told = [
        {name: getattr(record, name) for name in ("form", "submission_id", "verdict")}
        for record in caplog.records
        if record.message == "submission.judged"
    ]
    assert told == [{"form": "form-0", "submission_id": submission_id, "verdict": "verified"}]


@pytest.mark.parametrize("text", ["hello", "A" * 35, "1", "ï" * 35])
def test_a_made_up_ticket_is_forged(one: School, text: str) -> None:
    """Anything in the field that we did not make is forged."""
    submission_id = one.submit(ticket=text)
    one.sweep()
    assert one.verdicts() == {submission_id: Verdict.FORGED}


def test_a_ticket_of_another_installation_is_forged(one: School) -> None:
    """A ticket made with other keys is not ours."""
    foreign = ticket_text(OnPage(new_ticket_id()), KeyRing([b"x" * 32]))
    submission_id = one.submit(ticket=foreign)
    one.sweep()
    assert one.verdicts() == {submission_id: Verdict.FORGED}


def test_a_ticket_that_the_store_forgot_is_orphaned(one: School) -> None:
    """Our own MAC on a ticket that is not in the store means that a backup was restored."""
    submission_id = one.submit(ticket=ticket_text(OnPage(new_ticket_id()), one.parts.keys))
    one.sweep()
    assert one.verdicts() == {submission_id: Verdict.ORPHANED}


def test_the_second_submission_on_a_ticket_is_replayed(one: School) -> None:
    """The lowest submission id has the ticket, in one reading and over several."""
    ticket = one.ticket()
    first, second = one.submit(ticket=ticket), one.submit(ticket=ticket)
    one.sweep()
    third = one.submit(ticket=ticket)
    one.wait(4)
    replayed = Verdict.REPLAYED
    assert one.verdicts() == {first: Verdict.VERIFIED, second: replayed, third: replayed}


def test_a_locked_answer_that_was_changed_is_tampered() -> None:
    """The ticket is not used up by it: sent in again as it was given, the same ticket is verified."""
    questions = [{"type": "textbox", "name": "class"}, {"type": "textbox", "name": "room"}]
    form = {"access": "app", "locked_fields": ["class"]}
    with running_site(questions=questions, form=form) as site:
        token = mint_token(
            site.app_secret(),
            app="ios",
            form="students",
            subject="u-7",
            prefill={"class": "7a", "room": "12"},
            locked=["class"],
            now=site.clock.now(),
        )
        visitor = site.visitor()
        assert visitor.get(f"{DOOR}/enter", query_string={"token": token}).status_code == 303
        ticket = ticket_in(visitor.get(DOOR).text)

        def judged(**answers: str) -> Verdict | None:
            sent = site.sandbox.submit(site.form_id, {"jotgate": ticket, **answers}, webhook=False)
            site.sweep()
            return site.verdict(sent)

        assert judged(**{"class": "7b", "room": "12"}) is Verdict.TAMPERED
        [tampered] = site.parts.store.submissions(SubmissionFilter())
        [entry] = site.parts.store.history(tampered.submission_id)
        assert entry.note == "changed: class"
        assert judged(room="12") is Verdict.TAMPERED
        assert not site.parts.standings.has_submitted("students", subject="u-7")
        assert judged(**{"class": " 7a ", "room": "13"}) is Verdict.VERIFIED
        assert judged(**{"class": "7b"}) is Verdict.REPLAYED
        assert site.parts.standings.has_submitted("students", subject="u-7")


def test_a_ticket_for_another_form_is_told(one: School) -> None:
    """A ticket opens one form only."""
    with school(2) as two:
        submission_id = two.submit("form-1", two.ticket("form-0"))
        two.sweep()
        assert two.verdicts() == {submission_id: Verdict.WRONG_FORM}


def test_a_code_is_honoured_as_often_as_it_says(one: School) -> None:
    """Of five submissions on a code of three uses, the first three count."""
    (code,) = one.codes("form-0", uses=3)
    made = [one.submit(ticket=one.enter("form-0", code)) for _ in range(5)]
    one.sweep()
    verdicts = one.verdicts()
    assert [verdicts[one_id] for one_id in made] == [Verdict.VERIFIED] * 3 + [Verdict.OVER_LIMIT] * 2


def test_a_form_takes_as_many_as_its_capacity() -> None:
    """With two places, the third submission is over the limit, and the door says full from then on."""
    with school(capacity=2) as full:
        tickets = [full.ticket() for _ in range(3)]
        made = [full.submit(ticket=ticket) for ticket in tickets]
        full.sweep()
        verdicts = full.verdicts()
        assert [verdicts[one_id] for one_id in made] == [Verdict.VERIFIED] * 2 + [Verdict.OVER_LIMIT]
        match full.parts.gate.doorway("form-0"):
            case Refuse(reason=reason):
                assert reason is Reason.FULL
            case other:
                pytest.fail(f"the door is open: {other}")


def test_expiry_is_judged_by_the_submission_not_by_the_sweep(one: School) -> None:
    """A submission made in time is verified however late it is read; one made too late is expired."""
    in_time, too_late = one.ticket(), one.ticket()
    one.clock.at += 86_000
    made_in_time = one.submit(ticket=in_time, webhook=False)
    one.clock.at += 1_000
    made_too_late = one.submit(ticket=too_late)
    one.clock.at += 10
    one.sweep()
    assert one.verdicts() == {made_in_time: Verdict.VERIFIED, made_too_late: Verdict.EXPIRED}


def test_revocation_is_judged_by_the_submission_not_by_the_sweep(one: School) -> None:
    """What was submitted before its code was revoked counts; what came afterwards is revoked."""
    (before_code,), (after_code,) = one.codes("form-0"), one.codes("form-0")
    before, after = one.enter("form-0", before_code), one.enter("form-0", after_code)
    made_before = one.submit(ticket=before, webhook=False)
    one.clock.at += 5
    for code in (before_code, after_code):
        which = one.parts.grants.by_code(code)
        assert which is not None
        assert one.parts.grants.revoke(which, actor="office") == 1
    made_after = one.submit(ticket=after)
    one.sweep()
    assert one.verdicts() == {made_before: Verdict.VERIFIED, made_after: Verdict.REVOKED}


def test_thirty_pupils_at_one_browser_all_count(one: School) -> None:
    """One browser, a class code of 30 uses, one pupil after another and no sweep in between: 30 verified."""
    (code,) = one.codes("form-0", uses=30)
    for _ in range(30):
        one.submit(ticket=one.enter("form-0", code))
        one.clock.at += 20
    one.sweep()
    assert list(one.verdicts().values()) == [Verdict.VERIFIED] * 30


def test_giving_a_use_back_lets_a_person_submit_once_more(one: School) -> None:
    """After a give-back the code of one use opens a fresh ticket, which counts."""
    (code,) = one.codes("form-0")
    first = one.submit(ticket=one.enter("form-0", code))
    one.sweep()
    which = one.parts.grants.by_code(code)
    assert which is not None
    assert one.parts.grants.give_back(which, actor="office") is not None
    second = one.submit(ticket=one.enter("form-0", code))
    one.wait(4)
    assert one.verdicts() == {first: Verdict.VERIFIED, second: Verdict.VERIFIED}


def test_a_reissued_code_shares_its_uses_with_the_old_one(one: School) -> None:
    """The ticket of the old code ends, the new one opens another, and the old code says that it is revoked."""
    (old,) = one.codes("form-0")
    old_ticket = one.enter("form-0", old)
    which = one.parts.grants.by_code(old)
    assert which is not None
    one.clock.at += 1
    fresh = one.parts.grants.reissue(which, actor="office")
    assert fresh is not None
    one.clock.at += 1
    lost = one.submit(ticket=old_ticket)
    found = one.submit(ticket=one.enter("form-0", fresh.code))
    one.sweep()
    assert one.verdicts() == {lost: Verdict.REVOKED, found: Verdict.VERIFIED}
    with pytest.raises(AssertionError, match="REVOKED"):
        one.enter("form-0", old)


def test_a_person_may_accept_and_reject(one: School) -> None:
    """Accepting makes a submission count; rejecting takes that back, and makes a verified one revoked."""
    verified, bare = one.submit(ticket=one.ticket()), one.submit()
    one.sweep()
    store, said = one.parts.store, {"actor": "office", "reason": "on paper", "now": one.clock.at}
    store.rule(bare, accept=True, **said)
    store.rule(verified, accept=False, **said)
    assert one.verdicts() == {verified: Verdict.REVOKED, bare: Verdict.ACCEPTED}
    assert one.state().settled == 1
    store.rule(bare, accept=False, **said)
    assert one.verdicts()[bare] is Verdict.UNTICKETED
    assert store.rule(bare, accept=False, **said) is Verdict.UNTICKETED
    assert store.rule("1", accept=True, **said) is None


def test_a_pass_ends_with_its_code(one: School) -> None:
    """Revoking a batch ends the tickets of everybody in it, and nobody else's."""
    mine = one.ticket()
    (theirs_code,) = one.codes("form-0")
    theirs = one.enter("form-0", theirs_code)
    which = one.parts.grants.by_code(theirs_code)
    assert which is not None
    one.parts.store.revoke_grants(
        GrantFilter(fingerprints=which.fingerprints), now=one.clock.at, actor="office", note=None
    )
    one.clock.at += 1
    made = {one.submit(ticket=mine): Verdict.VERIFIED, one.submit(ticket=theirs): Verdict.REVOKED}
    one.sweep()
    assert one.verdicts() == made


def test_admission_names_its_subject(one: School) -> None:
    """The verdict carries the person whom the code was made for, whoever submitted."""
    (issued,) = one.parts.grants.create(Terms(form="form-0"), people(subjects=["s-1042"]))
    submission_id = one.submit(ticket=one.enter("form-0", issued.code))
    one.sweep()
    assert one.records()[submission_id].subject == "s-1042"
