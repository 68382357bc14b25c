"""The gate: doors closed before a code is asked for, passes bound to browser and form, one store for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.admission.gate import Gate, Seen
from jotgate.admission.grants import Grants, Person, Terms
from jotgate.errors import StoreUnavailable, UnknownForm
from jotgate.outcomes import Admit, Decision, Reason, Refuse, Verdict
from jotgate.policy import CLOSING_GRACE_SECONDS, FormPolicy
from jotgate.protocols import GrantFilter
from jotgate.signed.browsers import new_browser
from jotgate.signed.keyring import CodeKeys, KeyRing
from jotgate.signed.passes import Pass
from jotgate.signed.tickets import OnPage, TicketState, new_page, read_ticket
from jotgate.stores import Store, open_store
from jotgate.submissions import Candidate
from jotgate.testing import FrozenClock

T0 = 1_790_000_000.0
HOUR = 3600.0
KEYS, CODE_KEYS = KeyRing([b"s" * 32]), CodeKeys([b"c" * 32])
STUDENTS = FormPolicy(form="students", form_id="260010000000001", title="Students")
TEACHERS = FormPolicy(form="teachers", form_id="260010000000002", title="Teachers")


@dataclass
class Site:
    """One store, and as many processes as are asked for."""

    store: Store
    clock: FrozenClock

    def gate(self, students: FormPolicy = STUDENTS) -> Gate:
        """Return a gate as another process would build it."""
        policies = {"students": students, "teachers": TEACHERS}
        return Gate(policies, store=self.store, keys=KEYS, code_keys=CODE_KEYS, clock=self.clock)

    def code(self, form: str = "students", uses: int = 1) -> str:
        """Create a code."""
        office = Grants(["students", "teachers"], store=self.store, code_keys=CODE_KEYS, clock=self.clock)
        return next(iter(office.create(Terms(form=form, uses=uses), [Person(subject="s-1")]))).code

    def submit(self, submission_id: str, admit: Admit) -> Verdict:
        """Settle a submission made now on the ticket of an admission."""
        candidate = Candidate(
            submission_id=submission_id,
            form=admit.form,
            created_earliest=self.clock.now(),
            created_latest=self.clock.now(),
            ticket_id=admit.ticket_id,
        )
        [settled] = self.store.settle([candidate], capacity=None, now=self.clock.now())
        return settled.verdict


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a site with two forms and no codes."""
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    store.prepare({"students": STUDENTS.form_id, "teachers": TEACHERS.form_id}, T0)
    yield Site(store=store, clock=FrozenClock(T0))
    store.close()


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return what moves the watch by which gates look for revocations."""
    now = [1000.0]
    monkeypatch.setattr("jotgate.admission.revocations.time.monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, now[0] + seconds)


def seen(holds: Pass | None = None, network: str = "192.0.2.1/32") -> Seen:
    """Return a browser that is new."""
    return Seen(browser=new_browser(T0 - HOUR), network=network, holds=holds)


def admitted(decision: Decision) -> Admit:
    """Return the admission, which it has to be."""
    assert isinstance(decision, Admit), decision
    return decision


def why(decision: Decision | None) -> Reason | None:
    """Return why it was refused, or None."""
    return decision.reason if isinstance(decision, Refuse) else None


def test_a_right_code_gives_a_pass_and_a_ticket(site: Site) -> None:
    """The pass is read back in any process, and its ticket's text is what the form will carry."""
    admit = admitted(site.gate().admit(site.code(), form="students", seen=seen()))
    held = site.gate().read_pass("students", [site.gate().sign_pass(admit)])
    assert held is not None
    assert (held.form, held.subject, held.ticket_id) == ("students", "s-1", admit.ticket_id)
    ticket = site.gate().ticket(held.ticket_id, form="students")
    assert ticket is not None
    assert ticket.state is TicketState.OPEN
    on_page = new_page(ticket)
    assert on_page.ticket_id == admit.ticket_id
    assert read_ticket(site.gate().ticket_text(on_page), KEYS) == on_page._replace(page=b"")


