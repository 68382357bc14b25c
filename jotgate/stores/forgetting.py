"""Forgetting: subjects that become keyed tombstones, and what is older than the owner keeps it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from jotgate.ledger import Entry
from jotgate.protocols import Erasure, Masks
from jotgate.stores.driver import Transaction
from jotgate.stores.verbs import Verbs, record, tried_twice

_PAGE_ROWS = 500
_DAY_SECONDS = 86_400.0
_WRITING_SECONDS = 30.0
_TOMBSTONE = re.compile(r"forgotten:[0-9a-f]{8}:[0-9a-f]{32}")
#: Table -> the statements that find the next old rows of it, and that mask one.
_MASKED = {
    "tickets": ("old_tickets", "mask_ticket", "ticket_id"),
    "grants": ("old_grants", "mask_grant", "fingerprint"),
    "ledger": ("old_entries", "mask_entry", "seq"),
    "outbox": ("old_notices", "mask_notice", "seq"),
}


class ForgettingVerbs(Verbs):
    """The part of the store that people's requests and the owner's retention meet."""

    def use_masks(self, masks: Masks) -> None:
        """Let *masks* say what stands for a subject that is forgotten; the store holds no key."""
        self._masks = masks

    @tried_twice
    def forget(self, subject: str, *, form: str | None, now: float, actor: str) -> Erasure:
        """Put a tombstone in place of *subject*, on one form or on all, in one transaction; for good."""
        mask = self._mask(subject)
        with self._write(_WRITING_SECONDS) as tx:
            for name in sorted(self._forms) if form is None else [form]:
                tx.hold("settling_of_form", form=name)
            tx.run("add_tombstone", tombstone=mask, form=form or "", now=now)
            which = {"subject": subject, "form": form}
            # What came after an earlier request is about the tombstone already, and is still at JotForm.
            masked = [
                row
                for one in self._masks(subject)
                for row in tx.all("submissions_of_subject", subject=one, form=form)
            ]
            submissions = tx.all("submissions_of_subject", **which)
            for submission_id, _ in submissions:
                tx.run("mask_submission", submission_id=submission_id, mask=mask)
                tx.run("forget_lookups", submission_id=submission_id)
            counts = {
                "submissions": len(submissions),
                "tickets": _forget_tickets(tx, which, mask, now),
                "grants": _forget_grants(tx, which, mask),
                "ledger": tx.run("mask_ledger_of_subject", mask=mask, **which),
                "outbox": tx.run("mask_outbox_of_subject", mask=mask, **which),
            }
            note = ", ".join(f"{number} {table}" for table, number in counts.items())
            record(
                tx, Entry(at=now, event="subject.forgotten", form=form, subject=mask, actor=actor, note=note)
            )
        by_form: dict[str, list[str]] = {}
        for submission_id, name in [*masked, *submissions]:
            by_form.setdefault(name, []).append(submission_id)
        return Erasure(counts=counts, submissions=by_form)

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
        """Take away whom everything older than *before* is about, or all of it; what is usable still stays."""
        counts: Counter[str] = Counter()
        ids: list[str] = []
        for table, found in self._steps(form, before, delete, now):
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
        while ids := self._retain_submissions(form, before, delete, now):
            yield "submissions", ids
        if delete:
            for table, number in self._remove_rest(form, before).items():
                yield table, [""] * number
        for table in ("grants",) if delete else tuple(_MASKED):
            while number := self._mask_page(table, form, before):
                yield table, [""] * number

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
            }
        return {table: row[0] if row else 0 for table, row in counted.items()}

    @tried_twice
    def _retain_submissions(self, form: str, before: float, delete: bool, now: float) -> list[str]:
        with self._write(_WRITING_SECONDS) as tx:
            tx.hold("settling_of_form", form=form)
            rows = tx.all(
                "old_submissions", form=form, before=before, everything=int(delete), rows=_PAGE_ROWS
            )
            for submission_id, subject, verdict, ticket_id in rows:
                tx.run("forget_lookups", submission_id=submission_id)
                if not delete:
                    tx.run("mask_submission", submission_id=submission_id, mask=self._masked(subject))
                    continue
                which = {"submission_id": submission_id}
                tx.run("remember_removed", form=form, verdict=verdict, now=now, **which)
                tx.run("remove_submission", **which)
                tx.run("remove_entries_of_submission", **which)
                if ticket_id is not None:
                    tx.run("remove_ticket_of_submission", ticket_id=ticket_id, **which)
        return [row[0] for row in rows]

    @tried_twice
    def _mask_page(self, table: str, form: str, before: float) -> int:
        find, mask, key = _MASKED[table]
        with self._write(_WRITING_SECONDS) as tx:
            rows = tx.all(find, form=form, before=before, rows=_PAGE_ROWS)
            for found, subject in rows:
                tx.run(mask, mask=self._masked(subject), **{key: found})
        return len(rows)

    @tried_twice
    def _remove_rest(self, form: str, before: float) -> Counter[str]:
        with self._write(_WRITING_SECONDS) as tx:
            return Counter(
                tickets=tx.run("remove_old_tickets", form=form, before=before),
                ledger=tx.run("remove_old_entries", form=form, before=before),
                outbox=tx.run("remove_old_notices", form=form, before=before),
            )

    @tried_twice
    def _note_retention(self, form: str, delete: bool, counts: Mapping[str, int], now: float) -> None:
        what = "deleted" if delete else "pseudonymised"
        note = f"{what}: " + ", ".join(f"{number} {table}" for table, number in counts.items())
        with self._write(_WRITING_SECONDS) as tx:
            record(tx, Entry(at=now, event="retention.applied", form=form, note=note))

    def _mask(self, subject: str) -> str:
        masks: Sequence[str] = self._masks(subject)
        return masks[0]

    def _masked(self, subject: str | None) -> str | None:
        return subject if subject is None or is_tombstone(subject) else self._mask(subject)


def is_tombstone(subject: str | None) -> bool:
    """Say whether *subject* stands for somebody who is forgotten."""
    return subject is not None and _TOMBSTONE.fullmatch(subject) is not None


def known_as(tx: Transaction, masks: Masks, form: str, subject: str | None) -> str | None:
    """Return the tombstone that *subject* was given on *form*, or *subject* itself."""
    if subject is None or tx.one("any_tombstone") is None:
        return subject
    for mask in masks(subject):
        if tx.one("find_tombstone", tombstone=mask, form=form) is not None:
            return mask
    return subject


def masked_fingerprint(app: str, form: str, mask: str) -> bytes:
    """Return the fingerprint of an app's grant whose subject is forgotten: nobody can try subjects on it."""
    return hashlib.sha256("\0".join(("jotgate/forgotten", app, form, mask)).encode()).digest()[:16]


def _forget_tickets(tx: Transaction, which: Mapping[str, str | None], mask: str, now: float) -> int:
    """Mask tickets, and end the passes that still name the subject."""
    rows = tx.all("tickets_of_subject", **which)
    for ticket_id, pass_id, pass_expires_at in rows:
        if pass_id is not None and pass_expires_at is not None and pass_expires_at > now - _DAY_SECONDS:
            tx.run("revoke_pass", pass_id=pass_id, now=now, expires_at=pass_expires_at)
        tx.run("mask_ticket", ticket_id=ticket_id, mask=mask)
    return len(rows)


def _forget_grants(tx: Transaction, which: Mapping[str, str | None], mask: str) -> int:
    rows = tx.all("grants_of_subject", **which)
    for fingerprint, app, form in rows:
        tx.run("mask_grant", fingerprint=fingerprint, mask=mask)
        if app is not None:
            fresh = masked_fingerprint(app, form, mask)
            tx.run("refingerprint_grant", fingerprint=fingerprint, fresh=fresh)
            tx.run("carry_tickets_over", fingerprint=fingerprint, fresh=fresh)
    return len(rows)
