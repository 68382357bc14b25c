"""This process's connections to a PostgreSQL: lent for the length of a block, and never waited for without end.

Rules, each for a reason:

- a pool per process id, opened by the first block, because a connection must not cross a fork;
- ``UTF-8`` whatever the address says, because names and subjects are written in every script;
- ``READ COMMITTED`` whatever the server's default, because the statements hold what they decide on (see
  `postgres_statements`) and expect to see what others have committed meanwhile;
- an index wherever there is one, and its order with it, because the next page of a list would else be sorted out of all
  that is left of a table that the server has not looked through yet;
- a new connection every minute, because a statement is planned once for a connection, and tables that were small then
  grow; no compiling, because the server would compile what reads a table as a whole, however small;
- a deadline in this process besides the server's own time-outs, because a server that hangs keeps none;
- a look at the socket instead of a question before a connection is used again, because a server that was restarted
  has said so there, and a question would cost every admission a round trip.
"""

from __future__ import annotations

import logging
import os
import select
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Generic, NamedTuple, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from jotgate.errors import StoreUnavailable
from jotgate.phrases import phrase
from jotgate.stores.driver import Locked, Row, Undone

T = TypeVar("T")

#: The name of our pools in what `psycopg_pool` logs.
_POOL_NAME = "jotgate"
#: How long somebody at the door waits in all: for a connection, for others, and for every answer.
PATIENCE_SECONDS = 0.9
#: The most connections that one process opens.
MAX_CONNECTIONS = 8
#: Shorter than the door's patience, so that waiting for others ends with the server's word, and the connection lives.
_LOCK_SECONDS = 0.8
#: What a process leaves behind that was stopped, or lost its network, ends by itself after this long.
_STATEMENT_SECONDS = 30.0
_IDLE_SECONDS = 10.0
#: How long a connection is used, and its plans with it: as often as the server itself looks at its tables.
_LIFETIME_SECONDS = 60.0
#: How often waiting looks at the clock, and whether a connection has failed.
_TICK_SECONDS = 0.1
_CONNECTING: dict[str, Any] = {
    "connect_timeout": 2,
    "application_name": "jotgate",
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 5_000,
    "autocommit": True,
    "prepare_threshold": 1,
}
_SESSION = b"""
SELECT set_config('search_path', %(schema)s, false),
    set_config('default_transaction_isolation', 'read committed', false),
    set_config('lock_timeout', %(lock)s, false),
    set_config('statement_timeout', %(statement)s, false),
    set_config('idle_in_transaction_session_timeout', %(idle)s, false),
    set_config('enable_seqscan', 'off', false),
    set_config('enable_bitmapscan', 'off', false),
    set_config('jit', 'off', false),
    CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END
"""


class _NoAnswer(psycopg.OperationalError):
    """The server did not answer in time."""


class Connection(psycopg.Connection[Row]):
    """A connection that does not wait for ever."""

    #: The moment of `time.monotonic` at which its user gives up; None: the server's time-outs suffice.
    give_up_at: float | None = None
    #: With it, long work may go on past that moment as long as the server is never silent for longer.
    silence_seconds: float | None = None
    #: Whether a loss of the connection leaves open if the transaction was committed.
    is_committing = False
    #: What its user keeps with it.
    prepared: Any = None

    @classmethod
    def connect(  # type: ignore[override]
        cls, conninfo: str = "", *, failed: Callable[[psycopg.Error], None], **options: Any
    ) -> Connection:
        """Connect, and tell *failed* why that did not work: the pool only logs it."""
        try:
            return super().connect(conninfo, **options)
        except psycopg.Error as error:
            failed(error)
            raise

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **options: Any) -> T:
        """Wait for the server, and hang up on it when the patience is over."""
        if self.give_up_at is None:
            return super().wait(gen, *args, **options)
        try:
            return super().wait(_until(gen, self.give_up_at, self.silence_seconds), _TICK_SECONDS)
        except _NoAnswer:
            self.close()
            raise

    def is_silent(self) -> bool:
        """Say whether the server has said nothing that nobody asked for; most likely that it hung up."""
        socket = self.pgconn.socket
        if not hasattr(select, "poll"):
            return not select.select([socket], [], [], 0)[0]
        poll = select.poll()
        poll.register(socket, select.POLLIN)
        return not poll.poll(0)


def _is_news(record: logging.LogRecord) -> bool:
    """Say whether only the pool tells this: a caller who waited for one of our connections is told why there is none.

    The pool would write ten lines a second for as long as the server is down.
    """
    about = record.args[0] if isinstance(record.args, tuple) and record.args else None
    return about != _POOL_NAME and not isinstance(about, Connection)


logging.getLogger("psycopg.pool").addFilter(_is_news)


def _until(
    gen: Generator[Any, Any, T], give_up_at: float, silence_seconds: float | None
) -> Generator[Any, Any, T]:
    """Pass on what *gen* waits for until the moment comes."""
    try:
        if silence_seconds is not None:
            give_up_at = time.monotonic() + silence_seconds
        state = next(gen)
        while True:
            ready = yield state
            if ready and silence_seconds is not None:
                give_up_at = time.monotonic() + silence_seconds
            elif not ready and time.monotonic() >= give_up_at:
                raise _NoAnswer("the server did not answer in time")
            state = gen.send(ready)
    except StopIteration as stop:
        answer: T = stop.value
        return answer


class _Failure(NamedTuple):
    """Why connecting failed last."""

    at: float
    error: psycopg.Error


