"""What all the store's verbs stand on: its database, made ready once in every process."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from jotgate.errors import StoreMismatch, StoreUnavailable
from jotgate.ledger import Entry
from jotgate.protocols import Tombstones
from jotgate.stores.driver import Driver, Row, Transaction, Undone
from jotgate.stores.form_names import follow
from jotgate.stores.guesses import Guesses
from jotgate.stores.turns import Turns

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

P = ParamSpec("P")
S = TypeVar("S", bound="Verbs")
T = TypeVar("T")
R = TypeVar("R", bound="DataclassInstance")

#: How long a start waits for the store, and how long any later verb does that finds it not made ready.
_PREPARE_SECONDS = 30.0
_VERB_SECONDS = 1.0
#: How long the answer to `Verbs.check` is good, and how much is written to find it out: as much as by an admission.
_CHECKED_SECONDS = 1.0
_TRIAL_BYTES = 16 * 1024
_HOUR_SECONDS = 3600.0


def tried_twice(verb: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Let a verb that is one transaction try once more when the database undid it, and the reason is over."""

    @wraps(verb)
    def tried(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return verb(self, *args, **kwargs)
        except Undone:
            return verb(self, *args, **kwargs)

    return tried


class Verbs:
    """A database with the schema in place and the forms known."""

    def __init__(self, driver: Driver) -> None:
        """Use *driver*; nothing is opened before `prepare`."""
        self._driver = driver
        #: What this process knows of the throttle.
        self.guesses = Guesses()
        #: Who waits for whom in this process.
        self.turns = Turns()
        self._forms: dict[str, str] = {}
        self._tombstones: Tombstones = _no_tombstones
        self._prepared_at = 0.0
        self._ready = False
        #: Why it could not be made ready the last time, and when.
        self._unready: StoreUnavailable | None = None
        self._unready_at = 0.0
        self._lock = threading.Lock()
        self._checking = threading.Lock()
        self._checked_until = 0.0
        self._fault: StoreUnavailable | None = None

    @property
    def driver(self) -> Driver:
        """The database itself, for who moves a store as a whole."""
        return self._driver

    def prepare(self, forms: Mapping[str, str], now: float) -> None:
        """Bring the schema up to date, and make the state of *forms* (name -> JotForm id) exist.

        What belongs to a form of JotForm's follows it to another name, and is set aside when its name stands for
        another form now. If the store cannot be reached now, every later verb tries it again first.

        Raises:
            StoreMismatch: the store was written by a newer jotgate.
            StoreUnavailable: it cannot be reached.
        """
        self._forms, self._prepared_at, self._ready = dict(forms), now, False
        try:
            self._make_ready(_PREPARE_SECONDS)
        finally:
            # A server may fork after this, also when the store is down; a connection must not cross that.
            self._driver.close()

    def close(self) -> None:
        """Close this process's connections; those in use close when they are given back."""
        self._driver.close()

    def check(self) -> None:
        """Return if the store could be written within the last second, else raise `StoreUnavailable`.

        Who asks more often than that costs nothing.
        """
        with self._checking:
            if time.monotonic() >= self._checked_until:
                self._fault = self._writing_fault()
                self._checked_until = time.monotonic() + _CHECKED_SECONDS
            if self._fault is not None:
                raise StoreUnavailable(self._fault.words) from self._fault

    def _writing_fault(self) -> StoreUnavailable | None:
        try:
            self._try_writing()
        except StoreUnavailable as fault:
            return fault
        return None

    @tried_twice
    def _try_writing(self) -> None:
        # SQLite writes no page whose content stays the same.
        padding = secrets.token_bytes(32) * (_TRIAL_BYTES // 32)
        with self._write() as tx:
            tx.run("try_writing", padding=padding)

    def _make_ready(self, patience_seconds: float | None) -> None:
        """Make the store ready, one thread at a time; who waited for one that could not does not try it once more."""
        patience_seconds = _VERB_SECONDS if patience_seconds is None else patience_seconds
        came_at = time.monotonic()
        if not self._lock.acquire(timeout=patience_seconds):
            raise StoreUnavailable("the store cannot be used: others wait for it")
        try:
            if self._ready:
                return
            if self._unready is not None and self._unready_at >= came_at:
                raise StoreUnavailable(self._unready.words) from self._unready
            self._bring_up_to_date(patience_seconds)
            self._ready = True
        except Undone:
            raise
        except StoreUnavailable as fault:
            self._unready, self._unready_at = fault, time.monotonic()
            raise
        finally:
            self._lock.release()

    def _bring_up_to_date(self, patience_seconds: float) -> None:
        self._driver.migrate(patience_seconds=patience_seconds)
        with self._driver.write(patience_seconds=patience_seconds) as tx:
            tx.references.use(_reference_key(tx))
            for renamed in follow(tx, self._driver, self._forms):
                note = f"JotForm's form {renamed.form_id} was {renamed.form} before"
                record(tx, Entry(at=self._prepared_at, event="form.renamed", form=renamed.name, note=note))
            for form, form_id in self._forms.items():
                tx.run("add_form", form=form, form_id=form_id, now=self._prepared_at)

    def _write(self, patience_seconds: float | None = None) -> AbstractContextManager[Transaction]:
        if not self._ready:
            self._make_ready(patience_seconds)
        return self._driver.write(patience_seconds=patience_seconds)

    def _read(self, patience_seconds: float | None = None) -> AbstractContextManager[Transaction]:
        if not self._ready:
            self._make_ready(patience_seconds)
        return self._driver.read(patience_seconds=patience_seconds)


def _no_tombstones(subject: str) -> Sequence[str]:
    raise StoreMismatch("this store was opened without the keys that forgetting needs")


def _reference_key(tx: Transaction) -> bytes:
    """Return the key that this store names its entries by, made when the store is."""
    tx.run("add_key", purpose="references", key=secrets.token_bytes(16))
    row = tx.one("read_key", purpose="references")
    assert row is not None
    return bytes(row[0])


def record(tx: Transaction, entry: Entry) -> int:
    """Add *entry* to the ledger within a transaction; return its number.

    A refusal that repeats within the hour is counted on the entry of the first one: a visitor who is refused again
    and again does not fill the store.
    """
    if entry.event.endswith(".refused"):
        row = tx.one("record_refusal", again=_likeness(entry), **entry_values(entry))
    else:
        row = tx.one("record", **entry_values(entry))
    assert row is not None
    return int(row[0])


def _likeness(entry: Entry) -> bytes:
    """Return what entries have in common that tell of the same thing in the same hour, from wherever it came."""
    hour = int(entry.at // _HOUR_SECONDS)
    told = (hour, entry.event, entry.form, entry.reason, entry.subject, entry.about)
    return hashlib.sha256(repr(told).encode()).digest()[:16]


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


def from_row(kind: type[R], row: Row) -> R:
    """Return the record whose fields *row* has, in their order."""
    return kind(**dict(zip(kind.__dataclass_fields__, row, strict=True)))
