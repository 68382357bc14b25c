"""A store's address: read as libpq and SQLite read it, and refused at once where it would lose rows later."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from jotgate.config import Settings
from jotgate.errors import ConfigError, StoreMismatch, StoreUnavailable
from jotgate.stores import open_store
from tests.config.test_settings import usable
from tests.stores.contract.material import FORM, FORMS, T0, admitted, grant, opening
from tests.stores.test_postgres import SECRET, as_role, refused, role  # noqa: F401 - a fixture


@pytest.mark.parametrize("name", ["hash#tag.db", "%41.db", "50%.db", "a b.db", "schüler.db"])
def test_a_file_is_the_same_for_the_settings_and_the_store(name: str, tmp_path: Path) -> None:
    """Every letter after the third slash is the path's own, so no other file is opened than is shown."""
    url = f"sqlite:///{tmp_path}/{name}"
    store = open_store(url)
    store.prepare(FORMS, T0)
    store.close()
    assert store.driver.where == str(Settings.from_mapping(usable(store=url)).store_path)
    assert {file.name for file in tmp_path.iterdir()} == {name}


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://host", "sqlite:///", "sqlite:relative.db"])
def test_what_is_no_address_is_refused(url: str) -> None:
    """With the kinds that there are."""
    with pytest.raises(ConfigError, match="use sqlite:///path or postgresql://"):
        open_store(url)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("postgresql:///school", "postgresql:///school"),
        ("postgres:///school", "postgresql:///school"),
        ("postgresql://?host=/run/postgresql&dbname=school", "postgresql:///run/postgresql/school"),
        ("postgresql:///school?host=db.test&port=5433", "postgresql://db.test:5433/school"),
        ("postgresql://u@/school?host=db.test&schema=gate", "postgresql://db.test/school"),
    ],
)
def test_an_address_may_leave_out_what_libpq_lets_it(url: str, where: str) -> None:
    """The settings and the store read it as `psql` would."""
    assert Settings.from_mapping(usable(store=url)).store == url
    assert open_store(url).driver.where == where


def test_the_host_may_stand_among_the_options(postgres_store_url: str) -> None:
    """And a store at such an address works."""
    parts = urlsplit(postgres_store_url)
    url = f"postgresql://{parts.username}@{parts.path}?host={parts.hostname}&port={parts.port}&{parts.query}"
    store = open_store(url)
    store.prepare(FORMS, T0)
    store.check()
    store.close()


def test_every_name_is_kept_whatever_encoding_the_address_asks_for(postgres_store_url: str) -> None:
    """An address with `client_encoding=latin1` still keeps a Polish name."""
    store = open_store(f"{postgres_store_url}&client_encoding=latin1")
    store.prepare(FORMS, T0)
    store.create_grants([grant("code", subject="Łukasz 李")], T0)
    assert admitted(store, opening("code")).subject == "Łukasz 李"
    store.close()


@pytest.fixture
def latin1_url(postgres_url: str) -> Iterator[str]:
    """Return the address of a database that cannot hold every name."""
    name = f"jotgate_latin1_{os.getpid()}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        options = "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
        connection.execute(f"CREATE DATABASE {name} {options}".encode())
        yield urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_a_database_that_cannot_hold_every_name_is_refused_at_the_start(latin1_url: str) -> None:
    """Later it would fail with the first pupil whose name is not Western European."""
    assert "keeps its text in LATIN1" in refused(latin1_url, StoreMismatch)


def test_a_role_that_may_not_use_the_schema_reads_what_to_grant(
    postgres_store_url: str,
    role: str,  # noqa: F811
) -> None:
    """The server itself would say that there is no schema to create in."""
    store = open_store(postgres_store_url)
    store.prepare(FORMS, T0)
    store.close()
    schema = postgres_store_url.partition("schema=")[2]
    sentence = refused(as_role(postgres_store_url, role), StoreUnavailable)
    assert f'GRANT USAGE ON SCHEMA {schema} TO "{role}"' in sentence


@pytest.mark.parametrize("pool_mode", ["transaction", "statement"])
def test_a_pooler_that_mixes_sessions_is_refused_at_the_start(
    pool_mode: str, postgres_store_url: str
) -> None:
    """One site's rows would be written into the schema of another."""
    with pgbouncer(postgres_store_url, pool_mode) as url:
        assert "pool_mode = session" in refused(url, StoreMismatch)


def test_a_pooler_that_keeps_sessions_apart_is_welcome(postgres_store_url: str) -> None:
    """With session pooling, a code is admitted through it."""
    with pgbouncer(postgres_store_url, "session") as url:
        store = open_store(url)
        store.prepare(FORMS, T0)
        store.create_grants([grant("code")], T0)
        assert admitted(store, opening("code")).form == FORM
        store.close()


@contextmanager
def pgbouncer(url: str, pool_mode: str) -> Iterator[str]:
    """Run a PgBouncer before the server at *url*; give the store's address through it."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("no pgbouncer here: `apt install pgbouncer`")
    parts, port = urlsplit(url), _free_port()
    folder = Path(tempfile.mkdtemp(prefix="jotgate-pgbouncer-"))
    (folder / "users.txt").write_text(f'"{parts.username}" "{SECRET}"\n', "utf-8")
    (folder / "pgbouncer.ini").write_text(
        f"""
[databases]
* = host={parts.hostname} port={parts.port or 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = {pool_mode}
default_pool_size = 4
""",
        "utf-8",
    )
    options: dict[str, Any] = {}
    if os.geteuid() == 0:
        # It refuses to run as root.
        options = {"user": "postgres", "group": "postgres"}
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "postgres", "postgres")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([program, folder / "pgbouncer.ini"], cwd=folder, **quiet, **options) as process:
        try:
            _wait_for(port, process)
            yield parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}").geturl()
        finally:
            process.kill()
            shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"pgbouncer did not start: {process.poll()}")
