"""Invitations: how often their people may submit, and whose were revoked. The links themselves are nowhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jotgate.ledger import Entry
from jotgate.outcomes import BY_INVITATION, Reason, Refuse
from jotgate.protocols import SITE_APP, Grant, Invited
from jotgate.stores.driver import Transaction
from jotgate.stores.forgetting import fingerprint_of_forgotten, known_as
from jotgate.stores.grants import GrantVerbs, end_what_is_open
from jotgate.stores.spending import when_spent
from jotgate.stores.verbs import from_row, record, tried_twice

if TYPE_CHECKING:
    from jotgate.signed.invitations import Invitation


class InvitingVerbs(GrantVerbs):
    """The part of the store that knows who was invited."""

    @tried_twice
    def invite(self, invited: Invited, invitation: Invitation) -> Refuse | None:
        """Let the invited person submit as often as *invitation* says, if it is their newest; return why not at all."""
        with self._write() as tx:
            invited = self._as_known_here(tx, invited)
            tx.run(
                "invite",
                fingerprint=invited.fingerprint,
                form=invited.form,
                subject=invited.subject,
                uses=invitation.uses,
                otherwise=invited.in_all or 1,
                made_at=invitation.made_at,
                app=SITE_APP,
                now=invited.now,
            )
            grant = _grant(tx, invited)
            if grant.revoked_at is not None:
                return _refused(tx, invited, Reason.REVOKED, grant.revoked_at, BY_INVITATION)
            spent = when_spent(tx, invited.form, invited.subject, in_all=invited.in_all)
            if spent is not None or grant.used >= grant.uses:
                return _refused(tx, invited, Reason.ALREADY_SENT, spent.last_at if spent else None)
        return None

    @tried_twice
    def revoke_invitations(self, invited: Invited, *, actor: str) -> bool:
        """End the person's invitations made until now, with tickets and passes; False: they were revoked before."""
        with self._write() as tx:
            invited = self._as_known_here(tx, invited)
            if not tx.run(
                "revoke_invitations",
                fingerprint=invited.fingerprint,
                form=invited.form,
                subject=invited.subject,
                app=SITE_APP,
                now=invited.now,
            ):
                return False
            end_what_is_open(tx, _grant(tx, invited), invited.now)
            record(tx, replace(_entry("invitation.revoked", invited), actor=actor))
        return True

    def _as_known_here(self, tx: Transaction, invited: Invited) -> Invited:
        """Return the same with a tombstone in place of a person who is forgotten."""
        subject = known_as(tx, self._tombstones, invited.form, invited.subject)
        if subject is None or subject == invited.subject:
            return invited
        fingerprint = fingerprint_of_forgotten(SITE_APP, invited.form, subject)
        return replace(invited, subject=subject, fingerprint=fingerprint)


def _grant(tx: Transaction, invited: Invited) -> Grant:
    row = tx.one("find_grant", fingerprint=invited.fingerprint)
    assert row is not None
    return from_row(Grant, row)


def _refused(
    tx: Transaction, invited: Invited, reason: Reason, at: float | None, hint: str | None = None
) -> Refuse:
    entry = replace(_entry("invitation.refused", invited), reason=reason.value)
    return Refuse(reason=reason, ref=tx.references.ref_of(record(tx, entry)), at=at, hint=hint)


def _entry(event: str, invited: Invited) -> Entry:
    return Entry(at=invited.now, event=event, form=invited.form, subject=invited.subject)
