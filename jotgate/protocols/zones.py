"""What we know of the zone that an account's times are in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from jotgate.frozen import frozen


@frozen
class ZoneCount:
    """What the rows of one account showed."""

    #: How many of them showed which zone.
    rows: Mapping[str, int] = field(default_factory=dict)
    #: The highest id that was counted.
    highest: str = "0"
    #: The zone that the account itself names, and when it was last asked.
    named: str | None = None
    asked_at: float | None = None
