"""The Flask extension: the door as a blueprint, and what views need of the gate."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload
from weakref import WeakSet
from zoneinfo import ZoneInfo

import flask
from markupsafe import Markup
from werkzeug.wrappers import Response

from jotgate.callbacks import Callback, F, name_of
from jotgate.config import Settings
from jotgate.door.base import Door, Route
from jotgate.door.embedding import PRIVATE, Visit
from jotgate.door.guarding import Guard, turn_away
from jotgate.door.own import turn_away_without
from jotgate.door.routes import ROUTES
from jotgate.grants import IssuedCode, Terms, people
from jotgate.outcomes import VerdictEvent
from jotgate.records import Answer, Asked, OwnSubmission
from jotgate.wiring import Parts, build

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

P = ParamSpec("P")
R = TypeVar("R")

_VISIT = "_jotgate_visit"
_BLUEPRINT = "jotgate"


class JotGate:
    """Protect JotForm forms in a Flask site.

    ``JotGate(app)``, or ``gate = JotGate()`` and later ``gate.init_app(app)``. The app's
    configuration holds the settings as ``JOTGATE_SITE_URL`` and so on. Templates of the app's
    own, such as ``templates/jotgate/door.html``, override those of the door.
    """

    def __init__(self, app: flask.Flask | None = None) -> None:
        self._on_verdict: dict[str, Callback] = {}
        self._apps: WeakSet[flask.Flask] = WeakSet()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: flask.Flask, *, parts: Parts | None = None) -> None:
        """Mount the door in *app*. *parts* replaces what is built from the configuration, for tests.

        Raises:
            ConfigError: the ``JOTGATE_`` settings cannot be used; every problem is listed.
            StoreMismatch: as `jotgate.wiring.build`.
        """
        parts = parts or build(Settings.from_flask_config(app.config))
        loader = parts.settings.subject_loader
        door = Door(
            parts,
            lambda name, context: flask.render_template(name, **context),
            # Called within the request's context, so that it finds the session.
            load_subject=None if loader is None else lambda request: loader(),
        )
        app.extensions["jotgate"] = door
        app.jinja_env.globals["jotgate"] = self
        app.register_blueprint(_blueprint(door))
        app.app_ctx_globals_class = _with_visit(app.app_ctx_globals_class)
        self._apps.add(app)
        for name, function in self._on_verdict.items():
            parts.on_verdict(_in_context(app, function), name=name)
        guard = Guard(door)
        if guard:
            app.before_request(lambda: _turn_away(guard))

    @property
    def parts(self) -> Parts:
        """The current app's gate, taken apart."""
        return _door().parts

    @property
    def visit(self) -> Visit:
        """jotgate as the current request sees it; also ``g.jotgate``."""
        return _visit()

    def embed(self, form: str) -> Markup:
        """Return the door in place, or the form for an admitted visitor; makes the response private.

        Raises:
            UnknownForm: there is no such form.
        """
        return _visit().embed(form)

    def requires_pass(self, form: str) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
        """Let a view be read only with a pass for *form*.

        A browser that asks for a page is sent to the door and back; everything else gets 401 in JSON.
        """

        def decorate(view: Callable[P, R]) -> Callable[P, R | Response]:
            @functools.wraps(view)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
                turned_away = turn_away(_door(), flask.request.environ, (form,))
                if turned_away is not None:
                    return flask.make_response(turned_away)
                _keep_private()
                return view(*args, **kwargs)

            return guarded

        return decorate

    @overload
    def on_verdict(self, function: F, *, name: str | None = None) -> F: ...

    @overload
    def on_verdict(self, function: None = None, *, name: str | None = None) -> Callable[[F], F]: ...

    def on_verdict(self, function: F | None = None, *, name: str | None = None) -> F | Callable[[F], F]:
        """Have a function called with the `jotgate.VerdictEvent` of every verdict, within its app's context.

        ``@gate.on_verdict``, or ``@gate.on_verdict(name="...")``. It is called at least once for each event, in the
        order of one submission's events; an exception makes it be called again later, for about three days.

        Raises:
            InputError: the function has no name to be known by.
        """
        if function is None:
            return functools.partial(self._note_callback, name=name)
        return self._note_callback(function, name=name)

    def _note_callback(self, function: F, *, name: str | None) -> F:
        name = name_of(function) if name is None else name
        self._on_verdict[name] = function
        for app in self._apps:
            app.extensions["jotgate"].parts.on_verdict(_in_context(app, function), name=name)
        return function

    def requires_submission(
        self, form: str, *, accept_pending: bool = False
    ) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
        """Let a view be read only by who has submitted *form*, by the site's own login or by the pass.

        A browser that asks for a page is sent to the form's page, or to its door; everything else gets JSON: 401 for a
        stranger, 403 for who has not submitted. With *accept_pending*, a submission that is being confirmed is enough.
        """

        def decorate(view: Callable[P, R]) -> Callable[P, R | Response]:
            @functools.wraps(view)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
                turned_away = turn_away_without(
                    _door(), flask.request.environ, form, accept_pending=accept_pending
                )
                if turned_away is not None:
                    return flask.make_response(turned_away)
                _keep_private()
                return view(*args, **kwargs)

            return guarded

        return decorate

    def has_submitted(
        self, form: str, *, subject: str | None = None, lookup: Mapping[str, str] | None = None
    ) -> Answer:
        """Say whether *subject*, or who wrote what *lookup* says, has submitted *form*; without either, the visitor.

        Raises:
            UnknownForm: there is no such form.
            InputError: both were given, or a field that cannot be looked up.
            StoreUnavailable: nothing can be known.
        """
        if subject is not None or lookup is not None:
            return self.parts.records.has_submitted(form, subject=subject, lookup=lookup)
        return _visit().has_submitted(form)

    def submissions(self, form: str, subject: str | None = None) -> list[OwnSubmission]:
        """Return the submissions of *form* by *subject*, or by the visitor, that count, newest first.

        Raises:
            UnknownForm: there is no such form.
            StoreUnavailable: nothing can be known.
        """
        if subject is not None:
            return self.parts.records.submissions(form, subject)
        return _visit().submissions(form)

    def who(self, form: str, subjects: Iterable[str] | None = None) -> Iterator[Asked]:
        """Iterate over *subjects*, or over all that have a code for *form*, each with whether they have submitted.

        Raises:
            UnknownForm: there is no such form.
        """
        return self.parts.records.who(form, subjects)

    def create_codes(
        self,
        form: str,
        *,
        count: int | None = None,
        subjects: Sequence[str] | None = None,
        uses: int = 1,
        batch: str | None = None,
        valid_from: datetime | float | None = None,
        valid_until: datetime | float | None = None,
    ) -> list[IssuedCode]:
        """Create access codes, *count* unnamed ones or one for each of *subjects*, and return them; shown only now.

        Times are datetimes, or seconds since the epoch, UTC; a datetime without a zone is read in the form's.

        Raises:
            UnknownForm: there is no such form.
            InputError: the numbers or subjects make no sense.
            StoreUnavailable: none of the rest were created.
        """
        zone = ZoneInfo(self.parts.gate.policy(form).timezone)
        terms = Terms(
            form=form,
            uses=uses,
            batch=batch,
            valid_from=_seconds(valid_from, zone),
            valid_until=_seconds(valid_until, zone),
        )
        return list(self.parts.grants.create(terms, people(count=count, subjects=subjects)))

    def invitation(self, form: str, *, subject: str, until: datetime | float | None = None) -> str:
        """Return the personal link of *subject* to *form*, to be mailed: it opens nothing by itself.

        It leads to the page that asks for a code, or that knows the subject by the site's own login. *until* is as
        for `create_codes`.

        Raises:
            UnknownForm: there is no such form.
            InputError: the subject is empty or too long, or the end is not in the future.
        """
        zone = ZoneInfo(self.parts.gate.policy(form).timezone)
        return self.parts.invitations.link(form, subject=subject, until=_seconds(until, zone))


