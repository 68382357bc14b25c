"""The client of JotForm's API: read only by construction, every attempt paid for, one loop that tries again.

It sends GET requests and nothing else. What JotForm is known to answer is in `envelope` and
`payloads`; how one request is bounded is in `transport`.
"""

from __future__ import annotations

import json
import logging
import random
import re
import time
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jotgate.clock import Clock
from jotgate.errors import InputError, QuotaExhausted, UpstreamError, UpstreamReason
from jotgate.jotform import payloads
from jotgate.jotform.envelope import Answer, CutOff, TooLarge, read_answer
from jotgate.jotform.paging import MOST_ROWS, Asking, PageSize
from jotgate.jotform.payloads import checked_id
from jotgate.protocols import Account, FormInfo, Question, RawPage, SubmissionPage, Toll
from jotgate.quota import Quota
from jotgate.submissions import Submission

if TYPE_CHECKING:
    from jotgate.jotform.transport import Transport

log = logging.getLogger("jotgate.jotform")

#: Tries of one verb, the first one included.
MAX_ATTEMPTS = 3
#: Forms that one combined list may name, so that its address stays short.
MOST_FORMS = 20
_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 2.0
#: Rows looked through, page by page, for the newest submission that is old enough; nearly always the first is.
_NEWEST_ROWS = (20, 500, 500, 500)
_BASE = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?")
_KEY = re.compile(r"[!-~]{1,200}")
_PASSING = frozenset({UpstreamReason.BROKEN, UpstreamReason.UNREACHABLE, UpstreamReason.TIMEOUT})


