"""Calls to JotForm's API: each one paid for before it is made, bounded in time, and tried again where that helps."""

from __future__ import annotations

import hashlib
import logging
import random
import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from jotgate.clock import Clock
from jotgate.errors import InputError, QuotaExhausted, UpstreamError, UpstreamReason
from jotgate.jotform.envelope import MAX_ANSWER_BYTES, CutOff, Envelope, read_envelope
from jotgate.jotform.tolls import Toll
from jotgate.quota import Quota

if TYPE_CHECKING:
    from jotgate.jotform.transport import Transport

log = logging.getLogger("jotgate.jotform")

#: Tries of one verb, the first one included.
MAX_ATTEMPTS = 3
_FIRST_PAUSE_SECONDS = 0.25
_MAX_PAUSE_SECONDS = 2.0
_BASE = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?")
_FORM_PATH = re.compile(r"/form/([0-9]{1,20})(?:/|$)")
_KEY = re.compile(r"[!-~]{1,200}")
_PASSING = frozenset({UpstreamReason.BROKEN, UpstreamReason.UNREACHABLE, UpstreamReason.TIMEOUT})


class Caller:
    """Sends GET requests and nothing else; safe to use from every thread, and after a fork."""

    def __init__(
        self,
        api_base: str,
        api_key: str,
        *,
        quota: Quota,
        clock: Clock,
        proxy: str | None,
        deadline_seconds: float,
        sleep: Callable[[float], None],
        teams: Mapping[str, str] | None = None,
    ) -> None:
        self._quota = quota
        self._clock = clock
        self._base = _checked_base(api_base)
        self._api_key = _checked_key(api_key)
        self._proxy = proxy
        self._deadline_seconds = deadline_seconds
        self._sleep = sleep
        self._teams = teams or {}
        self._transport: Transport | None = None

    @property
    def asked_with(self) -> str:
        """Name the host and the key that are asked with, without telling either."""
        return hashlib.sha256(f"jotgate/asked {self._base} {self._api_key}".encode()).hexdigest()[:12]

    def close(self) -> None:
        """Close the connections of this process that nobody uses."""
        if self._transport is not None:
            self._transport.close()

    def _ask(
        self,
        path: str,
        query: Callable[[], Mapping[str, str]] = dict,
        *,
        operator: bool = False,
        toll: Toll | None = None,
        deadline_seconds: float | None = None,
        try_again: Callable[[UpstreamError], bool] | None = None,
        largest_bytes: int = MAX_ANSWER_BYTES,
    ) -> Envelope:
        """Ask until there is an answer, at most three times and within the deadline; *query* is made anew each time.

        How long JotForm wishes to be left alone (``Retry-After``) is not looked at: the deadline stands.
        """
        is_worth_it = try_again or is_passing
        ends_at = self._ends_at(deadline_seconds)
        attempt = 1
        while True:
            pause = _pause_seconds(attempt)
            try:
                return self._ask_once(
                    path, query(), ends_at=ends_at, operator=operator, toll=toll, largest_bytes=largest_bytes
                )
            except UpstreamError as problem:
                if not is_worth_it(problem) or attempt == MAX_ATTEMPTS or time.monotonic() + pause >= ends_at:
                    raise
            self._sleep(pause)
            attempt += 1

    def _ends_at(self, deadline_seconds: float | None) -> float:
        """Return when a verb must end, by the monotonic clock."""
        return time.monotonic() + (self._deadline_seconds if deadline_seconds is None else deadline_seconds)

    def _ask_once(
        self,
        path: str,
        query: Mapping[str, str],
        *,
        ends_at: float,
        operator: bool,
        toll: Toll | None,
        largest_bytes: int,
    ) -> Envelope:
        self._pay(operator, toll)
        try:
            status, body = self._opened().get(
                path, query, ends_at=ends_at, largest_bytes=largest_bytes, team=self._team_of(path)
            )
        except UpstreamError as problem:
            if not problem.sent:
                self._quota.give_back()
                if toll is not None:
                    toll.give_back()
            _note_failed(path, problem)
            raise
        answer = read_envelope(status, body, secret=self._api_key)
        if answer.limit_left is not None:
            self._quota.observe(answer.limit_left)
        if answer.problem is not None:
            _note_failed(path, answer.problem)
            raise answer.problem
        log.debug(
            "api_call.answered", extra={"path": path, "bytes": len(body), "limit_left": answer.limit_left}
        )
        return answer

    def _team_of(self, path: str) -> str | None:
        form = _FORM_PATH.match(path)
        return None if form is None else self._teams.get(form[1])

    def _pay(self, operator: bool, toll: Toll | None) -> None:
        """Take a call from the quota, and before it from the one that causes it."""
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
    return random.uniform(0, min(_MAX_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt))  # noqa: S311


def is_passing(problem: UpstreamError) -> bool:
    """Say whether the same call may succeed in a moment."""
    return problem.reason in _PASSING or isinstance(problem, CutOff)


def _checked_base(address: str) -> str:
    if _BASE.fullmatch(address):
        return address.rstrip("/")
    raise InputError(["the address of JotForm's API must look like https://api.jotform.com"])


def _checked_key(key: str) -> str:
    # A key with a line break or beyond ASCII would be quoted in the library's error about the header.
    if _KEY.fullmatch(key):
        return key
    raise InputError(["the API key must be 1 to 200 printable ASCII characters without blanks"])


def _note_failed(path: str, problem: UpstreamError) -> None:
    log.warning(
        "api_call.failed",
        extra={"path": path, "reason": problem.reason.value, "status": problem.status, "said": str(problem)},
    )
