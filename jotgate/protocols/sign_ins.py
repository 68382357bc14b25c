"""Records of who was let into the office by a link."""

from __future__ import annotations

from jotgate.frozen import frozen
from jotgate.operators import Operator


@frozen
class SignIn:
    """A one-time link into the office, and the visit that began with it."""

    #: By which people name it.
    sign_in_id: str
    operator: Operator
    #: Seconds since the epoch, UTC, as all times.
    made_at: float
    link_until: float
    #: When the link was used; None: not yet.
    began_at: float | None
    #: When the visit ends by itself.
    until: float | None
    #: When somebody ended it before.
    ended_at: float | None

    def is_over(self, now: float) -> bool:
        """Say whether neither the link nor the visit is good for anything any more."""
        return self.ended_at is not None or now >= (self.link_until if self.until is None else self.until)
