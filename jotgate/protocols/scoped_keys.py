"""Scoped keys, and the submissions that they may see."""

from __future__ import annotations

from typing import NamedTuple

from jotgate.frozen import frozen
from jotgate.outcomes import Verdict


@frozen
class Share:
    """How many of the day's API calls a scoped key may cost: a number, or a fraction of what the account has."""

    calls: int | None = None
    fraction: float | None = None

    def of(self, limit: int | None) -> int | None:
        """Return the calls a day, where the account has *limit* (None: unlimited); None: unlimited."""
        if self.calls is not None:
            return self.calls if limit is None else min(self.calls, limit)
        return None if limit is None else int(limit * (self.fraction or 0.0))


@frozen
class NewScopedKey:
    """A scoped key to be created."""

    #: HMAC of the key, 16 bytes.
    fingerprint: bytes
    #: The id of the code key that the fingerprint was made with.
    code_key: str
    #: The key's public name.
    key_id: str
    label: str | None
    #: Names of forms, and JotForm's numbers of those that are not gated; at least one.
    forms: tuple[str, ...]
    #: Question ids or unique names; None: all but the ticket field.
    fields: tuple[str, ...] | None
    #: Whatever JotForm has, each with its verdict; False: only what counts.
    all_submissions: bool
    share: Share
    #: Seconds since the epoch, UTC; None: never.
    expires_at: float | None


@frozen
class ScopedKey:
    """A scoped key as the store knows it: everything but the key."""

    key_id: str
    code_key: str
    label: str | None
    forms: tuple[str, ...]
    fields: tuple[str, ...] | None
    all_submissions: bool
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


class Known(NamedTuple):
    """What the ledger says of a submission."""

    #: The form's name when it was judged.
    form: str
    verdict: Verdict
    #: False: its author is forgotten, or retention removed it.
    may_be_shown: bool
