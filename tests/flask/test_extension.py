"""The Flask extension: the same door as a blueprint, and what views have of it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import flask
import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from jotgate import mint_token
from jotgate.errors import ConfigError
from jotgate.flask import JotGate
from jotgate.outcomes import Verdict, VerdictEvent
from jotgate.protocols import Consumer
from jotgate.submissions import Candidate
from jotgate.wsgi import JotGateMiddleware
from tests.door.site import DOOR, SITE_URL, Site, embedded_ticket, plain, running_site, ticket_in
from tests.patience import until

JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(form={"protect": ["/inside"]}) as running:
        yield running


def school(site: Site, **options: Any) -> flask.Flask:
    """Return a Flask site that uses everything the extension has."""
    app = flask.Flask("school", **options)
    gate = JotGate()
    gate.init_app(app, parts=site.parts)

    @app.route("/students", methods=["GET", "POST"])
    def students() -> str:
        return flask.request.form.get("answer", "") + gate.embed("students")

    @app.post("/answers")
    def answers() -> str:
        return str(gate.embed("students"))

    @app.get("/template")
    def template() -> str:
        return flask.render_template_string(
            '<h1>{{ title }}</h1>{{ jotgate.embed("students") }}', title="<&>"
        )

    @app.route("/secret", methods=["GET", "POST"])
    @gate.requires_pass("students")
    def secret() -> str:
        return "secret"

    @app.get("/inside/page")
    def inside() -> str:
        return "inside"

    @app.get("/passes")
    def passes() -> str:
        return ",".join(flask.g.jotgate.passes) + "/" + ",".join(gate.visit.passes)

    @app.get("/other")
    def other() -> flask.Response:
        return flask.Response("other", headers={"Cache-Control": "max-age=60"})

    return app


def test_the_whole_way_by_the_letter_of_the_protocol(site: Site) -> None:
    """Through `wsgiref.validate`: page, code, form, state, sent, leaving, what there is not."""
    visitor = site.visitor(validator(school(site).wsgi_app))
    assert 'name="code"' in visitor.get("/students").text
    answer = visitor.enter(site.code())
    assert (answer.status_code, answer.headers["Location"]) == (303, DOOR)
    assert embedded_ticket(visitor, visitor.get("/students").text)
    assert ticket_in(visitor.get(DOOR).text)
    assert visitor.get(f"{DOOR}/state").get_json()["state"] == "open"
    assert visitor.post(f"{DOOR}/sent", headers=JSON).status_code == 200
    assert visitor.post(f"{DOOR}/leave").status_code == 303
    assert visitor.get(f"{DOOR}/state").status_code == 401
    assert visitor.get("/jotgate/f/nobody").status_code == 404
    assert visitor.get("/jotgate/health").status_code == 200
    assert visitor.put(DOOR).status_code == 405
    assert visitor.get(f"{DOOR}/done").status_code == 200
    assert visitor.get("/jotgate/static/jotgate.js").status_code == 200


@pytest.mark.parametrize("path", ["/students", "/template", "/passes", "/secret", "/inside/page"])
def test_what_depends_on_the_visitor_is_private(site: Site, path: str) -> None:
    """Embedding, asking for passes and guarding all make the answer `private, no-store`; others stay as they were."""
    app = school(site)
    for visitor in site.visitor(app), site.visitor(app):
        assert visitor.get(path).headers.getlist("Cache-Control") == ["private, no-store"]
        assert visitor.get("/other").headers.getlist("Cache-Control") == ["max-age=60"]
        visitor.enter(site.code())


def test_from_a_view_that_only_takes_posts_the_code_leads_to_the_door(site: Site) -> None:
    """The view would answer 405 to a browser that comes back; the door shows the form."""
    visitor = site.visitor(school(site))
    assert visitor.get("/answers").status_code == 405
    asks = visitor.post("/answers").text
    signed = asks.partition('name="next" value="')[2].partition('"')[0]
    entered = visitor.enter(site.code(), data={"next": signed}, follow_redirects=True)
    assert (entered.status_code, entered.request.path) == (200, DOOR)
    assert ticket_in(entered.text)


@pytest.mark.parametrize("path", ["/secret", "/inside/page"])
def test_a_guarded_view_is_reached_through_the_door(site: Site, path: str) -> None:
    """HTML GET: 303 to the door and back to the same address; JSON and POST: 401 in JSON."""
    visitor = site.visitor(school(site))
    for answer in visitor.get(path, headers=JSON), visitor.post(path):
        assert answer.status_code == 401
        content: Any = answer.json
        assert content["error"]["reason"] == "no_pass"
    to_door = visitor.get(f"{path}?week=7")
    assert to_door.status_code == 303
    asks = visitor.get(to_door.headers["Location"]).text
    signed = asks.partition('name="next" value="')[2].partition('"')[0]
    back = visitor.enter(site.code(), data={"next": signed})
    assert back.headers["Location"] == f"{path}?week=7"
    assert visitor.get(back.headers["Location"]).text == path.split("/")[1]


def test_templates_embed_the_form_unescaped_and_escape_the_rest(site: Site) -> None:
    """`{{ jotgate.embed(..) }}` is markup."""
    answer = site.visitor(school(site)).get("/template").text
    assert "<h1>&lt;&amp;&gt;</h1>" in answer
    assert 'name="code"' in answer


def test_a_page_that_takes_a_post_may_embed_the_door(site: Site) -> None:
    """The view has read its form already; embedding asks for nothing more."""
    answer = site.visitor(school(site)).post("/students", data={"answer": "forty-two"})
    assert answer.status_code == 200
    assert answer.text.startswith("forty-two")
    assert 'name="code"' in answer.text


def test_the_passes_of_the_visitor_stand_in_g(site: Site) -> None:
    """`g.jotgate` and `gate.visit` are this request's visit."""
    visitor = site.visitor(school(site))
    assert visitor.get("/passes").text == "/"
    visitor.enter(site.code())
    assert visitor.get("/passes").text == "students/students"


