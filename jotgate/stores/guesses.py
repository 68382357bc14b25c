"""The throttle, within the transaction of somebody who tries a code. Its clock is the database's own.

Tallies are kept for as long as they count, an hour at most but for the day's, and are then removed by those who guess
next: so there are never more than those left who guessed wrong within the last hour.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from jotgate.errors import StoreUnavailable
from jotgate.stores.driver import Transaction
from jotgate.throttle import (
    CALM_GUESSES,
    EVERYWHERE,
    PATIENT_SHARE,
    Guesser,
    Tally,
    Turn,
    budget_of,
    live_count,
    next_turn,
    window_of,
)

#: How long the number of codes in use is believed, and how many guesses a process counts between two cleanings.
_BELIEVED_SECONDS = 600.0
_CLEANED_EVERY = 256
#: As many keys as a guesser in an IPv6 network has.
_KEYS = 8


class Guesses:
    """What a process knows of the day's budget. A field is only ever replaced, so threads need no lock."""

    def __init__(self) -> None:
        #: The store's clock, for tests that turn it; None: the database's.
        self.clock: Callable[[], float] | None = None
        self._counted_at: float | None = None
        self._budget = CALM_GUESSES
        self._is_calm = True
        self._counted = 0

    @property
    def now(self) -> float | None:
        """What a test has set the store's clock to; None: the database looks."""
        return None if self.clock is None else self.clock()

    @property
    def budget(self) -> int:
        """The day's budget as far as it is known; until then so few that they are never too many."""
        return self._budget

    def limits(self) -> dict[str, float | None]:
        """Return what the statement that lets right codes in at once has to know."""
        return {"day_guesses": self.budget, "clock": self.now}

    def needs_codes(self) -> bool:
        """Say whether the codes in use should be counted: so many guesses were made today that it matters."""
        if self._is_calm:
            return False
        return self._counted_at is None or time.monotonic() - self._counted_at >= _BELIEVED_SECONDS

    def count_codes(self, count: Callable[[], int]) -> None:
        """Learn how many codes are in use; what was known stays if the store cannot say it."""
        self._counted_at = time.monotonic()
        with suppress(StoreUnavailable):
            self._budget = budget_of(count())

    def needs_cleaning(self) -> bool:
        """Say whether it is time to remove what no longer counts."""
        if self._counted < _CLEANED_EVERY:
            return False
        self._counted = 0
        return True

    def turn_of(self, tx: Transaction, guesser: Guesser | None) -> Turn:
        """Ask the throttle, and take the turn if the network is slowed."""
        if guesser is None:
            return Turn()
        turn = self._next_turn(tx, guesser)
        return self.lock_turn(tx, guesser, turn) if turn.takes else turn

    def lock_turn(self, tx: Transaction, guesser: Guesser, turn: Turn) -> Turn:
        """Make sure that nobody else takes the same turn, or the same last free guess."""
        if tx.lock("guesses_of_network", network=guesser.grains[-1].key):
            turn = self._next_turn(tx, guesser)
        for taken in turn.takes:
            tx.run("take_turn", key=taken.key, turn_seconds=taken.seconds, clock=self.now)
        return turn

    def count(self, tx: Transaction, turn: Turn) -> None:
        """Count a wrong guess on every budget that it concerns."""
        self._counted += 1
        for key in turn.counts:
            tx.run("count_guess", key=key, window_seconds=window_of(key), clock=self.now)

    def _next_turn(self, tx: Transaction, guesser: Guesser) -> Turn:
        keys = guesser.keys
        values = {f"key_{n}": keys[min(n, len(keys)) - 1] for n in range(1, _KEYS + 1)}
        rows = tx.all("read_tallies", clock=self.now, **values)
        tallies = {
            key: Tally(count=count, ends_at=ends_at, next_try_at=next_try_at)
            for key, count, ends_at, next_try_at, _ in rows
        }
        now = rows[0][4] if rows else 0.0
        self._is_calm = live_count(tallies.get(EVERYWHERE), now) < CALM_GUESSES * PATIENT_SHARE
        return next_turn(guesser, tallies, now=now, budget=self.budget)
