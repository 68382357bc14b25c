"""Other extensions in the same app, and what stands around it: the real ones, as their own pages say to use them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_seasurf import SeaSurf
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.middleware.shared_data import SharedDataMiddleware
from whitenoise import WhiteNoise

from jotgate.errors import ConfigError
from jotgate.flask import JotGate
from jotgate.wsgi import JotGateMiddleware
from tests.door.site import DOOR, HOOK_SECRET, Site, plain, running_site

HOOK = f"/jotgate/hook/{HOOK_SECRET}"
#: Where programs ask, and what they are told.
PROGRAMS = {f"{DOOR}/check": 401, f"{DOOR}/state": 401, "/jotgate/health": 200, "/jotgate/v1/user": 401}
Extend = Callable[[flask.Flask], object]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(form={"protect": ["/inside"]}) as running:
        yield running


def school(site: Site, extend: Extend = id, *, first: bool = False, **options: Any) -> flask.Flask:
    """Return a Flask site with the gate, and with what *extend* adds before it or after it."""
    app, gate = flask.Flask("school", **options), JotGate()
    app.secret_key = "of no use here"
    for add in (extend, gate_in(site, gate)) if first else (gate_in(site, gate), extend):
        add(app)
    host = {"host": "<host>"} if app.url_map.host_matching else {}
    app.add_url_rule("/page", "page", lambda **_: "the site's own", methods=["GET", "POST"], **host)
    app.add_url_rule("/inside/page", "inside", lambda **_: "inside", **host)
    return app


def gate_in(site: Site, gate: JotGate) -> Extend:
    return lambda app: gate.init_app(app, parts=site.parts)


def delivery(site: Site) -> dict[str, str]:
    """Return what JotForm sends to the webhook."""
    return {"formID": site.form_id, "submissionID": "1", "rawRequest": "{}"}


def login(app: flask.Flask) -> None:
    """Lead everybody away to a login of the site's own, with hooks of which one relies on the other."""

    @app.before_request
    def demand_login() -> flask.typing.ResponseReturnValue:
        flask.g.user = "nobody"
        return flask.redirect("/login")

    @app.after_request
    def note(page: flask.Response) -> flask.Response:
        page.headers["X-User"] = flask.g.user
        return page


def limit(app: flask.Flask) -> None:
    """Let nobody ask for anything twice an hour."""
    Limiter(get_remote_address, app=app, default_limits=["1 per hour"], storage_uri="memory://")


def fall_over(app: flask.Flask) -> None:
    """Fail before every view."""
    app.before_request(lambda: 1 / 0)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("extend", [login, limit, CSRFProtect, SeaSurf, Talisman, fall_over])
def test_programs_are_answered_whatever_the_site_asks_of_people(
    site: Site, extend: Extend, first: bool
) -> None:
    """JotForm's webhook is taken, and monitors and proxies hear the truth: no login, limit or token, and no 500."""
    app = school(site, extend, first=first)
    visitor = site.visitor(app)
    before = sum(state.due_seq for state in site.parts.store.form_states())
    for _ in range(3):
        assert visitor.post(HOOK, data=delivery(site)).text == "noted\n"
        for path, status in PROGRAMS.items():
            answer = visitor.get(path, headers={"Accept": "application/json"})
            assert (answer.status_code, path) == (status, path)
            assert answer.headers["Cache-Control"].endswith("no-store")
        assert visitor.get("/jotgate/static/jotgate.css").mimetype == "text/css"
    assert sum(state.due_seq for state in site.parts.store.form_states()) == before + 3


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("extend", [limit, CSRFProtect])
def test_the_door_is_exempt_where_an_extension_allows_it(site: Site, extend: Extend, first: bool) -> None:
    """Flask-Limiter and Flask-WTF hear of it by themselves, in whatever order; the site's own pages stay in."""
    visitor = site.visitor(school(site, extend, first=first))
    for _ in range(3):
        assert visitor.get(DOOR).status_code == 200
        assert visitor.enter(site.code()).status_code == 303
        assert "<iframe" in visitor.get(DOOR).text
    assert {visitor.post("/page").status_code for _ in range(2)} & {400, 429}


def test_seasurf_is_told_of_the_door(site: Site) -> None:
    """By its own `exempt_urls`, as the documentation says; without it, it refuses the code."""
    surfs: list[SeaSurf] = []
    app = school(site, lambda app: surfs.append(SeaSurf(app)))
    assert site.visitor(app).enter(site.code()).status_code == 403
    surfs[0].exempt_urls(("/jotgate/",))
    assert site.visitor(app).enter(site.code()).status_code == 303


@pytest.mark.parametrize("first", [True, False])
def test_talismans_policy_is_for_the_sites_pages_and_the_doors_for_its_own(site: Site, first: bool) -> None:
    """The door's pages keep their policy, which lets the form be framed; others have Talisman's."""
    app = school(site, lambda app: Talisman(app, force_https=False), first=first)
    ours = site.visitor().get(DOOR).headers
    theirs = site.visitor(app)
    for name in ("Content-Security-Policy", "Cache-Control", "Referrer-Policy", "X-Content-Type-Options"):
        assert theirs.get(DOOR).headers.getlist(name) == [ours[name]]
    assert "frame-src" not in theirs.get("/page").headers["Content-Security-Policy"]


def test_a_login_of_the_sites_own_lets_the_door_be_where_it_is_told_to(site: Site) -> None:
    """`request.blueprint` is "jotgate" at the door, which the documentation's hook looks at."""
    app = school(site)

    @app.before_request
    def demand_login() -> flask.typing.ResponseReturnValue | None:
        return None if flask.request.blueprint == "jotgate" else flask.redirect("/login")

    visitor = site.visitor(app)
    assert visitor.get("/page").status_code == 302
    assert visitor.enter(site.code()).status_code == 303


