"""How far the sweep came with each form."""

from __future__ import annotations

from jotgate.frozen import frozen


@frozen
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
    #: Rises with deliveries that no submission followed; see `jotgate.sweeping.sweep`.
    hollow: int
    #: No reading for deliveries before this moment.
    quiet_until: float
    #: When it must be read in full once more, or None.
    again_at: float | None
    #: The last reading, and the last full one that proved to cover the form, or None.
    read_at: float | None
    full_read_at: float | None
    #: Everything up to this submission id is settled; None: not started. Full readings begin here.
    cursor: str | None
    #: The highest submission id that was seen. Quick readings begin here.
    head: str | None
    #: Judging began above this id: submissions at or below it are never judged.
    began_above: str | None
    #: The form's newest submission that a list showed; a list that shows it again covers the form. None: it had none.
    anchor: str | None
    #: When all that is new was last asked for, whether or not the answer proved that it covers the form.
    sought_at: float | None
    #: When a full reading last went back for a week, or None.
    looked_back_at: float | None
    #: When a list for several forms was last seen to leave this one out, or None.
    left_out_at: float | None
    #: How many readings, one after the other, failed or proved nothing; and when the form is asked for again then.
    tries: int
    retry_at: float | None
    #: The key and the host that JotForm was asked with when that failed.
    asked_with: str | None
    #: Since when JotForm does not show the form to a key that works, or None.
    refused_since: float | None
    #: How many rows one page can hold, as the last reading found out; None: as many as there are.
    page_rows: int | None
    #: How many looks at what deliveries name came to nothing, one after the other; no further one before `look_at`.
    looks: int
    look_at: float
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
    #: Since when a person has paused the form, or None; who that is, and what visitors are told meanwhile.
    paused_at: float | None = None
    paused_by: str | None = None
    paused_words: str | None = None


@frozen
class Reading:
    """What one complete reading changes in the `FormState` of a form that it proved to cover."""

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
    #: The form's newest submission, or None if it has none.
    anchor: str | None = None
    page_rows: int | None = None
    #: False if it rests on what was proven a while ago.
    moves_as_of: bool = True
    #: Whether it went back for a week.
    looked_back: bool = False
    #: Whether it showed what a list for several forms had left out.
    left_out: bool = False


@frozen
class Unproven:
    """A reading that did not show whether it covers the form: nothing moves, and the form stays due."""

    form: str
    #: Whether all that is new was asked for.
    full: bool
    tries: int
    #: When to ask for the form by itself; None: together with others, as usual.
    retry_at: float | None
    read_at: float


@frozen
class Hint:
    """What a delivery said to be its submission, on a form that was read beyond it."""

    state: FormState
    submission_id: str


@frozen
class Place:
    """Where a form's list holds a submission that cannot be read, and readings step over it."""

    form: str
    #: The last submission before it, and the next one behind it, if there is one.
    above: str
    below: str | None
    #: Which submission it is, if that is known.
    submission_id: str | None
    since: float
    #: How often it was tried by itself, and when it is tried again.
    tries: int
    retry_at: float
    #: Why it cannot be read.
    reason: str


@frozen
class KnownRange:
    """What the submissions of all forms tell about where new ones can turn up; ids, which grow with time."""

    #: Every submission from now on has a higher id than this.
    horizon: str
    #: Fewer than so many rows as were asked for are known above this id.
    near: str
