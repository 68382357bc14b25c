"""The answers to visitors: the door, the code that they type, and how far they are."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.wrappers import Request, Response

from jotgate.admission.gate import Seen
from jotgate.clock import iso
from jotgate.door.base import KEEPS, Door
from jotgate.door.contexts import answer_expected_at, code_context, state_of
from jotgate.door.messages import Message
from jotgate.door.navigating import is_by_itself, is_framed
from jotgate.door.refusing import instead_of, refuse, refuse_json, work_of
from jotgate.door.rendering import json_response
from jotgate.door.showing import choose
from jotgate.door.visitors import query_value, wants_json
from jotgate.outcomes import Decision, Reason, Refuse
from jotgate.policy import FormPolicy
from jotgate.signed.tickets import TicketState
from jotgate.signed.work import ShownWork

#: Refusals that are about the code somebody typed, so that the page asks for another.
_ABOUT_CODES = {
    Reason.UNKNOWN_CODE, Reason.MISTYPED, Reason.WRONG_FORM, Reason.NOT_YET_VALID, Reason.EXPIRED, Reason.USED_UP,
    Reason.ALREADY_SENT, Reason.REVOKED, Reason.THROTTLED, Reason.CODE_BUSY,
}  # fmt: skip
#: How long a page that works does not try for a turn besides.
_WORKING_SECONDS = 30.0
#: What the field for the code takes.
_MAX_TYPED_CHARS = 64


def show(door: Door, request: Request, form: str) -> Response:
    """Ask for the code, or show the form to an admitted browser, or say why neither is possible."""
    policy = door.parts.gate.policy(form)
    onward = door.signer.read_return(query_value(request, KEEPS))
    if onward:
        return _led_on(door, request, policy, onward)
    shown = choose(door, request, policy, query_value(request, "next"))
    if isinstance(shown, Refuse):
        return refuse(door, request, shown, form=policy)
    if shown.asks and wants_json(request):
        return refuse(door, request, Refuse.unrecorded(Reason.NO_PASS), form=policy)
    if shown.kind == "form" and policy.display == "redirect":
        return door.redirect(shown.context["frame_url"])
    return door.page(request, 200, f"jotgate/{shown.kind}.html", shown.context, browser=shown.asks)


def form(door: Door, request: Request, form: str) -> Response:
    """Lead the browser that a page was made for to JotForm, with its ticket, and every other to the door.

    A page of the site's own holds this address in place of JotForm's, so that a copy out of a cache holds no ticket.
    """
    policy = door.parts.gate.policy(form)
    held, ticket = door.held(request, form), door.ticket(request, form)
    if held is not None and ticket is not None and held.ticket_id == ticket.ticket_id:
        shown = choose(door, request, policy, "")
        if not isinstance(shown, Refuse) and shown.kind == "form":
            return _led_to_jotform(door, shown.context["frame_url"])
    path = door.door_path(request, form)
    # Inside a frame of the page, so not back to the page after a code.
    return door.redirect(f"{path}?next={door.signer.sign_return(path)}")


def enter_code(door: Door, request: Request, form: str) -> Response:
    """Decide on the code that was posted."""
    policy = door.parts.gate.policy(form)
    fields = door.fields(request)
    text = fields.get("code", "")
    seen = door.seen(request, form)
    decision = door.parts.gate.admit(text, form=form, seen=seen, shown_work=_shown_work(fields))
    return _decided(door, request, policy, decision, seen, text)


def move(door: Door, request: Request, form: str) -> Response:
    """Bind the ticket to this browser, by the signed right on the page or by the code itself."""
    policy = door.parts.gate.policy(form)
    fields = door.fields(request)
    seen = door.seen(request, form)
    text = fields.get("code", "")
    right = door.signer.read_move(fields.get("move", ""), form, seen.browser.browser_id)
    if right:
        decision = door.parts.gate.admit_again(right, form=form, seen=seen)
    elif text:
        decision = door.parts.gate.admit(
            text, form=form, seen=seen, move=True, shown_work=_shown_work(fields)
        )
    else:
        # The right has run out: ask for the code again.
        return door.redirect(door.door_path(request, form))
    return _decided(door, request, policy, decision, seen, text)


def leave(door: Door, request: Request, form: str) -> Response:
    """End the pass, for the next person at this browser, unless they have come already and this is an older page."""
    held, ticket = door.held(request, form), door.ticket(request, form)
    back = door.signer.read_return(query_value(request, "next"))
    response = door.redirect(back or door.door_path(request, form) + "?left=1")
    if held is not None and ticket is not None and ticket.ticket_id != held.ticket_id:
        return response
    if held is not None:
        door.parts.gate.leave(held)
    door.cookies.drop_pass(response, form)
    return response


def sent(door: Door, request: Request, form: str) -> Response:
    """Note that a page says it submitted."""
    policy = door.parts.gate.policy(form)
    ticket, on_page = door.ticket(request, form), door.on_page(request, form)
    if ticket is None or on_page is None:
        return refuse(door, request, Refuse.unrecorded(Reason.NO_PASS), form=policy)
    if door.parts.gate.mark_sent(on_page):
        door.parts.wake()
    return _how_far(door, request, form)


def renew(door: Door, request: Request, form: str) -> Response:
    """Give the page's ticket its whole time again, where its code allows it."""
    policy = door.parts.gate.policy(form)
    ticket = door.ticket(request, form)
    if ticket is None:
        return refuse(door, request, Refuse.unrecorded(Reason.NO_PASS), form=policy)
    seen = door.seen(request, form)
    held = door.parts.gate.renew(ticket, browser=seen.browser, holds=seen.holds)
    response = _how_far(door, request, form)
    if held is not None:
        seconds = held.expires_at - door.parts.clock.now()
        door.cookies.set_pass(response, form, door.parts.gate.sign_again(held), seconds)
    return response


