"""Edits of submissions that have their verdict, and how far the audit came."""

from __future__ import annotations

from jotgate.frozen import frozen
from jotgate.outcomes import Verdict
from jotgate.submissions import Candidate


@frozen
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


@frozen
class KeptAnswers:
    """What we know of a submission that has its verdict."""

    verdict: Verdict
    #: Of its answers when it was judged; None: it was judged before digests were kept.
    digest: bytes | None
    status: str | None


@frozen
class Edit:
    """A submission that JotForm tells otherwise than it was judged."""

    #: As it is now, with the part of its answers to keep.
    candidate: Candidate
    #: The digest that the answers were compared with; another one in the store means that somebody was quicker.
    known_digest: bytes | None
    #: Whether the answers are others.
    changed: bool
    #: Whether it was deleted, and that takes its verdict away.
    revoked: bool
    #: JotForm's time of the edit, or None.
    updated_at: float | None


@frozen
class Edited:
    """What an edit did to a verdict."""

    submission_id: str
    before: Verdict
    verdict: Verdict
