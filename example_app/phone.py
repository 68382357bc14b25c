"""A page that plays the school's phone app: its backend mints a token, and its web view opens the form with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

from flask import Blueprint, abort, current_app, render_template, request

from example_app.settings import private_file
from jotgate import mint_token
from jotgate.wiring import Parts

FORM = "field-report"
#: Where the app is told what became of the form.
PATH = "/app"
#: Who is signed in to the app.
USER = "Robin Okafor"
PLACES = ("Row 3, old apple trees", "Hedge along the lane", "Pond behind the gym")

_SECRET_FILE = "app-secret.json"
_ACTOR = "the demo"
#: What the app says to its user, by the state that it was told.
_SAID = {
    "sent": "Your report is on its way.",
    "pending": "Your report has arrived and is being checked.",
    "verified": "Your report is confirmed. Thank you!",
    "refused": "The form was not opened. Open it from here.",
}

phone = Blueprint("phone", __name__)


@phone.route(PATH, methods=["GET", "POST"])
def app() -> str:
    """Show the phone: the app's own screen, or the form in its web view, for a place that was tapped on."""
    secret = app_secret(Path(current_app.instance_path))
    if secret is None:
        abort(404)
    place = request.form.get("place")
    link = open_form(secret, place) if place in PLACES else ""
    state = request.args.get("state", "")
    said = _SAID.get(state, "The app was told what became of your report.") if state else ""
    return render_template("phone.html", places=PLACES, user=USER, link=link, said=said)


def open_form(secret: dict[str, str], place: str) -> str:
    """Return the address for the app's web view. This is all that the backend of an app has to do."""
    token = mint_token(
        secret["secret"],
        app=secret["app"],
        form=FORM,
        subject=USER,
        prefill={"place": place, "observer": USER},
        locked=["place"],
    )
    return f"{secret['site']}/jotgate/f/{FORM}/enter?{urlencode({'token': token})}"


def register(parts: Parts, folder: Path, site_url: str) -> None:
    """Register the app with the site, unless that was done before, and leave its secret where its backend finds it."""
    kept, return_url = app_secret(folder), site_url + PATH
    apps = {one.app.name: one.app for one in parts.apps.list()}
    # At another port it is another app, because it returns to another address.
    ours = [app.name for app in apps.values() if app.return_url == return_url and app.revoked_at is None]
    if kept is not None and kept["app"] in ours:
        return
    if ours:
        issued = parts.apps.rotate(ours[0], actor=_ACTOR)
    else:
        name = next(name for name in _names() if name not in apps)
        issued = parts.apps.create(name, [FORM], actor=_ACTOR, return_url=return_url)
    secret = {"app": issued.app, "secret": issued.secret, "site": site_url}
    private_file(folder, secret).replace(folder / _SECRET_FILE)


def app_secret(folder: Path) -> dict[str, str] | None:
    """Return what the app's backend knows, or None if no app was registered."""
    try:
        found: dict[str, str] = json.loads((folder / _SECRET_FILE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return found


def _names() -> Iterator[str]:
    yield "orchard"
    for number in count(2):
        yield f"orchard-{number}"
