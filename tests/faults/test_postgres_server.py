"""A PostgreSQL server that is down, hangs, restarts or is full: decided within a second, and never twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import psycopg
import pytest

from jotgate.errors import StoreUnavailable
from jotgate.outcomes import Admit, Reason, Verdict
from jotgate.quota import Usage
from jotgate.stores import Store, open_store
from jotgate.stores.postgres_connections import MAX_CONNECTIONS
from tests.faults.postgres_server import Server, new_server
from tests.patience import patient_in_this_test, until, until_it_works
from tests.stores.contract.material import (
    FORM,
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
from tests.stores.contract.sweeping import state_of

#: A second to decide, and a little to notice.
SOON_SECONDS = 1.5


class Ticks:
    """Take the place of `time` where a store gives up: each look of this thread's takes a twentieth of a second."""

    def __init__(self) -> None:
        self.passed = 0.0
        #: Others wait already, by the real clock: what they wait for must not end because this one takes over.
        self._start = time.monotonic()
        self._owner = threading.current_thread()

    def monotonic(self) -> float:
        """Return the moment."""
        if threading.current_thread() is self._owner:
            self.passed += 0.05
        return self._start + self.passed


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Return a server that the tests of this module may do anything to, and that runs between them."""
    server = new_server()
    yield server
    server.close()


@pytest.fixture
def store(server: Server) -> Iterator[Store]:
    """Return a store there, with the codes 0 to 49."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(b"DROP SCHEMA IF EXISTS jotgate CASCADE")
    store = open_store(server.url)
    store.prepare(FORMS, T0)
    store.create_grants([grant(n) for n in range(50)], T0)
    yield store
    store.close()


def refused_soon(verb: Callable[[], object]) -> str:
    """Fail, and soon by the store's own clock; return the sentence."""
    ticks = Ticks()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("jotgate.stores.postgres_connections.time", ticks)
        with pytest.raises(StoreUnavailable) as fault:
            verb()
    assert 0 < ticks.passed <= SOON_SECONDS
    return str(fault.value)


def test_a_server_that_is_down_is_told_at_once_and_found_again(server: Server, store: Store) -> None:
    """Nobody is let in, everybody hears so within a second, and five seconds after the restart all works."""
    admit = admitted(store, opening(0))
    server.stop()
    try:
        assert "refused" in refused_soon(partial(store.open_ticket, opening(1)))
        with ThreadPoolExecutor(20) as pool:
            tries = [pool.submit(store.open_ticket, opening(n)) for n in range(20)]
            assert all(isinstance(one.exception(), StoreUnavailable) for one in tries)
    finally:
        server.start()
    until_it_works(partial(store.open_ticket, opening(1)))
    assert admitted(store, opening(0)).ticket_id == admit.ticket_id
    assert verdicts(store, sent_in(1, admit)) == [Verdict.VERIFIED]
    assert reason(store, opening(0)) is Reason.USED_UP


def test_a_restart_between_two_requests_is_not_noticed(server: Server, store: Store) -> None:
    """A connection that the server closed is not used again."""
    admitted(store, opening(0))
    server.stop("fast")
    server.start()
    admitted(store, opening(1))
    assert store.form_states()


def test_terminated_backends_are_replaced(server: Server, store: Store) -> None:
    """However often an operator ends all connections, nobody at the door hears of it."""
    for n in range(10):
        admitted(store, opening(n))
        assert server.terminate_backends() >= 1


@pytest.mark.parametrize("writes", [True, False])
def test_a_backend_that_is_terminated_in_the_middle_is_tried_once_more(
    server: Server, store: Store, writes: bool
) -> None:
    """Nothing was committed, so the verb runs again on another connection, and counts once."""
    first = Usage(day="2026-09-21", limit=1000, configured=1000)
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


