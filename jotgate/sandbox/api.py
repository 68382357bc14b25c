"""The REST API: who asks, whether a call is left, what they may do, and the answer in JotForm's envelope."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from . import contents, envelope
from .account import Account
from .calls import PATHS, BadInput, Call, without_version
from .faults import FaultKind, Faults
from .forms import Form, Submission
from .reads import Content, PageTooLarge, Reads
from .world import World
from .writes import Writes

#: Roots of the API's paths; anything else on the same host is a page.
ROOTS = frozenset({"user", "form", "submission", "system"})


def is_api_path(path: str) -> bool:
    """Tell whether a path belongs to the API."""
    first = without_version(path).strip("/").split("/", 1)[0]
    return first in ROOTS or path == "/v1" or path.startswith("/v1/")


class Api:
    """The REST API of one host."""

    def __init__(self, world: World, faults: Faults, base: Callable[[], str]) -> None:
        self._world = world
        self._faults = faults
        self._base = base
        self._reads = Reads(world, faults)
        self._writes = Writes(world)

    def charge(self, request: Request) -> None:
        """Count a call whose answer an ordered fault replaces."""
        with self._world.lock:
            known = self._world.account_of_key(_key(request))
            if known:
                known[0].charge(self._world.today())

    def answer(self, request: Request) -> Response:
        """Answer one call, and count it if a known key made it."""
        with self._world.lock:
            return self._answer(request, without_version(request.path))

    def _answer(self, request: Request, path: str) -> Response:
        known = self._world.account_of_key(_key(request))
        if known:
            account, may_write = known
            if account.is_over(self._world.today()):
                return envelope.over_limit(self._world.oddities.over_limit)
            account.charge(self._world.today())
        try:
            endpoint, names = PATHS.bind("sandbox").match(path, "GET")
        except HTTPException:
            return envelope.not_available(path)
        if not known:
            return envelope.unauthorized(_resource(endpoint))
        if self._is_wrong_region(account, path):
            return envelope.answer(200, contents.wrong_region())
        call = self._call(request, path, account, names)
        if call is None:
            return envelope.unauthorized(_resource(endpoint))
        if request.method in ("GET", "HEAD"):
            return self._read(endpoint, call)
        return self._write(endpoint, call, may_write)

    def _is_wrong_region(self, account: Account, path: str) -> bool:
        if self._world.oddities.host_region not in (None, account.region):
            return True
        return self._faults.take({FaultKind.WRONG_REGION}, path) is not None

    def _call(self, request: Request, path: str, account: Account, names: Mapping[str, str]) -> Call | None:
        form: Form | None = None
        submission: Submission | None = None
        if "submission_id" in names:
            submission = self._world.submissions.get(names["submission_id"])
            form = self._world.forms.get(submission.form_id) if submission else None
        elif "form_id" in names:
            form = self._world.forms.get(names["form_id"])
        if names.keys() & {"submission_id", "form_id"} and (
            form is None or form.username != account.username
        ):
            return None
        return Call(
            request=request,
            account=account,
            key=names.get("key", ""),
            base=self._base(),
            path=path,
            form_or_none=form,
            submission_or_none=submission,
        )

    def _read(self, endpoint: str, call: Call) -> Response:
        try:
            content = self._reads.read(endpoint, call)
        except PageTooLarge as too_large:
            return _failed_page(too_large)
        return envelope.not_available(call.path) if content is None else self._success(call, content)

    def _write(self, endpoint: str, call: Call, may_write: bool) -> Response:
        known = self._writes.by_endpoint.get((call.request.method, endpoint))
        if known is None:
            return envelope.not_available(call.path)
        action, handler = known
        if not may_write:
            return envelope.read_only(action)
        try:
            return self._success(call, (handler(call), None))
        except BadInput as problem:
            return envelope.bad_request(str(problem))

    def _success(self, call: Call, content: Content) -> Response:
        silent = not self._world.oddities.tells_limit_left or self._faults.take(
            {FaultKind.NO_LIMIT_LEFT}, call.path
        )
        left = None if silent else call.account.left(self._world.today())
        return envelope.answer(200, envelope.success(content[0], limit_left=left, result_set=content[1]))


def _key(request: Request) -> str:
    return request.headers.get("APIKEY") or request.args.get("apiKey", "")


def _resource(endpoint: str) -> str:
    return "form-id" if endpoint.startswith("form-id") else endpoint


def _failed_page(too_large: PageTooLarge) -> Response:
    if too_large.how == "cut":
        body = '{"responseCode":200,"message":"success","content":[{"id":"64'
        return Response(body, 200, mimetype="application/json")
    return Response(
        "<html><head><title>504 Gateway Time-out</title></head></html>", 504, mimetype="text/html"
    )
