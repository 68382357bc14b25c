"""The contract about retention: what is old names nobody any more, or is gone, and counts as before."""

from __future__ import annotations

import pytest

from jotgate.outcomes import Reason, Verdict
from jotgate.protocols import GrantFilter, SubmissionFilter
from jotgate.stores import Store
from tests.stores.contract.forgetting import (
    LATER,
    PERSON,
    TOMBSTONE,
    addressed,
    names,
    shown,
    submitted,
    tombstones,
)
from tests.stores.contract.material import (
    DAY,
    FORM,
    FORMS,
    HOUR,
    OTHER_FORM,
    T0,
    Contract,
    Opener,
    admitted,
    grant,
    opening,
    places,
    reason,
    records,
    register,
    settled,
    token,
)


class RetainingContract(Contract):
    """What a store promises to owners who keep nothing for ever."""

    def test_what_is_old_is_pseudonymised(self, store: Store) -> None:
        """What is younger stays as it is, and so does a code that still opens; the same person is the same nobody."""
        store.use_tombstones(tombstones)
        submitted(store, 1)
        store.create_grants([grant("open", subject=PERSON)], T0)
        young = grant("young", subject="s-7")
        store.create_grants([young], LATER)
        candidate = shown(2, admitted(store, opening("young", now=LATER)), created_earliest=LATER)
        settled(store, candidate, now=LATER)
        expected = dict(store.count_beyond(FORM, before=LATER - DAY, delete=False))
        done = store.retain(FORM, before=LATER - DAY, delete=False, now=LATER)
        assert done.submissions == {FORM: ["1"]}
        assert {table: done.counts.get(table, 0) for table in expected} == expected
        assert {one.submission_id: one.subject for one in records(store)} == {"1": TOMBSTONE, "2": "s-7"}
        assert (TOMBSTONE, None, None) in addressed(store)
        assert "ada@school.example" not in {one.email for one in store.grants()}
        assert next(store.grants(GrantFilter(form=FORM, subject=PERSON))).used == 0
        assert store.standing_of_lookup(FORM, [[b"1".ljust(16)]]).verdict is None
        assert store.retain(FORM, before=LATER - DAY, delete=False, now=LATER).counts == {}
        assert places(store) == 2

    @pytest.mark.parametrize("name", ["forgotten:me", "Forgotten: the sequel"])
    def test_a_name_that_begins_like_a_tombstone_is_a_name(self, store: Store, name: str) -> None:
        """Whoever has it is listed, and forgotten in the end."""
        store.use_tombstones(tombstones)
        store.create_grants([grant("code", subject=name, label="Ada Lovelace")], T0)
        assert list(store.missing(FORM)) == [name]
        assert [one.subject for one in store.subjects(FORM)] == [name]
        assert [one.subject for one in store.coded_people(FORM, "ada", rows=9)] == [name]
        settled(store, shown(1, admitted(store, opening("code"))))
        store.retain(FORM, before=LATER, delete=False, now=LATER)
        assert {one.subject for one in records(store)} == set(tombstones(name))
        assert addressed(store) == {(*tombstones(name), None, None)}

    @pytest.mark.parametrize("delete", [False, True])
    def test_who_comes_back_after_retention_is_known_again(self, store: Store, delete: bool) -> None:
        """A ticket that was let lie is opened again by its code, or by an app's token: about the same person."""
        store.create_grants([grant("open", subject=PERSON)], T0)
        admitted(store, opening("open"))
        register(store)
        admitted(store, token("a", subject="u-7", uses=1))
        store.retain(FORM, before=LATER - DAY, delete=delete, now=LATER)
        again = [
            admitted(store, opening("open", now=LATER)),
            admitted(store, token("b", subject="u-7", uses=1, now=LATER)),
        ]
        late = {"created_earliest": LATER, "created_latest": LATER}
        settled(store, *(shown(n, one, **late) for n, one in enumerate(again, start=1)), now=LATER)
        assert {one.submission_id: one.subject for one in records(store)} == {"1": PERSON, "2": "u-7"}
        assert store.standing(FORM, PERSON).verdict is Verdict.VERIFIED
        assert [one.subject for one in store.subjects(FORM)] == [PERSON, "u-7"]

    def test_what_is_old_is_deleted_and_not_judged_anew(self, store: Store) -> None:
        """A later reading of the same submission is no news; its code stays used up."""
        candidate = submitted(store, 1)
        settled(store, shown(2, None))
        assert store.count_beyond(FORM, before=LATER, delete=True)["submissions"] == 2
        done = store.retain(FORM, before=LATER, delete=True, now=LATER)
        assert sorted(done.submissions[FORM]) == ["1", "2"]
        assert list(store.submissions(SubmissionFilter())) == []
        assert store.history("1") == []
        assert store.unsettled(["1", "2", "3"]) == {"3"}
        [again] = settled(store, candidate, now=LATER)
        assert (again.verdict, again.fresh) == (Verdict.VERIFIED, False)
        assert list(store.submissions(SubmissionFilter())) == []
        assert reason(store, opening(1)) is Reason.USED_UP
        assert places(store) == 1

    def test_retention_can_be_broken_off(self, store: Store) -> None:
        """What is left is whoever's turn comes next, and then all is done."""
        store.use_tombstones(tombstones)
        submitted(store, 1)
        assert store.begin_retention(FORM, now=LATER)
        first = store.retain(FORM, before=LATER, delete=False, now=LATER, goes_on=lambda: False)
        assert dict(first.counts) == {"submissions": 1}
        assert names(store) - {TOMBSTONE} == {PERSON}
        assert store.begin_retention(FORM, now=LATER)
        assert store.retain(FORM, before=LATER, delete=False, now=LATER).counts["tickets"] == 1
        assert names(store) == {TOMBSTONE}

    def test_retention_is_one_process_s_turn_a_day(self, store: Store, opener: Opener) -> None:
        """Also after a clock was set back."""
        other = opener()
        other.prepare(FORMS, T0)
        assert store.begin_retention(FORM, now=T0)
        assert not other.begin_retention(FORM, now=T0 + HOUR)
        assert other.begin_retention(OTHER_FORM, now=T0)
        assert other.begin_retention(FORM, now=T0 + DAY)
        assert store.begin_retention(FORM, now=T0 + HOUR)
        other.close()
