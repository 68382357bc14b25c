"""The contract about people at the door: opening, moving, leaving, sending, guessing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jotgate.outcomes import Reason, Refuse
from jotgate.policy import CLOSING_GRACE_SECONDS
from jotgate.protocols import Store
from jotgate.testing.contract.material import (
    DAY,
    FORM,
    HOUR,
    MINUTE,
    OTHER_FORM,
    T0,
    TTL_SECONDS,
    Contract,
    a_reading,
    admitted,
    exactly,
    grant,
    guesser,
    opening,
    pass_of,
    reason,
    refused,
    sent_in,
    settled,
)
from jotgate.throttle import Guesser
from jotgate.tickets import TicketState


class AdmittingContract(Contract):
    """What a store promises to people at the door."""

    def test_an_admission_names_form_subject_and_expiry(self, store: Store) -> None:
        """Who opens a code is told the form, whom it is about, and until when; the ticket says the same."""
        store.create_grants([grant("code", subject="s-1")], T0)
        admit = admitted(store, opening("code"))
        ticket = store.ticket(admit.ticket_id)
        assert ticket is not None
        assert (admit.form, admit.subject, admit.expires_at) == (FORM, "s-1", T0 + TTL_SECONDS)
        assert (ticket.form, ticket.subject, ticket.expires_at) == (FORM, "s-1", T0 + TTL_SECONDS)
        assert (ticket.state, ticket.issued_at, ticket.moves) == (TicketState.OPEN, T0, 0)

    def test_a_single_use_code_has_one_ticket_for_life(self, store: Store) -> None:
        """Opened again in the same browser it gives the same ticket, a new pass and a later expiry."""
        store.create_grants([grant("code")], T0)
        first = admitted(store, opening("code"))
        second = admitted(store, opening("code", now=T0 + HOUR))
        ticket = store.ticket(first.ticket_id)
        assert second.ticket_id == first.ticket_id
        assert second.pass_id != first.pass_id
        assert ticket is not None
        assert ticket.expires_at == second.expires_at == T0 + HOUR + TTL_SECONDS
        assert [held for held, _ in store.revocations(0.0)] == [first.pass_id]

    def test_a_code_open_in_another_browser_is_refused_until_it_is_moved(self, store: Store) -> None:
        """Another browser hears that it is open elsewhere, and nothing changes for the first."""
        store.create_grants([grant("code")], T0)
        first = admitted(store, opening("code", browser="one"))
        assert reason(store, opening("code", browser="two")) is Reason.OPEN_ELSEWHERE
        assert admitted(store, opening("code", browser="one")).ticket_id == first.ticket_id

    def test_moving_rebinds_the_same_ticket_and_is_counted(self, store: Store) -> None:
        """The ticket's text in a form half filled in stays good, the old pass ends, the owner sees the count."""
        store.create_grants([grant("code")], T0)
        first = admitted(store, opening("code", browser="one"))
        moved = admitted(store, opening("code", browser="two", move=True))
        ticket = store.ticket(first.ticket_id)
        assert moved.ticket_id == first.ticket_id
        assert first.pass_id in dict(store.revocations(0.0))
        assert moved.pass_id not in dict(store.revocations(0.0))
        assert ticket is not None
        assert ticket.moves == 1
        assert next(store.grants(exactly("code"))).moves == 1
        assert reason(store, opening("code", browser="one")) is Reason.OPEN_ELSEWHERE

    def test_move_in_the_same_browser_moves_nothing(self, store: Store) -> None:
        """A move is only counted when the browser is another one."""
        store.create_grants([grant("code")], T0)
        admitted(store, opening("code"))
        admitted(store, opening("code", move=True))
        assert next(store.grants(exactly("code"))).moves == 0

    def test_nobody_is_let_in_to_a_full_form(self, store: Store) -> None:
        """Neither a code nor a ticket helps, a guess does not count, nothing is noted; a larger form goes on."""
        store.create_grants([grant("one"), grant("two")], T0)
        admit = admitted(store, opening("one", capacity=1))
        admitted(store, opening("two", capacity=1))
        settled(store, sent_in(1, admit), capacity=1)
        for code in ("two", "unknown"):
            wish = opening(code, guesser=guesser(), capacity=1)
            assert refused(store, wish) == Refuse(reason=Reason.FULL, ref="FULL")
        admitted(store, opening("two", capacity=2))

    def test_nobody_is_let_in_to_a_form_without_its_ticket_field(self, store: Store) -> None:
        """What would be sent in could not be told from what came by the bare address."""
        store.create_grants([grant("code")], T0)
        store.note_questions(FORM, qid=None, name=None, now=T0)
        assert reason(store, opening("code")) is Reason.FIELD_MISSING
        assert reason(store, opening("unknown", guesser=guesser())) is Reason.FIELD_MISSING
        store.note_questions(FORM, qid="7", name="jotgate", now=T0)
        admitted(store, opening("code"))

    def test_a_class_code_gives_each_opening_a_ticket_of_its_own(self, store: Store) -> None:
        """Pupils who share one code, and even one tablet, each get a ticket."""
        store.create_grants([grant("class", uses=30)], T0)
        tickets = {admitted(store, opening("class", browser=n // 2)).ticket_id for n in range(30)}
        assert len(tickets) == 30

    def test_a_new_admission_ends_the_pass_the_browser_held(self, store: Store) -> None:
        """Of two passes that one browser got for a form, only the newer one lives."""
        store.create_grants([grant("one"), grant("two")], T0)
        first = admitted(store, opening("one"))
        admitted(store, opening("two", holds=pass_of(first)))
        assert store.revocations(0.0) == [(first.pass_id, first.expires_at)]

    def test_a_pass_may_end_before_its_ticket(self, store: Store) -> None:
        """The pass lasts as long as its own limit says, the ticket as long as it would."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code", pass_ttl_seconds=HOUR))
        ticket = store.ticket(admit.ticket_id)
        assert admit.expires_at == T0 + HOUR
        assert ticket is not None
        assert ticket.expires_at == T0 + TTL_SECONDS

    def test_a_ticket_outlives_its_codes_window_only_by_the_grace(self, store: Store) -> None:
        """Who opened in time may still send in for half an hour after the code's own end."""
        store.create_grants([grant("code", valid_until=T0 + HOUR)], T0)
        admit = admitted(store, opening("code"))
        assert admit.expires_at == T0 + HOUR + CLOSING_GRACE_SECONDS

    @pytest.mark.parametrize(
        ("now", "expected", "at"),
        [
            (T0 - 1, Reason.NOT_YET_VALID, T0),
            (T0 + DAY, Reason.EXPIRED, T0 + DAY),
        ],
    )
    def test_a_code_outside_its_window_says_which_end_it_missed(
        self, store: Store, now: float, expected: Reason, at: float
    ) -> None:
        """The first moment belongs to the window, the last does not."""
        store.create_grants([grant("code", valid_from=T0, valid_until=T0 + DAY)], T0)
        refusal = refused(store, opening("code", now=now))
        assert (refusal.reason, refusal.at) == (expected, at)
        admitted(store, opening("code", now=T0))
        admitted(store, opening("code", now=T0 + DAY - 1))

    def test_a_used_up_code_says_when_it_was_used(self, store: Store) -> None:
        """After its last use is settled the code is refused, with the time of the submission."""
        store.create_grants([grant("code")], T0)
        settled(store, sent_in(1, admitted(store, opening("code")), at=T0 + MINUTE))
        refusal = refused(store, opening("code", now=T0 + HOUR))
        assert (refusal.reason, refusal.at) == (Reason.USED_UP, T0 + MINUTE)

    def test_a_code_of_another_form_is_told_so(self, store: Store) -> None:
        """A code opens its own form only, and no guess is counted."""
        store.create_grants([grant("code")], T0)
        assert reason(store, opening("code", form=OTHER_FORM)) is Reason.WRONG_FORM

    def test_a_code_is_found_under_any_of_the_keys(self, store: Store) -> None:
        """A card printed under an older code key opens as before."""
        store.create_grants([grant("old key")], T0)
        wish = opening("new key")
        both = (*wish.fingerprints, *opening("old key").fingerprints)
        admitted(store, replace(wish, fingerprints=both))

    def test_a_refusal_is_in_the_ledger_under_its_reference(self, store: Store) -> None:
        """What the visitor reads out tells the operator reason, form and time, however it is spelled."""
        refusal = refused(store, opening("never made"))
        for spelled in (refusal.ref, refusal.ref.lower(), refusal.ref.replace("-", " ")):
            entry = store.explain(spelled)
            assert entry is not None
            assert (entry.reason, entry.form, entry.at) == ("unknown_code", FORM, T0)
        assert store.explain("0000-0000") is None
        assert store.explain("what?") is None

    def test_sixty_wrong_guesses_slow_a_network_and_no_other(self, store: Store) -> None:
        """Only unknown codes count; a slowed try says when to come back, and other networks notice nothing.

        A browser that has just appeared waits until it is known, and then has a turn of its own lane.
        """
        store.create_grants([grant("code")], T0)
        for n in range(60):
            assert reason(store, opening(f"wrong {n}", guesser=_stranger())) is Reason.UNKNOWN_CODE
        assert reason(store, opening("wrong", guesser=_stranger())) is Reason.UNKNOWN_CODE
        for who, seconds in ((_stranger(), 1.0), (guesser(browser="new", since=T0), 5.0)):
            slowed = refused(store, opening("code", guesser=who))
            assert (slowed.reason, slowed.retry_after_seconds) == (Reason.THROTTLED, seconds)
        admitted(store, opening("code", guesser=guesser(browser="new", since=T0), now=T0 + 5))
        admitted(store, opening("code", guesser=guesser("198.51.100.1/32")))

    def test_right_codes_never_count_as_guesses(self, store: Store) -> None:
        """A hundred admissions, and refusals of real codes, leave the budget of guesses untouched."""
        store.create_grants([grant("code"), grant("class", uses=500), grant("over", valid_until=T0)], T0)
        for n in range(100):
            admitted(store, opening("class", browser=n, guesser=_stranger()))
            assert reason(store, opening("over", guesser=_stranger())) is Reason.EXPIRED
        admitted(store, opening("code", guesser=_stranger()))

    def test_leaving_ends_the_pass_and_keeps_a_single_ticket(self, store: Store) -> None:
        """ "Not you?" revokes the pass; the code's owner opens the same ticket again."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code"))
        store.leave(pass_of(admit), T0 + MINUTE)
        assert store.revocations(0.0) == [(admit.pass_id, admit.expires_at)]
        assert admitted(store, opening("code")).ticket_id == admit.ticket_id

    def test_a_ticket_is_sent_once_and_makes_its_form_due(self, store: Store) -> None:
        """Only the first word that it was sent is news."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code"))
        assert store.mark_sent(ticket_id=admit.ticket_id, now=T0 + MINUTE)
        assert not store.mark_sent(ticket_id=admit.ticket_id, now=T0 + 2 * MINUTE)
        ticket = store.ticket(admit.ticket_id)
        assert ticket is not None
        assert (ticket.state, ticket.sent_at) == (TicketState.SENT, T0 + MINUTE)
        assert {state.form: state.due_since for state in store.form_states()}[FORM] == T0 + MINUTE

    def test_a_sent_ticket_is_not_handed_to_another_browser(self, store: Store) -> None:
        """Not even by moving it; its own browser sees it as sent."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code", browser="one"))
        store.mark_sent(ticket_id=admit.ticket_id, now=T0 + MINUTE)
        refusal = refused(store, opening("code", browser="two", move=True))
        assert (refusal.reason, refusal.at) == (Reason.USED_UP, T0 + MINUTE)
        again = admitted(store, opening("code", browser="one", now=T0 + HOUR))
        ticket = store.ticket(again.ticket_id)
        assert ticket is not None
        assert (again.ticket_id, ticket.state) == (admit.ticket_id, TicketState.SENT)

    def test_a_sent_ticket_that_nothing_followed_opens_again(self, store: Store) -> None:
        """If the form was read long after and nothing had come, the browser was wrong: the code works again."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code", browser="one"))
        store.mark_sent(ticket_id=admit.ticket_id, now=T0)
        store.finish_reading(a_reading(read_at=T0 + 20 * MINUTE))
        again = admitted(store, opening("code", browser="two", move=True, now=T0 + 21 * MINUTE))
        ticket = store.ticket(again.ticket_id)
        assert ticket is not None
        assert (again.ticket_id, ticket.state) == (admit.ticket_id, TicketState.OPEN)

    def test_revocations_are_told_from_a_moment_on(self, store: Store) -> None:
        """A process asks only for what it has not heard of yet."""
        store.create_grants([grant("one"), grant("two")], T0)
        first, second = admitted(store, opening("one")), admitted(store, opening("two"))
        store.leave(pass_of(first), T0 + 10)
        store.leave(pass_of(second), T0 + 20)
        assert [held for held, _ in store.revocations(T0 + 10)] == [second.pass_id]
        assert {held for held, _ in store.revocations(T0)} == {first.pass_id, second.pass_id}

    def test_a_clock_set_back_makes_no_second_ticket(self, store: Store) -> None:
        """After a new ticket was due while the clock was an hour ahead, the code still has just one."""
        store.create_grants([grant("code")], T0)
        admitted(store, opening("code", now=T0 + HOUR))
        store.give_back_use(exactly("code"), now=T0 + HOUR, actor="owner")
        fresh = admitted(store, opening("code", now=T0))
        assert admitted(store, opening("code", now=T0)).ticket_id == fresh.ticket_id
        assert reason(store, opening("code", browser="another", now=T0)) is Reason.OPEN_ELSEWHERE

    def test_an_unknown_ticket_is_none(self, store: Store) -> None:
        """A ticket that was never issued is no fault."""
        assert store.ticket(bytes(16)) is None
        assert not store.mark_sent(ticket_id=bytes(16), now=T0)

    def test_a_working_store_says_so(self, store: Store) -> None:
        """The health check passes silently."""
        store.check()


def _stranger() -> Guesser:
    """Return somebody whose browser has just been seen for the first time."""
    return guesser(since=T0)
