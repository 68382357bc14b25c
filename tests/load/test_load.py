"""The exam morning itself: its queue is a queue, and its door lets everybody in who comes."""

from __future__ import annotations

import pytest

from tests.load.door import STORES, measure, quantile
from tests.load.morning import calls_at_least, simulate


def test_more_machines_shorten_the_queue() -> None:
    """With room enough nobody waits; with too little the queue grows, and each machine more shortens it."""
    waits = [simulate(10, machines, 15, students=20_000).longest for machines in (1, 2, 4)]
    assert waits[0] > waits[1] > waits[2]
    assert simulate(1_000, 4, 30, students=20_000).late == 0


def test_a_queue_works_off_what_comes_at_its_own_speed() -> None:
    """Whatever comes at once to one door is served one after the other."""
    assert simulate(10, 1, 0, students=1_000).longest == pytest.approx(99.9)


def test_full_lists_are_counted() -> None:
    """A list that is begun is a call."""
    assert [calls_at_least(count) for count in (1, 1_000, 1_001, 100_000)] == [1, 1, 2, 100]


def test_quantiles_are_of_what_was_seen() -> None:
    """The highest share is the last of them."""
    assert [quantile([1, 2, 3, 4], share) for share in (0, 0.5, 0.99, 1)] == [1, 3, 4, 4]


# Two real servers kept busy for some seconds.
@pytest.mark.slow
@pytest.mark.parametrize("store", STORES)
def test_everybody_who_comes_is_let_in(store: str) -> None:
    """Pupils at two processes at once all see their form, and each step was timed."""
    rate = measure(store, 2, 2)
    assert rate.pupils_a_second > 0
    assert len(rate.codes) == len(rate.whole)
    assert all(code <= whole for code, whole in zip(rate.codes, rate.whole, strict=True))
