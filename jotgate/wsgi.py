"""jotgate in front of any WSGI application."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from jotgate.config import Settings
from jotgate.door.base import Door
from jotgate.door.embedding import Visit
from jotgate.door.guarding import Guard, turn_away
from jotgate.door.handling import Route, handle
from jotgate.door.refusing import refuse
from jotgate.door.rendering import jinja_renderer, kept_private
from jotgate.door.routes import ROUTES
from jotgate.errors import ResponseStarted
from jotgate.outcomes import Reason, Refuse
from jotgate.wiring import Parts, build

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


#: Where the application finds this request's visit in its environ.
VISIT = "jotgate.visit"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class JotGateMiddleware:
    """Serve the door below its prefix, guard what the settings protect, and hand everything else through.

    The application finds this request's `jotgate.door.embedding.Visit` in ``environ["jotgate.visit"]``.
    """

    def __init__(
        self,
        application: WSGIApplication,
        settings: Settings,
        *,
        templates: Sequence[str | os.PathLike[str]] = (),
        parts: Parts | None = None,
    ) -> None:
        """Wrap *application*.

        Files in the folders *templates* override the door's own, as ``jotgate/door.html``.
        *parts* replaces what `jotgate.wiring.build` makes of the settings, for tests.

        Raises:
            ConfigError, StoreMismatch: as `jotgate.wiring.build`.
        """
        self.application = application
        self.door = Door(
            parts or build(settings),
            jinja_renderer(templates),
            ask_site=lambda function, request: function(request.environ),
        )
        guard = Guard(self.door)
        self._guard = guard if guard else None
        self._prefix = settings.url_prefix + "/"
        self._urls = _urls(settings.url_prefix)
        self._hearers = self.door.parts.hearers

    @property
    def parts(self) -> Parts:
        """The gate, taken apart: codes are made with ``parts.grants``."""
        return self.door.parts

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        # A look for it anywhere takes a quarter of the time, and hardly any other path has it.
        if self._prefix in path and path.startswith(self._prefix):
            return self._own(environ, start_response)
        is_guarded = False
        if self._guard is not None:
            forms = self._guard.forms_for(path if path.isascii() else _routed(path))
            if forms:
                turned_away = turn_away(self.door, environ, forms)
                if turned_away is not None:
                    return turned_away(environ, start_response)
                is_guarded = True
        if self._hearers:
            self.door.look_after_callbacks(environ)
        # Filled in here, since a constructor would cost as much again, and every request pays for it.
        visit = environ[VISIT] = _StartingVisit()
        visit._door = self.door
        visit._environ = environ
        visit._passes = visit._status = visit._headers = None
        visit.touched = is_guarded
        visit._start_response = start_response
        visit._script_name = environ.get("SCRIPT_NAME", "")
        visit._path = path
        visit._released = False
        application = self.application
        body = application(environ, visit.start)
        if type(body) is list and visit._status is not None and visit._error is None:
            # The same as below, with hardly anything called, for most pages of most sites.
            visit._released = True
            environ.pop(VISIT, None)
            if visit.touched:
                visit._headers = kept_private(visit._headers)
            start_response(visit._status, visit._headers)
            return body
        if type(body) in (list, tuple) or _is_file(body, environ):
            # Nothing of the application runs any more.
            visit.release_start()
            visit.leave()
            return body
        return _Body(body, visit)

    def _own(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            route, arguments = self._urls.bind_to_environ(environ).match()
        except HTTPException as error:
            return self._lost(request, error)(environ, start_response)
        assert isinstance(route, Route)
        return handle(self.door, route, request, **arguments)(environ, start_response)

    def _lost(self, request: Request, error: HTTPException) -> Response:
        """Answer for an address that the door does not have."""
        if error.code == 404:
            refusal = Refuse.unrecorded(Reason.UNKNOWN_FORM)
            return self.door.secure(refuse(self.door, request, refusal, form=None))
        headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
        response = Response(f"{error.name}\n", status=error.code, headers=headers, mimetype="text/plain")
        return self.door.secure(response)


@lru_cache(maxsize=16)
def _urls(prefix: str) -> Map:
    """Return the door's addresses below *prefix*, which all sites of a process share."""
    return Map(
        [Rule(prefix + route.rule, endpoint=route, methods=route.methods) for route in ROUTES],
        merge_slashes=False,
        # People type a slash too many at the end of the address on their card.
        strict_slashes=False,
    )


