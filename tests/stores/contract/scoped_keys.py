"""The contract about scoped keys: created, found by their fingerprints, revoked, and what they may cost."""

from __future__ import annotations

from jotgate.outcomes import Verdict
from jotgate.protocols import Counted, Known, NewScopedKey, ScopedKey, Share
from jotgate.protocols import SubmissionFilter as Filter
from jotgate.stores import Store
from tests.stores.contract.material import (
    DAY,
    FORM,
    KEY_ID,
    MINUTE,
    OTHER_FORM,
    T0,
    Contract,
    Opener,
    digest,
    sent_in,
    settled,
)
from tests.stores.contract.races import together

TODAY, TOMORROW = "2026-09-21", "2026-09-22"


def new_key(name: str, **changes: object) -> NewScopedKey:
    """Return a scoped key to be created, whose fingerprint is ``digest(name)``."""
    values: dict[str, object] = {
        "fingerprint": digest(name),
        "code_key": KEY_ID,
        "key_id": name,
        "label": None,
        "forms": (FORM,),
        "fields": None,
        "all_submissions": False,
        "share": Share(fraction=0.1),
        "expires_at": None,
    }
    return NewScopedKey(**(values | changes))  # type: ignore[arg-type]


def created(store: Store, name: str, **changes: object) -> ScopedKey:
    """Create a key, which has to work, and return it as it is kept."""
    assert store.create_scoped_key(new_key(name, **changes), now=T0, actor="owner")
    return found(store, name)


def found(store: Store, name: str) -> ScopedKey:
    """Return the key, which has to be there."""
    kept = store.scoped_key(digest(name))
    assert kept is not None
    return kept


