"""Stores: everything that is remembered.

The decisions are written once, in SQL that every engine speaks and in the verbs above it; a
driver per engine adds how to connect, how to lock and which faults there are.
"""

from __future__ import annotations

from jotgate.errors import ConfigError
from jotgate.stores.apps import AppVerbs
from jotgate.stores.audit import AuditVerbs
from jotgate.stores.changing import ChangingVerbs
from jotgate.stores.entries import EntryVerbs
from jotgate.stores.exporting import ExportingVerbs
from jotgate.stores.forgetting import ForgettingVerbs
from jotgate.stores.grants import GrantVerbs
from jotgate.stores.inviting import InvitingVerbs
from jotgate.stores.mails import MailVerbs
from jotgate.stores.mirrored import MirroredVerbs
from jotgate.stores.outbox import OutboxVerbs
from jotgate.stores.overview import OverviewVerbs
from jotgate.stores.pausing import PausingVerbs
from jotgate.stores.people import PeopleVerbs
from jotgate.stores.redeeming import RedeemingVerbs
from jotgate.stores.reporting import ReportingVerbs
from jotgate.stores.ruling import RulingVerbs
from jotgate.stores.scoped_keys import ScopedKeyVerbs
from jotgate.stores.settling import SettlingVerbs
from jotgate.stores.sign_ins import SignInVerbs
from jotgate.stores.signing_keys import SigningKeyVerbs
from jotgate.stores.standing import StandingVerbs
from jotgate.stores.submission_lists import SubmissionListVerbs
from jotgate.stores.sweep import SweepVerbs
from jotgate.stores.tickets import TicketVerbs
from jotgate.stores.totals import TotalVerbs
from jotgate.stores.zones import ZoneVerbs

__all__ = ["Store", "open_store"]


class Store(
    TicketVerbs,
    AppVerbs,
    RedeemingVerbs,
    InvitingVerbs,
    GrantVerbs,
    PeopleVerbs,
    ChangingVerbs,
    ScopedKeyVerbs,
    MirroredVerbs,
    SweepVerbs,
    PausingVerbs,
    SettlingVerbs,
    RulingVerbs,
    SubmissionListVerbs,
    ReportingVerbs,
    OverviewVerbs,
    SigningKeyVerbs,
    SignInVerbs,
    OutboxVerbs,
    StandingVerbs,
    AuditVerbs,
    EntryVerbs,
    ExportingVerbs,
    ForgettingVerbs,
    ZoneVerbs,
    MailVerbs,
    TotalVerbs,
):
    """Everything that is remembered, in a relational database.

    A store speaks in whole decisions: each verb is one transaction, decided by a guarded write, and is honoured
    by every process and machine that shares the store. Every verb raises `jotgate.errors.StoreUnavailable` when
    it cannot do its work; then nothing was written. All times are seconds since the epoch, UTC.
    """


def open_store(url: str) -> Store:
    """Return the store at *url*; nothing is opened yet.

    ``sqlite:///relative.db``, ``sqlite:////absolute.db`` (all that follows the third slash is the path, letter by
    letter), or ``postgresql://user@host:5432/database`` with the options of libpq, and ``?schema=`` for another
    schema than ``jotgate``.

    Raises:
        ConfigError: we know no store of this kind, or its driver is not installed.
    """
    scheme, _, rest = url.partition("://")
    if scheme in ("postgresql", "postgres"):
        try:
            from jotgate.stores.postgres import PostgresDriver
        except ImportError:
            problem = "store: PostgreSQL needs its driver: pip install 'jotgate[postgres]'"
            raise ConfigError([problem]) from None
        return Store(PostgresDriver(url))
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        from jotgate.stores.sqlite import SqliteDriver

        return Store(SqliteDriver(rest[1:]))
    known = "use sqlite:///path or postgresql://user@host/database"
    raise ConfigError([f"store: {scheme!r} is not a kind of store; {known}"])
