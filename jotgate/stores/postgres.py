"""PostgreSQL through psycopg 3: for several machines that share one store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from jotgate.errors import ConfigError, StoreMismatch
from jotgate.stores.driver import Row, load_statements, load_steps
from jotgate.stores.postgres_connections import Connection, Connections, Loan

#: `server_version` of the oldest PostgreSQL that speaks the statements.
OLDEST_SERVER = 120_000
_SCHEMA = re.compile("[a-z_][a-z0-9_]{0,62}")
_PARAMETER = re.compile(r"('(?:[^']|'')*')|(::)|:(\w+)|(%)")
_EACH = "ANY(%(each)s)"
_BEGIN = b"BEGIN"


class PostgresTransaction:
    """One connection, seen through the statements' names."""

    __slots__ = ("_cursor", "_statements")

    def __init__(self, connection: Connection, statements: Mapping[str, bytes]) -> None:
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
        conninfo, self._schema = _read_url(url)
        self._where = _name(conninfo)
        self._connections = Connections(conninfo, schema=self._schema, where=self._where)
        statements = load_statements("statements", "postgres_statements")
        self._statements = {name: _translated(text) for name, text in statements.items()}

    def __repr__(self) -> str:
        return f"<PostgresDriver {self._where}>"

    @contextmanager
    def write(self, *, patience_seconds: float | None = None) -> Iterator[PostgresTransaction]:
        """Open a transaction that may write: committed at the end, undone if the block raises.

        If the connection is lost while committing, nobody knows whether it was: the verb is refused, and
        doing it again gives what it gave.
        """
        with self._lent(patience_seconds) as connection:
            _begin(connection, patience_seconds)
            yield self._transaction(connection)
            if not connection.is_silent():
                # Most likely the end of this connection: to be found before it could be a commit's answer.
                connection.execute(b"SELECT 1")
            connection.is_committing = True
            connection.execute(b"COMMIT")

    def read(self, *, patience_seconds: float | None = None) -> Loan[PostgresTransaction]:
        """Open a view for reading; each statement sees what is committed."""
        return self._connections.lend(patience_seconds, seen_as=self._transaction)

    def close(self) -> None:
        """Close this process's connections; those in use close when they are given back."""
        self._connections.close()

    @property
    def where(self) -> str:
        """The database's address, without who uses it."""
        return self._where

    def exists(self) -> bool:
        """Say whether there is a store, without making one."""
        with self._lent(None) as connection:
            return bool(_row(connection, b"SELECT to_regclass('schema_steps') IS NOT NULL")[0])

    def migrate(self, *, patience_seconds: float) -> None:
        """Apply the schema steps that are missing, once, under a lock.

        Raises:
            StoreMismatch: the store was written by a newer jotgate, or the server is too old.
            StoreUnavailable: it cannot be reached or written.
        """
        steps = load_steps("postgres_schema")
        with self._lent(patience_seconds) as connection:
            self._check_server(connection)
            if self._version(connection, steps[-1][0]) < steps[-1][0]:
                _begin(connection, patience_seconds)
                self._apply(connection, steps)
                connection.execute(b"COMMIT")

    def _check_server(self, connection: Connection) -> None:
        version = connection.info.server_version
        if version < OLDEST_SERVER:
            raise StoreMismatch(
                f"the store at {self._where} is on PostgreSQL {version // 10_000}; "
                f"jotgate needs PostgreSQL {OLDEST_SERVER // 10_000} or newer"
            )

    def _version(self, connection: Connection, known: int) -> int:
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

    def _apply(self, connection: Connection, steps: list[tuple[int, list[str]]]) -> None:
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

    def _lent(self, patience_seconds: float | None) -> Loan[Connection]:
        return self._connections.lend(patience_seconds, seen_as=_itself)

    def _transaction(self, connection: Connection) -> PostgresTransaction:
        """Return the connection's transaction, made once: a new cursor would learn all types anew."""
        if connection.prepared is None:
            connection.prepared = PostgresTransaction(connection, self._statements)
        prepared: PostgresTransaction = connection.prepared
        return prepared


def _itself(connection: Connection) -> Connection:
    return connection


def _begin(connection: Connection, patience_seconds: float | None) -> None:
    if patience_seconds is None:
        connection.execute(_BEGIN)
        return
    wait = int(patience_seconds * 1000)
    connection.execute(_BEGIN + b"; SET LOCAL lock_timeout = %d" % wait)


def _row(connection: Connection, query: bytes, values: Sequence[Any] | None = None) -> Row:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return row


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
