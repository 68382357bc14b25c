"""A school on a simulated clock: the real gate, store, quota and sweep, and a real local JotForm over HTTP."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jotgate.admission.gate import Seen
from jotgate.admission.grants import Terms, people
from jotgate.config import Settings
from jotgate.jotform.client import JotFormClient
from jotgate.outcomes import Admit, Verdict
from jotgate.protocols import FormState, SubmissionFilter, SubmissionRecord
from jotgate.sandbox import Sandbox
from jotgate.signed.browsers import new_browser
from jotgate.signed.tickets import OnPage, ticket_text
from jotgate.sweeping.sweep import Swept
from jotgate.wiring import Parts, build

#: A Monday in winter, shortly after midnight in New York, so that a simulated day is one day of calls.
MONDAY = 1_768_194_060.0


@dataclass
class Ticking:
    """A clock that stands until it is told."""

    at: float = MONDAY

    def now(self) -> float:
        """Return the simulated time."""
        return self.at


@dataclass
class School:
    """One site with its forms."""

    clock: Ticking
    sandbox: Sandbox
    parts: Parts
    #: Our name -> JotForm's id.
    forms: Mapping[str, str]
    #: When each submission was made.
    made: dict[str, float] = field(default_factory=dict)

    def ticket(self, form: str = "form-0", uses: int = 1) -> str:
        """Let somebody in with a fresh code, and return what their hidden field carries."""
        (code,) = self.codes(form, uses)
        return self.enter(form, code)

    def codes(self, form: str, uses: int = 1, count: int = 1) -> list[str]:
        """Create codes."""
        return [
            one.code for one in self.parts.grants.create(Terms(form=form, uses=uses), people(count=count))
        ]

    def enter(self, form: str, code: str) -> str:
        """Enter a code in a new browser, and return what its hidden field carries."""
        seen = Seen(browser=new_browser(self.clock.at), network="192.0.2.7/32")
        admit = self.parts.gate.admit(code, form=form, seen=seen)
        assert isinstance(admit, Admit), admit
        return ticket_text(OnPage(admit.ticket_id), self.parts.keys)

    def submit(self, form: str = "form-0", ticket: str | None = None, *, webhook: bool = True) -> str:
        """Submit the form, with JotForm's webhook if it is to come."""
        answers: dict[str, object] = {"name": {"first": "Ada", "last": "L"}}
        if ticket is not None:
            answers["jotgate"] = ticket
        submission_id = self.sandbox.submit(self.forms[form], answers, webhook=False)
        self.made[submission_id] = self.clock.at
        if webhook:
            self.parts.intake.take(self.forms[form])
        return submission_id

    def sweep(self, **options: Any) -> Swept:
        """Sweep once."""
        return self.parts.sweep.run(**options)

    def wait(self, seconds: float, step: float = 2.0) -> None:
        """Let time pass, with a process that looks after the sweep."""
        end = self.clock.at + seconds
        while self.clock.at < end:
            self.clock.at = min(self.clock.at + step, end)
            self.sweep()

    def records(self) -> dict[str, SubmissionRecord]:
        """Return what the store knows of every submission."""
        return {record.submission_id: record for record in self.parts.store.submissions(SubmissionFilter())}

    def verdicts(self) -> dict[str, Verdict]:
        """Return every submission's verdict."""
        return {submission_id: record.verdict for submission_id, record in self.records().items()}

    def state(self, form: str = "form-0") -> FormState:
        """Return how far the sweep is with a form."""
        return next(state for state in self.parts.store.form_states() if state.form == form)

    def lateness(self) -> list[float]:
        """Return, for each judged submission, how many seconds its verdict took, the shortest first."""
        return sorted(
            record.judged_at - self.made[record.submission_id]
            for record in self.records().values()
            if record.judged_at is not None
        )


@contextmanager
def school(
    forms: int = 1, *, plan: str = "free", configured_plan: str | None = "free", **form_settings: Any
) -> Iterator[School]:
    """Open a school with so many forms; *plan* is the account's, *configured_plan* what the settings say."""
    clock = Ticking()
    with tempfile.TemporaryDirectory() as folder, Sandbox(port=0, clock=clock, plan=plan) as sandbox:
        ids = {f"form-{number}": sandbox.add_form(f"Form {number}") for number in range(forms)}
        clock.at += 5
        settings = Settings.from_mapping(
            {
                "site_url": "http://127.0.0.1:8700",
                "api_key": sandbox.read_key,
                "api_host": sandbox.api,
                "plan": configured_plan,
                "secret_keys": [secrets.token_urlsafe(32)],
                "code_keys": [secrets.token_urlsafe(32)],
                "hook_secrets": [secrets.token_urlsafe(24)],
                "store": f"sqlite:///{Path(folder) / 'jotgate.db'}",
                "forms": {form: {"id": form_id, **form_settings} for form, form_id in ids.items()},
            }
        )
        parts = build(settings, clock=clock)
        assert isinstance(parts.service, JotFormClient)
        # The time between two tries is not simulated; how long it lasts is the client's own tests' business.
        parts.service._sleep = lambda _: None
        try:
            yield School(clock, sandbox, parts, ids)
        finally:
            parts.store.close()
            parts.service.close()
