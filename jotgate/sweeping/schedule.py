"""When a form is read, how far back, together with which others, and how soon again. Pure: it looks at states only.

A *quick* reading asks for submissions newer than the newest one seen. A *full* one goes back to the last
submission that is settled and old enough that few earlier ones can still turn up, and once a day a week further.

A reading *proves* that it covers a form when it shows a submission of that form: so it begins just below the newest
one that is known, the form's *anchor*, which an honest list shows again. Nothing moves without proof.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.jotform.paging import MAX_ROWS, is_about_size
from jotgate.protocols import FormState, KnownRange, Reading, SubmissionPage, Unproven
from jotgate.quota import Grab

DAY_SECONDS = 86_400.0
#: A form with tickets out is read in full at least this often, whatever the webhooks say.
SELF_DUE_SECONDS = 15 * 60.0
#: The same while the day's calls come faster than they are used; and how long after a reading it may come along with
#: others.
SPARE_DUE_SECONDS = 5 * 60.0
COMPANY_SECONDS = 4 * 60.0
#: Any form is.
IDLE_DUE_SECONDS = 6 * 3600.0
#: Rows younger than this are read again by full readings: a lower id may still turn up.
SETTLING_SECONDS = 15 * 60.0
#: How far one full reading a day goes back, for what turns up later.
LOOK_BACK_SECONDS = 8 * DAY_SECONDS
#: The time between two readings of a form that deliveries ask for: usually, and while they come to nothing.
QUICK_SECONDS = 2.0
SLOW_SECONDS = 60.0
#: How many deliveries may come to nothing before a form is slowed, and where the count stops.
HOLLOW_LIMIT = 8
HOLLOW_CAP = 20
#: Deliveries that one new submission makes up for: webhooks may come twice, and the browser reports as well.
_DELIVERIES_EACH = 4
#: When a form's questions are read again while the ticket field is missing.
MISSING_SECONDS = 15 * 60.0
#: How long a form is left alone that could not be read: a minute, and twice as long with every failure, up to ...
RETRY_SECONDS = 60.0
#: After so many refusals, one after the other, the form's door is closed.
REFUSED_TRIES = 3
_LONGEST_OUTAGE_SECONDS = 5 * 60.0
_LONGEST_RESTS = {
    UpstreamReason.TIMEOUT: 3600.0,
    UpstreamReason.TOO_LARGE: 3600.0,
    UpstreamReason.MALFORMED: 3600.0,
    UpstreamReason.UNAUTHORIZED: 6 * 3600.0,
    UpstreamReason.NOT_FOUND: 6 * 3600.0,
    UpstreamReason.REFUSED: 6 * 3600.0,
}
#: After a reading that proved nothing the form is asked for by itself: after a minute, then four times as long, ...
_LONGEST_UNPROVEN_SECONDS = 2 * 3600.0
#: Nothing is put off for longer than this; what seems to be was so by a clock that was set back since.
_LONGEST_PAUSE_SECONDS = IDLE_DUE_SECONDS
#: Forms that one call can cover.
FORMS_PER_CALL = 20
#: Forms share a call if fewer rows than this are known from where it begins: most of a page.
SHARED_ROWS = 900
#: The part of a day's calls for asking for forms by themselves that others outnumber.
_PROOF_SHARE = 0.15
#: A form that calls for several forms leave out is asked for by itself this long.
LEFT_OUT_SECONDS = DAY_SECONDS
#: What follows a full page may wait if no more than this part of a page is likely to.
_REST_SHARE = 0.01

#: How long a reading and its verdicts take at most, as pages tell visitors.
READING_SECONDS = 10.0


class Due(NamedTuple):
    """A form that is to be read."""

    state: FormState
    #: Whether the reading is a full one.
    full: bool
    #: Whether it is to be asked for by itself.
    alone: bool = False
    #: The id from which on a reading that goes back a week looks, or None.
    back: str | None = None
    #: Whether it is read only where it costs no call of its own.
    comes_along: bool = False

    def lowest(self, near: int) -> int:
        """Return the id that the reading begins with: no higher than the anchor, if that is not far below."""
        start = self.back or (self.state.cursor if self.full else self.state.head) or "0"
        anchor = self.state.anchor
        if anchor is None or not (self.alone or int(anchor) >= near):
            return int(start)
        return min(int(start), int(anchor))


class Group(NamedTuple):
    """Forms that one list covers."""

    dues: tuple[Due, ...]
    #: Ask for rows with a higher id.
    above: int

    def expects(self, due: Due) -> bool:
        """Say whether an honest list shows a submission of the form that is known."""
        return due.state.anchor is not None and int(due.state.anchor) > self.above


class Seen(NamedTuple):
    """The part of a row to keep while its form is read: there may be many rows."""

    submission_id: str
    created_latest: float


class Found(NamedTuple):
    """What a reading of one form showed."""

    rows: list[Seen]
    #: Those that were seen for the first time.
    fresh: set[str]
    #: The ids of those that have no verdict yet.
    pending: set[str]


def expected_at(now: float, grab: Grab, quiet_until: float) -> float:
    """Return by when a submission made at *now* should have its verdict, as the quota and the form's pause allow."""
    start_at = now if grab.granted else max(now, grab.until)
    return max(start_at, quiet_until) + READING_SECONDS


