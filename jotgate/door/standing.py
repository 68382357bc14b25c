"""How a visitor stands with a form: who it is that asks, what they sent, and pages that need a submission."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from werkzeug.wrappers import Request

from jotgate.door.base import Door
from jotgate.door.guarding import led_to
from jotgate.door.refusing import refuse, refuse_json
from jotgate.door.rendering import keep_private
from jotgate.door.visitors import wants_json
from jotgate.errors import StoreUnavailable
from jotgate.outcomes import Reason, Refuse
from jotgate.policy import FormPolicy
from jotgate.records.standing import Answer, OwnSubmission, State
from jotgate.stores.forgetting import is_tombstone

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


class Viewer(NamedTuple):
    """Who asks. Exactly one of the two is known."""

    #: By the site's own login, or by the pass of a code that is about somebody.
    subject: str | None
    #: By the pass of a code that is about nobody, or somebody forgotten: the ticket that this browser was given.
    ticket_id: bytes | None


def viewer_of(door: Door, request: Request, form: str) -> Viewer | None:
    """Return who asks about *form*: by the site's own login if it names somebody, else by the pass; None: a stranger.

    Nothing that the request merely says, and nothing that was typed into a form, is looked at. Where a login names
    somebody, what the browser did before is not theirs: the browser may have been another's then.

    Raises:
        UnknownForm: no form has this name.
        StoreUnavailable: the pass cannot be checked.
    """
    door.parts.gate.policy(form)
    subject = door.subject_of(request)
    return _by_pass(door, request, form) if subject is None else Viewer(subject, None)


def viewers_of(door: Door, request: Request) -> dict[str, Viewer]:
    """Return who asks about each form, as `viewer_of` says; forms to which they are strangers are left out.

    A login names one person for all forms. A pass is for its own form, whatever others the same subject has a code for:
    who was given one code was not given the other.
    """
    forms, subject = door.parts.settings.policies, door.subject_of(request)
    if subject is not None:
        return dict.fromkeys(forms, Viewer(subject, None))
    found = {form: _by_pass(door, request, form) for form in forms}
    return {form: viewer for form, viewer in found.items() if viewer is not None}


def _by_pass(door: Door, request: Request, form: str) -> Viewer | None:
    held = door.held(request, form)
    if held is None:
        return None
    # What stands for a forgotten person leads to all that they sent before: only this ticket may say something.
    named = held.subject if held.subject and not is_tombstone(held.subject) else None
    return Viewer(named, None if named else held.ticket_id)


def answer_for(door: Door, form: str, viewer: Viewer | None) -> Answer:
    """Return whether *viewer* has submitted *form*; a stranger has not."""
    standings = door.parts.standings
    if viewer is None:
        return Answer(State.NONE)
    if viewer.subject:
        return standings.has_submitted_as(form, viewer.subject)
    return standings.has_submitted_with(form, viewer.ticket_id or b"")


def submissions_of(door: Door, form: str, viewer: Viewer | None) -> list[OwnSubmission]:
    """Return the submissions of *viewer* that count, newest first; a stranger has none."""
    standings = door.parts.standings
    if viewer is None:
        return []
    if viewer.subject:
        return standings.submissions(form, viewer.subject)
    found = standings.submission_of_ticket(form, viewer.ticket_id or b"")
    return [found] if found else []


def turn_away_without(
    door: Door, environ: WSGIEnvironment, form: str, *, accept_pending: bool
) -> WSGIApplication | None:
    """Return the answer for a visitor who has not submitted *form*; None if they have, or if the form only reports.

    A browser that asks for a page goes to the form; everything else gets JSON: 401 for a
    stranger, 403 for a visitor we know, 503 when the store is away.

    Raises:
        UnknownForm: no form has this name.
    """
    request = Request(environ)
    policy = door.parts.gate.policy(form)
    reason = _lacking(door, request, policy, accept_pending=accept_pending)
    if reason is None or door.reporter.lets_through(environ, (form,), reason):
        return None
    if reason is not Reason.STORE_DOWN and request.method in ("GET", "HEAD") and not wants_json(request):
        return led_to(door.clean_path(request, policy))
    refusal = Refuse.unrecorded(reason)
    if request.method in ("GET", "HEAD"):
        response = refuse(door, request, refusal, form=policy)
    else:
        response = refuse_json(refusal, door.message(request, refusal, policy))
    keep_private(response.headers)
    return response


def _lacking(door: Door, request: Request, policy: FormPolicy, *, accept_pending: bool) -> Reason | None:
    try:
        viewer = viewer_of(door, request, policy.form)
        answer = answer_for(door, policy.form, viewer)
    except StoreUnavailable:
        return Reason.STORE_DOWN
    if answer or (accept_pending and answer.state is State.PENDING):
        return None
    return Reason.NO_PASS if viewer is None else Reason.NOT_SUBMITTED
