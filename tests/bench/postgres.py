"""Group ``postgres``: the same on PostgreSQL, beside the bare psycopg; left out where no server answers."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.admission import GateAdmits, GateSettles, Redeem, Redeemer, throughput
from tests.bench.measuring import Size
from tests.bench.site import FORM

_URL = os.environ.get("JOTGATE_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
_UPDATE = b"UPDATE codes SET left_over = left_over - 1, used_at = %s WHERE code = %s AND left_over > 0 RETURNING form"


def run(scratch: Path, size: Size) -> Iterator[bool]:
    """Measure, print, and tell for each target whether it is met."""
    logging.disable(logging.CRITICAL)
    try:
        import psycopg

        psycopg.connect(_URL, connect_timeout=3).close()
    except (ImportError, OSError, psycopg.Error) as problem:
        print(f"Left out: {problem}")
        return
    title = "PostgreSQL: each operation a code that is still good"
    yield from throughput(_STORES, _schema, size, title)


@contextmanager
def _schema() -> Iterator[str]:
    import psycopg

    name = f"bench_{secrets.token_hex(6)}"
    try:
        yield f"{_URL}?schema={name}"
    finally:
        with psycopg.connect(_URL, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE".encode())


class _Raw:
    """The bare driver: one guarded statement in autocommit, prepared, and nothing else."""

    codes_each = 1
    codes_a_second = 14_000

    def fill(self, store: str, count: int) -> Sequence[Any]:
        """Make a table with *count* codes and return them."""
        codes = [secrets.token_bytes(16) for _ in range(count)]
        with self._connect(store) as connection:
            schema = _schema_of(store)
            connection.execute(f"CREATE SCHEMA {schema}".encode())
            connection.execute(
                b"CREATE TABLE codes (code bytea PRIMARY KEY, form text NOT NULL, left_over int NOT NULL,"
                b" used_at double precision)"
            )
            with connection.cursor().copy("COPY codes (code, form, left_over) FROM STDIN") as copy:
                for code in codes:
                    copy.write_row((code, FORM, 1))
        return codes

    def open(self, store: str) -> Redeem:
        """Return what a process does."""
        cursor = self._connect(store).cursor()

        def redeem(code: bytes) -> bool:
            return cursor.execute(_UPDATE, (1.0, code)).fetchone() is not None

        return redeem

    def _connect(self, store: str) -> Any:
        import psycopg

        connection = psycopg.connect(_URL, autocommit=True, prepare_threshold=1)
        connection.execute(f"SET search_path TO {_schema_of(store)}".encode())
        return connection


def _schema_of(store: str) -> str:
    return store.rpartition("=")[2]


_STORES: dict[str, Redeemer] = {
    "raw psycopg": _Raw(),
    "jotgate Gate.admit": GateAdmits(),
    "jotgate Store.settle, 100 at once": GateSettles(),
}
