"""People and guessers at one door, on a simulated clock: what is looked at, and for how long anybody waits.

The rules are the product's. The tallies are a real store's, or are kept in memory, where a day of millions of guesses
takes a minute.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from jotgate.outcomes import Admit, Reason, Work
from jotgate.protocols import Opening
from jotgate.signed.passes import new_pass_id
from jotgate.signed.work import PUZZLES
from jotgate.stores import Store
from jotgate.throttle import EVERYWHERE, Guesser, Tally, budget_of, next_turn, window_of

T0 = 1_790_000_000.0
FORM = "students"
#: Hashes of 64 kB a second: a phone of the cheapest kind (200 MB/s), a laptop (four cores of 1 GB/s), eight of the
#: fastest cores (2 GB/s each).
SLOW_PHONE, LAPTOP, FAST_COMPUTER = 3_000.0, 61_000.0, 244_000.0
#: How many tries a second a site answers at most.
SERVED_A_SECOND = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What became of a try."""

    #: The code was looked at: a right one is in, a wrong one was a guess.
    is_heard: bool = True
    wait_seconds: float = 0.0
    work: Work | None = None


class Door(Protocol):
    """Something that a code can be tried at."""

    now: float

    def knock(self, guesser: Guesser, code: bytes | None) -> Heard:
        """Try a right code, or a wrong one if it is None."""
        ...


class MemoryDoor:
    """The rules on tallies in memory."""

    def __init__(self, live_codes: int, guesses: int = 0) -> None:
        """Begin when so many guesses were made that day."""
        self.now = T0
        self.budget = budget_of(live_codes)
        self._tallies = {
            EVERYWHERE: Tally(count=guesses, ends_at=T0 + window_of(EVERYWHERE), next_try_at=0.0)
        }
        self._most = 100_000

    def knock(self, guesser: Guesser, code: bytes | None) -> Heard:
        """Decide as the store does."""
        turn = next_turn(guesser, self._tallies, now=self.now, budget=self.budget)
        if turn.wait_seconds:
            return Heard(is_heard=False, wait_seconds=turn.wait_seconds, work=turn.work)
        for key, seconds in turn.takes:
            self._tallies[key] = Tally(count=0, ends_at=self.now + seconds, next_try_at=self.now + seconds)
        for key in () if code else turn.counts:
            self._count(key)
        return Heard()

    def _count(self, key: str) -> None:
        if len(self._tallies) > self._most:
            self._tallies = {name: one for name, one in self._tallies.items() if one.ends_at > self.now}
            self._most = 2 * len(self._tallies) + 100_000
        before = self._tallies.get(key)
        if before is None or self.now >= before.ends_at:
            self._tallies[key] = Tally(count=1, ends_at=self.now + window_of(key), next_try_at=0.0)
        else:
            self._tallies[key] = Tally(count=before.count + 1, ends_at=before.ends_at, next_try_at=0.0)


class StoreDoor:
    """A real store, whose clock is the simulation's."""

    def __init__(self, store: Store) -> None:
        self.now = T0
        self._store = store
        self._numbers = count(1)
        store.guesses.clock = lambda: self.now

    def knock(self, guesser: Guesser, code: bytes | None) -> Heard:
        """Open a ticket, or try to."""
        wrong = next(self._numbers).to_bytes(16, "big")
        decision = self._store.open_ticket(
            Opening(
                form=FORM,
                fingerprints=(code or wrong,),
                browser=bytes.fromhex(guesser.browser),
                holds=None,
                guesser=guesser,
                move=False,
                now=self.now,
                ticket_expires_at=self.now + 86_400.0,
                pass_id=new_pass_id(),
                pass_ttl_seconds=None,
            )
        )
        if isinstance(decision, Admit):
            assert code
            return Heard()
        if decision.reason is Reason.THROTTLED:
            assert decision.retry_after_seconds is not None
            return Heard(is_heard=False, wait_seconds=decision.retry_after_seconds, work=decision.work)
        assert (decision.reason, code) == (Reason.UNKNOWN_CODE, None)
        return Heard()