class Connections:
    """The connections of this process to one schema of one database."""

    def __init__(self, conninfo: Mapping[str, Any], *, schema: str, where: str) -> None:
        """Use the schema at *conninfo*, whose name in messages is *where*; nothing is opened before `lend`."""
        self._conninfo = conninfo
        self._schema = schema
        self._where = where
        # By process id. What a forked child inherits stays here, neither used nor closed by it.
        self._pools: dict[int, ConnectionPool[Connection]] = {}
        self._failure: _Failure | None = None

    def lend(self, patience_seconds: float | None, *, seen_as: Callable[[Connection], T]) -> Loan[T]:
        """Return a block's use of a connection, *seen_as* the block wants it.

        With *patience_seconds*, the block goes on as long as the server is never silent for longer; with None, it
        is somebody at the door who waits.
        """
        return Loan(self, patience_seconds, seen_as)

    def close(self) -> None:
        """Close this process's connections; those in use close when they are given back."""
        pool = self._pools.pop(os.getpid(), None)
        if pool is not None:
            pool.close()

    def take(self, give_up_at: float) -> tuple[ConnectionPool[Connection], Connection]:
        """Return a connection that works, and the pool to give it back to."""
        while True:
            pool = self._pool()
            with suppress(PoolClosed):
                connection = self._wait_for(pool, give_up_at)
                connection.give_up_at = give_up_at
                if _is_alive(connection):
                    return pool, connection
                connection.close()
                pool.putconn(connection)

    def fault(self, error: psycopg.Error, *, lost: bool) -> StoreUnavailable:
        """Return the fault to raise for *error*; the connection was *lost* before anything could be committed."""
        over_soon = lost or isinstance(
            error, psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected
        )
        kind = Undone if over_soon else StoreUnavailable
        if isinstance(error, psycopg.errors.LockNotAvailable):
            kind = Locked
        return kind(
            phrase(
                "the store at {place} cannot be used: {reason}", place=self._where, reason=_sentence(error)
            )
        )

    def _wait_for(self, pool: ConnectionPool[Connection], give_up_at: float) -> Connection:
        began = time.monotonic()
        while True:
            left = give_up_at - time.monotonic()
            try:
                return pool.getconn(timeout=max(min(left, _TICK_SECONDS), 0.001))
            except PoolTimeout:
                if self._failure is not None and self._failure.at >= began:
                    raise self._failure.error from None
                if left <= _TICK_SECONDS:
                    raise psycopg.OperationalError("no connection could be had in time") from None

    def _pool(self) -> ConnectionPool[Connection]:
        pool = self._pools.get(os.getpid())
        if pool is None:
            pool = self._pools.setdefault(os.getpid(), self._new_pool())
            pool.open()
        return pool

    def _new_pool(self) -> ConnectionPool[Connection]:
        return ConnectionPool(
            connection_class=Connection,
            kwargs={
                **_CONNECTING,
                **self._conninfo,
                "client_encoding": "utf8",
                "failed": self._note_failure,
            },
            min_size=0,
            max_size=MAX_CONNECTIONS,
            max_lifetime=_LIFETIME_SECONDS,
            open=False,
            configure=self._configure,
            reconnect_timeout=_TICK_SECONDS,
            num_workers=2,
            name=_POOL_NAME,
        )

    def _note_failure(self, error: psycopg.Error) -> None:
        self._failure = _Failure(time.monotonic(), error)

    def _configure(self, connection: Connection) -> None:
        connection.give_up_at = time.monotonic() + _CONNECTING["connect_timeout"]
        try:
            connection.execute(
                _SESSION,
                {
                    "schema": self._schema,
                    "lock": _milliseconds(_LOCK_SECONDS),
                    "statement": _milliseconds(_STATEMENT_SECONDS),
                    "idle": _milliseconds(_IDLE_SECONDS),
                },
            )
        except psycopg.Error as error:
            self._note_failure(error)
            raise


class Loan(Generic[T]):
    """One block's use of a connection; what goes wrong with it comes out as `StoreUnavailable`.

    A class and no generator, since every verb passes through it.
    """

    __slots__ = ("_connection", "_connections", "_patience_seconds", "_pool", "_seen_as")

    def __init__(
        self,
        connections: Connections,
        patience_seconds: float | None,
        seen_as: Callable[[Connection], T],
    ) -> None:
        self._connections = connections
        self._patience_seconds = patience_seconds
        self._seen_as = seen_as

    def __enter__(self) -> T:
        give_up_at = time.monotonic() + (self._patience_seconds or PATIENCE_SECONDS)
        try:
            self._pool, connection = self._connections.take(give_up_at)
        except psycopg.Error as error:
            raise self._connections.fault(error, lost=False) from error
        connection.is_committing = False
        connection.silence_seconds = self._patience_seconds
        self._connection = connection
        return self._seen_as(connection)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection = self._connection
        try:
            if isinstance(error, psycopg.Error):
                lost = connection.closed and not connection.is_committing and not isinstance(error, _NoAnswer)
                raise self._connections.fault(error, lost=lost) from error
        finally:
            _undo(connection)
            connection.give_up_at = None
            self._pool.putconn(connection)


def _undo(connection: Connection) -> None:
    """Leave no transaction open on the connection, or no connection."""
    if connection.pgconn.transaction_status == TransactionStatus.IDLE:
        return
    try:
        connection.rollback()
    except psycopg.Error:
        connection.close()


def _is_alive(connection: Connection) -> bool:
    """Say whether the server still talks to us; only asks it if it has said something that nobody asked for."""
    if connection.is_silent():
        return True
    try:
        connection.execute(b"SELECT 1")
    except psycopg.Error:
        return False
    return True


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))


def _sentence(error: psycopg.Error) -> str:
    """Return what happened in one line, without the values that it happened to."""
    text = error.diag.message_primary or str(error) or type(error).__name__
    return " ".join(text.split())
