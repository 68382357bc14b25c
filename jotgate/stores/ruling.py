"""A person's word on a submission: whether it counts, and whose it is."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from jotgate.outcomes import Cause, Verdict
from jotgate.protocols import Handover, SubmissionRecord, Tombstones
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.forgetting import is_tombstone, known_as
from jotgate.stores.outbox import tell, told_fields, verdict_event
from jotgate.stores.settling import record_of
from jotgate.stores.verbs import Verbs, tried_twice


class _Word(NamedTuple):
    """Who rules, why and when."""

    actor: str
    reason: str
    now: float


class RulingVerbs(Verbs):
    """The part of the store in which people overrule the machine."""

    @tried_twice
    def rule(
        self,
        submission_id: str,
        *,
        accept: bool,
        actor: str,
        reason: str,
        now: float,
        subject: str | None = None,
        seen: tuple[Verdict, str | None] | None = None,
    ) -> SubmissionRecord | Verdict | None:
        """Let a person accept or reject a submission.

        Accepting makes any submission count that does not count yet. With a *subject* it makes it that subject's, and
        counting ones as well, unless they are verified and somebody's: that is what their ticket says. Rejecting
        takes an acceptance back (the machine's own verdict stands again, about whom its ticket names), and makes a
        verified submission ``revoked``, and one that waits for its verdict.

        *seen* is the verdict and the subject that the person ruled on; None: they rule on whatever it is by now.

        Returns the record as it is now; or the present verdict if that leaves nothing to rule on, or is another than
        the person saw; or None if the store has no such submission.
        """
        word = _Word(actor, reason, now)
        with self._write() as tx:
            row = tx.one("read_submission", submission_id=submission_id)
            if row is not None and tx.lock("settling_of_form", form=row[1]):
                row = tx.one("read_submission", submission_id=submission_id)
            if row is None:
                return None
            found = record_of(row)
            if seen is not None and seen != (found.verdict, found.subject):
                return found.verdict
            if not accept:
                if not found.verdict.counts and found.verdict is not Verdict.PENDING:
                    return found.verdict
                return _reject(tx, row, word, self._tombstones)
            subject = known_as(tx, self._tombstones, found.form, subject)
            if subject is None:
                return found.verdict if found.verdict.counts else _accept(tx, found, found.subject, word)
            handover = found.handover(subject)
            if handover is Handover.MOVED:
                # The site hears that it no longer counts for whom it did.
                found = _reject(tx, row, word, self._tombstones)
            return _accept(tx, found, subject, word) if handover.is_done else found.verdict


def _accept(tx: Transaction, found: SubmissionRecord, subject: str | None, word: _Word) -> SubmissionRecord:
    _write(tx, found, Verdict.ACCEPTED, subject, word)
    if is_tombstone(subject):
        tx.run("remove_lookups", submission_id=found.submission_id)
        tx.run("forget_subject_of_submission", submission_id=found.submission_id, tombstone=subject)
    if not found.verdict.counts:
        tx.run("take_places", form=found.form, count=1, capacity=None)
    accepted = _read(tx, found)
    _tell(tx, accepted, Cause.ACCEPTED, word)
    return accepted


def _reject(tx: Transaction, row: Row, word: _Word, tombstones: Tombstones) -> SubmissionRecord:
    found, judged = record_of(row), Verdict(row[4])
    verdict, owner = _rejected(found.verdict, judged), found.subject
    if found.verdict is Verdict.ACCEPTED:
        # Whoever is forgotten just now may still be named on their ticket.
        owner = known_as(tx, tombstones, found.form, _named_by_ticket(tx, row))
    _write(tx, found, verdict, owner, word)
    if found.verdict.counts:
        tx.run("free_place", form=found.form)
    # It is news to whom it was about.
    _tell(tx, replace(found, verdict=verdict), Cause.REJECTED, word)
    return _read(tx, found)


def _rejected(present: Verdict, judged: Verdict) -> Verdict:
    if present is Verdict.VERIFIED:
        return Verdict.REVOKED
    # Accepted after it had been rejected as verified: rejecting it again does not make it verified.
    # Accepted while it was pending: nobody would read it again, so it must not go back to waiting.
    return Verdict.REVOKED if judged in (Verdict.VERIFIED, Verdict.PENDING) else judged


def _named_by_ticket(tx: Transaction, row: Row) -> str | None:
    """Return whose the submission is without a person's word."""
    ticket = tx.one("whose_ticket", ticket_id=row[10]) if row[10] is not None else None
    if ticket is not None:
        return ticket[1] if ticket[0] == row[1] else None
    # Its ticket may have been removed since.
    return None if row[10] is None or row[4] == Verdict.ORPHANED.value else row[2]


def _write(
    tx: Transaction, found: SubmissionRecord, verdict: Verdict, subject: str | None, word: _Word
) -> None:
    tx.all(
        "rule",
        submission_id=found.submission_id,
        present=found.verdict.value,
        verdict=verdict.value,
        subject=subject,
        **word._asdict(),
    )


def _read(tx: Transaction, found: SubmissionRecord) -> SubmissionRecord:
    row = tx.one("read_submission", submission_id=found.submission_id)
    assert row is not None
    return record_of(row)


def _tell(tx: Transaction, ruled: SubmissionRecord, cause: Cause, word: _Word) -> None:
    """Enter a ruling into the ledger, and tell the site's callbacks."""
    told = tx.one("told_of_submission", submission_id=ruled.submission_id)
    event = verdict_event(
        submission_id=ruled.submission_id,
        form=ruled.form,
        subject=ruled.subject,
        verdict=ruled.verdict,
        created_at=ruled.created_at,
        now=word.now,
        cause=cause,
        fields=told_fields(told[0]) if told else {},
    )
    tell(tx, event, note=word.reason, actor=word.actor)
