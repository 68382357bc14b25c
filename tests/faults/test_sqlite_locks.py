"""Other writers, threads, forks and backups: the store keeps its locks, its patience and its data."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from jotgate.errors import StoreUnavailable
from jotgate.ledger import Entry
from jotgate.outcomes import Verdict
from jotgate.protocols import MailRecord, MailState
from jotgate.protocols.people import Change, Revocation, Seen
from jotgate.stores import Store
from jotgate.stores.driver import Transaction
from jotgate.stores.turns import QUEUE_SECONDS
from tests.patience import Watch, open_patiently
from tests.stores.contract.mailing import claim, mail, settle
from tests.stores.contract.material import (
    FORM,
    FORM_ID,
    FORMS,
    T0,
    Opener,
    admitted,
    digest,
    grant,
    opening,
    sent_in,
    verdicts,
)
from tests.stores.contract.races import together
from tests.stores.contract.sweeping import state_of

CHANGE = Change(change_id="c-1", form=FORM, what="revoke", actor="mrs. k", at=T0)


@contextmanager
def another_writer(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold the write lock as another program would."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.close()


def test_a_writer_that_takes_half_a_second_is_waited_for(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody at the door notices nothing but the delay."""
    store.create_grants([grant("code")], T0)
    with another_writer(path) as other:
        other.execute("ROLLBACK")
        monkeypatch.setattr("jotgate.stores.sqlite_connections.time", watch := _Finishing(other))
        watch.hold(0.5)
        admitted(store, opening("code"))
    assert 0.5 < watch.passed < 1.0


@pytest.mark.parametrize(("seconds", "admits"), [(3.0, True), (60.0, False)])
def test_a_queue_of_writers_is_waited_in_while_it_moves(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, admits: bool
) -> None:
    """Others write one after the other, each for half a second: somebody at the door waits for some of them."""
    store.create_grants([grant("code")], T0)
    with another_writer(path) as other:

        class InLine(Watch):
            commits = 0

            def sleep(self, passed: float) -> None:
                super().sleep(passed)
                if other.in_transaction and self.passed > (self.commits + 1) * 0.5:
                    self.commits += 1
                    other.execute(f"PRAGMA application_id = {self.commits}")
                    other.execute("COMMIT")
                    if self.passed < seconds:
                        other.execute("BEGIN IMMEDIATE")

        monkeypatch.setattr("jotgate.stores.sqlite_connections.time", watch := InLine())
        if admits:
            admitted(store, opening("code"))
        else:
            with pytest.raises(StoreUnavailable, match="locked"):
                store.open_ticket(opening("code"))
    assert (seconds if admits else QUEUE_SECONDS) < watch.passed < QUEUE_SECONDS + 1.1


def test_a_writer_that_holds_on_is_reported_at_the_door_and_waited_for_by_the_sweep(
    store: Store, path: Path
) -> None:
    """The door says so after a second, however many people stand before it; reading and settling go on."""
    store.create_grants([grant("code"), grant("other")], T0)
    admit = admitted(store, opening("code"))
    with ThreadPoolExecutor(9) as pool:
        with another_writer(path):
            settling = pool.submit(verdicts, store, sent_in(1, admit))
            waiting = [pool.submit(store.open_ticket, opening("other")) for _ in range(8)]
            for one in waiting:
                with pytest.raises(StoreUnavailable, match="locked"):
                    one.result()
            assert store.ticket(admit.ticket_id) is not None
            assert not settling.done()
        assert settling.result() == [Verdict.VERIFIED]
    admitted(store, opening("other"))


#: What is done by who has time: an operator's changes of many codes, and the mails.
_UNHURRIED: dict[str, Callable[[Store], object]] = {
    "begin a change": lambda store: store.begin_change(replace(CHANGE, change_id="c-2")),
    "change codes": lambda store: store.change_codes(CHANGE, [Seen(digest("code"), 0)], Revocation()),
    "undo a change": lambda store: store.undo_change("c-1", now=T0, actor="mrs. k"),
    "claim a mail": lambda store: claim(store, mail("s-2")),
    "settle a mail": lambda store: settle(store, _claimed(store), MailState.SENT),
    "give a mail back": lambda store: store.give_mail_back(_claimed(store), now=T0, said="down"),
}


