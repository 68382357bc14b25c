"""The guard: no spelling of a protected path is open, in any application behind it."""

from __future__ import annotations

import posixpath
import random
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException
from werkzeug.test import create_environ, run_wsgi_app

from jotgate.door.base import Door
from jotgate.door.guarding import Guard, plain
from jotgate.door.rendering import jinja_renderer
from jotgate.flask import JotGate
from tests.door.site import DOOR, Site, running_site
from tests.door.test_endpoints import MonotonicClock, Outage

SPELLINGS = [
    "/inside",
    "/inside/",
    "//inside",
    "///inside/page",
    "/./inside",
    "/x/../inside",
    "/../inside",
    "/inside/.",
    "/inside/./page",
    "/inside//page",
    "/inside/../inside",
    "/inside/x/../../inside/page",
    "/INSIDE",
    "/Inside/Page",
    "/inside;v=1",
    "/inside;v=1/page",
    "/;x/inside",
    "/x/..;/inside",
    "/inside%2fpage",
    "/%2finside",
    "/%69nside",
    "/x%2f..%2finside",
    "/%2e%2e/inside",
    "/inside%00",
    "/inside/%2e",
    "/\\inside",
    "/x\\..\\inside",
    "/inside\\page",
    "/inside%20",
    "//inside/../open",
    "/inside/../open",
    "//inside;x/../open",
    "/INSIDE//..//open",
    "/jotgate/../inside",
    "/x/../inside/a\\..\\..\\..",
    "//jotgate/../inside",
]
OPEN = [
    "/",
    "/open",
    "/insider",
    "/inside-out",
    "/x/inside",
    "/open/inside",
    "/jotgate",
    "/insid",
    "/in/side",
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(form={"protect": ["/inside"]}) as running:
        yield running


@pytest.mark.parametrize("path", SPELLINGS)
def test_no_spelling_of_a_protected_path_is_open(site: Site, path: str) -> None:
    """Doubled slashes, %2f, parameters, capitals, dot segments: whatever a server makes of it, it is guarded."""
    raw = unquote(path).encode().decode("latin-1")
    answer = site.visitor().get("/", environ_overrides={"PATH_INFO": raw})
    assert answer.status_code in (303, 404)
    assert b"the site at" not in answer.data


@pytest.mark.parametrize("path", OPEN)
def test_what_is_not_protected_stays_open(site: Site, path: str) -> None:
    """A prefix ends at a segment."""
    assert site.visitor().get(path).text == f"the site at {path}"


def test_an_admitted_visitor_reads_what_is_protected(site: Site) -> None:
    """With a pass the page is there; after leaving it is not."""
    visitor = site.admitted()
    assert visitor.get("/inside/page").text == "the site at /inside/page"
    visitor.post(f"{DOOR}/leave")
    assert visitor.get("/inside/page").status_code == 303


@pytest.mark.parametrize("path", ["/schüler", "/SCHÜLER", "/schüler/7a", "/x/../schüler", "//schüler;v=1"])
def test_a_name_beyond_ascii_is_guarded(site: Site, path: str) -> None:
    """As browsers send it, in UTF-8, however it is spelled; the same in Latin-1, or cut in half, is another name."""
    form = {**site.mapping["forms"]["students"], "protect": ["/schüler"]}
    visitor = site.restarted(forms={"students": form}).visitor()
    raw = path.encode().decode("latin-1")
    assert visitor.get("/", environ_overrides={"PATH_INFO": raw}).status_code == 303
    for other in ("/sch\u00fcler", "/sch\u00c3", "/sch\u00c3\u00bcle"):
        assert visitor.get("/", environ_overrides={"PATH_INFO": other}).status_code == 200


def test_the_whole_site_may_be_protected_but_for_the_door(site: Site) -> None:
    """`protect = ["/"]`: every path is guarded, and the door and its files can still be reached."""
    own = site.restarted(forms={"students": {**site.mapping["forms"]["students"], "protect": ["/"]}})
    for path in "/", "/anything", "/jotgate":
        assert own.visitor().get(path).status_code == 303
    assert own.visitor().get(DOOR).status_code == 200
    assert own.visitor().get("/jotgate/static/jotgate.css").status_code == 200
    assert own.visitor().post(DOOR, data={"code": own.code()}).status_code == 303


def test_a_browser_is_sent_to_the_door_and_everything_else_is_told(site: Site) -> None:
    """HTML GET: 303; a POST, or who asks for JSON: 401 in JSON; none of them is kept by caches."""
    visitor = site.visitor()
    page = visitor.get("/inside")
    assert page.status_code == 303
    assert page.headers["Location"].startswith(f"{DOOR}?next=")
    assert page.mimetype == "text/plain"
    for answer in (
        visitor.post("/inside"),
        visitor.put("/inside"),
        visitor.get("/inside", headers={"Accept": "application/json"}),
    ):
        assert (answer.status_code, answer.mimetype) == (401, "application/json")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "Cookie" in answer.headers["Vary"]
    assert page.headers["Cache-Control"] == "private, no-store"


def test_a_program_is_told_of_codes_only_where_the_form_takes_them(site: Site) -> None:
    """On a form for apps, the words in JSON send nobody to look for a code."""
    form = site.mapping["forms"]["students"] | {"access": "app"}
    for_apps = site.restarted(forms={"students": form})
    told = [one.visitor().post("/inside").get_json()["error"]["message"] for one in (site, for_apps)]
    assert "code" in told[0]
    assert "code" not in told[1]
    assert "app" in told[1]


def test_a_pass_for_any_of_the_forms_of_a_prefix_opens_it(site: Site) -> None:
    """Two forms protect one path: either pass will do; the longest prefix decides."""
    other = site.sandbox.add_form("Teachers")
    students = {**site.mapping["forms"]["students"], "protect": ["/shared"]}
    teachers = {"id": other, "protect": ["/shared", "/shared/staff"]}
    both = site.restarted(forms={"students": students, "teachers": teachers})
    pupil, teacher = both.admitted(), both.visitor()
    teacher.enter(both.code(form="teachers"), "/jotgate/f/teachers")
    for visitor in pupil, teacher:
        assert visitor.get("/shared/page").status_code == 200
    assert teacher.get("/shared/staff").status_code == 200
    assert pupil.get("/shared/staff").headers["Location"].startswith("/jotgate/f/teachers")


SEGMENTS = [
    "inside", "INSIDE", "inside;a=b", "inside%20", "\u0131nside", "in\u017fide", "open", "page", "x", "jotgate",
    "f", "..", ".", "", ";", "..;", "\\", "%2f", "%2e%2e", "%00", "\x00", " ", "7",
]  # fmt: skip


def random_paths(count: int) -> Iterator[str]:
    """Generate odd paths, the same ones every time; one segment in ten is noise."""
    dice = random.Random(30)
    for _ in range(count):
        parts = [
            dice.choice(SEGMENTS)
            if dice.random() < 0.9
            else "".join(map(chr, dice.choices(range(1, 0x2FFF), k=3)))
            for _ in range(dice.randrange(6))
        ]
        yield dice.choice(["/", "/", "//", "/./"]) + "/".join(parts)


def merged(path: str) -> str:
    return re.sub("/+", "/", path)


def without_parameters(path: str) -> str:
    return re.sub(";[^/]*", "", path)


#: What applications are known to make of a path before they route on it.
READINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.lower,
    merged,
    posixpath.normpath,
    without_parameters,
    lambda path: merged(path.lower()),
    lambda path: posixpath.normpath(merged(path)),
    lambda path: merged(without_parameters(path)),
    lambda path: posixpath.normpath(merged(without_parameters(path))),
    lambda path: posixpath.normpath(merged(path.replace("\\", "/"))),
    lambda path: merged(path.replace("\\", "/").lower()),
)


