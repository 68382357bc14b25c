"""Who is let into the office, and which of its pages answers. To everybody else all of it looks the same: shut."""

from __future__ import annotations

import logging

from werkzeug.exceptions import Forbidden, HTTPException
from werkzeug.wrappers import Request, Response

from jotgate.door.base import Door
from jotgate.door.choosing import speak_as_site
from jotgate.door.office.desk import Desk, framed_by_nobody, outside_page
from jotgate.door.office.routes import Need, Page, page_at
from jotgate.door.visitors import is_cross_site, query_value
from jotgate.errors import InputError, StoreUnavailable
from jotgate.outages import outages
from jotgate.phrases import Phrase, phrase

_ENTER, _LEAVE = "enter", "leave"
_WAIT_SECONDS = 60
_UNUSABLE, _TOO_MANY, _UNAVAILABLE = 422, 429, 503
_STORE_DOWN = phrase(
    "The store cannot be used right now. If you sent something, send the same page again in a few minutes: it does"
    " what is left, and nothing twice."
)
_log = logging.getLogger("jotgate.door")


def office(door: Door, request: Request, path: str) -> Response:
    """Answer a request for a page of the office.

    Raises:
        StoreUnavailable: nobody can be recognised.
    """
    speak_as_site(request)
    operator = door.operator_of(request)
    entered = _enter(door, request) if path == _ENTER else None
    if entered is not None or operator is None:
        return framed_by_nobody(door, entered or _shut(door, request))
    desk = Desk(door, request, operator)
    try:
        response = _answer(desk, path)
    except HTTPException as error:
        response = desk.problem(error.code or 500, _described(error))
    except StoreUnavailable as error:
        outages.note(_log, "request.failed", error, endpoint="office")
        response = desk.problem(_UNAVAILABLE, _STORE_DOWN)
    return desk.close(response)


def _answer(desk: Desk, path: str) -> Response:
    if path == _ENTER:
        # By a second click on a link that has let them in.
        return desk.redirect()
    if path == _LEAVE:
        return _leave(desk)
    page, arguments = page_at(path, desk.request.method)
    _look_at_rights(desk, page, arguments.get("form"))
    if page.changes:
        desk.look_at_change(page.max_bytes)
    try:
        return page.answer(desk, **arguments)
    except InputError as error:
        # With the menu of its form, which leads back.
        return desk.problem(_UNUSABLE, *error.problems, form=arguments.get("form"))


def _look_at_rights(desk: Desk, page: Page, form: str | None) -> None:
    """Let nobody past who has no right to a page.

    Raises:
        NotFound: there is no such form for the operator.
        Forbidden: the form is for them, and this is not.
    """
    operator = desk.operator
    if form is not None:
        desk.policy(form)
    if page.need is Need.SITE and not operator.sees_all:
        raise Forbidden(phrase("This page is about the whole site. You look after a part of it."))
    if page.need is Need.FORM and operator.batches is not None:
        raise Forbidden(phrase("This page is about the whole form. You look after a part of its people."))
    if page.changes and not operator.may_change:
        raise Forbidden(phrase("You may look at everything here, and change nothing."))


def _described(error: HTTPException) -> str:
    """Return what we say of it; what the framework would say is for programmers, and in English only."""
    said = error.description
    return (
        said
        if isinstance(said, Phrase)
        else phrase("No page of the office sends such a request. Nothing was changed.")
    )


def _enter(door: Door, request: Request) -> Response | None:
    """Show the button that a one-time link leads to, or take the link once it is pressed; None: it is not valid.

    Programs that look at the links in mails press no buttons.
    """
    if request.method == "POST" and not is_cross_site(request, door.parts.settings.site_url):
        return _use(door, request)
    link = query_value(request, "link")
    if request.method not in ("GET", "HEAD") or not link or not door.parts.sign_ins.is_good(link):
        return None
    response = outside_page(door, request, 200, "enter", link=link)
    # By which a second click on its button is known.
    browser, is_new = door.cookies.browser(request, door.parts.clock.now())
    if is_new:
        door.cookies.set_browser(response, browser)
    return response


def _use(door: Door, request: Request) -> Response | None:
    link = door.fields(request).get("link", "")
    browser, is_new = door.cookies.browser(request, door.parts.clock.now())
    seed = None if is_new else door.signer.seed(f"{browser.browser_id.hex()} {link}")
    found = door.parts.sign_ins.enter(link, seed=seed)
    if found is None:
        if not door.parts.sign_ins.is_flooded(door.cookies.network(request)):
            return None
        response = _shut(door, request, _TOO_MANY)
        response.headers["Retry-After"] = str(_WAIT_SECONDS)
        return response
    secret, visit = found
    response = door.redirect(f"{door.office_path(request)}/")
    door.cookies.set_visit(response, secret, (visit.until or 0.0) - door.parts.clock.now())
    return response


def _leave(desk: Desk) -> Response:
    """End the visit, on every device that has it. The site's own login is left where it was made."""
    if desk.request.method != "POST":
        return desk.redirect()
    desk.look_at_change()
    door, request = desk.door, desk.request
    for secret in door.cookies.visits(request):
        visit = door.parts.sign_ins.visit(secret)
        if visit is not None:
            door.parts.sign_ins.end(visit.sign_in_id, actor=visit.operator.name)
    response = door.redirect(desk.home)
    door.cookies.drop_visit(response)
    return response


def _shut(door: Door, request: Request, status: int = 403) -> Response:
    """Answer who may not come in: the same words at every address, whatever is there."""
    # Nor a switch of languages, which only a page that is asked for would have.
    return outside_page(door, request, status, "shut", languages=[])
