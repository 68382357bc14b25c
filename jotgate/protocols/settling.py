"""Submissions and their verdicts, as the ledger knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import TypeVar

from jotgate.frozen import frozen
from jotgate.outcomes import Verdict

T = TypeVar("T")


class Handover(Enum):
    """What it means to give a submission to a subject."""

    GIVEN = "given"  #: it counts for them from now on.
    MOVED = "moved"  #: the same, and no more for another, whom a person gave it to before.
    THEIRS = "theirs"  #: it is theirs, and counts: there is nothing to do.
    ANOTHERS = "anothers"  #: its ticket proves that it is another's, which a person has to reject first.

    @property
    def is_done(self) -> bool:
        """Say whether a person's word does it."""
        return self in (Handover.GIVEN, Handover.MOVED)


@frozen
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
    #: What `created_at` was read from, such as "id" or "created_at in America/New_York"; None: it was not noted.
    created_from: str | None = None

    def handover(self, subject: str) -> Handover:
        """Say what it means to give it to that subject."""
        if not self.verdict.counts or self.subject is None:
            return Handover.GIVEN
        if self.subject == subject:
            return Handover.THEIRS
        return Handover.ANOTHERS if self.verdict is Verdict.VERIFIED else Handover.MOVED


@frozen
class ListedSubmission:
    """A submission in a list, with the name that its person's code has."""

    record: SubmissionRecord
    #: The owner's note on the code, such as a name, or None; and the codes that were created together with it.
    label: str | None
    batch: str | None


@frozen
class OpenedSubmission:
    """A submission as a person looks at it who is to rule on it."""

    listed: ListedSubmission
    #: What it was before a person's word.
    judged: Verdict
    #: JotForm's word for its state, such as ACTIVE, or None.
    status: str | None
    #: Field -> {"label": text, "value": text or list of texts}, of the form's `show_fields`.
    shown: Mapping[str, Mapping[str, str | list[str]]] = field(default_factory=dict, repr=False, hash=False)


@frozen
class SubmissionFilter:
    """Which submissions are meant; conditions are joined by "and"."""

    form: str | None = None
    subject: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    submission_ids: tuple[str, ...] = ()


@frozen
class Settled:
    """The verdict on one candidate."""

    submission_id: str
    verdict: Verdict
    #: False if the submission was judged before and this verdict only repeats it.
    fresh: bool
