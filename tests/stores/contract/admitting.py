"""The contract about people at the door: opening, moving, leaving, sending, guessing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jotgate.ledger import Entry
from jotgate.outcomes import Admit, Reason, Refuse, Verdict
from jotgate.policy import CLOSING_GRACE_SECONDS
from jotgate.signed.tickets import TicketState
from jotgate.stores import Store, open_store
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
    ticket_of,
    verdicts,
)


class AdmittingContract(Contract):
    """What a store promises to people at the door."""

    def test_an_admission_names_form_subject_and_expiry(self, store: Store) -> None:
        """Who opens a code is told the form, whom it is about, and until when; the ticket says the same."""
        store.create_grants([grant("code", subject="s-1")], T0)
        admit = admitted(store, opening("code"))
        ticket = ticket_of(store, admit)
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
        ticket = ticket_of(store, first)
        assert second.ticket_id == first.ticket_id
        assert second.pass_id != first.pass_id
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
        ticket = ticket_of(store, first)
        assert moved.ticket_id == first.ticket_id
        assert first.pass_id in dict(store.revocations().passes)
        assert moved.pass_id not in dict(store.revocations().passes)
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
        ticket = ticket_of(store, admit)
        assert admit.expires_at == T0 + HOUR
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
        ticket = ticket_of(store, free)
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
        ticket = ticket_of(store, admit)
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
        ticket = ticket_of(store, again)
        assert (again.ticket_id, ticket.state) == (admit.ticket_id, TicketState.SENT)

    def test_a_sent_ticket_that_nothing_followed_opens_again(self, store: Store) -> None:
        """If the form was read long after and nothing had come, the browser was wrong: the code works again."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code", browser="one"))
        store.mark_sent(ticket_id=admit.ticket_id, now=T0)
        store.finish_reading(a_reading(read_at=T0 + 20 * MINUTE))
        again = admitted(store, opening("code", browser="two", move=True, now=T0 + 21 * MINUTE))
        ticket = ticket_of(store, again)
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
    ticket = ticket_of(store, admit)
    return ticket.verdict
