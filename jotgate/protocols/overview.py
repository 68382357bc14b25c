"""Figures of one form, for who looks after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jotgate.frozen import frozen
from jotgate.outcomes import Reason, Verdict


@frozen
class FormFigures:
    """What a form's records add up to at one moment."""

    #: Codes that were handed out and not revoked.
    codes: int
    #: People who opened the form, each counted once.
    opened: int
    #: Openings whose page said that it sent the form, or whose submission was seen.
    sent: int
    #: Those that there are, the most frequent first.
    verdicts: Mapping[Verdict, int]
    #: How long the last people took from opening to sending, seconds, the latest first.
    durations: Sequence[float]
    #: Why people were not let in of late, the most frequent first.
    refusals: Mapping[Reason, int]
    #: When the form was opened of late, and when it was sent, seconds since the epoch, UTC.
    opened_at: Sequence[float]
    sent_at: Sequence[tuple[float, Verdict]]
