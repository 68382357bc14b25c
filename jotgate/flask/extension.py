"""The Flask extension: the door as a blueprint, and what views need of the gate."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, overload
from weakref import WeakSet
from zoneinfo import ZoneInfo

import flask
from markupsafe import Markup
from werkzeug.wrappers import Response

from jotgate.config import Settings
from jotgate.door.base import Door
from jotgate.door.embedding import Visit
from jotgate.door.guarding import Guard, turn_away
from jotgate.door.handling import Route, handle
from jotgate.door.rendering import keep_private, told_to_no_cache
from jotgate.door.routes import ROUTES
from jotgate.door.standing import turn_away_without
from jotgate.errors import ResponseStarted
from jotgate.flask.mounting import BLUEPRINT, HOST, blueprint_of, endpoint_of
from jotgate.flask.neighbours import language_of_babel, let_door_be, refuse_open_mounts
from jotgate.wiring import Parts, build

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from jotgate.admission.grants import IssuedCode
    from jotgate.outcomes import VerdictEvent
    from jotgate.protocols import ToldSubmission
    from jotgate.records.standing import Answer, Asked, OwnSubmission
    from jotgate.telling.callbacks import Callback, F

P = ParamSpec("P")
R = TypeVar("R")

#: On the request: its visit, the response that was made without one, what a page of the door says of itself, and
#: the answer to a program.
_VISIT, _PAGE, _OWN, _ANSWER = "_jotgate_visit", "_jotgate_page", "_jotgate_own", "_jotgate_answer"
#: In the app's extensions: what the one `JotGate` of several apps needs of this one.
_DOOR = "jotgate.door"


class JotGate:
    """Protect JotForm forms in a Flask site.

    ``JotGate(app)``, or ``gate = JotGate()`` and later ``gate.init_app(app)``. The app's configuration holds the
    settings as ``JOTGATE_SITE_URL`` and so on. Templates of its own (``templates/jotgate/door.html``) override ours.
    """

    def __init__(self, app: flask.Flask | None = None) -> None:
        self._on_verdict: dict[str, Callback] = {}
        self._apps: WeakSet[flask.Flask] = WeakSet()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: flask.Flask, *, parts: Parts | None = None) -> None:
        """Mount the door in *app*. *parts* replaces those built from the configuration, for tests.

        Raises:
            ConfigError: the ``JOTGATE_`` settings cannot be used; every problem is listed.
            StoreMismatch: as `jotgate.wiring.build`.
        """
        parts = parts or build(Settings.from_flask_config(app.config))
        door = Door(
            parts,
            lambda name, context: flask.render_template(name, **context),
            # Called within the request's context, so that it finds the session.
            ask_site=lambda function, request: function(),
            language_around=lambda: language_of_babel(app),
        )
        app.extensions["jotgate"] = app.jinja_env.globals["jotgate"] = self
        app.extensions[_DOOR] = door
        blueprint = blueprint_of(door, app, lambda route: _view(door, route))
        # Flask calls it before any hook that could read the body, and for the door's own addresses only.
        blueprint.url_value_preprocessor(_answering_programs(app, blueprint))
        app.register_blueprint(blueprint)
        app.app_ctx_globals_class = _with_visit(app.app_ctx_globals_class)
        self._apps.add(app)
        for name, function in self._on_verdict.items():
            parts.on_verdict(_in_context(app, function), name=name)
        # Flask calls the first of these last, so that no hook of the site's has a say after it.
        app.after_request_funcs.setdefault(None, []).insert(0, _finishing(door))
        guard = Guard(door)
        if guard:
            refuse_open_mounts(app, guard)
            app.before_request(_turning_away(app, guard))

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
            UnknownForm: no form has this name.
        """
        return _visit().embed(form)

    def requires_pass(self, form: str) -> _Guarding:
        """Let a view be read only with a pass for *form*.

        A browser that asks for a page is sent to the door and back; everything else gets 401 in JSON.
        """
        return _guarding(lambda door, environ: turn_away(door, environ, (form,)))

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
        # A site without callbacks never loads what tells them of verdicts.
        from jotgate.telling.callbacks import name_of

        name = name_of(function) if name is None else name
        self._on_verdict[name] = function
        for app in self._apps:
            app.extensions[_DOOR].parts.on_verdict(_in_context(app, function), name=name)
        return function

    def requires_submission(self, form: str, *, accept_pending: bool = False) -> _Guarding:
        """Guard a view: only people who have submitted *form* see it, by the site's own login or by the pass.

        A browser that asks for a page goes to the form's page, or to its door; everything else gets JSON: 401 for a
        stranger, 403 for others who have not. With *accept_pending*, a submission that waits for its verdict is enough.
        """
        return _guarding(
            lambda door, environ: turn_away_without(door, environ, form, accept_pending=accept_pending)
        )

    def has_submitted(
        self, form: str, *, subject: str | int | None = None, lookup: Mapping[str, str | int] | None = None
    ) -> Answer:
        """Say whether *subject*, or who wrote what *lookup* says, has submitted *form*; without either, the visitor.

        Raises:
            UnknownForm: no form has this name.
            InputError: both were given, or a field that cannot be looked up.
            StoreUnavailable: nothing can be known.
        """
        if (subject is None and lookup is None) or flask.has_request_context():
            return _visit().has_submitted(form, subject=subject, lookup=lookup)
        return self.parts.standings.has_submitted(form, subject=subject, lookup=lookup)

    def submissions(self, form: str, subject: str | int | None = None) -> list[OwnSubmission]:
        """Return the submissions of *form* by *subject*, or by the visitor, that count, newest first.

        Raises:
            UnknownForm: no form has this name.
            StoreUnavailable: nothing can be known.
        """
        if subject is None or flask.has_request_context():
            return _visit().submissions(form, subject)
        return self.parts.standings.submissions(form, subject)

    def submission(self, form: str, submission_id: str | int) -> ToldSubmission | None:
        """Return that submission of *form* and its verdict, with the form's `tell_fields` if it counts; None: unknown.

        From jotgate's own store, without a call to JotForm. It is for the site itself: whoever the visitor is.

        Raises:
            UnknownForm: no form has this name.
            StoreUnavailable: nothing can be known.
        """
        if flask.has_request_context():
            return _visit().submission(form, submission_id)
        return self.parts.standings.submission(form, submission_id)

    def who(self, form: str, subjects: Iterable[str | int] | None = None) -> Iterator[Asked]:
        """Iterate over *subjects*, or over all that have a code for *form*, each with whether they have submitted.

        Raises:
            UnknownForm: no form has this name.
        """
        return self.parts.standings.who(form, subjects)

    def create_codes(
        self,
        form: str,
        *,
        count: int | None = None,
        subjects: Sequence[str | int] | None = None,
        uses: int = 1,
        batch: str | None = None,
        valid_from: datetime | float | None = None,
        valid_until: datetime | float | None = None,
    ) -> list[IssuedCode]:
        """Create access codes, *count* unnamed ones or one for each of *subjects*, and return them; shown only now.

        Times are datetimes, or seconds since the epoch, UTC; a datetime without a zone is read in the form's.

        Raises:
            UnknownForm: no form has this name.
            InputError: the numbers or subjects make no sense.
            StoreUnavailable: none of the rest were created.
        """
        from jotgate.admission.grants import Terms, people

        zone = ZoneInfo(self.parts.gate.policy(form).timezone)
        terms = Terms(
            form=form,
            uses=uses,
            batch=batch,
            valid_from=_seconds(valid_from, zone),
            valid_until=_seconds(valid_until, zone),
        )
        return list(self.parts.grants.create(terms, people(count=count, subjects=subjects)))

    def invitation(
        self,
        form: str,
        *,
        subject: str | int,
        until: datetime | float | None = None,
        uses: int | None = None,
        language: str | None = None,
    ) -> str:
        """Return the personal link of *subject* to *form*, to be mailed: it opens nothing by itself.

        See `jotgate.signed.invitations.Invitations.link`; *until* is as for `create_codes`.
        """
        end = _seconds(until, ZoneInfo(self.parts.gate.policy(form).timezone))
        return self.parts.invitations.link(form, subject=subject, until=end, uses=uses, language=language)


