"""What a request tells about who makes it: cookies, origin, network, and what it wants back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Request, Response

from jotgate.config import Settings
from jotgate.door.addresses import address_of
from jotgate.signed.browsers import Browser, new_browser, read_browser, sign_browser
from jotgate.signed.keyring import KeyRing
from jotgate.throttle import network_of

_BROWSER_SECONDS = 400 * 86_400
_PLAIN_IN_PATHS = "/:@!$&'()*+,;="
#: A query comes as it was sent, so percent-encoded characters stay so.
_PLAIN_IN_QUERIES = _PLAIN_IN_PATHS + "?%[]"


def cookie_values(header: str, name: str) -> list[str]:
    """Return the values of every cookie called *name* in a Cookie header, in their order."""
    wanted, found = name + "=", []
    before, equals, rest = header.partition(wanted)
    is_name = before[-1:] in "; "
    while equals:
        if is_name:
            found.append(rest.partition(";")[0].strip())
        before, equals, rest = rest.partition(wanted)
        is_name = before.endswith((";", " "))
    return found


def is_cross_site(request: Request, site_url: str) -> bool:
    """Say whether another site's page made the browser send this.

    ``Sec-Fetch-Site`` decides if the browser sends it, else ``Origin`` does; no browser leaves out both.
    """
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site != "same-origin"
    origin = request.headers.get("Origin")
    return origin is not None and origin != site_url


def query_value(request: Request, name: str) -> str:
    """Return a parameter of the query, "" if it is not there or the query is not text. Total."""
    return query_of(request).get(name, "")


def query_of(request: Request) -> Mapping[str, str]:
    """Return the parameters of the query, none if it is not text. Total."""
    try:
        return request.args
    except UnicodeDecodeError:
        return {}


def own_path(environ: dict[str, Any]) -> str:
    """Return a request's path and query in the spelling in which a browser can ask for them again."""
    root = quoted_path(environ.get("SCRIPT_NAME", "").rstrip("/"))
    return root + quoted_path(environ.get("PATH_INFO", "")) + quoted_query(environ)


@lru_cache(maxsize=128)
def quoted_path(path: str) -> str:
    """Return a path as WSGI hands it over (bytes as Latin-1, decoded; PEP 3333), percent-encoded."""
    return quote(path.encode("latin-1", "replace"), safe=_PLAIN_IN_PATHS)


def quoted_query(environ: dict[str, Any]) -> str:
    """Return the query with its question mark, percent-encoded where an address requires it; "" without a query."""
    query = environ.get("QUERY_STRING", "")
    return "?" + quote(query.encode("latin-1", "replace"), safe=_PLAIN_IN_QUERIES) if query else ""


def wants_json(request: Request) -> bool:
    """Say whether the client asks for JSON rather than for a page."""
    return prefers_json(request.headers.get("Accept", ""))


# Browsers send one of a few such headers, and to take one apart costs more than all the rest of a refusal.
@lru_cache(maxsize=128)
def prefers_json(accept: str) -> bool:
    """Say the same of an ``Accept`` header."""
    types = parse_accept_header(accept, MIMEAccept)
    return types.best_match(["text/html", "application/json"], default="text/html") == "application/json"


class Cookies:
    """The cookies of one site: how they are called, read, set and removed."""

    __slots__ = (
        "_attributes",
        "_browser",
        "_keys",
        "_language",
        "_own",
        "_prefix",
        "_proxy_header",
        "_trusted_proxies",
        "_visit",
    )

    def __init__(self, settings: Settings, keys: KeyRing) -> None:
        self._keys = keys
        self._trusted_proxies, self._proxy_header = settings.trusted_proxies, settings.proxy_header
        # A name that only this host can set, and only over TLS (RFC 6265bis, cookie name prefixes).
        self._prefix = "__Host-jotgate" if settings.secure else "jotgate"
        self._browser = self._prefix
        # No form's name has a dot.
        self._visit = f"{self._prefix}.office"
        self._language = f"{self._prefix}.lang"
        self._attributes: dict[str, Any] = {
            "path": "/",
            "secure": settings.secure,
            "httponly": True,
            "samesite": "Lax",
        }
        self._own = dict(self._attributes)
        if settings.frame_parents and settings.secure:
            # Inside another site's frame a browser keeps a cookie only like this.
            self._attributes |= {"samesite": "None", "partitioned": True}

    def pass_name(self, form: str) -> str:
        """Return the name of the cookie that holds the pass for *form*."""
        return f"{self._prefix}-{form}"

    def passes(self, environ: dict[str, Any], form: str) -> list[str]:
        """Return what a request carries as the pass for *form*: all that an admitted request has to look at."""
        return cookie_values(environ.get("HTTP_COOKIE", ""), f"{self._prefix}-{form}")

    def browser(self, request: Request, now: float) -> tuple[Browser, bool]:
        """Return the request's browser, and whether it is new and needs its cookie."""
        for text in cookie_values(request.headers.get("Cookie", ""), self._browser):
            browser = read_browser(text, self._keys)
            if browser is not None:
                return browser, False
        return new_browser(now), True

    def network(self, request: Request) -> str:
        """Return the network that the request comes from."""
        return network_of(address_of(request.environ, self._trusted_proxies, self._proxy_header))

    def set_browser(self, response: Response, browser: Browser) -> None:
        """Let the browser be recognised from now on."""
        value = sign_browser(browser, self._keys)
        response.set_cookie(self._browser, value, max_age=_BROWSER_SECONDS, **self._attributes)

    def set_pass(self, response: Response, form: str, value: str, seconds: float) -> None:
        """Hand the pass over; with Max-Age, since phones drop other cookies with the tab."""
        response.set_cookie(self.pass_name(form), value, max_age=max(int(seconds), 1), **self._attributes)

    def language(self, request: Request) -> list[str]:
        """Return what a request carries as the language that the visitor chose."""
        return cookie_values(request.headers.get("Cookie", ""), self._language)

    def set_language(self, response: Response, tag: str) -> None:
        """Remember the language that the visitor chose."""
        response.set_cookie(self._language, tag, max_age=_BROWSER_SECONDS, **self._attributes)

    def own_language(self, request: Request, form: str) -> list[str]:
        """Return what a request carries as the language that the class list says for who was let in."""
        return cookie_values(request.headers.get("Cookie", ""), self._own_language_name(form))

    def set_own_language(self, response: Response, form: str, tag: str | None) -> None:
        """Remember the language of who is let in, and no longer that of who was before."""
        name = self._own_language_name(form)
        if tag:
            response.set_cookie(name, tag, max_age=_BROWSER_SECONDS, **self._attributes)
        else:
            response.delete_cookie(name, **self._attributes)

    def _own_language_name(self, form: str) -> str:
        return f"{self.pass_name(form)}.lang"

    def visits(self, request: Request) -> list[str]:
        """Return what a request carries as the secret of a visit to the office."""
        return cookie_values(request.headers.get("Cookie", ""), self._visit)

    def set_visit(self, response: Response, secret: str, seconds: float) -> None:
        """Let the browser into the office. No other site's page ever shows the office in a frame."""
        response.set_cookie(self._visit, secret, max_age=int(seconds), **self._own)

    def drop_visit(self, response: Response) -> None:
        """Let the browser out of the office."""
        response.delete_cookie(self._visit, **self._own)

    def drop_pass(self, response: Response, form: str) -> None:
        """Take the pass back, and with it the language of its person."""
        response.delete_cookie(self.pass_name(form), **self._attributes)
        response.delete_cookie(self._own_language_name(form), **self._attributes)
