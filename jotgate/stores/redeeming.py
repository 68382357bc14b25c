"""Tokens of apps redeemed for tickets, each once, in one transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from jotgate.ledger import Entry, about_token
from jotgate.outcomes import BY_INVITATION, Admit, Reason, Refuse
from jotgate.protocols import SITE_APP, AppFault, AppKeyState, Redemption
from jotgate.signed.tickets import new_ticket_id, owner_named
from jotgate.stores.apps import app_entry
from jotgate.stores.driver import Transaction
from jotgate.stores.forgetting import fingerprint_of_forgotten, known_as
from jotgate.stores.openings import read_openings, with_opening
from jotgate.stores.spending import when_spent
from jotgate.stores.tickets import TicketRow, is_unanswered
from jotgate.stores.verbs import Verbs, record, tried_twice


class _KeyEnded(Exception):
    """Undoes a redemption whose key was revoked meanwhile."""


class _Right(NamedTuple):
    """What a grant to an app is good for."""

    uses: int
    #: The tag of what its person reads, if that is known.
    language: str | None
    #: Why it cannot be used now, if it cannot.
    refusal: Refuse | None


class RedeemingVerbs(Verbs):
    """The part of the store that people from apps meet."""

    @tried_twice
    def redeem_token(self, redemption: Redemption) -> Admit | Refuse:
        """Take the token, once; issue the subject's ticket or take it over into this browser; all or nothing.

        A token that was redeemed before is refused with `Reason.TOKEN_USED`, and the try is counted on its grant if
        it came from another browser; if `holds` is a pass of the same subject, nothing is counted or recorded.
        """
        try:
            with self._write() as tx:
                return _redeem(tx, self._as_known(tx, redemption))
        except _KeyEnded:
            with self._write() as tx:
                known = self._as_known(tx, redemption)
                return _refused(tx, known, Reason.BAD_TOKEN, fault=AppFault.KEY_REVOKED)

    def _as_known(self, tx: Transaction, redemption: Redemption) -> Redemption:
        """Return the redemption with tombstones in place of those who are forgotten."""
        owner = known_as(tx, self._tombstones, redemption.form, redemption.owner)
        redemption = redemption if owner == redemption.owner else replace(redemption, owner=owner)
        subject = known_as(tx, self._tombstones, redemption.form, redemption.subject)
        if subject is None or subject == redemption.subject:
            return redemption
        fingerprint = fingerprint_of_forgotten(redemption.app, redemption.form, subject)
        return replace(redemption, subject=subject, fingerprint=fingerprint)


def _redeem(tx: Transaction, redemption: Redemption) -> Admit | Refuse:
    state = _key_state(tx, redemption)
    if state is AppKeyState.REVOKED:
        return _refused(tx, redemption, Reason.BAD_TOKEN, fault=AppFault.KEY_REVOKED)
    if redemption.proof_key is not None and not _remember(tx, redemption, redemption.proof_key, None):
        return _refused(tx, redemption, Reason.BAD_TOKEN, fault=AppFault.PROOF_USED)
    if tx.one("find_token", token_key=redemption.token_key) is not None:
        return _replayed(tx, redemption)
    if redemption.expired:
        return _refused(tx, redemption, Reason.TOKEN_EXPIRED)
    right = _entitle(tx, redemption)
    if right.refusal is not None:
        return right.refusal
    ticket = _at_hand(tx, redemption, right.uses)
    ticket_id = new_ticket_id() if ticket is None else ticket.ticket_id
    # Who waited for the grant may find here that the same token was faster.
    if not _remember(tx, redemption, redemption.token_key, ticket_id):
        return _replayed(tx, redemption)
    how = _issue(tx, redemption, ticket_id) if ticket is None else _take_over(tx, redemption, ticket)
    if redemption.holds is not None:
        _revoke_pass(tx, redemption, redemption.holds.pass_id, redemption.holds.expires_at)
    record(tx, _admission(redemption, ticket_id, how))
    _count_use(tx, redemption, state)
    return Admit(
        form=redemption.form,
        subject=redemption.subject,
        ticket_id=ticket_id,
        pass_id=redemption.pass_id,
        expires_at=redemption.pass_expires_at,
        language=right.language,
    )


def _key_state(tx: Transaction, redemption: Redemption) -> AppKeyState | None:
    """Return how far the key has come, None for the site's own; a `next` one is nobody else's to change from now on."""
    if redemption.key_id is None:
        return None
    row = tx.one("read_key_state", key_id=redemption.key_id)
    state = AppKeyState.REVOKED if row is None else AppKeyState(row[0])
    if state is AppKeyState.NEXT:
        tx.one("read_app", app=redemption.app)
    return state


def _entitle(tx: Transaction, redemption: Redemption) -> _Right:
    """Make or find the grant of this app, form and subject, and return what it is good for."""
    row = tx.one(
        "grant_to_app",
        fingerprint=redemption.fingerprint,
        form=redemption.form,
        subject=redemption.subject,
        uses=redemption.uses,
        in_all=redemption.in_all,
        app=redemption.app,
        now=redemption.now,
    )
    assert row is not None
    uses, used, revoked_at, language = row
    refusal = _ended(tx, redemption, used >= uses, revoked_at)
    return _Right(uses, language, refusal)


def _ended(
    tx: Transaction, redemption: Redemption, is_used_up: bool, revoked_at: float | None
) -> Refuse | None:
    """Refuse a visitor whose grant was revoked or is used up, or who has sent the form as often as they may."""
    if revoked_at is not None:
        hint = BY_INVITATION if redemption.app == SITE_APP else None
        return _refused(tx, redemption, Reason.REVOKED, at=revoked_at, hint=hint)
    if is_used_up:
        last = tx.one("last_use_of_grant", fingerprint=redemption.fingerprint)
        reason = Reason.ALREADY_SENT if redemption.app == SITE_APP else Reason.USED_UP
        return _refused(tx, redemption, reason, at=last[0] if last else None)
    spent = when_spent(tx, redemption.form, redemption.owner or redemption.subject, in_all=redemption.in_all)
    return None if spent is None else _refused(tx, redemption, Reason.ALREADY_SENT, at=spent.last_at)


def _at_hand(tx: Transaction, redemption: Redemption, uses: int) -> TicketRow | None:
    """Return the ticket to go on with: the one still being filled in, or the one that a single use lives by."""
    name = "newest_ticket_of_grant" if uses == 1 else "open_tickets_of_grant"
    for row in tx.all(name, fingerprint=redemption.fingerprint):
        ticket = TicketRow(*row)
        if ticket.submission_id is None and ticket.state != "revoked" and _is_for_owner(ticket, redemption):
            return ticket
    return None


def _is_for_owner(ticket: TicketRow, redemption: Redemption) -> bool:
    """Say whether the ticket's submission will be the same person's: else each needs one, to be sent both."""
    openings = read_openings(ticket.openings)
    if redemption.owner_field is None or not openings:
        return True
    newest = openings[-1]
    return owner_named(redemption.owner_field, newest.prefill, newest.locked) == redemption.owner


def _remember(tx: Transaction, redemption: Redemption, key: bytes, ticket_id: bytes | None) -> bool:
    values = {"token_key": key, "ticket_id": ticket_id, "expires_at": redemption.remember_until}
    return bool(tx.run("redeem_token", **values))


def _replayed(tx: Transaction, redemption: Redemption) -> Refuse:
    """Refuse a token that was redeemed before: nothing is wrong where its own subject's browser shows it again."""
    holds = redemption.holds
    if holds is not None and (holds.form, holds.subject) == (redemption.form, redemption.subject):
        return Refuse.unrecorded(Reason.TOKEN_USED)
    row = tx.one("find_token", token_key=redemption.token_key)
    if row is not None and row[1] is not None and row[2] != redemption.browser:
        tx.run("count_foreign_try", fingerprint=row[1])
    return _refused(tx, redemption, Reason.TOKEN_USED)


