"""Every address of the door, once. An adapter mounts `ROUTES` and calls `jotgate.door.handling.handle`."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.wrappers import Request, Response

from jotgate.door.base import Door
from jotgate.door.checking import check
from jotgate.door.endpoints import done, enter_code, form, leave, move, renew, sent, show, state
from jotgate.door.entering import enter
from jotgate.door.handling import Route
from jotgate.door.inviting import accept
from jotgate.door.metrics import metrics
from jotgate.door.mine import all_mine, mine
from jotgate.door.services import health, hook, static

_EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def _post(below: str, endpoint: str, answer: Callable[..., Response], **flags: bool) -> Route:
    """Return an address of a form to which only the pages of this site post."""
    return Route(
        rule=f"/f/<form>{below}", endpoint=endpoint, methods=("POST",), answer=answer, same_site=True, **flags
    )


def _office(door: Door, request: Request, path: str = "") -> Response:
    # Loaded when somebody comes: no visitor's request needs it.
    from jotgate.door.office import office

    return office(door, request, path)


def _mirrored(door: Door, request: Request, path: str = "") -> Response:
    # Loaded when a program comes that has a scoped key.
    from jotgate.door.mirror import mirror

    return mirror(door, request, path)


def _submitted(door: Door, request: Request, form: str) -> Response:
    from jotgate.door.mirror import submitted

    return submitted(door, request, form)


def _admin(rule: str, endpoint: str) -> Route:
    """Return an address that belongs to the office, which finds out by itself what is there, and for whom."""
    return Route(rule=rule, endpoint=endpoint, methods=_EVERY_METHOD, answer=_office, sweeps=True)


def _mirror(rule: str, endpoint: str) -> Route:
    return Route(rule=rule, endpoint=endpoint, methods=_EVERY_METHOD, answer=_mirrored, programs=True)


ROUTES = (
    Route(rule="/f/<form>", endpoint="show", methods=("GET",), answer=show, sweeps=True, opens=True),
    _post("", "enter_code", enter_code, opens=True),
    _post("/move", "move", move, opens=True),
    _post("/leave", "leave", leave),
    _post("/sent", "sent", sent, sweeps=True),
    _post("/renew", "renew", renew),
    _post("/invitation", "accept", accept, opens=True),
    Route(rule="/f/<form>/enter", endpoint="enter", methods=("GET", "POST"), answer=enter, opens=True),
    Route(rule="/f/<form>/form", endpoint="form", methods=("GET",), answer=form),
    Route(rule="/f/<form>/check", endpoint="check", methods=("GET",), answer=check, programs=True),
    Route(
        rule="/f/<form>/state", endpoint="state", methods=("GET",), answer=state, programs=True, sweeps=True
    ),
    Route(rule="/f/<form>/mine", endpoint="mine", methods=("GET",), answer=mine, sweeps=True),
    Route(rule="/mine", endpoint="all_mine", methods=("GET",), answer=all_mine, sweeps=True),
    Route(rule="/f/<form>/done", endpoint="done", methods=("GET", "POST"), answer=done),
    Route(rule="/hook/<secret>", endpoint="hook", methods=("POST",), answer=hook, programs=True, sweeps=True),
    Route(
        rule="/v1/jotgate/<form>/submitted",
        endpoint="submitted",
        methods=("GET", "OPTIONS"),
        answer=_submitted,
        programs=True,
    ),
    _mirror("/v1/<path:path>", "mirror"),
    # Programs add a slash to an address that ends in one.
    _mirror("/v1//<path:path>", "mirror_slashes"),
    _mirror("/v1", "mirror_root"),
    _admin("/admin/", "admin"),
    _admin("/admin/<path:path>", "admin_page"),
    _admin("/admin//<path:path>", "admin_slashes"),
    Route(rule="/metrics", endpoint="metrics", methods=("GET",), answer=metrics, programs=True),
    Route(rule="/health", endpoint="health", methods=("GET",), answer=health, programs=True),
    Route(rule="/static/<name>", endpoint="static", methods=("GET",), answer=static, programs=True),
)
