"""PostgreSQL through psycopg 3: for several machines that share one store.

Rules, each for a reason: a pool per process id, opened by the first verb, because a connection must
not cross a fork; ``READ COMMITTED`` whatever the server's default, because the statements hold what
they decide on (see `postgres_statements`) and expect to see what others have committed meanwhile; a
deadline in this process besides the server's own time-outs, because a server that hangs keeps none;
a look at the socket instead of a question before a connection is used again, because a server that
was restarted has said so there, and a question would cost every admission a round trip.
"""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from jotgate.errors import ConfigError, StoreMismatch, StoreUnavailable
from jotgate.stores.driver import Row, Undone, load_statements, load_steps

T = TypeVar("T")

#: How long somebody at the door waits in all: for a connection, for others, and for every answer.
PATIENCE_SECONDS = 0.9
#: The most connections that one process opens.
MAX_CONNECTIONS = 8
#: `server_version` of the oldest PostgreSQL that speaks the statements.
OLDEST_SERVER = 120_000
#: Shorter than the door's patience, so that waiting for others ends with the server's word, and the connection lives.
_LOCK_SECONDS = 0.8
#: What a process leaves behind that was stopped, or lost its network, ends by itself after this long.
_STATEMENT_SECONDS = 30.0
_IDLE_SECONDS = 10.0
#: How often waiting looks at the clock, and whether a connection has failed.
_TICK_SECONDS = 0.1
_CONNECTING: dict[str, Any] = {
    "connect_timeout": 2,
    "application_name": "jotgate",
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 5_000,
    "client_encoding": "utf8",
    "autocommit": True,
    "prepare_threshold": 1,
}
_SCHEMA = re.compile("[a-z_][a-z0-9_]{0,62}")
_PARAMETER = re.compile(r"('(?:[^']|'')*')|(::)|:(\w+)|(%)")
_EACH = "ANY(%(each)s)"
_SESSION = b"""
SELECT set_config('search_path', %(schema)s, false),
    set_config('default_transaction_isolation', 'read committed', false),
    set_config('lock_timeout', %(lock)s, false),
    set_config('statement_timeout', %(statement)s, false),
    set_config('idle_in_transaction_session_timeout', %(idle)s, false),
    CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END
"""
_BEGIN = b"BEGIN"


class _NoAnswer(psycopg.OperationalError):
    """The server did not answer in time."""


class _Connection(psycopg.Connection[Row]):
    """A connection that does not wait for ever."""

    #: The moment of `time.monotonic` at which whoever uses it gives up; None: the server's time-outs suffice.
    give_up_at: float | None = None
    #: With it, long work may go on past that moment as long as the server is never silent for longer.
    silence_seconds: float | None = None
    #: Whether a loss of the connection leaves open if the transaction was committed.
    is_committing = False
    #: The statements run on it.
    prepared: PostgresTransaction | None = None

    @classmethod
    def connect(  # type: ignore[override]
        cls, conninfo: str = "", *, failed: Callable[[psycopg.Error], None], **options: Any
    ) -> _Connection:
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


class PostgresTransaction:
    """One connection, seen through the statements' names."""

    __slots__ = ("_cursor", "_statements")

    def __init__(self, connection: _Connection, statements: Mapping[str, bytes]) -> None:
        self._cursor = connection.cursor()
        self._statements = statements

    def one(self, name: str, /, **values: Any) -> Row | None:
        """Run a statement and return its first row, or None."""
        return self._cursor.execute(self._statements[name], values).fetchone()

    def all(self, name: str, /, **values: Any) -> list[Row]:
        """Run a statement and return its rows."""
        return self._cursor.execute(self._statements[name], values).fetchall()

    def each(self, name: str, values: Sequence[Any], /) -> list[Row]:
        """Run a statement about each of *values*, which is its ``:each``; return all rows, in any order."""
        return self.all(name, each=list(values)) if values else []

    def run(self, name: str, /, **values: Any) -> int:
        """Run a statement and return how many rows it changed."""
        return self._cursor.execute(self._statements[name], values).rowcount

    def many(self, name: str, rows: Iterable[Mapping[str, Any]], /) -> int:
        """Run a statement for each of *rows* and return how many rows were changed in all."""
        self._cursor.executemany(self._statements[name], rows)
        return self._cursor.rowcount

    def hold(self, name: str, /, **values: Any) -> bool:
        """Keep everybody else off what *name* stands for until the transaction ends."""
        self._cursor.execute(self._statements[name], values)
        return True


