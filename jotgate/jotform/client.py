"""The client of JotForm's API: read only by construction, every attempt paid for, one loop that tries again.

It sends GET requests and nothing else. What JotForm is known to answer is in `envelope` and
`payloads`; how one request is bounded is in `transport`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jotgate.clock import Clock
from jotgate.errors import InputError, UpstreamError, UpstreamReason
from jotgate.jotform import payloads
from jotgate.jotform.beginning import find_newest
from jotgate.jotform.calling import Caller, is_passing
from jotgate.jotform.envelope import MAX_ANSWER_BYTES, Envelope, TooLarge
from jotgate.jotform.ids import checked_id
from jotgate.jotform.paging import MAX_ROWS, Asking, PageSize, is_about_size
from jotgate.jotform.times import Wall
from jotgate.jotform.tolls import Toll
from jotgate.jotform.zones import Zones
from jotgate.protocols import Account, FormInfo, Question, RawPage, SubmissionPage
from jotgate.quota import Quota
from jotgate.submissions import Submission

log = logging.getLogger("jotgate.jotform")

#: Forms that one combined list may name, so that its address stays short.
MAX_FORMS = 20
#: The newest submissions, where a few of them will do.
_FEW_ROWS = 20


class JotFormClient(Caller):
    """JotForm, read only, over HTTP; safe to use from every thread, and after a fork.

    Every verb takes calls from the quota first. *operator* lets the call use the share of the quota that is kept
    for the operator. *deadline_seconds* bounds the whole verb, tries and all; None: the client's own bound.

    Verbs raise `UpstreamError` when JotForm gave no usable answer, `QuotaExhausted` when there was no call to
    take, `StoreUnavailable` when the quota cannot be counted, and `InputError` for ids that are not 1 to 20
    digits, before anything is sent.
    """

    def __init__(
        self,
        api_base: str,
        api_key: str,
        *,
        quota: Quota,
        clock: Clock,
        proxy: str | None = None,
        deadline_seconds: float = 10.0,
        page_rows: int = MAX_ROWS,
        zones: Zones | None = None,
        teams: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Ask the API under *api_base* with *api_key*.

        *proxy* outranks the environment's proxies, *deadline_seconds* bounds a verb with all its
        tries, *zones* says and learns which zone JotForm's times are in, *teams* which team a form belongs to (by the
        form's id), and *sleep* waits between two tries.

        Raises:
            InputError: an address or key that cannot be used; the key is not repeated.
        """
        super().__init__(
            api_base,
            api_key,
            quota=quota,
            clock=clock,
            proxy=proxy,
            deadline_seconds=deadline_seconds,
            sleep=sleep,
            teams=teams,
        )
        self._page_size = PageSize(page_rows, clock)
        self._zones = zones

    def account(self, *, operator: bool = False) -> Account:
        """Ask whose key it is."""
        return payloads.read_account(self._ask("/user", operator=operator).content)

    def usage(self, *, operator: bool = False) -> tuple[int, int | None]:
        """Ask for the calls used today, and the calls left if JotForm says so; the quota takes note of both."""
        answer = self._ask("/user/usage", operator=operator)
        used = payloads.read_calls_used(answer.content)
        if answer.limit_left is not None:
            self._quota.discovered(limit=used + answer.limit_left, used=used)
        return used, answer.limit_left

    def form(
        self, form_id: str, *, operator: bool = False, deadline_seconds: float | None = None
    ) -> FormInfo:
        """Ask about one form."""
        path = f"/form/{checked_id(form_id)}"
        answer = self._ask(path, operator=operator, deadline_seconds=deadline_seconds)
        return payloads.read_form(answer.content, form_id)

    def forms(self, *, operator: bool = False, deadline_seconds: float | None = None) -> tuple[FormInfo, ...]:
        """Ask for the account's forms, up to 1,000 of them."""
        answer = self._ask(
            "/user/forms", lambda: {"limit": "1000"}, operator=operator, deadline_seconds=deadline_seconds
        )
        return payloads.read_forms(answer.content)

    def questions(
        self, form_id: str, *, operator: bool = False, deadline_seconds: float | None = None
    ) -> tuple[Question, ...]:
        """Ask for a form's questions."""
        path = f"/form/{checked_id(form_id)}/questions"
        answer = self._ask(path, operator=operator, deadline_seconds=deadline_seconds)
        return payloads.read_questions(answer.content)

    def webhooks(self, form_id: str, *, operator: bool = False) -> tuple[str, ...]:
        """Ask where a form's webhooks go."""
        path = f"/form/{checked_id(form_id)}/webhooks"
        return payloads.read_webhooks(self._ask(path, operator=operator).content)

    def properties(self, form_id: str, *, operator: bool = False) -> Mapping[str, Any]:
        """Ask for a form's settings; what comes back may hold the form's own secrets and is never logged."""
        path = f"/form/{checked_id(form_id)}/properties"
        return payloads.read_properties(self._ask(path, operator=operator).content)

    def newest_submission_id(
        self,
        form_id: str,
        *,
        before: float,
        operator: bool = False,
        deadline_seconds: float | None = None,
    ) -> str | None:
        """Ask for the id of a form's newest submission that was made before that moment, or None if there is none."""
        path = f"/form/{checked_id(form_id)}/submissions"
        ends_at = self._ends_at(deadline_seconds)

        def ask(offset: int, limit: int, condition: Mapping[str, str]) -> list[object]:
            query = {"limit": str(limit), "offset": str(offset), "orderby": "id", "direction": "DESC"}
            if condition:
                query["filter"] = json.dumps(condition, separators=(",", ":"))
            left = ends_at - time.monotonic()
            answer = self._ask(path, query.copy, operator=operator, deadline_seconds=left)
            return payloads.read_rows(answer.content)

        return find_newest(
            ask, lambda rows: payloads.newest_before(rows, form_id, before, self._wall()), before
        )

    def submissions(
        self,
        form_ids: Sequence[str],
        *,
        above: str,
        below: str | None = None,
        offset: int = 0,
        rows: int = MAX_ROWS,
        operator: bool = False,
        deadline_seconds: float | None = None,
    ) -> SubmissionPage:
        """Ask for the submissions of these forms between two ids, both exclusive, ascending, from *offset* on.

        Rows that were not asked for are dropped, and so are rows without a usable id, form id or time.

        Raises:
            UpstreamError: where `jotgate.jotform.paging.is_about_size` says so, fewer *rows* may come whole; a
                single row that is too large is in the error's `row`, without its answers.
        """
        wanted = _checked_forms(form_ids, offset)
        path, query = _list_query(wanted, checked_id(above), offset, below and checked_id(below))
        query["limit"] = str(rows)
        try:
            answer = self._ask(
                path,
                query.copy,
                operator=operator,
                deadline_seconds=deadline_seconds,
                try_again=lambda problem: is_passing(problem) and not is_about_size(problem),
            )
        except TooLarge as problem:
            row = payloads.read_submission(payloads.read_first_row(problem.head), self._wall())
            if rows == 1 and row is not None and _is_wanted(row, wanted, int(above)):
                problem.row = row
            raise
        self._learn_zone(answer, operator=operator, deadline_seconds=deadline_seconds)
        return self._page(answer, wanted, above=int(above), offset=offset, asked_rows=rows)

    def newest_submissions(
        self,
        form_ids: Sequence[str],
        *,
        offset: int = 0,
        rows: int = _FEW_ROWS,
        operator: bool = False,
        deadline_seconds: float | None = None,
    ) -> SubmissionPage:
        """Ask for the last submissions of these forms, newest first, without any filter that could be ignored.

        Several forms', any number of them, are picked out of those of the whole account; `lowest` says how far down
        the page went.
        """
        wanted = _checked_forms(form_ids, offset, most=len(form_ids))
        path = f"/form/{wanted[0]}/submissions" if len(wanted) == 1 else "/user/submissions"
        query = {"limit": str(rows), "offset": str(offset), "orderby": "id", "direction": "DESC"}
        answer = self._ask(path, query.copy, operator=operator, deadline_seconds=deadline_seconds)
        sent = payloads.read_rows(answer.content)
        read = [payloads.read_submission(row, self._wall()) for row in sent]
        readable = [submission for submission in read if submission is not None]
        ids = [int(submission.submission_id) for submission in readable]
        return SubmissionPage(
            rows=tuple(submission for submission in readable if submission.form_id in wanted),
            last=len(sent) < min(rows, answer.page_rows or rows),
            row_count=len(sent),
            ordered=ids == sorted(ids, reverse=True),
            lowest=str(min(ids)) if ids else None,
        )

    def submission(
        self,
        submission_id: str,
        *,
        largest_bytes: int = MAX_ANSWER_BYTES,
        operator: bool = False,
        deadline_seconds: float | None = None,
    ) -> Submission | None:
        """Ask for one submission; None: JotForm shows none of this id to this account."""
        path = f"/submission/{checked_id(submission_id)}"
        try:
            answer = self._ask(
                path, largest_bytes=largest_bytes, operator=operator, deadline_seconds=deadline_seconds
            )
        except UpstreamError as problem:
            if problem.reason in (UpstreamReason.UNAUTHORIZED, UpstreamReason.NOT_FOUND):
                return None
            raise
        found = payloads.read_submission(answer.content, self._wall())
        return found if found is not None and found.submission_id == submission_id else None

    def raw_form(
        self, form_id: str, *, toll: Toll, deadline_seconds: float | None = None
    ) -> Mapping[str, Any]:
        """Ask for one form, and return what JotForm says; *toll* is taken before each try."""
        path = f"/form/{checked_id(form_id)}"
        answer = self._ask(path, toll=toll, deadline_seconds=deadline_seconds)
        return payloads.read_raw_form(answer.content, form_id)

    def raw_questions(
        self, form_id: str, *, toll: Toll, deadline_seconds: float | None = None
    ) -> Mapping[str, Mapping[str, Any]]:
        """Ask for a form's questions by their ids, as JotForm sends them; leave out everything else."""
        path = f"/form/{checked_id(form_id)}/questions"
        answer = self._ask(path, toll=toll, deadline_seconds=deadline_seconds)
        return payloads.read_raw_questions(answer.content)

    def raw_submission(
        self, submission_id: str, *, toll: Toll, deadline_seconds: float | None = None
    ) -> Mapping[str, Any] | None:
        """Ask for one submission, and return what JotForm says; None: it shows none of this id to this account."""
        path = f"/submission/{checked_id(submission_id)}"
        try:
            answer = self._ask(
                path, {"addWorkflowStatus": "1"}.copy, toll=toll, deadline_seconds=deadline_seconds
            )
        except UpstreamError as problem:
            if problem.reason in (UpstreamReason.UNAUTHORIZED, UpstreamReason.NOT_FOUND):
                return None
            raise
        return payloads.read_raw_submission(answer.content, submission_id)

    def raw_rows(
        self,
        form_id: str,
        *,
        above: str,
        below: str,
        toll: Toll,
        descending: bool = False,
        most: int = MAX_ROWS,
        deadline_seconds: float | None = None,
    ) -> RawPage:
        """Ask for the submissions of a form between two ids, both exclusive, from the lowest or the highest on.

        As for `submissions`, a page that fails is halved, and a single submission that is too large comes
        without its answers.
        """
        path, query = _list_query([checked_id(form_id)], checked_id(above), 0, checked_id(below))
        # Rows tell where in a workflow they are only to those who ask.
        query = query | {"addWorkflowStatus": "1", "direction": "DESC" if descending else "ASC"}
        asked = Asking(self._page_size, most)
        try:
            answer = self._ask_page(path, query, asked, toll=toll, deadline_seconds=deadline_seconds)
        except TooLarge as problem:
            if asked.rows > 1:
                raise
            row = payloads.read_first_row(problem.head)
            rows = payloads.rows_between([row], form_id, int(above), int(below))
            if not rows:
                raise
            return RawPage(rows=rows, last=False, ordered=True)
        sent = payloads.read_rows(answer.content)
        return RawPage(
            rows=payloads.rows_between(sent, form_id, int(above), int(below)),
            last=len(sent) < min(asked.rows, answer.page_rows or asked.rows),
            ordered=payloads.is_in_order(sent, descending=descending),
        )

    def updated_submissions(
        self,
        form_id: str,
        *,
        offset: int = 0,
        operator: bool = False,
        deadline_seconds: float | None = None,
    ) -> SubmissionPage:
        """Ask for a form's submissions, the last edited first, in the order in which JotForm gives them.

        Whether JotForm looked at the order is for the caller to see.
        """
        path = f"/form/{checked_id(form_id)}/submissions"
        query = {"orderby": "updated_at", "direction": "DESC", "offset": str(offset)}
        asked = Asking(self._page_size)
        answer = self._ask_page(path, query, asked, operator=operator, deadline_seconds=deadline_seconds)
        rows = payloads.read_rows(answer.content)
        wall = self._wall()
        read = [payloads.read_submission(row, wall) for row in rows]
        return SubmissionPage(
            rows=tuple(one for one in read if one is not None and one.form_id == form_id),
            last=len(rows) < min(asked.rows, answer.page_rows or asked.rows),
            row_count=len(rows),
        )

    def _page(
        self, answer: Envelope, wanted: Sequence[str], *, above: int, offset: int, asked_rows: int
    ) -> SubmissionPage:
        """Make a page of the rows that were asked for; JotForm ignores filters that it does not like."""
        rows = payloads.read_rows(answer.content)
        wall = self._wall()
        read = [payloads.read_submission(row, wall) for row in rows]
        readable = [submission for submission in read if submission is not None]
        if len(readable) < len(rows):
            _note_skipped(len(rows) - len(readable), wanted, offset)
        kept = [submission for submission in readable if _is_wanted(submission, wanted, above)]
        kept.sort(key=_by_id)
        filter_ignored = len(kept) < len(readable)
        if filter_ignored:
            log.warning(
                "list_filter.ignored", extra={"form_ids": list(wanted), "rows": len(readable) - len(kept)}
            )
        return SubmissionPage(
            rows=tuple(kept),
            last=len(rows) < min(asked_rows, answer.page_rows or asked_rows),
            row_count=len(rows),
            filter_ignored=filter_ignored,
            ordered=not filter_ignored and len(readable) == len(rows) and readable == kept,
        )

    def _ask_page(
        self, path: str, query: Mapping[str, str], asked: Asking, *, operator: bool = False, **options: Any
    ) -> Envelope:
        """Ask for one page of a list; one that is too large, too slow or arrives cut is halved."""

        def sized_query() -> Mapping[str, str]:
            return {**query, "limit": str(asked.begin())}

        def try_again(problem: UpstreamError) -> bool:
            return asked.failed(problem) or is_passing(problem)

        answer = self._ask(path, sized_query, operator=operator, try_again=try_again, **options)
        asked.worked(answer.size_bytes)
        return answer

    def _wall(self) -> Wall:
        return Wall() if self._zones is None else self._zones.wall()

    def _learn_zone(self, answer: Envelope, *, operator: bool, deadline_seconds: float | None) -> None:
        """Learn from a list's rows which zone their times are in; the account is asked if they leave a doubt."""
        if self._zones is None:
            return

        def ask() -> str | None:
            answer = self._ask("/user", operator=operator, deadline_seconds=deadline_seconds)
            return payloads.read_account(answer.content).time_zone

        self._zones.learn(payloads.read_rows(answer.content), ask)


