"""Submissions that no list can show: noted where they are, tried by themselves, and told to the owner."""

from __future__ import annotations

import logging

from jotgate.clock import Clock
from jotgate.errors import UpstreamError
from jotgate.jotform.client import JotFormClient
from jotgate.protocols import FormState, Place, Settled
from jotgate.quota import Quota
from jotgate.stores import Store
from jotgate.submissions import Submission
from jotgate.sweeping.judging import Judge
from jotgate.sweeping.pages import Unread

_log = logging.getLogger("jotgate.sweep")

#: A submission that is asked for by itself may be this large.
LARGEST_BYTES = 20_000_000
#: After a try that came to nothing, and the longest pause that this doubles to.
_PAUSE_SECONDS = 3_600.0
_LONGEST_PAUSE_SECONDS = 86_400.0


class Places:
    """Know what could not be read, and try it again."""

    def __init__(
        self, judge: Judge, *, store: Store, service: JotFormClient, quota: Quota, clock: Clock
    ) -> None:
        self._judge = judge
        self._store = store
        self._service = service
        self._quota = quota
        self._clock = clock

    def note(self, form: str, unread: Unread) -> None:
        """Let readings step over it from now on."""
        now = self._clock.now()
        place = Place(
            form=form,
            above=unread.above,
            below=unread.below,
            submission_id=unread.submission_id,
            since=now,
            tries=0,
            retry_at=now,
            reason=unread.reason,
        )
        self._store.note_place(place)
        _log.warning(
            "submission.unreadable",
            extra={"form": form, "above": unread.above, "submission_id": unread.submission_id},
        )

    def retry(self, *, deadline_seconds: float | None = None) -> list[Settled]:
        """Try one place whose time has come, if the calls allow; return the verdicts that are new."""
        now = self._clock.now()
        # One that is put off further than ever was so by a clock that was set back since.
        longest = now + _LONGEST_PAUSE_SECONDS
        due = [place for place in self._store.open_places() if not now < place.retry_at <= longest]
        if not due or not (self._quota.spare() if due[0].tries else self._quota.pace().granted):
            return []
        return self._try(due[0], operator=False, deadline_seconds=deadline_seconds)

    def retry_all(self, form: str) -> list[Settled]:
        """Try every place of a form now, because a person says so."""
        places = [place for place in self._store.open_places() if place.form == form]
        return [one for place in places for one in self._try(place, operator=True, deadline_seconds=None)]

    def _try(self, place: Place, *, operator: bool, deadline_seconds: float | None) -> list[Settled]:
        state = self._store.form_state(place.form)
        if state is None or state.ticket_qid is None:
            return []
        now = self._clock.now()
        try:
            row = self._read(state, place, operator=operator, deadline_seconds=deadline_seconds)
        except UpstreamError as error:
            pause = min(_LONGEST_PAUSE_SECONDS, _PAUSE_SECONDS * 2 ** min(place.tries, 9))
            self._store.put_off_place(place, tries=place.tries + 1, retry_at=now + pause, reason=str(error))
            return []
        if row is None:
            self._store.remove_place(place)
            return []
        judged = self._judge.settle(state, self._judge.new(state, [row]))
        if place.submission_id is None:
            # A list shows it again, and what may be behind it.
            self._store.remove_place(place)
            self._store.go_back(place.form, row.submission_id, again_at=now)
        elif judged.pending:
            self._store.put_off_place(place, tries=place.tries, retry_at=now + 60.0, reason=place.reason)
        return judged.fresh

    def _read(
        self, state: FormState, place: Place, *, operator: bool, deadline_seconds: float | None
    ) -> Submission | None:
        if place.submission_id is not None:
            return self._service.submission(
                place.submission_id,
                largest_bytes=LARGEST_BYTES,
                operator=operator,
                deadline_seconds=deadline_seconds,
            )
        page = self._service.submissions(
            [state.form_id],
            above=place.above,
            below=place.below,
            rows=1,
            operator=operator,
            deadline_seconds=deadline_seconds,
        )
        return page.rows[0] if page.rows else None
