"""Edits: how far the audit is, and verdicts given anew with their history kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from jotgate.answers import stripped
from jotgate.outcomes import Cause, Verdict
from jotgate.protocols import AuditState, Edit, Edited, KeptAnswers
from jotgate.signed.tickets import Ticket
from jotgate.stores.driver import Transaction
from jotgate.stores.forgetting import is_tombstone, known_as
from jotgate.stores.judging import keep_lookups, lock_for_settling, remove_lookups
from jotgate.stores.outbox import tell, told_text, verdict_event
from jotgate.stores.spending import when_spent
from jotgate.stores.tickets import ticket_from
from jotgate.stores.verbs import Verbs, from_row, tried_twice
from jotgate.submissions import Candidate, changed_fields, judge, owner

_WRITING_SECONDS = 30.0
_DAY_SECONDS = 86_400.0


class AuditVerbs(Verbs):
    """The part of the store that the audit meets."""

    @tried_twice
    def audit_states(self) -> list[AuditState]:
        """Return how far the audit is with every form that `prepare` named."""
        with self._read() as tx:
            rows = tx.all("audit_states")
        states = [from_row(AuditState, row) for row in rows]
        return [state for state in states if state.form in self._forms]

    @tried_twice
    def begin_audit(self, form: str, *, now: float) -> bool:
        """Say whether it is this process's turn with the form's audit: once a day."""
        with self._write(_WRITING_SECONDS) as tx:
            return tx.one("begin_audit", form=form, now=now, day_ago=now - _DAY_SECONDS) is not None

    @tried_twice
    def note_audit(self, state: AuditState) -> None:
        """Note how far it is with one form."""
        with self._write(_WRITING_SECONDS) as tx:
            tx.run("note_audit", **asdict(state))

    @tried_twice
    def kept_answers(self, submission_ids: Sequence[str]) -> dict[str, KeptAnswers]:
        """Return our knowledge of those that have a verdict."""
        known = {}
        with self._read(_WRITING_SECONDS) as tx:
            for submission_id in submission_ids:
                row = tx.one("kept_answers", submission_id=submission_id)
                if row is not None:
                    digest = None if row[1] is None else bytes(row[1])
                    known[submission_id] = KeptAnswers(verdict=Verdict(row[0]), digest=digest, status=row[2])
        return known

    @tried_twice
    def judge_edits(self, edits: Sequence[Edit], *, capacity: int | None, now: float) -> list[Edited]:
        """Judge edited submissions of one form again, in one transaction; return those that were news.

        An edit can make a verified submission tampered, and a tampered one verified; no other verdict
        is changed by it, and no person's word.
        """
        with self._write(_WRITING_SECONDS) as tx:
            lock_for_settling(tx, [edit.candidate for edit in edits])
            judged = [self._judge_edit(tx, edit, capacity, now) for edit in edits]
        return [one for one in judged if one is not None]

    def _judge_edit(self, tx: Transaction, edit: Edit, capacity: int | None, now: float) -> Edited | None:
        row = tx.one("read_for_audit", submission_id=edit.candidate.submission_id)
        if row is None or edit.known_digest != (None if row[-1] is None else bytes(row[-1])):
            return None
        subject, before, machine, created_at, ticket_id = row[0], Verdict(row[1]), Verdict(row[2]), *row[3:5]
        # The ticket that it was judged on, whatever the field holds now.
        candidate = replace(edit.candidate, ticket_id=None if ticket_id is None else bytes(ticket_id))
        if is_tombstone(subject):
            candidate = replace(candidate, kept=stripped(candidate.kept))
        if edit.revoked and before.counts:
            verdict, cause = Verdict.REVOKED, Cause.DELETED
            _revoke(tx, candidate, now)
        elif edit.changed:
            ticket, cause = _ticket_of(tx, candidate), Cause.EDITED
            whose = self._whose(tx, candidate, ticket, subject)
            verdict = _verdict_after(tx, candidate, ticket, whose, before, machine, capacity)
            if verdict is Verdict.VERIFIED and before is not verdict:
                subject = whose
                tx.run("name_owner", submission_id=candidate.submission_id, subject=whose)
            edit = replace(edit, candidate=candidate)
            _keep_edit(tx, edit, verdict, machine if verdict is before else verdict, now)
        else:
            kept = candidate.kept.digest if candidate.kept else None
            tx.run("note_status", submission_id=candidate.submission_id, status=candidate.status, digest=kept)
            return None
        event = verdict_event(
            submission_id=candidate.submission_id,
            form=candidate.form,
            subject=subject,
            verdict=verdict,
            created_at=created_at,
            now=now,
            cause=cause,
            fields=candidate.kept.told if candidate.kept else {},
        )
        tell(tx, event, note=f"it was {before.value}")
        return Edited(submission_id=candidate.submission_id, before=before, verdict=verdict)

    def _whose(
        self, tx: Transaction, candidate: Candidate, ticket: Ticket | None, subject: str | None
    ) -> str | None:
        """Return whose a submission is by its answers as they are now; *subject* says whose it was."""
        if ticket is None or is_tombstone(subject):
            return subject
        return known_as(tx, self._tombstones, candidate.form, owner(candidate, ticket))


def _revoke(tx: Transaction, candidate: Candidate, now: float) -> None:
    tx.run("revoke_deleted", submission_id=candidate.submission_id, status=candidate.status, now=now)
    tx.run("free_place", form=candidate.form)


def _keep_edit(tx: Transaction, edit: Edit, verdict: Verdict, machine: Verdict, now: float) -> None:
    """Note an edit: the new verdict, and as much of the new answers as after a first verdict."""
    candidate, kept = edit.candidate, edit.candidate.kept
    tx.run(
        "judge_again",
        submission_id=candidate.submission_id,
        verdict=verdict.value,
        judged=machine.value,
        judged_at=now,
        digest=kept.digest if kept else None,
        shown=json.dumps(kept.shown) if kept and kept.shown else None,
        told=told_text(kept.told) if kept else None,
        updated_at=edit.updated_at,
        status=candidate.status,
    )
    remove_lookups(tx, [candidate])
    keep_lookups(tx, [candidate])


def _ticket_of(tx: Transaction, candidate: Candidate) -> Ticket | None:
    row = tx.one("read_ticket", ticket_id=candidate.ticket_id) if candidate.ticket_id else None
    return None if row is None else ticket_from(row[:-1])


def _verdict_after(
    tx: Transaction,
    candidate: Candidate,
    ticket: Ticket | None,
    whose: str | None,
    present: Verdict,
    machine: Verdict,
    capacity: int | None,
) -> Verdict:
    """Return the verdict on the answers as they are now; only what rests on answers can change."""
    if ticket is None or present is not machine:
        return present
    if present is Verdict.VERIFIED and changed_fields(candidate, ticket):
        tx.run("free_place", form=candidate.form)
        return Verdict.TAMPERED
    if present is not Verdict.TAMPERED or judge(candidate, ticket, waited_seconds=0) is not Verdict.VERIFIED:
        return present
    is_own = ticket.submission_id == candidate.submission_id
    if not is_own and ticket.submission_id is not None:
        return present
    if when_spent(tx, candidate.form, whose, in_all=candidate.in_all) is not None:
        return present
    if not tx.run("take_places", form=candidate.form, count=1, capacity=capacity):
        return present
    if not is_own and not _redeem(tx, candidate):
        tx.run("free_place", form=candidate.form)
        return present
    return Verdict.VERIFIED


def _redeem(tx: Transaction, candidate: Candidate) -> bool:
    """Take the ticket, and a use of its code; say whether there was one."""
    assert candidate.ticket_id is not None
    [row] = tx.each("tickets_to_settle", [candidate.ticket_id])
    if row[0] is None or not tx.run("take_uses", fingerprint=row[0], count=1):
        return False
    return tx.run("redeem_ticket", ticket_id=candidate.ticket_id, submission_id=candidate.submission_id) > 0
