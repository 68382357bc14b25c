"""What cannot be read holds up nobody: a large answer is stepped over, and pages shrink to what JotForm can give."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest

from jotgate.outcomes import Verdict
from jotgate.protocols import Place
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


@pytest.mark.parametrize(
    ("mishaps", "count", "asked", "asked_next"),
    [
        (
            lambda rows: Mishaps(slow_rows=200),
            1_600,
            [1_000, *[125] * 8, 250, *[31] * 8, *[62] * 6],
            [*[62] * 8, *[124] * 8, 248],
        ),
        (lambda rows: Mishaps(gateway_rows=200), 400, [1_000, 500, 250, *[125] * 4], [125] * 4),
        (lambda rows: Mishaps(stuck={rows[2]: 2}), 3, [1_000, 500, 250], [250]),
        # The last call is for the one row by itself.
        (
            lambda rows: Mishaps(stuck={rows[2]: 1_000_000}),
            10,
            [1_000, 500, 250, 125, 62, 31, 15, 7, 3, 1, 1, 1, 1, 1, 4, 16, 1],
            [1_000, 1_000],
        ),
    ],
    ids=["slow", "too many", "for a moment", "one row"],
)
def test_pages_grow_smaller_where_they_fail_and_larger_where_they_work(
    mishaps: Callable[[list[str]], Mishaps], count: int, asked: list[int], asked_next: list[int]
) -> None:
    """Half as many, or an eighth after a time-out; twice as many after eight full pages; one bad row costs none."""
    with gated() as site:
        site.wait(70, step=5)
        rows = [site.submit(webhook=False) for _ in range(count)]
        site.account.mishaps = mishaps(rows)
        assert _sizes(site, rows[-1]) == asked
        site.clock.at += 70
        assert _sizes(site, rows[-1]) == asked_next


def test_where_no_page_came_at_all_the_next_ones_grow_at_once() -> None:
    """That one row failed says nothing about how many can be read."""
    with gated() as site:
        site.wait(70, step=5)
        rows = [site.submit(webhook=False) for _ in range(40)]
        site.account.mishaps = Mishaps(gateway_rows=0)
        for _ in range(2):
            assert _sizes(site, rows[-1])[-1] == 1
            site.clock.at += _HOUR
        site.account.mishaps = Mishaps()
        assert _sizes(site, rows[-1]) == [1, 4, 16, 64]


def _sizes(site: Gated, row: str) -> list[int]:
    """Read once, and return how many rows were asked for each time."""
    before = site.account.calls
    site.deliver("form-0", row)
    site.parts.sweep.run()
    return [int(call.query["limit"]) for call in site.account.log[before:] if "limit" in call.query]


@pytest.mark.parametrize(
    ("read", "unreadable", "is_read"), [(0, 5, True), (0, 6, False), (1, 20, True), (1, 21, False)]
)
def test_so_many_rows_in_a_row_are_stepped_over(read: int, unreadable: int, is_read: bool) -> None:
    """Twenty, and five where a reading begins: where more cannot be read, it may be JotForm."""
    with gated() as site:
        site.wait(70, step=5)
        for _ in range(read):
            site.submit(webhook=False)
        stuck = [site.submit(webhook=False) for _ in range(unreadable)]
        honest = site.submit(ticket=site.ticket(), webhook=False)
        site.account.mishaps = Mishaps(stuck=dict.fromkeys(stuck, 1_000_000))
        site.deliver("form-0", honest)
        site.parts.sweep.run()
        assert (honest in site.verdicts()) is is_read


def test_later_readings_go_around_what_no_list_shows() -> None:
    """What turns up before it and behind it is judged, and what waits for its answers; no reading fails once more."""
    with gated() as site:
        site.wait(70, step=5)
        rows = []
        for at in range(5):
            waits = {"ticket": site.ticket(), "answers_at": site.clock.at + 120} if at in (1, 3) else {}
            row_id = str(int(rows[2]) + 1) if at == 3 else None
            rows.append(site.submit(webhook=False, row_id=row_id, **waits))
            site.clock.at += 10
        site.account.mishaps = Mishaps(stuck={rows[2]: 1_000_000})
        site.deliver("form-0", rows[-1])
        site.parts.sweep.run()
        before = site.account.calls
        late = [site.submit(webhook=False, made_at=site.made[rows[at]] + 5) for at in (0, 3)]
        # Nobody sees this one as long as the place is not read.
        site.submit(webhook=False, row_id=str(int(rows[1]) + 1))
        last = site.submit()
        site.wait(5 * _MINUTE, step=5)
        assert set(site.verdicts()) == {*rows, *late, last} - {rows[2]}
        assert _verified(site) == {rows[1], rows[3]}
        failed = [call for call in site.account.log[before:] if call.status == 504]
        assert [call for call in failed if call.query["limit"] != "1"] == []


def test_a_place_says_why_it_could_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first on, before it is tried by itself: the reason that the list had."""
    with gated() as site:
        site.wait(70, step=5)
        rows = [site.submit(webhook=False) for _ in range(3)]
        site.account.mishaps = Mishaps(stuck={rows[1]: 1_000_000})
        told: list[Place] = []
        monkeypatch.setattr(site.parts.store, "note_place", told.append)
        _sizes(site, rows[-1])
        [place] = told
        assert (place.above, place.below, place.submission_id) == (rows[0], rows[2], None)
        assert "504" in place.reason


