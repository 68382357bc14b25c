"""One request to the sandbox: which part answers it, and which ordered fault spoils the answer."""

from __future__ import annotations

import re
from collections.abc import Callable

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from . import envelope, wire
from .api import Api
from .calls import bare
from .console import Console
from .faults import Fault, FaultKind, Faults
from .pages import Pages, is_page, render
from .world import LoggedCall, World

#: Faults of which a request meets one; they act on a connection or replace an answer.
SPOILING = frozenset(
    {
        FaultKind.STATUS,
        FaultKind.HTML,
        FaultKind.TIMEOUT,
        FaultKind.RESET,
        FaultKind.DRIP,
        FaultKind.GZIP_BOMB,
        FaultKind.HUGE,
        FaultKind.CUT_JSON,
        FaultKind.BODY,
        FaultKind.CODE_MISMATCH,
        FaultKind.OVER_LIMIT,
        FaultKind.DOWN,
    }
)
_KEY_IN_QUERY = re.compile(r"(apikey=)[^&]*", re.IGNORECASE)


class Application:
    """Route requests to the API, the pages and the console."""

    def __init__(
        self,
        world: World,
        faults: Faults,
        api: Api,
        pages: Pages,
        console: Console,
        pause: Callable[[float], object],
    ) -> None:
        self._world = world
        self._faults = faults
        self._api = api
        self._pages = pages
        self._console = console
        self._pause = pause

    def __call__(self, request: Request) -> Response | wire.Misbehaviour:
        """Answer a request, or say how its connection misbehaves."""
        if request.path == "/":
            return redirect("/sandbox/")
        if request.path.startswith("/sandbox/"):
            return self._console.answer(request)
        arrived_at = self._world.clock.now()
        is_api = not is_page(request.path)
        outcome = self._spoiled(request, is_api)
        if is_api:
            status = outcome.status_code if isinstance(outcome, Response) else outcome.status
            query = _KEY_IN_QUERY.sub(r"\1***", request.query_string.decode("latin-1"))
            path = bare(request.path)
            self._world.remember_call(LoggedCall(arrived_at, request.method, path, query, status))
        return outcome

    def _spoiled(self, request: Request, is_api: bool) -> Response | wire.Misbehaviour:
        path = bare(request.path)
        latency = self._faults.take({FaultKind.LATENCY}, path, is_api=is_api)
        if latency:
            self._pause(latency.number("seconds"))
        fault = self._faults.take(SPOILING, path, is_api=is_api)
        if fault is None:
            return self._answer(request, is_api)
        if fault.kind in (FaultKind.DRIP, FaultKind.CUT_JSON):
            return _bent(fault, self._answer(request, is_api))
        if is_api and fault.kind is not FaultKind.DOWN:
            self._api.charge(request)
        return _replacement(fault)

    def _answer(self, request: Request, is_api: bool) -> Response:
        return self._api.answer(request) if is_api else self._pages.answer(request)


def _bent(fault: Fault, response: Response) -> Response | wire.Misbehaviour:
    if fault.kind is FaultKind.DRIP:
        return wire.drip(response, fault.number("seconds"))
    whole = response.get_data()
    response.set_data(whole[: int(len(whole) * fault.number("keep"))])
    return response


def _replacement(fault: Fault) -> Response | wire.Misbehaviour:
    if fault.kind is FaultKind.STATUS:
        return _status(fault)
    if fault.kind is FaultKind.HTML:
        text = "JotForm is being maintained (says the sandbox). Please come back in a few minutes."
        return render("gone.html", int(fault.number("code")), title="Under maintenance", text=text)
    if fault.kind is FaultKind.TIMEOUT:
        return wire.hang(fault.number("seconds"))
    if fault.kind is FaultKind.RESET:
        return wire.Misbehaviour(wire.Connection.reset)
    if fault.kind is FaultKind.GZIP_BOMB:
        packed = wire.gzip_bomb(int(fault.number("size_bytes")))
        return Response(packed, mimetype="application/json", headers={"Content-Encoding": "gzip"})
    if fault.kind is FaultKind.HUGE:
        return wire.flood(int(fault.number("size_bytes")))
    if fault.kind is FaultKind.BODY:
        return Response(
            fault.text("body"), int(fault.number("code")), content_type=fault.text("content_type")
        )
    if fault.kind is FaultKind.CODE_MISMATCH:
        body = {"responseCode": int(fault.number("code")), "message": fault.text("message"), "content": ""}
        return envelope.answer(int(fault.number("http")), body)
    if fault.kind is FaultKind.OVER_LIMIT:
        return envelope.over_limit(fault.text("variant"))
    return wire.hang(0)


def _status(fault: Fault) -> Response:
    code = int(fault.number("code"))
    response = envelope.answer(code, {"responseCode": code, "message": fault.text("message"), "content": ""})
    if fault.text("location"):
        response.headers["Location"] = fault.text("location")
    if fault.text("retry_after"):
        response.headers["Retry-After"] = fault.text("retry_after")
    return response
