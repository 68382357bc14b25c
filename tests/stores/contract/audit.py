"""The contract about edits: what they do to verdicts, and that nothing of it is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jotgate.answers import Kept
from jotgate.outcomes import Cause, Verdict
from jotgate.protocols import AuditState, Consumer, Edit, Edited, KeptAnswers, Told
from jotgate.stores import Store
from jotgate.submissions import Candidate
from tests.stores.contract.material import (
    DAY,
    FORM,
    FORMS,
    HOUR,
    MINUTE,
    OTHER_FORM,
    SUBJECT,
    T0,
    Contract,
    Opener,
    admitted,
    grant,
    opening,
    places,
    records,
    register,
    sent_in,
    settled,
    token,
    written,
)

ROOM, OTHER_ROOM = {"room": "7"}, {"room": "8"}
LATER = T0 + HOUR


def answered(number: int, ticket: object, answers: Mapping[str, str], digest: bytes) -> Candidate:
    """Return a submission with these answers."""
    kept = Kept(digest=digest, lookups=(("room", digest),), shown={"room": {"label": "Room", "value": "x"}})
    return replace(sent_in(number, ticket), answers=written(answers), kept=kept, status="ACTIVE")  # type: ignore[arg-type]


def judged_room(store: Store, answers: Mapping[str, str] = ROOM) -> Candidate:
    """Judge a submission on a ticket with a locked field."""
    register(store)
    admit = admitted(store, token(prefill=ROOM, locked=("room",)))
    candidate = answered(1, admit, answers, b"1" * 16)
    settled(store, candidate)
    return candidate


def edit(candidate: Candidate, answers: Mapping[str, str], digest: bytes, *, known: bytes) -> Edit:
    """Return the candidate as it is told after an edit."""
    now = replace(answered(1, None, answers, digest), submission_id=candidate.submission_id, verdict=None)
    return Edit(candidate=now, known_digest=known, changed=True, revoked=False, updated_at=T0 + 3 * MINUTE)


def judge_again(store: Store, *edits: Edit, now: float = LATER, capacity: int | None = None) -> list[Edited]:
    """Judge edits."""
    return store.judge_edits(edits, capacity=capacity, now=now)


class AuditContract(Contract):
    """What a store promises about submissions that are edited."""

    def test_a_changed_locked_value_is_tampered_and_a_restored_one_verified(self, store: Store) -> None:
        """The place is free meanwhile; the history and the consumers have all of it."""
        store.add_consumer(Consumer(consumer="a", kind="python"), now=T0)
        candidate = judged_room(store)
        assert (records(store, "1")[0].verdict, places(store)) == (Verdict.VERIFIED, 1)
        changed = edit(candidate, OTHER_ROOM, b"2" * 16, known=b"1" * 16)
        [done] = judge_again(store, changed)
        assert done == Edited(submission_id="1", before=Verdict.VERIFIED, verdict=Verdict.TAMPERED)
        [kept] = records(store, "1")
        assert (kept.verdict, kept.judged_at, places(store)) == (Verdict.TAMPERED, LATER, 0)
        [again] = judge_again(store, edit(candidate, ROOM, b"3" * 16, known=b"2" * 16), now=LATER + 1)
        assert again.verdict is Verdict.VERIFIED
        assert (records(store, "1")[0].verdict, places(store)) == (Verdict.VERIFIED, 1)
        history = [(one.event, one.reason, one.note) for one in store.history("1")]
        assert history == [
            ("submission.judged", "verified", None),
            ("submission.edited", "tampered", "it was verified"),
            ("submission.edited", "verified", "it was tampered"),
        ]
        assert store.backlogs()["a"].waiting == 3

    def test_an_edit_is_judged_once(self, store: Store) -> None:
        """Whoever compared with answers that are no longer the last judged ones changes nothing."""
        candidate = judged_room(store)
        changed = edit(candidate, OTHER_ROOM, b"2" * 16, known=b"1" * 16)
        assert len(judge_again(store, changed)) == 1
        assert judge_again(store, changed) == []
        assert store.kept_answers(["1", "2"]) == {
            "1": KeptAnswers(verdict=Verdict.TAMPERED, digest=b"2" * 16, status="ACTIVE")
        }

    def test_what_was_tampered_can_be_put_right(self, store: Store) -> None:
        """If its ticket is free, and the form has a place."""
        candidate = judged_room(store, OTHER_ROOM)
        assert records(store, "1")[0].verdict is Verdict.TAMPERED
        [full] = judge_again(store, edit(candidate, ROOM, b"2" * 16, known=b"1" * 16), capacity=0)
        assert full.verdict is Verdict.TAMPERED
        [done] = judge_again(store, edit(candidate, ROOM, b"3" * 16, known=b"2" * 16), capacity=1)
        assert done.verdict is Verdict.VERIFIED
        assert places(store) == 1

    def test_no_edit_counts_beyond_a_persons_limit(self, store: Store) -> None:
        """Who spoilt a form, sent another and then mends the first one, has sent it once."""
        candidate = judged_room(store, OTHER_ROOM)
        store.create_grants([grant("code", subject=SUBJECT)], T0)
        settled(store, replace(sent_in(4, admitted(store, opening("code"))), in_all=1))
        mended = edit(candidate, ROOM, b"2" * 16, known=b"1" * 16)
        mended = replace(mended, candidate=replace(mended.candidate, in_all=1))
        assert [one.verdict for one in judge_again(store, mended)] == [Verdict.TAMPERED]

    def test_what_is_put_right_is_whose_the_locked_field_says(self, store: Store) -> None:
        """Tampered it was the ticket's, and it becomes its owner's."""
        candidate = judged_room(store, OTHER_ROOM)
        assert records(store, "1")[0].subject == SUBJECT
        mended = edit(candidate, ROOM, b"2" * 16, known=b"1" * 16)
        mended = replace(mended, candidate=replace(mended.candidate, opening=0, owner_field="room"))
        assert [one.verdict for one in judge_again(store, mended)] == [Verdict.VERIFIED]
        assert records(store, "1")[0].subject == ROOM["room"]

    def test_no_edit_makes_a_stranger_s_submission_count(self, store: Store) -> None:
        """Nor does it overrule a person: what was accepted or rejected stays so, and the edit is on record."""
        register(store)
        settled(store, answered(1, None, ROOM, b"1" * 16))
        [done] = judge_again(
            store, edit(answered(1, None, ROOM, b""), OTHER_ROOM, b"2" * 16, known=b"1" * 16)
        )
        assert done == Edited(submission_id="1", before=Verdict.UNTICKETED, verdict=Verdict.UNTICKETED)
        store.rule("1", accept=True, actor="k", reason="r", now=LATER)
        [done] = judge_again(store, edit(answered(1, None, ROOM, b""), ROOM, b"3" * 16, known=b"2" * 16))
        assert done.verdict is Verdict.ACCEPTED
        store.rule("1", accept=False, actor="k", reason="r", now=LATER)
        assert records(store, "1")[0].verdict is Verdict.UNTICKETED

    def test_a_rejected_one_stays_rejected(self, store: Store) -> None:
        """Whatever its answers become."""
        candidate = judged_room(store)
        store.rule("1", accept=False, actor="k", reason="r", now=LATER)
        for answers, known, digest in ((OTHER_ROOM, b"1", b"2"), (ROOM, b"2", b"3")):
            [done] = judge_again(store, edit(candidate, answers, digest * 16, known=known * 16))
            assert done.verdict is Verdict.REVOKED
        assert places(store) == 0

    def test_a_deletion_that_decides_revokes_what_counts(self, store: Store) -> None:
        """Once; a person can accept it after that."""
        store.add_consumer(Consumer(consumer="a", kind="python"), now=T0)
        candidate = replace(judged_room(store), status="DELETED")
        gone = Edit(candidate=candidate, known_digest=b"1" * 16, changed=False, revoked=True, updated_at=None)
        assert [one.verdict for one in judge_again(store, gone)] == [Verdict.REVOKED]
        assert judge_again(store, gone) == []
        [kept] = records(store, "1")
        assert (kept.verdict, kept.reason, places(store)) == (Verdict.REVOKED, "deleted at JotForm", 0)
        told = store.claim_notices("a", now=LATER, until=LATER + 1, rows=9)
        store.cross_off("a", Told(told=told), now=LATER)
        [last] = store.claim_notices("a", now=LATER, until=LATER + 1, rows=9)
        assert (last.event.verdict, last.event.cause) == (Verdict.REVOKED, Cause.DELETED)
        store.rule("1", accept=True, actor="k", reason="r", now=LATER)
        assert places(store) == 1

    def test_what_was_judged_before_digests_were_kept_gets_one(self, store: Store) -> None:
        """That is no edit; and what is not judged yet is none either."""
        register(store)
        settled(store, sent_in(1, None), sent_in(2, None, empty=True))
        assert store.kept_answers(["1", "2"]).keys() == {"1"}
        first = Edit(
            candidate=answered(1, None, ROOM, b"1" * 16),
            known_digest=None,
            changed=False,
            revoked=False,
            updated_at=None,
        )
        assert judge_again(store, first) == []
        assert store.kept_answers(["1"])["1"].digest == b"1" * 16
        assert len(store.history("1")) == 1

    def test_an_audit_is_one_process_s_turn_a_day(self, store: Store, opener: Opener) -> None:
        """Also after a clock was set back."""
        other = opener()
        other.prepare(FORMS, T0)
        assert store.begin_audit(FORM, now=T0)
        assert not other.begin_audit(FORM, now=T0 + HOUR)
        assert other.begin_audit(FORM, now=T0 + DAY)
        assert store.begin_audit(FORM, now=T0 + HOUR)
        other.close()

    def test_how_far_the_audit_is(self, store: Store) -> None:
        """It is noted for each form by itself."""
        fresh, other = sorted(store.audit_states(), key=lambda one: one.form)
        assert (fresh.form, other.form) == (FORM, OTHER_FORM)
        assert (fresh.audited_at, fresh.audited_above, fresh.audit_tried_at) == (None, None, None)
        noted = AuditState(
            form=FORM,
            form_id=fresh.form_id,
            audited_at=T0,
            audited_above="77",
            audit_began_at=T0 + 1,
            audit_tried_at=T0 + 2,
            ticket_qid=None,
        )
        store.note_audit(noted)
        assert sorted(store.audit_states(), key=lambda one: one.form) == [noted, other]
