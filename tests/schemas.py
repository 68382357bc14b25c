"""Places on a PostgreSQL server for stores of tests."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def fresh_schema(postgres_url: str) -> Iterator[str]:
    """Give the address of a store of its own, which is gone afterwards."""
    import psycopg

    schema = f"jotgate_{secrets.token_hex(6)}"
    try:
        yield f"{postgres_url}?schema={schema}"
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())


# Row by row, because what is not there costs nothing so; TRUNCATE makes a new file for each table and index.
_EMPTY = """
DO $$
DECLARE one text;
BEGIN
    FOR one IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
        WHERE schemaname = '{schema}' AND tablename <> 'schema_steps'
    LOOP
        EXECUTE 'DELETE FROM ' || one;
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences
        WHERE schemaname = '{schema}';
END $$
"""


def empty(store_url: str) -> None:
    """Leave the store at *store_url* as it was made: without a row, and numbered from 1."""
    import psycopg

    address, _, schema = store_url.partition("?schema=")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(_EMPTY.format(schema=schema).encode())
