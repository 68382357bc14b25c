"""The contract about told answers: they come with a verdict that counts, as they were then, and can be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from jotgate.answers import Kept
from jotgate.outcomes import Cause, ToldField, Verdict
from jotgate.protocols import Consumer, Edit, Failed, Notice, Told, ToldSubmission
from jotgate.stores import Store
from jotgate.submissions import Candidate
from tests.stores.contract.material import (
    DAY,
    FORM,
    HOUR,
    MINUTE,
    OTHER_FORM,
    T0,
    Contract,
    admitted,
    grant,
    opening,
    sent_in,
    settled,
)

LATER = T0 + HOUR
ADA = {
    "name": ToldField(text="Ada \0 Byron \ud800", parts={"first": "Ada"}),
    "note": ToldField(text="x", cut=True),
}
EVE = {"name": ToldField(text="Eve")}
PERSON = "s-1042"


def telling(
    number: int, ticket: object, told: Mapping[str, ToldField] = ADA, digest: bytes = b"1"
) -> Candidate:
    """Return a submission of which something is to be told."""
    kept = Kept(digest=digest * 16, told=told)
    return replace(sent_in(number, ticket), kept=kept)  # type: ignore[arg-type]


def submitted(store: Store, number: int, *, subject: str | None = None) -> Candidate:
    """Let somebody in with a code, and judge what they submit."""
    store.create_grants([grant(number, subject=subject)], T0)
    candidate = telling(number, admitted(store, opening(number)))
    settled(store, candidate)
    return candidate


def claim(store: Store, *, now: float = LATER) -> list[Notice]:
    """Claim what is due."""
    return store.claim_notices("a", now=now, until=now + 1, rows=9)


def heard(store: Store, *, now: float = LATER) -> list[tuple[Cause, Mapping[str, ToldField]]]:
    """Take what is due, and return what it tells."""
    notices = claim(store, now=now)
    store.cross_off("a", Told(told=notices), now=now)
    return [(one.event.cause, one.event.fields) for one in notices]


def given_up(store: Store) -> None:
    """Give up whatever is due."""
    failed = [Failed(notice=one, error="no", next_try_at=None) for one in claim(store)]
    store.cross_off("a", Told(failed=failed), now=LATER)


class TellingContract(Contract):
    """What a store promises about the answers that the site is told."""

    @pytest.fixture
    def hearing(self, store: Store) -> Store:
        """Return the store with somebody who hears of verdicts."""
        store.add_consumer(Consumer(consumer="a", kind="python"), now=T0)
        return store

    def test_answers_come_with_a_verdict_that_counts(self, hearing: Store) -> None:
        """To the letter, whoever it is about; and nothing of a submission by the bare address."""
        submitted(hearing, 1)
        settled(hearing, telling(2, None))
        assert heard(hearing) == [(Cause.JUDGED, ADA), (Cause.JUDGED, {})]
        assert hearing.submission_to_tell(FORM, "1") == ToldSubmission(
            submission_id="1",
            form=FORM,
            subject=None,
            verdict=Verdict.VERIFIED,
            created_at=T0 + MINUTE,
            judged_at=T0 + 2 * MINUTE,
            fields=ADA,
        )
        bare = hearing.submission_to_tell(FORM, "2")
        assert bare is not None
        assert (bare.verdict, bare.fields) == (Verdict.UNTICKETED, {})
        assert hearing.submission_to_tell(OTHER_FORM, "1") is hearing.submission_to_tell(FORM, "3") is None

    def test_a_person_s_word_lets_them_be_told_and_takes_them_back(self, hearing: Store) -> None:
        """Accepting tells what was kept at the judging; what still waits tells nothing once it is rejected."""
        settled(hearing, telling(1, None))
        assert heard(hearing) == [(Cause.JUDGED, {})]
        hearing.rule("1", accept=True, actor="k", reason="r", now=LATER)
        accepted = hearing.submission_to_tell(FORM, "1")
        assert accepted is not None
        assert accepted.fields == ADA
        [waiting] = claim(hearing)
        assert (waiting.event.cause, waiting.event.fields) == (Cause.ACCEPTED, ADA)
        hearing.rule("1", accept=False, actor="k", reason="r", now=LATER)
        assert heard(hearing, now=LATER + 2) == [(Cause.ACCEPTED, {})]
        assert heard(hearing, now=LATER + 2) == [(Cause.REJECTED, {})]

    def test_an_edit_tells_the_new_answers(self, hearing: Store) -> None:
        """After those that were judged; a deletion that takes the verdict away tells none."""
        candidate = submitted(hearing, 1)
        edited = telling(1, candidate.ticket_id, EVE, digest=b"2")
        edit = Edit(candidate=edited, known_digest=b"1" * 16, changed=True, revoked=False, updated_at=LATER)
        hearing.judge_edits([edit], capacity=None, now=LATER)
        assert heard(hearing) == [(Cause.JUDGED, ADA)]
        assert heard(hearing) == [(Cause.EDITED, EVE)]
        known = hearing.submission_to_tell(FORM, "1")
        assert known is not None
        assert known.fields == EVE
        gone = replace(edit, known_digest=b"2" * 16, changed=False, revoked=True)
        hearing.judge_edits([gone], capacity=None, now=LATER)
        assert heard(hearing) == [(Cause.DELETED, {})]

    def test_a_forgotten_person_s_answers_are_gone(self, hearing: Store) -> None:
        """From the submission, from what waits and from what was given up; nobody else's are."""
        submitted(hearing, 1, subject=PERSON)
        given_up(hearing)
        submitted(hearing, 2, subject="s-7")
        hearing.create_grants([grant("late", subject=PERSON)], T0)
        late = admitted(hearing, opening("late"))
        hearing.forget(PERSON, form=None, now=LATER, actor="k")
        settled(hearing, telling(3, late), now=LATER)
        hearing.replay_notices(consumer=None, message_id=None, now=LATER)
        told = {one.event.submission_id: one.event.fields for one in claim(hearing)}
        assert told == {"1": {}, "2": ADA, "3": {}}
        kept = [hearing.submission_to_tell(FORM, one) for one in "123"]
        assert [one.fields for one in kept if one] == [{}, ADA, {}]

    @pytest.mark.parametrize("delete", [False, True])
    def test_retention_takes_them_away(self, hearing: Store, delete: bool) -> None:
        """By the age of the submission, whoever it is about, and also from a later notice about it."""
        submitted(hearing, 1)
        submitted(hearing, 2, subject=PERSON)
        given_up(hearing)
        settled(hearing, telling(3, None))
        hearing.rule("3", accept=True, actor="k", reason="r", now=LATER)
        assert hearing.count_beyond(FORM, before=T0 + 2 * MINUTE, delete=False)["submissions"] == 3
        hearing.retain(FORM, before=T0 + 2 * MINUTE, delete=delete, now=LATER)
        hearing.replay_notices(consumer=None, message_id=None, now=LATER)
        for moment in (LATER, LATER + 2):
            assert not any(fields for _, fields in heard(hearing, now=moment))
        kept = [hearing.submission_to_tell(FORM, one) for one in "123"]
        assert [one and one.fields for one in kept] == [None] * 3 if delete else [{}] * 3
        assert hearing.retain(FORM, before=T0 + 2 * MINUTE, delete=delete, now=LATER + DAY).counts == {}
