"""The REST API: who asks, whether a call is left, what they may do, and the answer in JotForm's envelope."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from . import contents, envelope
from .account import Account
from .calls import PATHS, BadInput, Call, bare
from .envelope import Answer
from .faults import FaultKind, Faults
from .folders import Folders
from .forms import Form, Submission
from .reads import PageTooLarge, Reads
from .reports import Reports
from .uploads import Uploads
from .webhooks import Webhooks
from .world import World
from .writes import Writes

#: Browsers may ask from any page (seen in 2013), with the headers that their pages send today.
_CORS: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "APIKEY, jf-team-id, Content-Type",
}


class Api:
    """The REST API of one host."""

    def __init__(
        self, world: World, faults: Faults, webhooks: Webhooks, uploads: Uploads, base: Callable[[], str]
    ) -> None:
        self._world = world
        self._faults = faults
        self._base = base
        folders, reports = Folders(world), Reports(world)
        self._reads = Reads(world, faults, uploads, {**folders.reads, **reports.reads})
        self._writes = {**Writes(world, webhooks).by_endpoint, **folders.writes, **reports.writes}

    def charge(self, request: Request) -> None:
        """Count a call whose answer an ordered fault replaces."""
        with self._world.lock:
            known = self._world.account_of_key(_key(request))
            if known:
                known[0].charge(self._world.today())

    def answer(self, request: Request) -> Response:
        """Answer one call, and count it if a known key made it."""
        if request.method == "OPTIONS":
            response = Response("", 200)
        else:
            with self._world.lock:
                response = self._answer(request)
        response.headers.update(_CORS)
        return response

    def _answer(self, request: Request) -> Response:
        known = self._world.account_of_key(_key(request))
        if known and known[0].is_over(self._world.today()):
            return envelope.over_limit(self._world.oddities.over_limit)
        if known:
            known[0].charge(self._world.today())
        try:
            answer = self._answered(request, bare(request.path), known)
        except PageTooLarge as too_large:
            return _failed_page(too_large)
        if known:
            answer = answer.telling(self._limit_left(known[0], answer, bare(request.path)))
        if answer.status != 200 and self._world.oddities.message_is_object:
            answer = answer.with_object_message()
        return answer.response(as_xml=request.path.endswith(".xml"))

    def _limit_left(self, account: Account, answer: Answer, path: str) -> int | None:
        odd = self._world.oddities
        if "content" not in answer.body or not odd.tells_limit_left:
            return None
        if answer.status != 200:
            return account.left(self._world.today()) if odd.errors_tell_limit_left else None
        if self._faults.take({FaultKind.NO_LIMIT_LEFT}, path):
            return None
        return account.left(self._world.today())

    def _answered(self, request: Request, path: str, known: tuple[Account, bool] | None) -> Answer:
        try:
            endpoint, names = PATHS.bind("sandbox").match(path, "GET")
        except HTTPException:
            return envelope.not_available(request.path)
        if endpoint == "system-plan" and request.method in ("GET", "HEAD"):
            return self._plan(request, names["key"])
        if not known:
            return envelope.unauthorized(_resource(endpoint))
        account, may_write = known
        if self._is_wrong_region(account, path):
            return Answer(200, contents.wrong_region())
        call = self._call(request, path, account, names)
        if call is None:
            return self._unknown(request, endpoint)
        if request.method in ("GET", "HEAD"):
            return self._read(endpoint, call)
        return self._write(endpoint, call, may_write)

    def _plan(self, request: Request, name: str) -> Answer:
        plan = contents.plan(name)
        return envelope.not_available(request.path) if plan is None else envelope.success(plan)

    def _unknown(self, request: Request, endpoint: str) -> Answer:
        if endpoint == "submission-id" and self._world.oddities.unknown_is_not_found:
            return envelope.not_available(request.path)
        return envelope.unauthorized(_resource(endpoint))

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
        call = Call(
            request=request,
            account=account,
            key=names.get("key", ""),
            base=self._base(),
            path=path,
            form_or_none=form,
            submission_or_none=submission,
        )
        if names.keys() & {"submission_id", "form_id"} and (
            form is None or form.username != account.username or form.team_id not in (None, call.team_id)
        ):
            return None
        return call

    def _read(self, endpoint: str, call: Call) -> Answer:
        try:
            content = self._reads.read(endpoint, call)
        except BadInput as problem:
            return _refused(problem)
        if content is None:
            return envelope.not_available(call.request.path)
        return envelope.success(content[0], result_set=content[1])

    def _write(self, endpoint: str, call: Call, may_write: bool) -> Answer:
        known = self._writes.get((call.request.method, endpoint))
        if known is None:
            return envelope.not_available(call.request.path)
        action, handler = known
        if not may_write:
            return envelope.read_only(action)
        try:
            return envelope.success(handler(call))
        except BadInput as problem:
            return _refused(problem)


def _key(request: Request) -> str:
    return request.headers.get("APIKEY") or request.args.get("apiKey", "")


def _resource(endpoint: str) -> str:
    return "form-id" if endpoint.startswith("form-id") else endpoint


def _refused(problem: BadInput) -> Answer:
    return envelope.bad_request(str(problem), content=problem.content, resource=problem.resource)


def _failed_page(too_large: PageTooLarge) -> Response:
    if too_large.how == "cut":
        body = '{"responseCode":200,"message":"success","content":[{"id":"64'
        return Response(body, 200, mimetype="application/json")
    return Response(
        "<html><head><title>504 Gateway Time-out</title></head></html>", 504, mimetype="text/html"
    )
