"""The budget of guesses: guessers are slowed, schools are not, nobody is locked out, whatever the clock does."""

from __future__ import annotations

import heapq
import ipaddress
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.browsers import Browser, new_browser
from jotgate.codes import generate, printed
from jotgate.gate import Gate, Seen
from jotgate.grants import Grants, Person, Terms
from jotgate.keyring import CodeKeys, KeyRing
from jotgate.outcomes import Admit, Decision, Reason
from jotgate.policy import FormPolicy
from jotgate.stores import open_store
from jotgate.testing import FrozenClock
from jotgate.throttle import (
    BRAKED_TURN_SECONDS,
    DAILY_GUESSES,
    EVERYWHERE,
    FREE_GUESSES,
    LAG_SECONDS,
    SLOW_TURN_SECONDS,
    Guesser,
    Tally,
    Turn,
    network_of,
    next_turn,
)

T0 = 1_790_000_000.0
FORM = "students"
SCHOOL, ELSEWHERE = "192.0.2.1/32", "198.51.100.7/32"


@dataclass
class Door:
    """A gate on a real store, with a clock that stands still."""

    gate: Gate
    office: Grants
    clock: FrozenClock

    def codes(self, number: int) -> list[str]:
        """Create codes."""
        return [issued.code for issued in self.office.create(Terms(form=FORM), [Person()] * number)]

    def knock(self, text: str, browser: Browser | None = None, network: str = SCHOOL) -> Decision:
        """Try *text*, in a browser that is new unless it is given."""
        browser = browser or new_browser(self.clock.now())
        return self.gate.admit(text, form=FORM, seen=Seen(browser=browser, network=network))


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """Return a door with nothing behind it yet."""
    clock = FrozenClock(T0)
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    policy = FormPolicy(form=FORM, form_id="260010000000001", title="Students")
    store.prepare({FORM: policy.form_id}, T0)
    code_keys = CodeKeys([b"c" * 32])
    keys = KeyRing([b"s" * 32])
    gate = Gate({FORM: policy}, store=store, keys=keys, code_keys=code_keys, clock=clock)
    yield Door(gate=gate, office=Grants([FORM], store=store, code_keys=code_keys, clock=clock), clock=clock)
    store.close()


def mistyped(code: str) -> str:
    """Return *code* with one symbol wrong."""
    return ("0" if code[0] != "0" else "2") + code[1:]


def why(decision: Decision) -> Reason | None:
    """Return why it was refused, or None."""
    return None if isinstance(decision, Admit) else decision.reason


@dataclass
class Crowd:
    """People and guessers who come to one door, each at a time of their own."""

    door: Door
    #: Seconds that each right code waited from its first try to its admission.
    waits: list[float] = field(default_factory=list)
    slowed: int = 0
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        """Let *act* happen *seconds* after the beginning."""
        heapq.heappush(self._due, (T0 + seconds, next(self._numbers), act))

    def pupil(self, seconds: float, code: str, *, dice: random.Random) -> None:
        """Let somebody load the page then, type for a few seconds, perhaps wrongly, and try again as the page does."""
        browser = new_browser(T0 + seconds)
        first = seconds + dice.uniform(2, 10)
        texts = [mistyped(code)] if dice.random() < 0.1 else []

        def attempt() -> None:
            now = self.door.clock.now()
            decision = self.door.knock(texts.pop() if texts else code, browser)
            if isinstance(decision, Admit):
                self.waits.append(now - T0 - first)
            elif decision.reason is Reason.MISTYPED:
                self.at(now - T0 + 3, attempt)
            else:
                assert decision.reason is Reason.THROTTLED
                assert decision.retry_after_seconds is not None
                self.slowed += 1
                self.at(now - T0 + decision.retry_after_seconds + dice.uniform(0, 0.05), attempt)

        self.at(first, attempt)

    def guesser(self, *, seconds: float, cookie: Callable[[float], Browser]) -> None:
        """Let somebody guess every 10 ms for so long, with whatever *cookie* gives for the time it is."""

        def attempt() -> None:
            now = self.door.clock.now()
            self.door.knock(printed(generate()), cookie(now))
            if now - T0 < seconds:
                self.at(now - T0 + 0.01, attempt)

        self.at(0, attempt)

    def run(self) -> None:
        """Let everything happen, in its order."""
        while self._due:
            moment, _, act = heapq.heappop(self._due)
            self.door.clock.set(moment)
            act()


