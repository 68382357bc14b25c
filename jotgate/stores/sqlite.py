"""SQLite through the standard library: the embedded default.

Rules, each for a reason: ``BEGIN IMMEDIATE`` because a transaction that begins by reading cannot
be promoted while another writes, whatever the busy time-out; a jittered retry of our own because
SQLite's leaves some waiters a second behind; ``synchronous=FULL`` because what was acknowledged
must survive a power cut; a connection per thread and process id because neither may share one;
no write-ahead log on network mounts because its shared memory does not work there.

POSIX drops every lock that a process has on a file when it closes any descriptor of that file, and
a forked child believes in locks that only its parent has. Either way another process could take
itself for the last one, and remove the write-ahead log with what was acknowledged in it. So nothing
here opens an existing file but SQLite, and the forking thread's connections are closed before a fork.
"""

from __future__ import annotations

import logging
import os
import random
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, TypeVar

from jotgate.errors import StoreMismatch, StoreUnavailable
from jotgate.stores.driver import Row, load_statements, load_steps

T = TypeVar("T")

_log = logging.getLogger("jotgate.store")

#: How long a read or a write waits for its turn before the caller hears that the store is busy.
PATIENCE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 0.004
_NETWORK_MOUNTS = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "fuse.sshfs",
    "glusterfs",
    "ceph",
    "afs",
    "lustre",
}
# A connection that a forked child inherits must be neither used nor closed there: closing it would drop
# the parent's locks. Kept here, it is never collected.
_inherited: list[sqlite3.Connection] = []
_drivers: weakref.WeakSet[SqliteDriver] = weakref.WeakSet()


class SqliteTransaction:
    """One connection, seen through the statements' names."""

    __slots__ = ("_execute", "_executemany", "_statements")

    def __init__(self, connection: sqlite3.Connection, statements: Mapping[str, str]) -> None:
        self._execute = connection.execute
        self._executemany = connection.executemany
        self._statements = statements

    def one(self, name: str, /, **values: Any) -> Row | None:
        """Run a statement and return its first row, or None."""
        rows = self.all(name, **values)
        return rows[0] if rows else None

    def all(self, name: str, /, **values: Any) -> list[Row]:
        """Run a statement and return its rows."""
        return self._execute(self._statements[name], values).fetchall()

    def each(self, name: str, values: Sequence[Any], /) -> list[Row]:
        """Run a statement about each of *values*, which is its ``:each``; return all rows, in any order."""
        return [row for value in values for row in self.all(name, each=value)]

    def run(self, name: str, /, **values: Any) -> int:
        """Run a statement and return how many rows it changed."""
        return self._execute(self._statements[name], values).rowcount

    def many(self, name: str, rows: Iterable[Mapping[str, Any]], /) -> int:
        """Run a statement for each of *rows* and return how many rows were changed in all."""
        return self._executemany(self._statements[name], rows).rowcount

    def hold(self, name: str, /, **values: Any) -> bool:
        """Return at once: whoever writes is alone."""
        return False


class _SqliteView(SqliteTransaction):
    """The same for reading: each statement waits while another process recovers, or writes without a log."""

    __slots__ = ("_patience_seconds",)

    def __init__(self, transaction: SqliteTransaction, patience_seconds: float) -> None:
        self._execute = transaction._execute
        self._statements = transaction._statements
        self._patience_seconds = patience_seconds

    def one(self, name: str, /, **values: Any) -> Row | None:
        """Run a statement and return its first row, or None."""
        rows = self._all(name, values)
        return rows[0] if rows else None

    def all(self, name: str, /, **values: Any) -> list[Row]:
        """Run a statement and return its rows."""
        return self._all(name, values)

    def _all(self, name: str, values: Mapping[str, Any]) -> list[Row]:
        statement = self._statements[name]
        try:
            return self._execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise
        return _patiently(lambda: self._execute(statement, values).fetchall(), self._patience_seconds)


class _Reading:
    """A view that is open; written out, because the shorter way costs the hot look-up a fifth more."""

    __slots__ = ("_driver", "_patience_seconds")

    def __init__(self, driver: SqliteDriver, patience_seconds: float) -> None:
        self._driver = driver
        self._patience_seconds = patience_seconds

    def __enter__(self) -> SqliteTransaction:
        try:
            _, transaction = self._driver._connection()
        except (sqlite3.Error, OSError) as error:
            raise self._driver._fault(error) from error
        return _SqliteView(transaction, self._patience_seconds)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error | OSError):
            raise self._driver._fault(error) from error


