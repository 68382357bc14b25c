"""The door inside a page of the site's own, and what one request knows of jotgate."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from werkzeug.wrappers import Request

from jotgate.door.base import Door
from jotgate.door.contexts import notice_context, open_context
from jotgate.door.showing import choose
from jotgate.door.standing import answer_for, submissions_of, viewer_of
from jotgate.door.visitors import own_path
from jotgate.errors import StoreUnavailable
from jotgate.outages import outages
from jotgate.outcomes import Reason, Refuse
from jotgate.policy import FormPolicy
from jotgate.signed.passes import Pass

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from jotgate.protocols import ToldSubmission
    from jotgate.records.standing import Answer, OwnSubmission

_log = logging.getLogger("jotgate.door")


class Visit(ABC):
    """jotgate as one request sees it. Cheap to make; reads nothing before it is asked.

    Every question makes the response one visitor's, and raises `ResponseStarted` where caches may have it by now.
    """

    __slots__ = ("_door", "_environ", "_passes", "touched")

    #: Set by each face when it makes a visit. The middleware makes one for every request, without a constructor's call.
    _door: Door
    _environ: WSGIEnvironment
    #: None: not looked for yet.
    _passes: Mapping[str, Pass] | None
    #: True once the answer depends on the visitor, so that it must not be kept by caches.
    touched: bool

    def keep_private(self) -> None:
        """Keep the response out of caches.

        Raises:
            ResponseStarted: it has begun without the header that does so.
        """
        if not self.touched:
            self._mark_response()
            self.touched = True

    @abstractmethod
    def _mark_response(self) -> None:
        """See to it that the response says that it is one visitor's, or raise `ResponseStarted`."""

    def _request(self) -> Request:
        """Return the request that the questions are about."""
        return Request(self._environ)

    @property
    def passes(self) -> Mapping[str, Pass]:
        """The valid passes that this visitor holds, by the form's name.

        Raises:
            StoreUnavailable: revocations could not be read for a minute.
        """
        self.keep_private()
        if self._passes is None:
            gate, cookies = self._door.parts.gate, self._door.cookies
            held = {
                form: gate.read_pass(form, cookies.passes(self._environ, form))
                for form in self._door.parts.settings.policies
            }
            self._passes = {form: one for form, one in held.items() if one is not None}
        return self._passes

    def has_submitted(
        self, form: str, *, subject: str | int | None = None, lookup: Mapping[str, str | int] | None = None
    ) -> Answer:
        """Say whether *subject*, or who wrote what *lookup* says, has submitted *form*; without either, the visitor.

        The site's own login (`subject_loader`) or the pass names the visitor; a stranger has not submitted.

        Raises:
            UnknownForm: no form has this name.
            InputError: both were given, or a field that cannot be looked up.
            StoreUnavailable: nothing can be known.
        """
        self.keep_private()
        if subject is not None or lookup is not None:
            return self._door.parts.standings.has_submitted(form, subject=subject, lookup=lookup)
        return answer_for(self._door, form, viewer_of(self._door, self._request(), form))

    def submissions(self, form: str, subject: str | int | None = None) -> list[OwnSubmission]:
        """Return the submissions of *form* by *subject*, or by the visitor, that count, newest first.

        Raises:
            UnknownForm: no form has this name.
            StoreUnavailable: nothing can be known.
        """
        self.keep_private()
        if subject is not None:
            return self._door.parts.standings.submissions(form, subject)
        return submissions_of(self._door, form, viewer_of(self._door, self._request(), form))

    def submission(self, form: str, submission_id: str | int) -> ToldSubmission | None:
        """Return that submission of *form* and its verdict, with the form's `tell_fields` if it counts; None: unknown.

        From jotgate's own store, without a call to JotForm. It is for the site itself: whoever the visitor is.

        Raises:
            UnknownForm: no form has this name.
            StoreUnavailable: nothing can be known.
        """
        self.keep_private()
        return self._door.parts.standings.submission(form, submission_id)

    def embed(self, form: str) -> Markup:
        """Return the door in place, or the form for an admitted visitor, to be put into a page.

        After the code, the visitor comes back to this page if it answered a GET, else to the form's `page` or door.
        Never fails because of the store: the page then says that codes cannot be checked just now.

        Raises:
            UnknownForm: no form has this name, which is the page's mistake.
        """
        self.keep_private()
        door, request = self._door, self._request()
        policy = door.parts.gate.policy(form)
        # A browser comes back by a GET, which a page that was posted to may not answer.
        can_come_back = request.method in ("GET", "HEAD")
        back = door.signer.sign_return(own_path(request.environ)) if can_come_back else ""
        try:
            shown = choose(door, request, policy, back)
        except StoreUnavailable as error:
            outages.note(_log, "embed.failed", error, form=form)
            shown = Refuse.unrecorded(Reason.STORE_DOWN)
        if isinstance(shown, Refuse):
            kind, context = _refused(door, request, policy, shown, back)
        else:
            kind, context = shown.kind, _holding_no_ticket(_leading_back(shown.context, back))
        door.parts.attend(once=bool(request.environ.get("wsgi.run_once")))
        context = {"kind": kind, "form": policy} | door.page_context(request, policy) | context
        if not can_come_back:
            context["page_url"] = door.clean_path(request, policy)
        return Markup(door.render("jotgate/embed.html", context))  # noqa: S704 - our own template, escaped


def _refused(
    door: Door, request: Request, policy: FormPolicy, refusal: Refuse, back: str
) -> tuple[str, dict[str, Any]]:
    """Say why the form is not shown, or show it without a ticket where it only reports."""
    if door.reporter.lets_through(request.environ, (policy.form,), refusal.reason):
        return "form", open_context(door, request, policy, back)
    return "message", notice_context(door, request, refusal, policy, back=back)


def _holding_no_ticket(context: dict[str, Any]) -> dict[str, Any]:
    """Let the page name our own address of the form, which leads on only the browser that the page is made for."""
    return context | {"frame_url": context["form_url"]} if "frame_url" in context else context


def _leading_back(context: dict[str, Any], back: str) -> dict[str, Any]:
    """Let "use another code" lead back to the page that embeds the form."""
    if not back or "leave_url" not in context:
        return context
    joint = "&" if "?" in context["leave_url"] else "?"
    return context | {"leave_url": f"{context['leave_url']}{joint}next={back}"}
