"""What the templates of the pages about one form need."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request

from jotgate.door.base import PAGE, Door
from jotgate.door.choosing import language_of
from jotgate.door.messages import Message, page_states, spoken_moment, states
from jotgate.door.returning import REFUSED, Outcome, only_app, outcome, ticket_ref
from jotgate.door.visitors import query_value
from jotgate.jotform.embed import form_address, frame_address
from jotgate.outcomes import Reason, Refuse, Verdict
from jotgate.policy import FormPolicy
from jotgate.protocols import SITE_APP
from jotgate.signed.tickets import UNANSWERED_SECONDS, OnPage, Ticket, TicketState, new_page
from jotgate.speaking import Language
from jotgate.stores.forgetting import is_tombstone

#: The state of what a page says that it sent, and that no reading has seen for long.
MISSING = "missing"
#: How long before its end a page says that its time is running out.
_WARNED_SECONDS = 600.0
#: Refusals on a form for apps of somebody who came without a token.
_FROM_NO_APP_IN_PARTICULAR = (Reason.APP_ONLY, Reason.COOKIES_BLOCKED, Reason.MOVED_AWAY)
#: Refusals of a link, after which an access code may still help.
_A_CODE_MAY_HELP = (
    Reason.BAD_TOKEN, Reason.TOKEN_USED, Reason.TOKEN_EXPIRED, Reason.NOT_SIGNED_IN, Reason.NOT_INVITED,
    Reason.INVITATION_OVER,
)  # fmt: skip


def code_context(door: Door, request: Request, policy: FormPolicy, back: str) -> dict[str, Any]:
    """Return what the page that asks for a code needs; *back* is the signed path to go to afterwards."""
    return {
        "form": policy,
        "action": door.door_path(request, policy.form),
        "next": back,
        "problem": None,
        "typed": "",
        "ref": "",
        "retry_after_seconds": None,
        "work": None,
        "left": query_value(request, "left") == "1",
        "moved_away": request.method in ("GET", "HEAD") and door.moved_away(request, policy.form),
        "invited": door.invitation(request, policy.form) is not None,
        "spoilt": door.has_spoilt_invitation(request, policy.form),
        "signs_in": door.parts.settings.subject_loader is not None,
    }


def form_context(
    door: Door, request: Request, policy: FormPolicy, ticket: Ticket, field: str
) -> dict[str, Any]:
    """Return what the page with the form needs; *field* is the name of the form's ticket field."""
    path, on_page = door.door_path(request, policy.form), _page_with_form(door, request, policy, ticket)
    opening = ticket.opening(on_page.opening)
    prefill = {**(opening.prefill if opening else {}), field: door.parts.gate.ticket_text(on_page)}
    left_seconds = ticket.expires_at - door.parts.clock.now()
    return _frame_context(door, policy, prefill) | {
        **_own_urls(door, request, policy, on_page),
        "door_url": path,
        "left_seconds": round(left_seconds),
        "warn_seconds": round(min(_WARNED_SECONDS, left_seconds / 4)),
        "subject": spoken_subject(ticket.subject),
        "states": _states(ticket, language_of(door, request, policy)),
        # Shown with the good outcome only, which comes into the page while it is looked at.
        "mine_url": f"{path}/mine" if policy.show_fields else "",
        "outcome": _told(door, ticket, ""),
    }


def open_context(door: Door, request: Request, policy: FormPolicy, back: str) -> dict[str, Any]:
    """Return what the page with the form needs that has no ticket, and asks for no code but takes one.

    It has nothing to report to us and nothing to wait for, so it names no address for either.
    """
    return (
        code_context(door, request, policy, back)
        | _frame_context(door, policy, {})
        | {
            "without_ticket": True,
            "state_url": "",
            "sent_url": "",
            "subject": None,
            "states": {},
            "outcome": None,
        }
    )


def received_context(door: Door, request: Request, policy: FormPolicy, ticket: Ticket) -> dict[str, Any]:
    """Return what the page after the submission needs."""
    state, path, now = state_of(door, ticket), door.door_path(request, policy.form), door.parts.clock.now()
    language = language_of(door, request, policy)
    said = _states(ticket, language)
    expected_at = answer_expected_at(door, policy.form, state)
    return {
        "form": policy,
        "state": state,
        "message": said[state],
        "states": said,
        "expected_at": expected_at,
        "expected_text": spoken_moment(expected_at, policy, now, language) if expected_at else "",
        **_own_urls(door, request, policy, OnPage(ticket.ticket_id)),
        "door_url": path,
        "mine_url": f"{path}/mine" if policy.show_fields else "",
        "subject": spoken_subject(ticket.subject),
        "outcome": _told(door, ticket, state),
    }


