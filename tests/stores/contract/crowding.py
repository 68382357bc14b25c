"""The contract about right codes that are opened without end: how often, what it costs then, and who counts."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from jotgate.outcomes import Admit, Reason, Refuse, Verdict, Work
from jotgate.stores import Store
from jotgate.throttle import LEAST_WORK, MOST_WORK, OPENING_SECONDS, SPARE_OPENINGS, WORK_SECONDS, Guesser
from tests.stores.contract.material import (
    HOUR,
    OTHER_FORM,
    T0,
    Contract,
    Opener,
    admitted,
    exactly,
    grant,
    guesser,
    opening,
    pass_of,
    reason,
    refused,
    sent_in,
    verdicts,
)
from tests.stores.contract.races import together

USES = 2
FREE = USES + SPARE_OPENINGS


class CrowdingContract(Contract):
    """What a store promises about a code that somebody has and uses as a weapon."""

    @pytest.fixture
    def full(self, store: Store) -> Store:
        """Return a store with a class code that was just opened as often as it opens for nothing."""
        store.guesses.clock = lambda: T0
        store.create_grants([grant("class", uses=USES), grant("another", uses=USES)], T0)
        for n in range(FREE):
            admitted(store, opening("class", browser=n, guesser=guesser()))
        return store

    def test_a_class_code_opens_as_often_as_it_has_uses_and_some_times_more(self, full: Store) -> None:
        """Then once every few seconds, from whatever network; other codes do not notice."""
        wish = opening("class", guesser=guesser("192.0.2.2/32"))
        refusal = refused(full, wish)
        assert (refusal.reason, refusal.is_recorded) == (Reason.CODE_BUSY, False)
        assert 0 < (refusal.retry_after_seconds or 0) <= OPENING_SECONDS
        admitted(full, opening("another"))
        full.guesses.clock = lambda: T0 + OPENING_SECONDS + 0.1
        admitted(full, wish)
        assert reason(full, wish) is Reason.CODE_BUSY
        full.guesses.clock = lambda: T0 + OPENING_SECONDS * (2 * FREE + 1)
        for n in range(FREE):
            admitted(full, opening("class", browser=n, guesser=guesser()))
        assert reason(full, wish) is Reason.CODE_BUSY

    def test_work_opens_a_busy_code_once(self, full: Store) -> None:
        """For whoever did it; the same work brought again opens nothing, whichever browser brings it."""
        refusal = refused(full, opening("class", guesser=guesser()))
        assert refusal.work == Work(hashes=MOST_WORK, asked_at=T0)
        for n in range(3):
            paid = opening("class", browser=n, guesser=_worked(challenge=f"challenge {n}"))
            admitted(full, paid)
            assert reason(full, replace(paid, browser=bytes(16))) is Reason.CODE_BUSY

    def test_work_is_remembered_for_as_long_as_it_is_good(self, full: Store) -> None:
        """Whatever is cleaned up meanwhile."""
        admitted(full, opening("class", guesser=_worked()))
        with full.driver.write() as tx:
            tx.run("remove_old_tokens", before=T0 + WORK_SECONDS)
        assert reason(full, opening("class", guesser=_worked())) is Reason.CODE_BUSY

    def test_work_that_was_too_cheap_or_is_too_old_opens_nothing(self, full: Store) -> None:
        """What was asked for on account of the network's guesses may be a sixteenth of it."""
        assert reason(full, opening("class", guesser=_worked(hashes=LEAST_WORK))) is Reason.CODE_BUSY
        old = _worked(asked_at=T0 - WORK_SECONDS - 1)
        assert reason(full, opening("class", guesser=old)) is Reason.CODE_BUSY

    def test_work_takes_nobody_elses_turn(self, full: Store) -> None:
        """However many work, one opening more is free every few seconds for a browser that cannot."""
        for n in range(20):
            admitted(full, opening("class", guesser=_worked(challenge=f"challenge {n}")))
        full.guesses.clock = lambda: T0 + OPENING_SECONDS + 0.1
        admitted(full, opening("class", guesser=guesser()))

    def test_a_code_of_one_use_is_moved_to_and_fro_as_often(self, store: Store) -> None:
        """Its first opening, and then so many more; a browser that works has it moved nevertheless."""
        store.guesses.clock = lambda: T0
        store.create_grants([grant("code")], T0)
        for n in range(1 + 1 + SPARE_OPENINGS):
            admitted(store, opening("code", browser=n, move=True))
        wish = opening("code", browser="another", move=True)
        refusal = refused(store, wish)
        assert refusal.reason is Reason.CODE_BUSY
        assert 0 < (refusal.retry_after_seconds or 0) <= OPENING_SECONDS
        admitted(store, replace(wish, guesser=_worked()))

    def test_a_code_that_is_of_no_use_is_not_called_busy(self, store: Store) -> None:
        """Whoever waits or works for it would be refused all the same: revoked, of another form, spent, or sent."""
        store.guesses.clock = lambda: T0
        store.create_grants([grant("class", uses=USES, subject="s-1"), grant("own")], T0)
        tickets = [admitted(store, opening("class", browser=n)) for n in range(FREE)]
        for n in range(1 + 1 + SPARE_OPENINGS):
            own = admitted(store, opening("own", browser=n, move=True))
        assert reason(store, opening("class")) is reason(store, opening("own", move=True)) is Reason.CODE_BUSY
        assert reason(store, opening("class", form=OTHER_FORM)) is Reason.WRONG_FORM
        assert store.mark_sent(ticket_id=own.ticket_id, now=T0)
        assert reason(store, opening("own", move=True)) is Reason.USED_UP
        assert verdicts(store, sent_in(1, tickets[0])) == [Verdict.VERIFIED]
        assert reason(store, replace(opening("class"), in_all=1)) is Reason.ALREADY_SENT
        store.revoke_grants(exactly("class"), now=T0, actor="owner", note=None)
        assert reason(store, opening("class")) is Reason.REVOKED

    @pytest.mark.parametrize("in_turn", [False, True])
    def test_a_clock_that_is_set_back_keeps_nobody_out(self, full: Store, in_turn: bool) -> None:
        """What was counted by the clock that was ahead counts no more, for those who held a pass before as well."""
        held = pass_of(admitted(full, opening("another"))) if in_turn else None
        full.guesses.clock = lambda: T0 - HOUR
        for _ in range(FREE):
            admitted(full, opening("class", guesser=guesser(), holds=held))
        assert reason(full, opening("class", holds=held)) is Reason.CODE_BUSY

    def test_all_processes_count_together(self, store: Store, opener: Opener) -> None:
        """Four of them open one code thirty times each: as often as one alone would."""
        store.create_grants([grant("class", uses=USES)], T0)
        outcomes = together(opener, [partial(_open, process=n, times=30) for n in range(4)])
        answers = [answer for outcome in outcomes for answer in outcome]
        assert answers.count(True) == FREE


def _worked(challenge: str = "a challenge", hashes: int = MOST_WORK, asked_at: float = T0) -> Guesser:
    """Return somebody who worked."""
    return replace(guesser(), work=Work(hashes=hashes, asked_at=asked_at, challenge=challenge))


def _open(store: Store, *, process: int, times: int) -> list[bool]:
    # The store's clock stands still, so that no opening becomes free meanwhile.
    store.guesses.clock = lambda: T0
    answers = [store.open_ticket(opening("class", browser=100 * process + n)) for n in range(times)]
    assert {one.reason for one in answers if isinstance(one, Refuse)} <= {Reason.CODE_BUSY}
    return [isinstance(answer, Admit) for answer in answers]
