"""The contract about forms that a person has paused."""

from __future__ import annotations

from jotgate.outcomes import Admit, Reason, Verdict
from jotgate.stores import Store
from tests.stores.contract.material import (
    FORM,
    FORMS,
    HOUR,
    OTHER_FORM,
    T0,
    Contract,
    Opener,
    admitted,
    grant,
    opening,
    pass_of,
    reason,
    refused,
    sent_in,
    verdicts,
)
from tests.stores.contract.sweeping import state_of


class PausingContract(Contract):
    """What a store promises to whoever pauses a form, and to its visitors."""

    def test_nobody_is_let_in_to_a_paused_form(self, store: Store, opener: Opener) -> None:
        """Not by a code that is new, nor by one that is open here or elsewhere, whichever process is asked."""
        store.create_grants([grant(1), grant(2), grant(3, uses=9), grant(4, form=OTHER_FORM)], T0)
        held = pass_of(admitted(store, opening(2)))
        other = opener()
        other.prepare(FORMS, T0)
        assert other.pause_form(FORM, words="Back at noon.", actor="mrs. k", now=T0)
        for wish in opening(1), opening(2), opening(2, browser="another", move=True), opening(3):
            refusal = refused(store, wish)
            assert (refusal.reason, refusal.words) == (Reason.PAUSED, "Back at noon.")
        assert reason(store, opening(1, holds=held)) is Reason.PAUSED
        assert isinstance(store.open_ticket(opening(4, form=OTHER_FORM)), Admit)
        assert other.reopen_form(FORM, actor="mr. l", now=T0 + HOUR)
        admitted(store, opening(1))
        other.close()

    def test_what_was_open_may_still_be_sent(self, store: Store) -> None:
        """Whoever had the form open did nothing wrong: it counts."""
        store.create_grants([grant(1)], T0)
        ticket = admitted(store, opening(1))
        store.pause_form(FORM, words=None, actor="mrs. k", now=T0)
        assert store.mark_sent(ticket_id=ticket.ticket_id, now=T0 + HOUR)
        assert verdicts(store, sent_in(1, ticket, at=T0 + HOUR)) == [Verdict.VERIFIED]

    def test_a_pause_is_known_with_its_words(self, store: Store) -> None:
        """Since when, by whom and what visitors read; nothing of it is left once the form is open again."""
        store.pause_form(FORM, words="Back at noon.", actor="mrs. k", now=T0)
        store.pause_form(FORM, words="Back at one.", actor="mr. l", now=T0 + HOUR)
        state = state_of(store)
        assert (state.paused_at, state.paused_by, state.paused_words) == (T0 + HOUR, "mr. l", "Back at one.")
        assert state_of(store, OTHER_FORM).paused_at is None
        assert store.reopen_form(FORM, actor="mr. l", now=T0 + 2 * HOUR)
        state = state_of(store)
        assert (state.paused_at, state.paused_by, state.paused_words) == (None, None, None)
        assert not store.reopen_form(FORM, actor="mr. l", now=T0 + 2 * HOUR)

    def test_of_two_people_the_second_changes_nothing_that_they_did_not_see(self, store: Store) -> None:
        """Where a form was paused or reopened since they looked, they are told so."""
        assert store.pause_form(FORM, words="one", actor="mrs. k", now=T0, seen_at=0.0)
        assert not store.pause_form(FORM, words="two", actor="mr. l", now=T0 + 1, seen_at=0.0)
        assert store.pause_form(FORM, words="three", actor="mr. l", now=T0 + 2, seen_at=T0)
        assert not store.reopen_form(FORM, actor="mrs. k", now=T0 + 3, seen_at=T0)
        assert state_of(store).paused_words == "three"
        assert store.reopen_form(FORM, actor="mrs. k", now=T0 + 4, seen_at=T0 + 2)
        assert not store.pause_form(FORM, words="four", actor="mr. l", now=T0 + 5, seen_at=T0 + 2)

    def test_the_ledger_says_who_paused_and_reopened(self, store: Store) -> None:
        """With what visitors were told, and nothing about what was refused."""
        store.pause_form(FORM, words="Back at noon.", actor="mrs. k", now=T0)
        store.reopen_form(FORM, actor="mr. l", now=T0 + 1, seen_at=5.0)
        store.reopen_form(FORM, actor="mr. l", now=T0 + 2)
        entries = [store.explain(store.driver.references.ref_of(seq)) for seq in range(1, 50)]
        assert [(one.event, one.form, one.actor, one.note) for one in entries if one] == [
            ("form.paused", FORM, "mrs. k", "Back at noon."),
            ("form.reopened", FORM, "mr. l", None),
        ]
