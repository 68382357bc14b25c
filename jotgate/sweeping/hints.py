"""Looks at single submissions that deliveries name and no list shows: rows that turned up late, below the readings.

Anybody can forge a delivery, so a look is rare: one for a form in a minute, and the pause doubles with every look
that came to nothing. What a hint leads to is judged like any row that was read; nothing else in it is believed.
"""

from __future__ import annotations

import logging

from jotgate.clock import Clock
from jotgate.errors import UpstreamError
from jotgate.jotform.client import JotFormClient
from jotgate.protocols import Hint, Settled
from jotgate.stores import Store
from jotgate.sweeping.judging import Judge
from jotgate.sweeping.schedule import HOLLOW_CAP, IDLE_DUE_SECONDS, SLOW_SECONDS

_log = logging.getLogger("jotgate.sweep")


class Hints:
    """Follow what deliveries say, one look at a time."""

    def __init__(self, judge: Judge, *, store: Store, service: JotFormClient, clock: Clock) -> None:
        self._judge = judge
        self._store = store
        self._service = service
        self._clock = clock

    def follow(self, *, operator: bool = False, deadline_seconds: float | None = None) -> list[Settled]:
        """Look at one submission, if any was named and its form's pause is over; return the verdicts that are new."""
        hints = [hint for hint in self._store.hints(self._clock.now()) if hint.state.ticket_qid is not None]
        if not hints:
            return []
        hint = min(hints, key=lambda hint: hint.state.look_at)
        try:
            row = self._service.submission(
                hint.submission_id, operator=operator, deadline_seconds=deadline_seconds
            )
        except UpstreamError as error:
            _log.info("hint.failed", extra={"form": hint.state.form, "reason": error.reason.value})
            self._came_to_nothing(hint)
            return []
        if row is None or not (new := self._judge.new(hint.state, [row])):
            self._came_to_nothing(hint)
            return []
        judged = self._judge.settle(hint.state, new)
        now = self._clock.now()
        self._store.note_look(hint, looks=0, look_at=now, hollow=None, quiet_until=hint.state.quiet_until)
        for submission_id in judged.pending:
            self._store.go_back(hint.state.form, submission_id, again_at=now + SLOW_SECONDS)
        return judged.fresh

    def _came_to_nothing(self, hint: Hint) -> None:
        """Slow the form down, as deliveries do that no submission follows."""
        now, looks = self._clock.now(), hint.state.looks + 1
        pause = min(IDLE_DUE_SECONDS, SLOW_SECONDS * 2 ** min(looks, 10))
        self._store.note_look(
            hint, looks=looks, look_at=now + pause, hollow=HOLLOW_CAP, quiet_until=now + SLOW_SECONDS
        )
