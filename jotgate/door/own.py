"""What somebody may see of their own: who it is that asks, how they stand with a form, and the page `/mine`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from jotgate.door.base import Door, refuse_for, spoken_subject
from jotgate.door.guarding import PRIVATE, led_to
from jotgate.door.messages import message_for, spoken_moment
from jotgate.door.rendering import iso, json_response
from jotgate.door.visitors import wants_json
from jotgate.errors import StoreUnavailable
from jotgate.outcomes import Reason
from jotgate.policy import FormPolicy
from jotgate.records import Answer, OwnSubmission, ShownField, State

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_FILE_HOST = "jotform.com"


class Viewer(NamedTuple):
    """Who asks. Exactly one of the two is known."""

    #: By the site's own login, or by the pass of a code that is about somebody.
    subject: str | None
    #: By the pass of a code that is about nobody: the ticket that this browser was given.
    ticket_id: bytes | None


def viewer_of(door: Door, request: Request, form: str) -> Viewer | None:
    """Return who asks about *form*: by the site's own login if it names somebody, else by the pass; None: a stranger.

    Nothing that the request merely says, and nothing that was typed into a form, is looked at. Where a login names
    somebody, what the browser did before is not theirs: the browser may have been another's then.

    Raises:
        UnknownForm: there is no such form.
        StoreUnavailable: the pass cannot be checked.
    """
    door.parts.gate.policy(form)
    subject = door.subject_of(request)
    if subject is not None:
        return Viewer(subject, None)
    held = door.held(request, form)
    if held is None:
        return None
    return Viewer(held.subject, None if held.subject else held.ticket_id)


def answer_for(door: Door, form: str, viewer: Viewer | None) -> Answer:
    """Return whether *viewer* has submitted *form*; a stranger has not."""
    records = door.parts.records
    if viewer is None:
        return Answer(State.NONE)
    if viewer.subject:
        return records.has_submitted(form, subject=viewer.subject)
    return records.has_submitted_with(form, viewer.ticket_id or b"")


def submissions_of(door: Door, form: str, viewer: Viewer | None) -> list[OwnSubmission]:
    """Return the submissions of *viewer* that count, newest first; a stranger has none."""
    records = door.parts.records
    if viewer is None:
        return []
    if viewer.subject:
        return records.submissions(form, viewer.subject)
    found = records.submission_of_ticket(form, viewer.ticket_id or b"")
    return [found] if found else []


def turn_away_without(
    door: Door, environ: WSGIEnvironment, form: str, *, accept_pending: bool
) -> WSGIApplication | None:
    """Return the answer for a visitor who has not submitted *form*, or None for one who has, and where it only reports.

    A browser that asks for a page is sent to where the form is; everything else gets JSON: 401 for a
    stranger, 403 for somebody who is known, 503 when nothing can be known.

    Raises:
        UnknownForm: there is no such form.
    """
    request = Request(environ)
    policy = door.parts.gate.policy(form)
    reason = _lacking(door, request, policy, accept_pending=accept_pending)
    if reason is None or door.reporter.lets_through(environ, (form,), reason):
        return None
    if reason is not Reason.STORE_DOWN and request.method in ("GET", "HEAD") and not wants_json(request):
        return led_to(door.clean_path(request, policy))
    refuse = refuse_for(reason)
    message = message_for(refuse, policy, door.parts.clock.now())
    if wants_json(request) or request.method not in ("GET", "HEAD"):
        text = f"{message.title}. {message.remedy}"
        error = {"reason": reason.value, "message": text, "ref": refuse.ref}
        response = json_response(message.status, {"error": error})
    else:
        response = door.refuse(request, refuse, form=policy)
    response.headers.set(*PRIVATE)
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


def mine(door: Door, request: Request, form: str) -> Response:
    """Show the visitor's own submissions of *form* that count, or send a stranger to the door."""
    policy = door.parts.gate.policy(form)
    viewer = viewer_of(door, request, form)
    if viewer is None:
        return door.refuse(request, refuse_for(Reason.NO_PASS), form=policy)
    answer, found = answer_for(door, form, viewer), submissions_of(door, form, viewer)
    if wants_json(request):
        return json_response(200, _as_json(form, answer, found))
    path, now = door.door_path(request, form), door.parts.clock.now()
    context = {
        "form": policy,
        "submissions": [
            {
                "own": own,
                "sent_text": spoken_moment(own.created_at, policy, now),
                "fields": _fields(door, own),
            }
            for own in found
        ],
        "pending": answer.state is State.PENDING,
        "expected_text": spoken_moment(answer.expected_by, policy, now) if answer.expected_by else "",
        "door_url": path,
        "subject": spoken_subject(viewer.subject),
        # A login is left where it was made.
        "leave_url": f"{path}/leave" if door.held(request, form) else "",
    }
    return door.page(request, 200, "jotgate/mine.html", context)


def _fields(door: Door, own: OwnSubmission) -> list[dict[str, Any]]:
    return [
        {"label": one.label, "texts": [(text, _is_file(door, text)) for text in _texts(one)]}
        for one in own.fields
    ]


def _texts(field: ShownField) -> tuple[str, ...]:
    return (field.value,) if isinstance(field.value, str) else field.value


def _is_file(door: Door, text: str) -> bool:
    """Say whether *text* is the address of an uploaded file at JotForm; any other address is only somebody's words."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    own_host = urlsplit(door.parts.settings.host.form_origin).hostname
    is_jotforms = host in (_FILE_HOST, own_host) or host.endswith("." + _FILE_HOST)
    return parts.scheme == "https" and is_jotforms and parts.path.startswith("/uploads/")


def _as_json(form: str, answer: Answer, found: list[OwnSubmission]) -> dict[str, Any]:
    return {
        "form": form,
        "state": answer.state,
        "as_of": iso(answer.as_of),
        "expected_by": iso(answer.expected_by),
        "submissions": [
            {
                "ref": own.ref,
                "verdict": own.verdict.value,
                "created_at": iso(own.created_at),
                "fields": [{"name": one.name, "label": one.label, "value": one.value} for one in own.fields],
            }
            for own in found
        ],
    }