def due_forms(
    states: Iterable[FormState],
    now: float,
    live: Collection[str],
    asked_with: str = "",
    *,
    self_due_seconds: float = SELF_DUE_SECONDS,
) -> list[Due]:
    """Return the forms to read at *now*; those that merely wait for their turn come along if any is due.

    *live* are the forms for which a ticket could have been used since they were last sought, and they are due
    *self_due_seconds* after that. A form that failed when JotForm was asked otherwise than *asked_with*, by another
    key or at another host, does not rest.
    """
    states = [_rested(state, asked_with) for state in states]
    found = [
        Due(state, full=_wants_all(state, now, live, self_due_seconds), alone=_is_asked_alone(state, now))
        for state in states
        if not _rests(state, now)
    ]
    if not any(due.full or _may_be_read(due.state, now) for due in found):
        return []
    return [
        due
        for due in found
        if due.full or _may_be_read(due.state, now) or (_is_delivered(due.state) and not due.alone)
    ]


def soon_due(states: Iterable[FormState], now: float) -> float | None:
    """Return in how many seconds the first form may be read of those that only wait because they were read just before.

    None if there is none, as while a flood of deliveries comes to nothing: those wait for longer.
    """
    pauses = [
        state.quiet_until - now
        for state in states
        if _is_delivered(state) and not state.tries and now < state.quiet_until <= now + QUICK_SECONDS
    ]
    return min(pauses, default=None)


def companions(states: Iterable[FormState], dues: Sequence[Due], now: float) -> list[Due]:
    """Return those of the forms that may be read in full along with *dues*: those that make no list dearer."""
    named = {due.state.form for due in dues}
    return [
        Due(state, full=True, comes_along=True)
        for state in states
        if state.form not in named
        and not (state.tries or state.last_error or state.missing_since or state.page_rows)
        and not _is_asked_alone(state, now)
    ]


def arranged(
    dues: Sequence[Due], known: KnownRange, now: float, *, live: Collection[str], calls_a_day: int | None
) -> list[Group]:
    """Put together the forms that one call can cover, and set those apart whose turn it is to be asked by themselves.

    Forms share a call where few rows lie between the places from which they are read. One whose anchor lies far
    below the others' submissions is covered by such a call, but not proven to be; so it is asked by itself at times.
    The group that has waited longest comes first: where calls are rare, there may be none for the next.
    """
    near = int(known.near)
    unprovable = [
        due for due in dues if due.full and not (due.alone or due.comes_along or _may_show(due.state, near))
    ]
    dues = [
        due._replace(alone=True)
        if due in unprovable and _wants_proof(due.state, now, len(unprovable), live, calls_a_day)
        else due
        for due in dues
    ]
    shared = _shared([due for due in dues if not (due.alone or due.comes_along)], near)
    for due in sorted((due for due in dues if due.comes_along), key=_waits_since):
        if _may_show(due.state, near):
            _join(shared, due, near)
    groups = [_group(some, near) for some in [*shared, *([due] for due in dues if due.alone)]]
    return sorted(groups, key=lambda group: min(map(_waits_since, group.dues)))


def needs_reading(state: FormState) -> bool:
    """Say whether a form that has just begun is to be read: not if that showed that there is nothing new."""
    return state.sought_at is None or _is_delivered(state)


def looks_back(due: Due, now: float) -> bool:
    """Say whether it is time for a full reading that goes back for a week; never while readings fail."""
    looked_back_at = due.state.looked_back_at
    if not due.full or due.comes_along or due.state.tries:
        return False
    return looked_back_at is None or not 0 <= now - looked_back_at < DAY_SECONDS


def rest_seconds(tries: int, error: UpstreamError) -> float:
    """Return how long a form rests after so many failures before this one: what costs more calls rests longer."""
    longest = _LONGEST_RESTS.get(error.reason, _LONGEST_OUTAGE_SECONDS)
    if is_about_size(error):
        longest = _LONGEST_RESTS[UpstreamReason.TIMEOUT]
    return min(longest, RETRY_SECONDS * 2.0 ** min(tries, 16))


