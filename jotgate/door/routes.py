"""Every address of the door, once. An adapter mounts `ROUTES` and calls `Door.handle`."""

from __future__ import annotations

from jotgate.door.base import Route
from jotgate.door.checking import check
from jotgate.door.endpoints import done, enter_code, leave, move, sent, show, state
from jotgate.door.entering import enter
from jotgate.door.inviting import accept
from jotgate.door.mirror import mirror, submitted
from jotgate.door.own import mine
from jotgate.door.services import health, hook, static

ROUTES = (
    Route(rule="/f/<form>", endpoint="show", methods=("GET",), answer=show, sweeps=True, opens=True),
    Route(rule="/f/<form>", endpoint="enter_code", methods=("POST",), answer=enter_code, opens=True),
    Route(rule="/f/<form>/move", endpoint="move", methods=("POST",), answer=move, opens=True),
    Route(rule="/f/<form>/check", endpoint="check", methods=("GET",), answer=check),
    Route(rule="/f/<form>/leave", endpoint="leave", methods=("POST",), answer=leave),
    Route(rule="/f/<form>/sent", endpoint="sent", methods=("POST",), answer=sent, sweeps=True),
    Route(rule="/f/<form>/enter", endpoint="enter", methods=("GET", "POST"), answer=enter, opens=True),
    Route(rule="/f/<form>/invitation", endpoint="accept", methods=("POST",), answer=accept, opens=True),
    Route(rule="/f/<form>/state", endpoint="state", methods=("GET",), answer=state, sweeps=True),
    Route(rule="/f/<form>/mine", endpoint="mine", methods=("GET",), answer=mine, sweeps=True),
    Route(rule="/f/<form>/done", endpoint="done", methods=("GET", "POST"), answer=done),
    Route(rule="/hook/<secret>", endpoint="hook", methods=("POST",), answer=hook, sweeps=True),
    Route(rule="/v1/jotgate/<form>/submitted", endpoint="submitted", methods=("GET",), answer=submitted),
    Route(
        rule="/v1/<path:path>",
        endpoint="mirror",
        methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
        answer=mirror,
    ),
    Route(rule="/health", endpoint="health", methods=("GET",), answer=health),
    Route(rule="/static/<name>", endpoint="static", methods=("GET",), answer=static),
)
