"""A PostgreSQL server that is down, hangs, restarts or is full: decided within a second, and never twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import psycopg
import pytest

from jotgate.errors import StoreUnavailable
from jotgate.outcomes import Reason, Verdict
from jotgate.quota import Usage
from jotgate.stores import SqlStore, open_store
from jotgate.stores.postgres_connections import MAX_CONNECTIONS
from jotgate.testing.contract.material import (
    FORM_ID,
    FORMS,
    T0,
    admitted,
    digest,
    grant,
    opening,
    places,
    reason,
    sent_in,
    verdicts,
)
from jotgate.testing.contract.sweeping import state_of
from tests.faults.postgres_server import Server, new_server, until
from tests.patience import quickest

#: A second to decide, and a little to notice.
SOON_SECONDS = 1.5


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Return a server that the tests of this module may do anything to, and that runs between them."""
    server = new_server()
    yield server
    server.close()


@pytest.fixture
def store(server: Server) -> Iterator[SqlStore]:
    """Return a store there, with the codes 0 to 49."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(b"DROP SCHEMA IF EXISTS jotgate CASCADE")
    store = open_store(server.url)
    store.prepare(FORMS, T0)
    store.create_grants([grant(n) for n in range(50)], T0)
    yield store
    store.close()


def refused_soon(verb: Callable[[], object]) -> str:
    """Fail, quickly; return the sentence."""
    told: list[str] = []

    def refused() -> None:
        with pytest.raises(StoreUnavailable) as fault:
            verb()
        told.append(str(fault.value))

    quickest(refused, within=SOON_SECONDS)
    return told[-1]


def test_a_server_that_is_down_is_told_at_once_and_found_again(server: Server, store: SqlStore) -> None:
    """Nobody is let in, everybody hears so within a second, and five seconds after the restart all works."""
    admit = admitted(store, opening(0))
    server.stop()
    try:
        assert "refused" in refused_soon(partial(store.open_ticket, opening(1)))
        with ThreadPoolExecutor(20) as pool:

            def everybody() -> None:
                tries = [pool.submit(store.open_ticket, opening(n)) for n in range(20)]
                assert all(isinstance(one.exception(), StoreUnavailable) for one in tries)

            quickest(everybody, within=2 * SOON_SECONDS)
    finally:
        server.start()
    assert until(5, partial(store.open_ticket, opening(1))) < 5
    assert admitted(store, opening(0)).ticket_id == admit.ticket_id
    assert verdicts(store, sent_in(1, admit)) == [Verdict.VERIFIED]
    assert reason(store, opening(0)) is Reason.USED_UP


def test_a_restart_between_two_requests_is_not_noticed(server: Server, store: SqlStore) -> None:
    """A connection that the server closed is not used again."""
    admitted(store, opening(0))
    server.stop("fast")
    server.start()
    admitted(store, opening(1))
    assert store.form_states()


def test_terminated_backends_are_replaced(server: Server, store: SqlStore) -> None:
    """However often an operator ends all connections, nobody at the door hears of it."""
    for n in range(10):
        admitted(store, opening(n))
        assert server.terminate_backends() >= 1


@pytest.mark.parametrize("writes", [True, False])
def test_a_backend_that_is_terminated_in_the_middle_is_tried_once_more(
    server: Server, store: SqlStore, writes: bool
) -> None:
    """Nothing was committed, so the verb runs again on another connection, and counts once."""
    first = Usage(day="2026-09-21", limit=1000)
    store.change_usage("account", lambda _: (first, None))
    killed: list[int] = []

    def change(usage: Usage | None) -> tuple[Usage, int]:
        assert usage == first
        if not killed:
            killed.append(server.terminate_backends())
        return replace(first, used=first.used + writes), len(killed)

    assert store.change_usage("account", change) == 1
    assert killed[0] >= 1
    assert store.usage("account") == replace(first, used=int(writes))


def test_one_that_is_terminated_twice_in_the_middle_is_refused(server: Server, store: SqlStore) -> None:
    """A second loss is no bad luck any more; nothing was written."""

    def change(_: Usage | None) -> tuple[Usage, None]:
        server.terminate_backends()
        return Usage(day="2026-09-21", limit=1000), None

    with pytest.raises(StoreUnavailable, match="terminating connection"):
        store.change_usage("account", change)
    assert store.usage("account") is None


def test_a_server_that_hangs_is_given_up_within_a_second(server: Server, store: SqlStore) -> None:
    """Reads and admissions alike; when it goes on, so do we, and no code was taken twice."""
    admit = admitted(store, opening(0))
    server.freeze()
    try:
        assert "in time" in refused_soon(partial(store.open_ticket, opening(1)))
        assert "in time" in refused_soon(partial(store.open_ticket, opening(1)))
        assert refused_soon(partial(store.ticket, admit.ticket_id))
    finally:
        server.thaw()
    assert until(5, partial(store.open_ticket, opening(1))) < 5
    second = admitted(store, opening(1))
    assert verdicts(store, sent_in(1, admit), sent_in(2, second)) == [Verdict.VERIFIED] * 2
    assert places(store) == 2


def test_a_pool_that_is_exhausted_refuses_within_a_second(server: Server, store: SqlStore) -> None:
    """While all connections wait for another program's lock, one more is refused; then everybody gets through."""
    usage = Usage(day="2026-09-21", limit=1000)
    with ThreadPoolExecutor(MAX_CONNECTIONS + 1) as pool:
        with psycopg.connect(server.url) as other:
            other.execute(b"LOCK TABLE jotgate.usage IN ACCESS EXCLUSIVE MODE")
            waiting = [
                pool.submit(store.change_usage, f"account {n}", lambda _: (usage, None))
                for n in range(MAX_CONNECTIONS)
            ]
            until(10, partial(_assert_waiting, server, MAX_CONNECTIONS))
            assert "no connection" in refused_soon(partial(store.open_ticket, opening(0)))
            other.rollback()
        assert all(one.exception() is None for one in waiting)
    admitted(store, opening(0))