def test_600_pupils_behind_one_address_are_never_slowed(door: Door) -> None:
    """One in ten mistypes; within a minute all of them are in at their first right try."""
    crowd, dice = Crowd(door), random.Random(1)
    for code in door.codes(600):
        crowd.pupil(dice.uniform(0, 60), code, dice=dice)
    crowd.run()
    assert (len(crowd.waits), crowd.slowed) == (600, 0)
    assert max(crowd.waits) <= 3.1


def _no_cookie(now: float) -> Browser:
    return new_browser(now)


def _fetched_first(now: float) -> Browser:
    return new_browser(now - 0.5)


def _kept() -> Callable[[float], Browser]:
    browser = new_browser(T0 - 3600)
    return lambda _: browser


@pytest.mark.parametrize(
    "cookie", [_no_cookie, _kept(), _fetched_first], ids=["no cookie", "one kept cookie", "fresh cookies"]
)
def test_a_guesser_among_the_pupils_keeps_nobody_out(door: Door, cookie: Callable[[float], Browser]) -> None:
    """Somebody behind the same address guesses 100 times a second: each right code passes within 30 s."""
    crowd, dice = Crowd(door), random.Random(2)
    for code in door.codes(40):
        crowd.pupil(dice.uniform(5, 15), code, dice=dice)
    crowd.guesser(seconds=45, cookie=cookie)
    crowd.run()
    assert len(crowd.waits) == 40
    assert max(crowd.waits) <= 30


def test_a_slowed_guesser_has_one_try_a_second(door: Door) -> None:
    """Of the 2,000 tries in 20 s, 60 are free, and about one a second is heard after that."""
    heard = 0
    for n in range(2000):
        door.clock.set(T0 + n * 0.01)
        heard += why(door.knock(printed(generate()))) is Reason.UNKNOWN_CODE
    assert FREE_GUESSES + 18 <= heard <= FREE_GUESSES + 21


def test_many_addresses_trip_the_brake_and_lock_nobody_out(door: Door) -> None:
    """3,000 addresses guess 5 times each: after 10,000 guesses everybody has one try a minute.

    Somebody at an address that was quiet passes at the first try, and again a minute later.
    """
    first, second = door.codes(2)
    reasons = [
        why(door.knock(printed(generate()), network=f"10.0.{n // 256}.{n % 256}/32"))
        for n in range(3000)
        for _ in range(5)
    ]
    # Each address that comes after the brake still has the first of its five tries.
    assert reasons.count(Reason.UNKNOWN_CODE) == DAILY_GUESSES + (3000 - DAILY_GUESSES // 5)
    browser = new_browser(T0 - 60)
    assert why(door.knock(first, browser, ELSEWHERE)) is None
    slowed = door.knock(second, browser, ELSEWHERE)
    assert not isinstance(slowed, Admit)
    assert slowed.retry_after_seconds == BRAKED_TURN_SECONDS
    door.clock.advance(BRAKED_TURN_SECONDS)
    assert why(door.knock(second, browser, ELSEWHERE)) is None


def test_typos_are_free(door: Door) -> None:
    """A thousand texts that are no code count nothing, the empty one included."""
    [code] = door.codes(1)
    for n in range(1000):
        assert (
            why(door.knock(["", "-", mistyped(code), "HELLO WORLD!", "\ud800" * 12][n % 5]))
            is Reason.MISTYPED
        )
    assert why(door.knock(code)) is None


def test_a_browser_without_an_address_is_throttled_too(door: Door) -> None:
    """On a Unix socket there is none; all such visitors are one network, which is never the empty one."""
    network = network_of("")
    for _ in range(FREE_GUESSES + 1):
        assert why(door.knock(printed(generate()), network=network)) is Reason.UNKNOWN_CODE
    assert why(door.knock(printed(generate()), network=network)) is Reason.THROTTLED
    assert why(door.knock(printed(generate()))) is Reason.UNKNOWN_CODE


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.77/32"),
        (" 192.0.2.77 ", "192.0.2.77/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.77", "192.0.2.77/32"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("192.0.2.77:8080", "unknown"),
        ("192.0.2.077", "unknown"),
    ],
)
def test_an_address_belongs_to_a_network(address: str, network: str) -> None:
    """One for each IPv4 address, one for each /64, and one for all that have none."""
    assert network_of(address) == network


