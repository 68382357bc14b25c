"""A store in a file of its own, and what opens it again in any process."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from jotgate.stores import Store, open_store
from tests.stores.contract.material import FORMS, T0, Opener


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store's file will be."""
    return tmp_path / "store.db"


@pytest.fixture
def opener(path: Path) -> Opener:
    """Return what opens the store."""
    return partial(open_store, f"sqlite:///{path}")


@pytest.fixture
def store(opener: Opener) -> Iterator[Store]:
    """Return the store, empty, with two forms."""
    store = opener()
    store.prepare(FORMS, T0)
    yield store
    store.close()
