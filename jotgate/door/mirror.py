"""The mirror of JotForm's API: who asks, and the answer over HTTP."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from werkzeug.wrappers import Request, Response

from jotgate.door.endpoints import Door
from jotgate.errors import StoreUnavailable
from jotgate.mirroring import Reply, unavailable

_log = logging.getLogger("jotgate.door")

#: Longer queries are no list calls of anybody's.
_MOST_PARAMETERS = 100


def mirror(door: Door, request: Request, path: str) -> Response:
    """Answer a call to the mirror, whatever it is, in JotForm's envelope."""
    query = _query(request)
    try:
        key = door.parts.scoped_keys.check(_presented(request, query))
        reply = door.parts.mirror.answer(key, request.method, f"/{path}", query)
    except StoreUnavailable:
        _log.exception("request.failed", extra={"endpoint": "mirror"})
        reply = unavailable()
    return _response(reply)


def _presented(request: Request, query: Mapping[str, str]) -> str:
    """Return the key that came in the header or, as some clients send it, in the query."""
    return request.headers.get("APIKEY") or query.get("apiKey") or query.get("apikey", "")


def _query(request: Request) -> Mapping[str, str]:
    """Return the first value of each parameter; none if the query is no text. Total."""
    try:
        return dict(list(request.args.items())[:_MOST_PARAMETERS])
    except UnicodeDecodeError:
        return {}


def _response(reply: Reply) -> Response:
    body = json.dumps(reply.body, separators=(",", ":"))
    response = Response(body, status=reply.status, content_type="application/json")
    if reply.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(int(reply.retry_after_seconds))
    return response
