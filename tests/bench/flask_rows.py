"""What a request costs in a Flask site: jotgate's extension beside other extensions, over the bare site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import flask
from itsdangerous import BadData, URLSafeTimedSerializer

from jotgate.flask import JotGate
from jotgate.wiring import build
from tests.bench.measuring import Row
from tests.bench.site import FORM, SECRET, Caller, cookies_after, environ, forged, settings_for

BASE = "bare Flask site"
VALID = "jotgate requires_pass, valid pass"
HTTPAUTH = "Flask-HTTPAuth, signed token"
LOGIN = "Flask-Login"
_OTHERS = "theme=dark; "
_PATH = "/report/summary"


def passing(scratch: Path) -> Iterator[Row]:
    """Return the rows of a view that is not gated, in a site that has a gate."""
    yield Row(name=BASE, call=Caller(bare_site(), environ()))
    site = bare_site()
    _jotgate(site, scratch / "passing.db")
    yield Row(name="jotgate, view without a gate", base=BASE, call=Caller(site, environ()))
    site = bare_site()
    site.before_request(lambda: None)
    yield Row(name="floor: an empty hook", base=BASE, call=Caller(site, environ()))


def passing_flask_login(scratch: Path) -> Iterator[Row]:
    """Return Flask-Login's row for a view that needs no login."""
    site = _flask_login_site()
    yield Row(name="Flask-Login, view without a gate", base=BASE,
              call=Caller(site, environ(PATH_INFO="/open")))  # fmt: skip


def gated(scratch: Path) -> Iterator[Row]:
    """Return the rows of a gated view, with a valid pass, and with a forged one or none."""
    yield Row(name=BASE, call=Caller(bare_site(), environ()))
    site = flask.Flask(__name__)
    gate = _jotgate(site, scratch / "gated.db")

    @site.get(_PATH)
    @gate.requires_pass(FORM)
    def report() -> str:
        return "hello"

    with site.app_context():
        code = gate.create_codes(FORM, subjects=["s-1042"])[0].code
    cookies = _OTHERS + cookies_after(site, f"/jotgate/f/{FORM}", f"code={code}".encode())
    wrong = forged(cookies, FORM)
    yield Row(name=VALID, base=BASE,
              call=Caller(site, environ(HTTP_COOKIE=cookies)))  # fmt: skip
    yield Row(name="jotgate requires_pass, forged: 303", base=BASE,
              call=Caller(site, environ(HTTP_COOKIE=wrong), status=303))  # fmt: skip
    yield Row(name="jotgate requires_pass, forged, JSON: 401", base=BASE,
              call=Caller(site, environ(HTTP_COOKIE=wrong, HTTP_ACCEPT="application/json"), status=401))  # fmt: skip
    yield from _flask_session()


def gated_flask_login(scratch: Path) -> Iterator[Row]:
    """Return the rows of Flask-Login."""
    site = _flask_login_site()
    cookies = _OTHERS + cookies_after(site, "/login")
    yield Row(name=LOGIN, base=BASE, call=Caller(site, environ(HTTP_COOKIE=cookies)))
    wrong = forged(cookies, "session")
    yield Row(name=f"{LOGIN}, forged: 401", base=BASE,
              call=Caller(site, environ(HTTP_COOKIE=wrong), status=401))  # fmt: skip


def gated_flask_httpauth(scratch: Path) -> Iterator[Row]:
    """Return the rows of Flask-HTTPAuth with a token signed by itsdangerous."""
    from flask_httpauth import HTTPTokenAuth

    site, auth, signer = flask.Flask(__name__), HTTPTokenAuth(), URLSafeTimedSerializer(SECRET)

    @auth.verify_token
    def user_of(token: str) -> str | None:
        try:
            return str(signer.loads(token, max_age=86_400)["user"])
        except BadData:
            return None

    @site.get(_PATH)
    @auth.login_required
    def report() -> str:
        return "hello"

    token = signer.dumps({"user": "s-1042"})
    yield from _by_header(HTTPAUTH, site, token, refusal=401)