@dataclass
class Crowd:
    """People and guessers who come to one door, each at a time of their own."""

    door: Door
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    #: Seconds that each right code waited from its first try until it was let in.
    waits: list[float] = field(default_factory=list)
    #: Wrong codes that were looked at, and those of them that were worked for.
    guesses: int = 0
    worked: int = 0
    #: How long it has been going on.
    seconds: float = 0.0
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        """Let *act* happen *seconds* after the beginning."""
        heapq.heappush(self._due, (seconds, next(self._numbers), act))

    def pupil(
        self,
        seconds: float,
        code: bytes,
        *,
        network: str,
        has_script: bool = True,
        waits: list[float] | None = None,
    ) -> None:
        """Let somebody with a slow phone load the page then, type for some seconds, and wait and work as it does."""
        browser, into = self.dice.randbytes(16).hex(), self.waits if waits is None else waits
        first = seconds + self.dice.uniform(3, 10)

        def attempt(work: Work | None = None) -> None:
            guesser = Guesser(network=network, browser=browser, browser_age=self.seconds - seconds, work=work)
            heard = self.door.knock(guesser, code)
            if heard.is_heard:
                into.append(self.seconds - first)
            elif heard.work is not None and has_script:
                done = self.work_seconds(heard.work, SLOW_PHONE)
                self.at(self.seconds + done, lambda: attempt(heard.work))
            else:
                self.at(self.seconds + heard.wait_seconds + self.dice.uniform(0.0, 0.2), attempt)

        self.at(first, attempt)

    def work_seconds(self, work: Work, hashes_a_second: float) -> float:
        """Return how long some work takes this time."""
        return self.dice.gammavariate(PUZZLES, work.hashes / PUZZLES / hashes_a_second)

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Let everything happen in its order, until there is nothing left or *until* says so."""
        while self._due and not until():
            seconds, _, act = heapq.heappop(self._due)
            self.seconds, self.door.now = seconds, T0 + seconds
            act()


@dataclass
class Attack:
    """Guessers with so many networks, as many cookies as they like, and so much processor power.

    Of each network they use what is free, then what patience gives: a cookie is farmed, five seconds old, and guesses
    four times. Then they work, and take every turn that there is besides.
    """

    crowd: Crowd
    #: The networks that they come from, by number.
    network: Callable[[int], str]
    networks: int
    hashes_a_second: float = FAST_COMPUTER
    tries_a_second: float = SERVED_A_SECOND
    until_seconds: float = 86_400.0
    _browser: str = ""
    _left: int = 0
    _turn: int = 0
    _busy_until: float = 0.0

    def begin(self) -> None:
        """Start."""
        self.crowd.at(0.0, self._next)

    def _next(self) -> None:
        crowd = self.crowd
        if crowd.seconds >= self.until_seconds:
            return
        self._turn += 1
        heard = self._knock(self._turn)
        gap = 1 / self.tries_a_second
        if heard.work is not None and self.hashes_a_second:
            # All processors work for one code after the other; meanwhile every free turn is taken.
            if crowd.seconds >= self._busy_until:
                done = crowd.seconds + crowd.work_seconds(heard.work, self.hashes_a_second)
                self._busy_until = done
                work, turn = heard.work, self._turn
                crowd.at(done, lambda: self._bring(work, turn))
            gap = max(gap, min(heard.wait_seconds, self._busy_until - crowd.seconds, 0.5))
        elif not heard.is_heard:
            gap = max(gap, min(heard.wait_seconds, 0.5) / self.networks)
        crowd.at(crowd.seconds + gap, self._next)

    def _bring(self, work: Work, turn: int) -> None:
        if self._knock(turn, work).is_heard:
            self.crowd.worked += 1

    def _knock(self, turn: int, work: Work | None = None) -> Heard:
        if not self._left:
            self._browser, self._left = self.crowd.dice.randbytes(16).hex(), 4
        self._left -= 1
        network = self.network(turn % self.networks)
        guesser = Guesser(network=network, browser=self._browser, browser_age=6.0, work=work)
        heard = self.crowd.door.knock(guesser, None)
        self.crowd.guesses += heard.is_heard
        return heard


def one_address(_: int) -> str:
    """Return the one address."""
    return "203.0.113.7/32"


def of_one_48(number: int) -> str:
    """Return a /64 of one /48."""
    return f"2001:db8:7:{number:x}::/64"


def anywhere(number: int) -> str:
    """Return an address that has nothing to do with the others."""
    return f"{100 + (number >> 16)}.{number >> 8 & 255}.{number & 255}.1/32"
