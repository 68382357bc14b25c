"""What else is in a Flask app, or around it: extensions that must let the door be, and mounts that no guard sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import flask

from jotgate.door.guarding import Guard
from jotgate.errors import ConfigError

#: Further in, nobody looks.
_MOST_AROUND = 20


def let_door_be(app: flask.Flask, blueprint: flask.Blueprint) -> None:
    """Take the door out of what Flask-WTF checks and Flask-Limiter counts: it checks and counts for itself."""
    limiters = app.extensions.get("limiter", ())
    for extension in (
        app.extensions.get("csrf"),
        *(limiters if isinstance(limiters, Iterable) else (limiters,)),
    ):
        exempt = getattr(extension, "exempt", None)
        if exempt is not None:
            exempt(blueprint)


def language_of_babel(app: flask.Flask) -> object:
    """Return the language that Flask-Babel chose for the request, if the app has it."""
    if "babel" not in app.extensions:
        return None
    from flask_babel import get_locale

    return get_locale()


def refuse_open_mounts(app: flask.Flask, guard: Guard) -> None:
    """Refuse an app around which something answers for guarded paths before Flask is asked.

    Known are werkzeug's `DispatcherMiddleware` and `SharedDataMiddleware`, and WhiteNoise.

    Raises:
        ConfigError: a guarded path is open.
    """
    open_paths = [
        f"{type(middleware).__name__} answers for {path} before Flask is asked, so `protect` does not guard it:"
        " wrap everything in jotgate.wsgi.JotGateMiddleware, or serve it from another path"
        for middleware in islice(_around(app), _MOST_AROUND)
        for path in _guarded_but_answered_by(middleware, guard)
    ]
    if open_paths:
        raise ConfigError(open_paths)


def _around(app: flask.Flask) -> Iterator[object]:
    """Iterate over what stands around the app, from outside, as far as it can be seen."""
    found: object = app.__dict__.get("wsgi_app")
    while found is not None:
        yield found
        found = getattr(found, "app", None) or getattr(found, "application", None)


def _guarded_but_answered_by(middleware: object, guard: Guard) -> Iterator[str]:
    """Iterate over the guarded paths for which *middleware* answers by itself: whole applications, folders, files."""
    yield from filter(guard.reaches_into, getattr(middleware, "mounts", ()))
    folders = getattr(middleware, "exports", ())
    yield from filter(guard.forms_for, (path for path, _ in folders))
    folders = getattr(middleware, "directories", ())
    yield from filter(guard.forms_for, (path for _, path in folders))
    yield from islice(filter(guard.forms_for, getattr(middleware, "files", ())), 1)
