"""The contract about owners: a person says whose a submission is, and everything that is asked about people follows."""

from __future__ import annotations

from dataclasses import replace

from jotgate.answers import Kept
from jotgate.outcomes import Cause, ToldField, Verdict
from jotgate.protocols import Consumer, SubmissionRecord, Told
from jotgate.stores import Store
from tests.stores.contract.forgetting import TOMBSTONE, tombstones
from tests.stores.contract.material import (
    FORM,
    HOUR,
    OTHER_FORM,
    T0,
    Contract,
    admitted,
    digest,
    grant,
    opening,
    places,
    records,
    sent_in,
    settled,
    used,
)

PERSON = "s-1042"
OTHER = "s-7"
LATER = T0 + HOUR


def give(store: Store, number: int, subject: str) -> SubmissionRecord | Verdict | None:
    """Say whose a submission is."""
    said = {"actor": "mrs. k", "reason": "by her name", "now": LATER}
    return store.rule(str(number), accept=True, subject=subject, **said)  # type: ignore[arg-type]


def reject(store: Store, number: int) -> None:
    """Take it back."""
    ruled = store.rule(str(number), accept=False, actor="mrs. k", reason="a mistake", now=LATER)
    assert isinstance(ruled, SubmissionRecord), ruled


def of(store: Store, subject: str, form: str = FORM) -> list[str]:
    """Return the ids of what a person sees as theirs."""
    return [one.submission_id for one in store.own_submissions(form, subject)]


def verdict_for(store: Store, subject: str, form: str = FORM) -> Verdict | None:
    """Return how that person stands with the form."""
    return store.standing(form, subject).verdict


def owner(store: Store, number: int) -> tuple[Verdict, str | None]:
    """Return a submission's verdict and whose it is."""
    [found] = records(store, str(number))
    return found.verdict, found.subject


def heard(store: Store) -> list[tuple[str, Cause, str | None, bool]]:
    """Take all that the site is told, and return of what, why, of whom, and whether it counts."""
    told = []
    while notices := store.claim_notices("a", now=LATER, until=LATER + 1, rows=9):
        store.cross_off("a", Told(told=notices), now=LATER)
        events = [one.event for one in notices]
        told += [(one.submission_id, one.cause, one.subject, one.verdict.counts) for one in events]
    return told


