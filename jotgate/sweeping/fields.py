"""The form's ticket field: find it, follow it when it is renamed, and miss it when it is gone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from jotgate.clock import Clock
from jotgate.jotform.client import JotFormClient
from jotgate.ledger import Entry
from jotgate.phrases import phrase
from jotgate.policy import FormPolicy
from jotgate.protocols import FormState, Question
from jotgate.quota import Quota
from jotgate.stores import Store
from jotgate.submissions import Submission
from jotgate.sweeping.schedule import DAY_SECONDS, MISSING_SECONDS

_log = logging.getLogger("jotgate.sweep")

#: When a form's questions are read again, unless the ticket field is missing.
QUESTIONS_SECONDS = 6 * 3600.0
#: The part of a day's calls for reading questions.
_QUESTIONS_SHARE = 0.1
NO_FIELD = phrase("the form has no ticket field")


class Fields:
    """Know each form's ticket field."""

    def __init__(
        self,
        policies: Mapping[str, FormPolicy],
        *,
        store: Store,
        service: JotFormClient,
        quota: Quota,
        clock: Clock,
    ) -> None:
        self._policies = policies
        self._store = store
        self._service = service
        self._quota = quota
        self._clock = clock

    def read(
        self, state: FormState, *, operator: bool = False, deadline_seconds: float | None = None
    ) -> FormState:
        """Find the ticket field again, and return the form's state as it is then."""
        questions = self._service.questions(
            state.form_id, operator=operator, deadline_seconds=deadline_seconds
        )
        found = find_ticket_field(questions, self._policies[state.form].ticket_field, state.ticket_qid)
        now = self._clock.now()
        qid, name = (found.qid, found.name) if found else (None, None)
        self._store.note_questions(state.form, qid=qid, name=name, now=now)
        if found is None and state.missing_since is None:
            note = "the ticket field is missing from the form: the door is closed until it is back"
            self._store.record(Entry(at=now, event="ticket_field.lost", form=state.form, note=note))
            _log.error("ticket_field.lost", extra={"form": state.form})
        return self._store.form_state(state.form) or state

    def wants_reading(self, state: FormState) -> bool:
        """Say whether it is time to read the questions; what a row tells as well waits until calls are left over."""
        every = questions_seconds(len(self._policies), self._quota.usage().limit)
        if not questions_are_old(state, self._clock.now(), every):
            return False
        return self._quota.spare() or not self._can_wait(state)

    def seen_in(
        self, rows: Sequence[Submission], state: FormState, read: Callable[[], FormState]
    ) -> FormState:
        """*Read* the questions where new rows show that the ticket field has another name now, or may be gone.

        Before they were ever read, a row tells where the field is. Returns the form's state as it is then.
        """
        newest = next((row for row in reversed(rows) if not row.empty), None)
        if rows and state.ticket_qid is None:
            return (self._learnt(newest, state) if newest else None) or read()
        if newest is None:
            return state
        answer = newest.answers.get(state.ticket_qid or "")
        name = None if answer is None else answer.get("name")
        is_as_known = answer is not None and (not isinstance(name, str) or name in ("", state.ticket_name))
        return state if is_as_known else read()

    def _can_wait(self, state: FormState) -> bool:
        """Say whether a row will tell where the field is; before one comes, the door knows it by its name."""
        if state.ticket_qid is not None:
            return state.missing_since is None
        return state.questions_at is None and not _is_number(self._policies[state.form].ticket_field)

    def _learnt(self, row: Submission, state: FormState) -> FormState | None:
        """Learn from a row which question is the ticket field; None if not exactly one has the name."""
        wanted = self._policies[state.form].ticket_field
        qids = [qid for qid, answer in row.answers.items() if answer.get("name") == wanted]
        if len(qids) != 1:
            return None
        self._store.note_questions(state.form, qid=qids[0], name=wanted, now=None)
        return self._store.form_state(state.form)


def questions_seconds(forms: int, calls_a_day: int | None) -> float:
    """Return how often each of so many forms' questions are read: rarer where they would take too many calls."""
    share = 0.0 if calls_a_day is None else forms * DAY_SECONDS / max(calls_a_day * _QUESTIONS_SHARE, 1.0)
    return max(QUESTIONS_SECONDS, min(DAY_SECONDS, share))


def questions_are_old(state: FormState, now: float, every_seconds: float = QUESTIONS_SECONDS) -> bool:
    """Say whether it is time to look where the ticket field is; rows that lack it are looked into at once."""
    patience = every_seconds if state.missing_since is None else MISSING_SECONDS
    return state.questions_at is None or not 0 <= now - state.questions_at < patience


def find_ticket_field(questions: Iterable[Question], wanted: str, known_qid: str | None) -> Question | None:
    """Return the question that carries the ticket: the one *wanted*, a question id (digits) or a unique name.

    While no question has that name, the one that had it is followed to its new name, as long as it is still hidden: a
    field that people see is a question of the owner's, whatever it was before.
    """
    by_qid = {question.qid: question for question in questions}
    if _is_number(wanted):
        return by_qid.get(wanted)
    known = by_qid.get(known_qid or "")
    named = [question for question in by_qid.values() if question.name == wanted]
    if named:
        # Two of one name are a mistake: the one that was right, else one that nobody sees.
        return min(named, key=lambda question: (question is not known, not question.hidden))
    return known if known is not None and known.hidden else None


def _is_number(wanted: str) -> bool:
    return wanted.isascii() and wanted.isdigit()
