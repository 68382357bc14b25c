"""A mail server, and a site that uses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mailing.desk import Desk
from tests.post_office import PostOffice, open_post_office


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """Run a mail server."""
    with open_post_office() as running:
        yield running


@pytest.fixture
def desk(office: PostOffice, tmp_path: Path) -> Iterator[Desk]:
    """Give a site with a store of its own."""
    made = Desk(folder=tmp_path, port=office.port)
    yield made
    made.parts.store.close()