def test_the_apps_own_templates_override_the_doors(site: Site, tmp_path: Path) -> None:
    """`templates/jotgate/door.html` of the app, by Flask's own loader; it may build on ours and use the app's names."""
    (tmp_path / "jotgate").mkdir()
    (tmp_path / "jotgate" / "door.html").write_text(
        '{% extends "jotgate/base.html" %}{% block main %}<b>{{ school }}</b>{% include "jotgate/_door.html" %}'
        "{% endblock %}"
    )
    app = school(site, template_folder=str(tmp_path))
    app.context_processor(lambda: {"school": "Our own school", "form": "not the door's"})
    answer = site.visitor(app).get(DOOR).text
    assert "<b>Our own school</b>" in answer
    assert "Student form" in answer


def test_a_slash_too_many_at_the_end_is_forgiven(site: Site) -> None:
    """An address copied from a card may end in one; the way goes on without it."""
    visitor = site.visitor(school(site))
    assert f'action="{DOOR}"' in visitor.get(f"{DOOR}/").text
    assert visitor.enter(site.code(), f"{DOOR}/").headers["Location"] == DOOR
    assert ticket_in(visitor.get(f"{DOOR}/").text)


def test_below_a_script_name_every_address_is_below_it_too(site: Site) -> None:
    """Mounted at /school: the form's action, the guard and the way back."""
    visitor = site.visitor(DispatcherMiddleware(plain, {"/school": school(site)}))
    assert f'action="/school{DOOR}"' in visitor.get("/school/students").text
    to_door = visitor.get("/school/secret")
    assert to_door.headers["Location"].startswith(f"/school{DOOR}?next=")
    asks = visitor.get(to_door.headers["Location"]).text
    signed = asks.partition('name="next" value="')[2].partition('"')[0]
    answer = visitor.enter(site.code(), f"/school{DOOR}", data={"next": signed})
    assert answer.headers["Location"] == "/school/secret"
    assert visitor.get("/school/secret").text == "secret"


