"""F23: a store that nothing can be written to is down, and `/health` says so before the next visitor does."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from jotgate.stores import open_store
from tests.door.site import unknown_code
from tests.patience import until
from tests.schemas import fresh_schema
from tests.servers.serving import Served, gunicorn, serving

FORMS = {"students": "1"}


def store_path(served: Served) -> Path:
    """Return where the site's store is."""
    return Path(str(served.mapping["store"]).removeprefix("sqlite:///"))


def health(served: Served) -> tuple[int, list[str]]:
    """Ask as a monitor does."""
    answer = requests.get(f"{served.url}/jotgate/health", timeout=60)
    return answer.status_code, answer.json()["down"]


def guess(served: Served) -> int:
    """Type a code that nobody was given, which has to be counted."""
    with served.visitor() as visitor:
        return served.enter(visitor, unknown_code()).status_code


@contextmanager
def a_full_disk(served: Served) -> Iterator[None]:
    """Let no file of the site's process take anything beyond its first page, as on a full disk."""
    worker = int(requests.get(served.url, timeout=60).text.removeprefix("worker "))
    limits = resource.prlimit(worker, resource.RLIMIT_FSIZE)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(worker, resource.RLIMIT_FSIZE, limits)


@contextmanager
def a_deleted_file(served: Served) -> Iterator[None]:
    """Take the store's file away, and put it back."""
    path = store_path(served)
    os.link(path, path.with_name("kept"))
    path.unlink()
    try:
        yield
        assert not path.exists()
    finally:
        os.replace(path.with_name("kept"), path)


@contextmanager
def a_replaced_file(served: Served) -> Iterator[None]:
    """Put another store in the file's place, and the right one back."""
    path = store_path(served)
    os.link(path, path.with_name("kept"))
    other = open_store(f"sqlite:///{path.with_name('other')}")
    other.prepare(FORMS, 0.0)
    other.close()
    os.replace(path.with_name("other"), path)
    try:
        yield
    finally:
        os.replace(path.with_name("kept"), path)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits a process that runs")
@pytest.mark.parametrize("trouble", [a_full_disk, a_deleted_file, a_replaced_file])
def test_f23_a_file_that_cannot_be_written_is_told(trouble: object) -> None:
    """503 from the monitor's address and from the door, nobody let in, and all well again once the cause is gone."""
    with serving(gunicorn("--worker-class", "gthread", "--threads", "4"), trusted_proxies=1) as served:
        assert health(served) == (200, [])
        assert guess(served) == 403
        with trouble(served):  # type: ignore[operator]
            until(lambda: health(served) == (503, ["store"]), what="the monitor hears of it")
            assert guess(served) == 503
        until(lambda: health(served) == (200, []), what="the monitor hears that it is over")
        assert guess(served) == 403


def test_a_database_that_takes_no_writes_is_told(postgres_url: str) -> None:
    """PostgreSQL reads on and writes nothing: the monitor hears of it, while it lasts."""
    import psycopg

    with fresh_schema(postgres_url) as url, serving(gunicorn(), store=url, trusted_proxies=1) as served:
        assert health(served) == (200, [])
        with psycopg.connect(postgres_url, autocommit=True) as owner:
            schema = url.partition("schema=")[2]
            owner.execute(f"ALTER TABLE {schema}.trials RENAME TO gone")
            until(lambda: health(served) == (503, ["store"]), what="the monitor hears of it")
            owner.execute(f"ALTER TABLE {schema}.gone RENAME TO trials")
        until(lambda: health(served) == (200, []), what="the monitor hears that it is over")
