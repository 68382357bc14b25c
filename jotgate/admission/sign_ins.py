"""Letting people into the office of a site that has no login of its own: links that work once."""

from __future__ import annotations

import hashlib
import secrets

from jotgate.clock import Clock
from jotgate.operators import Operator
from jotgate.protocols import SignIn
from jotgate.signed import segments
from jotgate.signed.repeats import draw
from jotgate.stores import Store

#: For how long a link can be used, and how long a visit lasts that began with it.
LINK_SECONDS = 15 * 60.0
VISIT_SECONDS = 8 * 3600.0
#: Wrong links from one network within a minute, beyond which it is told to wait.
FREE_WRONG_LINKS = 20
#: So long after a link was used a second click in the same browser still lets in.
_AGAIN_SECONDS = 60.0
_SECRET_BYTES = 24
_ID_BYTES = 4
_MAX_TEXT_CHARS = 64


class SignIns:
    """Links into the office. The store has digests only: who reads it gets in nowhere."""

    def __init__(self, *, store: Store, clock: Clock, office: str) -> None:
        """Make links to *office*, the whole address of its pages."""
        self._store = store
        self._clock = clock
        self._office = office

    def link(self, operator: Operator, *, actor: str) -> str:
        """Return a link that lets *operator* in, once, within 15 minutes. It is shown now and never again."""
        secret, now = secrets.token_urlsafe(_SECRET_BYTES), self._clock.now()
        sign_in = SignIn(
            sign_in_id=secrets.token_hex(_ID_BYTES),
            operator=operator,
            made_at=now,
            link_until=now + LINK_SECONDS,
            began_at=None,
            until=None,
            ended_at=None,
        )
        self._store.add_sign_in(sign_in, _digest("link", secret), actor=actor)
        return f"{self._office}/enter?link={secret}"

    def is_good(self, link: str) -> bool:
        """Say whether a link's secret would let somebody in now. Total on any text."""
        return self._store.link(_digest("link", link), self._clock.now()) is not None

    def enter(self, link: str, *, seed: bytes | None = None) -> tuple[str, SignIn] | None:
        """Use a link by its secret: return the visit's own secret, and the visit. None: it is good for nothing.

        With the same *seed*, as by a second click in one browser, it is the same visit again for a minute.
        """
        secret = segments.encode(draw(seed, "visit", _SECRET_BYTES))
        now, session = self._clock.now(), _digest("session", secret)
        found = self._store.use_link(_digest("link", link), session, now=now, until=now + VISIT_SECONDS)
        if found is None and seed is not None:
            begun = self._store.session(session, now)
            found = begun if begun and now < (begun.began_at or 0.0) + _AGAIN_SECONDS else None
        return None if found is None else (secret, found)

    def visit(self, secret: str) -> SignIn | None:
        """Return the visit of that secret while it lasts. Total on any text."""
        return self._store.session(_digest("session", secret), self._clock.now())

    def is_flooded(self, network: str) -> bool:
        """Count a link that was good for nothing; say whether so many came from there that it has to wait."""
        return self._store.count_wrong_link(network) > FREE_WRONG_LINKS

    def listed(self) -> list[SignIn]:
        """Return the links and visits of the last three months, oldest first."""
        return self._store.sign_ins()

    def end(self, sign_in_id: str | None, *, actor: str) -> int:
        """End one link or visit, or all (None); return how many were not over before."""
        return self._store.end_sign_ins(sign_in_id, now=self._clock.now(), actor=actor)


def _digest(purpose: str, secret: str) -> bytes:
    # The secrets are random and long, so that a plain digest cannot be guessed back.
    return hashlib.sha256(f"{purpose}\0{secret[:_MAX_TEXT_CHARS]}".encode("utf-8", "replace")).digest()[:16]