class PostgresDriver:
    """One schema of one database."""

    issues_alone = True

    def __init__(self, url: str) -> None:
        """Use the database at *url*, and in it the schema that ``?schema=`` names, or ``jotgate``.

        Raises:
            ConfigError: this is no address of a PostgreSQL database.
        """
        self._conninfo, self._schema = _read_url(url)
        self._where = _name(self._conninfo)
        statements = load_statements("statements", "postgres_statements")
        self._statements = {name: _translated(text) for name, text in statements.items()}
        # By process id. What a forked child inherits stays here, neither used nor closed by it.
        self._pools: dict[int, ConnectionPool[_Connection]] = {}
        self._failure: _Failure | None = None

    def __repr__(self) -> str:
        return f"<PostgresDriver {self._where}>"

    @contextmanager
    def write(self, *, patience_seconds: float | None = None) -> Iterator[PostgresTransaction]:
        """Open a transaction that may write: committed at the end, undone if the block raises.

        If the connection is lost while committing, nobody knows whether it was: the verb is refused, and
        doing it again gives what it gave.
        """
        with self._connection(patience_seconds) as connection:
            _begin(connection, patience_seconds)
            yield self._transaction(connection)
            if not _is_silent(connection.pgconn.socket):
                # Most likely the end of this connection: to be found before it could be a commit's answer.
                connection.execute(b"SELECT 1")
            connection.is_committing = True
            connection.execute(b"COMMIT")

    @contextmanager
    def read(self, *, patience_seconds: float | None = None) -> Iterator[PostgresTransaction]:
        """Open a view for reading; each statement sees what is committed."""
        with self._connection(patience_seconds) as connection:
            yield self._transaction(connection)

    def close(self) -> None:
        """Close this process's connections; those in use close when they are given back."""
        pool = self._pools.pop(os.getpid(), None)
        if pool is not None:
            pool.close()

    @property
    def where(self) -> str:
        """The database's address, without who uses it."""
        return self._where

    def exists(self) -> bool:
        """Say whether there is a store, without making one."""
        with self._connection(None) as connection:
            return bool(_row(connection, b"SELECT to_regclass('schema_steps') IS NOT NULL")[0])

    def migrate(self, *, patience_seconds: float) -> None:
        """Apply the schema steps that are missing, once, under a lock.

        Raises:
            StoreMismatch: the store was written by a newer jotgate, or the server is too old.
            StoreUnavailable: it cannot be reached or written.
        """
        steps = load_steps("postgres_schema")
        with self._connection(patience_seconds) as connection:
            self._check_server(connection)
            if self._version(connection, steps[-1][0]) < steps[-1][0]:
                _begin(connection, patience_seconds)
                self._apply(connection, steps)
                connection.execute(b"COMMIT")

    def _check_server(self, connection: _Connection) -> None:
        version = connection.info.server_version
        if version < OLDEST_SERVER:
            raise StoreMismatch(
                f"the store at {self._where} is on PostgreSQL {version // 10_000}; "
                f"jotgate needs PostgreSQL {OLDEST_SERVER // 10_000} or newer"
            )

    def _version(self, connection: _Connection, known: int) -> int:
        """Return the number of the last schema step that was applied, 0 if there is none."""
        [found] = _row(connection, b"SELECT to_regclass('schema_steps') IS NOT NULL")
        if not found:
            return 0
        [version] = _row(connection, b"SELECT coalesce(max(number), 0) FROM schema_steps")
        if version > known:
            raise StoreMismatch(
                f"the store at {self._where} is of version {version}, which a newer jotgate wrote; "
                f"this one knows version {known}: upgrade jotgate, or use another store"
            )
        return int(version)

    def _apply(self, connection: _Connection, steps: list[tuple[int, list[str]]]) -> None:
        connection.execute(b"SELECT pg_advisory_xact_lock(hashtextextended('jotgate schema', 0))")
        # Rewriting a large table takes as long as it takes.
        connection.execute(b"SET LOCAL statement_timeout = 0")
        connection.give_up_at = None
        schema = sql.Identifier(self._schema)
        [there] = _row(connection, b"SELECT to_regnamespace(%s) IS NOT NULL", (self._schema,))
        if not there:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
        connection.execute(b"CREATE TABLE IF NOT EXISTS schema_steps (number integer PRIMARY KEY)")
        version = self._version(connection, steps[-1][0])
        for number, statements in steps:
            if number > version:
                for statement in statements:
                    connection.execute(statement.encode())
                connection.execute(b"INSERT INTO schema_steps (number) VALUES (%s)", (number,))

    @contextmanager
    def _connection(self, patience_seconds: float | None) -> Iterator[_Connection]:
        give_up_at = time.monotonic() + (patience_seconds or PATIENCE_SECONDS)
        try:
            pool, connection = self._take(give_up_at)
            connection.is_committing = False
            connection.silence_seconds = patience_seconds
            try:
                yield connection
            except psycopg.Error as error:
                lost = connection.closed and not connection.is_committing and not isinstance(error, _NoAnswer)
                raise self._fault(error, lost=lost) from error
            finally:
                _undo(connection)
                connection.give_up_at = None
                pool.putconn(connection)
        except psycopg.Error as error:
            raise self._fault(error, lost=False) from error

    def _transaction(self, connection: _Connection) -> PostgresTransaction:
        """Return the connection's transaction, made once: a new cursor would learn all types anew."""
        if connection.prepared is None:
            connection.prepared = PostgresTransaction(connection, self._statements)
        return connection.prepared

    def _take(self, give_up_at: float) -> tuple[ConnectionPool[_Connection], _Connection]:
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

    def _wait_for(self, pool: ConnectionPool[_Connection], give_up_at: float) -> _Connection:
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

    def _pool(self) -> ConnectionPool[_Connection]:
        pool = self._pools.get(os.getpid())
        if pool is None:
            pool = self._pools.setdefault(os.getpid(), self._new_pool())
            pool.open()
        return pool

    def _new_pool(self) -> ConnectionPool[_Connection]:
        return ConnectionPool(
            connection_class=_Connection,
            kwargs={**_CONNECTING, **self._conninfo, "failed": self._note_failure},
            min_size=0,
            max_size=MAX_CONNECTIONS,
            open=False,
            configure=self._configure,
            reconnect_timeout=_TICK_SECONDS,
            num_workers=2,
            name="jotgate",
        )

    def _note_failure(self, error: psycopg.Error) -> None:
        self._failure = _Failure(time.monotonic(), error)

    def _configure(self, connection: _Connection) -> None:
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

    def _fault(self, error: psycopg.Error, *, lost: bool) -> StoreUnavailable:
        over_soon = lost or isinstance(
            error, psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected
        )
        kind = Undone if over_soon else StoreUnavailable
        return kind(f"the store at {self._where} cannot be used: {_sentence(error)}")


