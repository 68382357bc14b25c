"""Which key signed until when, and what of it is still of use."""

from __future__ import annotations

from jotgate.frozen import frozen


@frozen
class SigningKey:
    """A key that signed passes and tickets."""

    key_id: str
    #: The first and the last time that it was noted.
    first_at: float
    last_at: float


@frozen
class StillSigned:
    """What was signed up to some moment and is still of use."""

    #: Tickets on which a submission may still arrive.
    tickets: int
    #: When the last of them expires, or None if there is none.
    tickets_until: float | None
    #: Passes that are neither over nor revoked.
    passes: int
    passes_until: float | None
