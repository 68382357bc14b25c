"""An exam morning by simulation: 100,000 students at doors whose speed was measured, and what JotForm is asked for."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

STUDENTS = 100_000
#: Rows that one call can list.
_ROWS_A_CALL = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Morning:
    """What became of one morning."""

    machines: int
    #: Half of the students come within this many minutes.
    half_within_minutes: float
    #: Seconds that students waited before the door looked at them.
    median: float
    late: float
    longest: float


def simulate(
    pupils_a_second: float, machines: int, half_within_minutes: float, students: int = STUDENTS
) -> Morning:
    """Let *students* come around nine o'clock to *machines* that let in so many each second, first come, first served.

    They come as a bell: half of them within *half_within_minutes*, some early, some late.
    """
    dice = random.Random(f"{machines} {half_within_minutes}")
    # Half of a normal distribution lies within 0.6745 standard deviations of its middle.
    spread = half_within_minutes * 60 / (2 * 0.6745)
    service = 1 / pupils_a_second
    free_at = [-math.inf] * machines
    waits = []
    for at in sorted(dice.gauss(0.0, spread) for _ in range(students)):
        begins = max(at, free_at[0])
        heapq.heapreplace(free_at, begins + service)
        waits.append(begins - at)
    waits.sort()
    return Morning(
        machines=machines,
        half_within_minutes=half_within_minutes,
        median=waits[students // 2],
        late=waits[int(students * 0.99)],
        longest=waits[-1],
    )


def mornings(pupils_a_second: float) -> Iterator[Morning]:
    """Give the mornings worth knowing."""
    for half_within_minutes in (5.0, 15.0, 30.0):
        for machines in (1, 2, 4):
            yield simulate(pupils_a_second, machines, half_within_minutes)


def calls_at_least(submissions: int = STUDENTS) -> int:
    """Return how many calls list so many submissions when each list is full."""
    return -(-submissions // _ROWS_A_CALL)
