"""Reading JotForm for programs with scoped keys, through what the processes keep for each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, TypeVar

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.frozen import frozen
from jotgate.jotform.client import JotFormClient
from jotgate.jotform.paging import MAX_ROWS
from jotgate.jotform.tolls import Toll
from jotgate.mirroring.kept import Kept, Row, Stretch
from jotgate.protocols import MirrorTurn, RawPage

#: For all that one request reads; what was read until then is kept, so the next one goes on there.
_REQUEST_SECONDS = 15.0
#: Who looks at the first rows only asks for no more than these.
FEW_ROWS = 100
MAX_ID = 10**20 - 2

T = TypeVar("T")


@frozen
class _Span:
    """Above one id up to another, and from which end to read."""

    low: int
    high: int
    descending: bool = False
    rows: int = MAX_ROWS

    @property
    def first(self) -> int:
        """The first id, whether or not there is one."""
        return self.high if self.descending else self.low + 1

    def after(self, stretch: Stretch) -> _Span:
        """Return what is left behind *stretch*, to be read in full pages."""
        low, high = (self.low, stretch.low) if self.descending else (stretch.high, self.high)
        return _Span(low=low, high=high, descending=self.descending)

    def of(self, stretch: Stretch) -> list[Row]:
        """Return the rows of *stretch* in here, in order."""
        rows = [row for number, row in stretch.rows.items() if self.low < number <= self.high]
        return rows[::-1] if self.descending else rows


class Reading:
    """What one request reads: it pays for what is not kept, and ends in time."""

    def __init__(self, service: JotFormClient, kept: Kept, toll: Toll) -> None:
        self._service = service
        self._kept = kept
        self._toll = toll
        self._ends_at = time.monotonic() + _REQUEST_SECONDS

    def form(self, form_id: str) -> Mapping[str, Any]:
        """Return the form."""

        def read(seconds: float) -> Mapping[str, Any]:
            return self._service.raw_form(form_id, toll=self._toll, deadline_seconds=seconds)

        return self._value(form_id, "form", read)

    def questions(self, form_id: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the form's questions by their ids."""

        def read(seconds: float) -> Mapping[str, Any]:
            return self._service.raw_questions(form_id, toll=self._toll, deadline_seconds=seconds)

        return self._value(form_id, "questions", read)

    def rows(self, form_id: str, ids: Sequence[str]) -> dict[str, Row]:
        """Return the form's submissions of these ids by id, but for those that JotForm no longer has.

        About one call for a thousand submissions that lie between the first and the last that are not kept.
        """
        wanted = sorted(map(int, ids))

        def held() -> dict[int, Row | None] | None:
            found = self._held(form_id, wanted)
            return found if len(found) == len(set(wanted)) else None

        def read(turn: MirrorTurn, ends_at: float) -> dict[int, Row | None]:
            found = self._held(form_id, wanted)
            missing = [number for number in wanted if number not in found]
            while missing:
                span = _Span(low=missing[0] - 1, high=missing[-1])
                stretch = self._read(turn, span, ends_at, asked=missing)
                found |= {number: stretch.rows.get(number) for number in missing if number <= stretch.high}
                missing = [number for number in missing if number > stretch.high]
            return found

        found = self._once(form_id, held, read)
        return {str(row["id"]): row for row in found.values() if row is not None}

    def walk(
        self, form_id: str, *, above: int, below: int | None, descending: bool, few: bool
    ) -> Iterator[Row]:
        """Iterate over everything that JotForm has of the form between two ids, both exclusive, in their order.

        One call for each thousand that are not kept; the first one asks for less if *few* of them will do.
        """
        high = MAX_ID if below is None else min(below - 1, MAX_ID)
        left = _Span(low=max(above, 0), high=high, descending=descending, rows=FEW_ROWS if few else MAX_ROWS)
        while left.low < left.high:
            stretch = self._around(form_id, left)
            yield from left.of(stretch)
            left = left.after(stretch)

    def form_of(self, submission_id: str, *, among: Set[str]) -> str | None:
        """Return the form of a submission, if it is one of these; that costs a call, unless a list has shown it."""
        number = int(submission_id)
        for form_id in among:
            stretch = self._kept.around(form_id, number)
            if stretch is not None and number in stretch.rows:
                return form_id
        held: Mapping[str, str | None] = self._once(
            submission_id,
            lambda: self._kept.value(submission_id, "form_of"),
            lambda turn, ends_at: self._read_form_of(turn, among, ends_at),
        )
        return held["form_id"] if held["form_id"] in among else None

    def _read_form_of(self, turn: MirrorTurn, among: Set[str], ends_at: float) -> dict[str, str | None]:
        submission_id = turn.form_id
        row = self._service.raw_submission(
            submission_id, toll=self._toll, deadline_seconds=ends_at - time.monotonic()
        )
        form_id = None if row is None else str(row["form_id"])
        if row is not None and form_id is not None and form_id in among:
            number = int(submission_id)
            stretch = Stretch(low=number - 1, high=number, rows={number: row})
            self._kept.keep_stretch(replace(turn, form_id=form_id), stretch)
        held = {"form_id": form_id}
        self._kept.keep_value(turn, "form_of", held)
        return held

    def _around(self, form_id: str, span: _Span) -> Stretch:
        """Return what is known around the first id of a span, or read on from there."""
        return self._once(
            form_id,
            lambda: self._kept.around(form_id, span.first),
            lambda turn, ends_at: self._read(turn, span, ends_at),
        )

    def _held(self, form_id: str, wanted: Sequence[int]) -> dict[int, Row | None]:
        """Return which of *wanted* are kept; None for those that JotForm does not have."""
        found: dict[int, Row | None] = {}
        if wanted:
            for stretch in self._kept.between(form_id, wanted[0] - 1, wanted[-1]):
                found |= dict.fromkeys(stretch.gone & set(wanted)) | {
                    number: stretch.rows[number] for number in wanted if number in stretch.rows
                }
        return found

    def _read(self, turn: MirrorTurn, span: _Span, ends_at: float, *, asked: Sequence[int] = ()) -> Stretch:
        """Ask for the first rows of a span, up to a page of them, and keep them."""
        page = self._service.raw_rows(
            turn.form_id,
            above=str(span.low),
            below=str(span.high + 1),
            descending=span.descending,
            most=span.rows,
            toll=self._toll,
            deadline_seconds=ends_at - time.monotonic(),
        )
        rows = {int(row["id"]): row for row in page.rows}
        low, high = _told(page, span, rows)
        gone = frozenset(number for number in asked if low < number <= high and number not in rows)
        stretch = Stretch(low=low, high=high, rows=rows, gone=gone)
        self._kept.keep_stretch(turn, stretch)
        return stretch

    def _value(
        self, form_id: str, part: str, read: Callable[[float], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        def read_and_keep(turn: MirrorTurn, ends_at: float) -> Mapping[str, Any]:
            value = read(ends_at - time.monotonic())
            self._kept.keep_value(turn, part, value)
            return value

        return self._once(form_id, lambda: self._kept.value(form_id, part), read_and_keep)

    def _once(self, form_id: str, look: Callable[[], T | None], read: Callable[[MirrorTurn, float], T]) -> T:
        found = look()
        if found is not None:
            return found
        return self._kept.once(form_id, self._ends_at - time.monotonic(), look, read)


def _told(page: RawPage, span: _Span, rows: Mapping[int, Row]) -> tuple[int, int]:
    """Return above which id and up to which a page tells everything there is."""
    if page.last:
        return span.low, span.high
    if not rows or not page.ordered:
        raise UpstreamError(
            UpstreamReason.MALFORMED, "JotForm's answer was not understood: it ignored the filter of a list"
        )
    return (min(rows) - 1, span.high) if span.descending else (span.low, max(rows))
