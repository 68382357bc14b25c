"""A page that is sent twice, by a second click or a reload: the second answer shows what the first one made.

Codes and keys are shown once, and kept nowhere. Those that a page asks for are therefore not drawn by chance alone, but
made out of a *seed*: 32 bytes that stand for one sending of one page, and that nobody can tell who does not have both
the page and the site's secrets (`jotgate.door.signing.Signer.seed`). The same sending makes the same again, and the
store says whether that exists already, and since when.
"""

from __future__ import annotations

import hmac
import secrets

#: So long after it was made a secret is shown again to who sends the same page again.
SHOWN_SECONDS = 600.0


def draw(seed: bytes | None, name: str, count: int) -> bytes:
    """Return at most 32 bytes: others for each *name*, the same for the same *seed*; without one, by chance."""
    return secrets.token_bytes(count) if seed is None else hmac.digest(seed, name.encode(), "sha256")[:count]


def may_be_shown(made_at: float, now: float) -> bool:
    """Say whether what was made at *made_at* is still shown to who asks for it by the same page."""
    return now < made_at + SHOWN_SECONDS
