"""Who has submitted a form, and what they wrote: answered from the ledger, without a call to JotForm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import Enum
from functools import partial
from typing import NamedTuple

from jotgate.answers import asked_for
from jotgate.clock import Clock
from jotgate.errors import InputError, UnknownForm
from jotgate.frozen import frozen
from jotgate.outcomes import Verdict
from jotgate.policy import FormPolicy
from jotgate.protocols import Coded, OwnRow, Standing, ToldSubmission
from jotgate.quota import Quota, pace
from jotgate.signed.keyring import CodeKeys
from jotgate.signed.tickets import UNANSWERED_SECONDS
from jotgate.signed.tokens import as_text, can_be_stored
from jotgate.spelling import other_spellings
from jotgate.stores import Store


class State(str, Enum):
    """How far somebody is with a form; a text, printed as it is spelled."""

    NONE = "none"  #: nothing that counts has come, and nothing is on its way.
    PENDING = "pending"  #: it was sent, as the browser says, or has come; its verdict has not.
    VERIFIED = "verified"  #: it came through the gate.
    ACCEPTED = "accepted"  #: a person said that it counts.

    __str__ = str.__str__


class Answer(NamedTuple):
    """The answer to "has this person submitted?". Pending is not a yes: only an answer that counts is true."""

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
    #: The note on their code, such as a name, and what it was created with; None: there is none.
    label: str | None = None
    batch: str | None = None
    #: Where to mail them; None: nobody knows.
    email: str | None = None
    #: The tag of what they read; None: nobody knows.
    language: str | None = None


@frozen
class ShownField:
    """One field of somebody's own submission."""

    #: As the settings spell it.
    name: str
    #: As the form puts the question.
    label: str
    #: The answer; several of them where the form takes a list: choices, or the links of files.
    value: str | tuple[str, ...]


@frozen
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


