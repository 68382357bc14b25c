"""A page of another origin reads what a scoped key opens only where the settings name that origin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flask
import pytest
from werkzeug.test import TestResponse

from jotgate.flask import JotGate
from tests.door.mirrored import School, noise, school

BOARD = "https://board.example"
#: What a browser asks before a page may send the key in a header.
PREFLIGHT = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "apikey"}


@pytest.fixture(scope="module")
def closed() -> Iterator[School]:
    """A site as it is by default."""
    with school() as made:
        made.add("students", 2)
        yield made


@pytest.fixture(scope="module")
def named(closed: School) -> School:
    """The same site with an origin in its settings."""
    return School(closed.site.restarted(scoped_key_origins=[BOARD]), closed.forms)


def ask(site: School, path: str, origin: str = BOARD, method: str = "GET", **headers: str) -> TestResponse:
    """Make a call as a browser does for a page of *origin*."""
    return site.site.visitor().open(
        f"/jotgate/v1{path}", method=method, headers={"Origin": origin, **headers}
    )


def shared(answer: TestResponse) -> dict[str, str]:
    """Return what an answer lets a browser do, and claim that it never lets it send its cookies."""
    told = {
        name.removeprefix("Access-Control-").lower(): value
        for name, value in answer.headers.items()
        if name.startswith("Access-Control-")
    }
    assert "allow-credentials" not in told
    assert {"APIKEY", "Origin"} <= set(answer.vary)
    assert answer.headers["Cache-Control"] == "no-store"
    return told


def test_no_other_origin_reads_anything_by_default(closed: School) -> None:
    """Neither an answer nor a refusal, and a browser that asks first is not encouraged."""
    key = closed.key()
    for path in ("/user/forms", closed.path("/submissions"), "/nothing", "/jotgate/students/submitted"):
        assert shared(ask(closed, path, APIKEY=key)) == {}
        assert shared(ask(closed, path)) == {}
        answer = ask(closed, path, method="OPTIONS", **PREFLIGHT)
        assert (answer.status_code, shared(answer)) == (204, {})


def test_a_named_origin_reads_answers_and_refusals(named: School) -> None:
    """Else a page could not tell its user what is wrong; the key comes in a header or, at once, in the query."""
    key, seen = named.key(), {"allow-origin": BOARD, "expose-headers": "Retry-After"}
    for path, status in (
        ("/user/forms", 200),
        (named.path("/submissions?fitler=x"), 400),
        (named.path("", "trip"), 401),
        ("/nothing", 404),
        ("/jotgate/students/submitted?subject=s-1", 200),
        ("/jotgate/trip/submitted?subject=s-1", 401),
    ):
        answer = ask(named, path, APIKEY=key)
        assert (answer.status_code, shared(answer)) == (status, seen)
    answer = ask(named, f"/user/forms?apiKey={key}")
    assert (answer.status_code, shared(answer)) == (200, seen)
    answer = ask(named, "/user/forms", APIKEY=noise())
    assert (answer.status_code, shared(answer)) == (401, seen)


def test_a_browser_may_ask_first_whether_a_page_may_send_the_key(named: School) -> None:
    """It does so without the key, and is told what may be read, and that nothing may be written."""
    for path in ("/user/forms", named.path("/submissions"), "/jotgate/students/submitted"):
        answer = ask(named, path, method="OPTIONS", **PREFLIGHT)
        assert (answer.status_code, answer.text) == (204, "")
        assert shared(answer) == {
            "allow-origin": BOARD,
            "allow-methods": "GET, HEAD",
            "allow-headers": "APIKEY, Content-Type, jf-team-id",
            "expose-headers": "Retry-After",
            "max-age": "600",
        }


@pytest.mark.parametrize(
    "origin",
    [
        "https://board.example.evil.example",
        "http://board.example",
        "https://board.example:444",
        "null",
        "*",
        "",
    ],
)
def test_an_origin_that_is_only_like_it_reads_nothing(named: School, origin: str) -> None:
    """Scheme, host and port decide, whole."""
    assert shared(ask(named, "/user/forms", origin, APIKEY=named.key())) == {}
    assert shared(ask(named, "/user/forms", origin, "OPTIONS", **PREFLIGHT)) == {}


def test_any_origin_may_be_allowed(closed: School) -> None:
    """Also that of a file."""
    everybody = School(closed.site.restarted(scoped_key_origins=["*"]), closed.forms)
    for origin in (BOARD, "null"):
        assert shared(ask(everybody, "/user/forms", origin, APIKEY=everybody.key()))["allow-origin"] == "*"


def test_no_other_page_of_the_door_is_shared(named: School) -> None:
    """Its pages go by cookies."""
    visitor = named.site.visitor()
    for path in ("/jotgate/f/students", "/jotgate/f/students/state", "/jotgate/health"):
        for method in ("GET", "OPTIONS"):
            answer = visitor.open(path, method=method, headers={"Origin": BOARD, **PREFLIGHT})
            assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]


def test_a_flask_site_answers_a_browser_that_asks_first(named: School) -> None:
    """Before any login of the site's own, since browsers ask without one."""
    app = flask.Flask("school")
    JotGate().init_app(app, parts=named.site.parts)

    @app.before_request
    def log_in() -> Any:
        return "log in", 401

    headers = {"Origin": BOARD, **PREFLIGHT}
    answer = app.test_client().options("/jotgate/v1/user/forms", headers=headers)
    assert (answer.status_code, shared(answer)["allow-headers"]) == (204, "APIKEY, Content-Type, jf-team-id")
    answer = app.test_client().get("/jotgate/v1/user/forms", headers={"Origin": BOARD, "APIKEY": named.key()})
    assert (answer.status_code, shared(answer)["allow-origin"]) == (200, BOARD)
