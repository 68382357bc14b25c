"""Flask pages that are sent piece by piece, or changed after the view: what asks about the visitor is kept private."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flask
import pytest

from jotgate.door.embedding import Visit
from jotgate.errors import ResponseStarted
from jotgate.flask import JotGate
from jotgate.wsgi import JotGateMiddleware
from tests.door.site import Site, embedded_ticket, running_site

PUBLIC = {"Cache-Control": "public, max-age=600"}
PRIVATE = ["private, no-store"]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def school(site: Site) -> tuple[flask.Flask, JotGate]:
    """Return a Flask app whose errors reach the test, and its gate."""
    app, gate = flask.Flask("school"), JotGate()
    gate.init_app(app, parts=site.parts)
    app.testing = True
    return app, gate


def admitted(site: Site, app: flask.Flask) -> Any:
    visitor = site.visitor(app)
    visitor.enter(site.code())
    return visitor


@pytest.mark.parametrize("unkept", [True, False])
def test_a_streamed_template_embeds_only_where_no_cache_keeps_it(site: Site, unkept: bool) -> None:
    """`stream_template` sends its headers first; the error names both ways out."""
    app, _ = school(site)

    @app.get("/")
    def page() -> Any:
        headers = {"Cache-Control": "no-store"} if unkept else PUBLIC
        return flask.stream_template_string("<h1>Hi</h1>{{ jotgate.embed('students') }}"), headers

    visitor = admitted(site, app)
    if unkept:
        assert embedded_ticket(visitor, visitor.get("/").text)
        return
    with pytest.raises(ResponseStarted, match=r"before the first part.*Cache-Control: private, no-store"):
        visitor.get("/")


def test_what_the_view_embeds_may_be_streamed(site: Site) -> None:
    """The other way out: ask in the view, and hand the HTML to the template."""
    app, gate = school(site)

    @app.get("/")
    def page() -> Any:
        return flask.stream_template_string("<h1>Hi</h1>{{ form }}", form=gate.embed("students")), PUBLIC

    visitor = admitted(site, app)
    answer = visitor.get("/")
    assert embedded_ticket(visitor, answer.text)
    assert answer.headers.getlist("Cache-Control") == PRIVATE


@pytest.mark.parametrize(
    "question", ["passes", "kept", "embed", "has_submitted", "submissions", "submission", "another"]
)
def test_every_question_in_a_begun_page_comes_too_late(site: Site, question: str) -> None:
    """Whatever is asked of the visit, also of one that the view had, or about somebody by name."""
    app, gate = school(site)
    early: list[Visit] = []
    ask = {
        "passes": lambda: gate.visit.passes,
        "kept": lambda: early[0].passes,
        "embed": lambda: gate.embed("students"),
        "has_submitted": lambda: gate.has_submitted("students"),
        "submissions": lambda: gate.submissions("students", "s-1"),
        "submission": lambda: gate.submission("students", "1"),
        "another": lambda: gate.has_submitted("students", subject="s-1"),
    }[question]

    @app.get("/")
    def page() -> Any:
        @flask.stream_with_context
        def pieces() -> Iterator[str]:
            yield str(ask())

        if question == "kept":
            early.append(gate.visit)
        return pieces(), PUBLIC

    with pytest.raises(ResponseStarted):
        site.visitor(app).get("/")


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("has_submitted", {"subject": "s-1"}),
        ("submissions", {"subject": "s-1"}),
        ("submission", {"submission_id": "1"}),
    ],
)
def test_asking_about_somebody_by_name_makes_a_page_private(
    site: Site, question: str, about: dict[str, str]
) -> None:
    """The name may come from the session; outside of a request there is nothing to keep."""
    app, gate = school(site)

    @app.get("/")
    def page() -> Any:
        return str(getattr(gate, question)("students", **about)), PUBLIC

    assert site.visitor(app).get("/").headers.getlist("Cache-Control") == PRIVATE
    with app.app_context():
        assert not getattr(gate, question)("students", **about)


def test_a_hook_that_makes_pages_public_does_not_undo_the_mark(site: Site) -> None:
    """As sites have one for all their pages."""
    app, gate = school(site)
    app.add_url_rule("/", "home", lambda: gate.embed("students"))

    @app.after_request
    def cached(response: flask.Response) -> flask.Response:
        response.headers.update(PUBLIC)
        return response

    assert site.visitor(app).get("/").headers.getlist("Cache-Control") == PRIVATE


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_hook_that_embeds_marks_the_page(site: Site, order: str) -> None:
    """Whether it is called before the gate's own hook or after it."""
    app, gate = flask.Flask("school"), JotGate()
    app.add_url_rule("/", "home", lambda: ("<h1>School</h1>", PUBLIC))

    def banner(response: flask.Response) -> flask.Response:
        response.data += gate.embed("students").encode()
        return response

    if order == "after":
        app.after_request(banner)
    gate.init_app(app, parts=site.parts)
    if order == "before":
        app.after_request(banner)
    answer = site.visitor(app).get("/")
    assert 'name="code"' in answer.text
    assert answer.headers.getlist("Cache-Control") == PRIVATE


def test_requests_in_one_context_of_the_app_have_a_visit_each(site: Site) -> None:
    """Tests hold a context open and make several requests in it, which share `flask.g`."""
    app, _ = school(site)
    app.add_url_rule("/", "home", lambda: (str(list(flask.g.jotgate.passes)), PUBLIC))
    with app.app_context():
        visitor = site.visitor(app)
        assert visitor.get("/").text == "[]"
        visitor.enter(site.code())
        answer = visitor.get("/")
    assert answer.text == "['students']"
    assert answer.headers.getlist("Cache-Control") == PRIVATE


@pytest.mark.parametrize("late", [True, False])
def test_flask_behind_the_middleware_is_held_back_until_its_first_piece(site: Site, late: bool) -> None:
    """An app without the extension, which asks the middleware's visit while it streams."""
    app = flask.Flask("inner")

    @app.get("/")
    def page() -> Any:
        @flask.stream_with_context
        def pieces() -> Iterator[str]:
            if late:
                yield "<h1>School</h1>"
            yield flask.request.environ["jotgate.visit"].embed("students")

        return pieces(), PUBLIC

    visitor = admitted(site, JotGateMiddleware(app, site.parts.settings, parts=site.parts))
    if late:
        with pytest.raises(ResponseStarted):
            visitor.get("/")
    else:
        answer = visitor.get("/")
        assert embedded_ticket(visitor, answer.text)
        assert answer.headers.getlist("Cache-Control") == PRIVATE
