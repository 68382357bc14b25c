"""The contract about apps and their keys: how long each is good, and what the ledger says of them."""

from __future__ import annotations

from dataclasses import replace

from jotgate.ledger import Entry
from jotgate.outcomes import Admit, Verdict
from jotgate.protocols import AppCounts, AppFault, AppKeyState, EntryFilter
from jotgate.stores import Store
from tests.stores.contract.material import (
    APP,
    FORM,
    HOUR,
    KEY_ID,
    MINUTE,
    OTHER_FORM,
    SUBJECT,
    T0,
    Contract,
    admitted,
    an_app,
    app_key,
    fault,
    grant,
    key_states,
    opening,
    register,
    sent_in,
    token,
    verdicts,
)

NEXT = AppKeyState.NEXT


class AppsContract(Contract):
    """What a store promises to the operators of apps."""

    def test_a_key_lives_from_next_to_revoked(self, store: Store) -> None:
        """The new key is good at once; its first token makes it active, and the old one goes on until it is revoked."""
        register(store)
        assert store.add_app_key(app_key("new", state=AppKeyState.NEXT, at=T0 + 1), actor="owner")
        assert key_states(store) == {"first": "active", "new": "next"}
        admitted(store, token())
        assert key_states(store) == {"first": "active", "new": "next"}
        admitted(store, token(signed_by="new", now=T0 + MINUTE))
        assert key_states(store) == {"first": "retiring", "new": "active"}
        admitted(store, token(signed_by="first"))
        admitted(store, token(signed_by="new", now=T0 + HOUR))
        assert key_states(store) == {"first": "retiring", "new": "active"}
        first, new = store.app_keys()
        assert (first.used, first.last_used_at, new.used, new.last_used_at) == (2, T0, 2, T0 + HOUR)
        assert store.revoke_app_key(APP, app_key("first").key_id, now=T0, actor="owner")
        assert fault(store, token(signed_by="first")) is AppFault.KEY_REVOKED
        admitted(store, token(signed_by="new"))

    def test_an_unused_next_key_gives_way_to_another(self, store: Store) -> None:
        """There is never more than one; a token of the one before is refused."""
        register(store)
        for name in ("a", "b"):
            assert store.add_app_key(app_key(name, state=AppKeyState.NEXT), actor="owner")
            assert store.add_app_key(app_key(name, state=AppKeyState.NEXT), actor="owner") is None
            assert (
                store.add_app_key(app_key("late", state=AppKeyState.NEXT), actor="owner", seen=["other"])
                is None
            )
        assert key_states(store) == {"first": "active", "a": "revoked", "b": "next"}
        assert fault(store, token(signed_by="a")) is AppFault.KEY_REVOKED

    def test_a_revoked_key_ends_nothing_but_itself(self, store: Store) -> None:
        """Passes live on; it cannot be revoked twice, nor under another app's name."""
        register(store)
        register(store, "android")
        admit, key_id = admitted(store, token()), app_key("first").key_id
        assert not store.revoke_app_key("android", key_id, now=T0, actor="owner")
        assert store.revoke_app_key(APP, key_id, now=T0, actor="owner")
        assert not store.revoke_app_key(APP, key_id, now=T0, actor="owner")
        assert admit.pass_id not in dict(store.revocations().passes)

    def test_a_revoked_app_ends_with_all_that_was_opened_for_it(self, store: Store) -> None:
        """Keys, tickets and passes; other apps and codes live on, and the name is never another's."""
        register(store)
        register(store, "android")
        store.create_grants([grant("code", subject=SUBJECT)], T0)
        admit, other = admitted(store, token()), admitted(store, token(app="android"))
        assert store.revoke_app(APP, now=T0 + MINUTE, actor="owner")
        assert not store.revoke_app(APP, now=T0 + MINUTE, actor="owner")
        assert not store.revoke_app("nobody", now=T0, actor="owner")
        assert {app.name: app.revoked_at for app in store.apps()} == {"android": None, APP: T0 + MINUTE}
        assert fault(store, token()) is AppFault.KEY_REVOKED
        ended = dict(store.revocations().passes)
        assert (admit.pass_id in ended, other.pass_id in ended) == (True, False)
        assert verdicts(store, sent_in(1, admit, at=T0 + HOUR)) == [Verdict.REVOKED]
        assert isinstance(store.open_ticket(opening("code")), Admit)
        assert not store.add_app_key(app_key("late", state=AppKeyState.NEXT), actor="owner")
        assert not store.create_app(an_app(APP), app_key("late"), actor="owner")

    def test_an_app_gets_other_forms_or_another_address(self, store: Store) -> None:
        """Each without the other; an unknown app and a revoked one stay as they are."""
        register(store)
        register(store, "android")
        given = {"now": T0, "actor": "owner"}
        assert store.change_app(APP, forms=None, return_url="fieldapp://done", **given)
        assert store.change_app(APP, forms=[OTHER_FORM], return_url=None, **given)
        found = {app.name: app for app in store.apps()}
        assert (found[APP].forms, found[APP].return_url) == ((OTHER_FORM,), "fieldapp://done")
        assert found["android"] == an_app("android")
        assert store.change_app(APP, forms=None, return_url="", **given)
        assert {app.name: app.return_url for app in store.apps()}[APP] is None
        store.revoke_app(APP, now=T0, actor="owner")
        for app in (APP, "nobody"):
            assert not store.change_app(app, forms=[FORM], return_url=None, **given)
        assert {app.name: app.forms for app in store.apps()}[APP] == (OTHER_FORM,)

    def test_missing_app_keys_counts_the_keys_that_would_be_lost(self, store: Store) -> None:
        """Public keys need none, and revoked ones no more; app grants are no codes that a key is missing for."""
        register(store)
        store.add_app_key(app_key("new", state=AppKeyState.NEXT), actor="owner")
        public = replace(
            app_key("public", app="android"), algorithm="EdDSA", code_key=None, public_key=bytes(32)
        )
        store.create_app(an_app("android"), public, actor="owner")
        admitted(store, token())
        assert store.missing_app_keys([KEY_ID]) == {}
        assert store.missing_app_keys([]) == {KEY_ID: 2}
        assert store.missing_code_keys([]) == {}
        store.revoke_app(APP, now=T0, actor="owner")
        assert store.missing_app_keys([]) == {}

    def test_counts_tell_what_came_of_an_apps_tokens(self, store: Store) -> None:
        """Subjects, submissions, moves, tries from elsewhere; an app that nobody used has none."""
        register(store)
        register(store, "android")
        verdicts(store, sent_in(1, admitted(store, token("t"))))
        admitted(store, token(subject="u-8", browser="one"))
        admitted(store, token(subject="u-8", browser="two"))
        store.redeem_token(token("t", browser="three"))
        assert store.app_counts() == {APP: AppCounts(subjects=2, used=1, moves=1, foreign_tries=1)}

    def test_a_key_is_found_with_its_app(self, store: Store) -> None:
        """As it was registered; an unknown id finds nothing."""
        app = replace(an_app(APP), forms=(FORM, OTHER_FORM), return_url="fieldapp://done", needs_proof=True)
        kept = replace(app_key(), algorithm="EdDSA", code_key=None, public_key=bytes(range(32)))
        assert store.create_app(app, kept, actor="owner")
        assert store.app_of_key(kept.key_id) == (app, kept)
        assert (store.apps(), store.app_keys()) == ([app], [kept])
        assert store.app_of_key("nobodys0") is None

    def test_keys_are_found_by_their_app(self, store: Store) -> None:
        """All that it has or had, the newest first; of an app that there is not, none."""
        register(store)
        register(store, "android")
        store.add_app_key(app_key("new", state=AppKeyState.NEXT, at=T0 + 1), actor="owner")
        store.revoke_app_key(APP, app_key().key_id, now=T0, actor="owner")
        found = [(app.name, kept.key_id, kept.state) for app, kept in store.keys_of_app(APP)]
        new, first = app_key("new").key_id, app_key().key_id
        assert found == [(APP, new, AppKeyState.NEXT), (APP, first, AppKeyState.REVOKED)]
        assert store.keys_of_app("nobody") == []

    def test_each_change_of_an_app_is_one_entry(self, store: Store) -> None:
        """With its moment, its operator, and the forms and the address as they are afterwards."""
        app = replace(an_app(APP), forms=(FORM, OTHER_FORM))
        assert store.create_app(app, app_key(), actor="mrs. k")
        assert not store.create_app(app, app_key("late"), actor="mrs. k")
        changes = [(None, "fieldapp://done"), ([OTHER_FORM], None), (None, "")]
        for n, (forms, address) in enumerate(changes, 1):
            assert store.change_app(APP, forms=forms, return_url=address, now=T0 + n, actor="mr. l")
        assert store.revoke_app(APP, now=T0 + HOUR, actor="mrs. k")
        assert not store.change_app(APP, forms=[FORM], return_url=None, now=T0 + HOUR, actor="mr. l")
        changed = Entry(at=T0, event="app.changed", actor="mr. l", about=f"app {APP}")
        assert told(store) == [
            entry("created", T0, "first", actor="mrs. k", note=f"forms {FORM}, {OTHER_FORM}"),
            replace(changed, at=T0 + 1, note=f"forms {FORM}, {OTHER_FORM}; return_url fieldapp://done"),
            replace(changed, at=T0 + 2, note=f"forms {OTHER_FORM}; return_url fieldapp://done"),
            replace(changed, at=T0 + 3, note=f"forms {OTHER_FORM}; return_url none"),
            Entry(at=T0 + HOUR, event="app.revoked", actor="mrs. k", about=f"app {APP}"),
        ]

    def test_each_change_of_a_key_is_one_entry(self, store: Store) -> None:
        """Which key it is, and by whom; a key becomes the active one by its first token, by nobody's hand."""
        register(store)
        for n, name in enumerate(("a", "b")):
            assert store.add_app_key(app_key(name, state=NEXT, at=T0 + n), actor="mr. l")
        admitted(store, token())
        admitted(store, token(signed_by="b", now=T0 + MINUTE))
        admitted(store, token(signed_by="b", now=T0 + HOUR))
        assert store.revoke_app_key(APP, app_key("first").key_id, now=T0 + HOUR, actor="mrs. k")
        assert not store.revoke_app_key(APP, app_key("first").key_id, now=T0 + HOUR, actor="mrs. k")
        assert told(store)[1:] == [
            entry("key_added", T0, "a", actor="mr. l"),
            entry("key_added", T0 + 1, "b", actor="mr. l", note="in place of one that was never used"),
            entry("key_activated", T0 + MINUTE, "b", note="by its first token"),
            entry("key_revoked", T0 + HOUR, "first", actor="mrs. k"),
        ]

    def test_each_key_tells_when_it_ended(self, store: Store) -> None:
        """Replaced, revoked by hand, or with its app; and all else of it as it was registered."""
        register(store)
        assert store.app_keys() == [app_key()]
        names = ("first", "a", "b", "c")
        keys = [app_key(name, state=NEXT, at=T0 + n) for n, name in enumerate(names)]
        assert all(store.add_app_key(one, actor="owner") for one in keys[1:])
        assert store.revoke_app_key(APP, keys[3].key_id, now=T0 + MINUTE, actor="owner")
        assert store.revoke_app(APP, now=T0 + HOUR, actor="owner")
        moments = (T0 + HOUR, T0 + 2, T0 + 3, T0 + MINUTE)
        assert store.app_keys() == [
            replace(one, state=AppKeyState.REVOKED, revoked_at=at)
            for one, at in zip(keys, moments, strict=True)
        ]

    def test_two_operators_do_not_replace_each_others_key(self, store: Store) -> None:
        """Who saw every key adds one; who saw a list from before changes nothing, and nothing is written."""
        register(store)
        first, a, b = (app_key(name).key_id for name in ("first", "a", "b"))
        assert store.add_app_key(app_key("a", state=NEXT), actor="mrs. k", seen=[first])
        before = told(store)
        assert store.add_app_key(app_key("b", state=NEXT), actor="mr. l", seen=[first]) is None
        assert store.add_app_key(app_key("b", state=NEXT), actor="mr. l", seen=[]) is None
        assert key_states(store) == {"first": "active", "a": "next"}
        assert told(store) == before
        assert store.add_app_key(app_key("b", state=NEXT), actor="mr. l", seen=[first, a, "elsewhere"])
        assert key_states(store) == {"first": "active", "a": "revoked", "b": "next"}
        assert store.app_of_key(b) is not None

    def test_an_app_that_nobody_used_can_be_ended(self, store: Store) -> None:
        """And where it was used, the operator stands beside every grant that ended with it."""
        register(store)
        register(store, "android")
        admitted(store, token(app="android"))
        for app in (APP, "android"):
            assert store.revoke_app(app, now=T0 + HOUR, actor="mrs. k") is True
            assert store.revoke_app(app, now=T0 + HOUR, actor="mrs. k") is False
        ended = [(one.event, one.actor) for one in told(store) if one.event.endswith(".revoked")]
        assert sorted(ended) == [("app.revoked", "mrs. k")] * 2 + [("app_grant.revoked", "mrs. k")]


def told(store: Store) -> list[Entry]:
    """Return what the ledger says of apps and what they entitle to, the oldest first."""
    found = [one.entry for one in store.entries(EntryFilter(), limit=50)]
    return [one for one in reversed(found) if one.event.startswith("app")]


def entry(event: str, at: float, name: str, *, actor: str | None = None, note: str | None = None) -> Entry:
    """Return the entry about the key that the tests call *name*."""
    about = f"app {APP}, key {app_key(name).key_id}"
    return Entry(at=at, event=f"app.{event}", actor=actor, about=about, note=note)
