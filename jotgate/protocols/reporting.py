"""What forms that only report need of a store: counters of what would have been refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jotgate.outcomes import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldBeRefusal:
    """How often one program was let through a form that would have refused it, for one reason."""

    form: str
    reason: Reason
    #: The app, as its token or its requests name it; "" for browsers, "other" beyond the most that a day can hold.
    app: str
    #: The app's version, or "".
    version: str
    count: int
    last_at: float


class ReportingStore(Protocol):
    """The part of the store that counts what forms would have refused."""

    def note_would_be_refusal(self, form: str, reason: Reason, *, app: str, version: str, now: float) -> None:
        """Count one more, by the day (UTC); strangers' words are cut, and few hundred different ones a day are kept."""
        ...

    def would_be_refusals(self, since: float, form: str | None = None) -> list[WouldBeRefusal]:
        """Return what was counted since the beginning of the day of *since*, the most frequent first for each form."""
        ...

    def admissions(self, since: float) -> dict[str, int]:
        """Return form -> number of tickets issued since the beginning of the day of *since*."""
        ...
