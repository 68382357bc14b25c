"""The contract about verdicts: what each submission ends in, and how often a code is honoured."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from jotgate.outcomes import Admit, Verdict
from jotgate.protocols import Settled
from jotgate.signed.tickets import TicketState
from jotgate.stores import Store
from jotgate.submissions import EMPTY_PATIENCE_SECONDS, Candidate
from tests.stores.contract.material import (
    FORM,
    HOUR,
    MINUTE,
    OTHER_FORM,
    T0,
    TTL_SECONDS,
    Contract,
    admitted,
    digest,
    exactly,
    grant,
    opening,
    places,
    records,
    sent_in,
    settled,
    ticket_of,
    used,
    verdicts,
)


def open_one(store: Store, code: str = "code") -> Admit:
    """Create a code and open it."""
    store.create_grants([grant(code, subject=f"subject of {code}")], T0)
    return admitted(store, opening(code))


class SettlingContract(Contract):
    """What a store promises about every submission."""

    def test_a_submission_on_an_open_ticket_is_verified(self, store: Store) -> None:
        """It takes one use and one place, and carries the subject of its grant."""
        admit = open_one(store)
        assert settled(store, sent_in(1, admit)) == [
            Settled(submission_id="1", verdict=Verdict.VERIFIED, fresh=True)
        ]
        [kept] = records(store, "1")
        assert (kept.verdict, kept.subject, kept.form) == (Verdict.VERIFIED, "subject of code", FORM)
        assert (kept.created_at, kept.seen_at, kept.judged_at) == (
            T0 + MINUTE,
            T0 + 2 * MINUTE,
            T0 + 2 * MINUTE,
        )
        assert kept.ticket == admit.ticket_id.hex()[:6]
        ticket = ticket_of(store, admit)
        assert (ticket.state, ticket.submission_id) == (TicketState.REDEEMED, "1")
        assert ticket.verdict is Verdict.VERIFIED
        assert used(store, "code") == 1

    def test_settling_again_repeats_the_verdict(self, store: Store) -> None:
        """The same submission, read a second time, takes nothing and is not news."""
        admit = open_one(store)
        settled(store, sent_in(1, admit))
        assert settled(store, sent_in(1, admit), now=T0 + HOUR) == [
            Settled(submission_id="1", verdict=Verdict.VERIFIED, fresh=False)
        ]
        assert used(store, "code") == 1
        assert places(store) == 1

    def test_the_first_of_one_reading_wins_its_ticket(self, store: Store) -> None:
        """Candidates are judged in the order given; the later ones on the same ticket are replayed."""
        admit = open_one(store)
        assert verdicts(store, sent_in(1, admit), sent_in(2, admit), sent_in(3, admit)) == [
            Verdict.VERIFIED,
            Verdict.REPLAYED,
            Verdict.REPLAYED,
        ]
        assert used(store, "code") == 1

    @pytest.mark.parametrize("capacity", [None, 100])
    def test_each_of_one_reading_gets_the_verdict_that_it_would_get_alone(
        self, store: Store, capacity: int | None
    ) -> None:
        """Every kind of submission settled together, whether or not the form has a capacity; uses go in order."""
        store.create_grants([grant("code"), grant("late"), grant("trip", form=OTHER_FORM)], T0)
        store.create_grants([grant("class", uses=2)], T0)
        known, late = admitted(store, opening("code")), admitted(store, opening("late"))
        trip = admitted(store, opening("trip", form=OTHER_FORM))
        pupils = [admitted(store, opening("class", browser=n)) for n in range(3)]
        assert verdicts(store, sent_in(1, known), capacity=capacity) == [Verdict.VERIFIED]
        sent, expected = zip(
            (sent_in(1, known), Verdict.VERIFIED),
            (sent_in(2, known), Verdict.REPLAYED),
            (sent_in(3, None), Verdict.UNTICKETED),
            (sent_in(4, pupils[0]), Verdict.VERIFIED),
            (sent_in(5, late, at=T0 + 2 * TTL_SECONDS), Verdict.EXPIRED),
            (sent_in(6, pupils[1]), Verdict.VERIFIED),
            (sent_in(7, trip), Verdict.WRONG_FORM),
            (sent_in(8, None, empty=True), Verdict.PENDING),
            (sent_in(9, digest("forgotten")), Verdict.ORPHANED),
            (sent_in(10, pupils[2]), Verdict.OVER_LIMIT),
            strict=True,
        )
        # The first two have one ticket, so they depend on each other.
        assert verdicts(store, *sent[1:], capacity=capacity) == [*expected[1:]]
        assert verdicts(store, *sent, capacity=capacity) == [*expected]
        assert [used(store, name) for name in ("code", "class", "late")] == [1, 2, 0]
        assert places(store) == 3

    def test_a_later_reading_cannot_take_a_ticket_again(self, store: Store) -> None:
        """Nor does a lower id that turns up late."""
        admit = open_one(store)
        assert verdicts(store, sent_in(5, admit)) == [Verdict.VERIFIED]
        assert verdicts(store, sent_in(4, admit)) == [Verdict.REPLAYED]

    def test_a_code_of_n_uses_is_honoured_n_times(self, store: Store) -> None:
        """One more opening than uses is admitted, and whoever is last is over the limit."""
        store.create_grants([grant("class", uses=3)], T0)
        tickets = [admitted(store, opening("class", browser=n)) for n in range(4)]
        assert verdicts(store, *(sent_in(n, ticket) for n, ticket in enumerate(tickets))) == [
            Verdict.VERIFIED,
            Verdict.VERIFIED,
            Verdict.VERIFIED,
            Verdict.OVER_LIMIT,
        ]
        assert used(store, "class") == 3
        assert places(store) == 3

    def test_a_form_takes_no_more_than_its_capacity(self, store: Store) -> None:
        """Beyond the capacity a submission is over the limit and takes no use of its code."""
        first, second = open_one(store, "one"), open_one(store, "two")
        assert verdicts(store, sent_in(1, first), sent_in(2, second), capacity=1) == [
            Verdict.VERIFIED,
            Verdict.OVER_LIMIT,
        ]
        assert (used(store, "one"), used(store, "two")) == (1, 0)
        assert places(store) == 1

    def test_a_ticket_of_another_form_is_the_wrong_one(self, store: Store) -> None:
        """It stays good for its own form."""
        admit = open_one(store)
        assert verdicts(store, sent_in(1, admit, form=OTHER_FORM)) == [Verdict.WRONG_FORM]
        assert verdicts(store, sent_in(2, admit)) == [Verdict.VERIFIED]
        assert records(store, "1")[0].subject is None

    def test_a_ticket_this_store_never_issued_is_orphaned(self, store: Store) -> None:
        """Our own MAC on an unknown id: the store was restored from an old copy."""
        assert verdicts(store, sent_in(1, bytes(16))) == [Verdict.ORPHANED]

    @pytest.mark.parametrize("verdict", [Verdict.UNTICKETED, Verdict.FORGED])
    def test_what_came_without_a_ticket_is_recorded(self, store: Store, verdict: Verdict) -> None:
        """No ticket can change such a verdict; it is counted and shown, never called verified."""
        assert verdicts(store, sent_in(1, None, verdict=verdict)) == [verdict]
        assert store.counts() == {FORM: {verdict.value: 1}}
        assert places(store) == 0

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            (T0 + TTL_SECONDS, Verdict.VERIFIED),
            (T0 + TTL_SECONDS + 1, Verdict.EXPIRED),
        ],
    )
    def test_expiry_goes_by_the_submissions_own_time(
        self, store: Store, at: float, expected: Verdict
    ) -> None:
        """However late it is read; what expired leaves ticket and use untouched."""
        admit = open_one(store)
        assert verdicts(store, sent_in(1, admit, at=at), now=T0 + 100 * TTL_SECONDS) == [expected]
        assert used(store, "code") == int(expected is Verdict.VERIFIED)

    def test_expiry_is_judged_by_the_kinder_reading(self, store: Store) -> None:
        """If any plausible reading of its time is before the expiry, it was in time."""
        admit = open_one(store)
        candidate = sent_in(1, admit, at=T0 + TTL_SECONDS - 1, latest=T0 + TTL_SECONDS + 5 * HOUR)
        assert verdicts(store, candidate) == [Verdict.VERIFIED]

    def test_opening_again_saves_what_would_have_expired(self, store: Store) -> None:
        """The same ticket, with its later expiry, covers a form that was open all along."""
        admit = open_one(store)
        admitted(store, opening("code", now=T0 + TTL_SECONDS - 1))
        assert verdicts(store, sent_in(1, admit, at=T0 + TTL_SECONDS + HOUR)) == [Verdict.VERIFIED]

    @pytest.mark.parametrize(
        ("earliest", "latest", "expected"),
        [
            (T0 + HOUR - 1, T0 + HOUR - 1, Verdict.VERIFIED),
            (T0 + HOUR, T0 + HOUR, Verdict.REVOKED),
            (T0 + HOUR - 1, T0 + 2 * HOUR, Verdict.REVOKED),
        ],
    )
    def test_revocation_is_judged_by_the_stricter_reading(
        self, store: Store, earliest: float, latest: float, expected: Verdict
    ) -> None:
        """Made before the revocation by every reading it counts; else the owner has the benefit of the doubt."""
        admit = open_one(store)
        store.revoke_grants(exactly("code"), now=T0 + HOUR + 0.5, actor="owner", note=None)
        assert verdicts(store, sent_in(1, admit, at=earliest, latest=latest), now=T0 + 3 * HOUR) == [expected]

    def test_an_empty_answer_sheet_waits_a_quarter_of_an_hour(self, store: Store) -> None:
        """JotForm's list may show answers late: until then it is pending, after that it came without a ticket."""
        sheet = sent_in(1, None, empty=True)
        assert settled(store, sheet, now=T0)[0] == Settled(
            submission_id="1", verdict=Verdict.PENDING, fresh=True
        )
        assert records(store, "1")[0].judged_at is None
        last = T0 + EMPTY_PATIENCE_SECONDS
        assert settled(store, sheet, now=last - 1) == [
            Settled(submission_id="1", verdict=Verdict.PENDING, fresh=False)
        ]
        assert store.oldest_pending() == T0
        assert settled(store, sheet, now=last)[0] == Settled(
            submission_id="1", verdict=Verdict.UNTICKETED, fresh=True
        )
        assert records(store, "1")[0].judged_at == last
        assert store.oldest_pending() is None

    def test_answers_that_come_late_are_judged_by_their_ticket(self, store: Store) -> None:
        """A pending submission whose ticket turns up is verified, and keeps when it was first seen."""
        admit = open_one(store)
        settled(store, sent_in(1, None, empty=True), now=T0 + MINUTE)
        assert verdicts(store, sent_in(1, admit), now=T0 + 2 * MINUTE) == [Verdict.VERIFIED]
        [kept] = records(store, "1")
        assert (kept.seen_at, kept.judged_at, kept.subject) == (
            T0 + MINUTE,
            T0 + 2 * MINUTE,
            "subject of code",
        )

    def test_what_was_seen_before_a_revocation_was_made_before(self, store: Store) -> None:
        """However late its time may be read to be, and however late its answers come."""
        admit = open_one(store)
        times = {"at": T0 + MINUTE, "latest": T0 + 5 * HOUR}
        settled(store, sent_in(1, None, empty=True, **times), now=T0 + 2 * MINUTE)
        store.revoke_grants(exactly("code"), now=T0 + HOUR, actor="owner", note=None)
        assert verdicts(store, sent_in(1, admit, **times), now=T0 + 6 * HOUR) == [Verdict.VERIFIED]

    def test_a_ticket_whose_code_is_gone_takes_no_use(self, store: Store) -> None:
        """Nothing says any more how often it is honoured."""
        admit = open_one(store)
        store.driver.learn({"lose": "DELETE FROM grants WHERE fingerprint = :fingerprint"})
        with store.driver.write() as tx:
            assert tx.run("lose", fingerprint=digest("code")) == 1
        assert verdicts(store, sent_in(1, admit)) == [Verdict.OVER_LIMIT]
        assert places(store) == 0

    @pytest.mark.parametrize("source", ["id", ""])
    def test_what_the_time_was_read_from_is_kept(self, store: Store, source: str) -> None:
        """Nothing is said where JotForm's own word was plain."""
        settled(store, replace(sent_in(1, None), created_from=source))
        assert records(store, "1")[0].created_from == (source or None)

    def test_the_ledger_names_the_submission_and_its_ticket(self, store: Store) -> None:
        """As far as both are known."""
        admit = open_one(store)
        settled(store, sent_in(1, admit), sent_in(2, None))
        assert [store.history(one)[0].about for one in ("1", "2")] == [
            f"submission 1, ticket {admit.ticket_id.hex()[:6]}",
            "submission 2",
        ]
        assert [store.history(one)[0].note for one in ("1", "2")] == [None, None]

    def test_unsettled_names_the_new_and_the_pending(self, store: Store) -> None:
        """What has its verdict need not be read again."""
        settled(store, sent_in(1, None), sent_in(2, None, empty=True))
        assert store.unsettled(["1", "2", "3"]) == {"2", "3"}
        assert store.unsettled([]) == set()

    def test_every_verdict_is_in_the_ledger_once(self, store: Store) -> None:
        """However often a submission is read."""
        admit = open_one(store)
        for _ in range(3):
            settled(store, sent_in(1, admit), sent_in(2, None))
        assert store.counts() == {FORM: {"verified": 1, "unticketed": 1}}

    @pytest.mark.parametrize("capacity", [None, 7])
    @pytest.mark.parametrize("seed", range(4))
    def test_a_batch_is_judged_as_its_submissions_would_be_one_by_one(
        self, store: Store, seed: int, capacity: int | None
    ) -> None:
        """Whatever is in it: a ticket or a submission twice, codes of several uses, what waits, what is astray."""
        batch = _something_of_all(store, FORM, seed, first=1000)
        alone = _something_of_all(store, OTHER_FORM, seed, first=2000)
        together = settled(store, *batch, capacity=capacity)
        one_by_one = [one for each in alone for one in settled(store, each, capacity=capacity)]
        assert [(one.verdict, one.fresh) for one in together] == [
            (one.verdict, one.fresh) for one in one_by_one
        ]
        assert {one.verdict for one in together} > {Verdict.VERIFIED, Verdict.REPLAYED, Verdict.PENDING}
        counts = store.counts()
        assert counts[FORM] == counts[OTHER_FORM]
        assert [state.settled for state in store.form_states()] == [counts[FORM]["verified"]] * 2
        assert used(store, f"class of {FORM}") == used(store, f"class of {OTHER_FORM}")
        for one, twin in zip(batch, alone, strict=True):
            [kept], [other] = records(store, one.submission_id), records(store, twin.submission_id)
            assert (kept.verdict, kept.judged_at) == (other.verdict, other.judged_at)
            assert len(store.history(one.submission_id)) == int(kept.verdict is not Verdict.PENDING)