def configured(site: Site, **changes: Any) -> dict[str, Any]:
    """Return the site's settings as a Flask app's configuration holds them."""
    return {f"JOTGATE_{key.upper()}": value for key, value in (site.mapping | changes).items()}


def test_one_extension_serves_several_apps_of_one_process(site: Site, tmp_path: Path) -> None:
    """App factories with `init_app`: each app has its own store and keys, and `gate` means the current app's."""
    gate = JotGate()
    apps = []
    for number in range(2):
        app = flask.Flask(f"app{number}")
        store = f"sqlite:///{tmp_path / f'{number}.db'}"
        app.config.update(configured(site, store=store, secret_keys=[secrets.token_urlsafe(32)]))
        gate.init_app(app)
        app.add_url_rule("/", "home", lambda: gate.embed("students"))
        apps.append(app)
    with apps[0].app_context():
        code = gate.create_codes("students", count=1)[0].code
        ours = gate.parts
    with apps[1].app_context():
        assert gate.parts is not ours
    visitor, other = site.visitor(apps[0]), site.visitor(apps[1])
    assert other.enter(code).status_code == 403
    assert visitor.enter(code).status_code == 303
    assert "<iframe" in visitor.get("/").text
    cookies = {"Cookie": f"jotgate-students={visitor.cookie('jotgate-students')}"}
    assert "<iframe" not in site.visitor(apps[1], keeps_cookies=False).get("/", headers=cookies).text
    for app in apps:
        with app.app_context():
            gate.parts.store.close()


def test_the_extension_is_found_in_its_app(site: Site) -> None:
    """`app.extensions["jotgate"]` is the `JotGate`, as users of Flask expect, and is `jotgate` in templates, too."""
    app, gate = flask.Flask("school"), JotGate()
    gate.init_app(app, parts=site.parts)
    assert app.extensions["jotgate"] is gate
    assert app.jinja_env.globals["jotgate"] is gate


def test_coroutines_are_guarded_like_other_views(site: Site) -> None:
    """An `async def` answers those who may read it, with `flask.g` and all, and nobody else."""
    app, gate = flask.Flask("school"), JotGate()
    gate.init_app(app, parts=site.parts)

    @app.get("/admitted")
    @gate.requires_pass("students")
    async def admitted() -> dict[str, list[str]]:
        return {"passes": list(flask.g.jotgate.passes)}

    @app.get("/submitted")
    @gate.requires_submission("students")
    async def submitted() -> dict[str, list[str]]:
        return {"passes": list(flask.g.jotgate.passes)}

    visitor = site.visitor(app)
    assert visitor.get("/admitted").status_code == visitor.get("/submitted").status_code == 303
    visitor.enter(site.code())
    answer = visitor.get("/admitted")
    assert answer.json == {"passes": ["students"]}
    assert answer.headers.getlist("Cache-Control") == ["private, no-store"]
    assert visitor.get("/submitted", headers=JSON).status_code == 403
    site.sandbox.submit(site.form_id, {"jotgate": ticket_in(visitor.get(DOOR).text)})
    site.sweep()
    answer = visitor.get("/submitted")
    assert answer.json == {"passes": ["students"]}
    assert answer.headers.getlist("Cache-Control") == ["private, no-store"]


def test_settings_that_cannot_be_used_stop_the_app_with_every_problem() -> None:
    """One error names them all."""
    app = flask.Flask("broken")
    app.config.update(JOTGATE_SITE_URL="ftp://x", JOTGATE_API_KEY="", JOTGATE_COLOUR="red")
    with pytest.raises(ConfigError) as raised:
        JotGate(app)
    told = str(raised.value)
    for key in ("JOTGATE_SITE_URL", "JOTGATE_API_KEY", "JOTGATE_COLOUR", "JOTGATE_FORMS"):
        assert key in told


