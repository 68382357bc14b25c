"""Submissions as read back from JotForm's API, and the verdict on each. Pure: nothing here asks or writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from math import inf
from typing import Any

from jotgate.answers import FormAnswers, Kept, is_answered, keep
from jotgate.frozen import frozen
from jotgate.outcomes import Verdict
from jotgate.policy import FormPolicy
from jotgate.signed.keyring import CodeKeys, KeyRing
from jotgate.signed.tickets import TEXT_LENGTH, FilledIn, OnPage, Ticket, owner_named, read_ticket

#: How long an empty answer sheet may stay pending: the API sometimes shows null answers right after a webhook.
EMPTY_PATIENCE_SECONDS = 15 * 60.0


@frozen
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
    #: What `created_earliest` was read from, such as "id" or "created_at in America/New_York".
    created_from: str = ""

    @property
    def empty(self) -> bool:
        """Say whether no question has an answer at all."""
        return not any(map(is_answered, self.answers.values()))


@frozen
class Candidate:
    """A submission ready to be settled: all that the verdict needs, and the part of the answers that we keep."""

    submission_id: str
    #: The form's name in the settings.
    form: str
    created_earliest: float
    created_latest: float
    #: The ticket it carries, if its MAC is ours.
    ticket_id: bytes | None = None
    #: The opening that its text names; None: it names none.
    opening: int | None = None
    #: A verdict that no ticket can change, if there is one: unticketed, forged.
    verdict: Verdict | None = None
    #: Whether it must wait: no question has an answer (yet).
    empty: bool = False
    #: JotForm's word for its state, such as ACTIVE.
    status: str | None = None
    #: Field -> answer, for the verdict; in memory only, never stored.
    answers: FormAnswers = field(default_factory=FormAnswers, repr=False)
    #: What the store keeps of the answers; None: nothing.
    kept: Kept | None = None
    #: As in `Submission`.
    created_from: str = ""
    #: How often one subject may submit the form, by whatever way; None: nothing in the settings limits that.
    in_all: int | None = None
    #: The field that says whose it is, where the ticket's opening locked it; None: the ticket says.
    owner_field: str | None = None


def examine(
    submission: Submission, policy: FormPolicy, *, ticket_qid: str, keys: KeyRing, code_keys: CodeKeys
) -> Candidate:
    """Read the ticket in question *ticket_qid* of *submission*, and what *policy* says is to be kept of the answers."""
    answers, text = FormAnswers(submission.answers), ticket_answer(submission, ticket_qid)
    found = (read_ticket(text, keys) if text else None) or _ticket_elsewhere(submission, keys)
    verdict = None
    if found is None:
        verdict = Verdict.FORGED if text else Verdict.UNTICKETED
    return Candidate(
        submission_id=submission.submission_id,
        form=policy.form,
        created_earliest=submission.created_earliest,
        created_latest=submission.created_latest,
        ticket_id=found.ticket_id if found else None,
        opening=found.opening if found else None,
        verdict=verdict,
        empty=not text
        and not any(is_answered(row) for qid, row in answers.rows.items() if qid != ticket_qid),
        status=submission.status or None,
        answers=answers,
        kept=keep(
            answers,
            form_id=policy.form_id,
            ticket_qid=ticket_qid,
            lookup_fields=policy.lookup_fields,
            show_fields=policy.show_fields,
            tell_fields=policy.tell_fields,
            lookup_kinds=policy.lookup_kinds,
            code_keys=code_keys,
        ),
        created_from=submission.created_from,
        in_all=policy.uses,
        owner_field=policy.owner_field,
    )


def ticket_answer(submission: Submission, ticket_qid: str) -> str:
    """Return the text in the ticket field, stripped; "" for none. An odd answer is not a ticket."""
    answer = submission.answers.get(ticket_qid, {}).get("answer")
    if not answer:
        return ""
    return answer.strip() if isinstance(answer, str) else "?"


def _ticket_elsewhere(submission: Submission, keys: KeyRing) -> OnPage | None:
    """Return the ticket in any other answer: the owner may have made the ticket field anew since it was sent."""
    for answer in submission.answers.values():
        text = answer.get("answer")
        if isinstance(text, str) and len(text) == TEXT_LENGTH:
            found = read_ticket(text, keys)
            if found is not None:
                return found
    return None


def judge(
    candidate: Candidate, ticket: Ticket | None, *, waited_seconds: float, seen_at: float = inf
) -> Verdict:
    """Return the verdict on *candidate* as far as reading tells; single use is decided by the store's guarded write.

    *ticket* is what the store has under the candidate's ticket id, and *waited_seconds* how long
    ago the submission was first seen, at *seen_at*.

    Where the time of a submission can be read in several ways, the visitor gets the benefit of
    the doubt about expiry, and the owner about revocation; but what was seen was made before.
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
    if ticket.revoked_at is not None and min(candidate.created_latest, seen_at) >= int(ticket.revoked_at):
        return Verdict.REVOKED
    if candidate.created_earliest > ticket.expires_at or ticket.has_ended(candidate.opening):
        return Verdict.EXPIRED
    return Verdict.TAMPERED if changed_fields(candidate, ticket) else Verdict.VERIFIED


def owner(candidate: Candidate, ticket: Ticket) -> str | None:
    """Return whose *candidate* is if it came back from *ticket* as it was locked.

    What the visitor wrote says nothing: it is the value that an app or an invitation had locked on this very page, or
    else the ticket's own subject.
    """
    opening = ticket.opening(candidate.opening)
    named = opening and owner_named(candidate.owner_field, opening.prefill, opening.locked)
    return named or ticket.subject


def changed_fields(candidate: Candidate, ticket: Ticket) -> list[str]:
    """Return the locked fields that came back with another value than the page's opening gave them.

    Where the text does not say which opening that was, it is the one of which most came back.
    """
    opening = ticket.opening(candidate.opening)
    openings = ticket.openings if opening is None else (opening,)
    return min((_changed(candidate, one) for one in openings), key=len, default=[])


def _changed(candidate: Candidate, opening: FilledIn) -> list[str]:
    came_back = candidate.answers.came_back
    return [name for name in opening.locked if not came_back(name, opening.prefill.get(name, ""))]
