"""People who look after a site, as browsers that are signed in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import flask
import pytest
from werkzeug.test import TestResponse

from jotgate.flask import JotGate
from jotgate.operators import Operator
from jotgate.stores import Store
from tests.door.site import Site, Visitor

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

OFFICE = "/jotgate/admin"
_CHANGE = re.compile(r'name="change" value="([^"]+)"')


def in_flask(site: Site, **config: Any) -> WSGIApplication:
    """Return the same site in Flask, with other settings if need be."""
    app = flask.Flask("school")
    app.config |= {f"JOTGATE_{name.upper()}": value for name, value in site.mapping.items()} | config
    JotGate().init_app(app, parts=None if config else site.parts)
    return app


def link_of(site: Site, name: str = "Ms Vega", **limits: Any) -> str:
    """Return the path of a link that lets somebody in."""
    link = urlsplit(site.parts.sign_ins.link(Operator(name=name, **limits), actor="the tests"))
    return f"{link.path}?{link.query}"


def enter(visitor: Visitor, link: str) -> TestResponse:
    """Follow a link, and press its button."""
    assert "Sign in" in visitor.get(link).text
    return visitor.post(link.partition("?")[0], data={"link": link.partition("link=")[2]})


def signed_in(
    site: Site, name: str = "Ms Vega", application: WSGIApplication | None = None, **limits: Any
) -> Visitor:
    """Return a browser that a link has let in."""
    visitor = site.visitor(application)
    assert enter(visitor, link_of(site, name, **limits)).status_code == 303
    return visitor


def change_in(page: TestResponse) -> str:
    """Return what a page carries so that it may change something."""
    found = _CHANGE.search(page.text)
    assert found, page.text
    return found[1]


def overtaken(
    store: Store, verb: str, first: Callable[[], TestResponse], monkeypatch: pytest.MonkeyPatch
) -> list[TestResponse]:
    """Let *first* be answered just before the next request calls *verb*, and return its answer then."""
    called, answers = getattr(store, verb), list[TestResponse]()

    def late(*args: Any, **named: Any) -> Any:
        monkeypatch.setattr(store, verb, called)
        answers.append(first())
        return called(*args, **named)

    monkeypatch.setattr(store, verb, late)
    return answers


def post(visitor: Visitor, path: str, *, page: str = "/", **fields: Any) -> TestResponse:
    """Post to an address below the office what *page* would."""
    change = change_in(visitor.get(f"{OFFICE}{page}"))
    return visitor.post(f"{OFFICE}{path}", data={"change": change, **fields})