def _begin(connection: _Connection, patience_seconds: float | None) -> None:
    if patience_seconds is None:
        connection.execute(_BEGIN)
        return
    wait = int(patience_seconds * 1000)
    connection.execute(_BEGIN + b"; SET LOCAL lock_timeout = %d" % wait)


def _undo(connection: _Connection) -> None:
    """Leave no transaction open on the connection, or no connection."""
    if connection.pgconn.transaction_status == TransactionStatus.IDLE:
        return
    try:
        connection.rollback()
    except psycopg.Error:
        connection.close()


def _is_alive(connection: _Connection) -> bool:
    """Say whether the server still talks to us; only asks it if it has said something that nobody asked for."""
    if _is_silent(connection.pgconn.socket):
        return True
    try:
        connection.execute(b"SELECT 1")
    except psycopg.Error:
        return False
    return True


def _is_silent(socket: int) -> bool:
    if not hasattr(select, "poll"):
        return not select.select([socket], [], [], 0)[0]
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return not poll.poll(0)


def _row(connection: _Connection, query: bytes, values: Sequence[Any] | None = None) -> Row:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return row


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))


def _sentence(error: psycopg.Error) -> str:
    """Return what happened in one line, without the values that it happened to."""
    text = error.diag.message_primary or str(error) or type(error).__name__
    return " ".join(text.split())


def _translated(text: str) -> bytes:
    """Return the statement with its parameters as psycopg writes them; ``:each`` are several."""

    def replaced(match: re.Match[str]) -> str:
        literal, cast, name, _ = match.groups()
        if name:
            return _EACH if name == "each" else f"%({name})s"
        return literal.replace("%", "%%") if literal else cast or "%%"

    return _PARAMETER.sub(replaced, text).encode()


def _read_url(url: str) -> tuple[dict[str, Any], str]:
    """Return what to connect with, and the schema."""
    try:
        parts = urlsplit(url)
        options = [option for option in parts.query.split("&") if option]
        ours = [option.partition("=")[2] for option in options if option.startswith("schema=")]
        others = "&".join(option for option in options if not option.startswith("schema="))
        conninfo = conninfo_to_dict(urlunsplit(parts._replace(query=others)))
    except (ValueError, psycopg.Error):
        # What is wrong is not repeated, because the address may hold a secret.
        raise ConfigError(
            ["store: this is no PostgreSQL address; write postgresql://user@host:5432/database"]
        ) from None
    schema = ours[-1] if ours else "jotgate"
    if not _SCHEMA.fullmatch(schema):
        raise ConfigError([f"store: schema={schema} is no name for a schema: use a-z, 0-9 and _"])
    return conninfo, schema


def _name(conninfo: Mapping[str, Any]) -> str:
    """Return the database's address without who uses it."""
    host = conninfo.get("host") or conninfo.get("hostaddr") or ""
    port = f":{conninfo['port']}" if conninfo.get("port") else ""
    return f"postgresql://{host}{port}/{conninfo.get('dbname', '')}"
