"""The contract about who has submitted: by subject, by what was written, by ticket; and nobody else's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jotgate.answers import Kept
from jotgate.outcomes import Verdict
from jotgate.protocols import Coded, Standing
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
    a_reading,
    admitted,
    digest,
    exactly,
    grant,
    opening,
    register,
    sent_in,
    settled,
    ticket_of,
    token,
    verdicts,
    written,
)


class StandingContract(Contract):
    """What a store promises to whoever asks about people."""

    def test_nothing_is_awaited_once_a_verdict_says_that_it_does_not_count(self, store: Store) -> None:
        """Whatever the verdict is; once a person accepts it, the page and the site hear that it counts."""
        refused: list[tuple[Verdict, dict[str, Any]]] = [
            (Verdict.TAMPERED, {"answers": written({"room": "8"})}),
            (Verdict.EXPIRED, {"created_earliest": T0 + 10 * DAY, "created_latest": T0 + 10 * DAY}),
            (Verdict.WRONG_FORM, {"form": OTHER_FORM}),
        ]
        register(store)
        for number, (verdict, changes) in enumerate(refused, start=1):
            subject = f"u-{number}"
            admit = admitted(store, token(subject=subject, prefill={"room": "7"}, locked=("room",)))
            store.mark_sent(ticket_id=admit.ticket_id, now=T0)
            assert store.standing(FORM, subject).sent_at == T0
            honest = replace(sent_in(number, admit), answers=written({"room": "7"}))
            assert verdicts(store, replace(honest, **changes)) == [verdict]
            assert store.standing(FORM, subject)[:2] == (None, None)
            assert store.standing_of_ticket(FORM, admit.ticket_id)[:2] == (None, None)
            ticket = ticket_of(store, admit)
            assert ticket.verdict is verdict
            store.rule(str(number), accept=True, actor="owner", reason="seen", now=T0)
            ticket = ticket_of(store, admit)
            assert ticket.verdict is Verdict.ACCEPTED

    def test_nobody_has_submitted_at_first(self, store: Store) -> None:
        """Not even somebody with a code, and not to a form that was never heard of."""
        store.create_grants([grant("code", subject="s-1")], T0)
        nothing = Standing(None, None, None, 0.0)
        assert store.standing(FORM, "s-1") == store.standing(FORM, "s-2") == nothing
        assert store.standing("nowhere", "s-1") == nothing
        assert store.standing_of_lookup(FORM, [[digest("x")]]) == nothing
        assert store.standing_of_lookup(FORM, []) == nothing

    def test_the_best_verdict_of_a_subject_stands(self, store: Store) -> None:
        """Verified before accepted; a verdict that does not count is none, and taking one back changes the answer."""
        store.create_grants([grant("class", uses=9, subject="s-1")], T0)
        tickets = [admitted(store, opening("class")) for _ in range(3)]
        for ticket, at in zip(tickets, (1, 2, 3), strict=True):
            settled(store, sent_in(at, ticket), sent_in(at + 10, ticket))
        assert store.standing(FORM, "s-1").verdict is Verdict.VERIFIED
        for one in ("1", "2", "3"):
            store.rule(one, accept=False, actor="owner", reason="test", now=T0 + HOUR)
        assert store.standing(FORM, "s-1").verdict is None
        store.rule("11", accept=True, actor="owner", reason="test", now=T0 + HOUR)
        assert store.standing(FORM, "s-1").verdict is Verdict.ACCEPTED
        assert store.standing(OTHER_FORM, "s-1").verdict is None
        assert store.standing(FORM, "s-").verdict is None

    def test_what_a_browser_sent_is_told_until_it_is_settled(self, store: Store) -> None:
        """With the readings since, so that the asker can tell whether it should have come by now."""
        store.create_grants([grant("code", subject="s-1")], T0)
        admit = admitted(store, opening("code"))
        store.mark_sent(ticket_id=admit.ticket_id, now=T0 + MINUTE)
        store.finish_reading(a_reading(read_at=T0 + 2 * MINUTE))
        store.finish_reading(a_reading(read_at=T0 + 3 * MINUTE, cursor=None))
        sent = store.standing(FORM, "s-1")
        assert (sent.verdict, sent.sent_at) == (None, T0 + MINUTE)
        assert sent.full_read_at == T0 + 2 * MINUTE
        settled(store, sent_in(1, admit))
        after = store.standing(FORM, "s-1")
        assert (after.verdict, after.sent_at) == (Verdict.VERIFIED, None)

    def test_a_lookup_finds_who_wrote_all_of_it(self, store: Store) -> None:
        """In one submission, under any key, in that form only; pending as well as judged."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code"))
        settled(store, _with(sent_in(1, admit), "a", "b"), _with(sent_in(2, None), "a", "c"))
        settled(store, _with(sent_in(3, None, verdict=Verdict.PENDING), "d"))
        settled(store, _with(sent_in(4, None, form=OTHER_FORM), "e"))
        store.rule("2", accept=True, actor="owner", reason="test", now=T0 + HOUR)
        store.rule("4", accept=True, actor="owner", reason="test", now=T0 + HOUR)

        def verdict(*fields: tuple[str, ...]) -> Verdict | None:
            return store.standing_of_lookup(FORM, [[*map(digest, names)] for names in fields]).verdict

        assert verdict(("a",)) is verdict(("x", "a")) is verdict(("a",), ("b",)) is Verdict.VERIFIED
        assert verdict(("a", "old"), ("c", "old")) is Verdict.ACCEPTED
        assert verdict(("b",), ("c",)) is verdict(("a",), ("x",)) is verdict(("e",)) is None
        assert verdict(("d",)) is Verdict.PENDING

    def test_answers_read_anew_replace_the_look_ups(self, store: Store) -> None:
        """A sheet whose answers came late is found by them, and no more by what stood there before."""
        settled(store, _with(sent_in(1, None, verdict=Verdict.PENDING), "early"))
        settled(store, _with(sent_in(1, None), "late"))
        store.rule("1", accept=True, actor="owner", reason="test", now=T0 + HOUR)
        assert store.standing_of_lookup(FORM, [[digest("late")]]).verdict is Verdict.ACCEPTED
        assert store.standing_of_lookup(FORM, [[digest("early")]]).verdict is None

    def test_the_subjects_are_those_with_a_living_or_used_code(self, store: Store) -> None:
        """Each once, in their order, beyond a thousand; class codes have none."""
        store.create_grants([grant(n, subject=f"s-{n:04}") for n in range(1_100)], T0)
        store.create_grants([grant("second", subject="s-0007"), grant("class", uses=30)], T0)
        store.create_grants([grant("else", subject="t-1", form=OTHER_FORM)], T0)
        settled(store, sent_in(1, admitted(store, opening(5))))
        for n in (3, 5, 7):
            store.revoke_grants(exactly(n), now=T0 + HOUR, actor="owner", note=None)
        assert [one.subject for one in store.subjects(FORM)] == [f"s-{n:04}" for n in range(1_100) if n != 3]
        assert [one.subject for one in store.subjects(OTHER_FORM)] == ["t-1"]

    def test_a_person_is_named_as_on_the_newest_code(self, store: Store) -> None:
        """By its label and its batch, also if an older one has others; a revoked one names whoever has no other."""
        old, new = grant("old", subject="s-1", batch="7a"), grant("new", subject="s-1", batch="7b")
        gone = grant("gone", subject="s-1", batch="8a")
        store.create_grants([old._replace(label="Ada"), grant("two", subject="s-2", batch="7a")], T0)
        store.create_grants([new._replace(label="Ada Byron")], T0 + 1)
        store.create_grants([gone._replace(label="Eve")], T0 + 2)
        store.revoke_grants(exactly("gone"), now=T0 + 3, actor="k", note=None)
        named = [Coded("s-1", "Ada Byron", "7b"), Coded("s-2", None, "7a")]
        assert list(store.subjects(FORM)) == named
        assert [store.coded_as(FORM, one) for one in ("s-1", "s-2", "s-3")] == [*named, Coded("s-3")]
        assert store.coded_as(OTHER_FORM, "s-1") == Coded("s-1")
        store.revoke_grants(exactly("two"), now=T0 + 3, actor="k", note=None)
        assert list(store.subjects(FORM)) == named[:1]
        assert store.coded_as(FORM, "s-2") == named[1]

    def test_own_submissions_are_the_subjects_that_count(self, store: Store) -> None:
        """Newest first, with what is shown and a reference that the ledger explains."""
        store.create_grants([grant("mine", uses=9, subject="s-1"), grant("hers", subject="s-2")], T0)
        mine, hers = [admitted(store, opening("mine")) for _ in range(3)], admitted(store, opening("hers"))
        kept = Kept(digest=bytes(16), shown={"name": {"label": "Name", "value": ["É", "\0\ud800"]}})
        settled(store, *(_kept(sent_in(at, one), kept) for at, one in zip((9, 10, 11), mine, strict=True)))
        settled(store, sent_in(12, mine[0]), sent_in(13, hers))
        store.rule("10", accept=False, actor="owner", reason="test", now=T0 + HOUR)
        found = store.own_submissions(FORM, "s-1")
        assert [(one.submission_id, one.verdict) for one in found] == [
            ("11", Verdict.VERIFIED),
            ("9", Verdict.VERIFIED),
        ]
        assert found[0].shown == kept.shown
        assert (found[0].created_at, found[0].judged_at) == (T0 + MINUTE, T0 + 2 * MINUTE)
        entry = store.explain(found[0].ref or "")
        assert entry is not None
        assert entry.submission_id == "11"
        assert store.own_submissions(OTHER_FORM, "s-1") == store.own_submissions(FORM, "s-3") == []

    def test_a_ticket_leads_to_its_own_submission_only(self, store: Store) -> None:
        """Not to one that was replayed on it, nor before it is settled, nor after it was rejected."""
        store.create_grants([grant("class", uses=9)], T0)
        first, second = admitted(store, opening("class")), admitted(store, opening("class"))
        assert store.submission_of_ticket(FORM, first.ticket_id) is None
        store.mark_sent(ticket_id=first.ticket_id, now=T0)
        assert store.standing_of_ticket(FORM, first.ticket_id).sent_at == T0
        settled(store, sent_in(1, first), sent_in(2, first))
        assert store.standing_of_ticket(FORM, first.ticket_id)[:2] == (Verdict.VERIFIED, None)
        for form, ticket in ((FORM, second), (OTHER_FORM, first)):
            assert store.standing_of_ticket(form, ticket.ticket_id)[:2] == (None, None)
        found = store.submission_of_ticket(FORM, first.ticket_id)
        assert found is not None
        assert (found.submission_id, found.shown) == ("1", {})
        assert store.submission_of_ticket(FORM, second.ticket_id) is None
        assert store.submission_of_ticket(OTHER_FORM, first.ticket_id) is None
        store.rule("1", accept=False, actor="owner", reason="test", now=T0 + HOUR)
        assert store.submission_of_ticket(FORM, first.ticket_id) is None


def _with(candidate: Candidate, *written: str) -> Candidate:
    """Return *candidate* with a lookup field for each of *written*."""
    lookups = tuple((f"field-{at}", digest(text)) for at, text in enumerate(written))
    return _kept(candidate, Kept(digest=bytes(16), lookups=lookups))


def _kept(candidate: Candidate, kept: Kept) -> Candidate:
    return replace(candidate, kept=kept)
