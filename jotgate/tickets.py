"""Tickets: the right to submit once, carried in a hidden field of the form.

A ticket's text is its 128-bit id and an 80-bit MAC, 35 characters of URL-safe base 64.
A forged one is told without the store; the store keeps only the id.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from jotgate.keyring import KeyRing
from jotgate.outcomes import Verdict

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket as the store keeps it."""

    #: Random, 128 bits; leaves this machine only together with its MAC.
    ticket_id: bytes
    #: The form's name in the settings.
    form: str
    #: Whom the grant is about, or None for a class code.
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
    #: The submission settled on it, and its verdict.
    submission_id: str | None = None
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
    mac = keys.mac(_PURPOSE, ticket_id, _MAC_BYTES)
    return base64.urlsafe_b64encode(ticket_id + mac).decode().rstrip("=")


def read_ticket(text: str, keys: KeyRing) -> bytes | None:
    """Return the id in *text*, or None if we did not make it. Total on any text.

    Each ticket has one spelling only: base 64 leaves two bits of the last character unused,
    and a text that sets them is refused.
    """
    if len(text) != TEXT_LENGTH:
        return None
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=", b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    ticket_id, mac = raw[:_ID_BYTES], raw[_ID_BYTES:]
    if not keys.verify(_PURPOSE, ticket_id, mac):
        return None
    spelled = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return ticket_id if spelled == text else None
