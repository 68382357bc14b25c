"""The contract about people at the door: opening, moving, leaving, sending, guessing."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jotgate.ledger import Entry
from jotgate.outcomes import Admit, Reason, Refuse, Verdict
from jotgate.policy import CLOSING_GRACE_SECONDS
from jotgate.protocols import LiveCodes
from jotgate.signed.tickets import TicketState
from jotgate.stores import Store, open_store
from jotgate.throttle import Guesser
from tests.stores.contract.material import (
    DAY,
    FORM,
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
    digest,
    exactly,
    grant,
    guesser,
    opening,
    pass_of,
    reason,
    refused,
    sent_in,
    settled,
    verdicts,
)


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

    def test_an_admission_tells_what_its_person_reads(self, store: Store) -> None:
        """As its own code says, the first time and when it is opened again or moved, whatever another code says."""
        store.create_grants([grant("old", subject="s-1", language="tr"), grant("class", uses=9)], T0)
        store.create_grants([grant("new", subject="s-1", language="pt")], T0 + 1)
        wishes = [opening("old"), opening("old"), opening("old", browser="two", move=True)]
        assert [admitted(store, wish).language for wish in wishes] == ["tr", "tr", "tr"]
        assert (
            admitted(
                store, opening("new", holds=pass_of(admitted(store, opening("old", browser="two"))))
            ).language
            == "pt"
        )
        assert admitted(store, opening("class")).language is None

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
        assert [held for held, _ in store.revocations().passes] == [first.pass_id]

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
        assert first.pass_id in dict(store.revocations().passes)
        assert moved.pass_id not in dict(store.revocations().passes)
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
        assert store.revocations().passes == [(first.pass_id, first.expires_at)]

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

    def test_a_code_opens_from_the_first_moment_of_its_window(self, store: Store) -> None:
        """Also for a browser that held a pass before."""
        store.create_grants([grant("one", valid_from=T0), grant("two", valid_from=T0)], T0)
        first = admitted(store, opening("one", now=T0))
        admitted(store, opening("two", now=T0, holds=pass_of(first)))

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

    def test_the_same_refusal_within_an_hour_is_counted_on_one_entry(self, store: Store) -> None:
        """Whoever is refused again and again fills no store; another reason or another hour is another entry."""
        store.create_grants([grant("code")], T0)
        admitted(store, opening("code", browser="one"))
        tries = [refused(store, opening("code", browser="two", now=T0 + n)) for n in range(50)]
        assert {one.ref for one in tries} == {tries[0].ref}
        entry = store.explain(tries[0].ref)
        assert entry is not None
        assert (entry.at, entry.count, entry.last_at) == (T0, 50, T0 + 49)
        later = refused(store, opening("code", browser="two", now=T0 + HOUR))
        elsewhere = refused(store, opening("code", form=OTHER_FORM))
        assert len({later.ref, elsewhere.ref, tries[0].ref}) == 3

    def test_a_repeated_refusal_tells_where_it_came_from_the_last_time(self, store: Store) -> None:
        """The network is the note of its entry."""
        store.create_grants([grant("code", valid_until=T0)], T0)
        refused(store, opening("code", guesser=guesser("192.0.2.1/32")))
        entry = store.explain(refused(store, opening("code", guesser=guesser("192.0.2.2/32"))).ref)
        assert entry is not None
        assert (entry.count, entry.note) == (2, "192.0.2.2/32")

    def test_references_are_the_stores_own_and_stay(
        self, store: Store, opener: Opener, tmp_path: Path
    ) -> None:
        """Another store names its first entry otherwise; another process of this one finds what this one named."""
        entry = Entry(at=T0, event="site.opened", note="first")
        ref, another = store.record(entry), open_store(f"sqlite:///{tmp_path}/another.db")
        another.prepare(FORMS, T0)
        assert another.record(entry) != ref
        assert another.explain(ref) is None
        another.close()
        again = opener()
        again.prepare(FORMS, T0)
        assert again.explain(ref) == entry
        again.close()

    def test_sixty_wrong_guesses_slow_a_network_and_no_other(self, store: Store) -> None:
        """Only unknown codes count; a slowed try says when to come back, and other networks notice nothing.

        A browser that has just appeared waits until it is known; one that is known does not wait.
        """
        store.guesses.clock = lambda: T0
        store.create_grants([grant("code"), grant("another")], T0)
        for n in range(60):
            assert reason(store, opening(f"wrong {n}", guesser=_stranger())) is Reason.UNKNOWN_CODE
        assert reason(store, opening("wrong", guesser=_stranger())) is Reason.UNKNOWN_CODE
        slowed = refused(store, opening("code", guesser=_stranger()))
        assert (slowed.reason, slowed.retry_after_seconds) == (Reason.THROTTLED, 1.0)
        slowed = refused(store, opening("code", guesser=guesser(browser="new", age=0.0)))
        assert (slowed.reason, slowed.retry_after_seconds) == (Reason.THROTTLED, 5.0)
        admitted(store, opening("code", guesser=guesser(browser="new", age=5.0)))
        admitted(store, opening("another", guesser=guesser("198.51.100.1/32")))

    def test_what_a_slowed_network_tries_leaves_no_trace_but_a_count(self, store: Store) -> None:
        """A guess that is heard there makes no entry in the ledger, and a try that is not heard writes nothing."""
        store.guesses.clock = lambda: T0
        for n in range(60):
            store.open_ticket(opening(n, guesser=_stranger()))
        refusals = [refused(store, opening(n, guesser=guesser(browser=n))) for n in range(100, 110)]
        assert {(each.reason, each.is_recorded) for each in refusals} == {(Reason.UNKNOWN_CODE, False)}
        before = _tallies(store)
        assert _counted(before, "network 192.0.2.1/32") == 70
        store.open_ticket(opening("wrong", guesser=_stranger()))
        taken = _tallies(store)
        assert reason(store, opening("wrong", guesser=_stranger())) is Reason.THROTTLED
        assert _tallies(store) == taken

    def test_a_slowed_network_does_not_slow_a_larger_one_until_that_has_guessed_too(
        self, store: Store
    ) -> None:
        """Of a /48, some /64s guess: their neighbours are slowed once all of them together guessed 180 times."""
        store.guesses.clock = lambda: T0
        networks = [f"2001:db8:1:{number:x}00::/64" for number in range(6)]
        for network in networks[:3]:
            for n in range(59):
                store.open_ticket(opening(n, guesser=guesser(network, age=0.0)))
        calm = guesser(networks[5], age=0.0)
        assert reason(store, opening("wrong", guesser=calm)) is Reason.UNKNOWN_CODE
        for n in range(4):
            store.open_ticket(opening(n, guesser=guesser(networks[4], age=0.0)))
        slowed = refused(store, opening("wrong", guesser=calm))
        assert (slowed.reason, slowed.hint) == (Reason.THROTTLED, "nearby")
        assert (
            reason(store, opening("wrong", guesser=guesser("2001:db8:2::/64", age=0.0)))
            is Reason.UNKNOWN_CODE
        )

    def test_machines_whose_clocks_differ_share_one_budget(self, store: Store) -> None:
        """One is an hour ahead of the other: of 100 tries by turns, as many are heard as on one machine."""
        store.guesses.clock = lambda: T0
        for n in range(100):
            now = T0 + HOUR * (n % 2)
            expected = Reason.UNKNOWN_CODE if n < 61 else Reason.THROTTLED
            assert reason(store, opening(f"wrong {n}", now=now, guesser=_stranger())) is expected

    def test_guesses_are_counted_by_the_databases_own_clock(self, store: Store) -> None:
        """Whatever time it is on the machine that asks: here the tests' own, which is long ago."""
        store.open_ticket(opening("wrong", now=T0, guesser=_stranger()))
        ends = [ends_at - time.time() for key, _, ends_at, _ in _tallies(store) if key.startswith("network")]
        assert len(ends) == 1
        assert HOUR - 10 * MINUTE < ends[0] < HOUR + MINUTE

    def test_tallies_that_no_longer_count_are_removed_by_the_next_guesses(self, store: Store) -> None:
        """Of 1,000 networks that guessed, none is left when others guess an hour later."""
        clock = [T0]
        store.guesses.clock = lambda: clock[0]
        for n in range(1_000):
            store.open_ticket(opening(n, guesser=guesser(f"10.0.{n // 250}.{n % 250}/32")))
        assert len(_tallies(store)) == 1_002
        clock[0] += HOUR
        for n in range(300):
            store.open_ticket(opening(n, guesser=guesser(f"10.1.{n // 250}.{n % 250}/32")))
        assert len(_tallies(store)) == 302

    def test_codes_in_use_are_counted(self, store: Store) -> None:
        """Neither used, nor revoked, nor over: what a guess could hit."""
        store.guesses.clock = lambda: T0
        names = [grant("open"), grant("later", valid_from=T0 + HOUR), grant("over", valid_until=T0)]
        store.create_grants([*names, grant("revoked"), grant("class", uses=30)], T0)
        store.revoke_grants(exactly("revoked"), now=T0, actor="owner", note=None)
        assert store.codes_in_use() == 3
        assert store.live_codes() == LiveCodes(codes=3, submissions=32)

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
        assert store.revocations().passes == [(admit.pass_id, admit.expires_at)]
        assert admitted(store, opening("code")).ticket_id == admit.ticket_id

    def test_an_open_ticket_gets_its_whole_time_again(self, store: Store) -> None:
        """Before its end and after it, never sooner than it had, and not past its code by more than the grace."""
        store.create_grants([grant("code"), grant("ends", valid_until=T0 + 3 * HOUR)], T0)
        free, bound = admitted(store, opening("code")), admitted(store, opening("ends"))
        assert _renewed(store, free, T0 + HOUR) == T0 + HOUR + TTL_SECONDS
        assert _renewed(store, free, T0) == T0 + HOUR + TTL_SECONDS
        late = T0 + 3 * TTL_SECONDS
        assert _renewed(store, free, late) == late + TTL_SECONDS
        assert _renewed(store, bound, T0 + HOUR) == T0 + 3 * HOUR + CLOSING_GRACE_SECONDS
        ticket = store.ticket(free.ticket_id)
        assert ticket is not None
        assert ticket.expires_at == late + TTL_SECONDS

    def test_no_other_ticket_is_renewed(self, store: Store) -> None:
        """Not in another browser, not once it was sent, and not when its code is over, used up or revoked."""
        names = ("elsewhere", "sent", "over", "revoked")
        ends = {"over": T0 + HOUR}
        store.create_grants([grant(name, valid_until=ends.get(name)) for name in names], T0)
        tickets = {name: admitted(store, opening(name)) for name in names}
        store.mark_sent(ticket_id=tickets["sent"].ticket_id, now=T0)
        store.revoke_grants(exactly("revoked"), now=T0, actor="owner", note=None)
        assert _renewed(store, tickets["elsewhere"], T0 + 2 * HOUR, browser="another") is None
        assert {name: _renewed(store, tickets[name], T0 + 2 * HOUR) for name in names[1:]} == dict.fromkeys(
            names[1:]
        )
        assert _renewed(store, tickets["elsewhere"], T0 + 2 * HOUR) is not None

    def test_revoking_ends_a_pass_that_was_renewed(self, store: Store) -> None:
        """Its revocation is remembered until the pass's new end."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code", pass_ttl_seconds=HOUR))
        _renewed(store, admit, T0 + HOUR / 2, pass_ttl_seconds=HOUR)
        store.revoke_grants(exactly("code"), now=T0 + HOUR / 2, actor="owner", note=None)
        assert store.revocations().passes == [(admit.pass_id, T0 + 1.5 * HOUR)]

    def test_a_ticket_tells_the_verdict_on_what_did_not_count(self, store: Store) -> None:
        """Sent too late, its page is not left waiting; and the first that counts outranks whatever came besides."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code"))
        late = T0 + TTL_SECONDS + HOUR
        assert verdicts(store, sent_in(1, admit, at=late)) == [Verdict.EXPIRED]
        assert _verdict_on(store, admit) is Verdict.EXPIRED
        assert verdicts(store, sent_in(2, admit), sent_in(3, admit)) == [Verdict.VERIFIED, Verdict.REPLAYED]
        assert _verdict_on(store, admit) is Verdict.VERIFIED

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

    def test_revocations_are_told_from_the_last_reading_on(self, store: Store) -> None:
        """A process is told what it has not heard of yet, oldest first, whatever the clocks said.

        Where others write at the same time it may be told a little of it twice.
        """
        store.create_grants([grant(n) for n in range(3)], T0)
        passes = [pass_of(admitted(store, opening(n))) for n in range(3)]
        store.leave(passes[0], T0 + 20)
        first = store.revocations()
        store.leave(passes[1], T0 + 10)
        store.leave(passes[2], T0)
        assert [held for held, _ in first.passes] == [passes[0].pass_id]
        told = [held for held, _ in store.revocations(first.until).passes]
        assert told[-2:] == [passes[1].pass_id, passes[2].pass_id]
        assert [held for held, _ in store.revocations(first.until, most=1).passes] == told[:1]
        assert store.is_revoked(passes[2].pass_id)
        assert not store.is_revoked(bytes(16))

    def test_a_revocation_is_heard_of_after_older_ones_were_forgotten(self, store: Store) -> None:
        """What is long over goes, and nothing that comes later is taken for what was read before."""
        store.create_grants([grant(n) for n in range(4)], T0)
        passes = [pass_of(admitted(store, opening(n))) for n in range(4)]
        for held in passes[:3]:
            store.leave(held, T0)
        read = store.revocations()
        store.finish_reading(a_reading(read_at=T0 + 10 * DAY))
        store.leave(passes[3], T0)
        assert passes[3].pass_id in dict(store.revocations(read.until).passes)
        store.finish_reading(a_reading(read_at=T0 + 10 * DAY))
        assert [held for held, _ in store.revocations().passes] == [passes[3].pass_id]

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
    return guesser(age=0.0)


def _tallies(store: Store) -> set[tuple[Any, ...]]:
    """Return every tally that the store keeps."""
    store.driver.learn({"every_tally": "SELECT key, count, ends_at, next_try_at FROM guesses"})
    with store.driver.read() as tx:
        return set(tx.all("every_tally"))


def _counted(tallies: set[tuple[Any, ...]], key: str) -> int:
    return next(count for name, count, *_ in tallies if name == key)


def _renewed(
    store: Store,
    admit: Admit,
    now: float,
    *,
    browser: str = "a browser",
    pass_ttl_seconds: float | None = None,
) -> float | None:
    return store.renew_ticket(
        admit.ticket_id,
        browser=digest(browser),
        now=now,
        expires_at=now + TTL_SECONDS,
        pass_ttl_seconds=pass_ttl_seconds,
    )


def _verdict_on(store: Store, admit: Admit) -> Verdict | None:
    ticket = store.ticket(admit.ticket_id)
    assert ticket is not None
    return ticket.verdict
