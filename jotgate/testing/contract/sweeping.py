"""The contract about the webhook and the sweep: what is due, who may read, how far the readings are."""

from __future__ import annotations

from dataclasses import replace

from jotgate.protocols import FormState, Store
from jotgate.testing.contract.material import (
    DAY,
    FORM,
    FORM_ID,
    FORMS,
    HOUR,
    MINUTE,
    OTHER_FORM,
    T0,
    TTL_SECONDS,
    Contract,
    Opener,
    a_reading,
    admitted,
    exactly,
    grant,
    opening,
    sent_in,
    settled,
)


class SweepingContract(Contract):
    """What a store promises to the webhook and to the sweep."""

    def test_a_new_form_is_neither_due_nor_started(self, store: Store) -> None:
        """It is known since it was first prepared."""
        state = state_of(store)
        assert (state.form_id, state.added_at, state.cursor, state.head) == (FORM_ID, T0, None, None)
        assert (state.due_seq, state.read_seq, state.due_since, state.again_at) == (0, 0, None, None)
        assert {one.form for one in store.form_states()} == set(FORMS)

    def test_a_delivery_makes_its_form_due(self, store: Store) -> None:
        """Since the first one; a second reading is asked for a minute after it."""
        assert store.note_delivery(FORM_ID, T0)
        assert store.note_delivery(FORM_ID, T0 + 10)
        state = state_of(store)
        assert (state.due_seq, state.read_seq) == (2, 0)
        assert (state.due_since, state.again_at) == (T0, T0 + MINUTE)
        assert state_of(store, OTHER_FORM).due_seq == 0

    def test_a_delivery_for_a_form_of_others_is_nothing(self, store: Store) -> None:
        """Forged webhooks of foreign forms leave no trace."""
        assert not store.note_delivery("999", T0)
        assert not store.note_delivery("", T0)

    def test_a_reading_clears_what_was_due_when_it_began(self, store: Store) -> None:
        """The form is due no more, and the next reading begins where this one ended."""
        store.note_delivery(FORM_ID, T0)
        store.finish_reading(a_reading(seq=1, cursor="17", head="20", read_at=T0 + 2 * MINUTE))
        state = state_of(store)
        assert (state.read_seq, state.due_since, state.again_at) == (1, None, None)
        assert (state.cursor, state.head) == ("17", "20")
        assert state.read_at == state.full_read_at == T0 + 2 * MINUTE

    def test_a_form_delivered_to_during_the_reading_stays_due(self, store: Store) -> None:
        """No delivery is lost between the call and its end."""
        store.note_delivery(FORM_ID, T0)
        store.note_delivery(FORM_ID, T0 + 1)
        store.finish_reading(a_reading(seq=1, read_at=T0 + 2))
        state = state_of(store)
        assert state.due_seq > state.read_seq
        assert state.due_since == T0 + 2

    def test_a_young_delivery_is_read_once_more(self, store: Store) -> None:
        """JotForm's list may lag, so a reading within a minute of the delivery asks for another."""
        store.note_delivery(FORM_ID, T0)
        store.finish_reading(a_reading(seq=1, read_at=T0 + 5))
        assert state_of(store).again_at == T0 + 5 + MINUTE
        store.finish_reading(a_reading(seq=1, read_at=T0 + 5 + MINUTE))
        assert state_of(store).again_at is None

    def test_rows_without_answers_are_read_once_more(self, store: Store) -> None:
        """However long ago the delivery was."""
        store.finish_reading(a_reading(read_at=T0 + DAY, wait_for_answers=True))
        assert state_of(store).again_at == T0 + DAY + MINUTE

    def test_a_quick_reading_moves_the_head_only(self, store: Store) -> None:
        """Cursor, full reading and the second reading it owes stay as they were."""
        store.note_delivery(FORM_ID, T0)
        quick = a_reading(seq=1, cursor=None, head="20", read_at=T0 + 5)
        store.finish_reading(replace(quick, hollow=2, quiet_until=T0 + 9))
        state = state_of(store)
        assert (state.read_seq, state.due_since, state.head, state.read_at) == (1, None, "20", T0 + 5)
        assert (state.cursor, state.full_read_at, state.again_at) == (None, None, T0 + MINUTE)
        assert (state.hollow, state.quiet_until) == (2, T0 + 9)

    def test_one_holder_has_the_lease(self, store: Store) -> None:
        """It may renew it; another gets it when it was given back or has run out."""
        assert store.take_lease("a", now=T0, seconds=60)
        assert not store.take_lease("b", now=T0 + 59, seconds=60)
        assert store.take_lease("a", now=T0 + 59, seconds=60)
        assert not store.take_lease("b", now=T0 + 118, seconds=60)
        assert store.take_lease("b", now=T0 + 119, seconds=60)

    def test_only_its_holder_gives_the_lease_back(self, store: Store) -> None:
        """Who lost it long ago cannot take it from the next."""
        assert store.take_lease("a", now=T0, seconds=60)
        store.release_lease("b")
        assert not store.take_lease("b", now=T0, seconds=60)
        store.release_lease("a")
        assert store.take_lease("b", now=T0, seconds=60)

    def test_a_lease_from_before_the_clock_was_set_back_does_not_bind(self, store: Store) -> None:
        """Else nobody would sweep until the old time comes round again."""
        assert store.take_lease("a", now=T0 + HOUR, seconds=60)
        assert store.take_lease("b", now=T0, seconds=60)

    def test_judging_begins_once(self, store: Store) -> None:
        """A form that was started keeps its cursor, unless it is told to start again."""
        store.begin_at(FORM, "100")
        store.begin_at(FORM, "50")
        assert (state_of(store).cursor, state_of(store).head) == ("100", "100")
        store.begin_at(FORM, "50", again=True)
        assert (state_of(store).cursor, state_of(store).head) == ("50", "50")

    def test_the_ticket_field_is_remembered_and_missed(self, store: Store) -> None:
        """When it goes missing the last known place is kept, and since when; found again, it is missed no more."""
        store.note_questions(FORM, qid="7", name="jotgate", now=T0)
        store.note_questions(FORM, qid=None, name=None, now=T0 + 1)
        store.note_questions(FORM, qid=None, name=None, now=T0 + 2)
        state = state_of(store)
        assert (state.ticket_qid, state.ticket_name, state.missing_since) == ("7", "jotgate", T0 + 1)
        store.note_questions(FORM, qid="9", name="renamed", now=T0 + 3)
        state = state_of(store)
        assert (state.ticket_qid, state.ticket_name, state.missing_since) == ("9", "renamed", None)
        assert state.questions_at == T0 + 3

    def test_an_error_is_kept_until_a_reading_succeeds(self, store: Store) -> None:
        """The operator sees the last one in words."""
        store.note_error(FORM, "JotForm did not answer", T0)
        assert (state_of(store).last_error, state_of(store).last_error_at) == ("JotForm did not answer", T0)
        store.finish_reading(a_reading())
        assert state_of(store).last_error is None

    def test_a_name_that_stands_for_another_form_starts_anew(self, store: Store, opener: Opener) -> None:
        """Cursor, field and places of the old form mean nothing for the new one, and it is due."""
        store.create_grants([grant("code")], T0)
        settled(store, sent_in(1, admitted(store, opening("code"))))
        store.begin_at(FORM, "100")
        store.note_questions(FORM, qid="7", name="jotgate", now=T0)
        again = opener()
        again.prepare({**FORMS, FORM: "260010000000009"}, T0 + DAY)
        state = state_of(again)
        assert (state.form_id, state.added_at, state.cursor, state.ticket_qid) == (
            "260010000000009",
            T0 + DAY,
            None,
            None,
        )
        assert (state.settled, state.due_seq > state.read_seq) == (0, True)
        assert not again.note_delivery(FORM_ID, T0)
        again.close()

    def test_preparing_again_keeps_everything(self, store: Store, opener: Opener) -> None:
        """A restart loses nothing, and a form that was taken out of the settings is not listed."""
        store.create_grants([grant("code")], T0)
        store.note_delivery(FORM_ID, T0)
        store.begin_at(FORM, "100")
        again = opener()
        again.prepare({FORM: FORM_ID}, T0 + DAY)
        assert [one.form for one in again.form_states()] == [FORM]
        assert (state_of(again).cursor, state_of(again).due_seq, state_of(again).added_at) == ("100", 1, T0)
        admitted(again, opening("code"))
        again.close()

    def test_a_form_is_live_as_long_as_its_last_ticket(self, store: Store) -> None:
        """Open and sent tickets count, redeemed and revoked ones do not."""
        assert store.live_until(FORM) is None
        store.create_grants([grant("one"), grant("two"), grant("three")], T0)
        one = admitted(store, opening("one", now=T0 + 2))
        two = admitted(store, opening("two", now=T0 + 1))
        admitted(store, opening("three", now=T0))
        assert store.live_until(FORM) == T0 + 2 + TTL_SECONDS
        settled(store, sent_in(1, one))
        store.mark_sent(ticket_id=two.ticket_id, now=T0 + 1)
        assert store.live_until(FORM) == T0 + 1 + TTL_SECONDS
        store.revoke_grants(exactly("two"), now=T0 + 2, actor="owner", note=None)
        assert store.live_until(FORM) == T0 + TTL_SECONDS
        assert store.live_until(OTHER_FORM) is None

    def test_a_reading_forgets_only_what_is_long_over(self, store: Store) -> None:
        """Even if the clock was an hour ahead meanwhile, a revoked pass stays revoked until it has ended."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code", pass_ttl_seconds=MINUTE))
        store.revoke_grants(exactly("code"), now=T0 + HOUR, actor="owner", note=None)
        store.finish_reading(a_reading(read_at=T0 + HOUR))
        assert admit.pass_id in dict(store.revocations(0.0))
        store.finish_reading(a_reading(read_at=T0 + 10 * DAY))
        assert store.revocations(0.0) == []


def state_of(store: Store, form: str = FORM) -> FormState:
    """Return how far the sweep is with *form*."""
    return next(state for state in store.form_states() if state.form == form)
