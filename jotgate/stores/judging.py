"""A batch of submissions judged: all that decides is read at once, and all verdicts are written at once.

All rows read are locked, or the driver's transaction is alone; and every write is guarded by what was decided on, so
that a verdict that rests on anything else undoes the whole batch instead of being written.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from jotgate.answers import stripped
from jotgate.ledger import Entry
from jotgate.outcomes import Cause, Verdict, VerdictEvent
from jotgate.protocols import Settled, Tombstones
from jotgate.signed.tickets import Ticket
from jotgate.stores.driver import Transaction, Undone
from jotgate.stores.forgetting import is_tombstone, known_as
from jotgate.stores.outbox import announce, told_text, verdict_event
from jotgate.stores.spending import Spent, spent_by
from jotgate.stores.tickets import ticket_from
from jotgate.stores.verbs import entry_values
from jotgate.submissions import Candidate, changed_fields, judge, owner


class Judged(NamedTuple):
    """A verdict that is new, and what it is about."""

    candidate: Candidate
    verdict: Verdict
    #: The ticket that it was given on, if that is of the same form.
    ticket: Ticket | None
    #: Whether the submission was pending before.
    known_before: bool


class _Uses(NamedTuple):
    """How often a code is honoured, and was."""

    fingerprint: bytes
    uses: int
    used: int


def settle_batch(
    tx: Transaction,
    candidates: Sequence[Candidate],
    *,
    capacity: int | None,
    now: float,
    tombstones: Tombstones,
) -> list[Settled]:
    """Judge the candidates in the order given, and write every verdict that is new; *tombstones* as in `known_as`."""
    lock_for_settling(tx, candidates)
    batch = _Batch(tx, candidates, capacity=capacity, now=now, tombstones=tombstones)
    settled = [batch.settle(candidate) for candidate in candidates]
    batch.redeem(tx)
    _write(tx, _forgotten(tx, list(batch.judged.values()), tombstones), now)
    batch.take_places(tx)
    return settled


def _forgotten(tx: Transaction, judged: list[Judged], tombstones: Tombstones) -> list[Judged]:
    """Put tombstones in place of those who are forgotten, and keep nothing of what they wrote."""
    if tx.one("any_tombstone") is not None:
        judged = [_known(tx, one, tombstones) for one in judged]
    return [
        one._replace(candidate=replace(one.candidate, kept=stripped(one.candidate.kept)))
        if one.ticket is not None and is_tombstone(one.ticket.subject)
        else one
        for one in judged
    ]


def _known(tx: Transaction, judged: Judged, tombstones: Tombstones) -> Judged:
    ticket = judged.ticket
    if ticket is None:
        return judged
    return judged._replace(
        ticket=replace(ticket, subject=known_as(tx, tombstones, ticket.form, ticket.subject))
    )


def lock_for_settling(tx: Transaction, candidates: Sequence[Candidate]) -> None:
    """Keep others off everything that settling these may change."""
    for form in _forms(candidates):
        tx.lock("settling_of_form", form=form)
    ticket_ids = _ticket_ids(candidates)
    if ticket_ids:
        tx.lock("grants_of_tickets", each=ticket_ids)
        tx.lock("tickets", each=ticket_ids)


class _Batch:
    """What decides on a batch: as the store has it at first, and as each verdict leaves it for the next."""

    def __init__(
        self,
        tx: Transaction,
        candidates: Sequence[Candidate],
        *,
        capacity: int | None,
        now: float,
        tombstones: Tombstones,
    ) -> None:
        self._capacity = capacity
        self._now = now
        ids = list({candidate.submission_id for candidate in candidates})
        rows = tx.each("read_judgements", ids)
        self._known = {row[0]: (Verdict(row[1]), row[2]) for row in rows}
        self._tickets: dict[bytes, Ticket] = {}
        self._uses: dict[bytes, _Uses] = {}
        for row in tx.each("tickets_to_settle", _ticket_ids(candidates)):
            ticket = ticket_from(row[3:])
            self._tickets[ticket.ticket_id] = ticket
            if row[0] is not None:
                self._uses[ticket.ticket_id] = _Uses(bytes(row[0]), *row[1:3])
        self._owners = self._whose(tx, candidates, tombstones)
        self._spent = self._spent_subjects(tx, candidates)
        self._places = {str(row[0]): int(row[1]) for row in tx.each("read_places", _forms(candidates))}
        self._taken_places: Counter[str] = Counter()
        self._taken_uses: Counter[bytes] = Counter()
        self._taken_of_subjects: Counter[tuple[str, str | None]] = Counter()
        self._redeemed: dict[bytes, str] = {}
        #: The verdicts that are new, by the submission's id.
        self.judged: dict[str, Judged] = {}

    def _whose(
        self, tx: Transaction, candidates: Sequence[Candidate], tombstones: Tombstones
    ) -> dict[str, str | None]:
        """Return whose each candidate with a ticket is, by its id."""
        named = {
            one.submission_id: (one.form, owner(one, self._tickets[one.ticket_id]))
            for one in candidates
            if one.ticket_id in self._tickets
        }
        if tx.one("any_tombstone") is None:
            return {one: subject for one, (_, subject) in named.items()}
        return {one: known_as(tx, tombstones, *whose) for one, whose in named.items()}

    def _spent_subjects(
        self, tx: Transaction, candidates: Sequence[Candidate]
    ) -> dict[tuple[str, str | None], Spent]:
        """Return how far those are who may not submit as often as they like, by form and subject."""
        found: dict[tuple[str, str | None], Spent] = {}
        for form, in_all in {(one.form, one.in_all) for one in candidates}:
            named = {self._owners.get(one.submission_id) for one in candidates if one.form == form}
            subjects = {one for one in named if one is not None}
            found |= {
                (form, one): spent for one, spent in spent_by(tx, form, subjects, in_all=in_all).items()
            }
        return found

    def settle(self, candidate: Candidate) -> Settled:
        """Judge the next candidate."""
        known = self._known.get(candidate.submission_id)
        if known is not None and known[0] is not Verdict.PENDING:
            return Settled(submission_id=candidate.submission_id, verdict=known[0], fresh=False)
        ticket = self._ticket(candidate)
        seen_at = known[1] if known else self._now
        verdict = judge(candidate, ticket, waited_seconds=self._now - seen_at, seen_at=seen_at)
        if ticket is not None and verdict is Verdict.VERIFIED:
            verdict = self._redeem(candidate, ticket)
        if known is not None and verdict is Verdict.PENDING:
            return Settled(submission_id=candidate.submission_id, verdict=verdict, fresh=False)
        own = ticket if ticket and ticket.form == candidate.form else None
        if own is not None and verdict is Verdict.VERIFIED:
            subject = self._owners[candidate.submission_id]
            own = own if own.subject == subject else replace(own, subject=subject)
        self._known[candidate.submission_id] = (verdict, seen_at)
        self.judged[candidate.submission_id] = Judged(candidate, verdict, own, known is not None)
        return Settled(submission_id=candidate.submission_id, verdict=verdict, fresh=True)

    def _ticket(self, candidate: Candidate) -> Ticket | None:
        """Return the candidate's ticket as the verdicts before this one left it."""
        if candidate.ticket_id is None:
            return None
        ticket, redeemed_for = self._tickets.get(candidate.ticket_id), self._redeemed.get(candidate.ticket_id)
        if ticket is None or redeemed_for is None:
            return ticket
        return replace(ticket, submission_id=redeemed_for)

    def _redeem(self, candidate: Candidate, ticket: Ticket) -> Verdict:
        """Decide what reading cannot: the first on a ticket, the form's places, the uses of a code and of a person."""
        if ticket.submission_id is not None:
            return Verdict.REPLAYED
        self._redeemed[ticket.ticket_id] = candidate.submission_id
        form, uses = candidate.form, self._uses.get(ticket.ticket_id)
        if form not in self._places or uses is None:
            return Verdict.OVER_LIMIT
        if self._capacity is not None and self._places[form] + self._taken_places[form] >= self._capacity:
            return Verdict.OVER_LIMIT
        if uses.used + self._taken_uses[uses.fingerprint] >= uses.uses:
            return Verdict.OVER_LIMIT
        person = form, self._owners[candidate.submission_id]
        spent = self._spent.get(person)
        if spent is not None and self._taken_of_subjects[person] >= spent.left:
            return Verdict.OVER_LIMIT
        self._taken_places[form] += 1
        self._taken_uses[uses.fingerprint] += 1
        self._taken_of_subjects[person] += 1
        return Verdict.VERIFIED

    def redeem(self, tx: Transaction) -> None:
        """Take the tickets and the uses of codes that were decided on."""
        redeemed = self._redeemed.items()
        tickets = [{"ticket_id": ticket_id, "submission_id": one} for ticket_id, one in redeemed]
        _write_all(tx, "redeem_ticket", tickets)
        uses = [{"fingerprint": one, "count": count} for one, count in self._taken_uses.items() if count]
        _write_all(tx, "take_uses", uses)

    def take_places(self, tx: Transaction) -> None:
        """Take the forms' places: last, because deliveries wait for the one that does."""
        places = [
            {"form": form, "count": count, "capacity": self._capacity}
            for form, count in self._taken_places.items()
            if count
        ]
        _write_all(tx, "take_places", places)


