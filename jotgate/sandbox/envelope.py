"""The JSON around every API answer, and the wording of errors as clients recorded them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.wrappers import Response

from .xml import to_xml

DOCS = "https://api.jotform.com/docs"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and the envelope that is sent with it."""

    status: int
    body: Mapping[str, object]

    def telling(self, limit_left: int | None) -> Answer:
        """Return the answer with the calls that are left; None leaves them out."""
        return self if limit_left is None else Answer(self.status, {**self.body, "limit-left": limit_left})

    def with_object_message(self) -> Answer:
        """Return the answer with its message in an object, as validation errors were seen."""
        return Answer(self.status, {**self.body, "message": {"error": self.body.get("message", "")}})

    def response(self, *, as_xml: bool = False) -> Response:
        """Return what is sent."""
        if as_xml:
            return Response(to_xml(self.body), self.status, mimetype="text/xml")
        return answer(self.status, self.body)


def answer(status: int, body: object) -> Response:
    """Return a JSON response; the body may be any value, in JotForm's spelling of JSON."""
    return Response(
        json.dumps(body, separators=(",", ":")).replace("/", "\\/"), status, mimetype="application/json"
    )


def duration() -> str:
    """Return a plausible server time, as in `64.92ms`."""
    return f"{12 + secrets.randbelow(8000) / 100:.2f}ms"


def success(content: object, *, result_set: dict[str, object] | None = None) -> Answer:
    """Wrap the content of an answer, and the echo of a list."""
    body: dict[str, object] = {
        "responseCode": 200,
        "message": "success",
        "content": content,
        "duration": duration(),
        "info": None,
    }
    if result_set is not None:
        body["resultSet"] = result_set
    return Answer(200, body)


def unauthorized(resource: str) -> Answer:
    """Refuse: bad key, unknown or foreign form or submission. The form's text ends in a blank."""
    blank = "" if resource == "submission-id" else " "
    return _error(401, f"You're not authorized to use (/{resource}){blank}", info=f"{DOCS}#{resource}")


def read_only(action: str) -> Answer:
    """Refuse a write with a read key; the wording was reported once and not confirmed."""
    message = f"You're not authorized to use {action} action."
    return Answer(401, {"responseCode": 401, "message": message, "content": ""})


def not_available(path: str) -> Answer:
    """Refuse a path that is not JotForm's."""
    return _error(404, f"Requested URL ({path}) is not available!", info=DOCS)


def bad_request(message: str, *, content: object = "", resource: str = "") -> Answer:
    """Refuse input that cannot be used."""
    return _error(400, message, content=content, info=f"{DOCS}#{resource}" if resource else DOCS)


def over_limit(variant: str) -> Response:
    """Say that the day's calls are used up, in one of the four ways that were reported."""
    text = "API-Limit exceeded"
    if variant == "503":
        return Response("", 503, mimetype="text/html")
    if variant == "429":
        return answer(429, {"responseCode": 429, "message": text, "content": ""})
    return answer(int(variant), {"responseCode": 403, "message": text})


def _error(code: int, message: str, *, content: object = "", info: str) -> Answer:
    return Answer(
        code,
        {
            "responseCode": code,
            "message": message,
            "content": content,
            "duration": duration(),
            "info": info,
        },
    )