def test_whatever_an_application_may_take_for_the_protected_path_is_guarded(site: Site) -> None:
    """However an application reads 10,000 random paths, if one ends up below the prefix the guard had it."""
    guard, inside = Guard(site.gate.door), 0
    for path in random_paths(10_000):
        readings = [reading(path) for reading in READINGS]
        if any(one == "/inside" or one.startswith("/inside/") for one in readings):
            assert guard.forms_for(path) == ("students",), repr(path)
            inside += 1
    assert inside > 1_000


@pytest.fixture(scope="module")
def flask_app(site: Site) -> flask.Flask:
    """Return a Flask site whose protected views lie below /inside, with every kind of route."""
    app = flask.Flask("guarded")
    JotGate().init_app(app, parts=site.parts)
    for rule in ("/inside", "/inside/", "/inside/<path:rest>", "/inside/<int:number>/<name>"):
        app.add_url_rule(rule, rule, lambda **_: "secret")
    for rule in ("/", "/open", "/<path:rest>"):
        app.add_url_rule(rule, rule, lambda **_: "open")
    return app


def test_whatever_flask_routes_to_a_protected_view_was_guarded(site: Site, flask_app: flask.Flask) -> None:
    """10,000 random paths against Flask's own routing: no answer without a pass is a protected page."""
    routes, asked = flask_app.url_map.bind("localhost"), 0
    for path in random_paths(10_000):
        try:
            rule, _ = routes.match(path, return_rule=True)
        except HTTPException:
            continue
        if rule.rule.startswith("/inside"):
            raw = path.encode().decode("latin-1")
            answer = site.visitor(flask_app).get("/", environ_overrides={"PATH_INFO": raw})
            assert answer.status_code in (303, 404), repr(path)
            assert answer.data != b"secret", repr(path)
            asked += 1
    assert asked > 100


