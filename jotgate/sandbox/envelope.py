"""The JSON around every API answer, and the wording of errors as clients recorded them."""

from __future__ import annotations

import json
import secrets

from werkzeug.wrappers import Response

DOCS = "https://api.jotform.com/docs"


def answer(status: int, body: object) -> Response:
    """Return a JSON response; the body may be any value, in JotForm's spelling of JSON."""
    return Response(
        json.dumps(body, separators=(",", ":")).replace("/", "\\/"), status, mimetype="application/json"
    )


def duration() -> str:
    """Return a plausible server time, as in `64.92ms`."""
    return f"{12 + secrets.randbelow(8000) / 100:.2f}ms"


def success(
    content: object,
    *,
    limit_left: int | None,
    result_set: dict[str, object] | None = None,
    message: str = "success",
) -> dict[str, object]:
    """Return the body of an answer; `limit_left` None leaves `limit-left` out."""
    body: dict[str, object] = {
        "responseCode": 200,
        "message": message,
        "content": content,
        "duration": duration(),
        "info": None,
    }
    if result_set is not None:
        body["resultSet"] = result_set
    if limit_left is not None:
        body["limit-left"] = limit_left
    return body


def unauthorized(resource: str) -> Response:
    """Refuse: bad key, unknown or foreign form or submission. The form's text ends in a blank."""
    blank = "" if resource == "submission-id" else " "
    return _error(401, f"You're not authorized to use (/{resource}){blank}", info=f"{DOCS}#{resource}")


def read_only(action: str) -> Response:
    """Refuse a write with a read key; the wording was reported once and not confirmed."""
    return answer(
        401, {"responseCode": 401, "message": f"You're not authorized to use {action} action.", "content": ""}
    )


def not_available(path: str) -> Response:
    """Refuse a path that is not JotForm's."""
    return _error(404, f"Requested URL ({path}) is not available!", info=DOCS)


def bad_request(message: str) -> Response:
    """Refuse input that cannot be used."""
    return _error(400, message, info=DOCS)


def over_limit(variant: str) -> Response:
    """Say that the day's calls are used up, in one of the four ways that were reported."""
    text = "API-Limit exceeded"
    if variant == "503":
        return Response("", 503, mimetype="text/html")
    if variant == "429":
        return answer(429, {"responseCode": 429, "message": text, "content": ""})
    return answer(int(variant), {"responseCode": 403, "message": text})


def _error(code: int, message: str, *, info: str) -> Response:
    body = {"responseCode": code, "message": message, "content": "", "duration": duration(), "info": info}
    return answer(code, body)
