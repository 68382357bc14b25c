"""Who has submitted a form, and what they wrote: answered from the ledger, without a call to JotForm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from jotgate.answers import fingerprints
from jotgate.clock import Clock
from jotgate.errors import InputError, UnknownForm
from jotgate.keyring import CodeKeys
from jotgate.outcomes import Verdict
from jotgate.policy import FormPolicy
from jotgate.protocols import OwnRow, Standing, StandingStore
from jotgate.quota import Quota, pace
from jotgate.schedule import expected_at
from jotgate.tickets import UNANSWERED_SECONDS
from jotgate.tokens import can_be_stored


class State(str, Enum):
    """How far somebody is with a form; a text, printed as it is spelled."""

    NONE = "none"  #: nothing that counts has come, and nothing is on its way.
    PENDING = "pending"  #: it was sent, as the browser says, or has come; its verdict has not.
    VERIFIED = "verified"  #: it came through the gate.
    ACCEPTED = "accepted"  #: a person said that it counts.

    __str__ = str.__str__


class Answer(NamedTuple):
    """The answer to "has this person submitted?". What is pending is not a yes: only what counts is true."""

    state: State
    #: When the form was last read in full, seconds since the epoch, UTC: what came later may be unknown. None: never.
    as_of: float | None = None
    #: If it is pending: by when to ask again, seconds since the epoch, UTC.
    expected_by: float | None = None

    def __bool__(self) -> bool:
        """Say whether a submission counts: verified, or accepted by a person."""
        return self.state is State.VERIFIED or self.state is State.ACCEPTED


class Asked(NamedTuple):
    """One of many that were asked about."""

    subject: str
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownField:
    """One field of somebody's own submission."""

    #: As the settings spell it.
    name: str
    #: As the form puts the question.
    label: str
    #: The answer; several of them where the form takes a list: choices, or the links of files.
    value: str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSubmission:
    """A submission that counts, as its author may see it."""

    #: Tells nothing, and is what ``jotgate explain`` looks up; empty for a submission that has no entry.
    ref: str
    #: VERIFIED or ACCEPTED.
    verdict: Verdict
    #: Seconds since the epoch, UTC.
    created_at: float
    #: The listed fields that have an answer, in the order of the setting `show_fields`.
    fields: tuple[ShownField, ...]

    @property
    def values(self) -> dict[str, str | tuple[str, ...]]:
        """The answers by the field's name."""
        return {field.name: field.value for field in self.fields}


