"""Days of guessing, simulated: how many guesses are looked at, what they find, and how long pupils wait meanwhile.

``python -m tests.throttling.days`` prints the table of `docs/security.md`, in some ten minutes; with a number, for
so many codes in use. Of each day the part in which something changes is simulated, guess by guess; before, every
guess is looked at, and afterwards it goes on as in the last half-hour. Schools come at the beginning and at the end of
that part, each within a minute.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jotgate.throttle import DAY_SECONDS, PATIENT_SHARE, POSSIBLE_CODES, budget_of
from tests.throttling.crowd import (
    FAST_COMPUTER,
    LAPTOP,
    Attack,
    Crowd,
    MemoryDoor,
    anywhere,
    of_one_48,
    one_address,
)

#: What attacks: the networks that it comes from, and the hashes a second of all its processors.
ATTACKS: dict[str, tuple[Callable[[int], str], int, float]] = {
    "one address, a laptop": (one_address, 1, LAPTOP),
    "168 /64s of one /48, a laptop": (of_one_48, 168, LAPTOP),
    "one address, a fast computer": (one_address, 1, FAST_COMPUTER),
    "1,000 addresses, a fast computer": (anywhere, 1_000, FAST_COMPUTER),
    "100,000 addresses, a fast computer": (anywhere, 100_000, FAST_COMPUTER),
    "100,000 addresses, a thousand fast computers": (anywhere, 100_000, 1_000 * FAST_COMPUTER),
}
CODES = (600, 10_000, 1_000_000)
#: A day is played from shortly before slowed networks have used up their share, or many networks the whole budget,
#: until nothing changes any more.
HOURS = 0.7
_BEFORE = 50_000
_MANY_NETWORKS = 1_000
SCHOOLS = (30, 600, 2_000)
ELSEWHERE = "198.51.100.7/32"
_HALF_HOUR = 1_800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a day was like."""

    guesses: float
    odds: float
    #: By the pupils of a school: the longest wait elsewhere, and behind the same address, in seconds.
    waits: dict[int, tuple[float, float]]


def simulate(
    attack: str, live_codes: int, *, hours: float = HOURS, schools: tuple[int, ...] = SCHOOLS
) -> Day:
    """Play *hours* of a day."""
    network, networks, hashes_a_second = ATTACKS[attack]
    share = 1.0 if networks >= _MANY_NETWORKS else PATIENT_SHARE
    begins_with = max(int(budget_of(live_codes) * share) - _BEFORE, 0)
    crowd = Crowd(MemoryDoor(live_codes, begins_with))
    ends_at = hours * 3_600.0
    attacker = Attack(crowd, network, networks, hashes_a_second=hashes_a_second, until_seconds=ends_at)
    attacker.begin()
    groups = {
        (pupils, place): _school(crowd, pupils, place, ends_at)
        for pupils in schools
        for place in (ELSEWHERE, network(0))
    }
    crowd.run(until=lambda: crowd.seconds >= ends_at - _HALF_HOUR)
    before = (crowd.guesses - crowd.worked, crowd.worked)
    crowd.run()
    after = (crowd.guesses - crowd.worked, crowd.worked)
    left = (DAY_SECONDS - ends_at - begins_with / attacker.tries_a_second) / _HALF_HOUR
    free, worked = (now + (now - was) * left for was, now in zip(before, after, strict=True))
    free += begins_with
    guesses = free + worked
    waits = {pupils: (max(groups[pupils, ELSEWHERE]), max(groups[pupils, network(0)])) for pupils in schools}
    return Day(guesses=guesses, odds=guesses * live_codes / POSSIBLE_CODES, waits=waits)


def _school(crowd: Crowd, pupils: int, network: str, ends_at: float) -> list[float]:
    """Let a school come, twice; return the list that is to hold how long each pupil waited."""
    waits: list[float] = []
    for begins in (60.0, ends_at - 200.0):
        for _ in range(pupils):
            crowd.pupil(begins + crowd.dice.uniform(0, 60), b"right", network=network, waits=waits)
    return waits


def rows(*numbers: int) -> Iterator[str]:
    """Iterate over the lines of the table, for those numbers of codes."""
    yield "| codes in use | attack | guesses a day | odds a day | longest wait elsewhere | behind the same address |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for live_codes in numbers or CODES:
        for attack in ATTACKS:
            day = simulate(attack, live_codes)
            elsewhere, beside = (
                " / ".join(f"{waits[place]:.0f}" for waits in day.waits.values()) for place in (0, 1)
            )
            yield (
                f"| {live_codes:,} | {attack} | {day.guesses:,.0f} | 1 in {1 / day.odds:,.0f} "
                f"| {elsewhere} s | {beside} s |"
            )


if __name__ == "__main__":
    for line in rows(*map(int, sys.argv[1:])):
        print(line, flush=True)
