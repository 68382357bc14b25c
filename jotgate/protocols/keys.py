"""What scoped keys, and the mirror of JotForm's API behind them, need of a store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of the day's API calls a scoped key may cost: a number, or a fraction of what the account has."""

    calls: int | None = None
    fraction: float | None = None

    def of(self, limit: int | None) -> int | None:
        """Return the calls a day, where the account has *limit* (None: unlimited); None: unlimited."""
        if self.calls is not None:
            return self.calls if limit is None else min(self.calls, limit)
        return None if limit is None else int(limit * (self.fraction or 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewScopedKey:
    """A scoped key to be created."""

    #: HMAC of the key, 16 bytes.
    fingerprint: bytes
    #: The id of the code key that the fingerprint was made with.
    code_key: str
    #: The key's public name.
    key_id: str
    label: str | None
    #: Names of forms, at least one.
    forms: tuple[str, ...]
    #: Question ids or unique names; None: all but the ticket field.
    fields: tuple[str, ...] | None
    share: Share
    #: Seconds since the epoch, UTC; None: never.
    expires_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedKey:
    """A scoped key as the store knows it: everything but the key."""

    key_id: str
    code_key: str
    label: str | None
    forms: tuple[str, ...]
    fields: tuple[str, ...] | None
    share: Share
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    #: At most a minute behind.
    last_used_at: float | None
    #: The New York date that `calls` counts for, ISO 8601; empty before the first call.
    calls_day: str
    calls: int

    def calls_on(self, day: str) -> int:
        """Return how many calls it has cost on that New York date."""
        return self.calls if self.calls_day == day else 0

    def may_look_up(self, field: str) -> bool:
        """Say whether people may be found by what they wrote into *field*: only where the key sees it."""
        return self.fields is None or field.partition("[")[0] in self.fields


class Counted(NamedTuple):
    """A submission that counts."""

    submission_id: str
    #: The form's name.
    form: str
    #: JotForm's time by its earliest plausible reading, seconds since the epoch, UTC.
    created_at: float


class KeyStore(Protocol):
    """The part of the store that whoever hands out scoped keys meets, and whoever presents one."""

    def create_scoped_key(self, key: NewScopedKey, *, now: float, actor: str) -> bool:
        """Store the key; say whether its fingerprint and its public name were free."""
        ...

    def scoped_keys(self) -> list[ScopedKey]:
        """Return every scoped key, oldest first."""
        ...

    def scoped_key(self, fingerprint: bytes) -> ScopedKey | None:
        """Return the key with that fingerprint, whatever its state, or None."""
        ...

    def revoke_scoped_key(self, key_id: str, *, now: float, actor: str) -> bool:
        """Revoke the key; say whether there was one of that name that was not revoked before."""
        ...

    def note_use_of_key(self, key_id: str, now: float) -> None:
        """Note that the key was used, unless that was noted within the last minute."""
        ...

    def take_call_of_key(self, key_id: str, *, day: str, most: int | None) -> int | None:
        """Count one call for the key on that New York date; return how many it has cost then.

        None: they would be more than *most* (None: no limit), or the key is revoked, and nothing was counted.
        """
        ...

    def give_back_call_of_key(self, key_id: str, *, day: str) -> None:
        """Take back a call counted for the key that certainly never left this machine."""
        ...

    def counted(
        self,
        form: str,
        *,
        above: str = "",
        below: str | None = None,
        descending: bool = True,
        skip: int = 0,
        rows: int | None = None,
    ) -> Iterator[Counted]:
        """Iterate over the submissions of *form* that count, between two ids, both exclusive, in bounded memory.

        By id, which is also by time: newest first, or oldest first. The first *skip* are left out, and
        no more than *rows* are given (None: all).
        """
        ...

    def counted_submission(self, submission_id: str) -> Counted | None:
        """Return the submission of that id, if it counts."""
        ...