@given(st.text() | st.ip_addresses().map(str))
def test_any_address_belongs_to_some_network(address: str) -> None:
    """Never an exception, and never the empty key that would skip the limit."""
    network = network_of(address)
    assert network == "unknown" or ipaddress.ip_network(network)


def _tallies(guesser: Guesser, state: str, at: float) -> dict[str, Tally]:
    """Return the tallies of a guesser's network that is in *state* at *at*, every turn just taken."""
    network, known, _, _ = guesser.keys
    turn = BRAKED_TURN_SECONDS if state == "braked" else SLOW_TURN_SECONDS
    slowed = Tally(count=FREE_GUESSES, since=at - 5, next_try_at=at + turn)
    if state == "free":
        return {network: Tally(count=FREE_GUESSES - 1, since=at - 5, next_try_at=0.0)}
    tallies = {network: slowed, known: slowed}
    if state == "braked":
        tallies[EVERYWHERE] = Tally(count=DAILY_GUESSES, since=at - 5, next_try_at=0.0)
    return tallies


@pytest.mark.parametrize("shift", [-3600.0, -60.0, -3.0, 0.0, 3.0, 60.0, 3600.0])
@pytest.mark.parametrize("state", ["free", "slowed", "braked"])
@pytest.mark.parametrize("age", [0.0, 60.0])
def test_a_clock_that_jumps_locks_nobody_out_for_longer_than_a_turn(
    age: float, state: str, shift: float
) -> None:
    """Whatever was noted by the other clock, an honest browser that comes back when it is told to gets its turn."""
    guesser = Guesser(network=SCHOOL, browser="00", browser_since=T0 - age)
    tallies = _tallies(guesser, state, T0)
    began = now = T0 + shift
    turn = next_turn(guesser, tallies, now)
    while turn.wait_seconds > 0:
        assert turn.wait_seconds <= BRAKED_TURN_SECONDS + LAG_SECONDS
        now += turn.wait_seconds
        turn = next_turn(guesser, tallies, now)
    longest = BRAKED_TURN_SECONDS if state == "braked" else SLOW_TURN_SECONDS
    assert now - began <= longest + LAG_SECONDS


@given(
    st.tuples(st.integers(0, 20_000), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)),
    st.tuples(st.integers(0, 20_000), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)),
    st.integers(0, 20_000),
    st.floats(-1e4, 1e4),
)
def test_a_turn_is_now_or_within_a_turn(
    network: tuple[int, float, float], known: tuple[int, float, float], in_all: int, age: float
) -> None:
    """Any tallies and any age give a turn that says what it counts, or a wait of a minute or so at most."""
    guesser = Guesser(network=SCHOOL, browser="00", browser_since=T0 - age)
    tallies = {
        key: Tally(count=count, since=T0 + since, next_try_at=T0 + next_try)
        for key, (count, since, next_try) in zip(guesser.keys, (network, known), strict=False)
    }
    tallies[EVERYWHERE] = Tally(count=in_all, since=T0, next_try_at=0.0)
    turn = next_turn(guesser, tallies, T0)
    assert isinstance(turn, Turn)
    if turn.wait_seconds > 0:
        assert turn.takes is None
        assert turn.wait_seconds <= BRAKED_TURN_SECONDS + LAG_SECONDS
    else:
        assert EVERYWHERE in turn.counts
        assert len(turn.counts) == 3
