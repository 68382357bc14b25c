"""The simulation that the published table comes from, on a small scale."""

from __future__ import annotations

import pytest

from jotgate.throttle import DAY_SECONDS, MOST_WORK, POSSIBLE_CODES
from tests.throttling.crowd import LAPTOP
from tests.throttling.days import ATTACKS, simulate

MANY = 10_000_000


@pytest.mark.parametrize("attack", [name for name in ATTACKS if name.endswith("laptop")])
def test_a_laptop_slows_nobody_elsewhere_and_finds_what_it_works_for(attack: str) -> None:
    """Nearly all that it gets in a day is what it worked for."""
    day = simulate(attack, MANY, hours=0.55, schools=(30,))
    elsewhere, beside = day.waits[30]
    assert elsewhere < 0.001
    assert 1 < beside <= 30
    worked = DAY_SECONDS * LAPTOP / MOST_WORK
    assert 0.9 * worked <= day.guesses <= 1.1 * worked
    assert day.odds == day.guesses * MANY / POSSIBLE_CODES
