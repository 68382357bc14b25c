"""A whole site in one process: a real sandbox, a real store in a file, and the gate in front of a small application."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.test import Client, TestResponse

from jotgate.admission.grants import Terms, people
from jotgate.clock import SystemClock
from jotgate.codes import generate, printed
from jotgate.config import Settings
from jotgate.outcomes import Verdict
from jotgate.protocols import SubmissionFilter
from jotgate.sandbox import Sandbox
from jotgate.wiring import Parts, build
from jotgate.wsgi import JotGateMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SITE_URL = "http://127.0.0.1:8700"
HOOK_SECRET = "the-hook-of-the-tests"
DOOR = "/jotgate/f/students"
_FRAME = re.compile(r'<iframe[^>]* src="([^"]+)"')
_TICKET = re.compile(r"[?&]jotgate=([^&\"]+)")


class TurnedClock:
    """Run with the system's clock, but for what a test turns it by."""

    def __init__(self) -> None:
        self.ahead_seconds = 0.0

    def now(self) -> float:
        return SystemClock().now() + self.ahead_seconds


def settings_of(sandbox: Sandbox, form_id: str, folder: Path, **changes: Any) -> dict[str, Any]:
    """Return the settings of a site with one form, as a mapping; *changes* may change or add any."""
    form = {"id": form_id, "title": "Student form", **changes.pop("form", {})}
    return {
        "site_url": SITE_URL,
        "api_key": sandbox.read_key,
        "api_host": sandbox.api,
        "secret_keys": [secrets.token_urlsafe(32)],
        "code_keys": [secrets.token_urlsafe(32)],
        "hook_secrets": [HOOK_SECRET],
        "store": f"sqlite:///{folder / 'jotgate.db'}",
        "sweeper": "external",
        "forms": {"students": form},
        **changes,
    }


def plain(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Be a site that knows nothing but its paths."""
    body = f"the site at {environ['PATH_INFO']}".encode("utf-8", "replace")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


class Visitor(Client):
    """One browser: keeps its cookies, unless a test sends its own, and comes from an address of its own.

    It says with each request that it opens a page, unless it is one that says nothing (*navigates*).
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        address: str,
        base_url: str = SITE_URL,
        keeps_cookies: bool = True,
        navigates: bool = True,
    ) -> None:
        super().__init__(application, use_cookies=keeps_cookies)
        self._says = (
            {"HTTP_SEC_FETCH_MODE": "navigate", "HTTP_SEC_FETCH_DEST": "document"} if navigates else {}
        )
        self._base_url = base_url
        self._address = address

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Make a request and read the whole answer."""
        if args and isinstance(args[0], str):
            kwargs.setdefault("base_url", self._base_url)
            given = {"REMOTE_ADDR": self._address} | self._says
            kwargs["environ_overrides"] = given | kwargs.get("environ_overrides", {})
        return super().open(*args, **{"buffered": True} | kwargs)

    def cookie(self, name: str) -> str:
        """Return the value of a cookie that the browser holds, or ""."""
        found = self.get_cookie(name, domain=urlsplit(self._base_url).hostname or "")
        return found.value if found else ""

    def enter(self, code: str, door: str = DOOR, **kwargs: Any) -> TestResponse:
        """Post a code."""
        return self.post(door, data={"code": code, **kwargs.pop("data", {})}, **kwargs)


# One count for all sites, since a site that is started anew keeps its store, with the guesses in it.
_visitors = itertools.count(1)


@dataclass
class Site:
    """The gate in front of an application, and the JotForm beside it."""

    sandbox: Sandbox
    mapping: dict[str, Any]
    clock: TurnedClock = field(default_factory=TurnedClock)
    application: WSGIApplication = plain
    parts: Parts = field(init=False)
    gate: JotGateMiddleware = field(init=False)

    def __post_init__(self) -> None:
        self.parts = build(Settings.from_mapping(self.mapping), clock=self.clock)
        self.gate = JotGateMiddleware(self.application, self.parts.settings, parts=self.parts)

    @property
    def form_id(self) -> str:
        return str(self.mapping["forms"]["students"]["id"])

    @property
    def store_path(self) -> Path:
        found = self.parts.settings.store_path
        assert found is not None
        return found

    def visitor(self, application: WSGIApplication | None = None, **options: Any) -> Visitor:
        """Return a new browser, in a network where nobody guessed before."""
        number = next(_visitors)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return Visitor(application or self.gate, **{"address": address} | options)

    def codes(self, count: int = 1, form: str = "students", **terms: Any) -> list[str]:
        """Create codes."""
        issued = self.parts.grants.create(Terms(form=form, **terms), people(count=count))
        return [one.code for one in issued]

    def code(self, **terms: Any) -> str:
        """Create one code."""
        return self.codes(**terms)[0]

    def admitted(self, **terms: Any) -> Visitor:
        """Return a browser that has entered a right code."""
        visitor = self.visitor()
        assert visitor.enter(self.code(**terms)).status_code == 303
        return visitor

    def app_secret(self, app: str = "ios", *, forms: tuple[str, ...] = ("students",), **options: Any) -> str:
        """Register an app, and return what its backend mints with."""
        secret = self.parts.apps.create(app, forms, actor="the tests", **options).secret
        assert secret
        return secret

    def sweep(self) -> None:
        """Read what was submitted, now."""
        self.parts.sweep.run(self.mapping["forms"], operator=True)

    def verdict(self, submission_id: str) -> Verdict | None:
        """Return what became of a submission."""
        wanted = SubmissionFilter(submission_ids=(submission_id,))
        return next((record.verdict for record in self.parts.store.submissions(wanted)), None)

    def restarted(self, **changes: Any) -> Site:
        """Return the same site as another process would serve it, with other settings if need be."""
        return Site(self.sandbox, self.mapping | changes, clock=self.clock, application=self.application)


def ticket_in(html: str) -> str:
    """Return the ticket in a page that shows the form."""
    found = _TICKET.search(unescape(html))
    assert found, html
    return found[1]


def frame_in(html: str) -> str:
    """Return the address that the frame of a page shows."""
    found = _FRAME.search(html)
    assert found, html
    return unescape(found[1])


def embedded_ticket(visitor: Client, html: str) -> str:
    """Return the ticket that *visitor* gets from a page that embeds the form, and that is not in the page."""
    assert not _TICKET.search(unescape(html))
    led = visitor.get(frame_in(html))
    assert led.status_code == 303
    return ticket_in(led.headers["Location"])


def unknown_code() -> str:
    """Return a well-formed code that nobody was given."""
    return printed(generate())


@contextmanager
def running_site(
    application: WSGIApplication = plain, questions: Any = None, **changes: Any
) -> Iterator[Site]:
    """Give a site with a sandbox of its own, whose form asks the usual *questions* or those given."""
    with TemporaryDirectory() as folder, Sandbox() as sandbox:
        form_id = sandbox.add_form("Students", questions)
        site = Site(sandbox, settings_of(sandbox, form_id, Path(folder), **changes), application=application)
        # The first reading finds where judging begins; a site does so long before its first visitor.
        site.sweep()
        yield site
        site.parts.store.close()
