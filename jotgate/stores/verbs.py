"""What all the store's verbs stand on: its database, made ready once in every process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from jotgate.errors import StoreMismatch
from jotgate.ledger import Entry, ref_of
from jotgate.protocols import Masks
from jotgate.stores.driver import Driver, Transaction, Undone

P = ParamSpec("P")
S = TypeVar("S", bound="Verbs")
T = TypeVar("T")

#: How long a start waits for the store, and how long any later verb does that finds it not made ready.
_PREPARE_SECONDS = 30.0
_VERB_SECONDS = 1.0


class Verbs:
    """A database with the schema in place and the forms known."""

    def __init__(self, driver: Driver) -> None:
        """Use *driver*; nothing is opened before `prepare`."""
        self._driver = driver
        self._forms: dict[str, str] = {}
        self._masks: Masks = _no_masks
        self._prepared_at = 0.0
        self._ready = False
        self._lock = threading.Lock()

    @property
    def driver(self) -> Driver:
        """The database itself, for who moves a store as a whole."""
        return self._driver

    def prepare(self, forms: Mapping[str, str], now: float) -> None:
        """Bring the schema up to date, and make the state of *forms* (name -> JotForm id) exist.

        If the store cannot be reached now, every later verb tries it again first.

        Raises:
            StoreMismatch: the store was written by a newer jotgate.
            StoreUnavailable: it cannot be reached.
        """
        self._forms, self._prepared_at, self._ready = dict(forms), now, False
        self._make_ready(_PREPARE_SECONDS)
        # A server may fork after this; a connection must not cross that.
        self._driver.close()

    def close(self) -> None:
        """Close this thread's connection."""
        self._driver.close()

    def _make_ready(self, patience_seconds: float | None) -> None:
        with self._lock:
            if self._ready:
                return
            patience_seconds = _VERB_SECONDS if patience_seconds is None else patience_seconds
            self._driver.migrate(patience_seconds=patience_seconds)
            with self._driver.write(patience_seconds=patience_seconds) as tx:
                for form, form_id in self._forms.items():
                    tx.run("add_form", form=form, form_id=form_id, now=self._prepared_at)
                    tx.run("restart_form", form=form, form_id=form_id, now=self._prepared_at)
            self._ready = True

    def _write(self, patience_seconds: float | None = None) -> AbstractContextManager[Transaction]:
        if not self._ready:
            self._make_ready(patience_seconds)
        return self._driver.write(patience_seconds=patience_seconds)

    def _read(self, patience_seconds: float | None = None) -> AbstractContextManager[Transaction]:
        if not self._ready:
            self._make_ready(patience_seconds)
        return self._driver.read(patience_seconds=patience_seconds)


def _no_masks(subject: str) -> Sequence[str]:
    raise StoreMismatch("this store was opened without the keys that forgetting needs")


def tried_twice(verb: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Let a verb that is one transaction try once more when the database undid it, and the reason is over."""

    @wraps(verb)
    def tried(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return verb(self, *args, **kwargs)
        except Undone:
            return verb(self, *args, **kwargs)

    return tried


def record(tx: Transaction, entry: Entry) -> str:
    """Add *entry* to the ledger within a transaction; return its reference."""
    row = tx.one("record", **entry_values(entry))
    assert row is not None
    return ref_of(row[0])


def entry_values(entry: Entry) -> dict[str, Any]:
    """Return the entry's values by the names of the ledger's columns."""
    return {
        "at": entry.at,
        "event": entry.event,
        "form": entry.form,
        "reason": entry.reason,
        "subject": entry.subject,
        "actor": entry.actor,
        "about": entry.about,
        "note": entry.note,
        "submission_id": entry.submission_id,
    }
