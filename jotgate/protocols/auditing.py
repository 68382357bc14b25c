"""What looking after edits needs of a store: how far it got, what was kept, and verdicts given anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from jotgate.outcomes import Verdict
from jotgate.submissions import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditState:
    """How far the audit is with one form."""

    form: str
    form_id: str
    #: Edits made before this moment were seen; None: none was looked for yet.
    audited_at: float | None
    #: A walk through all submissions goes on above this id; None: there is none under way.
    audited_above: str | None
    #: When that walk began.
    audit_began_at: float | None
    #: When the form was last tried.
    audit_tried_at: float | None
    #: The ticket field's question id, once found.
    ticket_qid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswers:
    """What is known of a submission that has its verdict."""

    verdict: Verdict
    #: Of its answers when it was judged; None: it was judged before digests were kept.
    digest: bytes | None
    status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A submission that JotForm tells otherwise than it was judged."""

    #: As it is now, with what is to be kept of its answers.
    candidate: Candidate
    #: The digest that the answers were compared with; another one in the store means that somebody was quicker.
    known_digest: bytes | None
    #: Whether the answers are others.
    changed: bool
    #: Whether it was deleted, and that takes its verdict away.
    revoked: bool
    #: JotForm's time of the edit, or None.
    updated_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What an edit did to a verdict."""

    submission_id: str
    before: Verdict
    verdict: Verdict


class AuditingStore(Protocol):
    """The part of the store that the audit meets."""

    def audit_states(self) -> list[AuditState]:
        """Return how far the audit is with every form that `prepare` named."""
        ...

    def begin_audit(self, form: str, *, now: float) -> bool:
        """Say whether it is this process's turn with the form's audit: once a day."""
        ...

    def note_audit(self, state: AuditState) -> None:
        """Note how far it is with one form."""
        ...

    def kept_answers(self, submission_ids: Sequence[str]) -> dict[str, KeptAnswers]:
        """Return what is known of those that have a verdict."""
        ...

    def judge_edits(self, edits: Sequence[Edit], *, capacity: int | None, now: float) -> list[Edited]:
        """Judge edited submissions of one form again, in one transaction; return those that were news.

        An edit can make a verified submission tampered, and a tampered one verified; no other verdict
        is changed by it, and no person's word.
        """
        ...