def _issue(tx: Transaction, redemption: Redemption, ticket_id: bytes) -> str:
    tx.run(
        "issue_ticket_to_app",
        form=redemption.form,
        subject=redemption.subject,
        fingerprint=redemption.fingerprint,
        app=redemption.app,
        now=redemption.now,
        openings=with_opening((), redemption),
        **_ticket_values(redemption, ticket_id),
    )
    return "issued"


def _take_over(tx: Transaction, redemption: Redemption, ticket: TicketRow) -> str:
    moved = ticket.browser is not None and ticket.browser != redemption.browser
    unanswered = ticket.state == "sent" and is_unanswered(tx, ticket, redemption.form)
    values = _ticket_values(redemption, ticket.ticket_id)
    if ticket.state == "sent" and not unanswered:
        # It is shown what was sent, and nothing of that changes.
        values["expires_at"] = max(ticket.expires_at, redemption.ticket_expires_at)
        openings = ticket.openings
    else:
        openings = with_opening(read_openings(ticket.openings), redemption)
    tx.run(
        "take_ticket_over",
        subject=redemption.subject,
        moved=int(moved),
        unanswered=unanswered,
        openings=openings,
        **values,
    )
    if moved:
        tx.run("count_move", fingerprint=redemption.fingerprint)
    if ticket.pass_id is not None and ticket.pass_expires_at is not None:
        _revoke_pass(tx, redemption, ticket.pass_id, ticket.pass_expires_at)
    return "moved" if moved else "opened again"