def _write(tx: Transaction, judged: Sequence[Judged], now: float) -> None:
    """Write all rows that a verdict leaves behind."""
    _write_all(tx, "add_submission", [_submission(one, now) for one in judged])
    remove_lookups(tx, [one.candidate for one in judged if one.known_before])
    keep_lookups(tx, [one.candidate for one in judged])
    entries = [entry_values(_entry(one, now)) for one in judged if one.verdict is not Verdict.PENDING]
    _write_all(tx, "add_entry", entries)
    announce(tx, (_event(one, now) for one in judged if one.verdict is not Verdict.PENDING))


def remove_lookups(tx: Transaction, candidates: Sequence[Candidate]) -> None:
    """Forget by what these were to be found again: their answers are read anew."""
    if candidates:
        tx.many("remove_lookups", [{"submission_id": one.submission_id} for one in candidates])


def keep_lookups(tx: Transaction, candidates: Sequence[Candidate]) -> None:
    """Keep by what these are to be found again."""
    _write_all(tx, "add_lookup", [row for one in candidates for row in _lookups(one)])


def _submission(judged: Judged, now: float) -> dict[str, Any]:
    candidate, verdict, ticket, _ = judged
    kept = candidate.kept
    return {
        "submission_id": candidate.submission_id,
        "form": candidate.form,
        "subject": ticket.subject if ticket else None,
        "verdict": verdict.value,
        "created_at": candidate.created_earliest,
        "created_from": candidate.created_from or None,
        "now": now,
        "judged_at": None if verdict is Verdict.PENDING else now,
        "ticket_id": candidate.ticket_id,
        "opening": candidate.opening,
        "status": candidate.status,
        "digest": kept.digest if kept else None,
        "shown": json.dumps(kept.shown) if kept and kept.shown else None,
        "told": told_text(kept.told) if kept else None,
    }


