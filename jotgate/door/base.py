"""The door: what the answers at all its addresses are made with.

Which address gets which answer stands in `jotgate.door.routes`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from jotgate.door.messages import STATES, STATES_FROM_APPS, Message, message_for, spoken_moment
from jotgate.door.rendering import (
    Renderer,
    json_response,
    security_headers,
    static_file,
)
from jotgate.door.reporting import Reporter
from jotgate.door.returning import REFUSED, Outcome, only_app, outcome, ticket_ref
from jotgate.door.signing import Signer
from jotgate.door.visitors import Cookies, cookie_values, query_value, wants_json
from jotgate.errors import StoreUnavailable, UnknownForm
from jotgate.gate import Seen, stateless_ref
from jotgate.invitations import PARAMETER, Invitation
from jotgate.jotform.embed import form_address, frame_address
from jotgate.outcomes import Admit, Reason, Refuse
from jotgate.passes import Pass
from jotgate.policy import FormPolicy
from jotgate.protocols import SITE_APP
from jotgate.reporting import Program
from jotgate.stores.forgetting import is_tombstone
from jotgate.tickets import Ticket
from jotgate.tokens import can_be_stored
from jotgate.wiring import Parts

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_log = logging.getLogger("jotgate.door")

#: A posted code is short; nothing else of ours is posted by a browser.
_MAX_POST_BYTES = 64 * 1024
#: Refusals on a form for apps of somebody who came without a token.
_FROM_NO_APP_IN_PARTICULAR = (Reason.APP_ONLY, Reason.MOVED_AWAY)
#: In the environ: whether the request is for an address that lets people in.
_OPENS = "jotgate.opens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address below the prefix."""

    rule: str
    endpoint: str
    methods: tuple[str, ...]
    #: Called with the door, the request and what the rule names. What is no `Response` is handed on as it is.
    answer: Callable[..., WSGIApplication]
    #: Whether a request that was answered looks after the sweep.
    sweeps: bool = False
    #: Whether people are let in here, so that nobody is refused here on a form that only reports.
    opens: bool = False


