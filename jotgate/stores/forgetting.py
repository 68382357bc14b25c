"""Forgetting: subjects that become keyed tombstones, and rows older than the owner keeps them."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from jotgate.ledger import Entry
from jotgate.protocols import Erasure, Tombstones
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.verbs import Verbs, record, tried_twice

#: Keys that one reading goes through, and rows that one transaction changes.
_READ_ROWS = 5_000
_WRITTEN_ROWS = 100
#: Between two of them everybody who waits has a turn: as long as they may sleep before they ask again.
_PAUSE_SECONDS = 0.005
_DAY_SECONDS = 86_400.0
_WRITING_SECONDS = 30.0
_TOMBSTONE = re.compile(r"forgotten:[0-9a-f]{8}:[0-9a-f]{32}")
#: Table -> what lies before every key of it.
_BEFORE: Mapping[str, Any] = {
    "submissions": "",
    "tickets": b"",
    "grants": b"",
    "ledger": 0,
    "outbox": 0,
    "mails": 0,
}


class _Old(NamedTuple):
    """What retention does to one table: the statements that find its old rows and that change one, and its key."""

    table: str
    find: str
    change: str
    key: str


_FORGOTTEN = (
    _Old("tickets", "old_tickets", "forget_old_ticket", "ticket_id"),
    _Old("grants", "old_grants", "forget_old_grant", "fingerprint"),
    _Old("ledger", "old_entries", "forget_subject_of_entry", "seq"),
    _Old("outbox", "old_notices", "forget_subject_of_notice", "seq"),
    _Old("outbox", "notices_of_old_submissions", "forget_fields_of_notice", "seq"),
    _Old("mails", "old_mails", "remove_old_mail", "seq"),
)
#: Codes stay, about nobody.
_REMOVED = (
    _Old("tickets", "old_tickets", "remove_old_ticket", "ticket_id"),
    _Old("ledger", "old_entries", "remove_entry", "seq"),
    _Old("outbox", "old_notices", "remove_old_notice", "seq"),
    _Old("outbox", "notices_of_old_submissions", "forget_fields_of_notice", "seq"),
    _Old("grants", "old_grants", "forget_old_grant", "fingerprint"),
    _Old("mails", "old_mails", "remove_old_mail", "seq"),
)


class ForgettingVerbs(Verbs):
    """The part of the store that people's requests and the owner's retention meet."""

    def use_tombstones(self, tombstones: Tombstones) -> None:
        """Let *tombstones* say what stands for a subject that is forgotten; the store holds no key."""
        self._tombstones = tombstones

    def forget(self, subject: str, *, form: str | None, now: float, actor: str) -> Erasure:
        """Put a tombstone in place of *subject*, on one form or on all, some hundred rows at a time; for good.

        What comes later about this subject is about the tombstone from the beginning. If it is broken off, doing it
        again does the rest.
        """
        tombstone = self._tombstone(subject)
        self._add_tombstone(tombstone, form, now)
        self._wait_for_who_looked_before()
        which = {"subject": subject, "form": form}
        counts: Counter[str] = Counter(dict.fromkeys(_BEFORE, 0))
        numbered = partial(_forget_numbered, subject=subject)
        # Codes first: a ticket that is issued after them is about the tombstone. And twice: one that was replaced
        # meanwhile lies elsewhere.
        for table, find, change in (
            ("grants", "grants_of_subject", _forget_grants),
            ("grants", "grants_of_subject", _forget_grants),
            ("tickets", "tickets_of_subject", partial(_forget_tickets, now=now)),
            ("tickets", "tickets_of_owner", _forget_owners),
            ("submissions", "submissions_of_subject", _forget_submissions),
            ("ledger", "entries_of_subject", partial(numbered, change="forget_subject_of_entry")),
            ("outbox", "notices_of_subject", partial(numbered, change="forget_subject_of_notice")),
            # With the addresses: the ledger says, about the tombstone, that they were sent.
            ("mails", "mails_of_subject", partial(numbered, change="remove_mail")),
        ):
            for rows in self._found(table, find, **which):
                if rows:
                    self._change(partial(change, rows=rows, tombstone=tombstone))
                    counts[table] += len(rows)
        self._note_forgotten(form, tombstone, counts, now, actor)
        # Also what came after an earlier request: it was about the tombstone from the beginning, and is at JotForm.
        by_form: dict[str, list[str]] = {}
        for one in self._tombstones(subject):
            for rows in self._found("submissions", "submissions_of_subject", subject=one, form=form):
                for submission_id, name, _ in rows:
                    by_form.setdefault(name, []).append(submission_id)
        return Erasure(counts=counts, submissions=by_form)

    @tried_twice
    def _add_tombstone(self, tombstone: str, form: str | None, now: float) -> None:
        with self._write(_WRITING_SECONDS) as tx:
            tx.run("add_tombstone", tombstone=tombstone, form=form or "", now=now)
            tx.run("remove_all_mirrored")

    def _wait_for_who_looked_before(self) -> None:
        """Return when nobody writes any more who looked for tombstones before the last one was there."""
        ends_at = time.monotonic() + _WRITING_SECONDS
        writers = self._who_looked()
        while writers and time.monotonic() < ends_at:
            time.sleep(_PAUSE_SECONDS)
            writers &= self._who_looked()

    @tried_twice
    def _who_looked(self) -> set[str]:
        with self._read(_WRITING_SECONDS) as tx:
            return {row[0] for row in tx.all("who_looked_for_tombstones")}

    @tried_twice
    def _note_forgotten(
        self, form: str | None, tombstone: str, counts: Mapping[str, int], now: float, actor: str
    ) -> None:
        note = ", ".join(f"{counts[table]} {table}" for table in _BEFORE)
        entry = Entry(at=now, event="subject.forgotten", form=form, subject=tombstone, actor=actor, note=note)
        with self._write(_WRITING_SECONDS) as tx:
            record(tx, entry)

    def _found(self, table: str, find: str, **values: Any) -> Iterator[list[Row]]:
        """Go through *table* in the order of its keys; give what the statement *find* finds, some hundred rows each.

        Where it finds nothing among some thousand keys, it gives no rows, so that a caller in a hurry can stop.
        """
        after = _BEFORE[table]
        while (reading := self._read_some(table, find, after, values)) is not None:
            after, rows = reading
            for at in range(0, max(len(rows), 1), _WRITTEN_ROWS):
                yield rows[at : at + _WRITTEN_ROWS]

    @tried_twice
    def _read_some(
        self, table: str, find: str, after: Any, values: Mapping[str, Any]
    ) -> tuple[Any, list[Row]] | None:
        """Return the last of the next keys, and what was found up to it; None: there are no more."""
        with self._read(_WRITING_SECONDS) as tx:
            row = tx.one(f"end_of_{table}", after=after, rows=_READ_ROWS)
            if row is None:
                return None
            return row[0], tx.all(find, after=after, until=row[0], **values)

    @tried_twice
    def _change(self, change: Callable[[Transaction], None]) -> None:
        with self._write(_WRITING_SECONDS) as tx:
            change(tx)
        time.sleep(_PAUSE_SECONDS)

    @tried_twice
    def begin_retention(self, form: str, *, now: float) -> bool:
        """Say whether it is this process's turn with the form's retention: once a day."""
        with self._write(_WRITING_SECONDS) as tx:
            return tx.one("begin_retention", form=form, now=now, day_ago=now - _DAY_SECONDS) is not None

    def retain(
        self,
        form: str,
        *,
        before: float,
        delete: bool,
        now: float,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> Erasure:
        """Take the subjects of everything older than *before* away, or all of it; rows still of use stay.

        A submission that is removed is never judged anew. *goes_on* is asked after every few hundred rows; if
        it says no, the next caller of `begin_retention` does the rest.
        """
        counts: Counter[str] = Counter()
        ids: list[str] = []
        for table, found in self._steps(form, before, delete, now):
            if found:
                counts[table] += len(found)
            ids += found if table == "submissions" else []
            if not goes_on():
                self._postpone(form)
                break
        if counts.total():
            self._note_retention(form, delete, counts, now)
        return Erasure(counts=dict(counts), submissions={form: ids} if ids else {})

    def _steps(
        self, form: str, before: float, delete: bool, now: float
    ) -> Iterator[tuple[str, Sequence[str]]]:
        """Do a few hundred rows at a time; give the table, and one text for each row."""
        which = {"form": form, "before": before, "everything": int(delete)}
        for rows in self._found("submissions", "old_submissions", **which):
            change = _remove_submissions if delete else self._make_nobodys
            if rows:
                self._change(partial(change, form=form, rows=rows, now=now))
            yield "submissions", [row[0] for row in rows]
        for old in _REMOVED if delete else _FORGOTTEN:
            for rows in self._found(old.table, old.find, **which):
                if rows:
                    self._change(partial(self._change_old, old=old, rows=rows, before=before))
                yield old.table, [""] * len(rows)

    @tried_twice
    def _postpone(self, form: str) -> None:
        with self._write(_WRITING_SECONDS) as tx:
            tx.run("postpone_retention", form=form)

    @tried_twice
    def count_beyond(self, form: str, *, before: float, delete: bool) -> Mapping[str, int]:
        """Return how many rows of each table `retain` would change."""
        which = {"form": form, "before": before, "everything": int(delete)}
        with self._read(_WRITING_SECONDS) as tx:
            counted = {
                "submissions": tx.one("count_old_submissions", **which),
                "tickets": tx.one("count_old_tickets", **which),
                "grants": tx.one("count_old_grants", form=form, before=before),
                "ledger": tx.one("count_old_entries", **which),
                "mails": tx.one("count_old_mails", form=form, before=before),
            }
        return {table: row[0] if row else 0 for table, row in counted.items()}

    def _make_nobodys(self, tx: Transaction, *, form: str, rows: Sequence[Row], now: float) -> None:
        """Forget whose submissions these are, and what of them is shown and looked up."""
        tx.lock("settling_of_form", form=form)
        tombstones = [(row[0], self._tombstone_or_none(row[1])) for row in rows]
        _for_each(tx, "remove_lookups", [{"submission_id": one} for one, _ in tombstones])
        values = [{"submission_id": one, "tombstone": tombstone} for one, tombstone in tombstones]
        _for_each(tx, "forget_subject_of_submission", values)

    def _change_old(self, tx: Transaction, *, old: _Old, rows: Sequence[Row], before: float) -> None:
        values = [
            {
                old.key: key,
                "subject": subject,
                "tombstone": self._tombstone_or_none(subject),
                "before": before,
            }
            for key, subject in rows
        ]
        _for_each(tx, old.change, values)

    @tried_twice
    def _note_retention(self, form: str, delete: bool, counts: Mapping[str, int], now: float) -> None:
        what = "deleted" if delete else "pseudonymised"
        note = f"{what}: " + ", ".join(f"{number} {table}" for table, number in counts.items())
        with self._write(_WRITING_SECONDS) as tx:
            record(tx, Entry(at=now, event="retention.applied", form=form, note=note))

    def _tombstone(self, subject: str) -> str:
        tombstones: Sequence[str] = self._tombstones(subject)
        return tombstones[0]

    def _tombstone_or_none(self, subject: str | None) -> str | None:
        return subject if subject is None or is_tombstone(subject) else self._tombstone(subject)


def is_tombstone(subject: str | None) -> bool:
    """Say whether *subject* stands for a forgotten person."""
    return subject is not None and _TOMBSTONE.fullmatch(subject) is not None


def known_as(tx: Transaction, tombstones: Tombstones, form: str, subject: str | None) -> str | None:
    """Return the tombstone that *subject* was given on *form*, or *subject* itself."""
    if subject is None or tx.one("any_tombstone") is None:
        return subject
    for tombstone in tombstones(subject):
        if tx.one("find_tombstone", tombstone=tombstone, form=form) is not None:
            return tombstone
    return subject


def fingerprint_of_forgotten(app: str, form: str, tombstone: str) -> bytes:
    """Return the fingerprint of an app's grant whose subject is forgotten: nobody can try subjects on it."""
    return hashlib.sha256("\0".join(("jotgate/forgotten", app, form, tombstone)).encode()).digest()[:16]


