"""What the door needs of a store: codes turned into tickets, and passes that end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jotgate.outcomes import Admit, Refuse
from jotgate.passes import Pass
from jotgate.throttle import Guesser
from jotgate.tickets import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
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


class AdmissionStore(Protocol):
    """The part of the store that people at the door meet."""

    def open_ticket(self, opening: Opening) -> Admit | Refuse:
        """Look the code up, count a wrong guess, and issue or extend the ticket; all or nothing.

        Nobody is let in to a form that is full or has no ticket field, and no guess counts there.
        """
        ...

    def leave(self, held: Pass, now: float) -> None:
        """Revoke the pass; a ticket of a code with several uses is not handed out again."""
        ...

    def mark_sent(self, *, ticket_id: bytes, now: float) -> bool:
        """Turn an open ticket into a sent one and make its form due; say whether it was open."""
        ...

    def ticket(self, ticket_id: bytes) -> Ticket | None:
        """Return the ticket, with its verdict if a submission was settled on it."""
        ...

    def revocations(self, since: float) -> list[tuple[bytes, float]]:
        """Return the ids of the passes revoked after *since* that would otherwise live, and when each would end."""
        ...