class JotFormClient:
    """`jotgate.protocols.FormService` over HTTP; safe to use from every thread, and after a fork.

    Besides what the protocol says, verbs raise `InputError` for ids that are not 1 to 20 digits, before
    anything is sent, and `StoreUnavailable` when the quota cannot be counted.
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
        page_rows: int = MOST_ROWS,
        zone: str = "America/New_York",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Ask the API under *api_base* with *api_key*.

        *proxy* outranks the environment's proxies, *deadline_seconds* bounds a verb with all its
        tries, *zone* is the one that JotForm's times are in, and *sleep* waits between two tries.

        Raises:
            InputError: an address, key or zone that cannot be used; the key is not repeated.
        """
        self._quota = quota
        self._clock = clock
        self._base = _checked_base(api_base)
        self._api_key = _checked_key(api_key)
        self._proxy = proxy
        self._deadline_seconds = deadline_seconds
        self._page_size = PageSize(page_rows, clock)
        self._zone = _checked_zone(zone)
        self._sleep = sleep
        self._transport: Transport | None = None

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

    def form(self, form_id: str, *, operator: bool = False) -> FormInfo:
        """Ask about one form."""
        path = f"/form/{checked_id(form_id)}"
        return payloads.read_form(self._ask(path, operator=operator).content, form_id)

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
        offset = 0
        for limit in _NEWEST_ROWS:
            query = {"limit": str(limit), "offset": str(offset), "orderby": "id", "direction": "DESC"}
            left = ends_at - time.monotonic()
            answer = self._ask(path, query.copy, operator=operator, deadline_seconds=left)
            rows = payloads.read_rows(answer.content)
            newest = payloads.newest_before(rows, form_id, before, self._zone)
            if newest is not None or len(rows) < limit:
                return newest
            offset += len(rows)
        raise UpstreamError(
            UpstreamReason.MALFORMED,
            "JotForm's answer was not understood: its list of new submissions has no end",
        )

    def submissions(
        self,
        form_ids: Sequence[str],
        *,
        above: str,
        offset: int = 0,
        operator: bool = False,
        deadline_seconds: float | None = None,
    ) -> SubmissionPage:
        """Ask for the submissions of these forms above that id, ascending, from *offset* on, up to 1,000 rows.

        A page that is too large, too slow or arrives cut is asked for again at half the size, and a single
        submission that is too large comes without its answers. Rows that were not asked for are
        dropped, and so are rows without a usable id, form id or time.
        """
        wanted = _checked_forms(form_ids, offset)
        path, query = _list_query(wanted, checked_id(above), offset)
        asked = Asking(self._page_size)
        try:
            answer = self._ask_page(path, query, asked, operator=operator, deadline_seconds=deadline_seconds)
        except TooLarge as problem:
            if asked.rows > 1:
                raise
            return self._page_of_one(problem, wanted, above=int(above), offset=offset)
        return self._page(answer, wanted, above=int(above), offset=offset, asked_rows=asked.rows)

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
        """Ask for a form's questions by their ids, as JotForm sends them; what is not a question is left out."""
        path = f"/form/{checked_id(form_id)}/questions"
        answer = self._ask(path, toll=toll, deadline_seconds=deadline_seconds)
        return payloads.read_raw_questions(answer.content)

    def raw_rows(
        self, form_id: str, *, above: str, below: str, toll: Toll, deadline_seconds: float | None = None
    ) -> RawPage:
        """Ask for the submissions of a form between two ids, both exclusive, ascending, up to 1,000 rows.

        As for `submissions`, a page that fails is halved, and a single submission that is too large comes
        without its answers.
        """
        path, query = _list_query([checked_id(form_id)], checked_id(above), 0, checked_id(below))
        asked = Asking(self._page_size)
        try:
            answer = self._ask_page(path, query, asked, toll=toll, deadline_seconds=deadline_seconds)
        except TooLarge as problem:
            if asked.rows > 1:
                raise
            row = payloads.read_first_row(problem.head)
            rows = payloads.rows_between([row], form_id, int(above), int(below))
            if not rows:
                raise
            return RawPage(rows=rows, last=False)
        sent = payloads.read_rows(answer.content)
        return RawPage(
            rows=payloads.rows_between(sent, form_id, int(above), int(below)),
            last=len(sent) < min(asked.rows, answer.page_rows or asked.rows),
        )

    def updated_submissions(
        self,
        form_id: str,
        *,
        offset: int = 0,
        operator: bool = False,
        deadline_seconds: float | None = None,
    ) -> SubmissionPage:
        """Ask for a form's submissions, the last edited first, in the order in which JotForm gives them."""
        path = f"/form/{checked_id(form_id)}/submissions"
        query = {"orderby": "updated_at", "direction": "DESC", "offset": str(offset)}
        asked = Asking(self._page_size)
        answer = self._ask_page(path, query, asked, operator=operator, deadline_seconds=deadline_seconds)
        rows = payloads.read_rows(answer.content)
        read = [payloads.read_submission(row, self._zone) for row in rows]
        return SubmissionPage(
            rows=tuple(one for one in read if one is not None and one.form_id == form_id),
            last=len(rows) < min(asked.rows, answer.page_rows or asked.rows),
            row_count=len(rows),
        )

    def close(self) -> None:
        """Close this thread's connections."""
        if self._transport is not None:
            self._transport.close()

    def _page_of_one(
        self, problem: TooLarge, wanted: Sequence[str], *, above: int, offset: int
    ) -> SubmissionPage:
        """Make a page of the one submission that is too large to be read, without its answers.

        Otherwise a single stranger could stop the reading of a form for good.
        """
        submission = payloads.read_submission(payloads.read_first_row(problem.head), self._zone)
        if submission is None or not _is_wanted(submission, wanted, above):
            raise problem
        log.warning(
            "submission_answers.skipped", extra={"submission_id": submission.submission_id, "offset": offset}
        )
        return SubmissionPage(rows=(submission,), last=False, row_count=1)

    def _page(
        self, answer: Answer, wanted: Sequence[str], *, above: int, offset: int, asked_rows: int
    ) -> SubmissionPage:
        """Make a page of the rows that were asked for; JotForm ignores filters that it does not like."""
        rows = payloads.read_rows(answer.content)
        read = [payloads.read_submission(row, self._zone) for row in rows]
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
        )

    def _ask_page(
        self, path: str, query: Mapping[str, str], asked: Asking, *, operator: bool = False, **options: Any
    ) -> Answer:
        """Ask for one page of a list; one that is too large, too slow or arrives cut is halved."""

        def sized_query() -> Mapping[str, str]:
            return {**query, "limit": str(asked.begin())}

        def try_again(problem: UpstreamError) -> bool:
            return asked.failed(problem) or _is_passing(problem)

        answer = self._ask(path, sized_query, operator=operator, try_again=try_again, **options)
        asked.worked(answer.size_bytes)
        return answer

    def _ask(
        self,
        path: str,
        query: Callable[[], Mapping[str, str]] = dict,
        *,
        operator: bool = False,
        toll: Toll | None = None,
        deadline_seconds: float | None = None,
        try_again: Callable[[UpstreamError], bool] | None = None,
    ) -> Answer:
        """Ask until there is an answer, at most three times and within the deadline; *query* is made anew each time.

        How long JotForm wishes to be left alone (``Retry-After``) is not looked at: the deadline stands.
        """
        is_worth_it = try_again or _is_passing
        ends_at = self._ends_at(deadline_seconds)
        attempt = 1
        while True:
            pause = _pause_seconds(attempt)
            try:
                return self._ask_once(path, query(), ends_at=ends_at, operator=operator, toll=toll)
            except UpstreamError as problem:
                if not is_worth_it(problem) or attempt == MAX_ATTEMPTS or time.monotonic() + pause >= ends_at:
                    raise
            self._sleep(pause)
            attempt += 1

    def _ends_at(self, deadline_seconds: float | None) -> float:
        """Return when a verb must end, by the monotonic clock."""
        return time.monotonic() + (self._deadline_seconds if deadline_seconds is None else deadline_seconds)

    def _ask_once(
        self, path: str, query: Mapping[str, str], *, ends_at: float, operator: bool, toll: Toll | None
    ) -> Answer:
        self._pay(operator, toll)
        try:
            status, body = self._opened().get(path, query, ends_at=ends_at)
        except UpstreamError as problem:
            if not problem.sent:
                self._quota.give_back()
                if toll is not None:
                    toll.give_back()
            _note_failed(path, problem)
            raise
        answer = read_answer(status, body, secret=self._api_key)
        if answer.limit_left is not None:
            self._quota.observe(answer.limit_left)
        if answer.problem is not None:
            _note_failed(path, answer.problem)
            raise answer.problem
        log.debug(
            "api_call.answered", extra={"path": path, "bytes": len(body), "limit_left": answer.limit_left}
        )
        return answer

    def _pay(self, operator: bool, toll: Toll | None) -> None:
        """Take a call from the quota, and before it from whoever causes it."""
        if toll is not None:
            toll.take()
        try:
            self._quota.take(operator=operator)
        except QuotaExhausted:
            if toll is not None:
                toll.give_back()
            raise

    def _opened(self) -> Transport:
        """Return the transport; `requests` is loaded with the first call, not in processes that make none."""
        if self._transport is None:
            from jotgate.jotform.transport import Transport

            self._transport = Transport(self._base, self._api_key, proxy=self._proxy)
        return self._transport


