"""Refusals: why not, as a page or in JSON, and the form in their place where it only reports."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request, Response

from jotgate.door.base import Door
from jotgate.door.contexts import notice_context, open_context
from jotgate.door.messages import Message
from jotgate.door.rendering import VARY, json_response
from jotgate.door.returning import Outcome
from jotgate.door.visitors import query_value, wants_json
from jotgate.outcomes import Refuse
from jotgate.policy import FormPolicy
from jotgate.records.reporting import Program
from jotgate.signed.work import PUZZLES, limit_of

#: In the environ: whether the request is for an address that lets people in.
OPENS = "jotgate.opens"


def refuse(
    door: Door,
    request: Request,
    refusal: Refuse,
    *,
    form: FormPolicy | None,
    status: int | None = None,
    told: Outcome | None = None,
    program: Program | None = None,
) -> Response:
    """Answer with a refusal that is not about a code, or let through as `instead_of` does.

    *told* is the message to the app about it.
    """
    through = None if form is None else instead_of(door, request, refusal, form, program)
    if through is not None:
        return through
    back = query_value(request, "next")
    context = notice_context(door, request, refusal, form, back=back, told=told)
    message = context["message"]
    if wants_json(request):
        return refuse_json(refusal, message, status)
    return door.page(request, status or message.status, "jotgate/refused.html", context)


def refuse_json(refusal: Refuse, message: Message, status: int | None = None) -> Response:
    """Answer with a refusal in JSON."""
    response = json_response(status or message.status, error_of(refusal, message))
    response.headers["Vary"] = VARY
    return response


def error_of(refusal: Refuse, message: Message) -> dict[str, dict[str, Any]]:
    """Return a refusal as JSON says it."""
    text = f"{message.title}. {message.remedy}"
    error: dict[str, Any] = {"reason": refusal.reason.value, "message": text, "ref": refusal.ref}
    work = work_of(refusal)
    return {"error": error if work is None else error | {"work": work}}


def work_of(refusal: Refuse) -> dict[str, Any] | None:
    """Return what a browser may work instead of waiting, if anything."""
    if refusal.work is None:
        return None
    limit = limit_of(refusal.work.hashes)
    return {"challenge": refusal.work.challenge, "puzzles": PUZZLES, "limit": limit}


def instead_of(
    door: Door, request: Request, refusal: Refuse, policy: FormPolicy, program: Program | None = None
) -> Response | None:
    """Return what a visitor gets in place of a refusal where the form only reports; None where it does not.

    Every refusal of a visitor who wants to be let in comes by here. At the door, the form is shown without a
    ticket; from elsewhere the visitor goes on to where an admission would lead. *program* is what an authentic
    token said of its app.
    """
    if not request.environ.get(OPENS):
        return None
    if not door.reporter.lets_through(request.environ, (policy.form,), refusal.reason, program):
        return None
    at_the_door = request.root_path.rstrip("/") + request.path == door.door_path(request, policy.form)
    if request.method not in ("GET", "HEAD") or not at_the_door:
        return door.redirect(door.destination(request, policy))
    context = open_context(door, request, policy, query_value(request, "next"))
    if policy.display == "redirect" and not policy.takes_codes:
        return door.redirect(context["frame_url"])
    return door.page(request, 200, "jotgate/form.html", context, browser=True)