class Door:
    """Answer requests. Holds no state of its own, so any number of threads may share it."""

    def __init__(
        self, parts: Parts, render: Renderer, load_subject: Callable[[Request], object] | None = None
    ) -> None:
        """Answer for *parts*; *load_subject* asks the site's own login whom a request is about."""
        self.parts = parts
        self.signer = Signer(parts.keys, parts.clock)
        self.cookies = Cookies(parts.settings, parts.keys)
        self.reporter = Reporter(parts.settings.policies, parts.reports)
        self.render = render
        self._load_subject = load_subject
        self._headers = security_headers(parts.settings)

    def handle(self, route: Route, request: Request, **arguments: Any) -> WSGIApplication:
        """Answer one request for *route*; whatever goes wrong becomes a page or an error in JSON."""
        form = arguments.get("form")
        request.environ[_OPENS] = route.opens
        try:
            response = route.answer(self, request, **arguments)
        except UnknownForm:
            response = self.refuse(request, refuse_for(Reason.UNKNOWN_FORM), form=None)
        except StoreUnavailable:
            _log.exception("request.failed", extra={"endpoint": route.endpoint})
            response = self.refuse(request, refuse_for(Reason.STORE_DOWN), form=self.policy(form))
        except HTTPException as error:
            refuse = refuse_for(Reason.MALFORMED)
            response = self.refuse(request, refuse, form=self.policy(form), status=error.code)
        if not isinstance(response, Response):
            return response
        self.secure(response)
        # After the answer is out, so that nobody waits for it.
        response.call_on_close(lambda: self.parts.sweeper.attend(route.sweeps))
        return response

    def secure(self, response: Response) -> Response:
        """Give *response* the headers of every page of the door, unless it has its own."""
        for name, value in self._headers.items():
            response.headers.setdefault(name, value)
        return response

    def held(self, request: Request, form: str) -> Pass | None:
        """Return the valid pass that the request carries for *form*, if any."""
        cookies = cookie_values(request.headers.get("Cookie", ""), self.cookies.pass_name(form))
        return self.parts.gate.read_pass(form, cookies)

    def moved_away(self, request: Request, form: str) -> bool:
        """Say whether what the request's browser had open was opened in another one since, as far as can be told."""
        cookies = cookie_values(request.headers.get("Cookie", ""), self.cookies.pass_name(form))
        try:
            return self.parts.gate.moved_away(form, cookies)
        except StoreUnavailable:
            # It is a kindness, and pages that are shown without the store must not miss it.
            return False

    def subject_of(self, request: Request) -> str | None:
        """Return whom the site's own login says that the request is about, or None if it says nobody.

        Whatever the setting `subject_loader` raises is the site's own mistake, and passes through.
        """
        found = None if self._load_subject is None else self._load_subject(request)
        subject = "" if found is None else str(found)
        return subject if subject and can_be_stored(subject) else None

    def invitation(self, request: Request, form: str) -> Invitation | None:
        """Return the invitation in the request's address, or None if there is none of ours for *form*."""
        text = query_value(request, PARAMETER)
        return self.parts.invitations.read(text, form) if text else None

    def refuse(
        self,
        request: Request,
        refuse: Refuse,
        *,
        form: FormPolicy | None,
        status: int | None = None,
        told: Outcome | None = None,
        asks_code: bool = False,
        program: Program | None = None,
    ) -> Response:
        """Answer with a refusal that is not about a code, or let through as `instead_of` does.

        *told* is what the app is told of it. With *asks_code*, for a form that takes codes, the page asks for one
        as well.
        """
        through = None if form is None else self.instead_of(request, refuse, form, program)
        if through is not None:
            return through
        context = self.notice_context(refuse, form, told)
        message = context["message"]
        status = status or message.status
        if wants_json(request):
            return self.error(status, refuse, message)
        if asks_code and form is not None:
            code = self.code_context(request, form, query_value(request, "next"))
            context = code | context | {"asks_code": True}
        elif refuse.reason is Reason.NO_PASS and form is not None and form.takes_codes:
            context |= {"action_url": self.door_path(request, form.form), "action_label": "Enter the code"}
        return self.page(request, status, "jotgate/refused.html", context)

    def notice_context(
        self, refuse: Refuse, form: FormPolicy | None, told: Outcome | None = None
    ) -> dict[str, Any]:
        """Return what a page needs that only says why not, and leads back to the app if it has an address."""
        if told is None and form is not None and refuse.reason in _FROM_NO_APP_IN_PARTICULAR:
            app = only_app(self.parts.store.apps(), form.form)
            told = outcome(app, form=form.form, state=REFUSED, ref=refuse.ref)
        return {
            "form": form,
            "message": self.message(refuse, form, from_app=told is not None),
            "ref": refuse.ref,
            "action_url": "",
            "action_label": "",
            "outcome": told,
            "asks_code": False,
        }

    def clean_path(self, request: Request, policy: FormPolicy) -> str:
        """Return where an admitted visitor sees the form: its own page if it has one, or the door."""
        if policy.page:
            return f"{request.root_path.rstrip('/')}{policy.page}"
        return self.door_path(request, policy.form)

    def instead_of(
        self, request: Request, refuse: Refuse, policy: FormPolicy, program: Program | None = None
    ) -> Response | None:
        """Return what a visitor gets in place of a refusal where the form only reports; None where it does not.

        Every refusal of a visitor who wants to be let in comes by here. At the door, the form is shown without a
        ticket; from elsewhere the visitor goes on to where an admission would lead. *program* is what an authentic
        token said of its app.
        """
        if not request.environ.get(_OPENS):
            return None
        if not self.reporter.lets_through(request.environ, (policy.form,), refuse.reason, program):
            return None
        at_the_door = request.root_path.rstrip("/") + request.path == self.door_path(request, policy.form)
        if request.method not in ("GET", "HEAD") or not at_the_door:
            return self.redirect(self._destination(request, policy))
        context = self.open_context(request, policy, query_value(request, "next"))
        if policy.display == "redirect" and not policy.takes_codes:
            return self.redirect(context["frame_url"])
        return self.page(request, 200, "jotgate/form.html", context, browser=True)

    def door_path(self, request: Request, form: str) -> str:
        """Return the path of a form's door on this site."""
        return f"{request.root_path.rstrip('/')}{self.parts.settings.url_prefix}/f/{form}"

    def code_context(self, request: Request, policy: FormPolicy, back: str) -> dict[str, Any]:
        """Return what the page that asks for a code needs; *back* is the signed path to go to afterwards."""
        return {
            "form": policy,
            "action": self.door_path(request, policy.form),
            "next": back,
            "problem": None,
            "ref": "",
            "retry_after_seconds": None,
            "left": query_value(request, "left") == "1",
            "moved_away": request.method in ("GET", "HEAD") and self.moved_away(request, policy.form),
            "invited": self.invitation(request, policy.form) is not None,
            "signs_in": self.parts.settings.subject_loader is not None,
        }

    def app_only(self, request: Request, form: str) -> Refuse:
        """Return why the address of a form for apps opens nothing here."""
        return refuse_for(Reason.MOVED_AWAY if self.moved_away(request, form) else Reason.APP_ONLY)

    def form_context(self, request: Request, policy: FormPolicy, ticket: Ticket) -> dict[str, Any] | Refuse:
        """Return what the page with the form needs, or why the form cannot be shown."""
        refusal = self.parts.gate.doorway(policy.form)
        if refusal is not None and refusal.reason in (Reason.FIELD_MISSING, Reason.FULL):
            lets_through = self.reporter.lets_through
            if not lets_through(request.environ, (policy.form,), refusal.reason):
                return refusal
        state = self.parts.gate.state(policy.form)
        name = state.ticket_name if state and state.ticket_name else policy.ticket_field
        if name.isdigit():
            # The field is known by its number only, until the sweep has read the form's questions.
            return refuse_for(Reason.FIELD_MISSING)
        path = self.door_path(request, policy.form)
        prefill = {**ticket.prefill, name: self.parts.gate.ticket_text(ticket)}
        return self._frame_context(policy, prefill) | {
            "state_url": f"{path}/state",
            "sent_url": f"{path}/sent",
            "leave_url": f"{path}/leave",
            "subject": spoken_subject(ticket.subject),
            "states": _states(ticket),
            # Shown with the good outcome only, which comes into the page while it is looked at.
            "own_url": f"{path}/mine" if policy.show_fields else "",
            "outcome": self.outcome_of(ticket, ""),
        }

    def open_context(self, request: Request, policy: FormPolicy, back: str) -> dict[str, Any]:
        """Return what the page with the form needs that has no ticket, and asks for no code but takes one.

        It has nothing to report to us and nothing to wait for, so it names no address for either.
        """
        return (
            self.code_context(request, policy, back)
            | self._frame_context(policy, {})
            | {
                "without_ticket": True,
                "state_url": "",
                "sent_url": "",
                "subject": None,
                "states": {},
                "outcome": None,
            }
        )

    def received_context(self, request: Request, policy: FormPolicy, ticket: Ticket) -> dict[str, Any]:
        """Return what the page after the submission needs."""
        state, path, now = state_of(ticket), self.door_path(request, policy.form), self.parts.clock.now()
        waiting = state in ("sent", "pending")
        expected_at = self.parts.sweep.expected_at(policy.form) if waiting else None
        return {
            "form": policy,
            "state": state,
            "message": _states(ticket)[state],
            "states": _states(ticket),
            "expected_at": expected_at,
            "expected_text": spoken_moment(expected_at, policy, now) if expected_at else "",
            "state_url": f"{path}/state",
            "leave_url": f"{path}/leave",
            "mine_url": f"{path}/mine" if policy.show_fields else "",
            "again_url": "",
            "ref": "",
            "subject": spoken_subject(ticket.subject),
            "outcome": self.outcome_of(ticket, state),
        }

    def outcome_of(self, ticket: Ticket, state: str) -> Outcome | None:
        """Return what the app is told whose token the ticket was issued for; None if it was a code."""
        if ticket.app is None:
            return None
        app = next((app for app in self.parts.store.apps() if app.name == ticket.app), None)
        return outcome(app, form=ticket.form, state=state, ref=ticket_ref(ticket))

    def page_context(self, request: Request) -> dict[str, Any]:
        """Return what every page needs."""
        root = f"{request.root_path.rstrip('/')}{self.parts.settings.url_prefix}/static"
        return {
            "lang": "en",
            "home": self.parts.settings.site_url,
            "css": _versioned(root, "jotgate.css"),
            "js": _versioned(root, "jotgate.js"),
        }

    def _frame_context(self, policy: FormPolicy, prefill: dict[str, str]) -> dict[str, Any]:
        host = self.parts.settings.host
        address = form_address if policy.display == "redirect" else frame_address
        return {
            "form": policy,
            "frame_url": address(host.form_origin, policy.form_id, prefill),
            "frame_title": policy.title,
            "message_origins": list(host.message_origins),
            "form_id": policy.form_id,
        }

    def let_in(self, request: Request, policy: FormPolicy, admit: Admit, seen: Seen) -> Response:
        """Answer an admission: the pass as a cookie, and on to a clean address."""
        response = self.redirect(self._destination(request, policy))
        seconds = admit.expires_at - self.parts.clock.now()
        self.cookies.set_pass(response, policy.form, self.parts.gate.sign_pass(admit), seconds)
        self.cookies.set_browser(response, seen.browser)
        return response

    def _destination(self, request: Request, policy: FormPolicy) -> str:
        """Return where an admitted visitor goes: back, or to the form's page, or to the door."""
        try:
            back = request.form.get("next", "")
        except RequestEntityTooLarge:
            # What let the visitor in may have come beside the body, and is spent by now.
            back = ""
        return self.signer.read_return(back) or self.clean_path(request, policy)

    def seen(self, request: Request, form: str) -> Seen:
        """Return who knocks."""
        browser, _ = self.cookies.browser(request, self.parts.clock.now())
        return Seen(browser=browser, network=self.cookies.network(request), holds=self.held(request, form))

    def fields(self, request: Request) -> Any:
        """Return the posted fields, read within limits."""
        if (request.content_length or 0) > _MAX_POST_BYTES:
            raise RequestEntityTooLarge
        request.max_content_length = _MAX_POST_BYTES
        request.max_form_parts = 20
        try:
            return request.form
        except RequestEntityTooLarge as error:
            raise BadRequest("the request has too many fields") from error

    def page(
        self, request: Request, status: int, template: str, context: dict[str, Any], *, browser: bool = False
    ) -> Response:
        """Return a page; with *browser*, it makes a new browser known."""
        html = self.render(template, self.page_context(request) | context)
        response = Response(html, status=status, content_type="text/html; charset=utf-8")
        if browser:
            found, is_new = self.cookies.browser(request, self.parts.clock.now())
            if is_new:
                self.cookies.set_browser(response, found)
        return response

    def error(self, status: int, refuse: Refuse, message: Message) -> Response:
        text = f"{message.title}. {message.remedy}"
        error = {"reason": refuse.reason.value, "message": text, "ref": refuse.ref}
        return json_response(status, {"error": error})

    def redirect(self, address: str) -> Response:
        """Lead on to *address*, which is ours or the settings'."""
        return Response(status=303, headers={"Location": address})

    def message(self, refuse: Refuse, policy: FormPolicy | None, *, from_app: bool = False) -> Message:
        return message_for(refuse, policy, self.parts.clock.now(), from_app=from_app)

    def policy(self, form: str | None) -> FormPolicy | None:
        return self.parts.settings.policies.get(form or "")


def state_of(ticket: Ticket) -> str:
    """Return how far a ticket is, as `/state` spells it: open, sent, or its submission's verdict."""
    if ticket.verdict is not None:
        return ticket.verdict.value
    return ticket.state.value


def _states(ticket: Ticket) -> Mapping[str, Message]:
    return STATES if ticket.app in (None, SITE_APP) else STATES_FROM_APPS


def spoken_subject(subject: str | None) -> str | None:
    """Return whom a page says that it is opened for: nobody, where a tombstone stands for who is forgotten."""
    return None if is_tombstone(subject) else subject


def refuse_for(reason: Reason) -> Refuse:
    """Return a refusal that leaves no entry in the ledger."""
    return Refuse(reason=reason, ref=stateless_ref(reason))


def _versioned(root: str, name: str) -> str:
    found = static_file(name)
    return f"{root}/{name}?v={found[1]}" if found else f"{root}/{name}"
