"""The middleware around a plain application, a Flask app and a Django site, by the letter of PEP 3333."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.handlers import SimpleHandler
from wsgiref.validate import validator

import flask
import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Request

from jotgate.wsgi import JotGateMiddleware
from tests.door.site import DOOR, SITE_URL, Site, judged, plain, running_site, ticket_in

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PROTECTED = {"protect": ["/inside"]}


def page(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Embed the door, and tell who holds a pass."""
    visit = environ["jotgate"]
    body = f"<h1>{environ['SCRIPT_NAME']}{environ['PATH_INFO']}</h1>{visit.embed('students')}{list(visit.passes)}"
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "max-age=60")])
    return [body.encode()]


def flask_site() -> flask.Flask:
    """Return a Flask app that knows the middleware only by its environ."""
    app = flask.Flask("inner")

    @app.route("/<path:path>", methods=["GET", "POST"])
    def anything(path: str) -> str:
        visit = flask.request.environ["jotgate"]
        return f"<h1>{path}</h1>{visit.embed('students')}{list(visit.passes)}"

    return app


def both_sides(site: Site, application: WSGIApplication) -> WSGIApplication:
    """Return the gate around *application*, with a judge of the protocol before and behind it."""
    gate = JotGateMiddleware(judged(application), site.parts.settings, parts=site.parts)
    return validator(gate)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(form=PROTECTED) as running:
        yield running


@pytest.mark.parametrize("application", [page, flask_site()], ids=["plain", "flask"])
def test_the_whole_way_by_the_letter_of_the_protocol(site: Site, application: WSGIApplication) -> None:
    """Page, code, form, sent, left, guarded, lost: `wsgiref.validate` on both sides has nothing to say."""
    visitor = site.visitor(both_sides(site, application))
    answer = visitor.get("/students")
    assert answer.status_code == 200
    assert 'name="code"' in answer.text
    assert answer.headers.getlist("Cache-Control") == ["private, no-store"]
    assert visitor.get("/inside").status_code == 303
    assert visitor.enter(site.code()).status_code == 303
    assert ticket_in(visitor.get("/students").text)
    assert "['students']" in visitor.get("/inside").text
    assert visitor.post(f"{DOOR}/sent").status_code == 303
    assert visitor.get(f"{DOOR}/state").status_code == 200
    assert visitor.post(f"{DOOR}/leave").status_code == 303
    for path in ("/jotgate/nothing", "/jotgate/health", "/jotgate/static/jotgate.js", DOOR):
        assert visitor.get(path).status_code in (200, 404)
    assert visitor.open(DOOR, method="HEAD").data == b""
    assert visitor.put(DOOR).status_code == 405
    assert visitor.post(DOOR, data={"code": "x"}).status_code == 422


def served(application: WSGIApplication) -> bytes:
    """Return what the standard library's own server side makes of one GET."""
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SCRIPT_NAME": "", "SERVER_PROTOCOL": "HTTP/1.1"}
    environ |= {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "QUERY_STRING": ""}
    out = BytesIO()
    SimpleHandler(BytesIO(), out, StringIO(), environ).run(application)
    return out.getvalue()


def test_generators_and_write_callables_are_handed_through(site: Site) -> None:
    """Applications that start their response when they are read, or write, lose no byte."""

    def generating(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"one "
        yield b"two"

    def eager(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])(b"zero ")
        return [b"one ", b"two"]

    assert served(both_sides(site, generating)).endswith(b"\r\n\r\none two")
    assert served(both_sides(site, eager)).endswith(b"\r\n\r\nzero one two")


