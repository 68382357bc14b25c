"""SQLite through the standard library: the embedded default.

Rules, each for a reason: ``BEGIN IMMEDIATE`` because a transaction that begins by reading cannot
be promoted while another writes, whatever the busy time-out; a jittered retry of our own because
SQLite's leaves some waiters a second behind; ``synchronous=FULL`` because what was acknowledged
must survive a power cut. How connections are made and shared: `jotgate.stores.sqlite_connections`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from jotgate.errors import StoreMismatch, StoreUnavailable
from jotgate.ledger import References
from jotgate.phrases import phrase
from jotgate.stores.driver import Row, load_statements
from jotgate.stores.sqlite_connections import Connection, Connections, begin, is_busy, patiently
from jotgate.stores.sqlite_statements import Statement, Statements
from jotgate.stores.tables import load_steps

#: How long a read or a write waits for its turn before the caller hears that the store is busy.
PATIENCE_SECONDS = 1.0
#: Of how many rows it is looked what none of them has.
_ROWS_AT_ONCE = 1000


class SqliteTransaction:
    """One connection, seen through the statements' names."""

    __slots__ = ("_execute", "_executemany", "_statements", "references")

    def __init__(
        self, connection: sqlite3.Connection, statements: Mapping[str, Statement], references: References
    ) -> None:
        self._execute = connection.execute
        self._executemany = connection.executemany
        self._statements = statements
        self.references = references

    def one(self, name: str, /, **values: Any) -> Row | None:
        """Run a statement and return its first row, or None."""
        text, pick, _, _ = self._statements[name]
        rows: list[Row] = self._execute(text, pick(values)).fetchall()
        return rows[0] if rows else None

    def all(self, name: str, /, **values: Any) -> list[Row]:
        """Run a statement and return its rows."""
        text, pick, _, _ = self._statements[name]
        return self._execute(text, pick(values)).fetchall()

    def each(self, name: str, values: Sequence[Any], /, **others: Any) -> list[Row]:
        """Run a statement about each of *values*, which is its ``:each``; return all rows, in any order."""
        execute, statement = self._execute, self._statements[name]
        return [
            row for text, row_values in statement.about(values, others) for row in execute(text, row_values)
        ]

    def run(self, name: str, /, **values: Any) -> int:
        """Run a statement and return how many rows it changed."""
        text, pick, _, _ = self._statements[name]
        return self._execute(text, pick(values)).rowcount

    def many(self, name: str, rows: Iterable[Mapping[str, Any]], /) -> int:
        """Run a statement for each of *rows* and return how many rows were changed in all."""
        statement, rows, changed = self._statements[name], iter(rows), 0
        while some := list(islice(rows, _ROWS_AT_ONCE)):
            text, pick = statement.for_rows(some)
            changed += self._executemany(text, map(pick, some)).rowcount
        return changed

    def lock(self, name: str, /, **values: Any) -> bool:
        """Return at once: SQLite lets one writer in at a time."""
        return False

    def continue_numbers(self, table: str, column: str) -> None:
        """Do nothing: the next number is always one more than the highest."""


class _SqliteView(SqliteTransaction):
    """The same for reading: each statement waits while another process recovers, or writes without a log.

    It is its own context manager, and each connection keeps one: every look-up passes through here.
    """

    __slots__ = ("_fault", "_give_back", "patience_seconds")

    def __init__(
        self,
        transaction: SqliteTransaction,
        *,
        give_back: Callable[[], None],
        fault: Callable[[Exception], StoreUnavailable],
    ) -> None:
        self._execute = transaction._execute
        self._statements = transaction._statements
        self.references = transaction.references
        self._give_back = give_back
        self._fault = fault
        self.patience_seconds = PATIENCE_SECONDS

    def __enter__(self) -> SqliteTransaction:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._give_back()
        if error is not None and isinstance(error, sqlite3.Error | OSError):
            raise self._fault(error) from error

    def one(self, name: str, /, **values: Any) -> Row | None:
        """Run a statement and return its first row, or None."""
        text, pick, _, _ = self._statements[name]
        rows = self._all(text, pick(values))
        return rows[0] if rows else None

    def all(self, name: str, /, **values: Any) -> list[Row]:
        """Run a statement and return its rows."""
        text, pick, _, _ = self._statements[name]
        return self._all(text, pick(values))

    def _all(self, text: str, values: Row) -> list[Row]:
        try:
            return self._execute(text, values).fetchall()
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
        return patiently(lambda: self._execute(text, values).fetchall(), self.patience_seconds)


