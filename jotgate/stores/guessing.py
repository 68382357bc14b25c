"""What the store does about tries besides deciding: let them wait, count what a guess could hit, and forget."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from jotgate.protocols import LiveCodes
from jotgate.stores.driver import Locked
from jotgate.stores.verbs import Verbs, tried_twice

T = TypeVar("T")

_COUNTING_SECONDS = 30.0


class GuessingVerbs(Verbs):
    """The part of the store that looks after the throttle."""

    def _in_turn(self, fingerprints: Sequence[bytes], decide: Callable[[], T]) -> T:
        """Decide on a code after those of this process who came before, and again while others keep its row.

        It is the database that says each time that they do: where it says nothing, nobody waits on.
        """
        with self.turns.of(fingerprints[0]) as give_up_at:
            while True:
                try:
                    return decide()
                except Locked:
                    if time.monotonic() >= give_up_at or not self._is_taken(fingerprints):
                        raise

    def _is_taken(self, fingerprints: Sequence[bytes]) -> bool:
        """Say whether the code's row is what others keep; for a whole table nobody waits on."""
        with self._write() as tx:
            tx.lock("codes_but_for_their_rows")
            return bool(tx.each("taken_codes", fingerprints))

    def codes_in_use(self) -> int:
        """Return how many codes a guess could hit; somebody at the door waits for it."""
        return self.live_codes(None).codes

    @tried_twice
    def live_codes(self, patience_seconds: float | None = _COUNTING_SECONDS) -> LiveCodes:
        """Count the codes that open a form, or will, and the submissions that they are good for."""
        with self._read(patience_seconds) as tx:
            row = tx.one("count_codes_in_use", clock=self.guesses.now)
        assert row is not None
        return LiveCodes(codes=int(row[0]), submissions=int(row[1]))

    @tried_twice
    def remove_old_guesses(self) -> None:
        """Forget the tallies of wrong guesses that no longer count."""
        with self._write() as tx:
            tx.run("remove_old_guesses", clock=self.guesses.now)
