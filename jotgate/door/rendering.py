"""Pages: the templates, the headers that every answer of ours carries, and the static files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.http import is_resource_modified, quote_etag
from werkzeug.wrappers import Request, Response

from jotgate.config import Settings

if TYPE_CHECKING:
    from jinja2 import Environment

#: Renders a template by its name; Flask brings its own, which lets a site override each of ours.
Renderer = Callable[[str, Mapping[str, Any]], str]

#: What an answer says of itself that is one visitor's; the second is for caches that are told to ignore the first.
PRIVATE = (("Cache-Control", "private, no-store"), ("Vary", "Cookie"))
#: What an answer in words depends on.
VARY = "Accept-Language, Cookie"
#: What shared caches believe before `Cache-Control`, besides the targeted ones of RFC 9213 (`CDN-Cache-Control`).
_FOR_CACHES = frozenset({"expires", "x-accel-expires", "surrogate-control", "edge-control"})
_MAX_NAME_CHARS = 64
_STATIC_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


def jinja_renderer(folders: Sequence[str | os.PathLike[str]] = ()) -> Renderer:
    """Return a renderer for the package's templates; files in *folders* (``jotgate/door.html``) override them."""
    environment = _environment(tuple(os.fspath(folder) for folder in folders))

    def render(name: str, context: Mapping[str, Any]) -> str:
        return environment.get_template(name).render(context)

    return render


# A process may have several sites: each template is compiled once.
@lru_cache(maxsize=16)
def _environment(folders: tuple[str, ...]) -> Environment:
    from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader

    loaders = [FileSystemLoader(folders), PackageLoader("jotgate.door")]
    return Environment(loader=ChoiceLoader(loaders), autoescape=True)


def kept_private(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return *headers* as those of an answer that is one visitor's, whatever they told caches."""
    kept = told_to_no_cache(headers)
    kept += PRIVATE
    return kept


def keep_private(headers: Headers) -> None:
    """Do the same with the headers of a `Response`."""
    kept = told_to_no_cache(headers)
    # werkzeug looks into each value that it is given, those that were there as well.
    if len(kept) < len(headers):
        headers[:] = kept
    for name, value in PRIVATE:
        headers.add(name, value)


def told_to_no_cache(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return *headers* without those that tell caches anything."""
    return [
        one
        for one in headers
        if not _is_for_caches(one[0]) and (one[1] != "Cookie" or one[0].lower() != "vary")
    ]


# Applications use a handful of names, and each header of each guarded page is looked at.
@lru_cache(maxsize=128)
def _is_for_caches(name: str) -> bool:
    name = name.lower()
    return name.endswith("cache-control") or name in _FOR_CACHES


def security_headers(settings: Settings) -> dict[str, str]:
    """Return the headers of every page of the door.

    ``frame-src`` has to allow the form, the submit address and the thank-you page, which JotForm
    serves from different hosts: a narrower one stops the submission itself. Only a site with forms that are
    shown at JotForm's own address lets its forms lead there.
    """
    frames = " ".join(["'self'", *settings.host.frame_sources, *settings.frame_hosts])
    # Browsers hold where a form's answer redirects to against this as well.
    onward = settings.host.frame_sources if _leads_away(settings) else ()
    parents = " ".join(["'self'", *settings.frame_parents])
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "frame-src": frames,
        "frame-ancestors": parents,
        "form-action": " ".join(["'self'", *onward]),
        "base-uri": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cache-Control": "no-store",
        # no-referrer would make the browser send our own POST with Origin: null.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


def _leads_away(settings: Settings) -> bool:
    return any(policy.display == "redirect" for policy in settings.policies.values())


def json_response(status: int, content: Mapping[str, Any]) -> Response:
    """Return *content* as JSON."""
    return Response(json.dumps(content) + "\n", status=status, content_type="application/json")


@lru_cache(maxsize=16)
def static_file(name: str) -> tuple[bytes, str] | None:
    """Return a static file's content and its version, or None if no file has this name."""
    if len(name) > _MAX_NAME_CHARS or os.path.splitext(name)[1] not in _STATIC_TYPES:
        return None
    if not name.replace(".", "").isalnum():
        return None
    file = resources.files("jotgate.door") / "static" / name
    if not file.is_file():
        return None
    content = file.read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:12]


def static_response(request: Request, name: str) -> Response:
    """Return a static file; its address carries its version, so browsers may keep it."""
    found = static_file(name)
    if found is None:
        return Response("not found\n", status=404, content_type="text/plain")
    content, version = found
    if not is_resource_modified(request.environ, etag=quote_etag(version)):
        response = Response(status=304)
    else:
        response = Response(content, content_type=_STATIC_TYPES[os.path.splitext(name)[1]])
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["ETag"] = quote_etag(version)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