def notice_context(
    door: Door,
    request: Request,
    refusal: Refuse,
    policy: FormPolicy | None,
    *,
    back: str,
    told: Outcome | None = None,
) -> dict[str, Any]:
    """Return the values for a page that says why not, and leads on: back to the app, or to the door.

    *told* is the message to the app about it, *back* the signed path to go to after a code.
    """
    if told is None and policy is not None and refusal.reason in _FROM_NO_APP_IN_PARTICULAR:
        app = only_app(door.parts.store.apps(), policy.form)
        told = outcome(app, form=policy.form, state=REFUSED, ref=refusal.ref)
    context: dict[str, Any] = {
        "form": policy,
        # Where a form takes codes as well, the browser may have come with one.
        "message": door.message(
            request,
            refusal,
            policy,
            from_app=told is not None and refusal.reason is not Reason.COOKIES_BLOCKED,
        ),
        "ref": refusal.page_ref,
        "outcome": told,
    }
    if policy is None or not policy.takes_codes:
        return context
    if refusal.reason in _A_CODE_MAY_HELP:
        return code_context(door, request, policy, back) | context | {"asks_code": True}
    if refusal.reason in (Reason.NO_PASS, Reason.COOKIES_BLOCKED):
        context |= {
            "action_url": door.door_path(request, policy.form),
            "action_label": language_of(door, request, policy).say(
                "code.enter" if refusal.reason is Reason.NO_PASS else "form.open"
            ),
            "in_a_new_window": refusal.hint is not None,
        }
    return context


def _page_with_form(door: Door, request: Request, policy: FormPolicy, ticket: Ticket) -> OnPage:
    """Return the page that asks for the form in its frame, or a new one."""
    on_page = door.on_page(request, policy.form)
    if on_page is None or on_page.ticket_id != ticket.ticket_id or ticket.opening(on_page.opening) is None:
        return new_page(ticket)
    return on_page


def _own_urls(door: Door, request: Request, policy: FormPolicy, on_page: OnPage) -> dict[str, str]:
    """Return the addresses by which a page reports on its own ticket, asks about it, and shows its form."""
    path, name = door.door_path(request, policy.form), door.page_name(request, policy.form, on_page)
    query = f"?{PAGE}={name}" if name else ""
    return {f"{verb}_url": f"{path}/{verb}{query}" for verb in ("state", "sent", "renew", "leave", "form")}


def answer_expected_at(door: Door, form: str, state: str) -> float | None:
    """Return by when what waits for its verdict has one (seconds since the epoch, UTC); None: it does not wait."""
    return door.parts.sweep.expected_at(form) if state in ("sent", "pending") else None


def state_of(door: Door, ticket: Ticket, opening: int | None = None) -> str:
    """Return how far a ticket is on a page of that opening, as `/state` spells it: open, sent, a verdict."""
    if ticket.verdict is not None:
        return ticket.verdict.value
    if ticket.state is TicketState.SENT and _is_missing(door, ticket):
        return MISSING
    if ticket.state is TicketState.OPEN and ticket.has_ended(opening):
        return Verdict.EXPIRED.value
    return ticket.state.value


def _is_missing(door: Door, ticket: Ticket) -> bool:
    """Say whether the form was read long after the ticket was sent, and nothing had come with it."""
    if ticket.sent_at is None or ticket.submission_id is not None:
        return False
    answered_at = ticket.sent_at + UNANSWERED_SECONDS
    if door.parts.clock.now() < answered_at:
        return False
    state = door.parts.gate.state(ticket.form)
    return state is not None and state.full_read_at is not None and state.full_read_at >= answered_at


def spoken_subject(subject: str | None) -> str | None:
    """Return the subject that a page may show; None for the tombstone of a forgotten one."""
    return None if is_tombstone(subject) else subject


def _frame_context(door: Door, policy: FormPolicy, prefill: dict[str, str]) -> dict[str, Any]:
    host = door.parts.settings.host
    address = form_address if policy.display == "redirect" else frame_address
    return {
        "form": policy,
        "frame_url": address(host.form_origin, policy.form_id, prefill),
        "message_origins": list(host.message_origins),
        "form_id": policy.form_id,
    }


def _states(ticket: Ticket, language: Language) -> dict[str, Message]:
    """Return what the page says of every state that it may hear of, or find out."""
    from_app = ticket.app not in (None, SITE_APP)
    return states(from_app=from_app, language=language) | page_states(from_app=from_app, language=language)


def _told(door: Door, ticket: Ticket, state: str) -> Outcome | None:
    """Return the message to the app whose token led to the ticket; None if a code did."""
    if ticket.app is None:
        return None
    app = next((app for app in door.parts.store.apps() if app.name == ticket.app), None)
    return outcome(app, form=ticket.form, state=state, ref=ticket_ref(ticket))