def _ticket_values(redemption: Redemption, ticket_id: bytes) -> dict[str, Any]:
    return {
        "ticket_id": ticket_id,
        "browser": redemption.browser,
        "pass_id": redemption.pass_id,
        "pass_expires_at": redemption.pass_expires_at,
        "expires_at": redemption.ticket_expires_at,
        "owner": redemption.owner,
    }


def _revoke_pass(tx: Transaction, redemption: Redemption, pass_id: bytes, expires_at: float) -> None:
    tx.run("revoke_pass", pass_id=pass_id, now=redemption.now, expires_at=expires_at)


def _count_use(tx: Transaction, redemption: Redemption, state: AppKeyState | None) -> None:
    """Count the token on its key, and let the key's first one make it the active key.

    Raises:
        _KeyEnded: the key was revoked meanwhile.
    """
    if redemption.key_id is None:
        return
    if tx.one("count_use_of_key", key_id=redemption.key_id, now=redemption.now) is None:
        raise _KeyEnded
    if state is AppKeyState.NEXT and tx.run(
        "retire_other_keys", app=redemption.app, key_id=redemption.key_id
    ):
        note = "by its first token"
        record(
            tx,
            app_entry("app.key_activated", redemption.app, redemption.key_id, redemption.now, None, note),
        )


def _admission(redemption: Redemption, ticket_id: bytes, how: str) -> Entry:
    return Entry(
        at=redemption.now,
        event="browser.admitted",
        form=redemption.form,
        subject=redemption.subject,
        about=f"{_about(redemption)}, ticket {ticket_id.hex()[:6]}",
        note=how,
    )


def _refused(
    tx: Transaction,
    redemption: Redemption,
    reason: Reason,
    *,
    fault: AppFault | None = None,
    at: float | None = None,
    hint: str | None = None,
) -> Refuse:
    entry = Entry(
        at=redemption.now,
        event="token.refused",
        form=redemption.form,
        reason=reason.value if fault is None else fault.value,
        subject=redemption.subject,
        about=_about(redemption),
        note=redemption.network,
    )
    return Refuse(reason=reason, ref=tx.references.ref_of(record(tx, entry)), at=at, hint=hint)


def _about(redemption: Redemption) -> str | None:
    return about_token(redemption.app, key_id=redemption.key_id, version=redemption.version)
