"""Tickets: the right to submit once, carried in a hidden field of the form.

A ticket's text is its 128-bit id and an 80-bit MAC, 35 characters of URL-safe base 64.
A forgery is recognised without the store; the store keeps only the id.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from jotgate.frozen import frozen
from jotgate.outcomes import Verdict
from jotgate.signed.keyring import KeyRing

_PURPOSE = "ticket"
_ID_BYTES = 16
_MAC_BYTES = 10
TEXT_LENGTH = 35
#: A ticket that its browser called sent was not, if the form was read this long after and nothing had come.
UNANSWERED_SECONDS = 20 * 60.0


class TicketState(Enum):
    """How far a ticket has come."""

    OPEN = "open"  #: issued; the form may be filled in.
    SENT = "sent"  #: the browser says that it submitted; never handed out again.
    REDEEMED = "redeemed"  #: a submission was settled on it.
    REVOKED = "revoked"  #: worthless for whatever is submitted from then on.


@frozen
class Ticket:
    """A ticket as the store keeps it."""

    #: Random, 128 bits; leaves this machine only together with its MAC.
    ticket_id: bytes
    #: The form's name in the settings.
    form: str
    #: The subject of the grant, or None for a class code.
    subject: str | None
    state: TicketState
    #: Seconds since the epoch, UTC, as every time below.
    issued_at: float
    #: Judged against the submission's own creation time.
    expires_at: float
    sent_at: float | None = None
    revoked_at: float | None = None
    #: How often it was moved to another browser.
    moves: int = 0
    #: The submission settled on it.
    submission_id: str | None = None
    #: Its verdict; without one, that on the last submission that came with the ticket and does not count.
    verdict: Verdict | None = None
    #: The app whose token it was issued for; None: an access code.
    app: str | None = None
    #: What the app filled in: field name -> value.
    prefill: Mapping[str, str] = field(default_factory=dict)
    #: The names in `prefill` whose value must come back unchanged.
    locked: tuple[str, ...] = ()


def new_ticket_id() -> bytes:
    """Return 16 random bytes."""
    return secrets.token_bytes(_ID_BYTES)


def ticket_text(ticket_id: bytes, keys: KeyRing) -> str:
    """Return the text that travels in the hidden field, 35 characters."""
    return keys.seal(_PURPOSE, ticket_id, mac_bytes=_MAC_BYTES)


def read_ticket(text: str, keys: KeyRing) -> bytes | None:
    """Return the id in *text*, or None if we did not make it. Total on any text; each ticket has one spelling."""
    return keys.open(_PURPOSE, text, max_length=TEXT_LENGTH, mac_bytes=_MAC_BYTES)
