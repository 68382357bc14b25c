"""This process's connections to a SQLite file: each is lent to one block at a time, in whatever thread.

Rules, each for a reason:

- a pool per process id, because a connection must not cross a fork;
- lent for a block and not kept by a thread, because servers may start a thread for each request, and a connection of
  a thread that ended stays open: CPython's stands in a cycle with its statement cache;
- never more than `MAX_CONNECTIONS`, because each takes three descriptors;
- the path must lead to the file that is open, because a file that was deleted or replaced can still be written, and
  nobody else will ever read it;
- no write-ahead log on network mounts because its shared memory does not work there.

POSIX drops every lock that a process has on a file when it closes any descriptor of that file, and
a forked child believes in locks that only its parent has. Either way another process could take
itself for the last one, and remove the write-ahead log with what was acknowledged in it. So nothing
here opens an existing file but SQLite, and connections are closed before a fork.
"""

from __future__ import annotations

import logging
import os
import random
import sqlite3
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from jotgate.stores import turns

T = TypeVar("T")

_log = logging.getLogger("jotgate.store")

#: The most connections that one process opens.
MAX_CONNECTIONS = 32
#: To this size the write-ahead log shrinks again after a transaction that was larger.
LOG_BYTES = 8 * 1024 * 1024
#: How often readers look whether the path still leads to the open file; writers always do.
_LOOK_SECONDS = 0.5
_MAX_PAUSE_SECONDS = 0.004
_BEGIN = "BEGIN IMMEDIATE"
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


class Connection(sqlite3.Connection):
    """A connection, and what goes with it."""

    pool: _Pool
    #: What its user keeps with it.
    prepared: Any = None

    def __del__(self) -> None:
        """Close: from 3.13 on, Python warns of each that it has to close itself, as after a store of a test."""
        # One that could not be opened cannot be closed.
        with suppress(sqlite3.ProgrammingError):
            self.close()


class _Pool:
    """What one process has open. Its list is only changed by steps that no thread can come between."""

    __slots__ = ("file", "idle", "is_closed", "look_at", "turns")

    def __init__(self) -> None:
        self.idle: list[Connection] = []
        #: One for each connection that may be lent. A semaphore would do, and take longer than most statements.
        self.turns: SimpleQueue[None] = SimpleQueue()
        for _ in range(MAX_CONNECTIONS):
            self.turns.put(None)
        self.is_closed = False
        #: Which file is open, once one is: its device and its number there.
        self.file: tuple[int, int] | None = None
        self.look_at = 0.0

    def close(self) -> None:
        """Close what is idle; what is lent closes when it is given back."""
        self.is_closed = True
        with suppress(IndexError):
            while True:
                self.idle.pop().close()


# What a forked child inherits must be neither used nor closed there: closing it would drop the parent's locks.
# Kept here, it is never collected.
_inherited: list[_Pool] = []
# References and no set of them: copying a list is one step, whatever other threads add.
_all: list[weakref.ref[Connections]] = []


