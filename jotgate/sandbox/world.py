"""All that the sandbox holds, behind one lock: accounts, forms, submissions, and today's calls."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from jotgate.clock import Clock

from .account import Account
from .forms import FieldValue, Form, Submission
from .oddities import Oddities
from .stamps import SubmissionIds, api_day, local_time, new_form_id


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One request to the API, counted or not. `status` is 0 if no answer was begun."""

    #: Seconds since the epoch, UTC.
    at: float
    method: str
    path: str
    #: The key is masked.
    query: str
    status: int


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an account's history."""

    #: JotForm's name of it: formCreation, formUpdate, formDelete.
    kind: str
    #: Seconds since the epoch, UTC.
    at: float
    username: str
    form_id: str
    form_title: str
    form_status: str
    form_layout: str


class World:
    """The state of the sandbox. Methods take the lock; take it around several of them."""

    def __init__(self, clock: Clock, oddities: Oddities) -> None:
        self.clock = clock
        self.oddities = oddities
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.forms: dict[str, Form] = {}
        self.submissions: dict[str, Submission] = {}
        self.log: list[LoggedCall] = []
        #: What was done to accounts and forms, oldest first.
        self.history: list[Event] = []
        self._ids_of_form: dict[str, list[str]] = {}
        self._submission_ids = SubmissionIds(oddities.digits_of_ids)

    def today(self) -> date:
        """Return the day that calls are counted on now."""
        return api_day(self.clock.now(), daylight_saving=self.oddities.reset_follows_daylight_saving)

    def local(self, at: float) -> str:
        """Write a time as the API does."""
        return local_time(at, self.oddities.timezone)

    def php_map(self, entries: Mapping[str, object]) -> Mapping[str, object] | list[object]:
        """Return a map as PHP writes it: an empty one is a list, unless it is said to be otherwise."""
        return entries if entries or self.oddities.empty_maps_are_maps else []

    def account_of_key(self, key: str) -> tuple[Account, bool] | None:
        """Return whose key this is and whether it may write."""
        for account in self.accounts.values():
            for own, may_write in ((account.read_key, False), (account.full_key, True)):
                if secrets.compare_digest(own.encode(), key.encode("utf-8", "surrogateescape")):
                    return account, may_write
        return None

    def add_form(self, form: Form, form_id: str | None) -> Form:
        """Keep a new form, under the given id or a new one. Raises ValueError for an id that is taken."""
        with self.lock:
            form.form_id = form_id or new_form_id(form.created_at)
            if form.form_id in self.forms:
                raise ValueError(f"there is a form {form.form_id} already")
            self.forms[form.form_id] = form
            self._ids_of_form[form.form_id] = []
            self.note("formCreation", form)
        return form

    def note(self, kind: str, form: Form) -> None:
        """Remember what was done to a form."""
        event = Event(
            kind, self.clock.now(), form.username, form.form_id, form.title, form.status, form.layout
        )
        with self.lock:
            self.history.append(event)

    def form(self, form_id: str) -> Form:
        """Return a form. Raises ValueError if no form has this id."""
        if form_id not in self.forms:
            raise ValueError(f"there is no form {form_id}")
        return self.forms[form_id]

    def forms_of(self, account: Account) -> list[Form]:
        """Return an account's forms, deleted ones included."""
        return [form for form in self.forms.values() if form.username == account.username]

    def submissions_of(self, form_ids: Iterable[str]) -> list[Submission]:
        """Return all submissions to these forms, in no order."""
        with self.lock:
            return [
                self.submissions[key] for form_id in form_ids for key in self._ids_of_form.get(form_id, ())
            ]

    def new_submission_id(self, at: float) -> str:
        """Return the id of a submission that is still to be kept; it tells `at`."""
        with self.lock:
            return self._submission_ids.next(at)

    def submit(
        self,
        form: Form,
        answers: Mapping[str, FieldValue],
        *,
        at: float,
        ip: str,
        submission_id: str | None = None,
    ) -> Submission:
        """Keep a new submission; its id, unless it has one already, tells `at`."""
        with self.lock:
            submission = Submission(
                submission_id=submission_id or self._submission_ids.next(at),
                form_id=form.form_id,
                ip=ip,
                created_at=at,
                answers=dict(answers),
            )
            self.submissions[submission.submission_id] = submission
            self._ids_of_form[form.form_id].append(submission.submission_id)
        return submission

    def submission(self, submission_id: str) -> Submission:
        """Return a submission. Raises ValueError if no submission has this id."""
        if submission_id not in self.submissions:
            raise ValueError(f"there is no submission {submission_id}")
        return self.submissions[submission_id]

    def delete_submission(self, submission_id: str) -> None:
        """Mark a submission as deleted; the API goes on returning it."""
        with self.lock:
            self.submissions[submission_id] = replace(self.submission(submission_id), status="DELETED")

    def purge_submission(self, submission_id: str) -> None:
        """Take a submission away, as a purge of the account's trash does."""
        with self.lock:
            form_id = self.submissions.pop(submission_id).form_id
            self._ids_of_form[form_id].remove(submission_id)

    def edit_submission(
        self,
        submission_id: str,
        answers: Mapping[str, FieldValue],
        *,
        status: str | None = None,
        new: bool | None = None,
        flag: bool | None = None,
    ) -> None:
        """Change some answers and marks of a submission; the others stay."""
        with self.lock:
            before = self.submission(submission_id)
            self.submissions[submission_id] = replace(
                before,
                answers={**before.answers, **answers},
                updated_at=self.clock.now(),
                status=before.status if status is None else status,
                new=before.new if new is None else new,
                flag=before.flag if flag is None else flag,
            )

    def remember_call(self, call: LoggedCall) -> None:
        """Append to the log of API calls."""
        with self.lock:
            self.log.append(call)