class Records:
    """Answer for people. Every verb raises `StoreUnavailable` when nothing can be known."""

    def __init__(
        self,
        policies: Mapping[str, FormPolicy],
        *,
        store: StandingStore,
        code_keys: CodeKeys,
        quota: Quota,
        clock: Clock,
    ) -> None:
        self._policies = policies
        self._store = store
        self._code_keys = code_keys
        self._quota = quota
        self._clock = clock

    def has_submitted(
        self, form: str, *, subject: str | None = None, lookup: Mapping[str, str] | None = None
    ) -> Answer:
        """Say whether *subject*, or whoever wrote what *lookup* says, has submitted *form*.

        *lookup* names fields of the setting `lookup_fields` and what stands in them; all have to be in one submission.
        One question is one statement in the store, and no call to JotForm.

        Raises:
            UnknownForm: there is no such form.
            InputError: neither or both were given, a field that cannot be looked up, or a text that is no subject.
        """
        policy = self._policy(form)
        if lookup is None:
            if not subject:
                raise InputError(["say whom it is about: a subject, or what stands in a lookup field"])
            if not can_be_stored(subject):
                raise InputError([f"{subject!r} is no subject: no store takes it"])
            return self._answer(self._store.standing(form, subject))
        if subject is not None:
            raise InputError(["say either the subject or what stands in a lookup field, not both"])
        wanted = self._fingerprints(policy, lookup)
        if not all(wanted):
            return Answer(State.NONE, self._store.standing_of_lookup(form, ()).full_read_at)
        return self._answer(self._store.standing_of_lookup(form, wanted))

    def has_submitted_with(self, form: str, ticket_id: bytes) -> Answer:
        """Say whether *form* was submitted with that ticket: all that can be asked where a code is about nobody.

        Raises:
            UnknownForm: there is no such form.
        """
        self._policy(form)
        return self._answer(self._store.standing_of_ticket(form, ticket_id))

    def who(self, form: str, subjects: Iterable[str] | None = None) -> Iterator[Asked]:
        """Iterate over *subjects*, or over all that have a code for *form*, each with the answer.

        Raises, before the first answer:
            UnknownForm: there is no such form.
        """
        self._policy(form)
        return self._who(form, self._store.subjects(form) if subjects is None else subjects)

    def _who(self, form: str, subjects: Iterable[str]) -> Iterator[Asked]:
        for subject in subjects:
            yield Asked(subject, self.has_submitted(form, subject=subject))

    def submissions(self, form: str, subject: str) -> list[OwnSubmission]:
        """Return the subject's own submissions of *form* that count, newest first, with the fields listed for showing.

        Raises:
            UnknownForm: there is no such form.
        """
        policy = self._policy(form)
        rows = self._store.own_submissions(form, subject) if can_be_stored(subject) else []
        return [_own(row, policy) for row in rows]

    def submission_of_ticket(self, form: str, ticket_id: bytes) -> OwnSubmission | None:
        """Return the one submission made with that ticket, if it counts: all that a code without a subject leads to.

        Raises:
            UnknownForm: there is no such form.
        """
        policy = self._policy(form)
        row = self._store.submission_of_ticket(form, ticket_id)
        return None if row is None else _own(row, policy)

    def _policy(self, form: str) -> FormPolicy:
        policy = self._policies.get(form)
        if policy is None:
            raise UnknownForm(form, tuple(self._policies))
        return policy

    def _fingerprints(self, policy: FormPolicy, lookup: Mapping[str, str]) -> list[tuple[bytes, ...]]:
        known = ", ".join(policy.lookup_fields) or "none"
        problems = [
            f"{name!r} cannot be looked up; the lookup_fields of {policy.form} are: {known}"
            for name in lookup
            if name not in policy.lookup_fields
        ]
        if not lookup:
            problems = [f"say what stands in which field; the lookup_fields of {policy.form} are: {known}"]
        if problems:
            raise InputError(problems)
        return [fingerprints(self._code_keys, policy.form, name, text) for name, text in lookup.items()]

    def _answer(self, standing: Standing) -> Answer:
        verdict = standing.verdict
        if verdict is Verdict.VERIFIED:
            return Answer(State.VERIFIED, standing.full_read_at)
        if verdict is Verdict.ACCEPTED:
            return Answer(State.ACCEPTED, standing.full_read_at)
        if verdict is None and not _is_awaited(standing):
            return Answer(State.NONE, standing.full_read_at)
        now = self._clock.now()
        expected_by = expected_at(now, pace(self._quota.usage(), now), standing.quiet_until)
        return Answer(State.PENDING, standing.full_read_at, expected_by)


def _is_awaited(standing: Standing) -> bool:
    """Say whether something was sent that no reading since should have shown."""
    if standing.sent_at is None:
        return False
    return standing.read_at is None or standing.read_at < standing.sent_at + UNANSWERED_SECONDS


def _own(row: OwnRow, policy: FormPolicy) -> OwnSubmission:
    # What the owner no longer lists is not shown, even if it was kept when it was listed.
    kept = [(name, row.shown[name]) for name in policy.show_fields if name in row.shown]
    return OwnSubmission(
        ref=row.ref or "",
        verdict=row.verdict,
        created_at=row.created_at,
        fields=tuple(
            ShownField(name=name, label=str(one["label"]), value=_value(one["value"])) for name, one in kept
        ),
    )


def _value(value: str | list[str]) -> str | tuple[str, ...]:
    return value if isinstance(value, str) else tuple(value)
