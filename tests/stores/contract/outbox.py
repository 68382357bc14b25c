"""The contract about the outbox: every verdict is there for every consumer, and one process tells it at a time."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from jotgate.outcomes import Cause, Verdict
from jotgate.protocols import Backlog, Consumer, Failed, Notice, Told
from jotgate.stores import Store
from tests.stores.contract.forgetting import beside
from tests.stores.contract.material import (
    DAY,
    FORM,
    FORMS,
    HOUR,
    MINUTE,
    OTHER_FORM,
    T0,
    Contract,
    Opener,
    a_reading,
    admitted,
    grant,
    opening,
    sent_in,
    settled,
)
from tests.stores.contract.races import together

JUDGED_AT = T0 + 2 * MINUTE
LATER = T0 + HOUR
#: What is claimed stays claimed for so long.
CLAIM_SECONDS = 100.0


def listener(name: str = "a", **options: object) -> Consumer:
    """Return a consumer of that name."""
    return Consumer(consumer=name, kind="python", **options)  # type: ignore[arg-type]


def claim(store: Store, name: str = "a", *, now: float = LATER, rows: int = 100) -> list[Notice]:
    """Claim what is due."""
    return store.claim_notices(name, now=now, until=now + CLAIM_SECONDS, rows=rows)


def said(notices: list[Notice]) -> list[tuple[str, str]]:
    """Return what is told about which submission."""
    return [(one.event.submission_id, one.event.verdict.value) for one in notices]


class OutboxContract(Contract):
    """What a store promises to who is told of verdicts."""

    def test_what_is_still_to_be_told_of_a_submission_is_known(self, store: Store) -> None:
        """By every consumer, in order, what was given up included; and of no other submission."""
        store.add_consumer(listener("a"), now=T0)
        store.add_consumer(listener("b"), now=T0)
        settled(store, sent_in(1, None), sent_in(2, None))
        [first, second] = claim(store, "a")
        store.cross_off(
            "a", Told(told=[second], failed=[Failed(notice=first, error="no", next_try_at=None)]), now=LATER
        )
        found = store.notices_about("1")
        assert [(one.consumer, one.dead_at, one.last_error) for one in found] == [
            ("a", LATER, "no"),
            ("b", None, None),
        ]
        assert [one.consumer for one in store.notices_about("2")] == ["b"]
        assert store.notices_about("3") == []

    def test_a_clock_that_was_set_back_puts_nothing_off(self, store: Store) -> None:
        """Neither a notice nor a consumer that rests: from the next reading on they have their turn."""
        store.add_consumer(listener("a"), now=T0)
        wrong = T0 + 365 * DAY
        settled(store, sent_in(1, None), now=wrong)
        [notice] = claim(store, now=wrong)
        failed = [Failed(notice=notice, error="no", next_try_at=wrong + MINUTE)]
        store.cross_off("a", Told(failed=failed, pause_until=wrong + MINUTE, pause_error="no"), now=wrong)
        assert store.due_consumers(wrong) == []
        assert [one.consumer for one in store.due_consumers(wrong + MINUTE)] == ["a"]
        store.finish_reading(a_reading(read_at=T0))
        assert [one.consumer for one in store.due_consumers(T0)] == ["a"]
        assert said(claim(store, now=T0)) == [("1", "unticketed")]

    def test_every_verdict_is_there_once_for_every_consumer(self, store: Store) -> None:
        """Under one message id, with all that a callback is told; read again, it is no news."""
        store.create_grants([grant("code", subject="s-1")], T0)
        admit = admitted(store, opening("code"))
        assert store.add_consumer(listener("a"), now=T0)
        assert store.add_consumer(listener("b"), now=T0)
        for _ in range(2):
            settled(store, sent_in(1, admit), sent_in(2, None))
        mine, others = claim(store, "a"), claim(store, "b")
        assert said(mine) == said(others) == [("1", "verified"), ("2", "unticketed")]
        assert [one.event for one in mine] == [one.event for one in others]
        assert len({one.event.message_id for one in mine}) == 2
        event = mine[0].event
        assert (event.form, event.subject, event.verdict) == (FORM, "s-1", Verdict.VERIFIED)
        assert (event.created_at, event.judged_at, event.cause) == (T0 + MINUTE, JUDGED_AT, Cause.JUDGED)

    def test_what_is_pending_is_no_verdict_yet(self, store: Store) -> None:
        """It is told when it has one."""
        store.add_consumer(listener(), now=T0)
        settled(store, sent_in(1, None, empty=True), now=T0)
        assert claim(store) == []
        settled(store, sent_in(1, None), now=T0 + MINUTE)
        assert said(claim(store)) == [("1", "unticketed")]

    def test_only_what_comes_after_the_registration_is_told(self, store: Store) -> None:
        """And nothing after the revocation, at which what waits is forgotten."""
        settled(store, sent_in(1, None))
        store.add_consumer(listener(), now=T0)
        settled(store, sent_in(2, None))
        assert store.backlogs() == {"a": Backlog(waiting=1, dead=0, oldest_at=JUDGED_AT)}
        assert store.revoke_consumer("a", now=T0, actor="owner") == 1
        settled(store, sent_in(3, None))
        assert store.backlogs() == {}
        assert store.due_consumers(LATER) == []
        assert not store.add_consumer(listener(), now=T0)
        assert store.revoke_consumer("nobody", now=T0, actor="owner") is None

    def test_a_consumer_hears_of_its_own_forms_only(self, store: Store) -> None:
        """It comes back from the store as it was made."""
        made = Consumer(
            consumer="w",
            kind="webhook",
            url="https://site.example/",
            private=True,
            forms=(OTHER_FORM,),
            code_key="aaaa0001",
            created_at=T0,
        )
        store.add_consumer(made, now=T0)
        settled(store, sent_in(1, None))
        settled(store, sent_in(2, None, form=OTHER_FORM))
        assert store.consumers() == [made]
        assert said(claim(store, "w")) == [("2", "unticketed")]

    def test_a_person_s_word_is_told_after_the_verdict_it_changes(self, store: Store) -> None:
        """What is later about one submission waits until the earlier is crossed off, whatever becomes due when."""
        store.add_consumer(listener(), now=T0)
        settled(store, sent_in(1, None))
        store.rule("1", accept=True, actor="k", reason="r", now=T0 + 3 * MINUTE)
        settled(store, sent_in(2, None), now=T0 + 4 * MINUTE)
        store.rule("1", accept=False, actor="k", reason="r", now=T0 + 5 * MINUTE)
        first = claim(store)
        assert said(first) == [("1", "unticketed"), ("2", "unticketed")]
        assert claim(store) == []
        put_off = Failed(notice=first[0], error="no", next_try_at=LATER + 2 * HOUR)
        store.cross_off("a", Told(told=first[1:], failed=[put_off]), now=LATER)
        assert store.due_consumers(LATER + HOUR) == []
        assert claim(store, now=LATER + HOUR) == []
        causes = []
        for _ in range(3):
            [one] = claim(store, now=LATER + 3 * HOUR)
            causes.append((one.event.verdict, one.event.cause))
            store.cross_off("a", Told(told=[one]), now=LATER + 3 * HOUR)
        assert causes == [
            (Verdict.UNTICKETED, Cause.JUDGED),
            (Verdict.ACCEPTED, Cause.ACCEPTED),
            (Verdict.UNTICKETED, Cause.REJECTED),
        ]
        assert store.backlogs() == {}

    def test_what_is_claimed_is_claimed_until_its_time_is_over(self, store: Store) -> None:
        """Then somebody else tells it, under the same id; each claim counts as a try, unless it was given back."""
        store.add_consumer(listener(), now=T0)
        settled(store, sent_in(1, None))
        [consumer] = store.due_consumers(LATER)
        assert consumer.consumer == "a"
        [first] = claim(store)
        assert (claim(store), store.due_consumers(LATER)) == ([], [])
        [second] = claim(store, now=LATER + CLAIM_SECONDS)
        assert second.event == first.event
        assert (first.tries, second.tries) == (1, 2)
        store.cross_off("a", Told(unsent=[second]), now=LATER + CLAIM_SECONDS)
        [third] = claim(store, now=LATER + CLAIM_SECONDS)
        assert third.tries == 2
        store.cross_off("a", Told(told=[first]), now=LATER)
        assert store.backlogs() == {}

    def test_a_consumer_that_fails_is_left_alone(self, store: Store) -> None:
        """Until it is time; the first success forgets the failures."""
        store.add_consumer(listener(), now=T0)
        settled(store, sent_in(1, None))
        [one] = claim(store)
        failed = Failed(notice=one, error="it is down", next_try_at=LATER)
        told = Told(failed=[failed], pause_until=LATER + 60, pause_error="it is down")
        store.cross_off("a", told, now=LATER)
        [consumer] = store.consumers()
        assert (consumer.tries, consumer.last_error) == (1, "it is down")
        assert store.due_consumers(LATER + 59) == []
        assert store.due_consumers(LATER + 60) == [consumer]
        [again] = claim(store, now=LATER + 60)
        store.cross_off("a", Told(told=[again]), now=LATER + 60)
        [consumer] = store.consumers()
        assert (consumer.tries, consumer.last_error, consumer.next_try_at) == (0, None, 0.0)

    def test_dead_letters_are_listed_and_replayed(self, store: Store) -> None:
        """What is given up is not tried, holds up what is later about the same submission, and can come back."""
        store.add_consumer(listener(), now=T0)
        settled(store, sent_in(1, None), sent_in(2, None))
        claimed = claim(store)
        given_up = [Failed(notice=one, error="no", next_try_at=None) for one in claimed]
        store.cross_off("a", Told(failed=given_up), now=LATER)
        store.rule("1", accept=True, actor="k", reason="r", now=LATER)
        assert claim(store, now=LATER + HOUR) == []
        [first, second] = store.dead_notices("a")
        assert (first.dead_at, first.last_error, first.event) == (LATER, "no", claimed[0].event)
        assert list(store.dead_notices("b")) == []
        assert store.backlogs() == {"a": Backlog(waiting=1, dead=2, oldest_at=LATER)}
        assert store.replay_notices(consumer="b", message_id=None, now=LATER) == 0
        message_id = first.event.message_id
        assert store.replay_notices(consumer=None, message_id=message_id, now=LATER) == 1
        [again] = claim(store)
        assert (again.event, again.tries) == (first.event, 1)
        store.cross_off("a", Told(told=[again]), now=LATER)
        assert said(claim(store)) == [("1", "accepted")]
        assert list(store.dead_notices()) == [second]

    def test_a_consumer_that_wishes_so_is_told_no_more(self, store: Store) -> None:
        """What waited is kept, and bringing it back takes the consumer's word back as well."""
        store.add_consumer(listener(), now=T0)
        settled(store, sent_in(1, None))
        store.disable_consumer("a", now=LATER, error="gone")
        settled(store, sent_in(2, None))
        assert (store.due_consumers(LATER), claim(store)) == ([], [])
        assert store.replay_notices(consumer="a", message_id=None, now=LATER) == 1
        settled(store, sent_in(3, None))
        assert said(claim(store)) == [("1", "unticketed"), ("3", "unticketed")]

    def test_a_verdict_given_meanwhile_waits_for_nobody_who_was_revoked(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It saw the consumer just before; what it left behind goes with the next reading. The dead of others stay."""
        for name in ("a", "b"):
            store.add_consumer(listener(name), now=T0)
        with beside("outbox._notice_values", lambda: settled(store, sent_in(1, None)), monkeypatch):
            store.revoke_consumer("a", now=LATER, actor="owner")
        store.disable_consumer("b", now=LATER, error="it answered 410")
        store.finish_reading(a_reading(read_at=LATER))
        assert store.backlogs() == {"b": Backlog(dead=1, oldest_at=None)}

    def test_eight_processes_tell_everything_once(self, store: Store, opener: Opener) -> None:
        """They claim and cross off side by side, and no notice falls to two of them, or to none."""
        store.add_consumer(listener(), now=T0)
        settled(store, *(sent_in(n, None) for n in range(1, 201)))
        told = together(opener, [partial(_tell_all) for _ in range(8)])
        assert Counter(one for some in told for one in some) == {str(n): 1 for n in range(1, 201)}
        assert store.backlogs() == {}


def _tell_all(store: Store) -> list[str]:
    store.prepare(FORMS, T0)
    told: list[str] = []
    while some := claim(store, rows=7):
        told += [one.event.submission_id for one in some]
        store.cross_off("a", Told(told=some), now=LATER)
    return told
