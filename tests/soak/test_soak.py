"""The long run itself: what it calls a leak, what it calls lost, and a short one that must find nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.soak.run import STORES, soak
from tests.soak.watching import Sample, findings, plot, slope

HOUR = 3600.0


def series(
    memory: Callable[[float], float],
    descriptors: Callable[[float], int] = lambda at: 20,
) -> list[Sample]:
    """Return the samples of an hour."""
    moments = (10.0 * number for number in range(int(HOUR / 10)))
    return [Sample(at=at, memory_bytes=int(memory(at)), descriptors=descriptors(at)) for at in moments]


def test_what_grows_slowly_is_found() -> None:
    """Two megabytes an hour are a finding, in whatever saw-tooth they hide."""
    leak = series(lambda at: 30e6 + 2e6 * at / HOUR + (at % 120) * 20_000)
    assert 1.8e6 < slope(leak) < 2.2e6
    assert findings({7: leak}, [], HOUR) == ["process 7 grows by 2.0 MB an hour"]


def test_what_fills_up_and_stays_is_no_leak() -> None:
    """Caches that fill at first, and a short-lived process, are not taken for a leak."""
    fills = series(lambda at: 30e6 + 8e6 * min(1.0, at / 600))
    assert findings({7: fills, 8: fills[:30]}, [4_000_000] * 9, HOUR) == []


def test_descriptors_and_the_log_are_watched() -> None:
    """Descriptors that are never closed and a log that is never cut are findings."""
    leak = series(lambda at: 30e6, lambda at: 20 + int(at / 30))
    found = findings({7: leak}, [1_000, 90_000_000], HOUR)
    assert len(found) == 2
    assert "descriptors" in found[0]
    assert found[1] == "the write-ahead log grew to 90 MB"


def test_a_plot_shows_the_way_up() -> None:
    """The lowest value is empty, the highest full, and the row is never wider than a terminal."""
    assert plot([1, 2, 3]) == " ▄█"
    assert plot([5, 5]) == "  "
    assert plot([]) == ""
    assert len(plot(range(1_000))) <= 60


# Two processes and several faults of ten seconds each, on each store.
@pytest.mark.slow
@pytest.mark.parametrize("store", STORES)
def test_a_short_run_loses_nothing(store: str) -> None:
    """Half a minute of everything, with a worker killed and the store gone meanwhile: 503 at worst, nothing lost."""
    run = soak(store, seconds=30, fault_every_seconds=12)
    assert run.faults
    assert run.acknowledged.verdicts
    assert [*run.acknowledged.faults, *run.lost] == []
