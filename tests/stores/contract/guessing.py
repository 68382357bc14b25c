"""The contract about wrong codes: what is counted, whom it slows, and whom it does not."""

from __future__ import annotations

import time
from typing import Any

from jotgate.outcomes import Reason
from jotgate.protocols import LiveCodes
from jotgate.stores import Store
from jotgate.throttle import Guesser
from tests.stores.contract.material import (
    HOUR,
    MINUTE,
    T0,
    Contract,
    admitted,
    exactly,
    grant,
    guesser,
    opening,
    reason,
    refused,
)


class GuessingContract(Contract):
    """What a store promises about those who guess."""

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
