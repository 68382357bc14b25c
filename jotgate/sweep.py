"""The sweep: read new submissions for the forms that are due, and give each its verdict.

A form is due because a webhook (or the visitor's browser) said so, because it has tickets out
and was not read for a quarter of an hour, or because it was not read for hours. Every due form
is read by the same call, whenever JotForm lets one call cover several forms.

When that is, and how far back a reading goes, stands in `jotgate.schedule`.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jotgate.clock import Clock
from jotgate.errors import QuotaExhausted, UpstreamError, UpstreamReason
from jotgate.keyring import CodeKeys, KeyRing
from jotgate.ledger import Entry
from jotgate.outcomes import Verdict
from jotgate.policy import FormPolicy
from jotgate.protocols import FormService, FormState, Question, Settled, Store
from jotgate.quota import Quota
from jotgate.schedule import (
    Due,
    Found,
    after_reading,
    due_forms,
    expected_at,
    is_old,
    questions_are_old,
)
from jotgate.submissions import Candidate, Submission, examine

_log = logging.getLogger("jotgate.sweep")

#: Renewed for every page; a process that dies in a sweep holds the others up for as long.
_LEASE_SECONDS = 30.0
_FORMS_PER_CALL = 20
_SETTLED_AT_ONCE = 100
_LIVE_MEMO_SECONDS = 60.0
#: What one form among several can be the reason for; an outage is the same for all.
_ABOUT_ONE_FORM = {
    UpstreamReason.UNAUTHORIZED,
    UpstreamReason.NOT_FOUND,
    UpstreamReason.REFUSED,
    UpstreamReason.MALFORMED,
    UpstreamReason.TOO_LARGE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
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


class Sweep:
    """Read and judge. Any number of processes may hold one; the store's lease lets one at a time work."""

    def __init__(
        self,
        policies: Mapping[str, FormPolicy],
        *,
        store: Store,
        service: FormService,
        quota: Quota,
        keys: KeyRing,
        code_keys: CodeKeys,
        clock: Clock,
        holder: str,
    ) -> None:
        """Sweep for the forms in *policies*; *holder* names this machine in the lease."""
        self._policies = policies
        self._store = store
        self._service = service
        self._quota = quota
        self._keys = keys
        self._code_keys = code_keys
        self._clock = clock
        self._name = holder
        self._live: dict[str, tuple[float, float | None]] = {}
        self._together = True

    @property
    def _holder(self) -> str:
        # Workers that were forked from one parent share everything but this.
        return f"{self._name}:{os.getpid()}"

    def due(self) -> bool:
        """Say whether any form is due. Cheap: asks the store only."""
        return bool(self._choose(()))

    def expected_at(self, form: str) -> float:
        """Return by when a submission made now should have its verdict, seconds since the epoch, UTC."""
        quiet_until = [state.quiet_until for state in self._store.form_states() if state.form == form]
        return expected_at(self._clock.now(), self._quota.pace(), max(quiet_until, default=0.0))

    def run(
        self, forms: Iterable[str] = (), *, operator: bool = False, deadline_seconds: float | None = None
    ) -> Swept:
        """Read the forms that are due, or exactly *forms*, if another process does not do so now.

        An *operator*'s sweep may use the calls kept for them and does not wait for its turn.
        *deadline_seconds* bounds each call to JotForm.

        Raises:
            StoreUnavailable: nothing was read, or what was read is not all settled; the forms stay due.
        """
        chosen = tuple(forms)
        if not self._choose(chosen):
            return Swept()
        if not operator:
            grab = self._quota.pace()
            if not grab.granted:
                return Swept(waiting="the day's calls are to last the day", until=grab.until)
        if not self._store.take_lease(self._holder, now=self._clock.now(), seconds=_LEASE_SECONDS):
            return Swept(waiting="another process is sweeping")
        try:
            # Chosen again: the process that had the lease before may have read them just now.
            return _Run(self, self._choose(chosen), operator, deadline_seconds).all()
        finally:
            self._store.release_lease(self._holder)

    def _choose(self, forms: Sequence[str]) -> list[Due]:
        """Return the forms to read: exactly *forms*, in full, or else those that are due."""
        states = self._store.form_states()
        if forms:
            return [Due(state, full=True) for state in states if state.form in forms]
        return due_forms(states, self._clock.now(), self._has_tickets_out)

    def _has_tickets_out(self, state: FormState) -> bool:
        """Say whether a ticket could have been used since the last full reading; asked once a minute at most."""
        now = self._clock.now()
        asked_at, live_until = self._live.get(state.form, (float("-inf"), None))
        if not 0 <= now - asked_at < _LIVE_MEMO_SECONDS:
            live_until = self._store.live_until(state.form)
            self._live[state.form] = (now, live_until)
        return live_until is not None and live_until > (state.full_read_at or 0.0)


