"""The contract about apps and their keys: what the ledger says of them, and when each key ended."""

from __future__ import annotations

from dataclasses import replace

from jotgate.ledger import Entry
from jotgate.protocols import AppKeyState, EntryFilter
from jotgate.stores import Store
from tests.stores.contract.material import FORM, HOUR, MINUTE, OTHER_FORM, T0, Contract
from tests.stores.contract.redeeming import APP, an_app, create, key, let_in, states, token

NEXT = AppKeyState.NEXT


class AppsContract(Contract):
    """What a store promises to the operators of apps."""

    def test_each_change_of_an_app_is_one_entry(self, store: Store) -> None:
        """With its moment, its operator, and the forms and the address as they are afterwards."""
        app = replace(an_app(APP), forms=(FORM, OTHER_FORM))
        assert store.create_app(app, key(), actor="mrs. k")
        assert not store.create_app(app, key("late"), actor="mrs. k")
        changes = [(None, "fieldapp://done"), ([OTHER_FORM], None), (None, "")]
        for n, (forms, address) in enumerate(changes, 1):
            assert store.change_app(APP, forms=forms, return_url=address, now=T0 + n, actor="mr. l")
        assert store.revoke_app(APP, now=T0 + HOUR, actor="mrs. k")
        assert not store.change_app(APP, forms=[FORM], return_url=None, now=T0 + HOUR, actor="mr. l")
        changed = Entry(at=T0, event="app.changed", actor="mr. l", about=f"app {APP}")
        assert written(store) == [
            entry("created", T0, "first", actor="mrs. k", note=f"forms {FORM}, {OTHER_FORM}"),
            replace(changed, at=T0 + 1, note=f"forms {FORM}, {OTHER_FORM}; return_url fieldapp://done"),
            replace(changed, at=T0 + 2, note=f"forms {OTHER_FORM}; return_url fieldapp://done"),
            replace(changed, at=T0 + 3, note=f"forms {OTHER_FORM}; return_url none"),
            Entry(at=T0 + HOUR, event="app.revoked", actor="mrs. k", about=f"app {APP}"),
        ]

    def test_each_change_of_a_key_is_one_entry(self, store: Store) -> None:
        """Which key it is, and by whom; a key becomes the active one by its first token, by nobody's hand."""
        create(store)
        for n, name in enumerate(("a", "b")):
            assert store.add_app_key(key(name, state=NEXT, at=T0 + n), actor="mr. l")
        let_in(store, token())
        let_in(store, token(signed_by="b", now=T0 + MINUTE))
        let_in(store, token(signed_by="b", now=T0 + HOUR))
        assert store.revoke_app_key(APP, key("first").key_id, now=T0 + HOUR, actor="mrs. k")
        assert not store.revoke_app_key(APP, key("first").key_id, now=T0 + HOUR, actor="mrs. k")
        assert written(store)[1:] == [
            entry("key_added", T0, "a", actor="mr. l"),
            entry("key_added", T0 + 1, "b", actor="mr. l", note="in place of one that was never used"),
            entry("key_activated", T0 + MINUTE, "b", note="by its first token"),
            entry("key_revoked", T0 + HOUR, "first", actor="mrs. k"),
        ]

    def test_each_key_tells_when_it_ended(self, store: Store) -> None:
        """Replaced, revoked by hand, or with its app; and all else of it as it was registered."""
        create(store)
        assert store.app_keys() == [key()]
        names = ("first", "a", "b", "c")
        keys = [key(name, state=NEXT, at=T0 + n) for n, name in enumerate(names)]
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
        create(store)
        first, a, b = (key(name).key_id for name in ("first", "a", "b"))
        assert store.add_app_key(key("a", state=NEXT), actor="mrs. k", seen=[first])
        before = written(store)
        assert store.add_app_key(key("b", state=NEXT), actor="mr. l", seen=[first]) is None
        assert store.add_app_key(key("b", state=NEXT), actor="mr. l", seen=[]) is None
        assert states(store) == {"first": "active", "a": "next"}
        assert written(store) == before
        assert store.add_app_key(key("b", state=NEXT), actor="mr. l", seen=[first, a, "elsewhere"])
        assert states(store) == {"first": "active", "a": "revoked", "b": "next"}
        assert store.app_of_key(b) is not None

    def test_an_app_that_nobody_used_can_be_ended(self, store: Store) -> None:
        """And where it was used, the operator stands beside every grant that ended with it."""
        create(store)
        create(store, "android")
        let_in(store, token(app="android"))
        for app in (APP, "android"):
            assert store.revoke_app(app, now=T0 + HOUR, actor="mrs. k") is True
            assert store.revoke_app(app, now=T0 + HOUR, actor="mrs. k") is False
        ended = [(one.event, one.actor) for one in written(store) if one.event.endswith(".revoked")]
        assert sorted(ended) == [("app.revoked", "mrs. k")] * 2 + [("app_grant.revoked", "mrs. k")]


def written(store: Store) -> list[Entry]:
    """Return what the ledger says of apps and what they entitle to, the oldest first."""
    found = [one.entry for one in store.entries(EntryFilter(), limit=50)]
    return [one for one in reversed(found) if one.event.startswith("app")]


def entry(event: str, at: float, name: str, *, actor: str | None = None, note: str | None = None) -> Entry:
    """Return the entry about the key that the tests call *name*."""
    about = f"app {APP}, key {key(name).key_id}"
    return Entry(at=at, event=f"app.{event}", actor=actor, about=about, note=note)
