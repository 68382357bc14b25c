"""Turns at a code: one of a process at a time, others are not held up, and nobody waits for what does not move."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

import jotgate.stores.turns
from jotgate.errors import StoreUnavailable
from jotgate.stores.driver import Undone
from jotgate.stores.turns import Turns, _Queue
from tests.patience import until

CODE, OTHER = b"a code", b"another"


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    """Return the turns of a process in which nobody gives up."""
    monkeypatch.setattr(jotgate.stores.turns, "QUEUE_SECONDS", 60.0)
    monkeypatch.setattr(jotgate.stores.turns, "STILL_SECONDS", 60.0)
    return Turns()


def take(turns: Turns, served: list[str], name: str) -> None:
    """Take a turn, and be served."""
    with turns.of(CODE):
        served.append(name)


def waiting(turns: Turns, people: int) -> None:
    """Return when so many are in the queue of the code."""
    until(lambda: turns._queues[CODE].people == people)


@contextmanager
def in_the_way(turns: Turns, *behind: str) -> Iterator[tuple[list[Future[None]], list[str]]]:
    """Have the turn, and others *behind*; give what becomes of them, and who was served."""
    served: list[str] = []
    with ThreadPoolExecutor() as pool, turns.of(CODE):
        waiters = [pool.submit(take, turns, served, name) for name in behind]
        waiting(turns, 1 + len(behind))
        yield waiters, served


def test_one_at_a_time_opens_a_code_and_others_are_not_held_up(turns: Turns) -> None:
    """Whoever comes with another code has its turn at once; in the end nothing is kept."""
    with in_the_way(turns, "one", "two") as (waiters, served), turns.of(OTHER):
        assert served == []
    assert [one.result() for one in waiters] == [None, None]
    assert sorted(served) == ["one", "two"]
    assert turns._queues == {}


@pytest.mark.parametrize("patience", ["STILL_SECONDS", "QUEUE_SECONDS"])
def test_nobody_waits_for_ever(turns: Turns, monkeypatch: pytest.MonkeyPatch, patience: str) -> None:
    """Where nobody is served, or for long in all: who stands behind is told so, and the queue goes on without."""
    with turns.of(CODE), ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(jotgate.stores.turns, patience, 0.01)
        with pytest.raises(StoreUnavailable, match="others who entered this code"):
            pool.submit(take, turns, [], "behind").result()
    served: list[str] = []
    take(turns, served, "later")
    assert served == ["later"]


def test_each_who_is_served_lets_those_behind_wait_on(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute more in this test, but never beyond the moment at which one gives up."""
    monkeypatch.setattr(jotgate.stores.turns, "time", clock := Clock())
    with in_the_way(turns) as _:
        queue = turns._queues[CODE]
        clock.now = 50.0
        assert queue._seconds_left(0.0, 100.0) == 10.0
        with turns.of(OTHER):
            pass
        assert queue._seconds_left(0.0, 100.0) == 10.0
    assert queue._seconds_left(0.0, 100.0) == 50.0
    assert queue._seconds_left(0.0, 500.0) == 60.0
    clock.now = 200.0
    assert queue._seconds_left(0.0, 100.0) == 0.0


class Clock:
    """Take the place of `time` in `jotgate.stores.turns`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.looked = 0

    def monotonic(self) -> float:
        """Return the moment."""
        self.looked += 1
        return self.now


class Busy:
    """Take the place of a lock that is free when it is asked for a second time; somebody is served in between."""

    def __init__(self, queue: _Queue, clock: Clock) -> None:
        self._queue, self._clock = queue, clock
        self.asked: list[float] = []

    def acquire(self, timeout: float) -> bool:
        """Wait for so many seconds, the first time in vain."""
        self.asked.append(timeout)
        self._queue.moved_at = 0.5
        self._clock.now += timeout
        return len(self.asked) > 1


@pytest.mark.usefixtures("turns")
def test_the_last_half_second_is_waited_for_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody was served half a second after one came, so one waits for half a second more."""
    monkeypatch.setattr(jotgate.stores.turns, "time", clock := Clock())
    queue = _Queue()
    queue.turn = busy = Busy(queue, clock)  # type: ignore[assignment]
    queue.wait(100.0)
    assert busy.asked == [60.0, 0.5]


def fail_after(clock: Clock, seconds: float) -> None:
    """Find after so many seconds that the store does not answer."""
    clock.now += seconds
    raise StoreUnavailable("silence")


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_a_store_that_does_not_answer_is_asked_once(
    turns: Turns, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """Everybody who waited behind hears what the first one did, even at once; whoever comes later tries it anew."""
    monkeypatch.setattr(jotgate.stores.turns, "time", clock := Clock())
    with (
        pytest.raises(StoreUnavailable, match="silence"),
        in_the_way(turns, "one", "two") as (waiters, served),
    ):
        fail_after(clock, seconds)
    for one in waiters:
        with pytest.raises(StoreUnavailable, match="silence"):
            one.result()
    take(turns, served, "later")
    assert served == ["later"]


@pytest.mark.usefixtures("turns")
def test_whoever_comes_after_a_failure_tries_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though those who came before still stand in the queue."""
    monkeypatch.setattr(jotgate.stores.turns, "time", clock := Clock())
    queue = _Queue()
    queue.fault, queue.failed_at, clock.now = StoreUnavailable("silence"), 1.0, 2.0
    queue.wait(100.0)
    assert queue.turn.locked()


@pytest.mark.parametrize("fault", [Undone("a lost connection"), KeyError("a mistake")])
def test_bad_luck_is_nobody_elses(turns: Turns, fault: Exception) -> None:
    """What may work at once, or has nothing to do with the store, keeps nobody behind from trying."""
    with pytest.raises(type(fault)), in_the_way(turns, "one") as (waiters, served):
        raise fault
    assert [one.result() for one in waiters] == [None]
    assert served == ["one"]


def test_many_threads_take_turns(turns: Turns) -> None:
    """Of twenty at a time never two are in, and all have been."""
    inside, together = [0], threading.Barrier(20)
    served: list[int] = []

    def come(name: int) -> None:
        together.wait()
        with turns.of(CODE):
            inside[0] += 1
            assert inside == [1]
            served.append(name)
            inside[0] -= 1

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(come, range(20)))
    assert sorted(served) == list(range(20))
