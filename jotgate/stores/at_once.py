"""A code opened in one go, as nearly all are: what prevents it is part of the statement that issues the ticket."""

from __future__ import annotations

from typing import Any

from jotgate.outcomes import Admit
from jotgate.protocols import Opening
from jotgate.signed.tickets import new_ticket_id
from jotgate.stores.codes import count_opening
from jotgate.stores.driver import Transaction


def wish_of(opening: Opening) -> dict[str, Any]:
    """Return what ``issue_at_once`` has to know; made beforehand, since others may wait while it runs."""
    ticket_id = new_ticket_id()
    grains = [grain.key for grain in opening.guesser.grains] if opening.guesser else [""]
    return {
        "fingerprint": opening.fingerprints[0],
        "form": opening.form,
        "capacity": opening.capacity,
        "in_all": opening.in_all,
        "grain_1": grains[0],
        "grain_2": grains[len(grains) // 2],
        "grain_3": grains[-1],
        "ticket_id": ticket_id,
        "browser": opening.browser,
        "pass_id": opening.pass_id,
        "now": opening.now,
        "expires_at": opening.ticket_expires_at,
        "pass_expires_at": pass_expiry(opening, opening.ticket_expires_at),
        "about": about_code(opening.fingerprints[0], ticket_id),
    }


def issue_at_once(tx: Transaction, opening: Opening, wish: dict[str, Any], *, alone: bool) -> Admit | None:
    """Issue a ticket of a code that is not open, if nothing at all prevents it; else write nothing.

    The statement does it *alone*, or the entry and the code's count are statements of their own.
    """
    row = tx.one("issue_at_once", **wish)
    if row is None:
        return None
    subject, pass_expires_at, language, uses = row
    if not alone:
        tx.run("note_issue", subject=subject, **wish)
        # A code of one use that is opened for the first time is not counted: it will be opened again, if too often.
        if uses > 1:
            count_opening(tx, wish["fingerprint"], wish["clock"])
    return admission(opening, subject, wish["ticket_id"], pass_expires_at, language)


def pass_expiry(opening: Opening, ticket_expires_at: float) -> float:
    """Return when the pass to a ticket runs out that runs out at *ticket_expires_at*."""
    if opening.pass_ttl_seconds is None:
        return ticket_expires_at
    return min(ticket_expires_at, opening.now + opening.pass_ttl_seconds)


def about_code(fingerprint: bytes, ticket_id: bytes) -> str:
    """Return how the ledger names a code and its ticket."""
    return f"code {fingerprint.hex()[:6]}, ticket {ticket_id.hex()[:6]}"


def admission(
    opening: Opening, subject: str | None, ticket_id: bytes, pass_expires_at: float, language: str | None
) -> Admit:
    """Return the answer to who is let in."""
    return Admit(
        form=opening.form,
        subject=subject,
        ticket_id=ticket_id,
        pass_id=opening.pass_id,
        expires_at=pass_expires_at,
        language=language,
    )
