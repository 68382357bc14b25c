"""Invitations at the door: who comes by one, and what the site's own login is worth then."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request, Response

from jotgate.door.base import Door
from jotgate.door.entering import redeem
from jotgate.door.refusing import refuse
from jotgate.door.visitors import query_value
from jotgate.outcomes import Reason, Refuse
from jotgate.policy import FormPolicy
from jotgate.signed.invitations import PARAMETER, Invitation


def greet(door: Door, request: Request, policy: FormPolicy, back: str) -> dict[str, Any] | Refuse | None:
    """Return what the page for somebody with an invitation needs, or why it is worth nothing to them.

    None: it leads to no more than the page that would be shown without it. *back* is the signed path to go to
    afterwards.
    """
    invitation = door.invitation(request, policy.form)
    if invitation is None:
        return None
    refusal = _refusal(door, request, policy, invitation)
    if refusal is not None or door.subject_of(request) is None:
        return refusal
    return {
        "form": policy,
        "accept_url": f"{door.door_path(request, policy.form)}/{PARAMETER}",
        "invitation": query_value(request, PARAMETER),
        "subject": invitation.subject,
        "next": back,
    }


def accept(door: Door, request: Request, form: str) -> Response:
    """Open the form to the person invited, whom the site's own login knows."""
    policy = door.parts.gate.policy(form)
    invitation = door.parts.invitations.read(door.fields(request).get(PARAMETER, ""), form)
    if invitation is None:
        return door.redirect(door.clean_path(request, policy))
    refusal = _refusal(door, request, policy, invitation)
    if refusal is None and door.subject_of(request) is None:
        refusal = Refuse.unrecorded(Reason.NOT_SIGNED_IN)
    if refusal is None:
        refusal = door.parts.inviting.take(invitation)
    if refusal is not None:
        return refuse(door, request, refusal, form=policy)
    filled_in = {} if policy.owner_field is None else {policy.owner_field: invitation.subject}
    token = door.parts.gate.hand_off(form, invitation.subject, prefill=filled_in, locked=list(filled_in))
    return redeem(door, request, policy, token)


def _refusal(door: Door, request: Request, policy: FormPolicy, invitation: Invitation) -> Refuse | None:
    """Return why *invitation* is worth nothing now; a visitor who has not signed in may still have a code."""
    if invitation.is_over(door.parts.clock.now()):
        return Refuse.unrecorded(Reason.INVITATION_OVER, at=invitation.until)
    subject = door.subject_of(request)
    if subject is not None:
        return None if subject == invitation.subject else Refuse.unrecorded(Reason.NOT_INVITED)
    if policy.takes_codes or door.parts.settings.subject_loader is None:
        return None
    return Refuse.unrecorded(Reason.NOT_SIGNED_IN)
