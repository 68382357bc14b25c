"""When a form is read, how far back, and how soon again. Pure: all it looks at is the form's state.

A *quick* reading asks for what is newer than the newest submission seen. A *full* one goes back
to the last submission that is settled and old enough that no earlier one can still turn up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from jotgate.protocols import FormState, Reading
from jotgate.quota import Grab
from jotgate.submissions import Submission

#: A form with tickets out is read in full at least this often, whatever the webhooks say.
SELF_DUE_SECONDS = 15 * 60.0
#: Any form is.
IDLE_DUE_SECONDS = 6 * 3600.0
#: Rows younger than this are read again by full readings: a lower id may still turn up.
SETTLING_SECONDS = 15 * 60.0
#: The time between two readings of a form that deliveries ask for: usually, and while they come to nothing.
QUICK_SECONDS = 2.0
SLOW_SECONDS = 60.0
#: How many deliveries may come to nothing before a form is slowed, and where the count stops.
HOLLOW_LIMIT = 8
_HOLLOW_CAP = 20
#: Deliveries that one new submission makes up for: webhooks may come twice, and the browser reports as well.
_DELIVERIES_EACH = 4
#: When a form's questions are read again: while the ticket field is missing, and otherwise.
MISSING_SECONDS = 15 * 60.0
QUESTIONS_SECONDS = 6 * 3600.0
#: How long a form is left alone that could not be read.
RETRY_SECONDS = 60.0


#: How long a reading and its verdicts take at most, as visitors are told.
READING_SECONDS = 10.0


class Due(NamedTuple):
    """A form that is to be read."""

    state: FormState
    #: Whether the reading is a full one.
    full: bool

    @property
    def above(self) -> str:
        """The submission id above which to read."""
        return (self.state.cursor if self.full else self.state.head) or "0"


class Found(NamedTuple):
    """What a reading of one form showed."""

    rows: list[Submission]
    #: How many of them were seen for the first time.
    fresh: int
    #: The ids of those that have no verdict yet.
    pending: set[str]


def expected_at(now: float, grab: Grab, quiet_until: float) -> float:
    """Return by when a submission made at *now* should have its verdict, as the quota and the form's pause allow."""
    start_at = now if grab.granted else max(now, grab.until)
    return max(start_at, quiet_until) + READING_SECONDS


def due_forms(
    states: Sequence[FormState], now: float, has_tickets_out: Callable[[FormState], bool]
) -> list[Due]:
    """Return the forms to read at *now*; those that merely wait for their turn come along if any is due.

    *has_tickets_out* says whether a ticket could have been used since the form's last full reading.
    """
    readable = [state for state in states if not _failed_just_now(state, now)]
    found = [Due(state, full=_wants_all(state, now, has_tickets_out)) for state in readable]
    if not any(due.full or _may_be_read(due.state, now) for due in found):
        return []
    return [due for due in found if due.full or _is_delivered(due.state)]


def questions_are_old(state: FormState, now: float) -> bool:
    """Say whether it is time to look where the ticket field is."""
    patience = QUESTIONS_SECONDS if state.missing_since is None else MISSING_SECONDS
    return state.questions_at is None or not 0 <= now - state.questions_at < patience


def after_reading(due: Due, found: Found, top_old: int, now: float) -> Reading:
    """Work out where the next readings of a form begin, and how soon deliveries may ask for one.

    *top_old* is the highest id that the same call showed, of whatever form, that is old enough.
    """
    state = due.state
    head = max([int(state.head or 0), *(int(row.submission_id) for row in found.rows)])
    hollow = _hollow(state, found.fresh)
    return Reading(
        form=state.form,
        seq=state.due_seq,
        head=str(head),
        cursor=_cursor(state, found, top_old, now) if due.full else None,
        wait_for_answers=bool(found.pending) and state.missing_since is None,
        hollow=hollow,
        quiet_until=now + (SLOW_SECONDS if hollow > HOLLOW_LIMIT else QUICK_SECONDS),
        read_at=now,
    )


def is_old(row: Submission, now: float) -> bool:
    """Say whether a submission is so old that none with a lower id can still turn up."""
    return row.created_latest <= now - SETTLING_SECONDS


def _is_delivered(state: FormState) -> bool:
    return state.due_seq > state.read_seq


def _may_be_read(state: FormState, now: float) -> bool:
    """Say whether a delivery may ask for a reading; one that is put off further than ever was so by another clock."""
    return _is_delivered(state) and not now < state.quiet_until <= now + SLOW_SECONDS


def _wants_all(state: FormState, now: float, has_tickets_out: Callable[[FormState], bool]) -> bool:
    """Say whether it is time for a full reading."""
    if state.missing_since is not None:
        return now - (state.questions_at or 0.0) >= MISSING_SECONDS
    if state.full_read_at is None:
        return True
    if state.again_at is not None and now >= state.again_at:
        return True
    age = now - state.full_read_at
    if age >= IDLE_DUE_SECONDS or age < 0:
        return True
    return age >= SELF_DUE_SECONDS and has_tickets_out(state)


def _failed_just_now(state: FormState, now: float) -> bool:
    return state.last_error_at is not None and 0 <= now - state.last_error_at < RETRY_SECONDS


def _cursor(state: FormState, found: Found, top_old: int, now: float) -> str:
    """Return the highest id below which nothing can change: settled, and old enough.

    Ids grow with time over all forms, so what the call showed of other forms tells how far it is safe.
    """
    cursor = int(state.cursor or 0)
    for row in sorted(found.rows, key=lambda row: int(row.submission_id)):
        if row.submission_id in found.pending or not is_old(row, now):
            return str(cursor)
        cursor = max(cursor, int(row.submission_id))
    return str(max(cursor, top_old))


def _hollow(state: FormState, fresh: int) -> int:
    """Return the balance of deliveries that came to nothing: a flood slows the form down, quiet forgives it."""
    deliveries = state.due_seq - state.read_seq
    if deliveries == 0:
        return state.hollow // 2
    return max(0, min(state.hollow + deliveries - _DELIVERIES_EACH * fresh, _HOLLOW_CAP))
