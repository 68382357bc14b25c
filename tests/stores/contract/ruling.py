"""The contract about the record: submissions listed and ruled on by a person, the ledger, the usage."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jotgate.ledger import Entry
from jotgate.outcomes import Verdict
from jotgate.protocols import SubmissionFilter as Filter
from jotgate.protocols import SubmissionRecord
from jotgate.quota import Usage
from jotgate.stores import Store
from tests.stores.contract.material import (
    FORM,
    HOUR,
    OTHER_FORM,
    T0,
    Contract,
    admitted,
    grant,
    opening,
    places,
    sent_in,
    settled,
    used,
    verdicts,
)


class RulingContract(Contract):
    """What a store promises to whoever looks things up or decides by hand."""

    def test_submissions_are_listed_newest_first_beyond_a_thousand(self, store: Store) -> None:
        """Longer ids are newer, and none is left out or listed twice."""
        ids = [*range(1, 1201), 10**18, 10**19]
        for at in range(0, len(ids), 400):
            settled(store, *(sent_in(one, None) for one in ids[at : at + 400]))
        listed = [int(kept.submission_id) for kept in store.submissions(Filter())]
        assert listed == sorted(ids, reverse=True)

    def test_the_ledger_is_a_submissions_history(self, store: Store) -> None:
        """Its verdict and what people made of it, oldest first, and nothing about any other."""
        settled(store, sent_in(1, None), sent_in(2, None))
        store.rule("1", accept=True, actor="owner", reason="seen", now=T0 + HOUR)
        store.rule("1", accept=False, actor="owner", reason="not seen", now=T0 + 2 * HOUR)
        told = [(entry.event, entry.reason, entry.submission_id) for entry in store.history("1")]
        assert told == [
            ("submission.judged", "unticketed", "1"),
            ("submission.accepted", "accepted", "1"),
            ("submission.rejected", "unticketed", "1"),
        ]
        assert len(store.history("2")) == 1
        assert store.history("3") == []

    def test_submission_filters_are_joined_by_and(self, store: Store) -> None:
        """Form, subject, verdicts and ids each narrow the list; several verdicts are alternatives."""
        store.create_grants([grant(n, subject=f"s-{n}") for n in (1, 2)], T0)
        settled(store, *(sent_in(n, admitted(store, opening(n))) for n in (1, 2)))
        settled(store, sent_in(3, None), sent_in(4, None, form=OTHER_FORM), sent_in(5, bytes(16)))

        def listed(which: Filter) -> list[str]:
            return [kept.submission_id for kept in store.submissions(which)]

        assert listed(Filter(form=FORM)) == ["5", "3", "2", "1"]
        assert listed(Filter(subject="s-1")) == ["1"]
        assert listed(Filter(verdicts=(Verdict.VERIFIED,))) == ["2", "1"]
        assert listed(Filter(verdicts=(Verdict.VERIFIED, Verdict.ORPHANED), form=FORM)) == ["5", "2", "1"]
        assert listed(Filter(submission_ids=("1", "4", "9"))) == ["4", "1"]
        assert listed(Filter(submission_ids=("1", "4"), form=OTHER_FORM)) == ["4"]
        assert listed(Filter(submission_ids=("1", "3"), verdicts=(Verdict.VERIFIED,))) == ["1"]

    def test_a_person_accepts_what_the_gate_did_not_verify(self, store: Store) -> None:
        """It counts as accepted, never as verified, takes a place, and names who said so and why."""
        settled(store, sent_in(1, None))
        kept = _rule(store, "1", accept=True)
        assert (kept.verdict, kept.actor, kept.reason) == (Verdict.ACCEPTED, "mrs. k", "because")
        assert kept.verdict.counts
        assert places(store) == 1
        assert store.counts() == {FORM: {"accepted": 1}}

    def test_rejecting_an_acceptance_brings_the_first_verdict_back(self, store: Store) -> None:
        """The place is free again."""
        settled(store, sent_in(1, None))
        _rule(store, "1", accept=True)
        assert _rule(store, "1", accept=False).verdict is Verdict.UNTICKETED
        assert places(store) == 0

    def test_a_rejected_verified_submission_is_revoked(self, store: Store) -> None:
        """It counts no more; its use stays taken; accepting and rejecting it again never verifies it."""
        store.create_grants([grant("code")], T0)
        settled(store, sent_in(1, admitted(store, opening("code"))))
        assert _rule(store, "1", accept=False).verdict is Verdict.REVOKED
        assert (places(store), used(store, "code")) == (0, 1)
        assert _rule(store, "1", accept=True).verdict is Verdict.ACCEPTED
        assert _rule(store, "1", accept=False).verdict is Verdict.REVOKED
        assert places(store) == 0

    def test_a_ruling_stands_when_the_submission_is_read_again(self, store: Store) -> None:
        """The machine never overrules a person."""
        settled(store, sent_in(1, None))
        _rule(store, "1", accept=True)
        assert verdicts(store, sent_in(1, None)) == [Verdict.ACCEPTED]

    def test_what_was_accepted_while_pending_never_waits_again(self, store: Store) -> None:
        """The readings have gone past it, so taking the acceptance back has to end in a verdict."""
        settled(store, sent_in(1, None, empty=True))
        _rule(store, "1", accept=True)
        assert store.unsettled(["1"]) == set()
        assert _rule(store, "1", accept=False).verdict is Verdict.REVOKED
        assert store.oldest_pending() is None

    def test_what_waits_can_be_closed_by_a_person(self, store: Store) -> None:
        """It never counted, so no place is freed, and whatever is read of it later changes nothing."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code"))
        settled(store, sent_in(2, admit), sent_in(1, None, empty=True))
        assert _rule(store, "1", accept=False).verdict is Verdict.REVOKED
        assert places(store) == 1
        assert store.oldest_pending() is None
        assert verdicts(store, sent_in(1, None)) == [Verdict.REVOKED]

    def test_the_longest_waiting_come_first(self, store: Store) -> None:
        """Those of a form that were seen before a moment, and no more than asked for."""
        for number in (3, 1, 2):
            settled(store, sent_in(number, None, empty=True), now=T0 + number)
        settled(store, sent_in(4, None, form=OTHER_FORM, empty=True), now=T0)
        assert store.long_pending(FORM, before=T0 + 3, limit=9) == ["1", "2"]
        assert store.long_pending(FORM, before=T0 + 9, limit=2) == ["1", "2"]

    def test_there_may_be_nothing_to_rule_on(self, store: Store) -> None:
        """What already counts cannot be accepted, what does not cannot be rejected, and the unknown is None."""
        settled(store, sent_in(1, None))
        assert store.rule("1", accept=False, actor="k", reason="r", now=T0) is Verdict.UNTICKETED
        _rule(store, "1", accept=True)
        assert store.rule("1", accept=True, actor="k", reason="r", now=T0) is Verdict.ACCEPTED
        assert store.rule("2", accept=True, actor="k", reason="r", now=T0) is None

    def test_counts_are_by_form_and_verdict(self, store: Store) -> None:
        """Nothing at all gives an empty answer."""
        assert store.counts() == {}
        settled(store, sent_in(1, None), sent_in(2, None), sent_in(3, bytes(16)))
        settled(store, sent_in(4, None, form=OTHER_FORM))
        assert store.counts() == {FORM: {"unticketed": 2, "orphaned": 1}, OTHER_FORM: {"unticketed": 1}}

    def test_the_oldest_pending_is_the_one_seen_first(self, store: Store) -> None:
        """Whatever its id and its own time are."""
        assert store.oldest_pending() is None
        settled(store, sent_in(2, None, empty=True), now=T0 + 10)
        settled(store, sent_in(1, None, empty=True, form=OTHER_FORM), now=T0 + 20)
        assert store.oldest_pending() == T0 + 10

    def test_a_ledger_entry_comes_back_whole_under_its_own_reference(self, store: Store) -> None:
        """Each of a thousand entries has a reference of its own."""
        entries = {
            store.record(
                Entry(
                    at=T0 + n,
                    event="thing.happened",
                    form=FORM,
                    reason="why",
                    subject=f"s-{n}",
                    actor="somebody",
                    about="a thing",
                    note="free text: ü, 漢字, \N{PILE OF POO}",
                )
            ): n
            for n in range(200)
        }
        assert len(entries) == 200
        for ref, n in entries.items():
            entry = store.explain(ref)
            assert entry is not None
            assert (entry.at, entry.subject, entry.note) == (
                T0 + n,
                f"s-{n}",
                "free text: ü, 漢字, \N{PILE OF POO}",
            )

    def test_usage_is_what_was_last_written(self, store: Store) -> None:
        """Each account has its own; the change sees what was there and its answer comes back."""
        usage = Usage(
            day="2026-09-21",
            limit=None,
            configured=1_000,
            used=3,
            tokens=1.5,
            tokens_at=T0,
            probe_day="x",
            probes=2,
        )
        assert store.usage("account") is None
        assert store.change_usage("account", lambda before: (usage, before)) is None
        assert store.usage("account") == usage
        assert store.usage("another") is None
        limited = replace(usage, limit=1000)
        assert store.change_usage("account", lambda before: (limited, before)) == usage
        assert store.usage("account") == limited

    def test_a_change_that_fails_changes_nothing(self, store: Store) -> None:
        """An exception within the change comes out, and the usage is as it was."""
        usage = Usage(day="2026-09-21", limit=1000, configured=1000)
        store.change_usage("account", lambda _: (usage, None))

        def fail(_: Usage | None) -> tuple[Usage, None]:
            raise RuntimeError("no")

        with pytest.raises(RuntimeError, match="no"):
            store.change_usage("account", fail)
        assert store.usage("account") == usage
        store.check()


def _rule(store: Store, submission_id: str, *, accept: bool) -> SubmissionRecord:
    """Rule on a submission, which has to be possible."""
    kept = store.rule(submission_id, accept=accept, actor="mrs. k", reason="because", now=T0 + HOUR)
    assert isinstance(kept, SubmissionRecord), kept
    return kept
