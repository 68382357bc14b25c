"""What the rotation of `secret_keys` needs of a store: which key signed until when, and what of it is still of use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key that signed passes and tickets."""

    key_id: str
    #: The first and the last time that it was noted.
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StillSigned:
    """What was signed up to some moment and is still of use."""

    #: Tickets on which a submission may still arrive.
    tickets: int
    #: When the last of them expires, or None if there is none.
    tickets_until: float | None
    #: Passes that are neither over nor revoked.
    passes: int
    passes_until: float | None


class SigningStore(Protocol):
    """The part of the store that remembers which keys signed."""

    def note_signing(self, key_id: str, now: float) -> None:
        """Note that the key signs at this moment."""
        ...

    def signing_keys(self) -> list[SigningKey]:
        """Return every key that was ever noted, in the order in which they began."""
        ...

    def still_signed(self, *, before: float, now: float, unread_seconds: float) -> StillSigned:
        """Count what was issued until *before* and is of use at *now*.

        A ticket counts for *unread_seconds* more after its expiry, while a submission made in time may be unread.
        """
        ...
