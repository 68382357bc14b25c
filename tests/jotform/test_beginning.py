"""Where judging begins, among any number of earlier and later submissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from jotgate.jotform.beginning import find_newest

from .conftest import WINTER_NOON


class Listing:
    """A form's list, one submission a second, newest first; it listens to filters or not."""

    def __init__(self, earlier: int, later: int, *, listens: bool) -> None:
        self.times = range(int(WINTER_NOON) + later - 1, int(WINTER_NOON) - earlier - 1, -1)
        self.listens = listens
        self.calls = 0

    def ask(self, offset: int, limit: int, condition: Mapping[str, str]) -> Sequence[object]:
        """Return a page."""
        self.calls += 1
        times = self.times
        if condition and self.listens:
            times = times[max(times[0] - int(WINTER_NOON) + 1, 0) :] if times else times
        return times[offset : offset + limit]

    def newest_of(self, rows: Sequence[object]) -> str | None:
        """Return the newest that is old enough."""
        return next((str(at) for at in rows if isinstance(at, int) and at < WINTER_NOON), None)


@pytest.mark.parametrize("listens", [True, False])
@pytest.mark.parametrize("later", [0, 1, 19, 20, 21, 1_519, 1_521, 100_000])
@pytest.mark.parametrize("earlier", [0, 1, 100_000])
def test_the_beginning_is_found_in_a_handful_of_calls(earlier: int, later: int, listens: bool) -> None:
    """Whatever came before or after; a little more where JotForm ignores filters."""
    listing = Listing(earlier, later, listens=listens)
    found = find_newest(listing.ask, listing.newest_of, WINTER_NOON)
    assert found == (str(int(WINTER_NOON) - 1) if earlier else None)
    assert listing.calls <= (3 if listens else 24)