def test_codes_are_created_by_the_extension(site: Site) -> None:
    """Unnamed ones by count, named ones by subject; each opens the form."""
    app = flask.Flask("office")
    gate = JotGate()
    gate.init_app(app, parts=site.parts)
    with app.app_context():
        unnamed = gate.create_codes("students", count=2)
        named = gate.create_codes("students", subjects=["s-1", "s-2"])
    assert [one.subject for one in unnamed + named] == [None, None, "s-1", "s-2"]
    for one in unnamed + named:
        assert site.visitor(app).enter(one.code).status_code == 303


def test_limits_of_the_app_do_not_reach_the_hook_nor_the_hooks_the_app(site: Site) -> None:
    """An app with a small `MAX_CONTENT_LENGTH` of its own takes a larger delivery, and says 413 for the rest."""
    app = school(site)
    app.config["MAX_CONTENT_LENGTH"] = 1_000
    app.add_url_rule("/posted", view_func=lambda: flask.request.form["x"], methods=["POST"])
    visitor = site.visitor(app)
    delivery = {"formID": site.form_id, "submissionID": "1", "rawRequest": "x"}
    hook = f"/jotgate/hook/{site.mapping['hook_secrets'][0]}"
    assert visitor.post(hook, data=delivery).status_code == 200
    assert visitor.post(hook, data={**delivery, "rawRequest": "x" * 2_000}).status_code == 200
    assert visitor.post("/posted", data={"x": "x" * 2_000}).status_code == 413
    assert visitor.enter(site.code()).status_code == 303


def test_cross_site_posts_are_refused_here_too(site: Site) -> None:
    """The blueprint and the middleware are one door."""
    visitor = site.visitor(school(site))
    assert visitor.enter(site.code(), headers={"Origin": "https://evil.example"}).status_code == 403
    assert visitor.enter(site.code(), headers={"Origin": SITE_URL}).status_code == 303


@pytest.mark.parametrize(("said", "subject"), [(None, None), ("", None), ("s-1", "s-1"), (1042, "1042")])
def test_the_sites_own_login_says_whom_a_request_is_about(
    site: Site, said: object, subject: str | None
) -> None:
    """`subject_loader` is called without arguments, within the request; nobody is None, a number is text."""
    app = flask.Flask("school")
    with_login = site.restarted(subject_loader=lambda: said if flask.request.path else "no request")
    JotGate().init_app(app, parts=with_login.parts)
    with app.test_request_context("/students"):
        assert app.extensions["jotgate.door"].subject_of(flask.request) == subject


def test_without_a_loader_a_request_is_about_nobody(site: Site) -> None:
    """A site that has no login is asked for none."""
    app = school(site)
    with app.test_request_context("/students"):
        assert app.extensions["jotgate.door"].subject_of(flask.request) is None


def test_callbacks_are_called_within_their_app(site: Site) -> None:
    """Registered before or after the app, under the function's own name; later apps have them as well."""
    gate = JotGate()
    heard: list[tuple[str, str]] = []

    @gate.on_verdict
    def early(event: VerdictEvent) -> None:
        heard.append((flask.current_app.name, event.submission_id))

    app = flask.Flask("callbacks")
    gate.init_app(app, parts=site.parts)

    @gate.on_verdict(name="late")
    def late(event: VerdictEvent) -> None:
        heard.append(("late", event.submission_id))

    site.parts.callbacks.register()
    try:
        names = [one.consumer for one in site.parts.store.consumers() if one.revoked_at is None]
        assert names == [f"{__name__}.{early.__qualname__}", "late"]
        candidate = Candidate(
            submission_id="77",
            form="students",
            created_earliest=1.0,
            created_latest=1.0,
            verdict=Verdict.UNTICKETED,
        )
        site.parts.store.settle([candidate], capacity=None, now=site.parts.clock.now())
        assert site.parts.callbacks.deliver() == 2
        assert sorted(heard) == [("callbacks", "77"), ("late", "77")]
    finally:
        for name in names:
            site.parts.store.revoke_consumer(name, now=0.0, actor="test")