def _in_context(app: flask.Flask, function: Callback) -> Callback:
    def call(event: VerdictEvent) -> object:
        with app.app_context():
            return function(event)

    return call


def _seconds(moment: datetime | float | None, zone: ZoneInfo) -> float | None:
    if not isinstance(moment, datetime):
        return moment
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


def _door() -> Door:
    door = flask.current_app.extensions["jotgate"]
    assert isinstance(door, Door)
    return door


def _visit() -> Visit:
    found: Visit | None = flask.g.get(_VISIT)
    if found is None:
        found = Visit(_door(), flask.request.environ, _keep_private)
        setattr(flask.g, _VISIT, found)
    return found


def _keep_private() -> None:
    flask.after_this_request(_private)


def _private(response: flask.Response) -> flask.Response:
    for name, value in PRIVATE.items():
        response.headers[name] = value
    return response


def _with_visit(base: type[Any]) -> type[Any]:
    """Return the class of ``flask.g`` with ``g.jotgate``, made when it is first asked for.

    A hook before every request would cost each view that has nothing to do with jotgate.
    """

    class Globals(base):  # type: ignore[misc]
        @property
        def jotgate(self) -> Visit:
            """jotgate as this request sees it."""
            return _visit()

    return Globals


def _turn_away(guard: Guard) -> Response | None:
    if flask.request.blueprint == _BLUEPRINT:
        return None
    forms = guard.forms_for(flask.request.path)
    if not forms:
        return None
    _keep_private()
    turned_away = guard.turn_away(flask.request.environ, forms)
    return None if turned_away is None else flask.make_response(turned_away)


def _blueprint(door: Door) -> flask.Blueprint:
    """Return the door's addresses; the blueprint's templates come after the app's own."""
    blueprint = flask.Blueprint(
        _BLUEPRINT,
        "jotgate.door",
        url_prefix=door.parts.settings.url_prefix,
        template_folder="templates",
    )
    for route in ROUTES:
        blueprint.add_url_rule(
            route.rule,
            endpoint=f"{route.endpoint}_{'_'.join(route.methods).lower()}",
            view_func=_view(door, route),
            methods=list(route.methods),
            # People type a slash too many at the end of the address on their card.
            strict_slashes=False,
        )
    return blueprint


def _view(door: Door, route: Route) -> Callable[..., WSGIApplication]:
    def view(**arguments: str) -> WSGIApplication:
        return door.handle(route, flask.request, **arguments)

    return view
