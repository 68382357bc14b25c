"""Whoever holds a right code is in within half a minute, whatever others do; on a real store, and a simulated clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jotgate.protocols import NewGrant
from jotgate.stores import Store, open_store
from jotgate.throttle import budget_of
from tests.throttling.crowd import (
    FORM,
    T0,
    Attack,
    Crowd,
    MemoryDoor,
    StoreDoor,
    anywhere,
    of_one_48,
    one_address,
)

SCHOOL, ELSEWHERE = one_address(0), "198.51.100.7/32"
#: So many codes in use that a day has 1,125 guesses: every budget is used up within the test.
MANY = 10_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a store that knows a form."""
    found = open_store(f"sqlite:///{tmp_path}/store.db")
    found.prepare({FORM: "260010000000001"}, T0)
    yield found
    found.close()


def codes(store: Store, number: int) -> list[bytes]:
    """Create codes; return their fingerprints."""
    names = [hashlib.sha256(b"%d" % n).digest()[:16] for n in range(number)]
    grants = [
        NewGrant(
            fingerprint=name,
            code_key="key",
            form=FORM,
            subject=None,
            batch=None,
            uses=1,
            valid_from=None,
            valid_until=None,
        )
        for name in names
    ]
    store.create_grants(grants, T0)
    return names


def morning(
    store: Store,
    number: int,
    *,
    network: str,
    attack: Callable[[Crowd], Attack],
    begins_at: float,
    has_script: bool = True,
) -> Crowd:
    """Let *number* pupils come within a minute, from *begins_at* on, while somebody attacks."""
    crowd = Crowd(StoreDoor(store))
    for code in codes(store, number):
        begins = begins_at + crowd.dice.uniform(0, 60)
        crowd.pupil(begins, code, network=network, has_script=has_script)
    attacker = attack(crowd)
    attacker.until_seconds = begins_at + 120
    attacker.begin()
    crowd.run(until=lambda: len(crowd.waits) == number)
    assert len(crowd.waits) == number
    return crowd


def laptop(crowd: Crowd) -> Attack:
    """Return one laptop at one address that farms cookies."""
    return Attack(crowd, one_address, 1, tries_a_second=20)


def laptop_of_one_48(crowd: Crowd) -> Attack:
    """Return one laptop that uses 168 networks of its /48 in turn."""
    return Attack(crowd, of_one_48, 168, tries_a_second=20)


@pytest.mark.parametrize("attack", [laptop, laptop_of_one_48])
def test_pupils_elsewhere_do_not_notice_a_laptop_that_guesses(
    store: Store, monkeypatch: pytest.MonkeyPatch, attack: Callable[[Crowd], Attack]
) -> None:
    """It never goes faster than it is let, and uses up all that it gets: 30 pupils are in at once, every one."""
    monkeypatch.setattr(store, "codes_in_use", lambda: MANY)
    crowd = morning(store, 30, network=ELSEWHERE, attack=attack, begins_at=30)
    assert max(crowd.waits) == 0
    assert crowd.guesses - crowd.worked < budget_of(MANY)
    assert crowd.worked > 50


@pytest.mark.parametrize("number", [10, pytest.param(600, marks=pytest.mark.slow)])
def test_a_guesser_beside_the_pupils_keeps_nobody_out(store: Store, number: int) -> None:
    """He farms cookies and is always faster: without any script, everybody behind the same address is in at once.

    The browser is some seconds old by the time that its owner has typed the code; few codes leave millions of guesses a
    day, so nobody needs to be slowed for longer.
    """
    crowd = morning(store, number, network=SCHOOL, attack=laptop, begins_at=5, has_script=False)
    assert max(crowd.waits) <= 5.2
    assert crowd.guesses > 500


@pytest.mark.parametrize("number", [10, pytest.param(600, marks=pytest.mark.slow)])
def test_beside_a_guesser_who_has_used_up_the_day_pupils_work(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """However many turns he takes, and however fast he works, each slow phone has worked within half a minute."""
    monkeypatch.setattr(store, "codes_in_use", lambda: MANY)
    crowd = morning(store, number, network=SCHOOL, attack=laptop, begins_at=30)
    assert 1 < max(crowd.waits) <= 30


def test_a_browser_that_cannot_work_gets_its_turn(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the day is used up and nobody takes the turns any more, one without script is in within a minute."""
    monkeypatch.setattr(store, "codes_in_use", lambda: MANY)
    crowd = Crowd(StoreDoor(store))
    attacker = laptop(crowd)
    attacker.until_seconds = 60
    attacker.begin()
    crowd.run()
    [code] = codes(store, 1)
    crowd.pupil(crowd.seconds + 5, code, network=SCHOOL, has_script=False)
    crowd.run()
    assert crowd.waits[0] <= 61


def test_a_hundred_thousand_addresses_make_strangers_work_and_use_up_no_more_than_a_day_has() -> None:
    """A million codes are in use: once 11,258 guesses were made, each costs work, and pupils elsewhere are in."""
    crowd = Crowd(MemoryDoor(1_000_000))
    for n in range(600):
        crowd.pupil(200 + n / 10, b"right", network=ELSEWHERE)
    attacker = Attack(crowd, anywhere, 100_000, until_seconds=400)
    attacker.begin()
    crowd.run()
    assert 11_258 <= crowd.guesses - crowd.worked <= 11_258 + 400 / 7
    assert len(crowd.waits) == 600
    assert 1 < max(crowd.waits) <= 30
