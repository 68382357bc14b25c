"""Verdicts for rows that were read, wherever they turned up: in a list, by a look at one, or in the audit's walk."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from jotgate.clock import Clock
from jotgate.outcomes import Verdict
from jotgate.policy import FormPolicy
from jotgate.protocols import FormState, Settled
from jotgate.signed.keyring import CodeKeys, KeyRing
from jotgate.stores import Store
from jotgate.submissions import Candidate, Submission, examine

_log = logging.getLogger("jotgate.sweep")

_SETTLED_AT_ONCE = 100


class Judged(NamedTuple):
    """What became of some rows of one form."""

    #: The verdicts that are new.
    fresh: list[Settled]
    #: The ids of those that have no verdict yet.
    pending: set[str]


class Judge:
    """Settle submissions; each is judged once, however often it is read."""

    def __init__(
        self,
        policies: Mapping[str, FormPolicy],
        *,
        store: Store,
        keys: KeyRing,
        code_keys: CodeKeys,
        clock: Clock,
    ) -> None:
        self._policies = policies
        self._store = store
        self._keys = keys
        self._code_keys = code_keys
        self._clock = clock

    def new(self, state: FormState, rows: Iterable[Submission], *, quick: bool = False) -> list[Submission]:
        """Return the rows that are to be judged, lowest id first: of this form, and made since it is gated.

        *quick*: they are of a list that begins with the newest row that is known, for proof.
        """
        began_above = int(state.began_above or 0)
        rows = sorted(
            (row for row in rows if row.form_id == state.form_id and _number(row) > began_above), key=_number
        )
        unsettled = self._store.unsettled([row.submission_id for row in rows])
        new = [row for row in rows if row.submission_id in unsettled]
        return self._in_turn(state, new) if quick else new

    def _in_turn(self, state: FormState, new: list[Submission]) -> list[Submission]:
        """Leave rows that readings have passed to the next full one, while one that this list does not show waits, too.

        Of two submissions on one ticket, whose answers came late, the later one would be judged first.
        """
        again = {row.submission_id for row in new if _number(row) <= int(state.head or 0)}
        if not again:
            return new
        waiting = self._store.long_pending(state.form, before=self._clock.now(), limit=len(again) + 1)
        return new if again.issuperset(waiting) else [row for row in new if row.submission_id not in again]

    def settle(self, state: FormState, rows: Iterable[Submission], *, waits: bool = True) -> Judged:
        """Give new rows their verdicts; while the ticket field is missing they wait.

        *waits* False: they are so old that no answer of theirs is still to come.
        """
        candidates = [self._candidate(row, state) for row in rows]
        if not waits:
            candidates = [replace(candidate, empty=False) for candidate in candidates]
        capacity = self._policies[state.form].capacity
        settled: list[Settled] = []
        for at in range(0, len(candidates), _SETTLED_AT_ONCE):
            now = self._clock.now()
            settled += self._store.settle(candidates[at : at + _SETTLED_AT_ONCE], capacity=capacity, now=now)
        fresh = [one for one in settled if one.fresh]
        for one in fresh:
            _log.info(
                "submission.judged",
                extra={"form": state.form, "submission_id": one.submission_id, "verdict": one.verdict.value},
            )
        return Judged(fresh, {one.submission_id for one in settled if one.verdict is Verdict.PENDING})

    def _candidate(self, row: Submission, state: FormState) -> Candidate:
        assert state.ticket_qid is not None
        candidate = examine(
            row,
            self._policies[state.form],
            ticket_qid=state.ticket_qid,
            keys=self._keys,
            code_keys=self._code_keys,
        )
        if state.missing_since is None:
            return candidate
        return replace(candidate, ticket_id=None, verdict=Verdict.PENDING, empty=False)


def _number(row: Submission) -> int:
    return int(row.submission_id)
