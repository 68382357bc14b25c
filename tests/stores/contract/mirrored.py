"""The contract about what JotForm said: shared by all processes, held for minutes, and asked for by one of them."""

from __future__ import annotations

from jotgate.protocols import Mirrored, MirrorTurn
from jotgate.stores import Store
from jotgate.stores.mirrored import KEPT_SECONDS
from tests.stores.contract.material import FORM_ID, OTHER_FORM_ID, T0, Contract, Opener
from tests.stores.contract.races import together

PART = "rows"


def page(low: int, high: int, content: bytes = b"\0text") -> Mirrored:
    """Return a page between two places."""
    return Mirrored(f"{low:020}", f"{high:020}", content)


def turned(store: Store, form_id: str = FORM_ID) -> MirrorTurn:
    """Take a turn, which has to be free, and give it back."""
    turn = store.take_mirror_turn(form_id, 6.0)
    assert turn is not None
    store.end_mirror_turn(turn)
    return turn


class MirroredContract(Contract):
    """What a store promises to processes that read JotForm for each other."""

    def test_what_was_read_is_held_for_minutes(self, store: Store) -> None:
        """By the store's clock, whichever way that is set; a form's own, and where it reaches."""
        now = [T0]
        store.guesses.clock = lambda: now[0]
        pages = [page(0, 50), page(50, 100, b"more"), page(200, 300)]
        store.keep_mirrored(turned(store), PART, pages[:2])
        store.keep_mirrored(turned(store), PART, pages[2:])
        store.keep_mirrored(turned(store, OTHER_FORM_ID), PART, [page(0, 10)])
        assert store.mirrored(FORM_ID, PART, pages[1].high) == pages[1]
        assert store.mirrored(FORM_ID, "form", pages[1].high) is None
        assert store.mirrored_around(FORM_ID, PART, f"{51:020}") == pages[1]
        assert store.mirrored_around(FORM_ID, PART, f"{100:020}") == pages[1]
        assert store.mirrored_around(FORM_ID, PART, f"{150:020}") is None
        assert store.mirrored_ranges(FORM_ID, PART, f"{50:020}", f"{201:020}") == [
            (one.low, one.high) for one in pages[1:]
        ]
        for at, held in ((KEPT_SECONDS - 1, pages[0]), (KEPT_SECONDS, None), (-KEPT_SECONDS, None)):
            now[0] = T0 + at
            assert store.mirrored(FORM_ID, PART, pages[0].high) == held
            assert store.mirrored_around(FORM_ID, PART, pages[0].high) == held

    def test_what_is_read_anew_replaces_what_it_covers(self, store: Store) -> None:
        """Nothing else, and what is old goes."""
        now = [T0]
        store.guesses.clock = lambda: now[0]
        store.keep_mirrored(turned(store, OTHER_FORM_ID), PART, [page(0, 10)])
        now[0] += KEPT_SECONDS - 1
        store.keep_mirrored(turned(store), PART, [page(0, 10), page(10, 20), page(20, 30)])
        fresh = page(5, 25, b"fresh")
        store.keep_mirrored(turned(store), PART, [fresh])
        assert store.mirrored_ranges(FORM_ID, PART, "0", "9" * 20) == [
            (one.low, one.high) for one in (page(0, 10), fresh, page(20, 30))
        ]
        now[0] += 1
        store.keep_mirrored(turned(store), PART, [page(30, 40)])
        now[0] -= 1
        assert store.mirrored(OTHER_FORM_ID, PART, page(0, 10).high) is None

    def test_what_is_forgotten_is_not_held(self, store: Store) -> None:
        """Nor is anything else, since nobody can say in which page it is."""
        store.keep_mirrored(turned(store), PART, [page(0, 10)])
        store.forget("s-1", form=None, now=T0, actor="owner")
        assert store.mirrored_ranges(FORM_ID, PART, "0", "9" * 20) == []

    def test_a_turn_is_given_back_by_who_has_it(self, store: Store) -> None:
        """Nobody takes it before it is over; who is late ends nobody else's; a rest says why."""
        now = [T0]
        store.guesses.clock = lambda: now[0]
        first = store.take_mirror_turn(FORM_ID, 6.0)
        assert first == MirrorTurn(form_id=FORM_ID, began_at=T0, until=T0 + 6.0)
        assert store.take_mirror_turn(FORM_ID, 6.0) is None
        assert store.mirror_turn(FORM_ID) == (None,)
        assert store.mirror_turn(OTHER_FORM_ID) is None
        now[0] += 6.0
        second = store.take_mirror_turn(FORM_ID, 6.0)
        assert second is not None
        store.end_mirror_turn(first)
        store.rest_mirror_turn(first, "timeout", 5.0)
        assert store.mirror_turn(FORM_ID) == (None,)
        store.rest_mirror_turn(second, "broken", 5.0)
        assert store.mirror_turn(FORM_ID) == ("broken",)
        assert store.take_mirror_turn(FORM_ID, 6.0) is None
        now[0] += 5.0
        assert store.mirror_turn(FORM_ID) is None

    def test_one_of_those_who_want_the_turn_has_it(self, store: Store, opener: Opener) -> None:
        """Of eight processes."""
        assert sum(together(opener, [_take_turn] * 8)) == 1


def _take_turn(store: Store) -> int:
    return store.take_mirror_turn(FORM_ID, 30.0) is not None
