"""Who has submitted a form, and what they wrote in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from jotgate.outcomes import Verdict


class Standing(NamedTuple):
    """How a subject, or the writer of an answer, stands with a form. A tuple, because callers ask for it a lot."""

    #: The best verdict of any submission, verified before accepted before pending; None if it has none of these.
    verdict: Verdict | None
    #: When a browser last said that it submitted without anything having come of it yet, or None.
    sent_at: float | None
    #: The form's last full reading that proved to cover it, or None.
    full_read_at: float | None
    #: No reading before this moment.
    quiet_until: float


class OwnRow(NamedTuple):
    """A submission that counts, with what its author may see of it."""

    submission_id: str
    verdict: Verdict
    #: JotForm's time by its earliest plausible reading.
    created_at: float
    judged_at: float | None
    #: Field -> {"label": text, "value": text or list of texts}, as `jotgate.answers.Kept` has it.
    shown: Mapping[str, Mapping[str, str | list[str]]]
    #: The reference of the verdict's entry in the ledger, or None if it has none.
    ref: str | None
