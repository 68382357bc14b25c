"""Whatever JotForm does with time and order: every row that it shows ends in the one verdict that was promised."""

from __future__ import annotations

import heapq
import itertools
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from jotgate.outcomes import Verdict
from tests.model.site import PostgresShelf, Shelf, SiteClock, SqliteShelf
from tests.patience import patient_in_this_test
from tests.standin.account import Account, Mishaps
from tests.standin.gated import Gated, opened
from tests.standin.promised import Sent, broken_promises
from tests.standin.schedules import (
    DAY,
    FORMS,
    HOUR,
    MINUTE,
    TROUBLES,
    ClockStep,
    Flood,
    Sending,
    Step,
    Trouble,
    schedules,
)

from .school import MONDAY, Ticking

_TICKET_TTL = DAY
#: The account's day: few calls, so that waste shows.
_DAILY_CALLS = 300
#: A late row is found without its webhook within a day.
_FOUND_WITHIN = DAY + 2 * HOUR


class Play:
    """One schedule played out on one site."""

    def __init__(self, shelf: Shelf) -> None:
        self.truth = Ticking(MONDAY)
        self.site_clock = SiteClock(self.truth)
        self.account = Account(clock=self.truth.now, daily_limit=_DAILY_CALLS)
        ids = {f"form-{number}": self.account.add_form() for number in range(FORMS)}
        self.site: Gated = opened(
            self.account, self.truth, shelf.fresh(), ids, site_clock=self.site_clock, ticket_ttl="24h"
        )
        self.sent: list[Sent] = []
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._used: Counter[str] = Counter()

    def run(self, steps: Sequence[Step]) -> None:
        """Play all of it, and then let everything come to its end."""
        self.site.wait(MINUTE, step=20)
        for step in steps:
            self._plan(self.truth.at + step.at, lambda step=step: self._take(step))  # type: ignore[misc]
        while self._agenda:
            at, _, act = heapq.heappop(self._agenda)
            self._wait_until(at)
            act()
        last = max((one.visible_at for one in self.sent), default=self.truth.at)
        self._wait_until(max(last, self.truth.at) + _FOUND_WITHIN)

    def _plan(self, at: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (at, next(self._numbers), act))

    def _wait_until(self, at: float) -> None:
        """Look often at first, and then as seldom as a site does that nobody visits."""
        for seconds, step in ((2 * MINUTE, 10.0), (20 * MINUTE, 2 * MINUTE), (float("inf"), 30 * MINUTE)):
            left = at - self.truth.at
            if left > 0:
                self.site.wait(min(left, seconds), step=step)

    def _take(self, step: Step) -> None:
        match step:
            case Sending():
                self._let_in(step)
            case Trouble():
                self.account.mishaps = TROUBLES[step.kind](self._form_id(step.form))
                self._plan(self.truth.at + step.lasts, self._end_trouble)
            case Flood():
                for _ in range(step.count):
                    made_up = str(secrets.randbelow(10**18) + 6 * 10**18)
                    self.site.parts.intake.take(self._form_id(step.form), made_up)
            case ClockStep():
                self.site_clock.off_seconds = step.by
                self._plan(self.truth.at + step.lasts, lambda: setattr(self.site_clock, "off_seconds", 0.0))

    def _end_trouble(self) -> None:
        self.account.mishaps = Mishaps()

    def _form_id(self, form: int) -> str:
        return self.site.forms[f"form-{form}"]

    def _let_in(self, step: Sending) -> None:
        expires_at = self.site_clock.now() + _TICKET_TTL
        own, other = f"form-{step.form}", f"form-{(step.form + 1) % FORMS}"
        ticket, ticket_form = None, None
        if step.ticket == "earlier" and self.sent:
            earlier = self.sent[-1]
            ticket, ticket_form, expires_at = earlier.ticket, earlier.ticket_form, earlier.ticket_expires_at
        elif step.ticket in ("own", "earlier"):
            ticket, ticket_form = self.site.ticket(own), own
        elif step.ticket == "other form":
            ticket, ticket_form = self.site.ticket(other), other
        elif step.ticket == "forged":
            ticket = secrets.token_urlsafe(26)[:35]
        self._plan(self.truth.at + step.takes, lambda: self._send(step, own, ticket, ticket_form, expires_at))

    def _send(
        self, step: Sending, form: str, ticket: str | None, ticket_form: str | None, expires_at: float
    ) -> None:
        now = self.truth.at
        visible_at = now + step.late_by
        row_id = self.site.submit(
            form, ticket, webhook=False, visible_at=visible_at, answers_at=visible_at + step.null_for
        )
        self.sent.append(
            Sent(
                row_id=row_id,
                form=form,
                ticket=ticket,
                ticket_form=ticket_form,
                made_at=now,
                ticket_expires_at=expires_at,
                visible_at=visible_at,
            )
        )
        for after in step.webhooks:
            self._plan(now + after, lambda: self.site.deliver(form, row_id))
        if step.fate != "none":
            self._plan(visible_at + step.fate_after, lambda: self._meet(step.fate, row_id))

    def _meet(self, fate: str, row_id: str) -> None:
        if fate == "edited":
            self.account.edit(row_id, "Something else.")
        else:
            self.account.delete(row_id, for_good=fate == "gone")


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.slow)])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    """Return a place for stores, of each kind; files lie in memory, because days of looks write thousands of times."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        made: Shelf = (
            SqliteShelf(Path(folder) / "stores")
            if request.param == "SQLite"
            else PostgresShelf(request.getfixturevalue("postgres_url"))
        )
        yield made
        made.close()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store wait for its turn for long: the machine may be busy."""
    patient_in_this_test(monkeypatch)


@settings(
    # One schedule is up to ten days of looks, two seconds' work.
    max_examples=max(4, settings().max_examples // 50),
    # A failing one is read sooner than it is made smaller.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(schedules)
def test_every_row_ends_in_the_promised_verdict(shelf: Shelf, steps: list[Step]) -> None:
    """Exactly one, entered once, and no day takes more calls than the account has."""
    play = Play(shelf)
    try:
        play.run(steps)
        verdicts = play.site.verdicts()
        shown = [row.row_id for row in play.account.shown()]
        assert broken_promises(play.sent, shown, verdicts) == []
        for form in play.site.forms:
            judged = Counter(
                record.verdict.value
                for record in play.site.records().values()
                if record.form == form and record.verdict is not Verdict.PENDING
            )
            assert shelf.ledger(form) == judged
        assert max(play.account.used_by_day().values()) < _DAILY_CALLS
    finally:
        play.site.close()
