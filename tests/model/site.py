"""A site on either store that can be started, stopped, crashed and started again, beside a local JotForm."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from jotgate.config import Settings
from jotgate.sandbox import Sandbox
from jotgate.stores import open_store
from jotgate.wiring import Parts, build
from tests.sweeping.school import Ticking

from .dying import Doom, Dying, crash

_SCHEMA = "jotgate_model"


class Shelf(Protocol):
    """Where stores stand."""

    def fresh(self) -> str:
        """Return the address of a store that holds nothing."""
        ...

    def ledger(self, form: str) -> Counter[str]:
        """Return how often each verdict was entered in the ledger, which no verb lists."""
        ...

    def close(self) -> None:
        """Leave nothing behind."""
        ...


_JUDGED = (
    "SELECT reason, count(*) FROM ledger WHERE event = 'submission.judged' AND form = '{}' GROUP BY reason"
)


class SqliteShelf:
    """Every store is a file of its own, copied from one that was made ready."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder, self._number = folder, 0
        self._blank = folder / "blank.db"
        _made_ready(f"sqlite:///{self._blank}")

    @property
    def _path(self) -> Path:
        return self._folder / f"store-{self._number}.db"

    def fresh(self) -> str:
        """Return the address of a store that holds nothing."""
        for old in self._folder.glob(f"{self._path.name}*"):
            old.unlink()
        self._number += 1
        shutil.copyfile(self._blank, self._path)
        return f"sqlite:///{self._path}"

    def ledger(self, form: str) -> Counter[str]:
        """Return how often each verdict was entered in the ledger, which no verb lists."""
        with closing(sqlite3.connect(self._path)) as connection:
            return Counter(dict(connection.execute(_JUDGED.format(form)).fetchall()))

    def close(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self._folder)


class PostgresShelf:
    """One schema, emptied for every new store: making one costs more than all that a test does in it."""

    def __init__(self, url: str) -> None:
        import psycopg

        self._schema = f"{_SCHEMA}_{secrets.token_hex(4)}"
        self._url = f"{url}?schema={self._schema}"
        self._connection = psycopg.connect(url, autocommit=True)
        _made_ready(self._url)

    def fresh(self) -> str:
        """Return the address of a store that holds nothing."""
        tables = self._run("SELECT tablename FROM pg_tables WHERE schemaname = current_schema")
        for (table,) in tables.fetchall():
            if table != "schema_steps":
                self._run(f"DELETE FROM {table}")
        return self._url

    def ledger(self, form: str) -> Counter[str]:
        """Return how often each verdict was entered in the ledger, which no verb lists."""
        return Counter(dict(self._run(_JUDGED.format(form)).fetchall()))

    def close(self) -> None:
        """Leave nothing behind."""
        self._run(f"DROP SCHEMA {self._schema} CASCADE")
        self._connection.close()

    def _run(self, statement: str) -> Any:
        self._connection.execute(f"SET search_path TO {self._schema}".encode())
        return self._connection.execute(statement.encode())


def _made_ready(url: str) -> None:
    store = open_store(url)
    store.prepare({}, 0.0)
    store.close()


@dataclass
class SiteClock:
    """The site's own clock, which may be wrong."""

    truth: Ticking
    #: How far it is ahead.
    off_seconds: float = 0.0

    def now(self) -> float:
        """Return what the site believes."""
        return self.truth.at + self.off_seconds


@dataclass
class Site:
    """One installation, with whatever of it was started and never stopped."""

    settings: dict[str, Any]
    clock: SiteClock
    #: When the store's verbs end the process.
    doom: Doom = field(default_factory=lambda: Doom(None, crash))
    parts: Parts = field(init=False)
    _started: list[Parts] = field(default_factory=list)

    def start(self) -> None:
        """Start a new process, as far as one process can be several: nothing is kept of the one before."""
        store: Any = Dying(open_store(self.settings["store"]), self.doom)
        self.parts = build(Settings.from_mapping(self.settings), clock=self.clock, store=store)
        self._started.append(self.parts)

    def close(self) -> None:
        """Give the machine back what the dead processes held."""
        for parts in self._started:
            parts.store.close()
            parts.service.close()  # type: ignore[attr-defined]
        self._started.clear()


def settings_for(sandbox: Sandbox, store: str, forms: Mapping[str, Mapping[str, object]]) -> dict[str, Any]:
    """Return the settings of a site beside *sandbox*, with a form of each name and with such settings."""
    return {
        "site_url": "http://127.0.0.1:8700",
        "api_key": sandbox.read_key,
        "api_host": sandbox.api,
        "plan": "enterprise",
        "secret_keys": [secrets.token_urlsafe(32)],
        "code_keys": [secrets.token_urlsafe(32)],
        "hook_secrets": [secrets.token_urlsafe(24)],
        "store": store,
        "sweeper": "external",
        "forms": {form: {"id": sandbox.add_form(form), **options} for form, options in forms.items()},
    }
