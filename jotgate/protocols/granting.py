"""What the office that hands out codes needs of a store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class NewGrant(NamedTuple):
    """A grant to be created. A tuple, because they come by the million."""

    fingerprint: bytes
    key_id: str
    form: str
    subject: str | None = None
    label: str | None = None
    batch: str | None = None
    uses: int = 1
    valid_from: float | None = None
    valid_until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The stored entitlement behind a code, or behind an app's tokens for one subject."""

    fingerprint: bytes
    key_id: str
    form: str
    subject: str | None
    label: str | None
    batch: str | None
    uses: int
    #: Settled submissions so far; never more than `uses`.
    used: int
    valid_from: float | None
    valid_until: float | None
    revoked_at: float | None
    created_at: float
    #: How often its tickets were moved to another browser.
    moves: int = 0
    #: The app whose tokens it stands for; None: a code.
    app: str | None = None
    #: How often a token that had been redeemed was shown again in another browser.
    foreign_tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFilter:
    """Which grants are meant; conditions are joined by "and", and an empty filter means none."""

    form: str | None = None
    #: First bytes of the fingerprint, in hex, at least six digits.
    prefix: str | None = None
    fingerprints: tuple[bytes, ...] = ()
    subject: str | None = None
    batch: str | None = None
    #: What the tokens of this app entitle to; None: codes only.
    app: str | None = None


class GrantStore(Protocol):
    """The part of the store that whoever hands out codes meets."""

    def create_grants(self, grants: Iterable[NewGrant], now: float) -> list[int]:
        """Store the grants, all made with one key, in one transaction; return the places of those that exist."""
        ...

    def grants(self, which: GrantFilter | None = None) -> Iterator[Grant]:
        """Iterate over the grants meant (None: all codes), by fingerprint, in bounded memory."""
        ...

    def revoke_grants(self, which: GrantFilter, *, now: float, actor: str, note: str | None) -> int:
        """Revoke grants with their tickets and passes; return how many were not revoked before."""
        ...

    def end_tickets(self, which: GrantFilter, *, now: float, actor: str) -> int:
        """End the passes and unsettled tickets of the grants meant, which stay good; return how many had any."""
        ...

    def reissue_grant(self, which: GrantFilter, fresh: NewGrant, *, now: float, actor: str) -> Grant | None:
        """Give the one grant meant a new fingerprint; its open tickets and passes are revoked, its uses kept.

        Returns the grant as it is now, or None if there is not exactly one such grant that is not revoked.
        """
        ...

    def give_back_use(self, which: GrantFilter, *, now: float, actor: str) -> Grant | None:
        """Take one use off the count of the one grant meant, or free its sent ticket; None if there is none to give."""
        ...

    def missing_keys(self, held: Collection[str]) -> dict[str, int]:
        """Return the ids of code keys not in *held* that usable grants need, each with the number of those grants."""
        ...
