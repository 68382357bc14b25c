"""Stores: everything that is remembered, behind `jotgate.protocols.Store`.

The decisions are written once, in SQL that every engine speaks and in the verbs above it; a
driver per engine adds how to connect, how to lock and which faults there are.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from jotgate.errors import ConfigError
from jotgate.stores.apps import AppVerbs
from jotgate.stores.auditing import AuditingVerbs
from jotgate.stores.exporting import ExportingVerbs
from jotgate.stores.forgetting import ForgettingVerbs
from jotgate.stores.grants import GrantVerbs
from jotgate.stores.keys import KeyVerbs
from jotgate.stores.outbox import OutboxVerbs
from jotgate.stores.readings import ReadingVerbs
from jotgate.stores.reporting import ReportingVerbs
from jotgate.stores.settling import SettlingVerbs
from jotgate.stores.signing import SigningVerbs
from jotgate.stores.standing import StandingVerbs
from jotgate.stores.tickets import TicketVerbs

__all__ = ["SqlStore", "open_store"]


class SqlStore(
    TicketVerbs,
    AppVerbs,
    GrantVerbs,
    KeyVerbs,
    ReadingVerbs,
    SettlingVerbs,
    ReportingVerbs,
    SigningVerbs,
    OutboxVerbs,
    StandingVerbs,
    AuditingVerbs,
    ExportingVerbs,
    ForgettingVerbs,
):
    """A `jotgate.protocols.Store` on a relational database."""


def open_store(url: str) -> SqlStore:
    """Return the store at *url*; nothing is opened yet.

    ``sqlite:///relative.db``, ``sqlite:////absolute.db``, or ``postgresql://user@host:5432/database`` with
    the options of libpq, and ``?schema=`` for another schema than ``jotgate``.

    Raises:
        ConfigError: there is no store of this kind, or its driver is not installed.
    """
    scheme = url.partition(":")[0]
    if scheme in ("postgresql", "postgres"):
        try:
            from jotgate.stores.postgres import PostgresDriver
        except ImportError:
            problem = "store: PostgreSQL needs its driver: pip install 'jotgate[postgres]'"
            raise ConfigError([problem]) from None
        return SqlStore(PostgresDriver(url))
    parts = urlsplit(url)
    if scheme == "sqlite" and not parts.netloc and len(parts.path) > 1:
        from jotgate.stores.sqlite import SqliteDriver

        return SqlStore(SqliteDriver(unquote(parts.path[1:])))
    known = "use sqlite:///path or postgresql://user@host/database"
    raise ConfigError([f"store: {parts.scheme or url!r} is no kind of store; {known}"])
