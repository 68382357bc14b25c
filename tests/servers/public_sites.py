"""Small sites for real servers that call every page public, in Flask and behind the middleware.

``JOTGATE_TEST_SETTINGS`` names a JSON file with the settings.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import flask

from jotgate.config import Settings
from jotgate.flask import JotGate
from jotgate.wsgi import JotGateMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: What each site says of every page: nginx believes the first before the rest, CDNs the last two.
PUBLIC = {
    "X-Accel-Expires": "3600",
    "Expires": "Fri, 31 Dec 2100 23:59:59 GMT",
    "Cache-Control": "public, max-age=3600",
    "Surrogate-Control": "max-age=3600",
    "CDN-Cache-Control": "max-age=3600",
}


def in_flask() -> WSGIApplication:
    """Return a Flask site that calls every page public in a hook that it registered before the gate."""
    app, gate = flask.Flask("school"), JotGate()
    app.after_request(lambda page: page.headers.update(PUBLIC) or page)
    settings = json.loads(Path(os.environ["JOTGATE_TEST_SETTINGS"]).read_text())
    app.config.update({f"JOTGATE_{key.upper()}": value for key, value in settings.items()})
    gate.init_app(app)
    app.add_url_rule("/secret", "secret", gate.requires_pass("students")(lambda: "secret"))
    app.add_url_rule("/students", "students", lambda: gate.embed("students"))
    app.add_url_rule("/inside/page", "inside", lambda: "inside")
    app.add_url_rule("/", "home", lambda: f"home {os.urandom(8).hex()}")
    return app


def in_any_site() -> WSGIApplication:
    """Return another site, which calls every page public, behind the middleware."""

    def site(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        visit, path = environ["jotgate.visit"], environ["PATH_INFO"]
        pages = {
            "/students": lambda: visit.embed("students"),
            "/secret": lambda: "secret" if visit.passes else "no",
            "/inside/page": lambda: "inside",
        }
        page = str(pages.get(path, lambda: f"home {os.urandom(8).hex()}")())
        start_response("200 OK", [("Content-Type", "text/html"), *PUBLIC.items()])
        return [page.encode()]

    settings = json.loads(Path(os.environ["JOTGATE_TEST_SETTINGS"]).read_text())
    return JotGateMiddleware(site, Settings.from_mapping(settings))
