"""The middleware around a plain application, a Flask app and a Django site, by the letter of PEP 3333."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.handlers import SimpleHandler
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import flask
import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from jotgate.admission.grants import Terms, people
from jotgate.door.routes import ROUTES
from jotgate.errors import ResponseStarted
from jotgate.wsgi import JotGateMiddleware
from tests.door.site import DOOR, HOOK_SECRET, SITE_URL, Site, embedded_ticket, plain, running_site, ticket_in

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PROTECTED = {"protect": ["/inside"]}


def page(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Embed the door, and tell who holds a pass."""
    visit = environ["jotgate.visit"]
    body = f"<h1>{environ['SCRIPT_NAME']}{environ['PATH_INFO']}</h1>{visit.embed('students')}{list(visit.passes)}"
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "max-age=60")])
    return [body.encode()]


def flask_site() -> flask.Flask:
    """Return a Flask app that knows the middleware only by its environ."""
    app = flask.Flask("inner")

    @app.route("/<path:path>", methods=["GET", "POST"])
    def anything(path: str) -> str:
        visit = flask.request.environ["jotgate.visit"]
        return f"<h1>{path}</h1>{visit.embed('students')}{list(visit.passes)}"

    return app


def both_sides(site: Site, application: WSGIApplication) -> WSGIApplication:
    """Return the gate around *application*, with a judge of the protocol before and behind it."""
    gate = JotGateMiddleware(validator(application), site.parts.settings, parts=site.parts)
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
    assert embedded_ticket(visitor, visitor.get("/students").text)
    assert "['students']" in visitor.get("/inside").text
    assert visitor.post(f"{DOOR}/sent").status_code == 303
    assert visitor.get(f"{DOOR}/state").status_code == 200
    assert visitor.post(f"{DOOR}/leave").status_code == 303
    for path in ("/jotgate/nothing", "/jotgate/health", "/jotgate/static/jotgate.js", DOOR):
        assert visitor.get(path).status_code in (200, 404)
    assert visitor.open(DOOR, method="HEAD").data == b""
    assert visitor.put(DOOR).status_code == 405
    assert visitor.post(DOOR, data={"code": "x"}).status_code == 422


def every_address() -> Iterator[tuple[str, str]]:
    """Iterate over the door's addresses, each with its own methods and with some that it lacks."""
    named = {"form": "students", "secret": HOOK_SECRET, "name": "jotgate.js", "path": "user/forms"}
    for route in ROUTES:
        path = re.sub(r"<(?:path:)?(\w+)>", lambda found: named[found[1]], f"/jotgate{route.rule}")
        yield from ((method, path) for method in sorted({*route.methods, "HEAD", "OPTIONS", "PUT"}))


def test_every_address_of_the_door_keeps_to_the_protocol(site: Site) -> None:
    """For a stranger and for somebody admitted, whatever the method."""
    stranger, admitted = (site.visitor(both_sides(site, page)) for _ in range(2))
    admitted.enter(site.code())
    for visitor in stranger, admitted:
        for method, path in every_address():
            assert visitor.open(path, method=method).status_code < 500, (method, path)


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
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"ze")
        write(b"ro ")
        return [b"one ", b"two"]

    assert served(both_sides(site, generating)).endswith(b"\r\n\r\none two")
    assert served(both_sides(site, eager)).endswith(b"\r\n\r\nzero one two")


@pytest.mark.parametrize("path", ["/inside/page", "/inside"])
def test_what_is_guarded_is_kept_out_of_caches(site: Site, path: str) -> None:
    """Whatever the application says of it: a cache would show it to those without a pass."""

    def cached(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("cache-control", "public, max-age=600")])
        return [b"inside"]

    visitor = site.visitor(both_sides(site, cached))
    assert visitor.get("/open").headers.getlist("Cache-Control") == ["public, max-age=600"]
    visitor.enter(site.code())
    answer = visitor.get(path)
    assert answer.text == "inside"
    assert answer.headers.getlist("Cache-Control") == ["private, no-store"]


def test_a_page_that_no_cache_keeps_may_ask_at_any_time(site: Site) -> None:
    """The application said so itself before its first bytes went out."""

    def unkept(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Cache-Control", "No-Store, private")])
        yield b"passes: "
        yield str(list(environ["jotgate.visit"].passes)).encode()

    answer = site.visitor(both_sides(site, unkept)).get("/")
    assert answer.text == "passes: []"
    assert answer.headers.getlist("Cache-Control") == ["No-Store, private"]


def test_a_page_that_is_out_is_asked_too_late(site: Site) -> None:
    """By a visit that the application kept, as a thread of it may: what caches have by now gets no ticket."""
    kept = []

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        kept.append(environ["jotgate.visit"])
        start_response("200 OK", [("Content-Type", "text/plain"), ("Cache-Control", "max-age=600")])
        return [b"page"]

    gate = JotGateMiddleware(application, site.parts.settings, parts=site.parts)
    assert site.visitor(gate).get("/").text == "page"
    with pytest.raises(ResponseStarted):
        kept[0].embed("students")


def test_files_reach_the_server_as_they_are(site: Site) -> None:
    """It sends its own kind of file by itself, and knows it by its class, or, as uWSGI does, by what was opened."""
    opened = BytesIO(b"a picture")

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "image/png")])
        body: Iterable[bytes] = environ["wsgi.file_wrapper"](opened)
        return body

    gate = JotGateMiddleware(application, site.parts.settings, parts=site.parts)
    environ = EnvironBuilder().get_environ()
    body = gate(environ | {"wsgi.file_wrapper": FileWrapper}, lambda *started: opened.write)
    assert isinstance(body, FileWrapper)
    assert gate(environ | {"wsgi.file_wrapper": lambda file: file}, lambda *started: opened.write) is opened


