"""Processes that share a PostgreSQL store, and that are killed, forked or started together."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count

import psycopg
import pytest

import jotgate.stores.postgres
from jotgate.ledger import Entry
from jotgate.outcomes import Admit, Verdict
from jotgate.protocols import SubmissionFilter
from jotgate.stores import Store
from jotgate.stores.tables import load_steps
from tests.faults.test_sqlite_kill import CODES_A_ROUND, ROUNDS, _one_round, _repeat
from tests.patience import patient_in_this_test
from tests.schemas import fresh_schema
from tests.stores.contract.material import (
    FORM_ID,
    FORMS,
    T0,
    Opener,
    admitted,
    exactly,
    grant,
    opening,
    pass_of,
    places,
    sent_in,
    verdicts,
)
from tests.stores.contract.races import processes_from_a_server, together
from tests.stores.contract.sweeping import state_of

Steps = list[tuple[int, list[str]]]


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    """Return the address of a store of its own, which is gone after the test."""
    with fresh_schema(postgres_url) as url:
        yield url


@pytest.fixture
def opener(url: str, monkeypatch: pytest.MonkeyPatch) -> Opener:
    """Return what opens the store; a busy machine must not decide the races."""
    return partial(patient_in_this_test(monkeypatch), url)


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    """Ask the database itself about the store at *url*."""
    address, _, schema = url.partition("?schema=")
    with psycopg.connect(address) as connection:
        connection.execute(f"SET search_path TO {schema}".encode())
        return connection.execute(statement.encode()).fetchall()


@pytest.mark.parametrize("rounds", ROUNDS)
def test_kill_9_loses_nothing_acknowledged(store: Store, opener: Opener, url: str, rounds: int) -> None:
    """Again and again a process admits and settles, says so after each, and is killed at a random moment.

    Afterwards every admission and verdict it told of is there, the counters equal the ledger, and the same
    submission gets the same verdict again.
    """
    store.create_grants([grant(n) for n in range(rounds * CODES_A_ROUND)], T0)
    told: dict[str, bytes] = {}
    dice = random.Random(7)
    for round_number in range(rounds):
        told.update(_one_round(opener, round_number, dice))
    assert len(told) > rounds

    verified = {
        kept.submission_id for kept in store.submissions(SubmissionFilter(verdicts=(Verdict.VERIFIED,)))
    }
    settled = {key.removeprefix("settled ") for key in told if key.startswith("settled ")}
    assert settled
    assert settled <= verified
    assert all(store.ticket(ticket_id) for ticket_id in told.values())
    assert sum(kept.used for kept in store.grants()) == len(verified) == places(store)
    judged = "SELECT count(*) FROM ledger WHERE event = 'submission.judged' AND reason = 'verified'"
    assert query(url, judged) == [(len(verified),)]
    for key, ticket_id in told.items():
        _repeat(store, key, ticket_id, verified)


@pytest.mark.parametrize("turns", [12, pytest.param(60, marks=pytest.mark.slow)])
def test_everything_at_once_ends_without_an_error(store: Store, opener: Opener, url: str, turns: int) -> None:
    """Doors, settling in batches, deliveries, leaving, revoking and rulings on the same rows never block each other.

    Each process does its part in an order of its own; nobody meets a deadlock, and the counts agree.
    """
    store.create_grants([grant(n, uses=1 + n % 2) for n in range(40)], T0)
    works = [partial(_live, seed=seed, turns=turns) for seed in range(6)]
    assert sum(map(Counter, together(opener, works)), Counter()) == {}
    verified = SubmissionFilter(verdicts=(Verdict.VERIFIED,))
    counted = len(list(store.submissions(verified)))
    accepted = len(list(store.submissions(SubmissionFilter(verdicts=(Verdict.ACCEPTED,)))))
    assert places(store) == counted + accepted
    [(given_back,)] = query(
        url, "SELECT count(*) FROM ledger WHERE event = 'code.use_given_back' AND note = 'a use'"
    )
    assert counted > 20
    assert sum(kept.used for kept in store.grants()) + given_back == counted  # type: ignore[operator]


def _live(store: Store, *, seed: int, turns: int) -> dict[str, int]:
    dice, errors = random.Random(seed), Counter[str]()
    mine: list[Admit] = []
    for turn in range(turns):
        codes = dice.sample(range(40), 5)
        try:
            for code in codes:
                decision = store.open_ticket(opening(code, browser=dice.randrange(8), move=True))
                if isinstance(decision, Admit):
                    mine.append(decision)
            store.note_delivery(FORM_ID, T0)
            some = dice.sample(mine, min(len(mine), 5))
            store.settle(
                [sent_in(1000 * turn + 100_000 * seed + n, admit) for n, admit in enumerate(some, 1)],
                capacity=None,
                now=T0,
            )
            for admit in some[:2]:
                store.mark_sent(ticket_id=admit.ticket_id, now=T0)
                store.leave(pass_of(admit), T0)
            if turn % 4 == 3:
                store.revoke_grants(exactly(codes[0]), now=T0 + 3600, actor="owner", note=None)
                store.give_back_use(exactly(codes[1]), now=T0, actor="owner")
                store.rule(str(1000 * turn + 100_000 * seed + 1), accept=True, actor="o", reason="r", now=T0)
        except Exception as error:
            errors[f"{type(error).__name__}: {error}"] += 1
    return dict(errors)


def test_a_server_may_fork_after_opening(opener: Opener) -> None:
    """Four children of a parent with an open pool and threads write 100 each; all count, and the parent goes on."""
    together(opener, [_fork_and_write])
    assert together(opener, [_due_seq]) == [1 + 4 * 100]


def _fork_and_write(store: Store) -> None:
    store.note_delivery(FORM_ID, T0)
    thread = threading.Thread(target=store.form_states)
    thread.start()
    thread.join()
    children = [_forked(store) for _ in range(4)]
    store.record(Entry(at=T0, event="parent.went_on"))
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    store.record(Entry(at=T0, event="parent.went_on"))


def _forked(store: Store) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        for _ in range(100):
            store.note_delivery(FORM_ID, T0)
        status = 0
    finally:
        os._exit(status)


def _due_seq(store: Store) -> int:
    return state_of(store).due_seq


def test_making_the_schema_may_be_killed_at_any_statement(url: str, opener: Opener) -> None:
    """Whoever starts next finds nothing half done, and makes it whole."""
    statements = sum(len(step) for _, step in load_steps())
    for killed_at in range(0, statements + 1, 8):
        _prepare_and_die(opener, killed_at, load_steps())
        schema = url.partition("?schema=")[2]
        assert query(url, f"SELECT 1 FROM pg_namespace WHERE nspname = '{schema}'") == []
    store = opener()
    store.prepare(FORMS, T0)
    store.create_grants([grant("code")], T0)
    assert verdicts(store, sent_in(1, admitted(store, opening("code")))) == [Verdict.VERIFIED]
    store.close()


def test_an_upgrade_may_be_killed_at_any_statement(
    store: Store, opener: Opener, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row of the older version is there after each death, and once after the upgrade that two start at once."""
    store.create_grants([grant(n) for n in range(50)], T0)
    store.close()
    rows = "SELECT fingerprint, form, uses, used FROM grants ORDER BY fingerprint"
    before = query(url, rows)
    steps = load_steps()
    later = ["ALTER TABLE grants ADD COLUMN extra text", "UPDATE grants SET extra = 'x'", "DROP TABLE lease"]
    upgraded = [*steps, (steps[-1][0] + 1, later)]
    for killed_at in range(4):
        _prepare_and_die(opener, killed_at, upgraded)
        assert query(url, rows) == before
        assert query(url, "SELECT max(number) FROM schema_steps") == [(steps[-1][0],)]
    monkeypatch.setattr("jotgate.stores.postgres.load_steps", lambda: upgraded)
    both = [threading.Thread(target=opener().prepare, args=(FORMS, T0)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert query(url, rows) == before
    assert query(url, "SELECT count(*) FROM grants WHERE extra = 'x'") == [(50,)]
    assert query(url, "SELECT number FROM schema_steps ORDER BY number") == [
        (number,) for number, _ in upgraded
    ]


def _prepare_and_die(opener: Opener, killed_at: int, steps: Steps) -> None:
    """Prepare the store in a process that is killed before statement *killed_at* of the steps that are missing."""
    context = processes_from_a_server()
    process = context.Process(target=_dying, args=(opener, killed_at, steps))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    process.close()


def _dying(opener: Opener, killed_at: int, steps: Steps) -> None:
    left = count()

    def deadly(statements: Sequence[str]) -> Iterator[str]:
        for statement in statements:
            if next(left) == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)
            yield statement
        if next(left) == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def deadly_steps() -> list[tuple[int, Iterator[str]]]:
        return [(number, deadly(statements)) for number, statements in steps]

    jotgate.stores.postgres.load_steps = deadly_steps  # type: ignore[assignment, attr-defined]
    opener().prepare(FORMS, T0)
