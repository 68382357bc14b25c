"""The contract about whoever hands out codes: create, list, revoke, re-issue, give back."""

from __future__ import annotations

import pytest

from jotgate.outcomes import Admit, Reason, Verdict
from jotgate.protocols import EntryFilter, GrantFilter
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
    ticket_of,
    used,
    verdicts,
)


class GrantingContract(Contract):
    """What a store promises to whoever hands out codes."""

    def test_who_got_a_code_since_somebody_looked_gets_no_second(self, store: Store) -> None:
        """Of the same form, live, and not among those that were looked at; the ledger counts what was made."""
        store.create_grants([grant(1, subject="s-1"), grant(2, subject="s-2", form=OTHER_FORM)], T0)
        store.create_grants([grant(3, subject="s-3")], T0)
        store.revoke_grants(GrantFilter(subject="s-3"), now=T0, actor="owner", note=None)
        wanted = [grant(n + 10, subject=f"s-{n}") for n in (1, 2, 3)] + [grant(20)]
        assert store.create_grants(wanted, T0, known=[]) == [0]
        assert store.create_grants([grant(30, subject="s-1")], T0, known=[digest(1)]) == []
        assert store.create_grants([grant(40, subject="s-1")], T0, known=[digest(1)]) == [0]
        notes = [one.entry.note for one in store.entries(EntryFilter(events=("codes.created",)), limit=9)]
        assert [note.partition(",")[0] for note in notes if note][:2] == ["1 codes", "3 codes"]

    def test_grants_come_back_as_they_were_made(self, store: Store) -> None:
        """Every field is kept, and nothing is used, revoked or moved yet."""
        window = {"valid_from": T0, "valid_until": T0 + DAY}
        made = grant("code", subject="s-1", label="Ada", email="ada@x.example", batch="7b", uses=3, **window)
        assert store.create_grants([made], T0 + 1) == []
        [kept] = store.grants()
        assert all(getattr(kept, name) == getattr(made, name) for name in made._fields)
        assert (kept.used, kept.revoked_at, kept.moves, kept.created_at) == (0, None, 0, T0 + 1)

    def test_fingerprints_that_exist_are_named_and_the_rest_is_stored(self, store: Store) -> None:
        """Neither a code of another batch nor one of the same is made twice; places count from 0."""
        store.create_grants([grant("a", subject="first")], T0)
        wishes = [grant("b"), grant("a", subject="second"), grant("c"), grant("b", subject="twice")]
        assert store.create_grants(wishes, T0) == [1, 3]
        subjects = {kept.fingerprint: kept.subject for kept in store.grants()}
        assert subjects == {digest("a"): "first", digest("b"): None, digest("c"): None}

    def test_an_empty_list_creates_nothing(self, store: Store) -> None:
        """A class without pupils is no fault."""
        assert store.create_grants([], T0) == []
        assert list(store.grants()) == []

    def test_a_list_goes_on_beyond_a_thousand_rows(self, store: Store) -> None:
        """Every grant is listed once, in the order of fingerprints, however many there are."""
        store.create_grants([grant(n) for n in range(2500)], T0)
        listed = [kept.fingerprint for kept in store.grants()]
        assert listed == sorted(map(digest, range(2500)))
        assert len(list(store.grants(GrantFilter(form=FORM)))) == 2500

    def test_filters_are_joined_by_and(self, store: Store) -> None:
        """Form, subject, batch, prefix and fingerprint each narrow the list."""
        store.create_grants(
            [
                grant(1, subject="s-1", batch="7a"),
                grant(2, subject="s-1", batch="7b"),
                grant(3, subject="s-2", batch="7b"),
                grant(4, form=OTHER_FORM, subject="s-1", batch="7b"),
            ],
            T0,
        )

        def meant(which: GrantFilter) -> set[bytes]:
            return {kept.fingerprint for kept in store.grants(which)}

        assert meant(GrantFilter(form=FORM)) == {digest(1), digest(2), digest(3)}
        assert meant(GrantFilter(subject="s-1")) == {digest(1), digest(2), digest(4)}
        assert meant(GrantFilter(form=FORM, subject="s-1", batch="7b")) == {digest(2)}
        assert meant(GrantFilter(prefix=digest(3).hex()[:6].upper())) == {digest(3)}
        assert meant(GrantFilter(prefix=digest(3).hex()[:9])) == {digest(3)}
        assert meant(GrantFilter(fingerprints=(digest(1), digest(4)), form=FORM)) == {digest(1)}

    @pytest.mark.parametrize("prefix", ["", "12345", "zzzzzz", "12 34 56", "é", "0" * 33])
    def test_what_is_no_prefix_means_no_grant(self, store: Store, prefix: str) -> None:
        """A slip of the hand never revokes everything: less than six hex digits name nothing."""
        store.create_grants([grant(n) for n in range(50)], T0)
        which = GrantFilter(prefix=prefix)
        assert list(store.grants(which)) == []
        assert store.revoke_grants(which, now=T0, actor="owner", note=None) == 0

    def test_an_empty_filter_changes_nothing(self, store: Store) -> None:
        """Revoking, re-issuing and giving back need to be told what is meant."""
        store.create_grants([grant("code")], T0)
        admitted(store, opening("code"))
        assert store.revoke_grants(GrantFilter(), now=T0, actor="owner", note=None) == 0
        assert store.reissue_grant(GrantFilter(), grant("new"), now=T0, actor="owner") is None
        assert store.give_back_use(GrantFilter(), now=T0, actor="owner") is None

    def test_revoking_ends_code_ticket_and_pass(self, store: Store) -> None:
        """The code says revoked, the ticket is worthless from then on, the pass is named."""
        store.create_grants([grant("code")], T0)
        admit = admitted(store, opening("code"))
        assert store.revoke_grants(exactly("code"), now=T0 + HOUR, actor="owner", note="lost") == 1
        assert store.revoke_grants(exactly("code"), now=T0 + DAY, actor="owner", note="again") == 0
        ticket = ticket_of(store, admit)
        assert (ticket.state, ticket.revoked_at) == (TicketState.REVOKED, T0 + HOUR)
        assert store.revocations().passes == [(admit.pass_id, admit.expires_at)]
        assert reason(store, opening("code", now=T0 + DAY)) is Reason.REVOKED

    def test_a_batch_is_revoked_whole_beyond_a_thousand(self, store: Store) -> None:
        """The count is exact, and other batches are left alone."""
        store.create_grants([grant(n, batch="7a") for n in range(1500)], T0)
        store.create_grants([grant(n, batch="7b") for n in range(1500, 1510)], T0)
        assert store.revoke_grants(GrantFilter(batch="7a"), now=T0, actor="owner", note=None) == 1500
        assert sum(kept.revoked_at is None for kept in store.grants()) == 10

    def test_a_new_code_replaces_the_old_one_and_keeps_its_uses(self, store: Store) -> None:
        """The old code says revoked, without counting as a guess; what was settled stays settled."""
        store.create_grants([grant("old", uses=3, subject="s-1")], T0)
        verdicts(store, sent_in(1, admitted(store, opening("old"))))
        left_open = admitted(store, opening("old"))
        fresh = grant("new", code_key="bbbb0002")
        now = store.reissue_grant(exactly("old"), fresh, now=T0 + HOUR, actor="owner")
        assert now is not None
        assert (now.fingerprint, now.code_key, now.uses, now.used) == (digest("new"), "bbbb0002", 3, 1)
        assert reason(store, opening("old")) is Reason.REVOKED
        assert admitted(store, opening("new")).subject == "s-1"
        late = sent_in(2, left_open, at=T0 + 2 * HOUR)
        assert verdicts(store, late, now=T0 + 2 * HOUR) == [Verdict.REVOKED]
        assert left_open.pass_id in dict(store.revocations().passes)
        assert list(store.grants(exactly("old"))) == []

    def test_what_was_sent_in_on_the_old_code_counts_on_the_new(self, store: Store) -> None:
        """A submission made before its code was replaced takes the one use; the new code is used up."""
        store.create_grants([grant("old")], T0)
        before = sent_in(1, admitted(store, opening("old")), at=T0 + MINUTE)
        store.reissue_grant(exactly("old"), grant("new"), now=T0 + HOUR, actor="owner")
        later = sent_in(2, admitted(store, opening("new", now=T0 + HOUR)), at=T0 + 2 * HOUR)
        assert verdicts(store, before, later) == [Verdict.VERIFIED, Verdict.OVER_LIMIT]
        assert used(store, "new") == 1
        assert reason(store, opening("new")) is Reason.USED_UP

    def test_only_one_living_grant_is_given_a_new_code(self, store: Store) -> None:
        """None, two or a revoked one: nothing happens."""
        store.create_grants([grant(1, batch="two"), grant(2, batch="two"), grant(3)], T0)
        store.revoke_grants(exactly(3), now=T0, actor="owner", note=None)
        for which in (GrantFilter(batch="two"), exactly(3), exactly("nobody")):
            assert store.reissue_grant(which, grant("new"), now=T0, actor="owner") is None

    def test_a_use_given_back_lets_its_owner_in_again(self, store: Store) -> None:
        """The code of one use gets one more, and a ticket of its own for it; the first verdict stands."""
        store.create_grants([grant("code")], T0)
        first = admitted(store, opening("code"))
        assert verdicts(store, sent_in(1, first)) == [Verdict.VERIFIED]
        given = store.give_back_use(exactly("code"), now=T0 + HOUR, actor="owner")
        assert given is not None
        assert given.used == 0
        second = admitted(store, opening("code", now=T0 + HOUR))
        assert second.ticket_id != first.ticket_id
        assert verdicts(store, sent_in(1, first), sent_in(2, second)) == [Verdict.VERIFIED, Verdict.VERIFIED]
        assert used(store, "code") == 1

    def test_giving_back_frees_a_ticket_that_was_sent_in_error(self, store: Store) -> None:
        """The next opening gets a fresh ticket, in any browser; without a ticket there is nothing to give."""
        store.create_grants([grant("code")], T0)
        assert store.give_back_use(exactly("code"), now=T0, actor="owner") is None
        first = admitted(store, opening("code", browser="one"))
        store.mark_sent(ticket_id=first.ticket_id, now=T0)
        assert store.give_back_use(exactly("code"), now=T0, actor="owner") is not None
        assert admitted(store, opening("code", browser="two")).ticket_id != first.ticket_id
        assert store.give_back_use(exactly("nobody"), now=T0, actor="owner") is None

    def test_giving_a_class_a_use_back_disturbs_nobody(self, store: Store) -> None:
        """Those who fill in the form right now keep pass and ticket; with no use taken there is none to give."""
        store.create_grants([grant("class", uses=2)], T0)
        filling = admitted(store, opening("class", browser="one"))
        assert store.give_back_use(exactly("class"), now=T0, actor="owner") is None
        verdicts(store, sent_in(1, admitted(store, opening("class", browser="two"))))
        given = store.give_back_use(exactly("class"), now=T0, actor="owner")
        assert given is not None
        assert given.used == 0
        assert filling.pass_id not in dict(store.revocations().passes)
        assert verdicts(store, sent_in(2, filling)) == [Verdict.VERIFIED]

    def test_missing_code_keys_counts_the_codes_that_would_be_void(self, store: Store) -> None:
        """Used-up and revoked codes need no key any more."""
        store.create_grants([grant(n) for n in range(5)], T0)
        store.create_grants([grant("new key", code_key="bbbb0002")], T0)
        store.revoke_grants(exactly(0), now=T0, actor="owner", note=None)
        verdicts(store, sent_in(1, admitted(store, opening(1))))
        assert store.missing_code_keys([KEY_ID, "bbbb0002"]) == {}
        assert store.missing_code_keys(["bbbb0002"]) == {KEY_ID: 3}
        assert store.missing_code_keys([]) == {KEY_ID: 3, "bbbb0002": 1}

    def test_what_an_owner_does_is_signed_in_the_ledger(self, store: Store) -> None:
        """Revoking, re-issuing and giving back leave an entry with the actor; no code stands in it."""
        store.create_grants([grant("a"), grant("b"), grant("c")], T0)
        verdicts(store, sent_in(1, admitted(store, opening("c"))))
        store.revoke_grants(exactly("a"), now=T0, actor="mrs. k", note="lost")
        store.reissue_grant(exactly("b"), grant("d"), now=T0, actor="mrs. k")
        store.give_back_use(exactly("c"), now=T0, actor="mrs. k")
        assert isinstance(store.open_ticket(opening("d")), Admit)
        entries = _ledger(store)
        done = {event for event, actor in entries if actor == "mrs. k"}
        assert done == {"code.revoked", "code.reissued", "code.use_given_back"}


def _ledger(store: Store) -> list[tuple[str, str | None]]:
    """Return event and actor of every entry; references are a bijection of the entries' numbers."""
    found = (store.explain(store.driver.references.ref_of(seq)) for seq in range(1, 50))
    return [(entry.event, entry.actor) for entry in found if entry is not None]