def _routed(path: str) -> str:
    """Return *path* as applications route on it: as UTF-8, while WSGI hands it over as Latin-1 (PEP 3333)."""
    return path.encode("latin-1", "replace").decode("utf-8", "replace")


def _is_file(body: Iterable[bytes], environ: WSGIEnvironment) -> bool:
    """Say whether *body* is a file of the server's own kind, which it sends by itself only if it gets it as it is."""
    wrapper = environ.get("wsgi.file_wrapper")
    # uWSGI's wrapper is a function that returns the file.
    return isinstance(body, wrapper) if isinstance(wrapper, type) else hasattr(body, "read")


class _StartingVisit(Visit):
    """A visit whose response waits until the application has made its page, and is then marked as one visitor's.

    An application may start its response first and embed the door after that. Visit, start and ``write`` are one
    object, because every request that jotgate has nothing to do with pays for it.
    """

    __slots__ = (
        "_asked",
        "_error",
        "_headers",
        "_path",
        "_released",
        "_script_name",
        "_start_response",
        "_status",
        "_write",
    )

    _start_response: StartResponse
    #: How the door's own mount and the request's path are called there, whatever stands between it and the application.
    _script_name: str
    _path: str
    #: What the application started its response with; the status is None unless it waits, headers until there are any.
    _status: str | None
    _headers: list[tuple[str, str]] | None
    _error: Any
    _released: bool

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        """Hold back what ``start_response`` is called with: status, headers and perhaps the error being told."""
        self._status = status
        self._headers = headers
        self._error = exc_info
        if self._released:
            self.release_start()
        return self

    def __call__(self, data: bytes) -> object:
        """Be the ``write`` that ``start_response`` returns: a method would be made anew for each request."""
        self.release_start()
        return self._write(data)

    def release_start(self) -> None:
        """Start the response if the application has done so, and from now on whenever it does."""
        self._released = True
        status, self._status = self._status, None
        if status is None or self._headers is None:
            return
        if self.touched:
            self._headers = kept_private(self._headers)
        error = () if self._error is None else (self._error,)
        self._write = self._start_response(status, self._headers, *error)

    def leave(self) -> None:
        """Leave the environ, which would otherwise wait for the collector of garbage together with its visit."""
        self._environ.pop(VISIT, None)

    def _mark_response(self) -> None:
        if self._released and self._headers is not None and not _unkept(self._headers):
            raise ResponseStarted

    def _request(self) -> Request:
        """Return the request at the door's own mount, with all that logins inside have added to it by now."""
        moved = {"SCRIPT_NAME": self._script_name, "PATH_INFO": self._path, VISIT: None}
        # What was noted in the last one stays.
        self._asked = {**getattr(self, "_asked", _NOTHING), **self._environ, **moved}
        return Request(self._asked)


class _Body:
    """What an application answers with, held back as long as it may still ask about the visitor.

    Headers go out with the first bytes of the body at the latest (PEP 3333), so that is where it ends.
    """

    def __init__(self, body: Iterable[bytes], visit: _StartingVisit) -> None:
        self._body = body
        self._visit = visit

    def __iter__(self) -> Iterator[bytes]:
        chunks = iter(self._body)
        first = next(filter(None, chunks), None)
        self._visit.release_start()
        if first is not None:
            yield first
            yield from chunks

    def close(self) -> None:
        """Let the application know that its answer is out, or that nobody waits for it."""
        self._visit.leave()
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


def _unkept(headers: Iterable[tuple[str, str]]) -> bool:
    """Say whether no cache keeps a response with these headers."""
    return any(name.lower() == "cache-control" and "no-store" in value.lower() for name, value in headers)