def test_what_comes_behind_a_place_at_the_end_costs_one_call() -> None:
    """Of a form whose only submission no list shows."""
    with gated() as site:
        site.wait(70, step=5)
        only = site.submit(webhook=False)
        site.account.mishaps = Mishaps(stuck={only: 1_000_000})
        _sizes(site, only)
        site.clock.at += 70
        second = site.submit(webhook=False)
        assert _sizes(site, second) == [1_000]
        assert set(site.verdicts()) == {second}


@pytest.mark.parametrize(
    ("ignored", "offsets", "judged"), [((), ["0", "125", "250"], 300), (("offset",), ["0", "125"], 125)]
)
def test_lists_in_another_order_are_read_by_the_offset(
    ignored: Collection[str], offsets: list[str], judged: int
) -> None:
    """To their end; where the offset is not looked at either, the second page is the last that is asked for."""
    with gated() as site:
        site.wait(70, step=5)
        rows = [site.submit(webhook=False) for _ in range(300)]
        site.account.mishaps = Mishaps(gateway_rows=130, ignores_order=True, ignored=frozenset(ignored))
        assert _offsets(site, rows[-1]) == offsets
        assert set(site.verdicts()) == set(rows[-judged:])


def test_lists_that_no_filter_shortens_are_read_down_to_what_was_read() -> None:
    """From the newest submission on, for as many pages as it takes; if none comes, at another time."""
    with gated() as site:
        site.wait(70, step=5)
        old = [site.submit() for _ in range(400)]
        site.wait(30 * _MINUTE, step=30)
        assert set(site.verdicts()) == set(old)
        new = [site.submit(webhook=False) for _ in range(300)]
        site.account.mishaps = Mishaps(gateway_rows=130, ignored=frozenset({"id:gt"}))
        assert _offsets(site, new[-1]) == ["0", "0", "125", "250"]
        assert set(site.verdicts()) == {*old, *new}
        site.account.mishaps = Mishaps(gateway_rows=0, ignored=frozenset({"id:gt"}))
        site.clock.at += _MINUTE
        last = site.submit(webhook=False)
        assert _offsets(site, last) == []
        site.account.mishaps = Mishaps(ignored=frozenset({"id:gt"}))
        site.wait(10 * _MINUTE, step=10)
        assert set(site.verdicts()) == {*old, *new, last}


def _offsets(site: Gated, row: str) -> list[str]:
    """Read once, and return where the pages that came began."""
    before = site.account.calls
    site.deliver("form-0", row)
    site.parts.sweep.run()
    return [call.query["offset"] for call in site.account.log[before:] if call.rows]