def _assert_waiting(server: Server, number: int) -> None:
    query = b"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(server.url, autocommit=True) as connection:
        assert connection.execute(query).fetchone() == (number,)


def test_a_lock_is_waited_for_briefly_at_the_door_and_longer_by_the_sweep(
    server: Server, store: SqlStore
) -> None:
    """Half a second is not noticed; then the door says so, and settling goes on when the lock is gone."""
    admit = admitted(store, opening(0))
    with psycopg.connect(server.url) as other:
        other.execute(b"LOCK TABLE jotgate.tickets IN ACCESS EXCLUSIVE MODE")
        timer = threading.Timer(0.4, other.rollback)
        timer.start()
        admitted(store, opening(1))
        timer.join()
        other.execute(b"LOCK TABLE jotgate.tickets IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(1) as pool:
            settling = pool.submit(verdicts, store, sent_in(1, admit))
            assert "lock timeout" in refused_soon(partial(store.open_ticket, opening(2)))
            assert not settling.done()
            other.rollback()
            assert settling.result() == [Verdict.VERIFIED]


def test_whoever_stops_in_the_middle_holds_nobody_up_for_ever(
    server: Server, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that holds a code and does not go on, as one that lost its network, is ended by the server."""
    monkeypatch.setattr("jotgate.stores.postgres_connections._IDLE_SECONDS", 0.5)
    stuck = open_store(server.url)
    stuck.prepare(FORMS, T0)
    with pytest.raises(StoreUnavailable, match="idle-in-transaction"):
        _hold_a_code(stuck, while_it_is_held=partial(until, 5, partial(store.open_ticket, opening(0))))
    admitted(store, opening(0))
    stuck.close()


def _hold_a_code(stuck: SqlStore, while_it_is_held: Callable[[], object]) -> None:
    with stuck.driver.write() as tx:
        assert tx.one("find_grant", fingerprint=digest(0))
        while_it_is_held()
        tx.run("revoke_grant", fingerprint=digest(0), now=T0)


def test_deliveries_are_on_disk_when_the_server_crashes(server: Server, store: SqlStore) -> None:
    """What was acknowledged survives a crash, even where the database says that it need not."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(b"ALTER DATABASE postgres SET synchronous_commit = off")
    try:
        careful = open_store(server.url)
        careful.prepare(FORMS, T0)
        for _ in range(20):
            assert careful.note_delivery(FORM_ID, T0)
        server.stop()
        server.start()
        assert state_of(careful).due_seq == 20
        careful.close()
    finally:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(b"ALTER DATABASE postgres RESET synchronous_commit")
