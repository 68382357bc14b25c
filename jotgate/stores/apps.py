"""Apps and their keys; tokens redeemed for tickets, each once, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from jotgate.ledger import Entry, about_token
from jotgate.outcomes import BY_INVITATION, Admit, Reason, Refuse
from jotgate.protocols import (
    SITE_APP,
    App,
    AppCounts,
    AppFault,
    AppKeyState,
    GrantFilter,
    Redemption,
    StoredAppKey,
)
from jotgate.signed.tickets import new_ticket_id, owner_named
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.forgetting import fingerprint_of_forgotten, known_as
from jotgate.stores.grants import GrantVerbs
from jotgate.stores.openings import read_openings, with_opening
from jotgate.stores.spending import when_spent
from jotgate.stores.tickets import TicketRow, is_unanswered
from jotgate.stores.verbs import record, tried_twice

_LISTING_SECONDS = 30.0


class _KeyEnded(Exception):
    """Undoes a redemption whose key was revoked meanwhile."""


class AppVerbs(GrantVerbs):
    """The part of the store that knows apps."""

    @tried_twice
    def create_app(self, app: App, key: StoredAppKey, *, actor: str) -> bool:
        """Store a new app with its first key; False: there is, or was, one of this name."""
        values = {
            "app": app.name,
            "forms": json.dumps(app.forms),
            "return_url": app.return_url,
            "needs_proof": int(app.needs_proof),
            "now": app.created_at,
        }
        with self._write() as tx:
            if not tx.run("create_app", **values):
                return False
            _add_key(tx, key)
            note = f"forms {', '.join(app.forms)}"
            record(tx, _change("app.created", key.app, key.key_id, app.created_at, actor, note))
        return True

    @tried_twice
    def change_app(
        self, app: str, *, forms: Sequence[str] | None, return_url: str | None, now: float, actor: str
    ) -> bool:
        """Give an app other forms, or another address to return to ("": none); None leaves what it has.

        False: the app is unknown or revoked.
        """
        with self._write() as tx:
            row = tx.one("read_app", app=app)
            known = None if row is None else _app(row)
            if known is None or known.revoked_at is not None:
                return False
            forms = known.forms if forms is None else forms
            address = known.return_url if return_url is None else return_url or None
            tx.run("change_app", app=app, forms=json.dumps(forms), return_url=address)
            note = f"forms {', '.join(forms)}; return_url {address or 'none'}"
            record(tx, _change("app.changed", app, None, now, actor, note))
        return True

    @tried_twice
    def add_app_key(
        self, key: StoredAppKey, *, actor: str, seen: Collection[str] | None = None
    ) -> bool | None:
        """Add a `next` key, in place of one that was never used; False: the app is unknown or revoked.

        None: the app has keys that were not *seen* (None: whatever they are), and nothing was changed.
        """
        with self._write() as tx:
            if not _is_live(tx, key.app):
                return False
            known = {one.key_id for one in map(_key, tx.all("read_app_keys")) if one.app == key.app}
            if key.key_id in known or (seen is not None and not known <= set(seen)):
                return None
            replaced = tx.run("revoke_next_key", app=key.app, now=key.created_at)
            _add_key(tx, key)
            note = "in place of one that was never used" if replaced else None
            record(tx, _change("app.key_added", key.app, key.key_id, key.created_at, actor, note))
        return True

    @tried_twice
    def revoke_app_key(self, app: str, key_id: str, *, now: float, actor: str) -> bool:
        """End one key of *app*; False: it has no such key, or it was revoked before."""
        with self._write() as tx:
            tx.one("read_app", app=app)
            if not tx.run("revoke_key", app=app, key_id=key_id, now=now):
                return False
            record(tx, _change("app.key_revoked", app, key_id, now, actor))
        return True

    def revoke_app(self, app: str, *, now: float, actor: str) -> bool:
        """End an app: its keys, its grants, their tickets and passes; False: nothing of it was left to end."""
        # Keys first: a token redeemed before is found among the grants, and none can be redeemed afterwards.
        ended = self._end_app(app, now, actor)
        return bool(self.revoke_grants(GrantFilter(app=app), now=now, actor=actor, note=None)) or ended

    @tried_twice
    def _end_app(self, app: str, now: float, actor: str) -> bool:
        with self._write() as tx:
            tx.one("read_app", app=app)
            if not tx.run("revoke_app", app=app, now=now):
                return False
            tx.run("revoke_keys_of_app", app=app, now=now)
            record(tx, _change("app.revoked", app, None, now, actor))
        return True

    @tried_twice
    def apps(self) -> list[App]:
        """Return every app, by name."""
        with self._read() as tx:
            return [_app(row) for row in tx.all("read_apps")]

    @tried_twice
    def app_keys(self) -> list[StoredAppKey]:
        """Return every key of every app, oldest first."""
        with self._read() as tx:
            return [_key(row) for row in tx.all("read_app_keys")]

    @tried_twice
    def app_counts(self) -> dict[str, AppCounts]:
        """Return what came of each app's tokens, by its name; apps that nobody used yet are left out."""
        with self._read(_LISTING_SECONDS) as tx:
            rows = tx.all("count_grants_of_apps")
        return {
            app: AppCounts(subjects=subjects, used=int(used), moves=int(moves), foreign_tries=int(tries))
            for app, subjects, used, moves, tries in rows
        }

    @tried_twice
    def app_of_key(self, key_id: str) -> tuple[App, StoredAppKey] | None:
        """Return the key of that id with its app, whatever their state, or None."""
        with self._read() as tx:
            row = tx.one("find_app_key", key_id=key_id)
        return None if row is None else (_app(row[10:]), _key(row[:10]))

    @tried_twice
    def keys_of_app(self, app: str) -> list[tuple[App, StoredAppKey]]:
        """Return every key of *app* with it, whatever their state, the newest first; none of an unknown app."""
        with self._read() as tx:
            return [(_app(row[10:]), _key(row[:10])) for row in tx.all("find_keys_of_app", app=app)]

    @tried_twice
    def missing_app_keys(self, known: Collection[str]) -> dict[str, int]:
        """Return the ids of code keys not in *known* that usable keys of apps stem from, each with their number."""
        with self._read(_LISTING_SECONDS) as tx:
            counts: dict[str, int] = dict(tx.all("count_keys_by_code_key"))
        return {code_key: number for code_key, number in counts.items() if code_key not in known}

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
    uses, refusal = _entitle(tx, redemption)
    if refusal is not None:
        return refusal
    ticket = _at_hand(tx, redemption, uses)
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


