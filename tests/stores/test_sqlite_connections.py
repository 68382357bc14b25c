"""How threads share connections to a file: few are open, whatever threads come and go, and only to the file meant."""

from __future__ import annotations

import gc
import os
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jotgate.errors import StoreUnavailable
from jotgate.ledger import Entry
from jotgate.stores import Store, open_store
from jotgate.stores.sqlite_connections import LOG_BYTES, MAX_CONNECTIONS
from jotgate.stores.verbs import record
from tests.patience import patient_in_this_test, until
from tests.stores.contract.material import FORM_ID, FORMS, T0, admitted, grant, opening
from tests.stores.contract.sweeping import state_of

#: The file itself and its log; the log's shared memory is opened once in a process.
DESCRIPTORS_EACH = 2


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store's file is."""
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Return a store that waits for its turn, however busy the machine is."""
    store = patient_in_this_test(monkeypatch)(f"sqlite:///{path}")
    store.prepare(FORMS, T0)
    yield store
    store.close()


def descriptors(path: Path) -> int:
    """Return how many of this process's descriptors lead to the store's files."""
    found = Path("/proc/self/fd")
    if not found.is_dir():
        pytest.skip("this system does not list a process's descriptors")
    count = 0
    for link in found.iterdir():
        try:
            count += os.readlink(link).startswith(str(path))
        except FileNotFoundError:
            continue
    return count


def test_a_store_that_nobody_uses_any_more_leaves_nothing_open(path: Path) -> None:
    """As in the tests of a site, which make many: and silently, where Python warns of what it has to close itself."""
    store = open_store(f"sqlite:///{path}")
    store.prepare(FORMS, T0)
    store.note_delivery(FORM_ID, T0)
    assert descriptors(path)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        del store
        gc.collect()
    assert descriptors(path) == 0
    assert not [str(one.message) for one in warned if "database" in str(one.message)]


def test_a_thread_for_each_request_leaves_nothing_open(store: Store, path: Path) -> None:
    """Four hundred threads, one after the other, as servers start them: they share one connection."""
    for _ in range(400):
        thread = threading.Thread(target=store.note_delivery, args=(FORM_ID, T0))
        thread.start()
        thread.join()
    assert state_of(store).due_seq == 400
    assert descriptors(path) <= DESCRIPTORS_EACH + 1
    store.close()
    assert descriptors(path) == 0


def test_however_many_threads_there_are_few_connections_are_open(store: Store, path: Path) -> None:
    """Those above wait for their turn: a crowd cannot use up what the process may open."""
    start = threading.Barrier(4 * MAX_CONNECTIONS)
    most = []

    def write(number: int) -> None:
        start.wait()
        store.note_delivery(FORM_ID, T0)
        most.append(descriptors(path))

    with ThreadPoolExecutor(4 * MAX_CONNECTIONS) as pool:
        list(pool.map(write, range(4 * MAX_CONNECTIONS)))
    assert state_of(store).due_seq == 4 * MAX_CONNECTIONS
    assert max(most) <= DESCRIPTORS_EACH * MAX_CONNECTIONS + 1


def test_a_connection_in_use_is_closed_when_it_is_given_back(store: Store, path: Path) -> None:
    """Closing the store, as before a fork, takes nothing away from a thread in the midst of its work."""
    begun, closed = threading.Event(), threading.Event()

    def write() -> None:
        with store._write() as tx:
            tx.run("note_delivery", form_id=FORM_ID, now=T0, again_at=T0)
            begun.set()
            closed.wait()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        begun.wait()
        store.close()
        closed.set()
        writing.result()
    assert descriptors(path) == 0
    assert state_of(store).due_seq == 1


def _replaced(path: Path) -> None:
    """Put another store in the file's place, as somebody does who restores a copy under a running site."""
    other = open_store(f"sqlite:///{path}.other")
    other.prepare(FORMS, T0)
    other.create_grants([grant("code"), grant("later")], T0)
    other.close()
    os.replace(f"{path}.other", path)


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_a_file_that_is_gone_lets_nobody_in(store: Store, path: Path, how: str) -> None:
    """F23: no admission goes into a file that nobody will read again, in old threads and new ones; reads say so."""
    store.create_grants([grant("code"), grant("later")], T0)
    kept = path.with_name("kept")
    os.link(path, kept)
    if how == "deleted":
        path.unlink()
    else:
        _replaced(path)
    with pytest.raises(StoreUnavailable, match="deleted or replaced"):
        admitted(store, opening("code"))
    with ThreadPoolExecutor(1) as pool, pytest.raises(StoreUnavailable, match="deleted or replaced"):
        pool.submit(admitted, store, opening("code")).result()

    def is_noticed_by_readers() -> bool:
        try:
            return not store.form_states()
        except StoreUnavailable:
            return True

    until(is_noticed_by_readers, what="reads notice it")
    assert how == "replaced" or not path.exists()
    os.replace(kept, path)
    admitted(store, opening("later"))


def test_a_deleted_file_is_not_made_anew(store: Store, path: Path) -> None:
    """Also where nothing is open just now: an empty store would refuse every code, and void what was printed."""
    store.close()
    path.unlink()
    with pytest.raises(StoreUnavailable, match="deleted or replaced"):
        store.note_delivery(FORM_ID, T0)
    assert not path.exists()


def test_the_log_shrinks_after_a_large_transaction(store: Store, path: Path) -> None:
    """It would stay as large as it ever was, and a disk that is nearly full would stay so."""
    log = path.with_name(f"{path.name}-wal")
    with store._write() as tx:
        for _ in range(2 * LOG_BYTES // 4000):
            record(tx, Entry(at=T0, event="thing.happened", note="x" * 4000))
    assert log.stat().st_size > LOG_BYTES
    for _ in range(2):
        store.note_delivery(FORM_ID, T0)
    assert log.stat().st_size <= LOG_BYTES
