"""Who has submitted a form, and what they wrote in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple

from jotgate.frozen import frozen
from jotgate.outcomes import ToldField, Verdict


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


class Coded(NamedTuple):
    """Somebody as their code has them."""

    subject: str
    #: The owner's note, such as a name, or None.
    label: str | None = None
    #: Codes that were created together, or None.
    batch: str | None = None
    #: Where to mail them, or None.
    email: str | None = None
    #: The tag of what they read, or None.
    language: str | None = None


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


@frozen
class ToldSubmission:
    """A submission and its verdict, with what the site may read of it."""

    #: JotForm's id, digits.
    submission_id: str
    #: The form's name in the settings.
    form: str
    #: Whom it is about, or None.
    subject: str | None
    verdict: Verdict
    #: JotForm's time of the submission, seconds since the epoch, UTC.
    created_at: float
    #: When it was judged, seconds since the epoch, UTC; None: not yet.
    judged_at: float | None
    #: What the person wrote in the form's `tell_fields`, by their names in the settings; empty unless it counts.
    fields: Mapping[str, ToldField] = field(default_factory=dict, repr=False, hash=False)
