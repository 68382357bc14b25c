"""PostgreSQL keeps the contract, and refuses in one sentence what it cannot work with."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial

import psycopg
import pytest

from jotgate.stores import open_store
from jotgate.testing import StoreContract
from jotgate.testing.contract.material import Opener


@pytest.fixture
def store_url(postgres_url: str) -> Iterator[str]:
    """Return the address of a store of its own, which is gone after the test."""
    schema = f"jotgate_{secrets.token_hex(6)}"
    yield f"{postgres_url}?schema={schema}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())


class TestPostgresStore(StoreContract):
    """The store that several machines share."""

    @pytest.fixture
    def opener(self, store_url: str) -> Opener:
        """Return what opens a store in a schema of its own."""
        return partial(open_store, store_url)
