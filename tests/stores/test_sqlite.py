"""SQLite keeps the contract, and gets along with itself on a network mount, without a write-ahead log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

import jotgate.stores.sqlite_connections
from jotgate.stores import Store
from jotgate.stores.driver import load_statements
from jotgate.stores.tables import load_steps
from tests.patience import open_patiently, patient_in_this_test
from tests.stores.contract import StoreContract
from tests.stores.contract.material import FORM, FORM_ID, Contract, Opener
from tests.stores.contract.races import together
from tests.stores.contract.sweeping import state_of


class TestSqliteStore(StoreContract):
    """The embedded default."""

    @pytest.fixture
    def opener(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opener:
        """Return what opens a store in a file of its own; a busy machine must not decide the races."""
        return partial(patient_in_this_test(monkeypatch), f"sqlite:///{tmp_path}/store.db")


class TestSqliteStoreOnANetworkMount(Contract):
    """Without a write-ahead log readers and writers get in each other's way, and nobody notices."""

    @pytest.fixture
    def opener(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opener:
        """Return what opens a store that takes its folder for a network mount, in whatever process."""
        monkeypatch.setattr("jotgate.stores.sqlite_connections._mount_type", _nfs)
        patient_in_this_test(monkeypatch)
        return partial(_open_on_network, f"sqlite:///{tmp_path}/store.db")

    def test_readers_and_writers_wait_for_each_other(self, store: Store, opener: Opener) -> None:
        """Three processes write, three read all the while: every write counts, and no read fails."""
        together(opener, [partial(_write, times=40)] * 3 + [partial(_read, times=400)] * 3)
        assert state_of(store).due_seq == 3 * 40

    def test_it_keeps_no_write_ahead_log(self, store: Store, tmp_path: Path) -> None:
        """The log's shared memory does not work there."""
        assert store.note_delivery(FORM_ID, 0.0)
        assert {file.name for file in tmp_path.iterdir()} <= {"store.db", "store.db-journal"}


def _nfs(path: str) -> str:
    assert path
    return "nfs"


def _open_on_network(url: str) -> Store:
    jotgate.stores.sqlite_connections._mount_type = _nfs
    return open_patiently(url)


def _write(store: Store, *, times: int) -> None:
    for n in range(times):
        assert store.note_delivery(FORM_ID, float(n))


def _read(store: Store, *, times: int) -> None:
    for _ in range(times):
        assert store.form_states()


def test_a_page_of_submissions_is_read_by_the_index_made_for_it() -> None:
    """In its order, nothing sorted: a page of a million costs what a page of a hundred does."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for _, statements in load_steps():
            for statement in statements:
                connection.execute(statement)
        page = load_statements("statements")["submissions_with_verdict"]
        values = {"form": FORM, "verdict": "verified", "before": "~", "rows": 50}
        plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {page}", values))
    assert "submissions USING INDEX submissions_by_form (form=? AND verdict=? AND <expr><?)" in plan
    assert "SCAN submissions" not in plan