def progress(due: Due, found: Found, now: float) -> tuple[str, str | None, str | None]:
    """Return head, anchor and cursor as of the last page read; the reading goes on."""
    top = max([int(due.state.anchor or 0), *(int(row.submission_id) for row in found.rows)])
    cursor = _cursor(due.state, found, "0", now) if due.full else None
    return str(max(int(due.state.head or 0), top)), str(top) if top else None, cursor


def after_reading(
    due: Due, found: Found, *, anchor: str | None, horizon: str, now: float, page_rows: int | None = None
) -> Reading:
    """Work out where the next readings of a form begin that this one covers, and how soon deliveries may ask for one.

    *anchor* is the form's newest submission, and every later one has a higher id than *horizon*.
    """
    state = due.state
    cursor = _cursor(state, found, horizon, now) if due.full else None
    hollow = _hollow(state, len(found.fresh))
    return Reading(
        form=state.form,
        seq=state.due_seq,
        head=str(max(int(state.head or 0), int(anchor or 0), int(cursor or 0))),
        cursor=cursor,
        wait_for_answers=bool(found.pending) and state.missing_since is None,
        hollow=hollow,
        quiet_until=now + (SLOW_SECONDS if hollow > HOLLOW_LIMIT else QUICK_SECONDS),
        read_at=now,
        anchor=anchor,
        page_rows=page_rows,
        looked_back=due.back is not None,
        left_out=due.alone and _was_left_out(state, found),
    )


def after_first_page(due: Due, found: Found, *, now: float, page_rows: int | None) -> Reading:
    """Work out the same for a reading that ends before it is sure to show everything: it moves no `as_of`."""
    _, anchor, _ = progress(due, found, now)
    reading = after_reading(due, found, anchor=anchor, horizon="0", now=now, page_rows=page_rows)
    return replace(reading, wait_for_answers=True, moves_as_of=False)


def hardly_goes_on(page: SubmissionPage, now: float) -> bool:
    """Say whether a full page ends so close to now that next to nothing can follow it: its rows come no faster."""
    if page.last or not page.ordered or page.lowest is not None or page.row_count < MAX_ROWS:
        return False
    first, last = page.rows[0].created_earliest, page.rows[-1].created_earliest
    return now - last <= max(READING_SECONDS, (last - first) * _REST_SHARE)


def is_believed_empty(due: Due, now: float) -> bool:
    """Say whether an empty list suffices for now: JotForm counted none just before, and counting costs a call."""
    state = due.state
    if not (due.full and due.alone) or state.anchor is not None or state.full_read_at is None:
        return False
    return 0 <= now - state.full_read_at < SELF_DUE_SECONDS


def after_unproven(due: Due, now: float, *, expected: bool) -> Unproven:
    """Work out when to ask for a form by itself after a reading that did not show a single submission of it.

    That tells nothing about a form of which none was *expected*, unless somebody says that there is a new one.
    """
    state = due.state
    is_claimed = _is_delivered(state) or (state.again_at is not None and now >= state.again_at)
    came_along = not due.alone and _waits(state, now)
    if came_along or not (expected or is_claimed):
        return Unproven(
            form=state.form, full=due.full, tries=state.tries, retry_at=state.retry_at, read_at=now
        )
    pause = min(_LONGEST_UNPROVEN_SECONDS, RETRY_SECONDS * 4 ** min(state.tries, 9))
    return Unproven(form=state.form, full=due.full, tries=state.tries + 1, retry_at=now + pause, read_at=now)


def is_old(row: Seen, now: float) -> bool:
    """Say whether a submission is so old that hardly any with a lower id can still turn up."""
    return row.created_latest <= now - SETTLING_SECONDS


def _is_delivered(state: FormState) -> bool:
    return state.due_seq > state.read_seq


def _may_be_read(state: FormState, now: float) -> bool:
    """Say whether a delivery may ask for a reading; one that is put off further than ever was so by another clock."""
    return _is_delivered(state) and not state.tries and not now < state.quiet_until <= now + SLOW_SECONDS


def _wants_all(state: FormState, now: float, live: Collection[str], self_due_seconds: float) -> bool:
    """Say whether it is time for a full reading."""
    if state.tries:
        return not _waits(state, now)
    if state.missing_since is not None:
        return now - (state.questions_at or 0.0) >= MISSING_SECONDS
    if state.sought_at is None:
        return True
    if state.again_at is not None and now >= state.again_at:
        return True
    age = now - state.sought_at
    if age >= IDLE_DUE_SECONDS or age < 0:
        return True
    return age >= self_due_seconds and state.form in live


