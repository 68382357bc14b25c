"""The audit: look for submissions that were edited at JotForm after they had been judged, and judge them again.

The sweep reads new submissions, and an edit makes none. Once a day each form's last edited submissions are read,
and their answers compared with the digest that was kept when they were judged. JotForm ignores orders it does not
like, so the order is believed only where the rows show it; otherwise all of them are walked through, page by page,
over as many days as the calls that are set apart for this allow.

That a submission is not listed means nothing here: lists lag, and storage limits remove rows. One that is listed and
was never read gets its verdict: it turned up later than the sweep looks back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from jotgate.answers import digests, stripped
from jotgate.clock import Clock
from jotgate.errors import QuotaExhausted, UpstreamError
from jotgate.frozen import frozen
from jotgate.jotform.client import JotFormClient
from jotgate.outcomes import Verdict
from jotgate.policy import FormPolicy
from jotgate.protocols import AuditState, Edit, Edited, KeptAnswers, SubmissionFilter, SubmissionPage
from jotgate.quota import Quota
from jotgate.signed.keyring import CodeKeys, KeyRing
from jotgate.stores import Store
from jotgate.submissions import Submission, examine
from jotgate.sweeping.judging import Judge
from jotgate.sweeping.pages import Ask, PageRows, Walk

T = TypeVar("T")

_log = logging.getLogger("jotgate.audit")

#: How often a form is audited, and how soon again if it could not be read.
DAY_SECONDS = 86_400.0
_RETRY_SECONDS = 3600.0
#: The part of a day's calls that audits may take, and how many where calls are unlimited.
SHARE = 0.05
_MAX_CALLS = 1_000
#: How much older than the last audit the edits are that are read once more: JotForm's times have no offset.
_MARGIN_SECONDS = 2 * DAY_SECONDS
_CALLS_IN_A_REQUEST = 2
_JUDGED_AT_ONCE = 100
#: How long JotForm may show nothing of a submission before it is given up that never had a verdict.
GONE_AFTER_SECONDS = 7 * DAY_SECONDS
#: How many of those one audit looks for.
_MAX_LOOKS = 5
_DELETED = "DELETED"
_NEVER = float("-inf")


@frozen
class Audited:
    """What one audit of a form showed."""

    form: str
    #: Edits made before this moment were seen, seconds since the epoch, UTC; None: no audit came to its end yet.
    as_of: float | None
    #: The submissions that were compared.
    rows: int
    #: Those that were edited, with what that did to their verdicts.
    edited: tuple[Edited, ...]
    #: Why it did not come to its end, if so.
    waiting: str | None = None


class _NoCall(Exception):
    """The calls set apart are used up, or the sweep needs them."""


class Audit:
    """Compare and judge again. Any number of processes may hold one; the store lets one of them do a day's work."""

    def __init__(
        self,
        policies: Mapping[str, FormPolicy],
        *,
        store: Store,
        service: JotFormClient,
        quota: Quota,
        keys: KeyRing,
        code_keys: CodeKeys,
        clock: Clock,
    ) -> None:
        """Audit the forms in *policies*."""
        self._policies = policies
        self._store = store
        self._service = service
        self._quota = quota
        self._keys = keys
        self._code_keys = code_keys
        self._clock = clock
        self._judge = Judge(policies, store=store, keys=keys, code_keys=code_keys, clock=clock)

    def daily(
        self, deadline_seconds: float | None = None, breathe: Callable[[], None] = lambda: None
    ) -> tuple[Audited, ...]:
        """Audit the forms whose day is over, within the calls set apart and as long as the sweep can spare them.

        *deadline_seconds* bounds each call, and says that a visitor waits: then there are two of them at most.
        *breathe* is called before each call.
        """
        states = self._store.audit_states()
        now = self._clock.now()
        if not any(_is_due(state, now) for state in states) or not self._quota.spare():
            return ()
        due = [state for state in states if self._store.begin_audit(state.form, now=now)]
        # Where there are more forms than calls, those go first that have waited longest.
        due.sort(key=lambda state: state.audited_at or 0.0)
        limit = self._quota.usage().limit
        calls = _MAX_CALLS if limit is None else int(limit * SHARE)
        calls = max(1, calls * len(due) // len(states))
        if deadline_seconds is not None:
            calls = min(calls, _CALLS_IN_A_REQUEST)
        run = _Run(self, calls, deadline_seconds=deadline_seconds, breathe=breathe)
        return tuple(run.audit(state) for state in due)

    def run(self, forms: Iterable[str] = ()) -> tuple[Audited, ...]:
        """Audit these forms, or all, now; with the calls kept for the operator, too."""
        wanted = set(forms)
        states = [state for state in self._store.audit_states() if not wanted or state.form in wanted]
        run = _Run(self, _MAX_CALLS, operator=True)
        return tuple(run.audit(state) for state in states)


class _Run:
    """One audit of some forms."""

    def __init__(
        self,
        audit: Audit,
        calls: int,
        *,
        operator: bool = False,
        deadline_seconds: float | None = None,
        breathe: Callable[[], None] = lambda: None,
    ) -> None:
        self._audit = audit
        self._calls = calls
        self._operator = operator
        self._deadline_seconds = deadline_seconds
        self._breathe = breathe
        self._rows = 0
        self._edited: list[Edited] = []
        self._size = PageRows()

    def audit(self, state: AuditState) -> Audited:
        """Audit one form, or go on with the walk through it."""
        self._rows, self._edited = 0, []
        store, now = self._audit._store, self._audit._clock.now()
        state = replace(state, audit_tried_at=now)
        waiting = None
        try:
            if state.ticket_qid is None:
                waiting = "its ticket field is not known yet"
            elif state.audited_above is not None or not self._newest_first(state):
                state = self._walk(state, now)
            else:
                state = replace(state, audited_at=now)
            self._close_what_is_gone(state, now)
        except (_NoCall, QuotaExhausted) as problem:
            waiting = str(problem)
            state = self._place(state)
        except UpstreamError as problem:
            waiting = str(problem)
            state = replace(self._place(state), audit_tried_at=now - DAY_SECONDS + _RETRY_SECONDS)
            _log.warning("audit.failed", extra={"form": state.form, "reason": problem.reason.value})
        store.note_audit(state)
        return Audited(
            form=state.form,
            as_of=state.audited_at,
            rows=self._rows,
            edited=tuple(self._edited),
            waiting=waiting,
        )

    def _close_what_is_gone(self, state: AuditState, now: float) -> None:
        """Give an end to what waits for a verdict although JotForm shows nothing of it any more, and has not for days.

        The list of its form was just read, so the key is good and the form is ours. What has a verdict keeps it.
        """
        audit = self._audit
        long_pending = audit._store.long_pending(
            state.form, before=now - GONE_AFTER_SECONDS, limit=_MAX_LOOKS
        )
        for submission_id in long_pending:
            waiting = next(audit._store.submissions(SubmissionFilter(submission_ids=(submission_id,))), None)
            if waiting is None:
                # Retention has removed it meanwhile.
                continue
            row = self._call(
                lambda wanted=submission_id: audit._service.submission(  # type: ignore[misc]
                    wanted, operator=self._operator, deadline_seconds=self._deadline_seconds
                )
            )
            form_state = audit._store.form_state(state.form)
            if row is None:
                audit._store.rule(
                    submission_id,
                    accept=False,
                    actor="jotgate",
                    reason="JotForm does not have it any more",
                    now=audit._clock.now(),
                    seen=(Verdict.PENDING, waiting.subject),
                )
            elif form_state is not None:
                audit._judge.settle(form_state, audit._judge.new(form_state, [row]))

    def _place(self, state: AuditState) -> AuditState:
        """Return the state with the place that a walk had come to."""
        kept = next(one for one in self._audit._store.audit_states() if one.form == state.form)
        return replace(state, audited_above=kept.audited_above, audit_began_at=kept.audit_began_at)

    def _call(self, ask: Callable[[], T]) -> T:
        if self._calls <= 0:
            raise _NoCall("the calls set apart for audits are used up")
        if not self._operator and not self._audit._quota.spare():
            raise _NoCall("the sweep needs the calls")
        self._calls -= 1
        self._breathe()
        return ask()

    def _newest_first(self, state: AuditState) -> bool:
        """Read the last edited submissions; False if the rows do not show that they came in that order."""
        service = self._audit._service
        offset, before, is_proven = 0, float("inf"), False
        seen: set[str] = set()
        while True:
            page = self._call(
                lambda at=offset: service.updated_submissions(  # type: ignore[misc]
                    state.form_id,
                    offset=at,
                    operator=self._operator,
                    deadline_seconds=self._deadline_seconds,
                )
            )
            self._compare(state, page.rows)
            new = {row.submission_id for row in page.rows} - seen
            if page.last:
                return True
            edits = [_NEVER if row.updated_at is None else row.updated_at for row in page.rows]
            if not new or any(
                earlier < later for earlier, later in zip([before, *edits], edits, strict=False)
            ):
                return False
            is_proven = is_proven or not _is_by_id(page.rows)
            before = edits[-1]
            if before == _NEVER or before < (state.audited_at or _NEVER) - _MARGIN_SECONDS:
                return is_proven
            seen |= new
            offset += page.row_count

    def _walk(self, state: AuditState, now: float) -> AuditState:
        """Read all submissions, in the order of their ids; return the state at the end of it."""
        store = self._audit._store
        if state.audited_above is None:
            state = replace(state, audited_above="0", audit_began_at=now)
        store.note_audit(state)
        above = int(state.audited_above or 0)
        # What cannot be read is the sweep's to tell and to try again.
        walk = Walk(self._asker(state.form_id), self._size, answers=lambda: True, note=lambda unread: None)
        for page in walk.pages(above, store.places().get(state.form, [])):
            self._compare(state, page.rows)
            above = max([above, *(int(row.submission_id) for row in page.rows)])
            state = replace(state, audited_above=str(above))
            store.note_audit(state)
        return replace(state, audited_at=state.audit_began_at, audited_above=None, audit_began_at=None)

    def _asker(self, form_id: str) -> Ask:
        service = self._audit._service

        def ask(above: str, below: str | None, offset: int, rows: int) -> SubmissionPage:
            return self._call(
                lambda: service.submissions(
                    [form_id],
                    above=above,
                    below=below,
                    offset=offset,
                    rows=rows,
                    operator=self._operator,
                    deadline_seconds=self._deadline_seconds,
                )
            )

        return ask

    def _compare(self, state: AuditState, rows: Sequence[Submission]) -> None:
        """Judge the submissions again that were edited since their verdict."""
        audit, policy = self._audit, self._audit._policies[state.form]
        self._rows += len(rows)
        known = audit._store.kept_answers([row.submission_id for row in rows])
        self._judge_unknown(state.form, [row for row in rows if row.submission_id not in known])
        edits = [
            edit
            for row in rows
            if row.submission_id in known
            and (edit := self._edit(state, policy, row, known[row.submission_id])) is not None
        ]
        for at in range(0, len(edits), _JUDGED_AT_ONCE):
            some = edits[at : at + _JUDGED_AT_ONCE]
            now = audit._clock.now()
            for one in audit._store.judge_edits(some, capacity=policy.capacity, now=now):
                self._edited.append(one)
                _log.info(
                    "submission.edited",
                    extra={
                        "form": state.form,
                        "submission_id": one.submission_id,
                        "verdict": one.verdict.value,
                    },
                )

    def _judge_unknown(self, form: str, rows: Sequence[Submission]) -> None:
        """Give their verdicts to rows that readings have passed without seeing them."""
        state = self._audit._store.form_state(form) if rows else None
        if state is None or state.head is None:
            return
        head = int(state.head)
        new = self._audit._judge.new(state, [row for row in rows if int(row.submission_id) <= head])
        judged = self._audit._judge.settle(state, new)
        for submission_id in judged.pending:
            self._audit._store.go_back(form, submission_id, again_at=self._audit._clock.now())

    def _edit(self, state: AuditState, policy: FormPolicy, row: Submission, kept: KeptAnswers) -> Edit | None:
        """Return the edit to note of a row, or None if it is as it was."""
        audit, qid = self._audit, state.ticket_qid or ""
        # Answers that are all missing are JotForm's lists being late, not an edit.
        changed = (
            kept.digest is not None
            and not row.empty
            and kept.digest not in digests(row.answers, ticket_qid=qid, code_keys=audit._code_keys)
        )
        revoked = policy.deleted == "revoke" and row.status.upper() == _DELETED and kept.verdict.counts
        is_first = kept.digest is None and not row.empty
        if not (changed or revoked or is_first or (row.status and row.status != kept.status)):
            return None
        candidate = examine(row, policy, ticket_qid=qid, keys=audit._keys, code_keys=audit._code_keys)
        keep = policy.keep_seconds
        if keep is not None and row.created_latest < audit._clock.now() - keep:
            candidate = replace(candidate, kept=stripped(candidate.kept))
        return Edit(
            candidate=candidate,
            known_digest=kept.digest,
            changed=changed,
            revoked=revoked,
            updated_at=row.updated_at,
        )


def _is_due(state: AuditState, now: float) -> bool:
    return state.audit_tried_at is None or not 0 <= now - state.audit_tried_at < DAY_SECONDS


def _is_by_id(rows: Sequence[Submission]) -> bool:
    """Say whether the rows could as well have come in the order of their ids, either way."""
    ids = [int(row.submission_id) for row in rows]
    return ids == sorted(ids) or ids == sorted(ids, reverse=True)
