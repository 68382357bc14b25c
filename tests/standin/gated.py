"""A gated site beside the tests' own JotForm: the real parts, the real client, a clock that stands, no threads."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jotgate.admission.gate import Seen
from jotgate.admission.grants import Person, Terms
from jotgate.clock import Clock
from jotgate.config import Settings
from jotgate.jotform.transport import _Session
from jotgate.outcomes import Admit, Verdict
from jotgate.protocols import FormState, SubmissionFilter, SubmissionRecord
from jotgate.signed.browsers import new_browser
from jotgate.signed.tickets import OnPage, ticket_text
from jotgate.wiring import Parts, build
from tests.sweeping.school import MONDAY, Ticking

from .account import KEY, Account
from .wire import Wire

_CHORES_SECONDS = 60.0


@dataclass
class Gated:
    """One site with its forms."""

    clock: Ticking
    account: Account
    parts: Parts
    #: Our name -> JotForm's id.
    forms: Mapping[str, str]
    #: When each submission was sent.
    made: dict[str, float] = field(default_factory=dict)
    _chores_at: float = 0.0

    def ticket(self, form: str = "form-0", subject: str | None = None) -> str:
        """Let somebody in with a fresh code, and return what their hidden field carries."""
        return self.enter(self.code(form, subject=subject), form)

    def code(self, form: str = "form-0", *, uses: int = 1, subject: str | None = None) -> str:
        """Create a code."""
        (created,) = self.parts.grants.create(Terms(form=form, uses=uses), [Person(subject=subject)])
        return created.code

    def enter(self, code: str, form: str = "form-0") -> str:
        """Enter a code in a new browser, and return what its hidden field carries."""
        seen = Seen(browser=new_browser(self.clock.at), network="192.0.2.7/32")
        admit = self.parts.gate.admit(code, form=form, seen=seen)
        assert isinstance(admit, Admit), admit
        return ticket_text(OnPage(admit.ticket_id), self.parts.keys)

    def submit(
        self,
        form: str = "form-0",
        ticket: str | None = None,
        *,
        webhook: bool = True,
        made_at: float | None = None,
        **row: Any,
    ) -> str:
        """Submit the form at *made_at* (None: now), with JotForm's webhook now if it is to come."""
        made_at = self.clock.at if made_at is None else made_at
        row_id = self.account.add_row(self.forms[form], ticket=ticket, made_at=made_at, **row)
        self.made[row_id] = made_at
        if webhook:
            self.deliver(form, row_id)
        return row_id

    def deliver(self, form: str, row_id: str) -> None:
        """Let JotForm's webhook for a submission come."""
        self.parts.intake.take(self.forms[form], row_id)

    def look(self) -> None:
        """Do once what a process does all the time: sweep, and each minute whatever else there is to do."""
        self.parts.sweep.run()
        if self.clock.at - self._chores_at < _CHORES_SECONDS:
            return
        self._chores_at = self.clock.at
        for chore in self.parts.sweeper._chores:
            chore(None, self.parts.sweep.run)

    def wait(self, seconds: float, step: float = 2.0) -> None:
        """Let time pass, with a process that looks after everything each *step* seconds."""
        end = self.clock.at + seconds
        while self.clock.at < end:
            self.clock.at = min(self.clock.at + step, end)
            self.look()

    def close(self) -> None:
        """Let go of the store and of the wire."""
        self.parts.store.close()
        self.parts.service.close()

    def records(self) -> dict[str, SubmissionRecord]:
        """Return what the store knows of every submission."""
        return {record.submission_id: record for record in self.parts.store.submissions(SubmissionFilter())}

    def verdicts(self) -> dict[str, Verdict]:
        """Return every submission's verdict."""
        return {row_id: record.verdict for row_id, record in self.records().items()}

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


def opened(
    account: Account,
    clock: Ticking,
    store: str,
    forms: Mapping[str, str],
    *,
    site_clock: Clock | None = None,
    **form_settings: Any,
) -> Gated:
    """Open a site for *forms* (our name -> JotForm's id) on *store*; its calls go to *account*.

    *clock* is the truth, and *site_clock* what the site believes, if that is something else.
    """
    settings = Settings.from_mapping(
        {
            "site_url": "http://127.0.0.1:8700",
            "api_key": KEY,
            "api_host": "http://127.0.0.1:9",
            "plan": account.plan.lower(),
            "secret_keys": [secrets.token_urlsafe(32)],
            "code_keys": [secrets.token_urlsafe(32)],
            "hook_secrets": [secrets.token_urlsafe(24)],
            "store": store,
            "forms": {form: {"id": form_id, **form_settings} for form, form_id in forms.items()},
        }
    )
    return Gated(clock, account, _wired(settings, site_clock or clock, account), forms)


def one_more_machine(site: Gated, machine_clock: Clock) -> Gated:
    """Open the same site once more, on the same store, on a machine with a clock of its own."""
    parts = _wired(site.parts.settings, machine_clock, site.account)
    return Gated(site.clock, site.account, parts, site.forms)


def _wired(settings: Settings, site_clock: Clock, account: Account) -> Parts:
    parts = build(settings, clock=site_clock)
    session = _Session(ask_environment=False)
    session.mount("http://", Wire(account))
    parts.service._opened()._idle[os.getpid()] = [session]
    # The time between two tries is not simulated; how long it lasts is the client's own tests' business.
    parts.service._sleep = lambda _: None
    return parts


@contextmanager
def gated(
    forms: int = 1, *, account: dict[str, Any] | None = None, at: float = MONDAY, **form_settings: Any
) -> Iterator[Gated]:
    """Open a site with so many forms at the moment *at*, beside an account with such options."""
    clock = Ticking(at)
    jotform = Account(clock=clock.now, **(account or {}))
    ids = {f"form-{number}": jotform.add_form() for number in range(forms)}
    with tempfile.TemporaryDirectory() as folder:
        site = opened(jotform, clock, f"sqlite:///{Path(folder) / 'jotgate.db'}", ids, **form_settings)
        try:
            yield site
        finally:
            site.close()
