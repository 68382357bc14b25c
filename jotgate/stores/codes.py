"""A code as the transaction of somebody who tries it sees it: whether there is one, and whether it opens now.

How often it is opened is counted on its own row, by all processes together. Where writers take turns, the row of a
code of several uses is written along with its ticket; elsewhere it is written anyway. Beyond what is free, a browser
that worked opens the code once: its work is remembered like a token that was redeemed.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from jotgate.outcomes import Reason, Refuse, Work
from jotgate.protocols import Opening
from jotgate.stores.driver import Transaction
from jotgate.stores.spending import when_spent
from jotgate.throttle import MOST_WORK, WORK_SECONDS, is_good, opening_wait


class Found(NamedTuple):
    """What decides on a code."""

    fingerprint: bytes
    form: str
    subject: str | None
    uses: int
    used: int
    valid_from: float | None
    valid_until: float | None
    revoked_at: float | None
    calm_at: float
    language: str | None
    #: The store's time.
    now: float


def see(tx: Transaction, opening: Opening, clock: float | None) -> Found | None:
    """Return the code, under whichever of its fingerprints it is kept, as it was when nobody changed it."""
    for fingerprint in opening.fingerprints:
        row = tx.one("see_code", fingerprint=fingerprint, clock=clock)
        if row is not None:
            return Found(*row)
    return None


def hold(tx: Transaction, fingerprint: bytes, clock: float | None) -> Found | None:
    """Return the code, and keep everybody else from changing it; None: it is there no more."""
    row = tx.one("find_code", fingerprint=fingerprint, clock=clock)
    return None if row is None else Found(*row)


def busy(tx: Transaction, opening: Opening, grant: Found) -> Refuse | None:
    """Refuse a code of several uses that was opened too often and is worked for by nobody, as `too_often` does.

    Such a try asks for nobody's row and writes nothing, so a flood of them holds nobody up.
    """
    wait_seconds = opening_wait(grant.calm_at, grant.uses, grant.now) if grant.uses > 1 else 0.0
    if not wait_seconds or _work_for(opening, grant) or unusable(tx, grant, opening) is not None:
        return None
    return _busy(wait_seconds, grant)


def unusable(tx: Transaction, grant: Found, opening: Opening) -> tuple[Reason, float | None] | None:
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
    spent = when_spent(tx, grant.form, grant.subject, in_all=opening.in_all)
    return None if spent is None else (Reason.ALREADY_SENT, spent.last_at)


def _used_at(tx: Transaction, grant: Found) -> float | None:
    row = tx.one("last_use_of_grant", fingerprint=grant.fingerprint)
    return row[0] if row else None


def count_opening(tx: Transaction, fingerprint: bytes, clock: float | None) -> None:
    """Count that a code was opened."""
    tx.run("count_opening", fingerprint=fingerprint, clock=clock)


def too_often(tx: Transaction, opening: Opening, grant: Found) -> Refuse | None:
    """Count the opening of a code, or refuse it if there were too many of late and nobody worked for this one."""
    wait_seconds = opening_wait(grant.calm_at, grant.uses, grant.now)
    if not wait_seconds:
        count_opening(tx, grant.fingerprint, grant.now)
        return None
    work = _work_for(opening, grant)
    return None if work and _is_first(tx, work, opening.now) else _busy(wait_seconds, grant)


def _work_for(opening: Opening, grant: Found) -> Work | None:
    """Return the work that opens a busy code, if it was done for this one."""
    work = opening.guesser.work if opening.guesser else None
    return work if work is not None and work.hashes >= MOST_WORK and is_good(work, grant.now) else None


def _busy(wait_seconds: float, grant: Found) -> Refuse:
    return Refuse.unrecorded(
        Reason.CODE_BUSY, retry_after_seconds=wait_seconds, work=Work(hashes=MOST_WORK, asked_at=grant.now)
    )


def _is_first(tx: Transaction, work: Work, now: float) -> bool:
    """Say whether nobody was let in for this work before, and remember it for longer than it is good for."""
    key = hashlib.sha256(b"jotgate/work\0" + work.challenge.encode()).digest()[:16]
    expires_at = max(now, work.asked_at) + 2 * WORK_SECONDS
    return bool(tx.run("redeem_token", token_key=key, ticket_id=None, expires_at=expires_at))
