"""The contract about links into the office: each lets one visit begin, and everybody sees who came and who let them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from jotgate.operators import Operator
from jotgate.protocols import EntryFilter, SignIn
from jotgate.stores import Store
from jotgate.stores.sign_ins import KEPT_SECONDS
from tests.stores.contract.material import DAY, FORM, HOUR, MINUTE, OTHER_FORM, T0, Contract, Opener, digest
from tests.stores.contract.races import together

_LINK_SECONDS = 15 * MINUTE


def invited(store: Store, name: str = "mrs. k", *, at: float = T0, **limits: Any) -> SignIn:
    """Make a link for somebody; the secret's digest is that of their name."""
    sign_in = SignIn(
        sign_in_id=f"id of {name}",
        operator=Operator(name=name, **limits),
        made_at=at,
        link_until=at + _LINK_SECONDS,
        began_at=None,
        until=None,
        ended_at=None,
    )
    store.add_sign_in(sign_in, digest(name), actor="head")
    return sign_in


def came(store: Store, name: str = "mrs. k", *, now: float = T0 + MINUTE) -> SignIn | None:
    """Use somebody's link for a visit of an hour."""
    return store.use_link(digest(name), digest(f"visit of {name}"), now=now, until=now + HOUR)


def told(store: Store) -> list[tuple[str, str | None, str | None, str | None, float]]:
    """Return what the ledger says of the office's doors, oldest first."""
    entries = [one.entry for one in store.entries(EntryFilter(), before=None, limit=50)]
    return [(one.event, one.about, one.note, one.actor, one.at) for one in reversed(entries)]


class SigningInContract(Contract):
    """What a store promises to a site that lets people into its office by links."""

    @pytest.mark.parametrize(
        "limits",
        [
            {},
            {"forms": (FORM, OTHER_FORM), "may_change": False},
            {"batches": ("7a",)},
            {"forms": (), "batches": ()},
        ],
    )
    def test_a_link_lets_in_whom_it_was_made_for(self, store: Store, limits: dict[str, Any]) -> None:
        """With the same limits on every look: at the link, at the visit, and in the list of both."""
        link = invited(store, **limits)
        assert store.link(digest("mrs. k"), T0) == link
        visit = replace(link, began_at=T0 + MINUTE, until=T0 + MINUTE + HOUR)
        assert came(store) == visit
        assert store.session(digest("visit of mrs. k"), T0 + HOUR) == visit
        assert store.sign_ins() == [visit]

    def test_a_link_works_once(self, store: Store) -> None:
        """Neither it nor what was never made is good for anything then; the visit goes on."""
        invited(store)
        assert came(store) is not None
        assert came(store) is None
        assert store.link(digest("mrs. k"), T0) is None
        assert store.link(digest("never made"), T0) is None
        assert store.session(digest("mrs. k"), T0) is None

    def test_a_link_and_a_visit_run_out(self, store: Store) -> None:
        """At their last moment they are over."""
        invited(store)
        assert store.link(digest("mrs. k"), T0 + _LINK_SECONDS) is None
        assert came(store, now=T0 + _LINK_SECONDS) is None
        assert came(store, now=T0 + _LINK_SECONDS - 1) is not None
        end = T0 + _LINK_SECONDS - 1 + HOUR
        assert store.session(digest("visit of mrs. k"), end - 1) is not None
        assert store.session(digest("visit of mrs. k"), end) is None

    def test_one_is_ended_or_all_are(self, store: Store) -> None:
        """Links and visits alike; those that are over already are not counted, nor ended once more."""
        for name in ("ann", "ben", "cem", "dora"):
            invited(store, name)
        assert came(store, "ann") is not None
        assert store.end_sign_ins("id of ann", now=T0 + 2 * MINUTE, actor="head") == 1
        assert store.session(digest("visit of ann"), T0 + 2 * MINUTE) is None
        assert came(store, "ben") is not None
        assert store.end_sign_ins(None, now=T0 + _LINK_SECONDS - 1, actor="head") == 3
        assert store.end_sign_ins(None, now=T0 + _LINK_SECONDS - 1, actor="head") == 0
        assert store.session(digest("visit of ben"), T0 + _LINK_SECONDS - 1) is None
        assert came(store, "cem") is None
        ended = {one.operator.name: one.ended_at for one in store.sign_ins()}
        assert ended == {"ann": T0 + 2 * MINUTE} | dict.fromkeys(
            ("ben", "cem", "dora"), T0 + _LINK_SECONDS - 1
        )

    def test_the_ledger_says_who_let_in_whom(self, store: Store) -> None:
        """And who came, and who ended it; a link that is good for nothing leaves no trace there."""
        invited(store)
        came(store)
        came(store)
        store.end_sign_ins(None, now=T0 + 2 * MINUTE, actor="mr. b")
        assert told(store) == [
            ("operator.invited", "id of mrs. k", "mrs. k", "head", T0),
            ("operator.signed_in", "id of mrs. k", "mrs. k", "mrs. k", T0 + MINUTE),
            ("operator.signed_out", "id of mrs. k", "mrs. k", "mr. b", T0 + 2 * MINUTE),
        ]

    def test_they_are_listed_for_three_months(self, store: Store) -> None:
        """The oldest first; the next link that is made removes those that are older."""
        invited(store, "second", at=T0 + DAY)
        invited(store, "first")
        assert [one.operator.name for one in store.sign_ins()] == ["first", "second"]
        invited(store, "third", at=T0 + KEPT_SECONDS)
        assert len(store.sign_ins()) == 3
        invited(store, "fourth", at=T0 + KEPT_SECONDS + 1)
        assert [one.operator.name for one in store.sign_ins()] == ["second", "third", "fourth"]

    def test_wrong_links_are_counted_by_the_network_for_a_minute(self, store: Store) -> None:
        """By the largest that an address belongs to, and apart from guesses at codes."""
        store.guesses.clock = lambda: T0
        assert [store.count_wrong_link("192.0.2.1/32") for _ in range(3)] == [1, 2, 3]
        assert store.count_wrong_link("192.0.2.2/32") == 1
        near = ("2001:db8:1:1::/64", "2001:db8:1:2::/64", "2001:db8:1:ff00::/64")
        assert [store.count_wrong_link(network) for network in near] == [1, 2, 3]
        store.guesses.clock = lambda: T0 + MINUTE - 1
        assert store.count_wrong_link("192.0.2.1/32") == 4
        store.guesses.clock = lambda: T0 + MINUTE
        assert store.count_wrong_link("192.0.2.1/32") == 1
        assert not store.guesses.needs_codes()

    def test_processes_race_for_a_link(self, store: Store, opener: Opener) -> None:
        """One of them has it."""
        invited(store)
        outcomes = together(opener, [partial(_come, process=n) for n in range(4)])
        assert sorted(outcomes) == [False, False, False, True]


def _come(store: Store, *, process: int) -> bool:
    visit = store.use_link(digest("mrs. k"), digest(process), now=T0, until=T0 + HOUR)
    return visit is not None
