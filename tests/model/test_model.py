"""Any play of visitors, owners, clocks and crashes ends as the small model says, on either store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jotgate.admission.gate import Gate, Seen
from jotgate.admission.grants import Terms, people
from jotgate.codes import generate, printed
from jotgate.outcomes import Admit, Reason, Refuse
from jotgate.protocols import GrantFilter, SubmissionFilter, SubmissionRecord
from jotgate.sandbox import Sandbox
from jotgate.signed.browsers import Browser, new_browser
from jotgate.signed.keyring import CodeKeys
from jotgate.signed.tickets import OnPage, TicketState, new_ticket_id, ticket_text
from jotgate.sweeping.sweep import Swept
from tests.sweeping.school import MONDAY, Ticking

from .dying import Crash
from .promises import Code, Paper, Pass, Promises, Sent, Ticket
from .site import PostgresShelf, Shelf, Site, SiteClock, SqliteShelf, settings_for

FOREVER = float("inf")
#: One form with nothing special, and one that is small and forgets its visitors soon.
FORMS: dict[str, dict[str, object]] = {
    "trip": {"ticket_ttl": "2h"},
    "lab": {"capacity": 2, "pass_ttl": "30m"},
}
PROMISED = {"capacity": {"trip": None, "lab": 2}, "ticket_ttl": {"trip": 7200.0, "lab": 86_400.0}}
PASS_TTL = {"trip": FOREVER, "lab": 1800.0}
BROWSERS = 3
LEASE_SECONDS = 30.0
#: The sweep comes by itself after six hours, whatever was lost; by a clock that was wrong by an hour, after seven.
COMES_BY_ITSELF_SECONDS = 7 * 3600.0

forms = st.sampled_from(sorted(FORMS))
browsers = st.integers(0, BROWSERS - 1)


class Play(RuleBasedStateMachine):
    """What can happen to a site, in any order."""

    codes = Bundle("codes")
    papers = Bundle("papers")
    submissions = Bundle("submissions")

    def __init__(self, shelf: Shelf, sandbox: Sandbox, truth: Ticking) -> None:
        super().__init__()
        self.shelf, self.sandbox, self.truth = shelf, sandbox, truth
        truth.at = MONDAY
        self.clock = SiteClock(truth)
        self.site = Site(settings_for(sandbox, shelf.fresh(), FORMS), self.clock)
        self.ids: dict[str, str] = {form: one["id"] for form, one in self.site.settings["forms"].items()}
        self.site.start()
        truth.at += 5
        self.model = Promises(**PROMISED, pass_ttl=PASS_TTL)  # type: ignore[arg-type]
        #: What every code was called, the latest name last.
        self.names: dict[Code, list[str]] = {}
        self.browsers = [new_browser(truth.at) for _ in range(BROWSERS)]
        #: What each browser holds: form -> cookie.
        self.cookies: list[dict[str, str]] = [{} for _ in range(BROWSERS)]
        self.passes: dict[str, tuple[str, Pass, str]] = {}
        self.lease_until = 0.0

    def teardown(self) -> None:
        """See that what the webhooks and the crashes lost is found, once time passes."""
        try:
            self.clock.off_seconds = 0.0
            read: set[str] = set()
            # The first one may only find out where judging begins.
            for _ in range(2):
                self.truth.at += COMES_BY_ITSELF_SECONDS + 1
                read |= set(self._swept(self.site.parts.sweep.run()).forms)
            assert read == set(FORMS)
            self.the_site_says_what_the_model_says()
            assert all(sent.verdict is not None for sent in self.model.submissions.values())
        finally:
            self.site.close()

    # What owners do

    @initialize(target=codes)
    def begin_with_a_few_codes(self) -> Any:
        wishes = [("trip", 1), ("trip", 2), ("lab", 1), ("lab", 1)]
        return multiple(*(self.create_a_code(form, uses, None, None) for form, uses in wishes))

    @rule(
        target=codes,
        form=forms,
        uses=st.sampled_from([1, 1, 1, 2, 3]),
        begins=st.sampled_from([None, None, None, 60]),
        ends=st.sampled_from([None, None, 1200, 4000]),
    )
    def create_a_code(self, form: str, uses: int, begins: int | None, ends: int | None) -> Code:
        now = self.clock.now()
        valid_from = None if begins is None else now + begins
        valid_until = None if ends is None else now + ends
        terms = Terms(form=form, uses=uses, valid_from=valid_from, valid_until=valid_until)
        [text] = self.site.parts.grants.create(terms, people(count=1))
        code = Code(form, uses, -FOREVER if begins is None else now + begins, valid_until or FOREVER)
        self.names[code] = [text.code]
        return code

    @rule(code=codes, what=st.sampled_from(["give back", "give back", "issue again", "revoke"]))
    def change_a_code(self, code: Code, what: str) -> None:
        grants, now = self.site.parts.grants, self.clock.now()
        which = self._named(code)
        if what == "give back":
            given = grants.give_back(which, actor="office")
            assert (given is not None) == self.model.give_back(code, now)
            return
        if what == "revoke":
            assert grants.revoke(which, actor="office") == (0 if code.revoked else 1)
        else:
            fresh = grants.reissue(which, actor="office")
            assert (fresh is None) == code.revoked
            self.names[code] += [] if fresh is None else [fresh.code]
        if not code.revoked:
            code.revoke_tickets(now)
            code.revoke_passes()
        code.revoked = code.revoked or what == "revoke"

    @rule(submission_id=submissions, accept=st.booleans())
    def rule_on_a_submission(self, submission_id: str, accept: bool) -> None:
        ruled = self.site.parts.store.rule(
            submission_id, accept=accept, actor="office", reason="on paper", now=self.clock.now()
        )
        verdict = ruled.verdict if isinstance(ruled, SubmissionRecord) else ruled
        assert verdict == self.model.rule(self.model.submissions[submission_id], accept)

    @rule(add=st.booleans())
    def change_the_secrets(self, add: bool) -> None:
        secrets = self.site.settings["secret_keys"]
        kept = secrets if add or len(secrets) == 1 else secrets[1:]
        self._restart(secret_keys=[*kept, token_urlsafe(32)] if add else kept)

    # What visitors do

    @rule(target=papers, code=codes, form=forms, at_home=st.booleans(), browser=browsers, move=st.booleans())
    def enter_a_code(self, code: Code, form: str, at_home: bool, browser: int, move: bool) -> Any:
        form = code.form if at_home else form
        return self._entered(self.names[code][-1], code, form, browser, move)

    @rule(
        target=papers,
        code=codes,
        browser=browsers,
        what=st.sampled_from(["old", "old", "mistyped", "unknown"]),
    )
    def enter_another_text(self, code: Code, browser: int, what: str) -> Any:
        """The first name of a code, which may be replaced since; or what nobody was ever given."""
        form = code.form
        if what == "old":
            return self._entered(self.names[code][0], code, form, browser, False)
        if what == "unknown":
            return self._entered(printed(generate()), None, form, browser, False)
        decision = self._decision("0000-0000-0001", form, browser, False)
        closed = self.model.admit(None, form, browser, self.clock.now(), False) is Reason.FULL
        assert isinstance(decision, Refuse)
        assert decision.reason is (Reason.FULL if closed else Reason.MISTYPED)
        return multiple()

    @rule(form=forms, browser=browsers)
    def leave(self, form: str, browser: int) -> None:
        cookie = self.cookies[browser].pop(form, None)
        held = self._gate().read_pass(form, [cookie] if cookie else [])
        if held is not None and cookie is not None:
            self.site.parts.gate.leave(held)
            self.passes[cookie][1].revoked = True

    @precondition(lambda self: any(self.cookies))
    @rule(target=papers, form=forms, browser=browsers)
    def show_the_form_again(self, form: str, browser: int) -> Any:
        """The page is made anew, with the present secret, as long as the pass is good."""
        held = self._gate().read_pass(form, self.cookies[browser].values())
        found = next((one for one in self._tickets() if held and one[1].ticket_id == held.ticket_id), None)
        if held is None or found is None:
            return multiple()
        return self._paper(held.ticket_id, *found)

    @rule(paper=papers)
    def say_that_it_was_sent(self, paper: Paper) -> None:
        ticket = paper.ticket
        assert ticket is not None
        news = self.site.parts.store.mark_sent(ticket_id=ticket.ticket_id, now=self.clock.now())
        assert news == (ticket.state == "open")
        if news:
            ticket.state, ticket.sent_at = "sent", self.clock.now()

    @rule(target=submissions, code=codes, browser=browsers, webhook=st.booleans())
    def enter_a_code_and_submit(self, code: Code, browser: int, webhook: bool) -> Any:
        paper = self._entered(self.names[code][-1], code, code.form, browser, True)
        return self._submitted(code.form, paper, webhook) if isinstance(paper, Paper) else multiple()

    @rule(target=submissions, submission_id=submissions, webhook=st.booleans())
    def send_it_again(self, submission_id: str, webhook: bool) -> str:
        sent = self.model.submissions[submission_id]
        return self._submitted(sent.form, sent.paper, webhook)

    @rule(target=submissions, paper=papers, form=st.none() | forms, webhook=st.booleans())
    def submit(self, paper: Paper, form: str | None, webhook: bool) -> str:
        assert paper.code is not None
        return self._submitted(form or paper.code.form, paper, webhook)

    @rule(target=submissions, form=forms, what=st.sampled_from(["", "x", "ours"]), webhook=st.booleans())
    def submit_without_a_ticket_of_ours(self, form: str, what: str, webhook: bool) -> str:
        if what != "ours":
            return self._submitted(form, Paper(what), webhook)
        text = ticket_text(OnPage(new_ticket_id()), self.site.parts.keys)
        return self._submitted(form, Paper(text, self.site.settings["secret_keys"][-1]), webhook)

    @rule(submission_id=submissions)
    def deliver_a_webhook_late_or_twice(self, submission_id: str) -> None:
        assert self.site.parts.intake.take(self.ids[self.model.submissions[submission_id].form])

    # What happens by itself

    @rule(seconds=st.sampled_from([0.5, 2, 2, 45, 1300, 4000, 20_000]))
    def let_time_pass(self, seconds: float) -> None:
        self.truth.at += seconds

    @rule(seconds=st.sampled_from([-3600, -61, 0, 0, 61, 3600]))
    def set_the_clock_wrong(self, seconds: float) -> None:
        self.clock.off_seconds = seconds

    @rule(everything=st.booleans(), wait_seconds=st.sampled_from([0, 3]))
    def sweep(self, everything: bool, wait_seconds: float) -> None:
        self.truth.at += wait_seconds
        swept = self._swept(self.site.parts.sweep.run(FORMS if everything else ()))
        if everything:
            assert set(swept.forms) == (set() if self._is_leased() else set(FORMS))

    @rule()
    def crash_and_start_again(self) -> None:
        self._restart()

    @rule(step=st.integers(0, 20))
    def crash_in_a_sweep(self, step: int) -> None:
        """Whatever was settled stays settled, whole forms at a time, and the lease ends by itself."""
        was_leased = self._is_leased()
        doom = self.site.doom
        doom.begin(step)
        try:
            self._swept(self.site.parts.sweep.run(FORMS))
        except Crash:
            held = "take_lease" in doom.verbs and "release_lease" not in doom.verbs
            if held and not was_leased:
                self.lease_until = self.clock.now() + LEASE_SECONDS
        doom.begin(None)
        self._restart()
        self._adopt()

    # What must be so

    @invariant()
    def the_site_says_what_the_model_says(self) -> None:
        store, model = self.site.parts.store, self.model
        told = {one.submission_id: one.verdict for one in store.submissions(SubmissionFilter())}
        promised = {key: sent.verdict for key, sent in model.submissions.items() if sent.verdict}
        assert told == promised
        assert {one.form: one.settled for one in store.form_states()} == model.places
        for form in FORMS:
            judged = [
                one.judged.value for one in model.submissions.values() if one.form == form and one.judged
            ]
            assert self.shelf.ledger(form) == Counter(judged)

    @invariant()
    def no_code_is_honoured_more_often_than_it_says(self) -> None:
        kept = {one.fingerprint: one for one in self.site.parts.store.grants()}
        assert len(kept) == len(self.names)
        for code in self.names:
            grant = next(kept[one] for one in self._named(code).fingerprints if one in kept)
            assert grant.used == code.used <= grant.uses
            assert (grant.revoked_at is not None) == code.revoked

    @invariant()
    def a_pass_is_good_as_long_as_the_model_says(self) -> None:
        gate, now = self._gate(), self.clock.now()
        for cookie, (form, made, secret) in self.passes.items():
            good = not made.revoked and int(made.expires_at) > now
            good = good and secret in self.site.settings["secret_keys"]
            assert (gate.read_pass(form, [cookie]) is not None) == good

    @invariant()
    def every_ticket_is_as_the_model_says(self) -> None:
        for _, ticket in self._tickets():
            kept = self.site.parts.store.ticket(ticket.ticket_id)
            assert kept is not None
            assert kept.state is TicketState(ticket.state)
            assert kept.expires_at == ticket.expires_at
            assert (kept.submission_id or "") == ticket.submission_id

    # How it is done

    def _gate(self) -> Gate:
        """Return a gate that has just looked at the revocations; others may be five seconds behind."""
        parts = self.site.parts
        return Gate(
            parts.settings.policies,
            store=parts.store,
            keys=parts.keys,
            code_keys=CodeKeys(parts.settings.code_keys),
            clock=self.clock,
        )

    def _restart(self, **changed: object) -> None:
        self.site.settings.update(changed)
        self.site.start()

    def _named(self, code: Code) -> GrantFilter:
        which = self.site.parts.grants.by_code(self.names[code][-1])
        assert which is not None
        return which

    def _tickets(self) -> Iterator[tuple[Code, Ticket]]:
        return ((code, ticket) for code in self.names for ticket in code.tickets)

    def _paper(self, ticket_id: bytes, code: Code, ticket: Ticket) -> Paper:
        text = ticket_text(OnPage(ticket_id), self.site.parts.keys)
        return Paper(text, self.site.settings["secret_keys"][-1], code, ticket)

    def _decision(self, text: str, form: str, browser: int, move: bool) -> Admit | Refuse:
        gate = self.site.parts.gate
        cookie = self.cookies[browser].get(form)
        who: Browser = self.browsers[browser]
        holds = gate.read_pass(form, [cookie]) if cookie else None
        seen = Seen(browser=who, network="192.0.2.7/32", holds=holds)
        decision = gate.admit(text, form=form, seen=seen, move=move)
        if isinstance(decision, Admit) and cookie is not None and holds is not None:
            self.passes[cookie][1].revoked = True
        return decision

    def _entered(self, text: str, code: Code | None, form: str, browser: int, move: bool) -> Any:
        """Enter a code; return what the hidden field carries, or nothing if it is refused."""
        decision = self._decision(text, form, browser, move)
        replaced = code is not None and text != self.names[code][-1]
        promised = self.model.admit(None if replaced else code, form, browser, self.clock.now(), move)
        if replaced and promised is Reason.UNKNOWN_CODE:
            promised = Reason.REVOKED
        if isinstance(decision, Refuse):
            assert decision.reason is promised
            return multiple()
        assert isinstance(promised, Ticket), promised
        assert code is not None
        known = {ticket.ticket_id for _, ticket in self._tickets() if ticket is not promised}
        assert decision.ticket_id not in known
        assert promised.ticket_id in (b"", decision.ticket_id)
        promised.ticket_id = decision.ticket_id
        made = promised.passes[-1]
        assert decision.expires_at == made.expires_at
        cookie = self.site.parts.gate.sign_pass(decision)
        self.cookies[browser][form] = cookie
        self.passes[cookie] = form, made, self.site.settings["secret_keys"][-1]
        return self._paper(decision.ticket_id, code, promised)

    def _submitted(self, form: str, paper: Paper, webhook: bool) -> str:
        answers: dict[str, object] = {"message": "I shall come"}
        if paper.text:
            answers["jotgate"] = paper.text
        submission_id = self.sandbox.submit(self.ids[form], answers, webhook=False)
        self.model.submissions[submission_id] = Sent(form, float(int(self.truth.at)), paper)
        if webhook:
            assert self.site.parts.intake.take(self.ids[form])
        return submission_id

    def _is_leased(self) -> bool:
        return self.clock.now() < self.lease_until <= self.clock.now() + 600

    def _swept(self, swept: Swept) -> Swept:
        """Tell the model which forms were read; a dead process's lease holds everybody up, but not for long."""
        assert not swept.errors
        if self._is_leased():
            assert not swept.forms
        for form in swept.forms:
            self.model.sweep(form, self.site.settings["secret_keys"])
        self._learn_readings()
        return swept

    def _learn_readings(self) -> None:
        """Learn which readings proved to cover their form: each did so just now, or is the one that was known."""
        for state in self.site.parts.store.form_states():
            read_at = float("-inf") if state.full_read_at is None else state.full_read_at
            assert read_at in (self.model.read_at[state.form], self.clock.now())
            self.model.read_at[state.form] = read_at

    def _adopt(self) -> None:
        """Learn how far the sweep had come when it was killed: a form is either judged or it is not."""
        store = self.site.parts.store
        told = {one.submission_id for one in store.submissions(SubmissionFilter())}
        for state in store.form_states():
            mine = {key for key, one in self.model.submissions.items() if one.form == state.form}
            fresh = {key for key in mine if self.model.submissions[key].verdict is None} & told
            if fresh:
                self.model.sweep(state.form, self.site.settings["secret_keys"])
        self._learn_readings()


