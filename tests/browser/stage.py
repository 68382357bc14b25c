"""A site that plays the door's part: real pages, real headers, and answers that a test chooses.

The gate itself is not here: what matters is what the pages do with its answers.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from jinja2 import Environment
from playwright.sync_api import Frame, Page
from werkzeug.wrappers import Request, Response

from jotgate.outcomes import Reason
from tests.browser import gallery
from tests.patience import until

DOOR = gallery.FORM_PATH
FORM_ID = gallery.POLICY.form_id
COUNT_MESSAGES = "window.heard = 0; addEventListener('message', () => { window.heard += 1; })"


@dataclass
class Stage:
    """The site's state, which a test sets and reads."""

    #: Where the form in the iframe comes from, and another origin that is allowed to be framed too.
    jotform: str
    stranger: str
    #: What the next posted codes are answered with, in turn; a right code once there is nothing left.
    refusals: deque[tuple[int, dict[str, Any]]] = field(default_factory=deque)
    #: What `/state` answers, in turn; the last one for ever.
    states: deque[dict[str, Any]] = field(
        default_factory=lambda: deque([{"state": "sent", "expected_by": None}])
    )
    #: With what status, in turn; 200 once there is nothing left.
    state_statuses: deque[int] = field(default_factory=deque)
    #: What `/renew` answers.
    renewed: dict[str, Any] = field(default_factory=lambda: {"state": "open", "expires_in": 86_400})
    #: What `/sent` answers, in turn; 200 once there is nothing left.
    sent_statuses: deque[int] = field(default_factory=deque)
    admitted: bool = False
    #: How long the script stays away.
    script_seconds: float = 0.0
    #: What the page with the form is given besides.
    changes: dict[str, Any] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    #: A page of the site's own, with these fragments in it.
    fragments: list[dict[str, Any]] = field(default_factory=list)
    #: The style sheet of that page.
    own_style: str = ""
    _environment: Environment = field(default_factory=gallery.environment)

    @property
    def policy_header(self) -> str:
        """Return the content policy that the door sends."""
        return (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            f"frame-src 'self' {self.jotform} {self.stranger}; form-action 'self'; base-uri 'none'"
        )

    def form_context(self) -> dict[str, Any]:
        """Return what the page with the iframe is given."""
        return gallery.admitted(f"{self.jotform}/form", message_origins=[self.jotform], **self.changes)

    def asked(self, path: str) -> int:
        """Return how often a path was asked for."""
        return self.requests.count(path)

    def asked_once(self, path: str) -> bool:
        """Wait until a path was asked for: a page may show that it asks before the question is here."""
        until(lambda: self.asked(path), path)
        return self.asked(path) == 1

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        self.requests.append(f"{request.method} {request.path}")
        response = self._answer(request)
        response.headers["Content-Security-Policy"] = self.policy_header
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "no-store"
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/static/"):
            Event().wait(self.script_seconds if request.path.endswith(".js") else 0.0)
            return gallery.static_file(request)
        if picture := gallery.pictures(f"{self.jotform}/form").get(request.path[1:]):
            return self._page(picture.template, dict(picture.context))
        pages: dict[str, Callable[[], Response]] = {
            "GET /site": self._site_page,
            "GET /own.css": lambda: Response(self.own_style, mimetype="text/css"),
            f"GET {DOOR}": self._door,
            f"POST {DOOR}": lambda: self._judge(request.form["code"]),
            f"POST {DOOR}/sent": lambda: _json(
                {"state": "sent", "expected_by": None}, _next(self.sent_statuses)
            ),
            f"POST {DOOR}/renew": lambda: _json(self.renewed, 200),
            f"POST {DOOR}/leave": self._leave,
            f"GET {DOOR}/state": self._state,
            f"GET {DOOR}/done": lambda: self._page("done.html", gallery.every_page()),
        }
        return pages.get(f"{request.method} {request.path}", _nothing)()

    def _door(self) -> Response:
        if self.admitted:
            return self._page("form.html", self.form_context())
        return self._page("door.html", gallery.door())

    def _leave(self) -> Response:
        self.admitted = False
        return Response(status=303, headers={"Location": DOOR})

    def _state(self) -> Response:
        state = self.states.popleft() if len(self.states) > 1 else self.states[0]
        return _json(state, _next(self.state_statuses))

    def _judge(self, code: str) -> Response:
        self.codes.append(code)
        if not self.refusals:
            self.admitted = True
            return Response(status=303, headers={"Location": DOOR})
        status, context = self.refusals.popleft()
        template = (
            "move.html" if "move" in context else "door.html" if "action" in context else "refused.html"
        )
        return self._page(template, context, status) if context else Response("out of order", status)

    def _page(self, template: str, context: dict[str, Any], status: int = 200) -> Response:
        html = self._environment.get_template(f"jotgate/{template}").render(context)
        return Response(html, status, mimetype="text/html")

    def _site_page(self) -> Response:
        fragments = "".join(
            self._environment.get_template("jotgate/embed.html").render(context) for context in self.fragments
        )
        html = (
            '<!doctype html><html lang="en"><title>A school</title><link rel="stylesheet" href="/own.css">'
            '<div id="own"><h1>Our school</h1><p>Its own words, its own <a href="/">links</a>.</p><form><label>Search'
            f"<input></label><button>Go</button></form></div>{fragments}</html>"
        )
        return Response(html, mimetype="text/html")


def _next(statuses: deque[int]) -> int:
    return statuses.popleft() if statuses else 200


def _json(content: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(content), status, mimetype="application/json")


def _nothing() -> Response:
    return Response(status=204)


@Request.application
def _other_origin(request: Request) -> Response:
    """Answer as JotForm's origin does, or a stranger's: a page, whose script the test brings along."""
    return Response(
        '<!doctype html><html lang="en"><title>framed</title><p>framed</html>', mimetype="text/html"
    )


@contextmanager
def staged() -> Iterator[tuple[str, Stage]]:
    """Serve a stage, a JotForm and a stranger on three origins; give the stage's."""
    with gallery.served(_other_origin) as jotform, gallery.served(_other_origin) as stranger:
        stage = Stage(jotform=jotform, stranger=stranger)
        with gallery.served(stage) as origin:
            yield origin, stage


def wrong_code(reason: Reason, status: int, **facts: Any) -> tuple[int, dict[str, Any]]:
    """Return an answer to a posted code: this refusal, said on the page that asks again."""
    retry = facts.get("retry_after_seconds")
    return status, gallery.door(gallery.refused(reason, **facts), retry_after_seconds=retry)


def shown_form(page: Page, origin: str, stage: Stage) -> Frame:
    """Open the door as an admitted browser, and return the frame that JotForm's page is in."""
    stage.admitted = True
    page.goto(origin + DOOR)
    page.evaluate(COUNT_MESSAGES)
    frame = page.frame(url=f"{stage.jotform}/form")
    assert frame is not None
    return frame


def say(frame: Frame, *data: Any) -> None:
    """Send messages from inside a frame to its page, and wait until the page has heard them."""
    page = frame.page
    before = page.evaluate("window.heard")
    for each in data:
        frame.evaluate("data => parent.postMessage(data, '*')", each)
    page.wait_for_function("count => window.heard >= count", arg=before + len(data))