class _Prepared(NamedTuple):
    """What goes with a connection."""

    transaction: SqliteTransaction
    view: _SqliteView


class SqliteDriver:
    """One database file."""

    issues_alone = False

    def __init__(self, path: str) -> None:
        """Use the file at *path*; it and its tables are made by `migrate`."""
        self._path = os.path.abspath(path)
        self._connections = Connections(self._path)
        self.references = References()
        self._statements = Statements()
        self.learn(load_statements("statements"))

    def __repr__(self) -> str:
        return f"<SqliteDriver {self._path}>"

    @contextmanager
    def write(self, *, patience_seconds: float | None = None) -> Iterator[SqliteTransaction]:
        """Open a transaction that may write: committed at the end, undone if the block raises."""
        patience_seconds = PATIENCE_SECONDS if patience_seconds is None else patience_seconds
        connections = self._connections
        try:
            connection = connections.take(patience_seconds)
            try:
                begin(connection, patience_seconds)
                try:
                    yield self._prepared(connection).transaction
                    # Without a write-ahead log it has to wait for readers.
                    patiently(lambda: connection.execute("COMMIT"), patience_seconds)
                finally:
                    # SQLite rolls back by itself on a full disk, so look before saying it.
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                connections.check_written(connection)
            finally:
                connections.give_back(connection)
        except (sqlite3.Error, OSError) as error:
            raise self._fault(error) from error

    def read(self, *, patience_seconds: float | None = None) -> AbstractContextManager[SqliteTransaction]:
        """Open a view for reading; each statement sees every commit before it. Every view has to be entered."""
        patience_seconds = PATIENCE_SECONDS if patience_seconds is None else patience_seconds
        try:
            view = self._prepared(self._connections.take(patience_seconds)).view
        except (sqlite3.Error, OSError) as error:
            raise self._fault(error) from error
        view.patience_seconds = patience_seconds
        return view

    def close(self) -> None:
        """Close this process's connections; those in use close when they are given back."""
        self._connections.close()

    @property
    def where(self) -> str:
        """The file's path."""
        return self._path

    def exists(self) -> bool:
        """Say whether there is a store, without making one."""
        return os.path.exists(self._path)

    def learn(self, statements: Mapping[str, str]) -> None:
        """Know these statements by their names, too."""
        self._statements.learn(statements)

    def migrate(self, *, patience_seconds: float) -> None:
        """Apply the schema steps that are missing, once, under a lock.

        Raises:
            StoreMismatch: the file was written by a newer jotgate.
            StoreUnavailable: it cannot be made or written.
        """
        steps = load_steps()
        with self.write(patience_seconds=patience_seconds) as tx:
            execute = tx._execute
            version = execute("PRAGMA user_version").fetchone()[0]
            if version > steps[-1][0]:
                raise StoreMismatch(
                    f"the store at {self._path} is of version {version}, which a newer jotgate wrote; "
                    f"this one knows version {steps[-1][0]}: upgrade jotgate, or use another store"
                )
            for number, statements in steps:
                if number > version:
                    for statement in statements:
                        execute(statement)
                    execute(f"PRAGMA user_version = {number}")

    def _prepared(self, connection: Connection) -> _Prepared:
        """Return what goes with the connection, made once."""
        if connection.prepared is None:
            transaction = SqliteTransaction(connection, self._statements, self.references)
            give_back = partial(self._connections.give_back, connection)
            view = _SqliteView(transaction, give_back=give_back, fault=self._fault)
            connection.prepared = _Prepared(transaction, view)
        prepared: _Prepared = connection.prepared
        return prepared

    def _fault(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(
            phrase("the store at {place} cannot be used: {reason}", place=self._path, reason=error)
        )
