"""Webhooks: the body as captured from JotForm in December 2025, sent from threads of their own."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import requests

from jotgate.clock import Clock

from . import answers
from .faults import Fault, FaultKind, Faults
from .forms import Form, Submission

#: The fields in the order they are sent in; those that `fields_of` does not fill are empty.
FIELD_NAMES: Final = (
    "action",
    "webhookURL",
    "username",
    "formID",
    "type",
    "customParams",
    "product",
    "formTitle",
    "customTitle",
    "submissionID",
    "event",
    "documentID",
    "teamID",
    "subject",
    "isSilent",
    "customBody",
    "rawRequest",
    "fromTable",
    "appID",
    "pretty",
    "unread",
    "parent",
    "ip",
)
_SENDERS = 4
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class SentWebhook:
    """One try to deliver a submission."""

    #: Seconds since the epoch, UTC, when the try ended.
    at: float
    url: str
    submission_id: str
    #: In the order they were sent in.
    fields: tuple[tuple[str, str], ...]
    #: The receiver's HTTP status, or None if there was no answer.
    status: int | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    url: str
    submission_id: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    due_at: float
    #: Sent one after another.
    messages: tuple[_Message, ...]


def raw_request(form: Form, submission: Submission, extra: Mapping[str, str]) -> str:
    """Return the JSON of what the visitor's browser sent; `extra` are its hidden inputs."""
    submitted_ms = int(submission.created_at * 1000)
    started_ms = submitted_ms - 20_000
    body: dict[str, object] = {
        "slug": f"submit/{form.form_id}",
        "jsExecutionTracker": extra.get("jsExecutionTracker", ""),
        "submitSource": extra.get("submitSource", "form"),
        "submitDate": str(submitted_ms),
        "buildDate": extra.get("buildDate", str(int(form.updated_at * 1000))),
        "uploadServerUrl": "https://upload.jotform.com/upload",
        "eventObserver": extra.get("eventObserver", "1"),
    }
    for question in form.ordered_questions():
        if question.qid in submission.answers:
            body[question.field_name] = submission.answers[question.qid]
    body |= {
        "event_id": f"{started_ms}_{form.form_id}_{secrets.token_urlsafe(5)}",
        "timeToSubmit": "20",
        "preview": "true",
        "validatedNewRequiredFieldIDs": "{}",
        "visitedPages": "{}",
        "path": f"/submit/{form.form_id}",
    }
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/")


def fields_of(form: Form, submission: Submission, url: str, raw: str) -> tuple[tuple[str, str], ...]:
    """Return the 23 fields of one delivery."""
    lines = [
        f"{question.text}:{answers.pretty(question, submission.answers[question.qid])}"
        for question in form.ordered_questions()
        if question.qid in submission.answers
    ]
    filled = {
        "webhookURL": url,
        "username": form.username,
        "formID": form.form_id,
        "type": "WEB",
        "formTitle": form.title,
        "submissionID": submission.submission_id,
        "rawRequest": raw,
        "pretty": ", ".join(lines),
        "ip": submission.ip,
    }
    return tuple((name, filled.get(name, "")) for name in FIELD_NAMES)


class Webhooks:
    """Deliver submissions to the addresses of their forms, with ordered faults. Nothing is tried twice."""

    def __init__(self, clock: Clock, faults: Faults, *, timeout_seconds: float = 10.0) -> None:
        self._clock = clock
        self._faults = faults
        self._timeout_seconds = timeout_seconds
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._held: list[_Message] = []
        self._release_at = 0.0
        self._sending = 0
        self._stopping = False
        self._threads: list[threading.Thread] = []
        #: Every try, in the order they ended.
        self.sent: list[SentWebhook] = []

    def start(self) -> None:
        """Start sending."""
        self._stopping = False
        self._threads = [threading.Thread(target=self._run, name="sandbox-webhook") for _ in range(_SENDERS)]
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    def stop(self) -> None:
        """Stop sending; what still waits is dropped."""
        with self._changed:
            self._stopping = True
            self._waiting.clear()
            self._held.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(self._timeout_seconds + 1)

    def announce(self, form: Form, submission: Submission, extra: Mapping[str, str]) -> None:
        """Send a new submission to every address of its form, soon; encrypted forms send nothing."""
        if form.encrypted or not form.webhooks:
            return
        raw = raw_request(form, submission, extra)
        for url in form.webhooks.values():
            self._plan(url, submission.submission_id, fields_of(form, submission, url, raw))

    def drain(self, timeout_seconds: float = 10.0) -> bool:
        """Wait until nothing that is due waits or is being sent; return False if that took too long."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, timeout_seconds)

    def _is_idle(self) -> bool:
        return not self._sending and self._next_due() is None

    def _plan(self, url: str, submission_id: str, fields: tuple[tuple[str, str], ...]) -> None:
        if self._faults.take({FaultKind.WEBHOOK_LOST}, url):
            return
        late = self._faults.take({FaultKind.WEBHOOK_LATE}, url)
        due_at = self._clock.now() + (late.number("seconds") if late else 0.0)
        times = 2 if self._faults.take({FaultKind.WEBHOOK_DOUBLED}, url) else 1
        held = self._faults.take({FaultKind.WEBHOOK_REORDERED}, url)
        message = _Message(url=url, submission_id=submission_id, fields=fields)
        with self._changed:
            for _ in range(times):
                self._keep(message, due_at, held)
            self._changed.notify_all()

    def _keep(self, message: _Message, due_at: float, held: Fault | None) -> None:
        if held is None:
            self._waiting.append(_Waiting(due_at=due_at, messages=(message,)))
            return
        if not self._held:
            self._release_at = due_at + held.number("seconds")
        self._held.append(message)
        if len(self._held) >= held.number("batch"):
            self._release()

    def _release(self) -> None:
        """Queue the held deliveries, the newest first."""
        self._waiting.append(_Waiting(due_at=self._clock.now(), messages=tuple(reversed(self._held))))
        self._held.clear()

    def _next_due(self) -> _Waiting | None:
        if self._held and self._release_at <= self._clock.now():
            self._release()
        first = min(self._waiting, key=lambda waiting: waiting.due_at, default=None)
        return first if first and first.due_at <= self._clock.now() else None

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (waiting := self._take()) is not None:
                for message in waiting.messages:
                    self._deliver(session, message)
                self._done()

    def _take(self) -> _Waiting | None:
        with self._changed:
            while not self._stopping:
                waiting = self._next_due()
                if waiting:
                    self._waiting.remove(waiting)
                    self._sending += 1
                    return waiting
                self._changed.wait(_POLL_SECONDS if self._waiting or self._held else None)
        return None

    def _done(self) -> None:
        with self._changed:
            self._sending -= 1
            self._changed.notify_all()

    def _deliver(self, session: requests.Session, message: _Message) -> None:
        status, error = self._post(session, message)
        sent = SentWebhook(
            at=self._clock.now(),
            url=message.url,
            submission_id=message.submission_id,
            fields=message.fields,
            status=status,
            error=error,
        )
        with self._changed:
            self.sent.append(sent)
            self._changed.notify_all()

    def _post(self, session: requests.Session, message: _Message) -> tuple[int | None, str | None]:
        parts = [(name, (None, text)) for name, text in message.fields]
        try:
            answer = session.post(
                message.url, files=parts, timeout=self._timeout_seconds, allow_redirects=False, stream=True
            )
        except (requests.RequestException, ValueError) as problem:
            cause = getattr(problem.args[0], "reason", problem) if problem.args else problem
            return None, f"{type(problem).__name__}: {cause}"
        answer.close()
        return answer.status_code, None
