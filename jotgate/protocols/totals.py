"""How often what happened, for monitoring."""

from __future__ import annotations

from typing import NamedTuple


class Total(NamedTuple):
    """How often one thing happened, since somebody first asked."""

    #: As in the ledger: ``browser.admitted``.
    event: str
    #: Empty if no form is concerned.
    form: str
    #: The reason of a refusal, or the verdict; may be empty.
    reason: str
    times: int
