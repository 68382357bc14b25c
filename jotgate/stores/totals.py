"""Counters for monitoring, made of the ledger: the same for all processes, and never lower than before.

Entries leave the ledger one day, and a refusal that repeats is counted on its entry for an hour. So entries that no
longer change are added up, once, and who asks gets that sum and the entries since.
"""

from __future__ import annotations

from jotgate.protocols import MailState, Total
from jotgate.stores.verbs import Verbs, tried_twice
from jotgate.throttle import EVERYWHERE

_LISTING_SECONDS = 30.0
_HOUR_SECONDS = 3600.0
#: Clocks of machines that share a store differ by so much at most, and a transaction takes no longer.
_GRACE_SECONDS = 300.0
#: How often entries are added up.
_EVERY_SECONDS = 600.0


class TotalVerbs(Verbs):
    """The part of the store that monitoring meets."""

    def totals(self, now: float) -> list[Total]:
        """Return how often what happened since the first call; what happened before is not counted."""
        with self._read(_LISTING_SECONDS) as tx:
            row = tx.one("read_totalled")
        if row is None or not 0.0 <= now - row[1] < _EVERY_SECONDS:
            self._add_up(now)
        return self._read_totals()

    @tried_twice
    def _read_totals(self) -> list[Total]:
        # A transaction that writes sees both tables as of one moment.
        with self._write(_LISTING_SECONDS) as tx:
            tx.lock("totals")
            row = tx.one("read_totalled")
            assert row is not None
            rows = tx.all("read_totals", until=row[0], seq=row[2])
        return [Total(event, form, reason, int(count)) for event, form, reason, count in rows]

    @tried_twice
    def mail_counts(self) -> dict[tuple[str, MailState], int]:
        """Return form and state -> number of mails."""
        with self._read(_LISTING_SECONDS) as tx:
            return {(form, MailState(state)): count for form, state, count in tx.all("count_mails")}

    @tried_twice
    def wrong_guesses(self) -> int:
        """Return how many wrong codes were tried today."""
        with self._read() as tx:
            row = tx.one("count_of_guesses", key=EVERYWHERE, clock=self.guesses.now)
        return row[0] if row else 0

    @tried_twice
    def _add_up(self, now: float) -> None:
        with self._write(_LISTING_SECONDS) as tx:
            tx.lock("totals")
            tx.run("begin_totals", now=now)
            row = tx.one("read_totalled")
            assert row is not None
            since, _, seq = row
            until = max(since, (now - _GRACE_SECONDS) // _HOUR_SECONDS * _HOUR_SECONDS)
            if until > since:
                tx.run("add_totals", seq=seq, since=since, until=until)
            first = tx.one("first_entry_since", seq=seq, until=until)
            last = tx.one("last_entry_before", first=first[0] if first else None) or (0, None)
            tx.run("note_totalled", until=until, seq=last[0], entry_at=last[1], now=now)
