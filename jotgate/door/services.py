"""The answers to programs: JotForm's webhook, monitors of the site, and browsers that fetch static files."""

from __future__ import annotations

import logging

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from jotgate.door.base import Door
from jotgate.door.delivering import delivered_ids
from jotgate.door.rendering import json_response, static_response
from jotgate.errors import StoreUnavailable

_log = logging.getLogger("jotgate.door")

#: A form that was delivered to and not read for this long, with calls left, means that the sweep stands still.
_LATE_SECONDS = 180.0


def hook(door: Door, request: Request, secret: str) -> Response:
    """Take a delivery."""
    if not door.parts.intake.knows(secret):
        return Response("not found\n", status=404, content_type="text/plain")
    try:
        form_id, submission_id = delivered_ids(request)
    except HTTPException as error:
        _log.info("delivery.refused", extra={"reason": error.description})
        return Response(f"{error.description}\n", status=error.code, content_type="text/plain")
    taken = door.parts.intake.take(form_id, submission_id)
    return Response("noted\n" if taken else "ignored\n", content_type="text/plain")


def health(door: Door, request: Request) -> Response:
    """Say which part is down, and nothing else."""
    down = []
    try:
        door.parts.store.check()
        if _sweep_stands_still(door):
            down.append("sweep")
    except StoreUnavailable:
        down.append("store")
    return json_response(503 if down else 200, {"status": "down" if down else "up", "down": down})


def static(door: Door, request: Request, name: str) -> Response:
    """Serve the style sheet or the script."""
    return static_response(request, name)


def _sweep_stands_still(door: Door) -> bool:
    now = door.parts.clock.now()
    waiting = [state.due_since for state in door.parts.store.form_states() if state.due_since is not None]
    return bool(waiting) and now - min(waiting) > _LATE_SECONDS and door.parts.quota.pace().granted
