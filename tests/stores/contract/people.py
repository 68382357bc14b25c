"""The contract about whoever looks for codes: search, filters, sorting, pages and counts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from jotgate.outcomes import Verdict
from jotgate.protocols import GrantFilter
from jotgate.protocols.people import CodeSearch, CodeState, ListedCode, ListPlace, Order
from jotgate.spelling import folded
from jotgate.stores import Store
from tests.stores.contract.material import (
    DAY,
    FORM,
    HOUR,
    OTHER_FORM,
    T0,
    Contract,
    admitted,
    digest,
    exactly,
    grant,
    opening,
    sent_in,
    verdicts,
)

NOW = T0 + HOUR


def listed(
    store: Store,
    *,
    order: Order = Order.NAME,
    descending: bool = False,
    rows: int = 100,
    **conditions: object,
) -> list[ListedCode]:
    """Return the first codes meant."""
    which = CodeSearch(form=FORM, **conditions)  # type: ignore[arg-type]
    return store.list_codes(which, order=order, descending=descending, after=None, rows=rows, now=NOW)


def names(found: Sequence[ListedCode]) -> list[str | None]:
    """Return whose codes these are."""
    return [one.grant.label or one.grant.subject for one in found]


def searched(store: Store, text: str) -> list[str | None]:
    """Return whose codes a search finds."""
    return names(listed(store, words=tuple(folded(text).split())))


def in_every_state(store: Store) -> dict[str, CodeState]:
    """Create a code in each state, some in two ways; return them by their name."""
    made = {
        "unused": CodeState.UNUSED,
        "opened": CodeState.OPENED,
        "sent": CodeState.OPENED,
        "partly": CodeState.OPENED,
        "used": CodeState.USED_UP,
        "revoked": CodeState.REVOKED,
        "over": CodeState.EXPIRED,
        "later": CodeState.NOT_YET_VALID,
        "freed": CodeState.UNUSED,
    }
    windows = {"over": (None, NOW), "later": (NOW + 1, None)}
    store.create_grants(
        [
            grant(
                name,
                subject=name,
                uses=2 if name == "partly" else 1,
                valid_from=windows.get(name, (None, None))[0],
                valid_until=windows.get(name, (None, None))[1],
            )
            for name in made
        ],
        T0,
    )
    for name in ("opened", "sent", "partly", "used", "revoked", "over", "freed"):
        admit = admitted(store, opening(name, browser=name))
        if name in ("partly", "used"):
            assert verdicts(store, sent_in(len(name), admit)) == [Verdict.VERIFIED]
        elif name == "sent":
            store.mark_sent(ticket_id=admit.ticket_id, now=T0 + 5)
    store.revoke_grants(exactly("revoked"), now=T0, actor="owner", note=None)
    assert store.give_back_use(exactly("freed"), now=T0, actor="owner") is not None
    return made


class PeopleContract(Contract):
    """What a store promises to whoever looks for people and their codes."""

    def test_a_search_finds_parts_of_names_numbers_addresses_and_batches(self, store: Store) -> None:
        """Capitals and accents do not matter, all words must fit, and what SQL takes for a pattern is text."""
        store.create_grants(
            [
                grant(1, subject="s-1", label="Özlem Yıldız", batch="7a"),
                grant(2, subject="s-2", label="Ozan Müller", batch="7b", email="ozan@school.example"),
                grant(3, subject="100%_x", batch="7b"),
                grant(4, form=OTHER_FORM, subject="s-1", label="Özlem Yıldız"),
            ],
            T0,
        )
        assert searched(store, "oz") == ["Ozan Müller", "Özlem Yıldız"]
        assert searched(store, "ÖZLEM") == ["Özlem Yıldız"]
        assert searched(store, "mull 7B") == ["Ozan Müller"]
        assert searched(store, "muller ozan@school 7b s-2") == []
        assert searched(store, "muller ozan@ 7b") == ["Ozan Müller"]
        assert searched(store, "s-1") == ["Özlem Yıldız"]
        assert searched(store, "0%_") == ["100%_x"]
        assert searched(store, "1%x") == []
        assert searched(store, "\\") == []
        assert searched(store, "nobody") == []

    def test_the_digits_of_a_code_find_it_as_well(self, store: Store) -> None:
        """Alone they find the code only; beside words whatever fits either of them."""
        store.create_grants([grant(n, subject=f"s-{n}") for n in range(20)], T0)
        digits = digest(7).hex()[:8]
        assert names(listed(store, prefix=digits)) == ["s-7"]
        assert names(listed(store, prefix=digits, words=("s-9",))) == ["s-7", "s-9"]
        assert listed(store, prefix="no hex") == []

    def test_codes_are_told_by_how_far_they_are(self, store: Store) -> None:
        """A list's own word for each, its filter and its counts agree."""
        made = in_every_state(store)
        assert {one.grant.subject: one.state for one in listed(store)} == made
        for state in CodeState:
            assert {one.grant.subject for one in listed(store, state=state)} == {
                name for name, of in made.items() if of is state
            }
        counted = store.tally_codes(CodeSearch(form=FORM, state=CodeState.UNUSED), now=NOW)
        assert counted == {state: list(made.values()).count(state) for state in CodeState}
        assert store.tally_codes(CodeSearch(form=FORM, words=("used",)), now=NOW) == {
            CodeState.UNUSED: 1,
            CodeState.USED_UP: 1,
        }

    def test_a_list_says_when_a_form_was_opened_and_sent(self, store: Store) -> None:
        """Of the last time; of a code that was not opened it says nothing."""
        in_every_state(store)
        found = {one.grant.subject: (one.opened_at, one.sent_at) for one in listed(store)}
        assert (found["sent"], found["opened"], found["unused"]) == ((T0, T0 + 5), (T0, None), (None, None))

    def test_batches_narrow_lists_counts_and_choices(self, store: Store) -> None:
        """An operator of some batches sees nothing of others, whatever is asked for."""
        store.create_grants([grant(n, batch=f"7{'abc'[n % 3]}", subject=f"s-{n}") for n in range(9)], T0)
        store.create_grants([grant("none", subject="without"), grant("x", form=OTHER_FORM, batch="8a")], T0)
        assert store.batches(FORM) == ["7a", "7b", "7c"]
        assert len(listed(store)) == 10
        assert {one.grant.batch for one in listed(store, batches=("7a", "7c"))} == {"7a", "7c"}
        assert len(listed(store, batches=("7a",), batch="7b")) == 0
        assert len(listed(store, batches=())) == 0
        mine = CodeSearch(form=FORM, batches=("7a",))
        assert store.tally_codes(mine, now=NOW) == {CodeState.UNUSED: 3}
        assert {one.fingerprint for one in store.seen_codes(mine, now=NOW)} == {digest(n) for n in (0, 3, 6)}

    def test_of_more_codes_than_can_be_changed_one_more_is_seen(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever ticks all of a million is told that they are too many, and nobody reads a million for that."""
        monkeypatch.setattr("jotgate.stores.people.MOST_CHANGED", 3)
        store.create_grants([grant(n) for n in range(5)], T0)
        for state, number in ((None, 4), (CodeState.UNUSED, 4), (CodeState.REVOKED, 0)):
            assert len(store.seen_codes(CodeSearch(form=FORM, state=state), now=NOW)) == number

    @pytest.mark.parametrize("order", list(Order))
    @pytest.mark.parametrize("descending", [False, True])
    def test_pages_follow_one_another_without_gap(self, store: Store, order: Order, descending: bool) -> None:
        """Also where many codes have the same name, no subject, or were made at the same moment."""
        for moment in range(3):
            codes = [
                grant(
                    (moment, n), subject=f"s-{n % 3}" if n % 4 else None, label=f"n{n % 2}" if n % 5 else None
                )
                for n in range(12)
            ]
            store.create_grants(codes, T0 + moment)
        which = CodeSearch(form=FORM)
        whole = store.list_codes(which, order=order, descending=descending, after=None, rows=99, now=NOW)
        assert len(whole) == 36
        paged: list[ListedCode] = []
        after = None
        while page := store.list_codes(
            which, order=order, descending=descending, after=after, rows=5, now=NOW
        ):
            paged += page
            last = page[-1].grant
            values = {"name": last.listed_as, "subject": last.subject or "", "created": last.created_at}
            after = ListPlace(values[order.value], last.fingerprint)
        assert [one.grant.fingerprint for one in paged] == [one.grant.fingerprint for one in whole]
        if descending:
            other = store.list_codes(which, order=order, descending=False, after=None, rows=99, now=NOW)
            assert [one.grant.fingerprint for one in reversed(other)] == [
                one.grant.fingerprint for one in whole
            ]

    def test_who_is_missing_is_who_has_a_code_and_sent_nothing_that_counts(self, store: Store) -> None:
        """Each once, in their order; not those whose only code was revoked, and nobody who is forgotten."""
        codes = [grant(n, subject=f"s-{n}", batch="7a" if n < 3 else "7b") for n in range(6)]
        store.create_grants([*codes, grant("second", subject="s-3", batch="7b"), grant("class")], T0)
        assert verdicts(store, sent_in(1, admitted(store, opening(1)))) == [Verdict.VERIFIED]
        admitted(store, opening(2))
        store.revoke_grants(exactly(4), now=T0, actor="owner", note=None)
        assert list(store.missing(FORM)) == ["s-0", "s-2", "s-3", "s-5"]
        assert list(store.missing(FORM, after="s-2")) == ["s-3", "s-5"]
        assert list(store.missing(FORM, batch="7a")) == ["s-0", "s-2"]
        assert list(store.missing(FORM, batches=["7b"])) == ["s-3", "s-5"]

    def test_a_forgotten_name_is_not_found(self, store: Store) -> None:
        """Neither by what it was nor by any part of it."""
        store.use_tombstones(lambda subject: [f"forgotten:aaaa0001:{digest(subject).hex()}"])
        store.create_grants([grant(1, subject="s-1", label="Ada", email="ada@school.example")], T0)
        assert searched(store, "ada")
        store.forget("s-1", form=None, now=T0, actor="owner")
        assert searched(store, "ada") == searched(store, "s-1") == []
        assert next(store.grants(GrantFilter(form=FORM))).listed_as == ""

    def test_what_apps_entitle_to_is_no_code(self, store: Store) -> None:
        """An app's subjects are not among the people with codes."""
        assert listed(store) == []
        assert store.tally_codes(CodeSearch(form=FORM), now=T0 + DAY) == {}