class TestMovedAway:
    """What a browser is told whose pass has ended: that the form was opened elsewhere, or nothing."""

    @dataclass
    class Browsers:
        """A code that was opened in one browser, and the cookies of two."""

        gate: Gate
        code: str
        first: Admit

        @property
        def cookie(self) -> str:
            """Return the first browser's pass."""
            return self.gate.sign_pass(self.first)

        def move(self) -> Admit:
            """Open the code in a second browser."""
            return admitted(self.gate.admit(self.code, form="students", seen=seen(), move=True))

        def was_told(self, *cookies: str) -> bool:
            """Say whether a browser with these cookies is told."""
            return self.gate.moved_away("students", cookies)

    @pytest.fixture
    def browsers(self, site: Site) -> Browsers:
        """Let the first browser in."""
        gate, code = site.gate(), site.code()
        return self.Browsers(gate, code, admitted(gate.admit(code, form="students", seen=seen())))

    def test_the_browser_that_had_it_is_told(self, browsers: Browsers) -> None:
        """Whatever other cookies of the name it sends first; the browser that has it now is not."""
        second = browsers.gate.sign_pass(browsers.move())
        assert browsers.was_told(browsers.cookie)
        assert browsers.was_told("forged", second, browsers.cookie)
        assert not browsers.was_told(second)

    def test_a_browser_that_was_not_moved_from_is_not_told(self, browsers: Browsers) -> None:
        """Neither one that has no pass, nor one that holds it, nor one that gave it up."""
        held = browsers.gate.read_pass("students", [browsers.cookie])
        assert held is not None
        assert not browsers.was_told()
        assert not browsers.was_told(browsers.cookie)
        browsers.gate.leave(held)
        assert not browsers.was_told(browsers.cookie)

    def test_a_revoked_code_was_not_moved(self, browsers: Browsers, site: Site) -> None:
        """Who enters it again hears that it was revoked; nothing invites to that."""
        browsers.move()
        fingerprints = browsers.gate.fingerprints(browsers.code)
        revoke = GrantFilter(fingerprints=fingerprints)
        assert site.store.revoke_grants(revoke, now=T0, actor="owner", note=None) == 1
        assert not browsers.was_told(browsers.cookie)


def test_a_code_may_be_spelled_as_people_spell(site: Site) -> None:
    """In small letters and with other gaps it is the same code."""
    code, browser = site.code(), seen()
    tickets = {
        admitted(site.gate().admit(text, form="students", seen=browser)).ticket_id
        for text in (code, code.lower(), code.replace("-", ""), f"  {code.replace('-', ' ')}\n")
    }
    assert len(tickets) == 1


def test_a_typo_is_told_with_a_hint_and_counts_nothing(site: Site) -> None:
    """The reason itself is the reference, as there is nothing to look up."""
    refusal = site.gate().admit("ABCD-EFGH", form="students", seen=seen())
    assert isinstance(refusal, Refuse)
    assert (refusal.reason, refusal.hint, refusal.ref) == (Reason.MISTYPED, "too_short", "MISTYPED")


@given(text=st.text())
def test_any_text_is_decided_on(text: str) -> None:
    """Without a store, even: what is no code never gets as far."""
    store = cast("Store", _NoStates())
    gate = Gate({"students": STUDENTS}, store=store, keys=KEYS, code_keys=CODE_KEYS, clock=FrozenClock(T0))
    assert why(gate.admit(text, form="students", seen=seen())) is Reason.MISTYPED
    assert gate.fingerprints(text) == ()


class _NoStates:
    """A store that knows of no form, and cannot do anything else."""

    def form_state(self, form: str) -> None:
        """Return None."""


@pytest.mark.parametrize(
    ("now", "reason", "at"),
    [
        (T0 - 1, Reason.NOT_YET_OPEN, T0),
        (T0, None, None),
        (T0 + HOUR - 1, None, None),
        (T0 + HOUR, Reason.CLOSED, T0 + HOUR),
    ],
)
def test_a_closed_door_says_so_before_a_code_is_asked_for(
    site: Site, now: float, reason: Reason | None, at: float | None
) -> None:
    """And refuses the best of codes with the same words."""
    gate = site.gate(replace(STUDENTS, opens_at=T0, closes_at=T0 + HOUR))
    code = site.code()
    site.clock.set(now)
    doorway = gate.doorway("students")
    assert (why(doorway), None if doorway is None else doorway.at) == (reason, at)
    assert why(gate.admit(code, form="students", seen=seen())) is reason


def test_who_came_in_time_may_still_send_in(site: Site) -> None:
    """A ticket opened before closing lasts half an hour beyond it, not longer."""
    gate = site.gate(replace(STUDENTS, closes_at=T0 + HOUR))
    admit = admitted(gate.admit(site.code(), form="students", seen=seen()))
    assert admit.expires_at == T0 + HOUR + CLOSING_GRACE_SECONDS


def test_a_full_form_is_closed_and_a_place_that_is_freed_opens_it(site: Site) -> None:
    """Settled submissions count, open tickets do not."""
    gate, one, two = site.gate(replace(STUDENTS, capacity=1)), site.code(), site.code()
    admit = admitted(gate.admit(one, form="students", seen=seen()))
    assert gate.doorway("students") is None
    assert site.submit("1", admit) is Verdict.VERIFIED
    assert why(gate.doorway("students")) is Reason.FULL
    for text in (two, "0000-0000-0001", "no code"):
        assert why(gate.admit(text, form="students", seen=seen())) is Reason.FULL
    site.store.rule("1", accept=False, actor="owner", reason="a test", now=T0)
    admitted(gate.admit(two, form="students", seen=seen()))