def test_one_that_is_terminated_twice_in_the_middle_is_refused(server: Server, store: Store) -> None:
    """A second loss is no bad luck any more; nothing was written."""

    def change(_: Usage | None) -> tuple[Usage, None]:
        server.terminate_backends()
        return Usage(day="2026-09-21", limit=1000, configured=1000), None

    with pytest.raises(StoreUnavailable, match="terminating connection"):
        store.change_usage("account", change)
    assert store.usage("account") is None


def test_a_server_that_hangs_is_given_up_within_a_second(server: Server, store: Store) -> None:
    """Reads and admissions alike; when it goes on, so do we, and no code was taken twice."""
    admit = admitted(store, opening(0))
    server.freeze()
    try:
        assert "in time" in refused_soon(partial(store.open_ticket, opening(1)))
        assert "in time" in refused_soon(partial(store.open_ticket, opening(1)))
        assert refused_soon(partial(store.ticket, admit.ticket_id))
    finally:
        server.thaw()
    until_it_works(partial(store.open_ticket, opening(1)))
    second = admitted(store, opening(1))
    assert verdicts(store, sent_in(1, admit), sent_in(2, second)) == [Verdict.VERIFIED] * 2
    assert places(store) == 2


def test_a_pool_that_is_exhausted_refuses_within_a_second(server: Server, store: Store) -> None:
    """While all connections wait for another program's lock, one more is refused; then everybody gets through."""
    usage = Usage(day="2026-09-21", limit=1000, configured=1000)
    with ThreadPoolExecutor(MAX_CONNECTIONS + 1) as pool:
        with psycopg.connect(server.url) as other:
            other.execute(b"LOCK TABLE jotgate.usage IN ACCESS EXCLUSIVE MODE")
            waiting = [
                pool.submit(store.change_usage, f"account {n}", lambda _: (usage, None))
                for n in range(MAX_CONNECTIONS)
            ]
            until_it_works(partial(_assert_waiting, server, MAX_CONNECTIONS))
            assert "no connection" in refused_soon(partial(store.open_ticket, opening(0)))
            other.rollback()
        assert all(one.exception() is None for one in waiting)
    admitted(store, opening(0))


def _assert_waiting(server: Server, number: int) -> None:
    query = b"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(server.url, autocommit=True) as connection:
        assert connection.execute(query).fetchone() == (number,)


