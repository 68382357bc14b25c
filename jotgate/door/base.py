"""The door: what a request carries, where it may be led to, and how a page is made for it.

`jotgate.door.routes` says which address gets which answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from jotgate.admission.gate import Seen
from jotgate.config.languages import languages_of
from jotgate.door.choosing import choices, chosen, language_of
from jotgate.door.messages import Message, message_for
from jotgate.door.navigating import tells_where_it_is
from jotgate.door.reading import in_time
from jotgate.door.rendering import VARY, Renderer, security_headers, static_file
from jotgate.door.reporting import Reporter
from jotgate.door.signing import Signer
from jotgate.door.visitors import Cookies, cookie_values, query_value
from jotgate.errors import InputError, StoreUnavailable
from jotgate.operators import Operator, operator_of
from jotgate.outcomes import Admit, Refuse
from jotgate.policy import FormPolicy
from jotgate.signed.invitations import PARAMETER, Invitation
from jotgate.signed.passes import Pass
from jotgate.signed.tickets import OnPage, Ticket
from jotgate.signed.tokens import can_be_stored
from jotgate.wiring import Parts

if TYPE_CHECKING:
    from jotgate.checkup.metrics import Meter

_log = logging.getLogger("jotgate.door")

#: The parameter of the query by which a page names its own ticket.
PAGE = "page"
#: The parameter of the query by which the door sees whether a browser keeps cookies, and leads it on.
KEEPS = "keeps"
#: A posted code is short; nothing else of ours is posted by a browser.
_MAX_POST_BYTES = 64 * 1024


class Door:
    """What every answer is made with. Holds no state of its own, so any number of threads may share it."""

    def __init__(
        self,
        parts: Parts,
        render: Renderer,
        ask_site: Callable[[Callable[..., object], Request], object] | None = None,
        language_around: Callable[[], object] | None = None,
    ) -> None:
        """Answer for *parts*; *ask_site* calls a function of the site's own about a request, such as its login.

        *language_around* returns the language in which what is around the door answers the request, if it chooses one.
        """
        self.parts = parts
        self.signer = Signer(parts.keys, parts.clock)
        self.cookies = Cookies(parts.settings, parts.keys)
        self.reporter = Reporter(parts.settings.policies, parts.reports)
        self.render = render
        self._ask_site = ask_site
        self._language_around = language_around
        #: What every page of the door says of itself.
        self.headers = security_headers(parts.settings)

    @cached_property
    def meter(self) -> Meter:
        """The figures for monitoring; loaded when somebody asks for them."""
        from jotgate.checkup.metrics import Meter

        return Meter(self.parts)

    def held(self, request: Request, form: str) -> Pass | None:
        """Return the valid pass that the request carries for *form*, if any."""
        cookies = cookie_values(request.headers.get("Cookie", ""), self.cookies.pass_name(form))
        return self.parts.gate.read_pass(form, cookies)

    def moved_away(self, request: Request, form: str) -> bool:
        """Say whether another browser has opened what the request's browser had open, as far as one can know."""
        cookies = cookie_values(request.headers.get("Cookie", ""), self.cookies.pass_name(form))
        try:
            return self.parts.gate.moved_away(form, cookies)
        except StoreUnavailable:
            # It is a kindness, and pages that are shown without the store must not miss it.
            return False

    def look_after_callbacks(self, environ: Mapping[str, Any]) -> None:
        """Be called by every request of a site with `Parts.hearers`.

        Notices may wait from before a restart, and nobody come to the door.
        """
        self.parts.attend(once=bool(environ.get("wsgi.run_once")))

    def subject_of(self, request: Request) -> str | None:
        """Return the subject that the site's own login names for the request, or None if it names nobody.

        Whatever the setting `subject_loader` raises is the site's own mistake, and passes through.
        """
        found = self._asked(self.parts.settings.subject_loader, request)
        subject = "" if found is None else str(found)
        return subject if subject and can_be_stored(subject) else None

    def operator_of(self, request: Request) -> Operator | None:
        """Return whom the site's own login, or else a visit that a link began, lets into the office.

        Whatever the setting `admin_check` raises is the site's own mistake, and passes through.
        """
        try:
            operator = operator_of(self._asked(self.parts.settings.admin_check, request))
        except InputError as error:
            _log.error("office.refused", extra={"reason": str(error)})
            return None
        if operator is not None:
            return operator
        visit = next(filter(None, map(self.parts.sign_ins.visit, self.cookies.visits(request))), None)
        return None if visit is None else visit.operator

    def language_of_site(self, request: Request) -> object:
        """Return the language in which the site itself answers the request, in any spelling; None: it does not say.

        Whatever the setting `language_loader` raises is the site's own mistake, and passes through.
        """
        if self.parts.settings.language_loader is not None:
            return self._asked(self.parts.settings.language_loader, request)
        return None if self._language_around is None else self._language_around()

    def _asked(self, function: Callable[..., object] | None, request: Request) -> object:
        return None if function is None or self._ask_site is None else self._ask_site(function, request)

    def invitation(self, request: Request, form: str) -> Invitation | None:
        """Return the invitation in the request's address, or None if it holds no valid one for *form*."""
        text = query_value(request, PARAMETER)
        return self.parts.invitations.read(text, form) if text else None

    def has_spoilt_invitation(self, request: Request, form: str) -> bool:
        """Say whether the address carries what was an invitation to *form*, such as one that a mail cut off."""
        return bool(query_value(request, PARAMETER)) and self.invitation(request, form) is None

    def page_name(self, request: Request, form: str, on_page: OnPage) -> str:
        """Return the name of a page that speaks of a ticket like this; "" in a browser that keeps no cookie."""
        browser, is_new = self.cookies.browser(request, self.parts.clock.now())
        return "" if is_new else self.signer.sign_page(form, browser.browser_id, on_page)

    def on_page(self, request: Request, form: str) -> OnPage | None:
        """Return what the request's page speaks of, even if the browser let somebody else in since.

        A page that names no ticket speaks of the one behind the pass that the browser holds.
        """
        page = query_value(request, PAGE)
        if page:
            browser, _ = self.cookies.browser(request, self.parts.clock.now())
            return self.signer.read_page(page, form, browser.browser_id)
        held = self.held(request, form)
        return None if held is None else OnPage(held.ticket_id)

    def ticket(self, request: Request, form: str) -> Ticket | None:
        """Return the ticket that the request's page speaks of, as it is for that page."""
        on_page = self.on_page(request, form)
        if on_page is None:
            return None
        return self.parts.gate.ticket(on_page.ticket_id, form=form, on_page=on_page)

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
            with in_time(request.environ):
                return request.form
        except RequestEntityTooLarge as error:
            raise BadRequest("the request has too many fields") from error

    def policy(self, form: str | None) -> FormPolicy | None:
        """Return the policy of *form*, None if no form has that name."""
        return self.parts.settings.policies.get(form or "")

    def message(
        self, request: Request, refusal: Refuse, policy: FormPolicy | None, *, from_app: bool = False
    ) -> Message:
        """Return the message to a visitor whom the door refuses now."""
        language = language_of(self, request, policy)
        return message_for(refusal, policy, self.parts.clock.now(), from_app=from_app, language=language)

    def door_path(self, request: Request, form: str) -> str:
        """Return the path of a form's door on this site."""
        return f"{request.root_path.rstrip('/')}{self.parts.settings.url_prefix}/f/{form}"

    def office_path(self, request: Request) -> str:
        """Return the path of the office on this site."""
        return f"{request.root_path.rstrip('/')}{self.parts.settings.url_prefix}/admin"

    def clean_path(self, request: Request, policy: FormPolicy) -> str:
        """Return where an admitted visitor sees the form: its own page if it has one, or the door."""
        if policy.page:
            return f"{request.root_path.rstrip('/')}{policy.page}"
        return self.door_path(request, policy.form)

    def destination(self, request: Request, policy: FormPolicy) -> str:
        """Return where an admitted visitor goes: back, or to the form's page, or to the door."""
        try:
            back = request.form.get("next", "")
        except RequestEntityTooLarge:
            # What let the visitor in may have come beside the body, and is spent by now.
            back = ""
        return self.signer.read_return(back) or self.clean_path(request, policy)

    def tell(self, form: str, decision: Admit | Refuse) -> None:
        """Let the log know what the gate decided: never a code, nor who."""
        if isinstance(decision, Admit):
            _log.info("visitor.admitted", extra={"form": form})
            return
        facts = {"form": form, "reason": decision.reason.value}
        _log.info("visitor.refused", extra=facts | ({"ref": decision.ref} if decision.is_recorded else {}))

    def _onward(self, request: Request, policy: FormPolicy) -> str:
        """Return where an admitted browser goes: a new one by way of the door, which sees whether it keeps cookies."""
        destination = self.destination(request, policy)
        _, is_new = self.cookies.browser(request, self.parts.clock.now())
        signed = self.signer.sign_return(destination) if is_new and tells_where_it_is(request) else ""
        return f"{self.door_path(request, policy.form)}?{KEEPS}={signed}" if signed else destination

    def let_in(self, request: Request, policy: FormPolicy, admit: Admit, seen: Seen) -> Response:
        """Answer an admission: the pass as a cookie, and on to a clean address."""
        response = self.redirect(self._onward(request, policy))
        seconds = admit.expires_at - self.parts.clock.now()
        self.cookies.set_pass(response, policy.form, self.parts.gate.sign_pass(admit), seconds)
        self.cookies.set_browser(response, seen.browser)
        self._remember_language(request, response, policy, admit.language)
        return response

    def _remember_language(
        self, request: Request, response: Response, policy: FormPolicy, language: str | None
    ) -> None:
        """Have the pages speak as the class list says of who was let in."""
        tag = language if len(languages_of(self.parts.settings, policy)) > 1 else None
        if tag or any(self.cookies.own_language(request, policy.form)):
            self.cookies.set_own_language(response, policy.form, tag)

    def redirect(self, address: str) -> Response:
        """Lead on to *address*, which is ours or the settings'."""
        return Response(status=303, headers={"Location": address})

    def page(
        self, request: Request, status: int, template: str, context: dict[str, Any], *, browser: bool = False
    ) -> Response:
        """Return a page; with *browser*, it makes a new browser known."""
        policy = context.get("form")
        offered = {"languages": choices(self, request, policy)}
        html = self.render(template, self.page_context(request, policy) | offered | context)
        response = Response(html, status=status, content_type="text/html; charset=utf-8")
        response.headers["Vary"] = VARY
        tag = chosen(self, request, policy)
        if tag is not None:
            self.cookies.set_language(response, tag)
        if browser:
            found, is_new = self.cookies.browser(request, self.parts.clock.now())
            if is_new:
                self.cookies.set_browser(response, found)
        return response

    def page_context(self, request: Request, policy: FormPolicy | None) -> dict[str, Any]:
        """Return what every page needs, and every part of one."""
        settings, language = self.parts.settings, language_of(self, request, policy)
        return {
            "lang": language.tag,
            "dir": language.direction,
            "say": language.say_in_html,
            "languages": [],
            "home": settings.site_url,
            "site_name": settings.site_name,
            "site_logo": settings.site_logo and f"{request.root_path.rstrip('/')}{settings.site_logo}",
            "contact": settings.contact,
            # Where a link shows this page again; "" leads to the address that it has.
            "page_url": "",
            "css": self.static_url(request, "jotgate.css"),
            "js": self.static_url(request, "jotgate.js"),
        }

    def static_url(self, request: Request, name: str) -> str:
        """Return the address of a static file, with its version."""
        return _versioned(f"{request.root_path.rstrip('/')}{self.parts.settings.url_prefix}/static", name)

    def secure(self, response: Response) -> Response:
        """Give *response* the headers of every page of the door, unless it has its own."""
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        if response.headers["Cache-Control"] == self.headers["Cache-Control"]:
            # For caches that are told to keep what says that it must not be kept.
            response.headers.setdefault("Vary", "Cookie")
        return response


def _versioned(root: str, name: str) -> str:
    found = static_file(name)
    return f"{root}/{name}?v={found[1]}" if found else f"{root}/{name}"
