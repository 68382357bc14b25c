"""What deliveries and the sweep need of a store: what is due, who may sweep, how far a reading came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """How far the sweep is with one form."""

    form: str
    form_id: str
    #: When the form was first known here: what was submitted before is not judged.
    added_at: float
    #: Raised by every delivery; the form is due while it is above `read_seq`.
    due_seq: int
    read_seq: int
    #: Since when it is due by a delivery, or None.
    due_since: float | None
    #: Rises with deliveries that no submission followed; see `jotgate.sweep`.
    hollow: int
    #: No reading for deliveries before this moment.
    quiet_until: float
    #: When it must be read in full once more, or None.
    again_at: float | None
    #: The last reading, and the last full one, or None.
    read_at: float | None
    full_read_at: float | None
    #: Everything up to this submission id is settled for good; None: not started. Full readings begin here.
    cursor: str | None
    #: The highest submission id that was seen. Quick readings begin here.
    head: str | None
    #: The ticket field's question id and present name, once found.
    ticket_qid: str | None
    ticket_name: str | None
    #: When the questions were last read, or None.
    questions_at: float | None
    #: Since when the ticket field is missing from the form, or None.
    missing_since: float | None
    #: Settled submissions that count.
    settled: int
    last_error: str | None
    last_error_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one complete reading of a form changes in its `FormState`."""

    form: str
    #: `due_seq` as it was before the call.
    seq: int
    head: str
    #: Where the next full reading begins; None for a quick reading.
    cursor: str | None
    #: Whether rows without any answer wait for theirs.
    wait_for_answers: bool
    hollow: int
    quiet_until: float
    read_at: float


class ReadingStore(Protocol):
    """The part of the store that the webhook and the sweep meet."""

    def note_delivery(self, form_id: str, now: float) -> bool:
        """Make the form due, on disk before this returns; say whether the form is one of ours."""
        ...

    def form_states(self) -> list[FormState]:
        """Return the state of every form that `prepare` named."""
        ...

    def live_until(self, form: str) -> float | None:
        """Return when the last open or sent ticket of *form* runs out, or None if there is none."""
        ...

    def take_lease(self, holder: str, *, now: float, seconds: float) -> bool:
        """Become the one process that sweeps, for *seconds* at most; say whether that worked."""
        ...

    def release_lease(self, holder: str) -> None:
        """Give the lease back, if *holder* has it."""
        ...

    def finish_reading(self, reading: Reading) -> None:
        """Note a complete reading; the form stays due if it was delivered to since."""
        ...

    def note_questions(self, form: str, *, qid: str | None, name: str | None, now: float) -> None:
        """Note where the ticket field stands (*qid* None: it is missing)."""
        ...

    def note_error(self, form: str, error: str | None, now: float) -> None:
        """Note why the last reading failed (None: it did not)."""
        ...

    def begin_at(self, form: str, cursor: str, *, again: bool = False) -> None:
        """Start judging above *cursor*, if the form was not started or if it is to start *again*."""
        ...
