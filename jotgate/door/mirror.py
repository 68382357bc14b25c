"""What scoped keys open: the mirror of JotForm's API, and whether somebody has submitted; who asks, and the answer."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping

from werkzeug.wrappers import Request, Response

from jotgate.door.base import Door
from jotgate.door.rendering import iso, json_response
from jotgate.errors import InputError, StoreUnavailable
from jotgate.mirroring import Reply, refuse, unauthorized, unavailable
from jotgate.protocols import ScopedKey

_log = logging.getLogger("jotgate.door")

#: Longer queries are no list calls of anybody's.
_MOST_PARAMETERS = 100
_LOOKUP = "lookup."
#: What a question about somebody may hold besides.
_KNOWN = frozenset({"subject", "apiKey", "apikey"})
_BRACKETS = re.compile(r"filter\[([^\[\]]{1,60})\](\[[0-9]{0,4}\])?")


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


def submitted(door: Door, request: Request, form: str) -> Response:
    """Say whether somebody has submitted *form*, to who presents a key for it and to nobody else."""
    query = _query(request)
    try:
        key = door.parts.scoped_keys.check(_presented(request, query))
        if key is None or form not in key.forms or form not in door.parts.settings.policies:
            return _response(unauthorized("form-id"))
        return _standing(door, key, form, request, query)
    except StoreUnavailable:
        _log.exception("request.failed", extra={"endpoint": "submitted"})
        return _response(unavailable())


def _standing(door: Door, key: ScopedKey, form: str, request: Request, query: Mapping[str, str]) -> Response:
    lookup = {name.removeprefix(_LOOKUP): text for name, text in query.items() if name.startswith(_LOOKUP)}
    try:
        # What would be passed over could be what the question was meant to be about.
        if any(len(request.args.getlist(name)) > 1 for name in query) or query.keys() - _KNOWN - {
            _LOOKUP + name for name in lookup
        }:
            raise InputError(["a question is about one subject, or one text of each field"])
        if not all(map(key.may_look_up, lookup)):
            raise InputError(["the key does not see this field"])
        answer = door.parts.records.has_submitted(form, subject=query.get("subject"), lookup=lookup or None)
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


def _presented(request: Request, query: Mapping[str, str]) -> str:
    """Return the key that came in the header or, as some clients send it, in the query."""
    return request.headers.get("APIKEY") or query.get("apiKey") or query.get("apikey", "")


def _query(request: Request) -> Mapping[str, str]:
    """Return the first value of each parameter; none if the query is no text. Total."""
    try:
        pairs = list(request.args.items(multi=True))[:_MOST_PARAMETERS]
    except UnicodeDecodeError:
        return {}
    query = dict(reversed(pairs))
    filter = _bracketed(pairs)
    return {"filter": json.dumps(filter)} | query if filter else query


def _bracketed(pairs: Iterable[tuple[str, str]]) -> dict[str, object]:
    """Return the filter that came as ``filter[id:gt]=1`` or ``filter[formIDs][]=1``, as axios writes an object."""
    filter: dict[str, object] = {}
    for name, value in pairs:
        if not name.startswith("filter["):
            continue
        # What is nested otherwise is handed on under its whole name, to be refused by it.
        found = _BRACKETS.fullmatch(name)
        key, is_list = (found[1], found[2] is not None) if found else (name, False)
        held = filter.setdefault(key, [] if is_list else value)
        if isinstance(held, list):
            held.append(value)
    return filter


def _response(reply: Reply) -> Response:
    body = json.dumps(reply.body, separators=(",", ":"))
    response = Response(body, status=reply.status, content_type="application/json")
    if reply.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(int(reply.retry_after_seconds))
    return response
