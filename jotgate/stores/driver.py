"""The work of a database for the store's logic, and the statements in the files beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import resources
from typing import Any, Protocol

from jotgate.errors import StoreUnavailable
from jotgate.ledger import References
from jotgate.policy import CLOSING_GRACE_SECONDS
from jotgate.throttle import EVERYWHERE, FREE_GUESSES, OPENING_SECONDS, SPARE_OPENINGS

Row = tuple[Any, ...]

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_INCLUDED = re.compile(r"\{(\w+)\}")
#: What never changes while a process runs is part of a statement's text: databases reckon with it once, beforehand.
CONSTANTS: dict[str, str] = {
    "everywhere": f"'{EVERYWHERE}'",
    # Those of the smallest network: a closer look is taken at who is over them.
    "free_guesses": f"{FREE_GUESSES}",
    "grace_seconds": f"{CLOSING_GRACE_SECONDS}",
    "pause": f"CAST({OPENING_SECONDS} AS DOUBLE PRECISION)",
    "spare": f"{SPARE_OPENINGS}",
}


class Undone(StoreUnavailable):
    """The transaction was undone for a reason that is over by now; the same verb may work at once."""


class Locked(StoreUnavailable):
    """Somebody else had what the transaction needs for too long; the database itself answers."""


class Transaction(Protocol):
    """The statements of one transaction, by name."""

    @property
    def references(self) -> References:
        """How the entries of this store's ledger are named."""
        ...

    def one(self, name: str, /, **values: Any) -> Row | None:
        """Run a statement and return its first row, or None."""
        ...

    def all(self, name: str, /, **values: Any) -> list[Row]:
        """Run a statement and return its rows."""
        ...

    def each(self, name: str, values: Sequence[Any], /, **others: Any) -> list[Row]:
        """Run a statement about each of *values*, which is its ``:each``; return all rows, in any order."""
        ...

    def run(self, name: str, /, **values: Any) -> int:
        """Run a statement and return how many rows it changed."""
        ...

    def many(self, name: str, rows: Iterable[Mapping[str, Any]], /) -> int:
        """Run a statement for each of *rows* and return how many rows were changed in all."""
        ...

    def lock(self, name: str, /, **values: Any) -> bool:
        """Keep everybody else off what *name* stands for until the transaction ends.

        Says whether what was read before may be out of date by now: never where writers take turns anyway.
        """
        ...

    def continue_numbers(self, table: str, column: str) -> None:
        """Let the next row of *table* be numbered after those that were added with their numbers."""
        ...


class Driver(Protocol):
    """One database. Every fault of it comes out as `jotgate.errors.StoreUnavailable`."""

    #: Whether its ``issue_at_once`` is the whole admission, because each statement takes a while to get there.
    issues_alone: bool
    #: How the entries of its ledger are named.
    references: References

    @property
    def where(self) -> str:
        """Where the database is, without any secret."""
        ...

    def exists(self) -> bool:
        """Say whether there is a store, without making one."""
        ...

    def learn(self, statements: Mapping[str, str]) -> None:
        """Know these statements by their names, too."""
        ...

    def migrate(self, *, patience_seconds: float) -> None:
        """Apply the schema steps that are missing, once, under a lock."""
        ...

    def write(self, *, patience_seconds: float | None = None) -> AbstractContextManager[Transaction]:
        """Open a transaction that may write: committed at the end, undone if the block raises."""
        ...

    def read(self, *, patience_seconds: float | None = None) -> AbstractContextManager[Transaction]:
        """Open a view for reading; each statement sees every commit before it."""
        ...

    def close(self) -> None:
        """Close what this thread has open."""
        ...


def load_statements(*folders: str) -> dict[str, str]:
    """Return every statement by its name, a later folder's in place of an earlier one's.

    Parameters are ``:name``; ``{every_grant}`` stands for the whole statement of that name, or for one of `CONSTANTS`.
    """
    statements: dict[str, str] = {}
    for folder in folders:
        statements |= _load_folder(folder)
    known = CONSTANTS | statements
    return {name: _whole(text, known) for name, text in statements.items()}


def _whole(text: str, statements: Mapping[str, str]) -> str:
    return _INCLUDED.sub(lambda included: _whole(statements[included[1]], statements), text)


def _load_folder(folder: str) -> dict[str, str]:
    statements: dict[str, str] = {}
    for file in (resources.files("jotgate.stores") / folder).iterdir():
        if not file.name.endswith(".sql"):
            continue
        parts = _NAME.split(file.read_text("utf-8"))
        for name, text in zip(parts[1::2], parts[2::2], strict=True):
            if name in statements:
                raise ValueError(f"two statements are named {name!r}")
            statements[name] = "\n".join(
                line for line in text.splitlines() if not line.startswith("--")
            ).strip()
    return statements
