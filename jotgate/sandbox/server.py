"""The sandbox itself: a local JotForm that tests, the demo and the CLI start."""

from __future__ import annotations

import errno
import secrets
import socket
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType

from jotgate.clock import Clock, SystemClock

from . import answers as answer_texts
from . import contents
from .account import DAILY_CALLS, Account
from .api import Api
from .application import Application
from .calls import bare
from .console import Console
from .contents import REGION_HOSTS
from .faults import Fault, Faults
from .forms import FieldValue, Form, Submission, question_from
from .oddities import Oddities
from .pages import Pages
from .uploads import SentFile, Uploads
from .webhooks import SentWebhook, Webhooks
from .wire import Listener
from .world import LoggedCall, World

#: Questions of a form that is added without any.
_USUAL: Sequence[Mapping[str, object]] = (
    {"qid": "3", "type": "fullname", "name": "name", "text": "Name"},
    {"qid": "4", "type": "email", "name": "email", "text": "Email"},
    {"qid": "5", "type": "textarea", "name": "message", "text": "Message"},
)
FORM_STATUSES = ("ENABLED", "DISABLED", "DELETED")
LAYOUTS = ("LEGACY", "CARD")


class Sandbox:
    """A local JotForm: REST API, form pages, submit address and webhooks, on loopback.

    A context manager; or call `start` and `stop`. What it holds outlives a stop. With `port` 0 a free port
    is taken at the first start and kept. Times, ids and the daily reset follow `clock`.
    """

    def __init__(
        self,
        port: int = 0,
        clock: Clock | None = None,
        plan: str = "free",
        *,
        read_key: str | None = None,
        full_key: str | None = None,
        username: str = "sandbox_owner",
        region: str = "US",
        daily_calls: int | None = None,
        oddities: Oddities | None = None,
        odd: Iterable[str] = (),
        webhook_timeout_seconds: float = 10.0,
    ) -> None:
        """Raises ValueError for an unknown plan, region or odd reading.

        `daily_calls` overrides the plan's. `odd` names the readings of `Odd` that are played.
        """
        self._port = port
        self._stopping = threading.Event()
        self._listeners: list[Listener] = []
        self._faults = Faults()
        self._world = World(clock or SystemClock(), (oddities or Oddities()).playing(odd))
        self._account = self._add_account(username, plan, region, daily_calls, read_key, full_key)
        foreign = self._add_account("somebody_else", "free", "US", None, None, None)
        #: A key, and a form, of another account.
        self.foreign_key = foreign.read_key
        self.foreign_form_id = self._add_form(foreign, "Not yours", _USUAL).form_id
        self._webhooks = Webhooks(self._world.clock, self._faults, timeout_seconds=webhook_timeout_seconds)
        self._uploads = Uploads(lambda: self.api)
        self._application = Application(
            self._world,
            self._faults,
            Api(self._world, self._faults, self._webhooks, self._uploads, lambda: self.api),
            Pages(self._world, self._uploads, self._receive, lambda: self.api, lambda: self.submit_origin),
            Console(self._world, self._faults, self._webhooks, self._account, self._addresses),
            self._stopping.wait,
        )

    def start(self) -> Sandbox:
        """Listen on 127.0.0.1, and on ::1 where there is one. Raises OSError if the port is taken."""
        self._stopping.clear()
        self._webhooks.start()
        try:
            listeners = self._listen()
        except OSError:
            self._webhooks.stop()
            raise
        self._port = listeners[0].server_port
        for listener in listeners:
            listener.start()
        self._listeners = listeners
        return self

    def stop(self) -> None:
        """Close every connection and end every thread; what the sandbox holds stays."""
        self._stopping.set()
        for listener in self._listeners:
            listener.stop()
        self._listeners = []
        self._webhooks.stop()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def api(self) -> str:
        """The address of the REST API and of the form pages (the first origin); no slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def submit_origin(self) -> str:
        """The address of the submit address and the thank-you page (the second origin)."""
        return f"http://localhost:{self._port}"

    @property
    def read_key(self) -> str:
        """A key with Read Access."""
        return self._account.read_key

    @property
    def full_key(self) -> str:
        """A key with Full Access."""
        return self._account.full_key

    @property
    def calls(self) -> int:
        """How many API calls the account has used today."""
        with self._world.lock:
            return self._account.used.get(self._world.today(), 0)

    @property
    def log(self) -> list[LoggedCall]:
        """Every request to the API since the sandbox was made, counted or not."""
        with self._world.lock:
            return list(self._world.log)

    @property
    def webhooks_sent(self) -> list[SentWebhook]:
        """Every try to deliver a webhook."""
        return list(self._webhooks.sent)

    @property
    def oddities(self) -> Oddities:
        """The present oddities; assign others at any time."""
        return self._world.oddities

    @oddities.setter
    def oddities(self, oddities: Oddities) -> None:
        self._world.oddities = oddities

    def use_calls(self, calls: int) -> None:
        """Take calls of the account at once, as another integration would; never beyond the limit."""
        with self._world.lock:
            self._account.charge(self._world.today(), calls)

    def add_form(
        self,
        title: str,
        questions: Iterable[Mapping[str, object]] | None = None,
        ticket_field: str | None = "jotgate",
        webhooks: Iterable[str] = (),
        thank_you: str | None = None,
        layout: str = "LEGACY",
        form_id: str | None = None,
        *,
        encrypted: bool = False,
        numeric_ids: bool = False,
        send_post_data: bool = False,
        team_id: str | None = None,
    ) -> str:
        """Add a form and return its id.

        A question is a mapping with `type` and, where wanted, `qid`, `name`, `text`, `required`, `hidden`,
        `readonly` and `options`. A heading and a submit button are added unless the list is empty, and a
        hidden text field named `ticket_field` if no field has that name. Raises ValueError.
        """
        if layout not in LAYOUTS:
            raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}, not {layout!r}")
        wishes = list(_USUAL if questions is None else questions)
        form = self._add_form(self._account, title, wishes, ticket_field, form_id)
        form.webhooks = {str(index): url for index, url in enumerate(webhooks)}
        form.thank_you = thank_you
        form.layout = layout
        form.encrypted = encrypted
        form.numeric_ids = numeric_ids
        form.send_post_data = send_post_data
        form.team_id = team_id
        return form.form_id

    def forms(self) -> dict[str, str]:
        """Return the titles of the account's forms by id, deleted ones included."""
        with self._world.lock:
            return {form.form_id: form.title for form in self._world.forms_of(self._account)}

    def set_form_status(self, form_id: str, status: str) -> None:
        """Set ENABLED, DISABLED or DELETED."""
        if status not in FORM_STATUSES:
            raise ValueError(f"status must be one of {', '.join(FORM_STATUSES)}, not {status!r}")
        with self._world.lock:
            self._world.form(form_id).status = status

    def set_webhooks(self, form_id: str, urls: Iterable[str]) -> None:
        """Replace the form's webhook addresses."""
        with self._world.lock:
            self._world.form(form_id).webhooks = {str(index): url for index, url in enumerate(urls)}

    def add_question(self, form_id: str, **properties: object) -> str:
        """Add a question (`type`, `name`, `text`, ...) and return its qid."""
        with self._world.lock:
            return self._world.form(form_id).add_question(properties).qid

    def rename_question(self, form_id: str, qid: str, name: str) -> None:
        """Give a question another unique name; its qid and its answers stay."""
        with self._world.lock:
            questions = self._world.form(form_id).questions
            questions[qid] = replace(questions[qid], name=name)

    def change_question(self, form_id: str, qid: str, **properties: object) -> None:
        """Change what the owner can change of a question: `hidden`, `validation`, `maxsize`, ...; its answers stay."""
        with self._world.lock:
            form = self._world.form(form_id)
            before = contents.question(form.questions[qid])
            form.questions[qid] = question_from(
                {**before, **properties}, qid=qid, order=form.questions[qid].order
            )

    def set_property(self, form_id: str, name: str, text: str) -> None:
        """Set whatever else the form's settings hold, such as `conditions`."""
        with self._world.lock:
            self._world.form(form_id).properties[name] = text

    def delete_question(self, form_id: str, qid: str) -> None:
        """Delete a question; its answers are no longer shown."""
        with self._world.lock:
            del self._world.form(form_id).questions[qid]

    def submit(
        self,
        form_id: str,
        answers: Mapping[str, object],
        at: float | None = None,
        webhook: bool = True,
        ip: str = "192.0.2.1",
    ) -> str:
        """Submit in process and return the submission's id; nothing is required.

        The answers' keys are names or qids. `at` (seconds since the epoch, UTC) is the creation time, now if
        absent. Raises ValueError for a question that the form does not have.
        """
        with self._world.lock:
            form = self._world.form(form_id)
            given = answer_texts.from_python(form, answers)
            submission = self._world.submit(
                form, given, at=self._world.clock.now() if at is None else at, ip=ip
            )
            if webhook:
                self._webhooks.announce(form, submission, {})
        return submission.submission_id

    def delete_submission(self, submission_id: str, *, for_good: bool = False) -> None:
        """Mark a submission as deleted, and the API goes on returning it; or take it away *for_good*."""
        if for_good:
            self._world.purge_submission(submission_id)
        else:
            self._world.delete_submission(submission_id)

    def edit_submission(
        self, submission_id: str, answers: Mapping[str, object] | None = None, *, status: str | None = None
    ) -> None:
        """Change answers (by name or qid) or the status of a submission, as its owner could."""
        with self._world.lock:
            form = self._world.form(self._world.submission(submission_id).form_id)
            given = answer_texts.from_python(form, answers or {})
            self._world.edit_submission(submission_id, given, status=status)
            if self._world.oddities.edits_send_webhooks:
                self._webhooks.announce(form, self._world.submission(submission_id), {})

    def drain_webhooks(self, timeout_seconds: float = 10.0) -> bool:
        """Wait until no webhook that is due is still to be sent; return False if that took too long."""
        return self._webhooks.drain(timeout_seconds)

    def add_fault(
        self, kind: str, times: int | None = 1, path: str | None = None, **options: object
    ) -> Fault:
        """Order a fault; see `FaultKind` for the kinds and `OPTIONS` for their options.

        `times` None: until it is cleared. `path` is a glob over paths without `/v1`, such as
        `/form/*/submissions`, and for webhook faults over their addresses; None: every API call, every
        webhook. Raises ValueError.
        """
        return self._faults.add(kind, times, bare(path) if path and path.startswith("/") else path, options)

    def clear_faults(self) -> None:
        """Take back every order."""
        self._faults.clear()

    def _addresses(self) -> Mapping[str, str]:
        return {"api": self.api, "submit_origin": self.submit_origin}

    def _receive(
        self,
        form: Form,
        given: Mapping[str, FieldValue],
        ip: str,
        extra: Mapping[str, str],
        files: Mapping[str, Sequence[SentFile]],
    ) -> Submission:
        at = self._world.clock.now()
        submission_id = self._world.new_submission_id(at)
        whole = {**given, **self._uploads.keep(form, submission_id, files)}
        submission = self._world.submit(form, whole, at=at, ip=ip, submission_id=submission_id)
        self._webhooks.announce(form, submission, extra)
        return submission

    def _add_account(
        self,
        username: str,
        plan: str,
        region: str,
        daily_calls: int | None,
        read_key: str | None,
        full_key: str | None,
    ) -> Account:
        if plan.upper() not in DAILY_CALLS:
            raise ValueError(f"plan must be one of {', '.join(DAILY_CALLS).lower()}, not {plan!r}")
        if region not in REGION_HOSTS:
            raise ValueError(f"region must be one of {', '.join(REGION_HOSTS)}, not {region!r}")
        account = Account(
            username=username,
            plan=plan.upper(),
            region=region,
            read_key=read_key or secrets.token_hex(16),
            full_key=full_key or secrets.token_hex(16),
            daily_calls=DAILY_CALLS[plan.upper()] if daily_calls is None else daily_calls,
            created_at=self._world.clock.now(),
        )
        self._world.accounts[username] = account
        return account

    def _add_form(
        self,
        account: Account,
        title: str,
        wishes: Sequence[Mapping[str, object]],
        ticket_field: str | None = None,
        form_id: str | None = None,
    ) -> Form:
        now = self._world.clock.now()
        form = Form(
            form_id="",
            username=account.username,
            title=title,
            created_at=now,
            updated_at=now,
            ticket_field=ticket_field,
            # JotForm's name for the secret that a read key sees; a canary for what must not be logged.
            properties={"password": secrets.token_hex(8)},
        )
        for wish in _completed(title, wishes, ticket_field):
            form.add_question(wish)
        return self._world.add_form(form, form_id)

    def _listen(self) -> list[Listener]:
        for _ in range(20):
            first = Listener(socket.AF_INET, "127.0.0.1", self._port, self._application)
            try:
                return [first, Listener(socket.AF_INET6, "::1", first.server_port, self._application)]
            except OSError as problem:
                if problem.errno != errno.EADDRINUSE:
                    return [first]
                first.server_close()
                if self._port:
                    raise
        raise OSError(errno.EADDRINUSE, "no port is free on both 127.0.0.1 and ::1")


def _completed(
    title: str, wishes: Sequence[Mapping[str, object]], ticket_field: str | None
) -> Sequence[Mapping[str, object]]:
    """Add the rows that every form made in JotForm's builder has, with the qids they have there."""
    whole: list[dict[str, object]] = [dict(wish) for wish in wishes]
    kinds = {str(wish.get("type", "")).removeprefix("control_") for wish in whole}
    taken = {str(wish["qid"]) for wish in whole if "qid" in wish}
    free = (str(number) for number in range(3, 10_000) if str(number) not in taken)
    for wish in whole:
        if "qid" not in wish:
            wish["qid"] = next(free)
    if ticket_field and ticket_field not in {str(wish.get("name", "")) for wish in whole}:
        whole.append({"qid": next(free), "name": ticket_field, "text": "Ticket", "hidden": True})
    if wishes and "head" not in kinds:
        qid = "1" if "1" not in taken else next(free)
        whole.insert(0, {"qid": qid, "type": "head", "name": "heading", "text": title})
    if wishes and "button" not in kinds:
        qid = "2" if "2" not in taken else next(free)
        whole.append({"qid": qid, "type": "button", "name": "submit2", "text": "Submit"})
    return whole
