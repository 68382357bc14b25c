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
