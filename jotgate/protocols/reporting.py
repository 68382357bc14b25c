"""Counters of what would have been refused."""

from __future__ import annotations

from jotgate.frozen import frozen
from jotgate.outcomes import Reason


@frozen
class WouldBeRefusal:
    """How often one program was let through a form that would have refused it, for one reason."""

    form: str
    reason: Reason
    #: The app, as its token or its requests name it; "" for browsers, "other" beyond the most that a day can hold.
    app: str
    #: The app's version, or "".
    version: str
    count: int
    last_at: float
