"""Grants: what stands behind a code, or behind an app's tokens for one subject."""

from __future__ import annotations

from typing import NamedTuple

from jotgate.frozen import frozen
from jotgate.spelling import folded


class NewGrant(NamedTuple):
    """A grant to be created. A tuple, because they come by the million."""

    fingerprint: bytes
    code_key: str
    form: str
    subject: str | None = None
    label: str | None = None
    email: str | None = None
    batch: str | None = None
    uses: int = 1
    valid_from: float | None = None
    valid_until: float | None = None
    language: str | None = None


@frozen
class Grant:
    """The stored entitlement behind a code, or behind an app's tokens for one subject."""

    fingerprint: bytes
    code_key: str
    form: str
    subject: str | None
    label: str | None
    #: Where to mail the person.
    email: str | None
    batch: str | None
    uses: int
    #: Settled submissions so far; never more than `uses`.
    used: int
    valid_from: float | None
    valid_until: float | None
    revoked_at: float | None
    created_at: float
    #: How often its tickets were moved to another browser.
    moves: int = 0
    #: The app whose tokens it stands for; None: a code.
    app: str | None = None
    #: How often a token that had been redeemed was shown again in another browser.
    foreign_tries: int = 0
    #: When its openings of late count no more, by the store's clock (`jotgate.throttle.opening_wait`).
    calm_at: float = 0.0
    #: By what lists find and sort it (`listed_as`).
    listed_as: str = ""
    #: How often operators changed it.
    version: int = 0
    #: How many of its uses were given back.
    given_back: int = 0
    #: How often its subject may submit by whatever way, as the newest invitation says; None: none says anything.
    uses_in_all: int | None = None
    #: When that invitation was made.
    invited_at: float | None = None
    #: The tag of what the person reads; None: nobody knows.
    language: str | None = None


def listed_as(*, subject: str | None, label: str | None, email: str | None, batch: str | None) -> str:
    """Return by what a code is found and sorted in lists: its name first, all of it folded."""
    name = label or subject
    texts = (name, subject if subject != name else None, email, batch)
    return "\n".join([folded(text) for text in texts if text])


@frozen
class Invited:
    """A person with an invitation to a form, at a moment."""

    form: str
    subject: str
    #: Of the grant that stands for their invitations and the site's own login, 16 bytes.
    fingerprint: bytes
    #: How often one subject may submit, as the form's settings say; None: they say nothing.
    in_all: int | None
    now: float


@frozen
class LiveCodes:
    """The codes that open a form, or will."""

    codes: int
    #: How many submissions they are still good for, in all.
    submissions: int


@frozen
class GrantFilter:
    """Which grants are meant; conditions are joined by "and", and an empty filter means none."""

    form: str | None = None
    #: First bytes of the fingerprint, in hex, at least six digits.
    prefix: str | None = None
    fingerprints: tuple[bytes, ...] = ()
    subject: str | None = None
    batch: str | None = None
    #: What the tokens of this app entitle to; None: codes only.
    app: str | None = None
