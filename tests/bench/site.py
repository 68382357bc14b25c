"""The site that is measured: its settings, and requests as a server behind a proxy makes them."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from jotgate.config import Settings

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

FORM = "students"
#: What every application answers when it lets a request through.
BODY = b"hello"
SECRET = "only-for-measuring-0123456789abcdef"

_BROWSERS_REQUEST: Environ = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/report/summary",
    "QUERY_STRING": "",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "SERVER_SOFTWARE": "measured/1",
    "REMOTE_ADDR": "127.0.0.1",
    "REMOTE_PORT": "51324",
    "HTTP_HOST": "school.example",
    "HTTP_CONNECTION": "keep-alive",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.7,de;q=0.3",
    "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
    "HTTP_REFERER": "https://school.example/",
    "HTTP_UPGRADE_INSECURE_REQUESTS": "1",
    "HTTP_SEC_FETCH_DEST": "document",
    "HTTP_SEC_FETCH_MODE": "navigate",
    "HTTP_SEC_FETCH_SITE": "same-origin",
    "HTTP_X_FORWARDED_FOR": "203.0.113.7",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "school.example",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
}


def settings_for(store: Path | str, *, protect: tuple[str, ...] = (), **more: object) -> Settings:
    """Return settings with one form, whose codes are kept in the file or at the address *store*."""
    form = {"id": "241234567890123", "title": "Students", "protect": list(protect)}
    return Settings.from_mapping(
        {
            "site_url": "https://school.example",
            "api_key": "0123456789abcdef0123456789abcdef",
            "secret_keys": [f"{SECRET}-for-signing"],
            "code_keys": [f"{SECRET}-for-codes"],
            "hook_secrets": [f"{SECRET}-for-the-hook"],
            "store": store if isinstance(store, str) else f"sqlite:///{store}",
            "sweeper": "external",
            "forms": {FORM: form},
            **more,
        }
    )


def environ(**changes: str) -> Environ:
    """Return what a server passes on of a browser's request for a page."""
    return _BROWSERS_REQUEST | changes


class Caller:
    """One request to one application, made whole: a new environ, the call, the body read and closed."""

    def __init__(self, application: Application, request: Environ, *, status: int = 200) -> None:
        """Raises AssertionError if the answer is not *status*: then it would not be worth measuring."""
        self._application = application
        self._request = request
        self._status = ""
        self()
        assert self._status.startswith(str(status)), f"answered {self._status}, not {status}"

    def __call__(self) -> None:
        request = self._request.copy()
        request["wsgi.input"] = io.BytesIO()
        body = self._application(request, self._start)
        for _ in body:
            pass
        close = getattr(body, "close", None)
        if close is not None:
            close()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        self._status = status


def cookies_after(application: Application, path: str, body: bytes | None = None) -> str:
    """Return the cookies that *application* sets when a browser asks for *path*, or posts *body* to it."""
    request = environ(PATH_INFO=path)
    if body is not None:
        content = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body))}
        request |= {"REQUEST_METHOD": "POST", **content}
    request["wsgi.input"] = io.BytesIO(body or b"")
    given: list[tuple[str, str]] = []
    answer = application(request, lambda status, headers, exc_info=None: given.extend(headers))
    for _ in answer:
        pass
    cookies = [value.partition(";")[0] for name, value in given if name.lower() == "set-cookie"]
    assert cookies, f"no cookie came from {path}"
    return "; ".join(cookies)


def forged(cookies: str, part: str) -> str:
    """Return *cookies* with the first character of the value of the cookie whose name holds *part* changed."""
    at = cookies.index("=", cookies.index(part)) + 1
    return cookies[:at] + ("B" if cookies[at] == "A" else "A") + cookies[at + 1 :]


def hello(request: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer at once."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]