def _for_each(tx: Transaction, name: str, values: Sequence[Mapping[str, Any]]) -> None:
    if values:
        tx.many(name, values)


def _forget_tickets(tx: Transaction, *, rows: Sequence[Row], tombstone: str, now: float) -> None:
    """Forget the subject of tickets, and end the passes that still name the subject."""
    for _, pass_id, ends_at in rows:
        if pass_id is not None and ends_at is not None and ends_at > now - _DAY_SECONDS:
            tx.run("revoke_pass", pass_id=pass_id, now=now, expires_at=ends_at)
    values = [{"ticket_id": row[0], "tombstone": tombstone} for row in rows]
    _for_each(tx, "forget_subject_of_ticket", values)


def _forget_owners(tx: Transaction, *, rows: Sequence[Row], tombstone: str) -> None:
    values = [{"ticket_id": row[0], "tombstone": tombstone} for row in rows]
    _for_each(tx, "forget_owner_of_ticket", values)


def _forget_grants(tx: Transaction, *, rows: Sequence[Row], tombstone: str) -> None:
    for fingerprint, app, form in rows:
        tx.run("forget_subject_of_grant", fingerprint=fingerprint, tombstone=tombstone)
        tx.run("forget_changes_of_code", fingerprint=fingerprint)
        if app is not None:
            fresh = fingerprint_of_forgotten(app, form, tombstone)
            tx.run("refingerprint_grant", fingerprint=fingerprint, fresh=fresh)
            tx.run("carry_tickets_over", fingerprint=fingerprint, fresh=fresh)


