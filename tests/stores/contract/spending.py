"""The contract about people: how often each may submit, whichever way they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from jotgate.outcomes import Reason, Refuse, Verdict
from jotgate.protocols import SITE_APP, GrantFilter, Invited
from jotgate.signed.invitations import Invitation
from jotgate.stores import Store
from tests.stores.contract.material import (
    FORM,
    MINUTE,
    OTHER_FORM,
    T0,
    Contract,
    Opener,
    admitted,
    digest,
    exactly,
    grant,
    opening,
    reason,
    register,
    sent_in,
    token,
    verdicts,
)
from tests.stores.contract.races import together

PERSON = "s-1042"


class SpendingContract(Contract):
    """What a store promises about a person's limit."""

    def test_one_reading_of_two_forms_keeps_the_limit_of_each(self, store: Store) -> None:
        """Whoever is done with both is over the limit of both."""
        forms = (FORM, OTHER_FORM)
        codes = [(n, form) for form in forms for n in (f"1 of {form}", f"2 of {form}")]
        store.create_grants([grant(n, form=form, subject=PERSON) for n, form in codes], T0)
        tickets = [admitted(store, opening(n, form=form)) for n, form in codes]
        sent = [
            replace(sent_in(n, one, form=form), in_all=1)
            for n, (one, (_, form)) in enumerate(zip(tickets, codes, strict=True))
        ]
        assert verdicts(store, sent[0], sent[2]) == [Verdict.VERIFIED] * 2
        assert verdicts(store, sent[1], sent[3]) == [Verdict.OVER_LIMIT] * 2

    def test_whatever_way_a_person_comes_counts_against_their_invitation(self, store: Store) -> None:
        """Invitation, code and app: one submission of the three counts, and the door says so afterwards."""
        register(store)
        store.create_grants([grant("code", subject=PERSON), grant("another", subject="s-2")], T0)
        assert invited(store) is None
        tickets = [
            admitted(store, token(app=SITE_APP, subject=PERSON)),
            admitted(store, opening("code")),
            admitted(store, token(subject=PERSON)),
        ]
        assert verdicts(store, *(sent_in(n, one) for n, one in enumerate(tickets, 1))) == [
            Verdict.VERIFIED,
            Verdict.OVER_LIMIT,
            Verdict.OVER_LIMIT,
        ]
        store.create_grants([grant("late", subject=PERSON)], T0)
        spent = store.open_ticket(opening("late"))
        assert isinstance(spent, Refuse)
        assert (spent.reason, spent.at) == (Reason.ALREADY_SENT, T0 + MINUTE)
        entry = store.explain(spent.ref)
        assert entry is not None
        assert (entry.reason, entry.subject) == ("already_sent", PERSON)
        assert reason(store, token(subject=PERSON)) is Reason.ALREADY_SENT
        assert reason(store, token(app=SITE_APP, subject=PERSON)) is Reason.ALREADY_SENT
        assert invited(store) is Reason.ALREADY_SENT
        admitted(store, opening("another"))

    def test_what_was_sent_before_the_invitation_counts(self, store: Store) -> None:
        """Also what a person accepted; on another form, or of somebody else, nothing does."""
        store.create_grants([grant("code", subject=PERSON)], T0)
        assert verdicts(store, sent_in(1, admitted(store, opening("code")))) == [Verdict.VERIFIED]
        assert invited(store) is Reason.ALREADY_SENT
        assert invited(store, subject="s-2") is None
        assert invited(store, form=OTHER_FORM) is None
        assert verdicts(store, sent_in(2, None)) == [Verdict.UNTICKETED]
        store.rule("2", accept=True, actor="owner", reason="by hand", now=T0, subject="s-2")
        assert invited(store, subject="s-2") is Reason.ALREADY_SENT

    def test_the_forms_setting_counts_in_the_same_way(self, store: Store) -> None:
        """Two in all, by three codes; class codes are nobody's, and a person of whom no limit is known has none."""
        store.create_grants([grant(n, subject=PERSON) for n in range(4)], T0)
        store.create_grants([grant("class", uses=9)], T0)
        sent = [sent_in(n, admitted(store, opening(n))) for n in range(3)]
        assert verdicts(store, *(replace(one, in_all=2) for one in sent)) == [
            Verdict.VERIFIED,
            Verdict.VERIFIED,
            Verdict.OVER_LIMIT,
        ]
        assert reason(store, replace(opening(3), in_all=2)) is Reason.ALREADY_SENT
        admitted(store, replace(opening(3), in_all=3))
        admitted(store, opening(3))
        for n in range(3):
            classmate = admitted(store, replace(opening("class", browser=n), in_all=1))
            assert verdicts(store, replace(sent_in(100 + n, classmate), in_all=1)) == [Verdict.VERIFIED]

    def test_the_newest_invitation_says_how_often(self, store: Store) -> None:
        """An older one changes nothing, and one for several outranks the form's setting."""
        assert invited(store, uses=2, made_at=T0 + 1) is None
        assert invited(store, uses=9, made_at=T0) is None
        sent = [sent_in(n, admitted(store, token(app=SITE_APP, subject=PERSON, browser=n))) for n in range(1)]
        assert verdicts(store, *(replace(one, in_all=1) for one in sent)) == [Verdict.VERIFIED]
        assert invited(store, uses=2, made_at=T0 + 1) is None
        second = sent_in(7, admitted(store, token(app=SITE_APP, subject=PERSON, browser="b")))
        assert verdicts(store, replace(second, in_all=1)) == [Verdict.VERIFIED]
        assert invited(store, uses=9, made_at=T0) is Reason.ALREADY_SENT
        assert invited(store, uses=3, made_at=T0 + 2) is None

    def test_an_invitation_that_says_nothing_leaves_what_another_said(self, store: Store) -> None:
        """A reminder's link takes nothing away, and without any word a person may submit once."""
        assert invited(store, uses=2, made_at=T0) is None
        for n in range(2):
            assert invited(store, uses=None, made_at=T0 + n) is None
            admit = admitted(store, token(app=SITE_APP, subject=PERSON, browser=n))
            assert verdicts(store, sent_in(n, admit)) == [Verdict.VERIFIED]
        assert invited(store, uses=None, made_at=T0 + 3) is Reason.ALREADY_SENT
        assert invited(store, subject="s-2", uses=None) is None
        admit = admitted(store, token(app=SITE_APP, subject="s-2"))
        assert admitted(store, token(app=SITE_APP, subject="s-2", browser="b")).ticket_id == admit.ticket_id
        assert verdicts(store, sent_in(7, admit)) == [Verdict.VERIFIED]
        assert invited(store, subject="s-2", uses=None) is Reason.ALREADY_SENT

    def test_a_use_that_was_given_back_may_be_taken_again(self, store: Store) -> None:
        """The office gives a code's use back: the person's limit lets the code count once more."""
        assert invited(store) is None
        store.create_grants([grant("code", subject=PERSON)], T0)
        assert verdicts(store, sent_in(1, admitted(store, opening("code")))) == [Verdict.VERIFIED]
        assert reason(store, opening("code")) is Reason.USED_UP
        assert store.give_back_use(exactly("code"), now=T0, actor="owner")
        assert verdicts(store, sent_in(2, admitted(store, opening("code")))) == [Verdict.VERIFIED]
        assert invited(store) is Reason.ALREADY_SENT

    def test_revoked_invitations_open_nothing(self, store: Store) -> None:
        """What is open by them ends, also for who never opened one; one that is made later is good."""
        assert invited(store) is None
        admit = admitted(store, token(app=SITE_APP, subject=PERSON))
        for subject in (PERSON, "s-2"):
            who = person(subject=subject, now=T0 + MINUTE)
            assert store.revoke_invitations(who, actor="owner")
            assert not store.revoke_invitations(who, actor="owner")
            assert invited(store, subject=subject) is Reason.REVOKED
            assert reason(store, token(app=SITE_APP, subject=subject)) is Reason.REVOKED
        assert admit.pass_id in dict(store.revocations().passes)
        assert verdicts(store, sent_in(1, admit, at=T0 + 2 * MINUTE)) == [Verdict.REVOKED]
        assert invited(store, made_at=T0 + 2 * MINUTE) is None
        admitted(store, token(app=SITE_APP, subject=PERSON))

    def test_a_person_who_is_forgotten_keeps_the_limit(self, store: Store) -> None:
        """Nothing names them any more, and the same link is still used up."""
        assert invited(store) is None
        admit = admitted(store, token(app=SITE_APP, subject=PERSON))
        assert verdicts(store, sent_in(1, admit)) == [Verdict.VERIFIED]
        store.forget(PERSON, form=None, now=T0 + MINUTE, actor="owner")
        assert [one.subject for one in store.grants(GrantFilter(app=SITE_APP))] != [PERSON]
        assert invited(store) is Reason.ALREADY_SENT

    def test_processes_that_settle_at_once_share_a_persons_limit(self, store: Store, opener: Opener) -> None:
        """Twelve codes of one person, an invitation for three, four processes that settle three each: three count."""
        assert invited(store, uses=3) is None
        store.create_grants([grant(n, subject=PERSON) for n in range(12)], T0)
        tickets = [admitted(store, opening(n, browser=n)).ticket_id for n in range(12)]
        works = [partial(_settle_some, first=n, tickets=tickets[n::4]) for n in range(4)]
        found = sum(map(Counter, together(opener, works)), Counter())
        assert found == {Verdict.VERIFIED: 3, Verdict.OVER_LIMIT: 9}
        assert sum(one.used for one in store.grants()) == 3


def person(*, subject: str = PERSON, form: str = FORM, now: float = T0) -> Invited:
    """Return somebody with an invitation."""
    fingerprint = digest(f"app grant {SITE_APP} {subject}" if form == FORM else f"{form} {subject}")
    return Invited(form=form, subject=subject, fingerprint=fingerprint, in_all=None, now=now)


def invited(
    store: Store, *, subject: str = PERSON, form: str = FORM, uses: int | None = 1, made_at: float = T0
) -> Reason | None:
    """Come with an invitation; return why it is worth nothing."""
    invitation = Invitation(form=form, subject=subject, uses=uses, made_at=made_at)
    refusal = store.invite(person(subject=subject, form=form), invitation)
    return None if refusal is None else refusal.reason


def _settle_some(store: Store, *, first: int, tickets: Sequence[bytes]) -> list[Verdict]:
    candidates = [sent_in(1000 * (first + 1) + n, ticket) for n, ticket in enumerate(tickets)]
    return [one.verdict for at in candidates for one in store.settle([at], capacity=None, now=T0)]
