"""What the store does about guessing outside of a try: count what could be hit, and forget what no longer counts."""

from __future__ import annotations

from jotgate.protocols import LiveCodes
from jotgate.stores.verbs import Verbs, tried_twice

_COUNTING_SECONDS = 30.0


class GuessingVerbs(Verbs):
    """The part of the store that looks after the throttle."""

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
