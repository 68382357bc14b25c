"""The rotation of `secret_keys`: which key signs until when, and which passes and tickets still need an older one.

What matters is when a process last signed with a key, not when another began with the next: processes are restarted
one after the other. So each process notes, at most once a minute, the key that it has just signed with.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from jotgate.errors import StoreUnavailable
from jotgate.frozen import frozen
from jotgate.outages import outages
from jotgate.protocols import SigningKey, StillSigned
from jotgate.signed.keyring import KeyRing
from jotgate.stores import Store

_log = logging.getLogger("jotgate.gate")

NOTED_EVERY_SECONDS = 60.0
#: What a key may have signed since it was noted last, and how far the machines' clocks may be apart.
_MARGIN_SECONDS = NOTED_EVERY_SECONDS + 60.0
#: What was submitted in time may be read a day later, when JotForm's calls of the day were used up.
UNREAD_SECONDS = 86_400.0


class KeyUse:
    """Note that this process signs, so that nobody drops its key too early."""

    __slots__ = ("_key_id", "_next_at", "_store")

    def __init__(self, keys: KeyRing, store: Store) -> None:
        self._key_id = keys.ids[0]
        self._store = store
        self._next_at = float("-inf")

    def note(self, now: float) -> None:
        """Note it, if that was not done within the last minute; a store that does not answer is asked next time."""
        # A clock that was set back must not keep this from being noted.
        if self._next_at - NOTED_EVERY_SECONDS <= now < self._next_at:
            return
        try:
            self._store.note_signing(self._key_id, now)
        except StoreUnavailable as error:
            outages.note(_log, "signing.missed", error)
            return
        self._next_at = now + NOTED_EVERY_SECONDS


@frozen
class OlderKey:
    """A key that is held besides the one that signs, and what it may have signed that is still of use."""

    key_id: str
    #: When it was noted to sign for the last time; None: not since notes are taken.
    last_at: float | None
    still: StillSigned
    #: From when on it can be dropped and nobody notices.
    safe_from: float

    @property
    def is_needed(self) -> bool:
        """Say whether something would break without it."""
        return bool(self.still.tickets or self.still.passes)


def older_keys(keys: KeyRing, store: Store, now: float) -> list[OlderKey]:
    """Return the keys that verify and do not sign, oldest first, with at most what each may have signed.

    Raises:
        StoreUnavailable: the store does not answer.
    """
    noted = store.signing_keys()
    return [_standing(key_id, noted, store, now) for key_id in reversed(keys.ids[1:])]


def _standing(key_id: str, noted: Sequence[SigningKey], store: Store, now: float) -> OlderKey:
    last_at = next((one.last_at for one in noted if one.key_id == key_id), None)
    # What was never noted may have signed before the first note was taken, and not later.
    first_note_at = min((one.first_at for one in noted), default=now)
    before = (first_note_at if last_at is None else last_at) + _MARGIN_SECONDS
    still = store.still_signed(before=before, now=now, unread_seconds=UNREAD_SECONDS)
    ends = [now]
    if still.tickets_until is not None:
        ends.append(still.tickets_until + UNREAD_SECONDS)
    if still.passes_until is not None:
        ends.append(still.passes_until)
    return OlderKey(key_id=key_id, last_at=last_at, still=still, safe_from=max(ends))
