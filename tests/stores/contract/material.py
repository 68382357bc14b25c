"""What the contract's tests are made of: forms, codes, apps, openings and submissions, without a word of ceremony."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from jotgate.answers import FormAnswers
from jotgate.ledger import Entry
from jotgate.outcomes import Admit, Decision, Reason, Refuse, Verdict
from jotgate.protocols import (
    SITE_APP,
    App,
    AppFault,
    AppKeyState,
    Grant,
    GrantFilter,
    NewGrant,
    Opening,
    Reading,
    Redemption,
    Settled,
    StoredAppKey,
    SubmissionRecord,
)
from jotgate.protocols import SubmissionFilter as Filter
from jotgate.signed.passes import Pass, new_pass_id
from jotgate.signed.tickets import Ticket
from jotgate.stores import Store
from jotgate.submissions import Candidate
from jotgate.throttle import Guesser

FORM, FORM_ID = "students", "260010000000001"
OTHER_FORM, OTHER_FORM_ID = "teachers", "260010000000002"
FORMS = {FORM: FORM_ID, OTHER_FORM: OTHER_FORM_ID}
KEY_ID = "aaaa0001"
#: The moment at which the tests begin.
T0 = 1_790_000_000.0
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
TTL_SECONDS = DAY
#: An app, and the person whom its tokens are about.
APP, SUBJECT = "ios", "u-7"
BOUNDLESS = 10**9

#: Opens the store under test anew; may be pickled, and every call gives an object of its own.
Opener = Callable[[], Store]


class Contract:
    """The fixtures that all parts of the contract share; each store's test class has `opener`, of an empty store."""

    @pytest.fixture
    def store(self, opener: Opener) -> Iterator[Store]:
        """Return the store, empty, with two forms."""
        store = opener()
        store.prepare(FORMS, T0)
        yield store
        store.close()


def digest(name: str | int) -> bytes:
    """Return 16 bytes that stand for *name*: a fingerprint, a browser's id, whatever is random in life."""
    return hashlib.sha256(str(name).encode()).digest()[:16]


def written(texts: Mapping[str, str]) -> FormAnswers:
    """Return the answers to short text questions, by their names."""
    rows = enumerate(texts.items(), start=1)
    return FormAnswers(
        {str(qid): {"name": name, "type": "control_textbox", "answer": text} for qid, (name, text) in rows}
    )


def grant(
    name: str | int,
    *,
    form: str = FORM,
    uses: int = 1,
    subject: str | None = None,
    label: str | None = None,
    email: str | None = None,
    batch: str | None = None,
    code_key: str = KEY_ID,
    valid_from: float | None = None,
    valid_until: float | None = None,
    language: str | None = None,
) -> NewGrant:
    """Return a grant whose fingerprint is ``digest(name)``."""
    return NewGrant(
        fingerprint=digest(name),
        code_key=code_key,
        form=form,
        subject=subject,
        label=label,
        email=email,
        batch=batch,
        uses=uses,
        valid_from=valid_from,
        valid_until=valid_until,
        language=language,
    )


def exactly(name: str | int) -> GrantFilter:
    """Return the filter for the grant made by ``grant(name)``."""
    return GrantFilter(fingerprints=(digest(name),))


def opening(
    code: str | int,
    *,
    browser: str | int = "a browser",
    form: str = FORM,
    now: float = T0,
    move: bool = False,
    holds: Pass | None = None,
    guesser: Guesser | None = None,
    pass_ttl_seconds: float | None = None,
    capacity: int | None = None,
) -> Opening:
    """Return the wish of *browser* to be let in with the code of ``grant(code)``."""
    return Opening(
        form=form,
        fingerprints=(digest(code),),
        browser=digest(browser),
        holds=holds,
        guesser=guesser,
        move=move,
        now=now,
        ticket_expires_at=now + TTL_SECONDS,
        pass_id=new_pass_id(),
        pass_ttl_seconds=pass_ttl_seconds,
        capacity=capacity,
    )


def an_app(name: str) -> App:
    """Return an app for one form."""
    return App(name=name, forms=(FORM,), created_at=T0)


def app_key(
    name: str = "first", *, app: str = APP, state: AppKeyState = AppKeyState.ACTIVE, at: float = T0
) -> StoredAppKey:
    """Return a key whose id stands for *app* and *name*."""
    return StoredAppKey(
        key_id=digest(f"{app} {name}").hex()[:8],
        app=app,
        algorithm="HS256",
        code_key=KEY_ID,
        state=state,
        created_at=at,
    )


def register(store: Store, app: str = APP) -> None:
    """Register an app with its first key."""
    assert store.create_app(an_app(app), app_key(app=app), actor="owner")


def token(
    name: str | None = None,
    *,
    app: str = APP,
    signed_by: str = "first",
    subject: str = SUBJECT,
    browser: str | int = "a browser",
    uses: int = BOUNDLESS,
    holds: Pass | None = None,
    proof: str | None = None,
    prefill: Mapping[str, str] | None = None,
    locked: tuple[str, ...] = (),
    expired: bool = False,
    now: float = T0,
) -> Redemption:
    """Return the wish to be let in with an authentic token: the one called *name*, or a fresh one."""
    pass_id = new_pass_id()
    return Redemption(
        form=FORM,
        app=app,
        key_id=None if app == SITE_APP else app_key(signed_by, app=app).key_id,
        token_key=pass_id if name is None else digest(f"token {app} {name}"),
        proof_key=None if proof is None else digest(f"proof {proof}"),
        remember_until=T0 + 2 * MINUTE,
        expired=expired,
        fingerprint=digest(f"app grant {app} {subject}"),
        subject=subject,
        uses=uses,
        prefill=prefill or {},
        locked=locked,
        browser=digest(browser),
        network="192.0.2.1/32",
        holds=holds,
        now=now,
        ticket_expires_at=now + TTL_SECONDS,
        pass_id=pass_id,
        pass_expires_at=now + TTL_SECONDS,
    )