def test_a_request_of_the_fewest_words_is_answered(site: Site) -> None:
    """A server need not say where the site is mounted, and a program need not say what it takes."""
    for method, status in ("GET", 303), ("POST", 401):
        environ = create_environ("/inside", method=method)
        del environ["SCRIPT_NAME"]
        answer = run_wsgi_app(site.gate, environ)
        assert int(answer[1][:3]) == status
        assert answer[2].get("Location", DOOR).startswith(DOOR)


@pytest.mark.parametrize("path", ["/a/b", "\\A\\b", "/a\0/b;v=1", "//a/./x/../b/"])
def test_a_prefix_is_compared_in_its_plainest_spelling(path: str) -> None:
    """However the settings spell it."""
    assert plain(path) == "/a/b"


@given(path=st.text(st.characters(), max_size=40))
def test_the_plainest_spelling_stays_what_it_is(path: str) -> None:
    """Total on any text, and a fixed point; so a prefix is compared in the spelling that paths are."""
    assert plain(plain(path)) == plain(path)
    assert plain(path).startswith("/")


def test_a_guard_of_nothing_is_false(site: Site) -> None:
    """Sites that protect nothing pay nothing for it."""
    own = site.restarted(forms={"students": {"id": site.form_id}})
    assert not Guard(Door(own.parts, jinja_renderer()))
    assert Guard(site.gate.door)


@pytest.mark.parametrize(
    ("mount", "is_reached"),
    [
        ("/", True),
        ("/inside", True),
        ("//Inside/", True),
        ("/inside/x", True),
        ("/in", False),
        ("/open", False),
    ],
)
def test_an_application_is_guarded_if_anything_of_it_is(site: Site, mount: str, is_reached: bool) -> None:
    """Where it is mounted itself, or what is mounted below it."""
    assert Guard(site.gate.door).reaches_into(mount) is is_reached


def test_no_cache_keeps_what_a_guarded_page_says_without_the_store(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person who was let in reads it in the form's language, a program in JSON; what is open stays open."""
    watch = MonotonicClock()
    monkeypatch.setattr("jotgate.admission.revocations.time", watch)
    own = site.restarted(forms={"students": site.mapping["forms"]["students"] | {"languages": ["es"]}})
    visitor = own.admitted()
    assert visitor.get("/inside").status_code == 200
    with Outage(own):
        watch.at += 61.0
        page = visitor.get("/inside")
        told = visitor.get("/inside", headers={"Accept": "application/json"})
        assert visitor.get("/open").text == "the site at /open"
    assert [(one.status_code, one.mimetype) for one in (page, told)] == [
        (503, "text/html"),
        (503, "application/json"),
    ]
    assert '<html lang="es"' in page.text
    for answer in page, told:
        assert answer.headers.getlist("Cache-Control") == ["private, no-store"]
        assert "Cookie" in answer.headers["Vary"]


def test_an_answer_to_head_has_the_headers_only(site: Site) -> None:
    """Of a page that is guarded, for a browser as for a program."""
    visitor = site.visitor()
    for headers in {}, {"Accept": "application/json"}:
        got, headed = visitor.get("/inside", headers=headers), visitor.head("/inside", headers=headers)
        assert (headed.status, headed.data) == (got.status, b"")
        assert headed.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.data))


def test_the_door_leads_back_to_the_guarded_page(site: Site) -> None:
    """With its query, also below a script name; a code that is entered there leads to it."""
    visitor = site.visitor()
    root = {"SCRIPT_NAME": "/schule für X/".encode().decode("latin-1")}
    location = visitor.get("/inside/page?a=1", environ_overrides=root).headers["Location"]
    path, _, query = location.partition("?next=")
    assert path == f"/schule%20f%C3%BCr%20X{DOOR}"
    assert site.gate.door.signer.read_return(unquote(query)) == "/schule%20f%C3%BCr%20X/inside/page?a=1"


def test_a_program_is_told_in_its_own_language(site: Site) -> None:
    """Where the form speaks it; else in English."""
    spanish = site.mapping["forms"]["students"] | {"languages": ["es"]}
    told = [
        one.visitor().post("/inside", headers={"Accept-Language": tag}).get_json()["error"]["message"]
        for one in (site, site.restarted(forms={"students": spanish}))
        for tag in ("de", "es", "tlh")
    ]
    german, castilian, english = told[:3]
    assert len({german, castilian, english}) == 3
    assert told[3:] == [english, castilian, english]
