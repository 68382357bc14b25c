"""Which keys signed until when, and what of it is still of use."""

from __future__ import annotations

from jotgate.protocols import SigningKey, StillSigned
from jotgate.stores.verbs import Verbs, from_row, tried_twice

#: Nobody at the door waits longer than this for the note.
PATIENCE_SECONDS = 0.25
_LISTING_SECONDS = 30.0


class SigningKeyVerbs(Verbs):
    """The part of the store that remembers which keys signed."""

    @tried_twice
    def note_signing(self, key_id: str, now: float) -> None:
        """Note that the key signs at this moment."""
        with self._write(PATIENCE_SECONDS) as tx:
            tx.run("note_signing", key_id=key_id, now=now)

    @tried_twice
    def signing_keys(self) -> list[SigningKey]:
        """Return every key that was ever noted, in the order in which they began."""
        with self._read(_LISTING_SECONDS) as tx:
            rows = tx.all("read_signing_keys")
        return [from_row(SigningKey, row) for row in rows]

    @tried_twice
    def still_signed(self, *, before: float, now: float, unread_seconds: float) -> StillSigned:
        """Count what was issued until *before* and is of use at *now*.

        A ticket counts for *unread_seconds* more after its expiry, while a submission made in time may be unread.
        """
        with self._read(_LISTING_SECONDS) as tx:
            tickets = tx.one("unsettled_tickets_until", before=before, expired_before=now - unread_seconds)
            passes = tx.one("live_passes_until", before=before, now=now)
        assert tickets is not None
        assert passes is not None
        return StillSigned(
            tickets=tickets[0], tickets_until=tickets[1], passes=passes[0], passes_until=passes[1]
        )