@pytest.mark.parametrize("name", _UNHURRIED)
def test_whoever_has_time_waits_for_a_writer(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """For much longer than somebody at the door, each time that it writes."""
    store.create_grants([grant("code"), grant("other")], T0)
    store.begin_change(CHANGE)
    store.change_codes(CHANGE, [Seen(digest("other"), 0)], Revocation())
    claim(store, mail("s-1"))
    with another_writer(path) as other:
        other.execute("ROLLBACK")
        driver, write = store.driver, store.driver.write
        monkeypatch.setattr("jotgate.stores.sqlite_connections.time", watch := _Finishing(other))

        def write_later(**options: float | None) -> AbstractContextManager[Transaction]:
            watch.hold(10.0)
            return write(**options)

        monkeypatch.setattr(driver, "write", write_later)
        _UNHURRIED[name](store)
    assert watch.passed > 10.0


def _claimed(store: Store) -> MailRecord:
    found = store.mail(FORM, "invitation", "s-1")
    assert found is not None
    return found


class _Finishing(Watch):
    """Another writer that ends what it holds after some time."""

    def __init__(self, other: sqlite3.Connection) -> None:
        super().__init__()
        self._other = other
        self._ends_at = 0.0

    def hold(self, seconds: float) -> None:
        """Begin to write, for so long."""
        self._other.execute("BEGIN IMMEDIATE")
        self._ends_at = self.passed + seconds

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        super().sleep(seconds)
        if self.passed > self._ends_at and self._other.in_transaction:
            self._other.execute("ROLLBACK")


def test_a_door_that_opens_on_a_locked_store_says_so_after_a_second(
    opener: Opener, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that could not be prepared at the start is tried by the next verb, with that verb's patience."""
    first = opener()
    first.prepare(FORMS, T0)
    store = opener()
    store._forms = dict(FORMS)  # type: ignore[attr-defined]
    with another_writer(path):
        monkeypatch.setattr("jotgate.stores.sqlite_connections.time", watch := Watch())
        with pytest.raises(StoreUnavailable):
            store.open_ticket(opening("code"))
        assert 1.0 <= watch.passed < 2.0
    monkeypatch.undo()
    store.check()
    store.close()


def test_another_thread_that_opens_the_store_costs_no_locks(store: Store, opener: Opener) -> None:
    """Another process that comes and goes must not take itself for the last one and remove the log.

    POSIX drops a process's locks on a file when it closes any descriptor of it, so connecting must open none.
    """
    store.note_delivery(FORM_ID, T0)
    thread = threading.Thread(target=store.form_states)
    thread.start()
    thread.join()
    together(opener, [_deliver_once])
    for _ in range(5):
        store.note_delivery(FORM_ID, T0)
    assert together(opener, [_due_seq]) == [7]


def test_a_server_may_fork_after_opening(path: Path) -> None:
    """Four children write 100 each while their parent closes its store and others come and go; all count."""
    opener = partial(open_patiently, f"sqlite:///{path}")
    together(opener, [_fork_and_write, *[_come_and_go] * 2])
    assert together(opener, [_due_seq]) == [1 + 4 * 100 + 2 * 20]


def test_copies_made_while_running_are_whole(
    store: Store, opener: Opener, tmp_path: Path, path: Path
) -> None:
    """`VACUUM INTO` and the backup interface give a consistent store: what is settled equals what is used."""
    store.create_grants([grant(n) for n in range(400)], T0)
    done = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(_work_until, store, done)
        try:
            for n in range(4):
                _assert_whole(_vacuumed(path, tmp_path / f"vacuumed{n}.db"))
                _assert_whole(_backed_up(path, tmp_path / f"backed-up{n}.db"))
        finally:
            done.set()
        assert working.result() > 0


def _work_until(store: Store, done: threading.Event) -> int:
    for n in range(400):
        assert verdicts(store, sent_in(n + 1, admitted(store, opening(n)))) == [Verdict.VERIFIED]
        if done.is_set():
            return n + 1
    return 400


def _vacuumed(path: Path, copy: Path) -> Path:
    source = sqlite3.connect(path)
    source.execute("VACUUM INTO ?", [str(copy)])
    source.close()
    return copy


def _backed_up(path: Path, copy: Path) -> Path:
    source, target = sqlite3.connect(path), sqlite3.connect(copy)
    source.backup(target, pages=50)
    source.close()
    target.close()
    return copy


def _assert_whole(copy: Path) -> None:
    connection = sqlite3.connect(copy)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    uses = connection.execute("SELECT sum(used) FROM grants").fetchone()[0]
    judged = connection.execute("SELECT count(*) FROM submissions WHERE verdict = 'verified'").fetchone()[0]
    assert uses == judged
    connection.close()


def _due_seq(store: Store) -> int:
    return state_of(store).due_seq


def _deliver_once(store: Store) -> None:
    store.note_delivery(FORM_ID, T0)


def _come_and_go(store: Store) -> None:
    for _ in range(20):
        store.note_delivery(FORM_ID, T0)
        store.close()


def _fork_and_write(store: Store) -> None:
    store.note_delivery(FORM_ID, T0)
    children = [_forked(partial(_deliver_often, store)) for _ in range(4)]
    store.record(Entry(at=T0, event="parent.went_on"))
    store.close()
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4


def _deliver_often(store: Store) -> None:
    for _ in range(100):
        store.note_delivery(FORM_ID, T0)


def _forked(work: partial[None]) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)