class _Guarding(Protocol):
    """Make a view one that also turns people away; an `async def` becomes one that is called like any other."""

    @overload
    def __call__(self, view: Callable[P, Coroutine[Any, Any, R]], /) -> Callable[P, R | Response]: ...

    @overload
    def __call__(self, view: Callable[P, R], /) -> Callable[P, R | Response]: ...


def _guarding(turned_away_by: Callable[[Door, WSGIEnvironment], WSGIApplication | None]) -> _Guarding:
    """Return what makes of a view one that answers only those who are not turned away."""

    def decorate(view: Callable[P, Any]) -> Callable[P, Any]:
        # Asked once, so that only an `async def` pays for being one.
        is_async = iscoroutinefunction(view)

        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            visit = _visit()
            turned_away = turned_away_by(visit._door, visit._environ)
            if turned_away is not None:
                return flask.make_response(turned_away)
            visit.keep_private()
            answer = flask.current_app.ensure_sync(view) if is_async else view
            return answer(*args, **kwargs)

        return guarded

    return decorate


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
    door: Door = _current_app().extensions[_DOOR]
    return door


class _PageVisit(Visit):
    """A visit whose response is Flask's to make."""

    #: The response, once it is made.
    page: flask.Response | None

    def __init__(self, door: Door, environ: WSGIEnvironment, page: flask.Response | None) -> None:
        self._door = door
        self._environ = environ
        self._passes = None
        self.touched = False
        self.page = page

    def _mark_response(self) -> None:
        page = self.page
        if page is None:
            return
        if page.is_streamed and not page.cache_control.no_store:
            raise ResponseStarted
        keep_private(page.headers)


