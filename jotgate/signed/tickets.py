"""Tickets: the right to submit once, carried in a hidden field of the form.

A ticket's text is its id and an 80-bit MAC, 35 characters of URL-safe base 64. A forgery is recognised without
the store; the store keeps only the id. The last of the id's 16 bytes is zero, and in its place a text names an opening:
a ticket may be open on several pages, and an app may have filled in other values on each.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from enum import Enum
from typing import NamedTuple

from jotgate.frozen import frozen
from jotgate.outcomes import Verdict
from jotgate.signed.keyring import KeyRing
from jotgate.signed.tokens import can_be_subject

_PURPOSE = "ticket"
_OPENING_PURPOSE = "ticket/opening"
_RANDOM_BYTES = 15
_NO_OPENING = bytes(1)
_PAGE_BYTES = 4
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


class FilledIn(NamedTuple):
    """What an app filled in at one opening of a ticket."""

    #: By which the texts on its pages name it, 0 to 255.
    number: int
    #: Field name -> value.
    prefill: Mapping[str, str]
    #: The names in `prefill` whose value must come back unchanged.
    locked: tuple[str, ...]


class OnPage(NamedTuple):
    """A ticket as a page has it."""

    ticket_id: bytes
    #: The number of the opening whose values are on the page; None: nothing says which.
    opening: int | None = None
    #: Random bytes that name the page, where the page itself asks or reports; else empty.
    page: bytes = b""


@frozen
class Ticket:
    """A ticket as the store keeps it."""

    #: Random, 120 bits; leaves this machine only together with its MAC.
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
    #: What the app filled in at each opening, the newest last; none for a code.
    openings: tuple[FilledIn, ...] = ()

    def opening(self, number: int | None) -> FilledIn | None:
        """Return the opening of that number, or None if there is none, or none any more."""
        for one in self.openings:
            if one.number == number:
                return one
        return None

    def has_ended(self, number: int | None) -> bool:
        """Say whether so many openings came after that one that what it filled in is no longer known."""
        return number is not None and bool(self.openings) and self.opening(number) is None


def owner_named(owner_field: str | None, prefill: Mapping[str, str], locked: Collection[str]) -> str | None:
    """Return whom the locked *owner_field* of an opening names; None if it locks none, or names nobody."""
    if owner_field is None or owner_field not in locked:
        return None
    named = prefill.get(owner_field, "").strip()
    return named if can_be_subject(named) else None


def new_ticket_id() -> bytes:
    """Return 15 random bytes, and the room for the opening that a text names."""
    return secrets.token_bytes(_RANDOM_BYTES) + _NO_OPENING


def new_page(ticket: Ticket) -> OnPage:
    """Return *ticket* for a new page, which its newest opening fills in."""
    opening = ticket.openings[-1].number if ticket.openings else 0
    return OnPage(ticket.ticket_id, opening, secrets.token_bytes(_PAGE_BYTES))


def ticket_text(on_page: OnPage, keys: KeyRing) -> str:
    """Return the text that travels in the hidden field, 35 characters.

    It names no opening of a ticket from before texts did: most of their ids have no room for it.
    """
    ticket_id, opening, _ = on_page
    if opening is None or not ticket_id.endswith(_NO_OPENING):
        return keys.seal(_PURPOSE, ticket_id, mac_bytes=_MAC_BYTES)
    body = ticket_id[:_RANDOM_BYTES] + bytes([opening])
    return keys.seal(_OPENING_PURPOSE, body, mac_bytes=_MAC_BYTES)


def read_ticket(text: str, keys: KeyRing) -> OnPage | None:
    """Return the ticket and the opening in *text*, or None if we did not make it. Total; each has one spelling."""
    body = keys.open(_OPENING_PURPOSE, text, max_length=TEXT_LENGTH, mac_bytes=_MAC_BYTES)
    if body is not None:
        return OnPage(body[:_RANDOM_BYTES] + _NO_OPENING, body[_RANDOM_BYTES])
    ticket_id = keys.open(_PURPOSE, text, max_length=TEXT_LENGTH, mac_bytes=_MAC_BYTES)
    return None if ticket_id is None else OnPage(ticket_id)
