"""What forgetting people needs of a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

#: Makes of a subject the texts that may stand for it, under every code key, newest first.
Masks = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What was taken away."""

    #: Table -> how many of its rows are about nobody now, or are gone.
    counts: Mapping[str, int]
    #: Form -> the ids of the submissions; what people wrote is still at JotForm under them. Of a person who is
    #: forgotten once more, those of earlier times as well.
    submissions: Mapping[str, Sequence[str]]


class ForgettingStore(Protocol):
    """The part of the store that people's requests and the owner's retention meet."""

    def use_masks(self, masks: Masks) -> None:
        """Let *masks* say what stands for a subject that is forgotten; the store holds no key."""
        ...

    def forget(self, subject: str, *, form: str | None, now: float, actor: str) -> Erasure:
        """Put a tombstone in place of *subject*, on one form or on all, in one transaction; for good.

        What comes later about this subject is about the tombstone from the beginning.
        """
        ...

    def begin_retention(self, form: str, *, now: float) -> bool:
        """Say whether it is this process's turn with the form's retention: once a day."""
        ...

    def retain(
        self,
        form: str,
        *,
        before: float,
        delete: bool,
        now: float,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> Erasure:
        """Take away whom everything older than *before* is about, or all of it; what is usable still stays.

        A submission that is removed is never judged anew. *goes_on* is asked after every few hundred rows; if
        it says no, the rest is the turn of whoever asks `begin_retention` next.
        """
        ...

    def count_beyond(self, form: str, *, before: float, delete: bool) -> Mapping[str, int]:
        """Return how many rows of each table `retain` would change."""
        ...