def _rested(state: FormState, asked_with: str) -> FormState:
    """Let a form that failed with another key be asked for at once."""
    if state.last_error is None or state.asked_with in (None, asked_with):
        return state
    return replace(state, retry_at=None)


def _waits(state: FormState, now: float) -> bool:
    return state.retry_at is not None and now < state.retry_at <= now + _LONGEST_PAUSE_SECONDS


def _rests(state: FormState, now: float) -> bool:
    """Say whether the form failed just before: it would fail the others that it shares a call with."""
    return state.last_error is not None and _waits(state, now)


def _is_asked_alone(state: FormState, now: float) -> bool:
    if state.tries and not _waits(state, now):
        return True
    return state.left_out_at is not None and 0 <= now - state.left_out_at < LEFT_OUT_SECONDS


def _waits_since(due: Due) -> float:
    """Return since when a form waits: for what was delivered, else for its next full reading."""
    state = due.state
    if _is_delivered(state) and state.due_since is not None:
        return state.due_since
    return (state.added_at if state.full_read_at is None else state.full_read_at) + SELF_DUE_SECONDS


def _may_show(state: FormState, near: int) -> bool:
    """Say whether a shared list shows the form: the newest one that is known, or the one that was delivered."""
    return _is_delivered(state) or (state.anchor is not None and int(state.anchor) >= near)


def _wants_proof(
    state: FormState, now: float, count: int, live: Collection[str], calls_a_day: int | None
) -> bool:
    """Say whether one of *count* forms that shared calls do not prove to cover is to be asked for by itself."""
    if state.full_read_at is None:
        return True
    share = 0.0 if calls_a_day is None else count * DAY_SECONDS / max(calls_a_day * _PROOF_SHARE, 1.0)
    longest = IDLE_DUE_SECONDS if state.form in live else DAY_SECONDS
    return not 0 <= now - state.full_read_at < max(SELF_DUE_SECONDS, min(share, longest))


def _shared(dues: Iterable[Due], near: int) -> list[list[Due]]:
    shared: list[list[Due]] = []
    for due in sorted(dues, key=lambda due: -due.lowest(near)):
        if not _join(shared[-1:], due, near):
            shared.append([due])
    return shared


def _join(groups: Iterable[list[Due]], due: Due, near: int) -> bool:
    """Let a form share the first call that it can; say whether there was one."""
    for group in groups:
        if _fits(group, due, near):
            group.append(due)
            return True
    return False


def _fits(group: Sequence[Due], due: Due, near: int) -> bool:
    """Say whether a form can share a call: what lies before any form's beginning is unknown, and may be a lot."""
    lowest = due.lowest(near)
    return (
        len(group) < FORMS_PER_CALL
        and lowest >= near
        and all(lowest >= int(one.state.began_above or 0) for one in group)
    )


def _group(dues: Sequence[Due], near: int) -> Group:
    if len(dues) == 1:
        dues = [dues[0]._replace(alone=True)]
    return Group(tuple(dues), max(min(due.lowest(near) for due in dues) - 1, 0))


def _cursor(state: FormState, found: Found, horizon: str, now: float) -> str:
    """Return the highest id up to which everything is settled and old enough; lower than before if a row came late."""
    cursor = int(state.cursor or 0)
    for row in sorted(found.rows, key=lambda row: int(row.submission_id)):
        number = int(row.submission_id)
        if row.submission_id in found.pending:
            return str(min(cursor, number - 1))
        if not is_old(row, now):
            return str(cursor)
        cursor = max(cursor, number)
    return str(max(cursor, int(horizon)))


def _was_left_out(state: FormState, found: Found) -> bool:
    """Say whether an earlier list should have shown what only a list for the form alone shows.

    A form's first submission may just have been late: a list that leaves it out for good does so again.
    """
    if state.tries and state.last_error is None and state.anchor is not None:
        return True
    sought_at = state.sought_at or 0.0
    return any(row.submission_id in found.fresh and is_old(row, sought_at) for row in found.rows)


def _hollow(state: FormState, fresh: int) -> int:
    """Return the balance of deliveries that came to nothing: a flood slows the form down, quiet forgives it."""
    deliveries = state.due_seq - state.read_seq
    if deliveries == 0:
        return state.hollow // 2
    return max(0, min(state.hollow + deliveries - _DELIVERIES_EACH * fresh, HOLLOW_CAP))
