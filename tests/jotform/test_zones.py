"""The zone of an account's times is learnt from many rows, and the account's own word is only a hint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.jotform.times import NEW_YORK, Wall
from jotgate.jotform.zones import Zones, wall_of
from jotgate.protocols import ZoneCount
from jotgate.stores import open_store
from jotgate.testing import FrozenClock

from .test_times import HOUR, id_at, utc, wall_at

T = TypeVar("T")
NOON = utc("2026-06-10T12:00:00")


class _Memory:
    """A store of one account's zone that counts how often it is written."""

    def __init__(self) -> None:
        self.held = ZoneCount()
        self.writes = 0

    def change_zones(self, account: str, change: Callable[[ZoneCount], tuple[ZoneCount, T]]) -> T:
        self.held, answer = change(self.held)
        self.writes += 1
        return answer

    def zones(self, account: str) -> ZoneCount:
        return self.held


@pytest.fixture
def memory() -> _Memory:
    return _Memory()


@pytest.fixture
def zones(memory: _Memory) -> Zones:
    return Zones(memory, account="a", clock=FrozenClock(NOON))


def _rows(zone: str, count: int, *, start: float = NOON - HOUR, offline: float = 0) -> list[dict[str, Any]]:
    moments = [start + 10 * number for number in range(count)]
    return [{"id": id_at(moment), "created_at": wall_at(moment - offline, zone)} for moment in moments]


def _nobody_asks() -> str | None:
    pytest.fail("the account was asked although nothing is in doubt")


def test_new_york_is_learnt_without_a_question(zones: Zones) -> None:
    """Where both clocks agree in New York, as on every captured account, `/user` costs no call."""
    zones.learn(_rows(NEW_YORK, 4), _nobody_asks)
    assert zones.wall() == Wall()
    zones.learn(_rows(NEW_YORK, 4, start=NOON), _nobody_asks)
    assert zones.wall() == Wall(zones=(NEW_YORK,), is_known=True)


def test_another_zone_is_asked_for_once_and_learnt_by_its_name(zones: Zones) -> None:
    """The account names it, and rows prove it."""
    asked: list[int] = []

    def ask() -> str:
        asked.append(1)
        return "Europe/Berlin"

    zones.learn(_rows("Europe/Berlin", 3), ask)
    assert zones.wall() == Wall(zones=(NEW_YORK, "Europe/Berlin"))
    zones.learn(_rows("Europe/Berlin", 3, start=NOON), ask)
    assert zones.wall() == Wall(zones=("Europe/Berlin",), is_known=True)
    assert len(asked) == 1


def test_the_accounts_word_alone_proves_nothing(zones: Zones) -> None:
    """An account that says Istanbul prints its times in New York's, as the captured one may."""
    zones.learn(_rows(NEW_YORK, 1, offline=3 * HOUR), lambda: "Europe/Istanbul")
    zones.learn(_rows(NEW_YORK, 8, start=NOON), _nobody_asks)
    assert zones.wall() == Wall(zones=(NEW_YORK,), is_known=True)


@pytest.mark.parametrize("answer", [None, "Mars/Olympus", ""])
def test_a_zone_that_nobody_names_is_learnt_as_an_offset(zones: Zones, answer: str | None) -> None:
    """Without a name that means something, what the rows show is enough."""
    zones.learn(_rows("Asia/Kolkata", 6), lambda: answer)
    assert zones.wall() == Wall(zones=("UTC+05:30",), is_known=True)


def test_a_question_that_fails_is_not_repeated_for_a_day(memory: _Memory) -> None:
    """Asking costs a call, so it is tried once a day, and what rows show is counted meanwhile."""
    clock, asked = FrozenClock(NOON), []

    def ask() -> str | None:
        asked.append(clock.now())
        raise UpstreamError(UpstreamReason.BROKEN, "down")

    zones = Zones(memory, account="a", clock=clock)
    for number in range(4):
        zones.learn(_rows("Asia/Kolkata", 1, start=clock.now()), ask)
        clock.advance(9 * HOUR if number else 60)
    assert len(asked) == 1
    zones.learn(_rows("Asia/Kolkata", 1, start=clock.now()), ask)
    assert len(asked) == 2
    assert zones.wall().is_known


def test_a_row_counts_once(zones: Zones) -> None:
    """A list is read many times; one form that was filled in offline cannot outvote the account by that."""
    rows = _rows(NEW_YORK, 4, offline=3 * HOUR)
    for _ in range(10):
        zones.learn(rows, lambda: None)
    assert not zones.wall().is_known


def test_a_few_offline_forms_change_nothing(zones: Zones, memory: _Memory) -> None:
    """Some were filled in a whole number of hours before they were sent: the account's zone stays known."""
    zones.learn(_rows(NEW_YORK, 10), _nobody_asks)
    zones.learn(_rows(NEW_YORK, 2, start=NOON, offline=3 * HOUR), lambda: None)
    assert zones.wall() == Wall(zones=(NEW_YORK,), is_known=True)


def test_what_is_known_costs_no_writes(zones: Zones, memory: _Memory) -> None:
    """An ordinary account writes a few times, and then never again."""
    zones.learn(_rows(NEW_YORK, 10), _nobody_asks)
    before = memory.writes
    for number in range(50):
        zones.learn(_rows(NEW_YORK, 10, start=NOON + number), _nobody_asks)
    assert memory.writes == before


def test_an_offset_that_changes_with_the_season_is_learnt_anew() -> None:
    """What nearly all of the latest hundred rows show is known."""
    memory, clock = _Memory(), FrozenClock(NOON)
    zones = Zones(memory, account="a", clock=clock)
    zones.learn(_rows("Asia/Kolkata", 20), lambda: None)
    for number in range(10):
        clock.advance(120)
        zones.learn(_rows("UTC+06:30", 20, start=NOON + 1_000 * number), lambda: None)
    assert wall_of(memory.held) == Wall(zones=("UTC+06:30",), is_known=True)


@pytest.mark.parametrize("row", [None, [], {}, {"id": "x"}, {"id": "5", "created_at": 7}, {"id": "9" * 30}])
def test_odd_rows_show_nothing(zones: Zones, row: object) -> None:
    """Learning is total: what is not a row with an id and a time is passed over."""
    zones.learn([row], lambda: None)
    assert not zones.wall().is_known


def test_every_process_knows_what_one_has_learnt(tmp_path: Path) -> None:
    """It is kept in the store, apart for each account."""
    store = open_store(f"sqlite:///{tmp_path / 'jotgate.db'}")
    store.prepare({}, NOON)
    clock = FrozenClock(NOON)
    Zones(store, account="a", clock=clock).learn(_rows("Europe/Berlin", 6), lambda: "Europe/Berlin")
    assert Zones(store, account="a", clock=clock).wall() == Wall(zones=("Europe/Berlin",), is_known=True)
    assert Zones(store, account="b", clock=clock).wall() == Wall()
    store.close()
