"""What scoped keys open: the mirror of JotForm's API, and whether somebody has submitted; who asks, and the answer."""

from __future__ import annotations

import json
import logging

from werkzeug.wrappers import Request, Response

from jotgate.clock import iso
from jotgate.door.base import Door
from jotgate.door.rendering import json_response
from jotgate.door.sharing import allow, share
from jotgate.errors import InputError, StoreUnavailable
from jotgate.mirroring.queries import UNREADABLE, Query, read_query
from jotgate.mirroring.replies import Reply, refuse, unauthorized, unavailable
from jotgate.outages import outages
from jotgate.protocols import ScopedKey

_log = logging.getLogger("jotgate.door")

_LOOKUP = "lookup."
#: What a question about somebody may hold besides.
_KNOWN = frozenset({"subject", "apiKey", "apikey"})


def mirror(door: Door, request: Request, path: str = "") -> Response:
    """Answer a call to the mirror, whatever it is, in JotForm's envelope."""
    if request.method == "OPTIONS":
        return allow(door.parts.settings, request)
    query = _query(request)
    try:
        key = door.parts.scoped_keys.check(_presented(request, query))
        reply = door.parts.mirror.answer(key, request.method, f"/{path}", query)
    except StoreUnavailable as error:
        outages.note(_log, "request.failed", error, endpoint="mirror")
        reply = unavailable("The site's store gives no answer")
    return share(door.parts.settings, request, _response(reply))


def submitted(door: Door, request: Request, form: str) -> Response:
    """Say whether somebody has submitted *form*, to who presents a key for it and to nobody else."""
    if request.method == "OPTIONS":
        return allow(door.parts.settings, request)
    query = _query(request)
    try:
        key = door.parts.scoped_keys.check(_presented(request, query))
        if key is None or form not in key.forms or form not in door.parts.settings.policies:
            response = _response(unauthorized("form-id"))
        else:
            response = _standing(door, key, form, request, query)
    except StoreUnavailable as error:
        outages.note(_log, "request.failed", error, endpoint="submitted")
        response = _response(unavailable("The site's store gives no answer"))
    return share(door.parts.settings, request, response)


def _standing(door: Door, key: ScopedKey, form: str, request: Request, query: Query) -> Response:
    values = query.values
    lookup = {name.removeprefix(_LOOKUP): text for name, text in values.items() if name.startswith(_LOOKUP)}
    try:
        # What would be passed over could be what the question was meant to be about.
        if query.problems or any(len(request.args.getlist(name)) > 1 for name in values):
            raise InputError(["a question is about one subject, or one text of each field"])
        if values.keys() - _KNOWN - {_LOOKUP + name for name in lookup}:
            raise InputError(["a question is about a subject or fields, and nothing else"])
        if not all(map(key.may_look_up, lookup)):
            raise InputError(["the key does not see this field"])
        answer = door.parts.standings.has_submitted(
            form, subject=values.get("subject"), lookup=lookup or None
        )
    except InputError:
        return _response(
            refuse(
                "Ask about one subject=..., or about lookup fields of the form that the key sees, lookup.name=..., "
                "and nothing else"
            )
        )
    return json_response(
        200,
        {"state": answer.state.value, "as_of": iso(answer.as_of), "expected_by": iso(answer.expected_by)},
    )


def _presented(request: Request, query: Query) -> str:
    """Return the key that came in the header or, as some clients send it, in the query."""
    return request.headers.get("APIKEY") or query.key


def _query(request: Request) -> Query:
    try:
        return read_query(list(request.args.items(multi=True)))
    except UnicodeDecodeError:
        return UNREADABLE


def _response(reply: Reply) -> Response:
    body = json.dumps(reply.body, separators=(",", ":"))
    response = Response(body, status=reply.status, content_type="application/json")
    if reply.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(int(reply.retry_after_seconds))
    return response
