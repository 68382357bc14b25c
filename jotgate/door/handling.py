"""One request from its address to its answer, whatever goes wrong on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from jotgate.door.base import Door
from jotgate.door.refusing import OPENS, refuse
from jotgate.door.visitors import is_cross_site
from jotgate.errors import StoreUnavailable, UnknownForm
from jotgate.frozen import frozen
from jotgate.outages import outages
from jotgate.outcomes import Reason, Refuse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_log = logging.getLogger("jotgate.door")


@frozen
class Route:
    """One address below the prefix."""

    rule: str
    endpoint: str
    methods: tuple[str, ...]
    #: Called with the door, the request and the parts that the rule names. Others than a `Response` go on as they are.
    answer: Callable[..., WSGIApplication]
    #: Whether a request that was answered looks after the sweep.
    sweeps: bool = False
    #: Whether people are let in here, so that nobody is refused here on a form that only reports.
    opens: bool = False
    #: Whether only pages of this site may make a browser ask here.
    same_site: bool = False
    #: Whether programs ask here and not people, so that a login or a limit of the site's own is not for it.
    programs: bool = False


def handle(door: Door, route: Route, request: Request, **arguments: Any) -> WSGIApplication:
    """Answer one request for *route*; whatever goes wrong becomes a page or an error in JSON."""
    request.environ[OPENS] = route.opens
    try:
        response = _answer(door, route, request, **arguments)
    except UnknownForm:
        response = refuse(door, request, Refuse.unrecorded(Reason.UNKNOWN_FORM), form=None)
    except StoreUnavailable as error:
        outages.note(_log, "request.failed", error, endpoint=route.endpoint)
        policy = door.policy(arguments.get("form"))
        response = refuse(door, request, Refuse.unrecorded(Reason.STORE_DOWN), form=policy)
    except HTTPException as error:
        policy = door.policy(arguments.get("form"))
        refusal = Refuse.unrecorded(Reason.MALFORMED)
        response = refuse(door, request, refusal, form=policy, status=error.code)
    if not isinstance(response, Response):
        return response
    door.secure(response)
    if not response.response:
        # A body of one empty piece: hypercorn sends the headers with the first.
        response.set_data(b"")
    # After the answer is out, so that nobody waits for it.
    once = bool(request.environ.get("wsgi.run_once"))
    response.call_on_close(lambda: door.parts.attend(route.sweeps, once=once))
    return response


def _answer(door: Door, route: Route, request: Request, **arguments: Any) -> WSGIApplication:
    if route.same_site and is_cross_site(request, door.parts.settings.site_url):
        policy = door.parts.gate.policy(arguments["form"])
        return refuse(door, request, Refuse.unrecorded(Reason.CROSS_SITE), form=policy)
    return route.answer(door, request, **arguments)
