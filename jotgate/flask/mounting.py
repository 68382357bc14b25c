"""Where the door stands in a Flask app: its addresses, as a blueprint."""

from __future__ import annotations

from collections.abc import Callable

import flask

from jotgate.door.base import Door
from jotgate.door.handling import Route
from jotgate.door.routes import ROUTES

BLUEPRINT = "jotgate"
#: What a rule calls the host, where the app tells hosts apart.
HOST = "jotgate_host"


def endpoint_of(route: Route) -> str:
    """Return the name of *route* within the blueprint."""
    return f"{route.endpoint}_{'_'.join(route.methods).lower()}"


def blueprint_of(
    door: Door, app: flask.Flask, view_of: Callable[[Route], Callable[..., flask.Response]]
) -> flask.Blueprint:
    """Return the door's addresses, each answered by its *view_of*; the blueprint's templates come after the app's."""
    blueprint = flask.Blueprint(
        BLUEPRINT,
        "jotgate.door",
        url_prefix=door.parts.settings.url_prefix,
        template_folder="templates",
    )
    # Where the app tells hosts apart, the door is on all of them.
    host = f"<{HOST}>" if app.url_map.host_matching else None
    for route in ROUTES:
        blueprint.add_url_rule(
            route.rule,
            endpoint=endpoint_of(route),
            view_func=view_of(route),
            methods=list(route.methods),
            # People type a slash too many at the end of the address on their card.
            strict_slashes=False,
            # Flask would lead on to whatever host the request names.
            merge_slashes=False,
            host=host,
        )
    return blueprint
