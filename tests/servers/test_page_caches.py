"""Caches inside of applications keep a page with a form and hand it to strangers: none of them gets a ticket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import django
import flask
import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path as route
from django.views.decorators.cache import cache_page, never_cache
from flask_caching import Cache
from werkzeug.test import Client

from jotgate.flask import JotGate
from jotgate.outcomes import Verdict
from jotgate.wsgi import JotGateMiddleware
from tests.door.site import DOOR, Site, frame_in, running_site

#: Whatever in a page may be a ticket.
_TEXTS = re.compile(r"[\w-]{35,}")
TEMPLATE = "<h1>Students</h1>{% cache 3600, 'students' %}{{ jotgate.embed('students') }}{% endcache %}"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def school(site: Site) -> flask.Flask:
    """Return a Flask site that keeps its pages in the two ways that Flask-Caching shows."""
    app, gate, cache = flask.Flask("school"), JotGate(), Cache()
    gate.init_app(app, parts=site.parts)
    app.config.update(CACHE_TYPE="SimpleCache", CACHE_DEFAULT_TIMEOUT=3600)
    cache.init_app(app)
    app.add_url_rule("/cached", "cached", cache.cached()(lambda: gate.embed("students")))
    app.add_url_rule("/template", "template", lambda: flask.render_template_string(TEMPLATE))
    return app


def assert_worthless(site: Site, visitor: Client, stranger: Client, kept: str) -> None:
    """Submit with all that a stranger finds in a kept page and behind its frame, and then with the visitor's own."""
    behind = stranger.get(frame_in(kept), follow_redirects=True)
    assert behind.request.path == DOOR
    assert 'name="code"' in behind.text
    found = {
        text[at : at + 35]
        for text in _TEXTS.findall(unescape(kept + behind.text))
        for at in (0, len(text) - 35)
    }
    tried = [site.sandbox.submit(site.form_id, {"jotgate": text}) for text in {"", *found}]
    own = visitor.get(frame_in(kept)).headers["Location"]
    [ticket] = re.findall(r"[?&]jotgate=([\w-]{35})", own)
    honest = site.sandbox.submit(site.form_id, {"jotgate": ticket})
    site.sweep()
    assert Verdict.VERIFIED not in [site.verdict(one) for one in tried]
    assert site.verdict(honest) is Verdict.VERIFIED


@pytest.mark.parametrize("path", ["/cached", "/template"])
def test_t36_a_page_that_flask_caching_kept_verifies_no_stranger(site: Site, path: str) -> None:
    """`@cache.cached` and `{% cache %}`: a stranger sees the visitor's page, and nothing in it is a ticket."""
    app = school(site)
    visitor = site.visitor(app)
    visitor.enter(site.code())
    shown, stranger = visitor.get(path).text, site.visitor(app)
    kept = stranger.get(path).text
    assert kept == shown
    assert_worthless(site, visitor, stranger, kept)


def students(request: HttpRequest) -> HttpResponse:
    """Embed the form."""
    return HttpResponse(f"<h1>Students</h1>{request.META['jotgate.visit'].embed('students')}")


def django_site() -> WSGIHandler:
    """Return a Django site with a view that its cache keeps, and one that it is told not to keep."""
    if not settings.configured:
        settings.configure(SECRET_KEY="of no use here", ALLOWED_HOSTS=["127.0.0.1"])
        django.setup()
        kept, never = cache_page(3600)(students), cache_page(3600)(never_cache(students))
        settings.ROOT_URLCONF = (route("kept", kept), route("never", never))
    return WSGIHandler()


def test_t36_djangos_page_cache(site: Site) -> None:
    """`@cache_page` shows a stranger the visitor's page, without a ticket; not with `@never_cache` below it."""
    own = site.restarted()
    gate = JotGateMiddleware(django_site(), own.parts.settings, parts=own.parts)
    visitor, stranger = own.visitor(gate), own.visitor(gate)
    visitor.enter(own.code())
    shown = visitor.get("/kept").text
    kept = stranger.get("/kept").text
    assert kept == shown
    assert_worthless(own, visitor, stranger, kept)
    assert 'data-state="verified"' in visitor.get("/never").text
    assert 'name="code"' in stranger.get("/never").text
    own.parts.store.close()
