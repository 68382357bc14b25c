"""The pages of a form as visitors see them: the real templates with made-up contents, which can do nothing.

No script runs in them, nothing can be sent from them, and their links lead nowhere. They speak the language of who
looks at them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from jotgate.door.contexts import code_context, form_context, notice_context, received_context
from jotgate.door.messages import Message, message_for
from jotgate.door.mine import Own, own_context
from jotgate.door.office.desk import Desk
from jotgate.outcomes import Reason, Refuse, Verdict
from jotgate.phrases import phrase
from jotgate.policy import FormPolicy
from jotgate.records.standing import Answer, OwnSubmission, ShownField, State
from jotgate.signed.tickets import Ticket, TicketState

_REF = "7QK2-M4XD"
_SUBJECT = "s-1042"
_HOUR = 3600.0
#: Where every link and every form of a preview leads.
_NOWHERE = "#"
_ADDRESSES = (
    "accept_url", "action", "action_url", "door_url", "enter_url", "form_url", "leave_url", "mine_url", "move_url",
    "page_url", "renew_url", "sent_url", "state_url",
)  # fmt: skip
#: In place of JotForm's form.
STAND_IN = "stand-in"
#: Scripts and posts are off by the sandbox, and once more by the policy.
_HEADERS = {
    "script-src": "'none'",
    "connect-src": "'none'",
    "form-action": "'none'",
    "frame-src": "'self'",
    "frame-ancestors": "'self'",
}

#: What only works by a script, or in place of one.
_MOVING = re.compile(r"(?s)<(script|noscript)\b.*?</\1>| autofocus(?=[ >])")


class Look(NamedTuple):
    """One page as a visitor may meet it."""

    label: str
    template: str
    #: Makes what its template needs.
    context: Callable[[], dict[str, Any]]


def preview(desk: Desk, form: str, name: str) -> Response:
    """Show one page of a form as visitors see it.

    Raises:
        NotFound: the form has no such page.
    """
    policy = desk.policy(form)
    if name == STAND_IN:
        template, context = "jotgate/office/stand_in.html", dict[str, Any](desk.language.context)
    else:
        look = looks(desk, policy).get(name)
        if look is None:
            raise NotFound(phrase("There is no such page to show."))
        template, context = look.template, _leading_nowhere(desk, form, look.context())
    response = desk.door.page(desk.request, 200, template, context)
    response.set_data(_MOVING.sub("", response.get_data(as_text=True)))
    own = dict(one.split(" ", 1) for one in desk.door.headers["Content-Security-Policy"].split("; "))
    directives = [f"{directive} {value}" for directive, value in (own | _HEADERS).items()]
    # The same origin, or its own style sheet would be a stranger's.
    response.headers["Content-Security-Policy"] = "; ".join([*directives, "sandbox allow-same-origin"])
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def looks(desk: Desk, policy: FormPolicy) -> dict[str, Look]:
    """Return the pages that a visitor of the form may meet, by their names in the address."""
    found = _of_codes(desk, policy) if policy.takes_codes else {}
    found["form"] = Look(phrase("The form"), "jotgate/form.html", lambda: _form(desk, policy))
    found["done"] = Look(
        phrase("Sent, inside the form's frame"), "jotgate/done.html", lambda: {"form": policy}
    )
    for name, label in _RECEIVED.items():
        found[name] = Look(label, "jotgate/received.html", lambda name=name: _received(desk, policy, name))  # type: ignore[misc]
    if policy.show_fields:
        found["mine"] = Look(phrase("My submissions"), "jotgate/mine.html", lambda: _mine(desk, policy))
    return found | _refusals(desk, policy)


_RECEIVED = {
    "sent": phrase("Sent, waiting for the verdict"),
    "verified": phrase("It counts"),
    "accepted": phrase("It counts, by a person's word"),
    "expired": phrase("It came too late"),
    "over_limit": phrase("It was one too many"),
    "revoked": phrase("It was rejected"),
}


def _of_codes(desk: Desk, policy: FormPolicy) -> dict[str, Look]:
    def asking(refusal: Refuse | None = None, **changes: object) -> dict[str, Any]:
        problem = None if refusal is None else _message(desk, policy, refusal)
        asked = code_context(desk.door, desk.request, policy, "")
        return asked | {"problem": problem, "moved_away": False, **changes}

    def moving() -> dict[str, Any]:
        message = _message(desk, policy, Refuse(reason=Reason.OPEN_ELSEWHERE, ref=_REF))
        return {"form": policy, "message": message, "ref": _REF, "move": "", "next": ""}

    mistyped = Refuse.unrecorded(Reason.MISTYPED, hint="check_failed")
    unknown = Refuse(reason=Reason.UNKNOWN_CODE, ref=_REF)
    used = Refuse(reason=Reason.USED_UP, ref=_REF, at=desk.now - _HOUR)
    slowed = Refuse.unrecorded(Reason.THROTTLED, retry_after_seconds=30.0)
    door = "jotgate/door.html"
    return {
        "door": Look(phrase("Asking for the code"), door, asking),
        "mistyped": Look(phrase("A typing mistake"), door, lambda: asking(mistyped, typed="7QK2-M4XD-0000")),
        "unknown": Look(phrase("A code that nobody was given"), door, lambda: asking(unknown, ref=_REF)),
        "used": Look(phrase("A code that was used"), door, lambda: asking(used, ref=_REF)),
        "slowed": Look(phrase("Too many wrong codes"), door, lambda: asking(slowed, retry_after_seconds=30)),
        "move": Look(phrase("Open in another browser"), "jotgate/move.html", moving),
    }


def _message(desk: Desk, policy: FormPolicy, refusal: Refuse) -> Message:
    return message_for(refusal, policy, desk.now, language=desk.language.common)


def _refusals(desk: Desk, policy: FormPolicy) -> dict[str, Look]:
    state = desk.parts.gate.state(policy.form)
    paused = Refuse.unrecorded(Reason.PAUSED, words=None if state is None else state.paused_words)
    shown = [
        (phrase("Paused"), paused),
        (
            phrase("Not open yet"),
            Refuse.unrecorded(Reason.NOT_YET_OPEN, at=policy.opens_at or desk.now + 24 * _HOUR),
        ),
        (phrase("Closed"), Refuse.unrecorded(Reason.CLOSED, at=policy.closes_at or desk.now - 24 * _HOUR)),
        # Translators: A form that takes no more submissions.
        (phrase("Full"), Refuse.unrecorded(Reason.FULL)),
        (phrase("The ticket field is missing"), Refuse.unrecorded(Reason.FIELD_MISSING)),
        (phrase("The browser keeps no cookies"), Refuse.unrecorded(Reason.COOKIES_BLOCKED)),
        (phrase("The site's store is down"), Refuse.unrecorded(Reason.STORE_DOWN)),
    ]
    if "app" in policy.access:
        shown.append((phrase("A link of the app that is too old"), Refuse.unrecorded(Reason.TOKEN_EXPIRED)))
    if not policy.takes_codes:
        shown.append((phrase("Not from the app"), Refuse.unrecorded(Reason.APP_ONLY)))
    return {
        refusal.reason.value.replace("_", "-"): Look(
            label,
            "jotgate/refused.html",
            lambda refusal=refusal: notice_context(desk.door, desk.request, refusal, policy, back=""),  # type: ignore[misc]
        )
        for label, refusal in shown
    }


def _form(desk: Desk, policy: FormPolicy) -> dict[str, Any]:
    return form_context(desk.door, desk.request, policy, _ticket(desk, policy, None), policy.ticket_field)


def _received(desk: Desk, policy: FormPolicy, name: str) -> dict[str, Any]:
    verdict = next((one for one in Verdict if one.value == name), None)
    return received_context(desk.door, desk.request, policy, _ticket(desk, policy, verdict, sent=True))


def _ticket(desk: Desk, policy: FormPolicy, verdict: Verdict | None, *, sent: bool = False) -> Ticket:
    return Ticket(
        ticket_id=bytes(16),
        form=policy.form,
        subject=_SUBJECT,
        state=TicketState.SENT if sent else TicketState.OPEN,
        issued_at=desk.now,
        expires_at=desk.now + 24 * _HOUR,
        sent_at=desk.now if sent else None,
        verdict=verdict,
    )


def _mine(desk: Desk, policy: FormPolicy) -> dict[str, Any]:
    fields = tuple(ShownField(name=name, label=name, value="…") for name in policy.show_fields)
    submission = OwnSubmission(ref=_REF, verdict=Verdict.VERIFIED, created_at=desk.now - _HOUR, fields=fields)
    own = Own(policy, Answer(State.VERIFIED, as_of=desk.now), [submission], desk.now - _HOUR)
    return own_context(desk.door, own, desk.language.common) | {
        "subject": _SUBJECT,
        "leave_url": "",
        "door_url": _NOWHERE,
    }


def _leading_nowhere(desk: Desk, form: str, context: dict[str, Any]) -> dict[str, Any]:
    kept = {name: _NOWHERE if name in _ADDRESSES and value else value for name, value in context.items()}
    if "frame_url" in kept:
        kept["frame_url"] = desk.url(f"/f/{form}/form/preview/{STAND_IN}")
    return kept | {"action": _NOWHERE, "move_url": _NOWHERE, "page_url": _NOWHERE, "outcome": None}