def gated_flask_jwt_extended(scratch: Path) -> Iterator[Row]:
    """Return the rows of Flask-JWT-Extended."""
    from flask_jwt_extended import JWTManager, create_access_token, jwt_required

    site = flask.Flask(__name__)
    site.config["JWT_SECRET_KEY"] = SECRET
    JWTManager(site)

    @site.get(_PATH)
    @jwt_required()
    def report() -> str:
        return "hello"

    with site.app_context():
        token = create_access_token("s-1042")
    yield from _by_header("Flask-JWT-Extended, HS256", site, token, refusal=422)


def gated_django_lockdown(scratch: Path) -> Iterator[Row]:
    """Return the row of django-lockdown, which stands on the bare Django site."""
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    sessions = "django.contrib.sessions.middleware.SessionMiddleware"

    def report(request: HttpRequest) -> HttpResponse:
        return HttpResponse("hello")

    def login(request: HttpRequest) -> HttpResponse:
        request.session["lockdown-allow"] = "open-sesame"
        return HttpResponse("hello")

    addresses = ModuleType("measured_addresses")
    addresses.urlpatterns = [path(_PATH[1:], report), path("login", login)]  # type: ignore[attr-defined]
    settings.configure(
        SECRET_KEY=SECRET,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=addresses,
        LOGGING_CONFIG=None,
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "lockdown",
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        LOCKDOWN_PASSWORDS=("open-sesame",),
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        MIDDLEWARE=[],
    )
    django.setup()
    bare = "bare Django site"
    yield Row(name=bare, call=Caller(WSGIHandler(), environ()))
    settings.MIDDLEWARE = [sessions]
    cookies = _OTHERS + cookies_after(WSGIHandler(), "/login")
    settings.MIDDLEWARE = [sessions, "lockdown.middleware.LockdownMiddleware"]
    locked = WSGIHandler()
    yield Row(name="django-lockdown", base=bare, call=Caller(locked, environ(HTTP_COOKIE=cookies)))


def bare_site() -> flask.Flask:
    """Return the site that has no gate."""
    site = flask.Flask(__name__)
    site.add_url_rule(_PATH, view_func=lambda: "hello", endpoint="report")
    return site


def _jotgate(site: flask.Flask, store: Path) -> JotGate:
    gate = JotGate()
    gate.init_app(site, parts=build(settings_for(store)))
    return gate


def _flask_session() -> Iterator[Row]:
    site = flask.Flask(__name__)
    site.secret_key = SECRET

    @site.get(_PATH)
    def report() -> str:
        if flask.session.get("user") is None:
            flask.abort(403)
        return "hello"

    @site.get("/login")
    def login() -> str:
        flask.session["user"] = "s-1042"
        return "hello"

    cookies = _OTHERS + cookies_after(site, "/login")
    yield Row(name="Flask's own session", base=BASE, call=Caller(site, environ(HTTP_COOKIE=cookies)))
    wrong = forged(cookies, "session")
    yield Row(name="Flask's own session, forged: 403", base=BASE,
              call=Caller(site, environ(HTTP_COOKIE=wrong), status=403))  # fmt: skip


def _flask_login_site() -> flask.Flask:
    from flask_login import LoginManager, UserMixin, login_required, login_user

    class User(UserMixin):  # type: ignore[misc]
        id = "s-1042"

    site = flask.Flask(__name__)
    site.secret_key = SECRET
    users = {"s-1042": User()}
    LoginManager(site).user_loader(users.get)

    @site.get(_PATH)
    @login_required
    def report() -> str:
        return "hello"

    @site.get("/open")
    def open_to_all() -> str:
        return "hello"

    @site.get("/login")
    def login() -> str:
        login_user(users["s-1042"])
        return "hello"

    return site


def _by_header(name: str, site: flask.Flask, token: str, *, refusal: int) -> Iterator[Row]:
    right = environ(HTTP_AUTHORIZATION=f"Bearer {token}")
    wrong = environ(HTTP_AUTHORIZATION=f"Bearer {token[:-4]}AAAA")
    yield Row(name=name, base=BASE, call=Caller(site, right))
    yield Row(name=f"{name}, forged: {refusal}", base=BASE, call=Caller(site, wrong, status=refusal))