class Connections:
    """The connections of this process to one file. Safe to use from every thread, and after a fork."""

    def __init__(self, path: str) -> None:
        """Use the file at *path*; nothing is opened before `take`."""
        self._path = path
        # By process id.
        self._pools: dict[int, _Pool] = {}
        self._was_there = False
        _all.append(weakref.ref(self, _all.remove))

    def take(self, patience_seconds: float) -> Connection:
        """Return a connection that nobody else uses until it is given back.

        Raises:
            sqlite3.Error, OSError: there is none to be had.
        """
        pool = self._pool()
        try:
            pool.turns.get(timeout=patience_seconds)
        except Empty:
            raise sqlite3.OperationalError("all of its connections are in use") from None
        try:
            if pool.file is not None and time.monotonic() >= pool.look_at:
                self._look(pool)
            try:
                return pool.idle.pop()
            except IndexError:
                return self._connect(pool, patience_seconds)
        except BaseException:
            pool.turns.put(None)
            raise

    def give_back(self, connection: Connection) -> None:
        """Let others use the connection."""
        pool = connection.pool
        if connection.in_transaction:
            # It could not be undone.
            connection.close()
        else:
            pool.idle.append(connection)
        if pool.is_closed:
            pool.close()
        pool.turns.put(None)

    def check_written(self, connection: Connection) -> None:
        """Return if what *connection* has just committed is in the file that everybody else reads.

        Raises:
            OSError: it is not.
        """
        self._look(connection.pool)

    def close(self) -> None:
        """Close this process's connections; those in use close when they are given back."""
        pool = self._pools.pop(os.getpid(), None)
        if pool is not None:
            pool.close()

    def _pool(self) -> _Pool:
        pool = self._pools.get(os.getpid())
        if pool is None:
            _inherited.extend(self._pools.values())
            pool = self._pools.setdefault(os.getpid(), _Pool())
        return pool

    def _look(self, pool: _Pool) -> None:
        if _identity(self._path) != pool.file:
            raise _lost()
        pool.look_at = time.monotonic() + _LOOK_SECONDS

    def _connect(self, pool: _Pool, patience_seconds: float) -> Connection:
        if not self._was_there:
            _create(self._path)
        file = _identity(self._path)
        if file is None:
            raise _lost()
        connection: Connection = sqlite3.connect(
            f"{Path(self._path).as_uri()}?mode=rw",
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            factory=Connection,
        )
        connection.pool = pool
        try:
            self._configure(connection, patience_seconds)
            pool.file = pool.file or file
            self._look(pool)
        except BaseException:
            connection.close()
            raise
        self._was_there = True
        return connection

    def _configure(self, connection: Connection, patience_seconds: float) -> None:
        mode = "WAL"
        if _mount_type(self._path) in _NETWORK_MOUNTS:
            mode = "TRUNCATE"
            _log.warning("store.placed_on_network_mount", extra={"path": self._path})
        patiently(lambda: connection.execute(f"PRAGMA journal_mode = {mode}").fetchall(), patience_seconds)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")


def _close_before_fork() -> None:
    for reference in list(_all):
        connections = reference()
        if connections is not None:
            connections.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close_before_fork)


def _lost() -> OSError:
    return OSError(
        "its file was deleted or replaced while the site was running: put it back, or restart the site"
    )


def _identity(path: str) -> tuple[int, int] | None:
    """Return which file *path* leads to, None if to none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _create(path: str) -> None:
    """Make the file, so that nobody else on the machine can read it, nor its journals, which take its mode."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def patiently(call: Callable[[], T], patience_seconds: float) -> T:
    """Call until the database is not busy, with jitter in between, until the patience is over.

    A caller that has waited for long asks more often, or in a crowd some would never have their turn.
    """
    began: float | None = None
    pause = 0.0002
    while True:
        try:
            return call()
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
            now = time.monotonic()
            began = now if began is None else began
            left = 1.0 - (now - began) / patience_seconds
            if left <= 0:
                raise
            time.sleep(min(pause, _MAX_PAUSE_SECONDS * left) * random.random())  # noqa: S311
            pause = min(pause * 2, _MAX_PAUSE_SECONDS)


def begin(connection: sqlite3.Connection, patience_seconds: float) -> None:
    """Become the one who writes, after all others: their queue is waited in for longer than one that holds on.

    Raises:
        sqlite3.Error: nobody else has committed while the patience lasted, or the queue was too long.
    """
    try:
        connection.execute(_BEGIN)
        return
    except sqlite3.OperationalError as error:
        if not is_busy(error):
            raise
    give_up_at = time.monotonic() + turns.QUEUE_SECONDS
    while True:
        written = _version(connection)
        try:
            patiently(lambda: connection.execute(_BEGIN), patience_seconds)
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or _version(connection) == written or time.monotonic() >= give_up_at:
                raise


def _version(connection: sqlite3.Connection) -> int | None:
    """Return a number that is another one once others have committed, or None if it cannot be read just now."""
    with suppress(sqlite3.OperationalError):
        return int(connection.execute("PRAGMA data_version").fetchone()[0])
    return None


def is_busy(error: sqlite3.OperationalError) -> bool:
    """Say whether somebody else only had to finish first."""
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
