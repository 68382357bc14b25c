"""The contract about whoever changes codes that people have: nothing lost, nothing twice, and back for ten minutes."""

from __future__ import annotations

from dataclasses import replace

from jotgate.clock import iso
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
    refused,
    sent_in,
    ticket_of,
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
        assert store.seen_before("c-2") == {}
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
        ticket = ticket_of(store, admit)
        assert ticket.expires_at == NOW + HOUR + 30 * MINUTE
        undone(store)
        assert store.ticket(admit.ticket_id) == before
        changed(store, Window(valid_until=T0 + 1), "code", change_id="past")
        ended = ticket_of(store, admit)
        assert ended.expires_at == NOW
        assert verdicts(store, sent_in(1, admit, at=NOW - 1)) == [Verdict.VERIFIED]

    def test_a_window_that_ends_before_it_begins_is_left(self, store: Store) -> None:
        """Of many codes with a new end, those that begin later."""
        store.create_grants([grant(1, valid_from=NOW + DAY), grant(2), grant(3, valid_until=NOW)], T0)
        store.create_grants([grant(4, valid_from=NOW)], T0)
        outcome = changed(store, Window(valid_until=NOW), 1, 2, 3, 4)
        assert [one.fingerprint for one in outcome.done] == [digest(2)]
        assert [why for why, _ in outcome.left] == [Left.IMPOSSIBLE, Left.NOTHING, Left.IMPOSSIBLE]

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
        freed = ticket_of(store, open_one)
        assert freed.state is TicketState.OPEN

    def test_a_use_that_is_given_back_is_one_more_for_its_person(self, store: Store) -> None:
        """And no more, also where the form says how often each may submit; going back takes it again."""
        store.create_grants([grant(n, subject=f"s-{n}") for n in range(2)], T0)
        store.create_grants([grant("another", subject="s-0")], T0)
        sent = [sent_in(n + 1, admitted(store, opening(n))) for n in range(2)]
        assert verdicts(store, *sent) == [Verdict.VERIFIED] * 2
        before = code(store, 1)
        changed(store, GivingBack(), 0)
        changed(store, GivingBack(), 1, change_id="c-2")
        undone(store, "c-2")
        assert same(code(store, 1)) == same(before)
        once_more = admitted(store, replace(opening(0, now=NOW + 1), in_all=1))
        assert verdicts(store, replace(sent_in(3, once_more, at=NOW + 2), in_all=1)) == [Verdict.VERIFIED]
        assert reason(store, replace(opening("another", now=NOW + 3), in_all=1)) is Reason.ALREADY_SENT

    def test_what_is_sent_while_a_use_is_given_back_keeps_its_own(self, store: Store) -> None:
        """A class that sent three times has used three, whatever was given back and taken again."""
        for uses in (3, 4):
            store.create_grants([grant(uses, uses=uses)], T0)
            sent = [sent_in(10 * uses + n, admitted(store, opening(uses, browser=n))) for n in range(3)]
            assert verdicts(store, *sent[:2]) == [Verdict.VERIFIED] * 2
            changed(store, GivingBack(), uses, change_id=f"c-{uses}")
            assert verdicts(store, sent[2]) == [Verdict.VERIFIED]
            undone(store, f"c-{uses}")
            assert used(store, uses) == 3
        assert reason(store, opening(3, browser="late", now=NOW + HOUR)) is Reason.USED_UP
        admitted(store, opening(4, browser="late", now=NOW + HOUR))

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
        """One entry for each code, and one for going back, which say what; no name stands in a note."""
        store.create_grants([grant(1, subject="s-1"), grant(2)], T0)
        changed(store, Naming(label="Ada", email=None), 1)
        undone(store)
        changed(store, Naming(label=None, email=None, language="de"), 1, change_id="c-1 language")
        changed(store, Window(valid_until=T0 + DAY), 2, change_id="c-2")
        changed(store, Revocation(note="wrong list"), 2, change_id="c-3")
        changed(store, Replacing(fresh={digest(1): digest("new")}, code_key="k-1"), 1, change_id="c-4")
        store.create_grants([grant(n) for n in (3, 4, 5, 6)], T0)
        for n in (3, 4):
            verdicts(store, sent_in(n, admitted(store, opening(n))))
        for n in (5, 6):
            admitted(store, opening(n))
        for n, note in ((3, None), (4, "asked"), (5, None), (6, "asked")):
            changed(store, GivingBack(note=note), n, change_id=f"c-{n} back")
        found = (store.explain(store.driver.references.ref_of(seq)) for seq in range(1, 40))
        told = [(one.event, one.actor, one.note) for one in found if one is not None and one.actor]
        assert {actor for _, actor, _ in told} == {"mrs. k"}
        assert [(event, note) for event, _, note in told] == [
            ("code.changed", "name or address"),
            ("code.restored", "from name"),
            ("code.changed", "language"),
            ("code.changed", f"valid from any time until {iso(T0 + DAY)}"),
            ("code.revoked", "wrong list"),
            ("code.reissued", f"now code {digest('new').hex()[:6]}"),
            ("code.use_given_back", "a use"),
            ("code.use_given_back", "asked"),
            ("code.use_given_back", "a ticket that was sent or open"),
            ("code.use_given_back", "asked"),
        ]

    def test_what_a_change_does_is_what_it_says(self, store: Store) -> None:
        """The codes that it returns are those that the store has from now on, forth and back."""
        names = {"subject": "s-1", "label": "Ada", "email": "ada@school.example", "batch": "7a"}
        edits: list[CodeEdit] = [
            Window(valid_from=T0 + 1, valid_until=NOW + DAY),
            Naming(label="Bo", email="bo@school.example"),
            Revocation(),
            Replacing(fresh={digest("Replacing"): digest("new")}, code_key="bbbb0002"),
        ]
        for edit in edits:
            name = type(edit).__name__
            store.create_grants([grant(name, **names)], T0)
            before = code(store, name)
            [done] = changed(store, edit, name, change_id=name).done
            now = "new" if isinstance(edit, Replacing) else name
            assert code(store, now) == done
            assert store.seen_before(name) == {digest(now): Seen(digest(name), 0)}
            [back] = undone(store, name).done
            assert code(store, name) == back
            assert same(back) == same(before)
        assert store.replaced_codes([digest("Replacing"), digest("new")]) == {digest("new")}

    def test_a_name_is_found_by_all_that_it_was_found_by(self, store: Store) -> None:
        """The new name and address, the person's number and the batch."""
        store.create_grants([grant("code", subject="s-1", label="Ada", batch="7a")], T0)
        changed(store, Naming(label="Bo", email="bo@school.example"), "code")
        assert code(store, "code").listed_as.split("\n") == ["bo", "s-1", "bo@school.example", "7a"]

    def test_a_window_or_a_name_ends_nothing_that_is_open(self, store: Store) -> None:
        """Who fills in the form goes on."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code"))
        changed(store, Window(valid_from=T0, valid_until=NOW + DAY), "code")
        assert (code(store, "code").valid_from, code(store, "code").valid_until) == (T0, NOW + DAY)
        changed(store, Naming(label="Ada", email=None), "code", change_id="c-2")
        ticket = ticket_of(store, admit)
        assert ticket.state is TicketState.OPEN
        assert store.revocations().passes == []

    def test_a_use_that_is_given_back_ends_what_its_one_person_holds(self, store: Store) -> None:
        """A ticket that is open, or the pass that is left of a sent one; those who share a code keep what they hold."""
        store.create_grants([grant("open"), grant("sent"), grant("class", uses=2)], T0)
        opened, sent = admitted(store, opening("open")), admitted(store, opening("sent"))
        mates = [admitted(store, opening("class", browser=n)) for n in range(2)]
        assert changed(store, GivingBack(), "class").left[0][0] is Left.NOTHING
        assert verdicts(store, sent_in(1, sent), sent_in(2, mates[0])) == [Verdict.VERIFIED] * 2
        assert len(changed(store, GivingBack(), "open", "sent", "class", change_id="c-2").done) == 3
        assert {one for one, _ in store.revocations().passes} == {opened.pass_id, sent.pass_id}
        states = [store.ticket(one.ticket_id) for one in (opened, mates[1])]
        assert [one and one.state for one in states] == [TicketState.REVOKED, TicketState.OPEN]

    def test_a_code_that_is_replaced_keeps_what_was_sent_with_it(self, store: Store) -> None:
        """Who enters the new one hears when its use was taken."""
        store.create_grants([grant("code")], T0)
        assert verdicts(store, sent_in(1, admitted(store, opening("code")))) == [Verdict.VERIFIED]
        changed(store, Replacing(fresh={digest("code"): digest("new")}, code_key=KEY_ID), "code")
        refusal = refused(store, opening("new", now=NOW))
        assert (refusal.reason, refusal.at) == (Reason.USED_UP, T0 + MINUTE)
