"""The contract about tokens that open a form once: whom they let in, and how often."""

from __future__ import annotations

from dataclasses import replace

from jotgate.outcomes import Reason, Refuse, Verdict
from jotgate.protocols import SITE_APP, AppFault, GrantFilter
from jotgate.signed.tickets import FilledIn
from jotgate.stores import Store
from tests.stores.contract.material import (
    APP,
    BOUNDLESS,
    DAY,
    FORM,
    HOUR,
    MINUTE,
    OTHER_FORM,
    SUBJECT,
    T0,
    Contract,
    a_reading,
    admitted,
    app_grant,
    app_key,
    digest,
    explained,
    fault,
    grant,
    opening,
    pass_of,
    reason,
    register,
    sent_in,
    ticket_of,
    token,
    used,
    verdicts,
    written,
)


class RedeemingContract(Contract):
    """What a store promises to whoever comes with an app's token."""

    def test_a_token_gives_a_ticket_and_a_pass(self, store: Store) -> None:
        """The ticket knows its app, its subject, and what the app filled in and locked."""
        register(store)
        admit = admitted(store, token(prefill={"name": "Ann", "room": "7"}, locked=("room",)))
        assert (admit.form, admit.subject) == (FORM, SUBJECT)
        ticket = ticket_of(store, admit)
        assert (ticket.app, ticket.subject) == (APP, SUBJECT)
        assert ticket.openings == (FilledIn(0, {"name": "Ann", "room": "7"}, ("room",)),)
        changed = replace(sent_in(1, admit), answers=written({"name": "Bob", "room": "8"}))
        honest = replace(sent_in(2, admit), answers=written({"name": "Bob", "room": "7"}))
        assert verdicts(store, changed, honest) == [Verdict.TAMPERED, Verdict.VERIFIED]

    def test_who_comes_from_an_app_is_spoken_to_as_their_code_says(self, store: Store) -> None:
        """By the newest of their codes for the form; who has none, or one that says nothing, is not."""
        register(store)
        assert admitted(store, token("1")).language is None
        store.create_grants([grant("old", subject=SUBJECT, language="tr"), grant("hers", subject="u-8")], T0)
        assert admitted(store, token("2")).language == "tr"
        store.create_grants([grant("new", subject=SUBJECT, language="pt")], T0 + 1)
        assert admitted(store, token("3")).language == "pt"
        assert admitted(store, token("4", subject="u-8")).language is None

    def test_a_token_is_good_once(self, store: Store) -> None:
        """Whoever shows it again is refused; the owner sees the tries from other browsers, and an entry for each."""
        register(store)
        first = admitted(store, token("t", browser="one"))
        for browser in ("one", "two", "three"):
            again = store.redeem_token(token("t", browser=browser))
            assert isinstance(again, Refuse)
            assert again.reason is Reason.TOKEN_USED
            entry = explained(store, again)
            assert (entry.event, entry.reason, entry.subject) == ("token.refused", "token_used", SUBJECT)
            assert entry.about == f"app {APP}, key {app_key().key_id}"
        assert app_grant(store).foreign_tries == 2
        assert first.pass_id not in dict(store.revocations().passes)
        assert store.app_keys()[0].used == 1

    def test_its_own_browser_may_show_a_token_again(self, store: Store) -> None:
        """With a pass of the same subject nothing is counted or written; with anybody else's it is a replay."""
        register(store)
        held = pass_of(admitted(store, token("t", browser="one")))
        again = store.redeem_token(token("t", browser="one", holds=held))
        assert isinstance(again, Refuse)
        assert (again.reason, again.ref) == (Reason.TOKEN_USED, "TOKEN_USED")
        other = store.redeem_token(token("t", browser="two", holds=held._replace(subject="u-8")))
        assert isinstance(other, Refuse)
        assert explained(store, other).reason == "token_used"
        assert app_grant(store).foreign_tries == 1

    def test_a_fresh_token_takes_the_open_ticket_over_without_asking(self, store: Store) -> None:
        """In whatever browser: the old pass ends, the owner sees the move, and a new page shows the newest opening."""
        register(store)
        for uses, subject in ((1, "once"), (BOUNDLESS, "often")):
            first = admitted(store, token(subject=subject, uses=uses, browser="one", prefill={"a": "1"}))
            second = admitted(store, token(subject=subject, uses=uses, browser="two", prefill={"a": "2"}))
            assert second.ticket_id == first.ticket_id
            assert second.pass_id != first.pass_id
            assert first.pass_id in dict(store.revocations().passes)
            ticket = ticket_of(store, first)
            assert (ticket.moves, ticket.openings[-1].prefill) == (1, {"a": "2"})
            assert app_grant(store, subject=subject).moves == 1
            third = admitted(store, token(subject=subject, uses=uses, browser="two"))
            assert third.ticket_id == first.ticket_id
            assert app_grant(store, subject=subject).moves == 1

    def test_the_pass_that_the_browser_held_ends(self, store: Store) -> None:
        """Also when it was somebody else's."""
        register(store)
        held = pass_of(admitted(store, token(subject="u-8")))
        admitted(store, token(holds=held))
        assert held.pass_id in dict(store.revocations().passes)

    def test_a_subject_may_submit_as_often_as_the_form_says(self, store: Store) -> None:
        """A settled ticket is followed by a new one, until the uses are gone; each app and subject has its own."""
        register(store)
        register(store, "android")
        tickets = []
        for number in (1, 2):
            tickets.append(admitted(store, token(uses=2)))
            assert verdicts(store, sent_in(number, tickets[-1])) == [Verdict.VERIFIED]
        assert tickets[0].ticket_id != tickets[1].ticket_id
        refusal = store.redeem_token(token("t", uses=2))
        assert isinstance(refusal, Refuse)
        assert (refusal.reason, refusal.at) == (Reason.USED_UP, T0 + MINUTE)
        assert reason(store, token("t", uses=2)) is Reason.USED_UP
        assert app_grant(store).used == 2
        admitted(store, token(uses=2, subject="u-8"))
        admitted(store, token(uses=2, app="android"))

    def test_the_settings_decide_anew_how_often_a_subject_may_submit(self, store: Store) -> None:
        """More uses open the form again; fewer than were taken stop at what was taken."""
        register(store)
        verdicts(store, sent_in(1, admitted(store, token(uses=1))))
        verdicts(store, sent_in(2, admitted(store, token(uses=3))))
        assert reason(store, token(uses=1)) is Reason.USED_UP
        assert (app_grant(store).uses, app_grant(store).used) == (2, 2)

    def test_a_sent_ticket_is_not_filled_in_twice(self, store: Store) -> None:
        """Where a subject has one use, a fresh token leads to what was sent; where it has several, to a new ticket."""
        register(store)
        once, often = token(subject="once", uses=1), token(subject="often", uses=5)
        for wish, same in ((once, True), (often, False)):
            first = admitted(store, wish)
            store.mark_sent(ticket_id=first.ticket_id, now=T0 + MINUTE)
            again = admitted(
                store, replace(wish, token_key=digest("again" + wish.subject), browser=digest(2))
            )
            assert (again.ticket_id == first.ticket_id) is same
            ticket = ticket_of(store, first)
            assert ticket.state.value == "sent"

    def test_a_token_whose_minute_is_over_opens_nothing(self, store: Store) -> None:
        """It leaves no grant behind; one that was used before is still told so."""
        register(store)
        assert reason(store, token("late", expired=True)) is Reason.TOKEN_EXPIRED
        assert list(store.grants(GrantFilter(app=APP))) == []
        admitted(store, token("t"))
        assert reason(store, token("t", expired=True)) is Reason.TOKEN_USED

    def test_a_proof_is_good_once(self, store: Store) -> None:
        """A second token that comes with the same proof is refused, and stays good."""
        register(store)
        admitted(store, token("a", proof="p"))
        assert fault(store, token("b", proof="p")) is AppFault.PROOF_USED
        admitted(store, token("b", proof="q"))

    def test_a_reading_forgets_tokens_two_days_after_they_are_over(self, store: Store) -> None:
        """A clock that is set back by an hour or a day revives none."""
        register(store)
        admitted(store, token("t"))
        store.finish_reading(a_reading(read_at=T0 + 2 * DAY))
        assert reason(store, token("t", now=T0 - HOUR)) is Reason.TOKEN_USED
        store.finish_reading(a_reading(read_at=T0 + 2 * DAY + 3 * MINUTE))
        assert reason(store, token("t", expired=True, now=T0 + 3 * DAY)) is Reason.TOKEN_EXPIRED

    def test_one_subject_of_an_app_can_be_ended(self, store: Store) -> None:
        """Its pass and ticket are revoked, and its later tokens are told so; others go on."""
        register(store)
        admit = admitted(store, token())
        mine = GrantFilter(app=APP, form=FORM, subject=SUBJECT)
        assert store.revoke_grants(mine, now=T0 + MINUTE, actor="owner", note=None) == 1
        assert admit.pass_id in dict(store.revocations().passes)
        assert reason(store, token(now=T0 + HOUR)) is Reason.REVOKED
        admitted(store, token(subject="u-8"))

    def test_what_a_subject_has_open_can_be_ended_alone(self, store: Store) -> None:
        """Pass and ticket end, also those of what was sent before, which counts; a later token opens the form anew."""
        register(store)
        sent, mine = admitted(store, token()), GrantFilter(app=APP, subject=SUBJECT)
        assert verdicts(store, sent_in(1, sent)) == [Verdict.VERIFIED]
        elsewhere = replace(token(), form=OTHER_FORM, fingerprint=digest("elsewhere"))
        lost, other = admitted(store, elsewhere), admitted(store, token(subject="u-8"))
        assert store.end_tickets(replace(mine, form=OTHER_FORM), now=T0 + MINUTE, actor="owner") == 1
        assert store.end_tickets(mine, now=T0 + MINUTE, actor="owner") == 1
        assert store.end_tickets(mine, now=T0 + MINUTE, actor="owner") == 0
        assert store.end_tickets(GrantFilter(), now=T0 + MINUTE, actor="owner") == 0
        ended = dict(store.revocations().passes)
        assert {sent.pass_id, lost.pass_id} <= set(ended)
        assert other.pass_id not in ended
        ticket = ticket_of(store, lost)
        assert ticket.revoked_at == T0 + MINUTE
        again = replace(token(now=T0 + 2 * MINUTE), form=OTHER_FORM, fingerprint=digest("elsewhere"))
        found = admitted(store, again)
        assert found.ticket_id != lost.ticket_id

    def test_the_site_itself_needs_no_key_in_the_store(self, store: Store) -> None:
        """Its tokens are taken by their id alone, once."""
        admitted(store, token("t", app=SITE_APP))
        assert reason(store, token("t", app=SITE_APP)) is Reason.TOKEN_USED

    def test_what_tokens_entitle_to_is_no_code(self, store: Store) -> None:
        """Codes are listed and revoked without them, by whatever filter; they are found by their app only."""
        register(store)
        store.create_grants([grant("code", subject=SUBJECT)], T0)
        admitted(store, token())
        by_code, by_app = GrantFilter(form=FORM, subject=SUBJECT), GrantFilter(app=APP)
        for which in (None, by_code, GrantFilter(form=FORM)):
            assert [kept.fingerprint for kept in store.grants(which)] == [digest("code")]
        assert [kept.app for kept in store.grants(by_app)] == [APP]
        assert [kept.app for kept in store.grants(replace(by_code, app=APP))] == [APP]
        assert list(store.grants(replace(by_app, form=OTHER_FORM))) == []
        assert store.revoke_grants(by_code, now=T0, actor="owner", note=None) == 1
        assert app_grant(store).revoked_at is None
        assert reason(store, opening("code")) is Reason.REVOKED
        assert used(store, "code") == 0

    def test_a_form_opened_by_a_token_takes_its_use_back_like_any_other(self, store: Store) -> None:
        """`give_back_use` lets the subject in once more."""
        register(store)
        verdicts(store, sent_in(1, admitted(store, token(uses=1))))
        assert reason(store, token(uses=1)) is Reason.USED_UP
        mine = GrantFilter(app=APP, form=FORM, subject=SUBJECT)
        assert store.give_back_use(mine, now=T0, actor="owner") is not None
        again = admitted(store, token(uses=1))
        assert verdicts(store, sent_in(2, again)) == [Verdict.VERIFIED]
