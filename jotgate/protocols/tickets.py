"""A code that somebody typed at the door."""

from __future__ import annotations

from collections.abc import Sequence

from jotgate.frozen import frozen
from jotgate.signed.passes import Pass
from jotgate.throttle import Guesser


@frozen
class Opening:
    """A wish to be let in with a code."""

    form: str
    #: The code's fingerprint under every code key, newest first, 16 bytes each.
    fingerprints: tuple[bytes, ...]
    #: The browser's id, 16 bytes.
    browser: bytes
    #: The pass that the browser holds for this form already, if any; revoked by the admission.
    holds: Pass | None
    #: Whose budget of guesses the try counts on; None: it does not count (the code was shown before).
    guesser: Guesser | None
    #: Rebind a ticket that is open in another browser.
    move: bool
    now: float
    ticket_expires_at: float
    #: Name of the new pass.
    pass_id: bytes
    #: At most this long after *now* does the pass last.
    pass_ttl_seconds: float | None
    #: How many settled submissions the form takes; None: no limit.
    capacity: int | None = None
    #: How often one subject may submit, by whatever way; None: as often as their codes allow.
    in_all: int | None = None


@frozen
class Revoked:
    """Passes that were ended early, as far as one reading tells."""

    #: Their ids, and when each would have ended by itself.
    passes: Sequence[tuple[bytes, float]]
    #: From where the next reading goes on: it tells everything that this one could not see yet.
    until: int
