"""Group ``admission``: codes turned into tickets on SQLite, by several processes at once."""

from __future__ import annotations

import logging
import random
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.busy import Found, Work, Worker, keep_busy, rates_to
from tests.bench.measuring import Size, Target
from tests.bench.site import FORM
from tests.bench.workers import GateAdmits, GateRedeems, GateSettles

_OWN_HANDLER, _JITTERED = "raw sqlite3, its own busy handler", "raw sqlite3, jittered retry"
_ADMITS = "jotgate Gate.admit"
_UPDATE = "UPDATE codes SET left = left - 1, used_at = ? WHERE code = ? AND left > 0 RETURNING form"


def run(scratch: Path, size: Size) -> Iterator[Target]:
    """Measure, print, and give what is to be left of the bare driver's rate."""
    logging.disable(logging.CRITICAL)
    title = "SQLite, synchronous=FULL: each operation a code that is still good"
    found = keep_busy(_WORKERS, _Files(scratch), size, title)
    processes = " / ".join(map(str, size.processes))
    yield Target(
        row=f"admission, SQLite, {processes} processes: rate",
        beside="bare guarded statement: the better of both rows",
        ratios=rates_to(found, _ADMITS, (_OWN_HANDLER, _JITTERED), size),
        limits=[0.6],
        at_least=True,
    )
    yield Target(
        row="admission, SQLite, several processes: longest wait",
        beside=f"{_OWN_HANDLER}: the same",
        ratios=[_longest_wait(found, _ADMITS) / _longest_wait(found, _OWN_HANDLER)],
        limits=[0.2],
    )


def _longest_wait(found: Found, name: str) -> float:
    """Return for how long anybody waited at most where there are others."""
    several = [runs for (row, processes), runs in found.items() if row == name and processes > 1]
    return max(run.worst_seconds for runs in several for run in runs)


@dataclass(frozen=True, slots=True)
class _Files:
    """Stores in files; nothing but the processes themselves works on them."""

    scratch: Path

    @contextmanager
    def new(self) -> Iterator[str]:
        """Give the address of a file in a folder of its own."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            yield f"sqlite:///{Path(folder) / 'codes.db'}"

    def server_seconds(self, store: str) -> float:
        """Return nothing: there is no server."""
        return 0.0


@dataclass(frozen=True, slots=True)
class _Raw:
    """The bare driver: one guarded statement in autocommit, and nothing else."""

    #: Wait by SQLite's own busy handler, or try again by ourselves with jitter.
    jittered: bool
    codes_each: int = 1
    codes_a_second: int = 14_000

    def fill(self, store: str, count: int) -> Sequence[Any]:
        """Make the file with *count* codes and return them."""
        codes = [secrets.token_bytes(16) for _ in range(count)]
        connection = self._connect(store)
        connection.execute(
            "CREATE TABLE codes (code BLOB PRIMARY KEY, form TEXT NOT NULL, left INTEGER NOT NULL, used_at REAL)"
            " WITHOUT ROWID"
        )
        connection.execute("BEGIN")
        rows = ((code, FORM, 1) for code in sorted(codes))
        connection.executemany("INSERT INTO codes (code, form, left) VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
        connection.close()
        return codes

    def open(self, store: str) -> Work:
        """Return what a process does."""
        execute = self._connect(store).execute

        def redeem(code: bytes) -> bool:
            return bool(execute(_UPDATE, (1.0, code)).fetchall())

        return _patient(redeem) if self.jittered else redeem

    def _connect(self, store: str) -> sqlite3.Connection:
        path = store.removeprefix("sqlite:///")
        connection = sqlite3.connect(path, timeout=0 if self.jittered else 30, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection


def _patient(redeem: Work) -> Work:
    def again(code: Any) -> bool:
        pause = 0.0002
        while True:
            try:
                return redeem(code)
            except sqlite3.OperationalError:
                time.sleep(pause * random.random())
                pause = min(pause * 2, 0.004)

    return again


_WORKERS: dict[str, Worker] = {
    _OWN_HANDLER: _Raw(jittered=False),
    _JITTERED: _Raw(jittered=True),
    _ADMITS: GateAdmits(),
    "jotgate Gate.redeem": GateRedeems(),
    "jotgate Store.settle, 100 at once": GateSettles(),
}