class Standings:
    """Answer for people. Every verb raises `StoreUnavailable` when nothing can be known."""

    def __init__(
        self,
        policies: Mapping[str, FormPolicy],
        *,
        store: Store,
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
        self, form: str, *, subject: str | int | None = None, lookup: Mapping[str, str | int] | None = None
    ) -> Answer:
        """Say whether *subject*, or the person whose answers match *lookup*, has submitted *form*.

        *lookup* maps fields of the setting `lookup_fields` to answers; one submission must have them all. A subject or
        an answer may be a whole number.
        One question is one statement in the store, and no call to JotForm; it is a few where *subject* is not known as
        it is, and can be spelled in other ways (`jotgate.spelling.other_spellings`).

        Raises:
            UnknownForm: the settings have no such form.
            InputError: neither or both were given, a field cannot be looked up, or the text cannot be a subject.
        """
        policy = self._policy(form)
        if lookup is None:
            named = _text_of(subject, "a subject") if subject is not None else ""
            if not named:
                raise InputError(["give a subject, or the answers in lookup fields"])
            if not can_be_stored(named):
                raise InputError([f"{named!r} cannot be a subject: it has characters that no store takes"])
            return self._answer(self._standing(form, named))
        if subject is not None:
            raise InputError(["give either a subject or the answers in lookup fields, not both"])
        wanted = self._fingerprints(policy, lookup)
        if not all(wanted):
            return Answer(State.NONE, self._store.standing_of_lookup(form, ()).full_read_at)
        return self._answer(self._store.standing_of_lookup(form, wanted))

    def has_submitted_as(self, form: str, subject: str) -> Answer:
        """Say whether the visitor whom a login or a pass names as *subject* has submitted *form*.

        To the letter: two accounts are two people, however alike their names look.

        Raises:
            UnknownForm: the settings have no such form.
        """
        self._policy(form)
        return self._answer(self._store.standing(form, subject))

    def has_submitted_with(self, form: str, ticket_id: bytes) -> Answer:
        """Say whether *form* was submitted with that ticket: all that can be asked where a code is about nobody.

        Raises:
            UnknownForm: the settings have no such form.
        """
        self._policy(form)
        return self._answer(self._store.standing_of_ticket(form, ticket_id))

    def who(self, form: str, subjects: Iterable[str | int] | None = None) -> Iterator[Asked]:
        """Iterate over *subjects*, or over all that have a code for *form*, each with the answer.

        Raises, before the first answer:
            UnknownForm: the settings have no such form.
        """
        self._policy(form)
        if subjects is None:
            return map(partial(self._asked, form), self._store.subjects(form))
        return (self._asked(form, self._coded(form, subject)) for subject in subjects)

    def _asked(self, form: str, one: Coded) -> Asked:
        answer = self.has_submitted(form, subject=one.subject)
        return Asked(one.subject, answer, one.label, one.batch, one.email, one.language)

    def _coded(self, form: str, subject: str | int) -> Coded:
        named = _text_of(subject, "a subject")
        return self._store.coded_as(form, named) if can_be_stored(named) else Coded(named)

    def submissions(self, form: str, subject: str | int) -> list[OwnSubmission]:
        """Return the subject's own submissions of *form* that count, newest first, with the fields listed for showing.

        Raises:
            UnknownForm: the settings have no such form.
        """
        policy = self._policy(form)
        named = _text_of(subject, "a subject")
        rows = self._store.own_submissions(form, named) if can_be_stored(named) else []
        return [_own(row, policy) for row in rows]

    def edits_as_of(self) -> dict[str, float | None]:
        """Return form -> the moment before which edits were seen, seconds since the epoch, UTC; None: never looked."""
        return {state.form: state.audited_at for state in self._store.audit_states()}

    def submission(self, form: str, submission_id: str | int) -> ToldSubmission | None:
        """Return that submission of *form* and its verdict; None if the ledger has none.

        If it counts, it comes with what the person wrote in the fields that the setting `tell_fields` lists.

        Raises:
            UnknownForm: the settings have no such form.
        """
        policy, number = self._policy(form), _text_of(submission_id, "a submission's number")
        found = self._store.submission_to_tell(form, number) if can_be_stored(number) else None
        return found and replace(found, fields=policy.told(found.fields))

    def submission_of_ticket(self, form: str, ticket_id: bytes) -> OwnSubmission | None:
        """Return the one submission made with that ticket, if it counts: all that a code without a subject leads to.

        Raises:
            UnknownForm: the settings have no such form.
        """
        policy = self._policy(form)
        row = self._store.submission_of_ticket(form, ticket_id)
        return None if row is None else _own(row, policy)

    def _standing(self, form: str, subject: str) -> Standing:
        """Return how *subject* stands, or else the same person as somebody else spells them."""
        standing = self._store.standing(form, subject)
        if standing.verdict is not None or standing.sent_at is not None:
            return standing
        for spelling in filter(can_be_stored, other_spellings(subject)):
            other = self._store.standing(form, spelling)
            if other.verdict is not None or other.sent_at is not None:
                return other
        return standing

    def _policy(self, form: str) -> FormPolicy:
        policy = self._policies.get(form)
        if policy is None:
            raise UnknownForm(form, tuple(self._policies))
        return policy

    def _fingerprints(self, policy: FormPolicy, lookup: Mapping[str, str | int]) -> list[tuple[bytes, ...]]:
        if not lookup or lookup.keys() - policy.lookup_fields:
            raise InputError(list(_lookup_problems(policy, lookup)))
        kinds = policy.lookup_kinds
        return [
            asked_for(
                self._code_keys,
                policy.form_id,
                name,
                _text_of(text, f"an answer in {name}"),
                kinds.get(name, ""),
            )
            for name, text in lookup.items()
        ]

    def _answer(self, standing: Standing) -> Answer:
        verdict = standing.verdict
        if verdict is Verdict.VERIFIED:
            return Answer(State.VERIFIED, standing.full_read_at)
        if verdict is Verdict.ACCEPTED:
            return Answer(State.ACCEPTED, standing.full_read_at)
        if verdict is None and not _is_awaited(standing):
            return Answer(State.NONE, standing.full_read_at)
        # Loaded for those who wait.
        from jotgate.sweeping.schedule import expected_at

        now = self._clock.now()
        expected_by = expected_at(now, pace(self._quota.usage(), now), standing.quiet_until)
        return Answer(State.PENDING, standing.full_read_at, expected_by)


def _text_of(value: object, what: str) -> str:
    text = as_text(value)
    if not isinstance(text, str):
        raise InputError([f"{what} is a text or a whole number, not {value!r}"])
    return text


def _lookup_problems(policy: FormPolicy, lookup: Mapping[str, str | int]) -> Iterator[str]:
    known = ", ".join(policy.lookup_fields) or "none"
    if not lookup:
        yield f"give a field and its answer; the lookup_fields of {policy.form} are: {known}"
    for name in lookup:
        if name not in policy.lookup_fields:
            yield f"{name!r} cannot be looked up; the lookup_fields of {policy.form} are: {known}"


def _is_awaited(standing: Standing) -> bool:
    """Say whether something was sent that no reading since was sure to show."""
    if standing.sent_at is None:
        return False
    return standing.full_read_at is None or standing.full_read_at < standing.sent_at + UNANSWERED_SECONDS


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