def test_an_app_that_tells_hosts_apart_has_its_door_on_all_of_them(site: Site) -> None:
    """`host_matching`: the door, a guarded page and the webhook on two hosts."""
    app = school(site, host_matching=True, static_host="static.example")
    for host in ("http://127.0.0.1:8700", "http://other.example"):
        visitor = site.visitor(app, base_url=host)
        assert visitor.get(DOOR).status_code == 200
        assert visitor.enter(site.code()).status_code == 303
        assert visitor.get("/inside/page").text == "inside"
        assert visitor.post(HOOK, data=delivery(site)).text == "noted\n"


@pytest.mark.parametrize(
    "path", ["/jotgate//f/students", "//jotgate/f/students", "/jotgate//f/students/done"]
)
def test_no_answer_repeats_a_foreign_host(site: Site, path: str) -> None:
    """Flask merges doubled slashes by leading to the host that the request names; the door's addresses do not."""
    answer = site.visitor(school(site)).get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 404
    assert "evil.example" not in str(answer.headers) + answer.text


def around(name: str, app: flask.Flask, folder: Path) -> Any:
    """Return what takes the place of ``app.wsgi_app``, and answers for a guarded path."""
    (folder / "inside").mkdir(exist_ok=True)
    (folder / "inside" / "plan.txt").write_text("a secret")
    if name == "DispatcherMiddleware":
        return DispatcherMiddleware(app.wsgi_app, {"/inside/blog": plain})
    if name == "DispatcherMiddleware above":
        return DispatcherMiddleware(app.wsgi_app, {"/inside": plain})
    if name == "SharedDataMiddleware":
        return SharedDataMiddleware(app.wsgi_app, {"/inside/files": str(folder)})
    return WhiteNoise(app.wsgi_app, root=str(folder))


MOUNTS = ["DispatcherMiddleware", "DispatcherMiddleware above", "SharedDataMiddleware", "WhiteNoise"]


@pytest.mark.parametrize("name", MOUNTS)
def test_what_answers_for_a_guarded_path_before_flask_is_refused(
    site: Site, name: str, tmp_path: Path
) -> None:
    """At once if it was there before the gate, at the first request if it came later; ProxyFix changes nothing."""

    def wrap(app: flask.Flask) -> None:
        app.wsgi_app = ProxyFix(around(name, app, tmp_path))  # type: ignore[method-assign]

    with pytest.raises(ConfigError, match=r"answers for /inside.*JotGateMiddleware"):
        school(site, wrap, first=True)
    app = school(site, wrap)
    app.testing = True
    with pytest.raises(ConfigError, match=r"answers for /inside"):
        site.visitor(app).get("/page")


def test_what_answers_for_other_paths_is_welcome(site: Site, tmp_path: Path) -> None:
    """A mount, a folder and files of paths that nobody guards."""
    (tmp_path / "robots.txt").write_text("open to all")

    def wrap(app: flask.Flask) -> None:
        inner: Any = DispatcherMiddleware(app.wsgi_app, {"/blog": plain})
        inner = WhiteNoise(SharedDataMiddleware(inner, {"/files": str(tmp_path)}), root=str(tmp_path))
        app.wsgi_app = inner  # type: ignore[method-assign]

    visitor = site.visitor(school(site, wrap))
    assert visitor.get("/inside/page").status_code == 303
    assert visitor.get("/blog/inside").text == "the site at /inside"
    assert visitor.get("/robots.txt").text == visitor.get("/files/robots.txt").text == "open to all"


@pytest.mark.parametrize("name", MOUNTS)
def test_the_middleware_guards_what_is_mounted_around_flask(site: Site, name: str, tmp_path: Path) -> None:
    """The way out that the refusal names: around everything, with Flask and its mounts inside."""
    app = flask.Flask("school")
    mounted = around(name, app, tmp_path)
    gate = JotGateMiddleware(mounted, site.parts.settings, parts=site.parts)
    visitor = site.visitor(gate)
    for path in ("/inside/blog/post", "/inside/files/inside/plan.txt", "/inside/plan.txt"):
        assert visitor.get(path).status_code == 303
    visitor.enter(site.code())
    told = [
        visitor.get(path)
        for path in ("/inside/blog/post", "/inside/files/inside/plan.txt", "/inside/plan.txt")
    ]
    assert {answer.text for answer in told} & {"a secret", "the site at /post", "the site at /blog/post"}
    assert {answer.headers["Cache-Control"] for answer in told} == {"private, no-store"}


def exported(site: Site, **options: Any) -> list[str]:
    """Return all that OpenTelemetry exports about a delivery, as text."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = school(site)
    FlaskInstrumentor().instrument_app(app, tracer_provider=provider, **options)
    try:
        site.visitor(app).post(HOOK, data=delivery(site))
        site.visitor(app).get("/page")
    finally:
        FlaskInstrumentor().uninstrument_app(app)
    return [span.to_json() for span in exporter.get_finished_spans()]


def test_opentelemetry_exports_no_secret_where_it_is_told_to_leave_the_webhook_out(site: Site) -> None:
    """By its own setting, as the documentation says; by default it exports the whole path."""
    assert any(HOOK_SECRET in span for span in exported(site))
    told = exported(site, excluded_urls="/jotgate/hook/")
    assert told
    assert not any(HOOK_SECRET in span for span in told)