def test_a_form_without_its_ticket_field_is_closed(site: Site) -> None:
    """Nothing that is sent in could be proved."""
    site.store.note_questions("students", qid=None, name=None, now=T0)
    assert why(site.gate().admit(site.code(), form="students", seen=seen())) is Reason.FIELD_MISSING
    site.store.note_questions("students", qid="7", name="jotgate", now=T0)
    assert site.gate().doorway("students") is None


def test_a_form_that_there_is_not_is_an_error(site: Site) -> None:
    """In every verb that takes a form's name."""
    gate = site.gate()
    for verb in (gate.policy, gate.doorway, lambda form: gate.read_pass(form, [])):
        with pytest.raises(UnknownForm):
            verb("pupils")


def test_a_pass_is_for_one_form(site: Site) -> None:
    """The teachers' door does not take the students' pass."""
    cookie = site.gate().sign_pass(admitted(site.gate().admit(site.code(), form="students", seen=seen())))
    assert site.gate().read_pass("students", [cookie]) is not None
    assert site.gate().read_pass("teachers", [cookie]) is None


def test_every_cookie_of_the_name_is_tried(site: Site) -> None:
    """The first may have been tossed in by somebody else."""
    cookie = site.gate().sign_pass(admitted(site.gate().admit(site.code(), form="students", seen=seen())))
    assert (
        site.gate().read_pass("students", ["", "x", "é\ud800", "A" * 5000, cookie[:-2], cookie]) is not None
    )
    assert site.gate().read_pass("students", []) is None


def test_a_new_admission_gives_a_new_pass_and_ends_the_old_one(
    site: Site, ticking: Callable[[float], None]
) -> None:
    """At once in the process that admitted, within five seconds in every other."""
    here, there, code = site.gate(), site.gate(), site.code()
    browser = seen()
    old = here.sign_pass(admitted(here.admit(code, form="students", seen=browser)))
    held = there.read_pass("students", [old])
    assert held is not None
    again = Seen(browser=browser.browser, network=browser.network, holds=held)
    new = here.sign_pass(admitted(here.admit(code, form="students", seen=again)))
    assert new != old
    assert here.read_pass("students", [old]) is None
    ticking(5)
    assert there.read_pass("students", [old]) is None
    assert there.read_pass("students", [new]) is not None


def test_a_revoked_code_ends_its_session_within_five_seconds(
    site: Site, ticking: Callable[[float], None]
) -> None:
    """The pass is refused, the code says so, and what is sent in from then on is revoked."""
    gate, code = site.gate(), site.code()
    admit = admitted(gate.admit(code, form="students", seen=seen()))
    cookie = gate.sign_pass(admit)
    assert gate.read_pass("students", [cookie]) is not None
    site.clock.advance(60)
    site.store.revoke_grants(GrantFilter(subject="s-1"), now=site.clock.now(), actor="owner", note=None)
    ticking(5)
    assert gate.read_pass("students", [cookie]) is None
    assert why(gate.admit(code, form="students", seen=seen())) is Reason.REVOKED
    site.clock.advance(60)
    assert site.submit("1", admit) is Verdict.REVOKED


def test_k_browsers_with_one_code_verify_one_submission(site: Site) -> None:
    """A code that is passed on is open elsewhere; if all of them move it and send in, one is verified."""
    gate, code = site.gate(), site.code()
    admits = [admitted(gate.admit(code, form="students", seen=seen(), move=True)) for _ in range(6)]
    assert why(gate.admit(code, form="students", seen=seen())) is Reason.OPEN_ELSEWHERE
    verdicts = [site.submit(str(n), admit) for n, admit in enumerate(admits, 1)]
    assert verdicts == [Verdict.VERIFIED] + [Verdict.REPLAYED] * 5
    assert why(gate.admit(code, form="students", seen=seen(), move=True)) is Reason.USED_UP


def test_a_shared_tablet_serves_a_class_with_one_code(site: Site) -> None:
    """30 pupils one after another in one browser, with no sweep in between: 30 verified, the next is over."""
    gate, code, tablet = site.gate(), site.code(uses=30), seen()
    admits = []
    for _ in range(30):
        admit = admitted(gate.admit(code, form="students", seen=tablet))
        held = gate.read_pass("students", [gate.sign_pass(admit)])
        assert held is not None
        assert gate.mark_sent(OnPage(held.ticket_id))
        gate.leave(held)
        admits.append(admit)
    verdicts = [site.submit(str(n), admit) for n, admit in enumerate(admits, 1)]
    assert verdicts == [Verdict.VERIFIED] * 30
    assert why(gate.admit(code, form="students", seen=tablet)) is Reason.USED_UP


