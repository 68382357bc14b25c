"""What verdicts, the ledger and the usage need of a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from jotgate.ledger import Entry
from jotgate.outcomes import Verdict
from jotgate.quota import Usage
from jotgate.submissions import Candidate

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRecord:
    """A submission as the ledger knows it; nothing that people wrote."""

    submission_id: str
    form: str
    subject: str | None
    verdict: Verdict
    #: JotForm's time by its earliest plausible reading.
    created_at: float
    seen_at: float
    judged_at: float | None
    #: Who accepted or rejected it, and why.
    actor: str | None = None
    reason: str | None = None
    #: First hex digits of the ticket's id, or None.
    ticket: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionFilter:
    """Which submissions are meant; conditions are joined by "and"."""

    form: str | None = None
    subject: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    submission_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The verdict on one candidate."""

    submission_id: str
    verdict: Verdict
    #: False if the submission was judged before and this verdict only repeats it.
    fresh: bool


class SettlingStore(Protocol):
    """The part of the store that gives every submission its one verdict, and remembers it."""

    def unsettled(self, submission_ids: Sequence[str]) -> set[str]:
        """Return those ids that have no verdict, or a pending one."""
        ...

    def settle(self, candidates: Sequence[Candidate], *, capacity: int | None, now: float) -> list[Settled]:
        """Judge the candidates of one form in the order given, in one transaction; idempotent on the submission id."""
        ...

    def submissions(self, which: SubmissionFilter) -> Iterator[SubmissionRecord]:
        """Iterate over the submissions meant, newest first, in bounded memory."""
        ...

    def rule(
        self, submission_id: str, *, accept: bool, actor: str, reason: str, now: float
    ) -> SubmissionRecord | Verdict | None:
        """Let a person accept or reject a submission.

        Returns the record as it is now; or the present verdict if that leaves nothing to rule on;
        or None if there is no such submission.
        """
        ...

    def record(self, entry: Entry) -> str:
        """Add an entry to the ledger; return its reference."""
        ...

    def explain(self, ref: str) -> Entry | None:
        """Return the entry under *ref*, however it is spelled, or None."""
        ...

    def history(self, submission_id: str) -> list[Entry]:
        """Return the entries about one submission, oldest first."""
        ...

    def counts(self) -> dict[str, dict[str, int]]:
        """Return form -> verdict -> number of submissions."""
        ...

    def oldest_pending(self) -> float | None:
        """Return when the oldest pending submission was first seen, or None."""
        ...

    def change_usage(self, account: str, change: Callable[[Usage | None], tuple[Usage, T]]) -> T:
        """Replace the account's usage by what *change* makes of it, in one transaction; return its answer."""
        ...

    def usage(self, account: str) -> Usage | None:
        """Return the account's usage as last written."""
        ...
