"""How many rows to ask for at once."""

from __future__ import annotations

import pytest

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.jotform.envelope import CutOff, TooLarge
from jotgate.jotform.paging import Asking, PageSize

from .conftest import StillClock

SLOW = UpstreamError(UpstreamReason.TIMEOUT, "slow")
CUT = CutOff()
GATEWAY = UpstreamError(UpstreamReason.BROKEN, "504", status=504)
LARGE = TooLarge(b"", 2_000_000, 200)


@pytest.fixture
def size(clock: StillClock) -> PageSize:
    return PageSize(1_000, clock)


@pytest.mark.parametrize("problem", [SLOW, CUT, GATEWAY, LARGE], ids=lambda problem: problem.reason.value)
def test_each_failure_halves_the_page(size: PageSize, problem: UpstreamError) -> None:
    """Slow, cut, refused by a gateway or too large: the next page has half the rows."""
    asking = Asking(size)
    sizes = []
    for _ in range(4):
        sizes.append(asking.begin())
        assert asking.failed(problem)
    assert sizes == [1_000, 500, 250, 125]


@pytest.mark.parametrize(("problem", "fewest"), [(SLOW, 25), (LARGE, 1)])
def test_halving_ends_where_it_cannot_help(size: PageSize, problem: UpstreamError, fewest: int) -> None:
    """A page that is slow with 25 rows is not slow because of them; one that is too large may hold one giant."""
    asking = Asking(size)
    asking.begin()
    while asking.failed(problem):
        asking.begin()
    assert asking.rows == fewest


@pytest.mark.parametrize("status", [500, 502, 503])
def test_other_failures_leave_the_page_as_it_is(size: PageSize, status: int) -> None:
    """JotForm being down says nothing about the size of pages."""
    asking = Asking(size)
    asking.begin()
    assert not asking.failed(UpstreamError(UpstreamReason.BROKEN, "down", status=status))
    assert size.rows == 1_000


def test_a_size_that_worked_is_kept_for_a_while(size: PageSize, clock: StillClock) -> None:
    """What worked after larger pages failed is asked for again, until ten minutes have passed."""
    asking = Asking(size)
    asking.begin()
    asking.failed(GATEWAY)
    asking.begin()
    asking.worked(1_000)

    assert size.rows == 500
    clock.at += 599
    assert Asking(size).begin() == 500
    clock.at += 1
    assert Asking(size).begin() == 1_000


def test_an_outage_leaves_no_small_pages_behind(size: PageSize) -> None:
    """Failures that no success followed were an outage: after one small page everything is asked for at once."""
    for _ in range(10):
        asking = Asking(size)
        asking.begin()
        asking.failed(SLOW)
    assert size.rows == 25

    asking = Asking(size)
    asking.begin()
    asking.worked(25 * 1_000)
    assert size.rows == 1_000


def test_after_large_rows_the_page_grows_by_what_rows_weigh(size: PageSize) -> None:
    """The next page aims below the cap, neither at 1,000 giants nor at single rows for ever."""
    asking = Asking(size)
    asking.begin()
    asking.failed(LARGE)
    asking.begin()
    asking.failed(LARGE)
    asking.begin()
    asking.worked(250 * 6_000)
    assert size.rows == 250

    asking = Asking(size)
    asking.begin()
    asking.worked(250 * 1_000)
    assert size.rows == 1_000


def test_a_heavy_page_that_works_is_no_reason_to_ask_for_less(size: PageSize) -> None:
    """Just below the cap is below the cap."""
    asking = Asking(size)
    asking.begin()
    asking.worked(1_990_000)
    assert size.rows == 1_000