class SqliteDriver:
    """One database file."""

    issues_alone = False

    def __init__(self, path: str) -> None:
        """Use the file at *path*; it and its tables are made by `migrate`."""
        self._path = os.path.abspath(path)
        self._local = threading.local()
        self._statements = load_statements("statements")
        _drivers.add(self)

    def __repr__(self) -> str:
        return f"<SqliteDriver {self._path}>"

    @contextmanager
    def write(self, *, patience_seconds: float | None = None) -> Iterator[SqliteTransaction]:
        """Open a transaction that may write: committed at the end, undone if the block raises."""
        try:
            patience_seconds = PATIENCE_SECONDS if patience_seconds is None else patience_seconds
            connection, transaction = self._connection()
            _patiently(lambda: connection.execute("BEGIN IMMEDIATE"), patience_seconds)
            try:
                yield transaction
                # Without a write-ahead log it has to wait for readers.
                _patiently(lambda: connection.execute("COMMIT"), patience_seconds)
            finally:
                # SQLite rolls back by itself on a full disk, so look before saying it.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except (sqlite3.Error, OSError) as error:
            raise self._fault(error) from error

    def read(self, *, patience_seconds: float | None = None) -> AbstractContextManager[SqliteTransaction]:
        """Open a view for reading; each statement sees what is committed."""
        return _Reading(self, PATIENCE_SECONDS if patience_seconds is None else patience_seconds)

    def close(self) -> None:
        """Close this thread's connection."""
        held = getattr(self._local, "held", None)
        if held is None or held[0] != os.getpid():
            return
        self._local.held = None
        held[1].close()

    @property
    def where(self) -> str:
        """The file's path."""
        return self._path

    def exists(self) -> bool:
        """Say whether there is a store, without making one."""
        return os.path.exists(self._path)

    def migrate(self, *, patience_seconds: float) -> None:
        """Apply the schema steps that are missing, once, under a lock.

        Raises:
            StoreMismatch: the file was written by a newer jotgate.
            StoreUnavailable: it cannot be made or written.
        """
        steps = load_steps("sqlite_schema")
        with self.write(patience_seconds=patience_seconds):
            connection, _ = self._connection()
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > steps[-1][0]:
                raise StoreMismatch(
                    f"the store at {self._path} is of version {version}, which a newer jotgate wrote; "
                    f"this one knows version {steps[-1][0]}: upgrade jotgate, or use another store"
                )
            for number, statements in steps:
                if number > version:
                    for statement in statements:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {number}")

    def _connection(self) -> tuple[sqlite3.Connection, SqliteTransaction]:
        held = getattr(self._local, "held", None)
        if held is not None:
            if held[0] == os.getpid():
                return held[1], held[2]
            _inherited.append(held[1])
        connection = self._connect()
        transaction = SqliteTransaction(connection, self._statements)
        self._local.held = (os.getpid(), connection, transaction)
        return connection, transaction

    def _connect(self) -> sqlite3.Connection:
        _create(self._path)
        connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, cached_statements=256)
        mode = "WAL"
        if _mount_type(self._path) in _NETWORK_MOUNTS:
            mode = "TRUNCATE"
            _log.warning("store.placed_on_network_mount", extra={"path": self._path})
        try:
            set_mode = f"PRAGMA journal_mode = {mode}"
            _patiently(lambda: connection.execute(set_mode).fetchall(), PATIENCE_SECONDS)
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _fault(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(f"the store at {self._path} cannot be used: {error}")


def _close_before_fork() -> None:
    for driver in list(_drivers):
        driver.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close_before_fork)


def _create(path: str) -> None:
    """Make the file, so that nobody else on the machine can read it, nor its journals, which take its mode."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _patiently(call: Callable[[], T], patience_seconds: float) -> T:
    """Call until the database is not busy, with jitter in between, until the patience is over.

    Who has waited for long asks more often, or in a crowd some would never have their turn.
    """
    began: float | None = None
    pause = 0.0002
    while True:
        try:
            return call()
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise
            now = time.monotonic()
            began = now if began is None else began
            left = 1.0 - (now - began) / patience_seconds
            if left <= 0:
                raise
            time.sleep(min(pause, _LONGEST_PAUSE_SECONDS * left) * random.random())  # noqa: S311
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def _mount_type(path: str) -> str:
    """Return the type of the file system under *path*, or "" where the system does not tell."""
    best, found = "", ""
    try:
        with open("/proc/mounts", encoding="utf-8", errors="replace") as mounts:
            for line in mounts:
                _, mount_point, kind, *_ = line.split()
                inside = path == mount_point or path.startswith(mount_point.rstrip("/") + "/")
                if inside and len(mount_point) >= len(best):
                    best, found = mount_point, kind
    except (OSError, ValueError):
        return ""
    return found
