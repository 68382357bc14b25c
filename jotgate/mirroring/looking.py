"""Whether JotForm has what a new scoped key shall read."""

from __future__ import annotations

from collections.abc import Mapping

from jotgate.errors import InputError, UpstreamError, UpstreamReason
from jotgate.jotform.client import JotFormClient
from jotgate.mirroring.scoped_keys import Scope
from jotgate.phrases import phrase
from jotgate.policy import DEFAULT_TICKET_FIELD, FormPolicy

_NOT_SHOWN = (UpstreamReason.UNAUTHORIZED, UpstreamReason.NOT_FOUND)


def look_at_jotform(scope: Scope, *, policies: Mapping[str, FormPolicy], service: JotFormClient) -> None:
    """Ask JotForm, by one call a form, for forms without a gate and for the fields: else a key may read nothing.

    Raises:
        InputError: JotForm does not show a form, none of the forms has one of the fields, or it is for tickets.
        UpstreamError, QuotaExhausted: JotForm could not be asked.
    """
    known: set[str] = set()
    tickets: set[str] = set()
    problems = []
    for form in scope.forms:
        policy = policies.get(form)
        if policy is not None and not scope.fields:
            continue
        ticket_field = DEFAULT_TICKET_FIELD if policy is None else policy.ticket_field
        try:
            questions = service.questions(policy.form_id if policy else form, operator=True)
        except UpstreamError as problem:
            if problem.reason not in _NOT_SHOWN:
                raise
            problems.append(phrase("JotForm does not show form {form} to this site's API key", form=form))
            continue
        for question in questions:
            names = {question.qid, question.name}
            known |= names
            tickets |= names if ticket_field in names else set()
    for field in () if problems else scope.fields or ():
        if field not in known:
            problems.append(
                phrase("{field} is not a field of {forms}", field=repr(field), forms=", ".join(scope.forms))
            )
        elif field in tickets:
            problems.append(phrase("{field} is the ticket field, which no key sees", field=repr(field)))
    if problems:
        raise InputError(problems)
