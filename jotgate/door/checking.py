"""The question of a proxy in front: may this visitor go on?

For nginx (``auth_request``), Caddy (``forward_auth``) and Traefik (``forwardAuth``), which guard what another server
or a folder of files serves. They ask before every request, so an answer costs as little as the guard's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from jotgate.door.base import Door
from jotgate.door.guarding import TurnedAway, door_of, lacking, led_to, told_in_json
from jotgate.door.rendering import PRIVATE
from jotgate.door.visitors import prefers_json
from jotgate.outcomes import Reason

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

#: How proxies tell what the visitor asked for: nginx as its settings say, Caddy and Traefik by themselves.
_ASKED_FOR = ("HTTP_X_ORIGINAL_URI", "HTTP_X_FORWARDED_URI")
_MAY_GO_ON = TurnedAway(status="204 NO CONTENT", headers=PRIVATE, has_body=False)


def check(door: Door, request: Request, form: str) -> WSGIApplication:
    """Answer 204 to a visitor with a valid pass for *form*, else 401, and 503 when passes cannot be checked.

    The 401 names the door in its ``Location``, with the way back to what the visitor asked for, if the proxy tells
    that and it is a path of this site. With ``?redirect=1`` in the address, a browser that asks for a page gets a 303
    there at once, by the address of ``site_url``, for proxies that hand the answer on.

    Raises:
        UnknownForm: no form has this name.
    """
    environ = request.environ
    reason = lacking(door, environ, (form,))
    if reason is None:
        return _MAY_GO_ON
    if reason is Reason.STORE_DOWN:
        return told_in_json(door, environ, reason, form)
    asked_for = next((environ[name] for name in _ASKED_FOR if name in environ), "")
    location = door_of(door, environ, form, asked_for)
    if environ.get("QUERY_STRING") == "redirect=1" and _is_for_a_page(environ):
        # Traefik takes a path for one of the address at which it asks.
        return led_to(f"{door.parts.settings.site_url}{location}")
    refused = told_in_json(door, environ, reason, form)
    return replace(refused, headers=(*refused.headers, ("Location", location)))


def _is_for_a_page(environ: WSGIEnvironment) -> bool:
    method = environ.get("HTTP_X_FORWARDED_METHOD", "GET")
    return method in ("GET", "HEAD") and not prefers_json(environ.get("HTTP_ACCEPT", ""))
