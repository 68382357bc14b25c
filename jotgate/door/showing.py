"""The one decision on what a visitor sees of a form, at its door and inside a page of the site's own alike."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from werkzeug.wrappers import Request

from jotgate.door.base import Door
from jotgate.door.contexts import code_context, form_context, received_context
from jotgate.door.inviting import greet
from jotgate.outcomes import Reason, Refuse
from jotgate.policy import FormPolicy
from jotgate.signed.tickets import Ticket, TicketState

#: What shuts a form while somebody has it open.
_SHUTS = (Reason.FIELD_MISSING, Reason.FULL, Reason.PAUSED)


class Shown(NamedTuple):
    """What a visitor sees of a form."""

    #: The form itself, that it was received, an invitation to open it, or the question for a code.
    kind: Literal["form", "received", "invited", "door"]
    #: What its template needs.
    context: dict[str, Any]

    @property
    def asks(self) -> bool:
        """Say whether the visitor is still to be let in."""
        return self.kind in ("invited", "door")


def choose(door: Door, request: Request, policy: FormPolicy, back: str) -> Shown | Refuse:
    """Return what the visitor sees, or why nothing; *back* is the signed path to go to after an admission.

    Raises:
        StoreUnavailable: it cannot be decided.
    """
    held = door.held(request, policy.form)
    ticket = None if held is None else door.parts.gate.ticket(held.ticket_id, form=policy.form)
    if ticket is not None and ticket.state is not TicketState.REVOKED:
        return _admitted(door, request, policy, ticket)
    refusal = door.parts.gate.doorway(policy.form)
    if refusal is not None:
        return refusal
    invited = greet(door, request, policy, back)
    if isinstance(invited, Refuse):
        return invited
    if invited is not None:
        return Shown("invited", invited)
    if not policy.takes_codes:
        moved = door.moved_away(request, policy.form)
        return Refuse.unrecorded(Reason.MOVED_AWAY if moved else Reason.APP_ONLY)
    if policy.reports_only:
        return Refuse.unrecorded(Reason.NO_PASS)
    return Shown("door", code_context(door, request, policy, back))


def _admitted(door: Door, request: Request, policy: FormPolicy, ticket: Ticket) -> Shown | Refuse:
    if ticket.state is not TicketState.OPEN:
        return Shown("received", received_context(door, request, policy, ticket))
    refusal = _shut(door, request, policy)
    if refusal is not None:
        return refusal
    state = door.parts.gate.state(policy.form)
    field = state.ticket_name if state and state.ticket_name else policy.ticket_field
    if field.isdigit():
        # We know the field by its number only, until the sweep has read the form's questions.
        return Refuse.unrecorded(Reason.FIELD_MISSING)
    return Shown("form", form_context(door, request, policy, ticket, field))


def _shut(door: Door, request: Request, policy: FormPolicy) -> Refuse | None:
    """Return why a form that somebody has open takes no answers now; None if it does, or if it only reports."""
    refusal = door.parts.gate.doorway(policy.form)
    if refusal is None or refusal.reason not in _SHUTS:
        return None
    return None if door.reporter.lets_through(request.environ, (policy.form,), refusal.reason) else refusal
