"""What questions about people need of a store: who has submitted a form, and what they wrote in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from jotgate.outcomes import Verdict


class Standing(NamedTuple):
    """How a subject, or whoever wrote something, stands with a form. A tuple, because it is asked for a lot."""

    #: The best verdict of any submission, verified before accepted before pending; None if there is none of these.
    verdict: Verdict | None
    #: When a browser last said that it submitted without anything having come of it yet, or None.
    sent_at: float | None
    #: The form's last reading, and the last full one, or None.
    read_at: float | None
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


class StandingStore(Protocol):
    """The part of the store that answers for people. Each verb but the iterators is one statement."""

    def standing(self, form: str, subject: str) -> Standing:
        """Return how *subject* stands with *form*."""
        ...

    def standing_of_lookup(self, form: str, fields: Sequence[Sequence[bytes]]) -> Standing:
        """Return how whoever wrote all of that stands with *form*.

        *fields* holds the fingerprints that each field may have, one for each code key.
        """
        ...

    def standing_of_ticket(self, form: str, ticket_id: bytes) -> Standing:
        """Return how whoever was given that ticket stands with *form*."""
        ...

    def subjects(self, form: str) -> Iterator[str]:
        """Iterate over the subjects of the form's codes, each once, in their order, in bounded memory.

        Left out is who has nothing but codes that were revoked unused.
        """
        ...

    def own_submissions(self, form: str, subject: str) -> list[OwnRow]:
        """Return the subject's verified and accepted submissions of *form*, newest first."""
        ...

    def submission_of_ticket(self, form: str, ticket_id: bytes) -> OwnRow | None:
        """Return the submission of *form* settled on that ticket, if it is verified or accepted."""
        ...
