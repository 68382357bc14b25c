"""The contract about whoever changes codes that people have: nothing lost, nothing twice, and back for ten minutes."""

from __future__ import annotations

from dataclasses import replace

from jotgate.outcomes import Reason, Verdict
from jotgate.protocols import Grant
from jotgate.protocols.people import (
    UNDO_SECONDS,
    Change,
    CodeEdit,
    CodeSearch,
    GivingBack,
    Left,
    Naming,
    Outcome,
    Replacing,
    Revocation,
    Seen,
    Window,
)
from jotgate.signed.tickets import TicketState
from jotgate.stores import Store
from tests.stores.contract.material import (
    DAY,
    FORM,
    HOUR,
    KEY_ID,
    MINUTE,
    OTHER_FORM,
    T0,
    Contract,
    admitted,
    digest,
    exactly,
    grant,
    opening,
    reason,
    sent_in,
    used,
    verdicts,
)

NOW = T0 + HOUR


def code(store: Store, name: str | int) -> Grant:
    """Return the code as it is."""
    return next(store.grants(exactly(name)))


def everything(store: Store) -> list[Seen]:
    """Return all codes as somebody sees them now."""
    return store.seen_codes(CodeSearch(form=FORM), now=NOW)


def changed(
    store: Store,
    edit: CodeEdit,
    *names: str | int,
    change_id: str = "c-1",
    at: float = NOW,
    seen: list[Seen] | None = None,
    batches: list[str] | None = None,
) -> Outcome:
    """Carry out a decision about these codes as they are now, or as they were *seen*."""
    change = Change(change_id=change_id, form=FORM, what=edit.what, actor="mrs. k", at=at)
    assert store.begin_change(change)
    if seen is None:
        seen = [Seen(digest(name), code(store, name).version) for name in names]
    return store.change_codes(change, seen, edit, batches=batches)


def undone(store: Store, change_id: str = "c-1", at: float = NOW + MINUTE) -> Outcome:
    """Go back on a change, which has to work."""
    outcome = store.undo_change(change_id, now=at, actor="mrs. k")
    assert outcome is not None
    return outcome


def same(grant: Grant) -> Grant:
    """Return a code without what every change leaves behind."""
    return replace(grant, version=0, calm_at=0.0)


