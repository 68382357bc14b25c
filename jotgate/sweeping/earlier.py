"""Taking in what was submitted before a form was gated: page by page, beside the readings of what is new."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.jotform.client import JotFormClient
from jotgate.protocols import FormState, Settled, SubmissionPage
from jotgate.stores import Store
from jotgate.sweeping.fields import NO_FIELD
from jotgate.sweeping.judging import Judge
from jotgate.sweeping.pages import Ask, PageRows, Unread, Walk, newest_first


class Earlier:
    """Read below where a form's judging began. Where its readings of new submissions are stays as it is."""

    def __init__(
        self, judge: Judge, *, store: Store, service: JotFormClient, note: Callable[[str, Unread], None]
    ) -> None:
        """Give verdicts by *judge*; *note* hears of submissions of a form that no list can show."""
        self._judge = judge
        self._store = store
        self._service = service
        self._note = note

    def take_in(self, state: FormState, since: float, *, operator: bool) -> Iterator[list[Settled]]:
        """Judge what was made at *since* or later, and before the form's judging began; give each page's new verdicts.

        Where a time can be read in several ways, the doubt takes the submission in. What has a verdict keeps it, so
        that a walk that was cut off can be begun again; at its end judging is known to have begun earlier.

        Raises:
            QuotaExhausted: the rest needs more calls than are left.
            UpstreamError: JotForm gave no usable answer; or the form has no ticket field.
        """
        if state.began_above is None or state.ticket_qid is None or state.missing_since is not None:
            raise UpstreamError(UpstreamReason.MALFORMED, NO_FIELD)
        end = int(state.began_above)
        above = self._service.newest_submission_id(state.form_id, before=math.floor(since), operator=operator)
        earlier = replace(state, began_above=above or "0")
        if int(earlier.began_above or 0) >= end:
            return
        for page in self._pages(earlier, end, operator=operator):
            rows = [row for row in page.rows if int(row.submission_id) <= end]
            new = self._judge.new(earlier, rows)
            yield self._judge.settle(earlier, new, waits=False).fresh
        self._store.begin_earlier(state.form, above or "0")

    def _pages(self, state: FormState, end: int, *, operator: bool) -> Iterator[SubmissionPage]:
        above, size = int(state.began_above or 0), PageRows(state.page_rows)
        walk = Walk(
            self._asker(state.form_id, end, operator=operator),
            size,
            answers=lambda: True,
            note=lambda unread: self._note(state.form, unread),
        )
        places = [
            place for place in self._store.places().get(state.form, []) if above <= int(place.above) < end
        ]
        for page in walk.pages(above, places):
            if page.filter_ignored:
                yield from newest_first(self._newest(state.form_id, operator=operator), size, above)
                return
            yield page

    def _asker(self, form_id: str, end: int, *, operator: bool) -> Ask:
        def ask(above: str, below: str | None, offset: int, rows: int) -> SubmissionPage:
            below = str(min(end + 1, int(below or end + 1)))
            return self._service.submissions(
                [form_id], above=above, below=below, offset=offset, rows=rows, operator=operator
            )

        return ask

    def _newest(self, form_id: str, *, operator: bool) -> Callable[[int, int], SubmissionPage]:
        def ask(offset: int, rows: int) -> SubmissionPage:
            return self._service.newest_submissions([form_id], offset=offset, rows=rows, operator=operator)

        return ask
