"""How forms start that were never read: where each one's judging begins, learnt for all of them in a few calls."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

from jotgate.clock import Clock
from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.jotform.client import JotFormClient
from jotgate.jotform.paging import MAX_ROWS
from jotgate.protocols import FormState
from jotgate.stores import Store
from jotgate.submissions import Submission

_log = logging.getLogger("jotgate.sweep")

#: What fails alike whatever JotForm is asked for.
OUTAGES = {UpstreamReason.BROKEN, UpstreamReason.UNREACHABLE, UpstreamReason.OVER_LIMIT}


class Starts:
    """Begin above the newest submission made before a form was known here."""

    def __init__(self, *, store: Store, service: JotFormClient, clock: Clock) -> None:
        self._store = store
        self._service = service
        self._clock = clock

    def begin_together(
        self, states: Sequence[FormState], *, operator: bool, deadline_seconds: float | None
    ) -> None:
        """Begin those of several forms that the account's lists of forms and of submissions tell enough about.

        Raises:
            UpstreamError: JotForm answers nobody now, so there is no use in asking for each.
        """
        asked_at = self._clock.now()
        try:
            forms = self._service.forms(operator=operator, deadline_seconds=deadline_seconds)
            counts = {form.form_id: form.count for form in forms}
            for state in states:
                if counts.get(state.form_id) == 0:
                    self._store.begin_at(state.form, "0", proven_at=asked_at)
            others = [state for state in states if counts.get(state.form_id)]
            if len(others) > 1:
                self._begin_below_newest(others, operator=operator, deadline_seconds=deadline_seconds)
        except UpstreamError as error:
            if error.reason in OUTAGES:
                raise
            # Each can still be asked for by itself.
            _log.info("start.apart", extra={"reason": error.reason.value})

    def begin(self, state: FormState, *, operator: bool, deadline_seconds: float | None) -> FormState:
        """Begin one form by itself, if it has not begun together with others."""
        state = self._store.form_state(state.form) or state
        if state.cursor is not None:
            return state
        newest = self._service.newest_submission_id(
            state.form_id, before=_known_since(state), operator=operator, deadline_seconds=deadline_seconds
        )
        has_none = newest is None and self.has_none(
            state, operator=operator, deadline_seconds=deadline_seconds
        )
        self._store.begin_at(state.form, newest or "0", proven_at=self._clock.now() if has_none else None)
        return self._store.form_state(state.form) or state

    def has_none(self, state: FormState, *, operator: bool, deadline_seconds: float | None) -> bool:
        """Ask JotForm whether the form has no submission at all: only that makes an empty list believable."""
        about = self._service.form(state.form_id, operator=operator, deadline_seconds=deadline_seconds)
        return about.count == 0

    def _begin_below_newest(
        self, states: Sequence[FormState], *, operator: bool, deadline_seconds: float | None
    ) -> None:
        """Look for all of them among the account's newest submissions, which show what came since, too."""
        asked_at = self._clock.now()
        page = self._service.newest_submissions(
            [state.form_id for state in states],
            rows=MAX_ROWS,
            operator=operator,
            deadline_seconds=deadline_seconds,
        )
        for state in states:
            own = [row for row in page.rows if row.form_id == state.form_id]
            newest = _newest_before(own, _known_since(state))
            if newest is not None:
                is_last = page.ordered and newest == own[0].submission_id
                self._store.begin_at(state.form, newest, proven_at=asked_at if is_last else None)


def _known_since(state: FormState) -> int:
    """Return the moment to begin before: JotForm's times have a grain of one second, and the doubt is the visitor's."""
    return math.floor(state.added_at)


def _newest_before(rows: Sequence[Submission], before: float) -> str | None:
    earlier = (row.submission_id for row in rows if row.created_latest < before)
    return max(earlier, key=int, default=None)
