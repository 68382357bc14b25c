"""Entries of the ledger, as they are looked through."""

from __future__ import annotations

from jotgate.frozen import frozen
from jotgate.ledger import Entry


@frozen
class EntryFilter:
    """Which entries are meant; what is None does not matter."""

    #: Those about one of these forms; an empty tuple means none at all.
    forms: tuple[str, ...] | None = None
    #: What happened, by name.
    events: tuple[str, ...] | None = None
    #: Those about this person.
    subject: str | None = None
    #: Those about nobody, but about the code whose fingerprint begins with these six hex digits.
    code: str | None = None
    #: What this person did.
    actor: str | None = None
    #: The history of this submission.
    submission_id: str | None = None
    #: Seconds since the epoch, UTC: from then on, and before then.
    since: float | None = None
    until: float | None = None


@frozen
class ListedEntry:
    """An entry, and the reference that people are given for it."""

    ref: str
    entry: Entry
