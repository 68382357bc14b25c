"""Who waits for a code on PostgreSQL decides on what the last one left of it, in one statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest

from jotgate.outcomes import Admit, Reason
from jotgate.stores import Store, open_store
from jotgate.stores.at_once import issue_at_once, wish_of
from jotgate.stores.driver import Transaction
from jotgate.stores.guesses import Guesses
from jotgate.throttle import SPARE_OPENINGS
from tests.patience import until_it_works
from tests.stores.contract.material import FORM, FORMS, T0, admitted, digest, exactly, grant, opening, reason

CODE = digest("code")
#: What somebody else does to the code, whose transaction is open when it is tried to be opened.
OTHERS: dict[str, Callable[[Transaction], object]] = {
    "opens it at once": lambda tx: at_once(tx, "code", "other"),
    "opens it in turn": lambda tx: tx.run("issue_ticket", **ticket(b"2" * 16)),
    "revokes it": lambda tx: tx.run("revoke_grant", fingerprint=CODE, now=T0),
    "settles its use": lambda tx: tx.run("take_uses", fingerprint=CODE, count=1),
    "gives it another code": lambda tx: tx.run(
        "replace_fingerprint", fingerprint=CODE, fresh=digest("fresh"), code_key="k"
    ),
}


@pytest.fixture
def store(empty_postgres_store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Return a store whose patience does not decide."""
    monkeypatch.setattr("jotgate.stores.postgres_connections.PATIENCE_SECONDS", 60.0)
    monkeypatch.setattr("jotgate.stores.postgres_connections._LOCK_SECONDS", 60.0)
    store = open_store(empty_postgres_store_url)
    store.prepare(FORMS, T0)
    yield store
    store.close()


def at_once(tx: Transaction, code: str, browser: str) -> Admit | None:
    """Open the code by the one statement, or not at all."""
    wish = opening(code, browser=browser)
    return issue_at_once(tx, wish, wish_of(wish) | Guesses().limits(), alone=True)


def opened_at_once(store: Store, code: str) -> Admit | None:
    """Do that in a transaction of its own."""
    with store.driver.read() as tx:
        return at_once(tx, code, "one")


def ticket(ticket_id: bytes) -> dict[str, object]:
    """Return a ticket of the code as it is issued in turn."""
    ids = {"ticket_id": ticket_id, "fingerprint": CODE, "browser": bytes(16), "pass_id": bytes(16)}
    return {
        **ids,
        "form": FORM,
        "subject": None,
        "now": T0,
        "expires_at": T0 + 60,
        "pass_expires_at": T0 + 60,
    }


def assert_waiting(url: str) -> None:
    """Fail if nobody waits for a row of this store."""
    schema = url.partition("?schema=")[2]
    query = (
        "SELECT count(*) FROM pg_locks l JOIN pg_locks t USING (pid) JOIN pg_class c ON c.oid = t.relation"
        f" WHERE NOT l.granted AND c.relname = 'grants' AND c.relnamespace = '{schema}'::regnamespace"
    )
    with psycopg.connect(url.partition("?")[0], autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row != (0,)


def while_another(
    store: Store, url: str, act: Callable[[Transaction], object], *, gives_up: bool = False
) -> Admit | None:
    """Open the code at once while another's transaction has done *act* to it, which then ends."""

    class GivesUp(Exception):
        pass

    with ThreadPoolExecutor(1) as pool:
        try:
            with store.driver.write() as tx:
                assert act(tx) is not None
                decision = pool.submit(opened_at_once, store, "code")
                until_it_works(partial(assert_waiting, url))
                if gives_up:
                    raise GivesUp
        except GivesUp:
            pass
        return decision.result()


@pytest.mark.parametrize("name", OTHERS)
def test_a_code_that_another_changed_is_not_opened_at_once(
    store: Store, empty_postgres_store_url: str, name: str
) -> None:
    """Whoever waited finds the code no longer as it was seen, and writes nothing: the locked way decides."""
    store.create_grants([grant("code")], T0)
    assert while_another(store, empty_postgres_store_url, OTHERS[name]) is None
    assert store.live_until(FORM) == {
        "opens it at once": T0 + 86_400,
        "opens it in turn": T0 + 60,
    }.get(name)


@pytest.mark.parametrize("name", OTHERS)
def test_a_code_that_another_left_alone_in_the_end_is_opened(
    store: Store, empty_postgres_store_url: str, name: str
) -> None:
    """If the other's transaction is undone, whoever waited is admitted."""
    store.create_grants([grant("code")], T0)
    admit = while_another(store, empty_postgres_store_url, OTHERS[name], gives_up=True)
    assert admit is not None
    assert admitted(store, opening("code", browser="one")).ticket_id == admit.ticket_id


def test_a_class_code_is_opened_whoever_opened_it_meanwhile(
    store: Store, empty_postgres_store_url: str
) -> None:
    """Each browser has a ticket of its own; but the last use is not given out again."""
    store.create_grants([grant("code", uses=2)], T0)
    assert while_another(store, empty_postgres_store_url, OTHERS["opens it at once"]) is not None
    assert while_another(store, empty_postgres_store_url, OTHERS["settles its use"]) is not None
    assert while_another(store, empty_postgres_store_url, OTHERS["settles its use"]) is None


def test_a_flood_of_a_class_code_asks_for_nobodys_row(store: Store) -> None:
    """Once it was opened too often, those who enter it without work are refused, whoever has its row meanwhile."""
    store.guesses.clock = lambda: T0
    store.create_grants([grant("code", uses=2)], T0)
    for n in range(2 + SPARE_OPENINGS):
        admitted(store, opening("code", browser=n))
    with store.driver.write() as tx:
        assert tx.one("find_code", fingerprint=CODE, clock=T0) is not None
        assert reason(store, opening("code", browser="another")) is Reason.CODE_BUSY


def test_a_freed_ticket_makes_way_for_another(store: Store) -> None:
    """A code whose ticket was given back, or that has a new code, is opened as if for the first time."""
    store.create_grants([grant("code")], T0)
    first = admitted(store, opening("code"))
    assert opened_at_once(store, "code") is None
    assert store.give_back_use(exactly("code"), now=T0, actor="owner")
    second = opened_at_once(store, "code")
    assert second is not None
    assert second.ticket_id != first.ticket_id
    assert store.reissue_grant(exactly("code"), grant("fresh"), now=T0, actor="owner")
    assert opened_at_once(store, "code") is None
    assert opened_at_once(store, "fresh") is not None