def test_what_was_shown_to_be_right_is_moved_without_typing_again(site: Site) -> None:
    """The browser that showed the code may move its ticket, even where guessers have slowed the network."""
    gate, code = site.gate(), site.code()
    first = admitted(gate.admit(code, form="students", seen=seen()))
    moved = admitted(gate.admit_again(gate.fingerprints(code), form="students", seen=seen()))
    assert moved.ticket_id == first.ticket_id
    closed = site.gate(replace(STUDENTS, closes_at=T0))
    refusal = closed.admit_again(gate.fingerprints(code), form="students", seen=seen())
    assert why(refusal) is Reason.CLOSED


def test_renewing_gives_an_open_ticket_and_its_pass_their_whole_time_again(site: Site) -> None:
    """In the browser that has it open, and to the pass for it that this browser holds; what was sent is not renewed."""
    gate = site.gate(replace(STUDENTS, ticket_ttl_seconds=2 * HOUR, pass_ttl_seconds=HOUR))
    mine, theirs = seen(), seen()
    held, another = (
        gate.read_pass(
            "students", [gate.sign_pass(admitted(gate.admit(site.code(), form="students", seen=browser)))]
        )
        for browser in (mine, theirs)
    )
    assert held is not None
    ticket = gate.ticket(held.ticket_id, form="students")
    assert ticket is not None
    assert gate.ticket(held.ticket_id, form="teachers") is None
    site.clock.advance(HOUR / 2)
    assert gate.renew(ticket, browser=theirs.browser, holds=held) is None
    assert gate.renew(ticket, browser=mine.browser, holds=held) == held._replace(expires_at=T0 + 1.5 * HOUR)
    assert gate.renew(ticket, browser=mine.browser, holds=another) is None
    assert gate.renew(ticket, browser=mine.browser, holds=None) is None
    renewed = gate.ticket(held.ticket_id, form="students")
    assert renewed is not None
    assert renewed.expires_at == T0 + 2.5 * HOUR
    assert gate.renew(ticket, browser=mine.browser, holds=held._replace(expires_at=T0 + 9 * HOUR)) == (
        held._replace(expires_at=T0 + 9 * HOUR)
    )
    assert gate.mark_sent(OnPage(held.ticket_id))
    assert gate.renew(ticket, browser=mine.browser, holds=held) is None


def test_leaving_is_honoured_at_once(site: Site) -> None:
    """ "Not you?" leaves nothing behind in the browser that another could use."""
    gate = site.gate()
    cookie = gate.sign_pass(admitted(gate.admit(site.code(), form="students", seen=seen())))
    held = gate.read_pass("students", [cookie])
    assert held is not None
    gate.leave(held)
    assert gate.read_pass("students", [cookie]) is None


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
@pytest.mark.parametrize("state", ["open", "sent", "settled", "left"])
def test_a_clock_that_jumps_gives_no_second_use(site: Site, state: str, jump: float) -> None:
    """In whatever state the code is, it is honoured once, and its owner is not shut out."""
    gate, code, browser = site.gate(), site.code(), seen()
    first = admitted(gate.admit(code, form="students", seen=browser))
    held = gate.read_pass("students", [gate.sign_pass(first)])
    assert held is not None
    if state == "sent":
        gate.mark_sent(OnPage(held.ticket_id))
    if state == "settled":
        assert site.submit("1", first) is Verdict.VERIFIED
    if state == "left":
        gate.leave(held)
    site.clock.advance(jump)
    again = gate.admit(code, form="students", seen=browser)
    if state == "settled":
        assert why(again) is Reason.USED_UP
    else:
        assert admitted(again).ticket_id == first.ticket_id
        assert site.submit("1", first) is Verdict.VERIFIED
    assert site.submit("2", first) is Verdict.REPLAYED


def test_a_dead_store_never_opens_the_gate(site: Site, tmp_path: Path) -> None:
    """Nobody is admitted, and a pass is not honoured by a process that knows nothing of revocations."""
    cookie = site.gate().sign_pass(admitted(site.gate().admit(site.code(), form="students", seen=seen())))
    dead = Site(store=open_store(f"sqlite:///{tmp_path}/missing/store.db"), clock=site.clock).gate()
    with pytest.raises(StoreUnavailable):
        dead.admit("0000-0000-0000", form="students", seen=seen())
    with pytest.raises(StoreUnavailable):
        dead.read_pass("students", [cookie])
