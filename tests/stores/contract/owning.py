"""The contract about fields that say whose a submission is, because an app or an invitation locked them."""

from __future__ import annotations

from dataclasses import replace

from jotgate.outcomes import Admit, Reason, Verdict
from jotgate.stores import Store
from jotgate.submissions import Candidate
from tests.stores.contract.material import (
    FORM,
    HOUR,
    T0,
    Contract,
    admitted,
    grant,
    opening,
    reason,
    records,
    register,
    sent_in,
    settled,
    ticket_of,
    token,
    verdicts,
    written,
)
from tests.stores.contract.owners import of, owner

FIELD = "number"
TABLET, PERSON, OTHER = "tablet-3", "s-1042", "s-7"


class OwningContract(Contract):
    """What a store promises about `owner_field`."""

    def test_a_locked_field_says_whose_it_is(self, store: Store) -> None:
        """Of the opening whose page was sent; the ticket stays the subject's, whoever that is."""
        register(store)
        admit = opened(store, PERSON)
        assert verdicts(store, sent(1, admit, PERSON)) == [Verdict.VERIFIED]
        assert owner(store, 1) == (Verdict.VERIFIED, PERSON)
        assert (of(store, PERSON), of(store, TABLET)) == (["1"], [])
        assert admit.subject == TABLET

    def test_what_is_sent_is_awaited_for_its_owner(self, store: Store) -> None:
        """Until the verdict, and for nobody else: not for who holds the tablet, nor for who is filled in next."""
        register(store)
        first, second = opened(store, PERSON), opened(store, OTHER)
        store.mark_sent(ticket_id=first.ticket_id, now=T0)

        def awaited() -> list[float | None]:
            return [store.standing(FORM, one).sent_at for one in (PERSON, OTHER, TABLET)]

        assert awaited() == [T0, None, None]
        store.mark_sent(ticket_id=second.ticket_id, now=T0 + HOUR)
        assert awaited() == [T0, T0 + HOUR, None]
        settled(store, sent(1, first, PERSON), now=T0 + HOUR)
        assert awaited() == [None, T0 + HOUR, None]
        assert store.standing(FORM, PERSON).verdict is Verdict.VERIFIED
        store.forget(OTHER, form=None, now=T0 + HOUR, actor="owner")
        assert awaited() == [None, None, None]
        settled(store, sent(2, second, OTHER), now=T0 + HOUR)
        assert (of(store, OTHER), of(store, TABLET)) == ([], [])

    def test_what_a_visitor_writes_makes_nobody_an_owner(self, store: Store) -> None:
        """Not with a code, nor where the app filled it in without a lock, nor in place of what is locked."""
        register(store)
        store.create_grants([grant("class"), grant("own", subject=OTHER)], T0)
        loose = admitted(store, token(subject="u-1", prefill={FIELD: OTHER}))
        attacks = [
            sent(1, admitted(store, opening("class")), PERSON),
            sent(2, admitted(store, opening("own", browser="b")), PERSON),
            sent(3, loose, PERSON),
            sent(4, opened(store, OTHER), PERSON),
        ]
        found = [Verdict.VERIFIED, Verdict.VERIFIED, Verdict.VERIFIED, Verdict.TAMPERED]
        assert verdicts(store, *attacks) == found
        assert [owner(store, n)[1] for n in (1, 2, 3, 4)] == [None, OTHER, "u-1", TABLET]
        assert of(store, PERSON) == []

    def test_a_page_is_judged_by_its_own_opening(self, store: Store) -> None:
        """Another opening of the ticket that locks another number lends it to no page."""
        register(store)
        first = opened(store, PERSON)
        for n, (number, value) in enumerate(((7, PERSON), (None, PERSON)), 1):
            assert verdicts(store, replace(sent(n, first, value), opening=number)) != [Verdict.PENDING]
            assert PERSON not in [one.subject for one in records(store, str(n))]

    def test_each_owner_has_a_ticket_and_goes_on_with_it(self, store: Store) -> None:
        """One tablet opens the form for two people at once, and both forms count."""
        register(store)
        one, two = opened(store, PERSON), opened(store, OTHER)
        assert one.ticket_id != two.ticket_id
        assert opened(store, PERSON).ticket_id == one.ticket_id
        assert verdicts(store, sent(1, one, PERSON), sent(2, two, OTHER)) == [Verdict.VERIFIED] * 2
        assert (of(store, PERSON), of(store, OTHER)) == (["1"], ["2"])

    def test_the_owners_uses_are_counted(self, store: Store) -> None:
        """Where the form is for once, the tablet may send one for each person, and a person's own code counts."""
        register(store)
        first, second = opened(store, PERSON), opened(store, OTHER)
        found = verdicts(
            store, *(replace(one, in_all=1) for one in (sent(1, first, PERSON), sent(2, second, OTHER)))
        )
        assert found == [Verdict.VERIFIED] * 2
        again = replace(token(subject=TABLET, prefill={FIELD: PERSON}, locked=(FIELD,)), in_all=1)
        assert reason(store, replace(again, owner_field=FIELD, owner=PERSON)) is Reason.ALREADY_SENT
        store.create_grants([grant("own", subject=PERSON)], T0)
        assert verdicts(store, replace(sent_in(3, admitted(store, opening("own"))), in_all=1)) == [
            Verdict.OVER_LIMIT
        ]

    def test_a_forgotten_owner_stays_forgotten(self, store: Store) -> None:
        """What was theirs and what comes later is a tombstone's, and the ticket names them no more."""
        register(store)
        first = opened(store, PERSON)
        settled(store, sent(1, first, PERSON))
        late = opened(store, PERSON)
        store.forget(PERSON, form=None, now=T0 + HOUR, actor="owner")
        settled(store, sent(2, late, PERSON), now=T0 + 2 * HOUR)
        whose = {one.subject for one in records(store, "1", "2")}
        assert len(whose) == 1
        assert PERSON not in whose
        ticket = ticket_of(store, first)
        assert ticket.openings == ()


def opened(store: Store, person: str) -> Admit:
    """Let the tablet in, with the number of *person* filled in and locked."""
    wish = token(subject=TABLET, prefill={FIELD: person}, locked=(FIELD,))
    return admitted(store, replace(wish, owner_field=FIELD, owner=person))


def sent(number: int, admit: Admit, written_number: str) -> Candidate:
    """Return a submission from the page of the ticket's first opening, with that number in the field."""
    answers = written({FIELD: written_number})
    return replace(sent_in(number, admit), answers=answers, opening=0, owner_field=FIELD)