def _is_wanted(submission: Submission, wanted: Sequence[str], above: int) -> bool:
    return submission.form_id in wanted and int(submission.submission_id) > above


def _by_id(submission: Submission) -> int:
    return int(submission.submission_id)


def _list_query(
    wanted: Sequence[str], above: str, offset: int, below: str | None = None
) -> tuple[str, dict[str, str]]:
    """Return the path and the query, but for the limit, that list the submissions of *wanted* above that id."""
    condition: dict[str, object] = {"id:gt": above}
    if below is not None:
        condition["id:lt"] = below
    path = f"/form/{wanted[0]}/submissions"
    if len(wanted) > 1:
        condition["formIDs"] = list(wanted)
        path = "/user/submissions"
    return path, {
        "filter": json.dumps(condition, separators=(",", ":")),
        "orderby": "id",
        "direction": "ASC",
        "offset": str(offset),
    }


def _checked_forms(form_ids: Sequence[str], offset: int, *, most: int = MAX_FORMS) -> tuple[str, ...]:
    if isinstance(form_ids, str) or not 1 <= len(form_ids) <= most:
        raise InputError([f"a list of submissions is about 1 to {MAX_FORMS} forms"])
    if offset < 0:
        raise InputError(["a page begins at row 0 or later"])
    return tuple(dict.fromkeys(map(checked_id, form_ids)))


def _note_skipped(count: int, wanted: Sequence[str], offset: int) -> None:
    log.warning("submission_row.skipped", extra={"count": count, "form_ids": list(wanted), "offset": offset})