def test_a_lock_is_waited_for_briefly_at_the_door_and_longer_by_the_sweep(
    server: Server, store: Store
) -> None:
    """At the door it is told after a second; settling goes on when the lock is gone."""
    admit = admitted(store, opening(0))
    with psycopg.connect(server.url) as other:
        other.execute(b"LOCK TABLE jotgate.tickets IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(1) as pool:
            settling = pool.submit(verdicts, store, sent_in(1, admit))
            assert "lock timeout" in refused_soon(partial(store.open_ticket, opening(2)))
            assert not settling.done()
            other.rollback()
            assert settling.result() == [Verdict.VERIFIED]


def test_a_lock_that_is_soon_gone_is_not_noticed(
    server: Server, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody at the door waits for it."""
    patient = patient_in_this_test(monkeypatch)(server.url)
    patient.prepare(FORMS, T0)
    with psycopg.connect(server.url) as other, ThreadPoolExecutor(1) as pool:
        other.execute(b"LOCK TABLE jotgate.tickets IN ACCESS EXCLUSIVE MODE")
        admitting = pool.submit(admitted, patient, opening(1))
        until_it_works(partial(_assert_waiting, server, 1))
        other.rollback()
        assert admitting.result().form == FORM
    patient.close()


@contextmanager
def taken(server: Server, n: int) -> Iterator[psycopg.Connection]:
    """Have the row of a code, as a command does that works on many."""
    with psycopg.connect(server.url) as other:
        row = other.execute(b"SELECT FROM jotgate.grants WHERE fingerprint = %s FOR UPDATE", (digest(n),))
        assert row.fetchone() is not None
        yield other


def after_a_wait(store: Store, then: Callable[[], object]) -> None:
    """Do it when the store was told that somebody else keeps a code's row."""
    is_taken = store._is_taken

    def told(fingerprints: Sequence[bytes]) -> bool:
        answer = is_taken(fingerprints)
        then()
        return answer

    store._is_taken = told  # type: ignore[method-assign]


def test_a_codes_row_is_waited_for_longer_than_a_silent_server(server: Server, store: Store) -> None:
    """Whoever has it gives it back after as long as a server may be silent: no outage, and nobody hears of it."""
    told: list[int] = []
    after_a_wait(store, lambda: told.append(1))
    with ThreadPoolExecutor(1) as pool, taken(server, 0) as other:
        entering = pool.submit(store.open_ticket, opening(0))
        until(lambda: told)
        until_it_works(partial(_assert_waiting, server, 1))
        other.rollback()
        assert isinstance(entering.result(), Admit)


def test_a_server_that_falls_silent_meanwhile_is_not_waited_for(server: Server, store: Store) -> None:
    """A code's row is kept by somebody else, and then the server hangs: it is given up as soon as any."""
    after_a_wait(store, server.freeze)
    with taken(server, 0):
        try:
            with pytest.raises(StoreUnavailable, match="in time"):
                store.open_ticket(opening(0))
        finally:
            server.thaw()
    until_it_works(partial(store.open_ticket, opening(0)))


def test_a_row_that_is_never_given_back_turns_people_away(
    server: Server, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some seconds, here none; and with it, those who wait behind."""
    monkeypatch.setattr("jotgate.stores.turns.QUEUE_SECONDS", 0.5)
    with taken(server, 0), pytest.raises(StoreUnavailable, match="lock timeout"):
        store.open_ticket(opening(0))
    admitted(store, opening(0))


def test_a_crowd_at_one_code_takes_one_connection(
    server: Server, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than there are connections wait for a code: who comes with another is let in, and then all of them are."""
    patient = patient_in_this_test(monkeypatch)(server.url)
    patient.prepare(FORMS, T0)
    patient.create_grants([grant("class", uses=30)], T0)
    crowd = 2 * MAX_CONNECTIONS
    with ThreadPoolExecutor(crowd) as pool, psycopg.connect(server.url) as other:
        other.execute(b"SELECT FROM jotgate.grants WHERE fingerprint = %s FOR UPDATE", (digest("class"),))
        entering = [pool.submit(admitted, patient, opening("class", browser=n)) for n in range(crowd)]
        until(lambda: patient.turns._queues[digest("class")].people == crowd)
        until_it_works(partial(_assert_waiting, server, 1))
        admitted(patient, opening(0))
        other.rollback()
        assert len({one.result().ticket_id for one in entering}) == crowd
    patient.close()


def test_whoever_stops_in_the_middle_holds_nobody_up_for_ever(
    server: Server, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that holds a code and does not go on, as one that lost its network, is ended by the server."""
    monkeypatch.setattr("jotgate.stores.postgres_connections._IDLE_SECONDS", 0.5)
    stuck = open_store(server.url)
    stuck.prepare(FORMS, T0)
    with pytest.raises(StoreUnavailable, match="idle-in-transaction"):
        _hold_a_code(stuck, while_it_is_held=partial(until_it_works, partial(store.open_ticket, opening(0))))
    admitted(store, opening(0))
    stuck.close()


def _hold_a_code(stuck: Store, while_it_is_held: Callable[[], object]) -> None:
    with stuck.driver.write() as tx:
        assert tx.one("find_grant", fingerprint=digest(0))
        while_it_is_held()
        tx.run("revoke_grant", fingerprint=digest(0), now=T0)


def test_deliveries_are_on_disk_when_the_server_crashes(server: Server, store: Store) -> None:
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


def test_the_pool_writes_no_log_of_its_own(
    server: Server, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """Each caller is told why there is no connection; the pool does not fill the log with ten lines a second."""
    server.stop()
    try:
        for _ in range(3):
            assert "refused" in refused_soon(partial(store.form_state, FORM))
    finally:
        server.start()
    until_it_works(partial(store.form_state, FORM))
    assert [record.getMessage() for record in caplog.records if record.name == "psycopg.pool"] == []
