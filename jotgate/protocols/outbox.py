"""What callbacks need of a store: who is to be told of verdicts, and what they are still to be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from jotgate.outcomes import VerdictEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Somebody who is told of verdicts: a function of the site, or an address."""

    #: The function's module and qualified name, or the webhook's id.
    consumer: str
    #: ``python`` or ``webhook``.
    kind: str
    #: Where a webhook goes.
    url: str | None = None
    #: Whether the address may lie within private networks.
    private: bool = False
    #: The forms whose verdicts it is told; None: all.
    forms: tuple[str, ...] | None = None
    #: The id of the code key that a webhook's secret stems from.
    code_key: str | None = None
    created_at: float = 0.0
    #: Since when it is told nothing more, or None.
    revoked_at: float | None = None
    #: Nothing is tried before this moment.
    next_try_at: float = 0.0
    #: How often it failed, one time after the other.
    tries: int = 0
    last_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One event that one consumer is to be told."""

    seq: int
    consumer: str
    event: VerdictEvent
    #: How often it was tried, the present time included.
    tries: int
    next_try_at: float
    #: Since when it is no longer tried, or None.
    dead_at: float | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A notice that could not be told."""

    notice: Notice
    error: str
    #: When it is tried again; None: never by itself.
    next_try_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of the notices that one process had claimed."""

    told: Sequence[Notice] = ()
    failed: Sequence[Failed] = ()
    #: Not tried, as if they had never been claimed.
    unsent: Sequence[Notice] = ()
    #: Until when the consumer is left alone, if it is the reason that something failed.
    pause_until: float | None = None
    pause_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How much a consumer is still to be told."""

    waiting: int = 0
    dead: int = 0
    #: When the oldest that waits was judged, or None.
    oldest_at: float | None = None


class OutboxStore(Protocol):
    """The part of the store that callbacks meet. Notices are added by whatever gives a verdict."""

    def add_consumer(self, consumer: Consumer, *, now: float, actor: str | None = None) -> bool:
        """Tell this consumer of every verdict from now on; False if there is, or was, one of this name."""
        ...

    def consumers(self) -> list[Consumer]:
        """Return every consumer, the oldest first, those that are revoked included."""
        ...

    def revoke_consumer(self, consumer: str, *, now: float, actor: str) -> int | None:
        """Tell a consumer nothing more, and forget what waits; return how much, or None if there is no such one."""
        ...

    def disable_consumer(self, consumer: str, *, now: float, error: str) -> None:
        """Tell a consumer nothing more because it wishes so; what waits is kept as dead."""
        ...

    def due_consumers(self, now: float) -> list[Consumer]:
        """Return those whom something could be told now."""
        ...

    def claim_notices(self, consumer: str, *, now: float, until: float, rows: int) -> list[Notice]:
        """Take up to so many notices, in order and at most one of each submission; nobody else does before *until*."""
        ...

    def cross_off(self, consumer: str, told: Told, *, now: float) -> None:
        """Note what became of claimed notices, in one transaction."""
        ...

    def dead_notices(self, consumer: str | None = None) -> Iterator[Notice]:
        """Iterate over what is no longer tried, the oldest first, in bounded memory."""
        ...

    def notices_about(self, submission_id: str) -> list[Notice]:
        """Return what anybody is still to be told about one submission, and what was given up, the oldest first."""
        ...

    def replay_notices(self, *, consumer: str | None, message_id: str | None, now: float) -> int:
        """Try dead notices again (None: whatever it is), and their consumers; return how many."""
        ...

    def backlogs(self) -> dict[str, Backlog]:
        """Return consumer -> how much it is still to be told."""
        ...
