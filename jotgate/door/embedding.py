"""The door inside a page of the site's own, and what one request knows of jotgate."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup
from werkzeug.wrappers import Request

from jotgate.door.base import Door, refuse_for
from jotgate.door.inviting import greet
from jotgate.door.own import answer_for, submissions_of, viewer_of
from jotgate.door.visitors import own_path
from jotgate.errors import StoreUnavailable
from jotgate.outcomes import Reason, Refuse
from jotgate.passes import Pass
from jotgate.policy import FormPolicy
from jotgate.records import Answer, OwnSubmission
from jotgate.tickets import TicketState

_log = logging.getLogger("jotgate.door")

#: What a page that shows the door must say of itself: it is one visitor's.
PRIVATE = {"Cache-Control": "private, no-store"}


class Visit:
    """jotgate as one request sees it. Cheap to make; reads nothing before it is asked."""

    __slots__ = ("_door", "_environ", "_on_touch", "_passes", "touched")

    def __init__(
        self, door: Door, environ: dict[str, Any], on_touch: Callable[[], None] | None = None
    ) -> None:
        self._door = door
        self._environ = environ
        self._on_touch = on_touch
        self._passes: Mapping[str, Pass] | None = None
        #: True once the answer depends on the visitor, so that it must not be kept by caches.
        self.touched = False

    @property
    def passes(self) -> Mapping[str, Pass]:
        """The valid passes that this visitor holds, by the form's name.

        Raises:
            StoreUnavailable: revocations could not be read for a minute.
        """
        self._touch()
        if self._passes is None:
            gate, cookies = self._door.parts.gate, self._door.cookies
            held = {
                form: gate.read_pass(form, cookies.passes(self._environ, form))
                for form in self._door.parts.settings.policies
            }
            self._passes = {form: one for form, one in held.items() if one is not None}
        return self._passes

    def has_submitted(
        self, form: str, *, subject: str | None = None, lookup: Mapping[str, str] | None = None
    ) -> Answer:
        """Say whether *subject*, or who wrote what *lookup* says, has submitted *form*; without either, the visitor.

        The visitor is known by the site's own login (`subject_loader`) or by the pass; a stranger has not submitted.

        Raises:
            UnknownForm: there is no such form.
            InputError: both were given, or a field that cannot be looked up.
            StoreUnavailable: nothing can be known.
        """
        self._touch()
        if subject is not None or lookup is not None:
            return self._door.parts.records.has_submitted(form, subject=subject, lookup=lookup)
        return answer_for(self._door, form, viewer_of(self._door, Request(self._environ), form))

    def submissions(self, form: str, subject: str | None = None) -> list[OwnSubmission]:
        """Return the submissions of *form* by *subject*, or by the visitor, that count, newest first.

        Raises:
            UnknownForm: there is no such form.
            StoreUnavailable: nothing can be known.
        """
        self._touch()
        if subject is not None:
            return self._door.parts.records.submissions(form, subject)
        return submissions_of(self._door, form, viewer_of(self._door, Request(self._environ), form))

    def embed(self, form: str) -> Markup:
        """Return the door in place, or the form for an admitted visitor, to be put into a page.

        Never fails because of the store: the page then says that codes cannot be checked just now.

        Raises:
            UnknownForm: there is no such form, which is the page's mistake.
        """
        self._touch()
        door, request = self._door, Request(self._environ)
        policy = door.parts.gate.policy(form)
        try:
            kind, context = self._choose(form)
        except StoreUnavailable:
            _log.exception("embed.failed", extra={"form": form})
            kind, context = self._refused(refuse_for(Reason.STORE_DOWN), form)
        door.parts.sweeper.attend()
        context = {"kind": kind, "form": policy} | door.page_context(request) | context
        return Markup(door.render("jotgate/embed.html", context))  # noqa: S704 - our own template, escaped

    def _touch(self) -> None:
        if not self.touched:
            self.touched = True
            if self._on_touch is not None:
                self._on_touch()

    def _choose(self, form: str) -> tuple[str, dict[str, Any]]:
        door, request = self._door, Request(self._environ)
        policy = door.parts.gate.policy(form)
        back = door.signer.sign_return(own_path(self._environ))
        held = door.held(request, form)
        ticket = door.parts.gate.ticket(held) if held else None
        if ticket is not None and ticket.state is TicketState.OPEN:
            context = door.form_context(request, policy, ticket)
            if isinstance(context, Refuse):
                return self._refused(context, form)
            return _kind_of(policy), _leading_back(context, back)
        if ticket is not None and ticket.state is not TicketState.REVOKED:
            return "received", _leading_back(door.received_context(request, policy, ticket), back)
        refusal = door.parts.gate.doorway(form)
        if refusal is not None:
            return self._refused(refusal, form)
        invited = greet(door, request, policy, back)
        if isinstance(invited, Refuse):
            return self._refused(invited, form, asks_code=policy.takes_codes)
        if invited is not None:
            return "invited", invited
        if not policy.takes_codes:
            return self._refused(door.app_only(request, form), form)
        if policy.reports_only:
            return self._refused(refuse_for(Reason.NO_PASS), form)
        return "door", door.code_context(request, policy, back)

    def _refused(self, refuse: Refuse, form: str, *, asks_code: bool = False) -> tuple[str, dict[str, Any]]:
        """Say why the form is not shown, or show it without a ticket where it only reports."""
        door, request = self._door, Request(self._environ)
        policy, back = door.parts.gate.policy(form), door.signer.sign_return(own_path(self._environ))
        if door.reporter.lets_through(self._environ, (form,), refuse.reason):
            return _kind_of(policy), door.open_context(request, policy, back)
        context = door.notice_context(refuse, policy)
        if asks_code:
            context = door.code_context(request, policy, back) | context | {"asks_code": True}
        return "message", context


def _kind_of(policy: FormPolicy) -> str:
    return "onward" if policy.display == "redirect" else "form"


def _leading_back(context: dict[str, Any], back: str) -> dict[str, Any]:
    """Let "use another code" lead back to the page that embeds the form."""
    return context | {"leave_url": f"{context['leave_url']}?next={back}"} if back else context