def _forget_submissions(tx: Transaction, *, rows: Sequence[Row], tombstone: str) -> None:
    for form in sorted({row[1] for row in rows}):
        tx.lock("settling_of_form", form=form)
    _for_each(tx, "remove_lookups", [{"submission_id": row[0]} for row in rows])
    values = [{"submission_id": row[0], "tombstone": tombstone} for row in rows]
    _for_each(tx, "forget_subject_of_submission", values)
    tickets = [{"submission_id": row[0], "ticket_id": row[2]} for row in rows if row[2] is not None]
    _for_each(tx, "forget_openings_of_submission", tickets)


def _forget_numbered(
    tx: Transaction, *, rows: Sequence[Row], subject: str, tombstone: str, change: str
) -> None:
    values = [{"seq": row[0], "subject": subject, "tombstone": tombstone} for row in rows]
    _for_each(tx, change, values)


def _remove_submissions(tx: Transaction, *, form: str, rows: Sequence[Row], now: float) -> None:
    """Remove submissions with all that belongs to them; they are remembered, so as not to be judged anew."""
    tx.lock("settling_of_form", form=form)
    values = [{"submission_id": row[0], "now": now} for row in rows]
    for name in ("remove_lookups", "remember_removed", "remove_submission", "remove_entries_of_submission"):
        _for_each(tx, name, values)
    tickets = [{"submission_id": row[0], "ticket_id": row[2]} for row in rows if row[2] is not None]
    _for_each(tx, "remove_ticket_of_submission", tickets)