@pytest.fixture(scope="module")
def truth() -> Ticking:
    """Return the clock that JotForm and everybody else but the site goes by."""
    return Ticking()


@pytest.fixture(scope="module")
def sandbox(truth: Ticking) -> Iterator[Sandbox]:
    """Return a local JotForm that never runs out of calls."""
    with Sandbox(port=0, clock=truth, plan="enterprise") as started:
        yield started


@pytest.fixture
def sqlite_shelf(tmp_path: Path) -> Iterator[Shelf]:
    """Return a place for stores that are files."""
    shelf = SqliteShelf(tmp_path)
    yield shelf
    shelf.close()


@pytest.fixture
def postgres_shelf(postgres_url: str) -> Iterator[Shelf]:
    """Return a place for stores on a server."""
    pytest.importorskip("psycopg", reason="the store on PostgreSQL needs jotgate[postgres]")
    shelf = PostgresShelf(postgres_url)
    yield shelf
    shelf.close()


def _play(shelf: Shelf, sandbox: Sandbox, truth: Ticking) -> None:
    def opened() -> Play:
        return Play(shelf, sandbox, truth)

    chosen = hypothesis.settings(
        # A step is a dozen transactions on a disk and a call or two over HTTP, so there are fewer of them.
        max_examples=max(hypothesis.settings().max_examples // 25, 10),
        stateful_step_count=40,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(opened, settings=chosen)  # type: ignore[arg-type]


@pytest.mark.hypothesis
def test_the_site_keeps_the_model_s_promises_on_sqlite(
    sqlite_shelf: Shelf, sandbox: Sandbox, truth: Ticking
) -> None:
    """No play of up to forty steps makes a decision, a verdict, a counter, a ticket or a pass differ from the model."""
    _play(sqlite_shelf, sandbox, truth)


# As long again as the same plays on SQLite, which every change runs.
@pytest.mark.slow
@pytest.mark.hypothesis
def test_the_site_keeps_the_model_s_promises_on_postgres(
    postgres_shelf: Shelf, sandbox: Sandbox, truth: Ticking
) -> None:
    """The same plays, where several machines could share the store."""
    _play(postgres_shelf, sandbox, truth)
