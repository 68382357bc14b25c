"""A small school site: a form made with JotForm that opens with an access code, and one that opens from an app only.

`make demo` runs it with a JotForm of its own. Under any WSGI server: ``example_app:create_app()``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, Response, render_template

from example_app.phone import FORM, phone
from example_app.settings import found_settings, instance_folder
from jotgate.errors import StoreUnavailable
from jotgate.flask import JotGate

gate = JotGate()
pages = Blueprint("pages", __name__)


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Make the site with the ``JOTGATE_`` settings in *config*, or with those that are found.

    Raises:
        flask.cli.NoAppException: there are none to be found; it says what to do.
        jotgate.ConfigError: they cannot be used.
    """
    folder = instance_folder()
    app = Flask(__name__, instance_path=str(folder))
    app.config.update(found_settings(os.environ, folder) if config is None else config)
    gate.init_app(app)
    app.register_blueprint(pages)
    if FORM in app.config["JOTGATE_FORMS"]:
        app.register_blueprint(phone)
    app.add_url_rule("/favicon.ico", "icon", redirect_to="/static/crest.svg")
    app.after_request(secure)
    return app


@pages.get("/")
def start() -> str:
    """Welcome everybody."""
    return render_template("start.html")


@pages.get("/students")
def students() -> str:
    """Show the enrolment form to visitors with a code, and the door to everybody else."""
    return render_template("students.html")


@pages.get("/notes")
@gate.requires_pass("students")
def notes() -> str:
    """Tell those with a code what others need not know, and whether their enrolment is in."""
    try:
        enrolment = gate.has_submitted("students")
    except StoreUnavailable:
        # The notes can be read all the same.
        enrolment = None
    return render_template("notes.html", enrolment=enrolment)


def secure(response: Response) -> Response:
    """Allow the pages what they need: the site's own files, and JotForm in a frame."""
    frames = " ".join(gate.parts.settings.host.frame_sources)
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        f"frame-src 'self' {frames}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