def test_an_error_told_late_replaces_the_answer(site: Site) -> None:
    """`exc_info` reaches the server, which may still replace what was begun."""

    def failing(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            raise ValueError("late")
        except ValueError:
            start_response("500 Late", [("Content-Type", "text/plain")], sys.exc_info())
        return [b"sorry"]

    answer = served(both_sides(site, failing))
    assert b"500 Late\r\n" in answer
    assert b"200 OK" not in answer
    assert answer.endswith(b"sorry")


def test_a_slash_too_many_at_the_end_is_forgiven(site: Site) -> None:
    """An address copied from a card may end in one; the way goes on without it."""
    visitor = site.visitor(both_sides(site, page))
    assert f'action="{DOOR}"' in visitor.get(f"{DOOR}/").text
    assert visitor.enter(site.code(), f"{DOOR}/").headers["Location"] == DOOR
    assert ticket_in(visitor.get(f"{DOOR}/").text)
    assert visitor.get(f"{DOOR}//").status_code == 404


def test_below_a_script_name_every_address_is_below_it_too(site: Site) -> None:
    """Mounted at /school: actions, files, Locations and the way back all begin there; cookies serve the whole host."""
    mounted = DispatcherMiddleware(plain, {"/school": both_sides(site, page)})
    visitor = site.visitor(validator(mounted))
    embedding = visitor.get("/school/students").text
    for attribute in ("action", "href", "src"):
        values = [part.partition('"')[0] for part in embedding.split(f'{attribute}="')[1:]]
        assert all(value.startswith("/school/jotgate/") for value in values if value.startswith("/")), values
    to_door = visitor.get("/school/inside/page?a=1")
    assert to_door.headers["Location"].startswith(f"/school{DOOR}?next=")
    asks = visitor.get(to_door.headers["Location"]).text
    signed = asks.partition('name="next" value="')[2].partition('"')[0]
    answer = visitor.enter(site.code(), f"/school{DOOR}", data={"next": signed})
    assert answer.headers["Location"] == "/school/inside/page?a=1"
    assert all("Path=/" in cookie.split("; ") for cookie in answer.headers.getlist("Set-Cookie"))
    assert "<h1>/school/inside/page</h1>" in visitor.get("/school/inside/page?a=1").text
    assert visitor.get("/elsewhere").text == "the site at /elsewhere"


def test_the_prefix_is_the_settings_own(site: Site) -> None:
    """With another `url_prefix` the door stands there, and /jotgate belongs to the site."""
    own = site.restarted(url_prefix="/gate")
    assert own.visitor().get("/gate/f/students").status_code == 200
    assert 'action="/gate/f/students"' in own.visitor().get("/gate/f/students").text
    assert own.visitor().get(DOOR).text == f"the site at {DOOR}"


def test_templates_of_the_site_override_the_doors_own(site: Site, tmp_path: Path) -> None:
    """`templates=` names folders; a file there replaces ours of the same name, and may build on it."""
    (tmp_path / "jotgate").mkdir()
    (tmp_path / "jotgate" / "door.html").write_text(
        '{% extends "jotgate/base.html" %}{% block main %}<b>our own door</b>{% include "jotgate/_door.html" %}'
        "{% endblock %}"
    )
    gate = JotGateMiddleware(plain, site.parts.settings, parts=site.parts, templates=[tmp_path])
    answer = site.visitor(gate).get(DOOR).text
    assert "<b>our own door</b>" in answer
    assert 'name="code"' in answer
    assert "our own door" not in site.visitor().get(DOOR).text


def test_two_gates_in_one_process_do_not_know_each_other(site: Site) -> None:
    """Each has its settings, its store and its keys: a pass of the one is nothing to the other."""
    with running_site(site_url=SITE_URL) as other:
        visitor = site.admitted()
        assert "<iframe" in visitor.get(DOOR).text
        cookies = {"Cookie": f"jotgate-students={visitor.cookie('jotgate-students')}"}
        assert "<iframe" not in other.visitor(keeps_cookies=False).get(DOOR, headers=cookies).text
        assert other.visitor().enter(site.code()).status_code == 403


def test_a_django_site_behind_the_gate(site: Site) -> None:
    """Django's own handler in a process of its own: embed, passes, `protect` and privacy, validated on both sides."""
    given: dict[str, Any] = {"settings": site.mapping, "code": site.code()}
    run = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.servers.django_site"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told == {
        "stranger": [200, "private, no-store", True],
        "guarded": [303, f"{DOOR}?next="],
        "posted": [401, "application/json"],
        "admitted": [303, "/inside/page"],
        "inside": [200, "inside, with ['students']"],
        "form": [200, True],
        "other": [200, "max-age=60"],
    }


def test_the_sites_own_login_reads_the_environ(site: Site) -> None:
    """`subject_loader` is given the request's environ."""
    with_login = site.restarted(subject_loader=lambda environ: environ.get("REMOTE_USER"))
    door = JotGateMiddleware(plain, with_login.parts.settings, parts=with_login.parts).door
    assert door.subject_of(Request({"REMOTE_USER": "s-1"})) == "s-1"
    assert door.subject_of(Request({})) is None
