"""A store moved to another database: every row as it is, in one transaction, proved equal at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jotgate.errors import InputError, StoreError
from jotgate.stores.driver import Driver, Row, Transaction

_PAGE_ROWS = 1000
_PATIENCE_SECONDS = 30.0
#: Every table but the lease, which belongs to a process: its columns, those of the key that its rows are read by
#: first, and what is below every key.
_TABLES: dict[str, tuple[tuple[str, ...], bytes | str | int | tuple[str, str]]] = {
    "apps": (("app", "forms", "return_url", "needs_proof", "created_at", "revoked_at"), ""),
    "app_keys": (
        (
            "key_id", "app", "algorithm", "code_key", "public_key", "state", "created_at", "last_used_at", "used",
            "revoked_at",
        ),
        "",
    ),
    "redeemed_tokens": (("token_key", "ticket_id", "expires_at"), b""),
    "grants": (
        (
            "fingerprint", "key_id", "form", "subject", "label", "batch", "uses", "used", "valid_from", "valid_until",
            "revoked_at", "created_at", "moves", "app", "foreign_tries",
        ),
        b"",
    ),
    "grant_keys": (("key_id",), ""),
    "old_codes": (("fingerprint", "form", "retired_at"), b""),
    "tickets": (
        (
            "ticket_id", "form", "subject", "grant_fingerprint", "browser", "pass_id", "pass_expires_at", "state",
            "issued_at", "expires_at", "sent_at", "revoked_at", "moves", "submission_id", "app", "prefill", "locked",
        ),
        b"",
    ),
    "revocations": (("pass_id", "revoked_at", "expires_at"), b""),
    "guesses": (("key", "count", "since", "next_try_at"), ""),
    "forms": (
        (
            "form", "form_id", "added_at", "due_seq", "read_seq", "due_since", "delivered_at", "hollow", "quiet_until",
            "again_at", "read_at", "full_read_at", "cursor", "head", "ticket_qid", "ticket_name", "questions_at",
            "missing_since", "settled", "last_error", "last_error_at", "audited_at", "audited_above", "audit_began_at",
            "audit_tried_at", "retained_at",
        ),
        "",
    ),
    "submissions": (
        (
            "submission_id", "form", "subject", "verdict", "judged", "created_at", "seen_at", "judged_at", "ticket_id",
            "actor", "reason", "digest", "shown", "updated_at", "status",
        ),
        "",
    ),
    "lookups": (("submission_id", "field", "form", "fingerprint"), ("", "")),
    "ledger": (("seq", "at", "event", "form", "reason", "subject", "actor", "about", "note", "submission_id"), -1),
    "usage": (
        (
            "account", "day", "limit_calls", "used", "tokens", "tokens_at", "probe_day", "probes", "asked_day",
        ),
        "",
    ),
    "api_keys": (
        (
            "fingerprint", "code_key", "key_id", "label", "forms", "fields", "share_calls", "share_fraction",
            "created_at", "expires_at", "revoked_at", "last_used_at", "calls_day", "calls",
        ),
        b"",
    ),
    "would_be_refusals": (("key", "day", "form", "reason", "app", "version", "count", "last_at"), ""),
    "signing_keys": (("key_id", "first_at", "last_at"), ""),
    "consumers": (
        (
            "consumer", "kind", "url", "private", "forms", "code_key", "created_at", "revoked_at", "next_try_at",
            "tries", "last_error",
        ),
        "",
    ),
    "outbox": (
        (
            "seq", "consumer", "message_id", "submission_id", "form", "subject", "verdict", "created_at", "at", "cause",
            "tries", "next_try_at", "dead_at", "last_error",
        ),
        -1,
    ),
    "tombstones": (("tombstone", "form", "forgotten_at"), ("", "")),
    "removed_submissions": (("submission_id", "form", "verdict", "removed_at"), ""),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedTable:
    """One table, the same on both sides."""

    name: str
    rows: int
    #: SHA-256 over all rows in the order of their keys, in hex.
    checksum: str


def copy_store(
    source: Driver, target: Driver, *, report: Callable[[str, int], None]
) -> tuple[CopiedTable, ...]:
    """Copy everything but the sweep's lease from *source* into the empty *target*; nobody writes to either meanwhile.

    *report* is told each table's name and how many of its rows are copied by now, after every page.

    Raises:
        InputError: there is nothing at the source, or something in the target.
        StoreError: what arrived is not what was sent; the target is as empty as before.
        StoreMismatch, StoreUnavailable: as for every verb; the target is as empty as before.
    """
    if not source.exists():
        raise InputError([f"there is no store to copy at {source.where}"])
    source.migrate(patience_seconds=_PATIENCE_SECONDS)
    target.migrate(patience_seconds=_PATIENCE_SECONDS)
    with (
        target.write(patience_seconds=_PATIENCE_SECONDS) as into,
        source.write(patience_seconds=_PATIENCE_SECONDS) as out,
    ):
        into.hold("everything")
        _refuse_rows(into, target)
        out.hold("everything")
        copied = tuple(_copy(name, out, into, report) for name in _TABLES)
        into.all("continue_ledger")
        into.all("continue_outbox")
        for table in copied:
            _compare(table, into)
    return copied


def _refuse_rows(into: Transaction, target: Driver) -> None:
    full = [name for name in _TABLES if next(_pages(name, into), None)]
    if full:
        raise InputError([f"the store at {target.where} is not empty: it has {', '.join(full)}"])


def _copy(name: str, out: Transaction, into: Transaction, report: Callable[[str, int], None]) -> CopiedTable:
    columns, _ = _TABLES[name]
    rows, checksum = 0, hashlib.sha256()
    for page in _pages(name, out):
        into.many(f"add_to_{name}", [dict(zip(columns, row, strict=True)) for row in page])
        _add(checksum, page)
        rows += len(page)
        report(name, rows)
    return CopiedTable(name=name, rows=rows, checksum=checksum.hexdigest())


def _compare(table: CopiedTable, into: Transaction) -> None:
    checksum = hashlib.sha256()
    for page in _pages(table.name, into):
        _add(checksum, page)
    if checksum.hexdigest() != table.checksum:
        raise StoreError(f"the copy of {table.name} differs from what was copied; nothing was kept of it")


def _pages(name: str, tx: Transaction) -> Iterator[list[Row]]:
    below = _TABLES[name][1]
    after: Row = below if isinstance(below, tuple) else (below,)
    while page := tx.all(f"rows_of_{name}", after=after[0], after_2=after[-1], rows=_PAGE_ROWS):
        yield page
        after = page[-1][: len(after)]


def _add(checksum: Any, page: list[Row]) -> None:
    for row in page:
        checksum.update(repr(row).encode("utf-8", "surrogatepass"))
