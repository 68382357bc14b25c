"""`/check`: what a proxy in front is told about a visitor, with the way to the door and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from wsgiref.validate import validator

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.door.signing import is_local_path
from jotgate.flask import JotGate
from tests.door.site import DOOR, SITE_URL, Site, running_site
from tests.door.test_endpoints import MonotonicClock, Outage

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

CHECK = f"{DOOR}/check"
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def way_back(site: Site, location: str) -> str | None:
    """Return the path that the door leads back to."""
    parts = urlsplit(location)
    assert (parts.scheme, parts.netloc, parts.path) == ("", "", DOOR)
    return site.gate.door.signer.read_return("".join(parse_qs(parts.query).get("next", [])))


@pytest.mark.parametrize("under_flask", [False, True])
def test_a_pass_is_told_from_none(site: Site, under_flask: bool) -> None:
    """204 and nothing else, or 401 with the door; on both ways of mounting, and by the letter of the protocol."""
    application: WSGIApplication = validator(site.gate)
    if under_flask:
        app = flask.Flask("checking")
        JotGate().init_app(app, parts=site.parts)
        # Flask gives every answer a type, also one that has no content.
        application = app.wsgi_app
    visitor = site.visitor(application)
    for method in "GET", "HEAD":
        refused = visitor.open(CHECK, method=method)
        assert (refused.status_code, refused.headers["Location"]) == (401, DOOR)
        assert refused.headers["Cache-Control"] == "private, no-store"
    assert visitor.get(CHECK).json["error"]["reason"] == "no_pass"
    visitor.enter(site.code())
    for method in "GET", "HEAD":
        admitted = visitor.open(CHECK, method=method)
        assert (admitted.status_code, admitted.data) == (204, b"")
        assert admitted.headers["Cache-Control"] == "private, no-store"
        assert "Content-Length" not in admitted.headers
    visitor.post(f"{DOOR}/leave")
    assert visitor.get(CHECK).status_code == 401


@pytest.mark.parametrize("header", ["X-Original-URI", "X-Forwarded-Uri"])
def test_the_door_leads_back_to_what_was_asked_for(site: Site, header: str) -> None:
    """As nginx, Caddy and Traefik tell it; the code that is posted with it leads there."""
    wanted = "/handouts/first%20day?page=2"
    visitor = site.visitor()
    location = visitor.get(CHECK, headers={header: wanted}).headers["Location"]
    assert way_back(site, location) == wanted
    back = parse_qs(urlsplit(location).query)["next"][0]
    assert visitor.enter(site.code(), data={"next": back}).headers["Location"] == wanted


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example/", "/\\evil.example", "https://evil.example/", "evil", "", "/a b", "/\t/evil.example"],
)
def test_what_is_no_path_of_this_site_is_not_gone_to(site: Site, elsewhere: str) -> None:
    """The door is named all the same, without a way back."""
    answer = site.visitor().get(CHECK, environ_overrides={"HTTP_X_ORIGINAL_URI": elsewhere})
    assert (answer.status_code, answer.headers["Location"]) == (401, DOOR)


@given(st.text(st.characters(max_codepoint=255), max_size=80))
def test_no_header_breaks_the_answer(site: Site, text: str) -> None:
    """Whatever stands there, the answer is 401, and its address is of this site."""
    answer = site.visitor().get(CHECK, environ_overrides={"HTTP_X_FORWARDED_URI": text})
    assert answer.status_code == 401
    back = way_back(site, answer.headers["Location"])
    assert back == (text if is_local_path(text) else None)


def test_a_proxy_that_hands_answers_on_may_ask_for_a_redirection(site: Site) -> None:
    """A browser that wants a page is led to the door at once; everything else is told.

    By the site's whole address: Traefik takes a path for one of the address at which it asks.
    """
    wanted = {"X-Forwarded-Uri": "/handouts/"}

    def answer(**headers: str) -> int:
        spelled = {name.replace("_", "-"): value for name, value in headers.items()}
        return site.visitor().get(f"{CHECK}?redirect=1", headers=wanted | spelled).status_code

    led = site.visitor().get(f"{CHECK}?redirect=1", headers=wanted)
    origin, path, rest = led.headers["Location"].partition(DOOR)
    assert (led.status_code, origin, way_back(site, path + rest)) == (303, SITE_URL, "/handouts/")
    assert led.headers["Cache-Control"] == "private, no-store"
    assert answer(X_Forwarded_Method="GET") == 303
    assert answer(X_Forwarded_Method="POST") == 401
    assert answer(Accept="application/json") == 401
    assert site.admitted().get(f"{CHECK}?redirect=1").status_code == 204


def test_a_pass_opens_its_own_form_only(site: Site) -> None:
    """Another form's pass is none; a form that there is not is told as everywhere."""
    other = site.sandbox.add_form("Teachers")
    both = site.restarted(forms=site.mapping["forms"] | {"teachers": {"id": other}})
    pupil = both.admitted()
    assert pupil.get(CHECK).status_code == 204
    assert pupil.get("/jotgate/f/teachers/check").status_code == 401
    assert pupil.get("/jotgate/f/nobody/check").status_code == 404
    assert pupil.post(CHECK).status_code == 405


def test_without_the_store_passes_last_a_minute(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is 503, never 204."""
    revocations_time = MonotonicClock()
    monkeypatch.setattr("jotgate.admission.revocations.time", revocations_time)
    own = site.restarted()
    visitor = own.admitted()
    assert visitor.get(CHECK).status_code == 204
    with Outage(own):
        revocations_time.at += 59.0
        assert visitor.get(CHECK).status_code == 204
        revocations_time.at += 2.0
        answer = visitor.get(CHECK)
        assert (answer.status_code, answer.json["error"]["reason"]) == (503, "store_down")
    revocations_time.at += 2.0
    assert visitor.get(CHECK).status_code == 204


def test_on_a_form_that_only_reports_everybody_goes_on() -> None:
    """And is counted by the program that asks, as the proxy hands it on; without the store nobody is stopped."""
    with running_site(form={"mode": "report"}) as site:
        for _ in range(2):
            assert site.visitor().get(CHECK, headers={"User-Agent": "FieldApp/3.2"}).status_code == 204
        assert site.admitted().get(CHECK).status_code == 204
        [one] = site.parts.store.would_be_refusals(site.clock.now())
        assert (one.reason.value, one.app, one.version, one.count) == ("no_pass", "FieldApp", "3.2", 2)
        own = site.restarted()
        with Outage(own):
            assert own.visitor().get(CHECK).status_code == 204
