"""The contract about what a token leaves behind: entries, tickets that are taken over, and refusals in full."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from jotgate.ledger import Entry
from jotgate.outcomes import BY_INVITATION, Reason, Refuse, Verdict
from jotgate.protocols import SITE_APP, AppFault, EntryFilter, GrantFilter, Redemption
from jotgate.signed.tickets import UNANSWERED_SECONDS, TicketState
from jotgate.stores import Store
from jotgate.stores.driver import Row, Transaction
from tests.stores.contract.forgetting import PERSON, TOMBSTONE, tombstones
from tests.stores.contract.material import (
    APP,
    FORM,
    HOUR,
    MINUTE,
    OTHER_FORM,
    SUBJECT,
    T0,
    TTL_SECONDS,
    Contract,
    a_reading,
    admitted,
    app_grant,
    app_key,
    digest,
    explained,
    fault,
    grant,
    key_states,
    opening,
    pass_of,
    reason,
    refused,
    register,
    sent_in,
    ticket_of,
    token,
    verdicts,
)
from tests.stores.contract.spending import invited, person

FIELD = "number"


class TokensContract(Contract):
    """What a store promises about all that a token changes."""

    def test_each_admission_is_one_entry(self, store: Store) -> None:
        """Issued, moved, or opened again: which form, whose, by which version and key, and on which ticket."""
        register(store)
        for n, browser in enumerate(("one", "two", "two")):
            wish = replace(token(browser=browser, now=T0 + n), version="2.1")
            ticket_id = admitted(store, wish).ticket_id
        about = f"app {APP}, version 2.1, key {app_key().key_id}, ticket {ticket_id.hex()[:6]}"
        entry = Entry(at=T0, event="browser.admitted", form=FORM, subject=SUBJECT, about=about)
        found = [one.entry for one in store.entries(EntryFilter(), limit=3)]
        assert found == [
            replace(entry, at=T0 + 2, note="opened again"),
            replace(entry, at=T0 + 1, note="moved"),
            replace(entry, note="issued"),
        ]

    def test_each_refusal_is_one_entry(self, store: Store) -> None:
        """Which form, whose, why, by which version and key, and from which network."""
        register(store)
        admitted(store, token("t"))
        entry = explained(store, refused(store, replace(token("t"), version="2.1")))
        assert entry == Entry(
            at=T0,
            event="token.refused",
            form=FORM,
            reason="token_used",
            subject=SUBJECT,
            about=f"app {APP}, version 2.1, key {app_key().key_id}",
            note="192.0.2.1/32",
        )

    def test_a_refusal_tells_since_when(self, store: Store) -> None:
        """Since when it is revoked, and whether that was an invitation; or when the person's own was made."""
        register(store)
        admitted(store, token())
        mine = GrantFilter(app=APP, form=FORM, subject=SUBJECT)
        store.revoke_grants(mine, now=T0 + MINUTE, actor="owner", note=None)
        assert invited(store) is None
        store.revoke_invitations(person(now=T0 + HOUR), actor="owner")
        told = [refused(store, token()), refused(store, token(app=SITE_APP, subject=PERSON))]
        assert [(one.reason, one.at, one.hint) for one in told] == [
            (Reason.REVOKED, T0 + MINUTE, None),
            (Reason.REVOKED, T0 + HOUR, BY_INVITATION),
        ]
        store.create_grants([grant("own", subject="u-8")], T0)
        verdicts(store, sent_in(1, admitted(store, opening("own"))))
        spent = refused(store, replace(token(subject="u-8"), in_all=1))
        assert (spent.reason, spent.at, spent.hint) == (Reason.ALREADY_SENT, T0 + MINUTE, None)

    def test_a_silent_invitation_is_good_as_often_as_the_form_says(self, store: Store) -> None:
        """Once only where neither says how often."""
        for subject, in_all, verdict in (("u-1", 2, None), ("u-2", None, Reason.ALREADY_SENT)):
            assert invited(store, subject=subject, uses=None) is None
            wish = replace(token(app=SITE_APP, subject=subject, uses=2), in_all=in_all)
            sent = replace(sent_in(subject[2:], admitted(store, wish)), in_all=in_all)
            assert verdicts(store, sent) == [Verdict.VERIFIED]
            again = store.redeem_token(replace(wish, token_key=digest(subject)))
            assert (again.reason if isinstance(again, Refuse) else None) is verdict

    def test_what_a_token_opens_for_a_forgotten_owner_is_a_tombstones(self, store: Store) -> None:
        """On the form where they are forgotten; on another it is awaited for them."""
        store.use_tombstones(tombstones)
        register(store)
        store.forget(PERSON, form=FORM, now=T0, actor="owner")
        for form in (FORM, OTHER_FORM):
            wish = replace(owned(), form=form, fingerprint=digest(form))
            store.mark_sent(ticket_id=admitted(store, wish).ticket_id, now=T0 + MINUTE)
        awaited = [
            [store.standing(form, one).sent_at for one in (PERSON, TOMBSTONE)] for form in (FORM, OTHER_FORM)
        ]
        assert awaited == [[None, T0 + MINUTE], [T0 + MINUTE, None]]

    def test_a_subject_who_is_forgotten_on_one_form_is_let_in_as_a_tombstone_there(
        self, store: Store
    ) -> None:
        """And by name on another."""
        store.use_tombstones(tombstones)
        register(store)
        store.forget(PERSON, form=FORM, now=T0, actor="owner")
        assert admitted(store, token(subject=PERSON)).subject == TOMBSTONE
        elsewhere = replace(token(subject=PERSON), form=OTHER_FORM, fingerprint=digest("elsewhere"))
        assert admitted(store, elsewhere).subject == PERSON

    def test_a_ticket_that_fills_nothing_in_any_more_is_anybodys(self, store: Store) -> None:
        """What it filled in was forgotten with its subject: a token that names an owner goes on with it."""
        store.use_tombstones(tombstones)
        register(store)
        first = admitted(store, token(subject=PERSON, prefill={FIELD: PERSON}))
        store.forget(PERSON, form=None, now=T0, actor="owner")
        again = admitted(store, replace(owned("u-8"), **identity(PERSON)))
        assert again.ticket_id == first.ticket_id
        other = admitted(store, replace(owned("u-9"), **identity(PERSON)))
        assert other.ticket_id != first.ticket_id

    def test_a_ticket_that_was_ended_is_not_taken_over(self, store: Store) -> None:
        """Also where the subject has one use: a later token opens the form anew."""
        register(store)
        first = admitted(store, token(uses=1))
        store.end_tickets(GrantFilter(app=APP, subject=SUBJECT), now=T0 + MINUTE, actor="owner")
        assert admitted(store, token(uses=1, now=T0 + HOUR)).ticket_id != first.ticket_id

    def test_what_was_sent_and_never_came_is_filled_in_again(self, store: Store) -> None:
        """Once a reading long after it found nothing; before that it stays as it was sent."""
        register(store)
        wish = {"uses": 1, "prefill": {"a": "1"}}
        first = admitted(store, token(**wish))
        store.mark_sent(ticket_id=first.ticket_id, now=T0)
        found = []
        for seconds in (UNANSWERED_SECONDS - 1, UNANSWERED_SECONDS):
            store.finish_reading(a_reading(read_at=T0 + seconds))
            assert admitted(store, token(**wish | {"prefill": {"a": "2"}})).ticket_id == first.ticket_id
            ticket = ticket_of(store, first)
            found.append((ticket.state, [one.prefill["a"] for one in ticket.openings]))
        assert found == [(TicketState.SENT, ["1"]), (TicketState.OPEN, ["1", "2"])]

    def test_a_sent_ticket_never_ends_sooner(self, store: Store) -> None:
        """A fresh token prolongs it, and does not shorten it; one that is still open ends when the token says."""
        register(store)
        for sent, ends in ((True, [TTL_SECONDS, 2 * TTL_SECONDS]), (False, [HOUR, 2 * TTL_SECONDS])):
            subject = f"sent {sent}"
            first = admitted(store, token(subject=subject, uses=1))
            if sent:
                store.mark_sent(ticket_id=first.ticket_id, now=T0)
            found = []
            for seconds in (HOUR, 2 * TTL_SECONDS):
                wish = token(subject=subject, uses=1)
                admitted(store, replace(wish, ticket_expires_at=T0 + seconds))
                found.append(ticket_of(store, first).expires_at - T0)
            assert found == ends

    def test_who_left_has_no_browser_of_their_own(self, store: Store) -> None:
        """The token that opened the form is counted as tried from elsewhere, wherever it is shown again."""
        register(store)
        store.leave(pass_of(admitted(store, token("t", browser="one"))), T0)
        for browser in ("one", "two"):
            assert reason(store, token("t", browser=browser)) is Reason.TOKEN_USED
        assert app_grant(store).foreign_tries == 2

    def test_a_token_that_another_was_faster_with_is_used(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While this one waited for the grant: it is counted as a try from elsewhere, and not on the key."""
        register(store)
        ticket_id = admitted(store, token(browser="one")).ticket_id
        late = token("t", browser="two")
        values = {"token_key": late.token_key, "ticket_id": ticket_id, "expires_at": late.remember_until}
        meanwhile(store, monkeypatch, "grant_to_app", lambda tx: tx.run("redeem_token", **values))
        assert explained(store, refused(store, late)).reason == "token_used"
        assert app_grant(store).foreign_tries == 1
        assert store.app_keys()[0].used == 1

    def test_a_key_that_is_revoked_meanwhile_opens_nothing(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No ticket, no grant, and the token is not taken; the refusal says what it was, and names the tombstone."""
        store.use_tombstones(tombstones)
        register(store)
        store.forget(PERSON, form=FORM, now=T0, actor="owner")
        values = {"app": APP, "key_id": app_key().key_id, "now": T0}
        with monkeypatch.context() as patch:
            meanwhile(store, patch, "count_use_of_key", lambda tx: tx.run("revoke_key", **values))
            assert fault(store, token("t", subject=PERSON)) is AppFault.KEY_REVOKED
        assert store.entries(EntryFilter(), limit=1)[0].entry.subject == TOMBSTONE
        assert list(store.grants(GrantFilter(app=APP))) == []
        assert key_states(store) == {"first": "active"}
        admitted(store, token("t", subject=PERSON))


class Interrupted:
    """A transaction that meets what another one did meanwhile, just before one of its statements."""

    def __init__(self, transaction: Transaction, name: str, change: Callable[[Transaction], object]) -> None:
        self._transaction, self._name, self._change = transaction, name, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)

    def one(self, name: str, /, **values: Any) -> Row | None:
        """Run a statement and return its first row, or None."""
        if name == self._name:
            self._change(self._transaction)
        return self._transaction.one(name, **values)


def meanwhile(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[Transaction], object]
) -> None:
    """Let *change* be done just before the statement *name* is, in whatever transaction of the store."""
    write = store.driver.write

    @contextmanager
    def interrupted(**options: Any) -> Iterator[Any]:
        with write(**options) as transaction:
            yield Interrupted(transaction, name, change)

    monkeypatch.setattr(store.driver, "write", interrupted)


def owned(owner: str = PERSON) -> Redemption:
    """Return the wish of a tablet to be let in for *owner*, by a locked field."""
    wish = token(subject="tablet-3", prefill={FIELD: owner}, locked=(FIELD,))
    return replace(wish, owner_field=FIELD, owner=owner)


def identity(subject: str) -> dict[str, Any]:
    """Return what a token says about its subject."""
    wish = token(subject=subject)
    return {"subject": wish.subject, "fingerprint": wish.fingerprint}