def state(door: Door, request: Request, form: str) -> Response:
    """Say how far the page's ticket is; `expires_in` counts the seconds for which an open one is good."""
    policy = door.parts.gate.policy(form)
    ticket, on_page = door.ticket(request, form), door.on_page(request, form)
    if ticket is None or on_page is None:
        refusal = Refuse.unrecorded(Reason.NO_PASS)
        return refuse_json(refusal, door.message(request, refusal, policy))
    state = state_of(door, ticket, on_page.opening)
    left_seconds = ticket.expires_at - door.parts.clock.now()
    return json_response(
        200,
        {
            "state": state,
            "form": form,
            "expected_by": iso(answer_expected_at(door, form, state)),
            "expires_in": round(left_seconds) if state == TicketState.OPEN.value else None,
        },
    )


def done(door: Door, request: Request, form: str) -> Response:
    """Say thank you to a visitor who comes from JotForm: no cookie reaches this page inside its frame.

    The door itself tells those who open the address by themselves how far their form is.
    """
    policy = door.parts.gate.policy(form)
    if request.method == "GET" and is_by_itself(request):
        return door.redirect(door.clean_path(request, policy))
    context = {"form": policy, "sent_url": "", "door_url": ""}
    if policy.display == "redirect":
        # Not in a frame there, so that the browser says by itself that it submitted.
        context["sent_url"] = f"{door.door_path(request, form)}/sent"
        context["door_url"] = door.clean_path(request, policy)
    return door.page(request, 200, "jotgate/done.html", context)


def _led_on(door: Door, request: Request, policy: FormPolicy, onward: str) -> Response:
    """Lead a browser that was just let in to where it was going, or tell it that it keeps no cookies."""
    _, is_new = door.cookies.browser(request, door.parts.clock.now())
    if not is_new:
        return door.redirect(onward)
    refusal = Refuse.unrecorded(Reason.COOKIES_BLOCKED, hint="framed" if is_framed(request) else None)
    door.tell(policy.form, refusal)
    return refuse(door, request, refusal, form=policy)


def _led_to_jotform(door: Door, address: str) -> Response:
    response = door.redirect(address)
    # JotForm hears where it is embedded, as it does from the frame of a page of the door.
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return response


def _how_far(door: Door, request: Request, form: str) -> Response:
    if wants_json(request):
        return state(door, request, form)
    return door.redirect(door.door_path(request, form))


def _decided(
    door: Door, request: Request, policy: FormPolicy, decision: Decision, seen: Seen, text: str
) -> Response:
    door.tell(policy.form, decision)
    if isinstance(decision, Refuse):
        return _refused(door, request, policy, decision, seen, text)
    return door.let_in(request, policy, decision, seen)


def _refused(
    door: Door, request: Request, policy: FormPolicy, refusal: Refuse, seen: Seen, text: str
) -> Response:
    if refusal.reason not in _ABOUT_CODES and refusal.reason is not Reason.OPEN_ELSEWHERE:
        return refuse(door, request, refusal, form=policy)
    response = instead_of(door, request, refusal, policy)
    if response is None:
        response = _told_why(door, request, policy, refusal, seen, text)
    door.cookies.set_browser(response, seen.browser)
    return response


def _told_why(
    door: Door, request: Request, policy: FormPolicy, refusal: Refuse, seen: Seen, text: str
) -> Response:
    message = door.message(request, refusal, policy)
    if wants_json(request):
        response = refuse_json(refusal, message)
    elif refusal.reason is Reason.OPEN_ELSEWHERE:
        response = _offer_to_move(door, request, policy, refusal, message, seen, text)
    else:
        response = _ask_again(door, request, policy, refusal, message, text)
    if refusal.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(_whole(refusal.retry_after_seconds))
    return response


def _ask_again(
    door: Door, request: Request, policy: FormPolicy, refusal: Refuse, message: Message, text: str
) -> Response:
    wait_seconds, work = refusal.retry_after_seconds, work_of(refusal)
    if work is not None:
        # Until the page has worked, or if it cannot: a turn may be free before, but most likely is not.
        wait_seconds = max(wait_seconds or 0.0, _WORKING_SECONDS)
    context = code_context(door, request, policy, request.form.get("next", "")) | {
        "problem": message,
        # A page may show a text that is not a code.
        "typed": text[:_MAX_TYPED_CHARS] if refusal.reason is Reason.MISTYPED else "",
        "ref": refusal.page_ref,
        "retry_after_seconds": None if wait_seconds is None else _whole(wait_seconds),
        "work": work,
        "worker": door.static_url(request, "work.js"),
    }
    if request.path.endswith("/move"):
        # What the page works for is to move the ticket here.
        context["action"] += "/move"
    return door.page(request, message.status, "jotgate/door.html", context)


def _offer_to_move(
    door: Door,
    request: Request,
    policy: FormPolicy,
    refusal: Refuse,
    message: Message,
    seen: Seen,
    text: str,
) -> Response:
    fingerprints = door.parts.gate.fingerprints(text)
    context = {
        "form": policy,
        "message": message,
        "ref": refusal.page_ref,
        "move_url": f"{door.door_path(request, policy.form)}/move",
        "move": door.signer.sign_move(policy.form, seen.browser.browser_id, fingerprints),
        "next": request.form.get("next", ""),
    }
    return door.page(request, message.status, "jotgate/move.html", context)


def _shown_work(fields: Mapping[str, str]) -> ShownWork | None:
    challenge, answer = fields.get("challenge", ""), fields.get("answer", "")
    return ShownWork(challenge, answer) if challenge and answer else None


def _whole(seconds: float) -> int:
    return max(1, int(-(-seconds // 1)))
