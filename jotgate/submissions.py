"""Submissions as read back from JotForm's API, and the verdict on each. Pure: nothing here asks or writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jotgate.answers import Answers, Kept, keep, unchanged
from jotgate.keyring import CodeKeys, KeyRing
from jotgate.outcomes import Verdict
from jotgate.policy import FormPolicy
from jotgate.tickets import Ticket, read_ticket

#: How long an empty answer sheet may stay pending: the API sometimes shows null answers right after a webhook.
EMPTY_PATIENCE_SECONDS = 15 * 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a person filled in, as JotForm's API tells it."""

    #: JotForm's id, digits; ids grow with time.
    submission_id: str
    #: JotForm's id of the form.
    form_id: str
    #: When it was made, by the earliest and the latest plausible reading; seconds since the epoch, UTC.
    created_earliest: float
    created_latest: float
    #: ACTIVE, OVERQUOTA, DELETED, ARCHIVED, CUSTOM.
    status: str
    #: JotForm's map of question id -> {name, type, text, answer, ...}; empty if there was none.
    answers: Mapping[str, Mapping[str, Any]]
    #: When it was last edited, by JotForm's clock on the wall of its zone; None: never.
    updated_at: float | None = None

    @property
    def empty(self) -> bool:
        """Say whether no question has an answer at all."""
        return not any(answer.get("answer") for answer in self.answers.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A submission ready to be settled: all that the verdict needs, and what is kept of the answers."""

    submission_id: str
    #: The form's name in the settings.
    form: str
    created_earliest: float
    created_latest: float
    #: The ticket it carries, if its MAC is ours.
    ticket_id: bytes | None = None
    #: A verdict that no ticket can change, if there is one: unticketed, forged.
    verdict: Verdict | None = None
    #: Whether it must wait: nothing in it has an answer (yet).
    empty: bool = False
    #: JotForm's word for its state, such as ACTIVE.
    status: str | None = None
    #: Field -> answer, for the verdict and for whoever is told of it; in memory only, never stored.
    answers: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: What the store keeps of the answers; None: nothing.
    kept: Kept | None = None


def examine(
    submission: Submission, policy: FormPolicy, *, ticket_qid: str, keys: KeyRing, code_keys: CodeKeys
) -> Candidate:
    """Read the ticket in question *ticket_qid* of *submission*, and what *policy* says is to be kept of the answers."""
    text = ticket_answer(submission, ticket_qid)
    ticket_id = read_ticket(text, keys) if text else None
    verdict = None
    if not text:
        verdict = Verdict.UNTICKETED
    elif ticket_id is None:
        verdict = Verdict.FORGED
    return Candidate(
        submission_id=submission.submission_id,
        form=policy.form,
        created_earliest=submission.created_earliest,
        created_latest=submission.created_latest,
        ticket_id=ticket_id,
        verdict=verdict,
        empty=not text and submission.empty,
        status=submission.status or None,
        answers=Answers(submission.answers),
        kept=keep(
            submission.answers,
            form=policy.form,
            ticket_qid=ticket_qid,
            lookup_fields=policy.lookup_fields,
            show_fields=policy.show_fields,
            code_keys=code_keys,
        ),
    )


def ticket_answer(submission: Submission, ticket_qid: str) -> str:
    """Return what stands in the ticket field, stripped; empty if nothing does. An odd answer is not a ticket."""
    answer = submission.answers.get(ticket_qid, {}).get("answer")
    if not answer:
        return ""
    return answer.strip() if isinstance(answer, str) else "?"


def judge(candidate: Candidate, ticket: Ticket | None, *, waited_seconds: float) -> Verdict:
    """Return the verdict on *candidate* as far as reading tells; single use is decided by the store's guarded write.

    *ticket* is what the store has under the candidate's ticket id, and *waited_seconds* how long
    ago the submission was first seen.

    Where the time of a submission can be read in several ways, the visitor gets the benefit of
    the doubt about expiry, and the owner about revocation.
    """
    if candidate.empty and waited_seconds < EMPTY_PATIENCE_SECONDS:
        return Verdict.PENDING
    if candidate.verdict is not None:
        return candidate.verdict
    if ticket is None:
        return Verdict.ORPHANED
    if ticket.form != candidate.form:
        return Verdict.WRONG_FORM
    if ticket.submission_id is not None and ticket.submission_id != candidate.submission_id:
        return Verdict.REPLAYED
    # JotForm's times have a grain of one second: within the second of the revocation, the owner wins.
    if ticket.revoked_at is not None and candidate.created_latest >= int(ticket.revoked_at):
        return Verdict.REVOKED
    if candidate.created_earliest > ticket.expires_at:
        return Verdict.EXPIRED
    return Verdict.TAMPERED if is_tampered(candidate, ticket) else Verdict.VERIFIED


def is_tampered(candidate: Candidate, ticket: Ticket) -> bool:
    """Say whether a locked field came back with another value than it was given."""
    return not all(
        unchanged(ticket.prefill.get(name, ""), candidate.answers.get(name, "")) for name in ticket.locked
    )
