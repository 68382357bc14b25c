"""Codes turned into tickets: the look-up, the throttle and the issue are one transaction.

Where writers do not take turns, each takes the rows that it needs in one order, so that no two wait for
each other: apps, proofs, tallies, grants, tokens, tickets, revocations, forms, keys of apps.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from jotgate.ledger import Entry
from jotgate.outcomes import Admit, Reason, Refuse, Verdict
from jotgate.policy import CLOSING_GRACE_SECONDS, shut
from jotgate.protocols import Opening, Revoked
from jotgate.signed.passes import Pass
from jotgate.signed.tickets import UNANSWERED_SECONDS, FilledIn, OnPage, Ticket, TicketState, new_ticket_id
from jotgate.stores.at_once import about_code, admission, issue_at_once, pass_expiry, wish_of
from jotgate.stores.codes import Found, busy, hold, see, too_often, unusable
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.guessing import GuessingVerbs
from jotgate.stores.openings import SENDERS_LETTERS, as_sent, read_openings, sender_of
from jotgate.stores.verbs import record, tried_twice
from jotgate.throttle import Turn


class TicketRow(NamedTuple):
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
    openings: str | None


class TicketVerbs(GuessingVerbs):
    """The part of the store that people at the door meet."""

    @tried_twice
    def open_ticket(self, opening: Opening) -> Admit | Refuse:
        """Look the code up, count a wrong guess, and issue or extend the ticket; all or nothing.

        Nobody is let in to a form that is full or has no ticket field, and no guess counts there.
        """
        decision = self._in_turn(opening.fingerprints, partial(self._decide, opening))
        if self.guesses.needs_codes():
            self.guesses.count_codes(self.codes_in_use)
            if isinstance(decision, Refuse) and decision.reason is Reason.THROTTLED:
                decision = self._open(opening, None)
        if self.guesses.needs_cleaning():
            self.remove_old_guesses()
        return decision

    def _decide(self, opening: Opening) -> Admit | Refuse:
        wish = None if opening.holds is not None else wish_of(opening) | self.guesses.limits()
        if wish is not None and self._driver.issues_alone:
            with self._read() as tx:
                admit = issue_at_once(tx, opening, wish, alone=True)
            if admit is not None:
                return admit
            wish = None
        return self._open(opening, wish)

    def _open(self, opening: Opening, wish: dict[str, Any] | None) -> Admit | Refuse:
        with self._write() as tx:
            if wish is not None:
                admit = issue_at_once(tx, opening, wish, alone=False)
                if admit is not None:
                    return admit
            refusal = _shut(tx, opening)
            if refusal is not None:
                return refusal
            turn = self.guesses.turn_of(tx, opening.guesser)
            if turn.wait_seconds > 0:
                return _throttled(turn)
            grant = see(tx, opening, self.guesses.now)
            if grant is not None:
                refusal = busy(tx, opening, grant)
                if refusal is not None:
                    return refusal
                grant = hold(tx, grant.fingerprint, self.guesses.now)
            if grant is None:
                return self._unknown(tx, opening, turn)
            why_not = unusable(tx, grant, opening)
            if why_not is not None:
                return _refused(tx, opening, why_not[0], at=why_not[1], grant=grant)
            if grant.uses > 1:
                refusal = too_often(tx, opening, grant)
                return _issued(tx, opening, grant) if refusal is None else refusal
            return _lifelong(tx, opening, grant)

    def _unknown(self, tx: Transaction, opening: Opening, turn: Turn) -> Refuse:
        """Refuse a code that no grant has: as revoked if another replaced it, else as a wrong guess."""
        for fingerprint in opening.fingerprints:
            row = tx.one("find_old_code", fingerprint=fingerprint)
            if row is not None:
                return _refused(tx, opening, Reason.REVOKED, at=row[1])
        if opening.guesser is not None and not turn.takes:
            turn = self.guesses.lock_turn(tx, opening.guesser, turn)
            if turn.wait_seconds > 0:
                return _throttled(turn)
        self.guesses.count(tx, turn)
        if opening.guesser is not None and not turn.is_noted:
            return Refuse.unrecorded(Reason.UNKNOWN_CODE)
        return _refused(tx, opening, Reason.UNKNOWN_CODE)

    @tried_twice
    def leave(self, held: Pass, now: float) -> None:
        """Revoke the pass; a ticket of a code with several uses is not handed out again."""
        with self._write() as tx:
            tx.run("unbind_ticket", ticket_id=held.ticket_id)
            tx.run("revoke_pass", pass_id=held.pass_id, now=now, expires_at=held.expires_at)

    @tried_twice
    def renew_ticket(
        self,
        ticket_id: bytes,
        *,
        browser: bytes,
        now: float,
        expires_at: float,
        pass_ttl_seconds: float | None,
    ) -> float | None:
        """Let an open ticket of that browser run out at *expires_at*, or as soon after its code as any; never sooner.

        Returns when it runs out now; None if it is not open there, or its code allows nothing more.
        """
        with self._write() as tx:
            row = tx.one(
                "renew_ticket",
                ticket_id=ticket_id,
                browser=browser,
                now=now,
                expires_at=expires_at,
                pass_ttl_seconds=pass_ttl_seconds,
            )
        return None if row is None else row[0]

    @tried_twice
    def mark_sent(self, *, ticket_id: bytes, now: float, on_page: OnPage | None = None) -> bool:
        """Turn an open ticket into a sent one and make its form due; say whether it was open.

        The same where another page than before says that it sent the ticket, for what came from there.
        """
        with self._write() as tx:
            row = tx.one("mark_sent", ticket_id=ticket_id, now=now)
            if on_page is not None and on_page.page:
                values = {"sender": sender_of(on_page), "most_letters": SENDERS_LETTERS}
                row = tx.one("note_sender", ticket_id=ticket_id, now=now, **values) or row
            if row is None:
                return False
            form_id = self._forms.get(row[0])
            if form_id is not None:
                tx.run("note_delivery", form_id=form_id, now=now, again_at=now + 60.0)
            return True

    @tried_twice
    def ticket(self, ticket_id: bytes, on_page: OnPage | None = None) -> Ticket | None:
        """Return the ticket with the verdict on what was settled on it, else on what was accepted, else on the last.

        If *on_page* is one of several pages that say that they sent it, that is the verdict on what came from there;
        until it is known, the ticket is sent.
        """
        with self._read() as tx:
            row = tx.one("read_ticket", ticket_id=ticket_id)
            if row is None:
                return None
            ticket, senders = ticket_from(row[:-1]), (row[-1] or "").split()
            if len(senders) > 1 and on_page is not None and sender_of(on_page) in senders:
                return as_sent(ticket, on_page, senders, tx.all("sent_with_ticket", ticket_id=ticket_id))
            if ticket.verdict is not None:
                return ticket
            last = tx.one("last_on_ticket", ticket_id=ticket_id)
        return ticket if last is None else replace(ticket, verdict=Verdict(last[0]))

    @tried_twice
    def recent_openings(self, form: str, *, rows: int) -> list[tuple[str | None, FilledIn]]:
        """Return what was filled in on so many tickets of *form*, with the app of each, the newest first."""
        with self._read() as tx:
            found = tx.all("recent_openings", form=form, rows=rows)
        return [(app, one) for app, openings in found for one in reversed(read_openings(openings))]

    @tried_twice
    def revocations(self, since: int = 0, *, most: int = 10**9) -> Revoked:
        """Return what was revoked since the reading whose `Revoked.until` is *since*, the oldest *most* of it."""
        with self._read() as tx:
            # Asked first, so that what is committed meanwhile is read twice rather than never.
            row = tx.one("next_write")
            assert row is not None
            passes = tx.all("read_revocations", since=since, most=most)
        return Revoked(passes=[(bytes(pass_id), ends_at) for pass_id, ends_at in passes], until=int(row[0]))

    @tried_twice
    def is_revoked(self, pass_id: bytes) -> bool:
        """Say whether the pass of that id was ended early."""
        with self._read() as tx:
            return tx.one("find_revocation", pass_id=pass_id) is not None


def ticket_from(row: Row) -> Ticket:
    """Return the ticket in a row of ``read_ticket``, without the pages."""
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
        openings,
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
        openings=read_openings(openings),
    )


def _shut(tx: Transaction, opening: Opening) -> Refuse | None:
    """Refuse every visitor, without an entry, if the form takes nobody."""
    row = tx.one("read_doorway", form=opening.form)
    if row is None:
        return None
    missing_since, settled, paused_at, words = row
    reason = shut(
        missing_since=missing_since, settled=settled, capacity=opening.capacity, paused_at=paused_at
    )
    return None if reason is None else Refuse.unrecorded(reason, words=words)


def _throttled(turn: Turn) -> Refuse:
    # Such tries write nothing, so the ledger has no entry to look up.
    return Refuse.unrecorded(
        Reason.THROTTLED, retry_after_seconds=turn.wait_seconds, hint=turn.blame, work=turn.work
    )


def _lifelong(tx: Transaction, opening: Opening, grant: Found) -> Admit | Refuse:
    """Open the one ticket that a code of one use has for life."""
    row = tx.one("newest_ticket_of_grant", fingerprint=grant.fingerprint)
    ticket = TicketRow(*row) if row else None
    if ticket is None or ticket.submission_id is not None or ticket.state == "revoked":
        return _issued(tx, opening, grant)
    elsewhere = ticket.browser != opening.browser
    unanswered = ticket.state == "sent" and is_unanswered(tx, ticket, opening.form)
    if ticket.state == "sent" and not unanswered and elsewhere:
        return _refused(tx, opening, Reason.USED_UP, at=ticket.sent_at, grant=grant)
    if elsewhere and not opening.move:
        return _refused(tx, opening, Reason.OPEN_ELSEWHERE, grant=grant)
    refusal = too_often(tx, opening, grant)
    if refusal is not None:
        return refusal
    return _reopened(
        tx, opening, grant, ticket, moved=elsewhere, state="open" if unanswered else ticket.state
    )


def is_unanswered(tx: Transaction, ticket: TicketRow, form: str) -> bool:
    """Say whether the form was read long after the ticket was sent, without anything having come."""
    if ticket.sent_at is None:
        return False
    row = tx.one("last_reading", form=form)
    return row is not None and row[0] is not None and row[0] >= ticket.sent_at + UNANSWERED_SECONDS


def _expiry(opening: Opening, grant: Found) -> tuple[float, float]:
    """Return when the ticket, and when the pass runs out; ``issue_at_once`` says the same."""
    ticket_expires_at = opening.ticket_expires_at
    if grant.valid_until is not None:
        ticket_expires_at = min(ticket_expires_at, grant.valid_until + CLOSING_GRACE_SECONDS)
    return ticket_expires_at, pass_expiry(opening, ticket_expires_at)


def _issued(tx: Transaction, opening: Opening, grant: Found) -> Admit:
    ticket_id = new_ticket_id()
    values = _ticket_values(opening, grant, ticket_id)
    tx.run("issue_ticket", **values)
    return _admitted(tx, opening, grant, ticket_id, values["pass_expires_at"], "issued")


def _ticket_values(opening: Opening, grant: Found, ticket_id: bytes) -> dict[str, Any]:
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
    tx: Transaction, opening: Opening, grant: Found, ticket: TicketRow, *, moved: bool, state: str
) -> Admit:
    ticket_expires_at, pass_expires_at = _expiry(opening, grant)
    tx.run(
        "reopen_ticket",
        ticket_id=ticket.ticket_id,
        subject=grant.subject,
        browser=opening.browser,
        pass_id=opening.pass_id,
        pass_expires_at=pass_expires_at,
        state=state,
        expires_at=max(ticket_expires_at, ticket.expires_at) if state == "sent" else ticket_expires_at,
        moved=int(moved),
    )
    if moved:
        tx.run("count_move", fingerprint=grant.fingerprint)
    if ticket.pass_id is not None and ticket.pass_expires_at is not None:
        tx.run("revoke_pass", pass_id=ticket.pass_id, now=opening.now, expires_at=ticket.pass_expires_at)
    how = "moved" if moved else "opened again"
    return _admitted(tx, opening, grant, ticket.ticket_id, pass_expires_at, how)


def _admitted(
    tx: Transaction, opening: Opening, grant: Found, ticket_id: bytes, pass_expires_at: float, how: str
) -> Admit:
    if opening.holds is not None:
        held = opening.holds
        tx.run("revoke_pass", pass_id=held.pass_id, now=opening.now, expires_at=held.expires_at)
    record(tx, _admission(opening, grant.subject, ticket_id, how, grant.fingerprint))
    return admission(opening, grant.subject, ticket_id, pass_expires_at, grant.language)


def _admission(
    opening: Opening, subject: str | None, ticket_id: bytes, how: str, fingerprint: bytes | None = None
) -> Entry:
    fingerprint = opening.fingerprints[0] if fingerprint is None else fingerprint
    return Entry(
        at=opening.now,
        event="browser.admitted",
        form=opening.form,
        subject=subject,
        about=about_code(fingerprint, ticket_id),
        note=how,
    )


def _refused(
    tx: Transaction,
    opening: Opening,
    reason: Reason,
    *,
    at: float | None = None,
    grant: Found | None = None,
) -> Refuse:
    fingerprint = grant.fingerprint if grant else opening.fingerprints[0]
    seq = record(
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
    return Refuse(reason=reason, ref=tx.references.ref_of(seq), at=at)
