"""What was changed in a form that is judged tampered: the field, what was locked, and what came back."""

from __future__ import annotations

from typing import NamedTuple

from jotgate.answers import FormAnswers
from jotgate.outcomes import Verdict
from jotgate.protocols import SubmissionRecord
from jotgate.submissions import Candidate, changed_fields
from jotgate.wiring import Parts


class Change(NamedTuple):
    """A locked field that came back with another value."""

    field: str
    locked: str
    #: "" if it came back empty.
    came: str


def changes_of(parts: Parts, submission: SubmissionRecord) -> list[Change]:
    """Return what was changed in *submission*, by one call to JotForm: the store does not keep what people wrote.

    Nothing for any other verdict than tampered, or where nobody knows any more what was locked.

    Raises:
        JotgateError: JotForm gave no answer.
    """
    sent = None
    if submission.verdict is Verdict.TAMPERED:
        sent = parts.store.sent_ticket(submission.submission_id)
    read = sent and parts.service.submission(submission.submission_id, operator=True)
    if sent is None or not read:
        return []
    ticket, number = sent
    answers = FormAnswers(read.answers)
    candidate = Candidate(
        submission_id=submission.submission_id,
        form=submission.form,
        created_earliest=0.0,
        created_latest=0.0,
        opening=number,
        answers=answers,
    )
    opening = ticket.opening(number)
    if opening is None:
        return []
    return [
        Change(name, opening.prefill.get(name, ""), answers.get(name, ""))
        for name in changed_fields(candidate, ticket)
    ]