class ScopedKeysContract(Contract):
    """What a store promises to whoever hands out scoped keys, and whoever presents one."""

    def test_a_scoped_key_comes_back_as_it_was_made(self, store: Store) -> None:
        """Every field is kept, nothing is used yet, and an unknown fingerprint finds nothing."""
        kept = created(
            store,
            "A",
            label="the library é",
            forms=(FORM, OTHER_FORM),
            fields=("3", "class"),
            all_submissions=True,
            share=Share(calls=50),
            expires_at=T0 + DAY,
        )
        assert kept == ScopedKey(
            key_id="A",
            code_key=KEY_ID,
            label="the library é",
            forms=(FORM, OTHER_FORM),
            fields=("3", "class"),
            all_submissions=True,
            share=Share(calls=50),
            created_at=T0,
            expires_at=T0 + DAY,
            revoked_at=None,
            last_used_at=None,
            calls_day="",
            calls=0,
        )
        assert store.scoped_key(digest("B")) is None
        other = created(store, "B")
        assert (other.fields, other.share, other.all_submissions) == (None, Share(fraction=0.1), False)
        assert store.scoped_keys() == [kept, other]

    def test_a_scoped_key_is_made_once(self, store: Store) -> None:
        """Neither a fingerprint nor a public name is given twice."""
        created(store, "A", label="first")
        assert not store.create_scoped_key(new_key("A", key_id="B"), now=T0, actor="owner")
        taken = new_key("C", key_id="A")
        assert not store.create_scoped_key(taken, now=T0, actor="owner")
        assert [kept.label for kept in store.scoped_keys()] == ["first"]

    def test_a_scoped_key_is_revoked_once(self, store: Store) -> None:
        """The first time counts, and no call is taken for it from then on."""
        created(store, "A")
        assert store.take_call_of_scoped_key("A", day=TODAY, most=None) == 1
        assert store.revoke_scoped_key("A", now=T0 + 1, actor="owner")
        assert not store.revoke_scoped_key("A", now=T0 + 2, actor="owner")
        assert not store.revoke_scoped_key("B", now=T0 + 2, actor="owner")
        assert found(store, "A").revoked_at == T0 + 1
        assert store.take_call_of_scoped_key("A", day=TODAY, most=None) is None

    def test_the_last_use_is_noted_once_a_minute(self, store: Store) -> None:
        """Also by a clock that was set back."""
        created(store, "A")
        noted = []
        for now in (T0, T0 + MINUTE - 1, T0 + MINUTE, T0 + MINUTE - 30, T0 - DAY):
            store.note_use_of_scoped_key("A", now)
            noted.append(found(store, "A").last_used_at)
        assert noted == [T0, T0, T0 + MINUTE, T0 + MINUTE, T0 - DAY]

    def test_a_key_costs_no_more_calls_a_day_than_its_share(self, store: Store) -> None:
        """A new day begins at nothing, a day that is over does not come back, and a call can be given back."""
        created(store, "A")
        assert store.take_call_of_scoped_key("A", day=TODAY, most=0) is None
        assert [store.take_call_of_scoped_key("A", day=TODAY, most=2) for _ in range(3)] == [1, 2, None]
        store.give_back_call_of_scoped_key("A", day=TODAY)
        assert store.take_call_of_scoped_key("A", day=TODAY, most=2) == 2
        assert store.take_call_of_scoped_key("A", day=TOMORROW, most=2) == 1
        assert store.take_call_of_scoped_key("A", day=TODAY, most=2) is None
        store.give_back_call_of_scoped_key("A", day=TODAY)
        kept = found(store, "A")
        assert (kept.calls_on(TODAY), kept.calls_on(TOMORROW)) == (0, 1)
        assert store.take_call_of_scoped_key("unknown", day=TODAY, most=None) is None

    def test_processes_that_share_a_key_share_its_calls(self, store: Store, opener: Opener) -> None:
        """Eight that race for fifty calls get fifty."""
        created(store, "A")
        got = together(opener, [_take_twenty] * 8)
        assert sum(got) == 50
        assert found(store, "A").calls == 50

    def test_what_counts_is_listed_by_id(self, store: Store) -> None:
        """Of one form, in both directions, between two ids, page by page, and nothing that does not count."""
        ids = [*range(1, 2602, 2), 10**18, 10**19]
        settled(store, *(sent_in(one, None, verdict=Verdict.ACCEPTED) for one in ids))
        settled(store, sent_in(2, None), sent_in(4, None, form=OTHER_FORM), sent_in(6, None))
        store.rule("2", accept=True, actor="owner", reason="seen", now=T0)
        store.rule("4", accept=True, actor="owner", reason="seen", now=T0)
        store.rule("6", accept=True, actor="owner", reason="seen", now=T0)
        store.rule("6", accept=False, actor="owner", reason="a test", now=T0)
        wanted = sorted([*ids, 2])

        def listed(**options: object) -> list[int]:
            return [int(one.submission_id) for one in store.counted(FORM, **options)]  # type: ignore[arg-type]

        assert listed(descending=False) == wanted
        assert listed() == wanted[::-1]
        assert listed(above="2599", below=str(10**19)) == [10**18, 2601]
        assert listed(above="0001", below="9", descending=False) == [2, 3, 5, 7]
        assert listed(above="9" * 30) == []
        assert listed(below="9" * 30, rows=1) == [10**19]
        assert listed(skip=2, rows=3) == [2601, 2599, 2597]
        assert listed(skip=10**30) == []
        assert listed(rows=0) == []
        assert len(listed(rows=1100)) == 1100
        [first] = store.counted(FORM, descending=False, rows=1)
        [kept] = store.submissions(Filter(submission_ids=("1",)))
        assert first == Counted("1", FORM, kept.created_at) == store.counted_submission("1")
        assert store.counted_submission("6") is None
        assert store.counted_submission("no id") is None

    def test_what_the_ledger_knows_is_told_with_whether_it_may_be_shown(self, store: Store) -> None:
        """Verdicts of any kind; not the submissions of who is forgotten on their form, nor what retention removed."""
        settled(
            store, sent_in(1, None), sent_in(2, None, form=OTHER_FORM), sent_in(3, None), sent_in(4, None)
        )
        for one, subject in (("2", "s-1"), ("3", "s-1"), ("4", None)):
            store.rule(one, accept=True, subject=subject, actor="owner", reason="seen", now=T0)
        store.forget("s-1", form=FORM, now=T0, actor="owner")
        unticketed, accepted = Verdict.UNTICKETED, Verdict.ACCEPTED
        assert store.known(["1", "2", "3", "4", "5"]) == {
            "1": Known(FORM, unticketed, True),
            "2": Known(OTHER_FORM, accepted, True),
            "3": Known(FORM, accepted, False),
            "4": Known(FORM, accepted, True),
        }
        store.retain(FORM, before=T0 + 100 * DAY, delete=True, now=T0)
        assert store.known(["1", "2", "3"]) == {
            "1": Known(FORM, unticketed, False),
            "2": Known(OTHER_FORM, accepted, True),
            "3": Known(FORM, accepted, False),
        }
        assert store.known([]) == {}


def _take_twenty(store: Store) -> int:
    return sum(store.take_call_of_scoped_key("A", day=TODAY, most=50) is not None for _ in range(20))
