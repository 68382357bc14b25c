"""What JotForm says about forms and submissions, kept for a few minutes, so that reading it again costs no call."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from cachetools import TTLCache

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.jotform.client import JotFormClient
from jotgate.jotform.tolls import Toll
from jotgate.protocols import RawPage

#: For so long what was read is not read again: an edit at JotForm shows after that.
KEPT_SECONDS = 300.0
_KEPT_BYTES = 32 * 1024 * 1024
#: For one request, all its calls together, and the wait for another's.
_DEADLINE_SECONDS = 5.0
#: After a call that failed nobody asks about the same form, so that a slow JotForm does not hold every worker.
REST_SECONDS = 5.0
_MAX_ID = 10**20 - 1


class Reader:
    """Reads through a cache; safe to use from every thread."""

    def __init__(self, service: JotFormClient, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._kept: TTLCache[tuple[str, str], bytes] = TTLCache(
            _KEPT_BYTES, ttl=KEPT_SECONDS, timer=timer, getsizeof=len
        )
        self._timer = timer
        self._lock = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}
        self._rests_until: dict[str, float] = {}

    def form(self, form_id: str, toll: Toll) -> Mapping[str, Any]:
        """Return the form."""

        def read(seconds: float) -> Mapping[str, Any]:
            return self._service.raw_form(form_id, toll=toll, deadline_seconds=seconds)

        return self._read_once(form_id, "form", read)

    def questions(self, form_id: str, toll: Toll) -> Mapping[str, Mapping[str, Any]]:
        """Return the form's questions by their ids."""

        def read(seconds: float) -> Mapping[str, Any]:
            return self._service.raw_questions(form_id, toll=toll, deadline_seconds=seconds)

        return self._read_once(form_id, "questions", read)

    def rows(self, form_id: str, ids: Sequence[str], toll: Toll) -> dict[str, Mapping[str, Any]]:
        """Return the form's submissions of these ids by id, but for those that JotForm no longer has.

        About one call for a thousand submissions that lie between the first and the last that are not kept.
        """
        found = self._held(form_id, ids)
        if len(found) < len(ids):
            with self._turn(form_id) as ends_at:
                found |= self._held(form_id, ids)
                missing = sorted((one for one in ids if one not in found), key=int)
                while missing:
                    fresh = self._read_rows(form_id, missing, toll, ends_at)
                    found |= fresh
                    missing = missing[len(fresh) :]
        return {submission_id: row for submission_id, row in found.items() if row is not None}

    def _read_rows(
        self, form_id: str, missing: Sequence[str], toll: Toll, ends_at: float
    ) -> dict[str, Mapping[str, Any] | None]:
        """Read from the first of *missing* on; return as many of them, in order, as one call told about."""
        low, high = max(int(missing[0]) - 1, 0), min(int(missing[-1]) + 1, _MAX_ID)
        page = self._service.raw_rows(
            form_id, above=str(low), below=str(high), toll=toll, deadline_seconds=_left(ends_at)
        )
        rows = {str(row["id"]): row for row in page.rows}
        up_to = _told_up_to(page, high)
        if up_to < int(missing[0]):
            raise UpstreamError(
                UpstreamReason.MALFORMED,
                "JotForm's answer was not understood: it ignored the filter of a list",
            )
        fresh = {one: rows.get(one) for one in missing if int(one) <= up_to}
        for submission_id, row in fresh.items():
            self._keep(form_id, submission_id, row)
        return fresh

    def _read_once(
        self, form_id: str, name: str, read: Callable[[float], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        held = self._held(form_id, [name]).get(name)
        if held is None:
            with self._turn(form_id) as ends_at:
                held = self._held(form_id, [name]).get(name)
                if held is None:
                    held = read(_left(ends_at))
                    self._keep(form_id, name, held)
        return held

    def _held(self, form_id: str, names: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
        with self._lock:
            texts = {name: self._kept.get((form_id, name)) for name in names}
        return {name: json.loads(text) for name, text in texts.items() if text is not None}

    def _keep(self, form_id: str, name: str, value: Mapping[str, Any] | None) -> None:
        try:
            text = json.dumps(value).encode("ascii")
        except (ValueError, RecursionError):
            raise UpstreamError(
                UpstreamReason.MALFORMED, "JotForm's answer was not understood: it is nested too deeply"
            ) from None
        with self._lock:
            self._kept[form_id, name] = text

    @contextmanager
    def _turn(self, form_id: str) -> Iterator[float]:
        """Let one thread at a time ask about a form; give the moment at which it must be done, by `time.monotonic`."""
        ends_at = time.monotonic() + _DEADLINE_SECONDS
        with self._lock:
            turn = self._turns.setdefault(form_id, threading.Lock())
        if not turn.acquire(timeout=_DEADLINE_SECONDS):
            raise UpstreamError(
                UpstreamReason.TIMEOUT, "others wait for JotForm's answer already", sent=False
            )
        rests = False
        try:
            rests = self._timer() < self._rests_until.get(form_id, float("-inf"))
            if rests:
                raise UpstreamError(UpstreamReason.BROKEN, "JotForm gave no answer a moment ago", sent=False)
            yield ends_at
        except UpstreamError as problem:
            if not rests and problem.reason is not UpstreamReason.OVER_LIMIT:
                self._rests_until[form_id] = self._timer() + REST_SECONDS
            raise
        finally:
            turn.release()


def _told_up_to(page: RawPage, high: int) -> int:
    """Return the id up to which a page tells everything there is."""
    if page.last:
        return high
    return int(str(page.rows[-1]["id"])) if page.rows else -1


def _left(ends_at: float) -> float:
    return ends_at - time.monotonic()