def _entitle(tx: Transaction, redemption: Redemption) -> tuple[int, Refuse | None]:
    """Make or find the grant of this app, form and subject; return its uses, and why it cannot be used now."""
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
    uses, used, revoked_at = row
    if revoked_at is not None:
        hint = BY_INVITATION if redemption.app == SITE_APP else None
        return uses, _refused(tx, redemption, Reason.REVOKED, at=revoked_at, hint=hint)
    if used >= uses:
        last = tx.one("last_use_of_grant", fingerprint=redemption.fingerprint)
        reason = Reason.ALREADY_SENT if redemption.app == SITE_APP else Reason.USED_UP
        return uses, _refused(tx, redemption, reason, at=last[0] if last else None)
    spent = when_spent(tx, redemption.form, redemption.owner or redemption.subject, in_all=redemption.in_all)
    if spent is not None:
        return uses, _refused(tx, redemption, Reason.ALREADY_SENT, at=spent.last_at)
    return uses, None


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
            _change("app.key_activated", redemption.app, redemption.key_id, redemption.now, None, note),
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


def _change(
    event: str, app: str, key_id: str | None, now: float, actor: str | None, note: str | None = None
) -> Entry:
    return Entry(at=now, event=event, actor=actor, about=about_token(app, key_id=key_id), note=note)


def _is_live(tx: Transaction, app: str) -> bool:
    row = tx.one("read_app", app=app)
    return row is not None and _app(row).revoked_at is None


def _add_key(tx: Transaction, key: StoredAppKey) -> None:
    tx.run(
        "add_app_key",
        key_id=key.key_id,
        app=key.app,
        algorithm=key.algorithm,
        code_key=key.code_key,
        public_key=key.public_key,
        state=key.state.value,
        now=key.created_at,
    )


def _app(row: Row | Iterable[Any]) -> App:
    name, forms, return_url, needs_proof, created_at, revoked_at = row
    return App(
        name=name,
        forms=tuple(json.loads(forms)),
        return_url=return_url,
        needs_proof=bool(needs_proof),
        created_at=created_at,
        revoked_at=revoked_at,
    )


def _key(row: Row | Iterable[Any]) -> StoredAppKey:
    key_id, app, algorithm, code_key, public_key, state, created_at, last_used_at, used, revoked_at = row
    return StoredAppKey(
        key_id=key_id,
        app=app,
        algorithm=algorithm,
        code_key=code_key,
        public_key=None if public_key is None else bytes(public_key),
        state=AppKeyState(state),
        created_at=created_at,
        last_used_at=last_used_at,
        used=used,
        revoked_at=revoked_at,
    )
