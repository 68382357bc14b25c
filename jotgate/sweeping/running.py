"""One sweep, from the lease to its end: put the due forms together, read them page by page, and judge."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jotgate.clock import Clock
from jotgate.errors import QuotaExhausted, UpstreamError, UpstreamReason
from jotgate.frozen import frozen
from jotgate.jotform.client import JotFormClient
from jotgate.jotform.paging import is_about_size
from jotgate.protocols import FormState, Place, Settled, SubmissionPage
from jotgate.quota import Quota
from jotgate.stores import Store
from jotgate.submissions import Submission
from jotgate.sweeping.fields import NO_FIELD, Fields
from jotgate.sweeping.hints import Hints
from jotgate.sweeping.judging import Judge
from jotgate.sweeping.pages import FEWEST_SHARED_ROWS, Ask, PageRows, Unread, Walk, newest_first
from jotgate.sweeping.places import Places
from jotgate.sweeping.schedule import (
    LOOK_BACK_SECONDS,
    REFUSED_TRIES,
    RETRY_SECONDS,
    SETTLING_SECONDS,
    SHARED_ROWS,
    SLOW_SECONDS,
    Due,
    Found,
    Group,
    Seen,
    after_first_page,
    after_reading,
    after_unproven,
    arranged,
    hardly_goes_on,
    is_believed_empty,
    looks_back,
    needs_reading,
    progress,
    rest_seconds,
)
from jotgate.sweeping.starting import OUTAGES, Starts

_log = logging.getLogger("jotgate.sweep")

#: Renewed for every page; a process that dies in a sweep holds the others up for as long.
LEASE_SECONDS = 30.0
#: What one form among several can be the reason for; an outage is the same for all.
_ABOUT_ONE_FORM = {
    UpstreamReason.UNAUTHORIZED,
    UpstreamReason.NOT_FOUND,
    UpstreamReason.REFUSED,
    UpstreamReason.MALFORMED,
    UpstreamReason.TOO_LARGE,
}
#: What JotForm answers for a form that is gone or not ours, and for a bad key.
_REFUSALS = {UpstreamReason.UNAUTHORIZED, UpstreamReason.NOT_FOUND}
#: How long JotForm is believed to ignore filters after it was seen to.
_UNFILTERED_SECONDS = 3600.0
PACED = "today's calls are spread over the whole day"


@frozen
class Swept:
    """What one sweep did."""

    #: The forms that were read to the end.
    forms: tuple[str, ...] = ()
    #: The verdicts that are new.
    settled: tuple[Settled, ...] = ()
    #: Form -> why it could not be read.
    errors: Mapping[str, str] = field(default_factory=dict)
    #: Why nothing was read although something is due, if so.
    waiting: str | None = None
    #: When another sweep makes sense, seconds since the epoch, UTC, if that is known.
    until: float | None = None


@dataclass(slots=True, kw_only=True)
class Tools:
    """What a sweep works with."""

    store: Store
    service: JotFormClient
    quota: Quota
    clock: Clock
    judge: Judge
    fields: Fields
    hints: Hints
    places: Places
    starts: Starts
    #: The holder of the lease.
    holder: str
    #: The forms that JotForm shows to their teams only, and in no list of the account's.
    of_teams: frozenset[str] = frozenset()
    #: Until then JotForm is believed to ignore filters, as it was seen to do.
    unfiltered_until: float = 0.0


class Run:
    """One sweep, from the lease to its end."""

    def __init__(
        self,
        tools: Tools,
        due: Sequence[Due],
        *,
        live: Collection[str],
        operator: bool,
        deadline_seconds: float | None,
    ) -> None:
        """Read *due*; *live* are the forms for which tickets could have been used."""
        self._tools = tools
        self._due = due
        self._live = live
        self._operator = operator
        self._deadline_seconds = deadline_seconds
        self._asking: dict[str, Any] = {"operator": operator, "deadline_seconds": deadline_seconds}
        self._read: list[str] = []
        self._settled: list[Settled] = []
        self._errors: dict[str, str] = {}
        self._questions_read: set[str] = set()
        self._size = PageRows()
        self._is_key_good: bool | None = None
        self._places: dict[str, list[Place]] = {}
        self._ends_at = math.inf if deadline_seconds is None else time.monotonic() + deadline_seconds

    def all(self) -> Swept:
        """Read everything that is due, as far as the calls allow."""
        try:
            self._ask_for_allowance()
            for number, group in enumerate(self._groups()):
                grab = self._tools.quota.pace()
                if number and not self._operator and not grab.granted:
                    return self._swept(waiting=PACED, until=grab.until)
                if number and time.monotonic() > self._ends_at:
                    return self._swept()
                self._read_group(group)
            self._look_at_single_ones()
        except QuotaExhausted as error:
            return self._swept(waiting=str(error), until=error.until)
        return self._swept()

    def _ask_for_allowance(self) -> None:
        """Learn once a day how many calls the account has, whatever the settings believe."""
        if self._due and self._tools.quota.asks():
            try:
                self._tools.service.usage(operator=self._operator)
            except UpstreamError as error:
                _log.info("allowance.unknown", extra={"reason": error.reason.value})

    def _swept(self, waiting: str | None = None, until: float | None = None) -> Swept:
        return Swept(
            forms=tuple(self._read),
            settled=tuple(self._settled),
            errors=self._errors,
            waiting=waiting,
            until=until,
        )

    def _groups(self) -> list[Group]:
        tools, now = self._tools, self._tools.clock.now()
        self._begin_together()
        ready = [due for due in map(self._started, self._due) if due is not None]
        self._places = tools.store.places()
        ready = [due._replace(alone=True) if self._is_asked_alone(due) else due for due in ready]
        ready = [due for due in ready if not (due.comes_along and due.alone)]
        if any(looks_back(due, now) for due in ready):
            week_ago = tools.store.known_range(seen_before=now - LOOK_BACK_SECONDS, rows=SHARED_ROWS).horizon
            ready = [self._looking_back(due, week_ago, now) for due in ready]
        known = tools.store.known_range(seen_before=now - SETTLING_SECONDS, rows=SHARED_ROWS)
        self._horizon = known.horizon
        limit = tools.quota.usage().limit
        return arranged(ready, known, now, live=self._live, calls_a_day=limit)

    def _is_asked_alone(self, due: Due) -> bool:
        """Say whether no list for several forms will do: JotForm shows it to its team only, or rows are passed over."""
        places = self._places.get(due.state.form, [])
        is_passed_over = any(int(place.above) >= due.lowest(0) - 1 for place in places)
        return is_passed_over or due.state.form in self._tools.of_teams

    def _looking_back(self, due: Due, week_ago: str, now: float) -> Due:
        if not looks_back(due, now):
            return due
        began_above = due.state.began_above or "0"
        return due._replace(back=max(began_above, min(week_ago, due.state.cursor or "0", key=int), key=int))

    def _begin_together(self) -> None:
        """Let several forms start in a few calls; if JotForm answers nobody, none of them is asked for by itself."""
        new = [due for due in self._due if due.state.cursor is None]
        if len(new) < 2:
            return
        try:
            self._tools.starts.begin_together([due.state for due in new], **self._asking)
        except UpstreamError as error:
            self._failed(new, error)
            self._due = [due for due in self._due if due.state.cursor is not None]

    def _started(self, due: Due) -> Due | None:
        """See to it that the place to begin is known, and the ticket field if need be; None if they cannot be."""
        tools, state = self._tools, due.state
        if due.comes_along:
            return due
        try:
            if state.cursor is None:
                state = tools.starts.begin(state, **self._asking)
            if self._operator or tools.fields.wants_reading(state):
                state = self._read_questions(state)
        except UpstreamError as error:
            self._failed([due], error)
            return None
        if state.ticket_qid is None and state.questions_at is not None:
            # It never had a ticket field: nothing on it could be judged.
            now, tries = tools.clock.now(), state.tries + 1
            tools.store.note_error(state.form, NO_FIELD, now, tries=tries, retry_at=now + RETRY_SECONDS)
            return None
        if due.state.cursor is None and not self._operator and not needs_reading(state):
            # Its start showed all that there is.
            self._read.append(state.form)
            return None
        return due._replace(state=state)

    def _has_none(self, state: FormState) -> bool:
        return self._tools.starts.has_none(state, **self._asking)

    def _read_questions(self, state: FormState) -> FormState:
        if state.form in self._questions_read:
            return state
        self._questions_read.add(state.form)
        return self._tools.fields.read(state, **self._asking)

    def _read_group(self, group: Group) -> None:
        try:
            self._pages(group)
        except UpstreamError as error:
            if len(group.dues) == 1 or not self._is_about_one_form(group, error):
                self._failed(group.dues, error)
                return
            # One form of the group may be the reason, so ask for each by itself.
            self._read_apart(group)

    def _is_about_one_form(self, group: Group, error: UpstreamError) -> bool:
        if is_about_size(error):
            return self._answers(group.dues[0])
        return error.reason in _ABOUT_ONE_FORM

    def _answers(self, due: Due) -> bool:
        """Say whether JotForm answers a small question: what fails then is about size, and no outage."""
        try:
            self._has_none(due.state)
        except UpstreamError as error:
            return not (is_about_size(error) or error.reason in OUTAGES)
        return True

    def _read_apart(self, group: Group) -> None:
        for due in (due for due in group.dues if not due.comes_along):
            self._read_group(Group((due._replace(alone=True),), max(due.lowest(0) - 1, 0)))

    def _pages(self, group: Group) -> None:
        """Read and judge page after page; the forms are done when the last page was read."""
        found = {due.state.form: Found([], set(), set()) for due in group.dues}
        remembered = [due.state.page_rows for due in group.dues if due.state.page_rows is not None]
        fewest = 1 if len(group.dues) == 1 else FEWEST_SHARED_ROWS
        self._size = PageRows(min(remembered, default=None), fewest=fewest)
        walk = Walk(
            self._asker([due.state.form_id for due in group.dues]),
            self._size,
            answers=lambda: self._answers(group.dues[0]),
            note=lambda unread: self._note_place(group, unread),
        )
        places = self._places.get(group.dues[0].state.form, []) if len(group.dues) == 1 else []
        pages = walk.pages(group.above, places)
        if self._tools.clock.now() < self._tools.unfiltered_until:
            pages = self._newest_first(group)
        for page in pages:
            if page.filter_ignored:
                _log.warning("filter.ignored", extra={"forms": len(group.dues)})
                self._tools.unfiltered_until = self._tools.clock.now() + _UNFILTERED_SECONDS
                self._pages(group)
                return
            for due in group.dues:
                self._judge(due, page.rows, found[due.state.form])
                if page.lowest is None and not page.last:
                    self._note_progress(due, found[due.state.form])
            if not page.last and time.monotonic() > self._ends_at:
                return
            if self._may_end_with(page, found):
                self._leave_the_rest(group, found)
                return
        for due in group.dues:
            self._finish(group, due, found[due.state.form])

    def _newest_first(self, group: Group) -> Iterator[SubmissionPage]:
        """Read down from the newest submissions: what JotForm's lists allow where filters are ignored."""
        tools, form_ids = self._tools, [due.state.form_id for due in group.dues]

        def ask(offset: int, rows: int) -> SubmissionPage:
            tools.store.take_lease(tools.holder, now=tools.clock.now(), seconds=LEASE_SECONDS)
            return tools.service.newest_submissions(
                form_ids,
                offset=offset,
                rows=rows,
                operator=self._operator,
                deadline_seconds=self._deadline_seconds,
            )

        return newest_first(ask, self._size, group.above)

    def _asker(self, form_ids: Sequence[str]) -> Ask:
        tools = self._tools

        def ask(above: str, below: str | None, offset: int, rows: int) -> SubmissionPage:
            tools.store.take_lease(tools.holder, now=tools.clock.now(), seconds=LEASE_SECONDS)
            return tools.service.submissions(
                form_ids,
                above=above,
                below=below,
                offset=offset,
                rows=rows,
                operator=self._operator,
                deadline_seconds=self._deadline_seconds,
            )

        return ask

    def _note_place(self, group: Group, unread: Unread) -> None:
        form = next(
            (due.state.form for due in group.dues if due.state.form_id == unread.form_id),
            group.dues[0].state.form,
        )
        self._tools.places.note(form, unread)

    def _note_progress(self, due: Due, found: Found) -> None:
        if found.rows:
            head, anchor, cursor = progress(due, found, self._tools.clock.now())
            self._tools.store.note_progress(due.state.form, head=head, anchor=anchor, cursor=cursor)

    def _judge(self, due: Due, rows: Iterable[Submission], found: Found) -> None:
        """Settle the new submissions among one page's rows of one form."""
        tools = self._tools
        own = [row for row in rows if row.form_id == due.state.form_id]
        new = tools.judge.new(due.state, own, quick=not due.full)
        state = tools.fields.seen_in(new, due.state, lambda: self._read_questions(due.state))
        if new and state.ticket_qid is None:
            raise UpstreamError(UpstreamReason.MALFORMED, NO_FIELD)
        judged = tools.judge.settle(state, new)
        self._settled += judged.fresh
        found.rows.extend(Seen(row.submission_id, row.created_latest) for row in own)
        found.fresh.update(one.submission_id for one in judged.fresh)
        found.pending.update(judged.pending)

    def _may_end_with(self, page: SubmissionPage, found: Mapping[str, Found]) -> bool:
        """Say whether what follows a page can wait: it is next to nothing, and a call is worth more than the minute."""
        if self._operator or not hardly_goes_on(page, self._tools.clock.now()):
            return False
        is_worth_it = self._tools.quota.seconds_each() >= SLOW_SECONDS
        return is_worth_it and all(of_form.rows for of_form in found.values())

    def _leave_the_rest(self, group: Group, found: Mapping[str, Found]) -> None:
        """Note what a full page showed; what may follow it is asked for by the next reading, a minute later at most."""
        for due in group.dues:
            reading = after_first_page(
                due, found[due.state.form], now=self._tools.clock.now(), page_rows=self._size.remembered
            )
            self._tools.store.finish_reading(reading)
            self._read.append(due.state.form)

    def _finish(self, group: Group, due: Due, found: Found) -> None:
        """Note how far the form is read, if what was read proves that it covers the form."""
        tools, form = self._tools, due.state.form
        now, anchor = tools.clock.now(), due.state.anchor
        is_proven = bool(found.rows)
        is_believed = not is_proven and is_believed_empty(due, now)
        if not (is_proven or is_believed) and due.full and due.alone:
            # The one that was known may have been deleted since.
            is_proven, anchor = self._proof_of(due, found)
        if not (is_proven or is_believed):
            tools.store.note_unproven(after_unproven(due, now, expected=group.expects(due)))
            return
        if found.rows:
            anchor = str(max(int(anchor or 0), *(int(row.submission_id) for row in found.rows)))
        horizon = "0" if is_believed else self._horizon
        reading = after_reading(
            due, found, anchor=anchor, horizon=horizon, now=now, page_rows=self._size.remembered
        )
        tools.store.finish_reading(replace(reading, moves_as_of=not is_believed))
        self._read.append(form)

    def _proof_of(self, due: Due, found: Found) -> tuple[bool, str | None]:
        """Ask for the form's newest submissions, and if there is none, whether it has any; with the newest one's id."""
        if due.state.anchor is not None:
            page = self._tools.service.newest_submissions(
                [due.state.form_id], operator=self._operator, deadline_seconds=self._deadline_seconds
            )
            if page.rows:
                self._judge(due, page.rows, found)
                return True, None
        return self._has_none(due.state), None

    def _look_at_single_ones(self) -> None:
        """Look at one submission that a delivery named and no list showed, and at one that no list can show."""
        tools = self._tools
        if self._operator:
            for due in self._due:
                self._settled += tools.places.retry_all(due.state.form)
        if self._operator or tools.quota.pace().granted:
            self._settled += tools.hints.follow(
                operator=self._operator, deadline_seconds=self._deadline_seconds
            )
        if not self._operator:
            self._settled += tools.places.retry(deadline_seconds=self._deadline_seconds)

    def _failed(self, dues: Iterable[Due], error: UpstreamError) -> None:
        tools, now = self._tools, self._tools.clock.now()
        is_refused = error.reason in _REFUSALS and self._key_works()
        for due in (due for due in dues if not due.comes_along):
            tries = due.state.tries + 1
            self._errors[due.state.form] = str(error)
            tools.store.note_error(
                due.state.form,
                str(error),
                now,
                tries=tries,
                retry_at=now + rest_seconds(due.state.tries, error),
                page_rows=self._size.remembered,
                asked_with=tools.service.asked_with,
                refused=is_refused and tries >= REFUSED_TRIES,
            )
            _log.warning(
                "reading.failed",
                extra={"form": due.state.form, "reason": error.reason.value, "status": error.status},
            )

    def _key_works(self) -> bool:
        """Ask JotForm whose key it is, once: it answers alike for a bad key and for a form that is not ours."""
        if self._is_key_good is None:
            try:
                self._tools.service.account(operator=self._operator)
                self._is_key_good = True
            except UpstreamError:
                self._is_key_good = False
        return self._is_key_good