def decided(store: Store, wish: Opening | Redemption) -> Decision:
    """Return what becomes of a code, or of an app's token."""
    return store.open_ticket(wish) if isinstance(wish, Opening) else store.redeem_token(wish)


def admitted(store: Store, wish: Opening | Redemption) -> Admit:
    """Open a ticket, which has to work."""
    decision = decided(store, wish)
    assert isinstance(decision, Admit), decision
    return decision


def refused(store: Store, wish: Opening | Redemption) -> Refuse:
    """Fail to open a ticket, which has to be refused."""
    decision = decided(store, wish)
    assert isinstance(decision, Refuse), decision
    return decision


def reason(store: Store, wish: Opening | Redemption) -> Reason:
    """Return why the wish is refused."""
    return refused(store, wish).reason


def fault(store: Store, wish: Redemption) -> AppFault:
    """Return the exact fault of a token that is refused as bad."""
    refusal = refused(store, wish)
    assert refusal.reason is Reason.BAD_TOKEN
    return AppFault(explained(store, refusal).reason)


def explained(store: Store, refusal: Refuse) -> Entry:
    """Return the entry that a refusal left."""
    entry = store.explain(refusal.ref)
    assert entry is not None
    return entry


def app_grant(store: Store, *, subject: str = SUBJECT) -> Grant:
    """Return what the app's tokens for *subject* entitle to."""
    [found] = store.grants(GrantFilter(app=APP, form=FORM, subject=subject))
    return found


def key_states(store: Store) -> dict[str, str]:
    """Return the states of the app's keys, by the names that the tests call them."""
    names = {app_key(name).key_id: name for name in ("first", "new", "a", "b")}
    return {names[kept.key_id]: kept.state.value for kept in store.app_keys()}


def ticket_of(store: Store, admit: Admit) -> Ticket:
    """Return the ticket that an admission opened."""
    ticket = store.ticket(admit.ticket_id)
    assert ticket is not None
    return ticket


def pass_of(admit: Admit) -> Pass:
    """Return the pass that an admission makes."""
    return Pass(
        form=admit.form,
        subject=admit.subject,
        pass_id=admit.pass_id,
        ticket_id=admit.ticket_id,
        expires_at=admit.expires_at,
    )


def sent_in(
    submission_id: str | int,
    ticket: Admit | bytes | None,
    *,
    form: str = FORM,
    at: float = T0 + MINUTE,
    latest: float | None = None,
    verdict: Verdict | None = None,
    empty: bool = False,
) -> Candidate:
    """Return a submission made at *at* (or as late as *latest*) that carries *ticket*."""
    return Candidate(
        submission_id=str(submission_id),
        form=form,
        created_earliest=at,
        created_latest=at if latest is None else latest,
        ticket_id=ticket.ticket_id if isinstance(ticket, Admit) else ticket,
        verdict=Verdict.UNTICKETED if ticket is None and verdict is None else verdict,
        empty=empty,
    )


def settled(
    store: Store, *candidates: Candidate, capacity: int | None = None, now: float = T0 + 2 * MINUTE
) -> list[Settled]:
    """Settle the candidates in the order given."""
    return store.settle(candidates, capacity=capacity, now=now)


def verdicts(
    store: Store, *candidates: Candidate, capacity: int | None = None, now: float = T0 + 2 * MINUTE
) -> list[Verdict]:
    """Return the verdicts on the candidates, in the order given."""
    return [one.verdict for one in settled(store, *candidates, capacity=capacity, now=now)]


def records(store: Store, *submission_ids: str) -> Sequence[SubmissionRecord]:
    """Return what the store knows of these submissions, or of all."""
    return list(store.submissions(Filter(submission_ids=submission_ids)))


def used(store: Store, name: str | int) -> int:
    """Return how many uses of the code are settled."""
    return next(iter(store.grants(exactly(name)))).used


def places(store: Store) -> int:
    """Return how many places of the form are taken."""
    return next(state.settled for state in store.form_states() if state.form == FORM)


def guesser(network: str = "192.0.2.1/32", browser: str | int = "a browser", age: float = HOUR) -> Guesser:
    """Return somebody who tries codes."""
    return Guesser(network=network, browser=digest(browser).hex(), browser_age=age)


def a_reading(
    *,
    seq: int = 0,
    cursor: str | None = "0",
    head: str = "0",
    read_at: float = T0,
    wait_for_answers: bool = False,
) -> Reading:
    """Return a complete reading of the form: a full one, or a quick one without *cursor*."""
    return Reading(
        form=FORM,
        seq=seq,
        head=head,
        cursor=cursor,
        wait_for_answers=wait_for_answers,
        hollow=0,
        quiet_until=0.0,
        read_at=read_at,
    )
