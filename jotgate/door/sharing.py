"""Which other origins' pages may read what a scoped key opens (https://fetch.spec.whatwg.org/#http-cors-protocol).

No answer ever says that a browser may send its cookies along: a scoped key is all that opens anything here.
"""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from jotgate.config import Settings

#: A page that writes hears of it from the browser already.
_METHODS = "GET, HEAD"
#: JotForm's key and team, and what programs say of a body that a GET does not have.
_HEADERS = "APIKEY, Content-Type, jf-team-id"
#: So long a browser remembers; an origin that was taken out of the settings is refused the answers at once.
_REMEMBERED_SECONDS = "600"


def share(settings: Settings, request: Request, response: Response) -> Response:
    """Let the page that asks read *response*, if the settings name its origin."""
    # Caches that keep what must not be kept would give one key's answer to another's.
    response.vary.update(("APIKEY", "Origin"))
    origin = _allowed(settings, request)
    if origin:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    return response


def allow(settings: Settings, request: Request) -> Response:
    """Answer a browser that asks whether a page may ask; by its nature it comes without a key."""
    response = share(settings, request, Response(status=204, headers={"Allow": _METHODS}))
    # What has no content has no type either, by the letter of WSGI's checkers.
    del response.headers["Content-Type"]
    if "Access-Control-Allow-Origin" in response.headers:
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _HEADERS
        response.headers["Access-Control-Max-Age"] = _REMEMBERED_SECONDS
    return response


def _allowed(settings: Settings, request: Request) -> str | None:
    origins = settings.scoped_key_origins
    if "*" in origins:
        return "*"
    origin = request.headers.get("Origin", "")
    return origin if origin in origins else None
