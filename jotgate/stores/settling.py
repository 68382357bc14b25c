"""Verdicts written and listed; the ledger; the usage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TypeVar

from jotgate.ledger import Entry
from jotgate.outcomes import Verdict
from jotgate.protocols import Settled, SubmissionFilter, SubmissionRecord
from jotgate.quota import Usage
from jotgate.signed.tickets import Ticket
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.forgetting import known_as
from jotgate.stores.judging import settle_batch
from jotgate.stores.tickets import ticket_from
from jotgate.stores.verbs import Verbs, from_row, record, tried_twice
from jotgate.submissions import Candidate

T = TypeVar("T")

_PAGE_ROWS = 1000
#: A read of a whole table may take a while.
_LISTING_SECONDS = 30.0
#: Sorts behind every id.
_ABOVE_ALL_IDS = "~"


class SettlingVerbs(Verbs):
    """The part of the store that gives every submission its one verdict, and remembers it."""

    @tried_twice
    def unsettled(self, submission_ids: Sequence[str]) -> set[str]:
        """Return those ids that have no verdict, or a pending one."""
        with self._read() as tx:
            rows = tx.each("read_judgements", list(submission_ids))
        return set(submission_ids) - {row[0] for row in rows if row[1] != Verdict.PENDING.value}

    @tried_twice
    def settle(self, candidates: Sequence[Candidate], *, capacity: int | None, now: float) -> list[Settled]:
        """Judge the candidates of one form in the order given, in one transaction; idempotent on the submission id."""
        with self._write(patience_seconds=30.0) as tx:
            return settle_batch(tx, candidates, capacity=capacity, now=now, tombstones=self._tombstones)

    def submissions(self, which: SubmissionFilter) -> Iterator[SubmissionRecord]:
        """Iterate over the submissions meant, newest first, in bounded memory."""
        if which.submission_ids:
            yield from self._by_id(which)
            return
        verdict = which.verdicts[0].value if len(which.verdicts) == 1 else None
        wanted = {"form": which.form, "subject": which.subject, "verdict": verdict}
        with self._read(_LISTING_SECONDS) as tx:
            lengths = [row[0] for row in tx.all("lengths_of_submissions", **wanted)]
        # Ids grow with time: longer ones are newer.
        for length in sorted(lengths, reverse=True):
            for row in self._rows_of_length(length, wanted):
                if not which.verdicts or Verdict(row[3]) in which.verdicts:
                    yield record_of(row)

    def _rows_of_length(self, length: int, wanted: Mapping[str, str | None]) -> Iterator[Row]:
        before = _ABOVE_ALL_IDS
        while True:
            with self._read(_LISTING_SECONDS) as tx:
                rows = tx.all("page_of_submissions", length=length, before=before, rows=_PAGE_ROWS, **wanted)
            yield from rows
            if len(rows) < _PAGE_ROWS:
                return
            before = rows[-1][0]

    def _by_id(self, which: SubmissionFilter) -> Iterator[SubmissionRecord]:
        for submission_id in sorted(which.submission_ids, key=lambda one: (len(one), one), reverse=True):
            with self._read() as tx:
                row = tx.one("read_submission", submission_id=submission_id)
            if row is not None and _meets(record_of(row), which):
                yield record_of(row)

    @tried_twice
    def sent_ticket(self, submission_id: str) -> tuple[Ticket, int | None] | None:
        """Return the ticket that a submission came with, and the number of its opening; None: none is known."""
        with self._read() as tx:
            sent = tx.one("ticket_of_submission", submission_id=submission_id)
            row = None if sent is None or sent[0] is None else tx.one("read_ticket", ticket_id=sent[0])
        return None if sent is None or row is None else (ticket_from(row[:-1]), sent[1])

    @tried_twice
    def long_pending(self, form: str, *, before: float, limit: int) -> list[str]:
        """Return the ids of submissions of *form* that have waited since before that moment, the longest first."""
        with self._read() as tx:
            return [row[0] for row in tx.all("long_pending", form=form, before=before, limit=limit)]

    @tried_twice
    def record(self, entry: Entry) -> str:
        """Add an entry to the ledger; return its reference."""
        with self._write() as tx:
            subject = known_as(tx, self._tombstones, entry.form or "", entry.subject)
            return tx.references.ref_of(record(tx, replace(entry, subject=subject)))

    @tried_twice
    def explain(self, ref: str) -> Entry | None:
        """Return the entry under *ref*, however it is spelled, or None."""
        with self._read() as tx:
            seq = tx.references.seq_of(ref)
            row = None if seq is None else tx.one("explain", seq=seq)
        return None if row is None else from_row(Entry, row)

    @tried_twice
    def history(self, submission_id: str) -> list[Entry]:
        """Return the entries about one submission, oldest first."""
        with self._read() as tx:
            return [
                from_row(Entry, row) for row in tx.all("history_of_submission", submission_id=submission_id)
            ]

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
            tx.lock("usage_of_account", account=account)
            before = _usage(tx, account)
            usage, answer = change(before)
            if usage != before:
                tx.run("write_usage", account=account, **asdict(usage))
        return answer

    @tried_twice
    def usage(self, account: str) -> Usage | None:
        """Return the account's usage as last written."""
        with self._read() as tx:
            return _usage(tx, account)


def record_of(row: Row) -> SubmissionRecord:
    """Return the submission that a row is of; its columns are those of ``every_submission``."""
    submission_id, form, subject, verdict, _, created_at, seen_at, judged_at, actor, reason = row[:10]
    ticket_id, created_from = row[10:]
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
        created_from=created_from,
    )


def _meets(found: SubmissionRecord, which: SubmissionFilter) -> bool:
    return (
        which.form in (None, found.form)
        and which.subject in (None, found.subject)
        and (not which.verdicts or found.verdict in which.verdicts)
    )


def _usage(tx: Transaction, account: str) -> Usage | None:
    row = tx.one("read_usage", account=account)
    return None if row is None else from_row(Usage, row)
