"""Mails to people: what the store knows of each, and what came of claiming one."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from jotgate.frozen import frozen

#: What is put off for longer was so by a clock that was set back since.
LONGEST_PAUSE_SECONDS = 86_400.0


class MailState(Enum):
    """How far a mail is; printed as it is spelled."""

    SENDING = "sending"  #: a process has it in hand, or died with it.
    SENT = "sent"  #: the mail server took it.
    WAITING = "waiting"  #: it did not arrive yet, and is tried again.
    REFUSED = "refused"  #: the mail server refused it for good.


@frozen
class NewMail:
    """A mail that is to be sent, at most once."""

    form: str
    #: What it is for: one person gets one mail for each.
    purpose: str
    #: A subject; who has none is known by their address.
    person: str
    address: str
    #: Names it for good, if it is the first try.
    message_id: str
    #: The tag of what the person reads; "": nobody knows.
    language: str = ""


@frozen
class MailRecord:
    """What the store knows of a mail."""

    seq: int
    form: str
    purpose: str
    person: str
    address: str
    #: The same at every try, so that a receiver knows a second copy.
    message_id: str
    state: MailState
    tries: int
    #: When the last try began.
    claimed_at: float
    #: Nobody else tries before.
    next_try_at: float
    sent_at: float | None
    #: Why it was not sent, by the mail server; never the address.
    said: str | None
    #: The tag of what the person reads; "": nobody knows.
    language: str

    def is_put_off(self, now: float) -> bool:
        """Say whether nobody tries it at *now*, because somebody has it in hand, or its next try is later."""
        return now < self.next_try_at <= now + LONGEST_PAUSE_SECONDS


class ClaimedMail(NamedTuple):
    """What came of claiming a mail."""

    #: The mail as it is now; None: it was not claimed, for one of the reasons below.
    record: MailRecord | None = None
    #: Whether the caller is to send it, and nobody else.
    is_ours: bool = False
    #: The next turn comes in so many seconds.
    wait_seconds: float = 0.0
    #: Whether the person asked to be forgotten.
    is_forgotten: bool = False
