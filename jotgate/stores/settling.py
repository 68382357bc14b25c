"""Verdicts written, listed and ruled on; the ledger; the usage."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from jotgate.ledger import Entry, seq_of
from jotgate.outcomes import Cause, Verdict, VerdictEvent
from jotgate.protocols import Settled, SubmissionFilter, SubmissionRecord
from jotgate.quota import Usage
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.outbox import announce, verdict_event
from jotgate.stores.tickets import ticket_from
from jotgate.stores.verbs import Verbs, record, tried_twice
from jotgate.submissions import Candidate, judge
from jotgate.tickets import Ticket

T = TypeVar("T")

_PAGE_ROWS = 1000
#: What goes through a whole table may take a while.
_LISTING_SECONDS = 30.0
_LONGEST_ID = 21


class SettlingVerbs(Verbs):
    """The part of the store that gives every submission its one verdict."""

    @tried_twice
    def unsettled(self, submission_ids: Sequence[str]) -> set[str]:
        """Return those ids that have no verdict, or a pending one."""
        with self._read() as tx:
            return {one for one in submission_ids if _is_unsettled(tx, one)}

    @tried_twice
    def settle(self, candidates: Sequence[Candidate], *, capacity: int | None, now: float) -> list[Settled]:
        """Judge the candidates of one form in the order given, in one transaction; idempotent on the submission id."""
        with self._write(patience_seconds=30.0) as tx:
            _hold(tx, candidates)
            judged: list[VerdictEvent] = []
            settled = [_settle(tx, candidate, capacity, now, judged) for candidate in candidates]
            announce(tx, judged)
        return settled

    def submissions(self, which: SubmissionFilter) -> Iterator[SubmissionRecord]:
        """Iterate over the submissions meant, newest first, in bounded memory."""
        if which.submission_ids:
            yield from self._by_id(which)
            return
        verdict = which.verdicts[0].value if len(which.verdicts) == 1 else None
        length, before = _LONGEST_ID, ""
        while True:
            with self._read(_LISTING_SECONDS) as tx:
                rows = tx.all(
                    "page_of_submissions",
                    form=which.form,
                    subject=which.subject,
                    verdict=verdict,
                    length=length,
                    before=before,
                    rows=_PAGE_ROWS,
                )
            for row in rows:
                if not which.verdicts or Verdict(row[3]) in which.verdicts:
                    yield _record(row)
            if len(rows) < _PAGE_ROWS:
                return
            length, before = len(rows[-1][0]), rows[-1][0]

    def _by_id(self, which: SubmissionFilter) -> Iterator[SubmissionRecord]:
        for submission_id in sorted(which.submission_ids, key=lambda one: (len(one), one), reverse=True):
            with self._read() as tx:
                row = tx.one("read_submission", submission_id=submission_id)
            if row is not None and _meets(_record(row), which):
                yield _record(row)

    @tried_twice
    def rule(
        self, submission_id: str, *, accept: bool, actor: str, reason: str, now: float
    ) -> SubmissionRecord | Verdict | None:
        """Let a person accept or reject a submission.

        Accepting makes any submission count that does not count yet. Rejecting takes an acceptance
        back (the machine's own verdict stands again), and makes a verified submission ``revoked``.
        """
        with self._write() as tx:
            row = tx.one("read_submission", submission_id=submission_id)
            if row is not None and tx.hold("settling_of_form", form=row[1]):
                row = tx.one("read_submission", submission_id=submission_id)
            if row is None:
                return None
            present, judged = Verdict(row[3]), Verdict(row[4])
            if accept == present.counts:
                return present
            verdict = Verdict.ACCEPTED if accept else _rejected(present, judged)
            values = {"verdict": verdict.value, "present": present.value, "actor": actor, "reason": reason}
            tx.all("rule", submission_id=submission_id, now=now, **values)
            if accept:
                tx.all("take_place", form=row[1], capacity=None)
            else:
                tx.run("free_place", form=row[1])
            record(
                tx,
                Entry(
                    at=now,
                    event="submission.accepted" if accept else "submission.rejected",
                    form=row[1],
                    reason=verdict.value,
                    subject=row[2],
                    actor=actor,
                    about=f"submission {submission_id}",
                    note=reason,
                    submission_id=submission_id,
                ),
            )
            announce(tx, [_ruled(row, verdict, now, accept=accept)])
            row = tx.one("read_submission", submission_id=submission_id)
        return None if row is None else _record(row)

    @tried_twice
    def record(self, entry: Entry) -> str:
        """Add an entry to the ledger; return its reference."""
        with self._write() as tx:
            return record(tx, entry)

    @tried_twice
    def explain(self, ref: str) -> Entry | None:
        """Return the entry under *ref*, however it is spelled, or None."""
        seq = seq_of(ref)
        if seq is None:
            return None
        with self._read() as tx:
            row = tx.one("explain", seq=seq)
        return None if row is None else _entry(row)

    @tried_twice
    def history(self, submission_id: str) -> list[Entry]:
        """Return the entries about one submission, oldest first."""
        with self._read() as tx:
            return [_entry(row) for row in tx.all("history_of_submission", submission_id=submission_id)]

    @tried_twice
    def counts(self) -> dict[str, dict[str, int]]:
        """Return form -> verdict -> number of submissions."""
        counts: dict[str, dict[str, int]] = {}
        with self._read(_LISTING_SECONDS) as tx:
            for form, verdict, number in tx.all("count_submissions"):
                counts.setdefault(form, {})[verdict] = number
        return counts

    @tried_twice
    def oldest_pending(self) -> float | None:
        """Return when the oldest pending submission was first seen, or None."""
        with self._read(_LISTING_SECONDS) as tx:
            row = tx.one("oldest_pending")
        return row[0] if row else None

    @tried_twice
    def change_usage(self, account: str, change: Callable[[Usage | None], tuple[Usage, T]]) -> T:
        """Replace the account's usage by what *change* makes of it, in one transaction; return its answer."""
        with self._write(patience_seconds=10.0) as tx:
            tx.hold("usage_of_account", account=account)
            before = _usage(tx.one("read_usage", account=account))
            usage, answer = change(before)
            if usage != before:
                tx.run(
                    "write_usage",
                    account=account,
                    day=usage.day,
                    limit=usage.limit,
                    used=usage.used,
                    tokens=usage.tokens,
                    tokens_at=usage.tokens_at,
                    probe_day=usage.probe_day,
                    probes=usage.probes,
                    asked_day=usage.asked_day,
                )
        return answer

    @tried_twice
    def usage(self, account: str) -> Usage | None:
        """Return the account's usage as last written."""
        with self._read() as tx:
            return _usage(tx.one("read_usage", account=account))


def _hold(tx: Transaction, candidates: Sequence[Candidate]) -> None:
    """Keep others off everything that settling these may change."""
    for form in sorted({candidate.form for candidate in candidates}):
        tx.hold("settling_of_form", form=form)
    ticket_ids = [candidate.ticket_id for candidate in candidates if candidate.ticket_id is not None]
    if ticket_ids:
        tx.hold("grants_of_tickets", ticket_ids=ticket_ids)
        tx.hold("tickets", ticket_ids=ticket_ids)


def _settle(
    tx: Transaction, candidate: Candidate, capacity: int | None, now: float, judged: list[VerdictEvent]
) -> Settled:
    """Settle one candidate; a verdict that is new is added to *judged*."""
    known = tx.one("read_judgement", submission_id=candidate.submission_id)
    if known is not None and known[0] != Verdict.PENDING.value:
        return Settled(submission_id=candidate.submission_id, verdict=Verdict(known[0]), fresh=False)
    ticket = _ticket(tx, candidate.ticket_id)
    waited_seconds = now - known[1] if known else 0.0
    verdict = judge(candidate, ticket, waited_seconds=waited_seconds)
    if verdict is Verdict.VERIFIED:
        verdict = _redeem(tx, candidate, capacity)
    if known is not None and verdict is Verdict.PENDING:
        return Settled(submission_id=candidate.submission_id, verdict=verdict, fresh=False)
    own = ticket if ticket and ticket.form == candidate.form else None
    kept = candidate.kept
    tx.run(
        "add_submission",
        submission_id=candidate.submission_id,
        form=candidate.form,
        subject=own.subject if own else None,
        verdict=verdict.value,
        created_at=candidate.created_earliest,
        now=now,
        judged_at=None if verdict is Verdict.PENDING else now,
        ticket_id=candidate.ticket_id,
        status=candidate.status,
        digest=kept.digest if kept else None,
        shown=json.dumps(kept.shown) if kept and kept.shown else None,
    )
    _keep_lookups(tx, candidate, known_before=known is not None)
    if verdict is not Verdict.PENDING:
        _note_judgement(tx, candidate, verdict, own, now)
        judged.append(_judged(candidate, verdict, own, now))
    return Settled(submission_id=candidate.submission_id, verdict=verdict, fresh=True)


def _keep_lookups(tx: Transaction, candidate: Candidate, *, known_before: bool) -> None:
    if known_before:
        tx.run("forget_lookups", submission_id=candidate.submission_id)
    for name, fingerprint in candidate.kept.lookups if candidate.kept else ():
        tx.run(
            "add_lookup",
            form=candidate.form,
            field=name,
            fingerprint=fingerprint,
            submission_id=candidate.submission_id,
        )


def _redeem(tx: Transaction, candidate: Candidate, capacity: int | None) -> Verdict:
    """Decide by guarded writes what reading cannot: the first on a ticket, the uses of a code, the form's places."""
    row = tx.one("redeem_ticket", ticket_id=candidate.ticket_id, submission_id=candidate.submission_id)
    if row is None:
        return Verdict.REPLAYED
    if tx.one("take_place", form=candidate.form, capacity=capacity) is None:
        return Verdict.OVER_LIMIT
    if tx.one("take_use", fingerprint=row[0]) is None:
        tx.run("free_place", form=candidate.form)
        return Verdict.OVER_LIMIT
    return Verdict.VERIFIED


def _note_judgement(
    tx: Transaction, candidate: Candidate, verdict: Verdict, ticket: Ticket | None, now: float
) -> None:
    about = f"submission {candidate.submission_id}"
    if candidate.ticket_id is not None:
        about += f", ticket {candidate.ticket_id.hex()[:6]}"
    record(
        tx,
        Entry(
            at=now,
            event="submission.judged",
            form=candidate.form,
            reason=verdict.value,
            subject=ticket.subject if ticket else None,
            about=about,
            submission_id=candidate.submission_id,
        ),
    )


def _judged(candidate: Candidate, verdict: Verdict, ticket: Ticket | None, now: float) -> VerdictEvent:
    return verdict_event(
        submission_id=candidate.submission_id,
        form=candidate.form,
        subject=ticket.subject if ticket else None,
        verdict=verdict,
        created_at=candidate.created_earliest,
        now=now,
        cause=Cause.JUDGED,
    )


def _ruled(row: Row, verdict: Verdict, now: float, *, accept: bool) -> VerdictEvent:
    found = _record(row)
    return verdict_event(
        submission_id=found.submission_id,
        form=found.form,
        subject=found.subject,
        verdict=verdict,
        created_at=found.created_at,
        now=now,
        cause=Cause.ACCEPTED if accept else Cause.REJECTED,
    )


def _ticket(tx: Transaction, ticket_id: bytes | None) -> Ticket | None:
    if ticket_id is None:
        return None
    row = tx.one("read_ticket", ticket_id=ticket_id)
    return None if row is None else ticket_from(row)


def _is_unsettled(tx: Transaction, submission_id: str) -> bool:
    row = tx.one("read_judgement", submission_id=submission_id)
    return row is None or row[0] == Verdict.PENDING.value


def _meets(found: SubmissionRecord, which: SubmissionFilter) -> bool:
    return (
        which.form in (None, found.form)
        and which.subject in (None, found.subject)
        and (not which.verdicts or found.verdict in which.verdicts)
    )


def _rejected(present: Verdict, judged: Verdict) -> Verdict:
    if present is Verdict.VERIFIED:
        return Verdict.REVOKED
    # Accepted after it had been rejected as verified: rejecting it again does not make it verified.
    # Accepted while it was pending: nobody would read it again, so it must not go back to waiting.
    return Verdict.REVOKED if judged in (Verdict.VERIFIED, Verdict.PENDING) else judged


def _record(row: Row) -> SubmissionRecord:
    submission_id, form, subject, verdict, _, created_at, seen_at, judged_at, actor, reason, ticket_id = row
    return SubmissionRecord(
        submission_id=submission_id,
        form=form,
        subject=subject,
        verdict=Verdict(verdict),
        created_at=created_at,
        seen_at=seen_at,
        judged_at=judged_at,
        actor=actor,
        reason=reason,
        ticket=bytes(ticket_id).hex()[:6] if ticket_id is not None else None,
    )


def _entry(row: Row) -> Entry:
    names = ("at", "event", "form", "reason", "subject", "actor", "about", "note", "submission_id")
    return Entry(**dict(zip(names, row, strict=True)))


def _usage(row: Row | None) -> Usage | None:
    if row is None:
        return None
    names = ("day", "limit", "used", "tokens", "tokens_at", "probe_day", "probes", "asked_day")
    values: dict[str, Any] = dict(zip(names, row, strict=True))
    return Usage(**values)
