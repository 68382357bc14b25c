"""Who hears of verdicts, and what they have still to hear."""

from __future__ import annotations

from collections.abc import Sequence

from jotgate.frozen import frozen
from jotgate.outcomes import VerdictEvent


@frozen
class Consumer:
    """A receiver of verdicts: a function of the site, or an address."""

    #: The function's module and qualified name, or the webhook's id.
    consumer: str
    #: ``python`` or ``webhook``.
    kind: str
    #: Where a webhook goes.
    url: str | None = None
    #: Whether the address may lie within private networks.
    private: bool = False
    #: The forms whose verdicts it gets; None: all.
    forms: tuple[str, ...] | None = None
    #: The id of the code key that a webhook's secret stems from.
    code_key: str | None = None
    created_at: float = 0.0
    #: Since when it gets nothing more, or None.
    revoked_at: float | None = None
    #: Nothing is tried before this moment.
    next_try_at: float = 0.0
    #: How often it failed, one time after the other.
    tries: int = 0
    last_error: str | None = None


@frozen
class Notice:
    """One event for one consumer."""

    seq: int
    consumer: str
    event: VerdictEvent
    #: How often it was tried, the present time included.
    tries: int
    next_try_at: float
    #: Since when nobody tries it any more, or None.
    dead_at: float | None = None
    last_error: str | None = None


@frozen
class Failed:
    """A notice that did not arrive."""

    notice: Notice
    error: str
    #: When it is tried again; None: never by itself.
    next_try_at: float | None


@frozen
class Told:
    """What became of the notices that one process had claimed."""

    told: Sequence[Notice] = ()
    failed: Sequence[Failed] = ()
    #: Not tried, as if they had never been claimed.
    unsent: Sequence[Notice] = ()
    #: Until when the consumer is left alone, if it is the reason that something failed.
    pause_until: float | None = None
    pause_error: str | None = None


@frozen
class Backlog:
    """How many notices a consumer has not had yet."""

    waiting: int = 0
    dead: int = 0
    #: When the oldest that waits was judged, or None.
    oldest_at: float | None = None
