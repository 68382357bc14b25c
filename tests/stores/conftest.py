"""Let the contract's assertions say what they compared; and a place in the database for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("jotgate.testing.contract")


@pytest.fixture
def postgres_store_url(postgres_url: str) -> Iterator[str]:
    """Return the address of a store of its own, which is gone after the test."""
    import psycopg

    schema = f"jotgate_{secrets.token_hex(6)}"
    yield f"{postgres_url}?schema={schema}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())