def _pause_seconds(attempt: int) -> float:
    """Return a random pause after the *attempt*-th try, so that many clients do not come back at once."""
    return random.uniform(0, min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt))  # noqa: S311


def _is_passing(problem: UpstreamError) -> bool:
    """Say whether the same call may succeed in a moment."""
    return problem.reason in _PASSING or isinstance(problem, CutOff)


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


def _checked_forms(form_ids: Sequence[str], offset: int) -> tuple[str, ...]:
    if isinstance(form_ids, str) or not 1 <= len(form_ids) <= MOST_FORMS:
        raise InputError([f"a list of submissions is about 1 to {MOST_FORMS} forms"])
    if offset < 0:
        raise InputError(["a page begins at row 0 or later"])
    return tuple(dict.fromkeys(map(checked_id, form_ids)))


def _checked_base(address: str) -> str:
    if _BASE.fullmatch(address):
        return address.rstrip("/")
    raise InputError(["the address of JotForm's API must look like https://api.jotform.com"])


def _checked_key(key: str) -> str:
    # A key with a line break or beyond ASCII would be quoted in the library's error about the header.
    if _KEY.fullmatch(key):
        return key
    raise InputError(["the API key must be 1 to 200 printable ASCII characters without blanks"])


def _checked_zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError([f"there is no time zone {ascii(name)[:40]} on this machine"]) from None


def _note_failed(path: str, problem: UpstreamError) -> None:
    log.warning(
        "api_call.failed",
        extra={"path": path, "reason": problem.reason.value, "status": problem.status, "said": str(problem)},
    )


def _note_skipped(count: int, wanted: Sequence[str], offset: int) -> None:
    log.warning("submission_row.skipped", extra={"count": count, "form_ids": list(wanted), "offset": offset})