def _lookups(candidate: Candidate) -> Iterator[dict[str, Any]]:
    for name, fingerprint in candidate.kept.lookups if candidate.kept else ():
        yield {
            "form": candidate.form,
            "field": name,
            "fingerprint": fingerprint,
            "submission_id": candidate.submission_id,
        }


def _entry(judged: Judged, now: float) -> Entry:
    candidate, verdict, ticket, _ = judged
    about = f"submission {candidate.submission_id}"
    if candidate.ticket_id is not None:
        about += f", ticket {candidate.ticket_id.hex()[:6]}"
    return Entry(
        at=now,
        event="submission.judged",
        form=candidate.form,
        reason=verdict.value,
        subject=ticket.subject if ticket else None,
        about=about,
        note=_which_changed(judged),
        submission_id=candidate.submission_id,
    )


def _which_changed(judged: Judged) -> str | None:
    if judged.verdict is not Verdict.TAMPERED or judged.ticket is None:
        return None
    return "changed: " + ", ".join(changed_fields(judged.candidate, judged.ticket))


def _event(judged: Judged, now: float) -> VerdictEvent:
    kept = judged.candidate.kept
    return verdict_event(
        submission_id=judged.candidate.submission_id,
        form=judged.candidate.form,
        subject=judged.ticket.subject if judged.ticket else None,
        verdict=judged.verdict,
        created_at=judged.candidate.created_earliest,
        now=now,
        cause=Cause.JUDGED,
        fields=kept.told if kept else {},
    )


def _write_all(tx: Transaction, name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write every row of *rows*, or undo everything."""
    if rows and tx.many(name, rows) != len(rows):
        raise Undone(f"what was decided on changed before {name} could write it")


def _forms(candidates: Sequence[Candidate]) -> list[str]:
    return sorted({candidate.form for candidate in candidates})


def _ticket_ids(candidates: Sequence[Candidate]) -> list[bytes]:
    return list({candidate.ticket_id for candidate in candidates if candidate.ticket_id is not None})