def _something_of_all(store: Store, form: str, seed: int, *, first: int) -> list[Candidate]:
    """Return submissions to *form* that differ from those to another only in their numbers."""
    dice = random.Random(seed)
    codes = [grant(f"{n} of {form}", form=form) for n in range(5)]
    store.create_grants([*codes, grant(f"class of {form}", form=form, uses=3)], T0)
    tickets = [admitted(store, opening(f"{n} of {form}", form=form)).ticket_id for n in range(5)]
    tickets += [
        admitted(store, opening(f"class of {form}", form=form, browser=n)).ticket_id for n in range(5)
    ]
    store.create_grants([grant(f"astray from {form}", form=OTHER_FORM if form == FORM else FORM)], T0)
    astray = admitted(store, opening(f"astray from {form}", form=OTHER_FORM if form == FORM else FORM))
    carried = [*tickets, *tickets, astray.ticket_id, bytes(16), None]
    # The first waits for its answers, which come in the middle.
    numbers = [(0, None), *((dice.randrange(1, 30), dice.choice(carried)) for _ in range(40)), (30, None)]
    numbers.insert(20, (0, tickets[0]))
    return [
        sent_in(first + number, ticket, form=form, empty=ticket is None and number in (0, 30))
        for number, ticket in numbers
    ]
