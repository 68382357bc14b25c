"""The answers to visitors: the door, the code that they type, and how far they are."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from jotgate.door.base import Door, refuse_for, state_of
from jotgate.door.inviting import greet
from jotgate.door.messages import Message
from jotgate.door.rendering import iso, json_response
from jotgate.door.visitors import is_cross_site, query_value, wants_json
from jotgate.gate import Seen, stateless_ref
from jotgate.outcomes import Decision, Reason, Refuse
from jotgate.policy import FormPolicy
from jotgate.tickets import Ticket, TicketState

#: Refusals that are about the code somebody typed, so that the page asks for another.
_ABOUT_CODES = {
    Reason.UNKNOWN_CODE, Reason.MISTYPED, Reason.WRONG_FORM, Reason.NOT_YET_VALID, Reason.EXPIRED, Reason.USED_UP,
    Reason.REVOKED, Reason.THROTTLED,
}  # fmt: skip


def show(door: Door, request: Request, form: str) -> Response:
    """Ask for the code, or show the form to an admitted browser, or say why neither is possible."""
    policy = door.parts.gate.policy(form)
    held = door.held(request, form)
    if held is not None:
        ticket = door.parts.gate.ticket(held)
        if ticket is not None and ticket.state is not TicketState.REVOKED:
            return _admitted(door, request, policy, ticket)
    refusal = door.parts.gate.doorway(form)
    if refusal is not None:
        return door.refuse(request, refusal, form=policy)
    back = query_value(request, "next")
    invited = greet(door, request, policy, back)
    if isinstance(invited, Refuse):
        return door.refuse(request, invited, form=policy, asks_code=policy.takes_codes)
    if not policy.takes_codes and invited is None:
        return door.refuse(request, door.app_only(request, form), form=policy)
    if wants_json(request) or (policy.reports_only and invited is None):
        return door.refuse(request, refuse_for(Reason.NO_PASS), form=policy)
    if invited is not None:
        return door.page(request, 200, "jotgate/invited.html", invited, browser=True)
    context = door.code_context(request, policy, back)
    return door.page(request, 200, "jotgate/door.html", context, browser=True)


def enter_code(door: Door, request: Request, form: str) -> Response:
    """Decide on the code that was posted."""
    policy = door.parts.gate.policy(form)
    if is_cross_site(request, door.parts.settings.site_url):
        return door.refuse(request, refuse_for(Reason.CROSS_SITE), form=policy)
    fields = door.fields(request)
    text = fields.get("code", "")
    seen = door.seen(request, form)
    decision = door.parts.gate.admit(text, form=form, seen=seen)
    return _decided(door, request, policy, decision, seen, text)


def move(door: Door, request: Request, form: str) -> Response:
    """Bind the ticket to this browser, by the signed right on the page or by the code itself."""
    policy = door.parts.gate.policy(form)
    if is_cross_site(request, door.parts.settings.site_url):
        return door.refuse(request, refuse_for(Reason.CROSS_SITE), form=policy)
    fields = door.fields(request)
    seen = door.seen(request, form)
    text = fields.get("code", "")
    right = door.signer.read_move(fields.get("move", ""), form, seen.browser.browser_id)
    if right:
        decision = door.parts.gate.admit_again(right, form=form, seen=seen)
    elif text:
        decision = door.parts.gate.admit(text, form=form, seen=seen, move=True)
    else:
        # The right has run out: ask for the code again.
        return door.redirect(door.door_path(request, form))
    return _decided(door, request, policy, decision, seen, text)


def leave(door: Door, request: Request, form: str) -> Response:
    """End the pass, for the next person at this browser."""
    policy = door.parts.gate.policy(form)
    if is_cross_site(request, door.parts.settings.site_url):
        return door.refuse(request, refuse_for(Reason.CROSS_SITE), form=policy)
    held = door.held(request, form)
    if held is not None:
        door.parts.gate.leave(held)
    back = door.signer.read_return(query_value(request, "next"))
    response = door.redirect(back or door.door_path(request, form) + "?left=1")
    door.cookies.drop_pass(response, form)
    return response


def sent(door: Door, request: Request, form: str) -> Response:
    """Note that the browser says it submitted."""
    policy = door.parts.gate.policy(form)
    if is_cross_site(request, door.parts.settings.site_url):
        return door.refuse(request, refuse_for(Reason.CROSS_SITE), form=policy)
    held = door.held(request, form)
    if held is None:
        return door.refuse(request, refuse_for(Reason.NO_PASS), form=policy)
    if door.parts.gate.mark_sent(held):
        door.parts.sweeper.wake()
    return state(door, request, form) if wants_json(request) else door.redirect(door.door_path(request, form))


def state(door: Door, request: Request, form: str) -> Response:
    """Say how far the ticket of the admitted browser is."""
    policy = door.parts.gate.policy(form)
    held = door.held(request, form)
    ticket = door.parts.gate.ticket(held) if held else None
    if ticket is None:
        return door.error(401, refuse_for(Reason.NO_PASS), door.message(refuse_for(Reason.NO_PASS), policy))
    state = state_of(ticket)
    waiting = state in ("sent", "pending")
    expected_at = door.parts.sweep.expected_at(form) if waiting else None
    return json_response(200, {"state": state, "form": form, "expected_by": iso(expected_at)})


def done(door: Door, request: Request, form: str) -> Response:
    """Say thank you, to whoever comes: no cookie reaches this page inside JotForm's frame."""
    policy = door.parts.gate.policy(form)
    context = {"form": policy, "sent_url": "", "door_url": ""}
    if policy.display == "redirect":
        # Not in a frame there, so that the browser says by itself that it submitted.
        context["sent_url"] = f"{door.door_path(request, form)}/sent"
        context["door_url"] = door.clean_path(request, policy)
    return door.page(request, 200, "jotgate/done.html", context)