class OwnersContract(Contract):
    """What a store promises to who says whose a submission is."""

    def test_what_nobody_had_counts_for_its_owner(self, store: Store) -> None:
        """By the bare address, or on a ticket that this store never gave: accepted, a place taken, and theirs."""
        settled(
            store,
            sent_in(1, None),
            sent_in(2, bytes(16)),
            sent_in(3, None),
            sent_in(4, None, form=OTHER_FORM),
        )
        assert verdict_for(store, PERSON) is None
        for number in (1, 2):
            kept = give(store, number, PERSON)
            assert isinstance(kept, SubmissionRecord)
            assert (kept.verdict, kept.subject) == (Verdict.ACCEPTED, PERSON)
            assert (kept.actor, kept.reason) == ("mrs. k", "by her name")
        assert verdict_for(store, PERSON) is Verdict.ACCEPTED
        assert of(store, PERSON) == ["2", "1"]
        assert places(store) == 2
        assert (verdict_for(store, OTHER), verdict_for(store, PERSON, OTHER_FORM)) == (None, None)
        assert give(store, 9, PERSON) is None

    def test_the_ledger_says_who_gave_it_to_whom(self, store: Store) -> None:
        """In the submission's history, the words with it."""
        settled(store, sent_in(1, None))
        give(store, 1, PERSON)
        entry = store.history("1")[-1]
        assert (entry.event, entry.subject, entry.actor) == ("submission.accepted", PERSON, "mrs. k")
        assert (entry.reason, entry.note) == ("accepted", "by her name")

    def test_it_is_given_to_another_by_a_later_word(self, store: Store) -> None:
        """Who had it has it no more, and the place is taken once; to say the same again changes nothing."""
        settled(store, sent_in(1, None))
        give(store, 1, OTHER)
        assert isinstance(give(store, 1, PERSON), SubmissionRecord)
        assert (of(store, OTHER), of(store, PERSON)) == ([], ["1"])
        assert places(store) == 1
        before = store.history("1")
        assert give(store, 1, PERSON) is Verdict.ACCEPTED
        assert store.history("1") == before
        told = [(one.event, one.subject) for one in before]
        assert told == [
            ("submission.judged", None),
            ("submission.accepted", OTHER),
            ("submission.rejected", OTHER),
            ("submission.accepted", PERSON),
        ]

    def test_what_counts_for_nobody_gets_an_owner(self, store: Store) -> None:
        """Accepted before, or verified on a code for a class: accepted, the place and the use as they were."""
        store.create_grants([grant("class")], T0)
        settled(store, sent_in(1, None), sent_in(2, admitted(store, opening("class"))))
        store.rule("1", accept=True, actor="k", reason="r", now=T0)
        for number in (1, 2):
            assert isinstance(give(store, number, PERSON), SubmissionRecord)
            assert owner(store, number) == (Verdict.ACCEPTED, PERSON)
        assert (places(store), used(store, "class")) == (2, 1)

    def test_nobody_is_given_what_a_ticket_proves_to_be_another_s(self, store: Store) -> None:
        """Only once a person has rejected it."""
        store.create_grants([grant("code", subject=OTHER)], T0)
        settled(store, sent_in(1, admitted(store, opening("code"))))
        assert give(store, 1, PERSON) is Verdict.VERIFIED
        assert give(store, 1, OTHER) is Verdict.VERIFIED
        assert owner(store, 1) == (Verdict.VERIFIED, OTHER)
        assert len(store.history("1")) == 1
        reject(store, 1)
        give(store, 1, PERSON)
        assert (verdict_for(store, OTHER), verdict_for(store, PERSON)) == (None, Verdict.ACCEPTED)

    def test_rejecting_gives_it_back_to_whom_its_ticket_names(self, store: Store) -> None:
        """To nobody if there is none: no later acceptance brings the mistake back."""
        store.create_grants([grant("code", subject=OTHER), grant("away", subject=OTHER, form=OTHER_FORM)], T0)
        ticket = admitted(store, opening("code"))
        away = admitted(store, opening("away", form=OTHER_FORM))
        settled(store, sent_in(1, ticket))
        settled(store, sent_in(2, ticket), sent_in(3, None), sent_in(4, bytes(16)), sent_in(5, away))
        machine = {
            2: (Verdict.REPLAYED, OTHER),
            3: (Verdict.UNTICKETED, None),
            4: (Verdict.ORPHANED, None),
            5: (Verdict.WRONG_FORM, None),
        }
        for number, before in machine.items():
            assert owner(store, number) == before
            give(store, number, PERSON)
            assert owner(store, number) == (Verdict.ACCEPTED, PERSON)
            reject(store, number)
            assert owner(store, number) == before
        assert (verdict_for(store, PERSON), places(store)) == (None, 1)
        store.rule("3", accept=True, actor="k", reason="r", now=LATER)
        assert owner(store, 3) == (Verdict.ACCEPTED, None)

    def test_the_site_hears_of_both(self, store: Store) -> None:
        """That it counts for whom it is given to, and before that, that it counts no more for whom it was."""
        store.add_consumer(Consumer(consumer="a", kind="python"), now=T0)
        settled(store, sent_in(1, None))
        give(store, 1, OTHER)
        give(store, 1, PERSON)
        reject(store, 1)
        assert heard(store) == [
            ("1", Cause.JUDGED, None, False),
            ("1", Cause.ACCEPTED, OTHER, True),
            ("1", Cause.REJECTED, OTHER, False),
            ("1", Cause.ACCEPTED, PERSON, True),
            ("1", Cause.REJECTED, PERSON, False),
        ]

    def test_what_is_given_to_somebody_forgotten_is_about_their_tombstone(self, store: Store) -> None:
        """Nothing of it is kept to be shown, told or found; and who is forgotten later is forgotten here, too."""
        store.use_tombstones(tombstones)
        kept = Kept(
            digest=digest("answers"),
            shown={"name": {"label": "Name", "value": "Ada"}},
            told={"name": ToldField(text="Ada")},
            lookups=(("name", digest("Ada")),),
        )
        settled(store, *(replace(sent_in(number, None), kept=kept) for number in (1, 2)))
        give(store, 1, PERSON)
        store.forget(PERSON, form=None, now=LATER, actor="k")
        give(store, 2, PERSON)
        for number in (1, 2):
            assert owner(store, number) == (Verdict.ACCEPTED, TOMBSTONE)
            assert {one.subject for one in store.history(str(number))} <= {None, TOMBSTONE}
            told = store.submission_to_tell(FORM, str(number))
            assert told is not None
            assert told.fields == {}
        assert store.standing_of_lookup(FORM, [[digest("Ada")]]).verdict is None
        assert [one.shown for one in store.own_submissions(FORM, TOMBSTONE)] == [{}, {}]