@pytest.mark.parametrize("as_middleware", [False, True])
def test_what_waited_for_a_restart_is_told_without_anybody_at_the_door(
    site: Site, as_middleware: bool
) -> None:
    """By the thread that the first request to a page of the site's own starts; a site without callbacks starts none."""
    others = set(threading.enumerate())
    own = site.restarted(sweeper="thread")
    name = f"waiting-{as_middleware}"
    own.parts.store.add_consumer(Consumer(consumer=name, kind="python"), now=own.parts.clock.now())
    submission_id = "88" if as_middleware else "89"
    candidate = Candidate(
        submission_id=submission_id,
        form="students",
        created_earliest=1.0,
        created_latest=1.0,
        verdict=Verdict.UNTICKETED,
    )
    own.parts.store.settle([candidate], capacity=None, now=own.parts.clock.now())
    heard: list[str] = []
    app = flask.Flask("restarted")
    app.add_url_rule("/", "home", lambda: "home")
    application: Any = app
    if as_middleware:
        application = JotGateMiddleware(app, own.parts.settings, parts=own.parts)
    else:
        JotGate().init_app(app, parts=own.parts)
    visitor = own.visitor(application)
    try:
        assert visitor.get("/").text == "home"
        assert not own.parts.sweeper.thread_runs()
        own.parts.on_verdict(lambda event: heard.append(event.submission_id), name=name)
        assert visitor.get("/").text == "home"
        until(lambda: submission_id in heard, "the callback")
    finally:
        own.parts.sweeper.stop()
        own.parts.store.revoke_consumer(name, now=0.0, actor="test")
        started = [one for one in set(threading.enumerate()) - others if one.name == "jotgate-sweep"]
        until(lambda: not any(one.is_alive() for one in started), "its end")


def test_an_app_opens_the_form_by_the_letter_of_the_protocol(site: Site) -> None:
    """Through `wsgiref.validate`: fetched ahead, refused, and opened."""
    forms = {"students": site.mapping["forms"]["students"] | {"access": ["code", "app"]}}
    opening = site.restarted(forms=forms)
    app = flask.Flask("school")
    JotGate().init_app(app, parts=opening.parts)
    token = mint_token(
        opening.app_secret(), app="ios", form="students", subject="s-1", now=opening.clock.now()
    )
    visitor = site.visitor(validator(app.wsgi_app))
    given = {"query_string": {"token": token}}
    for method, headers in (("HEAD", {}), ("GET", {"Sec-Purpose": "prefetch"})):
        answer = visitor.open(f"{DOOR}/enter", method=method, headers=headers, **given)
        assert (answer.status_code, answer.data) == (204, b"")
    assert visitor.get(f"{DOOR}/enter?token=garbage").status_code == 403
    answer = visitor.get(f"{DOOR}/enter", **given)
    assert (answer.status_code, answer.headers["Location"]) == (303, DOOR)
    assert ticket_in(visitor.get(DOOR).text)


def test_a_person_invited_opens_the_form_by_the_sites_own_session(site: Site) -> None:
    """`gate.invitation`, with an end by the form's clocks; the loader reads the session that the site's login made."""
    with_login = site.restarted(subject_loader=lambda: flask.session.get("number"))
    app = flask.Flask("school")
    app.secret_key = secrets.token_hex()
    gate = JotGate()
    gate.init_app(app, parts=with_login.parts)

    @app.post("/login")
    def login() -> str:
        flask.session["number"] = flask.request.form["number"]
        return "welcome"

    with app.app_context():
        link = gate.invitation("students", subject="s-1", until=datetime(2099, 1, 1))  # noqa: DTZ001
    path = link.removeprefix(SITE_URL)
    visitor = site.visitor(validator(app.wsgi_app))
    assert 'name="code"' in visitor.get(path).text
    visitor.post("/login", data={"number": "s-1"})
    assert 'name="code"' not in visitor.get(path).text
    answer = visitor.post(f"{DOOR}/invitation", data={"invitation": path.partition("invitation=")[2]})
    assert (answer.status_code, answer.headers["Location"]) == (303, DOOR)
    assert "Opened for <bdi>s-1</bdi>" in visitor.get(DOOR).text
