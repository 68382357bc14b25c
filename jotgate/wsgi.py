"""jotgate in front of any WSGI application."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from jotgate.config import Settings
from jotgate.door.embedding import PRIVATE, Visit
from jotgate.door.endpoints import ROUTES, Door
from jotgate.door.guarding import Guard
from jotgate.door.rendering import jinja_renderer
from jotgate.outcomes import Reason, Refuse
from jotgate.wiring import Parts, build

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


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
        self.door = Door(parts or build(settings), jinja_renderer(templates))
        self._guard = Guard(self.door)
        self._prefix = settings.url_prefix + "/"
        self._urls = Map(
            [
                Rule(settings.url_prefix + route.rule, endpoint=route.endpoint, methods=route.methods)
                for route in ROUTES
            ],
            merge_slashes=False,
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
        if self._guard:
            turned_away = self._turned_away(environ, path)
            if turned_away is not None:
                return turned_away(environ, start_response)
        visit = Visit(self.door, environ)
        environ["jotgate"] = visit
        start = _HeldStart(visit, start_response)
        body = self.application(environ, start)
        start.release()
        return body

    def _own(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            endpoint, arguments = self._urls.bind_to_environ(environ).match()
        except HTTPException as error:
            return self._lost(request, error)(environ, start_response)
        return self.door.handle(str(endpoint), request, **arguments)(environ, start_response)

    def _lost(self, request: Request, error: HTTPException) -> Response:
        """Answer for an address that the door does not have."""
        if error.code == 404:
            refuse = Refuse(reason=Reason.UNKNOWN_FORM, ref=Reason.UNKNOWN_FORM.name)
            return self.door.secure(self.door.refuse(request, refuse, form=None))
        headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
        response = Response(f"{error.name}\n", status=error.code, headers=headers, mimetype="text/plain")
        return self.door.secure(response)

    def _turned_away(self, environ: WSGIEnvironment, path: str) -> Response | None:
        # WSGI hands the path over as Latin-1; applications route on it as UTF-8 (PEP 3333).
        forms = self._guard.forms_for(path.encode("latin-1", "replace").decode("utf-8", "replace"))
        return self._guard.turn_away(Request(environ), forms) if forms else None


class _HeldStart:
    """A `start_response` that waits until the application has made its page, and then marks it as one visitor's.

    An application may start its response first and embed the door after that.
    """

    __slots__ = ("_held", "_released", "_start_response", "_visit", "_write")

    def __init__(self, visit: Visit, start_response: StartResponse) -> None:
        self._visit = visit
        self._start_response = start_response
        self._held: tuple[str, list[tuple[str, str]], _ExcInfo | None] | None = None
        self._released = False

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        self._held = (status, headers, exc_info)
        if self._released:
            self.release()
        return self._write_now

    def release(self) -> None:
        """Start the response if the application has done so, and from now on whenever it does."""
        self._released = True
        if self._held is None:
            return
        (status, headers, exc_info), self._held = self._held, None
        if self._visit.touched:
            headers = [(name, value) for name, value in headers if name.title() not in PRIVATE]
            headers += PRIVATE.items()
        if exc_info:
            self._write = self._start_response(status, headers, exc_info)
        else:
            self._write = self._start_response(status, headers)

    def _write_now(self, data: bytes) -> object:
        self.release()
        return self._write(data)
