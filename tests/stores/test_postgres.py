"""PostgreSQL keeps the contract, and says in one sentence what it cannot work with."""

from __future__ import annotations

import secrets
import socket
import sys
import threading
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

import psycopg
import pytest

import jotgate.stores.postgres
from jotgate.errors import ConfigError, StoreMismatch, StoreUnavailable
from jotgate.stores import open_store
from tests.patience import patient_in_this_test
from tests.stores.contract import StoreContract
from tests.stores.contract.material import FORMS, T0, Opener

SECRET = "s3cret-and-odd"


class TestPostgresStore(StoreContract):
    """The store that several machines share."""

    @pytest.fixture
    def opener(self, empty_postgres_store_url: str, monkeypatch: pytest.MonkeyPatch) -> Opener:
        """Return what opens an empty store; a busy machine must not decide the races."""
        return partial(patient_in_this_test(monkeypatch), empty_postgres_store_url)


@pytest.fixture
def role(postgres_url: str) -> Iterator[str]:
    """Return the name of a role that may connect and nothing else; it may log in by its secret."""
    name = f"jotgate_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'".encode())
        yield name
        connection.execute(f"DROP OWNED BY {name}; DROP ROLE {name}".encode())


def as_role(url: str, role: str, secret: str = SECRET) -> str:
    """Return *url* with another user."""
    parts = urlsplit(url)
    host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    return parts._replace(netloc=f"{role}:{secret}@{host}").geturl()


def refused(url: str, kind: type[Exception] = StoreUnavailable) -> str:
    """Fail to prepare the store at *url*; return the sentence, which is one and holds no secret."""
    store = open_store(url)
    with pytest.raises(kind) as told:
        store.prepare(FORMS, T0)
    store.close()
    sentence = str(told.value)
    assert "\n" not in sentence
    assert SECRET not in sentence + repr(store.driver)
    return sentence


def is_made(url: str) -> bool:
    """Say whether there is anything where the store at *url* would be; other tests make stores beside it."""
    address, _, options = url.partition("?")
    schema = options.removeprefix("schema=").partition("&")[0]
    with psycopg.connect(address) as connection:
        return connection.execute("SELECT to_regnamespace(%s) IS NOT NULL", (schema,)).fetchone() == (True,)


def test_an_address_that_cannot_be_reached_is_one_sentence(postgres_url: str, unused_port: int) -> None:
    """A closed port, an unknown host and an unknown database each name the address and the reason."""
    database = urlsplit(postgres_url)._replace(path="/no_such_database").geturl()
    closed = f"postgresql://u:{SECRET}@127.0.0.1:{unused_port}/d"
    assert "refused" in refused(closed)
    assert f"127.0.0.1:{unused_port}/d cannot be used" in refused(closed)
    assert 'database "no_such_database" does not exist' in refused(database)
    assert "no.invalid" in refused(f"postgresql://u:{SECRET}@no.invalid/d")