def _visit() -> _PageVisit:
    known = _known_of_request()
    found: _PageVisit | None = known.get(_VISIT)
    if found is None:
        found = known[_VISIT] = _PageVisit(_door(), known["environ"], known.get(_PAGE))
    return found


def _finishing(door: Door) -> Callable[[flask.Response], flask.Response]:
    """Return the hook that marks a response that is one visitor's.

    A question that comes later marks it by itself, or comes too late. The door's own pages get back what they say of
    themselves, whatever hooks of the site's made of it.
    """
    hearers = door.parts.hearers

    def finish(page: flask.Response) -> flask.Response:
        known = _known_of_request()
        if hearers:
            door.look_after_callbacks(known["environ"])
        answer: flask.Response = known.get(_ANSWER, page)
        if answer is not page:
            # A login or a limit of the site's own is not for programs.
            page.close()
            page = answer
        own: dict[str, str] | None = known.get(_OWN)
        if own is not None:
            page.headers[:] = told_to_no_cache(page.headers)
            page.headers.update(own)
            return page
        visit: _PageVisit | None = known.get(_VISIT)
        if visit is None:
            known[_PAGE] = page
            return page
        visit.page = page
        if visit.touched:
            keep_private(page.headers)
        return page

    return finish


def _known_of_request() -> dict[str, Any]:
    """Return the attributes of the request; `flask.g` may be shared by several, as in tests within one app context."""
    return _current_request().__dict__


#: What Flask's proxies stand for: each look through one of them would ask for it again.
_current_app: Callable[[], flask.Flask] = flask.current_app._get_current_object  # type: ignore[attr-defined]
_current_request: Callable[[], flask.Request] = flask.request._get_current_object  # type: ignore[attr-defined]


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


def _turning_away(app: flask.Flask, guard: Guard) -> Callable[[], Response | None]:
    """Return the hook that guards paths. The first time, it looks at what was put around the app since the start."""
    look_around = functools.cache(lambda: refuse_open_mounts(app, guard))

    def turn_away() -> Response | None:
        look_around()
        if flask.request.blueprint == BLUEPRINT:
            return None
        forms = guard.forms_for(flask.request.path)
        if not forms:
            return None
        _visit().keep_private()
        turned_away = guard.turn_away(flask.request.environ, forms)
        return None if turned_away is None else flask.make_response(turned_away)

    return turn_away


def _answering_programs(app: flask.Flask, blueprint: flask.Blueprint) -> Callable[..., None]:
    """Return what answers programs before any hook reads the body.

    The site's hooks run as ever, because others of them may rely on it; `_finishing` has the last word.
    The first time, it takes the door out of what came into the app since the start.
    """
    look_around = functools.cache(lambda: let_door_be(app, blueprint))
    endpoints = frozenset(f"{BLUEPRINT}.{endpoint_of(route)}" for route in ROUTES if route.programs)

    def answer_programs(endpoint: str | None, values: dict[str, Any] | None) -> None:
        look_around()
        if endpoint in endpoints:
            _known_of_request()[_ANSWER] = app.make_response(app.dispatch_request())

    return answer_programs


def _view(door: Door, route: Route) -> Callable[..., flask.Response]:
    names = (*door.headers, "Vary")

    def view(**arguments: str) -> flask.Response:
        known = _known_of_request()
        if _ANSWER in known:
            answer: flask.Response = known[_ANSWER]
            return answer
        arguments.pop(HOST, None)
        page = flask.make_response(handle(door, route, flask.request, **arguments))
        known[_OWN] = {name: page.headers[name] for name in names if name in page.headers}
        return page

    return view
