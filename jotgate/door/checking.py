"""The question of a proxy in front: may this visitor go on?

For nginx (``auth_request``), Caddy (``forward_auth``) and Traefik (``forwardAuth``), which guard what another server
or a folder of files serves. They ask before every request, so an answer costs as little as the guard's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from jotgate.door.base import Door
from jotgate.door.guarding import PRIVATE, UNAUTHORIZED, TurnedAway, door_of, lacking, led_to
from jotgate.door.visitors import prefers_json
from jotgate.outcomes import Reason

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

#: How proxies tell what the visitor asked for: nginx as it is told to, Caddy and Traefik by themselves.
_ASKED_FOR = ("HTTP_X_ORIGINAL_URI", "HTTP_X_FORWARDED_URI")
_STORE_DOWN = {
    "reason": Reason.STORE_DOWN.value,
    "message": "Passes cannot be checked just now.",
    "ref": Reason.STORE_DOWN.name,
}

_MAY_GO_ON = TurnedAway("204 NO CONTENT", (PRIVATE,), has_body=False)
_UNAVAILABLE = TurnedAway(
    "503 SERVICE UNAVAILABLE",
    (("Content-Type", "application/json"), PRIVATE),
    (json.dumps({"error": _STORE_DOWN}) + "\n").encode(),
)


def check(door: Door, request: Request, form: str) -> WSGIApplication:
    """Answer 204 to a visitor with a valid pass for *form*, else 401, and 503 when passes cannot be checked.

    The 401 names the door in its ``Location``, with the way back to what the visitor asked for, if the proxy tells
    that and it is a path of this site. With ``?redirect=1`` in the address, a browser that asks for a page gets a 303
    there at once, for proxies that hand the answer on.

    Raises:
        UnknownForm: there is no form of this name.
    """
    environ = request.environ
    reason = lacking(door, environ, (form,))
    if reason is None:
        return _MAY_GO_ON
    if reason is Reason.STORE_DOWN:
        return _UNAVAILABLE
    asked_for = next((environ[name] for name in _ASKED_FOR if name in environ), "")
    location = door_of(door, environ, form, asked_for)
    if environ.get("QUERY_STRING") == "redirect=1" and _is_for_a_page(environ):
        return led_to(location)
    return TurnedAway(UNAUTHORIZED.status, (*UNAUTHORIZED.headers, ("Location", location)), UNAUTHORIZED.body)


def _is_for_a_page(environ: WSGIEnvironment) -> bool:
    method = environ.get("HTTP_X_FORWARDED_METHOD", "GET")
    return method in ("GET", "HEAD") and not prefers_json(environ.get("HTTP_ACCEPT", ""))
