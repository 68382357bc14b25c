"""An operator's dealings with people: found by what is typed, page by page, and changed as they were seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jotgate.admission.grants import Grants, Person, Terms
from jotgate.admission.people import Decision, People
from jotgate.errors import InputError, UnknownForm
from jotgate.protocols import GrantFilter
from jotgate.protocols.people import CodeState, GivingBack, Left, Naming, Order, Revocation
from jotgate.signed.keyring import CodeKeys
from jotgate.stores import Store, open_store
from jotgate.testing import FrozenClock

T0 = 1_790_000_000.0
KEYS = CodeKeys([b"o" * 32])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return an empty store."""
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    store.prepare({"students": "1", "teachers": "2"}, T0)
    yield store
    store.close()


@pytest.fixture
def people(store: Store) -> People:
    """Return the people of two forms."""
    return People(["students", "teachers"], store=store, code_keys=KEYS, clock=FrozenClock(T0))


def coded(store: Store, *labels: str, batch: str | None = None, form: str = "students") -> list[str]:
    """Create a code for each of these people, and return the codes."""
    grants = Grants(["students", "teachers"], store=store, code_keys=KEYS, clock=FrozenClock(T0))
    persons = [Person(subject=f"s-{label}", label=label) for label in labels]
    return [one.code for one in grants.create(Terms(form=form, batch=batch), persons)]


def found(people: People, text: str) -> list[str | None]:
    """Return whom a search finds."""
    return [one.grant.label for one in people.page(people.search("students", text)).codes]


def decision(people: People, text: str = "", change_id: str = "c-1") -> Decision:
    """Return what somebody decides about all that a search finds."""
    seen = people.seen(people.search("students", text))
    return Decision(change_id=change_id, form="students", actor="mrs. k", seen=seen)


def test_a_search_takes_names_ids_and_whole_codes(store: Store, people: People) -> None:
    """A code finds its own person only, however it is typed, and a code of another form nobody."""
    codes = coded(store, "Ada", "Grace", "Alan")
    elsewhere = coded(store, "Ada", form="teachers")
    assert found(people, "") == ["Ada", "Alan", "Grace"]
    assert found(people, " ada ada2 ") == []
    assert found(people, "ADA") == ["Ada"]
    assert found(people, codes[1]) == found(people, codes[1].lower().replace("-", " ")) == ["Grace"]
    assert found(people, elsewhere[0]) == []
    fingerprint = next(store.grants(GrantFilter(form="students"))).fingerprint
    assert len(found(people, fingerprint.hex()[:12].upper())) == 1
    for nothing in ("nobody", "a\x00b", "\ud800", "x" * 10_000):
        assert found(people, nothing) == []
    with pytest.raises(UnknownForm):
        people.search("parents")


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("descending", [False, True])
def test_pages_lead_forth_and_back(store: Store, people: People, order: Order, descending: bool) -> None:
    """Each page's neighbours are where it says, and the first and the last one have none beyond."""
    coded(store, *(f"p{n}" for n in range(7)))
    which = people.search("students")
    first = people.page(which, order=order, descending=descending, rows=3)
    second = people.page(which, order=order, descending=descending, rows=3, after=first.later)
    third = people.page(which, order=order, descending=descending, rows=3, after=second.later)
    assert [len(page.codes) for page in (first, second, third)] == [3, 3, 1]
    assert (first.earlier, third.later) == (None, None)
    back = people.page(which, order=order, descending=descending, rows=3, before=third.earlier)
    assert (back.codes, back.later) == (second.codes, second.later)
    again = people.page(which, order=order, descending=descending, rows=3, before=back.earlier)
    assert (again.codes, again.earlier, again.later) == (first.codes, None, first.later)


def test_a_page_counts_all_that_are_meant(store: Store, people: People) -> None:
    """By state whatever state is shown, in all as many as the list has."""
    coded(store, "a", "b", "c", batch="7a")
    people.decide(decision(people, "a 7a s-a"), Revocation())
    page = people.page(people.search("students", state=CodeState.REVOKED))
    assert (page.count, page.tally) == (1, {CodeState.REVOKED: 1, CodeState.UNUSED: 2})
    assert people.page(people.search("students"), rows=1).count == 3
    empty = people.page(people.search("students", batches=()))
    assert (empty.count, empty.codes, empty.earlier, empty.later) == (0, [], None, None)


def test_a_decision_is_carried_out_once(store: Store, people: People) -> None:
    """A second click gets the same answer, and nothing happens; another's decision of the same name is not taken."""
    coded(store, "a", "b")
    wish = decision(people)
    outcome = people.decide(wish, Revocation())
    assert outcome is not None
    assert len(outcome.done) == 2
    again = people.decide(wish, Revocation())
    assert again is not None
    assert sorted(again.done, key=repr) == sorted(outcome.done, key=repr)
    assert people.decide(replace(wish, actor="mr. o"), Revocation()) is None
    assert people.decide(wish, GivingBack()) is None
    change = people.change("c-1")
    assert change is not None
    assert (change.what, change.actor) == ("revoke", "mrs. k")


def test_many_people_get_new_codes_that_open(store: Store, people: People) -> None:
    """Each its own person's, shown once; whoever was revoked meanwhile gets none."""
    old = coded(store, "a", "b", "c")
    wish = decision(people)
    people.decide(decision(people, "c", "other"), Revocation())
    reissued = people.reissue(wish)
    assert reissued is not None
    outcome, issued = reissued
    assert {one.label for one in issued} == {"a", "b"}
    assert [why for why, _ in outcome.left] == [Left.CHANGED]
    assert [found(people, one.code) for one in issued] == [[one.label] for one in issued]
    assert found(people, old[0]) == []
    undone = people.undo("c-1", actor="mrs. k")
    assert undone is not None
    assert len(undone.done) == 2
    assert found(people, old[0]) == ["a"]
    assert people.reissue(wish) is None


def test_a_name_that_nobody_can_store_is_refused(store: Store, people: People) -> None:
    """Before anything is changed; an empty one takes the name off."""
    coded(store, "a")
    for label in ("", "x" * 300, "a\x00b", "\ud800"):
        with pytest.raises(InputError):
            people.decide(decision(people), Naming(label=label, email=None))
    outcome = people.decide(decision(people), Naming(label=None, email=None))
    assert outcome is not None
    assert [one.label for one in outcome.done] == [None]


def test_one_person_is_found_with_all_their_codes(store: Store, people: People) -> None:
    """The newest first; an operator of other batches finds none of them."""
    coded(store, "a", batch="7a")
    coded(store, "a", batch="7b")
    codes = people.codes_of("students", "s-a")
    assert {one.batch for one in codes} == {"7a", "7b"}
    assert [one.batch for one in people.codes_of("students", "s-a", batches=["7b"])] == ["7b"]
    assert people.batches("students") == ["7a", "7b"]
    assert people.batches("students", batches=["7b", "8"]) == ["7b"]
    one = people.code("students", codes[0].fingerprint)
    assert one is not None
    assert one.grant == codes[0]
    assert people.code("teachers", codes[0].fingerprint) is None
    assert people.code("students", codes[0].fingerprint, batches=["9"]) is None
    assert list(people.missing("students")) == ["s-a"]
    outcome = people.decide(decision(people), GivingBack())
    assert outcome is not None
    assert [why for why, _ in outcome.left] == [Left.NOTHING] * 2