def _admitted(door: Door, request: Request, policy: FormPolicy, ticket: Ticket) -> Response:
    if ticket.state is TicketState.OPEN:
        context = door.form_context(request, policy, ticket)
        if isinstance(context, Refuse):
            return door.refuse(request, context, form=policy)
        if policy.display == "redirect":
            return door.redirect(context["frame_url"])
        return door.page(request, 200, "jotgate/form.html", context)
    context = door.received_context(request, policy, ticket)
    return door.page(request, 200, "jotgate/received.html", context)


def _decided(
    door: Door, request: Request, policy: FormPolicy, decision: Decision, seen: Seen, text: str
) -> Response:
    if isinstance(decision, Refuse):
        return _refused(door, request, policy, decision, seen, text)
    return door.let_in(request, policy, decision, seen)


def _refused(
    door: Door, request: Request, policy: FormPolicy, refuse: Refuse, seen: Seen, text: str
) -> Response:
    message = door.message(refuse, policy)
    if refuse.reason not in _ABOUT_CODES and refuse.reason is not Reason.OPEN_ELSEWHERE:
        return door.refuse(request, refuse, form=policy)
    through = door.instead_of(request, refuse, policy)
    if through is not None:
        response = through
    elif wants_json(request):
        response = door.error(message.status, refuse, message)
    elif refuse.reason is Reason.OPEN_ELSEWHERE:
        response = _offer_to_move(door, request, policy, refuse, message, seen, text)
    else:
        context = door.code_context(request, policy, request.form.get("next", ""))
        context |= {"problem": message, "ref": _shown_ref(refuse)}
        if refuse.retry_after_seconds is not None:
            context["retry_after_seconds"] = _whole(refuse.retry_after_seconds)
        response = door.page(request, message.status, "jotgate/door.html", context)
    if through is None and refuse.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(_whole(refuse.retry_after_seconds))
    door.cookies.set_browser(response, seen.browser)
    return response


def _offer_to_move(
    door: Door,
    request: Request,
    policy: FormPolicy,
    refuse: Refuse,
    message: Message,
    seen: Seen,
    text: str,
) -> Response:
    fingerprints = door.parts.gate.fingerprints(text)
    context = {
        "form": policy,
        "message": message,
        "ref": refuse.ref,
        "move_url": f"{door.door_path(request, policy.form)}/move",
        "move": door.signer.sign_move(policy.form, seen.browser.browser_id, fingerprints),
        "next": request.form.get("next", ""),
    }
    return door.page(request, message.status, "jotgate/move.html", context)


def _shown_ref(refuse: Refuse) -> str:
    return "" if refuse.ref == stateless_ref(refuse.reason) else refuse.ref


def _whole(seconds: float) -> int:
    return max(1, int(-(-seconds // 1)))
