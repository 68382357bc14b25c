"""The schema: its numbered steps, and the tables that they make."""

from __future__ import annotations

from contextlib import closing
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from jotgate.stores.driver import Row

if TYPE_CHECKING:
    import sqlite3

#: What belongs to a process, or is read again within minutes.
_LEFT_OUT = ("lease", "trials", "mirrored", "mirror_turns")
#: By the type of a key's column: a value below every key.
_BELOW = {"BLOB": b"", "TEXT": "", "INTEGER": -1}


class Table(NamedTuple):
    """A table that is copied, as the schema has it."""

    name: str
    #: Those of the key first.
    columns: tuple[str, ...]
    #: A value below every key.
    below: Row

    @property
    def key(self) -> tuple[str, ...]:
        """The columns by which to read its rows."""
        return self.columns[: len(self.below)]

    @property
    def is_numbered(self) -> bool:
        """Whether the database numbers its rows."""
        return self.below == (_BELOW["INTEGER"],)


def read_tables() -> tuple[Table, ...]:
    """Return every table that is copied, as SQLite understands the schema."""
    # Loaded here, because a site on PostgreSQL needs it for this alone.
    import sqlite3

    with closing(sqlite3.connect(":memory:")) as connection:
        for _, statements in load_steps():
            for statement in statements:
                connection.execute(statement)
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
        return tuple(_read_table(connection, name) for (name,) in names if name not in _LEFT_OUT)


def _read_table(connection: sqlite3.Connection, name: str) -> Table:
    described = "SELECT name, type, pk FROM pragma_table_info(?) ORDER BY pk = 0, pk, cid"
    columns = connection.execute(described, (name,)).fetchall()
    return Table(
        name=name,
        columns=tuple(column for column, _, _ in columns),
        below=tuple(_BELOW[kind] for _, kind, place in columns if place),
    )


def load_steps() -> list[tuple[int, list[str]]]:
    """Return the steps of the schema: their numbers, and the statements of each, in order, as SQLite takes them."""
    steps = []
    for file in (resources.files("jotgate.stores") / "schema").iterdir():
        number, _, rest = file.name.partition("_")
        if number.isdigit() and rest.endswith(".sql"):
            text = file.read_text("utf-8")
            steps.append((int(number), [part.strip() for part in text.split(";\n") if part.strip()]))
    return sorted(steps)