def test_a_body_is_closed_and_nothing_waits_for_the_collector(site: Site) -> None:
    """However it was made; afterwards the environ holds no visit that holds the environ."""
    closed, seen = [], []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter((b"", b"page"))

        def close(self) -> None:
            closed.append(self)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.append(environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Body() if environ["PATH_INFO"] == "/piecewise" else [b"page"]

    gate = JotGateMiddleware(application, site.parts.settings, parts=site.parts)
    for path in "/whole", "/piecewise":
        assert site.visitor(gate).get(path).text == "page"
    assert len(closed) == 1
    assert len(seen) == 2
    assert all("jotgate.visit" not in environ for environ in seen)


def test_a_request_that_is_none_of_ours_costs_no_look_at_anything(site: Site) -> None:
    """Its path is examined once for all, its visit has slots only, and neither cookies nor the store are read."""
    visits = []

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        visits.append(environ["jotgate.visit"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"page"]

    class Unread(dict[str, object]):
        def get(self, name: str, default: object = None) -> object:
            assert name in ("PATH_INFO", "SCRIPT_NAME"), name
            return super().get(name, default)

    gate = JotGateMiddleware(application, site.parts.settings, parts=site.parts)
    for _ in range(3):
        gate(Unread(EnvironBuilder("/a/page").get_environ()), lambda *started: lambda data: None)
    assert len(visits) == 3
    assert not any(hasattr(visit, "__dict__") for visit in visits)
    assert gate._guard is not None
    assert (gate._guard.forms_for.cache_info().misses, gate._guard.forms_for.cache_info().hits) == (1, 2)


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


def logged_in(application: WSGIApplication) -> WSGIApplication:
    """Return *application* behind a login by HTTP Basic, which names the pupil in the environ as servers do."""

    def login(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        given = Request(environ).authorization
        if given is not None and given.password == "sesame":
            environ["REMOTE_USER"] = given.username
        return application(environ, start_response)

    return login


def asking(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Tell how the visitor stands with the form, twice, since the second question is asked of the same visit."""
    visit = environ["jotgate.visit"]
    states = [visit.has_submitted("students").state.value for _ in range(2)]
    start_response("200 OK", [("Content-Type", "text/plain")])
    assert visit.submission("students", "1") is None
    return [f"{states} {len(visit.submissions('students'))}".encode()]


@pytest.mark.parametrize("where", ["outside", "inside"])
def test_a_login_is_seen_from_where_it_is_mounted(site: Site, where: str) -> None:
    """By the application on both sides; by the door's own pages only outside, since they are answered before it."""
    own = site.restarted(subject_loader=lambda environ: environ.get("REMOTE_USER"))
    [issued] = own.parts.grants.create(Terms(form="students"), people(subjects=[f"s-{where}"]))
    sender = own.visitor()
    sender.enter(issued.code)
    site.sandbox.submit(site.form_id, {"jotgate": ticket_in(sender.get(DOOR).text)})
    own.sweep()

    def gate(application: WSGIApplication) -> WSGIApplication:
        return JotGateMiddleware(validator(application), own.parts.settings, parts=own.parts)

    visitor = own.visitor(logged_in(gate(asking)) if where == "outside" else gate(logged_in(asking)))
    assert visitor.get("/").text == "['none', 'none'] 0"
    assert visitor.get("/", auth=(f"s-{where}", "wrong")).text == "['none', 'none'] 0"
    auth = (f"s-{where}", "sesame")
    assert visitor.get("/", auth=auth).text == "['verified', 'verified'] 1"
    assert visitor.get(f"{DOOR}/mine", auth=auth).status_code == (200 if where == "outside" else 401)


def test_a_page_that_is_mounted_inside_has_the_door_of_the_whole_site(site: Site) -> None:
    """A dispatcher behind the gate moves the path into SCRIPT_NAME; the door stays where it is, and leads back."""
    inside = DispatcherMiddleware(plain, {"/school": page})
    visitor = site.visitor(both_sides(site, inside))
    asks = visitor.get("/school/students").text
    assert "<h1>/school/students</h1>" in asks
    assert f'action="{DOOR}"' in asks
    signed = asks.partition('name="next" value="')[2].partition('"')[0]
    assert visitor.enter(site.code(), data={"next": signed}).headers["Location"] == "/school/students"