def test_nobody_waits_for_a_silent_server_longer_than_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight people come to a store that could not be made ready: one asks the server, and all hear what came of it."""
    asked: list[float] = []
    told: list[str] = []
    together = threading.Barrier(8)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = open_store(f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/d")
        migrate = store.driver.migrate

        def counted(*, patience_seconds: float) -> None:
            asked.append(patience_seconds)
            migrate(patience_seconds=patience_seconds)

        def look() -> None:
            together.wait()
            with pytest.raises(StoreUnavailable) as problem:
                store.form_states()
            told.append(str(problem.value))

        monkeypatch.setattr(store.driver, "migrate", counted)
        people = [threading.Thread(target=look) for _ in range(8)]
        for one in people:
            one.start()
        for one in people:
            one.join()
        store.close()
    # A busy machine may let somebody come when the first has been told.
    assert len(asked) <= 2
    assert len(told) == 8
    assert all("cannot be used" in sentence for sentence in told)


def test_a_role_without_rights_is_told_and_nothing_is_made(postgres_store_url: str, role: str) -> None:
    """The sentence says what was denied."""
    assert "permission denied" in refused(as_role(postgres_store_url, role))
    assert not is_made(postgres_store_url)


def test_a_role_that_may_only_look_is_told(postgres_store_url: str, role: str) -> None:
    """A store made by another role is not half used."""
    store = open_store(postgres_store_url)
    store.prepare(FORMS, T0)
    store.close()
    schema = postgres_store_url.partition("schema=")[2]
    with psycopg.connect(postgres_store_url.partition("?")[0], autocommit=True) as connection:
        connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}".encode())
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}".encode())
    assert "permission denied" in refused(as_role(postgres_store_url, role))


def test_a_read_only_database_is_told_and_nothing_is_made(postgres_store_url: str, role: str) -> None:
    """Whether the store is still to be made, or is there already; and then the health check says so, too."""
    read_only = postgres_store_url + "&options=-cdefault_transaction_read_only%3Don"
    assert "read-only" in refused(read_only)
    assert not is_made(postgres_store_url)
    store = open_store(postgres_store_url)
    store.prepare(FORMS, T0)
    store.close()
    assert is_made(postgres_store_url)
    assert "read-only" in refused(read_only)
    late = open_store(read_only)
    late._ready = True
    with pytest.raises(StoreUnavailable, match="read-only"):
        late.check()
    late.close()


def test_an_old_server_is_refused_with_both_versions(
    postgres_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a server would be that is older than the oldest we speak to, and nothing is made there."""
    monkeypatch.setattr(jotgate.stores.postgres, "OLDEST_SERVER", 990_000)
    sentence = refused(postgres_store_url, StoreMismatch)
    assert "jotgate needs PostgreSQL 99 or newer" in sentence
    assert not is_made(postgres_store_url)


def test_a_store_that_is_refused_keeps_nothing_open(
    postgres_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a connection nor the threads that look after them: a server may fork, and try it again there."""
    monkeypatch.setattr(jotgate.stores.postgres, "OLDEST_SERVER", 990_000)
    before = threading.enumerate()
    with pytest.raises(StoreMismatch):
        open_store(postgres_store_url).prepare(FORMS, T0)
    assert [one.name for one in threading.enumerate() if one not in before] == []


def test_a_store_of_a_newer_jotgate_is_left_alone(postgres_store_url: str) -> None:
    """It is refused with both versions in the sentence."""
    store = open_store(postgres_store_url)
    store.prepare(FORMS, T0)
    store.close()
    url, _, schema = postgres_store_url.partition("?schema=")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"INSERT INTO {schema}.schema_steps VALUES (999)".encode())
    assert "version 999, which a newer jotgate wrote" in refused(postgres_store_url, StoreMismatch)


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base installation has no driver for it."""
    monkeypatch.delitem(sys.modules, "jotgate.stores.postgres")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"jotgate\[postgres\]"):
        open_store("postgresql://localhost/jotgate")


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{SECRET}@[::1/d",
        f"postgresql://u:{SECRET}@host/d?no_such_option=1",
        f"postgresql://u:{SECRET}%zz@host/d",
        f"postgresql://u:{SECRET}@host/d?schema=drop%20table",
        f"postgresql://u:{SECRET}@host/d?schema=",
    ],
)
def test_an_address_that_cannot_be_read_is_not_repeated(url: str) -> None:
    """It may hold a secret."""
    with pytest.raises(ConfigError) as told:
        open_store(url)
    assert SECRET not in str(told.value)


def test_the_address_in_words_holds_no_secret() -> None:
    """Neither the driver's name nor that of its store does."""
    store = open_store(f"postgresql://u:{SECRET}@db.test:5433/school")
    assert store.driver.where == "postgresql://db.test:5433/school"
    assert SECRET not in repr(store.driver) + repr(store)


@pytest.fixture
def unused_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        return port
