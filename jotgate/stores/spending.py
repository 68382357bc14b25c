"""How often a person may still submit a form, whichever way they come: by a code, an app, a login or an invitation.

What counts is who the submissions are about, so a limit needs no count of its own: a transaction that gives or
takes a verdict has the form for itself until its end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from jotgate.stores.driver import Transaction


class Spent(NamedTuple):
    """How far somebody is with a form that they may not submit as often as they like."""

    #: How many more submissions of theirs may count.
    left: int
    #: When the newest that counts was made; None: there is none.
    last_at: float | None


def spent_by(
    tx: Transaction, form: str, subjects: Collection[str], *, in_all: int | None
) -> Mapping[str, Spent]:
    """Return how far each of *subjects* is; who is not limited is left out.

    *in_all* is what the form's settings say. An invitation that says so itself outranks them, and where neither says
    anything, who was invited may submit once.
    """
    rows = tx.each("limits_of_subjects", list(subjects), form=form)
    limits: dict[str, int] = {} if in_all is None else dict.fromkeys(subjects, in_all)
    for subject, own, invited_at, given_back in rows:
        allowed = own or in_all or (None if invited_at is None else 1)
        if allowed is not None:
            limits[subject] = allowed + int(given_back)
    sent = {row[0]: row[1:] for row in tx.each("sent_by_subjects", list(limits), form=form)}
    return {one: _spent(allowed, *sent.get(one, (0, None))) for one, allowed in limits.items()}


def when_spent(tx: Transaction, form: str, subject: str | None, *, in_all: int | None) -> Spent | None:
    """Return how far *subject* is if nothing more of theirs may count, else None."""
    if subject is None:
        return None
    found = spent_by(tx, form, [subject], in_all=in_all).get(subject)
    return found if found is not None and found.left <= 0 else None


def _spent(allowed: int, count: int, last_at: float | None) -> Spent:
    return Spent(allowed - count, last_at)
