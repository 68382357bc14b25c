"""The sandbox's own pages: what it holds, what it has sent, and faults to order. For this machine only."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from ipaddress import ip_address

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from . import answers
from .account import Account
from .faults import OPTIONS, FaultKind, Faults
from .forms import Form, Submission
from .pages import render
from .webhooks import SentWebhook, Webhooks
from .world import LoggedCall, World

_ONE_FAULT = re.compile(r"/sandbox/faults/([0-9]{1,9})", re.ASCII)
_ONE_SUBMISSION = re.compile(r"/sandbox/submissions/([0-9]{1,20})", re.ASCII)
_SHOWN_ROWS = 200


class Console:
    """`/sandbox/`: an overview, `/sandbox/state` as JSON, and orders."""

    def __init__(
        self,
        world: World,
        faults: Faults,
        webhooks: Webhooks,
        account: Account,
        addresses: Callable[[], Mapping[str, str]],
    ) -> None:
        self._world = world
        self._faults = faults
        self._webhooks = webhooks
        self._account = account
        self._addresses = addresses

    def answer(self, request: Request) -> Response:
        """Answer a request of this machine; pages of other sites cannot give orders."""
        if not _is_local(request):
            return Response("The sandbox's pages are for this machine only.", 403)
        if request.method in ("GET", "HEAD"):
            return self._show(request)
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            return _problem("Orders are taken from the sandbox's own page and from programs only.", 403)
        return self._order(request)

    def _show(self, request: Request) -> Response:
        if request.path == "/sandbox/":
            kinds = {kind.value: OPTIONS[kind] for kind in FaultKind}
            return render("overview.html", state=self.state(), kinds=kinds)
        if request.path == "/sandbox/state":
            return _json(self.state())
        if request.path == "/sandbox/faults":
            return _json({"faults": [fault.to_json() for fault in self._faults.active()]})
        return Response("There is nothing at this address.", 404)

    def _order(self, request: Request) -> Response:
        from_page = request.mimetype == "application/x-www-form-urlencoded"
        one = _ONE_FAULT.fullmatch(request.path)
        edited = _ONE_SUBMISSION.fullmatch(request.path)
        try:
            if request.method == "POST" and request.path == "/sandbox/faults":
                done = self._add_fault(_order_from_page(request) if from_page else _order_from_json(request))
            elif (request.method, request.path) in (
                ("DELETE", "/sandbox/faults"),
                ("POST", "/sandbox/faults/clear"),
            ):
                done = self._clear_faults(None)
            elif request.method == "DELETE" and one:
                done = self._clear_faults(int(one[1]))
            elif request.method == "POST" and edited:
                order = _edit_from_page(request) if from_page else _order_from_json(request)
                done = self._edit(edited[1], order)
            elif request.method == "POST" and request.path == "/sandbox/webhooks":
                done = self._add_webhook(request.form if from_page else _order_from_json(request))
            elif request.method == "POST" and request.path == "/sandbox/calls":
                done = self._use_calls(_order_from_json(request))
            else:
                return _problem("There is nothing to order at this address.", 404)
        except ValueError as problem:
            return _problem(str(problem), 400)
        return redirect("/sandbox/", 303) if from_page else _json(done)

    def _add_fault(self, order: dict[str, object]) -> dict[str, object]:
        kind, times, path = str(order.pop("kind", "")), order.pop("times", 1), order.pop("path", None)
        if times is not None and not isinstance(times, int):
            raise ValueError(f"times must be a number from 1 up, or null for always, not {times!r}")
        fault = self._faults.add(kind, times, None if path is None else str(path), order)
        return {"fault": fault.to_json()}

    def _clear_faults(self, fault_id: int | None) -> dict[str, object]:
        self._faults.clear(fault_id)
        return {"faults": [fault.to_json() for fault in self._faults.active()]}

    def _edit(self, submission_id: str, order: Mapping[str, object]) -> dict[str, object]:
        """Change answers, as somebody with an edit link could, or the status, as the owner could."""
        given, status = order.get("answers", {}), order.get("status")
        if not isinstance(given, dict) or not (status is None or isinstance(status, str)):
            raise ValueError("answers must be an object of names or qids and values, status a text")
        with self._world.lock:
            form = self._world.form(self._world.submission(submission_id).form_id)
            changed = answers.from_python(form, given)
            self._world.edit_submission(submission_id, changed, status=status)
            ticket = form.question_named(form.ticket_field) if form.ticket_field else None
            kept = self._world.submission(submission_id)
            return {"submission": _submission(form, kept, ticket.qid if ticket else "")}

    def _add_webhook(self, order: Mapping[str, object]) -> dict[str, object]:
        with self._world.lock:
            form = self._world.form(str(order.get("form_id", "")))
            form.add_webhook(str(order.get("webhookURL", "")).strip())
            return {"webhooks": list(form.webhooks.values())}

    def _use_calls(self, order: Mapping[str, object]) -> dict[str, object]:
        calls = order.get("calls")
        if type(calls) is not int or calls < 0:
            raise ValueError(f"calls must be a number from 0 up, not {calls!r}")
        with self._world.lock:
            self._account.charge(self._world.today(), calls)
        return {"calls": self._calls()}

    def state(self) -> dict[str, object]:
        """Return all that the overview shows."""
        with self._world.lock:
            forms = [self._form(form) for form in self._world.forms_of(self._account)]
            log = [_call(call) for call in self._world.log[-_SHOWN_ROWS:]]
            calls = self._calls()
        return {
            **self._addresses(),
            "now": _iso(self._world.clock.now()),
            "calls": calls,
            "forms": forms,
            "faults": [fault.to_json() for fault in self._faults.active()],
            "webhooks_sent": [_sent(each) for each in self._webhooks.sent[-_SHOWN_ROWS:]],
            "log": log,
        }

    def _calls(self) -> dict[str, object]:
        day = self._world.today()
        account = self._account
        return {
            "day": day.isoformat(),
            "plan": account.plan,
            "used": account.used.get(day, 0),
            "limit": account.daily_calls,
            "left": account.left(day),
        }

    def _form(self, form: Form) -> dict[str, object]:
        ticket = form.question_named(form.ticket_field) if form.ticket_field else None
        sent = self._world.submissions_of([form.form_id])
        return {
            "id": form.form_id,
            "title": form.title,
            "status": form.status,
            "layout": form.layout,
            "encrypted": form.encrypted,
            "url": f"{self._addresses()['api']}/{form.form_id}",
            "thank_you": form.thank_you,
            "ticket_field": form.ticket_field,
            "webhooks": list(form.webhooks.values()),
            "questions": [
                {
                    "qid": q.qid,
                    "name": q.name,
                    "type": q.type,
                    "text": q.text,
                    "hidden": q.hidden,
                    "required": q.required,
                }
                for q in form.ordered_questions()
            ],
            "submissions": [_submission(form, each, ticket.qid if ticket else "") for each in reversed(sent)][
                :_SHOWN_ROWS
            ],
            "submission_count": len(sent),
        }


def _is_local(request: Request) -> bool:
    host = request.host.rsplit(":", 1)[0].strip("[]")
    try:
        return ip_address(request.remote_addr or "").is_loopback and host in ("localhost", "127.0.0.1", "::1")
    except ValueError:
        return False


def _order_from_json(request: Request) -> dict[str, object]:
    order: object = request.get_json(force=True, silent=True)
    if not isinstance(order, dict):
        raise ValueError("an order is a JSON object")
    return order


def _order_from_page(request: Request) -> dict[str, object]:
    form = request.form
    order: dict[str, object] = {"kind": form.get("kind", ""), "path": form.get("path") or None}
    times = form.get("times", "1")
    if times and not times.isdecimal():
        raise ValueError(f"times must be a number from 1 up, or empty for always, not {times!r}")
    order["times"] = int(times) if times else None
    for pair in re.split(r"[\s,]+", form.get("options", "").strip()):
        name, _, value = pair.partition("=")
        if name:
            order[name] = value
    return order


def _edit_from_page(request: Request) -> dict[str, object]:
    field = request.form.get("field", "")
    return {"answers": {field: request.form.get("value", "")}}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _submission(form: Form, sent: Submission, ticket_qid: str) -> dict[str, object]:
    shown = {
        form.questions[qid].name: answers.pretty(form.questions[qid], answer)
        for qid, answer in sent.answers.items()
        if qid in form.questions and qid != ticket_qid
    }
    ticket = sent.answers.get(ticket_qid)
    return {
        "id": sent.submission_id,
        "created_at": _iso(sent.created_at),
        "updated_at": None if sent.updated_at is None else _iso(sent.updated_at),
        "status": sent.status,
        "ip": sent.ip,
        "ticket": ticket,
        "answers": shown,
    }


def _sent(webhook: SentWebhook) -> dict[str, object]:
    return {
        "at": _iso(webhook.at),
        "url": webhook.url,
        "submission_id": webhook.submission_id,
        "status": webhook.status,
        "error": webhook.error,
    }


def _call(call: LoggedCall) -> dict[str, object]:
    return {
        "at": _iso(call.at),
        "method": call.method,
        "path": call.path,
        "query": call.query,
        "status": call.status,
    }


def _json(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body, indent=1), status, mimetype="application/json")


def _problem(text: str, status: int) -> Response:
    return _json({"error": text}, status)
