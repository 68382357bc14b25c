"""Codes turned into tickets: the look-up, the throttle and the issue are one transaction.

Where writers do not take turns, whoever needs several rows takes them in one order, so that no two wait for
each other: apps, proofs, tallies, grants, tokens, tickets, revocations, forms, keys of apps.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from jotgate.ledger import Entry
from jotgate.outcomes import Admit, Reason, Refuse, Verdict
from jotgate.passes import Pass
from jotgate.policy import CLOSING_GRACE_SECONDS, shut
from jotgate.protocols import Opening
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.verbs import Verbs, entry_values, record, tried_twice
from jotgate.throttle import (
    DAILY_GUESSES,
    DAY_SECONDS,
    EVERYWHERE,
    FREE_GUESSES,
    WINDOW_SECONDS,
    Guesser,
    Tally,
    Turn,
    next_turn,
    window_of,
)
from jotgate.tickets import UNANSWERED_SECONDS, Ticket, TicketState, new_ticket_id

#: The reference of every throttled try: such tries write nothing, so there is no entry to look up.
THROTTLED_REF = "THROTTLED"


class _Found(NamedTuple):
    """A row of grants."""

    fingerprint: bytes
    key_id: str
    form: str
    subject: str | None
    label: str | None
    batch: str | None
    uses: int
    used: int
    valid_from: float | None
    valid_until: float | None
    revoked_at: float | None
    created_at: float
    moves: int
    #: Not told by the quick look at a code: a code has neither.
    app: str | None = None
    foreign_tries: int = 0


class Held(NamedTuple):
    """A ticket as the transaction sees it."""

    ticket_id: bytes
    form: str
    subject: str | None
    browser: bytes | None
    pass_id: bytes | None
    pass_expires_at: float | None
    state: str
    issued_at: float
    expires_at: float
    sent_at: float | None
    revoked_at: float | None
    moves: int
    submission_id: str | None


class TicketVerbs(Verbs):
    """The part of the store that people at the door meet."""

    @tried_twice
    def open_ticket(self, opening: Opening) -> Admit | Refuse:
        """Look the code up, count a wrong guess, and issue or extend the ticket; all or nothing."""
        wish = None if opening.holds is not None else _wish(opening)
        if wish is not None and self._driver.issues_alone:
            with self._read() as tx:
                admit = _issue_at_once(tx, opening, wish)
            if admit is not None:
                return admit
            wish = None
        return self._open(opening, wish)

    def _open(self, opening: Opening, wish: dict[str, Any] | None) -> Admit | Refuse:
        with self._write() as tx:
            admit = None if wish is None else _issue_at_once(tx, opening, wish)
            if admit is not None:
                entry = _admission(opening, admit.subject, admit.ticket_id, "issued")
                tx.run("add_entry", **entry_values(entry))
                return admit
            refusal = _shut(tx, opening)
            if refusal is not None:
                return refusal
            turn = _turn(tx, opening)
            if turn.wait_seconds > 0:
                return _throttled(turn)
            grant = _find(tx, opening)
            if grant is None:
                return _unknown(tx, opening, turn)
            unusable = _unusable(tx, grant, opening)
            if unusable is not None:
                return _refused(tx, opening, unusable[0], at=unusable[1], grant=grant)
            if grant.uses > 1:
                return _issued(tx, opening, grant)
            return _lifelong(tx, opening, grant)

    @tried_twice
    def leave(self, held: Pass, now: float) -> None:
        """Revoke the pass; a ticket of a code with several uses is not handed out again."""
        with self._write() as tx:
            tx.run("unbind_ticket", ticket_id=held.ticket_id)
            tx.run("revoke_pass", pass_id=held.pass_id, now=now, expires_at=held.expires_at)

    @tried_twice
    def mark_sent(self, *, ticket_id: bytes, now: float) -> bool:
        """Turn an open ticket into a sent one and make its form due; say whether it was open."""
        with self._write() as tx:
            row = tx.one("mark_sent", ticket_id=ticket_id, now=now)
            if row is None:
                return False
            form_id = self._forms.get(row[0])
            if form_id is not None:
                tx.run("note_delivery", form_id=form_id, now=now, again_at=now + 60.0)
            return True

    @tried_twice
    def ticket(self, ticket_id: bytes) -> Ticket | None:
        """Return the ticket, with its verdict if a submission was settled on it."""
        with self._read() as tx:
            row = tx.one("read_ticket", ticket_id=ticket_id)
        return None if row is None else ticket_from(row)

    @tried_twice
    def revocations(self, since: float) -> list[tuple[bytes, float]]:
        """Return the ids of the passes revoked after *since* that would otherwise live, and when each would end."""
        with self._read() as tx:
            return [(bytes(row[0]), row[1]) for row in tx.all("read_revocations", since=since)]

    @tried_twice
    def check(self) -> None:
        """Return if the store can be read and written now, else raise `StoreUnavailable`."""
        with self._write() as tx:
            # Nobody's lease: refused where nothing may be written, and changes nothing where it may.
            tx.run("release_lease", holder="")


def ticket_from(row: Row) -> Ticket:
    """Return the ticket in a row of ``read_ticket``."""
    (
        ticket_id,
        form,
        subject,
        state,
        issued_at,
        expires_at,
        sent_at,
        revoked_at,
        moves,
        submission_id,
        verdict,
        app,
        prefill,
        locked,
    ) = row
    return Ticket(
        ticket_id=bytes(ticket_id),
        form=form,
        subject=subject,
        state=TicketState(state),
        issued_at=issued_at,
        expires_at=expires_at,
        sent_at=sent_at,
        revoked_at=revoked_at,
        moves=moves,
        submission_id=submission_id,
        verdict=Verdict(verdict) if verdict else None,
        app=app,
        prefill=json.loads(prefill) if prefill else {},
        locked=tuple(json.loads(locked)) if locked else (),
    )


def _wish(opening: Opening) -> dict[str, Any]:
    """Return what ``issue_at_once`` has to know; made beforehand, since others may wait while it runs."""
    ticket_id = new_ticket_id()
    entry = _admission(opening, None, ticket_id, "issued")
    network, everywhere = (opening.guesser.keys[0], EVERYWHERE) if opening.guesser else ("", "")
    return {
        "fingerprint": opening.fingerprints[0],
        "form": opening.form,
        "capacity": opening.capacity,
        "network": network,
        "free_guesses": FREE_GUESSES,
        "window_seconds": WINDOW_SECONDS,
        "everywhere": everywhere,
        "daily_guesses": DAILY_GUESSES,
        "day_seconds": DAY_SECONDS,
        "grace_seconds": CLOSING_GRACE_SECONDS,
        "ticket_id": ticket_id,
        "browser": opening.browser,
        "pass_id": opening.pass_id,
        "now": opening.now,
        "expires_at": opening.ticket_expires_at,
        "pass_expires_at": _pass_expiry(opening, opening.ticket_expires_at),
        "event": entry.event,
        "about": entry.about,
        "note": entry.note,
    }


def _issue_at_once(tx: Transaction, opening: Opening, wish: dict[str, Any]) -> Admit | None:
    """Issue a ticket of a code that is not open, if nothing at all stands in the way; else write nothing."""
    row = tx.one("issue_at_once", **wish)
    return None if row is None else _admit(opening, row[0], wish["ticket_id"], row[1])


def _shut(tx: Transaction, opening: Opening) -> Refuse | None:
    """Refuse whoever it is, without an entry, if the form takes nobody."""
    row = tx.one("read_doorway", form=opening.form)
    reason = shut(missing_since=row[0], settled=row[1], capacity=opening.capacity) if row else None
    return None if reason is None else Refuse(reason=reason, ref=reason.name)


def _turn(tx: Transaction, opening: Opening) -> Turn:
    """Ask the throttle, and take the turn if the network is slowed."""
    if opening.guesser is None:
        return Turn(wait_seconds=0.0)
    turn = _next_turn(tx, opening, opening.guesser)
    return turn if turn.takes is None else _held_turn(tx, opening, opening.guesser, turn)


def _held_turn(tx: Transaction, opening: Opening, guesser: Guesser, turn: Turn) -> Turn:
    """Make sure that nobody else takes the same turn, or the same last free guess."""
    if tx.hold("guesses_of_network", network=guesser.network):
        turn = _next_turn(tx, opening, guesser)
    if turn.takes is not None:
        next_try_at = opening.now + turn.turn_seconds
        tx.run("take_turn", key=turn.takes, now=opening.now, next_try_at=next_try_at)
    return turn


def _next_turn(tx: Transaction, opening: Opening, guesser: Guesser) -> Turn:
    keys = {f"key_{number}": key for number, key in enumerate(guesser.keys, 1)}
    return next_turn(guesser, _tallies(tx.all("read_tallies", **keys)), opening.now)


def _tallies(rows: Iterable[Row]) -> dict[str, Tally]:
    return {row[0]: Tally(count=row[1], since=row[2], next_try_at=row[3]) for row in rows}


def _find(tx: Transaction, opening: Opening) -> _Found | None:
    for fingerprint in opening.fingerprints:
        row = tx.one("find_grant", fingerprint=fingerprint)
        if row is not None:
            return _Found(*row)
    return None


def _unknown(tx: Transaction, opening: Opening, turn: Turn) -> Refuse:
    """Refuse a code that no grant has: one that was replaced is told so, any other is a wrong guess."""
    for fingerprint in opening.fingerprints:
        row = tx.one("find_old_code", fingerprint=fingerprint)
        if row is not None:
            return _refused(tx, opening, Reason.REVOKED, at=row[1])
    if opening.guesser is not None and turn.takes is None:
        turn = _held_turn(tx, opening, opening.guesser, turn)
        if turn.wait_seconds > 0:
            return _throttled(turn)
    for key in turn.counts:
        tx.run("count_guess", key=key, now=opening.now, window_seconds=window_of(key))
    return _refused(tx, opening, Reason.UNKNOWN_CODE)


def _throttled(turn: Turn) -> Refuse:
    return Refuse(reason=Reason.THROTTLED, ref=THROTTLED_REF, retry_after_seconds=turn.wait_seconds)


def _unusable(tx: Transaction, grant: _Found, opening: Opening) -> tuple[Reason, float | None] | None:
    """Return why the code cannot be used now, and the moment that the reason speaks of."""
    if grant.form != opening.form:
        return Reason.WRONG_FORM, None
    if grant.revoked_at is not None:
        return Reason.REVOKED, grant.revoked_at
    if grant.valid_from is not None and opening.now < grant.valid_from:
        return Reason.NOT_YET_VALID, grant.valid_from
    if grant.valid_until is not None and opening.now >= grant.valid_until:
        return Reason.EXPIRED, grant.valid_until
    if grant.used >= grant.uses:
        return Reason.USED_UP, _used_at(tx, grant)
    return None


def _used_at(tx: Transaction, grant: _Found) -> float | None:
    row = tx.one("last_use_of_grant", fingerprint=grant.fingerprint)
    return row[0] if row else None


def _lifelong(tx: Transaction, opening: Opening, grant: _Found) -> Admit | Refuse:
    """Open the one ticket that a code of one use has for life."""
    row = tx.one("newest_ticket_of_grant", fingerprint=grant.fingerprint)
    held = Held(*row) if row else None
    if held is None or held.submission_id is not None or held.state == "revoked":
        return _issued(tx, opening, grant)
    elsewhere = held.browser != opening.browser
    unanswered = held.state == "sent" and is_unanswered(tx, held, opening.form)
    if held.state == "sent" and not unanswered and elsewhere:
        return _refused(tx, opening, Reason.USED_UP, at=held.sent_at, grant=grant)
    if elsewhere and not opening.move:
        return _refused(tx, opening, Reason.OPEN_ELSEWHERE, grant=grant)
    return _reopened(tx, opening, grant, held, moved=elsewhere, state="open" if unanswered else held.state)


def is_unanswered(tx: Transaction, held: Held, form: str) -> bool:
    """Say whether the form was read long after the ticket was sent, without anything having come."""
    if held.sent_at is None:
        return False
    row = tx.one("last_reading", form=form)
    return row is not None and row[0] is not None and row[0] >= held.sent_at + UNANSWERED_SECONDS


def _expiry(opening: Opening, grant: _Found) -> tuple[float, float]:
    """Return when the ticket, and when the pass runs out; ``issue_at_once`` says the same."""
    ticket_expires_at = opening.ticket_expires_at
    if grant.valid_until is not None:
        ticket_expires_at = min(ticket_expires_at, grant.valid_until + CLOSING_GRACE_SECONDS)
    return ticket_expires_at, _pass_expiry(opening, ticket_expires_at)


def _pass_expiry(opening: Opening, ticket_expires_at: float) -> float:
    if opening.pass_ttl_seconds is None:
        return ticket_expires_at
    return min(ticket_expires_at, opening.now + opening.pass_ttl_seconds)


def _issued(tx: Transaction, opening: Opening, grant: _Found) -> Admit:
    ticket_id = new_ticket_id()
    values = _ticket_values(opening, grant, ticket_id)
    tx.run("issue_ticket", **values)
    return _admitted(tx, opening, grant, ticket_id, values["pass_expires_at"], "issued")


def _ticket_values(opening: Opening, grant: _Found, ticket_id: bytes) -> dict[str, Any]:
    ticket_expires_at, pass_expires_at = _expiry(opening, grant)
    return {
        "ticket_id": ticket_id,
        "form": grant.form,
        "subject": grant.subject,
        "fingerprint": grant.fingerprint,
        "browser": opening.browser,
        "pass_id": opening.pass_id,
        "pass_expires_at": pass_expires_at,
        "now": opening.now,
        "expires_at": ticket_expires_at,
    }


def _reopened(
    tx: Transaction, opening: Opening, grant: _Found, held: Held, *, moved: bool, state: str
) -> Admit:
    ticket_expires_at, pass_expires_at = _expiry(opening, grant)
    tx.run(
        "reopen_ticket",
        ticket_id=held.ticket_id,
        subject=grant.subject,
        browser=opening.browser,
        pass_id=opening.pass_id,
        pass_expires_at=pass_expires_at,
        state=state,
        expires_at=max(ticket_expires_at, held.expires_at) if state == "sent" else ticket_expires_at,
        moved=int(moved),
    )
    if moved:
        tx.run("count_move", fingerprint=grant.fingerprint)
    if held.pass_id is not None and held.pass_expires_at is not None:
        tx.run("revoke_pass", pass_id=held.pass_id, now=opening.now, expires_at=held.pass_expires_at)
    how = "moved" if moved else "opened again"
    return _admitted(tx, opening, grant, held.ticket_id, pass_expires_at, how)


def _admitted(
    tx: Transaction, opening: Opening, grant: _Found, ticket_id: bytes, pass_expires_at: float, how: str
) -> Admit:
    if opening.holds is not None:
        held = opening.holds
        tx.run("revoke_pass", pass_id=held.pass_id, now=opening.now, expires_at=held.expires_at)
    record(tx, _admission(opening, grant.subject, ticket_id, how, grant.fingerprint))
    return _admit(opening, grant.subject, ticket_id, pass_expires_at)


def _admission(
    opening: Opening, subject: str | None, ticket_id: bytes, how: str, fingerprint: bytes | None = None
) -> Entry:
    fingerprint = opening.fingerprints[0] if fingerprint is None else fingerprint
    return Entry(
        at=opening.now,
        event="browser.admitted",
        form=opening.form,
        subject=subject,
        about=f"code {fingerprint.hex()[:6]}, ticket {ticket_id.hex()[:6]}",
        note=how,
    )


def _admit(opening: Opening, subject: str | None, ticket_id: bytes, pass_expires_at: float) -> Admit:
    return Admit(
        form=opening.form,
        subject=subject,
        ticket_id=ticket_id,
        pass_id=opening.pass_id,
        expires_at=pass_expires_at,
    )


def _refused(
    tx: Transaction,
    opening: Opening,
    reason: Reason,
    *,
    at: float | None = None,
    grant: _Found | None = None,
) -> Refuse:
    fingerprint = grant.fingerprint if grant else opening.fingerprints[0]
    ref = record(
        tx,
        Entry(
            at=opening.now,
            event="code.refused",
            form=opening.form,
            reason=reason.value,
            subject=grant.subject if grant else None,
            about=f"code {fingerprint.hex()[:6]}",
            note=opening.guesser.network if opening.guesser else None,
        ),
    )
    return Refuse(reason=reason, ref=ref, at=at)