class _Run:
    """One sweep, from the lease to its end."""

    def __init__(self, sweep: Sweep, due: list[Due], operator: bool, deadline_seconds: float | None) -> None:
        self._sweep = sweep
        self._due = due
        self._operator = operator
        self._deadline_seconds = deadline_seconds
        self._read: list[str] = []
        self._settled: list[Settled] = []
        self._errors: dict[str, str] = {}
        self._until: float | None = None
        self._questions_read: set[str] = set()

    def all(self) -> Swept:
        """Read everything that is due."""
        try:
            self._ask_for_allowance()
            ready = [due for due in map(self._started, self._due) if due is not None]
            for group in self._groups(ready):
                self._read_group(group)
        except QuotaExhausted as error:
            self._until = error.until
            return self._swept(waiting=str(error))
        return self._swept(waiting=None)

    def _ask_for_allowance(self) -> None:
        """Learn once a day how many calls the account has, whatever the settings believe."""
        if self._due and self._sweep._quota.asks():
            try:
                self._sweep._service.usage(operator=self._operator)
            except UpstreamError as error:
                _log.info("allowance.unknown", extra={"reason": error.reason.value})

    def _swept(self, waiting: str | None) -> Swept:
        return Swept(
            forms=tuple(self._read),
            settled=tuple(self._settled),
            errors=self._errors,
            waiting=waiting,
            until=self._until,
        )

    def _groups(self, ready: list[Due]) -> Iterable[list[Due]]:
        size = _FORMS_PER_CALL if self._sweep._together else 1
        ready = sorted(ready, key=lambda due: int(due.above))
        return [ready[at : at + size] for at in range(0, len(ready), size)]

    def _started(self, due: Due) -> Due | None:
        """See to it that the ticket field and the place to begin are known; None if they cannot be."""
        sweep, state = self._sweep, due.state
        now = sweep._clock.now()
        try:
            if state.cursor is None:
                newest = sweep._service.newest_submission_id(
                    state.form_id,
                    # JotForm's times have a grain of one second, and the doubt is the visitor's.
                    before=math.floor(state.added_at),
                    operator=self._operator,
                    deadline_seconds=self._deadline_seconds,
                )
                sweep._store.begin_at(state.form, newest or "0")
            if self._operator or questions_are_old(state, now):
                self._read_questions(state)
        except UpstreamError as error:
            self._failed([due], error)
            return None
        fresh = self._state(state.form)
        if fresh.ticket_qid is None:
            # It never had a ticket field: nothing on it could be judged.
            sweep._store.note_error(state.form, "the form has no ticket field", now)
            return None
        return due._replace(state=fresh)

    def _state(self, form: str) -> FormState:
        return next(state for state in self._sweep._store.form_states() if state.form == form)

    def _read_questions(self, state: FormState) -> None:
        """Find the ticket field again: by its question id if that is known, else by its name."""
        sweep = self._sweep
        self._questions_read.add(state.form)
        questions = sweep._service.questions(
            state.form_id, operator=self._operator, deadline_seconds=self._deadline_seconds
        )
        found = find_ticket_field(questions, sweep._policies[state.form].ticket_field, state.ticket_qid)
        now = sweep._clock.now()
        qid, name = (found.qid, found.name) if found else (None, None)
        sweep._store.note_questions(state.form, qid=qid, name=name, now=now)
        if found is None and state.missing_since is None:
            note = "the ticket field is missing from the form: the door is closed until it is back"
            sweep._store.record(Entry(at=now, event="ticket_field.lost", form=state.form, note=note))
            _log.error("ticket_field.lost", extra={"form": state.form})

    def _read_group(self, group: list[Due]) -> None:
        try:
            self._pages(group)
        except UpstreamError as error:
            if len(group) == 1 or error.reason not in _ABOUT_ONE_FORM:
                self._failed(group, error)
                return
            # One form of the group may be the reason, so each is asked for by itself.
            for due in group:
                self._read_group([due])

    def _pages(self, group: list[Due]) -> None:
        """Read and judge page after page; the forms are done when the last page was read."""
        sweep = self._sweep
        ids = [due.state.form_id for due in group]
        above = min((due.above for due in group), key=int)
        found = {due.state.form_id: Found([], 0, set()) for due in group}
        offset = 0
        seen: set[str] = set()
        while True:
            sweep._store.take_lease(sweep._holder, now=sweep._clock.now(), seconds=_LEASE_SECONDS)
            page = sweep._service.submissions(
                ids,
                above=above,
                offset=offset,
                operator=self._operator,
                deadline_seconds=self._deadline_seconds,
            )
            if page.filter_ignored and len(group) > 1:
                _log.warning("filter.ignored", extra={"forms": len(group)})
                sweep._together = False
                for due in group:
                    self._read_group([due])
                return
            for due in group:
                self._judge(due, [row for row in page.rows if row.form_id == due.state.form_id], found)
            # A server that does not look at the offset would send the same page for ever.
            new = {row.submission_id for row in page.rows} - seen
            if page.last or not new:
                break
            seen |= new
            offset += page.row_count
        self._finish(group, found)

    def _judge(self, due: Due, rows: list[Submission], found: dict[str, Found]) -> None:
        """Settle what is new among one page's rows of one form, lowest id first."""
        sweep, form = self._sweep, due.state.form
        rows = sorted(
            (row for row in rows if int(row.submission_id) > int(due.above)),
            key=lambda row: int(row.submission_id),
        )
        unsettled = sweep._store.unsettled([row.submission_id for row in rows])
        new = [row for row in rows if row.submission_id in unsettled]
        state = self._found_field(due.state, new)
        candidates = [self._candidate(row, state) for row in new]
        capacity = sweep._policies[form].capacity
        settled: list[Settled] = []
        for at in range(0, len(candidates), _SETTLED_AT_ONCE):
            now = sweep._clock.now()
            settled += sweep._store.settle(candidates[at : at + _SETTLED_AT_ONCE], capacity=capacity, now=now)
        fresh = [one for one in settled if one.fresh]
        for one in fresh:
            _log.info(
                "submission.judged",
                extra={"form": form, "submission_id": one.submission_id, "verdict": one.verdict.value},
            )
        self._settled += fresh
        pending = {one.submission_id for one in settled if one.verdict is Verdict.PENDING}
        before = found[due.state.form_id]
        found[due.state.form_id] = Found(
            before.rows + rows, before.fresh + len(fresh), before.pending | pending
        )

    def _candidate(self, row: Submission, state: FormState) -> Candidate:
        assert state.ticket_qid is not None
        sweep = self._sweep
        candidate = examine(
            row,
            sweep._policies[state.form],
            ticket_qid=state.ticket_qid,
            keys=sweep._keys,
            code_keys=sweep._code_keys,
        )
        if state.missing_since is None:
            return candidate
        return replace(candidate, ticket_id=None, verdict=Verdict.PENDING, empty=False)

    def _found_field(self, state: FormState, rows: list[Submission]) -> FormState:
        """Notice in the rows that the ticket field was renamed, or that it may be gone."""
        qid = state.ticket_qid or ""
        for row in reversed(rows):
            if row.empty:
                continue
            answer = row.answers.get(qid)
            name = answer.get("name") if answer else None
            if isinstance(name, str) and name and name != state.ticket_name:
                self._sweep._store.note_questions(
                    state.form, qid=qid, name=name, now=self._sweep._clock.now()
                )
            if answer is None and state.form not in self._questions_read:
                self._read_questions(state)
            return self._state(state.form)
        return state

    def _finish(self, group: list[Due], found: Mapping[str, Found]) -> None:
        now = self._sweep._clock.now()
        everything = [row for one in found.values() for row in one.rows]
        old = [int(row.submission_id) for row in everything if is_old(row, now)]
        top_old = max(old, default=0)
        for due in group:
            reading = after_reading(due, found[due.state.form_id], top_old, now)
            self._sweep._store.finish_reading(reading)
            self._read.append(due.state.form)

    def _failed(self, group: list[Due], error: UpstreamError) -> None:
        now = self._sweep._clock.now()
        for due in group:
            self._errors[due.state.form] = str(error)
            self._sweep._store.note_error(due.state.form, str(error), now)
            _log.warning(
                "reading.failed",
                extra={"form": due.state.form, "reason": error.reason.value, "status": error.status},
            )


def find_ticket_field(questions: Iterable[Question], wanted: str, known_qid: str | None) -> Question | None:
    """Return the question that carries the ticket: the known one, whatever its name, else the one *wanted*.

    *wanted* is a question id (digits) or a unique name.
    """
    by_qid = {question.qid: question for question in questions}
    if known_qid is not None and known_qid in by_qid:
        return by_qid[known_qid]
    if wanted.isascii() and wanted.isdigit():
        return by_qid.get(wanted)
    return next((question for question in by_qid.values() if question.name == wanted), None)


def _number(row: Submission) -> int:
    return int(row.submission_id)
