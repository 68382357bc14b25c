"""What a call may cost its cause, besides the quota."""

from __future__ import annotations

from typing import Protocol


class Toll(Protocol):
    """A budget of calls that somebody above the client keeps."""

    def take(self) -> None:
        """Count a try before it is made.

        Raises:
            QuotaExhausted: it must not be made.
        """
        ...

    def give_back(self) -> None:
        """Take back a try that certainly never left this machine."""
        ...