class ChangingContract(Contract):
    """What a store promises to whoever changes codes."""

    def test_a_change_is_done_once(self, store: Store) -> None:
        """The second click on the same decision is told so."""
        change = Change(change_id="c-1", form=FORM, what="revoke", actor="mrs. k", at=NOW)
        assert store.begin_change(change)
        assert not store.begin_change(change)
        assert store.change("c-1") == change
        assert store.change("c-2") is None

    def test_a_change_goes_on_where_it_was_cut_off(self, store: Store) -> None:
        """Done once more, it does what is left and counts what it has done, whatever happened to it since."""
        store.create_grants([grant(n) for n in range(4)], T0)
        seen = [Seen(digest(n), 0) for n in range(4)]
        fresh = {digest(n): digest(f"new {n}") for n in range(4)}
        change = Change(change_id="c-1", form=FORM, what="reissue", actor="mrs. k", at=NOW)
        edit = Replacing(fresh=fresh, code_key="k-1")
        assert store.begin_change(change)
        assert len(store.change_codes(change, seen[:2], edit).done) == 2
        changed(store, Revocation(), 2, change_id="other")
        assert set(store.seen_before("c-1").values()) == set(seen[:2])
        for _ in range(2):
            outcome = store.change_codes(change, seen, edit)
            assert {one.fingerprint for one in outcome.done} == {fresh[digest(n)] for n in (0, 1, 3)}
            assert [why for why, _ in outcome.left] == [Left.CHANGED]
            assert set(store.seen_before("c-1").values()) == {seen[n] for n in (0, 1, 3)}
        assert store.replaced_codes([digest(n) for n in range(4)]) == {digest(n) for n in (0, 1, 3)}

    def test_a_change_that_is_undone_does_not_go_on(self, store: Store) -> None:
        """Somebody goes back on it while it goes on: what it has not come to stays as it is."""
        store.create_grants([grant(n) for n in range(2)], T0)
        changed(store, Revocation(), 0)
        assert len(undone(store).done) == 1
        change = store.change("c-1")
        assert change is not None
        outcome = store.change_codes(change, [Seen(digest(n), 0) for n in range(2)], Revocation())
        assert (list(outcome.done), [why for why, _ in outcome.left]) == ([], [Left.CHANGED] * 2)
        assert all(one.revoked_at is None for one in store.grants())

    def test_what_somebody_else_changed_meanwhile_is_left(self, store: Store) -> None:
        """Revoked, renamed or replaced by another operator: nothing of that is lost, and the rest is done."""
        store.create_grants([grant(n, subject=f"s-{n}") for n in range(5)], T0)
        seen = everything(store)
        changed(store, Naming(label="Ada", email=None), 0, change_id="other")
        store.reissue_grant(exactly(1), grant("new"), now=NOW, actor="mr. b")
        store.revoke_grants(exactly(2), now=NOW, actor="mr. b", note=None)
        outcome = changed(store, Window(valid_until=NOW + DAY), seen=seen)
        assert {one.fingerprint for one in outcome.done} == {digest(3), digest(4)}
        left = {(why, found and found.fingerprint) for why, found in outcome.left}
        assert left == {(Left.CHANGED, digest(0)), (Left.CHANGED, None), (Left.CHANGED, digest(2))}
        assert code(store, 0).label == "Ada"
        assert code(store, 0).valid_until is None

    def test_a_submission_meanwhile_is_no_change(self, store: Store) -> None:
        """What pupils do does not get in an operator's way."""
        store.create_grants([grant("code", uses=2)], T0)
        seen = everything(store)
        assert verdicts(store, sent_in(1, admitted(store, opening("code")))) == [Verdict.VERIFIED]
        assert len(changed(store, Naming(label="7a", email=None), seen=seen).done) == 1
        assert used(store, "code") == 1

    def test_other_forms_and_batches_are_out_of_reach(self, store: Store) -> None:
        """Whatever ids are sent, an operator changes nothing that they may not see."""
        store.create_grants([grant(1, batch="7a"), grant(2, batch="7b"), grant(3)], T0)
        store.create_grants([grant(4, form=OTHER_FORM, batch="7a")], T0)
        outcome = changed(store, Revocation(), 1, 2, 3, 4, batches=["7a"])
        assert [one.fingerprint for one in outcome.done] == [digest(1)]
        assert [why for why, _ in outcome.left] == [Left.CHANGED] * 3
        assert [code(store, n).revoked_at for n in (2, 3, 4)] == [None] * 3

    def test_a_bulk_revocation_is_undone_and_forms_that_are_open_go_on(self, store: Store) -> None:
        """Codes open again, tickets under way count; passes stay ended, and their people enter the code once more."""
        store.create_grants([grant(n) for n in range(1100)], T0)
        filling = admitted(store, opening(1, browser="one"))
        sent = admitted(store, opening(2, browser="two"))
        store.mark_sent(ticket_id=sent.ticket_id, now=T0 + 5)
        store.revoke_grants(exactly(7), now=T0, actor="mr. b", note=None)
        outcome = changed(store, Revocation(note="wrong list"), seen=everything(store))
        assert len(outcome.done) == 1099
        assert [why for why, _ in outcome.left] == [Left.NOTHING]
        assert reason(store, opening(3)) is Reason.REVOKED
        back = undone(store)
        assert (len(back.done), back.left, back.judged_meanwhile) == (1099, (), ())
        assert sum(one.revoked_at is not None for one in store.grants()) == 1
        states = [store.ticket(one.ticket_id) for one in (filling, sent)]
        assert [one and one.state for one in states] == [TicketState.OPEN, TicketState.SENT]
        assert filling.pass_id in dict(store.revocations().passes)
        again = admitted(store, opening(1, browser="one", now=NOW))
        assert again.ticket_id == filling.ticket_id
        assert verdicts(store, sent_in(1, filling, at=NOW), sent_in(2, sent)) == [Verdict.VERIFIED] * 2

    def test_undoing_says_what_was_judged_revoked_meanwhile(self, store: Store) -> None:
        """That verdict stands, and a person may accept it."""
        store.create_grants([grant("code")], T0)
        filling = admitted(store, opening("code"))
        changed(store, Revocation(), "code")
        assert verdicts(store, sent_in(17, filling, at=NOW + 1), now=NOW + 2) == [Verdict.REVOKED]
        assert undone(store).judged_meanwhile == ("17",)

    def test_undoing_leaves_what_somebody_changed_since(self, store: Store) -> None:
        """And says which codes; the others are what they were."""
        store.create_grants([grant(n) for n in range(3)], T0)
        changed(store, Window(valid_until=NOW + DAY), 0, 1, 2)
        changed(store, Naming(label="Ada", email=None), 1, change_id="later")
        back = undone(store)
        assert {one.fingerprint for one in back.done} == {digest(0), digest(2)}
        assert [(why, found and found.fingerprint) for why, found in back.left] == [(Left.CHANGED, digest(1))]
        assert [code(store, n).valid_until for n in range(3)] == [None, NOW + DAY, None]

    def test_a_change_is_undone_once_and_for_ten_minutes(self, store: Store) -> None:
        """Later, twice or by a wrong id nothing happens; then what was kept for it is gone."""
        store.create_grants([grant(1), grant(2)], T0)
        changed(store, Revocation(), 1)
        assert store.undo_change("c-2", now=NOW, actor="mrs. k") is None
        assert store.undo_change("c-1", now=NOW + UNDO_SECONDS, actor="mrs. k") is None
        assert undone(store, at=NOW + UNDO_SECONDS - 1).done
        assert store.undo_change("c-1", now=NOW + 2, actor="mrs. k") is None
        changed(store, Revocation(), 2, change_id="c-2")
        changed(store, Revocation(), 1, change_id="c-3", at=NOW + UNDO_SECONDS + 1)
        assert store.change("c-2") is None
        assert store.undo_change("c-2", now=NOW, actor="mrs. k") is None

    def test_the_last_change_that_can_be_undone_is_known(self, store: Store) -> None:
        """Of who made it, on that form, until it is undone, too old, or changed nothing."""
        store.create_grants([grant(1), grant(2)], T0)
        changed(store, Revocation(), 1)
        changed(store, Revocation(), 2, change_id="c-2", at=NOW + 1)
        changed(store, Revocation(), 2, change_id="c-3", at=NOW + 2)

        def last(form: str = FORM, actor: str = "mrs. k", now: float = NOW + MINUTE) -> str | None:
            found = store.last_change(form, actor=actor, now=now)
            return None if found is None else found.change_id

        assert (last(), last(OTHER_FORM), last(actor="mr. b")) == ("c-2", None, None)
        undone(store, "c-2")
        assert (last(), last(now=NOW + UNDO_SECONDS)) == ("c-1", None)

    def test_a_new_window_ends_what_is_under_way_in_time(self, store: Store) -> None:
        """A ticket ends half an hour after its code at most, nothing that was sent before is lost, and back again."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code"))
        before = store.ticket(admit.ticket_id)
        outcome = changed(store, Window(valid_until=NOW + HOUR), "code")
        assert [one.valid_until for one in outcome.done] == [NOW + HOUR]
        ticket = store.ticket(admit.ticket_id)
        assert ticket is not None
        assert ticket.expires_at == NOW + HOUR + 30 * MINUTE
        undone(store)
        assert store.ticket(admit.ticket_id) == before
        changed(store, Window(valid_until=T0 + 1), "code", change_id="past")
        ended = store.ticket(admit.ticket_id)
        assert ended is not None
        assert ended.expires_at == NOW
        assert verdicts(store, sent_in(1, admit, at=NOW - 1)) == [Verdict.VERIFIED]

    def test_a_window_that_ends_before_it_begins_is_left(self, store: Store) -> None:
        """Of many codes with a new end, those that begin later."""
        store.create_grants([grant(1, valid_from=NOW + DAY), grant(2), grant(3, valid_until=NOW)], T0)
        outcome = changed(store, Window(valid_until=NOW), 1, 2, 3)
        assert [one.fingerprint for one in outcome.done] == [digest(2)]
        assert [why for why, _ in outcome.left] == [Left.IMPOSSIBLE, Left.NOTHING]

    def test_a_name_and_an_address_are_changed_and_found(self, store: Store) -> None:
        """Lists find the new name at once, and the old one after going back."""
        store.create_grants([grant("code", subject="s-1", label="Ada")], T0)
        before = code(store, "code")
        edit = Naming(label="Ada Lovelace", email="ada@school.example", language="de")
        changed(store, edit, "code")
        after = code(store, "code")
        assert (after.label, after.email, after.language) == ("Ada Lovelace", "ada@school.example", "de")
        assert "lovelace" in after.listed_as
        undone(store)
        assert same(code(store, "code")) == same(before)

    def test_uses_are_given_back_to_many_and_taken_again(self, store: Store) -> None:
        """Whoever used theirs gets it again; going back leaves those alone who have opened the form since."""
        store.create_grants([grant(n) for n in range(4)], T0)
        sent = [sent_in(n + 1, admitted(store, opening(n, browser=n))) for n in range(2)]
        assert verdicts(store, *sent) == [Verdict.VERIFIED] * 2
        open_one = admitted(store, opening(2, browser=2))
        outcome = changed(store, GivingBack(), 0, 1, 2, 3)
        assert {one.fingerprint for one in outcome.done} == {digest(0), digest(1), digest(2)}
        assert [why for why, _ in outcome.left] == [Left.NOTHING]
        assert [used(store, n) for n in range(3)] == [0, 0, 0]
        admitted(store, opening(1, browser="again", now=NOW + 1))
        back = undone(store)
        assert [why for why, _ in back.left] == [Left.OPENED]
        assert [used(store, n) for n in range(3)] == [1, 0, 0]
        assert reason(store, opening(0, now=NOW + 2)) is Reason.USED_UP
        freed = store.ticket(open_one.ticket_id)
        assert freed is not None
        assert freed.state is TicketState.OPEN

    def test_codes_are_replaced_and_the_old_cards_are_good_again(self, store: Store) -> None:
        """As by a single re-issue; going back makes the new codes void, unless somebody uses theirs."""
        store.create_grants([grant(n, subject=f"s-{n}") for n in range(3)], T0)
        filling = admitted(store, opening(0, browser="one"))
        fresh = {digest(n): digest(f"new {n}") for n in range(3)}
        outcome = changed(store, Replacing(fresh=fresh, code_key="bbbb0002"), 0, 1, 2)
        assert {(one.subject, one.fingerprint) for one in outcome.done} == {
            (f"s-{n}", digest(f"new {n}")) for n in range(3)
        }
        assert reason(store, opening(0, now=NOW)) is Reason.REVOKED
        assert verdicts(store, sent_in(9, filling, at=NOW + 1), now=NOW + 2) == [Verdict.REVOKED]
        assert admitted(store, opening("new 1", now=NOW + 1)).subject == "s-1"
        back = undone(store)
        assert [(why, found and found.subject) for why, found in back.left] == [(Left.OPENED, "s-1")]
        assert reason(store, opening("new 0", now=NOW + 2)) is Reason.REVOKED
        assert admitted(store, opening(0, browser="one", now=NOW + 2)).ticket_id == filling.ticket_id
        assert admitted(store, opening(2, now=NOW + 2)).subject == "s-2"
        assert code(store, 2).code_key == KEY_ID
        assert back.judged_meanwhile == ("9",)

    def test_nothing_brings_back_what_is_forgotten(self, store: Store) -> None:
        """A name that was changed and then forgotten is gone, though the change could still be undone."""
        store.use_tombstones(lambda subject: [f"forgotten:aaaa0001:{digest(subject).hex()}"])
        store.create_grants([grant(1, subject="s-1", label="Ada"), grant(2, subject="s-2", label="Bo")], T0)
        changed(store, Naming(label="Ada Lovelace", email=None), 1)
        store.forget("s-1", form=None, now=NOW, actor="owner")
        assert store.undo_change("c-1", now=NOW + 1, actor="mrs. k") is None
        assert {one.label for one in store.grants()} == {None, "Bo"}

    def test_every_change_is_in_the_ledger_with_its_actor(self, store: Store) -> None:
        """One entry for each code, and one for going back; no name stands in a note."""
        store.create_grants([grant(1, subject="s-1"), grant(2)], T0)
        changed(store, Naming(label="Ada", email=None), 1)
        undone(store)
        changed(store, Window(valid_until=NOW + DAY), 2, change_id="c-2")
        found = (store.explain(store.driver.references.ref_of(seq)) for seq in range(1, 20))
        told = [(one.event, one.actor, one.note) for one in found if one is not None and one.actor]
        assert [event for event, _, _ in told] == ["code.changed", "code.restored", "code.changed"]
        assert {actor for _, actor, _ in told} == {"mrs. k"}
        assert not any("Ada" in (note or "") for _, _, note in told)
