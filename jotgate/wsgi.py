"""jotgate in front of any WSGI application."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from jotgate.config import Settings
from jotgate.door.base import Door, Route
from jotgate.door.embedding import PRIVATE, Visit
from jotgate.door.guarding import Guard
from jotgate.door.rendering import jinja_renderer
from jotgate.door.routes import ROUTES
from jotgate.outcomes import Reason, Refuse
from jotgate.wiring import Parts, build

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class JotGateMiddleware:
    """Serve the door below its prefix, guard what the settings protect, and hand everything else through.

    The application finds this request's `jotgate.door.embedding.Visit` in ``environ["jotgate"]``.
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
        self.door = Door(parts or build(settings), jinja_renderer(templates), _subject_loader(settings))
        guard = Guard(self.door)
        self._guard = guard if guard else None
        self._prefix = settings.url_prefix + "/"
        self._urls = Map(
            [
                Rule(settings.url_prefix + route.rule, endpoint=route, methods=route.methods)
                for route in ROUTES
            ],
            merge_slashes=False,
            # People type a slash too many at the end of the address on their card.
            strict_slashes=False,
        )

    @property
    def parts(self) -> Parts:
        """The gate, taken apart: codes are made with ``parts.grants``."""
        return self.door.parts

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path.startswith(self._prefix):
            return self._own(environ, start_response)
        if self._guard is not None:
            turned_away = self._guard.turn_away(environ, self._guard.forms_for(_routed(path)))
            if turned_away is not None:
                return turned_away(environ, start_response)
        # A copy, because an environ that holds its own visit would wait for the collector of garbage.
        visit = environ["jotgate"] = _StartingVisit(self.door, environ.copy(), start_response)
        body = self.application(environ, visit)
        visit.release_start()
        return body

    def _own(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            route, arguments = self._urls.bind_to_environ(environ).match()
        except HTTPException as error:
            return self._lost(request, error)(environ, start_response)
        assert isinstance(route, Route)
        return self.door.handle(route, request, **arguments)(environ, start_response)

    def _lost(self, request: Request, error: HTTPException) -> Response:
        """Answer for an address that the door does not have."""
        if error.code == 404:
            refuse = Refuse(reason=Reason.UNKNOWN_FORM, ref=Reason.UNKNOWN_FORM.name)
            return self.door.secure(self.door.refuse(request, refuse, form=None))
        headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
        response = Response(f"{error.name}\n", status=error.code, headers=headers, mimetype="text/plain")
        return self.door.secure(response)


def _subject_loader(settings: Settings) -> Callable[[Request], object] | None:
    """Return the site's own loader, which is given the environ of the request."""
    loader = settings.subject_loader
    return None if loader is None else lambda request: loader(request.environ)


def _routed(path: str) -> str:
    """Return *path* as applications route on it: as UTF-8, while WSGI hands it over as Latin-1 (PEP 3333)."""
    return path if path.isascii() else path.encode("latin-1", "replace").decode("utf-8", "replace")


class _StartingVisit(Visit):
    """A visit whose response waits until the application has made its page, and is then marked as one visitor's.

    An application may start its response first and embed the door after that. Visit and start are one object,
    because every request that is none of ours pays for it.
    """

    __slots__ = ("_held", "_released", "_start_response", "_write")

    def __init__(self, door: Door, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        # What the visit's own constructor sets, without the call.
        self._door = door
        self._environ = environ
        self._on_touch = None
        self._passes = None
        self.touched = False
        self._start_response = start_response
        self._held: tuple[Any, ...] | None = None
        self._released = False

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        """Take the place of ``start_response``: its status, headers and perhaps the error being told."""
        self._held = (status, headers) if exc_info is None else (status, headers, exc_info)
        if self._released:
            self.release_start()
        return self._write_now

    def release_start(self) -> None:
        """Start the response if the application has done so, and from now on whenever it does."""
        self._released = True
        if self._held is None:
            return
        started, self._held = self._held, None
        if self.touched:
            status, headers, *error = started
            headers = [(name, value) for name, value in headers if name.lower() != "cache-control"]
            started = (status, [*headers, *PRIVATE.items()], *error)
        self._write = self._start_response(*started)

    def _write_now(self, data: bytes) -> object:
        self.release_start()
        return self._write(data)
