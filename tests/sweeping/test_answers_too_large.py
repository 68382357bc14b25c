"""What cannot be read holds up nobody: a large answer is stepped over, and pages shrink to what JotForm can give."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from jotgate.outcomes import Verdict
from tests.standin.account import Mishaps
from tests.standin.gated import Gated, gated

_MINUTE, _HOUR = 60.0, 3_600.0
_LARGE = "x" * 2_500_000


def _sent(site: Gated, count: int, large: Collection[int] = ()) -> list[str]:
    """Send so many forms ten seconds apart; those in *large* without a ticket and with an answer of 2.5 MB."""
    code = site.code(uses=count)
    rows = []
    for number in range(count):
        ticket, report = (None, _LARGE) if number in large else (site.enter(code), "short")
        rows.append(site.submit(ticket=ticket, report=report))
        site.wait(10, step=5)
    return rows


def _verified(site: Gated) -> set[str]:
    return {row_id for row_id, verdict in site.verdicts().items() if verdict is Verdict.VERIFIED}


@pytest.mark.parametrize(
    "large",
    [{9}, {0, 2, 4, 6, 8}, *(pytest.param(one, marks=pytest.mark.slow) for one in ({0}, {5}, {3, 4, 5}))],
)
def test_all_but_the_large_answers_are_judged_at_the_normal_pace(large: set[int]) -> None:
    """First, in the middle, last, several: whoever sent a short answer has the verdict within minutes."""
    with gated() as site:
        site.wait(70, step=5)
        rows = _sent(site, 10, large)
        site.wait(5 * _MINUTE, step=5)
        assert _verified(site) == {row_id for number, row_id in enumerate(rows) if number not in large}


def test_one_large_answer_stops_no_form_and_eats_no_day() -> None:
    """Ten forms, the sixth with 2.5 MB, and 210 more in the hours after: 219 verdicts, and calls are left over."""
    with gated() as site:
        site.wait(70, step=5)
        rows = _sent(site, 10, {5})
        code = site.code(uses=210)
        for _ in range(210):
            rows.append(site.submit(ticket=site.enter(code)))
            site.wait(50, step=10)
        site.wait(5 * _MINUTE, step=10)
        assert _verified(site) == set(rows) - {rows[5]}
        late = site.lateness()
        assert late[int(len(late) * 0.95) - 1] <= 3 * _MINUTE
        assert site.account.used_today() <= 400


def test_a_large_answer_is_never_called_unticketed_unread() -> None:
    """Nobody read its ticket field, so it waits: for another try, and then for a person."""
    with gated() as site:
        site.wait(70, step=5)
        row = site.submit(ticket=site.ticket(), report=_LARGE)
        site.wait(2 * _HOUR, step=30)
        assert site.verdicts().get(row, Verdict.PENDING) is Verdict.PENDING
        site.account.edit(row, "short")
        site.wait(25 * _HOUR, step=60)
        assert site.verdicts() == {row: Verdict.VERIFIED}


@pytest.mark.parametrize("most", [1, 200, *(pytest.param(one, marks=pytest.mark.slow) for one in (10, 100))])
@pytest.mark.parametrize("fails", ["gateway_rows", "slow_rows"])
def test_a_list_that_fails_above_some_rows_is_read_to_its_end(fails: str, most: int) -> None:
    """504 or a time-out above *most* rows: all of several pages are judged, and the calls suffice."""
    count = min(700, 60 * most)
    with gated() as site:
        site.wait(70, step=5)
        code = site.code(uses=count)
        rows = {site.submit(ticket=site.enter(code), webhook=False) for _ in range(count)}
        site.account.mishaps = Mishaps(**{fails: most})
        site.deliver("form-0", max(rows, key=int))
        site.wait(2 * _HOUR, step=10)
        assert _verified(site) == rows
        assert site.account.used_today() <= 400


def test_what_worked_is_remembered_across_readings() -> None:
    """Where pages of 200 are the most that comes, later readings do not begin with pages that fail."""
    with gated() as site:
        site.wait(70, step=5)
        code = site.code(uses=1_300)
        rows = {site.submit(ticket=site.enter(code), webhook=False) for _ in range(700)}
        site.account.mishaps = Mishaps(slow_rows=200)
        for _ in range(12):
            rows |= {site.submit(ticket=site.enter(code)) for _ in range(50)}
            site.wait(5 * _MINUTE, step=5)
        site.wait(10 * _MINUTE, step=5)
        assert _verified(site) == rows
        failed = sum(call.status == 0 for call in site.account.log)
        assert failed <= 12


@pytest.mark.parametrize("before", [1, 3])
def test_behind_rows_that_cannot_be_read_a_failure_of_a_moment_costs_no_place(before: int) -> None:
    """A row that fails once is asked for again, whatever was stepped over: of two on one ticket the earlier counts."""
    with gated() as site:
        site.wait(70, step=5)
        ticket = site.ticket()
        unreadable = [site.submit(webhook=False) for _ in range(before)]
        first = site.submit(ticket=ticket, webhook=False)
        second = site.submit(ticket=ticket, webhook=False)
        site.account.mishaps = Mishaps(stuck={**dict.fromkeys(unreadable, 1_000_000), first: 1})
        site.deliver("form-0", second)
        site.wait(5)
        assert site.verdicts() == {first: Verdict.VERIFIED, second: Verdict.REPLAYED}
