"""The contract about the webhook and the sweep: what is due, who may read, how far the readings are."""

from __future__ import annotations

from dataclasses import replace

from jotgate.outcomes import Reason, Refuse
from jotgate.protocols import FormState, Hint, Place, Unproven, ZoneCount
from jotgate.stores import Store
from tests.stores.contract.material import (
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

    def test_what_an_accounts_zone_is_stays_known(self, store: Store, opener: Opener) -> None:
        """What one process learns of one account is there for every other, and for that account alone."""
        count = ZoneCount(
            rows={"UTC+05:30": 7}, highest="6440033300000000005", named="Asia/Kolkata", asked_at=T0
        )
        assert store.zones("account") == ZoneCount()
        assert store.change_zones("account", lambda before: (count, before)) == ZoneCount()
        other = opener()
        other.prepare(FORMS, T0)
        assert other.zones("account") == count
        assert other.zones("another") == ZoneCount()
        other.close()

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

    def test_the_state_of_one_form_is_that_of_the_list(self, store: Store) -> None:
        """And a form that the settings do not name has none."""
        store.note_delivery(FORM_ID, T0)
        assert store.form_state(FORM) == next(one for one in store.form_states() if one.form == FORM)
        assert store.form_state("nowhere") is None

    def test_forms_that_were_sought_are_not_due(self, store: Store) -> None:
        """Until somebody delivers to them, they are to be read again, or they were idle for long."""
        assert [one.form for one in store.due_forms(T0, idle_before=T0 - HOUR)] == sorted(FORMS)
        store.finish_reading(a_reading(read_at=T0))
        due = [one.form for one in store.due_forms(T0 + MINUTE, idle_before=T0 + MINUTE - HOUR)]
        assert due == [one for one in sorted(FORMS) if one != FORM]
        assert FORM in [one.form for one in store.due_forms(T0 + HOUR, idle_before=T0)]
        store.note_delivery(FORM_ID, T0 + MINUTE)
        assert FORM in [one.form for one in store.due_forms(T0 + MINUTE, idle_before=T0 + MINUTE - HOUR)]

    def test_a_form_has_tickets_out_that_could_have_been_used(self, store: Store) -> None:
        """Since it was last sought, however old that is."""
        store.create_grants([grant("code")], T0)
        admitted(store, opening("code"))
        store.finish_reading(a_reading(read_at=T0 + MINUTE))
        assert store.forms_with_tickets_out(T0) == []
        assert [one.form for one in store.forms_with_tickets_out(T0 + MINUTE)] == [FORM]
        store.finish_reading(a_reading(read_at=T0 + TTL_SECONDS + MINUTE))
        assert store.forms_with_tickets_out(T0 + TTL_SECONDS + HOUR) == []

    def test_a_reading_that_proved_nothing_moves_nothing(self, store: Store) -> None:
        """The form stays due, `as_of` stays, and it is noted when the form is asked for by itself."""
        store.begin_at(FORM, "17")
        store.finish_reading(a_reading(cursor="17", head="20", read_at=T0))
        store.note_delivery(FORM_ID, T0 + 1)
        store.note_unproven(Unproven(form=FORM, full=True, tries=1, retry_at=T0 + MINUTE, read_at=T0 + 2))
        state = state_of(store)
        assert (state.cursor, state.head, state.full_read_at) == ("17", "20", T0)
        assert state.due_seq > state.read_seq
        assert (state.tries, state.retry_at, state.sought_at, state.read_at) == (
            1,
            T0 + MINUTE,
            T0 + 2,
            T0 + 2,
        )
        store.finish_reading(a_reading(seq=1, read_at=T0 + 3))
        assert (state_of(store).tries, state_of(store).retry_at) == (0, None)

    def test_a_delivery_names_what_readings_have_passed(self, store: Store) -> None:
        """Between the beginning and the newest one seen, and not known: anything else is read, or never judged."""
        store.begin_at(FORM, "1000")
        store.finish_reading(a_reading(cursor="2000", head="2000"))
        settled(store, sent_in(1500, None))
        for named in ("1000", "2001", "1500", "1700"):
            store.note_delivery(FORM_ID, T0, named)
        assert [hint.submission_id for hint in store.hints(T0)] == ["1700"]

    def test_hints_are_few(self, store: Store) -> None:
        """A flood of forged ones fills no store."""
        store.begin_at(FORM, "1000")
        store.finish_reading(a_reading(cursor="9000", head="9000"))
        for number in range(100):
            store.note_delivery(FORM_ID, T0, str(2000 + number))
        seen = []
        while hints := store.hints(T0):
            seen.append(hints[0].submission_id)
            store.note_look(hints[0], looks=1, look_at=T0, hollow=None, quiet_until=0.0)
        assert seen == [str(2000 + number) for number in range(20)]

    def test_a_look_puts_off_the_next_one(self, store: Store) -> None:
        """And slows the form down, if it came to nothing."""
        store.begin_at(FORM, "1000")
        store.finish_reading(a_reading(cursor="9000", head="9000"))
        store.note_delivery(FORM_ID, T0, "2000")
        store.note_delivery(FORM_ID, T0, "2001")
        [hint] = store.hints(T0)
        assert hint == Hint(state=state_of(store), submission_id="2000")
        store.note_look(hint, looks=1, look_at=T0 + MINUTE, hollow=20, quiet_until=T0 + MINUTE)
        assert store.hints(T0 + 1) == []
        assert [one.submission_id for one in store.hints(T0 + MINUTE)] == ["2001"]
        state = state_of(store)
        assert (state.looks, state.hollow, state.quiet_until) == (1, 20, T0 + MINUTE)

    def test_a_reading_goes_back_to_what_has_no_verdict(self, store: Store) -> None:
        """Below the cursor only; above it the next reading sees it anyway."""
        store.finish_reading(a_reading(cursor="2000", head="2000"))
        store.go_back(FORM, "2001", again_at=T0)
        assert state_of(store).cursor == "2000"
        store.go_back(FORM, "1500", again_at=T0 + MINUTE)
        assert (state_of(store).cursor, state_of(store).again_at) == ("1499", T0 + MINUTE)

    def test_judging_begins_earlier_and_nothing_else_moves(self, store: Store) -> None:
        """Never later, and not on a form that was not started; ids are numbers, whatever their length."""
        store.begin_earlier(FORM, "0")
        assert state_of(store).began_above is None
        store.begin_at(FORM, "1000")
        store.finish_reading(a_reading(cursor="2000", head="2000"))
        before = state_of(store)
        for above, expected in (("2000", "1000"), ("999", "999"), ("1000", "999"), ("0", "0")):
            store.begin_earlier(FORM, above)
            assert state_of(store) == replace(before, began_above=expected)

    def test_what_was_read_stays_read(self, store: Store) -> None:
        """A reading that breaks off leaves the form due, with all that it showed."""
        store.begin_at(FORM, "10")
        store.note_delivery(FORM_ID, T0)
        store.note_progress(FORM, head="30", anchor="30", cursor=None)
        assert (state_of(store).head, state_of(store).anchor, state_of(store).cursor) == ("30", "30", "10")
        store.note_progress(FORM, head="30", anchor="30", cursor="25")
        store.note_error(FORM, "it broke", T0 + 1, tries=1, retry_at=T0 + MINUTE, page_rows=125)
        state = state_of(store)
        assert (state.cursor, state.page_rows, state.tries, state.retry_at) == ("25", 125, 1, T0 + MINUTE)
        assert state.due_seq > state.read_seq

    def test_places_are_kept_in_the_order_of_the_list(self, store: Store) -> None:
        """And one is open until its submission has a verdict."""
        for above in ("900", "1000"):
            store.note_place(a_place(above))
        assert [place.above for place in store.places()[FORM]] == ["900", "1000"]
        assert store.open_places() == [a_place("1000"), a_place("900")]
        store.note_place(a_place("900", below="902", submission_id="901"))
        settled(store, sent_in("901", None))
        assert [place.above for place in store.open_places()] == ["1000"]
        assert store.places()[FORM][0].submission_id == "901"
        store.remove_place(a_place("1000"))
        assert store.open_places() == []

    def test_a_place_is_tried_again_later(self, store: Store) -> None:
        """With the reason why it could not be read the last time; noting it anew does not hurry it."""
        store.note_place(a_place("900"))
        store.put_off_place(a_place("900"), tries=1, retry_at=T0 + HOUR, reason="504")
        store.note_place(a_place("900"))
        [place] = store.open_places()
        assert (place.tries, place.retry_at, place.since) == (1, T0 + HOUR, T0)

    def test_ids_tell_where_new_submissions_can_turn_up(self, store: Store) -> None:
        """Above what was seen a while ago, on whatever form, and above where judging began."""
        assert store.known_range(seen_before=T0, rows=1).horizon == "0"
        store.begin_at(OTHER_FORM, "1000")
        assert store.known_range(seen_before=T0, rows=1).horizon == "1000"
        settled(store, sent_in(1500, None), now=T0)
        settled(store, sent_in(1600, None), now=T0 + HOUR)
        known = store.known_range(seen_before=T0, rows=1)
        assert (known.horizon, known.near) == ("1500", "1500")
        assert store.known_range(seen_before=T0, rows=2).near == "0"

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

    def test_a_form_that_is_refused_lets_nobody_in(self, store: Store) -> None:
        """Until a reading shows that it is there; meanwhile it rests, and what it was asked with is noted."""
        store.create_grants([grant("code")], T0)
        store.note_error(FORM, "401", T0, tries=2, retry_at=T0 + MINUTE, asked_with="key")
        assert state_of(store).refused_since is None
        for at in (T0 + 1, T0 + 2):
            store.note_error(FORM, "401", at, tries=3, retry_at=T0 + HOUR, asked_with="key", refused=True)
        assert (state_of(store).refused_since, state_of(store).asked_with) == (T0 + 1, "key")
        refusal = store.open_ticket(opening("code"))
        assert isinstance(refusal, Refuse)
        assert refusal.reason is Reason.FIELD_MISSING
        store.finish_reading(a_reading())
        assert state_of(store).refused_since is None
        admitted(store, opening("code"))

    def test_a_form_that_has_nothing_begins_proven(self, store: Store) -> None:
        """What nobody has sent yet is known as of then, without a newest submission to find again or a reading."""
        store.begin_at(FORM, "0", proven_at=T0)
        state = state_of(store)
        assert (state.anchor, state.full_read_at, state.sought_at, state.read_at) == (None, T0, T0, T0)
        store.begin_at(OTHER_FORM, "100")
        state = state_of(store, OTHER_FORM)
        assert (state.anchor, state.began_above, state.full_read_at) == ("100", "100", None)
        assert (state.sought_at, state.read_at) == (None, None)

    def test_a_ticket_field_that_a_row_told_leaves_the_questions_unread(self, store: Store) -> None:
        """Where the field is, is known; when the questions were read is not."""
        store.note_questions(FORM, qid="7", name="jotgate", now=None)
        state = state_of(store)
        assert (state.ticket_qid, state.ticket_name, state.questions_at) == ("7", "jotgate", None)
        assert state.missing_since is None

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
        assert (state.settled, state.full_read_at) == (0, None)
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
        store.create_grants([grant("code"), grant("later")], T0)
        admit = admitted(store, opening("code", pass_ttl_seconds=MINUTE))
        later = admitted(store, opening("later", now=T0 + 10 * DAY))
        store.revoke_grants(exactly("code"), now=T0 + HOUR, actor="owner", note=None)
        store.finish_reading(a_reading(read_at=T0 + HOUR))
        assert admit.pass_id in dict(store.revocations().passes)
        store.revoke_grants(exactly("later"), now=T0 + 10 * DAY, actor="owner", note=None)
        store.finish_reading(a_reading(read_at=T0 + 10 * DAY))
        assert store.revocations().passes == [(later.pass_id, later.expires_at)]


def a_place(above: str, below: str | None = None, submission_id: str | None = None) -> Place:
    """Return a place of *FORM* that nobody has tried yet."""
    return Place(
        form=FORM,
        above=above,
        below=below,
        submission_id=submission_id,
        since=T0,
        tries=0,
        retry_at=T0,
        reason="too large",
    )


def state_of(store: Store, form: str = FORM) -> FormState:
    """Return how far the sweep is with *form*."""
    return next(state for state in store.form_states() if state.form == form)
